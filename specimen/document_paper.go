package specimen

import (
	"image/color"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/filing"
)

// Sides of an A4 sheet in millimetres.
const (
	a4Long  = 297.0
	a4Short = 210.0
)

// drawLicense draws a business licence (营业执照): original (正本) and duplicate (副本) differ in their heading and layout.
func drawLicense(fonts *FontSet, kind Kind, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	f.Title = "营业执照"
	const w, h = a4Long, a4Short
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 252, G: 250, B: 243, A: 255})
	gold := color.NRGBA{R: 190, G: 142, B: 72, A: 255}
	c.waves(14, 14, w-28, h-28, 3.1, 3, 60, 0.16, color.NRGBA{R: 222, G: 198, B: 150, A: 110})
	c.frame(7, 7, w-14, h-14, 1.6, gold)
	c.frame(10, 10, w-20, h-20, 0.5, gold)
	c.ornament(8.6, w, h, gold)
	c.emblem(w/2, 31, 13)
	c.centred(w/2, 64, "营业执照", "title", style{font: fonts.Hei, size: 17, col: ink, spacing: 0.45, bold: 0.03})
	duplicate := kind == BusinessLicenseDuplicate
	if duplicate {
		c.centred(w/2, 74, "（副本）", "", style{font: fonts.Hei, size: 6.5, col: ink})
		c.text(w-92, 30, "副本编号：1-1", "", style{font: fonts.Hei, size: 4, col: ink})
	}
	c.text(24, 30, "统一社会信用代码", "", style{font: fonts.Hei, size: 4.4, col: ink})
	c.text(24, 37.5, f.CreditCode, "credit_code", style{font: fonts.Mono, size: 6, col: ink})
	c.code2D(rng, w-46, 24, 24)
	label := style{font: fonts.Hei, size: 4.6, col: color.NRGBA{R: 120, G: 84, B: 40, A: 255}, bold: 0.02}
	value := style{font: fonts.Hei, size: 4.8, col: ink}
	row := func(x, y, dx, width float64, name, field, text string) {
		c.text(x, y, name, "", label)
		c.paragraph(x+dx, y, width, 7.4, text, field, value)
	}
	const left, right, columnWidth = 28.0, 166.0, 84.0
	row(left, 92, 34, columnWidth+10, "名　　称", "company", f.Company)
	row(left, 105, 34, columnWidth+10, "类　　型", "company_type", f.CompanyType)
	row(left, 118, 34, columnWidth, "法定代表人", "legal_representative", f.LegalRepresentative)
	row(left, 131, 34, columnWidth+8, "经营范围", "scope", f.Scope)
	row(right, 92, 32, 70, "注册资本", "capital", f.Capital)
	row(right, 105, 32, 70, "成立日期", "established", chineseDate(f.Established))
	row(right, 118, 32, 70, "营业期限", "valid_until", chineseDate(f.ValidFrom)+"至长期")
	row(right, 131, 32, 70, "住　　所", "address", f.Address)
	c.text(184, 166, "登记机关", "", style{font: fonts.Hei, size: 5.6, col: ink, spacing: 0.3})
	issued, err := time.Parse(time.DateOnly, f.Established)
	if err == nil {
		c.text(186, 184, issued.AddDate(0, 0, 9).Format("2006 年 1 月 2 日"), "", style{font: fonts.Hei, size: 5, col: ink})
	}
	c.seal(229, 168, 19, f.Issuer)
	c.centred(w/2, h-14, "样本 SPECIMEN　本证照为测试样本，不具任何效力", "", style{font: fonts.Hei, size: 4.4, col: sealRed})
	c.mark(w, h, 32, 0.13)
	return c.finish(kind, w, h, 0, f)
}

// ornament sets small diamonds along a frame.
func (c *canvas) ornament(inset, w, h float64, col color.Color) {
	diamond := func(x, y float64) {
		c.fill(path{{{x - 1.1, y}, {x, y - 1.1}, {x + 1.1, y}, {x, y + 1.1}}}, col)
	}
	for x := inset; x <= w-inset+0.1; x += (w - 2*inset) / 48 {
		diamond(x, inset)
		diamond(x, h-inset)
	}
	for y := inset; y <= h-inset+0.1; y += (h - 2*inset) / 34 {
		diamond(inset, y)
		diamond(w-inset, y)
	}
}

