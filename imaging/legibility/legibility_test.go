package legibility_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/legibility"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// shoot photographs a specimen in an ordinary scene that was changed.
func shoot(t *testing.T, kind specimen.Kind, seed uint64, change func(*specimen.Scene), extra ...specimen.Step) (*specimen.Photo, *filing.Document) {
	t.Helper()
	fonts, err := specimen.Fonts()
	if err != nil {
		t.Skip(err)
	}
	scene := specimen.Ordinary(1600, 1200, seed)
	if change != nil {
		change(&scene)
	}
	w, h := specimen.Size(kind)
	doc, err := specimen.Draw(fonts, kind, seed, scene.PxPerMM(w, h))
	if err != nil {
		t.Fatal(err)
	}
	steps := scene.Steps()
	steps = append(steps[:4:4], append(extra, steps[4:]...)...) // between the lens and the sensor
	photo, err := scene.ShootWith(doc, steps)
	if err != nil {
		t.Fatal(err)
	}
	return photo, located(kind, photo.Corners)
}

// smallest is the height of the characters of the smallest ordinary print in millimetres: 0.92 of the body.
func smallest(kind specimen.Kind) float64 {
	return 0.92 * map[specimen.Kind]float64{specimen.IDCardFront: 2.5, specimen.BusinessLicense: 4.4, specimen.PlainLetter: 4}[kind]
}

func TestSharpnessIsThatOfTheLens(t *testing.T) {
	t.Parallel()
	for _, kind := range []specimen.Kind{specimen.IDCardFront, specimen.BusinessLicense, specimen.PlainLetter} {
		for _, want := range []float64{0.2, 0.5} {
			t.Run(fmt.Sprintf("%s with edges of %.1f of its print", kind, want), func(t *testing.T) {
				t.Parallel()
				sharp, _ := shoot(t, kind, 3, nil)
				height := smallest(kind) * sharp.PxPerMM
				// The 10-90 % rise of a Gaussian is 2.563 of its sigma.
				photo, doc := shoot(t, kind, 3, func(s *specimen.Scene) { s.Blur = want * height / 2.563 })
				r := legibility.Measure(frameOf(photo.Image, 1), doc)
				if r.Legibility == nil || r.Sharpness == 0 {
					t.Fatalf("nothing was measured: %+v", r.Legibility)
				}
				// A third is what strokes that run into each other cost; where they have become one, and nothing can be read,
				// the edge of the blot is up to 1.6 times as wide as that of a stroke.
				wide := 1.35
				if want > 0.35 {
					wide = 1.6
				}
				if got := 1 / r.Sharpness; got < want/1.35 || got > want*wide {
					t.Errorf("edges are %.3f of the text's height, want about %.2f", got, want)
				}
				if got := r.Legibility.TextHeightPx; got < height/1.35 || got > height*1.35 {
					t.Errorf("text is %.1f pixels high, want about %.1f", got, height)
				}
			})
		}
	}
}

func TestSharpnessDoesNotDependOnContrastNoiseOrOrientation(t *testing.T) {
	t.Parallel()
	measure := func(orientation int, change func(*specimen.Scene)) float64 {
		photo, doc := shoot(t, specimen.IDCardFront, 4, func(s *specimen.Scene) {
			s.Blur = 4
			if change != nil {
				change(s)
			}
		})
		return 1 / legibility.Measure(frameOf(photo.Image, orientation), doc).Sharpness
	}
	plain := measure(1, nil)
	for name, got := range map[string]float64{
		"half the light":         measure(1, func(s *specimen.Scene) { s.Exposure /= 2 }),
		"four times the noise":   measure(1, func(s *specimen.Scene) { s.ReadNoise, s.ShotNoise = 4*s.ReadNoise, 4*s.ShotNoise }),
		"another table":          measure(1, func(s *specimen.Scene) { s.Background = specimen.Wood }),
		"stored on its side":     measure(6, nil),
		"stored in a mirror":     measure(5, nil),
		"stored upside down":     measure(3, nil),
		"a document turned by 9": measure(1, func(s *specimen.Scene) { s.Turn = 9 }),
	} {
		if math.Abs(math.Log(got/plain)) > 0.2 {
			t.Errorf("%s: edges are %.3f of the text's height, %.3f without", name, got, plain)
		}
	}
}

