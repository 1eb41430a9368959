package legibility

import (
	"cmp"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// How much of a picture is read at full resolution, whatever its size.
const (
	// tilesAcross and tilesDown divide the sheet, its long side across: one tile of each part is measured.
	tilesAcross, tilesDown = 6, 5
	// tileText is the side of a tile in heights of its text: a few glyphs of a line or two.
	tileText = 5
	// patchText is the height of text in a patch, in pixels: enough to tell a sharp edge (a twelfth of it and less) from the
	// edges of a readable one.
	patchText = 18
	// Bounds of the side of a patch in pixels.
	minPatch, maxPatch = 28, 128
)

// spot is a place on the sheet where a tile is measured.
type spot struct {
	x, y, text float64
	weight     float64
}

// tile is a measured spot.
type tile struct {
	spot
	quad raster.Quad
	// full is the height of the body text in full-size pixels there, width that of the edges in text heights.
	full, width float64
	edges       int
	// ink is the luma of the darkest strokes, light that of the lightest.
	ink, light float64
	// contrast is that of all but its strongest edges.
	contrast float64
	// crossed is the share of its edges that run across most of them.
	crossed float64
	noise   float64
	spread  spread
	// detail is how much detail its print has; detailed says that it could be told.
	detail   detail
	detailed bool
}

// sharpness measures tiles of the full picture.
func (s *sheet) sharpness(l *lines, g *glare) (*filing.Legibility, []tile) {
	out := &filing.Legibility{}
	text := l.height
	if text == 0 && s.located {
		text = s.text
	}
	if text == 0 {
		return nil, nil
	}
	var tiles []tile
	var noises []float64
	var memory bench
	for _, at := range s.spots(l, g, text) {
		if t, ok := s.measure(&memory, at, l.down); ok {
			noises = append(noises, t.noise)
			if t.edges > 0 {
				tiles = append(tiles, t)
			}
		}
	}
	if len(noises) > 0 {
		out.Noise = round(raster.Quantile(noises, 0.5))
	}
	tiles = onlyPrint(tiles)
	out.Detail = detailOf(tiles)
	if out.Detail >= wholeDetail {
		tiles = s.withinBlur(tiles)
	}
	worst, width, motion := s.decide(tiles)
	if worst == nil {
		return out, tiles
	}
	out.EdgeWidthPx, out.TextHeightPx = round(width*worst.full), round(worst.full)
	out.MotionPx, out.MotionDirection = s.upright(motion, worst.full)
	for _, t := range tiles {
		out.Tiles = append(out.Tiles, filing.SharpnessTile{
			Quad: t.quad, EdgeWidthPx: round(t.width * t.full), TextHeightPx: round(t.full), Edges: t.edges,
		})
	}
	return out, tiles
}

// onlyPrint leaves out tiles whose edges are faint beside those of the others, or of the few that have print where most have none: the
// ground's pattern, a shadow.
func onlyPrint(tiles []tile) []tile {
	contrasts := make([]float64, len(tiles))
	for i, t := range tiles {
		contrasts[i] = t.contrast
	}
	least := max(faintTile*raster.Quantile(contrasts, 0.5), faintGround*raster.Quantile(contrasts, 0.9))
	tiles = slices.DeleteFunc(tiles, func(t tile) bool { return t.contrast < least })
	// Where the strokes of most tiles cross, one without is a rule, a bar or the rim of a coloured field. Movement takes the strokes across it
	// from all.
	crossing := 0
	for _, t := range tiles {
		if t.crossed >= crossingStrokes {
			crossing++
		}
	}
	if crossing < max(fewestCrossing, (len(tiles)+1)/2) {
		return tiles
	}
	return slices.DeleteFunc(tiles, func(t tile) bool { return t.crossed < straightEdges })
}

// decide returns the tile that decides, with its width in heights of text, and the spread of all. It is the worst but for a tenth of
// them: blur changes slowly over a document, and what a tile says far beyond those beside it is its content, such as a finger. Where
// blur grows evenly towards a corner that tenth is the corner, and what it has grown to there decides.
func (s *sheet) decide(tiles []tile) (*tile, float64, spread) {
	var all spread
	if len(tiles) == 0 {
		return nil, 0, all
	}
	widths := make([]float64, len(tiles))
	for i := range tiles {
		widths[i] = min(tiles[i].width, beyondOthers*around(tiles, i))
		all.add(tiles[i].spread)
	}
	limit := raster.Quantile(slices.Clone(widths), 0.9)
	worst := &tiles[slices.Index(widths, limit)]
	if corner, width := s.falloff(tiles, widths); width > limit {
		worst, limit = nearest(tiles, corner), width
	}
	return worst, limit, all
}

// Of a document that leans away from the plane in focus.
const (
	// fewestSloped is the least number of tiles that a slope is told from.
	fewestSloped = 6
	// margin is how far from a document's sides, as a share of them, its print begins.
	margin = 0.08
	// evenSlope holds a slope back where tiles lie on one line and nothing tells it, as if so many tiles on either side saw none.
	evenSlope = 0.05
)

// falloff fits a plane to the widths of tiles and returns the corner of the print at which it is highest and its height there; 0 where
// there are too few tiles. Out of focus, light spreads over a disc whose width grows in proportion to the distance from the plane in
// focus, which grows evenly over a document that leans away from it. Tiles far from the plane lose their weight: they are content.
func (s *sheet) falloff(tiles []tile, widths []float64) (corner raster.Point, width float64) {
	if !s.located || len(tiles) < fewestSloped {
		return corner, 0
	}
	off := make([]float64, len(tiles))
	var fit [3]float64
	deviation := math.Inf(1)
	for range 6 {
		m := [][]float64{make([]float64, 4), {0, evenSlope, 0, 0}, {0, 0, evenSlope, 0}}
		for i, t := range tiles {
			r := off[i] / (2 * deviation)
			weight := 1 / (1 + r*r)
			row := [3]float64{1, t.x/float64(s.w) - 0.5, t.y/float64(s.h) - 0.5}
			for j, a := range row {
				for k, b := range row {
					m[j][k] += weight * a * b
				}
				m[j][3] += weight * a * widths[i]
			}
		}
		if !raster.Solve(m) {
			return corner, 0
		}
		fit = [3]float64{m[0][3], m[1][3], m[2][3]}
		for i, t := range tiles {
			off[i] = math.Abs(widths[i] - fit[0] - fit[1]*(t.x/float64(s.w)-0.5) - fit[2]*(t.y/float64(s.h)-0.5))
		}
		deviation = 1.4826*raster.Quantile(slices.Clone(off), 0.5) + 1e-3
	}
	x, y := math.Copysign(0.5-margin, fit[1]), math.Copysign(0.5-margin, fit[2])
	return raster.Point{(x + 0.5) * float64(s.w), (y + 0.5) * float64(s.h)}, fit[0] + fit[1]*x + fit[2]*y
}

// nearest is the tile that is nearest to a place.
func nearest(tiles []tile, at raster.Point) *tile {
	best := &tiles[0]
	for i := range tiles {
		if t := &tiles[i]; math.Hypot(t.x-at[0], t.y-at[1]) < math.Hypot(best.x-at[0], best.y-at[1]) {
			best = t
		}
	}
	return best
}

// around is the median width of a tile and the nearest others.
func around(tiles []tile, i int) float64 {
	type near struct{ far, width float64 }
	all := make([]near, len(tiles))
	for k, t := range tiles {
		all[k] = near{math.Hypot(t.x-tiles[i].x, t.y-tiles[i].y), t.width}
	}
	slices.SortStableFunc(all, func(a, b near) int { return cmp.Compare(a.far, b.far) })
	widths := make([]float64, min(len(all), 1+neighbours))
	for k := range widths {
		widths[k] = all[k].width
	}
	return raster.Quantile(widths, 0.5)
}

const (
	// neighbours is how many tiles beside one it is compared with, and beyondOthers how many times their median it may be.
	neighbours, beyondOthers = 4, 3
	// faintTile is the contrast of a tile's edges over that of the median tile below which they are no print's, faintGround the same over
	// that of the strongest but for a tenth.
	faintTile, faintGround = 0.4, 0.2
	// Strokes cross where a share of crossingStrokes of the edges run across the others; of rules and bars less than straightEdges do.
	// fewestCrossing is the least number of tiles by which it is told.
	crossingStrokes, straightEdges, fewestCrossing = 0.2, 0.12, 4
	// offEdge is how far from the document's sides, as a share of them, print keeps: what has edges nearer is a frame, the paper's own edge
	// or its shadow.
	offEdge = 0.03
)

// spots chooses where to measure: in each part of the sheet the place with the most body text.
func (s *sheet) spots(l *lines, g *glare, text float64) []spot {
	nx, ny := tilesAcross, tilesDown
	if s.h > s.w {
		nx, ny = ny, nx
	}
	best := make([]spot, nx*ny)
	for _, r := range l.runs {
		if r.height() > 1.7*text {
			continue // titles are readable when body text no longer is
		}
		x, y := (r.a+r.b)/2, (r.top+r.bottom)/2
		if l.down {
			x, y = y, x
		}
		if s.located && (min(x, float64(s.w)-x) < offEdge*float64(s.w) || min(y, float64(s.h)-y) < offEdge*float64(s.h)) {
			continue
		}
		if g.near(s, x, y, 0.9*tileText*text) || g.near(s, x, y, 0.5*tileText*text) {
			continue // the border of a reflection is an edge, and a soft one
		}
		at := spot{x: x, y: y, text: text}
		for _, o := range l.runs {
			ox, oy := (o.a+o.b)/2, (o.top+o.bottom)/2
			if l.down {
				ox, oy = oy, ox
			}
			if math.Abs(ox-x) < tileText*text/2 && math.Abs(oy-y) < tileText*text/2 {
				at.weight += float64(o.strength)
			}
		}
		i := min(int(y*float64(ny)/float64(s.h)), ny-1)*nx + min(int(x*float64(nx)/float64(s.w)), nx-1)
		if at.weight > best[i].weight {
			best[i] = at
		}
	}
	var out []spot
	for i, b := range best {
		if b.weight == 0 && len(l.runs) == 0 {
			b = spot{x: (float64(i%nx) + 0.5) * float64(s.w) / float64(nx), y: (float64(i/nx) + 0.5) * float64(s.h) / float64(ny), text: text}
		} else if b.weight == 0 {
			continue
		}
		out = append(out, b)
	}
	return out
}

// measure measures a spot; false where it lies outside the picture.
func (s *sheet) measure(m *bench, at spot, down bool) (tile, bool) {
	t := tile{spot: at}
	full := s.toFull.Apply(raster.Point{at.x, at.y})
	if !(full[0] >= 0 && full[1] >= 0 && full[0] < float64(s.frame.Width) && full[1] < float64(s.frame.Height)) {
		return t, false
	}
	t.full = at.text * s.toFull.Scale(raster.Point{at.x, at.y})
	factor := max(1, int(t.full/patchText+0.5))
	text := t.full / float64(factor)
	side := min(max(int(tileText*text), minPatch), maxPatch)
	stored := s.frame.ToFull.Apply(full)
	p := cut(s.frame.Full, stored[0], stored[1], side, factor)
	if p == nil {
		return t, false
	}
	half := float64(side) * float64(factor) / t.full * at.text / 2
	for i, c := range [4]raster.Point{{-half, -half}, {half, -half}, {half, half}, {-half, half}} {
		c = s.toFull.Apply(raster.Point{at.x + c[0], at.y + c[1]})
		t.quad[i] = raster.Point{math.Round(c[0]*10) / 10, math.Round(c[1]*10) / 10}
	}
	t.noise = p.noise()
	t.ink, t.light = p.strokes(t.noise)
	t.detail, t.detailed = p.detail(m, text, s.alongText(at, down))
	t.spread = p.spread(m, t.noise)
	if factor > 1 {
		t.spread = t.spread.withoutReduction()
	}
	width, edges := t.spread.widest()
	// Blur that is wide in pixels is measured again at half the resolution and at half of that, with a half and a
	// quarter of the noise.
	for noise := t.noise; p.side >= minPatch; {
		p, noise = p.half(), noise/2
		coarse := p.spread(m, noise)
		if w, n := coarse.widest(); w < wideEdge || n == 0 {
			break
		}
		coarse = coarse.withoutReduction()
		w, n := coarse.widest()
		scale := float64(p.factor) / float64(factor)
		width, edges = w*scale, n
		t.spread = coarse.scaled(scale)
	}
	t.width, t.edges = width/text, edges
	t.contrast, t.crossed = m.contrast, m.crossed
	t.spread = t.spread.scaled(1 / text)
	return t, true
}

// wideEdge is the width in pixels from which an edge is measured better at half the resolution: above what the sharpest
// edges have there.
const wideEdge = 2.3

// withoutReduction takes out of the widths what averaging over the pixels of the picture has added to them: a box of one
// pixel, whose 10-90 % rise is 0.8 of it. Widths add up in squares.
func (s spread) withoutReduction() spread {
	for d, w := range s.width {
		if w > 0 {
			s.width[d] = math.Sqrt(max(w*w-0.8*0.8, 0.5*0.5))
		}
	}
	return s
}

// spread is the width of the edges of a patch by direction.
type spread struct {
	width  [directions]float64 // 0 where there are too few
	number [directions]float64
}

// Which edges count.
const (
	// enoughEdges is how many crossings of edges of a direction tell its width. An edge as long as a glyph is high is crossed
	// eighteen times.
	enoughEdges = 12
	// fewEdges is the share of a direction's edges in those of the direction with the most below which they are the ends of lines
	// and not strokes.
	fewEdges = 0.18
	// strongEdge is the contrast of the edges that count over the strongest of their direction: the edges of strokes, and not
	// the ground's pattern.
	strongEdge = 0.4
	// sharpest is the quantile of the widths of a direction that tells the blur: the sharp edges do, soft print has none.
	sharpest = 0.25
	// leastContrast is the least contrast of an edge in grey levels, and leastNoise over the noise.
	leastContrast, leastNoise = 6, 6
)

// spread measures the edges of a patch. A direction takes in those beside it.
func (p *patch) spread(m *bench, noise float64) spread {
	m.edges = p.edges(m.edges[:0], float32(max(leastContrast, leastNoise*noise)))
	var contrasts [directions][256]int
	var number [directions]int
	for _, e := range m.edges {
		contrasts[e.direction][min(int(e.contrast), 255)]++
		number[e.direction]++
	}
	var strong [directions]float32
	apart := p.apart()
	for d := range directions {
		a, b := (d+1)%directions, (d+directions-1)%directions
		if apart*(number[d]+number[a]+number[b]) < enoughEdges {
			strong[d] = 256
			continue
		}
		together := contrasts[d]
		for v := range together {
			together[v] += contrasts[a][v] + contrasts[b][v]
		}
		strong[d] = strongEdge * float32(quantile(&together, number[d]+number[a]+number[b], 0.9))
	}
	for d := range m.widths {
		m.widths[d] = m.widths[d][:0]
	}
	for _, e := range m.edges {
		for _, d := range [3]int{e.direction, (e.direction + 1) % directions, (e.direction + directions - 1) % directions} {
			if e.contrast >= strong[d] {
				m.widths[d] = append(m.widths[d], e.width)
			}
		}
	}
	m.contrast = contrastOf(&contrasts, len(m.edges))
	m.crossed = crossed(&contrasts, int(strongEdge*m.contrast))
	most := 0
	for _, widths := range m.widths {
		most = max(most, len(widths))
	}
	var out spread
	for d, widths := range m.widths {
		if n := len(widths); apart*n >= enoughEdges && n >= int(fewEdges*float64(most)) {
			out.width[d], out.number[d] = float64(raster.Nth(widths, int(sharpest*float64(n-1)+0.5))), float64(apart*n)
		}
	}
	return out
}

// contrastOf is the contrast that a tenth of the edges pass.
func contrastOf(counts *[directions][256]int, n int) float64 {
	var all [256]int
	for d := range counts {
		for v, c := range counts[d] {
			all[v] += c
		}
	}
	return float64(quantile(&all, n, 0.9))
}

// crossed is the share of edges of a contrast and more whose direction is farther than an eighth of half a turn from that which has the most,
// with those beside it.
func crossed(contrasts *[directions][256]int, least int) float64 {
	var number [directions]int
	all, most := 0, 0
	for d := range contrasts {
		for _, n := range contrasts[d][least:] {
			number[d] += n
		}
		all += number[d]
	}
	for d, n := range number {
		most = max(most, n+number[(d+1)%directions]+number[(d+directions-1)%directions])
	}
	return 1 - float64(most)/float64(max(all, 1))
}

// bench is the memory that measuring a patch takes, used again for the next.
type bench struct {
	edges    []edge
	widths   [directions][]float32
	contrast float64 // of all but a tenth of the edges
	crossed  float64

	cos, sin, rows, line []float32
}

// widest returns the width in the direction in which it is widest, and how many edges were measured in all.
func (s *spread) widest() (width float64, edges int) {
	for d, w := range s.width {
		width = max(width, w)
		edges += int(s.number[d])
	}
	return width, edges / 3
}

func (s spread) scaled(by float64) spread {
	for d := range s.width {
		s.width[d] *= by
	}
	return s
}

// add averages in another spread, weighted by the number of edges.
func (s *spread) add(o spread) {
	for d, n := range o.number {
		if n > 0 {
			s.width[d] = (s.width[d]*s.number[d] + o.width[d]*n) / (s.number[d] + n)
			s.number[d] += n
		}
	}
}

// upright fits an ellipse to the squares of the widths (blur adds up in squares: a + b cos 2d + c sin 2d) and returns how
// much wider edges are along its long axis than across it, and that axis in degrees of the upright picture.
func (s *sheet) upright(m spread, text float64) (px, degrees float64) {
	normal := [][]float64{make([]float64, 4), make([]float64, 4), make([]float64, 4)}
	for d, n := range m.number {
		if n == 0 {
			continue
		}
		sin, cos := math.Sincos(2 * math.Pi * float64(d) / directions)
		row := [3]float64{1, cos, sin}
		// Directions count alike once they have enough edges: print has many more upright and level strokes than others.
		weight := math.Min(n, 200)
		for i, a := range row {
			for j, b := range row {
				normal[i][j] += weight * a * b
			}
			normal[i][3] += weight * a * m.width[d] * m.width[d]
		}
	}
	if !raster.Solve(normal) {
		return 0, 0
	}
	fit := [3]float64{normal[0][3], normal[1][3], normal[2][3]}
	r := math.Hypot(fit[1], fit[2])
	if r == 0 || fit[0] <= 0 {
		return 0, 0
	}
	r = min(r, fit[0])
	px = (math.Sqrt(fit[0]+r) - math.Sqrt(fit[0]-r)) * text
	sin, cos := math.Sincos(math.Atan2(fit[2], fit[1]) / 2)
	t := s.frame.ToFull // a turn or a reflection: its inverse is its transpose
	x, y := t[0]*cos+t[3]*sin, t[1]*cos+t[4]*sin
	degrees = math.Mod(math.Atan2(y, x)*180/math.Pi+360, 180)
	return round(px), round(degrees)
}
