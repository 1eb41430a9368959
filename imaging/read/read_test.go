package read

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/onnx"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/models"
	"github.com/preflight-icp/preflight/models/modelstest"
	"github.com/preflight-icp/preflight/specimen"
)

// reader opens the reader, or skips the test where the models are not there.
func reader(t testing.TB) *Reader {
	t.Helper()
	dir := modelstest.Dir(t, models.Runtime(), models.TextDetector, models.TextDirection, models.TextRecognizer, models.TextKeys)
	r, err := onnx.Open(dir, onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	out, err := New(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fonts are those that specimens are drawn with, or the test is skipped.
func fonts(t testing.TB) *specimen.FontSet {
	t.Helper()
	set, err := specimen.Fonts()
	if errors.Is(err, specimen.ErrNoFonts) && os.Getenv("PREFLIGHT_TEST_REQUIRE") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// frame makes a Frame of a picture, as package imaging does of a file with an EXIF orientation.
func frame(img *image.RGBA, orientation int) *raster.Frame {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	f := &raster.Frame{Width: w, Height: h, ToFull: raster.Uprighting(orientation, w, h)}
	k := raster.SmallFactor(w, h)
	f.Small = raster.NewRGB(max(w/k, 1), max(h/k, 1))
	f.Scale = [2]float64{float64(f.Small.W) / float64(w), float64(f.Small.H) / float64(h)}
	stored := [2]int{w, h}
	if orientation >= 5 {
		stored = [2]int{h, w}
	}
	f.Full = raster.NewGray(stored[0], stored[1])
	sums := make([]int, len(f.Small.Pix))
	for y := range h {
		for x := range w {
			p := img.Pix[y*img.Stride+4*x:]
			at := f.ToFull.Apply(raster.Point{float64(x) + 0.5, float64(y) + 0.5})
			f.Full.Pix[int(at[1])*stored[0]+int(at[0])] = raster.Luma(p[0], p[1], p[2])
			if i, j := x/k, y/k; i < f.Small.W && j < f.Small.H {
				for c := range 3 {
					sums[3*(j*f.Small.W+i)+c] += int(p[c])
				}
			}
		}
	}
	for i, sum := range sums {
		f.Small.Pix[i] = uint8(sum / (k * k))
	}
	return f
}

// plain leaves letters and digits: what of spaces and full-width marks is recognized says nothing about reading.
func plain(text string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text))
}

// errorsIn is the least number of characters by which a text differs from any part of another.
func errorsIn(text, within []rune) int {
	row := make([]int, len(within)+1)
	for i, want := range text {
		diagonal := row[0]
		row[0] = i + 1
		for j, got := range within {
			cost := diagonal
			if want != got {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	least := len(text)
	for _, v := range row {
		least = min(least, v)
	}
	return least
}

// compare counts the characters of a document's lines and those of them that are read wrong.
func compare(doc *specimen.Document, got filing.Reading) (wrong, all int, failed []string) {
	for _, want := range doc.Lines {
		text := plain(want.Text)
		least := len(text)
		for _, l := range got.Lines {
			least = min(least, errorsIn(text, plain(l.Text)))
		}
		if least > 0 {
			failed = append(failed, want.Text)
		}
		wrong, all = wrong+least, all+len(text)
	}
	return wrong, all, failed
}

// drawn is a specimen edge to edge, so many pixels wide.
func drawn(t testing.TB, kind specimen.Kind, seed uint64, wide float64) *specimen.Document {
	t.Helper()
	set := fonts(t)
	mm, _ := specimen.Size(kind)
	doc, err := specimen.Draw(set, kind, seed, wide/mm)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// turned turns a picture by quarters of a turn, clockwise.
func turned(img *image.RGBA, quarters int) *image.RGBA {
	for range quarters % 4 {
		out := image.NewRGBA(image.Rect(0, 0, img.Rect.Dy(), img.Rect.Dx()))
		for y := range img.Rect.Dy() {
			for x := range img.Rect.Dx() {
				out.SetRGBA(img.Rect.Dy()-1-y, x, img.RGBAAt(x, y))
			}
		}
		img = out
	}
	return img
}

// mostWrong is the share of characters that may be read wrong of an upright specimen: the seal and the mark 样本 SPECIMEN lie over
// some.
const mostWrong = 0.05

func TestDocumentsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	r := reader(t)
	for _, c := range []struct {
		kind specimen.Kind
		wide float64
		must []string
	}{
		{specimen.IDCardFront, 1000, []string{"姓名", "公民身份号码"}},
		{specimen.IDCardBack, 1000, []string{"居民身份证", "签发机关", "有效期限"}},
		{specimen.BusinessLicense, 1400, []string{"营业执照", "统一社会信用代码", "法定代表人"}},
		{specimen.AuthorizationLetter, 1200, []string{"主体负责人授权书", "特此授权"}},
		{specimen.DomainCertificate, 1200, []string{"域名证书", "到期日期"}},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			doc := drawn(t, c.kind, 5, c.wide)
			got, err := r.Read(t.Context(), frame(doc.Image, 1), nil)
			if err != nil {
				t.Fatal(err)
			}
			wrong, all, failed := compare(doc, got)
			t.Logf("%d of %d characters wrong, in %q", wrong, all, failed)
			if float64(wrong) > mostWrong*float64(all) {
				t.Errorf("%d of %d characters are wrong; read %q", wrong, all, texts(got))
			}
			for _, want := range append(c.must, doc.Fields.Number, doc.Fields.CreditCode, doc.Fields.Domain) {
				// What is broken over two lines of a paragraph is whole once spaces and breaks are gone.
				if !strings.Contains(string(plain(strings.Join(texts(got), ""))), string(plain(want))) {
					t.Errorf("%q is not among %q", want, texts(got))
				}
			}
		})
	}
}

func texts(r filing.Reading) []string {
	out := make([]string, len(r.Lines))
	for i, l := range r.Lines {
		out[i] = l.Text
	}
	return out
}

func TestEveryTurnOfAPictureReadsTheSame(t *testing.T) {
	t.Parallel()
	r := reader(t)
	for _, kind := range []specimen.Kind{specimen.IDCardFront, specimen.ResidencePermitBack} {
		doc := drawn(t, kind, 7, 900)
		w, h := float64(doc.Image.Rect.Dx()), float64(doc.Image.Rect.Dy())
		// The document's own top left, in a picture turned by quarters.
		starts := []filing.Point{{0, 0}, {h, 0}, {w, h}, {0, w}}
		for quarters, start := range starts {
			got, err := r.Read(t.Context(), frame(turned(doc.Image, quarters), 1), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got.Page[0] != start {
				t.Errorf("%s turned by %d quarters: the page begins at %v, not %v", kind, quarters, got.Page[0], start)
			}
			if wrong, all, _ := compare(doc, got); float64(wrong) > mostWrong*float64(all) {
				t.Errorf("%s turned by %d quarters: %d of %d characters are wrong; read %q", kind, quarters, wrong, all, texts(got))
			}
		}
	}
}

// photo is a card on a table, photographed once for all tests.
var photo = sync.OnceValues(func() (*specimen.Photo, error) {
	return specimen.Photograph(specimen.IDCardFront, 2400, 1800, 21)
})

func TestADocumentInAPhotoIsReadByItself(t *testing.T) {
	t.Parallel()
	r := reader(t)
	fonts(t)
	p, err := photo()
	if err != nil {
		t.Fatal(err)
	}
	doc := drawn(t, specimen.IDCardFront, 21, 900)
	for _, c := range []struct {
		name        string
		orientation int
		corner      int
	}{
		{"as the camera saw it", 1, 0},
		{"its corners named from the opposite one, the file turned by EXIF", 6, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			on := raster.Quad(p.Corners).Turned(c.corner)
			f := frame(p.Image, c.orientation)
			got, err := r.Read(t.Context(), f, &on)
			if err != nil {
				t.Fatal(err)
			}
			if got.Page != p.Corners {
				t.Errorf("the page is %v, not %v", got.Page, p.Corners)
			}
			wrong, all, failed := compare(doc, got)
			if float64(wrong) > mostWrong*float64(all) {
				t.Errorf("%d of %d characters are wrong, in %q; read %q", wrong, all, failed, texts(got))
			}
			for _, l := range got.Lines {
				if plainly := string(plain(l.Text)); strings.Contains(plainly, strings.ToLower(doc.Fields.Number)) {
					m := p.ToPicture.Apply(filing.Point{46, 47})
					if middle := raster.Quad(l.Quad).Middle(); math.Hypot(middle[0]-m[0], middle[1]-m[1]) > 15*p.PxPerMM {
						t.Errorf("the number is read at %v, and stands at %v", middle, m)
					}
					return
				}
			}
			t.Errorf("the number %s is not among %q", doc.Fields.Number, texts(got))
		})
	}
}

func TestTheSamePictureGivesTheSameReadingFromAnyNumberOfGoroutines(t *testing.T) {
	t.Parallel()
	r := reader(t)
	f := frame(drawn(t, specimen.IDCardBack, 3, 700).Image, 1)
	var all [3]filing.Reading
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			var err error
			if all[i], err = r.Read(t.Context(), f, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, other := range all[1:] {
		if diff := cmp.Diff(all[0], other); diff != "" {
			t.Error(diff)
		}
	}
}

func TestPicturesOfEveryShapeAreReadWithoutHarm(t *testing.T) {
	t.Parallel()
	r := reader(t)
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name string
		w, h int
		on   *raster.Quad
	}{
		{"one pixel", 1, 1, nil},
		{"one row", 3000, 1, nil},
		{"one column", 1, 3000, nil},
		{"a ribbon", 600, 40, nil},
		{"the smallest page", 12, 12, nil},
		{"a document of no size", 64, 64, &raster.Quad{}},
		{"a document that is not a number", 64, 64, &raster.Quad{{nan, 0}, {9, 0}, {9, 9}, {0, 9}}},
		{"a document without end", 64, 64, &raster.Quad{{0, 0}, {inf, 0}, {9, 9}, {0, 9}}},
		{"a document outside of the picture", 64, 64, &raster.Quad{{100, 100}, {200, 100}, {200, 200}, {100, 200}}},
		{"a document that crosses itself", 64, 64, &raster.Quad{{0, 0}, {60, 60}, {60, 0}, {0, 60}}},
		{"a document counterclockwise", 64, 64, &raster.Quad{{0, 0}, {0, 60}, {60, 60}, {60, 0}}},
		{"a document that the frame cuts", 200, 200, &raster.Quad{{-80, 20}, {150, 20}, {150, 160}, {-80, 160}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
			draw.Draw(img, img.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
			got, err := r.Read(t.Context(), frame(img, 1), c.on)
			if err != nil || len(got.Lines) > 0 || got.Reader != Version {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	r := reader(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := frame(image.NewRGBA(image.Rect(0, 0, 100, 100)), 1)
	if _, err := r.Read(ctx, f, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWithoutModelsThereIsNoReader(t *testing.T) {
	t.Parallel()
	if _, err := New(t.TempDir(), nil); !errors.Is(err, ErrNoReader) {
		t.Errorf("%v", err)
	}
	dir := modelstest.Dir(t, models.Runtime())
	r, err := onnx.Open(dir, onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() }) // nothing was loaded
	if _, err := New(t.TempDir(), r); !errors.Is(err, ErrNoReader) {
		t.Errorf("%v", err)
	}
}
