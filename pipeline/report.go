package pipeline

import (
	"context"

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

func (p *Pipeline) reportOf(ctx context.Context, f *storage.Filing) (*filing.Report, error) {
	facts, err := keptFacts(f)
	if err != nil {
		return nil, err
	}
	files, err := p.materialsOf(ctx, f)
	if err != nil {
		return nil, err
	}
	outcome := p.rules().Evaluate(p.dated(facts))
	in := checks.MatchInput{Outcome: *outcome, Parties: PartiesOf(facts), Remarks: facts.Text(filing.FactRemarks) != ""}
	for i := range files {
		file := checks.MatchFile{ID: files[i].ID, State: files[i].State, Verdict: files[i].Verdict}
		if files[i].Declared != nil {
			file.Declared = *files[i].Declared
		}
		in.Files = append(in.Files, file)
	}
	matches, findings, verdict := checks.Match(in)
	return &filing.Report{
		Filing: f.ID, Revision: f.Revision, Rules: outcome.Rules, AsOf: outcome.AsOf, Verdict: verdict,
		Required: matches, Files: files, Findings: findings,
		Blockers: outcome.Blockers, Notices: outcome.Notices, Undecided: outcome.Undecided, Ask: outcome.Ask,
	}, nil
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
