package main

import (
	"errors"
	"flag"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/imaging/worker"
	"github.com/preflight-icp/preflight/models/modelstest"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/specimen"
)

// hostile takes every n-th hostile file: a sample in `make test`, all of them in `make hostile`.
var hostile = flag.Int("hostile", 10, "take every n-th file of the hostile corpus")

// What the issue of trust asks of hostile files.
const (
	hostileTime = 3 * time.Second
	bombTime    = 250 * time.Millisecond
	bombMemory  = 64 << 20
)

// isBomb tells the files whose header promises more than anybody decodes.
func isBomb(f specimen.File) bool {
	return f.Want == "too_many_pixels" || strings.HasPrefix(f.Name, "bomb")
}

// Every hostile file that a worker is given is judged, with its code and in time, and no worker dies of one; bombs are refused from
// their header, before a pixel is decoded.
func TestWorkersJudgeEveryHostileFile(t *testing.T) {
	o := worker.Options{Imaging: imaging.Options{Models: modelstest.Dir(t)}, Limits: worker.DefaultLimits(), Workers: 1}
	pool, err := worker.Open(t.Context(), o)
	ok(t, err)
	defer func() { ok(t, pool.Close()) }()
	before := pool.Processes()
	set, err := loadRules("")
	ok(t, err)
	limits := set.UploadLimits(filing.Today(time.Now()))
	files := specimen.Hostile()
	if len(files) < 200 {
		t.Errorf("the corpus has %d files", len(files))
	}
	tried, bombs := 0, 0
	var slowest, slowestBomb time.Duration
	var most int64
	for i := range files {
		f := files[i]
		if i%*hostile != 0 && (!isBomb(f) || *hostile <= 1 || i%3 != 0) {
			continue
		}
		data, err := f.Bytes()
		ok(t, err)
		tried++
		resident := resetPeak(t, pool.Processes()[0])
		start, used := time.Now(), processorTime(t, pool.Processes()[0])
		m, err := pool.Analyze(t.Context(), data)
		took := time.Since(start)
		if *hostile > 1 && err == nil {
			// Beside other tests the clock tells how busy the machine is: there the processor's time has to do.
			took = processorTime(t, pool.Processes()[0]) - used
		}
		extra := processMemory(t, pool.Processes()[0], "VmHWM") - resident
		var ended *worker.Failure
		if errors.As(err, &ended) {
			t.Errorf("%s: %s: the worker ended: %v", f.Name, f.What, err)
			continue
		}
		ok(t, err)
		slowest = max(slowest, took)
		if took > hostileTime && !raceEnabled {
			t.Errorf("%s: it took %s", f.Name, took)
		}
		if isBomb(f) {
			bombs++
			slowestBomb, most = max(slowestBomb, took), max(most, extra)
			if took > bombTime && !raceEnabled {
				t.Errorf("%s: a bomb took %s", f.Name, took)
			}
			if extra > bombMemory && !raceEnabled {
				t.Errorf("%s: a bomb took %d MB", f.Name, extra>>20)
			}
			if m.Decode != nil && f.Want == "too_many_pixels" {
				t.Errorf("%s: a bomb was decoded", f.Name)
			}
		}
		r := pipeline.Judge("", m, checks.FileInput{Name: f.Name, Limits: limits})
		codes := []string{}
		for _, finding := range r.Findings {
			codes = append(codes, finding.Code)
		}
		if !f.Answered(codes) {
			t.Errorf("%s: %s: %v, want %s", f.Name, f.What, codes, f.Want)
		}
	}
	if !slices.Equal(before, pool.Processes()) {
		t.Errorf("workers %v are now %v", before, pool.Processes())
	}
	t.Logf("%d of %d files, %d of them bombs: the slowest took %s, the slowest bomb %s and %d MB", tried, len(files), bombs,
		slowest.Round(time.Millisecond), slowestBomb.Round(time.Millisecond), most>>20)
}

// processorTime is what a process has used, in hundredths of a second.
func processorTime(t testing.TB, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	ok(t, err)
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	ok(t, err)
	system, err := strconv.Atoi(fields[12])
	ok(t, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// resetPeak sets the peak of a process's resident memory to what is resident, and returns it.
func resetPeak(t testing.TB, pid int) int64 {
	t.Helper()
	ok(t, os.WriteFile("/proc/"+strconv.Itoa(pid)+"/clear_refs", []byte("5"), 0o600))
	return processMemory(t, pid, "VmRSS")
}

// processMemory is a line of the status of a process in bytes.
func processMemory(t testing.TB, pid int, line string) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	ok(t, err)
	_, rest, found := strings.Cut(string(text), line+":")
	if !found {
		t.Fatalf("no %s", line)
	}
	kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	ok(t, err)
	return kb << 10
}
