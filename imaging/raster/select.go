package raster

// Nth returns what would be v[n] if v were sorted (Hoare's selection, with the middle as pivot: the same steps for the
// same list). It reorders v.
func Nth[T float32 | float64](v []T, n int) T {
	for low, high := 0, len(v)-1; low < high; {
		pivot, i, j := v[(low+high)/2], low, high
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j:
			high = j
		case n >= i:
			low = i
		default:
			return v[n]
		}
	}
	return v[n]
}

// Quantile returns the value of a list below which a share of the others lies, 0 to 1, by the nearest rank: 0.5 is the median
// (中位数), of an even number of values the upper one. Of an empty list it is 0. It reorders v.
func Quantile[T float32 | float64](v []T, share float64) T {
	if len(v) == 0 {
		return 0
	}
	return Nth(v, int(share*float64(len(v)-1)+0.5))
}
