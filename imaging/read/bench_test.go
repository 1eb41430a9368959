package read

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/imaging/onnx"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// BenchmarkCard reads one card in a photo, and runs the three models alone on what that gives them: what is over is ours.
func BenchmarkCard(b *testing.B) {
	r := reader(b)
	fonts(b)
	p, err := photo()
	if err != nil {
		b.Fatal(err)
	}
	f, on := frame(p.Image, 1), raster.Quad(p.Corners)
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		defer processor(b)()
		for b.Loop() {
			if _, err := r.Read(b.Context(), f, &on); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("models alone", func(b *testing.B) {
		runs := recorded(b, r, f, &on)
		defer processor(b)()
		for b.Loop() {
			for _, run := range runs {
				if _, err := run.session.Run(b.Context(), run.input); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// BenchmarkCardAsPaddleOCR reads the same photo with the same models as PaddleOCR, which published them, drives them by default: it
// looks for text in the whole photo at 960 pixels (det_limit_side_len), asks about the direction of every line (use_angle_cls), and
// recognizes lines in batches of six, sorted by their shape and filled up to the widest, which is at least 320 (rec_batch_num,
// rec_image_shape). Lines are cut by our code in both, so that only the driving differs. Its cpu-ms/op is what BenchmarkCard/read is
// held against.
func BenchmarkCardAsPaddleOCR(b *testing.B) {
	r := reader(b)
	fonts(b)
	p, err := photo()
	if err != nil {
		b.Fatal(err)
	}
	f := frame(p.Image, 1)
	b.ReportAllocs()
	defer processor(b)()
	for b.Loop() {
		if lines := plainly(b, r, f); lines < 8 {
			b.Fatalf("%d lines", lines)
		}
	}
}

// plainly reads a photo as PaddleOCR does and returns how many lines it has read.
func plainly(b *testing.B, r *Reader, f *raster.Frame) int {
	const side, batch, least = 960, 6, 320
	p := newPage(f, nil)
	boxes, err := r.findAt(b.Context(), p, side)
	if err != nil {
		b.Fatal(err)
	}
	for i, box := range boxes {
		boxes[i] = box.running()
		picture := p.cut(boxes[i], min(directionW, max(boxes[i].width(), 1)))
		if _, err := r.direction.Run(b.Context(), onnx.Tensor{
			Shape: []int64{1, 3, directionH, directionW}, Data: tensor(picture, directionW, lineNormal()),
		}); err != nil {
			b.Fatal(err)
		}
	}
	slices.SortStableFunc(boxes, func(a, b box) int { return a.width() - b.width() })
	lines := 0
	for some := range slices.Chunk(boxes, batch) {
		wide := least
		for _, box := range some {
			wide = max(wide, box.width())
		}
		var data []float32
		for _, box := range some {
			data = append(data, tensor(p.cut(box, box.width()), wide, lineNormal())...)
		}
		out, err := r.recognizer.Run(b.Context(), onnx.Tensor{Shape: []int64{int64(len(some)), 3, lineHeight, int64(wide)}, Data: data})
		if err != nil {
			b.Fatal(err)
		}
		each := len(out[0].Data) / len(some)
		for i := range some {
			if line := decode(out[0].Data[i*each:(i+1)*each], r.keys, 1); line.Confidence >= lineFloor {
				lines++
			}
		}
	}
	return lines
}

// processor reports the processor time of a benchmark, which on a machine that does other things too says more than the clock.
func processor(b *testing.B) func() {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	start := used()
	return func() { b.ReportMetric(float64((used()-start).Milliseconds())/float64(b.N), "cpu-ms/op") }
}

// run is one run of a model.
type run struct {
	session *onnx.Session
	input   onnx.Tensor
}

// recorded are the runs that reading a page takes.
func recorded(b *testing.B, r *Reader, f *raster.Frame, on *raster.Quad) []run {
	p := newPage(f, on)
	scale := firstSide / max(p.w, p.h)
	w, h := multiple(p.w*scale), multiple(p.h*scale)
	boxes, err := r.find(b.Context(), p)
	if err != nil {
		b.Fatal(err)
	}
	zeros := func(shape ...int64) onnx.Tensor {
		n := int64(1)
		for _, s := range shape {
			n *= s
		}
		return onnx.Tensor{Shape: shape, Data: make([]float32, n)}
	}
	runs := []run{{r.detector, zeros(1, 3, int64(h), int64(w))}}
	for range min(len(boxes), voters) {
		runs = append(runs, run{r.direction, zeros(1, 3, directionH, directionW)})
	}
	for _, box := range boxes {
		runs = append(runs, run{r.recognizer, zeros(1, 3, lineHeight, int64(padded(box.running().width())))})
	}
	return runs
}

// BenchmarkPicture shows a document to the detector: what preparing costs.
func BenchmarkPicture(b *testing.B) {
	doc := drawn(b, specimen.IDCardFront, 5, 2000)
	p := newPage(frame(doc.Image, 1), nil)
	for b.Loop() {
		p.picture(firstSide, 448, raster.Homography{p.w / firstSide, 0, 0, 0, p.h / 448, 0, 0, 0, 1})
	}
}
