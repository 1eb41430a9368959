package specimen

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/preflight-icp/preflight/filing"
)

// spread is what blurs a labelled photo, in rendered pixels: the point spread of lens and sampling, defocus, and motion.
type spread struct {
	lens   float64 // sigma of a Gaussian
	disc   float64 // radius of the circle of confusion in the document's middle
	gauss  float64 // sigma of defocus where that is taken for Gaussian
	path   []filing.Point
	growth [2]float64 // of disc, as a share for each pixel to the right and down from the middle
	middle filing.Point
	// sharpen and halo are the unsharp mask that follows.
	sharpen, halo float64
}

// discAt is the radius of the circle of confusion at a pixel.
func (s *spread) discAt(x, y float64) float64 {
	return s.disc * math.Max(1+s.growth[0]*(x-s.middle[0])+s.growth[1]*(y-s.middle[1]), 0.05)
}

// edgeWidth is the 10-90 % rise of a step edge whose normal points to direction (degrees), blurred by everything, where the
// circle of confusion has that radius. The line spread is the convolution of: a Gaussian; the disc's, a half ellipse
// (2/(pi R)) sqrt(1-(x/R)^2); the motion's path projected on the normal; and the sampling of print (a box and a triangle of
// a source pixel); the unsharp mask adds amount x (line spread - its Gaussian blur). Width is measured as a reader of
// pictures would: the last crossing of 10 % before and the first of 90 % after the middle of the edge.
func (s *spread) edgeWidth(disc, direction, sourcePx, boxPx float64) float64 {
	sin, cos := math.Sincos(direction * math.Pi / 180)
	low, high := 0.0, 0.0
	var projected []float64
	for _, p := range s.path {
		q := p[0]*cos + p[1]*sin
		projected = append(projected, q)
		low, high = math.Min(low, q), math.Max(high, q)
	}
	sigma := math.Sqrt(s.lens*s.lens + s.gauss*s.gauss + sourcePx*sourcePx/4 + boxPx*boxPx/12)
	reach := math.Max(-low, high) + disc + 3.2*(sigma+s.halo) + 1
	const n = 480
	step := 2 * reach / n
	// The step's response without sharpening is the sum over the path and the disc of Gaussian steps.
	response := make([]float64, n+1)
	add := func(at, weight, sigma float64, into []float64) {
		for i := range into {
			into[i] += weight * normalBelow((-reach+float64(i)*step-at)/sigma)
		}
	}
	var offsets, weights []float64
	if len(projected) == 0 {
		projected = []float64{0}
	}
	// Neighbours on the path nearer than a fifth of a pixel are taken together.
	slices.Sort(projected)
	near := math.Max(0.2, reach/120)
	for _, p := range projected {
		if k := len(offsets); k > 0 && p-offsets[k-1] < near {
			weights[k-1] += 1 / float64(len(projected))
			continue
		}
		offsets, weights = append(offsets, p), append(weights, 1/float64(len(projected)))
	}
	discs := []float64{0}
	if disc > 0.05 {
		discs = discs[:0]
		m := max(5, int(disc*4/math.Max(sigma, 0.3)))
		m = min(m, 41)
		for k := range m {
			discs = append(discs, disc*discQuantile((float64(k)+0.5)/float64(m)))
		}
	}
	respond := func(sigma float64, into []float64) {
		for i, o := range offsets {
			for _, d := range discs {
				add(o+d, weights[i]/float64(len(discs)), sigma, into)
			}
		}
	}
	respond(sigma, response)
	if s.sharpen > 0 {
		soft := make([]float64, n+1)
		respond(math.Hypot(sigma, s.halo), soft)
		for i := range response {
			response[i] += s.sharpen * (response[i] - soft[i])
		}
	}
	half := 0
	for half < n && response[half] < 0.5 {
		half++
	}
	crossing := func(level float64, from, by int) float64 {
		for i := from; i > 0 && i < n; i += by {
			a, b := response[i], response[i+by]
			if (by < 0 && b <= level) || (by > 0 && b >= level) {
				return (float64(i) + float64(by)*(level-a)/(b-a)) * step
			}
		}
		return float64(max(min(from, n), 0)) * step
	}
	return crossing(0.9, half-1, 1) - crossing(0.1, half, -1)
}

