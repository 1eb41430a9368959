package imaging

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/face"
	"github.com/preflight-icp/preflight/imaging/legibility"
	"github.com/preflight-icp/preflight/imaging/locate"
	"github.com/preflight-icp/preflight/imaging/onnx"
	"github.com/preflight-icp/preflight/imaging/origin"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/models"
)

// Version is the version of what is measured here: it changes whenever the same bytes may give other Measurements than
// before. What an Analyzer writes into them, and what they are kept under, is Analyzer.Version: it names the models too.
const Version = "13"

// DefaultMaxPixels is the pixel guard where none is configured: 64 megapixels. No phone's photo of a document needs more,
// and a file of 4 KB can claim 4,128 megapixels.
const DefaultMaxPixels = 64 << 20

// Options configure an Analyzer. The zero value is the default.
type Options struct {
	// MaxPixels is the pixel guard: a picture of more pixels (width x height) is not decoded. 0 means DefaultMaxPixels.
	MaxPixels int64
	// Models is the folder of the models and of ONNX Runtime (package models). Where it is empty or holds none, faces are
	// found by a simpler detector or not looked for, and Analyzer.Version says so.
	Models string
	// Runtime is the path of another ONNX Runtime to load instead of the one in Models.
	Runtime string
	// WithoutReading leaves text unread: Read is ErrNoReader.
	WithoutReading bool
	// ReadSide is the long side in pixels that a page keeps when it is decoded to be read, at least 640. 0 means DefaultReadSide;
	// any other is part of ReaderVersion.
	ReadSide int
	// Reads is how many calls of Read go on at once, 1 to 64; each holds a picture and about 60 MB. 0 means DefaultReads.
	Reads int
}

// Analyzer measures pictures and makes derivatives of them. Use New; it is safe for concurrent use.
type Analyzer struct {
	maxPixels int64
	runtime   *onnx.Runtime // nil where none is installed
	faces     *face.Detector
	reading   reading
	framers   sync.Pool // of *framer, whose memory is used again
}

// New starts libvips, once for the process, loads the models, and returns an Analyzer. The error is that of libvips' start,
// of options that make no sense, or of models that are there and are not the ones that were measured with.
func New(o Options) (*Analyzer, error) {
	if o.MaxPixels < 0 {
		return nil, fmt.Errorf("imaging: MaxPixels is %d, must not be negative", o.MaxPixels)
	}
	if o.MaxPixels == 0 {
		o.MaxPixels = DefaultMaxPixels
	}
	if err := o.validReading(); err != nil {
		return nil, err
	}
	if err := startVips(); err != nil {
		return nil, err
	}
	a := &Analyzer{maxPixels: o.MaxPixels, reading: newReading(o, nil)}
	if o.Models == "" {
		return a, nil
	}
	var err error
	if a.runtime, err = onnx.Open(o.Models, onnx.Options{Library: o.Runtime}); err != nil && !errors.Is(err, onnx.ErrNoModels) {
		return nil, fmt.Errorf("imaging: %w", err)
	}
	if a.faces, err = face.New(o.Models, a.runtime); err != nil && !errors.Is(err, face.ErrNoDetector) && !errors.Is(err, models.ErrMissing) {
		return nil, errors.Join(fmt.Errorf("imaging: %w", err), a.Close())
	}
	a.reading = newReading(o, a.runtime)
	return a, nil
}

// Close frees the models. Nothing may be measured afterwards.
func (a *Analyzer) Close() error {
	if a.runtime == nil {
		return nil
	}
	return a.runtime.Close()
}

// Version names what measures: Version, and the model that finds faces where there is one. The same bytes give the same
// Measurements under the same name.
func (a *Analyzer) Version() string {
	if a.faces == nil {
		return Version
	}
	return Version + "+" + a.faces.By()
}

// FacesBy names the detector of faces, as filing.Measurements.FacesBy; empty where none is installed.
func (a *Analyzer) FacesBy() string {
	if a.faces == nil {
		return ""
	}
	return a.faces.By()
}

