package checks

import (
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/filing/standard"
)

// ReadFile is a file of a filing and what it was recognized as.
type ReadFile struct {
	// ID is that of the material; what several files say is offered once, by the first.
	ID       string
	Declared filing.Declared
	Content  filing.Content
}

// Offers are the facts that stand in a filing's documents and that the filing lacks (可填入的信息): for a person to take, never taken
// by itself. Only what was read for certain is offered, of documents that are for certain what they were declared as; in the order
// of the vocabulary, each fact once. Where two documents differ about a fact it is not offered.
func Offers(facts *filing.Facts, parties Parties, files []ReadFile) []filing.Offer {
	o := offers{facts: facts, parties: &parties, t: loadThresholds(), found: map[filing.Ref]offered{}}
	for i := range files {
		f := &files[i]
		want := expectationOf(f.Declared.Material, &parties, &Expected{})
		if want == nil || f.Content.Kind.Confidence < o.t.KindSure || !slices.Contains(want.kinds, f.Content.Kind.Detected) {
			continue
		}
		o.file(f)
	}
	list := []filing.Offer{}
	for ref, found := range o.found {
		if !found.differs {
			found.Fact, found.Value = ref.Path(), ref.Fact.Any(found.value)
			list = append(list, found.Offer)
		}
	}
	slices.SortFunc(list, func(a, b filing.Offer) int {
		x, y := factOrder(a.Fact), factOrder(b.Fact)
		if x != y {
			return x - y
		}
		return strings.Compare(a.Fact, b.Fact)
	})
	return list
}

// factOrder is the place of a fact in the vocabulary.
func factOrder(path string) int {
	var plain strings.Builder
	index := false
	for _, r := range path {
		if r == ']' {
			index = false
		}
		if !index {
			plain.WriteRune(r)
		}
		if r == '[' {
			index = true
		}
	}
	f, ok := filing.FactOf(plain.String())
	if !ok {
		return int(filing.NumFacts)
	}
	return int(f)
}

type offered struct {
	filing.Offer
	value   filing.Value
	differs bool
}

type offers struct {
	facts   *filing.Facts
	parties *Parties
	t       *Thresholds
	found   map[filing.Ref]offered
}

// add offers a value for a fact that the filing lacks.
func (o *offers) add(f *ReadFile, ref filing.Ref, value filing.Value, field filing.Field) {
	if o.facts.At(ref).Known || field.Confidence < o.t.FieldSure {
		return
	}
	if earlier, ok := o.found[ref]; ok {
		if earlier.value != value {
			earlier.differs = true
			o.found[ref] = earlier
		}
		return
	}
	o.found[ref] = offered{Offer: filing.Offer{Material: f.ID, Confidence: field.Confidence}, value: value}
}

// file offers what one document says.
func (o *offers) file(f *ReadFile) {
	of := f.Declared.Of
	if m := loadVocabulary().byCode[f.Declared.Material]; of == "" && m != nil {
		of = owner(m)
	}
	switch kind := f.Content.Kind.Detected; {
	case kind == filing.DocumentDomainCertificate:
		o.domain(f, of)
	case f.Declared.Material == "applicant_document" && o.parties.Applicant == Enterprise:
		o.unit(f)
	case o.parties.identity(f.Declared.Material):
		switch o.parties.person(of) {
		case principal:
			o.person(f, personFacts{
				name: filing.FactApplicantName, named: o.parties.Applicant == Individual, birth: filing.FactPrincipalBirthDate,
				province: filing.FactPrincipalDocumentProvince, until: filing.FactPrincipalDocumentValidUntil, document: filing.FactPrincipalDocument,
			})
		case siteManager:
			o.person(f, personFacts{
				birth: filing.FactSiteManagerBirthDate, province: filing.FactSiteManagerDocumentProvince,
				until: filing.FactSiteManagerDocumentValidUntil, document: filing.FactSiteManagerDocument,
			})
		}
	}
}

// personFacts are the facts that a person's document may say.
type personFacts struct {
	name, birth, province, until, document filing.Fact
	// named: the filing has the person's name as a fact.
	named bool
}

func (o *offers) person(f *ReadFile, facts personFacts) {
	c := &f.Content
	if name, ok := c.Field(filing.FieldPerson); ok && facts.named && name.Value != "" {
		o.add(f, filing.Ref{Fact: facts.name}, filing.Value{Text: name.Value, Known: true}, name)
	}
	if number, ok := c.Field(filing.FieldNumber); ok {
		if id, err := standard.ParseIDNumber(number.Value); err == nil {
			o.add(f, filing.Ref{Fact: facts.birth}, filing.Value{Num: int32(id.Birth), Known: true}, number)
		}
	}
	if c.Kind.Detected == filing.DocumentIDCard {
		document := filing.Field{Confidence: c.Kind.Confidence}
		if document.Confidence >= o.t.FieldSure {
			o.code(f, facts.document, "id_card", document)
		}
		o.province(f, facts.province)
	}
	if until, ok := c.Field(filing.FieldValidUntil); ok {
		o.date(f, filing.Ref{Fact: facts.until}, until)
	}
}

