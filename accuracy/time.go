package accuracy

import (
	"fmt"
	"syscall"
	"time"
)

// processorTime is what the process has used so far: a wall clock would count what else the machine does.
func processorTime() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("processor time: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
