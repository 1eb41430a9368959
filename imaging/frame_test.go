package imaging

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// frameOf decodes a file into its Frame.
func frameOf(t testing.TB, data []byte) *raster.Frame {
	t.Helper()
	h := parseHeader(Recognize(data), data)
	orientation := 1
	if h.hasEXIF {
		_, orientation = readEXIF(h.exif, h.width, h.height)
	}
	_, f, damage, err := new(Analyzer).measure(context.Background(), &h, data)
	if err != nil || damage != "" {
		t.Fatalf("measure: %v, damage %q", err, damage)
	}
	return f.frame(orientation)
}

// However a file stores its picture, the same upright position shows the same in the frame's planes.
func TestAFrameIsUprightInEveryOrientation(t *testing.T) {
	newAnalyzer(t)
	plain := frameOf(t, encodePNG(t, scene{width: 1501, height: 2003, card: 3, shot: 1}.draw()))
	for orientation := 1; orientation <= 8; orientation++ {
		t.Run(fmt.Sprint(orientation), func(t *testing.T) {
			t.Parallel()
			f := frameOf(t, withEXIF(encodeJPEG(t, scene{width: 1501, height: 2003, card: 3, shot: 1}.draw(), 95), oriented(orientation)))
			m := raster.Uprighting(orientation, f.Width, f.Height)
			off, offSmall := 0.0, 0.0
			for y := 20.5; y < float64(f.Height); y += 97 {
				for x := 20.5; x < float64(f.Width); x += 89 {
					upright := raster.Point{x, y}
					stored := m.Apply(upright)
					p := f.ToFull.Apply(upright)
					off = math.Max(off, math.Abs(f.Full.At(p[0], p[1])-plain.Full.At(stored[0], stored[1])))
					s, q := f.ToSmall(upright), plain.ToSmall(stored)
					r, _, _ := f.Small.At(s[0], s[1])
					want, _, _ := plain.Small.At(q[0], q[1])
					offSmall = math.Max(offSmall, math.Abs(r-want))
				}
			}
			if off > 24 || offSmall > 12 {
				t.Errorf("planes differ by %.0f and %.0f grey levels from the picture that is stored upright", off, offSmall)
			}
		})
	}
}

// The loops in C say the same as the Go of package raster, for every length, whatever picture was in the memory before.
func TestThePlanesAreThePicture(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	f := &framer{}
	for _, size := range [][2]int{{1, 1}, {7, 3}, {33, 1}, {1, 700}, {3001, 2}, {1283, 977}, {2, 4000}} {
		w, h := size[0], size[1]
		pixels := make([]byte, 3*w*h)
		f.begin(w, h)
		for i := range pixels {
			pixels[i] = [4]byte{0, 255, byte(r.Uint32()), byte(r.Uint32())}[r.IntN(4)]
		}
		f.strip(0, h, pixels, 3*w, layout{bands: 3})
		for i, got := range f.full.Pix {
			if want := raster.Luma(pixels[3*i], pixels[3*i+1], pixels[3*i+2]); got != want {
				t.Fatalf("%v: luma of pixel %d is %d, want %d", size, i, got, want)
			}
		}
		for cy := range f.small.H {
			for cx := range f.small.W {
				for k := range 3 {
					sum, n := 0, 0
					for y := cy * h / f.small.H; y < (cy+1)*h/f.small.H; y++ {
						for x := cx * w / f.small.W; x < (cx+1)*w/f.small.W; x++ {
							sum, n = sum+int(pixels[3*(y*w+x)+k]), n+1
						}
					}
					if got := int(f.small.Pix[3*(cy*f.small.W+cx)+k]); got != (sum+n/2)/n {
						t.Fatalf("%v: cell %d,%d of channel %d is %d, want %d", size, cx, cy, k, got, (sum+n/2)/n)
					}
				}
			}
		}
	}
}
