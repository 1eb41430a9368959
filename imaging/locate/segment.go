package locate

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// segment is a straight piece of an edge.
type segment struct {
	a, b raster.Point
	// direction is that from a to b, a unit vector, with the brighter side to its left as seen on the picture.
	direction raster.Point
	length    float64
	// strength is the mean gradient in grey levels per pixel.
	strength float64
}

// segments finds the straight pieces of edges: pixels whose gradient is the greatest across the edge are linked along the
// edge as long as they stay on one line.
func (v *view) segments(shortest float64) []segment {
	w, h := v.w, v.h
	if w < 8 || h < 8 {
		return nil
	}
	least := max(0.7, 0.9*v.noise)
	thin, seeds := v.thin(least)
	var out []segment
	for _, seed := range seeds {
		if !thin[seed] {
			continue
		}
		tx, ty := -v.gy[seed]/v.mag[seed], v.gx[seed]/v.mag[seed]
		t := tracer{v: v, thin: thin}
		t.add(int(seed))
		t.walk(int(seed), tx, ty)
		t.walk(int(seed), -tx, -ty)
		if float64(t.n) < shortest {
			continue
		}
		if s, ok := t.segment(); ok && s.length >= shortest {
			out = append(out, s)
		}
	}
	return out
}

// thin marks the pixels at which the gradient is the greatest across the edge, and lists them, the strongest first.
func (v *view) thin(least float32) (thin []bool, seeds []int32) {
	w, h := v.w, v.h
	thin = make([]bool, w*h)
	const bins = 128
	var count [bins]int32
	bin := func(m float32) int { return bins - 1 - min(int(m*3), bins-1) }
	n := 0
	for y := 1; y < h-1; y++ {
		row := v.mag[y*w : (y+1)*w]
		for x := 1; x < len(row)-1; x++ {
			m := row[x]
			if m < least {
				continue
			}
			i := y*w + x
			gx, gy := v.gx[i], v.gy[i]
			step := 1
			ax, ay := abs32(gx), abs32(gy)
			switch {
			case ay > 2.414*ax:
				step = w
			case ax > 2.414*ay:
			case gx*gy > 0:
				step = w + 1
			default:
				step = w - 1
			}
			if m > v.mag[i-step] && m >= v.mag[i+step] {
				thin[i] = true
				count[bin(m)]++
				n++
			}
		}
	}
	var at [bins]int32
	for i := 1; i < bins; i++ {
		at[i] = at[i-1] + count[i-1]
	}
	seeds = make([]int32, n)
	for i, is := range thin {
		if is {
			b := bin(v.mag[i])
			seeds[at[b]] = int32(i)
			at[b]++
		}
	}
	return thin, seeds
}

// tracer follows one edge.
type tracer struct {
	v    *view
	thin []bool
	// Sums over the pixels so far, of positions to a fraction of a pixel.
	n                     int
	sx, sy, sxx, sxy, syy float64
	strength              float64
	gx, gy                float64
	last                  raster.Point
}

// add takes a pixel and marks it used.
func (t *tracer) add(i int) {
	v := t.v
	t.thin[i] = false
	x, y := float64(i%v.w)+0.5, float64(i/v.w)+0.5
	// The place of the greatest gradient between pixels, by a parabola through three along the axis nearest to it.
	gx, gy, m := v.gx[i], v.gy[i], v.mag[i]
	step := 1
	if abs32(gy) > abs32(gx) {
		step = v.w
	}
	a, b := v.mag[i-step], v.mag[i+step]
	if curve := a - 2*m + b; curve < -1e-3 {
		shift := float64(max(min((a-b)/(2*curve), 0.5), -0.5))
		if step == 1 {
			x += shift
		} else {
			y += shift
		}
	}
	t.n++
	t.sx, t.sy = t.sx+x, t.sy+y
	t.sxx, t.sxy, t.syy = t.sxx+x*x, t.sxy+x*y, t.syy+y*y
	t.strength += float64(m)
	t.gx, t.gy = t.gx+float64(gx/m), t.gy+float64(gy/m)
	t.last = raster.Point{x, y}
}

