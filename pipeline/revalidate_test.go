package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
)

// analyzerOfTests is the version under which the population was measured.
const analyzerOfTests = "population-1"

var noon = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)

func operator() Viewer { return Viewer{Name: "operator", All: true} }

// embeddedRules is the set of the binary, changedRules the same where persons in charge must be older in some provinces.
func embeddedRules(tb testing.TB) *rules.Set {
	tb.Helper()
	set, err := rules.Load(rules.Embedded())
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func changedRules(tb testing.TB, from, to string, provinces ...string) *rules.Set {
	tb.Helper()
	folder := fstest.MapFS{}
	err := fs.WalkDir(rules.Embedded(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(rules.Embedded(), path)
		if err != nil {
			return err
		}
		if slices.Contains(provinces, strings.TrimSuffix(filepath.Base(path), ".yaml")) {
			if !strings.Contains(string(text), from) {
				return fmt.Errorf("%s does not hold %q", path, from)
			}
			text = []byte(strings.ReplaceAll(string(text), from, to))
		}
		folder[path] = &fstest.MapFile{Data: text}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	set, err := rules.Load(folder)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// olderRules touch every filing of some provinces with a person in charge below 55.
func olderRules(tb testing.TB) *rules.Set {
	return changedRules(tb, "younger_than: 18 years", "younger_than: 55 years", "SC")
}

// measured is what was measured of a photo in order, as it is kept.
func measured(bytes int64) filing.Measurements {
	return filing.Measurements{
		Analyzer: analyzerOfTests, Bytes: bytes, Format: filing.FormatJPEG, Width: 4032, Height: 3024, Orientation: 1, Frames: 1,
		Decode: &filing.Decode{Complete: true}, EXIF: &filing.EXIF{Make: "SPECIMEN", Model: "S1", Software: "1.0", HasExposure: true},
		Pixels: &filing.Pixels{FlatShare: 0.004},
	}
}

// filler makes the records of a population.
type filler struct {
	population
	set     *rules.Set
	asOf    filing.Date
	measure func(bytes int64) filing.Measurements
}

func newFiller(tb testing.TB, set *rules.Set) *filler {
	tb.Helper()
	return &filler{population: population{seed: 7}, set: set, asOf: filing.Today(noon), measure: measured}
}

func filingID(n int) string { return fmt.Sprintf("01930000-0000-7000-8000-%012x", n) }

// rows are those of the filings from one number to before another, as their uploads would have left them.
func (f *filler) rows(tb testing.TB, from, to int) storage.FilingRows {
	tb.Helper()
	var rows storage.FilingRows
	limits := f.set.UploadLimits(f.asOf)
	for n := from; n < to; n++ {
		text := f.facts(n)
		facts, err := filing.ParseFacts(text)
		if err != nil {
			tb.Fatal(err)
		}
		at := noon.Add(-time.Hour)
		rows.Filings = append(rows.Filings, storage.Filing{
			ID: filingID(n), Owner: "app", Facts: text, Revision: 1, State: storage.FilingOpen, CreatedAt: at, UpdatedAt: at,
		})
		for i, declared := range populationSubjects {
			size := int64(700_000 + n%1000)
			if (n+i)%50 == 0 {
				size = 120_000
			}
			m := f.measure(size)
			sum := storage.DigestOf(fmt.Appendf(nil, "specimen %d %d", n, i)).String()
			id := fmt.Sprintf("01930000-%04x-7000-8000-%012x", i+1, n)
			data, err := json.Marshal(m)
			if err != nil {
				tb.Fatal(err)
			}
			in := fileInput(declared, ".jpg", limits, PartiesOf(facts))
			basis, err := basisOf(in, m.Analyzer, readBasis{})
			if err != nil {
				tb.Fatal(err)
			}
			in.Measurements = m
			findings := checks.File(in.FileInput)
			printed, err := json.Marshal(findings)
			if err != nil {
				tb.Fatal(err)
			}
			rows.Contents = append(rows.Contents, storage.ContentRow{SHA256: sum, Bytes: size, Format: m.Format, CreatedAt: at})
			rows.Materials = append(rows.Materials, storage.Material{
				ID: id, FilingID: filingID(n), SHA256: sum, Material: declared.Material, Page: declared.Page, Of: declared.Of,
				Extension: ".jpg", State: filing.MaterialChecked, UploadedAt: at,
			})
			rows.Measurements = append(rows.Measurements, storage.MeasurementRow{SHA256: sum, Analyzer: m.Analyzer, Data: data, CreatedAt: at})
			rows.Checks = append(rows.Checks, storage.Check{
				MaterialID: id, Verdict: filing.VerdictOf(findings), Findings: printed, Analyzer: m.Analyzer, ChecksVersion: checks.Version,
				Rules: f.set.Hash(), AsOf: f.asOf.String(), CheckedAt: at, Basis: basis,
			})
		}
	}
	return rows
}

// fill puts the first n filings of the population into records.
func (f *filler) fill(tb testing.TB, records *storage.Records, n int) {
	tb.Helper()
	const page = 500
	for from := 0; from < n; from += page {
		if err := records.ImportFilings(tb.Context(), f.rows(tb, from, min(from+page, n))); err != nil {
			tb.Fatal(err)
		}
	}
}

func openTestRecords(tb testing.TB, url string) *storage.Records {
	tb.Helper()
	options := storage.RecordsOptions{Logger: slog.New(slog.DiscardHandler)}
	if *encrypted {
		file := filepath.Join(tb.TempDir(), "keys")
		_, err := storage.MakeKeyFile(file)
		if err == nil {
			options.Keys, err = storage.OpenKeys("file:" + file)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	records, err := storage.OpenRecords(tb.Context(), url, options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := records.Close(); err != nil {
			tb.Error(err)
		}
	})
	return records
}

// judgingFlow is a pipeline that can judge what is stored, and nothing else.
func judgingFlow(tb testing.TB, records *storage.Records, sets ...*rules.Set) *Pipeline {
	tb.Helper()
	p, err := New(DefaultConfig(), Parts{
		Records: records, Analyzer: analyzerOfTests, RuleSets: sets, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon },
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}

// pass makes a whole pass.
func pass(tb testing.TB, p *Pipeline, q RevalidationRequest) *Revalidation {
	tb.Helper()
	started, err := p.StartRevalidation(tb.Context(), operator(), q)
	if err != nil {
		tb.Fatal(err)
	}
	v, err := p.RunRevalidation(tb.Context(), started.ID, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if v.State != storage.RevalidationDone || v.Seen != v.Total {
		tb.Fatalf("the pass is %s after %d of %d", v.State, v.Seen, v.Total)
	}
	return v
}

func changesOf(tb testing.TB, p *Pipeline, id string) []RevalidationChange {
	tb.Helper()
	list, next, err := p.RevalidationChanges(tb.Context(), id, ChangeFilter{}, "", 1<<20)
	if err != nil || next != "" {
		tb.Fatalf("changes: %v, next %q", err, next)
	}
	return list
}

// keptVerdicts are all that is kept, as bytes to compare: the time of judging aside.
func keptVerdicts(tb testing.TB, records *storage.Records, n int) map[string]storage.Verdict {
	tb.Helper()
	kept := map[string]storage.Verdict{}
	for i := range n {
		v, err := records.KeptVerdict(tb.Context(), filingID(i))
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			tb.Fatal(err)
		}
		v.JudgedAt = time.Time{}
		kept[v.FilingID] = v
	}
	return kept
}

func forEachDatabase(t *testing.T, test func(t *testing.T, records *storage.Records)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, openTestRecords(t, "sqlite:"+filepath.Join(t.TempDir(), "records.db")))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, openTestRecords(t, servers.Postgres(t)))
	})
}

func TestTheDryRunAndTheRunAgreeAndRunningAgainChangesNothing(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		const n = 800
		old, changed := embeddedRules(t), olderRules(t)
		newFiller(t, old).fill(t, records, n)
		p := judgingFlow(t, records, old, changed)

		first := pass(t, p, RevalidationRequest{})
		if first.First != n || first.Changed != 0 {
			t.Fatalf("judged for the first time by the rules in force: %d first, %d changed", first.First, first.Changed)
		}
		before := keptVerdicts(t, records, n)

		dry := pass(t, p, RevalidationRequest{Rules: changed.Hash(), DryRun: true})
		if dry.Changed == 0 || dry.Changed > n/20 {
			t.Fatalf("%d of %d filings change", dry.Changed, n)
		}
		if diff := cmp.Diff(before, keptVerdicts(t, records, n)); diff != "" {
			t.Fatalf("the dry run wrote something:\n%s", diff)
		}
		run := pass(t, p, RevalidationRequest{Rules: changed.Hash()})
		if diff := cmp.Diff(changesOf(t, p, dry.ID), changesOf(t, p, run.ID)); diff != "" {
			t.Fatalf("the run changed something else than the dry run said:\n%s", diff)
		}
		if diff := cmp.Diff(dry.RevalidationSummary, run.RevalidationSummary); diff != "" {
			t.Fatalf("summaries:\n%s", diff)
		}
		for _, c := range changesOf(t, p, run.ID) {
			if c.Province != "SC" || c.After != filing.VerdictFail {
				t.Errorf("filing %s of %s: %s to %s", c.Filing, c.Province, c.Before, c.After)
			}
		}
		written := keptVerdicts(t, records, n)
		differ := 0
		for id, v := range written {
			if before[id] != v {
				differ++
			}
		}
		if int64(differ) != run.Changed+run.Restated {
			t.Errorf("%d verdicts were written, of %d changed and %d restated", differ, run.Changed, run.Restated)
		}
		again := pass(t, p, RevalidationRequest{Rules: changed.Hash()})
		if again.Changed+again.First+again.Restated+again.Files != 0 {
			t.Errorf("running it again changed something: %+v", again)
		}
		if diff := cmp.Diff(written, keptVerdicts(t, records, n)); diff != "" {
			t.Errorf("running it again wrote something:\n%s", diff)
		}
		back := pass(t, p, RevalidationRequest{Rules: old.Hash()})
		if back.Changed != run.Changed {
			t.Errorf("the old rules changed %d back, of %d", back.Changed, run.Changed)
		}
	})
}

