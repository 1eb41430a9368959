package imaging

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"slices"
	"testing"

	"github.com/h2non/bimg"
)

// This file makes the files that the tests are about: drawn pictures in unusual encodings, and hostile ones byte by byte.

// reencode lets libvips write the picture: progressive, interlaced, CMYK and so on, as o says.
func reencode(t testing.TB, data []byte, o bimg.Options) []byte {
	t.Helper()
	newAnalyzer(t)
	out, err := bimg.Resize(data, o)
	if err != nil {
		t.Fatalf("encode test picture: %v", err)
	}
	return out
}

// withSegment inserts a segment behind the SOI of a JPEG.
func withSegment(jpeg []byte, marker byte, body string) []byte {
	out := append([]byte(nil), jpeg[:2]...)
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	return append(append(out, body...), jpeg[2:]...)
}

// withEXIF gives a JPEG an EXIF block.
func withEXIF(jpeg, block []byte) []byte {
	return withSegment(jpeg, 0xe1, "Exif\x00\x00"+string(block))
}

// withChunk inserts a chunk behind the IHDR of a PNG.
func withChunk(png []byte, kind, body string) []byte {
	const afterIHDR = 33
	return slices.Concat(png[:afterIHDR], pngChunkOf(kind, body), png[afterIHDR:])
}

func pngChunkOf(kind, body string) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, kind...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// tag is one entry of an EXIF directory; data is its value in the byte order of the block.
type tag struct {
	id, kind uint16
	count    uint32
	data     []byte
}

func ascii(id uint16, s string) tag { return tag{id, 2, uint32(len(s) + 1), append([]byte(s), 0)} }

// exifBlock writes a TIFF structure with a main directory and, where they are given, those for the photo and the position.
func exifBlock(order binary.AppendByteOrder, main, photo, gps []tag) []byte {
	main = append([]tag{}, main...)
	out := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		out = []byte("MM\x00*")
	}
	out = order.AppendUint32(out, 8)
	u32 := func(v int) []byte { return order.AppendUint32(nil, uint32(v)) }
	length := func(tags []tag) int {
		n := 2 + 12*len(tags) + 4
		for _, t := range tags {
			if len(t.data) > 4 {
				n += len(t.data)
			}
		}
		return n
	}
	pointers := 0
	for _, tags := range [][]tag{photo, gps} {
		if tags != nil {
			pointers++
		}
	}
	next := 8 + length(main) + 12*pointers
	if photo != nil {
		main = append(slices.Clone(main), tag{0x8769, 4, 1, u32(next)})
		next += length(photo)
	}
	if gps != nil {
		main = append(slices.Clone(main), tag{0x8825, 4, 1, u32(next)})
	}
	for _, tags := range [][]tag{main, photo, gps} {
		if tags == nil {
			continue
		}
		values := len(out) + 2 + 12*len(tags) + 4
		var tail []byte
		out = order.AppendUint16(out, uint16(len(tags)))
		for _, e := range tags {
			out = order.AppendUint16(out, e.id)
			out = order.AppendUint16(out, e.kind)
			out = order.AppendUint32(out, e.count)
			if len(e.data) <= 4 {
				out = append(append(out, e.data...), make([]byte, 4-len(e.data))...)
			} else {
				out = order.AppendUint32(out, uint32(values+len(tail)))
				tail = append(tail, e.data...)
			}
		}
		out = append(append(out, 0, 0, 0, 0), tail...)
	}
	return out
}

// oriented is a minimal EXIF block with an orientation.
func oriented(orientation int) []byte {
	return exifBlock(binary.BigEndian, []tag{{0x0112, 3, 1, []byte{0, byte(orientation)}}}, nil, nil)
}

