package checks

import (
	"slices"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

// panelled is a picture whose parts a program put side by side, and what was read in each.
func panelled(panel bool, kinds ...string) func(*FileInput) {
	return func(in *FileInput) {
		in.Measurements = good()
		content := filing.Content{Kind: filing.DetectedKind{Detected: filing.DocumentComposite, Confidence: 1}}
		for i, k := range kinds {
			kind, side, _ := strings.Cut(k, "/")
			p := part(filing.DocumentUnknown, "", float64(900*i), 0)
			p.Panel = panel
			in.Measurements.Parts = append(in.Measurements.Parts, p)
			d := filing.DetectedKind{Detected: filing.DocumentKind(kind), Page: filing.Page(side), Confidence: 0.99}
			if d.Detected == filing.DocumentUnknown {
				d.Confidence = 0
			}
			content.Parts = append(content.Parts, filing.Content{Kind: d})
		}
		in.Reading, in.Content = ReadingDone, &content
		in.Parties = Parties{Applicant: "enterprise"}
	}
}

func TestAStitchedFileIsJudgedByWhatItsPartsAre(t *testing.T) {
	t.Parallel()
	front := filing.Declared{Material: "principal_id", Page: filing.PageFront}
	id := filing.Declared{Material: "principal_id"}
	for name, c := range map[string]struct {
		declared filing.Declared
		change   func(*FileInput)
		is, not  string
	}{
		"both sides of what was declared":      {id, panelled(true, "id_card/front", "id_card/back"), "", "several_documents part_missing part_unexpected kind_unrecognized same_side_twice"},
		"the other side goes with the one":     {front, panelled(true, "id_card/front", "id_card/back"), "", "several_documents part_missing part_unexpected wrong_side"},
		"the letter goes with the certificate": {id, panelled(true, "id_card/front", "authorization_letter/front"), "", "part_unexpected part_missing"},
		"a certificate of a domain does not":   {id, panelled(true, "id_card/front", "domain_certificate/front"), "part_unexpected", "part_missing"},
		"the side that was declared is not there": {
			filing.Declared{Material: "principal_id", Page: filing.PageBack}, panelled(true, "id_card/front", "business_license/front"), "part_missing", "wrong_side",
		},
		"nothing of what was declared":           {id, panelled(true, "business_license/front", "domain_certificate/front"), "part_missing part_unexpected", "kind_mismatch"},
		"one that nobody recognized may be it":   {id, panelled(true, "business_license/front", "unknown"), "kind_unrecognized", "part_missing"},
		"the same side twice":                    {id, panelled(true, "id_card/front", "id_card/front"), "same_side_twice", "part_missing"},
		"two licences":                           {filing.Declared{Material: "applicant_document"}, panelled(true, "business_license/front", "business_license/front"), "several_documents", "part_missing"},
		"what declares nothing misses nothing":   {filing.Declared{}, panelled(true, "id_card/front", "domain_certificate/front"), "", "part_missing part_unexpected several_documents"},
		"photographed at once and recognized":    {id, panelled(false, "id_card/front", "id_card/back"), "", "several_documents part_unexpected"},
		"photographed at once, one unrecognized": {id, panelled(false, "id_card/front", "unknown"), "", "part_missing part_unexpected"},
		"what was not read needs a person": {id, func(in *FileInput) {
			panelled(true, "id_card/front", "id_card/back")(in)
			in.Reading, in.Content = ReadingWaits, nil
		}, "several_documents text_not_read", "part_missing"},
		"more than anybody looks at": {id, func(in *FileInput) {
			panelled(true, "id_card/front", "id_card/back")(in)
			in.Measurements.PartsLeft = 28
		}, "several_documents", "part_missing"},
		"a person who holds a document is one photo": {
			filing.Declared{Material: "handheld_unit_document"}, panelled(true, "id_card/front", "unknown"), "", "part_missing part_unexpected",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := FileInput{Declared: c.declared}
			c.change(&in)
			var codes []string
			findings := File(in)
			for _, f := range findings {
				codes = append(codes, f.Code)
			}
			for _, code := range strings.Fields(c.is) {
				if !slices.Contains(codes, code) {
					t.Errorf("no %s: %v", code, codes)
				}
			}
			for _, code := range strings.Fields(c.not) {
				if slices.Contains(codes, code) {
					t.Errorf("%s: %v", code, codes)
				}
			}
			if VerdictOfCodes(strings.Fields(c.is)) != filing.VerdictPass && filing.VerdictOf(findings) == filing.VerdictPass {
				t.Error("it passes")
			}
		})
	}
}

