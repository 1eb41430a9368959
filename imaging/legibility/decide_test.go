package legibility

import (
	"math"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// lattice is a document on which tiles were measured at 5 x 4 places.
func lattice(width func(x, y float64) float64) (*sheet, []tile) {
	s := &sheet{w: 400, h: 250, located: true}
	var tiles []tile
	for j := range 4 {
		for i := range 5 {
			x, y := (float64(i)+0.5)/5, (float64(j)+0.5)/4
			tiles = append(tiles, tile{spot: spot{x: x * 400, y: y * 250}, full: 20, width: width(x, y), edges: 100})
		}
	}
	return s, tiles
}

func TestBlurThatGrowsToACornerDecides(t *testing.T) {
	t.Parallel()
	uneven := func(x, y float64) float64 { return 0.01 * math.Sin(37*x+91*y) } // as print differs from place to place
	for name, c := range map[string]struct {
		width     func(x, y float64) float64
		few       bool
		from, to  float64
		wantRight bool
	}{
		"blur that grows evenly to the right decides by what it is where print ends": {
			func(x, y float64) float64 { return 0.05 + 0.3*x + uneven(x, y) }, false, 0.31, 0.34, true,
		},
		"blur that grows along a diagonal decides by the corner": {
			func(x, y float64) float64 { return 0.05 + 0.15*x + 0.15*y + uneven(x, y) }, false, 0.31, 0.34, true,
		},
		"even blur is what its tiles say": {
			func(x, y float64) float64 { return 0.15 + uneven(x, y) }, false, 0.14, 0.165, false,
		},
		"a stain on a sharp document is no slope": {
			func(x, y float64) float64 {
				if x > 0.8 && y > 0.8 {
					return 0.6
				}
				return 0.08 + uneven(x, y)
			}, false, 0.07, 0.1, false,
		},
		"of a few tiles the worst but for a tenth decides": {
			func(x, _ float64) float64 { return 0.05 + 0.3*x }, true, 0.315, 0.325, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, tiles := lattice(c.width)
			if c.few {
				tiles = tiles[:fewestSloped-1]
			}
			worst, width, _ := s.decide(tiles)
			if width < c.from || width > c.to {
				t.Errorf("width %.3f decides, want %.3f to %.3f", width, c.from, c.to)
			}
			if c.wantRight && worst.x < 0.5*float64(s.w) {
				t.Errorf("the tile at %.0f, %.0f decides, want one on the right", worst.x, worst.y)
			}
		})
	}
}

func TestWhatLacksOfDetailIsBlursAndNotPrints(t *testing.T) {
	t.Parallel()
	sharp := func() (d detail) {
		for k := range d {
			d[k][0] = math.Pow(10, sharpCoarse(k)/2)
			for band, power := range sharpDetail(k) {
				d[k][band+1] = d[k][0] * math.Pow(10, power)
			}
		}
		return d
	}
	scale := func(d *detail, direction, band int, by float64) { d[direction][band] *= by }
	for name, c := range map[string]struct {
		change   func(d *detail)
		from, to float64
	}{
		"sharp print lacks nothing": {func(*detail) {}, 0.95, 1.05},
		"rules of a table add to what goes from line to line, and lack nothing": {
			func(d *detail) {
				for _, k := range []int{3, 4, 5} {
					scale(d, k, 0, 6)
				}
			}, 0.85, 1.05,
		},
		"large letters lack detail whichever way one looks": {
			func(d *detail) {
				for k := range d {
					scale(d, k, 0, 4)
				}
			}, 0.6, 1.05,
		},
		"strokes that are there twice lack a band along the way": {func(d *detail) { scale(d, 0, 2, 0.05) }, 0, 0.3},
		"movement takes all detail along its way": {
			func(d *detail) {
				for band := 1; band < detailBands; band++ {
					scale(d, 4, band, 0.05)
				}
			}, 0, 0.3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := sharp()
			c.change(&d)
			if left := d.left(); left < c.from || left > c.to {
				t.Errorf("%.2f of the contrast is left, want %.2f to %.2f", left, c.from, c.to)
			}
		})
	}
}

func TestFaintEdgesAreNoPrints(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		contrasts []float64
		want      int
	}{
		"of print that is alike all tiles count":                      {[]float64{80, 90, 100, 110, 120, 95}, 6},
		"a shadow beside print does not":                              {[]float64{80, 90, 100, 110, 120, 20}, 5},
		"where most tiles are pattern those few with print are heard": {[]float64{8, 9, 8, 10, 9, 8, 9, 60, 110, 120}, 3},
		"print that blur makes fainter still counts":                  {[]float64{120, 110, 100, 90, 60, 45}, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tiles []tile
			for _, v := range c.contrasts {
				tiles = append(tiles, tile{contrast: v})
			}
			if got := len(onlyPrint(tiles)); got != c.want {
				t.Errorf("%d tiles are print, want %d", got, c.want)
			}
		})
	}
}

