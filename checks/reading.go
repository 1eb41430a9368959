package checks

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/filing/standard"
)

// ReadingState says what is known of the text in a picture (识别状态).
type ReadingState string

// The states of reading. ReadingOff: nobody reads here, by choice, and nothing is judged by what is written. ReadingDone:
// FileInput.Content is what the text was recognized as. ReadingWaits: it is to be read and was not yet. ReadingMissing: it cannot be
// read, since the models are not installed; a person has to look.
const (
	ReadingOff     ReadingState = ""
	ReadingDone    ReadingState = "done"
	ReadingWaits   ReadingState = "waits"
	ReadingMissing ReadingState = "missing"
)

// Reads reports whether something is to be read in a file that was declared so. Of what declares nothing it is read what it is; in a
// photo of a person who holds a document the person is looked at; other materials of which nothing is judged by words are not read.
func Reads(declared filing.Declared) bool {
	if declared.Material == "" {
		return true
	}
	return expectationOf(declared.Material, &Parties{}, &Expected{}) != nil
}

// Expected is what the facts of a filing say that a document must say. What they do not say is empty, and nothing is held against it.
type Expected struct {
	// Name is that of the unit or the person whose document it is, or who authorizes.
	Name string
	// Birth is the date of birth of the person.
	Birth filing.Value
	// Document is the kind of identity document, or of the unit's certificate, as the facts *.document have it.
	Document string
	// Domain is the domain, and Holder who must be named as its holder.
	Domain, Holder string
}

// ExpectedOf is what the facts say of the document that is declared.
func ExpectedOf(facts *filing.Facts, parties Parties, declared filing.Declared) Expected {
	of := declared.Of
	material := loadVocabulary().byCode[declared.Material]
	if of == "" && material != nil {
		of = owner(material)
	}
	var e Expected
	// While the unit's name changes the papers may bear either, and the facts hold one of them.
	renamed := facts.Get(filing.FactChangeNameChanged)
	applicantName := facts.Text(filing.FactApplicantName)
	if renamed.Known && renamed.Num != 0 {
		applicantName = ""
	}
	class, name, _ := strings.Cut(of, ":")
	switch {
	case class == domainHolder:
		e.Name = name
	case class == "domain":
		e.Domain = name
		if holderIsApplicant(facts, name) {
			e.Holder = applicantName
		}
	case parties.identity(declared.Material):
		person := parties.person(of)
		if person == principal && parties.Applicant == Individual {
			e.Name = applicantName
		}
		switch person {
		case principal:
			e.Birth, e.Document = facts.Get(filing.FactPrincipalBirthDate), facts.Text(filing.FactPrincipalDocument)
		case siteManager:
			e.Birth, e.Document = facts.Get(filing.FactSiteManagerBirthDate), facts.Text(filing.FactSiteManagerDocument)
		}
	case declared.Material == "applicant_document":
		e.Name, e.Document = applicantName, facts.Text(filing.FactApplicantDocument)
	case authorization(declared.Material):
		if parties.Applicant == Enterprise {
			e.Name = applicantName
		}
	}
	return e
}

// holderIsApplicant reports whether the facts name the applicant as the holder of a domain.
func holderIsApplicant(facts *filing.Facts, domain string) bool {
	sites, _ := facts.Len(filing.ListSites, 0)
	for s := range sites {
		n, _ := facts.Len(filing.ListDomains, s)
		for d := range n {
			at := filing.Ref{Fact: filing.FactDomainName, Site: int32(s), Item: int32(d)}
			if !strings.EqualFold(facts.TextAt(at), domain) {
				continue
			}
			at.Fact = filing.FactDomainHolder
			return facts.TextAt(at) == applicant
		}
	}
	return false
}

func authorization(material string) bool {
	return material == "principal_authorization" || material == "site_manager_authorization" || material == "gansu_principal_authorization"
}

