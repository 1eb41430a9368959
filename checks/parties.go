package checks

import (
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/filing"
)

// Types of applicant, as the fact applicant.type has them.
const (
	Enterprise = "enterprise"
	Individual = "individual"
)

// Parties is what the facts of a filing say about the people whose documents are uploaded; empty and nil are unknown.
// It decides which materials are one and the same document, and which pictures two materials may share.
type Parties struct {
	// Applicant is the fact applicant.type: Enterprise or Individual.
	Applicant string
	// SiteManagerIsPrincipal is the fact site_manager.same_as_principal.
	SiteManagerIsPrincipal *bool
	// PrincipalIsLegalRepresentative is the fact principal.is_legal_representative (enterprise).
	PrincipalIsLegalRepresentative *bool
	// SiteManagerIsLegalRepresentative is the fact site_manager.is_legal_representative.
	SiteManagerIsLegalRepresentative *bool
	// PrincipalDocument and SiteManagerDocument are the facts principal.document and site_manager.document; a passport
	// has one page.
	PrincipalDocument, SiteManagerDocument string
}

const (
	applicant           = "applicant"
	principal           = "principal"
	siteManager         = "site_manager"
	legalRepresentative = "legal_representative"
	guardian            = "guardian"
	domainHolder        = "domain_holder"
)

// person returns one name for all roles of one person: an individual is applicant, principal and site manager.
func (p *Parties) person(of string) string {
	switch of {
	case applicant:
		if p.Applicant == Individual {
			return principal
		}
	case siteManager:
		if p.Applicant == Individual || isTrue(p.SiteManagerIsPrincipal) {
			return principal
		}
	case legalRepresentative:
		switch {
		case p.Applicant == Individual:
			// The legal representative of some unit; whether this is the person who files is not told by these facts.
		case isTrue(p.PrincipalIsLegalRepresentative):
			return principal
		case isTrue(p.SiteManagerIsLegalRepresentative):
			return p.person(siteManager)
		}
	}
	return of
}

// differ reports whether two parties are known to be two persons (or two domains, two holders). Where the facts leave
// it open they may be one.
func (p *Parties) differ(a, b string) bool {
	a, b = p.person(a), p.person(b)
	if a == "" || b == "" || a == b {
		return false
	}
	if class(a) == class(b) {
		return true
	}
	pair := func(x, y string) bool { return a == x && b == y || a == y && b == x }
	switch {
	case pair(principal, siteManager):
		return isFalse(p.SiteManagerIsPrincipal)
	case pair(principal, legalRepresentative):
		return isFalse(p.PrincipalIsLegalRepresentative)
	case pair(siteManager, legalRepresentative):
		return isFalse(p.SiteManagerIsLegalRepresentative)
	case pair(principal, guardian):
		return true
	}
	return false
}

// pages returns the sides that a material has for this filing.
func (p *Parties) pages(m *Material, of string) []filing.Page {
	pages, ok := m.pages[p.Applicant]
	if !ok {
		pages = m.pages[""]
	}
	if len(pages) > 1 && p.identity(m.Code) && p.passport(of) {
		return pages[:1]
	}
	return pages
}

// passport reports whether the identity document of this party is known to be a passport.
func (p *Parties) passport(of string) bool {
	switch p.person(of) {
	case principal:
		return p.PrincipalDocument == "passport"
	case siteManager:
		return p.SiteManagerDocument == "passport"
	}
	return false
}

// identity reports whether a material is a person's identity document. The same person's is one document, whatever
// the material is called that it is uploaded as (notice upload_once).
func (p *Parties) identity(material string) bool {
	switch material {
	case "principal_id", "site_manager_id", "legal_representative_id", "guardian_id", "domain_holder_id":
		return true
	case "applicant_document":
		return p.Applicant == Individual
	}
	return false
}

// document names what is uploaded once: a kind of document and whose it is.
type document struct{ kind, of string }

