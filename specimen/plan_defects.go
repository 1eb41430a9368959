package specimen

import (
	"math"

	"github.com/preflight-icp/preflight/filing"
)

// share draws from ranges with weights: degrees of a defect, mild to severe, and the band between that belongs to neither.
func (d *dice) share(ranges ...[3]float64) float64 {
	x := d.Float64()
	for _, r := range ranges {
		if x < r[0] {
			return d.between(r[1], r[2])
		}
		x -= r[0]
	}
	last := ranges[len(ranges)-1]
	return last[2]
}

// planBlur asks for an edge width per height of text: half readable, half not. Few are asked to lie between, as some that
// are asked to be sharp lie there already: their text is small.
func planBlur(c *Case, s *setting, d *dice, i int) {
	kinds := []blurKind{blurDisc, blurGauss, blurLine, blurDisc, blurArc, blurShake, blurDisc, blurLine}
	switch c.stock() {
	case Test3:
		kinds = []blurKind{blurDisc, blurLine, blurGauss, blurShake, blurDisc, blurArc, blurDisc, blurGauss, blurLine}
	case Test2:
		kinds = []blurKind{blurGauss, blurArc, blurDisc, blurDisc, blurShake, blurLine, blurDisc}
	case Test:
		kinds = []blurKind{blurLine, blurDisc, blurShake, blurGauss, blurDisc, blurArc, blurLine, blurShake, blurDisc}
	}
	s.blur = kinds[i%len(kinds)]
	c.Variant = string(s.blur)
	s.edgeRatio = d.share([3]float64{0.46, 0.05, 0.93 * ReadableEdge}, [3]float64{0.06, ReadableEdge, UnreadableEdge},
		[3]float64{0.28, 1.02 * UnreadableEdge, 0.45}, [3]float64{0.2, 0.45, 1.1})
	s.motionDir = d.between(0, 180)
	s.fill = d.between(0.72, 0.92)
	s.turn = d.NormFloat64() * 5
	if s.blur == blurDisc && d.chance(0.4) {
		// A leaning sheet is sharp where the lens was focused and soft at its far end.
		s.fallOff, s.fallOffTurn = d.between(0.3, 0.95), s.tiltTurn+90
		s.tilt = d.between(6, 20)
		c.Variant = "falloff"
	}
	if d.chance(0.3) { // dim rooms make hands shake
		s.gain *= d.between(2, 6)
	}
	// Print may be high in contrast or faint; a page may hold little or much: neither is sharpness.
	s.white = d.between(0.4, 0.95)
	s.lamp = nil
	c.Degree = s.edgeRatio
}

// planGlare puts reflections of lamps, tubes, windows and flashes on text, on blank parts and beside the document.
func planGlare(c *Case, s *setting, d *dice, i int) {
	shapes := []string{"blob", "tube", "window", "sheen", "flash"}
	shape := shapes[i%len(shapes)]
	w, h := c.size()
	area := w * h
	g := glare{shape: shape, turn: d.between(0, 180), soft: d.between(0.02, 0.08) * math.Sqrt(area),
		colour: rgb{1, float32(d.between(0.94, 1)), float32(d.between(0.8, 1.05))}, barsX: 1 + d.IntN(3), barsY: 1 + d.IntN(3),
		wobble: d.between(0, 0.06) * w, phase: d.between(0, 6)}
	share := d.share([3]float64{0.08, 0.005, 0.03}, [3]float64{0.5, 0.035, 0.12}, [3]float64{0.42, 0.12, 0.3})
	slim := d.between(1.2, 2.4)
	if shape == "tube" {
		slim = d.between(3, 8)
	}
	// Half sides of a rectangle of that area, or axes of an ellipse.
	g.b = math.Sqrt(share * area / 4 / slim)
	g.a = g.b * slim
	g.peak = d.between(1.2, 5)
	switch shape {
	case "blob":
		g.a, g.b = g.a*1.1, g.b*1.1
	case "sheen":
		g.a, g.b = share*w*0.4, h*d.between(0.4, 1)
		g.turn = d.between(-40, 40)
	case "flash":
		g.a, g.b, g.peak = g.a*0.42, g.a*0.42, d.between(4, 14)
	}
	c.Degree = share
	mode := i / len(shapes) % 8
	text := textSpots(c.Template)
	switch {
	case mode < 4: // on text
		p := text[d.IntN(len(text))]
		g.x, g.y = p[0]*w, p[1]*h
		c.Variant = shape + "_text"
	case mode == 4: // anywhere on the document
		g.x, g.y = d.between(0.1, 0.9)*w, d.between(0.1, 0.9)*h
		c.Variant = shape + "_anywhere"
	case mode == 5: // a veil that saturates nothing
		g.peak = d.between(0.03, 0.2)
		s.white = d.between(0.35, 0.6)
		g.x, g.y = d.between(0.2, 0.8)*w, d.between(0.2, 0.8)*h
		c.Variant, c.Degree = shape+"_veil", 0
	case mode == 6: // beside the document, on a glossy table
		side := d.sign()
		g.x, g.y = w/2+side*(w/2+g.a+2*g.soft+0.35*w), d.between(0, 1)*h
		if shape == "sheen" || shape == "flash" || shape == "blob" {
			g.x += side * 2.5 * g.a
			g.turn = 0
		}
		c.Variant, c.Degree, s.glossyTable = shape+"_beside", 0, true
	default:
		c.Variant, c.Degree = "none", 0
		// Bright paper is no reflection.
		s.white = d.between(0.85, 0.99)
		s.gradient = d.between(0, 0.1)
		return
	}
	s.glares = append(s.glares, g)
	if g.peak > 1 && mode < 5 && d.chance(0.25) { // a second lamp
		twin := g
		twin.x, twin.y = g.x+d.between(-0.5, 0.5)*w, g.y+d.between(-0.5, 0.5)*h
		twin.a, twin.b = g.a*0.6, g.b*0.6
		s.glares = append(s.glares, twin)
	}
}

