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
