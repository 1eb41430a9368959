package imaging

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/rwcarlsen/goexif/exif"

	"github.com/preflight-icp/preflight/filing"
)

// Bounds of an EXIF block. A JPEG segment holds 64 KiB at most, a PNG chunk gigabytes; cameras write some 60 entries into
// 4 or 5 directories.
const (
	maxEXIF            = 1 << 20
	maxEXIFEntries     = 1000
	maxEXIFDirectories = 8
	maxEXIFValue       = 1024
)

// Tags that are read (EXIF 2.32, TIFF 6.0).
const (
	tagImageDescription = 0x010e
	tagMake             = 0x010f
	tagModel            = 0x0110
	tagOrientation      = 0x0112
	tagSoftware         = 0x0131
	tagDateTime         = 0x0132
	tagExposureTime     = 0x829a
	tagFNumber          = 0x829d
	tagExifIFD          = 0x8769
	tagGPSIFD           = 0x8825
	tagSensitivity      = 0x8827
	tagDateTimeOriginal = 0x9003
	tagUserComment      = 0x9286
	tagPixelWidth       = 0xa002
	tagPixelHeight      = 0xa003
	tagInteropIFD       = 0xa005
	tagDigitalZoom      = 0xa404
	tagFocalLength35MM  = 0xa405
	tagGPSLatitude      = 0x0002
	tagGPSLongitude     = 0x0004
)

// errEXIF is what is wrong with a block, in one word: nothing of the block itself, which may be personal, gets into it.
var errEXIF = errors.New("EXIF block damaged")

// readEXIF reads the TIFF structure of an EXIF block. It returns what it could read and the orientation, 1 to 8, which is
// 1 where none is given, or one that does not exist. width and height are those of the picture as it is stored.
//
// goexif trusts the counts and offsets of a block: 120 bytes make it allocate 12.9 GB, directories that point at each
// other keep it busy for ever, odd values panic in it. So the directories are walked here first, every entry is bounded,
// and goexif is given a small new block in which only the tags that are wanted are written, in the one form that it
// reads well.
func readEXIF(block []byte, width, height int) (found *filing.EXIF, orientation int) {
	found = &filing.EXIF{}
	w := exifWalk{block: block}
	if err := w.walk(); err != nil {
		found.Damaged = true // what was read before the damage still holds
	}
	found.HasGPS = w.latitude && w.longitude
	found.HasExposure = w.exposure
	found.FocalLength35MM = w.lens.focal(width, height)
	orientation, err := decodeEXIF(w.rewrite(), found)
	if err != nil {
		found.Damaged = true
	}
	return found, orientation
}

// decodeEXIF lets goexif read the block that rewrite wrote.
func decodeEXIF(block []byte, into *filing.EXIF) (orientation int, err error) {
	defer func() {
		if recover() != nil { // the last resort: goexif is known to panic, and one photo must not stop the service
			orientation, err = 1, errEXIF
		}
	}()
	x, err := exif.Decode(bytes.NewReader(block))
	if err != nil {
		return 1, errEXIF
	}
	text := func(name exif.FieldName) string {
		tag, err := x.Get(name)
		if err != nil {
			return ""
		}
		s, _ := tag.StringVal()
		return s
	}
	into.Make, into.Model, into.Software = cleanName(text(exif.Make)), cleanName(text(exif.Model)), cleanName(text(exif.Software))
	for _, name := range []exif.FieldName{exif.DateTimeOriginal, exif.DateTime} {
		// Not x.DateTime: it reads the time in the zone of the machine, and the same bytes must give the same answer.
		if t, err := time.Parse("2006:01:02 15:04:05", strings.TrimSpace(text(name))); err == nil {
			into.TakenAt = &t
			break
		}
	}
	into.Screenshot = saysScreenshot(text(exif.ImageDescription))
	if tag, err := x.Get(exif.UserComment); err == nil {
		into.Screenshot = into.Screenshot || saysScreenshot(userComment(tag.Val))
	}
	orientation = 1
	if tag, err := x.Get(exif.Orientation); err == nil {
		if v, err := tag.Int(0); err == nil && v >= 1 && v <= 8 {
			orientation = v
		}
	}
	return orientation, nil
}

// saysScreenshot recognizes what iOS ("Screenshot") and Android phones write into description or comment. Only a text that
// says nothing else counts.
func saysScreenshot(s string) bool {
	switch strings.ToLower(strings.TrimSpace(strings.TrimRight(s, "\x00"))) {
	case "screenshot", "screen shot", "截图", "截屏", "屏幕截图":
		return true
	}
	return false
}

