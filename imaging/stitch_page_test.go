package imaging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/layouts"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// patches is a picture of smooth colours with grain, and no two quarters alike: what is turned, shifted or has its colours exchanged
// is another picture.
func patches(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	grain := uint32(5)
	for y := range h {
		for x := range w {
			fx, fy := float64(x)/float64(w), float64(y)/float64(h)
			grain = grain*1664525 + 1013904223
			d := int(grain>>29) - 4
			i := img.PixOffset(x, y)
			img.Pix[i] = clamp8(40 + int(180*fx) + d)
			img.Pix[i+1] = clamp8(int(110+70*math.Sin(7*fy)) + d)
			img.Pix[i+2] = clamp8(30 + int(190*fx*fy) + d)
			img.Pix[i+3] = 255
		}
	}
	return img
}

// drawnInto draws a source into a box of a page that is white around it.
func drawnInto(t *testing.T, data []byte, orientation int, page *stitched, box image.Rectangle) error {
	t.Helper()
	h := parseHeader(Recognize(data), data)
	src := stitchSource{orientation: orientation}
	w, hh := uprightSize(h.width, h.height, orientation)
	src.size = [2]float64{float64(w), float64(hh)}
	page.whiten([]image.Rectangle{box})
	if h.format == filing.FormatGIF {
		return src.placeGIF(t.Context(), page, box, &h, data)
	}
	return src.stream(t.Context(), page, box, &h, withoutMetadata(&h, data))
}

// meansOf are the planes of an upright picture, as means of what each pixel of the box covers of what is shown of it.
func meansOf(img *image.RGBA, w, h int) (planes [planeCount][]float64) {
	full := img.Bounds().Size()
	shown := func(side, to int) float64 { return newStretch(side, to, false).length }
	for k := range planes {
		by := 1
		if k != planeY {
			by = 2
		}
		for y := range h / by {
			for x := range w / by {
				across, along := shown(full.X, w)/float64(w/by), shown(full.Y, h)/float64(h/by)
				sum, weight := 0.0, 0.0
				x0, x1, y0, y1 := float64(x)*across, float64(x+1)*across, float64(y)*along, float64(y+1)*along
				for py := int(y0); float64(py) < y1 && py < full.Y; py++ {
					for px := int(x0); float64(px) < x1 && px < full.X; px++ {
						part := (min(x1, float64(px+1)) - max(x0, float64(px))) * (min(y1, float64(py+1)) - max(y0, float64(py)))
						if part <= 0 {
							continue
						}
						p := img.Pix[img.PixOffset(px, py):]
						r, g, b := float64(p[0]), float64(p[1]), float64(p[2])
						v := 0.299*r + 0.587*g + 0.114*b
						switch k {
						case planeBlue:
							v = 128 + (b-v)/1.772
						case planeRed:
							v = 128 + (r-v)/1.402
						}
						sum, weight = sum+part*v, weight+part
					}
				}
				planes[k] = append(planes[k], sum/weight)
			}
		}
	}
	return planes
}

