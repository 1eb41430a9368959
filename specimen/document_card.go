package specimen

import (
	"image/color"
	"math/rand/v2"
	"time"
)

// Size of a card of ISO/IEC 7810 ID-1 in millimetres.
const (
	cardWidth  = 85.6
	cardHeight = 54.0
	cardCorner = 3.18
)

// drawCard draws the sides of an identity card (居民身份证) and of a residence permit (居住证).
func drawCard(fonts *FontSet, kind Kind, rng *rand.Rand, ppm float64) *Document {
	f := person(rng)
	f.ValidFrom, f.ValidUntil = validity(rng, 20)
	f.Issuer = "虚构市公安局" + pick(rng, []string{"青禾分局", "云溪分局", "例塘分局"})
	face := newFace(rng, f.Sex == "男")
	switch kind {
	case IDCardFront:
		return idCardFront(fonts, f, face, ppm)
	case IDCardBack:
		return idCardBack(fonts, f, ppm)
	case ResidencePermitFront:
		return residencePermitFront(fonts, f, face, ppm)
	default:
		return residencePermitBack(fonts, f, ppm)
	}
}

// specimenNote prints the solid mark that every card carries beside the translucent one.
func (c *canvas) specimenNote(x, y float64) {
	c.text(x, y, "样本 SPECIMEN", "", style{font: c.fonts.Hei, size: 2.4, col: sealRed, bold: 0.02})
}

func idCardFront(fonts *FontSet, f Fields, face face, ppm float64) *Document {
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 232, G: 241, B: 247, A: 255})
	c.waves(0, -2, cardWidth, cardHeight+4, 1.15, 1.6, 31, 0.09, color.NRGBA{R: 122, G: 178, B: 214, A: 150})
	c.waves(0, -2, cardWidth, cardHeight+4, 1.6, 2.1, 44, 0.08, color.NRGBA{R: 226, G: 160, B: 170, A: 120})
	c.personal(f, 10)
	face.draw(c, 58.5, 7, 22.5, 31)
	label := style{font: fonts.Hei, size: 2.5, col: cardBlue}
	c.text(6.5, 48.2, "公民身份号码", "", label)
	c.text(29, 48.4, f.Number, "number", style{font: fonts.Mono, size: 4.0, col: ink, spacing: 0.04})
	c.mark(cardWidth, cardHeight, 9.5, 0.17)
	c.specimenNote(40, 10)
	return c.finish(IDCardFront, cardWidth, cardHeight, cardCorner,
		Fields{Name: f.Name, Sex: f.Sex, Ethnicity: f.Ethnicity, Birth: f.Birth, Address: f.Address, Number: f.Number})
}

// personal prints name, sex, ethnicity, birth and address as cards do.
func (c *canvas) personal(f Fields, y float64) {
	label := style{font: c.fonts.Hei, size: 2.5, col: cardBlue}
	value := style{font: c.fonts.Hei, size: 3.1, col: ink}
	small := value
	small.size = 2.7
	c.text(6.5, y, "姓名", "", label)
	c.text(14, y+0.2, f.Name, "name", style{font: c.fonts.Hei, size: 3.7, col: ink, spacing: 0.1})
	c.text(6.5, y+7.3, "性别", "", label)
	c.text(14, y+7.4, f.Sex, "sex", small)
	c.text(23, y+7.3, "民族", "", label)
	c.text(30, y+7.4, f.Ethnicity, "ethnicity", small)
	c.text(6.5, y+14, "出生", "", label)
	born, err := time.Parse(time.DateOnly, f.Birth)
	if err == nil {
		c.text(14, y+14.1, born.Format("2006"), "birth", small)
		c.text(22, y+14, "年", "", label)
		c.text(26.5, y+14.1, born.Format("1"), "birth", small)
		c.text(31, y+14, "月", "", label)
		c.text(35, y+14.1, born.Format("2"), "birth", small)
		c.text(39.5, y+14, "日", "", label)
	}
	c.text(6.5, y+21, "住址", "", label)
	c.paragraph(14, y+21.1, 38, 4.1, f.Address, "address", small)
}

