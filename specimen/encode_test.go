package specimen

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	"github.com/rwcarlsen/goexif/exif"

	"github.com/preflight-icp/preflight/filing"
)

func TestFitBytesGivesExactlyTheBytesAskedFor(t *testing.T) {
	t.Parallel()
	for _, format := range formats() {
		for _, n := range []int{40_000, minBytes - 1, minBytes, 1_000_001, maxBytes - 1, maxBytes} {
			t.Run(fmt.Sprintf("%s of %d bytes", format, n), func(t *testing.T) {
				t.Parallel()
				data, err := FitBytes(format, plain(), n)
				if err != nil {
					t.Fatal(err)
				}
				if len(data) != n {
					t.Errorf("%d bytes, want %d", len(data), n)
				}
				img, name, err := image.Decode(bytes.NewReader(data))
				if err != nil {
					t.Fatal(err)
				}
				if name != string(format) {
					t.Errorf("decoded as %s", name)
				}
				if n >= minBytes-1 && format == filing.FormatJPEG && img.Bounds().Dx() != 1000 {
					t.Errorf("the picture became %v", img.Bounds())
				}
			})
		}
		if _, err := FitBytes(format, plain(), 20); err == nil {
			t.Errorf("%s: a picture in 20 bytes", format)
		}
	}
	if _, err := FitBytes(filing.FormatHEIC, plain(), 1000); err == nil {
		t.Error("HEIC was written")
	}
}

// Every remainder of padding must be right, not only the lucky ones.
func TestPaddingOfEveryLength(t *testing.T) {
	t.Parallel()
	base, err := EncodeJPEG(flat(16, 16, color.Gray{Y: 90}), JPEGOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 4, 5, 17, 65536, 65537, 65538, 65539, 65540, 65541, 65542, 131074, 131075, 131078} {
		data, err := padJPEG(base, len(base)+n)
		if err != nil || len(data) != len(base)+n {
			t.Errorf("jpeg padded by %d: %d bytes, %v", n, len(data)-len(base), err)
			continue
		}
		if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
			t.Errorf("jpeg padded by %d: %v", n, err)
		}
	}
	for _, n := range []int{0, 3, 5, 6, 254, 255, 256, 257, 258, 259, 260, 261, 262, 514, 515, 516, 517} {
		if got := len(gifComment(n)); got != n {
			t.Errorf("gif comment of %d bytes has %d", n, got)
		}
		small := image.NewPaletted(image.Rect(0, 0, 4, 4), color.Palette{color.Black, color.White})
		var b bytes.Buffer
		if err := gif.Encode(&b, small, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := gif.DecodeAll(bytes.NewReader(splice(b.Bytes(), b.Len()-1, gifComment(n)))); err != nil {
			t.Errorf("gif padded by %d: %v", n, err)
		}
	}
}

func TestJPEGsDecodeToTheirPicture(t *testing.T) {
	t.Parallel()
	// A width and height that fill no MCU.
	part := plain().SubImage(image.Rect(0, 0, 301, 203)).(*image.RGBA)
	tests := map[string]JPEGOptions{
		"baseline 4:2:0": {}, "4:2:2": {Subsampling: Chroma422}, "4:4:4": {Subsampling: Chroma444}, "grey": {Grey: true},
		"CMYK": {CMYK: true}, "progressive": {Progressive: true},
		"progressive 4:2:2": {Progressive: true, Subsampling: Chroma422},
		"progressive grey":  {Progressive: true, Grey: true}, "restart markers": {RestartInterval: 5},
		// Go counts restart intervals of subsampled single-component scans in MCUs, not in blocks as T.81 A.2.2 says.
		"restart markers in progressive scans": {RestartInterval: 7, Progressive: true, Subsampling: Chroma444},
		"fill bytes":                           {FillBytes: 4},
		"quality 100":                          {Quality: 100}, "JFIF and EXIF": {JFIF: true,
			Segments: []Segment{Phone().Segment(), ICC(), XMP("x")}},
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if o.Quality == 0 {
				o.Quality = 96
			}
			data, err := EncodeJPEG(part, o)
			if err != nil {
				t.Fatal(err)
			}
			got, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if got.Bounds() != part.Bounds() {
				t.Fatalf("%v, want %v", got.Bounds(), part.Bounds())
			}
			sum := 0.0
			for y := range 203 {
				for x := range 301 {
					a := color.GrayModel.Convert(got.At(x, y)).(color.Gray).Y
					b := color.GrayModel.Convert(part.At(x, y)).(color.Gray).Y
					d := float64(a) - float64(b)
					sum += d * d
				}
			}
			if rms := math.Sqrt(sum / (203 * 301)); rms > 3 {
				t.Errorf("differs from the picture by %.1f levels", rms)
			}
		})
	}
}

