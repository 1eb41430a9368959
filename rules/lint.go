package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules/seed"
)

// LintReport is what `rules lint` says.
type LintReport struct {
	// Problems refuse the data.
	Problems Problems
	// Skipped says which steps could not be done, and why.
	Skipped []string
	// Set is the compiled data; nil where it does not load.
	Set *Set
}

// Lint reads rule data and refuses what Load refuses, and beyond that: rules that can never fire, or always do without
// being marked so, or are shadowed; rules that require and forbid one thing; gaps; rules without a firing case and a near
// miss; cases that fail; digests that are not the sources'; paraphrases that copy them; clauses that are not mapped. A
// nil sources skips the steps that need the documents, and the report says so.
func Lint(folder, sources fs.FS, options ...Option) LintReport {
	l := newLoader()
	for _, option := range options {
		option(l)
	}
	set, err := Load(folder, options...)
	if err != nil {
		var problems Problems
		if errors.As(err, &problems) {
			return LintReport{Problems: problems}
		}
		return LintReport{Problems: Problems{{Position{"data", 1}, err.Error()}}}
	}
	c := &linter{set: set, lenient: l.lenient, vocab: l.vocab}
	report := LintReport{Set: set}
	c.lists(folder)
	c.firing()
	c.contradictions()
	c.gaps()
	c.cases()
	if sources == nil {
		report.Skipped = append(report.Skipped, "the source documents are not at hand: digests, copied sentences and coverage were not checked")
	} else if clauses, err := seed.Load(sources); err != nil {
		c.problems = append(c.problems, Problem{Position{"sources", 1}, err.Error()})
	} else {
		c.sources(clauses)
	}
	l.problems = c.problems
	report.Problems = l.sorted()
	return report
}

type linter struct {
	set      *Set
	lenient  bool
	vocab    *vocabulary
	problems Problems
}

func (c *linter) problem(at Position, format string, args ...any) {
	c.problems = append(c.problems, Problem{at, fmt.Sprintf(format, args...)})
}

// lists holds the finance keywords together with the contract's, and every parameter has a value today and before.
func (c *linter) lists(folder fs.FS) {
	l := newLoader()
	if err := l.readAll(folder); err != nil {
		return // Load said so
	}
	if words, ok := l.lists["finance_keywords"]; ok && !slices.Equal(sortedCopy(words), sortedCopy(c.vocab.financeKeywords)) {
		c.problem(l.listAt["finance_keywords"], "finance_keywords are not the contract's")
	}
	for _, p := range c.set.params {
		for _, v := range p.Values {
			if c.set.byID[v.Clause] == nil {
				c.problem(p.At, "parameter %q: clause %s is not in the data", p.Name, v.Clause)
			}
		}
	}
}

// firing finds rules that never fire, that always do, and that another rule of the clause makes idle.
func (c *linter) firing() {
	for i := range c.set.rules {
		r := &c.set.rules[i]
		fires, fails, complete := c.try([]int{i}, func(fired []bool) bool { return fired[0] })
		switch {
		case !fires && complete:
			c.problem(r.source.At, "the rule can never fire")
		case fires && !fails && complete && !r.source.Always && r.cites[0].scope == c.set.byID[own(r)].scopes():
			c.problem(r.source.At, "the rule always fires where its clause holds: mark it always")
		}
	}
	for i := range c.set.rules {
		for j := range c.set.rules {
			a, b := &c.set.rules[i], &c.set.rules[j]
			if i == j || own(a) != own(b) || !sharesAll(b.yields, a.yields) {
				continue
			}
			same := canonicalRule(a.source) == canonicalRule(b.source)
			if same && j < i {
				continue // said once
			}
			fires, alone, complete := c.tryPair(i, j)
			if fires && !alone && complete && a.unless < 0 {
				c.problem(b.source.At, "the rule is shadowed by the one at %s: it never fires alone", a.source.At)
			}
		}
	}
}

// own is the clause that holds a rule.
func own(r *rule) string { return r.source.Owner }

func sharesAll(items, of []int32) bool {
	for _, i := range items {
		if !slices.Contains(of, i) {
			return false
		}
	}
	return true
}

// tryPair reports whether rule j fires at all, and whether it does so without rule i.
func (c *linter) tryPair(i, j int) (fires, alone, complete bool) {
	_, _, complete = c.try([]int{i, j}, func(fired []bool) bool {
		fires = fires || fired[1]
		alone = alone || fired[1] && !fired[0]
		return fired[1]
	})
	return fires, alone, complete
}