// A filing that was never judged again is held against what its report said: the rules before the new ones.
func TestAFilingWithoutAKeptVerdictIsComparedWithItsReport(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		const n = 400
		old, changed := embeddedRules(t), olderRules(t)
		newFiller(t, old).fill(t, records, n)
		p := judgingFlow(t, records, old, changed)
		dry := pass(t, p, RevalidationRequest{Rules: changed.Hash(), DryRun: true})
		if _, err := p.ActivateRules(t.Context(), operator(), changed.Hash(), false); err != nil {
			t.Fatal(err)
		}
		run := pass(t, p, RevalidationRequest{})
		if run.Changed == 0 || run.First != n || run.Changed != dry.Changed || run.Baseline != old.Hash() {
			t.Errorf("%d changed (%d predicted), %d first, baseline %s", run.Changed, dry.Changed, run.First, run.Baseline)
		}
	})
}

// The verdict that is kept is the one that the report gives.
func TestTheKeptVerdictIsThatOfTheReport(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		const n = 150
		set := embeddedRules(t)
		newFiller(t, set).fill(t, records, n)
		p := judgingFlow(t, records, set)
		pass(t, p, RevalidationRequest{})
		seen := map[filing.Verdict]int{}
		for id, kept := range keptVerdicts(t, records, n) {
			report, err := p.Report(t.Context(), operator(), id)
			if err != nil {
				t.Fatal(err)
			}
			states := 0
			for _, m := range report.Required {
				if strings.Contains(kept.Items, "="+string(m.State)+" ") {
					states++
				}
			}
			if report.Verdict != kept.Verdict || states != len(report.Required) || kept.Rules != report.Rules || kept.AsOf != report.AsOf {
				t.Errorf("filing %s: kept %s %s\n%s\nreport %s", id, kept.Verdict, kept.AsOf, kept.Items, report.Verdict)
			}
			seen[kept.Verdict]++
		}
		if len(seen) < 2 {
			t.Errorf("the population knows one verdict only: %v", seen)
		}
	})
}

