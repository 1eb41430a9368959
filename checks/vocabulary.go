package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/filing"
)

// Material is a kind of document that the rules can ask for (备案资料), as the contract's vocabulary has it.
type Material struct {
	// Code is the stable code, e.g. principal_id.
	Code string
	// Name is what people call it.
	Name filing.Text
	// Group is basic (基本资料) or auxiliary (辅助资料).
	Group string
	// Of are the parties that it can belong to; site, domain and domain_holder stand for one of that name.
	Of []string
	// pages by type of applicant; the key "" holds for those that are not named.
	pages map[string][]filing.Page
}

// Pages returns the sides that the material has for a type of applicant, "enterprise" or "individual"; where they
// depend on it and the type is not known, those that every type has. None for a material that consists of words.
func (m Material) Pages(applicant string) []filing.Page {
	pages, ok := m.pages[applicant]
	if !ok {
		pages = m.pages[""]
	}
	return slices.Clone(pages)
}

// Vocabulary returns the materials of the contract in its order.
func Vocabulary() []Material { return slices.Clone(loadVocabulary().materials) }

// MaterialOf returns the material of a code, and whether there is one.
func MaterialOf(code string) (Material, bool) {
	m := loadVocabulary().byCode[code]
	if m == nil {
		return Material{}, false
	}
	return *m, true
}

// NameOf returns what people call a blocker or a notice (不予备案的原因、提示); a code that the vocabulary does not have is
// its own name.
func NameOf(code string) filing.Text {
	if name, ok := loadVocabulary().names[code]; ok {
		return name
	}
	return filing.Text{ZH: code, EN: code}
}

// Province is a provincial bureau (省、自治区、直辖市) in the contract's order.
type Province struct {
	// Code is the two-letter code, e.g. BJ.
	Code string
	// Name is its Chinese name.
	Name string
}

// Provinces returns the 31 provinces of the contract in its order.
func Provinces() []Province { return slices.Clone(loadVocabulary().provinces) }

// KnownMaterial reports whether the vocabulary has a material of this code.
func KnownMaterial(code string) bool { return loadVocabulary().byCode[code] != nil }

// KnownOf reports whether a person may declare that a file belongs to this party: applicant, principal, site_manager,
// legal_representative, guardian, or site, domain and domain_holder with a name after a colon.
func KnownOf(of string) bool {
	class, name, named := strings.Cut(of, ":")
	switch class {
	case "applicant", "principal", "site_manager", "legal_representative", "guardian":
		return !named
	case "site", "domain", "domain_holder":
		return named && name != ""
	default:
		return false
	}
}

type vocabulary struct {
	materials []Material
	byCode    map[string]*Material
	names     map[string]filing.Text
	provinces []Province
}

// loadVocabulary parses the project's copy of the contract once; a mistake in it is found by the tests.
var loadVocabulary = sync.OnceValue(func() *vocabulary {
	data, err := filing.Contract.ReadFile("contract/vocabulary.yaml")
	if err != nil {
		panic(err)
	}
	v, err := parseVocabulary(data)
	if err != nil {
		panic(err)
	}
	return v
})

func parseVocabulary(data []byte) (*vocabulary, error) {
	var file struct {
		Materials yaml.Node              `yaml:"materials"`
		Provinces yaml.Node              `yaml:"provinces"`
		Blockers  map[string]filing.Text `yaml:"blockers"`
		Notices   map[string]filing.Text `yaml:"notices"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("read vocabulary: %w", err)
	}
	v := &vocabulary{byCode: map[string]*Material{}, names: map[string]filing.Text{}}
	maps.Copy(v.names, file.Blockers)
	maps.Copy(v.names, file.Notices)
	for i := 0; i+1 < len(file.Provinces.Content); i += 2 {
		v.provinces = append(v.provinces, Province{Code: file.Provinces.Content[i].Value, Name: file.Provinces.Content[i+1].Value})
	}
	// A mapping node holds keys and values in turn, in the order of the file.
	for i := 0; i+1 < len(file.Materials.Content); i += 2 {
		code := file.Materials.Content[i].Value
		var item struct {
			ZH    string    `yaml:"zh"`
			EN    string    `yaml:"en"`
			Pages yaml.Node `yaml:"pages"`
			Group string    `yaml:"group"`
			Of    []string  `yaml:"of"`
		}
		if err := file.Materials.Content[i+1].Decode(&item); err != nil {
			return nil, fmt.Errorf("read vocabulary: material %s: %w", code, err)
		}
		pages, err := parsePages(item.Pages)
		if err != nil {
			return nil, fmt.Errorf("read vocabulary: pages of %s: %w", code, err)
		}
		v.materials = append(v.materials, Material{
			Code: code, Name: filing.Text{ZH: item.ZH, EN: item.EN}, Group: item.Group, Of: item.Of, pages: pages,
		})
	}
	for i := range v.materials {
		v.byCode[v.materials[i].Code] = &v.materials[i]
	}
	return v, nil
}

// parsePages reads a list of pages, or lists by type of applicant.
func parsePages(node yaml.Node) (map[string][]filing.Page, error) {
	if node.Kind != yaml.MappingNode {
		var pages []filing.Page
		if err := node.Decode(&pages); err != nil {
			return nil, err
		}
		return map[string][]filing.Page{"": pages}, nil
	}
	pages := map[string][]filing.Page{}
	if err := node.Decode(&pages); err != nil {
		return nil, err
	}
	// Whoever does not say what they are is asked for what everybody has.
	var common []filing.Page
	for _, page := range []filing.Page{filing.PageFront, filing.PageBack} {
		everywhere := true
		for _, list := range pages {
			everywhere = everywhere && slices.Contains(list, page)
		}
		if everywhere {
			common = append(common, page)
		}
	}
	pages[""] = common
	return pages, nil
}
