package raster

import (
	"math"
	"testing"
)

func TestSolveFindsTheUnknownsOfEverySystem(t *testing.T) {
	t.Parallel()
	// The first pivot is zero: rows have to change places. The second system has twice the right sides of the first.
	m := [][]float64{{0, 2, 1, 7, 14}, {1, -1, 0, -1, -2}, {3, 0, -2, -3, -6}}
	if !Solve(m) {
		t.Fatal("no solution")
	}
	for i, want := range []float64{1, 2, 3} {
		if math.Abs(m[i][3]-want) > 1e-12 || math.Abs(m[i][4]-2*want) > 1e-12 {
			t.Errorf("unknown %d is %v and %v, want %v and twice that", i, m[i][3], m[i][4], want)
		}
	}
}

func TestSolveRefusesEquationsThatSayTheSame(t *testing.T) {
	t.Parallel()
	if m := [][]float64{{1, 2, 3}, {2, 4, 6}}; Solve(m) {
		t.Errorf("solved as %v", m)
	}
}