// normalBelow is the distribution function of the normal distribution, from a table.
func normalBelow(x float64) float64 {
	const span, steps = 4.5, 1800
	f := (x + span) * (steps / (2 * span))
	if f <= 0 {
		return 0
	}
	if f >= steps {
		return 1
	}
	table := normalTable()
	i := int(f)
	return table[i] + (f-float64(i))*(table[i+1]-table[i])
}

var normalTable = sync.OnceValue(func() *[1802]float64 {
	var t [1802]float64
	for i := range t {
		t[i] = 0.5 * (1 + math.Erf((float64(i)/1800*9-4.5)/math.Sqrt2))
	}
	return &t
})

// discQuantile inverts the distribution of a half ellipse on -1 to 1.
func discQuantile(p float64) float64 {
	low, high := -1.0, 1.0
	for range 40 {
		x := (low + high) / 2
		if 0.5+(x*math.Sqrt(1-x*x)+math.Asin(x))/math.Pi < p {
			low = x
		} else {
			high = x
		}
	}
	return (low + high) / 2
}

// spot is a place at which sharpness is known: where, and what a millimetre is there.
type spot struct {
	at           filing.Point
	textPx       float64 // height of the smallest text in the direction in which the view shortens it most
	scale        float64 // the smaller of the two magnifications
	disc         float64
	worst, least float64 // edge widths in rendered pixels
}

// places are the document's middle and four points near its corners.
func (t *take) places() []spot {
	m := t.main
	text := t.textHeight()
	var out []spot
	for _, f := range [][2]float64{{0.5, 0.5}, {0.08, 0.08}, {0.92, 0.08}, {0.92, 0.92}, {0.08, 0.92}} {
		p := m.point(f[0]*float64(m.w), f[1]*float64(m.h))
		q := t.pixel(p)
		right, down := t.jacobian(p)
		scale := math.Min(math.Hypot(right[0], right[1]), math.Hypot(down[0], down[1]))
		out = append(out, spot{at: q, textPx: text * scale, scale: scale, disc: t.spread.discAt(q[0], q[1])})
	}
	return out
}

// textHeight is the height in millimetres of a character of the smallest body text of the main document: 0.92 of the em,
// which is what the ink of a Chinese character takes.
func (t *take) textHeight() float64 {
	least := math.Inf(1)
	d := t.main.doc
	for _, l := range d.Lines {
		if l.Field != "" {
			// A line's quad is 1.02 em high.
			least = math.Min(least, math.Hypot(l.Quad[3][0]-l.Quad[0][0], l.Quad[3][1]-l.Quad[0][1])/d.PxPerMM/1.02*0.92)
		}
	}
	return least
}

// widths fills in the edge widths of places in directions (degrees) and returns the place with the worst ratio to text
// height, and that ratio.
func (t *take) widths(places []spot, directions ...float64) (worst spot, ratio float64) {
	source := 0.0
	if t.main.tex != nil {
		source = 1 / float64(t.main.levelPPM)
	}
	for i := range places {
		p := &places[i]
		p.worst, p.least = 0, math.Inf(1)
		for _, d := range directions {
			w := t.spread.edgeWidth(p.disc, d, source*p.scale, t.boxPx())
			p.worst, p.least = math.Max(p.worst, w), math.Min(p.least, w)
		}
		if r := p.worst / p.textPx; r > ratio {
			ratio, worst = r, *p
		}
	}
	return worst, ratio
}

