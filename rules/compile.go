package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"

	"golang.org/x/net/idna"

	"github.com/preflight-icp/preflight/filing"
)

// Set is a compiled rule set (规则集). It is immutable and may be used from many goroutines.
type Set struct {
	hash    string
	readOn  string
	clauses []*Clause // by rank
	byID    map[string]*Clause
	params  map[string]*Param
	bases   map[string][]byte // JSON of the facts that cases are laid over

	rules  []rule
	nodes  []node
	kids   []int32
	words  [][]string
	bounds []Bound
	items  []item
	live   [scopes][]liveRule
}

// scopes counts the combinations of province, kind of applicant and action. Where all three are known, only the rules
// of that scope are looked at.
const (
	kinds   = 2
	actions = 3
	scopes  = 31 * kinds * actions
)

// scopeSet is a set of scopes.
type scopeSet [(scopes + 63) / 64]uint64

func scopeIndex(province, kind, action int) int { return (province*kinds+kind)*actions + action }

func (s *scopeSet) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *scopeSet) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s scopeSet) and(t scopeSet) scopeSet {
	for i := range s {
		s[i] &= t[i]
	}
	return s
}

func (s scopeSet) without(t scopeSet) scopeSet {
	for i := range s {
		s[i] &^= t[i]
	}
	return s
}

func (s scopeSet) empty() bool { return s == scopeSet{} }

// scopesWhere returns the scopes that agree with what is given; nil agrees with everything.
func scopesWhere(provinces, kindCodes, actionCodes []string) scopeSet {
	var s scopeSet
	for p, province := range filing.FactProvince.Values() {
		for k, kind := range filing.FactApplicantType.Values() {
			for a, action := range filing.FactAction.Values() {
				if (provinces == nil || slices.Contains(provinces, province)) && (kindCodes == nil || slices.Contains(kindCodes, kind)) &&
					(actionCodes == nil || slices.Contains(actionCodes, action)) {
					s.add(scopeIndex(p, k, a))
				}
			}
		}
	}
	return s
}

func (c *Clause) scopes() scopeSet {
	only := func(code string) []string {
		if code == "" {
			return nil
		}
		return []string{code}
	}
	return scopesWhere(only(c.Province), only(c.Kind), only(c.Action))
}

// rule is a compiled rule.
type rule struct {
	source       *Rule
	when, unless int32 // nodes; -1 is none: when holds, unless does not
	each         filing.List
	name         filing.List // the list whose item's name the items are called by
	yields       []int32     // items
	cites        []cite
	from, to     filing.Date
	reduce       bool // the facts that make it fire may hold more than is needed
}

// cite is a clause that demands what the rule yields, and where it does.
type cite struct {
	clause int32 // rank
	scope  scopeSet
}

// liveRule is a rule in one scope.
type liveRule struct {
	rule  int32
	cites []liveCite
	// clauses are the ids of the cites, and why is their reasons where nothing but the scope counts, nil elsewhere: both
	// are shared by every outcome, so that what everybody needs costs nothing to explain.
	clauses []string
	why     []filing.Reason
}

// liveCite is a clause with the facts among province, kind and action that it needs to hold.
type liveCite struct {
	clause int32
	gates  uint8
}

// The facts that make a scope, as bits of liveCite.gates.
const (
	gateProvince = 1 << iota
	gateKind
	gateAction
)

var gateFacts = [...]filing.Fact{filing.FactProvince, filing.FactApplicantType, filing.FactAction}

// item is one thing that rules yield.
type item struct {
	Yield
	rank int32 // in the order of an outcome
	list filing.List
}

// nodeOp is what a compiled condition does.
type nodeOp uint8

const (
	nodeAll nodeOp = iota
	nodeAny
	nodeForAny   // kids[0] for some item of list
	nodeDistinct // a or more different names or prefixes
	nodeSet      // the number of the fact is in mask
	nodeRange    // a <= the number <= b
	nodeDate     // compares with bound a
	nodeYounger  // the date plus a months is after as_of
	nodeContains // one of words
	nodeSuffix   // one of words is the last label
)

type node struct {
	mask    uint64
	first   int32 // of kids
	count   int32
	a, b    int32
	words   int32
	op      nodeOp
	fact    filing.Fact
	compare Compare
	list    filing.List
	not     bool // of contains and suffix
	prefix  bool // of distinct
}

