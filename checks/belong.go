package checks

import (
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/filing/standard"
)

// sureOfKind and sureOfField are the least confidences with which what was recognized decides where a file goes: nine in ten
// readable documents are recognized with more, and hardly one in two hundred of those wrongly (issue "Reading", its bars).
const (
	sureOfKind  = 0.8
	sureOfField = 0.8
)

// sure reports whether a picture was recognized as a document.
func sure(c *filing.Content) bool {
	return c != nil && c.Kind.Confidence >= sureOfKind && c.Kind.Detected != filing.DocumentUnknown &&
		c.Kind.Detected != filing.DocumentComposite
}

// kindFits reports whether a material can be the kind of document that a picture was recognized as.
func (p *Parties) kindFits(material string, c *filing.Content) bool {
	switch c.Kind.Detected {
	case filing.DocumentIDCard, filing.DocumentPassport, filing.DocumentTravelPermit:
		return p.identity(material) || material == "applicant_document" && p.Applicant == ""
	case filing.DocumentResidencePermit:
		return material == "residence_permit"
	case filing.DocumentBusinessLicense:
		return material == "applicant_document" && p.Applicant != Individual
	case filing.DocumentDomainCertificate:
		return material == "domain_certificate"
	case filing.DocumentHandheld:
		return handheld(material)
	case filing.DocumentAuthorizationLetter:
		return authorizationFits(material, titleOf(c))
	case filing.DocumentLetter:
		if material == "applicant_document" && p.Applicant == Individual {
			return false
		}
		title := titleOf(c)
		return slices.ContainsFunc(titles()[material].of, func(word string) bool { return strings.Contains(title, word) })
	}
	return false
}

// authorizationFits tells the letters of authorization apart by their titles; one that says neither may be either.
func authorizationFits(material, title string) bool {
	switch material {
	case "principal_authorization":
		return !strings.Contains(title, "网站负责人") && !strings.Contains(title, "甘肃")
	case "gansu_principal_authorization":
		return !strings.Contains(title, "网站负责人")
	case "site_manager_authorization":
		return !strings.Contains(title, "主体负责人") && !strings.Contains(title, "甘肃")
	}
	return false
}

func titleOf(c *filing.Content) string {
	f, _ := c.Field(filing.FieldTitle)
	return strings.ReplaceAll(f.Text, " ", "")
}

// shows reports whether an alternative may be what a picture was recognized as.
func (m *matcher) shows(a *alternative, c *filing.Content) bool {
	return m.p.kindFits(a.material, c) && m.takesKind(a.document.of, c.Kind.Detected)
}

// takesKind reports whether the facts leave it open that a person's identity document is of this kind.
func (m *matcher) takesKind(of string, kind filing.DocumentKind) bool {
	document := ""
	switch m.p.person(of) {
	case principal:
		document = m.p.PrincipalDocument
	case siteManager:
		document = m.p.SiteManagerDocument
	}
	switch kind {
	case filing.DocumentIDCard, filing.DocumentPassport, filing.DocumentTravelPermit:
	default:
		return true
	}
	switch document {
	case "id_card", "temporary_id_card":
		return kind == filing.DocumentIDCard
	case "passport":
		return kind == filing.DocumentPassport
	case "hk_macau_residence_permit", "hk_macau_travel_permit", "taiwan_residence_permit", "taiwan_travel_permit":
		return kind == filing.DocumentTravelPermit
	}
	return true
}

// traits is what is known about a person in charge, a unit or their document: from the facts, and from the identity document
// that was declared as theirs. Empty is unknown.
type traits struct{ name, number, birth, validUntil, province string }

// knowledge is the traits of whoever documents may belong to.
type knowledge struct {
	unit      string
	principal traits
	manager   traits
	others    map[string]traits
}

// know gathers what is known about the people of a filing.
func (m *matcher) know() *knowledge {
	if m.known != nil {
		return m.known
	}
	k := &knowledge{others: map[string]traits{}}
	m.known = k
	if f := m.facts; f != nil {
		k.principal = traits{
			birth: f.Text(filing.FactPrincipalBirthDate), validUntil: f.Text(filing.FactPrincipalDocumentValidUntil),
			province: f.Text(filing.FactPrincipalDocumentProvince),
		}
		k.manager = traits{
			birth: f.Text(filing.FactSiteManagerBirthDate), validUntil: f.Text(filing.FactSiteManagerDocumentValidUntil),
			province: f.Text(filing.FactSiteManagerDocumentProvince),
		}
		if name := f.Text(filing.FactApplicantName); m.p.Applicant == Individual {
			k.principal.name = name
		} else if renamed := f.Get(filing.FactChangeNameChanged); !renamed.Known || renamed.Num == 0 {
			k.unit = name // while it changes the papers may bear either
		}
	}
	// The identity document that somebody declared as theirs says more than the facts have. One that speaks against the facts
	// is somebody else's, declared by mistake.
	for i := range m.all {
		f := &m.all[i]
		material := m.v.byCode[f.Declared.Material]
		if f.State == filing.MaterialReplaced || material == nil || !sure(f.Content) || !m.p.identity(material.Code) ||
			!m.p.kindFits(material.Code, f.Content) {
			continue
		}
		of := f.Declared.Of
		if of == "" {
			of = owner(material)
		}
		of = m.p.person(of)
		known := k.of(of)
		if of == "" || known.speaks(f.Content, m.v) < 0 {
			continue
		}
		read := traitsOf(f.Content)
		if known.name == "" {
			known.name = read.name
		}
		if known.number == "" {
			known.number = read.number
		}
		if known.birth == "" {
			known.birth = read.birth
		}
		k.set(of, known)
	}
	return k
}

