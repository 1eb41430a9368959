package checks

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// hasColour says what colour an original of a material shows (原件的颜色), by which a grey copy can be told from it.
type hasColour int

const (
	// mayBeGrey: an original may be black print on white paper and nothing else: letters, plans, contracts, forms, which the
	// guide has people download, print and fill in with a black pen. That such a page is grey says nothing against it.
	mayBeGrey hasColour = iota
	// printed: the document is printed in colour: identity cards, permits, licences and certificates with emblem, seal and
	// coloured ground.
	printed
	// sealed: the clause that asks for it wants it sealed (G8.statement, G8.finance.foundation, the provider's guarantee), and seals
	// are red: the only colour on the page, and a small part of it.
	sealed
)

// coloursOf returns what colour originals of a material have. A material that is not named, a letter whose seal no
// clause of the guide asks for, and what was declared as nothing may be grey: to call an honest letter a photocopy costs
// more than to miss a copy that a reviewer will look at anyway.
func coloursOf(material string) hasColour {
	switch material {
	case "applicant_document", "principal_id", "site_manager_id", "legal_representative_id", "guardian_id", "domain_holder_id",
		"residence_permit", "property_certificate", "student_card", "handheld_unit_document", "handheld_personal_document",
		"news_license", "publishing_license", "drug_information_certificate", "drug_business_license",
		"device_business_license", "culture_license", "audiovisual_license", "ride_hailing_license":
		return printed
	case "provider_guarantee", "non_finance_pledge", "preapproval_statement":
		return sealed
	}
	return mayBeGrey
}

// greyCopy finds photos of grey copies (原件彩色拍照): the document has no colour of its own, although every original of what
// it was declared as has. Where the document was not found for sure, where too little of it could be measured, or where the
// noise of a dark photo hides what colour there may be, nothing is said: other findings are then raised.
func (j *judge) greyCopy() []filing.Finding {
	m, t := j.m, j.t
	if m.Colour == nil {
		return nil
	}
	colours := coloursOf(j.in.Declared.Material)
	limit := t.PrintedColour
	switch colours {
	case mayBeGrey:
		return nil
	case sealed:
		limit = t.SealColour
	}
	// Without a document the table would be judged, which may be as grey as any copy: only a picture that is grey throughout is one.
	if m.Document == nil && max(m.Colour.Chroma, math.Hypot(m.Colour.Neutral[0], m.Colour.Neutral[1])) >= t.GreyPicture {
		return nil
	}
	// What bears no print is no copy of anything, of two documents it is not known which one is meant, and blur takes the colour of a
	// small seal.
	l := m.Legibility
	if l == nil || len(l.Tiles) < t.ColourTiles ||
		slices.ContainsFunc(m.Others, func(d filing.Document) bool { return d.Confidence >= t.OtherDocument }) ||
		colours == sealed && l.TextHeightPx < t.Sharpness*l.EdgeWidthPx {
		return nil
	}
	if m.Document != nil && m.Document.Confidence < t.ColourConfidence || !j.colourTold() ||
		m.Colour.Noise > t.ColourNoise || m.Colour.ChromaShare >= limit {
		return nil
	}
	var w wording
	if colours == sealed {
		w.message, w.advice = "sealed", "sealed"
	}
	f := j.c.finding("greyscale_copy", w)
	f.Measured = map[string]any{"chroma_share": m.Colour.ChromaShare}
	f.Limit = map[string]any{"min_chroma_share": limit}
	if m.Document != nil {
		f.Region = slices.Clone(m.Document.Quad[:])
	}
	return []filing.Finding{f}
}

// colourTold reports whether enough of a document is measured to say that it has no colour: where its paper is burnt a seal may be, too. On a
// page that a computer or a scanner made white the print tells: light that burns a seal away would have made that pale first.
func (j *judge) colourTold() bool {
	m, t := j.m, j.t
	return m.Colour.Measured >= t.ColourMeasured ||
		(m.EXIF == nil || !m.EXIF.HasExposure) && m.Exposure != nil && m.Exposure.Ink < t.ColourInk
}

// recapture finds photos of a screen (翻拍): the measured probability, with the reasons for it.
func (j *judge) recapture() []filing.Finding {
	r := j.m.Recapture
	if r == nil || r.Score < j.t.Recapture {
		return nil
	}
	var reasons []filing.Text
	cues := []string{}
	for _, cue := range r.Cues {
		if text, ok := j.c.words.RecaptureCues[cue]; ok {
			reasons, cues = append(reasons, text), append(cues, cue)
		}
	}
	w := wording{advice: j.in.Declared.Material, values: values{"reasons": join(reasons)}}
	if len(reasons) == 0 {
		w.message = "unexplained"
	}
	f := j.c.finding("screen_recapture", w)
	f.Measured = map[string]any{"probability": r.Score, "reasons": cues}
	f.Limit = map[string]any{"max_probability": j.t.Recapture}
	return []filing.Finding{f}
}
