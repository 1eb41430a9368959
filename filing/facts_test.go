package filing

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// vocabulary is the part of the contract that this package must agree with.
type vocabulary struct {
	Provinces    map[string]string    `yaml:"provinces"`
	Preapprovals map[string]yaml.Node `yaml:"preapprovals"`
	Materials    map[string]yaml.Node `yaml:"materials"`
	Facts        []struct {
		Path   string    `yaml:"path"`
		Type   string    `yaml:"type"`
		Values yaml.Node `yaml:"values"`
	} `yaml:"facts"`
}

func TestFactsAreThoseOfTheVocabulary(t *testing.T) {
	t.Parallel()
	text, err := Contract.ReadFile("contract/vocabulary.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var v vocabulary
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]Kind{"text": KindText, "bool": KindBool, "int": KindInt, "date": KindDate,
		"date_or_long_term": KindDateOrLongTerm, "enum": KindEnum, "province": KindProvince}
	// what stands in the code beyond the vocabulary, after all that does
	additions := []string{"remarks"}
	if len(v.Facts)+len(additions) != int(NumFacts) {
		t.Fatalf("the vocabulary has %d facts and %d additions, the code %d", len(v.Facts), len(additions), NumFacts)
	}
	for i, path := range additions {
		if fact := Fact(len(v.Facts) + i); fact.Path() != path || fact.Kind() != KindText {
			t.Errorf("fact %d is %s of kind %d, the addition %s is a text", fact, fact.Path(), fact.Kind(), path)
		}
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	for i, want := range v.Facts {
		fact := Fact(i)
		if fact.Path() != want.Path || fact.Kind() != kinds[want.Type] {
			t.Errorf("fact %d is %s of kind %d, the vocabulary has %s of type %s", i, fact.Path(), fact.Kind(), want.Path, want.Type)
		}
		var values []string
		switch {
		case want.Type == "province":
			values = keysOf(t, &document, "provinces")
		case want.Values.Kind == yaml.ScalarNode:
			values = keysOf(t, &document, want.Values.Value)
		case want.Type == "enum":
			if err := want.Values.Decode(&values); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(values, fact.Values()); diff != "" {
			t.Errorf("values of %s (-vocabulary +code):\n%s", want.Path, diff)
		}
	}
}

func keysOf(t *testing.T, document *yaml.Node, name string) []string {
	t.Helper()
	root := document.Content[0]
	for i := 0; i < len(root.Content); i += 2 {
		if root.Content[i].Value == name {
			var keys []string
			for j := 0; j < len(root.Content[i+1].Content); j += 2 {
				keys = append(keys, root.Content[i+1].Content[j].Value)
			}
			return keys
		}
	}
	t.Fatalf("the vocabulary has no %s", name)
	return nil
}

func TestFactsPrintCanonically(t *testing.T) {
	t.Parallel()
	const in = ` {"sites":[{"domains":[{"expires":"2023-05-20","name":"a.cn"},{}],"name":"样本\n"}],
	  "principal":{"document_valid_until":"long_term","birth_date":null},"province":"HN","applicant":{},
	  "remarks":"样本备注","uploads":[],"totals":{"sites":7},"first_filing":false}`
	const want = `{"province":"HN","first_filing":false,"principal":{"document_valid_until":"long_term"},` +
		`"sites":[{"name":"样本\n","domains":[{"name":"a.cn","expires":"2023-05-20"},{}]}],"totals":{"sites":7},"uploads":[],"remarks":"样本备注"}`
	f, err := ParseFacts([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	fromYAML, err := ParseFactsYAML([]byte("province: HN\nfirst_filing: false\nprincipal: {document_valid_until: long_term}\n" +
		"sites: [{name: \"样本\\n\", domains: [{name: a.cn, expires: 2023-05-20}, {}]}]\ntotals: {sites: 7}\nuploads: []\nremarks: 样本备注\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(fromYAML.AppendJSON(nil)); got != want {
		t.Errorf("from YAML: got %s\nwant %s", got, want)
	}
	if n, known := f.Len(ListPreapprovals, 0); n != 0 || known {
		t.Errorf("a list that is not given is unknown, got length %d, known %v", n, known)
	}
	if _, known := f.Len(ListUploads, 0); !known {
		t.Error("an empty list that is given is known")
	}
	if f.Text(FactProvince) != "HN" || f.Text(FactAction) != "" || f.Text(FactTotalsSites) != "7" {
		t.Errorf("texts: %q %q %q", f.Text(FactProvince), f.Text(FactAction), f.Text(FactTotalsSites))
	}
}

func TestFactErrorsNameThePathAndWhatIsAllowed(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", MaxTextBytes+1)
	for name, tc := range map[string]struct {
		in, path, code string
		secret         string // must not appear in the error
	}{
		"an unknown fact":                    {in: `{"principal":{"birthday":"2000-01-01"}}`, path: "principal.birthday", code: FactErrorUnknown, secret: "2000"},
		"an unknown group":                   {in: `{"owner":{"deep":[1,{"a":2}]}}`, path: "owner", code: FactErrorUnknown},
		"a value outside the enum":           {in: `{"action":"renew"}`, path: "action", code: FactErrorNotAllowed},
		"a province that is none":            {in: `{"principal":{"phone_province":"HK"}}`, path: "principal.phone_province", code: FactErrorNotAllowed},
		"a day that does not exist":          {in: `{"principal":{"birth_date":"2003-02-29"}}`, path: "principal.birth_date", code: FactErrorBadDate, secret: "2003"},
		"a date of another form":             {in: `{"as_of":"1/2/2020"}`, path: "as_of", code: FactErrorBadDate},
		"long_term where only a date can be": {in: `{"principal":{"birth_date":"long_term"}}`, path: "principal.birth_date", code: FactErrorBadDate},
		"a word for a boolean":               {in: `{"first_filing":"yes"}`, path: "first_filing", code: FactErrorWrongType, secret: "yes"},
		"a fraction":                         {in: `{"totals":{"prefixes":1.5}}`, path: "totals.prefixes", code: FactErrorWrongType},
		"a negative number":                  {in: `{"totals":{"prefixes":-1}}`, path: "totals.prefixes", code: FactErrorWrongType},
		"a number for a text":                {in: `{"applicant":{"name":4401}}`, path: "applicant.name", code: FactErrorWrongType, secret: "4401"},
		"an object for a scalar":             {in: `{"province":{"code":"GD"}}`, path: "province", code: FactErrorWrongType},
		"a scalar for a list":                {in: `{"sites":"a.cn"}`, path: "sites", code: FactErrorWrongType},
		"a scalar in a list of objects":      {in: `{"sites":[{"domains":[{},"a.cn"]}]}`, path: "sites[0].domains[1]", code: FactErrorWrongType, secret: "a.cn"},
		"a fact deep in the lists":           {in: `{"sites":[{},{"domains":[{},{},{"holder":"me"}]}]}`, path: "sites[1].domains[2].holder", code: FactErrorNotAllowed},
		"a name given twice":                 {in: `{"province":"GD","province":"GD"}`, path: "province", code: FactErrorDuplicate},
		"an upload's fact":                   {in: `{"uploads":[{},{"size_kb":"1"}]}`, path: "uploads[1].size_kb", code: FactErrorWrongType},
		"a text that is too long":            {in: `{"applicant":{"name":"` + long + `"}}`, path: "applicant.name", code: FactErrorTooLarge, secret: long},
		"too many domains in all": {in: `{"sites":[{"domains":[{}` + strings.Repeat(",{}", 999) + `]},{"domains":[{}` + strings.Repeat(",{}", 1000) + `]}]}`,
			path: "sites[1].domains", code: FactErrorTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for reader, parse := range map[string]func([]byte) (*Facts, error){"JSON": ParseFacts, "YAML": ParseFactsYAML} {
				_, err := parse([]byte(tc.in))
				var list FactErrors
				if !errors.As(err, &list) || !errors.Is(err, ErrFacts) {
					t.Fatalf("%s: got %v, want FactErrors", reader, err)
				}
				if e := list[0]; e.Path != tc.path || e.Code != tc.code || e.Allowed.ZH == "" || e.Allowed.EN == "" || e.Problem.ZH == "" {
					t.Errorf("%s: got %+v, want path %s and code %s", reader, e, tc.path, tc.code)
				}
				if printed, _ := json.Marshal(list); tc.secret != "" && strings.Contains(string(printed), tc.secret) {
					t.Errorf("%s: the error repeats what was given: %s", reader, printed)
				}
			}
		})
	}
}

func TestTextThatIsNoSingleObjectIsRefused(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", " ", "{", "[]", "1", `"a"`, "{}x", "{} {}", `{"a"}`, `{"province":}`, `{"province":"GD",}`,
		`{"sites":[{},]}`, `{"sites":[`, `{"sites":[{}`, "{\"applicant\":{\"name\":\"\xff\"}}", `{"applicant":{"name":"\u12"}}`,
		`{"totals":{"sites":01}}`, `{"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, `{"province":nul}`,
		strings.Repeat(" ", MaxFactsBytes) + "{}"} {
		if _, err := ParseFacts([]byte(in)); !errors.Is(err, ErrFacts) {
			t.Errorf("%.40q: got %v", in, err)
		}
	}
	for _, in := range []string{"", "a: &x [*x]", "- a", "province: GD\n---\nprovince: GD\n", "a: b: c", "province: *gd"} {
		if _, err := ParseFactsYAML([]byte(in)); !errors.Is(err, ErrFacts) {
			t.Errorf("YAML %.40q: got %v", in, err)
		}
	}
}

func TestErrorsEndSomewhere(t *testing.T) {
	t.Parallel()
	_, err := ParseFacts([]byte(`{"uploads":[` + strings.Repeat(`{"size_kb":true},`, 200) + `{}]}`))
	var list FactErrors
	if !errors.As(err, &list) || len(list) != maxFactErrors+1 {
		t.Errorf("got %d errors, want %d and a last one that says so", len(list), maxFactErrors)
	}
}

func TestSettingAFactMakesItsPlace(t *testing.T) {
	t.Parallel()
	var f Facts
	f.Set(Ref{Fact: FactDomainName, Site: 1, Item: 2}, Value{Text: "a.cn", Known: true})
	f.Set(Ref{Fact: FactPreapprovalExempt, Site: 0}, Value{Num: 1, Known: true})
	const want = `{"sites":[{"preapprovals":[{"exempt":true}]},{"domains":[{},{},{"name":"a.cn"}]}]}`
	if got := string(f.AppendJSON(nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	c := f.Clone()
	c.Set(Ref{Fact: FactDomainName, Site: 1, Item: 2}, Value{})
	if got := string(f.AppendJSON(nil)); got != want {
		t.Errorf("a clone shares with its original: %s", got)
	}
	if got := (Ref{Fact: FactDomainName, Site: 1, Item: 2}).Path(); got != "sites[1].domains[2].name" {
		t.Errorf("path: %s", got)
	}
	f.SetLen(ListSites, 0, -1)
	if got := string(f.AppendJSON(nil)); got != "{}" {
		t.Errorf("an unknown list is printed: %s", got)
	}
}

func TestDatesAreThoseOfTheCalendar(t *testing.T) {
	t.Parallel()
	for day, at := NewDate(1899, 12, 25), time.Date(1899, 12, 25, 0, 0, 0, 0, time.UTC); at.Year() < 2110; day, at = day+1, at.AddDate(0, 0, 1) {
		y, m, d := day.civil()
		if gy, gm, gd := at.Date(); y != gy || m != int(gm) || d != gd {
			t.Fatalf("day %d is %d-%d-%d, want %s", day, y, m, d, at)
		}
	}
	for _, tc := range []struct {
		from   string
		months int
		want   string
	}{{"2020-11-30", 3, "2021-02-28"}, {"2019-11-30", 3, "2020-02-29"}, {"2004-02-29", 216, "2022-02-28"}, {"2020-10-31", 6, "2021-04-30"},
		{"2020-12-01", 3, "2021-03-01"}, {"2021-03-31", -1, "2021-02-28"}} {
		d, _ := ParseDate(tc.from)
		if got := d.AddMonths(tc.months).String(); got != tc.want {
			t.Errorf("%s and %d months: got %s, want %s", tc.from, tc.months, got, tc.want)
		}
	}
	if LongTerm.AddMonths(1) != LongTerm || LongTerm.AddDays(-1) != LongTerm || LongTerm.String() != "long_term" {
		t.Error("long_term moves")
	}
	if got := Today(time.Date(2020, 10, 31, 16, 0, 0, 0, time.UTC)).String(); got != "2020-11-01" {
		t.Errorf("midnight in Shanghai: got %s", got)
	}
}

func FuzzParseFacts(f *testing.F) {
	f.Add([]byte(`{"province":"GD","sites":[{"domains":[{"name":"样本.中国","expires":"2021-01-01"}]}],"uploads":null}`))
	f.Add([]byte(`{"applicant":{"name":"\ud83d\ude00"},"totals":{"sites":1e3}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		facts, err := ParseFacts(text)
		if err != nil {
			var list FactErrors
			if !errors.As(err, &list) || len(list) == 0 {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if !json.Valid(text) {
			t.Fatalf("taken, but no JSON: %q", text)
		}
		printed := facts.AppendJSON(nil)
		again, err := ParseFacts(printed)
		if err != nil {
			t.Fatalf("%s: %v", printed, err)
		}
		if got := again.AppendJSON(nil); string(got) != string(printed) {
			t.Fatalf("printed %s, then %s", printed, got)
		}
	})
}

func BenchmarkParseFacts(b *testing.B) {
	text := []byte(`{"province":"GD","action":"new","as_of":"2020-12-01","first_filing":false,"applicant":{"type":"individual","name":"样本",` +
		`"mailing_address":"样本路6号"},"principal":{"origin":"mainland","document":"id_card","document_province":"HN","birth_date":"2003-06-06"},` +
		`"sites":[{"name":"样本","preapprovals":[{"category":"news"}],"domains":[{"name":"specimen.cn","expires":"2023-05-20","holder":"applicant"}]}]}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseFacts(text); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleParseFacts() {
	_, err := ParseFacts([]byte(`{"province": "GD", "action": "renew"}`))
	fmt.Println(err)
	// Output: action: there is no value "renew"; one of these is allowed: new, access, change
}
