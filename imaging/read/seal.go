package read

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/onnx"
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

// seal is a seal on a page.
type seal struct {
	filing.Seal
	stamp
	size float64
	// x0, y0, x1, y1 are its edges, the ends beyond it.
	x0, y0, x1, y1 int
}

// within reports whether it lies in another: the text in a seal stands in a ring, too.
func (s *seal) within(o *seal) bool {
	return s.x0 >= o.x0 && s.y0 >= o.y0 && s.x1 <= o.x1 && s.y1 <= o.y1
}

// stamp is what a seal does to the print under it, and how that is undone: in red light its ink is hardly darker than paper.
type stamp struct {
	// on is where it lies, in pixels of Frame.Small.
	on raster.Quad
	// gain takes the red of its ink to that of the paper, which is paper, 0 to 255.
	gain, paper float64
}

// inkMargin is how far below the red of the paler part of its ink what counts as ink may be: thin strokes are blurred into print.
const inkMargin = 0.9

// seals finds the round red seals of a page, the largest first.
func (p *page) seals() []seal {
	scale := min(1, sealSide/max(p.w, p.h))
	w, h := max(int(p.w*scale), 1), max(int(p.h*scale), 1)
	picture := p.picture(w, h, raster.Homography{p.w / float64(w), 0, 0, 0, p.h / float64(h), 0, 0, 0, 1})
	red, paper := reds(picture)
	var found []seal
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
		s := seal{size: across * down, x0: c.x0, y0: c.y0, x1: c.x1, y1: c.y1, stamp: stamp{paper: paper, gain: max(1, paper/(inkMargin*c.ink(picture)))}}
		s.Quad = [4]filing.Point{corner(c.x0, c.y0), corner(c.x1, c.y0), corner(c.x1, c.y1), corner(c.x0, c.y1)}
		s.Round = thousandth(round)
		for i, at := range s.Quad {
			s.on[i] = p.frame.ToSmall(at)
		}
		found = append(found, s)
	}
	slices.SortStableFunc(found, func(a, b seal) int { return cmp.Compare(b.size, a.size) })
	var kept []seal
	for i := range found {
		if len(kept) < maxSeals && !slices.ContainsFunc(kept, func(o seal) bool { return found[i].within(&o) }) {
			kept = append(kept, found[i])
		}
	}
	return kept
}

// reds marks the pixels that are red beside the page's own paper, whatever the colour of the light, and says how red the paper is.
func reds(p *raster.RGB) (marked []bool, red float64) {
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
	return out, paper[0]
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

// ink is the red of the ink of a cluster, the lower quartile of its pixels: the others are mixed with paper. At least 1.
func (c *cluster) ink(p *raster.RGB) float64 {
	values := make([]uint8, len(c.pixels))
	for i, at := range c.pixels {
		values[i] = p.Pix[3*at]
	}
	slices.Sort(values)
	return max(float64(values[len(values)/4]), 1)
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

const (
	// ringFrom and ringTo are between which shares of a seal's radius its text stands (国发〔1999〕25号 leaves the measures to the makers;
	// those of units have their text within a ring of a tenth, around a star of two fifths).
	ringFrom, ringTo = 0.58, 0.94
	// ringRound is the roundness from which a seal's text is read, and ringRadius the least radius in pixels: its characters are a quarter
	// of it.
	ringRound, ringRadius = 0.8, 40
	// maxRings is how many seals are read.
	maxRings = 2
)

// ring shows the text of a seal as a line: around its middle clockwise from below, the outer end of its characters up.
func (p *page) ring(q [4]filing.Point) (*raster.RGB, bool) {
	back, ok := p.toUpright.Inverse()
	if !ok {
		return nil, false
	}
	x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, corner := range q {
		at := back.Apply(corner)
		x0, x1, y0, y1 = min(x0, at[0]), max(x1, at[0]), min(y0, at[1]), max(y1, at[1])
	}
	rx, ry := (x1-x0)/2, (y1-y0)/2
	if min(rx, ry) < ringRadius {
		return nil, false
	}
	// The seal flat, at the scale of the line, from which the ring is taken.
	const radius = lineHeight / (ringTo - ringFrom)
	side, width := int(math.Ceil(2*radius)), int(math.Round(math.Pi*(ringFrom+ringTo)*radius))
	own := *p
	own.stamped = nil
	flat := own.picture(side, side, raster.Homography{2 * rx / float64(side), 0, x0, 0, 2 * ry / float64(side), y0, 0, 0, 1})
	out := raster.NewRGB(width, lineHeight)
	for x := range width {
		sin, cos := math.Sincos(math.Pi/2 + 2*math.Pi*(float64(x)+0.5)/float64(width))
		for y := range lineHeight {
			r := ringTo*radius - float64(y) - 0.5
			i, j := int(float64(side)/2+r*cos), int(float64(side)/2+r*sin)
			if i >= 0 && j >= 0 && i < side && j < side {
				copy(out.Row(y)[3*x:3*x+3], flat.Row(j)[3*i:3*i+3])
			}
		}
	}
	return out, true
}

// readSeals reads the text of the largest seals.
func (r *Reader) readSeals(ctx context.Context, p *page, seals []filing.Seal) error {
	for i := range seals[:min(len(seals), maxRings)] {
		s := &seals[i]
		if s.Round < ringRound {
			continue
		}
		picture, ok := p.ring(s.Quad)
		if !ok {
			continue
		}
		wide := padded(picture.W)
		out, err := r.recognizer.Run(ctx, onnx.Tensor{Shape: []int64{1, 3, lineHeight, int64(wide)}, Data: tensor(picture, wide, lineNormal())})
		if err != nil {
			return err
		}
		steps := len(out[0].Data) / len(r.keys)
		line := decode(out[0].Data, r.keys, float64(wide)/float64(picture.W)/float64(max(steps, 1)))
		if line.Confidence >= lineFloor {
			s.Text, s.Confidence = line.Text, line.Confidence
		}
	}
	return nil
}
