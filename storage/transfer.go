package storage

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/preflight-icp/preflight/filing"
)

// FilingRows is everything that the records hold of some filings (备案的全部记录), for moving them to other records: facts,
// files, what was measured and read of their contents, checks, verdicts, idempotency keys, composites, and what reviewers decided. Jobs are
// not among it: importing makes them anew for files that were not checked.
type FilingRows struct {
	Filings      []Filing         `json:"filings"`
	Contents     []ContentRow     `json:"contents"`
	Materials    []Material       `json:"materials"`
	Measurements []MeasurementRow `json:"measurements"`
	Readings     []ReadingRow     `json:"readings"`
	Checks       []Check          `json:"checks"`
	Verdicts     []Verdict        `json:"verdicts"`
	Keys         []UploadKeyRow   `json:"keys"`
	Reviews      []Review         `json:"reviews,omitempty"`
	Decisions    []Decision       `json:"decisions,omitempty"`
	// Composites were asked for of the filings' files, Sources name which; their pictures are moved beside the originals.
	Composites []Composite          `json:"composites,omitempty"`
	Sources    []CompositeSourceRow `json:"composite_sources,omitempty"`
}

// CompositeSourceRow is a file that a composite was asked for with.
type CompositeSourceRow = compositeSourceRow

// ContentRow is what is known of a stored object.
type ContentRow = contentRow

// MeasurementRow is what one version of the analyzer measured of a content.
type MeasurementRow = measurementsRow

// ReadingRow is what one version of the reader read of a content.
type ReadingRow = readingsRow

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
		if err := tx.NewSelect().Model(&rows.Reviews).Where("filing_id >= ? AND filing_id <= ?", first, last).Order("filing_id").Scan(ctx); err != nil {
			return err
		}
		if err := tx.NewSelect().Model(&rows.Decisions).Where("filing_id >= ? AND filing_id <= ?", first, last).Order("id").Scan(ctx); err != nil {
			return err
		}
		if err := exportComposites(ctx, tx, &rows, first, last); err != nil {
			return err
		}
		return exportContents(ctx, tx, &rows)
	})
	if err != nil {
		return FilingRows{}, fmt.Errorf("export filings: %w", r.classify(err))
	}
	if err := r.openRows(&rows); err != nil {
		return FilingRows{}, fmt.Errorf("export filings: %w", err)
	}
	rows.canonical()
	return rows, nil
}

// openRows decrypts rows: a place that they are exported to encrypts them by its own keys.
func (r *Records) openRows(rows *FilingRows) error {
	if err := r.openFilings(rows.Filings); err != nil {
		return err
	}
	for i := range rows.Measurements {
		m := &rows.Measurements[i]
		if err := r.openInto(measuredColumn(), &m.Data, m.SHA256, m.Analyzer); err != nil {
			return err
		}
	}
	for i := range rows.Readings {
		t := &rows.Readings[i]
		if err := r.openInto(readingColumn(), &t.Data, t.SHA256, t.Reader); err != nil {
			return err
		}
	}
	for i := range rows.Checks {
		if err := r.openCheck(&rows.Checks[i]); err != nil {
			return err
		}
	}
	return r.openDecisions(rows.Decisions)
}

// sealRows returns rows as they are kept.
func (r *Records) sealRows(rows FilingRows) (FilingRows, error) {
	rows.Filings, rows.Measurements, rows.Checks = slices.Clone(rows.Filings), slices.Clone(rows.Measurements), slices.Clone(rows.Checks)
	rows.Readings, rows.Decisions = slices.Clone(rows.Readings), slices.Clone(rows.Decisions)
	var err error
	for i := range rows.Filings {
		f := &rows.Filings[i]
		if f.Facts, err = r.seal(factsColumn(), f.Facts, f.ID); err != nil {
			return FilingRows{}, err
		}
	}
	for i := range rows.Measurements {
		m := &rows.Measurements[i]
		if m.Data, err = r.seal(measuredColumn(), m.Data, m.SHA256, m.Analyzer); err != nil {
			return FilingRows{}, err
		}
	}
	for i := range rows.Readings {
		t := &rows.Readings[i]
		if t.Data, err = r.seal(readingColumn(), t.Data, t.SHA256, t.Reader); err != nil {
			return FilingRows{}, err
		}
	}
	for i := range rows.Checks {
		if rows.Checks[i], err = r.sealCheck(rows.Checks[i]); err != nil {
			return FilingRows{}, err
		}
	}
	for i := range rows.Decisions {
		d := &rows.Decisions[i]
		if d.Detail, err = r.seal(detailColumn(), d.Detail, d.ID); err != nil {
			return FilingRows{}, err
		}
	}
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
		m.ReadingJob = min(m.ReadingJob, 1) // only that there is one
	}
	for i := range rows.Measurements {
		rows.Measurements[i].CreatedAt = rows.Measurements[i].CreatedAt.UTC()
	}
	for i := range rows.Readings {
		rows.Readings[i].CreatedAt = rows.Readings[i].CreatedAt.UTC()
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
	for i := range rows.Reviews {
		w := &rows.Reviews[i]
		w.SubmittedAt, w.ClaimedUntil, w.DecidedAt = w.SubmittedAt.UTC(), inUTC(w.ClaimedUntil), inUTC(w.DecidedAt)
	}
	for i := range rows.Decisions {
		rows.Decisions[i].At = rows.Decisions[i].At.UTC()
	}
	for i := range rows.Composites {
		c := &rows.Composites[i]
		c.CreatedAt, c.UpdatedAt = c.CreatedAt.UTC(), c.UpdatedAt.UTC()
		if len(c.Made) == 0 {
			c.Made = []byte{}
		}
	}
}

