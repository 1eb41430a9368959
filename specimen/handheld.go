package specimen

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// Handheld says how a person holds a document (手持证件照).
type Handheld struct {
	// Half decides phones, rooms and grain of noise.
	Half Half
	// Width and Height are the pixels of the picture; 0 takes those of the phone, upright.
	Width, Height int
	// Seed varies room, clothes, hand, light and place.
	Seed uint64
	// FacePx is the wanted height of the face picture in pixels; 0 takes what the scene gives, about a third of the
	// picture's height. The truth says what it became.
	FacePx float64
	// Turn rotates the face in the picture's plane, in degrees.
	Turn float64
	// BlurPx is the 10-90 % edge width that the whole picture is blurred to in pixels; 0 is the phone in focus.
	BlurPx float64
	// Covered is what hides a part of the face: "" nothing, "card" the document, "mask" a mask (口罩), "dark" glasses (墨镜).
	Covered string
	// White is the level of white paper; 0 takes an ordinary one.
	White float64
}

// bodyParts are the measures of a sitter in millimetres, in the plane of the card: the origin is the card's top left.
const (
	headWidth  = 152.0
	faceHeight = 190.0
)

// HandheldScene composes a person who holds a card beside or below the head in a room. face is a picture of a face, cut to
// the head or with a transparent surrounding, upright; it is laid on the shoulders within an ellipse. With nil there is no
// person: the card is held up in an empty room, and the portrait printed on it is the only face. The truth names both:
// Face.Real is true for the person's alone. Errors: missing fonts, a card without a picture, a face without pixels.
func HandheldScene(face image.Image, card *Document, h Handheld) (Labelled, error) {
	if card == nil || card.Image == nil {
		return Labelled{}, errors.New("handheld: the card has no picture")
	}
	if face != nil && (face.Bounds().Dx() < 8 || face.Bounds().Dy() < 8) {
		return Labelled{}, fmt.Errorf("handheld: a face of %v has no features", face.Bounds())
	}
	c := Case{ID: fmt.Sprintf("handheld/%x", h.Seed), Half: h.Half, Group: GroupFace, Variant: "handheld", Seed: h.Seed,
		Template: "handheld", DocumentSeed: h.Seed}
	d := newDice(h.Seed, 0x4a4d)
	s := handheldSetting(&c, d, card.WidthMM, card.HeightMM, face != nil, h.Covered == "card")
	if h.Width > 0 && h.Height > 0 {
		s.width, s.height = h.Width, h.Height
	}
	if h.White > 0 {
		s.white = h.White
	}
	t := &take{c: c, s: s, given: &sheet{doc: card, tex: newTexture(card.Image, card.PxPerMM),
		w: float32(card.WidthMM), h: float32(card.HeightMM), corner: float32(card.CornerMM), cos: 1, thick: 1.6}}
	if face != nil {
		t.head = newHead(face, &s, h, d)
		t.facePx = h.FacePx
	}
	if h.BlurPx > 0 {
		t.blurPx = h.BlurPx
	}
	return t.shoot()
}

// sizeFace changes how much of the frame the person fills, so that the face gets the height that was asked for. Beyond
// closest the frame would cut the card off: then the face stays smaller.
func (t *take) sizeFace() error {
	const closest = 1.02
	want := t.facePx
	t.facePx = 0
	if err := t.aim(); err != nil {
		return err
	}
	k := t.head
	have := float64(k.h) * t.toPixel.scale(float64(k.x+k.w/2), float64(k.y+k.h/2))
	t.s.fill = math.Min(t.s.fill*want/have, closest)
	return t.aim()
}

// sitter is where the parts of a person are (手持人).
type sitter struct {
	headX, headY float64 // middle of the face
}

// head is a face laid on shoulders.
type head struct {
	tex        *texture
	alpha      []uint8
	aw, ah     int
	x, y, w, h float32 // box in the plane, millimetres
	sin, cos   float32
	covered    string
	hair       rgb
	level      plane16
	ppm        float32
}

func newHead(face image.Image, s *setting, h Handheld, d *dice) *head {
	b := face.Bounds()
	img := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	k := &head{aw: b.Dx(), ah: b.Dy(), covered: h.Covered, hair: []rgb{{0.015, 0.012, 0.01}, {0.05, 0.03, 0.02},
		{0.2, 0.19, 0.18}}[d.IntN(3)]}
	k.alpha = make([]uint8, b.Dx()*b.Dy())
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, g, bl, a := face.At(b.Min.X+x, b.Min.Y+y).RGBA()
			p := img.Pix[img.PixOffset(x, y):]
			if a > 0 { // colours come multiplied by alpha
				p[0], p[1], p[2] = uint8(r*255/a), uint8(g*255/a), uint8(bl*255/a)
			}
			p[3], k.alpha[y*b.Dx()+x] = 255, uint8(a>>8)
		}
	}
	k.h = float32(faceHeight * d.between(0.94, 1.06))
	k.w = k.h * float32(b.Dx()) / float32(b.Dy())
	k.x, k.y = float32(s.person.headX)-k.w/2, float32(s.person.headY)-k.h/2
	sin, cos := math.Sincos(h.Turn * math.Pi / 180)
	k.sin, k.cos = float32(sin), float32(cos)
	k.tex = newTexture(img, float64(b.Dy())/float64(k.h))
	k.level, k.ppm = k.tex.levels[0], float32(k.tex.ppm)
	return k
}