// expectation is what a material may be.
type expectation struct {
	// kinds are those that it is; near are those that it is taken for where a title is unusual or a form is older, which a person
	// tells. Neither: it is any document but one of the kinds that are known by their form.
	kinds, near []filing.DocumentKind
	// titles are words of which one stands in the title of a letter of this material; empty: any title will do.
	titles []string
}

// expectationOf returns nil for a material of which nothing is judged by its words.
func expectationOf(material string, p *Parties, e *Expected) *expectation {
	personal := []filing.DocumentKind{filing.DocumentIDCard, filing.DocumentTravelPermit, filing.DocumentPassport}
	switch {
	case handheld(material), material == "preapproval_remark", material == "property_certificate", loadVocabulary().byCode[material] == nil:
		// The person is looked at, or the picture shows several papers together.
		return nil
	case material == "applicant_document" && p.Applicant == "":
		return &expectation{kinds: append(personal, filing.DocumentBusinessLicense, filing.DocumentLetter)}
	case material == "applicant_document" && p.Applicant != Individual:
		if e.Document == "business_license" {
			return &expectation{kinds: []filing.DocumentKind{filing.DocumentBusinessLicense}, near: []filing.DocumentKind{filing.DocumentLetter}}
		}
		return &expectation{kinds: []filing.DocumentKind{filing.DocumentBusinessLicense, filing.DocumentLetter}}
	case p.identity(material), material == "applicant_document":
		switch e.Document {
		case "id_card", "temporary_id_card":
			return &expectation{kinds: personal[:1]}
		case "passport":
			return &expectation{kinds: personal[2:]}
		case "hk_macau_residence_permit", "hk_macau_travel_permit", "taiwan_residence_permit", "taiwan_travel_permit":
			return &expectation{kinds: personal[1:2], near: []filing.DocumentKind{filing.DocumentResidencePermit}}
		}
		return &expectation{kinds: personal}
	case material == "residence_permit":
		return &expectation{
			kinds: []filing.DocumentKind{filing.DocumentResidencePermit},
			near:  []filing.DocumentKind{filing.DocumentTravelPermit, filing.DocumentLetter},
		}
	case authorization(material):
		return &expectation{kinds: []filing.DocumentKind{filing.DocumentAuthorizationLetter}, near: []filing.DocumentKind{filing.DocumentLetter}}
	case material == "domain_certificate":
		return &expectation{kinds: []filing.DocumentKind{filing.DocumentDomainCertificate}, near: []filing.DocumentKind{filing.DocumentLetter}}
	default:
		return &expectation{titles: acceptedTitles(material)}
	}
}

// reading judges what the document is and says. It rests on three rules: what was read with confidence and contradicts is an error;
// what was read in doubt asks for a person, never more; and what the facts do not say is held against nothing.
func (j *judge) reading() []filing.Finding {
	in := j.in
	if in.Reading == ReadingOff || in.Declared.Material == "" || j.m.Decode == nil || !j.m.Decode.Complete {
		return nil
	}
	want := expectationOf(in.Declared.Material, &in.Parties, &in.Expected)
	if want == nil {
		return nil
	}
	switch {
	case in.Reading == ReadingMissing:
		return []filing.Finding{j.c.finding("kind_unrecognized", wording{message: "missing", advice: "missing"})}
	case in.Reading == ReadingWaits || in.Content == nil:
		return []filing.Finding{j.c.finding("text_not_read", wording{})}
	case in.Content.Kind.Detected == filing.DocumentComposite:
		return nil // its parts are judged one by one
	}
	if found, stop := j.kind(want); stop {
		return found
	}
	return j.fields()
}

