package imaging

/*
#cgo pkg-config: libjpeg
#cgo CFLAGS: -O2
#include "ycc.h"
*/
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// planarFactor is by how much a picture has to be reduced for colour of half its resolution to be fine enough.
const planarFactor = 2

// planeDecode is a JPEG that is decoded to its planes, in strips of rows.
type planeDecode struct {
	d       *C.pf_ycc
	data    []byte
	pin     runtime.Pinner
	unwatch func()
	// width and height are those of the picture as it is stored.
	width, height int
	planes        [planeCount]sourcePlane
	// grey: there is but one plane.
	grey bool
	// step is how many rows of each plane are decoded at a time.
	step [planeCount]int
}

// openPlanes opens a JPEG, shrunk by 1, 2, 4 or 8 as it is decoded; nil where it stores its colours otherwise than phones do, or is none
// at all. data is what withoutMetadata made of the file. The caller closes what it gets.
func openPlanes(ctx context.Context, data []byte, shrink int) *planeDecode {
	d := &planeDecode{data: data}
	d.pin.Pin(unsafe.SliceData(data)) // C refers to the bytes until close
	var shape C.pf_ycc_shape
	if d.d = C.pf_ycc_open(unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), C.int(shrink), &shape); d.d == nil {
		d.pin.Unpin()
		return nil
	}
	d.width, d.height, d.grey = int(shape.width), int(shape.height), shape.count == 1
	for k, p := range shape.planes {
		d.planes[k] = sourcePlane{w: int(p.width), h: int(p.height), across: uint(p.across), down: uint(p.down)}
		d.step[k] = int(p.rows)
	}
	d.unwatch = watch(ctx, (*int32)(unsafe.Pointer(shape.cancelled)))
	return d
}

// rows decodes the next step rows of each plane. Strides are multiples of blockSide.
func (d *planeDecode) rows(ctx context.Context, y []byte, stride int, blue, red []byte, colourStride int) error {
	failed := C.pf_ycc_rows(d.d, (*C.uint8_t)(unsafe.SliceData(y)), C.size_t(stride), (*C.uint8_t)(unsafe.SliceData(blue)),
		(*C.uint8_t)(unsafe.SliceData(red)), C.size_t(colourStride)) != 0
	if err := ended(ctx, nil); err != nil {
		return err
	}
	if failed {
		return errDecode
	}
	return nil
}

// ended reports whether the data holds no more than what was decoded.
func (d *planeDecode) ended() bool {
	return onlyPadding(d.data[len(d.data)-int(C.pf_ycc_unread(d.d)):])
}

func (d *planeDecode) close() {
	d.unwatch()
	C.pf_ycc_close(d.d)
	d.pin.Unpin()
}

// planar decodes a JPEG into a framer without making red, green and blue of each pixel; false where the file stores its
// colours otherwise than phones do, and nothing was decoded. data is what withoutMetadata made of the file. The errors are
// those of decodeStrips.
func (f *framer) planar(ctx context.Context, data []byte, flat *flatness) (bool, error) {
	d := openPlanes(ctx, data, 1)
	if d == nil {
		return false, nil
	}
	defer d.close()
	if d.grey {
		return false, nil
	}
	if d.width != f.width || d.height != f.height {
		return true, fmt.Errorf("%w: header and decoder disagree on the size", errDecode)
	}
	step := d.step[planeY]
	f.planes(step, d.planes[planeBlue].across, d.planes[planeBlue].down)
	for top := 0; top < f.height; top += step {
		y := f.full.Pix[top*f.full.Stride:]
		if err := d.rows(ctx, y, f.full.Stride, f.blue.Pix, f.red.Pix, f.blue.Stride); err != nil {
			return true, err
		}
		rows := min(step, f.height-top)
		flat.planes(top, rows, f)
		f.addPlanes(top, rows)
	}
	if !d.ended() {
		return true, fmt.Errorf("%w: all rows were decoded before the data ended", errDecode)
	}
	return true, nil
}

// decode decodes a JPEG or PNG, the photos of phones plane by plane and all else in strips of pixels.
func (f *framer) decode(ctx context.Context, h *header, data []byte, flat *flatness,
	sink func(top, rows int, pixels []byte, stride int, l layout)) error {
	if h.format == filing.FormatJPEG && raster.SmallFactor(h.width, h.height) >= planarFactor {
		if done, err := f.planar(ctx, data, flat); done {
			return err
		}
	}
	return decodeStrips(ctx, h, data, sink)
}

// watch sets a flag when the context ends. The function that it returns ends that; afterwards nothing touches the flag any more.
func watch(ctx context.Context, flag *int32) func() {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		atomic.StoreInt32(flag, 1)
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}
