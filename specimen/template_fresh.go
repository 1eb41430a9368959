package specimen

import (
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/filing"
)

// Names of templates of Test2 that plans ask for by name.
const (
	paleProof  = "proof_pale"
	palePledge = "pledge_pale"
)

// freshTemplates are the layouts of Test2. Their print is of another family than those of Tune and Test: wedges across corners,
// honeycombs, fans, scalloped edges, chequered strips, columns of type that begin at the left.
func freshTemplates() []template {
	upright, plain := layoutsOf(Test2)
	return []template{
		plain("id_card_front_wedge", IDCardFront, drawWedgeFront),
		plain("id_card_back_wedge", IDCardBack, drawWedgeBack),
		plain("residence_front_comb", ResidencePermitFront, drawCombPermit),
		plain("residence_back_comb", ResidencePermitBack, drawCombPermitBack),
		plain("travel_permit_fan", TravelPermit, drawFanPermit),
		plain("travel_permit_dark", TravelPermit, drawDarkPermit),
		plain("passport_chequered", Passport, drawChequeredPassport),
		upright("license_scalloped", BusinessLicense, drawScallopedLicense),
		plain("license_duplicate_side", BusinessLicenseDuplicate, drawSideLicense),
		upright("institution_ribbon", Institution, drawRibbonInstitution),
		plain("association_comb", Institution, drawCombAssociation),
		upright("domain_wedge", DomainCertificate, drawWedgeDomain),
		plain("domain_dark", DomainCertificate, drawDarkDomain),
		plain("authorization_ruled", AuthorizationLetter, drawRuledAuthorization),
		plain("letter_side", PlainLetter, drawSideLetter),
		plain(paleProof, PlainLetter, drawPaleProof),
		plain(palePledge, PlainLetter, drawPalePledge),
	}
}

// wedge is a triangle across a corner (0 top left, clockwise), with a narrow stripe of another colour beside it.
func (c *canvas) wedge(corner int, w, h, along, down float64, col, stripe color.Color) {
	x, y, sx, sy := 0.0, 0.0, 1.0, 1.0
	if corner == 1 || corner == 2 {
		x, sx = w, -1
	}
	if corner > 1 {
		y, sy = h, -1
	}
	c.fill(path{{{x, y}, {x + sx*along, y}, {x, y + sy*down}}}, col)
	const from, to = 1.06, 1.14
	c.fill(path{{{x + sx*along*from, y}, {x + sx*along*to, y}, {x, y + sy*down*to}, {x, y + sy*down*from}}}, stripe)
}

// honeycomb prints the outlines of hexagons over a rectangle, larger ones in the middle of every third.
func (c *canvas) honeycomb(x, y, w, h, side, line float64, col color.Color) {
	dx, dy := side*math.Sqrt(3), side*1.5
	for j := 0; float64(j)*dy < h+side; j++ {
		for i := 0; float64(i)*dx < w+dx; i++ {
			cx, cy := x+float64(i)*dx+dx/2*float64(j&1), y+float64(j)*dy
			r := side
			if (i+2*j)%3 == 0 {
				r = 0.55 * side
			}
			var points []filing.Point
			for k := range 7 {
				t := math.Pi/6 + math.Pi/3*float64(k)
				p := filing.Point{cx + r*math.Cos(t), cy + r*math.Sin(t)}
				if p[0] < x || p[0] > x+w || p[1] < y || p[1] > y+h {
					points = nil
					break
				}
				points = append(points, p)
			}
			c.stroke(points, line, col)
		}
	}
}

// fan draws arcs around a point, their distance growing outwards.
func (c *canvas) fan(cx, cy, from, to, gap, a, b, line float64, col color.Color) {
	for r := from; r < to; r += gap {
		gap *= 1.02
		points := arc(cx, cy, r, r, a, b)
		c.stroke(points, line, col)
	}
}

// scallops sets half circles along a frame, like the edge of a stamp.
func (c *canvas) scallops(inset, w, h, r float64, col color.Color) {
	run := func(x0, y0, x1, y1, turn float64) {
		l := math.Hypot(x1-x0, y1-y0)
		n := math.Round(l / (2 * r))
		for i := range int(n) {
			t := (float64(i) + 0.5) / n
			cx, cy := x0+(x1-x0)*t, y0+(y1-y0)*t
			c.fill(path{arc(cx, cy, l/n/2, l/n/2, turn, turn+math.Pi)}, col)
		}
	}
	run(inset, inset, w-inset, inset, 0)
	run(inset, h-inset, w-inset, h-inset, math.Pi)
	run(inset, inset, inset, h-inset, -math.Pi/2)
	run(w-inset, inset, w-inset, h-inset, math.Pi/2)
}

// chequers is a strip of two rows of squares.
func (c *canvas) chequers(x, y, w, side float64, col color.Color) {
	for i := 0; float64(i)*side < w-side/2; i++ {
		c.rect(x+float64(i)*side, y+side*float64(i&1), side, side, col)
	}
}

