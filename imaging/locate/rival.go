package locate

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

const (
	// finalists are the candidates that are compared with one another.
	finalists = 16
	// compared are the candidates that they are compared with.
	compared = 48
	// rivalCount is how many numbers that yields.
	rivalCount = 9
)

// rivals measures a candidate against the others, which are sorted by score: whether one that holds it or lies in it looks as
// much like a document (a printed frame lies in a page, a page on a board), and whether the other generator found it too.
func rivals(all []candidate, at int) [rivalCount]float32 {
	c := &all[at]
	own := c.quad.Area()
	best, holder, held := -9.0, -9.0, -9.0
	holderArea, heldArea, agree, shared := 0.0, 0.0, 0.0, 0.0
	for i := range min(len(all), compared) {
		o := &all[i]
		if i == at {
			continue
		}
		area := o.quad.Area()
		if !boxesMeet(c.quad, o.quad) || area <= 0 || own <= 0 {
			best = max(best, o.score-c.score)
			continue
		}
		iou := c.quad.IoU(o.quad)
		common := iou / (1 + iou) * (own + area)
		if o.region != c.region {
			agree = max(agree, iou)
		}
		if iou < 0.88 {
			best = max(best, o.score-c.score)
		}
		switch ratio := area / own; {
		case ratio > 1.05 && ratio < 4 && common > 0.94*own && o.score-c.score > holder:
			holder, holderArea, shared = o.score-c.score, math.Log(ratio), sharedCorners(c.quad, o.quad)
		case ratio < 0.95 && ratio > 0.25 && common > 0.94*area && o.score-c.score > held:
			held, heldArea = o.score-c.score, math.Log(ratio)
		}
	}
	clamp := func(x float64) float32 { return float32(max(min(x, 9), -9)) }
	return [rivalCount]float32{
		clamp(c.score), clamp(c.score - all[0].score), clamp(best), clamp(holder), clamp(holderArea), clamp(held), clamp(heldArea),
		clamp(agree), clamp(shared),
	}
}

// sharedCorners is how many corners of two quadrilaterals lie close together.
func sharedCorners(a, b raster.Quad) float64 {
	n := 0.0
	for _, p := range a {
		for _, q := range b {
			if math.Abs(p[0]-q[0]) < 3 && math.Abs(p[1]-q[1]) < 3 {
				n++
				break
			}
		}
	}
	return n
}

// boxesMeet reports whether the boxes around two quadrilaterals do.
func boxesMeet(a, b raster.Quad) bool {
	for k := range 2 {
		a0, a1 := min(a[0][k], a[1][k], a[2][k], a[3][k]), max(a[0][k], a[1][k], a[2][k], a[3][k])
		b0, b1 := min(b[0][k], b[1][k], b[2][k], b[3][k]), max(b[0][k], b[1][k], b[2][k], b[3][k])
		if a1 < b0 || b1 < a0 {
			return false
		}
	}
	return true
}

// finalRow is what the last model looks at: a candidate's features, its rivals, its print and what it lies in.
type finalRow [featureCount + rivalCount + printCount + nestsCount]float32

func newFinalRow(f *features, r [rivalCount]float32, p [printCount]float32, n [nestsCount]float32) (row finalRow) {
	copy(row[:], f[:])
	copy(row[featureCount:], r[:])
	copy(row[featureCount+rivalCount:], p[:])
	copy(row[featureCount+rivalCount+printCount:], n[:])
	return row
}

// decide gives the finalists their last score, drops the others and sorts.
func (v *view) decide(all []candidate) []candidate {
	n := min(len(all), finalists)
	scores := make([]float64, n)
	pairs := v.nestings(all[:n])
	nests := nestsOf(n, pairs, func(row *[nestedCount]float32) float64 { return nested().score(row[:]) })
	for i := range n {
		row := newFinalRow(&all[i].features, rivals(all, i), v.print(all[i].quad), nests[i])
		scores[i] = final().score(row[:])
	}
	all = all[:n]
	for i := range all {
		all[i].score = scores[i]
	}
	v.settle(all, pairs)
	sortByScore(all)
	return all
}
