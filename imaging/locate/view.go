package locate

import (
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/imaging/vector"
)

// viewSide is the long side of the picture that documents are searched in: the smallest document that is worth finding, a
// tenth of the frame, still has sides of 40 pixels.
const viewSide = 420

// channels are luma and two opponent colours, so that a pale blue card on white paper has an edge in one of them.
const channels = 3

// view is the reduced picture that documents are searched in.
type view struct {
	w, h int
	// sx and sy take positions of the view to those of the full upright picture.
	sx, sy float64
	// small is the picture that the view was reduced from.
	small *raster.RGB
	// pix holds luma, red less green, and yellow less blue of each pixel: grey levels, interleaved.
	pix []float32
	// edges are the gradient of the channel that changes most at each pixel, in grey levels per pixel.
	gx, gy, mag []float32
	// noise is the median of mag: what most of the picture's grain stays below.
	noise float32
	// sides are the lines that were found in it, and areas what connected regions propose, once they were asked for.
	sides []line
	areas []proposal
}

// coarse is how many times as large as the view Small is where half of it is taken in its place: its pixels are then those of the
// picture, with their grain, and not means of some as those of a phone's picture of 12 megapixels are.
const coarse = 4

// halved is a picture of half the width and height, of means of squares.
func halved(p *raster.RGB) *raster.RGB {
	out := raster.NewRGB(p.W/2, p.H/2)
	for y := range out.H {
		a, b, to := p.Row(2*y), p.Row(2*y+1), out.Row(y)
		for x := range out.W {
			q, r, t := (*[6]uint8)(a[6*x:]), (*[6]uint8)(b[6*x:]), (*[3]uint8)(to[3*x:])
			t[0] = uint8((uint32(q[0]) + uint32(q[3]) + uint32(r[0]) + uint32(r[3]) + 2) / 4)
			t[1] = uint8((uint32(q[1]) + uint32(q[4]) + uint32(r[1]) + uint32(r[4]) + 2) / 4)
			t[2] = uint8((uint32(q[2]) + uint32(q[5]) + uint32(r[2]) + uint32(r[5]) + 2) / 4)
		}
	}
	return out
}

func newView(f *raster.Frame) *view { return viewOf(f, viewSide) }

// viewOf reduces the picture to a long side of about so many pixels.
func viewOf(f *raster.Frame, side int) *view {
	s := f.Small
	n := max(1, (max(s.W, s.H)+side/2)/side)
	if n >= coarse {
		s = halved(s)
		n = max(1, (max(s.W, s.H)+side/2)/side)
	}
	v := &view{w: max(s.W/n, 1), h: max(s.H/n, 1), small: s}
	v.sx, v.sy = float64(f.Width)/float64(v.w), float64(f.Height)/float64(v.h)
	v.pix = make([]float32, channels*v.w*v.h)
	left := make([]int32, v.w+1)
	for x := range left {
		left[x] = int32(x * s.W / v.w)
	}
	vector.Opponents(s.Pix, s.W, s.H, left, v.w, v.h, make([]uint16, 3*s.W), v.pix)
	v.differentiate()
	return v
}

// differentiate smooths each channel a little and takes the gradient of the one that changes most.
func (v *view) differentiate() {
	w, h := v.w, v.h
	v.gx, v.gy, v.mag = make([]float32, w*h), make([]float32, w*h), make([]float32, w*h)
	if w < 3 || h < 3 {
		return
	}
	vector.Gradient(v.pix, w, h, make([]float32, vector.GradientScratch*w), v.gx, v.gy, v.mag)
	var histogram [512]int
	for y := 1; y < h-1; y++ {
		for _, m := range v.mag[y*w+1 : (y+1)*w-1] {
			histogram[min(int(m*16), 511)]++
		}
	}
	half := (w - 2) * (h - 2) / 2
	for i, count := range histogram {
		if half -= count; half < 0 {
			v.noise = (float32(i) + 0.5) / 16
			break
		}
	}
}

// colour interpolates the three channels at a position of the view; outside, the nearest edge.
func (v *view) colour(x, y float64) [channels]float64 {
	x, y = min(max(x-0.5, 0), float64(v.w-1)), min(max(y-0.5, 0), float64(v.h-1))
	x0, y0 := int(x), int(y)
	fx, fy := float32(x-float64(x0)), float32(y-float64(y0))
	i := channels * (y0*v.w + x0)
	w00, w10, w01, w11 := (1-fx)*(1-fy), fx*(1-fy), (1-fx)*fy, fx*fy
	if x0+1 < v.w && y0+1 < v.h {
		p, q := (*[2 * channels]float32)(v.pix[i:]), (*[2 * channels]float32)(v.pix[i+channels*v.w:])
		return [channels]float64{
			float64(w00*p[0] + w10*p[3] + w01*q[0] + w11*q[3]),
			float64(w00*p[1] + w10*p[4] + w01*q[1] + w11*q[4]),
			float64(w00*p[2] + w10*p[5] + w01*q[2] + w11*q[5]),
		}
	}
	j, k := i, 0
	if x0+1 < v.w {
		j = i + channels
	}
	if y0+1 < v.h {
		k = channels * v.w
	}
	var out [channels]float64
	for c := range out {
		out[c] = float64(w00*v.pix[i+c] + w10*v.pix[j+c] + w01*v.pix[i+k+c] + w11*v.pix[j+k+c])
	}
	return out
}

// inside reports whether a position is in the picture.
func (v *view) inside(p raster.Point) bool {
	return p[0] >= 0 && p[1] >= 0 && p[0] <= float64(v.w) && p[1] <= float64(v.h)
}