// bornIn sets a date of birth as cards do, numbers and characters apart.
func (c *canvas) bornIn(x, y float64, birth string, label, value style) {
	born, err := time.Parse(time.DateOnly, birth)
	if err != nil {
		return
	}
	for _, part := range []struct{ layout, unit string }{{"2006", "年"}, {"1", "月"}, {"2", "日"}} {
		text := born.Format(part.layout)
		c.text(x, y, text, "birth", value)
		x += c.width(text, value) + 0.5*value.size
		c.text(x, y, part.unit, "", label)
		x += c.width(part.unit, label) + 0.5*value.size
	}
}

func drawWedgeFront(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	portrait := newFace(rng, f.Sex == "男")
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 246, G: 240, B: 232, A: 255})
	c.honeycomb(0, 0, cardWidth, cardHeight, 2.1, 0.07, color.NRGBA{R: 206, G: 150, B: 120, A: 140})
	c.fan(cardWidth, cardHeight, 8, 60, 0.7, math.Pi, 1.5*math.Pi, 0.08, color.NRGBA{R: 110, G: 150, B: 140, A: 120})
	c.wedge(2, cardWidth, cardHeight, 26, 13, color.NRGBA{R: 208, G: 226, B: 220, A: 255}, color.NRGBA{R: 214, G: 180, B: 150, A: 255})
	label := style{font: fonts.Song, size: 2.5, col: color.NRGBA{R: 150, G: 82, B: 50, A: 255}, bold: 0.03}
	value := style{font: fonts.Hei, size: 2.8, col: ink}
	name := value
	name.size, name.spacing = 3.8, 0.12
	c.text(6, 9.5, "姓名", "", label)
	c.text(14.5, 9.7, f.Name, "name", name)
	c.text(6, 17, "性别", "", label)
	c.text(14.5, 17, f.Sex, "sex", value)
	c.text(24, 17, "民族", "", label)
	c.text(32, 17, f.Ethnicity, "ethnicity", value)
	c.text(6, 24, "出生", "", label)
	c.bornIn(14.5, 24, f.Birth, label, value)
	c.text(6, 31, "住址", "", label)
	c.paragraph(14.5, 31, 37, 4.2, f.Address, "address", value)
	portrait.draw(c, 57, 8, 22, 30)
	c.text(6, 49, "公民身份号码", "", label)
	c.text(28.5, 49, f.Number, "number", style{font: fonts.Mono, size: 4, col: ink, spacing: 0.03})
	c.mark(cardWidth, cardHeight, 9, 0.14)
	c.specimenNote(39, 6)
	return c.finish(IDCardFront, cardWidth, cardHeight, cardCorner, f)
}

func drawWedgeBack(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	from, until := validity(rng, 20)
	issuer := "虚构市公安局" + pick(rng, []string{"例塘分局", "青禾分局", "清溪分局"})
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 244, G: 243, B: 236, A: 255})
	c.fan(12, 12, 13, 92, 0.8, 0, 0.5*math.Pi, 0.08, color.NRGBA{R: 200, G: 140, B: 110, A: 130})
	c.honeycomb(0, 30, cardWidth, 24, 1.8, 0.07, color.NRGBA{R: 130, G: 170, B: 160, A: 130})
	c.wedge(1, cardWidth, cardHeight, 20, 16, color.NRGBA{R: 240, G: 214, B: 196, A: 255}, color.NRGBA{R: 130, G: 170, B: 160, A: 255})
	c.emblem(13, 14, 8.5)
	c.text(26, 12, "样本专用证件", "", style{font: fonts.Hei, size: 4.4, col: ink, spacing: 0.25})
	c.text(26, 23, "居民身份证", "title", style{font: fonts.Hei, size: 8, col: ink, spacing: 0.15, bold: 0.02})
	label, value := style{font: fonts.Song, size: 2.8, col: ink, bold: 0.04}, style{font: fonts.Song, size: 2.9, col: ink, bold: 0.02}
	c.text(13, 38, "签发机关", "", label)
	c.text(28, 38, issuer, "issuer", value)
	c.text(13, 45.5, "有效期限", "", label)
	c.text(28, 45.5, dottedDate(from)+"-"+dottedDate(until), "valid_until", value)
	c.mark(cardWidth, cardHeight, 9, 0.14)
	c.specimenNote(58, 51)
	return c.finish(IDCardBack, cardWidth, cardHeight, cardCorner, Fields{Title: "居民身份证", Issuer: issuer, ValidFrom: from,
		ValidUntil: until})
}

