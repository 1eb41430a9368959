package locate

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// A side that lies on the border of the picture may have the table between it and the document, whose own side was passed over for a
// fainter one, or for none. What is table is told by its colours beside the document: where from the border inwards nothing else is
// found, all along the side, and then hardly any of it, there the document ends.
const (
	// colourBins is into how many parts each channel is divided; a colour counts in its part and in those beside it.
	colourBins = 16
	// surelyTable is how many times as frequent a colour is on the table as on the document where it is the table's, tableLeast the least
	// share of the table that has it.
	surelyTable, tableLeast = 4, 0.004
	// deepest is how far in, as a share of the neighbouring sides, the end is looked for.
	deepest = 0.4
	// tableBefore and tableBehind are the least and the most of the places before and behind the end that are table.
	tableBefore, tableBehind = 0.8, 0.2
	// leastStrip is the least depth of the strip, in pixels of the reduced picture: less is in the blur of the edge.
	leastStrip = 2
	// endPlaces is at how many places along the side is looked.
	endPlaces = 40
)

// withdrawn takes the sides on the picture's border back to where the document ends, and says which it did.
func withdrawn(f *raster.Frame, q raster.Quad, within float64) (_ raster.Quad, moved [4]bool) {
	for i := range q {
		if !onBorder(q[i], q[(i+1)%4], float64(f.Width), float64(f.Height), within) {
			continue
		}
		if back, ok := withdraw(f, q, i); ok {
			q, moved[i] = back, true
		}
	}
	return q, moved
}

// withdraw takes side i back; false where the document does not plainly end before it.
func withdraw(f *raster.Frame, q raster.Quad, i int) (raster.Quad, bool) {
	var t raster.Quad
	for k := range t {
		t[k] = f.ToSmall(q[(i+k)%4])
	}
	rails := [2]float64{math.Hypot(t[3][0]-t[0][0], t[3][1]-t[0][1]), math.Hypot(t[2][0]-t[1][0], t[2][1]-t[1][1])}
	steps := int(deepest * min(rails[0], rails[1]))
	if steps < 4*leastStrip {
		return q, false
	}
	table, ok := tableColours(f, t, rails)
	if !ok {
		return q, false
	}
	// How much of either half of the side is table, by depth.
	var halves [2][]float64
	whole := make([]float64, steps)
	for k := range halves {
		halves[k] = make([]float64, steps)
	}
	for j := range steps {
		depth := (float64(j) + 0.5) / float64(steps) * deepest
		for k := range endPlaces {
			if x, y := behind(t, depth, (float64(k)+0.5)/endPlaces); table.has(f, x, y) {
				halves[2*k/endPlaces][j] += 2.0 / endPlaces
				whole[j] += 1.0 / endPlaces
			}
		}
	}
	end, ok := endOfTable(whole)
	if !ok {
		return q, false
	}
	ends := [2]float64{float64(end), float64(end)}
	for k := range halves {
		if e, ok := endOfTable(halves[k]); ok {
			ends[k] = float64(e)
		}
	}
	// From the middles of the halves to the corners.
	slope := ends[1] - ends[0]
	ends[0], ends[1] = max(ends[0]-slope/2, 0), max(ends[1]+slope/2, 0)
	for k, from := range [2]int{3, 2} {
		depth := ends[k] / float64(steps) * deepest
		p := raster.Point{t[k][0] + depth*(t[from][0]-t[k][0]), t[k][1] + depth*(t[from][1]-t[k][1])}
		q[(i+k)%4] = f.FromSmall(p)
	}
	return q, true
}

// behind is a place of a quadrilateral by its depth behind the first side, as a share of the neighbouring ones, and how far along that side it lies.
func behind(t raster.Quad, depth, along float64) (x, y float64) {
	ax, ay := t[0][0]+depth*(t[3][0]-t[0][0]), t[0][1]+depth*(t[3][1]-t[0][1])
	bx, by := t[1][0]+depth*(t[2][0]-t[1][0]), t[1][1]+depth*(t[2][1]-t[1][1])
	return ax + along*(bx-ax), ay + along*(by-ay)
}

