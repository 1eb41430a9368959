package specimen

import (
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/preflight-icp/preflight/filing"
)

// Kinds of documents whose print is drawn by lot: see randomPrints.
const (
	PrintedCard Kind = "printed_card" // 任意卡片
	PrintedPage Kind = "printed_page" // 任意纸页
)

// randomPrints is how many layouts the sets Prints and Grounds have each, and Lots has twice as many. Every other one is a card.
const randomPrints = 260

// randomPrintTemplates are layouts that nobody thought up: frames, heads, bands, line work, tints, pictures, tables and text
// come by lot, so that who looks at documents learns that print may be anything, and not what a dozen layouts have.
func randomPrintTemplates() []template {
	halves := []Half{Prints, Grounds, Lots, Lots}
	list := make([]template, 0, len(halves)*randomPrints)
	for n := range cap(list) {
		look := newPrintLook(n)
		list = append(list, template{name: fmt.Sprintf("print_%03d", n), half: halves[n/randomPrints], kind: look.kind, width: look.w, height: look.h,
			draw: func(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
				return drawRandomPrint(fonts, n, rng, ppm)
			}})
	}
	return list
}

// printLook is what is decided of a layout before anything is drawn.
type printLook struct {
	kind         Kind
	w, h, corner float64
	// unit scales what cards have smaller than pages: 1 on an A4 page.
	unit float64
	// colourless prints have black and grey only; dark ones bear light print.
	colourless, dark bool
	hue, second      float64
	paper            color.NRGBA
	ink, label       color.NRGBA
	strong, accent   color.NRGBA
	border           printFrame
	bands            []printBand
	// grounds is how many screens lie below the print, crowd how much of the room text takes: nearly empty to crowded.
	grounds int
	crowd   float64
	// body is the size of the smallest text in millimetres (em).
	body float64
}

// printFrame is a printed frame (边框).
type printFrame struct {
	style string // empty: none
	inset float64
	line  float64
	sides [4]bool // top, bottom, left, right
	col   color.NRGBA
}

// printBand is a coloured band along a side (色带): 0 head, 1 foot, 2 left, 3 right.
type printBand struct {
	side         int
	inset, depth float64
	col, end     color.NRGBA
	style        string // flat, gradient, lines, steps
}

// hsv is a colour of a hue in turns, saturation and value from 0 to 1.
func hsv(hue, saturation, value float64) color.NRGBA {
	f := func(shift float64) uint8 {
		_, t := math.Modf(hue + shift + 2)
		t = math.Min(math.Max(math.Abs(6*t-3)-1, 0), 1)
		return uint8(255 * value * (1 - saturation*(1-t)))
	}
	return color.NRGBA{R: f(0), G: f(2.0 / 3), B: f(1.0 / 3), A: 255}
}

func withAlpha(col color.NRGBA, alpha float64) color.NRGBA {
	col.A = uint8(255 * alpha)
	return col
}

func oneOf[T any](d *dice, from ...T) T { return from[d.IntN(len(from))] }

// newPrintLook decides the layout of a number.
func newPrintLook(number int) printLook {
	d := newDice(mix(uint64(number)+0x5011), 0x100c)
	l := printLook{kind: PrintedPage, unit: 1, hue: d.Float64()}
	l.second = l.hue + oneOf(d, 0.5, 0.33, 0.08, -0.08, 0.42) + 0.04*d.NormFloat64()
	switch {
	case number%2 == 0:
		l.kind, l.w, l.h, l.corner, l.unit = PrintedCard, cardWidth, cardHeight, cardCorner, 0.36
		if d.chance(0.15) {
			l.w, l.h = l.h, l.w
		}
	case d.chance(0.08):
		l.w, l.h, l.unit = 420, 297, 1.3
	case d.chance(0.48):
		l.w, l.h = a4Long, a4Short
	default:
		l.w, l.h = a4Short, a4Long
	}
	card := l.kind == PrintedCard
	l.colourless = !card && d.chance(0.09)
	l.dark = d.chance(map[bool]float64{true: 0.14, false: 0.03}[card]) && !l.colourless
	l.colours(d)
	if d.chance(0.6) {
		l.border = l.newFrame(d)
	}
	if d.chance(0.5) {
		l.bands = l.newBands(d)
	}
	l.grounds = oneOf(d, 0, 0, 1, 1, 1, 2, 2, 3)
	if card {
		l.grounds = oneOf(d, 0, 1, 1, 2, 2, 3, 3)
	}
	l.crowd = d.share([3]float64{0.12, 0.02, 0.1}, [3]float64{0.5, 0.3, 0.7}, [3]float64{0.38, 0.7, 1})
	if card {
		l.body = d.between(2.2, 3.3)
	} else {
		l.body = d.between(3.4, 6) * l.unit
	}
	return l
}