// decodedUpright is a file as libvips decodes it to pixels, turned upright.
func decodedUpright(t *testing.T, data []byte, orientation int) *image.RGBA {
	t.Helper()
	h := parseHeader(Recognize(data), data)
	img := image.NewRGBA(image.Rect(0, 0, h.width, h.height))
	flat := framer{width: h.width}
	if err := decodeStrips(context.Background(), &h, withoutMetadata(&h, data), func(top, rows int, pixels []byte, stride int, l layout) {
		for y := range rows {
			row := pixels[y*stride : y*stride+h.width*l.size()]
			if l.bands != 3 {
				row = flat.colours(row, l)
			}
			for x := range h.width {
				img.SetRGBA(x, top+y, color.RGBA{row[3*x], row[3*x+1], row[3*x+2], 255})
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	w, hh := uprightSize(h.width, h.height, orientation)
	out := image.NewRGBA(image.Rect(0, 0, w, hh))
	back := raster.Uprighting(orientation, w, hh)
	for y := range hh {
		for x := range w {
			at := back.Apply(raster.Point{float64(x) + 0.5, float64(y) + 0.5})
			out.SetRGBA(x, y, img.RGBAAt(int(at[0]), int(at[1])))
		}
	}
	return out
}

// What is drawn plane by plane is what its pixels are, in its box and nowhere else, however it is stored.
func TestAPartIsDrawnAsItsPixelsAre(t *testing.T) {
	t.Parallel()
	newAnalyzer(t)
	type source struct {
		name string
		data []byte
	}
	encoded := func(name string, w, h int, o specimen.JPEGOptions) source {
		o.Quality = 95
		data, err := specimen.EncodeJPEG(patches(w, h), o)
		if err != nil {
			t.Fatal(err)
		}
		return source{fmt.Sprintf("%s %dx%d", name, w, h), data}
	}
	var sources []source
	for _, size := range [][2]int{{320, 240}, {331, 247}, {33, 17}, {16, 100}, {3, 2}, {1, 9}} {
		for _, chroma := range []specimen.Subsampling{specimen.Chroma420, specimen.Chroma422, specimen.Chroma444} {
			sources = append(sources, encoded(string(chroma), size[0], size[1], specimen.JPEGOptions{Subsampling: chroma}))
		}
		sources = append(sources, encoded("progressive", size[0], size[1], specimen.JPEGOptions{Progressive: true}),
			encoded("grey", size[0], size[1], specimen.JPEGOptions{Grey: true}),
			source{fmt.Sprintf("png %v", size), encodePNG(t, patches(size[0], size[1]))})
	}
	for _, s := range sources {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for orientation := 1; orientation <= 8; orientation++ {
				want := decodedUpright(t, s.data, orientation)
				side := want.Bounds().Size()
				for _, scale := range []float64{1, 0.73, 0.5, 0.21} {
					w, h := evenSide(side.X, scale), evenSide(side.Y, scale)
					page, err := newStitched(w+46, h+38)
					if err != nil {
						t.Fatal(err)
					}
					box := image.Rect(6, 8, 6+w, 8+h)
					if err := drawnInto(t, s.data, orientation, page, box); err != nil {
						t.Fatalf("orientation %d, %v: %v", orientation, scale, err)
					}
					comparePage(t, fmt.Sprintf("orientation %d, scale %v", orientation, scale), page, box, meansOf(want, w, h))
					page.close()
				}
			}
		})
	}
}

func evenSide(side int, scale float64) int {
	return max(2, min(int(even(float64(side)*scale)), side&^1))
}

func comparePage(t *testing.T, name string, page *stitched, box image.Rectangle, want [planeCount][]float64) {
	t.Helper()
	// Decoders smooth the colours of neighbours when they make pixels, and shrink brightness in their own way, which few pixels show more.
	for k := range page.planes {
		most, mean, bias := 6.0, 1.0, 0.35 // where of two pixels one becomes, halves are rounded one way
		if len(want[k]) < 1000 {
			most, mean, bias = 9, 3, 1.5
		}
		plane := &page.planes[k]
		worst, sum, off := 0.0, 0.0, 0.0
		for y := range page.h >> plane.by {
			for x := range page.w >> plane.by {
				got := plane.pix[y*plane.stride+x]
				at := image.Pt(x<<plane.by, y<<plane.by)
				if !at.In(box) {
					if got != whitePlanes[k] {
						t.Fatalf("%s: plane %d is %d beside the box, at %v", name, k, got, at)
					}
					continue
				}
				at = at.Sub(box.Min)
				d := float64(got) - want[k][at.Y>>plane.by*(box.Dx()>>plane.by)+at.X>>plane.by]
				worst, sum, off = max(worst, math.Abs(d)), sum+math.Abs(d), off+d
			}
		}
		n := float64(len(want[k]))
		if worst > most || sum/n > mean || math.Abs(off/n) > bias {
			t.Errorf("%s: plane %d differs by up to %.1f, by %.2f in the mean, and is %+.2f off", name, k, worst, sum/n, off/n)
		}
	}
}

// Of what is damaged nothing is drawn as if it were whole, whatever of it is reduced.
func TestDamageOfAPartIsFound(t *testing.T) {
	t.Parallel()
	newAnalyzer(t)
	damages := map[string]func(data []byte, at int) []byte{
		"ends early":               func(data []byte, at int) []byte { return data[:at] },
		"ends early, and says so":  func(data []byte, at int) []byte { return append(bytes.Clone(data[:at]), 0xff, markerEOI) },
		"lacks a piece":            func(data []byte, at int) []byte { return append(bytes.Clone(data[:at]), data[at+40:]...) },
		"has a piece of something": func(data []byte, at int) []byte { return slices.Insert(bytes.Clone(data), at, data[200:260]...) },
		"is zero for a while": func(data []byte, at int) []byte {
			out := bytes.Clone(data)
			clear(out[at : at+50])
			return out
		},
	}
	for name, o := range map[string]specimen.JPEGOptions{
		"4:2:0": {}, "4:2:2": {Subsampling: specimen.Chroma422}, "4:4:4": {Subsampling: specimen.Chroma444}, "grey": {Grey: true},
		"progressive": {Progressive: true}, "restarts": {RestartInterval: 7},
	} {
		o.Quality = 92
		data, err := specimen.EncodeJPEG(patches(400, 300), o)
		if err != nil {
			t.Fatal(err)
		}
		for damage, spoil := range damages {
			t.Run(name+" "+damage, func(t *testing.T) {
				t.Parallel()
				found := 0
				for percent := 5; percent <= 95; percent += 10 {
					start := scanStart(t, data)
					spoilt := spoil(data, start+(len(data)-start-60)*percent/100)
					h := parseHeader(Recognize(spoilt), spoilt)
					want := decodeStrips(t.Context(), &h, withoutMetadata(&h, spoilt), func(int, int, []byte, int, layout) {})
					for _, side := range [][2]int{{400, 300}, {292, 218}, {200, 150}, {80, 60}, {40, 30}} {
						page, err := newStitched(side[0], side[1])
						if err != nil {
							t.Fatal(err)
						}
						// libvips overlooks what is wrong with the last row of blocks.
						err = drawnInto(t, spoilt, 1, page, image.Rect(0, 0, side[0], side[1]))
						if !errors.Is(err, ErrDamaged) && (err != nil || want != nil) {
							t.Errorf("at %d %%, drawn as %v: %v, the whole decodes with %v", percent, side, err, want)
						}
						if err != nil {
							found++
						}
						page.close()
					}
				}
				if found == 0 {
					t.Error("no damage does any harm")
				}
			})
		}
	}
}

// A part that is cancelled is not called damaged.
func TestDrawingAPartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	newAnalyzer(t)
	for _, progressive := range []bool{false, true} {
		data, err := specimen.EncodeJPEG(patches(640, 480), specimen.JPEGOptions{Progressive: progressive})
		if err != nil {
			t.Fatal(err)
		}
		h := parseHeader(filing.FormatJPEG, data)
		page, err := newStitched(320, 240)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		src := stitchSource{orientation: 1}
		if err := src.stream(ctx, page, image.Rect(0, 0, 320, 240), &h, data); !errors.Is(err, context.Canceled) || errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
		page.close()
	}
}

// Parts begin and end at even places, so that no colour is halved together with that of another part, and lead to their sources.
func TestPartsStandAtEvenPlaces(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(3, 17))
	for range 500 {
		s := &stitch{o: StitchOptions{Layout: []string{"row", "column", "grid", layouts.Auto}[dice.IntN(4)], Margin: 0.03 * dice.Float64()}}
		for range 1 + dice.IntN(5) {
			src := stitchSource{size: layouts.Size{float64(1 + dice.IntN(900)), float64(1 + dice.IntN(900))}, unit: 0.4 + 0.6*dice.Float64()}
			if dice.IntN(3) == 0 {
				src.unit = 1
			}
			if dice.IntN(3) == 0 {
				src.Caption = "SPECIMEN"
			}
			s.sources = append(s.sources, src)
		}
		for _, scale := range []float64{1, 0.97, 0.31} {
			plan, err := s.at(scale)
			if err != nil {
				t.Fatal(err)
			}
			page := image.Rect(0, 0, plan.width, plan.height)
			if plan.width%2 != 0 || plan.height%2 != 0 {
				t.Fatalf("a page of %v", page)
			}
			whole := slices.Concat(plan.boxes, plan.captions)
			for i, box := range whole {
				if box.Min.X%2 != 0 || box.Min.Y%2 != 0 || box.Max.X%2 != 0 || box.Max.Y%2 != 0 || !box.In(page) {
					t.Fatalf("%s: a box at %v of %v", s.o.Layout, box, page)
				}
				for _, other := range whole[:i] {
					if box.Overlaps(other) {
						t.Fatalf("%s: %v and %v overlap", s.o.Layout, box, other)
					}
				}
			}
			for i, box := range plan.boxes {
				src := &s.sources[i]
				to := plan.toSource(i, src)
				for k, side := range [2]int{box.Dx(), box.Dy()} {
					first := to.Apply(raster.Point{float64(box.Min.X), float64(box.Min.Y)})
					last := to.Apply(raster.Point{float64(box.Max.X), float64(box.Max.Y)})
					if math.Abs(first[k]) > 1e-9 || last[k] > src.size[k]+1e-9 || last[k] < src.size[k]-1-1e-9 {
						t.Errorf("a side of %v becomes %d, which show %v to %v of it", src.size[k], side, first[k], last[k])
					}
					if float64(side) == src.size[k]-1 && math.Abs(last[k]-float64(side)) > 1e-9 {
						t.Errorf("a side of %v becomes %d, which are not its pixels", src.size[k], side)
					}
				}
			}
		}
	}
}