func drawCombPermit(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	portrait := newFace(rng, f.Sex == "男")
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 252, G: 244, B: 226, A: 255})
	amber := color.NRGBA{R: 176, G: 92, B: 20, A: 255}
	c.honeycomb(0, 0, cardWidth, cardHeight, 3.2, 0.1, color.NRGBA{R: 230, G: 184, B: 110, A: 170})
	c.rect(0, 45.4, cardWidth, 8.6, color.NRGBA{R: 242, G: 206, B: 140, A: 255})
	c.chequers(0, 43, cardWidth, 1.2, color.NRGBA{R: 206, G: 130, B: 50, A: 255})
	c.text(30, 8, "居住证", "title", style{font: fonts.Song, size: 5.2, col: amber, spacing: 0.6, bold: 0.05})
	label := style{font: fonts.Hei, size: 2.4, col: amber}
	value := style{font: fonts.Hei, size: 2.8, col: ink}
	portrait.draw(c, 5, 9, 21.5, 29)
	for i, r := range [][3]string{{"姓名", "name", f.Name}, {"性别", "sex", f.Sex}, {"民族", "ethnicity", f.Ethnicity}} {
		x, y := 30.0, 15.5
		if i > 0 {
			x, y = 30+22*float64(i-1), 21.5
		}
		c.text(x, y, r[0], "", label)
		c.text(x+8, y, r[2], r[1], value)
	}
	c.text(30, 27.5, "出生", "", label)
	c.bornIn(38, 27.5, f.Birth, label, value)
	c.text(30, 33.5, "住址", "", label)
	c.paragraph(38, 33.5, 44, 4, f.Address, "address", value)
	c.text(6, 51, "公民身份号码", "", style{font: fonts.Hei, size: 2.5, col: ink})
	c.text(27, 51.1, f.Number, "number", style{font: fonts.Mono, size: 3.8, col: ink, spacing: 0.03})
	c.mark(cardWidth, cardHeight, 9, 0.13)
	c.specimenNote(62, 7)
	return c.finish(ResidencePermitFront, cardWidth, cardHeight, cardCorner, Fields{Title: "居住证", Name: f.Name, Sex: f.Sex,
		Ethnicity: f.Ethnicity, Birth: f.Birth, Address: f.Address, Number: f.Number})
}

func drawCombPermitBack(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	f.ValidFrom, _ = validity(rng, 1)
	f.Issuer = "虚构市公安局" + pick(rng, []string{"清溪分局", "云溪分局"})
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 250, G: 240, B: 222, A: 255})
	amber := color.NRGBA{R: 150, G: 76, B: 16, A: 255}
	c.honeycomb(0, 0, cardWidth, cardHeight, 2.4, 0.08, color.NRGBA{R: 230, G: 184, B: 110, A: 160})
	c.rect(0, 0, 5, cardHeight, color.NRGBA{R: 206, G: 130, B: 50, A: 255})
	c.text(24, 15, "居住证", "title", style{font: fonts.Song, size: 8.6, col: amber, spacing: 0.5, bold: 0.05})
	c.emblem(73, 13, 7)
	label, value := style{font: fonts.Song, size: 2.8, col: amber, bold: 0.03}, style{font: fonts.Hei, size: 2.8, col: ink}
	c.text(12, 27, "居住地址", "", label)
	y := c.paragraph(27, 27, 48, 4.3, f.Address, "address", value)
	c.text(12, y+2, "签发机关", "", label)
	c.text(27, y+2, f.Issuer, "issuer", value)
	c.text(12, y+8, "签发日期", "", label)
	c.text(27, y+8, chineseDate(f.ValidFrom), "valid_from", value)
	c.mark(cardWidth, cardHeight, 9, 0.14)
	c.specimenNote(58, 51)
	return c.finish(ResidencePermitBack, cardWidth, cardHeight, cardCorner,
		Fields{Title: "居住证", Address: f.Address, Issuer: f.Issuer, ValidFrom: f.ValidFrom})
}

// permitRows sets the rows of a travel permit, labels above or beside values.
func (c *canvas) permitRows(x, y, step float64, f Fields, from, until string, label, value style) {
	for _, r := range [][3]string{{"姓名 Name", "name", f.Name}, {"出生日期 Date of Birth", "birth", dottedDate(f.Birth)},
		{"有效期限 Period of Validity", "valid_until", dottedDate(from) + "-" + dottedDate(until)}, {"签发机关 Authority", "issuer", "样本出入境管理局"}} {
		c.text(x, y, r[0], "", label)
		c.text(x, y+1.35*value.size, r[2], r[1], value)
		y += step
	}
}

func drawFanPermit(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	from, until := validity(rng, 5)
	portrait := newFace(rng, f.Sex == "男")
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 232, G: 244, B: 234, A: 255})
	green := color.NRGBA{R: 20, G: 96, B: 70, A: 255}
	c.fan(42, 70, 14, 74, 0.75, math.Pi, 2*math.Pi, 0.08, color.NRGBA{R: 90, G: 170, B: 120, A: 130})
	c.fan(0, 0, 10, 60, 0.9, 0, math.Pi/2, 0.08, color.NRGBA{R: 210, G: 170, B: 90, A: 130})
	c.text(6, 8.5, "台湾居民来往大陆通行证", "title", style{font: fonts.Song, size: 4.4, col: green, bold: 0.05})
	c.chequers(6, 10.2, 74, 0.7, color.NRGBA{R: 120, G: 176, B: 140, A: 255})
	portrait.draw(c, 58, 14, 21, 27)
	c.permitRows(6.5, 16.5, 7.6, f, from, until, style{font: fonts.Hei, size: 2.1, col: green}, style{font: fonts.Song, size: 3, col: ink, bold: 0.03})
	c.text(48, 49, "T99"+f.Number[11:17], "number", style{font: fonts.Mono, size: 3.7, col: ink})
	c.specimenNote(6.5, 50)
	c.mark(cardWidth, cardHeight, 9, 0.13)
	return c.finish(TravelPermit, cardWidth, cardHeight, cardCorner, Fields{Title: "台湾居民来往大陆通行证", Name: f.Name, Birth: f.Birth,
		ValidFrom: from, ValidUntil: until})
}

