package specimen

import (
	"image"
	"math"
	"runtime"
	"sync"
)

// Light is a picture in linear light: red, green, blue interleaved, 1 is the white that an exposure of 1 saturates at.
type Light struct {
	W, H int
	Pix  []float32
}

// NewLight returns a black picture of w by h pixels.
func NewLight(w, h int) *Light { return &Light{W: w, H: h, Pix: make([]float32, 3*w*h)} }

// linearOf is the sRGB transfer function (IEC 61966-2-1) for the 256 values of a byte.
var linearOf = sync.OnceValue(func() *[256]float32 {
	var t [256]float32
	for i := range t {
		v := float64(i) / 255
		if v <= 0.04045 {
			t[i] = float32(v / 12.92)
		} else {
			t[i] = float32(math.Pow((v+0.055)/1.055, 2.4))
		}
	}
	return &t
})

// encodeSteps is the resolution of the table from linear light to sRGB bytes: fine enough for the darkest step of sRGB.
const encodeSteps = 1 << 14

// encoded takes linear light, 0 to 1, to sRGB (IEC 61966-2-1), 0 to 1.
func encoded(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

var encodedOf = sync.OnceValue(func() *[encodeSteps + 1]uint8 {
	var t [encodeSteps + 1]uint8
	for i := range t {
		v := encoded(float64(i) / encodeSteps)
		t[i] = uint8(math.Round(v * 255))
	}
	return &t
})

// toLight takes a flat sRGB picture to linear light.
func toLight(img *image.RGBA) *Light {
	b := img.Bounds()
	l := NewLight(b.Dx(), b.Dy())
	table := linearOf()
	rows(l.H, func(y int) {
		src := img.Pix[y*img.Stride:]
		dst := l.Pix[3*y*l.W:]
		for x := range l.W {
			dst[3*x], dst[3*x+1], dst[3*x+2] = table[src[4*x]], table[src[4*x+1]], table[src[4*x+2]]
		}
	})
	return l
}

// develop takes linear light to an sRGB picture; what is above 1 is lost, as in a camera.
func (l *Light) develop() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, l.W, l.H))
	table := encodedOf()
	rows(l.H, func(y int) {
		src := l.Pix[3*y*l.W : 3*(y+1)*l.W]
		dst := img.Pix[y*img.Stride:]
		for x := range l.W {
			for k := range 3 {
				v := min(max(src[3*x+k], 0), 1)
				dst[4*x+k] = table[int(v*encodeSteps+0.5)]
			}
			dst[4*x+3] = 255
		}
	})
	return img
}

// half returns the picture at half its size, each pixel the mean of four.
func (l *Light) half() *Light {
	h := NewLight(max(l.W/2, 1), max(l.H/2, 1))
	rows(h.H, func(y int) {
		y0, y1 := min(2*y, l.H-1), min(2*y+1, l.H-1)
		for x := range h.W {
			x0, x1 := min(2*x, l.W-1), min(2*x+1, l.W-1)
			for k := range 3 {
				h.Pix[3*(y*h.W+x)+k] = (l.Pix[3*(y0*l.W+x0)+k] + l.Pix[3*(y0*l.W+x1)+k] +
					l.Pix[3*(y1*l.W+x0)+k] + l.Pix[3*(y1*l.W+x1)+k]) / 4
			}
		}
	})
	return h
}

// at returns the picture at a point by bilinear interpolation; outside, the nearest edge.
func (l *Light) at(x, y float32) (r, g, b float32) {
	x = min(max(x-0.5, 0), float32(l.W-1))
	y = min(max(y-0.5, 0), float32(l.H-1))
	x0, y0 := int(x), int(y)
	fx, fy := x-float32(x0), y-float32(y0)
	i := 3 * (y0*l.W + x0)
	j, k := i, i
	if x0+1 < l.W {
		j = i + 3
	}
	if y0+1 < l.H {
		k = i + 3*l.W
	}
	m := j + k - i
	p := l.Pix
	w00, w10, w01, w11 := (1-fx)*(1-fy), fx*(1-fy), (1-fx)*fy, fx*fy
	return w00*p[i] + w10*p[j] + w01*p[k] + w11*p[m],
		w00*p[i+1] + w10*p[j+1] + w01*p[k+1] + w11*p[m+1],
		w00*p[i+2] + w10*p[j+2] + w01*p[k+2] + w11*p[m+2]
}

// rows calls f for every row of a picture, bands of rows at a time on all cores, and returns when all are done. The
// outcome may not depend on the order of rows.
func rows(h int, f func(y int)) {
	workers := min(runtime.GOMAXPROCS(0), h)
	if workers < 2 {
		for y := range h {
			f(y)
		}
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for y := w * h / workers; y < (w+1)*h/workers; y++ {
				f(y)
			}
		})
	}
	wg.Wait()
}

// blur is a Gaussian of sigma pixels, separable; sigma below 0.2 changes nothing.
func (l *Light) blur(sigma float64) *Light {
	if sigma < 0.2 {
		return l
	}
	radius := int(math.Ceil(2.6 * sigma))
	kernel := make([]float32, 2*radius+1)
	sum := 0.0
	for i := range kernel {
		d := float64(i - radius)
		sum += math.Exp(-d * d / (2 * sigma * sigma))
	}
	for i := range kernel {
		d := float64(i - radius)
		kernel[i] = float32(math.Exp(-d*d/(2*sigma*sigma)) / sum)
	}
	across := NewLight(l.W, l.H)
	n := 3 * l.W
	rows(l.H, func(y int) {
		src, dst := l.Pix[y*n:(y+1)*n], across.Pix[y*n:(y+1)*n]
		for i := range dst {
			if i >= 3*radius && i < n-3*radius {
				v := float32(0)
				at := i - 3*radius
				for _, k := range kernel {
					v += k * src[at]
					at += 3
				}
				dst[i] = v
				continue
			}
			v, channel := float32(0), i%3
			for j, k := range kernel {
				x := min(max(i/3+j-radius, 0), l.W-1)
				v += k * src[3*x+channel]
			}
			dst[i] = v
		}
	})
	out := l
	rows(l.H, func(y int) {
		dst := out.Pix[y*n : (y+1)*n]
		clear(dst)
		for j, k := range kernel {
			src := across.Pix[min(max(y+j-radius, 0), l.H-1)*n:][:n]
			for i, v := range src {
				dst[i] += k * v
			}
		}
	})
	return out
}

// mix is the finalizer of SplitMix64: a number into a well spread one.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// gaussian holds 4096 quantiles of the normal distribution: noise is drawn from it by a hash of place and seed, so that
// it does not depend on the order in which rows are done.
var gaussian = sync.OnceValue(func() *[4096]float32 {
	var t [4096]float32
	for i := range t {
		t[i] = float32(math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/float64(len(t))-1))
	}
	return &t
})
