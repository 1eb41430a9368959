package specimen

import (
	"image/color"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/preflight-icp/preflight/filing"
)

// A passport's data page is of size ID-3 of ISO/IEC 7810, in millimetres.
const (
	passportWidth  = 125.0
	passportHeight = 88.0
	passportCorner = 3.0
)

// Names of templates that plans ask for by name.
const (
	paleLetter    = "letter_pale"
	paleNotice    = "notice_pale"
	paleStatement = "statement_pale"
	paleForm      = "form_pale"
)

// furtherTemplates are layouts beside those of Draw. Where a kind is in both halves, its layouts differ in ground, colours,
// type and places.
func furtherTemplates() []template {
	return []template{
		{name: "letter_headed", half: Tune, kind: PlainLetter, draw: drawHeadedLetter},
		{name: paleLetter, half: Tune, kind: PlainLetter, draw: drawPaleLetter},
		{name: paleNotice, half: Tune, kind: PlainLetter, draw: drawPaleNotice},
		{name: "id_card_front_rosette", half: Test, kind: IDCardFront, draw: drawRosetteFront},
		{name: "id_card_back_rosette", half: Test, kind: IDCardBack, draw: drawRosetteBack},
		{name: "travel_permit", half: Test, kind: TravelPermit, draw: drawTravelPermit},
		{name: "passport", half: Test, kind: Passport, draw: drawPassport},
		{name: "license_upright", half: Test, kind: BusinessLicense, draw: drawUprightLicense},
		{name: "authorization_form", half: Test, kind: AuthorizationLetter, draw: drawAuthorizationForm},
		{name: "domain_upright", half: Test, kind: DomainCertificate, draw: drawUprightDomain},
		{name: "institution", half: Test, kind: Institution, draw: drawInstitution},
		{name: paleStatement, half: Test, kind: PlainLetter, draw: drawPaleStatement},
		{name: paleForm, half: Test, kind: PlainLetter, draw: drawPaleForm},
	}
}

// paleTemplates are originals with hardly any colour: black print on white, and a small red seal.
func paleTemplates(half Half) []string {
	switch half {
	case Tune:
		return []string{paleLetter, paleNotice}
	case Test2:
		return []string{paleProof, palePledge}
	case Test3:
		return []string{paleHiring, paleGuarantee}
	}
	return []string{paleStatement, paleForm}
}

// rosette draws the interlaced loops of security paper (底纹) around a place.
func (c *canvas) rosette(cx, cy, r float64, petals int, line float64, col color.Color) {
	for k := range 9 {
		const n = 150
		points := make([]filing.Point, 0, n+1)
		depth := 0.2 + 0.08*float64(k)
		for i := range n + 1 {
			t := 2 * math.Pi * float64(i) / n
			q := r * (1 - depth*(0.5+0.5*math.Cos(float64(petals)*t+0.5*float64(k))))
			points = append(points, filing.Point{cx + q*math.Cos(t), cy + q*math.Sin(t)})
		}
		c.stroke(points, line, col)
	}
}

// hatch draws straight fine lines at a slope over a rectangle.
func (c *canvas) hatch(x, y, w, h, gap, slope, line float64, col color.Color) {
	for x0 := x - math.Abs(slope)*h; x0 < x+w+math.Abs(slope)*h; x0 += gap {
		a, b := filing.Point{x0, y}, filing.Point{x0 + slope*h, y + h}
		if math.Min(a[0], b[0]) < x || math.Max(a[0], b[0]) > x+w {
			continue
		}
		c.stroke([]filing.Point{a, b}, line, col)
	}
}

// smallSeal is a seal a good deal smaller than a company's, as departments use.
func (c *canvas) smallSeal(cx, cy float64, name string) { c.seal(cx, cy, 11, name) }

// greyMark is the mark of a specimen in grey, for papers that shall have hardly any colour.
func (c *canvas) greyMark(widthMM, heightMM, size float64) {
	s := style{font: c.fonts.Hei, size: size, col: color.NRGBA{R: 120, G: 120, B: 120, A: 34},
		turn: -math.Atan2(heightMM, widthMM) * 0.75}
	w := c.width("样本 SPECIMEN", s)
	sin, cos := math.Sincos(s.turn)
	c.put(widthMM/2-w/2*cos-size*0.35*sin, heightMM/2-w/2*sin+size*0.35*cos, "样本 SPECIMEN", s)
	c.centred(widthMM/2, heightMM-14, "样本 SPECIMEN　仅供测试", "", style{font: c.fonts.Hei, size: 4.4, col: ink})
}

