package specimen

import (
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/filing"
)

// Names of templates of Test3 that plans ask for by name.
const (
	paleHiring    = "hiring_pale"
	paleGuarantee = "guarantee_pale"
)

// thirdTemplates are the layouts of Test3. Their print is of another family than those of Tune, Test and Test2: grounds that run
// from one colour to another, pictures, characters as large as the page, bars along an edge, clear rims, holes and stamps on text.
func thirdTemplates() []template {
	upright, plain := layoutsOf(Test3)
	return []template{
		plain("id_card_front_glow", IDCardFront, drawGlowFront),
		plain("id_card_back_glow", IDCardBack, drawGlowBack),
		plain("residence_front_rimmed", ResidencePermitFront, drawRimmedPermit),
		plain("residence_back_rimmed", ResidencePermitBack, drawRimmedPermitBack),
		plain("travel_permit_skyline", TravelPermit, drawSkylinePermit),
		plain("travel_permit_barred", TravelPermit, drawBarredPermit),
		plain("passport_glow", Passport, drawGlowPassport),
		plain("license_cornered", BusinessLicense, drawCorneredLicense),
		upright("license_duplicate_electronic", BusinessLicenseDuplicate, drawElectronicLicense),
		upright("institution_table", Institution, drawTableInstitution),
		plain("enterprise_characters", Institution, drawCharactersEnterprise),
		plain("domain_skyline", DomainCertificate, drawSkylineDomain),
		upright("domain_perforated", DomainCertificate, drawPerforatedDomain),
		plain("authorization_punched", AuthorizationLetter, drawPunchedAuthorization),
		plain("letter_faded", PlainLetter, drawFadedLetter),
		plain(paleHiring, PlainLetter, drawPaleHiring),
		plain(paleGuarantee, PlainLetter, drawPaleGuarantee),
	}
}

// glow lays a ground over a box below the upper edge that is one colour at a place and another at a distance from it.
func (c *canvas) glow(x, w, h, cx, cy, reach float64, inner, outer color.NRGBA) {
	c.shade(x, 0, w, h, func(u, v float64) (float64, color.NRGBA) {
		t := math.Min(math.Hypot(u-cx, v-cy)/reach, 1)
		return 1, blended(inner, outer, t*t*(3-2*t))
	})
}

// fade lays a colour over a box that is full at its lower end and gone at its upper one.
func (c *canvas) fade(x, y, w, h float64, col color.NRGBA) {
	c.shade(x, y, w, h, func(_, v float64) (float64, color.NRGBA) { return math.Max(0, math.Min((v-y)/h, 1)), col })
}

// skyline prints a picture of a town at dusk over a box, like a photograph: a sky, towers in three distances, windows, mist.
func (c *canvas) skyline(rng *rand.Rand, x, y, w, h float64, sky, low, town color.NRGBA) {
	c.shade(x, y, w, h, func(u, v float64) (float64, color.NRGBA) {
		t := (v - y) / h
		haze := 0.08 * noise((u-x)/w*0.5, t*0.5, 5, 9, 77)
		return 1, blended(sky, low, math.Max(0, math.Min(t+haze, 1)))
	})
	for far := 3; far > 0; far-- {
		col := blended(town, low, float64(far-1)*0.3)
		for at := x; at < x+w; {
			wide := w * (0.03 + 0.05*rng.Float64())
			tall := h * (0.2 + 0.13*float64(far) + 0.22*rng.Float64())
			wide = math.Min(wide, x+w-at)
			c.rect(at, y+h-tall, wide, tall, col)
			lit := blended(col, color.NRGBA{R: 255, G: 226, B: 150, A: 255}, 0.6)
			for k := range 24 {
				if i, j := k%4, k/4; rng.IntN(3) == 0 && far < 3 && wide > 0.02*w {
					c.rect(at+wide*(0.14+0.2*float64(i)), y+h-tall*(0.9-0.13*float64(j)), wide*0.1, tall*0.05, lit)
				}
			}
			at += wide * 1.02
		}
	}
	c.fade(x, y+0.6*h, w, 0.4*h, color.NRGBA{R: low.R, G: low.G, B: low.B, A: 120})
}

// characters sets one large character after another across the page as a watermark.
func (c *canvas) characters(x, y, w, size float64, text string, col color.Color) {
	s := style{font: c.fonts.Song, size: size, col: col, bold: 0.03}
	n := float64(len([]rune(text)))
	for i, r := range []rune(text) {
		c.put(x+(w-size)*float64(i)/math.Max(n-1, 1), y, string(r), s)
	}
}

// dottedFrame sets dots along a rectangle, a larger one in every fifth place.
func (c *canvas) dottedFrame(x, y, w, h, r float64, col color.Color) {
	run := func(x0, y0, x1, y1 float64) {
		n := math.Round(math.Hypot(x1-x0, y1-y0) / (4 * r))
		for i := range int(n) {
			k := r
			if i%5 == 0 {
				k = 1.6 * r
			}
			t := float64(i) / n
			c.ellipse(x0+(x1-x0)*t, y0+(y1-y0)*t, k, k, col)
		}
	}
	run(x, y, x+w, y)
	run(x+w, y, x+w, y+h)
	run(x+w, y+h, x, y+h)
	run(x, y+h, x, y)
}

