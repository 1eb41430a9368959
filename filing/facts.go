package filing

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kind is the type of a fact's value.
type Kind uint8

// The kinds of the vocabulary's facts.
const (
	KindText           Kind = iota // words
	KindBool                       // true or false
	KindInt                        // a whole number from 0 to MaxInt
	KindDate                       // a day, ISO 8601
	KindDateOrLongTerm             // a day or long_term
	KindEnum                       // one of the values that the vocabulary lists
	KindProvince                   // the two-letter code of a province-level region
)

// Limits of a set of facts: beyond them parsing refuses instead of trying.
const (
	// MaxFactsBytes is the largest text that is parsed: 1 MiB.
	MaxFactsBytes = 1 << 20
	// MaxListItems is the greatest length of one list, and of all domains of all sites together.
	MaxListItems = 2000
	// MaxTextBytes is the longest text of one fact, in bytes of UTF-8.
	MaxTextBytes = 10_000
	// MaxInt is the greatest whole number.
	MaxInt = 1_000_000_000
	// maxDepth is how deep objects and lists may be nested where they are not the vocabulary's.
	maxDepth = 32
	// maxFactErrors is how many errors are reported; what follows is not listed.
	maxFactErrors = 50
)

type factSpec struct {
	path   string
	kind   Kind
	values []string
}

// Path returns the fact's name in the vocabulary, such as principal.birth_date or sites[].domains[].expires.
func (f Fact) Path() string { return factTable[f].path }

// Kind returns the type of the fact's value.
func (f Fact) Kind() Kind { return factTable[f].kind }

// Values lists what the fact may be, in the vocabulary's order: a code's position is its number in Value.Num. It is nil
// where the fact is neither an enum nor a province, and must not be changed.
func (f Fact) Values() []string { return factTable[f].values }

// List says in which list the fact stands.
func (f Fact) List() List {
	switch {
	case f >= FactSiteName && f <= FactSiteBusinessContent:
		return ListSites
	case f >= FactPreapprovalCategory && f <= FactPreapprovalUnrelated:
		return ListPreapprovals
	case f >= FactDomainName && f <= FactDomainFiled:
		return ListDomains
	case f >= FactUploadMaterial && f <= FactUploadSizeKB:
		return ListUploads
	default:
		return ListNone
	}
}

// FactOf returns the fact of that name in the vocabulary.
func FactOf(path string) (Fact, bool) {
	for f, spec := range factTable {
		if spec.path == path {
			return Fact(f), true
		}
	}
	return 0, false
}

// Provinces lists the codes of the 31 province-level regions, in the vocabulary's order.
func Provinces() []string { return append([]string(nil), provinceCodes...) }

// List is a list of the vocabulary (列表).
type List uint8

// The vocabulary's lists. ListNone: the fact is one of the filing as a whole.
const (
	ListNone         List = iota
	ListSites             // sites[]
	ListPreapprovals      // sites[].preapprovals[]
	ListDomains           // sites[].domains[]
	ListUploads           // uploads[]
)

// Path returns the list's name with [] for each index.
func (l List) Path() string {
	return [...]string{"", "sites[]", "sites[].preapprovals[]", "sites[].domains[]", "uploads[]"}[l]
}

// Value is one fact's value. The zero Value is unknown.
type Value struct {
	// Text is the value of a KindText.
	Text string
	// Num is 0 or 1 for a bool, the number itself for an int, a Date for a date, and the position in Fact.Values for an
	// enum or a province.
	Num int32
	// Known: a fact that is absent is unknown, never false.
	Known bool
}

// Date returns the value of a date.
func (v Value) Date() Date { return Date(v.Num) }

// Ref names one fact of one set of facts: which, and where in its lists. Site and Item are 0 where the fact has none.
type Ref struct {
	Fact Fact
	Site int32
	// Item is the index of the domain, preapproval or upload.
	Item int32
}

// Path returns the fact's name with its indexes, such as sites[0].domains[1].expires.
func (r Ref) Path() string {
	if r.Fact.List() == ListNone {
		return r.Fact.Path()
	}
	return string(r.appendPath(make([]byte, 0, 64)))
}