// colours chooses paper and inks that can be read on it.
func (l *printLook) colours(d *dice) {
	saturation := 1.0
	if l.colourless {
		saturation = 0
	}
	switch {
	case l.dark:
		l.paper = hsv(l.hue, d.between(0.3, 0.9), d.between(0.12, 0.36))
		l.ink, l.label = hsv(l.second, 0.06, 0.97), hsv(l.second, 0.2, 0.86)
		l.strong, l.accent = hsv(l.second, d.between(0.2, 0.7), 0.92), hsv(l.hue, 0.4, 0.75)
		return
	case d.chance(0.55):
		l.paper = hsv(0.12, 0.02*d.Float64()*saturation, d.between(0.96, 1))
	case d.chance(0.7):
		l.paper = hsv(l.hue, d.between(0.02, 0.12)*saturation, d.between(0.92, 0.99))
	default:
		l.paper = hsv(oneOf(d, 0.12, 0.1, 0.95, 0.4, 0.55), d.between(0.08, 0.26)*saturation, d.between(0.82, 0.97))
	}
	l.ink = hsv(l.hue, 0.3*d.Float64()*saturation, d.between(0.08, 0.2))
	l.label = hsv(l.hue, d.between(0, 0.8)*saturation, d.between(0.2, 0.45))
	l.strong = hsv(l.hue, d.between(0.55, 0.95)*saturation, d.between(0.25, 0.7))
	l.accent = hsv(l.second, d.between(0.4, 0.9)*saturation, d.between(0.4, 0.85))
}

func (l *printLook) newFrame(d *dice) printFrame {
	f := printFrame{style: oneOf(d, "single", "single", "double", "thick", "rounded", "ornament", "braid", "dashed", "corners", "triple"),
		inset: d.share([3]float64{0.5, 2, 6}, [3]float64{0.35, 6, 10}, [3]float64{0.15, 10, 15}), sides: [4]bool{true, true, true, true},
		line: d.between(0.25, 3), col: oneOf(d, l.strong, l.accent, l.ink, l.label)}
	if l.kind == PrintedCard {
		f.inset, f.line = d.between(2, 5), d.between(0.12, 0.8)
	}
	switch f.style {
	case "thick":
		f.line *= 2
	case "double", "triple", "rounded", "dashed", "corners":
		f.line = math.Min(f.line, 1.6*l.unit+0.2)
	}
	if d.chance(0.2) && f.style != "rounded" && f.style != "corners" {
		for k := range 1 + d.IntN(3) { // one to three sides are left
			f.sides[(d.IntN(4)+k)%4] = false
		}
	}
	return f
}

