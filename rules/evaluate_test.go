package rules

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

func parse(t testing.TB, text string) *filing.Facts {
	t.Helper()
	f, err := filing.ParseFacts([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func printed(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAnOutcomeSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	set := embedded(t)
	for _, tc := range []struct {
		name, facts    string
		asks, asksNot  []string
		first          string
		yields, hasNot []string // codes
	}{
		{name: "knowing nothing, the province, kind and action come first", facts: `{"as_of":"2020-12-01"}`,
			asks: []string{"province", "action", "applicant.type", "sites"}, first: "province", yields: []string{"principal_id", "applicant_document"}},
		{name: "a list that is not known is asked for as the list", facts: `{"province":"GD","action":"new","applicant":{"type":"individual"}}`,
			asks: []string{"sites", "totals.prefixes", "principal.birth_date"}, asksNot: []string{"sites[0].domains[0].expires", "site_manager.same_as_principal"}},
		{name: "within a list the item's own facts are asked for", facts: `{"province":"GD","action":"new","applicant":{"type":"individual"},"sites":[{"domains":[{"name":"a.cn","expires":"2030-01-01"},{}]}]}`,
			asks:    []string{"sites[0].domains[1].expires", "sites[0].domains[1].name", "sites[0].preapprovals", "sites[0].domains[0].holder", "sites[0].name"},
			asksNot: []string{"sites", "sites[0].domains", "sites[0].domains[0].expires", "sites[0].domains[0].privacy_protected"}},
		{name: "an individual is not asked for a site manager or a change", facts: `{"province":"GS","action":"new","applicant":{"type":"individual"}}`,
			asksNot: []string{"site_manager.same_as_principal", "site_manager.phone_province", "change.target", "record.name_matches", "applicant.document"}},
		{name: "one person's facts are asked for once", facts: `{"province":"GS","action":"new","applicant":{"type":"enterprise"},"site_manager":{"same_as_principal":true}}`,
			asks: []string{"principal.phone_province", "principal.document"}, asksNot: []string{"site_manager.phone_province", "site_manager.birth_date"}},
		{name: "a passport prints no address in the mainland", facts: `{"province":"GS","action":"new","applicant":{"type":"individual"},"principal":{"document":"passport"}}`,
			asksNot: []string{"principal.document_province"}},
		{name: "an exception that is not decided leaves the item provisional", facts: `{"province":"SC","action":"change","applicant":{"type":"enterprise"},"change":{"name_changed":true}}`,
			asks: []string{"applicant.change_proof_available"}, yields: []string{"?name_change_proof"}, hasNot: []string{"name_change_unrelated"}},
		{name: "an exception that is granted is not asked about again", facts: `{"province":"SC","action":"change","applicant":{"type":"enterprise","change_proof_available":false},"change":{"name_changed":true}}`,
			asksNot: []string{"applicant.change_proof_available"}, yields: []string{"name_change_unrelated"}, hasNot: []string{"name_change_proof", "?name_change_proof"}},
		{name: "a first filing has no filed sites", facts: `{"province":"GD","action":"new","first_filing":true,"applicant":{"type":"individual"}}`,
			asksNot: []string{"record.sites_reachable", "record.numbers_shown", "first_filing"}},
		{name: "one proof by a keyword ends the search", facts: `{"province":"BJ","action":"new","applicant":{"type":"enterprise","organization":"company","name":"样本支付"},"sites":[]}`,
			asksNot: []string{"applicant.business_scope"}, yields: []string{"finance_approval"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			out := set.Evaluate(parse(t, tc.facts))
			for _, path := range tc.asks {
				if !slices.Contains(out.Ask, path) {
					t.Errorf("%s is not asked for: %v", path, out.Ask)
				}
			}
			for _, path := range tc.asksNot {
				if slices.Contains(out.Ask, path) {
					t.Errorf("%s is asked for", path)
				}
			}
			if tc.first != "" && (len(out.Ask) == 0 || out.Ask[0] != tc.first) {
				t.Errorf("%.3v comes first, want %s", out.Ask, tc.first)
			}
			var codes []string
			for _, r := range slices.Concat(out.Required, out.Blockers, out.Notices) {
				code := r.Material + r.Code + strings.Join(r.AnyOf, "|")
				if r.Provisional {
					code = "?" + code
				}
				codes = append(codes, code)
			}
			for _, code := range tc.yields {
				if !slices.Contains(codes, code) {
					t.Errorf("%s is missing from %v", code, codes)
				}
			}
			for _, code := range tc.hasNot {
				if slices.Contains(codes, code) {
					t.Errorf("%s is in %v", code, codes)
				}
			}
		})
	}
}

func TestAskIsOrderedByWhatItDecides(t *testing.T) {
	t.Parallel()
	out := embedded(t).Evaluate(parse(t, `{"province":"SC","action":"new","applicant":{"type":"enterprise"}}`))
	count := map[string]int{}
	for _, u := range out.Undecided {
		for _, f := range u.Facts {
			count[f]++
		}
	}
	if len(count) != len(out.Ask) {
		t.Errorf("%d facts are undecided, %d asked for", len(count), len(out.Ask))
	}
	for i := 1; i < len(out.Ask); i++ {
		if count[out.Ask[i-1]] < count[out.Ask[i]] {
			t.Errorf("%s (%d) stands before %s (%d)", out.Ask[i-1], count[out.Ask[i-1]], out.Ask[i], count[out.Ask[i]])
		}
	}
}

func TestPrefixIsTheLabelBeforeThePublicSuffix(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"abc.com": "abc", "abc.com.cn": "abc", "ABC.CN.": "abc", "样本.中国": "样本", "abc.xn--fiqs8s": "abc",
		"abc.gd.cn": "abc", "com": "", "": "", "a.公司.cn": "a", "b.xn--55qx5d.cn": "b", "样本.公司": "样本", "xn--8pv1w.cn": "样本",
		"样本.cn": "样本", "a.政务.cn": "a", "a.公益.cn": "a"} {
		if got := Prefix(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestUploadLimitsAreThoseOfTheGuide(t *testing.T) {
	t.Parallel()
	day, _ := filing.ParseDate("2020-12-01")
	const want = `{"min_bytes":204800,"max_bytes":4194304,"formats":["jpeg","png","gif"],"clause":"G6.upload.4"}`
	if got := printed(t, embedded(t).UploadLimits(day)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestShowTellsTheRuleInWords(t *testing.T) {
	t.Parallel()
	var zh, en strings.Builder
	set := embedded(t)
	if err := set.Show(&zh, "GD.enterprise.key.9.2", "zh"); err != nil {
		t.Fatal(err)
	}
	if err := set.Show(&en, "SC.enterprise.change", "en"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"GD.enterprise.key.9.2", "集群地址", "须提交 以下之一 residence_permit"} {
		if !strings.Contains(zh.String(), want) {
			t.Errorf("%q is missing from\n%s", want, zh.String())
		}
	}
	for _, want := range []string{"change.name_changed = true, unless (provisional while unknown) applicant.change_proof_available = false: require name_change_proof @applicant", "no rule: "} {
		if !strings.Contains(en.String(), want) {
			t.Errorf("%q is missing from\n%s", want, en.String())
		}
	}
}
