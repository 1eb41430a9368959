package rules

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/filing"
)

//go:embed data/*.yaml
var data embed.FS

// Embedded returns the rule data that the program carries, for Load.
func Embedded() fs.FS {
	sub, err := fs.Sub(data, "data")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// Option changes how rule data is loaded.
type Option func(*loader)

// AllowMissingProvinces takes rule data in which provinces have no file. A filing in one of them would then be judged
// by the general rules alone, so nothing but a test should use it.
func AllowMissingProvinces() Option { return func(l *loader) { l.lenient = true } }

// Load reads the rule data of a folder (*.yaml), expands templates, checks every name against the vocabulary, and
// compiles it. Errors are Problems, each with file and line.
func Load(folder fs.FS, options ...Option) (*Set, error) {
	l := newLoader()
	for _, option := range options {
		option(l)
	}
	if err := l.readAll(folder); err != nil {
		return nil, err
	}
	l.build()
	if len(l.problems) > 0 {
		return nil, l.sorted()
	}
	set, problems := compile(l)
	if len(problems) > 0 {
		l.problems = problems
		return nil, l.sorted()
	}
	return set, nil
}

// loader turns files into clauses. It keeps going after a problem, so that all are reported at once.
type loader struct {
	lenient   bool
	vocab     *vocabulary
	problems  Problems
	files     []string // a node of the data keeps its file's number where YAML had the column, of which nobody asks
	lists     map[string][]string
	listAt    map[string]Position
	params    map[string]*Param
	templates map[string]*yaml.Node
	used      map[string]bool // templates
	bases     map[string]*yaml.Node
	clauses   map[string]*Clause
	pending   []pendingClause
	readOn    string // the date on which the sources were read
}

type pendingClause struct {
	key, body *yaml.Node
	province  string // of the file
}

func newLoader() *loader {
	return &loader{vocab: loadVocabulary(), lists: map[string][]string{},
		listAt: map[string]Position{}, params: map[string]*Param{}, templates: map[string]*yaml.Node{}, used: map[string]bool{},
		bases: map[string]*yaml.Node{}, clauses: map[string]*Clause{}}
}

func (l *loader) sorted() Problems {
	sort.SliceStable(l.problems, func(i, j int) bool {
		a, b := l.problems[i], l.problems[j]
		if a.File != b.File {
			return a.File < b.File
		}
		return a.Line < b.Line
	})
	return l.problems
}

func (l *loader) at(n *yaml.Node) Position { return Position{File: l.files[n.Column], Line: n.Line} }

func (l *loader) problem(n *yaml.Node, format string, args ...any) {
	l.problems = append(l.problems, Problem{l.at(n), fmt.Sprintf(format, args...)})
}

func (l *loader) readAll(folder fs.FS) error {
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return fmt.Errorf("list rule data: %w", err)
	}
	if len(names) == 0 {
		return errors.New("no rule data: the folder has no .yaml file")
	}
	sort.Strings(names)
	for _, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return fmt.Errorf("read rule data: %w", err)
		}
		l.readFile(path.Base(name), text)
	}
	return nil
}

