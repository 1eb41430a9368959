package locate

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// The inside of a finalist is looked at for print on a grid of printAcross by printDown places of the reduced picture, in blocks of
// printBlock places a side: windows, screens and picture frames have the outline of a document, and no print.
const (
	printAcross = 96
	printDown   = 64
	printBlock  = 8
	// printRim is the part of each side that is left out, where frames and edges are.
	printRim = 0.05
	// printCount is how many numbers that yields.
	printCount = 10
	// strongPrint is the contrast, as a share of the strongest blocks', from which a block is looked at for how far print reaches: the
	// waves of a photographed screen and watermarks are weaker.
	strongPrint = 0.45
)

// print measures what is written inside a quadrilateral of the view: how many of its blocks show detail, how strong, how fine
// and whether dark on bright, how even the ground is, and how far print reaches towards the sides, which it does on a page and not
// on a screen that shows one.
func (v *view) print(q raster.Quad) (out [printCount]float32) {
	s := v.small
	for i := range q {
		q[i] = raster.Point{q[i][0] * float64(s.W) / float64(v.w), q[i][1] * float64(s.H) / float64(v.h)}
	}
	if q.Side(1)+q.Side(3) > q.Side(0)+q.Side(2) {
		q = q.Turned(1)
	}
	m, ok := raster.RectToQuad(1, 1, q)
	if !ok {
		return out
	}
	var luma [printDown][printAcross]uint8 // 0 is out of sight
	var whole histogram
	burnt := 0
	// What the column contributes to the map of a place.
	var columns [printAcross][3]float64
	for x := range columns {
		along := printRim + (1-2*printRim)*(float64(x)+0.5)/printAcross
		columns[x] = [3]float64{m[0] * along, m[3] * along, m[6] * along}
	}
	for y := range printDown {
		t := printRim + (1-2*printRim)*(float64(y)+0.5)/printDown
		row := [3]float64{m[1] * t, m[4] * t, m[7] * t}
		for x := range columns {
			c := &columns[x]
			z := 1 / (c[2] + row[2] + m[8])
			p := raster.Point{(c[0] + row[0] + m[2]) * z, (c[1] + row[1] + m[5]) * z}
			if !(p[0] >= 0 && p[1] >= 0 && p[0] < float64(s.W) && p[1] < float64(s.H)) {
				continue
			}
			colour := (*[3]uint8)(s.Pix[3*(int(p[1])*s.W+int(p[0])):])
			l := max(raster.Luma(colour[0], colour[1], colour[2]), 1)
			luma[y][x] = l
			whole.add(l)
			if l >= 250 {
				burnt++
			}
		}
	}
	if whole.n == 0 {
		return out
	}
	paper := whole.quantile(0.8)
	busy, blocks, contrasts, skew, fine, along, across := 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0
	var grounds histogram
	var contrastOf [printDown / printBlock][printAcross / printBlock]float64
	for top := 0; top < printDown; top += printBlock {
		for left := 0; left < printAcross; left += printBlock {
			var h histogram
			for y := top; y < top+printBlock; y++ {
				for _, l := range luma[y][left : left+printBlock] {
					if l > 0 {
						h.add(l)
					}
				}
			}
			if h.n < printBlock*printBlock/2 {
				continue
			}
			blocks++
			low, middle, high := h.quantile(0.06), h.quantile(0.5), h.quantile(0.94)
			grounds.add(uint8(high))
			contrast := high - low
			contrastOf[top/printBlock][left/printBlock] = contrast
			contrasts += math.Log(contrast/(paper+8) + 0.02)
			if contrast < 0.1*paper+2*float64(v.noise)+6 {
				continue
			}
			busy++
			skew += (high + low - 2*middle) / contrast
			level := uint8((high + low) / 2)
			turns := [2]float64{}
			for y := top; y < top+printBlock; y++ {
				for x := left; x < left+printBlock; x++ {
					l := luma[y][x]
					if x+1 < left+printBlock && (l > level) != (luma[y][x+1] > level) {
						turns[0]++
					}
					if y+1 < top+printBlock && (l > level) != (luma[y+1][x] > level) {
						turns[1]++
					}
				}
			}
			along, across = along+turns[0], across+turns[1]
			fine += turns[0] + turns[1]
		}
	}
	if blocks == 0 {
		return out
	}
	low, high := whole.quantile(0.05), whole.quantile(0.95)
	least, area := extent(&contrastOf)
	return [printCount]float32{
		float32(busy / blocks), float32(contrasts / blocks), float32(skew / max(busy, 1)), float32(fine / max(busy, 1)),
		float32(math.Abs(math.Log(along / across))), float32((whole.quantile(0.5) - low) / (high - low + 4)),
		float32(float64(burnt) / float64(whole.n)), float32((grounds.quantile(0.9) - grounds.quantile(0.2)) / (paper + 8)),
		float32(least), float32(area),
	}
}

// extent is how far print reaches: the narrowest of the four margins without any, as a share of the document's width or height, and
// the share of the document in the box around all of it.
func extent(contrasts *[printDown / printBlock][printAcross / printBlock]float64) (margin, area float64) {
	const down, across = printDown / printBlock, printAcross / printBlock
	var all [down * across]float64
	for y := range contrasts {
		copy(all[y*across:], contrasts[y][:])
	}
	least := strongPrint * raster.Quantile(all[:], 0.9)
	if least <= 0 {
		return 0.5, 0
	}
	top, bottom, left, right := down, -1, across, -1
	for y := range contrasts {
		for x, c := range contrasts[y] {
			if c >= least {
				top, bottom, left, right = min(top, y), max(bottom, y), min(left, x), max(right, x)
			}
		}
	}
	margin = min(float64(min(top, down-1-bottom))/down, float64(min(left, across-1-right))/across)
	return margin, float64((bottom-top+1)*(right-left+1)) / (down * across)
}

// histogram counts levels of grey, four to a bin.
type histogram struct {
	bins [64]int
	n    int
}

func (h *histogram) add(l uint8) {
	h.bins[l>>2]++
	h.n++
}

// quantile is the level below which a share of what was counted lies.
func (h *histogram) quantile(share float64) float64 {
	left := int(share * float64(h.n))
	for i, n := range h.bins {
		if left -= n; left < 0 {
			return float64(4*i) + 2
		}
	}
	return 254
}
