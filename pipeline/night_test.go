package pipeline

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

// nights are the passes that were recorded for nights.
func nights(t *testing.T, p *Pipeline) []string {
	t.Helper()
	list, err := p.Records.Revalidations(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range list {
		if v.Night == "" || v.RequestedBy != "nightly" || v.DryRun {
			t.Errorf("recorded %+v", v)
		}
		out = append(out, v.Night)
	}
	return out
}

// Each night has one pass, whichever of many processes comes first; a night when none ran is made up for, and only the
// last of several.
func TestOnePassIsMadeEachNight(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		set := embeddedRules(t)
		night, err := ParseNight("02:30", "Asia/Shanghai")
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var now time.Time
		at := func(text string) {
			t.Helper()
			to, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			now = to
			mu.Unlock()
		}
		processes := make([]*Pipeline, 3)
		for i := range processes {
			processes[i] = judgingFlow(t, records, set)
			processes[i].Night = night
			processes[i].Now = func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				return now
			}
		}
		look := func(want int) {
			t.Helper()
			var group sync.WaitGroup
			for _, p := range processes {
				group.Go(func() {
					for range 3 {
						if err := p.startNight(t.Context()); err != nil {
							t.Error(err)
						}
					}
				})
			}
			group.Wait()
			if got := nights(t, processes[0]); len(got) != want {
				t.Fatalf("nights %v, want %d", got, want)
			}
		}
		at("2026-11-20T02:29:59+08:00")
		look(1) // that of the 19th, which nobody made
		at("2026-11-20T02:30:00+08:00")
		look(2)
		at("2026-11-20T18:29:59Z") // a second before half past two of the 21st in Shanghai
		look(2)
		at("2026-11-20T18:30:00Z")
		look(3)
		at("2026-11-25T14:00:00+08:00") // nothing ran for four nights
		look(4)
		if got := nights(t, processes[0]); got[0] != "2026-11-25" || got[1] != "2026-11-21" {
			t.Errorf("nights %v", got)
		}
		restarted := judgingFlow(t, records, set)
		restarted.Night, restarted.Now = night, processes[0].Now
		processes = slices.Concat(processes, []*Pipeline{restarted})
		look(4)
	})
}

// A process that works makes the pass by itself.
func TestTheNightlyPassIsMade(t *testing.T) {
	t.Parallel()
	records := openTestRecords(t, "sqlite:"+t.TempDir()+"/records.db")
	set := embeddedRules(t)
	newFiller(t, set).fill(t, records, 20)
	p := judgingFlow(t, records, set)
	var err error
	if p.Night, err = ParseNight("00:00", "UTC"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	working.Go(func() { p.WorkRevalidations(ctx) })
	defer working.Wait()
	defer cancel()
	eventually(t, "the pass is made", func() error {
		list, err := p.Revalidations(t.Context(), 10, storage.RevalidationDone)
		if err == nil && (len(list) != 1 || list[0].Judged != 20) {
			err = storage.ErrNotFound
		}
		return err
	})
}

func TestTheNightIsReadStrictly(t *testing.T) {
	t.Parallel()
	for _, bad := range [][2]string{{"2:30", "UTC"}, {"24:00", "UTC"}, {"02:60", "UTC"}, {"", "UTC"}, {"02:30:00", "UTC"}, {"02:30", ""}, {"02:30", "Local"}, {"02:30", "Mars/Base"}, {"02:30", "../etc/passwd"}} {
		if n, err := ParseNight(bad[0], bad[1]); err == nil {
			t.Errorf("%q in %q is %v", bad[0], bad[1], n)
		}
	}
	// Where clocks are put forward over it, the night still has one time.
	n, err := ParseNight("02:30", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for at := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC); at.Before(time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)); at = at.Add(10 * time.Minute) {
		due, night := n.latest(at)
		if due.After(at) {
			t.Fatalf("at %s the latest is %s", at, due)
		}
		seen[night] = true
	}
	if len(seen) != 4 {
		t.Errorf("nights %v", seen)
	}
}
