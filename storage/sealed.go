package storage

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"
)

// place is a column that holds what must not be read by whoever reads the database (加密列): sealed before it leaves the process.
type place struct {
	table, column string
	// row are the columns that name a row; their values are bound to what is sealed.
	row []string
	// text: the column's type is TEXT.
	text bool
}

func (p place) name() string { return p.table + "." + p.column }

// bound is what is authenticated with a value: where it stands.
func (p place) bound(row []string) []byte {
	return []byte(p.name() + "\x00" + strings.Join(row, "\x00"))
}

// The sealed columns. A column with facts, text, measurements, findings or secrets belongs here and into places, and a test
// asks of every column of bytes that it is here or says why not.
func factsColumn() place { return place{table: "filings", column: "facts", row: []string{"id"}} }
func measuredColumn() place {
	return place{table: "measurements", column: "data", row: []string{"sha256", "analyzer"}}
}
func readingColumn() place {
	return place{table: "readings", column: "data", row: []string{"sha256", "reader"}}
}
func detailColumn() place { return place{table: "decisions", column: "detail", row: []string{"id"}} }
func findingsColumn() place {
	return place{table: "checks", column: "findings", row: []string{"material_id"}}
}
func duplicatesColumn() place {
	return place{table: "checks", column: "duplicates", row: []string{"material_id"}}
}
func hookSecret() place {
	return place{table: "webhooks", column: "secret", row: []string{"id"}, text: true}
}
func hookEarlier() place {
	return place{table: "webhooks", column: "earlier_secret", row: []string{"id"}, text: true}
}

func secretColumn() place {
	return place{table: "signing_secrets", column: "secret", row: []string{"purpose"}}
}

// places are all sealed columns, in the order in which Reseal goes through them.
func places() []place {
	return []place{
		factsColumn(), measuredColumn(), readingColumn(), findingsColumn(), duplicatesColumn(), detailColumn(), hookSecret(), hookEarlier(),
		secretColumn(),
	}
}

func (r *Records) seal(at place, plain []byte, row ...string) ([]byte, error) {
	return r.options.Keys.seal(at, plain, row...)
}

// openInto decrypts a value where it stands.
func (r *Records) openInto(at place, value *[]byte, row ...string) error {
	plain, err := r.options.Keys.open(at, *value, row...)
	if err == nil {
		*value = plain
	}
	return err
}

func (r *Records) openFilings(list []Filing) error {
	for i := range list {
		if err := r.openInto(factsColumn(), &list[i].Facts, list[i].ID); err != nil {
			return err
		}
	}
	return nil
}

// sealCheck returns a check as it is kept.
func (r *Records) sealCheck(c Check) (Check, error) {
	var err error
	if c.Findings, err = r.seal(findingsColumn(), c.Findings, c.MaterialID); err != nil {
		return Check{}, err
	}
	if c.Duplicates == nil {
		c.Duplicates = []byte{}
	}
	c.Duplicates, err = r.seal(duplicatesColumn(), c.Duplicates, c.MaterialID)
	return c, err
}

func (r *Records) openCheck(c *Check) error {
	if err := r.openInto(findingsColumn(), &c.Findings, c.MaterialID); err != nil {
		return err
	}
	return r.openInto(duplicatesColumn(), &c.Duplicates, c.MaterialID)
}

// sealWebhook returns a receiver as it is kept.
func (r *Records) sealWebhook(w Webhook) (Webhook, error) {
	var err error
	if w.Secret, err = r.options.Keys.sealText(hookSecret(), w.Secret, w.ID); err != nil {
		return Webhook{}, err
	}
	w.EarlierSecret, err = r.options.Keys.sealText(hookEarlier(), w.EarlierSecret, w.ID)
	return w, err
}

func (r *Records) openWebhook(w *Webhook) error {
	var err error
	if w.Secret, err = r.options.Keys.openText(hookSecret(), w.Secret, w.ID); err != nil {
		return err
	}
	w.EarlierSecret, err = r.options.Keys.openText(hookEarlier(), w.EarlierSecret, w.ID)
	return err
}

// Resealed tells how far Reseal has come.
type Resealed struct {
	// Column is the one that it is at, table.column; Rows counts what was encrypted anew so far.
	Column string `json:"column"`
	Rows   int64  `json:"rows"`
}

// resealRows is how many rows Reseal reads in one go.
const resealRows = 200

// Reseal encrypts with the newest key everything that another one encrypted, or none. Interrupted, it goes on where it was: what is
// done is recognized by what it begins with. The service may run meanwhile; a row that is changed under it is left to
// whoever changed it.
func (r *Records) Reseal(ctx context.Context, watch func(Resealed)) (Resealed, error) {
	var done Resealed
	if r.options.Keys == nil {
		return done, fmt.Errorf("encrypt records: %w", ErrNoKey)
	}
	for _, at := range places() {
		done.Column = at.name()
		if err := r.reseal(ctx, at, &done, watch); err != nil {
			return done, fmt.Errorf("encrypt %s anew: %w", at.name(), r.classify(err))
		}
	}
	return done, nil
}

// keptValue is a value as it is kept, and the row that holds it.
type keptValue struct {
	row   []string
	value []byte
}