// Weights come to the whole at any ratio, also where a pixel's share is less than the least weight.
func TestSharesComeToTheWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from         int
		start, ratio float64
		to           int
	}{
		{4000, 0, 1.6, 2500}, {321, 0.5, 1, 320}, {100, 0, 1, 100}, {16384, 0, 512, 32}, {40000, 0, 625, 64},
		{1, 0, 0.5, 2}, {7, 0, 3.5, 2}, {9, 0.5, 2, 4},
	} {
		s := newShares(c.from, c.start, c.ratio, c.to)
		for i := range c.to {
			sum, middle := 0.0, 0.0
			for t, w := range s.weights[i*s.taps : (i+1)*s.taps] {
				sum += float64(w)
				middle += float64(w) * (float64(int(s.left[i])+t) + 0.5) / 256
			}
			if want := c.start + (float64(i)+0.5)*c.ratio; sum != 256 || c.ratio >= 1 && math.Abs(middle-want) > max(0.25, c.ratio/256) {
				t.Errorf("%v: pixel %d has weights of %v around %v, want %v", c, i, sum, middle, want)
			}
			if end := int(s.left[i]) + s.taps; s.left[i] < 0 || end > c.from {
				t.Errorf("%v: pixel %d reads to %d", c, i, end)
			}
		}
	}
}
