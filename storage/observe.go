package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/uptrace/bun"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Observer is where a store tells what it does: metrics and traces, of operations and never of what they are about: no key,
// no digest, no id, no statement. Zero fields are silent.
type Observer struct {
	// Metrics takes the metrics, once for each store.
	Metrics prometheus.Registerer
	// Tracer makes the spans.
	Tracer trace.Tracer
}

func (o Observer) withDefaults() Observer {
	if o.Tracer == nil {
		o.Tracer = noop.NewTracerProvider().Tracer("")
	}
	return o
}

// register registers collectors where there is a registry; a second store on the same registry is a mistake of the caller's.
func (o Observer) register(collectors ...prometheus.Collector) error {
	if o.Metrics == nil {
		return nil
	}
	for _, c := range collectors {
		if err := o.Metrics.Register(c); err != nil {
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	return nil
}

// span begins a span only within a trace: what nobody asked for (sweeps, polls) is not worth one of its own.
func (o Observer) span(ctx context.Context, name string) (context.Context, trace.Span) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, trace.SpanFromContext(ctx)
	}
	return o.Tracer.Start(ctx, name)
}

// Results of an operation, as metrics and spans show them.
const (
	resultOK     = "ok"
	resultAbsent = "absent" // what was asked for is not there: an answer like any other
	resultLost   = "lost"   // a transaction that lost against another one and is run again
	resultFailed = "failed"
)

func finish(span trace.Span, result string) {
	if result == resultFailed {
		// The error is in the log of whoever decides on it; its text may hold a key.
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// Operations of the object store.
const (
	objectPut    = "put"
	objectGet    = "get"
	objectStat   = "stat"
	objectDelete = "delete"
	objectList   = "list"
)

// WithObserver returns the store with every operation counted and timed: preflight_objects_seconds by operation and result,
// retries included, and preflight_objects_bytes_total. The time of a get ends when its reader is open, that of a list with
// its first page.
func WithObserver(objects Objects, observer Observer) (Objects, error) {
	o := observedObjects{
		Objects: objects, observer: observer.withDefaults(),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "preflight_objects_seconds", Help: "Time of an operation of the object store, retries included.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"operation", "result"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "preflight_objects_bytes_total", Help: "Bytes of originals and derivatives that went to the object store (put) or came from it (get).",
		}, []string{"operation"}),
	}
	for _, operation := range []string{objectPut, objectGet, objectStat, objectDelete, objectList} {
		for _, result := range []string{resultOK, resultAbsent, resultFailed} {
			o.seconds.WithLabelValues(operation, result)
		}
	}
	o.bytes.WithLabelValues(objectPut)
	o.bytes.WithLabelValues(objectGet)
	return o, o.observer.register(o.seconds, o.bytes)
}

type observedObjects struct {
	Objects
	observer Observer
	seconds  *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
}

// begin times an operation until the returned function is called with its error.
func (o observedObjects) begin(ctx context.Context, operation string) (context.Context, func(error)) {
	start := time.Now()
	ctx, span := o.observer.span(ctx, "objects "+operation)
	return ctx, func(err error) {
		result := resultOK
		switch {
		case errors.Is(err, ErrNotFound):
			result = resultAbsent
		case err != nil:
			result = resultFailed
		}
		o.seconds.WithLabelValues(operation, result).Observe(time.Since(start).Seconds())
		finish(span, result)
	}
}

// Put implements Objects.
func (o observedObjects) Put(ctx context.Context, key string, content Content) error {
	ctx, end := o.begin(ctx, objectPut)
	err := o.Objects.Put(ctx, key, content)
	end(err)
	if err == nil {
		o.bytes.WithLabelValues(objectPut).Add(float64(content.Size))
	}
	return err
}

