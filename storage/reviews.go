package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/preflight-icp/preflight/filing"
)

// The states of a filing (备案状态), beside FilingOpen: handed in and waiting for a reviewer, given back with reasons, and
// accepted. Of a filing that is accepted neither facts nor files change any more, until a reviewer gives it back.
const (
	FilingSubmitted = "submitted"
	FilingReturned  = "returned"
	FilingAccepted  = "accepted"
)

// What is done with a filing, as Decision.Kind.
const (
	DecisionSubmit   = "submit"
	DecisionAccept   = "accept"
	DecisionReturn   = "return"
	DecisionOverrule = "overrule"
)

// Errors of reviewing on which a caller can decide.
var (
	// ErrFilingState: the filing is not in a state in which this can be done.
	ErrFilingState = errors.New("not in this state of the filing")
	// ErrClaimed: another reviewer works on the filing.
	ErrClaimed = errors.New("claimed by another reviewer")
)

// Review is how a filing stands with the reviewers (审核进度), once it was handed in.
type Review struct {
	bun.BaseModel `bun:"table:reviews,alias:w"`

	FilingID string `bun:"filing_id,pk"`
	// State is FilingSubmitted, FilingReturned or FilingAccepted, as that of the filing.
	State string `bun:"state"`
	// Province is the filing's when it was handed in, empty where the facts said none; Verdict is what the service had said,
	// and Revision the one of the facts.
	Province string         `bun:"province"`
	Verdict  filing.Verdict `bun:"verdict"`
	Revision int64          `bun:"revision"`

	SubmittedAt time.Time `bun:"submitted_at"`
	// ClaimedBy works on it until ClaimedUntil; empty where nobody does.
	ClaimedBy    string     `bun:"claimed_by"`
	ClaimedUntil *time.Time `bun:"claimed_until"`
	// DecidedBy accepted it or gave it back, the last time that somebody did.
	DecidedBy string     `bun:"decided_by"`
	DecidedAt *time.Time `bun:"decided_at"`
}

// holder is who has claimed the filing at a time, or nobody.
func (w *Review) holder(at time.Time) string {
	if w.ClaimedUntil == nil || !at.Before(*w.ClaimedUntil) {
		return ""
	}
	return w.ClaimedBy
}

// Decision is what somebody did with a filing (审核记录): a line of its history, which is never changed.
type Decision struct {
	bun.BaseModel `bun:"table:decisions,alias:d"`

	ID       string `bun:"id,pk"`
	FilingID string `bun:"filing_id"`
	// Kind is DecisionSubmit, DecisionAccept, DecisionReturn or DecisionOverrule.
	Kind string    `bun:"kind"`
	By   string    `bun:"decided_by"`
	At   time.Time `bun:"decided_at"`
	// Revision is that of the facts then.
	Revision int64 `bun:"revision"`
	// Detail is JSON that the caller makes and reads: reasons and words.
	Detail []byte `bun:"detail"`
}

// StandOf names what somebody saw of a filing: the revision of its facts and its current files, by their ids in any order. Who
// decides on a filing says what was seen, so that nobody accepts a photo that was exchanged a second ago.
func StandOf(revision int64, files []string) string {
	ids := slices.Sorted(slices.Values(files))
	sum := sha256.Sum256([]byte(strings.Join(ids, " ")))
	return strconv.FormatInt(revision, 10) + "-" + hex.EncodeToString(sum[:8])
}

// reviewed runs a transaction on a filing and its review, both locked. The review is the zero one where the filing was never
// handed in.
func (r *Records) reviewed(ctx context.Context, id string, do func(ctx context.Context, tx bun.Tx, f *Filing, w *Review) error) error {
	return r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var f Filing
		if err := r.lock(tx.NewSelect().Model(&f).Where("id = ?", id)).Scan(ctx); err != nil {
			return err
		}
		var w Review
		if err := tx.NewSelect().Model(&w).Where("filing_id = ?", id).Scan(ctx); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return do(ctx, tx, &f, &w)
	})
}

