package specimen

import (
	"fmt"
	"hash/fnv"
	"image"
	"math"

	"github.com/preflight-icp/preflight/filing"
)

// FaceCases lists the pictures of rooms of a half (手持证件照样例): with a person who holds a card up, or without. They are drawn people
// (Person), in rooms with what looks like a face and is none; 920 for Test, half as many for Tune, Test2 and Test3, none for the other sets. They stand beside
// Cases, in its group GroupFace, and are no part of it: what a detector of faces does with drawn people is a figure of its own.
func FaceCases(half Half) []Case {
	var cases []Case
	if half.byLot() || half == Pasted {
		return nil
	}
	for _, v := range faceVariants() {
		n := v.count
		if half != Test {
			n /= 2
		}
		for i := range n {
			cases = append(cases, newFaceCase(half, v.name, i))
		}
	}
	return cases
}

// faceVariants are what the pictures show, and how many of each there are in the test half.
func faceVariants() []struct {
	name  string
	count int
} {
	return []struct {
		name  string
		count int
	}{
		{"person", 200}, {"small", 60}, {"far", 40}, {"blurred", 60}, {"mask", 40}, {"sunglasses", 40}, {"hand", 40}, {"turned", 40},
		{"card", 120}, {"empty", 120}, {"pattern", 160},
	}
}

// faceSeed is changed to draw a fresh set once a test half is burnt.
func faceSeed(half Half) uint64 {
	switch half {
	case Tune:
		return 20201201
	case Test2:
		return 20261130
	case Test3:
		return 20261220
	}
	return 20201228
}

// sitting is what a FaceCase draws.
type sitting struct {
	// facePx is the width of the face in pixels, 0 where there is nobody; detail how many times the width of its contours that is.
	facePx, detail float64
	person         Person
}

func newFaceCase(half Half, variant string, i int) Case {
	c := Case{ID: fmt.Sprintf("%s/%s/%s/%04d", half, GroupFace, variant, i), Half: half, Group: GroupFace, Variant: variant}
	h := fnv.New64a()
	h.Write([]byte(c.ID))
	c.Seed = mix(h.Sum64() ^ faceSeed(half))
	d := newDice(c.Seed, 1)
	s := &sitting{person: NewPerson(d.seed()), detail: d.between(22, 60)}
	c.sitting = s
	switch variant {
	case "card", "empty", "pattern":
		return c
	case "small":
		s.facePx, s.detail = d.between(64, 110), d.between(20, 30)
	case "far":
		s.facePx, s.detail = d.between(26, 48), d.between(12, 18)
	default:
		s.facePx = math.Exp(d.between(math.Log(120), math.Log(460)))
	}
	switch variant {
	case "blurred":
		s.detail = d.between(4, 8)
	case "mask":
		s.person.Wears = WearsMask
	case "sunglasses":
		s.person.Wears = WearsSunglasses
	case "hand":
		s.person.Wears = HoldsHand
	case "turned":
		s.person.Yaw = d.sign() * d.between(65, 100)
	}
	c.Degree = s.facePx
	return c
}

