package read

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/imaging/onnx"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// What the detector of PP-OCRv4 and its post-processing were published with.
const (
	// textFloor is the probability from which a pixel is text, boxFloor the mean of a box from which it is kept.
	textFloor, boxFloor = 0.3, 0.6
	// unclipRatio says by how much a region is grown, since the detector learns regions that were shrunk: distance = area x
	// ratio / perimeter (Liao et al. 2020, after Vatti's clipping).
	unclipRatio = 1.5
	// minRegion and minBox are the shorter side of a region before and after it is grown, in pixels of the detector.
	minRegion, minBox = 3, 5
	// maxRegions is how many regions are looked at, from the top: a page of tiny text has fewer.
	maxRegions = 2000
	// stride is what both sides of the detector's input are multiples of.
	stride = 32
)

// Sizes at which text is looked for: the longer side of the page in pixels of the detector.
const (
	// firstSide is enough for a card, whose smallest print is then 20 pixels high.
	firstSide = 736
	// finestSide is the largest: its tensors take 40 MB.
	finestSide = 1280
	// smallText is the height of a line in pixels of the detector below which it is looked for again at a finer scale.
	smallText = 17
)

func detectorNormal() [3]normal { return [3]normal{{0.485, 0.229}, {0.456, 0.224}, {0.406, 0.225}} }

// find returns the boxes of text of a page, in its pixels.
func (r *Reader) find(ctx context.Context, p *page) ([]box, error) {
	side := min(firstSide, max(p.w, p.h))
	boxes, err := r.findAt(ctx, p, side)
	if err != nil {
		return nil, err
	}
	finer := min(finestSide, max(p.w, p.h))
	if len(boxes) == 0 || finer < 1.2*side {
		return boxes, nil
	}
	heights := make([]float64, len(boxes))
	for i, b := range boxes {
		heights[i] = min(b.along, b.across) * side / max(p.w, p.h)
	}
	slices.Sort(heights)
	typical := heights[len(heights)/2]
	if typical >= smallText {
		return boxes, nil
	}
	return r.findAt(ctx, p, min(finer, side*1.2*smallText/typical))
}

// findAt looks for text with the longer side of the page at a number of pixels.
func (r *Reader) findAt(ctx context.Context, p *page, side float64) ([]box, error) {
	scale := side / max(p.w, p.h)
	w, h := multiple(p.w*scale), multiple(p.h*scale)
	picture := p.picture(w, h, raster.Homography{p.w / float64(w), 0, 0, 0, p.h / float64(h), 0, 0, 0, 1})
	out, err := r.detector.Run(ctx, onnx.Tensor{Shape: []int64{1, 3, int64(h), int64(w)}, Data: tensor(picture, w, detectorNormal())})
	if err != nil {
		return nil, err
	}
	boxes := boxesOf(out[0].Data, w, h)
	for i, b := range boxes {
		boxes[i] = b.scaled(p.w/float64(w), p.h/float64(h))
	}
	return boxes, nil
}

// multiple rounds to a multiple of stride.
func multiple(v float64) int { return max(1, int(math.Round(v/stride))) * stride }

// region is a connected region of text: its outline, convex, and the rectangle around it.
type region struct {
	outline []raster.Point
	box     box
}

// boxesOf turns a map of probabilities into boxes around its regions, from the top.
func boxesOf(probability []float32, w, h int) []box {
	found := regions(probability, w, h)
	angle := running(found)
	boxes := make([]box, 0, len(found))
	for _, f := range found {
		b := f.box
		score := mean(probability, w, h, b.corners())
		if score < boxFloor {
			continue
		}
		if max(b.along, b.across) < long*min(b.along, b.across) {
			// The outline of a character or two hardly tells their direction; the page's long lines do.
			b = around(f.outline, angle)
		}
		b.score = score
		if b = unclipped(b); min(b.along, b.across) >= minBox {
			boxes = append(boxes, b)
		}
	}
	return boxes
}

// regions returns the connected regions of text, from the top.
func regions(probability []float32, w, h int) []region {
	if len(probability) < w*h {
		return nil
	}
	var (
		found []region
		stack []int32
	)
	seen := make([]bool, w*h)
	left, right := make([]int, h), make([]int, h)
	for start := range w * h {
		if seen[start] || probability[start] <= textFloor {
			continue
		}
		// All pixels that are reached over their eight neighbours. The outermost of each row are all that an outline needs.
		top, bottom := start/w, start/w
		left[top], right[top] = start%w, start%w
		seen[start] = true
		stack = append(stack[:0], int32(start))
		for len(stack) > 0 {
			at := int(stack[len(stack)-1])
			stack = stack[:len(stack)-1]
			x, y := at%w, at/w
			if y > bottom {
				bottom = y
				left[y], right[y] = x, x
			}
			left[y], right[y] = min(left[y], x), max(right[y], x)
			for ny := max(y-1, 0); ny <= min(y+1, h-1); ny++ {
				for nx := max(x-1, 0); nx <= min(x+1, w-1); nx++ {
					if n := ny*w + nx; !seen[n] && probability[n] > textFloor {
						seen[n] = true
						stack = append(stack, int32(n))
					}
				}
			}
		}
		ends := make([]raster.Point, 0, 2*(bottom-top+1))
		for y := top; y <= bottom; y++ {
			middle := float64(y) + 0.5
			ends = append(ends, raster.Point{float64(left[y]) + 0.5, middle}, raster.Point{float64(right[y]) + 0.5, middle})
		}
		outline := raster.ConvexHull(ends)
		if b := enclosing(outline); min(b.along, b.across) >= minRegion {
			found = append(found, region{outline, b})
		}
		if len(found) == maxRegions {
			break
		}
	}
	return found
}

// unclipped grows a box that was shrunk.
func unclipped(b box) box {
	return b.grown(b.along * b.across * unclipRatio / (2 * (b.along + b.across)))
}

// mean is the mean probability of the pixels whose middle is within a quadrilateral.
func mean(probability []float32, w, h int, q raster.Quad) float64 {
	x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range q {
		x0, x1, y0, y1 = min(x0, p[0]), max(x1, p[0]), min(y0, p[1]), max(y1, p[1])
	}
	sum, n := 0.0, 0
	for y := max(int(y0), 0); y <= min(int(y1), h-1); y++ {
		for x := max(int(x0), 0); x <= min(int(x1), w-1); x++ {
			if q.Contains(raster.Point{float64(x) + 0.5, float64(y) + 0.5}) {
				sum += float64(probability[y*w+x])
				n++
			}
		}
	}
	return sum / float64(max(n, 1))
}

// long is how many times longer than wide a region is from which its own outline gives its angle.
const long = 3

// running is the angle, within an eighth of a turn from the page's right, at which long lines run along or down the page: the
// median, each counting as much as it is long.
func running(found []region) float64 {
	type vote struct{ angle, weight float64 }
	var votes []vote
	total := 0.0
	for _, f := range found {
		if b := f.box; max(b.along, b.across) >= long*min(b.along, b.across) {
			votes = append(votes, vote{b.running().angle, max(b.along, b.across)})
			total += max(b.along, b.across)
		}
	}
	slices.SortStableFunc(votes, func(a, b vote) int { return cmp.Compare(a.angle, b.angle) })
	sum := 0.0
	for _, v := range votes {
		if sum += v.weight; sum >= total/2 {
			return v.angle
		}
	}
	return 0
}
