package raster

import "math"

// Solve solves linear equations, one a row with its right side in the last column, by elimination with pivots, and returns the
// unknowns; false where the equations do not determine them. The rows are overwritten.
func Solve(m [][]float64) ([]float64, bool) {
	n := len(m)
	for c := range n {
		pivot := c
		for r := c + 1; r < n; r++ {
			if math.Abs(m[r][c]) > math.Abs(m[pivot][c]) {
				pivot = r
			}
		}
		if !(math.Abs(m[pivot][c]) > 1e-9) {
			return nil, false
		}
		lead := m[pivot]
		m[pivot] = m[c] //nolint:gosec // c is the number of a row, as pivot is
		m[c] = lead     //nolint:gosec // as above
		for r, row := range m {
			if r == c {
				continue
			}
			k := row[c] / lead[c]
			for i := c; i <= n; i++ {
				row[i] -= k * lead[i]
			}
		}
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = m[i][n] / m[i][i]
	}
	return out, true
}