// Analyze measures a file. It is a pure function of the bytes, Version and Options: anything that is wrong with the file is
// in the Measurements. The error is the context's, or a failure of this machine (memory); the Measurements are then
// not to be kept. data must not change during the call, and is not referred to afterwards.
func (a *Analyzer) Analyze(ctx context.Context, data []byte) (filing.Measurements, error) {
	m := filing.Measurements{Analyzer: a.Version(), Bytes: int64(len(data)), Format: Recognize(data)}
	if err := ctx.Err(); err != nil {
		return filing.Measurements{}, fmt.Errorf("analyze picture: %w", err)
	}
	if !m.Format.Accepted() {
		return m, nil
	}
	h := parseHeader(m.Format, data)
	m.Frames, m.Software, m.Orientation = h.frames, h.software, 1
	if h.hasEXIF {
		m.EXIF, m.Orientation = readEXIF(h.exif, h.width, h.height)
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
	flat, f, damage, err := a.measure(ctx, &h, data)
	if err != nil {
		return filing.Measurements{}, fmt.Errorf("analyze picture: %w", err)
	}
	if m.Decode = (&filing.Decode{Complete: damage == "", Reason: damage}); m.Decode.Complete {
		defer a.framers.Put(f)
		frame := f.frame(m.Orientation)
		if m.EXIF != nil {
			frame.Focal = m.EXIF.FocalLength35MM / diagonal35 * math.Hypot(float64(m.Width), float64(m.Height))
		}
		m.Pixels = &filing.Pixels{Hash: hash(frame.Small), FlatShare: flat.share()}
		dithered := h.palette || h.format == filing.FormatGIF
		if err := a.look(ctx, frame, dithered, &m); err != nil {
			return filing.Measurements{}, fmt.Errorf("analyze picture: %w", err)
		}
	}
	return m, nil
}

// diagonal35 is that of a picture on film of 35 mm, 36 x 24 mm, in millimetres.
const diagonal35 = 43.267

// holdsPortrait is the confidence from which a face on a document is taken for its portrait. Of what is less likely a document,
// most are walls and clothes, and a person stands before them.
const holdsPortrait = 0.3

// look measures what is in the picture: where the document is first, since all else is measured on it or beside it. In a
// dithered picture a screen is not looked for: the dither is a grid of its own.
func (a *Analyzer) look(ctx context.Context, f *raster.Frame, dithered bool, m *filing.Measurements) error {
	documents := locate.Documents(f)
	if len(documents) > 0 {
		m.Document, m.Others = &documents[0], documents[1:]
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("look at picture: %w", err)
	}
	seen := legibility.Measure(f, m.Document)
	m.Sharpness, m.Legibility, m.Glare, m.Exposure = seen.Sharpness, seen.Legibility, seen.Glare, seen.Exposure
	m.Colour = origin.Colour(f, m.Document)
	hardly := m.Document != nil && implausible(m)
	if err := a.findFaces(ctx, f, documents, hardly, m); err != nil {
		return err
	}
	if hardly {
		m.Document.Confidence = min(m.Document.Confidence, mostPlausible(m))
	}
	m.Surround = surroundOf(f, m.Document)
	if err := several(ctx, f, documents, m); err != nil {
		return fmt.Errorf("look at picture: %w", err)
	}
	if !dithered {
		m.Recapture = origin.Recapture(f, m.Document, m.EXIF)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("look at picture: %w", err)
	}
	return nil
}

// findFaces finds the faces on and beside the documents; hardly says that the main one is hardly a document.
func (a *Analyzer) findFaces(ctx context.Context, f *raster.Frame, documents []filing.Document, hardly bool, m *filing.Measurements) error {
	if a.faces == nil {
		return nil
	}
	var on []filing.Document
	for i, d := range documents {
		if d.Confidence >= holdsPortrait && (i > 0 || !hardly) { // before a window or a shelf a person stands
			on = append(on, d)
		}
	}
	faces, err := a.faces.Find(ctx, f, on)
	if err != nil {
		return err
	}
	m.Faces, m.FacesBy = faces, a.faces.By()
	return nil
}

// measure decodes the picture once. damage is the reason why it could not be decoded to its last pixel.
func (a *Analyzer) measure(ctx context.Context, h *header, data []byte) (s *flatness, f *framer, damage string, err error) {
	if h.damage == filing.DecodeUnsupported || h.format == filing.FormatPNG && h.damage != "" {
		return nil, nil, h.damage, nil // proven by structure or checksum: not worth a decode
	}
	defer trimMemory()
	s = newFlatness(h.width, h.height)
	if f, _ = a.framers.Get().(*framer); f == nil {
		f = &framer{}
	}
	f.begin(h.width, h.height)
	sink := func(top, rows int, pixels []byte, stride int, l layout) {
		s.strip(top, rows, pixels, stride, l)
		f.strip(top, rows, pixels, stride, l)
	}
	if h.format == filing.FormatGIF {
		var strip gifStrip
		err = decodeGIF(ctx, data, func(y int, rgb []byte) { strip.add(sink, h.height, y, rgb) })
	} else {
		err = f.decode(ctx, h, withoutMetadata(h, data), s, sink)
	}
	var gif gifDamage
	switch {
	case err == nil && h.damage == "":
		return s, f, "", nil
	case err != nil && !errors.Is(err, errDecode):
		return nil, nil, "", err
	case errors.As(err, &gif):
		return nil, nil, string(gif), nil
	case h.damage != "":
		return nil, nil, h.damage, nil
	}
	return nil, nil, filing.DecodeCorrupt, nil
}

// gifStrip gathers rows of a GIF into strips.
type gifStrip struct{ rows []byte }

func (g *gifStrip) add(sink func(int, int, []byte, int, layout), height, y int, rgb []byte) {
	g.rows = append(g.rows, rgb...)
	n := len(g.rows) / len(rgb)
	if n == stripRows || y == height-1 {
		sink(y+1-n, n, g.rows, len(rgb), layout{bands: 3})
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
