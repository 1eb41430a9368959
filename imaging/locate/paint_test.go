package locate

import (
	"math"
	"math/rand/v2"

	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// ink is a colour as what it leaves of the light of each channel, 0 to 1.
type ink [3]float64

// anyInk is a colour of any hue, as dark as asked for.
func anyInk(rng *rand.Rand, darkest, brightest float64) ink {
	level, colour := darkest+(brightest-darkest)*rng.Float64(), rng.Float64()*rng.Float64()
	hue := 2 * math.Pi * rng.Float64()
	var out ink
	for k := range out {
		wave := 0.5 + 0.5*math.Cos(hue+2*math.Pi*float64(k)/3)
		out[k] = min(max(level*(1-colour)+colour*(level+(1-level)*wave*wave), 0.02), 1)
	}
	return out
}

// shape is where a print has an ink: box is a rectangle on the document, in millimetres, with round corners; within says how deep a
// line along its inside is, 0 for all of it.
type shape struct {
	x0, y0, x1, y1, radius, within float64
	ink                            ink
}

// inside is how far a place lies within the shape, in millimetres, negative outside.
func (s *shape) inside(x, y float64) float64 {
	cx, cy := (s.x0+s.x1)/2, (s.y0+s.y1)/2
	dx, dy := math.Abs(x-cx)-(s.x1-s.x0)/2+s.radius, math.Abs(y-cy)-(s.y1-s.y0)/2+s.radius
	d := s.radius - math.Hypot(max(dx, 0), max(dy, 0)) - min(max(dx, dy), 0)
	if s.within > 0 {
		return min(d, s.within-d)
	}
	return d
}

// anyPrint makes up what is printed all over a document of a size: frames, tints, heads and bands such as no template has. What fits a
// model must not learn the prints of a few templates.
func anyPrint(rng *rand.Rand, w, h float64) (shapes []shape) {
	short := min(w, h)
	between := func(a, b float64) float64 { return a * math.Pow(b/a, rng.Float64()) }
	add := func(s shape) { shapes = append(shapes, s) }
	switch p := rng.Float64(); {
	case p < 0.07:
		add(shape{x0: -9, y0: -9, x1: w + 9, y1: h + 9, ink: anyInk(rng, 0.12, 0.4)})
	case p < 0.3:
		add(shape{x0: -9, y0: -9, x1: w + 9, y1: h + 9, ink: anyInk(rng, 0.5, 1)})
	}
	if rng.Float64() < 0.6 {
		dx := short * between(0.012, 0.075)
		dy := dx * between(0.75, 1.33)
		box := shape{x0: dx, y0: dy, x1: w - dx, y1: h - dy}
		if rng.Float64() < 0.3 {
			box.radius = short * between(0.01, 0.08)
		}
		if rng.Float64() < 0.4 {
			tint := box
			tint.ink = anyInk(rng, 0.55, 0.98)
			add(tint)
		}
		if rng.Float64() < 0.85 {
			line := box
			line.within, line.ink = short*between(0.0015, 0.04), anyInk(rng, 0.05, 0.75)
			add(line)
			if rng.Float64() < 0.4 { // a second, finer one within
				gap := line.within + short*between(0.004, 0.015)
				line.x0, line.y0, line.x1, line.y1 = line.x0+gap, line.y0+gap, line.x1-gap, line.y1-gap
				line.within, line.ink, line.radius = short*between(0.0015, 0.006), anyInk(rng, 0.05, 0.75), 0
				add(line)
			}
		}
	}
	band := func(share float64) {
		if rng.Float64() >= share {
			return
		}
		s := shape{x0: -9, y0: -9, x1: w + 9, y1: h + 9, ink: anyInk(rng, 0.04, 0.8)}
		accent := s
		accent.ink = anyInk(rng, 0.2, 0.9)
		deep, fine := between(0.03, 0.3), short*between(0.004, 0.02)
		if rng.Float64() < 0.2 { // not to the edge
			m := short * between(0.01, 0.06)
			s.x0, s.y0, s.x1, s.y1 = m, m, w-m, h-m
		}
		switch rng.IntN(6) {
		case 0, 1:
			s.y1, accent.y0, accent.y1 = deep*h, deep*h, deep*h+fine
		case 2, 3:
			s.y0, accent.y0, accent.y1 = h-deep*h, h-deep*h-fine, h-deep*h
		case 4:
			s.x1, accent.x0, accent.x1 = deep*w, deep*w, deep*w+fine
		default:
			s.x0, accent.x0, accent.x1 = w-deep*w, w-deep*w-fine, w-deep*w
		}
		add(s)
		if rng.Float64() < 0.4 {
			add(accent)
		}
	}
	band(0.5)
	band(0.2)
	return shapes
}

// overprint prints over the documents of a reduced picture what no template has, as sharp as the photo is.
func overprint(f *raster.Frame, truth *specimen.Truth, rng *rand.Rand) {
	s := f.Small
	for _, document := range truth.Documents {
		w, h := truth.WidthMM, truth.HeightMM
		q := raster.Quad(document)
		for i := range q {
			q[i] = f.ToSmall(q[i])
		}
		m, ok := raster.RectToQuad(w, h, q)
		if !ok {
			continue
		}
		back, ok := m.Inverse()
		if !ok {
			continue
		}
		shapes := anyPrint(rng, w, h)
		paper := shape{x1: w, y1: h, radius: truth.CornerMM}
		px := m.Scale(raster.Point{w / 2, h / 2})
		soft := max(1/px, truth.EdgeWidthPx*f.Scale[0]/px) // millimetres
		cover := func(s *shape, x, y float64) float64 { return min(max(s.inside(x, y)/soft+0.5, 0), 1) }
		left, right, top, bottom := float64(s.W), 0.0, float64(s.H), 0.0
		for _, p := range q {
			left, right, top, bottom = min(left, p[0]), max(right, p[0]), min(top, p[1]), max(bottom, p[1])
		}
		for y := max(int(top), 0); y < min(int(bottom)+1, s.H); y++ {
			for x := max(int(left), 0); x < min(int(right)+1, s.W); x++ {
				p := back.Apply(raster.Point{float64(x) + 0.5, float64(y) + 0.5})
				on := cover(&paper, p[0], p[1])
				if on == 0 {
					continue
				}
				left := ink{1, 1, 1}
				for i := range shapes {
					if c := cover(&shapes[i], p[0], p[1]); c > 0 {
						for k := range left {
							left[k] *= 1 - c*(1-shapes[i].ink[k])
						}
					}
				}
				pix := (*[3]uint8)(s.Pix[3*(y*s.W+x):])
				for k := range pix {
					pix[k] = uint8(float64(pix[k])*(1-on*(1-left[k])) + 0.5)
				}
			}
		}
	}
}
