package locate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// grained is a colour with grain, the same at the same place, that changes from one cell of some pixels to the next.
func grained(c [3]uint8, x, y, cell int, grain float64) [3]uint8 {
	rng := rand.New(rand.NewPCG(uint64(x/cell), uint64(y/cell)))
	d := grain * (2*rng.Float64() - 1)
	for k := range c {
		c[k] = uint8(min(max(float64(c[k])+d, 0), 255))
	}
	return c
}

// covering is how much of a pixel a quadrilateral covers.
func covering(q raster.Quad, x, y int) float64 {
	n := 0.0
	for i := range 4 {
		if q.Contains(raster.Point{float64(x) + 0.25 + 0.5*float64(i%2), float64(y) + 0.25 + 0.5*float64(i/2)}) {
			n++
		}
	}
	return n / 4
}

func mixed(a, b [3]uint8, share float64) (out [3]uint8) {
	for k := range out {
		out[k] = uint8(float64(a[k])*(1-share) + float64(b[k])*share + 0.5)
	}
	return out
}

// scaled is a quadrilateral of the picture in pixels of the view.
func scaled(v *view, q raster.Quad) raster.Quad {
	for i := range q {
		q[i] = raster.Point{q[i][0] * float64(v.w) / float64(v.small.W), q[i][1] * float64(v.h) / float64(v.small.H)}
	}
	return q
}

var (
	// The picture is 1200 x 900, three pixels of it one of the view.
	page      = raster.Quad{{262, 204}, {958, 230}, {940, 712}, {250, 690}}
	pageFrame = raster.Quad{{275, 217}, {944, 242}, {927, 699}, {263, 678}} // 13 pixels further in
)

// framed is a page with print and a fine frame near its edge on a ground.
func framed(ground func(x, y int) [3]uint8) func(x, y int) [3]uint8 {
	within := raster.Quad{{279, 221}, {940, 246}, {923, 695}, {267, 674}}
	paper, ink := [3]uint8{232, 229, 222}, [3]uint8{150, 40, 44}
	return func(x, y int) [3]uint8 {
		c := mixed(paper, ink, covering(pageFrame, x, y)-covering(within, x, y))
		if covering(within, x, y) == 1 && y%26 < 7 && x%19 < 12 && y > 300 && y < 640 && x > 330 && x < 860 {
			c = [3]uint8{60, 58, 66}
		}
		return mixed(ground(x, y), grained(c, x, y, 1, 3), covering(page, x, y))
	}
}

func TestBetweenAFrameAndItsPageAndBetweenACardAndItsTileTheFinerBeltDecides(t *testing.T) {
	t.Parallel()
	card := raster.Quad{{330, 300}, {860, 300}, {860, 634}, {330, 634}}
	beside := raster.Quad{{330, 300}, {884, 300}, {884, 634}, {330, 634}}
	tiles := func(x, y int) [3]uint8 {
		c := grained([3]uint8{176, 168, 160}, x, y, 3, 7)
		if x%221 < 3 || y%340 < 3 { // a joint runs at 884 to 886
			return [3]uint8{112, 108, 104}
		}
		return c
	}
	newspaper := func(x, y int) [3]uint8 {
		c := grained([3]uint8{205, 200, 190}, x, y, 2, 6)
		if y%14 < 8 && grained([3]uint8{128}, x, y, 4, 100)[0] > 120 {
			return [3]uint8{70, 68, 66}
		}
		return c
	}
	wood := func(x, y int) [3]uint8 {
		return grained(grained([3]uint8{150, 112, 78}, x/40, y, 5, 24), x, y, 1, 5)
	}
	for name, c := range map[string]struct {
		at           func(x, y int) [3]uint8
		inner, outer raster.Quad
		outerIs      bool
	}{
		"a frame printed on a page on newspaper": {framed(newspaper), pageFrame, page, true},
		"a frame printed on a page on wood":      {framed(wood), pageFrame, page, true},
		"a card beside the joint of tiles": {func(x, y int) [3]uint8 {
			c := grained([3]uint8{96, 140, 190}, x, y, 1, 4)
			if y%30 < 8 && x%22 < 14 && y > 350 && y < 590 && x > 380 && x < 800 {
				c = [3]uint8{40, 44, 60}
			}
			return mixed(tiles(x, y), c, covering(card, x, y))
		}, card, beside, false},
	} {
		v := newView(drawing(1200, 900, c.at))
		all := make([]candidate, 2)
		for i, q := range [2]raster.Quad{c.inner, c.outer} {
			all[i].quad = scaled(v, q)
			f, ok := v.measure(&all[i].proposal)
			if !ok {
				t.Fatalf("%s: not measured", name)
			}
			all[i].features = f
		}
		pairs := v.nestings(all)
		if len(pairs) != 1 {
			t.Fatalf("%s: %d pairs", name, len(pairs))
		}
		right, wrong := &all[0], &all[1]
		if c.outerIs {
			right, wrong = wrong, right
		}
		right.score, wrong.score = 2.5, 3
		v.settle(all, pairs)
		if right.score != 3 || wrong.score != 2.5 {
			t.Errorf("%s: the wrong one stays the best", name)
		}
		// What is said less clearly than overturns, and what is by far less likely, changes nothing.
		right.score, wrong.score = 3-asLikely-0.1, 3
		if v.settle(all, pairs); wrong.score != 3 {
			t.Errorf("%s: what is far less likely became the best", name)
		}
	}
}

