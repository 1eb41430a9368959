package raster_test

import (
	"math"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// near reports whether two positions are the same but for rounding.
func near(a, b raster.Point) bool { return math.Hypot(a[0]-b[0], a[1]-b[1]) < 1e-6 }

// card is a quadrilateral as a camera sees a card that lies askew.
func card() raster.Quad { return raster.Quad{{110, 90}, {410, 60}, {450, 300}, {90, 260}} }

func TestAQuadKnowsItsShape(t *testing.T) {
	t.Parallel()
	square := raster.Quad{{0, 0}, {4, 0}, {4, 4}, {0, 4}}
	for _, c := range []struct {
		name   string
		quad   raster.Quad
		area   float64
		convex bool
	}{
		{"a square", square, 16, true},
		{"a square from another corner", square.Turned(3), 16, true},
		{"a square against the clock", raster.Quad{{0, 0}, {0, 4}, {4, 4}, {4, 0}}, -16, false},
		{"a bow tie", raster.Quad{{0, 0}, {4, 4}, {4, 0}, {0, 4}}, 0, false},
		{"a dart", raster.Quad{{0, 0}, {4, 0}, {1, 1}, {0, 4}}, 4, false},
		{"a triangle with a corner twice", raster.Quad{{0, 0}, {4, 0}, {4, 0}, {0, 4}}, 8, false},
		{"a triangle with a corner on a side", raster.Quad{{0, 0}, {2, 0}, {4, 0}, {0, 4}}, 8, false},
		{"a point", raster.Quad{}, 0, false},
		{"no number", raster.Quad{{math.NaN(), 0}, {4, 0}, {4, 4}, {0, 4}}, math.NaN(), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.quad.Area(); got != c.area && !(math.IsNaN(got) && math.IsNaN(c.area)) {
				t.Errorf("area %g, want %g", got, c.area)
			}
			if !math.IsNaN(c.area) && c.quad.Convex() != c.convex {
				t.Errorf("convex is %v", c.quad.Convex())
			}
		})
	}
}

func TestAQuadContainsItsBorder(t *testing.T) {
	t.Parallel()
	q := card()
	for i := range q {
		if !q.Contains(q[i]) {
			t.Errorf("corner %d is outside", i)
		}
		a, b := q[i], q[(i+1)%4]
		m := q.Middle()
		side := raster.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
		beyond := raster.Point{side[0] + 0.01*(side[0]-m[0]), side[1] + 0.01*(side[1]-m[1])}
		within := raster.Point{side[0] + 0.01*(m[0]-side[0]), side[1] + 0.01*(m[1]-side[1])}
		if q.Contains(beyond) || !q.Contains(within) {
			t.Errorf("side %d: beyond it %v, within %v", i, q.Contains(beyond), q.Contains(within))
		}
		if got, want := q.Side(i), math.Hypot(b[0]-a[0], b[1]-a[1]); got != want {
			t.Errorf("side %d is %g long, want %g", i, got, want)
		}
	}
}

func TestTheMiddleOfAQuadIsThatOfItsRectangle(t *testing.T) {
	t.Parallel()
	m, ok := raster.RectToQuad(85.6, 54, card())
	if !ok {
		t.Fatal("no map")
	}
	if got, want := card().Middle(), m.Apply(raster.Point{42.8, 27}); !near(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	// Diagonals that lie on one line cross nowhere.
	flat := raster.Quad{{0, 0}, {1, 0}, {2, 0}, {5, 0}}
	if got := flat.Middle(); !near(got, raster.Point{2, 0}) {
		t.Errorf("the middle of a line is %v", got)
	}
}

func TestIoUIsTheShareOfWhatTwoQuadsCoverTogether(t *testing.T) {
	t.Parallel()
	square := func(x, y, side float64) raster.Quad {
		return raster.Quad{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}}
	}
	for _, c := range []struct {
		name string
		a, b raster.Quad
		want float64
	}{
		{"the same", card(), card(), 1},
		{"the same from another corner", card(), card().Turned(2), 1},
		{"half a side apart", square(0, 0, 2), square(1, 0, 2), 1. / 3},
		{"one inside the other", square(0, 0, 4), square(1, 1, 2), 0.25},
		{"a square and its diamond", square(-1, -1, 2), raster.Quad{{0, -1}, {1, 0}, {0, 1}, {-1, 0}}, 0.5},
		{"a common side", square(0, 0, 2), square(2, 0, 2), 0},
		{"far apart", square(0, 0, 2), square(9, 9, 2), 0},
		{"two points", raster.Quad{}, raster.Quad{}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.a.IoU(c.b); math.Abs(got-c.want) > 1e-12 {
				t.Errorf("%g, want %g", got, c.want)
			}
			if got := c.b.IoU(c.a); math.Abs(got-c.want) > 1e-12 {
				t.Errorf("the other way round %g, want %g", got, c.want)
			}
		})
	}
}