func (l *loader) readFile(name string, text []byte) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		line := 1
		if _, after, ok := strings.Cut(err.Error(), "line "); ok {
			digits, _, _ := strings.Cut(after, ":")
			if n, err := strconv.Atoi(digits); err == nil {
				line = n
			}
		}
		l.problems = append(l.problems, Problem{Position{name, line}, "this is no YAML: " + err.Error()})
		return
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		l.problems = append(l.problems, Problem{Position{name, 1}, "the file is no mapping"})
		return
	}
	root := document.Content[0]
	l.files = append(l.files, name)
	l.mark(root, len(l.files)-1)
	province := ""
	if p := child(root, "province"); p != nil {
		province = p.Value
		if !slices.Contains(filing.Provinces(), province) {
			l.problem(p, "unknown province %q", province)
		}
	}
	l.each(root, func(key string, k, v *yaml.Node) {
		switch key {
		case "province":
		case "read":
			l.readOn = v.Value
			if _, ok := filing.ParseDate(v.Value); !ok {
				l.problem(v, "read is no date")
			}
		case "lists":
			l.each(v, func(name string, k, v *yaml.Node) {
				if _, twice := l.lists[name]; twice {
					l.problem(k, "list %q is defined twice", name)
				}
				l.lists[name], l.listAt[name] = l.words(v), l.at(k)
			})
		case "params":
			l.each(v, func(name string, k, v *yaml.Node) { l.readParam(name, k, v) })
		case "templates":
			l.each(v, func(name string, k, v *yaml.Node) {
				if _, twice := l.templates[name]; twice {
					l.problem(k, "template %q is defined twice", name)
				}
				l.templates[name] = v
			})
		case "bases":
			l.each(v, func(name string, k, v *yaml.Node) { l.bases[name] = v })
		case "clauses":
			l.each(v, func(id string, k, v *yaml.Node) { l.pending = append(l.pending, pendingClause{k, v, province}) })
		default:
			l.problem(k, "unknown key %q: a file has province, read, lists, params, templates, bases, clauses", key)
		}
	})
}

func (l *loader) mark(n *yaml.Node, file int) {
	n.Column = file
	if n.Kind == yaml.AliasNode {
		l.problem(n, "YAML aliases are not allowed")
	}
	for _, c := range n.Content {
		l.mark(c, file)
	}
}

