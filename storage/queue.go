package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// States of a job, in the queue's own words. Scheduled is one that is kept until its time; available waits for a worker;
// retryable has failed and is tried again later. Completed, cancelled and discarded are over; discarded are those that
// failed at every attempt.
const (
	JobAvailable = string(rivertype.JobStateAvailable)
	JobRunning   = string(rivertype.JobStateRunning)
	JobScheduled = string(rivertype.JobStateScheduled)
	JobRetryable = string(rivertype.JobStateRetryable)
	JobCompleted = string(rivertype.JobStateCompleted)
	JobCancelled = string(rivertype.JobStateCancelled)
	JobDiscarded = string(rivertype.JobStateDiscarded)
)

func waitingStates() []string { return []string{JobAvailable, JobRunning, JobRetryable, JobScheduled} }
func finalStates() []string   { return []string{JobCancelled, JobDiscarded} }

// JobStates lists the states of jobs that an operator cares about: all but the completed ones, which are kept for a day and
// are many.
func JobStates() []string { return append(waitingStates(), finalStates()...) }

// Job is a job of the queue as operators see it (任务). It holds ids, and what failed in the words of our own errors, which
// name no person.
type Job struct {
	ID int64 `json:"id"`
	// Kind is check_material: a stored file waits for its check; or read_material: a checked one waits for being read.
	Kind  string `json:"kind"`
	State string `json:"state"`
	// MaterialID is the file that it is about.
	MaterialID string `json:"material_id"`
	// Attempt counts from 1, and is 0 before the first.
	Attempt     int `json:"attempt"`
	MaxAttempts int `json:"max_attempts"`
	// ScheduledAt is when it was or will be due; AttemptedAt when the latest attempt began; FinalizedAt when it was over.
	CreatedAt   time.Time  `json:"created_at"`
	ScheduledAt time.Time  `json:"scheduled_at"`
	AttemptedAt *time.Time `json:"attempted_at,omitempty"`
	FinalizedAt *time.Time `json:"finalized_at,omitempty"`
	// Failure is what the latest attempt that failed said.
	Failure string `json:"failure,omitempty"`
}

// JobFilter chooses jobs.
type JobFilter struct {
	// State, where it is not empty, is the one state to list; empty are all of JobStates.
	State string
	// After is the id of the last job of the page before; 0 begins.
	After int64
	// Limit is how many at most, 1 to 1000; 0 is 100.
	Limit int
}

// Jobs lists jobs in the order of their ids, which is that of their making.
func (r *Records) Jobs(ctx context.Context, filter JobFilter) ([]Job, error) {
	const usual, most = 100, 1000
	if filter.Limit <= 0 {
		filter.Limit = usual
	}
	states := JobStates()
	if filter.State != "" {
		states = []string{filter.State}
	}
	params := river.NewJobListParams().First(min(filter.Limit, most)).OrderBy(river.JobListOrderByID, river.SortOrderAsc).
		Where("id > @after", river.NamedArgs{"after": filter.After})
	list := make([]rivertype.JobState, len(states))
	for i, s := range states {
		list[i] = rivertype.JobState(s)
	}
	found, err := r.jobs.client.JobList(ctx, params.States(list...))
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", r.classify(err))
	}
	jobs := make([]Job, len(found.Jobs))
	for i, row := range found.Jobs {
		jobs[i] = jobOf(row)
	}
	return jobs, nil
}

// CancelJob ends a job before it has begun, and keeps one that runs from being tried again; in the process that runs it its
// context ends too, on PostgreSQL. The file stays stored and unchecked until RetryJob. Cancelling one that is over changes
// nothing.
func (r *Records) CancelJob(ctx context.Context, id int64) (Job, error) {
	row, err := r.jobs.client.JobCancel(ctx, id)
	if err != nil {
		return Job{}, fmt.Errorf("cancel job %d: %w", id, r.classifyJob(err))
	}
	return jobOf(row), nil
}

// RetryJob makes a job due now: one that waits for its time or for its next attempt, and one that was cancelled or given up.
// One that runs is left alone. ErrConflict where another job checks the same file already.
func (r *Records) RetryJob(ctx context.Context, id int64) (Job, error) {
	row, err := r.jobs.client.JobRetry(ctx, id)
	if err != nil {
		return Job{}, fmt.Errorf("retry job %d: %w", id, r.classifyJob(err))
	}
	return jobOf(row), nil
}

func (r *Records) classifyJob(err error) error {
	switch {
	case errors.Is(err, rivertype.ErrNotFound):
		return ErrNotFound
	case lostRace(err):
		return ErrConflict
	}
	return r.classify(err)
}

func jobOf(row *rivertype.JobRow) Job {
	job := Job{
		ID: row.ID, Kind: row.Kind, State: string(row.State), Attempt: row.Attempt, MaxAttempts: row.MaxAttempts,
		CreatedAt: row.CreatedAt.UTC(), ScheduledAt: row.ScheduledAt.UTC(), AttemptedAt: utc(row.AttemptedAt), FinalizedAt: utc(row.FinalizedAt),
	}
	var args checkArgs
	if json.Unmarshal(row.EncodedArgs, &args) == nil {
		job.MaterialID = printable(args.MaterialID)
	}
	if n := len(row.Errors); n > 0 {
		job.Failure = row.Errors[n-1].Error
		if row.Errors[n-1].Trace != "" {
			job.Failure = "panic" // its value may quote what was in hand
		}
	}
	return job
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// errWorkerGone is a worker that ended without having been told to.
var errWorkerGone = errors.New("the worker of this process has ended")

// QueueReady reports whether the queue can be asked, and, in a process that works jobs, whether its worker still does.
func (r *Records) QueueReady(ctx context.Context) error {
	if w := r.worker.Load(); w != nil {
		select {
		case <-w.client.Stopped():
			return errWorkerGone
		default:
		}
	}
	var ids []int64
	if err := r.read.NewSelect().Table("river_job").Column("id").Limit(1).Scan(ctx, &ids); err != nil {
		return fmt.Errorf("queue: %w", r.classify(err))
	}
	return nil
}
