package accuracy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/specimen"
)

// wrongful are the findings that say that a document is not the right one; on a right one each of them is false.
func wrongful() []string {
	return []string{
		"kind_mismatch", "wrong_side", "id_number_invalid", "credit_code_invalid", "document_expired", "document_expiring", "name_mismatch",
		"number_mismatch", "domain_mismatch",
	}
}

// right is how the document of a photo would be handed in by whoever it belongs to: declared as what it is, with the facts that it
// says, on a day on which it is valid. False where nobody would hand it in for something that words are judged of.
func (r *Read) right() (checks.FileInput, bool) {
	in := checks.FileInput{
		Measurements: r.Measurements, Name: "photo.jpg", Reading: checks.ReadingDone, Content: &r.Content,
		Parties: checks.Parties{Applicant: checks.Enterprise},
	}
	declare := func(material string, page filing.Page, of string) {
		in.Declared = filing.Declared{Material: material, Page: page, Of: of}
	}
	want := trueKind(&r.Photo)
	switch want.Detected {
	case filing.DocumentIDCard, filing.DocumentTravelPermit, filing.DocumentPassport:
		declare("principal_id", want.Page, "principal")
		in.Expected.Document = map[filing.DocumentKind]string{
			filing.DocumentIDCard: "id_card", filing.DocumentTravelPermit: "hk_macau_travel_permit", filing.DocumentPassport: "passport",
		}[want.Detected]
	case filing.DocumentResidencePermit:
		declare("residence_permit", want.Page, "principal")
	case filing.DocumentBusinessLicense:
		declare("applicant_document", filing.PageFront, "applicant")
		in.Expected.Document = "business_license"
	case filing.DocumentAuthorizationLetter:
		declare("principal_authorization", filing.PageFront, "principal")
	case filing.DocumentDomainCertificate:
		declare("domain_certificate", filing.PageFront, "domain:"+r.Says.Domain)
		in.Expected.Domain, in.Expected.Holder = r.Says.Domain, r.Says.Holder
	default:
		return in, false
	}
	if in.Expected.Name = r.Says.Name; r.Says.Company != "" && want.Detected != filing.DocumentDomainCertificate {
		in.Expected.Name = r.Says.Company
	}
	if birth, ok := filing.ParseDate(r.Says.Birth); ok {
		in.Expected.Birth = filing.Value{Known: true, Num: int32(birth)}
	}
	in.AsOf = filing.NewDate(2024, 6, 1)
	if from, ok := filing.ParseDate(cmp.Or(r.Says.Registered, r.Says.ValidFrom)); ok {
		in.AsOf = from.AddMonths(12)
	}
	return in, true
}

// planted is a fault that a document or its declaration has, and the findings of which one must be made.
type planted struct {
	name  string
	codes []string
	// plant turns a right input into one with the fault; other is another photo of a document of the same kind with other facts. False
	// where the document cannot have it.
	plant func(in *checks.FileInput, r, other *Read) bool
}