// compiler builds a Set.
type compiler struct {
	set      *Set
	problems Problems
	itemOf   map[string]int32
	vocab    *vocabulary
}

func compile(l *loader) (*Set, Problems) {
	s := &Set{readOn: l.readOn, byID: l.clauses, params: l.params, bases: map[string][]byte{}}
	c := &compiler{set: s, itemOf: map[string]int32{}, vocab: l.vocab}
	for _, cl := range l.clauses {
		s.clauses = append(s.clauses, cl)
	}
	sort.Slice(s.clauses, func(i, j int) bool { return clauseLess(l.vocab, s.clauses[i].ID, s.clauses[j].ID) })
	rank := map[string]int32{}
	for i, cl := range s.clauses {
		rank[cl.ID] = int32(i)
	}
	// rules of one clause in the order of what they say, so that the order in the file changes nothing
	for _, cl := range s.clauses {
		if len(cl.Rules) > 1 {
			said := map[*Rule]string{}
			for _, r := range cl.Rules {
				said[r] = canonicalRule(r)
			}
			sort.SliceStable(cl.Rules, func(i, j int) bool { return said[cl.Rules[i]] < said[cl.Rules[j]] })
		}
		for _, r := range cl.Rules {
			sort.Slice(r.Clauses, func(i, j int) bool { return rank[r.Clauses[i]] < rank[r.Clauses[j]] })
		}
	}
	replaced := map[string]scopeSet{}
	for _, cl := range s.clauses {
		for _, other := range cl.Replaces {
			set, own := replaced[other], cl.scopes()
			for i := range set {
				set[i] |= own[i]
			}
			replaced[other] = set
		}
	}
	for _, cl := range s.clauses {
		for _, r := range cl.Rules {
			c.rule(cl, r, replaced, rank)
		}
	}
	c.rankItems()
	c.index()
	s.hash = hashOf(s)
	for name, n := range l.bases {
		text, err := factsJSON(n)
		if err != nil {
			c.problems = append(c.problems, Problem{l.at(n), "base " + name + ": " + err.Error()})
		}
		s.bases[name] = text
	}
	return s, c.problems
}

// clauseLess orders clauses: a province's own before the general ones, which stand in the vocabulary's order.
func clauseLess(v *vocabulary, a, b string) bool {
	ga, gb := generalRank(v, a), generalRank(v, b)
	if ga != gb {
		return ga < gb
	}
	pa, pb := strings.Split(a, "."), strings.Split(b, ".")
	for i := 0; i < len(pa) && i < len(pb); i++ {
		if pa[i] == pb[i] {
			continue
		}
		sections := []string{"key", "materials", "change", "access"}
		if x, y := slices.Index(sections, pa[i]), slices.Index(sections, pb[i]); x >= 0 && y >= 0 {
			return x < y
		}
		if len(pa[i]) != len(pb[i]) {
			return len(pa[i]) < len(pb[i])
		}
		return pa[i] < pb[i]
	}
	return len(pa) < len(pb)
}

func generalRank(v *vocabulary, id string) int {
	i, ok := v.general[id]
	if !ok || strings.Contains(id, ".special.") {
		return -1
	}
	return i
}

func (c *compiler) problem(at Position, format string, args ...any) {
	c.problems = append(c.problems, Problem{at, fmt.Sprintf(format, args...)})
}

func (c *compiler) rule(cl *Clause, r *Rule, replaced map[string]scopeSet, rank map[string]int32) {
	out := rule{source: r, when: -1, unless: -1, each: r.Each, from: r.From, to: r.To}
	scope := cl.scopes().without(replaced[cl.ID])
	if r.When != nil {
		rest := r.When
		if kids := conjuncts(r.When); len(kids) > 0 {
			var left []*Cond
			for _, k := range kids {
				if gate, ok := gateOf(k); ok {
					scope = scope.and(gate)
				} else {
					left = append(left, k)
				}
			}
			rest = &Cond{At: r.When.At, Op: OpAll, Kids: left}
		}
		if len(rest.Kids) > 0 || rest.Op != OpAll {
			out.when = c.node(rest, false)
		}
		out.reduce = mayHoldTooMuch(r.When)
	}
	if scope.empty() {
		c.problem(r.At, "the rule can never fire: its condition contradicts where clause %s holds", cl.ID)
	}
	if r.Unless != nil {
		out.unless = c.node(r.Unless, false)
	}
	for _, y := range r.Yields {
		if list := needsName(y.Of); list > out.name {
			out.name = list
		}
		out.yields = append(out.yields, c.item(y))
	}
	for _, id := range r.Clauses {
		where := scope.and(c.set.byID[id].scopes())
		if where.empty() {
			c.problem(c.set.byID[id].At, "%s repeats %s, but never holds where that does", id, cl.ID)
			continue
		}
		out.cites = append(out.cites, cite{rank[id], where})
		if id == cl.ID { // first, so that it can be found
			last := len(out.cites) - 1
			out.cites[0], out.cites[last] = out.cites[last], out.cites[0]
		}
	}
	c.set.rules = append(c.set.rules, out)
}

