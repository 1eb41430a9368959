package imaging

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"sync"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/onnx"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/imaging/read"
	"github.com/preflight-icp/preflight/models"
)

// ErrNoReader says that no text can be read: reading is switched off, or ONNX Runtime or a model is not installed.
var ErrNoReader = read.ErrNoReader

const (
	// DefaultReadSide is the long side in pixels that a page keeps when it is decoded for being read. 2400: the smallest print of a
	// card is then 70 pixels high, and that of a page of A4 30, while the recognizer sees lines of 48 pixels.
	DefaultReadSide = 2400
	// DefaultReads is how many photos are read at once: as many as the runtime has slots for would each hold a picture and its tensors.
	DefaultReads = 2

	minReadSide, maxReads = 640, 64
)

// validReading says what is wrong with the options of reading; zero values are right.
func (o *Options) validReading() error {
	switch {
	case o.ReadSide != 0 && o.ReadSide < minReadSide:
		return fmt.Errorf("imaging: ReadSide is %d, below %d nothing small can be read", o.ReadSide, minReadSide)
	case o.Reads < 0 || o.Reads > maxReads:
		return fmt.Errorf("imaging: Reads is %d, must be from 1 to %d", o.Reads, maxReads)
	}
	return nil
}

// reading is the part of an Analyzer that reads text. Its models take as long to load as a photo takes to be read: they are loaded
// once, when first needed, or by PrepareReading.
type reading struct {
	version string // empty where no text can be read
	side    int
	slots   chan struct{}
	load    func() (*read.Reader, error)
}

// newReading prepares reading and loads nothing.
func newReading(o Options, r *onnx.Runtime) reading {
	if o.ReadSide == 0 {
		o.ReadSide = DefaultReadSide
	}
	if o.Reads == 0 {
		o.Reads = DefaultReads
	}
	out := reading{side: o.ReadSide, slots: make(chan struct{}, o.Reads)}
	if o.WithoutReading || r == nil || !models.Has(o.Models, models.TextDetector, models.TextDirection, models.TextRecognizer, models.TextKeys) {
		out.load = func() (*read.Reader, error) { return nil, ErrNoReader }
		return out
	}
	out.version = read.Version
	if o.ReadSide != DefaultReadSide {
		out.version += "+side" + strconv.Itoa(o.ReadSide)
	}
	out.load = sync.OnceValues(func() (*read.Reader, error) { return read.New(o.Models, r) })
	return out
}

// ReaderVersion names what reads text: the same bytes and measurements give the same Reading under the same name. It is empty where
// no text can be read (ErrNoReader), and known without loading a model.
func (a *Analyzer) ReaderVersion() string { return a.reading.version }

// PrepareReading loads the models of reading, which the first Read does otherwise. It takes about a second of one core. Errors are
// ErrNoReader, onnx.ErrChecksum, or what the runtime says of a model; they stay until the process ends.
func (a *Analyzer) PrepareReading() error {
	_, err := a.reading.load()
	return err
}

// sureOfPage is the confidence from which the document that was located is read by itself: from there on it is more likely right
// than not, and what is cut off by a wrong one cannot be read.
const sureOfPage = 0.5

// Below sureOfSides a side of the document may be one that is printed on it, such as that below the coloured head of a residence
// permit, which holds its name: it is read with a surround on every side, pageSurround of its shorter side wide. From there on what
// lies beside it is another's.
const sureOfSides, pageSurround = 0.86, 0.2

// Read reads what is written in a photo: on the document that m located, where that is likely and the only one, with a surround where
// its sides are not sure, on each of the parts that m has of a stitched picture, else in the whole picture; whichever way up it lies. m are the measurements of the same bytes. It is a pure function of both, of ReaderVersion and
// of nothing else.
//
// At most Options.Reads calls go on at once; more wait. Each uses one core and holds the picture, at the size that reading needs:
// of a JPEG whose page is much larger than Options.ReadSide a half, quarter or eighth is decoded.
//
// Errors are ErrNoReader, ErrDamaged where the picture cannot be decoded in full, the context's, or a failure of this machine.
func (a *Analyzer) Read(ctx context.Context, data []byte, m *filing.Measurements) (filing.Reading, error) {
	out, err := a.readText(ctx, data, m)
	if err != nil {
		return filing.Reading{}, fmt.Errorf("read picture: %w", err)
	}
	return out, nil
}

func (a *Analyzer) readText(ctx context.Context, data []byte, m *filing.Measurements) (filing.Reading, error) {
	if a.reading.version == "" {
		return filing.Reading{}, ErrNoReader
	}
	if m == nil || m.Decode == nil || !m.Decode.Complete {
		return filing.Reading{}, ErrDamaged
	}
	select {
	case a.reading.slots <- struct{}{}:
		defer func() { <-a.reading.slots }()
	case <-ctx.Done():
		return filing.Reading{}, ctx.Err()
	}
	reader, err := a.reading.load()
	if err != nil {
		return filing.Reading{}, err
	}
	h, orientation, err := a.check(data)
	if err != nil {
		return filing.Reading{}, err
	}
	on := pagesOf(m)
	side := float64(max(h.width, h.height))
	if len(on) > 0 {
		side = 0
		for i := range on {
			side = max(side, on[i].Side(0), on[i].Side(1), on[i].Side(2), on[i].Side(3))
		}
	}
	framer, err := a.decodeReduced(ctx, &h, data, reduction(side, a.reading.side))
	if err != nil {
		return filing.Reading{}, err
	}
	defer a.framers.Put(framer)
	f := framer.frame(orientation)
	full := raster.Point{float64(m.Width) / float64(f.Width), float64(m.Height) / float64(f.Height)}
	for i := range on {
		for k := range on[i] {
			on[i][k] = raster.Point{on[i][k][0] / full[0], on[i][k][1] / full[1]}
		}
	}
	out, err := readPages(ctx, reader, f, on)
	if err == nil && len(on) > 0 && len(out.Lines) == 0 {
		// What was taken for a document holds no word: it may be the table's edge, and the document beside it.
		out, err = reader.Read(ctx, f, nil)
	}
	if err != nil {
		return filing.Reading{}, err
	}
	out.Reader = a.reading.version
	enlarge(&out, full)
	return out, nil
}

