package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

type jobsCommand struct {
	List   jobsListCommand   `cmd:"" default:"withargs" help:"Jobs that wait, run, were cancelled or given up."`
	Cancel jobsCancelCommand `cmd:"" help:"End a job before it begins, or keep one that runs from being tried again."`
	Retry  jobsRetryCommand  `cmd:"" help:"Have a job tried now: one that waits, was cancelled or given up."`
}

// jobsFlags are what the commands about jobs share.
type jobsFlags struct {
	storageFlags
	logFlags
	JSON bool `name:"json" help:"JSON on standard output."`
}

// with opens the records for one call.
func (f *jobsFlags) with(ctx context.Context, std streams, do func(*storage.Records) error) (err error) {
	_, database, err := f.urls()
	if err != nil {
		return err
	}
	records, err := storage.OpenRecords(ctx, database, f.recordsOptions(quiet(f.logger(std))))
	if err != nil {
		return settingsError(err)
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	return do(records)
}

type jobsListCommand struct {
	jobsFlags
	State string `help:"Only jobs in this state: available, running, scheduled, retryable, completed, cancelled or discarded." enum:",available,running,scheduled,retryable,completed,cancelled,discarded" default:"" placeholder:"STATE"`
	After int64  `help:"Go on after the job with this id." placeholder:"ID"`
	Limit int    `help:"How many at most." default:"100" placeholder:"N"`
}

func (jobsListCommand) Example() string {
	return "  preflight jobs --state retryable     # what failed and will be tried again\n" +
		"  preflight jobs --state discarded     # what was given up\n" +
		"  preflight jobs retry 4711\n"
}

// Run prints a line for each job.
func (c *jobsListCommand) Run(ctx context.Context, std streams) error {
	const most = 1000
	if c.Limit < 1 || c.Limit > most {
		return usageError("limit %d: 1 to %d", c.Limit, most)
	}
	return c.with(ctx, std, func(records *storage.Records) error {
		jobs, err := records.Jobs(ctx, storage.JobFilter{State: c.State, After: c.After, Limit: c.Limit})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, map[string]any{"jobs": jobs})
		}
		w := bufio.NewWriter(std.out)
		for i := range jobs {
			printJob(w, &jobs[i])
		}
		return flush(w)
	})
}

func printJob(w *bufio.Writer, j *storage.Job) {
	_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\tattempt %d of %d\tdue %s", j.ID, j.State, j.Kind, j.MaterialID, j.Attempt, j.MaxAttempts,
		j.ScheduledAt.Format(time.RFC3339))
	if j.Failure != "" {
		_, _ = fmt.Fprintf(w, "\t%s", strings.ReplaceAll(j.Failure, "\n", " "))
	}
	_, _ = w.WriteString("\n")
}

type jobsCancelCommand struct {
	jobsFlags
	ID int64 `arg:"" help:"The job's id."`
}

func (jobsCancelCommand) Example() string { return "  preflight jobs cancel 4711\n" }

// Run cancels a job.
func (c *jobsCancelCommand) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, func(records *storage.Records) error { return c.change(ctx, std, c.ID, records.CancelJob) })
}

type jobsRetryCommand struct {
	jobsFlags
	ID int64 `arg:"" help:"The job's id."`
}

func (jobsRetryCommand) Example() string { return "  preflight jobs retry 4711\n" }

// Run makes a job due.
func (c *jobsRetryCommand) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, func(records *storage.Records) error { return c.change(ctx, std, c.ID, records.RetryJob) })
}

// change does something to a job and prints what became of it.
func (f *jobsFlags) change(ctx context.Context, std streams, id int64, do func(context.Context, int64) (storage.Job, error)) error {
	job, err := do(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return usageError("there is no job %d", id)
	case errors.Is(err, storage.ErrConflict):
		return usageError("job %d: another job checks the same file already", id)
	case err != nil:
		return err
	}
	if f.JSON {
		return printJSON(std.out, job)
	}
	w := bufio.NewWriter(std.out)
	printJob(w, &job)
	return flush(w)
}