// walk follows the edge from pixel i in a direction until it ends or turns.
func (t *tracer) walk(i int, tx, ty float32) {
	const cosine = 0.90 // of 26 degrees: how far the gradient of a pixel may turn from the segment's
	v := t.v
	dx, dy := float64(tx), float64(ty)
	gap := 0
	x, y := i%v.w, i/v.w
	for {
		if t.n >= 6 && t.n%3 == 0 {
			if ux, uy, ok := t.axis(); ok {
				if ux*dx+uy*dy < 0 {
					ux, uy = -ux, -uy
				}
				dx, dy = ux, uy
			}
		}
		sx, sy := 0, 0
		across := v.w
		if math.Abs(dx) >= math.Abs(dy) {
			sx = sign(dx)
		} else {
			sy, across = sign(dy), 1
		}
		x, y = x+sx, y+sy
		if x < 2 || y < 2 || x >= v.w-2 || y >= v.h-2 {
			return
		}
		next, strongest := -1, float32(0)
		middle := y*v.w + x
		enough := cosine * math.Sqrt(t.gx*t.gx+t.gy*t.gy)
		for k := -1; k <= 1; k++ {
			j := middle + k*across
			if !t.thin[j] {
				continue
			}
			m := v.mag[j]
			// The gradient of the pixel must stand across the way that the edge takes, with the same side bright.
			if m > strongest && float64(v.gx[j])*t.gx+float64(v.gy[j])*t.gy > enough*float64(m) {
				next, strongest = j, m
			}
		}
		if next >= 0 && t.n >= 6 {
			cx, cy := t.sx/float64(t.n), t.sy/float64(t.n)
			px, py := float64(next%v.w)+0.5, float64(next/v.w)+0.5
			if math.Abs((px-cx)*dy-(py-cy)*dx) > 1.6 {
				next = -1
			}
		}
		if next < 0 {
			if gap++; gap > 2 {
				return
			}
			// Carry on along the line across a pixel that noise took.
			if t.n >= 6 {
				cx, cy := t.sx/float64(t.n), t.sy/float64(t.n)
				if sx != 0 {
					y = int(cy + (float64(x)+0.5-cx)*dy/dx)
				} else {
					x = int(cx + (float64(y)+0.5-cy)*dx/dy)
				}
				if x < 2 || y < 2 || x >= v.w-2 || y >= v.h-2 {
					return
				}
			}
			continue
		}
		gap = 0
		t.add(next)
		x, y = next%v.w, next/v.w
	}
}

// axis is the direction of the line through the pixels so far, by least squares of distances.
func (t *tracer) axis() (ux, uy float64, ok bool) {
	n := float64(t.n)
	cx, cy := t.sx/n, t.sy/n
	xx, xy, yy := t.sxx/n-cx*cx, t.sxy/n-cx*cy, t.syy/n-cy*cy
	if xx+yy < 1e-6 {
		return 0, 0, false
	}
	sin, cos := math.Sincos(0.5 * math.Atan2(2*xy, xx-yy))
	return cos, sin, true
}

// segment is the piece of the line that the pixels span.
func (t *tracer) segment() (segment, bool) {
	ux, uy, ok := t.axis()
	if !ok {
		return segment{}, false
	}
	n := float64(t.n)
	cx, cy := t.sx/n, t.sy/n
	spread := math.Sqrt(max(0, (t.sxx/n-cx*cx)*ux*ux+2*(t.sxy/n-cx*cy)*ux*uy+(t.syy/n-cy*cy)*uy*uy))
	half := spread * math.Sqrt(3)
	// The brighter side, where the gradient points, is to be on the left: y runs downwards, so left of (ux, uy) is (uy, -ux).
	if uy*t.gx-ux*t.gy < 0 {
		ux, uy = -ux, -uy
	}
	return segment{
		a: raster.Point{cx - half*ux, cy - half*uy}, b: raster.Point{cx + half*ux, cy + half*uy},
		direction: raster.Point{ux, uy}, length: 2 * half, strength: t.strength / n,
	}, true
}

func sign(x float64) int {
	if x < 0 {
		return -1
	}
	return 1
}

func abs32(x float32) float32 {
	if x < 0 {
		return -x
	}
	return x
}