func TestRulesAndBarsAreNoPrint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		crossed []float64
		want    int
	}{
		"bars beside print are left out":                        {[]float64{0.4, 0.5, 0.02, 0.3, 0.25, 0.06, 0.09}, 4},
		"print with few strokes across is print":                {[]float64{0.4, 0.5, 0.15, 0.3, 0.25}, 5},
		"movement has taken the strokes across it from all":     {[]float64{0.01, 0.05, 0.02, 0.04, 0.03}, 5},
		"movement has taken them from most":                     {[]float64{0.01, 0.05, 0.02, 0.04, 0.03, 0.3, 0.3, 0.3, 0.3}, 9},
		"three places with print tell too little of the others": {[]float64{0.4, 0.5, 0.3, 0.01}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tiles []tile
			for _, v := range c.crossed {
				tiles = append(tiles, tile{contrast: 100, crossed: v})
			}
			if got := len(onlyPrint(tiles)); got != c.want {
				t.Errorf("%d tiles are print, want %d", got, c.want)
			}
		})
	}
}

func TestStrokesCrossInPrintAndNotInABar(t *testing.T) {
	t.Parallel()
	const side = 60
	draw := func(ink func(x, y int) bool) *patch {
		g := raster.NewGray(side, side)
		for y := range side {
			for x := range side {
				g.Pix[y*g.Stride+x] = 220
				if ink(x, y) {
					g.Pix[y*g.Stride+x] = 40
				}
			}
		}
		return cut(g, side/2, side/2, side, 1)
	}
	for name, c := range map[string]struct {
		ink      func(x, y int) bool
		from, to float64
	}{
		"a bar that lies aslant": {func(x, y int) bool { d := 10*y - 3*x; return d > 150 && d < 260 }, 0, straightEdges},
		"a frame's corner":       {func(x, y int) bool { return min(x, y) > 20 && min(x, y) <= 26 }, crossingStrokes, 1},
		"print": {func(x, y int) bool {
			return x%15 > 3 && y%18 > 4 && (x%15 == 4 || x%15 == 5 || y%18 == 5 || y%18 == 6 || y%18 == 12)
		}, crossingStrokes, 1},
	} {
		var m bench
		draw(c.ink).spread(&m, 1)
		if len(m.edges) == 0 || m.crossed < c.from || m.crossed > c.to {
			t.Errorf("%s: %.2f of %d edges cross, want %.2f to %.2f", name, m.crossed, len(m.edges), c.from, c.to)
		}
	}
}

func TestPrintIsNotLookedForOnTheEdgeOfADocument(t *testing.T) {
	t.Parallel()
	l := &lines{height: 10, runs: []run{
		{a: 40, b: 60, top: 120, bottom: 130, strength: 0.2},
		{a: 200, b: 220, top: 243, bottom: 249, strength: 0.9}, // the shadow below
	}}
	for located, want := range map[bool]int{true: 1, false: 2} {
		s := &sheet{w: 400, h: 250, located: located}
		if got := len(s.spots(l, &glare{}, 10)); got != want {
			t.Errorf("located %v: %d places are measured, want %d", located, got, want)
		}
	}
}

func TestABarIsNoLineOfText(t *testing.T) {
	t.Parallel()
	const w, h = 240, 120
	s := &sheet{w: w, h: h, text: 12, textMin: 6, textMax: 30}
	band := func(ink []float32, top, bottom int, of func(x int) float32) {
		for y := top; y < bottom; y++ {
			for x := range w {
				ink[y*w+x] = of(x)
			}
		}
	}
	for name, c := range map[string]struct {
		of   func(x int) float32
		want bool
	}{
		"glyphs":                           {func(x int) float32 { return []float32{0.9, 0.9, 0.9, 0, 0.9, 0.9, 0}[x%7] }, true},
		"a bar":                            {func(int) float32 { return 0.6 }, false},
		"a bar with the table's own grain": {func(x int) float32 { return 0.6 + 0.08*float32(x%3) }, false},
		"text that blur has made a band":   {func(int) float32 { return 0.3 }, true},
	} {
		ink, turned := make([]float32, w*h), make([]float32, w*h)
		band(ink, 50, 62, c.of)
		for y := range h {
			for x := range w {
				turned[x/2*w+y] = ink[y*w+x/2*2] // half as long: the sheet is wider than high
			}
		}
		if got := len(s.runs(ink, false)) > 0; got != c.want {
			t.Errorf("%s is a line: %v", name, got)
		}
		if got := len(s.runs(turned, true)) > 0; got != c.want {
			t.Errorf("%s from top to bottom is a line: %v", name, got)
		}
	}
}