func TestAPassIsNarrowedByProvinceAndDate(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		const n = 620
		old, changed := embeddedRules(t), olderRules(t)
		newFiller(t, old).fill(t, records, n)
		p := judgingFlow(t, records, old, changed)
		if v := pass(t, p, RevalidationRequest{Rules: changed.Hash(), Province: "SC"}); v.Judged != n/31 || v.Changed == 0 {
			t.Errorf("SC: %d judged, %d changed", v.Judged, v.Changed)
		}
		if v := pass(t, p, RevalidationRequest{Rules: changed.Hash(), Province: "BJ"}); v.Judged != n/31 || v.Changed != 0 {
			t.Errorf("BJ: %d judged, %d changed", v.Judged, v.Changed)
		}
		later := noon
		if v := pass(t, p, RevalidationRequest{Since: &later}); v.Judged != 0 || v.Total != 0 {
			t.Errorf("opened later: %d judged of %d", v.Judged, v.Total)
		}
		pass(t, p, RevalidationRequest{})
		soon := filing.Today(noon).AddDays(30)
		v := pass(t, p, RevalidationRequest{AsOf: &soon, DryRun: true})
		expiring := map[string]bool{}
		for _, c := range changesOf(t, p, v.ID) {
			for _, item := range c.Added {
				if item.Kind == ItemBlocker {
					expiring[item.Code] = true
				}
			}
		}
		if !expiring["domain_expiring"] || !expiring["document_expiring"] {
			t.Errorf("within 30 days run out: %v", slices.Sorted(maps.Keys(expiring)))
		}
	})
}

