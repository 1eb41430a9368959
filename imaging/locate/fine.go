package locate

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// In the view a margin of paper is a few pixels wide, in which a printed line on one side and the edge of the paper on the other are
// smeared into one another. The picture that the view was reduced from shows it two or three times as fine. Sides are laid on their
// edges there first, since a candidate's are a pixel of the view off; then colours are taken clear of the edges, in the belt and at
// several distances to both sides of it: beyond a printed line is the paper again, and beyond a joint the same tile. An edge of paper ends
// at its corners, a joint goes on, and where a side was taken from a joint the sides next to it have no edge along the belt.

// Lengths are in pixels of the picture that the view was reduced from.
const (
	// mostLaid is how far at most the side of a candidate may be from its edge, and offView the same in pixels of the view.
	mostLaid, offView = 6, 2
	// finePlaces are the places along a side that are looked at.
	finePlaces = 28
	// leastFine is the width from which there is a belt.
	leastFine = 3
	// aside is how far from an edge a colour is taken, so that the edge is not in it, and depths how many times as far one is taken.
	aside, depths = 3, 6
	// stepReach is how far to both sides of an edge its step is taken.
	stepReach = 2.5
	// fineCount is how many numbers describe a pair.
	fineCount = 54
)

// fineColour interpolates the view's three channels in the picture that it was reduced from.
func (v *view) fineColour(x, y float64) [channels]float64 {
	r, g, b := v.small.At(x, y)
	return [channels]float64{0.3*r + 0.59*g + 0.11*b, 0.7 * (r - g), 0.5 * (0.5*(r+g) - b)}
}

// shows reports whether a position lies in the picture that the view was reduced from, so far from its border.
func (v *view) shows(x, y, within float64) bool {
	return x > within && y > within && x < float64(v.small.W)-within && y < float64(v.small.H)-within
}

// fineSide is a side of a candidate, laid on its edge.
type fineSide struct {
	a, b   raster.Point // its ends, clockwise
	nx, ny float64      // outwards
	frame  bool         // it is a side of the picture
	// step is what the colour changes by from the inside to the outside, in the mean.
	step [channels]float64
}

// at is a place along the side, from 0 to 1.
func (s *fineSide) at(t float64) (x, y float64) {
	return s.a[0] + t*(s.b[0]-s.a[0]), s.a[1] + t*(s.b[1]-s.a[1])
}

// placeAt is where along a side the j-th place is.
func placeAt(j int) float64 { return 0.06 + 0.88*(float64(j)+0.5)/finePlaces }

func (s *fineSide) place(j int) (x, y float64) { return s.at(placeAt(j)) }

func (s *fineSide) length() float64 { return math.Hypot(s.b[0]-s.a[0], s.b[1]-s.a[1]) }

// stepAt is what the colour changes by across a side at a place.
func (v *view) stepAt(s *fineSide, x, y float64) (d [channels]float64) {
	in, out := v.fineColour(x-stepReach*s.nx, y-stepReach*s.ny), v.fineColour(x+stepReach*s.nx, y+stepReach*s.ny)
	for k := range d {
		d[k] = out[k] - in[k]
	}
	return d
}

// fineSides lays the sides of a quadrilateral of the view on their edges.
func (v *view) fineSides(q raster.Quad) (sides [4]fineSide) {
	kx, ky := float64(v.small.W)/float64(v.w), float64(v.small.H)/float64(v.h)
	for i := range q {
		a, b := q[i], q[(i+1)%4]
		s := &sides[i]
		s.frame = v.onFrame(a, b)
		s.a, s.b = raster.Point{a[0] * kx, a[1] * ky}, raster.Point{b[0] * kx, b[1] * ky}
		length := s.length()
		if length == 0 {
			continue
		}
		s.nx, s.ny = (s.b[1]-s.a[1])/length, (s.a[0]-s.b[0])/length
		if s.frame {
			continue
		}
		from, to := v.edgeNear(s)
		s.a = raster.Point{s.a[0] + from*s.nx, s.a[1] + from*s.ny}
		s.b = raster.Point{s.b[0] + to*s.nx, s.b[1] + to*s.ny}
		n := 0.0
		for j := range finePlaces {
			if x, y := s.place(j); v.shows(x, y, stepReach) {
				d := v.stepAt(s, x, y)
				for k := range d {
					s.step[k] += d[k]
				}
				n++
			}
		}
		for k := range s.step {
			s.step[k] /= max(n, 1)
		}
	}
	return sides
}