// over lays the face over a colour: inside an ellipse with a soft rim, where the picture is not transparent, with hair
// around it.
func (k *head) over(u, v, px, r, g, b float32) (float32, float32, float32) {
	cx, cy := k.x+k.w/2, k.y+k.h/2
	dx, dy := u-cx, v-cy
	x, y := dx*k.cos+dy*k.sin, -dx*k.sin+dy*k.cos
	hx, hy := x/(k.w*0.60), (y+k.h*0.06)/(k.h*0.62)
	q := x*x/(k.w*k.w*0.25) + y*y/(k.h*k.h*0.25)
	if hair := hx*hx + hy*hy; hair < 1 && y < k.h*0.25 {
		hr, hg, hb := k.hair.times(1 + 0.25*wave(x/4+0.1*y))
		t := min((1-hair)*k.w*0.3/px, (k.h*0.25-y)/px, 1)
		r, g, b = hr*t+r*(1-t), hg*t+g*(1-t), hb*t+b*(1-t)
	}
	if q > 1 {
		return r, g, b
	}
	cover := min((1-float32(math.Sqrt(float64(q))))*k.w*0.5/(3+px), 1)
	i, j := int((x/k.w+0.5)*float32(k.aw)), int((y/k.h+0.5)*float32(k.ah))
	cover *= float32(k.alpha[min(max(j, 0), k.ah-1)*k.aw+min(max(i, 0), k.aw-1)]) / 255
	fr, fg, fb := k.level.at((x+k.w/2)*k.ppm, (y+k.h/2)*k.ppm)
	switch k.covered {
	case "mask":
		if y > k.h*0.08 && y < k.h*0.42 {
			fr, fg, fb = rgb{0.5, 0.62, 0.7}.times(1 + 0.05*wave(y/11))
		}
	case "dark":
		if d := roundedDistance(float32(math.Abs(float64(x)))-k.w*0.2, y+k.h*0.1, k.w*0.15, k.h*0.075, k.h*0.05); d < 0 ||
			y > -k.h*0.12 && y < -k.h*0.1 {
			fr, fg, fb = 0.012, 0.012, 0.014
		}
	}
	return fr*cover + r*(1-cover), fg*cover + g*(1-cover), fb*cover + b*(1-cover)
}

// handheldSetting is a person in a room, or the room alone with the hand that holds the card.
func handheldSetting(c *Case, d *dice, w, h float64, person, overFace bool) setting {
	phones := phonesOf(c.stock())
	s := setting{phone: phones[d.IntN(len(phones))], sharpen: 1, smear: 1, gain: math.Exp(d.between(0, 1.6)),
		orientation: []int{1, 6, 8, 0}[d.IntN(4)]}
	size := s.phone.sizes[d.IntN(len(s.phone.sizes))]
	s.width, s.height = size[1], size[0]
	if d.chance(0.2) {
		s.width, s.height = s.height, s.width
	}
	rooms := emptySurfacesOf(c.stock())
	s.surface = rooms[2+d.IntN(len(rooms)-2)]
	s.white, s.cast = d.between(0.45, 0.85), castOf(c.stock(), d)
	s.gradient, s.gradientTurn = d.between(0.05, 0.3), d.between(0, 360)
	s.turn, s.tilt, s.tiltTurn = d.NormFloat64()*4, math.Min(math.Abs(d.NormFloat64())*5, 15), d.between(0, 360)
	skin := skins()[halfIndex(c.stock())+2*d.IntN(2)]
	limb := func(x0, y0, x1, y1, r0, r1 float64, colour rgb) object {
		return object{what: "palm", from: filing.Point{x0, y0}, to: filing.Point{x1, y1}, r0: r0, r1: r1,
			colour: colour, lift: 2}
	}
	// The hand comes from below: a wrist, a palm behind the card, the thumb on it.
	hx := w * d.between(0.35, 0.65)
	if person {
		shirt := [][]rgb{{{0.05, 0.07, 0.2}, {0.5, 0.48, 0.45}, {0.25, 0.04, 0.05}}, {{0.02, 0.02, 0.025}, {0.14,
			0.22, 0.16}, {0.55, 0.5, 0.3}}, {{0.3, 0.3, 0.34}, {0.08, 0.16, 0.3}, {0.5, 0.3, 0.32}},
			{{0.44, 0.12, 0.04}, {0.62, 0.62, 0.64}, {0.05, 0.14, 0.13}}}[halfIndex(c.stock())][d.IntN(3)]
		p := &sitter{}
		side := d.sign()
		p.headX, p.headY = w/2+side*(w/2+headWidth/2+d.between(12, 60)), h/2+d.between(-40, 60)
		if d.chance(0.35) { // below the chin
			p.headX, p.headY = w/2+d.between(-60, 60), -faceHeight/2-d.between(14, 60)
		}
		if overFace {
			p.headX, p.headY = w/2+d.between(-25, 25), h/2-faceHeight*d.between(0.1, 0.35)
		}
		s.person = p
		x, y := p.headX, p.headY
		s.below = append(s.below, limb(x, y+faceHeight*1.9, x, y+faceHeight*3.2, 165, 175, shirt),
			limb(x-140, y+faceHeight*1.08, x-190, y+faceHeight*3.2, 62, 70, shirt), limb(x+140, y+faceHeight*1.08,
				x+190, y+faceHeight*3.2, 62, 70, shirt),
			limb(x, y+faceHeight*0.25, x, y+faceHeight*0.8, 47, 52, skin))
		// The arm that goes to the card.
		s.below = append(s.below, limb(x-side*60, y+faceHeight*2.1, hx, h+120, 58, 40, shirt))
	}
	s.below = append(s.below, limb(hx+d.between(-30, 30), h+230, hx, h+60, 34, 30, skin), limb(hx, h+60, hx, h*0.6,
		36, 38, skin))
	for k := range 4 {
		fx := hx - 33 + 22*float64(k)
		s.below = append(s.below, limb(fx, h*0.6, fx+d.between(-3, 3), h*0.2-d.between(0, 16), 10, 8.5, skin))
	}
	s.objects = append(s.objects, finger(filing.Point{hx + d.between(-12, 12), h - d.between(6, 15)},
		-90+d.between(-25, 25), d.between(8.5, 10.5), skin))
	s.fill = d.between(0.86, 0.98)
	s.offsetX, s.offsetY = d.between(-0.3, 0.3), d.between(-0.5, 0.5)
	return s
}

