package raster

// Gray is a picture of one channel, 0 to 255 (亮度图).
type Gray struct {
	W, H int
	// Stride is the distance between rows in Pix, at least W.
	Stride int
	Pix    []uint8
}

// NewGray returns a black picture.
func NewGray(w, h int) *Gray { return &Gray{W: w, H: h, Stride: w, Pix: make([]uint8, w*h)} }

// Row returns row y.
func (g *Gray) Row(y int) []uint8 { return g.Pix[y*g.Stride : y*g.Stride+g.W] }

// At interpolates between the four pixels around a position; outside the picture the nearest edge counts.
func (g *Gray) At(x, y float64) float64 {
	x, y = min(max(x-0.5, 0), float64(g.W-1)), min(max(y-0.5, 0), float64(g.H-1))
	x0, y0 := int(x), int(y)
	fx, fy := x-float64(x0), y-float64(y0)
	x1, y1 := min(x0+1, g.W-1), min(y0+1, g.H-1)
	a, b := g.Pix[y0*g.Stride:], g.Pix[y1*g.Stride:]
	top := float64(a[x0]) + fx*(float64(a[x1])-float64(a[x0]))
	bottom := float64(b[x0]) + fx*(float64(b[x1])-float64(b[x0]))
	return top + fy*(bottom-top)
}

// Resampled returns the picture through a map from its own coordinates (w by h pixels) to those of g, by bilinear
// interpolation; what lies outside g takes the nearest edge.
func (g *Gray) Resampled(w, h int, toSource Homography) *Gray {
	out := NewGray(w, h)
	for y := range h {
		row := out.Row(y)
		for x := range row {
			p := toSource.Apply(Point{float64(x) + 0.5, float64(y) + 0.5})
			row[x] = uint8(g.At(p[0], p[1]) + 0.5)
		}
	}
	return out
}

// RGB is a picture of red, green and blue, interleaved, encoded as sRGB (彩色图).
type RGB struct {
	W, H int
	Pix  []uint8
}

// NewRGB returns a black picture.
func NewRGB(w, h int) *RGB { return &RGB{W: w, H: h, Pix: make([]uint8, 3*w*h)} }

// Row returns row y, three bytes a pixel.
func (p *RGB) Row(y int) []uint8 { return p.Pix[3*y*p.W : 3*(y+1)*p.W] }

// Luma returns the luma (ITU-R BT.601, as JPEG weighs it).
func (p *RGB) Luma() *Gray {
	g := NewGray(p.W, p.H)
	for i := range g.Pix {
		g.Pix[i] = Luma(p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2])
	}
	return g
}

// Luma is the luma of a colour (ITU-R BT.601).
func Luma(r, g, b uint8) uint8 {
	return uint8((77*uint32(r) + 150*uint32(g) + 29*uint32(b) + 128) >> 8)
}

// At interpolates between the four pixels around a position; outside the picture the nearest edge counts.
func (p *RGB) At(x, y float64) (r, g, b float64) {
	x, y = min(max(x-0.5, 0), float64(p.W-1)), min(max(y-0.5, 0), float64(p.H-1))
	x0, y0 := int(x), int(y)
	fx, fy := x-float64(x0), y-float64(y0)
	w00, w10, w01, w11 := (1-fx)*(1-fy), fx*(1-fy), (1-fx)*fy, fx*fy
	i := 3 * (y0*p.W + x0)
	right, down := 3, 3*p.W
	if x0+1 >= p.W {
		right = 0
	}
	if y0+1 >= p.H {
		down = 0
	}
	a, c := p.Pix[i:i+3:i+3], p.Pix[i+right:i+right+3:i+right+3]
	i += down
	d, e := p.Pix[i:i+3:i+3], p.Pix[i+right:i+right+3:i+right+3]
	return w00*float64(a[0]) + w10*float64(c[0]) + w01*float64(d[0]) + w11*float64(e[0]),
		w00*float64(a[1]) + w10*float64(c[1]) + w01*float64(d[1]) + w11*float64(e[1]),
		w00*float64(a[2]) + w10*float64(c[2]) + w01*float64(d[2]) + w11*float64(e[2])
}
