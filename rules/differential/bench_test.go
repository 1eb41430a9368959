package differential

import (
	"flag"
	"fmt"
	"io/fs"
	"runtime"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/google/cel-go/interpreter"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
)

var speed = flag.Bool("speed", false, "hold the engine's speed against its bars: run it alone on the machine")

// live is one filing with the rules that are left once province, kind and action are known.
type live struct {
	name      string
	facts     *filing.Facts
	set       *rules.Set
	evaluator *Evaluator
	filing    *Filing
	rules     []*Rule
	entries   []*entry // one for each rule
}

// contender is one engine: it makes ready for a filing, and then judges it, returning how much it found.
type contender struct {
	name string
	make func(testing.TB, *live) (func() int, error)
}

var contenders = []contender{{"preflight", newPreflight}, {"cel", newCEL}, {"cel_items", newCELItems}}

// newPreflight judges with everything that an outcome holds: reasons, what is undecided, what to ask.
func newPreflight(_ testing.TB, l *live) (func() int, error) {
	return func() int {
		out := l.set.Evaluate(l.facts)
		return len(out.Required) + len(out.Blockers) + len(out.Notices)
	}, nil
}

// newCEL evaluates the same rules at the same places and counts what holds: it explains nothing.
func newCEL(_ testing.TB, l *live) (func() int, error) {
	activation, err := interpreter.NewActivation(l.filing.vars)
	if err != nil {
		return nil, err
	}
	return func() int {
		found := 0
		for _, en := range l.entries {
			l.filing.instances(l.evaluator, en.rule.Each, func(site, item int) {
				if en.holds.evalIn(activation) == yes && (en.unless.Program == nil || en.unless.evalIn(activation) != yes) {
					found++
				}
			})
		}
		return found
	}, nil
}

// newCELItems does more of the engine's work: it evaluates every clause that cites a rule, and gathers the items with
// their clauses. Reasons and questions are still missing.
func newCELItems(_ testing.TB, l *live) (func() int, error) {
	return func() int { return len(l.evaluator.Judge(l.filing).Items) }, nil
}

// examples are the contract's examples, as far as their provinces are encoded: filings of which much is not known yet.
func examples(tb testing.TB) []*live {
	tb.Helper()
	text, err := filing.Contract.ReadFile("contract/cases-sample.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	var cases []struct {
		Facts yaml.Node `yaml:"facts"`
	}
	if err := yaml.Unmarshal(text, &cases); err != nil {
		tb.Fatal(err)
	}
	var list []*filing.Facts
	for _, c := range cases {
		facts, err := filing.ParseFactsNode(&c.Facts)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, facts)
	}
	return ready(tb, list)
}

