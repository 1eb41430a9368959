package differential

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Clause is a clause as its file says it, templates laid under it.
type Clause struct {
	ID string
	// Province, Kind and Action are where the clause holds by its id; "" is everywhere.
	Province, Kind, Action string
	Repeats, Replaces      []string
	Rules                  []Rule
}

// Rule is a rule as its file says it, one for each of its persons.
type Rule struct {
	Person, Each string
	// When and Unless are YAML trees; nil is none.
	When, Unless any
	// From and To are days, "" unbounded.
	From, To string
	Yields   []Item
}

// Item is something that a rule yields. Codes of an any-of group are sorted and joined by |.
type Item struct{ Kind, Code, Of string }

// Data is everything that the files say.
type Data struct {
	Clauses []Clause
	Lists   map[string][]string
	Params  map[string][]ParamValue
	// Facts are the types of the vocabulary's facts by path.
	Facts map[string]string
	// Values are the enum values of the vocabulary's facts by path.
	Values map[string][]string
}

// ParamValue is a figure from one day to another, "" unbounded.
type ParamValue struct {
	Value    int
	From, To string
}

// Words returns the words of every list, sorted.
func (d *Data) Words() []string {
	var all []string
	for _, name := range keys(d.Lists) {
		all = append(all, d.Lists[name]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

type tree = map[string]any

// Read reads the rule data of a folder with the contract's vocabulary. Data that package rules refuses may be read as
// something else: this is a second reader, not a second linter.
func Read(folder fs.FS, vocabulary []byte) (*Data, error) {
	var vocab struct {
		Provinces map[string]string `yaml:"provinces"`
		Facts     []struct {
			Path, Type string
			Values     any // a list, or the name of another part of the vocabulary
		} `yaml:"facts"`
		Materials map[string]struct {
			Of []string `yaml:"of"`
		} `yaml:"materials"`
		Preapprovals map[string]any `yaml:"preapprovals"`
	}
	if err := yaml.Unmarshal(vocabulary, &vocab); err != nil {
		return nil, fmt.Errorf("vocabulary: %w", err)
	}
	d := &Data{Lists: map[string][]string{}, Params: map[string][]ParamValue{}, Facts: map[string]string{}, Values: map[string][]string{}}
	for _, f := range vocab.Facts {
		d.Facts[f.Path], d.Values[f.Path] = f.Type, words(f.Values)
		switch {
		case f.Type == "province":
			d.Values[f.Path] = keys(vocab.Provinces)
		case f.Path == "sites[].preapprovals[].category":
			d.Values[f.Path] = keys(vocab.Preapprovals)
		}
	}
	owners := map[string][]string{}
	for code, m := range vocab.Materials {
		owners[code] = m.Of
	}
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, err
	}
	templates, bodies := tree{}, tree{}
	for _, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		file := tree{}
		if err := yaml.Unmarshal(text, &file); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for k, v := range asTree(file["lists"]) {
			d.Lists[k] = words(v)
		}
		for k, v := range asTree(file["params"]) {
			for _, item := range v.([]any) {
				value, _ := asTree(item)["value"].(int)
				d.Params[k] = append(d.Params[k], ParamValue{value, day(asTree(item)["from"]), day(asTree(item)["to"])})
			}
		}
		for k, v := range asTree(file["templates"]) {
			templates[k] = v
		}
		for k, v := range asTree(file["clauses"]) {
			bodies[k] = v
		}
	}
	for _, id := range keys(bodies) {
		c := Clause{ID: id}
		c.place()
		body := c.laidOver(asTree(bodies[id]), templates, vocab.Provinces)
		c.Repeats, c.Replaces = words(body["repeats"]), words(body["replaces"])
		list, _ := body["rules"].([]any)
		for _, r := range list {
			c.addRules(asTree(r), owners)
		}
		d.Clauses = append(d.Clauses, c)
	}
	return d, nil
}

// place reads from the id where the clause holds.
func (c *Clause) place() {
	parts := strings.Split(c.ID, ".")
	if len(parts[0]) == 2 && parts[0] != "M1" && strings.ToUpper(parts[0]) == parts[0] && parts[0][1] > '9' {
		c.Province = parts[0]
	}
	if parts[1] == "enterprise" || parts[1] == "individual" {
		c.Kind = parts[1]
	}
	if c.Province != "" && len(parts) > 2 && (parts[2] == "change" || parts[2] == "access") {
		c.Action = parts[2]
	}
}

// laidOver returns what the clause says, over what its template says with the parameters put in.
func (c *Clause) laidOver(own, templates tree, provinces map[string]string) tree {
	name, _ := own["use"].(string)
	body := tree{}
	for k, v := range asTree(templates[name]) {
		body[k] = v
	}
	for k, v := range own {
		body[k] = v
	}
	with := tree{"province": c.Province, "province_zh": provinces[c.Province], "kind": c.Kind, "elsewhere": "XJ"}
	if c.Province == "XJ" {
		with["elsewhere"] = "BJ"
	}
	for k, v := range asTree(own["with"]) {
		with[k] = v
	}
	for _, k := range []string{"params", "cases", "zh", "en", "reading", "waived"} {
		delete(body, k)
	}
	return asTree(fill(body, with))
}

var parameter = regexp.MustCompile(`\$[a-z_]+`)

func fill(v any, with tree) any {
	switch v := v.(type) {
	case string:
		if len(v) > 0 && parameter.FindString(v) == v {
			return with[v[1:]]
		}
		return parameter.ReplaceAllStringFunc(v, func(name string) string { return fmt.Sprint(with[name[1:]]) })
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = fill(v[i], with)
		}
		return list
	case tree:
		t := tree{}
		for k := range v {
			t[k] = fill(v[k], with)
		}
		return t
	}
	return v
}

// addRules adds a rule, once for each person that it is about.
func (c *Clause) addRules(r tree, owners map[string][]string) {
	persons := words(r["persons"])
	switch {
	case len(persons) == 0:
		persons = []string{""}
	case persons[0] == "in_charge" && c.Kind == "individual":
		persons = []string{"principal"}
	case persons[0] == "in_charge":
		persons = []string{"principal", "site_manager"}
	}
	for _, person := range persons {
		out := Rule{Person: person, When: r["when"], Unless: r["unless"], From: day(r["from"]), To: day(r["to"])}
		out.Each, _ = r["each"].(string)
		of, _ := r["of"].(string)
		if of == "person" {
			of = person
		}
		yield := func(kind string, codes ...string) {
			item := Item{kind, strings.Join(codes, "|"), of}
			for _, code := range codes {
				if item.Of == "" && kind == "required" && len(owners[code]) == 1 {
					item.Of = owners[code][0]
				}
			}
			out.Yields = append(out.Yields, item)
		}
		for key, kind := range map[string]string{"require": "required", "block": "blockers", "notice": "notices"} {
			for _, code := range words(r[key]) {
				yield(kind, code)
			}
		}
		if group := words(r["any_of"]); len(group) > 0 {
			slices.Sort(group)
			yield("required", group...)
		}
		c.Rules = append(c.Rules, out)
	}
}

func asTree(v any) tree {
	t, _ := v.(tree)
	return t
}

func keys[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

func words(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var list []string
		for _, w := range v {
			list = append(list, fmt.Sprint(w))
		}
		return list
	default:
		return []string{fmt.Sprint(v)}
	}
}

// day returns the text of a day, which YAML may have taken for a moment.
func day(v any) string {
	switch v := v.(type) {
	case time.Time:
		return v.Format(time.DateOnly)
	case string:
		return v
	}
	return ""
}
