package checks

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
)

func TestAUnitsCertificateIsMeasuredAsAPage(t *testing.T) {
	t.Parallel()
	m := photo()
	m.Document.Formats = []filing.FormatFit{{Format: filing.FormatID1, Likelihood: 0.9, PxPerMM: 9}, {Format: filing.FormatA4, Likelihood: 0.05, PxPerMM: 2.6}}
	read := func(kind filing.DocumentKind, confidence float64) func(*FileInput) {
		return func(in *FileInput) {
			in.Reading, in.Content = ReadingDone, &filing.Content{Kind: filing.DetectedKind{Detected: kind, Confidence: confidence}}
		}
	}
	for name, c := range map[string]struct {
		of   func(*FileInput)
		want int
	}{
		"of a unit": {enterprise, 1}, "of an individual": {individual, 0}, "of nobody known": {func(*FileInput) {}, 0},
		"read as a licence": {read(filing.DocumentBusinessLicense, 0.95), 1}, "read as a licence in doubt": {read(filing.DocumentBusinessLicense, 0.7), 0},
		"read as a card": {read(filing.DocumentIDCard, 0.95), 0}, "read as nothing": {read(filing.DocumentUnknown, 0.95), 0},
		"read as a certificate that may be a booklet": {read(filing.DocumentLetter, 0.95), 0},
		"a card that looks like a page": {func(in *FileInput) {
			in.Measurements.Document = &filing.Document{Confidence: 0.95, Quad: m.Document.Quad, FrameShare: m.Document.FrameShare, Formats: []filing.FormatFit{
				{Format: filing.FormatA4, Likelihood: 0.6, PxPerMM: 2.6}, {Format: filing.FormatID1, Likelihood: 0.4, PxPerMM: 9},
			}}
			read(filing.DocumentIDCard, 0.95)(in)
		}, 0},
	} {
		in := FileInput{Measurements: m, Limits: GuideLimits(), Declared: filing.Declared{Material: "applicant_document", Page: filing.PageFront}}
		c.of(&in)
		found := 0
		for _, f := range File(in) {
			if f.Code == "resolution_too_low" {
				found++
			}
		}
		if found != c.want {
			t.Errorf("%s: %d times too low a resolution, want %d", name, found, c.want)
		}
	}
}

