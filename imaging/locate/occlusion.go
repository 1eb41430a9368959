package locate

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// The document is looked at for covers as a picture of this many cells along its longer side, with a rim of cells around it that
// shows the table.
const (
	coverCells = 132
	coverRim   = 12
)

// mostCovers is how many outlines are told: beyond that they are crumbs.
const mostCovers = 8

// cover is the document from above, with a rim of table.
type cover struct {
	w, h, rim int
	toPhoto   raster.Homography
	// pix are the colours of the cells, red, green and blue; shown is false where the photo does not reach.
	pix   [][3]float64
	shown []bool
}

// newCover looks at a document; nil where its shape allows none.
func newCover(f *raster.Frame, q raster.Quad) *cover {
	a, b := (q.Side(0)+q.Side(2))/2, (q.Side(1)+q.Side(3))/2
	long := max(a, b)
	if long < 40 {
		return nil
	}
	w, h := max(int(coverCells*a/long), 24), max(int(coverCells*b/long), 24)
	m, ok := raster.RectToQuad(float64(w), float64(h), q)
	if !ok {
		return nil
	}
	const rim = coverRim
	c := &cover{w: w + 2*rim, h: h + 2*rim, rim: rim, toPhoto: m}
	c.pix, c.shown = make([][3]float64, c.w*c.h), make([]bool, c.w*c.h)
	toSmall := raster.Homography{f.Scale[0], 0, 0, 0, f.Scale[1], 0, 0, 0, 1}.After(m)
	wide, high := float64(f.Small.W), float64(f.Small.H)
	for y := range c.h {
		// Along a row the three numbers of the map grow evenly.
		t := float64(y-rim) + 0.5
		row := [3]float64{toSmall[1]*t + toSmall[2], toSmall[4]*t + toSmall[5], toSmall[7]*t + toSmall[8]}
		for x := range c.w {
			s := float64(x-rim) + 0.5
			z := 1 / (toSmall[6]*s + row[2])
			px, py := (toSmall[0]*s+row[0])*z, (toSmall[3]*s+row[1])*z
			if px >= 0 && py >= 0 && px < wide && py < high {
				r, g, b := f.Small.At(px, py)
				c.pix[y*c.w+x], c.shown[y*c.w+x] = [3]float64{r, g, b}, true
			}
		}
	}
	return c
}

// inside reports whether a cell is on the document.
func (c *cover) inside(x, y int) bool {
	return x >= c.rim && y >= c.rim && x < c.w-c.rim && y < c.h-c.rim
}

// covers finds what lies over the edge of the document: where along a side the same colour is on both of its sides, although
// elsewhere on that side paper and table differ, something covers it; from there it reaches as far as its colour does. Then it
// finds what lies within (see things). share is the part of the document's area that is covered, depth how far in from the
// nearest side the deepest cover reaches as a share of the shorter side; the polygons are in pixels of the upright picture.
func covers(f *raster.Frame, q raster.Quad) (share, depth float64, polygons [][]raster.Point) {
	c := newCover(f, q)
	if c == nil {
		return 0, 0, nil
	}
	total := (c.w - 2*c.rim) * (c.h - 2*c.rim)
	paper := c.paper()
	taken := make([]bool, len(c.pix))
	covered := 0
	add := func(cells []int) {
		covered += len(cells)
		depth = max(depth, c.depth(cells))
		if len(polygons) < mostCovers {
			polygons = append(polygons, c.outline(cells))
		}
	}
	for _, cells := range c.overEdges(paper, taken, total) {
		add(cells)
	}
	for _, cells := range c.things(f, taken) {
		add(cells)
	}
	for _, cells := range c.slender(paper, taken) {
		add(cells)
	}
	return float64(covered) / float64(total), depth, polygons
}

// What comes in over an edge is told from a strip of the table, where a side was not found to a hair, and from shadow.
const (
	// Of a strip or a rim of the table more than stripEdge of the outline lies on the document's own, or it fills less than rimFilled of its
	// hull, going round a corner; of fingers, pens and slips a third at most, and nearly half at least.
	stripEdge, rimFilled = 0.42, 0.4
	// overSharp is the part of the outline on the document that must be sharp: that of a shadow fades. overGoesOn is the part of what meets the
	// edge that must go on beyond it, unless overPlain of the outline is sharp: a slip may end there.
	overSharp, overGoesOn, overPlain = 0.42, 0.25, 0.9
	// overContrast is how far its colour is from what lies around it, as thingContrast: more, since light and dirt come in over edges. Between
	// two fingers lies a third, so that it is enough if one thing of those at the edges stands out as much.
	overContrast = 40
)

