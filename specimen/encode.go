package specimen

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/png"

	"github.com/preflight-icp/preflight/filing"
)

// Orient returns a picture's pixels as a camera stores them when its EXIF says orientation (1 to 8): applying the
// orientation to what is returned gives the upright picture back.
func Orient(upright *image.RGBA, orientation int) *image.RGBA {
	w, h := upright.Bounds().Dx(), upright.Bounds().Dy()
	sw, sh := w, h
	if orientation >= 5 {
		sw, sh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, sw, sh))
	rows(sh, func(y int) {
		for x := range sw {
			ux, uy := x, y
			switch orientation {
			case 2:
				ux = w - 1 - x
			case 3:
				ux, uy = w-1-x, h-1-y
			case 4:
				uy = h - 1 - y
			case 5:
				ux, uy = y, x
			case 6:
				ux, uy = w-1-y, x
			case 7:
				ux, uy = w-1-y, h-1-x
			case 8:
				ux, uy = y, h-1-x
			}
			copy(out.Pix[out.PixOffset(x, y):][:4], upright.Pix[upright.PixOffset(ux, uy):][:4])
		}
	})
	return out
}

// pngSignature begins every PNG.
const pngSignature = "\x89PNG\r\n\x1a\n"

// chunk returns a PNG chunk.
func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 12+len(data)), uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// PNGOptions says what a PNG carries beside its pixels.
type PNGOptions struct {
	// EXIF is written as an eXIf chunk.
	EXIF *Camera
	// Text are tEXt chunks: keyword and value, Latin 1, in order.
	Text [][2]string
	// XMP names the creating software in an iTXt chunk.
	XMP string
	// ICC writes a colour profile of ours (iCCP).
	ICC bool
	// Fast compresses less.
	Fast bool
}

// EncodePNG writes a picture as PNG in the colour type of its Go type (RGBA, Gray, Gray16, RGBA64, Paletted, NRGBA).
func EncodePNG(img image.Image, o PNGOptions) ([]byte, error) {
	var b bytes.Buffer
	e := png.Encoder{}
	if o.Fast {
		e.CompressionLevel = png.BestSpeed
	}
	if err := e.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("encode png: %w", err)
	}
	var extra []byte
	if o.ICC {
		extra = append(extra, chunk("iCCP", append([]byte("SPECIMEN\x00\x00"), deflate(iccProfile())...))...)
	}
	if o.EXIF != nil {
		extra = append(extra, chunk("eXIf", o.EXIF.TIFF())...)
	}
	for _, t := range o.Text {
		extra = append(extra, chunk("tEXt", []byte(t[0]+"\x00"+t[1]))...)
	}
	if o.XMP != "" {
		extra = append(extra, chunk("iTXt", append([]byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"),
			xmpPacket(o.XMP)...))...)
	}
	return splice(b.Bytes(), 8+25, extra), nil // behind the signature and IHDR
}

// splice returns data with more put in at an offset.
func splice(data []byte, at int, more []byte) []byte {
	out := make([]byte, 0, len(data)+len(more))
	out = append(out, data[:at]...)
	out = append(out, more...)
	return append(out, data[at:]...)
}

// deflate compresses by zlib; writing to memory cannot fail.
func deflate(data []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write(data)
	if err = errors.Join(err, w.Close()); err != nil {
		panic(fmt.Sprintf("deflate into memory: %v", err))
	}
	return b.Bytes()
}

// EncodeAPNG writes frames of equal size as an animated PNG; a viewer that knows no animation shows the first.
func EncodeAPNG(frames []image.Image, delayMS int) ([]byte, error) {
	if len(frames) == 0 {
		return nil, errors.New("encode apng: no frames")
	}
	be := binary.BigEndian
	size := frames[0].Bounds()
	var out []byte
	sequence := uint32(0)
	for i, frame := range frames {
		var b bytes.Buffer
		if err := png.Encode(&b, frame); err != nil {
			return nil, fmt.Errorf("encode apng: frame %d: %w", i, err)
		}
		data := b.Bytes()
		if i == 0 {
			out = append(out, data[:8+25]...)
			out = append(out, chunk("acTL", be.AppendUint32(be.AppendUint32(nil, uint32(len(frames))), 0))...)
		}
		control := be.AppendUint32(nil, sequence)
		sequence++
		control = be.AppendUint32(control, uint32(size.Dx()))
		control = be.AppendUint32(control, uint32(size.Dy()))
		control = append(control, make([]byte, 8)...)
		control = be.AppendUint16(control, uint16(delayMS))
		control = be.AppendUint16(control, 1000)
		out = append(out, chunk("fcTL", append(control, 0, 0))...)
		for at := 8 + 25; at+12 <= len(data); {
			n := int(be.Uint32(data[at:]))
			kind, body := string(data[at+4:at+8]), data[at+8:at+8+n]
			if kind == "IDAT" && i == 0 {
				out = append(out, chunk("IDAT", body)...)
			} else if kind == "IDAT" {
				out = append(out, chunk("fdAT", append(be.AppendUint32(nil, sequence), body...))...)
				sequence++
			}
			at += 12 + n
		}
	}
	return append(out, chunk("IEND", nil)...), nil
}

