package face

import (
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
)

func TestAPortraitIsSmallAndLiesWithinItsDocument(t *testing.T) {
	t.Parallel()
	quad := raster.Quad{{100, 100}, {1000, 100}, {1000, 670}, {100, 670}}
	for _, c := range []struct {
		name string
		sure bool
		box  box
		want bool
	}{
		{"the portrait on a card", true, box{700, 250, 860, 440}, true},
		{"the portrait on what may be a card", false, box{700, 250, 860, 440}, true},
		{"a portrait at an edge that was located badly", true, box{700, 40, 860, 230}, true},
		{"a head in front of a shelf, as large as none on a card", true, box{600, 250, 900, 600}, false},
		{"a head that sticks out of a window behind it", false, box{700, 60, 860, 250}, false},
		{"a head beside the card", true, box{1100, 100, 1400, 460}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := search{documents: []place{{quad, c.sure}}}
			if got := s.onDocument(c.box); got != c.want {
				t.Errorf("a portrait: %v, want %v", got, c.want)
			}
		})
	}
}

func TestAnArmBesideAFaceIsSeen(t *testing.T) {
	t.Parallel()
	type colour [3]uint8
	skin, shade, wall, shirt := colour{214, 160, 132}, colour{150, 112, 93}, colour{170, 172, 176}, colour{40, 70, 120}
	for _, c := range []struct {
		name        string
		left, right colour
		x           int
		least, most float64
		absent      bool
	}{
		{name: "a wall on both sides", left: wall, right: wall, x: 200, most: 0.01},
		{name: "an arm in the shade on one side", left: shade, right: wall, x: 200, least: 0.9, most: 1},
		{name: "a wall of the skin's colour on both sides", left: skin, right: skin, x: 200, most: 0.01},
		{name: "somebody in blue on one side", left: wall, right: shirt, x: 200, most: 0.01},
		{name: "a face at the edge of the picture", left: wall, right: skin, x: 10, absent: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const side = 100
			p := raster.NewRGB(500, 300)
			for y := range p.H {
				for x := range p.W {
					at := skin
					if x < c.x {
						at = c.left
					} else if x >= c.x+side {
						at = c.right
					}
					copy(p.Pix[3*(y*p.W+x):], at[:])
				}
			}
			f := &raster.Frame{Width: 500, Height: 300, Small: p, Scale: [2]float64{1, 1}}
			got := armBeside(f, [4]float64{float64(c.x), 100, side, 120})
			switch {
			case got == nil || c.absent:
				if (got == nil) != c.absent {
					t.Errorf("absent: %v, want %v", got == nil, c.absent)
				}
			case *got < c.least || *got > c.most:
				t.Errorf("%.2f, want %.2f to %.2f", *got, c.least, c.most)
			}
		})
	}
}
