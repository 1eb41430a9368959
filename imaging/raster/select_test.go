package raster

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestNthIsWhatSortingPutsThere(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for n := 1; n < 200; n++ {
		list := make([]float32, n)
		for i := range list {
			list[i] = float32(r.IntN(1 + n/2)) // some of them alike
		}
		sorted := slices.Sorted(slices.Values(list))
		for i := range list {
			if got := Nth(slices.Clone(list), i); got != sorted[i] {
				t.Fatalf("number %d of %d is %g, want %g", i, n, got, sorted[i])
			}
		}
	}
}

func TestQuantilesAreNearestRanks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list  []float64
		share float64
		want  float64
	}{
		"of nothing is 0":                     {nil, 0.5, 0},
		"of one value is that one":            {[]float64{7}, 0.9, 7},
		"the median of three is the middle":   {[]float64{3, 1, 2}, 0.5, 2},
		"the median of four is the upper":     {[]float64{4, 1, 3, 2}, 0.5, 3},
		"0 is the least":                      {[]float64{4, 1, 3, 2}, 0, 1},
		"1 is the greatest":                   {[]float64{4, 1, 3, 2}, 1, 4},
		"0.9 of eleven is the tenth":          {[]float64{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 0.9, 10},
		"between two ranks the nearer counts": {[]float64{1, 2, 3}, 0.74, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Quantile(slices.Clone(c.list), c.share); got != c.want {
				t.Errorf("got %g, want %g", got, c.want)
			}
		})
	}
}
