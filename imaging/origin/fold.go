package origin

import (
	"cmp"
	"math"
	"slices"
)

// relief is how far each frequency of a patch stands above those around it, in nepers of power, limited both ways so that no patch
// decides alone. First index is the frequency across, second that down with nothing in the middle.
type relief [patchSide/2 + 1][patchSide]float32

const reliefLeast, reliefMost = -1.5, 3

// relief is that of the spectrum that was searched last.
func (s *analysis) relief() *relief {
	const half = patchSide / 2
	r := new(relief)
	for u := range r {
		across := onBlockGrid(u, 0, blockBins)
		for v := range patchSide {
			if dv := v - half; u*u+dv*dv >= lowest*lowest && (!across || !onBlockGrid(0, dv, blockBins)) {
				r[u][v] = min(max(s.logs[u][v]-s.around(u, v), reliefLeast), reliefMost)
			}
		}
	}
	return r
}

// at is the relief at a frequency in cycles a pixel, a whole cycle more or less being the same, and so the opposite.
func (r *relief) at(u, v float64) float64 {
	const half = patchSide / 2
	u, v = u-math.Floor(u+0.5), v-math.Floor(v+0.5)
	if u < 0 {
		u, v = -u, -v
	}
	i, j := int(u*patchSide+0.5), int(math.Floor(v*patchSide+0.5))+half
	return float64(r[i][(j+patchSide)%patchSide])
}

// fold looks for pixels of a screen too fine or too faint to be seen in one patch: a wave along an axis of the document, whose period
// is less than two of the camera's pixels, so that sampling folds it (aliasing) in each patch to another frequency. Where it
// would be in each is added up over all of them. Print that is coarse enough to be seen lies still where a folded wave moves: what fits
// as well without being folded does not count.
type fold struct {
	page     page
	tangents []tangent
	reliefs  []*relief
}

const (
	// foldFrom and foldTo bound the frequency on the document: periods of 1.8 pixels of the camera to 0.56. Waves of longer ones are
	// not folded.
	foldFrom, foldTo = 0.55, 1.8
	// foldStep is 0.7 bins; foldTurn the most that the screen's axes and the document's differ, as a tangent: 1.7 degrees.
	foldStep, foldTurn = 0.7 / patchSide, 0.03
	// foldTries is how many of the best are looked at closely, foldSteps how far around, in steps, the unfolded wave is looked for.
	foldTries, foldSteps = 8, 6
	// foldLeast is how far a wave has to stand out to be looked at more closely.
	foldLeast = 1
	// foldPatches is from how many patches on it is looked for.
	foldPatches = 6
)

// newFold looks for waves in patches of which the reliefs are known.
func newFold(on page, patches []patch, reliefs []*relief) fold {
	f := fold{page: on, reliefs: reliefs}
	for _, q := range patches {
		f.tangents = append(f.tangents, on.under(q.middle()))
	}
	return f
}

// beside is what becomes of a wave beside the document, where it is light enough to tell.
type beside int

const (
	besideUnknown beside = iota
	besideToo
	besideNot
)

// Numbers of looking for a folded wave beside the document: foldAlong is how many squares along each side are looked at, foldLit how many
// in all have to be lit, and foldHeld how far it has to stand out there, as a share of what it does on the document.
const (
	foldAlong, foldLit = 3, 3
	foldHeld           = 0.5
)

// wave is a frequency on the document and its relief in the mean.
type foldWave struct{ x, y, relief float64 }

func (f *fold) mean(x, y float64) float64 {
	sum := 0.0
	for i, r := range f.reliefs {
		sum += r.at(f.tangents[i].seen(x, y))
	}
	return sum / float64(len(f.reliefs))
}

// found is how far the best folded wave stands out in the mean of the patches: above what lies before and behind it on the line from
// the origin, where straight edges have their power, and, counting half as much again, above any wave that is not folded.
func (f *fold) found() (wave foldWave, stands float64) {
	if len(f.reliefs) < foldPatches {
		return wave, 0
	}
	var waves []foldWave
	for axis := range 2 {
		for a := foldFrom; a < foldTo; a += foldStep {
			best := foldWave{relief: reliefLeast}
			for b := -foldTurn * a; b <= foldTurn*a; b += foldStep {
				x, y := a, b
				if axis == 1 {
					x, y = b, a
				}
				if m := f.mean(x, y); m > best.relief {
					best = foldWave{x, y, m}
				}
			}
			waves = append(waves, best)
		}
	}
	slices.SortStableFunc(waves, func(a, b foldWave) int { return cmp.Compare(b.relief, a.relief) })
	most := 0.0
	var still []foldWave
	for _, w := range waves[:foldTries] {
		if waves[0].relief <= foldLeast {
			break
		}
		w = f.climb(w)
		q := min(w.stands(f), 1.6*(w.relief-f.unfolded(w)))
		if q <= max(most, foldLeast) {
			continue
		}
		if still == nil {
			if still = f.still(); tinted(still) {
				return w, 0
			}
		}
		if !harmonic(w, still) {
			wave, most = w, q
		}
	}
	return wave, most
}

