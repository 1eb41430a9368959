package rules

import (
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/preflight-icp/preflight/filing"
)

// Hash names the set by its content: "sha256:...", the same whatever the order of files and rules.
func (s *Set) Hash() string { return s.hash }

// ReadOn is the date on which the sources were read.
func (s *Set) ReadOn() string { return s.readOn }

// Clauses returns every clause of the set, a province's before the general ones. The caller must not change them.
func (s *Set) Clauses() []*Clause { return s.clauses }

// Clause returns one clause.
func (s *Set) Clause(id string) (*Clause, bool) {
	c, ok := s.byID[id]
	return c, ok
}

// Params returns the dated parameters by name. The caller must not change them.
func (s *Set) Params() map[string]*Param { return s.params }

// UploadLimits returns the bounds of an uploaded file on that day (G6.upload.4).
func (s *Set) UploadLimits(asOf filing.Date) filing.UploadLimits {
	limits := filing.UploadLimits{}
	if v, ok := s.param("upload_min_bytes", asOf); ok {
		limits.MinBytes, limits.Clause = v.Number, v.Clause
	}
	if v, ok := s.param("upload_max_bytes", asOf); ok {
		limits.MaxBytes, limits.Clause = v.Number, v.Clause
	}
	if v, ok := s.param("upload_formats", asOf); ok {
		for _, f := range v.Words {
			limits.Formats = append(limits.Formats, filing.Format(f))
		}
	}
	return limits
}

func (s *Set) param(name string, day filing.Date) (ParamValue, bool) {
	p := s.params[name]
	if p == nil {
		return ParamValue{}, false
	}
	return p.On(day)
}

// truth is a value of Kleene's logic; "and" is the least, "or" the greatest.
type truth uint8

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// ref names a fact, or a list as a whole, at its place.
type ref struct {
	fact       filing.Fact
	list       filing.List // ListNone: the fact; else the list itself
	site, item int32
}

func (r ref) less(o ref) bool {
	if r.fact != o.fact {
		return r.fact < o.fact
	}
	if r.site != o.site {
		return r.site < o.site
	}
	if r.item != o.item {
		return r.item < o.item
	}
	return r.list < o.list
}

func (r ref) compare(o ref) int {
	switch {
	case r == o:
		return 0
	case r.less(o):
		return -1
	}
	return 1
}

func (r ref) path() string {
	if r.list == filing.ListNone {
		return filing.Ref{Fact: r.fact, Site: r.site, Item: r.item}.Path()
	}
	path := filing.Ref{Fact: r.fact, Site: r.site}.Path()
	return path[:strings.LastIndexByte(path, '[')]
}

func listRef(list filing.List, site int32) ref {
	switch list {
	case filing.ListSites:
		return ref{fact: filing.FactSiteName, list: list}
	case filing.ListPreapprovals:
		return ref{fact: filing.FactPreapprovalCategory, list: list, site: site}
	default:
		return ref{fact: filing.FactDomainName, list: list, site: site}
	}
}

// evaluator is the working memory of one evaluation; it is pooled, so that an evaluation allocates its outcome alone.
type evaluator struct {
	set      *Set
	facts    *filing.Facts
	asOf     filing.Date
	bounds   []filing.Date // of set.bounds, on asOf
	boundsOf *Set

	// the place in the lists that is looked at; ghost: in a list that is not known
	site, item int32
	ghostSite  bool
	ghostItem  bool
	within     filing.List // the list that the place is in

	// only these facts are seen, where not nil: for finding out which of them are needed
	visible []ref
	hidden  ref

	fired   []fired
	pending []pending
	refs    []ref // of pending
	found   []ref

	// the clauses and reasons of all items, one after the other, until share cuts them from lists of the right length
	cited   []cited // of one item
	spans   []span  // where those of each item begin
	ids     []string
	why     []filing.Reason
	reasons filing.ReasonFacts
	ends    []int32 // of each reason's own facts in reasons; -1 where it shares its facts

	// for what is undecided: the unknown facts in order, how many entries wait for each, those of one entry by their
	// number, and the entries by the hash of what they say
	open   []ref
	counts []int32
	waits  []int32
	seen   map[uint64]int32
}

// cited is one clause by which an item is yielded.
type cited struct {
	clause, rule, fired, cite int32
}

// span is where an item's own ids and reasons begin.
type span struct{ ids, reasons int32 }

// fired is one item that one rule yields at one place.
type fired struct {
	rank, item  int32
	site, at    int32
	live        *liveRule
	provisional bool
}

