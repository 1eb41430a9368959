package legibility

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// A reflection adds its light to what the document sends. On paper that is as bright as the scale reaches nothing is seen of it, but
// black print pales towards its middle, where it is gone: that gives it away.
const (
	// pieceText is the width, in heights of text, of the pieces of lines whose black is compared: a character and a half.
	pieceText = 1.5
	// wholeBlack is the quantile of the pieces' ink that tells how black the document's print is. paled is the share of it below which a
	// piece has paled: light that saturates paper which sends five sixths of what saturates lifts black print to two thirds.
	// Less than blank of it is the end of a line.
	wholeBlack, paled, blank = 0.85, 0.62, 0.25
	// sameColour is how much farther from white the smallest channel of a piece may be than its luma: coloured print is pale by itself,
	// black print that has paled is grey.
	sameColour = 1.35
	// together is how far apart, in heights of text, pieces of one reflection lie at most, with nothing but white between them.
	// fewestPaled is how many make one, on fewestLines lines at least; mostlyPaled and mostlyWhite are the shares of the print and of
	// the area within their outline that have paled and are white.
	together, fewestPaled, fewestLines = 30, 5, 3
	mostlyPaled, mostlyWhite           = 0.6, 0.8
)

// piece is a piece of a line of print.
type piece struct {
	x0, y0, x1, y1 int
	ink            float32 // of its blackest part: how far its luma is below white, 0 to 1
	grey, paled    bool
}

func (p *piece) middle() raster.Point {
	return raster.Point{float64(p.x0+p.x1) / 2, float64(p.y0+p.y1) / 2}
}

// paledPrint returns the outlines of where black print pales on white paper, each convex.
func (s *sheet) paledPrint(l *lines, white int, text float64) [][]raster.Point {
	all := s.pieces(l, white, text)
	black := make([]bool, s.w*s.h) // where print is that has not paled
	for i := range all {
		if p := &all[i]; !p.paled {
			for y := p.y0; y < p.y1; y++ {
				for x := p.x0; x < p.x1; x++ {
					black[y*s.w+x] = true
				}
			}
		}
	}
	var out [][]raster.Point
	done := make([]bool, len(all))
	for first := range all {
		if done[first] || !all[first].paled {
			continue
		}
		cluster := []int{first}
		done[first] = true
		for k := 0; k < len(cluster); k++ {
			at := all[cluster[k]].middle()
			for i := range all {
				if done[i] || !all[i].paled {
					continue
				}
				m := all[i].middle()
				if math.Hypot(m[0]-at[0], m[1]-at[1]) <= together*text && s.whiteBetween(at, m, black, white) {
					done[i] = true
					cluster = append(cluster, i)
				}
			}
		}
		if outline := s.paledOutline(all, cluster, l.down, white, text); outline != nil {
			out = append(out, outline)
		}
	}
	return out
}

// pieces cuts the lines of body text into pieces and says of each how black it is; what is blank is left out.
func (s *sheet) pieces(l *lines, white int, text float64) []piece {
	width := int(pieceText * text)
	if width < 4 {
		return nil
	}
	var all []piece
	var inks []float32
	for _, r := range l.runs {
		if r.height() > 1.7*text {
			continue // a title is printed bolder
		}
		for a := int(r.a); a+width <= int(r.b); a += width {
			p := piece{x0: a, x1: a + width, y0: int(r.top), y1: int(math.Ceil(r.bottom))}
			if l.down {
				p.x0, p.x1, p.y0, p.y1 = p.y0, p.y1, p.x0, p.x1
			}
			p.x0, p.y0, p.x1, p.y1 = max(p.x0, 0), max(p.y0, 0), min(p.x1, s.w), min(p.y1, s.h)
			if p.x1-p.x0 < 3 || p.y1-p.y0 < 3 {
				continue
			}
			s.blacken(&p, white)
			all, inks = append(all, p), append(inks, p.ink)
		}
	}
	whole := raster.Quantile(inks, wholeBlack)
	out := all[:0]
	for _, p := range all {
		if p.ink >= blank*whole {
			p.paled = p.grey && p.ink < paled*whole
			out = append(out, p)
		}
	}
	return out
}

