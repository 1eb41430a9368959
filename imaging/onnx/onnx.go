// Package onnx runs models: it starts ONNX Runtime, proves what it loads, and bounds how much of the machine it takes.
//
// ONNX Runtime is one for the process by its nature. It is started by the first Open and stays until the process ends; what
// Close frees are the sessions, which hold nearly all of the memory. Each run uses one thread, so that it costs what it
// costs whatever else happens and sums in the same order on every run: the same input gives the same bytes.
package onnx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sync"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/preflight-icp/preflight/models"
)

var (
	// ErrNoModels says that ONNX Runtime or a model is not there: nothing is broken, it is only not installed.
	ErrNoModels = models.ErrMissing
	// ErrChecksum says that a file is not the one that was measured with.
	ErrChecksum = models.ErrChecksum
	// ErrOtherRuntime says that this process runs another ONNX Runtime already.
	ErrOtherRuntime = errors.New("this process runs another ONNX Runtime already")
	// ErrClosed says that the Runtime was closed.
	ErrClosed = errors.New("the runtime is closed")
)

// Options configure a Runtime. The zero value is the default.
type Options struct {
	// Library is the path of an ONNX Runtime (1.24 or later) to take instead of the one in the folder of models; its checksum is
	// not looked at.
	Library string
	// Parallel is how many runs go on at once, each on one thread; more wait. 0 means one for each core that Go uses.
	Parallel int
}

// Runtime is ONNX Runtime with the folder that models are loaded from. Use Open; it is safe for concurrent use.
type Runtime struct {
	dir   string
	slots chan struct{}

	mu       sync.Mutex
	closed   bool
	sessions []*ort.DynamicAdvancedSession
}

// Open starts ONNX Runtime from a folder of models (package models). Errors are ErrNoModels, ErrChecksum, ErrOtherRuntime, or
// what the runtime says.
func Open(dir string, o Options) (*Runtime, error) {
	library := o.Library
	if library == "" {
		path, err := models.Path(dir, models.Runtime())
		if err != nil {
			return nil, fmt.Errorf("open ONNX Runtime: %w", err)
		}
		library = path
	} else if _, err := os.Stat(library); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open ONNX Runtime %s: %w", library, ErrNoModels)
	}
	if err := process.start(library); err != nil {
		return nil, fmt.Errorf("open ONNX Runtime: %w", err)
	}
	if o.Parallel <= 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	return &Runtime{dir: dir, slots: make(chan struct{}, o.Parallel)}, nil
}

// process is the one ONNX Runtime of the process: the only state of this package that is not in a Runtime.
var process environment

type environment struct {
	mu      sync.Mutex
	library string
}

func (e *environment) start(library string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch e.library {
	case library:
		return nil
	case "":
	default:
		return fmt.Errorf("%w: %s", ErrOtherRuntime, e.library)
	}
	ort.SetSharedLibraryPath(library)
	// Errors come back as errors; what the library would print beside them has no place in a service's log.
	if err := ort.InitializeEnvironment(ort.WithLogLevelFatal()); err != nil {
		return err
	}
	e.library = library
	return nil
}

// Version is that of the ONNX Runtime that was started.
func (r *Runtime) Version() string { return ort.GetVersion() }

// Close waits for the runs under way and frees the sessions.
func (r *Runtime) Close() error {
	for range cap(r.slots) {
		r.slots <- struct{}{}
	}
	defer func() {
		for range cap(r.slots) {
			<-r.slots
		}
	}()
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, s := range r.sessions {
		errs = append(errs, s.Destroy())
	}
	r.sessions, r.closed = nil, true
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close ONNX Runtime: %w", err)
	}
	return nil
}

// Session is a model that is ready to run. It is safe for concurrent use and lives as long as its Runtime.
type Session struct {
	runtime *Runtime
	name    models.Name
	session *ort.DynamicAdvancedSession
	outputs int
}

// Tensor is an array of numbers (张量), row by row.
type Tensor struct {
	Shape []int64
	Data  []float32
}

// Session loads a model after its checksum was verified. The inputs and outputs are the model's names of them, in the order in
// which Run takes and gives them. Errors are ErrNoModels, ErrChecksum, ErrClosed, or what the runtime says of the model.
func (r *Runtime) Session(name models.Name, inputs, outputs []string) (*Session, error) {
	data, err := models.Read(r.dir, name)
	if err != nil {
		return nil, fmt.Errorf("load model: %w", err)
	}
	options, err := sessionOptions()
	if err != nil {
		return nil, fmt.Errorf("load model %s: %w", name, err)
	}
	defer func() { _ = options.Destroy() }() // frees memory, cannot fail in a way that matters here
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, fmt.Errorf("load model %s: %w", name, ErrClosed)
	}
	s, err := ort.NewDynamicAdvancedSessionWithONNXData(data, inputs, outputs, options)
	if err != nil {
		return nil, fmt.Errorf("load model %s: %w", name, err)
	}
	r.sessions = append(r.sessions, s)
	return &Session{runtime: r, name: name, session: s, outputs: len(outputs)}, nil
}

// sessionOptions are one thread, which does not spin while it waits: a core that is not needed is left alone.
func sessionOptions() (*ort.SessionOptions, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		o.SetIntraOpNumThreads(1),
		o.SetInterOpNumThreads(1),
		o.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
		o.AddSessionConfigEntry("session.inter_op.allow_spinning", "0"),
		o.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll),
	)
	if err != nil {
		_ = o.Destroy() // the error that counts is the one before
		return nil, err
	}
	return o, nil
}

// Run waits for its turn and runs the model. A run under way ends soon after the context does. Errors are the context's,
// ErrClosed, or what the runtime says. The inputs must not change during the call.
func (s *Session) Run(ctx context.Context, inputs ...Tensor) ([]Tensor, error) {
	select {
	case s.runtime.slots <- struct{}{}:
		defer func() { <-s.runtime.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("run %s: %w", s.name, ctx.Err())
	}
	s.runtime.mu.Lock()
	closed := s.runtime.closed
	s.runtime.mu.Unlock()
	if closed {
		return nil, fmt.Errorf("run %s: %w", s.name, ErrClosed)
	}
	outputs, err := s.run(ctx, inputs)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("run %s: %w", s.name, ctx.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", s.name, err)
	}
	return outputs, nil
}

func (s *Session) run(ctx context.Context, inputs []Tensor) ([]Tensor, error) {
	options, err := ort.NewRunOptions()
	if err != nil {
		return nil, err
	}
	defer func() { _ = options.Destroy() }() // frees memory
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = options.Terminate() // the run then fails, and the context says why
	})
	defer func() {
		// The options are freed only when nobody can end the run any more.
		if !stop() {
			<-ended
		}
	}()
	values := make([]ort.Value, 0, len(inputs))
	results := make([]ort.Value, s.outputs)
	defer func() {
		for _, v := range append(values, results...) {
			if v != nil {
				_ = v.Destroy() // frees memory
			}
		}
	}()
	for _, in := range inputs {
		v, err := ort.NewTensor(ort.NewShape(in.Shape...), in.Data)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	if err := s.session.RunWithOptions(values, results, options); err != nil {
		return nil, err
	}
	out := make([]Tensor, len(results))
	for i, v := range results {
		t, ok := v.(*ort.Tensor[float32])
		if !ok {
			return nil, fmt.Errorf("output %d is not of 32-bit floats", i)
		}
		out[i] = Tensor{Shape: t.GetShape(), Data: t.GetData()} // Go's memory: Destroy frees only the runtime's view of it
	}
	return out, nil
}