// pending is one item that one clause may still yield.
type pending struct {
	item, clause int32
	site, at     int32 // -1: in a list that is not known
	from, to     int32 // of refs
}

var evaluators = sync.Pool{New: func() any { return new(evaluator) }}

// Evaluate answers what a filing with these facts needs, on the day of as_of or else today in Asia/Shanghai. The same
// facts and rules give the same outcome.
func (s *Set) Evaluate(f *filing.Facts) *filing.Outcome {
	e := evaluators.Get().(*evaluator)
	defer evaluators.Put(e)
	e.run(s, f)
	out := e.outcome()
	e.facts = nil
	return out
}

// begin makes ready for a set and facts.
func (e *evaluator) begin(s *Set, f *filing.Facts) {
	asOf := filing.Today(time.Now())
	if v := f.Get(filing.FactAsOf); v.Known {
		asOf = v.Date()
	}
	e.fired, e.pending, e.refs, e.reasons, e.ends = e.fired[:0], e.pending[:0], e.refs[:0], e.reasons[:0], e.ends[:0]
	e.spans, e.ids, e.why = e.spans[:0], e.ids[:0], e.why[:0]
	if e.boundsOf != s || e.asOf != asOf {
		e.bounds = e.bounds[:0]
		for _, b := range s.bounds {
			e.bounds = append(e.bounds, s.day(b, asOf))
		}
		e.boundsOf = s
	}
	e.set, e.facts, e.asOf, e.visible = s, f, asOf, nil
	e.site, e.item, e.ghostSite, e.ghostItem, e.within = 0, 0, false, false, filing.ListNone
}

func (e *evaluator) run(s *Set, f *filing.Facts) {
	e.begin(s, f)
	province, kind, action := f.Get(filing.FactProvince), f.Get(filing.FactApplicantType), f.Get(filing.FactAction)
	if province.Known && kind.Known && action.Known {
		live := s.live[scopeIndex(int(province.Num), int(kind.Num), int(action.Num))]
		for i := range live {
			e.rule(&s.rules[live[i].rule], &live[i], 0)
		}
		return
	}
	e.undecidedScope(province, kind, action)
}

// undecidedScope judges every rule where province, kind or action is not known.
func (e *evaluator) undecidedScope(province, kind, action filing.Value) {
	var possible scopeSet
	for i := 0; i < scopes; i++ {
		if (!province.Known || i/(kinds*actions) == int(province.Num)) && (!kind.Known || i/actions%kinds == int(kind.Num)) &&
			(!action.Known || i%actions == int(action.Num)) {
			possible.add(i)
		}
	}
	var open uint8
	for g, v := range [...]filing.Value{province, kind, action} {
		if !v.Known {
			open |= 1 << g
		}
	}
	for n := range e.set.rules {
		r := &e.set.rules[n]
		for _, c := range r.cites {
			holds := c.scope.and(possible)
			switch {
			case holds.empty():
			case holds == possible:
				at := 0
				for !possible.has(at) {
					at++
				}
				e.rule(r, e.set.lone(int32(n), liveCite{c.clause, neededGates(&c.scope, at)}), 0)
			default:
				e.rule(r, e.set.lone(int32(n), liveCite{clause: c.clause}), decisive(&holds, &possible, open))
			}
		}
	}
}

// lone is a rule that is judged for one clause.
func (s *Set) lone(rule int32, cite liveCite) *liveRule {
	return &liveRule{rule: rule, cites: []liveCite{cite}, clauses: []string{s.clauses[cite.clause].ID}}
}

// decisive returns which of the open gates can change whether a clause holds.
func decisive(holds, possible *scopeSet, open uint8) uint8 {
	if open&(open-1) == 0 {
		return open
	}
	strides := [...]int{kinds * actions, actions, 1}
	sizes := [...]int{scopes / (kinds * actions), kinds, actions}
	var found uint8
	for i := 0; i < scopes; i++ {
		if !possible.has(i) {
			continue
		}
		for g := range strides {
			if open&(1<<g) == 0 || found&(1<<g) != 0 {
				continue
			}
			at := i / strides[g] % sizes[g]
			for other := 0; other < sizes[g]; other++ {
				if j := i + (other-at)*strides[g]; possible.has(j) && holds.has(i) != holds.has(j) {
					found |= 1 << g
				}
			}
		}
	}
	return found
}

// rule judges one rule at every place of the list that it is about. open are the gates on which it waits.
func (e *evaluator) rule(r *rule, live *liveRule, open uint8) {
	if r.from != 0 && e.asOf < r.from || r.to != 0 && e.asOf > r.to {
		return
	}
	if r.each == filing.ListNone {
		e.instance(r, live, open)
		return
	}
	e.places(r.each, func() bool {
		e.instance(r, live, open)
		return true
	})
}

