package origin

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// bezel counts the sides of a document on which the frame of a screen lies beside it (屏幕边框): a straight band, all but
// black, parallel to the document, since pictures are shown upright.
type bezel struct {
	// bands are sides with a band whose far edge can be seen too; edges those on which the picture ends within it.
	bands, edges int
}

// Numbers of the search for a frame. Lengths are shares of the document's longer side.
const (
	// rays look away from each side of the document, raySteps at most on each, up to rayReach.
	rays     = 13
	raySteps = 160
	rayReach = 1.4
	// fewestRays have to be within the picture for a place to count.
	fewestRays = 6
	// black is the most light that a frame sends, as a share of the document's white.
	black = 0.05
	// dim and blacker: where it is dim before a frame, as a share of that white, the frame is blacker than black tables are.
	dim, blacker = 0.1, 0.025
	// contrastIn and contrastOut are how many times brighter it is before and behind a frame: the room behind a screen is dark.
	contrastIn, contrastOut = 1.7, 1.4
	// nearest is where a frame may begin: nearer lies the document's own shadow.
	nearestFrame = 0.02
	// speck is by how much light, as a share of that white, a ray stands out that is no noise.
	speck = 0.02
	// evenness is the most that the light of a frame varies from ray to ray, in natural logarithms, median deviation.
	evenness = 0.35
	// pastEnd is how far past the ends of a side single rays look, a share of its length, and twice as far.
	pastEnd = 0.1
	// ramp is over how many steps an edge may stretch.
	ramp = 3
	// thinnest and thickest are the least and greatest width of a frame, as shares of the document's longer side.
	thinnest, thickest = 0.02, 0.2
	// mostDrops is how often it may get darker on the way.
	mostDrops = 2
	// straight is the share of the way from the document to the frame over which the rays have to agree within
	// straightWithin, in natural logarithms, and darkNoise the light, as a share of the document's white, at which noise doubles that.
	straight, straightWithin, darkNoise = 0.7, 0.06, 0.12
)

// likely is the confidence from which the sides of a document are looked beside: what is hardly one is often a part of a card whose dark
// head then lies beside it as a frame would.
const likely = 0.5

// findBezel looks away from the four sides.
func findBezel(f *raster.Frame, doc *filing.Document) bezel {
	var out bezel
	if doc == nil || doc.Confidence < likely {
		return out
	}
	q := raster.Quad(doc.Quad)
	for i := range q {
		q[i] = f.ToSmall(q[i])
	}
	if !q.Convex() {
		return out
	}
	white := paperLight(f.Small, q)
	if white <= 0 {
		return out
	}
	for side := range 4 {
		turned := q.Turned(side)
		m, ok := raster.RectToQuad(1, 1, turned)
		if !ok {
			return out
		}
		// Lengths are in units of the sides that run away from this one.
		away := (turned.Side(1) + turned.Side(3)) / 2
		longer := max(away, (turned.Side(0)+turned.Side(2))/2) / max(away, 1)
		switch profile := newProfile(f.Small, m, white, longer); profile.frame() {
		case frameBand:
			out.bands++
		case frameEdge:
			out.edges++
		}
	}
	return out
}

// paperLight is the light of the brighter parts of the document, linear, 0 to 1.
func paperLight(s *raster.RGB, q raster.Quad) float64 {
	m, ok := raster.RectToQuad(1, 1, q)
	if !ok {
		return 0
	}
	var light []float64
	const n = 16
	for j := range n {
		for i := range n {
			p := m.Apply(raster.Point{(float64(i) + 0.5) / n, (float64(j) + 0.5) / n})
			if p[0] >= 0 && p[1] >= 0 && p[0] < float64(s.W) && p[1] < float64(s.H) {
				light = append(light, lightAt(s, p))
			}
		}
	}
	if len(light) < n {
		return 0
	}
	slices.Sort(light)
	return light[len(light)*3/4]
}

// lightAt is the linear light of green at a place within the picture, the mean of three by three pixels: in a frame's dark a single
// one is mostly noise.
func lightAt(s *raster.RGB, p raster.Point) float64 {
	x0, y0 := max(int(p[0])-1, 0), max(int(p[1])-1, 0)
	x1, y1 := min(x0+3, s.W), min(y0+3, s.H)
	light, sum := linearLight(), float32(0)
	for y := y0; y < y1; y++ {
		for i := 3*(y*s.W+x0) + 1; i < 3*(y*s.W+x1); i += 3 {
			sum += light[s.Pix[i]]
		}
	}
	return float64(sum) / float64((x1-x0)*(y1-y0))
}

// profile is what lies beyond the first side of a document, step by step away from it: the median over the rays of the
// logarithm of the light, over the document's white, and the median deviation from that.
type profile struct {
	level, spread []float64
	// high is the light of the second brightest ray: a frame has no bright specks, a keyboard has letters on it.
	high []float64
	// outer are single rays past both ends of the side, NaN outside the picture.
	outer [][4]float64
	// ends: the picture's border was reached.
	ends bool
	step float64
	// longer is the document's longer side in the unit of step.
	longer float64
}

