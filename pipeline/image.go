package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/imaging/worker"
	"github.com/preflight-icp/preflight/storage"
)

// ThumbnailSide is the long side of a thumbnail in pixels: sharp at 240 CSS pixels on a phone's doubled screen.
const ThumbnailSide = 480

// PreviewSide is the long side of a preview: sharp over the width of a phone, whose screens have up to three pixels for one of CSS.
const PreviewSide = 1080

// RectifiedSide is the long side of a document by itself, in pixels, where the photo has as many: 24 pixels a millimetre on
// a card, on which the smallest print can be read.
const RectifiedSide = 2048

// derivativesVersion changes whenever a derivative of the same bytes would be another picture.
const derivativesVersion = "1"

// Image is a picture of a file: the original bytes, or a rendering that is made once and kept in the store.
func (p *Pipeline) Image(ctx context.Context, who Viewer, id string, variant Variant) (*Image, error) {
	m, _, err := p.visibleMaterial(ctx, who, id)
	if err != nil {
		return nil, err
	}
	sum := digestOf(m)
	key, contentType := storage.ObjectKey(sum), contentTypes[m.Format]
	etag := fmt.Sprintf(`"%s"`, m.SHA256)
	if contentType == "" {
		contentType = "application/octet-stream" // never what a browser would run
	}
	if variant != VariantOriginal {
		if !m.Format.Accepted() {
			return nil, ErrUnreadable
		}
		version := derivativesVersion
		if variant.measured() {
			version += "-" + strings.ReplaceAll(p.Analyzer, "+", ".") // keys know no plus
		}
		key = storage.DerivativeKey(sum, string(variant), version)
		etag = fmt.Sprintf(`"%s-%s-%s"`, m.SHA256, variant, version)
	}
	info, err := p.Objects.Stat(ctx, key)
	if variant != VariantOriginal && errors.Is(err, storage.ErrNotFound) {
		if err := p.derive(m, variant, key); err != nil {
			return nil, err
		}
		info, err = p.Objects.Stat(ctx, key)
	}
	if err != nil {
		return nil, fmt.Errorf("picture of file %s: %w", m.ID, err)
	}
	if variant != VariantOriginal {
		if contentType, err = p.derivedType(ctx, key); err != nil {
			return nil, err
		}
	}
	return &Image{
		ETag: etag, ContentType: contentType, Size: info.Size, ModTime: info.ModTime,
		Open: func(offset, length int64) (io.ReadCloser, error) { return p.Objects.Get(ctx, key, offset, length) },
	}, nil
}

// Watermark writes a text across a picture, for one who looks at it: the copy is made for each, and kept nowhere.
func (p *Pipeline) Watermark(ctx context.Context, img *Image, text string) (_ []byte, err error) {
	if img.Size > p.cfg.MaxBody {
		return nil, &TooLargeError{Limit: p.cfg.MaxBody}
	}
	if err := p.acquire(ctx, p.slots); err != nil {
		return nil, fmt.Errorf("wait for a slot: %w", err)
	}
	defer release(p.slots)
	r, err := img.Open(0, img.Size)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read a picture: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.MeasureDeadline)
	defer cancel()
	marked, err := p.Renderer.Watermark(ctx, data, text)
	if errors.Is(err, imaging.ErrDamaged) || errors.Is(err, imaging.ErrUnsupported) || errors.Is(err, imaging.ErrTooManyPixels) {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return marked, err
}

var contentTypes = map[filing.Format]string{
	filing.FormatJPEG: "image/jpeg", filing.FormatPNG: "image/png", filing.FormatGIF: "image/gif",
}

// derive makes a rendering and keeps it; asked for twice at once it is made once.
func (p *Pipeline) derive(m *storage.Material, variant Variant, key string) error {
	_, err, _ := p.drawing.Do(key, func() (any, error) {
		// Others may wait for the same picture: it does not end with the request of the one who asked first.
		ctx := p.life
		measured := new(filing.Measurements)
		if variant.measured() {
			var err error
			if measured, err = p.shown(ctx, m, variant); err != nil {
				return nil, err
			}
		}
		picture, err := p.render(ctx, m, func(data []byte) ([]byte, error) {
			ctx, cancel := context.WithTimeout(ctx, p.cfg.MeasureDeadline)
			defer cancel()
			switch variant {
			case VariantThumbnail:
				return p.Renderer.Thumbnail(ctx, data, ThumbnailSide)
			case VariantPreview:
				return p.Renderer.Thumbnail(ctx, data, PreviewSide)
			case VariantRectified:
				return p.Renderer.Rectified(ctx, data, *measured.Document, RectifiedSide)
			case VariantOverlay:
				return p.Renderer.Overlay(ctx, data, *measured)
			default:
				return p.Renderer.Upright(ctx, data)
			}
		})
		if err != nil {
			return nil, err
		}
		if err := p.Objects.Put(ctx, key, storage.BytesContent(picture)); err != nil {
			return nil, err
		}
		// The file may have been deleted while it was drawn: then nothing of it may stay.
		if _, err := p.Records.Material(ctx, m.ID); errors.Is(err, storage.ErrNotFound) {
			return nil, errors.Join(ErrNotFound, p.Objects.Delete(ctx, key))
		}
		return nil, nil
	})
	return err
}

// shown returns the measurements that a rendering shows: those that are kept, or else new ones. They are taken before the
// rendering has its slot, since measuring needs one of its own.
func (p *Pipeline) shown(ctx context.Context, m *storage.Material, variant Variant) (*filing.Measurements, error) {
	measured, err := p.measuring(ctx, digestOf(m), func() ([]byte, error) { return p.load(ctx, m) }).wait(ctx)
	switch {
	case err != nil:
		return nil, err
	case measured.Decode == nil || !measured.Decode.Complete:
		return nil, ErrUnreadable
	case variant == VariantRectified && measured.Document == nil:
		return nil, ErrNoDocument
	}
	return measured, nil
}

// derivedType recognizes a rendering by its first bytes, as everything else is.
func (p *Pipeline) derivedType(ctx context.Context, key string) (string, error) {
	r, err := p.Objects.Get(ctx, key, 0, imaging.RecognizeBytes)
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Close() }()
	head, err := io.ReadAll(io.LimitReader(r, imaging.RecognizeBytes))
	if err != nil {
		return "", fmt.Errorf("read a rendering: %w", err)
	}
	return contentTypes[imaging.Recognize(head)], nil
}

// render loads a file in a slot and makes a picture from it.
func (p *Pipeline) render(ctx context.Context, m *storage.Material, draw func(data []byte) ([]byte, error)) ([]byte, error) {
	if err := p.acquire(ctx, p.slots); err != nil {
		return nil, fmt.Errorf("wait for a slot: %w", err)
	}
	defer release(p.slots)
	data, err := p.load(ctx, m)
	if err != nil {
		return nil, err
	}
	picture, err := draw(data)
	if errors.Is(err, imaging.ErrNoDocument) {
		return nil, fmt.Errorf("%w: %w", ErrNoDocument, err)
	}
	// A picture that ends its worker process, or takes too long to draw, is one of which nothing can be made.
	var ended *worker.Failure
	if errors.As(err, &ended) || errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if errors.Is(err, imaging.ErrDamaged) || errors.Is(err, imaging.ErrUnsupported) || errors.Is(err, imaging.ErrTooManyPixels) {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return picture, err
}
