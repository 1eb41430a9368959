package specimen

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"time"

	"github.com/preflight-icp/preflight/filing"
)

// expose takes the light through lens and sensor: point spread, shift of colours, noise, interpolation of the mosaic.
func (t *take) expose() error {
	p := &t.spread
	l := t.light
	if t.s.screen == nil { // a screen is filtered where it is sampled: see display
		l = l.blur(math.Hypot(p.lens, p.gauss))
	} else {
		l = l.blur(0.5 * p.lens)
	}
	if d := t.s.screen; d != nil && d.beat > 0 {
		rows(l.H, func(y int) {
			k := 1 - d.beat*(0.5+0.5*wave(float32(y)/d.beatPeriod))
			for i := 3 * y * l.W; i < 3*(y+1)*l.W; i++ {
				l.Pix[i] *= k
			}
		})
	}
	if t.s.mosaic {
		l.mosaic()
	}
	if p.disc > 0.05 {
		l = l.discBlur(p)
	}
	if len(p.path) > 0 {
		l = l.moved(p.path)
	}
	if a := t.s.phone.aberration; a > 0.35 {
		l = l.aberrate(a)
	}
	t.addNoise(l)
	t.light = l
	return nil
}

// mosaic samples red and blue as a Bayer sensor does, at every other pixel of every other row, and fills in by bilinear
// interpolation: half the resolution, and twice the moire, in colours. Green, which has every other pixel, is filled in
// from its four neighbours.
func (l *Light) mosaic() {
	w, n := l.W, 3*l.W
	src := append([]float32(nil), l.Pix...)
	rows(l.H, func(y int) {
		if y < 1 || y >= l.H-1 {
			return
		}
		for x := 1; x < w-1; x++ {
			i := y*n + 3*x
			if (x+y)&1 == 0 { // a red or a blue pixel
				l.Pix[i+1] = (src[i+1-3] + src[i+1+3] + src[i+1-n] + src[i+1+n]) / 4
			}
			for k, odd := range [3]int{0, -1, 1} {
				if odd < 0 {
					continue
				}
				j := i + k
				across, down := x&1 != odd, y&1 != odd
				switch {
				case across && down:
					l.Pix[j] = (src[j-3-n] + src[j+3-n] + src[j-3+n] + src[j+3+n]) / 4
				case across:
					l.Pix[j] = (src[j-3] + src[j+3]) / 2
				case down:
					l.Pix[j] = (src[j-n] + src[j+n]) / 2
				}
			}
		}
	})
}

// discBlur spreads every point over a disc, the circle of confusion of geometric optics, whose radius may vary over the
// picture. A disc is a stack of rows, and a sum over a row is the difference of two running sums. Large discs are spread at
// half the size.
func (l *Light) discBlur(p *spread) *Light {
	if p.disc > 6 {
		small := *p
		small.disc /= 2
		small.growth = [2]float64{p.growth[0] * 2, p.growth[1] * 2}
		small.middle = filing.Point{p.middle[0] / 2, p.middle[1] / 2}
		return l.half().discBlur(&small).enlarge(l.W, l.H)
	}
	sums := make([]float32, 3*(l.W+1)*l.H)
	rows(l.H, func(y int) {
		src, dst := l.Pix[3*y*l.W:], sums[3*y*(l.W+1):]
		for x := range l.W {
			for k := range 3 {
				dst[3*x+3+k] = dst[3*x+k] + src[3*x+k]
			}
		}
	})
	out := NewLight(l.W, l.H)
	steady := p.growth == [2]float64{}
	rows(l.H, func(y int) {
		dst := out.Pix[3*y*l.W:]
		type span struct {
			row   int
			half  float32
			share float32
		}
		var spans []span
		var area, radius float32
		measure := func(r float32) {
			spans, area, radius = spans[:0], 0, r
			n := int(r + 0.5)
			for dy := -n; dy <= n; dy++ {
				// The part of the row's height that the disc reaches.
				share := min(max(r+0.5-float32(max(dy, -dy)), 0), 1)
				d := max(float32(max(dy, -dy))-0.5*(1-share), 0)
				half := float32(math.Sqrt(float64(max(r*r-d*d, 0.09))))
				spans = append(spans, span{min(max(y+dy, 0), l.H-1), half, share})
				area += 2 * half * share
			}
		}
		if steady {
			measure(float32(p.disc))
		}
		for x := range l.W {
			if !steady {
				if r := float32(p.discAt(float64(x), float64(y))); r > radius+0.02 || r < radius-0.02 {
					measure(min(r, 24))
				}
			}
			var r, g, b float32
			for _, s := range spans {
				row := sums[3*s.row*(l.W+1):]
				from, to := float32(x)+0.5-s.half, float32(x)+0.5+s.half
				r0, g0, b0 := runningSum(row, from, l.W)
				r1, g1, b1 := runningSum(row, to, l.W)
				r, g, b = r+s.share*(r1-r0), g+s.share*(g1-g0), b+s.share*(b1-b0)
			}
			dst[3*x], dst[3*x+1], dst[3*x+2] = r/area, g/area, b/area
		}
	})
	return out
}