func (r Ref) appendPath(b []byte) []byte {
	path := r.Fact.Path()
	if r.Fact.List() == ListNone {
		return append(b, path...)
	}
	index := r.Site
	if r.Fact.List() == ListUploads {
		index = r.Item
	}
	for {
		i := strings.IndexByte(path, '[')
		if i < 0 {
			return append(b, path...)
		}
		b = strconv.AppendInt(append(b, path[:i+1]...), int64(index), 10)
		path, index = path[i+1:], r.Item
	}
}

// Facts is one set of facts about a filing, each known or unknown. The zero Facts knows nothing.
type Facts struct {
	scalars [NumFacts]Value
	sites   []site
	uploads []upload
	// a list that is given is complete, an empty one included
	hasSites, hasUploads bool
}

type site struct {
	values                     [FactSiteBusinessContent - FactSiteName + 1]Value
	preapprovals               []preapproval
	domains                    []domain
	hasPreapprovals, hasDomain bool
}

type (
	preapproval [FactPreapprovalUnrelated - FactPreapprovalCategory + 1]Value
	domain      [FactDomainFiled - FactDomainName + 1]Value
	upload      [FactUploadSizeKB - FactUploadMaterial + 1]Value
)

// Get returns the value of a fact of the filing as a whole.
func (f *Facts) Get(fact Fact) Value { return f.scalars[fact] }

// At returns the fact's value at its place; unknown where the list is shorter.
func (f *Facts) At(r Ref) Value {
	if p := f.place(r); p != nil {
		return *p
	}
	return Value{}
}

func (f *Facts) place(r Ref) *Value {
	list := r.Fact.List()
	switch list {
	case ListNone:
		return &f.scalars[r.Fact]
	case ListUploads:
		if int(r.Item) < len(f.uploads) {
			return &f.uploads[r.Item][r.Fact-FactUploadMaterial]
		}
		return nil
	}
	if int(r.Site) >= len(f.sites) {
		return nil
	}
	s := &f.sites[r.Site]
	switch {
	case list == ListSites:
		return &s.values[r.Fact-FactSiteName]
	case list == ListPreapprovals && int(r.Item) < len(s.preapprovals):
		return &s.preapprovals[r.Item][r.Fact-FactPreapprovalCategory]
	case list == ListDomains && int(r.Item) < len(s.domains):
		return &s.domains[r.Item][r.Fact-FactDomainName]
	}
	return nil
}

// Set gives the fact a value, or takes it away where the value is not Known. A list that is too short is made long
// enough, its new items knowing nothing, and is known from then on. The value is not checked against Fact.Values.
func (f *Facts) Set(r Ref, v Value) {
	switch list := r.Fact.List(); list {
	case ListUploads:
		f.SetLen(list, 0, max(len(f.uploads), int(r.Item)+1))
	case ListSites:
		f.SetLen(list, 0, max(len(f.sites), int(r.Site)+1))
	case ListPreapprovals, ListDomains:
		f.SetLen(ListSites, 0, max(len(f.sites), int(r.Site)+1))
		n, _ := f.Len(list, int(r.Site))
		f.SetLen(list, int(r.Site), max(n, int(r.Item)+1))
	}
	*f.place(r) = v
}

// Len returns the length of a list (of that site, for the lists within a site) and whether the list is known.
func (f *Facts) Len(list List, site int) (n int, known bool) {
	switch list {
	case ListSites:
		return len(f.sites), f.hasSites
	case ListUploads:
		return len(f.uploads), f.hasUploads
	}
	if site >= len(f.sites) {
		return 0, false
	}
	s := &f.sites[site]
	if list == ListPreapprovals {
		return len(s.preapprovals), s.hasPreapprovals
	}
	return len(s.domains), s.hasDomain
}

// SetLen makes a list known and n long: what is beyond is cut off, what is new knows nothing. A negative n makes the
// list unknown.
func (f *Facts) SetLen(list List, at, n int) {
	known := n >= 0
	n = max(n, 0)
	switch list {
	case ListSites:
		f.sites, f.hasSites = resize(f.sites, n), known
	case ListUploads:
		f.uploads, f.hasUploads = resize(f.uploads, n), known
	case ListPreapprovals:
		f.sites[at].preapprovals, f.sites[at].hasPreapprovals = resize(f.sites[at].preapprovals, n), known
	case ListDomains:
		f.sites[at].domains, f.sites[at].hasDomain = resize(f.sites[at].domains, n), known
	}
}

