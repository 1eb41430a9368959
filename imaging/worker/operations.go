package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
)

// handler does an operation in the worker: parameters as JSON and pictures in, a result to be printed as JSON and pictures out.
type handler func(ctx context.Context, params json.RawMessage, pictures [][]byte) (result any, out [][]byte, err error)

// several is the number of pictures of an operation that takes as many as its parameters say.
const several = -1

// operate makes a handler of a function of its parameters and pictures, of which there must be as many as it takes.
func operate[P any](pictures int, do func(ctx context.Context, params P, in [][]byte) (any, [][]byte, error)) handler {
	return func(ctx context.Context, raw json.RawMessage, in [][]byte) (any, [][]byte, error) {
		var params P
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &params); err != nil {
				return nil, nil, fmt.Errorf("parameters: %w", err)
			}
		}
		if len(in) != pictures && pictures != several {
			return nil, nil, fmt.Errorf("%d pictures where %d belong", len(in), pictures)
		}
		return do(ctx, params, in)
	}
}

// drawn is the result of what makes one picture.
func drawn(picture []byte, err error) (any, [][]byte, error) { return nil, [][]byte{picture}, err }

type (
	thumbnailParams struct{ LongSide int }
	rectifiedParams struct {
		Document filing.Document
		LongSide int
	}
	shrinkParams struct{ MaxBytes, MinBytes int64 }
	stitchParams struct {
		Parts   []stitchPart
		Options imaging.StitchOptions
	}
	// stitchPart is imaging.StitchPart without its bytes, which are a picture of the call.
	stitchPart struct {
		Measurements filing.Measurements
		Card         bool
		Caption      string
	}
	stitchResult struct {
		Composite filing.Composite
		// Failure is why there is none, Detail what went wrong below it.
		Failure *imaging.StitchError
		Detail  string
	}
)

// operations is what a worker can be asked for; the methods of Pool below ask for it.
func operations(a *imaging.Analyzer) map[string]handler {
	return map[string]handler{
		"analyze": operate(1, func(ctx context.Context, _ struct{}, in [][]byte) (any, [][]byte, error) {
			m, err := a.Analyze(ctx, in[0])
			return m, nil, err
		}),
		"upright": operate(1, func(ctx context.Context, _ struct{}, in [][]byte) (any, [][]byte, error) {
			return drawn(a.Upright(ctx, in[0]))
		}),
		"thumbnail": operate(1, func(ctx context.Context, p thumbnailParams, in [][]byte) (any, [][]byte, error) {
			return drawn(a.Thumbnail(ctx, in[0], p.LongSide))
		}),
		"rectified": operate(1, func(ctx context.Context, p rectifiedParams, in [][]byte) (any, [][]byte, error) {
			return drawn(a.Rectified(ctx, in[0], p.Document, p.LongSide))
		}),
		"watermark": operate(1, func(ctx context.Context, text string, in [][]byte) (any, [][]byte, error) {
			return drawn(a.Watermark(ctx, in[0], text))
		}),
		"overlay": operate(1, func(ctx context.Context, m filing.Measurements, in [][]byte) (any, [][]byte, error) {
			return drawn(a.Overlay(ctx, in[0], m))
		}),
		"read": operate(1, func(ctx context.Context, m filing.Measurements, in [][]byte) (any, [][]byte, error) {
			out, err := a.Read(ctx, in[0], &m)
			return out, nil, err
		}),
		"stitch": operate(several, func(ctx context.Context, p stitchParams, in [][]byte) (any, [][]byte, error) {
			return stitch(ctx, a, p, in)
		}),
		"parts": operate(1, func(ctx context.Context, c filing.Composite, in [][]byte) (any, [][]byte, error) {
			err := a.MeasureParts(ctx, in[0], &c)
			return c, nil, err
		}),
		"shrink": operate(1, func(ctx context.Context, p shrinkParams, in [][]byte) (any, [][]byte, error) {
			picture, info, err := a.ShrinkBelow(ctx, in[0], p.MaxBytes, p.MinBytes)
			return info, [][]byte{picture}, err
		}),
	}
}

func stitch(ctx context.Context, a *imaging.Analyzer, p stitchParams, in [][]byte) (any, [][]byte, error) {
	if len(p.Parts) != len(in) {
		return nil, nil, fmt.Errorf("%d pictures of %d parts", len(in), len(p.Parts))
	}
	parts := make([]imaging.StitchPart, len(in))
	for i, part := range p.Parts {
		parts[i] = imaging.StitchPart{
			Open:         func(context.Context) ([]byte, error) { return in[i], nil },
			Measurements: part.Measurements, Card: part.Card, Caption: part.Caption,
		}
	}
	composite, picture, err := a.Stitch(ctx, parts, p.Options)
	var failure *imaging.StitchError
	if errors.As(err, &failure) {
		result := stitchResult{Failure: &imaging.StitchError{Code: failure.Code, Part: failure.Part}}
		if failure.Err != nil {
			result.Detail = failure.Err.Error()
		}
		return result, nil, nil
	}
	return stitchResult{Composite: composite}, [][]byte{picture}, err
}

// problems are the errors on which a caller decides: they arrive as themselves.
var problems = map[string]error{
	"unsupported": imaging.ErrUnsupported,
	"damaged":     imaging.ErrDamaged,
	"pixels":      imaging.ErrTooManyPixels,
	"document":    imaging.ErrNoDocument,
	"reader":      imaging.ErrNoReader,
	"canceled":    context.Canceled,
}

