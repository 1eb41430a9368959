package origin

import (
	"image"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// tint is how much ink of a security print lies at a place, 0 to 1; lengths are in millimetres.
type tint func(x, y float64) float64

// printOn prints in blue over a drawn document, the mean over each pixel.
func (t tint) printOn(img *image.RGBA, pxPerMM float64) {
	const samples = 4
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			sum := 0.0
			for j := range samples {
				for i := range samples {
					sum += t((float64(x)+(float64(i)+0.5)/samples)/pxPerMM, (float64(y)+(float64(j)+0.5)/samples)/pxPerMM)
				}
			}
			ink := 0.45 * sum / (samples * samples)
			p := img.Pix[4*(y*img.Rect.Dx()+x):]
			for k, light := range [3]float64{0.35, 0.55, 0.8} {
				p[k] = uint8(float64(p[k]) * (1 - ink*(1-light)))
			}
		}
	}
}

// line is 1 in the middle of a share of each period, and bleeds: a document is drawn in pixels here, and edges as sharp as those would
// fold at them, as on a screen.
func line(at, period, share float64) float64 {
	off := math.Abs(at/period - math.Floor(at/period) - 0.5)
	return min(max((share-off)/share, 0), 1)
}

// hatch is straight hairlines at an angle.
func hatch(period, degrees float64) tint {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return func(x, y float64) float64 { return line(x*cos+y*sin, period, 0.35) }
}

// dots is a tint of dots in rows and columns.
func dots(period, degrees float64) tint {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return func(x, y float64) float64 {
		return line(x*cos+y*sin, period, 0.55) * line(y*cos-x*sin, period, 0.55)
	}
}

// prints are what is printed on documents against copying, finer than what they say.
func prints() map[string]tint {
	return map[string]tint{
		"a hatch":                      hatch(0.32, 21),
		"a hatch along the document":   hatch(0.35, 0),
		"a cross hatch":                func(x, y float64) float64 { return max(hatch(0.34, 30)(x, y), hatch(0.34, 120)(x, y)) },
		"a dotted tint":                dots(0.36, 45),
		"a dotted tint along the card": dots(0.38, 0),
		"a guilloche": func(x, y float64) float64 {
			return line(y+1.6*math.Sin(x/4.1)+0.7*math.Sin(x/1.7), 0.4, 0.35)
		},
		"a rosette": func(x, y float64) float64 {
			r, a := math.Hypot(x-43, y-27), math.Atan2(y-27, x-43)
			return line(r+2.5*math.Cos(9*a), 0.42, 0.3)
		},
		"microtext": func(x, y float64) float64 {
			cell := uint64(math.Floor(x/0.22))*7919 + uint64(math.Floor(y/0.5))*104729
			return line(y, 0.5, 0.6) * float64(rand.New(rand.NewPCG(cell, 1)).IntN(2))
		},
		"two inks in turns": func(x, y float64) float64 { return line(x, 0.4, 0.3) + 0.5*line(x+0.2, 0.4, 0.3) },
	}
}

func TestFinePrintIsNoScreen(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("drawing cards pixel by pixel takes seconds")
	}
	waves := 0
	for i, name := range slices.Sorted(maps.Keys(prints())) {
		background := specimen.Backgrounds()[i%2]
		f, doc := drawn{kind: specimen.IDCardBack, width: 1800, height: 1350, seed: uint64(300 + i), pattern: prints()[name],
			change: func(s *specimen.Scene) { s.Background = background }}.take(t)
		if r := Recapture(f, doc, nil); r == nil || r.Score >= suspected {
			t.Errorf("%s on %v: %+v", name, background, r)
		}
		if e, _ := gather(f, doc); len(e.luma.members) > 2*leastMembers && e.luma.rise > strongRise {
			waves++
		}
	}
	if waves < 4 { // or nothing was tested
		t.Errorf("%d of the photos show a wave", waves)
	}
}

// leaning is a document seen at an angle, and the squares of a picture that lie on it.
func leaning() (raster.Quad, []patch) {
	q := raster.Quad{{200, 260}, {1750, 180}, {1850, 1240}, {150, 1160}}
	var patches []patch
	for j := range 3 {
		for i := range 4 {
			patches = append(patches, patch{x: 320 + 330*i, y: 330 + 260*j, inside: true, level: 200})
		}
	}
	return q, patches
}

// follows is a wave that has a frequency on the document, less what sampling takes from it, as it is found in each square.
func follows(p page, patches []patch, x, y, du, dv float64) []member {
	var out []member
	for i, at := range patches {
		u, v := p.under(at.middle()).seen(x, y)
		out = append(out, member{i, peak{u: u + du, v: v + dv, rise: 6}})
	}
	return out
}

