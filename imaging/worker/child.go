package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// child is the parent's side of one worker process. One call uses it at a time.
type child struct {
	pool     *Pool
	pid      int
	process  *os.Process
	ready    ready
	requests *os.File
	answers  *os.File
	calls    uint64
	last     tail // what it wrote to standard error

	writing sync.Mutex // a cancel may be written while a call waits

	mu     sync.Mutex
	reason Reason // why it was killed; empty where it was not
	dead   chan struct{}
}

// watchEvery is how often the resident memory of a worker is looked at while it works: in that time it can grow by what a
// processor can touch, some 100 MB.
const watchEvery = 20 * time.Millisecond

// spawn starts a worker and waits until it is ready.
func (p *Pool) spawn(ctx context.Context, of *crew) (*child, error) {
	if p.life.Err() != nil {
		return nil, ErrClosed
	}
	ours, theirs, err := pipes()
	if err != nil {
		return nil, err
	}
	c := &child{pool: p, requests: ours[0], answers: ours[1], dead: make(chan struct{})}
	cmd := exec.Command(p.options.Command[0], p.options.Command[1:]...) //nolint:noctx,gosec // it outlives the call that starts it; our own program
	cmd.Env = append(environment(), p.options.Environment...)
	cmd.ExtraFiles = theirs[:]
	cmd.Stderr = &c.last
	err = c.start(cmd)
	for _, f := range theirs {
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return nil, errors.Join(err, c.requests.Close(), c.answers.Close())
	}
	c.pid, c.process = cmd.Process.Pid, cmd.Process
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		killed := cmd.Process.Kill()
		_ = cmd.Wait() // killed is how it ends
		close(c.dead)
		return nil, errors.Join(ErrClosed, killed, c.requests.Close(), c.answers.Close())
	}
	p.running[c] = struct{}{}
	p.ending.Go(func() { c.reap(cmd) })
	p.mu.Unlock()
	if err := c.greet(ctx, of.start); err != nil {
		c.kill(ReasonCrash)
		return nil, err
	}
	return c, nil
}

// start starts the process of a worker. A parent that dies takes its workers along, even those that hang; but the kernel takes the thread
// for the parent that started them, and Go ends a thread with a goroutine that keeps it. So that thread waits until the worker is gone.
func (c *child) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			<-c.dead
		}
	}()
	return <-started
}

// reap waits until the worker is gone, and says why.
func (c *child) reap(cmd *exec.Cmd) {
	_ = cmd.Wait() // how it ended is told by reasonOf
	c.mu.Lock()
	if c.reason == "" {
		c.reason = c.reasonOf(cmd.ProcessState)
	}
	c.pool.ended.WithLabelValues(string(c.reason)).Inc()
	c.mu.Unlock()
	c.pool.mu.Lock()
	delete(c.pool.running, c)
	c.pool.mu.Unlock()
	close(c.dead)
	_, _ = c.requests.Close(), c.answers.Close()
}

// pipes makes the two pipes of a worker: the ends of the parent, writing and reading, and those of the child.
func pipes() (ours, theirs [2]*os.File, err error) {
	if theirs[0], ours[0], err = os.Pipe(); err != nil {
		return ours, theirs, fmt.Errorf("pipe to a worker process: %w", err)
	}
	if ours[1], theirs[1], err = os.Pipe(); err != nil {
		return ours, theirs, errors.Join(fmt.Errorf("pipe to a worker process: %w", err), theirs[0].Close(), ours[0].Close())
	}
	// A photo then takes a few turns instead of a hundred; where the kernel has no more to give, it takes the hundred.
	const size = 1 << 20
	for _, f := range []*os.File{ours[0], ours[1]} {
		if raw, err := f.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, size) })
		}
	}
	return ours, theirs, nil
}

// environment is what a worker gets of the service's: where libraries are, and nothing that is secret.
func environment() []string {
	out := []string{
		"GOTRACEBACK=none", // a crash says why, not what was in hand
		"GOMAXPROCS=2",     // one for the photo, one for the garbage collector and for being told to stop
		"VIPS_WARNING=1", "LANG=C.UTF-8",
	}
	for _, name := range []string{"LD_LIBRARY_PATH", "PATH", "TMPDIR", "HOME", "GORACE", "GOCOVERDIR"} {
		if value, set := os.LookupEnv(name); set {
			out = append(out, name+"="+value)
		}
	}
	return out
}

// greet sends the settings and waits for the worker to be ready.
func (c *child) greet(ctx context.Context, settings []byte) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = c.answers.SetDeadline(time.Now()) })
	defer stop()
	if err := writeFrame(c.requests, head{Kind: kindStart, Value: settings}); err != nil {
		return c.startFailure(err)
	}
	h, _, err := readFrame(c.answers)
	if err != nil {
		return c.startFailure(err)
	}
	if h.Error != "" {
		return errors.New(plain(h.Error))
	}
	if err := json.Unmarshal(h.Value, &c.ready); err != nil || h.Kind != kindReady {
		return errors.Join(errFrame, err)
	}
	if first := c.pool.ready.Version; first != "" && first != c.ready.Version {
		return fmt.Errorf("it measures as %s, and the first one as %s: was something installed meanwhile?", c.ready.Version, first)
	}
	return nil
}

// startFailure adds the worker's last words, which at a start are about the installation.
func (c *child) startFailure(err error) error {
	if words := c.last.text(); words != "" {
		return fmt.Errorf("%w: %s", err, plain(words))
	}
	return err
}

func (c *child) gone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason != ""
}