func drawDarkPermit(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	from, until := validity(rng, 10)
	portrait := newFace(rng, f.Sex == "男")
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 238, G: 228, B: 240, A: 255})
	plum := color.NRGBA{R: 84, G: 34, B: 84, A: 255}
	c.honeycomb(26, 0, cardWidth-26, cardHeight, 1.5, 0.06, color.NRGBA{R: 170, G: 120, B: 180, A: 140})
	c.rect(0, 0, 25, cardHeight, plum)
	c.fill(path{{{25, 0}, {31, 0}, {25, 11}}}, plum)
	portrait.draw(c, 3, 12.5, 19, 26)
	c.text(33, 8, "港澳居民来往内地通行证", "title", style{font: fonts.Hei, size: 4, col: plum, bold: 0.02})
	c.permitRows(33, 14.5, 8, f, from, until, style{font: fonts.Hei, size: 2.1, col: plum}, style{font: fonts.Hei, size: 2.9, col: ink})
	c.text(56, 50, "H99"+f.Number[11:17], "number", style{font: fonts.Mono, size: 3.8, col: ink})
	c.text(3, 49, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 2.4, col: color.White})
	c.mark(cardWidth, cardHeight, 9, 0.14)
	return c.finish(TravelPermit, cardWidth, cardHeight, cardCorner, Fields{Title: "港澳居民来往内地通行证", Name: f.Name, Birth: f.Birth,
		ValidFrom: from, ValidUntil: until})
}

func drawChequeredPassport(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	from, until := validity(rng, 10)
	portrait := newFace(rng, f.Sex == "男")
	const w, h = passportWidth, passportHeight
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 232, G: 240, B: 246, A: 255})
	navy := color.NRGBA{R: 30, G: 56, B: 110, A: 255}
	c.honeycomb(0, 0, w, 65, 2.6, 0.09, color.NRGBA{R: 130, G: 170, B: 210, A: 150})
	c.fan(w, 0, 20, 110, 1.1, math.Pi/2, math.Pi, 0.1, color.NRGBA{R: 220, G: 170, B: 160, A: 130})
	c.rect(0, 65, w, h-65, color.NRGBA{R: 252, G: 252, B: 250, A: 255})
	c.chequers(0, 62.6, w, 1.2, color.NRGBA{R: 120, G: 150, B: 190, A: 255})
	c.text(50, 9, "护照 PASSPORT", "title", style{font: fonts.Song, size: 4.6, col: navy, bold: 0.05})
	portrait.draw(c, 7, 12, 34, 46)
	label, value := style{font: fonts.Hei, size: 1.9, col: navy}, style{font: fonts.Song, size: 3.2, col: ink, bold: 0.03}
	number := "S99" + f.Number[10:16]
	row := func(x, y float64, name, field, text string) {
		c.text(x, y, name, "", label)
		c.text(x, y+4.2, text, field, value)
	}
	row(50, 16, "护照号 Passport No.", "number", number)
	row(50, 25, "姓名 Name", "name", f.Name)
	row(84, 25, "性别 Sex", "sex", f.Sex)
	row(50, 34, "出生日期 Date of birth", "birth", f.Birth)
	row(84, 34, "出生地点 Place of birth", "", "样本省想象市")
	row(50, 43, "签发日期 Date of issue", "valid_from", from)
	row(84, 43, "有效期至 Date of expiry", "valid_until", until)
	row(50, 52, "签发机关 Authority", "issuer", "样本出入境管理局")
	c.text(94, 9, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 3, col: sealRed})
	zone := style{font: fonts.Mono, size: 4.1, col: ink}
	c.text(5, 73.5, "P<XXXSPECIMEN<<SPECIMEN<<<<<<<<<<<<<<<<<<<<<", "", zone)
	c.text(5, 81.5, number+"<0XXX"+strings.ReplaceAll(f.Birth, "-", "")[2:]+"0F9901010<<<<<<<<<<<<<<00", "", zone)
	c.mark(w, 62, 12, 0.12)
	return c.finish(Passport, w, h, passportCorner, Fields{Title: "护照", Name: f.Name, Sex: f.Sex, Birth: f.Birth, Number: number,
		ValidFrom: from, ValidUntil: until, Issuer: "样本出入境管理局"})
}