// cornered is a double frame whose corners turn inward around leaves.
func (c *canvas) cornered(inset, w, h, size float64, col color.Color) {
	c.frame(inset, inset, w-2*inset, h-2*inset, 0.12*size, col)
	for k := range 4 {
		x, y, sx, sy := inset, inset, 1.0, 1.0
		if k&1 == 1 {
			x, sx = w-inset, -1
		}
		if k&2 == 2 {
			y, sy = h-inset, -1
		}
		for leaf := range 5 {
			t := math.Pi / 8 * float64(leaf)
			sin, cos := math.Sincos(t)
			reach := size * (1.1 + 0.4*math.Sin(2*t))
			tip := filing.Point{x + sx*reach*cos, y + sy*reach*sin}
			side := 0.16 * size
			middle := filing.Point{x + sx*reach*0.55*cos, y + sy*reach*0.55*sin}
			c.fill(path{{{x, y}, {middle[0] - side*sy*sin, middle[1] + side*sx*cos}, tip, {middle[0] + side*sy*sin, middle[1] - side*sx*cos}}}, col)
		}
		c.stroke(arc(x, y, 1.9*size, 1.9*size, quarter(sx, sy), quarter(sx, sy)+math.Pi/2), 0.07*size, col)
	}
	in := inset + 0.45*size
	gap := 1.6 * size // the inner line stops where the leaves are
	for _, l := range [][4]float64{{in + gap, in, w - in - gap, in}, {in + gap, h - in, w - in - gap, h - in},
		{in, in + gap, in, h - in - gap}, {w - in, in + gap, w - in, h - in - gap}} {
		c.stroke([]filing.Point{{l[0], l[1]}, {l[2], l[3]}}, 0.05*size, col)
	}
}

// quarter is the angle at which the quarter of a circle begins that lies within a corner whose inside is to (sx, sy).
func quarter(sx, sy float64) float64 {
	switch {
	case sx > 0 && sy > 0:
		return 0
	case sx < 0 && sy > 0:
		return math.Pi / 2
	case sx < 0:
		return math.Pi
	}
	return 1.5 * math.Pi
}

// bars draws what looks like a bar code and holds nothing, across a box or down it.
func (c *canvas) bars(rng *rand.Rand, x, y, w, h float64) {
	long, down := w, h > w
	if down {
		long = h
	}
	unit := long / 120
	for at := 0.0; at < long; {
		dark, light := unit*float64(1+rng.IntN(3)), unit*float64(1+rng.IntN(3))
		if dark = math.Min(dark, long-at); down {
			c.rect(x, y+at, w, dark, ink)
		} else {
			c.rect(x+at, y, dark, h, ink)
		}
		at += dark + light
	}
}

// punches are the holes of a punch at the left edge, with what is seen through them.
func (c *canvas) punches(x, h float64) {
	for _, y := range []float64{h/2 - 40, h/2 + 40} {
		c.ellipse(x, y, 3.1, 3.1, color.NRGBA{R: 70, G: 64, B: 60, A: 255})
		c.ellipse(x+0.3, y+0.4, 2.7, 2.6, color.NRGBA{R: 96, G: 90, B: 84, A: 255})
	}
}

// perforation is a row of short cuts along which a stub is torn off.
func (c *canvas) perforation(x, y, w float64) {
	for at := 0.0; at < w; at += 4 {
		c.rect(x+at, y, 2.4, 0.5, color.NRGBA{R: 150, G: 150, B: 150, A: 255})
	}
}

// stamp is a rectangular stamp at a slant, as offices set over text.
func (c *canvas) stamp(cx, cy, w, h, turn float64, text string) {
	red := color.NRGBA{R: 200, G: 40, B: 60, A: 150}
	sin, cos := math.Sincos(turn)
	at := func(x, y float64) filing.Point { return filing.Point{cx + x*cos - y*sin, cy + x*sin + y*cos} }
	for _, k := range []float64{0, 1.6} {
		a, b := w/2-k, h/2-k
		for _, side := range [][2]filing.Point{{at(-a, -b), at(a, -b)}, {at(a, -b), at(a, b)}, {at(a, b), at(-a, b)}, {at(-a, b), at(-a, -b)}} {
			c.stroke(side[:], 0.6, red)
		}
	}
	s := style{font: c.fonts.Hei, size: h * 0.42, col: red, turn: turn, spacing: 0.1}
	from := at(-c.width(text, s)/2, h*0.15)
	c.put(from[0], from[1], text, s)
}

// rim is the clear edge of a laminated card around the print within.
func (c *canvas) rim(w, h, width float64, inner color.Color) {
	const r = 2.4
	var outline []filing.Point
	for _, k := range [][3]float64{{w - width - r, width + r, -math.Pi / 2}, {w - width - r, h - width - r, 0}, {width + r, h - width - r, math.Pi / 2},
		{width + r, width + r, math.Pi}} {
		outline = append(outline, arc(k[0], k[1], r, r, k[2], k[2]+math.Pi/2)...)
	}
	c.fill(path{outline}, inner)
}

// tiny is the ink of print too small to read.
func tiny(col color.NRGBA) lineScreen { return lineScreen{col: oneColour(col)} }

func drawGlowFront(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	portrait := newFace(rng, f.Sex == "男")
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.White)
	c.glow(0, cardWidth, cardHeight, 30, 20, 62, color.NRGBA{R: 253, G: 250, B: 242, A: 255}, color.NRGBA{R: 206, G: 220, B: 238, A: 255})
	c.hatch(0, 0, cardWidth, cardHeight, 1.2, 0.8, 0.07, color.NRGBA{R: 150, G: 140, B: 190, A: 110})
	c.characters(20, 44, 40, 34, "样", color.NRGBA{R: 120, G: 140, B: 190, A: 26})
	label := style{font: fonts.Hei, size: 2.45, col: color.NRGBA{R: 70, G: 84, B: 150, A: 255}}
	value := style{font: fonts.Song, size: 2.9, col: ink, bold: 0.04}
	name := value
	name.size = 4
	c.text(5.5, 10.4, "姓名", "", label)
	c.text(13.5, 10.6, f.Name, "name", name)
	c.text(5.5, 17.8, "性别", "", label)
	c.text(13.5, 17.8, f.Sex, "sex", value)
	c.text(21, 17.8, "民族", "", label)
	c.text(28.5, 17.8, f.Ethnicity, "ethnicity", value)
	c.text(5.5, 24.8, "出生", "", label)
	c.bornIn(13.5, 24.8, f.Birth, label, value)
	c.text(5.5, 32, "住址", "", label)
	c.paragraph(13.5, 32, 38, 4.1, f.Address, "address", value)
	portrait.draw(c, 58, 9, 21.5, 28.5)
	c.rect(4, 44.4, cardWidth-8, 0.2, color.NRGBA{R: 110, G: 120, B: 170, A: 255})
	c.text(5.5, 49.6, "公民身份号码", "", label)
	c.text(28, 49.8, f.Number, "number", style{font: fonts.Mono, size: 4.1, col: ink, spacing: 0.05})
	c.mark(cardWidth, cardHeight, 9, 0.13)
	c.specimenNote(38, 5.6)
	return c.finish(IDCardFront, cardWidth, cardHeight, cardCorner, f)
}

