package checks

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
)

// The numbers below are of regions that do not exist (00, 99), right by their check characters.
const (
	rightNumber = "990001199003070079"
	rightCode   = "91000000MA0000007C"
)

func facts(t *testing.T, text string) *filing.Facts {
	t.Helper()
	f, err := filing.ParseFacts([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// parties are those of facts, as the pipeline takes them.
func partiesOf(f *filing.Facts) Parties {
	yes := func(fact filing.Fact) *bool {
		v := f.Get(fact)
		if !v.Known {
			return nil
		}
		b := v.Num != 0
		return &b
	}
	return Parties{
		Applicant: f.Text(filing.FactApplicantType), SiteManagerIsPrincipal: yes(filing.FactSiteManagerSameAsPrincipal),
		PrincipalIsLegalRepresentative: yes(filing.FactPrincipalIsLegalRepresentative),
		PrincipalDocument:              f.Text(filing.FactPrincipalDocument), SiteManagerDocument: f.Text(filing.FactSiteManagerDocument),
	}
}

// read is a content with one kind, page and confidence, and fields "name=value" at a confidence "name=value@0.8".
func read(kind filing.DocumentKind, page filing.Page, confidence float64, fields ...string) *filing.Content {
	c := &filing.Content{Kind: filing.DetectedKind{Detected: kind, Page: page, Confidence: confidence}}
	for i, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		sure := 0.99
		if text, number, doubt := strings.Cut(value, "@"); doubt {
			value, sure = text, map[string]float64{"0.5": 0.5, "0.8": 0.8, "0.93": 0.93}[number]
		}
		y := float64(100 * i)
		c.Fields = append(c.Fields, filing.Field{
			Name: filing.FieldName(name), Text: value, Value: value, Confidence: sure,
			Quads: [][4]filing.Point{{{10, y}, {90, y}, {90, y + 20}, {10, y + 20}}},
		})
	}
	return c
}

func TestReadingIsJudgedAgainstWhatWasDeclaredAndFilledIn(t *testing.T) {
	t.Parallel()
	const (
		unit       = `{"applicant":{"type":"enterprise","name":"样本网络科技有限公司"}}`
		individual = `{"applicant":{"type":"individual","name":"样本甲"},"principal":{"birth_date":"1990-03-07"}}`
		domains    = `{"applicant":{"type":"enterprise","name":"样本网络科技有限公司"},"sites":[{"domains":[{"name":"specimen1.cn","holder":"applicant"}]}]}`
	)
	id := filing.Declared{Material: "principal_id", Page: filing.PageFront}
	back := filing.Declared{Material: "principal_id", Page: filing.PageBack}
	license := filing.Declared{Material: "applicant_document", Page: filing.PageFront}
	certificate := filing.Declared{Material: "domain_certificate", Page: filing.PageFront, Of: "domain:specimen1.cn"}
	letter := filing.Declared{Material: "principal_authorization", Page: filing.PageFront}
	card, until := filing.DocumentIDCard, "valid_until="
	for _, c := range []struct {
		name     string
		facts    string
		declared filing.Declared
		content  *filing.Content
		want     string
	}{
		{"a right card", individual, id, read(card, "front", 0.99, "name=样本甲", "number="+rightNumber), ""},
		{"a right card, hardly recognized", individual, id, read(card, "front", 0.6, "name=样本甲", "number="+rightNumber), ""},
		{"a card more likely something else", individual, id, read(card, "front", 0.4), "kind_unrecognized"},
		{"nothing known", individual, id, read(filing.DocumentUnknown, "", 0.9), "kind_unrecognized"},
		{"another document", individual, id, read(filing.DocumentBusinessLicense, "front", 0.99), "kind_mismatch"},
		{"another document in doubt", individual, id, read(filing.DocumentBusinessLicense, "front", 0.7), "kind_unrecognized"},
		{"the other side", individual, id, read(card, "back", 0.99, until+"long_term"), "wrong_side"},
		{"the other side in doubt", individual, id, read(card, "back", 0.7, until+"long_term"), "kind_unrecognized"},
		{"a side that nobody declared", individual, filing.Declared{Material: "principal_id"}, read(card, "back", 0.99, until+"long_term"), ""},
		{"a passport where the facts have an ID card", `{"principal":{"document":"id_card"}}`, id, read(filing.DocumentPassport, "front", 0.99), "kind_mismatch"},
		{"a passport where they have one", `{"principal":{"document":"passport"}}`, id,
			read(filing.DocumentPassport, "front", 0.99, "name=SPECIMEN YI", "number=E00000000", until+"2030-01-01"), ""},
		{"the brother's card", individual, id, read(card, "front", 0.99, "name=样本乙", "number="+rightNumber), "name_mismatch"},
		{"the brother's card in doubt", individual, id, read(card, "front", 0.99, "name=样本乙@0.93", "number="+rightNumber), "text_unreadable"},
		{"somebody else's card", individual, id, read(card, "front", 0.99, "name=王某某@0.93", "number="+rightNumber), "name_mismatch"},
		{"somebody else's card in doubt", individual, id, read(card, "front", 0.99, "name=王某某@0.8", "number="+rightNumber), "text_unreadable"},
		{"a name with a slip", individual, id, read(card, "front", 0.99, "name=祥本甲@0.93", "number="+rightNumber), "text_unreadable"},
		{"a name in Latin letters", individual, id, read(card, "front", 0.99, "name=YANGBEN", "number="+rightNumber), "text_unreadable"},
		{"a card without a name and a number", individual, id, read(card, "front", 0.99), "text_unreadable text_unreadable"},
		{"a wrong check character", individual, id, read(card, "front", 0.99, "name=样本甲", "number=990001199003070071"), "id_number_invalid"},
		{"a wrong check character in doubt", individual, id, read(card, "front", 0.99, "name=样本甲", "number=990001199003070071@0.93"), "text_unreadable"},
		{"a day that does not exist", individual, id, read(card, "front", 0.99, "name=样本甲", "number=990001199002310070"), "id_number_invalid"},
		{"a number cut short", individual, id, read(card, "front", 0.99, "name=样本甲", "number=99000119900307"), "text_unreadable"},
		{"another date of birth", `{"principal":{"birth_date":"1991-01-01"}}`, id, read(card, "front", 0.99, "name=样本甲", "number="+rightNumber), "number_mismatch"},
		{"another date of birth in doubt", `{"principal":{"birth_date":"1991-01-01"}}`, id, read(card, "front", 0.99, "name=样本甲", "number="+rightNumber+"@0.8"), "text_unreadable"},
		{"facts that say nothing", `{}`, id, read(card, "front", 0.99, "name=样本乙", "number="+rightNumber), ""},

		{"a card that holds", individual, back, read(card, "back", 0.99, until+"2021-02-02"), ""},
		{"a card that holds for ever", individual, back, read(card, "back", 0.99, until+"long_term"), ""},
		{"exactly three months left", individual, back, read(card, "back", 0.99, until+"2021-02-01"), "document_expiring"},
		{"the last day", individual, back, read(card, "back", 0.99, until+"2020-11-01"), "document_expiring"},
		{"the day after", individual, back, read(card, "back", 0.99, until+"2020-10-31"), "document_expired"},
		{"a day after in doubt", individual, back, read(card, "back", 0.99, until+"2020-10-31@0.8"), "text_unreadable"},
		{"a validity that cannot be read", individual, back, read(card, "back", 0.99), "text_unreadable"},

		{"a right licence", unit, license, read(filing.DocumentBusinessLicense, "front", 0.99, "credit_code="+rightCode, "unit=样本网络科技有限公司"), ""},
		{"brackets of the other form", `{"applicant":{"type":"enterprise","name":"样本（北京）有限公司"}}`, license,
			read(filing.DocumentBusinessLicense, "front", 0.99, "credit_code="+rightCode, "unit=样本(北京)有限公司"), ""},
		{"a slip between characters that look alike", `{"applicant":{"type":"enterprise","name":"样本微未科技有限公司"}}`, license,
			read(filing.DocumentBusinessLicense, "front", 0.99, "credit_code="+rightCode, "unit=样本微末科技有限公司"), ""},
		{"a character of a long name read otherwise", unit, license, read(filing.DocumentBusinessLicense, "front", 0.99, "credit_code="+rightCode, "unit=样本网洛科技有限公司"), "text_unreadable"},
		{"the end of a name is missing", unit, license, read(filing.DocumentBusinessLicense, "front", 0.99, "credit_code="+rightCode, "unit=样本网络科技有"), "text_unreadable"},
		{"another unit", unit, license, read(filing.DocumentBusinessLicense, "front", 0.99, "credit_code="+rightCode, "unit=另外商贸有限公司"), "name_mismatch"},
		{"another town's unit", `{"applicant":{"type":"enterprise","name":"北京样本科技有限公司"}}`, license,
			read(filing.DocumentBusinessLicense, "front", 0.99, "credit_code="+rightCode, "unit=上海样本科技有限公司"), "name_mismatch"},
		{"a unit whose name changes", `{"action":"change","applicant":{"type":"enterprise","name":"旧名有限公司"},"change":{"name_changed":true}}`, license,
			read(filing.DocumentBusinessLicense, "front", 0.99, "credit_code="+rightCode, "unit=样本网络科技有限公司"), ""},
		{"a wrong credit code", unit, license, read(filing.DocumentBusinessLicense, "front", 0.99, "credit_code=91000000MA0000007D", "unit=样本网络科技有限公司"), "credit_code_invalid"},
		{"a wrong credit code in doubt", unit, license, read(filing.DocumentBusinessLicense, "front", 0.99, "credit_code=91000000MA0000007D@0.8", "unit=样本网络科技有限公司"), "text_unreadable"},
		{"a licence that has ended", unit, license, read(filing.DocumentBusinessLicense, "front", 0.99, "credit_code="+rightCode, "unit=样本网络科技有限公司", until+"2020-10-31"), "document_expired"},
		{"a licence in its last month", unit, license, read(filing.DocumentBusinessLicense, "front", 0.99, "credit_code="+rightCode, "unit=样本网络科技有限公司", until+"2020-11-01"), ""},
		{"an ID card in place of a licence", unit, license, read(card, "front", 0.99), "kind_mismatch"},
		{"a certificate of another form", unit, license, read(filing.DocumentLetter, "front", 0.99, "title=事业单位法人证书"), ""},
		{"a certificate of another form, of the unit", unit, license,
			read(filing.DocumentLetter, "front", 0.99, "title=事业单位法人证书", "unit=样本网络科技有限公司", "credit_code="+rightCode), ""},
		{"a certificate of another form, of another unit", unit, license,
			read(filing.DocumentLetter, "front", 0.99, "title=事业单位法人证书", "unit=另外图书馆"), "name_mismatch"},
		{"a certificate of another form that has ended", unit, license,
			read(filing.DocumentLetter, "front", 0.99, "title=事业单位法人证书", "unit=样本网络科技有限公司", until+"2020-10-31"), "document_expired"},

		{"a right certificate", domains, certificate, read(filing.DocumentDomainCertificate, "front", 0.99, "domain=SPECIMEN1.cn", "holder=样本网络科技有限公司"), ""},
		{"another domain", domains, certificate, read(filing.DocumentDomainCertificate, "front", 0.99, "domain=other.cn", "holder=样本网络科技有限公司"), "domain_mismatch"},
		{"letters that look alike", domains, certificate, read(filing.DocumentDomainCertificate, "front", 0.99, "domain=specimenl.cn", "holder=样本网络科技有限公司"), "text_unreadable"},
		{"another holder", domains, certificate, read(filing.DocumentDomainCertificate, "front", 0.99, "domain=specimen1.cn", "holder=另外商贸有限公司"), "domain_mismatch"},
		{"a certificate that has ended", domains, certificate,
			read(filing.DocumentDomainCertificate, "front", 0.99, "domain=specimen1.cn", "holder=样本网络科技有限公司", "expires=2019-01-01"), "document_expired"},
		{"a certificate with an unusual title", domains, certificate, read(filing.DocumentLetter, "front", 0.99), "kind_unrecognized"},
		{"a domain in Chinese", `{}`, filing.Declared{Material: "domain_certificate", Of: "domain:样本.cn"},
			read(filing.DocumentDomainCertificate, "front", 0.99, "domain=xn--a.cn", "holder=样本"), ""},

		{"a right letter", unit, letter, read(filing.DocumentAuthorizationLetter, "front", 0.99, "unit=样本网络科技有限公司"), ""},
		{"a letter of another unit", unit, letter, read(filing.DocumentAuthorizationLetter, "front", 0.99, "unit=另外商贸有限公司"), "name_mismatch"},
		{"a letter that is none of authorization", unit, letter, read(filing.DocumentLetter, "front", 0.99), "kind_unrecognized"},
		{"a plan", unit, filing.Declared{Material: "website_plan", Of: "domain:a.cn"}, read(filing.DocumentLetter, "front", 0.99, "title=网站建设方案书"), ""},
		{"another letter in place of a plan", unit, filing.Declared{Material: "website_plan", Of: "domain:a.cn"}, read(filing.DocumentLetter, "front", 0.99, "title=承诺书"), "kind_unrecognized"},
		{"another letter, its title in doubt", unit, filing.Declared{Material: "website_plan", Of: "domain:a.cn"}, read(filing.DocumentLetter, "front", 0.99, "title=承诺书@0.8"), ""},
		{"an ID card in place of a letter", unit, filing.Declared{Material: "commitment_letter"}, read(card, "front", 0.99), "kind_mismatch"},
		{"a paper of which nothing is known", unit, filing.Declared{Material: "commitment_letter"}, read(filing.DocumentUnknown, "", 0), ""},
		{"several documents in one picture", individual, id, read(filing.DocumentComposite, "", 0.99), ""},
		{"a person with a card", individual, filing.Declared{Material: "handheld_personal_document"}, read(filing.DocumentBusinessLicense, "front", 0.99), ""},
		{"nothing declared", individual, filing.Declared{}, read(filing.DocumentUnknown, "", 0), ""},
		{"a domain holder's card", `{}`, filing.Declared{Material: "domain_holder_id", Page: filing.PageFront, Of: "domain_holder:样本甲"},
			read(card, "front", 0.99, "name=王某某", "number="+rightNumber), "name_mismatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := facts(t, c.facts)
			p := partiesOf(f)
			found := File(FileInput{
				Measurements: good(), Declared: c.declared, Limits: GuideLimits(), Parties: p, Reading: ReadingDone, Content: c.content,
				Expected: ExpectedOf(f, p, c.declared), AsOf: filing.NewDate(2020, 11, 1),
			})
			var codes []string
			for _, x := range found {
				if readingCode(t, x.Code) {
					codes = append(codes, x.Code)
					if strings.Contains(x.Message.ZH+x.Message.EN+x.Advice.ZH+x.Advice.EN, "{") {
						t.Errorf("braces are left in %+v", x)
					}
				}
			}
			if got := strings.Join(codes, " "); got != c.want {
				t.Errorf("%q, want %q: %+v", got, c.want, found)
			}
			for _, x := range found {
				if text := x.Message.ZH + x.Message.EN + x.Advice.ZH; strings.Contains(text, "样本") || strings.Contains(text, "990001") {
					t.Errorf("%s quotes what was read: %s", x.Code, text)
				}
			}
		})
	}
}

func readingCode(t *testing.T, code string) bool {
	t.Helper()
	for _, g := range Catalogue() {
		if g.Code == "reading" && slices.ContainsFunc(g.Entries, func(e Entry) bool { return e.Code == code }) {
			return true
		}
	}
	return false
}

// good are measurements of a photo with which nothing is wrong.
func good() filing.Measurements {
	return filing.Measurements{
		Analyzer: "test", Bytes: 800_000, Format: filing.FormatJPEG, Width: 3000, Height: 2000, Frames: 1, Decode: &filing.Decode{Complete: true},
	}
}

func TestWhatWasNotReadIsNeverAWrongVerdict(t *testing.T) {
	t.Parallel()
	id := filing.Declared{Material: "principal_id", Page: filing.PageFront}
	for _, c := range []struct {
		name  string
		state ReadingState
		in    filing.Declared
		want  string
	}{
		{"nobody reads here", ReadingOff, id, ""},
		{"it waits", ReadingWaits, id, "text_not_read"},
		{"there are no models", ReadingMissing, id, "kind_unrecognized"},
		{"done, and nothing came of it", ReadingDone, id, "text_not_read"},
		{"there are no models, and nothing is declared", ReadingMissing, filing.Declared{}, ""},
		{"there are no models, and nothing is to be read", ReadingMissing, filing.Declared{Material: "handheld_unit_document"}, ""},
	} {
		got := codes(File(FileInput{Measurements: good(), Declared: c.in, Reading: c.state}))
		got = slices.DeleteFunc(got, func(code string) bool { return !readingCode(t, code) })
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %q", c.name, got, c.want)
		}
	}
	damaged := good()
	damaged.Decode = &filing.Decode{Reason: filing.DecodeTruncated}
	if got := codes(File(FileInput{Measurements: damaged, Declared: id, Reading: ReadingWaits})); slices.Contains(got, "text_not_read") {
		t.Errorf("a damaged picture waits to be read: %v", got)
	}
}

