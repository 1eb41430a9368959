package locate

import (
	"math"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// seen is the quadrilateral that a camera with the usual field of view sees of a rectangle in millimetres: leaned by tilt
// degrees towards a direction, turned in the picture, its middle at a place.
func seen(widthMM, heightMM, tilt, towards, turn, distance, cx, cy, w, h float64) raster.Quad {
	return seenBy(usualFocal(w, h), widthMM, heightMM, tilt, towards, turn, distance, cx, cy, w, h)
}

// seenBy is seen with a lens of the focal length f.
func seenBy(f, widthMM, heightMM, tilt, towards, turn, distance, cx, cy, w, h float64) raster.Quad {
	rad := math.Pi / 180
	sinT, cosT := math.Sincos(turn * rad)
	sinL, cosL := math.Sincos(tilt * rad)
	sinD, cosD := math.Sincos(towards * rad)
	var q raster.Quad
	for i, p := range [4]raster.Point{{-widthMM / 2, -heightMM / 2}, {widthMM / 2, -heightMM / 2}, {widthMM / 2, heightMM / 2}, {-widthMM / 2, heightMM / 2}} {
		x, y := cosT*p[0]-sinT*p[1], sinT*p[0]+cosT*p[1]
		a, b := cosD*x+sinD*y, -sinD*x+cosD*y // along and across the lean
		z := distance + a*sinL
		a *= cosL
		x, y = cosD*a-sinD*b+cx*distance, sinD*a+cosD*b+cy*distance
		q[i] = raster.Point{w/2 + f*x/z, h/2 + f*y/z}
	}
	return q
}

func TestShapeAndTiltAreRecoveredFromPerspective(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ w, h, tilt, towards, turn float64 }{
		{85.6, 53.98, 0, 0, 0}, {85.6, 53.98, 20, 30, 10}, {210, 297, 35, 200, 75}, {297, 210, 45, 90, -20}, {125, 88, 12, 300, 170},
	} {
		q := seen(c.w, c.h, c.tilt, c.towards, c.turn, 4*c.w, 0, 0, 4000, 3000)
		got, ok := poseOf(q, 4000, 3000, usualFocal(4000, 3000))
		if !ok {
			t.Fatalf("%+v: no pose", c)
		}
		if math.Abs(got.aspect-c.w/c.h) > 0.01*c.w/c.h || math.Abs(got.tilt-c.tilt) > 0.5 || math.Abs(got.skew) > 0.01 {
			t.Errorf("%+v: got %+v", c, got)
		}
	}
}

func TestALensThatIsKnownTellsHowADocumentLeans(t *testing.T) {
	t.Parallel()
	const w, h, lean = 4000, 3000, 38
	for _, focal := range []float64{2400, 3000, 4200} { // fields of view of 80, 67 and 51 degrees
		q := seenBy(focal, 210, 297, lean, 70, 20, 900, 0, 0, w, h)
		f := &raster.Frame{Width: w, Height: h}
		without := describe(f, q, 1, 0).Tilt
		f.Focal = focal
		if got := describe(f, q, 1, 0).Tilt; math.Abs(got-lean) > 0.5 {
			t.Errorf("focal length %.0f: leans by %.1f degrees, want %d; %.1f without it", focal, got, lean, without)
		}
	}
}

func TestADocumentLeansByAsMuchWhereverInThePictureItLies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		lean, x, y float64
	}{
		{"straight below the phone", 0, 0, 0}, {"in a corner of the picture, parallel to the phone", 0, 0.5, -0.35},
		{"small at the edge, parallel to the phone", 0, -0.55, 0}, {"in the middle, leaned", 38, 0, 0}, {"in a corner, leaned", 38, 0.4, 0.3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, ok := poseOf(seen(85.6, 53.98, c.lean, 120, 15, 800, c.x, c.y, 4000, 3000), 4000, 3000, usualFocal(4000, 3000))
			if !ok || math.Abs(got.lean-c.lean) > 0.5 {
				t.Errorf("leans by %.1f degrees, want %.1f", got.lean, c.lean)
			}
		})
	}
}

