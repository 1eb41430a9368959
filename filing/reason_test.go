package filing

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// byReflection prints as AppendJSON promises to.
func byReflection(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestAnOutcomePrintsAsEncodingJSONPrintsIt(t *testing.T) {
	t.Parallel()
	awkward := "样本<&>\"\\\b\f\n\r\t\x00\x1f\x7f\u2028\u2029\xff\xe6\x96 é😀"
	text := func(s string) Value { return Value{Text: s, Known: true} }
	reason := Reason{Clause: "BJ.enterprise.key.1", Facts: ReasonFacts{
		{Ref{Fact: FactAction}, Value{Known: true}},
		{Ref{Fact: FactDomainName, Site: 12, Item: 3}, text(awkward)},
		{Ref{Fact: FactSiteName, Site: 2}, text("样本")},
		{Ref{Fact: FactTotalsSites}, Value{Num: 40, Known: true}},
		{Ref{Fact: FactPrincipalDocumentValidUntil}, Value{Num: int32(LongTerm), Known: true}},
		{Ref{Fact: FactDomainFiled}, Value{Num: 1, Known: true}},
	}}
	for name, o := range map[string]*Outcome{
		"an outcome of nothing":  {},
		"an outcome of no items": {Required: []Requirement{}, Blockers: []Requirement{}, Notices: []Requirement{}, Undecided: []Undecided{}, Ask: []string{}},
		"an outcome of items": {Rules: "sha256:00", AsOf: "2020-12-01",
			Required: []Requirement{{Material: "principal_id", Of: "domain:" + awkward, Clauses: []string{"G1.basic.1", awkward}, Why: []Reason{reason, {}}},
				{AnyOf: []string{"a", "b"}, Provisional: true}, {}},
			Blockers:  []Requirement{{Code: "x", Clauses: []string{}, Why: []Reason{{Facts: ReasonFacts{}}}}},
			Undecided: []Undecided{{}, {Clauses: []string{"c"}, Facts: []string{"sites[0].name"}}}, Ask: []string{"sites"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, want := string(o.AppendJSON(nil)), byReflection(t, o); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestReasonsReadWhatTheyPrint(t *testing.T) {
	t.Parallel()
	facts := ReasonFacts{}
	for _, ref := range []Ref{{Fact: FactDomainName, Site: 0, Item: 10}, {Fact: FactAsOf}, {Fact: FactDomainName, Site: 0, Item: 2},
		{Fact: FactSiteManagerOrigin}, {Fact: FactSiteName, Site: 1}, {Fact: FactSiteName, Site: 10}, {Fact: FactUploadSizeKB, Item: 7},
		{Fact: FactDomainName, Site: 0, Item: 2}} {
		facts = facts.Insert(ReasonFact{ref, Value{Known: true, Text: map[bool]string{true: "样本"}[ref.Fact.Kind() == KindText]}})
	}
	if !slices.IsSortedFunc(facts, func(a, b ReasonFact) int { return strings.Compare(a.Path(), b.Path()) }) || len(facts) != 7 {
		t.Errorf("not in the order of the paths, or twice: %v", facts)
	}
	tree := map[string]any{} // maps print in the order of their keys
	for _, f := range facts {
		tree[f.Path()] = f.Any()
	}
	printed := byReflection(t, facts)
	if want := byReflection(t, tree); printed != want {
		t.Errorf("got  %s\nwant %s", printed, want)
	}
	var read ReasonFacts
	if err := json.Unmarshal([]byte(printed), &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(facts, read); diff != "" {
		t.Errorf("(-printed +read):\n%s", diff)
	}
	for _, bad := range []string{`{"sites[01].name":"a"}`, `{"sites[].name":"a"}`, `{"sites[0].domains[0].name":3}`, `{"age":1}`, `[]`, `{"action":"old"}`,
		`{"sites[-1].name":"a"}`, `{"sites[0.name":"a"}`} {
		if err := json.Unmarshal([]byte(bad), &read); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}
