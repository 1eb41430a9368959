package locate

import (
	"slices"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// Beside a document that is surely one the last model takes a second for nothing.
func TestASecondDocumentIsJudgedWithoutTheMainOne(t *testing.T) {
	t.Parallel()
	cases := specimen.Cases(specimen.Prints)
	c := cases[slices.IndexFunc(cases, func(c specimen.Case) bool { return c.ID == "prints/several/0001" })]
	photo, err := c.Draw()
	if err != nil {
		t.Fatal(err)
	}
	f, err := decoded(photo.File)
	if err != nil {
		t.Fatal(err)
	}
	v := newView(f)
	w, h := float64(v.w), float64(v.h)
	all := v.candidates(mostProposals, nil)
	shown := func(found []candidate) (n int) {
		for _, d := range photo.Truth.Documents {
			if slices.ContainsFunc(found, func(c candidate) bool {
				q := c.quad
				for i := range q {
					q[i] = raster.Point{q[i][0] * v.sx, q[i][1] * v.sy}
				}
				return confidence(c.score) >= 0.4 && q.IoU(raster.Quad(d)) > 0.9
			}) {
				n++
			}
		}
		return n
	}
	found := choose(v.decide(slices.Clone(all)), w, h)
	both := v.withBeside(found, slices.Clone(all))
	if len(photo.Truth.Documents) != 3 || shown(found) != 1 || shown(both) != 3 || both[0].quad != found[0].quad {
		t.Errorf("%d of %d documents are found, with what lies beside the first %d", shown(found), len(photo.Truth.Documents), shown(both))
	}
	for i := range both {
		for k := range i {
			if overlap(both[i].quad, both[k].quad) > mostShared {
				t.Errorf("documents %d and %d lie on one another", k, i)
			}
		}
	}
	if again := v.withBeside(found, nil); len(again) != len(found) {
		t.Error("where nothing lies beside the first, that changes what was found")
	}
}
