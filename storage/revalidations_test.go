package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

// What both databases promise of passes over the stored filings.
func TestRevalidations(t *testing.T) {
	t.Parallel()
	for name, database := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClock()
			records := openRecords(t, database(t), storage.RecordsOptions{Now: c.Now})
			const lease = 10 * time.Second
			f, err := records.CreateFiling(t.Context(), "app", facts)
			if err != nil {
				t.Fatal(err)
			}
			v, err := records.CreateRevalidation(t.Context(), storage.Revalidation{Rules: "r", Today: "2020-11-01", RequestedBy: "operator"})
			if err != nil || v.Total != 1 || v.State != storage.RevalidationRunning {
				t.Fatalf("created %+v, %v", v, err)
			}
			free, err := records.FreeRevalidation(t.Context())
			if err != nil || free.ID != v.ID {
				t.Fatalf("free %+v, %v", free, err)
			}
			if v, err = records.ClaimRevalidation(t.Context(), v.ID, "a", lease); err != nil {
				t.Fatal(err)
			}
			if _, err := records.ClaimRevalidation(t.Context(), v.ID, "b", lease); !errors.Is(err, storage.ErrConflict) {
				t.Errorf("a lease that another one holds: %v", err)
			}
			if _, err := records.FreeRevalidation(t.Context()); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("a pass that somebody works on is free: %v", err)
			}

			kept := storage.Verdict{FilingID: f.ID, Revision: 1, Files: "f", Rules: "r", ChecksVersion: "1", AsOf: "2020-11-01", Verdict: filing.VerdictFail,
				Items: "B x@y z", JudgedAt: c.Now().Truncate(time.Microsecond)}
			gone := kept
			gone.FilingID = "01234567-89ab-7def-8123-456789abcdef" // deleted while it was judged
			next := v
			next.Position, next.Seen, next.Changed, next.Summary = f.ID, 1, 1, []byte(`{}`)
			batch := storage.JudgedBatch{Pass: next, Lease: lease, Verdicts: []storage.Verdict{gone, kept},
				Changes: []storage.RevalidationChange{{RevalidationID: v.ID, FilingID: f.ID, Province: "SC", Before: filing.VerdictPass, After: filing.VerdictFail, Detail: []byte(`{}`)}}}
			if err := records.SaveJudged(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			if err := records.SaveJudged(t.Context(), batch); !errors.Is(err, storage.ErrConflict) {
				t.Errorf("the same stretch twice: %v", err)
			}
			got, err := records.KeptVerdict(t.Context(), f.ID)
			got.JudgedAt = got.JudgedAt.UTC()
			if diff := cmp.Diff(kept, got); err != nil || diff != "" {
				t.Errorf("kept verdict: %v\n%s", err, diff)
			}
			if changes, err := records.RevalidationChanges(t.Context(), v.ID, "", 10); err != nil || len(changes) != 1 || changes[0].FilingID != f.ID {
				t.Errorf("changes %+v, %v", changes, err)
			}
			list, err := records.FilingsToJudge(t.Context(), &v, "", 10)
			if err != nil || len(list) != 1 || list[0].Kept.Items != kept.Items || list[0].Revision != 1 {
				t.Errorf("to judge %+v, %v", list, err)
			}

			c.Add(lease + time.Second) // the worker has died
			taken, err := records.ClaimRevalidation(t.Context(), v.ID, "b", lease)
			if err != nil || taken.Position != f.ID || taken.Changed != 1 {
				t.Fatalf("taken over %+v, %v", taken, err)
			}
			late := storage.JudgedBatch{Pass: next, From: f.ID, Lease: lease}
			if err := records.SaveJudged(t.Context(), late); !errors.Is(err, storage.ErrConflict) {
				t.Errorf("the dead worker saves: %v", err)
			}
			taken.State = storage.RevalidationDone
			if err := records.SaveJudged(t.Context(), storage.JudgedBatch{Pass: taken, From: f.ID}); err != nil {
				t.Fatal(err)
			}
			if _, err := records.EndRevalidation(t.Context(), v.ID, "", storage.RevalidationStopped, ""); !errors.Is(err, storage.ErrConflict) {
				t.Errorf("stop what is done: %v", err)
			}
			if n, err := records.PurgeRevalidations(t.Context(), c.Now()); err != nil || n != 0 {
				t.Errorf("purged %d of today, %v", n, err)
			}
			c.Add(time.Hour)
			if n, err := records.PurgeRevalidations(t.Context(), c.Now()); err != nil || n != 1 {
				t.Errorf("purged %d, %v", n, err)
			}
			if changes, err := records.RevalidationChanges(t.Context(), v.ID, "", 10); err != nil || len(changes) != 0 {
				t.Errorf("changes of a purged pass %+v, %v", changes, err)
			}
			if _, err := records.KeptVerdict(t.Context(), f.ID); err != nil {
				t.Errorf("the verdict is gone with the pass: %v", err)
			}
		})
	}
}
