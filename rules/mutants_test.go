package rules

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTheCasesKillTheMutants(t *testing.T) {
	t.Parallel()
	set := embedded(t)
	calls, last := 0, 0
	report := set.Mutants(func(done, total int) {
		calls++
		if done != calls || total < done {
			t.Fatalf("%d of %d done at call %d", done, total, calls)
		}
		last = total
	})
	if report.Total == 0 || last != report.Total || report.Killed+len(report.Survivors) != report.Total {
		t.Fatalf("%d mutants, %d killed, %d survive, progress ended at %d", report.Total, report.Killed, len(report.Survivors), last)
	}
	t.Logf("%d of %d mutants killed: %.1f %%", report.Killed, report.Total, 100*report.Score())
	for _, m := range report.Survivors {
		t.Log(m)
	}
	if report.Score() < 0.95 {
		t.Errorf("fewer than 95 %% of the mutants are killed")
	}
}

func TestARuleThatIsNotChangedKillsNothing(t *testing.T) {
	t.Parallel()
	m := newMutator(embedded(t))
	trials := 0
	for _, cl := range m.set.clauses {
		for _, r := range cl.Rules {
			for _, trial := range m.trials(r) {
				trials++
				if trial.kills(r) {
					t.Errorf("%s: the cases of %s come out differently in the small set", r.At, trial.clause)
				}
			}
		}
	}
	if trials == 0 {
		t.Error("nothing was tried")
	}
}

func TestMutantsSurviveWhereCasesAreMissing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, cases string
		survivors   []string // parts of what they say
	}{
		{"a firing case and near misses on both sides of every condition kill all", `
      - fires: {applicant.organization: foundation, totals.sites: 6}
        yields: [stamped_proofs]
      - misses: {applicant.organization: foundation, totals.sites: 5}
      - misses: {applicant.organization: company, totals.sites: 6}
      - fires: {applicant.organization: foundation, totals.sites: 6, totals.prefixes: null}
        yields: ["?stamped_proofs"]
      - misses: {applicant.organization: foundation, totals.sites: 6, totals.prefixes: 0}`, nil},
		{"without a near miss a dropped condition is not noticed", `
      - fires: {applicant.organization: foundation, totals.sites: 6}
        yields: [stamped_proofs]
      - misses: {applicant.organization: company, totals.sites: 6}
      - misses: {applicant.organization: foundation, totals.sites: 6, totals.prefixes: 0}`,
			[]string{"dropped: totals.sites >= 6", "off by one: totals.sites >= 6 -> totals.sites >= 5"}},
		{"without a case of the exception nothing of it is noticed", `
      - fires: {applicant.organization: foundation, totals.sites: 6}
        yields: [stamped_proofs]
      - misses: {applicant.organization: foundation, totals.sites: 5}
      - misses: {applicant.organization: company, totals.sites: 6}`,
			[]string{"dropped: totals.prefixes <= 0", "off by one: totals.prefixes <= 0 -> totals.prefixes <= -1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			set := smallSet(t, `
    rules:
      - when: {applicant.organization: foundation, totals.sites: {more_than: 5}}
        unless: {totals.prefixes: {at_most: 0}}
        notice: stamped_proofs
    cases:`+test.cases)
			report := set.Mutants(nil)
			if report.Total != 10 {
				t.Errorf("%d mutants", report.Total)
			}
			for _, part := range test.survivors {
				if !slices.ContainsFunc(report.Survivors, func(m Mutant) bool {
					return strings.Contains(m.String(), part) && m.At.File == "small.yaml" && m.At.Line > 1
				}) {
					t.Errorf("%q does not survive: %v", part, report.Survivors)
				}
			}
			if len(report.Survivors) != len(test.survivors) {
				t.Errorf("these survive: %v", report.Survivors)
			}
		})
	}
}

// smallSet loads a set of one clause, G5.server, whose rules and cases are given.
func smallSet(t testing.TB, rest string) *Set {
	t.Helper()
	text := `
read: 2020-10-20
bases:
  enterprise/new:
    province: BJ
    action: new
    as_of: '2020-12-01'
    applicant: {type: enterprise, organization: company}
    totals: {sites: 1, prefixes: 1}
clauses:
  G5.server:
    zh: 样本
    en: A specimen.
    digest: ` + strings.Repeat("0", 64) + rest + "\n"
	set, err := Load(fstest.MapFS{"small.yaml": {Data: []byte(text)}}, AllowMissingProvinces())
	if err != nil {
		t.Fatal(err)
	}
	return set
}
