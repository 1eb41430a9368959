package pipeline

import (
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
)

// ItemKind says what one line of a filing's verdict is about.
type ItemKind string

// The kinds of items: a required material (所需资料), a reason to refuse (不予备案的原因), a notice (提示), a clause that waits
// for facts (待定), and what was found of two sides of a document (证件正反面) or of a picture that the service made (拼图).
const (
	ItemRequired  ItemKind = "required"
	ItemBlocker   ItemKind = "blocker"
	ItemNotice    ItemKind = "notice"
	ItemUndecided ItemKind = "undecided"
	ItemPair      ItemKind = "pair"
	ItemComposite ItemKind = "composite"
)

// Item is one line of a filing's verdict (结论条目): what is asked of it and how that stands. It holds codes only: of a
// domain or a site it says that it is one, never which.
type Item struct {
	Kind ItemKind `json:"kind"`
	// Code is that of the material, blocker, notice or composition; the codes of an any-of group are joined by "|".
	Code string `json:"code,omitempty"`
	// Of is whom or what it belongs to, without a name: principal, domain, site.
	Of string `json:"of,omitempty"`
	// State is how a requirement stands.
	State filing.MatchState `json:"state,omitempty"`
	// Finding is the code of what was found of a pair or a composite.
	Finding string `json:"finding,omitempty"`
	// Clauses are those that yield it.
	Clauses []string `json:"clauses"`
}

// The first byte of an item's line.
const (
	lineRequired  = 'R'
	lineBlocker   = 'B'
	lineNotice    = 'N'
	lineUndecided = 'U'
	linePair      = 'P'
	lineComposite = 'C'
)

// The lines of a verdict are what is kept of it and compared, one for each item, sorted:
//
//	R domain_certificate@domain=missing SC.enterprise.materials.3
//	B domain_expiring@domain G4.expiry.2
//	U BJ.enterprise.key.2,BJ.enterprise.key.3
//	P principal_id@principal=front_back_scale G6.upload.2
//	C auxiliary@applicant=composite_stale G6.upload.1
//
// Plain text, so that a person can read the table and two verdicts are equal when their texts are.

// parseItem reads one line; a line that is none gives an empty kind.
func parseItem(line string) Item {
	if len(line) < 2 || line[1] != ' ' {
		return Item{}
	}
	var item Item
	head, clauses, found := strings.Cut(line[2:], " ")
	switch line[0] {
	case lineRequired:
		item.Kind = ItemRequired
	case lineBlocker:
		item.Kind = ItemBlocker
	case lineNotice:
		item.Kind = ItemNotice
	case lineUndecided:
		item.Kind, head, clauses, found = ItemUndecided, "", head, true
	case linePair:
		item.Kind = ItemPair
	case lineComposite:
		item.Kind = ItemComposite
	}
	head, state, _ := strings.Cut(head, "=")
	item.Code, item.Of, _ = strings.Cut(head, "@")
	if item.Kind == ItemPair || item.Kind == ItemComposite {
		item.Finding = state
	} else {
		item.State = filing.MatchState(state)
	}
	item.Clauses = []string{}
	if found && clauses != "" {
		item.Clauses = strings.Split(clauses, ",")
	}
	return item
}

// subject is a line without its clauses: two lines of one subject say the same, for other reasons.
func subject(line string) string {
	if len(line) < 2 || line[0] == lineUndecided {
		return ""
	}
	if i := strings.IndexByte(line[2:], ' '); i >= 0 {
		return line[:2+i]
	}
	return line
}

// conclusion is the verdict on a filing and the lines that it consists of.
type conclusion struct {
	verdict filing.Verdict
	lines   string
}

// conclude judges a filing from memory: rules, then matching. It is pure, and the one place where the verdict that is
// kept comes from. The facts name their date.
func conclude(set *rules.Set, facts *filing.Facts, parties checks.Parties, files []checks.MatchFile, t *together) conclusion {
	outcome := set.Evaluate(facts)
	states, verdict := checks.Stand(checks.MatchInput{
		Outcome: *outcome, Parties: parties, Facts: facts, Remarks: facts.Text(filing.FactRemarks) != "", Files: files,
		Pairs: t.pairs, Composites: t.composites,
	})
	return conclusion{verdict: verdict, lines: linesOf(outcome, states, t.lines)}
}

// linesOf prints an outcome, how its requirements stand, and further lines.
func linesOf(o *filing.Outcome, states []filing.MatchState, further []string) string {
	// Room for a filing of the usual size, so that the text is the only thing that is made on the heap.
	var (
		room      [2048]byte
		roomEnds  [32]int
		roomLines [32]string
	)
	text, ends, lines := room[:0], roomEnds[:0], roomLines[:0]
	item := func(kind byte, r *filing.Requirement, state filing.MatchState) {
		text = append(text, kind, ' ')
		switch {
		case r.Code != "":
			text = append(text, r.Code...)
		case r.Material != "":
			text = append(text, r.Material...)
		default:
			text = appendJoined(text, r.AnyOf, '|')
		}
		if of, _, _ := strings.Cut(r.Of, ":"); of != "" {
			text = append(append(text, '@'), of...)
		}
		if state != "" {
			text = append(append(text, '='), state...)
		}
		text = appendJoined(append(text, ' '), r.Clauses, ',')
		ends = append(ends, len(text))
	}
	for i := range o.Required {
		item(lineRequired, &o.Required[i], states[i])
	}
	for i := range o.Blockers {
		item(lineBlocker, &o.Blockers[i], "")
	}
	for i := range o.Notices {
		item(lineNotice, &o.Notices[i], "")
	}
	for i := range o.Undecided {
		text = appendJoined(append(text, lineUndecided, ' '), o.Undecided[i].Clauses, ',')
		ends = append(ends, len(text))
	}
	all := string(text)
	from := 0
	for _, end := range ends {
		lines, from = append(lines, all[from:end]), end
	}
	lines = append(lines, further...)
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func appendJoined(b []byte, list []string, separator byte) []byte {
	for i, s := range list {
		if i > 0 {
			b = append(b, separator)
		}
		b = append(b, s...)
	}
	return b
}

// compare tells what changed between two verdicts' lines: those that only the new one has, those that only the old one
// had, and whether more than the clauses and the open questions differ.
func compare(before, after string) (added, removed []string, changed bool) {
	if before == after {
		return nil, nil, false
	}
	a, b := splitLines(before), splitLines(after)
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case j == len(b) || i < len(a) && a[i] < b[j]:
			removed = append(removed, a[i])
			i++
		case i == len(a) || b[j] < a[i]:
			added = append(added, b[j])
			j++
		default:
			i++
			j++
		}
	}
	return added, removed, !slices.Equal(subjects(added), subjects(removed))
}

func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func subjects(lines []string) []string {
	out := []string{}
	for _, line := range lines {
		if s := subject(line); s != "" {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}