// places visits every place of a list, from the place where it stands; a list that is not known has one ghost of a place.
// It stops where visit reports false.
func (e *evaluator) places(list filing.List, visit func() bool) {
	site, item, ghostSite, ghostItem, within := e.site, e.item, e.ghostSite, e.ghostItem, e.within
	defer func() { e.site, e.item, e.ghostSite, e.ghostItem, e.within = site, item, ghostSite, ghostItem, within }()
	items := func() bool {
		if list == filing.ListSites {
			e.within = list
			return visit()
		}
		e.within = list
		n, known := 0, false
		if !e.ghostSite {
			n, known = e.length(list)
		}
		if !known {
			e.item, e.ghostItem = 0, true
			return visit()
		}
		e.ghostItem = false
		for i := 0; i < n; i++ {
			e.item = int32(i)
			if !visit() {
				return false
			}
		}
		return true
	}
	if within != filing.ListNone && list != filing.ListSites {
		items()
		return
	}
	n, known := e.facts.Len(filing.ListSites, 0)
	if e.visible != nil {
		n, known = e.visibleLen(filing.ListSites)
	}
	if !known {
		e.site, e.ghostSite = 0, true
		items()
		return
	}
	for i := 0; i < n; i++ {
		e.site, e.ghostSite = int32(i), false
		if !items() {
			return
		}
	}
}

func (e *evaluator) length(list filing.List) (int, bool) {
	if e.visible != nil {
		return e.visibleLen(list)
	}
	return e.facts.Len(list, int(e.site))
}

// visibleLen is the length of a list when it is built again from the visible facts alone.
func (e *evaluator) visibleLen(list filing.List) (n int, known bool) {
	for _, r := range e.visible {
		if r == e.hidden {
			continue
		}
		at := r.fact.List()
		switch {
		case list == filing.ListSites && at != filing.ListNone:
			n, known = max(n, int(r.site)+1), true
		case list == at && r.site == e.site:
			n, known = max(n, int(r.item)+1), true
		}
	}
	return n, known
}

func (e *evaluator) instance(r *rule, live *liveRule, open uint8) {
	holds := yes
	if r.when >= 0 {
		if holds = e.eval(r.when); holds == no {
			return
		}
	}
	if e.ghost(r.each) {
		holds = unknown
	}
	if r.name != filing.ListNone && !e.name(r.name).Known {
		holds = unknown
	}
	excepted := no
	if r.unless >= 0 {
		if excepted = e.eval(r.unless); excepted == yes {
			return
		}
	}
	if open != 0 {
		holds = unknown
	}
	if holds == yes {
		for _, y := range r.yields {
			e.fired = append(e.fired, fired{rank: e.set.items[y].rank, item: y, site: e.site, at: e.item, live: live,
				provisional: excepted == unknown})
		}
	}
	if holds == unknown || excepted == unknown {
		e.wait(r, live.cites, open, holds, excepted)
	}
}

// wait notes what an undecided rule waits for.
func (e *evaluator) wait(r *rule, cites []liveCite, open uint8, holds, excepted truth) {
	from := int32(len(e.refs))
	for g, fact := range gateFacts {
		if open&(1<<g) != 0 {
			e.refs = append(e.refs, ref{fact: fact})
		}
	}
	if holds == unknown {
		if r.when >= 0 {
			e.collect(r.when)
		}
		if e.ghost(r.each) {
			e.askList(r.each)
		}
		if r.name != filing.ListNone && !e.name(r.name).Known {
			fact := filing.FactDomainName
			if r.name == filing.ListSites {
				fact = filing.FactSiteName
			}
			e.ask(fact)
		}
	}
	if excepted == unknown {
		e.collect(r.unless)
	}
	slices.SortFunc(e.refs[from:], ref.compare)
	kept := slices.Compact(e.refs[from:])
	e.refs = e.refs[:int(from)+len(kept)]
	site, at := e.site, e.item
	if e.ghostSite {
		site = -1
	}
	if e.ghostItem || e.ghostSite {
		at = -1
	}
	for _, y := range r.yields {
		for _, c := range cites {
			e.pending = append(e.pending, pending{item: y, clause: c.clause, site: site, at: at, from: from, to: int32(len(e.refs))})
		}
	}
}

// ghost reports whether the place is in a list that is not known.
func (e *evaluator) ghost(list filing.List) bool {
	switch list {
	case filing.ListNone:
		return false
	case filing.ListSites:
		return e.ghostSite
	}
	return e.ghostSite || e.ghostItem
}