// clashes are items that no filing can have at once: the one asks for what the other forbids.
var clashes = []struct {
	a, b     string
	samePart bool // only for the same person or domain
}{
	{"principal_authorization", "principal_must_be_legal_representative", false},
	{"gansu_principal_authorization", "principal_must_be_legal_representative", false},
	{"site_manager_authorization", "site_manager_must_be_legal_representative", false},
	{"site_manager_must_be_principal", "site_manager_must_differ_from_principal", false},
	{"residence_permit", "document_not_local", true},
	{"property_certificate", "document_not_local", true},
	{"employment_proof", "minor_not_accepted", true},
	{"income_proof", "minor_not_accepted", true},
	{"guardian_id", "minor_not_accepted", false},
	{"name_change_proof", "name_change_unrelated", false},
	{"name_change_proof", "record_name_mismatch", false},
	{"number_change_proof", "record_number_mismatch", false},
	{"domain_holder_proof", "domain_holder_not_accepted", false},
	{"finance_approval", "finance_wording_unrelated", false},
	{"preapproval_remark", "finance_wording_unrelated", false},
}

// contradictions finds rules that require and forbid one thing for one filing.
func (c *linter) contradictions() {
	for _, clash := range clashes {
		for i := range c.set.rules {
			for j := range c.set.rules {
				a, b := &c.set.rules[i], &c.set.rules[j]
				if !c.yields(a, clash.a) || !c.yields(b, clash.b) || a.cites[0].scope.and(b.cites[0].scope).empty() ||
					clash.samePart && c.of(a, clash.a) != c.of(b, clash.b) || !shareFact(a.source.When, b.source.When) {
					continue
				}
				both := false
				c.try([]int{i, j}, func(fired []bool) bool {
					both = both || fired[0] && fired[1]
					return both
				})
				if both {
					c.problem(b.source.At, "%s contradicts %s at %s: both can fire for one filing", clash.b, clash.a, a.source.At)
				}
			}
		}
	}
}

// shareFact reports whether two conditions look at one fact: otherwise the one asks for proof of one thing and the other
// refuses for another.
func shareFact(a, b *Cond) bool {
	seen := map[filing.Fact]bool{}
	walk(a, func(n *Cond) { seen[n.Fact] = seen[n.Fact] || n.tests() })
	shared := false
	walk(b, func(n *Cond) { shared = shared || n.tests() && seen[n.Fact] })
	return shared
}

func (c *linter) yields(r *rule, code string) bool {
	return slices.ContainsFunc(r.yields, func(i int32) bool {
		it := &c.set.items[i]
		return it.Kind != YieldNotice && slices.Contains(it.Codes, code)
	})
}

func (c *linter) of(r *rule, code string) string {
	for _, i := range r.yields {
		if slices.Contains(c.set.items[i].Codes, code) {
			return c.set.items[i].Of
		}
	}
	return ""
}

// gaps: every province, kind and action has the base materials.
func (c *linter) gaps() {
	encoded := map[string]bool{}
	for _, cl := range c.set.clauses {
		if cl.Kind != "" {
			encoded[cl.Province+"."+cl.Kind] = true
		}
	}
	for p, province := range filing.FactProvince.Values() {
		for k, kind := range filing.FactApplicantType.Values() {
			if !encoded[province+"."+kind] {
				continue // Load says so where it matters
			}
			for a, action := range filing.FactAction.Values() {
				f := scopeFacts(scopeIndex(p, k, a))
				out := c.set.Evaluate(f)
				for _, material := range []string{"applicant_document", "principal_id", "site_manager_id"} {
					if !slices.ContainsFunc(out.Required, func(r filing.Requirement) bool { return r.Material == material }) {
						at := Position{province + ".yaml", 1}
						c.problem(at, "a gap: %s %s %s does not require %s", province, kind, action, material)
					}
				}
			}
		}
	}
}

func scopeFacts(scope int) *filing.Facts {
	f := new(filing.Facts)
	day, _ := filing.ParseDate(tryDay)
	f.Set(filing.Ref{Fact: filing.FactProvince}, filing.Value{Num: int32(scope / (kinds * actions)), Known: true})
	f.Set(filing.Ref{Fact: filing.FactApplicantType}, filing.Value{Num: int32(scope / actions % kinds), Known: true})
	f.Set(filing.Ref{Fact: filing.FactAction}, filing.Value{Num: int32(scope % actions), Known: true})
	f.Set(filing.Ref{Fact: filing.FactAsOf}, filing.Value{Num: int32(day), Known: true})
	return f
}

