package locate

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// complete gives a document that runs out of the picture at some of its sides (ends) the sides that it has beyond the border: the
// sides in sight say how it lies before the camera, and the formats how long it is; card is how likely it is a card. The
// quadrilateral, focal (the lens's focal length) and what is returned are in pixels of the upright picture. Where it runs out at no side or at more than two, it is
// returned as it is.
func complete(q raster.Quad, ends [4]ending, width, height, focal, card float64) raster.Quad {
	n, cut := 0, 0
	for i := range ends {
		if ends[i].beyond {
			n, cut = n+1, i
		}
	}
	switch {
	case n == 1:
		return completeSide(q, cut, ends[cut], width, height, focal, card)
	case n != 2:
		return q
	case ends[(cut+2)%4].beyond:
		return completeEnds(q, cut, card)
	case ends[(cut+1)%4].beyond:
		return completeCorner(q, cut, card)
	}
	return completeCorner(q, (cut+3)%4, card)
}

// ratios are those of length to width that a document may have, with what speaks against each.
func ratios(card float64) (out [8]struct{ ratio, against float64 }) {
	for i, k := range formats() {
		against := card
		if k.short < 60 {
			against = 1 - card
		}
		out[2*i].ratio, out[2*i].against = k.long/k.short, against
		out[2*i+1].ratio, out[2*i+1].against = k.short/k.long, against
	}
	return out
}

// tooShort is the share of what is in sight that a format may reach only before it is ruled out: what the lengths are uncertain
// by where a phone's field of view is not the assumed one. No two formats' ratios are so near each other.
const tooShort = 0.95

// completeCorner is complete where sides i and i+1 are borders: the corner opposite is in sight, with the beginnings of two
// sides, and the least sheet that holds what is seen is laid there. Perspective is left out.
func completeCorner(q raster.Quad, i int, card float64) raster.Quad {
	t := q.Turned(i) // borders from t[0] to t[2]; t[3] is in sight
	x := t[3]
	u, v := raster.Point{t[0][0] - x[0], t[0][1] - x[1]}, raster.Point{t[2][0] - x[0], t[2][1] - x[1]}
	lu, lv, det := math.Hypot(u[0], u[1]), math.Hypot(v[0], v[1]), u[0]*v[1]-u[1]*v[0]
	if lu == 0 || lv == 0 || math.Abs(det) < 0.1*lu*lv {
		return q
	}
	// How far the corner of the picture lies along either side, in pixels.
	p := raster.Point{t[1][0] - x[0], t[1][1] - x[1]}
	a := max(1, (p[0]*v[1]-p[1]*v[0])/det) * lu
	b := max(1, (u[0]*p[1]-u[1]*p[0])/det) * lv
	best, wide, high := math.Inf(1), a, b
	for _, r := range ratios(card) {
		w := max(a, r.ratio*b*tooShort)
		h := max(b, w/r.ratio*tooShort)
		if cost := w*h/(a*b) + 1.2*r.against; cost < best {
			best, wide, high = cost, w, h
		}
	}
	u, v = raster.Point{u[0] * wide / lu, u[1] * wide / lu}, raster.Point{v[0] * high / lv, v[1] * high / lv}
	t[0], t[2] = raster.Point{x[0] + u[0], x[1] + u[1]}, raster.Point{x[0] + v[0], x[1] + v[1]}
	t[1] = raster.Point{x[0] + u[0] + v[0], x[1] + u[1] + v[1]}
	return keepConvex(t.Turned(4-i), q)
}

