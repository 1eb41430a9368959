package legibility_test

import (
	"image"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/legibility"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// frameOf makes the Frame of a picture as package imaging does, stored with an EXIF orientation.
func frameOf(img *image.RGBA, orientation int) *raster.Frame {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	f := &raster.Frame{Width: w, Height: h, ToFull: raster.Uprighting(orientation, w, h)}
	if orientation >= 5 {
		f.Full = raster.NewGray(h, w)
	} else {
		f.Full = raster.NewGray(w, h)
	}
	for y := range h {
		for x := range w {
			p := img.Pix[img.PixOffset(x, y):]
			at := f.ToFull.Apply(raster.Point{float64(x) + 0.5, float64(y) + 0.5})
			f.Full.Pix[int(at[1])*f.Full.W+int(at[0])] = raster.Luma(p[0], p[1], p[2])
		}
	}
	k := raster.SmallFactor(w, h)
	f.Small = raster.NewRGB(max(w/k, 1), max(h/k, 1))
	f.Scale = [2]float64{float64(f.Small.W) / float64(w), float64(f.Small.H) / float64(h)}
	for y := range f.Small.H {
		for x := range f.Small.W {
			var sum [3]int
			n := 0
			for v := y * h / f.Small.H; v < (y+1)*h/f.Small.H; v++ {
				for u := x * w / f.Small.W; u < (x+1)*w/f.Small.W; u++ {
					p := img.Pix[img.PixOffset(u, v):]
					sum[0], sum[1], sum[2], n = sum[0]+int(p[0]), sum[1]+int(p[1]), sum[2]+int(p[2]), n+1
				}
			}
			for c := range 3 {
				f.Small.Pix[3*(y*f.Small.W+x)+c] = uint8((sum[c] + n/2) / n)
			}
		}
	}
	return f
}

// located is the document of a photo of a specimen, as package locate would find it.
func located(kind specimen.Kind, corners [4]filing.Point) *filing.Document {
	format := filing.FormatA4
	if w, _ := specimen.Size(kind); w < 100 {
		format = filing.FormatID1
	}
	return &filing.Document{Quad: corners, Confidence: 1, Formats: []filing.FormatFit{{Format: format, Likelihood: 1}}}
}

type photo struct {
	frame *raster.Frame
	doc   *filing.Document
}

// phone12 are photos of 12 megapixels: a card and a page.
var phone12 = sync.OnceValues(func() ([2]photo, error) {
	var out [2]photo
	for i, kind := range []specimen.Kind{specimen.IDCardFront, specimen.BusinessLicense} {
		p, err := specimen.Photograph(kind, 4000, 3000, 5)
		if err != nil {
			return out, err
		}
		out[i] = photo{frameOf(p.Image, 1), located(kind, p.Corners)}
	}
	return out, nil
})

// threadTime is the processor time of this thread: what others do on the machine does not count.
func threadTime(b *testing.B) time.Duration {
	b.Helper()
	const thread = 1 // RUSAGE_THREAD of Linux
	var u syscall.Rusage
	if err := syscall.Getrusage(thread, &u); err != nil {
		b.Skipf("no processor time of a thread here: %v", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkMeasure is what everything here costs for a photo of 12 megapixels.
func BenchmarkMeasure(b *testing.B) {
	photos, err := phone12()
	if err != nil {
		b.Fatal(err)
	}
	for i, name := range []string{"card", "page"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			before := threadTime(b)
			for b.Loop() {
				legibility.Measure(photos[i].frame, photos[i].doc)
			}
			b.ReportMetric(float64(threadTime(b)-before)/1e6/float64(b.N), "cpu-ms/op")
		})
	}
}