func conjuncts(c *Cond) []*Cond {
	if c.Op != OpAll {
		return []*Cond{c}
	}
	var list []*Cond
	for _, k := range c.Kids {
		list = append(list, conjuncts(k)...)
	}
	return list
}

// gateOf returns the scopes of a condition that is about province, kind or action alone.
func gateOf(c *Cond) (scopeSet, bool) {
	not := false
	for c.Op == OpNot {
		c, not = c.Kids[0], !not
	}
	if c.Op != OpIn {
		return scopeSet{}, false
	}
	var in scopeSet
	switch c.Fact {
	case filing.FactProvince:
		in = scopesWhere(c.Values, nil, nil)
	case filing.FactApplicantType:
		in = scopesWhere(nil, c.Values, nil)
	case filing.FactAction:
		in = scopesWhere(nil, nil, c.Values)
	default:
		return scopeSet{}, false
	}
	if not {
		in = scopesWhere(nil, nil, nil).without(in)
	}
	return in, true
}

// mayHoldTooMuch reports whether the facts found in the first branch that holds may not be minimal: where there is a
// choice, and one fact is looked at twice.
func mayHoldTooMuch(c *Cond) bool {
	choice, twice := false, false
	seen := map[filing.Fact]bool{}
	walk(c, func(n *Cond) {
		choice = choice || n.Op == OpAny || n.Op == OpForAny || n.Op == OpNot && !n.Kids[0].tests()
		if n.tests() {
			twice = twice || seen[n.Fact]
			seen[n.Fact] = true
		}
	})
	return choice && twice
}

func walk(c *Cond, visit func(*Cond)) {
	if c == nil {
		return
	}
	visit(c)
	for _, k := range c.Kids {
		walk(k, visit)
	}
}

func (c *compiler) item(y Yield) int32 {
	key := fmt.Sprint(y.Kind, y)
	if i, ok := c.itemOf[key]; ok {
		return i
	}
	i := int32(len(c.set.items))
	c.itemOf[key] = i
	c.set.items = append(c.set.items, item{Yield: y, list: needsName(y.Of)})
	return i
}

// rankItems puts the items in the order of an outcome: by kind, then the vocabulary's order of the first code, a single
// material before a group, then the word for whom it belongs to.
func (c *compiler) rankItems() {
	order := make([]int, len(c.set.items))
	for i := range order {
		order[i] = i
	}
	key := func(i int) []int {
		it := c.set.items[i]
		k := []int{int(it.Kind)}
		for _, code := range it.Codes {
			k = append(k, c.vocab.order[code])
		}
		return append(k, -1, slices.Index(ofWords, it.Of))
	}
	sort.Slice(order, func(a, b int) bool { return slices.Compare(key(order[a]), key(order[b])) < 0 })
	for rank, i := range order {
		c.set.items[i].rank = int32(rank)
	}
}

// index lists the rules of every scope, with the facts that each clause needs there.
func (c *compiler) index() {
	gates := map[scopeSet][]uint8{} // few sets are different
	for n := range c.set.rules {
		r := &c.set.rules[n]
		for _, ct := range r.cites {
			needed := gates[ct.scope]
			if needed == nil {
				needed = make([]uint8, scopes)
				for i := range needed {
					if ct.scope.has(i) {
						needed[i] = neededGates(&ct.scope, i)
					}
				}
				gates[ct.scope] = needed
			}
			for i := range needed {
				if ct.scope.has(i) {
					c.live(i, int32(n), liveCite{clause: ct.clause, gates: needed[i]})
				}
			}
		}
	}
	// in the order of the outcome, so that it need hardly be sorted
	first := func(l liveRule) int32 { return c.set.items[c.set.rules[l.rule].yields[0]].rank }
	for i := range c.set.live {
		for n := range c.set.live[i] {
			c.explain(&c.set.live[i][n], i)
		}
		slices.SortStableFunc(c.set.live[i], func(a, b liveRule) int { return int(first(a) - first(b)) })
	}
}