// userComment decodes a UserComment: eight bytes name the character code, UNICODE means UTF-16 in an order that writers
// disagree about.
func userComment(value []byte) string {
	if len(value) < 8 {
		return string(value)
	}
	code, text := string(value[:8]), value[8:]
	if code != "UNICODE\x00" {
		return string(text)
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if len(text) >= 2 && text[0] == 0 {
		order = binary.BigEndian
	}
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = order.Uint16(text[2*i:])
	}
	return string(utf16.Decode(units))
}

// exifWalk reads the directories of a block and keeps the entries that are wanted.
type exifWalk struct {
	block                         []byte
	order                         binary.ByteOrder
	entries                       int
	directories                   []uint32
	kept                          []exifEntry
	latitude, longitude, exposure bool
	lens                          exifLens
}

// exifLens is what a block says of the lens and of the picture that it took; 0 is not said.
type exifLens struct {
	focal35, zoom, width, height float64
}

// Focal lengths for film of 35 mm, in millimetres, that lenses of phones and cameras have: from very wide to a far tele.
const leastFocal35, mostFocal35 = 8, 400

// focal is the focal length for film of 35 mm; 0 where it is not said, or not that of the picture: one that was zoomed into by computing, or
// cut, or of another size than the block says is a part of what the lens saw.
func (l *exifLens) focal(width, height int) float64 {
	w, h := float64(width), float64(height)
	whole := l.width == 0 && l.height == 0 || l.width == w && l.height == h || l.width == h && l.height == w
	if l.focal35 < leastFocal35 || l.focal35 > mostFocal35 || l.zoom > 1 || !whole {
		return 0
	}
	return l.focal35
}

// of is what a tag says of the lens; nil where it says nothing of it.
func (l *exifLens) of(tag uint16) *float64 {
	switch tag {
	case tagFocalLength35MM:
		return &l.focal35
	case tagDigitalZoom:
		return &l.zoom
	case tagPixelWidth:
		return &l.width
	case tagPixelHeight:
		return &l.height
	}
	return nil
}

// number is the one number of an entry; 0 where it holds none.
func (w *exifWalk) number(e exifEntry) float64 {
	const typeShort, typeLong, typeRational = 3, 4, 5
	switch {
	case e.count != 1:
	case e.kind == typeShort:
		return float64(w.order.Uint16(e.value))
	case e.kind == typeLong:
		return float64(w.order.Uint32(e.value))
	case e.kind == typeRational:
		if below := w.order.Uint32(e.value[4:]); below > 0 {
			return float64(w.order.Uint32(e.value)) / float64(below)
		}
	}
	return 0
}

// exifEntry is one wanted value, in the byte order of its block.
type exifEntry struct {
	tag, kind uint16
	count     uint32
	value     []byte
}

// exifKind is which directory is walked: the same tag number means different things in different ones.
type exifKind int

const (
	exifMain exifKind = iota
	exifThumbnail
	exifPhoto
	exifGPS
	exifInterop
)

// exifSizes are the bytes of one value by type (TIFF 6.0, section 2); 13 is an offset. Of unknown types only the entry's
// twelve bytes are passed over, as TIFF asks of readers.
var exifSizes = [...]uint64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4}

func (w *exifWalk) walk() error {
	if len(w.block) < 8 || len(w.block) > maxEXIF {
		return errEXIF
	}
	switch string(w.block[:4]) {
	case "II*\x00":
		w.order = binary.LittleEndian
	case "MM\x00*":
		w.order = binary.BigEndian
	default:
		return errEXIF
	}
	return w.directory(w.order.Uint32(w.block[4:]), exifMain)
}

// directory walks the directory at offset, those it points to, and the ones that follow it. Each is walked once, so a
// loop ends; their number is bounded, so the depth is.
func (w *exifWalk) directory(offset uint32, kind exifKind) error {
	if slices.Contains(w.directories, offset) || len(w.directories) == maxEXIFDirectories {
		return errEXIF
	}
	w.directories = append(w.directories, offset)
	if uint64(offset)+2 > uint64(len(w.block)) || offset < 8 {
		return errEXIF
	}
	n := int(w.order.Uint16(w.block[offset:]))
	at := uint64(offset) + 2
	if w.entries += n; w.entries > maxEXIFEntries || at+12*uint64(n) > uint64(len(w.block)) {
		return errEXIF
	}
	var firstErr error
	for ; n > 0; n, at = n-1, at+12 {
		if err := w.entry(w.block[at:at+12], kind); err != nil && firstErr == nil {
			firstErr = err
		}
	}
	if firstErr != nil || kind != exifMain && kind != exifThumbnail {
		return firstErr
	}
	if at+4 > uint64(len(w.block)) {
		return nil // some writers leave the offset of the next directory out at the end of a block
	}
	if next := w.order.Uint32(w.block[at:]); next != 0 {
		return w.directory(next, exifThumbnail)
	}
	return nil
}