func inUTC(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	utc := at.UTC()
	return &utc
}

// exportComposites reads those of the filings from the first to the last.
func exportComposites(ctx context.Context, tx bun.Tx, rows *FilingRows, first, last string) error {
	if err := tx.NewSelect().Model(&rows.Composites).Where("filing_id >= ? AND filing_id <= ?", first, last).Order("id").Scan(ctx); err != nil {
		return err
	}
	ids := make([]string, len(rows.Composites))
	for i := range rows.Composites {
		ids[i] = rows.Composites[i].ID
	}
	for some := range slices.Chunk(ids, saveRows) {
		var list []CompositeSourceRow
		if err := tx.NewSelect().Model(&list).Where("composite_id IN (?)", bun.In(some)).Order("composite_id", "material_id").Scan(ctx); err != nil {
			return err
		}
		rows.Sources = append(rows.Sources, list...)
	}
	return nil
}

// importComposites puts those of rows into the records. One that was asked for here too stays as it is.
func importComposites(ctx context.Context, tx bun.Tx, rows *FilingRows) error {
	if err := insertNew(ctx, tx, rows.Composites); err != nil {
		return err
	}
	there := map[string]bool{}
	for some := range slices.Chunk(rows.Composites, saveRows) {
		ids := make([]string, len(some))
		for i := range some {
			ids[i] = some[i].ID
		}
		var found []string
		if err := tx.NewSelect().Model((*Composite)(nil)).Column("id").Where("id IN (?)", bun.In(ids)).Scan(ctx, &found); err != nil {
			return err
		}
		for _, id := range found {
			there[id] = true
		}
	}
	return insertNew(ctx, tx, slices.DeleteFunc(slices.Clone(rows.Sources), func(s CompositeSourceRow) bool { return !there[s.CompositeID] }))
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
		var read []ReadingRow
		if err := tx.NewSelect().Model(&read).Where("sha256 IN (?)", bun.In(some)).Order("sha256", "reader").Scan(ctx); err != nil {
			return err
		}
		rows.Contents, rows.Measurements = append(rows.Contents, contents...), append(rows.Measurements, measured...)
		rows.Readings = append(rows.Readings, read...)
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
// as it is, so that it can be done twice. Files that were not checked, or were to be read, get their jobs.
func (r *Records) ImportFilings(ctx context.Context, plain FilingRows) error {
	rows, err := r.sealRows(plain)
	if err != nil {
		return fmt.Errorf("import filings: %w", err)
	}
	err = r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := insertNew(ctx, tx, rows.Filings); err != nil {
			return err
		}
		contents := slices.Clone(rows.Contents)
		slices.SortFunc(contents, func(a, b ContentRow) int { return cmp.Compare(a.SHA256, b.SHA256) }) // one order for all who lock them
		if err := insertNew(ctx, tx, contents); err != nil {
			return err
		}
		var waiting, unread []string
		materials := slices.Clone(rows.Materials)
		for i := range materials {
			if materials[i].ReadingJob != 0 && materials[i].State == filing.MaterialChecked {
				unread = append(unread, materials[i].ID)
			}
			materials[i].JobID, materials[i].ReadingJob = 0, 0 // of other records
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
		if err := insertNew(ctx, tx, rows.Readings); err != nil {
			return err
		}
		bands, err := bandsOf(rows.Measurements)
		if err != nil {
			return err
		}
		if err := insertNew(ctx, tx, bands); err != nil {
			return err
		}
		if err := insertNew(ctx, tx, rows.Checks); err != nil {
			return err
		}
		if err := insertNew(ctx, tx, rows.Verdicts); err != nil {
			return err
		}
		if err := insertNew(ctx, tx, rows.Keys); err != nil {
			return err
		}
		if err := insertNew(ctx, tx, rows.Reviews); err != nil {
			return err
		}
		if err := insertNew(ctx, tx, rows.Decisions); err != nil {
			return err
		}
		if err := importComposites(ctx, tx, &rows); err != nil {
			return err
		}
		if err := r.enqueueImported(ctx, tx, waiting); err != nil {
			return err
		}
		for _, id := range unread {
			if err := r.enqueueReading(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
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
