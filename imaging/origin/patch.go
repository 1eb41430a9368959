package origin

import (
	"cmp"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// patch is a square of the full picture, patchSide pixels a side, by its upper left corner in the picture as stored.
type patch struct {
	x, y int
	// inside: it lies on the document.
	inside bool
	// level is its mean luma and rough its roughness on the coarse scale: what selects flat ones.
	level, rough float64
}

// Numbers of patches that are looked at: enough that a pattern all over is told from one in a few places, and few enough
// for the time that a photo may take.
const (
	lumaInside, lumaOutside     = 12, 6
	chromaInside, chromaOutside = 8, 5
)

// plan says where patches may lie on a plane of the picture: on the document, and around it.
type plan struct {
	w, h int
	// document is the region that counts as inside, clear what must not be touched to count as outside; both in pixels of
	// the plane. Without a document everything is inside.
	document, clear raster.Quad
	located         bool
	// quad is the document itself in pixels of the plane, clockwise.
	quad raster.Quad
	// least is the luma from which a square may lie on the document, or on what shines where none was located.
	least float64
	// level and rough of the square at a place.
	rough func(x, y int) (level, rough float64)
}

// fullPlan is the plan of the luma as stored, smallPlan that of the reduced colours; false where there is no room.
func fullPlan(f *raster.Frame, doc *filing.Document) (plan, bool) {
	p := plan{w: f.Full.W, h: f.Full.H, rough: func(x, y int) (float64, float64) { return roughness(f.Full, x, y) }}
	return p.around(doc, f.ToFull.Apply)
}

func smallPlan(f *raster.Frame, doc *filing.Document) (plan, bool) {
	p := plan{w: f.Small.W, h: f.Small.H, rough: func(x, y int) (float64, float64) { return roughnessGreen(f.Small, x, y) }}
	return p.around(doc, f.ToSmall)
}

// around places the document in the plane.
func (p plan) around(doc *filing.Document, toPlane func(raster.Point) raster.Point) (plan, bool) {
	w, h := float64(p.w), float64(p.h)
	p.document, p.least = raster.Quad{{0, 0}, {w, 0}, {w, h}, {0, h}}, darkest
	if doc == nil {
		if p.w < patchSide || p.h < patchSide {
			return p, false
		}
		p.least = max(darkest, shining*p.brightest())
		return p, true
	}
	p.located = true
	p.quad, p.document, p.clear = doc.Quad, shrunk(doc.Quad, documentInset), shrunk(doc.Quad, -documentInset)
	for _, q := range [3]*raster.Quad{&p.quad, &p.document, &p.clear} {
		for i := range q {
			q[i] = toPlane(q[i])
		}
		if q.Area() < 0 { // the plane is a mirror image
			q[1], q[3] = q[3], q[1]
		}
	}
	ok := p.w >= patchSide && p.h >= patchSide && p.document.Convex() &&
		raster.PolygonArea(p.document.Within(w, h)) >= 2*patchSide*patchSide
	return p, ok
}

// onDocument returns flat squares, spread over the document: of each cell of a grid the flattest square, n at most. The order is
// fixed.
func (p plan) onDocument(n int) []patch {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range p.document {
		x0, y0, x1, y1 = min(x0, c[0]), min(y0, c[1]), max(x1, c[0]), max(y1, c[1])
	}
	box := [4]int{int(max(x0, 0)), int(max(y0, 0)), int(min(x1, float64(p.w))), int(min(y1, float64(p.h)))}
	patches := p.flattest(box, 6, p.least, brightest, func(q raster.Quad) bool {
		for _, c := range q {
			if !p.document.Contains(c) {
				return false
			}
		}
		return true
	}, n)
	for i := range patches {
		patches[i].inside = true
	}
	return patches
}

// beside returns flat squares, spread over what is around the document, in the same way; where none was located, over what does not
// shine.
func (p plan) beside(n int) []patch {
	all := [4]int{0, 0, p.w, p.h}
	if !p.located {
		return p.flattest(all, 5, darkest, p.least, func(raster.Quad) bool { return true }, n)
	}
	return p.flattest(all, 5, darkest, brightest, func(q raster.Quad) bool {
		for i := range q {
			if p.clear.Contains(q[i]) || q.Contains(p.clear[i]) {
				return false
			}
		}
		return true
	}, n)
}

// alongside returns squares just beyond the four sides of the document.
func (p plan) alongside() []patch {
	var out []patch
	longer := max(p.quad.Side(0), p.quad.Side(1), p.quad.Side(2), p.quad.Side(3))
	for side := range 4 {
		a, c := p.quad[side], p.quad[(side+1)%4]
		dx, dy := c[0]-a[0], c[1]-a[1]
		n := math.Hypot(dx, dy)
		if n < patchSide {
			continue
		}
		away := patchSide/2*(math.Abs(dx)+math.Abs(dy))/n + probeGap*longer
		for k := range foldAlong {
			t := (float64(k) + 0.5) / foldAlong
			x, y := int(a[0]+t*dx+away*dy/n)-patchSide/2, int(a[1]+t*dy-away*dx/n)-patchSide/2
			if x < 0 || y < 0 || x+patchSide > p.w || y+patchSide > p.h {
				continue
			}
			level, rough := p.rough(x, y)
			out = append(out, patch{x: x, y: y, level: level, rough: rough})
		}
	}
	return out
}

// documentInset is how far from its border, as a share of its size, a document is left alone: there are rounded corners,
// the table's reflection, the fringe of the lens, and the error of the corners.
const documentInset = 0.035

// shrunk moves the corners towards the middle by a share of the way; a negative share moves them outwards.
func shrunk(q raster.Quad, share float64) raster.Quad {
	m := q.Middle()
	for i, c := range q {
		q[i] = raster.Point{c[0] + 2*share*(m[0]-c[0]), c[1] + 2*share*(m[1]-c[1])}
	}
	return q
}

// flattest divides a box into cells x cells and takes from each the flattest square whose luma lies between two levels and that allowed
// takes, the flattest n of all in the end.
func (p plan) flattest(box [4]int, cells int, from, to float64, allowed func(raster.Quad) bool, n int) []patch {
	var out []patch
	w, h := box[2]-box[0], box[3]-box[1]
	for j := range cells {
		for i := range cells {
			best := patch{rough: math.Inf(1)}
			// Five places in each cell.
			for _, k := range [5][2]int{{2, 2}, {1, 1}, {3, 1}, {3, 3}, {1, 3}} {
				x := box[0] + (w*(4*i+k[0]))/(4*cells) - patchSide/2
				y := box[1] + (h*(4*j+k[1]))/(4*cells) - patchSide/2
				if x < 0 || y < 0 || x+patchSide > p.w || y+patchSide > p.h || !allowed(square(x, y)) {
					continue
				}
				level, rough := p.rough(x, y)
				if level < from || level > to || rough >= best.rough {
					continue
				}
				best = patch{x: x, y: y, level: level, rough: rough}
			}
			if !math.IsInf(best.rough, 1) {
				out = append(out, best)
			}
		}
	}
	slices.SortFunc(out, func(a, b patch) int {
		return cmp.Or(cmp.Compare(a.rough, b.rough), cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x))
	})
	return apart(out, n)
}