// textSpots are places with text, in shares of width and height, roughly as layouts have them.
func textSpots(string) []filing.Point {
	return []filing.Point{{0.3, 0.35}, {0.35, 0.5}, {0.4, 0.62}, {0.55, 0.45}, {0.45, 0.3}}
}

// planCut moves the document across a border, or to within millimetres of it.
func planCut(c *Case, s *setting, d *dice, i int) {
	s.cut, s.cutSide = true, d.IntN(4)
	s.turn, s.tilt = d.NormFloat64()*4, math.Min(math.Abs(d.NormFloat64())*5, 14)
	w, h := c.size()
	s.width, s.height = max(s.width, s.height), min(s.width, s.height)
	if h > w {
		s.width, s.height = s.height, s.width
	}
	if d.chance(0.15) {
		s.turn += 180
	}
	s.fill = d.between(0.6, 0.88)
	if i%2 == 0 {
		c.Variant = "cut"
		s.cutMM = d.share([3]float64{0.06, 0.2, 2}, [3]float64{0.34, 2.1, 4.5}, [3]float64{0.35, 4.5, 12},
			[3]float64{0.25, 12, 30})
		if h > 100 {
			s.cutMM *= d.between(1, 2.5)
		}
		if d.chance(0.3) {
			s.fill = d.between(0.88, 1.02)
		}
	} else {
		c.Variant = "near"
		s.cutMM = -d.share([3]float64{0.3, 0.4, 2}, [3]float64{0.4, 2, 6}, [3]float64{0.3, 6, 15})
	}
	c.Degree = s.cutMM
}

// planCopy makes grey copies in coloured light, and originals that have hardly any colour to show.
func planCopy(c *Case, s *setting, d *dice, i int) {
	s.cast = [][]rgb{{{1.14, 1, 0.66}, {1.1, 1, 0.75}, {0.94, 1, 1.1}, {1, 1.05, 0.93}, {1, 1, 1}},
		{{1.18, 1, 0.6}, {1.07, 0.99, 0.82}, {0.9, 1, 1.14}, {0.98, 1.07, 0.9}, {1.03, 0.98,
			1.02}}, {{1.2, 1.02, 0.7}, {1.05, 1, 0.8}, {0.92, 0.99, 1.1}, {0.97, 1.04, 0.97}, {1.02, 1, 0.96}},
		{{1.16, 1.01, 0.64}, {1.08, 1, 0.78}, {0.91, 1.01, 1.12}, {1.01, 1.06, 0.95}, {0.99, 1, 1.03}}}[halfIndex(c.stock())][d.IntN(5)]
	if i%5 < 3 {
		c.Variant = "grey_copy"
		if d.chance(0.12) {
			c.Variant, s.mono = "mono_camera", true
			return
		}
		s.copy = &copier{contrast: d.between(1, 2.4), toner: d.between(0.015, 0.06), dirt: d.between(0, 0.05),
			paper: rgb{float32(d.between(0.8, 0.88)), float32(d.between(0.8, 0.87)), float32(d.between(0.76, 0.88))}}
		c.Degree = s.copy.contrast
		if d.chance(0.5) { // coloured tables tempt an estimate of neutral
			names := map[Half][]string{Tune: {"oak", "gingham", "cutting_mat", "cork"}, Test: {"bricks",
				"blue_plastic", "parquet", "bamboo"}, Test2: {"cherry", "green_felt", "argyle", "slabs"},
				Test3: {"bench", "cardboard", "zigzag_rug", "fruit_cloth"}}
			s.setSurface(c.stock(), names[c.stock()][d.IntN(4)])
		}
		return
	}
	c.Variant = "pale_original"
	chooseDocument(c, i, paleTemplates(c.Half))
	s.phone.saturation = math.Min(s.phone.saturation, 1.05)
}

