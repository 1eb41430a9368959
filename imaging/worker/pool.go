package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/preflight-icp/preflight/imaging"
)

// Limits bound what one photo may cost, and how long one worker lives. Zero fields take the defaults of DefaultLimits.
type Limits struct {
	// Deadline ends a call that has none of its own. A worker that does not stop by itself within Grace is killed.
	Deadline time.Duration
	// Grace is how long after the end of its context a call may still be answered: time for the decoder to stop between two
	// strips, and for no worker to be lost.
	Grace time.Duration
	// CPU is the processor time of one photo, rounded up to whole seconds by the kernel.
	CPU time.Duration
	// Memory is the resident memory of a worker, in bytes, beyond which it is killed.
	Memory int64
	// AddressSpace is how much address space a worker may take beyond what it has when it is ready, in bytes; 0 bounds nothing. It
	// is the limit that cannot be outrun, and wider than Memory, since much that is reserved is never used.
	AddressSpace int64
	// Attempts is how often a photo is tried whose worker ended without a limit's having been passed: somebody may have killed it.
	Attempts int
	// Recycle is after how many photos a worker is replaced, and RecycleMemory beyond how much resident memory in bytes.
	Recycle       int
	RecycleMemory int64
	// Niceness is how far workers give way to other processes, to the service first of all (nice(1), and SCHED_BATCH): 0, as everybody,
	// to 19. On a machine where nobody else wants the processor it costs nothing; the default is 0, for whoever has no requests to answer
	// beside.
	Niceness int
}

// DefaultLimits hold what the largest picture that is decoded needs: a progressive JPEG of 64 megapixels takes 450 MB.
func DefaultLimits() Limits {
	return Limits{
		Deadline: time.Minute, Grace: 250 * time.Millisecond, CPU: 60 * time.Second,
		Memory: 1 << 30, AddressSpace: 2 << 30, Attempts: 2, Recycle: 1000, RecycleMemory: 512 << 20,
	}
}

// Validate says everything that is wrong with the limits.
func (l Limits) Validate() error {
	var errs []error
	if l.Deadline <= 0 || l.Grace <= 0 || l.Grace > 500*time.Millisecond {
		errs = append(errs, fmt.Errorf("deadline %s and grace %s: above 0, and the grace at most 500ms", l.Deadline, l.Grace))
	}
	if l.CPU < time.Second {
		errs = append(errs, fmt.Errorf("processor time of a photo %s: at least 1s", l.CPU))
	}
	const least = 128 << 20
	if l.Memory < least || l.RecycleMemory < least || l.AddressSpace != 0 && l.AddressSpace < least {
		errs = append(errs, fmt.Errorf("memory of a worker %d, to be replaced at %d, address space %d: at least %d bytes each", l.Memory, l.RecycleMemory, l.AddressSpace, least))
	}
	if l.Attempts < 1 || l.Recycle < 1 {
		errs = append(errs, fmt.Errorf("attempts %d and photos of one worker %d: at least 1", l.Attempts, l.Recycle))
	}
	if l.Niceness < 0 || l.Niceness > 19 {
		errs = append(errs, fmt.Errorf("niceness of a worker %d: 0 to 19", l.Niceness))
	}
	return errors.Join(errs...)
}

// Options configure a Pool.
type Options struct {
	// Imaging configures the analyzer of every worker.
	Imaging imaging.Options
	// Limits of each photo; start from DefaultLimits.
	Limits Limits
	// Workers is how many processes there are; 0 is one for each core. Each works on one photo at a time.
	Workers int
	// Readers is how many more processes there are that read text, each with models of some 200 MB; 0 is one. They are started
	// by the first Read.
	Readers int
	// Command starts a worker: a program and its arguments. Empty is this program with the argument worker.
	Command []string
	// Environment of the workers, NAME=value. Nothing of this process's own goes to them but what the loader of libraries needs.
	Environment []string
	Log         *slog.Logger
	Metrics     prometheus.Registerer
}

// Reason is why a worker ended.
type Reason string

