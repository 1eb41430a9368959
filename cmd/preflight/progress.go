package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// plainEvery is how often progress is a line of its own where there is no terminal: a log stays readable.
const plainEvery = 5 * time.Second

// progress shows how far a long call is: a bar on a terminal, a plain line every few seconds elsewhere, nothing for a
// single file.
type progress struct {
	bar    *progressbar.ProgressBar
	plain  io.Writer
	total  int
	things string
	done   atomic.Int64
	latest atomic.Int64 // when the last plain line was written, in nanoseconds since start
	start  time.Time
}

// newProgress counts things of that name.
func newProgress(w io.Writer, total int, things string) *progress {
	p := &progress{total: total, things: things, start: time.Now()}
	if total < 2 {
		return p
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString(things), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
		return p
	}
	p.plain = w
	return p
}

func (p *progress) add() {
	done := p.done.Add(1)
	if p.bar != nil {
		_ = p.bar.Add(1) // a terminal that is gone must not end the check
		return
	}
	if p.plain == nil {
		return
	}
	last, now := p.latest.Load(), int64(time.Since(p.start))
	if now-last >= int64(plainEvery) && p.latest.CompareAndSwap(last, now) {
		_, _ = fmt.Fprintf(p.plain, "%d of %d %s\n", done, p.total, p.things)
	}
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
