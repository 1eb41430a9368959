package vector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Each loop is held against what it says it computes, written plainly, at sizes that vectors do not divide.

func bytesOf(n int, seed uint64) []uint8 {
	d := rand.New(rand.NewPCG(seed, 1))
	out := make([]uint8, n)
	for i := range out {
		out[i] = uint8(d.UintN(256))
	}
	return out
}

func floatsOf(n int, seed uint64) []float32 {
	d := rand.New(rand.NewPCG(seed, 2))
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(d.IntN(64)) * 4 // steps that repeat: ties are where comparisons differ
	}
	return out
}

func near(a, b float32) bool { return math.Abs(float64(a-b)) <= 1e-3 }

func TestSquaresAreMeans(t *testing.T) {
	t.Parallel()
	for side := 1; side <= 19; side += 3 {
		for factor := 1; factor <= 6; factor++ {
			stride := side*factor + 5
			pix := bytesOf(stride*side*factor, uint64(side*10+factor))
			means, turned := make([]float32, side*side), make([]float32, side*side)
			Squares(pix, stride, side, factor, make([]int32, side*factor), means, turned)
			for y := range side {
				for x := range side {
					sum := 0
					for v := range factor {
						for u := range factor {
							sum += int(pix[(y*factor+v)*stride+x*factor+u])
						}
					}
					want := float32(sum) / float32(factor*factor)
					if !near(means[y*side+x], want) || turned[x*side+y] != means[y*side+x] {
						t.Fatalf("%d x %d at %d,%d: %v and %v, want %v", side, factor, x, y, means[y*side+x], turned[x*side+y], want)
					}
				}
			}
		}
	}
}

func TestOpponentsAreMeansOfCells(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]int{{1, 1, 1, 1}, {7, 5, 3, 2}, {40, 31, 13, 10}, {100, 64, 100, 64}, {65, 257, 1, 1}} {
		w, h, across, down := c[0], c[1], c[2], c[3]
		rgb := bytesOf(3*w*h, uint64(w))
		if h == 257 {
			for i := range rgb {
				rgb[i] = 255 // the greatest sums that sixteen bits hold
			}
		}
		left := make([]int32, across+1)
		for x := range left {
			left[x] = int32(x * w / across)
		}
		out := make([]float32, 3*across*down)
		Opponents(rgb, w, h, left, across, down, make([]uint16, 3*w), out)
		for y := range down {
			for x := range across {
				var sum [3]float64
				n := 0.0
				for v := y * h / down; v < (y+1)*h/down; v++ {
					for u := int(left[x]); u < int(left[x+1]); u++ {
						n++
						for k := range sum {
							sum[k] += float64(rgb[3*(v*w+u)+k])
						}
					}
				}
				r, g, b := sum[0]/n, sum[1]/n, sum[2]/n
				for k, want := range []float64{0.3*r + 0.59*g + 0.11*b, 0.7 * (r - g), 0.5 * ((r+g)/2 - b)} {
					if got := out[3*(y*across+x)+k]; !near(got, float32(want)) {
						t.Fatalf("%v: channel %d of cell %d,%d is %v, want %v", c, k, x, y, got, want)
					}
				}
			}
		}
	}
}

func TestTheGradientIsThatOfTheChannelThatChangesMost(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{3, 3}, {4, 7}, {33, 18}} {
		w, h := size[0], size[1]
		pix := floatsOf(3*w*h, uint64(w))
		gx, gy, mag := make([]float32, w*h), make([]float32, w*h), make([]float32, w*h)
		Gradient(pix, w, h, make([]float32, GradientScratch*w), gx, gy, mag)
		at := func(x, y, k int) float32 { return pix[3*(y*w+x)+k] }
		for y := range h {
			for x := range w {
				var best, bx, by float32
				if x > 0 && y > 0 && x < w-1 && y < h-1 {
					for k := range 3 {
						dx := (3*(at(x+1, y-1, k)-at(x-1, y-1, k)+at(x+1, y+1, k)-at(x-1, y+1, k)) + 10*(at(x+1, y, k)-at(x-1, y, k))) / 32
						dy := (3*(at(x-1, y+1, k)-at(x-1, y-1, k)+at(x+1, y+1, k)-at(x+1, y-1, k)) + 10*(at(x, y+1, k)-at(x, y-1, k))) / 32
						if m := dx*dx + dy*dy; m > best {
							best, bx, by = m, dx, dy
						}
					}
				}
				i := y*w + x
				if want := float32(math.Sqrt(float64(best))); !near(gx[i], bx) || !near(gy[i], by) || !near(mag[i], want) {
					t.Fatalf("%v at %d,%d: %v, %v of %v; want %v, %v of %v", size, x, y, gx[i], gy[i], mag[i], bx, by, want)
				}
			}
		}
	}
}

