package differential

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"
	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Evaluator judges facts by the rules in CEL.
type Evaluator struct {
	data     *Data
	entries  []entry
	programs map[string]program
	env      *cel.Env
	scalars  []string                  // variables of the facts of a filing as a whole, by path with _ for .
	blank    map[string]map[string]any // an item of which nothing is known, by the list's path and a dot
	live     map[string][]*entry
	fired    map[*entry]int // how often each yielded something
}

type program struct {
	cel.Program
	expression string
}

// entry is one rule for one clause that cites it.
type entry struct {
	rule                   *Rule
	clause                 string
	province, kind, action string // where the clause that cites holds
	owner                  *Clause
	holds, unless          program // unless without Program: no exception
}

// NewEvaluator translates the rules.
func NewEvaluator(data *Data) (*Evaluator, error) {
	options := []cel.EnvOption{ext.Strings(), cel.Variable("site", cel.DynType), cel.Variable("item", cel.DynType),
		cel.Variable("sites", cel.DynType)}
	e := &Evaluator{data: data, programs: map[string]program{}, live: map[string][]*entry{},
		blank: map[string]map[string]any{}, fired: map[*entry]int{}}
	for _, path := range keys(data.Facts) {
		if at := strings.LastIndex(path, "[].") + 3; at >= 3 {
			if e.blank[path[:at]] == nil {
				e.blank[path[:at]] = map[string]any{}
			}
			e.blank[path[:at]][path[at:]] = unknownValue
			continue
		}
		name := strings.ReplaceAll(path, ".", "_")
		e.scalars = append(e.scalars, name)
		kind := cel.StringType
		switch data.Facts[path] {
		case "bool":
			kind = cel.BoolType
		case "int":
			kind = cel.IntType
		}
		options = append(options, cel.Variable(name, kind))
	}
	text := func(name string, f func(string) string) cel.EnvOption {
		return cel.Function(name, cel.Overload(name+"_string", []*cel.Type{cel.StringType}, cel.StringType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return types.String(f(string(v.(types.String)))) })))
	}
	later := func(name string, f func(string, int) string) cel.EnvOption {
		return cel.Function(name, cel.Overload(name+"_string_int", []*cel.Type{cel.StringType, cel.IntType}, cel.StringType,
			cel.BinaryBinding(func(v, n ref.Val) ref.Val { return types.String(f(string(v.(types.String)), int(n.(types.Int)))) })))
	}
	options = append(options, text("whole", whole), text("prefix", prefix), text("last_label", lastLabel), later("add_days", addDays),
		later("add_months", addMonths))
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("CEL: %w", err)
	}
	e.env = env
	return e, e.build()
}

func (e *Evaluator) build() error {
	t := &translator{e.data}
	byID := map[string]*Clause{}
	citedBy := map[string][]*Clause{}
	replacedBy := map[string][]*Clause{}
	for i := range e.data.Clauses {
		c := &e.data.Clauses[i]
		byID[c.ID] = c
		citedBy[c.ID] = append(citedBy[c.ID], c)
		for _, id := range c.Repeats {
			citedBy[id] = append(citedBy[id], c)
		}
		for _, id := range c.Replaces {
			replacedBy[id] = append(replacedBy[id], c)
		}
	}
	applies := func(c *Clause) string {
		parts := []string{c.where()}
		for _, r := range replacedBy[c.ID] {
			parts = append(parts, "!"+r.where())
		}
		return and(parts)
	}
	for i := range e.data.Clauses {
		owner := &e.data.Clauses[i]
		for n := range owner.Rules {
			r := &owner.Rules[n]
			at := place{person: r.Person}
			switch r.Each {
			case "":
			case "sites[]":
				at.site = "site"
			default:
				at.site, at.item = "site", "item"
			}
			when, unless := "true", program{}
			if r.When != nil {
				when = t.condition(r.When, at, false)
			}
			if r.From != "" {
				when = and([]string{fmt.Sprintf("as_of >= %q", r.From), when})
			}
			if r.To != "" {
				when = and([]string{fmt.Sprintf("as_of <= %q", r.To), when})
			}
			var err error
			if r.Unless != nil {
				if unless, err = e.compile(t.condition(r.Unless, at, false)); err != nil {
					return fmt.Errorf("%s unless: %w", owner.ID, err)
				}
			}
			for _, c := range citedBy[owner.ID] {
				scope := applies(owner)
				if c != owner {
					scope = and([]string{scope, applies(c)})
				}
				holds, err := e.compile(and([]string{scope, when}))
				if err != nil {
					return fmt.Errorf("%s: %w", owner.ID, err)
				}
				e.entries = append(e.entries, entry{rule: r, clause: c.ID, province: c.Province, kind: c.Kind, action: c.Action, owner: owner,
					holds: holds, unless: unless})
			}
		}
	}
	return nil
}

