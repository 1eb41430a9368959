package imaging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"runtime"

	"github.com/disintegration/imaging"
	"github.com/h2non/bimg"

	"github.com/preflight-icp/preflight/filing"
)

// Why no derivative can be made of a file; errors.Is tells them apart. Whatever else is returned is the context's error
// or a failure of this machine.
var (
	// ErrUnsupported: the content is no JPEG, PNG or GIF, or a variant of them that is not decoded.
	ErrUnsupported = errors.New("unsupported picture format")
	// ErrDamaged: not every pixel can be decoded. There is never a derivative with a grey bottom.
	ErrDamaged = errors.New("picture is damaged")
	// ErrTooManyPixels: the header promises more pixels than Options.MaxPixels.
	ErrTooManyPixels = errors.New("picture has too many pixels")
)

// Qualities of JPEG, 1 to 100.
const (
	// uprightQuality loses nothing that a person or a reader of text could see.
	uprightQuality = 95
	// thumbnailQuality is for pictures that are looked at in a list.
	thumbnailQuality = 82
	// resizedQuality is that of a copy whose size in pixels is reduced: below it letters get rings around them, so fewer
	// pixels are the better trade.
	resizedQuality = 85
)

// shrinkQualities are tried by ShrinkBelow at full size, best first.
var shrinkQualities = []int{98, 95, 92, 90, 88, 85, 82, 80}

// shrinkMargin is how far below the bound each guess at a smaller size aims.
const shrinkMargin = 0.97

// ShrinkInfo says what ShrinkBelow did.
type ShrinkInfo struct {
	// Width and Height of the result in pixels, and Scale, its width over that of the source: 1 where none was lost.
	Width, Height int
	Scale         float64
	// Quality is the JPEG quality of the result; 0 where the picture's own data was kept, and only metadata dropped.
	Quality int
	// BelowMin: the result is smaller than was asked for, since the picture holds no more.
	BelowMin bool
}

// Upright returns the picture as it is to be seen: orientation applied, no metadata but the colour profile. A JPEG stays a
// JPEG and a PNG a PNG; of a GIF the first frame is returned as PNG. A picture that is stored upright loses not a bit of
// its pixels; another is encoded again (JPEG quality 95). CMYK becomes sRGB when it is turned.
func (a *Analyzer) Upright(ctx context.Context, data []byte) ([]byte, error) {
	p, err := a.prepare(ctx, data)
	if err != nil {
		return nil, fmt.Errorf("make upright picture: %w", err)
	}
	out, err := p.upright(ctx)
	if err != nil {
		return nil, fmt.Errorf("make upright picture: %w", err)
	}
	return out, nil
}

// Thumbnail returns a small upright JPEG in sRGB without metadata, whose longer side is longSide pixels, or that of the
// picture where it is smaller. A JPEG is shrunk while it is decoded.
func (a *Analyzer) Thumbnail(ctx context.Context, data []byte, longSide int) ([]byte, error) {
	if longSide < 1 || longSide > 4096 {
		return nil, fmt.Errorf("make thumbnail: long side is %d, must be 1 to 4096", longSide)
	}
	img, err := a.small(ctx, data, longSide)
	if err != nil {
		return nil, fmt.Errorf("make thumbnail: %w", err)
	}
	var out bytes.Buffer
	if err := imaging.Encode(&out, img, imaging.JPEG, imaging.JPEGQuality(thumbnailQuality)); err != nil {
		return nil, fmt.Errorf("make thumbnail: %w", err)
	}
	return out.Bytes(), nil
}

