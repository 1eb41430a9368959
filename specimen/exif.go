package specimen

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// Rational is an unsigned fraction as EXIF keeps it.
type Rational struct{ Num, Den uint32 }

// Position is a place on Earth in degrees, north and east positive.
type Position struct{ Latitude, Longitude float64 }

// Nowhere is the position that specimens claim: in the South Pacific, 2,600 km from any land.
var Nowhere = Position{Latitude: -48.8767, Longitude: -123.3933}

// Camera is what a camera, a phone or an editor writes about a picture in EXIF. Empty fields are not written.
type Camera struct {
	Make, Model, Software, Description, UserComment string
	// TakenAt is the camera's local time; it is written as DateTimeOriginal, DateTimeDigitized and DateTime.
	TakenAt time.Time
	// Orientation is 1 to 8; 0 writes none.
	Orientation int
	// Exposure is the time in seconds, FNumber the aperture, Focal the focal length in millimetres.
	Exposure, FNumber, Focal Rational
	ISO                      uint16
	// Focal35 is the focal length in millimetres that has the same angle of view on film of 35 mm.
	Focal35  uint16
	Position *Position
	// Thumbnail is a JPEG for IFD1.
	Thumbnail []byte
	// MakerNote is the vendor's own block, opaque.
	MakerNote []byte
	// BigEndian writes "MM", as cameras of some makers do; otherwise "II".
	BigEndian bool
}

// Phone returns a camera as a phone describes itself. Its maker is SPECIMEN: there is no such phone.
func Phone() Camera {
	return Camera{
		Make: "SPECIMEN", Model: "SPECIMEN Phone 1", Software: "SPECIMEN OS 1.0",
		TakenAt: time.Date(2020, 11, 18, 10, 24, 31, 0, time.UTC), Orientation: 1,
		Exposure: Rational{1, 60}, FNumber: Rational{18, 10}, Focal: Rational{425, 100}, ISO: 125,
	}
}

// EXIF types.
const (
	typeByte      = 1
	typeASCII     = 2
	typeShort     = 3
	typeLong      = 4
	typeRational  = 5
	typeUndefined = 7
)

// field is one entry of an image file directory.
type field struct {
	tag, typ uint16
	count    uint32
	data     []byte
}

// directory collects the fields of one IFD in a byte order.
type directory struct {
	order  binary.ByteOrder
	fields []field
}

func (d *directory) add(tag, typ uint16, count int, data []byte) {
	d.fields = append(d.fields, field{tag, typ, uint32(count), data})
}

func (d *directory) ascii(tag uint16, s string) {
	if s != "" {
		d.add(tag, typeASCII, len(s)+1, append([]byte(s), 0))
	}
}

func (d *directory) short(tag uint16, v uint16) {
	data := make([]byte, 2)
	d.order.PutUint16(data, v)
	d.add(tag, typeShort, 1, data)
}

func (d *directory) long(tag uint16, v uint32) {
	data := make([]byte, 4)
	d.order.PutUint32(data, v)
	d.add(tag, typeLong, 1, data)
}

func (d *directory) rational(tag uint16, values ...Rational) {
	data := make([]byte, 8*len(values))
	for i, v := range values {
		d.order.PutUint32(data[8*i:], v.Num)
		d.order.PutUint32(data[8*i+4:], v.Den)
	}
	d.add(tag, typeRational, len(values), data)
}

// size is the bytes that the directory takes with its values.
func (d *directory) size() int {
	n := 2 + 12*len(d.fields) + 4
	for _, f := range d.fields {
		if len(f.data) > 4 {
			n += len(f.data) + len(f.data)%2
		}
	}
	return n
}

// bytes lays the directory out at an offset of the TIFF block, with the offset of the next one (0: none).
func (d *directory) bytes(at, next int) []byte {
	head := make([]byte, 2+12*len(d.fields)+4)
	d.order.PutUint16(head, uint16(len(d.fields)))
	var values []byte
	for i, f := range d.fields {
		e := head[2+12*i:]
		d.order.PutUint16(e, f.tag)
		d.order.PutUint16(e[2:], f.typ)
		d.order.PutUint32(e[4:], f.count)
		if len(f.data) <= 4 {
			copy(e[8:12], f.data)
			continue
		}
		d.order.PutUint32(e[8:], uint32(at+len(head)+len(values)))
		values = append(values, f.data...)
		if len(f.data)%2 == 1 {
			values = append(values, 0)
		}
	}
	d.order.PutUint32(head[2+12*len(d.fields):], uint32(next))
	return slices.Concat(head, values)
}

