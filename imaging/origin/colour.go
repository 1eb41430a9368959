package origin

import (
	"math"
	"slices"
	"sync"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// Colour measures whether the document has colours of its own. Its own paper says what white is under this light: at every
// place the colours from black to that white are what a grey copy can show there, and only what lies beside that line
// counts. So a grey copy under a lamp stays grey, although every pixel of it is orange, and under a lamp on one side and a
// window on the other too.
//
// Without a document the whole picture is measured as if it were one. What could not be measured, in a picture of a few
// pixels or where no white can be found, is nil.
func Colour(f *raster.Frame, doc *filing.Document) *filing.Colour {
	c := newCells(f, doc)
	if c == nil {
		return nil
	}
	white, ok := c.neutral()
	if !ok {
		return nil
	}
	c.subtract(white)
	c.smooth()
	c.dropFingers()
	return c.summary(white)
}

// Numbers of measuring colour. Lengths of colour are in units of CIELAB, where 2.3 is just noticeable.
const (
	// cellsWanted is about how many cells the document is divided into: a cell is about a millimetre on a page of A4,
	// the stroke of a seal.
	cellsWanted = 50_000
	// noiseFactor is how many times the noise of a cell a colour must be, and leastChroma how much at least: JPEG at low
	// quality and lenses shift colours by that much.
	noiseFactor = 3.5
	leastChroma = 5
	// hueSectors is into how many parts the circle of hues is divided, and hueShare from which share of the document a
	// hue is there.
	hueSectors = 12
	hueShare   = 0.0008
)

// cells are the means of small squares of the picture, in CIELAB against the white of the screen, with the brightest paper
// of the document as 100.
type cells struct {
	w, h int
	// side is that of a cell in pixels of Frame.Small, left and top where the first one is.
	side, left, top int
	// in says whether a cell lies on the document, uncovered; edge whether it is the outermost of those.
	in []bool
	l  []float32
	a  []float32
	b  []float32
	// clipped: in more than a quarter of it some channel is at its end.
	clipped []bool
	// chroma is what is left of a and b, as length; noise the noise of that.
	chroma []float32
	noise  float64
	// count is how many cells are in, burnt how many of them are saturated in every channel, visible how many lie in the
	// frame on the document, covered or not.
	count, burnt, visible int
}

// newCells averages the pixels of the document in linear light.
func newCells(f *raster.Frame, doc *filing.Document) *cells {
	s := f.Small
	region := raster.Quad{{0, 0}, {float64(s.W), 0}, {float64(s.W), float64(s.H)}, {0, float64(s.H)}}
	var covered [][]raster.Point
	if doc != nil {
		q := shrunk(doc.Quad, documentInset)
		for i, p := range q {
			q[i] = f.ToSmall(p)
		}
		if !q.Convex() {
			return nil
		}
		region = q
		for _, o := range doc.Occlusions {
			polygon := make([]raster.Point, len(o))
			for i, p := range o {
				polygon[i] = f.ToSmall(p)
			}
			covered = append(covered, polygon)
		}
	}
	visible := region.Within(float64(s.W), float64(s.H))
	area := raster.PolygonArea(visible)
	if !(area >= leastArea) {
		return nil
	}
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), 0.0, 0.0
	for _, p := range visible {
		x0, y0, x1, y1 = min(x0, p[0]), min(y0, p[1]), max(x1, p[0]), max(y1, p[1])
	}
	c := &cells{left: int(x0), top: int(y0), side: max(1, int(math.Sqrt(area/cellsWanted)+0.5))}
	c.w, c.h = (int(x1)-c.left)/c.side, (int(y1)-c.top)/c.side
	if c.w < 3 || c.h < 3 {
		return nil
	}
	n := c.w * c.h
	c.in, c.clipped = make([]bool, n), make([]bool, n)
	c.l, c.a, c.b, c.chroma = make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	c.fill(s, region, covered)
	if c.count < leastCells {
		return nil
	}
	return c
}

// Fewer pixels or cells than these tell nothing about a document.
const (
	leastArea  = 400
	leastCells = 100
)