// Get implements Objects.
func (o observedObjects) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	// The reader outlives the span, and goes on with the context of the caller.
	_, end := o.begin(ctx, objectGet)
	r, err := o.Objects.Get(ctx, key, offset, length)
	end(err)
	if err != nil {
		return nil, err
	}
	return countedReader{r, o.bytes.WithLabelValues(objectGet)}, nil
}

// Stat implements Objects.
func (o observedObjects) Stat(ctx context.Context, key string) (ObjectInfo, error) {
	ctx, end := o.begin(ctx, objectStat)
	info, err := o.Objects.Stat(ctx, key)
	end(err)
	return info, err
}

// Delete implements Objects.
func (o observedObjects) Delete(ctx context.Context, key string) error {
	ctx, end := o.begin(ctx, objectDelete)
	err := o.Objects.Delete(ctx, key)
	end(err)
	return err
}

// List implements Objects.
func (o observedObjects) List(ctx context.Context, prefix, after string) iter.Seq2[ObjectInfo, error] {
	return func(yield func(ObjectInfo, error) bool) {
		_, end := o.begin(ctx, objectList)
		told := false
		for info, err := range o.Objects.List(ctx, prefix, after) {
			if !told {
				told = true
				end(err)
			}
			if !yield(info, err) {
				return
			}
		}
		if !told {
			end(nil)
		}
	}
}

// reencrypt implements reencrypter.
func (o observedObjects) reencrypt(ctx context.Context, key string) (changed bool, err error) {
	inner, can := o.Objects.(reencrypter)
	if !can {
		return false, errNoReplace
	}
	ctx, end := o.begin(ctx, objectPut)
	defer func() { end(err) }()
	return inner.reencrypt(ctx, key)
}

type countedReader struct {
	io.ReadCloser
	bytes prometheus.Counter
}

// Read implements io.Reader.
func (r countedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.bytes.Add(float64(n))
	return n, err
}

// statementHook times the statements of the records, by what they do. The statements themselves hold facts.
type statementHook struct {
	observer Observer
	seconds  *prometheus.HistogramVec
}

func newStatementHook(o Observer) *statementHook {
	h := &statementHook{observer: o, seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "preflight_database_seconds", Help: "Time of a statement of the records, waiting for a connection included.",
		Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30},
	}, []string{"operation", "result"})}
	for _, operation := range statementOperations() {
		for _, result := range []string{resultOK, resultLost, resultFailed} {
			h.seconds.WithLabelValues(operation, result)
		}
	}
	return h
}

func statementOperations() []string {
	return []string{"select", "insert", "update", "delete", "begin", "commit", "rollback", turnOperation, "other"}
}

// turnOperation is waiting for SQLite's one connection that writes.
const turnOperation = "turn"

func statementOperation(text string) string {
	text = strings.ToLower(text)
	for _, operation := range statementOperations() {
		if operation == text {
			return operation
		}
	}
	return "other"
}

type spanKey struct{}

// BeforeQuery implements bun.QueryHook.
func (h *statementHook) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	started, span := h.observer.span(ctx, "database "+statementOperation(e.Operation()))
	if started != ctx {
		e.Stash = map[any]any{spanKey{}: span}
	}
	return ctx // a statement has nothing below it, and a transaction outlives its BEGIN
}

// AfterQuery implements bun.QueryHook.
func (h *statementHook) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	result := resultOK
	switch {
	case e.Err == nil, errors.Is(e.Err, sql.ErrNoRows):
	case lostRace(e.Err):
		result = resultLost
	default:
		result = resultFailed
	}
	h.seconds.WithLabelValues(statementOperation(e.Operation()), result).Observe(time.Since(e.StartTime).Seconds())
	if span, ok := e.Stash[spanKey{}].(trace.Span); ok {
		finish(span, result)
	}
}

// stateTimeout bounds what a scrape waits for the database.
const stateTimeout = 2 * time.Second

