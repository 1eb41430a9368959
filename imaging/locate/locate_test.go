package locate_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/preflight-icp/preflight/imaging/locate"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// picture makes a frame of a function of place, reduced as the analyzer does.
func picture(w, h int, at func(x, y int) [3]uint8) *raster.Frame {
	n := raster.SmallFactor(w, h)
	f := &raster.Frame{
		Width: w, Height: h, Full: raster.NewGray(w, h), Small: raster.NewRGB(max(w/n, 1), max(h/n, 1)),
		ToFull: raster.Uprighting(1, w, h),
	}
	f.Scale = [2]float64{float64(f.Small.W) / float64(w), float64(f.Small.H) / float64(h)}
	for y := range h {
		for x := range w {
			c := at(x, y)
			f.Full.Pix[y*w+x] = raster.Luma(c[0], c[1], c[2])
		}
	}
	for y := range f.Small.H {
		for x := range f.Small.W {
			c := at(x*w/f.Small.W, y*h/f.Small.H)
			copy(f.Small.Pix[3*(y*f.Small.W+x):], c[:])
		}
	}
	return f
}

func noise(x, y int) [3]uint8 {
	v := uint64(x)*0x9e3779b97f4a7c15 ^ uint64(y)*0xbf58476d1ce4e5b9
	v = (v ^ v>>30) * 0x94d049bb133111eb
	return [3]uint8{uint8(v >> 32), uint8(v >> 40), uint8(v >> 48)}
}

func TestAnyPictureIsLookedAtWithoutHarm(t *testing.T) {
	t.Parallel()
	flat := func(int, int) [3]uint8 { return [3]uint8{200, 200, 200} }
	stripes := func(x, y int) [3]uint8 {
		v := uint8(255 * ((x/5 + y/3) & 1))
		return [3]uint8{v, v, 255 - v}
	}
	ramp := func(x, y int) [3]uint8 { return [3]uint8{uint8(x), uint8(y), uint8(x + y)} }
	for name, at := range map[string]func(int, int) [3]uint8{"flat": flat, "noise": noise, "stripes": stripes, "ramp": ramp} {
		for _, size := range [][2]int{
			{1, 1}, {2, 3}, {31, 31}, {32, 32}, {33, 200}, {1, 5000}, {5000, 1}, {40, 6000}, {6000, 40}, {300, 300}, {1280, 960},
		} {
			t.Run(fmt.Sprintf("%s of %d x %d", name, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				for _, d := range locate.Documents(picture(size[0], size[1], at)) {
					for _, p := range d.Quad {
						if math.IsNaN(p[0]+p[1]) || math.IsInf(p[0]+p[1], 0) {
							t.Errorf("corner %v", p)
						}
					}
					if !(d.Confidence >= 0 && d.Confidence <= 1) || math.IsNaN(d.Tilt) || math.IsNaN(d.MarginPx) {
						t.Errorf("document %+v", d)
					}
				}
			})
		}
	}
}

func TestNothingIsFoundWhereNothingIs(t *testing.T) {
	t.Parallel()
	if d := locate.Documents(nil); d != nil {
		t.Errorf("no frame: %v", d)
	}
	for name, at := range map[string]func(int, int) [3]uint8{
		"a wall":     func(int, int) [3]uint8 { return [3]uint8{180, 182, 179} },
		"pure noise": noise,
	} {
		for _, d := range locate.Documents(picture(1280, 960, at)) {
			if d.Confidence > 0.3 {
				t.Errorf("%s: a document at %v with confidence %.2f", name, d.Quad, d.Confidence)
			}
		}
	}
}

func TestTheSameFrameGivesTheSameDocuments(t *testing.T) {
	t.Parallel()
	card := func(x, y int) [3]uint8 {
		n := noise(x/2, y/2)
		if x > 300 && x < 900 && y > 200 && y < 580 {
			if y%40 < 14 && x%24 < 12 && x > 350 && x < 850 {
				return [3]uint8{40, 40, 50}
			}
			return [3]uint8{225 + n[0]/32, 230 + n[1]/32, 235}
		}
		return [3]uint8{90 + n[0]/16, 60 + n[1]/16, 40 + n[2]/16}
	}
	f := picture(1200, 800, card)
	want := locate.Documents(f)
	if len(want) == 0 || raster.Quad(want[0].Quad).IoU(raster.Quad{{301, 201}, {900, 201}, {900, 580}, {301, 580}}) < 0.98 {
		t.Fatalf("the card is not found: %+v", want)
	}
	for range 3 {
		if got := locate.Documents(f); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, before %+v", got, want)
		}
	}
}

