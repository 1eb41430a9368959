package specimen

import (
	"math"

	"github.com/preflight-icp/preflight/filing"
)

// plan decides everything about a case from its seed. It starts from an ordinary photo and lets the group change it.
func plan(c *Case, i int) {
	d := newDice(c.Seed, 0x91a4)
	s := ordinarySetting(c, d, i)
	c.Variant = "table"
	further := map[Group]func(*Case, *setting, *dice, int){GroupHard: planHard, GroupBlur: planBlur, GroupGlare: planGlare,
		GroupCut: planCut, GroupCopy: planCopy, GroupRecapture: planRecapture, GroupExposure: planExposure, GroupFace: planFace,
		GroupOccluded: planOccluded, GroupTilted: planTilted, GroupSmall: planSmall, GroupSeveral: planSeveral,
		GroupClean: planClean, GroupNoDocument: planNoDocument}
	if change := further[c.Group]; change != nil {
		change(c, &s, d, i)
	}
	if c.Half == Grounds {
		s.surface = surfaceMaker{name: groundPhotos[c.Seed>>11%uint64(len(groundPhotos))]}
	}
	c.Surface, c.Phone = s.surface.name, s.phone.name
	c.setting = s
}

// chooseDocument gives neighbouring cases the same document, so that it is drawn once for them.
func chooseDocument(c *Case, i int, names []string) {
	if c.Half.byLot() { // every layout in its turn
		const run, apart = 3, 41
		at := i / run
		for _, g := range Groups() {
			if g == c.Group {
				break
			}
			at += (sizes(c.Half, g) + run - 1) / run
		}
		c.Template, c.DocumentSeed = names[at*apart%len(names)], mix(uint64(at)^setSeed(c.Half))
		return
	}
	const run = 6
	k := mix(uint64(i/run)*0x9e37 ^ setSeed(c.Half) ^ uint64(len(c.Group))*0x51ed)
	c.Template = names[k%uint64(len(names))]
	c.DocumentSeed = k
}

// ordinarySetting is a photo as most people take it: the document on a table, about upright, in day or lamp light.
func ordinarySetting(c *Case, d *dice, i int) setting {
	phones := phonesOf(c.stock())
	surfaces := surfacesOf(c.stock())
	s := setting{phone: phones[d.IntN(len(phones))], surface: surfaces[d.IntN(len(surfaces))], sharpen: 1, smear: 1, gain: 1,
		orientation: []int{1, 1, 6, 6, 8, 3, 0, 1}[d.IntN(8)]}
	if d.chance(0.04) {
		s.orientation = []int{2, 4, 5, 7}[d.IntN(4)]
	}
	chooseDocument(c, i, templateNames(c.Half, nil))
	size := s.phone.sizes[d.IntN(len(s.phone.sizes))]
	if c.Half.byLot() && size[0]*size[1] > mostPrintPixels { // its first size is one that it takes often
		size = s.phone.sizes[0]
	}
	w, h := c.size()
	s.width, s.height = size[0], size[1]
	// Most people turn the phone as the document lies, some do not.
	if (h > w) != d.chance(0.12) {
		s.width, s.height = s.height, s.width
	}
	s.fill = d.between(0.62, 0.9)
	s.offsetX, s.offsetY = d.between(-0.6, 0.6), d.between(-0.6, 0.6)
	s.turn = d.NormFloat64() * 4
	switch {
	case d.chance(0.14):
		s.turn += 90 * d.sign()
	case d.chance(0.06):
		s.turn += 180
	case d.chance(0.06):
		s.turn = d.between(-60, 60)
	}
	s.tilt, s.tiltTurn = math.Abs(d.NormFloat64())*6, d.between(0, 360)
	s.tilt = math.Min(s.tilt, 18)
	if c.stock() != Tune {
		s.turn += d.NormFloat64() * 3
		s.tilt = math.Min(d.between(0, 16), s.tilt*1.4)
	}
	s.white = d.between(0.5, 0.92)
	s.cast = castOf(c.stock(), d)
	s.gradient, s.gradientTurn = d.between(0.02, 0.3), d.between(0, 360)
	s.gain = math.Exp(d.between(0, 1.4))
	if d.chance(0.25) {
		s.lamp = &lamp{x: w/2 + d.between(-300, 300), y: h/2 + d.between(-300, 300), height: d.between(350, 900),
			share: d.between(0.2, 0.6), colour: rgb{1.05, 1, float32(d.between(0.7, 0.95))}}
	}
	if d.chance(0.12) {
		s.bend = d.between(-0.8, 0.8)
		if !isCard(c.Kind()) {
			s.bend *= 2.2
		} else {
			s.bend *= 0.3
		}
	}
	s.sharpen, s.smear = d.between(0.6, 1.2), d.between(0.6, 1.2)
	return s
}

