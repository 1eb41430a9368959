package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

// recordFailure turns what the records say into what the callers of this room decide on.
func recordFailure(err error) error {
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, storage.ErrConflict):
		return ErrConflict
	case errors.Is(err, storage.ErrKeyReused):
		return ErrKeyReused
	case errors.Is(err, storage.ErrFilingState):
		return ErrFilingState
	case errors.Is(err, storage.ErrClaimed):
		return ErrClaimed
	default:
		return err
	}
}

// visible loads a filing that the viewer may see; another's is as if it were not there.
func (p *Pipeline) visible(ctx context.Context, who Viewer, id string) (*storage.Filing, error) {
	f, err := p.Records.Filing(ctx, id)
	if err != nil {
		return nil, recordFailure(err)
	}
	if !who.sees(&f) {
		return nil, ErrNotFound
	}
	return &f, nil
}

// CreateFiling opens a filing with the facts that are known so far.
func (p *Pipeline) CreateFiling(ctx context.Context, who Viewer, raw []byte) (*FilingView, error) {
	facts, canonical, err := parseFacts(raw)
	if err != nil {
		return nil, err
	}
	f, err := p.Records.CreateFilingIn(ctx, who.Organization, who.Name, canonical)
	if err != nil {
		return nil, recordFailure(err)
	}
	return p.view(&f, facts), nil
}

// parseFacts reads facts and prints them in the one canonical form that is kept.
func parseFacts(raw []byte) (*filing.Facts, []byte, error) {
	facts, err := filing.ParseFacts(raw)
	if err != nil {
		return nil, nil, &FactsError{Err: err}
	}
	return facts, facts.AppendJSON(nil), nil
}

// Filing is a filing and what the rules require of it now.
func (p *Pipeline) Filing(ctx context.Context, who Viewer, id string) (*FilingView, error) {
	f, err := p.visible(ctx, who, id)
	if err != nil {
		return nil, err
	}
	facts, err := keptFacts(f)
	if err != nil {
		return nil, err
	}
	return p.view(f, facts), nil
}

// keptFacts reads facts that were valid when they were kept; that they are not any more is an error of ours.
func keptFacts(f *storage.Filing) (*filing.Facts, error) {
	facts, err := filing.ParseFacts(f.Facts)
	if err != nil {
		return nil, fmt.Errorf("facts of filing %s as kept: %w", f.ID, err)
	}
	return facts, nil
}

func (p *Pipeline) view(f *storage.Filing, facts *filing.Facts) *FilingView {
	return &FilingView{
		ID: f.ID, State: f.State, Revision: f.Revision, Facts: facts, Outcome: p.rules().Evaluate(p.dated(facts)),
		CreatedAt: f.CreatedAt, UpdatedAt: f.UpdatedAt,
	}
}

// dated gives facts without as_of today's date by this pipeline's clock, so that one answer has one date.
func (p *Pipeline) dated(facts *filing.Facts) *filing.Facts {
	if facts.Get(filing.FactAsOf).Known {
		return facts
	}
	dated := facts.Clone()
	dated.Set(filing.Ref{Fact: filing.FactAsOf}, filing.Value{Known: true, Num: int32(p.today())})
	return dated
}

// Requirements asks the rule engine alone.
func (p *Pipeline) Requirements(_ context.Context, raw []byte) (*filing.Outcome, error) {
	facts, _, err := parseFacts(raw)
	if err != nil {
		return nil, err
	}
	return p.rules().Evaluate(p.dated(facts)), nil
}

