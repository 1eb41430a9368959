package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/storage"
)

// JobPath is the part of a path that names a job.
type JobPath struct {
	ID int64 `path:"id" minimum:"1" doc:"The job's id"`
}

// routeJobs makes the queue visible: what waits, what failed and why, what was given up.
func (s *Server) routeJobs() {
	const tag = "jobs 任务"
	type jobsOutput struct {
		Body struct {
			Jobs []storage.Job `json:"jobs"`
			Next int64         `json:"next,omitempty" doc:"Where to go on: send it as after"`
		}
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "list-jobs", Method: http.MethodGet, Path: "/v1/jobs", Summary: "The queue 任务队列", Tags: []string{tag},
		Description: "Jobs that wait, run, were cancelled or given up, in the order of their making; with state, those in one state. " +
			"A job checks a file whose request did not, and holds ids only.",
	}, func(ctx context.Context, in *struct {
		State string `query:"state" enum:"available,running,scheduled,retryable,completed,cancelled,discarded" doc:"Only jobs in this state"`
		After int64  `query:"after" minimum:"0" doc:"Go on after this job: next of the page before"`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	}) (*jobsOutput, error) {
		jobs, err := s.flow.Jobs(ctx, storage.JobFilter{State: in.State, After: in.After, Limit: in.Limit})
		if err != nil {
			return nil, s.failed(ctx, "list-jobs", err)
		}
		out := &jobsOutput{}
		if out.Body.Jobs = jobs; len(jobs) == in.Limit {
			out.Body.Next = jobs[len(jobs)-1].ID
		}
		return out, nil
	})
	one := func(operation, path, summary, description string, do func(context.Context, int64) (*storage.Job, error)) {
		huma.Register(s.api, huma.Operation{
			OperationID: operation, Method: http.MethodPost, Path: path, Summary: summary, Description: description, Tags: []string{tag},
		}, func(ctx context.Context, in *JobPath) (*struct{ Body *storage.Job }, error) {
			job, err := do(ctx, in.ID)
			if errors.Is(err, pipeline.ErrConflict) {
				err = newProblem("job_doubled")
			}
			if err != nil {
				return nil, s.failed(ctx, operation, err)
			}
			return &struct{ Body *storage.Job }{job}, nil
		})
	}
	one("cancel-job", "/v1/jobs/{id}/cancel", "Cancel a job 取消任务",
		"Before it has begun it ends; while it runs it is kept from being tried again. Its file stays stored and unchecked until the job is "+
			"retried.", s.flow.CancelJob)
	one("retry-job", "/v1/jobs/{id}/retry", "Try a job now 立即重试",
		"One that waits for its time, that was cancelled or given up. One that runs is left alone.", s.flow.RetryJob)
}