// tiffHeader is the eight bytes that a TIFF block begins with.
func tiffHeader(order binary.ByteOrder) []byte {
	h := []byte("II\x2a\x00\x08\x00\x00\x00")
	if order == binary.BigEndian {
		h = []byte("MM\x00\x2a\x00\x00\x00\x08")
	}
	return h
}

// TIFF returns the TIFF block of the camera's EXIF, without the "Exif" prefix of a JPEG: what PNG's eXIf chunk holds.
func (c Camera) TIFF() []byte {
	var order binary.ByteOrder = binary.LittleEndian
	if c.BigEndian {
		order = binary.BigEndian
	}
	stamp := ""
	if !c.TakenAt.IsZero() {
		stamp = c.TakenAt.Format("2006:01:02 15:04:05")
	}
	exif := &directory{order: order}
	if c.Exposure.Den != 0 {
		exif.rational(0x829a, c.Exposure)
	}
	if c.FNumber.Den != 0 {
		exif.rational(0x829d, c.FNumber)
	}
	if c.ISO != 0 {
		exif.short(0x8827, c.ISO)
	}
	exif.add(0x9000, typeUndefined, 4, []byte("0231"))
	exif.ascii(0x9003, stamp)
	exif.ascii(0x9004, stamp)
	if c.Focal.Den != 0 {
		exif.rational(0x920a, c.Focal)
	}
	if c.MakerNote != nil {
		exif.add(0x927c, typeUndefined, len(c.MakerNote), c.MakerNote)
	}
	if c.UserComment != "" {
		comment := append([]byte("ASCII\x00\x00\x00"), c.UserComment...)
		exif.add(0x9286, typeUndefined, len(comment), comment)
	}
	exif.short(0xa001, 1)
	if c.Focal35 != 0 {
		exif.short(0xa405, c.Focal35)
	}

	gps := &directory{order: order}
	if c.Position != nil {
		ref := func(v float64, positive, negative string) string {
			if v < 0 {
				return negative
			}
			return positive
		}
		gps.add(0, typeByte, 4, []byte{2, 3, 0, 0})
		gps.ascii(1, ref(c.Position.Latitude, "N", "S"))
		gps.rational(2, sexagesimal(c.Position.Latitude)...)
		gps.ascii(3, ref(c.Position.Longitude, "E", "W"))
		gps.rational(4, sexagesimal(c.Position.Longitude)...)
	}

	// The offsets of the later directories follow from the size of the first, whose size does not depend on them.
	build := func(exifAt, gpsAt int) *directory {
		d := &directory{order: order}
		d.ascii(0x010e, c.Description)
		d.ascii(0x010f, c.Make)
		d.ascii(0x0110, c.Model)
		if c.Orientation != 0 {
			d.short(0x0112, uint16(c.Orientation))
		}
		d.rational(0x011a, Rational{72, 1})
		d.rational(0x011b, Rational{72, 1})
		d.short(0x0128, 2)
		d.ascii(0x0131, c.Software)
		d.ascii(0x0132, stamp)
		d.short(0x0213, 1)
		d.long(0x8769, uint32(exifAt))
		if c.Position != nil {
			d.long(0x8825, uint32(gpsAt))
		}
		return d
	}
	exifAt := 8 + build(0, 0).size()
	gpsAt := exifAt + exif.size()
	end := gpsAt
	if c.Position != nil {
		end += gps.size()
	}
	next := 0
	if c.Thumbnail != nil {
		next = end
	}
	out := tiffHeader(order)
	out = append(out, build(exifAt, gpsAt).bytes(8, next)...)
	out = append(out, exif.bytes(exifAt, 0)...)
	if c.Position != nil {
		out = append(out, gps.bytes(gpsAt, 0)...)
	}
	if c.Thumbnail != nil {
		thumb := func(at int) *directory {
			d := &directory{order: order}
			d.short(0x0103, 6)
			d.long(0x0201, uint32(at))
			d.long(0x0202, uint32(len(c.Thumbnail)))
			return d
		}
		out = append(out, thumb(end+thumb(0).size()).bytes(end, 0)...)
		out = append(out, c.Thumbnail...)
	}
	return out
}

// sexagesimal returns degrees, minutes and seconds.
func sexagesimal(v float64) []Rational {
	if v < 0 {
		v = -v
	}
	degrees := uint32(v)
	minutes := uint32((v - float64(degrees)) * 60)
	seconds := (v - float64(degrees) - float64(minutes)/60) * 3600
	return []Rational{{degrees, 1}, {minutes, 1}, {uint32(seconds * 100), 100}}
}