// drawSitting makes the photo of a FaceCase. Errors are those of the fonts, of drawing the card and of encoding.
func (c *Case) drawSitting() (Labelled, error) {
	s, d := c.sitting, newDice(c.Seed, 2)
	w, h := 1200, 1600
	switch {
	case s.facePx > 260:
		w, h = 1500, 2000
	case d.chance(0.3):
		w, h = 1600, 1200
	}
	truth := Truth{Width: w, Height: h, Documents: [][4]filing.Point{}}
	l := room(w, h, d)
	if c.Variant == "pattern" {
		likenesses(l, d)
	}
	sigma := 0.7
	if s.facePx > 0 {
		// A face loses its detail by blur: a 10-90 % rise of 2.563 sigma.
		sigma = max(0.6, s.facePx/s.detail/2.563)
	}
	face := s.facePx
	var top float64
	middle := float64(w) * d.between(0.38, 0.62)
	if face > 0 {
		top = float64(h)*d.between(0.1, 0.22) + 0.55*face
		truth.Faces = append(truth.Faces, Face{Box: s.stand(l, middle, top), Real: true,
			Covered: s.person.Wears != WearsNothing, SharpPx: 2.563 * sigma})
	} else {
		face, top = d.between(120, 300), float64(h)*0.2
	}
	if c.Variant != "empty" && c.Variant != "pattern" {
		// The card is an arm's length nearer to the camera than the face; a face is about 150 mm wide, the card 85.6.
		width := face * d.between(0.62, 0.85)
		card, err := hold(l, d, middle+face*d.between(-0.7, 0.7), top+face*d.between(2.1, 2.6), width, &s.person)
		if err != nil {
			return Labelled{}, fmt.Errorf("draw %s: %w", c.ID, err)
		}
		truth.Kind, truth.WidthMM, truth.HeightMM, truth.CornerMM = IDCardFront, cardWidth, cardHeight, cardCorner
		truth.Documents = append(truth.Documents, card)
		truth.PxPerMM = width / cardWidth
	}
	img := exposeRoom(l, d, sigma, c.Seed)
	file, err := EncodeJPEG(img, JPEGOptions{Quality: 88 + d.IntN(8)})
	if err != nil {
		return Labelled{}, fmt.Errorf("draw %s: %w", c.ID, err)
	}
	return Labelled{File: file, Truth: truth}, nil
}

// exposeRoom is lens and sensor.
func exposeRoom(l *Light, d *dice, sigma float64, seed uint64) *image.RGBA {
	exposure := float32(d.between(0.8, 1.35))
	warm := float32(d.between(-0.05, 0.2))
	for i := range l.Pix {
		switch i % 3 {
		case 0:
			l.Pix[i] *= exposure * (1 + 0.5*warm)
		case 1:
			l.Pix[i] *= exposure
		default:
			l.Pix[i] *= exposure * (1 - warm)
		}
	}
	shot := &Shot{Scene: Scene{Blur: sigma, ReadNoise: 0.0012, ShotNoise: d.between(0.006, 0.02), Seed: seed}, Light: l}
	// Neither step can fail: they only change the light.
	_ = lens(shot)
	_ = sensor(shot)
	return shot.Light.develop()
}

// stand puts the person into the room, the face's middle at middle and its top at top, and returns the face's rectangle: left,
// top, right, bottom.
func (s *sitting) stand(l *Light, middle, top float64) [4]float64 {
	const most = 125 // a larger face is rendered at this width and scaled up: the blur that follows is wider than what that loses
	scale := max(1, s.facePx/most)
	cut := s.person.render(s.facePx / scale)
	unit := cut.unit * scale
	left, above := middle+cut.left*unit, top+(cut.top-faceTop)*unit
	cover := NewLight(cut.light.W, cut.light.H)
	for i, v := range cut.cover {
		cover.Pix[3*i] = v
	}
	x0, y0 := max(int(left), 0), max(int(above), 0)
	x1 := min(int(left+float64(cut.light.W)*scale), l.W)
	for y := y0; y < l.H; y++ {
		v := (float64(y) + 0.5 - above) / scale
		for x := x0; x < x1; x++ {
			u := (float64(x) + 0.5 - left) / scale
			// Below what was rendered the clothes go on.
			row := min(v, float64(cut.light.H)-1)
			a, _, _ := cover.at(float32(u), float32(row))
			if a <= 0 {
				continue
			}
			r, g, b := cut.light.at(float32(u), float32(row))
			p := l.Pix[3*(y*l.W+x):]
			// The renderer's colours are weighed by cover already: outside of the person they are black.
			p[0], p[1], p[2] = r+p[0]*(1-a), g+p[1]*(1-a), b+p[2]*(1-a)
		}
	}
	return [4]float64{middle + faceLeft*unit, top, middle + faceRight*unit, top + (faceBottom-faceTop)*unit}
}

