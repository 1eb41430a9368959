package imaging

import (
	"encoding/binary"
	"image"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/h2non/bimg"

	"github.com/preflight-icp/preflight/filing"
)

func TestHeaderTellsTheSizeOfThePicture(t *testing.T) {
	t.Parallel()
	plain := encodeJPEG(t, photo(), 80)
	thumb := encodeJPEG(t, scene{width: 160, height: 120, card: 1}.draw(), 60)
	png := encodePNG(t, photo())
	for name, data := range map[string][]byte{
		"plain JPEG":                                plain,
		"JPEG with a JFIF thumbnail":                withSegment(plain, 0xe0, "JFXX\x00\x10"+string(thumb)),
		"JPEG with an EXIF thumbnail":               withSegment(plain, 0xe1, "Exif\x00\x00"+string(thumb)),
		"JPEG with fill bytes before its markers":   append([]byte{0xff, 0xd8, 0xff, 0xff, 0xff}, plain[3:]...),
		"JPEG with garbage between its segments":    slices.Concat([]byte{0xff, 0xd8, 0xff, 0xfe, 0, 2}, []byte("garbage"), plain[2:]),
		"progressive JPEG":                          reencode(t, plain, bimg.Options{Interlace: true, Type: bimg.JPEG}),
		"JPEG followed by a film (motion photo)":    append(slices.Clone(plain), "\x00\x00\x00\x18ftypmp42 moov"...),
		"JPEG followed by a second picture (MPF)":   append(withSegment(plain, 0xe2, "MPF\x00II*\x00"), thumb...),
		"JPEG followed by a trailer of a phone":     append(slices.Clone(plain), "Image_UTC_Data SEFHk\x00\x00\x00SEFT"...),
		"PNG":                                       png,
		"interlaced PNG":                            reencode(t, png, bimg.Options{Interlace: true, Type: bimg.PNG}),
		"PNG with text before and bytes behind it":  append(withChunk(png, "tEXt", "Comment\x00IHDR"), "tail"...),
		"PNG with an unknown chunk of the ordinary": withChunk(png, "prVt", "anything"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := analyze(t, data)
			if m.Width != 1200 || m.Height != 900 || m.Frames != 1 || m.Orientation != 1 || m.Refused != "" {
				t.Errorf("measured %d x %d, %d frames, orientation %d, refused %q", m.Width, m.Height, m.Frames, m.Orientation, m.Refused)
			}
			if m.Decode == nil || !m.Decode.Complete {
				t.Errorf("a sound picture is said to be %+v", m.Decode)
			}
		})
	}
}

func TestHeaderIsRefusedWhereItContradictsItself(t *testing.T) {
	t.Parallel()
	png := encodePNG(t, image.NewGray(image.Rect(0, 0, 9, 9)))
	change := func(data []byte, at int, to ...byte) []byte {
		out := slices.Clone(data)
		copy(out[at:], to)
		return out
	}
	for name, data := range map[string][]byte{
		"JPEG of no height":                   bareJPEG(0xc0, 10, 0, 1),
		"JPEG of no width":                    bareJPEG(0xc0, 0, 10, 1),
		"JPEG whose scan comes first":         {0xff, 0xd8, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0xff, 0xd9},
		"JPEG of 101 scans":                   bareJPEG(0xc2, 100, 100, 101),
		"JPEG that ends in its first segment": encodeJPEG(t, photo(), 80)[:40],
		"JPEG without a frame":                {0xff, 0xd8, 0xff, 0xd9},
		"JPEG with a frame header cut short":  {0xff, 0xd8, 0xff, 0xc0, 0, 4, 8, 0, 0xff, 0xd9},
		"PNG of no width":                     change(png, 16, 0, 0, 0, 0),
		"PNG of negative height":              change(png, 20, 0xff, 0xff, 0xff, 0xff),
		"PNG of 3 bits a sample":              change(png, 24, 3),
		"PNG of colour type 5":                change(png, 25, 5),
		"PNG with no IHDR":                    slices.Concat(png[:8], png[33:]),
		"PNG that ends after its signature":   png[:8],
		"GIF that ends in its header":         []byte("GIF89a\x01"),
		"GIF with a frame of no width":        []byte("GIF89a\x09\x00\x09\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x00\x00\x01\x00\x00\x02\x01\x44\x00\x3b"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := analyze(t, data)
			if m.Refused != filing.RefusedHeader || m.Decode != nil || m.Pixels != nil {
				t.Errorf("not refused: %+v, decode %+v", m, m.Decode)
			}
		})
	}
}

