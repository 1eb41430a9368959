package locate

import (
	"cmp"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// proposal is a quadrilateral of the view that may be a document.
type proposal struct {
	quad raster.Quad
	// worth orders proposals of one generator before they are measured.
	worth float64
	// region: it comes from a region and not from lines.
	region bool
}

// crossing is where one line crosses another.
type crossing struct {
	t    float64 // the place on the line
	sine float64 // of the angle between the two
}

// Bounds of the shapes that are proposed, in the view.
const (
	leastSide = 18   // pixels: less of a document cannot be read anyway
	leastSine = 0.57 // sides meet at 35 degrees or more, however steep the camera looks
	mostAside = 0.72 // opposite sides differ in direction by at most 46 degrees
	beyond    = 0.35 // corners lie beyond the picture by at most this share of its size
)

// What counts for a proposal beside the edges on its sides. The squares of a cutting mat run on from a card's sides by chance, so that
// edges that run on from both sides of a corner count more than those of one. Of four lines each, the best of 180 drawn photos reached an IoU
// of 0.96 in 160, with 0.6 for one and nothing for both in 155. A side of the picture as 0.3 of an edge makes it 163, and loses cards
// that the frame cuts off on checked cloth.
const (
	overshootOne  = 0.2
	overshootBoth = 1.0
	frameShare    = 0.45 // of a side of the picture, as if so much of it were an edge
)

// quads proposes the quadrilaterals that four lines enclose whose sides lie on edges and end at the corners.
func (v *view) quads(lines []line, most int) []proposal {
	n := len(lines)
	cross := make([]crossing, n*n)
	for i := range lines {
		for j := range lines {
			a, b := &lines[i], &lines[j]
			s := a.direction[0]*b.direction[1] - a.direction[1]*b.direction[0]
			c := crossing{sine: math.Abs(s)}
			if c.sine > 0.2 {
				dx, dy := b.at[0]-a.at[0], b.at[1]-a.at[1]
				c.t = (dx*b.direction[1] - dy*b.direction[0]) / s
			}
			cross[i*n+j] = c
		}
	}
	w, h := float64(v.w), float64(v.h)
	near := func(p raster.Point) bool {
		return p[0] > -beyond*w && p[1] > -beyond*h && p[0] < (1+beyond)*w && p[1] < (1+beyond)*h
	}
	type rung struct {
		k      int
		ti, tj float64
		share  float64
	}
	var found []proposal
	floor := math.Inf(-1)
	rungs := make([]rung, 0, n)
	for i := range n {
		for j := i + 1; j < n; j++ {
			if cross[i*n+j].sine > mostAside {
				continue
			}
			a, b := &lines[i], &lines[j]
			if a.frame && b.frame && a.direction[0]*b.direction[0]+a.direction[1]*b.direction[1] > 0 {
				continue
			}
			rungs = rungs[:0]
			for k := range n {
				if k == i || k == j {
					continue
				}
				ki, kj := cross[k*n+i], cross[k*n+j]
				if ki.sine < leastSine || kj.sine < leastSine {
					continue
				}
				length := math.Abs(ki.t - kj.t)
				if length < leastSide {
					continue
				}
				c := &lines[k]
				p, q := c.point(ki.t), c.point(kj.t)
				if !near(p) || !near(q) {
					continue
				}
				share := v.sideShare(c, ki.t, kj.t)
				if !c.frame && share < 0.22 {
					continue
				}
				rungs = append(rungs, rung{k, cross[i*n+k].t, cross[j*n+k].t, share})
			}
			for x, p := range rungs {
				for _, q := range rungs[x+1:] {
					// Both rungs in the same order on both rails, or the sides cross.
					di, dj := q.ti-p.ti, q.tj-p.tj
					if math.Abs(di) < leastSide || math.Abs(dj) < leastSide {
						continue
					}
					heads := a.direction[0]*b.direction[0] + a.direction[1]*b.direction[1]
					if di*dj*heads <= 0 {
						continue
					}
					si, sj := v.sideShare(a, p.ti, q.ti), v.sideShare(b, p.tj, q.tj)
					if !a.frame && si < 0.22 || !b.frame && sj < 0.22 {
						continue
					}
					least := min(si, sj, p.share, q.share)
					worth := si + sj + p.share + q.share + least
					if worth < floor {
						continue
					}
					quad := raster.Quad{a.point(p.ti), a.point(q.ti), b.point(q.tj), b.point(p.tj)}
					sides := [4]*line{a, &lines[q.k], b, &lines[p.k]}
					if quad.Area() < 0 {
						quad, sides = raster.Quad{quad[3], quad[2], quad[1], quad[0]}, [4]*line{b, &lines[q.k], a, &lines[p.k]}
					}
					if !quad.Convex() {
						continue
					}
					single, both := v.overshoot(sides, quad)
					worth -= overshootOne*single + overshootBoth*both
					worth += 0.12 * math.Log(max(quad.Area(), 1)/(w*h))
					if worth <= floor {
						continue
					}
					found = append(found, proposal{quad: quad, worth: worth})
					if len(found) >= 4*most {
						found = best(found, most)
						if len(found) >= most {
							floor = found[len(found)-1].worth
						}
					}
				}
			}
		}
	}
	return best(found, most)
}

// sideShare is the share of a side that lies on an edge, of the part that the picture shows. A side of the picture itself
// counts as frameShare.
func (v *view) sideShare(l *line, t0, t1 float64) float64 {
	if l.frame {
		return frameShare
	}
	if t0 > t1 {
		t0, t1 = t1, t0
	}
	c0, c1 := v.clipLine(l, t0, t1)
	if c1-c0 < 0.3*(t1-t0) {
		return 0
	}
	return min(1, l.cover(c0, c1)/(c1-c0-2))
}

// clipLine is the part of a way along a line that lies in the picture.
func (v *view) clipLine(l *line, t0, t1 float64) (float64, float64) {
	for k, limit := range [2]float64{float64(v.w), float64(v.h)} {
		d, at := l.direction[k], l.at[k]
		if math.Abs(d) < 1e-9 {
			continue
		}
		a, b := (1-at)/d, (limit-1-at)/d
		if a > b {
			a, b = b, a
		}
		t0, t1 = max(t0, a), min(t1, b)
	}
	return t0, t1
}

// overshoot is how much of the sides goes on as edges beyond the corners: sums over the sides, 0 to 8, and over the corners the lesser
// of the two that meet there, 0 to 4. The sides of a sheet end at its corners, the joints of tiles and boards do not; one of two may
// lie along a joint by chance.
func (v *view) overshoot(sides [4]*line, quad raster.Quad) (single, both float64) {
	const step = 14.0
	var over [4][2]float64 // of each side, beyond its end at the corner before and after it
	for i, l := range sides {
		if l.frame {
			continue
		}
		t0, t1 := l.along(quad[i]), l.along(quad[(i+1)%4])
		over[i] = [2]float64{l.cover(t0-2-step, t0-2) / step, l.cover(t1+2, t1+2+step) / step}
		if t1 < t0 {
			over[i] = [2]float64{l.cover(t0+2, t0+2+step) / step, l.cover(t1-2-step, t1-2) / step}
		}
		single += over[i][0] + over[i][1]
	}
	for i := range over {
		both += min(over[i][0], over[(i+3)%4][1])
	}
	return single, both
}

// best keeps the most worthy of proposals that differ by more than a few pixels.
func best(found []proposal, most int) []proposal {
	slices.SortStableFunc(found, func(a, b proposal) int { return cmp.Compare(b.worth, a.worth) })
	kept := found[:0:0]
	for _, p := range found {
		if near(kept, p.quad, 3) {
			continue
		}
		if kept = append(kept, p); len(kept) == most {
			break
		}
	}
	return kept
}

// near reports whether one of the proposals is nearly the quadrilateral.
func near(kept []proposal, q raster.Quad, limit float64) bool {
	sx, sy := q[0][0]+q[1][0]+q[2][0]+q[3][0], q[0][1]+q[1][1]+q[2][1]+q[3][1]
	for i := range kept {
		k := &kept[i].quad
		// Quadrilaterals whose corners lie close have their middles close, which is asked faster.
		if math.Abs(k[0][0]+k[1][0]+k[2][0]+k[3][0]-sx) < 4*limit && math.Abs(k[0][1]+k[1][1]+k[2][1]+k[3][1]-sy) < 4*limit &&
			apart(*k, q) < limit {
			return true
		}
	}
	return false
}

// apart is the greatest distance between corners of two quadrilaterals, whichever corner each begins with.
func apart(a, b raster.Quad) float64 {
	least := math.Inf(1)
	for turn := range 4 {
		far := 0.0
		for i := range a {
			far = max(far, math.Abs(a[i][0]-b[(i+turn)%4][0]), math.Abs(a[i][1]-b[(i+turn)%4][1]))
		}
		least = min(least, far)
	}
	return least
}