// hold draws a card around a middle, between fingers and thumb, and returns its corners.
func hold(l *Light, d *dice, cx, cy, width float64, person *Person) ([4]filing.Point, error) {
	fonts, err := Fonts()
	if err != nil {
		return [4]filing.Point{}, err
	}
	doc, err := Draw(fonts, IDCardFront, d.seed(), min(max(width/cardWidth*1.2, MinPxPerMM), 12))
	if err != nil {
		return [4]filing.Point{}, err
	}
	cx = min(max(cx, width*0.6), float64(l.W)-width*0.6)
	cy = min(cy, float64(l.H)-width*0.45)
	mm := width / cardWidth
	sin, cos := math.Sincos(d.between(-9, 9) * math.Pi / 180)
	lean := d.between(0.85, 1)
	m := Homography{mm * cos * lean, -mm * sin, cx, mm * sin * lean, mm * cos, cy, 0, 0, 1}
	back, ok := m.Inverse()
	if !ok {
		return [4]filing.Point{}, fmt.Errorf("a card of %g pixels", width)
	}
	card := toLight(doc.Image)
	halfW, halfH := float32(doc.WidthMM/2), float32(doc.HeightMM/2)
	skin := person.skin
	// A thumb on the lower edge, fingers behind it.
	side := d.sign()
	thumb := func(u, v float64) float64 {
		return flatCapsule(u, v, side*25, 22, side*48, 60, 9)
	}
	fist := func(u, v float64) float64 {
		return min(flatCapsule(u, v, side*34, 44, side*52, 95, 26), flatCapsule(u, v, side*46, 20, side*52, 50, 13))
	}
	light := float32(d.between(0.6, 0.85))
	reach := width
	for y := max(int(cy-reach), 0); y < min(int(cy+1.6*reach), l.H); y++ {
		for x := max(int(cx-reach), 0); x < min(int(cx+reach), l.W); x++ {
			q := back.Apply(filing.Point{float64(x) + 0.5, float64(y) + 0.5})
			p := l.Pix[3*(y*l.W+x):]
			lay := func(distance float64, t tint) {
				a := float32(min(max(0.5-distance*mm, 0), 1))
				p[0], p[1], p[2] = p[0]*(1-a)+a*float32(t.r), p[1]*(1-a)+a*float32(t.g), p[2]*(1-a)+a*float32(t.b)
			}
			round := func(distance, radius float64) tint {
				return skin.times(float64(light) * (0.55 + 0.45*min(1, -distance/radius*1.5)))
			}
			if f := fist(q[0], q[1]); f < 1/mm {
				lay(f, round(f, 20))
			}
			u, v := float32(q[0]), float32(q[1])
			if f := roundedDistance(u, v, halfW, halfH, float32(doc.CornerMM)); f < float32(1/mm) {
				r, g, b := card.at((u+halfW)*float32(doc.PxPerMM), (v+halfH)*float32(doc.PxPerMM))
				lay(float64(f), tint{float64(r * light), float64(g * light), float64(b * light)})
			}
			if f := thumb(q[0], q[1]); f < 1/mm {
				lay(f, round(f, 9))
			}
		}
	}
	var corners [4]filing.Point
	for i, s := range [4][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		corners[i] = m.Apply(filing.Point{s[0] * doc.WidthMM / 2, s[1] * doc.HeightMM / 2})
	}
	return corners, nil
}

// flatCapsule is the distance in the plane to a line from a to b with a radius.
func flatCapsule(x, y, ax, ay, bx, by, r float64) float64 {
	dx, dy := bx-ax, by-ay
	t := min(max(((x-ax)*dx+(y-ay)*dy)/(dx*dx+dy*dy), 0), 1)
	return math.Hypot(x-ax-t*dx, y-ay-t*dy) - r
}

