package specimen

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"github.com/preflight-icp/preflight/filing"
)

// canvas draws in millimetres onto a picture of a chosen resolution and remembers where text was put.
type canvas struct {
	img    *image.RGBA
	ppm    float64 // pixels per millimetre
	fonts  *FontSet
	lines  []Line
	buf    sfnt.Buffer
	raster vector.Rasterizer
	// portrait is the box of the portrait, in millimetres.
	portrait [4]float64
}

func newCanvas(fonts *FontSet, widthMM, heightMM, ppm float64, paper color.Color) *canvas {
	img := image.NewRGBA(image.Rect(0, 0, int(math.Round(widthMM*ppm)), int(math.Round(heightMM*ppm))))
	draw.Draw(img, img.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	return &canvas{img: img, ppm: ppm, fonts: fonts}
}

// path is a closed outline in millimetres; several contours make holes by winding.
type path [][]filing.Point

func (c *canvas) fill(p path, col color.Color) {
	minX, minY, maxX, maxY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, contour := range p {
		for _, q := range contour {
			minX, maxX = math.Min(minX, q[0]), math.Max(maxX, q[0])
			minY, maxY = math.Min(minY, q[1]), math.Max(maxY, q[1])
		}
	}
	box := image.Rect(int(math.Floor(minX*c.ppm)), int(math.Floor(minY*c.ppm)),
		int(math.Ceil(maxX*c.ppm))+1, int(math.Ceil(maxY*c.ppm))+1).Intersect(c.img.Bounds())
	if box.Empty() {
		return
	}
	c.raster.Reset(box.Dx(), box.Dy())
	for _, contour := range p {
		for i, q := range contour {
			x, y := float32(q[0]*c.ppm-float64(box.Min.X)), float32(q[1]*c.ppm-float64(box.Min.Y))
			if i == 0 {
				c.raster.MoveTo(x, y)
			} else {
				c.raster.LineTo(x, y)
			}
		}
		c.raster.ClosePath()
	}
	c.raster.Draw(c.img, box, image.NewUniform(col), image.Point{})
}

func (c *canvas) rect(x, y, w, h float64, col color.Color) {
	c.fill(path{{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}}, col)
}

// frame draws the outline of a rectangle, its line inside.
func (c *canvas) frame(x, y, w, h, line float64, col color.Color) {
	c.fill(path{
		{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}},
		{{x + line, y + line}, {x + line, y + h - line}, {x + w - line, y + h - line}, {x + w - line, y + line}},
	}, col)
}

// arc returns points of an ellipse from angle a to b (radians, clockwise on the picture).
func arc(cx, cy, rx, ry, a, b float64) []filing.Point {
	n := 8 + int(math.Abs(b-a)*12)
	points := make([]filing.Point, 0, n+1)
	for i := range n + 1 {
		t := a + (b-a)*float64(i)/float64(n)
		points = append(points, filing.Point{cx + rx*math.Cos(t), cy + ry*math.Sin(t)})
	}
	return points
}

func (c *canvas) ellipse(cx, cy, rx, ry float64, col color.Color) {
	c.fill(path{arc(cx, cy, rx, ry, 0, 2*math.Pi)}, col)
}

func (c *canvas) ring(cx, cy, r, line float64, col color.Color) {
	c.fill(path{arc(cx, cy, r, r, 0, 2*math.Pi), arc(cx, cy, r-line, r-line, 2*math.Pi, 0)}, col)
}

// stroke draws a line of constant width through points.
func (c *canvas) stroke(points []filing.Point, width float64, col color.Color) {
	if len(points) < 2 {
		return
	}
	left, right := make([]filing.Point, 0, 2*len(points)), make([]filing.Point, 0, len(points))
	for i, p := range points {
		a, b := points[max(i-1, 0)], points[min(i+1, len(points)-1)]
		dx, dy := b[0]-a[0], b[1]-a[1]
		l := math.Hypot(dx, dy)
		nx, ny := -dy/l*width/2, dx/l*width/2
		left = append(left, filing.Point{p[0] + nx, p[1] + ny})
		right = append(right, filing.Point{p[0] - nx, p[1] - ny})
	}
	for i := len(right) - 1; i >= 0; i-- {
		left = append(left, right[i])
	}
	c.fill(path{left}, col)
}

// star returns a star of n points.
func star(cx, cy, r, inner float64, n int) []filing.Point {
	points := make([]filing.Point, 0, 2*n)
	for i := range 2 * n {
		radius := r
		if i%2 == 1 {
			radius = r * inner
		}
		t := -math.Pi/2 + float64(i)*math.Pi/float64(n)
		points = append(points, filing.Point{cx + radius*math.Cos(t), cy + radius*math.Sin(t)})
	}
	return points
}