// shining is the luma over that of the brightest parts of a picture from which squares are looked at where no document was located. A
// screen shines, and what it stands on and the wall behind it do not, however flat they are.
const shining = 0.5

// brightest is the luma that a tenth of the squares of the plane pass.
func (p plan) brightest() float64 {
	const across = 6
	levels := make([]float64, 0, across*across)
	for j := range across {
		for i := range across {
			level, _ := p.rough(i*(p.w-patchSide)/(across-1), j*(p.h-patchSide)/(across-1))
			levels = append(levels, level)
		}
	}
	return raster.Quantile(levels, 0.9)
}

// square returns the corners of a square, clockwise.
func square(x, y int) raster.Quad {
	a, b, c, d := float64(x), float64(y), float64(x+patchSide), float64(y+patchSide)
	return raster.Quad{{a, b}, {c, b}, {c, d}, {a, d}}
}

// apart keeps the first n squares that do not overlap by more than half.
func apart(all []patch, n int) []patch {
	var out []patch
	for _, p := range all {
		if len(out) == n {
			break
		}
		free := true
		for _, q := range out {
			free = free && (abs(p.x-q.x) >= patchSide/2 || abs(p.y-q.y) >= patchSide/2)
		}
		if free {
			out = append(out, p)
		}
	}
	return out
}

func abs(n int) int { return max(n, -n) }

// Between these levels of luma a pattern shows: below, the light is too little, and above, the sensor clips it.
const (
	darkest   = 28
	brightest = 250
)

// roughness is the mean luma of a square and how much the means of 8 x 8 pixels in it vary: print, edges and texture do,
// the fine pattern of a screen does not.
func roughness(g *raster.Gray, x, y int) (level, rough float64) {
	const step = 8
	var sum, square float64
	for j := 0; j < patchSide; j += step {
		for i := 0; i < patchSide; i += step {
			s := 0
			// A sparse mean of 8 out of the 64 pixels: a Latin square.
			at := (y+j)*g.Stride + x + i
			for _, d := range [step]int{3, 6, 1, 4, 7, 2, 5, 0} {
				s += int(g.Pix[at+d])
				at += g.Stride
			}
			m := float64(s) / step
			sum, square = sum+m, square+m*m
		}
	}
	const n = (patchSide / step) * (patchSide / step)
	level = sum / n
	return level, math.Sqrt(max(square/n-level*level, 0))
}

// roughnessGreen is roughness for the green of a picture in colour.
func roughnessGreen(p *raster.RGB, x, y int) (level, rough float64) {
	const step = 8
	var sum, square float64
	for j := 0; j < patchSide; j += step {
		for i := 0; i < patchSide; i += step {
			s := 0
			at := 3*((y+j)*p.W+x+i) + 1
			for _, d := range [step]int{3, 6, 1, 4, 7, 2, 5, 0} {
				s += int(p.Pix[at+3*d])
				at += 3 * p.W
			}
			m := float64(s) / step
			sum, square = sum+m, square+m*m
		}
	}
	const n = (patchSide / step) * (patchSide / step)
	level = sum / n
	return level, math.Sqrt(max(square/n-level*level, 0))
}
