package filing

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ReasonFact is one fact by which a clause fires, at its place, with its value.
type ReasonFact struct {
	Ref   Ref
	Value Value
}

// Path returns the fact's name with its indexes.
func (f ReasonFact) Path() string { return f.Ref.Path() }

// Any returns the value as JSON has it: string, bool or int.
func (f ReasonFact) Any() any { return f.Ref.Fact.Any(f.Value) }

// ReasonFacts are the facts by which a clause fires, in the order of their paths. In JSON they are an object, each path
// with its value. It is a list because an outcome holds some forty of them: a map of each would cost more than judging.
type ReasonFacts []ReasonFact

// Insert adds a fact where its path belongs; one that is there already is not added again.
func (f ReasonFacts) Insert(fact ReasonFact) ReasonFacts { return f.InsertAfter(0, fact) }

// InsertAfter is Insert into the part of the list that begins at position from.
func (f ReasonFacts) InsertAfter(from int, fact ReasonFact) ReasonFacts {
	i := len(f)
	for ; i > from; i-- {
		order := f[i-1].Ref.comparePath(fact.Ref)
		if order == 0 {
			return f
		}
		if order < 0 {
			break
		}
	}
	f = append(f, fact)
	if i < len(f)-1 {
		copy(f[i+1:], f[i:])
		f[i] = fact
	}
	return f
}

// comparePath orders places as their paths are ordered.
func (r Ref) comparePath(o Ref) int {
	if r.Fact.List() == ListNone || o.Fact.List() == ListNone {
		return cmp.Compare(pathRank[r.Fact], pathRank[o.Fact])
	}
	if r.Site == o.Site && r.Item == o.Item && r.Fact.List() == o.Fact.List() {
		return cmp.Compare(pathRank[r.Fact], pathRank[o.Fact])
	}
	var a, b [64]byte
	return bytes.Compare(r.appendPath(a[:0]), o.appendPath(b[:0]))
}

// pathRank is the place of each fact when they are ordered by their paths.
var pathRank = func() (rank [NumFacts]uint8) {
	order := make([]Fact, NumFacts)
	for i := range order {
		order[i] = Fact(i)
	}
	sort.Slice(order, func(i, j int) bool { return order[i].Path() < order[j].Path() })
	for i, f := range order {
		rank[f] = uint8(i)
	}
	return rank
}()

// MarshalJSON prints an object of paths and values, in the order of the paths.
func (f ReasonFacts) MarshalJSON() ([]byte, error) { return f.appendJSON(nil), nil }

func (f ReasonFacts) appendJSON(b []byte) []byte {
	if f == nil {
		return append(b, "null"...)
	}
	b = append(b, '{')
	for i := range f {
		if i > 0 {
			b = append(b, ',')
		}
		b = f[i].Ref.appendPath(append(b, '"'))
		b = appendValue(append(b, '"', ':'), f[i].Ref.Fact, f[i].Value)
	}
	return append(b, '}')
}

// UnmarshalJSON reads what MarshalJSON prints. Errors are FactErrors, as those of ParseFacts.
func (f *ReasonFacts) UnmarshalJSON(text []byte) error {
	s := scanner{text: text}
	s.space()
	if s.peek() == 'n' {
		*f = nil
		return nil
	}
	var p factParser
	list := ReasonFacts{}
	if !s.accept('{') {
		p.wrongShape("", "{}")
		return p.errs
	}
	for n := 0; s.err == ""; n++ {
		s.space()
		if s.peek() == '}' {
			break
		}
		if n > 0 && !s.accept(',') {
			break
		}
		s.space()
		path, _ := s.string()
		s.space()
		s.accept(':')
		s.space()
		ref, ok := ParsePath(string(path))
		if !ok {
			p.unknown(printable(path), factsObject)
		}
		if v, known := p.value(ref, s.scalar()); ok && known {
			list = append(list, ReasonFact{ref, v})
		}
	}
	if s.err != "" {
		p.syntax(s.pos)
	}
	if len(p.errs) > 0 {
		return p.errs
	}
	slices.SortFunc(list, func(a, b ReasonFact) int { return a.Ref.comparePath(b.Ref) })
	*f = list
	return nil
}

