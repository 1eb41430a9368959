package specimen

import (
	"image/color"
	"math"
)

// compose sets title, pictures, text, tables, codes and seals into the room that frame and bands leave.
func (p *printer) compose() {
	d := p.d
	foot := 1.6 * p.body // room for the note
	p.bottom -= 0.2 * p.body
	p.heading()
	bottom := p.bottom - foot
	left, right := p.left, p.right
	card := p.kind == PrintedCard
	full := p.crowd > 0.15
	pictured := full && d.chance(map[bool]float64{true: 0.6, false: 0.3}[card]) && !p.colourless
	if pictured {
		left, right, bottom = p.picture(left, right, bottom)
	}
	if full && d.chance(0.3) {
		right, bottom = p.code(left, right, bottom)
	}
	if d.chance(0.25) {
		p.stripe(pictured)
	}
	p.columns(left, right, bottom, full)
	if d.chance(map[bool]float64{true: 0.2, false: 0.6}[card]) {
		for range 1 + d.IntN(2) {
			p.stamp()
		}
	}
	if !card && !p.colourless && d.chance(0.35) {
		p.signature(p.says, p.left+d.between(0.1, 0.5)*(p.right-p.left), p.bottom-d.between(2, 5)*p.body, pick(p.says, surnames)+pick(p.says, given))
	}
}

// heading sets the title: in a head that is deep enough, or at the top of the room.
func (p *printer) heading() {
	d := p.d
	size := p.body * d.between(1.3, 3)
	st := style{font: oneOf(d, p.fonts.Hei, p.fonts.Song, p.fonts.Kai), size: size, col: oneOf(d, p.ink, p.strong, p.ink), bold: d.between(0, 0.05),
		spacing: d.between(0, 0.5)}
	if p.strongIsPale() {
		st.col = p.ink
	}
	room := p.right - p.left
	for p.width(p.title, st) > room && st.size > p.body {
		st.spacing, st.size = 0, st.size*0.9
	}
	place := func(left, right float64) float64 {
		w := p.width(p.title, st)
		return left + oneOf(d, 0, 0.5, 0.5, 1)*math.Max(right-left-w, 0)
	}
	for _, b := range p.bands {
		if b.side != 0 || b.depth < 1.8*p.body || !d.chance(0.8) {
			continue
		}
		_, y, _, h := b.box(p.w, p.h)
		st.size = math.Min(st.size, 0.62*h)
		st.col = color.White
		if brightness(b.col) > 0.55 || brightness(b.end) > 0.72 && b.style != "flat" {
			st.col = color.NRGBA{R: 20, G: 20, B: 24, A: 255}
			if brightness(b.col) < 0.45 || brightness(b.end) < 0.45 && b.style != "flat" { // neither can be read on both ends
				st.col = color.White
				p.rect(p.left, y+0.12*h, room, 0.76*h, b.col)
				if brightness(b.col) > 0.45 {
					p.rect(p.left, y+0.12*h, room, 0.76*h, hsv(p.hue, 0, 0.2))
				}
			}
		}
		x := place(p.left, p.right)
		p.text(x, y+h/2+0.36*st.size, p.title, "title", st)
		if at := p.w - b.inset - 0.7*h; d.chance(0.4) && h > 6 && x+p.width(p.title, st) < at-0.5*h {
			p.badge(at, y+h/2, 0.36*h, p.accent)
		}
		return
	}
	y := p.top + 0.95*st.size
	if p.crowd > 0.15 && d.chance(0.3) { // an emblem above or beside it
		r := st.size * d.between(0.8, 1.6)
		switch d.IntN(3) {
		case 0:
			p.badge((p.left+p.right)/2, p.top+r, r, p.accent)
			y += 2.1 * r
		case 1:
			p.badge(p.left+r, p.top+r, r, p.strong)
			p.left, room = p.left+2.4*r, room-2.4*r
			defer func() { p.left -= 2.4 * r }()
		default:
			p.badge(p.right-r, p.top+r, r, p.accent)
			p.right, room = p.right-2.4*r, room-2.4*r
			defer func() { p.right += 2.4 * r }()
		}
	}
	p.text(place(p.left, p.right), y, p.title, "title", st)
	p.top = y + 0.5*st.size
	if d.chance(0.3) {
		p.rect(p.left, p.top, room, math.Max(0.08*p.body, 0.12), p.strong)
	}
	p.top += 0.4 * p.body
}

func (p *printer) strongIsPale() bool {
	return math.Abs(brightness(p.strong)-brightness(p.paper)) < 0.5
}

// brightness is about how light a colour looks, 0 to 1.
func brightness(col color.NRGBA) float64 {
	return (0.3*float64(col.R) + 0.59*float64(col.G) + 0.11*float64(col.B)) / 255
}

