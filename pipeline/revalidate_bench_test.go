package pipeline

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
)

var (
	manyFilings = flag.Int("filings", 0, "stored filings of the bench of revalidation, on each database (make bench-revalidate)")
	encrypted   = flag.Bool("encrypted", false, "encrypt what the bench of revalidation stores, as a service does")
	filledAt    = flag.String("filled", "", "URL of a database that an earlier bench of as many filings has filled, instead of filling one")
)

// TestRevalidationOfManyFilings is the bench: a population with six files each, measured as our analyzer measures a photo,
// judged for the first time, again after a rule change, and again when nothing changed.
func TestRevalidationOfManyFilings(t *testing.T) {
	if *manyFilings == 0 {
		t.Skip("a bench: make bench-revalidate")
	}
	old := embeddedRules(t)
	changed := changedRules(t, "younger_than: 18 years", "younger_than: 55 years", "CQ", "GD", "HN", "JS", "SC", "YN")
	f := newFiller(t, old)
	f.measure = realMeasurements(t)
	databases := []string{"SQLite", "PostgreSQL"}
	if *filledAt != "" {
		databases = []string{"filled"}
	}
	for _, database := range databases {
		t.Run(database, func(t *testing.T) {
			url := *filledAt
			switch database {
			case "SQLite":
				url = "sqlite:" + filepath.Join(t.TempDir(), "records.db")
			case "PostgreSQL":
				url = servers.Postgres(t)
			}
			records := openTestRecords(t, url)
			start := time.Now()
			if *filledAt == "" {
				f.fill(t, records, *manyFilings)
			}
			t.Logf("%d filings with %d files of %d bytes of measurements: stored in %s", *manyFilings, len(populationSubjects)*(*manyFilings),
				len(f.rows(t, 0, 1).Measurements[0].Data), time.Since(start).Round(time.Second))
			p := judgingFlow(t, records, old, changed)
			for _, step := range []struct {
				name string
				RevalidationRequest
			}{
				{"first", RevalidationRequest{}},
				{"dry run of a change", RevalidationRequest{Rules: changed.Hash(), DryRun: true}},
				{"rule change", RevalidationRequest{Rules: changed.Hash()}},
				{"nothing new", RevalidationRequest{Rules: changed.Hash()}},
				{"another analyzer, nothing measured by it", RevalidationRequest{Rules: changed.Hash()}},
			} {
				if strings.HasPrefix(step.name, "another analyzer") {
					if *manyFilings > 100_000 {
						t.Logf("%s: left out, a quarter of an hour of CPU for each million; 100,000 filings have it", step.name)
						continue
					}
					p.Analyzer = "population-2" // every file is judged again from its measurements
				}
				resetPeak(t)
				begin, cpu := time.Now(), cpuTime(t)
				v := pass(t, p, step.RevalidationRequest)
				took := time.Since(begin)
				used := cpuTime(t) - cpu
				t.Logf("%-42s %8s  %7.0f filings/s  CPU %4.0f us/filing  changed %d (%.1f %%), first %d, restated %d, files %d; peak %d MB", step.name,
					took.Round(10*time.Millisecond), float64(v.Seen)/took.Seconds(),
					float64(used.Microseconds())/float64(v.Seen), v.Changed, 100*float64(v.Changed)/float64(v.Seen), v.First,
					v.Restated, v.Files, peak(t))
			}
		})
	}
}

// realMeasurements are what the analyzer tells of a photo, so that the bench grows as it does.
func realMeasurements(tb testing.TB) func(bytes int64) filing.Measurements {
	tb.Helper()
	analyzer, err := imaging.New(imaging.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	photo, err := os.ReadFile(filepath.Join("..", "testdata", "specimens", "business_license.jpg"))
	if err != nil {
		tb.Fatal(err)
	}
	m, err := analyzer.Analyze(context.Background(), photo)
	if err != nil {
		tb.Fatal(err)
	}
	m.Analyzer = analyzerOfTests
	return func(bytes int64) filing.Measurements {
		m := m
		m.Bytes = bytes
		return m
	}
}

// cpuTime is what this process has used of the processors, which the neighbours of a shared machine do not change; what
// PostgreSQL uses is not in it.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// resetPeak forgets the largest resident size of this process so far, where Linux lets it.
func resetPeak(tb testing.TB) {
	tb.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200); err != nil {
		tb.Logf("peak memory is that since the start: %v", err)
	}
}

// peak is the largest resident size in megabytes.
func peak(tb testing.TB) int {
	tb.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		tb.Fatal(err)
	}
	return kb >> 10
}