func TestACutCardIsCompletedByItsShape(t *testing.T) {
	t.Parallel()
	const w, h = 4000, 3000
	for _, tilt := range []float64{0, 8, 15} {
		whole := seen(85.6, 53.98, tilt, 70, 3, 130, -0.36, 0.05, w, h)
		cut := whole
		cut[0] = onVertical(whole[0], whole[1])
		cut[3] = onVertical(whole[3], whole[2])
		if whole[0][0] > -50 {
			t.Fatalf("tilt %g: the card is not cut: %v", tilt, whole)
		}
		got := complete(cut, [4]ending{3: {beyond: true, all: true}}, w, h, usualFocal(w, h), 1)
		if iou := got.IoU(whole); iou < 0.96 { // half of what perspective tells is believed
			t.Errorf("tilt %g: completed to %v, want %v (shared %.3f)", tilt, got, whole, iou)
		}
		mm := (whole.Side(1) + whole.Side(3)) / 2 / 53.98
		want := -min(whole[0][0], whole[3][0]) / mm
		if d := depth(whole, 85.6, 53.98, w, h); math.Abs(d-want) > 0.2*want {
			t.Errorf("tilt %g: %.1f mm outside, want about %.1f", tilt, d, want)
		}
	}
}

func TestACardCutAtTheCornerOfThePictureIsKnownToBeCut(t *testing.T) {
	t.Parallel()
	// A card of 1600 x 1009 pixels whose right 300 and lowest 60 pixels the picture does not show.
	whole := raster.Quad{{700, 691}, {2300, 691}, {2300, 1700}, {700, 1700}}
	for name, sides := range map[string][2]float64{"right and below": {2000, 1640}, "right alone": {2000, 1800}} {
		w, h := sides[0], sides[1]
		cut := whole
		for i := range cut {
			cut[i][0], cut[i][1] = min(cut[i][0], w), min(cut[i][1], h)
		}
		got := complete(cut, borders(cut, w, h), w, h, usualFocal(w, h), 1)
		if d := depth(got, 85.6, 53.98, w, h); d < 3 {
			t.Errorf("%s: completed to %v, %.1f mm outside", name, got, d)
		}
	}
	// A page that fills the picture is not.
	page := raster.Quad{{0, 0}, {2100, 0}, {2100, 2970}, {0, 2970}}
	if got := complete(page, [4]ending{{beyond: true}, {beyond: true}, {beyond: true}, {beyond: true}}, 2100, 2970, usualFocal(2100, 2970), 0); got != page {
		t.Errorf("a page that fills the picture became %v", got)
	}
	// Nor is a sheet of which two sides are those of the picture and whose shape is whole.
	if d := depth(complete(page, borders(page, 2600, 2970), 2600, 2970, usualFocal(2600, 2970), 0), 210, 297, 2600, 2970); d > 1 {
		t.Errorf("a page at the side of the picture: %.1f mm outside", d)
	}
}

// borders are the sides that lie on the picture's border.
func borders(q raster.Quad, w, h float64) (ends [4]ending) {
	for i := range q {
		ends[i].beyond = onBorder(q[i], q[(i+1)%4], w, h, 5)
	}
	return ends
}

// onVertical is where the line through two points meets the left border.
func onVertical(a, b raster.Point) raster.Point {
	t := (0 - a[0]) / (b[0] - a[0])
	return raster.Point{0, a[1] + t*(b[1]-a[1])}
}

func TestFormatsAreWeighedByShapeAndCorners(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		w, h, card float64
		want       string
		px         float64
	}{
		{"a card", 85.6, 53.98, 1, filing.FormatID1, 0},
		{"a page across", 297, 210, 0, filing.FormatA4, 0},
		{"a page upright", 210, 297, 0, filing.FormatA4, 0},
	} {
		q := seen(c.w, c.h, 10, 40, 5, 3*c.w, 0, 0, 4000, 3000)
		shape, _ := poseOf(q, 4000, 3000, usualFocal(4000, 3000))
		got := fits(q, shape, c.card, 4000, 3000)
		if got[0].Format != c.want || got[0].Likelihood < 0.5 {
			t.Errorf("%s: %+v", c.name, got)
		}
		sum := 0.0
		for _, f := range got {
			sum += f.Likelihood
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("%s: likelihoods sum to %g", c.name, sum)
		}
		if m := q.Side(0) / c.w; math.Abs(got[0].PxPerMM-m) > 0.12*m {
			t.Errorf("%s: %.2f pixels for a millimetre, want about %.2f", c.name, got[0].PxPerMM, m)
		}
	}
}