// problemOf names an error of problems; empty for any other.
func problemOf(err error) string {
	for name, problem := range problems {
		if errors.Is(err, problem) {
			return name
		}
	}
	return ""
}

// Analyze measures a file, as imaging.Analyzer does.
func (p *Pool) Analyze(ctx context.Context, data []byte) (filing.Measurements, error) {
	m, _, err := call[filing.Measurements](ctx, p, "analyze", nil, data)
	return m, err
}

// Read reads what is written in a photo that m was measured of. ErrNoReader where no text can be read.
func (p *Pool) Read(ctx context.Context, data []byte, m *filing.Measurements) (filing.Reading, error) {
	switch {
	case p.ReaderVersion() == "":
		return filing.Reading{}, fmt.Errorf("read: %w", imaging.ErrNoReader)
	case m == nil:
		return filing.Reading{}, fmt.Errorf("read: %w", imaging.ErrDamaged)
	}
	r, _, err := callCrew[filing.Reading](ctx, p, p.readers, "read", m, data)
	return r, err
}

// Stitch makes one picture of several, as imaging.Analyzer does. All sources are in memory together while the worker has them.
func (p *Pool) Stitch(ctx context.Context, parts []imaging.StitchPart, o imaging.StitchOptions) (filing.Composite, []byte, error) {
	params := stitchParams{Options: o, Parts: make([]stitchPart, len(parts))}
	pictures := make([][]byte, len(parts))
	for i, part := range parts {
		params.Parts[i] = stitchPart{Measurements: part.Measurements, Card: part.Card, Caption: part.Caption}
		var err error
		if pictures[i], err = part.Open(ctx); err != nil {
			return filing.Composite{}, nil, fmt.Errorf("stitch pictures: part %d: %w", i+1, err)
		}
	}
	result, out, err := call[stitchResult](ctx, p, "stitch", params, pictures...)
	if err != nil {
		return filing.Composite{}, nil, err
	}
	if failure := result.Failure; failure != nil {
		if result.Detail != "" {
			failure.Err = errors.New(plain(result.Detail))
		}
		return filing.Composite{}, nil, fmt.Errorf("stitch pictures: %w", failure)
	}
	return result.Composite, first(out), nil
}

// Upright returns the picture as it is to be seen.
func (p *Pool) Upright(ctx context.Context, data []byte) ([]byte, error) {
	return p.draw(ctx, "upright", nil, data)
}

// Thumbnail returns a small upright picture.
func (p *Pool) Thumbnail(ctx context.Context, data []byte, longSide int) ([]byte, error) {
	return p.draw(ctx, "thumbnail", thumbnailParams{longSide}, data)
}

// Rectified shows a document by itself, seen from straight above.
func (p *Pool) Rectified(ctx context.Context, data []byte, doc filing.Document, longSide int) ([]byte, error) {
	return p.draw(ctx, "rectified", rectifiedParams{doc, longSide}, data)
}

// Watermark writes a text across the picture.
func (p *Pool) Watermark(ctx context.Context, data []byte, text string) ([]byte, error) {
	return p.draw(ctx, "watermark", text, data)
}

// Overlay draws what was measured into the picture.
func (p *Pool) Overlay(ctx context.Context, data []byte, m filing.Measurements) ([]byte, error) {
	return p.draw(ctx, "overlay", m, data)
}

// ShrinkBelow makes a copy of less than maxBytes that loses as little as can be.
func (p *Pool) ShrinkBelow(ctx context.Context, data []byte, maxBytes, minBytes int64) ([]byte, imaging.ShrinkInfo, error) {
	info, out, err := call[imaging.ShrinkInfo](ctx, p, "shrink", shrinkParams{maxBytes, minBytes}, data)
	if err != nil {
		return nil, imaging.ShrinkInfo{}, err
	}
	return first(out), info, nil
}

// MeasureParts measures how well each part of a composite can be read, and writes it into the composite.
func (p *Pool) MeasureParts(ctx context.Context, picture []byte, c *filing.Composite) error {
	measured, _, err := call[filing.Composite](ctx, p, "parts", c, picture)
	if err == nil {
		*c = measured
	}
	return err
}

func (p *Pool) draw(ctx context.Context, operation string, params any, data []byte) ([]byte, error) {
	_, out, err := call[struct{}](ctx, p, operation, params, data)
	return first(out), err
}

func first(pictures [][]byte) []byte {
	if len(pictures) == 0 {
		return nil
	}
	return pictures[0]
}

// call asks a worker that decodes for an operation.
func call[R any](ctx context.Context, p *Pool, operation string, params any, pictures ...[]byte) (result R, out [][]byte, err error) {
	return callCrew[R](ctx, p, p.decoders, operation, params, pictures...)
}

func callCrew[R any](ctx context.Context, p *Pool, of *crew, operation string, params any, pictures ...[]byte) (result R, out [][]byte, err error) {
	var raw json.RawMessage
	if params != nil {
		if raw, err = json.Marshal(params); err != nil {
			return result, nil, fmt.Errorf("print parameters of %s: %w", operation, err)
		}
	}
	value, out, err := p.do(ctx, of, operation, raw, pictures)
	if err != nil {
		return result, nil, fmt.Errorf("%s: %w", operation, err)
	}
	if len(value) > 0 {
		if err := json.Unmarshal(value, &result); err != nil {
			return result, nil, fmt.Errorf("%s: result: %w", operation, err)
		}
	}
	return result, out, nil
}
