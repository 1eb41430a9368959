package checks

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/preflight-icp/preflight/filing"
)

// requirement reads "material@of" or "a|b@of"; a leading ~ makes it provisional.
func requirement(s string) filing.Requirement {
	codes, of, _ := strings.Cut(strings.TrimPrefix(s, "~"), "@")
	r := filing.Requirement{Of: of, Clauses: []string{"G6.enterprise.basic.1"}, Why: []filing.Reason{}, Provisional: s[0] == '~'}
	if list := strings.Split(codes, "|"); len(list) > 1 {
		r.AnyOf = list
	} else {
		r.Material = codes
	}
	return r
}

// declaredAs reads material/page@of.
func declaredAs(s string) filing.Declared {
	declared, of, _ := strings.Cut(s, "@")
	material, page, _ := strings.Cut(declared, "/")
	return filing.Declared{Material: material, Page: filing.Page(page), Of: of}
}

// recognizedAs reads kind/page,field=value,...; a kind that ends with ? was recognized with little confidence.
func recognizedAs(s string) *filing.Content {
	parts := strings.Split(s, ",")
	kind, page, _ := strings.Cut(parts[0], "/")
	c := &filing.Content{Kind: filing.DetectedKind{Detected: filing.DocumentKind(strings.TrimSuffix(kind, "?")), Page: filing.Page(page), Confidence: 0.97}}
	if strings.HasSuffix(kind, "?") {
		c.Kind.Confidence = 0.6
	}
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(part, "=")
		c.Fields = append(c.Fields, filing.Field{Name: filing.FieldName(name), Text: value, Value: value, Confidence: 0.97})
	}
	return c
}

// matchFile reads "id material/page@of verdict", where page and of may be missing and the verdict may be stored or
// replaced; "reads:" is followed by what was recognized, "parts:" by the parts of a composite, each with its source, and with what was
// found of that after a "!".
func matchFile(s string) MatchFile {
	words := strings.Fields(s)
	f := MatchFile{ID: words[0], State: filing.MaterialChecked}
	for _, word := range words[1:] {
		if what, ok := strings.CutPrefix(word, "reads:"); ok {
			f.Content = recognizedAs(what)
			continue
		}
		if list, ok := strings.CutPrefix(word, "parts:"); ok {
			for _, part := range strings.Split(list, "+") {
				source, declared, _ := strings.Cut(part, "=")
				source, verdict, _ := strings.Cut(source, "!")
				f.Parts = append(f.Parts, MatchPart{Source: source, Declared: declaredAs(declared), Verdict: filing.Verdict(verdict)})
			}
			continue
		}
		switch word {
		case "stored":
			f.State = filing.MaterialStored
		case "replaced":
			f.State, f.Verdict = filing.MaterialReplaced, filing.VerdictPass
		case "pass", "review", "fail":
			f.Verdict = filing.Verdict(word)
		default:
			f.Declared = declaredAs(word)
		}
	}
	return f
}

// matchCase is a filing in a few words: what is required, what was uploaded, and how it stands.
type matchCase struct {
	name     string
	parties  Parties
	required []string
	files    []string
	change   func(in *MatchInput)
	// want is the verdict, then each requirement's state with its files, then the findings of the filing.
	want string
}

