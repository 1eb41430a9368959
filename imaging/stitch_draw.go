package imaging

/*
#include <stdlib.h>
#include "planes.h"
#include "vips.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"unsafe"

	"github.com/disintegration/imaging"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// stitched is the picture of a composite: RGB, rows without gaps. It lies in memory of C, which is given back to the system when
// it is closed: of 48 MB the collector would keep as much again.
type stitched struct {
	w, h int
	pix  []byte
	mem  unsafe.Pointer
}

// newStitched returns a picture whose pixels are still to be written. The caller closes it.
func newStitched(w, h int) (*stitched, error) {
	n := 3 * w * h
	mem := C.pf_pages(C.size_t(n))
	if mem == nil {
		return nil, errors.New("stitch pictures: out of memory")
	}
	return &stitched{w: w, h: h, mem: mem, pix: unsafe.Slice((*byte)(mem), n)}, nil
}

// whiten fills what lies in none of the boxes.
func (p *stitched) whiten(boxes []image.Rectangle) {
	covered := make([]image.Rectangle, 0, len(boxes))
	for y := range p.h {
		covered = covered[:0]
		for _, b := range boxes {
			if y >= b.Min.Y && y < b.Max.Y {
				covered = append(covered, b)
			}
		}
		slices.SortFunc(covered, func(a, b image.Rectangle) int { return a.Min.X - b.Min.X })
		from := 0
		for _, b := range covered {
			p.white(from, b.Min.X, y)
			from = b.Max.X
		}
		p.white(from, p.w, y)
	}
}

func (p *stitched) white(from, to, y int) {
	if from >= to {
		return
	}
	gap := p.pix[p.at(from, y):p.at(to, y)]
	for i := range gap {
		gap[i] = 0xff
	}
}

func (p *stitched) close() {
	C.free(p.mem)
	p.pix, p.mem = nil, nil
	trimMemory()
}

// A size is estimated from groups of rows, as high as a block of halved chroma, taken evenly from the whole: one of
// sampleEvery, sampleLeast of them at least.
const (
	sampleRows  = 16
	sampleEvery = 12
	sampleLeast = 12
)

// sampled estimates the size of the JPEG of a quality in bytes.
func (p *stitched) sampled(quality int) (float64, error) {
	groups := p.h / sampleRows
	n := max(groups/sampleEvery, min(sampleLeast, groups))
	if n == 0 || n == groups {
		out, err := encodeRGB(p.pix, p.w, p.h, quality)
		return float64(len(out)), err
	}
	const rowsOf = sampleRows
	rows := make([]byte, 0, 3*p.w*rowsOf*n)
	for i := range n {
		top := (2*i + 1) * groups / (2 * n) * rowsOf
		rows = append(rows, p.pix[3*p.w*top:3*p.w*(top+rowsOf)]...)
	}
	out, err := encodeRGB(rows, p.w, rowsOf*n, quality)
	if err != nil {
		return 0, err
	}
	const head = 623 // the tables and headers of a baseline JPEG of three components
	return head + float64(len(out)-head)*float64(p.h)/float64(rowsOf*n), nil
}

// place draws a source into its box, and its caption below.
func (s *stitch) place(ctx context.Context, page *stitched, i int) error {
	src, box := &s.sources[i], s.plan.boxes[i]
	data, err := src.Open(ctx)
	if err != nil {
		return err
	}
	h, _, err := s.a.check(data)
	if err != nil {
		return err
	}
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

// at is the byte of a pixel.
func (p *stitched) at(x, y int) int { return 3 * (y*p.w + x) }

// scatter draws rows of a picture of w x h pixels, stored with an orientation, into the box of its upright self.
func (p *stitched) scatter(box image.Rectangle, orientation, top, rows, n int, rgb []byte, stride int) {
	toUpright, ok := raster.Uprighting(orientation, box.Dx(), box.Dy()).Inverse()
	if !ok {
		return // no turn has none
	}
	offset := func(x, y int) int {
		at := toUpright.Apply(raster.Point{float64(x) + 0.5, float64(y) + 0.5})
		return p.at(box.Min.X+int(math.Floor(at[0])), box.Min.Y+int(math.Floor(at[1])))
	}
	start := offset(0, top)
	C.pf_scatter((*C.uint8_t)(unsafe.SliceData(rgb)), C.size_t(stride), C.size_t(rows), C.size_t(n),
		(*C.uint8_t)(&p.pix[start]), C.ptrdiff_t(offset(1, top)-start), C.ptrdiff_t(offset(0, top+1)-start))
}

// stream decodes a source straight into its box, a strip at a time.
func (src *stitchSource) stream(ctx context.Context, page *stitched, box image.Rectangle, h *header, clean []byte) error {
	w, hh := uprightSize(box.Dx(), box.Dy(), src.orientation)
	// libvips knows colour profiles, inks and 16 bits; of all that is plain, means of neighbours cost a tenth of its resampling.
	plain := len(h.icc) == 0 && h.components != 4 && h.depth <= 8
	start := openScaled
	if plain {
		start = openShrunk
	}
	d, err := start(ctx, h, clean, w, hh)
	if err != nil {
		return damagedOr(ended(ctx, err))
	}
	defer d.close()
	if !plain && (d.width != w || d.height != hh) || d.width < w || d.height < hh {
		return fmt.Errorf("it came out as %d x %d and not %d x %d", d.width, d.height, w, hh)
	}
	// That it decodes to its last pixel is known where it was measured, and need not be asked for where it is reduced.
	d.whole = src.Measurements.Decode != nil && src.Measurements.Decode.Complete
	put := func(top, rows int, rgb []byte, stride int) {
		page.scatter(box, src.orientation, top, rows, w, rgb, stride)
	}
	if d.width != w || d.height != hh {
		put = newReducer(d.width, d.height, w, hh, put).strip
	}
	flat := framer{width: d.width}
	return damagedOr(d.strips(ctx, h.format, clean, func(top, rows int, pixels []byte, stride int, l layout) {
		if l.bands == 3 && !l.wide {
			put(top, rows, pixels, stride)
			return
		}
		for y := range rows {
			put(top+y, 1, flat.colours(pixels[y*stride:y*stride+d.width*l.size()], l), 3*d.width)
		}
	}))
}

// reducer reduces a picture that passes by in strips: each pixel of the outcome is the mean of what it covers, as in a Frame,
// but at any scale. Weights are of 256, and the sums of whole numbers: the same everywhere.
type reducer struct {
	fromW   int
	w, h    int
	put     func(top, rows int, rgb []byte, stride int)
	columns shares
	rows    shares
	at      int                // the row of the outcome that is being summed up
	sums    [liveRows][]uint16 // of that row and of those that begin before it ends
	out     []byte
	waiting int // rows of the outcome that were not handed on yet
}

// shares say what pixels of the outcome are made of: taps neighbours from left on, with weights that come to 256.
type shares struct {
	taps    int
	left    []int32
	weights []uint16
}

func newShares(from, to int) shares {
	ratio := float64(from) / float64(to)
	s := shares{taps: min(int(math.Ceil(ratio))+1, from)}
	for i := range to {
		start, end := float64(i)*ratio, float64(i+1)*ratio
		left := min(int(start), from-s.taps)
		total, largest := 0, 0
		first := len(s.weights)
		for t := range s.taps {
			covered := min(end, float64(left+t+1)) - max(start, float64(left+t))
			w := int(math.Round(256 * max(0, covered) / ratio))
			total += w
			s.weights = append(s.weights, uint16(w))
			if w > int(s.weights[first+largest]) {
				largest = t
			}
		}
		s.weights[first+largest] = uint16(int(s.weights[first+largest]) + 256 - total) // what rounding left
		s.left = append(s.left, int32(left))                                           // below 2^31: the pixel guard
	}
	return s
}

// reducedRows are handed on at a time; liveRows is more than there are rows of the outcome that one row is part of.
const reducedRows, liveRows = 16, 8

func newReducer(fromW, fromH, w, h int, put func(top, rows int, rgb []byte, stride int)) *reducer {
	r := &reducer{fromW: fromW, w: w, h: h, put: put, columns: newShares(fromW, w), rows: newShares(fromH, h)}
	for i := range r.sums {
		r.sums[i] = make([]uint16, 3*fromW+C.PF_BEYOND)
	}
	r.out = make([]byte, 3*w*reducedRows)
	return r
}

// strip takes rows top to top+rows-1, in order.
func (r *reducer) strip(top, rows int, rgb []byte, stride int) {
	taps := r.rows.taps
	for y := top; y < top+rows; y++ {
		row := rgb[(y-top)*stride:]
		for j := r.at; j < r.h && int(r.rows.left[j]) <= y; j++ {
			t := y - int(r.rows.left[j])
			weight := r.rows.weights[j*taps+t]
			first := C.int(0)
			if t == 0 {
				first = 1
			} else if weight == 0 {
				continue
			}
			C.pf_weigh((*C.uint8_t)(unsafe.SliceData(row)), (*C.uint16_t)(unsafe.SliceData(r.sums[j%liveRows])), C.size_t(3*r.fromW),
				C.uint(weight), first)
		}
		for r.at < r.h && int(r.rows.left[r.at])+taps-1 == y {
			r.finish()
		}
	}
}

// finish hands a row of the outcome on.
func (r *reducer) finish() {
	C.pf_weigh_across((*C.uint16_t)(unsafe.SliceData(r.sums[r.at%liveRows])), (*C.int32_t)(unsafe.SliceData(r.columns.left)),
		(*C.uint16_t)(unsafe.SliceData(r.columns.weights)), C.size_t(r.columns.taps),
		(*C.uint8_t)(unsafe.SliceData(r.out[3*r.w*r.waiting:])), C.size_t(r.w))
	r.waiting++
	r.at++
	if r.waiting == reducedRows || r.at == r.h {
		r.put(r.at-r.waiting, r.waiting, r.out, 3*r.w)
		r.waiting = 0
	}
}

func (src *stitchSource) placeGIF(ctx context.Context, page *stitched, box image.Rectangle, h *header, data []byte) error {
	img, err := gifImage(ctx, h, data)
	if err != nil {
		return damagedOr(err)
	}
	small := imaging.Resize(img, box.Dx(), box.Dy(), imaging.Lanczos)
	flat := framer{width: box.Dx()}
	for y := range box.Dy() {
		row := flat.colours(small.Pix[y*small.Stride:y*small.Stride+4*box.Dx()], layout{bands: 4})
		copy(page.pix[page.at(box.Min.X, box.Min.Y+y):], row)
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
	for top := 0; top < hh; top += rectifyRows {
		if err := ended(ctx, nil); err != nil {
			return err
		}
		rows := min(rectifyRows, hh-top)
		band := image.NewRGBA(image.Rect(0, 0, w, rows))
		resample(band, part, whole, toPart.After(raster.Homography{1, 0, 0, 0, 1, float64(top), 0, 0, 1}))
		for y := range rows {
			page.row(box.Min.X, box.Min.Y+top+y, band.Pix[y*band.Stride:y*band.Stride+4*w])
		}
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

// row copies pixels of RGBA, which are opaque.
func (p *stitched) row(x, y int, rgba []byte) {
	out := p.pix[p.at(x, y):]
	for i, k := 0, 0; i < len(rgba); i, k = i+4, k+3 {
		out[k], out[k+1], out[k+2] = rgba[i], rgba[i+1], rgba[i+2]
	}
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
	for y := range box.Dy() {
		p.row(box.Min.X, box.Min.Y+y, c.Pix[y*c.Stride:y*c.Stride+4*box.Dx()])
	}
	return nil
}
