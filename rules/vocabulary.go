package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/filing"
)

// vocabulary is what the contract allows in rule data.
type vocabulary struct {
	provinces        map[string]string // code to Chinese name
	materials        map[string]material
	order            map[string]int // of materials, blockers and notices, each in the contract's order
	blockers         map[string]bool
	notices          map[string]bool
	general          map[string]int    // general clause ids in order
	titles           map[string]string // Chinese names of materials, blockers, notices
	factTitles       map[string]string // Chinese names of facts
	financeKeywords  []string
	preapprovalCodes map[string][]string
}

type material struct{ of []string }

// loadVocabulary reads the contract that the program carries; it cannot fail but by a programmer's error.
func loadVocabulary() *vocabulary {
	text, err := filing.Contract.ReadFile("contract/vocabulary.yaml")
	if err != nil {
		panic(err)
	}
	var raw struct {
		Provinces map[string]string `yaml:"provinces"`
		Clauses   struct {
			General yaml.Node `yaml:"general"`
		} `yaml:"clause_ids"`
		Materials       yaml.Node `yaml:"materials"`
		Blockers        yaml.Node `yaml:"blockers"`
		Notices         yaml.Node `yaml:"notices"`
		FinanceKeywords []string  `yaml:"finance_keywords"`
		Facts           []struct {
			Path string `yaml:"path"`
			ZH   string `yaml:"zh"`
		} `yaml:"facts"`
		Preapprovals map[string]struct {
			Documents []string `yaml:"documents"`
		} `yaml:"preapprovals"`
	}
	if err := yaml.Unmarshal(text, &raw); err != nil {
		panic(fmt.Sprintf("the contract cannot be read: %v", err))
	}
	v := &vocabulary{provinces: raw.Provinces, materials: map[string]material{}, order: map[string]int{}, blockers: map[string]bool{},
		notices: map[string]bool{}, general: map[string]int{}, titles: map[string]string{}, financeKeywords: raw.FinanceKeywords,
		preapprovalCodes: map[string][]string{}, factTitles: map[string]string{}}
	for _, f := range raw.Facts {
		v.factTitles[f.Path] = f.ZH
	}
	keys := func(n yaml.Node, visit func(i int, key string, value *yaml.Node)) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			visit(i/2, n.Content[i].Value, n.Content[i+1])
		}
	}
	keys(raw.Materials, func(i int, key string, value *yaml.Node) {
		var m struct {
			ZH string   `yaml:"zh"`
			Of []string `yaml:"of"`
		}
		if err := value.Decode(&m); err != nil {
			panic(err)
		}
		v.materials[key], v.order[key], v.titles[key] = material{m.Of}, i, m.ZH
	})
	for _, named := range []struct {
		node yaml.Node
		set  map[string]bool
	}{{raw.Blockers, v.blockers}, {raw.Notices, v.notices}} {
		keys(named.node, func(i int, key string, value *yaml.Node) {
			named.set[key], v.order[key] = true, i
			if zh := child(value, "zh"); zh != nil {
				v.titles[key] = zh.Value
			}
		})
	}
	keys(raw.Clauses.General, func(i int, key string, _ *yaml.Node) { v.general[key] = i })
	for name, p := range raw.Preapprovals {
		v.preapprovalCodes[name] = p.Documents
	}
	return v
}

var provinceClauseID = regexp.MustCompile(`^([A-Z]{2})\.(enterprise|individual)\.(key|materials|change|access)\.(?:\d+(?:\.\d+)?|note(?:\.\d+)?)$`)

// place says where a clause holds by its id: province, kind of applicant and action, "" for everywhere.
func (v *vocabulary) place(id string) (province, kind, action string, ok bool) {
	if _, ok := v.general[id]; ok {
		if strings.Contains(id, ".special.") {
			province, _, _ = strings.Cut(id, ".")
		}
		for _, k := range filing.FactApplicantType.Values() {
			if strings.HasPrefix(id, "G6."+k+".") {
				kind = k
			}
		}
		return province, kind, "", true
	}
	m := provinceClauseID.FindStringSubmatch(id)
	if m == nil || !slices.Contains(filing.Provinces(), m[1]) {
		return "", "", "", false
	}
	if m[3] == "change" || m[3] == "access" {
		action = m[3]
	}
	return m[1], m[2], action, true
}
