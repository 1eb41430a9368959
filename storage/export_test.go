package storage

import (
	"context"

	"github.com/uptrace/bun"
)

// EnqueueAndFail enqueues a check that is due at once in a transaction that then fails with err.
func EnqueueAndFail(ctx context.Context, r *Records, materialID string, err error) error {
	return r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := r.jobs.insert(ctx, tx, materialID, 0); err != nil {
			return err
		}
		return err
	})
}

// Jobs counts the jobs that are not finished.
func Jobs(ctx context.Context, r *Records) (int, error) {
	return r.db.NewSelect().Table("river_job").Where("finalized_at IS NULL").Count(ctx)
}

// Setting returns a setting of the PostgreSQL sessions of these records.
func Setting(ctx context.Context, r *Records, name string) (value string, err error) {
	err = r.read.NewSelect().ColumnExpr("current_setting(?)", name).Scan(ctx, &value)
	return value, err
}

// SealedColumns are the columns that are encrypted, table.column.
func SealedColumns() map[string]bool {
	sealed := map[string]bool{}
	for _, at := range places() {
		sealed[at.name()] = true
	}
	return sealed
}
