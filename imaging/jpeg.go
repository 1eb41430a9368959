package imaging

import (
	"bytes"
	"encoding/binary"

	"github.com/preflight-icp/preflight/filing"
)

// maxScans is how many scans a JPEG may have. Encoders write 1 to 12 and optimizers stay below 64; a hostile file holds
// thousands of empty ones, each of which costs the decoder a pass over the whole picture.
const maxScans = 100

// maxComments bounds how many comment segments are looked at for the name of a program.
const maxComments = 8

// JPEG markers (ITU-T T.81, table B.1).
const (
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerAPP0 = 0xe0
	markerCOM  = 0xfe
)

// parseJPEG walks the segments of a JPEG up to its end-of-image marker, through the entropy-coded data of all scans.
// It finds markers as libjpeg does (skipping garbage and fill bytes), so that the size it reports is the size that will
// be decoded. What lies inside a segment, as an embedded thumbnail, is never mistaken for the picture's own.
func parseJPEG(data []byte) header {
	h := header{frames: 1, end: len(data)}
	var icc iccParts
	var coded scanCoverage
	scans, comments := 0, 0
	for s := (segments{data: data, pos: 2}); ; {
		marker, body, ok := s.next()
		switch {
		case !ok:
			h.damaged(s.reason)
			h.icc = icc.join()
			return h
		case marker == markerEOI:
			h.end = s.pos
			if !coded.whole(&h) {
				h.damaged(filing.DecodeTruncated)
			}
			h.icc = icc.join()
			return h
		case marker == markerSOI:
			h.damaged(filing.DecodeCorrupt)
		case isSOF(marker):
			if h.frame(marker, body); coded.ids == nil {
				coded.frame(body)
			}
		case marker == markerSOS:
			scans++
			if h.width == 0 || scans > maxScans {
				h.refused = true
				return h
			}
			coded.scan(&h, body)
			s.skipScan()
		case marker == markerAPP0+1:
			if block, is := bytes.CutPrefix(body, []byte("Exif\x00")); is {
				if !h.hasEXIF {
					h.hasEXIF, h.exif = true, block[min(1, len(block)):]
				}
			} else if packet, is := bytes.CutPrefix(body, []byte("http://ns.adobe.com/xap/1.0/\x00")); is {
				h.software = appendSoftware(h.software, softwareInXMP(packet)...)
			}
		case marker == markerAPP0+2:
			icc.add(body)
		case marker == markerAPP0+12 && bytes.HasPrefix(body, []byte("Ducky")): // written by Photoshop's export for the web
			h.software = appendSoftware(h.software, photoshop)
		case marker == markerAPP0+13:
			h.software = appendSoftware(h.software, softwareInResources(body)...)
		case marker == markerCOM && comments < maxComments:
			comments++
			h.software = appendSoftware(h.software, softwareInComment(body)...)
		}
	}
}

// frame reads a start-of-frame segment: precision, height, width, components.
func (h *header) frame(marker byte, body []byte) {
	if len(body) < 6 || h.components != 0 {
		h.damaged(filing.DecodeCorrupt) // too short, or a second frame
		h.refused = h.refused || h.components == 0
		return
	}
	h.depth = int(body[0])
	h.height = int(binary.BigEndian.Uint16(body[1:]))
	h.width = int(binary.BigEndian.Uint16(body[3:]))
	h.components = int(body[5])
	h.interlaced = marker == 0xc2 || marker == 0xca
	switch {
	case marker == 0xc3, marker >= 0xc5 && marker <= 0xc7, marker >= 0xcb, h.depth != 8:
		h.damaged(filing.DecodeUnsupported) // lossless, hierarchical, 12 bits: no browser and no bureau shows them
	case len(body) < 6+3*h.components || h.components == 0:
		h.damaged(filing.DecodeCorrupt)
	}
}

// scanCoverage follows which coefficients of which component the scans have coded, and to which bit. A progressive JPEG
// that was cut between two scans and closed decodes without a complaint, to a picture without its detail.
type scanCoverage struct {
	// ids are the components' identifiers; missing is how many low bits of a coefficient are still to come.
	ids     []byte
	missing [maxComponents][64]int8
}

// maxComponents of a JPEG that is decoded: CMYK. More are left to the decoder to refuse.
const maxComponents = 4

// frame takes the components of a start-of-frame segment.
func (c *scanCoverage) frame(body []byte) {
	for i := 6; i+3 <= len(body) && len(c.ids) < maxComponents; i += 3 {
		c.ids = append(c.ids, body[i])
	}
	for i := range c.missing {
		for k := range c.missing[i] {
			c.missing[i][k] = 16
		}
	}
}