// code2D draws what looks like a QR code and holds nothing: three finder squares and random modules.
func (c *canvas) code2D(rng *rand.Rand, x, y, size float64) {
	const n = 29
	m := size / n
	c.rect(x-m*2, y-m*2, size+4*m, size+4*m, color.White)
	finder := func(i, j int) bool { return (i < 8 || i > n-9) && j < 8 || i < 8 && j > n-9 }
	for j := range n {
		for i := range n {
			if !finder(i, j) && rng.IntN(2) == 0 {
				c.rect(x+float64(i)*m, y+float64(j)*m, m, m, ink)
			}
		}
	}
	for _, p := range [][2]float64{{0, 0}, {n - 7, 0}, {0, n - 7}} {
		c.frame(x+p[0]*m, y+p[1]*m, 7*m, 7*m, m, ink)
		c.rect(x+(p[0]+2)*m, y+(p[1]+2)*m, 3*m, 3*m, ink)
	}
}

// signature writes a name by hand: brush face, leaning, with a flourish.
func (c *canvas) signature(rng *rand.Rand, x, y float64, name string) {
	const size = 9
	pen := color.NRGBA{R: 24, G: 36, B: 92, A: 240}
	lean := -0.06 - 0.06*rng.Float64()
	w := c.put(x, y, name, style{font: c.fonts.Kai, size: size, col: pen, spacing: -0.08, turn: lean, bold: 0.015})
	c.stroke([]filing.Point{{x + w*0.2, y + 2}, {x + w*0.7, y + 0.6}, {x + w*1.15, y - 2.4}}, 0.35, pen)
}

func drawAuthorization(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 253, G: 253, B: 251, A: 255})
	text := style{font: fonts.Kai, size: 5.6, col: ink, bold: 0.012}
	c.centred(w/2, 48, "主体负责人授权书", "title", style{font: fonts.Hei, size: 10, col: ink, spacing: 0.15, bold: 0.02})
	y := c.paragraph(28, 74, 154, 11, "虚构市通信管理局：", "", text)
	y = c.paragraph(28, y+2, 154, 11, "　　本单位"+f.Company+"（统一社会信用代码："+f.CreditCode+"），现授权"+p.Name+
		"（公民身份号码："+p.Number+"）为本单位网站备案的主体负责人，全权办理网站备案、变更及注销等事宜，并对所提交材料的真实性负责。", "", text)
	y = c.paragraph(28, y+2, 154, 11, "　　授权期限：自签署之日起至书面撤销之日止。", "", text)
	y = c.paragraph(28, y+2, 154, 11, "　　特此授权。", "", text)
	c.text(28, y+16, "法定代表人（签字）：", "", text)
	c.signature(rng, 82, y+15, f.LegalRepresentative)
	c.text(28, y+32, "被授权人（签字）：", "", text)
	c.signature(rng, 78, y+31, p.Name)
	c.text(112, y+56, "单位（盖章）："+"", "", text)
	c.text(112, y+68, chineseDate(signed), "signed_on", text)
	c.seal(150, y+54, 21, f.Company)
	c.centred(w/2, h-16, "样本 SPECIMEN　仅供测试", "", style{font: fonts.Hei, size: 4.6, col: sealRed})
	c.mark(w, h, 26, 0.12)
	return c.finish(AuthorizationLetter, w, h, 0, Fields{Title: "主体负责人授权书", Company: f.Company, CreditCode: f.CreditCode,
		LegalRepresentative: f.LegalRepresentative, Principal: p.Name, Number: p.Number, SignedOn: signed})
}

