package imaging

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"slices"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"github.com/preflight-icp/preflight/filing"
)

// canvas is a picture that shapes are drawn on, all of them with smooth edges.
type canvas struct {
	*image.RGBA
	face font.Face
}

// ink gives the colour of a pixel of a shape: hatching, and what is under it made darker.
type ink func(x, y int, under color.RGBA) color.RGBA

// solid covers what is under it with a colour, as far as the colour is opaque.
func solid(c color.NRGBA) ink {
	return func(_, _ int, under color.RGBA) color.RGBA { return over(under, c) }
}

// hatch is solid in stripes of a width that fall to the right (slope 1) or to the left (-1), as many pixels apart.
func hatch(c color.NRGBA, slope, width, pitch int) ink {
	return func(x, y int, under color.RGBA) color.RGBA {
		if d := (x - slope*y) % pitch; (d+pitch)%pitch < width {
			return over(under, c)
		}
		return under
	}
}

func over(under color.RGBA, c color.NRGBA) color.RGBA {
	mix := func(a, b uint8) uint8 {
		return uint8((uint32(a)*(255-uint32(c.A)) + uint32(b)*uint32(c.A) + 127) / 255)
	}
	return color.RGBA{mix(under.R, c.R), mix(under.G, c.G), mix(under.B, c.B), 255}
}

// fill paints polygons, clockwise ones adding and the others taking away. Positions beyond the canvas, and such as are no
// numbers, do no harm.
func (c *canvas) fill(with ink, polygons ...[]filing.Point) {
	shapes := make([][]filing.Point, 0, len(polygons))
	box := image.Rectangle{}
	for _, polygon := range polygons {
		p := clipTo(polygon, c.Rect)
		if len(p) < 3 {
			continue
		}
		shapes = append(shapes, p)
		for _, at := range p {
			x, y := int(at[0]), int(at[1])
			box = box.Union(image.Rect(x, y, x+2, y+2))
		}
	}
	box = box.Intersect(c.Rect)
	if box.Empty() {
		return
	}
	var r vector.Rasterizer
	r.Reset(box.Dx(), box.Dy())
	at := func(p filing.Point) (x, y float32) {
		return float32(p[0] - float64(box.Min.X)), float32(p[1] - float64(box.Min.Y))
	}
	for _, p := range shapes {
		r.MoveTo(at(p[0]))
		for _, next := range p[1:] {
			r.LineTo(at(next))
		}
		r.ClosePath()
	}
	mask := image.NewAlpha(image.Rectangle{Max: box.Size()})
	r.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	for y := range box.Dy() {
		for x := range box.Dx() {
			a := mask.Pix[y*mask.Stride+x]
			if a == 0 {
				continue
			}
			px, py := box.Min.X+x, box.Min.Y+y
			under := c.RGBAAt(px, py)
			to := with(px, py, under)
			c.SetRGBA(px, py, over(under, color.NRGBA{to.R, to.G, to.B, a}))
		}
	}
}

// clipTo returns the part of a polygon within a rectangle (Sutherland and Hodgman, 1974); nil where a position is no number.
func clipTo(polygon []filing.Point, box image.Rectangle) []filing.Point {
	for _, p := range polygon {
		if !finite(p) {
			return nil
		}
	}
	bounds := [4]struct {
		axis  int
		sign  float64
		limit float64
	}{{0, 1, float64(box.Min.X)}, {0, -1, float64(box.Max.X)}, {1, 1, float64(box.Min.Y)}, {1, -1, float64(box.Max.Y)}}
	for _, b := range bounds {
		var kept []filing.Point
		for i, p := range polygon {
			next := polygon[(i+1)%len(polygon)]
			dp, dn := b.sign*(p[b.axis]-b.limit), b.sign*(next[b.axis]-b.limit)
			if dp >= 0 {
				kept = append(kept, p)
			}
			if dp >= 0 != (dn >= 0) {
				t := dp / (dp - dn)
				cut := filing.Point{p[0] + t*(next[0]-p[0]), p[1] + t*(next[1]-p[1])}
				cut[b.axis] = b.limit
				kept = append(kept, cut)
			}
		}
		polygon = kept
	}
	return polygon
}

// finite reports whether a position is one: numbers, and not farther away than any picture is large.
func finite(p filing.Point) bool {
	const far = 1e7
	return math.Abs(p[0]) < far && math.Abs(p[1]) < far // false for NaN
}

// line paints a straight line with round ends.
func (c *canvas) line(with ink, width float64, from, to filing.Point) {
	dx, dy := to[0]-from[0], to[1]-from[1]
	turn := math.Atan2(dy, dx)
	const steps = 8
	outline := make([]filing.Point, 0, 2*steps+2)
	for i := range 2*steps + 2 {
		end, angle := to, turn-math.Pi/2+float64(i)*math.Pi/steps
		if i > steps {
			end, angle = from, turn+math.Pi/2+float64(i-steps-1)*math.Pi/steps
		}
		sin, cos := math.Sincos(angle)
		outline = append(outline, filing.Point{end[0] + width/2*cos, end[1] + width/2*sin})
	}
	c.fill(with, outline)
}

