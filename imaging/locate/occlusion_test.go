package locate

import (
	"math"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

func TestWhatComesInOverAnEdgeIsToldFromTableAndShadow(t *testing.T) {
	t.Parallel()
	const w, h = 1200, 800
	card := raster.Quad{{200, 150}, {1000, 150}, {1000, 654}, {200, 654}}
	finger := func(x, y, tip, middle, wide float64) bool { // from below
		return y > tip+wide && math.Abs(x-middle) < wide || math.Hypot(x-middle, y-tip-wide) < wide
	}
	skin := [3]float64{150, 105, 80}
	for name, c := range map[string]struct {
		// found is where the card was found, at paints over what is there.
		found raster.Quad
		at    func(x, y float64, c [3]float64) [3]float64
		want  float64 // pixels
	}{
		"nothing": {card, func(_, _ float64, c [3]float64) [3]float64 { return c }, 0},
		"one finger": {card, func(x, y float64, c [3]float64) [3]float64 {
			if finger(x, y, 520, 560, 60) {
				return skin
			}
			return c
		}, 120*74 + math.Pi*60*60/2},
		"two fingers over more than half of a side": {card, func(x, y float64, c [3]float64) [3]float64 {
			if finger(x, y, 450, 400, 140) || finger(x, y, 450, 760, 140) {
				return skin
			}
			return c
		}, 2 * (280*64 + math.Pi*140*140/2)},
		"a fingertip on a corner, most of which is its nail": {card, func(x, y float64, c [3]float64) [3]float64 {
			switch {
			case x > 935 && x < 1010 && y > 600 && y < 664:
				return [3]float64{215, 190, 178}
			case finger(x, y, 570, 970, 60):
				return skin
			}
			return c
		}, 0.5*math.Pi*60*60 + 90*24},
		"a shadow that fades": {card, func(x, y float64, c [3]float64) [3]float64 {
			light := 1 - 0.6/(1+math.Exp(math.Hypot(x-600, y-760)/40-6))
			return [3]float64{c[0] * light, c[1] * light, c[2] * light}
		}, 0},
		"a strip of the table, where a side was found aslant": {
			raster.Quad{{200, 150}, {1000, 150}, {1000, 720}, {200, 654}},
			func(_, _ float64, c [3]float64) [3]float64 { return c }, 0,
		},
		"a note that lies as the card does, on its print": {card, func(x, y float64, c [3]float64) [3]float64 {
			if x > 500 && x < 700 && y > 300 && y < 460 {
				return [3]float64{230, 216, 90}
			}
			return c
		}, 200 * 160},
		"a box of colour that print keeps clear of": {card, func(x, y float64, c [3]float64) [3]float64 {
			switch {
			case x > 500 && x < 700 && y > 300 && y < 460:
				return [3]float64{230, 216, 90}
			case x > 484 && x < 716 && y > 284 && y < 476:
				return [3]float64{226, 232, 236}
			}
			return c
		}, 0},
		"a box of colour with a line around": {card, func(x, y float64, c [3]float64) [3]float64 {
			switch {
			case x > 500 && x < 700 && y > 300 && y < 460:
				return [3]float64{230, 216, 90}
			case x > 490 && x < 710 && y > 290 && y < 470:
				return [3]float64{40, 40, 40}
			}
			return c
		}, 0},
		"a wedge that is printed across a corner": {card, func(x, y float64, c [3]float64) [3]float64 {
			if card.Contains(raster.Point{x, y}) && (x-200)+(y-150) < 240 {
				return [3]float64{16, 110, 100}
			}
			return c
		}, 0},
		"a slip over a corner": {card, func(x, y float64, c [3]float64) [3]float64 {
			if (x-200)+(y-150) < 240 && (x-200)+(y-150) > -240 && math.Abs((x-200)-(y-150)) < 400 {
				return [3]float64{16, 110, 100}
			}
			return c
		}, 240 * 240 / 2},
		"a rim of the table around a corner": {
			raster.Quad{{200, 150}, {1080, 150}, {1080, 720}, {200, 720}},
			func(_, _ float64, c [3]float64) [3]float64 { return c }, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &raster.Frame{Width: w, Height: h, Scale: [2]float64{1, 1}, Small: raster.NewRGB(w, h)}
			for y := range h {
				for x := range w {
					p := [3]float64{120, 124, 132}
					if card.Contains(raster.Point{float64(x), float64(y)}) {
						p = [3]float64{226, 232, 236}
						if y%40 < 12 && x%20 < 11 && x > 260 && x < 900 && y > 200 && y < 600 {
							p = [3]float64{50, 50, 60}
						}
					}
					p = c.at(float64(x), float64(y), p)
					copy(f.Small.Pix[3*(y*w+x):], []byte{byte(p[0]), byte(p[1]), byte(p[2])})
				}
			}
			share, _, outlines := covers(f, c.found)
			if want := c.want / card.Area(); math.Abs(share-want) > 0.3*want {
				t.Errorf("covered share %.3f, want about %.3f", share, want)
			}
			if found := len(outlines); found != 0 != (c.want > 0) {
				t.Errorf("%d outlines", found)
			}
		})
	}
}