// Segment returns the camera's EXIF as the APP1 segment of a JPEG.
func (c Camera) Segment() Segment { return exifSegment(c.TIFF()) }

func exifSegment(tiff []byte) Segment {
	return Segment{Marker: 0xe1, Payload: append([]byte("Exif\x00\x00"), tiff...)}
}

// xmpPacket returns an XMP packet that names the creating software, as editors write it.
func xmpPacket(creator string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<?xpacket begin="%s" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">`+
		`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" `+
		`xmlns:xmp="http://ns.adobe.com/xap/1.0/"><xmp:CreatorTool>%s</xmp:CreatorTool></rdf:Description></rdf:RDF>`+
		`</x:xmpmeta><?xpacket end="w"?>`, "\ufeff", creator)
	return b.Bytes()
}

// XMP returns an APP1 segment whose packet names the creating software.
func XMP(creator string) Segment {
	return Segment{Marker: 0xe1, Payload: append([]byte("http://ns.adobe.com/xap/1.0/\x00"), xmpPacket(creator)...)}
}

// PhotoshopResources returns an APP13 segment as Adobe's editor writes it: one resource block (0x0404, IPTC) that names
// the originating program (2:65).
func PhotoshopResources(program string) Segment {
	iptc := []byte{0x1c, 2, 65, byte(len(program) >> 8), byte(len(program))}
	iptc = append(iptc, program...)
	p := append([]byte("Photoshop 3.0\x008BIM\x04\x04\x00\x00"), 0, 0, byte(len(iptc)>>8), byte(len(iptc)))
	p = append(p, iptc...)
	if len(iptc)%2 == 1 {
		p = append(p, 0)
	}
	return Segment{Marker: 0xed, Payload: p}
}

// iccProfile returns a small matrix profile (ICC.1:2001-04) of sRGB's primaries and a gamma of 2.2.
func iccProfile() []byte {
	be := binary.BigEndian
	text := func(kind, s string) []byte {
		b := append([]byte(kind), 0, 0, 0, 0)
		if kind == "desc" {
			b = be.AppendUint32(b, uint32(len(s)+1))
			b = append(append(b, s...), 0)
			return append(b, make([]byte, 4+4+2+1+67)...)
		}
		return append(append(b, s...), 0)
	}
	xyz := func(x, y, z float64) []byte {
		b := []byte("XYZ \x00\x00\x00\x00")
		for _, v := range []float64{x, y, z} {
			b = be.AppendUint32(b, uint32(int32(v*65536)))
		}
		return b
	}
	curve := append([]byte("curv\x00\x00\x00\x00\x00\x00\x00\x01"), 2, 51)
	tags := []struct {
		name string
		data []byte
	}{
		{"desc", text("desc", "SPECIMEN RGB")}, {"cprt", text("text", "No copyright, use freely")},
		{"wtpt", xyz(0.9642, 1, 0.8249)}, {"rXYZ", xyz(0.4361, 0.2225, 0.0139)}, {"gXYZ", xyz(0.3851, 0.7169, 0.0971)},
		{"bXYZ", xyz(0.1431, 0.0606, 0.7141)}, {"rTRC", curve}, {"gTRC", curve}, {"bTRC", curve},
	}
	table := be.AppendUint32(nil, uint32(len(tags)))
	var data []byte
	at := 128 + 4 + 12*len(tags)
	for _, t := range tags {
		for len(data)%4 != 0 {
			data = append(data, 0)
		}
		table = append(table, t.name...)
		table = be.AppendUint32(table, uint32(at+len(data)))
		table = be.AppendUint32(table, uint32(len(t.data)))
		data = append(data, t.data...)
	}
	head := make([]byte, 128)
	be.PutUint32(head, uint32(128+len(table)+len(data)))
	be.PutUint32(head[8:], 0x02400000)
	copy(head[12:], "mntrRGB XYZ ")
	copy(head[24:], []byte{7, 228, 0, 11, 0, 18})
	copy(head[36:], "acsp")
	copy(head[68:], xyz(0.9642, 1, 0.8249)[8:])
	return slices.Concat(head, table, data)
}

// ICC returns the APP2 segment with a colour profile of ours.
func ICC() Segment {
	return Segment{Marker: 0xe2, Payload: append([]byte("ICC_PROFILE\x00\x01\x01"), iccProfile()...)}
}