// What a rule about files changes is judged from the kept measurements, and only for the files that it concerns.
func TestFilesAreJudgedAgainFromTheirMeasurements(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		const n = 100
		old := embeddedRules(t)
		larger := changedRules(t, "204800", "102400", "base")
		newFiller(t, old).fill(t, records, n)
		p := judgingFlow(t, records, old, larger)
		pass(t, p, RevalidationRequest{})
		v := pass(t, p, RevalidationRequest{Rules: larger.Hash()})
		small := int64(0)
		for i := range n {
			for j := range populationSubjects {
				if (i+j)%50 == 0 {
					small++
				}
			}
		}
		if v.Files != small {
			t.Errorf("%d files judged otherwise, want %d", v.Files, small)
		}
		for _, c := range changesOf(t, p, v.ID) {
			for _, f := range c.Files {
				if f.Before != filing.VerdictFail || f.After == filing.VerdictFail || !slices.Equal(f.Removed, []string{"file_too_small"}) {
					t.Errorf("file %+v", f)
				}
				check, err := records.Check(t.Context(), f.ID)
				if err != nil || check.Verdict != f.After || check.Rules != larger.Hash() || strings.Contains(string(check.Findings), "file_too_small") {
					t.Errorf("check of %s: %+v, %v", f.ID, check, err)
				}
			}
		}
		if again := pass(t, p, RevalidationRequest{Rules: larger.Hash()}); again.Files+again.Changed != 0 {
			t.Errorf("again: %d files, %d filings", again.Files, again.Changed)
		}
	})
}

func TestAPassThatIsStoppedGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		const n = 600
		old, changed := embeddedRules(t), olderRules(t)
		newFiller(t, old).fill(t, records, n)
		p := judgingFlow(t, records, old, changed)
		p.pace.filings, p.pace.every = 20, 0
		whole := pass(t, p, RevalidationRequest{Rules: changed.Hash(), DryRun: true})

		started, err := p.StartRevalidation(t.Context(), operator(), RevalidationRequest{Rules: changed.Hash()})
		if err != nil {
			t.Fatal(err)
		}
		for attempt := 0; ; attempt++ {
			ctx, cancel := context.WithCancel(t.Context())
			v, err := p.RunRevalidation(ctx, started.ID, func(v *Revalidation) {
				if v.Seen > int64(attempt+1)*n/4 {
					cancel()
				}
			})
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			if v.State == storage.RevalidationDone {
				if attempt == 0 {
					t.Error("it was never stopped")
				}
				if v.Seen != n || v.Changed != whole.Changed {
					t.Errorf("%d seen, %d changed; in one go %d", v.Seen, v.Changed, whole.Changed)
				}
				break
			}
			if v.State != storage.RevalidationStopped || v.Seen >= n {
				t.Fatalf("after being stopped it is %s at %d", v.State, v.Seen)
			}
		}
		if diff := cmp.Diff(changesOf(t, p, whole.ID), changesOf(t, p, started.ID)); diff != "" {
			t.Errorf("stopped and resumed, it changed something else:\n%s", diff)
		}
		if _, err := p.RunRevalidation(t.Context(), started.ID, nil); !errors.Is(err, ErrConflict) {
			t.Errorf("a pass that is over was run again: %v", err)
		}
	})
}

func TestTwoWorkersNeverMakeOnePass(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		const n = 800
		set := embeddedRules(t)
		newFiller(t, set).fill(t, records, n)
		p := judgingFlow(t, records, set)
		started, err := p.StartRevalidation(t.Context(), operator(), RevalidationRequest{})
		if err != nil {
			t.Fatal(err)
		}
		results := make(chan error, 4)
		for range cap(results) {
			go func() {
				_, err := p.RunRevalidation(t.Context(), started.ID, nil)
				results <- err
			}()
		}
		done := 0
		for range cap(results) {
			switch err := <-results; {
			case err == nil:
				done++
			case !errors.Is(err, ErrConflict):
				t.Error(err)
			}
		}
		v, err := p.Revalidation(t.Context(), started.ID)
		if err != nil || done != 1 || v.Seen != n || v.First != n {
			t.Errorf("%d workers made it: %+v, %v", done, v, err)
		}
	})
}
