package imaging

import (
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

func TestRecognizeNamesTheContent(t *testing.T) {
	t.Parallel()
	pad := strings.Repeat("\x00", 32)
	for name, c := range map[string]struct {
		data string
		want filing.Format
	}{
		"no bytes":                               {"", filing.FormatEmpty},
		"a JPEG":                                 {"\xff\xd8\xff\xe0\x00\x10JFIF", filing.FormatJPEG},
		"a PNG":                                  {pngSignature + "\x00\x00\x00\rIHDR", filing.FormatPNG},
		"a cut PNG signature is nothing":         {pngSignature[:6], filing.FormatUnknown},
		"GIF87a":                                 {"GIF87a" + pad, filing.FormatGIF},
		"GIF89a":                                 {"GIF89a" + pad, filing.FormatGIF},
		"GIF of another year is nothing":         {"GIF90a" + pad, filing.FormatUnknown},
		"an iPhone's HEIC":                       {"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", filing.FormatHEIC},
		"a general image brand is HEIC":          {"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", filing.FormatHEIC},
		"a general image brand with avif inside": {"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", filing.FormatAVIF},
		"avif beyond the box does not count":     {"\x00\x00\x00\x14ftypmif1\x00\x00\x00\x00mif1avif", filing.FormatHEIC},
		"AVIF":                                   {"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00", filing.FormatAVIF},
		"an MP4":                                 {"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", filing.FormatVideo},
		"a QuickTime film":                       {"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00", filing.FormatVideo},
		"a Matroska film":                        {"\x1a\x45\xdf\xa3" + pad, filing.FormatVideo},
		"an AVI":                                 {"RIFF\x00\x00\x00\x00AVI LIST", filing.FormatVideo},
		"WebP":                                   {"RIFF\x00\x00\x00\x00WEBPVP8 ", filing.FormatWebP},
		"a sound in RIFF is nothing":             {"RIFF\x00\x00\x00\x00WAVEfmt ", filing.FormatUnknown},
		"BMP":                                    {"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00", filing.FormatBMP},
		"a text that begins with BM is nothing":  {"BMW is a make of cars, not a bitmap", filing.FormatUnknown},
		"TIFF of Intel":                          {"II*\x00\x08\x00\x00\x00", filing.FormatTIFF},
		"TIFF of Motorola":                       {"MM\x00*\x00\x00\x00\x08", filing.FormatTIFF},
		"PDF":                                    {"%PDF-1.7\n", filing.FormatPDF},
		"PDF after a line end":                   {"\r\n%PDF-1.4\n", filing.FormatPDF},
		"SVG":                                    {"<svg xmlns='http://www.w3.org/2000/svg'/>", filing.FormatSVG},
		"SVG after declaration and comment":      {"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn -->\n<svg/>", filing.FormatSVG},
		"HTML":                                   {"<!DOCTYPE html><title>x</title>", filing.FormatHTML},
		"HTML without a doctype":                 {"\n <HTML><body>", filing.FormatHTML},
		"XML of another kind is nothing":         {"<?xml version='1.0'?><feed/>", filing.FormatUnknown},
		"an endless comment is nothing":          {"<!--" + strings.Repeat("-", 5000), filing.FormatUnknown},
		"JPEG XL codestream":                     {"\xff\x0a\x00", filing.FormatJXL},
		"JPEG XL container":                      {"\x00\x00\x00\x0cJXL \r\n\x87\n", filing.FormatJXL},
		"JPEG 2000":                              {"\x00\x00\x00\x0cjP  \r\n\x87\n", filing.FormatJP2},
		"an icon":                                {"\x00\x00\x01\x00\x01\x00\x10\x10", filing.FormatICO},
		"a Photoshop file":                       {"8BPS\x00\x01", filing.FormatPSD},
		"a zip":                                  {"PK\x03\x04\x14\x00", filing.FormatZIP},
		"plain text":                             {"hello, this is no picture", filing.FormatUnknown},
		"zeros":                                  {pad, filing.FormatUnknown},
		"polyglot: GIF first, zip behind":        {"GIF89a/*" + pad + "PK\x03\x04", filing.FormatGIF},
		"polyglot: JPEG first, HTML behind":      {"\xff\xd8\xff\xe0<html><script>", filing.FormatJPEG},
		"polyglot: HTML first, PNG behind":       {"<html>" + pngSignature, filing.FormatHTML},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Recognize([]byte(c.data)); got != c.want {
				t.Errorf("recognized as %s, want %s", got, c.want)
			}
		})
	}
}

func TestForeignFormatsAreNamedAndNotDecoded(t *testing.T) {
	t.Parallel()
	m := analyze(t, []byte("%PDF-1.7 and a file named photo.jpg"))
	if m.Format != filing.FormatPDF || m.Decode != nil || m.Pixels != nil || m.Width != 0 || m.Refused != "" {
		t.Errorf("a PDF was measured as %+v", m)
	}
}

func FuzzRecognize(f *testing.F) {
	for _, m := range magics {
		f.Add([]byte(m.start + "\x00\x00\x00\x00\x00\x00\x00\x00" + m.then))
	}
	f.Add([]byte("\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf"))
	f.Add([]byte("<!-- <? --><?xml?><svg"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := Recognize(data)
		if (got == filing.FormatEmpty) != (len(data) == 0) {
			t.Errorf("%d bytes are %s", len(data), got)
		}
		if longer := Recognize(append(data[:len(data):len(data)], make([]byte, RecognizeBytes)...)); got.Accepted() && longer != got {
			t.Errorf("%s becomes %s when something is appended", got, longer)
		}
	})
}
