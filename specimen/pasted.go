package specimen

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// The set Pasted is made as somebody would who has an image library and an hour: a flat document is warped onto a flat ground, and every
// flaw is arithmetic with the values that the file holds. No lens, no sensor, no linear light, no data of a camera: what measures must not
// have learnt how our photos are made. Of the code that takes the other sets' photos only the documents' print and plain mathematics serve here, too
// (perspective, a Gaussian blur, a table of noise).

// pasting is what a case of Pasted shows.
type pasting struct {
	ground pastedGround
	// share is how much of the picture the document fills; 1 is a scan or a crop from edge to edge.
	share           float64
	turn, lean, way float64 // degrees, as rotation takes them
	x, y            float64 // where it lies in the room that it leaves, -1 to 1
	rounded, shadow bool
	cutSide         int
	cutMM           float64
	// edge is the width of edges that blur makes, in heights of the smallest text; along one direction where motion.
	edge      float64
	motion    bool
	direction float64
	// gain multiplies the values of the picture, lift (0 to 1) is added.
	gain, lift float64
	copy       bool // the document is grey, all of the picture where mono
	mono       bool
	spots      []pastedSpot
	things     []pastedThing
	screen     *pastedScreen
	others     []string // further documents, by the names of their templates
	uneven     float64  // of the light, from one side of the picture to the other
	noise      float64  // sigma, of 255
	quality    int      // of the JPEG
}

// pastedGround is what a document lies on, in values of the file.
type pastedGround struct {
	style       string // plain, fade, noise, clouds, checks, stripes, boards
	one, two    rgb
	pitch, turn float64 // pixels of a picture 1,600 wide, degrees
}

// pastedSpot is a reflection: white where it is at its full, fading outwards. Places and sizes are shares of the document.
type pastedSpot struct{ x, y, rx, ry, soft float64 }

// pastedThing covers a part of the document. Places and sizes are shares of the document's diagonal, from a place on it.
type pastedThing struct {
	shape      string // finger, box, disc
	x, y, w, h float64
	turn       float64
	colour     rgb
}

// pastedScreen is what makes a picture look like one of a screen.
type pastedScreen struct {
	kind        string // waves, grid, colours
	pitch, turn float64
	strength    float64
	bezel       bool
}

// pastedNames are the layouts that are pasted: those of the kinds that people file, and prints by lot among them.
func pastedNames() []string {
	var names []string
	for n := range 2 * randomPrints {
		if n%4 == 0 {
			names = append(names, fmt.Sprintf("print_%03d", n))
		}
		names = append(names, string(Kinds()[n%len(Kinds())]))
	}
	return names
}

// planPasted decides everything about a case of Pasted.
func planPasted(c *Case, i int) {
	d := newDice(c.Seed, 0x9a57)
	size := oneOf(d, [2]int{1600, 1200}, [2]int{1920, 1080}, [2]int{2000, 1500}, [2]int{1080, 1440}, [2]int{1280, 960}, [2]int{3000, 2250}, [2]int{1500, 2000})
	c.setting.width, c.setting.height = size[0], size[1]
	names := pastedNames()
	at := mix(uint64(i) ^ setSeed(Pasted) ^ uint64(len(c.Group))<<20)
	c.Template, c.DocumentSeed = names[at%uint64(len(names))], at
	p := &pasting{share: d.between(0.25, 0.6), turn: d.between(-10, 10), lean: d.between(0, 12), way: d.between(0, 360), x: d.between(-0.7, 0.7),
		y: d.between(-0.7, 0.7), rounded: d.chance(0.5), shadow: d.chance(0.4), gain: 1, noise: d.between(0, 4), quality: 82 + d.IntN(16)}
	if d.chance(0.5) {
		p.uneven = d.between(0, 0.3)
	}
	p.ground = newPastedGround(d)
	c.Variant = "pasted"
	pastedFlaw(c, p, d, i)
	c.Surface, c.Phone, c.pasting = p.ground.style, "none", p
}

