package pipeline

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/preflight-icp/preflight/imaging"
)

// Config holds the limits of the pipeline. Zero values are not defaults: start from DefaultConfig.
type Config struct {
	// MaxBody is the largest file that is taken, in bytes: more than a bureau's 4 MiB, so that an ordinary phone photo
	// can be taken and repaired instead of only being refused.
	MaxBody int64
	// MaxUploads is how many uploads may be on their way at once; one more is refused with ErrBusy. Each costs a
	// spool file and a small buffer, no picture's memory.
	MaxUploads int
	// MaxDecoded is how many decoded bytes, four a pixel, uploads may stand for that wait to be measured or are measured; one
	// more is refused with ErrBusy. It bounds how long the last one waits: what waits is on disk and costs no memory.
	MaxDecoded int64
	// MaxPixels is the measurer's pixel guard: a picture of more is not decoded, and weighs nothing.
	MaxPixels int64
	// MeasureSlots is how many pictures are in memory and decoded at once. Decoding is bound by the CPU: more slots
	// than cores only cost memory.
	MeasureSlots int
	// MeasureDeadline ends the measuring of one picture, and the drawing of one that is kept.
	MeasureDeadline time.Duration
	// StoreDeadline ends the storing of one upload, retries included.
	StoreDeadline time.Duration
	// ReadSlots is how many pictures are read at once, beside those that are measured; each is in memory.
	ReadSlots int
	// ReadDeadline ends the reading of one picture. What it left unread is tried again by its job.
	ReadDeadline time.Duration
	// CheckWait is how long an upload waits for its checks before it is answered as stored; the checks go on.
	CheckWait time.Duration
	// JobGrace is how long after an upload its job may run: the request checks at once, the job is what guarantees
	// that it is checked at all.
	JobGrace time.Duration
	// Retention is how long a filing is kept that nobody changes; 0 is for ever.
	Retention time.Duration
	// SpoolDir is where bodies wait on disk until they are stored; empty means the system's temporary directory.
	SpoolDir string
}

// DefaultConfig is what a machine of any size starts with.
func DefaultConfig() Config {
	return Config{
		MaxBody:         32 << 20,
		MaxUploads:      256,
		MaxDecoded:      int64(runtime.GOMAXPROCS(0)) << 30,
		MaxPixels:       imaging.DefaultMaxPixels,
		StoreDeadline:   time.Minute,
		MeasureSlots:    runtime.GOMAXPROCS(0),
		MeasureDeadline: 20 * time.Second,
		ReadSlots:       imaging.DefaultReads,
		ReadDeadline:    30 * time.Second,
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
	if c.MaxDecoded < 64<<20 || c.MaxPixels < 1 {
		errs = append(errs, fmt.Errorf("decoded bytes at once %d: at least 67108864; and pixels of a picture %d: at least 1", c.MaxDecoded, c.MaxPixels))
	}
	if c.StoreDeadline < time.Second {
		errs = append(errs, fmt.Errorf("store deadline %s: at least 1s", c.StoreDeadline))
	}
	if c.MeasureSlots < 1 {
		errs = append(errs, fmt.Errorf("pictures measured at once %d: at least 1", c.MeasureSlots))
	}
	if c.MeasureDeadline < 100*time.Millisecond {
		errs = append(errs, fmt.Errorf("measuring deadline %s: at least 100ms", c.MeasureDeadline))
	}
	if c.ReadSlots < 1 {
		errs = append(errs, fmt.Errorf("pictures read at once %d: at least 1", c.ReadSlots))
	}
	if c.ReadDeadline < time.Second {
		errs = append(errs, fmt.Errorf("reading deadline %s: at least 1s", c.ReadDeadline))
	}
	if c.CheckWait < 0 || c.JobGrace < 0 {
		errs = append(errs, errors.New("waiting times cannot be negative"))
	}
	if c.JobGrace < c.CheckWait {
		errs = append(errs, fmt.Errorf("job grace %s: shorter than the wait for checks %s, every slow photo would be checked twice", c.JobGrace, c.CheckWait))
	}
	return errors.Join(errs...)
}
