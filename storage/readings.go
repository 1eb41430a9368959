package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/uptrace/bun"
	"go.opentelemetry.io/otel/trace"
)

// What is written in a picture is a layer of its own beside the measurements: made once for a content and a version of the reader,
// kept as they are while any material refers to the content, and gone with it. It is personal: it leaves the records for judging,
// for reports and for exports, and nowhere else.

type readingsRow struct {
	bun.BaseModel `bun:"table:readings,alias:re"`

	SHA256    string    `bun:"sha256,pk"`
	Reader    string    `bun:"reader,pk"`
	Data      []byte    `bun:"data"`
	CreatedAt time.Time `bun:"created_at"`
}

// ReadText is what a version of the reader read of a content.
type ReadText struct {
	Sum    Digest
	Reader string
	// Data is the JSON of the reading.
	Data []byte
}

// SaveReading keeps a reading. Reading is a pure function of the bytes and the version, so what is there already stays. A content
// that no material refers to (any more) is ErrNotFound.
func (r *Records) SaveReading(ctx context.Context, t ReadText) error {
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error { return r.saveReading(ctx, tx, t) })
	if err != nil {
		return fmt.Errorf("save reading of %s: %w", t.Sum, err)
	}
	return nil
}

func (r *Records) saveReading(ctx context.Context, tx bun.Tx, t ReadText) error {
	row := readingsRow{SHA256: t.Sum.String(), Reader: t.Reader, CreatedAt: r.now()}
	var err error
	if row.Data, err = r.seal(readingColumn(), t.Data, row.SHA256, row.Reader); err != nil {
		return err
	}
	var content contentRow
	if err := r.lock(tx.NewSelect().Model(&content).Where("sha256 = ?", row.SHA256)).Scan(ctx); err != nil {
		return err
	}
	_, err = tx.NewInsert().Model(&row).On("CONFLICT (sha256, reader) DO NOTHING").Exec(ctx)
	return err
}

// Reading returns the JSON that SaveReading kept, or ErrNotFound.
func (r *Records) Reading(ctx context.Context, sum Digest, reader string) ([]byte, error) {
	var row readingsRow
	if err := r.read.NewSelect().Model(&row).Where("sha256 = ? AND reader = ?", sum.String(), reader).Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading of %s: %w", sum, r.classify(err))
	}
	if err := r.openInto(readingColumn(), &row.Data, row.SHA256, row.Reader); err != nil {
		return nil, fmt.Errorf("reading of %s: %w", sum, err)
	}
	return row.Data, nil
}

// Kept is what SaveCheck keeps in the transaction of a check: Measured, ReadText, ReadLater.
type Kept interface {
	keep(ctx context.Context, r *Records, tx bun.Tx, m *Material) error
}

func (t ReadText) keep(ctx context.Context, r *Records, tx bun.Tx, _ *Material) error {
	return r.saveReading(ctx, tx, t)
}

func (m Measured) keep(ctx context.Context, r *Records, tx bun.Tx, _ *Material) error {
	return r.saveMeasurements(ctx, tx, m)
}

// ReadLater says that a file was judged although it is to be read: a job reads it after a while, at once where After is 0. While
// one for the same file waits or runs there is no second one.
type ReadLater struct{ After time.Duration }

func (l ReadLater) keep(ctx context.Context, r *Records, tx bun.Tx, m *Material) error {
	job, err := r.jobs.insertRead(ctx, tx, m.ID, l.After)
	if err != nil {
		return fmt.Errorf("enqueue reading: %w", err)
	}
	m.ReadingJob = job
	return nil
}

// readArgs is the job that reads a material (识别任务).
type readArgs struct {
	MaterialID string `json:"material_id"`
}

// readQueue is the queue of these jobs: reading costs ten times what measuring does, and must not keep checks waiting.
const readQueue = "reading"

// Kind implements river.JobArgs.
func (readArgs) Kind() string { return "read_material" }

