// Package vector has the loops over pixels on which measuring spends its time (像素循环), in C: compilers make vector code of them there, and
// not in Go. It knows no document and no file, and keeps no memory: what it works in is given to it, long enough, or it panics as an index
// out of range does. The same numbers come out on every processor of a kind: vector code adds and multiplies in the order that is written.
package vector

/*
#cgo CFLAGS: -O2
#cgo LDFLAGS: -lm
#include "loops.h"
*/
import "C"

import (
	"slices"
	"unsafe"
)

// Squares writes the means of squares of factor x factor pixels, side x side of them, of a picture of one channel that begins at pix and
// whose rows are stride apart: by rows into means, and by columns into turned. sums is memory for side*factor numbers.
func Squares(pix []uint8, stride, side, factor int, sums []int32, means, turned []float32) {
	if side < 1 || factor < 1 {
		return
	}
	reach := side * factor
	_, _, _, _ = pix[(reach-1)*stride+reach-1], sums[reach-1], means[side*side-1], turned[side*side-1]
	C.pf_squares((*C.uint8_t)(unsafe.Pointer(&pix[0])), C.size_t(stride), C.int(side), C.int(factor), integers(sums), floats(means),
		floats(turned))
}

// Opponents reduces a picture of red, green and blue, w by h pixels of three bytes, to the means of cells in opponent channels: luma, red
// against green, and both against blue, interleaved, across by down cells of at most 257 rows each. Cell x of a row spans the columns left[x] to
// left[x+1]-1, which end with the picture; rows are shared out evenly. sums is memory for 3*w numbers.
func Opponents(rgb []uint8, w, h int, left []int32, across, down int, sums []uint16, out []float32) {
	if across < 1 || down < 1 {
		return
	}
	_, _, _ = rgb[3*w*h-1], sums[3*w-1], out[3*across*down-1]
	if left[0] < 0 || int(left[across]) > w || !slices.IsSorted(left[:across+1]) || down > h || (h+down-1)/down > mostRows {
		panic("vector: cells reach beyond the picture, or have more rows than sums hold")
	}
	C.pf_opponents((*C.uint8_t)(unsafe.Pointer(&rgb[0])), C.int(w), C.int(h), integers(left), C.int(across), C.int(down),
		(*C.uint16_t)(unsafe.Pointer(&sums[0])), floats(out))
}

// mostRows is how many rows of bytes fit into sums of 16 bits.
const mostRows = 0xffff / 0xff

// GradientScratch is how many numbers Gradient works in for each pixel of a row.
const GradientScratch = 15

// Gradient writes, for each pixel of a picture of three interleaved channels but those of its border, the gradient of the channel that changes
// most (Scharr's operator, in units of a channel for each pixel), and its length. scratch is memory for GradientScratch*w numbers.
func Gradient(pix []float32, w, h int, scratch, gx, gy, mag []float32) {
	if w < 3 || h < 3 {
		return
	}
	_, _, _, _, _ = pix[3*w*h-1], scratch[GradientScratch*w-1], gx[w*h-1], gy[w*h-1], mag[w*h-1]
	C.pf_gradient(floats(pix), C.int(w), C.int(h), floats(scratch), floats(gx), floats(gy), floats(mag))
}

// Steepest averages a row of n values with those above and below it (1 2 1) into line, writes its differences from one to the next into
// slope, and returns the places where these are steepest: by least or more, and more than beside them. marks and at are memory for n.
func Steepest(above, row, below []float32, n int, least float32, line, slope []float32, marks []uint8, at []int32) []int32 {
	if n < 4 {
		return nil
	}
	_, _, _, _, _, _, _ = above[n-1], row[n-1], below[n-1], line[n-1], slope[n-1], marks[n-1], at[n-1]
	found := C.pf_steepest(floats(above), floats(row), floats(below), C.int(n), C.float(least), floats(line), floats(slope),
		(*C.uint8_t)(unsafe.Pointer(&marks[0])), integers(at))
	return at[:found]
}

func floats(of []float32) *C.float { return (*C.float)(unsafe.Pointer(&of[0])) }

func integers(of []int32) *C.int32_t { return (*C.int32_t)(unsafe.Pointer(&of[0])) }
