package document_test

import (
	"flag"
	"image"
	"testing"

	"github.com/preflight-icp/preflight/checks/document"
	"github.com/preflight-icp/preflight/imaging/onnx"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/imaging/read"
	"github.com/preflight-icp/preflight/models"
	"github.com/preflight-icp/preflight/models/modelstest"
	"github.com/preflight-icp/preflight/specimen"
)

var seeds = flag.Int("seeds", 1, "how many photos of each kind TestPhotosAreRecognized draws and reads")

// TestPhotosAreRecognized reads photos, each turned another way, with the models.
func TestPhotosAreRecognized(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it draws and reads photos")
	}
	dir := modelstest.Dir(t, models.Runtime(), models.TextDetector, models.TextDirection, models.TextRecognizer, models.TextKeys)
	r, err := onnx.Open(dir, onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	reader, err := read.New(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	kindsRight, right, all := 0, 0, 0
	for i, kind := range specimen.Kinds() {
		for seed := range *seeds {
			s := uint64(100*i + seed + 1)
			doc := drawn(t, kind, s)
			w, h := 1800, 1350
			if doc.HeightMM > doc.WidthMM {
				w, h = h, w
			}
			p, err := specimen.Photograph(kind, w, h, s)
			if err != nil {
				t.Fatal(err)
			}
			on := raster.Quad(p.Corners).Turned(int(s % 4))
			reading, err := reader.Read(t.Context(), photo(p.Image), &on)
			if err != nil {
				t.Fatal(err)
			}
			got := document.Recognize(reading)
			want := kinds[kind]
			if got.Kind.Detected == want.Detected && got.Kind.Page == want.Page {
				kindsRight++
			} else {
				t.Logf("%s %d is taken for %+v", kind, s, got.Kind)
			}
			for name, value := range fields(doc) {
				if value == "" {
					continue
				}
				all++
				if f, _ := got.Field(name); f.Value == value {
					right++
				} else {
					t.Logf("%s %d: %s is %q, not %q", kind, s, name, f.Value, value)
				}
			}
		}
	}
	n := *seeds * len(specimen.Kinds())
	t.Logf("%d of %d kinds and sides, %d of %d fields", kindsRight, n, right, all)
	if kindsRight < n*98/100 || right < all*90/100 {
		t.Errorf("%d of %d kinds and sides, %d of %d fields", kindsRight, n, right, all)
	}
}

// photo makes a Frame of an upright picture, as package imaging does of a file.
func photo(img *image.RGBA) *raster.Frame {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	f := &raster.Frame{Width: w, Height: h, Full: raster.NewGray(w, h), ToFull: raster.Uprighting(1, w, h)}
	k := raster.SmallFactor(w, h)
	f.Small = raster.NewRGB(w/k, h/k)
	f.Scale = [2]float64{float64(f.Small.W) / float64(w), float64(f.Small.H) / float64(h)}
	for y := range h {
		for x := range w {
			p := img.Pix[y*img.Stride+4*x:]
			f.Full.Pix[y*w+x] = raster.Luma(p[0], p[1], p[2])
			if i, j := x/k, y/k; x%k == 0 && y%k == 0 && i < f.Small.W && j < f.Small.H {
				copy(f.Small.Pix[3*(j*f.Small.W+i):], p[:3])
			}
		}
	}
	return f
}
