package locate

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// A thing that lies on a document is seen as an area without print whose colour goes on smoothly up to a sharp outline and is not the
// paper's: a note, a coin, a pen, a strap, a finger that comes in over the edge. What is printed differs from that in one way or
// another: text, seals, emblems and portraits are made of small parts, frames and lines are thin, bars and boxes lie as the document
// does, the picture of the state emblem is red; and a shadow has no colour of its own and comes in over the edge.
//
// Colours are in levels of grey; shares are of the document where nothing else is said. In the tuning half of the labelled photos, things
// had the outline 0.88 or more of their convex hull, printed areas of their size 0.8 at most, unless they were thin, bars or red.
const (
	// thingStep is the greatest change from one cell to the next within an area.
	thingStep = 9
	// Areas between leastThing and mostThing are looked at: less is hair or a letter, more is the paper.
	leastThing, mostThing = 0.006, 0.3
	// thingContrast is how far its colour is from what lies around it, thingRough how much it may change from cell to cell apart from
	// shading, thingSharp the part of its outline that must be sharp: half of the contrast within three cells.
	thingContrast, thingRough, thingSharp = 35, 7, 0.6
	// fadedBy is how much less saturated than the paper, of 1, something is that is no thing but a reflection.
	fadedBy = 0.02
	// thingColour is the difference between the channels' ratios to the paper from which something has a colour of its own, emblemRed
	// the one of red to green from which it may be an emblem or a seal where it is less than mostEmblem.
	thingColour, emblemRed, mostEmblem = 0.15, 0.45, 0.05
	// printedBar is the part of its upright box from which an area lies as print does.
	printedBar = 0.9
	// Compact things (slips, coins) are at least leastCompact, have so much of their hull, or somewhat less if plainly on paper, and
	// are at most compactLong times as long as wide.
	leastCompact, compactFilled, compactOnPaper, compactLong = 0.02, 0.92, 0.86, 2.3
	// Slender things (pens, straps) are so many times as long as wide, lie aslant by this angle in radians, and stand out more: bars and
	// folds do not.
	leastAslant                                                                                      = 0.09
	slenderLong, slenderMost, slenderFilled, slenderContrast, slenderBox, slenderSharp, leastSlender = 5, 20, 0.7, 80, 0.6, 0.65, 0.012
	// Fingers have the hue of skin, redder than the paper by fingerRed and yellower by fingerYellow, and most of what meets the
	// edge goes on beyond it.
	fingerRed, fingerYellow, fingerGoesOn, fingerLong, fingerFilled, fingerSharp = 0.03, 0.08, 0.7, 8, 0.6, 0.5
	// onPaper is the part of what is around a thing that has one colour where it lies on paper.
	onPaper, onPaperSlender = 0.5, 0.75
	// atEdge is the part of the outline that lies on the document's own from which something comes in over it.
	atEdge, fingerAtEdge = 0.05, 0.03
)

// thing is an area of the document, with what is measured of it.
type thing struct {
	cells []int
	// share is of the document, filled of its convex hull, boxed of its upright box; long is how many times as long as wide it is.
	// aslant is the angle between it and the document's nearest direction, in radians.
	share, filled, boxed, long, aslant float64
	// colour is its mean, around that of what is two to four cells beyond its outline, and even the part of that which has it.
	colour, around [3]float64
	even           float64
	// rough is the mean second difference of its colours.
	rough float64
	// sharp is the part of its outline on the document across which its colour changes, edge the part that is the document's edge,
	// goesOn that of the latter across which it goes on.
	sharp, edge, goesOn float64
}

// things finds what lies on the document among what is not taken yet, which it takes.
func (c *cover) things(taken []bool) (found [][]int) {
	total := 0
	for i := range c.pix {
		if c.shown[i] && c.inside(i%c.w, i/c.w) {
			total++
		}
	}
	seen, far := make([]bool, len(c.pix)), make([]uint8, len(c.pix))
	for first := range c.pix {
		if seen[first] || taken[first] || !c.shown[first] || !c.inside(first%c.w, first/c.w) {
			continue
		}
		t := thing{cells: c.smoothly(first, seen, taken)}
		if t.share = float64(len(t.cells)) / float64(total); t.share < leastThing || t.share > mostThing {
			continue
		}
		if c.shape(&t); t.filled >= fingerFilled && t.boxed <= printedBar && c.compare(&t, far) && t.lies() {
			found = append(found, t.cells)
			for _, i := range t.cells {
				taken[i] = true
			}
		}
	}
	return found
}

// smoothly is the connected part of the document around a cell in which the colour changes little from cell to cell.
func (c *cover) smoothly(first int, seen, taken []bool) []int {
	seen[first] = true
	cells := []int{first}
	for k := 0; k < len(cells); k++ {
		i := cells[k]
		for _, d := range neighbours() {
			x, y := i%c.w+d[0], i/c.w+d[1]
			if !c.inside(x, y) {
				continue
			}
			if j := y*c.w + x; !seen[j] && !taken[j] && c.shown[j] && square(c.pix[j], c.pix[i]) < thingStep*thingStep {
				seen[j] = true
				cells = append(cells, j)
			}
		}
	}
	return cells
}

// neighbours are the ways to the cells that share a side with one.
func neighbours() [4][2]int { return [4][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} }

