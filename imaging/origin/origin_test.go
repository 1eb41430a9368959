package origin

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// pictures are what may be handed in, however odd.
func pictures() map[string]image.Image {
	noise := image.NewRGBA(image.Rect(0, 0, 700, 500))
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(rng.Uint32())
	}
	checker := image.NewRGBA(image.Rect(0, 0, 600, 600))
	for y := range 600 {
		for x := range 600 {
			v := uint8(255 * ((x + y) & 1))
			checker.SetRGBA(x, y, color.RGBA{v, v, 255 - v, 255})
		}
	}
	return map[string]image.Image{
		"one pixel":   flat(1, 1, color.RGBA{9, 9, 9, 255}),
		"a line":      flat(3000, 1, color.RGBA{200, 9, 9, 255}),
		"a column":    flat(1, 3000, color.RGBA{200, 9, 9, 255}),
		"black":       flat(900, 700, color.RGBA{0, 0, 0, 255}),
		"white":       flat(900, 700, color.RGBA{255, 255, 255, 255}),
		"one colour":  flat(900, 700, color.RGBA{200, 100, 50, 255}),
		"noise":       noise,
		"every other": checker,
	}
}

// places are where a document may be said to be.
func places(w, h float64) map[string]*filing.Document {
	nan := math.NaN()
	doc := func(q ...filing.Point) *filing.Document {
		return &filing.Document{Quad: [4]filing.Point(q), Confidence: 0.5}
	}
	p := func(x, y float64) filing.Point { return filing.Point{x, y} }
	covered := doc(p(0, 0), p(w, 0), p(w, h), p(0, h))
	covered.Occlusions = [][]filing.Point{{p(-9, -9), p(w+9, -9), p(w+9, h+9), p(-9, h+9)}, {}, {p(1, 1)}}
	return map[string]*filing.Document{
		"nowhere":               nil,
		"all of it":             doc(p(0, 0), p(w, 0), p(w, h), p(0, h)),
		"partly outside":        doc(p(-w, h/4), p(w/2, -h), p(2*w, h/2), p(w/3, 3*h)),
		"wholly outside":        doc(p(-3*w, -3*h), p(-2*w, -3*h), p(-2*w, -2*h), p(-3*w, -2*h)),
		"in a point":            doc(p(w/2, h/2), p(w/2, h/2), p(w/2, h/2), p(w/2, h/2)),
		"on a line":             doc(p(0, 0), p(w/3, h/3), p(w/2, h/2), p(w, h)),
		"crossed":               doc(p(0, 0), p(w, h), p(w, 0), p(0, h)),
		"the other way round":   doc(p(0, 0), p(0, h), p(w, h), p(w, 0)),
		"immense":               doc(p(-1e12, -1e12), p(1e12, -1e12), p(1e12, 1e12), p(-1e12, 1e12)),
		"not a number":          doc(p(nan, 0), p(w, nan), p(w, h), p(0, h)),
		"infinite":              doc(p(math.Inf(-1), 0), p(math.Inf(1), 0), p(w, h), p(0, h)),
		"covered by what it is": covered,
	}
}

func TestAnyPictureAndAnyPlaceAreMeasuredOrLeftAlone(t *testing.T) {
	t.Parallel()
	for name, img := range pictures() {
		b := img.Bounds()
		for where, doc := range places(float64(b.Dx()), float64(b.Dy())) {
			t.Run(fmt.Sprintf("%s, document %s", name, where), func(t *testing.T) {
				t.Parallel()
				f := framed(img)
				if c := Colour(f, doc); c != nil {
					for what, v := range map[string]float64{"chroma": c.Chroma, "share": c.ChromaShare, "noise": c.Noise,
						"neutral a": c.Neutral[0], "neutral b": c.Neutral[1]} {
						if math.IsNaN(v) || math.IsInf(v, 0) {
							t.Errorf("%s is %g", what, v)
						}
					}
					if c.ChromaShare < 0 || c.ChromaShare > 1 {
						t.Errorf("a share of %g", c.ChromaShare)
					}
				}
				if r := Recapture(f, doc, nil); r != nil {
					if !(r.Score >= 0 && r.Score <= 1) || math.IsNaN(r.PeriodPx) || math.IsNaN(r.PeakRatio) {
						t.Errorf("%+v", *r)
					}
				}
			})
		}
	}
}

func TestHowThePhoneWasHeldChangesNothing(t *testing.T) {
	t.Parallel()
	img, corners := drawn{kind: specimen.IDCardFront, width: 1400, height: 1050, seed: 31}.shoot(t)
	doc := &filing.Document{Quad: corners}
	upright := framed(img)
	want, wantScreen := Colour(upright, doc), Recapture(upright, doc, nil)
	for o := 2; o <= 8; o++ {
		f := framed(img)
		stored := framed(specimen.Orient(img, o))
		f.Full, f.ToFull = stored.Full, raster.Uprighting(o, f.Width, f.Height)
		if got := Colour(f, doc); !reflect.DeepEqual(got, want) {
			t.Errorf("orientation %d: colour %+v, want %+v", o, got, want)
		}
		got := Recapture(f, doc, nil)
		if math.Abs(got.Score-wantScreen.Score) > 0.05 {
			t.Errorf("orientation %d: %+v, want %+v", o, got, wantScreen)
		}
	}
}

func TestMeasuringTwiceGivesTheSame(t *testing.T) {
	t.Parallel()
	f, doc := drawn{kind: specimen.IDCardBack, width: 1400, height: 1050, seed: 7}.take(t)
	colour, screen := Colour(f, doc), Recapture(f, doc, nil)
	for range 3 {
		if got := Colour(f, doc); !reflect.DeepEqual(got, colour) {
			t.Errorf("%+v, then %+v", colour, got)
		}
		if got := Recapture(f, doc, nil); !reflect.DeepEqual(got, screen) {
			t.Errorf("%+v, then %+v", screen, got)
		}
	}
}

func BenchmarkOrigin(b *testing.B) {
	f, doc := drawn{kind: specimen.IDCardFront, width: 4000, height: 3000, seed: 3}.take(b)
	for _, m := range []struct {
		name    string
		measure func()
	}{
		{"Colour", func() { Colour(f, doc) }},
		{"Recapture", func() { Recapture(f, doc, nil) }},
	} {
		b.Run(m.name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				m.measure()
			}
			b.ReportMetric((cpu(b)-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// cpu is the time that this process has used of the processors: on a busy machine the clock says little.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