// InsertOpts implements river.JobArgsWithInsertOpts: one unfinished job for a material.
func (readArgs) InsertOpts() river.InsertOpts {
	options := checkArgs{}.InsertOpts()
	options.Queue = readQueue
	return options
}

// insertRead enqueues the reading of a material; where a job waits or runs it is that one.
func (j jobInserter) insertRead(ctx context.Context, tx bun.Tx, materialID string, after time.Duration) (int64, error) {
	options := river.InsertOpts{MaxAttempts: j.attempts, Metadata: traceMetadata(ctx)}
	if after > 0 {
		options.ScheduledAt = time.Now().UTC().Add(after)
	}
	result, err := j.client.InsertTx(ctx, tx.Tx, readArgs{materialID}, &options)
	if err != nil {
		return 0, err
	}
	return result.Job.ID, nil
}

// EnqueueReading makes sure that a material will be read, by a job that is due at once; see ReadLater.
func (r *Records) EnqueueReading(ctx context.Context, materialID string) error {
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error { return r.enqueueReading(ctx, tx, materialID) })
	if err != nil {
		return fmt.Errorf("enqueue reading of material %s: %w", printable(materialID), err)
	}
	return nil
}

func (r *Records) enqueueReading(ctx context.Context, tx bun.Tx, materialID string) error {
	var m Material
	if err := r.lock(tx.NewSelect().Model(&m).Where("id = ?", materialID)).Scan(ctx); err != nil {
		return err
	}
	if err := dropJobs(ctx, tx, []int64{m.ReadingJob}); err != nil {
		return err
	}
	if err := (ReadLater{}).keep(ctx, r, tx, &m); err != nil {
		return err
	}
	_, err := tx.NewUpdate().Model(&m).Set("reading_job = ?", m.ReadingJob).WherePK().Exec(ctx)
	return err
}

// enqueueUnread gives those of the files that are still there and have no job for it one that reads them.
func (r *Records) enqueueUnread(ctx context.Context, tx bun.Tx, materials []string) error {
	for ids := range slices.Chunk(materials, saveRows) {
		held, err := r.hold(ctx, tx, "materials", slices.Clone(ids))
		if err != nil {
			return err
		}
		for _, id := range ids {
			var m Material
			if !held[id] {
				continue
			}
			if err := tx.NewSelect().Model(&m).Where("id = ?", id).Scan(ctx); err != nil {
				return err
			}
			if m.ReadingJob != 0 {
				continue
			}
			if err := (ReadLater{}).keep(ctx, r, tx, &m); err != nil {
				return err
			}
			if _, err := tx.NewUpdate().Model(&m).Set("reading_job = ?", m.ReadingJob).WherePK().Exec(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// textReader works the jobs that read.
type textReader struct {
	river.WorkerDefaults[readArgs]
	records *Records
	read    func(ctx context.Context, materialID string) error
}

// errNotReading is a job that came to a process that does not read: only whoever leads sees it, to rescue it.
var errNotReading = errors.New("this process does not read")

// Work implements river.Worker.
func (w textReader) Work(ctx context.Context, job *river.Job[readArgs]) error {
	if w.read == nil {
		return errNotReading
	}
	return w.records.work(ctx, job.JobRow, job.Args.MaterialID, w.read)
}

// work works one job about a material.
func (r *Records) work(ctx context.Context, job *rivertype.JobRow, materialID string, do func(ctx context.Context, materialID string) error) error {
	start := time.Now()
	r.worked.wait.Observe(max(0, start.Sub(job.ScheduledAt).Seconds()))
	ctx, span := r.options.Observer.Tracer.Start(traceOf(ctx, job.Metadata), "job "+job.Kind,
		trace.WithSpanKind(trace.SpanKindConsumer), jobAttributes(job.Kind, job.Attempt))
	err := do(ctx, materialID)
	result := jobDone
	switch {
	case errors.Is(err, ErrNotFound):
		result, err = jobGone, river.JobCancel(err)
	case err != nil:
		result = jobFailed
	}
	r.worked.seconds.WithLabelValues(result).Observe(time.Since(start).Seconds())
	finish(span, result)
	return err
}
