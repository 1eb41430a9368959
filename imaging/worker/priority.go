package worker

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// giveWay lowers the priority of this process for good, below what it started with: there is a worker for each core, and a request that
// wakes the service must not wait until a decoder's turn is over. Linux keeps priority and policy for each thread, and a new thread has
// its maker's, so it goes through the threads until a pass finds none that it has not seen: those that follow are made by ones that
// gave way.
func giveWay(niceness int) error {
	if niceness == 0 {
		return nil
	}
	const least = 19
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return fmt.Errorf("look at own priority: %w", err)
	}
	target := min(20-raw+niceness, least) // the system call, unlike the C library, answers 20 less the niceness
	seen := map[int]bool{}
	for fresh := true; fresh; {
		fresh = false
		entries, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("list own threads: %w", err)
		}
		for _, e := range entries {
			thread, err := strconv.Atoi(e.Name())
			if err != nil || seen[thread] {
				continue
			}
			seen[thread], fresh = true, true
			if err := unix.Setpriority(unix.PRIO_PROCESS, thread, target); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("lower own priority: %w", err)
			}
			// SCHED_BATCH: a thread that wakes takes the processor from nobody who has it, which priority alone does not promise. Where a
			// container refuses it the priority still stands.
			_ = unix.SchedSetAttr(thread, &unix.SchedAttr{Policy: unix.SCHED_BATCH, Nice: int32(target)}, 0)
		}
	}
	return nil
}
