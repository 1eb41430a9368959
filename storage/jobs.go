package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"github.com/uptrace/bun"
	"go.opentelemetry.io/otel/propagation"
)

// checkArgs is the job that checks a material (检查任务). It holds an id and nothing else: jobs are shown to operators.
type checkArgs struct {
	MaterialID string `json:"material_id"`
}

// checkAttempts with the queue's back-off (the fourth power of the attempt, in seconds) spread over about 6 hours.
const checkAttempts = 10

// Kind implements river.JobArgs.
func (checkArgs) Kind() string { return "check_material" }

// InsertOpts implements river.JobArgsWithInsertOpts: one unfinished job for a material.
func (checkArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		MaxAttempts: checkAttempts,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
			rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		}},
	}
}

// jobInserter enqueues jobs within transactions of Records. On PostgreSQL the jobs go through database/sql, as the rows
// do, and are worked through pgx, which can be notified.
type jobInserter struct {
	driver   riverdriver.Driver[*sql.Tx]
	client   *river.Client[*sql.Tx]
	config   *rivermigrate.Config
	attempts int
}

func newJobInserter(r *Records) (jobInserter, error) {
	var driver riverdriver.Driver[*sql.Tx] = riversqlite.New(r.db.DB)
	if r.engine.name == postgresEngine {
		driver = riverdatabasesql.New(r.db.DB)
	}
	// The cooldown also swallows notifications that follow each other faster, which would leave a job to the next poll.
	client, err := river.NewClient(driver, &river.Config{Logger: r.options.Logger, FetchCooldown: fetchCooldown})
	if err != nil {
		return jobInserter{}, fmt.Errorf("job queue: %w", err)
	}
	return jobInserter{driver: driver, client: client, config: &rivermigrate.Config{Logger: r.options.Logger}, attempts: r.options.JobAttempts}, nil
}

func (j jobInserter) migrate(ctx context.Context) error {
	migrator, err := rivermigrate.New(j.driver, j.config)
	if err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}

// insert enqueues the check of a material after a while. Without a while the job is available at once: the queue holds
// anything that has a time, even one in the past, back until its scheduler passes by, every 5 s.
func (j jobInserter) insert(ctx context.Context, tx bun.Tx, materialID string, after time.Duration) (int64, error) {
	options := river.InsertOpts{MaxAttempts: j.attempts, Metadata: traceMetadata(ctx)}
	if after > 0 {
		options.ScheduledAt = time.Now().UTC().Add(after)
	}
	result, err := j.client.InsertTx(ctx, tx.Tx, checkArgs{materialID}, &options)
	if err != nil {
		return 0, err
	}
	return result.Job.ID, nil
}

// jobTrace is what a job's metadata hold of the trace that it belongs to, as in W3C Trace Context. What other systems wrote
// beside it (tracestate, baggage) is not kept: nobody knows what is in it.
type jobTrace struct {
	Parent string `json:"traceparent,omitempty"`
}

const traceParent = "traceparent"

// traceMetadata carries the trace of a request to whoever works its job.
func traceMetadata(ctx context.Context) []byte {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	if carrier[traceParent] == "" {
		return nil
	}
	text, err := json.Marshal(jobTrace{carrier[traceParent]})
	if err != nil {
		return nil // a job without its trace is a job all the same
	}
	return text
}

// traceOf goes on with the trace in a job's metadata.
func traceOf(ctx context.Context, metadata []byte) context.Context {
	var t jobTrace
	if json.Unmarshal(metadata, &t) != nil || t.Parent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceParent: t.Parent})
}

// dropJobs removes jobs that are not needed any more. A job that runs is left to its worker, which finds out by itself.
func dropJobs(ctx context.Context, tx bun.Tx, ids []int64) error {
	_, err := tx.NewDelete().Table("river_job").Where("id IN (?)", bun.In(ids)).Where("state <> 'running'").Exec(ctx)
	return err
}

