package raster

import (
	"math"
	"testing"
)

func TestSolveFindsTheUnknowns(t *testing.T) {
	t.Parallel()
	// The first pivot is zero: rows have to change places.
	x, ok := Solve([][]float64{{0, 2, 1, 7}, {1, -1, 0, -1}, {3, 0, -2, -3}})
	if !ok {
		t.Fatal("no solution")
	}
	for i, want := range []float64{1, 2, 3} {
		if math.Abs(x[i]-want) > 1e-12 {
			t.Errorf("unknown %d is %v, want %v", i, x[i], want)
		}
	}
}

func TestSolveRefusesEquationsThatSayTheSame(t *testing.T) {
	t.Parallel()
	if x, ok := Solve([][]float64{{1, 2, 3}, {2, 4, 6}}); ok {
		t.Errorf("solved as %v", x)
	}
}
