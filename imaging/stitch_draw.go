package imaging

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/disintegration/imaging"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// place draws a source into its box, and its caption below.
func (s *stitch) place(ctx context.Context, page *stitched, i int) error {
	src, box := &s.sources[i], s.plan.boxes[i]
	data, h := src.kept, src.header
	src.kept, src.header = nil, header{}
	if data == nil {
		var err error
		if data, err = src.Open(ctx); err != nil {
			return err
		}
		if h, _, err = s.a.check(data); err != nil {
			return err
		}
	}
	var err error
	switch {
	case src.quad != nil:
		err = src.rectify(ctx, page, box, &h, data)
	case h.format == filing.FormatGIF:
		err = src.placeGIF(ctx, page, box, &h, data)
	default:
		err = src.stream(ctx, page, box, &h, withoutMetadata(&h, data))
	}
	if err != nil {
		return err
	}
	if src.Caption != "" {
		return page.caption(s.plan.captions[i], src.Caption)
	}
	return nil
}

// stream decodes a source straight into its box, a strip at a time.
func (src *stitchSource) stream(ctx context.Context, page *stitched, box image.Rectangle, h *header, clean []byte) error {
	w, hh := uprightSize(box.Dx(), box.Dy(), src.orientation)
	// libvips knows colour profiles, inks and 16 bits; of all that is plain, means of neighbours cost a tenth of its resampling.
	plain := len(h.icc) == 0 && h.components != 4 && h.depth <= 8
	if plain && h.format == filing.FormatJPEG {
		if done, err := src.streamPlanes(ctx, page, box, h, clean, shrinkTo(h, w, hh)); done {
			return damagedOr(err)
		}
	}
	// What is not reduced but for a pixel is not resampled: its drawer leaves the pixel out.
	width, height := shownOf(h.width, w), shownOf(h.height, hh)
	var d *decode
	var err error
	if plain {
		width, height = h.width, h.height
		d, err = openDecode(ctx, h.format, clean)
	} else {
		d, err = openScaled(ctx, h, clean, width, height)
	}
	if err != nil {
		return damagedOr(ended(ctx, err))
	}
	defer d.close()
	if d.width != width || d.height != height {
		return fmt.Errorf("it came out as %d x %d and not %d x %d", d.width, d.height, width, height)
	}
	d.whole = src.whole()
	out := page.draws(box, src.orientation, width, height, fullPlanes(width, height))
	flat := framer{width: d.width}
	return damagedOr(d.strips(ctx, h.format, clean, func(top, rows int, pixels []byte, stride int, l layout) {
		if l.bands == 3 && !l.wide {
			out.pixels(top, rows, pixels, stride, 3)
			return
		}
		for y := range rows {
			out.pixels(top+y, 1, flat.colours(pixels[y*stride:y*stride+d.width*l.size()], l), 3*d.width, 3)
		}
	}))
}

// whole reports whether it is known that the file decodes to its last pixel, and need not be asked for where it is reduced.
func (src *stitchSource) whole() bool {
	return src.Measurements.Decode != nil && src.Measurements.Decode.Complete
}

// shownOf is how many pixels of a side are shown on another of an even length.
func shownOf(side, to int) int {
	if side-to == 1 {
		return side
	}
	return to
}

// streamPlanes decodes a JPEG plane by plane; false where its colours are stored otherwise, and nothing was drawn.
func (src *stitchSource) streamPlanes(ctx context.Context, page *stitched, box image.Rectangle, h *header, clean []byte,
	shrink int) (bool, error) {
	d := openPlanes(ctx, clean, shrink)
	if d == nil {
		return false, nil
	}
	defer d.close()
	if d.width != h.width || d.height != h.height {
		return true, fmt.Errorf("%w: header and decoder disagree on the size", errDecode)
	}
	out := page.draws(box, src.orientation, h.width, h.height, d.planes)
	var pix [planeCount][]byte
	var stride [planeCount]int
	for k := range pix {
		stride[k] = (d.planes[k].w + blockSide - 1) / blockSide * blockSide
		pix[k] = make([]byte, 2*blockSide*stride[k])
	}
	count := planeCount
	if d.grey {
		count = 1
	}
	var top [planeCount]int
	for top[planeY] < d.planes[planeY].h {
		if err := d.rows(ctx, pix[planeY], stride[planeY], pix[planeBlue], pix[planeRed], stride[planeBlue]); err != nil {
			return true, err
		}
		for k := range count {
			out.planes[k].strip(top[k], d.step[k], pix[k], stride[k])
			top[k] += d.step[k]
		}
	}
	if !src.whole() && !d.ended() {
		return true, fmt.Errorf("%w: all rows were decoded before the data ended", errDecode)
	}
	return true, nil
}