func (l *printLook) newBands(d *dice) []printBand {
	var list []printBand
	free := []int{0, 0, 0, 1, 2, 3}
	for k := range 1 + d.IntN(2) {
		b := printBand{side: oneOf(d, free...), depth: d.between(7, 42) * l.unit, style: oneOf(d, "flat", "flat", "gradient", "lines", "steps")}
		if b.side > 1 {
			b.depth = math.Min(b.depth, 0.2*l.w)
		}
		b.depth = math.Min(b.depth, 0.3*l.h)
		if k == 1 && list[0].side == b.side {
			break
		}
		if d.chance(0.35) {
			b.inset = math.Max(d.between(2, 12)*l.unit, 1.2)
		}
		saturation := d.between(0.1, 0.95)
		if l.colourless {
			saturation = 0
		}
		value := d.share([3]float64{0.35, 0.12, 0.35}, [3]float64{0.4, 0.35, 0.75}, [3]float64{0.25, 0.75, 0.95})
		b.col = hsv(oneOf(d, l.hue, l.hue, l.second), saturation, value)
		b.end = hsv(l.second, saturation, math.Min(value+0.25, 1))
		if b.style == "gradient" && d.chance(0.4) {
			b.end = l.paper
		}
		list = append(list, b)
	}
	return list
}

// box returns left, top, width and height of a band.
func (b printBand) box(w, h float64) (x, y, bw, bh float64) {
	i := b.inset
	switch b.side {
	case 0:
		return i, i, w - 2*i, b.depth
	case 1:
		return i, h - i - b.depth, w - 2*i, b.depth
	case 2:
		return i, i, b.depth, h - 2*i
	default:
		return w - i - b.depth, i, b.depth, h - 2*i
	}
}

// printer draws one layout.
type printer struct {
	*canvas
	printLook
	// d draws what belongs to the layout; says what the document says.
	d    *dice
	says *rand.Rand
	// left, top, right, bottom bound the room for text.
	left, top, right, bottom float64
	title                    string
	facts                    []printFact
	portrait                 face
}

type printFact struct{ label, english, field, value string }

func drawRandomPrint(fonts *FontSet, number int, rng *rand.Rand, ppm float64) *Document {
	look := newPrintLook(number)
	p := &printer{canvas: newCanvas(fonts, look.w, look.h, ppm, look.paper), printLook: look,
		d: newDice(mix(uint64(number)+0x5011), 0x1a4007), says: rng}
	fields := p.content()
	p.tintPaper()
	for range p.grounds {
		p.ground()
	}
	if p.d.chance(0.3) {
		p.watermark()
	}
	for _, b := range p.bands {
		p.band(b)
	}
	p.printFrame()
	p.compose()
	p.note()
	doc := p.finish(p.kind, p.w, p.h, p.corner, fields)
	doc.Colourless = p.colourless
	return doc
}

// content draws what the document says.
func (p *printer) content() Fields {
	who, unit := person(p.says), company(p.says)
	p.portrait = newFace(p.says, who.Sex == "男")
	from, until := validity(p.says, 3+p.says.IntN(10))
	p.title = oneOf(p.d, "会员证", "学生证", "工作证", "上岗证", "资格证书", "荣誉证书", "培训合格证", "经营许可证", "备案凭证", "房屋租赁合同",
		"通知书", "情况说明", "缴费收据", "受理回执", "信息登记表", "业务申请表", "委托书", "检测报告", "毕业证书", "职业技能证书", "出入证",
		"健康证明", "保险凭证", "纳税证明", "在职证明", "社会保障卡", "借阅证", "行驶证", "驾驶证", "注册证书", "结业证书", "授权书")
	p.facts = []printFact{
		{"姓　名", "Name", "name", who.Name}, {"证件编号", "No.", "number", who.Number}, {"出生日期", "Date of birth", "birth", who.Birth},
		{"住　址", "Address", "address", who.Address}, {"单位名称", "Company", "company", unit.Company},
		{"信用代码", "Code", "credit_code", unit.CreditCode}, {"业务范围", "Scope", "scope", pick(p.says, scopes)},
		{"发证机关", "Authority", "issuer", unit.Issuer}, {"有效期至", "Valid until", "valid_until", until},
		{"签发日期", "Date of issue", "valid_from", chineseDate(from)}, {"法定代表人", "Representative", "legal_representative", unit.LegalRepresentative},
		{"性　别", "Sex", "sex", who.Sex}, {"民　族", "Ethnicity", "ethnicity", who.Ethnicity}, {"成立日期", "Established", "established", unit.Established},
	}
	p.d.Shuffle(len(p.facts), func(i, j int) { p.facts[i], p.facts[j] = p.facts[j], p.facts[i] })
	return Fields{Title: p.title, Name: who.Name, Number: who.Number, Birth: who.Birth, Address: who.Address, Company: unit.Company,
		CreditCode: unit.CreditCode, Issuer: unit.Issuer, ValidFrom: from, ValidUntil: until, Established: unit.Established}
}

