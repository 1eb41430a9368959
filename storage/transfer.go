package storage

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/preflight-icp/preflight/filing"
)

// FilingRows is everything that the records hold of some filings (备案的全部记录), for moving them to other records: facts,
// files, what was measured of their contents, checks, verdicts and idempotency keys. Jobs are not among it: importing
// makes them anew for files that were not checked.
type FilingRows struct {
	Filings      []Filing         `json:"filings"`
	Contents     []ContentRow     `json:"contents"`
	Materials    []Material       `json:"materials"`
	Measurements []MeasurementRow `json:"measurements"`
	Checks       []Check          `json:"checks"`
	Verdicts     []Verdict        `json:"verdicts"`
	Keys         []UploadKeyRow   `json:"keys"`
}

// ContentRow is what is known of a stored object.
type ContentRow = contentRow

// MeasurementRow is what one version of the analyzer measured of a content.
type MeasurementRow = measurementsRow

// UploadKeyRow is an idempotency key and the file that it stands for.
type UploadKeyRow = uploadKeyRow

// ExportFilings returns up to limit filings after the id after, with everything that hangs on them. Fewer than limit are
// the last ones. It reads one state of the records.
func (r *Records) ExportFilings(ctx context.Context, after string, limit int) (FilingRows, error) {
	var rows FilingRows
	err := r.snapshot(ctx, func(ctx context.Context, tx bun.Tx) error {
		rows = FilingRows{}
		if err := tx.NewSelect().Model(&rows.Filings).Where("id > ?", after).Order("id").Limit(limit).Scan(ctx); err != nil {
			return err
		}
		if len(rows.Filings) == 0 {
			return nil
		}
		first, last := rows.Filings[0].ID, rows.Filings[len(rows.Filings)-1].ID
		if err := selectMaterials(tx).Model(&rows.Materials).Where("m.filing_id >= ? AND m.filing_id <= ?", first, last).
			Order("m.filing_id", "m.id").Scan(ctx); err != nil {
			return err
		}
		if err := tx.NewSelect().Model(&rows.Verdicts).Where("filing_id >= ? AND filing_id <= ?", first, last).Order("filing_id").Scan(ctx); err != nil {
			return err
		}
		if err := tx.NewSelect().Model(&rows.Keys).Where("filing_id >= ? AND filing_id <= ?", first, last).
			Order("filing_id", "principal", "key").Scan(ctx); err != nil {
			return err
		}
		return exportContents(ctx, tx, &rows)
	})
	if err != nil {
		return FilingRows{}, fmt.Errorf("export filings: %w", r.classify(err))
	}
	rows.canonical()
	return rows, nil
}

// canonical makes rows of either database the same: times in UTC, nothing for what is empty, no job of these records.
func (rows *FilingRows) canonical() {
	for i := range rows.Filings {
		f := &rows.Filings[i]
		f.CreatedAt, f.UpdatedAt = f.CreatedAt.UTC(), f.UpdatedAt.UTC()
	}
	for i := range rows.Contents {
		rows.Contents[i].CreatedAt = rows.Contents[i].CreatedAt.UTC()
	}
	for i := range rows.Materials {
		m := &rows.Materials[i]
		m.UploadedAt, m.JobID = m.UploadedAt.UTC(), 0
	}
	for i := range rows.Measurements {
		rows.Measurements[i].CreatedAt = rows.Measurements[i].CreatedAt.UTC()
	}
	for i := range rows.Checks {
		c := &rows.Checks[i]
		c.CheckedAt = c.CheckedAt.UTC()
		if len(c.Duplicates) == 0 {
			c.Duplicates = nil
		}
	}
	for i := range rows.Verdicts {
		rows.Verdicts[i].JudgedAt = rows.Verdicts[i].JudgedAt.UTC()
	}
	for i := range rows.Keys {
		rows.Keys[i].CreatedAt = rows.Keys[i].CreatedAt.UTC()
	}
}

