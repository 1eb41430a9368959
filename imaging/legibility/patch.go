package legibility

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/imaging/vector"
)

// patch is a square of the picture as the file stores it, each pixel the mean of factor x factor pixels.
type patch struct {
	side, factor int
	v            []float32
	turned       []float32 // the same with rows and columns swapped
}

// cut returns the patch of the wanted side around a position of the picture as stored, moved inside where it reaches over
// the border; nil where the picture is smaller than the patch.
func cut(g *raster.Gray, x, y float64, side, factor int) *patch {
	reach := side * factor
	if reach > g.W || reach > g.H {
		return nil
	}
	x0 := min(max(int(x)-reach/2, 0), g.W-reach)
	y0 := min(max(int(y)-reach/2, 0), g.H-reach)
	p := &patch{side: side, factor: factor, v: make([]float32, side*side), turned: make([]float32, side*side)}
	vector.Squares(g.Pix[y0*g.Stride+x0:], g.Stride, side, factor, make([]int32, reach), p.v, p.turned)
	return p
}

// half returns the patch at half its resolution.
func (p *patch) half() *patch {
	n := p.side / 2
	h := &patch{side: n, factor: 2 * p.factor, v: make([]float32, n*n), turned: make([]float32, n*n)}
	for y := range n {
		a, b := p.v[2*y*p.side:], p.v[(2*y+1)*p.side:]
		for x := range n {
			v := (a[2*x] + a[2*x+1] + b[2*x] + b[2*x+1]) / 4
			h.v[y*n+x], h.turned[x*n+y] = v, v
		}
	}
	return h
}

// noise estimates the standard deviation of the noise of a patch from its calmest parts: the mean absolute response to a
// Laplacian difference that neither slopes nor straight edges excite (Immerkær, Fast Noise Variance Estimation, 1996), of each
// 8 x 8 block; the lower decile of the blocks is free of print. Taken are pixels two apart: a sensor's mosaic and what a phone
// does to noise leave neighbours alike. The mean of the smallest of n such estimates is below the truth by a tenth, which
// is left so.
func (p *patch) noise() float64 {
	const block, apart = 8, 2
	n := (p.side - 2*apart) / block
	if n <= 0 {
		return 0
	}
	values := make([]float64, 0, n*n)
	for by := range n {
		for bx := range n {
			sum := float32(0)
			for y := by*block + apart; y < (by+1)*block+apart; y++ {
				from := bx * block
				a, b, c := p.v[(y-apart)*p.side+from:], p.v[y*p.side+from:], p.v[(y+apart)*p.side+from:]
				a, b, c = a[:block+2*apart], b[:block+2*apart], c[:block+2*apart]
				for x := range block {
					r := a[x] - 2*a[x+2] + a[x+4] - 2*(b[x]-2*b[x+2]+b[x+4]) + c[x] - 2*c[x+2] + c[x+4]
					sum += max(r, -r)
				}
			}
			values = append(values, float64(sum)/(block*block))
		}
	}
	return raster.Quantile(values, 0.1) * math.Sqrt(math.Pi/2) / 6
}

// strokes are the luma of the darkest fiftieth of the patch, the middle of strokes, and that of the lightest as if nothing were noise.
func (p *patch) strokes(noise float64) (ink, light float64) {
	var counts [256]int
	for _, v := range p.v {
		counts[int(v)]++
	}
	n := len(p.v)
	return float64(quantile(&counts, n, 0.02)), max(0, float64(quantile(&counts, n, 0.98))-2*noise)
}