// outline paints the sides of a closed polygon, dashed where dash is above 0: as many pixels drawn as left out.
func (c *canvas) outline(with ink, width, dash float64, polygon []filing.Point) {
	for i, from := range polygon {
		to := polygon[(i+1)%len(polygon)]
		if !finite(from) || !finite(to) {
			return
		}
		length := math.Hypot(to[0]-from[0], to[1]-from[1])
		if dash <= 0 || length <= dash {
			c.line(with, width, from, to)
			continue
		}
		n := min(int(length/dash), 4096) // a side may reach far beyond the canvas
		along := func(t float64) filing.Point {
			return filing.Point{from[0] + t*(to[0]-from[0]), from[1] + t*(to[1]-from[1])}
		}
		for k := 0; k <= n; k += 2 {
			c.line(with, width, along(float64(k)*dash/length), along(min(float64(k+1)*dash/length, 1)))
		}
	}
}

// dot paints a disc.
func (c *canvas) dot(with ink, radius float64, at filing.Point) { c.line(with, 2*radius, at, at) }

// rounded paints a rectangle with round corners.
func (c *canvas) rounded(with ink, box image.Rectangle, radius float64) {
	r := min(radius, float64(min(box.Dx(), box.Dy()))/2)
	middles := [4]filing.Point{
		{float64(box.Min.X) + r, float64(box.Min.Y) + r}, {float64(box.Max.X) - r, float64(box.Min.Y) + r},
		{float64(box.Max.X) - r, float64(box.Max.Y) - r}, {float64(box.Min.X) + r, float64(box.Max.Y) - r},
	}
	const steps = 6
	var outline []filing.Point
	for i, m := range middles {
		for k := range steps + 1 {
			sin, cos := math.Sincos(math.Pi + (float64(i)+float64(k)/steps)*math.Pi/2)
			outline = append(outline, filing.Point{m[0] + r*cos, m[1] + r*sin})
		}
	}
	c.fill(with, outline)
}

// text writes ASCII with its base line at y.
func (c *canvas) text(of color.Color, x, y int, s string) {
	d := font.Drawer{Dst: c.RGBA, Src: image.NewUniform(of), Face: c.face, Dot: fixed.P(x, y)}
	d.DrawString(s)
}

// width is how many pixels a text takes.
func (c *canvas) width(s string) int { return font.MeasureString(c.face, s).Ceil() }

// label writes a text on a ground of its own, its left lower corner at a position but always within the picture.
func (c *canvas) label(ground color.NRGBA, at filing.Point, within image.Rectangle, s string) {
	if !finite(at) {
		return
	}
	m := c.face.Metrics()
	high := (m.Ascent + m.Descent).Ceil()
	pad := high / 4
	w, h := c.width(s)+2*pad, high+pad
	x := max(within.Min.X, min(int(at[0]), within.Max.X-w))
	y := max(within.Min.Y, min(int(at[1])-h, within.Max.Y-h))
	c.rounded(solid(ground), image.Rect(x, y, x+w, y+h), float64(h)/4)
	c.text(readableOn(ground), x+pad, y+pad/2+m.Ascent.Ceil(), s)
}

// readableOn is black or white, whichever stands out more.
func readableOn(c color.NRGBA) color.Color {
	if 299*int(c.R)+587*int(c.G)+114*int(c.B) > 140_000 {
		return color.Black
	}
	return color.White
}

// letters is Go's own typeface, compiled in: no font of the machine is counted on, so a picture is the same everywhere.
var letters = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(gomedium.TTF) })

// newCanvas returns a canvas of a size whose writing is as many pixels high.
func newCanvas(w, h int, writing float64) (*canvas, error) {
	typeface, err := letters()
	if err != nil {
		return nil, fmt.Errorf("load letters: %w", err)
	}
	face, err := opentype.NewFace(typeface, &opentype.FaceOptions{Size: writing, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil, fmt.Errorf("load letters: %w", err)
	}
	return &canvas{RGBA: image.NewRGBA(image.Rect(0, 0, w, h)), face: face}, nil
}

// jpeg encodes the canvas.
func (c *canvas) jpeg(quality int) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, c.RGBA, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// put copies a picture to the canvas's upper left corner.
func (c *canvas) put(img image.Image) {
	draw.Draw(c.RGBA, image.Rectangle{Max: img.Bounds().Size()}, img, img.Bounds().Min, draw.Src)
}

// reversed returns a polygon that takes away what the other way round would add.
func reversed(polygon []filing.Point) []filing.Point {
	out := slices.Clone(polygon)
	slices.Reverse(out)
	return out
}

// place copies another canvas to a position.
func (c *canvas) place(other *canvas, at image.Point) {
	draw.Draw(c.RGBA, image.Rectangle{Min: at, Max: at.Add(other.Rect.Size())}, other.RGBA, image.Point{}, draw.Src)
}