// each walks a mapping, reporting keys that are given twice.
func (l *loader) each(n *yaml.Node, visit func(key string, k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		l.problem(n, "a mapping is wanted here")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if seen[k.Value] {
			l.problem(k, "key %q is given twice", k.Value)
			continue
		}
		seen[k.Value] = true
		visit(k.Value, k, n.Content[i+1])
	}
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

// words reads one word or a list of words.
func (l *loader) words(n *yaml.Node) []string {
	switch n.Kind {
	case yaml.ScalarNode:
		return []string{n.Value}
	case yaml.SequenceNode:
		var list []string
		for _, c := range n.Content {
			if c.Kind != yaml.ScalarNode {
				l.problem(c, "a word is wanted here")
				continue
			}
			if slices.Contains(list, c.Value) {
				l.problem(c, "%q is given twice", c.Value)
				continue
			}
			list = append(list, c.Value)
		}
		return list
	}
	l.problem(n, "a word or a list of words is wanted here")
	return nil
}

func (l *loader) text(n *yaml.Node) filing.Text {
	var t filing.Text
	l.each(n, func(key string, k, v *yaml.Node) {
		switch key {
		case "zh":
			t.ZH = v.Value
		case "en":
			t.EN = v.Value
		default:
			l.problem(k, "unknown key %q: a text has zh and en", key)
		}
	})
	if t.ZH == "" || t.EN == "" {
		l.problem(n, "a text needs zh and en")
	}
	return t
}

func (l *loader) readParam(name string, key, n *yaml.Node) {
	p := &Param{Name: name, At: l.at(key)}
	if n.Kind != yaml.SequenceNode {
		l.problem(n, "parameter %q: a list of dated values is wanted", name)
		return
	}
	for _, item := range n.Content {
		var v ParamValue
		l.each(item, func(key string, k, value *yaml.Node) {
			switch key {
			case "value":
				number, err := strconv.ParseInt(value.Value, 10, 64)
				if err != nil {
					l.problem(value, "parameter %q: a whole number is wanted", name)
				}
				v.Number = number
			case "words":
				v.Words = l.words(value)
			case "from", "to":
				day := l.day(value)
				if key == "from" {
					v.From = day
				} else {
					v.To = day
				}
			case "clause":
				v.Clause = value.Value
				l.checkClauseID(value, value.Value)
			default:
				l.problem(k, "unknown key %q: a value has value or words, from, to, clause", key)
			}
		})
		if v.Clause == "" {
			l.problem(item, "parameter %q: the clause is missing", name)
		}
		for _, other := range p.Values {
			if (v.To == 0 || other.From == 0 || other.From <= v.To) && (other.To == 0 || v.From == 0 || v.From <= other.To) {
				l.problem(item, "parameter %q has two values on one day", name)
			}
		}
		p.Values = append(p.Values, v)
	}
	l.params[name] = p
}

func (l *loader) day(n *yaml.Node) filing.Date {
	day, ok := filing.ParseDate(n.Value)
	if !ok {
		l.problem(n, "%q is no date: YYYY-MM-DD is wanted", n.Value)
	}
	return day
}

func (l *loader) checkClauseID(n *yaml.Node, id string) bool {
	if _, _, _, ok := l.vocab.place(id); !ok {
		l.problem(n, "clause id %q does not follow the vocabulary's scheme", id)
		return false
	}
	return true
}

// build turns what was read into clauses.
func (l *loader) build() {
	for _, p := range l.pending {
		l.buildClause(p)
	}
	for name, n := range l.templates {
		if !l.used[name] && !l.lenient {
			l.problem(n, "template %q is used by no clause", name)
		}
	}
	for _, id := range sortedKeys(l.clauses) {
		c := l.clauses[id]
		for _, other := range c.Repeats {
			o := l.clauses[other]
			if o == nil {
				l.problems = append(l.problems, Problem{c.At, fmt.Sprintf("%s repeats %s, which is not in the data", id, other)})
				continue
			}
			if len(o.Rules) == 0 {
				l.problems = append(l.problems, Problem{c.At, fmt.Sprintf("%s repeats %s, which has no rules", id, other)})
			}
			for _, r := range o.Rules {
				r.Clauses = append(r.Clauses, id)
			}
		}
		for _, other := range c.Replaces {
			if l.clauses[other] == nil {
				l.problems = append(l.problems, Problem{c.At, fmt.Sprintf("%s replaces %s, which is not in the data", id, other)})
			}
		}
	}
	if !l.lenient {
		var missing []string
		for _, code := range filing.Provinces() {
			for _, kind := range []string{"enterprise", "individual"} {
				if l.clauses[code+"."+kind+".key.1"] == nil {
					missing = append(missing, code+"."+kind)
				}
			}
		}
		if len(missing) > 0 {
			l.problems = append(l.problems, Problem{Position{"data", 1}, "no rules for " + strings.Join(missing, ", ") +
				": all 31 provinces and both kinds of applicant must be encoded"})
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func (l *loader) buildClause(p pendingClause) {
	id := p.key.Value
	if !l.checkClauseID(p.key, id) {
		return
	}
	if _, twice := l.clauses[id]; twice {
		l.problem(p.key, "clause %s is given twice", id)
		return
	}
	c := &Clause{ID: id, At: l.at(p.key)}
	c.Province, c.Kind, c.Action, _ = l.vocab.place(id)
	if c.Province != "" && c.Province != p.province {
		l.problem(p.key, "clause %s stands in a file of another province (%q)", id, p.province)
	}
	l.clauses[id] = c
	body := l.expand(p, c)
	if body == nil || body.Kind != yaml.MappingNode {
		l.problem(p.key, "clause %s is no mapping", id)
		return
	}
	waived := false
	l.each(body, func(key string, k, v *yaml.Node) {
		switch key {
		case "zh":
			c.Text.ZH = v.Value
		case "en":
			c.Text.EN = v.Value
		case "digest":
			c.SourceDigest = v.Value
			if len(v.Value) != 64 || strings.Trim(v.Value, "0123456789abcdef") != "" {
				l.problem(v, "the digest is no SHA-256 in hex")
			}
		case "reading":
			c.Reading = l.text(v)
		case "waived":
			c.Waived, waived = l.text(v), true
		case "repeats", "replaces":
			for _, other := range l.words(v) {
				l.checkClauseID(v, other)
				if key == "repeats" {
					c.Repeats = append(c.Repeats, other)
				} else {
					c.Replaces = append(c.Replaces, other)
				}
			}
		case "rules":
			if v.Kind != yaml.SequenceNode || len(v.Content) == 0 {
				l.problem(v, "rules is a list")
				return
			}
			for _, r := range v.Content {
				c.Rules = append(c.Rules, l.rules(c, r)...)
			}
		case "cases":
			if v.Kind != yaml.SequenceNode {
				l.problem(v, "cases is a list")
				return
			}
			for _, n := range v.Content {
				l.buildCase(c, n)
			}
		default:
			l.problem(k, "unknown key %q: a clause has zh, en, digest, reading, rules, repeats, replaces, waived, cases, use, with", key)
		}
	})
	if c.Text.ZH == "" || c.Text.EN == "" {
		l.problem(p.key, "clause %s needs a paraphrase: zh and en", id)
	}
	if c.SourceDigest == "" {
		l.problem(p.key, "clause %s has no digest", id)
	}
	if encoded := len(c.Rules) > 0 || len(c.Repeats) > 0; encoded == waived {
		l.problem(p.key, "clause %s needs rules or repeats, or the reason why it is waived, and not both", id)
	}
}

// expand lays a clause over its template: what the clause itself says counts.
func (l *loader) expand(p pendingClause, c *Clause) *yaml.Node {
	use := child(p.body, "use")
	values := map[string]*yaml.Node{}
	builtin := func(name, value string) {
		n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Line: p.key.Line, Column: p.key.Column}
		values[name] = n
	}
	builtin("province", c.Province)
	builtin("province_zh", l.vocab.provinces[c.Province])
	builtin("kind", c.Kind)
	elsewhere := "XJ"
	if c.Province == elsewhere {
		elsewhere = "BJ"
	}
	builtin("elsewhere", elsewhere)
	own := make([]*yaml.Node, 0, len(p.body.Content))
	for i := 0; i+1 < len(p.body.Content); i += 2 {
		k, v := p.body.Content[i], p.body.Content[i+1]
		switch k.Value {
		case "use":
		case "with":
			if use == nil {
				l.problem(k, "with needs use")
			}
			l.each(v, func(name string, k, v *yaml.Node) { values[name] = v })
		default:
			own = append(own, k, v)
		}
	}
	merged := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: p.body.Line, Column: p.body.Column}
	merged.Content = own
	if use != nil {
		template, ok := l.templates[use.Value]
		if !ok {
			l.problem(use, "there is no template %q", use.Value)
			return merged
		}
		l.used[use.Value], c.Template = true, use.Value
		params := map[string]bool{"province": true, "province_zh": true, "kind": true, "elsewhere": true}
		for i := 0; i+1 < len(template.Content); i += 2 {
			k, v := template.Content[i], template.Content[i+1]
			if k.Value == "params" {
				for _, name := range l.words(v) {
					params[name] = true
					if values[name] == nil {
						l.problem(use, "template %q wants the parameter %q", use.Value, name)
					}
				}
			} else if child(merged, k.Value) == nil {
				merged.Content = append(merged.Content, k, v)
			}
		}
		for name := range values {
			if !params[name] {
				l.problem(use, "template %q has no parameter %q", use.Value, name)
			}
		}
	}
	return l.substitute(merged, values)
}

// substitute copies a tree and puts values in place of $name: a scalar that is nothing else becomes the value's node,
// within a text only words can stand.
func (l *loader) substitute(n *yaml.Node, values map[string]*yaml.Node) *yaml.Node {
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "$") {
		if v := values[strings.TrimPrefix(n.Value, "$")]; v != nil && n.Value[0] == '$' {
			return v
		}
		copied := *n
		names := sortedKeys(values)
		slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
		for _, name := range names {
			if values[name].Kind == yaml.ScalarNode {
				copied.Value = strings.ReplaceAll(copied.Value, "$"+name, values[name].Value)
			}
		}
		if strings.Contains(copied.Value, "$") {
			l.problem(n, "nothing is given for %q", copied.Value)
		}
		return &copied
	}
	// what holds no $name is not copied: most of the data
	out := n
	for i, c := range n.Content {
		put := l.substitute(c, values)
		if put == c {
			continue
		}
		if out == n {
			copied := *n
			copied.Content = slices.Clone(n.Content)
			out = &copied
		}
		out.Content[i] = put
	}
	return out
}

// rules reads one rule; one about several persons becomes one rule for each.
func (l *loader) rules(c *Clause, n *yaml.Node) []*Rule {
	persons := []string{""}
	if p := child(n, "persons"); p != nil {
		switch {
		case p.Value == "in_charge" && c.Kind == "individual":
			persons = []string{"principal"}
		case p.Value == "in_charge":
			persons = []string{"principal", "site_manager"}
		default:
			persons = l.words(p)
			for _, w := range persons {
				if w != "principal" && w != "site_manager" {
					l.problem(p, "persons is in_charge, principal or site_manager, not %q", w)
					return nil
				}
			}
		}
	}
	var list []*Rule
	for _, person := range persons {
		before := len(l.problems)
		if r := l.rule(c, n, person); r != nil {
			list = append(list, r)
		}
		if len(l.problems) > before {
			break // the same problems once
		}
	}
	return list
}

func (l *loader) rule(c *Clause, n *yaml.Node, person string) *Rule {
	r := &Rule{At: l.at(n), Owner: c.ID, Clauses: []string{c.ID}}
	if n.Kind != yaml.MappingNode {
		l.problem(n, "a rule is a mapping")
		return nil
	}
	if each := child(n, "each"); each != nil {
		for _, list := range []filing.List{filing.ListSites, filing.ListPreapprovals, filing.ListDomains} {
			if list.Path() == each.Value {
				r.Each = list
			}
		}
		if r.Each == filing.ListNone {
			l.problem(each, "each is sites[], sites[].domains[] or sites[].preapprovals[], not %q", each.Value)
			return nil
		}
	}
	scope := scope{person: person, each: r.Each}
	var of string
	if o := child(n, "of"); o != nil {
		of = o.Value
		if of == "person" {
			of = person
		}
		if !slices.Contains(ofWords, of) {
			l.problem(o, "of is one of %s, not %q", strings.Join(ofWords, ", "), o.Value)
			return nil
		}
	}
	hasWhen := false
	l.each(n, func(key string, k, v *yaml.Node) {
		switch key {
		case "each", "of", "persons":
		case "when":
			hasWhen = true
			r.When = l.cond(v, scope)
		case "unless":
			r.Unless = l.cond(v, scope)
		case "always":
			r.Always = v.Value == "true"
		case "from":
			r.From = l.day(v)
		case "to":
			r.To = l.day(v)
		case "require":
			for _, code := range l.words(v) {
				l.yield(r, v, Yield{YieldMaterial, []string{code}, of})
			}
		case "any_of":
			codes := slices.Sorted(slices.Values(l.words(v)))
			if len(codes) < 2 {
				l.problem(v, "any_of has at least two materials")
			}
			l.yield(r, v, Yield{YieldMaterial, codes, of})
		case "block":
			for _, code := range l.words(v) {
				l.yield(r, v, Yield{YieldBlocker, []string{code}, of})
			}
		case "notice":
			for _, code := range l.words(v) {
				l.yield(r, v, Yield{YieldNotice, []string{code}, of})
			}
		default:
			l.problem(k, "unknown key %q: a rule has when, unless, each, persons, require, any_of, block, notice, of, always, from, to", key)
		}
	})
	if len(r.Yields) == 0 {
		l.problem(n, "the rule yields nothing: require, any_of, block or notice is wanted")
	}
	if hasWhen == r.Always {
		l.problem(n, "a rule has either a condition (when) or always: true")
	}
	if r.To != 0 && r.From > r.To {
		l.problem(n, "the rule ends before it begins")
	}
	return r
}

// ofWords are the words of the contract for whom an item belongs to.
var ofWords = []string{"applicant", "principal", "site_manager", "legal_representative", "guardian", "site", "domain", "domain_holder"}

// needsName is the list whose item's name the word is followed by.
func needsName(of string) filing.List {
	switch of {
	case "site":
		return filing.ListSites
	case "domain", "domain_holder":
		return filing.ListDomains
	}
	return filing.ListNone
}

func (l *loader) yield(r *Rule, n *yaml.Node, y Yield) {
	owned := false // by one of the alternatives at least
	for _, code := range y.Codes {
		switch y.Kind {
		case YieldMaterial:
			m, ok := l.vocab.materials[code]
			if !ok {
				l.problem(n, "unknown material %q", code)
				return
			}
			if y.Of == "" && len(m.of) == 1 {
				y.Of = m.of[0]
			}
			owned = owned || slices.Contains(m.of, y.Of) || code == "website_plan" && y.Of == "site" // the vocabulary: "CQ: per site"
		case YieldBlocker:
			if !l.vocab.blockers[code] {
				l.problem(n, "unknown blocker %q", code)
				return
			}
		case YieldNotice:
			if !l.vocab.notices[code] {
				l.problem(n, "unknown notice %q", code)
				return
			}
		}
	}
	if y.Kind == YieldMaterial && !owned {
		l.problem(n, "material %s belongs to %s: say of", y.Codes[0], strings.Join(l.vocab.materials[y.Codes[0]].of, " or "))
		return
	}
	need := needsName(y.Of)
	if need == filing.ListDomains && r.Each != filing.ListDomains || need == filing.ListSites && r.Each == filing.ListNone {
		l.problem(n, "of: %s needs each: %s", y.Of, need.Path())
	}
	r.Yields = append(r.Yields, y)
}

// scope is where a condition stands: whose rule it is, and within which list.
type scope struct {
	person string
	each   filing.List
}

func (s scope) sees(list filing.List) bool {
	return list == filing.ListNone || list == s.each || list == filing.ListSites && s.each != filing.ListNone
}

func (l *loader) cond(n *yaml.Node, s scope) *Cond {
	c := &Cond{At: l.at(n), Op: OpAll}
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			c.Kids = append(c.Kids, l.cond(item, s))
		}
		return single(c)
	}
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		l.problem(n, "a condition is a mapping of facts, or any, all, not, for_any, distinct")
		return c
	}
	where := child(n, "where")
	l.each(n, func(key string, k, v *yaml.Node) {
		switch key {
		case "all", "any":
			kid := &Cond{At: l.at(k), Op: map[string]Op{"all": OpAll, "any": OpAny}[key]}
			if v.Kind != yaml.SequenceNode || len(v.Content) == 0 {
				l.problem(v, "%s is a list of conditions", key)
				return
			}
			for _, item := range v.Content {
				kid.Kids = append(kid.Kids, l.cond(item, s))
			}
			c.Kids = append(c.Kids, kid)
		case "not":
			c.Kids = append(c.Kids, &Cond{At: l.at(k), Op: OpNot, Kids: []*Cond{l.cond(v, s)}})
		case "where":
			if child(n, "for_any") == nil {
				l.problem(k, "where needs for_any")
			}
		case "for_any":
			inner := s
			for _, list := range []filing.List{filing.ListSites, filing.ListPreapprovals, filing.ListDomains} {
				if list.Path() == v.Value {
					inner.each = list
				}
			}
			if inner.each == s.each || where == nil {
				l.problem(k, "for_any names a list (sites[], sites[].domains[], sites[].preapprovals[]) that the rule is not about, with where beside it")
				return
			}
			c.Kids = append(c.Kids, &Cond{At: l.at(k), Op: OpForAny, List: inner.each, Kids: []*Cond{l.cond(where, inner)}})
		case "distinct":
			l.distinct(c, k, v, s)
		default:
			l.test(c, key, k, v, s)
		}
	})
	return single(c)
}

