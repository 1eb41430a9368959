package accuracy

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/preflight-icp/preflight/checks/document"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/specimen"
)

// Read is a labelled photo with what was read in it and what it says in truth.
type Read struct {
	Photo
	// Says is what the main document says.
	Says    specimen.Fields
	Reading filing.Reading
	Content filing.Content
	// Other is what the same parser makes of the text of another reader, where one was asked.
	Other *filing.Content
}

// Readers read labelled photos. What was read is kept beside the measurements, apart from what is made of it: a better parser is
// measured in seconds.
type Readers struct {
	bench     *Bench
	kept      string
	tesseract *Tesseract
}

// NewReaders loads the models of text. tesseract may be nil. The error is imaging.ErrNoReader where the models are not there.
func NewReaders(b *Bench, tesseract *Tesseract) (*Readers, error) {
	if err := b.analyzer.PrepareReading(); err != nil {
		return nil, err
	}
	return &Readers{bench: b, kept: b.measured + "-reading", tesseract: tesseract}, nil
}

// Run reads photos that a Bench has measured, on all cores, and tells what they are.
func (r *Readers) Run(ctx context.Context, photos []Photo, done func()) ([]Read, error) {
	reads := make([]Read, len(photos))
	cases := make([]specimen.Case, len(photos))
	for i := range photos {
		cases[i] = photos[i].Case
	}
	err := each(ctx, cases, done, func(ctx context.Context, i int) (err error) {
		reads[i], err = r.one(ctx, &photos[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	return reads, nil
}

func (r *Readers) one(ctx context.Context, p *Photo) (Read, error) {
	out := Read{Photo: *p}
	var err error
	if out.Says, err = p.Case.Says(); err != nil {
		return out, err
	}
	kept := filepath.Join(r.kept, filepath.FromSlash(p.Case.ID)+".json")
	if load(kept, &out.Reading) != nil {
		data, err := os.ReadFile(r.bench.FilePath(p.Case))
		if err != nil {
			return out, err
		}
		if out.Reading, err = r.bench.analyzer.Read(ctx, data, &p.Measurements); err != nil {
			return out, err
		}
		if err := keep(kept, out.Reading); err != nil {
			return out, err
		}
	}
	out.Content = document.InPhoto(out.Reading, &out.Measurements)
	if r.tesseract == nil || !Readable(p) {
		return out, nil
	}
	other, err := r.tesseract.read(ctx, r, &out)
	if err != nil {
		return out, err
	}
	content := document.InPhoto(other, &out.Measurements)
	out.Other = &content
	return out, nil
}

// Bounds of a readable photo beside those of Truth: the bands of the eyes' own bars, on the side on which nothing is wrong.
const (
	readableText  = 15    // pixels of the smallest text
	readableTilt  = 25    // degrees
	readableGlare = 0.002 // of the document
)

// Readable reports whether a photo shows one document that can be read by what is known of it: none of its defects is there, not
// even to a degree that nobody would be held to. Its smallest text is sharp (specimen.ReadableEdge) and at least 15 pixels high, it is
// rightly exposed, tilted by at most 25 degrees, whole within the frame, nothing covers it, less than 0.2 % is lost in a reflection,
// and it is no photo of a screen. Grey copies count, and every rotation.
func Readable(p *Photo) bool {
	t := &p.Truth
	legible, sharp := t.Legible()
	exposure, exposed := t.Exposed()
	return t.Kind != "" && p.Case.Template != "" && len(t.Documents) == 1 && legible && sharp && exposed && exposure == 0 &&
		t.TextHeightPx >= readableText && t.TiltDegrees <= readableTilt && t.OutsideMM == 0 && t.Occluded == 0 &&
		t.GlareShare < readableGlare && !t.Recapture
}

// ReadableOf draws cases and leaves those that show a readable document: a third of a half, which is what most bars of reading count.
func (b *Bench) ReadableOf(ctx context.Context, cases []specimen.Case, done func()) ([]specimen.Case, error) {
	readable := make([]bool, len(cases))
	err := each(ctx, cases, done, func(_ context.Context, i int) error {
		p := Photo{Case: cases[i]}
		_, err := b.draw(p.Case, &p.Truth)
		readable[i] = Readable(&p)
		return err
	})
	var chosen []specimen.Case
	for i, c := range cases {
		if readable[i] {
			chosen = append(chosen, c)
		}
	}
	return chosen, err
}

// trueKind is what a photo shows, in the words of the product.
func trueKind(p *Photo) filing.DetectedKind {
	front := func(k filing.DocumentKind) filing.DetectedKind {
		return filing.DetectedKind{Detected: k, Page: filing.PageFront}
	}
	back := func(k filing.DocumentKind) filing.DetectedKind {
		return filing.DetectedKind{Detected: k, Page: filing.PageBack}
	}
	switch p.Truth.Kind {
	case specimen.IDCardFront:
		return front(filing.DocumentIDCard)
	case specimen.IDCardBack:
		return back(filing.DocumentIDCard)
	case specimen.ResidencePermitFront:
		return front(filing.DocumentResidencePermit)
	case specimen.ResidencePermitBack:
		return back(filing.DocumentResidencePermit)
	case specimen.TravelPermit:
		return front(filing.DocumentTravelPermit)
	case specimen.Passport:
		return front(filing.DocumentPassport)
	case specimen.BusinessLicense, specimen.BusinessLicenseDuplicate:
		return front(filing.DocumentBusinessLicense)
	case specimen.AuthorizationLetter:
		return front(filing.DocumentAuthorizationLetter)
	case specimen.DomainCertificate:
		return front(filing.DocumentDomainCertificate)
	case specimen.PlainLetter, specimen.Institution:
		return front(filing.DocumentLetter)
	}
	return filing.DetectedKind{Detected: filing.DocumentUnknown}
}

// sure is the confidence from which a kind counts as said for certain.
const sure = 0.8

func same(a, b filing.DetectedKind) bool { return a.Detected == b.Detected && a.Page == b.Page }

// truth is what a field of a photo says, and the name that it is read under.
type truth struct {
	name  filing.FieldName
	value string
}

// untermed is the template of licences that print no term, as those since 2019 do that have none: what a unit's seed says of it is on no
// such photo.
const untermed = "license_upright"

// fieldBar is a bar of fields: which of them count on which document.
type fieldBar struct {
	name string
	goal float64
	of   func(r *Read) []truth
}

func fieldBars() []fieldBar {
	identity := func(r *Read) bool {
		switch r.Truth.Kind {
		case specimen.IDCardFront, specimen.IDCardBack, specimen.ResidencePermitFront, specimen.ResidencePermitBack, specimen.TravelPermit,
			specimen.Passport:
			return true
		}
		return false
	}
	license := func(r *Read) bool {
		return r.Truth.Kind == specimen.BusinessLicense || r.Truth.Kind == specimen.BusinessLicenseDuplicate
	}
	letter := func(r *Read) bool { return r.Truth.Kind == specimen.AuthorizationLetter }
	when := func(is bool, of ...truth) []truth {
		if !is {
			return nil
		}
		return of
	}
	return []fieldBar{
		{"ID number", 0.98, func(r *Read) []truth {
			return when(identity(r) || letter(r), truth{filing.FieldNumber, r.Says.Number})
		}},
		{"name of a person", 0.95, func(r *Read) []truth {
			return append(when(identity(r), truth{filing.FieldPerson, r.Says.Name}), when(letter(r), truth{filing.FieldAuthorized, r.Says.Principal})...)
		}},
		{"validity", 0.97, func(r *Read) []truth {
			return when(identity(r) || license(r) && r.Case.Template != untermed, truth{filing.FieldValidUntil, r.Says.ValidUntil})
		}},
		{"credit code", 0.97, func(r *Read) []truth {
			return when(license(r) || letter(r), truth{filing.FieldCreditCode, r.Says.CreditCode})
		}},
		{"name of a unit", 0.93, func(r *Read) []truth {
			return append(when(license(r) || letter(r), truth{filing.FieldUnit, r.Says.Company}),
				when(r.Truth.Kind == specimen.DomainCertificate, truth{filing.FieldHolder, r.Says.Holder})...)
		}},
		{"domain", 0.97, func(r *Read) []truth {
			return when(r.Truth.Kind == specimen.DomainCertificate, truth{filing.FieldDomain, r.Says.Domain})
		}},
	}
}

// furtherFields are those that no bar asks for; they inform.
func furtherFields() []fieldBar {
	single := func(name string, field filing.FieldName, of func(*Read) string) fieldBar {
		return fieldBar{name: name, of: func(r *Read) []truth { return []truth{{field, of(r)}} }}
	}
	return []fieldBar{
		single("birth date", filing.FieldBirth, func(r *Read) string { return r.Says.Birth }),
		single("sex", filing.FieldSex, func(r *Read) string { return r.Says.Sex }),
		single("address", filing.FieldAddress, func(r *Read) string { return r.Says.Address }),
		single("legal representative, printed", filing.FieldLegalRepresentative, func(r *Read) string {
			if r.Truth.Kind == specimen.AuthorizationLetter {
				return "" // signed by hand
			}
			return r.Says.LegalRepresentative
		}),
		single("date of a letter", filing.FieldSigned, func(r *Read) string { return r.Says.SignedOn }),
		single("title of a letter", filing.FieldTitle, func(r *Read) string {
			if k := trueKind(&r.Photo).Detected; k != filing.DocumentLetter && k != filing.DocumentAuthorizationLetter {
				return ""
			}
			return r.Says.Title
		}),
		single("unit of a letter", filing.FieldUnit, func(r *Read) string {
			if r.Truth.Kind != specimen.PlainLetter {
				return ""
			}
			return r.Says.Company
		}),
		single("expiry of a domain", filing.FieldExpires, func(r *Read) string { return r.Says.Expires }),
	}
}

// ReadingBars holds what was made of the readable photos of one set against every goal of reading.
func ReadingBars(reads []Read) []Bar {
	return append(readingBars(reads, ourContent, nil), judgingBars(reads, nil)...)
}

func ourContent(r *Read) filing.Content { return r.Content }

// OtherBars are the same for the other reader, on the photos that it read.
func OtherBars(reads []Read) []Bar {
	var asked []Read
	for i := range reads {
		if reads[i].Other != nil {
			asked = append(asked, reads[i])
		}
	}
	return readingBars(asked, func(r *Read) filing.Content { return *r.Other }, nil)
}

// wrongs collects what was wrong in words, by photo.
type wrongs map[string][]string

func (w wrongs) note(r *Read, format string, args ...any) {
	if w != nil {
		w[r.Case.ID] = append(w[r.Case.ID], fmt.Sprintf(format, args...))
	}
}

func readingBars(reads []Read, of func(*Read) filing.Content, noted wrongs) []Bar {
	right := counter{bar: Bar{Name: "kind and side, readable photos", Goal: 0.98, AtLeast: true}}
	certain := counter{bar: Bar{Name: "of the right ones, confidence >= " + number(sure), Goal: 0.9, AtLeast: true}}
	misled := counter{bar: Bar{Name: "kind or side wrong with confidence >= " + number(sure), Goal: 0.005}}
	turned := counter{bar: Bar{Name: "kind and side, turned by more than 45 degrees", AtLeast: true}}
	kinds := map[string]*counter{}
	var bars []Bar
	for i := range reads {
		r := &reads[i]
		if !Readable(&r.Photo) {
			continue
		}
		got, want := of(r).Kind, trueKind(&r.Photo)
		ok := same(got, want)
		right.add(&r.Photo, !ok, got.Confidence)
		misled.add(&r.Photo, !ok && got.Confidence >= sure, got.Confidence)
		if ok {
			certain.add(&r.Photo, got.Confidence < sure, -got.Confidence)
		} else {
			noted.note(r, "%s is taken for %s %s, confidence %.3f", r.Truth.Kind, got.Detected, got.Page, got.Confidence)
		}
		if a := turn(r.Truth.Documents[0]); math.Abs(a) > 45 {
			turned.add(&r.Photo, !ok, math.Abs(a))
		}
		name := string(r.Truth.Kind)
		if kinds[name] == nil {
			kinds[name] = &counter{bar: Bar{Name: "kind and side: " + name, AtLeast: true}}
		}
		kinds[name].add(&r.Photo, !ok, got.Confidence)
	}
	bars = append(bars, right.finish(), certain.finish(), misled.finish())
	for _, b := range fieldBars() {
		bars = append(bars, b.bar(reads, of, noted))
	}
	bars = append(bars, turned.finish())
	for _, name := range slices.Sorted(mapKeys(kinds)) {
		bars = append(bars, kinds[name].finish())
	}
	for _, b := range furtherFields() {
		if bar := b.bar(reads, of, noted); bar.N > 0 {
			bars = append(bars, bar)
		}
	}
	return append(bars, otherScenes(reads, of, noted)...)
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// turn is by how many degrees, -180 to 180, the upper edge of a document is turned from level in the upright picture.
func turn(q [4]filing.Point) float64 {
	return math.Atan2(q[1][1]-q[0][1], q[1][0]-q[0][0]) * 180 / math.Pi
}

// bar counts the fields of the readable photos, each exact or wrong.
func (b fieldBar) bar(reads []Read, of func(*Read) filing.Content, noted wrongs) Bar {
	c := counter{bar: Bar{Name: b.name + ", exact", Goal: b.goal, AtLeast: true}}
	for i := range reads {
		r := &reads[i]
		if !Readable(&r.Photo) {
			continue
		}
		for _, t := range b.of(r) {
			if t.value == "" {
				continue
			}
			f, found := of(r).Field(t.name)
			c.add(&r.Photo, f.Value != t.value, f.Confidence)
			switch {
			case !found:
				noted.note(r, "%s %q is not found", t.name, t.value)
			case f.Value != t.value:
				noted.note(r, "%s %q is read %q (%q, confidence %.3f)", t.name, t.value, f.Value, f.Text, f.Confidence)
			}
		}
	}
	return c.finish()
}

// otherScenes are photos that are no readable document: what must not be taken for one, and what is more than one. They inform.
func otherScenes(reads []Read, of func(*Read) filing.Content, noted wrongs) []Bar {
	none := counter{bar: Bar{Name: "no document: taken for one with confidence >= " + number(sure)}}
	unclear := counter{bar: Bar{Name: "unreadable: kind or side wrong with confidence >= " + number(sure)}}
	several := counter{bar: Bar{Name: "several documents, told as a composite", AtLeast: true}}
	person := counter{bar: Bar{Name: "a person with a card, told as handheld", AtLeast: true}}
	for i := range reads {
		r := &reads[i]
		got := of(r).Kind
		held := slices.ContainsFunc(r.Truth.Faces, func(f specimen.Face) bool { return f.Real && !f.Covered })
		switch {
		case r.Case.Group == specimen.GroupFace && held && len(r.Truth.Documents) > 0:
			person.add(&r.Photo, got.Detected != filing.DocumentHandheld, got.Confidence)
		case r.Case.Group == specimen.GroupFace && len(r.Truth.Documents) == 0, r.Truth.Kind == "" && r.Case.Group == specimen.GroupNoDocument:
			bad := got.Detected != filing.DocumentUnknown && got.Confidence >= sure
			none.add(&r.Photo, bad, got.Confidence)
			if bad {
				noted.note(r, "no document, but %s %s of confidence %.3f", got.Detected, got.Page, got.Confidence)
			}
		case len(r.Truth.Documents) > 1:
			several.add(&r.Photo, got.Detected != filing.DocumentComposite, got.Confidence)
			if got.Detected != filing.DocumentComposite {
				noted.note(r, "several documents, but %s %s of confidence %.3f", got.Detected, got.Page, got.Confidence)
			}
		case r.Case.Template != "" && !Readable(&r.Photo):
			bad := !same(got, trueKind(&r.Photo)) && got.Detected != filing.DocumentUnknown && got.Confidence >= sure
			unclear.add(&r.Photo, bad, got.Confidence)
			if bad {
				noted.note(r, "%s, unreadable, is taken for %s %s, confidence %.3f", r.Truth.Kind, got.Detected, got.Page, got.Confidence)
			}
		}
	}
	var bars []Bar
	for _, c := range []counter{unclear, none, several, person} {
		if c.bar.N > 0 {
			bars = append(bars, c.finish())
		}
	}
	return bars
}

// KindReliability groups the confidences of kinds of readable photos by tenths, and says how many in each are right; far is the mean
// distance between said and right.
func KindReliability(reads []Read) (bins []Reliable, far float64) {
	bins = make([]Reliable, 10)
	n := 0
	for i := range bins {
		bins[i].From, bins[i].To = float64(i)/10, float64(i+1)/10
	}
	for i := range reads {
		r := &reads[i]
		if !Readable(&r.Photo) {
			continue
		}
		c := r.Content.Kind.Confidence
		b := &bins[min(int(c*10), 9)]
		b.N++
		b.Said += c
		if same(r.Content.Kind, trueKind(&r.Photo)) {
			b.Right++
		}
		n++
	}
	for i := range bins {
		if b := &bins[i]; b.N > 0 {
			b.Said /= float64(b.N)
			far += math.Abs(b.Said-float64(b.Right)/float64(b.N)) * float64(b.N) / float64(n)
		}
	}
	return bins, far
}

// ReportReading prints what reading says of photos of one set.
func ReportReading(w io.Writer, reads []Read) {
	var rows [][]string
	met, goals, readable := 0, 0, 0
	for i := range reads {
		if Readable(&reads[i].Photo) {
			readable++
		}
	}
	for _, b := range ReadingBars(reads) {
		rows = append(rows, b.cells())
		if b.Informs() {
			continue
		}
		if goals++; b.Met() {
			met++
		}
	}
	fmt.Fprintf(w, "%d photos, %d of them readable; %d of %d bars of reading met.\n\n", len(reads), readable, met, goals)
	table(w, []string{"bar", "counted", "wrong", "rate", "95 %", "goal", ""}, rows)
	bins, far := KindReliability(reads)
	fmt.Fprintf(w, "Confidence of kind and side, and how many are right. Mean distance: %s.\n\n", percent(far))
	rows = nil
	for _, b := range bins {
		if b.N > 0 {
			lower, upper := Wilson(b.Right, b.N)
			rows = append(rows, []string{
				fmt.Sprintf("%.1f to %.1f", b.From, b.To), strconv.Itoa(b.N), percent(b.Said), percent(float64(b.Right) / float64(b.N)),
				percent(lower) + " to " + percent(upper),
			})
		}
	}
	table(w, []string{"confidence", "photos", "said", "right", "95 %"}, rows)
	reportOther(w, reads)
}

// reportOther prints both readers on the photos that both have read.
func reportOther(w io.Writer, reads []Read) {
	theirs := OtherBars(reads)
	var asked []Read
	for i := range reads {
		if reads[i].Other != nil {
			asked = append(asked, reads[i])
		}
	}
	if len(asked) == 0 {
		return
	}
	ours := readingBars(asked, ourContent, nil)
	show := func(b Bar) string {
		if b.N == 0 {
			return "none"
		}
		return percent(b.Value)
	}
	var rows [][]string
	for i, b := range ours {
		if i < len(theirs) && theirs[i].Name == b.Name && b.N > 0 {
			rows = append(rows, []string{b.Name, strconv.Itoa(b.N), show(b), show(theirs[i])})
		}
	}
	fmt.Fprintf(w, "The same %d photos through Debian's tesseract with chi_sim, which was handed the page straightened and the right way up:\n\n", len(asked))
	table(w, []string{"", "counted", "Preflight", "tesseract"}, rows)
}

// WorstReading prints what was wrong, photo by photo.
func WorstReading(w io.Writer, reads []Read) {
	noted := wrongs{}
	readingBars(reads, ourContent, noted)
	judgingBars(reads, noted)
	for i := range reads {
		if said := noted[reads[i].Case.ID]; len(said) > 0 {
			fmt.Fprintf(w, "%s (%s):\n  %s\n", reads[i].Case.ID, cmp.Or(reads[i].Case.Template, "-"), strings.Join(said, "\n  "))
		}
	}
}