func TestSidesAreFittedToAFractionOfAPixel(t *testing.T) {
	t.Parallel()
	truth := raster.Quad{{310.4, 205.7}, {905.2, 241.3}, {880.9, 640.6}, {295.1, 598.2}}
	f := &raster.Frame{Width: 1200, Height: 800, Full: raster.NewGray(1200, 800), Small: raster.NewRGB(1200, 800), Scale: [2]float64{1, 1},
		ToFull: raster.Uprighting(1, 1200, 800)}
	for y := range 800 {
		for x := range 1200 {
			n := 0
			for i := range 16 {
				if truth.Contains(raster.Point{float64(x) + float64(i%4)/4 + 0.125, float64(y) + float64(i/4)/4 + 0.125}) {
					n++
				}
			}
			v := uint8(90 + n*7)
			f.Full.Pix[y*1200+x] = v
			copy(f.Small.Pix[3*(y*1200+x):], []uint8{v, v, v})
		}
	}
	rough := truth
	for i := range rough {
		rough[i][0] += float64(i) - 1.7
		rough[i][1] += 1.9 - float64(i)
	}
	if got := refine(f, rough, 6); apart(got, truth) > 0.25 {
		t.Errorf("got %v, want %v", got, truth)
	}
}

func TestASideIsNotFittedToTheEndOfItsShadow(t *testing.T) {
	t.Parallel()
	truth := raster.Quad{{310, 205}, {905, 241}, {880, 640}, {295, 598}}
	shade := raster.Quad{{310, 205}, {921, 241}, {896, 656}, {295, 614}} // it falls below and to the right
	f := &raster.Frame{Width: 1200, Height: 800, Full: raster.NewGray(1200, 800), Small: raster.NewRGB(1200, 800), Scale: [2]float64{1, 1},
		ToFull: raster.Uprighting(1, 1200, 800)}
	for y := range 800 {
		for x := range 1200 {
			v, at := uint8(90), raster.Point{float64(x) + 0.5, float64(y) + 0.5}
			switch {
			case truth.Contains(at):
				v = 210
			case shade.Contains(at):
				v = 80
			}
			f.Full.Pix[y*1200+x] = v
			copy(f.Small.Pix[3*(y*1200+x):], []uint8{v, v, v})
		}
	}
	if got := refine(f, shade, 6); apart(got, truth) > 1 {
		t.Errorf("got %v, want %v", got, truth)
	}
	// A side beside something paler than the document stays.
	for y := range 800 {
		for x := range 1200 {
			if at := (raster.Point{float64(x) + 0.5, float64(y) + 0.5}); !truth.Contains(at) && at[1] > 600+0.07*(at[0]-295) {
				f.Full.Pix[y*1200+x] = 250
				copy(f.Small.Pix[3*(y*1200+x):], []uint8{250, 250, 250})
			}
		}
	}
	if got := refine(f, truth, 6); apart(got, truth) > 1 {
		t.Errorf("beside something pale: got %v, want %v", got, truth)
	}
}