// kind judges whether the document is the one that was declared, and its side. stop: what stands in its fields says nothing more.
func (j *judge) kind(want *expectation) (found []filing.Finding, stop bool) {
	kind := j.in.Content.Kind
	unrecognized := func(message string) []filing.Finding {
		f := j.c.finding("kind_unrecognized", wording{message: message})
		f.Measured, f.Limit = map[string]any{"confidence": rounded(kind.Confidence)}, map[string]any{"min_confidence": j.t.KindSure}
		return []filing.Finding{f}
	}
	if want.kinds == nil {
		// Letters and certificates of any form: only what is certainly something else is said to be.
		switch kind.Detected {
		case filing.DocumentLetter, filing.DocumentUnknown, filing.DocumentHandheld, "":
			return j.title(want, unrecognized), true
		case filing.DocumentIDCard, filing.DocumentResidencePermit, filing.DocumentTravelPermit, filing.DocumentPassport, filing.DocumentDomainCertificate:
			if kind.Confidence >= j.t.KindSure {
				return j.kindMismatch(), true
			}
		case filing.DocumentBusinessLicense, filing.DocumentAuthorizationLetter:
			// Licences of other kinds and letters of other words are taken for these: a person tells.
			if kind.Confidence >= j.t.KindSure {
				return unrecognized("title"), true
			}
		}
		return nil, true
	}
	switch {
	case slices.Contains(want.kinds, kind.Detected):
	case kind.Confidence < j.t.KindSure || kind.Detected == filing.DocumentUnknown || kind.Detected == "" ||
		kind.Detected == filing.DocumentHandheld || slices.Contains(want.near, kind.Detected):
		return unrecognized(""), true
	default:
		return j.kindMismatch(), true
	}
	if kind.Confidence < j.t.KindSeen {
		return unrecognized(""), true
	}
	declared := j.in.Declared.Page
	if declared == "" || kind.Page == "" || kind.Page == declared || !twoSided(kind.Detected) {
		return nil, false
	}
	if kind.Confidence < j.t.KindSure {
		return unrecognized(""), true
	}
	f := j.c.finding("wrong_side", wording{values: values{
		"declared_page": j.c.words.Pages[declared], "detected_page": j.c.words.Pages[kind.Page],
	}})
	f.Measured, f.Limit = map[string]any{"page": kind.Page}, map[string]any{"page": declared}
	return []filing.Finding{f}, true
}

func twoSided(kind filing.DocumentKind) bool {
	return kind == filing.DocumentIDCard || kind == filing.DocumentResidencePermit || kind == filing.DocumentTravelPermit
}

func (j *judge) kindMismatch() []filing.Finding {
	kind := j.in.Content.Kind.Detected
	f := j.c.finding("kind_mismatch", wording{values: values{
		"declared": j.c.materialText(&j.in.Parties, j.in.Declared.Material, j.in.Declared.Of), "detected": j.c.words.Kinds[kind],
	}})
	f.Measured = map[string]any{"kind": kind}
	if want := expectationOf(j.in.Declared.Material, &j.in.Parties, &j.in.Expected); want.kinds != nil {
		f.Limit = map[string]any{"kind": want.kinds}
	}
	return []filing.Finding{f}
}

// title asks for a person where the title of a letter was read for certain and is none of those that the material has.
func (j *judge) title(want *expectation, unrecognized func(string) []filing.Finding) []filing.Finding {
	title, ok := j.in.Content.Field(filing.FieldTitle)
	if !ok || len(want.titles) == 0 || title.Confidence < j.t.FieldSure {
		return nil
	}
	for _, word := range want.titles {
		if strings.Contains(folded(title.Text), word) {
			return nil
		}
	}
	found := unrecognized("title")
	found[0].Region = fieldRegion(title)
	return found
}

