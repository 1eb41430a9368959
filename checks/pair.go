package checks

import (
	"encoding/hex"
	"math"
	"math/bits"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// PairInput is all that a document's two sides are judged by, together (证件正反面).
type PairInput struct {
	// Front and Back are the analyzer's measurements of the two photos.
	Front, Back filing.Measurements
	// SameBytes: both files hold the same content.
	SameBytes bool
	// FrontKind and BackKind are what was recognized in them by reading; nil where nothing was read.
	FrontKind, BackKind *filing.DetectedKind
	// Material is what both were declared as; it may be empty.
	Material string
	// Among: both are in one picture with others, out of which the service takes no two sides: they are not offered to be aligned.
	Among bool
	// Thresholds replaces the default table where it is given.
	Thresholds *Thresholds
}

// PairResult is how two sides stand to each other.
type PairResult struct {
	// ScaleRatio is the scale of the front over that of the back, and Basis the lengths that it was taken from; 0 and ""
	// where the scales cannot be compared.
	ScaleRatio float64
	Basis      string
	// Findings come in the order of the catalogue, without a finding an empty list.
	Findings []filing.Finding
}

// Pair judges the two sides of a document together: that they are two, and at the scale of 1:1 (G6.upload.2). What is decided
// where more than one answer is possible:
//
//   - The scale is that at the document's middle, along the direction in which it is largest, so that a tilted phone does not
//     count as a distant one.
//   - Both sides are taken to have one format, the one that fits both best; that of a card where the material is one.
//   - Where both frames have the same shape and different sizes, one photo was scaled as a whole, and what the document takes of
//     the frame is compared (filing.BasisCardPerFrame). Else pixels per millimetre are: they do not change where a photo is cropped.
//   - Two photos show the same side where they are copies of one picture, or where the same side of one kind of document was read in
//     both for certain. Of them nothing else is said.
//   - Light is another where the ground around the card and the card's own white are both shifted the same way; the ground is another
//     where it differs by more than the light does. What only the card's white is shifted by is the print of its two sides.
func Pair(in PairInput) (out PairResult) {
	c, t := loadCatalogue(), in.Thresholds
	if t == nil {
		all := DefaultThresholds()
		t = &all
	}
	out = PairResult{Findings: []filing.Finding{}}
	if in.SameBytes || samePicture(in.Front.Pixels, in.Back.Pixels, t.DuplicateDistance) ||
		sameSide(in.FrontKind, in.BackKind, t.KindSure) {
		out.Findings = append(out.Findings, c.finding("same_side_twice", wording{}))
		return out
	}
	defer func() {
		out.Findings = append(out.Findings, surroundings(c, &in, t)...)
		c.sort(out.Findings)
	}()
	ratio, basis := scaleRatio(&in, t)
	if basis == "" {
		out.Findings = append(out.Findings, c.finding("front_back_scale_unknown", wording{}))
		return out
	}
	out.ScaleRatio, out.Basis = thousandths(ratio), basis
	apart := math.Max(ratio, 1/ratio)
	if apart <= t.ScaleRatio {
		return out
	}
	code, limit := "front_back_scale", t.ScaleRatioDoubtful
	if apart <= t.ScaleRatioDoubtful {
		code, limit = "front_back_scale_doubtful", t.ScaleRatio
	}
	w := wording{values: values{"percent": percent(apart - 1)}}
	if in.Among {
		w.advice = "among"
	}
	f := c.finding(code, w)
	if in.Among {
		f.Repair = ""
	}
	f.Measured, f.Limit = map[string]any{"scale_ratio": thousandths(ratio)}, map[string]any{"max_scale_ratio": limit}
	out.Findings = append(out.Findings, f)
	return out
}

// VerdictOfCodes is the verdict that findings of these codes give: what is kept of a pair's findings are their codes. A code that is
// none needs a person.
func VerdictOfCodes(codes []string) filing.Verdict {
	c := loadCatalogue()
	findings := make([]filing.Finding, len(codes))
	for i, code := range codes {
		findings[i].Severity = filing.SeverityWarning
		if k := c.known[code]; k != nil {
			findings[i].Severity = k.Severity
		}
	}
	return filing.VerdictOf(findings)
}

// repairSides is the repair of the catalogue that brings two sides to one scale.
const repairSides = "sides"

// ofScale reports whether a finding is that two sides are at two scales: what that repair mends, where it is offered and where it is not.
func (c *catalogue) ofScale(code string) bool {
	k := c.known[code]
	return k != nil && k.Repair == repairSides
}

// AtOneScale are the findings of a pair that are left where one picture shows both its sides at one scale: those that the repair of
// their scales does not mend.
func AtOneScale(codes []string) []string {
	c := loadCatalogue()
	return slices.DeleteFunc(slices.Clone(codes), c.ofScale)
}

// thousandths rounds a ratio for people: the limits are whole hundredths, and 1.034 must not be shown as the 1.03 that passes.
func thousandths(x float64) float64 { return math.Round(x*1000) / 1000 }

// scaleRatio compares the scales of two photos; the basis is "" where that cannot be done.
func scaleRatio(in *PairInput, t *Thresholds) (ratio float64, basis string) {
	front, back := in.Front.Document, in.Back.Document
	for _, d := range []*filing.Document{front, back} {
		if d == nil || d.Confidence < t.DocumentSure || d.OutsideShare > t.PairOutsideShare {
			return 0, ""
		}
	}
	a, b := oneFormat(front, back, in.Material, t)
	if a == 0 || b == 0 {
		return 0, ""
	}
	longA, shortA := sides(&in.Front)
	longB, shortB := sides(&in.Back)
	if longA == longB && shortA == shortB {
		return a / b, filing.BasisPxPerMM
	}
	// Scaling rounds each side to a whole pixel, which is what the shapes of scaled frames may differ by.
	shape := math.Abs(longA*shortB - longB*shortA)
	if shape <= longA+longB {
		return a / longA / (b / longB), filing.BasisCardPerFrame
	}
	return a / b, filing.BasisPxPerMM
}

// sides are a picture's longer and shorter side: one of two photos may have been taken with the phone turned.
func sides(m *filing.Measurements) (long, short float64) {
	return float64(max(m.Width, m.Height)), float64(min(m.Width, m.Height))
}

// oneFormat returns the scales of two documents in pixels per millimetre as of the one format that fits both best; 0 where
// there is none.
func oneFormat(front, back *filing.Document, material string, t *Thresholds) (a, b float64) {
	best := 0.0
	for _, f := range front.Formats {
		for _, g := range back.Formats {
			fit := f.Likelihood * g.Likelihood
			if f.Format != g.Format || f.PxPerMM <= 0 || g.PxPerMM <= 0 {
				continue
			}
			if isCard(material) && f.Format == filing.FormatID1 && min(f.Likelihood, g.Likelihood) >= t.FormatLikelihood {
				return f.PxPerMM, g.PxPerMM
			}
			if fit > best {
				best, a, b = fit, f.PxPerMM, g.PxPerMM
			}
		}
	}
	return a, b
}

// sameSide reports whether the same side of one kind of document was read in both for certain.
func sameSide(a, b *filing.DetectedKind, sure float64) bool {
	return a != nil && b != nil && a.Detected == b.Detected && twoSided(a.Detected) && a.Page != "" && a.Page == b.Page &&
		a.Confidence >= sure && b.Confidence >= sure
}

// samePicture reports whether two perceptual hashes are at most so many bits apart.
func samePicture(a, b *filing.Pixels, distance int) bool {
	apart, ok := PictureDistance(a, b)
	return ok && apart <= distance
}

// PictureDistance is the Hamming distance between the perceptual hashes of two pictures, in bits of 256; false where one of them
// has none.
func PictureDistance(a, b *filing.Pixels) (int, bool) {
	if a == nil || b == nil || a.Hash == "" || len(a.Hash) != len(b.Hash) {
		return 0, false
	}
	x, err1 := hex.DecodeString(a.Hash)
	y, err2 := hex.DecodeString(b.Hash)
	if err1 != nil || err2 != nil {
		return 0, false
	}
	apart := 0
	for i := range x {
		apart += bits.OnesCount8(x[i] ^ y[i])
	}
	return apart, true
}