func (s *setting) setSurface(half Half, name string) {
	for _, m := range surfacesOf(half) {
		if m.name == name {
			s.surface = m
		}
	}
}

// planRecapture shows documents on screens; two photos of five show none, but fine cloth or fine print.
func planRecapture(c *Case, s *setting, d *dice, i int) {
	w, h := c.size()
	s.mosaic = true
	if i%5 >= 3 {
		switch i / 5 % 3 {
		case 0:
			c.Variant = "fine_cloth"
			s.setSurface(c.stock(), map[Half]string{Tune: "denim", Test: "linen", Test2: "shirt_cloth", Test3: "twill"}[c.stock()])
			s.fill = d.between(0.45, 0.8)
		case 1:
			c.Variant = "fine_print"
			s.fine = &finePrint{period: float32(d.between(0.1, 0.5)), depth: float32(d.between(0.08, 0.3)),
				turn: float32(d.between(-0.8, 0.8)), wobble: float32(d.between(0, 1.5))}
		default:
			c.Variant = "beside_keyboard"
			s.setSurface(c.stock(), map[Half]string{Tune: "keyboard_dark", Test: "keyboard_light", Test2: "keyboard_blue", Test3: "keyboard_slim"}[c.stock()])
		}
		return
	}
	byLot := []string{"monitor", "tv", "phone", "projector", "laptop"}
	kinds := map[Half][]string{Prints: byLot, Lots: byLot, Grounds: byLot, Tune: {"monitor", "laptop", "tablet", "monitor"}, Test: {"laptop", "phone", "tv",
		"monitor", "tablet"}, Test2: {"monitor", "laptop", "oled_tv", "phone", "tablet", "projector"},
		Test3: {"laptop", "upright_monitor", "tv", "led_wall", "phone", "tablet", "oled_tv"}}[c.Half]
	big := math.Max(w, h)
	sc := &display{kind: kinds[d.IntN(len(kinds))], stripe: float32(d.between(0.7, 0.92)), bar: float32(d.between(0.75, 0.93)),
		black: float32(d.between(0.001, 0.008)), desktop: [][]rgb{{{0.8, 0.8, 0.8}, {0.04, 0.04, 0.045}, {0.3, 0.3, 0.32}},
			{{0.9, 0.9, 0.9}, {0.01, 0.01, 0.01}, {0.05, 0.2, 0.35}}, {{0.72, 0.74, 0.78}, {0.02, 0.02, 0.03}, {0.3, 0.12, 0.2}}, {{0.84, 0.82, 0.78}, {0.03, 0.05, 0.05}, {0.08, 0.3, 0.24}}}[halfIndex(c.stock())][d.IntN(3)],
		frame: rgb{0.015, 0.015, 0.016}}
	sc.alternating, sc.quartered, sc.sideways = sc.kind == "phone", sc.kind == "oled_tv", sc.kind == "upright_monitor"
	if sc.kind == "projector" { // a wall is no black, and three panels lie on one another
		sc.aligned, sc.black, sc.stripe = true, float32(d.between(0.01, 0.06)), float32(d.between(0.8, 0.95))
		sc.frame = rgb{0.3, 0.3, 0.31}
	}
	if sc.kind == "led_wall" { // each pixel is one lamp with much black around it
		sc.aligned, sc.stripe, sc.bar = true, float32(d.between(0.55, 0.75)), float32(d.between(0.55, 0.75))
	}
	sc.pixels = d.share([3]float64{0.45, 0.85, 1.7}, [3]float64{0.4, 1.7, 3.5}, [3]float64{0.15, 0.6, 0.85})
	if sc.kind == "phone" {
		sc.pixels *= 0.8
	}
	margin := func() float32 { return float32(big * d.between(0.03, 0.6)) }
	sc.left, sc.top, sc.right, sc.bottom = margin(), margin(), margin(), margin()
	sc.bezel = float32(big * d.between(0.03, 0.12))
	if d.chance(0.6) {
		sc.toolbar = float32(math.Min(float64(sc.top)*0.8, big*d.between(0.05, 0.1)))
	}
	if d.chance(0.3) {
		sc.beat, sc.beatPeriod = float32(d.between(0.02, 0.12)), float32(d.between(90, 500))
	}
	s.screen = sc
	c.Variant, c.Degree = sc.kind, sc.pixels
	s.turn = d.NormFloat64() * 2.5
	s.tilt = math.Min(math.Abs(d.NormFloat64())*7, 22)
	s.fill = d.between(0.55, 0.95)
	s.white = d.between(0.45, 1.05)
	s.cast = rgb{float32(d.between(0.9, 1.03)), 1, float32(d.between(0.98, 1.15))}
	s.gradient, s.bend, s.lamp = d.between(0, 0.15), 0, nil
	rooms := emptySurfacesOf(c.stock())
	s.surface = rooms[2+d.IntN(len(rooms)-2)]
	if d.chance(0.3) {
		s.glares = []glare{{shape: "blob", x: d.between(0, 1) * w, y: d.between(0, 1) * h, a: 0.3 * w, b: 0.3 * w,
			peak: d.between(0.02, 0.1), colour: rgb{1, 1, 1}}}
	}
	if d.chance(0.25) {
		s.app = appOf(c.stock(), d)
	}
}