// exportContents reads what hangs on the materials of rows.
func exportContents(ctx context.Context, tx bun.Tx, rows *FilingRows) error {
	var ids, sums []string
	for i := range rows.Materials {
		ids, sums = append(ids, rows.Materials[i].ID), append(sums, rows.Materials[i].SHA256)
	}
	slices.Sort(sums)
	sums = slices.Compact(sums)
	for some := range slices.Chunk(ids, saveRows) {
		var list []Check
		if err := tx.NewSelect().Model(&list).Where("material_id IN (?)", bun.In(some)).Order("material_id").Scan(ctx); err != nil {
			return err
		}
		rows.Checks = append(rows.Checks, list...)
	}
	for some := range slices.Chunk(sums, saveRows) {
		var contents []ContentRow
		if err := tx.NewSelect().Model(&contents).Where("sha256 IN (?)", bun.In(some)).Order("sha256").Scan(ctx); err != nil {
			return err
		}
		var measured []MeasurementRow
		if err := tx.NewSelect().Model(&measured).Where("sha256 IN (?)", bun.In(some)).Order("sha256", "analyzer").Scan(ctx); err != nil {
			return err
		}
		rows.Contents, rows.Measurements = append(rows.Contents, contents...), append(rows.Measurements, measured...)
	}
	return nil
}

// snapshot runs reads that see one state of the database.
func (r *Records) snapshot(ctx context.Context, do func(ctx context.Context, tx bun.Tx) error) error {
	// A transaction of SQLite sees one state anyway; its driver takes no isolation level.
	if r.engine.name == sqliteEngine {
		return r.read.RunInTx(ctx, nil, do)
	}
	return r.read.RunInTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, do)
}

// ImportFilings puts rows that ExportFilings returned into these records, in one transaction. What is there already stays
// as it is, so that it can be done twice. Files that were not checked get their jobs.
func (r *Records) ImportFilings(ctx context.Context, rows FilingRows) error {
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := insertNew(ctx, tx, rows.Filings); err != nil {
			return err
		}
		contents := slices.Clone(rows.Contents)
		slices.SortFunc(contents, func(a, b ContentRow) int { return cmp.Compare(a.SHA256, b.SHA256) }) // one order for all who lock them
		if err := insertNew(ctx, tx, contents); err != nil {
			return err
		}
		var waiting []string
		materials := slices.Clone(rows.Materials)
		for i := range materials {
			materials[i].JobID = 0 // of other records
			if materials[i].State == filing.MaterialStored {
				waiting = append(waiting, materials[i].ID)
			}
		}
		if err := insertNew(ctx, tx, materials); err != nil {
			return err
		}
		if err := insertNew(ctx, tx, rows.Measurements); err != nil {
			return err
		}
		bands, err := bandsOf(rows.Measurements)
		if err != nil {
			return err
		}
		if err := insertNew(ctx, tx, bands); err != nil {
			return err
		}
		if err := insertNew(ctx, tx, withDuplicates(rows.Checks)); err != nil {
			return err
		}
		if err := insertNew(ctx, tx, rows.Verdicts); err != nil {
			return err
		}
		if err := insertNew(ctx, tx, rows.Keys); err != nil {
			return err
		}
		return r.enqueueImported(ctx, tx, waiting)
	})
	if err != nil {
		return fmt.Errorf("import filings: %w", err)
	}
	return nil
}

// enqueueImported gives files that wait for their check a job, where they have none.
func (r *Records) enqueueImported(ctx context.Context, tx bun.Tx, waiting []string) error {
	for _, id := range waiting {
		var m Material
		if err := tx.NewSelect().Model(&m).Where("id = ?", id).Scan(ctx); err != nil {
			return err
		}
		if m.JobID != 0 || m.State != filing.MaterialStored {
			continue
		}
		job, err := r.jobs.insert(ctx, tx, id, r.options.CheckAfter)
		if err != nil {
			return fmt.Errorf("enqueue check: %w", err)
		}
		if _, err := tx.NewUpdate().Model(&m).Set("job_id = ?", job).WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func insertNew[T any](ctx context.Context, tx bun.Tx, rows []T) error {
	for some := range slices.Chunk(rows, saveRows) {
		if _, err := tx.NewInsert().Model(&some).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func bandsOf(measured []MeasurementRow) ([]bandRow, error) {
	var bands []bandRow
	for i := range measured {
		m := &measured[i]
		if m.Hash == "" {
			continue
		}
		words, err := parseHash(m.Hash)
		if err != nil {
			return nil, err
		}
		for n, word := range words {
			bands = append(bands, bandRow{Band: band(n, word), SHA256: m.SHA256, Analyzer: m.Analyzer})
		}
	}
	return bands, nil
}

func withDuplicates(checks []Check) []Check {
	checks = slices.Clone(checks)
	for i := range checks {
		if checks[i].Duplicates == nil {
			checks[i].Duplicates = []byte{}
		}
	}
	return checks
}
