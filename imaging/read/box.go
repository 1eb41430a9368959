package read

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// box is a rectangle around a line of text, at any angle, in pixels of a page.
type box struct {
	middle raster.Point
	// along and across are the sides: along is the direction of angle, in radians, clockwise from the page's right.
	along, across float64
	angle         float64
	// score is the mean probability of text within it, 0 to 1.
	score float64
}

// corners are clockwise from the start of the line.
func (b box) corners() raster.Quad {
	sin, cos := math.Sincos(b.angle)
	x, y := b.along/2, b.across/2
	at := func(x, y float64) raster.Point {
		return raster.Point{b.middle[0] + x*cos - y*sin, b.middle[1] + x*sin + y*cos}
	}
	return raster.Quad{at(-x, -y), at(x, -y), at(x, y), at(-x, y)}
}

// grown returns the box larger by a distance on every side.
func (b box) grown(d float64) box {
	b.along, b.across = b.along+2*d, b.across+2*d
	return b
}

// scaled takes the box to a page of another size; fx and fy are nearly the same.
func (b box) scaled(fx, fy float64) box {
	f := math.Sqrt(fx * fy)
	b.middle = raster.Point{b.middle[0] * fx, b.middle[1] * fy}
	b.along, b.across = b.along*f, b.across*f
	return b
}

// turned takes the box to the page (w by h before) whose top left is corner n of this one.
func (b box) turned(n int, w, h float64) box {
	for range n % 4 {
		b.middle = raster.Point{b.middle[1], w - b.middle[0]}
		b.angle -= math.Pi / 2
		w, h = h, w
	}
	return b
}

// running returns the same rectangle with its first direction the one nearest to the page's right.
func (b box) running() box {
	for b.angle > math.Pi/4 {
		b.angle -= math.Pi / 2
		b.along, b.across = b.across, b.along
	}
	for b.angle <= -math.Pi/4 {
		b.angle += math.Pi / 2
		b.along, b.across = b.across, b.along
	}
	return b
}

// elongated is how many times longer than wide a box is from which its shape tells the direction of its text.
const elongated = 1.5

// enclosing is the rectangle of least area around a convex polygon: one of its sides lies along one of the polygon's
// (Freeman and Shapira, 1975).
func enclosing(polygon []raster.Point) box {
	var best box
	least := math.Inf(1)
	for i, a := range polygon {
		b := polygon[(i+1)%len(polygon)]
		if a == b {
			continue
		}
		r := around(polygon, math.Atan2(b[1]-a[1], b[0]-a[0]))
		if area := r.along * r.across; area < least {
			best, least = r, area
		}
	}
	if math.IsInf(least, 1) && len(polygon) > 0 {
		return box{middle: polygon[0]}
	}
	return best
}

// around is the rectangle around a polygon at an angle.
func around(polygon []raster.Point, angle float64) box {
	sin, cos := math.Sincos(angle)
	x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range polygon {
		x, y := p[0]*cos+p[1]*sin, p[1]*cos-p[0]*sin
		x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
	}
	x, y := (x0+x1)/2, (y0+y1)/2
	return box{middle: raster.Point{x*cos - y*sin, x*sin + y*cos}, along: x1 - x0, across: y1 - y0, angle: angle}
}
