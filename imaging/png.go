package imaging

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"iter"

	"github.com/preflight-icp/preflight/filing"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// maxXMP bounds how much of an XMP packet in a PNG is searched; in a JPEG a segment bounds it to 64 KiB.
const maxXMP = 1 << 20

// maxTextChunks bounds how many text chunks are looked at: a PNG may hold millions.
const maxTextChunks = 64

// parsePNG walks the chunks of a PNG (ISO/IEC 15948) to its end, and proves the checksum of those that the picture
// depends on. So a broken PNG is known without inflating it.
func parsePNG(data []byte) header {
	h := header{frames: 1, end: len(data)}
	var animated, ended, frameZero, picture bool
	texts := 0
	for c := range pngChunks(data) {
		critical := c.kind[0]&0x20 == 0
		switch {
		case c.truncated:
			h.damaged(filing.DecodeTruncated)
		case critical && crc32.ChecksumIEEE(data[c.start+4:c.end-4]) != binary.BigEndian.Uint32(data[c.end-4:]):
			h.damaged(filing.DecodeCorrupt)
		}
		if c.start == len(pngSignature) && (c.kind != "IHDR" || len(c.body) != 13) {
			h.refused = true
			return h
		}
		switch c.kind {
		case "IHDR":
			if c.start != len(pngSignature) {
				h.damaged(filing.DecodeCorrupt)
				continue
			}
			h.ihdr(c.body)
		case "acTL":
			if len(c.body) == 8 && !picture {
				animated = true
				h.frames = int(min(binary.BigEndian.Uint32(c.body), maxFrames))
			}
		case "fcTL":
			frameZero = frameZero || !picture
		case "IDAT":
			picture = true
		case "eXIf":
			if !h.hasEXIF {
				h.hasEXIF, h.exif = true, c.body
			}
		case "iCCP":
			h.icc = c.body
		case "tEXt", "iTXt":
			if texts++; texts <= maxTextChunks {
				h.software = appendSoftware(h.software, softwareInPNGText(c.kind, c.body)...)
			}
		case "IEND":
			ended = true
			h.end = c.end
		}
	}
	if animated && !frameZero {
		h.frames = min(h.frames+1, maxFrames) // the picture that is seen without animation is none of its frames
	}
	h.frames = max(h.frames, 1)
	switch {
	case !ended:
		h.damaged(filing.DecodeTruncated)
	case !picture:
		h.damaged(filing.DecodeCorrupt)
	}
	return h
}

// ihdr reads width, height, depth, colour type and interlacing; combinations that the standard does not know contradict
// themselves.
func (h *header) ihdr(body []byte) {
	w, ht := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
	if w > 1<<31-1 || ht > 1<<31-1 {
		h.refused = true
		return
	}
	h.width, h.height, h.depth, h.interlaced = int(w), int(ht), int(body[8]), body[12] == 1
	depths := map[byte]string{0: "\x01\x02\x04\x08\x10", 2: "\x08\x10", 3: "\x01\x02\x04\x08", 4: "\x08\x10", 6: "\x08\x10"}
	if bytes.IndexByte([]byte(depths[body[9]]), body[8]) < 0 || body[10] != 0 || body[11] != 0 || body[12] > 1 {
		h.refused = true
	}
	h.components = map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[body[9]]
	h.palette = body[9] == 3
}

// pngChunk is one chunk: data[start:end] is all of it, body what is between its name and its checksum. A truncated chunk
// runs over the end of the file; its body is what is there.
type pngChunk struct {
	kind       string
	body       []byte
	start, end int
	truncated  bool
}

// pngChunks yields the chunks of a PNG up to IEND or the end of the data.
func pngChunks(data []byte) iter.Seq[pngChunk] {
	return func(yield func(pngChunk) bool) {
		for pos := len(pngSignature); pos+8 <= len(data); {
			n := uint64(binary.BigEndian.Uint32(data[pos:]))
			c := pngChunk{kind: string(data[pos+4 : pos+8]), start: pos}
			if end := uint64(pos) + 12 + n; end > uint64(len(data)) {
				c.truncated, c.end, c.body = true, len(data), data[pos+8:]
			} else {
				c.end, c.body = int(end), data[pos+8:end-4]
			}
			if !yield(c) || c.truncated || c.kind == "IEND" {
				return
			}
			pos = c.end
		}
	}
}

// softwareInPNGText reads the keyword Software, and the tool named in an XMP packet.
func softwareInPNGText(kind string, body []byte) []string {
	keyword, rest, ok := bytes.Cut(body, []byte{0})
	switch {
	case !ok:
		return nil
	case kind == "tEXt" && string(keyword) == "Software":
		return []string{string(rest[:min(len(rest), maxName)])}
	case kind == "iTXt" && len(rest) > 2 && rest[0] == 0: // not compressed
		_, rest, _ = bytes.Cut(rest[2:], []byte{0}) // language
		_, text, _ := bytes.Cut(rest, []byte{0})    // translated keyword
		switch string(keyword) {
		case "XML:com.adobe.xmp":
			return softwareInXMP(text[:min(len(text), maxXMP)])
		case "Software":
			return []string{string(text[:min(len(text), maxName)])}
		}
	}
	return nil
}
