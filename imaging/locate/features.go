package locate

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// featureCount is how many numbers the model looks at.
const featureCount = 54

// features are what is measured of a proposal, in a fixed order (see measure).
type features [featureCount]float32

// Of each side, this many places are looked at, each at several distances across the side.
const sidePlaces = 36

// sideMeasure is what is measured along one side of a proposal.
type sideMeasure struct {
	// frame: the side is one of the picture itself; shown is the share of it that the picture shows.
	frame bool
	shown float64
	// edge is the share of places with an edge right there, step that with another colour on the other side.
	edge, step float64
	// strength is the mean difference across the side, steady how much the differences point the same way (0 to 1).
	strength, steady float64
	contrast         float64
	in, out          [channels]float64
	inSpread         float64
	outSpread        float64
	// through is the correlation of brightness along the side a little inside and a little outside: what lies on a table hides
	// its grain.
	through float64
	// over is how far the edge goes on beyond the first and second corner, as a share of the way looked at; parts is how far it goes
	// on so that it parts the ground from something else there, too.
	over, parts [2]float64
	// outwards is the direction across the side, and threshold the least difference that is an edge.
	outwards  raster.Point
	threshold float64
	// early is the share of edge in the outermost part at both ends, which round corners lack.
	early float64
}

// measureSide looks along the side from a to b; the inside is to its right.
func (v *view) measureSide(a, b raster.Point) sideMeasure {
	var m sideMeasure
	length := math.Hypot(b[0]-a[0], b[1]-a[1])
	if length < 1 {
		return m
	}
	ux, uy := (b[0]-a[0])/length, (b[1]-a[1])/length
	nx, ny := uy, -ux // outwards
	w, h := float64(v.w), float64(v.h)
	m.frame = v.onFrame(a, b)
	threshold := 1.2*float64(v.noise) + 1.2
	m.outwards, m.threshold = raster.Point{nx, ny}, threshold
	var n, edges, steps, strength, stepped float64
	var sum [channels]float64
	var inSum, outSum [channels]float64
	var inLuma, outLuma [sidePlaces]float64
	count := 0
	nOut := 0.0
	for j := range sidePlaces {
		t := 0.05 + 0.9*(float64(j)+0.5)/sidePlaces
		x, y := a[0]+t*(b[0]-a[0]), a[1]+t*(b[1]-a[1])
		if x < 0.5 || y < 0.5 || x > w-0.5 || y > h-0.5 {
			continue
		}
		n++
		i1, i2, i3 := v.colour(x-1*nx, y-1*ny), v.colour(x-2.4*nx, y-2.4*ny), v.colour(x-4.5*nx, y-4.5*ny)
		ox, oy := x+4.5*nx, y+4.5*ny
		for k := range channels {
			inSum[k] += (i2[k] + i3[k]) / 2
		}
		if m.frame || ox < 0 || oy < 0 || ox > w || oy > h {
			inLuma[count] = math.NaN()
			count++
			continue
		}
		o1, o2, o3 := v.colour(x+1*nx, y+1*ny), v.colour(x+2.4*nx, y+2.4*ny), v.colour(ox, oy)
		nOut++
		e := span(i1, o1)
		if e > threshold && e > 0.8*span(i3, i2) && e > 0.8*span(o2, o3) {
			edges++
		}
		strength += e
		s := 0.0
		for k := range channels {
			d := (o2[k] + o3[k] - i2[k] - i3[k]) / 2
			sum[k] += d
			s += d * d
			outSum[k] += (o2[k] + o3[k]) / 2
		}
		s = math.Sqrt(s)
		stepped += s
		if s > 2*threshold {
			steps++
		}
		inLuma[count], outLuma[count] = (i2[0]+i3[0])/2, (o2[0]+o3[0])/2
		count++
	}
	m.shown = n / sidePlaces
	if n == 0 {
		return m
	}
	for k := range channels {
		m.in[k] = inSum[k] / n
	}
	if nOut == 0 {
		m.frame = true
		return m
	}
	m.edge, m.step, m.strength = edges/nOut, steps/nOut, strength/nOut
	total := 0.0
	for k := range channels {
		m.out[k] = outSum[k] / nOut
		total += sum[k] * sum[k]
	}
	m.contrast = math.Sqrt(total) / nOut
	if stepped > 0 {
		m.steady = math.Sqrt(total) / stepped
	}
	m.inSpread, m.outSpread, m.through = together(inLuma[:count], outLuma[:count])
	m.over[0], m.parts[0] = m.goesOn(v, a, raster.Point{-ux, -uy})
	m.over[1], m.parts[1] = m.goesOn(v, b, raster.Point{ux, uy})
	early0, _ := m.goesOn(v, raster.Point{a[0] + 1.5*ux, a[1] + 1.5*uy}, raster.Point{ux * 0.35, uy * 0.35})
	early1, _ := m.goesOn(v, raster.Point{b[0] - 1.5*ux, b[1] - 1.5*uy}, raster.Point{-ux * 0.35, -uy * 0.35})
	m.early = (early0 + early1) / 2
	return m
}

