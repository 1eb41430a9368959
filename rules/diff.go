package rules

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/filing"
)

// Difference is what two rule sets say differently (差异), from A to B.
type Difference struct {
	// FromHash and ToHash name the sets.
	FromHash, ToHash string
	// Clauses are those that were added, removed or changed: a province's before the general ones.
	Clauses []ClauseChange
	// Params are the figures that were.
	Params []ParamChange

	from, to *Set
}

// ChangeKind says what became of a clause, a rule or a figure.
type ChangeKind string

// The kinds of changes.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
)

// Word returns the kind in words.
func (k ChangeKind) Word() filing.Text {
	switch k {
	case Added:
		return filing.Text{ZH: "新增", EN: "added"}
	case Removed:
		return filing.Text{ZH: "删除", EN: "removed"}
	}
	return filing.Text{ZH: "修改", EN: "changed"}
}

// ClauseChange is one clause that two sets say differently.
type ClauseChange struct {
	ID   string
	Kind ChangeKind
	// Province, Applicant (enterprise or individual) and Action are whom it is about; "" is everybody.
	Province, Applicant, Action string
	// Who is the same in words.
	Who filing.Text
	// Rules are the rules that differ.
	Rules []RuleChange
	// Notes says what else differs: repeats, replaces, the reading, a waiver, the paraphrase, the source's text.
	Notes []filing.Text
}

// RuleChange is a rule in words before and after; one of the two is empty where the rule was added or removed.
type RuleChange struct {
	Kind          ChangeKind
	Before, After filing.Text
}

// ParamChange is a figure before and after, with the days on which each value holds.
type ParamChange struct {
	Name          string
	Kind          ChangeKind
	Before, After string
	// Clauses are those that give the figure or whose rules count with it.
	Clauses []string
}

// Diff says what changed from one rule set to another. The same sets give the same difference.
func Diff(a, b *Set) *Difference {
	d := &differ{vocab: loadVocabulary(), from: a, to: b}
	out := &Difference{FromHash: a.hash, ToHash: b.hash, from: a, to: b}
	ids := map[string]bool{}
	for _, s := range []*Set{a, b} {
		for _, c := range s.clauses {
			ids[c.ID] = true
		}
	}
	sorted := sortedKeys(ids)
	slices.SortStableFunc(sorted, func(x, y string) int {
		switch {
		case clauseLess(d.vocab, x, y):
			return -1
		case clauseLess(d.vocab, y, x):
			return 1
		}
		return 0
	})
	for _, id := range sorted {
		if change, differs := d.clause(id, a.byID[id], b.byID[id]); differs {
			out.Clauses = append(out.Clauses, change)
		}
	}
	names := map[string]bool{}
	for _, s := range []*Set{a, b} {
		for name := range s.params {
			names[name] = true
		}
	}
	for _, name := range sortedKeys(names) {
		if change, differs := d.param(name); differs {
			out.Params = append(out.Params, change)
		}
	}
	return out
}

// Empty reports whether the sets say the same.
func (d *Difference) Empty() bool { return len(d.Clauses) == 0 && len(d.Params) == 0 }

type differ struct {
	vocab    *vocabulary
	from, to *Set
}

func (d *differ) printer(lang string) *printer { return &printer{lang: lang, vocab: d.vocab} }

func (d *differ) text(write func(p *printer) string) filing.Text {
	return filing.Text{ZH: write(d.printer("zh")), EN: write(d.printer("en"))}
}

func (d *differ) rule(r *Rule) filing.Text {
	return d.text(func(p *printer) string { return p.Rule(r) })
}

