package imaging

/*
#cgo pkg-config: vips
#cgo CFLAGS: -O2
#include "vips.h"
*/
import "C"

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/preflight-icp/preflight/filing"
)

// startVips starts libvips once for the process. libvips is global by its nature; this is the only state of this package.
var startVips = sync.OnceValue(func() error {
	if C.pf_start() != 0 {
		return errors.New("start libvips: it refuses to initialize")
	}
	return nil
})

// errDecode says that libvips could not decode a picture. libvips' own words are not kept: they come from a buffer that all
// threads share.
var errDecode = errors.New("picture cannot be decoded")

// decode is a picture that libvips decodes in strips of rows. It belongs to the goroutine that opened it, which stays on
// its thread until close: libvips keeps caches by thread.
type decode struct {
	d             *C.pf_decode
	pin           runtime.Pinner
	unwatch       func()
	width, height int
	layout        layout
	// whole: that the data holds no more than what was decoded is known already.
	whole bool
}

// openDecode opens the whole picture at native size, as it is stored. The caller closes what it gets.
func openDecode(ctx context.Context, format filing.Format, data []byte) (*decode, error) {
	return openReduced(ctx, format, data, 1)
}

// openReduced opens the whole picture, a JPEG reduced by 2, 4 or 8 as it is decoded; its sides are rounded up.
func openReduced(ctx context.Context, format filing.Format, data []byte, by int) (*decode, error) {
	return open(ctx, data, func() *C.pf_decode {
		return C.pf_open(unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), vipsFormat(format), C.int(by))
	})
}

// openThumbnail opens the picture shrunk into a square of that side, as sRGB of 8 bits, not turned upright.
func openThumbnail(ctx context.Context, h *header, data []byte, side int) (*decode, error) {
	shrink := 8
	for shrink > 1 && max(h.width, h.height)/shrink < side {
		shrink /= 2
	}
	return open(ctx, data, func() *C.pf_decode {
		return C.pf_thumbnail(unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), vipsFormat(h.format),
			C.int(shrink), C.int(side))
	})
}

// shrinkTo is by how much a JPEG may be shrunk while it is decoded without becoming smaller than that.
func shrinkTo(h *header, width, height int) int {
	shrink := 8
	for shrink > 1 && (h.width/shrink < width || h.height/shrink < height) {
		shrink /= 2
	}
	return shrink
}

// openScaled opens the picture brought to exactly width x height, as sRGB of 8 bits, not turned upright.
func openScaled(ctx context.Context, h *header, data []byte, width, height int) (*decode, error) {
	return open(ctx, data, func() *C.pf_decode {
		return C.pf_scaled(unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), vipsFormat(h.format),
			C.int(shrinkTo(h, width, height)), C.int(width), C.int(height))
	})
}

// encodeRGB encodes rows of RGB: baseline, chroma halved both ways, no metadata. It is what the cost of a composite, which is encoded of
// its planes, is held against.
func encodeRGB(rgb []byte, width, height, quality int) ([]byte, error) {
	if err := startVips(); err != nil {
		return nil, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var out unsafe.Pointer
	var length C.size_t
	if C.pf_jpeg((*C.uint8_t)(unsafe.SliceData(rgb)), C.int(width), C.int(height), C.int(quality), &out, &length) != 0 {
		return nil, errors.New("encode picture: out of memory")
	}
	defer C.pf_release(out)
	return C.GoBytes(out, C.int(length)), nil
}

func open(ctx context.Context, data []byte, start func() *C.pf_decode) (*decode, error) {
	if err := startVips(); err != nil {
		return nil, err
	}
	runtime.LockOSThread()
	d := &decode{}
	d.pin.Pin(unsafe.SliceData(data)) // C refers to the bytes until close
	if d.d = start(); d.d == nil {
		d.pin.Unpin()
		runtime.UnlockOSThread()
		return nil, errors.New("decode picture: out of memory")
	}
	d.unwatch = watch(ctx, (*int32)(unsafe.Pointer(&d.d.cancelled)))
	if d.d.image == nil || d.d.region == nil {
		d.close()
		return nil, errDecode
	}
	image := d.d.image
	d.width, d.height = int(image.Xsize), int(image.Ysize)
	d.layout = layout{bands: int(image.Bands), wide: image.BandFmt == C.VIPS_FORMAT_USHORT,
		cmyk: image.Type == C.VIPS_INTERPRETATION_CMYK}
	if !d.layout.valid() || image.BandFmt != C.VIPS_FORMAT_UCHAR && image.BandFmt != C.VIPS_FORMAT_USHORT {
		d.close()
		return nil, errDecode
	}
	return d, nil
}

// rows decodes the next rows: in order, without gaps. The bytes belong to libvips and are valid until the next call.
func (d *decode) rows(top, height int) (pixels []byte, stride int, err error) {
	var skip C.size_t
	p := C.pf_rows(d.d, C.int(top), C.int(height), &skip)
	if p == nil {
		return nil, 0, errDecode
	}
	n := int(skip)*(height-1) + d.width*d.layout.size()
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), n), int(skip), nil
}

func (d *decode) close() {
	d.unwatch()
	C.pf_close(d.d)
	d.pin.Unpin()
	runtime.UnlockOSThread()
}

func vipsFormat(format filing.Format) C.int {
	if format == filing.FormatPNG {
		return C.PF_PNG
	}
	return C.PF_JPEG
}

// decodeStrips decodes the whole picture and hands it out in strips of stripRows rows. data is what withoutMetadata made
// of the file: no parser in C gets to see EXIF, text or garbage between segments, which decoders warn of and viewers pass
// over. Errors are of three kinds: the context's, errDecode, and anything else, which is a failure of ours.
func decodeStrips(ctx context.Context, h *header, data []byte, sink func(top, rows int, pixels []byte, stride int, l layout)) error {
	d, err := openDecode(ctx, h.format, data)
	if err != nil {
		return ended(ctx, err)
	}
	defer d.close()
	if d.width != h.width || d.height != h.height {
		return fmt.Errorf("%w: header and decoder disagree on the size", errDecode)
	}
	return d.strips(ctx, h.format, data, sink)
}

// strips decodes all rows, stripRows at a time, and makes sure that nothing of the data is left over.
func (d *decode) strips(ctx context.Context, format filing.Format, data []byte,
	sink func(top, rows int, pixels []byte, stride int, l layout)) error {
	for top := 0; top < d.height; top += stripRows {
		n := min(stripRows, d.height-top)
		pixels, stride, err := d.rows(top, n)
		if err := ended(ctx, err); err != nil {
			return err
		}
		sink(top, n, pixels, stride, d.layout)
	}
	if format == filing.FormatJPEG && !d.whole && !onlyPadding(data[min(int(d.d.position), len(data)):]) {
		return fmt.Errorf("%w: all rows were decoded before the data ended", errDecode)
	}
	return nil
}

// onlyPadding reports whether what a JPEG decoder left unread, the end marker included, is nothing but filling. Where it is
// more, the decoder came out of step with the codes: each of them was valid, and the picture is not what was encoded.
func onlyPadding(unread []byte) bool {
	unread = bytes.TrimSuffix(unread, []byte{0xff, markerEOI})
	return len(unread) <= 2 || bytes.Count(unread, unread[:1]) == len(unread)
}

// ended prefers the context's error over err: a decode that was cancelled fails, but is not damaged.
func ended(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("decode picture: %w", cause)
	}
	return err
}

// trimMemory gives what a large picture needed back to the system.
func trimMemory() { C.pf_trim() }
