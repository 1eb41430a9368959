package specimen

import "image"

// texture is a flat picture in linear light, 16 bits a channel, with halvings of itself: what sheets of labelled scenes
// show. Level 0 has ppm pixels per millimetre, each further one half as many.
type texture struct {
	ppm    float64
	levels []plane16
}

// plane16 is one level: red, green, blue interleaved, 65535 is white.
type plane16 struct {
	w, h int
	pix  []uint16
}

// newTexture takes a drawn picture to linear light. Halvings go down to 1.5 pixels per millimetre; each pixel of one is
// the mean of four of the level above, in linear light.
func newTexture(img *image.RGBA, ppm float64) *texture {
	b := img.Bounds()
	top := plane16{w: b.Dx(), h: b.Dy(), pix: make([]uint16, 3*b.Dx()*b.Dy())}
	table := linearOf()
	var bytes [256]uint16
	for i, v := range table {
		bytes[i] = uint16(v*65535 + 0.5)
	}
	rows(top.h, func(y int) {
		src := img.Pix[y*img.Stride:]
		dst := top.pix[3*y*top.w:]
		for x := range top.w {
			dst[3*x], dst[3*x+1], dst[3*x+2] = bytes[src[4*x]], bytes[src[4*x+1]], bytes[src[4*x+2]]
		}
	})
	t := &texture{ppm: ppm, levels: []plane16{top}}
	for p := ppm / 2; p >= 1.5 && len(t.levels) < 6; p /= 2 {
		t.levels = append(t.levels, t.levels[len(t.levels)-1].half())
	}
	return t
}

func (p plane16) half() plane16 {
	h := plane16{w: max(p.w/2, 1), h: max(p.h/2, 1)}
	h.pix = make([]uint16, 3*h.w*h.h)
	rows(h.h, func(y int) {
		a, b := p.pix[3*(2*y)*p.w:], p.pix[3*min(2*y+1, p.h-1)*p.w:]
		dst := h.pix[3*y*h.w:]
		for x := range h.w {
			i, j := 6*x, 3*min(2*x+1, p.w-1)
			for k := range 3 {
				dst[3*x+k] = uint16((uint32(a[i+k]) + uint32(a[j+k]) + uint32(b[i+k]) + uint32(b[j+k]) + 2) / 4)
			}
		}
	})
	return h
}

// level returns the coarsest level that still has ppm pixels per millimetre, or the finest, and its resolution.
func (t *texture) level(ppm float64) (plane16, float64) {
	have := t.ppm
	i := 0
	for i+1 < len(t.levels) && have/2 >= ppm {
		have /= 2
		i++
	}
	return t.levels[i], have
}

// at returns the picture at a point in pixels of the level by bilinear interpolation; outside, the nearest edge.
func (p *plane16) at(x, y float32) (r, g, b float32) {
	x = min(max(x-0.5, 0), float32(p.w-1))
	y = min(max(y-0.5, 0), float32(p.h-1))
	x0, y0 := int(x), int(y)
	fx, fy := x-float32(x0), y-float32(y0)
	i := 3 * (y0*p.w + x0)
	j, k := i, i
	if x0+1 < p.w {
		j = i + 3
	}
	if y0+1 < p.h {
		k = i + 3*p.w
	}
	m := j + k - i
	const scale = 1.0 / 65535
	w00, w10, w01, w11 := (1-fx)*(1-fy)*scale, fx*(1-fy)*scale, (1-fx)*fy*scale, fx*fy*scale
	q := p.pix
	return w00*float32(q[i]) + w10*float32(q[j]) + w01*float32(q[k]) + w11*float32(q[m]),
		w00*float32(q[i+1]) + w10*float32(q[j+1]) + w01*float32(q[k+1]) + w11*float32(q[m+1]),
		w00*float32(q[i+2]) + w10*float32(q[j+2]) + w01*float32(q[k+2]) + w11*float32(q[m+2])
}
