package locate

import (
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// scene is the view of a picture of 420 x 315 pixels that a function of place paints.
func scene(paint func(x, y int) [3]uint8) *view {
	const w, h = 420, 315
	f := &raster.Frame{Width: w, Height: h, Full: raster.NewGray(w, h), Small: raster.NewRGB(w, h), Scale: [2]float64{1, 1},
		ToFull: raster.Uprighting(1, w, h)}
	for y := range h {
		for x := range w {
			p := paint(x, y)
			f.Full.Pix[y*w+x] = raster.Luma(p[0], p[1], p[2])
			copy(f.Small.Pix[3*(y*w+x):], p[:])
		}
	}
	return newView(f)
}

var (
	table  = [3]uint8{140, 105, 70}
	cream  = [3]uint8{228, 226, 214}
	header = [3]uint8{40, 120, 75}
)

func box(x0, y0, x1, y1 float64) raster.Quad {
	return raster.Quad{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}
}

func within(x, y, x0, y0, x1, y1 int) bool { return x >= x0 && x < x1 && y >= y0 && y < y1 }

func TestALineWithinADocumentIsNotItsSide(t *testing.T) {
	t.Parallel()
	banded := scene(func(x, y int) [3]uint8 {
		switch {
		case within(x, y, 100, 60, 320, 90):
			return header
		case within(x, y, 100, 60, 320, 200):
			return cream
		}
		return table
	})
	shaded := scene(func(x, y int) [3]uint8 {
		p := table
		if within(x, y, 100, 60, 320, 200) {
			p = cream
		}
		if x+y/4 > 250 {
			p = [3]uint8{p[0] / 2, p[1] / 2, p[2] / 2}
		}
		return p
	})
	tiled := scene(func(x, y int) [3]uint8 {
		if within(x, y, 100, 60, 320, 200) {
			return cream
		}
		if x%110 >= 98 && x%110 < 101 || y%70 >= 58 && y%70 < 61 { // joints that go on from the corners
			return [3]uint8{90, 90, 90}
		}
		return table
	})
	for _, c := range []struct {
		name string
		v    *view
		quad raster.Quad
		ends bool
	}{
		{"the card with its coloured band", banded, box(100, 60, 320, 200), true},
		{"the card without its coloured band", banded, box(100, 90, 320, 200), false},
		{"the card in two lights", shaded, box(100, 60, 320, 200), true},
		{"the part of it that is lit", shaded, raster.Quad{{100, 60}, {235, 60}, {200, 200}, {100, 200}}, false},
		{"the part of it in the shade", shaded, raster.Quad{{235, 60}, {320, 60}, {320, 200}, {200, 200}}, false},
		{"a card on a tile of its size", tiled, box(100, 60, 320, 200), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var sides [4]sideMeasure
			for i := range sides {
				sides[i] = c.v.measureSide(c.quad[i], c.quad[(i+1)%4])
			}
			through, _, held := c.v.bounds(c.quad, &sides)
			if c.ends && through > 0.3 || !c.ends && through < 0.7 || held != 1 {
				t.Errorf("its neighbours go on for %.2f, it is held by %.2f", through, held)
			}
		})
	}
}

func TestADocumentThatTheFrameCutsOffReachesIt(t *testing.T) {
	t.Parallel()
	// Of two cards one ends before the left side of the picture and one does not.
	card := func(from int) *view {
		return scene(func(x, y int) [3]uint8 {
			if within(x, y, from, 60, 220, 200) {
				return cream
			}
			return table
		})
	}
	for name, c := range map[string]struct {
		from        int
		least, most float64
	}{
		"the card is cut off":         {0, 0.8, 1},
		"the table shows beside it":   {16, 0, 0.2},
		"there is hardly any of that": {9, 0.2, 0.8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, q := card(c.from), box(0, 60, 220, 200)
			var sides [4]sideMeasure
			for i := range sides {
				sides[i] = v.measureSide(q[i], q[(i+1)%4])
			}
			if _, _, held := v.bounds(q, &sides); held < c.least || held > c.most {
				t.Errorf("it is held by %.2f", held)
			}
		})
	}
}

func TestACardOnAGridThatGoesOnFromItsSidesIsProposed(t *testing.T) {
	t.Parallel()
	v := scene(func(x, y int) [3]uint8 {
		if within(x, y, 20, 60, 220, 180) {
			return cream
		}
		if x%20 < 2 || y%20 < 2 { // a cutting mat, with a line along every side of the card
			return [3]uint8{170, 190, 160}
		}
		return [3]uint8{30, 100, 80}
	})
	want := box(20, 60, 220, 180)
	best := 0.0
	for _, p := range v.quads(v.lines(v.segments(1.2*shortest)), mostProposals) {
		best = max(best, p.quad.IoU(want))
	}
	if best < 0.96 {
		t.Errorf("the best of what lines enclose shares %.3f with the card", best)
	}
}