// begunAt are the sides begun with another.
func begunAt(sides *[4]fineSide, turn int) *[4]fineSide {
	var out [4]fineSide
	for i := range out {
		out[i] = sides[(i+turn)%4]
	}
	return &out
}

// edgeNear finds the line near a side along which the colour changes the most, all the same way: how far outwards it lies at both ends.
func (v *view) edgeNear(s *fineSide) (from, to float64) {
	const most = 30 // what one place may say
	reach := min(max(int(offView*float64(v.small.W)/float64(v.w)+0.5), 1), mostLaid)
	steps := 2*reach + 1
	var rise [finePlaces / 2][2*mostLaid + 1][channels]float64
	for j := range rise {
		x, y := s.place(2 * j)
		if !v.shows(x, y, 0) {
			continue
		}
		var row [2*mostLaid + 3][channels]float64
		for k := range row[:steps+2] {
			o := float64(k - 1 - reach)
			row[k] = v.fineColour(x+o*s.nx, y+o*s.ny)
		}
		for k := range steps {
			for c := range channels {
				rise[j][k][c] = min(max(row[k+2][c]-row[k][c], -most), most)
			}
		}
	}
	best := 0.0
	for i := range steps {
		for j := max(i-reach, 0); j <= min(i+reach, steps-1); j++ {
			var sum [channels]float64
			for k := range rise {
				t := placeAt(2 * k)
				r := &rise[k][int(float64(i)+t*float64(j-i)+0.5)]
				for c := range channels {
					sum[c] += r[c]
				}
			}
			x, y := float64(i-reach)/float64(reach), float64(j-reach)/float64(reach)
			// Of two edges alike the nearer one is meant.
			if gain := norm3(sum) * (1 - 0.12*(x*x+y*y)); gain > best {
				best, from, to = gain, float64(i-reach), float64(j-reach)
			}
		}
	}
	return from, to
}

// goesOnBeyond is how much of its step a side has beyond its ends, as a share: the lesser and the greater of both ends.
func (v *view) goesOnBeyond(s *fineSide) (least, most float64) {
	const places = 8
	whole := dot3(s.step, s.step)
	if whole < 1 {
		return 0, 0
	}
	var ends spreadOver
	length := s.length()
	way := min(max(0.15*length, 12), 60) / length
	for end := range 2 {
		sum, n := 0.0, 0.0
		for j := range places {
			t := 4/length + way*(float64(j)+0.5)/places
			if end == 0 {
				t = -t
			} else {
				t++
			}
			if x, y := s.at(t); v.shows(x, y, stepReach) {
				sum += min(max(dot3(v.stepAt(s, x, y), s.step)/whole, 0), 1)
				n++
			}
		}
		if n > 0 {
			ends.add(sum / n)
		}
	}
	return ends.least, ends.most
}

// fineBelt is what lies between a side of the inner quadrilateral and one of the outer.
type fineBelt struct {
	there, beyond bool // there is a belt; the outer side is in the picture, so that it has a far side
	width         float64
	colour        [channels]float64
	// texture is how much brightness changes from place to place along the belt, across how much it does across.
	texture, across float64
	in, out         besideBelt
	// edgeIn and edgeOut are how large the steps of both sides are, inOn and outOn how much they go on beyond their corners (see
	// goesOnBeyond), rail how much those of the sides next to them do along the belt (see rail).
	edgeIn, edgeOut   float64
	inOn, outOn, rail [2]float64
}

