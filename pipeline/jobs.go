package pipeline

import (
	"context"

	"github.com/preflight-icp/preflight/storage"
)

// Jobs lists the jobs of the queue (任务).
func (p *Pipeline) Jobs(ctx context.Context, filter storage.JobFilter) ([]storage.Job, error) {
	jobs, err := p.Records.Jobs(ctx, filter)
	return jobs, recordFailure(err)
}

// CancelJob ends a job before it has begun, and keeps one that runs from being tried again. Its file stays unchecked.
func (p *Pipeline) CancelJob(ctx context.Context, id int64) (*storage.Job, error) {
	job, err := p.Records.CancelJob(ctx, id)
	return &job, recordFailure(err)
}

// RetryJob makes a job due now. ErrConflict where another one checks the same file.
func (p *Pipeline) RetryJob(ctx context.Context, id int64) (*storage.Job, error) {
	job, err := p.Records.RetryJob(ctx, id)
	return &job, recordFailure(err)
}
