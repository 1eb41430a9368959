package pipeline

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Config holds the limits of the pipeline. Zero values are not defaults: start from DefaultConfig.
type Config struct {
	// MaxBody is the largest file that is taken, in bytes: more than a bureau's 4 MiB, so that an ordinary phone photo
	// can be taken and repaired instead of only being refused.
	MaxBody int64
	// MaxUploads is how many uploads may be on their way at once; one more is refused with ErrBusy. Each costs a
	// spool file and a small buffer, no picture's memory.
	MaxUploads int
	// MeasureSlots is how many pictures are in memory and decoded at once. Decoding is bound by the CPU: more slots
	// than cores only cost memory.
	MeasureSlots int
	// MeasureDeadline ends the measuring of one picture, and the drawing of one that is kept.
	MeasureDeadline time.Duration
	// CheckWait is how long an upload waits for its checks before it is answered as stored; the checks go on.
	CheckWait time.Duration
	// JobGrace is how long after an upload its job may run: the request checks at once, the job is what guarantees
	// that it is checked at all.
	JobGrace time.Duration
	// SpoolDir is where bodies wait on disk until they are stored; empty means the system's temporary directory.
	SpoolDir string
}

// DefaultConfig is what a machine of any size starts with.
func DefaultConfig() Config {
	return Config{
		MaxBody:         32 << 20,
		MaxUploads:      256,
		MeasureSlots:    runtime.GOMAXPROCS(0),
		MeasureDeadline: 20 * time.Second,
		CheckWait:       5 * time.Second,
		JobGrace:        30 * time.Second,
	}
}

// Validate says everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if c.MaxBody < 4<<20 {
		errs = append(errs, fmt.Errorf("body limit %d: below 4 MiB (4194304) a photo that the bureau takes would be refused", c.MaxBody))
	}
	if c.MaxBody > 1<<30 {
		errs = append(errs, fmt.Errorf("body limit %d: above 1 GiB (1073741824)", c.MaxBody))
	}
	if c.MaxUploads < 1 {
		errs = append(errs, fmt.Errorf("uploads at once %d: at least 1", c.MaxUploads))
	}
	if c.MeasureSlots < 1 {
		errs = append(errs, fmt.Errorf("pictures measured at once %d: at least 1", c.MeasureSlots))
	}
	if c.MeasureDeadline < 100*time.Millisecond {
		errs = append(errs, fmt.Errorf("measuring deadline %s: at least 100ms", c.MeasureDeadline))
	}
	if c.CheckWait < 0 || c.JobGrace < 0 {
		errs = append(errs, errors.New("waiting times cannot be negative"))
	}
	if c.JobGrace < c.CheckWait {
		errs = append(errs, fmt.Errorf("job grace %s: shorter than the wait for checks %s, every slow photo would be checked twice", c.JobGrace, c.CheckWait))
	}
	return errors.Join(errs...)
}
