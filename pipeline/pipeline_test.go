package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/specimen/phototest"
	"github.com/preflight-icp/preflight/storage"
)

// faults lie between the pipeline and its real parts, where a test needs them to fail.
type faults struct {
	pipeline.Measurer
	storage.Objects

	mu      sync.Mutex
	analyze func(ctx context.Context) error // before measuring
	put     func() error                    // before storing
	count   int                             // how often a picture was measured
}

func (f *faults) Analyze(ctx context.Context, data []byte) (filing.Measurements, error) {
	f.mu.Lock()
	fail := f.analyze
	f.count++
	f.mu.Unlock()
	if fail != nil {
		if err := fail(ctx); err != nil {
			return filing.Measurements{}, err
		}
	}
	return f.Measurer.Analyze(ctx, data)
}

func (f *faults) Put(ctx context.Context, key string, content storage.Content) error {
	if f.put != nil {
		if err := f.put(); err != nil {
			return err
		}
	}
	return f.Objects.Put(ctx, key, content)
}

func (f *faults) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.analyze = nil
}

type bundle struct {
	*faults
	t       *testing.T
	flow    *pipeline.Pipeline
	records *storage.Records
	id      string
}

var owner = pipeline.Viewer{Name: "app"}

func setup(t *testing.T, change func(*pipeline.Config)) *bundle {
	t.Helper()
	dir := t.TempDir()
	analyzer := newAnalyzer(t)
	b := &bundle{t: t, faults: &faults{Measurer: analyzer}}
	var err error
	b.Objects, err = storage.OpenObjects(t.Context(), filepath.Join(dir, "objects"), storage.ObjectsOptions{})
	ok(t, err)
	b.records, err = storage.OpenRecords(t.Context(), "sqlite:"+filepath.Join(dir, "a.db"), storage.RecordsOptions{Logger: slog.New(slog.DiscardHandler)})
	ok(t, err)
	set, err := rules.Load(rules.Embedded())
	ok(t, err)
	cfg := pipeline.DefaultConfig()
	cfg.CheckWait, cfg.JobGrace = time.Minute, time.Minute // on a busy machine checks take long, and few tests are of this
	if change != nil {
		change(&cfg)
	}
	b.flow, err = pipeline.New(cfg, pipeline.Parts{
		Objects: b.faults, Records: b.records, Measurer: b.faults, Analyzer: imaging.Version, Renderer: analyzer, Stitcher: analyzer,
		RuleSets: []*rules.Set{set}, Log: slog.New(slog.DiscardHandler),
	})
	ok(t, err)
	t.Cleanup(func() {
		b.flow.Close()
		ok(t, b.records.Close())
		ok(t, b.Objects.Close())
	})
	f, err := b.flow.CreateFiling(t.Context(), owner, []byte(`{"province":"BJ","action":"new","applicant":{"type":"individual"}}`))
	ok(t, err)
	b.id = f.ID
	return b
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// photo is a good photo of a card.
func photo(t *testing.T) []byte {
	t.Helper()
	return phototest.Front(t, 1200, 900, 31)
}

// sent is a photo as the pipeline takes it; broken ends its body after half.
type sent struct {
	data   []byte
	broken bool
	async  bool
	// as is what it is declared as; nil: the front of the principal's card.
	as *filing.Declared
}

func (s sent) File() (io.Reader, error) {
	if s.broken {
		return io.MultiReader(bytes.NewReader(s.data[:len(s.data)/2]), brokenReader{}), nil
	}
	return bytes.NewReader(s.data), nil
}

func (s sent) Finish() (pipeline.Upload, error) {
	if s.as != nil {
		return pipeline.Upload{Declared: *s.as, Async: s.async}, nil
	}
	return pipeline.Upload{Declared: filing.Declared{Material: "principal_id", Page: "front"}, Async: s.async}, nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAPictureThatCannotBeMeasuredInTimeNeedsAPerson(t *testing.T) {
	t.Parallel()
	// Long enough for a photo that can be measured, and no longer than it has to be waited for.
	deadline := 2 * time.Second
	if raceEnabled {
		deadline = 12 * time.Second
	}
	b := setup(t, func(c *pipeline.Config) { c.MeasureDeadline, c.CheckWait = deadline, 2*deadline })
	b.analyze = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	a, err := b.flow.Upload(t.Context(), owner, b.id, sent{data: photo(t)})
	ok(t, err)
	if a.Pending || a.Material.Verdict != filing.VerdictReview || len(a.Material.Findings) != 1 || a.Material.Findings[0].Code != "not_measured" {
		t.Fatalf("pending %v, %s, %+v", a.Pending, a.Material.Verdict, a.Material.Findings)
	}
	// What a deadline cut short is not kept for the bytes: elsewhere they are measured again.
	b.heal()
	f, err := b.flow.CreateFiling(t.Context(), owner, []byte(`{}`))
	ok(t, err)
	a, err = b.flow.Upload(t.Context(), owner, f.ID, sent{data: photo(t)})
	ok(t, err)
	if a.Material.Measurements == nil || a.Material.Measurements.Decode == nil {
		t.Errorf("%+v", a.Material.Measurements)
	}
}

func TestAFailedCheckIsDoneByItsJob(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.analyze = func(context.Context) error { return errors.New("the machine is out of memory") }
	a, err := b.flow.Upload(t.Context(), owner, b.id, sent{data: photo(t)})
	ok(t, err)
	if !a.Pending || a.Material.State != filing.MaterialStored {
		t.Fatalf("pending %v, %s", a.Pending, a.Material.State)
	}
	if err := b.flow.Work(t.Context(), a.Material.ID); err == nil {
		t.Error("a job that failed says that it is done")
	}
	b.heal()
	ok(t, b.flow.Work(t.Context(), a.Material.ID))
	m, err := b.flow.Material(t.Context(), owner, a.Material.ID)
	ok(t, err)
	if m.State != filing.MaterialChecked || m.Verdict != filing.VerdictPass {
		t.Errorf("%s %s %+v", m.State, m.Verdict, m.Findings)
	}
	count := b.count
	ok(t, b.flow.Work(t.Context(), a.Material.ID))
	if b.count != count {
		t.Error("a checked file was measured again")
	}
}

func TestAnUploadThatWaitsTooLongIsAnsweredAndCheckedBehind(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *pipeline.Config) { c.CheckWait = 50 * time.Millisecond })
	release := make(chan struct{})
	b.analyze = func(context.Context) error { <-release; return nil }
	a, err := b.flow.Upload(t.Context(), owner, b.id, sent{data: photo(t)})
	ok(t, err)
	if !a.Pending {
		t.Error("it is said to be checked")
	}
	close(release)
	look, deadline := time.NewTicker(10*time.Millisecond), time.Now().Add(10*time.Second)
	defer look.Stop()
	for ; time.Now().Before(deadline); <-look.C {
		m, err := b.flow.Material(t.Context(), owner, a.Material.ID)
		ok(t, err)
		if m.State == filing.MaterialChecked {
			return
		}
	}
	t.Error("it was not checked behind the answer")
}

func TestTheSameBytesAreMeasuredOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	data := photo(t)
	var wg sync.WaitGroup
	for range 6 {
		f, err := b.flow.CreateFiling(t.Context(), owner, []byte(`{}`))
		ok(t, err)
		wg.Go(func() {
			if _, err := b.flow.Upload(context.Background(), owner, f.ID, sent{data: data}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	before := b.count
	f, err := b.flow.CreateFiling(t.Context(), owner, []byte(`{}`))
	ok(t, err)
	_, err = b.flow.Upload(t.Context(), owner, f.ID, sent{data: data})
	ok(t, err)
	if b.count != before {
		t.Error("kept measurements were not used")
	}
	objects := 0
	for _, err := range b.Objects.List(t.Context(), "objects/", "") {
		ok(t, err)
		objects++
	}
	if objects != 1 {
		t.Errorf("%d objects for the same bytes", objects)
	}
}

func TestNothingIsRecordedThatWasNotStored(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	for name, c := range map[string]struct {
		put    error
		broken bool
		want   error
	}{
		"the store refuses":   {put: full, want: full},
		"the body breaks off": {broken: true, want: pipeline.ErrIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			b.put = func() error { return c.put }
			if _, err := b.flow.Upload(t.Context(), owner, b.id, sent{data: photo(t), broken: c.broken}); !errors.Is(err, c.want) {
				t.Errorf("error %v", err)
			}
			list, err := b.flow.Materials(t.Context(), owner, b.id)
			ok(t, err)
			if len(list) != 0 {
				t.Errorf("%d files are recorded", len(list))
			}
		})
	}
}

func TestOneUploadTooManyIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *pipeline.Config) { c.MaxUploads = 1 })
	release, entered := make(chan struct{}), make(chan struct{})
	b.analyze = func(context.Context) error { close(entered); <-release; return nil }
	done := make(chan error, 1)
	go func() {
		_, err := b.flow.Upload(context.Background(), owner, b.id, sent{data: photo(t)})
		done <- err
	}()
	<-entered
	if _, err := b.flow.Upload(t.Context(), owner, b.id, sent{data: photo(t)}); !errors.Is(err, pipeline.ErrBusy) {
		t.Errorf("error %v", err)
	}
	close(release)
	ok(t, <-done)
	b.heal()
	_, err := b.flow.Upload(t.Context(), owner, b.id, sent{data: photo(t)})
	ok(t, err)
}