func (d *differ) clause(id string, a, b *Clause) (ClauseChange, bool) {
	change := ClauseChange{ID: id, Kind: Changed}
	change.Province, change.Applicant, change.Action, _ = d.vocab.place(id)
	change.Who = d.who(&change)
	switch {
	case a == nil:
		change.Kind = Added
		a = &Clause{}
	case b == nil:
		change.Kind = Removed
		b = &Clause{}
	}
	change.Rules = d.rules(a.Rules, b.Rules)
	note := func(zh, en, before, after string) {
		if before != after {
			change.Notes = append(change.Notes, filing.Text{ZH: zh + "：" + arrow(before, after, "无"), EN: en + ": " + arrow(before, after, "none")})
		}
	}
	list := func(ids []string) string { return strings.Join(sortedCopy(ids), ", ") }
	note("同", "the same as", list(a.Repeats), list(b.Repeats))
	note("取代", "in place of", list(a.Replaces), list(b.Replaces))
	if change.Kind == Changed {
		texts := func(zh, en string, before, after filing.Text) {
			if before != after {
				change.Notes = append(change.Notes, filing.Text{ZH: zh + "：" + arrow(before.ZH, after.ZH, "无"), EN: en + ": " + arrow(before.EN, after.EN, "none")})
			}
		}
		texts("无规则的原因", "the reason for no rule", a.Waived, b.Waived)
		texts("读法", "reading", a.Reading, b.Reading)
		texts("释义", "paraphrase", a.Text, b.Text)
		if a.SourceDigest != b.SourceDigest {
			change.Notes = append(change.Notes, filing.Text{ZH: "原文有变（摘要不同）", EN: "the source's text is another (its digest differs)"})
		}
	} else {
		said := a.Text
		if change.Kind == Added {
			said = b.Text
		}
		change.Notes = append(change.Notes, said)
	}
	return change, change.Kind != Changed || len(change.Rules) > 0 || len(change.Notes) > 0
}

func arrow(before, after, none string) string {
	return cmp.Or(before, none) + " → " + cmp.Or(after, none)
}

// who puts in words whom a clause is about.
func (d *differ) who(c *ClauseChange) filing.Text {
	var zh, en []string
	add := func(z, e string) { zh, en = append(zh, z), append(en, e) }
	if c.Province == "" {
		add("各省", "every province")
	} else {
		add(d.vocab.provinces[c.Province], c.Province)
	}
	switch c.Applicant {
	case "enterprise":
		add("单位", "enterprises")
	case "individual":
		add("个人", "individuals")
	default:
		add("单位和个人", "enterprises and individuals")
	}
	switch c.Action {
	case "new":
		add("新增", "new filings")
	case "access":
		add("接入", "access")
	case "change":
		add("变更", "changes")
	default:
		add("各类备案", "every action")
	}
	return filing.Text{ZH: strings.Join(zh, "·"), EN: strings.Join(en, ", ")}
}

// rules pairs the rules that differ: those that yield the same are one rule that changed.
func (d *differ) rules(a, b []*Rule) []RuleChange {
	gone, came := without(a, b), without(b, a)
	var list []RuleChange
	for _, before := range gone {
		i := slices.IndexFunc(came, func(after *Rule) bool { return yieldsText(before) == yieldsText(after) })
		if i < 0 {
			list = append(list, RuleChange{Kind: Removed, Before: d.rule(before)})
			continue
		}
		after := came[i]
		came = slices.Delete(came, i, i+1)
		change := RuleChange{Kind: Changed, Before: d.rule(before), After: d.rule(after)}
		words := listChanges(before, after)
		change.After.ZH += words.ZH
		change.After.EN += words.EN
		list = append(list, change)
	}
	for _, after := range came {
		list = append(list, RuleChange{Kind: Added, After: d.rule(after)})
	}
	return list
}

