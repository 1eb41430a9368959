package locate

import (
	"math"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// pageConfidence is that of a page that fills the picture: a scan, or what a computer drew. It is no more than likely, since
// no edge shows where the page ends.
const pageConfidence = 0.6

// A scan, and a photo that was cropped along the document, are the document from edge to edge. Their shape is a format's, as no camera's
// picture is (4:3, 3:2, 16:9), and they are printed as documents are: dark on bright, on one ground. Of 24 flat pictures of cards and pages all are
// so, also when they are blurred or grey or somebody's thumb is on them, and of 120 photos without a document that were cropped to such a shape 3.
const (
	// formatShape is the misfit up to which the picture's shape is a format's.
	formatShape = 0.02
	// leastPrinted and mostPrinted are the shares of the picture's blocks that show detail: newspaper and cloth do in nearly all.
	leastPrinted, mostPrinted = 0.15, 0.87
	// darkPrint is the most skew of the blocks' levels, -1 where a few dark strokes lie on bright paper, brightGround the least place of the median
	// between the darkest and the brightest, evenGround the most that the ground of the blocks differs, as a share of its level.
	darkPrint, brightGround, evenGround = -0.4, 0.75, 0.25
	// frameMargin is how far from the picture's border, as a share of its short side, the sides of a printed frame lie at most, and frameSlope how
	// far, as a share of their length, they are from lying as the border does.
	frameMargin, frameSlope = 0.09, 0.006
	// sameStock is how far apart the colours of the paper within a printed frame and along the picture's border may be: those of a licence are 1
	// apart, those of pale cards and of white glass 14 and more.
	sameStock = 8
)

// edgeToEdge reports whether the picture itself is a document: nothing in it is one, or what was taken for one is its portrait or its frame.
func (v *view) edgeToEdge(found []filing.Document) bool {
	if len(found) == 0 {
		return v.page() || v.printed()
	}
	if found[0].Confidence < unsure {
		return v.printed()
	}
	return v.framed(found[0].Quad) && v.printed()
}

// printed reports whether the picture has the shape of a format and is printed like a document.
func (v *view) printed() bool {
	w, h := float64(v.w), float64(v.h)
	if !v.formatted(formatShape) {
		return false
	}
	p := v.print(raster.Quad{{0, 0}, {w, 0}, {w, h}, {0, h}})
	return p[0] >= leastPrinted && p[0] <= mostPrinted && p[2] <= darkPrint && p[5] >= brightGround && p[7] <= evenGround
}

// framed reports whether a quadrilateral, in pixels of the upright picture, lies as the picture does, just within it, on the paper that reaches
// the picture's border.
func (v *view) framed(at [4]filing.Point) bool {
	w, h := float64(v.w), float64(v.h)
	var q raster.Quad
	for i, p := range at {
		q[i] = raster.Point{p[0] / v.sx, p[1] / v.sy}
	}
	corners := raster.Quad{{0, 0}, {w, 0}, {w, h}, {0, h}}
	for i := range q {
		if math.Hypot(q[i][0]-corners[i][0], q[i][1]-corners[i][1]) > math.Sqrt2*frameMargin*min(w, h) {
			return false
		}
		a, b := q[i], q[(i+1)%4]
		if dx, dy := math.Abs(a[0]-b[0]), math.Abs(a[1]-b[1]); min(dx, dy) > frameSlope*max(dx, dy) {
			return false
		}
	}
	stock := v.stock(q)
	for _, strip := range v.strips() {
		if span(strip, stock) > sameStock {
			return false
		}
	}
	return true
}

// stock is the colour of the paper of what a quadrilateral encloses: the median, since less than half of it is print.
func (v *view) stock(q raster.Quad) (stock [channels]float64) {
	const places, inset = 24, 0.1
	m, ok := raster.RectToQuad(1, 1, q)
	if !ok {
		return stock
	}
	var values [channels][]float64
	for i := range places {
		for j := range places {
			p := m.Apply(raster.Point{inset + (1-2*inset)*(float64(i)+0.5)/places, inset + (1-2*inset)*(float64(j)+0.5)/places})
			if !v.inside(p) {
				continue
			}
			c := v.colour(p[0], p[1])
			for k := range c {
				values[k] = append(values[k], c[k])
			}
		}
	}
	for k := range stock {
		stock[k] = raster.Quantile(values[k], 0.5)
	}
	return stock
}

// formatted reports whether the picture has the shape of a format.
func (v *view) formatted(most float64) bool {
	for _, k := range formats() {
		if (pose{aspect: float64(v.w) / float64(v.h)}).misfit(k) < most {
			return true
		}
	}
	return false
}

// strips are the mean colours along the picture's four sides: top, right, bottom, left.
func (v *view) strips() (strips [4][channels]float64) {
	const places = 40
	w, h := float64(v.w), float64(v.h)
	for i := range strips {
		for j := range places {
			t := (float64(j) + 0.5) / places
			x, y := t*w, 2.0
			switch i {
			case 1:
				x, y = w-2, t*h
			case 2:
				y = h - 2
			case 3:
				x, y = 2, t*h
			}
			c := v.colour(x, y)
			for k := range c {
				strips[i][k] += c[k] / places
			}
		}
	}
	return strips
}

// page reports whether the picture itself is a page: of the shape of a format, of one bright colour all around its border,
// and with print inside.
func (v *view) page() bool {
	w, h := float64(v.w), float64(v.h)
	if !v.formatted(0.03) {
		return false
	}
	strips := v.strips()
	for i := range strips {
		if strips[i][0] < 150 || span(strips[i], strips[0]) > 14 || math.Hypot(strips[i][1], strips[i][2]) > 25 {
			return false
		}
	}
	inside := v.fill(raster.Quad{{0.06 * w, 0.06 * h}, {0.94 * w, 0.06 * h}, {0.94 * w, 0.94 * h}, {0.06 * w, 0.94 * h}},
		strips[0], [channels]float64{0, 0, 0})
	edges, blank := inside[0], inside[3]
	return edges > 0.06 && blank < 0.25*edges
}