// tintPaper shades some papers from side to side, or from the middle outwards.
func (p *printer) tintPaper() {
	if !p.d.chance(0.25) {
		return
	}
	end := blended(p.paper, withAlpha(p.accent, 1), p.d.between(0.06, 0.22))
	if p.d.chance(0.5) {
		col := rainbow(p.paper, end, p.d.between(0.4, 1.2)*p.w, p.d.between(0, math.Pi))
		p.shade(0, 0, p.w, p.h, func(x, y float64) (float64, color.NRGBA) { return 1, col(x, y) })
		return
	}
	cx, cy, r := p.w*p.d.between(0.2, 0.8), p.h*p.d.between(0.2, 0.8), p.d.between(0.3, 0.8)*p.w
	p.shade(0, 0, p.w, p.h, func(x, y float64) (float64, color.NRGBA) {
		return 1, blended(end, p.paper, smooth(math.Hypot(x-cx, y-cy)/r))
	})
}

// region is where a ground is printed: everywhere, within a margin, or on a patch.
func (p *printer) region() (within func(x, y float64) float64, cx, cy float64) {
	d := p.d
	cx, cy = p.w*d.between(0.2, 0.8), p.h*d.between(0.2, 0.8)
	rounded := func(x0, y0, w, h, r float64) func(x, y float64) float64 {
		return func(x, y float64) float64 {
			return float64(roundedDistance(float32(x-x0-w/2), float32(y-y0-h/2), float32(w/2), float32(h/2), float32(r)))
		}
	}
	switch d.IntN(10) {
	case 0, 1, 2, 3:
		return nil, cx, cy
	case 4, 5:
		m := d.between(2, 16) * math.Max(p.unit, 0.5)
		return rounded(m, m, p.w-2*m, p.h-2*m, d.between(0, m)), cx, cy
	case 6:
		r := d.between(0.15, 0.45) * p.h
		return func(x, y float64) float64 { return math.Hypot(x-cx, y-cy) - r }, cx, cy
	case 7:
		w, h := d.between(0.2, 0.7)*p.w, d.between(0.15, 0.5)*p.h
		return rounded(cx-w/2, cy-h/2, w, h, d.between(0, 0.5)*math.Min(w, h)), cx, cy
	case 8: // the border alone
		m := d.between(5, 26) * math.Max(p.unit, 0.4)
		inner := rounded(m, m, p.w-2*m, p.h-2*m, 0)
		return func(x, y float64) float64 { return -inner(x, y) }, cx, cy
	default: // a band from edge to edge
		sin, cos := math.Sincos(oneOf(d, 0, math.Pi/2, d.between(0, math.Pi)))
		half := d.between(0.08, 0.3) * p.h
		return func(x, y float64) float64 { return math.Abs((y-cy)*cos-(x-cx)*sin) - half }, cx, cy
	}
}