func TestAnotherOwnersFilingIsNotThere(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for _, who := range []pipeline.Viewer{{}, {Name: "other"}} {
		_, err := b.flow.Filing(t.Context(), who, b.id)
		_, upload := b.flow.Upload(t.Context(), who, b.id, sent{data: photo(t)})
		_, report := b.flow.Report(t.Context(), who, b.id)
		for _, err := range []error{err, upload, report, b.flow.DeleteFiling(t.Context(), who, b.id, 0)} {
			if !errors.Is(err, pipeline.ErrNotFound) {
				t.Errorf("%q: error %v", who.Name, err)
			}
		}
	}
	_, err := b.flow.Filing(t.Context(), pipeline.Viewer{All: true}, b.id)
	ok(t, err)
}

func TestReadinessNamesThePartThatFails(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.analyze = func(context.Context) error { return errors.New("no decoder") }
	var names []string
	for _, part := range b.flow.Ready(t.Context()) {
		names = append(names, fmt.Sprint(part.Name, " ", part.State))
	}
	if want := []string{"database ok", "queue ok", "objects ok", "measuring failed", "models ok", "reading degraded"}; !slices.Equal(names, want) {
		t.Errorf("%v", names)
	}
}

func TestTheConfigurationIsValidated(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*pipeline.Config){
		"a body below the bureau's limit": func(c *pipeline.Config) { c.MaxBody = 4<<20 - 1 },
		"no upload":                       func(c *pipeline.Config) { c.MaxUploads = 0 },
		"no slot":                         func(c *pipeline.Config) { c.MeasureSlots = 0 },
		"no time":                         func(c *pipeline.Config) { c.MeasureDeadline = 0 },
		"nobody who reads":                func(c *pipeline.Config) { c.ReadSlots = 0 },
		"no time to read":                 func(c *pipeline.Config) { c.ReadDeadline = 0 },
		"a job before its request":        func(c *pipeline.Config) { c.JobGrace = c.CheckWait - 1 },
		"a negative wait":                 func(c *pipeline.Config) { c.CheckWait = -1 },
	} {
		cfg := pipeline.DefaultConfig()
		ok(t, cfg.Validate())
		if change(&cfg); cfg.Validate() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
