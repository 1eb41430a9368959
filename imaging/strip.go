package imaging

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/preflight-icp/preflight/filing"
)

// withoutMetadata copies the file without what it says beside the picture: EXIF, XMP, captions, comments, embedded
// thumbnails, second pictures, films, whatever follows its end. The colour profile and what the decoder needs stay, and
// not a pixel changes. Of a truncated file what there is of the picture is copied.
func withoutMetadata(h *header, data []byte) []byte {
	if h.format == filing.FormatPNG {
		return pngWithoutMetadata(data)
	}
	return jpegWithoutMetadata(h, data)
}

func jpegWithoutMetadata(h *header, data []byte) []byte {
	out := make([]byte, 0, h.end)
	out = append(out, 0xff, markerSOI)
	for s := (segments{data: data[:h.end], pos: 2}); ; {
		marker, body, ok := s.next()
		if !ok {
			return out
		}
		switch {
		case marker == markerSOI:
			continue
		case marker == markerAPP0 && bytes.HasPrefix(body, []byte("JFIF\x00")) && len(body) >= 14:
			out = append(out, 0xff, marker, 0, 16)
			out = append(append(out, body[:12]...), 0, 0) // without its thumbnail
		case marker == markerAPP0+2 && bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")),
			marker == markerAPP0+14 && bytes.HasPrefix(body, []byte("Adobe")): // says how colours are coded
			out = append(out, data[s.start:s.pos]...)
		case marker >= markerAPP0 && marker <= markerAPP0+15, marker == markerCOM:
			continue
		case marker == markerSOS:
			s.skipScan()
			out = append(out, data[s.start:s.pos]...)
		default:
			out = append(out, data[s.start:s.pos]...)
		}
	}
}

// pngKept are the chunks that say how the picture looks; every other one is metadata, or animation.
var pngKept = map[string]bool{"IHDR": true, "PLTE": true, "IDAT": true, "IEND": true, "tRNS": true, "gAMA": true,
	"cHRM": true, "sRGB": true, "iCCP": true, "cICP": true, "sBIT": true, "bKGD": true}

func pngWithoutMetadata(data []byte) []byte {
	out := append(make([]byte, 0, len(data)), pngSignature...)
	for c := range pngChunks(data) {
		if pngKept[c.kind] {
			out = append(out, data[c.start:c.end]...)
		}
	}
	return out
}

// maxICC bounds a colour profile; those of cameras and screens are below 10 KiB, those of presses below 3 MiB.
const maxICC = 4 << 20

// profile returns the embedded colour profile in the colour space of that signature ("RGB ", "GRAY"; ICC.1:2010, 7.2.6),
// or nil.
func (h *header) profile(space string) []byte {
	profile := h.icc
	if h.format == filing.FormatPNG && len(profile) > 0 {
		_, rest, _ := bytes.Cut(profile, []byte{0})
		if len(rest) < 1 || rest[0] != 0 {
			return nil
		}
		r, err := zlib.NewReader(bytes.NewReader(rest[1:]))
		if err != nil {
			return nil
		}
		if profile, err = io.ReadAll(io.LimitReader(r, maxICC+1)); err != nil {
			return nil
		}
	}
	if len(profile) < 128 || len(profile) > maxICC || string(profile[16:20]) != space {
		return nil
	}
	return profile
}

// withProfile puts a colour profile into a JPEG or PNG that libvips wrote without metadata.
func withProfile(format filing.Format, data, profile []byte) []byte {
	if profile == nil {
		return data
	}
	if format == filing.FormatPNG {
		const afterIHDR = len(pngSignature) + 12 + 13
		var body bytes.Buffer
		body.WriteString("iCCPicc\x00\x00")
		z := zlib.NewWriter(&body)
		_, _ = z.Write(profile) // a bytes.Buffer does not fail
		_ = z.Close()
		out := append([]byte(nil), data[:afterIHDR]...)
		out = binary.BigEndian.AppendUint32(out, uint32(body.Len()-4))
		out = append(out, body.Bytes()...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body.Bytes()))
		return append(out, data[afterIHDR:]...)
	}
	const part = 65533 - 14
	at := 2
	if len(data) > 6 && data[3] == markerAPP0 { // behind JFIF's segment, which comes first
		at = 4 + int(binary.BigEndian.Uint16(data[4:]))
	}
	out := append([]byte(nil), data[:at]...)
	parts := (len(profile) + part - 1) / part
	for i := range parts {
		piece := profile[i*part : min(len(profile), (i+1)*part)]
		out = append(out, 0xff, markerAPP0+2)
		out = binary.BigEndian.AppendUint16(out, uint16(2+14+len(piece)))
		out = append(out, "ICC_PROFILE\x00"...)
		out = append(append(out, byte(i+1), byte(parts)), piece...)
	}
	return append(out, data[at:]...)
}