// style is how text is set: size is the em in millimetres, bold thickens strokes by that share of the em, spacing is
// added between characters in ems, turn rotates around the start of the baseline (radians).
type style struct {
	font    *sfnt.Font
	size    float64
	col     color.Color
	bold    float64
	spacing float64
	turn    float64
}

// glyph returns the outline of one character at the origin in ems and its advance in ems. A character that the face
// lacks is taken from the sans, which has all of GB 2312.
func (c *canvas) glyph(f *sfnt.Font, r rune) (path, float64) {
	index, err := f.GlyphIndex(&c.buf, r)
	if err != nil || index == 0 {
		f = c.fonts.Hei
		if index, err = f.GlyphIndex(&c.buf, r); err != nil {
			return nil, 0
		}
	}
	em := float64(f.UnitsPerEm())
	ppem := fixed.I(int(f.UnitsPerEm()))
	advance, err := f.GlyphAdvance(&c.buf, index, ppem, font.HintingNone)
	if err != nil {
		return nil, 0
	}
	segments, err := f.LoadGlyph(&c.buf, index, ppem, nil)
	if err != nil {
		return nil, float64(advance) / 64 / em
	}
	at := func(p fixed.Point26_6) filing.Point {
		return filing.Point{float64(p.X) / 64 / em, float64(p.Y) / 64 / em}
	}
	var outline path
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			outline = append(outline, []filing.Point{at(s.Args[0])})
		case sfnt.SegmentOpLineTo:
			outline[len(outline)-1] = append(outline[len(outline)-1], at(s.Args[0]))
		case sfnt.SegmentOpQuadTo, sfnt.SegmentOpCubeTo:
			last := len(outline) - 1
			from := outline[last][len(outline[last])-1]
			const parts = 6
			for i := 1; i <= parts; i++ {
				t := float64(i) / parts
				if s.Op == sfnt.SegmentOpQuadTo {
					p, q := at(s.Args[0]), at(s.Args[1])
					outline[last] = append(outline[last], quadratic(from, p, q, t))
				} else {
					p, q, e := at(s.Args[0]), at(s.Args[1]), at(s.Args[2])
					outline[last] = append(outline[last], cubic(from, p, q, e, t))
				}
			}
		}
	}
	return outline, float64(advance) / 64 / em
}

func quadratic(a, b, c filing.Point, t float64) filing.Point {
	u := 1 - t
	return filing.Point{u*u*a[0] + 2*u*t*b[0] + t*t*c[0], u*u*a[1] + 2*u*t*b[1] + t*t*c[1]}
}

func cubic(a, b, c, d filing.Point, t float64) filing.Point {
	u := 1 - t
	p, q, r, s := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
	return filing.Point{p*a[0] + q*b[0] + r*c[0] + s*d[0], p*a[1] + q*b[1] + r*c[1] + s*d[1]}
}

// put draws text without recording it as a line: labels of seals, watermarks. It returns the width in millimetres.
func (c *canvas) put(x, y float64, text string, s style) float64 {
	sin, cos := math.Sincos(s.turn)
	pen := 0.0
	for _, r := range text {
		outline, advance := c.glyph(s.font, r)
		place := func(dx float64) {
			moved := make(path, len(outline))
			for i, contour := range outline {
				moved[i] = make([]filing.Point, len(contour))
				for j, p := range contour {
					px, py := pen+p[0]*s.size+dx, p[1]*s.size
					moved[i][j] = filing.Point{x + px*cos - py*sin, y + px*sin + py*cos}
				}
			}
			if len(moved) > 0 {
				c.fill(moved, s.col)
			}
		}
		place(0)
		if s.bold > 0 {
			place(s.bold * s.size)
		}
		pen += (advance + s.spacing) * s.size
	}
	return pen - s.spacing*s.size
}

// width returns the width in millimetres that text would take.
func (c *canvas) width(text string, s style) float64 {
	w := 0.0
	for _, r := range text {
		_, advance := c.glyph(s.font, r)
		w += (advance + s.spacing) * s.size
	}
	return w - s.spacing*s.size
}

// text draws a line with its baseline's start at (x, y) and records its quad under the name of the field that it holds
// ("" for a label).
func (c *canvas) text(x, y float64, text, field string, s style) {
	if text == "" {
		return
	}
	w := c.put(x, y, text, s)
	top, bottom := y-0.88*s.size, y+0.14*s.size
	p := c.ppm
	c.lines = append(c.lines, Line{Text: text, Field: field, Quad: [4]filing.Point{
		{x * p, top * p}, {(x + w) * p, top * p}, {(x + w) * p, bottom * p}, {x * p, bottom * p}}})
}