func TestPictureOfTooManyPixelsIsRefusedBeforeAnyIsDecoded(t *testing.T) {
	t.Parallel()
	exact, over := bareJPEG(0xc0, 8192, 8192, 1), bareJPEG(0xc0, 8192, 8193, 1)
	if m := analyze(t, exact); m.Refused != "" {
		t.Errorf("64 megapixels exactly are refused: %s", m.Refused)
	}
	if m := analyze(t, over); m.Refused != filing.RefusedPixels || m.Width != 8192 || m.Height != 8193 {
		t.Errorf("a row more is not refused: %+v", m)
	}
	gif := []byte("GIF89a\x00\x00\x00\x00\x00\x00\x00\x2c\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x01\x44\x00\x3b")
	if m := analyze(t, gif); m.Refused != filing.RefusedPixels {
		t.Errorf("a GIF whose frame is larger than its screen is not refused: %+v", m)
	}
}

func TestFramesAreCountedUpToAThousand(t *testing.T) {
	t.Parallel()
	still := palettedPhoto()
	png := encodePNG(t, photo())
	actl := func(n uint32) string {
		return string(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, n), 0))
	}
	for name, c := range map[string]struct {
		data []byte
		want int
	}{
		"a still GIF":     {gifOf(t, false, still), 1},
		"a GIF of three":  {gifOf(t, false, still, still, still), 3},
		"a GIF of 999":    {manyFrames(999), 999},
		"a GIF of 10,000": {manyFrames(10_000), 1000},
		"an APNG whose first frame is the picture":    {withChunk(withChunk(png, "fcTL", string(make([]byte, 26))), "acTL", actl(2)), 2},
		"an APNG that shows another picture when old": {withChunk(png, "acTL", actl(1)), 2},
		"an APNG that claims four billion":            {withChunk(png, "acTL", actl(1<<32-1)), 1000},
		"an APNG that claims none":                    {withChunk(withChunk(png, "fcTL", string(make([]byte, 26))), "acTL", actl(0)), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			m := analyze(t, c.data)
			if m.Frames != c.want {
				t.Errorf("%d frames, want %d", m.Frames, c.want)
			}
			if m.Decode == nil || !m.Decode.Complete {
				t.Errorf("the first frame is said to be %+v", m.Decode)
			}
			if d := time.Since(start); d > 5*time.Second*slowness {
				t.Errorf("took %v", d)
			}
		})
	}
}

func TestSoftwareIsNamedFromMetadataOutsideEXIF(t *testing.T) {
	t.Parallel()
	jpeg, png := encodeJPEG(t, photo(), 60), encodePNG(t, image.NewGray(image.Rect(0, 0, 64, 64)))
	const xap = "http://ns.adobe.com/xap/1.0/\x00"
	resource := func(id uint16, body string) string {
		out := binary.BigEndian.AppendUint16([]byte("Photoshop 3.0\x008BIM"), id)
		out = binary.BigEndian.AppendUint32(append(out, 0, 0), uint32(len(body)))
		return string(out) + body
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"none":                         {jpeg, ""},
		"XMP attribute":                {withSegment(jpeg, 0xe1, xap+`<rdf:Description xmp:CreatorTool="Adobe Photoshop 25.0 (Windows)"/>`), "Adobe Photoshop 25.0 (Windows)"},
		"XMP element":                  {withSegment(jpeg, 0xe1, xap+`<xmp:CreatorTool>美图秀秀 &amp; Co</xmp:CreatorTool>`), "美图秀秀 & Co"},
		"XMP with an agent":            {withSegment(jpeg, 0xe1, xap+`stEvt:softwareAgent='GIMP 2.10'`), "GIMP 2.10"},
		"XMP whose value never ends":   {withSegment(jpeg, 0xe1, xap+`xmp:CreatorTool="`+strings.Repeat("x", 900)), ""},
		"a very long name is cut":      {withSegment(jpeg, 0xe1, xap+`xmp:CreatorTool="`+strings.Repeat("x", 200)+`"`), strings.Repeat("x", 64)},
		"Photoshop resources":          {withSegment(jpeg, 0xed, resource(0x03ed, "0123456789abcdef")), "Adobe Photoshop"},
		"an IPTC caption is no editor": {withSegment(jpeg, 0xed, resource(0x0404, "caption of an agency")), ""},
		"Photoshop's export":           {withSegment(jpeg, 0xec, "Ducky\x00\x01\x00\x04"), "Adobe Photoshop"},
		"a comment that signs":         {withSegment(jpeg, 0xfe, "Created with GIMP"), "GIMP"},
		"any other comment stays out":  {withSegment(jpeg, 0xfe, "SPECIMEN lives in Sample Road 1"), ""},
		"PNG text Software":            {withChunk(png, "tEXt", "Software\x00Pixelmator Pro"), "Pixelmator Pro"},
		"PNG text of another keyword":  {withChunk(png, "tEXt", "Author\x00SPECIMEN"), ""},
		"PNG XMP":                      {withChunk(png, "iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00<x xmp:CreatorTool='Figma'/>"), "Figma"},
		"GIF comment that signs":       {slices.Insert(manyFrames(1), 19, []byte("\x21\xfe\x11Created with GIMP\x00")...), "GIMP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := analyze(t, c.data)
			if got := strings.Join(m.Software, "|"); got != c.want {
				t.Errorf("software %q, want %q", got, c.want)
			}
			if m.Decode == nil || !m.Decode.Complete {
				t.Errorf("the picture is said to be %+v", m.Decode)
			}
		})
	}
}

