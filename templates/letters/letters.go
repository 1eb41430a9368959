// Package letters renders the letters of a filing (授权书、确认书、方案书) as pages that print on A4, filled in from the filing's
// facts. Facts hold no names of people and no numbers of documents, so that those, signature and seal stay lines to be written on
// by hand with a black pen, as the guide asks for (G6, M1).
//
// The wording is the project's own: the bureaus' forms differ and the guide prints none of them. Where a bureau insists on a form
// of its own, that one is to be used, and the letter says so on the screen.
package letters

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/preflight-icp/preflight/filing"
)

//go:embed pages
var files embed.FS

// Letter is a letter that can be printed (可打印的文书).
type Letter struct {
	// Material is the material of the vocabulary that the letter is, once signed and photographed. It is the letter's name, too.
	Material string
	// Title is what it is called; Chinese is printed.
	Title filing.Text
	// Use says when it is needed and what to do with it; on the screen only.
	Use filing.Text
	// Each says of what there is one letter each: EachFiling, EachSite or EachDomain.
	Each string
}

// Of what there is one letter each.
const (
	EachFiling = "filing"
	EachSite   = "site"
	EachDomain = "domain"
)

// ErrUnknown says that there is no letter of that name, or nothing in the facts that it would be for.
var ErrUnknown = errors.New("no such letter")

// All lists the letters, in the order of the vocabulary.
func All() []Letter {
	return []Letter{
		{
			Material: "principal_authorization", Each: EachFiling,
			Title: filing.Text{ZH: "主体负责人授权书", EN: "Authorization of the principal"},
			Use: filing.Text{
				ZH: "主体负责人不是法定代表人时使用。打印后由法定代表人用黑色签字笔签字，加盖单位公章，再拍照上传。",
				EN: "For a principal who is not the legal representative. Print it, have the legal representative sign it in black, stamp it with the unit's seal, and photograph it.",
			},
		},
		{
			Material: "gansu_principal_authorization", Each: EachFiling,
			Title: filing.Text{ZH: "甘肃省主体负责人授权书", EN: "Authorization of the principal, Gansu"},
			Use: filing.Text{
				ZH: "甘肃省单位备案，主体负责人不是法定代表人时使用；并请在主体备注中说明授权。",
				EN: "For units in Gansu whose principal is not the legal representative; say so in the applicant's remarks, too.",
			},
		},
		{
			Material: "site_manager_authorization", Each: EachFiling,
			Title: filing.Text{ZH: "网站负责人授权书", EN: "Authorization of the site manager"},
			Use: filing.Text{
				ZH: "网站负责人不是法定代表人时使用。没有单独的上传入口时，请与网站负责人证件拼接成一张图片。",
				EN: "For a site manager who is not the legal representative. Where it has no slot of its own, stitch it together with the site manager's ID.",
			},
		},
		{
			Material: "domain_holder_proof", Each: EachDomain,
			Title: filing.Text{ZH: "有关网站备案域名注册人的证明", EN: "Statement on the domain's registrant"},
			Use: filing.Text{
				ZH: "域名持有者不是备案主体本身、当地管局又接受时使用，每个域名一份。",
				EN: "Where the domain's holder is not the applicant and the bureau takes that; one for each domain.",
			},
		},
		{
			Material: "website_plan", Each: EachDomain,
			Title: filing.Text{ZH: "网站建设方案书", EN: "Website construction plan"},
			Use: filing.Text{
				ZH: "无固定模板，但必须包含下列六项内容；网站内容一项需配上设计图。每个域名一份（重庆为每个网站一份）。",
				EN: "There is no fixed form, but these six parts are required, the first with pictures of the design. One for each domain (Chongqing: for each site).",
			},
		},
		{
			Material: "beijing_confirmation", Each: EachFiling,
			Title: filing.Text{ZH: "北京备案确认书", EN: "Beijing confirmation sheet"},
			Use: filing.Text{
				ZH: "北京地区，域名过多、核验单填写不下时使用。域名注册商写中文简称即可。须与核验单拼接成一张图片上传。",
				EN: "For Beijing, where the verification sheet has no room for all domains. Registrars by their short Chinese names. Stitch it together with the verification sheet.",
			},
		},
		{
			Material: "preapproval_statement", Each: EachFiling,
			Title: filing.Text{ZH: "前置审批说明书", EN: "Statement on pre-approval"},
			Use: filing.Text{
				ZH: "联系过批复单位并被告知无需办理前置审批时使用；电话须为座机，含区号。",
				EN: "Where the approving authority was asked and said that no approval is needed; its phone is a landline with the area code.",
			},
		},
	}
}

// Find returns the letter of a name.
func Find(name string) (Letter, bool) {
	all := All()
	if i := slices.IndexFunc(all, func(l Letter) bool { return l.Material == name }); i >= 0 {
		return all[i], true
	}
	return Letter{}, false
}