func drawGlowBack(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	from, until := validity(rng, 10)
	issuer := "虚构市公安局" + pick(rng, []string{"望星分局", "白鹭分局", "青禾分局"})
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.White)
	c.glow(0, cardWidth, cardHeight, cardWidth, 0, 80, color.NRGBA{R: 214, G: 232, B: 224, A: 255}, color.NRGBA{R: 250, G: 244, B: 246, A: 255})
	c.hatch(0, 0, cardWidth, cardHeight, 1.1, -0.6, 0.07, color.NRGBA{R: 190, G: 140, B: 150, A: 120})
	c.microtext(4, 30, cardWidth-8, 2.6, 0.5, 0.85, 0, 20, "SPECIMEN样本", tiny(color.NRGBA{R: 120, G: 110, B: 150, A: 200}))
	c.emblem(14, 15, 8)
	c.text(27, 13.2, "居民身份证", "title", style{font: fonts.Song, size: 7.4, col: ink, spacing: 0.3, bold: 0.05})
	c.text(27, 23.5, "样本专用证件", "", style{font: fonts.Hei, size: 3.8, col: ink, spacing: 0.5})
	label, value := style{font: fonts.Hei, size: 2.7, col: ink, bold: 0.02}, style{font: fonts.Hei, size: 2.8, col: ink}
	c.text(20, 40, "签发机关", "", label)
	c.text(35, 40, issuer, "issuer", value)
	c.text(20, 47, "有效期限", "", label)
	c.text(35, 47, dottedDate(from)+"-"+dottedDate(until), "valid_until", value)
	c.mark(cardWidth, cardHeight, 9, 0.13)
	c.specimenNote(5, 51.4)
	return c.finish(IDCardBack, cardWidth, cardHeight, cardCorner, Fields{Title: "居民身份证", Issuer: issuer, ValidFrom: from,
		ValidUntil: until})
}

// clearRim is the colour of a laminated card's edge, rimWidth how wide that is.
var clearRim = color.NRGBA{R: 222, G: 226, B: 226, A: 255}

const rimWidth = 2.6

func drawRimmedPermit(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	portrait := newFace(rng, f.Sex == "男")
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, clearRim)
	c.rim(cardWidth, cardHeight, rimWidth, color.NRGBA{R: 232, G: 240, B: 250, A: 255})
	blue := color.NRGBA{R: 28, G: 78, B: 150, A: 255}
	c.dots(rimWidth, 10, cardWidth-2*rimWidth, cardHeight-10-rimWidth, 1.3, 0.5, func(x, y float64) float64 { return 0.12 + 0.2*(x+y)/140 },
		tiny(color.NRGBA{R: 140, G: 176, B: 220, A: 150}))
	c.microtext(rimWidth+2, 11.2, cardWidth-2*rimWidth-4, 0.8, 0.5, 0.9, 0, 20, "SPECIMEN样本", tiny(blue))
	c.text(6.5, 9, "居住证", "title", style{font: fonts.Hei, size: 5, col: blue, spacing: 0.3, bold: 0.03})
	label := style{font: fonts.Song, size: 2.4, col: blue, bold: 0.04}
	value := style{font: fonts.Hei, size: 2.75, col: ink}
	portrait.draw(c, 59, 13.6, 20, 26.4)
	c.text(6.5, 17, "姓名", "", label)
	c.text(16, 17, f.Name, "name", value)
	c.text(6.5, 22.4, "性别", "", label)
	c.text(16, 22.4, f.Sex, "sex", value)
	c.text(25, 22.4, "民族", "", label)
	c.text(33, 22.4, f.Ethnicity, "ethnicity", value)
	c.text(6.5, 27.8, "出生日期", "", label)
	c.bornIn(18, 27.8, f.Birth, label, value)
	c.text(6.5, 33.2, "住址", "", label)
	c.paragraph(16, 33.2, 40, 3.9, f.Address, "address", value)
	c.text(6.5, 48.8, "公民身份号码", "", label)
	c.text(25.5, 49, f.Number, "number", style{font: fonts.Mono, size: 3.7, col: ink, spacing: 0.04})
	c.mark(cardWidth, cardHeight, 8.5, 0.13)
	c.specimenNote(61, 8.6)
	return c.finish(ResidencePermitFront, cardWidth, cardHeight, cardCorner, Fields{Title: "居住证", Name: f.Name, Sex: f.Sex,
		Ethnicity: f.Ethnicity, Birth: f.Birth, Address: f.Address, Number: f.Number})
}