// smear moves the camera during the exposure.
func smear(length, degrees float64) specimen.Step {
	return specimen.Step{Name: "smear", Run: func(s *specimen.Shot) error {
		from := s.Light
		to := specimen.NewLight(from.W, from.H)
		sin, cos := math.Sincos(degrees * math.Pi / 180)
		n := int(length) + 1
		for k := range n {
			at := (float64(k)+0.5)/float64(n) - 0.5
			dx, dy := int(math.Round(at*length*cos)), int(math.Round(at*length*sin))
			for y := range to.H {
				v := min(max(y+dy, 0), to.H-1)
				for x := range to.W {
					u := min(max(x+dx, 0), to.W-1)
					for c := range 3 {
						to.Pix[3*(y*to.W+x)+c] += from.Pix[3*(v*to.W+u)+c] / float32(n)
					}
				}
			}
		}
		s.Light = to
		return nil
	}}
}

func TestMovementIsToldFromDefocus(t *testing.T) {
	t.Parallel()
	for _, degrees := range []float64{0, 90} {
		photo, doc := shoot(t, specimen.IDCardFront, 5, nil, smear(16, degrees))
		l := legibility.Measure(frameOf(photo.Image, 1), doc).Legibility
		if l == nil || l.MotionPx < 0.35*l.EdgeWidthPx {
			t.Fatalf("moved along %.0f: %+v", degrees, l)
		}
		if off := math.Abs(math.Remainder(l.MotionDirection-degrees, 180)); off > 20 {
			t.Errorf("moved along %.0f degrees, measured %.0f", degrees, l.MotionDirection)
		}
	}
	photo, doc := shoot(t, specimen.IDCardFront, 5, func(s *specimen.Scene) { s.Blur = 6 })
	if l := legibility.Measure(frameOf(photo.Image, 1), doc).Legibility; l.MotionPx > 0.35*l.EdgeWidthPx {
		t.Errorf("out of focus, measured as movement of %.1f pixels over edges of %.1f", l.MotionPx, l.EdgeWidthPx)
	}
}

// twice shows everything twice, so far apart: a hand that rests, jerks and rests again.
func twice(apart, degrees float64) specimen.Step {
	return specimen.Step{Name: "twice", Run: func(s *specimen.Shot) error {
		from := s.Light
		to := specimen.NewLight(from.W, from.H)
		sin, cos := math.Sincos(degrees * math.Pi / 180)
		dx, dy := int(math.Round(apart*cos)), int(math.Round(apart*sin))
		for y := range to.H {
			v := min(max(y+dy, 0), to.H-1)
			for x := range to.W {
				u := min(max(x+dx, 0), to.W-1)
				for c := range 3 {
					to.Pix[3*(y*to.W+x)+c] = (from.Pix[3*(y*to.W+x)+c] + from.Pix[3*(v*to.W+u)+c]) / 2
				}
			}
		}
		s.Light = to
		return nil
	}}
}

func TestStrokesThatAreThereTwiceLackDetail(t *testing.T) {
	t.Parallel()
	for _, kind := range []specimen.Kind{specimen.IDCardFront, specimen.PlainLetter} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			measure := func(photo *specimen.Photo, doc *filing.Document, orientation int) float64 {
				l := legibility.Measure(frameOf(photo.Image, orientation), doc).Legibility
				if l == nil {
					t.Fatal("nothing was measured")
				}
				return l.Detail
			}
			photo, doc := shoot(t, kind, 6, nil)
			sharp := measure(photo, doc, 1)
			if sharp < 0.5 || sharp > 1.5 {
				t.Errorf("sharp print has %.2f of the detail of sharp print", sharp)
			}
			for _, orientation := range []int{5, 6} {
				if got := measure(photo, doc, orientation); math.Abs(got-sharp) > 0.1 {
					t.Errorf("stored with orientation %d it has %.2f of the detail of sharp print, upright %.2f", orientation, got, sharp)
				}
			}
			apart := 0.4 * smallest(kind) * photo.PxPerMM
			for _, degrees := range []float64{0, 35, 90} {
				photo, doc := shoot(t, kind, 6, nil, twice(apart, degrees))
				if got := measure(photo, doc, 1); got > 0.45 || got > 0.6*sharp {
					t.Errorf("twice, %.0f pixels apart at %.0f degrees: %.2f of the detail of sharp print is left of %.2f", apart, degrees, got, sharp)
				}
			}
		})
	}
}

