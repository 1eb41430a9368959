package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/preflight-icp/preflight/storage"
)

// onBoth runs a test on both databases.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "records.db"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, servers.Postgres(t))
	})
}

// waitingFiles records n uploads whose checks wait; it returns the ids of the files.
func waitingFiles(t *testing.T, records *storage.Records, n int) []string {
	t.Helper()
	f, err := records.CreateFiling(t.Context(), "app", facts)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, n)
	for i := range ids {
		u := upload(f.ID, fmt.Sprint("waiting ", i), front)
		u.Declared.Of = fmt.Sprint("domain:d", i)
		made, err := records.RecordUpload(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = made.Material.ID
	}
	return ids
}

func TestJobsAreVisibleCancelledAndTriedAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		records := openRecords(t, url, storage.RecordsOptions{CheckAfter: time.Hour, JobAttempts: 3})
		files := waitingFiles(t, records, 5)
		list := func(f storage.JobFilter) []storage.Job {
			t.Helper()
			jobs, err := records.Jobs(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			return jobs
		}
		all := list(storage.JobFilter{})
		if len(all) != 5 {
			t.Fatalf("%d jobs", len(all))
		}
		for i, j := range all {
			if j.MaterialID != files[i] || j.State != storage.JobScheduled || j.Kind != "check_material" || j.MaxAttempts != 3 || j.Attempt != 0 {
				t.Errorf("job %d: %+v", i, j)
			}
		}
		first, rest := list(storage.JobFilter{Limit: 2}), list(storage.JobFilter{After: all[1].ID})
		if len(first) != 2 || len(rest) != 3 || rest[0].ID != all[2].ID {
			t.Errorf("pages of %d and %d jobs", len(first), len(rest))
		}
		job, err := records.CancelJob(t.Context(), all[0].ID)
		if err != nil || job.State != storage.JobCancelled || job.FinalizedAt == nil {
			t.Errorf("cancelled: %+v, %v", job, err)
		}
		if got := list(storage.JobFilter{State: storage.JobCancelled}); len(got) != 1 || got[0].ID != all[0].ID {
			t.Errorf("cancelled jobs: %+v", got)
		}
		if job, err = records.RetryJob(t.Context(), all[0].ID); err != nil || job.State != storage.JobAvailable {
			t.Errorf("tried again: %+v, %v", job, err)
		}
		for _, do := range []func(context.Context, int64) (storage.Job, error){records.CancelJob, records.RetryJob} {
			if _, err := do(t.Context(), 1<<40); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("a job that is not: %v", err)
			}
		}
		// Cancelled, and meanwhile checked by another job: there is nothing to try again.
		if _, err := records.CancelJob(t.Context(), all[1].ID); err != nil {
			t.Fatal(err)
		}
		if err := records.EnqueueCheck(t.Context(), files[1]); err != nil {
			t.Fatal(err)
		}
		if _, err := records.RetryJob(t.Context(), all[1].ID); err == nil {
			if n := len(list(storage.JobFilter{})); n > 6 {
				t.Errorf("%d jobs", n)
			}
		} else if !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a second job for a file: %v", err)
		}
	})
}

