package imaging

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// A photo decoded to its planes is the picture that its pixels are, however its colours are stored and whatever was decoded into
// the same memory before.
func TestThePlanesOfAJPEGAreItsPicture(t *testing.T) {
	newAnalyzer(t)
	f := &framer{}
	for _, size := range [][2]int{{2561, 1921}, {2050, 1999}, {4003, 2000}} {
		for _, chroma := range []specimen.Subsampling{specimen.Chroma420, specimen.Chroma422, specimen.Chroma444} {
			for _, progressive := range []bool{false, true} {
				t.Run(fmt.Sprint(size, chroma, progressive), func(t *testing.T) {
					data, err := specimen.EncodeJPEG(scene{width: size[0], height: size[1], card: 3, shot: 1}.draw(),
						specimen.JPEGOptions{Quality: 95, Subsampling: chroma, Progressive: progressive})
					if err != nil {
						t.Fatal(err)
					}
					h := parseHeader(Recognize(data), data)
					data = withoutMetadata(&h, data)
					want := &framer{}
					want.begin(h.width, h.height)
					if err := decodeStrips(context.Background(), &h, data, want.strip); err != nil {
						t.Fatal(err)
					}
					f.begin(h.width, h.height)
					if done, err := f.planar(context.Background(), data, newFlatness(h.width, h.height)); !done || err != nil {
						t.Fatal("not decoded to planes:", done, err)
					}
					compareFrames(t, f.frame(1), want.frame(1))
				})
			}
		}
	}
}

// compareFrames allows for what the colours of neighbours, which decoders smooth, and rounding do.
func compareFrames(t *testing.T, got, want *raster.Frame) {
	t.Helper()
	luma, far := 0.0, 0
	for y := range want.Full.H {
		a, b := got.Full.Row(y), want.Full.Row(y)
		for x := range a {
			d := math.Abs(float64(a[x]) - float64(b[x]))
			if luma += d; d > 3 {
				far++
			}
		}
	}
	n := float64(want.Full.W * want.Full.H)
	if luma/n > 0.5 || float64(far)/n > 0.002 {
		t.Errorf("luma differs by %.2f in the mean, and by more than 3 in %d of %.0f pixels", luma/n, far, n)
	}
	if got.Small.W != want.Small.W || got.Small.H != want.Small.H {
		t.Fatalf("reduced to %d x %d, want %d x %d", got.Small.W, got.Small.H, want.Small.W, want.Small.H)
	}
	colour, far := 0.0, 0
	for i, v := range want.Small.Pix {
		d := math.Abs(float64(v) - float64(got.Small.Pix[i]))
		if colour += d; d > 12 {
			far++
		}
	}
	n = float64(len(want.Small.Pix))
	if colour/n > 0.6 || float64(far)/n > 0.002 {
		t.Errorf("colours differ by %.2f in the mean, and by more than 12 in %d of %.0f", colour/n, far, n)
	}
}
