package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

// The properties hold for any facts, so they are tried on random ones. PREFLIGHT_RANDOM raises the number; a failure
// prints the seed of its facts.
func trials(t *testing.T, usual int) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("PREFLIGHT_RANDOM")); err == nil {
		return n
	}
	if testing.Short() {
		return usual / 10
	}
	return usual
}

// randomFacts draws facts that know more or less, over small domains in which the rules' edges lie.
func randomFacts(r *rand.Rand, provinces []string) *filing.Facts {
	f := new(filing.Facts)
	known := []float64{0.35, 0.7, 0.95, 1}[r.IntN(4)]
	scope := known
	if scope < 0.9 {
		scope = 0.85
	}
	for fact := filing.Fact(0); fact < filing.NumFacts; fact++ {
		if fact.List() != filing.ListNone {
			continue
		}
		p := known
		if fact == filing.FactProvince || fact == filing.FactAction || fact == filing.FactApplicantType {
			p = scope
		}
		if fact == filing.FactAsOf || r.Float64() < p {
			f.Set(filing.Ref{Fact: fact}, randomValue(r, fact, provinces))
		}
	}
	if r.Float64() < known {
		randomList(r, f, filing.ListSites, 0, known, provinces)
		n, _ := f.Len(filing.ListSites, 0)
		for i := range n {
			for _, list := range []filing.List{filing.ListPreapprovals, filing.ListDomains} {
				if r.Float64() < known {
					randomList(r, f, list, i, known, provinces)
				}
			}
		}
	}
	return f
}

func randomList(r *rand.Rand, f *filing.Facts, list filing.List, site int, known float64, provinces []string) {
	n := r.IntN(3)
	f.SetLen(list, site, n)
	for i := range n {
		for fact := filing.Fact(0); fact < filing.NumFacts; fact++ {
			if fact.List() != list || r.Float64() >= known {
				continue
			}
			at := filing.Ref{Fact: fact, Site: int32(site), Item: int32(i)}
			if list == filing.ListSites {
				at = filing.Ref{Fact: fact, Site: int32(i)}
			}
			f.Set(at, randomValue(r, fact, provinces))
		}
	}
}

func randomValue(r *rand.Rand, fact filing.Fact, provinces []string) filing.Value {
	v := filing.Value{Known: true}
	day := func(text string) int32 {
		d, _ := filing.ParseDate(text)
		return int32(d)
	}
	switch fact.Kind() {
	case filing.KindBool:
		v.Num = int32(r.IntN(2))
	case filing.KindInt:
		v.Num = []int32{0, 1, 4, 5, 6, 9, 10, 31, 32, 100}[r.IntN(10)]
	case filing.KindProvince:
		code := provinces[r.IntN(len(provinces))]
		for i, c := range fact.Values() {
			if c == code {
				v.Num = int32(i)
			}
		}
	case filing.KindEnum:
		v.Num = int32(r.IntN(len(fact.Values())))
	case filing.KindText:
		v.Text = []string{"样本", "样本基金会", "P2P样本", "specimen.com", "example.com.cn", "specimen.tw", "华苑样本路"}[r.IntN(7)]
	default:
		v.Num = day([]string{"2020-12-01", "2020-11-30", "2021-03-01", "2021-03-02", "2002-12-01", "2002-12-02", "2017-12-31",
			"2018-01-01", "2021-05-30", "2021-06-01", "2030-01-01"}[r.IntN(11)])
		if fact == filing.FactAsOf {
			v.Num = day([]string{"2020-12-01", "2020-12-01", "2020-11-30", "2020-12-02", "2020-10-17", "2021-02-28", "2020-02-29", "2017-12-31",
				"2018-01-01", "2017-06-30", "2030-01-01", "2026-11-22"}[r.IntN(12)]) + int32(r.IntN(4)/3*(r.IntN(61)-30))
		}
	}
	return v
}