// Reasons. A worker that is replaced in time, or stopped with its pool, costs no photo.
const (
	ReasonCrash    Reason = "crash"    // it died by itself, or somebody killed it
	ReasonMemory   Reason = "memory"   // it passed Limits.Memory or Limits.AddressSpace
	ReasonCPU      Reason = "cpu"      // it passed Limits.CPU
	ReasonDeadline Reason = "deadline" // it did not stop within Limits.Grace
	ReasonProtocol Reason = "protocol" // it answered what it was not asked
	ReasonRecycled Reason = "recycled" // it had done its share of photos, or had grown
	ReasonStopped  Reason = "stopped"  // its pool was closed
)

func reasons() []Reason {
	return []Reason{ReasonCrash, ReasonMemory, ReasonCPU, ReasonDeadline, ReasonProtocol, ReasonRecycled, ReasonStopped}
}

// Failure says that the worker of a photo ended, as often as the photo was tried. Another photo is not concerned.
type Failure struct {
	Reason   Reason
	Attempts int
}

func (f *Failure) Error() string {
	return fmt.Sprintf("the worker process ended (%s), after %d attempts", f.Reason, f.Attempts)
}

// ErrClosed says that the pool was closed.
var ErrClosed = errors.New("the pool of workers is closed")

// startTimeout bounds how long a worker may take to load decoder and models and be ready.
const startTimeout = 30 * time.Second

// Pool runs imaging in worker processes. It is safe for concurrent use; a call waits for a worker as long as its context lasts.
type Pool struct {
	options Options
	ready   ready
	// decoders measure and draw; readers have the models of reading, too.
	decoders, readers *crew

	life   context.Context
	close  context.CancelFunc
	ending sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	running map[*child]struct{}

	ended *prometheus.CounterVec
	calls *prometheus.CounterVec
}

// crew are workers of one kind.
type crew struct {
	// start is what each is told first.
	start []byte
	// seats has one entry for each worker that nobody uses; an entry whose child is nil is filled by whoever takes it.
	seats chan *seat
}

// seat is a place for a worker.
type seat struct{ child *child }

func newCrew(s settings, seats int) (*crew, error) {
	start, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("print the settings of a worker process: %w", err)
	}
	return &crew{start: start, seats: make(chan *seat, seats)}, nil
}

// Open starts a first worker, so that what is wrong with the installation is told at once, and the others behind it. Close it.
func Open(ctx context.Context, o Options) (*Pool, error) {
	if err := o.Limits.Validate(); err != nil {
		return nil, fmt.Errorf("worker processes: %w", err)
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if len(o.Command) == 0 {
		// Not by its path: another version may lie there by now.
		o.Command = []string{"/proc/self/exe", "worker"}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Readers <= 0 {
		o.Readers = 1
	}
	decoders, err := newCrew(settings{Imaging: o.Imaging, Limits: o.Limits}, o.Workers)
	if err != nil {
		return nil, err
	}
	readers, err := newCrew(settings{Imaging: o.Imaging, Limits: o.Limits, Reading: true}, o.Readers)
	if err != nil {
		return nil, err
	}
	p := &Pool{options: o, decoders: decoders, readers: readers, running: map[*child]struct{}{}}
	p.life, p.close = context.WithCancel(context.Background())
	if err := p.observe(); err != nil {
		return nil, fmt.Errorf("worker processes: %w", err)
	}
	first, err := p.spawn(ctx, decoders)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a worker process: %w", err), p.Close())
	}
	p.ready = first.ready
	decoders.seats <- &seat{first}
	for range o.Workers - 1 {
		p.behind(func() { p.refill(decoders, &seat{}) })
	}
	for range o.Readers {
		readers.seats <- &seat{}
	}
	return p, nil
}

// observe makes the metrics.
func (p *Pool) observe() error {
	p.ended = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "preflight_workers_ended_total", Help: "Worker processes that ended, by reason; all but recycled and stopped cost a photo an attempt.",
	}, []string{"reason"})
	p.calls = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "preflight_worker_photos_total", Help: "Photos given to worker processes, by what became of them; failed: given up, since the worker ended each time.",
	}, []string{"result"})
	for _, reason := range reasons() {
		p.ended.WithLabelValues(string(reason))
	}
	for _, result := range []string{"answered", "retried", "failed"} {
		p.calls.WithLabelValues(result)
	}
	if p.options.Metrics == nil {
		return nil
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	for _, c := range []prometheus.Collector{
		p.ended, p.calls,
		gauge("preflight_workers", "Worker processes that are alive.", func() float64 { return float64(len(p.Processes())) }),
		gauge("preflight_workers_resident_bytes", "Resident memory of all worker processes.", func() float64 {
			total := int64(0)
			for _, pid := range p.Processes() {
				total += residentMemory(pid)
			}
			return float64(total)
		}),
	} {
		if err := p.options.Metrics.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// Version names what measures in the workers, as imaging.Analyzer.Version.
func (p *Pool) Version() string { return p.ready.Version }

// FacesBy names the detector of faces, as imaging.Analyzer.FacesBy; empty where none is installed.
func (p *Pool) FacesBy() string { return p.ready.FacesBy }

// ReaderVersion names what reads text, as imaging.Analyzer.ReaderVersion; empty where no text can be read.
func (p *Pool) ReaderVersion() string { return p.ready.ReaderVersion }

// Sandbox says what the workers gave up.
func (p *Pool) Sandbox() Sandbox { return p.ready.Sandbox }

// Processes are the process ids of the workers that are alive, in no order.
func (p *Pool) Processes() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]int, 0, len(p.running))
	for c := range p.running {
		out = append(out, c.pid)
	}
	return out
}

