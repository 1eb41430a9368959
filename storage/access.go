package storage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// ErrRefused is a key or link that nobody holds, that has run out, or that was revoked. They are never told apart.
var ErrRefused = errors.New("key or link is not valid")

// APIKey is a key that an operator made (接口密钥). The key itself is shown once and kept nowhere: what is kept is its SHA-256, which is
// enough since it is 256 random bits.
type APIKey struct {
	bun.BaseModel `bun:"table:api_keys,alias:ak" json:"-"`

	ID string `bun:"id,pk" json:"id"`
	// Name is whose it is, for people and the audit trail.
	Name         string `bun:"name" json:"name"`
	Role         string `bun:"role" json:"role"`
	Organization string `bun:"organization" json:"organization"`
	// Scopes narrow what the role may do, joined by spaces; empty is all of it.
	Scopes    string     `bun:"scopes" json:"scopes"`
	Sum       string     `bun:"sum" json:"-"`
	CreatedBy string     `bun:"created_by" json:"created_by"`
	CreatedAt time.Time  `bun:"created_at" json:"created_at"`
	ExpiresAt *time.Time `bun:"expires_at" json:"expires_at,omitempty"`
	RevokedAt *time.Time `bun:"revoked_at" json:"revoked_at,omitempty"`
}

// APIKeyPrefix begins every key, so that scanners of leaked secrets find them and a reader knows what it is.
const APIKeyPrefix = "pfk_"

// CreateAPIKey makes a key and returns it: pfk_ID_SECRET.
func (r *Records) CreateAPIKey(ctx context.Context, k APIKey) (APIKey, string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return APIKey{}, "", fmt.Errorf("make an id: %w", err)
	}
	secret := make([]byte, sha256.Size)
	_, _ = rand.Read(secret) // never fails since Go 1.24
	token := APIKeyPrefix + hex.EncodeToString(id[:]) + "_" + base64.RawURLEncoding.EncodeToString(secret)
	k.ID, k.Sum, k.CreatedAt, k.RevokedAt = id.String(), DigestOf([]byte(token)).String(), r.now(), nil
	if k.ExpiresAt != nil {
		until := k.ExpiresAt.UTC().Truncate(time.Microsecond)
		k.ExpiresAt = &until
	}
	if _, err := r.db.NewInsert().Model(&k).Exec(ctx); err != nil {
		return APIKey{}, "", fmt.Errorf("create key: %w", r.classify(err))
	}
	return k, token, nil
}

// APIKeyOf returns the key that a token is, or ErrRefused. The comparison takes constant time, and a token that names no key costs one too.
func (r *Records) APIKeyOf(ctx context.Context, token string) (APIKey, error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(token, APIKeyPrefix), "_")
	raw, err := hex.DecodeString(name)
	if err != nil || len(raw) != 16 {
		return APIKey{}, ErrRefused
	}
	var k APIKey
	err = r.read.NewSelect().Model(&k).Where("id = ?", uuid.UUID(raw).String()).Scan(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return APIKey{}, fmt.Errorf("look for a key: %w", r.classify(err))
	}
	sum := DigestOf([]byte(token)).String()
	same := subtle.ConstantTimeCompare([]byte(sum), []byte(k.Sum)) == 1
	if !same || k.RevokedAt != nil || k.ExpiresAt != nil && !r.now().Before(*k.ExpiresAt) {
		return APIKey{}, ErrRefused
	}
	return k, nil
}

// APIKeys lists all keys, the oldest first.
func (r *Records) APIKeys(ctx context.Context) ([]APIKey, error) {
	list := []APIKey{}
	if err := r.read.NewSelect().Model(&list).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list keys: %w", r.classify(err))
	}
	return list, nil
}

// RevokeAPIKey ends a key at once; one that was revoked stays so.
func (r *Records) RevokeAPIKey(ctx context.Context, id string) error {
	result, err := r.db.NewUpdate().Model((*APIKey)(nil)).Set("revoked_at = COALESCE(revoked_at, ?)", r.now()).Where("id = ?", id).Exec(ctx)
	if err == nil {
		var n int64
		if n, err = result.RowsAffected(); err == nil && n == 0 {
			err = sql.ErrNoRows
		}
	}
	if err != nil {
		return fmt.Errorf("revoke key %s: %w", printable(id), r.classify(err))
	}
	return nil
}

