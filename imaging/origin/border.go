package origin

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// Numbers of following a wave over the document's border.
const (
	// probeSide is the side of the squares in which a wave of a known frequency is looked for: they lie closer to the border than
	// those in which it was found, and between a border and what ends a screen.
	probeSide = 64
	// probesAlong is how many lie along each side.
	probesAlong = 6
	// probeGap is how far from the border they stay beyond it, a share of the document's longer side; within, probeInset.
	probeGap, probeInset = 0.012, 0.018
	// probeBins is how many half bins from the expected frequency are looked at; up to probeNear it is the wave's, from probeFar on
	// noise.
	probeBins, probeNear, probeFar = 6, 2, 5
	// probeSeen is the power over that of noise from which a wave is there: by chance one square in 400 shows as much.
	probeSeen = 12
	// probeExpected is the power over that of noise that it would have, as strong for its light as within, for its lack to count.
	probeExpected = 30
	// weaker and stronger are how strong a wave is at least and at most, for the light, over that within to be the same; lit is how
	// light, over what is within, a square is whose lack of it counts: of a faint wave in the dark JPEG and a phone's smoothing leave
	// nothing.
	weaker, stronger, lit = 0.35, 2.5, 0.5
)

// border is what becomes of a wave at the document's border (图案在证件边缘是否终止). Print ends there, and much of it before;
// what a screen's pixels make is there wherever it shines.
type border struct {
	// within are the squares just within the border that would show the wave, withinHas those that do; beyond those outside.
	within, withinHas, beyond, beyondHas int
}

// goesOn says, 0 to 1, how plainly a wave goes on beyond the document, ends how plainly it does not.
func (b border) goesOn() float64 {
	return unit(float64(b.beyond-2)/4) * unit((share(b.beyondHas, b.beyond)-0.55)/0.3)
}

func (b border) ends() float64 {
	return unit(float64(b.beyond-3)/5) * unit((0.3-share(b.beyondHas, b.beyond))/0.15)
}

// reached says, 0 to 1, how far a wave is to be seen just within the border too, as one must that goes on over it or that lies over the
// whole document. What is there in some places only is cloth beside the document, whose wave print on it happens to have. Where hardly any
// place would show it nothing is said against it.
func (b border) reached() float64 {
	if b.within < leastWithin {
		return 1
	}
	return unit((share(b.withinHas, b.within) - 0.5) / 0.3)
}

// leastWithin is how many squares within the border have to be such as would show a wave for them to tell.
const leastWithin = 4

// full says, 0 to 1, how plainly a wave reaches the border all around.
func (b border) full() float64 {
	if b.within < probesAlong {
		return 0
	}
	return unit((share(b.withinHas, b.within) - 0.7) / 0.2)
}

func share(n, of int) float64 { return float64(n) / float64(max(of, 1)) }

// probe is what a square showed: its mean level, the wave's amplitude, and the power of noise as a square of amplitude.
type probe struct {
	level, amplitude, noise float64
	// taken: it lies within the picture and is not burnt.
	taken bool
}

func (p probe) seen() bool { return p.taken && p.amplitude*p.amplitude > probeSeen*p.noise }

// window is a square of the picture under Hann's window, less its mean.
type window [probeSide][probeSide]complex64

// sampler fills a window from a place and returns the mean luma there.
type sampler func(x, y int, w *window) float64

// border follows a wave over the four sides of the document: just within, just beyond, and a square further.
func (p *plan) border(l *lock, take sampler) border {
	var probes [3][]probe
	q := p.quad
	longer := max(q.Side(0), q.Side(1), q.Side(2), q.Side(3))
	var w window
	for side := range 4 {
		a, c := q[side], q[(side+1)%4]
		dx, dy := c[0]-a[0], c[1]-a[1]
		n := math.Hypot(dx, dy)
		if n < probeSide {
			continue
		}
		out := raster.Point{dy / n, -dx / n}
		half := probeSide / 2 * (math.Abs(out[0]) + math.Abs(out[1]))
		for k := range probesAlong {
			t := (float64(k) + 0.5) / probesAlong
			for ring, away := range [3]float64{-half - probeInset*longer, half + probeGap*longer, half + probeGap*longer + probeSide} {
				at := raster.Point{a[0] + t*dx + away*out[0], a[1] + t*dy + away*out[1]}
				x, y := int(at[0])-probeSide/2, int(at[1])-probeSide/2
				if at[0] < probeSide/2 || at[1] < probeSide/2 || x+probeSide > p.w || y+probeSide > p.h {
					continue
				}
				level := take(x, y, &w)
				if level < 1 || level > brightest {
					continue
				}
				u, v := l.at(at)
				seen := w.look(u, v)
				seen.level = level
				probes[ring] = append(probes[ring], seen)
			}
		}
	}
	return compared(probes[0], append(probes[1], probes[2]...))
}