// complete are whole filings, all facts known: the bases of the cases, of every province that is encoded.
func complete(tb testing.TB) []*live {
	tb.Helper()
	text, err := fs.ReadFile(rules.Embedded(), "base.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	var file struct {
		Bases map[string]tree `yaml:"bases"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		tb.Fatal(err)
	}
	var list []*filing.Facts
	for _, name := range keys(file.Bases) {
		for _, province := range filing.Provinces() {
			base := file.Bases[name]
			base["province"] = province
			for _, person := range []string{"principal", "site_manager"} {
				if p := asTree(base[person]); p != nil {
					p["document_province"], p["phone_province"] = province, province
				}
			}
			text, err := yaml.Marshal(base)
			if err != nil {
				tb.Fatal(err)
			}
			facts, err := filing.ParseFactsYAML(text)
			if err != nil {
				tb.Fatal(err)
			}
			list = append(list, facts)
		}
	}
	return ready(tb, list)
}

// ready finds the live rules of each filing.
func ready(tb testing.TB, all []*filing.Facts) []*live {
	tb.Helper()
	e := readAll(tb, rules.Embedded())
	set, err := rules.Load(rules.Embedded(), rules.AllowMissingProvinces())
	if err != nil {
		tb.Fatal(err)
	}
	encoded := map[string]bool{}
	for _, c := range e.data.Clauses {
		encoded[c.Province] = true
	}
	var list []*live
	for _, facts := range all {
		if !encoded[facts.Text(filing.FactProvince)] {
			continue
		}
		l := &live{facts: facts, set: set, evaluator: e}
		l.name = facts.Text(filing.FactProvince) + " " + facts.Text(filing.FactApplicantType) + " " + facts.Text(filing.FactAction)
		if l.filing, err = e.Prepare(facts.AppendJSON(nil)); err != nil {
			tb.Fatal(err)
		}
		// a rule that is false of a filing of which nothing else is known is not live
		nothing := new(filing.Facts)
		for _, fact := range []filing.Fact{filing.FactProvince, filing.FactApplicantType, filing.FactAction, filing.FactAsOf} {
			nothing.Set(filing.Ref{Fact: fact}, facts.Get(fact))
		}
		bare, err := e.Prepare(nothing.AppendJSON(nil))
		if err != nil {
			tb.Fatal(err)
		}
		seen := map[*Rule]bool{}
		for _, en := range e.scope(l.filing) {
			alive := false
			bare.instances(e, en.rule.Each, func(int, int) { alive = alive || en.holds.eval(bare.vars) != no })
			if alive && !seen[en.rule] {
				seen[en.rule] = true
				l.rules, l.entries = append(l.rules, en.rule), append(l.entries, en)
			}
		}
		list = append(list, l)
	}
	if len(list) == 0 {
		tb.Fatal("no filings")
	}
	return list
}

// round makes one function that judges every filing with a contender.
func round(tb testing.TB, c contender, list []*live) func() {
	tb.Helper()
	var judges []func() int
	for _, l := range list {
		judge, err := c.make(tb, l)
		if err != nil {
			tb.Fatal(err)
		}
		if judge() == 0 {
			tb.Fatalf("%s finds nothing in %q", c.name, l.name)
		}
		judges = append(judges, judge)
	}
	return func() {
		for _, judge := range judges {
			judge()
		}
	}
}

func liveRules(list []*live) float64 {
	n := 0
	for _, l := range list {
		n += len(l.rules)
	}
	return float64(n) / float64(len(list))
}

// cpu returns the processor time that this process has used: others may use the machine too.
func cpu(tb testing.TB) time.Duration {
	tb.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkFiling judges complete filings and the contract's examples, the same facts by the same live rules, with each engine. The processor
// time for a filing is the figure that counts. With -tags opa, OPA takes part.
func BenchmarkFiling(b *testing.B) {
	for kind, list := range map[string][]*live{"complete": complete(b), "examples": examples(b)} {
		for _, c := range contenders {
			judge := round(b, c, list)
			b.Run(kind+"/"+c.name, func(b *testing.B) {
				b.ReportAllocs()
				from := cpu(b)
				for b.Loop() {
					judge()
				}
				b.ReportMetric(float64(cpu(b)-from)/float64(b.N*len(list)), "cpu-ns/filing")
				b.ReportMetric(liveRules(list), "rules/filing")
			})
		}
	}
}

func TestEveryEngineFindsTheSameInAFiling(t *testing.T) {
	t.Parallel()
	for _, l := range append(complete(t), examples(t)...) {
		var found []int
		for _, c := range contenders {
			judge, err := c.make(t, l)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, judge())
		}
		// package rules and cel_items count items, the others rules at places
		for i, j := range map[int]int{0: 2, len(found) - 1: 1} {
			if i != 2 && (found[i] != found[j] || found[i] == 0) {
				t.Errorf("%s: %s finds %d, %s %d", l.name, contenders[i].name, found[i], contenders[j].name, found[j])
			}
		}
	}
}

func TestSpeedIsWithinTheBars(t *testing.T) {
	if !*speed {
		t.Skip("run with -speed, alone on the machine")
	}
	measure(t, "the contract's examples", examples(t))
	nanoseconds := measure(t, "complete filings", complete(t))
	if got := nanoseconds["preflight"]; got > 3000 {
		t.Errorf("%.0f ns per filing, more than 3000", got)
	}
	for name, times := range map[string]float64{"cel": 10, "opa": 30} {
		if got, ran := nanoseconds[name]; ran && got < times*nanoseconds["preflight"] {
			t.Errorf("%s takes %.1f times as long, less than %.0f", name, got/nanoseconds["preflight"], times)
		}
	}
}

// measure returns the processor time of each engine for a filing, and prints it.
func measure(t *testing.T, what string, list []*live) map[string]float64 {
	t.Helper()
	// Every engine in turn, many times, and the best time of each, so that what else runs on the machine disturbs none
	// more than another.
	const batches, batch = 15, 100 * time.Millisecond
	judges := make([]func(), len(contenders))
	for i, c := range contenders {
		judges[i] = round(t, c, list)
	}
	nanoseconds := map[string]float64{}
	for range batches {
		for i, c := range contenders {
			runtime.GC()
			n, from := 0, cpu(t)
			used := time.Duration(0)
			for ; used < batch; used = cpu(t) - from {
				for range 16 {
					judges[i]()
				}
				n += 16 * len(list)
			}
			if ns := float64(used) / float64(n); nanoseconds[c.name] == 0 || ns < nanoseconds[c.name] {
				nanoseconds[c.name] = ns
			}
		}
	}
	for _, c := range contenders {
		fmt.Printf("%-10s %9.0f ns of processor time per filing of %.0f live rules (%s), %6.1f times preflight\n", c.name, nanoseconds[c.name],
			liveRules(list), what, nanoseconds[c.name]/nanoseconds["preflight"])
	}
	return nanoseconds
}
