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
	full          raster.Gray
	small         raster.RGB // as stored, not upright
	upright       []uint8    // memory for small turned upright
	columns       []int32    // left edges of the cells, and the right edge of the last
	cellWidth     int        // of the widest
	sums          []uint16   // of each byte of a row, over the last rows, and a few that are no byte's
	summed        int        // rows in sums
	cells         []uint32   // red, green, blue by column of small, of the rows of this cell before those in sums
	cellRows      int        // rows of this cell so far
	rgb           []byte     // a row of the rarer layouts, converted

	// Of a decode to planes: the colours of the rows that were decoded last, by how many bits they are reduced across and down, and
	// the sums of their bytes as sums has those of the luma.
	blue, red         raster.Gray
	across, down      uint
	blueSums, redSums []uint16
}

// sumRows is how many rows of bytes fit into sums of 16 bits.
const sumRows = 0xffff / 0xff

// begin makes the framer one of a picture of this size, in the memory of the one before as far as it reaches: every byte of the
// planes is written anew, and to have the system hand out empty pages costs as much as to fill them.
func (f *framer) begin(width, height int) {
	factor := raster.SmallFactor(width, height)
	small := raster.RGB{W: max(width/factor, 1), H: max(height/factor, 1)}
	small.Pix = fitted(f.small.Pix, 3*small.W*small.H)
	full := raster.Gray{W: width, H: height, Stride: width, Pix: fitted(f.full.Pix, width*height)}
	*f = framer{
		width: width, height: height, full: full, small: small, upright: f.upright, columns: f.columns[:0],
		cellWidth: (width + small.W - 1) / small.W, sums: fitted(f.sums, 3*width+C.PF_BEYOND), cells: fitted(f.cells, 3*small.W),
		blue: f.blue, red: f.red, blueSums: f.blueSums, redSums: f.redSums,
	}
	clear(f.cells)
	for c := range small.W + 1 {
		f.columns = append(f.columns, int32(c*width/small.W)) // widths are below 2^31: the pixel guard
	}
}

// fitted returns memory for n elements: what there is if it suffices, with whatever is in it.
func fitted[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n)
	}
	return old[:n]
}

// strip takes rows top to top+rows-1, in order.
func (f *framer) strip(top, rows int, pixels []byte, stride int, l layout) {
	if l.bands == 3 && !l.wide {
		f.rows(top, rows, pixels, stride)
		return
	}
	for y := range rows {
		f.rows(top+y, 1, f.colours(pixels[y*stride:y*stride+f.width*l.size()], l), 3*f.width)
	}
}

// rows adds rows of RGB.
func (f *framer) rows(top, rows int, pixels []byte, stride int) {
	for y := range rows {
		C.pf_luma((*C.uint8_t)(&pixels[y*stride]), (*C.uint8_t)(unsafe.SliceData(f.full.Row(top+y))), C.size_t(f.width))
	}
	for bottom := top + rows; top < bottom; {
		// The cell that a row lies in is the last whose upper edge, cell*height/H rounded down, is not below it.
		cell := ((top+1)*f.small.H - 1) / f.height
		end := (cell + 1) * f.height / f.small.H
		n := min(bottom, end, top+sumRows-f.summed) - top
		more := C.int(0)
		if f.summed > 0 {
			more = 1
		}
		C.pf_sum((*C.uint8_t)(&pixels[0]), C.size_t(stride), 0, C.size_t(n), 0, (*C.uint16_t)(unsafe.SliceData(f.sums)),
			C.size_t(3*f.width), more)
		f.summed, f.cellRows, top = f.summed+n, f.cellRows+n, top+n
		if top == end || f.summed == sumRows {
			f.gather(cell, top == end)
		}
		pixels = pixels[min(n*stride, len(pixels)):]
	}
}

// planes readies the framer for a decode to planes, so many rows at a time. libjpeg writes whole blocks.
func (f *framer) planes(rows int, across, down uint) {
	blocks := func(n int) int { return (n + blockSide - 1) / blockSide * blockSide }
	f.across, f.down = across, down
	f.full.Stride = blocks(f.width)
	f.full.Pix = fitted(f.full.Pix, f.full.Stride*((f.height+rows-1)/rows*rows))
	w := (f.width + 1<<across - 1) >> across
	for _, p := range []*raster.Gray{&f.blue, &f.red} {
		*p = raster.Gray{W: w, H: rows >> down, Stride: blocks(w), Pix: fitted(p.Pix, blocks(w)*rows>>down)}
	}
	f.blueSums, f.redSums = fitted(f.blueSums, w), fitted(f.redSums, w)
}