func newProfile(s *raster.RGB, m raster.Homography, white, longer float64) *profile {
	p := &profile{step: rayReach * longer / raySteps, longer: longer}
	var values [rays]float64
	for k := range raySteps {
		away := (float64(k) + 0.5) * p.step
		n := 0
		for r := range rays {
			at := m.Apply(raster.Point{0.04 + 0.92*float64(r)/(rays-1), -away})
			if at[0] >= 0 && at[1] >= 0 && at[0] < float64(s.W) && at[1] < float64(s.H) {
				values[n] = math.Log(max(lightAt(s, at)/white, 1e-3))
				n++
			}
		}
		if n < fewestRays {
			p.ends = true
			break
		}
		slices.Sort(values[:n])
		middle := values[n/2]
		p.high = append(p.high, values[n-2]) //nolint:gosec // n is fewestRays or more
		for i := range n {
			values[i] = math.Abs(values[i] - middle)
		}
		slices.Sort(values[:n])
		p.level, p.spread = append(p.level, middle), append(p.spread, values[n/2])
		var outer [4]float64
		for i, u := range [4]float64{-2 * pastEnd, -pastEnd, 1 + pastEnd, 1 + 2*pastEnd} {
			outer[i] = math.NaN()
			if at := m.Apply(raster.Point{u, -away}); at[0] >= 0 && at[1] >= 0 && at[0] < float64(s.W) && at[1] < float64(s.H) {
				outer[i] = math.Log(max(lightAt(s, at)/white, 1e-3))
			}
		}
		p.outer = append(p.outer, outer)
	}
	return p
}

type frameKind int

const (
	frameNone frameKind = iota
	frameBand
	frameEdge
)

// frame looks for the dark band in a profile.
func (p *profile) frame() frameKind {
	most := math.Log(black)
	if p.drops() > mostDrops {
		return frameNone
	}
	for at := int(nearestFrame*p.longer/p.step) + ramp; at < len(p.level); at++ {
		floor := p.level[at]
		before := p.level[at-ramp]
		if floor > most || p.spread[at] > evenness || before < floor+math.Log(contrastIn) ||
			before < math.Log(dim) && floor > math.Log(blacker) {
			continue
		}
		// The band goes on while it is dark and even.
		end := at
		specks := 0
		for end < len(p.level) && p.spread[end] <= 2*evenness && p.level[end] < floor+math.Log(contrastOut) {
			if math.Exp(p.high[end]) > contrastIn*math.Exp(p.level[end])+speck {
				specks++
			}
			floor = min(floor, p.level[end])
			end++
		}
		if 4*specks > end-at {
			continue
		}
		width := float64(end-at) * p.step / p.longer
		if width < thinnest || width > thickest || !p.straightTo(at-ramp) || !p.runsPast((at+end)/2, floor) {
			continue
		}
		if end == len(p.level) {
			if p.ends {
				return frameEdge
			}
			return frameNone
		}
		if p.level[min(end+ramp, len(p.level)-1)] >= floor+math.Log(contrastOut) {
			return frameBand
		}
	}
	return frameNone
}

// runsPast reports whether a dark band runs on past an end of the document's side, as far as the picture shows it: the frame of a
// screen does, since it is longer than what the screen shows. A phone or a socket that lies beside a document ends.
func (p *profile) runsPast(step int, floor float64) bool {
	seen, dark := 0, 0
	for _, v := range p.outer[step] {
		if !math.IsNaN(v) {
			seen++
			if v < floor+math.Log(contrastIn) {
				dark++
			}
		}
	}
	return 2*dark >= seen
}

// drops counts how often it gets darker on the way out. Keys, boards and tiles alternate; a screen gets darker at its frame, and
// perhaps below a bar of controls.
func (p *profile) drops() int {
	n := 0
	top := math.Inf(-1)
	for k := int(nearestFrame * p.longer / p.step); k < len(p.level); k++ {
		switch v := p.level[k]; {
		case v < top-math.Log(contrastIn):
			n++
			top = v
			for k+1 < len(p.level) && p.level[k+1] <= top {
				k++
				top = p.level[k]
			}
		default:
			top = max(top, v)
		}
	}
	return n
}

// straightTo reports whether all rays see the same from the document to a step, for the greater part: a screen's background
// and its bars of controls run along the document, a table's grain and keys do not.
func (p *profile) straightTo(end int) bool {
	from := int(nearestFrame * p.longer / p.step)
	if end-from < ramp {
		return false
	}
	same := 0
	for k := from; k < end; k++ {
		// The noise of the dark is as much light as that of the bright, and more of it.
		if p.spread[k] < straightWithin*(1+darkNoise*math.Exp(-p.level[k])) {
			same++
		}
	}
	return float64(same) >= straight*float64(end-from)
}