func (k *knowledge) of(person string) traits {
	switch person {
	case principal:
		return k.principal
	case siteManager:
		return k.manager
	}
	return k.others[person]
}

func (k *knowledge) set(person string, t traits) {
	switch person {
	case principal:
		k.principal = t
	case siteManager:
		k.manager = t
	default:
		k.others[person] = t
	}
}

// traitsOf are those that a document says.
func traitsOf(c *filing.Content) traits {
	t := traits{
		name: fieldOf(c, filing.FieldPerson), number: fieldOf(c, filing.FieldNumber), birth: fieldOf(c, filing.FieldBirth),
		validUntil: fieldOf(c, filing.FieldValidUntil),
	}
	if n, err := standard.ParseIDNumber(t.number); err == nil && t.birth == "" {
		t.birth = n.Birth.String()
	}
	return t
}

// fieldOf is what a field says, "" where it was not found or is not sure.
func fieldOf(c *filing.Content, name filing.FieldName) string {
	f, ok := c.Field(name)
	if !ok || f.Confidence < sureOfField {
		return ""
	}
	if f.Value != "" {
		return f.Value
	}
	return strings.ReplaceAll(f.Text, " ", "")
}

// speaks weighs what a document says against what is known about a person: -1 where it is another's, else how much says that
// it is theirs; 0 where nothing does.
func (t traits) speaks(c *filing.Content, v *vocabulary) int {
	read, weight := traitsOf(c), 0
	for _, pair := range [][2]string{{t.number, read.number}, {t.birth, read.birth}} {
		switch {
		case pair[0] == "" || pair[1] == "":
		case pair[0] != pair[1]:
			return -1
		default:
			weight++
		}
	}
	switch {
	case t.name == "" || read.name == "":
	case t.name == read.name:
		weight++
	case weight == 0 && !alikeNames(t.name, read.name):
		return -1 // beside a number or a birthday that agrees, a name was misread
	}
	if t.validUntil != "" && read.validUntil != "" && c.Kind.Detected != filing.DocumentResidencePermit {
		if t.validUntil != read.validUntil {
			return -1
		}
		weight++
	}
	if address := fieldOf(c, filing.FieldAddress); t.province != "" && address != "" && c.Kind.Detected == filing.DocumentIDCard {
		switch at := v.provinceOf(address); at {
		case "":
		case t.province:
			weight++
		default:
			return -1
		}
	}
	return weight
}

// alikeNames reports whether one name may be the other misread: at least half of its characters stand where they stand there.
func alikeNames(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) != len(y) {
		return false
	}
	same := 0
	for i := range x {
		if x[i] == y[i] {
			same++
		}
	}
	return 2*same >= len(x)
}

// provinceOf returns the code of the province that an address begins with, "" where it begins with none.
func (v *vocabulary) provinceOf(address string) string {
	for _, p := range v.provinces {
		if strings.HasPrefix(address, p.Name) {
			return p.Code
		}
	}
	return ""
}

// speaks weighs what a picture says against whom a wanted document belongs to, as traits.speaks does.
func (m *matcher) speaks(c *filing.Content, w *wanted) int {
	kind, name, _ := strings.Cut(w.document.of, ":")
	switch c.Kind.Detected {
	case filing.DocumentIDCard, filing.DocumentPassport, filing.DocumentTravelPermit, filing.DocumentResidencePermit:
		return m.know().of(w.document.of).speaks(c, m.v)
	case filing.DocumentAuthorizationLetter:
		return names(fieldOf(c, filing.FieldAuthorized), m.know().of(w.document.of).name)
	case filing.DocumentBusinessLicense:
		return names(fieldOf(c, filing.FieldUnit), m.know().unit)
	case filing.DocumentDomainCertificate:
		switch domain := strings.ToLower(fieldOf(c, filing.FieldDomain)); {
		case domain == "" || kind != "domain":
			return 0
		case domain != strings.ToLower(name):
			return -1
		}
		return 1
	}
	return 0
}

// agreeing names the fields by which a picture was told to be its owner's.
func (m *matcher) agreeing(c *filing.Content, w *wanted) []filing.FieldName {
	if !sure(c) || m.speaks(c, w) <= 0 {
		return nil
	}
	switch c.Kind.Detected {
	case filing.DocumentAuthorizationLetter:
		return []filing.FieldName{filing.FieldAuthorized}
	case filing.DocumentBusinessLicense:
		return []filing.FieldName{filing.FieldUnit}
	case filing.DocumentDomainCertificate:
		return []filing.FieldName{filing.FieldDomain}
	}
	known, read := m.know().of(w.document.of), traitsOf(c)
	var out []filing.FieldName
	for _, f := range []struct {
		name        filing.FieldName
		known, read string
	}{
		{filing.FieldNumber, known.number, read.number}, {filing.FieldPerson, known.name, read.name},
		{filing.FieldBirth, known.birth, read.birth}, {filing.FieldValidUntil, known.validUntil, read.validUntil},
	} {
		if f.known != "" && f.known == f.read {
			out = append(out, f.name)
		}
	}
	if len(out) == 0 {
		out = append(out, filing.FieldAddress)
	}
	return out
}

// names weighs a name that was read against the one that is known.
func names(read, known string) int {
	switch {
	case read == "" || known == "" || read != known && alikeNames(read, known):
		return 0
	case read != known:
		return -1
	}
	return 1
}
