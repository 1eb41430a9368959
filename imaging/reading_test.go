package imaging

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/draw"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/models"
	"github.com/preflight-icp/preflight/models/modelstest"
	"github.com/preflight-icp/preflight/specimen"
)

// newReader is an analyzer that reads text, or the test is skipped where the models or the fonts of specimens are not there.
func newReader(t testing.TB, o Options) *Analyzer {
	t.Helper()
	o.Models = modelstest.Dir(t, models.Runtime(), models.TextDetector, models.TextDirection, models.TextRecognizer, models.TextKeys)
	if _, err := specimen.Fonts(); errors.Is(err, specimen.ErrNoFonts) && os.Getenv("PREFLIGHT_TEST_REQUIRE") != "1" {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// card is a photo of an ID card on a table, and its number.
var card = sync.OnceValues(func() (*specimen.Photo, error) {
	return specimen.Photograph(specimen.IDCardFront, 1600, 1200, 21)
})

func cardPhoto(t testing.TB) (img *image.RGBA, number string) {
	t.Helper()
	p, err := card()
	if err != nil {
		t.Fatal(err)
	}
	set, err := specimen.Fonts()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := specimen.Draw(set, specimen.IDCardFront, 21, 4)
	if err != nil {
		t.Fatal(err)
	}
	return p.Image, doc.Fields.Number
}

// readFile measures a file and reads it.
func readFile(t testing.TB, a *Analyzer, data []byte) (filing.Measurements, filing.Reading) {
	t.Helper()
	m, err := a.Analyze(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Read(t.Context(), data, &m)
	if err != nil {
		t.Fatal(err)
	}
	return m, r
}

// lineWith returns the middle of the line that holds a text.
func lineWith(t testing.TB, r filing.Reading, text string) filing.Point {
	t.Helper()
	var all []string
	for _, l := range r.Lines {
		if strings.Contains(strings.ReplaceAll(l.Text, " ", ""), text) {
			return filing.Point{(l.Quad[0][0] + l.Quad[2][0]) / 2, (l.Quad[0][1] + l.Quad[2][1]) / 2}
		}
		all = append(all, l.Text)
	}
	t.Fatalf("%q is not among %q", text, all)
	return filing.Point{}
}

func TestAPhotoIsReadWhicheverWayItIsStored(t *testing.T) {
	t.Parallel()
	a := newReader(t, Options{})
	img, number := cardPhoto(t)
	upright := encodeJPEG(t, img, 90)
	m, reading := readFile(t, a, upright)
	if m.Document == nil || m.Document.Confidence < sureOfPage {
		t.Fatalf("the document was not located: %+v", m.Document)
	}
	if reading.Reader != a.ReaderVersion() || reading.Reader == "" {
		t.Errorf("read by %q, not %q", reading.Reader, a.ReaderVersion())
	}
	at := lineWith(t, reading, number)
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"turned by EXIF", withEXIF(encodeJPEG(t, stored(img, 6), 90), oriented(6))},
		{"upside down by EXIF", withEXIF(encodeJPEG(t, stored(img, 3), 90), oriented(3))},
		{"PNG", encodePNG(t, img)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, reading := readFile(t, a, c.data)
			if other := lineWith(t, reading, number); math.Hypot(other[0]-at[0], other[1]-at[1]) > 12 {
				t.Errorf("the number stands at %v, upright at %v", other, at)
			}
		})
	}
}

func TestALargePictureIsReadAtTheSizeThatReadingNeeds(t *testing.T) {
	t.Parallel()
	a := newReader(t, Options{ReadSide: minReadSide})
	if version := a.ReaderVersion(); !strings.HasSuffix(version, "+side640") {
		t.Errorf("the size is not part of the version %q", version)
	}
	set, err := specimen.Fonts()
	if err != nil {
		t.Fatal(err)
	}
	const px = 20.0 // a millimetre
	doc, err := specimen.Draw(set, specimen.IDCardFront, 21, px)
	if err != nil {
		t.Fatal(err)
	}
	data := encodeJPEG(t, doc.Image, 90)
	m, err := a.Analyze(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	m.Document, m.Others = nil, nil // it fills the picture
	reading, err := a.Read(t.Context(), data, &m)
	if err != nil {
		t.Fatal(err)
	}
	// The number stands 47 mm below the card's upper edge (see package specimen).
	if at := lineWith(t, reading, doc.Fields.Number); math.Abs(at[1]-47*px) > 2*px {
		t.Errorf("the number stands at %v of the full picture", at)
	}
	w, h := float64(m.Width), float64(m.Height)
	if reading.Page != [4]filing.Point{{0, 0}, {w, 0}, {w, h}, {0, h}} {
		t.Errorf("the page is %v of %v x %v", reading.Page, w, h)
	}
}

func TestHowFarAPictureIsReduced(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		page float64
		by   int
	}{{1, 1}, {2400, 1}, {4799, 1}, {4800, 2}, {9599, 2}, {9600, 4}, {19200, 8}, {1e9, 8}} {
		if by := reduction(c.page, DefaultReadSide); by != c.by {
			t.Errorf("a page of %v pixels is reduced by %d, not %d", c.page, by, c.by)
		}
	}
}

