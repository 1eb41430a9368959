package imaging

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/preflight-icp/preflight/filing"
)

// ErrNoSize says that the header of a file does not tell how large its picture is.
var ErrNoSize = errors.New("no size of a picture in the header")

// maxSegmentsToSize is how many segments of a JPEG are passed over in search of its size. Phones write ten or so before it,
// a colour profile or a maker's preview in parts a hundred; each costs one read.
const maxSegmentsToSize = 1024

// Size reads from the header how large a picture is when it is decoded, in pixels as stored, without loading the file:
// what admission weighs a file by before anything else is done with it. It believes the header, as the pixel guard does.
// Errors are ErrNoSize, where the file has no format that is decoded or ends too early, and those of reading.
func Size(file io.ReaderAt) (width, height int, err error) {
	var head [32]byte
	n, err := file.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, 0, fmt.Errorf("read a header: %w", err)
	}
	switch format := Recognize(head[:n]); {
	case format == filing.FormatPNG && n >= 24:
		w, h := binary.BigEndian.Uint32(head[16:]), binary.BigEndian.Uint32(head[20:])
		if w > 1<<31-1 || h > 1<<31-1 {
			return 0, 0, ErrNoSize
		}
		return int(w), int(h), nil
	case format == filing.FormatGIF && n >= 10:
		return int(binary.LittleEndian.Uint16(head[6:])), int(binary.LittleEndian.Uint16(head[8:])), nil
	case format == filing.FormatJPEG:
		return sizeOfJPEG(file)
	}
	return 0, 0, ErrNoSize
}

// sizeOfJPEG goes from segment to segment up to the start of frame.
func sizeOfJPEG(file io.ReaderAt) (width, height int, err error) {
	var b [9]byte
	at := int64(2)
	for range maxSegmentsToSize {
		n, err := file.ReadAt(b[:], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, fmt.Errorf("read a header: %w", err)
		}
		switch {
		case n < 4 || b[0] != 0xff || b[1] == markerSOS || b[1] == markerEOI:
			return 0, 0, ErrNoSize
		case b[1] == 0xff: // filling before a marker
			at++
		case isSOF(b[1]) && n == len(b):
			return int(binary.BigEndian.Uint16(b[7:])), int(binary.BigEndian.Uint16(b[5:])), nil
		default:
			at += 2 + int64(binary.BigEndian.Uint16(b[2:]))
		}
	}
	return 0, 0, ErrNoSize
}
