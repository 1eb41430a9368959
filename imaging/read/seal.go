package read

import (
	"cmp"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

const (
	// sealSide is the long side at which seals are looked for: a millimetre of A4 is a pixel and a half, the ring of a seal two.
	sealSide = 448
	// redness is by how much red is ahead of green and of blue, over red, once paper is white. Faded ink has a third, the
	// translucent print of forms a tenth.
	redness = 0.25
	// sealLeast and sealMost are its diameter over the short side of the page. Seals of units have 38 to 45 mm, those of
	// departments 30 and less (国发〔1999〕25号): a fifth and a tenth of A4.
	sealLeast, sealMost = 0.07, 0.4
	// sealOval is how many times longer than wide it may be.
	sealOval = 1.6
	// sectors are the directions in which the outline is looked at, and outlineWithin how far from the ellipse it may be, over
	// the radius.
	sectors, outlineWithin = 32, 0.12
	// sealRound is the share of directions from which a seal is reported: what judges may ask for more.
	sealRound = 0.6
	// maxSeals is how many are kept.
	maxSeals = 8
)

// seals finds the round red seals of a page, the largest first.
func (p *page) seals() []filing.Seal {
	scale := min(1, sealSide/max(p.w, p.h))
	w, h := max(int(p.w*scale), 1), max(int(p.h*scale), 1)
	picture := p.picture(w, h, raster.Homography{p.w / float64(w), 0, 0, 0, p.h / float64(h), 0, 0, 0, 1})
	red := reds(picture)
	var found []filing.Seal
	sizes := map[[4]filing.Point]float64{}
	for _, c := range clusters(red, w, h) {
		across, down := float64(c.x1-c.x0), float64(c.y1-c.y0)
		short := float64(min(w, h))
		if min(across, down) < sealLeast*short || max(across, down) > sealMost*short || max(across, down) > sealOval*min(across, down) {
			continue
		}
		round := c.round()
		if round < sealRound {
			continue
		}
		corner := func(x, y int) filing.Point {
			at := p.toUpright.Apply(raster.Point{float64(x) * p.w / float64(w), float64(y) * p.h / float64(h)})
			return filing.Point{tenth(at[0]), tenth(at[1])}
		}
		s := filing.Seal{
			Quad:  [4]filing.Point{corner(c.x0, c.y0), corner(c.x1, c.y0), corner(c.x1, c.y1), corner(c.x0, c.y1)},
			Round: thousandth(round),
		}
		sizes[s.Quad] = across * down
		found = append(found, s)
	}
	slices.SortStableFunc(found, func(a, b filing.Seal) int { return cmp.Compare(sizes[b.Quad], sizes[a.Quad]) })
	return found[:min(len(found), maxSeals)]
}

// reds marks the pixels that are red beside the page's own paper, whatever the colour of the light.
func reds(p *raster.RGB) []bool {
	var histograms [3][256]int
	for i := 0; i < len(p.Pix); i += 3 {
		for k := range histograms {
			histograms[k][p.Pix[i+k]]++
		}
	}
	var paper [3]float64
	for k, h := range histograms {
		// Paper is brighter than what is on it: the upper quartile of each channel.
		left := len(p.Pix) / 3 / 4
		for v := 255; v >= 0 && left >= 0; v-- {
			left -= h[v]
			paper[k] = float64(max(v, 1))
		}
	}
	out := make([]bool, len(p.Pix)/3)
	for i := range out {
		r, g, b := float64(p.Pix[3*i])/paper[0], float64(p.Pix[3*i+1])/paper[1], float64(p.Pix[3*i+2])/paper[2]
		out[i] = r > 0.2 && r-max(g, b) > redness*r
	}
	return out
}

// cluster is a connected set of marked pixels.
type cluster struct {
	x0, y0, x1, y1 int // the rectangle around it, the ends beyond it
	pixels         []int32
	w              int
}

// clusters returns the connected sets; pixels are connected over a gap of one, which print leaves in a thin ring.
func clusters(on []bool, w, h int) []cluster {
	const gap = 2
	seen := make([]bool, len(on))
	var found []cluster
	for start, marked := range on {
		if !marked || seen[start] {
			continue
		}
		c := cluster{x0: w, y0: h, w: w, pixels: []int32{int32(start)}}
		seen[start] = true
		for next := 0; next < len(c.pixels); next++ {
			x, y := int(c.pixels[next])%w, int(c.pixels[next])/w
			c.x0, c.y0, c.x1, c.y1 = min(c.x0, x), min(c.y0, y), max(c.x1, x+1), max(c.y1, y+1)
			for ny := max(y-gap, 0); ny <= min(y+gap, h-1); ny++ {
				for nx := max(x-gap, 0); nx <= min(x+gap, w-1); nx++ {
					if n := ny*w + nx; on[n] && !seen[n] {
						seen[n] = true
						c.pixels = append(c.pixels, int32(n))
					}
				}
			}
		}
		found = append(found, c)
	}
	return found
}

// round is the share of directions from the middle in which the outermost pixel lies on the ellipse within the rectangle.
func (c *cluster) round() float64 {
	rx, ry := float64(c.x1-c.x0)/2, float64(c.y1-c.y0)/2
	mx, my := float64(c.x0)+rx, float64(c.y0)+ry
	var outermost [sectors]float64
	for _, i := range c.pixels {
		x, y := (float64(int(i)%c.w)+0.5-mx)/rx, (float64(int(i)/c.w)+0.5-my)/ry
		s := int((math.Atan2(y, x)/math.Pi + 1) / 2 * sectors)
		outermost[min(s, sectors-1)] = max(outermost[min(s, sectors-1)], math.Hypot(x, y))
	}
	on := 0
	for _, r := range outermost {
		// The outermost pixel's middle is half a pixel within the edge.
		if math.Abs(r+0.5/min(rx, ry)-1) <= outlineWithin {
			on++
		}
	}
	return float64(on) / sectors
}