// stateCollector asks the database, when it is scraped, for what no single process knows: the queue, the passes that run,
// and what is still to be deleted. Every process tells the same, so that any one of them may be lost: take the maximum.
type stateCollector struct {
	records *Records

	up, jobs, oldest, deletions                    *prometheus.Desc
	passes, passTotal, passSeen, passChanged       *prometheus.Desc
	poolLimit, poolUsed, poolWaits, poolWaitedTime *prometheus.Desc
}

func newStateCollector(r *Records) *stateCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("preflight_"+name, help, labels, nil)
	}
	return &stateCollector{
		records:        r,
		up:             desc("database_up", "1 where the database answered this scrape, else 0: then the queue and the revalidations are unknown."),
		jobs:           desc("queue_jobs", "Jobs in the queue, by state; discarded are those that were given up in the last days.", "state"),
		oldest:         desc("queue_oldest_seconds", "How long the job that waits longest is overdue."),
		deletions:      desc("deletions_pending", "Contents whose records are deleted and whose objects are not yet."),
		passes:         desc("revalidations_running", "Revalidations that run or wait for a worker."),
		passTotal:      desc("revalidation_total_filings", "Filings that the running revalidations are about."),
		passSeen:       desc("revalidation_seen_filings", "Filings that the running revalidations have passed."),
		passChanged:    desc("revalidation_changed_filings", "Filings that the running revalidations have found changed."),
		poolLimit:      desc("database_connections_limit", "Connections that a pool may open.", "pool"),
		poolUsed:       desc("database_connections", "Connections of a pool, by state.", "pool", "state"),
		poolWaits:      desc("database_waits_total", "How often somebody had to wait for a connection.", "pool"),
		poolWaitedTime: desc("database_wait_seconds_total", "Time that was waited for connections.", "pool"),
	}
}

// Describe implements prometheus.Collector.
func (c *stateCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.up, c.jobs, c.oldest, c.deletions, c.passes, c.passTotal, c.passSeen, c.passChanged,
		c.poolLimit, c.poolUsed, c.poolWaits, c.poolWaitedTime,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *stateCollector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	for _, p := range c.records.pools() {
		gauge(c.poolLimit, p.limit, p.name)
		gauge(c.poolUsed, p.inUse, p.name, "in_use")
		gauge(c.poolUsed, p.idle, p.name, "idle")
		counter(c.poolWaits, p.waits, p.name)
		counter(c.poolWaitedTime, p.waited, p.name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), stateTimeout)
	defer cancel()
	s, err := c.records.State(ctx)
	if err != nil {
		gauge(c.up, 0)
		return
	}
	gauge(c.up, 1)
	for _, state := range JobStates() {
		gauge(c.jobs, float64(s.Jobs[state]), state)
	}
	gauge(c.oldest, s.Oldest.Seconds())
	gauge(c.deletions, float64(s.Deletions))
	gauge(c.passes, float64(s.Revalidations))
	gauge(c.passTotal, float64(s.Total))
	gauge(c.passSeen, float64(s.Seen))
	gauge(c.passChanged, float64(s.Changed))
}

// pool is how full a pool of connections is.
type pool struct {
	name                              string
	limit, inUse, idle, waits, waited float64
}

func (r *Records) pools() []pool {
	if p := r.engine.pool; p != nil {
		s := p.Stat()
		return []pool{{
			name: "postgres", limit: float64(s.MaxConns()), inUse: float64(s.AcquiredConns()), idle: float64(s.IdleConns()),
			waits: float64(s.EmptyAcquireCount()), waited: s.EmptyAcquireWaitTime().Seconds(),
		}}
	}
	of := func(name string, s sql.DBStats) pool {
		return pool{
			name: name, limit: float64(s.MaxOpenConnections), inUse: float64(s.InUse), idle: float64(s.Idle),
			waits: float64(s.WaitCount), waited: s.WaitDuration.Seconds(),
		}
	}
	return []pool{of("sqlite_writer", r.db.Stats()), of("sqlite_readers", r.read.Stats())}
}