// besideBelt is what lies on one side of a belt.
type besideBelt struct {
	// near is how far the colour there is from the belt's, deep the same in the mean of all depths, like the least of them.
	near, deep, like float64
	// colour and texture are those where it is most like the belt, and unlike is the share of places that differ there.
	colour          [channels]float64
	texture, unlike float64
}

// fineRow are colours along a side.
type fineRow [finePlaces][channels]float64

// median of each channel of the first n colours.
func (r *fineRow) median(n int) (out [channels]float64) {
	var values [finePlaces]float64
	if n == 0 {
		return out
	}
	for k := range channels {
		for i := range n { // sorts by insertion: there are few
			x, at := r[i][k], i
			for at > 0 && values[at-1] > x {
				values[at] = values[at-1]
				at--
			}
			values[at] = x
		}
		out[k] = values[n/2]
	}
	return out
}

// texture is how much brightness changes from place to place, in the mean.
func (r *fineRow) texture(n int) float64 {
	sum := 0.0
	for i := 1; i < n; i++ {
		sum += min(math.Abs(r[i][0]-r[i-1][0]), mostChange)
	}
	return sum / float64(max(n-1, 1))
}

// mostChange is what one place may say of texture, in grey levels: a letter or a glint.
const mostChange = 60

// unlike is the share of places at which two rows differ.
func (r *fineRow) unlike(other *fineRow, n int, threshold float64) float64 {
	count := 0.0
	for i := range n {
		if span(r[i], other[i]) > threshold {
			count++
		}
	}
	return count / float64(max(n, 1))
}

// besides compares a belt with what lies beside it at several depths.
func (v *view) besides(belt *fineRow, rows *[depths]fineRow, n int, colour [channels]float64) (b besideBelt) {
	at := 0
	b.like = math.Inf(1)
	for d := range rows {
		c := rows[d].median(n)
		s := span(c, colour)
		if d == 0 {
			b.near = s
		}
		b.deep += s / depths
		if s < b.like {
			at, b.like, b.colour = d, s, c
		}
	}
	b.texture, b.unlike = rows[at].texture(n), belt.unlike(&rows[at], n, 2*float64(v.noise)+3)
	return b
}

// fineBeltAt measures the belt at side i of two quadrilaterals that begin with corners next to one another.
func (v *view) fineBeltAt(inner, outer *[4]fineSide, i int) (m fineBelt) {
	in, out := &inner[i], &outer[i]
	nx, ny := out.nx, out.ny
	m.beyond = !out.frame
	var belt fineRow
	var within, without [depths]fineRow
	n := 0
	for j := range finePlaces {
		px, py := in.place(j)
		qx, qy := out.place(j)
		if !v.shows(px, py, aside) || !v.shows(qx, qy, 0) {
			continue
		}
		w := (qx-px)*nx + (qy-py)*ny
		m.width += w
		off := min(aside, 0.34*max(w, 0))
		var looks [3][channels]float64
		for k := range looks {
			f := 0.5
			if w > 0 {
				f = (off + (w-2*off)*float64(k)/2) / w
			}
			looks[k] = v.fineColour(px+f*(qx-px), py+f*(qy-py))
			for c := range channels {
				belt[n][c] += looks[k][c] / 3
			}
		}
		m.across += min(max(math.Abs(looks[0][0]-looks[1][0]), math.Abs(looks[1][0]-looks[2][0])), mostChange)
		for d := range depths {
			far := float64(aside * (d + 1))
			within[d][n] = v.fineColour(px-far*nx, py-far*ny)
			if m.beyond {
				without[d][n] = v.fineColour(qx+far*nx, qy+far*ny)
			}
		}
		n++
	}
	if n < finePlaces/4 {
		return fineBelt{}
	}
	m.width /= float64(n)
	m.across /= float64(n)
	if m.width < leastFine {
		return fineBelt{}
	}
	m.there = true
	m.colour, m.texture = belt.median(n), belt.texture(n)
	m.in = v.besides(&belt, &within, n, m.colour)
	m.edgeIn, m.edgeOut = norm3(in.step), norm3(out.step)
	m.inOn[0], m.inOn[1] = v.goesOnBeyond(in)
	if m.beyond {
		m.out = v.besides(&belt, &without, n, m.colour)
		m.outOn[0], m.outOn[1] = v.goesOnBeyond(out)
	}
	m.rail = v.fineRails(inner, outer, i)
	return m
}