func TestWhichPageIsRead(t *testing.T) {
	t.Parallel()
	doc := func(confidence float64) *filing.Document {
		return &filing.Document{Quad: [4]filing.Point{{1, 1}, {9, 1}, {9, 9}, {1, 9}}, Confidence: confidence}
	}
	for _, c := range []struct {
		name     string
		m        filing.Measurements
		document bool
	}{
		{"nothing was located", filing.Measurements{}, false},
		{"a document", filing.Measurements{Document: doc(0.9)}, true},
		{"what is more likely none", filing.Measurements{Document: doc(0.4)}, false},
		{"a document beside what is likely none", filing.Measurements{Document: doc(0.9), Others: []filing.Document{*doc(0.2)}}, true},
		{"two documents", filing.Measurements{Document: doc(0.9), Others: []filing.Document{*doc(0.8)}}, false},
	} {
		if on := pageOf(&c.m); (on != nil) != c.document {
			t.Errorf("%s: the page is %v", c.name, on)
		}
	}
}

func TestOnePictureGivesOneReadingFromAnyNumberOfGoroutines(t *testing.T) {
	t.Parallel()
	a := newReader(t, Options{Reads: 3})
	img, _ := cardPhoto(t)
	data := encodeJPEG(t, img, 85)
	m, first := readFile(t, a, data)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			again, err := a.Read(t.Context(), data, &m)
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(first, again); diff != "" {
				t.Error(diff)
			}
		})
	}
	wg.Wait()
}

func TestWhatCannotBeDecodedIsNotRead(t *testing.T) {
	t.Parallel()
	a := newReader(t, Options{MaxPixels: 20_000_000})
	whole := encodeJPEG(t, photo(), 85)
	sound := analyze(t, whole)
	for _, c := range []struct {
		name string
		data []byte
		m    *filing.Measurements
		want error
	}{
		{"no measurements", whole, nil, ErrDamaged},
		{"measurements of what was not decoded", whole, &filing.Measurements{Format: filing.FormatJPEG}, ErrDamaged},
		{"measurements of a damaged picture", whole, &filing.Measurements{Decode: &filing.Decode{Reason: filing.DecodeCorrupt}}, ErrDamaged},
		{"a truncated file", whole[:len(whole)*2/3], &sound, ErrDamaged},
		{"an empty file", nil, &sound, ErrUnsupported},
		{"no picture", bytes.Repeat([]byte("text "), 100), &sound, ErrUnsupported},
		{"noise in the middle", garbled(whole), &sound, ErrDamaged},
		{"more pixels than allowed", pngBomb(t, 60000, 60000), &sound, ErrTooManyPixels},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := a.Read(t.Context(), c.data, c.m)
			if !errors.Is(err, c.want) || len(r.Lines) > 0 {
				t.Errorf("%v, %+v", err, r)
			}
		})
	}
}

// garbled is a file whose last two thirds are of another one.
func garbled(data []byte) []byte {
	out := bytes.Clone(data)
	for i := len(out) / 3; i < len(out)-2; i++ {
		out[i] = byte(i * 7919)
	}
	return out
}

