package locate

import (
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

func TestAPageRunsOutOfThePictureWherePaperReachesItsBorder(t *testing.T) {
	t.Parallel()
	const w, h = 1200, 900
	page := raster.Quad{{30, 200}, {800, 200}, {800, 700}, {30, 700}}
	for _, c := range []struct {
		name string
		// from is where the paper begins in a row of the picture.
		from                 func(y int) int
		beyond, all, crosses bool
	}{
		{"a line of print near the border is no side", func(int) int { return 0 }, true, true, false},
		{"a side in front of the table is one", func(int) int { return 30 }, false, false, false},
		{"a slanted side crosses the border", func(y int) int { return (y - 450) / 8 }, true, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := &raster.Frame{Width: w, Height: h, Full: raster.NewGray(w, h), Small: raster.NewRGB(w, h),
				Scale: [2]float64{1, 1}, ToFull: raster.Uprighting(1, w, h)}
			for y := range h {
				for x := range w {
					level := uint8(80)
					if y >= 200 && y < 700 && x < 800 && x >= c.from(y) {
						level = 225
					}
					f.Full.Pix[y*w+x] = level
					copy(f.Small.Pix[3*(y*w+x):], []uint8{level, level, level})
				}
			}
			q, ends := runsOut(f, page, [4]bool{}, 4)
			if e := ends[3]; e.beyond != c.beyond || e.all != c.all || e.crosses != c.crosses {
				t.Errorf("got %+v", e)
			}
			if c.beyond && (q[0][0] > 0.5 || q[3][0] > 0.5) || !c.beyond && q != page {
				t.Errorf("the side was moved to %v", q)
			}
			for i := range 3 {
				if ends[i].beyond {
					t.Errorf("side %d is said to run out", i)
				}
			}
		})
	}
}

// painted is a picture that is no larger than what is looked at.
func painted(w, h int, colour func(x, y int) [3]uint8) *raster.Frame {
	f := &raster.Frame{Width: w, Height: h, Full: raster.NewGray(w, h), Small: raster.NewRGB(w, h),
		Scale: [2]float64{1, 1}, ToFull: raster.Uprighting(1, w, h)}
	for y := range h {
		for x := range w {
			p := colour(x, y)
			f.Full.Pix[y*w+x] = raster.Luma(p[0], p[1], p[2])
			copy(f.Small.Pix[3*(y*w+x):], p[:])
		}
	}
	return f
}

func TestASideOnTheBorderIsHiddenUnlessTableIsBeyondIt(t *testing.T) {
	t.Parallel()
	const w, h = 1200, 900
	onBorder := raster.Quad{{2, 200}, {800, 200}, {800, 700}, {2, 700}}
	for _, c := range []struct {
		name string
		// colour is that of the outermost pixels of the document's rows, from there on as far as from.
		colour         [3]uint8
		from           int
		beyond, hidden bool
	}{
		{"paper reaches the border", [3]uint8{225, 225, 225}, 0, true, true},
		{"a printed bar reaches the border", [3]uint8{30, 120, 70}, 0, true, true},
		{"a hair of table is to be seen beyond it", [3]uint8{225, 225, 225}, 3, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := painted(w, h, func(x, y int) [3]uint8 {
				switch {
				case y < 200 || y >= 700 || x >= 800 || x < c.from:
					return [3]uint8{120, 80, 50}
				case x < 40:
					return c.colour
				}
				return [3]uint8{225, 225, 225}
			})
			if _, ends := runsOut(f, onBorder, [4]bool{}, 4); ends[3].beyond != c.beyond || ends[3].hidden != c.hidden {
				t.Errorf("got %+v", ends[3])
			}
		})
	}
}

func TestABandOfPrintGoesOnToTheBorder(t *testing.T) {
	t.Parallel()
	const w, h = 1200, 900
	for name, c := range map[string]struct {
		band   [3]uint8
		top    int // where the band begins; the page at 200
		beyond bool
	}{
		"a coloured band beside which the page's sides go on": {[3]uint8{10, 10, 90}, 200, true},
		"a book of that colour that lies there":               {[3]uint8{10, 10, 90}, 0, false},
		"the table":                                           {[3]uint8{120, 80, 50}, 200, false},
	} {
		f := painted(w, h, func(x, y int) [3]uint8 {
			switch {
			case x < 20 && y >= c.top && y < h-c.top:
				return c.band
			case x >= 20 && x < 800 && y >= 200 && y < 700:
				return [3]uint8{225, 225, 225}
			}
			return [3]uint8{120, 80, 50}
		})
		q, ends := runsOut(f, raster.Quad{{20, 200}, {800, 200}, {800, 700}, {20, 700}}, [4]bool{}, 4)
		if ends[3].beyond != c.beyond || c.beyond == (q[0][0] > 1) {
			t.Errorf("%s: %+v, the side is at %.0f", name, ends[3], q[0][0])
		}
	}
}

func TestAJointAlongASideIsNotAllOfTheTable(t *testing.T) {
	t.Parallel()
	const w, h = 1200, 900
	card := raster.Quad{{30, 200}, {800, 200}, {800, 700}, {30, 700}}
	f := &raster.Frame{Width: w, Height: h, Full: raster.NewGray(w, h), Small: raster.NewRGB(w, h), Scale: [2]float64{1, 1},
		ToFull: raster.Uprighting(1, w, h)}
	for y := range h {
		for x := range w {
			level := uint8(185) // light tiles, with dark joints along two sides of the card
			switch {
			case y >= 200 && y < 700 && x >= 30 && x < 800:
				level = 225
			case y >= 188 && y < 200 || y >= 700 && y < 712:
				level = 80
			}
			f.Full.Pix[y*w+x] = level
			copy(f.Small.Pix[3*(y*w+x):], []uint8{level, level, level})
		}
	}
	if q, ends := runsOut(f, card, [4]bool{}, 4); q != card || ends[3].beyond {
		t.Errorf("the card is said to run out of the picture: %v, %+v", q, ends[3])
	}
}
