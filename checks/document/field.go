package document

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/preflight-icp/preflight/filing"
)

// entry is a field of a kind of document: the labels that it is printed beside, and what its text is to become.
type entry struct {
	name filing.FieldName
	// labels are as they are printed, without spaces; the longest that fits counts.
	labels []string
	// under: the value stands under its label, not to its right.
	under bool
	// more is how many further lines it may take.
	more int
	// parse brings the parts of a value to its form; false where they are none of it.
	parse func(*sheet, []part) (filing.Field, bool)
	// alone: what has this form is the field even where no label is found.
	alone bool
	// form is how a line looks that is the field where its label was not read; nil where nothing tells it from others.
	form *regexp.Regexp
	// whole is how a value looks that goes on in another line with a branch at most (分公司); nil where nothing tells it.
	whole *regexp.Regexp
}

// fields reads the fields of a kind, of whose document the title stands where it is said.
func (s *sheet) fields(kind filing.DetectedKind, title *part) []filing.Field {
	entries := entriesOf(kind)
	if kind.Detected == filing.DocumentLetter && s.certifiesUnit(title) {
		entries = certified()
	}
	labels := make([][]rune, 0, 2*len(entries))
	for _, e := range entries {
		for _, l := range e.labels {
			labels = append(labels, folded(l))
		}
	}
	var out []filing.Field
	add := func(f filing.Field) {
		if !slices.ContainsFunc(out, func(o filing.Field) bool { return o.Name == f.Name }) {
			out = append(out, f)
		}
	}
	if kind.Detected == filing.DocumentAuthorizationLetter {
		// What the sentences say is printed; what stands beside a label may be written by hand.
		for _, f := range s.prose(kind) {
			add(f)
		}
	}
	for _, e := range entries {
		fields := s.labelled(e, labels)
		if len(fields) == 0 && (e.alone || e.form != nil) {
			fields = s.unlabelled(e, labels)
		}
		for _, f := range fields {
			add(f)
		}
	}
	for _, f := range s.prose(kind) {
		add(f)
	}
	switch kind.Detected {
	case filing.DocumentPassport:
		out = withZone(out, s.machineZone())
	case filing.DocumentLetter:
		if f, ok := s.letterUnit(); ok {
			f.Name = filing.FieldUnit
			add(f)
		}
	}
	switch kind.Detected {
	case filing.DocumentLetter, filing.DocumentAuthorizationLetter:
		if f, ok := s.signature(); ok {
			add(f)
		}
		add(s.seal())
	}
	return out
}

// labelled reads a field beside its label. A period becomes two fields.
func (s *sheet) labelled(e entry, labels [][]rune) []filing.Field {
	for _, at := range s.findLabel(e.labels) {
		if s.anothers(at, e, labels) {
			continue
		}
		parts := s.value(e, at, labels)
		if len(parts) == 0 {
			continue
		}
		f, ok := e.parse(s, parts)
		if !ok {
			continue
		}
		f.Name = e.name
		if f.Name == filing.FieldValidUntil {
			return period(f)
		}
		return []filing.Field{f}
	}
	return nil
}

// anothers reports whether what was taken for a label with a slip in it is without one a label of another field: 注册人 is not 注册商.
func (s *sheet) anothers(at part, e entry, labels [][]rune) bool {
	runes := s.lines[at.line].runes[at.from:]
	stands := func(label []rune) bool { return len(runes) >= len(label) && slices.Equal(runes[:len(label)], label) }
	return !slices.ContainsFunc(e.labels, func(l string) bool { return stands(folded(l)) }) && slices.ContainsFunc(labels, stands)
}

// unlabelled looks for a field by its form alone, line by line.
func (s *sheet) unlabelled(e entry, labels [][]rune) []filing.Field {
	for i, l := range s.lines {
		if e.form != nil && !e.form.MatchString(string(l.runes)) {
			continue
		}
		parts := []part{{i, 0, len(l.runes)}}
		if e.form != nil {
			parts = s.goesOn(parts, e, labels)
		}
		if f, ok := e.parse(s, parts); ok && f.Value != "" {
			f.Name = e.name
			if f.Name == filing.FieldValidUntil {
				return period(f)
			}
			return []filing.Field{f}
		}
	}
	return nil
}