func single(c *Cond) *Cond {
	if len(c.Kids) == 1 && c.Op == OpAll {
		return c.Kids[0]
	}
	return c
}

func (l *loader) distinct(c *Cond, k, v *yaml.Node, s scope) {
	d := &Cond{At: l.at(k), Op: OpDistinct, List: filing.ListDomains, Fact: filing.FactDomainName}
	l.each(v, func(key string, k, v *yaml.Node) {
		switch key {
		case "of":
			d.Attribute = v.Value
		case "at_least":
			d.Count = l.number(v)
		default:
			l.problem(k, "unknown key %q: distinct has of and at_least", key)
		}
	})
	if d.Attribute != "name" && d.Attribute != "prefix" || d.Count < 2 || s.each != filing.ListSites {
		l.problem(k, "distinct counts the name or the prefix of a site's domains: each: sites[], of: name or prefix, at_least: 2 or more")
		return
	}
	c.Kids = append(c.Kids, d)
}

func (l *loader) number(n *yaml.Node) int {
	v, err := strconv.Atoi(n.Value)
	if err != nil || v < 0 {
		l.problem(n, "a whole number is wanted here, not %q", n.Value)
	}
	return v
}

// test reads `fact: what it must be`.
func (l *loader) test(c *Cond, key string, k, v *yaml.Node, s scope) {
	name := key
	if rest, ok := strings.CutPrefix(key, "person."); ok {
		if s.person == "" {
			l.problem(k, "%s needs persons in the rule", key)
			return
		}
		name = s.person + "." + rest
	}
	fact, ok := filing.FactOf(name)
	if fact == filing.FactRemarks {
		l.problem(k, "%s are words for the reviewer: no rule may depend on them", key)
		return
	}
	if !ok || fact.List() == filing.ListUploads {
		l.problem(k, "unknown fact %q", key)
		return
	}
	if !s.sees(fact.List()) {
		l.problem(k, "%s is a fact of each of %s: the rule or a for_any must be about it", name, fact.List().Path())
		return
	}
	if v.Kind != yaml.MappingNode {
		c.Kids = append(c.Kids, l.in(fact, k, v))
		return
	}
	l.each(v, func(op string, o, arg *yaml.Node) {
		t := &Cond{At: l.at(k), Fact: fact}
		kind := fact.Kind()
		date := kind == filing.KindDate || kind == filing.KindDateOrLongTerm
		ok := true
		switch op {
		case "not":
			t = &Cond{At: l.at(k), Op: OpNot, Kids: []*Cond{l.in(fact, k, arg)}}
		case "at_least", "more_than", "at_most", "less_than":
			n := l.number(arg)
			t.Op, t.Min, t.Max = OpRange, 0, filing.MaxInt
			switch op {
			case "at_least":
				t.Min = n
			case "more_than":
				t.Min = n + 1
			case "at_most":
				t.Max = n
			default:
				t.Max = n - 1
			}
			ok = kind == filing.KindInt
		case "before", "on_or_before", "after", "on_or_after":
			t.Op, t.Bound = OpDate, l.bound(arg)
			t.Compare = map[string]Compare{"before": Before, "on_or_before": OnOrBefore, "after": After, "on_or_after": OnOrAfter}[op]
			ok = date
		case "younger_than":
			years, word, _ := strings.Cut(arg.Value, " ")
			n, err := strconv.Atoi(years)
			if err != nil || word != "years" || n <= 0 {
				l.problem(arg, "younger_than: 18 years")
			}
			t.Op, t.Months = OpYounger, 12*n
			ok = date
		case "contains", "suffix_in", "not_suffix_in":
			t.Op = OpSuffix
			if op == "contains" {
				t.Op = OpContains
			}
			if arg.Kind == yaml.ScalarNode {
				t.ListName = arg.Value
				if t.Values, ok = l.lists[arg.Value]; !ok {
					l.problem(arg, "there is no list %q (words stand in [brackets])", arg.Value)
					return
				}
			} else {
				t.Values = l.words(arg)
			}
			ok = kind == filing.KindText
		default:
			l.problem(o, "unknown comparison %q", op)
			return
		}
		if !ok {
			l.problem(o, "%s cannot be compared by %s", fact.Path(), op)
			return
		}
		if op == "not_suffix_in" {
			t = &Cond{At: t.At, Op: OpNot, Kids: []*Cond{t}}
		}
		c.Kids = append(c.Kids, t)
	})
}