// fineRails is how much of their steps the sides next to side i of the outer quadrilateral have along the belt, as shares; the lesser
// first. Both are a half where neither is in the picture.
func (v *view) fineRails(inner, outer *[4]fineSide, i int) [2]float64 {
	const places = 8
	var both spreadOver
	for k := range 2 {
		// The belt is at the end of the side before, and at the beginning of the side after.
		neighbour, corner := &outer[(i+3)%4], inner[i].a
		if k == 1 {
			neighbour, corner = &outer[(i+1)%4], inner[i].b
		}
		length := neighbour.length()
		if neighbour.frame || length == 0 {
			continue
		}
		ux, uy := (neighbour.b[0]-neighbour.a[0])/length, (neighbour.b[1]-neighbour.a[1])/length
		begins := ((corner[0]-neighbour.a[0])*ux + (corner[1]-neighbour.a[1])*uy) / length
		from, to, own, ownTo := begins, 1.0, 0.0, begins
		if k == 1 {
			from, to, own, ownTo = 0, begins, begins, 1
		}
		if to-from < 1/length {
			continue
		}
		var step [channels]float64 // where the inner quadrilateral lies along it
		n := 0.0
		for j := range 2 * places {
			if x, y := neighbour.at(own + (ownTo-own)*(float64(j)+0.5)/(2*places)); v.shows(x, y, stepReach) {
				d := v.stepAt(neighbour, x, y)
				for c := range step {
					step[c] += d[c]
				}
				n++
			}
		}
		for c := range step {
			step[c] /= max(n, 1)
		}
		whole := max(dot3(step, step), 1)
		sum, m := 0.0, 0.0
		for j := range places {
			if x, y := neighbour.at(from + (to-from)*(0.15+0.7*(float64(j)+0.5)/places)); v.shows(x, y, stepReach) {
				sum += min(max(dot3(v.stepAt(neighbour, x, y), step)/whole, -1), 1.5)
				m++
			}
		}
		if m > 0 {
			both.add(sum / m)
		}
	}
	if both.n == 0 {
		return [2]float64{0.5, 0.5}
	}
	return [2]float64{both.least, max(both.most, 0)}
}

