package read

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// page is what is read, seen from straight above: a rectangle of w x h pixels of its own, as fine as the photo is there.
type page struct {
	frame *raster.Frame
	// quad is the page in upright full-size pixels, from the corner that is its top left.
	quad raster.Quad
	w, h float64
	// toUpright takes positions of the page to upright full-size pixels.
	toUpright raster.Homography
	// levels are the luma of every pixel (Frame.Full), its half, its quarter and so on: what is shown smaller than it is, is
	// averaged first.
	levels []*raster.Gray
	// stamped are the seals on the page. Within them only what is red of a picture's light is shown, and that brightened until the ink
	// of the seal is as bright as paper: the date and the name that it covers are not.
	stamped []stamp
}

const (
	// minPage is the side, in pixels, below which nothing can be read: one line of the smallest letters.
	minPage = 12
	// maxAspect is how many times longer than wide a page may be. Text is found at a size that holds the longer side.
	maxAspect = 12
	// outsideLimit is by how many times its side a document may lie beyond the picture's frame.
	outsideLimit = 4
)

// newPage returns nil where the picture is too small to hold text.
func newPage(f *raster.Frame, on *raster.Quad) *page {
	if f == nil || f.Full == nil || f.Small == nil || min(f.Full.W, f.Full.H, f.Small.W, f.Small.H) < 1 {
		return nil
	}
	w, h := float64(f.Width), float64(f.Height)
	p := &page{frame: f, levels: halves(f.Full)}
	if on != nil && readable(*on, w, h) && p.lay(*on) {
		return p
	}
	if min(w, h) < minPage || max(w, h) > maxAspect*min(w, h) || !p.lay(raster.Quad{{0, 0}, {w, 0}, {w, h}, {0, h}}) {
		return nil
	}
	return p
}

// readable reports whether a document is a quadrilateral worth reading by itself: of sound shape, and not mostly outside the
// picture.
func readable(q raster.Quad, w, h float64) bool {
	for _, p := range q {
		if !(math.Abs(p[0]) < outsideLimit*max(w, h) && math.Abs(p[1]) < outsideLimit*max(w, h)) {
			return false
		}
	}
	if !q.Convex() || raster.PolygonArea(q.Within(w, h)) < q.Area()/4 {
		return false
	}
	across, down := (q.Side(0)+q.Side(2))/2, (q.Side(1)+q.Side(3))/2
	return min(across, down) >= minPage && max(across, down) <= maxAspect*min(across, down)
}

// lay puts the page on a quadrilateral.
func (p *page) lay(q raster.Quad) bool {
	p.w, p.h = math.Round(max(q.Side(0), q.Side(2))), math.Round(max(q.Side(1), q.Side(3)))
	p.quad = q
	var ok bool
	p.toUpright, ok = raster.RectToQuad(p.w, p.h, q)
	return ok
}

// turned returns the same page read from another side: n is which of its corners becomes the top left.
func (p *page) turned(n int) *page {
	out := *p
	if n%4 == 0 || !out.lay(p.quad.Turned(n)) {
		return p
	}
	return &out
}

// halves returns a picture and its halves, down to about a tenth.
func halves(g *raster.Gray) []*raster.Gray {
	levels := []*raster.Gray{g}
	for len(levels) < 4 && min(g.W, g.H) >= 2*minPage {
		g = half(g)
		levels = append(levels, g)
	}
	return levels
}

// half returns a picture at half its size, each pixel the mean of four. An odd last row or column is left out.
func half(g *raster.Gray) *raster.Gray {
	out := raster.NewGray(g.W/2, g.H/2)
	for y := range out.H {
		a, b, to := g.Row(2*y), g.Row(2*y+1), out.Row(y)
		for x := range to {
			to[x] = uint8((int(a[2*x]) + int(a[2*x+1]) + int(b[2*x]) + int(b[2*x+1]) + 2) / 4)
		}
	}
	return out
}

// beyond is the grey of what lies outside the picture.
const beyond = 127

// picture shows a part of the page as w x h pixels in colour, through a map from them to positions of the page.
func (p *page) picture(w, h int, toPage raster.Homography) *raster.RGB {
	out := raster.NewRGB(w, h)
	toUpright := p.toUpright.After(toPage)
	middle := raster.Point{float64(w) / 2, float64(h) / 2}
	step, _ := toUpright.Scales(middle)
	level, size := 0, 1.0
	for level+1 < len(p.levels) && step >= 1.5*size {
		level++
		size *= 2
	}
	f, luma, small := p.frame, p.levels[level], p.frame.Small
	toLuma := raster.Homography{1 / size, 0, 0, 0, 1 / size, 0, 0, 0, 1}.After(f.ToFull).After(toUpright)
	toSmall := raster.Homography{f.Scale[0], 0, 0, 0, f.Scale[1], 0, 0, 0, 1}.After(toUpright)
	for y := range h {
		row := out.Row(y)
		for x := range w {
			at := raster.Point{float64(x) + 0.5, float64(y) + 0.5}
			c := toSmall.Apply(at)
			i, j := int(math.Floor(c[0])), int(math.Floor(c[1]))
			pixel := row[3*x : 3*x+3]
			if i < 0 || j < 0 || i >= small.W || j >= small.H {
				pixel[0], pixel[1], pixel[2] = beyond, beyond, beyond
				continue
			}
			q := toLuma.Apply(at)
			l := int32(luma.At(q[0], q[1]) + 0.5)
			// The chroma of the nearest pixel will do: eyes and models take outlines from the luma.
			s := small.Pix[3*(j*small.W+i):][:3]
			l -= int32(raster.Luma(s[0], s[1], s[2]))
			pixel[0], pixel[1], pixel[2] = clamp(l+int32(s[0])), clamp(l+int32(s[1])), clamp(l+int32(s[2]))
			if under := p.under(c); under != nil {
				red := uint8(max(float64(pixel[0]), min(float64(pixel[0])*under.gain, under.paper)))
				pixel[0], pixel[1], pixel[2] = red, red, red
			}
		}
	}
	return out
}

// under is the seal that a position of Frame.Small is under, nil where there is none.
func (p *page) under(at raster.Point) *stamp {
	for i := range p.stamped {
		if p.stamped[i].on.Contains(at) {
			return &p.stamped[i]
		}
	}
	return nil
}

func clamp(v int32) uint8 { return uint8(min(max(v, 0), 255)) }

// normal is how a model wants the values of a channel, 0 to 255: (v/255 - mean) / deviation.
type normal struct{ mean, deviation float32 }

// tensor lays the planes of a picture out for a model, blue first as PP-OCR was trained, in planes of a width of at least the
// picture's; what is beyond it is 0.
func tensor(p *raster.RGB, width int, by [3]normal) []float32 {
	data := make([]float32, 3*width*p.H)
	for k := range 3 {
		// Every value is one of 256: the division is done once for each.
		var table [256]float32
		for v := range table {
			table[v] = (float32(v)/255 - by[k].mean) / by[k].deviation
		}
		for y := range p.H {
			from, to := p.Row(y), data[(k*p.H+y)*width:][:p.W]
			for x := range to {
				to[x] = table[from[3*x+2-k]]
			}
		}
	}
	return data
}
