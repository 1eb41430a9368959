package letters

import (
	"bytes"
	"errors"
	"html/template"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

const facts = `
province: BJ
action: new
applicant: {type: enterprise, name: "样本公司 <script>x</script> SPECIMEN"}
sites:
- name: 样本网站一
  domains: [{name: specimen-one.cn, holder: applicant}, {name: specimen-two.cn, holder: shareholder}]
- name: 样本网站二
  domains: [{name: specimen-three.com}]
`

func parsed(t *testing.T, text string) *filing.Facts {
	t.Helper()
	f, err := filing.ParseFactsYAML([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func render(t *testing.T, name string, f *filing.Facts, of string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, name, f, of, "en"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryLetterIsAMaterialOfTheVocabularyAndIsFilledIn(t *testing.T) {
	t.Parallel()
	vocabulary, err := filing.Contract.ReadFile("contract/vocabulary.yaml")
	if err != nil {
		t.Fatal(err)
	}
	full, none := parsed(t, facts), &filing.Facts{}
	for _, l := range All() {
		if !bytes.Contains(vocabulary, []byte("\n  "+l.Material+": {zh: "+l.Title.ZH+",")) {
			t.Errorf("%s: the vocabulary has no such material with the title %s", l.Material, l.Title.ZH)
		}
		given, blank := render(t, l.Material, full, ""), render(t, l.Material, none, "")
		for text, want := range map[string]bool{
			"样本公司 &lt;script&gt;x&lt;/script&gt; SPECIMEN": true, "<script": false, "http": false,
			"<h1>" + l.Title.ZH + "</h1>": true, template.HTMLEscapeString(l.Use.EN): true, "ZgotmplZ": false, "<no value>": false,
		} {
			if strings.Contains(given, text) != want {
				t.Errorf("%s: %q is in it: %v", l.Material, text, !want)
			}
		}
		if strings.Contains(blank, `class="given"`) || !strings.Contains(blank, `class="line`) || strings.Count(blank, "<article") != 1 {
			t.Errorf("%s without facts is no blank form", l.Material)
		}
	}
}

func TestThereIsASheetForEachThatALetterIsFor(t *testing.T) {
	t.Parallel()
	f := parsed(t, facts)
	for name, c := range map[string]struct {
		letter, of string
		sheets     int
		has, not   string
	}{
		"one authorization for the filing":                 {"principal_authorization", "", 1, "主体负责人", "specimen-one"},
		"the site manager's names sites and domains":       {"site_manager_authorization", "", 1, "specimen-three.com", ""},
		"Gansu's goes to Gansu's bureau":                   {"gansu_principal_authorization", "", 1, "甘肃省通信管理局：", ""},
		"a plan for each domain":                           {"website_plan", "", 3, "specimen-three.com", ""},
		"or for one of them":                               {"website_plan", "domain:specimen-two.cn", 1, "specimen-two.cn", "specimen-one.cn"},
		"or for one site's":                                {"website_plan", "site:样本网站一", 2, "specimen-one.cn", "specimen-three.com"},
		"no statement for a domain that the applicant has": {"domain_holder_proof", "", 2, "股东", "specimen-one.cn"},
		"all domains on Beijing's sheet":                   {"beijing_confirmation", "", 1, "specimen-two.cn", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := render(t, c.letter, f, c.of)
			if n := strings.Count(got, "<article"); n != c.sheets || !strings.Contains(got, c.has) || c.not != "" && strings.Contains(got, c.not) {
				t.Errorf("%d sheets, want %d, with %q and without %q", n, c.sheets, c.has, c.not)
			}
		})
	}
}

func TestWhatThereIsNoLetterForIsSaid(t *testing.T) {
	t.Parallel()
	f := parsed(t, facts)
	for name, of := range map[string]string{"shoe": "", "": "", "../page": "", "website_plan": "domain:other.cn", "principal_authorization": "domain:specimen-one.cn"} {
		var b bytes.Buffer
		if err := Render(&b, name, f, of, "zh"); !errors.Is(err, ErrUnknown) || b.Len() > 0 {
			t.Errorf("%q for %q: %v, and %d bytes written", name, of, err, b.Len())
		}
	}
}

func TestAnIndividualSignsAndHasNoSeal(t *testing.T) {
	t.Parallel()
	f := parsed(t, "province: GD\naction: new\napplicant: {type: individual}\n")
	for _, name := range []string{"website_plan", "beijing_confirmation"} {
		if got := render(t, name, f, ""); strings.Contains(got, "公章") || !strings.Contains(got, "主办人签字") {
			t.Errorf("%s asks an individual for a seal", name)
		}
	}
}