// readPages reads the pages of a picture one by one, the whole picture where there is none. What is read of several is kept apart.
func readPages(ctx context.Context, reader *read.Reader, f *raster.Frame, on []raster.Quad) (filing.Reading, error) {
	switch len(on) {
	case 0:
		return reader.Read(ctx, f, nil)
	case 1:
		return reader.Read(ctx, f, &on[0])
	}
	w, h := float64(f.Width), float64(f.Height)
	out := filing.Reading{Page: [4]filing.Point{{0, 0}, {w, 0}, {w, h}, {0, h}}, Lines: []filing.Line{}}
	for i := range on {
		one, err := reader.Read(ctx, f, &on[i])
		if err != nil {
			return filing.Reading{}, fmt.Errorf("part %d: %w", i+1, err)
		}
		out.Lines, out.Seals, out.Cut = append(out.Lines, one.Lines...), append(out.Seals, one.Seals...), out.Cut || one.Cut
		out.Parts = append(out.Parts, filing.ReadPart{Page: one.Page, Lines: len(one.Lines), Seals: len(one.Seals), Cut: one.Cut})
	}
	return out, nil
}

// pagesOf are the parts of a stitched picture, or the one document that is to be read by itself; none: the whole picture is read.
func pagesOf(m *filing.Measurements) (pages []raster.Quad) {
	if len(m.Parts) > 1 {
		for i := range m.Parts {
			pages = append(pages, raster.Quad(m.Parts[i].Quad))
		}
		return pages
	}
	if page := pageOf(m); page != nil {
		pages = append(pages, *page)
	}
	return pages
}

// pageOf is the document to be read by itself, nil for the whole picture.
func pageOf(m *filing.Measurements) *raster.Quad {
	if m.Document == nil || m.Document.Confidence < sureOfPage {
		return nil
	}
	for _, other := range m.Others {
		if other.Confidence >= sureOfPage {
			return nil // of several the reader does not know which one is meant
		}
	}
	q := raster.Quad(m.Document.Quad)
	if m.Document.Confidence < sureOfSides {
		q = surrounded(q)
	}
	return &q
}

// surrounded is a document with what lies around it in its own plane. One seen so slantingly that its plane ends there stays as it is.
func surrounded(q raster.Quad) raster.Quad {
	w, h := max(q.Side(0), q.Side(2)), max(q.Side(1), q.Side(3))
	toPicture, ok := raster.RectToQuad(w, h, q)
	if !ok {
		return q
	}
	by := pageSurround * min(w, h)
	var out raster.Quad
	for i, corner := range (raster.Quad{{-by, -by}, {w + by, -by}, {w + by, h + by}, {-by, h + by}}) {
		if toPicture[6]*corner[0]+toPicture[7]*corner[1]+toPicture[8] <= 0 {
			return q
		}
		out[i] = toPicture.Apply(corner)
	}
	return out
}

// reduction is by how much a JPEG can be reduced as it is decoded (1, 2, 4 or 8) without its page becoming smaller than that.
func reduction(page float64, side int) int {
	by := 1
	for by < 8 && page >= float64(2*by*side) {
		by *= 2
	}
	return by
}

// decodeReduced decodes a whole picture, a JPEG at a reduced size, which its coefficients give without the work of the full one.
func (a *Analyzer) decodeReduced(ctx context.Context, h *header, data []byte, by int) (_ *framer, err error) {
	defer trimMemory()
	f, _ := a.framers.Get().(*framer)
	if f == nil {
		f = &framer{}
	}
	defer func() {
		if err != nil {
			a.framers.Put(f)
		}
	}()
	sink := f.strip
	if h.format == filing.FormatGIF {
		f.begin(h.width, h.height)
		var strip gifStrip
		if err := decodeGIF(ctx, data, func(y int, rgb []byte) { strip.add(sink, h.height, y, rgb) }); err != nil {
			return nil, damagedOr(err)
		}
		return f, nil
	}
	clean := withoutMetadata(h, data)
	d, err := openReduced(ctx, h.format, clean, by)
	if err != nil {
		return nil, damagedOr(ended(ctx, err))
	}
	defer d.close()
	if width, height := (h.width+by-1)/by, (h.height+by-1)/by; h.format == filing.FormatJPEG && (d.width != width || d.height != height) {
		return nil, ErrDamaged
	}
	f.begin(d.width, d.height)
	if err := d.strips(ctx, h.format, clean, sink); err != nil {
		return nil, damagedOr(err)
	}
	return f, nil
}

// enlarge takes what was read in a reduced picture to the pixels of the full one.
func enlarge(r *filing.Reading, by raster.Point) {
	if by == (raster.Point{1, 1}) {
		return
	}
	quad := func(q *[4]filing.Point) {
		for i := range q {
			q[i] = filing.Point{math.Round(10*q[i][0]*by[0]) / 10, math.Round(10*q[i][1]*by[1]) / 10}
		}
	}
	quad(&r.Page)
	for i := range r.Lines {
		quad(&r.Lines[i].Quad)
	}
	for i := range r.Seals {
		quad(&r.Seals[i].Quad)
	}
	for i := range r.Parts {
		quad(&r.Parts[i].Page)
	}
}
