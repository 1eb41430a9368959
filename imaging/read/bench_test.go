package read

import (
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
