package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/models"
	"github.com/preflight-icp/preflight/models/modelstest"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/specimen"
	"github.com/preflight-icp/preflight/storage"
)

// reader is the real one; fail and delay inject what goes wrong.
type reader struct {
	*imaging.Analyzer
	fail  atomic.Pointer[error]
	count atomic.Int64
}

func (r *reader) Read(ctx context.Context, data []byte, m *filing.Measurements) (filing.Reading, error) {
	r.count.Add(1)
	if err := r.fail.Load(); err != nil {
		return filing.Reading{}, *err
	}
	return r.Analyzer.Read(ctx, data, m)
}

// readers is a service that reads.
type readers struct {
	reader  *reader
	objects storage.Objects
	records *storage.Records
	set     *rules.Set
	log     strings.Builder
}

func setupReading(t *testing.T) *readers {
	t.Helper()
	return setupReadingOn(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db"))
}

// setupReadingOn is setupReading with records elsewhere.
func setupReadingOn(t *testing.T, url string) *readers {
	t.Helper()
	dir := t.TempDir()
	analyzer, err := imaging.New(imaging.Options{
		Models: modelstest.Dir(t, models.Runtime(), models.TextDetector, models.TextDirection, models.TextRecognizer, models.TextKeys),
	})
	ok(t, err)
	b := &readers{reader: &reader{Analyzer: analyzer}}
	b.objects, err = storage.OpenObjects(t.Context(), filepath.Join(dir, "objects"), storage.ObjectsOptions{})
	ok(t, err)
	b.records, err = storage.OpenRecords(t.Context(), url, storage.RecordsOptions{Logger: slog.New(slog.DiscardHandler)})
	ok(t, err)
	b.set, err = rules.Load(rules.Embedded())
	ok(t, err)
	t.Cleanup(func() {
		ok(t, b.records.Close())
		ok(t, b.objects.Close())
		ok(t, analyzer.Close())
	})
	return b
}

// flow is a process of the service, with a reader of that version.
func (b *readers) flow(t *testing.T, version string) *pipeline.Pipeline {
	t.Helper()
	cfg := pipeline.DefaultConfig()
	cfg.CheckWait, cfg.ReadDeadline, cfg.MeasureDeadline, cfg.JobGrace = time.Minute, time.Minute, time.Minute, time.Minute
	flow, err := pipeline.New(cfg, pipeline.Parts{
		Objects: b.objects, Records: b.records, Measurer: b.reader.Analyzer, Analyzer: b.reader.Version(), Renderer: b.reader.Analyzer, Stitcher: b.reader.Analyzer,
		Reader: b.reader, ReaderVersion: version, Unread: checks.ReadingMissing, RuleSets: []*rules.Set{b.set},
		Log: slog.New(slog.NewTextHandler(&b.log, nil)),
	})
	ok(t, err)
	t.Cleanup(flow.Close)
	return flow
}

// cardNamed is a photo of a card, and what it says.
func cardNamed(t *testing.T) ([]byte, specimen.Fields) {
	t.Helper()
	data := photo(t)
	set, err := specimen.Fonts()
	ok(t, err)
	doc, err := specimen.Draw(set, specimen.IDCardFront, 31, 4)
	ok(t, err)
	return data, doc.Fields
}

func open(t *testing.T, flow *pipeline.Pipeline, facts string) *pipeline.FilingView {
	t.Helper()
	f, err := flow.CreateFiling(t.Context(), owner, []byte(facts))
	ok(t, err)
	return f
}

// has reports whether a file's findings hold one of these codes.
func has(r *filing.MaterialReport, code string) bool {
	return slices.ContainsFunc(r.Findings, func(f filing.Finding) bool { return f.Code == code })
}

func named(name string) string {
	return fmt.Sprintf(`{"province":"SC","action":"new","as_of":"2020-11-01","applicant":{"type":"individual","name":%q}}`, name)
}

func TestAnUploadIsReadJudgedAndJudgedAgainWhenTheFactsChange(t *testing.T) {
	t.Parallel()
	b := setupReading(t)
	flow := b.flow(t, "r1")
	data, says := cardNamed(t)
	f := open(t, flow, named("样本"+says.Name))
	a, err := flow.Upload(t.Context(), owner, f.ID, sent{data: data})
	ok(t, err)
	if a.Pending || a.Material.Kind == nil || a.Material.Kind.Detected != filing.DocumentIDCard || a.Material.Kind.Page != filing.PageFront {
		t.Fatalf("pending %v, %+v", a.Pending, a.Material.Kind)
	}
	if a.Material.Text[filing.FieldNumber] != says.Number || a.Material.Text[filing.FieldPerson] != says.Name {
		t.Errorf("%+v, not %s and %s", a.Material.Text, says.Number, says.Name)
	}
	if !has(&a.Material, "name_mismatch") || a.Material.Verdict != filing.VerdictFail {
		t.Errorf("another name: %+v", a.Material.Findings)
	}
	// The same bytes for another filing are not read again.
	g := open(t, flow, named(says.Name))
	other, err := flow.Upload(t.Context(), owner, g.ID, sent{data: data})
	ok(t, err)
	if has(&other.Material, "name_mismatch") || has(&other.Material, "text_not_read") || b.reader.count.Load() != 1 {
		t.Errorf("read %d times: %+v", b.reader.count.Load(), other.Material.Findings)
	}
	// What was wrong was the name that was filled in.
	patch, err := json.Marshal(map[string]any{"applicant": map[string]any{"name": says.Name}})
	ok(t, err)
	_, err = flow.UpdateFiling(t.Context(), owner, f.ID, f.Revision, patch)
	ok(t, err)
	report, err := flow.Report(t.Context(), owner, f.ID)
	ok(t, err)
	if has(&report.Files[0], "name_mismatch") || b.reader.count.Load() != 1 {
		t.Errorf("after the facts were put right: %+v", report.Files[0].Findings)
	}
	offered := map[string]any{}
	for _, o := range report.Offered {
		offered[o.Fact] = o.Value
	}
	if offered["principal.birth_date"] != says.Birth {
		t.Errorf("offered %v, born %s", offered, says.Birth)
	}
	if text := b.log.String(); strings.Contains(text, says.Name) || strings.Contains(text, says.Number) {
		t.Error("the log says what was read")
	}
	// It goes with its filings.
	for _, id := range []string{f.ID, g.ID} {
		ok(t, flow.DeleteFiling(t.Context(), owner, id, 0))
	}
	if _, err := b.records.Reading(t.Context(), storage.DigestOf(data), "r1"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("what was read is still there: %v", err)
	}
}

func TestWhatCouldNotBeReadAsksForAPersonAndIsReadByItsJob(t *testing.T) {
	t.Parallel()
	b := setupReading(t)
	flow := b.flow(t, "r1")
	data, says := cardNamed(t)
	f := open(t, flow, named(says.Name))
	broken := errors.New("out of memory")
	b.reader.fail.Store(&broken)
	a, err := flow.Upload(t.Context(), owner, f.ID, sent{data: data})
	ok(t, err)
	if !a.Pending || !has(&a.Material, "text_not_read") || a.Material.Verdict == filing.VerdictPass || a.Material.Kind != nil {
		t.Fatalf("pending %v: %+v", a.Pending, a.Material)
	}
	jobs, err := flow.Jobs(t.Context(), storage.JobFilter{})
	ok(t, err)
	if len(jobs) != 1 || jobs[0].Kind != "read_material" || jobs[0].MaterialID != a.Material.ID {
		t.Fatalf("%+v", jobs)
	}
	if err := flow.Read(t.Context(), a.Material.ID); !errors.Is(err, broken) {
		t.Errorf("a job that fails: %v", err)
	}
	b.reader.fail.Store(nil)
	worker, err := storage.NewWorker(b.records, storage.WorkerOptions{PollInterval: 20 * time.Millisecond, Read: flow.Read}, flow.Work)
	ok(t, err)
	ok(t, worker.Start(t.Context()))
	defer func() { ok(t, worker.Stop(context.WithoutCancel(t.Context()))) }()
	until(t, func() bool {
		m, err := flow.Material(t.Context(), owner, a.Material.ID)
		ok(t, err)
		return m.Kind != nil && !has(m, "text_not_read") && m.Text[filing.FieldNumber] == says.Number
	})
	ok(t, flow.Read(t.Context(), a.Material.ID)) // once more changes nothing
	// An upload that nobody waits for is checked by one job and read by another.
	g := open(t, flow, named(says.Name))
	second, err := flow.Upload(t.Context(), owner, g.ID, sent{data: slices.Concat(data, []byte{0}), async: true})
	ok(t, err)
	if !second.Pending {
		t.Error("an asynchronous upload was answered as checked")
	}
	until(t, func() bool {
		m, err := flow.Material(t.Context(), owner, second.Material.ID)
		ok(t, err)
		return m.State == filing.MaterialChecked && m.Kind != nil
	})
	if err := flow.Read(t.Context(), "01234567-89ab-7def-8123-456789abcdef"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("of nothing: %v", err)
	}
}

// until waits for something that jobs do.
func until(t *testing.T, done func() bool) {
	t.Helper()
	look, end := time.NewTicker(50*time.Millisecond), time.After(2*time.Minute)
	defer look.Stop()
	for !done() {
		select {
		case <-look.C:
		case <-end:
			t.Fatal("it does not come")
		}
	}
}

func TestRevalidationJudgesStoredTextAndRemeasuringReadsAnew(t *testing.T) {
	t.Parallel()
	b := setupReading(t)
	data, says := cardNamed(t)
	none := b.flow(t, "") // before the models were installed
	f := open(t, none, named("样本"+says.Name))
	a, err := none.Upload(t.Context(), owner, f.ID, sent{data: data})
	ok(t, err)
	if !has(&a.Material, "kind_unrecognized") || a.Material.Verdict != filing.VerdictReview && a.Material.Verdict != filing.VerdictFail || a.Pending {
		t.Fatalf("without a reader: %+v", a.Material)
	}
	pass := func(flow *pipeline.Pipeline, q pipeline.RevalidationRequest) *pipeline.Revalidation {
		t.Helper()
		started, err := flow.StartRevalidation(t.Context(), pipeline.Viewer{Name: "operator", All: true}, q)
		ok(t, err)
		v, err := flow.RunRevalidation(t.Context(), started.ID, nil)
		ok(t, err)
		return v
	}
	file := func(flow *pipeline.Pipeline) *filing.MaterialReport {
		t.Helper()
		m, err := flow.Material(t.Context(), owner, a.Material.ID)
		ok(t, err)
		return m
	}
	first := b.flow(t, "r1")
	if v := pass(first, pipeline.RevalidationRequest{DryRun: true}); v.Changed != 1 || b.reader.count.Load() != 0 || has(file(first), "text_not_read") {
		t.Errorf("a prediction: %+v", v)
	}
	jobs := func() int {
		t.Helper()
		list, err := first.Jobs(t.Context(), storage.JobFilter{})
		ok(t, err)
		return len(list)
	}
	if n := jobs(); n != 0 {
		t.Errorf("a prediction made %d jobs", n)
	}
	if v := pass(first, pipeline.RevalidationRequest{}); v.Reread != 0 || b.reader.count.Load() != 0 || !has(file(first), "text_not_read") || jobs() != 1 {
		t.Errorf("a pass that reads nothing: %+v, %d jobs, %+v", v, jobs(), file(first).Findings)
	}
	pass(first, pipeline.RevalidationRequest{})
	if n := jobs(); n != 1 {
		t.Errorf("another pass: %d jobs", n)
	}
	if v := pass(first, pipeline.RevalidationRequest{Remeasure: true}); v.Reread != 1 || b.reader.count.Load() != 1 || !has(file(first), "name_mismatch") {
		t.Errorf("remeasured: %+v, %+v", v, file(first).Findings)
	}
	if v := pass(first, pipeline.RevalidationRequest{Remeasure: true}); v.Reread != 0 || v.Files != 0 || b.reader.count.Load() != 1 {
		t.Errorf("once more: %+v", v)
	}
	// A newer reader: what the older one read is judged until it is read anew.
	second := b.flow(t, "r2")
	if v := pass(second, pipeline.RevalidationRequest{}); v.Changed != 0 || b.reader.count.Load() != 1 || !has(file(second), "name_mismatch") {
		t.Errorf("by a newer reader, without reading: %+v, %+v", v, file(second).Findings)
	}
	if v := pass(second, pipeline.RevalidationRequest{Remeasure: true}); v.Reread != 1 || v.Files != 0 || b.reader.count.Load() != 2 {
		t.Errorf("read anew: %+v", v)
	}
	if _, err := b.records.Reading(t.Context(), storage.DigestOf(data), "r2"); err != nil {
		t.Error(err)
	}
	if v := pass(second, pipeline.RevalidationRequest{Remeasure: true}); v.Reread != 0 || b.reader.count.Load() != 2 {
		t.Errorf("nothing is left: %+v", v)
	}
	// Without the models again: what is kept is judged.
	if pass(none, pipeline.RevalidationRequest{}); !has(file(none), "name_mismatch") {
		t.Errorf("without a reader: %+v", file(none).Findings)
	}
}

func TestWhatIsToBeReadIsDecidedFromKindAndPicture(t *testing.T) {
	t.Parallel()
	b := setupReading(t)
	flow := b.flow(t, "r1")
	data, says := cardNamed(t)
	for _, c := range []struct {
		name     string
		data     []byte
		declared filing.Declared
		reads    int64
	}{
		{"a person with a card", data, filing.Declared{Material: "handheld_personal_document"}, 0},
		{"a damaged picture", data[:len(data)/2], filing.Declared{Material: "principal_id"}, 0},
		{"no picture", []byte("%PDF-1.7 specimen"), filing.Declared{Material: "principal_id"}, 0},
		{"what nobody declared", data, filing.Declared{}, 1},
	} {
		before := b.reader.count.Load()
		r, err := flow.Check(t.Context(), declaredPhoto{c.data, c.declared})
		ok(t, err)
		if n := b.reader.count.Load() - before; n != c.reads {
			t.Errorf("%s: read %d times", c.name, n)
		}
		if c.reads > 0 && r.Text[filing.FieldNumber] != says.Number {
			t.Errorf("%s: %+v", c.name, r.Text)
		}
		if slices.ContainsFunc(r.Findings, func(f filing.Finding) bool { return f.Code == "text_not_read" }) {
			t.Errorf("%s: %+v", c.name, r.Findings)
		}
	}
	parts := flow.Ready(t.Context())
	if i := slices.IndexFunc(parts, func(p pipeline.Part) bool { return p.Name == "reading" }); i < 0 || parts[i].State != pipeline.PartOK {
		t.Errorf("%+v", parts)
	}
	off := b.flow(t, "")
	parts = off.Ready(t.Context())
	if i := slices.IndexFunc(parts, func(p pipeline.Part) bool { return p.Name == "reading" }); i < 0 || parts[i].State != pipeline.PartDegraded || parts[i].Err == nil {
		t.Errorf("%+v", parts)
	}
}

type declaredPhoto struct {
	data     []byte
	declared filing.Declared
}

func (d declaredPhoto) File() (io.Reader, error) { return bytes.NewReader(d.data), nil }
func (d declaredPhoto) Finish() (pipeline.Upload, error) {
	return pipeline.Upload{Declared: d.declared}, nil
}

// What nobody declared goes where it belongs by what it is, in the answer to the upload, in the report and in a pass alike.
func TestAnUndeclaredFileIsMatchedByWhatWasReadInIt(t *testing.T) {
	t.Parallel()
	b := setupReading(t)
	flow := b.flow(t, "r1")
	data, says := cardNamed(t)
	f := open(t, flow, named(says.Name))
	a, err := flow.Upload(t.Context(), owner, f.ID, declaredPhoto{data: data})
	ok(t, err)
	if len(a.Matches) == 0 {
		t.Errorf("the upload stands for nothing: %+v", a.Material)
	}
	report, err := flow.Report(t.Context(), owner, f.ID)
	ok(t, err)
	standsFor := 0
	for _, m := range report.Required {
		if slices.Contains(m.Files, a.Material.ID) {
			standsFor++
		}
	}
	if standsFor != len(a.Matches) {
		t.Errorf("it stands for %d requirements in the report, for %d in the answer", standsFor, len(a.Matches))
	}
	started, err := flow.StartRevalidation(t.Context(), pipeline.Viewer{Name: "operator", All: true}, pipeline.RevalidationRequest{})
	ok(t, err)
	v, err := flow.RunRevalidation(t.Context(), started.ID, nil)
	ok(t, err)
	kept, err := b.records.KeptVerdict(t.Context(), f.ID)
	ok(t, err)
	if v.Changed != 0 || kept.Verdict != report.Verdict || strings.Count(kept.Items, "=missing")+standsFor > len(report.Required) {
		t.Errorf("a pass says otherwise: %+v, %s", v, kept.Items)
	}
	if kept.Reader != "r1" {
		t.Errorf("the verdict rests on the reader %q", kept.Reader)
	}
}
