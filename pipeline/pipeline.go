package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"golang.org/x/sync/singleflight"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
)

// Measurer turns the bytes of a file into measurements: a pure function, which may run in this process or in another.
// An error is a failure of the machine or the end of the context; what is wrong with the file is in the measurements.
type Measurer interface {
	Analyze(ctx context.Context, data []byte) (filing.Measurements, error)
}

// Renderer makes pictures from pictures.
type Renderer interface {
	Upright(ctx context.Context, data []byte) ([]byte, error)
	Thumbnail(ctx context.Context, data []byte, longSide int) ([]byte, error)
	// Rectified shows a document by itself; Overlay draws what was measured into the picture.
	Rectified(ctx context.Context, data []byte, doc filing.Document, longSide int) ([]byte, error)
	Overlay(ctx context.Context, data []byte, m filing.Measurements) ([]byte, error)
	// Watermark writes a text across an upright copy.
	Watermark(ctx context.Context, data []byte, text string) ([]byte, error)
	// ShrinkBelow makes a copy with minBytes <= size < maxBytes that loses as little legibility as can be.
	ShrinkBelow(ctx context.Context, data []byte, maxBytes, minBytes int64) ([]byte, imaging.ShrinkInfo, error)
}

// Parts are what the pipeline is made of.
type Parts struct {
	Objects  storage.Objects
	Records  *storage.Records
	Measurer Measurer
	// Analyzer is the version of the Measurer, under which measurements are kept.
	Analyzer string
	// Reader reads text, and ReaderVersion is the version under which readings are kept; empty: nothing is read here, and what would be
	// is judged as Unread says: checks.ReadingMissing where a reader is not installed, checks.ReadingOff where somebody chose so.
	Reader        Reader
	ReaderVersion string
	Unread        checks.ReadingState
	// ReadingStatus says what keeps text from being read, such as models that are missing or still being loaded; nil where nothing
	// does. It may be nil itself.
	ReadingStatus func() error
	Renderer      Renderer
	// Stitcher makes one picture of several; nil where this process makes none.
	Stitcher Stitcher
	// RuleSets are the sets of rules at hand; the first is in force until another one is activated.
	RuleSets []*rules.Set
	// Sender sends messages to receivers; nil where this process sends none.
	Sender Sender
	// Night is when everything is judged again by itself; nil is never.
	Night *Night
	// Degraded says what the Measurer has to do without, e.g. a model that is not installed; nil: nothing. Photos are taken
	// all the same, and people look at what it cannot see.
	Degraded error
	Log      *slog.Logger
	Metrics  prometheus.Registerer
	// Tracer makes the spans of steps; nil makes none.
	Tracer trace.Tracer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Pipeline is what happens to uploads, filings and jobs. It is safe for concurrent use; Close waits for what is under
// way.
type Pipeline struct {
	cfg Config
	Parts
	metrics *metrics

	admission chan struct{} // a token for each upload on its way
	slots     chan struct{} // a token for each picture in memory that is measured or drawn
	readers   chan struct{} // a token for each that is read
	decoding  budget        // of uploads that are to be measured
	active    atomic.Pointer[rules.Set]
	// remeasuring has one token, for the one picture that a revalidation measures.
	remeasuring chan struct{}
	pace        pace
	// thresholds are what pairs and composites are judged by; nil is the default table.
	thresholds *checks.Thresholds
	delivery   deliveryPace
	// nightDone is the last night of which this process knows that its pass was recorded. One goroutine looks at it.
	nightDone string
	once      singleflight.Group // measuring and reading, by digest
	drawing   singleflight.Group // rendering, by key

	readiness readiness

	background sync.WaitGroup
	life       context.Context
	end        context.CancelFunc
}

// New makes a pipeline. Close it.
func New(cfg Config, parts Parts) (*Pipeline, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("pipeline configuration: %w", err)
	}
	if parts.Now == nil {
		parts.Now = time.Now
	}
	if parts.Tracer == nil {
		parts.Tracer = noop.NewTracerProvider().Tracer("")
	}
	p := &Pipeline{
		cfg: cfg, Parts: parts,
		admission: make(chan struct{}, cfg.MaxUploads), slots: make(chan struct{}, cfg.MeasureSlots),
		readers:     make(chan struct{}, cfg.ReadSlots),
		decoding:    budget{limit: cfg.MaxDecoded},
		remeasuring: make(chan struct{}, 1), pace: defaultPace(), delivery: defaultDelivery(),
	}
	if len(parts.RuleSets) == 0 {
		return nil, errors.New("pipeline: there are no rules")
	}
	p.active.Store(parts.RuleSets[0])
	p.metrics = newMetrics(p)
	p.life, p.end = context.WithCancel(context.Background())
	return p, nil
}

// Close ends checks that go on behind answered uploads; their jobs will do them again. It returns when none is left.
func (p *Pipeline) Close() {
	p.end()
	p.background.Wait()
}

func (p *Pipeline) acquire(ctx context.Context, tokens chan struct{}) error {
	select {
	case tokens <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func release(tokens chan struct{}) { <-tokens }

func (p *Pipeline) today() filing.Date { return filing.Today(p.Now()) }

// step is one named part of a flow; its name is what metrics and errors show.
type step struct {
	name string
	do   func(ctx context.Context) error
}

// run takes the steps in order and looks at the deadline between them.
func (p *Pipeline) run(ctx context.Context, steps []step) error {
	for _, s := range steps {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := p.take(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func (p *Pipeline) take(ctx context.Context, s step) error {
	start := time.Now()
	ctx, span := p.span(ctx, "step "+s.name)
	err := s.do(ctx)
	p.metrics.steps.WithLabelValues(s.name, outcomeOf(err)).Observe(time.Since(start).Seconds())
	end(span, err)
	return err
}

// span begins a span within a trace; what no request or job asked for has none.
func (p *Pipeline) span(ctx context.Context, name string) (context.Context, trace.Span) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, trace.SpanFromContext(ctx)
	}
	return p.Tracer.Start(ctx, name)
}

// end ends a span. What failed is told by its step; the error's text is for the log.
func end(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// behind is the pipeline's own life as a context within the trace of a request: for what goes on behind its answer.
func (p *Pipeline) behind(ctx context.Context) context.Context {
	return trace.ContextWithSpanContext(p.life, trace.SpanContextFromContext(ctx))
}

func outcomeOf(err error) string {
	if err != nil {
		return "failed"
	}
	return "ok"
}