// live adds a clause to the rule in one scope.
func (c *compiler) live(scope int, rule int32, cite liveCite) {
	list := &c.set.live[scope]
	if n := len(*list); n == 0 || (*list)[n-1].rule != rule {
		*list = append(*list, liveRule{rule: rule})
	}
	last := &(*list)[len(*list)-1]
	last.cites = append(last.cites, cite)
}

// explain gives a rule of one scope the ids and, where it is fixed, the reasons of its clauses, in their order.
func (c *compiler) explain(live *liveRule, scope int) {
	slices.SortFunc(live.cites, func(a, b liveCite) int { return int(a.clause - b.clause) })
	r := &c.set.rules[live.rule]
	live.clauses = make([]string, 0, len(live.cites))
	for _, cite := range live.cites {
		id := c.set.clauses[cite.clause].ID
		live.clauses = append(live.clauses, id)
		if r.when < 0 && r.name == filing.ListNone && r.from == 0 && r.to == 0 {
			live.why = append(live.why, filing.Reason{Clause: id, Facts: gateValues(cite.gates, scope)})
		}
	}
}

// gateValues returns the facts that make a scope, as an outcome has them.
func gateValues(gates uint8, scope int) filing.ReasonFacts {
	facts := filing.ReasonFacts{}
	for g, at := range [...]int{scope / (kinds * actions), scope / actions % kinds, scope % actions} {
		if gates&(1<<g) != 0 {
			facts = facts.Insert(filing.ReasonFact{Ref: filing.Ref{Fact: gateFacts[g]}, Value: filing.Value{Num: int32(at), Known: true}})
		}
	}
	return facts
}

// neededGates returns the smallest set of gates that keeps the scope set decided: whatever the others are, the clause
// holds.
func neededGates(s *scopeSet, at int) uint8 {
	best, size := uint8(7), 4
	for gates := uint8(0); gates < 8; gates++ {
		n := int(gates&1 + gates>>1&1 + gates>>2&1)
		if n < size && holdsFor(s, at, gates) {
			best, size = gates, n
		}
	}
	return best
}

// holdsFor reports whether every scope that agrees with scope `at` in the gates given is in the set.
func holdsFor(s *scopeSet, at int, gates uint8) bool {
	p, k, a := at/(kinds*actions), at/actions%kinds, at%actions
	for i := 0; i < scopes; i++ {
		if gates&gateProvince != 0 && i/(kinds*actions) != p || gates&gateKind != 0 && i/actions%kinds != k ||
			gates&gateAction != 0 && i%actions != a {
			continue
		}
		if !s.has(i) {
			return false
		}
	}
	return true
}

// node compiles a condition, or its opposite. Opposites go down to the single tests, because a test of a fact that is
// not applicable is false, and its opposite too.
func (c *compiler) node(n *Cond, not bool) int32 {
	switch n.Op {
	case OpNot:
		return c.node(n.Kids[0], !not)
	case OpAll, OpAny:
		op := nodeAll
		if (n.Op == OpAny) != not {
			op = nodeAny
		}
		var kids []int32
		for _, k := range n.Kids {
			kids = append(kids, c.node(k, not))
		}
		return c.group(op, kids...)
	case OpForAny:
		if not {
			c.problem(n.At, "for_any cannot stand under not: say it in unless")
		}
		return c.add(node{op: nodeForAny, list: n.List}, c.node(n.Kids[0], false))
	case OpDistinct:
		if not {
			c.problem(n.At, "distinct cannot stand under not: say it in unless")
		}
		return c.add(node{op: nodeDistinct, fact: n.Fact, a: int32(n.Count), prefix: n.Attribute == "prefix"})
	}
	return c.test(c.leaf(n, not), n.Fact)
}

func (c *compiler) add(n node, kids ...int32) int32 {
	n.first, n.count = int32(len(c.set.kids)), int32(len(kids))
	c.set.kids = append(c.set.kids, kids...)
	c.set.nodes = append(c.set.nodes, n)
	return int32(len(c.set.nodes) - 1)
}