// ShrinkBelow returns an upright copy of less than maxBytes without metadata but the colour profile, that loses as little
// as possible: first nothing (metadata dropped), then JPEG quality down to 80, then pixels. It never enlarges a picture.
// The result is at least minBytes where the picture holds that much; ShrinkInfo.BelowMin says where not. The same bytes
// and bounds give the same result.
func (a *Analyzer) ShrinkBelow(ctx context.Context, data []byte, maxBytes, minBytes int64) ([]byte, ShrinkInfo, error) {
	if maxBytes < 1024 || minBytes < 0 || minBytes >= maxBytes {
		return nil, ShrinkInfo{}, fmt.Errorf("shrink picture: bounds %d to %d bytes make no sense", minBytes, maxBytes)
	}
	p, err := a.prepare(ctx, data)
	if err != nil {
		return nil, ShrinkInfo{}, fmt.Errorf("shrink picture: %w", err)
	}
	out, info, err := p.shrinkBelow(ctx, maxBytes, minBytes)
	if err != nil {
		return nil, ShrinkInfo{}, fmt.Errorf("shrink picture: %w", err)
	}
	return out, info, nil
}

// prepared is a picture that is known to decode to its last pixel: what bimg, which notices no truncation, may be given.
type prepared struct {
	header
	// data is a JPEG or a PNG without metadata; a GIF has become a PNG.
	data        []byte
	orientation int
}

// check lets a file through that is to be decoded: of an accepted format, with a sound header, below the pixel guard.
func (a *Analyzer) check(data []byte) (h header, orientation int, err error) {
	format := Recognize(data)
	if !format.Accepted() {
		return h, 1, fmt.Errorf("%w: %s", ErrUnsupported, format)
	}
	h = parseHeader(format, data)
	switch {
	case h.refused:
		return h, 1, fmt.Errorf("%w: its header makes no sense", ErrDamaged)
	case h.pixels() > a.maxPixels:
		return h, 1, fmt.Errorf("%w: %d x %d", ErrTooManyPixels, h.width, h.height)
	case h.damage == filing.DecodeUnsupported:
		return h, 1, ErrUnsupported
	case h.damage != "":
		return h, 1, fmt.Errorf("%w: %s", ErrDamaged, h.damage)
	}
	orientation = 1
	if h.hasEXIF {
		_, orientation = readEXIF(h.exif, h.width, h.height)
	}
	return h, orientation, nil
}

// prepare checks a file and decodes it once to its last pixel.
func (a *Analyzer) prepare(ctx context.Context, data []byte) (*prepared, error) {
	h, orientation, err := a.check(data)
	if err != nil {
		return nil, err
	}
	p := &prepared{header: h, orientation: orientation}
	if h.format == filing.FormatGIF {
		img, err := gifImage(ctx, &h, data)
		if err != nil {
			return nil, damagedOr(err)
		}
		var out bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, img); err != nil {
			return nil, err
		}
		p.data = out.Bytes()
		p.header = parseHeader(filing.FormatPNG, p.data)
		return p, nil
	}
	p.data = withoutMetadata(&h, data)
	if err := decodeStrips(ctx, &h, p.data, func(int, int, []byte, int, layout) {}); err != nil {
		return nil, damagedOr(err)
	}
	return p, nil
}