func drawHeadedLetter(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 254, G: 254, B: 254, A: 255})
	c.centred(w/2, 34, f.Company, "company", style{font: fonts.Song, size: 9, col: sealRed, spacing: 0.1, bold: 0.03})
	c.rect(24, 40, w-48, 0.9, sealRed)
	c.rect(24, 41.6, w-48, 0.3, sealRed)
	text := style{font: fonts.Song, size: 5, col: ink, bold: 0.01}
	c.centred(w/2, 62, "关于网站备案有关情况的说明", "title", style{font: fonts.Hei, size: 7.5, col: ink})
	y := 80.0
	for _, s := range []string{"虚构市通信管理局：", "　　我单位（统一社会信用代码" + f.CreditCode + "）现就网站备案事宜说明如下：",
		"　　一、网站内容为" + f.Scope, "　　二、网站负责人为" + p.Name + "，证件号码" + p.Number + "。", "　　三、住所：" + f.Address + "。", "　　特此说明。"} {
		y = c.paragraph(27, y+1.5, 156, 9.2, s, "scope", text)
	}
	c.text(120, y+24, chineseDate(signed), "signed_on", text)
	c.seal(148, y+18, 18, f.Company)
	c.centred(w/2, h-14, "样本 SPECIMEN　仅供测试", "", style{font: fonts.Hei, size: 4.4, col: sealRed})
	c.mark(w, h, 25, 0.1)
	return c.finish(PlainLetter, w, h, 0, Fields{Title: "关于网站备案有关情况的说明", Company: f.Company, SignedOn: signed})
}

func drawPaleLetter(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 253, G: 253, B: 253, A: 255})
	text := style{font: fonts.Song, size: 5.2, col: ink, bold: 0.012}
	c.centred(w/2, 50, "证　　明", "title", style{font: fonts.Hei, size: 10, col: ink, bold: 0.02})
	y := c.paragraph(28, 76, 154, 10.5, "　　兹证明"+p.Name+"（"+p.Number+"）系"+f.Company+"在职员工，负责网站"+pick(rng,
		scopes)+"等工作。", "name", text)
	y = c.paragraph(28, y+2, 154, 10.5, "　　特此证明。", "", text)
	c.text(118, y+24, f.Company, "company", text)
	c.text(118, y+36, chineseDate(signed), "signed_on", text)
	c.smallSeal(150, y+28, f.Company)
	c.greyMark(w, h, 24)
	return c.finish(PlainLetter, w, h, 0, Fields{Title: "证明", Name: p.Name, Company: f.Company, SignedOn: signed})
}

func drawPaleNotice(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Long, a4Short
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 252, G: 252, B: 253, A: 255})
	text := style{font: fonts.Kai, size: 5.4, col: ink, bold: 0.012}
	c.frame(14, 14, w-28, h-28, 0.5, ink)
	c.centred(w/2, 42, "办公场所使用证明", "title", style{font: fonts.Hei, size: 9, col: ink, bold: 0.02})
	y := c.paragraph(34, 66, w-68, 11, "　　兹有"+f.Company+"租用位于"+f.Address+"的房屋作为办公场所，产权清晰，无争议。", "address", text)
	c.text(180, y+26, chineseDate(signed), "signed_on", text)
	red := color.NRGBA{R: 196, G: 36, B: 40, A: 220}
	c.frame(200, y+4, 12, 12, 1, red)
	c.put(202.2, y+12, "样本", style{font: fonts.Kai, size: 4, col: red})
	c.greyMark(w, h, 26)
	return c.finish(PlainLetter, w, h, 0, Fields{Title: "办公场所使用证明", Company: f.Company, SignedOn: signed})
}

func drawRosetteFront(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	portrait := newFace(rng, f.Sex == "男")
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 240, G: 238, B: 228, A: 255})
	c.hatch(0, 0, cardWidth, cardHeight, 0.9, 0.3, 0.07, color.NRGBA{R: 190, G: 170, B: 120, A: 130})
	for _, at := range [][2]float64{{20, 20}, {62, 34}, {40, 44}} {
		c.rosette(at[0], at[1], 17, 7, 0.08, color.NRGBA{R: 120, G: 160, B: 190, A: 120})
	}
	c.personal(f, 10.5)
	portrait.draw(c, 59, 7.5, 21.5, 30)
	c.text(6.5, 48.4, "公民身份号码", "", style{font: fonts.Song, size: 2.6, col: color.NRGBA{R: 110, G: 80, B: 40, A: 255}})
	c.text(29, 48.6, f.Number, "number", style{font: fonts.Mono, size: 3.9, col: ink, spacing: 0.05})
	c.mark(cardWidth, cardHeight, 9, 0.15)
	c.specimenNote(40, 10)
	return c.finish(IDCardFront, cardWidth, cardHeight, cardCorner, f)
}

