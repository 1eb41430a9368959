package locate

import (
	"math"
	"math/rand/v2"
	"slices"
)

// trainOptions say how a forest is grown.
type trainOptions struct {
	depth, trees int
	rate         float64
	// lambda and leastWeight keep leaves from following single examples.
	lambda, leastWeight float64
	share               float64 // of the examples that each tree sees
	seed                uint64
}

// train grows a forest on examples with targets from 0 to 1 by boosting on the logistic loss with second derivatives (Chen
// and Guestrin, XGBoost, 2016), features in 64 bins.
func train(rows [][]float32, target []float64, o trainOptions) *forest {
	const bins = 64
	n, width := len(rows), len(rows[0])
	cuts := make([][]float32, width)
	binned := make([]uint8, n*width)
	values := make([]float32, n)
	for k := range width {
		for i := range rows {
			values[i] = rows[i][k]
		}
		slices.Sort(values)
		for b := 1; b < bins; b++ {
			c := values[b*(n-1)/bins]
			if len(cuts[k]) == 0 || c > cuts[k][len(cuts[k])-1] {
				cuts[k] = append(cuts[k], c)
			}
		}
		for i := range rows {
			b, _ := slices.BinarySearch(cuts[k], rows[i][k]) // number of cuts below the value
			binned[i*width+k] = uint8(b)
		}
	}
	sum := 0.0
	for _, y := range target {
		sum += y
	}
	mean := min(max(sum/float64(n), 1e-6), 1-1e-6)
	m := &forest{depth: o.depth, bias: float32(math.Log(mean / (1 - mean)))}
	score := make([]float64, n)
	for i := range score {
		score[i] = float64(m.bias)
	}
	rng := rand.New(rand.NewPCG(o.seed, 1))
	inner := 1<<o.depth - 1
	node := make([]int, n)
	grad, hess := make([]float64, n), make([]float64, n)
	type cell struct{ g, h float64 }
	for range o.trees {
		t := tree{feature: make([]int, inner), threshold: make([]float32, inner), leaf: make([]float32, inner+1)}
		var used []int
		for i := range rows {
			p := sigmoid(score[i])
			grad[i], hess[i] = p-target[i], max(p*(1-p), 1e-4)
			node[i] = 0
			if rng.Float64() < o.share {
				used = append(used, i)
			}
		}
		columns := make([]bool, width)
		for k := range columns {
			columns[k] = rng.Float64() < 0.7
		}
		for level := range o.depth {
			first, count := 1<<level-1, 1<<level
			hist := make([]cell, count*width*bins)
			totals := make([]cell, count)
			for _, i := range used {
				a := node[i] - first
				totals[a].g += grad[i]
				totals[a].h += hess[i]
				base := a * width * bins
				for k, b := range binned[i*width : (i+1)*width] {
					c := &hist[base+k*bins+int(b)]
					c.g += grad[i]
					c.h += hess[i]
				}
			}
			for a := range count {
				best, bestK, bestB := 1e-6, -1, 0
				whole := totals[a].g * totals[a].g / (totals[a].h + o.lambda)
				for k := range width {
					if !columns[k] {
						continue
					}
					var left cell
					for b := range len(cuts[k]) {
						c := hist[a*width*bins+k*bins+b]
						left.g, left.h = left.g+c.g, left.h+c.h
						right := cell{totals[a].g - left.g, totals[a].h - left.h}
						if left.h < o.leastWeight || right.h < o.leastWeight {
							continue
						}
						gain := left.g*left.g/(left.h+o.lambda) + right.g*right.g/(right.h+o.lambda) - whole
						if gain > best {
							best, bestK, bestB = gain, k, b
						}
					}
				}
				if bestK < 0 {
					t.feature[first+a], t.threshold[first+a] = 0, math.MaxFloat32
					continue
				}
				t.feature[first+a], t.threshold[first+a] = bestK, cuts[bestK][bestB]
			}
			for i := range rows {
				j := node[i]
				node[i] = 2*j + 1
				if rows[i][t.feature[j]] > t.threshold[j] {
					node[i]++
				}
			}
		}
		leaves := make([]cell, inner+1)
		for _, i := range used {
			leaves[node[i]-inner].g += grad[i]
			leaves[node[i]-inner].h += hess[i]
		}
		for j, c := range leaves {
			t.leaf[j] = float32(-o.rate * c.g / (c.h + o.lambda))
		}
		for i := range rows {
			score[i] += float64(t.leaf[node[i]-inner])
		}
		m.trees = append(m.trees, t)
	}
	return m
}
