package imaging

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/layouts"
	"github.com/preflight-icp/preflight/imaging/legibility"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// StitchError says why no composite can be made (拼图失败的原因), by a stable code.
type StitchError struct {
	// Code is one of the codes below.
	Code string
	// Part is the number of the part that it is about, from 0; -1 where it is about all of them.
	Part int
	// Err is what went wrong below, nil where nothing did.
	Err error
}

// The codes of StitchError.
const (
	// StitchLayout: there is no such layout, or it takes another number of parts.
	StitchLayout = "composite_layout"
	// StitchUnreadable: a source cannot be decoded to its last pixel, or has more pixels than the guard allows.
	StitchUnreadable = "part_unreadable"
	// StitchNoDocument: the parts are to be rectified, and no document is known in this one.
	StitchNoDocument = "part_no_document"
	// StitchIllegible: the print of a part would be smaller than asked for, since so many bytes hold no more or its source has no
	// more.
	StitchIllegible = "composite_illegible"
	// StitchTooLarge and StitchTooSmall: nothing of that layout fits below MaxBytes, or reaches MinBytes.
	StitchTooLarge = "composite_too_large"
	StitchTooSmall = "composite_too_small"
	// StitchCaption: a caption has letters that cannot be drawn.
	StitchCaption = "composite_caption"
)

