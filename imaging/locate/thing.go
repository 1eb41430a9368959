package locate

import (
	"image"
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
	// printedBar is the part of its upright box from which an area lies as print does. Of such only those are things that cut print: what is
	// printed in a box keeps clear of other print, or has a line all around. Of what is just beyond its outline leastCut to mostCut is then
	// print, and mostBarEdge of the outline at most is the document's: heads and feet are bars at the edge.
	printedBar                     = 0.9
	leastCut, mostCut, mostBarEdge = 0.05, 0.6, 0.3
	// Compact things (slips, coins) are at least leastCompact, have so much of their hull, or somewhat less if plainly on paper from which
	// they stand out by paperContrast, are at most compactLong times as long as wide and stand out by compactContrast: discs and
	// pictures that are printed pale do not.
	leastCompact, compactFilled, compactOnPaper, compactLong = 0.02, 0.92, 0.86, 2.3
	compactContrast, paperContrast                           = 55, 70
	// What lies over an edge goes on beyond it; a wedge that is printed across a corner ends there. Of an area of whose outline more than
	// wedgeEdge is the document's, wedgeGoesOn of that goes on: slips over an edge are cut by a third of their outline, and go on nearly whole.
	wedgeEdge, wedgeGoesOn = 0.3, 0.3
	// Slender things (pens, straps) are darker than darkPart of the paper's brightness, or more saturated than it by strong, for a width of
	// three cells and more; so many times as long as wide; aslant to the document's sides by this angle in radians, unless penGoesOn of what
	// meets the edge goes on beyond it; with a sharp outline, of which little lies at the document's; and stand out by slenderContrast on
	// white, by slenderLeast of that on what is dark. Of 1,136 labelled photos with prints of many kinds no print was such.
	penGoesOn                                                              = 0.6
	darkPart, strong                                                       = 0.5, 0.25
	leastAslant, slenderLong, slenderMost, slenderFilled                   = 0.09, 6, 20, 0.6
	slenderContrast, slenderLeast, slenderSharp, slenderEdge, leastSlender = 80, 0.4, 0.75, 0.12, 0.01
	// Fingers have the hue of skin, redder than the paper by fingerRed and yellower by fingerYellow, and most of what meets the
	// edge goes on beyond it.
	fingerRed, fingerYellow, fingerGoesOn, fingerLong, fingerFilled, fingerSharp = 0.03, 0.08, 0.7, 8, 0.6, 0.5
	// onPaper is the part of what is around a thing that has one colour where it lies on paper.
	onPaper = 0.5
	// atEdge is the part of the outline that lies on the document's own from which something comes in over it.
	atEdge, fingerAtEdge = 0.05, 0.03
)

// thing is an area of the document, with what is measured of it.
type thing struct {
	cells []int
	// box is the upright one around it.
	box image.Rectangle
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

// inSight is how many cells of the document the photo shows.
func (c *cover) inSight() (n int) {
	for i := range c.pix {
		if c.shown[i] && c.inside(i%c.w, i/c.w) {
			n++
		}
	}
	return n
}

// connected gathers the cells of the document that hang together with one, side by side: those that joins agrees to, which is asked from a
// cell that was gathered about one beside it, and has to agree to each once only.
func (c *cover) connected(first int, joins func(from, to int) bool) []int {
	cells := []int{first}
	for k := 0; k < len(cells); k++ {
		i := cells[k]
		for _, d := range neighbours() {
			x, y := i%c.w+d[0], i/c.w+d[1]
			if !c.inside(x, y) {
				continue
			}
			if j := y*c.w + x; joins(i, j) {
				cells = append(cells, j)
			}
		}
	}
	return cells
}

// things finds what lies on the document among what is not taken yet, which it takes.
func (c *cover) things(f *raster.Frame, taken []bool) (found [][]int) {
	total := c.inSight()
	seen, far := make([]bool, len(c.pix)), make([]uint8, len(c.pix))
	for first := range c.pix {
		if seen[first] || taken[first] || !c.shown[first] || !c.inside(first%c.w, first/c.w) {
			continue
		}
		t := thing{cells: c.smoothly(first, seen, taken)}
		if t.share = float64(len(t.cells)) / float64(total); t.share < leastThing || t.share > mostThing {
			continue
		}
		if c.shape(&t); t.filled < fingerFilled || !c.compare(&t, far) || !t.lies() {
			continue
		}
		if t.boxed <= printedBar || t.edge <= mostBarEdge && c.cutsPrint(f, &t) {
			found = append(found, t.cells)
			for _, i := range t.cells {
				taken[i] = true
			}
		}
	}
	return found
}

// slender finds pens and straps: thick strokes that lie aslant.
func (c *cover) slender(paper [3]float64, taken []bool) (found [][]int) {
	total := c.inSight()
	// What is dark, and what is red, green or blue: a red pen lies on a blue head.
	var inked [4][]bool
	for k := range inked {
		inked[k] = make([]bool, len(c.pix))
	}
	for i := range c.pix {
		if c.shown[i] && c.inside(i%c.w, i/c.w) {
			inked[0][i] = luma(c.pix[i]) < darkPart*luma(paper)
			if p := c.pix[i]; saturation(p) > saturation(paper)+strong {
				most := 0
				for k := range p {
					if p[k] > p[most] {
						most = k
					}
				}
				inked[1+most][i] = true
			}
		}
	}
	far := make([]uint8, len(c.pix))
	for _, in := range inked {
		for _, cells := range c.thick(in) {
			t := thing{cells: cells, share: float64(len(cells)) / float64(total)}
			if t.share < leastSlender || t.share > mostThing {
				continue
			}
			if c.shape(&t); t.long < slenderLong || t.long > slenderMost || t.filled < slenderFilled || !c.compare(&t, far) ||
				t.aslant < leastAslant && t.goesOn < penGoesOn {
				continue
			}
			limit := slenderContrast * max(slenderLeast, luma(t.around)/255)
			if t.sharp < slenderSharp || t.edge > slenderEdge || span(t.colour, t.around) < limit {
				continue
			}
			var own []int
			for _, i := range cells {
				if !taken[i] {
					taken[i] = true
					own = append(own, i)
				}
			}
			if len(own) > 0 {
				found = append(found, own)
			}
		}
	}
	return found
}

// thick are the connected parts of what is marked, of the document, that are at least three cells wide: lines, letters and what they
// hang together with are not.
func (c *cover) thick(in []bool) (parts [][]int) {
	core := make([]bool, len(in))
	around := func(i int, do func(j int)) {
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				if c.inside(i%c.w+dx, i/c.w+dy) {
					do(i + dy*c.w + dx)
				}
			}
		}
	}
	for i := range in {
		if core[i] = in[i]; core[i] {
			around(i, func(j int) { core[i] = core[i] && in[j] })
		}
	}
	marked := make([]bool, len(in))
	for first := range core {
		if !core[first] {
			continue
		}
		core[first] = false
		inner := c.connected(first, func(_, j int) bool {
			joins := core[j]
			core[j] = false
			return joins
		})
		var cells []int
		for _, i := range inner {
			around(i, func(j int) {
				if !marked[j] {
					marked[j] = true
					cells = append(cells, j)
				}
			})
		}
		parts = append(parts, cells)
	}
	return parts
}