func (src *stitchSource) placeGIF(ctx context.Context, page *stitched, box image.Rectangle, h *header, data []byte) error {
	img, err := gifImage(ctx, h, data)
	if err != nil {
		return damagedOr(err)
	}
	width, height := shownOf(h.width, box.Dx()), shownOf(h.height, box.Dy())
	small := imaging.Resize(img, width, height, imaging.Lanczos)
	out := page.draws(box, 1, width, height, fullPlanes(width, height))
	flat := framer{width: width}
	for y := range height {
		out.pixels(y, 1, flat.colours(small.Pix[y*small.Stride:y*small.Stride+4*width], layout{bands: 4}), 3*width, 3)
	}
	return nil
}

// rectifyRows is how many rows of a rectified document are drawn at a time.
const rectifyRows = 64

// rectify draws the document of a source alone.
func (src *stitchSource) rectify(ctx context.Context, page *stitched, box image.Rectangle, h *header, data []byte) error {
	w, hh := box.Dx(), box.Dy()
	width, height := uprightSize(h.width, h.height, src.orientation)
	toQuad, ok := raster.RectToQuad(float64(w), float64(hh), *src.quad)
	if !ok {
		return ErrNoDocument
	}
	toStored := raster.Uprighting(src.orientation, width, height)
	reduce := max(float64(w)/src.size[0], float64(hh)/src.size[1])
	side := int(math.Ceil(float64(max(width, height)) * min(1, reduce*rectifiedMargin)))
	part, whole, err := decodePart(ctx, h, data, side, func(size image.Point) image.Rectangle {
		return windowOf(*src.quad, fitting(h, size).After(toStored))
	})
	if err != nil {
		return err
	}
	toPart := fitting(h, whole).After(toStored).After(toQuad)
	out := page.draws(box, 1, w, hh, fullPlanes(w, hh))
	for top := 0; top < hh; top += rectifyRows {
		if err := ended(ctx, nil); err != nil {
			return err
		}
		rows := min(rectifyRows, hh-top)
		band := image.NewRGBA(image.Rect(0, 0, w, rows))
		resample(band, part, whole, toPart.After(raster.Homography{1, 0, 0, 0, 1, float64(top), 0, 0, 1}))
		out.pixels(top, rows, band.Pix, band.Stride, 4)
	}
	return nil
}

// windowOf is the part of a picture that a quadrilateral needs.
func windowOf(quad raster.Quad, fit raster.Homography) image.Rectangle {
	box := image.Rectangle{}
	for _, p := range quad {
		at := fit.Apply(p)
		x, y := int(math.Floor(at[0])), int(math.Floor(at[1]))
		box = box.Union(image.Rect(x-1, y-1, x+2, y+2))
	}
	return box
}

// caption writes a line of text into a box, in the middle, as large as it allows.
func (p *stitched) caption(box image.Rectangle, text string) error {
	c, err := newCanvas(box.Dx(), box.Dy(), 0.7*float64(box.Dy()))
	if err != nil {
		return err
	}
	c.fill(solid(white), corners(c.Rect))
	if w := c.width(text); w > box.Dx() { // a long one in smaller letters
		if c, err = newCanvas(box.Dx(), box.Dy(), 0.7*float64(box.Dy())*float64(box.Dx())/float64(w+1)); err != nil {
			return err
		}
		c.fill(solid(white), corners(c.Rect))
	}
	m := c.face.Metrics()
	c.text(color.Black, max(0, (box.Dx()-c.width(text))/2), (box.Dy()+m.Ascent.Ceil()-m.Descent.Ceil())/2, text)
	p.draws(box, 1, box.Dx(), box.Dy(), fullPlanes(box.Dx(), box.Dy())).pixels(0, box.Dy(), c.Pix, c.Stride, 4)
	return nil
}