// levels is how finely a palette resolves red, green and blue.
type levels [3]int

// indexed reduces a picture to a fixed palette of r x g x b colours with an ordered dither, as simple GIF writers do.
func indexed(img *image.RGBA, l levels) *image.Paletted {
	pal := make(color.Palette, 0, l[0]*l[1]*l[2])
	for r := range l[0] {
		for g := range l[1] {
			for b := range l[2] {
				pal = append(pal, color.RGBA{uint8(r * 255 / (l[0] - 1)), uint8(g * 255 / (l[1] - 1)),
					uint8(b * 255 / (l[2] - 1)), 255})
			}
		}
	}
	bayer := [4][4]int{{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}}
	bounds := img.Bounds()
	out := image.NewPaletted(image.Rect(0, 0, bounds.Dx(), bounds.Dy()), pal)
	rows(bounds.Dy(), func(y int) {
		for x := range bounds.Dx() {
			p := img.Pix[img.PixOffset(bounds.Min.X+x, bounds.Min.Y+y):]
			threshold := 255 * (2*bayer[y&3][x&3] + 1) / 32
			index := 0
			for k := range 3 {
				index = index*l[k] + (int(p[k])*(l[k]-1)+threshold)/255
			}
			out.Pix[y*out.Stride+x] = uint8(index)
		}
	})
	return out
}

// gifLevels are the palettes of GIFs, finest first.
var gifLevels = []levels{{6, 7, 6}, {5, 6, 5}, {4, 5, 4}, {3, 4, 3}, {2, 3, 2}, {2, 2, 2}}

// EncodeGIF writes frames as GIF with a palette of 252 colours; more than one frame is an animation that loops.
func EncodeGIF(frames []*image.RGBA, delayMS int) ([]byte, error) {
	g := &gif.GIF{}
	for _, f := range frames {
		g.Image = append(g.Image, indexed(f, gifLevels[0]))
		g.Delay = append(g.Delay, delayMS/10)
	}
	if len(frames) == 0 {
		return nil, errors.New("encode gif: no frames")
	}
	// One palette for all frames, in the header.
	g.Config = image.Config{ColorModel: g.Image[0].Palette, Width: frames[0].Rect.Dx(), Height: frames[0].Rect.Dy()}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		return nil, fmt.Errorf("encode gif: %w", err)
	}
	return b.Bytes(), nil
}

// ErrCannotFit says that a picture cannot be made so small, or that the format has no padding of the length left over.
var ErrCannotFit = errors.New("picture does not fit into the wanted number of bytes")

// FitBytes writes a picture as a valid file of exactly n bytes: the best quality that fits, and padding where the format
// keeps comments (JPEG: COM; PNG: a private ancillary chunk; GIF: a comment extension). A PNG or GIF that is too large is
// first reduced in colours and then in size. The error is ErrCannotFit where n is too few.
func FitBytes(format filing.Format, img *image.RGBA, n int) ([]byte, error) {
	switch format {
	case filing.FormatJPEG:
		return FitJPEG(img, JPEGOptions{JFIF: true}, n)
	case filing.FormatPNG:
		return fitPNG(img, n)
	case filing.FormatGIF:
		return fitGIF(img, n)
	}
	return nil, fmt.Errorf("fit %s: no writer for this format", format)
}

// FitJPEG is FitBytes for a JPEG with options; the quality of the options is the highest that is tried (0: 97).
func FitJPEG(img image.Image, o JPEGOptions, n int) ([]byte, error) {
	t, err := transform(img, o)
	if err != nil {
		return nil, err
	}
	low, high := 1, o.Quality
	if high == 0 {
		high = 97
	}
	var best []byte
	for low <= high {
		o.Quality = (low + high + 1) / 2
		data, err := t.encode(o)
		if err != nil {
			return nil, err
		}
		if rest := n - len(data); rest == 0 || rest >= 4 {
			best, low = data, o.Quality+1
		} else {
			high = o.Quality - 1
		}
	}
	if best == nil {
		return nil, fmt.Errorf("fit jpeg into %d bytes: %w", n, ErrCannotFit)
	}
	return padJPEG(best, n)
}