// labelled sets rows of a label and a value that may wrap.
func (c *canvas) labelled(x, y, dx, width, leading, gap float64, rows [][3]string, label, value style) {
	for _, r := range rows {
		c.text(x, y, r[0], "", label)
		y = math.Max(c.paragraph(x+dx, y, width, leading, r[2], r[1], value), y+leading) + gap
	}
}

func drawScallopedLicense(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	f.Title = "营业执照"
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 253, G: 249, B: 238, A: 255})
	brown := color.NRGBA{R: 140, G: 84, B: 36, A: 255}
	c.honeycomb(12, 12, w-24, h-24, 6, 0.16, color.NRGBA{R: 232, G: 208, B: 160, A: 120})
	c.scallops(8, w, h, 2.6, color.NRGBA{R: 214, G: 170, B: 96, A: 255})
	c.frame(7.2, 7.2, w-14.4, h-14.4, 0.8, brown)
	c.emblem(w/2, 34, 13)
	c.centred(w/2, 68, "营业执照", "title", style{font: fonts.Song, size: 17, col: ink, spacing: 0.4, bold: 0.05})
	c.centred(w/2, 80, "统一社会信用代码", "", style{font: fonts.Hei, size: 4.6, col: brown})
	c.centred(w/2, 88, f.CreditCode, "credit_code", style{font: fonts.Mono, size: 6, col: ink})
	label, value := style{font: fonts.Hei, size: 5, col: brown}, style{font: fonts.Hei, size: 5, col: ink}
	c.labelled(28, 108, 38, 112, 7.8, 4.2, [][3]string{{"名称", "company", f.Company}, {"类型", "company_type", f.CompanyType},
		{"法定代表人", "legal_representative", f.LegalRepresentative}, {"注册资本", "capital", f.Capital},
		{"成立日期", "established", chineseDate(f.Established)}, {"营业期限", "valid_until", chineseDate(f.ValidFrom) + "至长期"},
		{"住所", "address", f.Address}, {"经营范围", "scope", f.Scope}}, label, value)
	c.code2D(rng, 28, 244, 26)
	c.text(118, 252, "登记机关", "", style{font: fonts.Hei, size: 5.4, col: ink, spacing: 0.3})
	if issued, err := time.Parse(time.DateOnly, f.Established); err == nil {
		c.text(118, 266, issued.AddDate(0, 0, 9).Format("2006 年 1 月 2 日"), "", value)
	}
	c.seal(152, 250, 19, f.Issuer)
	c.centred(w/2, h-15, "样本 SPECIMEN　不具任何效力", "", style{font: fonts.Hei, size: 4.2, col: sealRed})
	c.mark(w, h, 25, 0.12)
	return c.finish(BusinessLicense, w, h, 0, f)
}

func drawSideLicense(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	f.Title = "营业执照"
	const w, h = a4Long, a4Short
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 249, G: 249, B: 246, A: 255})
	slate := color.NRGBA{R: 56, G: 76, B: 92, A: 255}
	c.fan(w, h, 30, 330, 3.2, math.Pi, 1.5*math.Pi, 0.16, color.NRGBA{R: 170, G: 190, B: 200, A: 130})
	c.rect(0, 0, 52, h, slate)
	c.rect(52, 0, 2.4, h, color.NRGBA{R: 212, G: 160, B: 70, A: 255})
	c.emblem(26, 34, 14)
	c.code2D(rng, 13, 150, 26)
	c.text(70, 36, "营业执照", "title", style{font: fonts.Hei, size: 17, col: ink, spacing: 0.3, bold: 0.04})
	c.text(172, 36, "（副本）", "", style{font: fonts.Hei, size: 7, col: ink})
	c.text(70, 52, "统一社会信用代码", "", style{font: fonts.Hei, size: 4.6, col: slate})
	c.text(116, 52, f.CreditCode, "credit_code", style{font: fonts.Mono, size: 5.8, col: ink})
	label, value := style{font: fonts.Song, size: 4.8, col: slate, bold: 0.05}, style{font: fonts.Hei, size: 4.8, col: ink}
	c.labelled(70, 70, 32, 168, 7.4, 3.6, [][3]string{{"名　　称", "company", f.Company}, {"类　　型", "company_type", f.CompanyType},
		{"住　　所", "address", f.Address}, {"法定代表人", "legal_representative", f.LegalRepresentative}, {"注册资本", "capital", f.Capital},
		{"成立日期", "established", chineseDate(f.Established)}, {"营业期限", "valid_until", chineseDate(f.ValidFrom) + "至长期"},
		{"经营范围", "scope", f.Scope}}, label, value)
	c.text(196, 182, "登记机关", "", style{font: fonts.Hei, size: 5.4, col: ink, spacing: 0.3})
	c.seal(252, 172, 19, f.Issuer)
	c.text(70, h-12, "样本 SPECIMEN　本证照为测试样本", "", style{font: fonts.Hei, size: 4.2, col: sealRed})
	c.mark(w, h, 31, 0.11)
	return c.finish(BusinessLicenseDuplicate, w, h, 0, f)
}

