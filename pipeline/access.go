package pipeline

import (
	"context"
	"errors"
	"strconv"
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

// viewsPage is how many lines of who looked at a filing are read at once.
const viewsPage = 200

// View is a line of who looked at a filing, or changed it (查看记录).
type View struct {
	At time.Time `json:"at"`
	// By did it, in this Role.
	By   string `json:"by"`
	Role string `json:"role"`
	// Operation is that of the API's document. Object is what it was done to, the id of the filing, a file or a composite; of a picture
	// Detail says which rendering.
	Operation string `json:"operation"`
	Object    string `json:"object"`
	Detail    string `json:"detail,omitempty"`
	// Status is that of the answer where it came to nothing; 0 otherwise.
	Status int `json:"status,omitempty"`
}

// Views are a page of lines, the newest first.
type Views struct {
	Views []View `json:"views"`
	// Next continues behind the last of them; 0 at the end.
	Next int64 `json:"next,omitempty" doc:"Where to go on: send it as before"`
}

// Views is who looked at a filing, its files and its composites, or changed them, before a line of the trail; with 0 the last there are.
func (p *Pipeline) Views(ctx context.Context, who Viewer, id string, before int64) (*Views, error) {
	f, err := p.visible(ctx, who, id)
	if err != nil {
		return nil, err
	}
	objects := []string{f.ID}
	files, err := p.Records.MaterialsOf(ctx, f.ID)
	if err != nil {
		return nil, recordFailure(err)
	}
	for i := range files {
		objects = append(objects, files[i].ID)
	}
	composites, err := p.Records.CompositesOf(ctx, f.ID)
	if err != nil {
		return nil, recordFailure(err)
	}
	for i := range composites {
		objects = append(objects, composites[i].ID)
	}
	list, err := p.Records.AuditOf(ctx, f.Organization, objects, before, viewsPage)
	if err != nil {
		return nil, err
	}
	return viewsOf(list, len(list) == viewsPage), nil
}

// viewsOf makes one line of what was granted and then came to nothing, which is two in the trail. Where there is more, an end whose
// beginning is on the page after this one is left to that page.
func viewsOf(list []storage.AuditEntry, more bool) *Views {
	type act struct{ request, operation, object string }
	of := func(e *storage.AuditEntry) act { return act{e.Request, e.Operation, e.Object} }
	begun := map[act]bool{}
	for i := range list {
		if list[i].Outcome == storage.AuditGranted {
			begun[of(&list[i])] = true
		}
	}
	for end := len(list); more && end > 1 && !begun[of(&list[end-1])]; {
		end--
		list = list[:end]
	}
	out, failed := &Views{Views: make([]View, 0, len(list))}, map[act]int{}
	for i := range list {
		e := &list[i]
		if e.Outcome != storage.AuditGranted {
			if status, err := strconv.Atoi(e.Outcome); err == nil && begun[of(e)] {
				failed[of(e)] = status
				continue
			}
		}
		out.Views = append(out.Views, View{
			At: e.At, By: e.Principal, Role: e.Role, Operation: e.Operation, Object: e.Object, Detail: e.Detail, Status: failed[of(e)],
		})
	}
	if more {
		out.Next = list[len(list)-1].Sequence
	}
	return out
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
