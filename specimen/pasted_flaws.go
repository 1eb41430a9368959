package specimen

import (
	"math"

	"github.com/preflight-icp/preflight/filing"
)

// flaws does to the picture what was asked for, in the order in which it happens to photos, and says how much it is.
func (t *pasted) flaws() {
	t.cover()
	t.shade()
	t.showScreen()
	t.soften()
	t.reflect()
	p, tr := t.p, &t.truth
	for i, v := range t.l.Pix {
		t.l.Pix[i] = min(v*float32(p.gain)+float32(p.lift), 1)
	}
	// What a white of the document would be, had the file an end beyond white.
	white := p.gain + p.lift
	tr.WhitePaperLevel = math.Pow((white+0.055)/1.055, 2.4)
	if p.mono {
		for i := 0; i < len(t.l.Pix); i += 3 {
			c := t.l.Pix[i : i+3]
			l := 0.299*c[0] + 0.587*c[1] + 0.114*c[2]
			c[0], c[1], c[2] = l, l, l
		}
	}
}

// onDocument calls f for every pixel of the picture that lies on the main document, with its place there in millimetres.
func (t *pasted) onDocument(f func(x, y int, at filing.Point)) {
	if t.doc == nil {
		return
	}
	for y := range t.l.H {
		for x := range t.l.W {
			at := t.back.Apply(filing.Point{float64(x) + 0.5, float64(y) + 0.5})
			if at[0] >= 0 && at[1] >= 0 && at[0] < t.doc.WidthMM && at[1] < t.doc.HeightMM {
				f(x, y, at)
			}
		}
	}
}

// cover lays things on the document.
func (t *pasted) cover() {
	if t.doc == nil || len(t.p.things) == 0 {
		return
	}
	doc := t.doc
	diagonal := math.Hypot(doc.WidthMM, doc.HeightMM)
	covered := make([]bool, t.l.W*t.l.H)
	for _, thing := range t.p.things {
		sin, cos := math.Sincos(thing.turn * math.Pi / 180)
		cx, cy, w, h := thing.x*doc.WidthMM, thing.y*doc.HeightMM, thing.w*diagonal/2, thing.h*diagonal/2
		outwards := math.Copysign(1, thing.x-0.5) // a finger comes in from the nearer side
		rows(t.l.H, func(y int) {
			for x := range t.l.W {
				at := t.back.Apply(filing.Point{float64(x) + 0.5, float64(y) + 0.5})
				dx, dy := at[0]-cx, at[1]-cy
				u, v := dx*cos+dy*sin, dy*cos-dx*sin
				var far float64 // beyond its rim, in millimetres
				round := 0.0    // 0 in its middle, 1 at its rim
				switch thing.shape {
				case "disc":
					far, round = math.Hypot(u, v)-w, math.Hypot(u, v)/w
				case "finger":
					along := dx*outwards + h
					if far = math.Abs(dy) - w; along < 0 {
						far = math.Hypot(dy, along) - w
					}
					round = math.Abs(dy) / w
				default:
					far = max(math.Abs(u)-w, math.Abs(v)-h)
				}
				if far > 0 {
					continue
				}
				covered[y*t.l.W+x] = true
				c, k := t.at(x, y), float32(1-0.25*round*round)
				for i := range 3 {
					c[i] = thing.colour[i] * k
				}
			}
		})
	}
	all, under := 0, 0
	t.onDocument(func(x, y int, _ filing.Point) {
		if all++; covered[y*t.l.W+x] {
			under++
		}
	})
	t.truth.Occluded = float64(under) / float64(max(all, 1))
}

// shade lets the light fall off from one side to the other.
func (t *pasted) shade() {
	if t.p.uneven == 0 {
		return
	}
	rows(t.l.H, func(y int) {
		for x := range t.l.W {
			c, k := t.at(x, y), float32(1-t.p.uneven*float64(x)/float64(t.l.W))
			c[0], c[1], c[2] = c[0]*k, c[1]*k, c[2]*k
		}
	})
	t.truth.UnevenRatio = 1 / (1 - t.p.uneven)
}

// showScreen multiplies the picture by what makes it look like a screen's.
func (t *pasted) showScreen() {
	s := t.p.screen
	if s == nil {
		return
	}
	t.truth.Recapture, t.truth.RecaptureKind = true, s.kind
	sin, cos := math.Sincos(s.turn * math.Pi / 180)
	rim := 0.0
	if s.bezel {
		rim = 0.03 * float64(min(t.l.W, t.l.H))
	}
	rows(t.l.H, func(y int) {
		for x := range t.l.W {
			c := t.at(x, y)
			if s.bezel && (float64(x) < rim || float64(y) < rim || float64(t.l.W-x) < rim || float64(t.l.H-y) < rim) {
				c[0], c[1], c[2] = 0.04, 0.04, 0.05
				continue
			}
			for k := range 3 {
				c[k] = min(c[k]*float32(s.at(float64(x), float64(y), sin, cos, k)), 1)
			}
		}
	})
}

