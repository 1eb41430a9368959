package pipeline

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
)

// someFiles are files as people upload them: of what is asked for and of what is not, for persons and sites or without
// saying whose, pages twice or not at all, checked, being checked or replaced; in any order.
func someFiles(r *rand.Rand, outcome *filing.Outcome) []checks.MatchFile {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	var files []checks.MatchFile
	for i := range r.IntN(24) {
		f := checks.MatchFile{ID: fmt.Sprintf("%02d", i), State: filing.MaterialChecked}
		if len(outcome.Required) > 0 && r.IntN(5) > 0 {
			want := outcome.Required[r.IntN(len(outcome.Required))]
			f.Declared.Material, f.Declared.Of = want.Material, want.Of
			if want.Material == "" && len(want.AnyOf) > 0 {
				f.Declared.Material = want.AnyOf[r.IntN(len(want.AnyOf))]
			}
		} else {
			vocabulary := checks.Vocabulary()
			f.Declared.Material, f.Declared.Of = vocabulary[r.IntN(len(vocabulary))].Code, pick("", "principal", "site_manager", "applicant", "site:0", "domain:specimen.example")
		}
		if r.IntN(4) == 0 {
			f.Declared.Of = ""
		}
		if r.IntN(20) == 0 {
			f.Declared.Material = pick("", "no_such_material")
		}
		f.Declared.Page = filing.Page(pick("", "front", "front", "back"))
		f.Verdict = filing.Verdict(pick("pass", "pass", "review", "fail"))
		switch r.IntN(8) {
		case 0:
			f.State, f.Verdict = filing.MaterialStored, ""
		case 1:
			f.State = filing.MaterialReplaced
		}
		files = append(files, f)
	}
	r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	return files
}

// What a million filings are judged by says the same as what is explained to people, of any facts and any files. The same
// desk is used over and over: nothing of one filing may be seen in the next.
func TestJudgingFastAgreesWithTheFullReport(t *testing.T) {
	t.Parallel()
	set, err := rules.Load(rules.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	many := 10_000
	if testing.Short() {
		many = 2_000
	}
	p := population{seed: 11}
	states := map[filing.MatchState]int{}
	verdicts := map[filing.Verdict]int{}
	for n := range many {
		facts, err := filing.ParseFacts(p.facts(n))
		if err != nil {
			t.Fatal(err)
		}
		facts.Set(filing.Ref{Fact: filing.FactAsOf}, filing.Value{Known: true, Num: int32(filing.NewDate(2026, 11, 20))})
		r := rand.New(rand.NewPCG(99, uint64(n)))
		outcome := set.Evaluate(facts)
		in := checks.MatchInput{Outcome: *outcome, Parties: PartiesOf(facts), Remarks: r.IntN(2) == 0, Files: someFiles(r, outcome)}
		for range r.IntN(6) {
			if n := len(in.Files); n > 0 {
				in.Pairs = append(in.Pairs, checks.MatchPair{
					Front: in.Files[r.IntN(n)].ID, Back: in.Files[r.IntN(n)].ID, Verdict: filing.Verdict([]string{"pass", "review", "fail"}[r.IntN(3)]),
				})
			}
		}
		if r.IntN(8) == 0 {
			in.Composites = []filing.Verdict{filing.VerdictReview}
		}
		fast, fastVerdict := checks.Stand(in)
		matches, _, verdict := checks.Match(in)
		full := make([]filing.MatchState, len(matches))
		for i := range matches {
			full[i] = matches[i].State
			states[matches[i].State]++
		}
		verdicts[verdict]++
		if !slices.Equal(fast, full) || fastVerdict != verdict {
			t.Fatalf("filing %d: fast %v %s, in full %v %s\n%+v", n, fast, fastVerdict, full, verdict, in.Files)
		}
	}
	if len(states) != 5 || len(verdicts) < 2 {
		t.Errorf("the draws reach only %v and %v", states, verdicts)
	}
}