// stands is how far a wave stands out above what lies before and behind it.
func (w foldWave) stands(f *fold) float64 { return w.relief - max(f.ridge(w), 0) }

// climb goes to the best frequency close by.
func (f *fold) climb(w foldWave) foldWave {
	for range 2 {
		from := w
		for i := -2; i <= 2; i++ {
			for j := -2; j <= 2; j++ {
				x, y := from.x+float64(i)*foldStep/3, from.y+float64(j)*foldStep/3
				if m := f.mean(x, y); m > w.relief {
					w = foldWave{x, y, m}
				}
			}
		}
	}
	return w
}

// ridge is the mean relief before and behind a wave.
func (f *fold) ridge(w foldWave) float64 {
	sum, n, length := 0.0, 0.0, patchSide*math.Hypot(w.x, w.y)
	for k := ridgeFrom; k <= ridgeTo; k++ {
		for _, d := range [2]float64{-float64(k) / length, float64(k) / length} {
			sum, n = sum+f.mean(w.x*(1+d), w.y*(1+d)), n+1
		}
	}
	return sum / n
}

// unfolded is the best relief of a wave that is not folded and is seen at about the same frequency.
func (f *fold) unfolded(w foldWave) float64 {
	var t tangent
	for _, one := range f.tangents {
		for k := range t {
			t[k] += one[k] / float64(len(f.tangents))
		}
	}
	u, v := t.seen(w.x, w.y)
	u, v = u-math.Floor(u+0.5), v-math.Floor(v+0.5)
	det := t[0]*t[3] - t[1]*t[2]
	if det == 0 {
		return reliefMost
	}
	x, y := (t[3]*u-t[2]*v)/det, (t[0]*v-t[1]*u)/det
	best := float64(reliefLeast)
	for i := -foldSteps; i <= foldSteps; i++ {
		for j := -foldSteps; j <= foldSteps; j++ {
			best = max(best, f.mean(x+float64(i)*foldStep, y+float64(j)*foldStep))
		}
	}
	return best
}

// Numbers of telling a folded wave from a harmonic of print that is not.
const (
	// stillFrom is the relief from which a wave that is not folded may have harmonics, stillMost how many are looked at.
	stillFrom, stillMost = 2, 4
	// harmonics is up to which multiple of each of two waves together a frequency is one of theirs, and harmonicWithin how far off, in
	// cycles a pixel.
	harmonics, harmonicWithin = 6, 2. / patchSide
	// tintFrom is the relief of a tint over the most that there is, fineFrom the frequency from which it is one and not lines of text.
	tintFrom, fineFrom = 0.93, 0.11
)

// still are the strongest waves that are not folded: fine print with sharp edges has harmonics, and those are.
func (f *fold) still() []foldWave {
	var all []foldWave
	const reach = 0.5
	for x := 0.0; x <= reach; x += foldStep {
		for y := -reach; y <= reach; y += foldStep {
			if r := math.Hypot(x, y); r > 1.1*lowest/patchSide && r < reach {
				if m := f.mean(x, y); m > stillFrom {
					all = append(all, foldWave{x, y, m})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b foldWave) int { return cmp.Compare(b.relief, a.relief) })
	var out []foldWave
	for _, w := range all {
		if w = f.climb(w); !slices.ContainsFunc(out, func(o foldWave) bool {
			return math.Hypot(o.x-w.x, o.y-w.y) < 4*harmonicWithin || math.Hypot(o.x+w.x, o.y+w.y) < 4*harmonicWithin
		}) {
			out = append(out, w)
		}
		if len(out) == stillMost {
			break
		}
	}
	return out
}

// tinted reports whether two fine waves that are not folded stand out as far as anything can in every square: a tint of dots, a cross hatch.
// Whatever else folds there may be of their making, by what lens, tone curve and coding do to strong patterns.
func tinted(still []foldWave) bool {
	n := 0
	for _, w := range still {
		if w.relief > tintFrom*reliefMost && math.Hypot(w.x, w.y) > fineFrom {
			n++
		}
	}
	return n > 1
}

// harmonic reports whether a wave is a multiple of one that is not folded, or of two together.
func harmonic(w foldWave, still []foldWave) bool {
	for i, a := range still {
		for k := i; k < len(still); k++ {
			b := still[k]
			for n := -harmonics; n <= harmonics; n++ {
				for m := -harmonics; m <= harmonics; m++ {
					x, y := float64(n)*a.x+float64(m)*b.x, float64(n)*a.y+float64(m)*b.y
					if math.Hypot(x-w.x, y-w.y) < harmonicWithin {
						return true
					}
				}
			}
		}
	}
	return false
}