// scan takes a start-of-scan segment (T.81, B.2.3): its components, and of a progressive one the band and the bit.
func (c *scanCoverage) scan(h *header, body []byte) {
	if len(body) < 1 || len(body) < 4+2*int(body[0]) {
		return
	}
	first, last, bit := byte(0), byte(63), byte(0)
	if h.interlaced {
		tail := body[1+2*int(body[0]):]
		first, last, bit = tail[0], min(tail[1], 63), tail[2]&15
	}
	for i := range int(body[0]) {
		component := bytes.IndexByte(c.ids, body[1+2*i])
		for k := first; component >= 0 && k <= last; k++ {
			c.missing[component][k] = int8(bit)
		}
	}
}

// whole reports whether every coefficient of every component was coded to its last bit.
func (c *scanCoverage) whole(h *header) bool {
	for i := range min(h.components, maxComponents) {
		for _, bits := range c.missing[i] {
			if bits != 0 {
				return false
			}
		}
	}
	return true
}

// isSOF reports whether the marker starts a frame: C0 to CF without DHT (C4), JPG (C8) and DAC (CC).
func isSOF(marker byte) bool {
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc
}

// segments iterates over the marker segments of a JPEG.
type segments struct {
	data []byte
	// pos is where the next marker is looked for; start is where the current segment's marker begins.
	pos, start int
	// reason says why next stopped before an end-of-image marker.
	reason string
}

// next finds the next marker and its body, which is nil for a marker that stands alone. It returns false at the end of
// the data, or where a segment has no valid length.
func (s *segments) next() (marker byte, body []byte, ok bool) {
	for {
		i := bytes.IndexByte(s.data[s.pos:], 0xff)
		if i < 0 {
			s.reason = filing.DecodeTruncated
			return 0, nil, false
		}
		s.start = s.pos + i
		s.pos = s.start + 1
		for s.pos < len(s.data) && s.data[s.pos] == 0xff {
			s.pos++
		}
		if s.pos >= len(s.data) {
			s.reason = filing.DecodeTruncated
			return 0, nil, false
		}
		marker = s.data[s.pos]
		s.pos++
		if marker == 0 || marker == 0x01 || marker >= 0xd0 && marker <= 0xd7 {
			continue // a stuffed byte, TEM, a restart marker out of place
		}
		break
	}
	if marker == markerSOI || marker == markerEOI {
		return marker, nil, true
	}
	if s.pos+2 > len(s.data) {
		s.reason = filing.DecodeTruncated
		return 0, nil, false
	}
	n := int(binary.BigEndian.Uint16(s.data[s.pos:]))
	if n < 2 {
		s.reason = filing.DecodeCorrupt
		return 0, nil, false
	}
	if s.pos+n > len(s.data) {
		s.reason = filing.DecodeTruncated
		return 0, nil, false
	}
	body = s.data[s.pos+2 : s.pos+n]
	s.pos += n
	return marker, body, true
}

// skipScan moves over entropy-coded data to the marker that ends it: anything but a stuffed zero, a restart or a fill.
func (s *segments) skipScan() {
	for {
		i := bytes.IndexByte(s.data[s.pos:], 0xff)
		if i < 0 || s.pos+i+1 >= len(s.data) {
			s.pos = len(s.data)
			return
		}
		s.pos += i
		switch next := s.data[s.pos+1]; {
		case next == 0 || next >= 0xd0 && next <= 0xd7:
			s.pos += 2
		case next == 0xff:
			s.pos++
		default:
			return
		}
	}
}

// iccParts collects the parts of a colour profile (ICC.1:2010, annex B.4): each APP2 segment carries its number, from 1,
// and how many there are.
type iccParts struct {
	parts [256][]byte
	count int
}

func (p *iccParts) add(body []byte) {
	rest, is := bytes.CutPrefix(body, []byte("ICC_PROFILE\x00"))
	if !is || len(rest) < 2 || rest[0] == 0 {
		return
	}
	p.count = int(rest[1])
	p.parts[rest[0]] = rest[2:]
}

// join returns the whole profile, or nil where a part is missing.
func (p *iccParts) join() []byte {
	var profile []byte
	for i := 1; i <= p.count; i++ {
		if p.parts[i] == nil {
			return nil
		}
		profile = append(profile, p.parts[i]...)
	}
	return profile
}