func TestTheStateOfTheQueueIsCounted(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		registry := prometheus.NewRegistry()
		records := openRecords(t, url, storage.RecordsOptions{CheckAfter: time.Hour, Observer: storage.Observer{Metrics: registry}})
		files := waitingFiles(t, records, 3)
		if s, err := records.State(t.Context()); err != nil || s.Jobs[storage.JobScheduled] != 3 || s.Oldest != 0 {
			t.Errorf("before: %+v, %v", s, err)
		}
		if err := records.EnqueueCheck(t.Context(), files[0]); err != nil {
			t.Fatal(err)
		}
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for deadline := time.Now().Add(soon); ; <-ticker.C {
			s, err := records.State(t.Context())
			if err != nil || s.Jobs[storage.JobAvailable] != 1 || s.Jobs[storage.JobScheduled] != 2 || s.Oldest > time.Minute {
				t.Fatalf("one is due: %+v, %v", s, err)
			}
			if s.Oldest > 50*time.Millisecond {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("it does not grow old: %+v", s)
			}
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		series := map[string]int{}
		for _, f := range families {
			series[f.GetName()] = len(f.Metric)
		}
		for name, want := range map[string]int{
			"preflight_queue_jobs": len(storage.JobStates()), "preflight_database_up": 1, "preflight_queue_oldest_seconds": 1, "preflight_revalidations_running": 1,
		} {
			if series[name] != want {
				t.Errorf("%d series of %s, want %d", series[name], name, want)
			}
		}
		if err := records.QueueReady(t.Context()); err != nil {
			t.Error(err)
		}
		if err := records.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestOptionsOutOfBoundsAreRefusedInWords(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"database connections -1":       storage.RecordsOptions{Connections: -1}.Validate(),
		"database connections 1001":     storage.RecordsOptions{Connections: 1001}.Validate(),
		"database connect timeout 1ms":  storage.RecordsOptions{ConnectTimeout: time.Millisecond}.Validate(),
		"database timeout -1s":          storage.RecordsOptions{StatementTimeout: -time.Second}.Validate(),
		"job attempts 26":               storage.RecordsOptions{JobAttempts: 26}.Validate(),
		"store attempts 21":             storage.ObjectsOptions{Retry: storage.RetryPolicy{Attempts: 21}}.Validate(),
		"store timeout 99ms":            storage.ObjectsOptions{Timeout: 99 * time.Millisecond}.Validate(),
		"store connections -1":          storage.ObjectsOptions{Connections: -1}.Validate(),
		"jobs at once -1":               storage.WorkerOptions{Concurrency: -1}.Validate(),
		"job poll interval 1ms":         storage.WorkerOptions{PollInterval: time.Millisecond}.Validate(),
		"job timeout 10ms":              storage.WorkerOptions{Timeout: 10 * time.Millisecond}.Validate(),
		"job rescue after 1s: shorter ": storage.WorkerOptions{Timeout: 2 * time.Second, RescueAfter: time.Second}.Validate(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for name, err := range map[string]error{
		"records": storage.RecordsOptions{}.Validate(), "objects": storage.ObjectsOptions{}.Validate(), "worker": storage.WorkerOptions{}.Validate(),
	} {
		if err != nil {
			t.Errorf("the defaults of %s: %v", name, err)
		}
	}
	if _, err := storage.OpenRecords(t.Context(), filepath.Join(t.TempDir(), "x.db"), storage.RecordsOptions{Connections: -1}); err == nil {
		t.Error("records are opened all the same")
	}
	if _, err := storage.OpenObjects(t.Context(), t.TempDir(), storage.ObjectsOptions{Connections: -1}); err == nil {
		t.Error("objects are opened all the same")
	}
}

// A statement that takes too long is ended by PostgreSQL, and so is a session that holds a transaction and does nothing.
func TestPostgresIsToldItsTimeouts(t *testing.T) {
	t.Parallel()
	url := servers.Postgres(t)
	records := openRecords(t, url, storage.RecordsOptions{StatementTimeout: 1234 * time.Millisecond, Connections: 3})
	for name, want := range map[string]string{"statement_timeout": "1234ms", "application_name": "preflight", "idle_in_transaction_session_timeout": "1min"} {
		if got, err := storage.Setting(t.Context(), records, name); err != nil || got != want {
			t.Errorf("%s is %q, want %q: %v", name, got, want, err)
		}
	}
	own := openRecords(t, url+"&statement_timeout=5s", storage.RecordsOptions{})
	if got, err := storage.Setting(t.Context(), own, "statement_timeout"); err != nil || got != "5s" {
		t.Errorf("the URL's own: %q, %v", got, err)
	}
}

// What the store does is counted by operation and result, and the retries that nobody else sees.
func TestOperationsOfTheStoreAreCounted(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	objects := openObjects(t, t.TempDir(), storage.ObjectsOptions{Observer: storage.Observer{Metrics: registry}})
	content := []byte("specimen")
	key := storage.ObjectKey(storage.DigestOf(content))
	if err := objects.Put(t.Context(), key, storage.BytesContent(content)); err != nil {
		t.Fatal(err)
	}
	r, err := objects.Get(t.Context(), key, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%q, %v", got, err)
	}
	r.Close()
	if _, err := objects.Stat(t.Context(), storage.ObjectKey(storage.DigestOf(nil))); !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
	if err := objects.Put(t.Context(), "Not A Key", storage.BytesContent(content)); err == nil {
		t.Error("a bad key is taken")
	}
	for range objects.List(t.Context(), "", "") {
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, l.GetValue())
			}
			name := strings.Join(append([]string{strings.TrimPrefix(f.GetName(), "preflight_objects_")}, labels...), " ")
			counted[name] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	for name, want := range map[string]float64{
		"seconds put ok": 1, "seconds put failed": 1, "seconds get ok": 1, "seconds stat absent": 1, "seconds list ok": 1, "seconds delete ok": 0,
		"bytes_total put": float64(len(content)), "bytes_total get": float64(len(content)), "retries_total": 0,
	} {
		if got, found := counted[name]; !found || got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if names := slices.Sorted(func(yield func(string) bool) {
		for name := range counted {
			if !yield(name) {
				return
			}
		}
	}); len(names) != 18 {
		t.Errorf("series: %v", names)
	}
}
