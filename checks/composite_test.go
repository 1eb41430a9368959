package checks

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
)

// part is a part of a stitched picture, a card of 860 pixels across at a place.
func part(kind filing.DocumentKind, page filing.Page, x, y float64, change ...func(*filing.SeenPart)) filing.SeenPart {
	p := filing.SeenPart{
		Kind: kind, Page: page, Quad: [4]filing.Point{{x, y}, {x + 856, y}, {x + 856, y + 540}, {x, y + 540}}, Sharpness: 8,
		Legibility: &filing.Legibility{TextHeightPx: 25, EdgeWidthPx: 3, Tiles: make([]filing.SharpnessTile, 9)},
		Document:   filing.Document{Confidence: 0.95, Formats: []filing.FormatFit{{Format: filing.FormatID1, Likelihood: 0.9, PxPerMM: 10}}},
	}
	p.Document.Quad = p.Quad
	for _, c := range change {
		c(&p)
	}
	return p
}

func larger(by float64) func(*filing.SeenPart) {
	return func(p *filing.SeenPart) { p.Document.Formats[0].PxPerMM *= by }
}

// on puts a part on a ground of this colour.
func on(lab [3]float64) func(*filing.SeenPart) {
	return func(p *filing.SeenPart) {
		m := lying(lab, [2]float64{0, 2})
		p.Exposure, p.Colour, p.Surround = m.Exposure, m.Colour, m.Surround
	}
}

func page(p *filing.SeenPart) { p.Document.Formats[0].Format = filing.FormatA4 }

func TestAStitchedPictureIsHeldAgainstWhatItMustContain(t *testing.T) {
	t.Parallel()
	front, back := filing.PageFront, filing.PageBack
	want := func(kinds ...string) (out []filing.PartWanted) {
		for _, k := range kinds {
			kind, side, _ := strings.Cut(k, "/")
			out = append(out, filing.PartWanted{Kind: filing.DocumentKind(kind), Page: filing.Page(side)})
		}
		return out
	}
	const id, licence, unknown = filing.DocumentIDCard, filing.DocumentBusinessLicense, filing.DocumentUnknown
	for name, c := range map[string]struct {
		parts []filing.SeenPart
		want  []filing.PartWanted
		codes string
	}{
		"all that is wanted passes": {[]filing.SeenPart{part(id, front, 0, 0), part(id, back, 900, 0), part(licence, front, 0, 600, page)},
			want("id_card/front", "id_card/back", "business_license"), ""},
		"in any order":                            {[]filing.SeenPart{part(id, back, 0, 0), part(id, front, 900, 0)}, want("id_card/front", "id_card/back"), ""},
		"nothing wanted is held against nothing":  {[]filing.SeenPart{part(id, front, 0, 0)}, nil, ""},
		"one that is not there is missing":        {[]filing.SeenPart{part(id, front, 0, 0)}, want("id_card/front", "business_license"), "part_missing"},
		"an empty picture misses all":             {nil, want("id_card/front", "business_license"), "part_missing part_missing"},
		"one that nobody recognized may be it":    {[]filing.SeenPart{part(id, front, 0, 0), part(unknown, "", 900, 0)}, want("id_card/front", "id_card/back"), "kind_unrecognized"},
		"but not two of them":                     {[]filing.SeenPart{part(unknown, "", 900, 0)}, want("id_card/front", "id_card/back"), "kind_unrecognized part_missing"},
		"a side that could not be told is either": {[]filing.SeenPart{part(id, "", 0, 0), part(id, front, 900, 0)}, want("id_card/front", "id_card/back"), ""},
		"one side twice is said":                  {[]filing.SeenPart{part(id, front, 0, 0), part(id, front, 900, 0)}, want("id_card/front", "id_card/back"), "same_side_twice"},
		"one too many is not expected": {[]filing.SeenPart{part(id, front, 0, 0), part(licence, front, 900, 0, page)}, want("id_card/front"),
			"part_unexpected"},
		"print that is too small is illegible": {[]filing.SeenPart{part(licence, front, 0, 0, page, func(p *filing.SeenPart) { p.Legibility.TextHeightPx = 8 })}, nil, "part_illegible"},
		"and such as is blurred":               {[]filing.SeenPart{part(licence, front, 0, 0, page, func(p *filing.SeenPart) { p.Sharpness = 2 })}, nil, "part_illegible"},
		"a card of few pixels is":              {[]filing.SeenPart{part(id, front, 0, 0, larger(0.4))}, nil, "part_illegible"},
		"one that covers another":              {[]filing.SeenPart{part(licence, front, 0, 0, page), part(licence, front, 500, 100, page)}, nil, "parts_overlap"},
		"neighbours do not":                    {[]filing.SeenPart{part(licence, front, 0, 0, page), part(licence, front, 850, 0, page)}, nil, ""},
		"cards at two scales":                  {[]filing.SeenPart{part(id, front, 0, 0), part(filing.DocumentResidencePermit, front, 900, 0, larger(1.2))}, nil, "parts_scale"},
		"both sides of one card as a pair":     {[]filing.SeenPart{part(id, front, 0, 0), part(id, back, 900, 0, larger(1.2))}, nil, "front_back_scale"},
		"both sides on two grounds": {[]filing.SeenPart{part(id, front, 0, 0, on([3]float64{50, 12, 24})), part(id, back, 900, 0, on([3]float64{45, -2, -13}))}, nil,
			"front_back_background"},
		"both sides on one ground": {[]filing.SeenPart{part(id, front, 0, 0, on([3]float64{50, 12, 24})), part(id, back, 900, 0, on([3]float64{50, 12, 24}))}, nil, ""},
		"the cards of two people lie where they lie": {[]filing.SeenPart{
			part(id, front, 0, 0, on([3]float64{50, 12, 24})), part(id, back, 900, 0, on([3]float64{45, -2, -13})), part(id, front, 0, 600),
		}, nil, ""},
		"with its band of doubt":        {[]filing.SeenPart{part(id, front, 0, 0), part(id, back, 900, 0, larger(1.05))}, nil, "front_back_scale_doubtful"},
		"a page has a scale of its own": {[]filing.SeenPart{part(id, front, 0, 0), part(licence, front, 900, 0, page, larger(0.5))}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Composite(CompositeInput{Measurements: filing.Measurements{Width: 2000, Height: 1500}, Parts: c.parts, Wanted: c.want})
			var codes []string
			for _, f := range got {
				codes = append(codes, f.Code)
				if strings.Contains(f.Message.ZH+f.Message.EN+f.Advice.ZH+f.Advice.EN, "{") {
					t.Errorf("%s: an open brace: %v", f.Code, f.Message)
				}
			}
			if diff := cmp.Diff(c.codes, strings.Join(codes, " ")); diff != "" {
				t.Error(diff)
			}
			if got == nil {
				t.Error("no findings have to be an empty list")
			}
		})
	}
}

