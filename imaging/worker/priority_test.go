package worker

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// gone is the priority of a thread that has ended meanwhile, as a decoder's threads do.
const gone = -100

// priorityOf reads niceness and policy of a thread (proc_pid_stat(5), fields 19 and 41).
func priorityOf(t *testing.T, stat string) (niceness, policy int) {
	t.Helper()
	text, err := os.ReadFile(stat)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return gone, gone
	}
	if err != nil {
		t.Fatal(err)
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // from field 3 on
	niceness, err = strconv.Atoi(string(fields[19-3]))
	if err != nil {
		t.Fatal(err)
	}
	policy, err = strconv.Atoi(string(fields[41-3]))
	if err != nil {
		t.Fatal(err)
	}
	return niceness, policy
}

// Every thread of a worker gives way, also those that decoding starts, and the service does not.
func TestWorkersGiveWayToTheService(t *testing.T) {
	t.Parallel()
	const niceness = 5
	ours, _ := priorityOf(t, "/proc/self/stat")
	want := min(ours+niceness, 19)
	p := pool(t, "real", func(o *Options) { o.Limits.Niceness = niceness })
	for range 3 {
		if _, err := p.Analyze(t.Context(), aPhoto(t)); err != nil {
			t.Fatal(err)
		}
	}
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.Processes()[0]))
	if err != nil || len(threads) < 3 {
		t.Fatalf("%d threads: %v", len(threads), err)
	}
	for _, stat := range threads {
		if got, policy := priorityOf(t, stat); got != gone && (got != want || policy != unix.SCHED_BATCH) {
			t.Errorf("%s: niceness %d and policy %d, want %d and %d", filepath.Base(filepath.Dir(stat)), got, policy, want, unix.SCHED_BATCH)
		}
	}
	if now, _ := priorityOf(t, "/proc/self/stat"); now != ours {
		t.Errorf("the service itself went from %d to %d", ours, now)
	}
	plain := pool(t, "real", nil)
	if got, _ := priorityOf(t, fmt.Sprintf("/proc/%d/stat", plain.Processes()[0])); got != ours {
		t.Errorf("without being asked a worker has niceness %d", got)
	}
}
