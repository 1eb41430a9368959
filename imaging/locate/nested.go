package locate

import (
	"cmp"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// A printed frame lies in a page as a page lies on a board: both are quadrilaterals with edges all around, one in the other. What
// parts them is the belt between the two. Paper is the same on both sides of a printed frame, and beyond the paper's edge lies another
// surface, which goes on around the other sides. Where a page has a coloured head, the sides go on along the head and end with it.
// Here belts are looked at in the view, for all pairs of the best; of those that are then about as likely see settle.
const (
	// leastBelt is the width from which two sides are apart, in pixels of the view.
	leastBelt = 1.8
	// mostTurned is the sine of the angle by which sides that belong together may differ.
	mostTurned = 0.12
	// beltPlaces are the places along a side at which the belt is looked at.
	beltPlaces = 20
	// nestedCount is how many numbers describe a pair, and nestedArea which of them is the logarithm of the ratio of areas.
	nestedCount, nestedArea = 39, 2
	// mostNestedArea is how many times as large as the inner the outer may be.
	mostNestedArea = 3.5
)

// nesting is a pair of candidates of which one lies in the other.
type nesting struct {
	inner, outer int
	// turn is which corner of the outer is next to the first of the inner.
	turn int
	row  [nestedCount]float32
	// blind: of a belt the picture does not show what lies beyond.
	blind bool
}

// nestings measures the pairs of which one lies in the other, side along side.
func (v *view) nestings(all []candidate) []nesting {
	var out []nesting
	for i := range all {
		for o := range all {
			if i == o {
				continue
			}
			if turn, ok := nestedIn(all[i].quad, all[o].quad); ok {
				row, blind := v.belt(&all[i], &all[o], all[o].quad.Turned(turn))
				out = append(out, nesting{inner: i, outer: o, turn: turn, row: row, blind: blind})
			}
		}
	}
	return out
}

// alongside is the corner of another quadrilateral that is next to the first of q, and reports whether side runs along side from there.
func alongside(q, other raster.Quad) (turn int, ok bool) {
	least := math.Inf(1)
	for t := range 4 {
		sum := 0.0
		for i := range q {
			a, b := q[i], other[(i+t)%4]
			sum += math.Hypot(a[0]-b[0], a[1]-b[1])
		}
		if sum < least {
			turn, least = t, sum
		}
	}
	other = other.Turned(turn)
	for i := range q {
		a, b, c, d := q[i], q[(i+1)%4], other[i], other[(i+1)%4]
		ux, uy, vx, vy := b[0]-a[0], b[1]-a[1], d[0]-c[0], d[1]-c[1]
		own, its := math.Hypot(ux, uy), math.Hypot(vx, vy)
		if own < 8 || its < 8 || math.Abs(ux*vy-uy*vx) > mostTurned*own*its {
			return turn, false
		}
	}
	return turn, true
}

// outwards is how far a position lies outside the side i of a quadrilateral.
func outwards(q raster.Quad, i int, p raster.Point) float64 {
	a, b := q[i], q[(i+1)%4]
	ux, uy := b[0]-a[0], b[1]-a[1]
	return (uy*(p[0]-a[0]) - ux*(p[1]-a[1])) / math.Hypot(ux, uy)
}

// nestedIn reports whether a quadrilateral lies in another, side along side, and which corner of the other is next to the first of the
// inner.
func nestedIn(inner, outer raster.Quad) (turn int, ok bool) {
	a, b := inner.Area(), outer.Area()
	if a <= 0 || b < 1.03*a || b > mostNestedArea*a {
		return 0, false
	}
	if turn, ok = alongside(inner, outer); !ok {
		return turn, false
	}
	outer = outer.Turned(turn)
	for i := range outer {
		if outwards(outer, i, inner[i]) > 2 || outwards(outer, i, inner[(i+1)%4]) > 2 {
			return turn, false
		}
	}
	return turn, true
}

// Of the best candidates so many grow, for at most mostGrown further proposals.
const (
	growing   = 4
	mostGrown = 28
	// A side grows to lines that lie outside it by at most so much of the document's size across it, and on edges for this share of it.
	growsBy, grownShare = 0.3, 0.3
)

// grown proposes what encloses the best candidates: all sides moved out to the next line each, and single sides to lines further out.
// With frames and heads there are more ways to choose four lines than are measured, and edges of print are stronger than those of paper.
func (v *view) grown(best []candidate, lines []line) (found []proposal) {
	all := best
	if len(best) > growing {
		best = best[:growing]
	}
	propose := func(sides [4]line) {
		q, ok := corners(sides)
		if !ok || !q.Convex() || q.Area() <= 0 || len(found) == mostGrown || near(found, q, 2) {
			return
		}
		if !slices.ContainsFunc(all, func(c candidate) bool { return near([]proposal{c.proposal}, q, 2) }) {
			found = append(found, proposal{quad: q})
		}
	}
	for c := range best {
		q := best[c].quad
		var own, next [4]line
		var out [4][]farther
		for k := range q {
			a, b := q[k], q[(k+1)%4]
			length := math.Hypot(b[0]-a[0], b[1]-a[1])
			if length < leastSide {
				return found
			}
			own[k] = line{at: a, direction: raster.Point{(b[0] - a[0]) / length, (b[1] - a[1]) / length}}
			next[k] = own[k]
			if !v.onFrame(a, b) {
				out[k] = v.outside(q, k, lines)
			}
			if len(out[k]) > 0 {
				next[k] = *slices.MinFunc(out[k], func(x, y farther) int { return cmp.Compare(x.by, y.by) }).line
			}
		}
		propose(next)
		for k := range q {
			// Those that are edges for the most of their length.
			slices.SortStableFunc(out[k], func(x, y farther) int { return cmp.Compare(y.share, x.share) })
			for _, f := range out[k][:min(len(out[k]), 2)] {
				sides := own
				sides[k] = *f.line
				propose(sides)
			}
		}
	}
	return found
}

// farther is a line outside a side, by so many pixels, and the share of it that lies on edges.
type farther struct {
	line      *line
	by, share float64
}

// outside finds the lines that run along side k of a quadrilateral outside of it.
func (v *view) outside(q raster.Quad, k int, lines []line) (found []farther) {
	a, b := q[k], q[(k+1)%4]
	length := math.Hypot(b[0]-a[0], b[1]-a[1])
	ux, uy := (b[0]-a[0])/length, (b[1]-a[1])/length
	most := growsBy * min(q.Side(k+1), q.Side(k+3))
	for i := range lines {
		l := &lines[i]
		if l.frame || math.Abs(ux*l.direction[1]-uy*l.direction[0]) > mostTurned {
			continue
		}
		p, r := l.point(l.along(a)), l.point(l.along(b))
		x, y := outwards(q, k, p), outwards(q, k, r)
		if min(x, y) < leastBelt || max(x, y) > most {
			continue
		}
		if share := v.sideShare(l, l.along(a), l.along(b)); share >= grownShare {
			found = append(found, farther{l, (x + y) / 2, share})
		}
	}
	return found
}

// beltSide is what lies between a side of the inner quadrilateral and one of the outer.
type beltSide struct {
	apart, beyond bool // there is a belt; the outer side is in the picture, so that it has a far side
	width         float64
	in, belt, out [channels]float64
	// spreads along the side, and how brightness in the belt goes together with that within and without.
	inSpread, beltSpread, outSpread, withIn, withOut float64
	// rail is how much the sides next to it go on as edges along the belt, the lesser of both, and step how far apart the colours are
	// there, belt and ground.
	rail, step float64
}

// median of each channel of some colours.
func median(colours [][channels]float64) (out [channels]float64) {
	var row [beltPlaces]float64
	n := min(len(colours), beltPlaces)
	if n == 0 {
		return out
	}
	for k := range channels {
		for i := range n {
			row[i] = colours[i][k]
		}
		slices.Sort(row[:n])
		out[k] = row[n/2]
	}
	return out
}

// beltAt measures the belt at side i.
func (v *view) beltAt(inner, outer raster.Quad, i int) (m beltSide) {
	a, b := inner[i], inner[(i+1)%4]
	c, d := outer[i], outer[(i+1)%4]
	length := math.Hypot(d[0]-c[0], d[1]-c[1])
	ux, uy := (d[0]-c[0])/length, (d[1]-c[1])/length
	nx, ny := uy, -ux // outwards
	// How far the outer side is from the inner one, in the mean of its ends.
	m.width = ((c[0]-a[0])*nx + (c[1]-a[1])*ny + (c[0]-b[0])*nx + (c[1]-b[1])*ny) / 2
	m.apart = m.width >= leastBelt
	m.beyond = !v.onFrame(c, d)
	w, h := float64(v.w), float64(v.h)
	var in, belt, out [beltPlaces][channels]float64
	var inLuma, beltLuma, outLuma [beltPlaces]float64
	n, nOut := 0, 0
	for j := range beltPlaces {
		t := 0.06 + 0.88*(float64(j)+0.5)/beltPlaces
		px, py := a[0]+t*(b[0]-a[0]), a[1]+t*(b[1]-a[1])
		qx, qy := c[0]+t*(d[0]-c[0]), c[1]+t*(d[1]-c[1])
		x, y := (px+qx)/2, (py+qy)/2
		if x < 1 || y < 1 || x > w-1 || y > h-1 || px < 1 || py < 1 || px > w-1 || py > h-1 {
			continue
		}
		i1, i2 := v.colour(px-2.6*nx, py-2.6*ny), v.colour(px-4.6*nx, py-4.6*ny)
		for k := range channels {
			in[n][k] = (i1[k] + i2[k]) / 2
		}
		if m.width >= 5 { // room for two looks
			i1, i2 = v.colour(px+0.36*(qx-px), py+0.36*(qy-py)), v.colour(px+0.64*(qx-px), py+0.64*(qy-py))
			for k := range channels {
				belt[n][k] = (i1[k] + i2[k]) / 2
			}
		} else {
			belt[n] = v.colour(x, y)
		}
		inLuma[n], beltLuma[n], outLuma[n] = in[n][0], belt[n][0], math.NaN()
		if ox, oy := qx+4.6*nx, qy+4.6*ny; m.beyond && ox > 0 && oy > 0 && ox < w && oy < h {
			i1, i2 = v.colour(qx+2.6*nx, qy+2.6*ny), v.colour(ox, oy)
			for k := range channels {
				out[nOut][k] = (i1[k] + i2[k]) / 2
			}
			outLuma[n] = out[nOut][0]
			nOut++
		}
		n++
	}
	if n < 5 {
		m.apart = false
		return m
	}
	if nOut < 4 {
		m.beyond = false
	}
	m.in, m.belt, m.out = median(in[:n]), median(belt[:n]), median(out[:nOut])
	m.beltSpread, m.inSpread, m.withIn = together(beltLuma[:n], inLuma[:n])
	_, m.outSpread, m.withOut = together(beltLuma[:n], outLuma[:n])
	m.rail, m.step = v.rails(inner, outer, i)
	return m
}

// rails looks at the sides next to side i of the outer quadrilateral where they run along the belt.
func (v *view) rails(inner, outer raster.Quad, i int) (rail, step float64) {
	const places = 6
	rail, step = 1, math.Inf(1)
	threshold := 1.2*float64(v.noise) + 1.2
	limit := [2]raster.Point{outer[i], outer[(i+1)%4]}
	for k, far := range [2]raster.Point{outer[(i+3)%4], outer[(i+2)%4]} {
		p := limit[k]
		length := math.Hypot(far[0]-p[0], far[1]-p[1])
		ux, uy := (far[0]-p[0])/length, (far[1]-p[1])/length
		// Outwards of this neighbour: the left of the way from the corner for the one before, the right for the one after.
		nx, ny := uy, -ux
		if k == 0 {
			nx, ny = -uy, ux
		}
		in := inner[i]
		if k == 1 {
			in = inner[(i+1)%4]
		}
		reach := (in[0]-p[0])*ux + (in[1]-p[1])*uy
		found, sum, n := 0.0, 0.0, 0.0
		for j := range places {
			t := reach * (0.12 + 0.8*(float64(j)+0.5)/places)
			x, y := p[0]+t*ux, p[1]+t*uy
			if x < 3 || y < 3 || x > float64(v.w)-3 || y > float64(v.h)-3 {
				continue
			}
			n++
			if e := span(v.colour(x-nx, y-ny), v.colour(x+nx, y+ny)); e > threshold {
				found++
			}
			sum += span(v.colour(x-2.6*nx, y-2.6*ny), v.colour(x+2.6*nx, y+2.6*ny))
		}
		if n > 0 {
			rail, step = min(rail, found/n), min(step, sum/n)
		}
	}
	if math.IsInf(step, 1) {
		return 0, 0
	}
	return rail, step
}

// spreadOver gathers the least, the mean and the greatest of some numbers.
type spreadOver struct{ least, sum, most, n float64 }

func (s *spreadOver) add(x float64) {
	if s.n == 0 || x < s.least {
		s.least = x
	}
	if s.n == 0 || x > s.most {
		s.most = x
	}
	s.sum, s.n = s.sum+x, s.n+1
}

func (s *spreadOver) mean() float64 { return s.sum / max(s.n, 1) }

// belt describes a pair of candidates, the outer quadrilateral begun at the corner that is next to the inner's first. It is blind where
// it does not see what lies beyond a belt.
func (v *view) belt(inner, outer *candidate, turned raster.Quad) (row [nestedCount]float32, blind bool) {
	var sides [4]beltSide
	var paper, ground [channels]float64
	nPaper, nGround := 0.0, 0.0
	for i := range sides {
		sides[i] = v.beltAt(inner.quad, turned, i)
		s := &sides[i]
		nPaper++
		for k := range channels {
			paper[k] += s.in[k]
		}
		if s.beyond {
			nGround++
			for k := range channels {
				ground[k] += s.out[k]
			}
		}
	}
	for k := range channels {
		paper[k] /= nPaper
		ground[k] /= max(nGround, 1)
	}
	grain := float64(v.noise) + 1
	w, h := float64(v.w), float64(v.h)
	short := math.Inf(1)
	for i := range 4 {
		short = min(short, inner.quad.Side(i))
	}
	var width, toIn, toOut, share, toGround, toPaper, rail, step, within, without, beltTexture, outTexture spreadOver
	belts, frames := 0.0, 0.0
	for i := range sides {
		s := &sides[i]
		if !s.beyond {
			frames++
		}
		if !s.apart {
			continue
		}
		belts++
		blind = blind || !s.beyond
		width.add(s.width / short)
		in := span(s.belt, s.in)
		toIn.add(math.Log(in/grain + 0.3))
		if s.beyond {
			out := span(s.belt, s.out)
			toOut.add(math.Log(out/grain + 0.3))
			share.add(in / (in + out + 2))
			without.add(s.withOut)
			outTexture.add(math.Log((s.beltSpread + 1) / (s.outSpread + 1)))
		}
		if nGround > 0 {
			toGround.add(math.Log(span(s.belt, ground)/grain + 0.3))
		}
		toPaper.add(math.Log(span(s.belt, paper)/grain + 0.3))
		rail.add(s.rail)
		step.add(math.Log(s.step/grain + 0.3))
		within.add(s.withIn)
		beltTexture.add(math.Log((s.beltSpread + 1) / (s.inSpread + 1)))
	}
	at := 0
	put := func(x float64) {
		row[at] = float32(x)
		at++
	}
	put(belts)
	put(frames)
	put(math.Log(outer.quad.Area() / inner.quad.Area()))
	put(width.least)
	put(width.most)
	put(math.Log((width.most + 0.01) / (width.least + 0.01)))
	for _, s := range []*spreadOver{&toIn, &toOut, &share, &toGround, &toPaper} {
		put(s.least)
		put(s.mean())
		put(s.most)
	}
	put(rail.least)
	put(rail.mean())
	put(step.least)
	put(step.mean())
	put(within.mean())
	put(without.mean())
	put(beltTexture.mean())
	put(outTexture.mean())
	put(math.Log(span(paper, ground)/grain + 0.3))
	// What the first model saw of either, as far as it tells their sides: the least edge, the least step, and what goes on beyond corners.
	for _, k := range [4]int{0, 3, 10, 31} {
		put(float64(outer.features[k] - inner.features[k]))
	}
	// How much worse a format of paper fits the outer one.
	a, okA := poseOf(inner.quad, w, h, usualFocal(w, h))
	b, okB := poseOf(turned, w, h, usualFocal(w, h))
	if okA && okB {
		all := formats()
		put(min(b.misfit(all[0]), b.misfit(all[2])) - min(a.misfit(all[0]), a.misfit(all[2])))
		put(min(b.misfit(all[0]), b.misfit(all[2])))
	}
	at = nestedCount - 3
	put(math.Log(short))
	put(float64(outer.features[1] - inner.features[1]))
	put(max(min(outer.score-inner.score, 9), -9))
	return row, blind
}

// nestsCount is how many numbers say of a candidate how it stands to those that it lies in and that lie in it.
const nestsCount = 4

// nestsOf gathers for each of n candidates what the pairs say, scored by the logarithms of the odds that the outer is the better one: the
// strongest claim of one that holds it, and how much larger that is; the weakest and the strongest of its own claims over those that
// it holds.
func nestsOf(n int, pairs []nesting, score func(*[nestedCount]float32) float64) [][nestsCount]float32 {
	const none = 6
	out := make([][nestsCount]float32, n)
	for i := range out {
		out[i] = [nestsCount]float32{-none, 0, none, -none}
	}
	for i := range pairs {
		p := &pairs[i]
		s := float32(max(min(score(&p.row), none), -none))
		if in := &out[p.inner]; s > in[0] {
			in[0], in[1] = s, p.row[nestedArea]
		}
		o := &out[p.outer]
		o[2], o[3] = min(o[2], s), max(o[3], s)
	}
	return out
}
