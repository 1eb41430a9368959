package pipeline_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
)

// newer is an analyzer that tells something else of a picture than the one before: that a computer has drawn it.
type newer struct{ *faults }

func (n newer) Analyze(ctx context.Context, data []byte) (filing.Measurements, error) {
	m, err := n.faults.Analyze(ctx, data)
	if m.Pixels != nil {
		pixels := *m.Pixels
		pixels.FlatShare, m.Pixels = 1, &pixels
	}
	m.EXIF = &filing.EXIF{Screenshot: true}
	return m, err
}

// After the analyzer has changed, a pass without remeasuring leaves the pixels alone; one with it measures each content
// once, judges by what it measured, and the next one has nothing left to measure.
func TestOnlyWhatAnotherAnalyzerMeasuredIsMeasuredAgain(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	data := photo(t)
	upload := func(id string) {
		t.Helper()
		_, err := b.flow.Upload(t.Context(), owner, id, sent{data: data})
		ok(t, err)
	}
	upload(b.id)
	other, err := b.flow.CreateFiling(t.Context(), owner, []byte(`{"province":"SC","action":"new","applicant":{"type":"individual"}}`))
	ok(t, err)
	upload(other.ID) // the same bytes: one content
	set, err := rules.Load(rules.Embedded())
	ok(t, err)
	measurer := &faults{Measurer: b.Measurer, Objects: b.Objects}
	flow, err := pipeline.New(pipeline.DefaultConfig(), pipeline.Parts{
		Objects: b.Objects, Records: b.records, Measurer: newer{measurer}, Analyzer: imaging.Version + "-next",
		RuleSets: []*rules.Set{set}, Log: slog.New(slog.DiscardHandler),
	})
	ok(t, err)
	t.Cleanup(flow.Close)
	pass := func(remeasure bool) *pipeline.Revalidation {
		t.Helper()
		started, err := flow.StartRevalidation(t.Context(), pipeline.Viewer{Name: "operator", All: true}, pipeline.RevalidationRequest{Remeasure: remeasure})
		ok(t, err)
		v, err := flow.RunRevalidation(t.Context(), started.ID, nil)
		ok(t, err)
		if v.State != storage.RevalidationDone || v.Judged != 2 {
			t.Fatalf("%+v", v)
		}
		return v
	}
	if v := pass(false); v.Measured != 0 || measurer.count != 0 || v.Files != 0 {
		t.Errorf("without being asked to it measured %d files, %d pictures, %d files changed", v.Measured, measurer.count, v.Files)
	}
	v := pass(true)
	if v.Measured != 2 || v.Files != 2 || v.Changed != 2 || measurer.count > 2 {
		t.Errorf("measured %d files from %d pictures, %d files changed of %d filings", v.Measured, measurer.count, v.Files, v.Changed)
	}
	report, err := flow.Report(t.Context(), owner, b.id)
	ok(t, err)
	found := false
	for _, f := range report.Files[0].Findings {
		found = found || f.Code == "screenshot"
	}
	if !found || report.Files[0].Verdict == filing.VerdictPass {
		t.Errorf("the report does not know what was measured: %+v", report.Files[0].Findings)
	}
	measurer.count = 0
	if v := pass(true); v.Measured != 0 || v.Files != 0 || v.Changed != 0 || measurer.count != 0 {
		t.Errorf("again it measured %d files, changed %d", v.Measured, v.Files)
	}
}
