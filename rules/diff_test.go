package rules

import (
	"bytes"
	"io/fs"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
)

// edited returns the rule data with one text of one file replaced.
func edited(t testing.TB, file, from, to string) *Set {
	t.Helper()
	folder := fstest.MapFS{}
	names, err := fs.Glob(Embedded(), "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(Embedded(), name)
		if err != nil {
			t.Fatal(err)
		}
		if name == file {
			if !bytes.Contains(text, []byte(from)) {
				t.Fatalf("%s does not say %q", file, from)
			}
			text = bytes.ReplaceAll(text, []byte(from), []byte(to))
		}
		folder[name] = &fstest.MapFile{Data: text}
	}
	set, err := Load(folder, AllowMissingProvinces())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// population yields so many random filings.
func population(n int) iter.Seq[*filing.Facts] {
	provinces := filing.Provinces()
	return func(yield func(*filing.Facts) bool) {
		for seed := range n {
			if !yield(randomFacts(rand.New(rand.NewPCG(uint64(seed), 7)), provinces)) {
				return
			}
		}
	}
}

func TestASetDiffersNotFromItself(t *testing.T) {
	t.Parallel()
	set := embedded(t)
	d := Diff(set, embedded(t))
	if !d.Empty() {
		t.Errorf("differs: %+v", d.Clauses)
	}
	effect := d.Measure(population(200), nil)
	if effect.Filings != 200 || effect.Changed+effect.Cited+effect.Asked != 0 || len(effect.Examples) != 0 {
		t.Errorf("has an effect: %+v", effect)
	}
}

func TestADifferenceIsToldInWords(t *testing.T) {
	t.Parallel()
	before := embedded(t)
	for _, test := range []struct {
		name           string
		file, from, to string
		clauses        []string // kind and id
		zh, en         []string // parts of what is printed
	}{
		{"a figure in a condition", "GD.yaml", "{more_than: 31}", "{more_than: 40}", []string{"changed GD.special.2"},
			[]string{"修改 GD.special.2  广东·单位和个人·各类备案", "totals.prefixes） >= 32", "totals.prefixes） >= 41"},
			[]string{"changed GD.special.2  GD, enterprises and individuals, every action", "totals.prefixes >= 32", "totals.prefixes >= 41"}},
		{"a material", "base.yaml", "        require: game_approval\n", "        require: [game_approval, news_license]\n", []string{"changed G8.games"},
			[]string{"- 对每个", "+ 对每个", "news_license"}, []string{"require game_approval"}},
		{"a word in a list", "BJ.yaml", "[xin, top,", "[xin, specimen,", []string{"changed BJ.enterprise.key.7", "changed BJ.individual.key.4"},
			[]string{"（bj_suffixes 增加：specimen）", "（bj_suffixes 去掉：top）"}, []string{"(bj_suffixes gains: specimen)", "(bj_suffixes loses: top)"}},
		{"a figure among the parameters", "base.yaml", "[{value: 90, clause: G4.expiry.2}]",
			"[{value: 90, to: 2020-12-31, clause: G4.expiry.2}, {value: 60, from: 2021-01-01, clause: G4.expiry.2}]", nil,
			[]string{"修改 domain_days: 90 (G4.expiry.2) → 90 [..2020-12-31] (G4.expiry.2), 60 [2021-01-01..] (G4.expiry.2)  G4.expiry.2"}, []string{"changed domain_days"}},
		{"what a clause repeats", "GD.yaml", "repeats: [GD.special.1, GD.special.2]", "repeats: [GD.special.1]", []string{"changed GD.enterprise.key.5"},
			[]string{"广东·单位·各类备案", "同：GD.special.1, GD.special.2 → GD.special.1"}, []string{"the same as: GD.special.1, GD.special.2 -> GD.special.1"}},
		{"what a clause puts aside", "BJ.yaml", "replaces: [M7.change]", "replaces: []", []string{"changed BJ.enterprise.change.3"},
			[]string{"取代：M7.change → 无"}, []string{"in place of: M7.change -> none"}},
		{"a template, for everybody who uses it", "templates.yaml", "{principal.phone_province: {not: $province}}", "{principal.phone_province: {not: [$province, HI]}}",
			[]string{"changed GS.individual.key.2"}, []string{"GS|HI"}, []string{"principal.phone_province ≠ GS|HI"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := Diff(before, edited(t, test.file, test.from, test.to))
			var got []string
			for _, c := range d.Clauses {
				got = append(got, string(c.Kind)+" "+c.ID)
			}
			for _, want := range test.clauses {
				if !slices.Contains(got, want) {
					t.Errorf("%s is missing from %v", want, got)
				}
			}
			if test.clauses == nil && len(got) > 0 {
				t.Errorf("clauses differ: %v", got)
			}
			for lang, parts := range map[string][]string{"zh": test.zh, "en": test.en} {
				var b strings.Builder
				if err := d.Write(&b, lang); err != nil {
					t.Fatal(err)
				}
				text := strings.ReplaceAll(b.String(), " → ", map[string]string{"zh": " → ", "en": " -> "}[lang])
				for _, part := range parts {
					if !strings.Contains(text, part) {
						t.Errorf("%s: %q is not in\n%s", lang, part, text)
					}
				}
			}
		})
	}
}

func TestClausesThatComeAndGoAreTold(t *testing.T) {
	t.Parallel()
	without, with := embedded(t), embedded(t)
	const id = "BJ.enterprise.materials.4"
	without.clauses = slices.DeleteFunc(slices.Clone(without.clauses), func(c *Clause) bool { return c.ID == id })
	delete(without.byID, id)
	for _, test := range []struct {
		from, to *Set
		kind     ChangeKind
	}{{without, with, Added}, {with, without, Removed}} {
		d := Diff(test.from, test.to)
		if len(d.Clauses) != 1 || d.Clauses[0].ID != id || d.Clauses[0].Kind != test.kind || d.Clauses[0].Province != "BJ" ||
			d.Clauses[0].Applicant != "enterprise" || d.Clauses[0].Who.ZH != "北京·单位·各类备案" || len(d.Clauses[0].Rules) != 1 ||
			d.Clauses[0].Rules[0].Kind != test.kind {
			t.Errorf("%s: %+v", test.kind, d.Clauses)
		}
	}
}

func TestAnEffectCountsWhoseOutcomesChange(t *testing.T) {
	t.Parallel()
	before := embedded(t)
	facts := func(text string) *filing.Facts { return parse(t, text) }
	list := []*filing.Facts{
		facts(`{"province":"GD","action":"new","as_of":"2020-12-01","applicant":{"type":"enterprise"},"totals":{"prefixes":32},"sites":[{"domains":[{"name":"specimen.com"},{"name":"specimen.cn"}]}]}`),
		facts(`{"province":"GD","action":"new","as_of":"2020-12-01","applicant":{"type":"enterprise"},"totals":{"prefixes":41},"sites":[{"domains":[{"name":"specimen.com"}]}]}`),
		facts(`{"province":"BJ","action":"new","as_of":"2020-12-01","applicant":{"type":"enterprise"},"totals":{"prefixes":32},"sites":[{"domains":[{"name":"specimen.com"}]}]}`),
		facts(`{"province":"GD","action":"new","as_of":"2020-12-01","applicant":{"type":"enterprise"},"totals":{"prefixes":40}}`),
		facts(`{"province":"GD","action":"new","as_of":"2020-12-01","applicant":{"type":"enterprise"}}`),
	}
	done := 0
	got := Diff(before, edited(t, "GD.yaml", "{more_than: 31}", "{more_than: 40}")).Measure(slices.Values(list), func(n int) { done = n })
	want := &Effect{
		Filings: 5, Changed: 2,
		Provinces: []Count{{"GD", 2}},
		Clauses:   []Count{{"GD.enterprise.key.5", 2}, {"GD.enterprise.materials.4", 2}, {"GD.special.2", 2}},
		Items:     []ItemCount{{Item: "provider_guarantee@applicant", Removed: 2}, {Item: "website_plan@domain", Removed: 1}},
		Examples: []Example{
			{Index: 0, Removed: []string{"provider_guarantee@applicant", "website_plan@domain"}},
			{Index: 3, Removed: []string{"provider_guarantee@applicant"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if done != 5 {
		t.Errorf("progress ended at %d", done)
	}
}

func TestAnEffectTellsProvisionalItemsAndCitationsApart(t *testing.T) {
	t.Parallel()
	before := embedded(t)
	news := parse(t, `{"province":"GS","action":"new","as_of":"2020-12-01","applicant":{"type":"enterprise"},"sites":[{"name":"样本","preapprovals":[{"category":"news"}]}]}`)
	after := edited(t, "base.yaml", "        unless: {\"sites[].preapprovals[].exempt\": true}\n        require: news_license", "        require: news_license")
	got := Diff(before, after).Measure(slices.Values([]*filing.Facts{news}), nil)
	want := &Effect{Filings: 1, Changed: 1, Provinces: []Count{{"GS", 1}}, Clauses: []Count{{"G8.news", 1}},
		Items:    []ItemCount{{Item: "news_license@applicant", Kept: 1}},
		Examples: []Example{{Added: []string{"news_license@applicant"}, Removed: []string{"?news_license@applicant"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	many := parse(t, `{"province":"GD","action":"new","as_of":"2020-12-01","applicant":{"type":"enterprise"},"totals":{"prefixes":40}}`)
	cited := Diff(before, edited(t, "GD.yaml", "repeats: [GD.special.1, GD.special.2]", "repeats: [GD.special.1]")).Measure(slices.Values([]*filing.Facts{many}), nil)
	if cited.Changed != 0 || cited.Cited != 1 {
		t.Errorf("a citation alone: %+v", cited)
	}
}

func TestADifferenceIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	before := embedded(t)
	after := edited(t, "templates.yaml", "{principal.is_legal_representative: false}", "{principal.is_legal_representative: true}")
	write := func() string {
		var b strings.Builder
		d := Diff(before, after)
		effect := d.Measure(population(500), nil)
		if effect.Changed == 0 {
			t.Fatal("nothing changed")
		}
		for _, lang := range []string{"zh", "en"} {
			if err := d.Write(&b, lang); err != nil {
				t.Fatal(err)
			}
			if err := effect.Write(&b, lang); err != nil {
				t.Fatal(err)
			}
		}
		return b.String()
	}
	first := write()
	for range 3 {
		if diff := cmp.Diff(first, write()); diff != "" {
			t.Fatal(diff)
		}
	}
}