// planExposure spans from nearly black to burnt out.
func planExposure(c *Case, s *setting, d *dice, i int) {
	s.lamp = nil
	s.gradient = d.between(0, 0.15)
	dark := map[Half]string{Tune: "black_desk", Test: "slate", Test2: "black_leather", Test3: "dark_rubber"}[c.stock()]
	switch i % 6 {
	case 0:
		c.Variant = "under"
		s.white = math.Exp(d.between(math.Log(0.015), math.Log(DarkLevel)))
		s.gain = d.between(2, 10)
	case 1:
		c.Variant = "over"
		s.white = math.Exp(d.between(math.Log(BrightLevel), math.Log(5)))
	case 2:
		c.Variant = "dark_table"
		s.setSurface(c.stock(), dark)
		s.white = d.between(0.35, 0.95)
	case 3:
		c.Variant, s.glossyTable = "backlit", true
		// A window behind: bright around, the document dark, or rightly exposed after all.
		s.white = d.share([3]float64{0.5, 0.03, 0.09}, [3]float64{0.1, 0.1, 0.22}, [3]float64{0.4, 0.25, 0.6})
		s.gain = d.between(1, 4)
		w, h := c.size()
		s.glares = []glare{{shape: "window", x: w * d.between(-0.1, 1.1), y: -h*d.between(0.45, 0.7) - 0.25*w,
			a: w * 0.9, b: 0.25*w + h*0.2,
			soft: 6, peak: d.between(0.8, 3), colour: rgb{0.95, 1, 1.08}, barsX: 3, barsY: 2}}
		s.turn = d.NormFloat64() * 3
		s.fill = d.between(0.5, 0.7)
		s.offsetY = d.between(0.3, 0.9)
	case 4:
		c.Variant = "bright_right"
		s.white = d.between(0.8, NormalTo)
		s.setSurface(c.stock(), map[Half]string{Tune: "white_desk", Test: "white_laminate", Test2: "white_board", Test3: "white_lacquer"}[c.stock()])
	default:
		c.Variant = "dim_right"
		s.white = d.between(NormalFrom, 0.4)
		s.gain = d.between(2, 8)
	}
	c.Degree = s.white
}

