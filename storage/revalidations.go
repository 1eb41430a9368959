package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/preflight-icp/preflight/filing"
)

// Verdict is the verdict on a filing as a revalidation keeps it (备案结论), under everything that it depends on.
type Verdict struct {
	bun.BaseModel `bun:"table:verdicts,alias:v"`

	FilingID string `bun:"filing_id,pk"`
	// Revision and Files say which facts and which files were judged; a filing that has others was not judged since. After a hyphen
	// Files says by what the pairs among them were.
	Revision int64  `bun:"revision"`
	Files    string `bun:"files"`
	// Rules, ChecksVersion and Analyzer are what judged and measured; AsOf is the date on which terms were judged.
	Rules         string `bun:"rules"`
	ChecksVersion string `bun:"checks_version"`
	Analyzer      string `bun:"analyzer"`
	AsOf          string `bun:"as_of"`

	// Reader is what read; empty where nothing was.
	Reader string `bun:"reader"`

	Verdict filing.Verdict `bun:"verdict"`
	// Items are the lines of the verdict, sorted and joined by newlines: codes, never a name.
	Items    string    `bun:"items"`
	JudgedAt time.Time `bun:"judged_at"`
}

// States of a Revalidation. RevalidationRunning: somebody works on it, or will, or has died and will be followed.
const (
	RevalidationRunning = "running"
	RevalidationStopped = "stopped"
	RevalidationDone    = "done"
	RevalidationFailed  = "failed"
)

// Revalidation is one pass over the stored filings (重新审核任务): what is judged again and by what, how far it has come, and
// what it found.
type Revalidation struct {
	bun.BaseModel `bun:"table:revalidations,alias:rv"`

	ID          string `bun:"id,pk"`
	RequestedBy string `bun:"requested_by"`
	// Organization is whose filings are judged; the empty one, the installation's own, judges those of all.
	Organization string `bun:"organization"`
	// Night is the day of the schedule that the pass is made for; empty for one that somebody asked for.
	Night string `bun:"night"`
	State string `bun:"state"`
	// DryRun: nothing but this record is written.
	DryRun bool `bun:"dry_run"`
	// Remeasure: files that another version of the analyzer measured are measured again.
	Remeasure bool `bun:"remeasure"`
	// Rules is the set that judges; Baseline the one that filings without a kept verdict are held to have been judged by.
	Rules    string `bun:"rules"`
	Baseline string `bun:"baseline"`
	// Today is the day on which the pass began; AsOf, where it is not empty, the day that is judged in its place, of every
	// filing.
	Today string `bun:"today"`
	AsOf  string `bun:"as_of"`
	// Province, FilingState and Since narrow the filings; empty and nil are all. Since looks at when a filing was opened.
	Province    string     `bun:"province"`
	FilingState string     `bun:"filing_state"`
	Since       *time.Time `bun:"since"`
	// Total is how many filings there were to look at when it began, those of other provinces included.
	Total int64 `bun:"total"`
	// Position is the id of the last filing that is done; all before it are done too.
	Position string `bun:"position"`
	// Seen counts the filings passed by, Judged those that were judged, Changed those whose verdict or items changed,
	// First those that had no kept verdict, Restated those of which only the clauses or versions changed, Files the files
	// whose findings changed, Measured the files that were measured again.
	Seen     int64 `bun:"seen"`
	Judged   int64 `bun:"judged"`
	Changed  int64 `bun:"changed"`
	First    int64 `bun:"first"`
	Restated int64 `bun:"restated"`
	Files    int64 `bun:"files"`
	Measured int64 `bun:"measured"`
	// Reread counts the files that were read, or read again.
	Reread int64 `bun:"reread"`
	// Unreadable counts the filings whose facts cannot be read.
	Unreadable int64 `bun:"unreadable"`
	// Summary is JSON that the pipeline keeps with the position.
	Summary []byte `bun:"summary"`
	// Failure says why it failed.
	Failure string `bun:"failure"`
	// Worker holds the lease until LeaseUntil.
	Worker     string     `bun:"worker"`
	LeaseUntil *time.Time `bun:"lease_until"`
	CreatedAt  time.Time  `bun:"created_at"`
	UpdatedAt  time.Time  `bun:"updated_at"`
	FinishedAt *time.Time `bun:"finished_at"`
}

