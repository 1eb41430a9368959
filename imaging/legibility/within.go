package legibility

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// Rays and tints of a printed ground, a fingertip, a fold have edges that no lens made soft. Print is as sharp as the lens and the hand
// were, or softer, so that the width of edges bounds the blur where they lie; and blur does not change from place to place as it likes.
//
// Light that is out of focus spreads over a disc that grows in proportion to how far the reciprocal of the depth is from that of the plane
// in focus, and over the picture of a plane the reciprocal of the depth is linear. So, nearly, is the way that its points move while the
// shutter is open; what lens and sensor add is constant. As these widths add up in squares, that of all blur is the length of a vector
// that is linear over the picture: at a place that is a sum of three others, with weights that add up to one and may be negative, it is the
// same sum of theirs, and by the triangle inequality no longer than the sum of their lengths with the weights' magnitudes. Between three
// sharp places nothing is blurred, and beyond them it may be the more so the farther away.

const (
	// withinSlack is how many times the width that the others allow a tile's edges may have and still be print's: where strokes run into
	// each other they are measured by up to so much too wide.
	withinSlack = 1.5
	// wholeDetail is the detail of print from which its sharp edges bound the blur: sharp print of any template reaches it. Where a hand
	// that trembled has drawn every stroke twice, each is as sharp as ever and bounds nothing.
	wholeDetail = 0.6
)

// withinBlur leaves out tiles whose edges are wider than blur can be there, given how sharp the others are: they are not print's.
func (s *sheet) withinBlur(tiles []tile) []tile {
	at, widths := make([]raster.Point, len(tiles)), make([]float64, len(tiles))
	for i, t := range tiles {
		at[i], widths[i] = s.toFull.Apply(raster.Point{t.x, t.y}), t.width*t.full
	}
	var out []tile
	for i, t := range tiles {
		if widths[i] <= withinSlack*mostBlur(at, widths, i) {
			out = append(out, t)
		}
	}
	return out
}

// mostBlur is the width that blur can have at one of some places, given the widths of edges at the others; infinite where no three of
// them span a triangle.
func mostBlur(at []raster.Point, widths []float64, i int) float64 {
	most := math.Inf(1)
	for a := range at {
		for b := range a {
			if a == i || b == i {
				continue
			}
			ab := doubleArea(at[i], at[a], at[b])
			for c := range b {
				if c == i {
					continue
				}
				bc, ca := doubleArea(at[i], at[b], at[c]), doubleArea(at[i], at[c], at[a])
				// The weights are the shares of the three triangles with the place in that of the three places.
				if whole := math.Abs(ab + bc + ca); whole > 0 {
					most = min(most, (math.Abs(bc)*widths[a]+math.Abs(ca)*widths[b]+math.Abs(ab)*widths[c])/whole)
				}
			}
		}
	}
	return most
}

// doubleArea is twice the area of a triangle, negative where it runs against the clock.
func doubleArea(o, a, b raster.Point) float64 {
	return (a[0]-o[0])*(b[1]-o[1]) - (b[0]-o[0])*(a[1]-o[1])
}
