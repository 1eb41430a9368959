package checks

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
)

// grey is what is measured on a grey copy of a card in warm light.
func grey() *filing.Colour {
	return &filing.Colour{Chroma: 1.3, ChromaShare: 0, Neutral: [2]float64{-1, 13}, Measured: 0.98, Noise: 0.2}
}

// located is a document that was found for sure.
func located(format string, likelihood float64) *filing.Document {
	return &filing.Document{
		Quad: [4]filing.Point{{100, 100}, {900, 100}, {900, 600}, {100, 600}}, Confidence: 0.97,
		Formats: []filing.FormatFit{{Format: format, Likelihood: likelihood}},
	}
}

func originalityCases() []fileCase {
	copied := func(material string, changes ...func(m *filing.Measurements)) func(*FileInput) {
		return func(in *FileInput) {
			in.Declared.Material = material
			in.Measurements.Colour, in.Measurements.Document = grey(), located(filing.FormatID1, 0.97)
			in.Measurements.Legibility = &filing.Legibility{EdgeWidthPx: 4, TextHeightPx: 24, Tiles: make([]filing.SharpnessTile, 12)}
			for _, change := range changes {
				change(&in.Measurements)
			}
		}
	}
	share := func(share float64) func(*filing.Measurements) {
		return func(m *filing.Measurements) { m.Colour.ChromaShare = share }
	}
	page := func(m *filing.Measurements) { m.Document = located(filing.FormatA4, 0.97) }
	screen := func(material string, score float64, cues ...string) func(*FileInput) {
		return func(in *FileInput) {
			in.Declared.Material = material
			in.Measurements.Recapture = &filing.Recapture{Score: score, PeriodPx: 3.2, PeakRatio: 900, Cues: cues}
		}
	}
	is := []string{"greyscale_copy"}
	suspected := []string{"screen_recapture"}
	return []fileCase{
		{"a grey copy of an identity card", copied("principal_id"), is},
		{"a grey copy of a licence", copied("applicant_document", page), is},
		{"a grey copy of a residence permit", copied("residence_permit"), is},
		{"a grey pre-approval licence", copied("news_license", page), is},
		{"a person in colour holds a grey copy", copied("handheld_personal_document"), is},
		{"an identity card in colour", copied("principal_id", share(0.1)), none},
		{"an identity card as pale as they come", copied("principal_id", share(0.012)), none},
		{"a letter that may be black on white", copied("website_plan", page), none},
		{"an authorization, whose seal no clause asks for", copied("principal_authorization", page), none},
		{"a letter of commitment", copied("commitment_letter", page), none},
		{"a contract", copied("labor_contract", page), none},
		{"a downloaded domain certificate", copied("domain_certificate", page), none},
		{"a statement that has to be sealed, without a seal", copied("preapproval_statement", page), is},
		{"a statement with a small seal", copied("preapproval_statement", page, share(0.003)), none},
		{"a pledge that has to be sealed, without a seal", copied("non_finance_pledge", page), is},
		{"a material that nobody knows", copied("no_such_material"), none},
		{"a card that was declared as nothing", copied(""), none},
		{"a document that may lie elsewhere", copied("principal_id", func(m *filing.Measurements) { m.Document.Confidence = 0.3 }), none},
		{"a picture without any colour in which no document was found", copied("principal_id",
			func(m *filing.Measurements) {
				m.Document, m.Colour.Chroma, m.Colour.Neutral = nil, 0.2, [2]float64{0, 0.1}
			}), []string{"greyscale_copy", "document_not_found"}},
		{"a window that was taken for a document", copied("principal_id",
			func(m *filing.Measurements) { m.Legibility.Tiles = m.Legibility.Tiles[:5] }), none},
		{"a page without any print", copied("principal_id", func(m *filing.Measurements) { m.Legibility = nil }), none},
		{"a grey page beside the card", copied("principal_id", func(m *filing.Measurements) {
			m.Others = []filing.Document{*located(filing.FormatID1, 0.9)}
		}), []string{"several_documents"}},
		{"a page too blurred for its seal to be seen", copied("provider_guarantee", page,
			func(m *filing.Measurements) { m.Legibility.EdgeWidthPx = 14 }), none},
		{"a grey table in white light, in which no document was found", copied("principal_id",
			func(m *filing.Measurements) { m.Document, m.Colour.Chroma = nil, 0.2 }), []string{"document_not_found"}},
		{"a grey table in lamplight", copied("principal_id", func(m *filing.Measurements) { m.Document = nil }),
			[]string{"document_not_found"}},
		{"a card that is burnt out", copied("principal_id", func(m *filing.Measurements) { m.Colour.Measured = 0.3 }), none},
		{"a grey letter on a page that a computer made white", copied("preapproval_statement", page, func(m *filing.Measurements) {
			m.EXIF, m.Colour.Measured, m.Exposure = nil, 0.09, &filing.Exposure{Paper: 254, Ink: 89, Lightest: 254}
		}), is},
		{"one whose print is pale, so that its seal may be burnt", copied("preapproval_statement", page, func(m *filing.Measurements) {
			m.EXIF, m.Colour.Measured, m.Exposure = nil, 0.09, &filing.Exposure{Paper: 254, Ink: 119, Lightest: 254}
		}), none},
		{"one with a seal", copied("preapproval_statement", page, share(0.003), func(m *filing.Measurements) {
			m.EXIF, m.Colour.Measured, m.Exposure = nil, 0.09, &filing.Exposure{Paper: 254, Ink: 89, Lightest: 254}
		}), none},
		{"a page whose print was not measured", copied("preapproval_statement", page, func(m *filing.Measurements) {
			m.EXIF, m.Colour.Measured, m.Exposure = nil, 0.09, nil
		}), none},
		{"a camera's photo of which half is burnt", copied("preapproval_statement", page, func(m *filing.Measurements) {
			m.EXIF, m.Colour.Measured, m.Exposure = &filing.EXIF{Make: "x", Model: "y", HasExposure: true}, 0.3, &filing.Exposure{Paper: 254, Ink: 89, Lightest: 254}
		}), none},
		{"a photo too dark for colours", copied("principal_id", func(m *filing.Measurements) { m.Colour.Noise = 5 }), none},

		{"a screen with its grid", screen("principal_id", 0.97, "pixel_grid"), suspected},
		{"a screen, seen with its frame, sent through a chat app", screen("applicant_document", 0.81, "moire", "bezel", "no_camera_data"), suspected},
		{"a screen with a domain certificate", screen("domain_certificate", 0.9, "moire"), suspected},
		{"a screen for reasons that have no words yet", screen("principal_id", 0.9, "smell"), suspected},
		{"a pattern that is no screen's", screen("principal_id", 0.2, "moire", "no_camera_data"), none},
	}
}

