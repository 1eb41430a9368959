package storage_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

// databases are the two that must pass the same suite; each call gives the URL of an empty one.
func databases() map[string]func(tb testing.TB) string {
	return map[string]func(tb testing.TB) string{
		"SQLite":     func(tb testing.TB) string { return "sqlite:" + filepath.Join(tb.TempDir(), "records.db") },
		"PostgreSQL": func(tb testing.TB) string { return servers.Postgres(tb) },
	}
}

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2020, 11, 1, 8, 30, 15, 123456789, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func openRecords(tb testing.TB, url string, options storage.RecordsOptions) *storage.Records {
	tb.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
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

func TestRecords(t *testing.T) {
	t.Parallel()
	for name, database := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testRecords(t, func(t *testing.T, options storage.RecordsOptions) *storage.Records {
				t.Helper()
				return openRecords(t, database(t), options)
			})
		})
		t.Run(name+", encrypted", func(t *testing.T) {
			t.Parallel()
			testRecords(t, func(t *testing.T, options storage.RecordsOptions) *storage.Records {
				t.Helper()
				options.Keys = newKeys(t)
				return openRecords(t, database(t), options)
			})
		})
	}
}

var facts = []byte(`{"province":"ZZ", "applicant": {"name": "样本 SPECIMEN\u0000"}}`)

func upload(filingID, content string, declared filing.Declared) storage.Upload {
	return storage.Upload{
		FilingID: filingID, Principal: "app", Sum: storage.DigestOf([]byte(content)), Bytes: int64(len(content)),
		Format: filing.FormatJPEG, Declared: declared, Extension: ".jpg",
	}
}

var front = filing.Declared{Material: "principal_id", Page: filing.PageFront, Of: "principal"}

