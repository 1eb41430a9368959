package imaging

import "image"

// How a seam and a photo's side are told from what is in a photo.
const (
	// seamSample is how many pixels of a line are added up: means of so many tell a step of few levels from noise.
	seamSample = 8
	// seamStep is by how much they change at a seam at least, added up: by a level and a half.
	seamStep = 12
	// seamShare is the share of a line across which the picture changes at once and does not beside it.
	seamShare = 0.62
	// endlessShare is that share where a tenth at an end shows nothing.
	endlessShare = 0.8
	// rimShare is the share of a photo's side along which it steps from the ground beside it, and of that ground which is of one
	// colour, to rimDeviation added up: JPEG's ringing and the smear of colour beside a photo included.
	rimShare, rimDeviation = 0.85, 12 * seamSample
	// fillerDeviation is by how much what programs fill with differs from one line to the next at most, added up.
	fillerDeviation = seamSample
)

// fromSideToSide reports whether steps lie all along a line, both ends included: the edge of a document leaves its table on either
// side. One tenth may show none, where two grounds are equally bright; that may be an end only where the rest hardly has gaps.
func fromSideToSide(tenths [10]int, across int) bool {
	without, all, end := 0, 0, false
	for i, n := range tenths {
		all += n
		if float64(n) < 0.35*float64(across)/10 {
			end = end || i == 0 || i == len(tenths)-1
			without++
		}
	}
	return without == 0 || without == 1 && (!end || float64(all) >= endlessShare*float64(across))
}

// profiles are a picture's rows (down) or columns, seamSample pixels of each added up to one: what a step of few levels is told from noise by.
type profiles struct {
	n   int // pieces in a line
	sum []uint16
}

func (c *cutter) profilesOf(down bool) *profiles {
	p := &c.profiles[0]
	if down {
		p = &c.profiles[1]
	}
	if p.sum != nil {
		return p
	}
	if down {
		p.n = c.p.W / seamSample
		p.sum = make([]uint16, 3*p.n*c.p.H)
		for y := range c.p.H {
			row, out := c.p.Row(y), p.sum[3*p.n*y:3*p.n*(y+1)]
			for s := range p.n {
				px := (*[3 * seamSample]uint8)(row[3*seamSample*s:])
				var r, g, b uint32
				for k := 0; k < len(px); k += 3 {
					r, g, b = r+uint32(px[k]), g+uint32(px[k+1]), b+uint32(px[k+2])
				}
				to := (*[3]uint16)(out[3*s:])
				to[0], to[1], to[2] = uint16(r), uint16(g), uint16(b)
			}
		}
		return p
	}
	p.n = c.p.H / seamSample
	p.sum = make([]uint16, 3*p.n*c.p.W)
	sums := make([]uint16, 3*c.p.W) // of seamSample rows, which lie far apart in the profile
	for s := range p.n {
		sumOf(c.p.Pix[3*c.p.W*seamSample*s:], 3*c.p.W, seamSample, sums)
		for x := range c.p.W {
			*(*[3]uint16)(p.at(x, s)) = *(*[3]uint16)(sums[3*x:])
		}
	}
	return p
}

// at is the s-th piece of the i-th line.
func (p *profiles) at(i, s int) []uint16 {
	at := 3 * (p.n*i + s)
	return p.sum[at : at+3 : at+3]
}

// steps reports whether a picture changes at a piece of a line and does not on either side of it. A pixel of the reduced picture may
// hold a little of both.
func (p *profiles) steps(i, s int) bool {
	before, after := p.at(i-1, s), p.at(i+1, s)
	step := levelsApart(before, after)
	return step > seamStep && step > 2*max(levelsApart(p.at(i-3, s), before), levelsApart(after, p.at(i+3, s)))+seamStep
}

// alone reports whether the pieces a to b of a line change by far more than those of the lines beside it do: the grain of wood runs from
// side to side as well, but in many lines.
func (p *profiles) alone(i, a, b int) bool {
	change := func(i int) (sum int) {
		if i < 1 || 3*p.n*(i+2) > len(p.sum) {
			return 0
		}
		for s := a; s < b; s++ {
			sum += levelsApart(p.at(i-1, s), p.at(i+1, s))
		}
		return sum
	}
	most := change(i)
	for beside := 3; beside <= 11; beside += 2 {
		if most < 2*max(change(i-beside), change(i+beside)) {
			return false
		}
	}
	return true
}