// fill computes the cells that lie in the region and in none of the polygons.
func (c *cells) fill(s *raster.RGB, region raster.Quad, covered [][]raster.Point) {
	linear := linearLight()
	scale := 1 / float32(c.side*c.side)
	for j := range c.h {
		y := float64(c.top) + (float64(j)+0.5)*float64(c.side)
		from, to := c.span(region, y)
		for i := from; i < to; i++ {
			x := float64(c.left) + (float64(i)+0.5)*float64(c.side)
			c.visible++
			if within(covered, raster.Point{x, y}) {
				continue
			}
			var r, g, b float32
			clipped, white := 0, 0
			for v := range c.side {
				at := 3 * ((c.top+j*c.side+v)*s.W + c.left + i*c.side)
				for p := s.Pix[at : at+3*c.side]; len(p) >= 3; p = p[3:] {
					r, g, b = r+linear[p[0]], g+linear[p[1]], b+linear[p[2]]
					if p[0] >= 253 || p[1] >= 253 || p[2] >= 253 {
						clipped++
						if p[0] >= 253 && p[1] >= 253 && p[2] >= 253 {
							white++
						}
					}
				}
			}
			k := j*c.w + i
			c.in[k], c.clipped[k] = true, 4*clipped > c.side*c.side
			// Linear light for now.
			c.l[k], c.a[k], c.b[k] = r*scale, g*scale, b*scale
			c.count++
			if 2*white > c.side*c.side {
				c.burnt++
			}
		}
	}
	c.toLab()
}

// span returns the cells of a row at height y, half open, that lie in a convex quadrilateral.
func (c *cells) span(region raster.Quad, y float64) (from, to int) {
	x0, x1 := math.Inf(1), math.Inf(-1)
	for i, p := range region {
		q := region[(i+1)%4]
		if (p[1] <= y) == (q[1] <= y) {
			continue
		}
		x := p[0] + (y-p[1])/(q[1]-p[1])*(q[0]-p[0])
		x0, x1 = min(x0, x), max(x1, x)
	}
	if x0 > x1 {
		return 0, 0
	}
	side, left := float64(c.side), float64(c.left)
	from = int(math.Ceil(min(max((x0-left)/side-0.5, 0), float64(c.w))))
	to = int(math.Ceil(min(max((x1-left)/side-0.5, 0), float64(c.w))))
	return from, to
}

// within reports whether a point lies in one of the polygons (crossing number).
func within(polygons [][]raster.Point, p raster.Point) bool {
	for _, polygon := range polygons {
		in := false
		for i, a := range polygon {
			b := polygon[(i+1)%len(polygon)]
			if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0]+(p[1]-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
				in = !in
			}
		}
		if in {
			return true
		}
	}
	return false
}

// toLab turns linear red, green and blue into CIELAB (CIE 15, D65). Light is relative to the paper, so that a colour is as
// strong in a dark photo as in a bright one.
func (c *cells) toLab() {
	var greens []float32
	for i, in := range c.in {
		if in && i%7 == 0 {
			greens = append(greens, c.a[i])
		}
	}
	if len(greens) == 0 {
		return
	}
	paper := max(raster.Nth(greens, len(greens)*9/10), 1e-3)
	f := labCurve()
	for i, in := range c.in {
		if !in {
			continue
		}
		r, g, b := c.l[i]/paper, c.a[i]/paper, c.b[i]/paper
		// The matrix of IEC 61966-2-1, each row over the white of D65.
		fx := f.at(0.43391*r + 0.37622*g + 0.18986*b)
		fy := f.at(0.21264*r + 0.71517*g + 0.07219*b)
		fz := f.at(0.01775*r + 0.10947*g + 0.87278*b)
		c.l[i], c.a[i], c.b[i] = 116*fy-16, 500*(fx-fy), 200*(fy-fz)
	}
}

var linearLight = sync.OnceValue(func() *[256]float32 {
	var t [256]float32
	for i := range t {
		if v := float64(i) / 255; v <= 0.04045 {
			t[i] = float32(v / 12.92)
		} else {
			t[i] = float32(math.Pow((v+0.055)/1.055, 2.4))
		}
	}
	return &t
})

// labTable is CIELAB's f, a cube root with a straight foot, from 0 to labEnd.
type labTable [labSteps + 2]float32

