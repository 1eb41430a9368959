package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

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
	Renderer Renderer
	// RuleSets are the sets of rules at hand; the first is in force until another one is activated.
	RuleSets []*rules.Set
	Log      *slog.Logger
	Metrics  prometheus.Registerer
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
	slots     chan struct{} // a token for each picture in memory
	active    atomic.Pointer[rules.Set]
	// remeasuring has one token, for the one picture that a revalidation measures.
	remeasuring chan struct{}
	pace        pace
	once        singleflight.Group // measuring, by digest
	drawing     singleflight.Group // rendering, by key

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
	p := &Pipeline{
		cfg: cfg, Parts: parts, metrics: newMetrics(parts.Metrics),
		admission: make(chan struct{}, cfg.MaxUploads), slots: make(chan struct{}, cfg.MeasureSlots),
		remeasuring: make(chan struct{}, 1), pace: defaultPace(),
	}
	if len(parts.RuleSets) == 0 {
		return nil, errors.New("pipeline: there are no rules")
	}
	p.active.Store(parts.RuleSets[0])
	p.life, p.end = context.WithCancel(context.Background())
	return p, nil
}

// Close ends checks that go on behind answered uploads; their jobs will do them again. It returns when none is left.
func (p *Pipeline) Close() {
	p.end()
	p.background.Wait()
}

// Ready asks every part whether it works: the records, the object store, and the decoder by measuring a tiny picture
// through a real slot.
func (p *Pipeline) Ready(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if !yield("records", p.Records.Ping(ctx)) {
			return
		}
		_, err := p.Objects.Stat(ctx, canaryKey)
		if errors.Is(err, storage.ErrNotFound) {
			err = nil
		}
		if !yield("objects", err) {
			return
		}
		yield("measuring", p.canary(ctx))
	}
}

// canaryKey is asked for to see whether the object store answers; it need not exist.
const canaryKey = "canary"

// canaryGIF is a whole picture of one pixel (the smallest file that the decoder takes).
var canaryGIF = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

func (p *Pipeline) canary(ctx context.Context) error {
	if err := p.acquire(ctx, p.slots); err != nil {
		// Every slot is taken by work: that is load, not failure, unless nothing moves until the deadline.
		return fmt.Errorf("no picture was finished in time: %w", err)
	}
	defer release(p.slots)
	m, err := p.Measurer.Analyze(ctx, canaryGIF)
	if err != nil {
		return err
	}
	if m.Decode == nil || !m.Decode.Complete {
		return errors.New("a good picture was not decoded")
	}
	return nil
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
		start := time.Now()
		err := s.do(ctx)
		p.metrics.steps.WithLabelValues(s.name, outcomeOf(err)).Observe(time.Since(start).Seconds())
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func outcomeOf(err error) string {
	if err != nil {
		return "failed"
	}
	return "ok"
}

// metrics are those of the steps; labels are steps, formats, verdicts and codes of the catalogue.
type metrics struct {
	steps    *prometheus.HistogramVec
	files    *prometheus.CounterVec
	findings *prometheus.CounterVec
	refused  *prometheus.CounterVec
	bytes    prometheus.Histogram

	revalidated      *prometheus.CounterVec
	revalidationSave prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		steps: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "preflight_step_seconds", Help: "Time of each step of an upload or a job.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"step", "result"}),
		files:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "preflight_files_total", Help: "Files judged, by format and verdict."}, []string{"format", "verdict"}),
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "preflight_findings_total", Help: "Findings, by code."}, []string{"code"}),
		refused:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "preflight_uploads_refused_total", Help: "Uploads that were not taken, by reason."}, []string{"reason"}),
		bytes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "preflight_upload_bytes", Help: "Sizes of the files received.", Buckets: prometheus.ExponentialBuckets(16<<10, 2, 12),
		}),
	}
	m.revalidated = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "preflight_revalidated_filings_total", Help: "Filings judged again by this process, by whether they change.",
	}, []string{"result"})
	m.revalidationSave = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "preflight_revalidation_save_seconds", Help: "Time of each commit of a revalidation.",
		Buckets: []float64{.001, .005, .01, .05, .1, .25, .5, 1, 2.5, 5, 10},
	})
	if reg != nil {
		reg.MustRegister(m.steps, m.files, m.findings, m.refused, m.bytes, m.revalidated, m.revalidationSave)
	}
	return m
}
