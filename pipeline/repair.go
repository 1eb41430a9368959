package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/layouts"
	"github.com/preflight-icp/preflight/storage"
)

// Repair makes a new file from one that has a finding which the service can mend, and takes it through the same steps as
// an upload. The original is kept; the new file is marked as made from it and replaces it in its place.
func (p *Pipeline) Repair(ctx context.Context, who Viewer, id string, repair Repair) (*Answer, error) {
	m, f, err := p.visibleMaterial(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if !m.Format.Accepted() {
		return nil, ErrNoRepair
	}
	if repair == RepairSides {
		return p.repairSides(ctx, who, m)
	}
	facts, err := keptFacts(f)
	if err != nil {
		return nil, err
	}
	limits := p.rules().UploadLimits(p.asOf(facts))
	picture, err := p.render(ctx, m, func(data []byte) ([]byte, error) {
		switch repair {
		case RepairShrink:
			if int64(len(data)) < limits.MaxBytes {
				return nil, ErrNoRepair
			}
			picture, _, err := p.Renderer.ShrinkBelow(ctx, data, limits.MaxBytes, limits.MinBytes)
			return picture, err
		case RepairUpright:
			return p.Renderer.Upright(ctx, data)
		default:
			return nil, ErrNoRepair
		}
	})
	if errors.Is(err, ErrUnreadable) {
		return nil, ErrNoRepair
	}
	if err != nil {
		return nil, err
	}
	return p.Upload(ctx, who, m.FilingID, &made{picture: picture, from: m})
}

// repairSides makes one picture of both sides of a document at one scale. The photos stay as they are; where they differ in scale
// the picture is what is handed in.
func (p *Pipeline) repairSides(ctx context.Context, who Viewer, m *storage.Material) (*Answer, error) {
	list, err := p.Records.MaterialsOf(ctx, m.FilingID)
	if err != nil {
		return nil, recordFailure(err)
	}
	d := declaredOf(m)
	d.Page = filing.PageFront
	front := currentFor(list, d)
	d.Page = filing.PageBack
	back := currentFor(list, d)
	if m.Material == "" || front == nil || back == nil || front.ID == back.ID {
		return nil, ErrNoRepair
	}
	v, err := p.MakeComposite(ctx, who, m.FilingID, CompositeRequest{Parts: []string{front.ID, back.ID}, Layout: layouts.Sides})
	var refusal *CompositeError
	if errors.As(err, &refusal) {
		return nil, errors.Join(ErrNoRepair, err)
	}
	if err != nil {
		return nil, err
	}
	report, err := p.Material(ctx, who, m.ID)
	if err != nil {
		return nil, err
	}
	return &Answer{Material: *report, Composite: v}, nil
}

// made is a picture of the service's own as a Source.
type made struct {
	picture []byte
	from    *storage.Material
}

func (s *made) File() (io.Reader, error) { return bytes.NewReader(s.picture), nil }

func (s *made) Finish() (Upload, error) {
	return Upload{Declared: declaredOf(s.from), madeFrom: s.from.ID}, nil
}