// smoothly is the connected part of the document around a cell in which the colour changes little from cell to cell.
func (c *cover) smoothly(first int, seen, taken []bool) []int {
	seen[first] = true
	return c.connected(first, func(i, j int) bool {
		joins := !seen[j] && !taken[j] && c.shown[j] && square(c.pix[j], c.pix[i]) < thingStep*thingStep
		seen[j] = seen[j] || joins
		return joins
	})
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
	t.box = image.Rect(left, top, right, bottom)
	t.boxed = n / float64(t.box.Dx()*t.box.Dy())
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
	compact := t.share >= leastCompact && contrast >= compactContrast && t.long < compactLong && t.sharp >= thingSharp && (coloured || t.edge <= atEdge) &&
		(t.edge <= wedgeEdge || t.goesOn >= wedgeGoesOn) &&
		(t.filled >= compactFilled || t.filled >= compactOnPaper && t.even >= onPaper && contrast >= paperContrast)
	finger := t.edge > fingerAtEdge && t.goesOn >= fingerGoesOn && t.long < fingerLong && t.sharp >= fingerSharp && darker &&
		red > fingerRed && yellow > fingerYellow
	return compact || finger
}

// cutsPrint reports whether print reaches up to the upright box of a thing, here and there.
func (c *cover) cutsPrint(f *raster.Frame, t *thing) bool {
	const beyond, step, ink = 0.8, 0.25, 0.85 // cells; print is darker than this part of what is around
	x0, y0, x1, y1 := float64(t.box.Min.X), float64(t.box.Min.Y), float64(t.box.Max.X), float64(t.box.Max.Y)
	limit := ink * luma(t.around)
	dark, n := 0.0, 0.0
	look := func(x, y float64) {
		x, y = x-float64(c.rim), y-float64(c.rim)
		if x < 0 || y < 0 || x > float64(c.w-2*c.rim) || y > float64(c.h-2*c.rim) {
			return
		}
		p := f.ToSmall(c.toPhoto.Apply(raster.Point{x, y}))
		r, g, b := f.Small.At(p[0], p[1])
		if n++; luma([3]float64{r, g, b}) < limit {
			dark++
		}
	}
	for x := x0; x < x1; x += step {
		look(x, y0-beyond)
		look(x, y1+beyond)
	}
	for y := y0; y < y1; y += step {
		look(x0-beyond, y)
		look(x1+beyond, y)
	}
	return dark >= leastCut*n && dark <= mostCut*n
}

func luma(p [3]float64) float64 { return 0.3*p[0] + 0.59*p[1] + 0.11*p[2] }

// saturation is how far a colour is from grey, 0 to 1.
func saturation(p [3]float64) float64 {
	most := max(p[0], p[1], p[2])
	return (most - min(p[0], p[1], p[2])) / (most + 1)
}
