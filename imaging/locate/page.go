package locate

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// pageConfidence is that of a page that fills the picture: a scan, or what a computer drew. It is no more than likely, since
// no edge shows where the page ends.
const pageConfidence = 0.6

// page reports whether the picture itself is a page: of the shape of a format, of one bright colour all around its border,
// and with print inside.
func (v *view) page() bool {
	w, h := float64(v.w), float64(v.h)
	fits := false
	for _, k := range formats() {
		fits = fits || pose{aspect: w / h}.misfit(k) < 0.03
	}
	if !fits {
		return false
	}
	var strips [4][channels]float64
	for i := range strips {
		const places = 40
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