// EnqueueCheck makes sure that a material will be checked (again), by a job that is due at once: for an upload that is
// answered before its check, and for checking again. While a job for the material waits or runs there is no second one;
// one that waits becomes due now.
func (r *Records) EnqueueCheck(ctx context.Context, materialID string) error {
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var m Material
		if err := r.lock(tx.NewSelect().Model(&m).Where("id = ?", materialID)).Scan(ctx); err != nil {
			return err
		}
		if err := dropJobs(ctx, tx, []int64{m.JobID}); err != nil {
			return err
		}
		job, err := r.jobs.insert(ctx, tx, m.ID, 0)
		if err != nil {
			return err
		}
		_, err = tx.NewUpdate().Model(&m).Set("job_id = ?", job).WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("enqueue check of material %s: %w", printable(materialID), err)
	}
	return nil
}

// fetchCooldown bounds how often the queue is asked while there is work: with few slots it bounds how many jobs a second
// are worked, to slots / fetchCooldown.
const fetchCooldown = 5 * time.Millisecond

// WorkerOptions are the settings of a Worker. Zero fields take the defaults.
type WorkerOptions struct {
	// Concurrency is how many jobs run at once; default 2.
	Concurrency int
	// PollInterval is how often the queue is looked at; default 100 ms on SQLite, and 1 s on PostgreSQL, which notifies.
	// At least 10 ms.
	PollInterval time.Duration
	// Timeout is how long one job may take before its context ends; default 1 minute, at least 1 s.
	Timeout time.Duration
	// Read reads the material of an id, and judges it by what it read; its errors are as those of check. Nil: this process reads
	// nothing.
	Read func(ctx context.Context, materialID string) error
	// Reads is how many jobs that read run at once, beside Concurrency; default 1.
	Reads int
	// Deliver makes one round of deliveries to a receiver: it sends what DueMessages gives, in any order, and keeps what
	// became of it with SaveDeliveries. It is called again while something is due. Nil: this process delivers nothing.
	// Like a check, a delivery may be made twice: a worker may die between sending and saving.
	Deliver func(ctx context.Context, webhookID string) error
	// Deliveries is how many receivers are served at once; default 4.
	Deliveries int
	// RescueAfter is how long a job may run before its worker counts as dead and the job is run again; default 5
	// minutes, never below Timeout. Rescuing takes up to 30 s more, and 15 s when the process that led has died.
	RescueAfter time.Duration
}

// minJobTimeout is the shortest time for a job: a picture is read, measured and judged in it.
const minJobTimeout = time.Second

// Validate says everything that is wrong with the options; zero fields are right.
func (o WorkerOptions) Validate() error {
	var errs []error
	const most = 1000
	if o.Concurrency < 0 || o.Concurrency > most {
		errs = append(errs, fmt.Errorf("jobs at once %d: 1 to %d", o.Concurrency, most))
	}
	if o.Reads < 0 || o.Reads > most {
		errs = append(errs, fmt.Errorf("reading jobs at once %d: 1 to %d", o.Reads, most))
	}
	if o.PollInterval != 0 && o.PollInterval < 10*time.Millisecond {
		errs = append(errs, fmt.Errorf("job poll interval %s: at least 10ms", o.PollInterval))
	}
	if o.Timeout != 0 && o.Timeout < minJobTimeout {
		errs = append(errs, fmt.Errorf("job timeout %s: at least %s", o.Timeout, minJobTimeout))
	}
	if o.RescueAfter != 0 && o.RescueAfter < o.Timeout {
		errs = append(errs, fmt.Errorf("job rescue after %s: shorter than the job timeout %s, jobs would be run twice at once", o.RescueAfter, o.Timeout))
	}
	return errors.Join(errs...)
}

// Worker runs the jobs of Records (任务执行者): checks, readings, and deliveries to receivers. Any number of processes may run one on the same database.
type Worker struct {
	records *Records
	client  interface {
		Start(ctx context.Context) error
		Stopped() <-chan struct{}
		Stop(ctx context.Context) error
		StopAndCancel(ctx context.Context) error
	}
}