func (e *evaluator) name(list filing.List) filing.Value {
	if list == filing.ListSites {
		return e.get(filing.FactSiteName)
	}
	return e.get(filing.FactDomainName)
}

// get returns the fact at the place that is looked at.
func (e *evaluator) get(fact filing.Fact) filing.Value {
	list := fact.List()
	if list == filing.ListNone {
		if e.visible != nil && !e.sees(ref{fact: fact}) {
			return filing.Value{}
		}
		if fact == filing.FactAsOf {
			return filing.Value{Num: int32(e.asOf), Known: true}
		}
		return e.facts.Get(fact)
	}
	if e.ghost(list) {
		return filing.Value{}
	}
	at := filing.Ref{Fact: fact, Site: e.site}
	if list != filing.ListSites {
		at.Item = e.item
	}
	if e.visible != nil && !e.sees(ref{fact: fact, site: at.Site, item: at.Item}) {
		return filing.Value{}
	}
	return e.facts.At(at)
}

func (e *evaluator) sees(r ref) bool { return r != e.hidden && slices.Contains(e.visible, r) }

// ask notes a fact that is not known, or the list that it would stand in.
func (e *evaluator) ask(fact filing.Fact) {
	list := fact.List()
	if e.ghost(list) {
		e.askList(list)
		return
	}
	r := ref{fact: fact}
	if list != filing.ListNone {
		r.site = e.site
		if list != filing.ListSites {
			r.item = e.item
		}
	}
	e.refs = append(e.refs, r)
}

func (e *evaluator) askList(list filing.List) {
	if e.ghostSite {
		list = filing.ListSites
	}
	site := e.site
	if list == filing.ListSites {
		site = 0
	}
	e.refs = append(e.refs, listRef(list, site))
}

// eval judges a condition at the place that is looked at.
func (e *evaluator) eval(at int32) truth {
	n := &e.set.nodes[at]
	switch n.op {
	case nodeAll:
		result := yes
		for _, k := range e.set.kids[n.first : n.first+n.count] {
			if t := e.eval(k); t < result {
				if result = t; t == no {
					return no
				}
			}
		}
		return result
	case nodeAny:
		result := no
		for _, k := range e.set.kids[n.first : n.first+n.count] {
			if t := e.eval(k); t > result {
				if result = t; t == yes {
					return yes
				}
			}
		}
		return result
	case nodeForAny:
		result := no
		e.places(n.list, func() bool {
			t := e.eval(e.set.kids[n.first])
			if t == yes && e.ghost(n.list) {
				t = unknown // the list may be empty
			}
			result = max(result, t)
			return result < yes
		})
		return result
	case nodeDistinct:
		return e.distinct(n)
	}
	v := e.get(n.fact)
	if !v.Known {
		return unknown
	}
	switch n.op {
	case nodeSet:
		return truthOf(n.mask>>uint(v.Num)&1 != 0)
	case nodeRange:
		return truthOf(n.a <= v.Num && v.Num <= n.b)
	case nodeDate:
		return e.date(n, v)
	case nodeYounger:
		if !e.dated() {
			return unknown
		}
		return truthOf((v.Date().AddMonths(int(n.a)) > e.asOf) != n.not)
	case nodeContains:
		text, found := v.Text, false
		if hasUpper(text) {
			text = fold(text)
		}
		for _, w := range e.set.words[n.words] {
			if strings.Contains(text, w) {
				found = true
				break
			}
		}
		return truthOf(found != n.not)
	default: // nodeSuffix
		_, found := slices.BinarySearch(e.set.words[n.words], lastLabel(v.Text))
		return truthOf(found != n.not)
	}
}

func (e *evaluator) date(n *node, v filing.Value) truth {
	if e.set.bounds[n.a].FromAsOf && !e.dated() {
		return unknown
	}
	day, bound := v.Date(), e.bounds[n.a]
	switch n.compare {
	case Before:
		return truthOf(day < bound)
	case OnOrBefore:
		return truthOf(day <= bound)
	case After:
		return truthOf(day > bound)
	default:
		return truthOf(day >= bound)
	}
}

// dated reports whether as_of is among the facts that are looked at.
func (e *evaluator) dated() bool {
	return e.visible == nil || e.sees(ref{fact: filing.FactAsOf})
}

