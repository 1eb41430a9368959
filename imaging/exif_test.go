package imaging

import (
	"bytes"
	"encoding/binary"
	"image"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
)

// phone is what a phone writes about a photo; the position is that of a place in the sea.
func phone(order binary.AppendByteOrder) []byte {
	u16 := func(v uint16) []byte { return order.AppendUint16(nil, v) }
	rational := func(n, d uint32) []byte { return order.AppendUint32(order.AppendUint32(nil, n), d) }
	return exifBlock(order,
		[]tag{ascii(0x010f, "SPECIMEN Phones"), ascii(0x0110, "S-1 "), {0x0112, 3, 1, u16(6)}, ascii(0x0131, "1.0"),
			ascii(0x0132, "2024:02:03 04:05:06")},
		[]tag{{0x829a, 5, 1, rational(1, 50)}, {0x8827, 3, 1, u16(100)}, ascii(0x9003, "2024:02:03 01:02:03"),
			{0x9286, 7, 18, []byte("ASCII\x00\x00\x00Screenshot")}, {0x927c, 7, 40, make([]byte, 40)}, {0xa300, 7, 0, nil}},
		[]tag{{1, 2, 2, []byte("N\x00")}, {2, 5, 3, bytes.Repeat(rational(1, 1), 3)}, {4, 5, 3, bytes.Repeat(rational(1, 1), 3)}})
}

func TestEXIFOfAPhoneIsRead(t *testing.T) {
	t.Parallel()
	taken := time.Date(2024, 2, 3, 1, 2, 3, 0, time.UTC)
	want := &filing.EXIF{Make: "SPECIMEN Phones", Model: "S-1", Software: "1.0", TakenAt: &taken, HasGPS: true,
		HasExposure: true, Screenshot: true}
	for name, order := range map[string]binary.AppendByteOrder{"Intel": binary.LittleEndian, "Motorola": binary.BigEndian} {
		for kind, data := range map[string][]byte{
			"JPEG": withEXIF(encodeJPEG(t, photo(), 70), phone(order)),
			"PNG":  withChunk(encodePNG(t, photo()), "eXIf", string(phone(order))),
		} {
			t.Run(kind+" in the byte order of "+name, func(t *testing.T) {
				t.Parallel()
				m := analyze(t, data)
				if d := cmp.Diff(want, m.EXIF); d != "" {
					t.Error(d)
				}
				if m.Orientation != 6 || m.Width != 900 || m.Height != 1200 || !m.Decode.Complete {
					t.Errorf("orientation %d, %d x %d, %+v", m.Orientation, m.Width, m.Height, m.Decode)
				}
			})
		}
	}
}

func TestOrientationOutsideOneToEightIsOne(t *testing.T) {
	t.Parallel()
	for v := range 12 {
		want := v
		if v < 1 || v > 8 {
			want = 1
		}
		if _, got := readEXIF(oriented(v), 40, 30); got != want {
			t.Errorf("orientation %d is read as %d, want %d", v, got, want)
		}
	}
	for name, block := range map[string][]byte{
		"of another type": exifBlock(binary.BigEndian, []tag{{0x0112, 4, 1, []byte{0, 0, 0, 6}}}, nil, nil),
		"of two values":   exifBlock(binary.BigEndian, []tag{{0x0112, 3, 2, []byte{0, 6, 0, 6}}}, nil, nil),
		"of the thumbnail": append(exifBlock(binary.BigEndian, nil, nil, nil)[:10], 0, 0, 0, 14,
			0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0),
	} {
		if _, got := readEXIF(block, 40, 30); got != 1 {
			t.Errorf("an orientation %s is read as %d", name, got)
		}
	}
}

func TestScreenshotIsReadFromTheComment(t *testing.T) {
	t.Parallel()
	utf16 := "UNICODE\x00S\x00c\x00r\x00e\x00e\x00n\x00s\x00h\x00o\x00t\x00"
	utf16big := "UNICODE\x00\x00S\x00c\x00r\x00e\x00e\x00n\x00s\x00h\x00o\x00t"
	for comment, want := range map[string]bool{
		"ASCII\x00\x00\x00Screenshot": true, utf16: true, utf16big: true, "\x00\x00\x00\x00\x00\x00\x00\x00截图": true,
		"ASCII\x00\x00\x00no Screenshot of mine": false, "ASCII\x00\x00\x00": false, "x": false,
	} {
		block := exifBlock(binary.LittleEndian, nil, []tag{{0x9286, 7, uint32(len(comment)), []byte(comment + "   ")[:max(len(comment), 4)]}}, nil)
		if len(comment) > 4 {
			block = exifBlock(binary.LittleEndian, nil, []tag{{0x9286, 7, uint32(len(comment)), []byte(comment)}}, nil)
		}
		if got, _ := readEXIF(block, 40, 30); got.Screenshot != want || got.Damaged {
			t.Errorf("comment %q: screenshot %v, damaged %v", comment, got.Screenshot, got.Damaged)
		}
	}
}

