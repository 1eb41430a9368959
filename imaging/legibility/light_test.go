package legibility

import "testing"

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