// Close ends all workers and returns when they are gone. Calls under way fail.
func (p *Pool) Close() error {
	p.close()
	p.mu.Lock()
	p.closed = true
	running := make([]*child, 0, len(p.running))
	for c := range p.running {
		running = append(running, c)
	}
	p.mu.Unlock()
	for _, c := range running {
		c.kill(ReasonStopped)
	}
	p.ending.Wait()
	return nil
}

// behind does something behind the calls, which Close waits for; nothing once the pool is closed.
func (p *Pool) behind(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.ending.Go(do)
	}
}

// do has a worker do an operation, and another one where the first dies for no reason of the photo's.
func (p *Pool) do(ctx context.Context, of *crew, operation string, params json.RawMessage, pictures [][]byte) (json.RawMessage, [][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, p.options.Limits.Deadline)
	defer cancel()
	for attempt := 1; ; attempt++ {
		value, out, err := p.try(ctx, of, operation, params, pictures)
		var failure *Failure
		if !errors.As(err, &failure) {
			if err == nil {
				p.calls.WithLabelValues("answered").Inc()
			}
			return value, out, err
		}
		failure.Attempts = attempt
		again := failure.Reason == ReasonCrash && attempt < p.options.Limits.Attempts
		p.options.Log.Warn("a worker process ended while it worked on a photo", "reason", string(failure.Reason), "operation", operation, "again", again)
		if !again {
			p.calls.WithLabelValues("failed").Inc()
			return nil, nil, failure
		}
		p.calls.WithLabelValues("retried").Inc()
	}
}

// try takes a worker, calls it once, and gives it back, or another one in its place.
func (p *Pool) try(ctx context.Context, of *crew, operation string, params json.RawMessage, pictures [][]byte) (json.RawMessage, [][]byte, error) {
	var s *seat
	select {
	case s = <-of.seats:
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("wait for a worker process: %w", ctx.Err())
	case <-p.life.Done():
		return nil, nil, ErrClosed
	}
	if s.child == nil || s.child.gone() {
		c, err := p.spawn(ctx, of)
		if err != nil {
			of.seats <- s
			return nil, nil, fmt.Errorf("start a worker process: %w", err)
		}
		s.child = c
	}
	value, out, err := s.child.call(ctx, operation, params, pictures)
	switch {
	case s.child.gone():
		s.child = nil
		p.behind(func() { p.refill(of, s) })
	case s.child.calls >= uint64(p.options.Limits.Recycle) || residentMemory(s.child.pid) > p.options.Limits.RecycleMemory:
		p.behind(func() {
			s.child.kill(ReasonRecycled)
			p.refill(of, s)
		})
	default:
		of.seats <- s
	}
	return value, out, err
}

// refill starts a worker for a seat behind the calls. Where none can be started the seat goes back empty: the next call
// tries, and tells.
func (p *Pool) refill(of *crew, s *seat) {
	s.child = nil
	if c, err := p.spawn(p.life, of); err == nil {
		s.child = c
	} else if p.life.Err() == nil {
		p.options.Log.Error("start a worker process", "error", err.Error())
	}
	of.seats <- s
}