// shape measures what the outline says.
func (c *cover) shape(t *thing) {
	n := float64(len(t.cells))
	left, top, right, bottom := c.w, c.h, 0, 0
	var sx, sy, sxx, sxy, syy float64
	for _, i := range t.cells {
		x, y := i%c.w, i/c.w
		left, top, right, bottom = min(left, x), min(top, y), max(right, x+1), max(bottom, y+1)
		fx, fy := float64(x), float64(y)
		sx, sy, sxx, sxy, syy = sx+fx, sy+fy, sxx+fx*fx, sxy+fx*fy, syy+fy*fy
	}
	sx, sy = sx/n, sy/n
	sxx, sxy, syy = sxx/n-sx*sx, sxy/n-sx*sy, syy/n-sy*sy
	half, root := (sxx+syy)/2, math.Sqrt((sxx-syy)*(sxx-syy)/4+sxy*sxy)
	t.long = math.Sqrt((half + root) / max(half-root, 1e-3))
	angle := math.Abs(0.5 * math.Atan2(2*sxy, sxx-syy)) // 0 to a quarter of a turn
	t.aslant = min(angle, math.Pi/2-angle)
	t.boxed = n / float64((right-left)*(bottom-top))
	t.filled = n / raster.PolygonArea(c.hull(t.cells))
}

// compare measures what colours say; far is memory. It is false where too little is around the thing to compare it with.
func (c *cover) compare(t *thing, far []uint8) bool {
	const near, beyond = 3, 4 // cells from the outline, between which is what it is compared with
	clear(far)
	for _, i := range t.cells {
		far[i] = math.MaxUint8
		for k := range t.colour {
			t.colour[k] += c.pix[i][k] / float64(len(t.cells))
		}
	}
	in := func(i int) bool { return far[i] == math.MaxUint8 }
	var ring []int
	front, next := t.cells, []int(nil)
	for d := uint8(1); d <= beyond; d++ {
		next = next[:0:0]
		for _, i := range front {
			for _, way := range neighbours() {
				x, y := i%c.w+way[0], i/c.w+way[1]
				if j := y*c.w + x; c.inside(x, y) && far[j] == 0 {
					far[j] = d
					next = append(next, j)
					if d >= near && c.shown[j] {
						ring = append(ring, j)
					}
				}
			}
		}
		front = next
	}
	if len(ring) < 8 {
		return false
	}
	values := make([]float64, len(ring))
	for k := range t.around {
		for n, i := range ring {
			values[n] = c.pix[i][k]
		}
		t.around[k] = raster.Quantile(values, 0.5)
	}
	contrast := span(t.colour, t.around)
	for _, i := range ring {
		if span(c.pix[i], t.around) < 0.3*contrast+4 {
			t.even += 1 / float64(len(ring))
		}
	}
	var outline, sharp, edge, goesOn, rough, pairs float64
	for _, i := range t.cells {
		for _, step := range [2]int{1, c.w} {
			if in(i-step) && in(i+step) {
				for k := range 3 {
					rough += math.Abs(c.pix[i-step][k]+c.pix[i+step][k]-2*c.pix[i][k]) / 3
				}
				pairs++
			}
		}
		for _, way := range neighbours() {
			step := way[1]*c.w + way[0]
			switch {
			case in(i + step):
			case c.inside(i%c.w+way[0], i/c.w+way[1]):
				outline++
				if span(c.pix[i], c.pix[i+3*step]) > 0.5*contrast { // the rim is wider than three cells
					sharp++
				}
			default:
				edge++
				if j := i + 4*step; c.shown[j] && span(c.pix[j], c.pix[i]) < 2.5*thingStep {
					goesOn++
				}
			}
		}
	}
	t.rough, t.sharp = rough/max(pairs, 1), sharp/max(outline, 1)
	t.edge, t.goesOn = edge/(outline+edge), goesOn/max(edge, 1)
	return true
}

// lies reports whether it is a thing that lies on the document.
func (t *thing) lies() bool {
	contrast := span(t.colour, t.around)
	if t.rough > thingRough || contrast < thingContrast {
		return false
	}
	luma := func(p [3]float64) float64 { return 0.3*p[0] + 0.59*p[1] + 0.11*p[2] }
	var ratio [3]float64
	for k := range ratio {
		ratio[k] = t.colour[k] / (t.around[k] + 1)
	}
	red, yellow := ratio[0]-ratio[1], (ratio[0]+ratio[1])/2-ratio[2]
	coloured := max(math.Abs(red), math.Abs(yellow)) >= thingColour
	darker := luma(t.around) > luma(t.colour)
	switch faded := saturation(t.colour) < saturation(t.around)-fadedBy; {
	case red > emblemRed && t.share < mostEmblem, !darker && (!coloured || faded):
		return false
	}
	compact := t.share >= leastCompact && t.long < compactLong && t.sharp >= thingSharp && (coloured || t.edge <= atEdge) &&
		(t.filled >= compactFilled || t.filled >= compactOnPaper && t.even >= onPaper)
	slender := t.long >= slenderLong && t.long < slenderMost && t.filled >= slenderFilled && t.boxed < slenderBox && t.aslant >= leastAslant && darker &&
		t.share >= leastSlender && t.sharp >= slenderSharp && t.even >= onPaperSlender && contrast >= slenderContrast
	finger := t.edge > fingerAtEdge && t.goesOn >= fingerGoesOn && t.long < fingerLong && t.sharp >= fingerSharp && darker &&
		red > fingerRed && yellow > fingerYellow
	return compact || slender || finger
}

// saturation is how far a colour is from grey, 0 to 1.
func saturation(p [3]float64) float64 {
	most := max(p[0], p[1], p[2])
	return (most - min(p[0], p[1], p[2])) / (most + 1)
}