func damagedOr(err error) error {
	if errors.Is(err, errDecode) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// gifImage is the first frame of a GIF.
func gifImage(ctx context.Context, h *header, data []byte) (*image.NRGBA, error) {
	img := image.NewNRGBA(image.Rect(0, 0, h.width, h.height))
	err := decodeGIF(ctx, data, func(y int, rgb []byte) { putRow(img, y, rgb, layout{bands: 3}) })
	return img, err
}

// putRow writes one row of 8-bit grey, RGB or RGBA pixels.
func putRow(img *image.NRGBA, y int, row []byte, l layout) {
	out := img.Pix[y*img.Stride : (y+1)*img.Stride]
	for x := range img.Rect.Dx() {
		p, q := row[x*l.bands:(x+1)*l.bands], out[4*x:4*x+4]
		switch l.bands {
		case 1:
			q[0], q[1], q[2], q[3] = p[0], p[0], p[0], 255
		case 2:
			q[0], q[1], q[2], q[3] = p[0], p[0], p[0], p[1]
		case 3:
			q[0], q[1], q[2], q[3] = p[0], p[1], p[2], 255
		default:
			copy(q, p)
		}
	}
}

// small decodes the picture shrunk into a square, upright, over white.
func (a *Analyzer) small(ctx context.Context, data []byte, side int) (image.Image, error) {
	h, orientation, err := a.check(data)
	if err != nil {
		return nil, err
	}
	defer trimMemory()
	if h.format == filing.FormatGIF {
		img, err := gifImage(ctx, &h, data)
		if err != nil {
			return nil, damagedOr(err)
		}
		return imaging.Fit(img, side, side, imaging.Lanczos), nil
	}
	clean := withoutMetadata(&h, data)
	d, err := openThumbnail(ctx, &h, clean, side)
	if err != nil {
		return nil, damagedOr(ended(ctx, err))
	}
	defer d.close()
	img := image.NewNRGBA(image.Rect(0, 0, d.width, d.height))
	err = d.strips(ctx, h.format, clean, func(top, rows int, pixels []byte, stride int, l layout) {
		for y := range rows {
			putRow(img, top+y, pixels[y*stride:], l)
		}
	})
	if err != nil {
		return nil, damagedOr(err)
	}
	if d.layout.bands == 2 || d.layout.bands == 4 {
		white := imaging.New(d.width, d.height, image.White)
		img = imaging.Overlay(white, img, image.Point{}, 1)
	}
	return turn(img, orientation), nil
}

// turn applies an EXIF orientation to a small picture.
func turn(img *image.NRGBA, orientation int) *image.NRGBA {
	switch orientation {
	case 2:
		return imaging.FlipH(img)
	case 3:
		return imaging.Rotate180(img)
	case 4:
		return imaging.FlipV(img)
	case 5:
		return imaging.Transpose(img)
	case 6:
		return imaging.Rotate270(img) // the package turns counter-clockwise
	case 7:
		return imaging.Transverse(img)
	case 8:
		return imaging.Rotate90(img)
	}
	return img
}

// turning are bimg's options that apply an EXIF orientation: it turns clockwise first and mirrors then. Its Flip mirrors
// left and right, its Flop top and bottom.
func turning(orientation int) bimg.Options {
	switch orientation {
	case 2:
		return bimg.Options{Flip: true}
	case 3:
		return bimg.Options{Rotate: bimg.D180}
	case 4:
		return bimg.Options{Flop: true}
	case 5:
		return bimg.Options{Rotate: bimg.D90, Flip: true}
	case 6:
		return bimg.Options{Rotate: bimg.D90}
	case 7:
		return bimg.Options{Rotate: bimg.D270, Flip: true}
	case 8:
		return bimg.Options{Rotate: bimg.D270}
	}
	return bimg.Options{}
}

func (p *prepared) upright(ctx context.Context) ([]byte, error) {
	if p.orientation == 1 {
		return p.data, nil
	}
	o := turning(p.orientation)
	o.Quality, o.Type = uprightQuality, bimg.JPEG
	if p.format == filing.FormatPNG {
		o.Type = bimg.PNG
	}
	return p.encode(ctx, p.data, o)
}

// encode runs bimg inside the bounds in which it is sound: on a picture that decodes to its last pixel, never turning by
// EXIF itself (it frees the bytes while libvips reads them), and with the bytes kept alive until it is done. The colour
// profile is put back, since bimg drops all metadata or none.
func (p *prepared) encode(ctx context.Context, data []byte, o bimg.Options) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o.NoAutoRotate, o.StripMetadata = true, true
	space := "RGB "
	grey := p.components <= 2 && p.format == filing.FormatJPEG
	if grey {
		o.Interpretation, space = bimg.InterpretationBW, "GRAY"
	}
	if o.Type == bimg.JPEG {
		o.Background = bimg.Color{R: 255, G: 255, B: 255} // under what is transparent
	}
	out, err := bimg.Resize(data, o)
	runtime.KeepAlive(data)
	trimMemory()
	if err != nil {
		return nil, fmt.Errorf("encode picture by libvips: %w", err)
	}
	format := filing.FormatJPEG
	if o.Type == bimg.PNG {
		format = filing.FormatPNG
	}
	return withProfile(format, out, p.profile(space)), nil
}