// RevalidationChange is one filing whose verdict a pass changed, or would change.
type RevalidationChange struct {
	bun.BaseModel `bun:"table:revalidation_changes,alias:rc"`

	RevalidationID string         `bun:"revalidation_id,pk"`
	FilingID       string         `bun:"filing_id,pk"`
	Province       string         `bun:"province"`
	Before         filing.Verdict `bun:"before"`
	After          filing.Verdict `bun:"after"`
	// Detail is JSON of the pipeline's.
	Detail []byte `bun:"detail"`
	// Organization is the filing's, for whoever is told; it is not kept.
	Organization string `bun:"-"`
}

// CreateRevalidation records a pass that is to be made, at its beginning, and counts what there is to look at. Where one
// was recorded for the same night already, the answer is ErrConflict.
func (r *Records) CreateRevalidation(ctx context.Context, v Revalidation) (Revalidation, error) {
	id, err := newID()
	if err != nil {
		return Revalidation{}, err
	}
	if v.Night != "" { // counting a million filings to find out that it is done would cost each process a second
		made, err := r.read.NewSelect().Model((*Revalidation)(nil)).Where("night = ?", v.Night).Exists(ctx)
		if err != nil {
			return Revalidation{}, fmt.Errorf("create revalidation: %w", r.classify(err))
		}
		if made {
			return Revalidation{}, fmt.Errorf("create revalidation: of the night %s there is one: %w", v.Night, ErrConflict)
		}
	}
	count := r.read.NewSelect().Model((*Filing)(nil))
	if v.Organization != "" {
		count = count.Where("organization = ?", v.Organization)
	}
	if v.FilingState != "" {
		count = count.Where("state = ?", v.FilingState)
	}
	if v.Since != nil {
		since := v.Since.UTC().Truncate(time.Microsecond)
		v.Since, count = &since, count.Where("created_at >= ?", since)
	}
	total, err := count.Count(ctx)
	if err != nil {
		return Revalidation{}, fmt.Errorf("count filings: %w", r.classify(err))
	}
	v.ID, v.State, v.Total, v.CreatedAt = id, RevalidationRunning, int64(total), r.now()
	v.UpdatedAt = v.CreatedAt
	if v.Summary == nil {
		v.Summary = []byte{}
	}
	result, err := r.db.NewInsert().Model(&v).On("CONFLICT (night) WHERE night <> '' DO NOTHING").Exec(ctx)
	if err == nil {
		var n int64
		if n, err = result.RowsAffected(); err == nil && n == 0 {
			err = fmt.Errorf("of the night %s there is one: %w", v.Night, ErrConflict)
		}
	}
	if err != nil {
		return Revalidation{}, fmt.Errorf("create revalidation: %w", r.classify(err))
	}
	return v, nil
}

// Revalidation returns a pass.
func (r *Records) Revalidation(ctx context.Context, id string) (Revalidation, error) {
	var v Revalidation
	if err := r.read.NewSelect().Model(&v).Where("id = ?", id).Scan(ctx); err != nil {
		return Revalidation{}, fmt.Errorf("revalidation %s: %w", printable(id), r.classify(err))
	}
	return v, nil
}

// Revalidations returns the newest passes, newest first, at most limit; with states only those in one of them.
func (r *Records) Revalidations(ctx context.Context, limit int, states ...string) ([]Revalidation, error) {
	return r.newestRevalidations(ctx, limit, func(query *bun.SelectQuery) *bun.SelectQuery {
		if len(states) > 0 {
			query = query.Where("state IN (?)", bun.In(states))
		}
		return query
	})
}