// ground prints one screen of fine lines, dots or tiny text.
func (p *printer) ground() {
	d := p.d
	within, cx, cy := p.region()
	pitch := d.share([3]float64{0.3, 0.15, 0.35}, [3]float64{0.45, 0.35, 1}, [3]float64{0.25, 1, 3}) * (0.7 + 0.3*p.unit)
	alpha := d.between(0.2, 0.65)
	base := oneOf(d, p.strong, p.accent, hsv(p.hue+0.1*d.NormFloat64(), 0.5, 0.7), hsv(p.second, 0.4, 0.75))
	if p.colourless {
		base = hsv(0, 0, d.between(0.4, 0.75))
	}
	s := lineScreen{width: pitch * d.between(0.12, 0.4), within: within, col: oneColour(withAlpha(base, alpha))}
	if d.chance(0.3) && !p.colourless {
		s.col = rainbow(withAlpha(base, alpha), withAlpha(hsv(p.second+0.2, 0.5, 0.7), alpha), d.between(0.2, 0.8)*p.w, d.between(0, math.Pi))
	}
	if d.chance(0.2) {
		k := 2 * math.Pi / (d.between(0.15, 0.6) * p.w)
		s.swell = func(x, y float64) float64 { return 1 + 0.7*math.Sin(k*x)*math.Cos(k*1.3*y) }
	}
	switch d.IntN(8) {
	case 0: // dotted tint
		r := pitch * d.between(0.15, 0.4)
		radius := func(float64, float64) float64 { return r }
		if d.chance(0.5) {
			k := math.Pi / (d.between(0.3, 1) * p.h)
			radius = func(_, y float64) float64 { return r * (0.35 + 0.65*math.Abs(math.Sin(k*y))) }
		}
		p.dots(0, 0, p.w, p.h, pitch, d.between(0, math.Pi/2), radius, s)
	case 1: // microtext
		size := math.Max(d.between(0.5, 1.4)*(0.5+0.5*p.unit), 0.5)
		p.microtext(0, 0, p.w, p.h, size, size*d.between(1.3, 3), d.between(0, 3)*p.unit, d.between(15, 80)*p.unit,
			oneOf(d, "样本SPECIMEN", "SPECIMEN", "样本专用"), s)
	case 2: // hatch, crossed now and then
		turn := oneOf(d, 0, math.Pi/2, d.between(0, math.Pi), d.between(0, math.Pi))
		s.phase = straight(pitch, turn)
		p.screen(0, 0, p.w, p.h, s)
		if d.chance(0.5) {
			s.phase = straight(pitch, turn+oneOf(d, math.Pi/2, math.Pi/3, d.between(0.1, 1)))
			p.screen(0, 0, p.w, p.h, s)
		}
	default:
		s.phase = p.curves(pitch, cx, cy)
		p.screen(0, 0, p.w, p.h, s)
		if d.chance(0.35) { // two families that cross make the eyes of a guilloche
			s.phase = p.curves(pitch*d.between(0.8, 1.25), cx, cy)
			p.screen(0, 0, p.w, p.h, s)
		}
	}
}

// straight is the phase of parallel lines.
func straight(pitch, turn float64) func(x, y float64) float64 {
	sin, cos := math.Sincos(turn)
	return func(x, y float64) float64 { return (y*cos - x*sin) / pitch }
}