func TestPartsStandForWhatTheFileWasDeclaredAsUnderTheirOwnPage(t *testing.T) {
	t.Parallel()
	in := FileInput{Declared: filing.Declared{Material: "principal_id", Page: filing.PageFront, Of: "principal"}}
	panelled(true, "id_card/front", "id_card/back", "business_license/front")(&in)
	parts := Parts(in, File(in))
	if len(parts) != 3 || parts[0].Declared == nil || parts[1].Declared == nil || parts[2].Declared != nil ||
		parts[0].Declared.Page != filing.PageFront || parts[1].Declared.Page != filing.PageBack || parts[1].Declared.Of != "principal" {
		t.Fatalf("%+v", parts)
	}
	match := MatchParts(parts, in.Content)
	if len(match) != 3 || match[2].Seen != 3 || match[2].Declared.Material != "" || match[2].Content == nil {
		t.Errorf("%+v", match)
	}
	if !NeedContent([]MatchFile{{Declared: in.Declared, State: filing.MaterialChecked, Parts: match}}) {
		t.Error("the licence goes where what was read says, and nobody asks for that")
	}
	in.Made = true
	if Parts(in, nil) != nil {
		t.Error("a picture of ours stands for what was recorded")
	}
	in.Made, in.Reading, in.Content = false, ReadingWaits, nil
	if parts := Parts(in, nil); len(parts) != 3 || parts[0].Kind != nil || MatchParts(parts, nil) != nil {
		t.Errorf("before it was read the file stands for what it was declared as: %+v", parts)
	}
}

// What hides some of a part is said of that part: by light on it, or since the photo that it came from did not hold the whole of it.
func TestWhatHidesSomeOfAPartIsSaidOfIt(t *testing.T) {
	t.Parallel()
	spot := []filing.Point{{1000, 100}, {1100, 100}, {1100, 200}, {1000, 200}}
	for name, c := range map[string]struct {
		change func(p *filing.SeenPart)
		want   string
	}{
		"nothing": {func(*filing.SeenPart) {}, ""},
		"a reflection": {func(p *filing.SeenPart) {
			p.Glare = &filing.Glare{Share: 0.1, TextShare: 0.2, Regions: [][]filing.Point{spot}}
		}, "glare"},
		"a point of light": {func(p *filing.SeenPart) {
			p.Glare = &filing.Glare{Share: 0.004, TextShare: 0.2, Regions: [][]filing.Point{spot}}
		}, ""},
		"the edge of a photo": {func(p *filing.SeenPart) { p.Document.OutsideShare, p.Document.Formats[0].OutsideMM = 0.1, 6 }, "document_cut_off"},
		"what may be no document": {func(p *filing.SeenPart) {
			p.Document.Confidence = 0.5
			p.Glare = &filing.Glare{Share: 0.1, TextShare: 0.2, Regions: [][]filing.Point{spot}}
			p.Document.Formats[0].OutsideMM = 6
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := FileInput{Declared: filing.Declared{Material: "principal_id"}}
			panelled(true, "id_card/front", "id_card/back")(&in)
			second := &in.Measurements.Parts[1]
			second.Document.Confidence = 0.95
			second.Document.Formats = []filing.FormatFit{{Format: filing.FormatID1, Likelihood: 1, PxPerMM: 9}}
			c.change(second)
			got := ""
			for _, f := range File(in) {
				if f.Code != "glare" && f.Code != "document_cut_off" {
					continue
				}
				got = f.Code
				if f.Part != 2 || len(f.Region) == 0 || f.Advice.ZH == "" {
					t.Errorf("%+v", f)
				}
			}
			if got != c.want {
				t.Errorf("%q", got)
			}
			if c.want != "" && Parts(in, File(in))[1].Verdict == filing.VerdictPass {
				t.Error("the part passes")
			}
		})
	}
}
