package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/preflight-icp/preflight/imaging"
)

// The descriptors that a worker is born with: what it is asked, and what it answers.
const (
	requestsFD = 3
	answersFD  = 4
)

// settings are what a worker is told first.
type settings struct {
	Imaging imaging.Options `json:"imaging"`
	Limits  Limits          `json:"limits"`
	// Reading: load the models of reading, too.
	Reading bool `json:"reading"`
}

// ready is what a worker says once it is.
type ready struct {
	Version string `json:"version"`
	FacesBy string `json:"faces_by"`
	// ReaderVersion is empty where no text can be read.
	ReaderVersion string  `json:"reader_version"`
	Sandbox       Sandbox `json:"sandbox"`
}

// Main is a worker's whole life: it answers what its parent asks until the parent closes the pipe or dies. It is what the
// hidden command runs; started by hand it fails at once.
func Main() error {
	return run(os.NewFile(requestsFD, "requests"), os.NewFile(answersFD, "answers"), operations)
}

// run serves requests by the handlers that the analyzer is given to.
func run(requests, answers *os.File, handlers func(*imaging.Analyzer) map[string]handler) error {
	// The parent decides when a worker ends: what a terminal or a supervisor sends to the whole group is for the parent.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go endAtCPULimit()
	h, _, err := readFrame(requests)
	if err != nil {
		return fmt.Errorf("a worker is started by the service: %w", err)
	}
	var s settings
	if err := json.Unmarshal(h.Value, &s); h.Kind != kindStart || err != nil {
		return errors.Join(errors.New("a worker is started by the service"), err)
	}
	begin := func() (*imaging.Analyzer, error) {
		if err := giveWay(s.Limits.Niceness); err != nil { // before libraries make threads, and while files can be read
			return nil, err
		}
		analyzer, err := imaging.New(s.Imaging)
		if err != nil {
			return nil, err
		}
		if s.Reading { // nothing can be loaded behind the next step
			if err := analyzer.PrepareReading(); err != nil {
				return nil, err
			}
		}
		box, err := enclose(s.Limits)
		if err != nil {
			return nil, fmt.Errorf("give up rights: %w", err)
		}
		value, err := json.Marshal(ready{Version: analyzer.Version(), FacesBy: analyzer.FacesBy(), ReaderVersion: analyzer.ReaderVersion(), Sandbox: box})
		if err != nil {
			return nil, err
		}
		return analyzer, writeFrame(answers, head{Kind: kindReady, Value: value})
	}
	analyzer, err := begin()
	if err != nil {
		return errors.Join(err, writeFrame(answers, head{Kind: kindReady, Error: err.Error()}))
	}
	w := &worker{handlers: handlers(analyzer), answers: answers, calls: make(chan called)}
	go w.listen(requests)
	for c := range w.calls {
		if err := w.answer(c); err != nil {
			return err
		}
	}
	return nil
}

// exitCPU is the exit status of a worker whose processor time is used up.
const exitCPU = 4

// endAtCPULimit does what the signal of the kernel's limit would do to a program in C; Go passes over it.
func endAtCPULimit() {
	used := make(chan os.Signal, 1)
	signal.Notify(used, syscall.SIGXCPU)
	<-used
	os.Exit(exitCPU)
}

// worker is the child's side of a Pool's child.
type worker struct {
	handlers map[string]handler
	answers  io.Writer
	calls    chan called

	mu     sync.Mutex
	number uint64
	cancel context.CancelFunc
}

// called is a call with its pictures and its context.
type called struct {
	head
	pictures [][]byte
	ctx      context.Context
	end      context.CancelFunc
}

// listen reads until the parent is gone, and then ends the process, whatever it does at this moment: nobody waits for it.
func (w *worker) listen(requests io.Reader) {
	for {
		h, pictures, err := readFrame(requests)
		if err != nil {
			os.Exit(0)
		}
		switch h.Kind {
		case kindCall:
			c := called{head: h, pictures: pictures}
			c.ctx, c.end = context.WithCancel(context.Background()) //nolint:gosec // whoever takes the call ends it
			w.mu.Lock()
			w.number, w.cancel = h.Call, c.end
			w.mu.Unlock()
			w.calls <- c
		case kindCancel:
			w.mu.Lock()
			if w.number == h.Call && w.cancel != nil {
				w.cancel()
			}
			w.mu.Unlock()
		}
	}
}

func (w *worker) answer(c called) error {
	defer c.end()
	do, known := w.handlers[c.Operation]
	if !known {
		return writeFrame(w.answers, head{Kind: kindResult, Call: c.Call, Error: "no such operation: " + c.Operation})
	}
	result, pictures, err := do(c.ctx, c.Value, c.pictures)
	if err != nil {
		return writeFrame(w.answers, head{Kind: kindResult, Call: c.Call, Problem: problemOf(err), Error: err.Error()})
	}
	answer := head{Kind: kindResult, Call: c.Call}
	if result != nil {
		if answer.Value, err = json.Marshal(result); err != nil {
			return writeFrame(w.answers, head{Kind: kindResult, Call: c.Call, Error: err.Error()})
		}
	}
	return writeFrame(w.answers, answer, pictures...)
}