// curves is the phase of one of the families of curves that security print uses.
func (p *printer) curves(pitch, cx, cy float64) func(x, y float64) float64 {
	d := p.d
	length, swing := d.between(8, 90)*math.Max(p.unit, 0.5), d.between(0.3, 7)*math.Max(p.unit, 0.4)
	turn := oneOf(d, 0, 0, math.Pi/2, d.between(0, math.Pi))
	sin, cos := math.Sincos(turn)
	k, drift, start := 2*math.Pi/length, d.between(-0.3, 0.3), d.between(0, 6)
	switch d.IntN(8) {
	case 0, 1: // waves whose crests drift
		return func(x, y float64) float64 {
			u, v := x*cos+y*sin, y*cos-x*sin
			return (v + swing*math.Sin(k*u+drift*v+start)) / pitch
		}
	case 2: // waves of two lengths
		return func(x, y float64) float64 {
			u, v := x*cos+y*sin, y*cos-x*sin
			return (v + swing*(math.Sin(k*u+start)+0.5*math.Sin(2.37*k*u-drift*v))) / pitch
		}
	case 3: // rosette
		petals, depth := float64(4+d.IntN(20)), d.between(0.04, 0.3)
		return func(x, y float64) float64 {
			r, a := math.Hypot(x-cx, y-cy), math.Atan2(y-cy, x-cx)
			return r * (1 + depth*math.Cos(petals*a+drift*r)) / pitch
		}
	case 4: // rays that bend
		n := float64(60 + d.IntN(200))
		return func(x, y float64) float64 {
			r, a := math.Hypot(x-cx, y-cy), math.Atan2(y-cy, x-cx)
			return n*a/(2*math.Pi) + swing/pitch*math.Sin(k*r)
		}
	case 5: // relief: lines that climb over hills
		hx, hy, hr := p.w*d.between(0.2, 0.8), p.h*d.between(0.2, 0.8), d.between(0.06, 0.25)*p.w
		return func(x, y float64) float64 {
			u, v := x*cos+y*sin, y*cos-x*sin
			a, b := math.Hypot(x-cx, y-cy)/hr, math.Hypot(x-hx, y-hy)/hr
			return (v + 2*swing*(math.Exp(-a*a)-math.Exp(-b*b)) + 0.3*swing*math.Sin(k*u)) / pitch
		}
	case 6: // wood grain
		return func(x, y float64) float64 {
			u, v := x*cos+y*sin, y*cos-x*sin
			return (v + swing*(math.Sin(k*u+0.6*k*v)+math.Sin(0.53*k*u-1.1*k*v+start)+0.6*math.Sin(1.7*k*v+0.4*k*u))) / pitch
		}
	default: // rings and spirals
		arms := float64(d.IntN(4))
		return func(x, y float64) float64 {
			return math.Hypot(x-cx, (y-cy)*(1+drift))/pitch + arms*math.Atan2(y-cy, x-cx)/(2*math.Pi)
		}
	}
}

// badge is a sign in colours of the print: a star, rings, a gear or a spirograph.
func (p *printer) badge(cx, cy, r float64, col color.NRGBA) {
	d := p.d
	switch d.IntN(5) {
	case 0:
		p.fill(path{star(cx, cy, r, d.between(0.4, 0.8), 5+d.IntN(12))}, col)
	case 1:
		p.ring(cx, cy, r, r*0.12, col)
		p.ring(cx, cy, r*0.8, r*0.06, col)
		p.fill(path{star(cx, cy, r*0.6, 0.5, 4+d.IntN(5))}, col)
	case 2:
		p.fill(path{star(cx, cy, r, 0.85, 18), arc(cx, cy, r*0.5, r*0.5, 2*math.Pi, 0)}, col)
	case 3:
		p.spirograph(cx, cy, r, 3, 7+2*d.IntN(6), d.between(0.4, 0.9), math.Max(r*0.02, 0.06), col)
	default:
		if p.colourless || col.A < 255 { // the emblem has colours of its own
			p.ring(cx, cy, r, r*0.3, col)
			return
		}
		p.emblem(cx, cy, r)
	}
}

func (p *printer) watermark() {
	d := p.d
	pale := withAlpha(oneOf(d, p.strong, p.accent, p.label), d.between(0.05, 0.16))
	if d.chance(0.5) {
		p.badge(p.w*d.between(0.3, 0.7), p.h*d.between(0.3, 0.7), d.between(0.15, 0.4)*p.h, pale)
		return
	}
	size := d.between(5, 14) * p.unit
	s := style{font: p.fonts.Hei, size: size, col: pale, turn: d.between(-0.7, 0.2)}
	gapX, gapY := size*d.between(8, 14), size*d.between(3, 7)
	for y, k := 0.0, 0; y < p.h; y, k = y+gapY, k+1 {
		for x := -gapX / 2 * float64(k%2); x < p.w; x += gapX {
			p.put(x, y, oneOf(d, "样本", "SPECIMEN"), s)
		}
	}
}