// UpdateFiling merges a patch (RFC 7396) into the facts of the revision that it was made for.
func (p *Pipeline) UpdateFiling(ctx context.Context, who Viewer, id string, revision int64, patch []byte) (*FilingView, error) {
	f, err := p.visible(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if f.Revision != revision {
		return nil, ErrConflict
	}
	merged, err := jsonpatch.MergePatch(f.Facts, patch)
	if err != nil {
		// The patch is JSON, huma has read it; what remains is that it is no object. The parser says so in its words.
		if _, _, problem := parseFacts(patch); problem != nil {
			return nil, problem
		}
		return nil, fmt.Errorf("merge facts: %w", err)
	}
	facts, canonical, err := parseFacts(merged)
	if err != nil {
		return nil, err
	}
	updated, err := p.Records.UpdateFiling(ctx, id, revision, canonical)
	if err != nil {
		return nil, recordFailure(err)
	}
	if err := p.rejudge(ctx, &updated, facts); err != nil {
		// The facts are kept; what could not be judged by them now is judged by the next pass over all filings.
		p.Log.Error("judge files by changed facts", "filing", id, "error", err.Error())
	}
	return p.view(&updated, facts), nil
}

// DeleteFiling removes a filing, its files and what was measured in them. With a revision above 0 it removes that
// revision only.
func (p *Pipeline) DeleteFiling(ctx context.Context, who Viewer, id string, revision int64) error {
	_, err := p.DeleteFilingFor(ctx, who, id, revision)
	return err
}

// DeleteFilingFor is DeleteFiling, with the id of the receipt that proves it.
func (p *Pipeline) DeleteFilingFor(ctx context.Context, who Viewer, id string, revision int64) (receipt string, err error) {
	f, err := p.visible(ctx, who, id)
	if err != nil {
		return "", err
	}
	if revision > 0 && f.Revision != revision {
		return "", ErrConflict
	}
	composites, err := p.dropCompositesOf(ctx, id)
	if err != nil {
		return "", err
	}
	orphans, r, err := p.Records.DeleteFilingFor(ctx, id, storage.Receipt{RequestedBy: who.Name, Reason: storage.ReasonRequest, Objects: composites})
	if err != nil {
		return "", recordFailure(err)
	}
	p.removeContents(ctx, orphans)
	return r.ID, nil
}

// DeleteMaterial removes one file.
func (p *Pipeline) DeleteMaterial(ctx context.Context, who Viewer, id string) error {
	_, err := p.DeleteMaterialFor(ctx, who, id)
	return err
}

// DeleteMaterialFor is DeleteMaterial, with the id of the receipt that proves it.
func (p *Pipeline) DeleteMaterialFor(ctx context.Context, who Viewer, id string) (receipt string, err error) {
	_, f, err := p.visibleMaterial(ctx, who, id)
	if err != nil {
		return "", err
	}
	known, err := p.madePartsOf(ctx, f.ID)
	if err != nil {
		return "", err
	}
	composites, err := p.dropCompositesWith(ctx, id)
	if err != nil {
		return "", err
	}
	orphans, r, err := p.Records.DeleteMaterialFor(ctx, id, storage.Receipt{RequestedBy: who.Name, Reason: storage.ReasonRequest, Objects: composites})
	if err != nil {
		return "", recordFailure(err)
	}
	p.removeContents(ctx, orphans)
	if err := p.rejudgePictures(ctx, f.ID, known); err != nil {
		// The file is gone, as was asked; what is left is judged by the next pass over all filings.
		p.Log.Error("judge uploaded composites without their record", "filing", f.ID, "error", err.Error())
	}
	return r.ID, nil
}

// visibleMaterial loads a file together with its filing, which decides who may see it.
func (p *Pipeline) visibleMaterial(ctx context.Context, who Viewer, id string) (*storage.Material, *storage.Filing, error) {
	m, err := p.Records.Material(ctx, id)
	if err != nil {
		return nil, nil, recordFailure(err)
	}
	f, err := p.visible(ctx, who, m.FilingID)
	if err != nil {
		return nil, nil, err
	}
	return &m, f, nil
}

// Material is one file's state and findings.
func (p *Pipeline) Material(ctx context.Context, who Viewer, id string) (*filing.MaterialReport, error) {
	m, _, err := p.visibleMaterial(ctx, who, id)
	if err != nil {
		return nil, err
	}
	report, _, err := p.checkOf(ctx, m)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	r := materialReport(m, report)
	return &r, nil
}

// Materials are all files of a filing, replaced ones included, oldest first.
func (p *Pipeline) Materials(ctx context.Context, who Viewer, filingID string) ([]filing.MaterialReport, error) {
	f, err := p.visible(ctx, who, filingID)
	if err != nil {
		return nil, err
	}
	list, err := p.Records.MaterialsOf(ctx, f.ID)
	if err != nil {
		return nil, recordFailure(err)
	}
	reports, _, err := p.reportsOf(ctx, list)
	return reports, err
}

// reportsOf are the files of a filing, and what each of them was recognized as; nil for those that were not read.
func (p *Pipeline) reportsOf(ctx context.Context, list []storage.Material) ([]filing.MaterialReport, []*filing.Content, error) {
	out, contents := make([]filing.MaterialReport, 0, len(list)), make([]*filing.Content, 0, len(list))
	for i := range list {
		report, content, err := p.checkOf(ctx, &list[i])
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return nil, nil, err
		}
		out, contents = append(out, materialReport(&list[i], report)), append(contents, content)
	}
	return out, contents, nil
}