// errIndex: an index is a whole number from 0 to MaxListItems-1, with no zero before it.
var errIndex = errors.New("bad index")

// ParsePath reads a fact's name with its indexes, as Ref.Path gives it. It reports false for anything else.
func ParsePath(path string) (Ref, bool) {
	var ref Ref
	var name strings.Builder
	indexes := 0
	for rest := path; ; {
		before, after, found := strings.Cut(rest, "[")
		name.WriteString(before)
		if !found {
			break
		}
		digits, tail, closed := strings.Cut(after, "]")
		n, err := strconv.ParseInt(digits, 10, 32)
		if err == nil && (n < 0 || n >= MaxListItems || strconv.FormatInt(n, 10) != digits) {
			err = errIndex
		}
		if err != nil || !closed || indexes > 1 {
			return Ref{}, false
		}
		if indexes == 0 && !strings.HasPrefix(path, "uploads[") {
			ref.Site = int32(n)
		} else {
			ref.Item = int32(n)
		}
		indexes++
		name.WriteString("[]")
		rest = tail
	}
	var ok bool
	ref.Fact, ok = FactOf(name.String())
	return ref, ok
}

// AppendJSON appends the outcome as encoding/json prints it with SetEscapeHTML(false), some ten times as fast.
func (o *Outcome) AppendJSON(b []byte) []byte {
	b = appendString(append(b, `{"rules":`...), o.Rules)
	b = appendString(append(b, `,"as_of":`...), o.AsOf)
	b = appendRequirements(append(b, `,"required":`...), o.Required)
	b = appendRequirements(append(b, `,"blockers":`...), o.Blockers)
	b = appendRequirements(append(b, `,"notices":`...), o.Notices)
	b = append(b, `,"undecided":`...)
	b = appendList(b, o.Undecided, func(b []byte, u *Undecided) []byte {
		b = appendStrings(append(b, `{"clauses":`...), u.Clauses)
		return append(appendStrings(append(b, `,"facts":`...), u.Facts), '}')
	})
	return append(appendStrings(append(b, `,"ask":`...), o.Ask), '}')
}

func appendRequirements(b []byte, list []Requirement) []byte {
	return appendList(b, list, appendRequirement)
}

func appendRequirement(b []byte, r *Requirement) []byte {
	b = append(b, '{')
	member := func(name, value string) {
		if value != "" {
			b = appendString(appendName(b, name), value)
		}
	}
	member("material", r.Material)
	if len(r.AnyOf) > 0 {
		b = appendStrings(appendName(b, "any_of"), r.AnyOf)
	}
	member("code", r.Code)
	member("of", r.Of)
	b = appendStrings(appendName(b, "clauses"), r.Clauses)
	b = appendList(append(b, `,"why":`...), r.Why, func(b []byte, w *Reason) []byte {
		b = appendString(append(b, `{"clause":`...), w.Clause)
		return append(w.Facts.appendJSON(append(b, `,"facts":`...)), '}')
	})
	if r.Provisional {
		b = append(b, `,"provisional":true`...)
	}
	return append(b, '}')
}

func appendStrings(b []byte, list []string) []byte {
	return appendList(b, list, func(b []byte, s *string) []byte { return appendString(b, *s) })
}

// appendList appends a list as encoding/json does: null where there is none.
func appendList[T any](b []byte, list []T, item func([]byte, *T) []byte) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = item(b, &list[i])
	}
	return append(b, ']')
}

// appendString quotes a text as encoding/json does with SetEscapeHTML(false).
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\b':
				b = append(b, '\\', 'b')
			case '\f':
				b = append(b, '\\', 'f')
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, s[start:i]...), `\ufffd`...)
		case r == '\u2028' || r == '\u2029': // JavaScript's ends of lines
			b = append(append(b, s[start:i]...), '\\', 'u', '2', '0', '2', hex[r&15])
		default:
			i += size
			continue
		}
		i += size
		start = i
	}
	return append(append(b, s[start:]...), '"')
}
