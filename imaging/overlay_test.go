package imaging

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// slanted is a quadrilateral in photo() whose corners, in shares of the picture, no turn or reflection maps to each other.
func slanted(w, h float64) [4]filing.Point {
	return [4]filing.Point{{0.2 * w, 0.25 * h}, {0.8 * w, 0.2 * h}, {0.85 * w, 0.7 * h}, {0.15 * w, 0.8 * h}}
}

// everything is what an analyzer could measure of a picture of w x h, all of it at once.
func everything(w, h float64) filing.Measurements {
	quad := slanted(w, h)
	m, _ := raster.RectToQuad(1, 1, quad)
	part := func(u, v, du, dv float64) [4]filing.Point {
		return [4]filing.Point{
			m.Apply(filing.Point{u, v}), m.Apply(filing.Point{u + du, v}),
			m.Apply(filing.Point{u + du, v + dv}), m.Apply(filing.Point{u, v + dv}),
		}
	}
	glare, finger := part(0.3, 0.2, 0.2, 0.2), part(0.8, 0.8, 0.2, 0.2)
	out := filing.Measurements{
		Sharpness: 5.2,
		Document: &filing.Document{
			Quad: quad, Confidence: 0.97, FrameShare: 0.3, Tilt: 4, Occluded: 0.02, Occlusions: [][]filing.Point{finger[:]},
			Formats: []filing.FormatFit{{Format: filing.FormatID1, PxPerMM: 14.2}}, OutsideShare: 0.01,
		},
		Others:     []filing.Document{{Quad: [4]filing.Point{{0, 0}, {0.1 * w, 0}, {0.1 * w, 0.1 * h}, {0, 0.1 * h}}, Confidence: 0.6}},
		Legibility: &filing.Legibility{EdgeWidthPx: 6.1, TextHeightPx: 33, MotionPx: 3, MotionDirection: 30},
		Glare:      &filing.Glare{Share: 0.031, TextShare: 0.02, Regions: [][]filing.Point{glare[:]}},
		Exposure:   &filing.Exposure{Paper: 210, Ink: 44, Uneven: 0.7},
		Colour:     &filing.Colour{Chroma: 23, ChromaShare: 0.08},
		Faces: []filing.Face{
			{Box: [4]float64{0.6 * w, 0.3 * h, 0.1 * w, 0.2 * h}, Confidence: 0.99, InDocument: true},
			{Box: [4]float64{0.05 * w, 0.05 * h, 0.1 * w, 0.2 * h}, Confidence: 0.98},
		},
		Recapture: &filing.Recapture{Score: 0.04, Cues: []string{"no_camera_data"}},
	}
	for i := range 4 {
		tile := filing.SharpnessTile{Quad: part(0.05+0.1*float64(i), 0.5, 0.1, 0.2), EdgeWidthPx: 3 + 3*float64(i)}
		out.Legibility.Tiles = append(out.Legibility.Tiles, tile)
	}
	return out
}

func overlayOf(t *testing.T, data []byte, m filing.Measurements) image.Image {
	t.Helper()
	out, err := newAnalyzer(t).Overlay(t.Context(), data, m)
	if err != nil {
		t.Fatal(err)
	}
	img := decodeImage(t, out)
	if side := max(img.Bounds().Dx(), img.Bounds().Dy()); side > OverlaySide {
		t.Errorf("the overlay's long side is %d", side)
	}
	return img
}

// near reports whether a colour is within a JPEG's error of another.
func near(c color.Color, want color.NRGBA) bool {
	r, g, b, _ := c.RGBA()
	far := func(a uint32, b uint8) bool { return math.Abs(float64(a>>8)-float64(b)) > 48 }
	return !far(r, want.R) && !far(g, want.G) && !far(b, want.B)
}