// in reads the value or values that a fact must have.
func (l *loader) in(fact filing.Fact, k, v *yaml.Node) *Cond {
	t := &Cond{At: l.at(k), Op: OpIn, Fact: fact, Values: l.words(v)}
	for _, word := range t.Values {
		switch fact.Kind() {
		case filing.KindBool:
			if word != "true" && word != "false" {
				l.problem(v, "%s is true or false, not %q", fact.Path(), word)
			}
		case filing.KindEnum, filing.KindProvince:
			if !slices.Contains(fact.Values(), word) {
				l.problem(v, "%s has no value %q: %s", fact.Path(), word, strings.Join(fact.Values(), ", "))
			}
		default:
			l.problem(v, "%s is compared by at_least, before, contains and the like, not by a value", fact.Path())
			return t
		}
	}
	return t
}

// bound reads a day, or as_of, or as_of + N days|months|years, where N may be the name of a parameter.
func (l *loader) bound(n *yaml.Node) Bound {
	if day, ok := filing.ParseDate(n.Value); ok {
		return Bound{Fixed: day}
	}
	words := strings.Fields(n.Value)
	if len(words) == 1 && words[0] == "as_of" {
		return Bound{FromAsOf: true}
	}
	if len(words) != 4 || words[0] != "as_of" || words[1] != "+" && words[1] != "-" {
		l.problem(n, "%q is no day: a date, as_of, or as_of + N days (months, years) is wanted", n.Value)
		return Bound{}
	}
	b := Bound{FromAsOf: true, Sign: 1}
	if words[1] == "-" {
		b.Sign = -1
	}
	unit := 1
	switch words[3] {
	case "days", "day":
	case "months", "month":
		b.InMonths = true
	case "years", "year":
		b.InMonths, unit = true, 12
	default:
		l.problem(n, "%q: days, months or years are wanted", n.Value)
	}
	count, err := strconv.Atoi(words[2])
	if err != nil {
		if l.params[words[2]] == nil || unit != 1 {
			l.problem(n, "there is no parameter %q", words[2])
		}
		b.Param = words[2]
		return b
	}
	if b.InMonths {
		b.Months = b.Sign * count * unit
	} else {
		b.Days = b.Sign * count
	}
	return b
}

