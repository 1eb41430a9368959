package specimen

import (
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"time"

	"github.com/preflight-icp/preflight/filing"
)

// Kind is what a document is, side included.
type Kind string

// The kinds of documents that are drawn.
const (
	IDCardFront              Kind = "id_card_front"              // 居民身份证人像面
	IDCardBack               Kind = "id_card_back"               // 居民身份证签发机关面
	ResidencePermitFront     Kind = "residence_permit_front"     // 居住证
	ResidencePermitBack      Kind = "residence_permit_back"      // 居住证背面
	BusinessLicense          Kind = "business_license"           // 营业执照（正本）
	BusinessLicenseDuplicate Kind = "business_license_duplicate" // 营业执照（副本）
	AuthorizationLetter      Kind = "authorization_letter"       // 主体负责人授权书
	DomainCertificate        Kind = "domain_certificate"         // 域名证书
	PlainLetter              Kind = "letter"                     // 情况说明
)

// Kinds that only labelled photos show: see Case.
const (
	Passport     Kind = "passport"      // 护照资料页
	TravelPermit Kind = "travel_permit" // 港澳居民来往内地通行证
	Institution  Kind = "institution"   // 事业单位法人证书, which is a letter to those who ask
)

// Kinds lists the kinds that Draw knows, in a fixed order.
func Kinds() []Kind {
	return []Kind{IDCardFront, IDCardBack, ResidencePermitFront, ResidencePermitBack, BusinessLicense,
		BusinessLicenseDuplicate, AuthorizationLetter, DomainCertificate, PlainLetter}
}

// Line is one line of text of a document and where it is: pixels of Document.Image, corners clockwise from the top left.
type Line struct {
	Text string `json:"text"`
	// Field is the JSON name of the field of Fields that the line holds, whole or in part; empty for printed labels.
	Field string          `json:"field,omitempty"`
	Quad  [4]filing.Point `json:"quad"`
}

// Document is a drawn specimen: a flat picture of the document alone, edge to edge, and the truth about it.
type Document struct {
	Kind Kind `json:"kind"`
	// WidthMM and HeightMM are the size of the paper or card, CornerMM the radius of its corners (0 for paper).
	WidthMM  float64 `json:"width_mm"`
	HeightMM float64 `json:"height_mm"`
	CornerMM float64 `json:"corner_mm"`
	// PxPerMM is the resolution of Image.
	PxPerMM float64 `json:"px_per_mm"`
	// Portrait is the printed portrait's left, top, right and bottom in millimetres; all 0 where there is none.
	Portrait [4]float64  `json:"portrait"`
	Image    *image.RGBA `json:"-"`
	Fields   Fields      `json:"fields"`
	Lines    []Line      `json:"lines"`
	// Colourless: the print has black and grey only.
	Colourless bool `json:"colourless,omitempty"`
}

// Bounds of the resolution that Draw takes, in pixels per millimetre: below the lower one text is no text, above the upper
// one an A4 page passes 100 megapixels.
const (
	MinPxPerMM = 2
	MaxPxPerMM = 45
)

// Draw draws a document of a kind at a resolution in pixels per millimetre (MinPxPerMM to MaxPxPerMM; 12 is 300 dpi).
// The seed decides names, numbers, portrait and small variations of print; seeds are independent of the resolution. Both
// sides of a card with the same seed belong to the same person.
func Draw(fonts *FontSet, kind Kind, seed uint64, pxPerMM float64) (*Document, error) {
	if pxPerMM < MinPxPerMM || pxPerMM > MaxPxPerMM {
		return nil, fmt.Errorf("draw %s: %g px/mm is outside %d to %d", kind, pxPerMM, MinPxPerMM, MaxPxPerMM)
	}
	rng := rand.New(rand.NewPCG(seed, 0x5bec1))
	switch kind {
	case IDCardFront, IDCardBack, ResidencePermitFront, ResidencePermitBack:
		return drawCard(fonts, kind, rng, pxPerMM), nil
	case BusinessLicense, BusinessLicenseDuplicate:
		return drawLicense(fonts, kind, rng, pxPerMM), nil
	case AuthorizationLetter:
		return drawAuthorization(fonts, rng, pxPerMM), nil
	case DomainCertificate:
		return drawDomainCertificate(fonts, rng, pxPerMM), nil
	case PlainLetter:
		return drawLetter(fonts, rng, pxPerMM), nil
	}
	return nil, fmt.Errorf("draw: unknown kind %q", kind)
}

// finish makes a document of what a canvas holds.
func (c *canvas) finish(kind Kind, w, h, corner float64, f Fields) *Document {
	return &Document{Kind: kind, WidthMM: w, HeightMM: h, CornerMM: corner, PxPerMM: c.ppm, Image: c.img, Fields: f,
		Lines: c.lines, Portrait: c.portrait}
}

// Colours of print.
var (
	ink      = color.NRGBA{R: 28, G: 28, B: 32, A: 255}
	cardBlue = color.NRGBA{R: 38, G: 104, B: 164, A: 255}
	sealRed  = color.NRGBA{R: 200, G: 32, B: 36, A: 255}
)

// validity draws when a document was issued and until when it holds: fixed dates, so that nothing depends on today.
func validity(rng *rand.Rand, years int) (from, until string) {
	start := time.Date(2018+rng.IntN(6), time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 0, 0, 0, 0, time.UTC)
	return start.Format(time.DateOnly), start.AddDate(years, 0, 0).Format(time.DateOnly)
}

// Size returns the width and height in millimetres of a kind's paper or card.
func Size(kind Kind) (widthMM, heightMM float64) {
	switch kind {
	case BusinessLicense, BusinessLicenseDuplicate, DomainCertificate, Institution:
		return a4Long, a4Short
	case Passport:
		return passportWidth, passportHeight
	case AuthorizationLetter, PlainLetter, PrintedPage:
		return a4Short, a4Long
	default:
		return cardWidth, cardHeight
	}
}
