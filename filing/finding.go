package filing

// Severity is how much a finding weighs (严重程度).
type Severity string

// A file fails on an error, needs a person on a warning, and an info changes nothing.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityInfo    Severity = "info"
)

// Verdict is the answer on a file or a filing (结论): pass < review < fail.
type Verdict string

// The three verdicts: VerdictPass 通过, VerdictReview 需人工审核, VerdictFail 不通过.
const (
	VerdictPass   Verdict = "pass"
	VerdictReview Verdict = "review"
	VerdictFail   Verdict = "fail"
)

// Worse returns the worse of two verdicts; the empty verdict counts as pass.
func (v Verdict) Worse(w Verdict) Verdict {
	if w.rank() > v.rank() {
		return w
	}
	if v == "" {
		return VerdictPass
	}
	return v
}

func (v Verdict) rank() int {
	switch v {
	case VerdictFail:
		return 2
	case VerdictReview:
		return 1
	default:
		return 0
	}
}

// Text is a sentence for a person, in Chinese and in English.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// In returns the text in the language asked for, "zh" or "en"; anything else gives Chinese.
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.ZH
}

// Point is a position in pixels of the upright picture, origin top left.
type Point [2]float64

// Finding is one thing that a check found (检查发现): a stable code of the catalogue, what is wrong and what to do now,
// and the measured value beside the limit under the same keys.
type Finding struct {
	Code     string         `json:"code"`
	Severity Severity       `json:"severity"`
	Message  Text           `json:"message"`
	Advice   Text           `json:"advice"`
	Measured map[string]any `json:"measured,omitempty"`
	Limit    map[string]any `json:"limit,omitempty"`
	// Clause is the id of the seed clause that the finding rests on, where there is one.
	Clause string `json:"clause,omitempty"`
	// Region is where on the upright picture the trouble is: corners, clockwise.
	Region []Point `json:"region,omitempty"`
	// Part is the number of the part of a stitched picture that it is about, from 1 in the order of FileReport.Parts; absent where it
	// is about the file.
	Part int `json:"part,omitempty"`
	// Repair names what the service can do about it by itself: POST /materials/{id}/repairs.
	Repair string `json:"repair,omitempty"`
	// Overruled is set where a reviewer said that the finding does not hold: it stays in sight and does not count.
	Overruled *Overruling `json:"overruled,omitempty"`
}

// VerdictOf returns the worst verdict of the findings: any error fails, any warning asks for a person. What a
// reviewer overruled does not count.
func VerdictOf(findings []Finding) Verdict {
	v := VerdictPass
	for _, f := range findings {
		if f.Overruled != nil {
			continue
		}
		switch f.Severity {
		case SeverityError:
			return VerdictFail
		case SeverityWarning:
			v = VerdictReview
		}
	}
	return v
}

// UploadLimits are the bounds of an uploaded file: dated parameters of the rules (G6.upload.4), half open:
// MinBytes <= size < MaxBytes.
type UploadLimits struct {
	MinBytes int64    `json:"min_bytes"`
	MaxBytes int64    `json:"max_bytes"`
	Formats  []Format `json:"formats"`
	// Clause is the id of the clause that the sizes come from.
	Clause string `json:"clause"`
}