func resize[T any](list []T, n int) []T {
	if n <= len(list) {
		return list[:n:n]
	}
	if n == len(list)+1 {
		var empty T
		return append(list, empty)
	}
	return append(list, make([]T, n-len(list))...)
}

// Clone returns a copy that shares nothing with the original.
func (f *Facts) Clone() *Facts {
	c := *f
	c.sites = append([]site(nil), f.sites...)
	for i := range c.sites {
		c.sites[i].preapprovals = append([]preapproval(nil), c.sites[i].preapprovals...)
		c.sites[i].domains = append([]domain(nil), c.sites[i].domains...)
	}
	c.uploads = append([]upload(nil), f.uploads...)
	return &c
}

// Text returns the words of a text fact of the filing as a whole, the code of an enum or province, the day of a date,
// "true" or "false", or a number; "" where it is unknown.
func (f *Facts) Text(fact Fact) string { return f.TextAt(Ref{Fact: fact}) }

// TextAt is Text for a fact anywhere.
func (f *Facts) TextAt(r Ref) string {
	switch v := r.Fact.Any(f.At(r)).(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

// Any returns the value as JSON has it: string, bool or int; nil where it is unknown.
func (f Fact) Any(v Value) any {
	if !v.Known {
		return nil
	}
	switch f.Kind() {
	case KindText:
		return v.Text
	case KindBool:
		return v.Num != 0
	case KindInt:
		return int(v.Num)
	case KindEnum, KindProvince:
		return boxedValues[f][v.Num]
	default:
		return v.Date().String()
	}
}

// boxedValues holds the enum codes as interfaces, so that explaining an outcome need not allocate them.
var boxedValues = func() (boxed [NumFacts][]any) {
	for f, spec := range factTable {
		for _, v := range spec.values {
			boxed[f] = append(boxed[f], v)
		}
	}
	return boxed
}()

// ErrFacts is what every error about the content of facts is, for errors.Is.
var ErrFacts = errors.New("bad facts")

// Codes of a FactError.
const (
	FactErrorSyntax      = "syntax"        // the text is no JSON or YAML
	FactErrorTooLarge    = "too_large"     // more bytes, items, or digits than allowed
	FactErrorTooDeep     = "too_deep"      // nested deeper than any fact
	FactErrorUnknown     = "unknown_fact"  // the vocabulary has no such fact
	FactErrorDuplicate   = "duplicate"     // the name is given twice in one object
	FactErrorWrongType   = "wrong_type"    // a value of another type
	FactErrorNotAllowed  = "not_allowed"   // outside the enum
	FactErrorBadDate     = "bad_date"      // no day of the calendar
	FactErrorTooManyErrs = "too_many_errs" // the list of errors ends here
)

// FactError says what is wrong with one fact and what is allowed. It never holds a fact's value unless the fact is of
// an enum: values are personal data.
type FactError struct {
	// Path is the fact's name with its indexes, "" for the text as a whole.
	Path string `json:"path"`
	// Code is one of the FactError constants.
	Code string `json:"code"`
	// Problem says what is wrong.
	Problem Text `json:"problem"`
	// Allowed says what is allowed in its place.
	Allowed Text `json:"allowed"`
	// Values lists the allowed codes where the fact is of an enum or a province.
	Values []string `json:"values,omitempty"`
}

// Error returns the English sentence.
func (e FactError) Error() string {
	path := e.Path
	if path == "" {
		path = "facts"
	}
	return fmt.Sprintf("%s: %s; %s", path, e.Problem.EN, e.Allowed.EN)
}

// Is reports whether the target is ErrFacts.
func (e FactError) Is(target error) bool { return target == ErrFacts }

// FactErrors is everything that is wrong with one set of facts, in the order of the text.
type FactErrors []FactError

// Error joins the sentences.
func (e FactErrors) Error() string {
	joined := errors.Join(e.Unwrap()...)
	if joined == nil {
		return ErrFacts.Error()
	}
	return joined.Error()
}

// Unwrap returns the errors one by one.
func (e FactErrors) Unwrap() []error {
	list := make([]error, len(e))
	for i := range e {
		list[i] = e[i]
	}
	return list
}

// MarshalJSON prints what is known, and nothing else, in the vocabulary's order: the same facts give the same bytes.
func (f *Facts) MarshalJSON() ([]byte, error) { return f.AppendJSON(make([]byte, 0, 1024)), nil }

// UnmarshalJSON is ParseFacts for a Facts that stands in a larger document.
func (f *Facts) UnmarshalJSON(text []byte) error {
	parsed, err := ParseFacts(text)
	if err != nil {
		return err
	}
	*f = *parsed
	return nil
}

// AppendJSON appends the canonical JSON of the facts.
func (f *Facts) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	group := "" // the object that is open
	for fact := Fact(0); fact < NumFacts; {
		list := fact.List()
		if list == ListSites || list == ListUploads {
			b = closeGroup(b, &group)
			if list == ListSites {
				b, fact = f.appendSites(b), FactDomainFiled+1
			} else {
				b, fact = f.appendUploads(b), FactUploadSizeKB+1
			}
			continue
		}
		if v := f.scalars[fact]; v.Known {
			in, name := splitPath(fact.Path())
			if in != group {
				b = closeGroup(b, &group)
				if in != "" {
					b = append(appendName(b, in), '{')
					group = in
				}
			}
			b = appendValue(appendName(b, name), fact, v)
		}
		fact++
	}
	return append(closeGroup(b, &group), '}')
}

func splitPath(path string) (group, name string) {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '.' {
			return path[:i], path[i+1:]
		}
	}
	return "", path
}