func drawRimmedPermitBack(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	f.ValidFrom, _ = validity(rng, 1)
	f.Issuer = "虚构市公安局" + pick(rng, []string{"望星分局", "例塘分局"})
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, clearRim)
	c.rim(cardWidth, cardHeight, rimWidth, color.NRGBA{R: 240, G: 246, B: 252, A: 255})
	blue := color.NRGBA{R: 28, G: 78, B: 150, A: 255}
	c.fade(rimWidth+2, 36, cardWidth-2*rimWidth-4, 15, color.NRGBA{R: 150, G: 190, B: 226, A: 170})
	c.hatch(rimWidth+1, rimWidth+1, cardWidth-2*rimWidth-2, cardHeight-2*rimWidth-2, 1.6, 1, 0.07, color.NRGBA{R: 150, G: 180, B: 220, A: 120})
	c.centred(cardWidth/2, 15.5, "居住证", "title", style{font: fonts.Kai, size: 8.4, col: blue, spacing: 0.6, bold: 0.03})
	c.rect(24, 18, cardWidth-48, 0.3, blue)
	label, value := style{font: fonts.Hei, size: 2.7, col: blue}, style{font: fonts.Song, size: 2.8, col: ink, bold: 0.03}
	c.text(8, 25.6, "居住地址", "", label)
	y := c.paragraph(22, 25.6, 54, 4.2, f.Address, "address", value)
	c.text(8, y+1.6, "签发机关", "", label)
	c.text(22, y+1.6, f.Issuer, "issuer", value)
	c.text(8, y+7.4, "签发日期", "", label)
	c.text(22, y+7.4, chineseDate(f.ValidFrom), "valid_from", value)
	c.bars(rng, 54, 45, 24, 4)
	c.mark(cardWidth, cardHeight, 8.5, 0.13)
	c.specimenNote(8, 49)
	return c.finish(ResidencePermitBack, cardWidth, cardHeight, cardCorner,
		Fields{Title: "居住证", Address: f.Address, Issuer: f.Issuer, ValidFrom: f.ValidFrom})
}

func drawSkylinePermit(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	from, until := validity(rng, 10)
	portrait := newFace(rng, f.Sex == "男")
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 244, G: 246, B: 250, A: 255})
	wine := color.NRGBA{R: 120, G: 26, B: 60, A: 255}
	c.skyline(rng, 0, 11, cardWidth, 30, color.NRGBA{R: 236, G: 240, B: 246, A: 255}, color.NRGBA{R: 250, G: 230, B: 220, A: 255},
		color.NRGBA{R: 206, G: 200, B: 214, A: 255})
	c.text(6, 8, "港澳居民来往内地通行证", "title", style{font: fonts.Song, size: 4.3, col: wine, bold: 0.05})
	c.rect(0, 10.4, cardWidth, 0.7, wine)
	portrait.draw(c, 5, 14, 20, 27)
	c.permitRows(29, 16.5, 7.4, f, from, until, style{font: fonts.Hei, size: 2, col: wine}, style{font: fonts.Hei, size: 2.9, col: ink})
	c.text(56, 50.5, "H99"+f.Number[10:16], "number", style{font: fonts.Mono, size: 3.9, col: ink})
	c.specimenNote(6, 50)
	c.mark(cardWidth, cardHeight, 9, 0.13)
	return c.finish(TravelPermit, cardWidth, cardHeight, cardCorner, Fields{Title: "港澳居民来往内地通行证", Name: f.Name, Birth: f.Birth,
		ValidFrom: from, ValidUntil: until})
}

func drawBarredPermit(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	from, until := validity(rng, 5)
	portrait := newFace(rng, f.Sex == "男")
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.White)
	c.glow(0, cardWidth, cardHeight, 50, 54, 70, color.NRGBA{R: 255, G: 246, B: 220, A: 255}, color.NRGBA{R: 226, G: 238, B: 222, A: 255})
	c.hatch(0, 0, cardWidth-9, cardHeight, 0.9, 0, 0.06, color.NRGBA{R: 150, G: 180, B: 130, A: 140})
	olive := color.NRGBA{R: 70, G: 86, B: 24, A: 255}
	c.rect(cardWidth-8.6, 0, 8.6, cardHeight, color.White)
	c.bars(rng, cardWidth-7.2, 5, 4.6, cardHeight-10)
	c.text(31, 8.4, "台湾居民来往大陆通行证", "title", style{font: fonts.Hei, size: 3.9, col: olive, bold: 0.02})
	portrait.draw(c, 5, 5, 21.5, 29)
	c.permitRows(31, 15, 7.8, f, from, until, style{font: fonts.Song, size: 2.1, col: olive, bold: 0.03}, style{font: fonts.Song, size: 3, col: ink, bold: 0.03})
	c.text(5, 41.5, "T99"+f.Number[10:16], "number", style{font: fonts.Mono, size: 3.6, col: ink})
	c.specimenNote(5, 49.5)
	c.mark(cardWidth, cardHeight, 9, 0.13)
	return c.finish(TravelPermit, cardWidth, cardHeight, cardCorner, Fields{Title: "台湾居民来往大陆通行证", Name: f.Name, Birth: f.Birth,
		ValidFrom: from, ValidUntil: until})
}