// NewWorker returns a worker that calls check with the id of each material that is due. Nil ends the job; an error has
// it run again later, ten times in all over about 6 hours, except ErrNotFound: the material was deleted, and the job ends.
//
// A job may run more than once (a worker may die after its work and before its end): check must be idempotent, as
// SaveCheck is.
func NewWorker(r *Records, options WorkerOptions, check func(ctx context.Context, materialID string) error) (*Worker, error) {
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	if options.Concurrency == 0 {
		options.Concurrency = 2
	}
	if options.Reads == 0 {
		options.Reads = 1
	}
	if options.Deliveries <= 0 {
		options.Deliveries = 4
	}
	if options.Timeout == 0 {
		options.Timeout = time.Minute
	}
	if options.RescueAfter == 0 {
		options.RescueAfter = 5 * time.Minute
	}
	if options.PollInterval == 0 {
		options.PollInterval = 100 * time.Millisecond
		if r.engine.name == postgresEngine {
			options.PollInterval = time.Second
		}
	}
	workers := river.NewWorkers()
	work := func(ctx context.Context, job *river.Job[checkArgs]) error {
		return r.work(ctx, job.JobRow, job.Args.MaterialID, check)
	}
	if err := river.AddWorkerSafely(workers, river.WorkFunc(work)); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	// Known even where nothing is read or delivered: whoever leads rescues the jobs of all, and drops what it does not know.
	if err := river.AddWorkerSafely(workers, textReader{records: r, read: options.Read}); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	if err := river.AddWorkerSafely(workers, deliverer{records: r, deliver: options.Deliver}); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	queues := map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: options.Concurrency}}
	if options.Read != nil {
		queues[readQueue] = river.QueueConfig{MaxWorkers: options.Reads}
	}
	if options.Deliver != nil {
		// Nobody waits for a message as for a check: once a second will do where nothing notifies.
		queues[deliverQueue] = river.QueueConfig{MaxWorkers: options.Deliveries, FetchPollInterval: max(options.PollInterval, time.Second)}
	}
	config := &river.Config{
		Queues:               queues,
		Workers:              workers,
		FetchCooldown:        min(options.PollInterval, fetchCooldown),
		FetchPollInterval:    options.PollInterval,
		JobTimeout:           options.Timeout,
		RescueStuckJobsAfter: max(options.RescueAfter, options.Timeout),
		Logger:               r.options.Logger,
	}
	w := Worker{records: r}
	var err error
	if r.engine.name == postgresEngine {
		var client *river.Client[pgx.Tx]
		client, err = river.NewClient(riverpgxv5.New(r.engine.pool), config)
		w.client = client
	} else {
		// On SQLite the queue works through the one connection that writes, so that it takes its turn and never finds
		// the database locked; and it polls, since listening would poll as well, twenty times a second.
		config.PollOnly = true
		var client *river.Client[*sql.Tx]
		client, err = river.NewClient(riversqlite.New(r.db.DB), config)
		w.client = client
	}
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	return &w, nil
}

// Start begins to work and returns. Jobs run until Stop, whatever becomes of ctx after Start has returned.
func (w *Worker) Start(ctx context.Context) error {
	if err := w.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	w.records.worker.Store(w)
	return nil
}

// Stop takes no more jobs and waits for those that run. When ctx ends before them their contexts end too, and what they
// did not finish is run again later, by whoever works then.
func (w *Worker) Stop(ctx context.Context) error {
	w.records.worker.CompareAndSwap(w, nil)
	err := w.client.Stop(ctx)
	if err == nil {
		return nil
	}
	// Grace is over: jobs that honour their context need a moment to say so.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if hard := w.client.StopAndCancel(last); hard != nil {
		return fmt.Errorf("stop worker: %w", errors.Join(err, hard))
	}
	return nil
}