func TestExposureIsThatOfThePaper(t *testing.T) {
	t.Parallel()
	at := func(exposure float64) *filing.Exposure {
		photo, doc := shoot(t, specimen.PlainLetter, 6, func(s *specimen.Scene) {
			s.Exposure, s.Gradient, s.Vignette, s.Warmth = exposure, 0.1, 0.1, 0.1
		})
		return legibility.Measure(frameOf(photo.Image, 1), doc).Exposure
	}
	dark, right, bright := at(0.06), at(0.6), at(3)
	if dark.Paper > 90 || right.Paper < 180 || bright.Paper < 250 {
		t.Errorf("paper is %.0f, %.0f and %.0f", dark.Paper, right.Paper, bright.Paper)
	}
	if right.ClippedShare > 0.01 || bright.ClippedShare < 0.9 {
		t.Errorf("clipped shares are %.2f and %.2f", right.ClippedShare, bright.ClippedShare)
	}
	if right.Ink >= right.Paper-60 {
		t.Errorf("ink is %.0f on paper of %.0f", right.Ink, right.Paper)
	}
}

func TestLightPrintOnADarkDocumentIsItsWhite(t *testing.T) {
	t.Parallel()
	photo, doc := shoot(t, specimen.PlainLetter, 6, nil)
	paper := legibility.Measure(frameOf(photo.Image, 1), doc).Exposure
	if paper.Lightest > 1.2*paper.Paper || paper.Lightest < 0.9*paper.Paper {
		t.Errorf("the lightest on paper of %.0f is %.0f", paper.Paper, paper.Lightest)
	}
	for i := range photo.Image.Pix { // light print on a dark page
		if i%4 != 3 {
			photo.Image.Pix[i] = 255 - photo.Image.Pix[i]
		}
	}
	dark := legibility.Measure(frameOf(photo.Image, 1), doc).Exposure
	if dark.Paper > 120 || dark.Lightest < 1.6*dark.Paper {
		t.Errorf("the lightest on dark ground of %.0f is %.0f", dark.Paper, dark.Lightest)
	}
}

func TestUnevenLightIsMeasuredAndPrintIsNot(t *testing.T) {
	t.Parallel()
	for _, gradient := range []float64{0, 0.5} {
		photo, doc := shoot(t, specimen.IDCardFront, 7, func(s *specimen.Scene) {
			s.Gradient, s.GradientTurn, s.Vignette = gradient, 0, 0
		})
		// The gradient falls by its amount over the diagonal; the card takes about two thirds of that along the long side.
		got, want := legibility.Measure(frameOf(photo.Image, 1), doc).Exposure.Uneven, 1-gradient*0.6
		if math.Abs(got-want) > 0.12 {
			t.Errorf("gradient %.1f: light on the darkest over the brightest part is %.2f, want about %.2f", gradient, got, want)
		}
	}
}

// softLamp mirrors a lamp without a border, as a flash is on matt paper: its light falls off from the middle.
func softLamp(x, y, rx, ry, peak float64) specimen.Step {
	return mirrored(x, y, rx, ry, func(q float64) float64 { return peak * math.Exp(-0.5*q*q*q) })
}

// lamp mirrors a lamp: light added on an ellipse of the document, in shares of its width and height.
func lamp(x, y, rx, ry, peak float64) specimen.Step {
	return mirrored(x, y, rx, ry, func(q float64) float64 { return peak * math.Min(math.Max(2.5*(1.2-q), 0), 1) })
}