// findLabel returns where one of some labels stands, the best first: fewer slips, then longer.
func (s *sheet) findLabel(labels []string) []part {
	type candidate struct {
		part
		wrong, length int
	}
	var found []candidate
	for _, text := range labels {
		label := folded(text)
		for i, l := range s.lines {
			for _, from := range s.starts(i) {
				if wrong, end := distance(label, l.runes, from); wrong <= slips(len(label)) {
					found = append(found, candidate{part{i, from, end}, wrong, len(label)})
				}
			}
			// 名 称, set so wide that it was read as two, or that one of the two was lost.
			if len(label) == 2 && len(l.runes) == 1 && l.runes[0] == label[0] {
				next := s.right(l.box, i)
				switch {
				case next >= 0 && s.lines[next].runes[0] == label[1] && s.lines[next].x0-l.x1 < 5*l.height():
					found = append(found, candidate{part{next, 0, 1}, 0, 2})
				case next >= 0:
					found = append(found, candidate{part{i, 0, 1}, 1, 2})
				}
			}
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		if d := a.wrong*8 - a.length - (b.wrong*8 - b.length); d != 0 {
			return d
		}
		return a.line - b.line
	})
	out := make([]part, len(found))
	for i, f := range found {
		out[i] = f.part
	}
	return out
}

// starts are where a label may begin within a line: at its start, and after a gap.
func (s *sheet) starts(i int) []int {
	const gap = 1.7 // times the distance between its characters
	l := &s.lines[i]
	out := []int{0}
	glyphs := s.reading.Lines[l.index].Glyphs
	if len(glyphs) < 3 {
		return out
	}
	steps := make([]float64, 0, len(l.runes))
	for k := 1; k < len(l.runes); k++ {
		if a, b := l.glyphs[k-1], l.glyphs[k]; b < len(glyphs) {
			steps = append(steps, glyphs[b].At-glyphs[a].At)
		}
	}
	sorted := slices.Clone(steps)
	slices.Sort(sorted)
	for k, d := range steps {
		if d > gap*sorted[len(sorted)/2] {
			out = append(out, k+1)
		}
	}
	return out
}

// isLabel reports whether a line begins with a label of the kind, and no more than a few characters belong to it by chance: a value
// that begins like a label is longer than it.
func (s *sheet) isLabel(i int, labels [][]rune) bool {
	return slices.ContainsFunc(labels, func(label []rune) bool {
		wrong, _ := distance(label, s.lines[i].runes, 0)
		return wrong == 0 || len(label) >= 4 && wrong <= 1
	})
}

// hasLabel reports whether a label stands to the left of a line in its row.
func (s *sheet) hasLabel(i int, labels [][]rune) bool {
	l := &s.lines[i]
	for k, other := range s.lines {
		if k != i && other.x1 < l.x0+0.5*l.height() && l.x0-other.x1 < 12*l.height() &&
			math.Abs(other.middle()-l.middle()) < 0.6*max(other.height(), l.height()) && s.isLabel(k, labels) {
			return true
		}
	}
	return false
}

// afterNote returns where the text after a label goes on behind a note in brackets: 法定代表人（签字）.
func (s *sheet) afterNote(label part) int {
	runes := s.lines[label.line].runes
	if label.to >= len(runes) || runes[label.to] != '(' {
		return label.to
	}
	for i := label.to + 1; i < len(runes); i++ {
		if runes[i] == ')' {
			return i + 1
		}
	}
	return len(runes)
}

// labelWords are the words by which labels are translated beside them, 域名持有者 Registrant, longer ones before those that they begin with.
var labelWords = sync.OnceValue(func() [][]rune {
	words := strings.Fields("registration registered registrant registrar organization organisation expiration expires expired expiry domain " +
		"holder owner name unit creation created updated sponsoring service provider number type date time from until valid of no.")
	out := make([][]rune, len(words))
	for i, w := range words {
		out[i] = folded(w)
	}
	return out
})