// picture prints a portrait or a view, and says what room is left beside it.
func (p *printer) picture(left, right, bottom float64) (newLeft, newRight, newBottom float64) {
	d := p.d
	h := math.Min(d.between(0.4, 0.95)*(bottom-p.top), d.between(26, 60)*math.Max(p.unit, 0.6))
	w := h * d.between(0.68, 0.8)
	gap := 1.5*p.unit + 1
	if w > 0.4*(right-left) {
		w = 0.4 * (right - left)
		h = w / 0.75
	}
	x, y := left, p.top+d.between(0, 1)*math.Max(bottom-p.top-h, 0)
	switch d.IntN(5) {
	case 0, 1:
		newLeft, newRight = left+w+gap, right
	case 2, 3:
		x = right - w
		newLeft, newRight = left, right-w-gap
	default: // at the foot
		x, y = left+d.between(0, 1)*(right-left-w), bottom-h
		if y < p.top+4*p.body {
			return left, right, bottom
		}
		newLeft, newRight, bottom = left, right, y-gap
	}
	if d.chance(0.75) {
		if d.chance(0.2) { // a second, small one
			small := 0.45 * h
			if sx := p.right - 0.75*small; sx > newLeft+0.5*(newRight-newLeft) {
				p.portrait.draw(p.canvas, sx, bottom-small, 0.75*small, small)
				newRight = math.Min(newRight, sx-gap)
			}
		}
		p.portrait.draw(p.canvas, x, y, w, h)
	} else {
		p.view(x, y, w, h)
	}
	if d.chance(0.3) {
		p.canvas.frame(x-0.3, y-0.3, w+0.6, h+0.6, 0.3, p.label)
	}
	return newLeft, newRight, bottom
}

// view is a picture of hills below a sky.
func (p *printer) view(x, y, w, h float64) {
	d := p.d
	sky, far, near := hsv(0.57+0.1*d.NormFloat64(), 0.4, 0.9), hsv(d.Float64(), 0.3, 0.55), hsv(d.Float64(), 0.4, 0.35)
	k, a, b := 2*math.Pi/w, d.between(0, 6), d.between(0, 6)
	p.shade(x, y, w, h, func(u, v float64) (float64, color.NRGBA) {
		t := (v - y) / h
		switch {
		case t > 0.75+0.08*math.Sin(2*k*u+a):
			return 1, near
		case t > 0.5+0.12*math.Sin(k*u+b)+0.05*math.Sin(3.1*k*u):
			return 1, blended(far, near, t-0.5)
		}
		return 1, blended(sky, hsv(0.1, 0.1, 1), t)
	})
}

// code prints a square code or a bar code at an end of the room.
func (p *printer) code(left, right, bottom float64) (newRight, newBottom float64) {
	d := p.d
	if d.chance(0.6) {
		size := math.Min(d.between(14, 34)*math.Max(p.unit, 0.6), 0.3*(right-left))
		if d.chance(0.5) {
			p.code2D(p.says, right-size-0.08*size, bottom-size-0.08*size, size)
		} else {
			p.code2D(p.says, right-size-0.08*size, p.top+0.08*size, size)
		}
		return right - 1.3*size, bottom
	}
	h, w := d.between(5, 14)*math.Max(p.unit, 0.6), d.between(0.3, 0.7)*(right-left)
	x := left + d.between(0, 1)*(right-left-w)
	p.rect(x, bottom-h, w, h, color.White)
	m := w / 110
	for k := 5; k < 105; k++ {
		if p.says.IntN(2) == 0 {
			p.rect(x+m*float64(k), bottom-0.95*h, m, 0.9*h, ink)
		}
	}
	return right, bottom - h - 0.6*p.body
}

// stripe is a magnetic stripe, an iridescent patch or a chip.
func (p *printer) stripe(pictured bool) {
	d := p.d
	switch d.IntN(4) {
	case 0:
		if p.kind == PrintedCard && p.crowd < 0.6 {
			y := p.bottom - d.between(8, 14)
			p.rect(0, y, p.w, d.between(4, 9), hsv(p.hue, 0.1, 0.13))
			p.bottom = y - 0.5
		}
	case 1:
		if p.colourless {
			return
		}
		r := d.between(4, 12) * math.Max(p.unit, 0.5)
		x, y := p.right-r, p.bottom-r-1.6*p.body
		col := rainbow(hsv(d.Float64(), 0.35, 0.9), hsv(d.Float64(), 0.35, 0.85), r, d.between(0, math.Pi))
		p.shade(x-r, y-r, 2*r, 2*r, func(u, v float64) (float64, color.NRGBA) {
			return math.Min(math.Max((r-math.Hypot(u-x, v-y))*p.ppm, 0), 1), col(u, v)
		})
		p.right -= 2 * r
	case 2:
		if p.kind == PrintedCard && !pictured {
			x, y := p.left, p.top+0.2*(p.bottom-p.top)
			p.fill(path{roundedOutline(x, y, 12, 9.5, 1.5)}, hsv(0.12, 0.4, 0.85))
			for k := range 3 {
				p.rect(x, y+2.2+2.2*float64(k), 12, 0.2, hsv(0.1, 0.5, 0.5))
			}
			p.left += 13.5
		}
	default:
		n := 2 + d.IntN(6)
		for k := range n {
			p.rect(p.left+float64(k)*3*p.unit, p.bottom-0.2, 1.6*p.unit, 0.9*p.unit, p.accent)
		}
	}
}