// onFrame reports whether a side is a side of the picture.
func (v *view) onFrame(a, b raster.Point) bool {
	const near = 1.5
	w, h := float64(v.w), float64(v.h)
	return a[0] < near && b[0] < near || a[1] < near && b[1] < near ||
		a[0] > w-near && b[0] > w-near || a[1] > h-near && b[1] > h-near
}

// goesOn is the share of a way from a corner of a side along a direction on which there is an edge across the way; parts is the share
// on which that edge parts document and ground: on its outer side is the ground, or, where a shadow begins, the change is of the
// same kind as across the side.
func (m *sideMeasure) goesOn(v *view, p, along raster.Point) (share, parts float64) {
	const places = 8
	found, apart := 0.0, 0.0
	out, threshold := m.outwards, m.threshold
	for j := range places {
		t := 2.5 + 1.6*float64(j)
		x, y := p[0]+t*along[0], p[1]+t*along[1]
		if x < 4 || y < 4 || x > float64(v.w)-4 || y > float64(v.h)-4 {
			continue
		}
		i1, o1 := v.colour(x-out[0], y-out[1]), v.colour(x+out[0], y+out[1])
		e := span(i1, o1)
		if e <= threshold {
			continue
		}
		i3, o3 := v.colour(x-3.4*out[0], y-3.4*out[1]), v.colour(x+3.4*out[0], y+3.4*out[1])
		if e > 0.8*span(i3, v.colour(x-1.4*out[0], y-1.4*out[1])) && e > 0.8*span(o3, v.colour(x+1.4*out[0], y+1.4*out[1])) {
			found++
		}
		if square(i3, o3) <= 4*threshold*threshold {
			continue
		}
		alike := 0.0
		for k := range channels {
			alike += (o3[k] - i3[k]) * (m.out[k] - m.in[k])
		}
		if alike > 0 || square(o3, m.out) < square(i3, m.out) {
			apart++
		}
	}
	return found / places, apart / places
}

// span is the distance between two colours.
func span(a, b [channels]float64) float64 { return math.Sqrt(square(a, b)) }

// square is the square of span.
func square(a, b [channels]float64) float64 {
	x, y, z := a[0]-b[0], a[1]-b[1], a[2]-b[2]
	return x*x + y*y + z*z
}

// together returns the spreads of two rows of numbers, and how far they go together (correlation), NaN left out.
func together(a, b []float64) (sa, sb, r float64) {
	var n, ma, mb, aa, bb, ab float64
	for i := range a {
		if math.IsNaN(a[i]) {
			continue
		}
		n++
		ma, mb = ma+a[i], mb+b[i]
		aa, bb, ab = aa+a[i]*a[i], bb+b[i]*b[i], ab+a[i]*b[i]
	}
	if n < 4 {
		return 0, 0, 0
	}
	ma, mb = ma/n, mb/n
	va, vb := max(aa/n-ma*ma, 0), max(bb/n-mb*mb, 0)
	if va > 0.05 && vb > 0.05 {
		r = (ab/n - ma*mb) / math.Sqrt(va*vb)
	}
	return math.Sqrt(va), math.Sqrt(vb), r
}