func closeGroup(b []byte, group *string) []byte {
	if *group != "" {
		b = append(b, '}')
	}
	*group = ""
	return b
}

// appendName appends a comma where the object has something already, and the name.
func appendName(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(append(b, '"'), name...)
	return append(b, '"', ':')
}

func appendValue(b []byte, fact Fact, v Value) []byte {
	switch fact.Kind() {
	case KindText:
		return appendString(b, v.Text)
	case KindBool:
		return strconv.AppendBool(b, v.Num != 0)
	case KindInt:
		return strconv.AppendInt(b, int64(v.Num), 10)
	case KindEnum, KindProvince:
		return append(append(append(b, '"'), fact.Values()[v.Num]...), '"')
	default:
		return append(v.Date().append(append(b, '"')), '"')
	}
}

func (f *Facts) appendSites(b []byte) []byte {
	if !f.hasSites {
		return b
	}
	b = append(appendName(b, "sites"), '[')
	for i := range f.sites {
		s := &f.sites[i]
		b = append(appendComma(b), '{')
		b = appendRecord(b, FactSiteName, s.values[:])
		if s.hasPreapprovals {
			b = append(appendName(b, "preapprovals"), '[')
			for j := range s.preapprovals {
				b = append(appendRecord(append(appendComma(b), '{'), FactPreapprovalCategory, s.preapprovals[j][:]), '}')
			}
			b = append(b, ']')
		}
		if s.hasDomain {
			b = append(appendName(b, "domains"), '[')
			for j := range s.domains {
				b = append(appendRecord(append(appendComma(b), '{'), FactDomainName, s.domains[j][:]), '}')
			}
			b = append(b, ']')
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func (f *Facts) appendUploads(b []byte) []byte {
	if !f.hasUploads {
		return b
	}
	b = append(appendName(b, "uploads"), '[')
	for i := range f.uploads {
		b = append(appendRecord(append(appendComma(b), '{'), FactUploadMaterial, f.uploads[i][:]), '}')
	}
	return append(b, ']')
}

func appendComma(b []byte) []byte {
	if b[len(b)-1] != '[' {
		b = append(b, ',')
	}
	return b
}

func appendRecord(b []byte, first Fact, values []Value) []byte {
	for i, v := range values {
		if v.Known {
			fact := first + Fact(i)
			_, name := splitPath(fact.Path())
			b = appendValue(appendName(b, name), fact, v)
		}
	}
	return b
}