func TestWithinIsThePartInsideTheFrame(t *testing.T) {
	t.Parallel()
	q := raster.Quad{{-10, -10}, {10, -10}, {10, 10}, {-10, 10}}
	if got := raster.PolygonArea(q.Within(8, 6)); got != 48 {
		t.Errorf("a frame within a quad: %g, want 48", got)
	}
	if got := raster.PolygonArea(q.Within(80, 60)); got != 100 {
		t.Errorf("a quarter inside: %g, want 100", got)
	}
	if got := (raster.Quad{{-10, -10}, {-5, -10}, {-5, -5}, {-10, -5}}).Within(8, 6); len(got) != 0 {
		t.Errorf("outside: %v", got)
	}
}

func TestAHomographyTakesARectangleToItsQuadAndBack(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]raster.Quad{
		"askew": card(), "a rectangle": {{5, 7}, {105, 7}, {105, 67}, {5, 67}}, "a quarter turn": {{60, 0}, {60, 100}, {0, 100}, {0, 0}},
		"strongly foreshortened": {{400, 100}, {600, 100}, {1000, 900}, {0, 900}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const w, h = 85.6, 54.0
			m, ok := raster.RectToQuad(w, h, q)
			if !ok {
				t.Fatal("no map")
			}
			back, ok := m.Inverse()
			if !ok {
				t.Fatal("no inverse")
			}
			for i, corner := range [4]raster.Point{{0, 0}, {w, 0}, {w, h}, {0, h}} {
				if got := m.Apply(corner); !near(got, q[i]) {
					t.Errorf("corner %d goes to %v, want %v", i, got, q[i])
				}
			}
			for _, p := range []raster.Point{{1, 2}, {40, 20}, {85, 53}} {
				if got := back.Apply(m.Apply(p)); !near(got, p) {
					t.Errorf("%v comes back as %v", p, got)
				}
				if got := back.After(m).Apply(p); !near(got, p) {
					t.Errorf("%v comes back through the product as %v", p, got)
				}
				// The derivative is what small steps say.
				const step = 1e-5
				j, at := m.Jacobian(p), m.Apply(p)
				right, down := m.Apply(raster.Point{p[0] + step, p[1]}), m.Apply(raster.Point{p[0], p[1] + step})
				for k, want := range [4]float64{
					(right[0] - at[0]) / step, (down[0] - at[0]) / step, (right[1] - at[1]) / step, (down[1] - at[1]) / step,
				} {
					if math.Abs(j[k]-want) > 1e-3*(1+math.Abs(want)) {
						t.Errorf("derivative %d at %v is %g, want %g", k, p, j[k], want)
					}
				}
				larger, smaller := m.Scales(p)
				if s := m.Scale(p); larger < smaller || math.Abs(larger*smaller-s*s) > 1e-9*s*s {
					t.Errorf("scales %g and %g, mean %g", larger, smaller, s)
				}
			}
		})
	}
}

func TestWhatIsNoQuadHasNoMap(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	for name, q := range map[string]raster.Quad{
		"a point": {}, "a line": {{0, 0}, {1, 1}, {2, 2}, {3, 3}}, "no number": {{nan, 0}, {1, 0}, {1, 1}, {0, 1}},
		"endless": {{0, 0}, {inf, 0}, {inf, 1}, {0, 1}},
	} {
		if m, ok := raster.RectToQuad(1, 1, q); ok {
			t.Errorf("%s: %v", name, m)
		}
	}
	for _, side := range []float64{0, -1} {
		if _, ok := raster.RectToQuad(side, 1, card()); ok {
			t.Errorf("a rectangle of width %g has a map", side)
		}
	}
	for name, m := range map[string]raster.Homography{
		"all to one point": {0, 0, 1, 0, 0, 1, 0, 0, 1}, "all to a line": {1, 2, 0, 2, 4, 0, 0, 0, 1}, "no number": {nan, 0, 0, 0, 1, 0, 0, 0, 1},
	} {
		if back, ok := m.Inverse(); ok {
			t.Errorf("%s: %v", name, back)
		}
	}
}