// room draws walls and furniture in reflected light.
func room(w, h int, d *dice) *Light {
	l := NewLight(w, h)
	wall := tint{d.between(0.35, 0.75), d.between(0.35, 0.7), d.between(0.3, 0.7)}
	wall = wall.toward(tint{0.55, 0.52, 0.48}, d.between(0.3, 1))
	fall, seed := d.between(-0.4, 0.4), d.seed()
	for y := range h {
		for x := range w {
			v := 0.75 + fall*(float64(x)/float64(w)-0.5) + 0.12*(noise(float64(x)/500, float64(y)/500, 4, 4, seed)-0.5)
			p := l.Pix[3*(y*w+x):]
			p[0], p[1], p[2] = float32(wall.r*v), float32(wall.g*v), float32(wall.b*v)
		}
	}
	colour := func() tint {
		return tint{d.between(0.02, 0.7), d.between(0.02, 0.6), d.between(0.02, 0.6)}
	}
	fw, fh := float64(w), float64(h)
	if d.chance(0.6) { // a shelf of books
		x, y, width, height := fw*d.between(-0.1, 0.6), fh*d.between(0.02, 0.3), fw*d.between(0.3, 0.6), fh*d.between(0.2, 0.5)
		l.box(x, y, width, height, tint{0.2, 0.12, 0.07})
		for shelf := range 3 {
			bottom := y + height*(float64(shelf)+0.95)/3
			for at := x + 8; at < x+width-30; {
				thick, tall := d.between(10, 34), height/3*d.between(0.6, 0.85)
				t := colour()
				l.box(at, bottom-tall, thick, tall, t)
				l.box(at+thick*0.2, bottom-tall*0.8, thick*0.6, tall*0.08, t.times(1.8))
				at += thick + d.between(0, 3)
			}
		}
	}
	if d.chance(0.5) { // a window
		x, y, width, height := fw*d.between(0.5, 0.8), fh*d.between(0, 0.2), fw*d.between(0.2, 0.35), fh*d.between(0.2, 0.4)
		l.box(x, y, width, height, tint{0.8, 0.8, 0.78})
		for i := range 2 {
			for j := range 2 {
				l.box(x+width*(0.04+0.49*float64(i)), y+height*(0.04+0.49*float64(j)), width*0.43, height*0.43, tint{0.9, 0.97, 1.1})
			}
		}
	}
	for range d.IntN(4) { // pictures of nothing
		x, y, s := fw*d.between(0, 0.85), fh*d.between(0, 0.4), fw*d.between(0.06, 0.16)
		l.box(x, y, s, s*1.3, tint{0.08, 0.06, 0.05})
		l.box(x+s*0.07, y+s*0.07, s*0.86, s*1.16, colour())
		for range 4 {
			l.box(x+s*d.between(0.1, 0.6), y+s*d.between(0.1, 0.8), s*d.between(0.1, 0.3), s*d.between(0.1, 0.4), colour())
		}
	}
	if d.chance(0.5) { // a table or a sofa
		y := fh * d.between(0.7, 0.9)
		l.box(0, y, fw, fh-y, colour())
	}
	return l
}

// box paints a rectangle that is a little brighter on its upper left.
func (l *Light) box(x, y, w, h float64, t tint) {
	for j := max(int(y), 0); j < min(int(y+h), l.H); j++ {
		for i := max(int(x), 0); i < min(int(x+w), l.W); i++ {
			v := 1.05 - 0.1*((float64(i)-x)/w+(float64(j)-y)/h)/2
			p := l.Pix[3*(j*l.W+i):]
			p[0], p[1], p[2] = float32(t.r*v), float32(t.g*v), float32(t.b*v)
		}
	}
}

// disc paints a disc or an ellipse.
func (l *Light) disc(x, y, rx, ry float64, t tint) {
	for j := max(int(y-ry), 0); j < min(int(y+ry)+1, l.H); j++ {
		for i := max(int(x-rx), 0); i < min(int(x+rx)+1, l.W); i++ {
			dx, dy := (float64(i)+0.5-x)/rx, (float64(j)+0.5-y)/ry
			if dx*dx+dy*dy > 1 {
				continue
			}
			v := 1 - 0.25*(dx*0.5+dy*0.5+dx*dx+dy*dy)
			p := l.Pix[3*(j*l.W+i):]
			p[0], p[1], p[2] = float32(t.r*v), float32(t.g*v), float32(t.b*v)
		}
	}
}

