package specimen

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// drawPrint draws a layout small: one pixel in three of what photos show.
func drawPrint(t *testing.T, number int, seed uint64) *Document {
	t.Helper()
	ppm := 2.0
	if newPrintLook(number).kind == PrintedCard {
		ppm = 6
	}
	return drawRandomPrint(fontsFor(t), number, rand.New(rand.NewPCG(seed, 0x5bec1)), ppm)
}

func TestEveryRandomPrintIsAMarkedSpecimenWhoseTextLiesOnIt(t *testing.T) {
	t.Parallel()
	numbers := 300 // more than the set has: whatever number comes next must be drawn, too
	if raceDetector || testing.Short() {
		numbers = 40
	}
	for n := range numbers {
		d := drawPrint(t, n, uint64(n))
		marked, fields, least := false, 0, 99.0
		for _, l := range d.Lines {
			marked = marked || strings.Contains(l.Text, "样本 SPECIMEN")
			if l.Field != "" {
				fields++
				least = min(least, (l.Quad[3][1]-l.Quad[0][1])/d.PxPerMM/1.02)
			}
			for _, p := range l.Quad {
				if p[0] < -1 || p[1] < -1 || p[0] > float64(d.Image.Rect.Dx())+1 || p[1] > float64(d.Image.Rect.Dy())+1 {
					t.Errorf("print %d: %q lies outside the document: %v", n, l.Text, l.Quad)
					break
				}
			}
		}
		if look := newPrintLook(n); least < look.body-0.01 {
			t.Errorf("print %d: text of %.2f mm, the smallest was to be %.2f", n, least, look.body)
		}
		if !marked || fields == 0 {
			t.Errorf("print %d: marked %v, %d lines with fields", n, marked, fields)
		}
		if d.Colourless {
			for i := 0; i < len(d.Image.Pix); i += 4 {
				if p := d.Image.Pix[i : i+3]; max(p[0], p[1], p[2])-min(p[0], p[1], p[2]) > 8 {
					t.Errorf("print %d is colourless and shows %v", n, p)
					break
				}
			}
		}
	}
}

func TestRandomPrintsAreTheSameOnEveryCallAndUnlikeOneAnother(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(drawPrint(t, 14, 3).Image.Pix, drawPrint(t, 14, 3).Image.Pix) {
		t.Error("print 14 differs from itself")
	}
	if a, b := drawPrint(t, 14, 3), drawPrint(t, 14, 4); a.Fields == b.Fields {
		t.Error("another seed says the same")
	}
	looks := map[string]int{}
	frames, bands, cards, broadside := map[string]int{}, 0, 0, 0
	for n := range randomPrints {
		l := newPrintLook(n)
		key := fmt.Sprintf("%+v", l)
		if other, ok := looks[key]; ok {
			t.Errorf("prints %d and %d are one layout", n, other)
		}
		looks[key] = n
		frames[l.border.style]++
		if f := l.border; f.style != "" && (f.inset < 2 || f.inset > 15) {
			t.Errorf("print %d: its frame is %.1f mm within the edge", n, f.inset)
		}
		for _, b := range l.bands {
			if x, y, w, h := b.box(l.w, l.h); x < 0 || y < 0 || w <= 0 || h <= 0 || x+w > l.w+1e-9 || y+h > l.h+1e-9 {
				t.Errorf("print %d: a band at %.1f, %.1f of %.1f x %.1f mm on %.1f x %.1f", n, x, y, w, h, l.w, l.h)
			}
		}
		if len(l.bands) > 0 {
			bands++
		}
		if l.kind == PrintedCard {
			cards++
		} else if l.w > l.h {
			broadside++
		}
	}
	if len(frames) < 9 || bands < randomPrints/3 || cards != randomPrints/2 || broadside < randomPrints/8 {
		t.Errorf("frames %v, %d with bands, %d cards, %d broadside", frames, bands, cards, broadside)
	}
}

func TestPrintsByLotAreOfManyLayoutsOnTheSurfacesOfOpenHalves(t *testing.T) {
	t.Parallel()
	of := map[string]Half{}
	for half, want := range map[Half]struct {
		photos, layouts, ofEach int
		stocks                  []Half
	}{Prints: {600, 150, 200, []Half{Tune, Test}}, Lots: {2200, 450, 600, []Half{Tune, Test, Test2}}} {
		layouts, stocks, seeds := map[string]bool{}, map[Half]int{}, map[uint64]bool{}
		for _, c := range Cases(half) {
			if other, known := of[c.Template]; known && other != half && c.Template != "" {
				t.Errorf("%s and %s share the layout %s", half, other, c.Template)
			}
			of[c.Template], layouts[c.Template] = half, true
			stocks[c.stock()]++
			if seeds[c.Seed] {
				t.Errorf("%s has the seed of another", c.ID)
			}
			seeds[c.Seed] = true
			if s := c.setting; s.width*s.height > mostPrintPixels {
				t.Errorf("%s has %d x %d pixels", c.ID, s.width, s.height)
			}
		}
		if len(seeds) != want.photos || len(layouts) < want.layouts || len(stocks) != len(want.stocks) {
			t.Errorf("%s: %d photos of %d layouts, taken with %v", half, len(seeds), len(layouts), stocks)
		}
		for _, stock := range want.stocks {
			if stocks[stock] < want.ofEach {
				t.Errorf("%s: %d photos taken with what %s has", half, stocks[stock], stock)
			}
		}
	}
}