func faults() []planted {
	return []planted{
		{"another person or unit", []string{"name_mismatch", "number_mismatch"}, func(in *checks.FileInput, _, other *Read) bool {
			if in.Expected.Name == "" || other == nil {
				return false
			}
			theirs, _ := other.right()
			in.Expected.Name, in.Expected.Birth = theirs.Expected.Name, theirs.Expected.Birth
			return true
		}},
		{"another domain", []string{"domain_mismatch"}, func(in *checks.FileInput, _, other *Read) bool {
			if in.Expected.Domain == "" || other == nil {
				return false
			}
			in.Expected.Domain = other.Says.Domain
			return true
		}},
		{"another holder of the domain", []string{"domain_mismatch"}, func(in *checks.FileInput, r, other *Read) bool {
			if in.Expected.Domain == "" || other == nil || other.Says.Holder == r.Says.Holder {
				return false
			}
			in.Expected.Holder = other.Says.Holder
			return true
		}},
		{"expired", []string{"document_expired"}, func(in *checks.FileInput, r, _ *Read) bool {
			until, ok := filing.ParseDate(cmp.Or(r.Says.Expires, r.Says.ValidUntil))
			if !ok || in.Declared.Material == "applicant_document" {
				return false
			}
			in.AsOf = until.AddDays(1)
			return true
		}},
		{"about to expire", []string{"document_expiring"}, func(in *checks.FileInput, r, _ *Read) bool {
			until, ok := filing.ParseDate(r.Says.ValidUntil)
			if !ok || trueKind(&r.Photo).Detected != filing.DocumentIDCard {
				return false
			}
			in.AsOf = until.AddMonths(-1)
			return true
		}},
		{"the other side", []string{"wrong_side"}, func(in *checks.FileInput, r, _ *Read) bool {
			kind := trueKind(&r.Photo).Detected
			if kind != filing.DocumentIDCard && kind != filing.DocumentResidencePermit && kind != filing.DocumentTravelPermit {
				return false
			}
			if in.Declared.Page = filing.PageBack; trueKind(&r.Photo).Page == filing.PageBack {
				in.Declared.Page = filing.PageFront
			}
			return true
		}},
		{"another document", []string{"kind_mismatch"}, func(in *checks.FileInput, r, _ *Read) bool {
			switch trueKind(&r.Photo).Detected {
			case filing.DocumentBusinessLicense, filing.DocumentDomainCertificate, filing.DocumentAuthorizationLetter:
				in.Declared = filing.Declared{Material: "principal_id", Page: filing.PageFront, Of: "principal"}
			default:
				in.Declared = filing.Declared{Material: "applicant_document", Page: filing.PageFront, Of: "applicant"}
				in.Expected.Document = "business_license"
			}
			return true
		}},
	}
}

// judgingBars counts what is judged of right documents, and of the same with a fault planted in what they are declared as.
func judgingBars(reads []Read, noted wrongs) []Bar {
	falseOnes := counter{bar: Bar{Name: "false mismatch, invalid or expired on right documents, readable", Goal: 0.01}}
	falseAny := counter{bar: Bar{Name: "the same on all documents, unreadable ones too"}}
	found := counter{bar: Bar{Name: "planted faults found, readable", Goal: 0.97, AtLeast: true}}
	list := faults()
	each := make([]counter, len(list))
	for i, f := range list {
		each[i].bar = Bar{Name: "planted: " + f.name, AtLeast: true}
	}
	for i := range reads {
		r := &reads[i]
		in, ok := r.right()
		if !ok || len(r.Truth.Documents) != 1 || r.Case.Template == "" {
			continue
		}
		wrong := codesOf(checks.File(in), wrongful())
		falseAny.add(&r.Photo, len(wrong) > 0, 0)
		if len(wrong) > 0 {
			noted.note(r, "right, but %s", strings.Join(wrong, ", "))
		}
		if !Readable(&r.Photo) {
			continue
		}
		falseOnes.add(&r.Photo, len(wrong) > 0, 0)
		for k, f := range list {
			faulty := in
			if !f.plant(&faulty, r, another(reads, i)) {
				continue
			}
			got := codesOf(checks.File(faulty), f.codes)
			each[k].add(&r.Photo, len(got) == 0, 0)
			found.add(&r.Photo, len(got) == 0, 0)
			if len(got) == 0 {
				noted.note(r, "planted %q is not found: %s", f.name, fmt.Sprint(codesOf(checks.File(faulty), nil)))
			}
		}
	}
	bars := []Bar{falseOnes.finish(), found.finish(), falseAny.finish()}
	for _, c := range each {
		bars = append(bars, c.finish())
	}
	return bars
}

// another is the next photo of the same kind of document that says something else; nil where there is none.
func another(reads []Read, i int) *Read {
	r := &reads[i]
	for k := 1; k < len(reads); k++ {
		o := &reads[(i+k)%len(reads)]
		if o.Truth.Kind == r.Truth.Kind && o.Says.Name+o.Says.Company+o.Says.Domain != r.Says.Name+r.Says.Company+r.Says.Domain &&
			(r.Truth.Kind != specimen.DomainCertificate || o.Says.Domain != r.Says.Domain) {
			return o
		}
	}
	return nil
}

// codesOf are the codes of findings that are among some; all where those are nil.
func codesOf(findings []filing.Finding, among []string) []string {
	var codes []string
	for _, f := range findings {
		if among == nil || slices.Contains(among, f.Code) {
			codes = append(codes, f.Code)
		}
	}
	return codes
}