func (e *StitchError) Error() string {
	text := e.Code
	if e.Part >= 0 {
		text += fmt.Sprintf(" (part %d)", e.Part+1)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives what went wrong below.
func (e *StitchError) Unwrap() error { return e.Err }

// MaxStitchParts is how many parts a composite may have: more print than that fits into no file that a bureau takes.
const MaxStitchParts = 12

// StitchPart is a source of a composite.
type StitchPart struct {
	// Open gives the file's bytes; it is called again for what would not fit into keptBytes together.
	Open func(ctx context.Context) ([]byte, error)
	// Measurements are the Analyzer's of the same bytes: where the document is, how high and how sharp its print.
	Measurements filing.Measurements
	// Card: the document is a card of format ID-1; all cards of a composite are brought to one scale.
	Card bool
	// Caption stands below the part, in ASCII; empty is none.
	Caption string
}

// StitchOptions say how a composite is to be.
type StitchOptions struct {
	// Layout is the name of one of package layouts; empty is auto.
	Layout string
	// Rectify shows the documents alone, seen from straight above, in place of whole photos.
	Rectify bool
	// MinBytes <= size < MaxBytes holds for the result.
	MinBytes, MaxBytes int64
	// MinTextPx is the height in pixels below which the smallest print of no part may fall; 0 is any.
	MinTextPx float64
	// Margin is the space around and between parts, as a share of the side of a square as large as all of them; 0 is none.
	Margin float64
}

// keptBytes is how much of the sources may be in memory together from their headers' reading to their drawing: four photos of a
// phone, which need not be fetched and searched twice.
const keptBytes = 16 << 20

// stitchSource is what is known of a part before it is drawn.
type stitchSource struct {
	StitchPart
	// kept are the file's bytes with their header, nil where they are to be opened again.
	kept        []byte
	header      header
	digest      string
	orientation int
	// size is that of the part at scale 1, in pixels of its source; quad is the document where it is shown alone.
	size layouts.Size
	quad *raster.Quad
	// unit is the scale of this part beside the others.
	unit float64
	// pxPerMM is the resolution of a card in its source, 0 for what is none.
	pxPerMM float64
	rate    jpegRate
}

// Stitch makes one JPEG of several photos (拼图): upright, in sRGB, without metadata, cards at one scale, the print of all
// parts about equally high. Its scale and quality are those at which the print that is hardest to read is predicted, from the
// sources' measurements, to be read best below MaxBytes; no part is enlarged. The same sources, measurements and options give
// the same bytes.
//
// Sources are read one after the other, kept while they are small together (keptBytes), and decoded by strips into the finished
// picture, which has at most maxStitched pixels: so memory is bounded by that, these files or one larger one, and what its decoder
// must hold (of a progressive JPEG all coefficients).
//
// What cannot be done is a *StitchError; other errors are the context's, Open's, or a failure of this machine.
func (a *Analyzer) Stitch(ctx context.Context, parts []StitchPart, o StitchOptions) (filing.Composite, []byte, error) {
	s, err := a.prepareStitch(ctx, parts, o)
	if err != nil {
		return filing.Composite{}, nil, fmt.Errorf("stitch pictures: %w", err)
	}
	picture, err := s.make(ctx)
	if err != nil {
		return filing.Composite{}, nil, fmt.Errorf("stitch pictures: %w", err)
	}
	return s.composite(picture), picture, nil
}

// stitch is a composite in the making.
type stitch struct {
	a       *Analyzer
	o       StitchOptions
	sources []stitchSource
	// correction is the ratio of bytes that were found to those that were predicted.
	correction float64
	plan       stitchPlan
	quality    int
}

func (a *Analyzer) prepareStitch(ctx context.Context, parts []StitchPart, o StitchOptions) (*stitch, error) {
	if o.MaxBytes < 1024 || o.MinBytes < 0 || o.MinBytes >= o.MaxBytes {
		return nil, fmt.Errorf("bounds %d to %d bytes make no sense", o.MinBytes, o.MaxBytes)
	}
	if o.Margin < 0 || o.Margin > 0.5 {
		return nil, fmt.Errorf("a margin of %v makes no sense: 0 to 0.5", o.Margin)
	}
	if o.Layout == "" {
		o.Layout = layouts.Auto
	}
	layout, err := layouts.Named(o.Layout)
	if err != nil {
		return nil, &StitchError{StitchLayout, -1, err}
	}
	if len(parts) == 0 || len(parts) > MaxStitchParts {
		return nil, &StitchError{StitchLayout, -1, fmt.Errorf("%d parts, 1 to %d are taken: %w", len(parts), MaxStitchParts, layouts.ErrParts)}
	}
	o.Rectify = o.Rectify || layout.Rectify
	s := &stitch{a: a, o: o, correction: 1}
	left := keptBytes
	for i, p := range parts {
		if !drawable(p.Caption) {
			return nil, &StitchError{StitchCaption, i, nil}
		}
		source, err := a.examine(ctx, p, o.Rectify)
		if err != nil {
			return nil, partError(i, err)
		}
		if len(source.kept) > left {
			source.kept, source.header = nil, header{}
		}
		left -= len(source.kept)
		s.sources = append(s.sources, source)
	}
	s.unite()
	return s, nil
}

// partError gives what is wrong with a source its code.
func partError(i int, err error) error {
	switch {
	case errors.Is(err, ErrNoDocument):
		return &StitchError{StitchNoDocument, i, err}
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrUnsupported), errors.Is(err, ErrTooManyPixels):
		return &StitchError{StitchUnreadable, i, err}
	}
	return fmt.Errorf("part %d: %w", i+1, err)
}

// examine looks at a source's header.
func (a *Analyzer) examine(ctx context.Context, p StitchPart, rectify bool) (stitchSource, error) {
	src := stitchSource{StitchPart: p}
	data, err := p.Open(ctx)
	if err != nil {
		return src, err
	}
	h, orientation, err := a.check(data)
	if err != nil {
		return src, err
	}
	src.kept, src.header = data, h
	sum := sha256.Sum256(data)
	src.digest, src.orientation, src.rate = hex.EncodeToString(sum[:]), orientation, rateOf(&h, data)
	w, hh := uprightSize(h.width, h.height, orientation)
	src.size = layouts.Size{float64(w), float64(hh)}
	doc := p.Measurements.Document
	if doc != nil && p.Card {
		for _, f := range doc.Formats {
			if f.Format == filing.FormatID1 {
				src.pxPerMM = f.PxPerMM
			}
		}
	}
	if !rectify {
		return src, nil
	}
	if doc == nil {
		return src, ErrNoDocument
	}
	q := raster.Quad(doc.Quad)
	for _, at := range q {
		if !finite(at) {
			return src, ErrNoDocument
		}
	}
	if !q.Convex() || raster.PolygonArea(q.Within(float64(w), float64(hh))) < 1 {
		return src, ErrNoDocument
	}
	src.quad = &q
	across, down := sizeOf(doc)
	if src.pxPerMM > 0 {
		// Of a known card the millimetres say the size, so that both sides of one come out the same.
		long, short := src.pxPerMM*cardLongMM, src.pxPerMM*cardShortMM
		if across < down {
			long, short = short, long
		}
		across, down = long, short
	}
	src.size = layouts.Size{max(across, 1), max(down, 1)}
	return src, nil
}

// The sides of a card of format ID-1 in millimetres (ISO/IEC 7810).
const cardLongMM, cardShortMM = 85.60, 53.98

// smallestUnit bounds how much smaller than its source a part is made so that its print is no higher than that of the others:
// measured heights are of the smallest print that was found, which of two photos need not be the same kind of print.
const smallestUnit = 1.0 / 3

// unite decides the scales of the parts beside each other: cards alike in millimetres, print alike in height.
func (s *stitch) unite() {
	finest := 0.0 // px/mm of the coarsest card, which the others are brought to
	for i := range s.sources {
		if mm := s.sources[i].pxPerMM; mm > 0 && (finest == 0 || mm < finest) {
			finest = mm
		}
	}
	cardText := math.Inf(1)
	area, counted := 0.0, 0
	for i := range s.sources {
		p := &s.sources[i]
		p.unit = 1
		if p.pxPerMM > 0 {
			p.unit = finest / p.pxPerMM
			if h := p.text(); h > 0 {
				cardText = min(cardText, h*p.unit)
			}
		}
	}
	least := cardText
	for i := range s.sources {
		if p := &s.sources[i]; p.pxPerMM == 0 && p.text() > 0 {
			least = min(least, p.text())
		}
	}
	for i := range s.sources {
		p := &s.sources[i]
		switch h := p.text(); {
		case math.IsInf(least, 1): // of no part's print anything is known
		case p.pxPerMM > 0 && !math.IsInf(cardText, 1):
			p.unit *= max(least/cardText, smallestUnit)
		case p.pxPerMM == 0 && h > 0:
			p.unit = max(least/h, smallestUnit)
		default:
			continue
		}
		area += p.size[0] * p.size[1] * p.unit * p.unit
		counted++
	}
	for i := range s.sources {
		// What has no print that was measured is made as large as the others are on average.
		if p := &s.sources[i]; counted > 0 && p.text() == 0 && p.pxPerMM == 0 {
			p.unit = min(1, math.Sqrt(area/float64(counted)/(p.size[0]*p.size[1])))
		}
	}
	largest := 0.0
	for i := range s.sources {
		largest = max(largest, s.sources[i].unit)
	}
	for i := range s.sources {
		s.sources[i].unit /= largest
	}
}

// text is the height of the smallest print in pixels of the source; 0 where it is not known.
func (src *stitchSource) text() float64 {
	if l := src.Measurements.Legibility; l != nil {
		return l.TextHeightPx
	}
	return 0
}

// edge is the width of edges in pixels of the source; where it is not known, what a phone's camera gives.
func (src *stitchSource) edge() float64 {
	if l := src.Measurements.Legibility; l != nil && l.EdgeWidthPx > 0 {
		return l.EdgeWidthPx
	}
	return usualEdge
}

const usualEdge = 2.5

// composite describes the finished picture.
func (s *stitch) composite(picture []byte) filing.Composite {
	sum := sha256.Sum256(picture)
	c := filing.Composite{
		Layout: s.plan.layout, Rectified: s.o.Rectify, Width: s.plan.width, Height: s.plan.height, Bytes: int64(len(picture)),
		Quality: s.quality, SHA256: hex.EncodeToString(sum[:]),
	}
	for i := range s.sources {
		src, box := &s.sources[i], s.plan.boxes[i]
		toSource := s.plan.toSource(i, src)
		part := filing.CompositePart{
			Source: src.digest, Quad: [4]filing.Point(corners(box)), ToSource: [9]float64(toSource),
			Scale: s.plan.scale * src.unit, PxPerMM: legibilityRound(src.pxPerMM * s.plan.scale * src.unit),
			Predicted: s.predicted(src, s.plan.scale, s.quality),
		}
		if doc := src.Measurements.Document; doc != nil {
			if fromSource, ok := toSource.Inverse(); ok {
				q := doc.Quad
				for k := range q {
					q[k] = fromSource.Apply(q[k])
				}
				part.Document = &q
			}
		}
		c.Parts = append(c.Parts, part)
	}
	return c
}

// predicted is how well a part will be read.
func (s *stitch) predicted(src *stitchSource, scale float64, quality int) *filing.PartLegibility {
	if src.text() == 0 {
		return nil
	}
	by := scale * src.unit
	return &filing.PartLegibility{
		TextHeightPx: legibilityRound(src.text() * by), EdgeWidthPx: legibilityRound(edgeAt(src.edge(), by, quality)),
	}
}

// legibilityRound keeps what means anything.
func legibilityRound(v float64) float64 { return math.Round(v*100) / 100 }

// MeasureParts measures how well each part of a composite can be read in the finished picture, and writes it into the
// composite. picture are the bytes that Stitch made.
func (a *Analyzer) MeasureParts(ctx context.Context, picture []byte, c *filing.Composite) error {
	h, orientation, err := a.check(picture)
	if err != nil {
		return fmt.Errorf("measure composite: %w", err)
	}
	_, f, damage, err := a.measure(ctx, &h, picture)
	if err == nil && damage != "" {
		err = ErrDamaged
	}
	if err != nil {
		return fmt.Errorf("measure composite: %w", err)
	}
	defer a.framers.Put(f)
	frame := f.frame(orientation)
	for i := range c.Parts {
		p := &c.Parts[i]
		p.Measured = nil
		if p.Document == nil {
			continue
		}
		doc := filing.Document{Quad: *p.Document, Confidence: 1}
		if l := legibility.Measure(frame, &doc).Legibility; l != nil {
			p.Measured = &filing.PartLegibility{TextHeightPx: l.TextHeightPx, EdgeWidthPx: l.EdgeWidthPx}
		}
	}
	return nil
}

// toSource is the map from the composite to a source's upright picture.
func (p *stitchPlan) toSource(i int, src *stitchSource) raster.Homography {
	box := p.boxes[i]
	w, h := float64(box.Dx()), float64(box.Dy())
	away := raster.Homography{1, 0, -float64(box.Min.X), 0, 1, -float64(box.Min.Y), 0, 0, 1}
	if src.quad != nil {
		if m, ok := raster.RectToQuad(w, h, *src.quad); ok {
			return m.After(away)
		}
	}
	shown := func(side, to float64) float64 { return newStretch(int(side), int(to), false).length / to }
	return raster.Homography{shown(src.size[0], w), 0, 0, 0, shown(src.size[1], h), 0, 0, 0, 1}.After(away)
}

// drawable reports whether the built-in typeface has all letters of a caption.
func drawable(s string) bool {
	for _, r := range s {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return true
}

// stitchPlan is a composite's picture before it is drawn.
type stitchPlan struct {
	layout        string
	scale         float64
	width, height int
	// boxes are where the parts go, captions those of their captions.
	boxes, captions []image.Rectangle
}

// captionShare is the height of a caption's line as a share of the side of a square as large as all parts.
const captionShare = 0.03

// even is the even number next to a length.
func even(v float64) float64 { return 2 * math.Round(v/2) }

// at plans the composite at a scale: of the part that is enlarged the most in the end, in pixels for one of its source.
func (s *stitch) at(scale float64) (stitchPlan, error) {
	plan := stitchPlan{scale: scale}
	sizes := make([]layouts.Size, len(s.sources))
	area, captioned := 0.0, false
	for i := range s.sources {
		src := &s.sources[i]
		for k, side := range src.size {
			sizes[i][k] = max(2, even(side*src.unit*scale))
			if src.quad == nil { // of pixels there are no more than there are
				sizes[i][k] = max(2, min(sizes[i][k], 2*math.Floor(side/2)))
			}
		}
		area += sizes[i][0] * sizes[i][1]
		captioned = captioned || src.Caption != ""
	}
	caption := 0.0
	outer := make([]layouts.Size, len(sizes))
	if captioned {
		caption = even(max(captionShare*math.Sqrt(area), 1.5*writing))
	}
	for i := range sizes {
		outer[i] = layouts.Size{sizes[i][0], sizes[i][1] + caption}
	}
	arranged, err := layouts.Arrange(s.o.Layout, outer, even(s.o.Margin*math.Sqrt(area)))
	if err != nil {
		return plan, &StitchError{StitchLayout, -1, err}
	}
	plan.layout = arranged.Layout
	plan.width, plan.height = int(math.Ceil(arranged.Size[0])), int(math.Ceil(arranged.Size[1]))
	for i, at := range arranged.Places {
		x, y := int(at[0])&^1, int(at[1])&^1
		box := image.Rect(x, y, x+int(sizes[i][0]), y+int(sizes[i][1]))
		plan.boxes = append(plan.boxes, box)
		plan.captions = append(plan.captions, image.Rect(box.Min.X, box.Max.Y, box.Max.X, box.Max.Y+int(caption)))
	}
	return plan, nil
}