func TestTheSteepestPlacesAreFound(t *testing.T) {
	t.Parallel()
	for n := 4; n <= 75; n += 7 {
		above, row, below := floatsOf(n, uint64(n)), floatsOf(n, uint64(n+100)), floatsOf(n, uint64(n+200))
		line, slope := make([]float32, n), make([]float32, n)
		const least = 20
		got := Steepest(above, row, below, n, least, line, slope, make([]uint8, n), make([]int32, n))
		mean := func(i int) float32 { return (above[i] + 2*row[i] + below[i]) / 4 }
		step := func(i int) float32 { return mean(i+1) - mean(i) }
		var want []int32
		for i := 1; i+2 < n; i++ {
			g, before, after := step(i), step(i-1), step(i+1)
			if g >= least && g >= before && g > after || g <= -least && g <= before && g < after {
				want = append(want, int32(i))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d values: %v, want %v", n, got, want)
		}
		for i := range n {
			if line[i] != mean(i) || i+1 < n && slope[i] != step(i) {
				t.Fatalf("%d values: at %d %v and %v", n, i, line[i], slope[i])
			}
		}
	}
}

func TestMemoryThatIsTooShortIsRefused(t *testing.T) {
	t.Parallel()
	f := func(n int) []float32 { return make([]float32, n) }
	for name, call := range map[string]func(){
		"a picture of fewer rows": func() { Squares(make([]uint8, 63), 8, 4, 2, make([]int32, 8), f(16), f(16)) },
		"means that do not fit":   func() { Squares(make([]uint8, 64), 8, 4, 2, make([]int32, 8), f(15), f(16)) },
		"cells beyond the picture": func() {
			Opponents(make([]uint8, 48), 4, 4, []int32{0, 2, 5}, 2, 2, make([]uint16, 12), f(12))
		},
		"more cells than rows": func() {
			Opponents(make([]uint8, 48), 4, 4, []int32{0, 2, 4}, 2, 5, make([]uint16, 12), f(30))
		},
		"cells of too many rows": func() {
			Opponents(make([]uint8, 3*258), 1, 258, []int32{0, 1}, 1, 1, make([]uint16, 3), f(3))
		},
		"cells that go back": func() {
			Opponents(make([]uint8, 48), 4, 4, []int32{0, 5, 4}, 2, 2, make([]uint16, 12), f(12))
		},
		"a gradient without memory": func() { Gradient(f(27), 3, 3, f(44), f(9), f(9), f(9)) },
		"a row that is shorter":     func() { Steepest(f(8), f(7), f(8), 8, 1, f(8), f(8), make([]uint8, 8), make([]int32, 8)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("it read or wrote what it was not given")
				}
			}()
			call()
		})
	}
	Squares(nil, 0, 0, 1, nil, nil, nil)
	Gradient(nil, 2, 9, nil, nil, nil, nil)
	if got := Steepest(f(3), f(3), f(3), 3, 1, f(3), f(3), nil, nil); got != nil {
		t.Error("three values have steepest places:", got)
	}
}

func BenchmarkLoops(b *testing.B) {
	const w, h, across, down = 1333, 1000, 444, 333
	rgb, left, sums := bytesOf(3*w*h, 1), make([]int32, across+1), make([]uint16, 3*w)
	for x := range left {
		left[x] = int32(x * w / across)
	}
	pix, scratch := make([]float32, 3*across*down), make([]float32, GradientScratch*across)
	gx, gy, mag := make([]float32, across*down), make([]float32, across*down), make([]float32, across*down)
	b.Run("opponents", func(b *testing.B) {
		for b.Loop() {
			Opponents(rgb, w, h, left, across, down, sums, pix)
		}
	})
	b.Run("gradient", func(b *testing.B) {
		for b.Loop() {
			Gradient(pix, across, down, scratch, gx, gy, mag)
		}
	})
	const side = 64
	squares, means, turned := make([]int32, 4*side), make([]float32, side*side), make([]float32, side*side)
	for _, factor := range []int{1, 2, 3, 4} {
		b.Run(fmt.Sprintf("squares_%d", factor), func(b *testing.B) {
			for b.Loop() {
				Squares(rgb, w, side, factor, squares, means, turned)
			}
		})
	}
}
