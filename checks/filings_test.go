package checks

import "github.com/preflight-icp/preflight/filing"

// knowing gives a filing facts, which what was read is held against.
func knowing(text string) func(*MatchInput) {
	return func(in *MatchInput) {
		facts, err := filing.ParseFactsYAML([]byte(text))
		if err != nil {
			panic(err)
		}
		in.Facts = facts
	}
}

// readCases are filings whose files were read, and filings with composites.
func readCases() []matchCase {
	unit := Parties{Applicant: Enterprise, SiteManagerIsPrincipal: new(false), PrincipalDocument: "id_card", SiteManagerDocument: "id_card"}
	same := Parties{Applicant: Enterprise, SiteManagerIsPrincipal: new(true)}
	person := Parties{Applicant: Individual}
	visitor := Parties{Applicant: Individual, PrincipalDocument: "passport"}

	base := []string{"applicant_document@applicant", "principal_id@principal", "site_manager_id@site_manager"}
	id := base[1:2]
	both := base[1:]
	certificates := []string{"domain_certificate@domain:a.example", "domain_certificate@domain:b.example"}
	letters := []string{"principal_authorization@principal", "site_manager_authorization@site_manager"}
	births := knowing("{applicant: {type: enterprise, name: 样本园艺有限公司}, principal: {birth_date: 1990-01-02, document_valid_until: 2030-05-06}, " +
		"site_manager: {birth_date: 1985-03-04, document_valid_until: long_term}}")
	itself := knowing("{applicant: {type: individual, name: 样本甲}}")

	return []matchCase{
		{"an individual declares nothing and both sides are recognized", person, base, []string{"1 pass reads:id_card/front,name=样本甲", "2 pass reads:id_card/back"}, itself,
			"review | satisfied[1 2] satisfied[1 2] satisfied[1 2] |"},
		{"an individual uploads a stranger's card without a word", person, base, []string{"1 pass reads:id_card/front,name=样本乙丙", "2 pass reads:id_card/back"}, itself,
			"fail | incomplete[2] incomplete[2] incomplete[2] | material_incomplete material_undeclared"},
		{"a passport is recognized where the facts name a passport", visitor, id, []string{"1 pass reads:passport/front"}, nil,
			"review | satisfied[1] |"},
		{"an ID card is not taken where the facts name a passport", visitor, id, []string{"1 pass reads:id_card/front"}, nil,
			"fail | missing[] | material_missing material_not_needed"},
		{"a unit's papers are all recognized", unit, base, []string{
			"1 pass reads:business_license/front,unit=样本园艺有限公司", "2 pass reads:id_card/front,birth_date=1990-01-02",
			"3 pass reads:id_card/back,valid_until=2030-05-06", "4 pass reads:id_card/front,birth_date=1985-03-04", "5 pass reads:id_card/back,valid_until=long_term",
		}, births,
			"review | satisfied[1] satisfied[2 3] satisfied[4 5] |"},
		{"another unit's licence is nobody's here", unit, base[:1], []string{"1 pass reads:business_license/front,unit=另一家贸易公司"}, births,
			"fail | missing[] | material_missing material_undeclared"},
		{"two cards that say nothing of whose they are stay undeclared", unit, both, []string{"1 pass reads:id_card/front", "2 pass reads:id_card/back"}, nil,
			"fail | missing[] missing[] | material_missing material_missing material_undeclared material_undeclared"},
		{"the site manager's card is what is left beside the principal's", unit, both, []string{
			"1 principal_id/front@principal pass", "2 principal_id/back@principal pass", "3 pass reads:id_card/front", "4 pass reads:id_card/back",
		}, nil,
			"review | satisfied[1 2] satisfied[3 4] |"},
		{"a second copy of the principal's card is not the site manager's", unit, both, []string{
			"1 principal_id/front@principal pass", "2 principal_id/back@principal pass", "3 pass reads:id_card/front,birth_date=1990-01-02",
		}, births,
			"fail | satisfied[1 2] missing[] | material_missing"},
		{"twins with one birthday cannot be told apart by it", unit, both, []string{"1 pass reads:id_card/front,birth_date=1990-01-02"},
			knowing("{principal: {birth_date: 1990-01-02}, site_manager: {birth_date: 1990-01-02}}"),
			"fail | missing[] missing[] | material_missing material_missing material_undeclared"},
		{"a number tells the birthday where the date was not read", unit, both, []string{"1 pass reads:id_card/front,number=990101199001020014"},
			births,
			"fail | incomplete[1] missing[] | material_missing material_incomplete"},
		{"one card serves a principal who is the site manager and says nothing", same, both, []string{"1 pass reads:id_card/front", "2 pass reads:id_card/back"}, nil,
			"review | satisfied[1 2] satisfied[1 2] |"},
		{"a stranger's card by its birthday is nobody's", unit, both, []string{"1 pass reads:id_card/front,birth_date=1970-07-07"}, births,
			"fail | missing[] missing[] | material_missing material_missing material_undeclared"},
		{"a letter of authorization goes to whom it names, known from the declared card", unit, append([]string{}, append(letters, id...)...), []string{
			"1 principal_id/front@principal pass reads:id_card/front,name=样本甲", "2 principal_id/back@principal pass",
			"3 pass reads:authorization_letter/front,title=授权书,authorized=样本甲",
		}, nil,
			"fail | satisfied[3] missing[] satisfied[1 2] | material_missing"},
		{"letters of authorization are told apart by their titles", unit, letters, []string{
			"1 pass reads:authorization_letter/front,title=网站负责人授权书", "2 pass reads:authorization_letter/front,title=主体负责人授权书",
		}, nil,
			"review | satisfied[2] satisfied[1] |"},
		{"two letters of one title stay undeclared", unit, letters, []string{
			"1 pass reads:authorization_letter/front,title=授权书", "2 pass reads:authorization_letter/front,title=授权书",
		}, nil,
			"fail | missing[] missing[] | material_missing material_missing material_undeclared material_undeclared"},
		{"certificates go to the domains that they name", unit, certificates, []string{
			"1 domain_certificate pass reads:domain_certificate/front,domain=b.example", "2 domain_certificate pass reads:domain_certificate/front,domain=a.example",
		}, nil,
			"pass | satisfied[2] satisfied[1] |"},
		{"a certificate that was not read goes where the one that was leaves a place", unit, certificates, []string{
			"1 domain_certificate pass", "2 domain_certificate pass reads:domain_certificate/front,domain=a.example",
		}, nil,
			"pass | satisfied[2] satisfied[1] |"},
		{"a certificate of a domain that is not filed stands for none, though one is open", unit, certificates[:1], []string{
			"1 domain_certificate pass reads:domain_certificate/front,domain=c.example",
		}, nil,
			"fail | missing[] | material_missing material_undeclared"},
		{"a certificate declared for one domain is not moved to the other that it names", unit, certificates, []string{
			"1 domain_certificate/front@domain:a.example fail reads:domain_certificate/front,domain=b.example",
		}, nil,
			"fail | rejected[1] missing[] | material_missing material_rejected material_misplaced"},
		{"a letter of commitment is recognized by its title", unit, []string{"commitment_letter@site:花园"}, []string{"1 pass reads:letter/front,title=承诺书"}, nil,
			"review | satisfied[1] |"},
		{"a letter that no rule asks for", unit, id, []string{"1 principal_id/front pass", "2 principal_id/back pass", "3 pass reads:letter/front,title=收入证明"}, nil,
			"pass | satisfied[1 2] | material_not_needed"},
		{"a proof of employment is one of two that will do", unit, []string{"employment_proof|income_proof@principal"}, []string{"1 pass reads:letter/front,title=在职证明"}, nil,
			"review | satisfied[1] |"},
		{"what was recognized with little confidence is only talked about", unit, id, []string{"1 pass reads:id_card?/front"}, nil,
			"fail | missing[] | material_missing material_undeclared"},
		{"a picture in which nothing was recognized", unit, id, []string{"1 pass reads:unknown"}, nil,
			"fail | missing[] | material_missing material_undeclared"},
		{"sides that were not declared are read", unit, id, []string{"1 principal_id pass reads:id_card/back", "2 principal_id pass reads:id_card/front"}, nil,
			"pass | satisfied[2 1] |"},
		{"two fronts that do not say their side are not front and back", unit, id, []string{"1 principal_id pass reads:id_card/front", "2 principal_id pass reads:id_card/front"}, nil,
			"fail | incomplete[2] | material_incomplete"},
		{"swapped sides are not moved, and it is said where they fit", unit, id, []string{
			"1 principal_id/front@principal fail reads:id_card/back", "2 principal_id/back@principal fail reads:id_card/front",
		}, nil,
			"fail | rejected[1 2] | material_rejected material_misplaced material_misplaced"},
		{"a licence that was put where the card belongs", unit, base[:2], []string{
			"1 principal_id/front@principal fail reads:business_license/front", "2 principal_id/back@principal pass reads:id_card/back",
		}, nil,
			"fail | missing[] rejected[1 2] | material_missing material_rejected material_misplaced"},
		{"licence and card were put in each other's place", unit, base[:2], []string{
			"1 principal_id/front@principal fail reads:business_license/front", "2 principal_id/back@principal pass reads:id_card/back",
			"3 applicant_document/front@applicant fail reads:id_card/front",
		}, nil,
			"fail | rejected[3] rejected[1 2] | material_rejected material_rejected material_misplaced material_misplaced"},
		{"the site manager's card was declared as the principal's", unit, both, []string{
			"1 principal_id/front@principal fail reads:id_card/front,birth_date=1985-03-04", "2 principal_id/back@principal pass",
			"3 site_manager_id/back@site_manager pass",
		}, births,
			"fail | rejected[1 2] incomplete[3] | material_incomplete material_rejected material_misplaced"},
		{"a better place that is taken is not offered", unit, base[:2], []string{
			"1 principal_id/front@principal fail reads:business_license/front", "2 applicant_document/front@applicant pass",
		}, nil,
			"fail | satisfied[2] incomplete[1] | material_incomplete material_rejected"},
		{"an undeclared file that fails its checks is rejected where it belongs", unit, base[:1], []string{"1 fail reads:business_license/front"}, nil,
			"fail | rejected[1] | material_rejected"},
		{"an undeclared file is judged as what it was found to be", unit, base[:1], []string{"1 pass reads:business_license/front"},
			func(in *MatchInput) { in.Files[0].JudgedAs = "applicant_document" },
			"pass | satisfied[1] |"},
		{"a declared file goes before an undeclared one that is as good", unit, base[:1], []string{"1 applicant_document/front@applicant review", "2 pass reads:business_license/front"}, nil,
			"review | satisfied[1] |"},
		{"a late file that is better takes the place of an earlier one", unit, base[:1], []string{"1 applicant_document/front@applicant fail", "9 applicant_document/front@applicant pass"}, nil,
			"pass | satisfied[9] |"},
		{"a late file that is still being checked does not displace one that passed", unit, base[:1], []string{"1 applicant_document/front@applicant pass", "9 applicant_document/front@applicant stored"}, nil,
			"pass | satisfied[1] |"},
		{"a front was uploaded three times", unit, id, []string{
			"1 principal_id/front pass", "2 principal_id/front fail", "3 principal_id/front review", "4 principal_id/back pass",
		}, nil,
			"pass | satisfied[1 4] |"},

		{"a composite stands for both sides that it was made of", unit, id, []string{
			"1 principal_id/front@principal pass", "2 principal_id/back@principal pass", "3 pass parts:1=principal_id/front@principal+2=principal_id/back@principal",
		}, nil,
			"pass | satisfied[3] |"},
		{"a composite below the limit stands for parts that were too large", unit, id, []string{
			"1 principal_id/front@principal fail", "2 principal_id/back@principal fail", "3 pass parts:1=principal_id/front@principal+2=principal_id/back@principal",
		}, nil,
			"pass | satisfied[3] |"},
		{"a composite of a card that is blurred is no better than the card", unit, id, []string{
			"1 principal_id/front@principal fail", "2 principal_id/back@principal pass", "3 pass parts:1!fail=principal_id/front@principal+2=principal_id/back@principal",
		}, nil,
			"fail | rejected[3] | material_rejected"},
		{"a composite of a card that a person has to look at has to be looked at", unit, id, []string{
			"1 principal_id/front@principal review", "2 principal_id/back@principal pass", "3 pass parts:1!review=principal_id/front@principal+2=principal_id/back@principal",
		}, nil,
			"review | satisfied[3] |"},
		{"a composite of a file that is still being checked waits for it", unit, id, []string{
			"1 principal_id/front@principal stored", "2 principal_id/back@principal pass", "3 pass parts:1=principal_id/front@principal+2=principal_id/back@principal",
		}, nil,
			"review | pending[3] |"},
		{"a composite at one scale stands for sides whose photos are not", unit, id, []string{
			"1 principal_id/front@principal pass", "2 principal_id/back@principal pass", "3 pass parts:1=principal_id/front@principal+2=principal_id/back@principal",
		}, func(in *MatchInput) {
			in.Pairs = []MatchPair{{Front: "1", Back: "2", Verdict: filing.VerdictFail, AtOneScale: filing.VerdictReview}}
			in.Files[2].Parts[0].PxPerMM, in.Files[2].Parts[1].PxPerMM = 9, 9
		},
			"review | satisfied[3] |"},
		{"a composite of sides of unknown scale is no better than their photos", unit, id, []string{
			"1 principal_id/front@principal pass", "2 principal_id/back@principal pass", "3 pass parts:1=principal_id/front@principal+2=principal_id/back@principal",
		}, func(in *MatchInput) {
			in.Pairs = []MatchPair{{Front: "1", Back: "2", Verdict: filing.VerdictFail, AtOneScale: filing.VerdictPass}}
		},
			"fail | satisfied[3] |"},
		{"a composite that fails leaves its sources standing", unit, id, []string{
			"1 principal_id/front@principal pass", "2 principal_id/back@principal pass", "3 fail parts:1=principal_id/front@principal+2=principal_id/back@principal",
		}, nil,
			"pass | satisfied[1 2] |"},
		{"a composite joins what belongs to two requirements", unit, []string{"principal_authorization@principal", "principal_id@principal"}, []string{
			"1 principal_authorization/front@principal pass", "2 principal_id/front@principal pass", "3 principal_id/back@principal pass",
			"4 pass parts:1=principal_authorization/front@principal+2=principal_id/front@principal",
		}, nil,
			"pass | satisfied[4] satisfied[4 3] |"},
		{"a composite one of whose sources was replaced counts no more", unit, id, []string{
			"1 principal_id/front@principal replaced", "2 principal_id/back@principal pass", "3 pass parts:1=principal_id/front@principal+2=principal_id/back@principal",
			"4 principal_id/front@principal pass",
		}, nil,
			"pass | satisfied[4 2] |"},
		{"a composite of a letter and a card that is not asked for is needed for the letter", unit, letters[:1], []string{
			"1 principal_authorization/front@principal pass", "2 domain_holder_id/front@domain_holder:甲 pass",
			"3 pass parts:1=principal_authorization/front@principal+2=domain_holder_id/front@domain_holder:甲",
		}, nil,
			"pass | satisfied[3] | material_not_needed"},
		{"a composite of which nothing is asked for", unit, base[:1], []string{
			"1 applicant_document pass", "2 student_card/front@principal pass", "3 pass parts:2=student_card/front@principal",
		}, nil,
			"pass | satisfied[1] | material_not_needed material_not_needed"},
		{"a composite that somebody else made stands for the parts found in it", unit, id, []string{"1 pass parts:=principal_id/front@principal+=principal_id/back@principal"}, nil,
			"pass | satisfied[1] |"},
		{"a composite serves an individual in all three roles", person, base, []string{
			"1 principal_id/front pass", "2 principal_id/back pass", "3 pass parts:1=principal_id/front+2=principal_id/back",
		}, nil,
			"pass | satisfied[3] satisfied[3] satisfied[3] |"},
	}
}
