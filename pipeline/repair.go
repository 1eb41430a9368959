package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
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
	facts, err := keptFacts(f)
	if err != nil {
		return nil, err
	}
	limits := p.rules().UploadLimits(p.asOf(facts))
	if repair == RepairSides {
		return p.repairSides(ctx, who, m, limits)
	}
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
// the picture is what is handed in. Of a picture in which somebody stitched both sides it makes another one.
func (p *Pipeline) repairSides(ctx context.Context, who Viewer, m *storage.Material, limits filing.UploadLimits) (*Answer, error) {
	list, err := p.Records.MaterialsOf(ctx, m.FilingID)
	if err != nil {
		return nil, recordFailure(err)
	}
	d := declaredOf(m)
	d.Page = filing.PageFront
	front := currentFor(list, d)
	d.Page = filing.PageBack
	back := currentFor(list, d)
	if m.Material == "" {
		return nil, ErrNoRepair
	}
	if front == nil || back == nil || front.ID == back.ID {
		return p.repairStitchedSides(ctx, who, m, limits)
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

// repairStitchedSides takes both sides of a document out of the picture that somebody stitched, and puts them side by side at one scale.
// A picture that shows more than the two stays as it is: what else is in it would be lost.
func (p *Pipeline) repairStitchedSides(ctx context.Context, who Viewer, m *storage.Material, limits filing.UploadLimits) (*Answer, error) {
	report, _, err := p.checkOf(ctx, m)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrNoRepair
	}
	if err != nil {
		return nil, err
	}
	// The parts and where they lie are of one check: nothing is measured for it.
	front, back, measured := partOf(report.Parts, filing.PageFront), partOf(report.Parts, filing.PageBack), report.Measurements
	if front < 0 || back < 0 || len(report.Parts) != 2 || measured == nil || len(measured.Parts) != 2 ||
		report.Parts[front].Kind.Detected != report.Parts[back].Kind.Detected {
		return nil, ErrNoRepair
	}
	if p.Stitcher == nil {
		return nil, ErrBusy
	}
	parts := make([]imaging.StitchPart, 2)
	for i, n := range []int{front, back} {
		own := measured.Parts[n].Alone(measured)
		parts[i] = imaging.StitchPart{
			Open:         func(ctx context.Context) ([]byte, error) { return p.load(ctx, m) },
			Measurements: own, Card: checks.ShowsCard(&own, m.Material),
		}
	}
	_, picture, err := p.stitch(ctx, parts, imaging.StitchOptions{
		Layout: layouts.Sides, MinBytes: limits.MinBytes, MaxBytes: limits.MaxBytes, MinTextPx: checks.LeastPartText(), Margin: compositeMargin,
	})
	var refusal *imaging.StitchError
	if errors.As(err, &refusal) {
		return nil, errors.Join(ErrNoRepair, &CompositeError{refusal.Code})
	}
	if err != nil {
		return nil, err
	}
	return p.Upload(ctx, who, m.FilingID, &made{picture: picture, from: m})
}

// partOf is the number of the part that was recognized as this page of what its file was declared as; -1 where none was.
func partOf(parts []filing.PartReport, page filing.Page) int {
	return slices.IndexFunc(parts, func(r filing.PartReport) bool {
		return r.Kind != nil && r.Declared != nil && r.Kind.Page == page
	})
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