func drawGlowPassport(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	from, until := validity(rng, 10)
	portrait := newFace(rng, f.Sex == "男")
	const w, h = passportWidth, passportHeight
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 250, G: 250, B: 246, A: 255})
	rust := color.NRGBA{R: 130, G: 56, B: 24, A: 255}
	c.glow(0, w, 64, 90, 30, 90, color.NRGBA{R: 252, G: 246, B: 236, A: 255}, color.NRGBA{R: 238, G: 212, B: 190, A: 255})
	c.characters(52, 56, 66, 40, "样本", color.NRGBA{R: 190, G: 120, B: 70, A: 34})
	c.hatch(0, 0, w, 64, 1.5, -1, 0.08, color.NRGBA{R: 200, G: 160, B: 130, A: 110})
	c.microtext(0, 63.4, w, 1.7, 0.55, 0.85, 0, 20, "SPECIMEN样本", tiny(rust))
	c.text(7, 9, "护照 PASSPORT", "title", style{font: fonts.Hei, size: 4.4, col: rust, bold: 0.03})
	c.text(96, 9, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 3, col: sealRed})
	portrait.draw(c, 7, 13, 33, 45)
	label, value := style{font: fonts.Song, size: 2, col: rust, bold: 0.03}, style{font: fonts.Hei, size: 3.1, col: ink}
	number := "S99" + f.Number[9:15]
	for _, r := range []struct {
		x, y              float64
		name, field, text string
	}{{46, 15, "类型 Type", "", "P"}, {62, 15, "国家码 Country Code", "", "XXX"}, {92, 15, "护照号 Passport No.", "number", number},
		{46, 24, "姓名 Name", "name", f.Name}, {92, 24, "性别 Sex", "sex", f.Sex}, {46, 33, "出生日期 Date of birth", "birth", f.Birth},
		{92, 33, "出生地点 Place of birth", "", "想象市"}, {46, 42, "签发日期 Date of issue", "valid_from", from},
		{92, 42, "有效期至 Date of expiry", "valid_until", until}, {46, 51, "签发机关 Authority", "issuer", "样本出入境管理局"}} {
		c.text(r.x, r.y, r.name, "", label)
		c.text(r.x, r.y+4.2, r.text, r.field, value)
	}
	zone := style{font: fonts.Mono, size: 4.1, col: ink}
	c.text(5, 74, "P<XXXSPECIMEN<<SPECIMEN<<<<<<<<<<<<<<<<<<<<<", "", zone)
	c.text(5, 82, number+"<0XXX"+strings.ReplaceAll(f.Birth, "-", "")[2:]+"0F9901010<<<<<<<<<<<<<<00", "", zone)
	c.mark(w, 62, 12, 0.12)
	return c.finish(Passport, w, h, passportCorner, Fields{Title: "护照", Name: f.Name, Sex: f.Sex, Birth: f.Birth, Number: number,
		ValidFrom: from, ValidUntil: until, Issuer: "样本出入境管理局"})
}

func drawCorneredLicense(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	f.Title = "营业执照"
	const w, h = a4Long, a4Short
	c := newCanvas(fonts, w, h, ppm, color.White)
	c.glow(0, w, h, w/2, h/2, 190, color.NRGBA{R: 255, G: 254, B: 248, A: 255}, color.NRGBA{R: 246, G: 226, B: 196, A: 255})
	gold := color.NRGBA{R: 176, G: 120, B: 40, A: 255}
	c.hatch(20, 20, w-40, h-40, 2.6, 0.5, 0.14, color.NRGBA{R: 226, G: 196, B: 150, A: 130})
	c.cornered(8, w, h, 11, gold)
	c.emblem(44, 40, 13)
	c.text(70, 46, "营业执照", "title", style{font: fonts.Kai, size: 20, col: ink, spacing: 0.4, bold: 0.03})
	c.code2D(rng, 236, 24, 24)
	c.text(70, 60, "统一社会信用代码："+f.CreditCode, "credit_code", style{font: fonts.Hei, size: 5, col: ink})
	label, value := style{font: fonts.Kai, size: 5.2, col: gold, bold: 0.03}, style{font: fonts.Kai, size: 5.4, col: ink, bold: 0.012}
	c.labelled(28, 82, 32, 90, 7.6, 4.6, [][3]string{{"名　　称", "company", f.Company}, {"类　　型", "company_type", f.CompanyType},
		{"法定代表人", "legal_representative", f.LegalRepresentative}, {"经营范围", "scope", f.Scope}}, label, value)
	c.labelled(162, 82, 32, 76, 7.6, 4.6, [][3]string{{"注册资本", "capital", f.Capital}, {"成立日期", "established", chineseDate(f.Established)},
		{"营业期限", "valid_until", chineseDate(f.ValidFrom) + "至长期"}, {"住　　所", "address", f.Address}}, label, value)
	c.text(172, 168, "登记机关", "", style{font: fonts.Kai, size: 6, col: ink, spacing: 0.4})
	if issued, err := time.Parse(time.DateOnly, f.Established); err == nil {
		c.text(172, 180, issued.AddDate(0, 0, 12).Format("2006 年 1 月 2 日"), "", value)
	}
	c.seal(230, 160, 18, f.Issuer)
	c.text(34, h-18, "样本 SPECIMEN　不具任何效力", "", style{font: fonts.Hei, size: 4.2, col: sealRed})
	c.mark(w, h, 31, 0.1)
	return c.finish(BusinessLicense, w, h, 0, f)
}

func drawElectronicLicense(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	f.Title = "营业执照"
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.White)
	sky := color.NRGBA{R: 36, G: 108, B: 196, A: 255}
	c.glow(0, w, 74, w, 0, 200, color.NRGBA{R: 196, G: 226, B: 250, A: 255}, color.NRGBA{R: 250, G: 252, B: 255, A: 255})
	c.dottedFrame(9, 9, w-18, h-18, 0.7, sky)
	c.emblem(32, 40, 12)
	c.text(54, 42, "营业执照", "title", style{font: fonts.Song, size: 16, col: ink, spacing: 0.25, bold: 0.05})
	c.text(136, 42, "（副本）", "", style{font: fonts.Song, size: 6.5, col: ink, bold: 0.03})
	c.text(54, 53, "电子证照　扫描二维码核验", "", style{font: fonts.Hei, size: 4, col: sky})
	c.code2D(rng, 166, 22, 24)
	c.rect(20, 74, w-40, 0.6, sky)
	label, value := style{font: fonts.Hei, size: 4.7, col: sky}, style{font: fonts.Song, size: 5.2, col: ink, bold: 0.03}
	c.labelled(22, 88, 50, 112, 8, 5, [][3]string{{"统一社会信用代码", "credit_code", f.CreditCode}, {"企业名称", "company", f.Company},
		{"类型", "company_type", f.CompanyType}, {"法定代表人", "legal_representative", f.LegalRepresentative}, {"住所", "address", f.Address},
		{"注册资本", "capital", f.Capital}, {"成立日期", "established", chineseDate(f.Established)},
		{"营业期限", "valid_until", chineseDate(f.ValidFrom) + "至长期"}, {"经营范围", "scope", f.Scope}}, label, value)
	c.text(104, 258, "登记机关", "", style{font: fonts.Song, size: 5.4, col: ink, spacing: 0.3, bold: 0.04})
	c.seal(160, 250, 18, f.Issuer)
	c.text(22, h-18, "样本 SPECIMEN　不具任何效力", "", style{font: fonts.Hei, size: 4.2, col: sealRed})
	c.mark(w, h, 25, 0.1)
	return c.finish(BusinessLicenseDuplicate, w, h, 0, f)
}