// afterTranslation returns where the text after a label goes on behind its translation, which every certificate words in its own way. A
// value that begins with such words is no translation, be it Namehouse Ltd or name1.example: behind one the line ends, has a gap, or goes
// on in Chinese.
func (s *sheet) afterTranslation(label part) int {
	runes := s.lines[label.line].runes
	at := label.to
	for more := true; more; {
		more = false
		for _, w := range labelWords() {
			if wrong, end := distance(w, runes, at); wrong == 0 || len(w) >= 6 && wrong == 1 {
				at, more = end, true
				break
			}
		}
	}
	if at < len(runes) && !unicode.Is(unicode.Han, runes[at]) && !slices.Contains(s.starts(label.line), at) {
		return label.to
	}
	return at
}

// value returns the parts of the value of a label: the rest of its line, or the nearest to its right or under it, what follows in
// the same row, and the lines under that.
func (s *sheet) value(e entry, label part, labels [][]rune) []part {
	l := &s.lines[label.line]
	label.to = s.afterNote(label)
	label.to = s.afterTranslation(label)
	var first part
	switch {
	case label.to < len(l.runes) && !e.under:
		first = part{label.line, label.to, len(l.runes)}
	default:
		next := -1
		if !e.under {
			if next = s.right(s.boxOf(label), label.line); next >= 0 && s.isLabel(next, labels) {
				next = -1
			}
		}
		if next < 0 && (e.under || e.more > 0) {
			if next = s.under(s.boxOf(label), 4); next >= 0 && s.isLabel(next, labels) {
				next = -1
			}
		}
		if next < 0 {
			return nil
		}
		first = part{next, 0, len(s.lines[next].runes)}
	}
	// The next label within the line ends the value.
	for _, from := range s.starts(first.line) {
		if from > first.from && slices.ContainsFunc(labels, func(label []rune) bool {
			wrong, _ := distance(label, s.lines[first.line].runes, from)
			return wrong == 0
		}) {
			first.to = min(first.to, from)
		}
	}
	parts := []part{first}
	for b, last := s.boxOf(first), first.line; first.to == len(s.lines[first.line].runes); {
		next := s.right(b, last)
		if next < 0 || s.lines[next].x0-b.x1 > 3*b.height() || s.isLabel(next, labels) || len(parts) > 6 || !s.alike(last, next) {
			break
		}
		parts = append(parts, part{next, 0, len(s.lines[next].runes)})
		b, last = s.lines[next].box, next
	}
	return s.goesOn(parts, e, labels)
}

// goesOn adds the lines under the first part of a value that belong to it, at most as many as the entry may take.
func (s *sheet) goesOn(parts []part, e entry, labels [][]rune) []part {
	for b, n := s.boxOf(parts[0]), 0; n < e.more; n++ {
		next := s.under(b, 2.4)
		if next < 0 || s.isLabel(next, labels) || s.hasLabel(next, labels) || math.Abs(s.lines[next].height()-b.height()) > 0.45*b.height() {
			break
		}
		if e.whole != nil && e.whole.MatchString(string(s.text(parts))) && !branchLine.MatchString(string(s.lines[next].runes)) {
			break
		}
		parts = append(parts, part{next, 0, len(s.lines[next].runes)})
		b = s.lines[next].box
	}
	return parts
}

// alike reports whether two lines may be of one text by the size and the spacing of their characters. Letters and digits are half as
// wide as Chinese characters; what is thrice as wide is a mark across the page.
func (s *sheet) alike(i, k int) bool {
	a, b := &s.lines[i], &s.lines[k]
	p, q := a.pitch(), b.pitch()
	return max(p, q) <= 3*min(p, q) && max(a.height(), b.height()) <= 2*min(a.height(), b.height())
}