// judged is what of an outcome must not change by a fact that is not asked for.
func judged(t *testing.T, out *filing.Outcome) string {
	t.Helper()
	plain := func(list []filing.Requirement) []filing.Requirement {
		var copied []filing.Requirement
		for _, r := range list {
			r.Why = nil
			copied = append(copied, r)
		}
		return copied
	}
	text, err := json.Marshal([][]filing.Requirement{plain(out.Required), plain(out.Blockers), plain(out.Notices)})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// openFacts lists every fact that is not known, in lists that are, one item beyond them included.
func openFacts(f *filing.Facts) []filing.Ref {
	var refs []filing.Ref
	add := func(r filing.Ref) {
		if !f.At(r).Known {
			refs = append(refs, r)
		}
	}
	for fact := filing.Fact(0); fact < filing.NumFacts; fact++ {
		switch fact.List() {
		case filing.ListNone:
			add(filing.Ref{Fact: fact})
		case filing.ListSites:
			n, known := f.Len(filing.ListSites, 0)
			if !known {
				n = 1
			}
			for i := range n {
				add(filing.Ref{Fact: fact, Site: int32(i)})
			}
		case filing.ListDomains, filing.ListPreapprovals:
			sites, known := f.Len(filing.ListSites, 0)
			if !known {
				sites = 1
			}
			for i := range sites {
				n, known := f.Len(fact.List(), i)
				if !known {
					n = 1
				}
				for j := range n {
					add(filing.Ref{Fact: fact, Site: int32(i), Item: int32(j)})
				}
			}
		}
	}
	return refs
}

// asked reports whether a fact, or the list that it stands in, is asked for.
func asked(ask map[string]bool, f *filing.Facts, r filing.Ref) bool {
	list := r.Fact.List()
	if list != filing.ListNone {
		if _, known := f.Len(filing.ListSites, 0); !known {
			return ask["sites"]
		}
		if list != filing.ListSites {
			if _, known := f.Len(list, int(r.Site)); !known {
				path := list.Path()
				return ask[fmt.Sprintf("sites[%d]%s", r.Site, strings.TrimSuffix(strings.TrimPrefix(path, "sites[]"), "[]"))]
			}
		}
	}
	return ask[r.Path()]
}

func TestOnlyFactsThatAreAskedForChangeTheOutcome(t *testing.T) {
	t.Parallel()
	set := embedded(t)
	provinces := filing.Provinces()
	for seed := range trials(t, 1_000) {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		f := randomFacts(r, provinces)
		out := set.Evaluate(f)
		before := judged(t, out)
		ask := map[string]bool{}
		for _, path := range out.Ask {
			ask[path] = true
		}
		// every fact that is not asked for is given some value, all at once and one by one
		together := f.Clone()
		changed := false
		for _, ref := range openFacts(f) {
			if asked(ask, f, ref) {
				continue
			}
			one := f.Clone()
			v := randomValue(r, ref.Fact, filing.Provinces())
			one.Set(ref, v)
			if r.IntN(16) == 0 {
				if after := judged(t, set.Evaluate(one)); after != before {
					t.Fatalf("seed %d: %s is not asked for, but changes\n%s\nto\n%s\nfacts %s", seed, ref.Path(), before, after,
						f.AppendJSON(nil))
				}
			}
			together.Set(ref, v)
			changed = true
		}
		if after := judged(t, set.Evaluate(together)); changed && after != before {
			t.Fatalf("seed %d: facts that are not asked for change\n%s\nto\n%s\nfacts %s\nthen %s", seed, before, after, f.AppendJSON(nil), together.AppendJSON(nil))
		}
	}
}

func TestAnAnswerNeverReversesAnItemThatIsNotProvisional(t *testing.T) {
	t.Parallel()
	set := embedded(t)
	provinces := filing.Provinces()
	for seed := range trials(t, 1_000) {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		f := randomFacts(r, provinces)
		before := set.Evaluate(f)
		answered := f.Clone()
		for _, ref := range openFacts(f) {
			if r.IntN(2) == 0 {
				answered.Set(ref, randomValue(r, ref.Fact, filing.Provinces()))
			}
		}
		after := set.Evaluate(answered)
		has := map[string]bool{}
		for _, list := range [][]filing.Requirement{after.Required, after.Blockers, after.Notices} {
			for _, item := range list {
				for _, c := range item.Clauses {
					has[itemName(&item)+" "+c] = true
				}
			}
		}
		for _, list := range [][]filing.Requirement{before.Required, before.Blockers, before.Notices} {
			for _, item := range list {
				for _, c := range item.Clauses {
					if !item.Provisional && !has[itemName(&item)+" "+c] && !anyProvisional(set, c) {
						t.Fatalf("seed %d: %s by %s is gone\nfacts %s\nthen %s", seed, itemName(&item), c, f.AppendJSON(nil), answered.AppendJSON(nil))
					}
				}
			}
		}
	}
}

// anyProvisional: where an item has other clauses too, one clause of it may still be provisional.
func anyProvisional(set *Set, id string) bool {
	c, _ := set.Clause(id)
	for _, other := range append([]string{id}, c.Repeats...) {
		o, _ := set.Clause(other)
		for _, r := range o.Rules {
			if r.Unless != nil {
				return true
			}
		}
	}
	return false
}

func itemName(r *filing.Requirement) string {
	return r.Material + r.Code + strings.Join(r.AnyOf, "|") + "@" + r.Of
}

func TestEveryReasonIsEnoughAndHoldsNothingTooMuch(t *testing.T) {
	t.Parallel()
	set := embedded(t)
	provinces := filing.Provinces()
	reasons, sets := 0, map[string]*Set{}
	for seed := range trials(t, 300) {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		f := randomFacts(r, provinces)
		out := set.Evaluate(f)
		for _, list := range [][]filing.Requirement{out.Required, out.Blockers, out.Notices} {
			for _, item := range list {
				if len(item.Clauses) == 0 || len(item.Why) < len(item.Clauses) {
					t.Fatalf("seed %d: %s has %d clauses and %d reasons", seed, itemName(&item), len(item.Clauses), len(item.Why))
				}
				for _, why := range item.Why {
					reasons++
					alone := sets[why.Clause]
					if alone == nil {
						alone = only(set, why.Clause)
						sets[why.Clause] = alone
					}
					if !yielded(alone, why, why.Facts, itemName(&item)) {
						t.Fatalf("seed %d: %s: %s alone do not yield it by %s\nfacts %s", seed, itemName(&item), printed(t, why.Facts), why.Clause, f.AppendJSON(nil))
					}
					for i := range why.Facts {
						rest, dropped := slices.Delete(slices.Clone(why.Facts), i, i+1), why.Facts[i].Path()
						stands := yielded(alone, why, rest, itemName(&item))
						if dropped == "as_of" { // a day always is: without it any other must do
							stands = yieldedOnEveryDay(alone, why, rest, itemName(&item))
						}
						if stands {
							t.Fatalf("seed %d: %s by %s: %s can be dropped from %s", seed, itemName(&item), why.Clause, dropped, printed(t, why.Facts))
						}
					}
				}
			}
		}
	}
	t.Logf("%d reasons of %d clauses", reasons, len(sets))
	if reasons == 0 {
		t.Error("nothing was explained")
	}
}

// yieldedOnEveryDay reports whether the facts yield the item by the clause on the first and on the last day there is.
func yieldedOnEveryDay(set *Set, why filing.Reason, facts filing.ReasonFacts, name string) bool {
	for _, text := range []string{"1900-01-01", "9999-12-31"} {
		day, _ := filing.ParseDate(text)
		f := factsOf(facts)
		f.Set(filing.Ref{Fact: filing.FactAsOf}, filing.Value{Num: int32(day), Known: true})
		out := set.Evaluate(f)
		if !slices.ContainsFunc(slices.Concat(out.Required, out.Blockers, out.Notices), func(item filing.Requirement) bool {
			return itemName(&item) == name && slices.Contains(item.Clauses, why.Clause)
		}) {
			return false
		}
	}
	return true
}

func factsOf(list filing.ReasonFacts) *filing.Facts {
	f := new(filing.Facts)
	for _, fact := range list {
		f.Set(fact.Ref, fact.Value)
	}
	return f
}

// yielded reports whether these facts alone give the item the same reason.
func yielded(set *Set, why filing.Reason, facts filing.ReasonFacts, name string) bool {
	out := set.Evaluate(factsOf(facts))
	for _, list := range [][]filing.Requirement{out.Required, out.Blockers, out.Notices} {
		for _, item := range list {
			if itemName(&item) != name {
				continue
			}
			for _, w := range item.Why {
				if w.Clause == why.Clause && slices.Equal(w.Facts, why.Facts) {
					return true
				}
			}
		}
	}
	return false
}

// only returns the set with the rules of one clause alone: what facts yield by it does not depend on other clauses, and
// facts that name no province are judged by every rule there is.
func only(set *Set, id string) *Set {
	small := *set
	small.rules, small.live = nil, [scopes][]liveRule{}
	for n := range set.rules {
		r := set.rules[n]
		r.cites = slices.DeleteFunc(slices.Clone(r.cites), func(c cite) bool { return set.clauses[c.clause].ID != id })
		if len(r.cites) == 0 {
			continue
		}
		small.rules = append(small.rules, r)
		for i := range set.live {
			for _, live := range set.live[i] {
				if at := slices.Index(live.clauses, id); live.rule == int32(n) && at >= 0 {
					small.live[i] = append(small.live[i], liveRule{int32(len(small.rules) - 1), live.cites[at : at+1], live.clauses[at : at+1], nil})
				}
			}
		}
	}
	return &small
}

func TestOutcomesPrintAsEncodingJSONPrintsThem(t *testing.T) {
	t.Parallel()
	set := embedded(t)
	for seed := range trials(t, 1_000) {
		f := randomFacts(rand.New(rand.NewPCG(uint64(seed), 4)), filing.Provinces())
		out := set.Evaluate(f)
		var want bytes.Buffer
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(out); err != nil {
			t.Fatal(err)
		}
		if got := append(out.AppendJSON(nil), '\n'); !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("seed %d:\ngot  %s\nwant %s", seed, got, want.Bytes())
		}
		var read filing.Outcome
		if err := json.Unmarshal(want.Bytes(), &read); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if again := append(read.AppendJSON(nil), '\n'); !bytes.Equal(again, want.Bytes()) {
			t.Fatalf("seed %d: read as\n%s", seed, again)
		}
	}
}