func drawRosetteBack(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	from, until := validity(rng, 10)
	issuer := "虚构市公安局" + pick(rng, []string{"白鹭分局", "望星分局"})
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 236, G: 232, B: 238, A: 255})
	for _, at := range [][2]float64{{14, 40}, {70, 14}, {46, 30}} {
		c.rosette(at[0], at[1], 20, 9, 0.08, color.NRGBA{R: 170, G: 120, B: 170, A: 120})
	}
	c.emblem(70, 15, 9)
	c.text(8, 14, "样本专用证件", "", style{font: fonts.Song, size: 5, col: ink, spacing: 0.3, bold: 0.03})
	c.text(8, 25, "居民身份证", "title", style{font: fonts.Song, size: 8, col: ink, spacing: 0.2, bold: 0.04})
	c.text(10, 40, "签发机关", "", style{font: fonts.Song, size: 2.8, col: ink, bold: 0.03})
	c.text(26, 40, issuer, "issuer", style{font: fonts.Song, size: 2.9, col: ink, bold: 0.02})
	c.text(10, 47, "有效期限", "", style{font: fonts.Song, size: 2.8, col: ink, bold: 0.03})
	c.text(26, 47, strings.ReplaceAll(from, "-", ".")+"-"+strings.ReplaceAll(until, "-", "."), "valid_until",
		style{font: fonts.Hei, size: 2.9, col: ink})
	c.mark(cardWidth, cardHeight, 9, 0.15)
	c.specimenNote(60, 51.4)
	return c.finish(IDCardBack, cardWidth, cardHeight, cardCorner, Fields{Title: "居民身份证", Issuer: issuer, ValidFrom: from,
		ValidUntil: until})
}

func drawTravelPermit(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	from, until := validity(rng, 10)
	portrait := newFace(rng, f.Sex == "男")
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 226, G: 236, B: 246, A: 255})
	c.waves(0, 8, cardWidth, cardHeight-6, 0.8, 0.9, 14, 0.07, color.NRGBA{R: 190, G: 130, B: 180, A: 120})
	c.hatch(0, 8, cardWidth, cardHeight-8, 1.3, -0.4, 0.06, color.NRGBA{R: 90, G: 150, B: 200, A: 110})
	c.rect(0, 0, cardWidth, 7.6, color.NRGBA{R: 70, G: 104, B: 170, A: 255})
	c.text(20, 5.6, "港澳居民来往内地通行证", "title", style{font: fonts.Hei, size: 4, col: color.White})
	portrait.draw(c, 4.5, 11, 21, 27)
	value := style{font: fonts.Hei, size: 2.9, col: ink}
	label := style{font: fonts.Hei, size: 2.1, col: cardBlue}
	row := func(y float64, name, field, text string) {
		c.text(29, y, name, "", label)
		c.text(29, y+3.6, text, field, value)
	}
	row(13, "姓名 Name", "name", f.Name)
	row(21, "出生日期 Date of Birth", "birth", strings.ReplaceAll(f.Birth, "-", "."))
	row(29, "有效期限 Period of Validity", "valid_until", strings.ReplaceAll(from, "-",
		".")+"-"+strings.ReplaceAll(until, "-", "."))
	row(37, "签发机关 Authority", "issuer", "样本出入境管理局")
	c.text(60, 47, "H99"+f.Number[11:17], "number", style{font: fonts.Mono, size: 3.6, col: ink})
	c.text(5, 47, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 3, col: sealRed})
	c.mark(cardWidth, cardHeight, 9, 0.14)
	return c.finish(TravelPermit, cardWidth, cardHeight, cardCorner, Fields{Title: "港澳居民来往内地通行证", Name: f.Name, Birth: f.Birth,
		ValidFrom: from, ValidUntil: until})
}