// day counts a bound from as_of.
func (s *Set) day(b Bound, asOf filing.Date) filing.Date {
	if !b.FromAsOf {
		return b.Fixed
	}
	months, days := b.Months, b.Days
	if b.Param != "" {
		v, _ := s.param(b.Param, asOf)
		if b.InMonths {
			months += b.Sign * int(v.Number)
		} else {
			days += b.Sign * int(v.Number)
		}
	}
	return asOf.AddMonths(months).AddDays(days)
}

// distinct counts the different names, or prefixes, of the domains of the site.
func (e *evaluator) distinct(n *node) truth {
	var seen [8]string
	different, missing := 0, 0
	e.places(filing.ListDomains, func() bool {
		if e.ghost(filing.ListDomains) {
			missing = int(n.a)
			return false
		}
		v := e.get(filing.FactDomainName)
		if !v.Known {
			missing++
			return true
		}
		key := attribute(n, v.Text)
		if different < len(seen) && !slices.Contains(seen[:different], key) {
			seen[different] = key
			different++
		}
		return different < int(n.a)
	})
	switch {
	case different >= int(n.a):
		return yes
	case different+missing >= int(n.a):
		return unknown
	}
	return no
}

func attribute(n *node, name string) string {
	name = strings.TrimSuffix(fold(name), ".")
	if n.prefix {
		return Prefix(name)
	}
	return name
}

// Prefix returns a registered domain's prefix (前缀): the label before its public suffix, abc in abc.com.cn. A Chinese
// label is one word, however it is spelled (公司 or xn--55qx5d).
func Prefix(name string) string {
	name = strings.TrimSuffix(fold(name), ".")
	plain := isPlain(name)
	if !plain {
		// The list of public suffixes knows 公司.cn in its other spelling only.
		if ascii, err := idna.ToASCII(name); err == nil {
			name = ascii
		}
	}
	suffix := suffixOf(name)
	rest := strings.TrimSuffix(strings.TrimSuffix(name, suffix), ".")
	prefix := rest[strings.LastIndexByte(rest, '.')+1:]
	if plain {
		return prefix
	}
	return unicodeLabel(prefix)
}

// suffixOf is the public suffix of a name; 政务.cn and 公益.cn, which are registered under as 公司.cn is, are missing from
// the public list.
func suffixOf(name string) string {
	for _, s := range [...]string{"xn--zfr164b.cn", "xn--55qw42g.cn"} {
		if strings.HasSuffix(name, "."+s) {
			return s
		}
	}
	suffix, _ := publicsuffix.PublicSuffix(name)
	return suffix
}

// isPlain reports whether a name has no label in another script, spelled either way.
func isPlain(name string) bool {
	for i := range len(name) {
		if name[i] >= 0x80 {
			return false
		}
	}
	return !strings.Contains(name, "xn--")
}

func unicodeLabel(label string) string {
	if word, err := idna.ToUnicode(label); err == nil {
		return word
	}
	return label
}

// lastLabel returns a domain's top-level domain, in its own script.
func lastLabel(name string) string {
	name = strings.TrimSuffix(fold(name), ".")
	label := name[strings.LastIndexByte(name, '.')+1:]
	if strings.HasPrefix(label, "xn--") {
		return unicodeLabel(label)
	}
	return label
}

func hasUpper(s string) bool {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return true
		}
	}
	return false
}

// fold makes Latin letters small.
func fold(s string) string {
	if !hasUpper(s) {
		return s
	}
	return strings.ToLower(s)
}

// collect notes every unknown fact that can still change a condition that is unknown.
func (e *evaluator) collect(at int32) {
	n := &e.set.nodes[at]
	switch n.op {
	case nodeAll, nodeAny:
		for _, k := range e.set.kids[n.first : n.first+n.count] {
			if e.eval(k) == unknown {
				e.collect(k)
			}
		}
	case nodeForAny:
		e.places(n.list, func() bool {
			switch t := e.eval(e.set.kids[n.first]); {
			case t == no:
			case e.ghost(n.list):
				e.askList(n.list)
				if t == unknown {
					e.collect(e.set.kids[n.first])
				}
			case t == unknown:
				e.collect(e.set.kids[n.first])
			}
			return true
		})
	case nodeDistinct:
		e.places(filing.ListDomains, func() bool {
			if e.ghost(filing.ListDomains) {
				e.askList(filing.ListDomains)
			} else if !e.get(filing.FactDomainName).Known {
				e.ask(filing.FactDomainName)
			}
			return true
		})
	default:
		e.ask(n.fact)
	}
}

