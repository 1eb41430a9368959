package legibility

import (
	"math"
	"testing"
)

func TestAReflectionSaturatesEveryChannel(t *testing.T) {
	t.Parallel()
	type level struct{ luma, low uint8 }
	for name, c := range map[string]struct {
		paper, spot, beside level
		// wide and high are the spot's sides in pixels of a sheet of 400 x 300; beside is the level of what lies left of it.
		wide, high int
		want       bool
	}{
		"a spot that is white in every channel is a reflection": {
			paper: level{236, 226}, spot: level{255, 255}, beside: level{236, 226}, wide: 90, high: 60, want: true,
		},
		"on paper that is all but saturated a spot is still told in the smallest channel": {
			paper: level{253, 243}, spot: level{255, 255}, beside: level{253, 243}, wide: 120, high: 110, want: true,
		},
		"where light falls hardest on tinted paper one channel keeps its tint": {
			paper: level{248, 236}, spot: level{254, 246}, beside: level{248, 236}, wide: 120, high: 110, want: false,
		},
		"the white ground beside a portrait is no reflection": {
			paper: level{241, 236}, spot: level{255, 255}, beside: level{40, 30}, wide: 60, high: 90, want: false,
		},
		"what is larger than the ground of a portrait is a reflection, though something dark lies beside it": {
			paper: level{241, 236}, spot: level{255, 255}, beside: level{40, 30}, wide: 140, high: 190, want: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &sheet{w: 400, h: 300, located: true, text: 10, textMin: 7, textMax: 20}
			n := s.w * s.h
			s.luma, s.low, s.seen = make([]uint8, n), make([]uint8, n), make([]bool, n)
			const left, top = 150, 60
			for i := range n {
				at := c.paper
				if x, y := i%s.w-left, i/s.w-top; y >= 0 && y < c.high {
					switch {
					case x >= 0 && x < c.wide:
						at = c.spot
					case x < 0 && x > -50:
						at = c.beside
					}
				}
				s.luma[i], s.low[i], s.seen[i] = at.luma, at.low, true
			}
			got := s.findGlare(s.findLines())
			if want := float64(c.wide*c.high) / float64(n); c.want && math.Abs(got.Share-want) > 0.05*want {
				t.Errorf("%.3f of the document mirrors, want %.3f", got.Share, want)
			}
			if !c.want && got.Share != 0 {
				t.Errorf("%.3f of the document mirrors, want nothing", got.Share)
			}
		})
	}
}