func drawTableInstitution(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	from, until := validity(rng, 5)
	f.CreditCode = creditCode(rng, "12")
	name := "虚构市" + pick(rng, []string{"白鹭植物园", "云溪少儿图书馆", "望星天文馆"})
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 253, G: 250, B: 240, A: 255})
	maroon := color.NRGBA{R: 128, G: 34, B: 40, A: 255}
	c.characters(16, 190, w-32, 84, "样本", color.NRGBA{R: 190, G: 120, B: 90, A: 26})
	c.cornered(9, w, h, 9, maroon)
	c.emblem(w/2, 38, 11)
	c.centred(w/2, 66, "事业单位法人证书", "title", style{font: fonts.Kai, size: 13, col: maroon, spacing: 0.1, bold: 0.04})
	c.centred(w/2, 77, "统一社会信用代码 "+f.CreditCode, "credit_code", style{font: fonts.Hei, size: 4.8, col: ink})
	label, value := style{font: fonts.Hei, size: 4.3, col: maroon}, style{font: fonts.Song, size: 4.8, col: ink, bold: 0.03}
	y := c.cells(22, 86, w-44, 40, 17, [][3]string{{"名称", "company", name}, {"宗旨和业务范围", "scope", strings.Split(pick(rng, scopes), "；")[0]}, {"住所", "address", f.Address}},
		label, value)
	const half = (w - 44) / 2
	c.cells(22, y, half+0.175, 40, 17, [][3]string{{"法定代表人", "legal_representative", f.LegalRepresentative}, {"经费来源", "", "样本经费"}}, label, value)
	y = c.cells(22+half-0.175, y, half+0.175, 30, 17, [][3]string{{"开办资金", "", "样本资金"}, {"举办单位", "", "样本举办单位"}}, label, value)
	y = c.cells(22, y, w-44, 40, 17, [][3]string{{"有效期", "valid_until", "自" + chineseDate(from) + "至" + chineseDate(until)}}, label, value)
	c.seal(148, y+42, 20, "虚构市事业单位登记管理局")
	c.text(96, y+62, chineseDate(from), "", value)
	c.text(26, h-22, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 4.8, col: sealRed})
	c.mark(w, h, 25, 0.1)
	return c.finish(Institution, w, h, 0, Fields{Title: "事业单位法人证书", Company: name, CreditCode: f.CreditCode, Address: f.Address,
		LegalRepresentative: f.LegalRepresentative, ValidFrom: from, ValidUntil: until})
}

func drawCharactersEnterprise(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	from, until := validity(rng, 4)
	f.CreditCode = creditCode(rng, "52")
	name := "虚构市" + pick(rng, []string{"青禾养老服务中心", "南乔职业培训学校", "清溪社区服务社"})
	const w, h = a4Long, a4Short
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 240, G: 247, B: 246, A: 255})
	sea := color.NRGBA{R: 14, G: 96, B: 104, A: 255}
	c.characters(18, 150, w-36, 82, "样本样本", color.NRGBA{R: 60, G: 150, B: 150, A: 24})
	c.dottedFrame(8, 8, w-16, h-16, 0.9, sea)
	c.frame(12, 12, w-24, h-24, 0.4, sea)
	c.centred(w/2, 42, "民办非企业单位登记证书", "title", style{font: fonts.Hei, size: 13, col: sea, spacing: 0.12, bold: 0.03})
	c.rect(60, 49, w-120, 0.5, sea)
	label, value := style{font: fonts.Hei, size: 4.8, col: sea}, style{font: fonts.Kai, size: 5.6, col: ink, bold: 0.012}
	c.labelled(28, 68, 46, 190, 8.2, 4.2, [][3]string{{"统一社会信用代码", "credit_code", f.CreditCode}, {"名称", "company", name}, {"业务范围", "scope", pick(rng, scopes)},
		{"住所", "address", f.Address}, {"法定代表人", "legal_representative", f.LegalRepresentative}, {"开办资金", "capital", f.Capital},
		{"有效期限", "valid_until", "自" + chineseDate(from) + "至" + chineseDate(until)}}, label, value)
	c.seal(226, 156, 19, "虚构市民政局")
	c.text(176, 180, chineseDate(from), "", value)
	c.bars(rng, 28, 178, 60, 7)
	c.text(100, h-16, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 4.6, col: sealRed})
	c.mark(w, h, 30, 0.1)
	return c.finish(Institution, w, h, 0, Fields{Title: "民办非企业单位登记证书", Company: name, CreditCode: f.CreditCode, Address: f.Address,
		LegalRepresentative: f.LegalRepresentative, ValidFrom: from, ValidUntil: until})
}

