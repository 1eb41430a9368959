package checks

import (
	"bytes"
	_ "embed" // the compositions
	"fmt"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/filing"
)

//go:embed compositions.yaml
var compositionsYAML []byte

// Composition are pages that belong into one picture (应拼成一张的资料).
type Composition struct {
	// Code is its stable name, e.g. auxiliary; Of is whose it is, so that the two name one composition of a filing.
	Code string `json:"code"`
	Of   string `json:"of"`
	// Name is what people call it.
	Name filing.Text `json:"name"`
	// Layout is one of package imaging/layouts, Clause the clause that says so; empty where none does and it is offered.
	Layout string `json:"layout"`
	Clause string `json:"clause"`
	// Parts are the pages, what the others are stitched to first.
	Parts []filing.Declared `json:"parts"`
}

// compositionRule is an entry of compositions.yaml.
type compositionRule struct {
	Code   string   `yaml:"code"`
	ZH     string   `yaml:"zh"`
	EN     string   `yaml:"en"`
	Base   string   `yaml:"base"`
	Parts  []string `yaml:"parts"`
	Sides  []string `yaml:"sides"`
	Rest   bool     `yaml:"rest"`
	Layout string   `yaml:"layout"`
	Clause string   `yaml:"clause"`
	// Offered says what it is for where no clause asks for it.
	Offered string `yaml:"offered"`
}

type compositionRules struct {
	Compositions []compositionRule `yaml:"compositions"`
	// Slots are the materials that have a place of their own, each with the clause that speaks of it.
	Slots map[string]string `yaml:"slots"`
}

// loadCompositions parses the embedded file once; a mistake in it is found by the tests.
var loadCompositions = sync.OnceValue(func() *compositionRules {
	rules, err := parseCompositions(compositionsYAML)
	if err != nil {
		panic(err)
	}
	return rules
})

func parseCompositions(data []byte) (*compositionRules, error) {
	rules := &compositionRules{}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(rules); err != nil {
		return nil, fmt.Errorf("read compositions: %w", err)
	}
	v := loadVocabulary()
	for _, r := range rules.Compositions {
		for _, code := range slices.Concat([]string{r.Base}, r.Parts, r.Sides) {
			if code != "" && v.byCode[code] == nil {
				return nil, fmt.Errorf("composition %s: no material %s", r.Code, code)
			}
		}
		if (r.Base == "") == (len(r.Sides) == 0) || r.Code == "" || r.Layout == "" || (r.Clause == "") == (r.Offered == "") {
			return nil, fmt.Errorf("composition %q: either a base or sides, a code, a layout, and a clause or what it is offered for", r.Code)
		}
	}
	for code, clause := range rules.Slots {
		if v.byCode[code] == nil || clause == "" {
			return nil, fmt.Errorf("slots: no material %s, or no clause", code)
		}
	}
	return rules, nil
}

// CompositionName is what people call a composition of this code; of what is none it is a composite.
func CompositionName(code string) filing.Text {
	for _, r := range loadCompositions().Compositions {
		if r.Code == code {
			return filing.Text{ZH: r.ZH, EN: r.EN}
		}
	}
	return filing.Text{ZH: "拼图", EN: "composite"}
}

// mostParts is how many pages one picture is asked to hold: of more, print that is still legible does not fit below 4 MiB.
const mostParts = 12

// Compositions tells which pages of what the rules require belong into one picture, in a fixed order: the two sides of each
// identity document, Beijing's two sheets, each authorization with the person's certificate, and what has no place of its own
// with the applicant's certificate. The same outcome and parties give the same compositions.
func Compositions(outcome *filing.Outcome, p *Parties) []Composition {
	v, rules := loadVocabulary(), loadCompositions()
	type need struct{ material, of string }
	var needs []need
	for i := range outcome.Required {
		r := &outcome.Required[i]
		codes := r.AnyOf
		if codes == nil {
			codes = []string{r.Material}
		}
		for _, code := range codes {
			of := r.Of
			if of == "" && v.byCode[code] != nil {
				of = owner(v.byCode[code])
			}
			if n := (need{code, of}); v.byCode[code] != nil && !slices.Contains(needs, n) {
				needs = append(needs, n)
			}
		}
	}
	pages := func(n need) (out []filing.Declared) {
		for _, page := range p.pages(v.byCode[n.material], n.of) {
			out = append(out, filing.Declared{Material: n.material, Page: page, Of: n.of})
		}
		return out
	}
	out := []Composition{}
	placed := map[string]bool{}
	told := map[document]bool{}
	for _, r := range rules.Compositions {
		c := Composition{Code: r.Code, Name: filing.Text{ZH: r.ZH, EN: r.EN}, Layout: r.Layout, Clause: r.Clause}
		if len(r.Sides) > 0 {
			for _, n := range needs {
				d := p.document(n.material, n.of)
				if parts := pages(n); slices.Contains(r.Sides, n.material) && len(parts) == 2 && !told[d] {
					one := c
					one.Of, one.Parts, told[d] = n.of, parts, true // one person's document once, whatever it is required as
					out = append(out, one)
				}
			}
			continue
		}
		at := slices.IndexFunc(needs, func(n need) bool { return n.material == r.Base })
		if at < 0 {
			continue
		}
		c.Of = needs[at].of
		c.Parts = pages(needs[at])
		before := len(c.Parts)
		for _, n := range needs {
			rest := r.Rest && v.byCode[n.material].Group == "auxiliary" && !placed[n.material] && rules.Slots[n.material] == ""
			if (slices.Contains(r.Parts, n.material) || rest) && len(c.Parts)+len(pages(n)) <= mostParts {
				c.Parts = append(c.Parts, pages(n)...)
				placed[n.material] = true
			}
		}
		if len(c.Parts) > before {
			out = append(out, c)
		}
	}
	return out
}

// ShowsCard reports whether a photo shows a card whose scale can be told: a document that is known for sure, and either declared
// as one and of a fitting shape, or of no other shape.
func ShowsCard(m *filing.Measurements, material string) bool {
	t := loadThresholds()
	d := m.Document
	if d == nil || d.Confidence < t.DocumentSure || d.OutsideShare > t.PairOutsideShare || len(d.Formats) == 0 {
		return false
	}
	return d.Formats[0].Format == filing.FormatID1 || isCard(material) && cardFit(d, t) != nil
}

// LeastPartText is the height in pixels that the smallest print of a composite of our own keeps (Thresholds.PartTextPx).
func LeastPartText() float64 { return loadThresholds().PartTextPx }
