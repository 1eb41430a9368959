package specimen

import (
	"image/color"
	"math"
	"math/rand/v2"

	"github.com/preflight-icp/preflight/filing"
)

// face is the features of a drawn portrait (头像): a cartoon that is nobody.
type face struct {
	male       bool
	skin, hair color.NRGBA
	shirt      color.NRGBA
	width      float64 // of the head, share of its height
	brow       float64 // height of the brows
	mouth      float64 // width of the mouth
	parting    float64 // where the hair parts, -1 to 1
	glasses    bool
}

func newFace(rng *rand.Rand, male bool) face {
	skins := []color.NRGBA{{R: 244, G: 212, B: 184, A: 255}, {R: 236, G: 198, B: 166, A: 255}, {R: 224, G: 182,
		B: 148, A: 255}}
	hairs := []color.NRGBA{{R: 32, G: 26, B: 26, A: 255}, {R: 52, G: 38, B: 32, A: 255}, {R: 80, G: 78, B: 80, A: 255}}
	shirts := []color.NRGBA{{R: 46, G: 66, B: 104, A: 255}, {R: 72, G: 72, B: 80, A: 255}, {R: 120, G: 44, B: 52, A: 255},
		{R: 40, G: 92, B: 84, A: 255}}
	return face{
		male: male, skin: pick(rng, skins), hair: pick(rng, hairs), shirt: pick(rng, shirts),
		width: 0.72 + 0.1*rng.Float64(), brow: rng.Float64(), mouth: 0.3 + 0.12*rng.Float64(),
		parting: rng.Float64()*1.4 - 0.7, glasses: rng.IntN(4) == 0,
	}
}

func shade(c color.NRGBA, by float64) color.NRGBA {
	f := func(v uint8) uint8 { return uint8(math.Min(255, math.Max(0, float64(v)*by))) }
	return color.NRGBA{R: f(c.R), G: f(c.G), B: f(c.B), A: c.A}
}

// draw puts the portrait into a rectangle of the canvas in millimetres.
func (f face) draw(c *canvas, x, y, w, h float64) {
	c.rect(x, y, w, h, color.NRGBA{R: 250, G: 251, B: 252, A: 255})
	c.portrait = [4]float64{x, y, x + w, y + h}
	cx, headH := x+w/2, h*0.29 // headH is half the head's height
	cy := y + h*0.42
	headW := headH * f.width
	// Shoulders, then neck, then head: what is nearer covers what is farther.
	if !f.male {
		c.fill(path{clip(arc(cx, cy+headH*0.25, headW*1.32, headH*1.35, 0, 2*math.Pi), x, y, w, h)}, f.hair)
	}
	shoulders := append(arc(cx, y+h, w*0.46, h*0.25, math.Pi, 2*math.Pi), filing.Point{cx - w*0.46, y + h})
	c.fill(path{shoulders}, f.shirt)
	c.fill(path{{{cx - headW*0.42, cy + headH*0.6}, {cx + headW*0.42, cy + headH*0.6}, {cx + headW*0.5, y + h*0.8},
		{cx, y + h*0.88}, {cx - headW*0.5, y + h*0.8}}}, shade(f.skin, 0.9))
	c.fill(path{{{cx - headW*0.5, y + h*0.785}, {cx, y + h*0.9}, {cx - headW*0.45, y + h*0.95}}}, color.White)
	c.fill(path{{{cx + headW*0.5, y + h*0.785}, {cx, y + h*0.9}, {cx + headW*0.45, y + h*0.95}}}, color.White)
	c.ellipse(cx-headW*0.98, cy+headH*0.1, headW*0.14, headH*0.18, shade(f.skin, 0.93))
	c.ellipse(cx+headW*0.98, cy+headH*0.1, headW*0.14, headH*0.18, shade(f.skin, 0.93))
	// Hair behind the forehead, then the face over it.
	c.ellipse(cx, cy-headH*0.14, headW*1.1, headH*1.0, f.hair)
	c.ellipse(cx, cy+headH*0.08, headW*0.96, headH*0.95, f.skin)
	c.ellipse(cx, cy+headH*0.42, headW*0.72, headH*0.6, f.skin)
	// The fringe: two arcs that meet at the parting.
	px := cx + f.parting*headW*0.5
	top := cy - headH*0.62
	fringe := append(arc(cx, cy-headH*0.1, headW*1.03, headH*0.98, math.Pi*1.08, math.Pi*1.92),
		filing.Point{px + headW*0.35, top + headH*0.05}, filing.Point{px, top - headH*0.05},
		filing.Point{px - headW*0.35, top + headH*0.1})
	c.fill(path{fringe}, f.hair)
	for _, side := range []float64{-1, 1} {
		ex, ey := cx+side*headW*0.42, cy+headH*0.06
		c.stroke([]filing.Point{{ex - headW*0.22, ey - headH*(0.2+0.02*f.brow)}, {ex, ey - headH*(0.25+0.05*f.brow)},
			{ex + headW*0.22, ey - headH*(0.2+0.02*f.brow)}}, headH*0.05, f.hair)
		c.ellipse(ex, ey, headW*0.2, headH*0.075, color.White)
		c.ellipse(ex, ey, headW*0.1, headH*0.072, color.NRGBA{R: 46, G: 30, B: 24, A: 255})
		c.ellipse(ex-headW*0.03, ey-headH*0.025, headW*0.028, headH*0.02, color.White)
		c.stroke([]filing.Point{{ex - headW*0.21, ey - headH*0.03}, {ex, ey - headH*0.085}, {ex + headW*0.21,
			ey - headH*0.03}},
			headH*0.028, shade(f.hair, 0.8))
		if f.glasses {
			c.ring(ex, ey, headW*0.33, headH*0.03, color.NRGBA{R: 40, G: 40, B: 46, A: 230})
		}
	}
	if f.glasses {
		c.stroke([]filing.Point{{cx - headW*0.1, cy + headH*0.05}, {cx + headW*0.1, cy + headH*0.05}}, headH*0.03,
			color.NRGBA{R: 40, G: 40, B: 46, A: 230})
	}
	c.stroke([]filing.Point{{cx - headW*0.03, cy + headH*0.1}, {cx - headW*0.1, cy + headH*0.36}, {cx + headW*0.06,
		cy + headH*0.39}},
		headH*0.03, shade(f.skin, 0.8))
	lip := color.NRGBA{R: 190, G: 104, B: 96, A: 255}
	c.fill(path{append(arc(cx, cy+headH*0.6, headW*f.mouth, headH*0.07, 0, math.Pi),
		arc(cx, cy+headH*0.6, headW*f.mouth, headH*0.03, math.Pi, 2*math.Pi)...)}, lip)
	c.stroke([]filing.Point{{cx - headW*f.mouth, cy + headH*0.6}, {cx, cy + headH*0.62}, {cx + headW*f.mouth, cy +
		headH*0.6}},
		headH*0.02, shade(lip, 0.6))
}

// clip pulls points back into a rectangle.
func clip(points []filing.Point, x, y, w, h float64) []filing.Point {
	for i, p := range points {
		points[i] = filing.Point{math.Min(math.Max(p[0], x), x+w), math.Min(math.Max(p[1], y), y+h)}
	}
	return points
}
