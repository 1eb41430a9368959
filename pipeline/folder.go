package pipeline

import (
	"fmt"
	"slices"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
)

// FolderFile is a file of a filing that is judged without a service: measured and, where it can be, read.
type FolderFile struct {
	// Name is the file's path in the folder; it stands for the file in the report.
	Name     string
	SHA256   string
	Declared filing.Declared
	// Measurements are the analyzer's.
	Measurements filing.Measurements
	// Reading says whether the text was read, and Content is what was recognized in it.
	Reading checks.ReadingState
	Content *filing.Content
	// ElapsedMS is what measuring and reading took.
	ElapsedMS float64
}

// JudgeFolder makes the whole verdict on a filing from its facts and files, in the order in which they were put in: of two equally
// good ones for a page the later counts. What declares nothing is judged as what matching finds it to be. It is pure; the facts
// name their date.
func JudgeFolder(set *rules.Set, facts *filing.Facts, files []FolderFile) filing.FolderReport {
	outcome := set.Evaluate(facts)
	f := folder{set: set, facts: facts, parties: PartiesOf(facts), files: files, asOf: facts.Get(filing.FactAsOf).Date()}
	f.reports = make([]filing.FileReport, len(files))
	in := matchInput(facts, outcome, make([]checks.MatchFile, len(files)))
	for i := range files {
		f.reports[i] = f.judge(i, files[i].Declared)
		in.Files[i] = checks.MatchFile{
			ID: f.id(i), Declared: files[i].Declared, State: filing.MaterialChecked, Verdict: f.reports[i].Verdict, Content: files[i].Content,
		}
	}
	matches, findings, verdict := checks.Match(in)
	if f.judgeFound(in.Files, matches) {
		matches, findings, verdict = checks.Match(in)
	}
	pairs := f.pairs(matches)
	for i := range pairs {
		verdict = verdict.Worse(pairs[i].Verdict)
	}
	f.name(matches, findings)
	return filing.FolderReport{
		Rules: outcome.Rules, AsOf: outcome.AsOf, Verdict: verdict, Required: matches, Files: f.reports, Pairs: pairs, Findings: findings,
		Blockers: outcome.Blockers, Notices: outcome.Notices, Undecided: outcome.Undecided, Ask: outcome.Ask,
	}
}

// folder is a filing being judged.
type folder struct {
	set     *rules.Set
	facts   *filing.Facts
	parties checks.Parties
	asOf    filing.Date
	files   []FolderFile
	reports []filing.FileReport
}

// id is what matching calls a file: ids grow with the order of the files, which their names do not.
func (f *folder) id(i int) string { return fmt.Sprintf("%06d", i) }

func (f *folder) index(id string) int {
	for i := range f.files {
		if f.id(i) == id {
			return i
		}
	}
	return -1
}

// judge judges a file as what it is declared or found to be.
func (f *folder) judge(i int, as filing.Declared) filing.FileReport {
	file := &f.files[i]
	in := fileInput(as, file.Name, f.set.UploadLimits(f.asOf), f.parties).withFacts(f.facts, f.asOf, file.Reading).FileInput
	in.Content = file.Content
	for j := range f.files {
		if other := &f.files[j]; i != j {
			distance, known := checks.PictureDistance(file.Measurements.Pixels, other.Measurements.Pixels)
			if same := file.SHA256 == other.SHA256; same || known && distance <= checks.DefaultThresholds().DuplicateDistance {
				in.Duplicates = append(in.Duplicates, checks.Duplicate{SameBytes: same, Distance: distance, Declared: other.Declared})
			}
		}
	}
	r := Judge(file.SHA256, file.Measurements, in)
	r.File, r.ElapsedMS, r.Declared = file.Name, file.ElapsedMS, nil
	if file.Declared != (filing.Declared{}) {
		r.Declared = &file.Declared
	}
	return r
}

// judgeFound judges the files again that declare nothing, as what they were matched with; false where there are none.
func (f *folder) judgeFound(files []checks.MatchFile, matches []filing.Match) bool {
	again := false
	for _, m := range matches {
		for _, found := range m.Matched {
			i := f.index(found.File)
			if files[i].Declared.Material != "" || files[i].JudgedAs != "" {
				continue
			}
			again = true
			f.reports[i] = f.judge(i, filing.Declared{Material: found.Material, Page: found.Page, Of: m.Of})
			files[i].JudgedAs, files[i].Verdict = found.Material, f.reports[i].Verdict
		}
	}
	return again
}

// pairs judges the two sides of each document that has two, each pair of files once.
func (f *folder) pairs(matches []filing.Match) []filing.PairReport {
	var out []filing.PairReport
	for _, m := range matches {
		if len(m.Matched) != 2 || m.Matched[0].File == m.Matched[1].File {
			continue
		}
		front, back := f.index(m.Matched[0].File), f.index(m.Matched[1].File)
		a, b := &f.files[front], &f.files[back]
		if slices.ContainsFunc(out, func(p filing.PairReport) bool { return p.Front == a.Name && p.Back == b.Name }) {
			continue
		}
		r := checks.Pair(checks.PairInput{
			Front: a.Measurements, Back: b.Measurements, SameBytes: a.SHA256 == b.SHA256, Material: m.Matched[0].Material,
			FrontKind: f.reports[front].Kind, BackKind: f.reports[back].Kind,
		})
		out = append(out, filing.PairReport{
			Front: a.Name, Back: b.Name, ScaleRatio: r.ScaleRatio, Basis: r.Basis, Verdict: filing.VerdictOf(r.Findings), Findings: r.Findings,
		})
	}
	return out
}

// name puts the names of files in place of their ids.
func (f *folder) name(matches []filing.Match, findings []filing.Finding) {
	named := func(id string) string {
		if i := f.index(id); i >= 0 {
			return f.files[i].Name
		}
		return id
	}
	values := func(list []filing.Finding) {
		for _, finding := range list {
			if id, ok := finding.Measured["file"].(string); ok {
				finding.Measured["file"] = named(id)
			}
			if ids, ok := finding.Measured["files"].([]string); ok {
				for i := range ids {
					ids[i] = named(ids[i])
				}
			}
		}
	}
	for _, m := range matches {
		for i := range m.Files {
			m.Files[i] = named(m.Files[i])
		}
		for i := range m.Matched {
			m.Matched[i].File = named(m.Matched[i].File)
		}
		for i := range m.SetAside {
			m.SetAside[i].File = named(m.SetAside[i].File)
		}
		values(m.Findings)
	}
	values(findings)
}