// overEdges finds what comes in over the edges, and takes it.
func (c *cover) overEdges(paper [3]float64, taken []bool, total int) (found [][]int) {
	far := make([]uint8, len(c.pix))
	plain := false
	for _, s := range c.breaks() {
		cells := c.nailed(c.spread(s, paper, taken), taken)
		t := thing{cells: cells}
		if len(cells) >= total/400 && len(cells) <= total/2 && c.reaches(cells, s.side) && c.comesIn(&t, far) {
			found = append(found, cells)
			plain = plain || span(t.colour, t.around) >= overContrast
			continue
		}
		for _, i := range cells {
			taken[i] = false // another place, or what lies within, may have it
		}
	}
	if !plain {
		for _, cells := range found {
			for _, i := range cells {
				taken[i] = false
			}
		}
		return nil
	}
	return found
}

// comesIn reports whether what was found at an edge is a thing that comes in over it; far is memory.
func (c *cover) comesIn(t *thing, far []uint8) bool {
	if c.shape(t); t.filled < rimFilled || !c.compare(t, far) {
		return false
	}
	return t.edge <= stripEdge && t.sharp >= overSharp && (t.goesOn >= overGoesOn || t.sharp >= overPlain)
}

// depth is how far cells reach into the document from its nearest side, as a share of the shorter one.
func (c *cover) depth(cells []int) float64 {
	depths := make([]float64, len(cells))
	for k, i := range cells {
		x, y := i%c.w, i/c.w
		depths[k] = float64(min(x-c.rim, y-c.rim, c.w-c.rim-1-x, c.h-c.rim-1-y) + 1)
	}
	return raster.Quantile(depths, 0.95) / float64(min(c.w, c.h)-2*c.rim)
}

// start is a place at a side where something lies across it.
type start struct {
	x, y   int
	side   int
	colour [3]float64
}

// reaches reports whether what lies over a side reaches into the document: a strip along the side is a part of the table, where the
// side was not found to a hair.
func (c *cover) reaches(cells []int, side int) bool {
	const least = 0.2 // of how long it is along the side
	depth, along := make([]float64, len(cells)), make([]float64, len(cells))
	for k, i := range cells {
		x, y := i%c.w, i/c.w
		depth[k] = float64([4]int{y - c.rim, c.w - c.rim - 1 - x, c.h - c.rim - 1 - y, x - c.rim}[side] + 1)
		along[k] = float64([4]int{x, y, x, y}[side])
	}
	return raster.Quantile(depth, 0.95) >= least*(raster.Quantile(along, 0.95)-raster.Quantile(along, 0.05))
}

// breaks finds the places along the sides where table and document are one.
func (c *cover) breaks() []start {
	const depth = 3 // cells from the side on which colours are compared
	var out []start
	w, h := c.w-2*c.rim, c.h-2*c.rim
	for side := range 4 {
		n := w
		if side%2 == 1 {
			n = h
		}
		at := func(t, off int) (int, int) { // off > 0 is inside
			switch side {
			case 0:
				return c.rim + t, c.rim + off - 1
			case 1:
				return c.w - c.rim - off, c.rim + t
			case 2:
				return c.rim + t, c.h - c.rim - off
			default:
				return c.rim + off - 1, c.rim + t
			}
		}
		differences := make([]float64, 0, n)
		apart := make([]float64, n)
		for t := range n {
			ix, iy := at(t, depth)
			ox, oy := at(t, 1-depth)
			apart[t] = math.NaN()
			if !c.shown[iy*c.w+ix] || !c.shown[oy*c.w+ox] {
				continue
			}
			apart[t] = span(c.pix[iy*c.w+ix], c.pix[oy*c.w+ox])
			if t > n/12 && t < n-n/12 {
				differences = append(differences, apart[t])
			}
		}
		if len(differences) < n/4 {
			continue
		}
		usual := raster.Quantile(differences, 0.75)
		if usual < 24 {
			continue // paper on paper: that both look alike says nothing
		}
		limit := min(0.33*usual, 22)
		for t := n / 14; t < n-n/14; {
			if !(apart[t] < limit) {
				t++
				continue
			}
			from := t
			for t < n-n/14 && apart[t] < limit {
				t++
			}
			if t-from < max(n/40, 3) || t-from > 3*n/5 {
				continue
			}
			x, y := at((from+t)/2, depth)
			out = append(out, start{x: x, y: y, colour: c.pix[y*c.w+x], side: side})
		}
	}
	return out
}

