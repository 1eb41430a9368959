package locate

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// Of each side that is fitted, this many profiles across it are read; its ends are left out, where corners are round.
const (
	profiles    = 56
	profileFrom = 0.08
	profileTo   = 0.92
	// mostSteps is the length of a profile: at most this many samples.
	mostSteps = 37
)

// refine fits the sides of a quadrilateral, given in pixels of the upright picture, to the edges there: in luma at full
// resolution, and in colour on the reduced picture where luma shows no edge. reach is how far sides may move.
func refine(f *raster.Frame, q raster.Quad, reach float64) raster.Quad {
	var (
		sides [4]line
		fits  [4]sideFit
		moved bool
	)
	w, h := float64(f.Width), float64(f.Height)
	for i := range q {
		a, b := q[i], q[(i+1)%4]
		length := math.Hypot(b[0]-a[0], b[1]-a[1])
		if length < 8 {
			return q
		}
		sides[i] = line{at: a, direction: raster.Point{(b[0] - a[0]) / length, (b[1] - a[1]) / length}}
		if onBorder(a, b, w, h, reach) {
			continue
		}
		if fits[i] = fitSide(f, a, b, reach); fits[i].strength != 0 {
			sides[i], moved = fits[i].line, true
		}
	}
	// Seen small, one side may have been drawn to a line of the table, or to the end of the shadow that the document casts there: it is
	// then much weaker than the other three, while an edge like theirs, and as bright on the same side, is farther away.
	for i := range q {
		others := []float64{fits[(i+1)%4].strength, fits[(i+2)%4].strength, fits[(i+3)%4].strength}
		slices.Sort(others)
		usual := others[1]
		if math.Abs(fits[i].strength) >= weakSide*math.Abs(usual) || onBorder(q[i], q[(i+1)%4], w, h, reach) {
			continue
		}
		farther := fitSide(f, q[i], q[(i+1)%4], fartherReach*reach)
		if usual*farther.strength <= 0 || math.Abs(farther.strength) < usualSide*math.Abs(usual) {
			continue
		}
		a, length := farther.line.at, q.Side(i)
		b := raster.Point{a[0] + length*farther.line.direction[0], a[1] + length*farther.line.direction[1]}
		if usual*fits[i].strength < 0 && !q.Contains(raster.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}) {
			continue // what is darker there is no shadow of this document, which would end beyond it
		}
		if fine := fitSide(f, a, b, reach); usual*fine.strength > 0 { // the first was coarse
			farther = fine
		}
		sides[i], moved = farther.line, true
	}
	if !moved {
		return q
	}
	out, ok := corners(sides)
	if !ok || !out.Convex() || apart(out, q) > 2*fartherReach*reach {
		return q
	}
	return out
}

// onBorder reports whether a side is one of the picture, within a distance.
func onBorder(a, b raster.Point, w, h, within float64) bool {
	return max(a[0], b[0]) < within || max(a[1], b[1]) < within || min(a[0], b[0]) > w-within || min(a[1], b[1]) > h-within
}

// A side that is weaker than weakSide of the usual one is looked for up to fartherReach times as far away, and taken from
// there where it reaches usualSide of the usual one.
const (
	weakSide     = 0.5
	usualSide    = 0.6
	fartherReach = 6
)

// sideFit is a line along an edge, and how much brighter the picture becomes across it from the outside to the inside, per
// profile and with what one profile may say bounded; 0 says that there is no edge.
type sideFit struct {
	line     line
	strength float64
}

// fitSide fits a line to the edge near the side from a to b.
func fitSide(f *raster.Frame, a, b raster.Point, reach float64) sideFit {
	length := math.Hypot(b[0]-a[0], b[1]-a[1])
	ux, uy := (b[0]-a[0])/length, (b[1]-a[1])/length
	nx, ny := uy, -ux
	step := max(1, 2*reach/(mostSteps-1))
	steps := min(mostSteps, 2*int(reach/step)+1)
	half := float64(steps-1) / 2
	var rise [profiles][mostSteps]float64
	var shown [profiles]bool
	toFull := f.ToFull
	luma := 0.0
	n := 0.0
	for j := range profiles {
		t := profileFrom + (profileTo-profileFrom)*(float64(j)+0.5)/profiles
		x, y := a[0]+t*(b[0]-a[0]), a[1]+t*(b[1]-a[1])
		if x < reach || y < reach || x > float64(f.Width)-reach || y > float64(f.Height)-reach {
			continue
		}
		shown[j] = true
		n++
		var row [mostSteps + 2]float64
		for k := range row[:steps+2] {
			o := (float64(k) - 1 - half) * step
			p := toFull.Apply(raster.Point{x + o*nx, y + o*ny})
			row[k] = f.Full.At(p[0], p[1])
		}
		top := 0.0
		for k := range steps {
			rise[j][k] = row[k+2] - row[k]
			top = max(top, math.Abs(rise[j][k]))
		}
		luma += top
	}
	if n < profiles/4 {
		return sideFit{}
	}
	// Where luma hardly changes the colour may: the channel of the reduced picture that changes most.
	if luma/n < 14 {
		colourRise(f, a, b, nx, ny, step, half, steps, &shown, &rise)
	}
	from, to, sum := sweep(&rise, &shown, steps)
	if math.Abs(sum)/n < 1.2 {
		return sideFit{}
	}
	// Around the best line each profile says where its edge is, to a fraction of a step.
	var ts, offs, weights [profiles]float64
	for j := range profiles {
		if !shown[j] {
			continue
		}
		t := profileFrom + (profileTo-profileFrom)*(float64(j)+0.5)/profiles
		centre := from + (to-from)*float64(j)/(profiles-1)
		m, s := 0.0, 0.0
		for k := max(int(centre)-3, 0); k <= min(int(centre)+4, steps-1); k++ {
			d := math.Abs(float64(k) - centre)
			if d > 3 {
				continue
			}
			g := rise[j][k] * rise[j][k] * (1 - d/4)
			m, s = m+g*float64(k), s+g
		}
		if s < 4 {
			continue
		}
		ts[j], offs[j], weights[j] = t, (m/s-half)*step, math.Min(math.Sqrt(s), 40)
	}
	c0, c1, ok := robustLine(&ts, &offs, &weights, step)
	if !ok {
		return sideFit{}
	}
	p := raster.Point{a[0] + c0*nx, a[1] + c0*ny}
	r := raster.Point{b[0] + (c0+c1)*nx, b[1] + (c0+c1)*ny}
	l := math.Hypot(r[0]-p[0], r[1]-p[1])
	return sideFit{line: line{at: p, direction: raster.Point{(r[0] - p[0]) / l, (r[1] - p[1]) / l}}, strength: sum / n}
}