// endOfTable is how many of the rows are table, of each of which a share is; false where it does not end plainly.
func endOfTable(rows []float64) (end int, ok bool) {
	most, gain := 0.0, 0.0
	for j, share := range rows {
		if gain += share - 0.5; gain > most {
			most, end = gain, j+1
		}
	}
	if end < leastStrip || len(rows)-end < leastStrip {
		return 0, false
	}
	mean := func(rows []float64) float64 {
		sum := 0.0
		for _, v := range rows {
			sum += v
		}
		return sum / float64(len(rows))
	}
	return end, mean(rows[:end]) >= tableBefore && mean(rows[end:]) <= tableBehind
}

// palette says of each colour whether it is the table's.
type palette [colourBins * colourBins * colourBins]bool

func bin(r, g, b float64) int {
	const each = 256 / colourBins
	return (int(r)/each*colourBins+int(g)/each)*colourBins + int(b)/each
}

func (p *palette) has(f *raster.Frame, x, y float64) bool {
	r, g, b := f.Small.At(min(max(x, 0), float64(f.Small.W)-0.5), min(max(y, 0), float64(f.Small.H)-0.5))
	return p[bin(r, g, b)]
}

// tableColours takes the table's colours from beside the rails of a document whose first side is on the border, and the document's from its
// far half; false where too little table is in sight.
func tableColours(f *raster.Frame, t raster.Quad, rails [2]float64) (*palette, bool) {
	const (
		nearest, farthest = 4, 26  // pixels beside the document
		along, apart      = 0.6, 2 // of the rails, and every so many pixels of them
		fewest            = 200
		grid              = 60
		from              = 0.45 // where the far part begins
		reach             = 0.95
	)
	w, h := float64(f.Small.W), float64(f.Small.H)
	var table, paper [colourBins * colourBins * colourBins]float64
	n, m := 0.0, 0.0
	for k, far := range [2]int{3, 2} {
		a, b := t[k], t[far]
		u := raster.Point{(b[0] - a[0]) / rails[k], (b[1] - a[1]) / rails[k]}
		out := raster.Point{u[1], -u[0]}
		if other := t[1-k]; (other[0]-a[0])*out[0]+(other[1]-a[1])*out[1] > 0 {
			out = raster.Point{-out[0], -out[1]}
		}
		for s := 0.0; s < along*rails[k]; s += apart {
			for off := float64(nearest); off <= farthest; off += apart {
				if x, y := a[0]+s*u[0]+off*out[0], a[1]+s*u[1]+off*out[1]; x >= 0 && y >= 0 && x < w && y < h {
					r, g, b := f.Small.At(x, y)
					table[bin(r, g, b)]++
					n++
				}
			}
		}
	}
	if n < fewest {
		return nil, false
	}
	for j := range grid {
		depth := from + (reach-from)*float64(j)/grid
		for k := range grid {
			if x, y := behind(t, depth, (float64(k)+0.5)/grid); x >= 0 && y >= 0 && x < w && y < h {
				r, g, b := f.Small.At(x, y)
				paper[bin(r, g, b)]++
				m++
			}
		}
	}
	if m < fewest {
		return nil, false
	}
	withThoseBeside(&table)
	withThoseBeside(&paper)
	p := new(palette)
	for i := range p {
		share := table[i] / n
		p[i] = share >= tableLeast && share >= surelyTable*paper[i]/m
	}
	return p, true
}

// withThoseBeside lets each colour count in the parts beside its own, channel by channel.
func withThoseBeside(counts *[colourBins * colourBins * colourBins]float64) {
	for _, step := range [3]int{1, colourBins, colourBins * colourBins} {
		old := *counts
		for i := range counts {
			at := i / step % colourBins
			if at > 0 {
				counts[i] += old[i-step]
			}
			if at+1 < colourBins {
				counts[i] += old[i+step]
			}
		}
	}
}