// explain notes the facts by which a condition holds.
func (e *evaluator) explain(at int32) {
	n := &e.set.nodes[at]
	switch n.op {
	case nodeAll:
		for _, k := range e.set.kids[n.first : n.first+n.count] {
			e.explain(k)
		}
	case nodeAny:
		for _, k := range e.set.kids[n.first : n.first+n.count] {
			if e.eval(k) == yes {
				e.explain(k)
				return
			}
		}
	case nodeForAny:
		e.places(n.list, func() bool {
			if e.eval(e.set.kids[n.first]) != yes {
				return true
			}
			e.explain(e.set.kids[n.first])
			return false
		})
	case nodeDistinct:
		var seen []string
		e.places(filing.ListDomains, func() bool {
			v := e.get(filing.FactDomainName)
			if key := attribute(n, v.Text); v.Known && !slices.Contains(seen, key) {
				seen = append(seen, key)
				e.found = append(e.found, ref{fact: filing.FactDomainName, site: e.site, item: e.item})
			}
			return len(seen) < int(n.a)
		})
	default:
		r := ref{fact: n.fact}
		switch n.fact.List() {
		case filing.ListNone:
		case filing.ListSites:
			r.site = e.site
		default:
			r.site, r.item = e.site, e.item
		}
		e.found = append(e.found, r)
		if n.op == nodeYounger || n.op == nodeDate && e.set.bounds[n.a].FromAsOf {
			e.found = append(e.found, ref{fact: filing.FactAsOf})
		}
	}
}

// find finds the facts by which a rule yields its item; with those that a clause of it needs to hold, they alone yield
// it, and none of them can be dropped.
func (e *evaluator) find(f *fired) {
	r := &e.set.rules[f.live.rule]
	e.found = e.found[:0]
	e.site, e.item, e.ghostSite, e.ghostItem, e.within = f.site, f.at, false, false, r.each
	if r.when >= 0 {
		e.explain(r.when)
		if r.reduce {
			e.reduceFound(r.when)
		}
	}
	if r.from != 0 || r.to != 0 {
		e.found = append(e.found, ref{fact: filing.FactAsOf})
	}
	switch r.name {
	case filing.ListSites:
		e.found = append(e.found, ref{fact: filing.FactSiteName, site: f.site})
	case filing.ListDomains:
		e.found = append(e.found, ref{fact: filing.FactDomainName, site: f.site, item: f.at})
	}
}

// note notes the facts that find has found, and those that the clause needs to hold.
func (e *evaluator) note(c *liveCite) {
	first := len(e.reasons)
	for g, fact := range gateFacts {
		if c.gates&(1<<g) != 0 {
			e.reasons = e.reasons.InsertAfter(first, filing.ReasonFact{Ref: filing.Ref{Fact: fact}, Value: e.facts.Get(fact)})
		}
	}
	for _, at := range e.found {
		fact := filing.ReasonFact{Ref: filing.Ref{Fact: at.fact, Site: at.site, Item: at.item}}
		if at.fact == filing.FactAsOf {
			fact.Value = filing.Value{Num: int32(e.asOf), Known: true}
		} else {
			fact.Value = e.facts.At(fact.Ref)
		}
		e.reasons = e.reasons.InsertAfter(first, fact)
	}
}

// reduceFound drops facts without which the condition holds all the same.
func (e *evaluator) reduceFound(when int32) {
	slices.SortFunc(e.found, ref.compare)
	e.visible = slices.Clone(slices.Compact(e.found))
	for i := 0; i < len(e.visible); {
		e.hidden = e.visible[i]
		if e.eval(when) == yes {
			e.visible = slices.Delete(e.visible, i, i+1)
		} else {
			i++
		}
	}
	e.found = append(e.found[:0], e.visible...)
	e.visible, e.hidden = nil, ref{}
}

// nameOf is the name that an item is called by; "" where it is called by none.
func (e *evaluator) nameOf(f *fired) string {
	switch e.set.items[f.item].list {
	case filing.ListSites:
		return e.facts.At(filing.Ref{Fact: filing.FactSiteName, Site: f.site}).Text
	case filing.ListDomains:
		return e.facts.At(filing.Ref{Fact: filing.FactDomainName, Site: f.site, Item: f.at}).Text
	}
	return ""
}

func (e *evaluator) compare(a, b *fired) int {
	if a.rank != b.rank {
		return int(a.rank - b.rank)
	}
	if a.site != b.site || a.at != b.at {
		if n := strings.Compare(e.nameOf(a), e.nameOf(b)); n != 0 {
			return n
		}
	}
	return int(a.live.cites[0].clause - b.live.cites[0].clause)
}