// measure is all that the model knows of a proposal; false where its shape is none that a camera can make of a rectangle.
func (v *view) measure(p *proposal) (features, bool) {
	var f features
	q := p.quad
	w, h := float64(v.w), float64(v.h)
	shape, ok := poseOf(q, w, h, usualFocal(w, h))
	if !ok || !q.Convex() {
		return f, false
	}
	var sides [4]sideMeasure
	frames, shown := 0, 0.0
	for i := range q {
		sides[i] = v.measureSide(q[i], q[(i+1)%4])
		if sides[i].frame {
			frames++
		}
		shown += sides[i].shown
	}
	at := 0
	put := func(x float64) {
		f[at] = float32(x)
		at++
	}
	// Of sides in the picture: the least, the second least and the mean; the picture's own sides have no edge to show.
	low := func(get func(*sideMeasure) float64) (least, second, mean float64) {
		least, second = math.Inf(1), math.Inf(1)
		n := 0.0
		for i := range sides {
			if sides[i].frame {
				continue
			}
			x := get(&sides[i])
			n++
			mean += x
			if x < least {
				least, second = x, least
			} else if x < second {
				second = x
			}
		}
		if n == 0 {
			return 0, 0, 0
		}
		if n == 1 {
			second = least
		}
		return least, second, mean / n
	}
	grain := float64(v.noise) + 1
	a, b, c := low(func(s *sideMeasure) float64 { return s.edge })
	put(a)
	put(b)
	put(c)
	a, b, c = low(func(s *sideMeasure) float64 { return s.step })
	put(a)
	put(b)
	put(c)
	a, _, c = low(func(s *sideMeasure) float64 { return math.Log(s.strength + 0.5) })
	put(a)
	put(c)
	a, _, c = low(func(s *sideMeasure) float64 { return s.steady })
	put(a)
	put(c)
	a, b, c = low(func(s *sideMeasure) float64 { return math.Log((s.contrast + 0.5) / grain) })
	put(a)
	put(b)
	put(c)
	_, _, c = low(func(s *sideMeasure) float64 { return s.inSpread })
	put(c)
	_, _, c = low(func(s *sideMeasure) float64 { return s.outSpread })
	put(c)
	a, _, c = low(func(s *sideMeasure) float64 { return -s.through })
	put(-a)
	put(-c)
	_, _, c = low(func(s *sideMeasure) float64 { return s.early })
	put(c)
	// Colours of the inside and of the outside, side against side.
	var meanIn, meanOut [channels]float64
	nIn, nOut := 0.0, 0.0
	for i := range sides {
		if sides[i].shown > 0.1 {
			nIn++
			for k := range channels {
				meanIn[k] += sides[i].in[k]
			}
		}
		if !sides[i].frame {
			nOut++
			for k := range channels {
				meanOut[k] += sides[i].out[k]
			}
		}
	}
	for k := range channels {
		meanIn[k] /= max(nIn, 1)
		meanOut[k] /= max(nOut, 1)
	}
	spreadIn, spreadOut := 0.0, 0.0
	for i := range sides {
		if sides[i].shown > 0.1 {
			spreadIn = max(spreadIn, span(sides[i].in, meanIn))
		}
		if !sides[i].frame {
			spreadOut = max(spreadOut, span(sides[i].out, meanOut))
		}
	}
	put(spreadIn)
	put(spreadOut)
	put(span(meanIn, meanOut))
	put(meanIn[0] - meanOut[0])
	put(meanIn[0])
	put(math.Hypot(meanIn[1], meanIn[2]))
	put(math.Hypot(meanOut[1], meanOut[2]))
	// How much of the mean step from the inside to the outside each side has: where a page runs on beyond a side, none.
	var step [channels]float64
	for i := range sides {
		if !sides[i].frame {
			for k := range channels {
				step[k] += (sides[i].out[k] - sides[i].in[k]) / max(nOut, 1)
			}
		}
	}
	a, b, c = low(func(s *sideMeasure) float64 {
		own := 0.0
		for k := range channels {
			own += (s.out[k] - s.in[k]) * step[k]
		}
		return own / (step[0]*step[0] + step[1]*step[1] + step[2]*step[2] + 4)
	})
	put(a)
	put(b)
	put(c)
	// Edges that go on beyond corners.
	overAll, overCorner, overSide := 0.0, 0.0, 0.0
	for i := range sides {
		o := &sides[i]
		before := &sides[(i+3)%4]
		overAll += o.over[0] + o.over[1]
		overSide = max(overSide, o.over[0]+o.over[1])
		overCorner = max(overCorner, min(o.over[0], before.over[1]))
	}
	put(overAll)
	put(overSide)
	put(overCorner)
	through, weak, held := v.bounds(q, &sides)
	put(through)
	put(weak)
	put(held)
	// Shape and size.
	area := raster.PolygonArea(q.Within(w, h))
	put(math.Log(max(area, 1) / (w * h)))
	shortest := math.Inf(1)
	for i := range 4 {
		shortest = min(shortest, q.Side(i))
	}
	put(math.Log(shortest))
	all := formats()
	card, sheet := shape.misfit(all[0]), shape.misfit(all[2])
	put(min(card, sheet))
	put(card)
	put(sheet)
	put(math.Abs(math.Log(shape.aspect)))
	put(shape.tilt)
	put(math.Abs(shape.skew))
	// What is inside and what is around.
	inside := v.fill(q, meanIn, meanOut)
	for _, x := range inside {
		put(x)
	}
	put(float64(frames))
	outside := 0
	for _, c := range q {
		if !v.inside(c) {
			outside++
		}
	}
	put(float64(outside))
	put(shown / 4)
	middle := q.Middle()
	put(math.Hypot((middle[0]-w/2)/w, (middle[1]-h/2)/h))
	put(math.Log(grain))
	return f, true
}

