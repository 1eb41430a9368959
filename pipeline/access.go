package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

// Audit appends to the trail of who saw or changed what; nil means that it is durable.
func (p *Pipeline) Audit(ctx context.Context, e storage.AuditEntry) error {
	return p.Records.Audit(ctx, e)
}

// AuditEntries returns entries of the trail in their order.
func (p *Pipeline) AuditEntries(ctx context.Context, q storage.AuditFilter) ([]storage.AuditEntry, error) {
	return p.Records.AuditEntries(ctx, q)
}

// CreateLink makes a link to a filing for its applicant, and the token that is shown once.
func (p *Pipeline) CreateLink(ctx context.Context, who Viewer, id string, lasts time.Duration) (storage.Link, string, error) {
	if _, err := p.visible(ctx, who, id); err != nil {
		return storage.Link{}, "", err
	}
	l, token, err := p.Records.CreateLink(ctx, id, who.Name, lasts)
	if err != nil {
		return storage.Link{}, "", recordFailure(err)
	}
	return l, token, nil
}

// Links lists the links to a filing.
func (p *Pipeline) Links(ctx context.Context, who Viewer, id string) ([]storage.Link, error) {
	if _, err := p.visible(ctx, who, id); err != nil {
		return nil, err
	}
	return p.Records.LinksOf(ctx, id)
}

// RevokeLink ends a link at once.
func (p *Pipeline) RevokeLink(ctx context.Context, who Viewer, id, link string) error {
	if _, err := p.visible(ctx, who, id); err != nil {
		return err
	}
	return recordFailure(p.Records.RevokeLink(ctx, id, link))
}

// Receipt is the proof of a deletion, for those who could have asked for it.
func (p *Pipeline) Receipt(ctx context.Context, who Viewer, id string) (*storage.Receipt, error) {
	r, err := p.Records.Receipt(ctx, id)
	if err != nil {
		return nil, recordFailure(err)
	}
	if who.Organization != r.Organization || who.Filing != "" || !who.All && who.Name != r.Owner {
		return nil, ErrNotFound
	}
	return &r, nil
}

// retentionBatch is how many filings a sweep deletes for their age at most.
const retentionBatch = 100

// retain deletes filings that nobody has changed, and to which nobody has uploaded anything, since the time that they are kept
// (保存期限). One that cannot be deleted does not keep the others.
func (p *Pipeline) retain(ctx context.Context) error {
	if p.cfg.Retention == 0 {
		return nil
	}
	old, err := p.Records.FilingsBefore(ctx, p.Now().Add(-p.cfg.Retention), retentionBatch)
	if err != nil {
		return err
	}
	var errs []error
	for i := range old {
		errs = append(errs, p.expire(ctx, &old[i]))
	}
	return errors.Join(errs...)
}

// expire deletes a filing for its age, as a request does, with a receipt and a line of the audit trail.
func (p *Pipeline) expire(ctx context.Context, f *storage.Filing) error {
	const reason = "retention"
	composites, err := p.dropCompositesOf(ctx, f.ID)
	if err != nil {
		return err
	}
	orphans, r, err := p.Records.DeleteFilingFor(ctx, f.ID, storage.Receipt{RequestedBy: reason, Reason: reason, Objects: composites})
	if errors.Is(err, storage.ErrNotFound) {
		return nil // somebody else was there first
	}
	if err != nil {
		return err
	}
	err = p.Records.Audit(ctx, storage.AuditEntry{
		Principal: reason, Organization: f.Organization, Operation: "delete-filing", Object: f.ID, Outcome: storage.AuditGranted, Detail: "receipt " + r.ID,
	})
	p.removeContents(ctx, orphans)
	return err
}