// Submit hands a filing in (提交审核): it is the next in the queue. ErrFilingState where it is there already or was accepted,
// ErrConflict where the facts have another revision than d.Revision.
func (r *Records) Submit(ctx context.Context, d Decision, province string, verdict filing.Verdict) (Review, error) {
	d.Kind = DecisionSubmit
	var out Review
	err := r.reviewed(ctx, d.FilingID, func(ctx context.Context, tx bun.Tx, f *Filing, w *Review) error {
		switch {
		case f.State != FilingOpen && f.State != FilingReturned:
			return ErrFilingState
		case f.Revision != d.Revision:
			return fmt.Errorf("revision is %d: %w", f.Revision, ErrConflict)
		}
		out = Review{
			FilingID: f.ID, State: FilingSubmitted, Province: province, Verdict: verdict, Revision: f.Revision, SubmittedAt: r.now(),
			DecidedBy: w.DecidedBy, DecidedAt: w.DecidedAt,
		}
		return r.decided(ctx, tx, f, &out, d)
	})
	if err != nil {
		return Review{}, fmt.Errorf("submit filing %s: %w", printable(d.FilingID), err)
	}
	return out, nil
}

// decided writes a line of the history, the review and the filing's state.
func (r *Records) decided(ctx context.Context, tx bun.Tx, f *Filing, w *Review, d Decision) error {
	id, err := newID()
	if err != nil {
		return err
	}
	d.ID, d.At, d.Revision = id, r.now(), f.Revision
	if d.Detail == nil {
		d.Detail = []byte{}
	}
	if d.Detail, err = r.seal(detailColumn(), d.Detail, d.ID); err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&d).Exec(ctx); err != nil {
		return err
	}
	if err := saveReview(ctx, tx, w); err != nil {
		return err
	}
	if f.State == w.State {
		return nil
	}
	f.State, f.UpdatedAt = w.State, d.At
	_, err = tx.NewUpdate().Model(f).Column("state", "updated_at").WherePK().Exec(ctx)
	return err
}

func saveReview(ctx context.Context, tx bun.Tx, w *Review) error {
	_, err := tx.NewInsert().Model(w).On("CONFLICT (filing_id) DO UPDATE").
		Set("state = EXCLUDED.state, province = EXCLUDED.province, verdict = EXCLUDED.verdict, revision = EXCLUDED.revision").
		Set("submitted_at = EXCLUDED.submitted_at, claimed_by = EXCLUDED.claimed_by, claimed_until = EXCLUDED.claimed_until").
		Set("decided_by = EXCLUDED.decided_by, decided_at = EXCLUDED.decided_at").Exec(ctx)
	return err
}

// Claim makes a filing that waits one reviewer's for a while (领取), so that two do not judge it; claiming it again makes the
// while longer. ErrClaimed where it is another's, ErrFilingState where it does not wait.
func (r *Records) Claim(ctx context.Context, id, by string, hold time.Duration) (Review, error) {
	var out Review
	err := r.reviewed(ctx, id, func(ctx context.Context, tx bun.Tx, f *Filing, w *Review) error {
		if f.State != FilingSubmitted {
			return ErrFilingState
		}
		if holder := w.holder(r.now()); holder != "" && holder != by {
			return ErrClaimed
		}
		until := r.now().Add(hold)
		w.ClaimedBy, w.ClaimedUntil = by, &until
		out = *w
		return saveReview(ctx, tx, w)
	})
	if err != nil {
		return Review{}, fmt.Errorf("claim filing %s: %w", printable(id), err)
	}
	return out, nil
}