// bounds asks whether the sides are where the document ends. Where both neighbours of a side go on beyond it, it is a line or a shadow
// within: through is how far they do, at most, and weak how much weaker that side is than they are, as a logarithm. Where a side is the
// picture's own, the document must reach it: held is how far along the neighbours, from there, the document is seen, at least.
func (v *view) bounds(q raster.Quad, sides *[4]sideMeasure) (through, weak, held float64) {
	held = 1
	for i := range sides {
		before, after := &sides[(i+3)%4], &sides[(i+1)%4]
		if sides[i].frame {
			if !before.frame {
				held = min(held, v.seenFrom(q[i], q[(i+3)%4], before))
			}
			if !after.frame {
				held = min(held, v.seenFrom(q[(i+1)%4], q[(i+2)%4], after))
			}
			continue
		}
		on, usual := 1.0, 0.0
		if !before.frame {
			on, usual = before.parts[1], before.contrast
		}
		if !after.frame {
			on, usual = min(on, after.parts[0]), max(usual, after.contrast)
		}
		if on > through && (!before.frame || !after.frame) {
			through, weak = on, math.Log((sides[i].contrast+0.5)/(usual+0.5))
		}
	}
	return through, weak, held
}

// seenFrom is how far from a corner towards another, which lie on a side, that side parts a document from the ground.
func (v *view) seenFrom(p, towards raster.Point, side *sideMeasure) float64 {
	length := math.Hypot(towards[0]-p[0], towards[1]-p[1])
	if length == 0 {
		return 0
	}
	along := raster.Point{(towards[0] - p[0]) / length, (towards[1] - p[1]) / length}
	_, parts := side.goesOn(v, p, along)
	return parts
}

// fill looks at the inside of a quadrilateral and at a ring around it: the share of edges in each (print is rich in them),
// how much is of the colour of the paper at the sides, and how much of the ring is so too.
func (v *view) fill(q raster.Quad, paper, ground [channels]float64) [7]float64 {
	const grid = 18
	var out [7]float64
	m, ok := raster.RectToQuad(1, 1, q)
	if !ok {
		return out
	}
	threshold := 1.5*v.noise + 3
	var n, edges, like, unlike float64
	var ringN, ringEdges, ringLike float64
	middleEdges, middleN := 0.0, 0.0
	limit := 0.35*max(span(paper, ground), 6) + 4
	limit *= limit // of squares of distances
	for i := range grid {
		// From a sixth outside to a sixth outside: the middle two thirds of the steps are in the document.
		s := -0.17 + 1.34*(float64(i)+0.5)/grid
		for j := range grid {
			t := -0.17 + 1.34*(float64(j)+0.5)/grid
			p := m.Apply(raster.Point{s, t})
			if !(p[0] >= 1 && p[1] >= 1 && p[0] < float64(v.w-1) && p[1] < float64(v.h-1)) {
				continue
			}
			o := int(p[1])*v.w + int(p[0])
			edge := 0.0
			if v.mag[o] > threshold {
				edge = 1
			}
			pix := (*[channels]float32)(v.pix[channels*o:])
			colour := [channels]float64{float64(pix[0]), float64(pix[1]), float64(pix[2])}
			isPaper := square(colour, paper) < limit
			switch {
			case s > 0.04 && s < 0.96 && t > 0.04 && t < 0.96:
				n++
				edges += edge
				if isPaper {
					like++
				}
				if square(colour, ground) < limit {
					unlike++
				}
				if s > 0.2 && s < 0.8 && t > 0.2 && t < 0.8 {
					middleN++
					middleEdges += edge
				}
			case s < -0.03 || s > 1.03 || t < -0.03 || t > 1.03:
				ringN++
				ringEdges += edge
				if isPaper {
					ringLike++
				}
			}
		}
	}
	if n > 0 {
		out[0], out[1], out[2] = edges/n, like/n, unlike/n
	}
	if ringN > 0 {
		out[3], out[4] = ringEdges/ringN, ringLike/ringN
	}
	out[5] = math.Log((out[0] + 0.03) / (out[3] + 0.03))
	if middleN > 0 {
		out[6] = middleEdges / middleN
	}
	return out
}
