package locate

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// Levels at which the picture is cut into what lies above and below: more in luma, in which most documents stand out.
const (
	lumaLevels   = 12
	colourLevels = 7
	// regionSide is about the long side of the picture that is cut. On one of 150, a check of the table was taken for a side in three of
	// a hundred photos.
	regionSide = 210
)

// run is a piece of a row whose pixels are all on one side of a level.
type run struct {
	y, from, to, parent int32
	above               bool
}

// regions proposes the quadrilaterals that fit connected areas of similar colour: the level sets of luma and of the two
// opponent colours, from many levels, of which a sheet on a table is one at some level.
func (v *view) regions(most int) []proposal {
	if v.areas == nil {
		v.areas = v.allRegions()
	}
	kept := best(v.areas, most)
	for i := range kept {
		kept[i].quad = v.snap(kept[i].quad, maxSnap)
	}
	return kept
}

// allRegions are all of them.
func (v *view) allRegions() (found []proposal) {
	reduce := max(1, (max(v.w, v.h)+regionSide/2)/regionSide)
	w, h := v.w/reduce, v.h/reduce
	if w < 16 || h < 16 {
		return nil
	}
	plane := make([]float32, w*h)
	var memory areaMemory
	for k := range channels {
		levels := colourLevels
		if k == 0 {
			levels = lumaLevels
		}
		v.reduced(plane, w, h, k)
		for _, level := range cuts(plane, levels) {
			for _, c := range memory.areas(plane, w, h, level) {
				p, ok := c.quad(w, h)
				if !ok {
					continue
				}
				for i := range p.quad {
					p.quad[i][0] *= float64(v.w) / float64(w)
					p.quad[i][1] *= float64(v.h) / float64(h)
				}
				found = append(found, p)
			}
		}
	}
	return found
}

// reduced writes the means of a channel over cells that cover the view exactly, w across and h down: what ends at a side of the view
// ends at one of the plane.
func (v *view) reduced(plane []float32, w, h, channel int) {
	edges := make([]int, w+1)
	for x := range edges {
		edges[x] = x * v.w / w
	}
	clear(plane)
	for y := range h {
		top, bottom := y*v.h/h, (y+1)*v.h/h
		to := plane[y*w : (y+1)*w]
		for yy := top; yy < bottom; yy++ {
			row := v.pix[channels*yy*v.w+channel : channels*(yy+1)*v.w]
			for x := range to {
				sum := float32(0)
				for at := channels * edges[x]; at < channels*edges[x+1]; at += channels {
					sum += row[at]
				}
				to[x] += sum
			}
		}
		for x := range to {
			to[x] /= float32((bottom - top) * (edges[x+1] - edges[x]))
		}
	}
}

// cuts are levels that part the values of a plane: half of them by the number of pixels, half by value.
func cuts(plane []float32, n int) []float32 {
	sample := make([]float32, 0, len(plane)/7+1)
	for i := 0; i < len(plane); i += 7 {
		sample = append(sample, plane[i])
	}
	slices.Sort(sample)
	low, high := sample[len(sample)/50], sample[len(sample)-1-len(sample)/50]
	var out []float32
	half := n / 2
	for i := range half {
		out = append(out, sample[(i+1)*len(sample)/(half+1)])
	}
	for i := range n - half {
		out = append(out, low+(high-low)*(float32(i)+1)/float32(n-half+1))
	}
	slices.Sort(out)
	kept := out[:0]
	for _, c := range out {
		if len(kept) == 0 || c-kept[len(kept)-1] > 0.8 {
			kept = append(kept, c)
		}
	}
	return kept
}

// area is a connected set of runs.
type area struct {
	pixels      int
	left, right []raster.Point // ends of its rows, from top to bottom
}

// areaMemory is the memory that finding areas takes, used again for the next level.
type areaMemory struct {
	runs   []run
	starts []int
	sizes  []int
	index  []int32
	found  []area
}