// mirrored adds light to the document by the distance from a place in units of two half axes.
func mirrored(x, y, rx, ry float64, at func(q float64) float64) specimen.Step {
	return specimen.Step{Name: "lamp", Run: func(s *specimen.Shot) error {
		back, ok := s.ToPicture.Inverse()
		if !ok {
			return nil
		}
		d, l := s.Document, s.Light
		for j := range l.H {
			for i := range l.W {
				p := back.Apply(filing.Point{float64(i) + 0.5, float64(j) + 0.5})
				q := math.Hypot((p[0]/d.WidthMM-x)/rx, (p[1]/d.HeightMM-y)/ry)
				light := float32(at(q))
				for c := range 3 {
					l.Pix[3*(j*l.W+i)+c] += light
				}
			}
		}
		return nil
	}}
}

func TestGlareAndTheTextUnderIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step      []specimen.Step
		share     [2]float64
		textShare [2]float64
	}{
		"none":             {nil, [2]float64{0, 0.002}, [2]float64{0, 0.002}},
		"on the address":   {[]specimen.Step{lamp(0.4, 0.62, 0.12, 0.14, 2)}, [2]float64{0.035, 0.08}, [2]float64{0.06, 0.5}},
		"too weak to hide": {[]specimen.Step{lamp(0.4, 0.62, 0.12, 0.14, 0.1)}, [2]float64{0, 0.002}, [2]float64{0, 0.002}},
		"on a large part":  {[]specimen.Step{lamp(0.4, 0.5, 0.35, 0.4, 2)}, [2]float64{0.3, 0.65}, [2]float64{0.3, 0.95}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			photo, doc := shoot(t, specimen.IDCardFront, 8, func(s *specimen.Scene) { s.Exposure = 0.6 }, c.step...)
			g := legibility.Measure(frameOf(photo.Image, 1), doc).Glare
			if g.Share < c.share[0] || g.Share > c.share[1] || g.TextShare < c.textShare[0] || g.TextShare > c.textShare[1] {
				t.Errorf("share %.3f, text share %.3f; want %v and %v", g.Share, g.TextShare, c.share, c.textShare)
			}
			for _, region := range g.Regions {
				if raster.PolygonArea(region) <= 0 {
					t.Errorf("a region turns the wrong way: %v", region)
				}
			}
		})
	}
}

// On paper that is itself as white as the scale reaches, only the print shows that a lamp is mirrored.
func TestGlareOnSaturatedPaperIsSeenInThePrint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step  []specimen.Step
		share [2]float64
	}{
		"none":                {nil, [2]float64{0, 0}},
		"in the middle of it": {[]specimen.Step{softLamp(0.45, 0.33, 0.16, 0.112, 4)}, [2]float64{0.05, 0.4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			photo, doc := shoot(t, specimen.AuthorizationLetter, 8, func(s *specimen.Scene) {
				s.Exposure, s.Gradient, s.Vignette, s.Warmth = 1, 0, 0, 0
			}, c.step...)
			g := legibility.Measure(frameOf(photo.Image, 1), doc).Glare
			if g.Share < c.share[0] || g.Share > c.share[1] {
				t.Errorf("share %.3f, want %v; text share %.3f", g.Share, c.share, g.TextShare)
			}
		})
	}
}

func TestAPageThatAComputerDrewIsSharpAndHasNoGlare(t *testing.T) {
	t.Parallel()
	fonts, err := specimen.Fonts()
	if err != nil {
		t.Skip(err)
	}
	d, err := specimen.Draw(fonts, specimen.DomainCertificate, 9, 6)
	if err != nil {
		t.Fatal(err)
	}
	w, h := float64(d.Image.Rect.Dx()), float64(d.Image.Rect.Dy())
	page := &filing.Document{Quad: [4]filing.Point{{0, 0}, {w, 0}, {w, h}, {0, h}}, Confidence: 1,
		Formats: []filing.FormatFit{{Format: filing.FormatA4, Likelihood: 1}}}
	for name, doc := range map[string]*filing.Document{"located": page, "not located": nil} {
		r := legibility.Measure(frameOf(d.Image, 1), doc)
		if r.Sharpness < 6 {
			t.Errorf("%s: sharpness %.1f", name, r.Sharpness)
		}
		if r.Glare.Share > 0.01 {
			t.Errorf("%s: glare on %.3f of it", name, r.Glare.Share)
		}
	}
}

