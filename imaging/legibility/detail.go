package legibility

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// A hand that trembles moves, rests and moves on: every stroke is there twice. Each of the two is as sharp as ever, so that no edge
// tells, and nothing can be read. The same is true of movement over a distance of several strokes, which draws each as a broad bar of
// its own width's sharpness. What such blur takes is detail: the waves of a few cycles over a character's height, in one direction. How
// much of them sharp print has hardly depends on what it says (the spectra of print differ by a factor of 1.4 from document to
// document), so that what is missing can be measured.
const (
	// detailStep is how far apart, in cycles over the height of a character, the frequencies are at which a tile's power is measured,
	// and detailWaves how many there are from 0 on, each way.
	detailStep, detailWaves = 0.25, 9
	// detailAcross is the highest frequency, in the same unit, across the direction that is looked at.
	detailAcross = 1.5
	// detailText and detailHalf are heights of text in pixels of a patch: the least for two cycles to be there, and that from which half
	// the resolution shows them, too.
	detailText, detailHalf = 7, 13
	// fewestDetailed is the least number of tiles that say what detail a document has.
	fewestDetailed = 4
)

// detailBands is how many bands of frequencies are told apart; detailBand says which one a frequency (in cycles over the height of a
// character) lies in, -1 for none. The first is the measure of the others: blur that makes print unreadable takes hardly
// anything there.
const detailBands = 5

func detailBand(cycles float64) int {
	switch {
	case cycles < 0.4 || cycles >= 2:
		return -1
	case cycles < 0.8:
		return 0
	}
	return int((cycles-0.8)/0.3) + 1
}

// sharpDetail is the power that sharp print has in each band but the first, as a decimal logarithm over that in the first, for waves
// along the lines of text and at 22.5, 45, 67.5 and 90 degrees to them: the mean over the photos of the tuning half of the labelled
// sets in which edges are at most an eighth of a character wide, all templates weighing the same. Between its ten templates they
// deviate by 0.05 to 0.16, so that no single one of them decides.
func sharpDetail(direction int) [detailBands - 1]float64 {
	return [...][detailBands - 1]float64{
		{-0.18, -0.35, -0.33, -0.27},
		{-0.26, -0.38, -0.38, -0.45},
		{-0.26, -0.34, -0.54, -0.78},
		{-0.64, -0.72, -0.80, -0.89},
		{-0.72, -0.76, -0.78, -0.82},
	}[min(direction, directions-direction)]
}

// detail is the power of print by direction, from that of its lines in eighths of half a turn, and band.
type detail [directions][detailBands]float64

// left is how much contrast the detail of print has left, 0 to about 1, over that of sharp print: in the direction and the band in which
// it is least. What is print's own is told from what blur has taken by what movement does: it takes along its way and leaves across,
// and it adds nothing. So what lacks across a direction as well is print's own, since large letters and frames have less detail
// whichever way one looks; and so is a first band that is stronger than the one across it, since rows of a table and ruled lines
// have it.
func (d *detail) left() float64 {
	var lack [directions][detailBands - 1]float64
	for k := range d {
		across := (k + directions/2) % directions
		coarse := min(math.Log10(d[k][0]), math.Log10(d[across][0])+sharpCoarse(k)+coarseSpread)
		for band, power := range sharpDetail(k) {
			lack[k][band] = math.Log10(d[k][band+1]) - coarse - power
		}
	}
	least := math.Inf(1)
	for k := range lack {
		across := lack[(k+directions/2)%directions]
		for band, v := range lack[k] {
			least = min(least, v-ownLack*min(across[band], 0))
		}
	}
	return math.Pow(10, least/2)
}

// sharpCoarse is the power that sharp print has in the first band in a direction, as a decimal logarithm over that across it, measured
// as sharpDetail is: lines of text make more of it from line to line than along them.
func sharpCoarse(direction int) float64 {
	return [...]float64{-0.31, -0.26, 0, 0.26, 0.31}[min(direction, directions-direction)]
}

const (
	// coarseSpread is what sharpCoarse differs by between templates.
	coarseSpread = 0.1
	// ownLack is how much of what lacks across a direction is taken for print's own: not all of it, since hands do not tremble along a
	// straight line.
	ownLack = 0.7
)

// detailOf is the contrast that the detail of the print of all tiles has left, together: where there is much print it is told best. 0
// where there are too few tiles.
func detailOf(tiles []tile) float64 {
	var all detail
	n := 0
	for i := range tiles {
		if t := &tiles[i]; t.detailed {
			all.add(&t.detail)
			n++
		}
	}
	if n < fewestDetailed {
		return 0
	}
	return round(all.left())
}

func (d *detail) add(o *detail) {
	for k := range d {
		for band := range d[k] {
			d[k][band] += o[k][band]
		}
	}
}

