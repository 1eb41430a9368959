package locate

import (
	"math"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

func TestASideOnTheBorderGoesBackToWhereTheDocumentEnds(t *testing.T) {
	t.Parallel()
	const w, h = 900, 600
	// What was found reaches to the left border; the card begins at 60, or leans from 50 to 80.
	found := raster.Quad{{1, 120}, {700, 120}, {700, 480}, {1, 480}}
	woven := func(x, y int) [3]byte { // a table in two browns
		if (x/16+y/16)%2 == 0 {
			return [3]byte{120, 88, 60}
		}
		return [3]byte{92, 66, 44}
	}
	plain := func(int, int) [3]byte { return [3]byte{96, 120, 104} }
	card := func(x, y int) [3]byte {
		if y%40 < 12 && x%18 < 9 {
			return [3]byte{60, 60, 66}
		}
		return [3]byte{226, 224, 214}
	}
	for name, c := range map[string]struct {
		table func(x, y int) [3]byte
		at    func(x, y int) bool // the card is there
		want  [2]float64          // where its left side is at the top and at the bottom; 0: it stays
	}{
		"a card on a woven table":       {woven, func(x, _ int) bool { return x >= 60 }, [2]float64{60, 60}},
		"a card that leans":             {plain, func(x, y int) bool { return float64(x) >= 50+float64(y-120)/12 }, [2]float64{50, 80}},
		"a card that is cut off":        {woven, func(int, int) bool { return true }, [2]float64{}},
		"a corner that is cut off":      {plain, func(x, y int) bool { return float64(x) >= float64(y-250)/2 }, [2]float64{}},
		"a card on paper of its colour": {func(int, int) [3]byte { return [3]byte{226, 224, 214} }, func(x, _ int) bool { return x >= 60 }, [2]float64{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := painted(w, h, func(x, y int) [3]byte {
				if x < 700 && y >= 120 && y < 480 && c.at(x, y) {
					return card(x, y)
				}
				return c.table(x, y)
			})
			q, moved := withdrawn(f, found, 4)
			if moved != [4]bool{3: c.want[0] > 0} {
				t.Fatalf("moved %v to %v", moved, q)
			}
			if c.want[0] > 0 && max(math.Abs(q[0][0]-c.want[0]), math.Abs(q[3][0]-c.want[1])) > 6 {
				t.Errorf("the side is at %.0f and %.0f, want %.0f and %.0f", q[0][0], q[3][0], c.want[0], c.want[1])
			}
			if q[1] != found[1] || q[2] != found[2] {
				t.Errorf("another side moved: %v", q)
			}
		})
	}
}
