package locate

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// flat is a specimen as a scanner gives it, with so much of the glass around it on each side.
func flat(t *testing.T, kind specimen.Kind, glass int, colour color.Color) *raster.Frame {
	t.Helper()
	fonts, err := specimen.Fonts()
	if err != nil {
		t.Fatal(err)
	}
	width, _ := specimen.Size(kind)
	doc, err := specimen.Draw(fonts, kind, 5, 1600/width)
	if err != nil {
		t.Fatal(err)
	}
	b := doc.Image.Bounds()
	img := image.NewRGBA(image.Rect(0, 0, b.Dx()+2*glass, b.Dy()+2*glass))
	draw.Draw(img, img.Bounds(), image.NewUniform(colour), image.Point{}, draw.Src)
	draw.Draw(img, b.Add(image.Pt(glass, glass)), doc.Image, b.Min, draw.Src)
	return frameOf(img, 1)
}

func TestAScanIsTheDocumentFromEdgeToEdge(t *testing.T) {
	t.Parallel()
	for _, kind := range specimen.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			f := flat(t, kind, 0, color.Black)
			found := Documents(f)
			if len(found) != 1 {
				t.Fatalf("%d documents", len(found))
			}
			if d := found[0]; d.FrameShare < 0.99 || d.OutsideShare > 0 || d.Confidence != pageConfidence {
				t.Errorf("%.3f of the picture, %.3f of it outside, %.2f sure", d.FrameShare, d.OutsideShare, d.Confidence)
			}
		})
	}
}

func TestWhatASheetOfGlassSurroundsIsFoundOnIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind  specimen.Kind
		glass color.Color
	}{
		"a card on white glass":      {specimen.IDCardFront, color.White},
		"a card on black glass":      {specimen.IDCardFront, color.Black},
		"a licence on dark glass":    {specimen.BusinessLicense, color.Gray{60}},
		"a permit on a green ground": {specimen.ResidencePermitFront, color.RGBA{40, 120, 60, 255}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const glass = 60
			f := flat(t, c.kind, glass, c.glass)
			found := Documents(f)
			if len(found) == 0 {
				t.Fatal("none")
			}
			w, h := float64(f.Width), float64(f.Height)
			want := raster.Quad{{glass, glass}, {w - glass, glass}, {w - glass, h - glass}, {glass, h - glass}}
			var got raster.Quad
			for i, p := range found[0].Quad {
				got[i] = raster.Point{p[0], p[1]}
			}
			if iou := got.IoU(want); iou < 0.98 {
				t.Errorf("found %v, want %v (%.3f in common)", got, want, iou)
			}
		})
	}
}

func TestAPictureOfAFormatsShapeWithoutPrintIsNoDocument(t *testing.T) {
	t.Parallel()
	const w, h = 1600, 1009 // a card's shape
	for name, at := range map[string]func(x, y int) color.Color{
		"a wall":  func(_, _ int) color.Color { return color.Gray{200} },
		"a fade":  func(x, _ int) color.Color { return color.Gray{uint8(255 * x / w)} },
		"stripes": func(x, y int) color.Color { return color.Gray{uint8(120 + 100*((x/40+y/40)%2))} },
		"cloth":   func(x, y int) color.Color { return color.Gray{uint8(90 + 60*((x/3+y/5)%3))} },
	} {
		img := image.NewRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				img.Set(x, y, at(x, y))
			}
		}
		for _, d := range Documents(frameOf(img, 1)) {
			if d.FrameShare > 0.99 {
				t.Errorf("%s is a document from edge to edge, %.2f sure", name, d.Confidence)
			}
		}
	}
}