func newPastedGround(d *dice) pastedGround {
	value := func() rgb {
		hue := hsv(d.Float64(), d.between(0, 0.6), d.between(0.12, 0.72))
		return rgb{float32(hue.R) / 255, float32(hue.G) / 255, float32(hue.B) / 255}
	}
	g := pastedGround{style: oneOf(d, "plain", "plain", "fade", "fade", "noise", "clouds", "checks", "stripes", "boards"), one: value(),
		pitch: d.between(20, 160), turn: d.between(0, 180)}
	g.two = mixed(g.one, value(), float32(d.between(0.15, 0.6)))
	return g
}

// pastedFlaw adds what the group of a case is there for.
func pastedFlaw(c *Case, p *pasting, d *dice, i int) {
	even := i%2 == 0
	switch c.Group {
	case GroupOrdinary, GroupFace:
	case GroupHard:
		c.Variant = []string{"turned", "white_on_white", "checks", "like"}[i%4]
		switch c.Variant {
		case "turned":
			p.turn = d.between(0, 360)
		case "checks":
			p.ground.style = oneOf(d, "checks", "stripes")
		case "white_on_white":
			v := float32(d.between(0.86, 0.93))
			p.ground = pastedGround{style: oneOf(d, "plain", "fade", "noise"), one: rgb{v, v, v * 0.98}, two: rgb{v - 0.06, v - 0.05, v - 0.05}}
		case "like":
			p.ground.style, p.shadow = "clouds", true
		}
	case GroupBlur:
		c.Variant, p.motion, p.direction = map[bool]string{true: "motion", false: "defocus"}[i%3 == 0], i%3 == 0, d.between(0, 180)
		p.edge = d.share([3]float64{0.4, 0.38, 1.2}, [3]float64{0.2, 0.2, 0.35}, [3]float64{0.4, 0.08, 0.2})
		c.Degree = p.edge
	case GroupGlare:
		for range 1 + d.IntN(2) {
			r := d.between(0.07, 0.2)
			p.spots = append(p.spots, pastedSpot{x: d.between(0.2, 0.8), y: d.between(0.25, 0.75), rx: r * d.between(0.8, 1.5), ry: r, soft: d.between(0.1, 0.9)})
		}
	case GroupCut:
		// From the middle of the picture, so that no other side comes as near to the border as the one that is asked for.
		p.cutSide, p.cutMM = d.IntN(4), d.share([3]float64{0.6, 3, 25}, [3]float64{0.4, -6, -1})
		c.Degree, p.share, p.x, p.y = p.cutMM, d.between(0.18, 0.3), 0, 0
	case GroupCopy:
		p.copy, p.mono = true, i%3 == 0
	case GroupRecapture:
		c.Variant = oneOf(d, "waves", "grid", "colours", "none")
		if c.Variant == "none" {
			break
		}
		s := &pastedScreen{kind: c.Variant, pitch: d.between(2.3, 9), turn: d.between(0, 90), strength: d.between(0.05, 0.16), bezel: d.chance(0.4)}
		if s.kind == "colours" {
			s.pitch, s.strength = d.between(25, 110), d.between(0.04, 0.1)
		}
		p.screen = s
	case GroupExposure:
		c.Variant = []string{"dark", "bright", "lifted", "dim"}[i%4]
		switch c.Variant {
		case "dark":
			p.gain = d.between(0.12, 0.33)
		case "bright":
			p.gain = d.between(1.25, 1.7)
		case "lifted":
			p.lift = d.between(0.25, 0.45)
		default:
			p.gain = d.between(0.52, 0.75)
		}
		c.Degree = p.gain + p.lift
	case GroupOccluded:
		c.Variant = []string{"finger", "note", "coin", "bar"}[i%4]
		p.things = append(p.things, newPastedThing(c.Variant, d))
	case GroupTilted:
		p.lean = d.share([3]float64{0.5, 38, 52}, [3]float64{0.5, 8, 24})
		p.x, p.y, p.share, c.Degree = 0, 0, d.between(0.25, 0.4), p.lean
	case GroupSmall:
		if p.share = d.between(0.015, 0.09); !even {
			p.share = d.between(0.22, 0.3)
		}
	case GroupSeveral:
		c.Variant = map[bool]string{true: "two", false: "three"}[i%3 != 0]
		p.share, p.x, p.y, p.lean = d.between(0.1, 0.16), -1, -1, d.between(0, 5)
		for range map[string]int{"two": 1, "three": 2}[c.Variant] {
			p.others = append(p.others, oneOf(d, pastedNames()...))
		}
	case GroupClean:
		if p.noise, p.quality, p.lean = d.between(1.5, 4), 97, d.between(0, 8); even {
			c.Variant, p.share, p.turn, p.lean, p.rounded, p.uneven = "edge_to_edge", 1, 0, 0, false, 0
		}
	case GroupNoDocument:
		c.Template, c.DocumentSeed = "", 0
	}
}