func idCardBack(fonts *FontSet, f Fields, ppm float64) *Document {
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 238, G: 240, B: 244, A: 255})
	c.waves(0, -2, cardWidth, cardHeight+4, 1.2, 2.2, 52, 0.09, color.NRGBA{R: 214, G: 150, B: 160, A: 150})
	c.waves(0, -2, cardWidth, cardHeight+4, 1.5, 1.4, 27, 0.08, color.NRGBA{R: 130, G: 190, B: 190, A: 130})
	c.emblem(15, 14, 9)
	c.text(31, 13, "样本专用证件", "", style{font: fonts.Kai, size: 5.2, col: ink, spacing: 0.35, bold: 0.02})
	c.text(28, 23.5, "居民身份证", "title", style{font: fonts.Kai, size: 8.2, col: ink, spacing: 0.2, bold: 0.03})
	label := style{font: fonts.Hei, size: 2.8, col: ink, bold: 0.02}
	value := style{font: fonts.Hei, size: 2.8, col: ink}
	c.text(17, 39.5, "签发机关", "", label)
	c.text(33, 39.5, f.Issuer, "issuer", value)
	c.text(17, 46.5, "有效期限", "", label)
	c.text(33, 46.5, dottedDate(f.ValidFrom)+"-"+dottedDate(f.ValidUntil), "valid_until", value)
	c.mark(cardWidth, cardHeight, 9.5, 0.17)
	c.specimenNote(62, 51.4)
	return c.finish(IDCardBack, cardWidth, cardHeight, cardCorner,
		Fields{Title: "居民身份证", Issuer: f.Issuer, ValidFrom: f.ValidFrom, ValidUntil: f.ValidUntil})
}

func residencePermitFront(fonts *FontSet, f Fields, face face, ppm float64) *Document {
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 240, G: 246, B: 236, A: 255})
	c.waves(0, -2, cardWidth, cardHeight+4, 1.3, 1.8, 36, 0.09, color.NRGBA{R: 128, G: 190, B: 140, A: 150})
	c.rect(0, 0, cardWidth, 8.2, color.NRGBA{R: 58, G: 140, B: 92, A: 255})
	c.text(6.5, 6, "居住证", "title", style{font: fonts.Hei, size: 4.6, col: color.White, spacing: 0.5, bold: 0.02})
	c.text(54, 5.6, "样本 SPECIMEN", "", style{font: fonts.Hei, size: 3, col: color.White})
	c.personal(f, 14.5)
	face.draw(c, 59.5, 11, 20.5, 27)
	c.text(6.5, 50.4, "公民身份号码", "", style{font: fonts.Hei, size: 2.5, col: cardBlue})
	c.text(29, 50.6, f.Number, "number", style{font: fonts.Mono, size: 3.7, col: ink, spacing: 0.04})
	c.mark(cardWidth, cardHeight, 9.5, 0.17)
	return c.finish(ResidencePermitFront, cardWidth, cardHeight, cardCorner, Fields{Title: "居住证", Name: f.Name,
		Sex:       f.Sex,
		Ethnicity: f.Ethnicity, Birth: f.Birth, Address: f.Address, Number: f.Number})
}

func residencePermitBack(fonts *FontSet, f Fields, ppm float64) *Document {
	c := newCanvas(fonts, cardWidth, cardHeight, ppm, color.NRGBA{R: 240, G: 246, B: 236, A: 255})
	c.waves(0, -2, cardWidth, cardHeight+4, 1.3, 2.4, 48, 0.09, color.NRGBA{R: 128, G: 190, B: 140, A: 150})
	c.emblem(16, 15, 8)
	c.text(30, 19, "居住证", "title", style{font: fonts.Hei, size: 9, col: color.NRGBA{R: 34, G: 100, B: 62, A: 255},
		spacing: 0.4})
	value := style{font: fonts.Hei, size: 2.8, col: ink}
	c.text(10, 34, "居住地址", "", value)
	y := c.paragraph(26, 34, 50, 4.2, f.Address, "address", value)
	c.text(10, y+1.5, "签发机关", "", value)
	c.text(26, y+1.5, f.Issuer, "issuer", value)
	c.text(10, y+7, "签发日期", "", value)
	c.text(26, y+7, chineseDate(f.ValidFrom), "valid_from", value)
	c.mark(cardWidth, cardHeight, 9.5, 0.17)
	c.specimenNote(62, 51.4)
	return c.finish(ResidencePermitBack, cardWidth, cardHeight, cardCorner,
		Fields{Title: "居住证", Address: f.Address, Issuer: f.Issuer, ValidFrom: f.ValidFrom})
}