func TestOverlayShowsTheDocumentAndDarkensTheRest(t *testing.T) {
	t.Parallel()
	data := encodeJPEG(t, photo(), 92)
	m := filing.Measurements{Document: &filing.Document{Quad: slanted(1200, 900), Confidence: 0.9}}
	img := overlayOf(t, data, m)
	sum := func(c color.Color) uint32 {
		r, g, b, _ := c.RGBA()
		return (r + g + b) >> 8
	}
	if before, after := sum(photo().At(60, 450)), sum(img.At(60, 450)); after > before*3/4 {
		t.Errorf("the table is %d bright after %d", after, before)
	}
	if before, after := sum(photo().At(600, 420)), sum(img.At(600, 420)); after < before*9/10 || after > before*11/10 {
		t.Errorf("the document is %d bright after %d", after, before)
	}
	q := m.Document.Quad
	for i := range q {
		next := q[(i+1)%4]
		x, y := int((q[i][0]+next[0])/2), int((q[i][1]+next[1])/2)
		if c := img.At(x, y); !near(c, skyBlue) {
			t.Errorf("the middle of side %d is %v", i, c)
		}
	}
	if c := img.At(int(q[0][0]), int(q[0][1])); !near(c, skyBlue) {
		t.Errorf("the document's own top left corner is %v", c)
	}
	if c := img.At(int(q[2][0]), int(q[2][1])); !near(c, white) {
		t.Errorf("another corner is %v", c)
	}
}

func TestOverlayMarksWhereTheFrameCutsTheDocumentOff(t *testing.T) {
	t.Parallel()
	data := encodeJPEG(t, photo(), 92)
	m := filing.Measurements{Document: &filing.Document{
		Quad: [4]filing.Point{{300, 200}, {1500, 200}, {1500, 700}, {300, 700}}, OutsideShare: 0.25,
	}}
	if c := overlayOf(t, data, m).At(1197, 450); !near(c, vermillion) {
		t.Errorf("the frame where it cuts is %v", c)
	}
}

func TestOverlayOfAPictureInAnyOrientationIsTheSame(t *testing.T) {
	t.Parallel()
	m := everything(1200, 900)
	want := overlayOf(t, encodeJPEG(t, photo(), 92), m)
	for orientation := 2; orientation <= 8; orientation++ {
		data := withEXIF(encodeJPEG(t, stored(photo(), orientation), 92), oriented(orientation))
		if d := apart(t, want, overlayOf(t, data, m)); d > 2 {
			t.Errorf("orientation %d: differs by %.1f levels", orientation, d)
		}
	}
}

func TestOverlayFitsPicturesOfAnyShape(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{1, 1}, {16, 16}, {3000, 40}, {40, 3000}, {900, 1600}, {1600, 1600}, {2000, 1990}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			img := image.NewRGBA(image.Rectangle{Max: size})
			overlayOf(t, encodeJPEG(t, img, 80), everything(float64(size.X), float64(size.Y)))
		})
	}
}

func TestOverlayIsTheSameBytesEveryTime(t *testing.T) {
	t.Parallel()
	data, m := encodeJPEG(t, photo(), 92), everything(1200, 900)
	a := newAnalyzer(t)
	first, err := a.Overlay(t.Context(), data, m)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if again, err := a.Overlay(t.Context(), data, m); err != nil || !bytes.Equal(first, again) {
			t.Fatalf("%d bytes after %d, %v", len(again), len(first), err)
		}
	}
}

func TestOverlayOfHostileMeasurementsIsDrawnAllTheSame(t *testing.T) {
	t.Parallel()
	data := encodeJPEG(t, photo(), 92)
	nan, inf := math.NaN(), math.Inf(1)
	for name, bad := range map[string]float64{"no number": nan, "infinite": inf, "far away": 1e300, "beyond": -4e6, "nothing": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := everything(1200, 900)
			p := filing.Point{bad, bad}
			m.Document.Quad[1], m.Others[0].Quad[0], m.Others[0].Confidence = p, p, bad
			m.Document.Tilt, m.Document.Confidence, m.Document.Formats[0].Format = bad, bad, "\x00字"
			m.Legibility.Tiles[0].Quad[2], m.Legibility.Tiles[1].EdgeWidthPx, m.Legibility.MotionDirection = p, bad, bad
			m.Glare.Regions = append(m.Glare.Regions, []filing.Point{p, p, p}, []filing.Point{p}, nil)
			m.Document.Occlusions = append(m.Document.Occlusions, []filing.Point{{1, 1}, p, {2, 2}})
			m.Exposure.Ink, m.Exposure.Paper, m.Faces[0].Box, m.Faces[1].Box[2] = bad, bad, [4]float64{bad, bad, bad, bad}, bad
			overlayOf(t, data, m)
		})
	}
	t.Run("nothing measured", func(t *testing.T) {
		t.Parallel()
		overlayOf(t, data, filing.Measurements{})
	})
}