// padJPEG puts comments behind the application segments until the file has n bytes.
func padJPEG(data []byte, n int) ([]byte, error) {
	at := 2
	for at+4 <= len(data) && data[at] == 0xff {
		m := at + 1
		for data[m] == 0xff {
			m++
		}
		if data[m]&0xf0 != 0xe0 {
			break
		}
		at = m + 1 + int(binary.BigEndian.Uint16(data[m+1:]))
	}
	rest := n - len(data)
	if rest < 0 || rest > 0 && rest < 4 {
		return nil, fmt.Errorf("pad jpeg by %d bytes: %w", rest, ErrCannotFit)
	}
	const longest = 65533 + 4
	var pad []byte
	for rest > 0 {
		length := min(rest, longest)
		if left := rest - length; left > 0 && left < 4 {
			length -= 4
		}
		pad = append(pad, 0xff, 0xfe, byte((length-2)>>8), byte(length-2))
		pad = append(pad, filler(length-4)...)
		rest -= length
	}
	return splice(data, at, pad), nil
}

// filler is n bytes of readable padding.
func filler(n int) []byte {
	return bytes.Repeat([]byte("SPECIMEN padding "), n/17+1)[:n]
}

func fitPNG(img *image.RGBA, n int) ([]byte, error) {
	for picture := img; ; picture = halfRGBA(picture) {
		// Bits of colour that are given up, fewest first: each coarser picture compresses better.
		for drop := 0; drop <= 5; drop++ {
			data, err := EncodePNG(posterize(picture, drop), PNGOptions{Fast: true})
			if err != nil {
				return nil, err
			}
			if len(data) > 8*n {
				break // far too large: fewer colours will not do
			}
			rest := n - len(data)
			if rest == 0 {
				return data, nil
			}
			if rest >= 12 {
				return splice(data, len(data)-12, chunk("spEc", filler(rest-12))), nil
			}
		}
		if picture.Bounds().Dx() < 4 || picture.Bounds().Dy() < 4 {
			return nil, fmt.Errorf("fit png into %d bytes: %w", n, ErrCannotFit)
		}
	}
}

func fitGIF(img *image.RGBA, n int) ([]byte, error) {
	for picture := img; ; picture = halfRGBA(picture) {
		for _, l := range gifLevels {
			var b bytes.Buffer
			if err := gif.Encode(&b, indexed(picture, l), nil); err != nil {
				return nil, fmt.Errorf("encode gif: %w", err)
			}
			data := b.Bytes()
			if len(data) > 8*n {
				break
			}
			// An extension of no data takes 3 bytes and one of a byte 5: 1, 2 and 4 cannot be padded.
			rest := n - len(data)
			if rest == 0 || rest == 3 || rest >= 5 {
				return splice(data, len(data)-1, gifComment(rest)), nil
			}
		}
		if picture.Bounds().Dx() < 4 || picture.Bounds().Dy() < 4 {
			return nil, fmt.Errorf("fit gif into %d bytes: %w", n, ErrCannotFit)
		}
	}
}

// gifComment is a comment extension of exactly n bytes; n is 0, 3, or 5 and more.
func gifComment(n int) []byte {
	if n == 0 {
		return nil
	}
	out := []byte{0x21, 0xfe}
	for rest := n - 3; rest > 0; {
		block := min(rest, 256) // a length byte and up to 255 bytes
		if rest-block == 1 {
			block--
		}
		out = append(append(out, byte(block-1)), filler(block-1)...)
		rest -= block
	}
	return append(out, 0)
}

// posterize zeroes the lowest bits of each channel.
func posterize(img *image.RGBA, bits int) *image.RGBA {
	if bits == 0 {
		return img
	}
	out := image.NewRGBA(img.Bounds())
	mask := byte(0xff << bits)
	for i, v := range img.Pix {
		if i%4 == 3 {
			out.Pix[i] = v
		} else {
			out.Pix[i] = v & mask
		}
	}
	return out
}

// halfRGBA returns a picture of half the size, each pixel the mean of four.
func halfRGBA(img *image.RGBA) *image.RGBA {
	w, h := max(img.Bounds().Dx()/2, 1), max(img.Bounds().Dy()/2, 1)
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	rows(h, func(y int) {
		for x := range w {
			for k := range 4 {
				a, b := img.Pix[2*y*img.Stride+8*x+k:], 4
				if 2*x+1 >= img.Bounds().Dx() {
					b = 0
				}
				below := img.Stride
				if 2*y+1 >= img.Bounds().Dy() {
					below = 0
				}
				sum := int(a[0]) + int(a[b]) + int(a[below]) + int(a[below+b])
				out.Pix[y*out.Stride+4*x+k] = byte(sum / 4)
			}
		}
	})
	return out
}