func TestEncodeJPEGRefusesWhatItCannotWrite(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func() ([]byte, error){
		"no pixels":   func() ([]byte, error) { return EncodeJPEG(image.NewRGBA(image.Rectangle{}), JPEGOptions{}) },
		"quality 101": func() ([]byte, error) { return EncodeJPEG(plain(), JPEGOptions{Quality: 101}) },
		"a long marker": func() ([]byte, error) {
			return EncodeJPEG(plain(), JPEGOptions{Segments: []Segment{{0xe1, make([]byte, 65534)}}})
		},
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestEXIFIsReadByGoexif(t *testing.T) {
	t.Parallel()
	for o := 1; o <= 8; o++ {
		for _, big := range []bool{false, true} {
			c := Phone()
			c.Orientation, c.BigEndian, c.Position, c.UserComment = o, big, &Nowhere, "Screenshot"
			c.Thumbnail = []byte{0xff, 0xd8, 0xff, 0xd9}
			data, err := EncodeJPEG(flat(16, 16, color.White), JPEGOptions{Segments: []Segment{c.Segment()}})
			if err != nil {
				t.Fatal(err)
			}
			x, err := exif.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatalf("orientation %d, big endian %v: %v", o, big, err)
			}
			tag, err := x.Get(exif.Orientation)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := tag.Int(0); err != nil || got != o {
				t.Errorf("orientation %d reads as %d, %v", o, got, err)
			}
			if at, err := x.DateTime(); err != nil || at.Format("2006-01-02 15:04:05") != "2020-11-18 10:24:31" {
				t.Errorf("taken at %v, %v", at, err)
			}
			lat, long, err := x.LatLong()
			if err != nil || math.Abs(lat-Nowhere.Latitude) > 1e-4 || math.Abs(long-Nowhere.Longitude) > 1e-4 {
				t.Errorf("position %v %v, %v", lat, long, err)
			}
			if m, err := x.Get(exif.Make); err != nil || m.String() != `"SPECIMEN"` {
				t.Errorf("make %v, %v", m, err)
			}
			if thumb, err := x.JpegThumbnail(); err != nil || !bytes.Equal(thumb, c.Thumbnail) {
				t.Errorf("thumbnail %x, %v", thumb, err)
			}
		}
	}
}

func TestPNGsDecodeWithWhatTheyCarry(t *testing.T) {
	t.Parallel()
	phone := Phone()
	data, err := EncodePNG(flat(20, 10, color.White), PNGOptions{EXIF: &phone, Text: [][2]string{{"Software", "x"}},
		XMP: "y", ICC: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(data)); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"eXIf", "tEXtSoftware\x00x", "CreatorTool>y<", "iCCP"} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("%q is not in the file", want)
		}
	}
}

func TestAnimationsHaveTheirFrames(t *testing.T) {
	t.Parallel()
	data, err := animate(64, 48, 7)
	if err != nil {
		t.Fatal(err)
	}
	g, err := gif.DecodeAll(bytes.NewReader(data))
	if err != nil || len(g.Image) != 7 {
		t.Errorf("%d frames, %v", len(g.Image), err)
	}
	data, err = EncodeAPNG([]image.Image{flat(8, 8, color.White), flat(8, 8, color.Black)}, 10)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(data, []byte("fcTL")) != 2 || bytes.Count(data, []byte("fdAT")) != 1 {
		t.Error("the animated PNG does not hold two frames")
	}
	if _, err := png.Decode(bytes.NewReader(data)); err != nil {
		t.Errorf("the first frame: %v", err)
	}
}
