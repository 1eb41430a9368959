package origin

import (
	"cmp"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// pattern is a wave that runs on from patch to patch: the same frequency everywhere but for the slow change that
// perspective makes. The grid of a screen does; the fine lines printed on documents bend, and print is here and not there.
type pattern struct {
	// members are the patches that have it, with the peak that is it.
	members []member
	// inside and outside are the shares of the patches on and beside the document that have it, 0 to 1, flat ones counting
	// more; there are as many patches as insideOf and outsideOf say.
	inside, outside     float64
	insideOf, outsideOf int
	// rise and amplitude are medians over the members.
	rise, amplitude float64
	// crossed is the share of the members in which a second wave stands across the first, as rows of pixels do to columns.
	crossed float64
	// frequency is the median of the members' frequencies in cycles a pixel.
	frequency float64
	// turning is the median over the members of how much the hue turns.
	turning float64
	// bend is the root mean square of what is left between the members and the plane through their frequencies, in bins.
	bend float64
	// patches are those that were looked at.
	patches []patch
	// lock and border are how the wave is tied to the document, and what becomes of it at the border, where tied.
	lock   lock
	border border
	tied   bool
	// lit are the patches beside the document that are light enough to show it, litHas those that do, as the lock would have it.
	lit, litHas int
}

type member struct {
	patch int
	peak  peak
}

// Numbers of following a pattern from patch to patch.
const (
	// seeds is how many of the strongest peaks are followed.
	seeds = 12
	// near is how far, in cycles a pixel, the next member may lie from where the field through the others leads, if it is
	// close by; farther off, frequencies may change by drift cycles a pixel over the long side of the picture.
	near  = 1.5 / patchSide
	drift = 0.25
	// settled is how far from the plane a member may lie in the end.
	settled = 1.6 / patchSide
	// stiffness weighs the prior that a frequency does not change, in members at a distance of the picture's long side.
	stiffness = 0.05
)

// follower follows patterns over one plane of the picture.
type follower struct {
	patches []patch
	peaks   [][]peak
	// side is the long side of the plane.
	side float64
	// signed: a frequency and its opposite are different, as in colour.
	signed bool
}

// follow returns the pattern that most patches of the document share, nil where none of them has a peak. What only lies around the
// document is cloth, or a blind.
func (f *follower) follow() *pattern {
	var starts []member
	for i, list := range f.peaks {
		if !f.patches[i].inside {
			continue
		}
		for _, p := range list[:min(len(list), 4)] {
			starts = append(starts, member{i, p})
		}
	}
	slices.SortStableFunc(starts, func(a, b member) int { return cmp.Compare(f.worth(b.peak), f.worth(a.peak)) })
	var best *pattern
	bestScore := 0.0
	for _, start := range starts[:min(len(starts), seeds)] {
		p := f.grow(start)
		if score := f.score(p); best == nil || score > bestScore {
			best, bestScore = p, score
		}
	}
	return best
}

// score is how much speaks for a pattern to be one: many members, and strong ones.
func (f *follower) score(p *pattern) float64 {
	score := 0.0
	for _, m := range p.members {
		if f.patches[m.patch].inside {
			score += f.worth(m.peak)
		} else {
			score += f.worth(m.peak) / 2
		}
	}
	return score
}

// worth is how much a peak speaks for a pattern of a screen: its strength, and in colour that its hue turns.
func (f *follower) worth(p peak) float64 {
	worth := min(p.rise, 8) - leastRise/2
	if f.signed {
		return worth * p.turning * p.turning
	}
	// The lines of print have long periods, and their harmonics follow them.
	return worth * min(max((math.Hypot(p.u, p.v)-longPeriod)/longPeriod, 0.2), 1)
}

// longPeriod is the frequency, in cycles a pixel, down to which a wave of the luma may well be print: a period of 14 pixels.
const longPeriod = 0.07

// grow follows one peak, the patches nearest to a member first.
func (f *follower) grow(start member) *pattern {
	p := &pattern{members: []member{start}}
	distances := make([]float64, len(f.patches))
	for i := range distances {
		distances[i] = f.distance(i, start.patch)
	}
	done := make([]bool, len(f.patches))
	done[start.patch] = true
	plane := f.newField(p.members)
	for range len(f.patches) - 1 {
		next := -1
		for i := range f.patches {
			if !done[i] && (next < 0 || distances[i] < distances[next]) {
				next = i
			}
		}
		done[next] = true
		u, v := plane.at(f.patches[next])
		m, ok := f.nearest(f.peaks[next], u, v, near+drift*distances[next])
		if !ok {
			continue
		}
		p.members = append(p.members, member{next, m})
		plane = f.newField(p.members)
		for i := range distances {
			distances[i] = min(distances[i], f.distance(i, next))
		}
	}
	plane = f.settle(p)
	f.measure(p, plane)
	return p
}

// settle drops the members that do not lie on the plane through all of them, which the wide search may have taken in.
func (f *follower) settle(p *pattern) field {
	plane := f.newField(p.members)
	for range 2 {
		kept := p.members[:0]
		for _, m := range p.members {
			u, v := plane.at(f.patches[m.patch])
			if math.Hypot(m.peak.u-u, m.peak.v-v) < settled {
				kept = append(kept, m)
			}
		}
		p.members = kept
		if len(p.members) == 0 {
			return plane
		}
		plane = f.newField(p.members)
	}
	return plane
}

// distance between two patches in long sides of the picture.
func (f *follower) distance(i, j int) float64 {
	a, b := f.patches[i], f.patches[j]
	return math.Hypot(float64(a.x-b.x), float64(a.y-b.y)) / f.side
}

// nearest returns the peak that fits a frequency best within a distance: a stronger one may lie farther off. Frequencies a
// whole cycle a pixel apart are one, and so are opposite ones but for signed; the peak is returned as it lies beside u and v.
func (f *follower) nearest(peaks []peak, u, v, within float64) (peak, bool) {
	best, found, bestFit := peak{}, false, 0.0
	for _, p := range peaks {
		for _, sign := range [2]float64{1, -1} {
			if f.signed && sign < 0 {
				continue
			}
			du, dv := sign*p.u-u, sign*p.v-v
			du, dv = du-math.Round(du), dv-math.Round(dv)
			d := math.Hypot(du, dv) / within
			if fit := p.rise - 3*d*d; d < 1 && (!found || fit > bestFit) {
				q := p
				q.u, q.v = u+du, v+dv
				best, found, bestFit = q, true, fit
			}
		}
	}
	return best, found
}

// field is a frequency that changes slowly over the picture: a polynomial of second order in x and y, in long sides of the
// picture from the first member. Perspective bends it a little where a screen leans.
type field struct {
	x0, y0, side float64
	u, v         [6]float64
}

// newField fits the field by least squares, with a prior of no slope and a strong one of no bend.
func (f *follower) newField(members []member) field {
	first := f.patches[members[0].patch]
	plane := field{x0: float64(first.x), y0: float64(first.y), side: f.side}
	var a normal
	for _, m := range members {
		a.add(plane.row(f.patches[m.patch]), 1, m.peak.u, m.peak.v)
	}
	for i, k := range [6]float64{1e-9, stiffness, stiffness, 4 * stiffness, 4 * stiffness, 4 * stiffness} {
		a[i][i] += k
	}
	plane.u, plane.v = a.solve()
	return plane
}

func (f field) row(p patch) [6]float64 {
	return surfaceRow((float64(p.x)-f.x0)/f.side, (float64(p.y)-f.y0)/f.side)
}

func (f field) at(p patch) (u, v float64) {
	for i, r := range f.row(p) {
		u, v = u+r*f.u[i], v+r*f.v[i]
	}
	return u, v
}

// measure fills in what is known of a pattern from its members. A patch counts the more the flatter it is: print hides a
// pattern.
func (f *follower) measure(p *pattern, plane field) {
	var rises, amplitudes, frequencies, turnings []float64
	weight := func(i int) float64 {
		r := f.patches[i].rough / roughPatch
		return 1 / (1 + r*r)
	}
	var insideAll, outsideAll, inside, outside, crossed float64
	for i, q := range f.patches {
		if q.inside {
			p.insideOf++
			insideAll += weight(i)
		} else {
			p.outsideOf++
			outsideAll += weight(i)
		}
	}
	square := 0.0
	for _, m := range p.members {
		u, v := plane.at(f.patches[m.patch])
		square += (m.peak.u-u)*(m.peak.u-u) + (m.peak.v-v)*(m.peak.v-v)
		w := weight(m.patch)
		if f.patches[m.patch].inside {
			inside += w
		} else {
			outside += w
		}
		rises = append(rises, m.peak.rise)
		amplitudes = append(amplitudes, m.peak.amplitude)
		turnings = append(turnings, m.peak.turning)
		du, dv := m.peak.u-math.Round(m.peak.u), m.peak.v-math.Round(m.peak.v)
		frequencies = append(frequencies, math.Hypot(du, dv))
		if across(f.peaks[m.patch], m.peak) {
			crossed++
		}
	}
	if insideAll > 0 {
		p.inside = inside / insideAll
	}
	if outsideAll > 0 {
		p.outside = outside / outsideAll
	}
	p.rise, p.amplitude, p.frequency, p.turning = raster.Quantile(rises, 0.5), raster.Quantile(amplitudes, 0.5),
		raster.Quantile(frequencies, 0.5), raster.Quantile(turnings, 0.5)
	p.crossed = crossed / float64(max(len(p.members), 1))
	p.bend = patchSide * math.Sqrt(square/float64(max(len(p.members), 1)))
}

// onlyInside says, 0 to 1, how plainly a pattern ends where the document does, or what shines: it is on most of the squares there and on
// hardly any of the others. 0 where there are too few of those to tell.
func (p *pattern) onlyInside() float64 {
	if p.outsideOf < leastMembers {
		return 0
	}
	return unit((p.inside-0.5)/0.3) * unit(1-2*p.outside)
}

// besides counts the patches beside the document that show the wave at the frequency that it has on the document's plane.
func (p *pattern) besides(l *lock) {
	var levels []float64
	for _, m := range p.members {
		if q := p.patches[m.patch]; q.inside {
			levels = append(levels, q.level)
		}
	}
	least := lit * raster.Quantile(levels, 0.5)
	for i, q := range p.patches {
		if q.inside {
			continue
		}
		k := slices.IndexFunc(p.members, func(m member) bool { return m.patch == i })
		fits := false
		if k >= 0 {
			u, v := l.at(q.middle())
			du, dv := p.members[k].peak.u-u, p.members[k].peak.v-v
			fits = math.Hypot(du-math.Round(du), dv-math.Round(dv)) < settled
		}
		switch {
		case fits:
			p.lit, p.litHas = p.lit+1, p.litHas+1
		case k >= 0 || q.level >= least:
			p.lit++
		}
	}
}

// roughPatch is the roughness, in grey levels, at which a patch counts half.
const roughPatch = 8

// across reports whether another peak of a patch is the wave turned by a right angle. Pixels of screens are square, and so
// are those of cameras: sampling folds a frequency by whole cycles across and down, a mosaic of colours by half ones, and
// neither disturbs the symmetry under a turn by a right angle. A lean of the camera does by a few hundredths.
func across(peaks []peak, p peak) bool {
	const within = 4.5 / patchSide
	for _, q := range peaks {
		for _, sign := range [2]float64{1, -1} {
			du, dv := 2*(sign*q.u+p.v), 2*(sign*q.v-p.u)
			du, dv = (du-math.Round(du))/2, (dv-math.Round(dv))/2
			if math.Hypot(du, dv) < within && math.Hypot(q.u-math.Abs(p.u), q.v-p.v) > within {
				return true
			}
		}
	}
	return false
}