func TestWhereTheDocumentLiesIsJudged(t *testing.T) {
	t.Parallel()
	on := func(change func(*filing.Measurements)) filing.Measurements {
		m := photo()
		change(&m)
		return m
	}
	document := func(change func(*filing.Document)) filing.Measurements {
		return on(func(m *filing.Measurements) { change(m.Document) })
	}
	outside := func(card, sheet float64) filing.Measurements {
		return document(func(d *filing.Document) {
			d.Quad[0][0], d.Quad[3][0] = -80, -80
			d.Formats[0].OutsideMM, d.Formats[1].OutsideMM = card, sheet
		})
	}
	beside := func(confidence, share float64) filing.Measurements {
		return on(func(m *filing.Measurements) {
			m.Others = []filing.Document{{
				Quad: [4]filing.Point{{400, 2900}, {2600, 2900}, {2600, 3900}, {400, 3900}}, Confidence: confidence, FrameShare: share,
			}}
		})
	}
	cases := []struct {
		name     string
		material string
		m        filing.Measurements
		codes    []string
		measured map[string]any
	}{
		{"a card in the middle of the table", "principal_id", photo(), none, nil},
		{"no document", "principal_id", on(func(m *filing.Measurements) { m.Document = nil }), []string{"document_not_found"},
			map[string]any{"confidence": 0.0}},
		{"something that is hardly a document", "principal_id", document(func(d *filing.Document) { d.Confidence = 0.12 }),
			[]string{"document_not_found"}, map[string]any{"confidence": 0.12}},
		{"no document in a photo of a person", "handheld_personal_document", on(func(m *filing.Measurements) {
			m.Document, m.FacesBy, m.Faces = nil, filing.FacesByUltraFace, []filing.Face{clearFace()}
		}), none, nil},
		{"a downloaded certificate has no table around it", "domain_certificate", on(func(m *filing.Measurements) {
			m.Document, m.EXIF, m.Format = nil, nil, filing.FormatPNG
		}), none, nil},
		{"a certificate that was photographed", "domain_certificate", on(func(m *filing.Measurements) { m.Document = nil }),
			[]string{"document_not_found"}, nil},
		{"what a camera burnt out is flat, and no drawing", "principal_id", on(func(m *filing.Measurements) {
			m.Document, m.Pixels = nil, &filing.Pixels{FlatShare: 0.9}
		}), []string{"document_not_found"}, nil},
		{"a plan that a computer drew", "principal_id", on(func(m *filing.Measurements) {
			m.Document, m.EXIF, m.Pixels = nil, nil, &filing.Pixels{FlatShare: 0.9}
		}), none, nil},
		{"a card on a table of one colour, from a chat app", "principal_id", on(func(m *filing.Measurements) {
			*m = outside(6, 20)
			m.EXIF, m.Pixels = nil, &filing.Pixels{FlatShare: 0.9}
		}), []string{"document_cut_off"}, map[string]any{"outside_mm": 6.0}},
		{"a card on the page of a program, on a screen", "principal_id", on(func(m *filing.Measurements) {
			*m = outside(6, 20)
			m.Format, m.EXIF, m.Pixels = filing.FormatPNG, &filing.EXIF{Screenshot: true}, &filing.Pixels{FlatShare: 0.9}
		}), []string{"screenshot"}, nil},
		{"a drawing that is the whole picture", "principal_id", on(func(m *filing.Measurements) {
			*m = outside(6, 20)
			m.EXIF, m.Pixels, m.Document.FrameShare = nil, &filing.Pixels{FlatShare: 0.9}, 1
		}), none, nil},
		{"a drawing in which something may be a document", "principal_id", on(func(m *filing.Measurements) {
			*m = outside(6, 20)
			m.EXIF, m.Pixels, m.Document.Confidence = nil, &filing.Pixels{FlatShare: 0.9}, 0.6
		}), none, nil},
		{"a certificate on a registrar's page", "domain_certificate", on(func(m *filing.Measurements) {
			*m = outside(6, 20)
			m.EXIF, m.Pixels = nil, &filing.Pixels{FlatShare: 0.9}
		}), none, nil},
		{"a card of which 6 mm are missing", "principal_id", outside(6, 20), []string{"document_cut_off"}, map[string]any{"outside_mm": 6.0}},
		{"a card that touches the border", "principal_id", outside(0.6, 2), none, nil},
		{"a card that leaves the picture, if it is one", "principal_id", on(func(m *filing.Measurements) {
			*m = outside(6, 20)
			m.Document.Confidence = 0.6
		}), []string{"document_cut_off"}, map[string]any{"outside_mm": 6.0}},
		{"what is hardly one and leaves it by little", "principal_id", on(func(m *filing.Measurements) {
			*m = outside(6, 20)
			m.Document.Confidence, m.Document.OutsideShare = 0.25, 0.03
		}), []string{"document_not_found"}, map[string]any{"confidence": 0.25}},
		{"a card that runs out of the picture so far that nobody can be sure", "principal_id", on(func(m *filing.Measurements) {
			*m = outside(26, 40)
			m.Document.Confidence, m.Document.OutsideShare = 0.2, 0.4
		}), []string{"document_cut_off"}, map[string]any{"outside_mm": 26.0}},
		{"something that hardly is a document and runs out of the picture", "principal_id", on(func(m *filing.Measurements) {
			*m = outside(26, 40)
			m.Document.Confidence, m.Document.OutsideShare = 0.12, 0.4
		}), []string{"document_not_found"}, nil},
		{"a tiny card that nobody can be sure of", "principal_id", document(func(d *filing.Document) { d.Confidence, d.FrameShare = 0.5, 0.03 }),
			[]string{"document_too_small"}, map[string]any{"frame_share": 0.03}},
		{"a small one that nobody can be sure of", "principal_id", document(func(d *filing.Document) { d.Confidence, d.FrameShare = 0.5, 0.12 }), none, nil},
		{"print too small to be read on a card that is near", "principal_id", on(func(m *filing.Measurements) {
			m.Legibility = &filing.Legibility{TextHeightPx: 8.2, Tiles: make([]filing.SharpnessTile, 4)}
		}),
			[]string{"resolution_too_low"}, map[string]any{"text_height_px": 8.2}},
		{"a page of which the far print is too small", "principal_id", on(func(m *filing.Measurements) {
			m.Legibility = &filing.Legibility{TextHeightPx: 15, Tiles: []filing.SharpnessTile{{TextHeightPx: 15}, {TextHeightPx: 9.4}, {TextHeightPx: 9.8}}}
		}), []string{"resolution_too_low"}, map[string]any{"text_height_px": 9.8}},
		{"a page with one place of specks", "principal_id", on(func(m *filing.Measurements) {
			m.Legibility = &filing.Legibility{TextHeightPx: 15, Tiles: []filing.SharpnessTile{{TextHeightPx: 15}, {TextHeightPx: 6}, {TextHeightPx: 14}}}
		}), none, nil},
		{"a card that is cut off in a person's hand", "handheld_personal_document", on(func(m *filing.Measurements) {
			*m = outside(6, 20)
			m.FacesBy, m.Faces = filing.FacesByUltraFace, []filing.Face{clearFace()}
		}), []string{"document_cut_off"}, nil},
		{"what runs out of the picture behind a person and may be a card", "handheld_personal_document", on(func(m *filing.Measurements) {
			*m = outside(6, 20)
			m.Document.Confidence = 0.76
			m.FacesBy, m.Faces = filing.FacesByUltraFace, []filing.Face{clearFace()}
		}), none, nil},
		{"a card far away", "principal_id", document(func(d *filing.Document) { d.FrameShare = 0.08 }), []string{"document_too_small"},
			map[string]any{"frame_share": 0.08}},
		{"a card in a picture that was scaled down", "principal_id", document(func(d *filing.Document) { d.Formats[0].PxPerMM = 3.4 }),
			[]string{"resolution_too_low"}, map[string]any{"px_per_mm": 3.4}},
		{"a page needs fewer pixels for a millimetre", "applicant_document", document(func(d *filing.Document) {
			d.Formats[0] = filing.FormatFit{Format: filing.FormatA4, Likelihood: 0.9, PxPerMM: 4}
		}), none, nil},
		{"a page whose far side is small", "domain_certificate", document(func(d *filing.Document) {
			d.Formats[0] = filing.FormatFit{Format: filing.FormatA4, Likelihood: 0.9, PxPerMM: 4, LeastPxPerMM: 2.1}
		}), []string{"resolution_too_low"}, map[string]any{"least_px_per_mm": 2.1}},
		{"a page whose far side is large enough", "domain_certificate", document(func(d *filing.Document) {
			d.Formats[0] = filing.FormatFit{Format: filing.FormatA4, Likelihood: 0.9, PxPerMM: 3, LeastPxPerMM: 2.5}
		}), none, nil},
		{"a letter that has the shape of a card is a page", "provider_guarantee", document(func(d *filing.Document) {
			d.Formats = []filing.FormatFit{{Format: filing.FormatID1, Likelihood: 0.9, PxPerMM: 9}, {Format: filing.FormatA4, Likelihood: 0.05, PxPerMM: 2.6}}
		}), []string{"resolution_too_low"}, map[string]any{"px_per_mm": 2.6}},
		{"what an individual hands in for the applicant may be a card", "applicant_document", document(func(d *filing.Document) {
			d.Formats = []filing.FormatFit{{Format: filing.FormatID1, Likelihood: 0.9, PxPerMM: 9}, {Format: filing.FormatA4, Likelihood: 0.05, PxPerMM: 2.6}}
		}), none, nil},
		{"a card held out to a person may be small", "handheld_personal_document", on(func(m *filing.Measurements) {
			m.Document.FrameShare = 0.04
			m.FacesBy, m.Faces = filing.FacesByUltraFace, []filing.Face{clearFace()}
		}), none, nil},
		{"from a steep angle", "principal_id", document(func(d *filing.Document) { d.Tilt = 44.4 }), []string{"document_tilted"},
			map[string]any{"tilt": 44.4}},
		{"from a steep angle, if it is a card", "principal_id", document(func(d *filing.Document) { d.Confidence, d.Tilt = 0.6, 44.4 }), none, nil},
		{"a finger on the card", "principal_id", document(func(d *filing.Document) {
			d.Occluded, d.Occlusions = 0.03, [][]filing.Point{{{2300, 1900}, {2712, 1950}, {2710, 2200}}}
		}), []string{"document_occluded"}, map[string]any{"occluded": 0.03}},
		{"a finger on a card that few would be sure of", "principal_id", document(func(d *filing.Document) {
			d.Confidence, d.Occluded = 0.5, 0.03
		}), []string{"document_occluded"}, map[string]any{"occluded": 0.03}},
		{"something on what hardly is a card", "principal_id", document(func(d *filing.Document) { d.Confidence, d.Occluded = 0.4, 0.03 }), none, nil},
		{"a thumb on the margin of a card that is held", "handheld_personal_document", on(func(m *filing.Measurements) {
			m.Document.Occluded, m.Document.OccludedDepth = 0.03, 0.27
			m.FacesBy, m.Faces = filing.FacesByUltraFace, []filing.Face{clearFace()}
		}), none, nil},
		{"a thumb on the print of a card that is held", "handheld_personal_document", on(func(m *filing.Measurements) {
			m.Document.Occluded, m.Document.OccludedDepth = 0.03, 0.45
			m.FacesBy, m.Faces = filing.FacesByUltraFace, []filing.Face{clearFace()}
		}), []string{"document_occluded"}, map[string]any{"occluded": 0.03}},
		{"two cards", "principal_id", beside(0.95, 0.27), []string{"several_documents"}, map[string]any{"documents": 2}},
		{"a card and a note", "principal_id", beside(0.95, 0.02), none, nil},
		{"a card and what may be another", "principal_id", beside(0.2, 0.27), none, nil},
		{"a property certificate with the ID beside it", "property_certificate", beside(0.95, 0.27), none, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			findings := File(FileInput{Measurements: c.m, Limits: GuideLimits(),
				Declared: filing.Declared{Material: c.material, Page: filing.PageFront}})
			codes := []string{}
			for _, f := range findings {
				codes = append(codes, f.Code)
				for _, p := range f.Region {
					if p[0] < 0 || p[1] < 0 || p[0] > float64(c.m.Width) || p[1] > float64(c.m.Height) {
						t.Errorf("%s: its region leaves the picture at %v", f.Code, p)
					}
				}
			}
			if diff := cmp.Diff(c.codes, codes); diff != "" {
				t.Fatalf("findings (-want +got):\n%s", diff)
			}
			if c.measured != nil {
				if diff := cmp.Diff(c.measured, findings[0].Measured); diff != "" {
					t.Errorf("measured (-want +got):\n%s", diff)
				}
			}
		})
	}
}