// runningSum reads a row of running sums at a fraction of a pixel; beyond the border the outermost pixel goes on.
func runningSum(row []float32, x float32, w int) (r, g, b float32) {
	switch {
	case x < 0:
		return x * row[3], x * row[4], x * row[5]
	case x >= float32(w):
		over := x - float32(w)
		e, d := row[3*w:], row[3*w-3:]
		return e[0] + over*(e[0]-d[0]), e[1] + over*(e[1]-d[1]), e[2] + over*(e[2]-d[2])
	}
	i := int(x)
	f := x - float32(i)
	p := row[3*i : 3*i+6]
	return p[0] + f*(p[3]-p[0]), p[1] + f*(p[4]-p[1]), p[2] + f*(p[5]-p[2])
}

// enlarge scales to w by h by bilinear interpolation.
func (l *Light) enlarge(w, h int) *Light {
	out := NewLight(w, h)
	fx, fy := float32(l.W)/float32(w), float32(l.H)/float32(h)
	rows(h, func(y int) {
		dst := out.Pix[3*y*w:]
		for x := range w {
			dst[3*x], dst[3*x+1], dst[3*x+2] = l.at((float32(x)+0.5)*fx, (float32(y)+0.5)*fy)
		}
	})
	return out
}

// moved smears along a path: each point of it is shared among the four pixels around.
func (l *Light) moved(path []filing.Point) *Light {
	far := 0.0
	for _, p := range path {
		far = math.Max(far, math.Max(math.Abs(p[0]), math.Abs(p[1])))
	}
	if far > 9 {
		half := make([]filing.Point, len(path))
		for i, p := range path {
			half[i] = filing.Point{p[0] / 2, p[1] / 2}
		}
		return l.half().moved(half).enlarge(l.W, l.H)
	}
	n := int(math.Ceil(far)) + 1
	side := 2*n + 1
	kernel := make([]float32, side*side)
	for _, p := range path {
		x, y := p[0]+float64(n), p[1]+float64(n)
		i, j := int(x), int(y)
		fx, fy := x-float64(i), y-float64(j)
		for _, q := range []struct {
			at int
			w  float64
		}{{j*side + i, (1 - fx) * (1 - fy)}, {j*side + i + 1, fx * (1 - fy)}, {(j+1)*side + i, (1 - fx) * fy},
			{(j+1)*side + i + 1, fx * fy}} {
			if q.w > 0 {
				kernel[q.at] += float32(q.w / float64(len(path)))
			}
		}
	}
	out := NewLight(l.W, l.H)
	rows(l.H, func(y int) {
		dst := out.Pix[3*y*l.W : 3*(y+1)*l.W]
		for j := range side {
			src := l.Pix[3*min(max(y+j-n, 0), l.H-1)*l.W:][:3*l.W]
			for i := range side {
				k := kernel[j*side+i]
				if k == 0 {
					continue
				}
				shift := 3 * (i - n)
				from, to := max(0, -shift), min(len(dst), len(dst)-shift)
				a, b := dst[from:to], src[from+shift:to+shift]
				for q := range a {
					a[q] += k * b[q]
				}
				for q := range from {
					dst[q] += k * src[q%3]
				}
				for q := to; q < len(dst); q++ {
					dst[q] += k * src[len(src)-3+q%3]
				}
			}
		}
	})
	return out
}

