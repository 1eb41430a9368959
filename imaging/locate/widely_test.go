package locate

import (
	"fmt"
	"math"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// checked is a photo of a pale card that lies aslant on checks as pale as itself, and where the card is.
func checked(side int, degrees float64) (*raster.Frame, raster.Quad) {
	const w, h, width, height = 1280, 960, 520, 328
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	corner := func(u, v float64) raster.Point { return raster.Point{w/2 + u*cos - v*sin, h/2 + u*sin + v*cos} }
	card := raster.Quad{corner(-width/2, -height/2), corner(width/2, -height/2), corner(width/2, height/2), corner(-width/2, height/2)}
	f := &raster.Frame{Width: w, Height: h, Full: raster.NewGray(w, h), Small: raster.NewRGB(w, h), Scale: [2]float64{1, 1},
		ToFull: raster.Uprighting(1, w, h)}
	for y := range h {
		for x := range w {
			dx, dy := float64(x)-w/2, float64(y)-h/2
			u, v := dx*cos+dy*sin+width/2, dy*cos-dx*sin+height/2
			c := [3]uint8{206, 206, 200}
			switch a, b := x+y/3+2000, y-x/3+2000; {
			case u >= 0 && v >= 0 && u < width && v < height:
				if c = [3]uint8{224, 222, 218}; u > 40 && u < 330 && v > 40 && v < 280 && int(v)%48 < 14 && int(u)%22 < 15 {
					c = [3]uint8{52, 50, 58}
				}
			case (a/side+b/side)%2 == 0:
				c = [3]uint8{92, 58, 84}
			}
			f.Full.Pix[y*w+x] = raster.Luma(c[0], c[1], c[2])
			copy(f.Small.Pix[3*(y*w+x):], c[:])
		}
	}
	return f, card
}

// Hundreds of ways to choose four lines of checks are as good as the card's sides, so that the first few leave it out.
func TestWhoSearchesWidelyProposesACardOnChecks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		side    int
		degrees float64
		finer   bool // whether the finer view proposes it by itself
	}{{80, 5, false}, {80, 24, true}, {100, 33, true}} {
		t.Run(fmt.Sprintf("checks of %d pixels, turned by %.0f degrees", c.side, c.degrees), func(t *testing.T) {
			t.Parallel()
			f, card := checked(c.side, c.degrees)
			v := newView(f)
			for i := range card {
				card[i] = raster.Point{card[i][0] / v.sx, card[i][1] / v.sy}
			}
			best := func(all []candidate) (most float64) {
				for i := range all {
					most = max(most, all[i].quad.IoU(card))
				}
				return most
			}
			few := v.candidates(mostProposals, nil)
			if most := best(few); most > 0.5 {
				t.Errorf("the scene says nothing: %.2f among the first", most)
			}
			if most := best(v.candidates(mostWidely, nil)); most < 0.95 {
				t.Errorf("%.2f among many", most)
			}
			if most := best(v.candidates(mostProposals, viewOf(f, finerSide).proposalsFor(v))); c.finer && most < 0.95 {
				t.Errorf("%.2f with those of the finer view", most)
			}
			if again := v.candidates(mostProposals, nil); len(again) != len(few) || again[0].quad != few[0].quad {
				t.Error("what is found depends on what was searched before")
			}
		})
	}
}

func TestWhatOnlyTheSecondSearchFindsIsNeverSure(t *testing.T) {
	t.Parallel()
	f := benchFrame()
	v := newView(f)
	found := v.search(mostWidely, nil)
	if len(found) == 0 {
		t.Fatal("the sheet is not found")
	}
	found[0].score = 6
	known := v.documents(f, found[:1])[0]
	found[0].doubted = true
	doubted := v.documents(f, found[:1])[0]
	if known.Confidence <= mostAgain || doubted.Confidence != mostAgain || doubted.Quad != known.Quad {
		t.Errorf("confidence %.2f, doubted %.2f", known.Confidence, doubted.Confidence)
	}
}