// RevalidationsOf returns an organization's newest passes, newest first, at most limit.
func (r *Records) RevalidationsOf(ctx context.Context, organization string, limit int) ([]Revalidation, error) {
	return r.newestRevalidations(ctx, limit, func(query *bun.SelectQuery) *bun.SelectQuery {
		return query.Where("organization = ?", organization)
	})
}

func (r *Records) newestRevalidations(ctx context.Context, limit int, which func(*bun.SelectQuery) *bun.SelectQuery) ([]Revalidation, error) {
	list := []Revalidation{}
	if err := which(r.read.NewSelect().Model(&list).Order("id DESC").Limit(limit)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list revalidations: %w", r.classify(err))
	}
	return list, nil
}

// ClaimRevalidation takes the lease of a pass that is running or stopped, which is running from then on. While another
// worker holds it, and once the pass is over, the answer is ErrConflict.
func (r *Records) ClaimRevalidation(ctx context.Context, id, worker string, lease time.Duration) (Revalidation, error) {
	var v Revalidation
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		v = Revalidation{}
		if err := r.lock(tx.NewSelect().Model(&v).Where("id = ?", id)).Scan(ctx); err != nil {
			return err
		}
		now := r.now()
		switch {
		case v.State != RevalidationRunning && v.State != RevalidationStopped:
			return fmt.Errorf("it is %s: %w", v.State, ErrConflict)
		case v.LeaseUntil != nil && v.LeaseUntil.After(now) && v.Worker != worker:
			return fmt.Errorf("another worker has it: %w", ErrConflict)
		}
		until := now.Add(lease)
		v.State, v.Worker, v.LeaseUntil, v.UpdatedAt = RevalidationRunning, worker, &until, now
		_, err := tx.NewUpdate().Model(&v).Column("state", "worker", "lease_until", "updated_at").WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return Revalidation{}, fmt.Errorf("claim revalidation %s: %w", printable(id), err)
	}
	return v, nil
}

// FreeRevalidation returns the oldest running pass on which nobody works, or ErrNotFound.
func (r *Records) FreeRevalidation(ctx context.Context) (Revalidation, error) {
	var v Revalidation
	err := r.read.NewSelect().Model(&v).Where("state = ?", RevalidationRunning).
		Where("lease_until IS NULL OR lease_until <= ?", r.now()).Order("id").Limit(1).Scan(ctx)
	if err != nil {
		return Revalidation{}, fmt.Errorf("free revalidation: %w", r.classify(err))
	}
	return v, nil
}

// EndRevalidation stops, fails or resumes a pass: a worker finds out when it next saves. One that is over already is
// ErrConflict. With a worker, only that one's own pass is ended.
func (r *Records) EndRevalidation(ctx context.Context, id, worker, state, failure string) (Revalidation, error) {
	var v Revalidation
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		v = Revalidation{}
		if err := r.lock(tx.NewSelect().Model(&v).Where("id = ?", id)).Scan(ctx); err != nil {
			return err
		}
		if v.State == RevalidationDone || v.State == RevalidationFailed && state != RevalidationRunning {
			return fmt.Errorf("it is %s: %w", v.State, ErrConflict)
		}
		if worker != "" && v.Worker != worker {
			return fmt.Errorf("another worker has it: %w", ErrConflict)
		}
		v.State, v.Failure, v.Worker, v.LeaseUntil, v.UpdatedAt = state, failure, "", nil, r.now()
		_, err := tx.NewUpdate().Model(&v).Column("state", "failure", "worker", "lease_until", "updated_at").WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return Revalidation{}, fmt.Errorf("end revalidation %s: %w", printable(id), err)
	}
	return v, nil
}