// needed are the fields without which a document of that kind and side says nothing.
func needed(kind filing.DetectedKind) []filing.FieldName {
	front := kind.Page != filing.PageBack
	switch kind.Detected {
	case filing.DocumentIDCard:
		if front {
			return []filing.FieldName{filing.FieldPerson, filing.FieldNumber}
		}
		return []filing.FieldName{filing.FieldValidUntil}
	case filing.DocumentResidencePermit:
		if front {
			return []filing.FieldName{filing.FieldPerson}
		}
	case filing.DocumentTravelPermit:
		if front {
			return []filing.FieldName{filing.FieldPerson}
		}
	case filing.DocumentPassport:
		return []filing.FieldName{filing.FieldPerson, filing.FieldNumber, filing.FieldValidUntil}
	case filing.DocumentBusinessLicense:
		return []filing.FieldName{filing.FieldCreditCode, filing.FieldUnit}
	case filing.DocumentDomainCertificate:
		return []filing.FieldName{filing.FieldDomain, filing.FieldHolder}
	}
	return nil
}

// fields judges what stands in the fields of a document that is the one that was declared.
func (j *judge) fields() []filing.Finding {
	c := j.in.Content
	var out []filing.Finding
	for _, name := range needed(c.Kind) {
		if f, ok := c.Field(name); !ok || f.Value == "" {
			out = append(out, j.unreadable("", name, f))
		}
	}
	out = append(out, j.number()...)
	out = append(out, j.term()...)
	switch c.Kind.Detected {
	case filing.DocumentBusinessLicense, filing.DocumentAuthorizationLetter, filing.DocumentLetter:
		// Letters come here only in the place of an applicant's document: certificates of units that are no companies, by any title.
		out = append(out, j.names(filing.FieldUnit, j.in.Expected.Name, "name_mismatch", nil)...)
	case filing.DocumentDomainCertificate:
		out = append(out, j.domain()...)
	default:
		out = append(out, j.names(filing.FieldPerson, j.in.Expected.Name, "name_mismatch", nil)...)
	}
	return j.oncePerField(out)
}

// oncePerField leaves the first of several remarks that a field could not be read for certain: it is photographed again once.
func (j *judge) oncePerField(findings []filing.Finding) []filing.Finding {
	seen := map[any]bool{}
	return slices.DeleteFunc(findings, func(f filing.Finding) bool {
		if f.Code != "text_unreadable" {
			return false
		}
		again := seen[f.Measured["field"]]
		seen[f.Measured["field"]] = true
		return again
	})
}

// unreadable asks for a person because of a field: it is not there, or what was read there is in doubt (message "doubtful").
func (j *judge) unreadable(message string, name filing.FieldName, f filing.Field) filing.Finding {
	out := j.c.finding("text_unreadable", wording{message: message, values: values{"field": j.c.words.Fields[name]}})
	out.Measured = map[string]any{"field": name}
	if message != "" {
		out.Measured["confidence"] = rounded(f.Confidence)
		out.Limit = map[string]any{"min_confidence": j.t.FieldSure}
	}
	out.Region = fieldRegion(f)
	return out
}

// number judges the numbers that prove themselves: of citizens and of units. A region that nobody knows is no error.
func (j *judge) number() []filing.Finding {
	c := j.in.Content
	var out []filing.Finding
	if f, ok := c.Field(filing.FieldNumber); ok && f.Value != "" && (c.Kind.Detected == filing.DocumentIDCard || standard.IsIDNumber(f.Value)) {
		id, err := standard.ParseIDNumber(f.Value)
		reason := numberReason(err)
		switch {
		case reason != "" && (reason == "length" || f.Confidence < j.t.NumberSure):
			out = append(out, j.unreadable("doubtful", f.Name, f))
		case reason != "":
			out = append(out, j.wrongNumber("id_number_invalid", reason, f))
		default:
			out = append(out, j.birth(id, f)...)
		}
	}
	if f, ok := c.Field(filing.FieldCreditCode); ok && f.Value != "" {
		_, err := standard.ParseCreditCode(f.Value)
		switch reason := numberReason(err); {
		case reason == "": // the organization code within it may be of another scheme
		case reason == "length" || f.Confidence < j.t.NumberSure:
			out = append(out, j.unreadable("doubtful", f.Name, f))
		default:
			out = append(out, j.wrongNumber("credit_code_invalid", reason, f))
		}
	}
	return out
}

