package legibility

import (
	"math"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

func TestEdgesWiderThanBlurCanBeAreNoPrints(t *testing.T) {
	t.Parallel()
	const sharp, soft = 0.08, 0.4
	// A lens adds its own blur, and defocus grows evenly from the line on which the paper is in focus.
	leaning := func(x, y float64) float64 { return math.Hypot(sharp, 0.5*(x-0.3)+0.2*(y-0.5)) }
	for name, c := range map[string]struct {
		width func(x, y float64) float64
		want  int
	}{
		"of a sharp document all tiles count":                                {func(_, _ float64) float64 { return sharp }, 20},
		"of an evenly blurred one all count":                                 {func(_, _ float64) float64 { return soft }, 20},
		"of one that leans away from the plane in focus all do":              {leaning, 20},
		"a soft ground between sharp print does not":                         {only(func(x, y float64) bool { return x == 0.5 && y < 0.7 && y > 0.3 }, soft, sharp), 18},
		"nor does one in a corner":                                           {only(func(x, y float64) bool { return x > 0.6 && y < 0.3 }, soft, sharp), 18},
		"where all but one line of print is soft what is far from it counts": {only(func(_, y float64) bool { return y > 0.2 }, soft, sharp), 15},
		"where a fold ends what is sharp what is far from it counts":         {only(func(x, _ float64) bool { return x > 0.35 }, soft, sharp), 16},
		"movement that turns about a corner leaves all":                      {func(x, y float64) float64 { return math.Hypot(sharp, math.Hypot(x, y)) }, 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, tiles := lattice(c.width)
			s.toFull = raster.Homography{4, 0, 100, 0, 4, 50, 0, 0, 1}
			if got := len(s.withinBlur(tiles)); got != c.want {
				t.Errorf("%d tiles are print, want %d", got, c.want)
			}
		})
	}
}

// only has one width in a part of a document and another elsewhere.
func only(in func(x, y float64) bool, there, elsewhere float64) func(x, y float64) float64 {
	return func(x, y float64) float64 {
		if in(x, y) {
			return there
		}
		return elsewhere
	}
}

func TestTwoTilesAndTilesOnOneLineBoundNothing(t *testing.T) {
	t.Parallel()
	at := []raster.Point{{0, 0}, {100, 0}, {200, 0}, {50, 80}}
	if got := mostBlur(at[:3], []float64{1, 9, 1}, 1); !math.IsInf(got, 1) {
		t.Errorf("blur between two places is at most %.2f, want no bound", got)
	}
	if got := mostBlur(at, []float64{1, 1, 1, 9}, 3); !math.IsInf(got, 1) {
		t.Errorf("blur beside three places on a line is at most %.2f, want no bound", got)
	}
}

func TestBlurIsBoundedByThatOfThreePlaces(t *testing.T) {
	t.Parallel()
	triangle := []raster.Point{{0, 0}, {120, 0}, {0, 120}}
	for name, c := range map[string]struct {
		at   raster.Point
		want float64
	}{
		"in their middle it is at most their mean":                                         {raster.Point{40, 40}, 4},
		"at one of them it is at most that one's":                                          {raster.Point{120, 0}, 4},
		"as far beyond one as another is before it it may be twice that one and the other": {raster.Point{240, 0}, 2*4 + 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := append([]raster.Point{c.at}, triangle...)
			if got := mostBlur(at, []float64{99, 2, 4, 6}, 0); math.Abs(got-c.want) > 1e-9 {
				t.Errorf("at most %.3f, want %.3f", got, c.want)
			}
		})
	}
}