// document returns the document that a material of a party is.
func (p *Parties) document(material, of string) document {
	d := document{kind: material, of: p.person(of)}
	if p.identity(material) {
		d.kind = "identity"
	}
	return d
}

// SameDocument reports whether two required materials are one and the same document, uploaded once (notice upload_once).
func SameDocument(p Parties, a, b filing.Requirement) bool {
	return a.Material != "" && b.Material != "" && p.document(a.Material, a.Of) == p.document(b.Material, b.Of)
}

// owner returns the party that a material belongs to when none is declared: the only one that it can belong to, ""
// where there is a choice.
func owner(m *Material) string {
	if len(m.Of) == 1 && KnownOf(m.Of[0]) {
		return m.Of[0]
	}
	return ""
}

// togetherInOnePicture lists materials that the guide wants, or takes, stitched or photographed together, so that one
// picture for both is in order: Beijing's confirmation sheet with the verification sheet (M6.stitch), and Guangdong's
// temporary permit with the property certificate and the ID card.
func togetherInOnePicture(a, b string) bool {
	sets := [...][]string{
		{"beijing_confirmation", "verification_sheet"},
		{"residence_permit", "property_certificate", "identity"},
	}
	for _, set := range sets {
		if slices.Contains(set, a) && slices.Contains(set, b) {
			return true
		}
	}
	return false
}

// mayShare reports whether two materials of one filing may rightly be the same picture. What is not known is given the
// benefit of the doubt.
func (p *Parties) mayShare(a, b filing.Declared) bool {
	ma, mb := loadVocabulary().byCode[a.Material], loadVocabulary().byCode[b.Material]
	if ma == nil || mb == nil {
		return true
	}
	if a.Of == "" {
		a.Of = owner(ma)
	}
	if b.Of == "" {
		b.Of = owner(mb)
	}
	da, db := p.document(a.Material, a.Of), p.document(b.Material, b.Of)
	if p.Applicant == "" && (a.Material == "applicant_document") != (b.Material == "applicant_document") {
		// The applicant's certificate may be the person's ID: nobody said whether this is a unit or a person.
		return da.kind == "identity" || db.kind == "identity"
	}
	if da.kind != db.kind && !togetherInOnePicture(da.kind, db.kind) {
		return false
	}
	if class(da.of) == "domain" && class(db.of) == "domain" {
		// A plan or a statement may be about several domains; a certificate is for one.
		return da.of == db.of || !computerMade(a.Material)
	}
	return !p.differ(da.of, db.of)
}

// class returns what kind of party this is: domain for domain:example.cn.
func class(of string) string {
	c, _, _ := strings.Cut(of, ":")
	return c
}

func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }

// PartyName names whom or what a material belongs to (资料归属), as the sentences of findings do; nobody has no name.
func PartyName(p Parties, of string) filing.Text {
	if of == "" {
		return filing.Text{}
	}
	return loadCatalogue().partyText(&p, of)
}

// partyText names a party to a person.
func (c *catalogue) partyText(p *Parties, of string) filing.Text {
	kind, name, named := strings.Cut(of, ":")
	if of == applicant && p.Applicant == Individual {
		kind = "individual"
	}
	text, ok := c.words.Parties[kind]
	if !ok || of == "" {
		return c.words.Parties["unknown"]
	}
	if !named {
		return text
	}
	return filing.Text{
		ZH: strings.ReplaceAll(text.ZH, "{name}", name),
		EN: strings.ReplaceAll(text.EN, "{name}", name),
	}
}

// materialText names a material and, where its name does not say so already, whom it belongs to.
func (c *catalogue) materialText(p *Parties, material, of string) filing.Text {
	m := loadVocabulary().byCode[material]
	if m == nil {
		return filing.Text{ZH: material, EN: material}
	}
	if of == "" || strings.Contains(m.Name.ZH, c.words.Parties[class(of)].ZH) {
		return m.Name
	}
	party := c.partyText(p, of)
	return filing.Text{ZH: party.ZH + "的" + m.Name.ZH, EN: m.Name.EN + " (" + party.EN + ")"}
}