func TestRectifiedShowsTheDocumentFromAbove(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	doc := filing.Document{Quad: slanted(1200, 900)}
	toQuad, ok := raster.RectToQuad(600, 400, doc.Quad)
	if !ok {
		t.Fatal("the test's quadrilateral is none")
	}
	for orientation := 1; orientation <= 8; orientation++ {
		turned := stored(photo(), orientation)
		for kind, data := range map[string][]byte{
			"JPEG": withEXIF(encodeJPEG(t, turned, 95), oriented(orientation)),
			"PNG":  withChunk(encodePNG(t, turned), "eXIf", string(oriented(orientation))),
		} {
			out, err := a.Rectified(t.Context(), data, doc, 600)
			if err != nil {
				t.Fatal(err)
			}
			img := decodeImage(t, out)
			if img.Bounds().Dx() != 600 || img.Bounds().Dy() < 300 {
				t.Fatalf("%s %d: %v", kind, orientation, img.Bounds())
			}
			// What is written at a place of the result is what the photo shows there.
			want := image.NewRGBA(img.Bounds())
			for y := range want.Rect.Dy() {
				for x := range want.Rect.Dx() {
					p := toQuad.Apply(filing.Point{float64(x) + 0.5, (float64(y) + 0.5) * 400 / float64(want.Rect.Dy())})
					want.Set(x, y, photo().At(int(p[0]), int(p[1])))
				}
			}
			if d := apart(t, want, img); d > 4 {
				t.Errorf("%s of orientation %d: differs by %.1f levels", kind, orientation, d)
			}
		}
	}
}

func TestRectifiedHasTheFormatsProportionsAndNeverInventsPixels(t *testing.T) {
	t.Parallel()
	data := encodeJPEG(t, photo(), 92)
	for _, c := range []struct {
		name       string
		quad       [4]filing.Point
		formats    []filing.FormatFit
		long, w, h int
	}{
		{"a card", [4]filing.Point{{100, 100}, {956, 100}, {956, 600}, {100, 600}}, []filing.FormatFit{{Format: filing.FormatID1}}, 428, 428, 270},
		{"a page across", [4]filing.Point{{100, 100}, {400, 100}, {400, 500}, {100, 500}}, []filing.FormatFit{{Format: filing.FormatA4}}, 200, 141, 200},
		{"no known format", [4]filing.Point{{100, 100}, {500, 100}, {500, 300}, {100, 300}}, nil, 100, 100, 50},
		{"fewer pixels than asked for", [4]filing.Point{{100, 100}, {200, 100}, {200, 150}, {100, 150}}, nil, 4096, 100, 50},
		{"a format of tomorrow", [4]filing.Point{{100, 100}, {200, 100}, {200, 150}, {100, 150}}, []filing.FormatFit{{Format: "b5"}}, 100, 100, 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, err := newAnalyzer(t).Rectified(t.Context(), data, filing.Document{Quad: c.quad, Formats: c.formats}, c.long)
			if err != nil {
				t.Fatal(err)
			}
			if size := decodeImage(t, out).Bounds().Size(); size != image.Pt(c.w, c.h) {
				t.Errorf("is %v, want %d x %d", size, c.w, c.h)
			}
		})
	}
}