// columns fills the room with rows, paragraphs, lists and tables, in one to three columns.
func (p *printer) columns(left, right, bottom float64, full bool) {
	d := p.d
	if right-left < 6*p.body {
		right = math.Min(left+6*p.body, p.w-1)
	}
	bottom = p.top + p.crowd*(bottom-p.top)
	if !full { // a line or two somewhere
		f := p.facts[0]
		y := p.top + d.between(0.1, 0.6)*math.Max(p.bottom-p.top, 0)
		p.write(left, math.Min(y+p.body, p.bottom-2.2*p.body), right-left, p.bottom-2*p.body, f.name(false)+"："+f.value, f.field, p.bodyStyle())
		return
	}
	columns := 1
	if right-left > 34*p.body {
		columns = 1 + d.IntN(3)
	} else if right-left > 24*p.body {
		columns = 1 + d.IntN(2)
	}
	gap := 1.6 * p.body
	w := (right - left - gap*float64(columns-1)) / float64(columns)
	fact := 0
	for k := range columns {
		x, y := left+float64(k)*(w+gap), p.top+1.1*p.body
		for y < bottom {
			was := y
			switch d.IntN(9) {
			case 0, 1, 2, 3:
				for range 2 + d.IntN(4) {
					y = p.row(x, y, w, bottom, p.facts[fact%len(p.facts)])
					fact++
				}
			case 4, 5:
				y = p.write(x, y, w, bottom, p.sentence(), "scope", p.bodyStyle())
			case 6:
				if p.kind == PrintedPage {
					y = p.table(x, y, w, bottom)
				}
			case 7:
				st := p.bodyStyle()
				st.size, st.bold = p.body*d.between(1.1, 1.5), 0.03
				y = p.write(x, y+0.3*p.body, w, bottom, oneOf(d, "基本信息", "说明", "注意事项", "备注", "第一条　总则", "一、概况"), "", st)
			default:
				p.rect(x, y-0.6*p.body, w, math.Max(0.05*p.body, 0.1), p.label)
				y += 0.7 * p.body
			}
			if y <= was {
				y = was + 0.8*p.body
			}
		}
		if d.chance(0.15) && k+1 < columns {
			p.rect(x+w+gap/2, p.top, math.Max(0.04*p.body, 0.1), math.Max(bottom-p.top, 1), p.label)
		}
	}
}

func (p *printer) bodyStyle() style {
	d := p.d
	return style{font: oneOf(d, p.fonts.Hei, p.fonts.Hei, p.fonts.Song, p.fonts.Kai), size: p.body * oneOf(d, 1, 1, 1, 1.15, 1.3), col: p.ink,
		bold: oneOf(d, 0, 0.01, 0.02)}
}

// write sets wrapped text down to a bottom and returns the baseline after it.
func (p *printer) write(x, y, w, bottom float64, text, field string, s style) float64 {
	leading := s.size * 1.45
	for _, line := range p.wrap(text, w, s) {
		if y > bottom || p.width(line, s) > p.w-x-0.5 {
			return y
		}
		p.text(x, y, line, field, s)
		y += leading
	}
	return y
}

// row sets a label and its value: beside it, or below.
func (p *printer) row(x, y, w, bottom float64, f printFact) float64 {
	if y > bottom {
		return y
	}
	st := p.bodyStyle()
	label := style{font: st.font, size: st.size * p.d.between(0.82, 1), col: p.label, bold: 0.01}
	name := f.name(p.d.chance(0.3))
	if f.field == "number" || f.field == "credit_code" {
		st.font = p.fonts.Mono
	}
	across := p.width(name, label) + 0.8*p.body
	if across > 0.5*w || p.d.chance(0.15) {
		if p.width(name, label) < w {
			p.text(x, y, name, "", label)
		}
		return p.write(x, y+1.3*p.body, w, bottom, f.value, f.field, st) + 0.2*p.body
	}
	p.text(x, y, name, "", label)
	return p.write(x+across, y, w-across, bottom, f.value, f.field, st) + 0.2*p.body
}

