package storage

import (
	"context"
	"database/sql"
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
	driver riverdriver.Driver[*sql.Tx]
	client *river.Client[*sql.Tx]
	config *rivermigrate.Config
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
	return jobInserter{driver: driver, client: client, config: &rivermigrate.Config{Logger: r.options.Logger}}, nil
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
	var options river.InsertOpts
	if after > 0 {
		options.ScheduledAt = time.Now().UTC().Add(after)
	}
	result, err := j.client.InsertTx(ctx, tx.Tx, checkArgs{materialID}, &options)
	if err != nil {
		return 0, err
	}
	return result.Job.ID, nil
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
	// Timeout is how long one job may take before its context ends; default 1 minute.
	Timeout time.Duration
	// RescueAfter is how long a job may run before its worker counts as dead and the job is run again; default 5
	// minutes, never below Timeout. Rescuing takes up to 30 s more, and 15 s when the process that led has died.
	RescueAfter time.Duration
}

// Worker runs the check jobs of Records (任务执行者). Any number of processes may run one on the same database.
type Worker struct {
	client interface {
		Start(ctx context.Context) error
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
	if options.Concurrency <= 0 {
		options.Concurrency = 2
	}
	if options.Timeout <= 0 {
		options.Timeout = time.Minute
	}
	if options.RescueAfter <= 0 {
		options.RescueAfter = 5 * time.Minute
	}
	if options.PollInterval <= 0 {
		options.PollInterval = 100 * time.Millisecond
		if r.engine.name == postgresEngine {
			options.PollInterval = time.Second
		}
	}
	workers := river.NewWorkers()
	work := func(ctx context.Context, job *river.Job[checkArgs]) error {
		err := check(ctx, job.Args.MaterialID)
		if errors.Is(err, ErrNotFound) {
			return river.JobCancel(err)
		}
		return err
	}
	if err := river.AddWorkerSafely(workers, river.WorkFunc(work)); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	config := &river.Config{
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: options.Concurrency}},
		Workers:              workers,
		FetchCooldown:        min(options.PollInterval, fetchCooldown),
		FetchPollInterval:    options.PollInterval,
		JobTimeout:           options.Timeout,
		RescueStuckJobsAfter: max(options.RescueAfter, options.Timeout),
		Logger:               r.options.Logger,
	}
	var w Worker
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
	return nil
}

// Stop takes no more jobs and waits for those that run. When ctx ends before them their contexts end too, and what they
// did not finish is run again later, by whoever works then.
func (w *Worker) Stop(ctx context.Context) error {
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
