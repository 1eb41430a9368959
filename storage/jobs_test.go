package storage_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

const (
	childURLEnv = "PREFLIGHT_TEST_CHILD_URL"
	// killedRescue is short, so that the tests need not wait for minutes until a killed worker counts as dead.
	killedRescue = 2 * time.Second
	// soon is longer than anything here takes on a busy machine.
	soon = 90 * time.Second
)

// playJobs is a process that works until it is killed.
func playJobs(part string) int {
	if part != "work" {
		fmt.Println("unknown part", part)
		return 2
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	ctx := context.Background()
	records, err := storage.OpenRecords(ctx, os.Getenv(childURLEnv), storage.RecordsOptions{Logger: quiet})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	var begun atomic.Int64
	worker, err := storage.NewWorker(records, killedOptions(), func(ctx context.Context, materialID string) error {
		// Every tenth job never comes to its end in this process.
		if begun.Add(1)%10 == 0 {
			fmt.Println("HANGS", materialID)
			<-ctx.Done()
			return ctx.Err()
		}
		err := saveCheck(ctx, records, materialID)
		fmt.Println("WORKED", materialID)
		return err
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if err := worker.Start(ctx); err != nil {
		fmt.Println(err)
		return 1
	}
	select {}
}

func killedOptions() storage.WorkerOptions {
	return storage.WorkerOptions{
		Concurrency: 4, PollInterval: 20 * time.Millisecond, Timeout: killedRescue, RescueAfter: killedRescue,
	}
}

func saveCheck(ctx context.Context, records *storage.Records, materialID string) error {
	return records.SaveCheck(ctx, materialID, storage.Check{
		Verdict: filing.VerdictPass, Findings: []byte("[]"), CheckedAt: time.Now(),
	})
}

func TestNothingIsLostWhenWorkersAreKilled(t *testing.T) {
	t.Parallel()
	const uploads, kills = 200, 3
	for name, database := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := database(t)
			records := openRecords(t, url, storage.RecordsOptions{CheckAfter: -1})
			f, err := records.CreateFiling(t.Context(), "owner-1", facts)
			if err != nil {
				t.Fatal(err)
			}
			for i := range uploads {
				if _, err := records.RecordUpload(t.Context(), upload(f.ID, fmt.Sprint(i), filing.Declared{})); err != nil {
					t.Fatal(err)
				}
			}
			var hung []string
			for range kills {
				hung = append(hung, killWorker(t, url)...)
			}
			if len(hung) < kills {
				t.Fatalf("only %d jobs were under way when their workers were killed", len(hung))
			}

			var again sync.Map
			worker, err := storage.NewWorker(records, killedOptions(), func(ctx context.Context, id string) error {
				again.Store(id, true)
				return saveCheck(ctx, records, id)
			})
			if err != nil {
				t.Fatal(err)
			}
			start(t, worker)
			eventually(t, "every material is checked and no job is left", func() error {
				all, err := records.MaterialsOf(t.Context(), f.ID)
				if err != nil {
					return err
				}
				open := slices.DeleteFunc(all, func(m storage.Material) bool { return m.State == filing.MaterialChecked })
				jobs, err := storage.Jobs(t.Context(), records)
				if err != nil || len(open) > 0 || jobs > 0 {
					return fmt.Errorf("%d materials and %d jobs are left, %w", len(open), jobs, err)
				}
				return nil
			})
			for _, id := range hung {
				if _, ok := again.Load(id); !ok {
					// It was checked by a later victim, then: the state above has proven it.
					t.Logf("%s was rescued by a process that was killed in its turn", id)
				}
			}
		})
	}
}

// killWorker runs a process that works and kills it, as kill -9 does, while at least one job is under way in it. It
// returns the jobs that were.
func killWorker(t *testing.T, url string) []string {
	t.Helper()
	cmd := child(t, "work", "")
	cmd.Env = append(cmd.Env, childURLEnv+"="+url)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var hung []string
	killed := false
	timeout := time.AfterFunc(soon, func() { _ = cmd.Process.Kill() })
	defer timeout.Stop()
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if id, ok := strings.CutPrefix(lines.Text(), "HANGS "); ok {
			hung = append(hung, id)
			if !killed {
				killed = true
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := cmd.Wait(); err == nil || !killed {
		t.Fatalf("the worker was not killed in the middle of a job: %v", err)
	}
	return hung
}

func start(t testing.TB, worker *storage.Worker) {
	t.Helper()
	if err := worker.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		if err := worker.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

func eventually(t *testing.T, what string, done func() error) {
	t.Helper()
	deadline, look := time.Now().Add(soon), time.NewTicker(50*time.Millisecond)
	defer look.Stop()
	for ; ; <-look.C {
		err := done()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s: %v", what, soon, err)
		}
	}
}

func TestWorker(t *testing.T) {
	t.Parallel()
	for name, database := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testWorker(t, database)
		})
	}
}

