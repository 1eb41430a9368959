package storage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

func TestReadingsAreKeptByContentAndReaderAndGoWithTheContent(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		records := openRecords(t, url, storage.RecordsOptions{})
		var filings [2]storage.Filing
		for i := range filings {
			var err error
			if filings[i], err = records.CreateFiling(t.Context(), "app", facts); err != nil {
				t.Fatal(err)
			}
		}
		own, shared := upload(filings[0].ID, "own", front), upload(filings[0].ID, "shared", filing.Declared{})
		read := func(sum storage.Digest, reader, data string) storage.ReadText {
			return storage.ReadText{Sum: sum, Reader: reader, Data: []byte(data)}
		}
		wantError(t, "before the upload", records.SaveReading(t.Context(), read(own.Sum, "r1", "{}")), storage.ErrNotFound)
		for _, u := range []storage.Upload{own, shared} {
			if _, err := records.RecordUpload(t.Context(), u); err != nil {
				t.Fatal(err)
			}
		}
		shared.FilingID = filings[1].ID
		if _, err := records.RecordUpload(t.Context(), shared); err != nil {
			t.Fatal(err)
		}
		for _, r := range []storage.ReadText{
			read(own.Sum, "r1", `{"lines":[1]}`), read(own.Sum, "r1", `{"lines":[2]}`), read(own.Sum, "r2", `{}`), read(shared.Sum, "r1", `{}`),
		} {
			if err := records.SaveReading(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := records.Reading(t.Context(), own.Sum, "r1"); err != nil || string(got) != `{"lines":[1]}` {
			t.Errorf("the first reading stays: %s, %v", got, err)
		}
		_, err := records.Reading(t.Context(), own.Sum, "r3")
		wantError(t, "another reader", err, storage.ErrNotFound)

		if _, err := records.DeleteFiling(t.Context(), filings[0].ID); err != nil {
			t.Fatal(err)
		}
		for _, reader := range []string{"r1", "r2"} {
			_, err = records.Reading(t.Context(), own.Sum, reader)
			wantError(t, "of a deleted content", err, storage.ErrNotFound)
		}
		if _, err := records.Reading(t.Context(), shared.Sum, "r1"); err != nil {
			t.Errorf("of a content that another filing has: %v", err)
		}
		if _, err := records.DeleteFiling(t.Context(), filings[1].ID); err != nil {
			t.Fatal(err)
		}
		_, err = records.Reading(t.Context(), shared.Sum, "r1")
		wantError(t, "of a content that nobody has", err, storage.ErrNotFound)
	})
}

func TestAFileThatWaitsToBeReadHasOneJobUntilItIsReadReplacedOrDeleted(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		records := openRecords(t, url, storage.RecordsOptions{CheckAfter: time.Hour})
		f, err := records.CreateFiling(t.Context(), "app", facts)
		if err != nil {
			t.Fatal(err)
		}
		record := func(content string) storage.Material {
			t.Helper()
			made, err := records.RecordUpload(t.Context(), upload(f.ID, content, front))
			if err != nil {
				t.Fatal(err)
			}
			return made.Material
		}
		check := storage.Check{Verdict: filing.VerdictReview, Findings: []byte("[]"), CheckedAt: time.Now()}
		waits := func(m storage.Material) storage.Material {
			t.Helper()
			if err := records.SaveCheck(t.Context(), m.ID, check, storage.ReadLater{After: time.Hour}); err != nil {
				t.Fatal(err)
			}
			again, err := records.Material(t.Context(), m.ID)
			if err != nil || again.ReadingJob == 0 || again.State != filing.MaterialChecked {
				t.Fatalf("%+v, %v", again, err)
			}
			return again
		}
		jobs := func(when, state string, want int) {
			t.Helper()
			list, err := records.Jobs(t.Context(), storage.JobFilter{State: state})
			if err != nil || len(list) != want {
				t.Fatalf("%s: %d jobs, want %d: %+v, %v", when, len(list), want, list, err)
			}
			for _, j := range list {
				if j.Kind != "read_material" {
					t.Errorf("%s: %+v", when, j)
				}
			}
		}
		m := waits(waits(record("one")))
		jobs("asked for twice", storage.JobScheduled, 1)
		for range 2 {
			if err := records.EnqueueReading(t.Context(), m.ID); err != nil {
				t.Fatal(err)
			}
		}
		jobs("due at once", storage.JobAvailable, 1)
		jobs("due at once", "", 1)
		if err := records.SaveCheck(t.Context(), m.ID, check, storage.ReadText{Sum: upload(f.ID, "one", front).Sum, Reader: "r1", Data: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		jobs("read", "", 0)
		if m, err = records.Material(t.Context(), m.ID); err != nil || m.ReadingJob != 0 {
			t.Errorf("read: %+v, %v", m, err)
		}
		waits(m)
		if _, err := records.DeleteMaterial(t.Context(), waits(m).ID); err != nil {
			t.Fatal(err)
		}
		jobs("deleted", "", 0)
		waits(record("two"))
		wantError(t, "of nothing", records.EnqueueReading(t.Context(), "01234567-89ab-7def-8123-456789abcdef"), storage.ErrNotFound)
		record("three") // replaces it
		list, err := records.Jobs(t.Context(), storage.JobFilter{})
		if err != nil || len(list) != 1 || list[0].Kind != "check_material" {
			t.Errorf("replaced: %+v, %v", list, err)
		}
	})
}

func TestReadingJobsHaveAQueueOfTheirOwn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		records := openRecords(t, url, storage.RecordsOptions{CheckAfter: time.Hour})
		files := waitingFiles(t, records, 3)
		for _, id := range files {
			if err := records.EnqueueReading(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		held := make(chan struct{})
		read := make(chan string, 10)
		failed := map[string]bool{}
		worker, err := storage.NewWorker(records, storage.WorkerOptions{
			PollInterval: 20 * time.Millisecond, Concurrency: 1, Reads: 1,
			Read: func(_ context.Context, id string) error {
				<-held
				read <- id
				if id == files[0] && !failed[id] {
					failed[id] = true // one job at a time: nobody else looks
					return errors.New("once")
				}
				return nil
			},
		}, func(_ context.Context, id string) error {
			close(held) // a check is worked while all readings wait
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		start(t, worker)
		if err := records.EnqueueCheck(t.Context(), files[1]); err != nil {
			t.Fatal(err)
		}
		for seen := map[string]int{}; seen[files[0]] < 2 || seen[files[1]] < 1 || seen[files[2]] < 1; {
			select {
			case id := <-read:
				seen[id]++
			case <-time.After(soon):
				t.Fatalf("worked: %v", seen)
			}
		}
	})
}
