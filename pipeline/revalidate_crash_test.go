package pipeline

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/storage/storagetest"
)

// startWorker starts a process that makes passes, and returns how to kill it.
func startWorker(t *testing.T, url string) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+childMadeBy, childURL+"="+url)
	cmd.Stderr = t.Output()
	var end error // killed is how it ends
	gone, err := storagetest.StartBound(cmd, syscall.SIGKILL, &end)
	if err != nil {
		t.Fatal(err)
	}
	killed := false
	kill = func() {
		if killed {
			return
		}
		killed = true
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		<-gone
	}
	t.Cleanup(kill)
	return kill
}

// until waits for a pass to come so far.
func until(t *testing.T, p *Pipeline, id string, enough func(*Revalidation) bool) *Revalidation {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); <-ticker.C {
		v, err := p.Revalidation(t.Context(), id)
		if err == nil && enough(v) {
			return v
		}
	}
	v, err := p.Revalidation(t.Context(), id)
	t.Fatalf("the pass does not get on: %+v, %v", v, err)
	return nil
}

// A worker is killed again and again in the middle of a pass: the next one goes on, and in the end the records hold the
// same as after a pass that nobody disturbed, each filing judged once.
func TestAPassSurvivesTheDeathOfItsWorkers(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func() string{
		"SQLite":     func() string { return "sqlite:" + filepath.Join(t.TempDir(), "records.db") },
		"PostgreSQL": func() string { return servers.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			url := database()
			records := openTestRecords(t, url)
			const n = 300
			set := embeddedRules(t)
			newFiller(t, set).fill(t, records, n)
			p := judgingFlow(t, records, set)
			undisturbed := pass(t, p, RevalidationRequest{DryRun: true})
			started, err := p.StartRevalidation(t.Context(), operator(), RevalidationRequest{})
			if err != nil {
				t.Fatal(err)
			}
			for _, so := range []int64{n / 5, n / 2} {
				kill := startWorker(t, url)
				v := until(t, p, started.ID, func(v *Revalidation) bool { return v.Seen >= so })
				kill()
				if v.Over() {
					t.Fatalf("it was over before the worker was killed: %+v", v)
				}
			}
			startWorker(t, url)
			v := until(t, p, started.ID, func(v *Revalidation) bool { return v.Over() })
			if v.State != storage.RevalidationDone || v.Seen != n || v.Judged != n || v.First != undisturbed.First || v.Changed != undisturbed.Changed {
				t.Errorf("in the end %+v", v)
			}
			compareWithUndisturbed(t, p, records, n)
		})
	}
}

// compareWithUndisturbed judges everything once more from scratch and finds what is kept.
func compareWithUndisturbed(t *testing.T, p *Pipeline, records *storage.Records, n int) {
	t.Helper()
	kept := keptVerdicts(t, records, n)
	if len(kept) != n {
		t.Fatalf("%d verdicts are kept of %d filings", len(kept), n)
	}
	fresh := openTestRecords(t, "sqlite:"+filepath.Join(t.TempDir(), "fresh.db"))
	set := p.RuleSets[0]
	newFiller(t, set).fill(t, fresh, n)
	pass(t, judgingFlow(t, fresh, set), RevalidationRequest{})
	if diff := cmp.Diff(keptVerdicts(t, fresh, n), kept); diff != "" {
		t.Errorf("kept after the crashes, against a pass that nobody disturbed:\n%s", diff)
	}
}

// PostgreSQL is killed in the middle of a pass: the worker waits for it and goes on.
func TestAPassSurvivesTheDeathOfPostgreSQL(t *testing.T) {
	t.Parallel()
	var own storagetest.Servers
	t.Cleanup(func() {
		if err := own.Stop(); err != nil {
			t.Error(err)
		}
	})
	url := own.Postgres(t)
	records := openTestRecords(t, url)
	const n = 300
	set := embeddedRules(t)
	newFiller(t, set).fill(t, records, n)
	p := judgingFlow(t, records, set)
	p.pace = slowPace()
	started, err := p.StartRevalidation(t.Context(), operator(), RevalidationRequest{})
	if err != nil {
		t.Fatal(err)
	}
	halfway := make(chan struct{})
	crashed := make(chan struct{})
	go func() {
		defer close(crashed)
		<-halfway
		own.CrashPostgres(t)
	}()
	told := false
	v, err := p.RunRevalidation(t.Context(), started.ID, func(v *Revalidation) {
		if !told && v.Seen >= n/3 {
			told = true
			close(halfway)
		}
	})
	<-crashed
	if err != nil {
		t.Fatal(err)
	}
	if v.State != storage.RevalidationDone || v.Seen != n || v.First != n {
		t.Errorf("in the end %+v", v)
	}
	compareWithUndisturbed(t, p, records, n)
}