const (
	labSteps = 4096
	labEnd   = 4
)

var labCurve = sync.OnceValue(func() *labTable {
	var t labTable
	for i := range t {
		x := float64(i) * labEnd / labSteps
		if x > 216./24389 {
			t[i] = float32(math.Cbrt(x))
		} else {
			t[i] = float32(x*24389/(27*116) + 16./116)
		}
	}
	return &t
})

func (t *labTable) at(x float32) float32 {
	x = min(max(x, 0), labEnd) * (labSteps / labEnd)
	i := int(x)
	d := x - float32(i)
	return t[i] + d*(t[i+1]-t[i])
}

// white is the colour of the paper over the document: a surface of second order in each of a and b, x and y from -1 to 1.
type white struct {
	a, b [6]float64
	// mean is its mean over the tiles.
	mean [2]float64
}

func surfaceRow(x, y float64) [6]float64 { return [6]float64{1, x, y, x * x, x * y, y * y} }

func (w *white) at(x, y float64) (a, b float64) {
	for i, r := range surfaceRow(x, y) {
		a, b = a+r*w.a[i], b+r*w.b[i]
	}
	return a, b
}

// along returns the parabola in x that a surface is at y.
func along(surface *[6]float64, y float64) (level, slope, bend float64) {
	return surface[0] + surface[2]*y + surface[5]*y*y, surface[1] + surface[4]*y, surface[3]
}

// tiles is into how many parts across and down the document is divided to find its paper.
const tiles = 10

// neutral finds the colour of the paper: in every tile the median of its brighter cells, and through those a surface, since
// light changes over a page but not from one stroke to the next. Tiles that do not fit (a coloured field, a shadow) lose
// their weight.
//
// Paper that is burnt out tells its colour no more; where nearly all of it is, what is left of it has to do.
func (c *cells) neutral() (*white, bool) {
	samples := c.papers(false)
	if len(samples) < fewestTiles {
		samples = c.papers(true)
	}
	if len(samples) < fewestTiles {
		return nil, false
	}
	w := &white{}
	for range 4 {
		w.fit(samples)
	}
	for _, s := range samples {
		a, b := w.at(s.x, s.y)
		w.mean[0] += a / float64(len(samples))
		w.mean[1] += b / float64(len(samples))
	}
	return w, true
}

// fewestTiles is from how many tiles of ten by ten the paper's colour is taken.
const fewestTiles = 6

// sample is the paper of one tile: its place, its colour, and how much it counts.
type sample struct{ x, y, a, b, weight float64 }

// papers returns the paper of every tile that shows any, with or without what is burnt out.
func (c *cells) papers(burnt bool) []sample {
	var samples []sample
	var l, a, b []float32
	for ty := range tiles {
		for tx := range tiles {
			l, a, b = l[:0], a[:0], b[:0]
			x0, x1, y0, y1 := tx*c.w/tiles, (tx+1)*c.w/tiles, ty*c.h/tiles, (ty+1)*c.h/tiles
			// Every other cell both ways is enough for a median where there are many.
			step := 1 + min((x1-x0)*(y1-y0)/200, 1)
			for y := y0; y < y1; y += step {
				for x := x0; x < x1; x += step {
					if i := y*c.w + x; c.in[i] && (burnt || !c.clipped[i]) {
						l = append(l, c.l[i])
					}
				}
			}
			if leastTile*step*step*len(l) < (x1-x0)*(y1-y0) || len(l) < 4 {
				continue
			}
			bright := max(raster.Nth(l, len(l)*9/10)*0.9, raster.Nth(l, len(l)/3))
			for y := y0; y < y1; y += step {
				for x := x0; x < x1; x += step {
					if i := y*c.w + x; c.in[i] && (burnt || !c.clipped[i]) && c.l[i] >= bright {
						a, b = append(a, c.a[i]), append(b, c.b[i])
					}
				}
			}
			samples = append(samples, sample{
				x: (float64(tx)+0.5)*2/tiles - 1, y: (float64(ty)+0.5)*2/tiles - 1,
				a: float64(raster.Nth(a, len(a)/2)), b: float64(raster.Nth(b, len(b)/2)), weight: 1,
			})
		}
	}
	return samples
}