func newPastedThing(variant string, d *dice) pastedThing {
	t := pastedThing{x: d.between(0.2, 0.8), y: d.between(0.25, 0.75), turn: d.between(0, 180)}
	switch variant {
	case "finger":
		k := float32(d.between(0.5, 1))
		t.shape, t.colour, t.w, t.h = "finger", rgb{0.86 * k, 0.65 * k, 0.52 * k}, d.between(0.06, 0.1), d.between(0.08, 0.2)
		t.x, t.y = oneOf(d, 0.02, 0.98), d.between(0.2, 0.8)
	case "coin":
		t.shape, t.colour, t.w = "disc", rgb{0.74, 0.7, 0.6}, d.between(0.06, 0.11)
	case "note":
		t.shape, t.colour, t.w, t.h = "box", rgb{0.95, 0.86, float32(d.between(0.2, 0.5))}, d.between(0.1, 0.18), d.between(0.08, 0.14)
	default:
		v := float32(d.between(0.02, 0.2))
		t.shape, t.colour, t.w, t.h, t.turn = "box", rgb{v, v, v}, d.between(0.12, 0.25), d.between(0.04, 0.08), 0
	}
	return t
}

// pasted is one picture of Pasted in the making. Its Light holds values of the file, 0 to 1, and not light.
type pasted struct {
	c     Case
	p     *pasting
	d     *dice
	l     *Light
	doc   *Document
	page  Homography // millimetres of the document to pixels
	back  Homography
	truth Truth
}

func (c Case) drawPasted() (Labelled, error) {
	t := &pasted{c: c, p: c.pasting, d: newDice(c.Seed, 0x0c01), l: NewLight(c.setting.width, c.setting.height)}
	t.truth = Truth{Width: t.l.W, Height: t.l.H, Documents: [][4]filing.Point{}, UnevenRatio: 1}
	t.lay()
	if c.Template != "" {
		if err := t.documents(); err != nil {
			return Labelled{}, fmt.Errorf("draw %s: %w", c.ID, err)
		}
	}
	t.flaws()
	img := t.picture()
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: t.p.quality}); err != nil {
		return Labelled{}, fmt.Errorf("draw %s: %w", c.ID, err)
	}
	t.truth.Clean = t.clean() && file.Len() >= minBytes && file.Len() < maxBytes
	return Labelled{File: file.Bytes(), Truth: t.truth}, nil
}

// at is a pixel of the picture.
func (t *pasted) at(x, y int) []float32 {
	i := 3 * (y*t.l.W + x)
	return t.l.Pix[i : i+3 : i+3]
}

