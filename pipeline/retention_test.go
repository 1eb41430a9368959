package pipeline_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
)

// calendar is a clock that a test moves on; it also goes by itself, so that no two moments are the same.
type calendar struct {
	ahead atomic.Int64
}

func (c *calendar) now() time.Time       { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *calendar) pass(d time.Duration) { c.ahead.Add(int64(d)) }

// What nobody has touched for the time that it is kept goes with everything of it, and leaves a signed receipt and a line of the audit
// trail; what somebody has changed, or uploaded something to, stays, however old it is.
func TestFilingsAreDeletedForTheirAgeAndNoOthers(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	const kept = 90 * day
	dir, clock := t.TempDir(), &calendar{}
	objects, err := storage.OpenObjects(t.Context(), filepath.Join(dir, "objects"), storage.ObjectsOptions{})
	ok(t, err)
	records, err := storage.OpenRecords(t.Context(), "sqlite:"+filepath.Join(dir, "a.db"), storage.RecordsOptions{Logger: slog.New(slog.DiscardHandler), Now: clock.now})
	ok(t, err)
	set, err := rules.Load(rules.Embedded())
	ok(t, err)
	analyzer := newAnalyzer(t)
	cfg := pipeline.DefaultConfig()
	cfg.Retention, cfg.CheckWait, cfg.JobGrace = kept, time.Minute, time.Minute
	flow, err := pipeline.New(cfg, pipeline.Parts{
		Objects: objects, Records: records, Measurer: analyzer, Analyzer: imaging.Version, Renderer: analyzer, Stitcher: analyzer,
		RuleSets: []*rules.Set{set}, Log: slog.New(slog.DiscardHandler), Now: clock.now,
	})
	ok(t, err)
	t.Cleanup(func() {
		flow.Close()
		ok(t, records.Close())
		ok(t, objects.Close())
	})
	who := pipeline.Viewer{Name: "app", Organization: "north"}
	facts := func(action string) []byte {
		return []byte(`{"province":"BJ","action":"` + action + `","applicant":{"type":"individual"}}`)
	}
	open := func() string {
		f, err := flow.CreateFiling(t.Context(), who, facts("new"))
		ok(t, err)
		return f.ID
	}
	upload := func(id string, tail byte) {
		_, err := flow.Upload(t.Context(), who, id, sent{data: append(photo(t), tail)})
		ok(t, err)
	}
	forgotten, changed, uploadedTo := open(), open(), open()
	upload(forgotten, 1)
	upload(changed, 2)
	clock.pass(kept - day)
	_, err = flow.UpdateFiling(t.Context(), who, changed, 1, facts("change"))
	ok(t, err)
	upload(uploadedTo, 3)
	young := open()
	upload(young, 4)
	// sweep lets it sweep until so many receipts are finished.
	sweep := func(receipts int) map[string]storage.Receipt {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		var sweeping sync.WaitGroup
		sweeping.Go(func() { flow.Sweep(ctx) })
		defer sweeping.Wait()
		defer cancel()
		found := map[string]storage.Receipt{}
		until(t, func() bool {
			entries, err := records.AuditEntries(t.Context(), storage.AuditFilter{Limit: 100, Organization: &who.Organization})
			ok(t, err)
			for _, e := range entries {
				id, _ := strings.CutPrefix(e.Detail, "receipt ")
				r, err := flow.Receipt(t.Context(), who, id)
				if err != nil || e.Principal != "retention" || e.Operation != "delete-filing" || e.Object != r.FilingID {
					t.Fatalf("entry %+v, receipt %+v: %v", e, r, err)
				}
				if r.FinishedAt != nil {
					found[r.FilingID] = *r
				}
			}
			return len(found) >= receipts
		})
		return found
	}
	there := func() string {
		names := map[string]string{forgotten: "forgotten", changed: "changed", uploadedTo: "uploaded to", young: "young"}
		var left []string
		for id, name := range names {
			if _, err := flow.Filing(t.Context(), who, id); err == nil {
				left = append(left, name)
			} else if !errors.Is(err, pipeline.ErrNotFound) {
				t.Error(err)
			}
		}
		slices.Sort(left)
		return strings.Join(left, ", ")
	}
	contents := func() (n int) {
		for _, err := range objects.List(t.Context(), "objects/", "") {
			ok(t, err)
			n++
		}
		return n
	}

	clock.pass(2 * day)
	r := sweep(1)[forgotten]
	if got := there(); got != "changed, uploaded to, young" || contents() != 3 {
		t.Errorf("a day behind the time, %s are left, with %d originals", got, contents())
	}
	signed, err := records.VerifyReceipt(t.Context(), r)
	if err != nil || !signed || r.Reason != "retention" || r.Materials != 1 || r.Objects < 1 || r.Organization != "north" {
		t.Errorf("receipt %+v, signed %v: %v", r, signed, err)
	}
	clock.pass(kept)
	sweep(4)
	if got := there(); got != "" || contents() != 0 {
		t.Errorf("%s are left, with %d originals", got, contents())
	}
}