// domain is a line of a letter's list of domains.
type domain struct {
	Site, Name string
	// Holder is who holds it, as the facts say: applicant, legal_representative, shareholder, officer, other, or "".
	Holder string
}

// sheet is one printed letter.
type sheet struct {
	Letter
	Applicant, Address, Province string
	Individual                   bool
	Site, Domain, Holder         string
	Sites                        []string
	Domains                      []domain
}

// page is the whole document.
type page struct {
	Lang   string
	Title  filing.Text
	Use    filing.Text
	Sheets []sheet
	// Script is the address of the script behind the button that prints; without one there is no button.
	Script string
}

// Render writes a letter as one HTML document that needs nothing else, with a sheet for each site or domain that it is for; of is
// site:NAME or domain:NAME for one of them alone. The words on the screen are in lang, those on paper in Chinese. Without a fact
// its place is a line to be written on. ErrUnknown: no such letter, or the facts have no such site or domain.
func Render(w io.Writer, name string, facts *filing.Facts, of, lang string) error {
	return RenderWith(w, name, facts, of, lang, "")
}

// RenderWith is Render with a button that prints, by the script at an address: for a letter that a service shows.
func RenderWith(w io.Writer, name string, facts *filing.Facts, of, lang, script string) error {
	letter, ok := Find(name)
	if !ok {
		return fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	p := page{Script: script, Lang: lang, Title: letter.Title, Use: letter.Use, Sheets: sheets(letter, facts)}
	if of != "" {
		p.Sheets = slices.DeleteFunc(p.Sheets, func(s sheet) bool { return of != "site:"+s.Site && of != "domain:"+s.Domain })
		if len(p.Sheets) == 0 {
			return fmt.Errorf("%w: %s for that site or domain", ErrUnknown, name)
		}
	}
	t, err := parse()
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, "page.html", p); err != nil {
		return fmt.Errorf("render letter %s: %w", name, err)
	}
	if _, err := w.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("write letter %s: %w", name, err)
	}
	return nil
}

// sheets fills in a letter for whatever it is one each of; where the facts name none, one with lines to be written on.
func sheets(letter Letter, facts *filing.Facts) []sheet {
	whole := sheet{
		Letter: letter, Applicant: facts.Text(filing.FactApplicantName), Address: facts.Text(filing.FactApplicantMailingAddress),
		Province: facts.Text(filing.FactProvince), Individual: facts.Text(filing.FactApplicantType) == "individual",
	}
	var each []sheet
	sites, _ := facts.Len(filing.ListSites, 0)
	for i := range sites {
		name := facts.TextAt(filing.Ref{Fact: filing.FactSiteName, Site: int32(i)})
		if name != "" {
			whole.Sites = append(whole.Sites, name)
		}
		n, _ := facts.Len(filing.ListDomains, i)
		for j := range n {
			at := func(f filing.Fact) string { return facts.TextAt(filing.Ref{Fact: f, Site: int32(i), Item: int32(j)}) }
			d := domain{Site: name, Name: at(filing.FactDomainName), Holder: at(filing.FactDomainHolder)}
			whole.Domains = append(whole.Domains, d)
			if letter.Each == EachDomain && (letter.Material != "domain_holder_proof" || d.Holder != "applicant") {
				s := whole
				s.Site, s.Domain, s.Holder = d.Site, d.Name, d.Holder
				each = append(each, s)
			}
		}
	}
	if len(each) > 0 {
		return each
	}
	return []sheet{whole}
}

// parse parses the letters once; they are part of the program.
var parse = sync.OnceValues(func() (*template.Template, error) {
	t := template.New("letters")
	t.Funcs(template.FuncMap{
		"or_line": func(s string, width int) template.HTML { return line(s, width) },
		"in":      func(t filing.Text, lang string) string { return t.In(lang) },
		"sheet": func(s sheet) (template.HTML, error) {
			var buf bytes.Buffer
			if err := t.ExecuteTemplate(&buf, s.Material+".html", s); err != nil {
				return "", fmt.Errorf("letter %s: %w", s.Material, err)
			}
			return template.HTML(buf.String()), nil //nolint:gosec // made by the same escaping templates
		},
		"blanks": func(n int) []struct{} { return make([]struct{}, max(n, 0)) },
		"less":   func(a, b int) int { return a - b },
	})
	return t.ParseFS(files, "pages/*.html")
})

// line is a fact, or a line of so many characters to be written on.
func line(s string, width int) template.HTML {
	if s = strings.TrimSpace(s); s != "" {
		return template.HTML(`<span class="given">` + template.HTMLEscapeString(s) + `</span>`) //nolint:gosec // escaped
	}
	return template.HTML(fmt.Sprintf(`<span class="line w%d"></span>`, width)) //nolint:gosec // a number
}
