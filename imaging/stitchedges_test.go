package imaging

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"slices"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// How sharp print is in two composites of the same sources is compared at the same places of the sources. What the analyzer finds in
// each by itself does not do for that: it measures the worst of the pieces of print that it finds, which are others at another scale,
// and of one set drawn at scales 4 % apart it found edges of 2.7 and of 3.9 pixels.

// edgePlace is an edge of print in a source: a point on it, and the direction across it.
type edgePlace struct {
	at     raster.Point
	across [2]float64
}

// edgeCells is how many pieces a part is cut into each way, of each of which the strongest edge is taken; edgeContrast is how strong
// it has to be, in levels of 255 from one neighbour but one to the other.
const (
	edgeCells    = 40
	edgeContrast = 40
)

// edgePlaces finds the edges of print of each part in a composite that was not encoded yet.
func edgePlaces(page *stitched, c *filing.Composite) [][]edgePlace {
	luma := func(x, y int) float64 {
		plane := &page.planes[planeY]
		return float64(plane.pix[y*plane.stride+x])
	}
	out := make([][]edgePlace, len(c.Parts))
	for i := range c.Parts {
		q := c.Parts[i].Quad
		if d := c.Parts[i].Document; d != nil {
			q = *d
		}
		toSource := raster.Homography(c.Parts[i].ToSource)
		x0, y0, x1, y1 := bounds(q, page.w, page.h)
		step := max(8, max(x1-x0, y1-y0)/edgeCells)
		for cy := y0; cy < y1; cy += step {
			for cx := x0; cx < x1; cx += step {
				best, bx, by := 0.0, 0, 0
				var gx, gy float64
				for y := max(cy, 1); y < min(cy+step, y1, page.h-1); y++ {
					for x := max(cx, 1); x < min(cx+step, x1, page.w-1); x++ {
						dx, dy := luma(x+1, y)-luma(x-1, y), luma(x, y+1)-luma(x, y-1)
						if g := dx*dx + dy*dy; g > best && inside(q, filing.Point{float64(x), float64(y)}) {
							best, bx, by, gx, gy = g, x, y, dx, dy
						}
					}
				}
				if best < edgeContrast*edgeContrast {
					continue
				}
				at := toSource.Apply(raster.Point{float64(bx) + 0.5, float64(by) + 0.5})
				n := math.Hypot(gx, gy)
				to := toSource.Apply(raster.Point{float64(bx) + 0.5 + gx/n, float64(by) + 0.5 + gy/n})
				out[i] = append(out[i], edgePlace{at: at, across: [2]float64{to[0] - at[0], to[1] - at[1]}})
			}
		}
	}
	return out
}

func bounds(q [4]filing.Point, w, h int) (x0, y0, x1, y1 int) {
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range q {
		left, top, right, bottom = min(left, p[0]), min(top, p[1]), max(right, p[0]), max(bottom, p[1])
	}
	return max(0, int(left)), max(0, int(top)), min(w, int(right)), min(h, int(bottom))
}

// inside reports whether a point lies well within a quadrilateral: the edges of the document itself are no print.
func inside(q [4]filing.Point, p filing.Point) bool {
	for i, a := range q {
		b := q[(i+1)%4]
		away := ((b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])) / math.Hypot(b[0]-a[0], b[1]-a[1])
		if away < 12 {
			return false
		}
	}
	return true
}

// edgeBlur is the width of edges over the height of print, in the finished picture, on the part that is hardest to read. The width is
// that from 10 % to 90 % of the rise, the median of the places of the part.
func edgeBlur(t testing.TB, picture []byte, c *filing.Composite, places [][]edgePlace) (worst float64) {
	t.Helper()
	decoded, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	y, ok := decoded.(*image.YCbCr)
	if !ok {
		t.Fatalf("a composite of %T", decoded)
	}
	for i := range c.Parts {
		part := &c.Parts[i]
		fromSource, ok := raster.Homography(part.ToSource).Inverse()
		if !ok || part.Predicted == nil {
			continue
		}
		var widths []float64
		for _, p := range places[i] {
			at := fromSource.Apply(p.at)
			to := fromSource.Apply(raster.Point{p.at[0] + p.across[0], p.at[1] + p.across[1]})
			dx, dy := to[0]-at[0], to[1]-at[1]
			n := math.Hypot(dx, dy)
			if w := riseWidth(y, at, dx/n, dy/n); w > 0 {
				widths = append(widths, w)
			}
		}
		if len(widths) < 30 {
			continue
		}
		slices.Sort(widths)
		worst = max(worst, widths[len(widths)/2]/part.Predicted.TextHeightPx)
	}
	return worst
}

// riseWidth is the width of the edge at a point, from 10 % to 90 % of its rise; 0 where there is none.
func riseWidth(y *image.YCbCr, at raster.Point, dx, dy float64) float64 {
	const reach, step = 16.0, 0.25
	level := func(s float64) float64 { return sampled(y, at[0]+s*dx-0.5, at[1]+s*dy-0.5) }
	// From the middle outwards as far as it rises: ripples of the encoder's are no turn.
	const ripple = 3
	end := func(sign float64) (level0 float64) {
		best := level(0)
		for s := step; s <= reach; s += step {
			v := level(sign * s)
			if sign*(v-best) > 0 {
				best = v
			} else if sign*(best-v) > ripple {
				break
			}
		}
		return best
	}
	high, low := end(1), end(-1)
	if high-low < edgeContrast {
		return 0
	}
	cross := func(sign, goal float64) float64 {
		last := level(0)
		for s := step; s <= reach; s += step {
			v := level(sign * s)
			if sign*(v-goal) >= 0 {
				return s - step*math.Abs((v-goal)/(v-last))
			}
			last = v
		}
		return reach
	}
	middle := level(0)
	if middle <= low+0.1*(high-low) || middle >= high-0.1*(high-low) {
		return 0 // it is not where it was
	}
	return cross(1, low+0.9*(high-low)) + cross(-1, low+0.1*(high-low))
}

// sampled is the luminance between four pixels.
func sampled(y *image.YCbCr, px, py float64) float64 {
	x0, y0 := int(math.Floor(px)), int(math.Floor(py))
	if x0 < 0 || y0 < 0 || x0+1 >= y.Rect.Dx() || y0+1 >= y.Rect.Dy() {
		return 0
	}
	fx, fy := px-float64(x0), py-float64(y0)
	a, b := y.Y[y0*y.YStride+x0:], y.Y[(y0+1)*y.YStride+x0:]
	return (float64(a[0])*(1-fx)+float64(a[1])*fx)*(1-fy) + (float64(b[0])*(1-fx)+float64(b[1])*fx)*fy
}