// leastTile: a tile counts where one in so many of its cells can be used.
const leastTile = 12

// fit fits the surface to the samples by their weights, and weighs them anew by how far off they lie.
func (w *white) fit(samples []sample) {
	var m normal
	for _, s := range samples {
		m.add(surfaceRow(s.x, s.y), s.weight, s.a, s.b)
	}
	// A little stiffness keeps a surface through few tiles flat: more against bending than against leaning.
	for i, k := range [6]float64{1e-6, 0.3, 0.3, 2, 2, 2} {
		m[i][i] += k
	}
	w.a, w.b = m.solve()
	// Tukey's weights at a scale of the median deviation, at least one unit.
	off := make([]float64, len(samples))
	for i, s := range samples {
		a, b := w.at(s.x, s.y)
		off[i] = math.Hypot(s.a-a, s.b-b)
	}
	scale := 4 * max(raster.Quantile(slices.Clone(off), 0.5), 1)
	for i := range samples {
		k := max(1-off[i]*off[i]/(scale*scale), 0)
		samples[i].weight = k * k
	}
}

// normal are the normal equations of two surfaces through the same places: six rows of coefficients, and the right sides of both.
type normal [6][8]float64

// add adds a place with the values that the two surfaces have there.
func (m *normal) add(row [6]float64, weight, a, b float64) {
	for i, r := range row {
		k := weight * r
		for j := range row {
			m[i][j] += k * row[j]
		}
		m[i][6] += k * a
		m[i][7] += k * b
	}
}

// solve returns the surfaces, which a little stiffness on the diagonal determines.
func (m *normal) solve() (a, b [6]float64) {
	rows := [6][]float64{m[0][:], m[1][:], m[2][:], m[3][:], m[4][:], m[5][:]}
	if !raster.Solve(rows[:]) {
		return a, b
	}
	for i, row := range rows {
		a[i], b[i] = row[6], row[7]
	}
	return a, b
}

// beyond is how far the line of greys goes beyond the paper: the tone curves of cameras give mid greys under coloured light
// more chroma than the white that they compress.
const beyond = 1.35

// subtract takes from a and b what grey may have at each place: the nearest point of the line from black to the paper.
func (c *cells) subtract(w *white) {
	for y := range c.h {
		fy := (float64(y)+0.5)*2/float64(c.h) - 1
		// Along a row the surface is a parabola.
		a0, a1, a2 := along(&w.a, fy)
		b0, b1, b2 := along(&w.b, fy)
		for x := range c.w {
			i := y*c.w + x
			if !c.in[i] {
				continue
			}
			fx := (float64(x)+0.5)*2/float64(c.w) - 1
			pa, pb := float32(a0+fx*(a1+fx*a2)), float32(b0+fx*(b1+fx*b2))
			t := float32(0)
			if n := pa*pa + pb*pb; n > 1e-3 {
				t = min(max((c.a[i]*pa+c.b[i]*pb)/n, 0), beyond)
			}
			c.a[i], c.b[i] = c.a[i]-t*pa, c.b[i]-t*pb
		}
	}
}

// smooth averages a and b over 3 x 3 cells, as vectors: the fringes that lenses put around print have opposite colours on
// opposite sides and cancel, and so does noise. What is left becomes chroma; the noise is measured on the way.
func (c *cells) smooth() {
	var steps []float32
	for y := range c.h {
		for x := range c.w {
			i := y*c.w + x
			if !c.in[i] {
				continue
			}
			var a, b, n float32
			for v := max(y-1, 0); v <= min(y+1, c.h-1); v++ {
				for u := max(x-1, 0); u <= min(x+1, c.w-1); u++ {
					if k := v*c.w + u; c.in[k] {
						a, b, n = a+c.a[k], b+c.b[k], n+1
					}
				}
			}
			c.chroma[i] = float32(math.Sqrt(float64(a*a+b*b))) / n
			if x+2 < c.w && c.in[i+2] && (x+3*y)%13 == 0 {
				da, db := c.a[i]-c.a[i+2], c.b[i]-c.b[i+2]
				steps = append(steps, da*da+db*db)
			}
		}
	}
	if len(steps) == 0 {
		return
	}
	// The difference of two cells has four times the variance of one coordinate, and the median of an exponential
	// distribution is ln 2 of its mean. Averaging 9 cells divides by 3.
	c.noise = math.Sqrt(float64(raster.Nth(steps, len(steps)/2))/(4*math.Ln2)) / 3
}

