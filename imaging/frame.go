package imaging

/*
#cgo CFLAGS: -O2
#include "planes.h"
*/
import "C"

import (
	"unsafe"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// framer builds a raster.Frame from a decode that passes by in strips: the luma of every pixel, and the picture in colour
// reduced to the means of cells of about raster.SmallFactor pixels a side. Cells cover the picture exactly, some a pixel
// wider than others, so that one scale holds whichever way the picture is turned.
type framer struct {
	width, height int
	full          *raster.Gray
	small         *raster.RGB // as stored, not upright
	columns       []int32     // left edges of the cells, and the right edge of the last
	sums          []uint16    // of each byte of a row, over the last rows
	summed        int         // rows in sums
	cells         []uint32    // red, green, blue by column of small, of the rows of this cell before those in sums
	cellRows      int         // rows of this cell so far
	rgb           []byte      // a row of the rarer layouts, converted
}

// sumRows is how many rows of bytes fit into sums of 16 bits.
const sumRows = 0xffff / 0xff

func newFramer(width, height int) *framer {
	factor := raster.SmallFactor(width, height)
	f := &framer{width: width, height: height, full: raster.NewGray(width, height)}
	f.small = raster.NewRGB(max(width/factor, 1), max(height/factor, 1))
	f.sums, f.cells = make([]uint16, 3*width), make([]uint32, 3*f.small.W)
	for c := range f.small.W + 1 {
		f.columns = append(f.columns, int32(c*width/f.small.W)) // widths are below 2^31: the pixel guard
	}
	return f
}

// strip takes rows top to top+rows-1, in order.
func (f *framer) strip(top, rows int, pixels []byte, stride int, l layout) {
	for y := range rows {
		row := pixels[y*stride : y*stride+f.width*l.size()]
		if l.bands != 3 || l.wide {
			row = f.colours(row, l)
		}
		f.row(top+y, row)
	}
}

// row adds one row of RGB.
func (f *framer) row(y int, row []byte) {
	luma := f.full.Row(y)
	in := (*C.uint8_t)(unsafe.SliceData(row))
	C.pf_luma(in, (*C.uint8_t)(unsafe.SliceData(luma)), C.size_t(f.width))
	C.pf_add(in, (*C.uint16_t)(unsafe.SliceData(f.sums)), C.size_t(3*f.width))
	f.summed++
	f.cellRows++
	// The cell that a row lies in is the last whose upper edge, cell*height/H rounded down, is not below it.
	cell := ((y+1)*f.small.H - 1) / f.height
	end := y+1 == (cell+1)*f.height/f.small.H
	if !end && f.summed < sumRows {
		return
	}
	C.pf_cells((*C.uint16_t)(unsafe.SliceData(f.sums)), (*C.int32_t)(unsafe.SliceData(f.columns)),
		(*C.uint32_t)(unsafe.SliceData(f.cells)), C.size_t(f.small.W))
	clear(f.sums)
	f.summed = 0
	if end {
		C.pf_means((*C.uint32_t)(unsafe.SliceData(f.cells)), (*C.int32_t)(unsafe.SliceData(f.columns)), C.int32_t(f.cellRows),
			(*C.uint8_t)(unsafe.SliceData(f.small.Row(cell))), C.size_t(f.small.W))
		f.cellRows = 0
	}
}

// colours converts a row of the rarer layouts to RGB of 8 bits, transparency over white.
func (f *framer) colours(row []byte, l layout) []byte {
	if f.rgb == nil {
		f.rgb = make([]byte, 3*f.width)
	}
	size, step, high := l.size(), 1, 0
	if l.wide {
		step, high = 2, hostHighByte
	}
	for x := range f.width {
		p, q := row[x*size+high:], f.rgb[3*x:3*x+3]
		switch {
		case l.cmyk: // 0 is no ink
			k := 255 - uint32(p[3*step])
			for i := range 3 {
				q[i] = byte((255 - uint32(p[i*step])) * k / 255)
			}
			continue
		case l.bands <= 2:
			q[0], q[1], q[2] = p[0], p[0], p[0]
		default:
			q[0], q[1], q[2] = p[0], p[step], p[2*step]
		}
		if l.bands == 2 || l.bands == 4 {
			alpha := uint32(p[(l.bands-1)*step])
			for i := range q {
				q[i] = byte((uint32(q[i])*alpha + 255*(255-alpha)) / 255)
			}
		}
	}
	return f.rgb
}

// frame returns the finished Frame of a picture with the given EXIF orientation.
func (f *framer) frame(orientation int) *raster.Frame {
	w, h := uprightSize(f.width, f.height, orientation)
	out := &raster.Frame{
		Width: w, Height: h, Full: f.full, Small: f.small, ToFull: raster.Uprighting(orientation, w, h),
	}
	smallW, smallH := uprightSize(f.small.W, f.small.H, orientation)
	out.Scale = [2]float64{float64(smallW) / float64(w), float64(smallH) / float64(h)}
	if orientation > 1 {
		out.Small = turned(f.small, raster.Uprighting(orientation, smallW, smallH), smallW, smallH)
	}
	return out
}

// turned returns a picture through a turn or reflection: a step to the right or down is a fixed number of bytes in it.
func turned(p *raster.RGB, back raster.Homography, w, h int) *raster.RGB {
	at := func(x, y float64) int {
		q := back.Apply(raster.Point{x + 0.5, y + 0.5})
		return 3 * (int(q[1])*p.W + int(q[0]))
	}
	start := at(0, 0)
	right, down := 0, 0
	if w > 1 {
		right = at(1, 0) - start
	}
	if h > 1 {
		down = at(0, 1) - start
	}
	out := raster.NewRGB(w, h)
	C.pf_turn((*C.uint8_t)(unsafe.Pointer(&p.Pix[start])), C.ptrdiff_t(right), C.ptrdiff_t(down),
		(*C.uint8_t)(unsafe.SliceData(out.Pix)), C.size_t(w), C.size_t(h))
	return out
}