// detail measures the power of a patch whose text is so many pixels high and runs in a direction, without that of its noise; false
// where its resolution is too low for it. The patch is transformed at the frequencies that count and at no others.
func (p *patch) detail(m *bench, text float64, along raster.Point) (detail, bool) {
	var out detail
	if text >= detailHalf && p.side >= 2*minPatch {
		p, text = p.half(), text/2
	}
	if text < detailText {
		return out, false
	}
	n := p.side
	windowPower := m.waves(n, 2*math.Pi*detailStep/text)
	noise := p.noise()
	// Rows first: cos and sin parts of each frequency across, row by row.
	rows := fitted(&m.rows, 2*detailWaves*n)
	line := fitted(&m.line, n)
	mean := float32(0)
	for _, v := range p.v {
		mean += v
	}
	mean /= float32(n * n)
	for y := range n {
		for x, v := range p.v[y*n : (y+1)*n] {
			line[x] = v - mean
		}
		for k := range detailWaves {
			rows[2*k*n+y], rows[(2*k+1)*n+y] = m.wave(k, line)
		}
	}
	var count detail
	var ways [directions]raster.Point
	for k := range ways {
		sin, cos := math.Sincos(math.Pi * float64(k) / directions)
		ways[k] = raster.Point{along[0]*cos - along[1]*sin, along[1]*cos + along[0]*sin}
	}
	for u := range detailWaves {
		for v := range detailWaves {
			cc, cs := m.wave(v, rows[2*u*n:(2*u+1)*n])
			sc, ss := m.wave(v, rows[(2*u+1)*n:(2*u+2)*n])
			out.put(&count, &ways, u, v, power(cc-ss, cs+sc))
			if u > 0 && v > 0 {
				out.put(&count, &ways, u, -v, power(cc+ss, cs-sc))
			}
		}
	}
	for k := range out {
		for band := range out[k] {
			// The power of white noise of deviation s is s squared at every frequency, times that of the window.
			mean := out[k][band] / (windowPower * windowPower) / max(count[k][band], 1)
			if out[k][band] = mean; band > 0 {
				out[k][band] = max(mean-noise*noise, leastPower*out[k][0])
			}
		}
	}
	return out, true
}

// leastPower bounds what is left of a band's power without that of the noise, over the first band's.
const leastPower = 1e-4

func power(re, im float32) float64 { return float64(re)*float64(re) + float64(im)*float64(im) }

// put adds power at a frequency to the bands of all directions in which it counts.
func (d *detail) put(count *detail, ways *[directions]raster.Point, u, v int, power float64) {
	x, y := detailStep*float64(u), detailStep*float64(v)
	for k, way := range ways {
		if math.Abs(x*way[1]-y*way[0]) > detailAcross {
			continue
		}
		if band := detailBand(math.Abs(x*way[0] + y*way[1])); band >= 0 {
			d[k][band] += power
			count[k][band]++
		}
	}
}

// waves fills in the waves of a patch n pixels wide, step radians a pixel apart in frequency, under Hann's window, and returns the sum
// of its squares.
func (m *bench) waves(n int, step float64) (windowPower float64) {
	m.cos, m.sin = fitted(&m.cos, detailWaves*n), fitted(&m.sin, detailWaves*n)
	for i := range n {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n))
		windowPower += w * w
		sin, cos := math.Sincos(step * float64(i))
		c, s := w, 0.0
		for k := range detailWaves {
			m.cos[k*n+i], m.sin[k*n+i] = float32(c), float32(s)
			c, s = c*cos-s*sin, s*cos+c*sin
		}
	}
	return windowPower
}

// wave is the k-th wave's part in a line.
func (m *bench) wave(k int, line []float32) (cos, sin float32) {
	n := len(line)
	a, b := m.cos[k*n:(k+1)*n], m.sin[k*n:(k+1)*n]
	a, b = a[:n], b[:n]
	for i, v := range line {
		cos += v * a[i]
		sin += v * b[i]
	}
	return cos, sin
}

// fitted returns memory for n values: what there is if it suffices.
func fitted(memory *[]float32, n int) []float32 {
	if cap(*memory) < n {
		*memory = make([]float32, n)
	}
	return (*memory)[:n]
}

// alongText is the direction in which text runs at a place of the sheet, in pixels of the picture as stored.
func (s *sheet) alongText(at spot, down bool) raster.Point {
	a, b := raster.Point{at.x, at.y}, raster.Point{at.x + 1, at.y}
	if down {
		b = raster.Point{at.x, at.y + 1}
	}
	a, b = s.frame.ToFull.Apply(s.toFull.Apply(a)), s.frame.ToFull.Apply(s.toFull.Apply(b))
	length := math.Hypot(b[0]-a[0], b[1]-a[1])
	return raster.Point{(b[0] - a[0]) / length, (b[1] - a[1]) / length}
}
