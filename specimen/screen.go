package specimen

import "math"

// display is a screen that shows a document (翻拍屏幕). Its pixels are drawn as light: stripes of red, green and blue with a dark
// matrix between them (the RGB stripe layout of liquid crystals, or the alternating one of OLED phones), filtered over what
// a pixel of the camera gathers before it is sampled. What the filter leaves above the camera's Nyquist frequency folds
// down: moire is the outcome, not a pattern that is painted on.
type display struct {
	// kind is monitor, upright_monitor, laptop, phone, tablet, tv, oled_tv, led_wall or projector.
	kind string
	// pixels is how many pixels of the camera a pixel of the screen spans; it decides whether one sees a grid, moire, or
	// hardly anything.
	pixels float64
	// pitch is the side of a pixel of the screen in millimetres of the document, found from pixels by aim.
	pitch float32
	// stripe is the width of a subpixel, share of a third; bar its height, share of the pitch.
	stripe, bar float32
	alternating bool
	// aligned: the colours of a pixel lie on one another, as a projector of three panels casts them.
	aligned bool
	// quartered: a white stripe stands beside the three and gives half of their light, as in televisions of organic diodes.
	quartered bool
	// sideways: the screen was turned by a quarter, and its stripes lie level.
	sideways bool
	// black is the light of a dark pixel, share of white.
	black float32
	// left, top, right, bottom are the screen's borders in millimetres around the document, bezel the width of its frame.
	left, top, right, bottom, bezel float32
	frame, desktop                  rgb
	toolbar                         float32 // height of a bar of controls above the document, 0 for none
	// beat is the depth of dark bands from flicker, beatPeriod their distance in pixels of the camera.
	beat, beatPeriod float32
	// blur is the half width of the triangle that camera and lens gather light with, in pixels of the camera.
	blur float32
}

// gathered is the light of a stripe of a width (share of the pitch) around middle, seen through a triangle of half width a:
// position, widths and a in pitches. The mean is 1.
func gathered(at, middle, width, a float32) float32 {
	// The second integral of a periodic box, differenced twice, is its convolution with a triangle.
	second := func(x float32) float64 {
		x -= middle - width/2
		whole := math.Floor(float64(x))
		f := float64(x) - whole
		w := float64(width)
		// First integral of the box with mean removed, then its integral over whole periods.
		within := func(f float64) float64 {
			if f < w {
				return f*f/2 - w*f*f/2
			}
			return w*w/2 + w*(f-w) - w*f*f/2
		}
		return whole*within(1) + within(f)
	}
	d := (second(at+a) - 2*second(at) + second(at-a)) / float64(a*a)
	return 1 + float32(d)/width
}

// grid is what the screen's structure lets through of red, green and blue at a place, mean 1; px is the millimetres of a
// camera's pixel.
func (s *display) grid(u, v, px float32) rgb {
	a := max(s.blur*px/s.pitch, 0.05)
	x, y := u/s.pitch, v/s.pitch
	if s.sideways {
		x, y = y, x
	}
	var c rgb
	if s.alternating {
		// Green in every pixel; red and blue take turns.
		rowG := gathered(y, 0.5, s.bar*0.8, a)
		c[1] = gathered(x, 0.25, s.stripe*0.4, a) * rowG
		for k, shift := range [2]float32{0, 0.5} {
			e := gathered(x/2, 0.375, s.stripe*0.3, a/2) * gathered(y/2, 0.25+shift, s.bar*0.45, a/2)
			o := gathered(x/2, 0.875, s.stripe*0.3, a/2) * gathered(y/2, 0.75-shift, s.bar*0.45, a/2)
			c[2*k] = (e + o) / 2
		}
		return c
	}
	row := gathered(y, 0.5, s.bar, a)
	if s.aligned {
		k := gathered(x, 0.5, s.stripe, a) * row
		return rgb{k, k, k}
	}
	if s.quartered {
		white := gathered(x, 0.375, s.stripe/4, a)
		for k, at := range [3]float32{0.125, 0.875, 0.625} {
			c[k] = (gathered(x, at, s.stripe/4, a) + white) / 2 * row
		}
		return c
	}
	for k := range 3 {
		c[k] = gathered(x, (float32(k)+0.5)/3, s.stripe/3, a) * row
	}
	return c
}

// over shows the screen: frame, desktop, controls, and the document as its pixels can show it.
func (s *display) over(m *sheet, u, v, px, r, g, b float32) (float32, float32, float32) {
	x, y := m.local(u, v)
	w, h := s.left+m.w+s.right, s.top+m.h+s.bottom
	cx, cy := x+s.left-w/2, y+s.top-h/2
	out := roundedDistance(cx, cy, w/2, h/2, 0)
	outer := roundedDistance(cx, cy, w/2+s.bezel, h/2+s.bezel, s.bezel)
	if outer > px/2 {
		// The room is dark beside a screen.
		return 0.25 * r, 0.25 * g, 0.25 * b
	}
	if out > 0 {
		return s.frame.times(1)
	}
	// Content is constant over a pixel of the screen where the camera sees pixels, and blurred into its neighbours otherwise.
	qx, qy := x, y
	if s.pixels > 1.6 {
		qx = (float32(math.Floor(float64(x/s.pitch))) + 0.5) * s.pitch
		qy = (float32(math.Floor(float64(y/s.pitch))) + 0.5) * s.pitch
	}
	var c rgb
	switch {
	case qx >= 0 && qy >= 0 && qx < m.w && qy < m.h && roundedDistance(qx-m.w/2, qy-m.h/2, m.w/2, m.h/2, m.corner) < 0:
		c[0], c[1], c[2] = m.paint(qx, qy, px)
	case s.toolbar > 0 && y < -s.top+s.toolbar:
		c = rgb{0.75, 0.76, 0.78}
		if f, i := periodic(x, s.toolbar*1.4); f > 0.25 && f < 0.75 && y > -s.top+s.toolbar*0.3 && y < -s.top+s.toolbar*0.7 &&
			hash01(i, 0, 7) < 0.6 {
			c = rgb{0.12, 0.14, 0.18}
		}
	default:
		c = s.desktop
	}
	lit := s.grid(u, v, px)
	for k := range 3 {
		c[k] = (s.black + (1-s.black)*c[k]) * lit[k]
	}
	return c[0], c[1], c[2]
}
