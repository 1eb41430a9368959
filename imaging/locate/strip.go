package locate

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// ending is how a side of a document ends.
type ending struct {
	// beyond: outside the picture, whose border the side is. all: paper reaches the border all along, so that no part of the
	// document's own side is in sight.
	beyond, all bool
	// hidden: it is the border or so near that no edge lies between, and the picture does not show table there.
	hidden bool
	// crossing is where the document's own side crosses the border, if one end of it is in sight (crosses): it is slanted.
	crosses  bool
	crossing raster.Point
}

// leastContrast is what paper and table differ by at least, in levels of grey, where they are told from one another.
const leastContrast = 12

// runsOut finds the sides at which the document runs out of the picture: those that are the picture's own, and those where what
// lies between the side and a border near it is paper, so that a line of print or a shadow was taken for the end of the page;
// the latter are moved to the border, but for those that were taken back from it. within is how near a border, in pixels, nothing can be told from it.
func runsOut(f *raster.Frame, q raster.Quad, back [4]bool, within float64) (raster.Quad, [4]ending) {
	const (
		nearest  = 50 // pixels of the reduced picture: a margin of print
		slanted  = -2 // pixels: a side that is fitted across the border is in sight itself
		paper    = 0.5
		allPaper = 0.9 // the rest is print
		// Of a side that was fitted across the border, at most so many pixels beyond it, where no part of it is in sight after all.
		allAcross, across = 0.97, -12
		// Of the border, where a side on it is the document's own.
		tableAlong = 0.95
		// Of the border, where the document goes on across what was taken for its side; at most so many pixels of the reduced picture
		// away, which is less than a margin of print.
		sameAlong, besides = 0.65, 18
		// Of the border, where a corner of the document is beyond it; more is also left by a dark band of print.
		part, most = 0.12, 0.78
		// So many places along the neighbouring sides, beyond the side, must be in sight to tell that they end, and it is less than this
		// share of them at which paper and table are parted; that they go on, and it is more; and how much of the border is table then at most.
		leastRails, endsBelow    = 8, 0.2
		goesOnAbove, hardlyTable = 0.8, 0.15
	)
	var ends [4]ending
	for i := range q {
		if back[i] {
			continue
		}
		on := onBorder(q[i], q[(i+1)%4], float64(f.Width), float64(f.Height), within)
		m := strip(f, q, i)
		apart := m.near && m.apart >= leastContrast
		// The sides next to one that a line of print was taken for go on to the border; where both end with it, so does the document.
		if apart && !on && m.rails >= leastRails && m.rail < endsBelow {
			continue
		}
		// A side that was drawn along the border ends in sight where the outermost pixels are the table's.
		ends[i].beyond = on && !(apart && m.table >= tableAlong)
		ends[i].hidden = ends[i].beyond && (!apart || 1-m.table >= part)
		// One that was drawn a little inside of it is hidden, too, where the document goes on to the border.
		if apart && max(m.gap[0], m.gap[1]) <= besides && min(m.gap[0], m.gap[1]) >= slanted && m.same >= sameAlong {
			ends[i].hidden = true
			if !on {
				on, ends[i].beyond = true, true
				q[i], q[(i+1)%4] = m.ends[0], m.ends[1]
			}
		}
		// What goes on between both neighbouring sides up to the border, and is no table, is a band of print in another colour.
		if apart && !on && max(m.gap[0], m.gap[1]) <= nearest && m.rails >= leastRails && m.rail >= goesOnAbove && m.table <= hardlyTable {
			ends[i].beyond, ends[i].all = true, true
			q[i], q[(i+1)%4] = m.ends[0], m.ends[1]
			continue
		}
		if low, high := min(m.gap[0], m.gap[1]), max(m.gap[0], m.gap[1]); !apart || high > nearest ||
			low < slanted && (low < across || high < 0 || m.paper < allAcross) {
			continue
		}
		if on && !ends[i].beyond {
			continue
		}
		ends[i].all = m.paper >= allPaper
		ends[i].crosses, ends[i].crossing = m.crosses && m.paper > part && m.paper < most, m.crossing
		if (m.paper >= paper || ends[i].crosses) && !ends[i].beyond {
			ends[i].beyond = true
			q[i], q[(i+1)%4] = m.ends[0], m.ends[1]
		}
	}
	return q, ends
}

