// Package read reads what is written in a photo (文字识别), with the three models of PP-OCRv4 mobile on ONNX Runtime. What the
// words mean is decided above; nothing is judged here.
//
// # How it reads
//
// A page, which is the document that was located or else the whole picture, is seen from straight above at a size at which its
// lines can be found. The detector says for each pixel how likely it is text; connected regions become rectangles (Liao et al.,
// Real-time Scene Text Detection with Differentiable Binarization, AAAI 2020), which are grown to the size of their letters.
// Which way the lines run, and which end of them is up, is one answer for the page: the lines vote, and where their vote is
// close, some are read both ways. Each line is then cut out of the full picture and recognized by itself, so that nothing
// that stands beside it changes what is read. Seals are found by their colour and shape alone (seal.go), and taken
// away before anything is read under them.
//
// Colour is put together of two parts, as JPEG does it: the luma of every pixel, and the chroma of the small picture. Text
// under a red seal stays apart from the seal, and no second decode is needed.
//
// # Limits
//
// A call uses one core and, beside the picture, about 40 MB for the detector's tensors; the models themselves are loaded once.
// How many calls run at once is bounded by the runtime (onnx.Options.Parallel). However much text a picture shows, at most
// maxLines of it and maxWidth of their length together are recognized, the largest first; Reading.Cut says so.
package read

import (
	"context"
	"errors"
	"fmt"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/onnx"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/models"
)

// Version is the version of reading; it changes whenever the same picture may give another Reading than before.
const Version = "4+ppocr-v4"

// ErrNoReader says that no text can be read: ONNX Runtime or a model is not there.
var ErrNoReader = errors.New("no reader of text is installed")

// Reader reads photos. Use New; it is safe for concurrent use.
type Reader struct {
	detector, direction, recognizer *onnx.Session
	// keys are the characters by class: the blank of CTC first, the space last.
	keys []string
}

// New loads the models of a folder. Errors are ErrNoReader where r is nil or a file is not there, onnx.ErrChecksum, or what the
// runtime says of a model.
func New(dir string, r *onnx.Runtime) (*Reader, error) {
	if r == nil {
		return nil, ErrNoReader
	}
	keys, err := models.Read(dir, models.TextKeys)
	if err != nil {
		return nil, unavailable(err)
	}
	reader := &Reader{keys: classes(keys)}
	for _, m := range []struct {
		name    models.Name
		output  string
		session **onnx.Session
	}{
		{models.TextDetector, "sigmoid_0.tmp_0", &reader.detector},
		{models.TextDirection, "softmax_0.tmp_0", &reader.direction},
		{models.TextRecognizer, "softmax_11.tmp_0", &reader.recognizer},
	} {
		if *m.session, err = r.Session(m.name, []string{"x"}, []string{m.output}); err != nil {
			return nil, unavailable(err)
		}
	}
	return reader, nil
}

func unavailable(err error) error {
	if errors.Is(err, models.ErrMissing) {
		return fmt.Errorf("%w: %w", ErrNoReader, err)
	}
	return fmt.Errorf("reader of text: %w", err)
}

// Read reads a photo: the document whose corners are given (upright full-size pixels, clockwise), whichever way up it lies, or
// the whole picture where on is nil or no quadrilateral. The same picture and corners give the same Reading on every run. The
// error is the context's, or the runtime's.
func (r *Reader) Read(ctx context.Context, f *raster.Frame, on *raster.Quad) (filing.Reading, error) {
	reading := filing.Reading{Reader: Version, Lines: []filing.Line{}}
	p := newPage(f, on)
	if p == nil {
		return reading, nil
	}
	for _, s := range p.seals() {
		reading.Seals = append(reading.Seals, s.Seal)
		p.stamped = append(p.stamped, s.stamp)
	}
	boxes, err := r.find(ctx, p)
	if err != nil {
		return filing.Reading{}, fmt.Errorf("find text: %w", err)
	}
	p, boxes, err = r.upright(ctx, p, boxes)
	if err != nil {
		return filing.Reading{}, fmt.Errorf("tell which way up text is: %w", err)
	}
	boxes, reading.Cut = affordable(boxes)
	for _, b := range inOrder(boxes) {
		line, err := r.recognize(ctx, p, b)
		if err != nil {
			return filing.Reading{}, fmt.Errorf("recognize text: %w", err)
		}
		if line.Text != "" && line.Confidence >= lineFloor {
			reading.Lines = append(reading.Lines, line)
		}
	}
	reading.Page = p.quad
	if err := r.readSeals(ctx, p, reading.Seals); err != nil {
		return filing.Reading{}, fmt.Errorf("recognize the text of a seal: %w", err)
	}
	return reading, nil
}

// lineFloor is the confidence below which a line is noise: PP-OCR's own pipeline drops what is below one half.
const lineFloor = 0.5