func TestTheSamePhotoGivesTheSameMeasurements(t *testing.T) {
	t.Parallel()
	photo, doc := shoot(t, specimen.BusinessLicense, 10, nil, lamp(0.5, 0.5, 0.1, 0.1, 2))
	f := frameOf(photo.Image, 1)
	want, err := json.Marshal(legibility.Measure(f, doc))
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		got, err := json.Marshal(legibility.Measure(f, doc))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, got) {
			t.Fatal(cmp.Diff(string(want), string(got)))
		}
	}
}

func TestAnyPictureIsMeasuredWithoutPanic(t *testing.T) {
	t.Parallel()
	flat := func(w, h int, v uint8) *image.RGBA {
		img := image.NewRGBA(image.Rect(0, 0, w, h))
		for i := range img.Pix {
			img.Pix[i] = v
		}
		return img
	}
	noise := flat(640, 480, 0)
	x := uint32(1)
	for i := range noise.Pix {
		x = x*1664525 + 1013904223
		noise.Pix[i] = uint8(x >> 24)
	}
	pictures := map[string]*image.RGBA{
		"one pixel": flat(1, 1, 9), "a line": flat(3000, 1, 99), "a column": flat(2, 3000, 99), "black": flat(640, 480, 0),
		"white": flat(640, 480, 255), "grey": flat(800, 600, 128), "noise": noise, "small": flat(24, 24, 200),
	}
	nan, inf := math.NaN(), math.Inf(1)
	quads := map[string][4]filing.Point{
		"inside":            {{50, 50}, {500, 60}, {510, 400}, {40, 390}},
		"partly outside":    {{-300, -200}, {500, 60}, {510, 900}, {-40, 390}},
		"wholly outside":    {{5000, 5000}, {6000, 5000}, {6000, 6000}, {5000, 6000}},
		"far larger":        {{-2000, -1500}, {2400, -1500}, {2400, 1800}, {-2000, 1800}},
		"a point":           {{5, 5}, {5, 5}, {5, 5}, {5, 5}},
		"a line":            {{5, 5}, {500, 5}, {500, 5.01}, {5, 5.01}},
		"crossed":           {{50, 50}, {500, 400}, {500, 50}, {50, 400}},
		"the other way":     {{50, 50}, {40, 390}, {510, 400}, {500, 60}},
		"no number":         {{nan, 50}, {500, 60}, {510, 400}, {40, 390}},
		"without end":       {{-inf, 50}, {500, 60}, {inf, 400}, {40, 390}},
		"a steep trapezium": {{300, 100}, {302, 100}, {600, 400}, {20, 400}},
	}
	for name, img := range pictures {
		for orientation := 1; orientation <= 8; orientation += 5 {
			f := frameOf(img, orientation)
			check(t, name+" without a document", legibility.Measure(f, nil))
			for quad, q := range quads {
				check(t, name+", "+quad, legibility.Measure(f, &filing.Document{Quad: q}))
			}
		}
	}
	check(t, "nothing", legibility.Measure(nil, nil))
}

// check holds a Result against its bounds.
func check(t *testing.T, name string, r legibility.Result) {
	t.Helper()
	if _, err := json.Marshal(r); err != nil {
		t.Errorf("%s: %v", name, err) // a NaN or an infinity
	}
	if e := r.Exposure; e != nil && (e.Paper < 0 || e.Paper > 255 || e.ClippedShare < 0 || e.ClippedShare > 1 || e.Uneven < 0 || e.Uneven > 1) {
		t.Errorf("%s: %+v", name, *e)
	}
	if g := r.Glare; g != nil && (g.Share < 0 || g.Share > 1 || g.TextShare < 0 || g.TextShare > 1) {
		t.Errorf("%s: glare %v and %v", name, g.Share, g.TextShare)
	}
}
