package legibility

import (
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

func TestSaturatedPaperHasOneValue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		low        func(i int) uint8
		unlocated  bool
		least, max float64
	}{
		"saturated paper is one value but for what JPEG does": {
			low: func(i int) uint8 { return [10]uint8{255, 255, 255, 255, 255, 255, 255, 255, 254, 253}[i%10] }, least: 0.95, max: 1,
		},
		"paper that is merely bright is spread over a few values": {
			low: func(i int) uint8 { return [4]uint8{252, 253, 254, 253}[i%4] }, max: 0.6,
		},
		"of a whole picture, in which more than paper is white, all near the end count": {
			low: func(i int) uint8 { return [4]uint8{252, 253, 254, 253}[i%4] }, unlocated: true, least: 0.95, max: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &sheet{w: 200, h: 100, located: !c.unlocated}
			for i := range s.w * s.h {
				s.luma, s.low, s.seen = append(s.luma, 255), append(s.low, c.low(i)), append(s.seen, true)
			}
			if got := s.clipped(); got < c.least || got > c.max {
				t.Errorf("clipped share %.2f, want %.2f to %.2f", got, c.least, c.max)
			}
		})
	}
}

func TestInkIsWhatPrintSaysAndNotABar(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tiles []float64 // how dark their print is
		want  float64
	}{
		"faint print under a black bar":      {[]float64{120, 130, 125, 60, 128}, 125},
		"too little print to tell":           {[]float64{120, 130, 125}, 20},
		"print that is blacker than the bar": {[]float64{12, 13, 14}, 13},
		"no print":                           {nil, 20},
	} {
		f := &raster.Frame{Width: 200, Height: 100, Scale: [2]float64{1, 1}, Small: raster.NewRGB(200, 100)}
		s := &sheet{w: 200, h: 100, text: 10, frame: f}
		for i := range s.w * s.h {
			luma := uint8(250)
			if i < s.w*s.h/10 {
				luma = 20
			}
			s.luma, s.low, s.seen = append(s.luma, luma), append(s.low, luma), append(s.seen, true)
		}
		var tiles []tile
		for _, ink := range c.tiles {
			tiles = append(tiles, tile{ink: ink, light: 250})
		}
		if got := s.exposure(&lines{paper: s.paper()}, tiles).Ink; got != c.want {
			t.Errorf("%s: ink %.0f, want %.0f", name, got, c.want)
		}
	}
}