// mostPrintPixels bounds the pictures of sets whose prints come by lot: many layouts tell more than many pixels.
const mostPrintPixels = 8_500_000

// castOf is the colour of the light that white balance left: near neutral, or warm lamp, cold shade, greenish tube.
func castOf(half Half, d *dice) rgb {
	r, b := d.NormFloat64()*0.03, d.NormFloat64()*0.04
	g := 0.0
	switch d.IntN(6) {
	case 0: // tungsten
		r, b = r+d.between(0.04, 0.16), b-d.between(0.08, 0.36)
	case 1: // shade
		r, b = r-d.between(0.02, 0.1), b+d.between(0.02, 0.1)
	case 2: // fluorescent tube
		g = d.between(0.01, 0.06)
		b -= d.between(0, 0.08)
	}
	if half == Test && d.chance(0.3) { // a phone that leans to pink
		g -= 0.02
	}
	if half == Test2 && d.chance(0.3) { // one that leans to yellow
		b -= 0.04
	}
	if half == Test3 && d.chance(0.3) { // one that leans to blue
		r, b = r-0.015, b+0.035
	}
	return rgb{float32(1 + r), float32(1 + g), float32(1 + b)}
}

// planHard is what makes a document hard to find.
func planHard(c *Case, s *setting, d *dice, i int) {
	variants := []string{"white_on_white", "patterned", "clutter", "finger_edge", "finger_corner", "low_light", "cast_shadow",
		"any_turn", "under_papers", "in_hand", "sleeve", "curled", "grid", "steep", "lamp", "small_card"}
	c.Variant = variants[i%len(variants)]
	surface := func(names ...string) { s.setSurface(c.stock(), names[d.IntN(len(names))]) }
	either := func(of ...[]string) []string { return of[halfIndex(c.stock())] }
	white := either([]string{"white_desk", "paper_stack", "marble"}, []string{"white_laminate", "squared_paper", "small_tiles"},
		[]string{"white_board", "pale_quilt", "form_pad"}, []string{"white_lacquer", "notebook", "travertine"})
	w, h := c.size()
	switch c.Variant {
	case "white_on_white":
		chooseDocument(c, i, templateNames(c.Half, func(k Kind) bool { return !isCard(k) }))
		surface(white...)
		s.lamp = nil
	case "patterned":
		surface(either([]string{"gingham", "bedsheet", "denim", "newspaper"}, []string{"plaid", "striped_rug",
			"magazine", "linen"}, []string{"argyle", "hex_mosaic", "map", "rattan"},
			[]string{"fruit_cloth", "zigzag_rug", "fish_scale", "knit", "striped_carpet"})...)
	case "grid":
		surface(either([]string{"floor_tiles", "cutting_mat", "oak", "keyboard_dark"},
			[]string{"bricks", "small_tiles", "bamboo", "keyboard_light", "parquet"},
			[]string{"slabs", "perforated", "ash", "keyboard_blue", "hex_mosaic"},
			[]string{"bench", "crazy_paving", "car_seat", "keyboard_slim", "notebook"})...)
	case "clutter":
		s.others = clutter(c.stock(), d, w, h, 2+d.IntN(3))
		s.fill = d.between(0.5, 0.75)
	case "under_papers":
		o := sheetOf(c.stock(), d, w, h)
		o.under, o.gap, o.turn = true, d.between(0, 0.3)*math.Min(w, h), d.NormFloat64()*12
		s.others = append(clutter(c.stock(), d, w, h, 1), o)
	case "finger_edge", "finger_corner":
		s.objects = fingersAt(c.stock(), d, w, h, c.Variant == "finger_corner")
		s.fill = d.between(0.6, 0.85)
	case "low_light":
		s.gain = d.between(6, 18)
		s.white = d.between(0.22, 0.5)
		s.cast = rgb{1.1, 1, float32(d.between(0.55, 0.85))}
		s.smear *= 1.5
	case "cast_shadow":
		s.shadows = shadowsOn(d, w, h)
	case "any_turn":
		s.turn = d.between(-180, 180)
	case "in_hand":
		chooseDocument(c, i, templateNames(c.Half, isCard))
		w, h = c.size()
		s.below, s.objects = handUnder(d, w, h)
		rooms := emptySurfacesOf(c.stock())
		s.surface = rooms[2+d.IntN(len(rooms)-2)]
		s.fill = d.between(0.5, 0.75)
	case "sleeve":
		chooseDocument(c, i, templateNames(c.Half, isCard))
		s.sleeve = true
	case "curled":
		chooseDocument(c, i, templateNames(c.Half, func(k Kind) bool { return !isCard(k) }))
		s.bend = d.between(1.5, 4) * d.sign()
	case "steep":
		s.tilt = d.between(15, 30)
	case "lamp":
		s.lamp = &lamp{x: w/2 + d.between(-1, 1)*w, y: h/2 + d.between(-1, 1)*h, height: d.between(1, 2) * math.Max(w, h),
			share: d.between(0.6, 0.9), colour: rgb{1.1, 1, 0.7}}
	case "small_card":
		s.fill = d.between(0.38, 0.55)
		s.others = clutter(c.stock(), d, w, h, d.IntN(3))
	}
	// Two difficulties meet in every fourth photo.
	if d.chance(0.25) {
		switch d.IntN(4) {
		case 0:
			s.turn = d.between(-180, 180)
		case 1:
			s.tilt = d.between(10, 25)
		case 2:
			s.shadows = shadowsOn(d, w, h)
		case 3:
			s.gain = math.Max(s.gain, d.between(4, 10))
		}
	}
}