func (l *loader) buildCase(c *Clause, n *yaml.Node) {
	k := &Case{At: l.at(n)}
	action := c.Action
	if action == "" {
		action = "new"
	}
	kind := c.Kind
	if kind == "" {
		kind = "enterprise"
	}
	k.Base = kind + "/" + action
	changes, said := [][]Change{nil}, 0
	l.each(n, func(key string, kn, v *yaml.Node) {
		switch key {
		case "fires", "misses":
			said++
			k.Fires = key == "fires"
			l.each(v, func(path string, kn, v *yaml.Node) {
				changes = l.changes(changes, path, v)
			})
		case "base":
			k.Base = v.Value
		case "yields":
			k.Yields = slices.Sorted(slices.Values(l.words(v)))
		default:
			l.problem(kn, "unknown key %q: a case has fires or misses, base, yields", key)
		}
	})
	if said != 1 || k.Fires != (len(k.Yields) > 0) {
		l.problem(n, "a case has either fires, with what the clause yields, or misses")
		return
	}
	if l.bases[k.Base] == nil {
		l.problem(n, "there is no base %q for the case", k.Base)
		return
	}
	for _, list := range changes {
		one := *k
		one.Changes = list
		c.Cases = append(c.Cases, &one)
	}
}

// changes adds a change to each of the lists of changes. Several values for one fact make a case of each.
func (l *loader) changes(lists [][]Change, path string, v *yaml.Node) [][]Change {
	values := []*yaml.Node{v}
	if _, ok := filing.FactOf(withoutIndexes(path)); ok && v.Kind == yaml.SequenceNode {
		values = v.Content
	}
	var longer [][]Change
	for _, v := range values {
		var value any
		if err := v.Decode(&value); err != nil {
			l.problem(v, "case: %v", err)
		}
		if v.Tag == "!!timestamp" {
			value = v.Value
		}
		for _, list := range lists {
			longer = append(longer, append(slices.Clip(list), Change{path, value}))
		}
	}
	return longer
}

// withoutIndexes returns the vocabulary's name of a fact at a place: sites[].name for sites[0].name.
func withoutIndexes(path string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, path)
}
