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

// planar decodes a JPEG into a framer without making red, green and blue of each pixel; false where the file stores its
// colours otherwise than phones do, and nothing was decoded. data is what withoutMetadata made of the file. The errors are
// those of decodeStrips.
func (f *framer) planar(ctx context.Context, data []byte, flat *flatness) (bool, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(unsafe.SliceData(data)) // C refers to the bytes until close
	var shape C.pf_ycc_shape
	d := C.pf_ycc_open(unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), &shape)
	if d == nil {
		return false, nil
	}
	defer C.pf_ycc_close(d)
	if int(shape.width) != f.width || int(shape.height) != f.height {
		return true, fmt.Errorf("%w: header and decoder disagree on the size", errDecode)
	}
	defer watch(ctx, (*int32)(unsafe.Pointer(shape.cancelled)))()
	f.planes(int(shape.rows), uint(shape.across), uint(shape.down))
	for top := 0; top < f.height; top += int(shape.rows) {
		y := f.full.Pix[top*f.full.Stride:]
		failed := C.pf_ycc_rows(d, (*C.uint8_t)(unsafe.SliceData(y)), C.size_t(f.full.Stride),
			(*C.uint8_t)(unsafe.SliceData(f.blue.Pix)), (*C.uint8_t)(unsafe.SliceData(f.red.Pix)), C.size_t(f.blue.Stride)) != 0
		switch {
		case ctx.Err() != nil:
			return true, ended(ctx, nil)
		case failed:
			return true, errDecode
		}
		rows := min(int(shape.rows), f.height-top)
		flat.planes(top, rows, f)
		f.addPlanes(top, rows)
	}
	if !onlyPadding(data[len(data)-int(C.pf_ycc_unread(d)):]) {
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