// areas are the connected parts above and below a level that are neither tiny nor nearly everything. They are valid until the next
// call.
func (memory *areaMemory) areas(plane []float32, w, h int, level float32) []area {
	runs := memory.runs[:0]
	if memory.starts == nil {
		memory.starts = make([]int, h+1)
	}
	starts := memory.starts
	find := func(i int32) int32 {
		for runs[i].parent != i {
			runs[i].parent = runs[runs[i].parent].parent
			i = runs[i].parent
		}
		return i
	}
	for y := range h {
		starts[y] = len(runs)
		row := plane[y*w : (y+1)*w]
		for x := 0; x < w; {
			above := row[x] > level
			from := x
			if x++; above {
				for x < len(row) && row[x] > level {
					x++
				}
			} else {
				for x < len(row) && !(row[x] > level) {
					x++
				}
			}
			runs = append(runs, run{y: int32(y), from: int32(from), to: int32(x), above: above, parent: int32(len(runs))})
		}
		if y == 0 {
			continue
		}
		i, j := starts[y-1], starts[y]
		for i < starts[y] && j < len(runs) {
			a, b := &runs[i], &runs[j]
			if a.above == b.above && a.from < b.to && b.from < a.to {
				ra, rb := find(int32(i)), find(int32(j))
				// The earlier run stays the root, so that roots come in order.
				if ra < rb {
					runs[rb].parent = ra
				} else {
					runs[ra].parent = rb
				}
			}
			if a.to < b.to {
				i++
			} else {
				j++
			}
		}
	}
	memory.runs = runs
	memory.sizes, memory.index = slices.Grow(memory.sizes[:0], len(runs)), slices.Grow(memory.index[:0], len(runs))
	sizes, index := memory.sizes[:len(runs)], memory.index[:len(runs)]
	clear(sizes)
	clear(index)
	for i := range runs {
		sizes[find(int32(i))] += int(runs[i].to - runs[i].from)
	}
	out := memory.found[:0]
	for i := range runs {
		root := find(int32(i))
		if n := sizes[root]; n < 3*w*h/1000 || n > 95*w*h/100 {
			continue
		}
		if index[root] == 0 {
			if len(out) < cap(out) {
				out = out[:len(out)+1]
			} else {
				out = append(out, area{})
			}
			a := &out[len(out)-1]
			a.pixels, a.left, a.right = sizes[root], a.left[:0], a.right[:0]
			index[root] = int32(len(out))
		}
		a := &out[index[root]-1]
		r := &runs[i]
		y, from, to := float64(r.y)+0.5, float64(r.from), float64(r.to)
		if n := len(a.left); n > 0 && a.left[n-1][1] == y {
			a.left[n-1][0], a.right[n-1][0] = min(a.left[n-1][0], from), max(a.right[n-1][0], to)
		} else {
			a.left, a.right = append(a.left, raster.Point{from, y}), append(a.right, raster.Point{to, y})
		}
	}
	memory.found = out
	return out
}

// quad fits a quadrilateral around an area and says how well it fills it, holes such as print counting as filled.
func (a *area) quad(w, h int) (proposal, bool) {
	if len(a.left) < 6 {
		return proposal{}, false
	}
	filled := 0.0
	for i := range a.left {
		filled += a.right[i][0] - a.left[i][0]
	}
	points := make([]raster.Point, 0, 2*len(a.left))
	for i := range a.left {
		points = append(points, a.left[i], a.right[i])
	}
	hull := raster.ConvexHull(points)
	if len(hull) < 4 {
		return proposal{}, false
	}
	hullArea := raster.PolygonArea(hull)
	if hullArea <= 0 || filled < 0.6*hullArea || hullArea > 0.97*float64(w*h) {
		return proposal{}, false
	}
	q, ok := quadAround(hull)
	if !ok {
		return proposal{}, false
	}
	inFrame := raster.PolygonArea(q.Within(float64(w), float64(h)))
	if inFrame <= 0 {
		return proposal{}, false
	}
	share := min(filled/inFrame, 1)
	solid := float64(a.pixels) / filled
	return proposal{quad: q, worth: share + 0.3*solid, region: true}, share > 0.72
}

// quadAround encloses a convex polygon in a quadrilateral: sides are dropped, the one that adds the least area first, and
// their neighbours prolonged until they meet.
func quadAround(hull []raster.Point) (raster.Quad, bool) {
	polygon := slices.Clone(hull)
	for len(polygon) > 4 {
		n := len(polygon)
		bestAt, least := -1, math.Inf(1)
		var corner raster.Point
		for i := range polygon {
			// Drop the side from i to i+1.
			a, b, c, d := polygon[(i+n-1)%n], polygon[i], polygon[(i+1)%n], polygon[(i+2)%n]
			p, ok := meet(a, b, d, c)
			if !ok {
				continue
			}
			added := math.Abs((c[0]-b[0])*(p[1]-b[1])-(c[1]-b[1])*(p[0]-b[0])) / 2
			if added < least {
				bestAt, least, corner = i, added, p
			}
		}
		if bestAt < 0 {
			return raster.Quad{}, false
		}
		next := (bestAt + 1) % n
		polygon[bestAt] = corner
		polygon = slices.Delete(polygon, next, next+1)
	}
	q := raster.Quad(polygon)
	return q, q.Convex()
}