func TestAFingerOverTheEdgeIsSeen(t *testing.T) {
	t.Parallel()
	card := raster.Quad{{200, 150}, {1000, 150}, {1000, 654}, {200, 654}}
	draw := func(finger bool) *raster.Frame {
		f := &raster.Frame{Width: 1200, Height: 800, Full: raster.NewGray(1200, 800), Small: raster.NewRGB(1200, 800), Scale: [2]float64{1, 1},
			ToFull: raster.Uprighting(1, 1200, 800)}
		for y := range 800 {
			for x := range 1200 {
				c := [3]uint8{60, 62, 66}
				if card.Contains(raster.Point{float64(x), float64(y)}) {
					c = [3]uint8{226, 232, 236}
					if y%40 < 12 && x%20 < 11 && x > 260 && x < 900 {
						c = [3]uint8{50, 50, 60}
					}
				}
				if dx, dy := float64(x-560), max(float64(560-y), 0); finger && dx*dx+dy*dy < 60*60 {
					c = [3]uint8{196, 142, 112}
				}
				copy(f.Small.Pix[3*(y*1200+x):], c[:])
			}
		}
		return f
	}
	if share, _, _ := covers(draw(false), card); share != 0 {
		t.Errorf("covered by nothing: %.3f", share)
	}
	share, _, outlines := covers(draw(true), card)
	if want := (120*94 + math.Pi*60*60/2) / card.Area(); math.Abs(share-want) > 0.3*want {
		t.Errorf("covered share %.3f, want about %.3f", share, want)
	}
	if len(outlines) == 0 || len(outlines[0]) < 3 {
		t.Errorf("outlines %v", outlines)
	}
}

func TestModelsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for name, is := range map[string]struct {
		*forest
		width int
	}{"rank": {rank(), featureCount}, "nested": {nested(), nestedCount}, "final": {final(), len(finalRow{})}} {
		m := is.forest
		again, err := parseForest(m.String())
		if err != nil {
			t.Fatal(err)
		}
		if again.String() != m.String() {
			t.Errorf("%s is not written as it was read", name)
		}
		for _, tree := range m.trees {
			for _, k := range tree.feature {
				if k < 0 || k >= is.width {
					t.Fatalf("%s asks for feature %d of %d", name, k, is.width)
				}
			}
		}
	}
	for _, text := range []string{"", "3", "99 1 0", "2 1 0.5\n0 1 0 1"} {
		if _, err := parseForest(text); err == nil {
			t.Errorf("%q was read as a forest", text)
		}
	}
}

func TestThingsThatLieOnAPageAreSeenAndPrintIsNot(t *testing.T) {
	t.Parallel()
	page := raster.Quad{{300, 200}, {900, 200}, {900, 1040}, {300, 1040}}
	draw := func(on func(x, y float64) (r, g, b uint8, covered bool)) *raster.Frame {
		const w, h = 1200, 1240
		f := &raster.Frame{Width: w, Height: h, Scale: [2]float64{1, 1}, Small: &raster.RGB{W: w, H: h, Pix: make([]byte, 3*w*h)}}
		for y := range h {
			for x := range w {
				r, g, b := uint8(90), uint8(70), uint8(50)
				if x >= 300 && x < 900 && y >= 200 && y < 1040 {
					r, g, b = 245, 245, 240
					if y%40 < 14 && x%20 < 11 && x > 360 && x < 840 && y > 300 && y < 900 {
						r, g, b = 40, 40, 40
					}
				}
				if on != nil {
					if cr, cg, cb, covered := on(float64(x), float64(y)); covered {
						r, g, b = cr, cg, cb
					}
				}
				copy(f.Small.Pix[3*(y*w+x):], []byte{r, g, b})
			}
		}
		return f
	}
	disc := func(r, g, b uint8, radius float64) func(x, y float64) (uint8, uint8, uint8, bool) {
		return func(x, y float64) (uint8, uint8, uint8, bool) { return r, g, b, math.Hypot(x-600, y-600) < radius }
	}
	aslant := func(r, g, b uint8, long, wide, angle float64) func(x, y float64) (uint8, uint8, uint8, bool) {
		sin, cos := math.Sincos(angle)
		return func(x, y float64) (uint8, uint8, uint8, bool) {
			along, across := (x-600)*cos+(y-600)*sin, (y-600)*cos-(x-600)*sin
			return r, g, b, math.Abs(along) < long/2 && math.Abs(across) < wide/2
		}
	}
	for name, c := range map[string]struct {
		on   func(x, y float64) (uint8, uint8, uint8, bool)
		area float64
	}{
		"a coin":        {disc(150, 150, 145, 70), math.Pi * 70 * 70},
		"a yellow note": {aslant(220, 200, 70, 200, 180, 0.3), 200 * 180},
		"a pen":         {aslant(25, 30, 80, 460, 40, 0.5), 460 * 40},
		"a red pen":     {aslant(136, 42, 41, 460, 40, 0.5), 460 * 40},
		"a pen that comes in straight over an edge": {func(x, y float64) (uint8, uint8, uint8, bool) {
			return 30, 35, 90, x > 100 && x < 700 && math.Abs(y-600) < 20
		}, 400 * 40},
		"a bar that ends at the edge": {func(x, y float64) (uint8, uint8, uint8, bool) {
			return 30, 35, 90, x > 300 && x < 700 && math.Abs(y-600) < 20
		}, 0},
		"a round pen, which shines": {func(x, y float64) (uint8, uint8, uint8, bool) {
			sin, cos := math.Sincos(0.5)
			along, across := (x-600)*cos+(y-600)*sin, (y-600)*cos-(x-600)*sin
			light := 60 * max(0, 1-math.Abs(across+6)/8)
			return uint8(25 + light), uint8(30 + light), uint8(80 + light), math.Abs(along) < 230 && math.Abs(across) < 20
		}, 460 * 40},
		"nothing":                     {nil, 0},
		"a disc that is printed pale": {disc(215, 222, 215, 70), 0},
		"a red emblem":                {disc(200, 40, 30, 55), 0},
		"a bar as the page lies":      {aslant(30, 100, 60, 460, 60, 0), 0},
		"a box that print keeps clear of": {func(x, y float64) (uint8, uint8, uint8, bool) {
			if math.Abs(x-600) < 100 && math.Abs(y-600) < 90 {
				return 120, 150, 190, true
			}
			return 245, 245, 240, math.Abs(x-600) < 116 && math.Abs(y-600) < 106
		}, 0},
		"a reflection":                {disc(255, 255, 255, 70), 0},
		"a thin line across the page": {aslant(20, 20, 20, 460, 4, 0.5), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			share, depth, outlines := covers(draw(c.on), page)
			if want := c.area / page.Area(); math.Abs(share-want) > 0.25*want {
				t.Errorf("covered share %.3f, want about %.3f", share, want)
			}
			if found := len(outlines); found != 0 != (c.area > 0) {
				t.Errorf("%d outlines", found)
			}
			if c.area > 0 && depth < 0.2 {
				t.Errorf("it reaches %.2f into the page", depth)
			}
		})
	}
}