func drawPassport(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	from, until := validity(rng, 10)
	portrait := newFace(rng, f.Sex == "男")
	const w, h = passportWidth, passportHeight
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 244, G: 236, B: 228, A: 255})
	c.rosette(80, 34, 32, 12, 0.1, color.NRGBA{R: 200, G: 140, B: 110, A: 110})
	c.waves(2, 2, w-4, 62, 1.4, 1.2, 20, 0.08, color.NRGBA{R: 150, G: 180, B: 160, A: 110})
	c.rect(0, 66, w, h-66, color.NRGBA{R: 250, G: 250, B: 248, A: 255})
	c.text(8, 9, "护照 PASSPORT", "title", style{font: fonts.Hei, size: 4, col: color.NRGBA{R: 130, G: 40, B: 40, A: 255}})
	portrait.draw(c, 6, 14, 33, 45)
	label := style{font: fonts.Hei, size: 1.9, col: color.NRGBA{R: 110, G: 90, B: 80, A: 255}}
	value := style{font: fonts.Hei, size: 3.1, col: ink}
	row := func(x, y float64, name, field, text string) {
		c.text(x, y, name, "", label)
		c.text(x, y+4.2, text, field, value)
	}
	number := "S99" + f.Number[10:16]
	row(46, 15, "姓名 Name", "name", f.Name)
	row(88, 15, "护照号 Passport No.", "number", number)
	row(46, 25, "性别 Sex", "sex", f.Sex)
	row(88, 25, "出生日期 Date of birth", "birth", f.Birth)
	row(46, 35, "出生地点 Place of birth", "", "样本省虚构市")
	row(46, 45, "签发日期 Date of issue", "valid_from", from)
	row(88, 45, "有效期至 Date of expiry", "valid_until", until)
	row(46, 55, "签发机关 Authority", "issuer", "样本出入境管理局")
	c.text(96, 9, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 3, col: sealRed})
	// The machine-readable zone of ICAO 9303 holds two lines of 44; the state XXX exists nowhere.
	zone := style{font: fonts.Mono, size: 4.1, col: ink}
	c.text(4, 74, "P<XXXSPECIMEN<<SPECIMEN<<<<<<<<<<<<<<<<<<<<<", "", zone)
	c.text(4, 82, number+"<0XXX"+strings.ReplaceAll(f.Birth, "-", "")[2:]+"0F9901010<<<<<<<<<<<<<<00", "", zone)
	c.mark(w, 66, 12, 0.13)
	return c.finish(Passport, w, h, passportCorner, Fields{Title: "护照", Name: f.Name, Sex: f.Sex, Birth: f.Birth,
		Number:    number,
		ValidFrom: from, ValidUntil: until, Issuer: "样本出入境管理局"})
}

func drawUprightLicense(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	const w, h = a4Long, a4Short
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 248, G: 247, B: 240, A: 255})
	green := color.NRGBA{R: 60, G: 120, B: 96, A: 255}
	c.rosette(w/2, h/2, 80, 16, 0.2, color.NRGBA{R: 200, G: 214, B: 190, A: 120})
	c.hatch(12, 12, w-24, h-24, 2.6, 0.5, 0.12, color.NRGBA{R: 214, G: 206, B: 170, A: 110})
	c.frame(5, 5, w-10, h-10, 3, green)
	c.frame(10, 10, w-20, h-20, 0.7, color.NRGBA{R: 190, G: 150, B: 60, A: 255})
	c.emblem(40, 36, 15)
	c.text(70, 40, "营业执照", "title", style{font: fonts.Song, size: 19, col: ink, spacing: 0.35, bold: 0.05})
	c.text(70, 54, "统一社会信用代码 "+f.CreditCode, "credit_code", style{font: fonts.Hei, size: 5.2, col: ink})
	label := style{font: fonts.Song, size: 5, col: green, bold: 0.03}
	value := style{font: fonts.Song, size: 5.2, col: ink, bold: 0.01}
	y := 76.0
	for _, r := range [][3]string{{"名称", "company", f.Company}, {"类型", "company_type", f.CompanyType},
		{"住所", "address", f.Address}, {"法定代表人", "legal_representative", f.LegalRepresentative}, {"注册资本", "capital", f.Capital},
		{"成立日期", "established", chineseDate(f.Established)}, {"经营范围", "scope", f.Scope}} {
		c.text(28, y, r[0], "", label)
		y = math.Max(c.paragraph(62, y, 150, 7.6, r[2], r[1], value), y+7.6) + 3.4
	}
	c.code2D(rng, 240, 24, 28)
	c.seal(246, 160, 20, f.Issuer)
	c.text(222, 186, chineseDate(f.Established), "", value)
	c.text(24, h-13, "样本 SPECIMEN　本证照为测试样本", "", style{font: fonts.Hei, size: 4.2, col: sealRed})
	c.mark(w, h, 30, 0.12)
	return c.finish(BusinessLicense, w, h, 0, f)
}