// sheetOf is a paper of the kind that lies about.
func sheetOf(half Half, d *dice, w, h float64) other {
	big := math.Max(w, h)
	o := other{seed: d.seed(), turn: d.NormFloat64() * 15, place: d.between(0, 360), gap: d.between(2, 0.25*big)}
	k := big * d.between(0.6, 1.2)
	switch d.IntN(4) {
	case 0:
		o.what, o.w, o.h, o.colour = "printed", k*0.707, k, rgb{0.8, 0.8, 0.78}
	case 1:
		o.what, o.w, o.h, o.colour = "blank", k*0.707, k, rgb{0.82, 0.82, 0.8}
	case 2:
		o.what, o.w, o.h = "book", k*0.7, k
		o.colour = [][]rgb{{{0.4, 0.06, 0.05}, {0.05, 0.14, 0.3}, {0.5, 0.42, 0.2}}, {{0.06, 0.22, 0.14}, {0.3, 0.3, 0.32},
			{0.35, 0.12, 0.3}}, {{0.5, 0.2, 0.03}, {0.03, 0.2,
			0.22}, {0.12, 0.08, 0.1}}, {{0.6, 0.5, 0.08}, {0.16, 0.06, 0.22}, {0.5, 0.52, 0.5}}}[halfIndex(half)][d.IntN(3)]
	default:
		o.what, o.w, o.h, o.colour = "note", k*0.4, k*0.4, rgb{0.8, 0.72, 0.2}
	}
	if d.chance(0.5) {
		o.w, o.h = o.h, o.w
	}
	return o
}