// aberrate scales red up and blue down by a fraction of a pixel at the corners (lateral chromatic aberration, 色差).
func (l *Light) aberrate(corner float64) *Light {
	out := NewLight(l.W, l.H)
	cx, cy := float32(l.W)/2, float32(l.H)/2
	k := float32(corner / 2 / math.Hypot(float64(cx), float64(cy)))
	rows(l.H, func(y int) {
		src, dst := l.Pix[3*y*l.W:], out.Pix[3*y*l.W:]
		dy := float32(y) + 0.5 - cy
		for x := range l.W {
			dx := float32(x) + 0.5 - cx
			dst[3*x] = l.channel(float32(x)+0.5-k*dx, float32(y)+0.5-k*dy, 0)
			dst[3*x+1] = src[3*x+1]
			dst[3*x+2] = l.channel(float32(x)+0.5+k*dx, float32(y)+0.5+k*dy, 2)
		}
	})
	return out
}

func (l *Light) channel(x, y float32, k int) float32 {
	x = min(max(x-0.5, 0), float32(l.W-1)-0.001)
	y = min(max(y-0.5, 0), float32(l.H-1)-0.001)
	i, j := int(x), int(y)
	fx, fy := x-float32(i), y-float32(j)
	p := l.Pix[3*(j*l.W+i)+k:]
	n := 3 * l.W
	top := p[0] + fx*(p[3]-p[0])
	low := p[n] + fx*(p[n+3]-p[n])
	return top + fy*(low-top)
}

// addNoise adds the noise of the sensor in linear light, after EMVA 1288's linear model: variance = read^2 + shot^2 x signal,
// red and blue amplified by white balance (hence noisier), and correlated with neighbours as interpolation of the mosaic
// leaves it. What passes 1 has saturated.
func (t *take) addNoise(l *Light) {
	p := &t.s.phone
	gain := t.s.gain
	normal := gaussian()
	var read2, shot2 [3]float32
	for k, amplified := range [3]float64{1.7, 1, 1.5} {
		sigma := p.read * gain * amplified
		read2[k] = float32(sigma * sigma)
		shot2[k] = float32(p.shot * p.shot * gain * amplified)
	}
	seed := mix(t.c.Seed ^ 0x5e4507)
	// Interpolated colours share half of a pixel's noise with the one before it.
	keep := float32(math.Sqrt(1 - 0.25*p.demosaic*p.demosaic))
	share := float32(0.5 * p.demosaic)
	rows(l.H, func(y int) {
		row := l.Pix[3*y*l.W : 3*(y+1)*l.W]
		base := seed + uint64(y)<<32
		var before [3]float32
		for x := range l.W {
			random := mix(base + uint64(x))
			for k := range 3 {
				v := max(row[3*x+k], 0)
				n := normal[random>>(16*k)&4095]
				mixedN := keep*n + share*before[k]
				before[k] = n
				row[3*x+k] = v + float32(math.Sqrt(float64(read2[k]+shot2[k]*min(v, 1))))*mixedN
			}
		}
	})
}

