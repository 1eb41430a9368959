package layouts

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPartsNeverOverlapAndStayInside(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		parts := make([]Size, 2+dice.IntN(7))
		for i := range parts {
			parts[i] = Size{50 + 1000*dice.Float64(), 50 + 1000*dice.Float64()}
		}
		gap := 20 * dice.Float64()
		for _, name := range Names() {
			plan, err := Arrange(name, parts, gap)
			if err != nil {
				if name == Sides && len(parts) != 2 && errors.Is(err, ErrParts) {
					continue
				}
				t.Fatal(err)
			}
			for i, a := range plan.Places {
				if a[0] < gap-1e-9 || a[1] < gap-1e-9 || a[0]+parts[i][0] > plan.Size[0]-gap+1e-6 || a[1]+parts[i][1] > plan.Size[1]-gap+1e-6 {
					t.Fatalf("%s: part %d of %v at %v leaves %v", name, i, parts, a, plan.Size)
				}
				for j := range i {
					b := plan.Places[j]
					if a[0] < b[0]+parts[j][0] && b[0] < a[0]+parts[i][0] && a[1] < b[1]+parts[j][1] && b[1] < a[1]+parts[i][1] {
						t.Fatalf("%s: parts %d and %d of %v overlap", name, i, j, parts)
					}
				}
			}
		}
	}
}

func TestShapesChooseTheLayout(t *testing.T) {
	t.Parallel()
	wide, tall := Size{400, 300}, Size{300, 400}
	for name, c := range map[string]struct {
		parts []Size
		want  string
	}{
		"two upright pages stand side by side":    {[]Size{tall, tall}, "row"},
		"two photos across are one below another": {[]Size{{400, 150}, {400, 150}}, "column"},
		"four make two rows":                      {[]Size{wide, wide, wide, wide}, "grid"},
		"one is itself":                           {[]Size{wide}, "row"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, err := Arrange(Auto, c.parts, 5)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, plan.Layout); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALayoutThatDoesNotFitSaysSo(t *testing.T) {
	t.Parallel()
	if _, err := Arrange("spiral", []Size{{1, 1}}, 0); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if _, err := Arrange(Sides, []Size{{1, 1}}, 0); !errors.Is(err, ErrParts) {
		t.Error(err)
	}
	if _, err := Arrange("row", nil, 0); !errors.Is(err, ErrParts) {
		t.Error(err)
	}
	for text, why := range map[string]string{
		"layouts: {a: {columns: 0}}":                               "no columns",
		"layouts: {a: {columns: many}}":                            "a word",
		"layouts: {a: {try: [b]}}":                                 "an unknown one to try",
		"layouts: {a: {try: [b]}, b: {try: [a]}}":                  "a circle",
		"layouts: {a: {colour: red}}":                              "an unknown key",
		"layouts: {a: {try: [b]}, b: {columns: 1, rectify: true}}": "another kind of part",
	} {
		if _, err := parse([]byte(text)); err == nil {
			t.Errorf("%s is taken for a layout", why)
		}
	}
}