func TestOriginalityRaisesWhatItShouldAndNothingElse(t *testing.T) {
	t.Parallel()
	var report strings.Builder
	for _, c := range originalityCases() {
		in := FileInput{Measurements: photo(), Limits: GuideLimits()}
		in.Measurements.FacesBy = filing.FacesByUltraFace
		in.Measurements.Faces = []filing.Face{{Box: [4]float64{10, 10, 400, 400}, Confidence: 0.99}}
		c.in(&in)
		findings := File(in)
		codes := []string{}
		for _, f := range findings {
			codes = append(codes, f.Code)
		}
		if diff := cmp.Diff(c.codes, codes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		checkFindings(t, c.name, findings)
		if len(findings) > 0 {
			fmt.Fprintf(&report, "# %s\n", c.name)
			writeFindings(&report, "", findings)
			report.WriteString("\n")
		}
	}
	golden(t, filepath.Join("testdata", "originality.golden"), report.String())
}

func TestMaterialsThatAreSaidToHaveColourAreInTheVocabulary(t *testing.T) {
	t.Parallel()
	coloured := 0
	for _, m := range Vocabulary() {
		if coloursOf(m.Code) != mayBeGrey {
			coloured++
		}
	}
	// 19 printed, 3 sealed: a name written wrong in coloursOf would be missing here.
	if coloured != 22 {
		t.Errorf("%d materials of the vocabulary have colour, want 22", coloured)
	}
}