func TestWhatBelongsTogetherComesFromTheRules(t *testing.T) {
	t.Parallel()
	outcome := &filing.Outcome{Required: []filing.Requirement{
		{Material: "applicant_document", Of: "applicant"},
		{Material: "principal_id", Of: "principal"},
		{Material: "site_manager_id", Of: "site_manager"},
		{Material: "principal_authorization", Of: "principal"},
		{AnyOf: []string{"social_insurance_proof", "student_card"}, Of: "principal"},
		{Material: "domain_certificate", Of: "domain:specimen.cn"},
		{Material: "beijing_confirmation", Of: "applicant"},
		{Material: "verification_sheet", Of: "applicant"},
	}}
	same := true
	var got []string
	for _, c := range Compositions(outcome, &Parties{Applicant: Enterprise, SiteManagerIsPrincipal: &same}) {
		var parts []string
		for _, p := range c.Parts {
			parts = append(parts, p.Material+"/"+string(p.Page))
		}
		got = append(got, c.Code+" "+c.Clause+": "+strings.Join(parts, " "))
	}
	want := []string{
		"sides G6.upload.2: principal_id/front principal_id/back", // the site manager is the same person
		"confirmation M6.stitch: verification_sheet/front beijing_confirmation/front",
		"principal_letter M1.authorization: principal_id/front principal_id/back principal_authorization/front",
		"auxiliary G6.upload.1: applicant_document/front social_insurance_proof/front student_card/front",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := Compositions(&filing.Outcome{}, &Parties{}); len(got) != 0 {
		t.Error(got)
	}
	for _, bad := range []string{
		"compositions: [{code: a, layout: row, clause: x}]",
		"compositions: [{code: a, layout: row, clause: x, base: shoe}]",
		"compositions: [{code: a, colour: red}]",
		"slots: {shoe: M6.stitch}",
		"slots: {domain_certificate: ''}",
	} {
		if _, err := parseCompositions([]byte(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func TestCompositionsCiteClausesOfTheContract(t *testing.T) {
	t.Parallel()
	data, err := filing.Contract.ReadFile("contract/vocabulary.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules := loadCompositions()
	var cited []string
	for _, r := range rules.Compositions {
		if r.Clause != "" {
			cited = append(cited, r.Clause)
		}
	}
	for _, clause := range rules.Slots {
		cited = append(cited, clause)
	}
	for _, clause := range cited {
		if !strings.Contains(string(data), "    "+clause+": ") {
			t.Errorf("the contract has no clause %s", clause)
		}
	}
	if len(rules.Slots) != 4 || len(cited) < 8 {
		t.Errorf("cited are %v", cited)
	}
}

func TestCardsAreToldByShapeAndDeclaration(t *testing.T) {
	t.Parallel()
	m := side(30)
	if !ShowsCard(&m, "") {
		t.Error("a card is none")
	}
	m.Document.Formats[0].Likelihood, m.Document.Formats[1].Likelihood = 0.3, 0.7
	m.Document.Formats[0], m.Document.Formats[1] = m.Document.Formats[1], m.Document.Formats[0]
	if ShowsCard(&m, "principal_authorization") || !ShowsCard(&m, "principal_id") {
		t.Error("what was declared does not decide")
	}
	m.Document = nil
	if ShowsCard(&m, "principal_id") {
		t.Error("a card that was not found is one")
	}
}

// lying is a side on a ground of that colour, the card's white shifted by the light.
func lying(ground [3]float64, neutral [2]float64) filing.Measurements {
	return side(30, func(m *filing.Measurements) {
		m.Surround = &filing.Surround{Seen: 0.9, Lab: ground}
		m.Colour = &filing.Colour{Neutral: neutral, Measured: 1}
		m.Exposure = &filing.Exposure{Paper: 200}
	})
}

func TestGroundAndLightOfTwoSidesAreCompared(t *testing.T) {
	t.Parallel()
	wood, lamp, cloth := [3]float64{50, 12, 24}, [3]float64{50, 13, 32}, [3]float64{45, -2, -13}
	for name, c := range map[string]struct {
		front, back filing.Measurements
		codes       string
	}{
		"one table, one light":                     {lying(wood, [2]float64{0, 2}), lying(wood, [2]float64{0, 2}), ""},
		"the print of the back is of another tint": {lying(wood, [2]float64{0, 2}), lying(wood, [2]float64{3, 6}), ""},
		"a lamp shifts card and table":             {lying(wood, [2]float64{0, 2}), lying(lamp, [2]float64{1, 14}), "front_back_light"},
		"another table":                            {lying(wood, [2]float64{0, 2}), lying(cloth, [2]float64{0, 2}), "front_back_background"},
		"a table much darker":                      {lying(wood, [2]float64{0, 2}), lying([3]float64{20, 6, 12}, [2]float64{0, 2}), "front_back_background"},
		"nothing seen is not compared":             {lying(wood, [2]float64{0, 2}), side(30), ""},
		"nor a narrow strip": {lying(wood, [2]float64{0, 2}), func() filing.Measurements {
			m := lying(cloth, [2]float64{0, 2})
			m.Surround.Seen = 0.2
			return m
		}(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var codes []string
			for _, f := range Pair(PairInput{Front: c.front, Back: c.back}).Findings {
				codes = append(codes, f.Code)
			}
			if diff := cmp.Diff(c.codes, strings.Join(codes, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestACompositeOfOursIsJudgedFromWhatIsKeptOfIt(t *testing.T) {
	t.Parallel()
	made := func(change func(*filing.Composite)) *filing.Composite {
		c := &filing.Composite{Bytes: 3_500_000, Parts: []filing.CompositePart{
			{Declared: filing.Declared{Material: "principal_id", Page: filing.PageFront}, Predicted: &filing.PartLegibility{TextHeightPx: 13}},
			{Declared: filing.Declared{Material: "website_plan"}},
		}}
		change(c)
		return c
	}
	limits := filing.UploadLimits{MinBytes: 204_800, MaxBytes: 4 << 20, Clause: "G6.upload.4"}
	as := func(*filing.Composite) {}
	for name, c := range map[string]struct {
		in    MadeInput
		codes string
		says  string
	}{
		"in order":                      {MadeInput{Composite: made(as), Limits: limits}, "", ""},
		"a source was replaced":         {MadeInput{Composite: made(as), Stale: true, Limits: limits}, "composite_stale", ""},
		"it was not made":               {MadeInput{Limits: limits}, "composite_stale", ""},
		"too large for another rule":    {MadeInput{Composite: made(as), Limits: filing.UploadLimits{MaxBytes: 3 << 20}}, "file_too_large", ""},
		"print lower than is asked for": {MadeInput{Composite: made(func(c *filing.Composite) { c.Parts[0].Predicted.TextHeightPx = 11 }), Limits: limits}, "part_illegible", "正面"},
		"a table that asks for more": {
			MadeInput{Composite: made(as), Limits: limits, Thresholds: &Thresholds{PartTextPx: 14}}, "part_illegible", "(front)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findings := Made(c.in)
			var codes []string
			for _, f := range findings {
				codes = append(codes, f.Code)
				if f.Repair != "composite" {
					t.Errorf("%s is repaired by %q: it is made again", f.Code, f.Repair)
				}
			}
			if strings.Join(codes, " ") != c.codes || findings == nil {
				t.Errorf("%v", codes)
			}
			if c.says != "" && !strings.Contains(findings[0].Message.ZH+findings[0].Message.EN, c.says) {
				t.Errorf("it does not say which part: %+v", findings[0].Message)
			}
		})
	}
}