// cases: each rule has a case that fires it and, unless it always fires, one in its scope that does not; every case holds.
func (c *linter) cases() {
	for _, r := range c.set.RunCases() {
		if r.Problem != "" {
			c.problem(r.Case.At, "case: %s", r.Problem)
		}
	}
	for i := range c.set.rules {
		r := &c.set.rules[i]
		cl := c.set.byID[own(r)]
		fires, misses := false, false
		for _, k := range cl.Cases {
			facts, err := c.set.CaseFacts(cl, k)
			if err != nil {
				continue // said above
			}
			if c.set.fires(i, facts) {
				fires = true
			} else {
				misses = true
			}
		}
		if !fires {
			c.problem(r.source.At, "no case fires the rule")
		}
		if !misses && !r.source.Always {
			c.problem(r.source.At, "the rule has no near miss among its cases")
		}
	}
}

// fires reports whether one rule fires for these facts.
func (s *Set) fires(rule int, f *filing.Facts) bool {
	e := evaluators.Get().(*evaluator)
	defer evaluators.Put(e)
	return e.fires(s, rule, f)
}

func (e *evaluator) fires(s *Set, rule int, f *filing.Facts) bool {
	e.begin(s, f)
	r := &s.rules[rule]
	scope := scopeIndex(int(f.Get(filing.FactProvince).Num), int(f.Get(filing.FactApplicantType).Num), int(f.Get(filing.FactAction).Num))
	if !r.cites[0].scope.has(scope) {
		return false
	}
	e.rule(r, &liveRule{rule: int32(rule)}, 0) // for no clause: only whether it fires is asked
	return len(e.fired) > 0
}

// tryDay is the day on which lint tries rules; tryLimit is how many combinations it tries before it gives up being sure.
const (
	tryDay   = "2020-12-01"
	tryLimit = 20_000
)

// try sets the facts that the rules look at to every combination of values that could make a difference, in every kind and
// action for the first province of their scope, and asks what they make of it. It reports whether verdict was ever true and
// ever false, and whether all combinations were tried.
func (c *linter) try(rules []int, verdict func(fired []bool) bool) (ever, failed, complete bool) {
	scope := c.set.rules[rules[0]].cites[0].scope
	facts := map[ref][]filing.Value{}
	for _, i := range rules {
		r := &c.set.rules[i]
		for _, ct := range r.cites {
			if c.set.clauses[ct.clause].ID == own(r) {
				scope = scope.and(ct.scope)
			}
		}
		if r.when >= 0 {
			c.values(r.when, facts)
		}
		if r.unless >= 0 {
			c.values(r.unless, facts)
		}
	}
	delete(facts, ref{fact: filing.FactProvince})
	delete(facts, ref{fact: filing.FactApplicantType})
	delete(facts, ref{fact: filing.FactAction})
	refs := make([]ref, 0, len(facts))
	for r := range facts {
		refs = append(refs, r)
	}
	slices.SortFunc(refs, ref.compare)
	combinations := 1
	for _, r := range refs {
		combinations = min(combinations*len(facts[r]), tryLimit+1)
	}
	complete = combinations <= tryLimit
	fired := make([]bool, len(rules))
	e := new(evaluator)
	var tried [kinds * actions]bool
	for at := 0; at < scopes; at++ {
		if !scope.has(at) || tried[at%(kinds*actions)] {
			continue
		}
		tried[at%(kinds*actions)] = true
		f := scopeFacts(at)
		for _, named := range []ref{{fact: filing.FactSiteName}, {fact: filing.FactDomainName}} {
			f.Set(filing.Ref{Fact: named.fact}, filing.Value{Text: "specimen.com", Known: true})
		}
		for n := 0; n < min(combinations, tryLimit); n++ {
			rest := n
			for _, r := range refs {
				v := facts[r]
				f.Set(filing.Ref{Fact: r.fact, Site: r.site, Item: r.item}, v[rest%len(v)])
				rest /= len(v)
			}
			for k, i := range rules {
				fired[k] = e.fires(c.set, i, f)
			}
			if verdict(fired) {
				ever = true
			} else {
				failed = true
			}
		}
	}
	return ever, failed, complete
}