// without returns the rules of a that b does not have, in the order of what they say.
func without(a, b []*Rule) []*Rule {
	left := map[string]int{}
	for _, r := range b {
		left[canonicalRule(r)]++
	}
	var list []*Rule
	for _, r := range a {
		if key := canonicalRule(r); left[key] > 0 {
			left[key]--
		} else {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(x, y *Rule) int { return strings.Compare(canonicalRule(x), canonicalRule(y)) })
	return list
}

func yieldsText(r *Rule) string {
	var list []string
	for _, y := range r.Yields {
		list = append(list, itemKey(y))
	}
	return fmt.Sprint(r.Each, sortedCopy(list))
}

// listChanges says which words came into the lists that both rules name, and which are gone: the rules alone print only
// the list's name.
func listChanges(before, after *Rule) filing.Text {
	lists := func(r *Rule) map[string][]string {
		named := map[string][]string{}
		for _, c := range []*Cond{r.When, r.Unless} {
			walk(c, func(n *Cond) {
				if n.ListName != "" {
					named[n.ListName] = n.Values
				}
			})
		}
		return named
	}
	old, recent := lists(before), lists(after)
	var out filing.Text
	for _, name := range sortedKeys(recent) {
		if _, both := old[name]; !both {
			continue
		}
		minus := func(a, b []string) string {
			return strings.Join(slices.DeleteFunc(slices.Clone(a), func(w string) bool { return slices.Contains(b, w) }), ", ")
		}
		if came := minus(recent[name], old[name]); came != "" {
			out.ZH += fmt.Sprintf("（%s 增加：%s）", name, came)
			out.EN += fmt.Sprintf(" (%s gains: %s)", name, came)
		}
		if gone := minus(old[name], recent[name]); gone != "" {
			out.ZH += fmt.Sprintf("（%s 去掉：%s）", name, gone)
			out.EN += fmt.Sprintf(" (%s loses: %s)", name, gone)
		}
	}
	return out
}

func (d *differ) param(name string) (ParamChange, bool) {
	a, b := d.from.params[name], d.to.params[name]
	change := ParamChange{Name: name, Kind: Changed, Before: paramText(a), After: paramText(b)}
	switch {
	case a == nil:
		change.Kind = Added
	case b == nil:
		change.Kind = Removed
	}
	if change.Before == change.After {
		return change, false
	}
	clauses := map[string]bool{}
	for _, s := range []*Set{d.from, d.to} {
		if p := s.params[name]; p != nil {
			for _, v := range p.Values {
				clauses[v.Clause] = true
			}
		}
		for _, c := range s.clauses {
			for _, r := range c.Rules {
				for _, cond := range []*Cond{r.When, r.Unless} {
					walk(cond, func(n *Cond) {
						if n.Op == OpDate && n.Bound.Param == name {
							clauses[c.ID] = true
						}
					})
				}
			}
		}
	}
	change.Clauses = sortedKeys(clauses)
	return change, true
}

// paramText prints the values of a parameter in the order of their days.
func paramText(p *Param) string {
	if p == nil {
		return ""
	}
	values := slices.Clone(p.Values)
	slices.SortFunc(values, func(a, b ParamValue) int { return cmp.Compare(a.From, b.From) })
	var parts []string
	for _, v := range values {
		text := fmt.Sprint(v.Number)
		if len(v.Words) > 0 {
			text = strings.Join(v.Words, " ")
		}
		if v.From != 0 || v.To != 0 {
			days := [2]string{}
			for i, day := range [...]filing.Date{v.From, v.To} {
				if day != 0 {
					days[i] = day.String()
				}
			}
			text += " [" + days[0] + ".." + days[1] + "]"
		}
		parts = append(parts, text+" ("+v.Clause+")")
	}
	return strings.Join(parts, ", ")
}

// Write prints the difference for people, in zh or en.
func (d *Difference) Write(w io.Writer, lang string) error {
	p := &printer{w: w, lang: lang}
	p.line("%s → %s", d.FromHash, d.ToHash)
	if d.Empty() {
		p.line("%s", p.say("两套规则相同。", "Both sets say the same."))
	}
	for _, c := range d.Clauses {
		p.line("%s %s  %s", c.Kind.Word().In(lang), c.ID, c.Who.In(lang))
		for _, n := range c.Notes {
			p.line("    %s", n.In(lang))
		}
		for _, r := range c.Rules {
			if r.Kind != Added {
				p.line("    - %s", r.Before.In(lang))
			}
			if r.Kind != Removed {
				p.line("    + %s", r.After.In(lang))
			}
		}
	}
	for _, c := range d.Params {
		p.line("%s %s: %s  %s", c.Kind.Word().In(lang), c.Name, arrow(c.Before, c.After, p.say("无", "none")), strings.Join(c.Clauses, ", "))
	}
	return p.err
}

// Effect is how the outcomes of a population change (影响).
type Effect struct {
	// Filings counts the population, and Changed those whose materials, blockers or notices change.
	Filings, Changed int
	// Cited counts the filings beyond Changed of which only the clauses change that are cited, Asked those of which only
	// the questions do.
	Cited, Asked int
	// Provinces, Clauses and Items count the filings among Changed: by the province ("" where it is not known), by the
	// clauses that yield an item before or after alone, and by the items. The most frequent come first.
	Provinces, Clauses []Count
	Items              []ItemCount
	// Examples are the first filings that change, at most MaxExamples.
	Examples []Example
}

// MaxExamples is how many filings an Effect names.
const MaxExamples = 10

// Count is how many filings change under one heading.
type Count struct {
	Name    string
	Filings int
}

// ItemCount is how many filings get an item, lose it, or keep it in another way: provisional or no longer so, or for
// other sites or domains.
type ItemCount struct {
	// Item is code@of, the name of a site or domain left out.
	Item                 string
	Added, Removed, Kept int
}

// Example is one filing that changes.
type Example struct {
	// Index is its place in the population, from 0.
	Index int
	// Added and Removed are items as ItemCount has them; ? marks a provisional one.
	Added, Removed []string
}

// Measure judges a population of facts by both sets. Facts that say no as_of are judged as of today. progress, which may
// be nil, is told how many are done, after each.
func (d *Difference) Measure(population iter.Seq[*filing.Facts], progress func(done int)) *Effect {
	e := &Effect{}
	provinces, clauses, items := map[string]int{}, map[string]int{}, map[string]*ItemCount{}
	for f := range population {
		index := e.Filings
		e.Filings++
		before, after := d.from.Evaluate(f), d.to.Evaluate(f)
		a, b := itemsOf(before), itemsOf(after)
		switch {
		case !sameItems(a, b):
			e.Changed++
			provinces[f.Text(filing.FactProvince)]++
			example := Example{Index: index}
			touched := map[string]bool{}
			for _, k := range sortedKeys(merged(a, b)) {
				old, was := a[k]
				recent, is := b[k]
				if was && is && old.Provisional == recent.Provisional {
					continue
				}
				if was {
					example.Removed = append(example.Removed, old.mark())
				}
				if is {
					example.Added = append(example.Added, recent.mark())
				}
				for _, id := range append(slices.Clone(old.Clauses), recent.Clauses...) {
					// where the item stays, those that came or went made it another, or all of them by an exception
					if slices.Equal(old.Clauses, recent.Clauses) || !slices.Contains(old.Clauses, id) || !slices.Contains(recent.Clauses, id) {
						touched[id] = true
					}
				}
			}
			for id := range touched {
				clauses[id]++
			}
			example.Removed, example.Added = uniqueNames(example.Removed), uniqueNames(example.Added)
			countItems(items, &example)
			if len(e.Examples) < MaxExamples {
				e.Examples = append(e.Examples, example)
			}
		case !sameCites(a, b):
			e.Cited++
		case !slices.Equal(before.Ask, after.Ask):
			e.Asked++
		}
		if progress != nil {
			progress(e.Filings)
		}
	}
	e.Provinces, e.Clauses = counts(provinces), counts(clauses)
	for _, name := range sortedKeys(items) {
		e.Items = append(e.Items, *items[name])
	}
	slices.SortStableFunc(e.Items, func(a, b ItemCount) int { return cmp.Compare(b.all(), a.all()) })
	return e
}

// uniqueNames sorts names and keeps one of each: an item of several domains is told once.
func uniqueNames(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// countItems counts the filing once under each item that it gets, loses, or keeps in another way.
func countItems(items map[string]*ItemCount, x *Example) {
	plain := func(marks []string) map[string]bool {
		names := map[string]bool{}
		for _, m := range marks {
			names[strings.TrimPrefix(m, "?")] = true
		}
		return names
	}
	added, removed := plain(x.Added), plain(x.Removed)
	for _, names := range []map[string]bool{added, removed} {
		for name := range names {
			if items[name] == nil {
				items[name] = &ItemCount{Item: name}
			}
		}
	}
	for name, c := range items {
		switch {
		case added[name] && removed[name]:
			c.Kept++
		case added[name]:
			c.Added++
		case removed[name]:
			c.Removed++
		}
	}
}

func (c ItemCount) all() int { return c.Added + c.Removed + c.Kept }

func counts(m map[string]int) []Count {
	var list []Count
	for _, name := range sortedKeys(m) {
		list = append(list, Count{name, m[name]})
	}
	slices.SortStableFunc(list, func(a, b Count) int { return cmp.Compare(b.Filings, a.Filings) })
	return list
}

// judgedItem is an item of an outcome with its name for counting, in which no site or domain is named: names are an
// applicant's data.
type judgedItem struct {
	filing.Requirement
	name string
}

func (i judgedItem) mark() string {
	if i.Provisional {
		return "?" + i.name
	}
	return i.name
}

func itemsOf(out *filing.Outcome) map[string]judgedItem {
	items := map[string]judgedItem{}
	for kind, list := range [...][]filing.Requirement{out.Required, out.Blockers, out.Notices} {
		for _, r := range list {
			code := r.Material + r.Code + strings.Join(r.AnyOf, "|")
			name := code
			if of, _, _ := strings.Cut(r.Of, ":"); of != "" {
				name += "@" + of
			}
			items[fmt.Sprint(kind, code, "@", r.Of)] = judgedItem{r, name}
		}
	}
	return items
}

func merged(a, b map[string]judgedItem) map[string]bool {
	all := map[string]bool{}
	for k := range a {
		all[k] = true
	}
	for k := range b {
		all[k] = true
	}
	return all
}

func sameItems(a, b map[string]judgedItem) bool {
	if len(a) != len(b) {
		return false
	}
	for k, x := range a {
		if y, ok := b[k]; !ok || x.Provisional != y.Provisional {
			return false
		}
	}
	return true
}

func sameCites(a, b map[string]judgedItem) bool {
	for k, x := range a {
		if !slices.Equal(x.Clauses, b[k].Clauses) {
			return false
		}
	}
	return true
}

// Write prints the effect for people, in zh or en.
func (e *Effect) Write(w io.Writer, lang string) error {
	p := &printer{w: w, lang: lang}
	p.line(p.say("%d 个备案中 %d 个的结果改变（另有 %d 个只改变依据条款，%d 个只改变待问事项）",
		"%d filings, the outcome of %d changes (of %d more only the clauses cited, of %d only the questions)"), e.Filings, e.Changed, e.Cited, e.Asked)
	for _, group := range []struct {
		title string
		list  []Count
	}{{p.say("按省份", "by province"), e.Provinces}, {p.say("按条款", "by clause"), e.Clauses}} {
		for _, c := range group.list {
			p.line("  %s %s: %d", group.title, cmp.Or(c.Name, p.say("未知", "not known")), c.Filings)
		}
	}
	for _, c := range e.Items {
		p.line("  %s %s: +%d -%d ~%d", p.say("按事项", "by item"), c.Item, c.Added, c.Removed, c.Kept)
	}
	for _, x := range e.Examples {
		p.line("  %s %d: +[%s] -[%s]", p.say("例，第", "example, filing"), x.Index, strings.Join(x.Added, ", "), strings.Join(x.Removed, ", "))
	}
	return p.err
}