func testWorker(t *testing.T, database func(tb testing.TB) string) {
	setup := func(t *testing.T, checkAfter time.Duration) (*storage.Records, storage.Filing) {
		t.Helper()
		records := openRecords(t, database(t), storage.RecordsOptions{CheckAfter: checkAfter})
		f, err := records.CreateFiling(t.Context(), "owner-1", facts)
		if err != nil {
			t.Fatal(err)
		}
		return records, f
	}
	record := func(t *testing.T, records *storage.Records, f storage.Filing, content string) storage.Material {
		t.Helper()
		result, err := records.RecordUpload(t.Context(), upload(f.ID, content, front))
		if err != nil {
			t.Fatal(err)
		}
		return result.Material
	}
	// works starts a worker whose jobs arrive on the channel; answer says how each of them ends.
	works := func(t *testing.T, records *storage.Records, answer func(ctx context.Context, id string) error) <-chan string {
		t.Helper()
		worked := make(chan string, 100)
		options := storage.WorkerOptions{PollInterval: 20 * time.Millisecond}
		worker, err := storage.NewWorker(records, options, func(ctx context.Context, id string) error {
			worked <- id
			return answer(ctx, id)
		})
		if err != nil {
			t.Fatal(err)
		}
		start(t, worker)
		return worked
	}
	fine := func(context.Context, string) error { return nil }
	next := func(t *testing.T, worked <-chan string) string {
		t.Helper()
		select {
		case id := <-worked:
			return id
		case <-time.After(soon):
			t.Fatal("no job was worked")
			return ""
		}
	}
	jobs := func(t *testing.T, records *storage.Records, want int) {
		t.Helper()
		if n, err := storage.Jobs(t.Context(), records); err != nil || n != want {
			t.Errorf("%d jobs, want %d; %v", n, want, err)
		}
	}

	t.Run("what is uploaded and not checked is checked by a job", func(t *testing.T) {
		t.Parallel()
		records, f := setup(t, -1)
		m := record(t, records, f, "photo")
		if id := next(t, works(t, records, fine)); id != m.ID {
			t.Errorf("%s was worked, want %s", id, m.ID)
		}
	})

	t.Run("what is checked, replaced or deleted in time needs no job", func(t *testing.T) {
		t.Parallel()
		records, f := setup(t, time.Hour)
		record(t, records, f, "one")
		jobs(t, records, 1)
		m := record(t, records, f, "two") // replaces
		jobs(t, records, 1)
		for range 2 {
			if err := saveCheck(t.Context(), records, m.ID); err != nil {
				t.Fatal(err)
			}
			jobs(t, records, 0)
		}
		m = record(t, records, f, "three")
		jobs(t, records, 1)
		if _, err := records.DeleteMaterial(t.Context(), m.ID); err != nil {
			t.Fatal(err)
		}
		jobs(t, records, 0)
		record(t, records, f, "four")
		if _, err := records.DeleteFiling(t.Context(), f.ID); err != nil {
			t.Fatal(err)
		}
		jobs(t, records, 0)
	})

	t.Run("an upload that is refused leaves no job", func(t *testing.T) {
		t.Parallel()
		records, f := setup(t, -1)
		wantError(t, "the transaction", storage.EnqueueAndFail(t.Context(), records, f.ID, errBroken), errBroken)
		jobs(t, records, 0)
	})

	t.Run("a check that is asked for at once is due at once, and only once", func(t *testing.T) {
		t.Parallel()
		records, f := setup(t, time.Hour)
		m := record(t, records, f, "photo")
		for range 3 {
			if err := records.EnqueueCheck(t.Context(), m.ID); err != nil {
				t.Fatal(err)
			}
			jobs(t, records, 1)
		}
		worked := works(t, records, func(ctx context.Context, id string) error { return saveCheck(ctx, records, id) })
		if id := next(t, worked); id != m.ID {
			t.Errorf("%s was worked, want %s", id, m.ID)
		}
		eventually(t, "the job ends", func() error {
			if n, err := storage.Jobs(t.Context(), records); err != nil || n > 0 {
				return fmt.Errorf("%d jobs, %w", n, err)
			}
			return nil
		})
		// And checked again later, as a change of the rules wants.
		if err := records.EnqueueCheck(t.Context(), m.ID); err != nil {
			t.Fatal(err)
		}
		next(t, worked)
		wantError(t, "of nothing", records.EnqueueCheck(t.Context(), f.ID), storage.ErrNotFound)
	})

	t.Run("a job that fails is run again", func(t *testing.T) {
		t.Parallel()
		records, f := setup(t, -1)
		record(t, records, f, "photo")
		var n atomic.Int64
		worked := works(t, records, func(context.Context, string) error {
			if n.Add(1) == 1 {
				return errPassing
			}
			return nil
		})
		if first, second := next(t, worked), next(t, worked); first != second {
			t.Errorf("%s, then %s", first, second)
		}
	})

	t.Run("the job of a material that is gone ends", func(t *testing.T) {
		t.Parallel()
		records, f := setup(t, -1)
		record(t, records, f, "photo")
		next(t, works(t, records, func(context.Context, string) error { return fmt.Errorf("material: %w", storage.ErrNotFound) }))
		eventually(t, "the job ends", func() error {
			if n, err := storage.Jobs(t.Context(), records); err != nil || n > 0 {
				return fmt.Errorf("%d jobs, %w", n, err)
			}
			return nil
		})
	})

	t.Run("stopping waits for the job that runs, and ends its context when grace is over", func(t *testing.T) {
		t.Parallel()
		for _, patient := range []bool{true, false} {
			records, f := setup(t, -1)
			record(t, records, f, "photo")
			begun, release := make(chan bool, 1), make(chan bool)
			ended := make(chan error, 1)
			worker, err := storage.NewWorker(records, storage.WorkerOptions{PollInterval: 20 * time.Millisecond},
				func(ctx context.Context, _ string) error {
					begun <- true
					select {
					case <-release:
					case <-ctx.Done():
					}
					ended <- ctx.Err()
					return ctx.Err()
				})
			if err != nil {
				t.Fatal(err)
			}
			if err := worker.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			<-begun
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			if patient {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), soon)
				time.AfterFunc(300*time.Millisecond, func() { close(release) })
			}
			if err := worker.Stop(ctx); err != nil {
				t.Error(err)
			}
			cancel()
			if err := <-ended; patient != (err == nil) {
				t.Errorf("patient %v: the job's context: %v", patient, err)
			}
		}
	})
}