// sortFired puts what fired in the order of the outcome. Rules are judged in the order of their items, so little moves.
func (e *evaluator) sortFired() {
	const few = 128
	list := e.fired
	if len(list) > few {
		slices.SortStableFunc(list, func(a, b fired) int { return e.compare(&a, &b) })
		return
	}
	for i := 1; i < len(list); i++ {
		j := i
		for j > 0 && e.compare(&list[j-1], &list[i]) > 0 {
			j--
		}
		if j < i {
			moved := list[i]
			copy(list[j+1:i+1], list[j:i])
			list[j] = moved
		}
	}
}

// sameItem reports whether two neighbours of the sorted list are one item.
func (e *evaluator) sameItem(a, b *fired) bool {
	return a.item == b.item && (a.site == b.site && a.at == b.at || e.nameOf(a) == e.nameOf(b))
}

// outcome prints what was found. Its lists are cut from a few large ones, because there are many and small.
func (e *evaluator) outcome() *filing.Outcome {
	out := &filing.Outcome{Rules: e.set.hash, AsOf: e.asOf.String(), Undecided: []filing.Undecided{}, Ask: []string{}}
	e.sortFired()
	count := 0
	for i := range e.fired {
		if i == 0 || !e.sameItem(&e.fired[i-1], &e.fired[i]) {
			count++
		}
	}
	all := make([]filing.Requirement, 0, count)
	var ends [YieldNotice + 1]int
	for i := 0; i < len(e.fired); {
		first, from := &e.fired[i], i
		it := &e.set.items[first.item]
		r := filing.Requirement{Of: it.Of, Provisional: true}
		if it.list != filing.ListNone {
			r.Of += ":" + e.nameOf(first)
		}
		switch {
		case it.Kind != YieldMaterial:
			r.Code = it.Codes[0]
		case len(it.Codes) == 1:
			r.Material = it.Codes[0]
		default:
			r.AnyOf = it.Codes[:len(it.Codes):len(it.Codes)]
		}
		for ; i < len(e.fired) && e.sameItem(first, &e.fired[i]); i++ {
			r.Provisional = r.Provisional && e.fired[i].provisional
		}
		e.explainItem(&r, from, i)
		all = append(all, r)
		ends[it.Kind] = len(all)
	}
	e.share(all)
	blockers := max(ends[YieldMaterial], ends[YieldBlocker])
	out.Required = all[:ends[YieldMaterial]:ends[YieldMaterial]]
	out.Blockers = all[ends[YieldMaterial]:blockers:blockers]
	out.Notices = all[blockers:]
	e.undecided(out)
	return out
}

// explainItem gives an item the clauses and reasons of the rules that yield it, fired[from:to]. What is not shared with
// other outcomes is noted, for share.
func (e *evaluator) explainItem(r *filing.Requirement, from, to int) {
	own := span{reasons: int32(len(e.why)), ids: int32(len(e.ids))}
	if live := e.fired[from].live; to == from+1 {
		r.Clauses = live.clauses[:len(live.clauses):len(live.clauses)]
		if live.why != nil {
			r.Why = live.why[:len(live.why):len(live.why)]
			e.spans = append(e.spans, own)
			return
		}
	}
	e.cited = e.cited[:0]
	for i := from; i < to; i++ {
		live := e.fired[i].live
		for n := range live.cites {
			e.cited = append(e.cited, cited{clause: live.cites[n].clause, rule: live.rule, fired: int32(i), cite: int32(n)})
		}
	}
	if to > from+1 {
		slices.SortStableFunc(e.cited, func(a, b cited) int {
			if a.clause != b.clause {
				return int(a.clause - b.clause)
			}
			return int(a.rule - b.rule)
		})
	}
	found := int32(-1) // the rule at a place whose facts are in e.found
	for _, c := range e.cited {
		live := e.fired[c.fired].live
		id := live.clauses[c.cite]
		if n := len(e.ids); to > from+1 && (n == int(own.ids) || e.ids[n-1] != id) {
			e.ids = append(e.ids, id)
		}
		if live.why != nil {
			e.why = append(e.why, live.why[c.cite])
			e.ends = append(e.ends, -1)
			continue
		}
		if found != c.fired {
			e.find(&e.fired[c.fired])
			found = c.fired
		}
		e.note(&live.cites[c.cite])
		e.why = append(e.why, filing.Reason{Clause: id})
		e.ends = append(e.ends, int32(len(e.reasons)))
	}
	e.spans = append(e.spans, own)
}