// develop takes light to the phone's picture: tone curve, noise reduction, saturation, sharpening.
func (t *take) develop() *image.RGBA {
	p := &t.s.phone
	l := t.light
	if t.s.zoom > 1 {
		l = l.enlarge(t.s.width, t.s.height)
	}
	curve := toneCurve(p.curve)
	w, h := l.W, l.H
	luma, blue, red := make([]float32, w*h), make([]float32, w*h), make([]float32, w*h)
	rows(h, func(y int) {
		src := l.Pix[3*y*w:]
		for x := range w {
			r := curve[int(min(max(src[3*x], 0), 1)*encodeSteps+0.5)]
			g := curve[int(min(max(src[3*x+1], 0), 1)*encodeSteps+0.5)]
			b := curve[int(min(max(src[3*x+2], 0), 1)*encodeSteps+0.5)]
			v := 0.299*r + 0.587*g + 0.114*b
			i := y*w + x
			luma[i], blue[i], red[i] = v, (b-v)*0.564, (r-v)*0.713
		}
	})
	smear := p.smear * t.s.smear
	if smear > 0.05 {
		blue, red = soften(blue, w, h, 1+int(3*smear)), soften(red, w, h, 1+int(3*smear))
	}
	luma = t.sharpen(luma, w, h, float32(smear))
	saturation := float32(p.saturation)
	if t.s.mono {
		saturation = 0
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	rows(h, func(y int) {
		dst := img.Pix[y*img.Stride:]
		for x := range w {
			i := y*w + x
			v, cb, cr := luma[i], blue[i]*saturation, red[i]*saturation
			dst[4*x] = byteOf(v + 1.402*cr)
			dst[4*x+1] = byteOf(v - 0.344*cb - 0.714*cr)
			dst[4*x+2] = byteOf(v + 1.772*cb)
			dst[4*x+3] = 255
		}
	})
	return img
}

func byteOf(v float32) uint8 { return uint8(min(max(v, 0), 255) + 0.5) }

// toneCurve is sRGB's transfer function followed by a curve that adds contrast in the middle, 0 to 255.
func toneCurve(contrast float64) *[encodeSteps + 1]float32 {
	var t [encodeSteps + 1]float32
	for i := range t {
		v := encoded(float64(i) / encodeSteps)
		s := v * v * (3 - 2*v)
		t[i] = float32(255 * (v + contrast*(s-v)))
	}
	return &t
}

// soften averages a plane over a box: noise reduction of colour, which bleeds it over edges.
func soften(plane []float32, w, h, radius int) []float32 {
	across := make([]float32, w*h)
	n := 1 / float32(2*radius+1)
	rows(h, func(y int) {
		src, dst := plane[y*w:(y+1)*w], across[y*w:(y+1)*w]
		// The window before the first pixel's is entered: all but its last value.
		sum := src[0] * float32(radius+1)
		for x := 1; x < radius; x++ {
			sum += src[min(x, w-1)]
		}
		for x := range w {
			sum += src[min(x+radius, w-1)]
			dst[x] = sum * n
			sum -= src[max(x-radius, 0)]
		}
	})
	out := make([]float32, w*h)
	rows(h, func(y int) {
		dst := out[y*w : (y+1)*w]
		for j := -radius; j <= radius; j++ {
			src := across[min(max(y+j, 0), h-1)*w:][:w]
			for x, v := range src {
				dst[x] += v * n
			}
		}
	})
	return out
}

// sharpen is what phones do to luma, in one pass over a neighbourhood of nine: an unsharp mask of the phone's amount and
// radius, and noise reduction that averages what differs little (a sigma filter) and leaves edges, which paints fine print
// over when it is strong.
func (t *take) sharpen(luma []float32, w, h int, smear float32) []float32 {
	amount := float32(t.s.phone.sharpen * t.s.sharpen)
	if amount == 0 && smear <= 0.05 {
		return luma
	}
	if smear > 0.05 {
		limit := 3 + 14*smear
		out := make([]float32, w*h)
		rows(h, func(y int) {
			up, at, down := luma[max(y-1, 0)*w:][:w], luma[y*w:][:w], luma[min(y+1, h-1)*w:][:w]
			dst := out[y*w : (y+1)*w]
			for x := range w {
				v := at[x]
				l, r := max(x-1, 0), min(x+1, w-1)
				sum, n := v, float32(1)
				for _, q := range [8]float32{up[l], up[x], up[r], at[l], at[r], down[l], down[x], down[r]} {
					d := q - v
					if k := 1 - d*d/(limit*limit); k > 0 {
						sum += k * q
						n += k
					}
				}
				dst[x] = v + min(smear*1.4, 1)*(sum/n-v)
			}
		})
		luma = out
	}
	if amount == 0 {
		return luma
	}
	soft := gaussPlane(luma, w, h, t.s.phone.halo)
	rows(h, func(y int) {
		for x := y * w; x < (y+1)*w; x++ {
			luma[x] += amount * (luma[x] - soft[x])
		}
	})
	return luma
}

// gaussPlane is a Gaussian blur of one plane.
func gaussPlane(plane []float32, w, h int, sigma float64) []float32 {
	radius := int(math.Ceil(2.4 * sigma))
	kernel := make([]float32, 2*radius+1)
	sum := float32(0)
	for i := range kernel {
		d := float64(i - radius)
		kernel[i] = float32(math.Exp(-d * d / (2 * sigma * sigma)))
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	across := make([]float32, w*h)
	rows(h, func(y int) {
		src, dst := plane[y*w:(y+1)*w], across[y*w:(y+1)*w]
		for x := range w {
			if x >= radius && x < w-radius {
				v := float32(0)
				for j, k := range kernel {
					v += k * src[x-radius+j]
				}
				dst[x] = v
				continue
			}
			v := float32(0)
			for j, k := range kernel {
				v += k * src[min(max(x-radius+j, 0), w-1)]
			}
			dst[x] = v
		}
	})
	out := make([]float32, w*h)
	rows(h, func(y int) {
		dst := out[y*w : (y+1)*w]
		for j, k := range kernel {
			src := across[min(max(y-radius+j, 0), h-1)*w:][:w]
			for x, v := range src {
				dst[x] += k * v
			}
		}
	})
	return out
}

// deliver writes the file: as the phone stores it, or as an app sends it on.
func (t *take) deliver() ([]byte, error) {
	img := t.develop()
	p := &t.s.phone
	at := time.Date(2020, 3, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(t.c.Seed%(250*24*60)) * time.Minute)
	o := JPEGOptions{Quality: p.quality, Subsampling: p.chroma, Progressive: p.progressive}
	if a := t.s.app; a != nil {
		first, err := EncodeJPEG(img, o)
		if err != nil {
			return nil, err
		}
		decoded, err := jpeg.Decode(bytes.NewReader(first))
		if err != nil {
			return nil, err
		}
		img = shrinkTo(decoded, a.long)
		t.rescale(img)
		// Apps take the orientation out and leave no camera data.
		return EncodeJPEG(img, JPEGOptions{Quality: a.quality, JFIF: true})
	}
	t.rescale(img)
	if t.s.orientation > 1 {
		img = Orient(img, t.s.orientation)
	}
	camera := p.exif(t.s.orientation, 60*t.s.gain, 1/(120/math.Sqrt(t.s.gain)), at)
	o.Segments = []Segment{camera.Segment()}
	return EncodeJPEG(img, o)
}

// shrinkTo scales a picture so that its long side is at most long, each pixel the mean of what it covers, as apps do: in
// coded values, not in light.
func shrinkTo(img image.Image, long int) *image.RGBA {
	b := img.Bounds()
	f := math.Min(float64(long)/float64(max(b.Dx(), b.Dy())), 1)
	w, h := int(math.Round(float64(b.Dx())*f)), int(math.Round(float64(b.Dy())*f))
	src := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	if ycc, ok := img.(*image.YCbCr); ok {
		rows(b.Dy(), func(y int) {
			for x := range b.Dx() {
				c := ycc.YCbCrAt(b.Min.X+x, b.Min.Y+y)
				r, g, bl, _ := c.RGBA()
				copy(src.Pix[src.PixOffset(x, y):], []uint8{uint8(r >> 8), uint8(g >> 8), uint8(bl >> 8), 255})
			}
		})
	}
	if f == 1 {
		return src
	}
	// First across, then down, each by the exact overlap of boxes.
	across := make([]float32, 3*w*b.Dy())
	rows(b.Dy(), func(y int) {
		for x := range w {
			from, to := float64(x)/f, math.Min(float64(x+1)/f, float64(b.Dx()))
			var sum [3]float64
			for i := int(from); i < int(math.Ceil(to)); i++ {
				weight := math.Min(to, float64(i+1)) - math.Max(from, float64(i))
				for k := range 3 {
					sum[k] += weight * float64(src.Pix[src.PixOffset(i, y)+k])
				}
			}
			for k := range 3 {
				across[3*(y*w+x)+k] = float32(sum[k] / (to - from))
			}
		}
	})
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	rows(h, func(y int) {
		from, to := float64(y)/f, math.Min(float64(y+1)/f, float64(b.Dy()))
		for x := range w {
			var sum [3]float64
			for j := int(from); j < int(math.Ceil(to)); j++ {
				weight := math.Min(to, float64(j+1)) - math.Max(from, float64(j))
				for k := range 3 {
					sum[k] += weight * float64(across[3*(j*w+x)+k])
				}
			}
			p := out.Pix[out.PixOffset(x, y):]
			for k := range 3 {
				p[k] = byteOf(float32(sum[k] / (to - from)))
			}
			p[3] = 255
		}
	})
	return out
}
