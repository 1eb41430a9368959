package legibility

import (
	"math"
	"slices"
	"sync"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// linear is the light that a value of sRGB stands for, 0 to 1 (IEC 61966-2-1).
var linear = sync.OnceValue(func() *[256]float64 {
	var t [256]float64
	for i := range t {
		if v := float64(i) / 255; v <= 0.04045 {
			t[i] = v / 12.92
		} else {
			t[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return &t
})

// Ends of the scale.
const (
	// leastWhite is the least luma at which a phone draws what saturates: some at 247, most at 255.
	leastWhite = 246
	// sameLuma and sameLow are by how much the luma and the smallest channel of one colour differ after JPEG, which codes
	// colour more coarsely.
	sameLuma, sameLow = 1, 2
	// mostOne is how much of what is within sameLow has one value where a document is saturated: bright paper is spread over all of them.
	mostOne = 0.75
	// paperOfWhite is how bright a pixel is beside white that belongs to the paper's area and not to print or a portrait.
	paperOfWhite = 0.75
	// crushed is the luma up to which it holds none: an eighth of a percent of the light of white.
	crushed = 6
)

// printTells is how many tiles with print say what ink is, whatever else is darker.
const printTells = 4

// exposure measures how the document is lit. tiles are those that were measured at full resolution, where strokes show
// their own colour and not a mixture with the paper's.
func (s *sheet) exposure(l *lines, tiles []tile) *filing.Exposure {
	seen, crush := 0, 0
	var counts [256]int
	for i, v := range s.luma {
		if !s.seen[i] {
			continue
		}
		seen++
		counts[v]++
		if v <= crushed {
			crush++
		}
	}
	if seen == 0 {
		return nil
	}
	paper := l.paper.seen(s)
	e := &filing.Exposure{
		Paper: math.Round(float64(raster.Quantile(paper, 0.5))), Ink: float64(quantile(&counts, seen, 0.01)),
		ClippedShare: s.clipped(), CrushedShare: share(crush, seen), Uneven: l.paper.uneven(s), Surroundings: s.surroundings(),
	}
	if len(tiles) > 0 {
		darkest, lightest := make([]float64, len(tiles)), make([]float64, len(tiles))
		for i, t := range tiles {
			darkest[i], lightest[i] = t.ink, t.light
		}
		// The darkest that there is may be a bar or a portrait's hair, which is black when print is gone.
		if ink := math.Round(raster.Quantile(darkest, 0.5)); len(tiles) >= printTells || ink < e.Ink {
			e.Ink = ink
		}
		e.Lightest = math.Round(raster.Quantile(lightest, 0.5))
	}
	return e
}

// surroundings is the median luma of the picture beside the document; 0 where there is nothing beside it.
func (s *sheet) surroundings() float64 {
	back, ok := s.toFull.Inverse()
	if !ok || !s.located {
		return 0
	}
	const across, down = 48, 48
	var counts [256]int
	n := 0
	p := s.frame.Small
	for j := range down {
		y := (2*j + 1) * p.H / (2 * down)
		for i := range across {
			x := (2*i + 1) * p.W / (2 * across)
			at := back.Apply(s.frame.FromSmall(raster.Point{float64(x) + 0.5, float64(y) + 0.5}))
			if at[0] >= 0 && at[1] >= 0 && at[0] < float64(s.w) && at[1] < float64(s.h) {
				continue
			}
			c := p.Row(y)[3*x : 3*x+3]
			counts[raster.Luma(c[0], c[1], c[2])]++
			n++
		}
	}
	return float64(quantile(&counts, n, 0.5))
}

// clipped is the share of the paper's area that has one and the same colour at the upper end of the scale. A sensor that
// saturates sends the same whatever falls on it, and what the phone makes of that is one colour, not always 255; paper that is
// merely bright varies with the light on it, by more than JPEG rounds away.
func (s *sheet) clipped() float64 {
	var luma [256]int
	for i, v := range s.luma {
		if s.seen[i] {
			luma[v]++
		}
	}
	white := mostFrequent(&luma, leastWhite)
	if white < 0 {
		return 0
	}
	var low [256]int
	paper := 0
	for i, v := range s.luma {
		if !s.seen[i] || float64(v) < paperOfWhite*float64(white) {
			continue
		}
		paper++
		if near(int(v), white, sameLuma) {
			low[s.low[i]]++
		}
	}
	least := mostFrequent(&low, 0)
	if least < 0 {
		return 0
	}
	same, one := 0, 0
	for v := max(least-sameLow, 0); v <= min(least+sameLow, 255); v++ {
		same += low[v]
		one = max(one, low[v])
	}
	if s.located && float64(one) < mostOne*float64(same) {
		same = one
	}
	return share(same, paper)
}

func near(a, b, by int) bool { return a-b <= by && b-a <= by }

// mostFrequent is the value, from least up, around which most of the counted lie; -1 where there are none.
func mostFrequent(counts *[256]int, least int) int {
	best, most := -1, 0
	for v := least; v < 256; v++ {
		n := 2 * counts[v]
		if v > 0 {
			n += counts[v-1]
		}
		if v < 255 {
			n += counts[v+1]
		}
		if n > most {
			best, most = v, n
		}
	}
	return best
}

func share(part, of int) float64 { return math.Round(float64(part)/float64(of)*1e4) / 1e4 }

// seen returns the values of the blocks of which something lies inside the frame.
func (g *grid) seen(s *sheet) []float32 {
	var out []float32
	for by := range g.h {
		for bx := range g.w {
			y, x := min(by*g.block+g.block/2, s.h-1), min(bx*g.block+g.block/2, s.w-1)
			if v := g.v[by*g.w+bx]; s.seen[y*s.w+x] && v > 0 {
				out = append(out, v)
			}
		}
	}
	return out
}

// uneven fits a smooth surface of the second degree to the light that the paper sends and returns its darkest part over
// its brightest, 0 to 1. Light varies smoothly; a portrait, an emblem or a coloured band does not, and is given less and
// less weight where it is darker than the surface. A hard shadow bends the surface as far as it can.
func (g *grid) uneven(s *sheet) float64 {
	table := linear()
	type sample struct {
		basis  [6]float64
		light  float64
		weight float64
	}
	var samples []sample
	for by := range g.h {
		for bx := range g.w {
			y, x := min(by*g.block+g.block/2, s.h-1), min(bx*g.block+g.block/2, s.w-1)
			v := g.v[by*g.w+bx]
			if !s.seen[y*s.w+x] || v < 1 {
				continue
			}
			u, w := 2*float64(x)/float64(s.w)-1, 2*float64(y)/float64(s.h)-1
			samples = append(samples, sample{[6]float64{1, u, w, u * u, u * w, w * w}, math.Log(table[int(v)]), 1})
		}
	}
	if len(samples) < 12 {
		return 0
	}
	fitted := make([]float64, len(samples))
	for range 4 {
		m := make([][]float64, 6)
		for i := range m {
			m[i] = make([]float64, 7)
			// A little towards even light, so that the surface does not swing where there is nothing to hold it.
			m[i][i] = 0.01 * float64(len(samples))
		}
		m[0][0] = 0
		for _, p := range samples {
			for i, a := range p.basis {
				for j, b := range p.basis {
					m[i][j] += p.weight * a * b
				}
				m[i][6] += p.weight * a * p.light
			}
		}
		if !raster.Solve(m) {
			return 0
		}
		for k, p := range samples {
			fitted[k] = 0
			for i, a := range p.basis {
				fitted[k] += m[i][6] * a
			}
			// Darker by a tenth: print. Half the weight there, next to none at twice that.
			r := max(fitted[k]-p.light, 0) / 0.1
			samples[k].weight = 1 / (1 + r*r)
		}
	}
	slices.Sort(fitted)
	n := len(fitted) - 1
	return math.Round(math.Exp(fitted[n*2/100]-fitted[n*98/100])*1e3) / 1e3
}
