package storage

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// Receipt is the proof of a deletion (删除凭证): what was asked for, and that it is gone. It is made in the transaction that deletes the
// records, and signed when the last object is gone.
type Receipt struct {
	bun.BaseModel `bun:"table:receipts,alias:re" json:"-"`

	ID string `bun:"id,pk" json:"id"`
	// FilingID and MaterialID are what was deleted; without a material it was the whole filing.
	FilingID     string `bun:"filing_id" json:"filing"`
	MaterialID   string `bun:"material_id" json:"material,omitempty"`
	Owner        string `bun:"owner" json:"owner"`
	Organization string `bun:"organization" json:"organization,omitempty"`
	RequestedBy  string `bun:"requested_by" json:"requested_by"`
	// Reason is request or retention.
	Reason      string     `bun:"reason" json:"reason" enum:"request,retention"`
	RequestedAt time.Time  `bun:"requested_at" json:"requested_at"`
	FinishedAt  *time.Time `bun:"finished_at" json:"finished_at,omitempty" doc:"When the last object was gone; absent while some are still to be deleted"`
	// Materials counts the files, Shared the contents that stay because files of other filings hold the same bytes, and Objects what was
	// deleted from the store: originals and all that was made of them.
	Materials int64 `bun:"materials" json:"materials"`
	Shared    int64 `bun:"shared" json:"shared"`
	Objects   int64 `bun:"objects" json:"objects"`
	// Contents are the digests whose objects are still to go.
	Contents string `bun:"contents" json:"-"`
	// Signature is HMAC-SHA-256, in hex, over the receipt's JSON without it, by a secret of the installation.
	Signature string `bun:"signature" json:"signature,omitempty"`
}

// ReasonRequest is why somebody asked for a deletion.
const ReasonRequest = "request"

// signed is what a receipt's signature covers.
func (r Receipt) signed() ([]byte, error) {
	r.Signature = ""
	r.RequestedAt = r.RequestedAt.UTC()
	if r.FinishedAt != nil {
		at := r.FinishedAt.UTC()
		r.FinishedAt = &at
	}
	return json.Marshal(&r)
}

// Receipt returns a receipt.
func (r *Records) Receipt(ctx context.Context, id string) (Receipt, error) {
	var re Receipt
	if err := r.read.NewSelect().Model(&re).Where("id = ?", id).Scan(ctx); err != nil {
		return Receipt{}, fmt.Errorf("receipt %s: %w", printable(id), r.classify(err))
	}
	return re, nil
}

// VerifyReceipt reports whether these records signed a receipt as it is.
func (r *Records) VerifyReceipt(ctx context.Context, re Receipt) (bool, error) {
	text, err := re.signed()
	if err != nil {
		return false, fmt.Errorf("print a receipt: %w", err)
	}
	want, err := r.sign(ctx, receiptPurpose, text)
	if err != nil {
		return false, err
	}
	have, err := hex.DecodeString(re.Signature)
	return err == nil && hmac.Equal(want, have), nil
}

// saveReceipt records a deletion in its transaction. What is shared stays, and nothing to delete is finished at once.
func (r *Records) saveReceipt(ctx context.Context, tx bun.Tx, re *Receipt, f *Filing, materials []Material, orphans []Digest) error {
	id, err := newID()
	if err != nil {
		return err
	}
	re.ID, re.FilingID, re.Owner, re.Organization, re.RequestedAt = id, f.ID, f.Owner, f.Organization, r.now()
	sums := map[string]bool{}
	for i := range materials {
		sums[materials[i].SHA256] = true
	}
	var waiting []string
	for _, sum := range orphans {
		waiting = append(waiting, sum.String())
	}
	re.Materials, re.Shared, re.Contents = int64(len(materials)), int64(len(sums)-len(orphans)), strings.Join(waiting, " ")
	_, err = tx.NewInsert().Model(re).Exec(ctx)
	return err
}

// finishReceipts notes in the receipts that wait for a content that its objects are gone.
func (r *Records) finishReceipts(ctx context.Context, sum Digest, objects int64) error {
	var open []Receipt
	err := r.db.NewSelect().Model(&open).Where("finished_at IS NULL AND contents LIKE ?", "%"+sum.String()+"%").Scan(ctx)
	if err != nil {
		return r.classify(err)
	}
	for i := range open {
		if err := r.finishReceipt(ctx, open[i].ID, sum.String(), objects); err != nil {
			return err
		}
	}
	return nil
}

func (r *Records) finishReceipt(ctx context.Context, id, sum string, objects int64) error {
	// The secret is read before the transaction begins, which on SQLite has the only connection that writes.
	if _, err := r.sign(ctx, receiptPurpose, nil); err != nil {
		return err
	}
	return r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var re Receipt
		if err := r.lock(tx.NewSelect().Model(&re).Where("id = ?", id)).Scan(ctx); err != nil {
			return err
		}
		left := strings.Fields(re.Contents)
		if sum != "" {
			if !slices.Contains(left, sum) {
				return nil
			}
			left = slices.DeleteFunc(left, func(s string) bool { return s == sum })
			re.Objects += objects
		}
		re.Contents = strings.Join(left, " ")
		if len(left) == 0 && re.FinishedAt == nil {
			now := r.now()
			re.FinishedAt = &now
			text, err := re.signed()
			if err != nil {
				return err
			}
			mac, err := r.sign(ctx, receiptPurpose, text)
			if err != nil {
				return err
			}
			re.Signature = hex.EncodeToString(mac)
		}
		_, err := tx.NewUpdate().Model(&re).WherePK().Exec(ctx)
		return err
	})
}

// FilingsBefore returns up to limit filings that were not changed since a time, and to which nothing was uploaded since, the oldest
// first; without their facts.
func (r *Records) FilingsBefore(ctx context.Context, before time.Time, limit int) ([]Filing, error) {
	list := []Filing{}
	before = before.UTC().Truncate(time.Microsecond)
	uploaded := r.read.NewSelect().Model((*Material)(nil)).ColumnExpr("1").Where("m.filing_id = f.id AND m.uploaded_at >= ?", before)
	if err := r.read.NewSelect().Model(&list).Column("id", "owner", "organization", "updated_at").
		Where("updated_at < ? AND NOT EXISTS (?)", before, uploaded).Order("updated_at").Limit(limit).Scan(ctx); err != nil {
		return nil, fmt.Errorf("old filings: %w", r.classify(err))
	}
	return list, nil
}

// FinishReceipts finishes those that a crash left open although everything of them is gone; run it now and then. Younger ones may be
// under way.
func (r *Records) FinishReceipts(ctx context.Context, before time.Time) error {
	var open []Receipt
	if err := r.read.NewSelect().Model(&open).Where("finished_at IS NULL AND requested_at < ?", before.UTC()).Scan(ctx); err != nil {
		return fmt.Errorf("open receipts: %w", r.classify(err))
	}
	for i := range open {
		for _, sum := range append(strings.Fields(open[i].Contents), "") {
			if sum != "" {
				waits, err := r.read.NewSelect().Model((*deletionRow)(nil)).Where("sha256 = ?", sum).Exists(ctx)
				if err != nil {
					return fmt.Errorf("open receipts: %w", r.classify(err))
				}
				if waits {
					continue
				}
			}
			if err := r.finishReceipt(ctx, open[i].ID, sum, 0); err != nil {
				return fmt.Errorf("finish receipt %s: %w", open[i].ID, err)
			}
		}
	}
	return nil
}