// testRecords is what both databases promise.
func testRecords(t *testing.T, open func(t *testing.T, options storage.RecordsOptions) *storage.Records) {
	setup := func(t *testing.T) (*storage.Records, storage.Filing, *clock) {
		t.Helper()
		c := newClock()
		records := open(t, storage.RecordsOptions{Now: c.Now})
		f, err := records.CreateFiling(t.Context(), "owner-1", facts)
		if err != nil {
			t.Fatal(err)
		}
		return records, f, c
	}
	mustRecord := func(t *testing.T, records *storage.Records, u storage.Upload) storage.Uploaded {
		t.Helper()
		result, err := records.RecordUpload(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	const nobody = "01234567-89ab-7def-8123-456789abcdef"

	t.Run("a filing comes back as it was made", func(t *testing.T) {
		t.Parallel()
		records, f, c := setup(t)
		want := storage.Filing{
			ID: f.ID, Owner: "owner-1", Facts: facts, Revision: 1, State: storage.FilingOpen,
			CreatedAt: c.Now().Truncate(time.Microsecond), UpdatedAt: c.Now().Truncate(time.Microsecond),
		}
		got, err := records.Filing(t.Context(), f.ID)
		if err != nil {
			t.Fatal(err)
		}
		got.CreatedAt, got.UpdatedAt = got.CreatedAt.UTC(), got.UpdatedAt.UTC()
		for _, f := range []storage.Filing{f, got} {
			if diff := cmp.Diff(want, f); diff != "" {
				t.Error(diff)
			}
		}
		for _, id := range []string{nobody, "", "x' OR '1'='1"} {
			_, err = records.Filing(t.Context(), id)
			wantError(t, "another id", err, storage.ErrNotFound)
		}
	})

	t.Run("a change of facts needs the current revision", func(t *testing.T) {
		t.Parallel()
		records, f, c := setup(t)
		c.Add(time.Hour)
		got, err := records.UpdateFiling(t.Context(), f.ID, 1, []byte(`{}`))
		if err != nil || got.Revision != 2 || !got.UpdatedAt.Equal(f.UpdatedAt.Add(time.Hour)) {
			t.Errorf("%+v, %v", got, err)
		}
		_, err = records.UpdateFiling(t.Context(), f.ID, 1, facts)
		wantError(t, "an old revision", err, storage.ErrConflict)
		_, err = records.UpdateFiling(t.Context(), nobody, 1, facts)
		wantError(t, "another id", err, storage.ErrNotFound)
		got, err = records.Filing(t.Context(), f.ID)
		if err != nil || string(got.Facts) != "{}" || got.Revision != 2 {
			t.Errorf("%+v, %v", got, err)
		}
	})

	t.Run("of many changes at once one wins", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		errs := make([]error, 16)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { _, errs[i] = records.UpdateFiling(t.Context(), f.ID, 1, fmt.Appendf(nil, `{"n":%d}`, i)) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				wantError(t, "a loser", err, storage.ErrConflict)
			}
		}
		if won != 1 {
			t.Errorf("%d won", won)
		}
	})

	t.Run("filings are listed by pages in the order of their making", func(t *testing.T) {
		t.Parallel()
		records, first, _ := setup(t)
		want := []string{first.ID}
		for i := range 6 {
			f, err := records.CreateFiling(t.Context(), fmt.Sprintf("owner-%d", i%2+1), facts)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, f.ID)
		}
		var got []string
		for after := ""; ; {
			page, err := records.ListFilings(t.Context(), "", after, 3)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, f := range page {
				got = append(got, f.ID)
			}
			after = page[len(page)-1].ID
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		own, err := records.ListFilings(t.Context(), "owner-2", "", 100)
		if err != nil || len(own) != 3 {
			t.Errorf("%d of the other owner, %v", len(own), err)
		}
	})

	t.Run("an upload becomes a material", func(t *testing.T) {
		t.Parallel()
		records, f, c := setup(t)
		u := upload(f.ID, "photo", front)
		u.MadeFrom = nobody
		result := mustRecord(t, records, u)
		m := result.Material
		if m.ID == "" || m.FilingID != f.ID || m.SHA256 != u.Sum.String() || m.Material != "principal_id" || m.Page != "front" ||
			m.Of != "principal" || m.Extension != ".jpg" || m.State != filing.MaterialStored || m.Bytes != 5 ||
			m.Format != filing.FormatJPEG || m.MadeFrom != nobody || m.ReplacedBy != "" || result.Existing ||
			result.Replaced != "" || !m.UploadedAt.Equal(c.Now().Truncate(time.Microsecond)) {
			t.Errorf("%+v", result)
		}
		got, err := records.Material(t.Context(), m.ID)
		if err != nil {
			t.Fatal(err)
		}
		got.UploadedAt = got.UploadedAt.UTC()
		if diff := cmp.Diff(m, got); diff != "" {
			t.Error(diff)
		}
		all, err := records.MaterialsOf(t.Context(), f.ID)
		if err != nil || len(all) != 1 || all[0].ID != m.ID {
			t.Errorf("%+v, %v", all, err)
		}
		_, err = records.Material(t.Context(), nobody)
		wantError(t, "another id", err, storage.ErrNotFound)
		_, err = records.Check(t.Context(), m.ID)
		wantError(t, "its check", err, storage.ErrNotFound)
	})

	t.Run("an upload to a filing that is not there, or another's, is refused alike", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		_, err := records.RecordUpload(t.Context(), upload(nobody, "photo", front))
		wantError(t, "another id", err, storage.ErrNotFound)
		foreign := upload(f.ID, "photo", front)
		foreign.Owner = "owner-2"
		_, err2 := records.RecordUpload(t.Context(), foreign)
		wantError(t, "another owner", err2, storage.ErrNotFound)
		if strings.ReplaceAll(err.Error(), nobody, f.ID) != err2.Error() {
			t.Errorf("%q differs from %q", err, err2)
		}
		own := foreign
		own.Owner = "owner-1"
		mustRecord(t, records, own)
	})

	t.Run("a newer file for the same page replaces the older one", func(t *testing.T) {
		t.Parallel()
		records, f, c := setup(t)
		first := mustRecord(t, records, upload(f.ID, "one", front))
		c.Add(time.Second)
		second := mustRecord(t, records, upload(f.ID, "two", front))
		if second.Existing || second.Replaced != first.Material.ID {
			t.Errorf("%+v", second)
		}
		old, err := records.Material(t.Context(), first.Material.ID)
		if err != nil || old.State != filing.MaterialReplaced || old.ReplacedBy != second.Material.ID {
			t.Errorf("%+v, %v", old, err)
		}
		// And the first bytes once more are a newer file again.
		third := mustRecord(t, records, upload(f.ID, "one", front))
		if third.Existing || third.Replaced != second.Material.ID || third.Material.ID == first.Material.ID {
			t.Errorf("%+v", third)
		}
	})

	t.Run("other pages, other persons and undeclared files stand beside each other", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		for _, u := range []storage.Upload{
			upload(f.ID, "1", front),
			upload(f.ID, "1", filing.Declared{Material: "principal_id", Page: filing.PageBack, Of: "principal"}),
			upload(f.ID, "1", filing.Declared{Material: "principal_id", Page: filing.PageFront, Of: "site_manager"}),
			upload(f.ID, "1", filing.Declared{}), upload(f.ID, "2", filing.Declared{}), upload(f.ID, "3", filing.Declared{}),
		} {
			if result := mustRecord(t, records, u); result.Existing || result.Replaced != "" {
				t.Errorf("%+v", result)
			}
		}
	})

	t.Run("the same bytes for the same page are the same material", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		for _, declared := range []filing.Declared{front, {}} {
			first := mustRecord(t, records, upload(f.ID, "photo", declared))
			again := mustRecord(t, records, upload(f.ID, "photo", declared))
			if !again.Existing || again.Material.ID != first.Material.ID || again.Material.Bytes != 5 {
				t.Errorf("%+v, first %+v", again, first)
			}
		}
	})

	t.Run("an idempotency key gives the same answer for 24 hours and refuses another body", func(t *testing.T) {
		t.Parallel()
		records, f, c := setup(t)
		u := upload(f.ID, "photo", front)
		u.Key = "key-1"
		first := mustRecord(t, records, u)
		// Replaced meanwhile: the key still answers with what it made.
		newer := mustRecord(t, records, upload(f.ID, "newer", front))
		again := mustRecord(t, records, u)
		if !again.Existing || again.Material.ID != first.Material.ID || again.Material.State != filing.MaterialReplaced {
			t.Errorf("%+v", again)
		}
		for name, change := range map[string]func(u *storage.Upload){
			"bytes":    func(u *storage.Upload) { u.Sum = storage.DigestOf([]byte("other")) },
			"material": func(u *storage.Upload) { u.Declared.Material = "business_license" },
			"page":     func(u *storage.Upload) { u.Declared.Page = filing.PageBack },
			"person":   func(u *storage.Upload) { u.Declared.Of = "applicant" },
		} {
			other := u
			change(&other)
			_, err := records.RecordUpload(t.Context(), other)
			wantError(t, "another "+name, err, storage.ErrKeyReused)
		}
		// A key holds for its principal and filing only.
		somebody := u
		somebody.Principal, somebody.Sum = "somebody", storage.DigestOf([]byte("theirs"))
		mustRecord(t, records, somebody)
		f2, err := records.CreateFiling(t.Context(), "owner-1", facts)
		if err != nil {
			t.Fatal(err)
		}
		elsewhere := upload(f2.ID, "elsewhere", front)
		elsewhere.Key = "key-1"
		mustRecord(t, records, elsewhere)

		c.Add(24 * time.Hour)
		if n, err := records.PurgeKeys(t.Context()); err != nil || n != 0 {
			t.Errorf("purged %d keys on the last instant of their time, %v", n, err)
		}
		c.Add(time.Microsecond)
		late := mustRecord(t, records, u)
		if late.Existing || late.Material.ID == first.Material.ID || late.Material.ID == newer.Material.ID {
			t.Errorf("a key that ran out: %+v", late)
		}
		if n, err := records.PurgeKeys(t.Context()); err != nil || n != 2 {
			t.Errorf("purged %d keys, %v", n, err)
		}
	})

	t.Run("of many equal uploads at once one material results", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		for _, key := range []string{"", "key"} {
			results := make([]storage.Uploaded, 24)
			errs := make([]error, len(results))
			var wg sync.WaitGroup
			for i := range results {
				wg.Go(func() {
					u := upload(f.ID, "photo"+key, filing.Declared{Material: "handheld" + key})
					u.Key = key
					results[i], errs[i] = records.RecordUpload(t.Context(), u)
				})
			}
			wg.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			made := 0
			for _, r := range results {
				if !r.Existing {
					made++
				}
				if r.Material.ID != results[0].Material.ID {
					t.Errorf("key %q: several materials", key)
				}
			}
			if made != 1 {
				t.Errorf("key %q: %d say that they are new", key, made)
			}
		}
	})

	t.Run("of many different uploads for one page at once one is current", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		var wg sync.WaitGroup
		for i := range 24 {
			wg.Go(func() {
				if _, err := records.RecordUpload(t.Context(), upload(f.ID, fmt.Sprint(i), front)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		all, err := records.MaterialsOf(t.Context(), f.ID)
		if err != nil || len(all) != 24 {
			t.Fatalf("%d materials, %v", len(all), err)
		}
		current := slices.DeleteFunc(all, func(m storage.Material) bool { return m.State == filing.MaterialReplaced })
		if len(current) != 1 {
			t.Errorf("%d are current", len(current))
		}
	})

	t.Run("a check is saved, saved again, and found", func(t *testing.T) {
		t.Parallel()
		records, f, c := setup(t)
		m := mustRecord(t, records, upload(f.ID, "photo", front)).Material
		check := storage.Check{
			Verdict: filing.VerdictFail, Findings: []byte(`[{"code":"file_too_small"}]`), Analyzer: "a1", ChecksVersion: "c1",
			Rules: "sha256:00", AsOf: "2020-11-01", CheckedAt: c.Now(),
		}
		for range 2 {
			if err := records.SaveCheck(t.Context(), m.ID, check); err != nil {
				t.Fatal(err)
			}
		}
		want := check
		want.MaterialID, want.CheckedAt = m.ID, c.Now().Truncate(time.Microsecond)
		got, err := records.Check(t.Context(), m.ID)
		if err != nil {
			t.Fatal(err)
		}
		got.CheckedAt = got.CheckedAt.UTC()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if m, err = records.Material(t.Context(), m.ID); err != nil || m.State != filing.MaterialChecked {
			t.Errorf("%+v, %v", m, err)
		}
		check.Verdict = filing.VerdictPass
		if err := records.SaveCheck(t.Context(), m.ID, check); err != nil {
			t.Fatal(err)
		}
		if got, err = records.Check(t.Context(), m.ID); err != nil || got.Verdict != filing.VerdictPass {
			t.Errorf("%+v, %v", got, err)
		}
		// The check of a file that was replaced meanwhile is kept, and it stays replaced.
		mustRecord(t, records, upload(f.ID, "newer", front))
		wantError(t, "of a replaced file", records.SaveCheck(t.Context(), m.ID, check), nil)
		if m, err = records.Material(t.Context(), m.ID); err != nil || m.State != filing.MaterialReplaced {
			t.Errorf("%+v, %v", m, err)
		}
		wantError(t, "of nothing", records.SaveCheck(t.Context(), nobody, check), storage.ErrNotFound)
	})

	t.Run("measurements are kept by content and analyzer", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		u := upload(f.ID, "photo", front)
		wantError(t, "before the upload", records.SaveMeasurements(t.Context(), storage.Measured{Sum: u.Sum, Analyzer: "a1", Data: []byte("{}"), Hash: ""}), storage.ErrNotFound)
		mustRecord(t, records, u)
		_, err := records.Measurements(t.Context(), u.Sum, "a1")
		wantError(t, "before", err, storage.ErrNotFound)
		for _, data := range []string{`{"bytes": 5}`, `{"bytes": 6}`} {
			if err := records.SaveMeasurements(t.Context(), storage.Measured{Sum: u.Sum, Analyzer: "a1", Data: []byte(data), Hash: hashWith()}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := records.Measurements(t.Context(), u.Sum, "a1")
		if err != nil || string(got) != `{"bytes": 5}` {
			t.Errorf("%s, %v", got, err)
		}
		_, err = records.Measurements(t.Context(), u.Sum, "a2")
		wantError(t, "another analyzer", err, storage.ErrNotFound)
		if err := records.SaveMeasurements(t.Context(), storage.Measured{Sum: u.Sum, Analyzer: "a3", Data: nil, Hash: "abc"}); err == nil {
			t.Error("a malformed hash was taken")
		}
	})

	t.Run("similar pictures are found at every distance that can be asked for", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		distances := map[storage.Digest]int{}
		for distance := range storage.MaxHashDistance + 3 {
			// The worst case for an index by bands: the difference is spread over all of them.
			var flipped []int
			for i := range distance {
				flipped = append(flipped, i%8*32+i/8*9+3)
			}
			u := upload(f.ID, fmt.Sprint("photo ", distance), filing.Declared{})
			mustRecord(t, records, u)
			if err := records.SaveMeasurements(t.Context(), storage.Measured{Sum: u.Sum, Analyzer: "a1", Data: []byte("{}"), Hash: hashWith(flipped...)}); err != nil {
				t.Fatal(err)
			}
			distances[u.Sum] = distance
		}
		for limit := range storage.MaxHashDistance + 1 {
			similar, err := records.SimilarContents(t.Context(), "a1", hashWith(), limit)
			if err != nil {
				t.Fatal(err)
			}
			if len(similar) != limit+1 {
				t.Errorf("within %d: %d found", limit, len(similar))
			}
			for i, s := range similar {
				if s.Distance != i || distances[s.Sum] != i {
					t.Errorf("within %d: place %d has distance %d, is %d", limit, i, s.Distance, distances[s.Sum])
				}
			}
		}
		if other, err := records.SimilarContents(t.Context(), "a2", hashWith(), 5); err != nil || len(other) != 0 {
			t.Errorf("another analyzer: %v, %v", other, err)
		}
		if _, err := records.SimilarContents(t.Context(), "a1", hashWith(), storage.MaxHashDistance+1); err == nil {
			t.Error("a distance beyond what is indexed was searched")
		}
	})

	t.Run("uses are the current materials of a filing, and what any other holds", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		f2, err := records.CreateFiling(t.Context(), "owner-2", facts)
		if err != nil {
			t.Fatal(err)
		}
		old := mustRecord(t, records, upload(f.ID, "a", front))
		b := mustRecord(t, records, upload(f.ID, "b", front))
		a := mustRecord(t, records, upload(f2.ID, "a", front))
		c := mustRecord(t, records, upload(f2.ID, "c", filing.Declared{}))
		mustRecord(t, records, upload(f2.ID, "d", filing.Declared{}))
		sums := []storage.Digest{storage.DigestOf([]byte("a")), storage.DigestOf([]byte("b")), storage.DigestOf([]byte("c")), storage.DigestOf(nil)}
		here, elsewhere, err := records.Uses(t.Context(), "", f2.ID, sums...)
		if err != nil || len(here) != 2 || here[0].ID != a.Material.ID || here[1].ID != c.Material.ID || !slices.Equal(elsewhere, sums[1:2]) {
			t.Errorf("%+v, %v, %v; %s is replaced", here, elsewhere, err, old.Material.ID)
		}
		here, elsewhere, err = records.Uses(t.Context(), "", f.ID, sums...)
		if err != nil || len(here) != 1 || here[0].ID != b.Material.ID || len(elsewhere) != 2 {
			t.Errorf("%+v, %v, %v", here, elsewhere, err)
		}
		if here, elsewhere, err := records.Uses(t.Context(), "somebody-else", f2.ID, sums...); err != nil || len(elsewhere) != 0 {
			t.Errorf("of another organization: %v, %v, %v", here, elsewhere, err)
		}
		if here, elsewhere, err := records.Uses(t.Context(), "", f.ID); err != nil || len(here) != 0 || len(elsewhere) != 0 {
			t.Errorf("%v, %v, %v", here, elsewhere, err)
		}
	})

	t.Run("deleting a filing takes all that was only its own", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		f2, err := records.CreateFiling(t.Context(), "owner-2", facts)
		if err != nil {
			t.Fatal(err)
		}
		own, shared := upload(f.ID, "own", front), upload(f.ID, "shared", filing.Declared{})
		own.Key = "key"
		m := mustRecord(t, records, own).Material
		mustRecord(t, records, shared)
		shared.FilingID = f2.ID
		kept := mustRecord(t, records, shared).Material
		for _, sum := range []storage.Digest{own.Sum, shared.Sum} {
			if err := records.SaveMeasurements(t.Context(), storage.Measured{Sum: sum, Analyzer: "a1", Data: []byte("{}"), Hash: hashWith()}); err != nil {
				t.Fatal(err)
			}
		}
		if err := records.SaveCheck(t.Context(), m.ID, storage.Check{Verdict: filing.VerdictPass, Findings: []byte("[]")}); err != nil {
			t.Fatal(err)
		}

		orphans, err := records.DeleteFiling(t.Context(), f.ID)
		if err != nil || !slices.Equal(orphans, []storage.Digest{own.Sum}) {
			t.Fatalf("%v, %v", orphans, err)
		}
		_, err = records.Filing(t.Context(), f.ID)
		wantError(t, "the filing", err, storage.ErrNotFound)
		_, err = records.Material(t.Context(), m.ID)
		wantError(t, "its material", err, storage.ErrNotFound)
		_, err = records.Check(t.Context(), m.ID)
		wantError(t, "its check", err, storage.ErrNotFound)
		_, err = records.Measurements(t.Context(), own.Sum, "a1")
		wantError(t, "its measurements", err, storage.ErrNotFound)
		if _, err = records.Measurements(t.Context(), shared.Sum, "a1"); err != nil {
			t.Error(err)
		}
		similar, err := records.SimilarContents(t.Context(), "a1", hashWith(), 0)
		if err != nil || len(similar) != 1 || similar[0].Sum != shared.Sum {
			t.Errorf("%v, %v", similar, err)
		}
		_, err = records.DeleteFiling(t.Context(), f.ID)
		wantError(t, "again", err, storage.ErrNotFound)

		if orphans, err = records.DeleteMaterial(t.Context(), kept.ID); err != nil || !slices.Equal(orphans, []storage.Digest{shared.Sum}) {
			t.Fatalf("%v, %v", orphans, err)
		}
		_, err = records.DeleteMaterial(t.Context(), kept.ID)
		wantError(t, "again", err, storage.ErrNotFound)
	})

	t.Run("a deletion that was begun is finished before the same bytes come back", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		objects, err := storage.OpenObjects(t.Context(), t.TempDir(), storage.ObjectsOptions{})
		if err != nil {
			t.Fatal(err)
		}
		content := storage.BytesContent([]byte("photo"))
		u := upload(f.ID, "photo", front)
		key, thumbnail := storage.ObjectKey(u.Sum), storage.DerivativeKey(u.Sum, "thumbnail", "1")
		mustPut(t, objects, key, []byte("photo"))
		mustPut(t, objects, thumbnail, []byte("small"))
		m := mustRecord(t, records, u).Material
		if _, err := records.DeleteMaterial(t.Context(), m.ID); err != nil {
			t.Fatal(err)
		}
		// As after a crash: the rows are gone, the objects are not.
		if pending, err := records.Deletions(t.Context(), 10); err != nil || !slices.Equal(pending, []storage.Digest{u.Sum}) {
			t.Fatalf("%v, %v", pending, err)
		}
		_, err = records.RecordUpload(t.Context(), u)
		wantError(t, "the same bytes", err, storage.ErrDeleting)
		failing := func(context.Context) error { return errPassing }
		wantError(t, "a store that is away", records.FinishDeletion(t.Context(), u.Sum, failing), errPassing)
		if _, err := storage.Record(t.Context(), records, objects, content, u); err != nil {
			t.Fatal(err)
		}
		if got := mustRead(t, objects, key, 0, -1); string(got) != "photo" {
			t.Errorf("%q", got)
		}
		_, err = objects.Stat(t.Context(), thumbnail)
		wantError(t, "the derivative", err, storage.ErrNotFound)
		// Whoever comes late with the old deletion takes nothing away.
		if err := storage.RemoveContent(t.Context(), records, objects, u.Sum); err != nil {
			t.Fatal(err)
		}
		mustRead(t, objects, key, 0, -1)
		if orphans, err := records.DeleteFiling(t.Context(), f.ID); err != nil || len(orphans) != 1 {
			t.Fatalf("%v, %v", orphans, err)
		}
		if n, err := storage.RemoveDeleted(t.Context(), records, objects, 10); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		if keys := list(t, objects, "", ""); len(keys) != 0 {
			t.Errorf("left: %v", keys)
		}
		if n, err := storage.RemoveDeleted(t.Context(), records, objects, 10); err != nil || n != 0 {
			t.Errorf("%d, %v", n, err)
		}
	})

	t.Run("uploads and deletions of the same bytes at once never lose an object that a record refers to", func(t *testing.T) {
		t.Parallel()
		records, _, _ := setup(t)
		objects, err := storage.OpenObjects(t.Context(), t.TempDir(), storage.ObjectsOptions{})
		if err != nil {
			t.Fatal(err)
		}
		content := storage.BytesContent([]byte("photo"))
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for n := range 12 {
					f, err := records.CreateFiling(t.Context(), "owner-1", facts)
					if err != nil {
						t.Error(err)
						return
					}
					if err := objects.Put(t.Context(), storage.ObjectKey(content.Sum), content); err != nil {
						t.Error(err)
						return
					}
					if _, err := storage.Record(t.Context(), records, objects, content, upload(f.ID, "photo", front)); err != nil {
						t.Error(err)
						return
					}
					if got, err := storage.ReadObject(t.Context(), objects, storage.ObjectKey(content.Sum), content.Sum, 10); err != nil {
						t.Errorf("round %d: acknowledged and lost: %s %v", n, got, err)
						return
					}
					orphans, err := records.DeleteFiling(t.Context(), f.ID)
					if err != nil {
						t.Error(err)
						return
					}
					for _, sum := range orphans {
						if err := storage.RemoveContent(t.Context(), records, objects, sum); err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		wg.Wait()
		if keys := list(t, objects, "", ""); len(keys) != 0 {
			t.Errorf("left behind: %v", keys)
		}
	})

	t.Run("a context that is done stops everything", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := records.RecordUpload(ctx, upload(f.ID, "photo", front))
		wantError(t, "RecordUpload", err, context.Canceled)
		_, err = records.Filing(ctx, f.ID)
		wantError(t, "Filing", err, context.Canceled)
		if all, err := records.MaterialsOf(t.Context(), f.ID); err != nil || len(all) != 0 {
			t.Errorf("%v, %v", all, err)
		}
	})
}