// sharp reports whether a region begins or ends with a step all along a row (down) or column.
func (c *cutter) sharp(r image.Rectangle, at int, down bool) bool {
	p := c.profilesOf(down)
	a, b := r.Min.Y, r.Max.Y
	if down {
		a, b = r.Min.X, r.Max.X
	}
	a, b = (a+seamSample-1)/seamSample, b/seamSample
	for i := max(at-2, 3); i <= at+2 && 3*p.n*(i+4) <= len(p.sum); i++ {
		n := 0
		for s := a; s < b; s++ {
			if p.steps(i, s) {
				n++
			}
		}
		if b > a && float64(n) >= rimShare*float64(b-a) {
			return true
		}
	}
	return false
}

// even reports whether nearly all pieces a to b of a line are of one colour.
func (p *profiles) even(i, a, b int) bool {
	middle, off := p.at(i, (a+b)/2), 0
	for s := a; s < b; s++ {
		if levelsApart(middle, p.at(i, s)) > rimDeviation {
			off++
		}
	}
	return float64(off) <= (1-rimShare)*float64(b-a)
}

// rim finds where a photo begins beside even ground, from the first (or last) row (down) or column of a region inwards: a step along
// the whole of its side, with the ground's colour beyond its ends. -1 where the region begins with anything else. It tells a photo's
// side from the ground where flat cannot: the ground is not flat where JPEG's ringing reaches into it, and a pale photo can be.
func (c *cutter) rim(r image.Rectangle, down, last bool) int {
	p := c.profilesOf(down)
	from, to, a, b := r.Min.X, r.Max.X, r.Min.Y, r.Max.Y
	if down {
		from, to, a, b = a, b, from, to
	}
	a, b = (a+seamSample-1)/seamSample, b/seamSample
	if (b-a)*seamSample < c.least || to-from < c.least {
		return -1
	}
	i, inward := max(from+1, 3), 1
	if last {
		i, inward = min(to-2, len(p.sum)/(3*p.n)-4), -1
	}
	for range (to - from) / 2 {
		if i < 3 || 3*p.n*(i+4) > len(p.sum) || !p.even(i-inward, a, b) {
			return -1
		}
		first, end, n := b, a, 0
		ground := p.at(i-inward, (a+b)/2)
		for s := a; s < b; s++ {
			if p.steps(i, s) {
				first, end = min(first, s), s+1
				n++
			}
		}
		if (end-first)*seamSample >= c.least && float64(n) >= rimShare*float64(end-first) {
			beyond := 0
			for s := a; s < b; s++ {
				if (s < first-1 || s > end) && levelsApart(ground, p.at(i+inward, s)) > rimDeviation {
					beyond++
				}
			}
			if float64(beyond) <= (1-rimShare)*float64(b-a) {
				if last {
					return i
				}
				return i + 1
			}
		}
		i += inward
	}
	return -1
}

// filler reports whether a piece of a line and those on either side of it are what programs fill with.
func (p *profiles) filler(i, s int) bool {
	at := p.at(i, s)
	lo, hi := min(at[0], at[1], at[2]), max(at[0], at[1], at[2])
	if hi > 8*seamSample && (lo < 232*seamSample || hi-lo > 4*seamSample) {
		return false
	}
	return max(levelsApart(at, p.at(i-1, s)), levelsApart(at, p.at(i+1, s)), levelsApart(at, p.at(i-3, s)), levelsApart(at, p.at(i+3, s))) <=
		fillerDeviation
}

// seam finds where a region changes along a whole row (down) or column at once, 0 where it does nowhere. What programs fill with beside
// a photo that is narrower than the others changes nothing; ragged tells of it. The edge of a document is a step, too, but it leans, or
// does not reach from side to side.
func (c *cutter) seam(r image.Rectangle, down bool) (at int, ragged bool) {
	p := c.profilesOf(down)
	from, to, first, last := r.Min.X, r.Max.X, r.Min.Y, r.Max.Y
	if down {
		from, to, first, last = first, last, from, to
	}
	first, last = (first+seamSample-1)/seamSample, last/seamSample
	best := seamShare
	for i := from + max(c.least, 4); i+max(c.least, 4) < to; i++ {
		a, b := first, last
		for a < b && p.filler(i, a) {
			a++
		}
		for a < b && p.filler(i, b-1) {
			b--
		}
		if (b-a)*seamSample < c.least {
			continue
		}
		n, without, most := 0, 0, int((1-best)*float64(b-a))
		var tenths [10]int
		for s := a; s < b && without <= most; s++ {
			if p.steps(i, s) {
				n++
				tenths[10*(s-a)/(b-a)]++
			} else {
				without++
			}
		}
		if without > most || !fromSideToSide(tenths, b-a) {
			continue
		}
		if share := float64(n) / float64(b-a); share > best && p.alone(i, a, b) {
			best, at, ragged = share, i, b-a < last-first
		}
	}
	return at, ragged
}