func (r *Records) reseal(ctx context.Context, at place, done *Resealed, watch func(Resealed)) error {
	row := strings.Join(at.row, ", ")
	after := make([]any, len(at.row))
	for i := range after {
		after[i] = ""
	}
	holes := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(at.row)), ", ") + ")"
	for {
		query := "SELECT " + row + ", " + at.column + " FROM " + at.table + " WHERE (" + row + ") > " + holes + " AND length(" + at.column + ") > 0"
		args := append([]any{}, after...)
		if !at.text {
			query, args = query+" AND substr("+at.column+", 1, ?) <> ?", append(args, fieldPrefix, r.options.Keys.sealedBy())
		}
		rows, err := r.db.QueryContext(ctx, query+" ORDER BY "+row+" LIMIT ?", append(args, resealRows)...)
		if err != nil {
			return err
		}
		var list []keptValue
		err = each(rows, func() error {
			k := keptValue{row: make([]string, len(at.row))}
			into := make([]any, 0, len(at.row)+1)
			for i := range k.row {
				into = append(into, &k.row[i])
			}
			if err := rows.Scan(append(into, &k.value)...); err != nil {
				return err
			}
			list = append(list, k)
			return nil
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range after {
			after[i] = list[len(list)-1].row[i]
		}
		changed, err := r.resealRows(ctx, at, list)
		if err != nil {
			return err
		}
		done.Rows += changed
		if watch != nil {
			watch(*done)
		}
	}
}

// resealRows replaces values in one transaction, those that were not changed since they were read.
func (r *Records) resealRows(ctx context.Context, at place, list []keptValue) (changed int64, err error) {
	type exchange struct {
		row      []string
		old, new any
	}
	var all []exchange
	for _, k := range list {
		e := exchange{row: k.row}
		var err error
		if at.text {
			if e.old, e.new, err = r.resealText(at, k); err != nil {
				return 0, err
			}
		} else {
			plain, err := r.options.Keys.open(at, k.value, k.row...)
			if err != nil {
				return 0, err
			}
			value, err := r.seal(at, plain, k.row...)
			if err != nil {
				return 0, err
			}
			e.old, e.new = k.value, value
		}
		if e.new != nil {
			all = append(all, e)
		}
	}
	err = r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		changed = 0
		for _, e := range all {
			query := tx.NewUpdate().Table(at.table).Set("? = ?", bun.Ident(at.column), e.new).Where("? = ?", bun.Ident(at.column), e.old)
			for i, name := range at.row {
				query = query.Where("? = ?", bun.Ident(name), e.row[i])
			}
			result, err := query.Exec(ctx)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			changed += n
		}
		return nil
	})
	return changed, err
}

// resealText is the same for text; nil in place of the new value where it is as it should be.
func (r *Records) resealText(at place, k keptValue) (before, after any, err error) {
	text := string(k.value)
	if raw, err := base64.RawStdEncoding.DecodeString(strings.TrimPrefix(text, textPrefix)); err == nil &&
		strings.HasPrefix(text, textPrefix) && r.options.Keys.current(raw) {
		return nil, nil, nil
	}
	plain, err := r.options.Keys.openText(at, text, k.row...)
	if err != nil {
		return nil, nil, err
	}
	sealed, err := r.options.Keys.sealText(at, plain, k.row...)
	return text, sealed, err
}

// ReencryptObjects encrypts with the newest key every object that another one encrypted, or none, and returns how many there were. It
// may be interrupted and run again, and beside the service: an object that is deleted under it stays deleted. Copies that can
// be drawn again (derivatives) are encrypted anew like the rest.
func ReencryptObjects(ctx context.Context, records *Records, objects Objects, watch func(n int64)) (n int64, err error) {
	store, can := objects.(reencrypter)
	if !can {
		return 0, errNoReplace
	}
	for info, err := range objects.List(ctx, "", "") {
		if err != nil {
			return n, fmt.Errorf("encrypt objects anew: %w", err)
		}
		changed, err := store.reencrypt(ctx, info.Key)
		if errors.Is(err, ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return n, err
		}
		if !changed {
			continue
		}
		if err := removeOrphan(ctx, records, objects, info.Key); err != nil {
			return n, err
		}
		if n++; watch != nil {
			watch(n)
		}
	}
	return n, nil
}

// removeOrphan takes away what was deleted while it was written: an original or a copy of a content that the records do not know.
func removeOrphan(ctx context.Context, records *Records, objects Objects, name string) error {
	room, rest, _ := strings.Cut(name, "/")
	if room != objectRoom && room != derivativeRoom {
		return nil
	}
	hexDigits, _, _ := strings.Cut(rest[strings.LastIndexByte(rest, '/')+1:], ".")
	sum, err := ParseDigest(hexDigits)
	if err != nil {
		return nil //nolint:nilerr // not a name of ours: whoever put it there looks after it
	}
	orphan, err := records.ClaimOrphan(ctx, sum)
	if err != nil || !orphan {
		return err
	}
	return RemoveContent(ctx, records, objects, sum)
}

// ClaimOrphan begins the deletion of a content that the records do not know, and reports whether that is so: then RemoveContent deletes its
// objects. An upload of the same bytes at this moment waits, and stores them again.
func (r *Records) ClaimOrphan(ctx context.Context, sum Digest) (orphan bool, err error) {
	err = r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		// Whoever records an upload inserts this row first: only one of both gets it.
		row := contentRow{SHA256: sum.String(), CreatedAt: r.now()}
		result, err := tx.NewInsert().Model(&row).On("CONFLICT (sha256) DO NOTHING").Exec(ctx)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if orphan = n > 0; err != nil || !orphan {
			return err
		}
		if _, err := tx.NewInsert().Model(&deletionRow{SHA256: row.SHA256, CreatedAt: row.CreatedAt}).On("CONFLICT (sha256) DO NOTHING").Exec(ctx); err != nil {
			return err
		}
		_, err = tx.NewDelete().Model(&row).WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for content %s: %w", sum, err)
	}
	return orphan, nil
}