// where is the condition that the clause holds by its id.
func (c *Clause) where() string {
	parts := []string{"true"}
	for name, code := range map[string]string{"province": c.Province, "applicant_type": c.Kind, "action": c.Action} {
		if code != "" {
			parts = append(parts, fmt.Sprintf("%s == %q", name, code))
		}
	}
	slices.Sort(parts)
	return and(parts)
}

func (e *Evaluator) compile(expression string) (program, error) {
	if p, ok := e.programs[expression]; ok {
		return p, nil
	}
	ast, issues := e.env.Compile(expression)
	if issues.Err() != nil {
		return program{}, fmt.Errorf("%s: %w", expression, issues.Err())
	}
	p, err := e.env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return program{}, fmt.Errorf("%s: %w", expression, err)
	}
	e.programs[expression] = program{p, expression}
	return e.programs[expression], nil
}

// Judgement is what came of facts: items with the clauses that yield them, and the clauses that are not decided.
type Judgement struct {
	Items map[Item]*Yielded
	// Open lists what is undecided: a rule for a clause at a place.
	Open map[string][]Instance
}

// Yielded is an item's clauses, and whether it is provisional by all of them.
type Yielded struct {
	Clauses     map[string]bool
	Provisional bool
}

// Instance is one rule at one place of the lists.
type Instance struct {
	entry      *entry
	Site, Item int // -1 in a list that is not known, and where the rule is about none
}

// Clause is the clause for which the rule is judged.
func (i Instance) Clause() string { return i.entry.clause }

// unknownValue stands for every fact that is not known.
var unknownValue = types.NewUnknown(0, nil)

// Filing is facts as CEL sees them.
type Filing struct {
	vars map[string]any
	// sites is nil where the list is not known.
	sites []map[string]any
	known bool
}

// Prepare turns the facts of a filing, as JSON, into what CEL sees.
func (e *Evaluator) Prepare(text []byte) (*Filing, error) {
	var facts tree
	if err := json.Unmarshal(text, &facts); err != nil {
		return nil, err
	}
	return e.prepare(facts), nil
}

func (e *Evaluator) prepare(facts tree) *Filing {
	f := &Filing{vars: make(map[string]any, len(e.scalars)+3)}
	for _, name := range e.scalars {
		f.vars[name] = unknownValue
	}
	for key, v := range facts {
		switch v := v.(type) {
		case tree:
			for k, v := range v {
				f.vars[key+"_"+k] = plain(v)
			}
		case []any:
		default:
			f.vars[key] = plain(v)
		}
	}
	if f.vars["as_of"] == any(unknownValue) {
		f.vars["as_of"] = time.Now().UTC().Add(8 * time.Hour).Format(time.DateOnly)
	}
	f.vars["site"], f.vars["item"], f.vars["sites"] = unknownValue, unknownValue, unknownValue
	if list, ok := facts["sites"].([]any); ok {
		f.known = true
		for _, v := range list {
			site := e.record("sites[].", asTree(v))
			for _, name := range []string{"preapprovals", "domains"} {
				site[name] = unknownValue
				if items, ok := asTree(v)[name].([]any); ok {
					records := make([]map[string]any, len(items))
					for i := range items {
						records[i] = e.record("sites[]."+name+"[].", asTree(items[i]))
					}
					site[name] = records
				}
			}
			f.sites = append(f.sites, site)
		}
		f.vars["sites"] = f.sites
	}
	return f
}

func plain(v any) any {
	if n, ok := v.(float64); ok {
		return int64(n)
	}
	return v
}

// record returns the facts of an item of a list, each known or not.
func (e *Evaluator) record(prefix string, facts tree) map[string]any {
	out := maps.Clone(e.blank[prefix])
	for k, v := range facts {
		if _, list := v.([]any); !list {
			out[k] = plain(v)
		}
	}
	return out
}

// instances visits the places that a rule is about.
func (f *Filing) instances(e *Evaluator, each string, visit func(site, item int)) {
	f.vars["site"], f.vars["item"] = unknownValue, unknownValue
	if each == "" {
		visit(-1, -1)
		return
	}
	field := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(each, "sites[]"), "."), "[]")
	if !f.known {
		f.vars["site"], f.vars["item"] = e.record("sites[].", nil), e.record("sites[]."+field+"[].", nil)
		f.vars["site"].(map[string]any)["domains"] = unknownValue
		f.vars["site"].(map[string]any)["preapprovals"] = unknownValue
		visit(-1, -1)
		return
	}
	for i, site := range f.sites {
		f.vars["site"] = site
		if field == "" {
			visit(i, -1)
			continue
		}
		items, known := site[field].([]map[string]any)
		if !known {
			f.vars["item"] = e.record("sites[]."+field+"[].", nil)
			visit(i, -1)
		}
		for j := range items {
			f.vars["item"] = items[j]
			visit(i, j)
		}
	}
}

// truth is what an expression comes to.
type truth int

const (
	no truth = iota
	open
	yes
)