// halfIndex is where lists of what the halves have keep a half's.
func halfIndex(half Half) int { return map[Half]int{Test: 1, Test2: 2, Test3: 3}[half] }

func clutter(half Half, d *dice, w, h float64, n int) []other {
	var list []other
	for range n {
		list = append(list, sheetOf(half, d, w, h))
	}
	if d.chance(0.3) {
		list = append(list, other{what: "device", w: 72, h: 150, corner: 9, colour: rgb{0.1, 0.1, 0.1}, seed: d.seed(),
			place: d.between(0, 360), gap: d.between(3, 30), turn: d.between(-40, 40)})
	}
	return list
}

// fingersAt is one to three fingers that hold an edge or a corner down.
func fingersAt(half Half, d *dice, w, h float64, corner bool) []object {
	all := skins()
	skin := all[halfIndex(half)+2*d.IntN(2)]
	var list []object
	n := 1 + d.IntN(3)
	side := d.IntN(4)
	along := d.between(0.25, 0.75)
	for k := range n {
		radius := d.between(6.5, 9)
		depth := d.between(4, 17)
		var tip filing.Point
		var pointing float64
		at := along + float64(k)*24/[4]float64{h, w, h, w}[side]
		if corner {
			at = 0.04 + float64(k)*24/[4]float64{h, w, h, w}[side]
		}
		if !corner && at > 0.95 {
			continue
		}
		switch side {
		case 0:
			tip, pointing = filing.Point{depth, at * h}, 0
		case 1:
			tip, pointing = filing.Point{at * w, depth}, 90
		case 2:
			tip, pointing = filing.Point{w - depth, h - at*h}, 180
		default:
			tip, pointing = filing.Point{w - at*w, h - depth}, 270
		}
		list = append(list, finger(tip, pointing+d.NormFloat64()*7, radius, skin))
	}
	return handOf(list)
}

// handUnder is a card on a palm, or held between fingers: the hand below it and the thumb above.
func handUnder(d *dice, w, h float64) (below, above []object) {
	skin := skins()[d.IntN(5)]
	palm := func(x0, y0, x1, y1, r0, r1 float64) object {
		return object{what: "palm", from: filing.Point{x0, y0}, to: filing.Point{x1, y1}, r0: r0, r1: r1, colour: skin, lift: 3}
	}
	x := w * d.between(0.35, 0.65)
	below = append(below, palm(x-10, h+110, x, h*0.6, 38, 42))
	for k := range 4 {
		fx := x - 36 + 24*float64(k) + d.between(-3, 3)
		below = append(below, palm(fx*0.6+x*0.4, h*0.7, fx, -d.between(0, 24), 11, 8.5))
	}
	tip := filing.Point{w * d.between(0.05, 0.95), h - d.between(5, 14)}
	above = append(above, finger(tip, -90+d.between(-35, 35), d.between(8.5, 11), skin))
	return below, above
}

// shadowsOn is the shadow of a phone, an arm or a window's frame across the document.
func shadowsOn(d *dice, w, h float64) []shadow {
	half := func(x, y, angle float64) [3]float64 {
		sin, cos := math.Sincos(angle)
		return [3]float64{cos, sin, -(cos*x + sin*y)}
	}
	x, y, angle := w*d.between(0.1, 0.9), h*d.between(0.1, 0.9), d.between(0, 2*math.Pi)
	list := []shadow{{edges: [][3]float64{half(x, y, angle)}, penumbra: d.between(1.5, 12), darkness: d.between(0.25, 0.65)}}
	if d.chance(0.6) { // a bar: an arm or a phone
		far := d.between(0.3, 0.9) * math.Min(w, h)
		sin, cos := math.Sincos(angle)
		list[0].edges = append(list[0].edges, half(x-cos*far, y-sin*far, angle+math.Pi))
	}
	return list
}
