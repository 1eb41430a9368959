package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

// Report is the whole verdict on a filing: what the rules require of its facts, held against its files as they were
// judged. No pixel is touched and nothing is written.
func (p *Pipeline) Report(ctx context.Context, who Viewer, id string) (*filing.Report, error) {
	f, err := p.visible(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return p.reportOf(ctx, f)
}

// Dossier is a filing with everything that a page says of it: read once, so that all of it is of one moment (卷宗).
type Dossier struct {
	*FilingView
	Report *filing.Report
	// History is what was decided, oldest first.
	History []ReviewEvent
}

// Dossier is a filing with its report and its history.
func (p *Pipeline) Dossier(ctx context.Context, who Viewer, id string) (*Dossier, error) {
	f, err := p.visible(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return p.dossierOf(ctx, f)
}

func (p *Pipeline) reportOf(ctx context.Context, f *storage.Filing) (*filing.Report, error) {
	d, err := p.dossierOf(ctx, f)
	if err != nil {
		return nil, err
	}
	return d.Report, nil
}

func (p *Pipeline) dossierOf(ctx context.Context, f *storage.Filing) (*Dossier, error) {
	facts, err := keptFacts(f)
	if err != nil {
		return nil, err
	}
	list, err := p.Records.MaterialsOf(ctx, f.ID)
	if err != nil {
		return nil, recordFailure(err)
	}
	files, contents, err := p.reportsOf(ctx, list)
	if err != nil {
		return nil, err
	}
	review, events, err := p.reviewOf(ctx, f)
	if err != nil {
		return nil, err
	}
	overrule(files, events)
	view := p.view(f, facts)
	outcome := view.Outcome
	rows, err := p.Records.CompositesOf(ctx, f.ID)
	if err != nil {
		return nil, recordFailure(err)
	}
	made, err := partsMade(rows)
	if err != nil {
		return nil, err
	}
	in := matchInput(facts, outcome, nil)
	for i := range files {
		file := checks.MatchFile{ID: files[i].ID, State: files[i].State, Verdict: files[i].Verdict}
		if files[i].Declared != nil {
			file.Declared = *files[i].Declared
		}
		file.Parts = checks.MatchParts(files[i].Parts, contents[i])
		made.give(&file, files[i].SHA256, func(id string) filing.Verdict {
			source := slices.IndexFunc(files, func(f filing.MaterialReport) bool { return f.ID == id })
			if source < 0 {
				return ""
			}
			return checks.Unmended(files[source].Findings)
		})
		in.Files = append(in.Files, file)
	}
	giveContents(in.Files, func(id string) *filing.Content {
		return contents[slices.IndexFunc(files, func(f filing.MaterialReport) bool { return f.ID == id })]
	})
	composites, err := p.compositeViews(f, rows, list)
	if err != nil {
		return nil, err
	}
	pairs := p.pairsOf(files, composites)
	for i := range pairs {
		in.Pairs = append(in.Pairs, matchPair(pairs[i].Front, pairs[i].Back, codesOf(pairs[i].Findings)))
	}
	for i := range composites {
		in.Composites = append(in.Composites, composites[i].Verdict)
	}
	matches, findings, verdict := checks.Match(in)
	return &Dossier{FilingView: view, History: events, Report: &filing.Report{
		Pairs: pairs, Composites: composites,
		Filing: f.ID, Revision: f.Revision, Rules: outcome.Rules, AsOf: outcome.AsOf, Verdict: verdict,
		Required: matches, Files: files, Findings: findings,
		Blockers: outcome.Blockers, Notices: outcome.Notices, Undecided: outcome.Undecided, Ask: outcome.Ask,
		Offered: checks.Offers(facts, in.Parties, readFiles(files, contents)),
		Review:  review, Stand: standOf(f, files),
	}}, nil
}

// standingOf returns what a report would say of the requirements that one file stands for. It reads no more of the other files
// than how they were judged: an upload asks for it, and a filing of many files must not become slower with each of them.
func (p *Pipeline) standingOf(ctx context.Context, f *storage.Filing, file string) ([]filing.Match, error) {
	if f.State != storage.FilingOpen {
		// Reviewers may have overruled what was found, which the whole report knows.
		report, err := p.reportOf(ctx, f)
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(report.Required, func(m filing.Match) bool { return !slices.Contains(m.Files, file) }), nil
	}
	facts, err := keptFacts(f)
	if err != nil {
		return nil, err
	}
	files, err := p.Records.FilesToJudge(ctx, []string{f.ID}, false)
	if err != nil {
		return nil, err
	}
	contents, err := p.contentsOf(ctx, files)
	if err != nil {
		return nil, err
	}
	made, err := p.madePartsOf(ctx, f.ID)
	if err != nil {
		return nil, err
	}
	unmended, err := p.unmendedOf(ctx, made.sourcesOf(files))
	if err != nil {
		return nil, err
	}
	outcome := p.rules().Evaluate(p.dated(facts))
	match, err := matchFiles(files, contents, made, unmended)
	if err != nil {
		return nil, err
	}
	return checks.Standing(matchInput(facts, outcome, match), file), nil
}

// undeclared reports whether a file of a filing does not say what it is.
func undeclared(declared filing.Declared) bool { return declared.Material == "" }

// giveContents tells matching what was read. It decides where files go only in filings in which some file does not say what it is:
// those are few, while the readings of every filing could not be taken up again when a million are judged. In the others it is
// given for files that say everything, of which it is only talked about. The report, the answer to an upload and a revalidation
// all go by this, and so agree.
func giveContents(files []checks.MatchFile, content func(id string) *filing.Content) {
	decides := slices.ContainsFunc(files, func(f checks.MatchFile) bool {
		return f.State != filing.MaterialReplaced && (undeclared(f.Declared) && len(f.Parts) == 0 || slices.ContainsFunc(f.Parts, checks.MatchPart.SeenOnly))
	})
	for i := range files {
		if parts := files[i].Parts; len(parts) > 0 {
			// It stands for what was recorded, whatever could be read in it; what somebody else stitched in, for what was read.
			if c := content(files[i].ID); c != nil && len(c.Parts) == len(parts) {
				for k := range parts {
					if parts[k].Seen > 0 {
						parts[k].Content = &c.Parts[k]
					}
				}
			}
			continue
		}
		if decides || !checks.NeedContent(files[i:i+1]) {
			files[i].Content = content(files[i].ID)
		}
	}
}

// contentsOf are what was read in the current files of filings in which some file does not say what it is; nil where none is so.
func (p *Pipeline) contentsOf(ctx context.Context, files []storage.FileToJudge) (map[string]*filing.Content, error) {
	filings := map[string]bool{}
	for i := range files {
		if undeclared(files[i].Declared) || files[i].Parts != "" {
			filings[files[i].FilingID] = true
		}
	}
	if len(filings) == 0 {
		return nil, nil
	}
	var ids []string
	for i := range files {
		if filings[files[i].FilingID] {
			ids = append(ids, files[i].ID)
		}
	}
	evidence, err := p.Records.Evidence(ctx, ids, p.Analyzer, p.ReaderVersion)
	if err != nil {
		return nil, err
	}
	contents := map[string]*filing.Content{}
	for i := range files {
		if e := evidence[files[i].ID]; len(e.Reading) > 0 {
			var measured filing.Measurements
			if err := json.Unmarshal(e.Measurements, &measured); err != nil {
				return nil, fmt.Errorf("measurements of file %s as kept: %w", files[i].ID, err)
			}
			if contents[files[i].ID], err = contentOf(files[i].SHA256, e.Reading, &measured); err != nil {
				return nil, err
			}
		}
	}
	return contents, nil
}

// matchInput is what a filing is matched by.
func matchInput(facts *filing.Facts, outcome *filing.Outcome, files []checks.MatchFile) checks.MatchInput {
	return checks.MatchInput{
		Outcome: *outcome, Files: files, Parties: PartiesOf(facts), Facts: facts, Remarks: facts.Text(filing.FactRemarks) != "",
	}
}

// readFiles are the current files that were read.
func readFiles(files []filing.MaterialReport, contents []*filing.Content) []checks.ReadFile {
	var read []checks.ReadFile
	for i := range files {
		if contents[i] != nil && len(contents[i].Parts) == 0 && files[i].State != filing.MaterialReplaced && files[i].Declared != nil {
			read = append(read, checks.ReadFile{ID: files[i].ID, Declared: *files[i].Declared, Content: *contents[i]})
		}
	}
	return read
}

// pairsOf judges the two sides of each document together, as far as both were measured, in the order of their fronts. Where the
// service made one picture of both at one scale, that is what is handed in.
func (p *Pipeline) pairsOf(files []filing.MaterialReport, composites []filing.CompositeView) []filing.PairReport {
	declared := make([]filing.Declared, len(files))
	for i := range files {
		if files[i].Declared != nil {
			declared[i] = *files[i].Declared
		}
	}
	out := []filing.PairReport{}
	for _, s := range sidesOf(declared, func(i int) bool {
		m := &files[i]
		return m.State == filing.MaterialChecked && m.Measurements != nil && m.Measurements.Decode != nil
	}) {
		front, back := &files[s[0]], &files[s[1]]
		made := sidesMade(composites, front.ID, back.ID)
		r := p.pair(side{front.SHA256, front.Measurements, front.Kind}, side{back.SHA256, back.Measurements, back.Kind}, front.Declared.Material, made != "")
		out = append(out, filing.PairReport{
			Front: front.ID, Back: back.ID, ScaleRatio: r.ScaleRatio, Basis: r.Basis, Findings: r.Findings, Composite: made,
			Verdict: filing.VerdictOf(r.Findings),
		})
	}
	return out
}

// standOf names what a report was made of.
func standOf(f *storage.Filing, files []filing.MaterialReport) string {
	var current []string
	for i := range files {
		if files[i].State != filing.MaterialReplaced {
			current = append(current, files[i].ID)
		}
	}
	return storage.StandOf(f.Revision, current)
}

// PartiesOf tells the checks whose documents a filing's are.
func PartiesOf(facts *filing.Facts) checks.Parties {
	yes := func(fact filing.Fact) *bool {
		v := facts.Get(fact)
		if !v.Known {
			return nil
		}
		b := v.Num != 0
		return &b
	}
	return checks.Parties{
		Applicant:                        facts.Text(filing.FactApplicantType),
		SiteManagerIsPrincipal:           yes(filing.FactSiteManagerSameAsPrincipal),
		PrincipalIsLegalRepresentative:   yes(filing.FactPrincipalIsLegalRepresentative),
		SiteManagerIsLegalRepresentative: yes(filing.FactSiteManagerIsLegalRepresentative),
		PrincipalDocument:                facts.Text(filing.FactPrincipalDocument),
		SiteManagerDocument:              facts.Text(filing.FactSiteManagerDocument),
	}
}