func drawSkylineDomain(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	domain := pick(rng, []string{"bailu-garden", "lizi-post", "yunxi-clay"}) + pick(rng, []string{".example", ".invalid"})
	registered, expires := validity(rng, 6)
	registrar := "样本数字网络有限公司"
	const w, h = a4Long, a4Short
	c := newCanvas(fonts, w, h, ppm, color.White)
	indigo := color.NRGBA{R: 44, G: 40, B: 120, A: 255}
	white := color.NRGBA{R: 255, G: 255, B: 255, A: 255}
	c.skyline(rng, 0, 126, w, h-126, white, color.NRGBA{R: 206, G: 214, B: 244, A: 255}, color.NRGBA{R: 96, G: 100, B: 170, A: 255})
	c.microtext(14, 12, w-28, 2.2, 0.9, 1.4, 0, 60, "SPECIMEN样本", tiny(indigo))
	c.centred(w/2, 40, "国际顶级域名证书", "title", style{font: fonts.Song, size: 14, col: indigo, spacing: 0.2, bold: 0.05})
	c.centred(w/2, 50, "Top-Level Domain Name Certificate", "", style{font: fonts.Song, size: 5, col: indigo, bold: 0.02})
	label, value := style{font: fonts.Song, size: 4.8, col: indigo, bold: 0.03}, style{font: fonts.Hei, size: 5.2, col: ink}
	c.labelled(40, 68, 66, 130, 7.6, 3.2, [][3]string{{"域名 Domain Name", "domain", domain}, {"域名所有者 Registrant", "holder", f.Company},
		{"域名注册商 Registrar", "registrar", registrar}, {"注册时间 Created", "registered", chineseDate(registered)},
		{"到期时间 Expires", "expires", chineseDate(expires)}}, label, value)
	c.seal(246, 104, 18, registrar)
	c.rect(0, h-14, w, 14, color.White)
	c.text(40, h-5, "样本 SPECIMEN　不具任何效力", "", style{font: fonts.Hei, size: 4.6, col: sealRed})
	c.mark(w, h, 30, 0.1)
	return c.finish(DomainCertificate, w, h, 0, Fields{Title: "国际顶级域名证书", Domain: domain, Holder: f.Company, Registrar: registrar,
		Registered: registered, Expires: expires})
}

func drawPerforatedDomain(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	domain := pick(rng, []string{"qinglang-wood", "wangxing-run", "zhiyuan-press"}) + pick(rng, []string{".example", ".test"})
	registered, expires := validity(rng, 2)
	registrar := "样本信息科技有限公司"
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 255, G: 253, B: 247, A: 255})
	moss := color.NRGBA{R: 60, G: 92, B: 40, A: 255}
	c.hatch(0, 0, w, 58, 3.2, 0.7, 0.2, color.NRGBA{R: 170, G: 196, B: 140, A: 170})
	c.characters(40, 216, w-80, 78, "样本", color.NRGBA{R: 140, G: 170, B: 110, A: 26})
	c.text(24, 36, "中国国家顶级域名证书", "title", style{font: fonts.Song, size: 12, col: moss, bold: 0.05})
	c.text(24, 47, "National Domain Name Certificate", "", style{font: fonts.Song, size: 4.8, col: moss, bold: 0.02})
	text := style{font: fonts.Song, size: 5.2, col: ink, bold: 0.02}
	y := c.paragraph(24, 76, 160, 9.4, "　　下列域名已在注册系统中登记，特发此证。", "", text)
	label := style{font: fonts.Hei, size: 4.8, col: moss}
	c.cells(24, y+4, w-48, 52, 18, [][3]string{{"域名 Domain", "domain", domain}, {"域名所有者 Owner", "holder", f.Company},
		{"注册服务机构", "registrar", registrar}, {"注册时间", "registered", chineseDate(registered)}, {"到期时间", "expires", chineseDate(expires)}}, label, text)
	c.seal(150, 216, 19, registrar)
	c.perforation(0, 252, w)
	c.bars(rng, 24, 262, 80, 10)
	c.text(24, h-14, "样本 SPECIMEN　不具任何效力", "", style{font: fonts.Hei, size: 4.4, col: sealRed})
	c.text(124, 270, "存根 "+domain, "", style{font: fonts.Hei, size: 4.2, col: ink})
	c.mark(w, h, 25, 0.1)
	return c.finish(DomainCertificate, w, h, 0, Fields{Title: "中国国家顶级域名证书", Domain: domain, Holder: f.Company, Registrar: registrar,
		Registered: registered, Expires: expires})
}

func drawPunchedAuthorization(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 251, G: 250, B: 244, A: 255})
	text := style{font: fonts.Song, size: 5.1, col: ink, bold: 0.02}
	c.punches(11, h)
	c.text(30, 22, "编号：样本-0099", "", style{font: fonts.Song, size: 4, col: ink, bold: 0.02})
	c.centred(w/2+6, 44, "授权委托书", "title", style{font: fonts.Kai, size: 11, col: ink, spacing: 0.5, bold: 0.03})
	c.rect(30, 50, w-52, 0.3, ink)
	c.rect(30, 51.4, w-52, 0.3, ink)
	y := c.paragraph(30, 66, 158, 9.8, "委托单位："+f.Company, "company", text)
	y = c.paragraph(30, y+1, 158, 9.8, "统一社会信用代码："+f.CreditCode, "credit_code", text)
	y = c.paragraph(30, y+1, 158, 9.8, "受托人："+p.Name, "principal", text)
	y = c.paragraph(30, y+1, 158, 9.8, "公民身份号码："+p.Number, "number", text)
	y = c.paragraph(30, y+6, 158, 9.8, "　　现委托上述受托人担任我单位网站负责人，代为办理网站备案信息的填报、核验和变更。受托人所作的承诺，我单位均予认可。", "", text)
	y = c.paragraph(30, y+2, 158, 9.8, "　　本委托书自签署之日起生效，无转委托权。", "", text)
	c.stamp(132, y-14, 46, 15, -0.14, "样本核讫")
	c.text(30, y+14, "法定代表人（签字）：", "", text)
	c.signature(rng, 84, y+13, f.LegalRepresentative)
	c.text(30, y+30, "受托人（签字）：", "", text)
	c.signature(rng, 74, y+29, p.Name)
	c.text(112, y+46, "委托单位（盖章）", "", text)
	c.text(112, y+57, chineseDate(signed), "signed_on", text)
	c.seal(158, y+44, 19, f.Company)
	c.text(30, h-16, "样本 SPECIMEN　仅供测试", "", style{font: fonts.Hei, size: 4.4, col: sealRed})
	c.mark(w, h, 25, 0.1)
	return c.finish(AuthorizationLetter, w, h, 0, Fields{Title: "授权委托书", Company: f.Company, CreditCode: f.CreditCode,
		LegalRepresentative: f.LegalRepresentative, Principal: p.Name, Number: p.Number, SignedOn: signed})
}

