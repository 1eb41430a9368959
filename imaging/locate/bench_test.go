package locate

import (
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// benchFrame is a photo of 12 megapixels as far as locating sees it: a printed sheet on a patterned table.
func benchFrame() *raster.Frame {
	const w, h = 4000, 3000
	f := &raster.Frame{Width: w, Height: h, Full: raster.NewGray(w, h), Small: raster.NewRGB(1333, 1000),
		Scale: [2]float64{1333.0 / w, 1000.0 / h}, ToFull: raster.Uprighting(1, w, h)}
	sheet := raster.Quad{{820, 520}, {3210, 640}, {3150, 2390}, {760, 2250}}
	back, _ := raster.RectToQuad(297, 210, sheet)
	toMM, _ := back.Inverse()
	colour := func(x, y float64) [3]uint8 {
		p := toMM.Apply(raster.Point{x, y})
		seed := uint64(int(x/3))*0x9e3779b97f4a7c15 ^ uint64(int(y/3))*0xbf58476d1ce4e5b9
		seed = (seed ^ seed>>30) * 0x94d049bb133111eb
		grain := uint8(seed >> 60)
		if p[0] > 0 && p[1] > 0 && p[0] < 297 && p[1] < 210 {
			if int(p[1])%9 < 3 && int(p[0]*1.3)%5 < 3 && p[0] > 30 && p[0] < 260 && p[1] > 25 {
				return [3]uint8{40 + grain, 40 + grain, 48 + grain}
			}
			return [3]uint8{222 + grain, 222 + grain, 216 + grain}
		}
		if int(x+0.2*y)/140%2 == 0 {
			return [3]uint8{120 + grain, 84 + grain, 52 + grain}
		}
		return [3]uint8{134 + 2*grain, 96 + 2*grain, 60 + grain}
	}
	for y := range h {
		for x := range w {
			c := colour(float64(x), float64(y))
			f.Full.Pix[y*w+x] = raster.Luma(c[0], c[1], c[2])
		}
	}
	for y := range f.Small.H {
		for x := range f.Small.W {
			c := colour(float64(x)*3, float64(y)*3)
			copy(f.Small.Pix[3*(y*f.Small.W+x):], c[:])
		}
	}
	return f
}

func BenchmarkDocuments(b *testing.B) {
	f := benchFrame()
	if d := Documents(f); len(d) == 0 || d[0].Confidence < 0.5 {
		b.Fatalf("the sheet is not found: %+v", d)
	}
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Documents(f)
		}
	})
	v := newView(f)
	segments := v.segments(shortest)
	lines := v.lines(segments)
	candidates := v.candidates(mostProposals, nil)
	b.Run("view", func(b *testing.B) {
		for b.Loop() {
			newView(f)
		}
	})
	b.Run("segments", func(b *testing.B) {
		for b.Loop() {
			v.segments(shortest)
		}
	})
	b.Run("lines", func(b *testing.B) {
		for b.Loop() {
			v.lines(segments)
		}
	})
	b.Run("quads", func(b *testing.B) {
		for b.Loop() {
			v.quads(lines, mostProposals)
		}
	})
	b.Run("regions", func(b *testing.B) {
		for b.Loop() {
			v.areas = nil
			v.regions(mostProposals / 2)
		}
	})
	b.Run("measure", func(b *testing.B) {
		for b.Loop() {
			for i := range candidates {
				v.measure(&candidates[i].proposal)
			}
		}
	})
	b.Run("search widely", func(b *testing.B) {
		for b.Loop() {
			v.search(mostWidely, nil)
		}
	})
	b.Run("document", func(b *testing.B) {
		for b.Loop() {
			v.document(f, candidates[0])
		}
	})
}