// seenOf is what the frame of a handheld photo must hold: the card, the head and the shoulders.
func (p *sitter) seenOf() []filing.Point {
	return []filing.Point{{p.headX - 170, p.headY - faceHeight*0.72}, {p.headX + 170, p.headY - faceHeight*0.72},
		{p.headX + 170, p.headY + faceHeight*1.4}, {p.headX - 170, p.headY + faceHeight*1.4}}
}

// labelFaces writes down the person's face and the portraits printed on documents.
func (t *take) labelFaces() {
	sharp := math.Hypot(t.spread.lens, t.spread.gauss) * 2.563
	box := func(points ...filing.Point) [4]float64 {
		b := [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
		for _, p := range points {
			q := t.pixel(p)
			b[0], b[1], b[2], b[3] = math.Min(b[0], q[0]), math.Min(b[1], q[1]), math.Max(b[2], q[0]), math.Max(b[3], q[1])
		}
		return b
	}
	if k := t.head; k != nil {
		x, y, w, h := float64(k.x), float64(k.y), float64(k.w), float64(k.h)
		t.truth.Faces = append(t.truth.Faces, Face{Box: box(filing.Point{x, y}, filing.Point{x + w, y},
			filing.Point{x + w, y + h},
			filing.Point{x, y + h}), Real: true, Covered: k.covered != "", SharpPx: sharp})
	}
	for _, s := range t.sheets {
		if s.doc == nil || s.doc.Portrait == [4]float64{} {
			continue
		}
		// The head takes the middle of the portrait: see face.draw.
		p := s.doc.Portrait
		w, h := p[2]-p[0], p[3]-p[1]
		x0, y0, x1, y1 := p[0]+0.22*w, p[1]+0.12*h, p[0]+0.78*w, p[1]+0.72*h
		t.truth.Faces = append(t.truth.Faces, Face{Box: box(s.point(x0, y0), s.point(x1, y0), s.point(x1, y1),
			s.point(x0, y1)), SharpPx: sharp})
	}
}

// planFace holds cards up in rooms without a face: nobody, or somebody whose head the frame or the back of the head hides. Photos
// with a face are made by HandheldScene, which takes one.
func planFace(c *Case, s *setting, d *dice, i int) {
	portraits := templateNames(c.Half, func(k Kind) bool {
		return k == IDCardFront || k == ResidencePermitFront || k == TravelPermit || k == Passport
	})
	chooseDocument(c, i, portraits)
	w, h := c.size()
	headless := i%2 == 1
	*s = handheldSetting(c, d, w, h, headless, false)
	c.Variant = "card_only"
	s.fill = d.between(0.25, 0.6)
	if headless {
		c.Variant = "head_turned_away"
		s.fill = d.between(0.86, 0.98)
		p := s.person
		hair := object{what: "palm", from: filing.Point{p.headX, p.headY - 30}, to: filing.Point{p.headX,
			p.headY + 45}, r0: 84, r1: 76,
			colour: rgb{0.02, 0.016, 0.014}}
		// The hair hides the neck; arm, hand and card stay in front of it.
		s.below = slices.Insert(s.below, 4, hair)
	}
}
