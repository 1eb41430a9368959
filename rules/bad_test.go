package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// A small set of rule data that is in order: line 2 of p.yaml begins the clauses, and mutations are laid into it.
const goodBase = `read: 2020-10-20
lists: {words: [典当]}
params:
  days: [{value: 90, clause: G1.basic.1}]
templates:
  common:
    params: [months]
    zh: 样本$months
    en: specimen $months
    rules:
      - always: true
        notice: site_naming_rules
    cases:
      - fires: {}
        yields: [site_naming_rules]
bases:
  enterprise/new: {province: BJ, action: new, as_of: 2020-12-01, applicant: {type: enterprise}, principal: {is_legal_representative: true, birth_date: 1990-01-01}}
  individual/new: {province: BJ, action: new, as_of: 2020-12-01, applicant: {type: individual}}
  enterprise/change: {province: BJ, action: change, as_of: 2020-12-01, applicant: {type: enterprise}}
clauses:
  G1.basic.1:
    zh: 样本
    en: specimen
    digest: 0000000000000000000000000000000000000000000000000000000000000000
    rules:
      - always: true
        require: [principal_id, site_manager_id, applicant_document]
    cases:
      - fires: {}
        yields: [applicant_document@applicant, principal_id@principal, site_manager_id@site_manager]
`

const goodProvince = `province: HN
clauses:
  HN.enterprise.key.1:
    zh: 样本
    en: specimen
    digest: 0000000000000000000000000000000000000000000000000000000000000000
    rules:
      - when: {principal.is_legal_representative: false}
        block: principal_must_be_legal_representative
        of: principal
    cases:
      - fires: {principal.is_legal_representative: false}
        yields: [principal_must_be_legal_representative@principal]
      - misses: {}
  HN.enterprise.key.2:
    zh: 样本
    en: specimen
    digest: 0000000000000000000000000000000000000000000000000000000000000000
    waived: {zh: 样本, en: specimen}
  HN.enterprise.key.3: {use: common, with: {months: 3}, digest: 0000000000000000000000000000000000000000000000000000000000000000}
`

func TestRuleDataInOrderIsNotRefused(t *testing.T) {
	t.Parallel()
	if report := Lint(badFolder(goodBase, goodProvince), nil, AllowMissingProvinces()); len(report.Problems) > 0 || len(report.Skipped) != 1 {
		t.Errorf("got %v and %v", report.Problems, report.Skipped)
	}
}

func badFolder(base, province string) fstest.MapFS {
	return fstest.MapFS{"base.yaml": {Data: []byte(base)}, "HN.yaml": {Data: []byte(province)}}
}