func (p *printer) band(b printBand) {
	x, y, w, h := b.box(p.w, p.h)
	switch b.style {
	case "gradient":
		along := w
		if b.side > 1 {
			along = h
		}
		p.shade(x, y, w, h, func(u, v float64) (float64, color.NRGBA) {
			t := (u - x) / along
			if b.side > 1 {
				t = (v - y) / along
			}
			return 1, blended(b.col, b.end, t)
		})
	case "lines":
		p.rect(x, y, w, h, b.col)
		pitch := p.d.between(0.3, 1.5) * (0.5 + 0.5*p.unit)
		p.screen(x, y, w, h, lineScreen{phase: p.curves(pitch, x+w/2, y+h/2), width: pitch * 0.3, col: oneColour(withAlpha(b.end, 0.7)),
			within: func(u, v float64) float64 {
				return float64(roundedDistance(float32(u-x-w/2), float32(v-y-h/2), float32(w/2), float32(h/2), 0))
			}})
	case "steps":
		p.rect(x, y, w, h, b.col)
		t := p.d.between(0.06, 0.2)
		switch b.side {
		case 0:
			p.rect(x, y+h*(1-t), w, h*t, b.end)
		case 1:
			p.rect(x, y, w, h*t, b.end)
		case 2:
			p.rect(x+w*(1-t), y, w*t, h, b.end)
		default:
			p.rect(x, y, w*t, h, b.end)
		}
	default:
		p.rect(x, y, w, h, b.col)
	}
}

// printFrame draws the frame and sets the room for text: within frame and bands.
func (p *printer) printFrame() {
	f := &p.border
	pad := 4*p.unit + 1.6
	edge := [4]float64{pad, pad, pad, pad} // top, bottom, left, right
	for _, b := range p.bands {
		edge[b.side] = math.Max(edge[b.side], b.inset+b.depth+0.5*pad)
	}
	x, y, w, h := f.inset, f.inset, p.w-2*f.inset, p.h-2*f.inset
	if f.style != "" {
		for k := range edge {
			if f.sides[k] {
				edge[k] = math.Max(edge[k], f.inset+2.2*f.line+0.5*pad)
			}
		}
		p.frameLines(x, y, w, h)
	}
	p.top, p.bottom, p.left, p.right = edge[0], p.h-edge[1], edge[2], p.w-edge[3]
}