// cells rules a form: rows of labels and values in a grid of lines.
func (c *canvas) cells(x, y, w, first, height float64, rows [][3]string, label, value style) float64 {
	for _, r := range rows {
		c.frame(x, y, w, height, 0.35, ink)
		c.rect(x+first, y, 0.35, height, ink)
		c.text(x+3, y+height*0.62, r[0], "", label)
		c.paragraph(x+first+3, y+height*0.62, w-first-6, 6.4, r[2], r[1], value)
		y += height - 0.35
	}
	return y
}

func drawAuthorizationForm(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 254, G: 253, B: 250, A: 255})
	text := style{font: fonts.Song, size: 4.8, col: ink, bold: 0.01}
	c.centred(w/2, 36, "网站备案授权委托书", "title", style{font: fonts.Song, size: 9.5, col: ink, bold: 0.05})
	y := c.cells(20, 48, w-40, 44, 17, [][3]string{{"委托单位", "company", f.Company}, {"信用代码", "credit_code", f.CreditCode},
		{"法定代表人", "legal_representative", f.LegalRepresentative}, {"受托人", "principal", p.Name}, {"证件号码", "number", p.Number},
		{"委托事项", "", "办理网站备案、变更、注销等事宜"}}, text, text)
	y = c.paragraph(24, y+14, w-48, 9, "　　委托期限自签署之日起至办理完毕之日止。受托人在授权范围内签署的文件，我单位均予以承认。", "", text)
	c.text(24, y+14, "法定代表人签字：", "", text)
	c.signature(rng, 66, y+14, f.LegalRepresentative)
	c.text(24, y+30, "受托人签字：", "", text)
	c.signature(rng, 60, y+30, p.Name)
	c.text(122, y+44, chineseDate(signed), "signed_on", text)
	c.seal(150, y+36, 20, f.Company)
	c.centred(w/2, h-14, "样本 SPECIMEN　仅供测试", "", style{font: fonts.Hei, size: 4.4, col: sealRed})
	c.mark(w, h, 25, 0.11)
	return c.finish(AuthorizationLetter, w, h, 0, Fields{Title: "网站备案授权委托书", Company: f.Company, CreditCode: f.CreditCode,
		LegalRepresentative: f.LegalRepresentative, Principal: p.Name, Number: p.Number, SignedOn: signed})
}

func drawUprightDomain(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	domain := pick(rng, []string{"nanqiao-clay", "zhiyuan-lab", "qinglang-tea"}) + pick(rng, []string{".example", ".test"})
	registered, expires := validity(rng, 5)
	registrar := "样本网络技术有限公司"
	const w, h = a4Long, a4Short
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 255, G: 255, B: 255, A: 255})
	orange := color.NRGBA{R: 220, G: 120, B: 40, A: 255}
	c.rect(0, 0, w, 26, color.NRGBA{R: 40, G: 60, B: 90, A: 255})
	c.rect(0, 26, w, 2.4, orange)
	c.text(20, 18, "顶级国际域名注册证书", "title", style{font: fonts.Hei, size: 11, col: color.White, bold: 0.02})
	c.rosette(230, 120, 50, 10, 0.2, color.NRGBA{R: 240, G: 210, B: 180, A: 140})
	text := style{font: fonts.Hei, size: 5.4, col: ink}
	y := c.paragraph(24, 52, 240, 10, "　　"+registrar+"证明下列域名已由"+f.Company+"注册，并已在域名注册数据库中记录。", "holder", text)
	y = c.cells(30, y+6, 180, 56, 15, [][3]string{{"域名 Domain", "domain", domain}, {"注册人 Registrant", "holder", f.Company},
		{"注册时间 Registered", "registered", registered}, {"到期时间 Expires", "expires", expires}}, style{font: fonts.Hei, size: 4.6, col: ink}, text)
	c.seal(232, 150, 21, registrar)
	c.text(30, y+16, "样本 SPECIMEN　不具任何效力", "", style{font: fonts.Hei, size: 4.6, col: sealRed})
	c.mark(w, h, 30, 0.1)
	return c.finish(DomainCertificate, w, h, 0, Fields{Title: "顶级国际域名注册证书", Domain: domain, Holder: f.Company,
		Registrar: registrar, Registered: registered, Expires: expires})
}

