package raster

import "math"

// Solve solves n linear equations by elimination with pivots: one a row, n coefficients and behind them the right sides of one or
// more systems. It leaves the unknowns in the right sides' places, those of the first system in column n; false where the equations
// do not determine them. All rows are overwritten, and may change places.
func Solve(m [][]float64) bool {
	n := len(m)
	for c := range n {
		pivot := c
		for r := c + 1; r < n; r++ {
			if math.Abs(m[r][c]) > math.Abs(m[pivot][c]) {
				pivot = r
			}
		}
		if !(math.Abs(m[pivot][c]) > 1e-9) {
			return false
		}
		lead := m[pivot]
		m[pivot] = m[c] //nolint:gosec // c is the number of a row, as pivot is
		m[c] = lead     //nolint:gosec // as above
		for r, row := range m {
			if r == c || row[c] == 0 {
				continue
			}
			k := row[c] / lead[c]
			for i := c; i < len(row); i++ {
				row[i] -= k * lead[i]
			}
		}
	}
	for i, row := range m {
		for k := n; k < len(row); k++ {
			row[k] /= row[i]
		}
	}
	return true
}