func (p *prepared) shrinkBelow(ctx context.Context, maxBytes, minBytes int64) ([]byte, ShrinkInfo, error) {
	width, height := uprightSize(p.width, p.height, p.orientation)
	info := ShrinkInfo{Width: width, Height: height, Scale: 1}
	size := func(b []byte) int64 { return int64(len(b)) }
	if p.orientation == 1 && size(p.data) < maxBytes {
		info.BelowMin = size(p.data) < minBytes
		return p.data, info, nil
	}
	atQuality := func(q int) ([]byte, error) {
		o := turning(p.orientation)
		o.Quality, o.Type = q, bimg.JPEG
		return p.encode(ctx, p.data, o)
	}
	// The best quality that fits, by halving: the size grows with the quality.
	var best []byte
	var last int64
	for low, high := 0, len(shrinkQualities); low < high; {
		mid := (low + high) / 2
		out, err := atQuality(shrinkQualities[mid])
		if err != nil {
			return nil, info, err
		}
		if last = size(out); last < maxBytes {
			best, info.Quality, high = out, shrinkQualities[mid], mid
		} else {
			low = mid + 1
		}
	}
	if best != nil {
		if size(best) < minBytes && info.Quality == shrinkQualities[0] {
			if out, err := atQuality(100); err == nil && size(out) < maxBytes {
				best, info.Quality = out, 100
			}
		}
		info.BelowMin = size(best) < minBytes
		return best, info, nil
	}
	return p.shrinkPixels(ctx, last, info, maxBytes, minBytes)
}

// shrinkTries bounds how many sizes shrinkPixels tries; each costs a decode and two encodes.
const shrinkTries = 6

// shrinkPixels reduces the picture until it fits at resizedQuality, and comes within a tenth of the bound, so that no
// more is lost than must be. fullSize is about what it takes at full dimensions; bytes grow with pixels, which gives the
// first guess.
func (p *prepared) shrinkPixels(ctx context.Context, fullSize int64, info ShrinkInfo, maxBytes, minBytes int64) ([]byte, ShrinkInfo, error) {
	var best []byte
	fits, tooLarge := 0.0, 1.0
	scale := min(math.Sqrt(float64(maxBytes)/float64(fullSize)), 1) * shrinkMargin
	for try := 0; try < shrinkTries || best == nil; try++ {
		if scale*float64(max(p.width, p.height)) < 1 {
			return nil, info, fmt.Errorf("no copy of it fits into %d bytes", maxBytes)
		}
		out, width, height, err := p.scaled(ctx, scale)
		if err != nil {
			return nil, info, err
		}
		size := int64(len(out))
		if size < maxBytes {
			best, fits = out, scale
			info.Width, info.Height = uprightSize(width, height, p.orientation)
			info.Scale, info.Quality, info.BelowMin = scale, resizedQuality, size < minBytes
			if size > maxBytes-maxBytes/10 {
				break
			}
		} else {
			tooLarge = scale
		}
		scale *= math.Sqrt(float64(maxBytes)/float64(size)) * shrinkMargin
		if scale <= fits || scale >= tooLarge {
			scale = (fits + tooLarge) / 2
		}
	}
	return best, info, nil
}

// scaled encodes the upright picture reduced by scale. bimg drops the turn of a JPEG that it shrinks while loading: so it
// is shrunk first, without loss, and turned then.
func (p *prepared) scaled(ctx context.Context, scale float64) (out []byte, width, height int, err error) {
	width = max(1, int(math.Round(float64(p.width)*scale)))
	height = max(1, int(math.Round(float64(p.height)*scale)))
	reduced, err := p.encode(ctx, p.data, bimg.Options{Type: bimg.PNG, Compression: 1, Force: true, Width: width, Height: height})
	if err != nil {
		return nil, 0, 0, err
	}
	o := turning(p.orientation)
	o.Quality, o.Type = resizedQuality, bimg.JPEG
	out, err = p.encode(ctx, reduced, o)
	return out, width, height, err
}