// group joins conditions, taking in those of groups of the same kind.
func (c *compiler) group(op nodeOp, kids ...int32) int32 {
	var flat []int32
	for _, k := range kids {
		if n := c.set.nodes[k]; n.op == op {
			flat = append(flat, c.set.kids[n.first:n.first+n.count]...)
		} else {
			flat = append(flat, k)
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return c.add(node{op: op}, flat...)
}

// leaf builds one test without its premises.
func (c *compiler) leaf(n *Cond, not bool) node {
	out := node{fact: n.Fact}
	switch n.Op {
	case OpIn:
		out.op = nodeSet
		for _, v := range n.Values {
			switch n.Fact.Kind() {
			case filing.KindBool:
				if v == "true" {
					out.mask |= 2
				} else {
					out.mask |= 1
				}
			default:
				out.mask |= 1 << slices.Index(n.Fact.Values(), v)
			}
		}
		if not {
			out.mask = ^out.mask
		}
	case OpRange:
		out.op, out.a, out.b = nodeRange, int32(n.Min), int32(n.Max)
		if not {
			switch {
			case n.Min == 0:
				out.a, out.b = int32(n.Max)+1, filing.MaxInt
			case n.Max == filing.MaxInt:
				out.a, out.b = 0, int32(n.Min)-1
			default:
				c.problem(n.At, "a range with two ends cannot stand under not")
			}
		}
	case OpDate:
		out.op, out.compare = nodeDate, n.Compare
		if not {
			out.compare = [...]Compare{Before: OnOrAfter, OnOrBefore: After, After: OnOrBefore, OnOrAfter: Before}[n.Compare]
		}
		out.a = int32(slices.Index(c.set.bounds, n.Bound))
		if out.a < 0 {
			out.a = int32(len(c.set.bounds))
			c.set.bounds = append(c.set.bounds, n.Bound)
		}
	case OpYounger:
		out.op, out.a, out.not = nodeYounger, int32(n.Months), not
	case OpContains, OpSuffix:
		out.op, out.not, out.words = nodeContains, not, int32(len(c.set.words))
		var words []string
		for _, w := range n.Values {
			w = fold(w)
			if n.Op == OpSuffix {
				out.op = nodeSuffix
				w = strings.TrimPrefix(w, ".")
				if ascii, err := idna.ToASCII(w); err == nil && ascii != w {
					words = append(words, ascii)
				}
			}
			words = append(words, w)
		}
		sort.Strings(words)
		c.set.words = append(c.set.words, words)
	}
	return out
}

// test puts the premises of its fact before a test, and takes the principal's fact where both persons are one.
func (c *compiler) test(leaf node, fact filing.Fact) int32 {
	if own, ok := principalFact(fact); ok {
		enterprise := c.is(filing.FactApplicantType, "enterprise")
		mine := leaf
		mine.fact = own
		return c.group(nodeAll, enterprise, c.group(nodeAny,
			c.group(nodeAll, c.is(filing.FactSiteManagerSameAsPrincipal, "true"), c.test(mine, own)),
			c.group(nodeAll, c.is(filing.FactSiteManagerSameAsPrincipal, "false"), c.group(nodeAll, append(c.documentPremise(fact), c.add(leaf))...))))
	}
	return c.group(nodeAll, append(c.premises(fact), c.add(leaf))...)
}

func (c *compiler) is(fact filing.Fact, values ...string) int32 {
	return c.add(c.leaf(&Cond{Op: OpIn, Fact: fact, Values: values}, false))
}

// principalFact returns the principal's fact for one that site manager and principal share.
func principalFact(f filing.Fact) (filing.Fact, bool) {
	if f < filing.FactSiteManagerIsLegalRepresentative || f > filing.FactSiteManagerInOtherFilings {
		return 0, false
	}
	return f - filing.FactSiteManagerIsLegalRepresentative + filing.FactPrincipalIsLegalRepresentative, true
}

// premises returns the conditions without which a fact is not applicable (vocabulary, conventions). The README lists
// them.
func (c *compiler) premises(f filing.Fact) []int32 {
	switch f {
	case filing.FactFirstFiling:
		return []int32{c.is(filing.FactAction, "new")}
	case filing.FactApplicantDocument, filing.FactApplicantDocumentValidUntil, filing.FactApplicantLicenseForm,
		filing.FactApplicantDocumentCurrent, filing.FactApplicantDocumentUnified, filing.FactApplicantLegalRepresentativeOrigin,
		filing.FactApplicantClusterAddress, filing.FactApplicantChangeProofAvailable, filing.FactSiteManagerSameAsPrincipal:
		return []int32{c.is(filing.FactApplicantType, "enterprise")}
	case filing.FactSiteManagerPhoneSameAsPrincipal:
		return []int32{c.is(filing.FactApplicantType, "enterprise"), c.is(filing.FactSiteManagerSameAsPrincipal, "false")}
	case filing.FactPrincipalDocumentProvince:
		return c.documentPremise(f)
	case filing.FactChangeNameChanged, filing.FactChangeNumberChanged, filing.FactChangeTarget:
		return []int32{c.is(filing.FactAction, "change")}
	case filing.FactRecordNameMatches, filing.FactRecordNumberMatches, filing.FactRecordPrincipalMatches,
		filing.FactRecordSiteManagerMatches, filing.FactRecordAddressMatches:
		return []int32{c.is(filing.FactAction, "access")}
	case filing.FactRecordHeldByProvider, filing.FactRecordIssuedOn, filing.FactRecordSitesReachable, filing.FactRecordNumbersShown:
		// Not a first filing, whatever the action is: one of the two is enough, known or not what the other one says.
		return []int32{c.group(nodeAny, c.is(filing.FactFirstFiling, "false"), c.is(filing.FactAction, "access", "change"))}
	}
	return nil
}

// documentPremise: a travel permit and a passport print no mainland address.
func (c *compiler) documentPremise(f filing.Fact) []int32 {
	var document filing.Fact
	switch f {
	case filing.FactPrincipalDocumentProvince:
		document = filing.FactPrincipalDocument
	case filing.FactSiteManagerDocumentProvince:
		document = filing.FactSiteManagerDocument
	default:
		return nil
	}
	none := &Cond{Op: OpIn, Fact: document, Values: []string{"passport", "hk_macau_travel_permit", "taiwan_travel_permit"}}
	return []int32{c.add(c.leaf(none, true))}
}

func hashOf(s *Set) string {
	h := sha256.New()
	for _, c := range s.clauses {
		fmt.Fprintf(h, "clause %s\n%q %q %s %q %q %q %q %q %q\n", c.ID, c.Text.ZH, c.Text.EN, c.SourceDigest, c.Reading.ZH, c.Reading.EN,
			c.Waived.ZH, c.Waived.EN, sortedCopy(c.Repeats), sortedCopy(c.Replaces))
		for _, r := range c.Rules {
			fmt.Fprintf(h, "rule %s\n", canonicalRule(r))
		}
	}
	for _, name := range sortedKeys(s.params) {
		values := slices.Clone(s.params[name].Values)
		sort.Slice(values, func(i, j int) bool { return values[i].From < values[j].From })
		for _, v := range values {
			fmt.Fprintf(h, "param %s %d %q %d %d %s\n", name, v.Number, v.Words, v.From, v.To, v.Clause)
		}
	}
	fmt.Fprintf(h, "read %s\n", s.readOn)
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

func sortedCopy(list []string) []string { return slices.Sorted(slices.Values(list)) }

// canonicalRule prints a rule so that two rules that say the same print alike, whatever the order of their parts.
func canonicalRule(r *Rule) string {
	var yields []string
	for _, y := range r.Yields {
		yields = append(yields, fmt.Sprint(y.Kind, " ", y))
	}
	return fmt.Sprintf("each %d when %s unless %s yields %q from %d to %d", r.Each, canonicalCond(r.When), canonicalCond(r.Unless),
		sortedCopy(yields), r.From, r.To)
}

func canonicalCond(c *Cond) string {
	if c == nil {
		return "-"
	}
	var kids []string
	for _, k := range c.Kids {
		kids = append(kids, canonicalCond(k))
	}
	sort.Strings(kids)
	switch c.Op {
	case OpAll, OpAny, OpNot:
		return fmt.Sprintf("%s(%s)", [...]string{"all", "any", "not"}[c.Op], strings.Join(kids, " "))
	case OpForAny:
		return fmt.Sprintf("for_any %s(%s)", c.List.Path(), kids[0])
	case OpDistinct:
		return fmt.Sprintf("distinct %s %d", c.Attribute, c.Count)
	}
	return fmt.Sprintf("%s %d %q %d %d %d %v %d", c.Fact.Path(), c.Op, sortedCopy(c.Values), c.Min, c.Max, c.Compare, c.Bound, c.Months)
}