// Release gives a claim up. Of a filing that is not by's nothing changes.
func (r *Records) Release(ctx context.Context, id, by string) error {
	err := r.reviewed(ctx, id, func(ctx context.Context, tx bun.Tx, _ *Filing, w *Review) error {
		if w.FilingID == "" || w.ClaimedBy != by {
			return nil
		}
		w.ClaimedBy, w.ClaimedUntil = "", nil
		return saveReview(ctx, tx, w)
	})
	if err != nil {
		return fmt.Errorf("release filing %s: %w", printable(id), err)
	}
	return nil
}

// Decide writes what a reviewer decided: to accept a filing that waits, to give it back (one that was accepted, too), or to
// overrule a finding of one that waits. Accepting and giving back end the claim. seen is the StandOf what was looked at:
// ErrConflict where the filing is another by now; empty looks at nothing. ErrClaimed where another reviewer works on it,
// ErrFilingState where it is in no such state. notices are what receivers are told, in the same transaction; it may be nil.
func (r *Records) Decide(ctx context.Context, d Decision, seen string, notices func() ([]Notice, error)) (Review, error) {
	var out Review
	err := r.reviewed(ctx, d.FilingID, func(ctx context.Context, tx bun.Tx, f *Filing, w *Review) error {
		if f.State != FilingSubmitted && (f.State != FilingAccepted || d.Kind != DecisionReturn) {
			return ErrFilingState
		}
		if holder := w.holder(r.now()); holder != "" && holder != d.By {
			return ErrClaimed
		}
		if err := unchanged(ctx, tx, f, seen); err != nil {
			return err
		}
		if d.Kind != DecisionOverrule {
			now := r.now()
			w.ClaimedBy, w.ClaimedUntil, w.DecidedBy, w.DecidedAt = "", nil, d.By, &now
			w.State = FilingAccepted
			if d.Kind == DecisionReturn {
				w.State = FilingReturned
			}
		}
		out = *w
		if err := r.decided(ctx, tx, f, w, d); err != nil {
			return err
		}
		return r.notify(ctx, tx, notices)
	})
	if err != nil {
		return Review{}, fmt.Errorf("decide on filing %s: %w", printable(d.FilingID), err)
	}
	return out, nil
}

// unchanged holds what was seen against the filing as it is.
func unchanged(ctx context.Context, tx bun.Tx, f *Filing, seen string) error {
	if seen == "" {
		return nil
	}
	var files []string
	if err := tx.NewSelect().Model((*Material)(nil)).Column("id").Where("filing_id = ?", f.ID).
		Where("state <> ?", filing.MaterialReplaced).Scan(ctx, &files); err != nil {
		return err
	}
	if StandOf(f.Revision, files) != seen {
		return fmt.Errorf("what was looked at has changed: %w", ErrConflict)
	}
	return nil
}

// Review returns how a filing stands with the reviewers, or ErrNotFound where it was never handed in.
func (r *Records) Review(ctx context.Context, id string) (Review, error) {
	var w Review
	if err := r.read.NewSelect().Model(&w).Where("filing_id = ?", id).Scan(ctx); err != nil {
		return Review{}, fmt.Errorf("review of filing %s: %w", printable(id), r.classify(err))
	}
	return w, nil
}

// Decisions returns the history of a filing, oldest first.
func (r *Records) Decisions(ctx context.Context, id string) ([]Decision, error) {
	list := []Decision{}
	if err := r.read.NewSelect().Model(&list).Where("filing_id = ?", id).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("decisions on filing %s: %w", printable(id), r.classify(err))
	}
	if err := r.openDecisions(list); err != nil {
		return nil, fmt.Errorf("decisions on filing %s: %w", printable(id), err)
	}
	return list, nil
}

func (r *Records) openDecisions(list []Decision) error {
	for i := range list {
		if err := r.openInto(detailColumn(), &list[i].Detail, list[i].ID); err != nil {
			return err
		}
	}
	return nil
}