// numberReason is a stable word for what is wrong with a number; "" where nothing is that proves it wrong.
func numberReason(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, standard.ErrLength), errors.Is(err, standard.ErrOldNumber):
		return "length"
	case errors.Is(err, standard.ErrDate):
		return "date"
	case errors.Is(err, standard.ErrChecksum):
		return "checksum"
	case errors.Is(err, standard.ErrCharacter):
		return "character"
	}
	return ""
}

func (j *judge) wrongNumber(code, reason string, f filing.Field) filing.Finding {
	out := j.c.finding(code, wording{})
	out.Measured, out.Region = map[string]any{"reason": reason}, fieldRegion(f)
	return out
}

// birth holds the date of birth in a number that proves itself against the one in the facts.
func (j *judge) birth(id standard.IDNumber, f filing.Field) []filing.Finding {
	want := j.in.Expected.Birth
	if !want.Known || id.Birth == want.Date() {
		return nil
	}
	if f.Confidence < j.t.FieldSure {
		return []filing.Finding{j.unreadable("doubtful", f.Name, f)}
	}
	out := j.c.finding("number_mismatch", wording{message: "birth_date", advice: "birth_date"})
	out.Measured, out.Region = map[string]any{"field": filing.FieldBirth}, fieldRegion(f)
	return []filing.Finding{out}
}

// months is for how long an ID card has to be valid beyond the day of judging (G6.upload.3: more than 3 months).
const months = 3

// ends returns the end of the term that is printed on a document, which day it is over for a filing (the first day on which it
// does not do any more), and whether that is before its end because it is an ID card.
func ends(c *filing.Content) (f filing.Field, until filing.Date, ok bool) {
	name := filing.FieldValidUntil
	if c.Kind.Detected == filing.DocumentDomainCertificate {
		name = filing.FieldExpires
	}
	f, ok = c.Field(name)
	if !ok {
		return f, 0, false
	}
	if f.Value == filing.LongTerm.String() {
		return f, filing.LongTerm, true
	}
	until, ok = filing.ParseDate(f.Value)
	return f, until, ok
}

// term judges the validity that is printed on the document.
func (j *judge) term() []filing.Finding {
	f, until, ok := ends(j.in.Content)
	asOf := j.in.AsOf
	if !ok || asOf == 0 || until == filing.LongTerm {
		return nil
	}
	card := j.in.Content.Kind.Detected == filing.DocumentIDCard
	least := asOf // the last day must not be before it
	if card {
		least = asOf.AddMonths(months).AddDays(1)
	}
	if until >= least {
		return nil
	}
	if f.Confidence < j.t.FieldSure {
		return []filing.Finding{j.unreadable("doubtful", f.Name, f)}
	}
	code, v := "document_expired", values{"valid_until": dateText(until), "as_of": dateText(asOf)}
	if until >= asOf {
		code, v = "document_expiring", values{"valid_until": dateText(until), "min_valid_until": dateText(asOf.AddMonths(months))}
	}
	out := j.c.finding(code, wording{values: v})
	out.Measured, out.Limit = map[string]any{"valid_until": until.String()}, map[string]any{"min_valid_until": least.String()}
	out.Region = fieldRegion(f)
	return []filing.Finding{out}
}

func dateText(d filing.Date) filing.Text {
	t, err := time.Parse(time.DateOnly, d.String())
	if err != nil {
		return show(d.String())
	}
	return show(t)
}

// Holds returns the days, both included, between which File says the same of a file if nothing but the day changes; 0 where there is
// no such bound. A document's term ends by itself.
func Holds(in FileInput) (from, until filing.Date) {
	if in.Content == nil || in.Reading != ReadingDone || in.AsOf == 0 {
		return 0, 0
	}
	_, end, ok := ends(in.Content)
	if !ok || end == filing.LongTerm {
		return 0, 0
	}
	// The days on which it is said otherwise than on the day before: as of the day after its end it has expired, and three months
	// before an ID card is about to. Findings about the near end name the day, so that they hold for one.
	last := end
	if in.Content.Kind.Detected == filing.DocumentIDCard {
		last = end.AddMonths(-months).AddDays(-1)
		for last.AddDays(1).AddMonths(months) < end { // months differ in length
			last = last.AddDays(1)
		}
	}
	if in.AsOf > last {
		return in.AsOf, in.AsOf
	}
	return 0, last
}