func TestMillionsOfChunksAndSegmentsTakeBoundedTime(t *testing.T) {
	t.Parallel()
	png := encodePNG(t, image.NewGray(image.Rect(0, 0, 64, 64)))
	many := slices.Clone(png[:33])
	for range 8 << 20 / 28 {
		many = append(many, pngChunkOf("tEXt", "Software\x00another")...)
	}
	many = append(many, png[33:]...)
	jpeg := []byte{0xff, 0xd8}
	for len(jpeg) < 8<<20 {
		jpeg = append(jpeg, 0xff, 0xfe, 0, 2)
	}
	for name, data := range map[string][]byte{"PNG": many, "JPEG": append(jpeg, bareJPEG(0xc0, 8, 8, 1)[2:]...)} {
		start := time.Now()
		h := parseHeader(Recognize(data), data)
		if d := time.Since(start); d > 2*time.Second*slowness || h.refused {
			t.Errorf("%s: header of %d MiB took %v, refused %v", name, len(data)>>20, d, h.refused)
		}
	}
}

func FuzzHeader(f *testing.F) {
	small := scene{width: 40, height: 30, card: 1, noise: 3}.draw()
	jpeg, png := encodeJPEG(f, small, 70), encodePNG(f, small)
	f.Add(jpeg)
	f.Add(withEXIF(withSegment(jpeg, 0xe2, "ICC_PROFILE\x00\x01\x02abc"), oriented(6)))
	f.Add(withSegment(withSegment(jpeg, 0xed, "Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x02ab"), 0xe1, "http://ns.adobe.com/xap/1.0/\x00xmp:CreatorTool='x'"))
	f.Add(bareJPEG(0xc2, 16, 16, 3))
	f.Add(png)
	f.Add(withChunk(withChunk(png, "acTL", "\x00\x00\x00\x02\x00\x00\x00\x00"), "iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00x"))
	f.Add(manyFrames(3))
	f.Add([]byte("GIF89a\x09\x00\x09\x00\x00\x00\x00\x21\xf9\x04\x01\x00\x00\x03\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x40\x02\x02\x44\x01\x00\x3b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		format := Recognize(data)
		if !format.Accepted() {
			return
		}
		h := parseHeader(format, data)
		if h.frames < 1 || h.frames > maxFrames || h.end < 0 || h.end > len(data) || len(h.software) > maxSoftware {
			t.Errorf("header out of bounds: %+v", h)
		}
		if !h.refused && (h.width < 1 || h.height < 1) {
			t.Errorf("accepted without a size: %+v", h)
		}
		if !h.refused && h.damage == "" && format != filing.FormatGIF {
			again := withoutMetadata(&h, data)
			h2 := parseHeader(format, again)
			if h2.width != h.width || h2.height != h.height || h2.hasEXIF || len(h2.software) > 0 {
				t.Errorf("without metadata %d x %d became %d x %d, exif %v, software %v", h.width, h.height, h2.width, h2.height, h2.hasEXIF, h2.software)
			}
		}
		h.profile("RGB ")
		if format == filing.FormatGIF && !h.refused && h.pixels() < 1<<16 {
			rows := 0
			if err := decodeGIF(t.Context(), data, func(int, []byte) { rows++ }); err == nil && rows != h.height {
				t.Errorf("%d rows of %d", rows, h.height)
			}
		}
	})
}