func drawRibbonInstitution(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	from, until := validity(rng, 5)
	f.CreditCode = creditCode(rng, "12")
	name := "虚构市" + pick(rng, []string{"望星博物馆", "白鹭少年宫", "清溪实验小学"})
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 244, G: 247, B: 240, A: 255})
	green := color.NRGBA{R: 36, G: 96, B: 62, A: 255}
	c.honeycomb(0, 60, w, h-60, 8, 0.14, color.NRGBA{R: 190, G: 214, B: 190, A: 130})
	c.fill(path{{{0, 18}, {w, 18}, {w, 52}, {w/2 + 14, 52}, {w / 2, 60}, {w/2 - 14, 52}, {0, 52}}}, green)
	c.centred(w/2, 41, "事业单位法人证书", "title", style{font: fonts.Hei, size: 14, col: color.White, spacing: 0.12, bold: 0.02})
	label, value := style{font: fonts.Hei, size: 5, col: green, bold: 0.02}, style{font: fonts.Song, size: 5.6, col: ink, bold: 0.02}
	c.labelled(24, 82, 50, 114, 8.4, 5, [][3]string{{"统一社会信用代码", "credit_code", f.CreditCode}, {"名称", "company", name}, {"宗旨和业务范围", "scope", pick(rng, scopes)},
		{"住所", "address", f.Address}, {"法定代表人", "legal_representative", f.LegalRepresentative}, {"经费来源", "", "样本经费"},
		{"开办资金", "", "样本资金"}, {"举办单位", "", "样本举办单位"}, {"有效期", "valid_until", "自" + chineseDate(from) + "至" + chineseDate(until)}}, label, value)
	c.seal(152, 244, 21, "虚构市事业单位登记管理局")
	c.text(112, 264, chineseDate(from), "", value)
	c.text(24, h-14, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 4.8, col: sealRed})
	c.mark(w, h, 26, 0.11)
	return c.finish(Institution, w, h, 0, Fields{Title: "事业单位法人证书", Company: name, CreditCode: f.CreditCode, Address: f.Address,
		LegalRepresentative: f.LegalRepresentative, ValidFrom: from, ValidUntil: until})
}

func drawCombAssociation(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	from, until := validity(rng, 4)
	f.CreditCode = creditCode(rng, "51")
	name := "虚构市" + pick(rng, []string{"茶业协会", "陶艺学会", "园艺爱好者联合会"})
	const w, h = a4Long, a4Short
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 255, G: 250, B: 246, A: 255})
	red := color.NRGBA{R: 160, G: 40, B: 36, A: 255}
	c.fan(w/2, h+40, 60, 260, 2.8, math.Pi, 2*math.Pi, 0.14, color.NRGBA{R: 236, G: 190, B: 170, A: 140})
	c.chequers(9, 9, w-18, 2.2, red)
	c.chequers(9, h-13.4, w-18, 2.2, red)
	c.rect(9, 15, 0.6, h-30, red)
	c.rect(w-9.6, 15, 0.6, h-30, red)
	c.emblem(40, 42, 14)
	c.text(66, 48, "社会团体法人登记证书", "title", style{font: fonts.Song, size: 15, col: red, spacing: 0.08, bold: 0.05})
	label, value := style{font: fonts.Song, size: 5, col: ink, bold: 0.04}, style{font: fonts.Hei, size: 5.2, col: ink}
	c.labelled(36, 74, 46, 146, 8, 3.6, [][3]string{{"统一社会信用代码", "credit_code", f.CreditCode}, {"名　　称", "company", name}, {"业务范围", "scope", pick(rng, scopes)},
		{"住　　所", "address", f.Address}, {"法定代表人", "legal_representative", f.LegalRepresentative}, {"活动地域", "", "虚构市"},
		{"注册资金", "capital", f.Capital}, {"有效期限", "valid_until", "自" + chineseDate(from) + "至" + chineseDate(until)}}, label, value)
	c.seal(244, 158, 20, "虚构市民政局")
	c.text(218, 188, chineseDate(from), "", value)
	c.text(36, h-20, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 4.8, col: sealRed})
	c.mark(w, h, 30, 0.11)
	return c.finish(Institution, w, h, 0, Fields{Title: "社会团体法人登记证书", Company: name, CreditCode: f.CreditCode, Address: f.Address,
		LegalRepresentative: f.LegalRepresentative, ValidFrom: from, ValidUntil: until})
}