// share gives the items their clauses, reasons and facts, each cut from one list.
func (e *evaluator) share(items []filing.Requirement) {
	why, ids, facts := slices.Clone(e.why), slices.Clone(e.ids), slices.Clone(e.reasons)
	if facts == nil {
		facts = filing.ReasonFacts{}
	}
	from := int32(0)
	for i, end := range e.ends {
		if end >= 0 {
			why[i].Facts = facts[from:end:end]
			from = end
		}
	}
	e.spans = append(e.spans, span{reasons: int32(len(why)), ids: int32(len(ids))})
	for i := range items {
		a, b := e.spans[i], e.spans[i+1]
		if a.reasons < b.reasons {
			items[i].Why = why[a.reasons:b.reasons:b.reasons]
		}
		if a.ids < b.ids {
			items[i].Clauses = ids[a.ids:b.ids:b.ids]
		}
	}
}

// undecided lists what waits for facts, an entry for each item, and the facts to ask for.
func (e *evaluator) undecided(out *filing.Outcome) {
	if len(e.pending) == 0 {
		return
	}
	items := e.set.items
	slices.SortStableFunc(e.pending, func(a, b pending) int {
		switch {
		case a.item != b.item:
			return int(items[a.item].rank - items[b.item].rank)
		case a.site != b.site:
			return int(a.site - b.site)
		case a.at != b.at:
			return int(a.at - b.at)
		}
		return int(a.clause - b.clause)
	})
	e.open = append(e.open[:0], e.refs...)
	slices.SortFunc(e.open, ref.compare)
	e.open = slices.Compact(e.open)
	paths := make([]string, len(e.open))
	for i, r := range e.open {
		paths[i] = r.path()
	}
	e.counts = append(e.counts[:0], make([]int32, len(e.open))...)
	if e.seen == nil {
		e.seen = map[uint64]int32{}
	}
	clear(e.seen)
	clauses := make([]string, 0, len(e.pending))
	out.Undecided = make([]filing.Undecided, 0, len(e.pending))
	var facts []string
	for i := 0; i < len(e.pending); {
		first := e.pending[i]
		fromClause := len(clauses)
		e.waits = e.waits[:0]
		for ; i < len(e.pending) && e.pending[i].item == first.item && e.pending[i].site == first.site && e.pending[i].at == first.at; i++ {
			p := e.pending[i]
			if id := e.set.clauses[p.clause].ID; len(clauses) == fromClause || clauses[len(clauses)-1] != id {
				clauses = append(clauses, id)
			}
			for _, r := range e.refs[p.from:p.to] {
				at, _ := slices.BinarySearchFunc(e.open, r, ref.compare)
				e.waits = append(e.waits, int32(at))
			}
		}
		slices.Sort(e.waits)
		e.waits = slices.Compact(e.waits)
		if cap(facts)-len(facts) < len(e.waits) {
			facts = make([]string, 0, max(len(e.refs), len(e.waits)))
		}
		fromFact := len(facts)
		for _, at := range e.waits {
			facts = append(facts, paths[at])
		}
		entry := filing.Undecided{Clauses: clauses[fromClause:len(clauses):len(clauses)], Facts: facts[fromFact:len(facts):len(facts)]}
		if e.listed(out.Undecided, &entry) {
			clauses, facts = clauses[:fromClause], facts[:fromFact]
			continue
		}
		for _, at := range e.waits {
			e.counts[at]++
		}
		out.Undecided = append(out.Undecided, entry)
	}
	e.waits = e.waits[:0]
	for at := range e.open {
		if e.counts[at] > 0 {
			e.waits = append(e.waits, int32(at))
		}
	}
	slices.SortStableFunc(e.waits, func(a, b int32) int { return int(e.counts[b] - e.counts[a]) })
	out.Ask = make([]string, len(e.waits))
	for i, at := range e.waits {
		out.Ask[i] = paths[at]
	}
}

// listed reports whether an entry of the same clauses and facts, which e.waits numbers, is listed already.
func (e *evaluator) listed(entries []filing.Undecided, entry *filing.Undecided) bool {
	same := func(o *filing.Undecided) bool {
		return slices.Equal(o.Clauses, entry.Clauses) && slices.Equal(o.Facts, entry.Facts)
	}
	hash := uint64(14695981039346656037) // FNV-1a
	for _, at := range e.waits {
		hash = (hash ^ uint64(at)) * 1099511628211
	}
	for _, id := range entry.Clauses {
		for i := 0; i < len(id); i++ {
			hash = (hash ^ uint64(id[i])) * 1099511628211
		}
	}
	at, found := e.seen[hash]
	if !found {
		e.seen[hash] = int32(len(entries))
		return false
	}
	return same(&entries[at]) || slices.ContainsFunc(entries, func(o filing.Undecided) bool { return same(&o) })
}