func TestABeltThatEndsWithThePictureDecidesNothing(t *testing.T) {
	t.Parallel()
	v := newView(drawing(1200, 900, framed(func(x, y int) [3]uint8 { return grained([3]uint8{90, 70, 50}, x, y, 2, 12) })))
	for name, c := range map[string]struct {
		outer raster.Quad
		blind bool
	}{
		"in the picture":        {page, false},
		"to the picture's left": {raster.Quad{{0, 204}, {958, 230}, {940, 712}, {0, 690}}, true},
	} {
		all := []candidate{{proposal: proposal{quad: scaled(v, pageFrame)}, score: 3}, {proposal: proposal{quad: scaled(v, c.outer)}, score: 2}}
		pairs := v.nestings(all)
		if len(pairs) != 1 || pairs[0].blind != c.blind {
			t.Fatalf("%s: pairs %+v", name, pairs)
		}
		settle(all, pairs, func(int, float64) float64 { return 2 })
		if stays := all[0].score == 3; stays != c.blind {
			t.Errorf("%s: the best stays: %t", name, stays)
		}
	}
}

func TestSidesAreLaidOnTheirEdges(t *testing.T) {
	t.Parallel()
	v := newView(drawing(1200, 900, framed(func(x, y int) [3]uint8 { return grained([3]uint8{90, 70, 50}, x, y, 2, 12) })))
	off := scaled(v, page)
	for i, d := range [4]raster.Point{{0.9, -1}, {-0.7, 0.8}, {0.8, 0.9}, {-1, -0.6}} {
		off[i] = raster.Point{off[i][0] + d[0], off[i][1] + d[1]}
	}
	for i, s := range v.fineSides(off) {
		for _, p := range [2]raster.Point{s.a, s.b} {
			if d := math.Abs(outwards(page, i, p)); d > 1.5 {
				t.Errorf("side %d ends %.1f pixels from its edge", i, d)
			}
		}
		if s.step[0] > -60 {
			t.Errorf("side %d: the paper is brighter than the table by %.0f", i, -s.step[0])
		}
		if _, most := v.goesOnBeyond(&s); most > 0.2 {
			t.Errorf("side %d goes on beyond its corners: %.2f", i, most)
		}
	}
	// A joint of tiles does go on.
	floor := newView(drawing(1200, 900, func(_, y int) [3]uint8 {
		if y < 450 {
			return [3]uint8{180, 170, 160}
		}
		return [3]uint8{120, 110, 100}
	}))
	sides := floor.fineSides(scaled(floor, raster.Quad{{300, 200}, {800, 200}, {800, 450}, {300, 450}}))
	if least, _ := floor.goesOnBeyond(&sides[2]); least < 0.9 {
		t.Errorf("the joint ends at the corners: %.2f", least)
	}
}

func TestTheBestChangesPlacesWithWhatIsMostClearlyBetterAndEachDocumentHasItsOwn(t *testing.T) {
	t.Parallel()
	at := func(x0, y0, x1, y1, score float64) candidate {
		return candidate{proposal: proposal{quad: rectangle(x0, y0, x1, y1)}, score: score}
	}
	// A frame in a frame in a page, and another document with a frame.
	pairs := []nesting{{inner: 0, outer: 1}, {inner: 1, outer: 2}, {inner: 0, outer: 2}, {inner: 3, outer: 4}}
	for name, c := range map[string]struct {
		scores [5]float64
		odds   [4]float64
		want   [5]float64
	}{
		"what holds the best":              {[5]float64{3, 2, 1.5, 1, 0.5}, [4]float64{1, 3, 0.8, overturns / 2}, [5]float64{2, 3, 1.5, 1, 0.5}},
		"what holds it most clearly":       {[5]float64{3, 2, 1.5, 1, 0.5}, [4]float64{0.7, 3, 0.8, -1}, [5]float64{1.5, 2, 3, 1, 0.5}},
		"what lies in the best":            {[5]float64{2, 3, 1.5, 1, 0.5}, [4]float64{-1, 0.2, 0.8, -1}, [5]float64{3, 2, 1.5, 1, 0.5}},
		"nothing that is worse":            {[5]float64{3, 2, 1.5, 1, 0.5}, [4]float64{-1, -1, -1, -1}, [5]float64{3, 2, 1.5, 1, 0.5}},
		"nothing that is far less likely":  {[5]float64{3, 0.9, 0.8, 1, 0.5}, [4]float64{1, 1, 1, -1}, [5]float64{3, 0.9, 0.8, 1, 0.5}},
		"that of another document as well": {[5]float64{3, 2, 1.5, 1, 0.5}, [4]float64{1, 3, 0.8, 1}, [5]float64{2, 3, 1.5, 0.5, 1}},
	} {
		s := c.scores
		all := []candidate{
			at(20, 20, 180, 130, s[0]), at(10, 10, 190, 140, s[1]), at(0, 0, 200, 150, s[2]),
			at(310, 10, 390, 70, s[3]), at(300, 0, 400, 80, s[4]),
		}
		settle(all, pairs, func(k int, _ float64) float64 { return c.odds[k] })
		for i, want := range c.want {
			if all[i].score != want {
				t.Errorf("%s: candidate %d has the score %.1f, want %.1f", name, i, all[i].score, want)
			}
		}
	}
	// What is far larger is told apart by the last model.
	all := []candidate{at(20, 20, 180, 130, 3), at(0, 0, 200, 150, 2)}
	for _, c := range []struct{ area, want float64 }{{asLarge + 0.01, 3}, {asLarge - 0.01, 2}} {
		pair := nesting{inner: 0, outer: 1}
		pair.row[nestedArea] = float32(c.area)
		if settle(all, []nesting{pair}, func(int, float64) float64 { return 2 }); all[0].score != c.want {
			t.Errorf("areas %.2f apart: the best has the score %.1f, want %.1f", c.area, all[0].score, c.want)
		}
	}
}
