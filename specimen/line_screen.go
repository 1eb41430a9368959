package specimen

import (
	"image/color"
	"math"

	"github.com/preflight-icp/preflight/filing"
)

// lineScreen is the fine line work of security paper (底纹, guilloche): the lines along which a phase is whole. They are drawn
// pixel by pixel, each by the share of it that a line covers, so that a page of thousands of lines costs no more than one of
// ten, and lines finer than a pixel become the tone that they print.
type lineScreen struct {
	// phase is the number of lines up to a place, in millimetres; its steepness is the lines per millimetre there.
	phase func(x, y float64) float64
	// width is how wide lines are in millimetres, where swell is nil or 1.
	width float64
	swell func(x, y float64) float64
	// col is the colour at a place: one, or two that run into each other as rainbow printing (彩虹印刷) does.
	col func(x, y float64) color.NRGBA
	// within is the distance to the border of what is printed on, in millimetres, negative inside; nil is everywhere.
	within func(x, y float64) float64
}

// oneColour is the colour of a screen that has one.
func oneColour(col color.NRGBA) func(x, y float64) color.NRGBA {
	return func(float64, float64) color.NRGBA { return col }
}

// rainbow runs from one colour to the other and back over a length of millimetres in a direction.
func rainbow(a, b color.NRGBA, length, turn float64) func(x, y float64) color.NRGBA {
	sin, cos := math.Sincos(turn)
	return func(x, y float64) color.NRGBA {
		return blended(a, b, 0.5-0.5*math.Cos(math.Pi*(x*cos+y*sin)/length))
	}
}

// blended is a colour between two.
func blended(a, b color.NRGBA, t float64) color.NRGBA {
	f := func(p, q uint8) uint8 { return uint8(math.Round(float64(p) + (float64(q)-float64(p))*t)) }
	return color.NRGBA{R: f(a.R, b.R), G: f(a.G, b.G), B: f(a.B, b.B), A: f(a.A, b.A)}
}

// blend lays a colour over a pixel, by a share of its own opacity.
func (c *canvas) blend(i, j int, col color.NRGBA, share float64) {
	p := c.img.Pix[j*c.img.Stride+4*i:]
	a := share * float64(col.A) / 255
	for k, v := range [3]uint8{col.R, col.G, col.B} {
		p[k] = uint8(float64(p[k]) + (float64(v)-float64(p[k]))*a + 0.5)
	}
}

// shade asks for the share and the colour of every pixel within a box of millimetres and lays it on.
func (c *canvas) shade(x, y, w, h float64, ask func(x, y float64) (share float64, col color.NRGBA)) {
	b := c.img.Bounds()
	x0, y0 := max(int(x*c.ppm), 0), max(int(y*c.ppm), 0)
	x1, y1 := min(int(math.Ceil((x+w)*c.ppm)), b.Dx()), min(int(math.Ceil((y+h)*c.ppm)), b.Dy())
	if x1 <= x0 || y1 <= y0 {
		return
	}
	rows(y1-y0, func(j int) {
		v := (float64(y0+j) + 0.5) / c.ppm
		for i := x0; i < x1; i++ {
			if share, col := ask((float64(i)+0.5)/c.ppm, v); share > 0 {
				c.blend(i, y0+j, col, share)
			}
		}
	})
}

// covered is the share of a stretch of px around a distance that lies within half a width of 0.
func covered(distance, half, px float64) float64 {
	return math.Max(0, math.Min(distance+px/2, half)-math.Max(distance-px/2, -half)) / px
}

// screen prints a screen over a box of millimetres.
func (c *canvas) screen(x, y, w, h float64, s lineScreen) {
	px := 1 / c.ppm
	const e = 0.01 // millimetres, for the steepness
	c.shade(x, y, w, h, func(x, y float64) (float64, color.NRGBA) {
		inside := 1.0
		if s.within != nil {
			if inside = math.Min(0.5-s.within(x, y)/px, 1); inside <= 0 {
				return 0, color.NRGBA{}
			}
		}
		p := s.phase(x, y)
		// An angle that comes round jumps by whole lines, which are none.
		gx, gy := s.phase(x+e, y)-p, s.phase(x, y+e)-p
		gx, gy = gx-math.Round(gx), gy-math.Round(gy)
		steep := math.Max(math.Hypot(gx, gy)/e, 1e-3)
		half := s.width / 2
		if s.swell != nil {
			half *= s.swell(x, y)
		}
		tone := math.Min(2*half*steep, 1)
		share := tone
		if perPixel := steep * px; perPixel < 0.6 {
			f := p - math.Floor(p)
			share = covered(math.Min(f, 1-f)/steep, half, px)
			if fine := (perPixel - 0.35) / 0.25; fine > 0 {
				share += (tone - share) * fine
			}
		}
		return inside * share, s.col(x, y)
	})
}

