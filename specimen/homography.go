package specimen

import (
	"math"

	"github.com/preflight-icp/preflight/filing"
)

// Homography is a projective map of the plane: a 3 x 3 matrix, row by row.
type Homography [9]float64

// Apply maps a point.
func (m Homography) Apply(p filing.Point) filing.Point {
	z := m[6]*p[0] + m[7]*p[1] + m[8]
	return filing.Point{(m[0]*p[0] + m[1]*p[1] + m[2]) / z, (m[3]*p[0] + m[4]*p[1] + m[5]) / z}
}

// Inverse returns the map back; false where there is none.
func (m Homography) Inverse() (Homography, bool) {
	a, b, c := m[4]*m[8]-m[5]*m[7], m[2]*m[7]-m[1]*m[8], m[1]*m[5]-m[2]*m[4]
	det := m[0]*a + m[3]*b + m[6]*c
	if math.Abs(det) < 1e-12 {
		return Homography{}, false
	}
	return Homography{
		a / det, b / det, c / det,
		(m[5]*m[6] - m[3]*m[8]) / det, (m[0]*m[8] - m[2]*m[6]) / det, (m[2]*m[3] - m[0]*m[5]) / det,
		(m[3]*m[7] - m[4]*m[6]) / det, (m[1]*m[6] - m[0]*m[7]) / det, (m[0]*m[4] - m[1]*m[3]) / det,
	}, true
}

func (m Homography) corners(d *Document) [4]filing.Point {
	return [4]filing.Point{m.Apply(filing.Point{0, 0}), m.Apply(filing.Point{d.WidthMM, 0}),
		m.Apply(filing.Point{d.WidthMM, d.HeightMM}), m.Apply(filing.Point{0, d.HeightMM})}
}

// scale is the mean magnification at a point: the root of the area that a unit square becomes.
func (m Homography) scale(x, y float64) float64 {
	const e = 1e-3
	o, a, b := m.Apply(filing.Point{x, y}), m.Apply(filing.Point{x + e, y}), m.Apply(filing.Point{x, y + e})
	return math.Sqrt(math.Abs((a[0]-o[0])*(b[1]-o[1])-(a[1]-o[1])*(b[0]-o[0]))) / e
}