// Link lets an applicant in to one filing (申请人链接) until it runs out or is revoked.
type Link struct {
	bun.BaseModel `bun:"table:links,alias:l" json:"-"`

	ID        string     `bun:"id,pk" json:"id"`
	FilingID  string     `bun:"filing_id" json:"filing"`
	CreatedBy string     `bun:"created_by" json:"created_by"`
	CreatedAt time.Time  `bun:"created_at" json:"created_at"`
	ExpiresAt time.Time  `bun:"expires_at" json:"expires_at"`
	RevokedAt *time.Time `bun:"revoked_at" json:"revoked_at,omitempty"`
	// Organization is the filing's.
	Organization string `bun:"organization,scanonly" json:"-"`
}

// LinkPrefix begins the token of every link.
const LinkPrefix = "pfl_"

// A link's token is pfl_ and in base64url: id (16 bytes), filing (16), end in seconds since 1970 (8, big endian), HMAC-SHA-256 of these (32).
// A forged or an expired one is refused without asking the database; a revoked one by asking.
const linkBody = 16 + 16 + 8

// CreateLink makes a link and its token.
func (r *Records) CreateLink(ctx context.Context, filingID, by string, lasts time.Duration) (Link, string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Link{}, "", fmt.Errorf("make an id: %w", err)
	}
	of, err := uuid.Parse(filingID)
	if err != nil {
		return Link{}, "", fmt.Errorf("create link: %w", ErrNotFound)
	}
	now := r.now()
	l := Link{ID: id.String(), FilingID: filingID, CreatedBy: by, CreatedAt: now, ExpiresAt: now.Add(lasts).Truncate(time.Second)}
	body := append(append([]byte{}, id[:]...), of[:]...)
	end := uint64(l.ExpiresAt.Unix())
	for shift := 56; shift >= 0; shift -= 8 {
		body = append(body, byte(end>>shift))
	}
	mac, err := r.sign(ctx, linkPurpose, body)
	if err != nil {
		return Link{}, "", fmt.Errorf("create link: %w", err)
	}
	if _, err := r.db.NewInsert().Model(&l).Exec(ctx); err != nil {
		return Link{}, "", fmt.Errorf("create link: %w", r.classify(err))
	}
	return l, LinkPrefix + base64.RawURLEncoding.EncodeToString(append(body, mac...)), nil
}

// LinkOf returns the link that a token is, or ErrRefused.
func (r *Records) LinkOf(ctx context.Context, token string) (Link, error) {
	text, found := strings.CutPrefix(token, LinkPrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !found || err != nil || len(raw) != linkBody+sha256.Size {
		return Link{}, ErrRefused
	}
	mac, err := r.sign(ctx, linkPurpose, raw[:linkBody])
	if err != nil {
		return Link{}, err
	}
	var end uint64
	for _, b := range raw[32:linkBody] {
		end = end<<8 | uint64(b)
	}
	if subtle.ConstantTimeCompare(mac, raw[linkBody:]) != 1 || uint64(max(r.now().Unix(), 0)) >= end {
		return Link{}, ErrRefused
	}
	var l Link
	err = r.read.NewSelect().Model(&l).ColumnExpr("l.*, f.organization").Join("JOIN filings AS f ON f.id = l.filing_id").
		Where("l.id = ?", uuid.UUID(raw[:16]).String()).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Link{}, ErrRefused
	case err != nil:
		return Link{}, fmt.Errorf("look for a link: %w", r.classify(err))
	case l.RevokedAt != nil:
		return Link{}, ErrRefused
	}
	return l, nil
}

// LinksOf lists the links to a filing, the oldest first.
func (r *Records) LinksOf(ctx context.Context, filingID string) ([]Link, error) {
	list := []Link{}
	if err := r.read.NewSelect().Model(&list).Where("filing_id = ?", filingID).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list links: %w", r.classify(err))
	}
	return list, nil
}

// RevokeLink ends a link to a filing at once.
func (r *Records) RevokeLink(ctx context.Context, filingID, id string) error {
	result, err := r.db.NewUpdate().Model((*Link)(nil)).Set("revoked_at = COALESCE(revoked_at, ?)", r.now()).
		Where("id = ? AND filing_id = ?", id, filingID).Exec(ctx)
	if err == nil {
		var n int64
		if n, err = result.RowsAffected(); err == nil && n == 0 {
			err = sql.ErrNoRows
		}
	}
	if err != nil {
		return fmt.Errorf("revoke link %s: %w", printable(id), r.classify(err))
	}
	return nil
}

// signing holds the secrets of the installation that were read already.
type signing struct {
	mu      sync.Mutex
	secrets map[string][]byte
}

type signingRow struct {
	bun.BaseModel `bun:"table:signing_secrets,alias:ss"`

	Purpose   string    `bun:"purpose,pk"`
	Secret    []byte    `bun:"secret"`
	CreatedAt time.Time `bun:"created_at"`
}

const (
	linkPurpose    = "link"
	receiptPurpose = "receipt"
)

