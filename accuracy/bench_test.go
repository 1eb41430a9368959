package accuracy_test

import (
	"bytes"
	"errors"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/preflight-icp/preflight/accuracy"
	"github.com/preflight-icp/preflight/specimen"
)

// BenchmarkPhotoOf12MP compares the processor time of measuring everything with that of what a user would write instead:
// OpenCV's largest contour of four points, variance of the Laplacian and mean saturation, on the same files and one thread.
func BenchmarkPhotoOf12MP(b *testing.B) {
	fonts(b)
	bench, err := accuracy.NewBench(root(b), "")
	ok(b, err)
	b.Cleanup(func() { ok(b, bench.Close()) })
	var paths []string
	for i, kind := range []specimen.Kind{specimen.IDCardFront, specimen.BusinessLicense} {
		photo, err := specimen.Photograph(kind, 4000, 3000, uint64(i))
		ok(b, err)
		var file bytes.Buffer
		ok(b, jpeg.Encode(&file, photo.Image, &jpeg.Options{Quality: 90}))
		path := filepath.Join(b.TempDir(), string(kind)+".jpg")
		ok(b, os.WriteFile(path, file.Bytes(), 0o600))
		paths = append(paths, path)
	}
	b.Run("preflight", func(b *testing.B) {
		for b.Loop() {
			d, err := bench.Timed(b.Context(), paths, 1)
			ok(b, err)
			b.ReportMetric(float64(d.Microseconds())/1000, "cpu-ms/photo")
		}
	})
	b.Run("opencv", func(b *testing.B) {
		opencv, err := bench.FindOpenCV(b.Context(), root(b))
		if errors.Is(err, accuracy.ErrNoOpenCV) {
			b.Skip(err)
		}
		ok(b, err)
		for b.Loop() {
			d, err := opencv.Timed(b.Context(), paths)
			ok(b, err)
			b.ReportMetric(float64(d.Microseconds())/1000, "cpu-ms/photo")
		}
	})
}