func drawWedgeDomain(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	domain := pick(rng, []string{"wangxing-maps", "qingxi-press", "bailu-sport"}) + pick(rng, []string{".example", ".test"})
	registered, expires := validity(rng, 3)
	registrar := "样本域名科技有限公司"
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 252, G: 253, B: 255, A: 255})
	teal := color.NRGBA{R: 18, G: 110, B: 124, A: 255}
	c.wedge(0, w, h, 120, 64, teal, color.NRGBA{R: 240, G: 170, B: 60, A: 255})
	c.wedge(2, w, h, 96, 52, teal, color.NRGBA{R: 240, G: 170, B: 60, A: 255})
	c.text(24, 98, "域名注册证书", "title", style{font: fonts.Hei, size: 15, col: teal, spacing: 0.15, bold: 0.03})
	c.text(24, 108, "Domain Name Registration Certificate", "", style{font: fonts.Hei, size: 4.8, col: teal})
	c.rect(24, 113, 60, 1.2, color.NRGBA{R: 240, G: 170, B: 60, A: 255})
	label, value := style{font: fonts.Hei, size: 4.6, col: teal}, style{font: fonts.Hei, size: 5.4, col: ink}
	c.labelled(24, 132, 62, 110, 8.4, 5.6, [][3]string{{"域名 Domain Name", "domain", domain}, {"域名持有者 Registrant", "holder", f.Company},
		{"注册服务机构 Registrar", "registrar", registrar}, {"注册日期 Registered", "registered", chineseDate(registered)},
		{"到期日期 Expires", "expires", chineseDate(expires)}}, label, value)
	c.seal(72, 244, 20, registrar)
	c.text(24, 276, "样本 SPECIMEN　不具任何效力", "", style{font: fonts.Hei, size: 4.4, col: sealRed})
	c.mark(w, h, 25, 0.1)
	return c.finish(DomainCertificate, w, h, 0, Fields{Title: "域名注册证书", Domain: domain, Holder: f.Company, Registrar: registrar,
		Registered: registered, Expires: expires})
}

func drawDarkDomain(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	domain := pick(rng, []string{"lizi-labs", "nanqiao-wood", "zhiyuan-run"}) + pick(rng, []string{".example", ".invalid"})
	registered, expires := validity(rng, 8)
	registrar := "样本互联网信息服务有限公司"
	const w, h = a4Long, a4Short
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 255, G: 253, B: 248, A: 255})
	night := color.NRGBA{R: 24, G: 26, B: 38, A: 255}
	c.fill(path{{{0, 0}, {w, 0}, {w, 30}, {0, 58}}}, night)
	c.fill(path{{{0, 60}, {w, 32}, {w, 35}, {0, 63}}}, color.NRGBA{R: 196, G: 60, B: 90, A: 255})
	c.rect(0, h-16, w, 16, night)
	c.honeycomb(170, 90, 110, 90, 7, 0.16, color.NRGBA{R: 226, G: 200, B: 206, A: 150})
	c.text(24, 32, "国际域名注册证书", "title", style{font: fonts.Hei, size: 13, col: color.White, spacing: 0.1, bold: 0.02})
	label, value := style{font: fonts.Hei, size: 4.6, col: color.NRGBA{R: 120, G: 40, B: 60, A: 255}}, style{font: fonts.Song, size: 6, col: ink, bold: 0.03}
	c.labelled(30, 86, 62, 130, 9, 5, [][3]string{{"域名 Domain Name", "domain", domain}, {"注册人 Registrant", "holder", f.Company},
		{"注册机构 Registrar", "registrar", registrar}, {"注册日期 Registration", "registered", chineseDate(registered)},
		{"到期日期 Expiration", "expires", chineseDate(expires)}}, label, value)
	c.seal(240, 152, 20, registrar)
	c.text(30, h-24, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 5, col: sealRed, bold: 0.02})
	c.mark(w, h, 30, 0.1)
	return c.finish(DomainCertificate, w, h, 0, Fields{Title: "国际域名注册证书", Domain: domain, Holder: f.Company, Registrar: registrar,
		Registered: registered, Expires: expires})
}

func drawRuledAuthorization(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 254, G: 254, B: 253, A: 255})
	text := style{font: fonts.Hei, size: 5, col: ink}
	blue := color.NRGBA{R: 40, G: 70, B: 150, A: 255}
	c.chequers(22, 20, w-44, 1.6, blue)
	c.text(22, 40, "网站负责人授权书", "title", style{font: fonts.Hei, size: 9.5, col: blue, bold: 0.03})
	y := c.paragraph(22, 60, 166, 10, "虚构市通信管理局：", "", text)
	y = c.paragraph(22, y+2, 166, 10, "　　兹有我单位"+f.Company+"（统一社会信用代码："+f.CreditCode+"），授权"+p.Name+"（公民身份号码："+p.Number+
		"）为我单位网站备案的网站负责人，办理备案信息的提交、变更和注销。", "", text)
	y = c.paragraph(22, y+2, 166, 10, "　　授权期限：自签署之日起一年。", "", text)
	y = c.paragraph(22, y+2, 166, 10, "　　特此授权。", "", text)
	for k := range 4 { // lines to write on
		c.rect(22, y+14+14*float64(k), w-44, 0.25, blue)
	}
	c.text(24, y+12, "法定代表人（签字）：", "", text)
	c.signature(rng, 82, y+12, f.LegalRepresentative)
	c.text(24, y+26, "被授权人（签字）：", "", text)
	c.signature(rng, 78, y+26, p.Name)
	c.text(24, y+40, "单位（盖章）：", "", text)
	c.text(24, y+54, "日期：", "", text)
	c.text(44, y+54, chineseDate(signed), "signed_on", text)
	c.seal(146, y+44, 20, f.Company)
	c.text(22, h-16, "样本 SPECIMEN　仅供测试", "", style{font: fonts.Hei, size: 4.4, col: sealRed})
	c.mark(w, h, 25, 0.11)
	return c.finish(AuthorizationLetter, w, h, 0, Fields{Title: "网站负责人授权书", Company: f.Company, CreditCode: f.CreditCode,
		LegalRepresentative: f.LegalRepresentative, Principal: p.Name, Number: p.Number, SignedOn: signed})
}