func (p *printer) frameLines(x, y, w, h float64) {
	f := &p.border
	ends := [4][4]float64{{x, y, x + w, y}, {x, y + h, x + w, y + h}, {x, y, x, y + h}, {x + w, y, x + w, y + h}}
	inward := [4]filing.Point{{0, 1}, {0, -1}, {1, 0}, {-1, 0}}
	strip := func(k int, from, line float64, breaks bool) {
		e, n := ends[k], inward[k]
		l := math.Hypot(e[2]-e[0], e[3]-e[1])
		dx, dy := (e[2]-e[0])/l, (e[3]-e[1])/l
		dash, gap := l, 0.0
		if breaks {
			dash = 6*p.unit + 2*line
			gap = dash * 0.6
		}
		for at := from; at < l-from; at += dash + gap {
			to := math.Min(at+dash, l-from)
			x0, y0 := e[0]+dx*at+n[0]*from, e[1]+dy*at+n[1]*from
			x1, y1 := e[0]+dx*to+n[0]*(from+line), e[1]+dy*to+n[1]*(from+line)
			p.rect(math.Min(x0, x1), math.Min(y0, y1), math.Abs(x1-x0), math.Abs(y1-y0), f.col)
		}
	}
	if f.style == "rounded" {
		r := 6*p.unit + 1
		outer := roundedOutline(x, y, w, h, r)
		inner := roundedOutline(x+f.line, y+f.line, w-2*f.line, h-2*f.line, math.Max(r-f.line, 0.2))
		for i, j := 0, len(inner)-1; i < j; i, j = i+1, j-1 {
			inner[i], inner[j] = inner[j], inner[i]
		}
		p.fill(path{outer, inner}, f.col)
		return
	}
	if f.style == "corners" {
		l := 0.12 * math.Min(w, h)
		for _, c := range [4][4]float64{{x, y, 1, 1}, {x + w, y, -1, 1}, {x, y + h, 1, -1}, {x + w, y + h, -1, -1}} {
			p.rect(math.Min(c[0], c[0]+c[2]*l), math.Min(c[1], c[1]+c[3]*f.line), l, f.line, f.col)
			p.rect(math.Min(c[0], c[0]+c[2]*f.line), math.Min(c[1], c[1]+c[3]*l), f.line, l, f.col)
		}
		return
	}
	for k := range 4 {
		if !f.sides[k] {
			continue
		}
		switch f.style {
		case "double":
			strip(k, 0, f.line, false)
			strip(k, 1.7*f.line, 0.35*f.line, false)
		case "triple":
			for t := range 3 {
				strip(k, 0.8*f.line*float64(t), 0.3*f.line, false)
			}
		case "dashed":
			strip(k, 0, f.line, true)
		case "braid":
			e, a := ends[k], 0.8*f.line+0.4
			p.braid(e[0]+inward[k][0]*a, e[1]+inward[k][1]*a, e[2]+inward[k][0]*a, e[3]+inward[k][1]*a, a, 5*a, 3, 0.25*a, f.col)
		case "ornament":
			strip(k, 0, 0.4*f.line, false)
			e := ends[k]
			l := math.Hypot(e[2]-e[0], e[3]-e[1])
			r, n := 0.6*f.line+0.4, 0
			for at := 0.0; at <= l; at += 4.2 * r {
				cx, cy := e[0]+(e[2]-e[0])*at/l, e[1]+(e[3]-e[1])*at/l
				p.fill(path{star(cx, cy, r, 0.45, 4)}, f.col)
				n++
			}
		default:
			strip(k, 0, f.line, false)
		}
	}
}

// roundedOutline is a rectangle with round corners, clockwise.
func roundedOutline(x, y, w, h, r float64) []filing.Point {
	var points []filing.Point
	for k, c := range [4]filing.Point{{x + w - r, y + r}, {x + w - r, y + h - r}, {x + r, y + h - r}, {x + r, y + r}} {
		from := -math.Pi/2 + math.Pi/2*float64(k)
		points = append(points, arc(c[0], c[1], r, r, from, from+math.Pi/2)...)
	}
	return points
}

// note says in plain print what every specimen says, at the foot of the room for text, and across the whole.
func (p *printer) note() {
	size := math.Max(0.8*p.body, 2)
	col := sealRed
	if p.colourless || p.dark {
		col = p.ink
	}
	s := style{font: p.fonts.Hei, size: size, col: col, bold: 0.02}
	text := "样本 SPECIMEN"
	w := p.width(text, s)
	x := p.left + p.d.between(0, 1)*math.Max(p.right-p.left-w, 0)
	p.text(math.Min(x, p.w-w-1), math.Min(p.bottom, p.h-1), text, "", s)
	if p.colourless {
		p.greyAcross()
		return
	}
	p.mark(p.w, p.h, 0.11*p.w, p.d.between(0.08, 0.16))
}

func (p *printer) greyAcross() {
	s := style{font: p.fonts.Hei, size: 0.11 * p.w, col: color.NRGBA{R: 120, G: 120, B: 120, A: 34}, turn: -math.Atan2(p.h, p.w) * 0.75}
	w := p.width("样本 SPECIMEN", s)
	sin, cos := math.Sincos(s.turn)
	p.put(p.w/2-w/2*cos-s.size*0.35*sin, p.h/2-w/2*sin+s.size*0.35*cos, "样本 SPECIMEN", s)
}

// english joins the two names of a label as half of the cards have them.
func (f printFact) name(both bool) string {
	if both {
		return strings.ReplaceAll(f.label, "　", "") + " " + f.english
	}
	return f.label
}