// sign returns the HMAC-SHA-256 of a message by the installation's secret for a purpose, which is made when it is first needed.
func (r *Records) sign(ctx context.Context, purpose string, message []byte) ([]byte, error) {
	r.signing.mu.Lock()
	defer r.signing.mu.Unlock()
	secret := r.signing.secrets[purpose]
	if secret == nil {
		var err error
		if secret, err = r.signingSecret(ctx, purpose); err != nil {
			return nil, fmt.Errorf("secret for %ss: %w", purpose, err)
		}
		if r.signing.secrets == nil {
			r.signing.secrets = map[string][]byte{}
		}
		r.signing.secrets[purpose] = secret
	}
	return macOf(secret, []byte("preflight "+purpose+" v1\x00"), message), nil
}

func (r *Records) signingSecret(ctx context.Context, purpose string) ([]byte, error) {
	row := signingRow{Purpose: purpose}
	for made := false; ; made = true {
		err := r.db.NewSelect().Model(&row).WherePK().Scan(ctx)
		if err == nil {
			return r.options.Keys.open(secretColumn(), row.Secret, purpose)
		}
		if !errors.Is(err, sql.ErrNoRows) || made {
			return nil, r.classify(err)
		}
		secret := make([]byte, sha256.Size)
		_, _ = rand.Read(secret) // never fails since Go 1.24
		if row.Secret, err = r.seal(secretColumn(), secret, purpose); err != nil {
			return nil, err
		}
		row.CreatedAt = r.now()
		if _, err := r.db.NewInsert().Model(&row).On("CONFLICT (purpose) DO NOTHING").Exec(ctx); err != nil {
			return nil, r.classify(err)
		}
	}
}

// AuditEntry is a line of the audit trail (审计记录): who saw or changed what.
type AuditEntry struct {
	bun.BaseModel `bun:"table:audit,alias:au" json:"-"`

	// Sequence counts from 1, without a gap.
	Sequence int64     `bun:"sequence,pk" json:"sequence"`
	At       time.Time `bun:"at" json:"at"`
	// Principal did it, in this Role and for this Organization.
	Principal    string `bun:"principal" json:"principal"`
	Role         string `bun:"role" json:"role"`
	Organization string `bun:"organization" json:"organization"`
	// Operation is that of the API's document, or a command; Object what it was done to, an id or empty.
	Operation string `bun:"operation" json:"operation"`
	Object    string `bun:"object" json:"object"`
	// Outcome is AuditGranted, or what became of it.
	Outcome string `bun:"outcome" json:"outcome"`
	// Request is the X-Request-Id, by which lines belong together.
	Request string `bun:"request" json:"request"`
	// Detail says more, in codes and numbers.
	Detail string `bun:"detail" json:"detail"`
	// Hash is the SHA-256 over the line before it and this line, in hex.
	Hash string `bun:"hash" json:"hash"`
}

// AuditGranted is the outcome of an entry that was written before the work began: what was seen was written down first.
const AuditGranted = "granted"

// chained returns the hash of an entry behind another one.
func (e *AuditEntry) chained(before string) (string, error) {
	plain := *e
	plain.Hash = before
	plain.At = plain.At.UTC()
	text, err := json.Marshal(&plain)
	if err != nil {
		return "", fmt.Errorf("print an audit entry: %w", err)
	}
	return DigestOf(text).String(), nil
}

// auditing lets requests that come together share a commit.
type auditing struct {
	mu sync.Mutex
	// next gathers what comes while another batch is written.
	next    *auditBatch
	writing bool
}

// auditBatch is written in one transaction; done is closed when it is, and err is read behind it only. All who wait go on at once: handing
// them a lock one after the other let those who came later wait for as many turns on a busy processor.
type auditBatch struct {
	entries []AuditEntry
	done    chan struct{}
	err     error
}

// auditTimeout bounds how long a batch of entries may take.
const auditTimeout = 15 * time.Second

// Audit appends to the trail; nil means that the entry is durable. Entries that come at the same time are written in one transaction.
func (r *Records) Audit(ctx context.Context, e AuditEntry) error {
	e.At = r.now()
	a := &r.auditing
	a.mu.Lock()
	if a.next == nil {
		a.next = &auditBatch{done: make(chan struct{})}
	}
	mine := a.next
	mine.entries = append(mine.entries, e)
	if !a.writing {
		a.writing = true
		go r.writeAudits(context.WithoutCancel(ctx)) // others wait for it: it does not end with the request of the one who came first
	}
	a.mu.Unlock()
	<-mine.done
	return mine.err
}