// TestAFrameLeadsToWhatTheFileStores goes through all orientations of EXIF: the marked pixel of what is stored is found from its
// upright place.
func TestAFrameLeadsToWhatTheFileStores(t *testing.T) {
	t.Parallel()
	const storedW, storedH = 6, 4
	// Where the upright picture's top left pixel is stored, and the one to its right (TIFF 6.0, tag 274).
	for orientation, at := range map[int][2]raster.Point{
		1: {{0.5, 0.5}, {1.5, 0.5}}, 2: {{5.5, 0.5}, {4.5, 0.5}}, 3: {{5.5, 3.5}, {4.5, 3.5}}, 4: {{0.5, 3.5}, {1.5, 3.5}},
		5: {{0.5, 0.5}, {0.5, 1.5}}, 6: {{0.5, 3.5}, {0.5, 2.5}}, 7: {{5.5, 3.5}, {5.5, 2.5}}, 8: {{5.5, 0.5}, {5.5, 1.5}},
	} {
		w, h := storedW, storedH
		if orientation >= 5 {
			w, h = h, w
		}
		f := raster.Frame{
			Width: w, Height: h, Full: raster.NewGray(storedW, storedH), Small: raster.NewRGB(w, h), Scale: [2]float64{1, 1},
			ToFull: raster.Uprighting(orientation, w, h),
		}
		for i, want := range at {
			if got := f.ToFull.Apply(raster.Point{float64(i) + 0.5, 0.5}); !near(got, want) {
				t.Errorf("orientation %d: pixel %d is at %v, want %v", orientation, i, got, want)
			}
		}
		// The picture through the map is the picture upright, pixel by pixel.
		for y := range storedH {
			for x := range storedW {
				f.Full.Pix[y*storedW+x] = uint8(10*y + x)
			}
		}
		upright, ok := f.Rectified(raster.Quad{{0, 0}, {float64(w), 0}, {float64(w), float64(h)}, {0, float64(h)}}, w, h)
		if !ok {
			t.Fatalf("orientation %d: nothing", orientation)
		}
		for i, want := range at {
			if got := upright.Pix[i]; got != uint8(10*int(want[1])+int(want[0])) {
				t.Errorf("orientation %d: pixel %d shows %d, want the one at %v", orientation, i, got, want)
			}
		}
		if p := (raster.Point{1.25, 2.5}); !near(f.FromSmall(f.ToSmall(p)), p) {
			t.Errorf("orientation %d: %v does not come back from the small picture", orientation, p)
		}
	}
}

func TestSmallPicturesAreNotReduced(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ w, h, factor int }{
		{1, 1, 1}, {1280, 960, 1}, {1919, 1000, 1}, {1920, 1000, 2}, {4000, 3000, 3}, {3000, 4000, 3}, {12000, 9, 9},
	} {
		if got := raster.SmallFactor(c.w, c.h); got != c.factor {
			t.Errorf("%d x %d is reduced by %d, want %d", c.w, c.h, got, c.factor)
		}
	}
}

func TestPicturesAreReadBetweenTheirPixels(t *testing.T) {
	t.Parallel()
	g := &raster.Gray{W: 2, H: 2, Stride: 3, Pix: []uint8{0, 100, 9, 200, 60, 9}}
	p := raster.NewRGB(2, 2)
	for i, v := range []uint8{0, 100, 200, 60} {
		copy(p.Pix[3*i:], []uint8{v, v / 2, 255 - v})
	}
	for _, c := range []struct {
		x, y, want float64
	}{
		{0.5, 0.5, 0}, {1.5, 0.5, 100}, {0.5, 1.5, 200}, {1.5, 1.5, 60}, {1, 0.5, 50}, {0.5, 1, 100}, {1, 1, 90},
		{-3, -3, 0}, {9, 0, 100}, {9, 9, 60}, // the nearest edge
	} {
		if got := g.At(c.x, c.y); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("luma at %g, %g is %g, want %g", c.x, c.y, got, c.want)
		}
		r, _, b := p.At(c.x, c.y)
		if math.Abs(r-c.want) > 1e-9 || math.Abs(b-(255-c.want)) > 1e-9 {
			t.Errorf("colour at %g, %g is %g, %g, want %g, %g", c.x, c.y, r, b, c.want, 255-c.want)
		}
	}
	if got := g.Row(1); len(got) != 2 || got[0] != 200 {
		t.Errorf("row 1 is %v", got)
	}
	if got := p.Luma(); got.W != 2 || got.H != 2 || got.Pix[0] != raster.Luma(0, 0, 255) {
		t.Errorf("luma %+v", got)
	}
	for c, want := range map[[3]uint8]uint8{{255, 255, 255}: 255, {0, 0, 0}: 0, {255, 0, 0}: 77, {0, 255, 0}: 149, {0, 0, 255}: 29} {
		if got := raster.Luma(c[0], c[1], c[2]); got != want {
			t.Errorf("the luma of %v is %d, want %d", c, got, want)
		}
	}
}