// stored is how a camera stores the upright picture under an EXIF orientation, by the words of EXIF 2.32 (tag 0x0112): which
// side of the scene the first row and the first column are.
func stored(upright *image.RGBA, orientation int) *image.RGBA {
	w, h := upright.Rect.Dx(), upright.Rect.Dy()
	at := map[int]func(row, col int) (x, y int){
		1: func(r, c int) (int, int) { return c, r },                 // top, left
		2: func(r, c int) (int, int) { return w - 1 - c, r },         // top, right
		3: func(r, c int) (int, int) { return w - 1 - c, h - 1 - r }, // bottom, right
		4: func(r, c int) (int, int) { return c, h - 1 - r },         // bottom, left
		5: func(r, c int) (int, int) { return r, c },                 // left, top
		6: func(r, c int) (int, int) { return w - 1 - r, c },         // right, top
		7: func(r, c int) (int, int) { return w - 1 - r, h - 1 - c }, // right, bottom
		8: func(r, c int) (int, int) { return r, h - 1 - c },         // left, bottom
	}[orientation]
	sw, sh := uprightSize(w, h, orientation)
	out := image.NewRGBA(image.Rect(0, 0, sw, sh))
	for r := range sh {
		for c := range sw {
			x, y := at(r, c)
			out.SetRGBA(c, r, upright.RGBAAt(x, y))
		}
	}
	return out
}

// gifOf writes frames as a GIF; interlaced stores the rows of the first frame in GIF's four passes.
func gifOf(t testing.TB, interlaced bool, frames ...*image.Paletted) []byte {
	t.Helper()
	g := &gif.GIF{}
	for i, f := range frames {
		if i == 0 && interlaced {
			p := image.NewPaletted(f.Rect, f.Palette)
			for k, y := range gifRows(f.Rect.Dy(), true) {
				copy(p.Pix[k*p.Stride:(k+1)*p.Stride], f.Pix[y*f.Stride:])
			}
			f = p
		}
		g.Image, g.Delay = append(g.Image, f), append(g.Delay, 5)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	out := b.Bytes()
	if interlaced {
		first := firstDescriptor(t, out)
		out[first+9] |= 0x40
	}
	return out
}

// firstDescriptor is the offset of the first image descriptor of a GIF.
func firstDescriptor(t testing.TB, data []byte) int {
	t.Helper()
	_, f := gifHeader(data)
	if f == nil {
		t.Fatal("GIF without a frame")
		return 0 // Fatal of the interface testing.TB is not known to end here
	}
	at := len(data) - len(f.codes)
	i := bytes.LastIndexByte(data[:at-8], 0x2c)
	for i >= 0 && int(binary.LittleEndian.Uint16(data[i+5:])) != f.width {
		i = bytes.LastIndexByte(data[:i], 0x2c)
	}
	if i < 0 {
		t.Fatal("GIF without a descriptor")
	}
	return i
}

// manyFrames is a GIF of n tiny frames.
func manyFrames(n int) []byte {
	out := []byte("GIF89a\x10\x00\x10\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff")
	frame := []byte{0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 0x01, 0}
	for range n {
		out = append(out, frame...)
	}
	return append(out, 0x3b)
}

// bareJPEG is the smallest structure that promises a picture: a frame header of that size, and a scan without data.
func bareJPEG(sof byte, width, height, scans int) []byte {
	out := []byte{0xff, 0xd8, 0xff, 0xdb, 0, 67, 0}
	out = append(out, bytes.Repeat([]byte{1}, 64)...)
	out = append(out, 0xff, sof, 0, 11, 8, byte(height>>8), byte(height), byte(width>>8), byte(width), 1, 1, 0x11, 0)
	for range scans {
		out = append(out, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0)
	}
	return append(out, 0xff, 0xd9)
}

// pngBomb is a PNG of width x height of which all pixels are black: 900 megapixels in 110 KB at one bit a pixel.
func pngBomb(t testing.TB, width, height int) []byte {
	t.Helper()
	p := image.NewPaletted(image.Rect(0, 0, width, 8), color.Palette{color.Black, color.White})
	small := encodePNG(t, p)
	binary.BigEndian.PutUint32(small[20:], uint32(height))
	binary.BigEndian.PutUint32(small[29:], crc32.ChecksumIEEE(small[12:29]))
	return append(small[:len(small)-12], append(pngChunkOf("tEXt", "Comment\x00"+string(make([]byte, 110_000))),
		small[len(small)-12:]...)...)
}