func codes(findings []filing.Finding) []string {
	out := make([]string, len(findings))
	for i := range findings {
		out[i] = findings[i].Code
	}
	return out
}

func TestFindingsAboutTermsHoldForAsLongAsTheySay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		content *filing.Content
	}{
		{"a card", read(filing.DocumentIDCard, filing.PageBack, 0.99, "valid_until=2021-05-31")},
		{"a card until the end of February", read(filing.DocumentIDCard, filing.PageBack, 0.99, "valid_until=2021-02-28")},
		{"a licence", read(filing.DocumentBusinessLicense, filing.PageFront, 0.99, "valid_until=2021-02-01", "credit_code="+rightCode, "unit=样本")},
		{"a long term", read(filing.DocumentIDCard, filing.PageBack, 0.99, "valid_until=long_term")},
		{"no term", read(filing.DocumentIDCard, filing.PageBack, 0.99)},
	} {
		in := FileInput{Measurements: good(), Declared: filing.Declared{Material: "applicant_document", Page: c.content.Kind.Page}, Reading: ReadingDone, Content: c.content}
		in.Parties.Applicant = Individual
		if c.content.Kind.Detected == filing.DocumentBusinessLicense {
			in.Parties.Applicant = Enterprise
		}
		var from, until filing.Date
		var last []filing.Finding
		days := 0
		for day := filing.NewDate(2020, 9, 1); day < filing.NewDate(2021, 8, 1); day++ {
			in.AsOf = day
			found := File(in)
			if last != nil && (from == 0 || day >= from) && (until == 0 || day <= until) {
				days++
				if diff := cmp.Diff(last, found); diff != "" {
					t.Fatalf("%s: said to hold from %v until %v, and on %v is other: %s", c.name, from, until, day, diff)
				}
			}
			from, until = Holds(in)
			last = found
		}
		if days == 0 {
			t.Errorf("%s: nothing ever holds for two days", c.name)
		}
	}
}