func TestTheLeastResolutionIsThatOfTheFarSideAcrossTheTilt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quad   raster.Quad
		middle float64
		aslant bool
	}{
		"from above": {raster.Quad{{0, 0}, {400, 0}, {400, 200}, {0, 200}}, 4, false},
		"turned":     {raster.Quad{{0, 200}, {0, -200}, {200, -200}, {200, 200}}, 4, false},
		// The far side is twice as far away: 8/(1+s)^2 pixels a millimetre along the tilt, s of the way to it.
		"from the front": {raster.Quad{{100, 0}, {300, 0}, {400, 200}, {0, 200}}, 8 / 1.5 / 1.5, true},
		"from a corner":  {raster.Quad{{20, 10}, {310, 0}, {400, 220}, {0, 160}}, 0, true},
	} {
		m, ok := raster.RectToQuad(100, 50, c.quad)
		if !ok {
			t.Fatal(name)
		}
		// The shortest way in pixels that a thousandth of a millimetre has anywhere within the margins, in any direction.
		want := math.Inf(1)
		for i := range 40 {
			for k := range 40 {
				p := raster.Point{100 * (1 + 10*float64(i)/39) / 12, 50 * (1 + 10*float64(k)/39) / 12}
				from := m.Apply(p)
				for turn := range 90 {
					dy, dx := math.Sincos(float64(turn) * math.Pi / 90)
					to := m.Apply(raster.Point{p[0] + dx/1000, p[1] + dy/1000})
					want = min(want, 1000*math.Hypot(to[0]-from[0], to[1]-from[1]))
				}
			}
		}
		middle, least := resolutions(m, 100, 50)
		if math.Abs(least-want) > 0.01 || c.middle > 0 && math.Abs(middle-c.middle) > 1e-6 || c.aslant != (least < 0.7*middle) {
			t.Errorf("%s: %.3f in the middle and %.3f at least, want %.3f and %.3f", name, middle, least, c.middle, want)
		}
	}
}
