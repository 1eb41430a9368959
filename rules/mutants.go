package rules

import (
	"fmt"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// Mutant is a rule in which one thing is wrong (变异): a condition flipped or dropped, a bound off by one, an exception
// forgotten. Cases beside the rules that do not notice are too weak.
type Mutant struct {
	// Clause holds the rule, Rule is where the rule stands and At where the condition does.
	Clause   string
	Rule, At Position
	// Change says what is wrong with it.
	Change filing.Text

	rule   *Rule // as it was
	mutant *Rule
}

// String returns file:line, the clause and the change.
func (m Mutant) String() string { return fmt.Sprintf("%s: %s: %s", m.At, m.Clause, m.Change.EN) }

// MutantReport is what the cases made of the mutants.
type MutantReport struct {
	// Total counts the mutants, Killed those that some case notices.
	Total, Killed int
	// Survivors are the others, in the order of clauses.
	Survivors []Mutant
}

// Score returns the share that is killed, from 0 to 1.
func (r MutantReport) Score() float64 {
	if r.Total == 0 {
		return 1
	}
	return float64(r.Killed) / float64(r.Total)
}

// Mutants makes every mutant of every rule and runs the cases that can see the rule: those of the clauses that cite it.
// A case kills the mutant when its clause yields something else; a case that fails anyway kills nothing. A mutant that no
// facts can tell from its rule survives too. progress, which may be nil, is told how many of how many are done.
func (s *Set) Mutants(progress func(done, total int)) MutantReport {
	m := newMutator(s)
	mutants := m.all()
	report := MutantReport{Total: len(mutants)}
	trials := map[*Rule][]*trial{}
	for i := range mutants {
		mutant := &mutants[i]
		if trials[mutant.rule] == nil {
			trials = map[*Rule][]*trial{mutant.rule: m.trials(mutant.rule)} // mutants of one rule follow each other
		}
		if slices.ContainsFunc(trials[mutant.rule], func(t *trial) bool { return t.kills(mutant.mutant) }) {
			report.Killed++
		} else {
			report.Survivors = append(report.Survivors, *mutant)
		}
		if progress != nil {
			progress(i+1, len(mutants))
		}
	}
	return report
}

// mutator holds what the mutants of a set are tried with.
type mutator struct {
	set      *Set
	vocab    *vocabulary
	replaced map[string]scopeSet
	rank     map[string]int32
	citing   map[string][]*Rule // by clause: its own rules and those that it repeats
	yielding map[string][]*Rule // by item
	cases    map[string][]preparedCase
}

// preparedCase is a case with its facts, and what its clause yields.
type preparedCase struct {
	facts *filing.Facts
	scope int // -1 where province, kind or action is not known
	want  []string
}

func newMutator(s *Set) *mutator {
	m := &mutator{set: s, vocab: loadVocabulary(), replaced: map[string]scopeSet{}, rank: map[string]int32{},
		citing: map[string][]*Rule{}, yielding: map[string][]*Rule{}, cases: map[string][]preparedCase{}}
	for i, cl := range s.clauses {
		m.rank[cl.ID] = int32(i)
		for _, other := range cl.Replaces {
			set, own := m.replaced[other], cl.scopes()
			for i := range set {
				set[i] |= own[i]
			}
			m.replaced[other] = set
		}
		for _, r := range cl.Rules {
			for _, id := range r.Clauses {
				m.citing[id] = append(m.citing[id], r)
			}
			for _, y := range r.Yields {
				m.yielding[itemKey(y)] = append(m.yielding[itemKey(y)], r)
			}
		}
	}
	for _, cl := range s.clauses {
		for _, k := range cl.Cases {
			facts, err := s.CaseFacts(cl, k)
			if err != nil {
				continue // RunCases and lint say so
			}
			out := s.Evaluate(facts)
			if judge(cl.ID, k, out) == "" {
				m.cases[cl.ID] = append(m.cases[cl.ID], preparedCase{facts, scopeOf(facts), YieldsOf(out, cl.ID)})
			}
		}
	}
	return m
}

func itemKey(y Yield) string { return fmt.Sprint(y.Kind, y) }

func scopeOf(f *filing.Facts) int {
	province, kind, action := f.Get(filing.FactProvince), f.Get(filing.FactApplicantType), f.Get(filing.FactAction)
	if !province.Known || !kind.Known || !action.Known {
		return -1
	}
	return scopeIndex(int(province.Num), int(kind.Num), int(action.Num))
}

// trial is the cases of one clause that cites a rule, and a small set of every other rule that they look at.
type trial struct {
	m      *mutator
	clause string
	rest   compiler // without the rule
}

// trials returns one trial for each clause with cases that cites the rule.
func (m *mutator) trials(r *Rule) []*trial {
	var list []*trial
	for _, id := range r.Clauses {
		if len(m.cases[id]) == 0 {
			continue
		}
		t := &trial{m: m, clause: id, rest: compiler{set: &Set{hash: m.set.hash, readOn: m.set.readOn, clauses: m.set.clauses, byID: m.set.byID,
			params: m.set.params}, itemOf: map[string]int32{}, vocab: m.vocab}}
		for _, other := range m.lookedAt(id) {
			if other != r {
				t.add(&t.rest, other)
			}
		}
		for _, y := range r.Yields {
			t.rest.item(y)
		}
		list = append(list, t)
	}
	return list
}

// lookedAt returns the rules on which a case of the clause depends: those that the clause cites and, because an item is
// provisional only if every rule that yields it says so, those that yield the same with an exception among them.
func (m *mutator) lookedAt(id string) []*Rule {
	list := slices.Clone(m.citing[id])
	for _, r := range m.citing[id] {
		for _, y := range r.Yields {
			same := m.yielding[itemKey(y)]
			if !slices.ContainsFunc(same, func(r *Rule) bool { return r.Unless != nil }) {
				continue
			}
			for _, other := range same {
				if !slices.Contains(list, other) {
					list = append(list, other)
				}
			}
		}
	}
	return list
}

// add compiles a rule into the small set and lists it in the scopes of the cases. What the compiler finds wrong with a
// mutant, such as that it can never fire, is for the cases to notice.
func (t *trial) add(c *compiler, r *Rule) {
	owner := t.m.set.byID[r.Owner]
	c.rule(owner, r, t.m.replaced, t.m.rank)
	n := int32(len(c.set.rules) - 1)
	compiled := &c.set.rules[n]
	for _, k := range t.m.cases[t.clause] {
		if k.scope < 0 {
			continue
		}
		live := c.set.live[k.scope]
		if len(live) > 0 && live[len(live)-1].rule == n {
			continue // another case of the scope listed it
		}
		var cites []liveCite
		var clauses []string
		for _, ct := range compiled.cites {
			if ct.scope.has(k.scope) {
				cites = append(cites, liveCite{clause: ct.clause})
				clauses = append(clauses, c.set.clauses[ct.clause].ID)
			}
		}
		if len(cites) > 0 {
			c.set.live[k.scope] = append(live[:len(live):len(live)], liveRule{rule: n, cites: cites, clauses: clauses})
		}
	}
}

// kills reports whether some case yields something else with the mutant in place of its rule.
func (t *trial) kills(mutant *Rule) bool {
	rest := t.rest.set
	set := *rest // a new one for each mutant: evaluators remember the days of a set by its address
	set.rules, set.nodes, set.kids = slices.Clip(rest.rules), slices.Clip(rest.nodes), slices.Clip(rest.kids)
	set.words, set.bounds, set.items = slices.Clip(rest.words), slices.Clip(rest.bounds), slices.Clip(rest.items)
	c := compiler{set: &set, itemOf: t.rest.itemOf, vocab: t.m.vocab}
	t.add(&c, mutant)
	return slices.ContainsFunc(t.m.cases[t.clause], func(k preparedCase) bool {
		return !slices.Equal(YieldsOf(set.Evaluate(k.facts), t.clause), k.want)
	})
}

// all makes the mutants of every rule, those of one rule behind each other.
func (m *mutator) all() []Mutant {
	var list []Mutant
	for _, cl := range m.set.clauses {
		for _, r := range cl.Rules {
			add := func(at Position, change filing.Text, alter func(*Rule)) {
				mutant := *r
				alter(&mutant)
				list = append(list, Mutant{Clause: cl.ID, Rule: r.At, At: at, Change: change, rule: r, mutant: &mutant})
			}
			if r.When != nil {
				m.variants(r.When, func(v variant) {
					add(v.at, v.change, func(mutant *Rule) { mutant.When, mutant.Always = v.cond, v.cond == nil })
				})
			}
			if r.Unless != nil {
				whole := false
				m.variants(r.Unless, func(v variant) {
					whole = whole || v.cond == nil
					add(v.at, v.change, func(mutant *Rule) { mutant.Unless = v.cond })
				})
				if !whole {
					add(r.Unless.At, filing.Text{ZH: "去掉例外", EN: "the exception is dropped"}, func(mutant *Rule) { mutant.Unless = nil })
				}
			}
			for _, by := range []int{-1, 1} {
				change := filing.Text{ZH: fmt.Sprintf("起止日期偏移 %+d 天", by), EN: fmt.Sprintf("the rule's first or last day is moved by %+d", by)}
				if r.From != 0 {
					add(r.At, change, func(mutant *Rule) { mutant.From = r.From.AddDays(by) })
				}
				if r.To != 0 {
					add(r.At, change, func(mutant *Rule) { mutant.To = r.To.AddDays(by) })
				}
			}
		}
	}
	return list
}

// variant is a condition with one thing changed; a nil cond says that nothing is left of it.
type variant struct {
	cond   *Cond
	at     Position
	change filing.Text
}

// singleTest reports whether a condition is a single test, or the opposite of one.
func singleTest(c *Cond) (test *Cond, ok bool) {
	if c.Op == OpNot {
		c = c.Kids[0]
	}
	switch c.Op {
	case OpAll, OpAny, OpNot, OpForAny:
		return nil, false
	}
	return c, true
}

// variants makes every variant of a condition.
func (m *mutator) variants(c *Cond, emit func(variant)) {
	if test, ok := singleTest(c); ok {
		m.testVariants(c, test, emit)
		return
	}
	if c.Op == OpForAny {
		emit(variant{nil, c.At, m.say("去掉：%s", "dropped: %s", c)})
	}
	for i, kid := range c.Kids {
		m.variants(kid, func(v variant) {
			changed := *c
			switch {
			case v.cond != nil:
				changed.Kids = slices.Clone(c.Kids)
				changed.Kids[i] = v.cond
			case c.Op == OpForAny || c.Op == OpNot:
				changed.Kids = []*Cond{{At: kid.At, Op: OpAll}} // which holds of every item
			case len(c.Kids) == 1:
				emit(v) // nothing is left of this one either
				return
			default:
				changed.Kids = slices.Delete(slices.Clone(c.Kids), i, i+1)
			}
			emit(variant{&changed, v.at, v.change})
		})
	}
}

func (m *mutator) testVariants(c, test *Cond, emit func(variant)) {
	emit(variant{nil, c.At, m.say("去掉：%s", "dropped: %s", c)})
	switch {
	case c.Op == OpNot:
		emit(variant{test, c.At, m.say("取反：%s", "flipped: %s", c)})
	case c.Op != OpDistinct: // which has no opposite in this language
		emit(variant{&Cond{At: c.At, Op: OpNot, Kids: []*Cond{c}}, c.At, m.say("取反：%s", "flipped: %s", c)})
	}
	off := func(alter func(*Cond)) {
		moved := *test
		alter(&moved)
		changed := &moved
		if c.Op == OpNot {
			changed = &Cond{At: c.At, Op: OpNot, Kids: []*Cond{&moved}}
		}
		change := m.say("差一：%s", "off by one: %s", c)
		to := m.say(" → %s", " -> %s", changed)
		emit(variant{changed, c.At, filing.Text{ZH: change.ZH + to.ZH, EN: change.EN + to.EN}})
	}
	for _, by := range []int{-1, 1} {
		switch test.Op {
		case OpRange:
			if test.Min > 0 {
				off(func(t *Cond) { t.Min += by })
			}
			if test.Max < filing.MaxInt {
				off(func(t *Cond) { t.Max += by })
			}
		case OpDate:
			off(func(t *Cond) {
				if t.Bound.FromAsOf {
					t.Bound.Days += by
				} else {
					t.Bound.Fixed = t.Bound.Fixed.AddDays(by)
				}
			})
		case OpYounger:
			off(func(t *Cond) { t.Months += by })
		case OpDistinct:
			off(func(t *Cond) { t.Count += by })
		}
	}
}

// say puts a condition in words.
func (m *mutator) say(zh, en string, c *Cond) filing.Text {
	say := func(lang, format string) string {
		return fmt.Sprintf(format, (&printer{lang: lang, vocab: m.vocab}).cond(c))
	}
	return filing.Text{ZH: say("zh", zh), EN: say("en", en)}
}
