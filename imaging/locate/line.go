package locate

import (
	"cmp"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// line is a straight line through the view on which pieces of edges lie: a possible side of a document.
type line struct {
	at, direction raster.Point
	// covered sums up how much of the line lies on an edge, from its start to each pixel of its way; from is the way's
	// start, in pixels from at along direction.
	covered []float32
	from    float64
	// weight is the length of edges on it, weak ones counting less.
	weight float64
	// frame: a side of the picture itself, which documents that reach beyond it seem to have as a side.
	frame bool
}

// cover is the length of edges between two places of the line.
func (l *line) cover(from, to float64) float64 {
	if l.frame || len(l.covered) == 0 {
		return 0
	}
	last := float64(len(l.covered) - 1)
	i, j := int(min(max(from-l.from, 0), last)), int(min(max(to-l.from, 0), last))
	return float64(l.covered[j] - l.covered[i])
}

// point is a place on the line.
func (l *line) point(t float64) raster.Point {
	return raster.Point{l.at[0] + t*l.direction[0], l.at[1] + t*l.direction[1]}
}

// distance is how far a position lies from the line, signed.
func (l *line) distance(p raster.Point) float64 {
	return (p[0]-l.at[0])*-l.direction[1] + (p[1]-l.at[1])*l.direction[0]
}

// along is the place on the line nearest to a position.
func (l *line) along(p raster.Point) float64 {
	return (p[0]-l.at[0])*l.direction[0] + (p[1]-l.at[1])*l.direction[1]
}

// mostLines are looked at: a document's four are among them even on a checked tablecloth, and pairs of pairs
// of them stay countable.
const mostLines = 64

// allLines are those of the view, found when first asked for.
func (v *view) allLines() []line {
	if v.sides == nil {
		v.sides = v.lines(v.segments(shortest))
	}
	return v.sides
}

// lines gathers segments that lie on one line, the most covered first, and adds the four sides of the picture.
func (v *view) lines(segments []segment) []line {
	order := make([]int, len(segments))
	weight := make([]float64, len(segments))
	for i, s := range segments {
		order[i] = i
		weight[i] = s.length * v.contrast(s.strength)
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(weight[j], weight[i]) })
	taken := make([]bool, len(segments))
	var lines []line
	seeds := 0
	for _, i := range order {
		if taken[i] || weight[i] < 6 {
			continue
		}
		if seeds++; seeds > 3*mostLines {
			break
		}
		s := segments[i]
		l := line{at: raster.Point{(s.a[0] + s.b[0]) / 2, (s.a[1] + s.b[1]) / 2}, direction: s.direction}
		members := []int{i}
		for round := range 2 {
			members = members[:0]
			for j := range segments {
				if taken[j] && j != i {
					continue
				}
				q := &segments[j]
				cross := l.direction[0]*q.direction[1] - l.direction[1]*q.direction[0]
				if math.Abs(cross) > 0.07+1/q.length {
					continue
				}
				// The farther a piece is from the one that began the line, the less is known where the line passes there.
				mid := raster.Point{(q.a[0] + q.b[0]) / 2, (q.a[1] + q.b[1]) / 2}
				far := math.Abs(l.along(mid))
				slack := 1.3 + 0.006*far
				if round > 0 {
					slack = 1.5
				}
				if math.Abs(l.distance(q.a)) < slack && math.Abs(l.distance(q.b)) < slack {
					members = append(members, j)
				}
			}
			if !l.fit(segments, weight, members) {
				break
			}
		}
		if len(members) == 0 {
			continue
		}
		for _, j := range members {
			taken[j] = true
		}
		v.chart(&l, segments, members)
		lines = append(lines, l)
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(b.weight, a.weight) })
	if len(lines) > mostLines {
		lines = lines[:mostLines]
	}
	w, h := float64(v.w), float64(v.h)
	return append(lines,
		line{at: raster.Point{0, 0}, direction: raster.Point{1, 0}, frame: true},
		line{at: raster.Point{w, 0}, direction: raster.Point{0, 1}, frame: true},
		line{at: raster.Point{w, h}, direction: raster.Point{-1, 0}, frame: true},
		line{at: raster.Point{0, h}, direction: raster.Point{0, -1}, frame: true})
}

// contrast says how much an edge of a strength counts: little near the grain of the picture, fully well above it.
func (v *view) contrast(strength float64) float64 {
	return min(1, strength/(2.5*float64(v.noise)+2))
}

// fit lays the line through its members by weighted least squares; false where they say nothing.
func (l *line) fit(segments []segment, weight []float64, members []int) bool {
	var n, sx, sy, sxx, sxy, syy float64
	for _, j := range members {
		s := &segments[j]
		for _, p := range [2]raster.Point{s.a, s.b} {
			k := weight[j]
			n, sx, sy = n+k, sx+k*p[0], sy+k*p[1]
			sxx, sxy, syy = sxx+k*p[0]*p[0], sxy+k*p[0]*p[1], syy+k*p[1]*p[1]
		}
	}
	if n == 0 {
		return false
	}
	cx, cy := sx/n, sy/n
	sin, cos := math.Sincos(0.5 * math.Atan2(2*(sxy/n-cx*cy), sxx/n-cx*cx-(syy/n-cy*cy)))
	if cos*l.direction[0]+sin*l.direction[1] < 0 {
		sin, cos = -sin, -cos
	}
	l.at, l.direction = raster.Point{cx, cy}, raster.Point{cos, sin}
	return true
}

// chart notes where along the line its members lie.
func (v *view) chart(l *line, segments []segment, members []int) {
	reach := math.Hypot(float64(v.w), float64(v.h))
	first, last := v.clipLine(l, -reach, reach)
	l.from = math.Floor(first) - 4 // pieces end up to a pixel or two beyond the picture
	l.covered = make([]float32, int(max(last-l.from, 0))+8)
	var along, against float64
	for _, j := range members {
		s := &segments[j]
		t0, t1 := l.along(s.a), l.along(s.b)
		if t0 > t1 {
			t0, t1 = t1, t0
		}
		c := float32(v.contrast(s.strength) * (0.35 + 0.65*v.stands(s)))
		if l.direction[0]*s.direction[0]+l.direction[1]*s.direction[1] < 0 {
			against += s.length * float64(c)
		} else {
			along += s.length * float64(c)
		}
		for i := max(int(t0-l.from+0.5), 0); i < min(int(t1-l.from+0.5), len(l.covered)-1); i++ {
			l.covered[i+1] = max(l.covered[i+1], c)
		}
	}
	for i := 1; i < len(l.covered); i++ {
		l.covered[i] += l.covered[i-1]
	}
	// The sides of a sheet are brighter on one side all along; those of checks and letters change.
	l.weight = float64(l.covered[len(l.covered)-1])
	if both := along + against; both > 0 {
		l.weight *= max(along, against) / both
	}
}

// stands is how much an edge parts two colours, 0 to 1, and is not one side of a thin line.
func (v *view) stands(s *segment) float64 {
	nx, ny := s.direction[1], -s.direction[0]
	sum, n := 0.0, 0.0
	for j := range 4 {
		t := (float64(j) + 0.5) / 4
		x, y := s.a[0]+t*(s.b[0]-s.a[0]), s.a[1]+t*(s.b[1]-s.a[1])
		sum += span(v.colour(x+4.5*nx, y+4.5*ny), v.colour(x-4.5*nx, y-4.5*ny))
		n++
	}
	return min(1, sum/n/(2.5*s.strength+1))
}