// likenesses puts things into a room that have something of a face: sockets, smiling signs, lamps in pairs, an owl of a clock, a
// head of a shop window without features, a cartoon.
func likenesses(l *Light, d *dice) {
	w, h := float64(l.W), float64(l.H)
	skin := tint{0.6, 0.38, 0.27}
	dark := tint{0.02, 0.02, 0.02}
	for range 2 + d.IntN(4) {
		x, y, r := w*d.between(0.12, 0.88), h*d.between(0.12, 0.85), w*d.between(0.03, 0.14)
		switch d.IntN(7) {
		case 0: // a socket
			l.box(x-r, y-r, 2*r, 2*r, tint{0.8, 0.8, 0.78})
			l.disc(x, y, r*0.75, r*0.75, tint{0.7, 0.7, 0.68})
			l.disc(x-r*0.3, y, r*0.09, r*0.09, dark)
			l.disc(x+r*0.3, y, r*0.09, r*0.09, dark)
			l.disc(x, y+r*0.35, r*0.09, r*0.12, dark)
		case 1: // a smiling sign
			l.disc(x, y, r, r, tint{0.9, 0.7, 0.08})
			l.disc(x-r*0.35, y-r*0.25, r*0.11, r*0.18, dark)
			l.disc(x+r*0.35, y-r*0.25, r*0.11, r*0.18, dark)
			for k := -10; k <= 10; k++ {
				t := float64(k) / 10
				l.disc(x+r*0.5*t, y+r*(0.5-0.25*t*t), r*0.05, r*0.05, dark)
			}
		case 2: // the front of a toy car: two lamps and a grille
			l.box(x-r, y-r*0.5, 2*r, r, tint{0.5, 0.04, 0.04})
			l.disc(x-r*0.65, y-r*0.1, r*0.22, r*0.22, tint{0.9, 0.9, 0.8})
			l.disc(x+r*0.65, y-r*0.1, r*0.22, r*0.22, tint{0.9, 0.9, 0.8})
			l.box(x-r*0.35, y+r*0.1, r*0.7, r*0.2, dark)
		case 3: // a head of a shop window
			l.box(x-r*0.3, y+r*0.8, r*0.6, r*0.9, skin.times(0.8))
			l.disc(x, y, r*0.75, r, skin)
		case 4: // a speaker
			l.box(x-r*0.7, y-r*1.2, r*1.4, r*2.4, tint{0.06, 0.05, 0.05})
			l.disc(x, y-r*0.6, r*0.3, r*0.3, tint{0.2, 0.2, 0.2})
			l.disc(x, y+r*0.4, r*0.55, r*0.55, tint{0.15, 0.15, 0.15})
			l.disc(x, y+r*0.4, r*0.2, r*0.2, dark)
		case 5: // a clock
			l.disc(x, y, r, r, tint{0.75, 0.74, 0.7})
			for k := range 12 {
				sin, cos := math.Sincos(float64(k) * math.Pi / 6)
				l.disc(x+0.8*r*sin, y-0.8*r*cos, r*0.06, r*0.06, dark)
			}
			l.box(x-r*0.03, y-r*0.6, r*0.06, r*0.6, dark)
			l.box(x, y-r*0.03, r*0.45, r*0.06, dark)
		case 6: // knots in wood
			l.box(x-r*1.2, y-r*1.2, r*2.4, r*2.4, tint{0.4, 0.24, 0.12})
			for range 5 {
				l.disc(x+r*d.between(-0.9, 0.9), y+r*d.between(-0.9, 0.9), r*d.between(0.05, 0.2), r*d.between(0.05, 0.15), tint{0.16, 0.08, 0.04})
			}
		}
	}
}