func TestAPictureWithoutTextHasNoLines(t *testing.T) {
	t.Parallel()
	a := newReader(t, Options{})
	for _, c := range []struct {
		name string
		w, h int
	}{{"one pixel", 1, 1}, {"a ribbon", 900, 9}, {"white", 300, 200}} {
		img := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
		draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
		for name, data := range map[string][]byte{"jpeg": encodeJPEG(t, img, 85), "png": encodePNG(t, img)} {
			if _, r := readFile(t, a, data); len(r.Lines) > 0 || r.Reader == "" {
				t.Errorf("%s as %s: %+v", c.name, name, r)
			}
		}
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	a := newReader(t, Options{})
	data := encodeJPEG(t, photo(), 85)
	m := analyze(t, data)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Read(ctx, data, &m); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWithoutModelsNothingIsReadAndTheErrorSaysSo(t *testing.T) {
	t.Parallel()
	data := encodeJPEG(t, photo(), 85)
	m := analyze(t, data)
	dir := modelstest.Dir(t, models.Runtime(), models.TextDetector)
	partly := t.TempDir()
	for _, name := range []models.Name{models.Runtime(), models.TextDetector} {
		if err := os.Symlink(filepath.Join(dir, string(name)), filepath.Join(partly, string(name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		o    Options
	}{
		{"no folder", Options{}},
		{"an empty folder", Options{Models: t.TempDir()}},
		{"some of the models", Options{Models: partly, Runtime: filepath.Join(dir, string(models.Runtime()))}},
		{"reading switched off", Options{Models: dir, WithoutReading: true}},
	} {
		a, err := New(c.o)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if v := a.ReaderVersion(); v != "" {
			t.Errorf("%s: the reader's version is %q", c.name, v)
		}
		if err := a.PrepareReading(); !errors.Is(err, ErrNoReader) {
			t.Errorf("%s: prepare: %v", c.name, err)
		}
		if _, err := a.Read(t.Context(), data, &m); !errors.Is(err, ErrNoReader) {
			t.Errorf("%s: read: %v", c.name, err)
		}
		_ = a.Close() // nothing was loaded
	}
}

func TestADamagedModelIsSaidWhenItIsLoaded(t *testing.T) {
	t.Parallel()
	dir := modelstest.Dir(t, models.Runtime(), models.TextDetector, models.TextDirection, models.TextRecognizer, models.TextKeys)
	broken := t.TempDir()
	for _, name := range []models.Name{models.TextDirection, models.TextRecognizer, models.TextKeys} {
		if err := os.Symlink(filepath.Join(dir, string(name)), filepath.Join(broken, string(name))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(broken, string(models.TextDetector)), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := New(Options{Models: broken, Runtime: filepath.Join(dir, string(models.Runtime()))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() }) // the test is about loading
	for range 2 {
		if err := a.PrepareReading(); !errors.Is(err, models.ErrChecksum) {
			t.Errorf("%v", err)
		}
	}
}

func TestOptionsOfReadingThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{ReadSide: -1}, {ReadSide: 100}, {Reads: -1}, {Reads: 1000}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// The number of a card stands below what was taken for its lower side.
func TestADocumentWhoseSidesAreNotSureIsReadWithItsSurround(t *testing.T) {
	t.Parallel()
	a := newReader(t, Options{})
	img, number := cardPhoto(t)
	data := encodeJPEG(t, img, 90)
	m, reading := readFile(t, a, data)
	lineWith(t, reading, number)
	whole := m.Document.Quad
	between := func(from, to filing.Point) filing.Point {
		const part = 0.8
		return filing.Point{from[0] + part*(to[0]-from[0]), from[1] + part*(to[1]-from[1])}
	}
	m.Document.Quad[2], m.Document.Quad[3] = between(whole[1], whole[2]), between(whole[0], whole[3])
	read := func(confidence float64) filing.Reading {
		m.Document.Confidence = confidence
		r, err := a.Read(t.Context(), data, &m)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	lineWith(t, read(0.75), number)
	for _, l := range read(0.95).Lines {
		if strings.Contains(strings.ReplaceAll(l.Text, " ", ""), number) {
			t.Error("what lies beyond sides that are sure was read")
		}
	}
}

func TestTheSurroundOfADocumentLiesInItsPlane(t *testing.T) {
	t.Parallel()
	slanting := raster.Quad{{400, 100}, {700, 100}, {1000, 600}, {100, 600}}
	for name, c := range map[string]struct{ in, want raster.Quad }{
		"seen from straight above it is as wide on every side": {
			raster.Quad{{100, 100}, {300, 100}, {300, 200}, {100, 200}}, raster.Quad{{80, 80}, {320, 80}, {320, 220}, {80, 220}},
		},
		"one that lies down to the horizon stays as it is": {
			raster.Quad{{490, 100}, {510, 100}, {1000, 600}, {0, 600}}, raster.Quad{{490, 100}, {510, 100}, {1000, 600}, {0, 600}},
		},
		"what is no quadrilateral stays as it is": {
			raster.Quad{{1, 1}, {1, 1}, {1, 1}, {1, 1}}, raster.Quad{{1, 1}, {1, 1}, {1, 1}, {1, 1}},
		},
	} {
		if got := surrounded(c.in); !sameCorners(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
	if got := surrounded(slanting); !got.Convex() || got.Area() < 1.2*slanting.Area() {
		t.Errorf("the surround of a slanting document is %v", got)
	}
}

func sameCorners(a, b raster.Quad) bool {
	for i := range a {
		if math.Hypot(a[i][0]-b[i][0], a[i][1]-b[i][1]) > 1e-6 {
			return false
		}
	}
	return true
}