// Each bad file is the good one with one text replaced; the problem must be found on the line where the text stands, or
// so many lines above or below it.
func TestEachBadRuleFileIsRefusedWhereItIsBad(t *testing.T) {
	t.Parallel()
	const when = "when: {principal.is_legal_representative: false}"
	const block = "block: principal_must_be_legal_representative"
	cond := func(c string) [2]string { return [2]string{when, "when: " + c} }
	rule := func(r string) [2]string {
		return [2]string{"      - " + when, r + "\n        block: minor_not_accepted\n        of: principal\n      - " + when}
	}
	for name, tc := range map[string]struct {
		change [2]string
		inBase bool
		below  int
		says   string
	}{
		"an unknown key of a file":                    {change: [2]string{"province: HN", "province: HN\nregion: x"}, below: 1, says: `unknown key "region"`},
		"an unknown province":                         {change: [2]string{"province: HN", "province: HK"}, says: "unknown province"},
		"a clause of another province":                {change: [2]string{"HN.enterprise.key.2:", "HB.enterprise.key.2:"}, says: "another province"},
		"an unknown key of a clause":                  {change: [2]string{"    waived:", "    ruls: []\n    waived:"}, says: `unknown key "ruls"`},
		"an unknown key of a rule":                    {change: [2]string{block, block + "\n        unles: {}"}, below: 1, says: `unknown key "unles"`},
		"an unknown key of a case":                    {change: [2]string{"- misses: {}", "- misses: {}\n        yield: []"}, below: 1, says: `unknown key "yield"`},
		"an unknown fact":                             {change: cond("{principal.is_legal: false}"), says: "unknown fact"},
		"a fact of the uploads":                       {change: cond(`{"uploads[].size_kb": {less_than: 200}}`), says: "unknown fact"},
		"a fact that is words for the reviewer":       {change: cond("{remarks: {contains: [样本]}}"), says: "no rule may depend"},
		"a value outside the enum":                    {change: cond("{principal.document: id}"), says: `no value "id"`},
		"a province that is none":                     {change: cond("{principal.phone_province: HK}"), says: `no value "HK"`},
		"a word for a boolean":                        {change: cond("{principal.is_legal_representative: maybe}"), says: "true or false"},
		"a value for a date":                          {change: cond("{principal.birth_date: 2002-12-01}"), says: "is compared by"},
		"a number compared as a date":                 {change: cond("{totals.sites: {before: as_of}}"), says: "cannot be compared by before"},
		"a date compared as a number":                 {change: cond("{principal.birth_date: {at_least: 18}}"), says: "cannot be compared by at_least"},
		"an unknown comparison":                       {change: cond("{totals.sites: {above: 5}}"), says: `unknown comparison "above"`},
		"a bad bound":                                 {change: cond("{principal.birth_date: {before: as_of + 3 moons}}"), says: "days, months or years"},
		"a bound that is no day":                      {change: cond("{principal.birth_date: {before: today}}"), says: "is no day"},
		"an unknown parameter":                        {change: cond("{principal.birth_date: {before: as_of + moons days}}"), says: `no parameter "moons"`},
		"an age without years":                        {change: cond("{principal.birth_date: {younger_than: 18}}"), says: "younger_than: 18 years"},
		"an unknown list of words":                    {change: cond("{applicant.name: {contains: wrods}}"), says: `no list "wrods"`},
		"a negative number":                           {change: cond("{totals.sites: {at_least: -1}}"), says: "whole number"},
		"a fact of a list outside it":                 {change: cond(`{"sites[].domains[].filed": true}`), says: "the rule or a for_any must be about it"},
		"a person's fact without persons":             {change: cond("{person.document: passport}"), says: "needs persons"},
		"for_any without where":                       {change: cond(`{for_any: "sites[]"}`), says: "with where beside it"},
		"for_any under not":                           {change: cond(`{not: {for_any: "sites[]", where: {"sites[].business_content": true}}}`), says: "cannot stand under not"},
		"distinct outside a site":                     {change: cond("{distinct: {of: prefix, at_least: 2}}"), says: "distinct counts"},
		"an empty condition":                          {change: cond("{}"), says: "a condition is a mapping"},
		"a condition that contradicts its clause":     {change: cond("{applicant.type: individual, principal.is_legal_representative: false}"), says: "can never fire"},
		"a condition that contradicts itself":         {change: cond("{all: [{principal.is_legal_representative: false}, {principal.is_legal_representative: true}]}"), says: "can never fire"},
		"a condition on what is not applicable":       {change: cond("{change.name_changed: true, action: new}"), says: "can never fire"},
		"a rule that always fires":                    {change: cond("{any: [{action: new}, {action: {not: new}}]}"), says: "always fires"},
		"a rule with neither when nor always":         {change: [2]string{"- " + when, "-"}, below: 1, says: "always: true"},
		"a rule with when and always":                 {change: [2]string{when, when + "\n        always: true"}, says: "either a condition"},
		"a rule that yields nothing":                  {change: [2]string{"        " + block + "\n", ""}, below: -1, says: "yields nothing"},
		"an unknown blocker":                          {change: [2]string{block, "block: principal_is_nobody"}, says: "unknown blocker"},
		"an unknown material":                         {change: [2]string{block, "require: principal_photo"}, says: "unknown material"},
		"an unknown notice":                           {change: [2]string{block, "notice: hello"}, says: "unknown notice"},
		"a material without its owner":                {change: [2]string{block + "\n        of: principal", "require: residence_permit"}, says: "say of"},
		"any_of with one material":                    {change: [2]string{block, "any_of: [student_card]"}, says: "at least two"},
		"an unknown owner":                            {change: [2]string{"of: principal", "of: lawyer"}, says: "of is one of"},
		"a domain's item without each":                {change: [2]string{"of: principal", "of: domain"}, below: -1, says: "needs each"},
		"an unknown list in each":                     {change: [2]string{"      - " + when, "      - each: domains[]\n        " + when}, says: "each is"},
		"unknown persons":                             {change: [2]string{"      - " + when, "      - persons: everybody\n        " + when}, says: "persons is"},
		"a day that does not exist":                   {change: [2]string{block, block + "\n        from: 2020-02-30"}, below: 1, says: "is no date"},
		"a rule that ends before it begins":           {change: [2]string{"- " + when, "- from: 2020-02-02\n        to: 2020-02-01\n        " + when}, says: "ends before"},
		"a clause id of no scheme":                    {change: [2]string{"HN.enterprise.key.2:", "HN.enterprise.rules.2:"}, says: "does not follow"},
		"a clause given twice":                        {change: [2]string{"HN.enterprise.key.2:", "HN.enterprise.key.1:"}, says: "given twice"},
		"a key given twice":                           {change: [2]string{"    waived:", "    en: again\n    waived:"}, says: `key "en" is given twice`},
		"a clause without a paraphrase":               {change: [2]string{"  HN.enterprise.key.2:\n    zh: 样本", "  HN.enterprise.key.2:"}, says: "needs a paraphrase"},
		"a clause without a digest":                   {change: [2]string{", digest: 0000000000000000000000000000000000000000000000000000000000000000}", "}"}, says: "has no digest"},
		"a digest that is none":                       {change: [2]string{", digest: 0000", ", digest: g000"}, says: "no SHA-256"},
		"a clause with neither rules nor reason":      {change: [2]string{"    waived: {zh: 样本, en: specimen}\n", ""}, below: -4, says: "needs rules or repeats"},
		"a reason in one language":                    {change: [2]string{"waived: {zh: 样本, en: specimen}", "waived: {zh: 样本}"}, says: "zh and en"},
		"repeating a clause that is not there":        {change: [2]string{"waived: {zh: 样本, en: specimen}", "repeats: [HN.enterprise.key.9]"}, below: -4, says: "not in the data"},
		"repeating a clause without rules":            {change: [2]string{"    rules:\n      - when", "    repeats: [HN.enterprise.key.2]\n    rules:\n      - when"}, below: -4, says: "has no rules"},
		"repeating a clause that holds elsewhere":     {change: [2]string{"waived: {zh: 样本, en: specimen}", "repeats: [HN.individual.key.1]"}, below: -4, says: "not in the data"},
		"replacing a clause that is not there":        {change: [2]string{"    waived:", "    replaces: [G4.expiry.2]\n    waived:"}, below: -4, says: "not in the data"},
		"an unknown template":                         {change: [2]string{"use: common", "use: comon"}, says: "no template"},
		"a template's parameter that is missing":      {change: [2]string{"with: {months: 3}, ", ""}, says: `wants the parameter "months"`},
		"a parameter that the template does not have": {change: [2]string{"{months: 3}", "{months: 3, days: 4}"}, says: `no parameter "days"`},
		"with without use":                            {change: [2]string{"    waived:", "    with: {a: b}\n    waived:"}, says: "with needs use"},
		"a case that does not come out":               {change: [2]string{"yields: [principal_must_be_legal_representative@principal]", "yields: [minor_not_accepted@principal]"}, below: -1, says: "the case expects"},
		"a case of an unknown fact":                   {change: [2]string{"- misses: {}", "- misses: {principal.age: 3}"}, says: "there is no such fact"},
		"a case of an unknown base":                   {change: [2]string{"- misses: {}", "- misses: {}\n        base: nobody/new"}, says: "no base"},
		"a case that fires without yields":            {change: [2]string{"- misses: {}", "- fires: {}"}, says: "either fires"},
		"a rule without a firing case":                {change: rule("      - when: {principal.birth_date: {younger_than: 18 years}}"), says: "no case fires"},
		"a rule without a near miss":                  {change: [2]string{"      - misses: {}\n", ""}, below: -6, says: "no near miss"},
		"a rule that another makes idle": {change: [2]string{"      - " + when, "      - when: {principal.is_legal_representative: false, totals.sites: {at_least: 5}}\n" +
			"        block: principal_must_be_legal_representative\n        of: principal\n      - " + when}, says: "shadowed"},
		"two rules that require and forbid one thing": {change: [2]string{"      - " + when, "      - " + when + "\n        require: principal_authorization\n      - " + when}, below: 2, says: "contradicts"},
		"a gap":                                 {inBase: true, change: [2]string{"principal_id, site_manager_id, applicant_document]", "principal_id, site_manager_id]"}, says: "a gap: HN"},
		"finance keywords of one's own":         {inBase: true, change: [2]string{"lists: {words: [典当]}", "lists: {finance_keywords: [典当]}"}, says: "not the contract's"},
		"a parameter with two values on a day":  {inBase: true, change: [2]string{"[{value: 90, clause: G1.basic.1}]", "[{value: 90, clause: G1.basic.1}, {value: 60, clause: G1.basic.1}]"}, says: "two values on one day"},
		"a parameter without a clause":          {inBase: true, change: [2]string{"{value: 90, clause: G1.basic.1}", "{value: 90}"}, says: "the clause is missing"},
		"a parameter that is no number":         {inBase: true, change: [2]string{"value: 90", "value: ninety"}, says: "whole number"},
		"a template defined twice":              {inBase: true, change: [2]string{"templates:\n", "templates:\n  common: {zh: a, en: b}\n"}, below: 2, says: "given twice"},
		"a text in which something is missing":  {inBase: true, change: [2]string{"en: specimen $months", "en: specimen $monts"}, says: "nothing is given"},
		"no YAML at all":                        {change: [2]string{"clauses:", "clauses: ["}, says: "no YAML"},
		"an alias, which hides what is written": {change: [2]string{"waived: {zh: 样本, en: specimen}", "waived: {zh: &a 样本, en: *a}"}, says: "aliases"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, province, file := goodBase, goodProvince, "HN.yaml"
			text := &province
			if tc.inBase {
				text, file = &base, "base.yaml"
			}
			if !strings.Contains(*text, tc.change[0]) {
				t.Fatalf("the good file has no %q", tc.change[0])
			}
			at := strings.Index(*text, tc.change[0])
			line := 1 + strings.Count((*text)[:at], "\n") + tc.below
			*text = (*text)[:at] + tc.change[1] + (*text)[at+len(tc.change[0]):]
			report := Lint(badFolder(base, province), nil, AllowMissingProvinces())
			if name == "a gap" {
				file, line = "HN.yaml", 1 // what is missing stands nowhere
			}
			if !slices.ContainsFunc(report.Problems, func(p Problem) bool {
				return p.File == file && (p.Line == line || name == "no YAML at all") && strings.Contains(p.Message, tc.says)
			}) {
				t.Errorf("want %s:%d: …%s…, got\n%v", file, line, tc.says, report.Problems)
			}
		})
	}
}

