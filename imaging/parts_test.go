package imaging

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// collage pastes photos of one size at places on a ground.
func collage(w, h int, ground color.Color, photos []scene, at ...image.Point) *raster.RGB {
	page := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(page, page.Rect, image.NewUniform(ground), image.Point{}, draw.Src)
	for i, p := range at {
		img := photos[i].draw()
		draw.Draw(page, image.Rectangle{Min: p, Max: p.Add(img.Rect.Size())}, img, image.Point{}, draw.Src)
	}
	out := raster.NewRGB(w, h)
	for y := range h {
		for x := range w {
			copy(out.Row(y)[3*x:3*x+3], page.Pix[page.PixOffset(x, y):])
		}
	}
	return out
}

// reduced is a picture at half its size, as it is reduced before it is looked at: where two meet within a pixel, that holds both.
func reduced(p *raster.RGB) *raster.RGB {
	out := raster.NewRGB(p.W/2, p.H/2)
	for y := range out.H {
		a, b := p.Row(2*y), p.Row(2*y+1)
		for x := range out.W {
			for k := range 3 {
				i := 6*x + k
				out.Row(y)[3*x+k] = uint8((int(a[i]) + int(a[i+3]) + int(b[i]) + int(b[i+3])) / 4)
			}
		}
	}
	return out
}

// grainy shifts the ground by up to two levels, as JPEG does beside photos.
func grainy(p *raster.RGB, ground uint8) *raster.RGB {
	grain := uint32(1)
	for i := 0; i < len(p.Pix); i += 3 {
		if grain = grain*1664525 + 1013904223; p.Pix[i] == ground && p.Pix[i+1] == ground && p.Pix[i+2] == ground {
			for k := range 3 {
				p.Pix[i+k] = ground - 2 + uint8(grain>>24%5)
			}
		}
	}
	return p
}

// smeared is a picture on grey into whose ground the colour beside it runs for six pixels, weaker and weaker, as with JPEG's halved colour.
func smeared(p *raster.RGB, ground uint8) *raster.RGB {
	out := raster.NewRGB(p.W, p.H)
	copy(out.Pix, p.Pix)
	isGround := func(x, y int) bool {
		at := p.Row(y)[3*x : 3*x+3]
		return at[0] == ground && at[1] == ground && at[2] == ground
	}
	for y := range p.H {
		for x := range p.W {
			if !isGround(x, y) {
				continue
			}
			for reach := 1; reach <= 6; reach++ {
				if x-reach >= 0 && !isGround(x-reach, y) || x+reach < p.W && !isGround(x+reach, y) ||
					y-reach >= 0 && !isGround(x, y-reach) || y+reach < p.H && !isGround(x, y+reach) {
					out.Row(y)[3*x] -= uint8(10 - reach)
					break
				}
			}
		}
	}
	return out
}

func TestPanelsOfAStitchedPictureAreFound(t *testing.T) {
	t.Parallel()
	shots := []scene{{400, 300, 1, 1, 5}, {400, 300, 2, 2, 5}, {400, 300, 3, 3, 5}, {400, 300, 4, 4, 5}}
	white, black := color.White, color.Black
	box := func(x, y int) image.Rectangle { return image.Rect(x, y, x+400, y+300) }
	for name, c := range map[string]struct {
		picture *raster.RGB
		want    []image.Rectangle
	}{
		"a row on white":        {collage(840, 320, white, shots, image.Pt(10, 10), image.Pt(430, 10)), []image.Rectangle{box(10, 10), box(430, 10)}},
		"a column on black":     {collage(420, 640, black, shots, image.Pt(10, 10), image.Pt(10, 330)), []image.Rectangle{box(10, 10), box(10, 330)}},
		"a row without margins": {collage(800, 300, white, shots, image.Pt(0, 0), image.Pt(400, 0)), []image.Rectangle{box(0, 0), box(400, 0)}},
		"three in a grid": {collage(840, 640, white, shots, image.Pt(10, 10), image.Pt(430, 10), image.Pt(10, 330)),
			[]image.Rectangle{box(10, 10), box(430, 10), box(10, 330)}},
		"three of four places without margins that meet within a pixel": {
			reduced(collage(1602, 1202, black, []scene{{801, 601, 1, 1, 5}, {801, 601, 2, 2, 5}, {801, 601, 3, 3, 5}}, image.Pt(0, 0), image.Pt(801, 0), image.Pt(0, 601))),
			[]image.Rectangle{box(0, 0), box(401, 0), box(0, 301)},
		},
		"narrow margins on pale grey that is not quite even": {
			grainy(collage(406, 609, color.Gray{240}, shots, image.Pt(3, 3), image.Pt(3, 306)), 240), []image.Rectangle{box(3, 3), box(3, 306)},
		},
		"a column of photos of different widths without margins": {
			collage(400, 825, color.Gray{240}, []scene{{400, 300, 1, 1, 5}, {300, 225, 2, 2, 5}, {400, 300, 3, 3, 5}},
				image.Pt(0, 0), image.Pt(0, 300), image.Pt(0, 525)),
			[]image.Rectangle{box(0, 0), image.Rect(0, 300, 300, 525), box(0, 525)},
		},
		"a row of photos of different heights without margins": {
			collage(1100, 300, white, []scene{{400, 300, 1, 1, 5}, {300, 225, 2, 2, 5}, {400, 300, 3, 3, 5}},
				image.Pt(0, 0), image.Pt(400, 0), image.Pt(700, 0)),
			[]image.Rectangle{box(0, 0), image.Rect(400, 0, 700, 225), box(700, 0)},
		},
		"margins into which colour runs from the photos": {
			smeared(collage(860, 340, color.Gray{240}, shots, image.Pt(20, 20), image.Pt(440, 20)), 240),
			[]image.Rectangle{box(20, 20), box(440, 20)},
		},
		"one photo is one": {collage(400, 300, white, shots, image.Pt(0, 0)), []image.Rectangle{box(0, 0)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := panelsOf(c.picture)
			if len(got) != len(c.want) {
				t.Fatalf("panels %v, want %v", got, c.want)
			}
			for i := range got {
				// A seam lies within a pixel or two.
				a, b := got[i].Inset(3), c.want[i].Inset(3)
				if !a.In(c.want[i].Inset(-3)) || !b.In(got[i].Inset(-3)) {
					t.Error(cmp.Diff(c.want[i].String(), got[i].String()))
				}
			}
		})
	}
}

func TestLinesOfPrintAreNoPanels(t *testing.T) {
	t.Parallel()
	page := raster.NewRGB(600, 800)
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	for line := range 20 { // with white between them from side to side, and paragraphs
		for y := 40 + 36*line + line/5*10; y < 40+36*line+line/5*10+16; y++ {
			for x := 60; x < 540; x++ {
				if (x/7+line)%3 != 0 {
					copy(page.Row(y)[3*x:3*x+3], []byte{20, 20, 20})
				}
			}
		}
	}
	if got := panelsOf(page); len(got) != 1 {
		t.Errorf("a letter falls apart into %v", got)
	}
}

func TestTheGrainOfATableIsNoSeam(t *testing.T) {
	t.Parallel()
	table := raster.NewRGB(600, 400)
	for y := range table.H {
		for x := range table.W { // straight along the rows, light and dark by turns
			light := uint8(120)
			if y/4%2 == 0 {
				light = 134
			}
			copy(table.Row(y)[3*x:3*x+3], []byte{light, light - 30, light - 60})
		}
	}
	if got := panelsOf(table); len(got) != 1 {
		t.Errorf("a table falls apart into %v", got)
	}
}