// stripMeasure is what lies between a side of a document and the border of the picture.
type stripMeasure struct {
	// near: the border is so near that the side may be none of the document's own.
	near bool
	// gap are the ways, in pixels of the reduced picture, from both corners of the side to the border along the neighbouring sides.
	gap [2]float64
	// ends are where those ways meet the border, in pixels of the upright picture.
	ends [2]raster.Point
	// paper is the share of the places along the border, between the ends, that look like paper and not like the table; apart is how
	// far the two differ.
	paper, apart float64
	// table is the share of them that surely is table: neither paper nor print.
	table float64
	// same is the share of them that look as the document does a little inside of the side.
	same float64
	// crosses: along the border first comes paper and then table, or the other way, and crossing is where one becomes the other.
	crosses  bool
	crossing raster.Point
	// rails is at how many places along the neighbouring sides, between the side and the border, both hands of them are in sight, and rail
	// the share of these at which they part what is as far from one another as paper and table.
	rails int
	rail  float64
}

// strip looks between side i of a document and the border.
func strip(f *raster.Frame, q raster.Quad, i int) (m stripMeasure) {
	const (
		farthest = 0.3 // of the neighbouring sides: beyond, the side is the document's
		places   = 40
		// sameGround is how far from the table's colour the table is, as a share of how far the paper is: print of a third colour is not.
		sameGround = 0.35
		// inside is how far within the side the document is looked at, in pixels, and alike how far, as a share of how far paper and
		// table differ, colours are apart that are the same.
		inside, alike = 5, 0.25
	)
	w, h := float64(f.Small.W), float64(f.Small.H)
	var t raster.Quad
	for k := range t {
		t[k] = f.ToSmall(q[(i+k)%4])
	}
	// Ways from t[0], away from t[3], and from t[1], away from t[2].
	for k, from := range [2]int{3, 2} {
		a, b := t[k], t[from]
		length := math.Hypot(a[0]-b[0], a[1]-b[1])
		if length < 8 {
			return m
		}
		u := raster.Point{(a[0] - b[0]) / length, (a[1] - b[1]) / length}
		way := math.Inf(1)
		for c, limit := range [2]float64{w, h} {
			switch {
			case u[c] > 1e-9:
				way = min(way, (limit-a[c])/u[c])
			case u[c] < -1e-9:
				way = min(way, -a[c]/u[c])
			}
		}
		if way > farthest*length {
			return m
		}
		m.gap[k] = way
		m.ends[k] = raster.Point{a[0] + way*u[0], a[1] + way*u[1]}
	}
	m.near = true
	colour := func(x, y float64) [3]float64 {
		r, g, b := f.Small.At(x, y)
		return [3]float64{r, g, b}
	}
	// Table and paper beside the neighbouring sides, near the border. The table is also looked at apart on either side, close by and farther
	// off: a joint or a stripe that happens to lie along a side is not all of it.
	var ground, paper [3][]float64
	var grounds [4][3][]float64
	for k, from := range [2]int{3, 2} {
		a, b := t[k], t[from]
		length := math.Hypot(a[0]-b[0], a[1]-b[1])
		u := raster.Point{(a[0] - b[0]) / length, (a[1] - b[1]) / length}
		// Outwards: away from the middle of the side.
		n := raster.Point{u[1], -u[0]}
		other := t[1-k]
		if (other[0]-a[0])*n[0]+(other[1]-a[1])*n[1] > 0 {
			n = raster.Point{-n[0], -n[1]}
		}
		for j := range places {
			along := m.gap[k] - 1 - (m.gap[k]-1+0.35*length)*float64(j)/places
			for _, off := range [2]float64{14, 22} {
				x, y := a[0]+along*u[0]+off*n[0], a[1]+along*u[1]+off*n[1]
				if x > 0 && y > 0 && x < w && y < h {
					c := colour(x, y)
					for s := range c {
						grounds[2+k][s] = append(grounds[2+k][s], c[s])
					}
				}
			}
			for _, off := range [3]float64{3, 5, 8} {
				x, y := a[0]+along*u[0]+off*n[0], a[1]+along*u[1]+off*n[1]
				if x > 0 && y > 0 && x < w && y < h {
					c := colour(x, y)
					for s := range c {
						ground[s] = append(ground[s], c[s])
						grounds[k][s] = append(grounds[k][s], c[s])
					}
				}
				x, y = a[0]+along*u[0]-off*n[0], a[1]+along*u[1]-off*n[1]
				if along < -2 && x > 0 && y > 0 && x < w && y < h {
					c := colour(x, y)
					for s := range c {
						paper[s] = append(paper[s], c[s])
					}
				}
			}
		}
	}
	if len(ground[0]) < places || len(paper[0]) < places {
		return m
	}
	var g, p [3]float64
	for s := range g {
		g[s], p[s] = raster.Quantile(ground[s], 0.5), raster.Quantile(paper[s], 0.5)
	}
	m.apart = span(g, p)
	tables := [][3]float64{g}
	for k := range grounds {
		if len(grounds[k][0]) < places/2 {
			continue
		}
		var c [3]float64
		for s := range c {
			c[s] = raster.Quantile(grounds[k][s], 0.5)
		}
		if span(c, p) >= leastContrast {
			tables = append(tables, c)
		}
	}
	fromTable := func(c [3]float64) float64 {
		least := math.Inf(1)
		for _, t := range tables {
			least = min(least, span(c, t))
		}
		return least
	}
	for k, from := range [2]int{3, 2} {
		const (
			steps, shortest = 8, 5 // pixels: of less way nothing can be told
			across          = 3.5
			parted          = 0.4
		)
		if m.gap[k] < shortest {
			continue
		}
		a, b := t[k], t[from]
		length := math.Hypot(a[0]-b[0], a[1]-b[1])
		u := raster.Point{(a[0] - b[0]) / length, (a[1] - b[1]) / length}
		for j := range steps {
			along := m.gap[k] * (0.15 + 0.8*(float64(j)+0.5)/steps)
			x, y := a[0]+along*u[0], a[1]+along*u[1]
			p, r := raster.Point{x - across*u[1], y + across*u[0]}, raster.Point{x + across*u[1], y - across*u[0]}
			if min(p[0], p[1], r[0], r[1]) < 0 || max(p[0], r[0]) > w || max(p[1], r[1]) > h {
				continue
			}
			m.rails++
			if span(colour(p[0], p[1]), colour(r[0], r[1])) >= parted*m.apart {
				m.rail++
			}
		}
	}
	m.rail /= max(float64(m.rails), 1)
	var like [places]bool
	var within raster.Point // from the side into the document
	for k, from := range [2]int{3, 2} {
		length := math.Hypot(t[from][0]-t[k][0], t[from][1]-t[k][1])
		within[0], within[1] = within[0]+inside/2*(t[from][0]-t[k][0])/length, within[1]+inside/2*(t[from][1]-t[k][1])/length
	}
	count, table, same := 0, 0, 0
	for j := range places {
		s := (float64(j) + 0.5) / places
		e := raster.Point{m.ends[0][0] + s*(m.ends[1][0]-m.ends[0][0]), m.ends[0][1] + s*(m.ends[1][1]-m.ends[0][1])}
		x, y := min(max(e[0], 0.5), w-0.5), min(max(e[1], 0.5), h-0.5)
		c := colour(x, y)
		if like[j] = span(c, p) < fromTable(c); like[j] {
			count++
		} else if fromTable(c) < sameGround*m.apart {
			table++
		}
		x, y = t[0][0]+s*(t[1][0]-t[0][0])+within[0], t[0][1]+s*(t[1][1]-t[0][1])+within[1]
		if span(c, colour(x, y)) < alike*m.apart {
			same++
		}
	}
	m.paper, m.table, m.same = float64(count)/places, float64(table)/places, float64(same)/places
	for k := range m.ends {
		m.ends[k] = f.FromSmall(m.ends[k])
	}
	// The place that parts paper from table best: print passes for table here and there.
	const parted = 0.88
	most, at, first := 0, 0, 0 // first is how much paper there is before a place
	for j, is := range like {
		table := places - (j + 1) - (count - first)
		if is {
			first, table = first+1, table+1
		}
		paperFirst := first + table
		if agree := max(paperFirst, places-paperFirst); j+1 < places && agree > most {
			most, at = agree, j+1
		}
	}
	if m.crosses = float64(most) >= parted*places; m.crosses {
		s := float64(at) / places
		m.crossing = raster.Point{
			m.ends[0][0] + s*(m.ends[1][0]-m.ends[0][0]), m.ends[0][1] + s*(m.ends[1][1]-m.ends[0][1]),
		}
	}
	return m
}
