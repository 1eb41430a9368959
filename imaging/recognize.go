package imaging

import (
	"bytes"

	"github.com/preflight-icp/preflight/filing"
)

// RecognizeBytes is how many leading bytes are looked at: enough for the prologue of an XML or HTML document, and no
// recognition depends on the size of the file.
const RecognizeBytes = 4096

// Recognize says what the content of a file is, by its leading bytes and never by its name. Where a file is valid as
// two formats (a polyglot), the leading magic decides, as it does for every decoder downstream.
func Recognize(data []byte) filing.Format {
	if len(data) == 0 {
		return filing.FormatEmpty
	}
	head := data[:min(len(data), RecognizeBytes)]
	for _, m := range magics {
		if m.matches(head) {
			return m.format
		}
	}
	switch {
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		return recognizeISOMedia(head)
	case isBMP(head):
		return filing.FormatBMP
	}
	return recognizeText(head)
}

// magic is a format's signature: bytes at the start and, where those are shared by several formats, bytes further on.
type magic struct {
	format filing.Format
	start  string
	offset int
	then   string
}

func (m magic) matches(head []byte) bool {
	return bytes.HasPrefix(head, []byte(m.start)) &&
		(m.then == "" || len(head) >= m.offset && bytes.HasPrefix(head[m.offset:], []byte(m.then)))
}

var magics = []magic{
	{format: filing.FormatJPEG, start: "\xff\xd8\xff"},
	{format: filing.FormatPNG, start: pngSignature},
	{format: filing.FormatGIF, start: "GIF87a"},
	{format: filing.FormatGIF, start: "GIF89a"},
	{format: filing.FormatWebP, start: "RIFF", offset: 8, then: "WEBP"},
	{format: filing.FormatVideo, start: "RIFF", offset: 8, then: "AVI "},
	{format: filing.FormatTIFF, start: "II*\x00"},
	{format: filing.FormatTIFF, start: "MM\x00*"},
	{format: filing.FormatTIFF, start: "II+\x00"}, // BigTIFF
	{format: filing.FormatTIFF, start: "MM\x00+"},
	{format: filing.FormatJXL, start: "\xff\x0a"},
	{format: filing.FormatJXL, start: "\x00\x00\x00\x0cJXL \r\n\x87\n"},
	{format: filing.FormatJP2, start: "\x00\x00\x00\x0cjP  \r\n\x87\n"},
	{format: filing.FormatJP2, start: "\xff\x4f\xff\x51"},
	{format: filing.FormatPSD, start: "8BPS"},
	{format: filing.FormatICO, start: "\x00\x00\x01\x00", offset: 5, then: "\x00"},
	{format: filing.FormatICO, start: "\x00\x00\x02\x00", offset: 5, then: "\x00"}, // a cursor
	{format: filing.FormatZIP, start: "PK\x03\x04"},
	{format: filing.FormatZIP, start: "PK\x05\x06"},         // an empty archive
	{format: filing.FormatVideo, start: "\x1a\x45\xdf\xa3"}, // Matroska, WebM
	{format: filing.FormatVideo, start: "FLV\x01"},
	{format: filing.FormatVideo, start: "\x00\x00\x01\xba"},                 // MPEG program stream
	{format: filing.FormatVideo, start: "\x00\x00\x01\xb3"},                 // MPEG video
	{format: filing.FormatVideo, start: "\x30\x26\xb2\x75\x8e\x66\xcf\x11"}, // ASF, WMV
	{format: filing.FormatVideo, offset: 4, then: "moov"},                   // QuickTime without ftyp
	{format: filing.FormatVideo, offset: 4, then: "mdat"},
	{format: filing.FormatVideo, offset: 4, then: "wide"},
}

// recognizeISOMedia tells the formats apart that share the ISO base media file (ISO/IEC 14496-12): by the major brand, and
// where that is one of the general image brands, by the compatible ones.
func recognizeISOMedia(head []byte) filing.Format {
	size := int(head[0])<<24 | int(head[1])<<16 | int(head[2])<<8 | int(head[3])
	brands := head[8:min(len(head), max(size, 12))]
	major := string(brands[:4])
	switch major {
	case "avif", "avis":
		return filing.FormatAVIF
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs":
		return filing.FormatHEIC
	case "mif1", "msf1", "miaf":
		for i := 8; i+4 <= len(brands); i += 4 {
			if b := string(brands[i : i+4]); b == "avif" || b == "avis" {
				return filing.FormatAVIF
			}
		}
		return filing.FormatHEIC
	case "jp2 ", "jpx ":
		return filing.FormatJP2
	case "jxl ":
		return filing.FormatJXL
	case "crx ": // a raw file of a camera: neither a film nor a format with a name of its own here
		return filing.FormatUnknown
	}
	return filing.FormatVideo
}

// isBMP looks beyond the two letters "BM", which many a text begins with: the size of the second header is one of few.
func isBMP(head []byte) bool {
	if len(head) < 18 || head[0] != 'B' || head[1] != 'M' || head[15] != 0 || head[16] != 0 || head[17] != 0 {
		return false
	}
	switch head[14] {
	case 12, 16, 40, 52, 56, 64, 108, 124:
		return true
	}
	return false
}

// recognizeText tells PDF, SVG and HTML from the first thing in the text that is no white space, byte order mark,
// declaration or comment.
func recognizeText(head []byte) filing.Format {
	rest := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for {
		rest = bytes.TrimLeft(rest, " \t\r\n\f")
		lower := bytes.ToLower(rest[:min(len(rest), 64)])
		switch {
		case bytes.HasPrefix(rest, []byte("%PDF-")):
			return filing.FormatPDF
		case bytes.HasPrefix(lower, []byte("<svg")), bytes.HasPrefix(lower, []byte("<!doctype svg")):
			return filing.FormatSVG
		case bytes.HasPrefix(lower, []byte("<!doctype html")):
			return filing.FormatHTML
		case bytes.HasPrefix(lower, []byte("<!--")):
			rest = after(rest, "-->")
		case bytes.HasPrefix(lower, []byte("<?")):
			rest = after(rest, "?>")
		default:
			for _, tag := range []string{"<html", "<head", "<body", "<script", "<meta", "<title", "<div"} {
				if bytes.HasPrefix(lower, []byte(tag)) {
					return filing.FormatHTML
				}
			}
			return filing.FormatUnknown
		}
	}
}

// after returns what follows the first mark in text, nothing where there is none.
func after(text []byte, mark string) []byte {
	_, rest, _ := bytes.Cut(text, []byte(mark))
	return rest
}