func TestABeatIsToldFromPrintByHowPerspectiveChangesIt(t *testing.T) {
	t.Parallel()
	q, patches := leaning()
	on, ok := newPage(q)
	if !ok {
		t.Fatal("no plane")
	}
	for _, c := range []struct {
		name         string
		x, y, du, dv float64
		want         float64
	}{
		{"hairlines aslant", 0.17, 0.09, 0, 0, 0},
		{"hairlines along the document", 0.25, 0, 0, 0, 0},
		{"a grid whose pixels are seen", 0.41, 0.005, 0, 0, 0},
		{"the beat of columns", 0.86, 0.01, -1, 0, 1},
		{"the beat of rows", 0.01, 1.2, 0, -1, 1},
		{"the beat with a mosaic", 0.7, 0.02, -0.5, 0.5, 1},
		{"the beat in a file that was made smaller", 1.2, 0, -1.38, 0, 1},
	} {
		l, ok := newLock(on, patches, follows(on, patches, c.x, c.y, c.du, c.dv))
		if got := l.beats(); !ok || math.Abs(got-c.want) > 0.05 {
			t.Errorf("%s: %.2f, want %g (%+v)", c.name, got, c.want, l)
		}
		if math.Hypot(l.du-c.du, l.dv-c.dv) > 0.1 {
			t.Errorf("%s: sampling took %.2f, %.2f, want %g, %g", c.name, l.du, l.dv, c.du, c.dv)
		}
	}
}

func TestAGuillocheThatBendsIsNoBeat(t *testing.T) {
	t.Parallel()
	q, patches := leaning()
	on, _ := newPage(q)
	members := follows(on, patches, 0.2, 0.05, 0, 0)
	for i := range members {
		// The lines turn from left to right.
		members[i].peak.v += 0.05 * math.Sin(float64(patches[members[i].patch].x)/300)
	}
	if l, _ := newLock(on, patches, members); l.beats() > 0.3 {
		t.Errorf("%.2f: %+v", l.beats(), l)
	}
}

// ground is a picture of noise with a wave of an amplitude where there is to be one.
func ground(w, h int, amplitude func(x, y float64) float64, phase func(x, y float64) float64) *raster.Frame {
	rng := rand.New(rand.NewPCG(9, 9))
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			a := amplitude(float64(x), float64(y))
			v := 190 + a*math.Cos(2*math.Pi*phase(float64(x), float64(y))) + 2*rng.NormFloat64()
			for k := range 3 {
				img.Pix[4*(y*w+x)+k] = uint8(min(max(v+0.5, 0), 255))
			}
			img.Pix[4*(y*w+x)+3] = 255
		}
	}
	return framed(img)
}

func TestAPatternThatEndsWithTheDocumentIsPrint(t *testing.T) {
	t.Parallel()
	q := raster.Quad{{260, 210}, {1340, 210}, {1340, 890}, {260, 890}}
	doc := &filing.Document{Quad: q, Confidence: 0.95}
	wave := func(x, y float64) float64 { return 0.19*x + 0.08*y }
	for _, c := range []struct {
		name     string
		on       func(x, y float64) float64
		suspects bool
	}{
		{"it ends at the border", func(x, y float64) float64 {
			if q.Contains(raster.Point{x, y}) {
				return 6
			}
			return 0
		}, false},
		{"it goes on beside the document", func(float64, float64) float64 { return 6 }, true},
		{"what lies beside it has a much stronger one", func(x, y float64) float64 {
			if q.Contains(raster.Point{x, y}) {
				return 6
			}
			return 40
		}, false},
	} {
		r := Recapture(ground(1600, 1100, c.on, wave), doc, nil)
		if r == nil || r.Score >= suspected != c.suspects {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}

func TestAFoldedWaveIsFoundThatNoSquareShows(t *testing.T) {
	t.Parallel()
	q, _ := leaning()
	doc := &filing.Document{Quad: q, Confidence: 0.95}
	on, _ := newPage(q)
	phase := func(fx, fy float64) func(x, y float64) float64 {
		return func(x, y float64) float64 {
			p := on.back.Apply(raster.Point{x + 0.5, y + 0.5})
			return fx*p[0] + fy*p[1]
		}
	}
	for _, c := range []struct {
		name      string
		amplitude float64
		fx, fy    float64
		want      bool
	}{
		{"columns of pixels", 0.28, 0.87, 0, true},
		{"rows of pixels", 0.28, 0, 1.15, true},
		{"hairlines that are not folded", 0.28, 0.13, 0.06, false},
		{"nothing", 0, 1, 0, false},
	} {
		f := ground(2000, 1400, func(float64, float64) float64 { return c.amplitude }, phase(c.fx, c.fy))
		e, ok := gather(f, doc)
		if !ok || e.folded > 1.35 != c.want {
			t.Errorf("%s: %.2f", c.name, e.folded)
		}
		if c.want && len(e.luma.members) > 2*leastMembers {
			t.Errorf("%s: a wave that %d squares show is not faint", c.name, len(e.luma.members))
		}
	}
}
