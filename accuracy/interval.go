package accuracy

import "math"

// z95 is the quantile of the normal distribution that leaves 2.5 % beyond it.
const z95 = 1.959963984540054

// Wilson returns the score interval at 95 % of a rate of k in n (E. B. Wilson, Probable inference, the law of succession,
// and statistical inference, 1927); 0 to 1 where n is 0.
func Wilson(k, n int) (lower, upper float64) {
	if n <= 0 {
		return 0, 1
	}
	p, m := float64(k)/float64(n), float64(n)
	middle := p + z95*z95/(2*m)
	half := z95 * math.Sqrt(p*(1-p)/m+z95*z95/(4*m*m))
	scale := 1 + z95*z95/m
	return max((middle-half)/scale, 0), min((middle+half)/scale, 1)
}

// mean returns the mean of values and the half width of its interval at 95 % by the normal approximation; 0, 0 for none.
func mean(values []float64) (mean, half float64) {
	if len(values) == 0 {
		return 0, 0
	}
	for _, v := range values {
		mean += v / float64(len(values))
	}
	squares := 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	n := float64(len(values))
	return mean, z95 * math.Sqrt(squares/max(n-1, 1)/n)
}
