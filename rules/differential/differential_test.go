package differential

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
)

var (
	draws = flag.Int("draws", 20_000, "how many random facts the differential test draws")
	first = flag.Int("first", 0, "the seed of the first draw")
)

func readAll(t testing.TB, folder fs.FS) *Evaluator {
	t.Helper()
	vocabulary, err := filing.Contract.ReadFile("contract/vocabulary.yaml")
	if err != nil {
		t.Fatal(err)
	}
	data, err := Read(folder, vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEvaluator(data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// comparison holds what many workers found.
type comparison struct {
	items, confirmed, failures atomic.Int64
}

// compare holds one outcome against CEL's, and describes what is different.
func (c *comparison) compare(e *Evaluator, facts *filing.Facts, out *filing.Outcome) []string {
	text := facts.AppendJSON(nil)
	f, err := e.Prepare(text)
	if err != nil {
		return []string{err.Error()}
	}
	j := e.Judge(f)
	var wrong []string
	seen := map[Item]bool{}
	for kind, list := range map[string][]filing.Requirement{"required": out.Required, "blockers": out.Blockers, "notices": out.Notices} {
		for _, r := range list {
			c.items.Add(1)
			item := Item{kind, r.Material + r.Code + strings.Join(r.AnyOf, "|"), r.Of}
			if seen[item] {
				wrong = append(wrong, fmt.Sprintf("%v is given twice", item))
			}
			seen[item] = true
			got := j.Items[item]
			if got == nil {
				wrong = append(wrong, fmt.Sprintf("%v by %v: CEL does not yield it", item, r.Clauses))
				continue
			}
			clauses := slices.Sorted(maps.Keys(got.Clauses))
			if mine := slices.Sorted(slices.Values(r.Clauses)); !slices.Equal(clauses, mine) {
				wrong = append(wrong, fmt.Sprintf("%v: clauses %v, CEL %v", item, mine, clauses))
			}
			if got.Provisional != r.Provisional {
				wrong = append(wrong, fmt.Sprintf("%v: provisional %v, CEL %v", item, r.Provisional, got.Provisional))
			}
		}
	}
	for item, got := range j.Items {
		if !seen[item] {
			wrong = append(wrong, fmt.Sprintf("%v: CEL yields it by %v", item, slices.Sorted(maps.Keys(got.Clauses))))
		}
	}
	waiting := map[string]bool{}
	for _, u := range out.Undecided {
		for _, id := range u.Clauses {
			waiting[id] = true
			if len(j.Open[id]) == 0 {
				wrong = append(wrong, fmt.Sprintf("%s waits for %v, CEL does not", id, u.Facts))
			}
		}
	}
	for id, places := range j.Open {
		if waiting[id] {
			continue
		}
		for _, at := range places {
			fires, same, err := e.Confirm(at, text)
			switch {
			case err != nil:
				wrong = append(wrong, fmt.Sprintf("%s is undecided by CEL alone, and cannot be confirmed: %v", id, err))
			case !same:
				wrong = append(wrong, fmt.Sprintf("%s is undecided, and should ask", id))
			case fires:
				for _, y := range at.entry.rule.Yields {
					if !hasClause(out, y, id) {
						wrong = append(wrong, fmt.Sprintf("%s yields %v whatever is unknown", id, y))
					}
				}
			}
			c.confirmed.Add(1)
		}
	}
	return wrong
}

func hasClause(out *filing.Outcome, y Item, id string) bool {
	for _, r := range slices.Concat(out.Required, out.Blockers, out.Notices) {
		if r.Material+r.Code+strings.Join(r.AnyOf, "|") == y.Code && slices.Contains(r.Clauses, id) {
			return true
		}
	}
	return false
}

// disagreements draws facts, judges them twice, and reports every one that comes out differently, up to a few. It
// returns how often each rule fired.
func disagreements(set *rules.Set, e *Evaluator, c *comparison, first, draws int, report func(seed int64, wrong []string, facts *filing.Facts)) map[*entry]int {
	var next atomic.Int64
	words := e.data.Words()
	var workers sync.WaitGroup
	var mu sync.Mutex
	fired := map[*entry]int{}
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			own := e.Fork()
			for c.failures.Load() < 5 {
				done := next.Add(1) - 1
				if done >= int64(draws) {
					break
				}
				if done > 0 && done%100_000 == 0 {
					fmt.Fprintf(os.Stderr, "%d of %d filings judged\n", done, draws)
				}
				seed := done + int64(first)
				facts := Draw(rand.New(rand.NewPCG(uint64(seed), 20201020)), words)
				if wrong := c.compare(own, facts, set.Evaluate(facts)); len(wrong) > 0 {
					c.failures.Add(1)
					report(seed, wrong, facts)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for en, n := range own.fired {
				fired[en] += n
			}
		})
	}
	workers.Wait()
	return fired
}

func TestDifferentialRandomFactsAreJudgedAlike(t *testing.T) {
	t.Parallel()
	set, err := rules.Load(rules.Embedded(), rules.AllowMissingProvinces())
	if err != nil {
		t.Fatal(err)
	}
	e := readAll(t, rules.Embedded())
	c := new(comparison)
	fired := disagreements(set, e, c, *first, *draws, func(seed int64, wrong []string, facts *filing.Facts) {
		t.Errorf("seed %d:\n%s\nfacts %s", seed, strings.Join(wrong, "\n"), facts.AppendJSON(nil))
	})
	var idle []string
	for i := range e.entries {
		if en := &e.entries[i]; fired[en] == 0 {
			idle = append(idle, en.clause+" by a rule of "+en.owner.ID)
		}
	}
	t.Logf("%d filings, %d items; %d of %d rules (for each clause that cites one) fired; %d places undecided by CEL alone were confirmed by enumeration",
		*draws, c.items.Load(), len(e.entries)-len(idle), len(e.entries), c.confirmed.Load())
	if len(idle) > 0 && *draws >= 500_000 {
		t.Errorf("these never fired, so nothing was compared:\n%s", strings.Join(idle, "\n"))
	} else if len(idle) > 0 {
		t.Logf("never fired in so few draws:\n%s", strings.Join(idle, "\n"))
	}
}

// changed is a folder in which one text of one file is another.
type changed struct {
	fs.FS
	name, from, to string
}

func (c changed) ReadFile(name string) ([]byte, error) {
	text, err := fs.ReadFile(c.FS, name)
	if name != c.name || err != nil {
		return text, err
	}
	if !bytes.Contains(text, []byte(c.from)) {
		return nil, fmt.Errorf("%s does not say %q", name, c.from)
	}
	return bytes.ReplaceAll(text, []byte(c.from), []byte(c.to)), nil
}

func (c changed) Glob(pattern string) ([]string, error) { return fs.Glob(c.FS, pattern) }

func TestDifferentialSeesARuleThatIsDifferent(t *testing.T) {
	t.Parallel()
	e := readAll(t, rules.Embedded())
	for _, change := range []struct{ name, file, from, to string }{
		{"a number off by one", "GD.yaml", "{more_than: 31}", "{more_than: 30}"},
		{"a day off by one", "base.yaml", "{after: as_of - 3 days}", "{on_or_after: as_of - 3 days}"},
		{"a word missing from a list", "base.yaml", "P2P,", ""},
		{"a clause that no longer repeats another", "GD.yaml", "repeats: [GD.special.1, GD.special.2]", "repeats: [GD.special.1]"},
		{"an exception that is gone", "base.yaml", "{\"sites[].preapprovals[].exempt\": true}\n        require: news_license",
			"{\"sites[].preapprovals[].exempt\": false}\n        require: news_license"},
		{"a clause that no longer replaces another", "BJ.yaml", "replaces: [M7.change]", "replaces: []"},
	} {
		t.Run(change.name, func(t *testing.T) {
			t.Parallel()
			set, err := rules.Load(changed{rules.Embedded(), change.file, change.from, change.to}, rules.AllowMissingProvinces())
			if err != nil {
				t.Fatal(err)
			}
			c := new(comparison)
			disagreements(set, e, c, 1_000_000_000, 20_000, func(int64, []string, *filing.Facts) {})
			if c.failures.Load() == 0 {
				t.Error("nobody noticed")
			}
		})
	}
}