// BenchmarkJobs measures uploads beside a worker that checks them, and the time from the commit of a lone upload to the
// start of its job.
func BenchmarkJobs(b *testing.B) {
	setup := func(b *testing.B, database func(tb testing.TB) string) (*storage.Records, storage.Filing, <-chan string) {
		records := openRecords(b, database(b), storage.RecordsOptions{CheckAfter: -1})
		f, err := records.CreateFiling(b.Context(), "owner-1", facts)
		if err != nil {
			b.Fatal(err)
		}
		worked := make(chan string, 1_000_000)
		worker, err := storage.NewWorker(records, storage.WorkerOptions{}, func(ctx context.Context, id string) error {
			worked <- id
			return saveCheck(ctx, records, id)
		})
		if err != nil {
			b.Fatal(err)
		}
		start(b, worker)
		return records, f, worked
	}
	report := func(b *testing.B, name string, took []time.Duration) {
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, name+"-median-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, name+"-p99-ms")
	}
	for name, database := range databases() {
		b.Run(name+"/uploads beside a worker", func(b *testing.B) {
			records, f, worked := setup(b, database)
			var took []time.Duration
			begin := time.Now()
			for n := 0; b.Loop(); n++ {
				begin := time.Now()
				if _, err := records.RecordUpload(b.Context(), upload(f.ID, fmt.Sprint(n), filing.Declared{})); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "uploads/s")
			for range took {
				<-worked
			}
			b.ReportMetric(float64(len(took))/time.Since(begin).Seconds(), "jobs/s")
			report(b, "upload", took)
		})
		b.Run(name+"/from upload to job", func(b *testing.B) {
			records, f, worked := setup(b, database)
			var took []time.Duration
			for n := 0; b.Loop(); n++ {
				if _, err := records.RecordUpload(b.Context(), upload(f.ID, fmt.Sprint(n), filing.Declared{})); err != nil {
					b.Fatal(err)
				}
				begin := time.Now()
				<-worked
				took = append(took, time.Since(begin))
			}
			report(b, "to-work", took)
		})
	}
}