func TestRectifiedIsGreyWhereTheFrameCutsTheDocumentOff(t *testing.T) {
	t.Parallel()
	doc := filing.Document{Quad: [4]filing.Point{{600, 100}, {1800, 100}, {1800, 800}, {600, 800}}}
	out, err := newAnalyzer(t).Rectified(t.Context(), encodeJPEG(t, photo(), 92), doc, 1200)
	if err != nil {
		t.Fatal(err)
	}
	img := decodeImage(t, out)
	if c := img.At(1100, 350); !near(c, color.NRGBA{160, 160, 160, 255}) {
		t.Errorf("beyond the frame is %v", c)
	}
	if got, want := img.At(300, 600), photo().At(900, 700); apart(t, uniform(got), uniform(want)) > 40 {
		t.Errorf("inside is %v, was %v", got, want)
	}
}

func uniform(c color.Color) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 4, 4))
	for i := range 16 {
		img.Set(i%4, i/4, c)
	}
	return img
}

func TestNoDocumentNoRectifiedPicture(t *testing.T) {
	t.Parallel()
	data := encodeJPEG(t, photo(), 92)
	for name, quad := range map[string][4]filing.Point{
		"nothing":         {},
		"crossed sides":   {{100, 100}, {500, 500}, {500, 100}, {100, 500}},
		"the other way":   {{100, 100}, {100, 500}, {500, 500}, {500, 100}},
		"outside":         {{2000, 100}, {2500, 100}, {2500, 500}, {2000, 500}},
		"no number":       {{math.NaN(), 100}, {500, 100}, {500, 500}, {100, 500}},
		"infinitely wide": {{100, 100}, {math.Inf(1), 100}, {math.Inf(1), 500}, {100, 500}},
	} {
		if _, err := newAnalyzer(t).Rectified(t.Context(), data, filing.Document{Quad: quad}, 600); !errors.Is(err, ErrNoDocument) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingIsDrawnOfWhatCannotBeDecoded(t *testing.T) {
	t.Parallel()
	whole := encodeJPEG(t, photo(), 92)
	doc := filing.Document{Quad: slanted(1200, 900)}
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"a PDF", []byte("%PDF-1.7\n"), ErrUnsupported},
		{"nothing", nil, ErrUnsupported},
		{"half a JPEG", whole[:len(whole)/2], ErrDamaged},
		{"a header alone", bareJPEG(0xc0, 600, 400, 1), ErrDamaged},
		{"900 megapixels", pngBomb(t, 30000, 30000), ErrTooManyPixels},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAnalyzer(t)
			if _, err := a.Overlay(t.Context(), c.data, filing.Measurements{}); !errors.Is(err, c.want) {
				t.Errorf("overlay: %v", err)
			}
			if _, err := a.Rectified(t.Context(), c.data, doc, 600); !errors.Is(err, c.want) {
				t.Errorf("rectified: %v", err)
			}
		})
	}
}

func TestGIFAndTransparentPicturesAreDrawnToo(t *testing.T) {
	t.Parallel()
	glass := image.NewNRGBA(image.Rect(0, 0, 600, 450))
	for name, data := range map[string][]byte{"GIF": gifOf(t, false, palettedPhoto()), "transparent": encodePNG(t, glass)} {
		overlayOf(t, data, everything(600, 450))
		out, err := newAnalyzer(t).Rectified(t.Context(), data, filing.Document{Quad: slanted(600, 450)}, 300)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name == "transparent" && !near(decodeImage(t, out).At(20, 20), white) {
			t.Error("what is transparent is not white")
		}
	}
}

// FuzzOverlay draws whatever measurements may be kept: they come from a database.
func FuzzOverlay(f *testing.F) {
	data := encodeJPEG(nil, image.NewRGBA(image.Rect(0, 0, 64, 48)), 80)
	seed, err := json.Marshal(everything(64, 48))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, kept []byte) {
		var m filing.Measurements
		if json.Unmarshal(kept, &m) != nil || len(kept) > 1<<14 {
			return
		}
		a := newAnalyzer(t)
		if _, err := a.Overlay(t.Context(), data, m); err != nil {
			t.Fatal(err)
		}
		if m.Document != nil {
			if _, err := a.Rectified(t.Context(), data, *m.Document, 64); err != nil && !errors.Is(err, ErrNoDocument) {
				t.Fatal(err)
			}
		}
	})
}
