package legibility

import (
	"math"
	"slices"
)

// lines is where text runs on a sheet, and how high it is (文字行).
type lines struct {
	// paper is the luma of the paper around each pixel of a grid of blocks, ink how much darker than it each pixel is,
	// as a share of the paper's luma, 0 to 1.
	paper *grid
	ink   []float32
	// down: lines run from top to bottom of the sheet and not across it.
	down bool
	// runs are the pieces of lines.
	runs []run
	// height is that of the smallest body text in pixels of the sheet; 0 where none was found.
	height float64
}

// run is a piece of a line of text: from a to b along the line, from top to bottom across it.
type run struct {
	a, b, top, bottom float64
	strength          float32
}

func (r run) height() float64 { return r.bottom - r.top }

// grid holds a value for each block of a sheet, and interpolates between their middles.
type grid struct {
	w, h, block int
	v           []float32
}

// row fills a row of pixels with the values at their middles.
func (g *grid) row(y int, to []float32) {
	fy := min(max((float32(y)+0.5)/float32(g.block)-0.5, 0), float32(g.h-1))
	y0 := int(fy)
	y1 := min(y0+1, g.h-1)
	fy -= float32(y0)
	step := 1 / float32(g.block)
	for x := 0; x < len(to); {
		fx := min(max((float32(x)+0.5)*step-0.5, 0), float32(g.w-1))
		x0 := int(fx)
		x1 := min(x0+1, g.w-1)
		a := g.v[y0*g.w+x0] + fy*(g.v[y1*g.w+x0]-g.v[y0*g.w+x0])
		b := g.v[y0*g.w+x1] + fy*(g.v[y1*g.w+x1]-g.v[y0*g.w+x1])
		// The values on the way to the next block's middle lie on a straight line.
		for ; x < len(to); x++ {
			fx = min(max((float32(x)+0.5)*step-0.5, 0), float32(g.w-1))
			if int(fx) != x0 {
				break
			}
			to[x] = a + (fx-float32(x0))*(b-a)
		}
	}
}

// paperQuantile is the share of a block of print that is darker than its paper: text covers a quarter to a third of its
// lines, blurred or not, and less of a block.
const paperQuantile = 0.85

// findLines finds the lines of text of a sheet.
func (s *sheet) findLines() *lines {
	l := &lines{paper: s.paper()}
	l.ink = make([]float32, s.w*s.h)
	level := make([]float32, s.w)
	for y := range s.h {
		l.paper.row(y, level)
		ink, luma, seen := l.ink[y*s.w:(y+1)*s.w], s.luma[y*s.w:(y+1)*s.w], s.seen[y*s.w:(y+1)*s.w]
		for x, paper := range level {
			if dark := paper - float32(luma[x]); dark > 0 && seen[x] {
				ink[x] = dark / paper
			}
		}
	}
	across, down := s.runs(l.ink, false), s.runs(l.ink, true)
	l.runs = across
	if weight(down) > 1.3*weight(across) {
		l.runs, l.down = down, true
	}
	l.height = bodyHeight(l.runs)
	return l
}

// weight is how much ink lies in the runs: along the lines it is dense, across them there are gaps.
func weight(runs []run) float64 {
	sum := 0.0
	for _, r := range runs {
		sum += (r.b - r.a) * float64(r.strength)
	}
	return sum
}

// paper estimates the level of the paper: an upper quantile of each block, then the largest of its neighbours, so that
// neither dense print nor a portrait pulls it down.
func (s *sheet) paper() *grid {
	g := &grid{block: int(2*s.text + 0.5)}
	g.w, g.h = (s.w+g.block-1)/g.block, (s.h+g.block-1)/g.block
	level := make([]float32, g.w*g.h)
	for by := range g.h {
		for bx := range g.w {
			var counts [256]int
			n := 0
			for y := by * g.block; y < min((by+1)*g.block, s.h); y++ {
				for i := y*s.w + bx*g.block; i < y*s.w+min((bx+1)*g.block, s.w); i++ {
					if s.seen[i] {
						counts[s.luma[i]]++
						n++
					}
				}
			}
			level[by*g.w+bx] = float32(quantile(&counts, n, paperQuantile))
		}
	}
	g.v = make([]float32, len(level))
	for y := range g.h {
		for x := range g.w {
			var around [9]float32
			n := 0
			for j := max(y-1, 0); j <= min(y+1, g.h-1); j++ {
				for i := max(x-1, 0); i <= min(x+1, g.w-1); i++ {
					around[n] = level[j*g.w+i]
					n++
				}
			}
			slices.Sort(around[:n])
			g.v[y*g.w+x] = around[n*3/4]
		}
	}
	return g
}

// quantile returns the value below which a share of n counted pixels lies; 0 where there are none.
func quantile(counts *[256]int, n int, share float64) int {
	target, sum := share*float64(n), 0
	for v, c := range counts {
		if sum += c; c > 0 && float64(sum) >= target {
			return v
		}
	}
	return 0
}

// minInk is the mean ink over a piece of a line, as a share of the paper's luma, below which nothing is taken for text:
// faint print blurred beyond reading still leaves 5 %.
const minInk = 0.04

