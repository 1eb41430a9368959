package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/layouts"
	"github.com/preflight-icp/preflight/storage"
)

// What several files of a filing are judged by together (成对与拼图): the two sides of a document, and the pictures that the service
// made of several. The report and a revalidation both judge it here, from what is kept, and touch no pixel.

// sidesOf are the two sides of each document among files that were declared, by their numbers: each front with each back of the same
// material and party. usable says which files were measured.
func sidesOf(declared []filing.Declared, usable func(int) bool) [][2]int {
	var out [][2]int
	for i, front := range declared {
		if front.Page != filing.PageFront || front.Material == "" || !usable(i) {
			continue
		}
		for k, back := range declared {
			if back.Page == filing.PageBack && back.Material == front.Material && back.Of == front.Of && usable(k) {
				out = append(out, [2]int{i, k})
			}
		}
	}
	return out
}

// side is what is known of one side of a document.
type side struct {
	sha      string
	measured *filing.Measurements
	kind     *filing.DetectedKind
}

// pair judges two sides. covered: the service made one picture of both at one scale, which is what is handed in.
func (p *Pipeline) pair(front, back side, material string, covered bool) checks.PairResult {
	r := checks.Pair(checks.PairInput{
		Front: *front.measured, Back: *back.measured, SameBytes: front.sha == back.sha, Material: material,
		FrontKind: front.kind, BackKind: back.kind, Thresholds: p.thresholds,
	})
	if covered {
		r.Findings = slices.DeleteFunc(r.Findings, func(f filing.Finding) bool { return f.Repair == string(RepairSides) })
	}
	return r
}

// sidesMade is the id of the composite of just these two sides at one scale, "" where there is none.
func sidesMade(composites []filing.CompositeView, front, back string) string {
	for i := range composites {
		c := &composites[i]
		if c.State == filing.CompositeMade && c.Composite.Layout == layouts.Sides && len(c.Composite.Parts) == 2 &&
			c.Composite.Parts[0].ID == front && c.Composite.Parts[1].ID == back {
			return c.ID
		}
	}
	return ""
}

// together is what is said of a filing's files together.
type together struct {
	pairs      []checks.MatchPair
	composites []filing.Verdict
	// lines are those of the findings in the filing's verdict.
	lines []string
	// basis names all that the pairs were judged by; "" where there are none.
	basis string
}

// line is how a finding is kept that several files have together.
func line(kind byte, code, of, finding, clause string) string {
	party, _, _ := strings.Cut(of, ":")
	if party != "" {
		party = "@" + party
	}
	return string(kind) + " " + code + party + "=" + finding + " " + clause
}

// take adds what was said of a pair.
func (t *together) take(front, back *storage.FileToJudge, findings []filing.Finding) {
	t.pairs = append(t.pairs, matchPair(front.ID, back.ID, codesOf(findings)))
	for i := range findings {
		t.lines = append(t.lines, line(linePair, front.Declared.Material, front.Declared.Of, findings[i].Code, findings[i].Clause))
	}
}

// matchPair is a pair as matching takes it, by the codes of what was found of it.
func matchPair(front, back string, codes []string) checks.MatchPair {
	return checks.MatchPair{Front: front, Back: back, Verdict: checks.VerdictOfCodes(codes), AtOneScale: checks.VerdictOfCodes(checks.AtOneScale(codes))}
}

func codesOf(findings []filing.Finding) []string {
	codes := make([]string, len(findings))
	for i := range findings {
		codes[i] = findings[i].Code
	}
	return codes
}

// takeMade adds what is said of a composite.
func (t *together) takeMade(c *filing.CompositeView) {
	t.composites = append(t.composites, c.Verdict)
	for i := range c.Findings {
		// Of files of somebody's choice the picture is nobody's.
		f := &c.Findings[i]
		t.lines = append(t.lines, line(lineComposite, cmp.Or(c.Composition, freeComposite), c.Of, f.Code, cmp.Or(f.Clause, c.Clause)))
	}
}

// freeComposite is the code under which a composite is kept that no composition of the rules is.
const freeComposite = "composite"

// pairsBasis names what pairs are judged by besides the files themselves: the table and the way of judging.
func (p *Pipeline) pairsBasis() (string, error) {
	t := p.thresholds
	if t == nil {
		all := checks.DefaultThresholds()
		t = &all
	}
	text, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("print the thresholds: %w", err)
	}
	return checks.Version + "\n" + string(text), nil
}

