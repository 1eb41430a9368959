package imaging

import (
	"context"
	"errors"
	"fmt"

	"github.com/preflight-icp/preflight/filing"
)

// Version is the analyzer's version. It is part of every Measurements and of the key under which they are kept: it
// changes whenever the same bytes may give other Measurements than before.
const Version = "1"

// DefaultMaxPixels is the pixel guard where none is configured: 64 megapixels. No phone's photo of a document needs more,
// and a file of 4 KB can claim 4,128 megapixels.
const DefaultMaxPixels = 64 << 20

// Options configure an Analyzer. The zero value is the default.
type Options struct {
	// MaxPixels is the pixel guard: a picture of more pixels (width x height) is not decoded. 0 means DefaultMaxPixels.
	MaxPixels int64
}

// Analyzer measures pictures and makes derivatives of them. Use New; it is safe for concurrent use.
type Analyzer struct {
	maxPixels int64
}

// New starts libvips, once for the process, and returns an Analyzer. The error is that of libvips' start, or of options
// that make no sense.
func New(o Options) (*Analyzer, error) {
	if o.MaxPixels < 0 {
		return nil, fmt.Errorf("imaging: MaxPixels is %d, must not be negative", o.MaxPixels)
	}
	if o.MaxPixels == 0 {
		o.MaxPixels = DefaultMaxPixels
	}
	if err := startVips(); err != nil {
		return nil, err
	}
	return &Analyzer{maxPixels: o.MaxPixels}, nil
}

// Analyze measures a file. It is a pure function of the bytes, Version and Options: anything that is wrong with the file is
// in the Measurements. The error is the context's, or a failure of this machine (memory); the Measurements are then
// not to be kept. data must not change during the call, and is not referred to afterwards.
func (a *Analyzer) Analyze(ctx context.Context, data []byte) (filing.Measurements, error) {
	m := filing.Measurements{Analyzer: Version, Bytes: int64(len(data)), Format: Recognize(data)}
	if err := ctx.Err(); err != nil {
		return filing.Measurements{}, fmt.Errorf("analyze picture: %w", err)
	}
	if !m.Format.Accepted() {
		return m, nil
	}
	h := parseHeader(m.Format, data)
	m.Frames, m.Software, m.Orientation = h.frames, h.software, 1
	if h.hasEXIF {
		m.EXIF, m.Orientation = readEXIF(h.exif)
	}
	m.Width, m.Height = uprightSize(h.width, h.height, m.Orientation)
	switch {
	case h.refused:
		m.Refused = filing.RefusedHeader
		return m, nil
	case h.pixels() > a.maxPixels:
		m.Refused = filing.RefusedPixels
		return m, nil
	}
	s, damage, err := measure(ctx, &h, data)
	if err != nil {
		return filing.Measurements{}, fmt.Errorf("analyze picture: %w", err)
	}
	if m.Decode = (&filing.Decode{Complete: damage == "", Reason: damage}); m.Decode.Complete {
		m.Pixels = s.measured(m.Orientation)
	}
	return m, nil
}

// measure decodes the picture once. damage is the reason why it could not be decoded to its last pixel.
func measure(ctx context.Context, h *header, data []byte) (s *sampler, damage string, err error) {
	if h.damage == filing.DecodeUnsupported || h.format == filing.FormatPNG && h.damage != "" {
		return nil, h.damage, nil // proven by structure or checksum: not worth a decode
	}
	defer trimMemory()
	s = newSampler(h.width, h.height)
	if h.format == filing.FormatGIF {
		var strip gifStrip
		err = decodeGIF(ctx, data, func(y int, rgb []byte) { strip.add(s, y, rgb) })
	} else {
		err = decodeStrips(ctx, h, withoutMetadata(h, data), s.strip)
	}
	var gif gifDamage
	switch {
	case err == nil && h.damage == "":
		return s, "", nil
	case err != nil && !errors.Is(err, errDecode):
		return nil, "", err
	case errors.As(err, &gif):
		return nil, string(gif), nil
	case h.damage != "":
		return nil, h.damage, nil
	}
	return nil, filing.DecodeCorrupt, nil
}

// gifStrip gathers rows of a GIF into strips for a sampler.
type gifStrip struct{ rows []byte }

func (g *gifStrip) add(s *sampler, y int, rgb []byte) {
	g.rows = append(g.rows, rgb...)
	n := len(g.rows) / len(rgb)
	if n == stripRows || y == s.height-1 {
		s.strip(y+1-n, n, g.rows, len(rgb), layout{bands: 3})
		g.rows = g.rows[:0]
	}
}

// uprightSize swaps width and height where the orientation turns the picture by a quarter.
func uprightSize(width, height, orientation int) (int, int) {
	if orientation >= 5 {
		return height, width
	}
	return width, height
}