func matchCases() []matchCase {
	unit := Parties{Applicant: Enterprise, SiteManagerIsPrincipal: new(false)}
	same := Parties{Applicant: Enterprise, SiteManagerIsPrincipal: new(true)}
	legal := Parties{Applicant: Enterprise, SiteManagerIsPrincipal: new(false), PrincipalIsLegalRepresentative: new(true)}
	person := Parties{Applicant: Individual}
	traveller := Parties{Applicant: Individual, PrincipalDocument: "passport"}

	id := []string{"principal_id@principal"}
	base := []string{"applicant_document@applicant", "principal_id@principal", "site_manager_id@site_manager"}
	certificates := []string{"domain_certificate@domain:a.example", "domain_certificate@domain:b.example"}
	proof := []string{"social_insurance_proof|student_card@principal"}
	remark := []string{"preapproval_remark|preapproval_statement@applicant"}
	permits := []string{"residence_permit@principal", "residence_permit@site_manager"}
	remarks := func(in *MatchInput) { in.Remarks = true }

	return []matchCase{
		{"both sides of an ID pass", unit, id, []string{"1 principal_id/front@principal pass", "2 principal_id/back@principal pass"}, nil,
			"pass | satisfied[1 2] |"},
		{"one side needs a person's eye", unit, id, []string{"1 principal_id/front@principal review", "2 principal_id/back@principal pass"}, nil,
			"review | satisfied[1 2] |"},
		{"one side is still being checked", unit, id, []string{"1 principal_id/front@principal stored", "2 principal_id/back@principal pass"}, nil,
			"review | pending[1 2] |"},
		{"a checked file without a verdict counts as still being checked", unit, id, []string{"1 principal_id/front@principal", "2 principal_id/back@principal pass"}, nil,
			"review | pending[1 2] |"},
		{"nothing was uploaded", unit, id, nil, nil,
			"fail | missing[] | material_missing"},
		{"the back is missing", unit, id, []string{"1 principal_id/front@principal pass"}, nil,
			"fail | incomplete[1] | material_incomplete"},
		{"the front is missing", unit, id, []string{"1 principal_id/back@principal pass"}, nil,
			"fail | incomplete[1] | material_incomplete"},
		{"the back fails", unit, id, []string{"1 principal_id/front@principal pass", "2 principal_id/back@principal fail"}, nil,
			"fail | rejected[1 2] | material_rejected"},
		{"both sides fail", unit, id, []string{"1 principal_id/front@principal fail", "2 principal_id/back@principal fail"}, nil,
			"fail | rejected[1 2] | material_rejected"},
		{"the front fails and the back is missing", unit, id, []string{"1 principal_id/front@principal fail"}, nil,
			"fail | incomplete[1] | material_incomplete material_rejected"},
		{"one side fails while the other is being checked", unit, id, []string{"1 principal_id/front@principal fail", "2 principal_id/back@principal stored"}, nil,
			"fail | rejected[1 2] | material_rejected"},
		{"a failed side was replaced by a better one", unit, id, []string{"1 principal_id/front@principal replaced", "2 principal_id/back@principal pass", "3 principal_id/front@principal pass"}, nil,
			"pass | satisfied[3 2] |"},
		{"a replaced file is not missed and not looked at", unit, id, []string{"1 principal_id/front@principal replaced"}, nil,
			"fail | missing[] | material_missing"},
		{"of two files for a page the better counts", unit, id, []string{"1 principal_id/front@principal pass", "2 principal_id/front@principal fail", "3 principal_id/back@principal pass"}, nil,
			"pass | satisfied[1 3] |"},
		{"of two equally good files for a page the later counts", unit, id, []string{"1 principal_id/front@principal pass", "2 principal_id/front@principal pass", "3 principal_id/back@principal pass"}, nil,
			"pass | satisfied[2 3] |"},
		{"a file that names no page fills the open page", unit, id, []string{"1 principal_id@principal pass", "2 principal_id/front@principal pass"}, nil,
			"pass | satisfied[2 1] |"},
		{"two files that name no page fill both", unit, id, []string{"1 principal_id@principal pass", "2 principal_id@principal pass"}, nil,
			"pass | satisfied[2 1] |"},
		{"one file that names no page is one page", unit, id, []string{"1 principal_id@principal pass"}, nil,
			"fail | incomplete[1] | material_incomplete"},
		{"a good file without a page goes where it helps most", unit, id, []string{"1 principal_id@principal pass", "2 principal_id/front@principal fail", "3 principal_id/back@principal pass"}, nil,
			"pass | satisfied[1 3] |"},
		{"the principal is assumed where the material can be nobody else's", unit, id, []string{"1 principal_id/front pass", "2 principal_id/back pass"}, nil,
			"pass | satisfied[1 2] |"},
		{"another person's file does not do", unit, id, []string{"1 principal_id/front@site_manager pass", "2 principal_id/back@site_manager pass"}, nil,
			"fail | missing[] | material_missing material_not_needed material_not_needed"},
		{"a passport has one page", traveller, id, []string{"1 principal_id/front@principal pass"}, nil,
			"pass | satisfied[1] |"},
		{"the back of a passport is not needed", traveller, id, []string{"1 principal_id/front@principal pass", "2 principal_id/back@principal pass"}, nil,
			"pass | satisfied[1] | material_not_needed"},

		{"a unit's three base materials", unit, base, []string{"1 applicant_document/front@applicant pass", "2 principal_id/front@principal pass", "3 principal_id/back@principal pass", "4 site_manager_id/front@site_manager pass", "5 site_manager_id/back@site_manager pass"}, nil,
			"pass | satisfied[1] satisfied[2 3] satisfied[4 5] |"},
		{"a unit that uploaded nothing misses three things", unit, base, nil, nil,
			"fail | missing[] missing[] missing[] | material_missing material_missing material_missing"},
		{"the back of a business licence is not needed", unit, base[:1], []string{"1 applicant_document/front@applicant pass", "2 applicant_document/back@applicant pass"}, nil,
			"pass | satisfied[1] | material_not_needed"},
		{"a principal's ID is not a site manager's who is another person", unit, base[1:], []string{"1 principal_id/front@principal pass", "2 principal_id/back@principal pass"}, nil,
			"fail | satisfied[1 2] missing[] | material_missing"},
		{"one ID serves the principal who is the site manager", same, base[1:], []string{"1 principal_id/front@principal pass", "2 principal_id/back@principal pass"}, nil,
			"pass | satisfied[1 2] satisfied[1 2] |"},
		{"one ID serves the principal who is the legal representative", legal, []string{"principal_id@principal", "legal_representative_id@legal_representative"}, []string{"1 legal_representative_id/front pass", "2 legal_representative_id/back pass"}, nil,
			"pass | satisfied[1 2] satisfied[1 2] |"},
		{"an individual uploads the ID once", person, base, []string{"1 principal_id/front@principal pass", "2 principal_id/back@principal pass"}, nil,
			"pass | satisfied[1 2] satisfied[1 2] satisfied[1 2] |"},
		{"an individual's sides may come under different names", person, base, []string{"1 applicant_document/front@applicant pass", "2 site_manager_id/back@site_manager pass"}, nil,
			"pass | satisfied[1 2] satisfied[1 2] satisfied[1 2] |"},
		{"an individual who uploaded nothing misses one thing", person, base, nil, nil,
			"fail | missing[] missing[] missing[] | material_missing"},
		{"an individual's missing back is told once", person, base, []string{"1 principal_id/front@principal pass"}, nil,
			"fail | incomplete[1] incomplete[1] incomplete[1] | material_incomplete"},
		{"an individual's failed front is told once", person, base, []string{"1 applicant_document/front fail", "2 applicant_document/back pass"}, nil,
			"fail | rejected[1 2] rejected[1 2] rejected[1 2] | material_rejected"},
		{"an individual with a passport needs one page", traveller, base, []string{"1 principal_id/front pass"}, nil,
			"pass | satisfied[1] satisfied[1] satisfied[1] |"},

		{"a certificate for each domain", unit, certificates, []string{"1 domain_certificate/front@domain:b.example pass", "2 domain_certificate/front@domain:a.example pass"}, nil,
			"pass | satisfied[2] satisfied[1] |"},
		{"a certificate that names no domain goes to the only open one", unit, certificates, []string{"1 domain_certificate pass", "2 domain_certificate@domain:a.example pass"}, nil,
			"pass | satisfied[2] satisfied[1] |"},
		{"a certificate that names no domain when two are open", unit, certificates, []string{"1 domain_certificate pass"}, nil,
			"fail | missing[] missing[] | material_missing material_missing material_undeclared"},
		{"a certificate for a domain that is not filed", unit, certificates[:1], []string{"1 domain_certificate@domain:a.example pass", "2 domain_certificate@domain:c.example pass"}, nil,
			"pass | satisfied[1] | material_not_needed"},
		{"a letter of commitment that names nobody goes to the site that asks for it", unit, []string{"commitment_letter@site:花园"}, []string{"1 commitment_letter pass"}, nil,
			"pass | satisfied[1] |"},
		{"a failed certificate leaves its requirement open for another", unit, certificates[:1], []string{"1 domain_certificate@domain:a.example fail", "2 domain_certificate pass"}, nil,
			"pass | satisfied[2] |"},
		{"a spare certificate that names no domain harms nothing", unit, certificates[:1], []string{"1 domain_certificate@domain:a.example pass", "2 domain_certificate fail"}, nil,
			"pass | satisfied[1] |"},

		{"any one of two proofs", unit, proof, []string{"1 student_card/front@principal pass"}, nil,
			"pass | satisfied[1] |"},
		{"none of two proofs", unit, proof, nil, nil,
			"fail | missing[] | material_missing"},
		{"the better of two proofs counts", unit, proof, []string{"1 social_insurance_proof@principal fail", "2 student_card@principal pass"}, nil,
			"pass | satisfied[2] |"},
		{"a proof that passes beats one that needs a person", unit, proof, []string{"1 social_insurance_proof@principal review", "2 student_card@principal pass"}, nil,
			"pass | satisfied[2] |"},
		{"a proof being checked beats one that failed", unit, proof, []string{"1 social_insurance_proof@principal fail", "2 student_card@principal stored"}, nil,
			"review | pending[2] |"},
		{"all proofs fail", unit, proof, []string{"1 social_insurance_proof@principal fail", "2 student_card@principal fail"}, nil,
			"fail | rejected[1] | material_rejected"},
		{"what one group settles leaves one choice for the next requirement", unit,
			[]string{"social_insurance_proof|student_card@principal", "social_insurance_proof@domain_holder:甲"},
			[]string{"1 social_insurance_proof pass", "2 student_card@principal pass"}, nil,
			"pass | satisfied[2] satisfied[1] |"},
		{"two groups that share a proof leave it open whose it is", unit,
			[]string{"social_insurance_proof|student_card@principal", "labor_contract|social_insurance_proof@domain_holder:甲"},
			[]string{"1 social_insurance_proof pass"}, nil,
			"fail | missing[] missing[] | material_missing material_missing material_undeclared"},
		{"a chain of choices is followed to its end", unit,
			[]string{"labor_contract|social_insurance_proof@domain_holder:甲", "social_insurance_proof|work_proof@principal", "employment_proof|work_proof@site_manager"},
			[]string{"1 labor_contract pass", "2 social_insurance_proof pass", "3 work_proof pass"}, nil,
			"pass | satisfied[1] satisfied[2] satisfied[3] |"},

		{"residence permits that name nobody when two people need one", unit, permits, []string{"1 residence_permit/front pass", "2 residence_permit/back pass"}, nil,
			"fail | missing[] missing[] | material_missing material_missing material_undeclared material_undeclared"},
		{"residence permits that name nobody when one person has two roles", same, permits, []string{"1 residence_permit/front pass", "2 residence_permit/back pass"}, nil,
			"pass | satisfied[1 2] satisfied[1 2] |"},

		{"remarks stand for the file", unit, remark, nil, remarks,
			"pass | satisfied[] |"},
		{"a statement stands for the remarks", unit, remark, []string{"1 preapproval_statement pass"}, nil,
			"pass | satisfied[1] |"},
		{"a failed statement does not matter beside remarks", unit, remark, []string{"1 preapproval_statement fail"}, remarks,
			"pass | satisfied[] |"},
		{"neither remarks nor statement", unit, remark, nil, nil,
			"fail | missing[] | material_missing"},
		{"remarks alone are asked for and missing", unit, []string{"preapproval_remark@applicant"}, nil, nil,
			"fail | missing[] | material_missing"},

		{"a file that no rule asks for", unit, id, []string{"1 principal_id/front pass", "2 principal_id/back pass", "3 student_card/front@principal fail"}, nil,
			"pass | satisfied[1 2] | material_not_needed"},
		{"a file that does not say what it is", unit, id, []string{"1 principal_id/front pass", "2 principal_id/back pass", "3 pass"}, nil,
			"pass | satisfied[1 2] | material_undeclared"},
		{"a file whose material does not exist", unit, id, []string{"1 principal_id/front pass", "2 principal_id/back pass", "3 no_such_thing pass"}, nil,
			"pass | satisfied[1 2] | material_undeclared"},
		{"a blocker fails the filing whose files are all there", unit, base[:1], []string{"1 applicant_document/front pass"},
			func(in *MatchInput) {
				in.Outcome.Blockers = []filing.Requirement{{Code: "minor_not_accepted", Of: "principal"}}
			},
			"fail | satisfied[1] |"},
		{"an undecided clause needs a person", unit, base[:1], []string{"1 applicant_document/front pass"},
			func(in *MatchInput) {
				in.Outcome.Undecided = []filing.Undecided{{Clauses: []string{"HN.enterprise.key.3"}, Facts: []string{"principal.birth_date"}}}
			},
			"review | satisfied[1] |"},
		{"a provisional requirement says so while it is missing", unit, []string{"~finance_approval@applicant"}, nil, nil,
			"fail | missing[] | material_missing"},
		{"the applicant's type is not known", Parties{}, base[:1], []string{"1 applicant_document/front pass"}, nil,
			"pass | satisfied[1] |"},
		{"a requirement that the vocabulary does not know yet", unit, []string{"licence_of_2030@applicant"}, []string{"1 licence_of_2030/front@applicant pass"}, nil,
			"pass | satisfied[1] |"},
		{"nothing is required and nothing was uploaded", unit, nil, nil, nil,
			"pass | |"},
	}
}

