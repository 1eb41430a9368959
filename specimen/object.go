package specimen

import (
	"math"

	"github.com/preflight-icp/preflight/filing"
)

// solid is an object made ready for rendering: a capsule that tapers from one end to the other, or a flat slip.
type solid struct {
	ax, ay, dx, dy, len2 float32
	r0, r1, most         float32
	flat, nail           bool
	colour               rgb
	lift                 float32
}

func prepareObjects(objects []object) []solid {
	solids := make([]solid, len(objects))
	for i, o := range objects {
		s := solid{ax: float32(o.from[0]), ay: float32(o.from[1]), r0: float32(o.r0), r1: float32(o.r1), colour: o.colour,
			lift: float32(o.lift), flat: o.what == "coin" || o.what == "slip", nail: o.what == "finger"}
		s.dx, s.dy = float32(o.to[0])-s.ax, float32(o.to[1])-s.ay
		s.len2 = max(s.dx*s.dx+s.dy*s.dy, 1e-6)
		s.most = max(s.r0, s.r1)
		solids[i] = s
	}
	return solids
}

// distance is the signed distance to the outline and how far along the axis (0 to 1) the nearest place is; slips are
// rectangles around their axis.
func (s *solid) distance(u, v float32) (far, along, across float32) {
	x, y := u-s.ax, v-s.ay
	t := (x*s.dx + y*s.dy) / s.len2
	clamped := min(max(t, 0), 1)
	if s.flat && s.r1 == 0 {
		l := float32(math.Sqrt(float64(s.len2)))
		cross := (x*s.dy - y*s.dx) / l
		return roundedDistance((t-0.5)*l, cross, l/2, s.r0, 0.5), t, cross
	}
	x, y = x-clamped*s.dx, y-clamped*s.dy
	d := float32(math.Sqrt(float64(x*x + y*y)))
	return d - (s.r0 + (s.r1-s.r0)*clamped), clamped, d
}

// over lays the object over a colour: the shadow that it casts down and to the right, and its own round shading.
func (s *solid) over(u, v, px, r, g, b float32) (float32, float32, float32) {
	// Far away on either axis: nothing.
	reach := s.most + 2*s.lift + px
	if u < min(s.ax, s.ax+s.dx)-reach || u > max(s.ax, s.ax+s.dx)+reach || v < min(s.ay, s.ay+s.dy)-reach ||
		v > max(s.ay, s.ay+s.dy)+reach {
		return r, g, b
	}
	far, along, across := s.distance(u, v)
	if far > px {
		if s.lift > 0 {
			if shade, _, _ := s.distance(u-0.6*s.lift, v-0.6*s.lift); shade < s.lift {
				d := 1 - max(shade, 0)/s.lift
				dark := 1 - 0.5*d*d
				r, g, b = r*dark, g*dark, b*dark
			}
		}
		return r, g, b
	}
	cover := min(max(0.5-far/px, 0), 1)
	c := s.colour
	if !s.flat {
		radius := s.r0 + (s.r1-s.r0)*along
		q := min(across/radius, 1)
		shade := 0.42 + 0.58*float32(math.Sqrt(float64(max(1-q*q, 0))))
		// Flesh is redder where light grazes it.
		c = rgb{c[0] * shade, c[1] * shade * (0.86 + 0.14*shade), c[2] * shade * (0.8 + 0.2*shade)}
		if s.nail {
			// The nail lies on the back of the last joint.
			l := float32(math.Sqrt(float64(s.len2)))
			nx := ((u-s.ax)*s.dx + (v-s.ay)*s.dy) / l
			ny := ((u-s.ax)*s.dy - (v-s.ay)*s.dx) / l
			if out := roundedDistance(nx-l-s.r1*0.1, ny, s.r1*0.62, s.r1*0.58, s.r1*0.5); out < 0 {
				t := min(-out/(px+0.4), 1) * 0.7
				c = mixed(c, rgb{0.78 * shade, 0.56 * shade, 0.5 * shade}, t)
			}
			// Creases of the joints.
			for _, before := range [2]float32{19, 42} {
				if k := line(nx-l+before, 0.9, px+0.6); k > 0 {
					c = mixed(c, rgb{c[0] * 0.8, c[1] * 0.72, c[2] * 0.7}, k*0.7)
				}
			}
		}
	}
	return c[0]*cover + r*(1-cover), c[1]*cover + g*(1-cover), c[2]*cover + b*(1-cover)
}

