package origin

import (
	"cmp"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// peak is a line of a patch's spectrum: a wave that runs through all of the patch.
type peak struct {
	// u and v are cycles a pixel across and down; u is not negative.
	u, v float64
	// rise is how far its power stands above the spectrum around it, in nepers of power (natural logarithm).
	rise float64
	// amplitude is the wave's in grey levels.
	amplitude float64
	// turning says, of a wave in colour, how one-handed it is, 0 to 1: 0 is a wave of one colour, 1 a hue that turns.
	turning float64
}

// Numbers of the search for peaks.
const (
	// lowest is the lowest frequency, in bins, that is looked at. Below it are shading, print and texture.
	lowest = 7
	// peaksKept is how many peaks of a patch are kept.
	peaksKept = 12
	// leastRise is the least rise of a peak in nepers. The greatest of 8,000 powers of pure noise stands about
	// ln(ln 8000) + 0.58 = 2.8 above the mean logarithm, and above 3.1 in one patch of two: what is chance is told by the patches
	// around. strongRise is what chance hardly reaches in a photo.
	leastRise, strongRise = 3.1, 3.6
	// blockBins: JPEG codes in blocks of 8 pixels, whose grid has lines at every patchSide/8 bins.
	blockBins = patchSide / 8
)

// analysis is the working memory of one picture's search.
type analysis struct {
	pair pairSpectrum
	a, b spectrum
	// logs and sums are of one spectrum laid out with the frequencies down shifted to the middle.
	logs [patchSide/2 + 1][patchSide]float32
	sums [patchSide/2 + 2][patchSide + 1]float32
	// reliefs and relieved are those of the patches of the luma on the document.
	reliefs  []*relief
	relieved []patch
}

// lumaPeaks returns the peaks of each patch of the luma.
func (s *analysis) lumaPeaks(g *raster.Gray, patches []patch) [][]peak {
	t := transforms()
	out := make([][]peak, len(patches))
	for i := 0; i < len(patches); i += 2 {
		second := min(i+1, len(patches)-1)
		s.load(t, g, patches[i], patches[second])
		s.pair.run(t)
		s.pair.split(&s.a, &s.b)
		out[i] = s.peaksOf(g, patches[i], &s.a)
		if second > i {
			out[second] = s.peaksOf(g, patches[second], &s.b)
		}
	}
	return out
}

// reliefsOf returns the reliefs of patches of the luma.
func (s *analysis) reliefsOf(g *raster.Gray, patches []patch) []*relief {
	t := transforms()
	out := make([]*relief, len(patches))
	for i := 0; i < len(patches); i += 2 {
		second := min(i+1, len(patches)-1)
		s.load(t, g, patches[i], patches[second])
		s.pair.run(t)
		s.pair.split(&s.a, &s.b)
		s.find(&s.a, blockBins)
		out[i] = s.relief()
		if second > i {
			s.find(&s.b, blockBins)
			out[second] = s.relief()
		}
	}
	return out
}

// peaksOf returns the peaks of one patch, and keeps its relief where it lies on the document.
func (s *analysis) peaksOf(g *raster.Gray, p patch, power *spectrum) []peak {
	if dithered(g, p) {
		return nil
	}
	peaks := strongest(s.find(power, blockBins))
	if p.inside {
		s.reliefs, s.relieved = append(s.reliefs, s.relief()), append(s.relieved, p)
	}
	return peaks
}

// dithered reports whether most of a patch is of grey levels that stand alone: a palette's colours, whose dither is a grid that shading
// bends. Light and noise leave no level out.
func dithered(g *raster.Gray, p patch) bool {
	var counts [258]int // shifted by one, so that every level has neighbours
	for y := 0; y < patchSide; y += 4 {
		for _, v := range g.Pix[(p.y+y)*g.Stride+p.x:][:patchSide] {
			counts[int(v)+1]++
		}
	}
	alone := 0
	for v := 1; v < len(counts)-1; v++ {
		if 10*(counts[v-1]+counts[v+1]) < counts[v] {
			alone += counts[v]
		}
	}
	return 2*alone > patchSide*patchSide/4
}

// chromaPeaks returns the peaks of each patch of the colours, blue less luma as the real part and red less luma as the
// imaginary one. factor is by how much the picture was reduced: blocks of chroma are 16 pixels of the file.
func (s *analysis) chromaPeaks(p *raster.RGB, patches []patch, factor int) [][]peak {
	t := transforms()
	out := make([][]peak, len(patches))
	for i, at := range patches {
		s.loadChroma(t, p, at)
		s.pair.run(t)
		s.pair.hands(&s.a, &s.b)
		// Before the second search: the first one's logarithms are overwritten by it.
		right := s.find(&s.a, patchSide*factor/16)
		left := s.find(&s.b, patchSide*factor/16)
		for k := range right {
			right[k].turning = handed(&s.a, &s.b, right[k])
		}
		for k := range left {
			left[k].turning = handed(&s.b, &s.a, left[k])
			left[k].u, left[k].v = -left[k].u, -left[k].v
		}
		out[i] = strongest(append(right, left...))
	}
	return out
}

// handed compares the power of a peak with that at the opposite frequency.
func handed(one, other *spectrum, p peak) float64 {
	u, v := int(math.Round(p.u*patchSide)), int(math.Round(p.v*patchSide))
	v = (v + patchSide) % patchSide
	a, b := float64(one[u][v]), float64(other[u][v])
	return max((a-b)/(a+b+1), 0)
}

// loadChroma puts the colours of a patch into the pair, less their means and under the window.
func (s *analysis) loadChroma(t *transform, p *raster.RGB, at patch) {
	var blue, red float32
	for y := range patchSide {
		row := p.Row(at.y + y)[3*at.x:]
		out := &s.pair.pix[y]
		for x := range out {
			_, cb, cr := chroma(row[3*x], row[3*x+1], row[3*x+2])
			blue, red = blue+cb, red+cr
			out[x] = complex(cb, cr)
		}
	}
	mean := complex(blue/(patchSide*patchSide), red/(patchSide*patchSide))
	for y := range s.pair.pix {
		out := &s.pair.pix[y]
		for x := range out {
			w := t.window[y] * t.window[x]
			d := out[x] - mean
			out[x] = complex(w*real(d), w*imag(d))
		}
	}
}

// load puts two patches into the pair, each less its mean and shading (a plane) and under the window.
func (s *analysis) load(t *transform, g *raster.Gray, a, b patch) {
	pa, pb := newPlane(g, a), newPlane(g, b)
	for y := range patchSide {
		ra, rb := g.Pix[(a.y+y)*g.Stride+a.x:], g.Pix[(b.y+y)*g.Stride+b.x:]
		wy := t.window[y]
		fa, fb := pa.at(y), pb.at(y)
		row := &s.pair.pix[y]
		for x := range row {
			w := wy * t.window[x]
			row[x] = complex(w*(float32(ra[x])-fa), w*(float32(rb[x])-fb))
			fa, fb = fa+pa.dx, fb+pb.dx
		}
	}
}

// plane is the shading of a patch: z = z0 + dx x + dy y.
type plane struct{ z0, dx, dy float32 }

func (p plane) at(y int) float32 { return p.z0 + p.dy*float32(y) }

// newPlane fits a plane to a patch by least squares.
func newPlane(g *raster.Gray, p patch) plane {
	var sum, sx, sy int
	for y := range patchSide {
		row := g.Pix[(p.y+y)*g.Stride+p.x:][:patchSide]
		n, nx := 0, 0
		for x, v := range row {
			n += int(v)
			nx += int(v) * (2*x - patchSide + 1)
		}
		sum, sx, sy = sum+n, sx+nx, sy+n*(2*y-patchSide+1)
	}
	const n = patchSide * patchSide
	// The sum of (2x - side + 1)^2 over a patch.
	const moment = float64(n) * (patchSide*patchSide - 1) / 3
	dx, dy := 2*float64(sx)/moment, 2*float64(sy)/moment
	middle := float64(patchSide-1) / 2
	return plane{float32(float64(sum)/n - (dx+dy)*middle), float32(dx), float32(dy)}
}

// find returns the peaks of a spectrum. blocks is the distance in bins between the lines of JPEG's blocks.
func (s *analysis) find(p *spectrum, blocks int) []peak {
	const half = patchSide / 2
	// The noise of rounding to whole grey levels is 1/12, and what JPEG drops is less than there would be: nothing counts
	// against less than about twice that. 9/64 is the mean square of the window.
	const floor = 0.15 * 9. / 64 * patchSide * patchSide
	for u := range p {
		for v := range patchSide {
			s.logs[u][(v+half)%patchSide] = logarithm(p[u][v] + floor)
		}
	}
	for u := range s.logs {
		run := float32(0)
		for v := range patchSide {
			run += s.logs[u][v]
			s.sums[u+1][v+1] = s.sums[u][v+1] + run
		}
	}
	var out []peak
	for u := 0; u <= half; u++ {
		for v := 1; v < patchSide-1; v++ {
			l := s.logs[u][v]
			if l < s.logs[u][v-1] || l < s.logs[u][v+1] {
				continue
			}
			if u > 0 && (l < s.logs[u-1][v] || l < s.logs[u-1][v-1] || l < s.logs[u-1][v+1]) {
				continue
			}
			if u < half && (l < s.logs[u+1][v] || l < s.logs[u+1][v-1] || l < s.logs[u+1][v+1]) {
				continue
			}
			// What is left is few, and dividing takes long.
			if dv := v - half; u*u+dv*dv < lowest*lowest || u == 0 && dv < 0 || onBlockGrid(u, dv, blocks) {
				continue
			}
			rise := l - s.around(u, v)
			if rise < leastRise {
				continue
			}
			if rise = min(rise, l-s.ridge(u, v)); rise < leastRise {
				continue
			}
			out = append(out, s.refine(u, v, float64(rise), p))
		}
	}
	return out
}

// around is the mean logarithm of the spectrum around a frequency: 17 bins square, without the five in the middle.
func (s *analysis) around(u, v int) float32 {
	outer, n := s.box(u, v, 8)
	inner, m := s.box(u, v, 2)
	return (outer - inner) / float32(n-m)
}

// box is the sum of the logarithms within some bins of a frequency, and of how many.
func (s *analysis) box(u, v, r int) (sum float32, n int) {
	u0, u1, v0, v1 := max(u-r, 0), min(u+r, patchSide/2)+1, max(v-r, 0), min(v+r, patchSide-1)+1
	return s.sums[u1][v1] - s.sums[u0][v1] - s.sums[u1][v0] + s.sums[u0][v0], (u1 - u0) * (v1 - v0)
}

// ridge is the mean logarithm of the spectrum before and behind a peak on the line from the origin. Whatever has straight
// parallel edges and no period (the spines of books, slats, stripes, a ruled form) has its power on one such line, and what
// stands out beside the line need not stand out on it. A wave does both.
func (s *analysis) ridge(u, v int) float32 {
	const half = patchSide / 2
	dv := v - half
	r := math.Hypot(float64(u), float64(dv))
	ru, rv := float64(u)/r, float64(dv)/r
	sum, n := float32(0), 0
	for k := ridgeFrom; k <= ridgeTo; k++ {
		for _, at := range [2]float64{-float64(k), float64(k)} {
			x, y := u+int(math.Round(at*ru)), dv+int(math.Round(at*rv))
			if x < 0 {
				x, y = -x, -y // the mirror image
			}
			if x <= half && y >= -half && y < half {
				sum += s.logs[x][y+half]
				n++
			}
		}
	}
	return sum / float32(max(n, 1))
}

// ridgeFrom and ridgeTo are how far from a peak, in bins, the ridge is looked at: beyond what the window spreads a peak by, and
// not as far as the origin from the lowest one.
const (
	ridgeFrom = 3
	ridgeTo   = 6
)

// strongest keeps the strongest peaks, in order.
func strongest(peaks []peak) []peak {
	slices.SortFunc(peaks, func(a, b peak) int {
		return cmp.Or(cmp.Compare(b.rise, a.rise), cmp.Compare(a.u, b.u), cmp.Compare(a.v, b.v))
	})
	return peaks[:min(len(peaks), peaksKept)]
}

// refine finds the place of a peak between bins by a parabola through the logarithms.
func (s *analysis) refine(u, v int, rise float64, p *spectrum) peak {
	const half = patchSide / 2
	between := func(a, b, c float32) float64 {
		if d := a - 2*b + c; d < 0 {
			return float64(min(max((a-c)/(2*d), -0.5), 0.5))
		}
		return 0
	}
	du, dv := 0.0, between(s.logs[u][v-1], s.logs[u][v], s.logs[u][v+1])
	if u > 0 && u < half {
		du = between(s.logs[u-1][v], s.logs[u][v], s.logs[u+1][v])
	}
	// A wave of amplitude A has power (A/2 n/4)^2 in its bin under the window: a quarter is the window's mean.
	amplitude := 8 * math.Sqrt(float64(p[u][(v+half)%patchSide])) / (patchSide * patchSide)
	return peak{u: (float64(u) + du) / patchSide, v: (float64(v-half) + dv) / patchSide, rise: rise, amplitude: amplitude}
}

// onBlockGrid reports whether a frequency, in bins, is one that JPEG's blocks have: a multiple of one over their side across and
// down. It is also where the dither of palettes and the mosaic of sensors lie.
func onBlockGrid(u, v, blocks int) bool {
	near := func(n int) bool {
		r := ((n % blocks) + blocks) % blocks
		return r <= 1 || r >= blocks-1
	}
	return near(u) && near(v)
}

// logarithm is the natural logarithm to about 0.01, from the bits of the number: a fraction of the cost of math.Log.
func logarithm(x float32) float32 {
	b := math.Float32bits(x)
	m := math.Float32frombits(b&0x007fffff | 0x3f800000)
	// ln(1+t) over [0,1): a cubic through the ends with the least error between.
	t := m - 1
	return float32(int(b>>23)-127)*0.6931472 + t*(0.9980-t*(0.4475-t*0.1427))
}