func (w *exifWalk) entry(raw []byte, in exifKind) error {
	e := exifEntry{tag: w.order.Uint16(raw), kind: w.order.Uint16(raw[2:]), count: w.order.Uint32(raw[4:])}
	if int(e.kind) >= len(exifSizes) || e.kind == 0 {
		return nil
	}
	size := exifSizes[e.kind] * uint64(e.count) // below 2^35
	if size <= 4 {
		e.value = raw[8 : 8+size]
	} else {
		at := uint64(w.order.Uint32(raw[8:]))
		if at+size > uint64(len(w.block)) {
			return errEXIF
		}
		e.value = w.block[at : at+size]
	}
	if in == exifMain && (e.tag == tagExifIFD || e.tag == tagGPSIFD) || in == exifPhoto && e.tag == tagInteropIFD {
		if size != 4 {
			return errEXIF
		}
		return w.directory(w.order.Uint32(e.value), map[uint16]exifKind{
			tagExifIFD: exifPhoto, tagGPSIFD: exifGPS, tagInteropIFD: exifInterop}[e.tag])
	}
	w.keep(e, in)
	return nil
}

// keep notes what is wanted of an entry. A position is noted as being there, never its value.
func (w *exifWalk) keep(e exifEntry, in exifKind) {
	const typeASCII, typeShort, typeUndefined = 2, 3, 7
	switch in {
	case exifGPS:
		w.latitude = w.latitude || e.tag == tagGPSLatitude && len(e.value) > 0
		w.longitude = w.longitude || e.tag == tagGPSLongitude && len(e.value) > 0
	case exifMain, exifPhoto:
		if to := w.lens.of(e.tag); to != nil && in == exifPhoto {
			*to = w.number(e)
			return
		}
		switch e.tag {
		case tagExposureTime, tagFNumber, tagSensitivity:
			w.exposure = w.exposure || len(e.value) > 0
		case tagImageDescription, tagMake, tagModel, tagSoftware, tagDateTime, tagDateTimeOriginal:
			if e.kind == typeASCII && len(e.value) > 0 {
				w.kept = append(w.kept, e)
			}
		case tagOrientation:
			if e.kind == typeShort && e.count == 1 && in == exifMain {
				w.kept = append(w.kept, e)
			}
		case tagUserComment:
			if (e.kind == typeUndefined || e.kind == typeASCII) && len(e.value) > 0 {
				e.kind = typeUndefined
				w.kept = append(w.kept, e)
			}
		}
	}
}

// rewrite writes the kept entries into a block of one directory, values cut to maxEXIFValue, of a tag the first. Its size
// is bounded by the number of wanted tags.
func (w *exifWalk) rewrite() []byte {
	var entries []exifEntry
	for _, e := range w.kept {
		if !slices.ContainsFunc(entries, func(x exifEntry) bool { return x.tag == e.tag }) {
			if len(e.value) > maxEXIFValue {
				e.value, e.count = e.value[:maxEXIFValue], maxEXIFValue // only types of one byte get this long
			}
			entries = append(entries, e)
		}
	}
	var order binary.AppendByteOrder = binary.LittleEndian
	out := []byte("II*\x00\x08\x00\x00\x00")
	if w.order == binary.BigEndian {
		order, out = binary.BigEndian, []byte("MM\x00*\x00\x00\x00\x08")
	}
	out = order.AppendUint16(out, uint16(len(entries)))
	values := len(out) + 12*len(entries) + 4
	var tail []byte
	for _, e := range entries {
		out = order.AppendUint16(out, e.tag)
		out = order.AppendUint16(out, e.kind)
		out = order.AppendUint32(out, e.count)
		if len(e.value) <= 4 {
			out = append(append(out, e.value...), make([]byte, 4-len(e.value))...)
			continue
		}
		out = order.AppendUint32(out, uint32(values+len(tail)))
		tail = append(tail, e.value...)
	}
	return append(append(out, 0, 0, 0, 0), tail...)
}