// centred draws a line in the middle of cx.
func (c *canvas) centred(cx, y float64, text, field string, s style) {
	c.text(cx-c.width(text, s)/2, y, text, field, s)
}

// wrap breaks text into lines of at most w millimetres; Chinese breaks anywhere.
func (c *canvas) wrap(text string, w float64, s style) []string {
	var lines []string
	line := ""
	for _, r := range text {
		if line != "" && c.width(line+string(r), s) > w && !closing(r) {
			lines = append(lines, line)
			line = ""
		}
		line += string(r)
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// closing reports whether a line may not start with r.
func closing(r rune) bool {
	switch r {
	case '，', '。', '；', '：', '、', '）', '》', '”':
		return true
	}
	return false
}

// paragraph draws wrapped text and returns the baseline after its last line.
func (c *canvas) paragraph(x, y, w, leading float64, text, field string, s style) float64 {
	for _, line := range c.wrap(text, w, s) {
		c.text(x, y, line, field, s)
		y += leading
	}
	return y
}

// arcText sets text along the upper arc of a circle, as seals do.
func (c *canvas) arcText(cx, cy, r float64, text string, span float64, s style) {
	n := utf8.RuneCountInString(text)
	i := 0
	for _, ch := range text {
		t := 0.0
		if n > 1 {
			t = -span/2 + span*float64(i)/float64(n-1)
		}
		w := c.width(string(ch), s)
		sin, cos := math.Sincos(t)
		x, y := cx+r*sin-w/2*cos, cy-r*cos-w/2*sin
		turned := s
		turned.turn = t
		c.put(x, y, string(ch), turned)
		i++
	}
}

// seal draws a round red seal (公章) of ours with a name along its rim.
func (c *canvas) seal(cx, cy, r float64, name string) {
	red := color.NRGBA{R: 205, G: 30, B: 38, A: 205}
	c.ring(cx, cy, r, r*0.055, red)
	c.fill(path{star(cx, cy, r*0.3, 0.5, 8)}, red)
	c.arcText(cx, cy, r*0.66, name, 4.0, style{font: c.fonts.Hei, size: r * 0.25, col: red})
	w := style{font: c.fonts.Hei, size: r * 0.2, col: red}
	c.put(cx-c.width("样本专用", w)/2, cy+r*0.68, "样本专用", w)
}

// emblem draws a round sign of ours, which is no state's: rays, a ring, hills and a rising circle.
func (c *canvas) emblem(cx, cy, r float64) {
	red, gold := color.NRGBA{R: 196, G: 38, B: 36, A: 255}, color.NRGBA{R: 226, G: 178, B: 62, A: 255}
	c.fill(path{star(cx, cy, r, 0.86, 24)}, gold)
	c.ellipse(cx, cy, r*0.8, r*0.8, red)
	c.ring(cx, cy, r*0.72, r*0.04, gold)
	c.ellipse(cx, cy-r*0.18, r*0.2, r*0.2, gold)
	c.fill(path{{{cx - r*0.55, cy + r*0.35}, {cx - r*0.2, cy - r*0.05}, {cx, cy + r*0.18}, {cx + r*0.22, cy - r*0.1},
		{cx + r*0.55, cy + r*0.35}}}, gold)
	c.rect(cx-r*0.5, cy+r*0.4, r, r*0.06, gold)
}

// waves draws the fine wavy lines of security paper over a rectangle.
func (c *canvas) waves(x, y, w, h, gap, amplitude, length, line float64, col color.Color) {
	for k := 0; ; k++ {
		y0 := y + float64(k)*gap
		if y0 > y+h {
			return
		}
		points := make([]filing.Point, 0, int(w/0.8)+2)
		for dx := 0.0; dx <= w; dx += 0.8 {
			t := 2 * math.Pi * dx / length
			points = append(points, filing.Point{x + dx, y0 + amplitude*math.Sin(t+0.35*float64(k)) +
				0.4*amplitude*math.Sin(2.3*t-0.5*float64(k))})
		}
		c.stroke(points, line, col)
	}
}

// mark writes 样本 SPECIMEN across the document, translucent: plainly seen, and print beneath it stays readable.
func (c *canvas) mark(widthMM, heightMM, size, alpha float64) {
	s := style{font: c.fonts.Hei, size: size, col: color.NRGBA{R: 214, G: 40, B: 40, A: uint8(alpha * 255)},
		turn: -math.Atan2(heightMM, widthMM) * 0.75}
	w := c.width("样本 SPECIMEN", s)
	sin, cos := math.Sincos(s.turn)
	c.put(widthMM/2-w/2*cos-size*0.35*sin, heightMM/2-w/2*sin+size*0.35*cos, "样本 SPECIMEN", s)
}