// kill ends the worker, for the first reason given, and waits until it is gone.
func (c *child) kill(reason Reason) {
	c.mu.Lock()
	if c.reason == "" {
		c.reason = reason
		_ = c.process.Kill() // one that is gone already cannot be killed
	}
	c.mu.Unlock()
	<-c.dead
}

// call sends an operation and waits for its result. Errors are *Failure where the worker ended, the context's, and what the
// operation returned.
func (c *child) call(ctx context.Context, operation string, params json.RawMessage, pictures [][]byte) (json.RawMessage, [][]byte, error) {
	limits := c.pool.options.Limits
	c.calls++
	number := c.calls
	spent := processorTime(c.pid)
	c.boundCPU(spent + limits.CPU)
	// When the context ends the worker is asked to stop; then it has a moment to say that it did.
	told := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		last := time.Now().Add(limits.Grace)
		_ = errors.Join(c.requests.SetWriteDeadline(last), c.answers.SetReadDeadline(last))
		told <- c.send(head{Kind: kindCancel, Call: number})
	})
	defer stop()
	watched := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { c.watch(limits, spent, watched) })
	err := c.send(head{Kind: kindCall, Call: number, Operation: operation, Value: params}, pictures...)
	var h head
	var out [][]byte
	if err == nil {
		h, out, err = readFrame(c.answers)
	}
	close(watched)
	watching.Wait()
	if err != nil {
		return nil, nil, c.failure(ctx, err)
	}
	if h.Kind != kindResult || h.Call != number {
		c.kill(ReasonProtocol)
		return nil, nil, &Failure{Reason: ReasonProtocol}
	}
	if !stop() {
		// It was answered in its last moment, or stopped when it was told to: the worker is as good as before, unless it has half
		// a message in its pipe, and the deadlines are not those of the next call.
		if <-told != nil {
			c.kill(ReasonDeadline)
		}
		_ = errors.Join(c.requests.SetWriteDeadline(time.Time{}), c.answers.SetReadDeadline(time.Time{}))
	}
	if h.Problem != "" || h.Error != "" {
		return nil, nil, remoteError(ctx, h)
	}
	return h.Value, out, nil
}

func (c *child) send(h head, pictures ...[]byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return writeFrame(c.requests, h, pictures...)
}

// failure says why a worker gave no answer, and ends it where it is still there.
func (c *child) failure(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.kill(ReasonDeadline)
	case errors.Is(err, errFrame):
		c.kill(ReasonProtocol)
	default:
		// The pipe is closed: it is dying, and how it died is known in a moment.
		select {
		case <-c.dead:
		case <-time.After(c.pool.options.Limits.Grace):
			c.kill(ReasonCrash)
		}
	}
	<-c.dead
	if ctx.Err() != nil {
		return fmt.Errorf("work on a picture: %w", ctx.Err())
	}
	if c.pool.life.Err() != nil {
		return ErrClosed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return &Failure{Reason: c.reason}
}

// remoteError is an error of an operation as the caller would have had it in its own process.
func remoteError(ctx context.Context, h head) error {
	if h.Problem == "canceled" && ctx.Err() != nil {
		return fmt.Errorf("work on a picture: %w", ctx.Err())
	}
	if problem, known := problems[h.Problem]; known {
		return fmt.Errorf("%w (%s)", problem, plain(h.Error))
	}
	return errors.New(plain(h.Error))
}

// watch ends the worker when it passes a limit, until done. The kernel holds limits of its own, which are coarser: whole
// seconds, and address space instead of what is resident.
func (c *child) watch(limits Limits, spent time.Duration, done <-chan struct{}) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
		}
		switch {
		case residentMemory(c.pid) > limits.Memory:
			c.kill(ReasonMemory)
			return
		case processorTime(c.pid) > spent+limits.CPU:
			c.kill(ReasonCPU)
			return
		}
	}
}

// boundCPU has the kernel signal the worker when it has used so much processor time since its start.
func (c *child) boundCPU(most time.Duration) {
	bound := unix.Rlimit{Max: unix.RLIM_INFINITY, Cur: uint64(most/time.Second) + 1}
	_ = unix.Prlimit(c.pid, unix.RLIMIT_CPU, &bound, nil) // a worker that is gone shows in the call
}

// reasonOf reads how a worker ended that nobody here has killed.
func (c *child) reasonOf(state *os.ProcessState) Reason {
	words := c.last.text()
	status, _ := state.Sys().(syscall.WaitStatus)
	switch {
	case status.ExitStatus() == exitCPU:
		return ReasonCPU
	case strings.Contains(words, "out of memory"), strings.Contains(words, "cannot allocate memory"), strings.Contains(words, "bad_alloc"),
		strings.Contains(words, "failed to allocate"):
		return ReasonMemory
	}
	return ReasonCrash
}

// residentMemory is that of a process in bytes; 0 where there is no such process.
func residentMemory(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// clockTick is the unit of times in /proc, which Linux tells programs as a hundredth of a second on every architecture.
const clockTick = 10 * time.Millisecond

// processorTime is what a process has used by now; 0 where there is no such process.
func processorTime(pid int) time.Duration {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// The name of the program, in parentheses, may hold anything; user and system time are fields 14 and 15.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * clockTick
}

// plain shortens what a worker says, which is not trusted, and leaves out what could move a terminal's cursor.
func plain(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}

// tail keeps the end of what is written to it. It is for this package's eyes: what a crash prints may quote a file.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	const most = 4 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if len(t.kept) > most {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-most:]...)
	}
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