func TestWhatWasReadAndTheFilingLacksIsOffered(t *testing.T) {
	t.Parallel()
	f := facts(t, `{"applicant":{"type":"enterprise"},"principal":{"birth_date":"1980-01-01"},"sites":[{"domains":[{"name":"specimen1.cn"}]}]}`)
	files := []ReadFile{
		{"m1", filing.Declared{Material: "principal_id", Page: filing.PageFront},
			*read(filing.DocumentIDCard, "front", 0.99, "name=样本甲", "number="+rightNumber, "address=湖南省样本市样本路1号")},
		{"m2", filing.Declared{Material: "principal_id", Page: filing.PageBack}, *read(filing.DocumentIDCard, "back", 0.99, "valid_until=2030-01-01")},
		{"m3", filing.Declared{Material: "applicant_document"}, *read(filing.DocumentBusinessLicense, "front", 0.99, "unit=样本网络科技有限公司", "credit_code="+rightCode, "valid_until=long_term", "scope=样本@0.8")},
		{"m4", filing.Declared{Material: "domain_certificate", Of: "domain:specimen1.cn"}, *read(filing.DocumentDomainCertificate, "front", 0.99, "domain=specimen1.cn", "expires=2031-01-01")},
		{"m5", filing.Declared{Material: "domain_certificate", Of: "domain:specimen1.cn"}, *read(filing.DocumentDomainCertificate, "front", 0.99, "domain=other.cn", "registered=2001-01-01")},
		{"m6", filing.Declared{Material: "site_manager_id", Page: filing.PageBack}, *read(filing.DocumentIDCard, "back", 0.7, "valid_until=2030-01-01")},
		{"m7", filing.Declared{Material: "site_manager_id", Page: filing.PageBack}, *read(filing.DocumentIDCard, "back", 0.99, "valid_until=2031-01-01@0.8")},
		{"m8", filing.Declared{Material: "site_manager_id", Page: filing.PageFront}, *read(filing.DocumentBusinessLicense, "front", 0.99)},
	}
	offered := Offers(f, partiesOf(f), files)
	got := map[string]any{}
	for _, o := range offered {
		got[o.Fact+" "+o.Material] = o.Value
	}
	want := map[string]any{
		"applicant.name m3": "样本网络科技有限公司", "applicant.document m3": "business_license", "applicant.document_valid_until m3": "long_term",
		"applicant.document_unified m3": true, "principal.document m1": "id_card", "principal.document_province m1": "HN",
		"principal.document_valid_until m2": "2030-01-01", "sites[0].domains[0].expires m4": "2031-01-01", "site_manager.document m7": "id_card",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !slices.IsSortedFunc(offered, func(a, b filing.Offer) int { return factOrder(a.Fact) - factOrder(b.Fact) }) {
		t.Errorf("not in the vocabulary's order: %+v", offered)
	}
	// An institution has a certificate of another form, which says what kind of unit it is.
	files[2].Content = *read(filing.DocumentLetter, "front", 0.99, "title=事业单位法人证书", "unit=样本图书馆", "valid_until=2031-01-01")
	got = map[string]any{}
	for _, o := range Offers(f, partiesOf(f), files[2:3]) {
		got[o.Fact] = o.Value
	}
	want = map[string]any{
		"applicant.organization": "institution", "applicant.name": "样本图书馆", "applicant.document": "other",
		"applicant.document_valid_until": "2031-01-01",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// Two cards that differ: nobody knows which is right.
	files[1].Content = *read(filing.DocumentIDCard, "back", 0.99, "valid_until=2030-01-01")
	files = append(files, ReadFile{"m9", files[1].Declared, *read(filing.DocumentIDCard, "back", 0.99, "valid_until=2035-01-01")})
	for _, o := range Offers(f, partiesOf(f), files) {
		if o.Fact == "principal.document_valid_until" {
			t.Errorf("offered %+v", o)
		}
	}
}

func TestWhichMaterialsAreRead(t *testing.T) {
	t.Parallel()
	for material, want := range map[string]bool{
		"": true, "principal_id": true, "applicant_document": true, "domain_certificate": true, "commitment_letter": true, "work_proof": true,
		"handheld_personal_document": false, "handheld_unit_document": false, "preapproval_remark": false, "property_certificate": false, "no_such_thing": false,
	} {
		if got := Reads(filing.Declared{Material: material}); got != want {
			t.Errorf("%q is read: %v", material, got)
		}
	}
	for _, m := range Vocabulary() {
		if e := expectationOf(m.Code, &Parties{}, &Expected{}); e != nil {
			for _, k := range slices.Concat(e.kinds, e.near) {
				if _, ok := loadCatalogue().words.Kinds[k]; !ok {
					t.Errorf("%s may be %s, which has no name", m.Code, k)
				}
			}
		}
	}
}