func drawDomainCertificate(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	f.Title = "域名证书"
	f.Holder = f.Company
	label := pick(rng, []string{"qinghe-garden", "yunxi-soft", "bailu-books", "wangxing-tea", "lizi-arts"})
	f.Domain = label + pick(rng, []string{".example", ".test", ".invalid"})
	f.Registrar = "样本域名注册服务有限公司"
	f.Registered, f.Expires = validity(rng, 10)
	const w, h = a4Long, a4Short
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 250, G: 252, B: 255, A: 255})
	blue := color.NRGBA{R: 30, G: 84, B: 148, A: 255}
	c.waves(12, 12, w-24, h-24, 4, 4, 90, 0.18, color.NRGBA{R: 160, G: 196, B: 230, A: 120})
	c.frame(8, 8, w-16, h-16, 2.4, blue)
	c.frame(12, 12, w-24, h-24, 0.6, blue)
	c.centred(w/2, 44, "域名证书", "title", style{font: fonts.Hei, size: 16, col: blue, spacing: 0.5, bold: 0.03})
	c.centred(w/2, 54, "Certificate of Domain Name Registration", "", style{font: fonts.Hei, size: 5.5, col: blue})
	rows := [][3]string{
		{"域名 Domain Name", "domain", f.Domain},
		{"域名注册者 Registrant", "holder", f.Holder},
		{"注册服务机构 Registrar", "registrar", f.Registrar},
		{"注册日期 Registration Date", "registered", chineseDate(f.Registered)},
		{"到期日期 Expiration Date", "expires", chineseDate(f.Expires)},
	}
	y := 80.0
	for _, r := range rows {
		c.text(40, y, r[0], "", style{font: fonts.Hei, size: 5, col: color.NRGBA{R: 80, G: 96, B: 120, A: 255}})
		c.text(122, y, r[2], r[1], style{font: fonts.Hei, size: 5.8, col: ink})
		c.rect(40, y+4, w-80, 0.25, color.NRGBA{R: 150, G: 176, B: 206, A: 255})
		y += 16
	}
	c.text(40, h-30, "本证书为样本，仅说明版式。", "", style{font: fonts.Hei, size: 4.4, col: sealRed})
	c.text(40, h-22, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 5.4, col: sealRed, bold: 0.02})
	c.seal(228, h-42, 20, f.Registrar)
	c.mark(w, h, 32, 0.12)
	return c.finish(DomainCertificate, w, h, 0, Fields{Title: f.Title, Domain: f.Domain, Holder: f.Holder,
		Registrar: f.Registrar, Registered: f.Registered, Expires: f.Expires})
}

func drawLetter(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	title := pick(rng, []string{"情况说明", "网站建设说明", "承诺书"})
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 254, G: 254, B: 252, A: 255})
	text := style{font: fonts.Kai, size: 5.4, col: ink, bold: 0.012}
	c.centred(w/2, 46, title, "title", style{font: fonts.Hei, size: 10, col: ink, spacing: 0.3, bold: 0.02})
	sentences := []string{
		"　　" + f.Company + "成立于" + chineseDate(f.Established) + "，住所为" + f.Address + "。",
		"　　本单位网站用于展示自有产品和服务，不涉及需要前置审批的内容，网站内容由" + p.Name + "负责维护。",
		"　　本单位承诺所提交的备案信息真实、准确、完整，如有变更将在规定时间内办理变更手续。",
		"　　以上情况属实，特此说明。",
	}
	y := c.paragraph(28, 70, 154, 10.5, "虚构市通信管理局：", "", text)
	for _, s := range sentences {
		y = c.paragraph(28, y+1.5, 154, 10.5, s, "", text)
	}
	c.text(116, y+26, f.Company, "company", text)
	c.text(116, y+38, chineseDate(signed), "signed_on", text)
	c.seal(152, y+26, 20, f.Company)
	c.centred(w/2, h-16, "样本 SPECIMEN　仅供测试", "", style{font: fonts.Hei, size: 4.6, col: sealRed})
	c.mark(w, h, 26, 0.12)
	return c.finish(PlainLetter, w, h, 0, Fields{Title: strings.TrimSpace(title), Company: f.Company, SignedOn: signed})
}