// lay paints the ground.
func (t *pasted) lay() {
	g := t.p.ground
	sin, cos := math.Sincos(g.turn * math.Pi / 180)
	unit := float64(max(t.l.W, t.l.H)) / 1600
	const cells = 24
	var clouds [cells + 1][cells + 1]float64
	for y := range clouds {
		for x := range clouds[y] {
			clouds[y][x] = t.d.Float64()
		}
	}
	grain := gaussian()
	rows(t.l.H, func(y int) {
		for x := range t.l.W {
			u, v := (float64(x)*cos+float64(y)*sin)/unit, (float64(y)*cos-float64(x)*sin)/unit
			var k float64
			switch g.style {
			case "fade":
				k = float64(x+y) / float64(t.l.W+t.l.H)
			case "noise":
				k = 0.5 + 0.2*float64(grain[mix(t.c.Seed^uint64(y*t.l.W+x))&4095])
			case "clouds":
				fx, fy := float64(x)/float64(t.l.W)*(cells-1), float64(y)/float64(t.l.H)*(cells-1)
				ix, iy := int(fx), int(fy)
				ax, ay := smooth(fx-float64(ix)), smooth(fy-float64(iy))
				k = (clouds[iy][ix]*(1-ax)+clouds[iy][ix+1]*ax)*(1-ay) + (clouds[iy+1][ix]*(1-ax)+clouds[iy+1][ix+1]*ax)*ay
			case "checks":
				k = float64((int(math.Floor(u/g.pitch)) + int(math.Floor(v/g.pitch))) & 1)
			case "stripes":
				k = float64(int(math.Floor(u/g.pitch)) & 1)
			case "boards":
				k = 0.5 + 0.3*math.Sin(v/g.pitch*9+2*math.Sin(u/g.pitch/3))
				if math.Mod(math.Abs(v), 2*g.pitch) < 3 {
					k = 1
				}
			}
			c := mixed(g.one, g.two, float32(min(max(k, 0), 1)))
			copy(t.at(x, y), c[:])
		}
	})
}

// documents lays the documents, the main one last, and says the truth of it.
func (t *pasted) documents() error {
	p := t.p
	for n, name := range p.others {
		d := newDice(t.c.Seed, uint64(n)+77)
		place := [2][2]float64{{1, 1}, {1, -1}}[n]
		q := pasting{share: p.share * d.between(0.8, 1), turn: d.between(-9, 9), x: place[0], y: place[1], rounded: p.rounded}
		doc, page, err := t.document(name, d.seed(), &q)
		if err != nil {
			return err
		}
		t.truth.Documents = append(t.truth.Documents, page.corners(doc))
		t.paste(doc, page, &q)
	}
	var err error
	if t.doc, t.page, err = t.document(t.c.Template, t.c.DocumentSeed, p); err != nil {
		return err
	}
	t.back, _ = t.page.Inverse()
	if p.copy {
		toGrey(t.doc.Image)
	}
	t.paste(t.doc, t.page, p)
	tr, d := &t.truth, t.doc
	tr.Documents = slices.Insert(tr.Documents, 0, t.page.corners(d))
	tr.Kind, tr.WidthMM, tr.HeightMM, tr.Grey, tr.Colourless = d.Kind, d.WidthMM, d.HeightMM, p.copy, d.Colourless
	if p.rounded {
		tr.CornerMM = d.CornerMM
	}
	tr.PxPerMM = t.page.scale(d.WidthMM/2, d.HeightMM/2)
	tr.TiltDegrees = p.lean
	if p.share < 1 {
		deepest := math.Inf(-1)
		for side := range 4 {
			deepest = max(deepest, t.beyond(t.page, d, side))
		}
		tr.OutsideMM, tr.MarginMM = max(deepest, 0), max(-deepest, 0)
	}
	seen := 0
	t.onDocument(func(int, int, filing.Point) { seen++ })
	tr.FrameShare = float64(seen) / float64(t.l.W*t.l.H)
	tr.OutsideShare = max(1-float64(seen)/quadArea(tr.Documents[0]), 0)
	tr.TextHeightMM = (&take{main: &sheet{doc: d}}).textHeight()
	tr.TextHeightPx = tr.TextHeightMM * tr.PxPerMM
	return nil
}

