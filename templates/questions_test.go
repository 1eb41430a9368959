package templates

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/filing"
)

// Every fact that a person answers has its question, every value of an enumeration its name, in both languages; and nothing
// is asked that the vocabulary does not have.
func TestQuestionsAreThoseOfTheVocabulary(t *testing.T) {
	t.Parallel()
	questions, err := loadQuestions()
	if err != nil {
		t.Fatal(err)
	}
	var vocabulary struct {
		Facts []struct {
			Path, Type string
			Values     yaml.Node
		}
		Preapprovals yaml.Node
	}
	data, err := filing.Contract.ReadFile("contract/vocabulary.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &vocabulary); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"sites": true, "sites[].domains": true, "sites[].preapprovals": true} // lists are asked for as lists
	for _, f := range vocabulary.Facts {
		if strings.HasPrefix(f.Path, "uploads") || f.Path == "remarks" {
			continue // the checks' own, and free words
		}
		known[f.Path] = true
		q, ok := questions[f.Path]
		if !ok {
			t.Errorf("%s is not asked for", f.Path)
			continue
		}
		var want, got []string
		if f.Values.Kind == yaml.SequenceNode {
			if err := f.Values.Decode(&want); err != nil {
				t.Fatal(err)
			}
		} else if f.Values.Value == "preapprovals" {
			var names map[string]yaml.Node
			if err := vocabulary.Preapprovals.Decode(&names); err != nil {
				t.Fatal(err)
			}
			want = slices.Collect(maps.Keys(names))
		}
		for _, o := range q.Options {
			got = append(got, o.Value)
			if o.Name.ZH == "" || o.Name.EN == "" {
				t.Errorf("%s: %s has no name", f.Path, o.Value)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if f.Type == "enum" && !slices.Equal(want, got) {
			t.Errorf("%s offers %v, the vocabulary has %v", f.Path, got, want)
		}
	}
	for path, q := range questions {
		if !known[path] {
			t.Errorf("%s is no fact of the vocabulary", path)
		}
		for _, text := range []filing.Text{q.Name, q.Ask} {
			if text.ZH == "" || text.EN == "" {
				t.Errorf("%s: a text is empty", path)
			}
		}
	}
}

func TestAQuestionAboutAnItemSaysWhichOne(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]filing.Text{
		"principal.origin":                  {},
		"sites[0].name":                     {ZH: "第 1 个网站", EN: "site 1"},
		"sites[1].domains[2].expires":       {ZH: "第 2 个网站，第 3 个域名", EN: "site 2, domain 3"},
		"sites[0].preapprovals":             {ZH: "第 1 个网站", EN: "site 1"},
		"sites[999999999999999999999].name": {},
	} {
		if got := Which(path); got != want {
			t.Errorf("%s: %+v", path, got)
		}
	}
	if q, ok := QuestionOf("sites[3].domains[1].holder"); !ok || len(q.Options) != 5 {
		t.Errorf("a question about an item: %+v", q)
	}
	if _, ok := QuestionOf("no.such.fact"); ok {
		t.Error("a question about nothing")
	}
}
