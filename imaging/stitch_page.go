package imaging

/*
#cgo pkg-config: libjpeg
#include <stdlib.h>
#include <string.h>
#include "planes.h"
#include "vips.h"
#include "ycc.h"
*/
import "C"

import (
	"errors"
	"image"
	"math"
	"slices"
	"unsafe"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// pages is memory of C for a large picture, which is given back to the system when it is closed: of 24 MB the collector would keep
// as much again.
type pages struct {
	bytes []byte
	mem   unsafe.Pointer
}

func newPages(n int) (pages, error) {
	mem := C.pf_pages(C.size_t(n))
	if mem == nil {
		return pages{}, errors.New("stitch pictures: out of memory")
	}
	return pages{bytes: unsafe.Slice((*byte)(mem), n), mem: mem}, nil
}

func (p *pages) close() {
	C.free(p.mem)
	p.bytes, p.mem = nil, nil
	trimMemory()
}

// The planes of a picture, as JFIF has them: brightness and two differences of colour.
const (
	planeY = iota
	planeBlue
	planeRed
	planeCount
)

// stitched is the picture of a composite: the planes of the JPEG that it becomes, colours halved both ways. That is half of what its
// pixels are, and what most of its sources are made of. Its sides are even.
type stitched struct {
	w, h   int
	memory pages
	planes [planeCount]stitchedPlane
}

// stitchedPlane is a plane of a picture, reduced both ways by so many bits.
type stitchedPlane struct {
	pix    []byte
	stride int
	by     uint
}

// encodedRows is how many rows of a picture are encoded at a time: blocks of halved colours.
const encodedRows = C.PF_YCC_GROUP

// newStitched returns a picture whose planes are still to be written. The caller closes it.
func newStitched(w, h int) (*stitched, error) {
	stride := (w + encodedRows - 1) / encodedRows * encodedRows
	size := stride * h
	memory, err := newPages(size + size/2)
	if err != nil {
		return nil, err
	}
	return &stitched{w: w, h: h, memory: memory, planes: [planeCount]stitchedPlane{
		{pix: memory.bytes[:size], stride: stride},
		{pix: memory.bytes[size : size+size/4], stride: stride / 2, by: 1},
		{pix: memory.bytes[size+size/4:], stride: stride / 2, by: 1},
	}}, nil
}

func (p *stitched) close() {
	p.memory.close()
	p.planes = [planeCount]stitchedPlane{}
}

// The planes of white.
var whitePlanes = [planeCount]byte{255, 128, 128}

// whiten fills what lies in none of the boxes.
func (p *stitched) whiten(boxes []image.Rectangle) {
	covered := make([]image.Rectangle, 0, len(boxes))
	for y := 0; y < p.h; y += 2 {
		covered = covered[:0]
		for _, b := range boxes {
			if y >= b.Min.Y && y < b.Max.Y {
				covered = append(covered, b)
			}
		}
		slices.SortFunc(covered, func(a, b image.Rectangle) int { return a.Min.X - b.Min.X })
		from := 0
		for _, b := range covered {
			p.white(image.Rect(from, y, b.Min.X, y+2))
			from = b.Max.X
		}
		p.white(image.Rect(from, y, p.w, y+2))
	}
}

func (p *stitched) white(box image.Rectangle) {
	for k := range p.planes {
		p.planes[k].fill(box, whitePlanes[k])
	}
}

// fill writes one value into a box of the picture.
func (p *stitchedPlane) fill(box image.Rectangle, value byte) {
	if box.Empty() {
		return
	}
	for y := box.Min.Y >> p.by; y < box.Max.Y>>p.by; y++ {
		C.memset(unsafe.Pointer(&p.pix[y*p.stride+box.Min.X>>p.by]), C.int(value), C.size_t(box.Dx()>>p.by))
	}
}

// finish writes what the encoder reads beyond the right side: the last pixels again.
func (p *stitched) finish() {
	for k := range p.planes {
		plane := &p.planes[k]
		w := p.w >> plane.by
		for y := range p.h >> plane.by {
			row := plane.pix[y*plane.stride : (y+1)*plane.stride]
			for x := w; x < plane.stride; x++ {
				row[x] = row[w-1]
			}
		}
	}
}

// A size is estimated from groups of rows that are encoded at a time, taken evenly from the whole: one of sampleEvery, sampleLeast of
// them at least.
const (
	sampleEvery = 12
	sampleLeast = 12
)

// sampled estimates the size of the JPEG of a quality in bytes.
func (p *stitched) sampled(quality int) (float64, error) {
	groups := p.h / encodedRows
	n := max(groups/sampleEvery, min(sampleLeast, groups))
	if n == 0 || n == groups {
		size, err := p.encodeRows(p.tops(), quality, nil)
		return float64(size), err
	}
	tops := make([]int32, n)
	for i := range tops {
		tops[i] = int32((2*i + 1) * groups / (2 * n) * encodedRows)
	}
	size, err := p.encodeRows(tops, quality, nil)
	const head = 623 // the tables and headers of a baseline JPEG of three components
	return head + float64(size-head)*float64(p.h)/float64(encodedRows*n), err
}

// tops are where the groups of rows begin.
func (p *stitched) tops() []int32 {
	tops := make([]int32, (p.h+encodedRows-1)/encodedRows)
	for i := range tops {
		tops[i] = int32(i * encodedRows) // below 2^31: maxStitchedSide
	}
	return tops
}

// encode encodes the picture: baseline, colours halved both ways, no metadata; the same planes give the same bytes. size is that of the
// JPEG, which is nil where it reaches limit. expected is what the size may be.
func (p *stitched) encode(quality int, expected float64, limit int64) (picture []byte, size int64, err error) {
	const spare = 64 << 10
	room := min(limit, int64(1.1*expected)+spare)
	for {
		picture = make([]byte, room)
		n, err := p.encodeRows(p.tops(), quality, picture)
		size = int64(n)
		switch {
		case err != nil || size >= limit:
			return nil, size, err
		case size <= room:
			return picture[:size], size, nil
		}
		room = size
	}
}

// encodeRows encodes groups of rows as a picture that has no others, into out as far as it reaches.
func (p *stitched) encodeRows(tops []int32, quality int, out []byte) (size int, err error) {
	y, blue, red := &p.planes[planeY], &p.planes[planeBlue], &p.planes[planeRed]
	picture := C.pf_ycc_picture{
		y: (*C.uint8_t)(unsafe.SliceData(y.pix)), blue: (*C.uint8_t)(unsafe.SliceData(blue.pix)), red: (*C.uint8_t)(unsafe.SliceData(red.pix)),
		stride: C.size_t(y.stride), width: C.int32_t(p.w), height: C.int32_t(p.h),
	}
	var n C.size_t
	if C.pf_ycc_encode(&picture, (*C.int32_t)(unsafe.SliceData(tops)), C.size_t(len(tops)), C.int(quality),
		(*C.uint8_t)(unsafe.SliceData(out)), C.size_t(len(out)), &n) != 0 {
		return 0, errors.New("encode picture: out of memory")
	}
	return int(n), nil
}

// sourcePlane is a plane of a picture that passes by in strips: its size, and by how many bits it is reduced beside the picture. A grey
// picture's colours have none.
type sourcePlane struct {
	w, h         int
	across, down uint
}

// fullPlanes are those of a picture whose colours are in full.
func fullPlanes(w, h int) [planeCount]sourcePlane {
	p := sourcePlane{w: w, h: h}
	return [planeCount]sourcePlane{p, p, p}
}

// drawer draws a picture that passes by in strips into a box of a page: reduced, and turned upright.
type drawer struct {
	planes [planeCount]*reducer
	split  [planeCount][]byte // of pixels that were not decoded to planes
	width  int
}

// draws returns a drawer of a picture of w x h pixels as they are stored.
func (p *stitched) draws(box image.Rectangle, orientation, w, h int, from [planeCount]sourcePlane) *drawer {
	d := &drawer{width: from[planeY].w}
	toW, toH := uprightSize(box.Dx(), box.Dy(), orientation)
	toUpright, _ := raster.Uprighting(orientation, box.Dx(), box.Dy()).Inverse() // a turn has one
	at := func(x, y int) image.Point {
		q := toUpright.Apply(raster.Point{float64(x) + 0.5, float64(y) + 0.5})
		return image.Pt(int(math.Floor(q[0])), int(math.Floor(q[1])))
	}
	// A step is one pixel; it may lead out of the box, but its direction is the same in every plane.
	first := at(0, 0)
	right, down := at(1, 0).Sub(first), at(0, 1).Sub(first)
	across, along := newStretch(w, toW, right.X+right.Y < 0), newStretch(h, toH, down.X+down.Y < 0)
	for k := range d.planes {
		plane, src := &p.planes[k], from[k]
		if src.w == 0 { // as grey is white
			plane.fill(box, whitePlanes[k])
			continue
		}
		step := func(q image.Point) int { return q.Y*plane.stride + q.X }
		corner := image.Pt(box.Min.X+first.X, box.Min.Y+first.Y)
		d.planes[k] = newReducer(across.shares(src.w, src.across, toW, plane.by), along.shares(src.h, src.down, toH, plane.by),
			plane.pix, (corner.Y>>plane.by)*plane.stride+corner.X>>plane.by, step(right), step(down))
	}
	return d
}

// pixels draws rows of pixels of so many bytes, red, green and blue first.
func (d *drawer) pixels(top, rows int, pix []byte, stride, step int) {
	for k := range d.split {
		d.split[k] = fitted(d.split[k], rows*d.width)
	}
	for y := range rows {
		at := y * d.width
		C.pf_split((*C.uint8_t)(&pix[y*stride]), C.size_t(step), (*C.uint8_t)(&d.split[planeY][at]),
			(*C.uint8_t)(&d.split[planeBlue][at]), (*C.uint8_t)(&d.split[planeRed][at]), C.size_t(d.width))
	}
	for k := range d.split {
		d.planes[k].strip(top, rows, d.split[k], d.width)
	}
}

// stretch is what of a side of a source is shown: of an odd one that is not reduced all but a pixel, since a composite's boxes have even
// sides, and a picture that is reduced by one pixel is blurred.
type stretch struct{ start, length float64 }

// newStretch returns what is shown of a side of so many pixels on another; mirrored is that it is stored from its far end on.
func newStretch(side, to int, mirrored bool) stretch {
	if side-to != 1 {
		return stretch{0, float64(side)}
	}
	if mirrored {
		return stretch{1, float64(to)}
	}
	return stretch{0, float64(to)}
}

// shares are those of a plane of so many pixels that is reduced by some bits, on one of the outcome, that is as well.
func (s stretch) shares(from int, by uint, to int, toBy uint) shares {
	unit, n := float64(int(1)<<by), to>>toBy
	return newShares(from, s.start/unit, s.length/unit/float64(n), n)
}

// shares say what pixels of the outcome are made of: taps neighbours from left on, with weights that come to 256.
type shares struct {
	from, to int
	taps     int
	left     []int32
	weights  []uint16
}

// newShares divides pixels among those of an outcome, of which each covers ratio of them, the first from start on.
func newShares(from int, start, ratio float64, to int) shares {
	whole := ratio == 1 && start == math.Floor(start)
	s := shares{from: from, to: to, taps: min(int(math.Ceil(ratio))+1, from)}
	if whole {
		s.taps = 1
	}
	for i := range to {
		begin, end := start+float64(float64(i)*ratio), start+float64(float64(i+1)*ratio)
		left := min(int(begin), from-s.taps)
		covered, given := 0.0, 0
		for t := range s.taps {
			covered += max(0, min(end, float64(left+t+1))-max(begin, float64(left+t)))
			// What rounding leaves goes to the next.
			w := min(int(math.Round(float64(256*covered)/ratio)), 256) - given
			if t == s.taps-1 {
				w = 256 - given
			}
			s.weights = append(s.weights, uint16(w))
			given += w
		}
		s.left = append(s.left, int32(left)) // below 2^31: the pixel guard
	}
	return s
}

// span is how many pixels those of the outcome that pf_spread works on at once are made of, at most.
func (s shares) span() int {
	most := 0
	for i := 0; i < s.to; i += C.PF_SPREAD_COLUMNS {
		last := min(i+C.PF_SPREAD_COLUMNS, s.to) - 1
		most = max(most, int(s.left[last]-s.left[i])+s.taps)
	}
	return most
}

// liveRows is more than there are rows of the outcome that one row is part of.
const liveRows = 8

// reducer reduces a plane that passes by in strips: each pixel of the outcome is the mean of what it covers, as in a Frame, but at any
// scale. Weights are of 256, and the sums of whole numbers: the same everywhere.
type reducer struct {
	columns, rows shares
	at            int                // the row of the outcome that is being summed up
	sums          [liveRows][]uint16 // of that row and of those that begin before it ends
	reduced       []byte             // rows of the outcome before they are reduced across
	stride        int
	waiting       int // how many there are
	scratch       []byte
	// to is the plane that is drawn into: start is its pixel of the first of the source, right and down are the bytes from one to the
	// next as they are stored.
	to                 []byte
	start, right, down int
}

func newReducer(columns, rows shares, to []byte, start, right, down int) *reducer {
	r := &reducer{columns: columns, rows: rows, to: to, start: start, right: right, down: down}
	for i := range r.sums {
		r.sums[i] = make([]uint16, columns.from)
	}
	r.stride = columns.from + C.PF_BLOCK
	r.reduced = make([]byte, r.stride*C.PF_SPREAD_ROWS)
	r.scratch = make([]byte, C.PF_SPREAD_ROWS*(C.PF_SPREAD_COLUMNS+columns.span()+C.PF_BLOCK))
	return r
}

// strip takes rows top to top+rows-1, in order.
func (r *reducer) strip(top, rows int, pix []byte, stride int) {
	taps := r.rows.taps
	for y := top; y < min(top+rows, r.rows.from); y++ {
		row := (*C.uint8_t)(unsafe.SliceData(pix[(y-top)*stride:]))
		for j := r.at; j < r.rows.to && int(r.rows.left[j]) <= y; j++ {
			t := y - int(r.rows.left[j])
			weight := r.rows.weights[j*taps+t]
			first := C.int(0)
			if t == 0 {
				first = 1
			} else if weight == 0 {
				continue
			}
			C.pf_weigh(row, (*C.uint16_t)(unsafe.SliceData(r.sums[j%liveRows])), C.size_t(r.columns.from), C.uint(weight), first)
		}
		for r.at < r.rows.to && int(r.rows.left[r.at])+taps-1 == y {
			r.finish()
		}
	}
}

// finish ends a row of the outcome, and draws those that there are when they are enough.
func (r *reducer) finish() {
	C.pf_weighed((*C.uint16_t)(unsafe.SliceData(r.sums[r.at%liveRows])), (*C.uint8_t)(unsafe.SliceData(r.reduced[r.waiting*r.stride:])),
		C.size_t(r.columns.from))
	r.waiting++
	r.at++
	if r.waiting < C.PF_SPREAD_ROWS && r.at < r.rows.to {
		return
	}
	at := r.start + (r.at-r.waiting)*r.down
	C.pf_spread((*C.uint8_t)(unsafe.SliceData(r.reduced)), C.size_t(r.stride), C.size_t(r.waiting),
		(*C.int32_t)(unsafe.SliceData(r.columns.left)), (*C.uint16_t)(unsafe.SliceData(r.columns.weights)), C.size_t(r.columns.taps),
		C.size_t(r.columns.to), (*C.uint8_t)(unsafe.SliceData(r.scratch)), (*C.uint8_t)(&r.to[at]), C.ptrdiff_t(r.right), C.ptrdiff_t(r.down))
	r.waiting = 0
}
