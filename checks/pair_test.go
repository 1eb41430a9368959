package checks

import (
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

// side is a photo of 4000 x 3000 with a card at so many pixels per millimetre.
func side(pxPerMM float64, change ...func(*filing.Measurements)) filing.Measurements {
	m := filing.Measurements{
		Width: 4000, Height: 3000,
		Document: &filing.Document{Confidence: 0.97, Formats: []filing.FormatFit{
			{Format: filing.FormatID1, Likelihood: 0.8, PxPerMM: pxPerMM},
			{Format: filing.FormatID3, Likelihood: 0.2, PxPerMM: pxPerMM * 0.68},
		}},
	}
	for _, c := range change {
		c(&m)
	}
	return m
}

func frame(width, height int) func(*filing.Measurements) {
	return func(m *filing.Measurements) { m.Width, m.Height = width, height }
}

func hash(h string) func(*filing.Measurements) {
	return func(m *filing.Measurements) { m.Pixels = &filing.Pixels{Hash: h} }
}

func TestTheTwoSidesOfADocumentAreHeldToOneScale(t *testing.T) {
	t.Parallel()
	one, near, far := strings.Repeat("0f", 32), strings.Repeat("0f", 31)+"0e", strings.Repeat("f0", 32)
	for name, c := range map[string]struct {
		in    PairInput
		ratio float64
		basis string
		code  string
	}{
		"one size passes":                           {PairInput{Front: side(30), Back: side(30)}, 1, filing.BasisPxPerMM, ""},
		"three percent pass":                        {PairInput{Front: side(30.9), Back: side(30)}, 1.03, filing.BasisPxPerMM, ""},
		"the smaller front is held to the same":     {PairInput{Front: side(30), Back: side(30.9)}, 0.971, filing.BasisPxPerMM, ""},
		"more asks for a person":                    {PairInput{Front: side(31.2), Back: side(30)}, 1.04, filing.BasisPxPerMM, "front_back_scale_doubtful"},
		"eight percent do":                          {PairInput{Front: side(30), Back: side(32.4)}, 0.926, filing.BasisPxPerMM, "front_back_scale_doubtful"},
		"beyond it fails":                           {PairInput{Front: side(32.7), Back: side(30)}, 1.09, filing.BasisPxPerMM, "front_back_scale"},
		"half the size fails":                       {PairInput{Front: side(15), Back: side(30)}, 0.5, filing.BasisPxPerMM, "front_back_scale"},
		"a phone that was turned changes nothing":   {PairInput{Front: side(30), Back: side(30, frame(3000, 4000))}, 1, filing.BasisPxPerMM, ""},
		"one that was scaled is compared by frames": {PairInput{Front: side(30), Back: side(12, frame(1600, 1200))}, 1, filing.BasisCardPerFrame, ""},
		"and scaled to a side that was rounded":     {PairInput{Front: side(30), Back: side(30*1001./4000, frame(1001, 751))}, 1, filing.BasisCardPerFrame, ""},
		"one that was cropped by millimetres":       {PairInput{Front: side(30), Back: side(30, frame(3200, 2900))}, 1, filing.BasisPxPerMM, ""},
		"another distance is seen in frames":        {PairInput{Front: side(30), Back: side(15, frame(1600, 1200))}, 0.8, filing.BasisCardPerFrame, "front_back_scale"},
		"a side without a document is unknown": {PairInput{Front: side(30), Back: side(30, func(m *filing.Measurements) { m.Document = nil })},
			0, "", "front_back_scale_unknown"},
		"and one that is not sure": {PairInput{Front: side(30), Back: side(30, func(m *filing.Measurements) { m.Document.Confidence = 0.5 })},
			0, "", "front_back_scale_unknown"},
		"and one that is half outside": {PairInput{Front: side(30), Back: side(30, func(m *filing.Measurements) { m.Document.OutsideShare = 0.5 })},
			0, "", "front_back_scale_unknown"},
		"and two shapes that have nothing in common": {PairInput{Front: side(30), Back: side(30, func(m *filing.Measurements) {
			m.Document.Formats = []filing.FormatFit{{Format: filing.FormatA4, Likelihood: 1, PxPerMM: 10}}
		})}, 0, "", "front_back_scale_unknown"},
		"a card is measured as one though a passport fits better": {PairInput{Material: "principal_id", Front: side(30), Back: side(30, func(m *filing.Measurements) {
			m.Document.Formats[0].Likelihood, m.Document.Formats[1].Likelihood = 0.1, 0.9
		})}, 1, filing.BasisPxPerMM, ""},
		"nothing measured is unknown":            {PairInput{}, 0, "", "front_back_scale_unknown"},
		"the same bytes are one side twice":      {PairInput{SameBytes: true, Front: side(30), Back: side(30)}, 0, "", "same_side_twice"},
		"and so is a copy of the picture":        {PairInput{Front: side(30, hash(one)), Back: side(30, hash(near))}, 0, "", "same_side_twice"},
		"another picture is another side":        {PairInput{Front: side(30, hash(one)), Back: side(30, hash(far))}, 1, filing.BasisPxPerMM, ""},
		"hashes that are none say nothing":       {PairInput{Front: side(30, hash("xyz")), Back: side(30, hash("xyz"))}, 1, filing.BasisPxPerMM, ""},
		"and hashes of two versions say nothing": {PairInput{Front: side(30, hash(one)), Back: side(30, hash("0f"))}, 1, filing.BasisPxPerMM, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Pair(c.in)
			if got.ScaleRatio != c.ratio || got.Basis != c.basis {
				t.Errorf("ratio %v by %q, want %v by %q", got.ScaleRatio, got.Basis, c.ratio, c.basis)
			}
			var codes []string
			for _, f := range got.Findings {
				codes = append(codes, f.Code)
				if (f.Measured == nil) != (f.Limit == nil) || f.Measured != nil && f.Measured["scale_ratio"] != c.ratio {
					t.Errorf("%s: measured %v, limit %v", f.Code, f.Measured, f.Limit)
				}
			}
			if strings.Join(codes, " ") != c.code {
				t.Errorf("findings %v, want %q", codes, c.code)
			}
			if got.Findings == nil {
				t.Error("no findings have to be an empty list")
			}
		})
	}
}