// goexifBomb is the block of 120 bytes for which goexif alone allocates 12.9 GB: 2^29+1 rationals of 8 bytes overflow to 8.
func goexifBomb() []byte {
	block := exifBlock(binary.LittleEndian, []tag{
		{0x013e, 5, 1<<29 + 1, make([]byte, 8)}, ascii(0x010f, "SPECIMEN"), {0x0112, 3, 1, []byte{6, 0}},
	}, nil, nil)
	return append(block, make([]byte, 120-len(block))...)
}

func TestHostileEXIFIsDamagedWithinBoundedMemoryAndTime(t *testing.T) {
	loop := exifBlock(binary.LittleEndian, []tag{{0x0112, 3, 1, []byte{6, 0}}}, nil, nil)
	binary.LittleEndian.PutUint32(loop[len(loop)-4:], 8)
	pair := exifBlock(binary.BigEndian, []tag{{0x8769, 4, 1, []byte{0, 0, 0, 8}}}, nil, nil)
	deep := []byte("II*\x00\x08\x00\x00\x00")
	for range 5000 {
		deep = binary.LittleEndian.AppendUint32(append(deep, 0, 0), uint32(len(deep)+6))
	}
	wide := []byte("MM\x00*\x00\x00\x00\x08\x13\x88")
	wide = append(append(wide, bytes.Repeat([]byte{1, 0x0f, 0, 2, 0, 0, 0, 2, 'x', 0, 0, 0}, 5000)...), 0, 0, 0, 0)
	rational := exifBlock(binary.LittleEndian, []tag{{0x829a, 5, 1, make([]byte, 8)}}, []tag{{0x829a, 5, 1, make([]byte, 8)}}, nil)
	var before, after runtime.MemStats
	for name, c := range map[string]struct {
		block   []byte
		damaged bool
	}{
		"the 120-byte block that makes goexif allocate 12.9 GB": {goexifBomb(), true},
		"a directory that is followed by itself":                {loop, true},
		"a directory that points to itself":                     {pair, true},
		"5,000 directories in a chain":                          {deep, true},
		"5,000 entries":                                         {wide, true},
		"a count of 2^32-1":                                     {exifBlock(binary.LittleEndian, []tag{{0x010f, 2, 1<<32 - 1, make([]byte, 8)}}, nil, nil), true},
		"a value behind the end":                                {exifBlock(binary.LittleEndian, []tag{ascii(0x010f, "SPECIMEN Phones")}, nil, nil)[:30], true},
		"a directory behind the end":                            {[]byte("II*\x00\xff\xff\x00\x00\x00\x00"), true},
		"a directory inside the header":                         {[]byte("II*\x00\x02\x00\x00\x00\x00\x00\x00\x00"), true},
		"a block of one byte":                                   {[]byte("I"), true},
		"no block at all":                                       {nil, true},
		"another magic number":                                  {[]byte("II+\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"), true},
		"a block of 2 MiB":                                      {append(exifBlock(binary.LittleEndian, nil, nil, nil), make([]byte, 2<<20)...), true},
		"a rational with a zero denominator is harmless":        {rational, false},
		"an unknown type is passed over":                        {exifBlock(binary.LittleEndian, []tag{{0x1234, 99, 1 << 31, make([]byte, 4)}}, nil, nil), false},
		"a date that is none is passed over":                    {exifBlock(binary.LittleEndian, []tag{ascii(0x0132, "0000:00:00 99:99:99")}, nil, nil), false},
		"text that is not UTF-8 is cleaned":                     {exifBlock(binary.LittleEndian, []tag{ascii(0x010f, "\xff\xfe\x01SPECIMEN\xc0")}, nil, nil), false},
		"an entry of no values is passed over, as of phones":    {exifBlock(binary.LittleEndian, []tag{{0x010f, 2, 0, nil}}, nil, nil), false},
	} {
		runtime.ReadMemStats(&before)
		start := time.Now()
		got, orientation := readEXIF(c.block, 40, 30)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if got.Damaged != c.damaged {
			t.Errorf("%s: damaged %v", name, got.Damaged)
		}
		if orientation < 1 || orientation > 8 {
			t.Errorf("%s: orientation %d", name, orientation)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 256<<10 || took > 50*time.Millisecond {
			t.Errorf("%s: %d bytes allocated in %v", name, n, took)
		}
		if strings.ContainsRune(got.Make, 0xfffd) || strings.ContainsAny(got.Make, "\x00\x01") {
			t.Errorf("%s: make %q", name, got.Make)
		}
	}
	if got, orientation := readEXIF(goexifBomb(), 40, 30); got.Make != "SPECIMEN" || orientation != 6 {
		t.Errorf("what can be read of a damaged block is %+v, orientation %d", got, orientation)
	}
	data := withEXIF(encodeJPEG(t, image.NewGray(image.Rect(0, 0, 64, 64)), 70), goexifBomb())
	if m := analyze(t, data); !m.EXIF.Damaged || !m.Decode.Complete {
		t.Errorf("a picture with a hostile block is %+v, %+v", m.EXIF, m.Decode)
	}
}

func TestTheFocalLengthIsThatOfTheWholePicture(t *testing.T) {
	t.Parallel()
	order := binary.LittleEndian
	short := func(id uint16, v uint16) tag { return tag{id, 3, 1, order.AppendUint16(nil, v)} }
	long := func(id uint16, v uint32) tag { return tag{id, 4, 1, order.AppendUint32(nil, v)} }
	zoom := func(above, below uint32) tag {
		return tag{0xa404, 5, 1, order.AppendUint32(order.AppendUint32(nil, above), below)}
	}
	for name, c := range map[string]struct {
		photo []tag
		want  float64
	}{
		"a phone's":                            {[]tag{short(0xa405, 26), zoom(1, 1), long(0xa002, 4000), long(0xa003, 3000)}, 26},
		"of a picture that is turned":          {[]tag{short(0xa405, 26), short(0xa002, 3000), short(0xa003, 4000)}, 26},
		"whose size is not said":               {[]tag{short(0xa405, 24)}, 24},
		"whose zoom was not used":              {[]tag{short(0xa405, 24), zoom(0, 0)}, 24},
		"that was zoomed into by computing":    {[]tag{short(0xa405, 26), zoom(2, 1)}, 0},
		"that was cut":                         {[]tag{short(0xa405, 26), long(0xa002, 4608), long(0xa003, 3456)}, 0},
		"that is unknown":                      {[]tag{short(0xa405, 0)}, 0},
		"that no lens has":                     {[]tag{short(0xa405, 65535)}, 0},
		"that is a text":                       {[]tag{ascii(0xa405, "26")}, 0},
		"that is two numbers":                  {[]tag{{0xa405, 3, 2, []byte{26, 0, 26, 0}}}, 0},
		"that stands in the wrong place alone": {nil, 0},
	} {
		got, _ := readEXIF(exifBlock(order, []tag{short(0xa405, 50)}, c.photo, nil), 4000, 3000)
		if got.FocalLength35MM != c.want || got.Damaged {
			t.Errorf("%s: %v mm, want %v; damaged %v", name, got.FocalLength35MM, c.want, got.Damaged)
		}
	}
}

func TestADocumentLeansAsItsLensSays(t *testing.T) {
	t.Parallel()
	page := image.NewGray(image.Rect(0, 0, 1600, 1200))
	for y := range 1200 {
		// From 600 pixels wide at the top to 1,000 at the bottom.
		reach := 300 + 200*(y-300)/600
		for x := range 1600 {
			level := uint8(60)
			if y >= 300 && y < 900 && max(x-800, 800-x) < reach {
				level = 225
				if y%40 < 12 && x%18 < 9 && max(x-800, 800-x) < reach-60 {
					level = 70
				}
			}
			page.Pix[y*page.Stride+x] = level
		}
	}
	data := encodeJPEG(t, page, 90)
	tilt := func(focal uint16) float64 {
		block := exifBlock(binary.LittleEndian, nil, []tag{{0xa405, 3, 1, binary.LittleEndian.AppendUint16(nil, focal)}}, nil)
		m := analyze(t, withEXIF(data, block))
		if m.Document == nil || m.EXIF == nil || m.EXIF.FocalLength35MM != float64(focal) {
			t.Fatalf("document %+v, EXIF %+v", m.Document, m.EXIF)
		}
		return m.Document.Tilt
	}
	// The same perspective takes a stronger lean the farther away the camera is.
	if wide, tele := tilt(20), tilt(50); tele < wide+10 {
		t.Errorf("leans by %.1f degrees before a wide lens, %.1f before a long one", wide, tele)
	}
}

func FuzzEXIF(f *testing.F) {
	f.Add(phone(binary.LittleEndian))
	f.Add(phone(binary.BigEndian))
	f.Add(goexifBomb())
	f.Add(oriented(8))
	f.Fuzz(func(t *testing.T, block []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		found, orientation := readEXIF(block, 40, 30)
		runtime.ReadMemStats(&after)
		if orientation < 1 || orientation > 8 {
			t.Errorf("orientation %d", orientation)
		}
		for _, s := range []string{found.Make, found.Model, found.Software} {
			if s != cleanName(s) {
				t.Errorf("unclean text %q", s)
			}
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%d bytes of EXIF made %d bytes of garbage", len(block), n)
		}
		w := exifWalk{block: block}
		_ = w.walk()
		if _, err := decodeEXIF(w.rewrite(), &filing.EXIF{}); err != nil {
			t.Errorf("goexif does not read the block that was written for it: %v", err)
		}
	})
}