// together judges the pairs and composites of a page's filings. A pair whose files, measurements, readings and thresholds are those
// that the kept verdict was made of is not judged again: of a million filings hardly one has another pair than the last time.
func (v *revalidation) together(ctx context.Context, list []judgedFiling) error {
	type open struct {
		f       *judgedFiling
		sides   [][2]int
		covered []bool
	}
	var pending []open
	var files []string
	for i := range list {
		f := &list[i]
		views, err := v.composites(ctx, f)
		if err != nil {
			return err
		}
		o := open{f: f, sides: f.sides()}
		if len(o.sides) == 0 {
			continue
		}
		for _, s := range o.sides {
			o.covered = append(o.covered, sidesMade(views, f.files[s[0]].ID, f.files[s[1]].ID) != "")
		}
		f.together.basis = v.basisOfPairs(f, o.sides, o.covered)
		if f.keepPairs(o.sides) {
			continue
		}
		pending = append(pending, o)
		for _, s := range o.sides {
			files = append(files, f.files[s[0]].ID, f.files[s[1]].ID)
		}
	}
	if len(pending) == 0 {
		return nil
	}
	evidence, err := v.p.Records.Evidence(ctx, files, v.p.Analyzer, v.p.ReaderVersion)
	if err != nil {
		return err
	}
	for _, o := range pending {
		for n, s := range o.sides {
			front, back := &o.f.files[s[0]], &o.f.files[s[1]]
			a, err := sideOf(front, evidence[front.ID])
			if err != nil {
				return err
			}
			b, err := sideOf(back, evidence[back.ID])
			if err != nil {
				return err
			}
			if a.measured != nil && b.measured != nil {
				o.f.together.take(front, back, v.p.pair(a, b, front.Declared.Material, o.covered[n]).Findings)
			}
		}
	}
	return nil
}

// composites judges those of a filing, for which all its files are asked, the replaced ones too.
func (v *revalidation) composites(ctx context.Context, f *judgedFiling) ([]filing.CompositeView, error) {
	rows := f.composites
	if len(rows) == 0 {
		return nil, nil
	}
	materials, err := v.p.Records.MaterialsOf(ctx, f.ID)
	if err != nil {
		return nil, err
	}
	views := make([]filing.CompositeView, 0, len(rows))
	for i := range rows {
		view, err := v.p.viewComposite(&rows[i], materials, f.limits)
		if err != nil {
			return nil, err
		}
		f.together.takeMade(view)
		views = append(views, *view)
	}
	return views, nil
}

// sides are the pairs among the checked files of a filing.
func (f *judgedFiling) sides() [][2]int {
	declared := make([]filing.Declared, len(f.files))
	for i := range f.files {
		declared[i] = f.files[i].Declared
	}
	return sidesOf(declared, func(i int) bool { return f.files[i].Verdict != "" })
}

// basisOfPairs names all that the pairs of a filing are judged by.
func (v *revalidation) basisOfPairs(f *judgedFiling, sides [][2]int, covered []bool) string {
	h := sha256.New()
	h.Write([]byte(v.pairs))
	for n, s := range sides {
		for _, i := range s {
			_, _ = fmt.Fprintf(h, "\n%s %s %s", f.files[i].ID, f.files[i].Analyzer, f.files[i].Reader) // a hash does not fail
		}
		_, _ = fmt.Fprintf(h, " %v", covered[n])
	}
	const enough = 8 // bytes: it is compared with one other
	return hex.EncodeToString(h.Sum(nil)[:enough])
}

// keepPairs takes over what the kept verdict says of the pairs, and reports whether it could: where the verdict is of the same files
// and basis, and its lines tell the pairs apart.
func (f *judgedFiling) keepPairs(sides [][2]int) bool {
	files, basis, _ := strings.Cut(f.Kept.Files, filesAndPairs)
	if f.Kept.Rules == "" || basis != f.together.basis || files != versionOf(f.files).files {
		return false
	}
	heads := make([]string, len(sides))
	for n, s := range sides {
		d := f.files[s[0]].Declared
		heads[n], _, _ = strings.Cut(line(linePair, d.Material, d.Of, "", ""), "=")
		if slices.Contains(heads[:n], heads[n]) {
			return false
		}
	}
	kept := splitLines(f.Kept.Items)
	for n, s := range sides {
		var codes []string
		for _, text := range kept {
			if head, _, _ := strings.Cut(text, "="); head == heads[n] {
				codes = append(codes, parseItem(text).Finding)
				f.together.lines = append(f.together.lines, text)
			}
		}
		f.together.pairs = append(f.together.pairs, matchPair(f.files[s[0]].ID, f.files[s[1]].ID, codes))
	}
	return true
}

// sideOf is what is kept of a file that is one side of a document; without measurements of a whole picture it cannot be compared.
func sideOf(file *storage.FileToJudge, e storage.Evidence) (side, error) {
	s := side{sha: file.SHA256}
	if e.Analyzer == "" {
		return s, nil
	}
	var m filing.Measurements
	if err := json.Unmarshal(e.Measurements, &m); err != nil {
		return s, fmt.Errorf("measurements of file %s as kept: %w", file.ID, err)
	}
	if m.Decode == nil {
		return s, nil
	}
	s.measured = &m
	if file.Reader != "" && e.Reader != "" {
		content, err := contentOf(file.SHA256, e.Reading, &m)
		if err != nil {
			return s, err
		}
		s.kind = &content.Kind
	}
	return s, nil
}