// boxPx is the side of the box that later scaling averages over or spreads to, in rendered pixels.
func (t *take) boxPx() float64 {
	box := 0.0
	if t.s.zoom > 1 {
		box = 1.4 // bilinear enlargement: a triangle of one pixel to each side
	}
	if a := t.s.app; a != nil {
		if shrink := math.Max(float64(t.s.width), float64(t.s.height)) / float64(a.long); shrink > 1 {
			box = math.Hypot(box, shrink)
		}
	}
	return box
}

// focus decides how the lens blurs: in focus, or so that the wanted edge width per text height is reached.
func (t *take) focus() error {
	s := &t.s
	p := &t.spread
	// A lens that draws well on two megapixels is seen to blur on twelve: its spread grows slower than the pixels.
	p.lens = s.phone.lens * math.Pow(math.Max(float64(t.w), float64(t.h))/1600, 0.35)
	// Interpolating colours from a Bayer mosaic softens luma a little, colour more.
	p.lens = math.Hypot(p.lens, 0.35*s.phone.demosaic)
	if t.blurPx > 0 {
		p.gauss = math.Sqrt(math.Max(t.blurPx*t.blurPx/(2.563*2.563)-p.lens*p.lens, 0))
	}
	p.sharpen, p.halo = s.phone.sharpen*s.sharpen, s.phone.halo
	if t.main == nil {
		return nil
	}
	if d := t.s.screen; d != nil {
		// A triangle of half width a has the variance a^2/6: that of the pixel's own area and of the lens.
		// Optics do less than half of a picture's spread before the sensor samples, interpolation and noise reduction the
		// rest after.
		d.blur = float32(math.Sqrt(6 * (1.0/12 + 0.17*p.lens*p.lens)))
	}
	m := t.main
	p.middle = t.pixel(m.point(float64(m.w)/2, float64(m.h)/2))
	if s.fallOff > 0 {
		sin, cos := math.Sincos(s.fallOffTurn * math.Pi / 180)
		size := t.toPixel.scale(float64(m.w)/2, float64(m.h)/2) * math.Max(float64(m.w), float64(m.h))
		p.growth = [2]float64{cos * s.fallOff / size * 2, sin * s.fallOff / size * 2}
	}
	if s.edgeRatio <= 0 || s.blur == blurNone {
		return nil
	}
	// The ratio grows with the amount: bisect. Motion blurs most the edges across it.
	low, high := 0.0, 0.6*math.Min(float64(t.w), float64(t.h))/4
	for range 14 {
		amount := (low + high) / 2
		t.setBlur(amount)
		places := t.places()
		if s.fallOff == 0 {
			places = []spot{slices.MinFunc(places, func(a, b spot) int { return cmp.Compare(a.textPx, b.textPx) })}
		}
		if _, ratio := t.widths(places, s.motionDir); ratio < s.edgeRatio {
			low = amount
		} else {
			high = amount
		}
	}
	return nil
}

// setBlur sets an amount of the kind of blur that the setting asks for.
func (t *take) setBlur(amount float64) {
	p := &t.spread
	p.disc, p.gauss, p.path = 0, 0, nil
	sin, cos := math.Sincos(t.s.motionDir * math.Pi / 180)
	n := max(3, int(amount*3))
	switch t.s.blur {
	case blurDisc:
		p.disc = amount
	case blurGauss:
		p.gauss = amount
	case blurLine, blurArc:
		for i := range n {
			f := (float64(i)+0.5)/float64(n) - 0.5
			bow := 0.0
			if t.s.blur == blurArc {
				bow = 0.9 * (f*f - 1.0/12)
			}
			p.path = append(p.path, filing.Point{amount * (f*cos - bow*sin), amount * (f*sin + bow*cos)})
		}
	case blurShake:
		// A hand trembles: it moves, rests and comes back on another way.
		for i := range n {
			f := (float64(i)+0.5)/float64(n) - 0.5
			side := 0.22 * math.Sin(5.2*f+1)
			rest := f + 0.12*math.Sin(9*f)
			p.path = append(p.path, filing.Point{amount * (rest*cos - side*sin), amount * (rest*sin + side*cos)})
		}
	}
}