func drawSideLetter(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 252, G: 253, B: 250, A: 255})
	violet := color.NRGBA{R: 96, G: 60, B: 140, A: 255}
	c.rect(0, 0, 9, h, violet)
	c.rect(10.5, 0, 1, h, color.NRGBA{R: 220, G: 170, B: 60, A: 255})
	c.wedge(1, w, h, 46, 30, color.NRGBA{R: 230, G: 222, B: 240, A: 255}, color.NRGBA{R: 220, G: 170, B: 60, A: 255})
	c.text(28, 32, f.Company, "company", style{font: fonts.Hei, size: 6, col: violet})
	title := pick(rng, []string{"网站建设说明", "变更证明", "情况说明"})
	c.text(28, 58, title, "title", style{font: fonts.Song, size: 11, col: ink, bold: 0.05})
	text := style{font: fonts.Song, size: 5.2, col: ink, bold: 0.015}
	y := 80.0
	for _, s := range []string{"虚构市通信管理局：", "　　我单位住所为" + f.Address + "，网站由" + p.Name + "负责。", "　　网站内容：" + pick(rng, scopes) + "。",
		"　　我单位对上述内容的真实性负责。", "　　特此说明。"} {
		y = c.paragraph(28, y+1, 156, 9.8, s, "scope", text)
	}
	c.text(28, y+30, "单位（盖章）：", "", text)
	c.text(28, y+44, chineseDate(signed), "signed_on", text)
	c.seal(88, y+34, 19, f.Company)
	c.text(28, h-16, "样本 SPECIMEN　仅供测试", "", style{font: fonts.Hei, size: 4.4, col: sealRed})
	c.mark(w, h, 25, 0.1)
	return c.finish(PlainLetter, w, h, 0, Fields{Title: title, Company: f.Company, SignedOn: signed})
}

func drawPaleProof(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 253, G: 252, B: 252, A: 255})
	grey := color.NRGBA{R: 120, G: 120, B: 124, A: 255}
	c.scallops(5, w, h, 3.4, color.NRGBA{R: 206, G: 206, B: 208, A: 255})
	c.centred(w/2, 56, "在职证明", "title", style{font: fonts.Kai, size: 12, col: ink, spacing: 0.3, bold: 0.02})
	text := style{font: fonts.Kai, size: 5.4, col: ink, bold: 0.012}
	y := c.paragraph(32, 84, 146, 10.6, "　　兹证明"+p.Name+"（公民身份号码："+p.Number+"）自"+chineseDate(f.Established)+"起在"+f.Company+
		"任职，负责网站"+pick(rng, []string{"内容审核", "信息安全", "日常维护"})+"工作。", "name", text)
	y = c.paragraph(32, y+2, 146, 10.6, "　　特此证明。", "", text)
	c.rect(32, y+6, 146, 0.3, grey)
	c.text(106, y+26, f.Company, "company", text)
	c.text(106, y+38, chineseDate(signed), "signed_on", text)
	c.smallSeal(152, y+30, f.Company)
	c.greyMark(w, h, 22)
	return c.finish(PlainLetter, w, h, 0, Fields{Title: "在职证明", Name: p.Name, Company: f.Company, SignedOn: signed})
}

func drawPalePledge(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 251, G: 252, B: 252, A: 255})
	c.honeycomb(18, 18, w-36, h-36, 9, 0.14, color.NRGBA{R: 222, G: 222, B: 224, A: 255})
	c.text(26, 44, "承诺书", "title", style{font: fonts.Song, size: 12, col: ink, spacing: 0.4, bold: 0.05})
	c.rect(26, 49, 40, 1, ink)
	text := style{font: fonts.Song, size: 4.9, col: ink, bold: 0.015}
	y := 66.0
	for _, s := range []string{"　　" + f.Company + "郑重承诺如下：", "　　（一）网站不从事需要前置审批的业务；", "　　（二）网站内容限于" + pick(rng, scopes) + "；",
		"　　（三）住所" + f.Address + "真实有效；", "　　（四）信息变更后按期办理变更手续。"} {
		y = c.paragraph(26, y+1, 158, 9.6, s, "scope", text)
	}
	c.text(26, y+24, "承诺单位（盖章）："+f.Company, "company", text)
	c.text(26, y+36, chineseDate(signed), "signed_on", text)
	c.smallSeal(118, y+26, f.Company)
	c.greyMark(w, h, 22)
	return c.finish(PlainLetter, w, h, 0, Fields{Title: "承诺书", Company: f.Company, SignedOn: signed})
}
