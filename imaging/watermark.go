package imaging

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"github.com/h2non/bimg"
)

const (
	// watermarkLetters is how many letters of the mark fit side by side: so it is as large on a thumbnail as on a photo.
	watermarkLetters = 48
	// watermarkSmallest is the height of letters in pixels below which nobody could read them.
	watermarkSmallest = 11
	// watermarkOpacity leaves what is below readable, and watermarkQuality is that of a JPEG with it.
	watermarkOpacity = 0.6
	watermarkQuality = 90
)

// Watermark writes a text across the middle of an upright picture (水印): a copy that says who looked at it and when, should
// it turn up elsewhere. The text is of letters, digits and punctuation. The result is a JPEG in sRGB without metadata; the errors are
// those of Upright. It deters and it names: who cuts the picture up can take it away.
func (a *Analyzer) Watermark(ctx context.Context, data []byte, text string) ([]byte, error) {
	p, err := a.prepare(ctx, data)
	if err != nil {
		return nil, fmt.Errorf("mark picture: %w", err)
	}
	upright, err := p.upright(ctx)
	if err != nil {
		return nil, fmt.Errorf("mark picture: %w", err)
	}
	width, height := uprightSize(p.header.width, p.header.height, p.orientation)
	mark, err := watermark(width, height, text)
	if err != nil {
		return nil, fmt.Errorf("draw a watermark: %w", err)
	}
	out, err := p.encode(ctx, upright, bimg.Options{
		Type: bimg.JPEG, Quality: watermarkQuality, Interpretation: bimg.InterpretationSRGB,
		WatermarkImage: bimg.WatermarkImage{Left: 0, Top: max(0, height/2), Buf: mark, Opacity: watermarkOpacity},
	})
	if err != nil {
		return nil, fmt.Errorf("mark picture: %w", err)
	}
	return out, nil
}

// watermark draws the text on a strip as wide as the picture.
func watermark(width, height int, text string) ([]byte, error) {
	writing := float64(max(width*2/watermarkLetters, watermarkSmallest))
	strip, err := newCanvas(width, max(min(int(writing*1.6), height), 1), writing)
	if err != nil {
		return nil, err
	}
	strip.fill(solid(color.NRGBA{A: 0xff}), corners(strip.Rect))
	strip.text(color.White, int(writing/2), int(writing*1.15), text)
	var out bytes.Buffer
	if err := png.Encode(&out, image.Image(strip.RGBA)); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
