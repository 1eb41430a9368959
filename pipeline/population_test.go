package pipeline

import (
	"fmt"
	"math/rand/v2"

	"github.com/preflight-icp/preflight/filing"
)

// population draws filings of all provinces and both kinds of applicants, as they may lie in a bureau's store: most of
// them in order, some with something that a rule is about. The n-th filing is the same on every run.
type population struct{ seed uint64 }

var populationSubjects = []filing.Declared{
	{Material: "principal_id", Page: filing.PageFront, Of: "principal"},
	{Material: "principal_id", Page: filing.PageBack, Of: "principal"},
	{Material: "applicant_document", Page: filing.PageFront, Of: "applicant"},
	{Material: "domain_certificate", Page: filing.PageFront, Of: ""},
	{Material: "handheld_unit_document", Page: filing.PageFront, Of: "applicant"},
	{Material: "website_plan", Page: filing.PageFront, Of: ""},
}

// facts draws the n-th filing.
func (p population) facts(n int) []byte {
	r := rand.New(rand.NewPCG(p.seed, uint64(n)))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	rarely := func() bool { return r.IntN(40) == 0 }
	mostly := func() bool { return r.IntN(40) != 0 }
	provinces := filing.Provinces()
	province := provinces[n%len(provinces)]
	day := func(from string, days int) string {
		d, _ := filing.ParseDate(from)
		return d.AddDays(r.IntN(days)).String()
	}
	kind, action := pick("enterprise", "individual"), pick("new", "new", "change", "access")
	same := r.IntN(2) == 0
	applicant := `{"type":"individual"}`
	if kind == "enterprise" {
		applicant = fmt.Sprintf(`{"type":"enterprise","organization":"company","name":"样本 SPECIMEN 园艺有限公司","business_scope":"园艺设计；花卉种植与销售",`+
			`"mailing_address":"样本路18号","document":"business_license","document_valid_until":"long_term","license_form":"duplicate",`+
			`"document_current":%t,"document_unified":true,"legal_representative_origin":"mainland","cluster_address":"none",`+
			`"commercial_wording":%t,"commercial_license_waived":false}`, mostly(), rarely())
	}
	domain := func(i int) string {
		return fmt.Sprintf(`{"name":"specimen-%d-%d.%s","holder":"applicant","holder_info_matches":true,"registered_on":%q,"expires":%q,`+
			`"real_name_verified":%t,"verified_on":%q,"suffix_approved":%t,"registrar_approved":true,"registered_overseas":%t,`+
			`"privacy_protected":%t,"new_in_order":true,"filed":false}`, n, i, pick("com", "cn", "com.cn", "net"), day("2012-01-01", 3000),
			day("2026-10-01", 1500), mostly(), day("2021-01-01", 900), mostly(), rarely(), rarely())
	}
	domains := domain(0)
	for i := range r.IntN(2) {
		domains += "," + domain(i+1)
	}
	preapprovals := "[]"
	if rarely() {
		preapprovals = fmt.Sprintf(`[{"category":%q,"exempt":false,"unrelated":false}]`, pick("news", "culture", "finance", "publishing"))
	}
	return fmt.Appendf(nil, `{"province":%q,"action":%q,"first_filing":%t,"applicant":%s,`+
		`"principal":{"is_legal_representative":%t,"origin":"mainland","document":"id_card","document_province":%q,`+
		`"document_valid_until":%q,"birth_date":%q,"phone_province":%q,"in_other_filings":%t},`+
		`"site_manager":{"same_as_principal":%t,"origin":"mainland","document":"id_card","document_province":%q,`+
		`"document_valid_until":%q,"birth_date":%q,"phone_province":%q,"in_other_filings":false},`+
		`"sites":[{"name":"样本园艺","name_matches_page":true,"business_content":false,"preapprovals":%s,"domains":[%s]}],`+
		`"totals":{"prefixes":1,"sites":1},"verification_sheet":{"full":false,"expired":false}}`,
		province, action, mostly(), applicant, r.IntN(2) == 0, province, day("2026-11-01", 4000), day("1960-01-01", 14000), province, rarely(),
		same, province, day("2027-01-01", 4000), day("1960-01-01", 14000), province, preapprovals, domains)
}