// dots prints a dotted tint (网点): dots a pitch apart on a grid that is turned, of a radius that may vary.
func (c *canvas) dots(x, y, w, h, pitch, turn float64, radius func(x, y float64) float64, s lineScreen) {
	px := 1 / c.ppm
	sin, cos := math.Sincos(turn)
	c.shade(x, y, w, h, func(x, y float64) (float64, color.NRGBA) {
		inside := 1.0
		if s.within != nil {
			if inside = math.Min(0.5-s.within(x, y)/px, 1); inside <= 0 {
				return 0, color.NRGBA{}
			}
		}
		a, b := (x*cos+y*sin)/pitch, (y*cos-x*sin)/pitch
		a, b = a-math.Floor(a)-0.5, b-math.Floor(b)-0.5
		r := radius(x, y)
		tone := math.Min(math.Pi*r*r/pitch/pitch, 1)
		share := tone
		if perPixel := px / pitch; perPixel < 0.6 {
			share = math.Min(math.Max((r-math.Hypot(a, b)*pitch)/px+0.5, 0), 1) * math.Min(1, 2*r/px)
			if fine := (perPixel - 0.35) / 0.25; fine > 0 {
				share += (tone - share) * fine
			}
		}
		return inside * share, s.col(x, y)
	})
}

// microtext fills a box with lines of print too small to read (缩微文字), which may swing.
func (c *canvas) microtext(x, y, w, h, size, leading, swing, length float64, text string, s lineScreen) {
	row := newCanvas(c.fonts, w, 1.3*size, c.ppm, color.White)
	st := style{font: c.fonts.Hei, size: size, col: color.Black}
	for at := 0.0; at < w; {
		at += row.put(at, size, text, st) + 0.4*size
	}
	b := row.img.Bounds()
	c.shade(x, y, w, h, func(u, v float64) (float64, color.NRGBA) {
		if s.within != nil && s.within(u, v) > 0 {
			return 0, color.NRGBA{}
		}
		at := v - y + swing*math.Sin(2*math.Pi*(u-x)/length)
		k := math.Floor(at / leading)
		j := int((at - k*leading) * c.ppm)
		i := int((u-x)*c.ppm) + int(k*size*1.7*c.ppm)
		if j >= b.Dy() {
			return 0, color.NRGBA{}
		}
		i = ((i % b.Dx()) + b.Dx()) % b.Dx()
		return 1 - float64(row.img.Pix[j*row.img.Stride+4*i])/255, s.col(u, v)
	})
}

// braid twists sine lines around a straight one (扭索花边), as borders of certificates have.
func (c *canvas) braid(x0, y0, x1, y1, amplitude, period float64, strands int, line float64, col color.Color) {
	l := math.Hypot(x1-x0, y1-y0)
	dx, dy := (x1-x0)/l, (y1-y0)/l
	// Whole periods meet at corners.
	period = l / math.Max(math.Round(l/period), 1)
	for k := range strands {
		n := int(l/period*16) + 2
		points := make([]filing.Point, 0, n)
		for i := range n {
			t := l * float64(i) / float64(n-1)
			q := amplitude * math.Sin(2*math.Pi*(t/period+float64(k)/float64(strands)))
			points = append(points, filing.Point{x0 + dx*t - dy*q, y0 + dy*t + dx*q})
		}
		c.stroke(points, line, col)
	}
}

// spirograph draws a hypotrochoid (旋花): the one closed line of a guilloche lathe.
func (c *canvas) spirograph(cx, cy, r float64, turns, petals int, depth, line float64, col color.Color) {
	n := 60 * turns * petals / 4
	points := make([]filing.Point, 0, n+1)
	for i := range n + 1 {
		t := 2 * math.Pi * float64(turns) * float64(i) / float64(n)
		q := r * (1 - depth/2 + depth/2*math.Cos(t*float64(petals)/float64(turns)))
		points = append(points, filing.Point{cx + q*math.Cos(t), cy + q*math.Sin(t)})
	}
	for at := 0; at+1 < len(points); at += 40 { // pieces, for the box of each is what is looked at
		c.stroke(points[at:min(at+42, len(points))], line, col)
	}
}