// completeEnds is complete where side i and the one opposite are borders: a sheet passes through the picture, and what is
// missing of it is taken to be missing at both ends alike.
func completeEnds(q raster.Quad, i int, card float64) raster.Quad {
	t := q.Turned(i) // borders t[0]-t[1] and t[2]-t[3]
	across := (t.Side(0) + t.Side(2)) / 2
	seen := (t.Side(1) + t.Side(3)) / 2
	if across == 0 || seen == 0 {
		return q
	}
	best, longer := math.Inf(1), 1.0
	for _, r := range ratios(card) {
		if k := r.ratio * across / seen; k >= tooShort && k+1.2*r.against < best {
			best, longer = k+1.2*r.against, k
		}
	}
	if math.IsInf(best, 1) {
		return q
	}
	more := max(longer-1, 0) / 2
	d1, d2 := raster.Point{t[2][0] - t[1][0], t[2][1] - t[1][1]}, raster.Point{t[3][0] - t[0][0], t[3][1] - t[0][1]}
	for k := range 2 {
		t[1][k], t[2][k] = t[1][k]-more*d1[k], t[2][k]+more*d1[k]
		t[0][k], t[3][k] = t[0][k]-more*d2[k], t[3][k]+more*d2[k]
	}
	return keepConvex(t.Turned(4-i), q)
}

// keepConvex returns the first quadrilateral if it is convex, else the second.
func keepConvex(q, otherwise raster.Quad) raster.Quad {
	if q.Convex() {
		return q
	}
	return otherwise
}

// completeSide is complete where one side is a border, with perspective.
func completeSide(q raster.Quad, cut int, end ending, width, height, f, card float64) raster.Quad {
	// Sides from here on: cut (0), then clockwise one rail, the opposite side, the other rail.
	t := q.Turned(cut)
	ray := func(p raster.Point) [3]float64 {
		return [3]float64{(p[0] - width/2) / f, (p[1] - height/2) / f, 1}
	}
	// Planes through the camera and the sides: rail from t[1] to t[2], opposite t[2] to t[3], rail from t[0] to t[3].
	rail1, opposite, rail2 := cross3(ray(t[1]), ray(t[2])), cross3(ray(t[2]), ray(t[3])), cross3(ray(t[0]), ray(t[3]))
	along := cross3(rail1, rail2)
	across := cross3(opposite, along)
	normal := cross3(along, across)
	if norm3(along) < 1e-12 || norm3(across) < 1e-15 || norm3(normal) < 1e-18 {
		return q
	}
	place := func(p raster.Point) ([3]float64, bool) {
		r := ray(p)
		d := dot3(r, normal)
		if math.Abs(d) < 1e-15 {
			return r, false
		}
		return [3]float64{r[0] / d, r[1] / d, r[2] / d}, true
	}
	a, okA := place(t[2])
	b, okB := place(t[3])
	c, okC := place(t[1])
	d, okD := place(t[0])
	if !okA || !okB || !okC || !okD {
		return q
	}
	base := norm3(minus(a, b))
	seen := max(norm3(minus(c, a)), norm3(minus(d, b)))
	if base == 0 || seen == 0 {
		return q
	}
	if p, ok := place(end.crossing); end.crosses && ok {
		// What is in sight of the side itself says where it is.
		way := minus(c, a)
		length := dot3(minus(p, a), way) / norm3(way) / norm3(along)
		if dot3(way, along) < 0 {
			length = -length
		}
		t[1], t[0] = project(a, along, length, f, width, height), project(b, along, length, f, width, height)
		return keepConvex(t.Turned(4-cut), q)
	}
	seen = max(seen, farthestCorner(place, a, b, minus(c, a), width, height))
	// How long the sides in sight are beside the one opposite: by perspective, which short sides do not tell well, and without it,
	// which is wrong where the camera looks aslant; the truth lies between.
	t2 := q.Turned(cut)
	flat := max(t2.Side(1), t2.Side(3)) / ((t2.Side(0) + t2.Side(2)) / 2)
	slender := math.Sqrt(min(max(seen/base, 0.8*flat), 1.25*flat) * flat)
	// The least prolongation to a format that holds what is in sight; a card only where its corners are round.
	best := math.Inf(1)
	for _, r := range ratios(card) {
		longer := r.ratio / slender
		if longer < tooShort {
			continue
		}
		if cost := longer + 1.2*r.against; cost < best {
			best = cost
			longer = max(longer, 1)
			if end.all {
				longer = max(longer, leastBeyond)
			}
			length := longer * seen / norm3(along)
			plain := longer * max(t2.Side(1), t2.Side(3))
			// along points from the opposite side towards the border, or the other way.
			if dot3(minus(c, a), along) < 0 {
				length = -length
			}
			t[1] = reach(t2, 1, 2, plain, project(a, along, length, f, width, height))
			t[0] = reach(t2, 0, 3, plain, project(b, along, length, f, width, height))
		}
	}
	return keepConvex(t.Turned(4-cut), q)
}