// planOccluded covers a document with fingers and things, or lays them beside it.
func planOccluded(c *Case, s *setting, d *dice, i int) {
	w, h := c.size()
	skin := skins()[halfIndex(c.stock())+2*d.IntN(2)]
	small := math.Min(w, h)
	s.fill = d.between(0.6, 0.82)
	switch i % 8 {
	case 0, 1:
		c.Variant = "finger"
		n := 1 + d.IntN(2)
		if small > 100 {
			n += 2
		}
		var fingers []object
		from := d.between(0.15, 0.6)
		below := d.chance(0.5)
		for k := range n {
			depth := d.between(0.25, 0.6) * math.Min(small, 130)
			if below {
				at := filing.Point{from*w + 23*float64(k), h - depth}
				fingers = append(fingers, finger(at, -90+d.NormFloat64()*6, d.between(7, 10), skin))
			} else {
				at := filing.Point{w - depth, from*h + 23*float64(k)}
				fingers = append(fingers, finger(at, 180+d.NormFloat64()*6, d.between(7, 10), skin))
			}
		}
		s.objects = handOf(fingers)
	case 2:
		c.Variant = "slip"
		k := small * d.between(0.2, 0.4)
		x, y := d.between(0.1, 0.8)*w, d.between(0.2, 0.8)*h
		a := d.between(-0.4, 0.4)
		s.objects = append(s.objects, object{what: "slip", from: filing.Point{x, y},
			to: filing.Point{x + 1.4*k*math.Cos(a), y + 1.4*k*math.Sin(a)},
			r0: k * 0.6, colour: rgb{0.8, 0.7, 0.2}, lift: 1.5})
	case 3:
		c.Variant = "coin"
		for range 1 + d.IntN(2) {
			x, y := d.between(0.15, 0.85)*w, d.between(0.15, 0.85)*h
			r := d.between(0.11, 0.2) * small
			s.objects = append(s.objects, object{what: "coin", from: filing.Point{x, y}, to: filing.Point{x + 0.01,
				y}, r0: r, r1: r,
				colour: rgb{0.45, 0.44, 0.42}, lift: 2})
		}
	case 4:
		c.Variant = "pen"
		x, y, a := d.between(0.2, 0.5)*w, d.between(0.3, 0.7)*h, d.between(-0.6, 0.6)
		l := d.between(0.6, 1) * w
		s.objects = append(s.objects, object{what: "pen", from: filing.Point{x - l/2*math.Cos(a), y - l/2*math.Sin(a)},
			to: filing.Point{x + l/2*math.Cos(a), y + l/2*math.Sin(a)}, r0: 0.045 * small, r1: 0.03 * small,
			colour: []rgb{{0.03, 0.04, 0.15}, {0.3, 0.03, 0.03}, {0.04, 0.2, 0.08}, {0.28, 0.28, 0.3}}[halfIndex(c.stock())], lift: 3})
	case 5, 6:
		c.Variant = "beside"
		gap := d.between(2, 12)
		var fingers []object
		from := d.between(0.1, 0.5)
		for k := range 1 + d.IntN(3) {
			at := filing.Point{w + gap + d.between(0, 6), from*h + 23*float64(k)}
			fingers = append(fingers, finger(at, 180+d.NormFloat64()*3, d.between(7, 10), skin))
		}
		s.objects = handOf(fingers)
		if d.chance(0.4) {
			s.objects = append(s.objects, object{what: "pen", from: filing.Point{0, -0.2*h - 10},
				to: filing.Point{w * 0.8, -0.15*h - 10}, r0: 4, r1: 3.5,
				colour: rgb{0.1, 0.1, 0.1}, lift: 3})
		}
	default:
		c.Variant = "none"
	}
}

func planTilted(c *Case, s *setting, d *dice, _ int) {
	c.Variant = "lean"
	s.tilt = d.share([3]float64{0.45, 0, 18}, [3]float64{0.15, 18, 32}, [3]float64{0.4, 32, 52})
	s.tiltTurn = d.between(0, 360)
	s.fill = d.between(0.65, 0.9)
	c.Degree = s.tilt
}

func planSmall(c *Case, s *setting, d *dice, _ int) {
	c.Variant = "far"
	s.fill = d.share([3]float64{0.5, 0.1, 0.28}, [3]float64{0.1, 0.28, 0.4}, [3]float64{0.4, 0.5, 0.9})
	s.offsetX, s.offsetY = d.between(-0.9, 0.9), d.between(-0.9, 0.9)
	c.Degree = s.fill
}