// writeAudits writes batches until nobody waits.
func (r *Records) writeAudits(ctx context.Context) {
	a := &r.auditing
	for {
		a.mu.Lock()
		batch := a.next
		a.next, a.writing = nil, batch != nil
		a.mu.Unlock()
		if batch == nil {
			return
		}
		batch.err = r.appendAudit(ctx, batch.entries)
		close(batch.done)
	}
}

type auditHead struct {
	bun.BaseModel `bun:"table:audit_head,alias:ah"`

	ID       int64  `bun:"id,pk"`
	Sequence int64  `bun:"sequence"`
	Hash     string `bun:"hash"`
}

func (r *Records) appendAudit(ctx context.Context, batch []AuditEntry) error {
	ctx, cancel := context.WithTimeout(ctx, auditTimeout)
	defer cancel()
	err := r.writeInTurn(ctx, true, func(ctx context.Context, tx bun.Tx) error {
		var head auditHead
		if err := r.lock(tx.NewSelect().Model(&head).Where("id = 1")).Scan(ctx); err != nil {
			return err
		}
		rows := make([]AuditEntry, len(batch))
		for i, e := range batch {
			head.Sequence++
			e.Sequence = head.Sequence
			hash, err := e.chained(head.Hash)
			if err != nil {
				return err
			}
			e.Hash, head.Hash = hash, hash
			rows[i] = e
		}
		for some := range slices.Chunk(rows, saveRows) {
			if _, err := tx.NewInsert().Model(&some).Exec(ctx); err != nil {
				return err
			}
		}
		_, err := tx.NewUpdate().Model(&head).WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("write the audit trail: %w", err)
	}
	return nil
}

// AuditFilter says which entries are asked for.
type AuditFilter struct {
	// After is the sequence that they come after.
	After int64
	// Organization is theirs; nil is all.
	Organization *string
	// Object, where it is not empty, is what was seen or changed.
	Object string
	Limit  int
}

// AuditEntries returns entries in their order.
func (r *Records) AuditEntries(ctx context.Context, q AuditFilter) ([]AuditEntry, error) {
	list := []AuditEntry{}
	query := r.read.NewSelect().Model(&list).Where("sequence > ?", q.After).Order("sequence").Limit(q.Limit)
	if q.Organization != nil {
		query = query.Where("organization = ?", *q.Organization)
	}
	if q.Object != "" {
		query = query.Where("object = ?", q.Object)
	}
	if err := query.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", r.classify(err))
	}
	for i := range list {
		list[i].At = list[i].At.UTC()
	}
	return list, nil
}

// AuditOf returns the entries of an organization about any of these objects (查看记录), the newest first: those before a sequence, or with
// 0 the last there are.
func (r *Records) AuditOf(ctx context.Context, organization string, objects []string, before int64, limit int) ([]AuditEntry, error) {
	list := []AuditEntry{}
	if len(objects) == 0 {
		return list, nil
	}
	query := r.read.NewSelect().Model(&list).Where("organization = ?", organization).Where("object IN (?)", bun.In(objects))
	if before > 0 {
		query = query.Where("sequence < ?", before)
	}
	// By an expression, since a planner that may walk the organization's whole trail backwards until it has met enough lines of one filing
	// does: of a million lines that took 48 ms on SQLite, by the index on what they are about 2 ms.
	if err := query.OrderExpr("sequence + 0 DESC").Limit(limit).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the audit trail of %d objects: %w", len(objects), r.classify(err))
	}
	for i := range list {
		list[i].At = list[i].At.UTC()
	}
	return list, nil
}

// ErrAuditBroken says that an entry was changed, or one is missing.
var ErrAuditBroken = errors.New("the audit trail was changed")

// AuditChain holds entries, as they come, against the hashes in them. The zero value begins at the first entry.
type AuditChain struct {
	Sequence int64
	Hash     string
}

// Add is ErrAuditBroken where the entry does not follow on those before it.
func (c *AuditChain) Add(e *AuditEntry) error {
	want, err := e.chained(c.Hash)
	if err != nil {
		return err
	}
	if e.Sequence != c.Sequence+1 || e.Hash != want {
		return fmt.Errorf("entry %d after entry %d: %w", e.Sequence, c.Sequence, ErrAuditBroken)
	}
	c.Sequence, c.Hash = e.Sequence, e.Hash
	return nil
}

// AuditHead is the end of the trail: an export that ends before it is not whole.
func (r *Records) AuditHead(ctx context.Context) (AuditChain, error) {
	var head auditHead
	if err := r.read.NewSelect().Model(&head).Where("id = 1").Scan(ctx); err != nil {
		return AuditChain{}, fmt.Errorf("read the audit trail: %w", r.classify(err))
	}
	return AuditChain{Sequence: head.Sequence, Hash: head.Hash}, nil
}