func (c matchCase) input() MatchInput {
	in := MatchInput{Parties: c.parties}
	for _, s := range c.required {
		in.Outcome.Required = append(in.Outcome.Required, requirement(s))
	}
	for _, s := range c.files {
		in.Files = append(in.Files, matchFile(s))
	}
	if c.change != nil {
		c.change(&in)
	}
	return in
}

// summary says in one line how a filing stands.
func summary(matches []filing.Match, findings []filing.Finding, verdict filing.Verdict) string {
	words := []string{string(verdict), "|"}
	for _, m := range matches {
		words = append(words, fmt.Sprintf("%s%v", m.State, m.Files))
	}
	words = append(words, "|")
	for _, f := range findings {
		words = append(words, f.Code)
	}
	return strings.Join(words, " ")
}

// TestMatchSaysHowAFilingStands matches filings by name. What is said of each stands in a file of its own, for people to read.
func TestMatchSaysHowAFilingStands(t *testing.T) {
	t.Parallel()
	cases := append(matchCases(), readCases()...)
	if len(cases) < 90 {
		t.Errorf("only %d filings", len(cases))
	}
	written := map[string]bool{}
	for _, c := range cases {
		in := c.input()
		matches, findings, verdict := Match(in)
		if got := summary(matches, findings, verdict); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		checkFindings(t, c.name, findings)
		for _, m := range matches {
			checkFindings(t, c.name, m.Findings)
			for _, f := range m.Findings {
				if f.Clause != "G6.enterprise.basic.1" {
					t.Errorf("%s: %s has clause %q, not the requirement's", c.name, f.Code, f.Clause)
				}
			}
			texts := []filing.Text{m.Explanation}
			for _, f := range m.Matched {
				texts = append(texts, f.Because)
			}
			for _, f := range m.SetAside {
				texts = append(texts, f.Because)
			}
			for _, text := range texts {
				for _, s := range []string{text.ZH, text.EN} {
					if s == "" || strings.ContainsAny(s, "{}") {
						t.Errorf("%s: %q is not finished", c.name, s)
					}
				}
			}
		}
		file := strings.ReplaceAll(strings.NewReplacer("'", "", ",", "").Replace(c.name), " ", "-") + ".md"
		if written[file] {
			t.Fatalf("two filings are called %s", c.name)
		}
		written[file] = true
		golden(t, filepath.Join("testdata", "filings", file), c.report(&in, matches, findings, verdict))
	}
	kept, err := os.ReadDir(filepath.Join("testdata", "filings"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range kept {
		if !written[f.Name()] {
			t.Errorf("testdata/filings/%s is of no filing any more", f.Name())
		}
	}
}

// report writes down a filing and how it stands.
func (c matchCase) report(in *MatchInput, matches []filing.Match, findings []filing.Finding, verdict filing.Verdict) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# %s\n", c.name)
	if in.Facts != nil {
		line("Facts: `%s`\n", in.Facts.AppendJSON(nil))
	}
	for _, f := range c.files {
		line("- `%s`", f)
	}
	line("\nVerdict: **%s**", verdict)
	for i, m := range matches {
		line("\n## %s: %s", c.required[i], m.State)
		line("%s\n\n%s", m.Explanation.ZH, m.Explanation.EN)
		if len(m.Matched)+len(m.SetAside) > 0 {
			line("")
		}
		for _, f := range m.Matched {
			source := ""
			if f.Source != "" {
				source = " (from " + f.Source + ")"
			}
			line("- %s%s stands for %s/%s: %s. %s %s", f.File, source, f.Material, f.Page, f.Basis, f.Because.ZH, f.Because.EN)
		}
		for _, f := range m.SetAside {
			line("- %s was set aside: %s. %s %s", f.File, f.Reason, f.Because.ZH, f.Because.EN)
		}
	}
	if len(findings) > 0 {
		line("\n## Findings")
	}
	for _, f := range findings {
		measured, err := json.Marshal(f.Measured)
		if err != nil {
			panic(err)
		}
		line("- %s `%s`", f.Code, measured)
		line("  - %s → %s\n  - %s → %s", f.Message.ZH, f.Advice.ZH, f.Message.EN, f.Advice.EN)
	}
	return b.String()
}

// TestMatchHoldsItsPromisesForAnyFiling draws filings at random and holds what must always be true: nothing depends on the order of files;
// a requirement is satisfied only by files that pass, one to a page, and always when such files are there; and whatever
// is not satisfied is told and fails the filing.
func TestMatchHoldsItsPromisesForAnyFiling(t *testing.T) {
	t.Parallel()
	materials := []string{"principal_id", "site_manager_id", "applicant_document", "residence_permit", "domain_certificate",
		"social_insurance_proof", "student_card", "preapproval_remark", "preapproval_statement", "website_plan"}
	parties := []string{"applicant", "principal", "site_manager", "domain:a.example", "domain:b.example"}
	rapid.Check(t, func(t *rapid.T) {
		in := MatchInput{Remarks: rapid.Bool().Draw(t, "remarks")}
		in.Parties.Applicant = rapid.SampledFrom([]string{"", Enterprise, Individual}).Draw(t, "applicant")
		in.Parties.SiteManagerIsPrincipal = rapid.SampledFrom([]*bool{nil, new(true), new(false)}).Draw(t, "same")
		seen := map[string]bool{}
		for range rapid.IntRange(0, 6).Draw(t, "requirements") {
			codes := rapid.SliceOfNDistinct(rapid.SampledFrom(materials), 1, 3, rapid.ID[string]).Draw(t, "codes")
			s := strings.Join(codes, "|") + "@" + rapid.SampledFrom(parties).Draw(t, "of")
			if !seen[s] {
				seen[s] = true
				in.Outcome.Required = append(in.Outcome.Required, requirement(s))
			}
		}
		for i := range rapid.IntRange(0, 8).Draw(t, "files") {
			in.Files = append(in.Files, MatchFile{
				ID:    fmt.Sprint(i),
				State: rapid.SampledFrom([]string{filing.MaterialChecked, filing.MaterialChecked, filing.MaterialStored, filing.MaterialReplaced}).Draw(t, "state"),
				Declared: filing.Declared{
					Material: rapid.SampledFrom(append(materials, "", "nonsense")).Draw(t, "material"),
					Page:     rapid.SampledFrom([]filing.Page{"", filing.PageFront, filing.PageBack}).Draw(t, "page"),
					Of:       rapid.SampledFrom(append(parties, "", "")).Draw(t, "file of"),
				},
				Verdict: rapid.SampledFrom([]filing.Verdict{filing.VerdictPass, filing.VerdictReview, filing.VerdictFail}).Draw(t, "verdict"),
			})
		}
		matches, findings, verdict := Match(in)
		first, _ := json.Marshal([]any{matches, findings, verdict})
		checkFindings(t, "drawn", findings)

		shuffled := in
		shuffled.Files = rapid.Permutation(in.Files).Draw(t, "order")
		again, _ := json.Marshal(func() []any { a, b, c := Match(shuffled); return []any{a, b, c} }())
		if string(first) != string(again) {
			t.Fatalf("another order of files gives another answer:\n%s\n%s", first, again)
		}

		byID := map[string]MatchFile{}
		for _, f := range in.Files {
			byID[f.ID] = f
		}
		for _, m := range matches {
			checkFindings(t, "drawn", m.Findings)
			if (m.State == filing.MatchSatisfied || m.State == filing.MatchPending) != (len(m.Findings) == 0) {
				t.Fatalf("state %s with %d findings", m.State, len(m.Findings))
			}
			if len(m.Findings) > 0 && verdict != filing.VerdictFail {
				t.Fatalf("%s while the filing is %s", m.State, verdict)
			}
			if m.State == filing.MatchPending && verdict == filing.VerdictPass {
				t.Fatal("the filing passes while a file is being checked")
			}
			used := map[string]bool{}
			for _, id := range m.Files {
				f := byID[id]
				if used[id] || f.State == filing.MaterialReplaced {
					t.Fatalf("file %s is used twice or was replaced", id)
				}
				used[id] = true
				if m.State == filing.MatchSatisfied && (f.State != filing.MaterialChecked || f.Verdict == filing.VerdictFail) {
					t.Fatalf("satisfied by %+v", f)
				}
				if m.State == filing.MatchSatisfied && f.Verdict == filing.VerdictReview && verdict == filing.VerdictPass {
					t.Fatal("the filing passes although a file that it uses needs a person")
				}
			}
		}

		// A file of a requirement's own material and party, one for each page and all of them passing, satisfies it.
		if len(in.Outcome.Required) > 0 {
			r := in.Outcome.Required[0]
			code := r.Material
			if r.AnyOf != nil {
				code = r.AnyOf[0]
			}
			for i, page := range []filing.Page{filing.PageFront, filing.PageBack} {
				in.Files = append(in.Files, MatchFile{ID: fmt.Sprint("new", i), State: filing.MaterialChecked, Verdict: filing.VerdictPass,
					Declared: filing.Declared{Material: code, Page: page, Of: r.Of}})
			}
			in.Remarks = true
			better, _, _ := Match(in)
			if better[0].State != filing.MatchSatisfied {
				t.Fatalf("%+v is %s although everything for it is there", r, better[0].State)
			}
		}
	})
}

func TestVocabularyIsWhatTheContractSays(t *testing.T) {
	t.Parallel()
	materials := Vocabulary()
	if len(materials) != 51 || materials[0].Code != "applicant_document" {
		t.Errorf("%d materials, the first %s", len(materials), materials[0].Code)
	}
	for _, m := range materials {
		if m.Name.ZH == "" || m.Name.EN == "" || len(m.Of) == 0 || m.Group != "basic" && m.Group != "auxiliary" {
			t.Errorf("%s is not read in full: %+v", m.Code, m)
		}
		for _, applicant := range []string{"", Enterprise, Individual} {
			pages := m.Pages(applicant)
			if len(pages) > 2 || (len(pages) == 0) != (m.Code == "preapproval_remark") {
				t.Errorf("%s of %q has pages %v", m.Code, applicant, pages)
			}
			if len(pages) > 0 && pages[0] != filing.PageFront || len(pages) > 1 && pages[1] != filing.PageBack {
				t.Errorf("%s of %q has pages %v", m.Code, applicant, pages)
			}
		}
		for _, of := range m.Of {
			if _, ok := loadCatalogue().words.Parties[of]; !ok {
				t.Errorf("%s: party %s has no name in the catalogue", m.Code, of)
			}
		}
	}
	document, _ := MaterialOf("applicant_document")
	if !slices.Equal(document.Pages(Individual), []filing.Page{"front", "back"}) ||
		!slices.Equal(document.Pages(Enterprise), []filing.Page{"front"}) || !slices.Equal(document.Pages(""), []filing.Page{"front"}) {
		t.Errorf("pages of applicant_document: %+v", document)
	}
	if !KnownMaterial("domain_certificate") || KnownMaterial("") || KnownMaterial("Domain_Certificate") {
		t.Error("KnownMaterial")
	}
	if _, ok := MaterialOf("nothing"); ok {
		t.Error("MaterialOf knows nothing")
	}
}

func TestOnlyPartiesOfTheContractAreKnown(t *testing.T) {
	t.Parallel()
	for of, want := range map[string]bool{
		"applicant": true, "principal": true, "site_manager": true, "legal_representative": true, "guardian": true,
		"site:花园": true, "domain:a.example": true, "domain_holder:甲": true,
		"": false, "domain": false, "domain:": false, "site": false, "principal:甲": false, "somebody": false,
	} {
		if KnownOf(of) != want {
			t.Errorf("KnownOf(%q) = %v", of, !want)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	in := matchCase{
		parties: Parties{Applicant: Enterprise, SiteManagerIsPrincipal: new(false)},
		required: []string{"applicant_document@applicant", "principal_id@principal", "site_manager_id@site_manager",
			"principal_authorization@principal", "handheld_unit_document@site_manager", "domain_certificate@domain:a.example",
			"domain_certificate@domain:b.example", "appointment_letter|labor_contract|social_insurance_proof@domain_holder:甲"},
		files: []string{"1 applicant_document/front@applicant pass", "2 principal_id/front@principal pass",
			"3 principal_id/back@principal pass", "4 site_manager_id/front@site_manager pass",
			"5 site_manager_id/back@site_manager review", "6 principal_authorization/front@principal pass",
			"7 handheld_unit_document/front@site_manager fail", "8 domain_certificate/front@domain:a.example pass",
			"9 domain_certificate pass", "a labor_contract pass"},
	}.input()
	b.ReportAllocs()
	for b.Loop() {
		Match(in)
	}
}
