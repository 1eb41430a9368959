package legibility

import (
	"cmp"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// What is glare.
const (
	// leastMirrored is the least luma of mirrored light: some phones draw what saturates at 251, most at 255.
	leastMirrored = 250
	// plateau is how far below the brightest a pixel of a spot may be: a spot saturates and is flat but for what JPEG does.
	plateau = 2
	// borderDrop is how much darker the paper is beside a spot, in grey levels, and besideText and besideSheet how far away
	// that is, in heights of text and in shares of the sheet's long side, whichever is less. The fall-off of light over a page
	// changes by one or two levels over that distance.
	borderDrop, besideText, besideSheet = 4, 2.5, 0.035
	// portraitDrop is how much brighter than paper the ground of a portrait is at most, and portraitRim how much of the rim of
	// that ground has paper beside it at most.
	portraitDrop, portraitRim = 20, 0.8
	// mostPortrait is the share of a document that the ground of a portrait takes at most: a portrait is 26 by 32 of 85.6 by 54 mm on a
	// card, and the person fills half of it.
	mostPortrait = 0.12
	// flatDrop is how much darker the paper is than white that stands out in the histogram.
	flatDrop = 6
	// smallestSpot is the area of the smallest spot, in squares of the text's height: two characters.
	smallestSpot = 2
	// seenThrough is how far from print, in heights of text, the parts of a spot may be that it stands in; clearInk how much
	// darker than paper it is there, as a share of the paper's luma; and printSeen its share of the spot's area from which it
	// is seen through.
	seenThrough, clearInk, printSeen = 3, 0.2, 0.008
	// ownInk is clearInk where print is paler or softer than that by itself, over that of the document's lines.
	ownInk = 0.6
	// neighbourhood is how far from a spot, in heights of text, the lines are looked for that run into it.
	neighbourhood = 8
)

// glare is a Glare with the spots that it comes from; nil where there are none.
type glare struct {
	filing.Glare
	spots *spots
}

// findGlare finds spots where the document mirrors a light, and how much of its text they cover.
func (s *sheet) findGlare(l *lines) *glare {
	text := l.height
	if text == 0 {
		text = s.text
	}
	out := &glare{}
	white, flat := s.white(s.luma)
	if white < leastMirrored {
		return out
	}
	found := &spots{label: make([]int32, s.w*s.h)}
	if bright := s.mirrors(s.luma, white, flat, text); !bright.showPrint(s, l.ink, s.blackFrom(l), text) {
		if white, flat := s.white(s.low); white >= leastMirrored {
			if pure := s.mirrors(s.low, white, flat, text); !pure.showPrint(s, l.ink, s.blackFrom(l), text) {
				found = bright.around(pure)
			}
		}
	}
	if len(found.areas) == 0 {
		for _, outline := range s.paledPrint(l, white, text) {
			found.add(s, outline)
		}
	}
	if len(found.areas) == 0 {
		return out
	}
	seen := 0
	for _, v := range s.seen {
		if v {
			seen++
		}
	}
	lost := 0
	for _, a := range found.areas {
		lost += a
	}
	out.spots = found
	out.Share = share(lost, seen)
	out.TextShare = s.coveredText(l, found, text)
	out.Regions = found.outlines(s)
	return out
}

// mirrors finds the spots of a channel that end as reflections do. Light that is mirrored saturates every channel, while paper has a tint,
// and so has the light on it: in the smallest of the channels even the brightest paper stays apart from a reflection.
func (s *sheet) mirrors(of []uint8, white int, flat bool, text float64) *spots {
	return s.bright(of, white-plateau, smallestSpot*text*text, func(p *spots, n int) bool {
		drops, portrait := s.rim(p, n, white-plateau, text)
		if float64(p.areas[n-1]) > mostPortrait*float64(s.w*s.h) {
			portrait = false
		}
		return !portrait && (flat || drops)
	})
}

// around returns the spots that hold at least one of others, to their rims where print is paled; the others where none does.
func (p *spots) around(others *spots) *spots {
	holds := make([]bool, len(p.areas)+1)
	some := false
	for i, n := range others.label {
		if n != 0 && p.label[i] != 0 {
			holds[p.label[i]], some = true, true
		}
	}
	if !some {
		return others
	}
	out := &spots{label: make([]int32, len(p.label))}
	number := make([]int32, len(p.areas)+1)
	for n, area := range p.areas {
		if holds[n+1] {
			out.areas, out.boxes = append(out.areas, area), append(out.boxes, p.boxes[n])
			number[n+1] = int32(len(out.areas))
		}
	}
	for i, n := range p.label {
		out.label[i] = number[n]
	}
	return out
}

// near tells whether a spot lies within some distance of a place.
func (g *glare) near(s *sheet, x, y, within float64) bool {
	if g.spots == nil {
		return false
	}
	for _, dy := range [3]float64{-within, 0, within} {
		for _, dx := range [3]float64{-within, 0, within} {
			u, v := int(x+dx), int(y+dy)
			if u >= 0 && v >= 0 && u < s.w && v < s.h && g.spots.label[v*s.w+u] != 0 {
				return true
			}
		}
	}
	return false
}

// white is the level, in luma or in the smallest of the channels, of what is brightest on the sheet: the most frequent one near the top of the scale, which the halos of
// sharpening pass by. flat tells whether it stands out in the histogram, far from the paper: what saturates has one luma.
func (s *sheet) white(of []uint8) (white int, flat bool) {
	var counts [256]int
	n := 0
	for i, v := range of {
		if s.seen[i] {
			counts[v]++
			n++
		}
	}
	top := quantile(&counts, n, 0.995)
	if top < leastMirrored {
		return top, false
	}
	white = top
	for v := top - 3; v <= top; v++ {
		if counts[v] > counts[white] {
			white = v
		}
	}
	below := counts[white-4] + counts[white-3] + counts[white-2]
	dim := 0
	for v := 0; v < white-1; v++ {
		dim += counts[v]
	}
	// The paper: the upper third of what is not as bright, which print does not reach.
	paper := quantile(&counts, dim, 0.7)
	return white, 3*counts[white]*2 > 5*below && float64(counts[white]) > 0.01*float64(n) && paper <= white-flatDrop && float64(dim) > 0.25*float64(n)
}

// rim looks at what lies beside a spot. drops tells whether the spot ends as a reflection does, with paper beside it that is
// darker, and not as light that falls off over a page; portrait, whether it looks like the white ground of a portrait: little
// brighter than the document's paper, and beside the person.
func (s *sheet) rim(p *spots, n, level int, text float64) (drops, portrait bool) {
	var around [256]int
	all := 0
	number, away := 0, int(min(besideText*text, besideSheet*float64(max(s.w, s.h)))+0.5)
	// Of a few pixels the brightest is taken: the paper between the strokes of print.
	look := func(x, y, dx, dy int) {
		paper := -1
		for k := away; k < away+int(text/2); k++ {
			u, v := x+k*dx, y+k*dy
			if u < 0 || v < 0 || u >= s.w || v >= s.h || !s.seen[v*s.w+u] {
				break
			}
			if p.label[v*s.w+u] == int32(n) {
				return
			}
			paper = max(paper, int(s.luma[v*s.w+u]))
		}
		if paper >= 0 {
			all++
		}
		// A portrait or a band of colour beside a spot says nothing about the paper.
		if paper > level*3/5 {
			around[paper]++
			number++
		}
	}
	box := p.boxes[n-1]
	for y := box[1]; y < box[3]; y++ {
		for x := box[0]; x < box[2]; x++ {
			if p.label[y*s.w+x] != int32(n) {
				continue
			}
			if x == 0 || p.label[y*s.w+x-1] != int32(n) {
				look(x, y, -1, 0)
			}
			if x == s.w-1 || p.label[y*s.w+x+1] != int32(n) {
				look(x, y, 1, 0)
			}
			if y == 0 || p.label[(y-1)*s.w+x] != int32(n) {
				look(x, y, 0, -1)
			}
			if y == s.h-1 || p.label[(y+1)*s.w+x] != int32(n) {
				look(x, y, 0, 1)
			}
		}
	}
	drop := level - quantile(&around, number, 0.5)
	return number >= 8 && drop >= borderDrop, drop < portraitDrop && float64(number) < portraitRim*float64(all)
}

// spots are the connected bright areas of a sheet.
type spots struct {
	// label is the number of the spot that a pixel lies in, from 1; 0 for none.
	label []int32
	areas []int
	// boxes are left, top, right, bottom, the last two exclusive.
	boxes [][4]int
}

// bright finds connected areas of at least the given number of pixels that are at or above a level, those that keep agrees to. Lines thinner than three pixels,
// such as the halos that sharpening draws around print, are worn away first.
func (s *sheet) bright(of []uint8, level int, least float64, keep func(p *spots, n int) bool) *spots {
	out := &spots{label: make([]int32, s.w*s.h)}
	core := make([]bool, s.w*s.h)
	at := func(i int) bool { return int(of[i]) >= level }
	some := false
	for y := 1; y+1 < s.h; y++ {
		for x := 1; x+1 < s.w; x++ {
			i := y*s.w + x
			if at(i) && at(i-1) && at(i+1) && at(i-s.w) && at(i+s.w) {
				core[i], some = true, true
			}
		}
	}
	if !some {
		return out
	}
	var stack []int32
	for start := range core {
		if !core[start] || out.label[start] != 0 {
			continue
		}
		n := int32(len(out.areas) + 1)
		area, box := 0, [4]int{s.w, s.h, 0, 0}
		stack = append(stack[:0], int32(start))
		out.label[start] = n
		for len(stack) > 0 {
			i := int(stack[len(stack)-1])
			stack = stack[:len(stack)-1]
			area++
			x, y := i%s.w, i/s.w
			box = [4]int{min(box[0], x), min(box[1], y), max(box[2], x+1), max(box[3], y+1)}
			// From the core of a spot to all of its bright pixels, and through them to further cores.
			for _, j := range [4]int{i - 1, i + 1, i - s.w, i + s.w} {
				if j >= 0 && j < len(core) && out.label[j] == 0 && at(j) && (core[i] || core[j]) {
					out.label[j] = n
					stack = append(stack, int32(j))
				}
			}
		}
		out.areas, out.boxes = append(out.areas, area), append(out.boxes, box)
		if float64(area) < least || !keep(out, int(n)) {
			out.areas, out.boxes = out.areas[:n-1], out.boxes[:n-1]
			for y := box[1]; y < box[3]; y++ {
				for x := box[0]; x < box[2]; x++ {
					if i := y*s.w + x; out.label[i] == n {
						out.label[i], core[i] = 0, false
					}
				}
			}
		}
	}
	return out
}

// add adds a spot of an outline.
func (p *spots) add(s *sheet, outline []raster.Point) {
	n := len(p.areas) + 1
	area, box := 0, [4]int{s.w, s.h, 0, 0}
	s.eachWithin(outline, func(i int) {
		x, y := i%s.w, i/s.w
		p.label[i] = int32(n)
		area++
		box = [4]int{min(box[0], x), min(box[1], y), max(box[2], x+1), max(box[3], y+1)}
	})
	if area > 0 {
		p.areas, p.boxes = append(p.areas, area), append(p.boxes, box)
	}
}

// coveredText is the share of the text that spots cover. What they cover cannot be seen; text is expected where lines run
// into a spot from the side, and between the lines above and below it as densely as elsewhere on the document.
func (s *sheet) coveredText(l *lines, spots *spots, text float64) float64 {
	cell := text / 2
	w, h := int(float64(s.w)/cell)+1, int(float64(s.h)/cell)+1
	printed := make([]bool, w*h)
	for _, r := range l.runs {
		for v := int(r.top / cell); v <= int(r.bottom/cell); v++ {
			for u := int(r.a / cell); u < int(r.b/cell); u++ {
				x, y := u, v
				if l.down {
					x, y = v, u
				}
				if x >= 0 && y >= 0 && x < w && y < h {
					printed[y*w+x] = true
				}
			}
		}
	}
	covered := make([]float64, w*h)
	for i, n := range spots.label {
		if n != 0 {
			covered[int(float64(i/s.w)/cell)*w+int(float64(i%s.w)/cell)] += 1 / (cell * cell)
		}
	}
	// along steps along a line, across to the next line.
	along, across := 1, w
	if l.down {
		along, across = w, 1
	}
	reach := func(x, y, step int) int { // how many cells to the border in the direction of a step
		switch step {
		case 1:
			return w - 1 - x
		case -1:
			return x
		case w:
			return h - 1 - y
		default:
			return y
		}
	}
	// finds tells whether text comes after the spot within reach.
	finds := func(x, y, step int) bool {
		i, left := y*w+x, neighbourhood*2
		for range reach(x, y, step) {
			i += step
			if covered[i] > 0.3 {
				continue
			}
			if printed[i] {
				return true
			}
			if left--; left == 0 {
				return false
			}
		}
		return false
	}
	lost, kept := 0.0, 0.0
	for y := range h {
		for x := range w {
			i := y*w + x
			c := min(covered[i], 1)
			if c < 0.3 {
				if printed[i] {
					kept++
				}
				continue
			}
			switch {
			case printed[i]:
				lost += c
			case finds(x, y, along) || finds(x, y, -along):
				// Between two pieces of a line there is a piece of it; beyond its end as likely as not.
				if lost += c / 2; finds(x, y, along) && finds(x, y, -along) {
					lost += c / 2
				}
			case finds(x, y, across) && finds(x, y, -across):
				lost += c * lineDensity
			}
		}
	}
	if lost == 0 {
		return 0
	}
	return math.Round(lost/(lost+kept)*1e4) / 1e4
}

// lineDensity is how much of the height of a page of text its lines take, the rest being the gaps between them.
const lineDensity = 0.5

// showPrint tells whether print is seen in the spots: what is mirrored hides it, while on paper that hard light has saturated
// it stands as clear as elsewhere. Print in a spot has parts of spots on all four sides, not farther away than a few
// characters.
func (p *spots) showPrint(s *sheet, ink []float32, black float32, text float64) bool {
	reach := int(seenThrough*text + 0.5)
	sides := make([]uint8, len(ink)) // a bit for each side on which there is a part of a spot
	look := func(side uint8, start, step, n int) {
		far := reach
		for i := range n {
			k := start + i*step
			if far++; p.label[k] != 0 {
				far = 0
			}
			if far <= reach {
				sides[k] |= side
			}
		}
	}
	for y := range s.h {
		look(1, y*s.w, 1, s.w)
		look(2, y*s.w+s.w-1, -1, s.w)
	}
	for x := range s.w {
		look(4, x, s.w, s.h)
		look(8, (s.h-1)*s.w+x, -s.w, s.h)
	}
	seen, area := 0, 0
	for i, n := range sides {
		switch {
		case p.label[i] != 0:
			area++
		case n == 15 && ink[i] > black:
			seen++
		}
	}
	return float64(seen) > printSeen*float64(area)
}

// blackFrom is from how much darker than paper on print is black where nothing has paled it: clearInk, or less on a document whose own print is faint or
// soft.
func (s *sheet) blackFrom(l *lines) float32 {
	var counts [256]int
	n := 0
	for _, r := range l.runs {
		x0, x1, y0, y1 := int(r.a), int(r.b), int(r.top), int(math.Ceil(r.bottom))
		if l.down {
			x0, x1, y0, y1 = y0, y1, x0, x1
		}
		for y := max(y0, 0); y < min(y1, s.h); y++ {
			for _, v := range l.ink[y*s.w+max(x0, 0) : y*s.w+min(x1, s.w)] {
				counts[int(255*v)]++
				n++
			}
		}
	}
	if n == 0 {
		return clearInk
	}
	return min(clearInk, ownInk*float32(quantile(&counts, n, 0.9))/255)
}

// outlines are the convex outlines of the spots, the largest first.
func (p *spots) outlines(s *sheet) [][]filing.Point {
	order := make([]int, len(p.areas))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.areas[b], p.areas[a]) })
	var out [][]filing.Point
	for _, n := range order[:min(len(order), maxRegions)] {
		// The ends of each row are all that a convex outline can touch; every few rows are enough.
		var ends []raster.Point
		box := p.boxes[n]
		step := max(1, (box[3]-box[1])/24)
		for y := box[1]; y < box[3]; y++ {
			if (y-box[1])%step != 0 && y != box[3]-1 {
				continue
			}
			left, right := -1, -1
			for x := box[0]; x < box[2]; x++ {
				if p.label[y*s.w+x] == int32(n+1) {
					if left < 0 {
						left = x
					}
					right = x + 1
				}
			}
			if left >= 0 {
				ends = append(ends, raster.Point{float64(left), float64(y)}, raster.Point{float64(left), float64(y + 1)},
					raster.Point{float64(right), float64(y)}, raster.Point{float64(right), float64(y + 1)})
			}
		}
		region := raster.ConvexHull(ends)
		for i, c := range region {
			c = s.toFull.Apply(c)
			region[i] = raster.Point{math.Round(c[0]), math.Round(c[1])}
		}
		out = append(out, region)
	}
	return out
}

// maxRegions is how many regions are told: beyond that they are sparkle.
const maxRegions = 16