// checkOf is what the check of a file said, with the measurements and the text that it was judged by; storage.ErrNotFound while it
// was not checked.
func (p *Pipeline) checkOf(ctx context.Context, m *storage.Material) (*filing.FileReport, *filing.Content, error) {
	c, err := p.Records.Check(ctx, m.ID)
	if err != nil {
		return nil, nil, err
	}
	r := unchecked(m)
	r.Verdict, r.ElapsedMS = c.Verdict, c.ElapsedMS
	if err := json.Unmarshal(c.Findings, &r.Findings); err != nil {
		return nil, nil, fmt.Errorf("findings of file %s as kept: %w", m.ID, err)
	}
	if r.Parts, err = partsAsKept(m.ID, c.Parts); err != nil {
		return nil, nil, err
	}
	kept, err := p.keptMeasurements(ctx, digestOf(m), c.Analyzer)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, nil, err
	}
	r.Measurements = kept
	if c.Reader == "" {
		return &r, nil, nil
	}
	content, err := p.keptContent(ctx, digestOf(m), c.Reader, kept)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, nil, err
	}
	describe(&r, content)
	return &r, content, nil
}

// unchecked is what can be said of a file that was not checked: it needs a look.
func unchecked(m *storage.Material) filing.FileReport {
	r := filing.FileReport{SHA256: m.SHA256, Bytes: m.Bytes, Format: m.Format, Verdict: filing.VerdictReview, Findings: []filing.Finding{}}
	if d := declaredOf(m); d != (filing.Declared{}) {
		r.Declared = &d
	}
	return r
}

func declaredOf(m *storage.Material) filing.Declared {
	return filing.Declared{Material: m.Material, Page: m.Page, Of: m.Of}
}

// digestOf is the digest that the records keep as text; what they keep was a digest.
func digestOf(m *storage.Material) storage.Digest {
	d, err := storage.ParseDigest(m.SHA256)
	if err != nil {
		panic(fmt.Sprintf("record of file %s: %v", m.ID, err))
	}
	return d
}

// materialReport joins the row of a file with what its check said; without a check the file is stored and pending.
func materialReport(m *storage.Material, report *filing.FileReport) filing.MaterialReport {
	r := filing.MaterialReport{
		ID: m.ID, Filing: m.FilingID, State: m.State, UploadedAt: m.UploadedAt, ReplacedBy: m.ReplacedBy, MadeFrom: m.MadeFrom,
	}
	if report == nil {
		r.FileReport = unchecked(m)
		return r
	}
	r.FileReport = *report
	if r.State == filing.MaterialStored {
		r.State = filing.MaterialChecked
	}
	return r
}