// compared holds squares against those within that show the wave.
func compared(within, beyond []probe) border {
	var relative, light []float64
	for _, p := range within {
		if p.seen() {
			relative, light = append(relative, p.amplitude/p.level), append(light, p.level)
		}
	}
	if len(relative) == 0 {
		return border{within: len(within)}
	}
	strength, level := raster.Quantile(relative, 0.5), raster.Quantile(light, 0.5)
	count := func(probes []probe) (all, has int) {
		for _, p := range probes {
			expected := strength * p.level
			switch {
			case expected*expected < probeExpected*p.noise:
			case p.seen() && p.amplitude > weaker*expected && p.amplitude < stronger*expected:
				all, has = all+1, has+1
			case p.level > lit*level:
				all++
			}
		}
		return all, has
	}
	var b border
	b.within, b.withinHas = count(within)
	b.beyond, b.beyondHas = count(beyond)
	return b
}

// look measures the wave of about a frequency in a window: a discrete Fourier transform at places half a bin apart.
func (w *window) look(u, v float64) probe {
	const steps = 2*probeBins + 1
	var columns [steps][probeSide]complex64
	for i := range columns {
		turn := root(u + float64(i-probeBins)*0.5/probeSide)
		for y := range w {
			columns[i][y] = horner(&w[y], turn)
		}
	}
	best := 0.0
	noise := make([]float64, 0, steps*steps)
	for j := range steps {
		turn := root(v + float64(j-probeBins)*0.5/probeSide)
		for i := range columns {
			z := horner(&columns[i], turn)
			power := float64(real(z))*float64(real(z)) + float64(imag(z))*float64(imag(z))
			switch far := max(abs(i-probeBins), abs(j-probeBins)); {
			case far <= probeNear:
				best = max(best, power)
			case far >= probeFar:
				noise = append(noise, power)
			}
		}
	}
	// A wave of amplitude A has power (A/2 n/4)^2; rounding to whole grey levels has 1/12, and what JPEG drops is as much again.
	const n = probeSide * probeSide
	const ofAmplitude = 64. / n / n
	return probe{amplitude: math.Sqrt(best * ofAmplitude), noise: ofAmplitude * (raster.Quantile(noise, 0.5) + 0.15*9./64*n), taken: true}
}

// root is the step of a wave of minus a frequency.
func root(frequency float64) complex64 {
	sin, cos := math.Sincos(-2 * math.Pi * frequency)
	return complex(float32(cos), float32(sin))
}

// horner sums values times the powers of a root of one (Horner's rule, from the last).
func horner(values *[probeSide]complex64, turn complex64) complex64 {
	var sr, si float32
	tr, ti := real(turn), imag(turn)
	for i := len(values) - 1; i >= 0; i-- {
		sr, si = sr*tr-si*ti+real(values[i]), sr*ti+si*tr+imag(values[i])
	}
	return complex(sr, si)
}

// hann is the window of probes.
func hann(i int) float32 { return float32(0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/probeSide)) }

func lumaSampler(g *raster.Gray) sampler {
	return func(x, y int, w *window) float64 {
		sum := 0
		for j := range probeSide {
			for _, v := range g.Pix[(y+j)*g.Stride+x:][:probeSide] {
				sum += int(v)
			}
		}
		mean := float32(sum) / (probeSide * probeSide)
		w.each(func(i, j int) complex64 { return complex(float32(g.Pix[(y+j)*g.Stride+x+i])-mean, 0) })
		return float64(mean)
	}
}

func chromaSampler(p *raster.RGB) sampler {
	return func(x, y int, w *window) float64 {
		var level, blue, red float32
		var raw window
		for j := range probeSide {
			row := p.Row(y + j)[3*x:]
			for i := range probeSide {
				luma, cb, cr := chroma(row[3*i], row[3*i+1], row[3*i+2])
				level, blue, red = level+luma, blue+cb, red+cr
				raw[j][i] = complex(cb, cr)
			}
		}
		const n = probeSide * probeSide
		mean := complex(blue/n, red/n)
		w.each(func(i, j int) complex64 { return raw[j][i] - mean })
		return float64(level / n)
	}
}

// each fills a window.
func (w *window) each(value func(i, j int) complex64) {
	var weights [probeSide]float32
	for i := range weights {
		weights[i] = hann(i)
	}
	for j := range w {
		for i := range w[j] {
			z, k := value(i, j), weights[i]*weights[j]
			w[j][i] = complex(k*real(z), k*imag(z))
		}
	}
}

// chroma returns luma, and blue and red less it.
func chroma(red, green, blue uint8) (luma, cb, cr float32) {
	r, g, b := float32(red), float32(green), float32(blue)
	luma = 0.299*r + 0.587*g + 0.114*b
	return luma, 0.564 * (b - luma), 0.713 * (r - luma)
}