// meet is where the ray from a through b meets that from c through d, beyond b and d.
func meet(a, b, c, d raster.Point) (raster.Point, bool) {
	ux, uy, vx, vy := b[0]-a[0], b[1]-a[1], d[0]-c[0], d[1]-c[1]
	det := ux*vy - uy*vx
	if math.Abs(det) < 1e-9 {
		return raster.Point{}, false
	}
	s := ((c[0]-a[0])*vy - (c[1]-a[1])*vx) / det
	t := ((c[0]-a[0])*uy - (c[1]-a[1])*ux) / det
	if s < 1 || t < 1 {
		return raster.Point{}, false
	}
	return raster.Point{a[0] + s*ux, a[1] + s*uy}, true
}

// maxSnap is the greatest reach of snap.
const maxSnap = 4

// snap moves the sides of a quadrilateral, by at most reach pixels (up to maxSnap) at each end, to where the gradient across them
// is the strongest; sides of the picture stay.
func (v *view) snap(q raster.Quad, reach int) raster.Quad {
	var sides [4]line
	for i := range q {
		a, b := q[i], q[(i+1)%4]
		length := math.Hypot(b[0]-a[0], b[1]-a[1])
		if length < 4 {
			return q
		}
		ux, uy := (b[0]-a[0])/length, (b[1]-a[1])/length
		sides[i] = line{at: a, direction: raster.Point{ux, uy}}
		if v.onFrame(a, b) {
			continue
		}
		nx, ny := uy, -ux
		const (
			places = 24
			fine   = 4 // gradients are read at so many places a pixel
		)
		// The gradient across the side, of what each place may say at most, from reach outside to reach inside.
		var rise [places][2*fine*maxSnap + 1]float32
		var way [places]float64
		for j := range way {
			t := 0.06 + 0.88*(float64(j)+0.5)/places
			way[j] = t
			x0, y0 := a[0]+t*(b[0]-a[0]), a[1]+t*(b[1]-a[1])
			for k := range rise[j][:2*fine*reach+1] {
				off := float64(k)/fine - float64(reach)
				x, y := int(x0+off*nx), int(y0+off*ny)
				if x < 0 || y < 0 || x >= v.w || y >= v.h {
					continue
				}
				o := y*v.w + x
				rise[j][k] = min(abs32(v.gx[o]*float32(nx)+v.gy[o]*float32(ny)), 12)
			}
		}
		best, from, to := 0.0, 0, 0
		for d0 := -reach; d0 <= reach; d0++ {
			for d1 := -reach; d1 <= reach; d1++ {
				start, step := float64(fine*(d0+reach))+0.5, float64(fine*(d1-d0))
				total := float32(0)
				for j := range way {
					total += rise[j][int(start+way[j]*step)]
				}
				if sum := float64(total) * (1 - 0.01*float64(d0*d0+d1*d1)/float64(reach)); sum > best {
					best, from, to = sum, d0, d1
				}
			}
		}
		p := raster.Point{a[0] + float64(from)*nx, a[1] + float64(from)*ny}
		r := raster.Point{b[0] + float64(to)*nx, b[1] + float64(to)*ny}
		l := math.Hypot(r[0]-p[0], r[1]-p[1])
		sides[i] = line{at: p, direction: raster.Point{(r[0] - p[0]) / l, (r[1] - p[1]) / l}}
	}
	moved, ok := corners(sides)
	if !ok || !moved.Convex() || apart(moved, q) > 4*float64(reach)+2 {
		return q
	}
	return moved
}

// corners are where each side crosses the next; side i leads from corner i to corner i+1.
func corners(sides [4]line) (raster.Quad, bool) {
	var q raster.Quad
	for i := range sides {
		a, b := &sides[(i+3)%4], &sides[i]
		det := a.direction[0]*b.direction[1] - a.direction[1]*b.direction[0]
		if math.Abs(det) < 0.05 {
			return q, false
		}
		dx, dy := b.at[0]-a.at[0], b.at[1]-a.at[1]
		q[i] = a.point((dx*b.direction[1] - dy*b.direction[0]) / det)
	}
	return q, true
}