func TestWhatIsPrintedAlongTheEdgesOfAPageIsNotItsEdge(t *testing.T) {
	t.Parallel()
	const left, top, right, bottom = 240, 170, 1086, 768 // A4, lying
	text := func(x, y int) bool { return x > 340 && x < 960 && y > 340 && y < 690 && y%44 < 14 && x%26 < 15 }
	for name, print := range map[string]func(x, y int) ([3]uint8, bool){
		"a frame": func(x, y int) ([3]uint8, bool) {
			d := min(x-left, right-1-x, y-top, bottom-1-y)
			return [3]uint8{150, 20, 30}, d >= 16 && d < 28
		},
		"a fine frame": func(x, y int) ([3]uint8, bool) {
			d := min(x-left, right-1-x, y-top, bottom-1-y)
			return [3]uint8{40, 90, 60}, d >= 24 && d < 28
		},
		"a dark head": func(_, y int) ([3]uint8, bool) { return [3]uint8{25, 45, 90}, y < top+92 },
		"a foot":      func(_, y int) ([3]uint8, bool) { return [3]uint8{120, 40, 40}, y >= bottom-60 },
		"nothing":     func(int, int) ([3]uint8, bool) { return [3]uint8{}, false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := picture(1320, 990, func(x, y int) [3]uint8 {
				n := noise(x/2, y/2)
				if x < left || x >= right || y < top || y >= bottom {
					return [3]uint8{104 + n[0]/16, 84 + n[1]/16, 60 + n[2]/16}
				}
				if c, ok := print(x, y); ok {
					return c
				}
				if text(x, y) {
					return [3]uint8{45, 45, 50}
				}
				return [3]uint8{226 + n[0]/32, 226 + n[1]/32, 222 + n[2]/32}
			})
			got := locate.Documents(f)
			if len(got) == 0 {
				t.Fatal("nothing is found")
			}
			if iou := raster.Quad(got[0].Quad).IoU(raster.Quad{{left, top}, {right, top}, {right, bottom}, {left, bottom}}); iou < 0.98 {
				t.Errorf("found %v, IoU %.3f", got[0].Quad, iou)
			}
		})
	}
}

func TestADocumentThatIsTinyInThePictureIsFoundByLookingCloser(t *testing.T) {
	t.Parallel()
	for _, width := range []int{64, 68, 72} {
		t.Run(fmt.Sprintf("%d of 1280 pixels wide", width), func(t *testing.T) {
			t.Parallel()
			left, top := 700, 420
			right, bottom := left+width, top+width*5398/8560
			f := picture(1280, 960, func(x, y int) [3]uint8 {
				n := noise(x/2, y/2)
				if x < left || x >= right || y < top || y >= bottom {
					return [3]uint8{104 + n[0]/8, 84 + n[1]/8, 60 + n[2]/8}
				}
				if u, v := (x-left)*64/width, (y-top)*64/width; v >= 8 && v < 34 && v%6 < 2 && u >= 6 && u < 42 && u%4 < 3 {
					return [3]uint8{60, 60, 70}
				}
				return [3]uint8{220 + n[0]/32, 224 + n[1]/32, 228}
			})
			got := locate.Documents(f)
			if len(got) == 0 {
				t.Fatal("nothing is found")
			}
			x0, y0, x1, y1 := float64(left), float64(top), float64(right), float64(bottom)
			if iou := raster.Quad(got[0].Quad).IoU(raster.Quad{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}); iou < 0.9 || got[0].Confidence < 0.6 {
				t.Errorf("found %v, IoU %.3f, confidence %.2f", got[0].Quad, iou, got[0].Confidence)
			}
		})
	}
}