// State is what the database as a whole is busy with.
type State struct {
	// Jobs counts the jobs by state: all of JobStates.
	Jobs map[string]int64
	// Oldest is how long the job that waits longest is overdue; 0 where none is.
	Oldest time.Duration
	// Deletions counts contents whose objects are still to be deleted.
	Deletions int64
	// Revalidations counts passes that run or wait; Total, Seen and Changed are their filings, summed up.
	Revalidations, Total, Seen, Changed int64
}

// State asks for what the database is busy with: a few counts over indexes.
func (r *Records) State(ctx context.Context) (State, error) {
	// SQLite keeps times as text, and only whole columns come back as times.
	first := "extract(epoch FROM min(scheduled_at))::float8"
	if r.engine.name == sqliteEngine {
		first = "(julianday(min(scheduled_at)) - 2440587.5) * 86400.0"
	}
	s := State{Jobs: map[string]int64{}}
	var rows []struct {
		State string  `bun:"state"`
		Jobs  int64   `bun:"jobs"`
		First float64 `bun:"first"`
	}
	// Two queries, one for each of the queue's indexes by state.
	for _, part := range []struct {
		states []string
		where  string
	}{{waitingStates(), "TRUE"}, {finalStates(), "finalized_at IS NOT NULL"}} {
		err := r.read.NewSelect().Table("river_job").ColumnExpr("state").ColumnExpr("count(*) AS jobs").ColumnExpr(first+" AS first").
			Where("state IN (?)", bun.In(part.states)).Where(part.where).Group("state").Scan(ctx, &rows)
		if err != nil {
			return State{}, fmt.Errorf("state of the queue: %w", r.classify(err))
		}
		for _, row := range rows {
			s.Jobs[row.State] = row.Jobs
			if due := row.State != JobRunning && part.where == "TRUE"; due {
				s.Oldest = max(s.Oldest, time.Since(time.UnixMicro(int64(row.First*1e6))))
			}
		}
		rows = nil
	}
	n, err := r.read.NewSelect().Model((*deletionRow)(nil)).Count(ctx)
	if err != nil {
		return State{}, fmt.Errorf("state of deletions: %w", r.classify(err))
	}
	s.Deletions = int64(n)
	err = r.read.NewSelect().Table("revalidations").ColumnExpr("count(*), coalesce(sum(total), 0), coalesce(sum(seen), 0), coalesce(sum(changed), 0)").
		Where("state = ?", RevalidationRunning).Scan(ctx, &s.Revalidations, &s.Total, &s.Seen, &s.Changed)
	if err != nil {
		return State{}, fmt.Errorf("state of revalidations: %w", r.classify(err))
	}
	return s, nil
}

// workerMetrics are those of the jobs that a process works.
type workerMetrics struct {
	seconds *prometheus.HistogramVec
	wait    prometheus.Histogram
}

// Results of a job: failed ones are tried again, gone is one whose material was deleted.
const (
	jobDone   = "done"
	jobGone   = "gone"
	jobFailed = "failed"
)

func newWorkerMetrics() *workerMetrics {
	m := &workerMetrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "preflight_job_seconds", Help: "Time of one attempt at a job, by result; a failed one is tried again.",
			Buckets: []float64{.005, .01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"result"}),
		wait: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "preflight_job_wait_seconds", Help: "How long a job was due before somebody began with it.",
			Buckets: []float64{.005, .01, .05, .1, .5, 1, 5, 15, 60, 300, 1800},
		}),
	}
	for _, result := range []string{jobDone, jobGone, jobFailed} {
		m.seconds.WithLabelValues(result)
	}
	return m
}

// jobAttributes tell which attempt at a job a span is.
func jobAttributes(kind string, attempt int) trace.SpanStartOption {
	return trace.WithAttributes(attribute.String("preflight.job.kind", kind), attribute.Int("preflight.job.attempt", attempt))
}