func (p *printer) sentence() string {
	f := func(k int) printFact { return p.facts[(k+p.d.IntN(3))%len(p.facts)] }
	a, b := f(0), f(5)
	return oneOf(p.d, "　　兹证明持证人符合规定条件，特发此证，"+b.value+"。", "　　本证仅限本人使用，不得转借、涂改。如有遗失，请及时向发证机关申报。",
		"　　根据有关规定，经审核，"+a.value+"的申请材料齐全，予以受理。", "　　自签发之日起生效，有效期内应当按期年检，逾期自行作废。",
		"　　持证单位应在核定范围内开展业务："+pick(p.says, scopes)+"。")
}

// table rules a grid and fills its cells.
func (p *printer) table(x, y, w, bottom float64) float64 {
	d := p.d
	columns, lines := 2+d.IntN(4), 2+d.IntN(7)
	st := p.bodyStyle()
	st.size = p.body
	height := p.body * d.between(1.7, 2.4)
	if w/float64(columns) < 5*p.body {
		columns = max(int(w/(5*p.body)), 1)
	}
	line := d.between(0.1, 0.5)
	cell := w / float64(columns)
	top := y - 0.6*p.body
	n := 0
	for ; n < lines && top+float64(n+1)*height < bottom; n++ {
		at := top + float64(n)*height
		if n == 0 && d.chance(0.5) {
			p.rect(x, at, w, height, withAlpha(p.accent, 0.2))
		}
		for k := range columns {
			f := p.facts[(n*columns+k)%len(p.facts)]
			text, field := f.value, f.field
			if n == 0 || k == 0 {
				text, field = f.name(false), ""
			}
			if lines := p.wrap(text, cell-0.8*p.body, st); len(lines) == 1 && p.width(text, st) < cell-0.5*p.body {
				p.text(x+float64(k)*cell+0.4*p.body, at+height*0.5+0.36*p.body, text, field, st)
			}
		}
	}
	for k := 0; k <= n && n > 0; k++ {
		p.rect(x, top+float64(k)*height-line/2, w, line, p.label)
	}
	if d.chance(0.7) {
		for k := 0; k <= columns && n > 0; k++ {
			p.rect(x+float64(k)*cell-line/2, top, line, float64(n)*height, p.label)
		}
	}
	return top + float64(n)*height + 1.6*p.body
}

// stamp sets a seal: round, oval or square, in red or blue.
func (p *printer) stamp() {
	d := p.d
	col := color.NRGBA{R: 205, G: 30, B: 38, A: 205}
	switch {
	case p.colourless:
		col = color.NRGBA{R: 60, G: 60, B: 60, A: 190}
	case d.chance(0.3):
		col = color.NRGBA{R: 36, G: 62, B: 160, A: 205}
	}
	r := d.between(9, 21) * math.Max(p.unit, 0.45)
	cx := math.Min(math.Max(p.left+d.between(0.3, 1)*(p.right-p.left), r+2), p.w-r-2)
	cy := math.Min(math.Max(p.bottom-d.between(0.2, 2.2)*r, r+2), p.h-r-2)
	name := p.facts[0].value
	for _, f := range p.facts {
		if f.field == "company" {
			name = f.value
		}
	}
	small := style{font: p.fonts.Hei, size: r * 0.22, col: col}
	word := func(text string, dy float64) { p.put(cx-p.width(text, small)/2, cy+dy, text, small) }
	switch d.IntN(4) {
	case 0, 1:
		p.ring(cx, cy, r, r*d.between(0.03, 0.08), col)
		p.fill(path{star(cx, cy, r*0.3, 0.45, 5+d.IntN(4))}, col)
		p.arcText(cx, cy, r*0.68, name, 4.2, style{font: p.fonts.Hei, size: r * 0.23, col: col})
		word("样本专用", 0.7*r)
	case 2:
		p.fill(path{arc(cx, cy, r, r*0.62, 0, 2*math.Pi), arc(cx, cy, r*0.95, r*0.57, 2*math.Pi, 0)}, col)
		word("样本专用章", 0.08*r)
		word("SPECIMEN", 0.38*r)
	default:
		side := 1.2 * r
		p.canvas.frame(cx-side/2, cy-side/2, side, side, 0.08*r, col)
		big := style{font: p.fonts.Kai, size: 0.5 * r, col: col}
		p.put(cx-p.width("样本", big)/2, cy-0.03*r, "样本", big)
		p.put(cx-p.width("之印", big)/2, cy+0.5*r, "之印", big)
	}
}