func (p program) eval(vars map[string]any) truth { return p.evalIn(vars) }

// evalIn evaluates with a map or an activation.
func (p program) evalIn(vars any) truth {
	v, _, err := p.Eval(vars)
	switch {
	case err != nil:
		panic(fmt.Sprintf("%s: %v", p.expression, err))
	case v == types.True:
		return yes
	case v == types.False:
		return no
	case types.IsUnknown(v):
		return open
	}
	panic(fmt.Sprintf("%s is %v", p.expression, v))
}

// outcome is what one entry comes to at one place.
type outcome struct{ holds, excepted truth }

// settled reports whether nothing is left to find out.
func (o outcome) settled() bool {
	return o.holds == no || o.excepted == yes || o.holds == yes && o.excepted == no
}

// judge evaluates an entry at the place where the facts stand; ghost is a place in a list that is not known.
func (en *entry) judge(f *Filing, ghost bool) outcome {
	o := outcome{holds: en.holds.eval(f.vars)}
	if o.holds == yes && ghost {
		o.holds = open
	}
	if o.holds != no && en.unless.Program != nil {
		o.excepted = en.unless.eval(f.vars)
	}
	return o
}

// named returns the item with the name of its site or domain, and whether that is known.
func (en *entry) named(y Item, f *Filing) (Item, bool) {
	var record any
	switch y.Of {
	case "site":
		record = f.vars["site"]
	case "domain", "domain_holder":
		record = f.vars["item"]
	default:
		return y, true
	}
	name, ok := record.(map[string]any)["name"].(string)
	y.Of += ":" + name
	return y, ok
}

// Judge evaluates every rule that may hold.
func (e *Evaluator) Judge(f *Filing) Judgement {
	j := Judgement{Items: map[Item]*Yielded{}, Open: map[string][]Instance{}}
	for _, en := range e.scope(f) {
		f.instances(e, en.rule.Each, func(site, item int) {
			ghost := en.rule.Each != "" && (site < 0 || en.rule.Each != "sites[]" && item < 0)
			o := en.judge(f, ghost)
			if o.holds == no || o.excepted == yes {
				return
			}
			waiting := !o.settled()
			for _, y := range en.rule.Yields {
				named, ok := en.named(y, f)
				if !ok {
					waiting = true
				}
				if o.holds != yes || !ok {
					continue
				}
				got := j.Items[named]
				if got == nil {
					got = &Yielded{map[string]bool{}, true}
					j.Items[named] = got
				}
				e.fired[en]++
				got.Clauses[en.clause] = true
				got.Provisional = got.Provisional && o.excepted == open
			}
			if waiting {
				j.Open[en.clause] = append(j.Open[en.clause], Instance{en, site, item})
			}
		})
	}
	return j
}

// scope returns the entries that a known province, kind and action leave, by the ids of their clauses alone: of the
// others CEL would say false. It is kept for the next filing of that scope.
func (e *Evaluator) scope(f *Filing) []*entry {
	var key string
	var codes [3]string
	for i, name := range []string{"province", "applicant_type", "action"} {
		codes[i], _ = f.vars[name].(string)
		key += codes[i] + " "
	}
	list, ok := e.live[key]
	if ok {
		return list
	}
	fits := func(code, known string) bool { return code == "" || known == "" || code == known }
	for i := range e.entries {
		en := &e.entries[i]
		if fits(en.province, codes[0]) && fits(en.kind, codes[1]) && fits(en.action, codes[2]) &&
			fits(en.owner.Province, codes[0]) && fits(en.owner.Kind, codes[1]) && fits(en.owner.Action, codes[2]) {
			list = append(list, en)
		}
	}
	e.live[key] = list
	return list
}

// Fork returns an evaluator that shares the programs, for another goroutine.
func (e *Evaluator) Fork() *Evaluator {
	c := *e
	c.live, c.fired = map[string][]*entry{}, map[*entry]int{}
	return &c
}

func whole(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

// prefix returns the label before the public suffix.
func prefix(name string) string {
	registered, err := publicsuffix.EffectiveTLDPlusOne(whole(name))
	if err != nil {
		return ""
	}
	label, _, _ := strings.Cut(registered, ".")
	return label
}

// lastLabel returns the last label in Chinese where it is an international one.
func lastLabel(name string) string {
	labels := strings.Split(whole(name), ".")
	last := labels[len(labels)-1]
	if text, err := idna.ToUnicode(last); err == nil {
		return text
	}
	return last
}

func addDays(text string, n int) string {
	return mustDay(text).AddDate(0, 0, n).Format(time.DateOnly)
}

// addMonths keeps to the month's last day.
func addMonths(text string, n int) string {
	t := mustDay(text)
	later := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := later.AddDate(0, 1, -1).Day()
	return later.AddDate(0, 0, min(t.Day(), last)-1).Format(time.DateOnly)
}

func mustDay(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}
