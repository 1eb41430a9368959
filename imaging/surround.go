package imaging

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// The band around a document that is looked at, in shares of its shorter side beyond its edge: near enough to be what it lies on,
// not so near that its shadow and the roundness of its corners are in it.
var surroundBands = [4]float64{0.05, 0.08, 0.11, 0.14}

const (
	// surroundSteps are taken along each side of the band.
	surroundSteps = 96
	// leastSurround is the share of the band that has to be within the frame.
	leastSurround = 0.25
)

// surroundOf measures what a document lies on. It looks at some 1,500 pixels of the reduced picture.
func surroundOf(f *raster.Frame, doc *filing.Document) *filing.Surround {
	if doc == nil {
		return nil
	}
	q := raster.Quad(doc.Quad)
	short := min(q.Side(0)+q.Side(2), q.Side(1)+q.Side(3)) / 2
	middle := q.Middle()
	sides := sidesAsSeen(q)
	var all [3][]float64
	var lightness [4][]float64
	var steps []float64
	seen, asked := 0, 0
	for k := range 4 {
		a, b := q[k], q[(k+1)%4]
		away := raster.Point{b[1] - a[1], a[0] - b[0]}
		norm := math.Hypot(away[0], away[1])
		if norm == 0 {
			return nil
		}
		away = raster.Point{away[0] / norm, away[1] / norm}
		if (middle[0]-a[0])*away[0]+(middle[1]-a[1])*away[1] > 0 {
			away = raster.Point{-away[0], -away[1]}
		}
		for _, share := range surroundBands {
			before, have := 0.0, false
			for i := range surroundSteps {
				t := (float64(i) + 0.5) / surroundSteps
				at := f.ToSmall(raster.Point{a[0] + t*(b[0]-a[0]) + share*short*away[0], a[1] + t*(b[1]-a[1]) + share*short*away[1]})
				asked++
				if at[0] < 0.5 || at[1] < 0.5 || at[0] > float64(f.Small.W)-0.5 || at[1] > float64(f.Small.H)-0.5 {
					have = false
					continue
				}
				seen++
				l, ca, cb := lab(f.Small.At(at[0]-0.5, at[1]-0.5))
				all[0], all[1], all[2] = append(all[0], l), append(all[1], ca), append(all[2], cb)
				lightness[sides[k]] = append(lightness[sides[k]], l)
				if have {
					steps = append(steps, math.Abs(l-before))
				}
				before, have = l, true
			}
		}
	}
	if float64(seen) < leastSurround*float64(asked) || len(steps) == 0 {
		return nil
	}
	s := &filing.Surround{Seen: hundredths(float64(seen) / float64(asked))}
	for i := range all {
		s.Lab[i] = hundredths(medianOf(all[i]))
	}
	spread, n := 0.0, 0
	for i, l := range lightness {
		if len(l) < surroundSteps/2 {
			continue
		}
		m := medianOf(l)
		s.Sides[i] = hundredths(m)
		for _, v := range l {
			spread += math.Abs(v - m)
			n++
		}
	}
	s.Spread = hundredths(spread / float64(max(n, 1)))
	s.Detail = hundredths(mean(steps))
	return s
}

// sidesAsSeen numbers the sides of a quadrilateral as they lie in the picture: 0 above, then clockwise.
func sidesAsSeen(q raster.Quad) (out [4]int) {
	// The side whose middle is the highest is the upper one; the others follow.
	top := 0
	for k := range 4 {
		if q[k][1]+q[(k+1)%4][1] < q[top][1]+q[(top+1)%4][1] {
			top = k
		}
	}
	for k := range 4 {
		out[k] = (k - top + 4) % 4
	}
	return out
}

// lab converts sRGB of 0 to 255 to CIELAB under D65 (IEC 61966-2-1, CIE 15).
func lab(r, g, b float64) (l, ca, cb float64) {
	linear := func(v float64) float64 {
		if v /= 255; v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	r, g, b = linear(r), linear(g), linear(b)
	root := func(t float64) float64 {
		if t > 216.0/24389 {
			return math.Cbrt(t)
		}
		return (24389.0/27*t + 16) / 116
	}
	x := root((0.4124564*r + 0.3575761*g + 0.1804375*b) / 0.95047)
	y := root(0.2126729*r + 0.7151522*g + 0.0721750*b)
	z := root((0.0193339*r + 0.1191920*g + 0.9503041*b) / 1.08883)
	return 116*y - 16, 500 * (x - y), 200 * (y - z)
}

// medianOf is the middle value; it sorts what it is given.
func medianOf(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }
