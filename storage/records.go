package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/uptrace/bun"

	"github.com/preflight-icp/preflight/filing"
)

// Records keeps what is known about filings in SQL (记录): SQLite by default, PostgreSQL by URL, by one code path and one
// conformance suite. OpenRecords opens it.
//
// Every method is one transaction, durable when it returns; all may be called from many goroutines, and on PostgreSQL
// from many processes. Ids are UUIDv7 in text, so they sort by time. Times are UTC, truncated to microseconds, which is
// what PostgreSQL keeps. An id that does not exist is ErrNotFound.
//
// Facts, measurements and findings come back byte for byte. With RecordsOptions.Keys they are encrypted before they leave this
// process: see place.
type Records struct {
	// db takes writes and what must see them; read takes what may see the last committed state. On PostgreSQL they are
	// one; SQLite has one writer and many readers.
	db, read *bun.DB
	engine   engine
	options  RecordsOptions
	jobs     jobInserter
	worked   *workerMetrics
	signing  signing
	auditing auditing
	turns    turns
	// waited observes how long writers waited for their turn, once the database is open.
	waited prometheus.Observer
	// worker is the one that this process has started, nil before and after.
	worker atomic.Pointer[Worker]
}

// Filing is an ICP filing (备案).
type Filing struct {
	bun.BaseModel `bun:"table:filings,alias:f"`

	ID string `bun:"id,pk"`
	// Owner is the principal that the filing belongs to, in its Organization; the empty one is the installation's own.
	Owner        string `bun:"owner"`
	Organization string `bun:"organization"`
	// Facts is the JSON of the facts as they were given.
	Facts []byte `bun:"facts"`
	// Revision is 1 at first and grows by 1 with every change of the facts.
	Revision int64 `bun:"revision"`
	// State is FilingOpen, FilingSubmitted, FilingReturned or FilingAccepted.
	State     string    `bun:"state"`
	CreatedAt time.Time `bun:"created_at"`
	UpdatedAt time.Time `bun:"updated_at"`
}

// FilingOpen is the state of a filing that is being prepared.
const FilingOpen = "open"

// contentRow is what is known of a stored object (内容), one row for each.
type contentRow struct {
	bun.BaseModel `bun:"table:contents,alias:c"`

	SHA256    string        `bun:"sha256,pk"`
	Bytes     int64         `bun:"bytes"`
	Format    filing.Format `bun:"format"`
	CreatedAt time.Time     `bun:"created_at"`
}

// Material is an uploaded file of a filing (资料), with what is known of its content. Its name is never kept: people put
// names and numbers into names.
type Material struct {
	bun.BaseModel `bun:"table:materials,alias:m"`

	ID       string `bun:"id,pk"`
	FilingID string `bun:"filing_id"`
	// SHA256 names the content, 64 hex digits.
	SHA256 string `bun:"sha256"`
	// Material, Page and Of are what was declared; each may be empty.
	Material string      `bun:"material"`
	Page     filing.Page `bun:"page"`
	Of       string      `bun:"of_whom"`
	// Extension is that of the uploaded file's name, lower case with its dot, or empty.
	Extension string `bun:"extension"`
	// State is filing.MaterialStored, MaterialChecked or MaterialReplaced.
	State      string    `bun:"state"`
	UploadedAt time.Time `bun:"uploaded_at"`
	// ReplacedBy is the id of the newer file for the same page, MadeFrom that of the file which the service repaired.
	ReplacedBy string `bun:"replaced_by"`
	MadeFrom   string `bun:"made_from"`
	// Bytes and Format are those of the content.
	Bytes  int64         `bun:"bytes,scanonly"`
	Format filing.Format `bun:"format,scanonly"`

	// JobID is the job that checks it, ReadingJob the one that reads it; 0 where there is none.
	JobID      int64 `bun:"job_id"`
	ReadingJob int64 `bun:"reading_job"`
}

// Upload is what RecordUpload records of an uploaded file.
type Upload struct {
	FilingID string
	// Principal is who uploads. Owner, where it is not empty, must be the filing's owner, else the filing counts as not
	// found.
	Principal, Owner string
	// Key is the Idempotency-Key of the request, or empty.
	Key string
	// Sum, Bytes and Format are those of the file, which is stored already.
	Sum    Digest
	Bytes  int64
	Format filing.Format
	// Declared is what the file is said to show.
	Declared filing.Declared
	// Extension and MadeFrom are those of Material.
	Extension, MadeFrom string
}

// Uploaded is the answer of RecordUpload.
type Uploaded struct {
	Material Material
	// Existing: the material was there before: the same idempotency key, or the same bytes for the same page.
	Existing bool
	// Replaced is the id of the material that this one took the place of, or empty.
	Replaced string
}

type uploadKeyRow struct {
	bun.BaseModel `bun:"table:upload_keys,alias:k"`

	Principal   string    `bun:"principal,pk"`
	FilingID    string    `bun:"filing_id,pk"`
	Key         string    `bun:"key,pk"`
	Fingerprint string    `bun:"fingerprint"`
	MaterialID  string    `bun:"material_id"`
	CreatedAt   time.Time `bun:"created_at"`
}

// Check is the verdict on a material (检查结果) and what it rests on.
type Check struct {
	bun.BaseModel `bun:"table:checks,alias:ch"`

	MaterialID string         `bun:"material_id,pk"`
	Verdict    filing.Verdict `bun:"verdict"`
	// Findings is the JSON of the findings.
	Findings []byte `bun:"findings"`
	// Analyzer, ChecksVersion and Rules are the versions that judged; AsOf the date on which terms were judged.
	Analyzer      string    `bun:"analyzer"`
	ChecksVersion string    `bun:"checks_version"`
	Rules         string    `bun:"rules"`
	AsOf          string    `bun:"as_of"`
	CheckedAt     time.Time `bun:"checked_at"`
	// ElapsedMS is how long measuring and judging took, in milliseconds.
	ElapsedMS float64 `bun:"elapsed_ms"`
	// Basis names all that the file was judged by besides its measurements: judging by the same again gives the same.
	// Empty: it is not known.
	Basis string `bun:"basis"`
	// Reader is the version whose reading it was judged by; empty where it was judged without one.
	Reader string `bun:"reader"`
	// HoldsFrom and HoldsUntil are the days, both included, between which judging by the same gives the same; empty: there is no bound.
	HoldsFrom  string `bun:"holds_from"`
	HoldsUntil string `bun:"holds_until"`
	// Duplicates is the JSON of the other files that held the same picture then; empty where there was none.
	Duplicates []byte `bun:"duplicates"`
	// Parts is the JSON of what each part of a stitched picture was recognized as ([]filing.PartReport without text); empty for a photo
	// of one document.
	Parts string `bun:"parts"`
}

// ErrDeleting is the answer while a content's objects are about to be deleted, since nothing referred to them.
// FinishDeletion, then store the content and record it again.
var ErrDeleting = errors.New("content is being deleted")

// CreateFiling makes a filing of the owner's with these facts, at revision 1, in the installation's own organization.
func (r *Records) CreateFiling(ctx context.Context, owner string, given []byte) (Filing, error) {
	return r.CreateFilingIn(ctx, "", owner, given)
}

// CreateFilingIn makes a filing in an organization.
func (r *Records) CreateFilingIn(ctx context.Context, organization, owner string, given []byte) (Filing, error) {
	id, err := newID()
	if err != nil {
		return Filing{}, err
	}
	now := r.now()
	f := Filing{ID: id, Owner: owner, Organization: organization, Revision: 1, State: FilingOpen, CreatedAt: now, UpdatedAt: now}
	if f.Facts, err = r.seal(factsColumn(), given, id); err != nil {
		return Filing{}, err
	}
	if _, err := r.db.NewInsert().Model(&f).Exec(ctx); err != nil {
		return Filing{}, fmt.Errorf("create filing: %w", r.classify(err))
	}
	f.Facts = given
	return f, nil
}

// Filing returns a filing.
func (r *Records) Filing(ctx context.Context, id string) (Filing, error) {
	var f Filing
	if err := r.read.NewSelect().Model(&f).Where("id = ?", id).Scan(ctx); err != nil {
		return Filing{}, fmt.Errorf("filing %s: %w", printable(id), r.classify(err))
	}
	if err := r.openInto(factsColumn(), &f.Facts, f.ID); err != nil {
		return Filing{}, fmt.Errorf("filing %s: %w", printable(id), err)
	}
	return f, nil
}

// UpdateFiling replaces the facts if the revision is still ifRevision, else it answers ErrConflict. Of an accepted filing it
// is ErrFilingState.
func (r *Records) UpdateFiling(ctx context.Context, id string, ifRevision int64, given []byte) (Filing, error) {
	var f Filing
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		f = Filing{}
		if err := r.lock(tx.NewSelect().Model(&f).Where("id = ?", id)).Scan(ctx); err != nil {
			return err
		}
		if f.Revision != ifRevision {
			return fmt.Errorf("revision is %d: %w", f.Revision, ErrConflict)
		}
		if f.State == FilingAccepted {
			return ErrFilingState
		}
		sealed, err := r.seal(factsColumn(), given, id)
		if err != nil {
			return err
		}
		f.Facts, f.Revision, f.UpdatedAt = sealed, f.Revision+1, r.now()
		_, err = tx.NewUpdate().Model(&f).Column("facts", "revision", "updated_at").WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return Filing{}, fmt.Errorf("update filing %s: %w", printable(id), err)
	}
	f.Facts = given
	return f, nil
}

// ListFilings returns up to limit filings in the order of their ids, which is that of their making, after the id after
// ("" means from the first); of the owner's, or of all where owner is empty.
func (r *Records) ListFilings(ctx context.Context, owner, after string, limit int) ([]Filing, error) {
	filings := []Filing{}
	query := r.read.NewSelect().Model(&filings).Where("id > ?", after).Order("id").Limit(limit)
	if owner != "" {
		query = query.Where("owner = ?", owner)
	}
	if err := query.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list filings: %w", r.classify(err))
	}
	if err := r.openFilings(filings); err != nil {
		return nil, fmt.Errorf("list filings: %w", err)
	}
	return filings, nil
}

// DeleteFiling deletes a filing with its materials, checks, keys and jobs, and the measurements of contents that no
// material refers to any more. It returns those contents: their objects are still there, and are to be deleted under
// FinishDeletion. They are remembered until then, so that a crash in between forgets none: see Deletions.
func (r *Records) DeleteFiling(ctx context.Context, id string) ([]Digest, error) {
	orphans, _, err := r.DeleteFilingFor(ctx, id, Receipt{Reason: ReasonRequest})
	return orphans, err
}

// DeleteFilingFor is DeleteFiling with a receipt, of which RequestedBy and Reason are given.
func (r *Records) DeleteFilingFor(ctx context.Context, id string, re Receipt) ([]Digest, Receipt, error) {
	return r.deleteFor(ctx, "filing", id, re, func(ctx context.Context, tx bun.Tx, f *Filing) ([]Material, error) {
		if err := r.lock(tx.NewSelect().Model(f).Where("id = ?", id)).Scan(ctx); err != nil {
			return nil, err
		}
		var materials []Material
		if err := tx.NewSelect().Model(&materials).Where("filing_id = ?", id).Scan(ctx); err != nil {
			return nil, err
		}
		_, err := tx.NewDelete().Model(f).WherePK().Exec(ctx)
		return materials, err
	})
}

// DeleteMaterial deletes one material. The digests are as in DeleteFiling: at most one. What it had replaced stays
// replaced.
func (r *Records) DeleteMaterial(ctx context.Context, id string) ([]Digest, error) {
	orphans, _, err := r.DeleteMaterialFor(ctx, id, Receipt{Reason: ReasonRequest})
	return orphans, err
}

// DeleteMaterialFor is DeleteMaterial with a receipt, of which RequestedBy and Reason are given.
func (r *Records) DeleteMaterialFor(ctx context.Context, id string, re Receipt) ([]Digest, Receipt, error) {
	re.MaterialID = id
	return r.deleteFor(ctx, "material", id, re, func(ctx context.Context, tx bun.Tx, f *Filing) ([]Material, error) {
		var m Material
		if err := r.lock(tx.NewSelect().Model(&m).Where("id = ?", id)).Scan(ctx); err != nil {
			return nil, err
		}
		if err := tx.NewSelect().Model(f).Column("id", "owner", "organization", "state").Where("id = ?", m.FilingID).Scan(ctx); err != nil {
			return nil, err
		}
		_, err := tx.NewDelete().Model(&m).WherePK().Exec(ctx)
		return []Material{m}, err
	})
}

// deleteFor runs a deletion and what follows from it in one transaction, with its receipt.
func (r *Records) deleteFor(
	ctx context.Context, what, id string, re Receipt, remove func(ctx context.Context, tx bun.Tx, f *Filing) ([]Material, error),
) (orphans []Digest, _ Receipt, err error) {
	err = r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var f Filing
		materials, err := remove(ctx, tx, &f)
		if err != nil {
			return err
		}
		if orphans, err = r.afterDelete(ctx, tx, materials); err != nil {
			return err
		}
		return r.saveReceipt(ctx, tx, &re, &f, materials, orphans)
	})
	if err == nil && len(orphans) == 0 {
		err = r.finishReceipt(ctx, re.ID, "", 0)
	}
	if err != nil {
		return nil, Receipt{}, fmt.Errorf("delete %s %s: %w", what, printable(id), err)
	}
	return orphans, re, nil
}

// afterDelete removes what hung on deleted materials: their jobs, and contents that nothing refers to any more.
func (r *Records) afterDelete(ctx context.Context, tx bun.Tx, materials []Material) ([]Digest, error) {
	if len(materials) == 0 {
		return nil, nil
	}
	var jobs []int64
	var sums []string
	ids := make([]string, 0, len(materials))
	for _, m := range materials {
		ids = append(ids, m.ID)
		jobs = append(jobs, m.JobID, m.ReadingJob)
		sums = append(sums, m.SHA256)
	}
	if err := dropJobs(ctx, tx, jobs); err != nil {
		return nil, err
	}
	if err := dropComposites(ctx, tx, ids); err != nil {
		return nil, err
	}
	slices.Sort(sums) // one order for all who lock contents
	sums = slices.Compact(sums)

	var locked []contentRow
	if err := r.lock(tx.NewSelect().Model(&locked).Where("sha256 IN (?)", bun.In(sums)).Order("sha256")).Scan(ctx); err != nil {
		return nil, err
	}
	var orphans []contentRow
	if err := tx.NewSelect().Model(&orphans).Where("sha256 IN (?)", bun.In(sums)).
		Where("NOT EXISTS (SELECT 1 FROM materials AS m WHERE m.sha256 = c.sha256)").Order("sha256").Scan(ctx); err != nil {
		return nil, err
	}
	if len(orphans) == 0 {
		return nil, nil
	}
	digests := make([]Digest, len(orphans))
	gone := make([]string, len(orphans))
	rows := make([]deletionRow, len(orphans))
	now := r.now()
	for i, o := range orphans {
		d, err := ParseDigest(o.SHA256)
		if err != nil {
			return nil, err
		}
		digests[i], gone[i], rows[i] = d, o.SHA256, deletionRow{SHA256: o.SHA256, CreatedAt: now}
	}
	if err := dropBands(ctx, tx, gone); err != nil {
		return nil, err
	}
	if _, err := tx.NewDelete().Model((*contentRow)(nil)).Where("sha256 IN (?)", bun.In(gone)).Exec(ctx); err != nil {
		return nil, err
	}
	_, err := tx.NewInsert().Model(&rows).On("CONFLICT (sha256) DO NOTHING").Exec(ctx)
	return digests, err
}

type deletionRow struct {
	bun.BaseModel `bun:"table:deletions,alias:d"`

	SHA256    string    `bun:"sha256,pk"`
	CreatedAt time.Time `bun:"created_at"`
}

// Deletions returns up to limit digests whose objects are still to be deleted, oldest first: what a crash left behind.
func (r *Records) Deletions(ctx context.Context, limit int) ([]Digest, error) {
	var rows []deletionRow
	if err := r.read.NewSelect().Model(&rows).Order("created_at", "sha256").Limit(limit).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list deletions: %w", r.classify(err))
	}
	digests := make([]Digest, len(rows))
	for i, row := range rows {
		d, err := ParseDigest(row.SHA256)
		if err != nil {
			return nil, fmt.Errorf("list deletions: %w", err)
		}
		digests[i] = d
	}
	return digests, nil
}

// FinishDeletion calls remove, which deletes the objects of the digest, and then forgets the deletion. While remove runs
// nobody can record an upload of the same bytes, and it does not run at all where the deletion is finished already: so an
// object that somebody stored anew is never taken away. remove must not use these Records.
func (r *Records) FinishDeletion(ctx context.Context, sum Digest, remove func(ctx context.Context) error) error {
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var row deletionRow
		err := r.lock(tx.NewSelect().Model(&row).Where("sha256 = ?", sum.String())).Scan(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := remove(ctx); err != nil {
			return err
		}
		_, err = tx.NewDelete().Model(&row).WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete content %s: %w", sum, err)
	}
	return nil
}

// RecordUpload records an uploaded file, whose object must be stored already, in one transaction: the content, the
// material, its idempotency key, and the job that checks it after RecordsOptions.CheckAfter, in case the process that
// received it does not come to it. The material that was current for the same page becomes replaced, and needs no check
// any more.
//
// The same key again answers with the material that it made (Existing), whatever became of it; with another body or
// declaration it is ErrKeyReused. The same bytes for the same page as the current ones are the same material (Existing).
// Uploads to one filing take turns, so that of two equal ones at once exactly one makes a material.
//
// ErrDeleting: see there. ErrFilingState: the filing is accepted, and takes no file any more.
func (r *Records) RecordUpload(ctx context.Context, u Upload) (Uploaded, error) {
	var result Uploaded
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var err error
		result, err = r.recordUpload(ctx, tx, u)
		return err
	})
	if err != nil {
		return Uploaded{}, fmt.Errorf("record upload to filing %s: %w", printable(u.FilingID), err)
	}
	return result, nil
}

func (r *Records) recordUpload(ctx context.Context, tx bun.Tx, u Upload) (Uploaded, error) {
	var f Filing
	if err := r.lock(tx.NewSelect().Model(&f).Column("id", "owner", "state").Where("id = ?", u.FilingID)).Scan(ctx); err != nil {
		return Uploaded{}, err
	}
	if u.Owner != "" && u.Owner != f.Owner {
		return Uploaded{}, ErrNotFound // unknown and forbidden look alike
	}
	if f.State == FilingAccepted {
		return Uploaded{}, ErrFilingState
	}
	now := r.now()
	key := uploadKeyRow{Principal: u.Principal, FilingID: u.FilingID, Key: u.Key, Fingerprint: u.fingerprint(), CreatedAt: now}
	if u.Key != "" {
		earlier, found, err := r.uploadByKey(ctx, tx, key)
		if err != nil || found {
			return Uploaded{Material: earlier, Existing: true}, err
		}
	}

	content := contentRow{SHA256: u.Sum.String(), Bytes: u.Bytes, Format: u.Format, CreatedAt: now}
	if _, err := tx.NewInsert().Model(&content).On("CONFLICT (sha256) DO NOTHING").Exec(ctx); err != nil {
		return Uploaded{}, err
	}
	// After the insert, which waits for whoever is just taking the content's row away: before it, their deletion would
	// not be seen yet.
	deleting, err := tx.NewSelect().Model((*deletionRow)(nil)).Where("sha256 = ?", content.SHA256).Exists(ctx)
	if err != nil {
		return Uploaded{}, err
	}
	if deleting {
		return Uploaded{}, ErrDeleting
	}

	result, err := r.placeMaterial(ctx, tx, u, now)
	if err != nil {
		return Uploaded{}, err
	}
	if u.Key != "" {
		key.MaterialID = result.Material.ID
		if _, err := tx.NewInsert().Model(&key).Exec(ctx); err != nil {
			return Uploaded{}, err
		}
	}
	return result, nil
}

// uploadByKey finds what the idempotency key stands for, and drops it where it is too old to stand for anything.
func (r *Records) uploadByKey(ctx context.Context, tx bun.Tx, key uploadKeyRow) (Material, bool, error) {
	var earlier uploadKeyRow
	err := tx.NewSelect().Model(&earlier).
		Where("principal = ? AND filing_id = ? AND key = ?", key.Principal, key.FilingID, key.Key).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Material{}, false, nil
	case err != nil:
		return Material{}, false, err
	case earlier.CreatedAt.Before(key.CreatedAt.Add(-r.options.KeyTTL)):
		_, err := tx.NewDelete().Model(&earlier).WherePK().Exec(ctx)
		return Material{}, false, err
	case earlier.Fingerprint != key.Fingerprint:
		return Material{}, false, ErrKeyReused
	}
	m, err := materialByID(ctx, tx, earlier.MaterialID)
	return m, true, err
}

// placeMaterial puts the file in its place: it is the current one already, or it replaces that, or it is the first.
func (r *Records) placeMaterial(ctx context.Context, tx bun.Tx, u Upload, now time.Time) (Uploaded, error) {
	sum := u.Sum.String()
	var current []Material
	query := selectMaterials(tx).Model(&current).Where("m.filing_id = ? AND m.material = ? AND m.page = ? AND m.of_whom = ?",
		u.FilingID, u.Declared.Material, u.Declared.Page, u.Declared.Of).Where("m.state <> ?", filing.MaterialReplaced)
	if u.Declared.Material == "" {
		query = query.Where("m.sha256 = ?", sum)
	}
	if err := query.Scan(ctx); err != nil {
		return Uploaded{}, err
	}
	for _, m := range current {
		if m.SHA256 == sum {
			return Uploaded{Material: m, Existing: true}, nil
		}
	}
	id, err := newID()
	if err != nil {
		return Uploaded{}, err
	}
	var result Uploaded
	for _, m := range current {
		if _, err := tx.NewUpdate().Model((*Material)(nil)).Set("state = ?", filing.MaterialReplaced).
			Set("replaced_by = ?", id).Where("id = ?", m.ID).Exec(ctx); err != nil {
			return Uploaded{}, err
		}
		if err := dropJobs(ctx, tx, []int64{m.JobID, m.ReadingJob}); err != nil {
			return Uploaded{}, err
		}
		result.Replaced = m.ID
	}
	job, err := r.jobs.insert(ctx, tx, id, r.options.CheckAfter)
	if err != nil {
		return Uploaded{}, fmt.Errorf("enqueue check: %w", err)
	}
	result.Material = Material{
		ID: id, FilingID: u.FilingID, SHA256: sum, Material: u.Declared.Material, Page: u.Declared.Page, Of: u.Declared.Of,
		Extension: u.Extension, State: filing.MaterialStored, UploadedAt: now, MadeFrom: u.MadeFrom, JobID: job,
	}
	if _, err := tx.NewInsert().Model(&result.Material).Exec(ctx); err != nil {
		return Uploaded{}, err
	}
	result.Material.Bytes, result.Material.Format = u.Bytes, u.Format
	return result, nil
}

// fingerprint tells two uploads under one idempotency key apart: the bytes and everything declared about them.
func (u Upload) fingerprint() string {
	p, err := json.Marshal([]string{u.Sum.String(), u.Declared.Material, string(u.Declared.Page), u.Declared.Of, u.MadeFrom})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(p)
	return hex.EncodeToString(sum[:])
}

func selectMaterials(db bun.IDB) *bun.SelectQuery {
	return db.NewSelect().ColumnExpr("m.*, c.bytes, c.format").Join("JOIN contents AS c ON c.sha256 = m.sha256")
}

func materialByID(ctx context.Context, db bun.IDB, id string) (Material, error) {
	var m Material
	err := selectMaterials(db).Model(&m).Where("m.id = ?", id).Scan(ctx)
	return m, err
}

// Material returns a material.
func (r *Records) Material(ctx context.Context, id string) (Material, error) {
	m, err := materialByID(ctx, r.read, id)
	if err != nil {
		return Material{}, fmt.Errorf("material %s: %w", printable(id), r.classify(err))
	}
	return m, nil
}

// MaterialsOf returns all materials of a filing, replaced ones too, in the order of their upload.
func (r *Records) MaterialsOf(ctx context.Context, filingID string) ([]Material, error) {
	materials := []Material{}
	if err := selectMaterials(r.read).Model(&materials).Where("m.filing_id = ?", filingID).Order("m.id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("materials of filing %s: %w", printable(filingID), r.classify(err))
	}
	return materials, nil
}

// Uses returns where else an organization uses these contents, for finding duplicates: the current materials of one filing, and which of
// the contents any other of its filings holds. A content may be in a hundred thousand filings, of which one says as much as all. Of what
// another organization holds nobody learns.
func (r *Records) Uses(ctx context.Context, organization, filingID string, sums ...Digest) (here []Material, elsewhere []Digest, err error) {
	if len(sums) == 0 {
		return nil, nil, nil
	}
	names := make([]string, len(sums))
	for i, sum := range sums {
		names[i] = sum.String()
	}
	if err := selectMaterials(r.read).Model(&here).Where("m.filing_id = ?", filingID).Where("m.sha256 IN (?)", bun.In(names)).
		Where("m.state <> ?", filing.MaterialReplaced).Order("m.id").Scan(ctx); err != nil {
		return nil, nil, fmt.Errorf("uses of contents: %w", r.classify(err))
	}
	other := r.read.NewSelect().Table("materials").ColumnExpr("1").Join("JOIN filings AS f ON f.id = materials.filing_id").
		Where("materials.sha256 = c.sha256").Where("materials.filing_id <> ?", filingID).
		Where("materials.state <> ?", filing.MaterialReplaced).Where("f.organization = ?", organization)
	var found []string
	if err := r.read.NewSelect().TableExpr("contents AS c").Column("c.sha256").Where("c.sha256 IN (?)", bun.In(names)).
		Where("EXISTS (?)", other).Order("c.sha256").Scan(ctx, &found); err != nil {
		return nil, nil, fmt.Errorf("uses of contents: %w", r.classify(err))
	}
	for _, name := range found {
		sum, err := ParseDigest(name)
		if err != nil {
			return nil, nil, fmt.Errorf("uses of contents: %w", err)
		}
		elsewhere = append(elsewhere, sum)
	}
	return here, elsewhere, nil
}

// SaveCheck saves the verdict on a material, in place of an earlier one, and marks it checked; the job that would have
// checked it is dropped in the same transaction, unless it is what runs; so is the job that would have read it, unless ReadLater
// says that it is still to be read. Measurements and readings that were made for the check are kept in that transaction too, so
// that an upload waits for one commit and not for two. Saving the same again changes nothing.
func (r *Records) SaveCheck(ctx context.Context, materialID string, check Check, made ...Kept) error {
	check.MaterialID = materialID
	check.CheckedAt = check.CheckedAt.UTC().Truncate(time.Microsecond)
	check, err := r.sealCheck(check)
	if err != nil {
		return fmt.Errorf("save check of material %s: %w", printable(materialID), err)
	}
	err = r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var m Material
		if err := r.lock(tx.NewSelect().Model(&m).Where("id = ?", materialID)).Scan(ctx); err != nil {
			return err
		}
		_, err := tx.NewInsert().Model(&check).On("CONFLICT (material_id) DO UPDATE").
			Set("verdict = EXCLUDED.verdict, findings = EXCLUDED.findings, analyzer = EXCLUDED.analyzer").
			Set("checks_version = EXCLUDED.checks_version, rules = EXCLUDED.rules, as_of = EXCLUDED.as_of").
			Set("checked_at = EXCLUDED.checked_at, elapsed_ms = EXCLUDED.elapsed_ms").
			Set("basis = EXCLUDED.basis, duplicates = EXCLUDED.duplicates").
			Set("reader = EXCLUDED.reader, holds_from = EXCLUDED.holds_from, holds_until = EXCLUDED.holds_until").
			Set("parts = EXCLUDED.parts").Exec(ctx)
		if err != nil {
			return err
		}
		state, reading := m.State, m.ReadingJob
		if m.State == filing.MaterialStored {
			m.State = filing.MaterialChecked
		}
		m.ReadingJob = 0
		for _, k := range made {
			if err := k.keep(ctx, r, tx, &m); err != nil {
				return err
			}
		}
		if m.State != state || m.ReadingJob != reading {
			if _, err := tx.NewUpdate().Model(&m).Column("state", "reading_job").WherePK().Exec(ctx); err != nil {
				return err
			}
		}
		over := []int64{m.JobID}
		if reading != m.ReadingJob {
			over = append(over, reading)
		}
		return dropJobs(ctx, tx, over)
	})
	if err != nil {
		return fmt.Errorf("save check of material %s: %w", printable(materialID), err)
	}
	return nil
}

// Check returns the verdict on a material, or ErrNotFound where there is none yet.
func (r *Records) Check(ctx context.Context, materialID string) (Check, error) {
	var check Check
	if err := r.read.NewSelect().Model(&check).Where("material_id = ?", materialID).Scan(ctx); err != nil {
		return Check{}, fmt.Errorf("check of material %s: %w", printable(materialID), r.classify(err))
	}
	if err := r.openCheck(&check); err != nil {
		return Check{}, fmt.Errorf("check of material %s: %w", printable(materialID), err)
	}
	if len(check.Duplicates) == 0 {
		check.Duplicates = nil
	}
	return check, nil
}

// PurgeKeys forgets idempotency keys older than RecordsOptions.KeyTTL and returns how many there were. An old key is
// never honoured, purged or not; this only keeps the table small.
func (r *Records) PurgeKeys(ctx context.Context) (int64, error) {
	result, err := r.db.NewDelete().Model((*uploadKeyRow)(nil)).Where("created_at < ?", r.now().Add(-r.options.KeyTTL)).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("purge idempotency keys: %w", r.classify(err))
	}
	return result.RowsAffected()
}

func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return id.String(), nil
}

// printable keeps a stranger's id from filling or forging a log line.
func printable(id string) string {
	if parsed, err := uuid.Parse(id); err == nil {
		return parsed.String()
	}
	return "(malformed id)"
}