// JudgedBatch is a stretch of a pass that is done.
type JudgedBatch struct {
	// Pass is the pass with its new position and counts; From is the position that they follow.
	Pass Revalidation
	From string
	// Lease is how long the worker keeps the pass from now on; 0 gives it back.
	Lease time.Duration
	// Verdicts and Checks are what changed. Checks that were saved after their CheckedAt stay as they are, and so does
	// what was deleted meanwhile.
	Verdicts []Verdict
	Checks   []Check
	// Unread are files that are to be read and were not: each gets a job, unless it has one.
	Unread []string
	// Changes are told to people.
	Changes []RevalidationChange
	// Notices are told to receivers, in their order; it is called only where there is one, and may be called again.
	Notices func() ([]Notice, error)
}

// saveRows bounds how many rows one statement writes.
const saveRows = 500

// SaveJudged keeps what a stretch of a pass changed, and the pass's new position, in one transaction: after a crash
// nothing is judged twice in the record, and nothing is left out. Where the pass was stopped, taken over, or is at another
// position, nothing is written: ErrConflict.
func (r *Records) SaveJudged(ctx context.Context, b JudgedBatch) error {
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var v Revalidation
		if err := r.lock(tx.NewSelect().Model(&v).Column("id", "state", "worker", "position").Where("id = ?", b.Pass.ID)).Scan(ctx); err != nil {
			return err
		}
		if v.State != RevalidationRunning || v.Worker != b.Pass.Worker || v.Position != b.From {
			return fmt.Errorf("it is %s, or another worker has it: %w", v.State, ErrConflict)
		}
		if err := r.saveVerdicts(ctx, tx, b.Verdicts); err != nil {
			return err
		}
		if err := r.saveJudgedChecks(ctx, tx, b.Checks); err != nil {
			return err
		}
		if err := r.enqueueUnread(ctx, tx, b.Unread); err != nil {
			return err
		}
		for rows := range slices.Chunk(b.Changes, saveRows) {
			if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
				return err
			}
		}
		if err := r.notify(ctx, tx, b.Notices); err != nil {
			return err
		}
		pass := b.Pass
		pass.UpdatedAt = r.now()
		pass.LeaseUntil = nil
		if b.Lease > 0 {
			until := pass.UpdatedAt.Add(b.Lease)
			pass.LeaseUntil = &until
		}
		if pass.State == RevalidationDone {
			pass.FinishedAt, pass.Worker = &pass.UpdatedAt, ""
		}
		_, err := tx.NewUpdate().Model(&pass).Column("state", "position", "seen", "judged", "changed", "first", "restated", "files",
			"measured", "reread", "unreadable", "summary", "worker", "lease_until", "updated_at", "finished_at").WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("save revalidation %s: %w", printable(b.Pass.ID), err)
	}
	return nil
}

// hold locks those of the rows that are still there against being deleted, and returns their ids.
func (r *Records) hold(ctx context.Context, tx bun.Tx, table string, ids []string) (map[string]bool, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids) // one order for all who lock them
	query := tx.NewSelect().Table(table).Column("id").Where("id IN (?)", bun.In(ids)).Order("id")
	if r.engine.name == postgresEngine {
		query = query.For("KEY SHARE")
	}
	var there []string
	if err := query.Scan(ctx, &there); err != nil {
		return nil, err
	}
	held := make(map[string]bool, len(there))
	for _, id := range there {
		held[id] = true
	}
	return held, nil
}

func (r *Records) saveVerdicts(ctx context.Context, tx bun.Tx, verdicts []Verdict) error {
	for rows := range slices.Chunk(verdicts, saveRows) {
		ids := make([]string, len(rows))
		for i := range rows {
			ids[i] = rows[i].FilingID
		}
		held, err := r.hold(ctx, tx, "filings", ids)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(slices.Clone(rows), func(v Verdict) bool { return !held[v.FilingID] })
		if len(rows) == 0 {
			continue
		}
		_, err = tx.NewInsert().Model(&rows).On("CONFLICT (filing_id) DO UPDATE").
			Set("revision = EXCLUDED.revision, files = EXCLUDED.files, rules = EXCLUDED.rules").
			Set("checks_version = EXCLUDED.checks_version, analyzer = EXCLUDED.analyzer, as_of = EXCLUDED.as_of").
			Set("reader = EXCLUDED.reader").
			Set("verdict = EXCLUDED.verdict, items = EXCLUDED.items, judged_at = EXCLUDED.judged_at").Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Records) saveJudgedChecks(ctx context.Context, tx bun.Tx, checks []Check) error {
	for rows := range slices.Chunk(checks, saveRows) {
		ids := make([]string, len(rows))
		for i := range rows {
			ids[i] = rows[i].MaterialID
		}
		held, err := r.hold(ctx, tx, "materials", ids)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(slices.Clone(rows), func(c Check) bool { return !held[c.MaterialID] })
		if len(rows) == 0 {
			continue
		}
		for i := range rows {
			if rows[i], err = r.sealCheck(rows[i]); err != nil {
				return err
			}
			rows[i].CheckedAt = rows[i].CheckedAt.UTC().Truncate(time.Microsecond)
		}
		_, err = tx.NewInsert().Model(&rows).On("CONFLICT (material_id) DO UPDATE").
			Set("verdict = EXCLUDED.verdict, findings = EXCLUDED.findings, analyzer = EXCLUDED.analyzer").
			Set("checks_version = EXCLUDED.checks_version, rules = EXCLUDED.rules, as_of = EXCLUDED.as_of").
			Set("checked_at = EXCLUDED.checked_at, basis = EXCLUDED.basis, duplicates = EXCLUDED.duplicates").
			Set("reader = EXCLUDED.reader, holds_from = EXCLUDED.holds_from, holds_until = EXCLUDED.holds_until").
			Set("parts = EXCLUDED.parts").
			Where("ch.checked_at <= EXCLUDED.checked_at").Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// RevalidationChanges returns up to limit changes of a pass in the order of the filings' ids, after the id after.
func (r *Records) RevalidationChanges(ctx context.Context, id, after string, limit int) ([]RevalidationChange, error) {
	list := []RevalidationChange{}
	if err := r.read.NewSelect().Model(&list).Where("revalidation_id = ? AND filing_id > ?", id, after).
		Order("filing_id").Limit(limit).Scan(ctx); err != nil {
		return nil, fmt.Errorf("changes of revalidation %s: %w", printable(id), r.classify(err))
	}
	return list, nil
}

// PurgeRevalidations forgets passes that are over, or stopped, and were not touched since a time, with their changes, and
// returns how many there were. The verdicts stay.
func (r *Records) PurgeRevalidations(ctx context.Context, before time.Time) (int64, error) {
	result, err := r.db.NewDelete().Model((*Revalidation)(nil)).Where("state <> ?", RevalidationRunning).
		Where("updated_at < ?", before.UTC().Truncate(time.Microsecond)).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("purge revalidations: %w", r.classify(err))
	}
	return result.RowsAffected()
}

// KeptVerdict returns the verdict that the last revalidation kept of a filing, or ErrNotFound.
func (r *Records) KeptVerdict(ctx context.Context, filingID string) (Verdict, error) {
	var v Verdict
	if err := r.read.NewSelect().Model(&v).Where("filing_id = ?", filingID).Scan(ctx); err != nil {
		return Verdict{}, fmt.Errorf("verdict on filing %s: %w", printable(filingID), r.classify(err))
	}
	return v, nil
}

// FilingToJudge is what a revalidation reads of a filing.
type FilingToJudge struct {
	ID       string
	Facts    []byte
	Revision int64
	// Organization is whose filing it is.
	Organization string
	// Kept is the verdict that is kept of it; its Rules are empty where there is none. JudgedAt is not read.
	Kept Verdict
}

// FilingsToJudge returns up to limit filings of a pass's scope in the order of their ids, after the id after. Its province
// is not looked at: that is a fact.
func (r *Records) FilingsToJudge(ctx context.Context, pass *Revalidation, after string, limit int) ([]FilingToJudge, error) {
	// The page comes first and its verdicts are looked up: joined as a whole, a planner that knows of many verdicts merges them
	// from the first one on, and each page costs more than the one before.
	page, args := "SELECT id, facts, revision, organization FROM filings WHERE id > ?", []any{after}
	if pass.Organization != "" {
		page, args = page+" AND organization = ?", append(args, pass.Organization)
	}
	if pass.FilingState != "" {
		page, args = page+" AND state = ?", append(args, pass.FilingState)
	}
	if pass.Since != nil {
		page, args = page+" AND created_at >= ?", append(args, *pass.Since)
	}
	rows, err := r.read.QueryContext(ctx, "SELECT f.id, f.facts, f.revision, f.organization, v.revision, v.files, v.rules, v.checks_version, v.analyzer, "+
		"v.as_of, v.verdict, v.items FROM ("+page+" ORDER BY id LIMIT ?) AS f LEFT JOIN verdicts AS v ON v.filing_id = f.id "+
		"AND v.filing_id > ? ORDER BY f.id", append(args, limit, after)...)
	if err != nil {
		return nil, fmt.Errorf("filings to judge: %w", r.classify(err))
	}
	list := make([]FilingToJudge, 0, limit)
	var revision sql.NullInt64
	var files, rules, checks, analyzer, asOf, verdict, items sql.NullString
	err = each(rows, func() error {
		var f FilingToJudge
		if err := rows.Scan(&f.ID, &f.Facts, &f.Revision, &f.Organization, &revision, &files, &rules, &checks, &analyzer, &asOf, &verdict, &items); err != nil {
			return err
		}
		if err := r.openInto(factsColumn(), &f.Facts, f.ID); err != nil {
			return err
		}
		f.Kept = Verdict{
			FilingID: f.ID, Revision: revision.Int64, Files: files.String, Rules: rules.String, ChecksVersion: checks.String,
			Analyzer: analyzer.String, AsOf: asOf.String, Verdict: filing.Verdict(verdict.String), Items: items.String,
		}
		list = append(list, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("filings to judge: %w", r.classify(err))
	}
	return list, nil
}

// each visits every row and closes them.
func each(rows *sql.Rows, visit func() error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := visit(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// FileToJudge is what a revalidation reads of a current file: as declared, and how it was judged last.
type FileToJudge struct {
	ID, FilingID, SHA256 string
	Declared             filing.Declared
	Extension, State     string
	// Verdict, Analyzer and Basis are those of its check; empty while it was not checked.
	Verdict         filing.Verdict
	Analyzer, Basis string
	// Reader, HoldsFrom and HoldsUntil are those of its check too.
	Reader, HoldsFrom, HoldsUntil string
	// Parts is Check.Parts.
	Parts string
}

// FilesToJudge returns the current files of these filings, which are in the order of their ids, filing by filing. dense
// says that they are all, or nearly all, of those between the first and the last: then files are read from one to the
// other and not filing by filing, and may be of others too.
func (r *Records) FilesToJudge(ctx context.Context, filings []string, dense bool) ([]FileToJudge, error) {
	if len(filings) == 0 {
		return nil, nil
	}
	query := "SELECT m.filing_id, m.id, m.sha256, m.material, m.page, m.of_whom, m.extension, m.state, c.verdict, c.analyzer, c.basis, " +
		"c.reader, c.holds_from, c.holds_until, c.parts " +
		"FROM materials AS m LEFT JOIN checks AS c ON c.material_id = m.id WHERE "
	var args []any
	if dense {
		query, args = query+"m.filing_id >= ? AND m.filing_id <= ?", []any{filings[0], filings[len(filings)-1]}
	} else {
		query, args = query+"m.filing_id IN (?)", []any{bun.In(filings)}
	}
	rows, err := r.read.QueryContext(ctx, query+" AND m.state <> ? ORDER BY m.filing_id, m.id", append(args, filing.MaterialReplaced)...)
	if err != nil {
		return nil, fmt.Errorf("files to judge: %w", r.classify(err))
	}
	list := make([]FileToJudge, 0, 8*len(filings))
	var verdict, analyzer, basis, reader, from, until, parts sql.NullString
	err = each(rows, func() error {
		var f FileToJudge
		if err := rows.Scan(&f.FilingID, &f.ID, &f.SHA256, &f.Declared.Material, &f.Declared.Page, &f.Declared.Of, &f.Extension, &f.State,
			&verdict, &analyzer, &basis, &reader, &from, &until, &parts); err != nil {
			return err
		}
		f.Reader, f.HoldsFrom, f.HoldsUntil, f.Parts = reader.String, from.String, until.String, parts.String
		f.Verdict, f.Analyzer, f.Basis = filing.Verdict(verdict.String), analyzer.String, basis.String
		list = append(list, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("files to judge: %w", r.classify(err))
	}
	return list, nil
}

// Evidence is what judging a file again rests on.
type Evidence struct {
	// Findings and Duplicates are those of its check.
	Findings, Duplicates []byte
	// Analyzer is the version that made Measurements; both are empty where nothing is kept of the content.
	Analyzer     string
	Measurements []byte
	// Reader is the version that made Reading; both are empty where nothing was read.
	Reader  string
	Reading []byte
}

// Evidence returns what is kept of these files' checks, measurements and readings: those that the analyzer and the reader of these
// versions made, else those that the check was made by. Files that were not checked are left out.
func (r *Records) Evidence(ctx context.Context, materials []string, analyzer, reader string) (map[string]Evidence, error) {
	found := make(map[string]Evidence, len(materials))
	for ids := range slices.Chunk(materials, saveRows) {
		rows, err := r.read.QueryContext(ctx, "SELECT c.material_id, c.findings, c.duplicates, m.sha256, me.analyzer, me.data, re.reader, re.data "+
			"FROM checks AS c JOIN materials AS m ON m.id = c.material_id "+
			"LEFT JOIN measurements AS me ON me.sha256 = m.sha256 AND (me.analyzer = ? OR me.analyzer = c.analyzer) "+
			"LEFT JOIN readings AS re ON re.sha256 = m.sha256 AND (re.reader = ? OR re.reader = c.reader) "+
			"WHERE c.material_id IN (?)", analyzer, reader, bun.In(ids))
		if err != nil {
			return nil, fmt.Errorf("evidence: %w", r.classify(err))
		}
		err = each(rows, func() error {
			var id, sum string
			var e Evidence
			var measured, read sql.NullString
			if err := rows.Scan(&id, &e.Findings, &e.Duplicates, &sum, &measured, &e.Measurements, &read, &e.Reading); err != nil {
				return err
			}
			e.Analyzer, e.Reader = measured.String, read.String
			err := errors.Join(r.openInto(findingsColumn(), &e.Findings, id), r.openInto(duplicatesColumn(), &e.Duplicates, id),
				r.openInto(measuredColumn(), &e.Measurements, sum, e.Analyzer), r.openInto(readingColumn(), &e.Reading, sum, e.Reader))
			if err != nil {
				return err
			}
			if earlier, ok := found[id]; ok {
				// A row for each version of either: of each the one that was asked for.
				if earlier.Analyzer == analyzer {
					e.Analyzer, e.Measurements = earlier.Analyzer, earlier.Measurements
				}
				if earlier.Reader == reader {
					e.Reader, e.Reading = earlier.Reader, earlier.Reading
				}
			}
			found[id] = e
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("evidence: %w", r.classify(err))
		}
	}
	return found, nil
}