// level is the chroma from which a cell counts as coloured.
func (c *cells) level() float32 { return float32(max(leastChroma, noiseFactor*c.noise)) }

// Hues of skin, in degrees of CIELAB, from pink to yellow brown, and the most of the document that a finger covers.
const (
	skinFrom, skinTo = 15, 85
	fingerShare      = 0.2
)

// dropFingers takes patches of the colour of skin that reach the border of the document out of the count: they are fingers
// that hold it, and a grey copy held in a hand is still grey. What reaches the border in another colour is a part of
// the document (a coloured band) or a reflection, and stays.
func (c *cells) dropFingers() {
	level := c.level()
	seen := make([]bool, len(c.in))
	var queue, found []int
	for start := range c.in {
		if seen[start] || !c.in[start] || !c.skin(start, level) {
			continue
		}
		queue, found = append(queue[:0], start), found[:0]
		seen[start] = true
		border := false
		for len(queue) > 0 {
			i := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			found = append(found, i)
			x, y := i%c.w, i/c.w
			for _, k := range [4]int{i - 1, i + 1, i - c.w, i + c.w} {
				if x == 0 && k == i-1 || x == c.w-1 && k == i+1 || y == 0 && k == i-c.w || y == c.h-1 && k == i+c.w ||
					!c.in[k] {
					border = true
					continue
				}
				if !seen[k] && c.skin(k, level) {
					seen[k] = true
					queue = append(queue, k)
				}
			}
		}
		if border && len(found) >= 30 && float64(len(found)) < fingerShare*float64(c.count) {
			for _, i := range found {
				c.in[i] = false
			}
			c.count -= len(found)
		}
	}
}

// skin reports whether a cell is coloured as skin is.
func (c *cells) skin(i int, level float32) bool {
	if c.chroma[i] < level {
		return false
	}
	h := hue(c.a[i], c.b[i])
	return h >= skinFrom && h <= skinTo
}

// hue is the angle of a colour in the plane of a and b, 0 to 360 degrees.
func hue(a, b float32) float64 {
	h := math.Atan2(float64(b), float64(a)) * 180 / math.Pi
	if h < 0 {
		h += 360
	}
	return h
}

// chromaStep is how finely chroma is counted to find a percentile, chromaSteps how far: beyond 160 lies no colour of sRGB.
const (
	chromaStep  = 1. / 32
	chromaSteps = 160 * 32
)

// summary puts the measurements together.
func (c *cells) summary(w *white) *filing.Colour {
	level := c.level()
	counts := make([]int, chromaSteps)
	var sectors [hueSectors]int
	all, coloured := 0, 0
	for i, in := range c.in {
		if !in {
			continue
		}
		all++
		counts[min(int(c.chroma[i]/chromaStep), chromaSteps-1)]++
		if c.chroma[i] >= level {
			coloured++
			sectors[min(int(hue(c.a[i], c.b[i])*hueSectors/360), hueSectors-1)]++
		}
	}
	if all == 0 {
		return nil
	}
	step, below := 0, counts[0]
	for below*100 < all*99 {
		step++
		below += counts[step]
	}
	out := &filing.Colour{
		Chroma:      rounded(float64(step) * chromaStep),
		ChromaShare: rounded(float64(coloured) / float64(all)),
		Neutral:     [2]float64{rounded(w.mean[0]), rounded(w.mean[1])},
		Measured:    rounded(float64(all-c.burnt) / float64(max(c.visible, 1))),
		Noise:       rounded(c.noise),
	}
	for _, n := range sectors {
		if float64(n) >= hueShare*float64(all) {
			out.Hues++
		}
	}
	return out
}

// rounded keeps four decimals: what lies beyond is no information, and a shorter record is read more easily.
func rounded(x float64) float64 { return math.Round(x*1e4) / 1e4 }