// fineOf describes a pair of quadrilaterals whose sides were laid on their edges, the outer begun at the corner that is next to the
// inner's first.
func (v *view) fineOf(inner, outer *[4]fineSide) (row [fineCount]float32) {
	var belts [4]fineBelt
	var paper, ground [channels]float64
	n, nGround := 0.0, 0.0
	for i := range belts {
		belts[i] = v.fineBeltAt(inner, outer, i)
		b := &belts[i]
		if !b.there {
			continue
		}
		n++
		for k := range channels {
			paper[k] += b.in.colour[k]
		}
		if b.beyond {
			nGround++
			for k := range channels {
				ground[k] += b.out.colour[k]
			}
		}
	}
	for k := range channels {
		paper[k] /= max(n, 1)
		ground[k] /= max(nGround, 1)
	}
	grain := float64(v.noise) + 1
	level := func(x float64) float64 { return math.Log(x/grain + 0.3) }
	var width, alike, inNear, inLike, inDeep, outNear, outLike, outDeep, share, inTexture, outTexture, texture, across, inUnlike, outUnlike,
		edge, edgeIn, edgeOut, railLeast, railMost, inOn, outOnLeast, outOnMost, brighterIn, brighterOut, apart spreadOver
	for i := range belts {
		b := &belts[i]
		if !b.there {
			continue
		}
		width.add(b.width)
		inNear.add(level(b.in.near))
		inLike.add(level(b.in.like))
		inDeep.add(level(b.in.deep))
		inTexture.add(math.Log((b.texture + 1) / (b.in.texture + 1)))
		texture.add(math.Log((b.texture + 1) / grain))
		across.add(math.Log((b.across + 1) / (b.texture + 1)))
		inUnlike.add(b.in.unlike)
		edgeIn.add(level(b.edgeIn))
		railLeast.add(b.rail[0])
		railMost.add(b.rail[1])
		inOn.add(b.inOn[1])
		brighterIn.add((b.colour[0] - b.in.colour[0]) / grain)
		if b.beyond {
			outNear.add(level(b.out.near))
			outLike.add(level(b.out.like))
			outDeep.add(level(b.out.deep))
			share.add(b.in.like / (b.in.like + b.out.like + 2))
			outTexture.add(math.Log((b.texture + 1) / (b.out.texture + 1)))
			outUnlike.add(b.out.unlike)
			edgeOut.add(level(b.edgeOut))
			edge.add(math.Log((b.edgeOut + 2) / (b.edgeIn + 2)))
			outOnLeast.add(b.outOn[0])
			outOnMost.add(b.outOn[1])
			brighterOut.add((b.colour[0] - b.out.colour[0]) / grain)
		}
		if nGround > 0 { // how far from all the paper, of how far from that and from all the ground
			toPaper, toGround := span(b.colour, paper), span(b.colour, ground)
			apart.add(toPaper / (toPaper + toGround + 2))
		}
		for k := range belts[:i] {
			if other := &belts[k]; other.there {
				alike.add(level(span(b.colour, other.colour)))
			}
		}
	}
	toGround := v.beltsToGround(&belts, outer)
	at := 0
	put := func(xs ...float64) {
		for _, x := range xs {
			row[at] = float32(x)
			at++
		}
	}
	put(n, width.least, width.most, math.Log((width.most+1)/(width.least+1)), alike.most, alike.mean())
	for _, s := range []*spreadOver{
		&inNear, &inLike, &outNear, &outLike, &share, &inUnlike, &outUnlike, &railLeast, &outOnMost, &edge,
	} {
		put(s.least, s.mean(), s.most)
	}
	for _, s := range []*spreadOver{
		&inDeep, &outDeep, &inTexture, &outTexture, &texture, &across, &edgeIn, &edgeOut, &railMost, &inOn, &outOnLeast, &brighterIn,
		&brighterOut,
	} {
		put(s.mean())
	}
	put(toGround.least, toGround.mean(), apart.least, apart.mean(), apart.most)
	return row
}

// beltsToGround is how far the colours of the belts are from what lies beyond the sides that both quadrilaterals share.
func (v *view) beltsToGround(belts *[4]fineBelt, outer *[4]fineSide) (s spreadOver) {
	const none = 9 // where there is no such side
	grain := float64(v.noise) + 1
	for i := range belts {
		if belts[i].there || outer[i].frame {
			continue
		}
		var ground [channels]float64
		n := 0.0
		for j := range finePlaces {
			x, y := outer[i].place(j)
			if x, y = x+2*aside*outer[i].nx, y+2*aside*outer[i].ny; v.shows(x, y, 0) {
				c := v.fineColour(x, y)
				for k := range c {
					ground[k] += c[k]
				}
				n++
			}
		}
		if n == 0 {
			continue
		}
		for k := range ground {
			ground[k] /= n
		}
		for k := range belts {
			if belts[k].there {
				s.add(math.Log(span(ground, belts[k].colour)/grain + 0.3))
			}
		}
	}
	if s.n == 0 {
		s.add(none)
	}
	return s
}
