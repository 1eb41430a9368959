package legibility

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/vector"
)

// edge is one crossing of an edge by a row or column of a patch.
type edge struct {
	// width is the 10-90 % rise across the edge in pixels of the patch, contrast the luma across it.
	width, contrast float32
	// direction is where the luma changes to: an eighth of half a turn, 0 along the rows, 4 along the columns.
	direction int
}

// directions is into how many directions half a turn is divided.
const directions = 8

// apart is how far apart the rows and columns are that are crossed. Each is averaged with its neighbours, so that of a large patch every
// second one says it all.
func (p *patch) apart() int {
	if p.side >= largePatch {
		return 2
	}
	return 1
}

// largePatch is the side of a patch, in pixels, from which every second row is enough.
const largePatch = 56

// edges adds to out the edges of a patch whose contrast is least or more (ISO 12233 speaks of the edge spread function; what is
// kept of it here is its 10-90 % rise). Rows and columns are crossed, each averaged with its neighbours against noise;
// a slanted edge is crossed at an angle, for which its width is put right.
func (p *patch) edges(out []edge, least float32) []edge {
	// The steepest of the steps of an edge of the least contrast that is as wide as a glyph is.
	steepest := least / 32
	n := p.side
	memory := make([]float32, 2*n)
	line, slope, marks, at := memory[:n], memory[n:], make([]uint8, n), make([]int32, n)
	for turn, v := range [][]float32{p.v, p.turned} {
		for j := 1; j+1 < n; j += p.apart() {
			before, after := v[(j-1)*n:j*n], v[(j+1)*n:(j+2)*n]
			found := vector.Steepest(before, v[j*n:(j+1)*n], after, n, steepest, line, slope, marks, at)
			out = cross(out, found, line, slope, before, after, least, turn == 1)
		}
	}
	return out
}

// cross measures the edges of a line at places where it is steepest; before and after are its neighbours.
func cross(out []edge, at []int32, line, slope, before, after []float32, least float32, turned bool) []edge {
	for _, place := range at {
		i := int(place)
		g, sign := slope[i], float32(1)
		if g < 0 {
			g, sign = -g, -1
		}
		// The ends of the edge: where the luma no longer changes, which halos of sharpening come after.
		low, high, flat := i, i+1, 0.02*g
		for low > 0 && sign*slope[low-1] > flat {
			low--
		}
		for high+1 < len(line) && sign*slope[high] > flat {
			high++
		}
		contrast := sign * (line[high] - line[low])
		if contrast < least || low == 0 || high+1 == len(line) {
			continue
		}
		along := (after[i] + after[i+1] - before[i] - before[i+1]) / 4 * sign
		if along > 1.1*g || along < -1.1*g {
			continue // the other pass crosses it at a better angle
		}
		width := rise(line, low, high, sign, contrast) * g / float32(math.Sqrt(float64(g*g+along*along)))
		out = append(out, edge{width, contrast, direction(along/g, turned)})
	}
	return out
}

// rise is the distance from 10 to 90 % of the contrast.
func rise(line []float32, low, high int, sign, contrast float32) float32 {
	from, to := sign*line[low]+0.1*contrast, sign*line[low]+0.9*contrast
	i := low
	for sign*line[i+1] < from {
		i++
	}
	j := high
	for sign*line[j-1] > to {
		j--
	}
	start := float32(i) + (from-sign*line[i])/(sign*line[i+1]-sign*line[i])
	end := float32(j) - (sign*line[j]-to)/(sign*line[j]-sign*line[j-1])
	return end - start
}

// Slopes at the borders between eighths of half a turn: tan 11.25 and tan 33.75 degrees.
const (
	toFirst  = 0.1989
	toSecond = 0.6682
)

// direction returns the eighth of half a turn into which the luma changes; lean is the slope across the line over that
// along it, at most a little over 1.
func direction(lean float32, turned bool) int {
	d, sign := 0, 1
	if lean < 0 {
		lean, sign = -lean, -1
	}
	switch {
	case lean >= toSecond:
		d = 2
	case lean >= toFirst:
		d = 1
	}
	if d *= sign; turned {
		d = directions/2 - d
	}
	return (d + directions) % directions
}
