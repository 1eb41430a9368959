package raster

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheHullOfAFewPoints(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ points, want []Point }{
		"of none is none":                          {nil, nil},
		"of one is that one":                       {[]Point{{2, 3}, {2, 3}}, []Point{{2, 3}}},
		"of a line is its ends":                    {[]Point{{1, 1}, {3, 3}, {2, 2}, {0, 0}}, []Point{{0, 0}, {3, 3}}},
		"of a square begins at its top left":       {[]Point{{0, 4}, {4, 4}, {4, 0}, {0, 0}}, []Point{{0, 0}, {4, 0}, {4, 4}, {0, 4}}},
		"leaves out what lies on a side or inside": {[]Point{{0, 0}, {2, 0}, {4, 0}, {1, 1}, {2, 3}, {4, 4}, {0, 4}, {0, 2}}, []Point{{0, 0}, {4, 0}, {4, 4}, {0, 4}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, ConvexHull(slices.Clone(c.points))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheHullOfManyPointsHoldsThemAllAndTurnsRight(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		points := make([]Point, 3+dice.IntN(200))
		for i := range points {
			// Whole numbers make many points equal or in line.
			points[i] = Point{math.Floor(dice.Float64() * 30), math.Floor(dice.Float64() * 20)}
		}
		hull := ConvexHull(slices.Clone(points))
		if len(hull) < 3 {
			continue
		}
		for i, a := range hull {
			b, c := hull[(i+1)%len(hull)], hull[(i+2)%len(hull)]
			if cross(a, b, c) <= 0 {
				t.Fatalf("no turn to the right at %v of %v", b, hull)
			}
			for _, p := range points {
				if cross(a, b, p) < 0 {
					t.Fatalf("%v is outside of the side from %v to %v", p, a, b)
				}
			}
			if !slices.Contains(points, a) {
				t.Fatalf("%v is none of the points", a)
			}
		}
	}
}