// QueueFilter says which filings of the queue are asked for (审核队列). An empty field asks for all.
type QueueFilter struct {
	States    []string
	Provinces []string
	Verdicts  []filing.Verdict
	// Organization is whose they are; the empty one is the installation's own, and not all.
	Organization string
	// Owner is the principal that the filings belong to.
	Owner string
	// ClaimedBy asks for those that this reviewer has claimed; Free for those that nobody has.
	ClaimedBy string
	Free      bool
	// After is the last one that was seen, in the queue's order.
	After QueuePlace
}

// QueuePlace is a place in the queue: who waits longest comes first.
type QueuePlace struct {
	SubmittedAt time.Time
	FilingID    string
}

// Queued is a filing with its review.
type Queued struct {
	Review Review
	Filing Filing
}

// Queue returns up to limit filings that were handed in, those that wait longest first.
func (r *Records) Queue(ctx context.Context, q QueueFilter, limit int) ([]Queued, error) {
	reviews := []Review{}
	query := r.queueQuery(r.read.NewSelect().Model(&reviews), q)
	if !q.After.SubmittedAt.IsZero() {
		at := q.After.SubmittedAt.UTC()
		query = query.Where("(w.submitted_at > ? OR (w.submitted_at = ? AND w.filing_id > ?))", at, at, q.After.FilingID)
	}
	if err := query.Order("w.submitted_at", "w.filing_id").Limit(limit).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the queue: %w", r.classify(err))
	}
	if len(reviews) == 0 {
		return nil, nil
	}
	ids := make([]string, len(reviews))
	for i := range reviews {
		ids[i] = reviews[i].FilingID
	}
	var filings []Filing
	if err := r.read.NewSelect().Model(&filings).Where("id IN (?)", bun.In(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the queue's filings: %w", r.classify(err))
	}
	if err := r.openFilings(filings); err != nil {
		return nil, fmt.Errorf("read the queue's filings: %w", err)
	}
	byID := make(map[string]Filing, len(filings))
	for _, f := range filings {
		byID[f.ID] = f
	}
	out := make([]Queued, 0, len(reviews))
	for _, w := range reviews {
		if f, ok := byID[w.FilingID]; ok { // else it was deleted between the two questions
			out = append(out, Queued{Review: w, Filing: f})
		}
	}
	return out, nil
}

// CountQueue returns how many filings there are in each state.
func (r *Records) CountQueue(ctx context.Context, q QueueFilter) (map[string]int, error) {
	var rows []struct {
		State string `bun:"state"`
		Count int    `bun:"count"`
	}
	q.States = nil
	if err := r.queueQuery(r.read.NewSelect().Model((*Review)(nil)), q).ColumnExpr("w.state, COUNT(*) AS count").Group("w.state").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("count the queue: %w", r.classify(err))
	}
	counts := map[string]int{}
	for _, row := range rows {
		counts[row.State] = row.Count
	}
	return counts, nil
}

func (r *Records) queueQuery(query *bun.SelectQuery, q QueueFilter) *bun.SelectQuery {
	if len(q.States) > 0 {
		query = query.Where("w.state IN (?)", bun.In(q.States))
	}
	if len(q.Provinces) > 0 {
		query = query.Where("w.province IN (?)", bun.In(q.Provinces))
	}
	if len(q.Verdicts) > 0 {
		query = query.Where("w.verdict IN (?)", bun.In(q.Verdicts))
	}
	if q.Owner != "" {
		query = query.Where("EXISTS (SELECT 1 FROM filings AS f WHERE f.id = w.filing_id AND f.organization = ? AND f.owner = ?)", q.Organization, q.Owner)
	} else {
		query = query.Where("EXISTS (SELECT 1 FROM filings AS f WHERE f.id = w.filing_id AND f.organization = ?)", q.Organization)
	}
	if q.ClaimedBy != "" {
		query = query.Where("w.claimed_by = ? AND w.claimed_until > ?", q.ClaimedBy, r.now())
	}
	if q.Free {
		query = query.Where("(w.claimed_until IS NULL OR w.claimed_until <= ?)", r.now())
	}
	return query
}
