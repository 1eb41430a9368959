package raster

import (
	"math"

	"github.com/preflight-icp/preflight/filing"
)

// Point is a position in the plane.
type Point = filing.Point

// Quad is a quadrilateral: four corners, clockwise as seen on the picture (y downwards).
type Quad [4]Point

// Area is positive where the corners are clockwise.
func (q Quad) Area() float64 { return PolygonArea(q[:]) }

// Convex reports whether the corners are clockwise and every turn is to the right.
func (q Quad) Convex() bool {
	for i := range q {
		if cross(q[i], q[(i+1)%4], q[(i+2)%4]) <= 0 {
			return false
		}
	}
	return true
}

// Contains reports whether a position is inside a convex quadrilateral or on its border.
func (q Quad) Contains(p Point) bool {
	for i := range q {
		if cross(q[i], q[(i+1)%4], p) < 0 {
			return false
		}
	}
	return true
}

// Middle is where the diagonals cross: the image of a rectangle's middle under any perspective. Where they do not cross it
// is the mean of the corners.
func (q Quad) Middle() Point {
	a, b := Point{q[2][0] - q[0][0], q[2][1] - q[0][1]}, Point{q[3][0] - q[1][0], q[3][1] - q[1][1]}
	det := a[0]*b[1] - a[1]*b[0]
	if math.Abs(det) < 1e-9 {
		return Point{(q[0][0] + q[1][0] + q[2][0] + q[3][0]) / 4, (q[0][1] + q[1][1] + q[2][1] + q[3][1]) / 4}
	}
	t := ((q[1][0]-q[0][0])*b[1] - (q[1][1]-q[0][1])*b[0]) / det
	return Point{q[0][0] + t*a[0], q[0][1] + t*a[1]}
}

// Side is the length of the side from corner i to the next.
func (q Quad) Side(i int) float64 {
	a, b := q[i%4], q[(i+1)%4]
	return math.Hypot(b[0]-a[0], b[1]-a[1])
}

// Turned returns the same quadrilateral beginning with corner n.
func (q Quad) Turned(n int) Quad { return Quad{q[n%4], q[(n+1)%4], q[(n+2)%4], q[(n+3)%4]} }

// Within returns the part of a convex quadrilateral inside a rectangle from the origin to (w, h), as a polygon.
func (q Quad) Within(w, h float64) []Point {
	return clip(q[:], Quad{{0, 0}, {w, 0}, {w, h}, {0, h}})
}

// IoU is the area that two convex quadrilaterals share over the area that they cover together, 0 to 1 (intersection over
// union, 交并比).
func (q Quad) IoU(other Quad) float64 {
	shared := PolygonArea(clip(q[:], other))
	union := q.Area() + other.Area() - shared
	if union <= 0 {
		return 0
	}
	return shared / union
}

// clip returns the part of a polygon inside a convex quadrilateral (Sutherland and Hodgman, 1974).
func clip(polygon []Point, by Quad) []Point {
	for i := range by {
		a, b := by[i], by[(i+1)%4]
		var kept []Point
		for j, p := range polygon {
			next := polygon[(j+1)%len(polygon)]
			dp, dn := cross(a, b, p), cross(a, b, next)
			if dp >= 0 {
				kept = append(kept, p)
			}
			if dp >= 0 != (dn >= 0) {
				t := dp / (dp - dn)
				kept = append(kept, Point{p[0] + t*(next[0]-p[0]), p[1] + t*(next[1]-p[1])})
			}
		}
		polygon = kept
		if len(polygon) == 0 {
			return nil
		}
	}
	return polygon
}

// cross is positive where p lies to the right of the line from a to b, seen with y downwards.
func cross(a, b, p Point) float64 { return (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0]) }

// PolygonArea is the area of a polygon, positive where its corners are clockwise.
func PolygonArea(polygon []Point) float64 {
	sum := 0.0
	for i, p := range polygon {
		q := polygon[(i+1)%len(polygon)]
		sum += p[0]*q[1] - p[1]*q[0]
	}
	return sum / 2
}

// Homography is a projective map of the plane: a 3 x 3 matrix, row by row (单应矩阵).
type Homography [9]float64