// hashWith returns a perceptual hash with these bits, 0 to 255, flipped.
func hashWith(flipped ...int) string {
	hash := storage.DigestOf([]byte("a picture"))
	for _, bit := range flipped {
		hash[bit/8] ^= 1 << (bit % 8)
	}
	return hex.EncodeToString(hash[:])
}

func TestRecordsOpenedTwiceAreTheSame(t *testing.T) {
	t.Parallel()
	for name, database := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := database(t)
			// Two processes that start on an empty database at once.
			var all [2]*storage.Records
			var wg sync.WaitGroup
			for i := range all {
				wg.Go(func() {
					var err error
					all[i], err = storage.OpenRecords(t.Context(), url, storage.RecordsOptions{})
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if t.Failed() {
				return
			}
			f, err := all[0].CreateFiling(t.Context(), "owner-1", facts)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := all[1].Filing(t.Context(), f.ID); err != nil {
				t.Error(err)
			}
			if err := errors.Join(all[1].Ping(t.Context()), all[0].Close(), all[1].Close()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSQLiteIsDurableAndPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "100% & 样本.db")
	records := openRecords(t, "sqlite:"+path, storage.RecordsOptions{})
	if _, err := records.CreateFiling(t.Context(), "owner-1", facts); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%q: %v, %v", suffix, info, err)
		}
	}
}

func TestOpenRecordsSaysWhatIsWrongWithoutTheURL(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "mysql://u:secret-word@h/d", "sqlite:", "postgres://u:secret-word@127.0.0.1:1/d", "postgres://u:secret-word@h:x/d",
	} {
		records, err := storage.OpenRecords(t.Context(), url, storage.RecordsOptions{})
		if err == nil {
			t.Errorf("%q was opened", url)
			_ = records.Close()
		} else if strings.Contains(err.Error(), "secret-word") {
			t.Errorf("%q: the error prints what was secret: %v", url, err)
		}
	}
}

func BenchmarkRecordUpload(b *testing.B) {
	for name, database := range databases() {
		b.Run(name, func(b *testing.B) {
			records := openRecords(b, database(b), storage.RecordsOptions{})
			f, err := records.CreateFiling(b.Context(), "owner-1", facts)
			if err != nil {
				b.Fatal(err)
			}
			check := storage.Check{Verdict: filing.VerdictPass, Findings: []byte("[]"), CheckedAt: time.Now()}
			var took []time.Duration
			for n := 0; b.Loop(); n++ {
				start := time.Now()
				result, err := records.RecordUpload(b.Context(), upload(f.ID, fmt.Sprint(n), front))
				if err == nil {
					err = records.SaveCheck(b.Context(), result.Material.ID, check)
				}
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