// planSeveral puts documents beside one another, or one among papers that are no documents.
func planSeveral(c *Case, s *setting, d *dice, i int) {
	w, h := c.size()
	s.turn, s.tilt = d.NormFloat64()*8, math.Min(s.tilt, 12)
	if i%8 < 5 {
		c.Variant = "several"
		names := templateNames(c.Half, func(k Kind) bool { return isCard(k) == isCard(c.Kind()) })
		place := d.between(0, 360)
		for k := range 1 + d.IntN(2) {
			s.others = append(s.others, other{what: "document", template: names[d.IntN(len(names))],
				seed:  uint64(1 + d.IntN(3)),
				place: place + 180*float64(k) + d.NormFloat64()*10, gap: d.between(1, 0.3*math.Max(w, h)), turn: d.NormFloat64() * 8, seen: true})
		}
		s.fill = d.between(0.75, 0.95)
		c.Degree = float64(1 + len(s.others))
		return
	}
	c.Variant, c.Degree = "among_papers", 1
	for _, o := range clutter(c.stock(), d, w, h, 1+d.IntN(3)) {
		if o.what == "blank" || o.what == "printed" { // which may well be documents
			o.what, o.colour, o.h = "note", rgb{0.75, 0.66, 0.2}, o.w
		}
		s.others = append(s.others, o)
	}
	s.fill = d.between(0.5, 0.75)
}

// appOf is a chat app that scales and compresses.
func appOf(half Half, d *dice) *chatApp {
	switch half {
	case Test3:
		return &chatApp{long: []int{1366, 1680, 1242, 1792}[d.IntN(4)], quality: 44 + d.IntN(47)}
	case Test2:
		return &chatApp{long: []int{1512, 1334, 1706, 2048}[d.IntN(4)], quality: 42 + d.IntN(48)}
	case Test:
		return &chatApp{long: []int{1440, 1600, 1280, 1920}[d.IntN(4)], quality: 45 + d.IntN(44)}
	}
	return &chatApp{long: []int{1280, 1600, 1080}[d.IntN(3)], quality: 40 + d.IntN(50)}
}

// planClean is good photos, processed in every way that phones and apps do.
func planClean(c *Case, s *setting, d *dice, i int) {
	s.fill = d.between(0.72, 0.92)
	s.lamp, s.bend = nil, 0
	s.white = d.between(0.6, 0.9)
	s.tilt = math.Min(s.tilt, 8)
	switch i % 4 {
	case 0:
		c.Variant = "camera"
	case 1:
		c.Variant = "app"
		s.app = appOf(c.stock(), d)
		s.app.quality = max(s.app.quality, 70)
		s.app.long = max(s.app.long, 1600)
	case 2:
		c.Variant = "zoom"
		s.zoom = d.between(1.2, 1.9)
	default:
		c.Variant = "processed"
		s.sharpen, s.smear = d.between(1.2, 2), d.between(1.2, 2)
	}
}

// planNoDocument shows no document at all.
func planNoDocument(c *Case, s *setting, d *dice, i int) {
	c.Template, c.DocumentSeed = "", 0
	s.fill = d.between(0.4, 0.9)
	s.turn, s.tilt = d.between(-180, 180), d.between(0, 30)
	empty := emptySurfacesOf(c.stock())
	switch i % 4 {
	case 0, 1:
		c.Variant = "surface"
		if d.chance(0.4) {
			s.lamp = &lamp{x: d.between(0, 200), y: d.between(0, 150), height: 150, share: 0.7, colour: rgb{1.1, 1, 0.7}}
		}
	case 2:
		c.Variant = "place"
		s.surface = empty[d.IntN(len(empty))]
		s.turn = d.NormFloat64() * 5
	default:
		c.Variant = "things"
		for range 1 + d.IntN(3) {
			o := sheetOf(c.stock(), d, 200, 140)
			if o.what == "blank" || o.what == "printed" {
				o.what, o.w, o.h, o.corner, o.colour = "device", 75, 155, 9, rgb{0.05, 0.05, 0.05}
			}
			s.others = append(s.others, o)
		}
		skin := skins()[d.IntN(5)]
		if d.chance(0.5) {
			s.objects = []object{finger(filing.Point{d.between(30, 180), d.between(20, 130)}, d.between(0, 360), 9, skin)}
		}
	}
	if d.chance(0.3) {
		s.shadows = shadowsOn(d, 210, 150)
	}
}