// Apply maps a position.
func (m Homography) Apply(p Point) Point {
	z := 1 / (m[6]*p[0] + m[7]*p[1] + m[8])
	return Point{(m[0]*p[0] + m[1]*p[1] + m[2]) * z, (m[3]*p[0] + m[4]*p[1] + m[5]) * z}
}

// After returns the map that applies first and then m.
func (m Homography) After(first Homography) Homography {
	var out Homography
	for r := range 3 {
		for c := range 3 {
			for k := range 3 {
				out[3*r+c] += m[3*r+k] * first[3*k+c]
			}
		}
	}
	return out
}

// Inverse returns the map back; false where there is none.
func (m Homography) Inverse() (Homography, bool) {
	a, b, c := m[4]*m[8]-m[5]*m[7], m[2]*m[7]-m[1]*m[8], m[1]*m[5]-m[2]*m[4]
	det := m[0]*a + m[3]*b + m[6]*c
	if det == 0 || math.IsNaN(det) || math.IsInf(det, 0) {
		return Homography{}, false
	}
	return Homography{
		a / det, b / det, c / det,
		(m[5]*m[6] - m[3]*m[8]) / det, (m[0]*m[8] - m[2]*m[6]) / det, (m[2]*m[3] - m[0]*m[5]) / det,
		(m[3]*m[7] - m[4]*m[6]) / det, (m[1]*m[6] - m[0]*m[7]) / det, (m[0]*m[4] - m[1]*m[3]) / det,
	}, true
}

// Jacobian returns the derivative of the map at a position, row by row: how much the plane is stretched and turned there.
func (m Homography) Jacobian(p Point) [4]float64 {
	z := m[6]*p[0] + m[7]*p[1] + m[8]
	q := m.Apply(p)
	return [4]float64{(m[0] - q[0]*m[6]) / z, (m[1] - q[0]*m[7]) / z, (m[3] - q[1]*m[6]) / z, (m[4] - q[1]*m[7]) / z}
}

// Scale is the mean magnification at a position: the root of the area that a unit square becomes.
func (m Homography) Scale(p Point) float64 {
	j := m.Jacobian(p)
	return math.Sqrt(math.Abs(j[0]*j[3] - j[1]*j[2]))
}

// Scales are the larger and the smaller singular value of the Jacobian at a position: the magnification along the plane's
// own direction that is least and most foreshortened.
func (m Homography) Scales(p Point) (larger, smaller float64) {
	j := m.Jacobian(p)
	sum, det := j[0]*j[0]+j[1]*j[1]+j[2]*j[2]+j[3]*j[3], math.Abs(j[0]*j[3]-j[1]*j[2])
	plus, minus := math.Sqrt(sum+2*det), math.Sqrt(math.Max(sum-2*det, 0))
	return (plus + minus) / 2, (plus - minus) / 2
}

// RectToQuad returns the map that takes the rectangle from the origin to (w, h) to a convex quadrilateral, corner to corner
// clockwise from the top left; false where the quadrilateral is none.
func RectToQuad(w, h float64, q Quad) (Homography, bool) {
	// Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989, section 2.2.3: the square's map in closed form.
	if w <= 0 || h <= 0 {
		return Homography{}, false
	}
	sx, sy := q[0][0]-q[1][0]+q[2][0]-q[3][0], q[0][1]-q[1][1]+q[2][1]-q[3][1]
	dx1, dx2, dy1, dy2 := q[1][0]-q[2][0], q[3][0]-q[2][0], q[1][1]-q[2][1], q[3][1]-q[2][1]
	det := dx1*dy2 - dx2*dy1
	if finite := det + sx + sy; det == 0 || math.IsNaN(finite) || math.IsInf(finite, 0) {
		return Homography{}, false
	}
	g, k := (sx*dy2-dx2*sy)/det, (dx1*sy-sx*dy1)/det
	return Homography{
		(q[1][0] - q[0][0] + g*q[1][0]) / w, (q[3][0] - q[0][0] + k*q[3][0]) / h, q[0][0],
		(q[1][1] - q[0][1] + g*q[1][1]) / w, (q[3][1] - q[0][1] + k*q[3][1]) / h, q[0][1],
		g / w, k / h, 1,
	}, true
}