// paper is the colour of the document's paper: the brightest third of what lies inside near the sides, its median.
func (c *cover) paper() [3]float64 {
	var bright []float64
	var at []int
	for y := range c.h {
		for x := range c.w {
			if i := y*c.w + x; c.inside(x, y) && c.shown[i] && (x+y)%3 == 0 {
				bright = append(bright, c.pix[i][0]+c.pix[i][1]+c.pix[i][2])
				at = append(at, i)
			}
		}
	}
	if len(bright) == 0 {
		return [3]float64{255, 255, 255}
	}
	limit := raster.Quantile(append([]float64(nil), bright...), 0.55)
	var sum [3]float64
	n := 0.0
	for k, i := range at {
		if bright[k] >= limit {
			n++
			for j := range sum {
				sum[j] += c.pix[i][j]
			}
		}
	}
	return [3]float64{sum[0] / n, sum[1] / n, sum[2] / n}
}

// spread is the connected part of the document around a start whose colour goes on smoothly from there and is not the
// paper's.
func (c *cover) spread(s start, paper [3]float64, taken []bool) []int {
	const smooth = 13 // the greatest change from one cell to the next on a finger or a pen
	if span(s.colour, paper) < 40 {
		return nil
	}
	first := s.y*c.w + s.x
	if taken[first] {
		return nil
	}
	taken[first] = true
	return c.connected(first, func(i, j int) bool {
		joins := !taken[j] && c.shown[j] && span(c.pix[j], c.pix[i]) <= smooth && span(c.pix[j], s.colour) <= 75 &&
			span(c.pix[j], paper) >= 0.45*span(s.colour, paper)
		taken[j] = taken[j] || joins
		return joins
	})
}

// nailed adds to what comes in over an edge the areas that it encloses, with that edge or alone: a finger's nail, which is lighter than its
// skin and of the tip that lies on a corner the larger part.
func (c *cover) nailed(cells []int, taken []bool) []int {
	// An area is enclosed if so much of its outline is, and is at most so many times as large.
	const enclosed, larger = 0.6, 5
	if len(cells) == 0 {
		return cells
	}
	own := make(map[int]bool, len(cells))
	for _, i := range cells {
		own[i] = true
	}
	seen := make([]bool, len(c.pix))
	for _, i := range cells {
		for _, way := range neighbours() {
			j, ok := c.acrossRim(i, way, func(j int) bool { return !taken[j] && c.shown[j] && span(c.pix[j], c.pix[i]) > thingContrast })
			if !ok || seen[j] {
				continue
			}
			if area := c.smoothly(j, seen, taken); len(area) <= larger*len(own) && c.within(area, own) >= enclosed {
				for _, k := range area {
					taken[k] = true
				}
				cells = append(cells, area...)
			}
		}
	}
	return cells
}

// acrossRim is the first place from a cell on, one way, for which something holds, within the four cells that a rim is wide at most.
func (c *cover) acrossRim(i int, way [2]int, holds func(j int) bool) (int, bool) {
	for range 4 {
		x, y := i%c.w+way[0], i/c.w+way[1]
		if i = y*c.w + x; !c.inside(x, y) {
			return i, false
		}
		if holds(i) {
			return i, true
		}
	}
	return i, false
}

// within is the part of the outline of an area that is on the document's edge or borders on other cells.
func (c *cover) within(area []int, other map[int]bool) float64 {
	in := make(map[int]bool, len(area))
	for _, i := range area {
		in[i] = true
	}
	outline, borders := 0, 0
	for _, i := range area {
		for _, way := range neighbours() {
			x, y := i%c.w+way[0], i/c.w+way[1]
			if j := y*c.w + x; in[j] {
				continue
			}
			outline++
			if _, ok := c.acrossRim(i, way, func(j int) bool { return other[j] }); ok || !c.inside(x, y) {
				borders++
			}
		}
	}
	return float64(borders) / float64(outline)
}

// outline is the convex hull of cells, in pixels of the upright picture.
func (c *cover) outline(cells []int) []raster.Point {
	hull := c.hull(cells)
	for i, p := range hull {
		hull[i] = c.toPhoto.Apply(raster.Point{p[0] - float64(c.rim), p[1] - float64(c.rim)})
	}
	return hull
}

// hull is the convex hull of cells, in cells.
func (c *cover) hull(cells []int) []raster.Point {
	// The ends of each row have it all: an area has thousands of cells, and a hull sorts what it is given.
	first, last := make([]int, c.h), make([]int, c.h)
	for _, i := range cells {
		x, y := i%c.w, i/c.w
		if last[y] == 0 || x < first[y] {
			first[y] = x
		}
		last[y] = max(last[y], x+1)
	}
	var points []raster.Point
	for y := range c.h {
		if last[y] > 0 {
			l, r, top := float64(first[y]), float64(last[y]), float64(y)
			points = append(points, raster.Point{l, top}, raster.Point{r, top}, raster.Point{l, top + 1}, raster.Point{r, top + 1})
		}
	}
	return raster.ConvexHull(points)
}