// outline returns the object's outline in the plane.
func (o object) outline() []filing.Point {
	dx, dy := o.to[0]-o.from[0], o.to[1]-o.from[1]
	l := math.Hypot(dx, dy)
	if l == 0 {
		return arc(o.from[0], o.from[1], o.r0, o.r0, 0, 2*math.Pi)
	}
	dx, dy = dx/l, dy/l
	if o.what == "slip" && o.r1 == 0 {
		nx, ny := -dy*o.r0, dx*o.r0
		return []filing.Point{{o.from[0] + nx, o.from[1] + ny}, {o.from[0] - nx, o.from[1] - ny}, {o.to[0] - nx, o.to[1] - ny},
			{o.to[0] + nx, o.to[1] + ny}}
	}
	angle := math.Atan2(dy, dx)
	points := arc(o.to[0], o.to[1], o.r1, o.r1, angle-math.Pi/2, angle+math.Pi/2)
	return append(points, arc(o.from[0], o.from[1], o.r0, o.r0, angle+math.Pi/2, angle+3*math.Pi/2)...)
}

// sleeveCover returns what a transparent sleeve (透明卡套) a little larger than the main document does: a faint veil,
// bright seams. It is nil where there is none.
func (t *take) sleeveCover() func(u, v, px, r, g, b float32) (float32, float32, float32) {
	if !t.s.sleeve || t.main == nil {
		return nil
	}
	const margin = 4
	m := t.main
	return func(u, v, px, r, g, b float32) (float32, float32, float32) {
		x, y := m.local(u, v)
		out := roundedDistance(x-m.w/2, y-m.h/2, m.w/2+margin, m.h/2+margin, 2)
		if out > 0.5 {
			return r, g, b
		}
		veil := float32(0.035) + 0.02*wave((x+1.7*y)/140)
		seam := 0.16*line(out+1.2, 1.2, px) + 0.25*line(out, 0.4, px)
		return r*(1-veil) + veil + seam, g*(1-veil) + veil + seam, b*(1-veil) + veil + seam
	}
}

// finger returns a finger that comes from outside and ends with its tip at a place; pointing is its direction in degrees.
func finger(tip filing.Point, pointing, radius float64, skin rgb) object {
	dy, dx := math.Sincos(pointing * math.Pi / 180)
	const length = 88
	return object{what: "finger", from: filing.Point{tip[0] - dx*length, tip[1] - dy*length},
		to: filing.Point{tip[0] - dx*radius, tip[1] - dy*radius}, r0: radius * 1.2, r1: radius, colour: skin, lift: 4}
}

// handOf returns the hand and the arm that fingers belong to, with the fingers on top: a palm behind their roots, and a
// forearm that comes in from beyond the frame.
func handOf(fingers []object) []object {
	if len(fingers) == 0 {
		return nil
	}
	var x, y, dx, dy, tx, ty float64
	n := float64(len(fingers))
	for _, f := range fingers {
		l := math.Hypot(f.to[0]-f.from[0], f.to[1]-f.from[1])
		x, y = x+f.from[0]/n, y+f.from[1]/n
		dx, dy = dx+(f.to[0]-f.from[0])/l/n, dy+(f.to[1]-f.from[1])/l/n
	}
	for _, f := range fingers {
		tx = math.Max(tx, math.Abs((f.from[0]-x)*dy-(f.from[1]-y)*dx))
		ty = math.Max(ty, f.r0)
	}
	r := math.Max(tx+ty, 30)
	skin := fingers[0].colour
	part := func(from, to, r0, r1 float64) object {
		return object{what: "palm", from: filing.Point{x - dx*from, y - dy*from}, to: filing.Point{x - dx*to,
			y - dy*to}, r0: r0, r1: r1,
			colour: skin, lift: 5}
	}
	return append([]object{part(700, r+30, 40, 28), part(r+40, r*0.9, r*0.9, r)}, fingers...)
}

// skins are colours of skin in linear light, five from light to deep, and one after them that came with the fourth half: what was drawn
// before keeps its places.
func skins() []rgb {
	return []rgb{{0.62, 0.4, 0.29}, {0.55, 0.33, 0.22}, {0.46, 0.26, 0.165}, {0.36, 0.19, 0.115}, {0.2, 0.1, 0.06}, {0.66, 0.46, 0.36}}
}