func drawInstitution(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	from, until := validity(rng, 5)
	name := "虚构市" + pick(rng, []string{"青禾图书馆", "云溪文化馆", "例塘实验学校"})
	const w, h = a4Long, a4Short
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 250, G: 240, B: 238, A: 255})
	c.waves(10, 10, w-20, h-20, 2.2, 1.6, 34, 0.12, color.NRGBA{R: 230, G: 170, B: 160, A: 120})
	c.frame(6, 6, w-12, h-12, 4, color.NRGBA{R: 170, G: 40, B: 44, A: 255})
	c.centred(w/2, 44, "事业单位法人证书", "title", style{font: fonts.Song, size: 15, col: color.NRGBA{R: 150, G: 24, B: 30, A: 255},
		spacing: 0.2, bold: 0.05})
	value := style{font: fonts.Kai, size: 6, col: ink, bold: 0.012}
	y := 70.0
	for _, r := range [][3]string{{"名　　称", "company", name}, {"宗旨和业务范围", "scope", pick(rng, scopes)}, {"住　　所",
		"address", f.Address},
		{"法定代表人", "legal_representative", f.LegalRepresentative}, {"经费来源", "", "样本经费"}, {"有效期", "valid_until",
			from + " 至 " + until}} {
		c.text(30, y, r[0], "", style{font: fonts.Song, size: 5.2, col: ink, bold: 0.03})
		y = c.paragraph(84, y, 150, 8.5, r[2], r[1], value) + 5
	}
	c.seal(236, 160, 20, "虚构市事业单位登记管理局")
	c.text(24, h-16, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 4.8, col: sealRed})
	c.mark(w, h, 30, 0.12)
	return c.finish(Institution, w, h, 0, Fields{Title: "事业单位法人证书", Company: name, Address: f.Address,
		LegalRepresentative: f.LegalRepresentative, ValidFrom: from, ValidUntil: until})
}

func drawPaleStatement(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 252, G: 252, B: 251, A: 255})
	text := style{font: fonts.Hei, size: 4.6, col: ink}
	c.text(24, 40, "网站真实性承诺书", "title", style{font: fonts.Hei, size: 8, col: ink, bold: 0.03})
	c.rect(24, 45, w-48, 0.5, ink)
	y := 60.0
	for i, s := range []string{"承诺单位：" + f.Company, "本单位郑重承诺：所提交的资料真实有效。", "网站负责人" + p.Name + "知悉有关规定，联系方式保持畅通。",
		"网站内容限于：" + pick(rng, scopes) + "。", "如有变更，三十日内办理变更手续。"} {
		y = c.paragraph(26, y, w-52, 8.4, string(rune('1'+i))+". "+s, "scope", text) + 3
	}
	c.text(120, y+20, chineseDate(signed), "signed_on", text)
	c.smallSeal(140, y+14, f.Company)
	c.greyMark(w, h, 22)
	return c.finish(PlainLetter, w, h, 0, Fields{Title: "网站真实性承诺书", Company: f.Company, SignedOn: signed})
}

func drawPaleForm(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 254, G: 254, B: 255, A: 255})
	text := style{font: fonts.Song, size: 4.7, col: ink, bold: 0.01}
	c.centred(w/2, 32, "网站备案信息核验单", "title", style{font: fonts.Hei, size: 8.5, col: ink, bold: 0.02})
	y := c.cells(18, 42, w-36, 46, 15, [][3]string{{"主办单位名称", "company", f.Company}, {"单位性质", "company_type", f.CompanyType},
		{"证件号码", "credit_code", f.CreditCode}, {"住所", "address", f.Address}, {"负责人姓名", "name", p.Name}, {"负责人证件",
			"number", p.Number},
		{"网站名称", "", "样本网站"}, {"核验人", "", "样本核验人"}}, text, text)
	c.text(122, y+22, chineseDate(signed), "signed_on", text)
	c.smallSeal(146, y+17, "样本核验点")
	c.greyMark(w, h, 22)
	return c.finish(PlainLetter, w, h, 0, Fields{Title: "网站备案信息核验单", Company: f.Company, CreditCode: f.CreditCode, Name: p.Name,
		Number: p.Number, SignedOn: signed})
}