// runs finds pieces of lines. The ink of strips about three glyphs wide is summed up along the line; a line is a hill of
// the sums between two valleys, and the distance between its flanks at half height is the height of its glyphs, which no
// blur changes until the lines run into each other.
func (s *sheet) runs(ink []float32, down bool) []run {
	w, h := s.w, s.h
	if down {
		w, h = h, w
	}
	strip := min(max(int(3*s.text), 8), w)
	profile, smooth := make([]float32, h), make([]float32, h)
	var out []run
	for x0 := 0; x0+strip <= w; x0 += strip {
		if down {
			clear(profile)
			for y := x0; y < x0+strip; y++ {
				for x, v := range ink[y*s.w : (y+1)*s.w] {
					profile[x] += v
				}
			}
		} else {
			for y := range profile {
				sum := float32(0)
				for _, v := range ink[y*s.w+x0 : y*s.w+x0+strip] {
					sum += v
				}
				profile[y] = sum
			}
		}
		for y := range profile {
			profile[y] /= float32(strip)
		}
		// Over three tenths of a glyph, so that the gap between two strokes of 二 is no valley.
		boxSmooth(profile, smooth, int(0.15*s.text+0.5))
		out = s.hills(out, smooth, float64(x0), float64(x0+strip))
	}
	return slices.DeleteFunc(out, func(r run) bool { return r.strength >= solidInk && s.solid(ink, r, down) })
}

// A bar or a ruled band is as dense all along as print is nowhere: text leaves gaps, and covers a third of its line at most, however far
// blur has closed the gaps. What is solidInk dark and falls nowhere below solidLeast of its mean is none.
const solidInk, solidLeast = 0.4, 0.75

// solid reports whether the ink of a piece of a line is even along it.
func (s *sheet) solid(ink []float32, r run, down bool) bool {
	mean, least := float32(0), float32(math.Inf(1))
	from, to := int(r.top), int(math.Ceil(r.bottom))
	for a := int(r.a); a < int(r.b); a++ {
		sum := float32(0)
		for c := from; c < to; c++ {
			if down {
				sum += ink[a*s.w+c]
			} else {
				sum += ink[c*s.w+a]
			}
		}
		mean += sum
		least = min(least, sum)
	}
	return least >= solidLeast*mean/float32(int(r.b)-int(r.a))
}

// hills adds the hills of a profile of ordinary height to runs.
func (s *sheet) hills(out []run, p []float32, a, b float64) []run {
	reach := int(s.textMax)
	for y := 1; y+1 < len(p); {
		if p[y] < minInk || p[y] < p[y-1] || p[y] < p[y+1] {
			y++
			continue
		}
		peak := y
		// The highest point within reach that can be got to without crossing a valley of half its height.
		top, topLow := flank(p, peak, -1, reach)
		bottom, bottomLow := flank(p, peak, 1, reach)
		y++
		if topLow > 0.55*p[peak] || bottomLow > 0.55*p[peak] {
			continue
		}
		if highest(p, int(top), int(math.Ceil(bottom))) > p[peak] {
			continue
		}
		if height := bottom - top; height >= s.textMin && height <= s.textMax {
			out = append(out, run{a, b, top, bottom, p[peak]})
			y = int(bottom) + 1
		}
	}
	return out
}

// flank walks down a hill and returns where it falls to the middle between the peak and the valley, and the valley.
func flank(p []float32, peak, step, reach int) (at float64, valley float32) {
	valley = p[peak]
	low := peak
	for i, n := peak, 0; i >= 0 && i < len(p) && n <= reach; i, n = i+step, n+1 {
		if p[i] < valley {
			valley, low = p[i], i
		}
		if p[i] > p[peak] || valley < 0.3*p[peak] && p[i] > 2*valley+0.1*p[peak] {
			break
		}
	}
	level := (p[peak] + valley) / 2
	for i := peak; i != low; i += step {
		if next := p[i+step]; next <= level {
			t := 0.0
			if p[i] > next {
				t = float64((p[i] - level) / (p[i] - next))
			}
			return float64(i) + 0.5 + float64(step)*t, valley
		}
	}
	return float64(low) + 0.5, valley
}

func highest(p []float32, a, b int) float32 {
	out := float32(0)
	for _, v := range p[max(a, 0):min(b, len(p))] {
		out = max(out, v)
	}
	return out
}

// boxSmooth averages over 2r+1 values.
func boxSmooth(from, to []float32, r int) {
	for i := range from {
		sum, n := float32(0), 0
		for j := max(i-r, 0); j <= min(i+r, len(from)-1); j++ {
			sum += from[j]
			n++
		}
		to[i] = sum / float32(n)
	}
}

// bodyHeight is the height of the smallest body text: the lower quartile of the pieces of lines, that a few pieces of
// smaller print or of half a line do not move. It needs a few pieces.
func bodyHeight(runs []run) float64 {
	if len(runs) < 4 {
		return 0
	}
	heights := make([]float64, len(runs))
	for i, r := range runs {
		heights[i] = r.height()
	}
	slices.Sort(heights)
	return glyphOfHill * heights[len(heights)*2/5]
}

// glyphOfHill is the height of a character over that of its hill at half height: the outermost strokes of most characters
// are short, so that a line's ink fades before its glyphs end. Measured on drawn print of nine layouts, sharp to
// unreadable: 1.06 to 1.2.
const glyphOfHill = 1.12
