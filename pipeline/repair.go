package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"

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

// made is a picture of the service's own as a Source.
type made struct {
	picture []byte
	from    *storage.Material
}

func (s *made) File() (io.Reader, error) { return bytes.NewReader(s.picture), nil }

func (s *made) Finish() (Upload, error) {
	return Upload{Declared: declaredOf(s.from), madeFrom: s.from.ID}, nil
}