// addPlanes adds rows that were decoded to planes. No cell is as high as sumRows: a JPEG's sides are below 65,536.
func (f *framer) addPlanes(top, rows int) {
	for y := top; y < top+rows; {
		cell := ((y+1)*f.small.H - 1) / f.height
		end := (cell + 1) * f.height / f.small.H
		n := min(top+rows, end) - y
		f.sumPlane(f.full.Row(y), f.full.Stride, 0, n, 0, f.sums[:f.width])
		f.sumPlane(f.blue.Pix, f.blue.Stride, y-top, n, f.down, f.blueSums)
		f.sumPlane(f.red.Pix, f.red.Stride, y-top, n, f.down, f.redSums)
		f.summed, y = f.summed+n, y+n
		if y == end {
			C.pf_plane_means((*C.uint16_t)(unsafe.SliceData(f.sums)), (*C.uint16_t)(unsafe.SliceData(f.blueSums)),
				(*C.uint16_t)(unsafe.SliceData(f.redSums)), (*C.int32_t)(unsafe.SliceData(f.columns)), C.int(f.across),
				C.int32_t(f.summed), (*C.uint8_t)(unsafe.SliceData(f.small.Row(cell))), C.size_t(f.small.W))
			f.summed = 0
		}
	}
}

// sumPlane adds rows of a plane that is reduced down by some bits to the sums, or begins them.
func (f *framer) sumPlane(plane []byte, stride, first, n int, down uint, sums []uint16) {
	more := C.int(0)
	if f.summed > 0 {
		more = 1
	}
	C.pf_sum((*C.uint8_t)(unsafe.SliceData(plane)), C.size_t(stride), C.size_t(first), C.size_t(n), C.int(down),
		(*C.uint16_t)(unsafe.SliceData(sums)), C.size_t(len(sums)), more)
}

// sumOf sums up n rows of bytes, at most sumRows.
func sumOf(rows []byte, stride, n int, sums []uint16) {
	C.pf_sum((*C.uint8_t)(unsafe.SliceData(rows)), C.size_t(stride), 0, C.size_t(n), 0, (*C.uint16_t)(unsafe.SliceData(sums)),
		C.size_t(len(sums)), 0)
}

// gather takes the sums into the cells of a row of them, which is complete or not.
func (f *framer) gather(cell int, complete bool) {
	sums, columns := (*C.uint16_t)(unsafe.SliceData(f.sums)), (*C.int32_t)(unsafe.SliceData(f.columns))
	out, cells := (*C.uint8_t)(unsafe.SliceData(f.small.Row(cell))), C.size_t(f.small.W)
	if complete && f.summed == f.cellRows && f.cellRows*f.cellWidth <= C.PF_SMALL_CELL {
		C.pf_cell_means(sums, columns, C.int32_t(f.cellRows), out, cells)
	} else {
		totals := (*C.uint32_t)(unsafe.SliceData(f.cells))
		C.pf_cells(sums, columns, totals, cells)
		if complete {
			C.pf_means(totals, columns, C.int32_t(f.cellRows), out, cells)
		}
	}
	f.summed = 0
	if complete {
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

// frame returns the finished Frame of a picture with the given EXIF orientation. It is the framer's own, until that begins anew.
func (f *framer) frame(orientation int) *raster.Frame {
	w, h := uprightSize(f.width, f.height, orientation)
	out := &raster.Frame{
		Width: w, Height: h, Full: &f.full, Small: &f.small, ToFull: raster.Uprighting(orientation, w, h),
	}
	smallW, smallH := uprightSize(f.small.W, f.small.H, orientation)
	out.Scale = [2]float64{float64(smallW) / float64(w), float64(smallH) / float64(h)}
	if orientation > 1 {
		f.upright = fitted(f.upright, 3*smallW*smallH)
		out.Small = &raster.RGB{W: smallW, H: smallH, Pix: f.upright}
		turnInto(out.Small, &f.small, raster.Uprighting(orientation, smallW, smallH))
	}
	return out
}

// turnInto writes a picture through a turn or reflection: a step to the right or down is a fixed number of bytes in it.
func turnInto(out, p *raster.RGB, back raster.Homography) {
	at := func(x, y float64) int {
		q := back.Apply(raster.Point{x + 0.5, y + 0.5})
		return 3 * (int(q[1])*p.W + int(q[0]))
	}
	start := at(0, 0)
	right, down := 0, 0
	if out.W > 1 {
		right = at(1, 0) - start
	}
	if out.H > 1 {
		down = at(0, 1) - start
	}
	C.pf_turn((*C.uint8_t)(unsafe.Pointer(&p.Pix[start])), C.ptrdiff_t(right), C.ptrdiff_t(down),
		(*C.uint8_t)(unsafe.SliceData(out.Pix)), C.size_t(out.W), C.size_t(out.H))
}
