package origin

import (
	"math"

	"github.com/preflight-icp/preflight/imaging/raster"
)

// page is the plane of a document under the picture. Its unit is about a pixel.
type page struct {
	// back leads from the picture to the plane.
	back raster.Homography
}

func newPage(quad raster.Quad) (page, bool) {
	m, ok := raster.RectToQuad((quad.Side(0)+quad.Side(2))/2, (quad.Side(1)+quad.Side(3))/2, quad)
	if !ok {
		return page{}, false
	}
	back, ok := m.Inverse()
	return page{back}, ok
}

// tangent is how the plane lies under the middle of a patch.
type tangent [4]float64

func (p page) under(at raster.Point) tangent { return p.back.Jacobian(at) }

// seen returns the frequency, in cycles a pixel, at which a wave of the plane is seen.
func (t tangent) seen(x, y float64) (u, v float64) { return t[0]*x + t[2]*y, t[1]*x + t[3]*y }

// middle is that of a patch.
func (p patch) middle() raster.Point {
	return raster.Point{float64(p.x) + patchSide/2, float64(p.y) + patchSide/2}
}

// lock says how a wave is tied to the document's plane (与证件平面的锁定关系). What is printed has one frequency there wherever it
// is straight, and only perspective changes it in the picture. The beat of a screen's pixels with a sensor's (moire) is the
// frequency of the pixels less a constant, a lattice frequency of the sensor: perspective changes it by as much as it changes that
// of the pixels, which are many times finer.
type lock struct {
	page page
	// x, y is the frequency on the document, cycles a unit of its plane; du, dv what sampling took from it, cycles a pixel.
	x, y, du, dv float64
	// printed and beating are what is left of the members' frequencies where du and dv are nothing, and where they are free: root
	// mean squares, in bins. members is of how many.
	printed, beating float64
	members          int
	// turn is the wave's angle to the document's nearer axis where du and dv are nothing, 0 to 45 degrees.
	turn float64
}

// unmoved is the prior that sampling took nothing from a frequency, in squared cycles a pixel of a member's error over those that
// it may take: where perspective does not tell, nothing was taken.
const unmoved = 1e-4

// newLock ties a wave to the document; false where too few patches have it.
func newLock(p page, patches []patch, all []member) (lock, bool) {
	l := lock{page: p}
	var on []member
	for _, m := range all {
		if patches[m.patch].inside {
			on = append(on, m)
		}
	}
	if l.members = len(on); l.members < leastMembers {
		return l, false
	}
	tangents := make([]tangent, len(on))
	for i, m := range on {
		tangents[i] = p.under(patches[m.patch].middle())
	}
	printed, left, ok := tie(tangents, on, 2)
	if !ok {
		return l, false
	}
	l.printed = left
	turn := math.Abs(math.Mod(math.Atan2(printed[1], printed[0])*180/math.Pi, 90))
	l.turn = min(turn, 90-turn)
	free, left, ok := tie(tangents, on, 4)
	l.x, l.y, l.du, l.dv, l.beating = free[0], free[1], free[2], free[3], left
	return l, ok
}

// tie fits the frequency on the document, and with four unknowns what sampling took from it, by least squares. It returns what is left
// in bins, root mean square.
func tie(tangents []tangent, on []member, unknowns int) (x [4]float64, left float64, ok bool) {
	m := make([][]float64, unknowns)
	for i := range m {
		m[i] = make([]float64, unknowns+1)
		if i >= 2 {
			m[i][i] = unmoved
		}
	}
	rows := func(i int) [2]struct {
		row   [4]float64
		value float64
	} {
		t := tangents[i]
		return [2]struct {
			row   [4]float64
			value float64
		}{{[4]float64{t[0], t[2], 1, 0}, on[i].peak.u}, {[4]float64{t[1], t[3], 0, 1}, on[i].peak.v}}
	}
	for i := range on {
		for _, r := range rows(i) {
			for j := range unknowns {
				for k := range unknowns {
					m[j][k] += r.row[j] * r.row[k]
				}
				m[j][unknowns] += r.row[j] * r.value
			}
		}
	}
	if !raster.Solve(m) {
		return x, 0, false
	}
	for i := range m {
		x[i] = m[i][unknowns]
	}
	sum := 0.0
	for i := range on {
		for _, r := range rows(i) {
			d := r.value
			for k := range unknowns {
				d -= r.row[k] * x[k]
			}
			sum += d * d
		}
	}
	return x, patchSide * math.Sqrt(sum/float64(len(on))), true
}

// at is the wave's frequency at a place of the picture, on the document or beside it.
func (l *lock) at(p raster.Point) (u, v float64) {
	u, v = l.page.under(p).seen(l.x, l.y)
	return u + l.du, v + l.dv
}

// beats says, 0 to 1, how plainly a wave is a beat with the sensor: with what sampling takes from it its frequencies fit by much better
// than as print, they fit well, and what was taken is a frequency of the sensor's lattice, across, down, or by halves of both (a
// mosaic's), however the file was scaled since.
func (l *lock) beats() float64 {
	gain := math.Sqrt(max(l.printed*l.printed-l.beating*l.beating, 0))
	return l.ofLattice() * unit((gain-0.7)/0.8) * unit((1-l.beating)/0.4) * unit(float64(l.members-3)/3)
}

// fits says, 0 to 1, how well a wave's frequencies are those of one plane, without which it is not known where to look for it
// elsewhere.
func (l *lock) fits() float64 { return unit((1.15 - l.beating) / 0.4) }

// ofLattice reports, as 0 or 1, whether what sampling took points across, down or midway, and is no small frequency.
func (l *lock) ofLattice() float64 {
	more, less := max(math.Abs(l.du), math.Abs(l.dv)), min(math.Abs(l.du), math.Abs(l.dv))
	if more > 0.35 && (less < 0.2*more+0.03 || more < 0.75 && less > 0.75*more) {
		return 1
	}
	return 0
}

// upright says, 0 to 1, whether a wave lies along the document's axes or midway between, as the lattice of a screen that shows it
// upright does: stripes and rows along, the diamonds of phones between.
func (l *lock) upright() float64 { return unit(2 - min(l.turn, 45-l.turn)/2) }