func TestAllProvincesAreDemandedUnlessATestSaysOtherwise(t *testing.T) {
	t.Parallel()
	_, err := Load(badFolder(goodBase, goodProvince))
	if err == nil || !strings.Contains(err.Error(), "BJ.enterprise") || strings.Contains(err.Error(), "HN.enterprise") {
		t.Errorf("got %v", err)
	}
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("no data, no error")
	}
}

func TestTheHashIsOfTheContentAndNotOfItsOrder(t *testing.T) {
	t.Parallel()
	hash := func(folder fstest.MapFS) string {
		t.Helper()
		set, err := Load(folder, AllowMissingProvinces())
		if err != nil {
			t.Fatal(err)
		}
		return set.Hash()
	}
	want := hash(badFolder(goodBase, goodProvince))
	head, body, _ := strings.Cut(goodProvince, "  HN.enterprise.key.2:")
	first, second, _ := strings.Cut(head, "  HN.enterprise.key.1:")
	turned := first + "  HN.enterprise.key.2:" + body + "  HN.enterprise.key.1:" + second
	if got := hash(fstest.MapFS{"a.yaml": {Data: []byte(turned)}, "z.yaml": {Data: []byte(goodBase)}}); got != want {
		t.Error("the order of files and clauses changes the hash")
	}
	if !strings.HasPrefix(want, "sha256:") || len(want) != 71 {
		t.Errorf("hash %q", want)
	}
	for _, change := range [][2]string{{"false}\n        block", "true}\n        block"}, {"zh: 样本\n    en: specimen", "zh: 样本\n    en: another"},
		{"block: principal_must_be_legal_representative", "block: minor_not_accepted"}} {
		if hash(badFolder(goodBase, strings.Replace(goodProvince, change[0], change[1], 1))) == want {
			t.Errorf("%q in place of %q keeps the hash", change[1], change[0])
		}
	}
}

func TestRulesInAnotherOrderGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	rule := func(fact string) string {
		return fmt.Sprintf("      - when: {%s}\n        notice: sms_verification\n", fact)
	}
	build := func(rules ...string) *Set {
		province := strings.Replace(goodProvince, "    rules:\n", "    rules:\n"+strings.Join(rules, ""), 1)
		set, err := Load(badFolder(goodBase, province), AllowMissingProvinces())
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	a, b := rule("principal.is_legal_representative: false"), rule("totals.sites: {at_least: 2}")
	one, two := build(a, b), build(b, a)
	if one.Hash() != two.Hash() {
		t.Error("the order of rules changes the hash")
	}
	f := parse(t, `{"province":"HN","action":"new","as_of":"2020-12-01","applicant":{"type":"enterprise"},
		"principal":{"is_legal_representative":false},"totals":{"sites":3}}`)
	if x, y := printed(t, one.Evaluate(f)), printed(t, two.Evaluate(f)); x != y {
		t.Errorf("the order of rules changes the outcome:\n%s\n%s", x, y)
	}
}
