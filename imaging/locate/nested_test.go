package locate

import (
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// drawing makes a frame of a function of place, without a picture at full size.
func drawing(w, h int, at func(x, y int) [3]uint8) *raster.Frame {
	f := &raster.Frame{Width: w, Height: h, Small: raster.NewRGB(w, h), Scale: [2]float64{1, 1}, ToFull: raster.Uprighting(1, w, h)}
	for y := range h {
		for x := range w {
			c := at(x, y)
			copy(f.Small.Pix[3*(y*w+x):], c[:])
		}
	}
	return f
}

func rectangle(x0, y0, x1, y1 float64) raster.Quad {
	return raster.Quad{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}
}

func TestQuadrilateralsLieInOneAnotherSideAlongSide(t *testing.T) {
	t.Parallel()
	page := rectangle(100, 80, 300, 220)
	for name, c := range map[string]struct {
		inner, outer raster.Quad
		want         bool
	}{
		"a frame in its page":                      {rectangle(106, 86, 294, 214), page, true},
		"a page below its head":                    {rectangle(100, 110, 300, 220), page, true},
		"whichever corner the outer begins with":   {rectangle(106, 86, 294, 214), page.Turned(2), true},
		"not a page in its frame":                  {page, rectangle(106, 86, 294, 214), false},
		"not one that is the same but for a pixel": {rectangle(101, 81, 299, 219), page, false},
		"not one that stands out":                  {rectangle(106, 86, 294, 230), page, false},
		"not one that lies aslant":                 {raster.Quad{{140, 90}, {290, 130}, {270, 210}, {120, 170}}, page, false},
		"not one that is far smaller":              {rectangle(180, 140, 220, 165), page, false},
	} {
		if _, got := nestedIn(c.inner, c.outer); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

func TestTheBeltTellsPaperFromTable(t *testing.T) {
	t.Parallel()
	inner, outer := rectangle(112, 92, 288, 208), rectangle(100, 80, 300, 220)
	in := func(q raster.Quad, x, y int) bool {
		return q.Contains(raster.Point{float64(x) + 0.5, float64(y) + 0.5})
	}
	table, paper, ink := [3]uint8{90, 70, 50}, [3]uint8{230, 228, 220}, [3]uint8{170, 30, 40}
	for name, c := range map[string]struct {
		at func(x, y int) [3]uint8
		// shares of how far the belt is from the inside, of how far it is from both sides, in the mean
		least, most float32
	}{
		"a printed frame": {func(x, y int) [3]uint8 {
			switch {
			case !in(outer, x, y):
				return table
			case in(inner, x, y) && !in(rectangle(114, 94, 286, 206), x, y):
				return ink
			}
			return paper
		}, 0, 0.1},
		"the table around a page": {func(x, y int) [3]uint8 {
			if in(inner, x, y) {
				return paper
			}
			return table
		}, 0.9, 1},
	} {
		v := newView(drawing(400, 300, c.at))
		a, b := candidate{proposal: proposal{quad: inner}}, candidate{proposal: proposal{quad: outer}}
		pairs := v.nestings([]candidate{a, b})
		if len(pairs) != 1 || pairs[0].inner != 0 || pairs[0].outer != 1 {
			t.Fatalf("%s: pairs %+v", name, pairs)
		}
		const meanShare = 6 + 2*3 + 1 // see belt
		if got := pairs[0].row[meanShare]; got < c.least || got > c.most {
			t.Errorf("%s: the belt is unlike the inside by %.2f, want %.2f to %.2f", name, got, c.least, c.most)
		}
	}
}

func TestWhatTheFrameOfAPageIsTakenForGrowsToThePage(t *testing.T) {
	t.Parallel()
	page, frame := rectangle(80, 60, 320, 230), rectangle(92, 72, 308, 218)
	v := newView(drawing(400, 300, func(x, y int) [3]uint8 {
		p := raster.Point{float64(x) + 0.5, float64(y) + 0.5}
		switch {
		case !page.Contains(p):
			return [3]uint8{90, 70, 50}
		case frame.Contains(p) && !rectangle(95, 75, 305, 215).Contains(p):
			return [3]uint8{170, 30, 40}
		}
		return [3]uint8{230, 228, 220}
	}))
	for _, p := range v.grown([]candidate{{proposal: proposal{quad: frame}}}, v.lines(v.segments(shortest))) {
		if p.quad.IoU(page) > 0.97 {
			return
		}
	}
	t.Error("the page is not proposed")
}

func TestWhoHoldsAndWhoIsHeldIsSaidOfEach(t *testing.T) {
	t.Parallel()
	pairs := []nesting{{inner: 0, outer: 1}, {inner: 0, outer: 2}, {inner: 1, outer: 2}}
	for i, s := range []float32{2, -1, -3} {
		pairs[i].row[0], pairs[i].row[2] = s, 0.1*float32(i+1)
	}
	got := nestsOf(4, pairs, func(row *[nestedCount]float32) float64 { return float64(row[0]) })
	want := [][nestsCount]float32{{2, 0.1, 6, -6}, {-3, 0.3, 2, 2}, {-6, 0, -3, -1}, {-6, 0, 6, -6}}
	for i := range want {
		for k := range want[i] {
			if d := got[i][k] - want[i][k]; d > 1e-6 || d < -1e-6 {
				t.Errorf("of %d: %v, want %v", i, got[i], want[i])
				break
			}
		}
	}
}