func drawFadedLetter(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.White)
	coral := color.NRGBA{R: 214, G: 84, B: 60, A: 255}
	c.fade(0, 216, w, h-216, color.NRGBA{R: 250, G: 206, B: 180, A: 255})
	c.glow(150, 60, 60, w, 0, 58, color.NRGBA{R: 250, G: 190, B: 160, A: 255}, color.NRGBA{R: 255, G: 255, B: 255, A: 255})
	c.microtext(24, 42, 110, 2, 0.9, 1.3, 0, 60, "SPECIMEN样本", tiny(coral))
	c.text(24, 36, f.Company, "company", style{font: fonts.Song, size: 6.4, col: coral, bold: 0.05})
	title := pick(rng, []string{"网站备案情况说明", "企业名称变更说明", "域名使用说明"})
	c.centred(w/2, 70, title, "title", style{font: fonts.Hei, size: 9.5, col: ink, spacing: 0.1, bold: 0.02})
	text := style{font: fonts.Kai, size: 5.5, col: ink, bold: 0.015}
	y := 90.0
	for _, s := range []string{"虚构市通信管理局：", "　　" + f.Company + "因业务需要开办网站，现将有关事项说明如下。", "　　一、网站栏目包括" + strings.Split(pick(rng, scopes), "；")[0] + "等。",
		"　　二、联系人" + p.Name + "，办公地点为" + f.Address + "。", "　　以上说明属实，如有不符，愿承担相应责任。"} {
		y = c.paragraph(26, y+1, 158, 10, s, "scope", text)
	}
	c.text(112, y+20, "说明单位（盖章）", "", text)
	c.text(112, y+32, chineseDate(signed), "signed_on", text)
	c.seal(164, y+22, 18, f.Company)
	c.stamp(58, y+22, 40, 14, 0.1, "样本收文")
	c.bars(rng, 24, h-30, 60, 8)
	c.text(120, h-22, "样本 SPECIMEN　仅供测试", "", style{font: fonts.Hei, size: 4.4, col: sealRed})
	c.mark(w, h, 25, 0.1)
	return c.finish(PlainLetter, w, h, 0, Fields{Title: title, Company: f.Company, SignedOn: signed})
}

func drawPaleHiring(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f, p := company(rng), person(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 252, G: 252, B: 252, A: 255})
	pale := color.NRGBA{R: 196, G: 196, B: 198, A: 255}
	c.dottedFrame(9, 9, w-18, h-18, 0.7, pale)
	c.characters(50, 190, w-100, 60, "样本", color.NRGBA{R: 140, G: 140, B: 140, A: 20})
	c.centred(w/2, 48, "聘用证明", "title", style{font: fonts.Song, size: 11, col: ink, spacing: 0.6, bold: 0.05})
	text := style{font: fonts.Hei, size: 4.8, col: ink}
	y := c.cells(28, 66, w-56, 40, 16, [][3]string{{"姓名", "name", p.Name}, {"证件号码", "number", p.Number}, {"聘用单位", "company", f.Company},
		{"岗位", "", pick(rng, []string{"网站编辑", "系统运维", "信息安全"})}}, text, text)
	y = c.paragraph(28, y+18, 154, 9.4, "　　上述人员自"+chineseDate(f.Established)+"起受聘于我单位，负责网站的日常管理。", "", text)
	y = c.paragraph(28, y+2, 154, 9.4, "　　本证明仅用于办理网站备案。", "", text)
	c.text(112, y+20, "单位（章）：", "", text)
	c.text(112, y+32, chineseDate(signed), "signed_on", text)
	c.smallSeal(156, y+22, f.Company)
	c.greyMark(w, h, 22)
	return c.finish(PlainLetter, w, h, 0, Fields{Title: "聘用证明", Name: p.Name, Company: f.Company, SignedOn: signed})
}

func drawPaleGuarantee(fonts *FontSet, rng *rand.Rand, ppm float64) *Document {
	f := company(rng)
	signed, _ := validity(rng, 1)
	const w, h = a4Short, a4Long
	c := newCanvas(fonts, w, h, ppm, color.NRGBA{R: 250, G: 250, B: 250, A: 255})
	c.punches(10, h)
	c.fade(0, h-40, w, 40, color.NRGBA{R: 226, G: 226, B: 228, A: 255})
	c.centred(w/2, 50, "保证书", "title", style{font: fonts.Kai, size: 13, col: ink, spacing: 0.8, bold: 0.03})
	text := style{font: fonts.Kai, size: 5.2, col: ink, bold: 0.015}
	y := 74.0
	for _, s := range []string{"　　我单位" + f.Company + "就开办网站一事保证：", "　　1. 所填报的信息与证照一致；", "　　2. 网站仅提供" + strings.Split(pick(rng, scopes), "；")[0] + "方面的信息；",
		"　　3. 网站服务地点为" + f.Address + "；", "　　4. 不出租、不出借备案号。"} {
		y = c.paragraph(30, y+2, 152, 9.6, s, "scope", text)
	}
	c.text(100, y+22, "保证单位：", "", text)
	c.text(100, y+32, f.Company, "company", text)
	c.text(100, y+44, chineseDate(signed), "signed_on", text)
	c.smallSeal(150, y+38, f.Company)
	c.greyMark(w, h, 22)
	return c.finish(PlainLetter, w, h, 0, Fields{Title: "保证书", Company: f.Company, SignedOn: signed})
}