// names holds a name that was read against the one in the facts.
func (j *judge) names(field filing.FieldName, want, code string, v values) []filing.Finding {
	f, ok := j.in.Content.Field(field)
	if !ok || f.Value == "" || want == "" {
		return nil
	}
	likeness := compareNames(f.Value, want)
	switch {
	case likeness.same:
		return nil
	case likeness.doubtful || f.Confidence < j.t.FieldSure || likeness.close && f.Confidence < j.t.NumberSure:
		return []filing.Finding{j.unreadable("doubtful", field, f)}
	}
	out := j.c.finding(code, wording{values: v})
	out.Measured, out.Limit = map[string]any{"likeness": rounded(likeness.share)}, map[string]any{"min_likeness": 1}
	out.Region = fieldRegion(f)
	return []filing.Finding{out}
}

// domain judges what a domain certificate is for and whom it names.
func (j *judge) domain() []filing.Finding {
	var out []filing.Finding
	want := j.in.Expected
	if f, ok := j.in.Content.Field(filing.FieldDomain); ok && f.Value != "" && want.Domain != "" && ascii(want.Domain) {
		switch got := strings.ToLower(f.Value); {
		case got == strings.ToLower(want.Domain):
		case skeleton(got) == skeleton(strings.ToLower(want.Domain)) || f.Confidence < j.t.FieldSure:
			// 1 and l, 0 and o: other domains, and other readings of one.
			out = append(out, j.unreadable("doubtful", f.Name, f))
		default:
			m := j.c.finding("domain_mismatch", wording{values: values{"domain": want.Domain}})
			m.Measured, m.Limit, m.Region = map[string]any{"domain": got}, map[string]any{"domain": want.Domain}, fieldRegion(f)
			return append(out, m)
		}
	}
	return append(out, j.names(filing.FieldHolder, want.Holder, "domain_mismatch", values{"domain": cmp.Or(want.Domain, "-")})...)
}

// fieldRegion is where a field stands: its quadrilateral, or the rectangle around those of several lines.
func fieldRegion(f filing.Field) []filing.Point {
	switch len(f.Quads) {
	case 0:
		return nil
	case 1:
		return slices.Clone(f.Quads[0][:])
	}
	low, high := f.Quads[0][0], f.Quads[0][0]
	for _, q := range f.Quads {
		for _, p := range q {
			low = filing.Point{min(low[0], p[0]), min(low[1], p[1])}
			high = filing.Point{max(high[0], p[0]), max(high[1], p[1])}
		}
	}
	return []filing.Point{low, {high[0], low[1]}, high, {low[0], high[1]}}
}

// PartName is what people call a part of a stitched picture that was recognized as this.
func PartName(kind filing.DetectedKind) filing.Text {
	return (&compositeJudge{c: loadCatalogue()}).named(kind.Detected, kind.Page)
}

// KindName is what people call a kind of document (证件种类).
func KindName(kind filing.DocumentKind) filing.Text {
	c := loadCatalogue()
	if name, ok := c.words.Kinds[kind]; ok {
		return name
	}
	return c.words.Kinds[filing.DocumentUnknown]
}

// PageName is what people call a side.
func PageName(page filing.Page) filing.Text { return loadCatalogue().words.Pages[page] }

// FieldLabel is what people call a field of a document (字段).
func FieldLabel(name filing.FieldName) filing.Text {
	if label, ok := loadCatalogue().words.Fields[name]; ok {
		return label
	}
	return filing.Text{ZH: string(name), EN: string(name)}
}