// at is what a screen makes of one channel at a place.
func (s *pastedScreen) at(x, y, sin, cos float64, channel int) float64 {
	switch s.kind {
	case "waves":
		u, v := x*cos+y*sin, y*cos-x*sin
		return 1 + s.strength*(math.Sin(2*math.Pi*u/s.pitch)+0.6*math.Sin(2*math.Pi*v/s.pitch/1.13))/1.6
	case "colours":
		u := x*cos + y*sin + 0.3*s.pitch*math.Sin(y/s.pitch/2)
		return 1 + s.strength*math.Sin(2*math.Pi*u/s.pitch+2.1*float64(channel))
	}
	// A grid of red, green and blue with dark rows between, four samples to a pixel.
	lit := 0.0
	for k := range 4 {
		px, py := x+0.25+0.5*float64(k&1), y+0.25+0.5*float64(k>>1)
		u, v := (px*cos+py*sin)/s.pitch, (py*cos-px*sin)/s.pitch
		if u -= math.Floor(u); int(u*3) == channel {
			lit += 3
		}
		if v -= math.Floor(v); v < 0.2 {
			lit -= 0.6
		}
	}
	return 1 + 2.5*s.strength*(lit/4-0.9)
}

// soften blurs the picture, and says how wide edges are then: a Gaussian rises from 10 to 90 % within 2.563 sigma, a motion at even speed
// within 0.8 of its way. Of itself the warp makes edges as wide as a pixel.
func (t *pasted) soften() {
	if t.doc == nil {
		return
	}
	p, tr := t.p, &t.truth
	const own = 1.0
	tr.EdgeWidthPx, tr.BestEdgeWidthPx = own, own
	if wide := p.edge * tr.TextHeightPx; wide > own {
		if p.motion {
			tr.Motion, tr.MotionPx, tr.MotionDegrees = true, wide/0.8, p.direction
			t.move(wide/0.8, p.direction)
		} else {
			t.l = t.l.blur(math.Sqrt(wide*wide-own*own) / 2.563)
			tr.BestEdgeWidthPx = wide
		}
		tr.EdgeWidthPx = wide
	}
	tr.EdgeWidthMM, tr.EdgeWidthPerTextHeight = tr.EdgeWidthPx/tr.PxPerMM, tr.EdgeWidthPx/tr.TextHeightPx
}

// move is the mean of places along a way around each, which a camera sees that moves at even speed.
func (t *pasted) move(way, degrees float64) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	from := t.l
	t.l = NewLight(from.W, from.H)
	steps := int(2*way) + 1
	rows(t.l.H, func(y int) {
		for x := range t.l.W {
			var sum rgb
			for k := range steps {
				d := way * ((float64(k)+0.5)/float64(steps) - 0.5)
				fx := min(max(float64(x)+d*cos, 0), float64(from.W-1))
				fy := min(max(float64(y)+d*sin, 0), float64(from.H-1))
				ix, iy := min(int(fx), from.W-2), min(int(fy), from.H-2)
				ax, ay := float32(fx-float64(ix)), float32(fy-float64(iy))
				i := 3 * (iy*from.W + ix)
				j := i + 3*from.W
				for c := range 3 {
					sum[c] += (from.Pix[i+c]*(1-ax)+from.Pix[i+3+c]*ax)*(1-ay) + (from.Pix[j+c]*(1-ax)+from.Pix[j+3+c]*ax)*ay
				}
			}
			c := t.at(x, y)
			for k := range 3 {
				c[k] = sum[k] / float32(steps)
			}
		}
	})
}

// reflect lays reflections on the document and says what they take of it.
func (t *pasted) reflect() {
	if t.doc == nil || len(t.p.spots) == 0 {
		return
	}
	doc := t.doc
	lines := newTextMask(&sheet{doc: doc, w: float32(doc.WidthMM), h: float32(doc.HeightMM), cos: 1})
	side := math.Sqrt(doc.WidthMM * doc.HeightMM)
	const burnt = 250.0 / 255
	all, lost, text, textLost := 0, 0, 0, 0
	t.onDocument(func(x, y int, at filing.Point) {
		c, k := t.at(x, y), 0.0
		for _, s := range t.p.spots {
			far := math.Hypot((at[0]-s.x*doc.WidthMM)/(s.rx*side), (at[1]-s.y*doc.HeightMM)/(s.ry*side))
			k = max(k, min(max(1+(1-far)/s.soft, 0), 1))
		}
		before := min(c[0], c[1], c[2])
		for i := range 3 {
			c[i] += (1 - c[i]) * float32(k)
		}
		on, gone := lines.at(at), before < burnt && min(c[0], c[1], c[2]) >= burnt || k == 1
		all++
		if on {
			text++
		}
		if gone {
			if lost++; on {
				textLost++
			}
		}
	})
	t.truth.GlareShare = float64(lost) / float64(max(all, 1))
	t.truth.GlareTextShare = float64(textLost) / float64(max(text, 1))
}