// values collects, for each fact of a condition, values on both sides of every test.
func (c *linter) values(at int32, facts map[ref][]filing.Value) {
	n := &c.set.nodes[at]
	for _, k := range c.set.kids[n.first : n.first+n.count] {
		c.values(k, facts)
	}
	add := func(r ref, v filing.Value) {
		v.Known = true
		if !slices.Contains(facts[r], v) {
			facts[r] = append(facts[r], v)
		}
	}
	r := ref{fact: n.fact}
	day, _ := filing.ParseDate(tryDay)
	switch n.op {
	case nodeSet:
		size := 2
		if n.fact.Kind() != filing.KindBool {
			size = len(n.fact.Values())
		}
		in, out := false, false
		for i := 0; i < size; i++ {
			holds := n.mask>>i&1 != 0
			if holds && !in || !holds && !out || size == 2 || n.fact == filing.FactPreapprovalCategory || n.fact == filing.FactDomainHolder {
				add(r, filing.Value{Num: int32(i)})
			}
			in, out = in || holds, out || !holds
		}
	case nodeRange:
		for _, v := range []int32{n.a - 1, n.a, n.b, n.b + 1} {
			if v >= 0 && v <= filing.MaxInt {
				add(r, filing.Value{Num: v})
			}
		}
	case nodeDate:
		bound := c.set.day(c.set.bounds[n.a], day)
		for d := bound - 1; d <= bound+1; d++ {
			add(r, filing.Value{Num: int32(d)})
		}
	case nodeYounger:
		for _, d := range []filing.Date{-1, 0, 1} {
			add(r, filing.Value{Num: int32(day.AddMonths(-int(n.a)) + d)})
		}
	case nodeContains:
		for _, w := range []string{c.set.words[n.words][0], "?"} {
			add(r, filing.Value{Text: w})
		}
	case nodeSuffix:
		for _, w := range []string{c.set.words[n.words][0], "zz"} {
			add(r, filing.Value{Text: "specimen." + w})
		}
	case nodeDistinct:
		for i := int32(0); i < n.a; i++ {
			place := ref{fact: n.fact, item: i}
			add(place, filing.Value{Text: "specimen.com"})
			add(place, filing.Value{Text: fmt.Sprintf("specimen%d.com", i)})
		}
	}
}

// sources holds digests, paraphrases and ids together with the documents.
func (c *linter) sources(clauses []seed.Clause) {
	texts := map[string]seed.Clause{}
	for _, src := range clauses {
		texts[src.ID] = src
	}
	encoded := map[string]bool{}
	for _, cl := range c.set.clauses {
		encoded[cl.Province] = true
		src, ok := texts[cl.ID]
		if !ok {
			c.problem(cl.At, "clause %s is not in the sources", cl.ID)
			continue
		}
		if src.Digest() != cl.SourceDigest {
			c.problem(cl.At, "the digest of %s is not the source's (%s:%d): read the clause again", cl.ID, src.File, src.Line)
		}
		if n := longestShared(seed.Normalize(cl.Text.ZH), seed.Normalize(src.Text)); n >= copiedRunes {
			c.problem(cl.At, "the paraphrase of %s copies %d characters of the source in a row", cl.ID, n)
		}
	}
	for _, src := range clauses {
		province, _, _, _ := c.vocab.place(src.ID)
		if c.set.byID[src.ID] == nil && (encoded[province] || !c.lenient) {
			file := province + ".yaml"
			if province == "" {
				file = "base.yaml"
			}
			c.problem(Position{file, 1}, "clause %s (%s:%d) is not mapped", src.ID, src.File, src.Line)
		}
	}
}

// copiedRunes is how many characters in a row a paraphrase may not share with its source: longer than any name of a
// document or a list of them.
const copiedRunes = 20

func longestShared(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	longest := 0
	for i := range x {
		diagonal := 0
		for j := range y {
			above := row[j+1]
			if x[i] == y[j] {
				row[j+1] = diagonal + 1
				longest = max(longest, row[j+1])
			} else {
				row[j+1] = 0
			}
			diagonal = above
		}
	}
	return longest
}

// String prints the problems, then what was skipped, one a line.
func (r LintReport) String() string {
	var b strings.Builder
	for _, p := range r.Problems {
		b.WriteString(p.Error() + "\n")
	}
	for _, s := range r.Skipped {
		b.WriteString("skipped: " + s + "\n")
	}
	return b.String()
}