// blacken fills in the ink of a piece, and whether it is grey and on paper that is white.
func (s *sheet) blacken(p *piece, white int) {
	var luma, low [256]int
	n := 0
	for y := p.y0; y < p.y1; y++ {
		for i := y*s.w + p.x0; i < y*s.w+p.x1; i++ {
			luma[s.luma[i]]++
			low[s.low[i]]++
			n++
		}
	}
	const blackest, paper, rounding = 0.05, 0.8, 6
	dark, colour := max(white-quantile(&luma, n, blackest), 0), white-quantile(&low, n, blackest)
	p.ink = float32(dark) / 255
	p.grey = quantile(&luma, n, paper) >= white-plateau && float64(colour) <= sameColour*float64(dark)+rounding
}

// whiteBetween reports whether nothing but white lies between two places, and no black print.
func (s *sheet) whiteBetween(a, b raster.Point, black []bool, white int) bool {
	const every = 3
	n := int(math.Hypot(b[0]-a[0], b[1]-a[1]))/every + 1
	bright := 0
	for k := range n {
		t := (float64(k) + 0.5) / float64(n)
		i := int(a[1]+t*(b[1]-a[1]))*s.w + int(a[0]+t*(b[0]-a[0]))
		if black[i] {
			return false
		}
		if int(s.luma[i]) >= white-plateau {
			bright++
		}
	}
	return float64(bright) >= mostlyWhite*float64(n)
}

// paledOutline is the outline of paled pieces that belong together, less those at its rim that take in black print; nil where what
// is left is no reflection's.
func (s *sheet) paledOutline(all []piece, cluster []int, down bool, white int, text float64) []raster.Point {
	outline, pale := outlineOf(all, cluster)
	for pale < mostlyPaled && len(cluster) > fewestPaled {
		best, without := 0, -1.0
		for k := range cluster {
			_, pale := outlineOf(all, slices.Concat(cluster[:k], cluster[k+1:]))
			if pale > without {
				best, without = k, pale
			}
		}
		cluster = slices.Delete(cluster, best, best+1)
		outline, pale = outlineOf(all, cluster)
	}
	lines := map[int]bool{}
	for _, i := range cluster {
		across := all[i].y0
		if down {
			across = all[i].x0
		}
		lines[int(float64(across)/text)] = true
	}
	if pale < mostlyPaled || len(cluster) < fewestPaled || len(lines) < fewestLines {
		return nil
	}
	bright, area := 0, 0
	s.eachWithin(outline, func(i int) {
		area++
		if int(s.luma[i]) >= white-plateau {
			bright++
		}
	})
	if float64(bright) < mostlyWhite*float64(area) {
		return nil
	}
	return outline
}

// outlineOf is the convex outline of some of the pieces, and the share of the pieces in it that have paled.
func outlineOf(all []piece, some []int) (outline []raster.Point, paled float64) {
	corners := make([]raster.Point, 0, 4*len(some))
	for _, i := range some {
		a, b, c, d := float64(all[i].x0), float64(all[i].y0), float64(all[i].x1), float64(all[i].y1)
		corners = append(corners, raster.Point{a, b}, raster.Point{c, b}, raster.Point{c, d}, raster.Point{a, d})
	}
	outline = raster.ConvexHull(corners)
	within, pale := 0, 0
	for i := range all {
		if insideConvex(outline, all[i].middle()) {
			within++
			if all[i].paled {
				pale++
			}
		}
	}
	return outline, float64(pale) / float64(max(within, 1))
}

// insideConvex reports whether a place lies in a convex outline, clockwise as raster.ConvexHull returns it.
func insideConvex(outline []raster.Point, p raster.Point) bool {
	for i, a := range outline {
		b := outline[(i+1)%len(outline)]
		if (b[0]-a[0])*(p[1]-a[1])-(b[1]-a[1])*(p[0]-a[0]) < 0 {
			return false
		}
	}
	return true
}

// eachWithin calls f with every pixel of the document whose middle lies in a convex outline.
func (s *sheet) eachWithin(outline []raster.Point, f func(i int)) {
	top, bottom := float64(s.h), 0.0
	for _, p := range outline {
		top, bottom = min(top, p[1]), max(bottom, p[1])
	}
	for y := max(int(top), 0); y < min(int(math.Ceil(bottom)), s.h); y++ {
		left, right := float64(s.w), 0.0
		at := float64(y) + 0.5
		for i, a := range outline {
			b := outline[(i+1)%len(outline)]
			if (a[1] <= at) != (b[1] <= at) {
				x := a[0] + (at-a[1])/(b[1]-a[1])*(b[0]-a[0])
				left, right = min(left, x), max(right, x)
			}
		}
		for x := max(int(left+0.5), 0); x < min(int(right+0.5), s.w); x++ {
			if i := y*s.w + x; s.seen[i] {
				f(i)
			}
		}
	}
}