// colourRise replaces the profiles by those of a colour.
func colourRise(f *raster.Frame, a, b raster.Point, nx, ny, step, half float64, steps int, shown *[profiles]bool,
	rise *[profiles][mostSteps]float64,
) {
	for j := range profiles {
		if !shown[j] {
			continue
		}
		t := profileFrom + (profileTo-profileFrom)*(float64(j)+0.5)/profiles
		x, y := a[0]+t*(b[0]-a[0]), a[1]+t*(b[1]-a[1])
		var row [mostSteps + 2][3]float64
		for k := range row[:steps+2] {
			o := (float64(k) - 1 - half) * step
			p := f.ToSmall(raster.Point{x + o*nx, y + o*ny})
			row[k][0], row[k][1], row[k][2] = f.Small.At(p[0], p[1])
		}
		for k := range steps {
			most := 0.0
			for c := range 3 {
				if d := row[k+2][c] - row[k][c]; math.Abs(d) > math.Abs(most) {
					most = d
				}
			}
			rise[j][k] = most
		}
	}
}

// sweep finds the line through the profiles along which the rise, all of one sign, is the greatest; it is given by its
// places in the first and the last profile, and sum is what it gathers, negative where the picture becomes darker.
func sweep(rise *[profiles][mostSteps]float64, shown *[profiles]bool, steps int) (from, to, sum float64) {
	const most = 25 // what one profile may say: a letter or a glint beside the edge must not outweigh the rest
	middle := float64(steps-1) / 2
	best := 0.0
	sign := 1.0
	// Every second profile, bounded, and how far a line that changes by so many steps has come there.
	var bounded [profiles / 2][mostSteps]float64
	for k := range bounded {
		if !shown[2*k] {
			continue
		}
		for i, r := range rise[2*k][:steps] {
			bounded[k][i] = min(max(r, -most), most)
		}
	}
	var way [2*mostSteps - 1][profiles / 2]float64
	for d := 1 - steps; d < steps; d++ {
		for k := range bounded {
			way[d+mostSteps-1][k] = float64(d)*float64(2*k)/(profiles-1) + 0.5
		}
	}
	for i := range steps {
		for j := range steps {
			up, down := 0.0, 0.0
			start := float64(i)
			for k, far := range &way[j-i+mostSteps-1] {
				r := bounded[k][int(start+far)]
				up, down = up+max(r, 0), down-min(r, 0)
			}
			s := 2 * max(up, down)
			// Of two edges alike the nearer one is meant.
			x, y := (float64(i)-middle)/middle, (float64(j)-middle)/middle
			if s *= 1 - 0.12*(x*x+y*y); s > best {
				best, from, to = s, float64(i), float64(j)
				sign = math.Copysign(1, up-down)
			}
		}
	}
	return from, to, sign * best
}

// robustLine fits offset = c0 + c1*t by reweighted least squares (Tukey's biweight), so that what lies across an edge does
// not bend it.
func robustLine(ts, offs, weights *[profiles]float64, step float64) (c0, c1 float64, ok bool) {
	w := *weights
	for round := range 4 {
		var n, st, stt, so, sto float64
		for i, k := range w {
			n, st, stt = n+k, st+k*ts[i], stt+k*ts[i]*ts[i]
			so, sto = so+k*offs[i], sto+k*ts[i]*offs[i]
		}
		det := n*stt - st*st
		if n == 0 || det < 1e-6*n*n {
			return 0, 0, false
		}
		c0, c1 = (so*stt-sto*st)/det, (n*sto-st*so)/det
		limit := step * (3 - 0.5*float64(round))
		for i := range w {
			r := (offs[i] - c0 - c1*ts[i]) / limit
			w[i] = 0
			if r*r < 1 {
				w[i] = weights[i] * (1 - r*r) * (1 - r*r)
			}
		}
	}
	return c0, c1, true
}