// leastBeyond is how many times as long as what is in sight a document is at least where its paper reaches the border all along:
// that it ends just there would be chance, and less than this the lengths do not tell.
const leastBeyond = 1.012

// farthestCorner is how far from the side a-b, the way towards points, a corner of the picture lies on the document; 0 where none
// does.
func farthestCorner(place func(raster.Point) ([3]float64, bool), a, b, towards [3]float64, width, height float64) float64 {
	far, l := 0.0, norm3(towards)
	side := minus(b, a)
	for _, corner := range [4]raster.Point{{0, 0}, {width, 0}, {width, height}, {0, height}} {
		p, ok := place(corner)
		if !ok || p[2] <= 0 {
			continue
		}
		p = minus(p, a)
		if s := dot3(p, side) / dot3(side, side); s > 0 && s < 1 {
			far = max(far, dot3(p, towards)/l)
		}
	}
	return far
}

// reach is the corner i that the side from corner k leads to: the one that perspective gives, unless that is far from where the
// side ends when it is made long pixels long, as it is where sides that are short or hidden were fitted badly.
func reach(q raster.Quad, i, k int, long float64, perspective raster.Point) raster.Point {
	length := math.Hypot(q[i][0]-q[k][0], q[i][1]-q[k][1])
	if length == 0 {
		return q[i]
	}
	plain := raster.Point{q[k][0] + long/length*(q[i][0]-q[k][0]), q[k][1] + long/length*(q[i][1]-q[k][1])}
	if off := math.Hypot(perspective[0]-plain[0], perspective[1]-plain[1]); off <= 1.2*max(long-length, 0)+0.05*long {
		return perspective
	}
	return plain
}

// project is where the point from p by length along a direction is seen.
func project(p, direction [3]float64, length, f, width, height float64) raster.Point {
	x, y, z := p[0]+length*direction[0], p[1]+length*direction[1], p[2]+length*direction[2]
	return raster.Point{width/2 + f*x/z, height/2 + f*y/z}
}

func cross3(a, b [3]float64) [3]float64 {
	return [3]float64{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}

func minus(a, b [3]float64) [3]float64 { return [3]float64{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }

// depth is how far a rectangle of long x short millimetres reaches beyond the picture's border, in millimetres on it: the
// greatest distance from the border to a part beyond it.
func depth(q raster.Quad, widthMM, heightMM, width, height float64) float64 {
	m, ok := raster.RectToQuad(widthMM, heightMM, q)
	if !ok {
		return 0
	}
	back, ok := m.Inverse()
	if !ok {
		return 0
	}
	flat := [4]raster.Point{{0, 0}, {widthMM, 0}, {widthMM, heightMM}, {0, heightMM}}
	border := raster.Quad{{0, 0}, {width, 0}, {width, height}, {0, height}}
	deepest := 0.0
	for i := range border {
		a, b := border[i], border[(i+1)%4]
		var beyond [4]bool
		crossed := false
		for k, c := range q {
			beyond[k] = (b[0]-a[0])*(c[1]-a[1])-(b[1]-a[1])*(c[0]-a[0]) < 0
			crossed = crossed || beyond[k]
		}
		if !crossed {
			continue
		}
		p, r := back.Apply(a), back.Apply(b)
		l := math.Hypot(r[0]-p[0], r[1]-p[1])
		if l == 0 {
			continue
		}
		for k, c := range flat {
			if beyond[k] {
				deepest = max(deepest, math.Abs((r[0]-p[0])*(c[1]-p[1])-(r[1]-p[1])*(c[0]-p[0]))/l)
			}
		}
	}
	return deepest
}