// province offers that of the address, and not that of the number: people move, and keep the number.
func (o *offers) province(f *ReadFile, fact filing.Fact) {
	address, ok := f.Content.Field(filing.FieldAddress)
	if !ok {
		return
	}
	for _, p := range loadVocabulary().provinces {
		if strings.HasPrefix(folded(address.Value), p.Name) {
			o.code(f, fact, p.Code, address)
			return
		}
	}
}

// unit offers what a unit's licence or certificate says.
func (o *offers) unit(f *ReadFile) {
	c := &f.Content
	document, organization := "business_license", ""
	if c.Kind.Detected == filing.DocumentLetter {
		document, organization = certificate(titleOf(c))
	}
	title := filing.Field{Confidence: c.Kind.Confidence}
	if document != "" {
		o.code(f, filing.FactApplicantDocument, document, title)
	}
	if organization != "" {
		o.code(f, filing.FactApplicantOrganization, organization, title)
	}
	if unit, ok := c.Field(filing.FieldUnit); ok && unit.Value != "" {
		o.add(f, filing.Ref{Fact: filing.FactApplicantName}, filing.Value{Text: unit.Value, Known: true}, unit)
	}
	if scope, ok := c.Field(filing.FieldScope); ok && scope.Value != "" {
		o.add(f, filing.Ref{Fact: filing.FactApplicantBusinessScope}, filing.Value{Text: scope.Value, Known: true}, scope)
	}
	if until, ok := c.Field(filing.FieldValidUntil); ok {
		o.date(f, filing.Ref{Fact: filing.FactApplicantDocumentValidUntil}, until)
	}
	if code, ok := c.Field(filing.FieldCreditCode); ok {
		if _, err := standard.ParseCreditCode(code.Value); err == nil {
			o.add(f, filing.Ref{Fact: filing.FactApplicantDocumentUnified}, filing.Value{Num: 1, Known: true}, code)
		}
	}
}

// certificate tells by the title of a unit's certificate which document it is in the facts and, where only one kind of unit has it, which
// kind that is; "" for either that it does not tell.
func certificate(title string) (document, organization string) {
	for _, c := range []struct{ title, document, organization string }{
		{"事业单位法人证书", "other", "institution"},
		{"社会团体法人登记证书", "other", "social_organization"},
		{"基金会法人登记证书", "other", "foundation"},
		{"单位登记证书", "other", "other"}, // 民办非企业单位登记证书
		{"组织机构代码证", "organization_code", ""},
		{"统一社会信用代码证书", "other", ""}, // of offices of the state, and of groups that no law registers
	} {
		if strings.Contains(title, c.title) {
			return c.document, c.organization
		}
	}
	return "", ""
}

// domain offers the dates of a domain's certificate, where the certificate is that domain's.
func (o *offers) domain(f *ReadFile, of string) {
	_, name, named := strings.Cut(of, ":")
	printed, ok := f.Content.Field(filing.FieldDomain)
	if !ok || !named || !strings.EqualFold(printed.Value, name) {
		return
	}
	sites, _ := o.facts.Len(filing.ListSites, 0)
	for s := range sites {
		n, _ := o.facts.Len(filing.ListDomains, s)
		for d := range n {
			at := filing.Ref{Fact: filing.FactDomainName, Site: int32(s), Item: int32(d)}
			if !strings.EqualFold(o.facts.TextAt(at), name) {
				continue
			}
			for field, fact := range map[filing.FieldName]filing.Fact{
				filing.FieldRegistered: filing.FactDomainRegisteredOn, filing.FieldExpires: filing.FactDomainExpires,
			} {
				if date, ok := f.Content.Field(field); ok {
					at.Fact = fact
					o.date(f, at, date)
				}
			}
		}
	}
}

// date offers a date, or long_term where the fact may be it.
func (o *offers) date(f *ReadFile, ref filing.Ref, field filing.Field) {
	if day, ok := filing.ParseDate(field.Value); ok {
		o.add(f, ref, filing.Value{Num: int32(day), Known: true}, field)
	} else if field.Value == filing.LongTerm.String() && ref.Fact.Kind() == filing.KindDateOrLongTerm {
		o.add(f, ref, filing.Value{Num: int32(filing.LongTerm), Known: true}, field)
	}
}

// code offers one of the codes of an enum or of the provinces.
func (o *offers) code(f *ReadFile, fact filing.Fact, code string, field filing.Field) {
	if i := slices.Index(fact.Values(), code); i >= 0 {
		o.add(f, filing.Ref{Fact: fact}, filing.Value{Num: int32(i), Known: true}, field)
	}
}
