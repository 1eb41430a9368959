package checks

import (
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// location judges where the document lies: that there is one, all of it in the picture and large enough in it, seen from
// above, nothing on it, and one alone. A photo of a person who holds a document is judged by that alone which holds for
// it too: what the frame cuts off, and what lies on the document beyond its margin. Pictures that a computer may have drawn have no table around the page and are left alone.
func (j *judge) location() []filing.Finding {
	m, t := j.m, j.t
	if m.Decode == nil || !m.Decode.Complete || j.drawn() {
		return nil
	}
	d := m.Document
	held := handheld(j.in.Declared.Material)
	if f := j.runsOut(); f != nil {
		return []filing.Finding{*f}
	}
	if d == nil || d.Confidence < t.DocumentSeen {
		if held {
			return nil
		}
		f := j.c.finding("document_not_found", wording{})
		confidence := 0.0
		if d != nil {
			confidence = rounded(d.Confidence)
		}
		f.Measured, f.Limit = map[string]any{"confidence": confidence}, map[string]any{"min_confidence": t.DocumentSeen}
		return []filing.Finding{f}
	}
	var out []filing.Finding
	add := func(code string, w wording, key, bound string, measured, limit any, region []filing.Point) {
		f := j.c.finding(code, w)
		f.Measured, f.Limit, f.Region = map[string]any{key: measured}, map[string]any{bound: limit}, region
		out = append(out, f)
	}
	quad := d.Quad[:]
	sure := d.Confidence >= t.DocumentSure && (!held || d.Confidence >= t.HeldSure)
	// Of what may be a document and leaves the picture, nothing is surer than that it does.
	if fit := j.fit(d); (sure || !held) && fit != nil && fit.OutsideMM > t.OutsideMM {
		out = append(out, j.cutOff(fit))
	}
	if held {
		// Somebody's thumb is on every card that is held: it may be on the margin.
		if d.OccludedDepth > t.OccludedHeld {
			j.occluded(add)
		}
		return out
	}
	// Of a document that is known to be cut off the size is not, and it has to be photographed again anyway.
	if sure && len(out) == 0 {
		switch fit := j.fit(d); {
		case d.FrameShare > 0 && d.FrameShare < t.FrameShare:
			add("document_too_small", wording{values: values{"percent": percent(d.FrameShare)}},
				"frame_share", "min_frame_share", rounded(d.FrameShare), t.FrameShare, quad)
		case fit != nil && fit.PxPerMM > 0 && fit.PxPerMM < j.leastResolution(fit.Format):
			add("resolution_too_low", wording{}, "px_per_mm", "min_px_per_mm", rounded(fit.PxPerMM), j.leastResolution(fit.Format), quad)
		case fit != nil && fit.LeastPxPerMM > 0 && fit.LeastPxPerMM < t.FarResolution*j.leastResolution(fit.Format):
			add("resolution_too_low", wording{}, "least_px_per_mm", "min_px_per_mm", rounded(fit.LeastPxPerMM),
				rounded(t.FarResolution*j.leastResolution(fit.Format)), quad)
		case fit != nil:
			if height, least, small := j.smallPrint(); small {
				add("resolution_too_low", wording{}, "text_height_px", "min_text_height_px", rounded(height), least, quad)
			}
		}
	}
	// A document that is tiny in the picture is never sure, and that is what is wrong with it.
	if !sure && d.FrameShare > 0 && d.FrameShare < t.FrameShareUnsure {
		add("document_too_small", wording{values: values{"percent": percent(d.FrameShare)}},
			"frame_share", "min_frame_share", rounded(d.FrameShare), t.FrameShareUnsure, quad)
	}
	if sure && d.Tilt > t.Tilt {
		add("document_tilted", wording{values: values{"tilt": int(d.Tilt + 0.5)}}, "tilt", "max_tilt", rounded(d.Tilt), t.Tilt, quad)
	}
	j.occluded(add)
	// A property certificate is photographed together with the permit and the ID (vocabulary, property_certificate).
	if j.in.Declared.Material != "property_certificate" {
		n := 1
		var other []filing.Point
		for i := range m.Others {
			o := &m.Others[i]
			if o.Confidence >= t.OtherDocument && o.FrameShare >= t.OtherSize*d.FrameShare {
				if n++; other == nil {
					other = o.Quad[:]
				}
			}
		}
		if n > 1 && d.Confidence >= t.OtherDocument {
			add("several_documents", wording{values: values{"documents": n}}, "documents", "max_documents", n, 1, other)
		}
	}
	return out
}

// occluded adds the finding on what lies on the document, if something does.
func (j *judge) occluded(add func(code string, w wording, key, bound string, measured, limit any, region []filing.Point)) {
	d, t := j.m.Document, j.t
	if d.Confidence < t.OccludedSeen || d.Occluded <= t.Occluded {
		return
	}
	region := d.Quad[:]
	if len(d.Occlusions) > 0 {
		region = d.Occlusions[0]
	}
	add("document_occluded", wording{}, "occluded", "max_occluded", rounded(d.Occluded), t.Occluded, region)
}

// cutOff is the finding on a document that the frame cuts off.
func (j *judge) cutOff(fit *filing.FormatFit) filing.Finding {
	f := j.c.finding("document_cut_off", wording{values: values{"outside_mm": atLeastOne(fit.OutsideMM)}})
	f.Measured, f.Limit = map[string]any{"outside_mm": rounded(fit.OutsideMM)}, map[string]any{"max_outside_mm": j.t.OutsideMM}
	f.Region = j.inPicture(j.m.Document.Quad[:])
	return f
}

// runsOut finds a document of which so much lies outside the frame that where it lies cannot be known for sure. That it has to
// be photographed whole is then the better advice than that none was found.
func (j *judge) runsOut() *filing.Finding {
	d, t := j.m.Document, j.t
	if d == nil || d.Confidence < t.CutOffSeen || d.Confidence >= t.DocumentSure || d.OutsideShare < t.CutOffShare || handheld(j.in.Declared.Material) {
		return nil
	}
	fit := j.fit(d)
	if fit == nil || fit.OutsideMM <= t.OutsideMM {
		return nil
	}
	f := j.cutOff(fit)
	return &f
}

// smallPrint reports whether the print that was found is too small to be read, whatever the document's size, and its height beside the least
// that is not: a steep view makes it smaller, and so does small print. Where most can be read, the far side of a page that is seen aslant may
// not; of that two places tell, since one may be of marks that are no print.
func (j *judge) smallPrint() (height, least float64, small bool) {
	l := j.m.Legibility
	if l == nil || len(l.Tiles) < j.t.SharpnessTiles {
		return 0, 0, false
	}
	if height, least = l.TextHeightPx, j.t.TextHeightPx; height > 0 && height < least {
		return height, least, true
	}
	heights := make([]float64, 0, len(l.Tiles))
	for i := range l.Tiles {
		heights = append(heights, l.Tiles[i].TextHeightPx)
	}
	slices.Sort(heights)
	const places = 2
	if len(heights) < places {
		return 0, 0, false
	}
	height, least = heights[places-1], j.t.FarTextHeightPx
	return height, least, height > 0 && height < least
}

// drawn reports whether the picture may be one that a computer drew, edge to edge: certificates are downloaded as pictures
// and plans are exported, and neither lies on a table. A photo of the print is judged as any photo: it has the data of a camera,
// or at least the noise of one; or it is plain that the document lies on something, which no computer drew around it. Around one that a screen shows
// there is the page of a program.
func (j *judge) drawn() bool {
	m := j.m
	camera := m.EXIF != nil && (m.EXIF.Make != "" || m.EXIF.HasExposure)
	switch j.in.Declared.Material {
	case "domain_certificate", "website_plan":
	default: // what a camera burnt out is flat, too, and so is a table of one colour once a chat app has compressed it
		lies := !j.screen && m.Document != nil && m.Document.Confidence >= j.t.DocumentSure && m.Document.FrameShare < j.t.WholeFrame
		return !camera && !lies && m.Pixels != nil && m.Pixels.FlatShare >= j.t.MostlyFlatShare
	}
	return m.Format != filing.FormatJPEG || !camera && (m.Pixels == nil || m.Pixels.FlatShare >= j.t.SomeFlatShare)
}

// fit returns the format that lengths are judged in: that of a card where the material is one, that of a page where it is always one; where
// the material may be either, that of what was read; else the likeliest. A page that is seen aslant may have the shape of a card, and the
// other way round.
func (j *judge) fit(d *filing.Document) *filing.FormatFit {
	material := j.in.Declared.Material
	read := filing.DocumentUnknown
	if material == "" || material == "applicant_document" {
		read = j.readAs()
	}
	switch {
	case isCard(material), read == filing.DocumentIDCard:
		if fit := cardFit(d, j.t); fit != nil {
			return fit
		}
	case j.isPage(material), onPages(read):
		if fit := fitOf(d, filing.FormatA4); fit != nil {
			return fit
		}
	}
	if len(d.Formats) == 0 {
		return nil
	}
	return &d.Formats[0]
}

// fitOf is how a document fits a format; nil where it was not measured for it.
func fitOf(d *filing.Document, format string) *filing.FormatFit {
	i := slices.IndexFunc(d.Formats, func(f filing.FormatFit) bool { return f.Format == format })
	if i < 0 {
		return nil
	}
	return &d.Formats[i]
}

// cardFit is how a document fits a card; nil where its shape is none of a card.
func cardFit(d *filing.Document, t *Thresholds) *filing.FormatFit {
	if fit := fitOf(d, filing.FormatID1); fit != nil && fit.Likelihood >= t.FormatLikelihood {
		return fit
	}
	return nil
}

// readAs is the kind that was surely read, or unknown.
func (j *judge) readAs() filing.DocumentKind {
	if c := j.in.Content; c != nil && c.Kind.Confidence >= j.t.KindSure {
		return c.Kind.Detected
	}
	return filing.DocumentUnknown
}

// onPages reports whether documents of a kind are pages of the A series. Other letters and certificates may be booklets.
func onPages(kind filing.DocumentKind) bool {
	switch kind {
	case filing.DocumentBusinessLicense, filing.DocumentAuthorizationLetter, filing.DocumentDomainCertificate:
		return true
	}
	return false
}

// isCard reports whether a material is in most filings a card of the size of an identity card.
func isCard(material string) bool {
	switch material {
	case "principal_id", "site_manager_id", "legal_representative_id", "guardian_id", "domain_holder_id", "residence_permit":
		return true
	}
	return false
}

// isPage reports whether a material is a page of the A series in every filing: letters, proofs, licences and certificates on paper. A unit's own
// certificate is one, an individual's is an identity document.
func (j *judge) isPage(material string) bool {
	switch material {
	case "", "student_card", "property_certificate", "handheld_unit_document", "handheld_personal_document":
		return false
	case "applicant_document":
		return j.in.Parties.Applicant == Enterprise
	}
	_, known := loadVocabulary().byCode[material]
	return known && !isCard(material)
}

// leastResolution is the resolution from which the smallest print of documents of a format can be read.
func (j *judge) leastResolution(format string) float64 {
	if format == filing.FormatID1 {
		return j.t.CardPxPerMM
	}
	return j.t.SheetPxPerMM
}

// inPicture keeps the corners of a region inside the picture, so that it can be shown.
func (j *judge) inPicture(region []filing.Point) []filing.Point {
	w, h := float64(j.m.Width), float64(j.m.Height)
	out := make([]filing.Point, len(region))
	for i, p := range region {
		out[i] = filing.Point{min(max(p[0], 0), w), min(max(p[1], 0), h)}
	}
	return out
}

// atLeastOne writes millimetres for people: whole ones, and never none where there is something.
func atLeastOne(mm float64) int { return max(int(mm+0.5), 1) }

// percent writes a share for people.
func percent(share float64) int { return int(100*share + 0.5) }