func TestSwappedSidesHaveTheInverseScale(t *testing.T) {
	t.Parallel()
	for _, scale := range []float64{10, 27.5, 30, 31, 33.3, 60} {
		a := Pair(PairInput{Front: side(scale), Back: side(30)})
		b := Pair(PairInput{Front: side(30), Back: side(scale)})
		if d := a.ScaleRatio*b.ScaleRatio - 1; d > 0.003 || d < -0.003 {
			t.Errorf("%v and %v", a.ScaleRatio, b.ScaleRatio)
		}
		if filing.VerdictOf(a.Findings) != filing.VerdictOf(b.Findings) {
			t.Errorf("at %v the verdict depends on which side is the front", scale)
		}
	}
}

func TestTheSameSideIsKnownByReading(t *testing.T) {
	t.Parallel()
	read := func(kind filing.DocumentKind, page filing.Page, confidence float64) *filing.DetectedKind {
		return &filing.DetectedKind{Detected: kind, Page: page, Confidence: confidence}
	}
	front := read(filing.DocumentIDCard, filing.PageFront, 0.95)
	for name, c := range map[string]struct {
		front, back *filing.DetectedKind
		same        bool
	}{
		"two photos of the front":           {front, read(filing.DocumentIDCard, filing.PageFront, 0.9), true},
		"front and back":                    {front, read(filing.DocumentIDCard, filing.PageBack, 0.95), false},
		"a side that is not sure":           {front, read(filing.DocumentIDCard, filing.PageFront, 0.3), false},
		"another kind of card":              {front, read(filing.DocumentResidencePermit, filing.PageFront, 0.95), false},
		"nothing was read in one":           {front, nil, false},
		"what has one side may stand twice": {read(filing.DocumentBusinessLicense, filing.PageFront, 0.95), read(filing.DocumentBusinessLicense, filing.PageFront, 0.95), false},
		"a side that could not be told":     {read(filing.DocumentIDCard, "", 0.95), read(filing.DocumentIDCard, "", 0.95), false},
	} {
		r := Pair(PairInput{Front: side(30), Back: side(30), FrontKind: c.front, BackKind: c.back})
		if got := len(r.Findings) == 1 && r.Findings[0].Code == "same_side_twice"; got != c.same {
			t.Errorf("%s: %v", name, r.Findings)
		}
	}
}
