package specimen

import (
	"bytes"
	"image/jpeg"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

func TestFaceCasesAreTheSameOnEveryCallAndTellTheTruth(t *testing.T) {
	t.Parallel()
	fontsFor(t)
	byVariant := map[string]Case{}
	ids := map[string]bool{}
	for _, half := range Halves() {
		for _, c := range FaceCases(half) {
			if ids[c.ID] {
				t.Errorf("%s comes twice", c.ID)
			}
			ids[c.ID] = true
			if _, ok := byVariant[c.Variant]; !ok {
				byVariant[c.Variant] = c
			}
		}
	}
	if len(ids) != 920+3*460 {
		t.Errorf("%d cases", len(ids))
	}
	want := map[string]struct{ person, covered, card bool }{
		"far": {true, false, true}, "mask": {true, true, true}, "card": {false, false, true}, "pattern": {},
	}
	for variant, w := range want {
		t.Run(variant, func(t *testing.T) {
			t.Parallel()
			c := byVariant[variant]
			first, err := c.Draw()
			if err != nil {
				t.Fatal(err)
			}
			if variant == "far" { // the smallest person is the quickest to draw
				again, err := c.Draw()
				if err != nil || !bytes.Equal(first.File, again.File) {
					t.Errorf("drawn again it differs: %v", err)
				}
			}
			tr := first.Truth
			size, err := jpeg.DecodeConfig(bytes.NewReader(first.File))
			if err != nil || size.Width != tr.Width || size.Height != tr.Height {
				t.Errorf("%d x %d, %v; the truth says %d x %d", size.Width, size.Height, err, tr.Width, tr.Height)
			}
			if len(tr.Faces) > 0 != w.person || len(tr.Documents) > 0 != w.card || w.person && tr.Faces[0].Covered != w.covered {
				t.Errorf("truth: %+v", tr)
			}
			for _, f := range tr.Faces {
				if f.Box[0] < 0 || f.Box[1] < 0 || f.Box[2] > float64(tr.Width) || f.Box[3] > float64(tr.Height) || !f.Real {
					t.Errorf("face: %+v", f)
				}
			}
			for _, q := range tr.Documents {
				if q == [4]filing.Point{} {
					t.Error("a card without corners")
				}
			}
		})
	}
}