func toGrey(img *image.RGBA) {
	for i := 0; i < len(img.Pix); i += 4 {
		l := uint8(0.299*float64(img.Pix[i]) + 0.587*float64(img.Pix[i+1]) + 0.114*float64(img.Pix[i+2]) + 0.5)
		img.Pix[i], img.Pix[i+1], img.Pix[i+2] = l, l, l
	}
}

// document draws a document and decides where it lies. One that fills the picture has the picture's shape changed to its own.
func (t *pasted) document(name string, seed uint64, p *pasting) (*Document, Homography, error) {
	tm, err := templateNamed(name)
	if err != nil {
		return nil, Homography{}, err
	}
	fonts, err := Fonts()
	if err != nil {
		return nil, Homography{}, err
	}
	wide, high := tm.size()
	if p.share == 1 {
		area := float64(t.l.W * t.l.H)
		t.l = NewLight(int(math.Sqrt(area*wide/high)), int(math.Sqrt(area*high/wide)))
		t.truth.Width, t.truth.Height = t.l.W, t.l.H
	}
	w, h := float64(t.l.W), float64(t.l.H)
	perMM := math.Sqrt(p.share * w * h / (wide * high))
	have := resolutions(tm.kind)
	i, _ := slices.BinarySearch(have, perMM*1.1)
	doc := tm.draw(fonts, rand.New(rand.NewPCG(seed, 0x5bec1)), have[min(i, len(have)-1)])
	if p.share == 1 {
		return doc, Homography{w / wide, 0, 0, 0, h / high, 0, 0, 0, 1}, nil
	}
	focal, r := 0.8*max(w, h), rotation(p.turn, p.lean, p.way) // 64 degrees across, as phones have it
	build := func(distance, cx, cy float64) Homography {
		var q [3]float64
		for k := range 3 {
			q[k] = -r[k][0]*wide/2 - r[k][1]*high/2
		}
		q[2] += distance
		return Homography{
			focal*r[0][0] + cx*r[2][0], focal*r[0][1] + cx*r[2][1], focal*q[0] + cx*q[2],
			focal*r[1][0] + cy*r[2][0], focal*r[1][1] + cy*r[2][1], focal*q[1] + cy*q[2],
			r[2][0], r[2][1], q[2],
		}
	}
	distance, cx, cy := focal/perMM, w/2, h/2
	for range 20 {
		c := build(distance, cx, cy).corners(doc)
		box := [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
		for _, p := range c {
			box = [4]float64{min(box[0], p[0]), min(box[1], p[1]), max(box[2], p[0]), max(box[3], p[1])}
		}
		// As large as asked, but a twentieth of the picture stays free on either side.
		distance *= max(math.Sqrt(quadArea(c)/(p.share*w*h)), (box[2]-box[0])/w/0.9, (box[3]-box[1])/h/0.9)
		freeX, freeY := 0.95*max(w-(box[2]-box[0]), 0)/2, 0.95*max(h-(box[3]-box[1]), 0)/2
		cx += w/2 + p.x*freeX - (box[0]+box[2])/2
		cy += h/2 + p.y*freeY - (box[1]+box[3])/2
	}
	page := build(distance, cx, cy)
	if p.cutMM != 0 {
		dx, dy := [4]float64{-1, 0, 1, 0}[p.cutSide], [4]float64{0, -1, 0, 1}[p.cutSide]
		low, high := -2*max(w, h), 2*max(w, h)
		for range 50 {
			middle := (low + high) / 2
			if page = build(distance, cx+dx*middle, cy+dy*middle); t.beyond(page, doc, p.cutSide) < p.cutMM {
				low = middle
			} else {
				high = middle
			}
		}
	}
	return doc, page, nil
}

// beyond is how far a document reaches beyond a border of the picture (0 left, 1 top, 2 right, 3 bottom) in millimetres, negative where it does not.
func (t *pasted) beyond(page Homography, doc *Document, side int) float64 {
	r := 0.0
	if t.p.rounded {
		r = doc.CornerMM
	}
	deepest := math.Inf(-1)
	for _, at := range [4]filing.Point{{r, r}, {doc.WidthMM - r, r}, {doc.WidthMM - r, doc.HeightMM - r}, {r, doc.HeightMM - r}} {
		q := page.Apply(at)
		px := [4]float64{-q[0], -q[1], q[0] - float64(t.l.W), q[1] - float64(t.l.H)}[side]
		deepest = max(deepest, px/page.scale(at[0], at[1])+r)
	}
	return deepest
}

// paste warps a document onto the picture, each pixel the mean of nine places.
func (t *pasted) paste(doc *Document, page Homography, p *pasting) {
	back, _ := page.Inverse()
	w, h, corner := float32(doc.WidthMM)/2, float32(doc.HeightMM)/2, float32(0)
	if p.rounded {
		corner = float32(doc.CornerMM)
	}
	reach := float32(doc.WidthMM) * 0.025 // of the shadow
	b := doc.Image.Bounds()
	rows(t.l.H, func(y int) {
		for x := range t.l.W {
			to := t.at(x, y)
			if p.shadow {
				q := back.Apply(filing.Point{float64(x) + 0.5, float64(y) + 0.5})
				far := roundedDistance(float32(q[0])-w-reach/2, float32(q[1])-h-reach/2, w, h, corner)
				dark := 1 - 0.4*min(max(0.5-far/reach, 0), 1)
				to[0], to[1], to[2] = to[0]*dark, to[1]*dark, to[2]*dark
			}
			const across = 3
			var sum rgb
			n := float32(0)
			for k := range across * across {
				q := back.Apply(filing.Point{float64(x) + (float64(k%across)+0.5)/across, float64(y) + (float64(k/across)+0.5)/across})
				if roundedDistance(float32(q[0])-w, float32(q[1])-h, w, h, corner) > 0 {
					continue
				}
				c := doc.Image.Pix[doc.Image.PixOffset(b.Min.X+min(int(q[0]*doc.PxPerMM), b.Dx()-1), b.Min.Y+min(int(q[1]*doc.PxPerMM), b.Dy()-1)):]
				sum[0], sum[1], sum[2], n = sum[0]+float32(c[0]), sum[1]+float32(c[1]), sum[2]+float32(c[2]), n+1
			}
			for k := range 3 {
				to[k] = (sum[k]/255 + to[k]*(across*across-n)) / (across * across)
			}
		}
	})
}

// picture ends the making: values are rounded and clipped.
func (t *pasted) picture() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, t.l.W, t.l.H))
	grain := gaussian()
	rows(t.l.H, func(y int) {
		for x := range t.l.W {
			c, out := t.at(x, y), img.Pix[img.PixOffset(x, y):]
			for k := range 3 {
				noise := float32(t.p.noise) * grain[mix(t.c.Seed^uint64(3*(y*t.l.W+x)+k))&4095]
				out[k] = uint8(min(max(c[k]*255+noise+0.5, 0), 255))
			}
			out[3] = 255
		}
	})
	return img
}

// clean says that nothing is to be found in the picture; a scan has no margin, and that is no flaw of it.
func (t *pasted) clean() bool {
	tr := &t.truth
	return t.doc != nil && !tr.Grey && !tr.Colourless && !tr.Recapture && tr.OutsideMM == 0 && (tr.MarginMM > 1 || t.p.share == 1) && tr.Occluded == 0 &&
		tr.EdgeWidthPerTextHeight <= ReadableEdge && tr.TextHeightPx >= 15 && t.p.share >= 0.25 && tr.GlareShare == 0 && t.p.gain == 1 && t.p.lift == 0 &&
		tr.TiltDegrees <= 25 && len(tr.Documents) == 1
}
