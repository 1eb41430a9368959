package specimen

import (
	"fmt"
	"math"

	"github.com/preflight-icp/preflight/filing"
)

// take is one labelled photo in the making.
type take struct {
	c       Case
	s       setting
	w, h    int    // pixels that are rendered: the picture's over its zoom
	main    *sheet // nil where there is no document
	sheets  []*sheet
	ground  surface
	seen    []filing.Point // must be in the frame
	toPlane Homography     // rendered pixels (undistorted) to millimetres
	toPixel Homography
	rotated [3][3]float64
	away    float64
	spread  spread
	lights  *lightMap
	light   *Light
	// unit is what turns the light of the light map into that of the sensor.
	unit  float64
	truth Truth

	// given is a main document that was handed in, head a face (handheld scenes); blurPx an edge width that was asked for.
	given  *sheet
	head   *head
	blurPx float64
	facePx float64
}

// Draw makes the photo and its truth. Errors are ErrNoGround, and those of missing fonts.
func (c Case) Draw() (Labelled, error) {
	if c.sitting != nil {
		return c.drawSitting()
	}
	if c.pasting != nil {
		return c.drawPasted()
	}
	if c.Ground() != "" {
		return Labelled{}, fmt.Errorf("draw %s: %w", c.ID, ErrNoGround)
	}
	t := &take{c: c, s: c.setting}
	return t.shoot()
}

// shoot runs the steps of a photo in order.
func (t *take) shoot() (Labelled, error) {
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{"dress", t.dress}, {"aim", t.aim}, {"focus", t.focus}, {"light up", t.lightUp}, {"render", t.render},
		{"label", t.label}, {"expose", t.expose},
	} {
		if err := step.run(); err != nil {
			return Labelled{}, fmt.Errorf("draw %s: %s: %w", t.c.ID, step.name, err)
		}
	}
	file, err := t.deliver()
	if err != nil {
		return Labelled{}, fmt.Errorf("draw %s: deliver: %w", t.c.ID, err)
	}
	t.truth.Clean = t.truth.Clean && len(file) >= minBytes && len(file) < maxBytes
	return Labelled{File: file, Truth: t.truth}, nil
}

// sheet is something flat in the plane of the table: a document, paper, a book.
type sheet struct {
	tex          *texture
	doc          *Document
	level        plane16
	levelPPM     float32
	plain        surface
	w, h, corner float32
	x, y         float32 // of its top left
	sin, cos     float32
	thick        float32 // of its shadow
	bend         float32
	copy         *copier
	grit         *grain
	main         bool
	screen       *display
	fine         *finePrint
}

// local takes a place in the plane to millimetres on the sheet.
func (s *sheet) local(u, v float32) (x, y float32) {
	u, v = u-s.x, v-s.y
	return u*s.cos + v*s.sin, -u*s.sin + v*s.cos
}

// point takes millimetres on the sheet to the plane.
func (s *sheet) point(x, y float64) filing.Point {
	sin, cos := float64(s.sin), float64(s.cos)
	return filing.Point{float64(s.x) + x*cos - y*sin, float64(s.y) + x*sin + y*cos}
}

func (s *sheet) corners() [4]filing.Point {
	w, h := float64(s.w), float64(s.h)
	return [4]filing.Point{s.point(0, 0), s.point(w, 0), s.point(w, h), s.point(0, h)}
}

// dress puts the ground, the documents and the papers in place.
func (t *take) dress() error {
	s := &t.s
	zoom := math.Max(s.zoom, 1)
	t.w, t.h = int(float64(s.width)/zoom), int(float64(s.height)/zoom)
	grain := grainsOf[halfIndex(t.c.stock())]()
	t.ground = s.surface.make(grain, newDice(t.c.Seed, 0x5eed))
	if t.c.Template == "" {
		t.seen = []filing.Point{{0, 0}, {210, 0}, {210, 150}, {0, 150}}
		for _, o := range s.others {
			sh, err := t.otherSheet(o, grain)
			if err != nil {
				return err
			}
			t.lay(sh, o, t.sheets)
			t.sheets = append(t.sheets, sh)
		}
		return nil
	}
	main := t.given
	if main == nil {
		var err error
		if main, err = t.document(t.c.Template, t.c.DocumentSeed); err != nil {
			return err
		}
	}
	main.main, main.bend, main.copy, main.grit, main.screen = true, float32(s.bend), s.copy, grain.grit, s.screen
	main.fine = s.fine
	t.main = main
	seen := main.corners()
	t.seen = append(t.seen, seen[:]...)
	if s.person != nil {
		t.seen = append(t.seen, s.person.seenOf()...)
	}
	var under, beside []*sheet
	for _, o := range s.others {
		sh, err := t.otherSheet(o, grain)
		if err != nil {
			return err
		}
		t.lay(sh, o, beside)
		if o.under {
			under = append(under, sh)
		} else {
			beside = append(beside, sh)
		}
		if o.seen {
			corners := sh.corners()
			t.seen = append(t.seen, corners[:]...)
		}
	}
	t.sheets = append(append(under, beside...), main)
	return nil
}

func (t *take) document(name string, seed uint64) (*sheet, error) {
	tm, err := templateNamed(name)
	if err != nil {
		return nil, err
	}
	// About what the picture will resolve: the document's bounding box fills the frame to fill.
	w, h := tm.size()
	diagonal := math.Hypot(w, h)
	need := 1.2 * math.Max(t.s.fill, 0.3) * math.Max(float64(t.w), float64(t.h)) / diagonal
	if t.s.cut {
		need *= 1.2
	}
	drawn, err := drawnDocument(tm, seed, need)
	if err != nil {
		return nil, err
	}
	d := drawn.doc
	return &sheet{tex: drawn.tex, doc: d, w: float32(d.WidthMM), h: float32(d.HeightMM), corner: float32(d.CornerMM), cos: 1,
		thick: 1.6}, nil
}

func (t *take) otherSheet(o other, n *grains) (*sheet, error) {
	if o.what == "document" {
		return t.document(o.template, o.seed)
	}
	s := &sheet{w: float32(o.w), h: float32(o.h), corner: float32(o.corner), cos: 1, thick: 1.5}
	d := newDice(o.seed, 0x07e2)
	switch o.what {
	case "printed":
		s.plain = framed(printedPage(o.colour, rgb{0.05, 0.05, 0.06}, 5.5, o.w*0.9)(n, d), o.colour, s.w, s.h, s.w*0.09)
	case "book":
		s.thick = 7
		s.plain = plainly(o.colour, 0.1, 0.02)(n, d)
		title := printedPage(o.colour, rgb{0.8, 0.75, 0.5}, 22, o.w*0.8)(n, d)
		base, w, h := s.plain, s.w, s.h
		s.plain = func(u, v, px float32) (r, g, b float32) {
			if v > h*0.15 && v < h*0.35 && u > w*0.1 && u < w*0.9 {
				return title(u-w*0.1, v-h*0.15, px)
			}
			return base(u, v, px)
		}
	case "device":
		s.thick = 5
		s.plain = framed(plainly(rgb{0.03, 0.03, 0.035}, 0.1, 0)(n, d), o.colour, s.w, s.h, 3)
	default:
		s.plain = plainly(o.colour, 0.04, 0.02)(n, d)
	}
	return s, nil
}

// framed shows the inside of a sheet with a margin of one colour around it.
func framed(inside surface, margin rgb, w, h, width float32) surface {
	return func(u, v, px float32) (r, g, b float32) {
		if u < width || v < width || u > w-width || v > h-width {
			return margin.times(1)
		}
		return inside(u-width, v-width, px)
	}
}

// lay moves a sheet to where it lies: under the main document, or beside it and what lies there already.
func (t *take) lay(s *sheet, o other, beside []*sheet) {
	sin, cos := math.Sincos(o.turn * math.Pi / 180)
	s.sin, s.cos = float32(sin), float32(cos)
	cx, cy := 105.0, 75.0
	if t.main != nil {
		cx, cy = float64(t.main.w)/2, float64(t.main.h)/2
	}
	dy, dx := math.Sincos(o.place * math.Pi / 180)
	put := func(distance float64) {
		mx, my := cx+dx*distance, cy+dy*distance
		w, h := float64(s.w)/2, float64(s.h)/2
		s.x, s.y = float32(mx-w*cos+h*sin), float32(my-w*sin-h*cos)
	}
	if o.under {
		put(o.gap)
		return
	}
	free := func(distance float64) bool {
		put(distance)
		alone := t.main == nil || !overlap(s, t.main)
		for _, b := range beside {
			alone = alone && !overlap(s, b)
		}
		return alone
	}
	const farthest = 900
	for distance := 0.0; distance < farthest; distance += 2 {
		if free(distance) && free(distance+o.gap) {
			return
		}
	}
}

// overlap reports whether two sheets cover each other, by separating axes.
func overlap(a, b *sheet) bool {
	ca, cb := a.corners(), b.corners()
	for _, s := range []*sheet{a, b} {
		for _, axis := range [2]filing.Point{{float64(s.cos), float64(s.sin)}, {-float64(s.sin), float64(s.cos)}} {
			minA, maxA, minB, maxB := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
			for i := range 4 {
				p, q := ca[i][0]*axis[0]+ca[i][1]*axis[1], cb[i][0]*axis[0]+cb[i][1]*axis[1]
				minA, maxA, minB, maxB = math.Min(minA, p), math.Max(maxA, p), math.Min(minB, q), math.Max(maxB, q)
			}
			if maxA < minB || maxB < minA {
				return false
			}
		}
	}
	return true
}

// aim places the camera: a pinhole of the phone's field of view, leaning by tilt, at the distance at which what must be seen fills the
// frame as wanted, and lies where it shall in it. Its axis goes through the middle of the picture, as a phone's does; in the halves of
// before Test3 it goes through the middle of what must be seen, wherever that lies in the picture, as through a lens that is shifted.
func (t *take) aim() error {
	if t.facePx > 0 {
		return t.sizeFace()
	}
	s := &t.s
	w, h := float64(t.w), float64(t.h)
	focal := math.Max(w, h) / 2 / math.Tan(s.phone.fov/2*math.Pi/180)
	t.rotated = rotation(s.turn, s.tilt, s.tiltTurn)
	r := t.rotated
	var mx, my float64
	for _, p := range t.seen {
		mx, my = mx+p[0]/float64(len(t.seen)), my+p[1]/float64(len(t.seen))
	}
	build := func(distance, cx, cy float64) Homography {
		var q [3]float64
		for k := range 3 {
			q[k] = -r[k][0]*mx - r[k][1]*my
		}
		q[2] += distance
		if t.c.straight() {
			q[0], q[1] = q[0]+distance*(cx-w/2)/focal, q[1]+distance*(cy-h/2)/focal
			cx, cy = w/2, h/2
		}
		return Homography{
			focal*r[0][0] + cx*r[2][0], focal*r[0][1] + cx*r[2][1], focal*q[0] + cx*q[2],
			focal*r[1][0] + cy*r[2][0], focal*r[1][1] + cy*r[2][1], focal*q[1] + cy*q[2],
			r[2][0], r[2][1], q[2],
		}
	}
	distance, cx, cy := 3*math.Hypot(float64(600), float64(600)), w/2, h/2
	for range 30 {
		m := build(distance, cx, cy)
		minX, minY, maxX, maxY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
		for _, p := range t.seen {
			q := m.Apply(p)
			minX, maxX = math.Min(minX, q[0]), math.Max(maxX, q[0])
			minY, maxY = math.Min(minY, q[1]), math.Max(maxY, q[1])
		}
		distance *= math.Max((maxX-minX)/w, (maxY-minY)/h) / s.fill
		freeX, freeY := math.Max(w-(maxX-minX), 0)/2, math.Max(h-(maxY-minY), 0)/2
		cx += w/2 + s.offsetX*freeX - (minX+maxX)/2
		cy += h/2 + s.offsetY*freeY - (minY+maxY)/2
	}
	t.setPose(build(distance, cx, cy))
	t.away = distance
	if s.cut && t.main != nil {
		t.cutOff(func(dx, dy float64) Homography { return build(distance, cx+dx, cy+dy) })
	}
	if _, ok := t.toPixel.Inverse(); !ok {
		return fmt.Errorf("the camera looks along the table")
	}
	if d := t.s.screen; d != nil {
		middle := t.main.point(float64(t.main.w)/2, float64(t.main.h)/2)
		d.pitch = float32(d.pixels / t.toPixel.scale(middle[0], middle[1]))
	}
	for _, sh := range t.sheets {
		if sh.tex != nil {
			need := 0.0
			for _, p := range append([]filing.Point{sh.point(float64(sh.w)/2, float64(sh.h)/2)}, sliceOf(sh.corners())...) {
				need = math.Max(need, t.toPixel.scale(p[0], p[1]))
			}
			if t.s.screen != nil {
				need = math.Min(need, 0.9/float64(t.s.screen.pitch))
			}
			level, ppm := sh.tex.level(need)
			sh.level, sh.levelPPM = level, float32(ppm)
		}
	}
	return nil
}

func sliceOf(p [4]filing.Point) []filing.Point { return p[:] }

func (t *take) setPose(m Homography) {
	t.toPixel = m
	t.toPlane, _ = m.Inverse()
}

// cutOff shifts the picture across a border until the wanted depth is lost, by bisection.
func (t *take) cutOff(build func(dx, dy float64) Homography) {
	s := &t.s
	direction := [4]filing.Point{{-1, 0}, {0, -1}, {1, 0}, {0, 1}}[s.cutSide]
	low, high := -1.5*math.Max(float64(t.w), float64(t.h)), 1.5*math.Max(float64(t.w), float64(t.h))
	for range 40 {
		middle := (low + high) / 2
		t.setPose(build(direction[0]*middle, direction[1]*middle))
		if t.depthBeyond(s.cutSide) < s.cutMM {
			low = middle
		} else {
			high = middle
		}
	}
}

// border returns the line that a border of the frame (0 left, 1 top, 2 right, 3 bottom) is in the plane of the table: a, b, c
// with a u + b v + c in millimetres, positive beyond the frame. Lens distortion bows it; the line goes through its ends near
// the document's middle.
func (t *take) border(side int) [3]float64 {
	w, h := float64(t.w), float64(t.h)
	middle := filing.Point{w / 2, h / 2}
	if t.main != nil {
		c := t.pixel(t.main.point(float64(t.main.w)/2, float64(t.main.h)/2))
		middle = filing.Point{math.Min(math.Max(c[0], 0), w), math.Min(math.Max(c[1], 0), h)}
	}
	span := 0.18 * math.Min(w, h)
	var p, q filing.Point
	switch side {
	case 0:
		p, q = filing.Point{0, middle[1] + span}, filing.Point{0, middle[1] - span}
	case 1:
		p, q = filing.Point{middle[0] - span, 0}, filing.Point{middle[0] + span, 0}
	case 2:
		p, q = filing.Point{w, middle[1] - span}, filing.Point{w, middle[1] + span}
	default:
		p, q = filing.Point{middle[0] + span, h}, filing.Point{middle[0] - span, h}
	}
	a, b := t.plane(p), t.plane(q)
	dx, dy := b[0]-a[0], b[1]-a[1]
	l := math.Hypot(dx, dy)
	nx, ny := dy/l, -dx/l
	line := [3]float64{nx, ny, -nx*a[0] - ny*a[1]}
	inside := t.plane(filing.Point{w / 2, h / 2})
	if line[0]*inside[0]+line[1]*inside[1]+line[2] > 0 {
		line = [3]float64{-line[0], -line[1], -line[2]}
	}
	return line
}

// depthBeyond is how far the main document reaches beyond a border, in millimetres; negative where it stays inside. Round
// corners count as they are.
func (t *take) depthBeyond(side int) float64 {
	m := t.main
	e := t.border(side)
	r := float64(m.corner)
	depth := math.Inf(-1)
	for _, p := range [4]filing.Point{{r, r}, {float64(m.w) - r, r}, {float64(m.w) - r, float64(m.h) - r}, {r,
		float64(m.h) - r}} {
		q := m.point(p[0], p[1])
		depth = math.Max(depth, e[0]*q[0]+e[1]*q[1]+e[2]+r)
	}
	return depth
}

// rotation turns about the line of sight, then leans by tilt about an axis in the picture.
func rotation(turn, tilt, tiltTurn float64) [3][3]float64 {
	sinT, cosT := math.Sincos(turn * math.Pi / 180)
	sinL, cosL := math.Sincos(tilt * math.Pi / 180)
	ay, ax := math.Sincos(tiltTurn * math.Pi / 180)
	// Rodrigues' formula about the axis (ax, ay, 0).
	lean := [3][3]float64{
		{cosL + ax*ax*(1-cosL), ax * ay * (1 - cosL), ay * sinL},
		{ax * ay * (1 - cosL), cosL + ay*ay*(1-cosL), -ax * sinL},
		{-ay * sinL, ax * sinL, cosL},
	}
	flat := [3][3]float64{{cosT, -sinT, 0}, {sinT, cosT, 0}, {0, 0, 1}}
	var m [3][3]float64
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				m[i][j] += lean[i][k] * flat[k][j]
			}
		}
	}
	return m
}

// undistort takes a pixel of the picture to where a lens without distortion would have put it: radius r becomes
// r (1 - k1 r^2), r in half diagonals.
func (t *take) undistort(x, y float64) (float64, float64) {
	cx, cy := float64(t.w)/2, float64(t.h)/2
	half2 := cx*cx + cy*cy
	x, y = x-cx, y-cy
	k := 1 - t.s.phone.distortion*(x*x+y*y)/half2
	return cx + x*k, cy + y*k
}

// plane takes a pixel of the rendered picture to the plane of the table, pixel the other way.
func (t *take) plane(p filing.Point) filing.Point {
	x, y := t.undistort(p[0], p[1])
	return t.toPlane.Apply(filing.Point{x, y})
}

func (t *take) pixel(p filing.Point) filing.Point {
	want := t.toPixel.Apply(p)
	got := want
	for range 8 {
		x, y := t.undistort(got[0], got[1])
		got[0] += want[0] - x
		got[1] += want[1] - y
	}
	return got
}

// jacobian is how a millimetre to the right and one down on the plane move the picture, in rendered pixels.
func (t *take) jacobian(p filing.Point) (right, down filing.Point) {
	const e = 1e-3
	o, a, b := t.pixel(p), t.pixel(filing.Point{p[0] + e, p[1]}), t.pixel(filing.Point{p[0], p[1] + e})
	return filing.Point{(a[0] - o[0]) / e, (a[1] - o[1]) / e}, filing.Point{(b[0] - o[0]) / e, (b[1] - o[1]) / e}
}

// lightMap holds the light on the table on a grid of pixels: red, green, blue of what falls, and of what is reflected as in
// a mirror.
type lightMap struct {
	step, cols, rows int
	nodes            []float32 // 6 a node
}

const lightStep = 4

// lightUp computes the light of the scene, so that white paper in the document's middle reaches the wanted level.
func (t *take) lightUp() error {
	m := &lightMap{step: lightStep, cols: t.w/lightStep + 2, rows: t.h/lightStep + 2}
	m.nodes = make([]float32, 6*m.cols*m.rows)
	t.lights = m
	levels := t.levelsOnDocument()
	t.unit = t.s.white / 0.9 / quantile(levels, 0.5)
	rows(m.rows, func(j int) {
		for i := range m.cols {
			x, y := float64(i*lightStep), float64(j*lightStep)
			p := t.plane(filing.Point{x, y})
			falling, mirrored := t.lightAt(p[0], p[1], x, y)
			node := m.nodes[6*(j*m.cols+i):]
			for k := range 3 {
				node[k], node[3+k] = falling[k]*float32(t.unit), mirrored[k]
			}
		}
	})
	return nil
}

// levelsOnDocument samples the light (green) over the main document, or over the frame where there is none.
func (t *take) levelsOnDocument() []float64 {
	var levels []float64
	const n = 24
	for j := range n {
		for i := range n {
			fx, fy := (float64(i)+0.5)/n, (float64(j)+0.5)/n
			var p, q filing.Point
			if t.main != nil {
				p = t.main.point(fx*float64(t.main.w), fy*float64(t.main.h))
				q = t.pixel(p)
				if q[0] < 0 || q[1] < 0 || q[0] > float64(t.w) || q[1] > float64(t.h) {
					continue
				}
			} else {
				q = filing.Point{fx * float64(t.w), fy * float64(t.h)}
				p = t.plane(q)
			}
			falling, _ := t.lightAt(p[0], p[1], q[0], q[1])
			levels = append(levels, float64(falling[1]))
		}
	}
	return levels
}

// lightAt returns what falls on a place of the table that the picture shows at pixel x, y: not yet in units of the sensor;
// and what is mirrored there, in units of the sensor.
func (t *take) lightAt(u, v, x, y float64) (falling, mirrored rgb) {
	s := &t.s
	dx, dy := x/float64(t.w)-0.5, y/float64(t.h)-0.5
	sin, cos := math.Sincos(s.gradientTurn * math.Pi / 180)
	vignette := 1 - s.phone.vignette*(dx*dx+dy*dy)*2
	level := 1 - s.gradient*(0.5+(dx*cos+dy*sin)*0.72)
	for i := range s.shadows {
		level *= s.shadows[i].at(u, v)
	}
	falling = rgb{float32(level), float32(level), float32(level)}
	if s.lamp != nil {
		l := s.lamp
		d2 := (u-l.x)*(u-l.x) + (v-l.y)*(v-l.y) + l.height*l.height
		// Lambert's cosine and the square of the distance, 1 under the lamp.
		near := float32(l.share * math.Pow(l.height*l.height/d2, 1.5))
		for k := range 3 {
			falling[k] = falling[k]*float32(1-l.share) + near*l.colour[k]
		}
	}
	for k := range 3 {
		falling[k] *= s.cast[k] * float32(vignette)
	}
	for i := range s.glares {
		g := &s.glares[i]
		light := float32(g.at(u, v))
		for k := range 3 {
			mirrored[k] += light * g.colour[k]
		}
	}
	return falling, mirrored
}

// row interpolates the light of one row of the picture into 6 values for each column of the grid.
func (m *lightMap) row(y float32, into []float32) {
	f := y / float32(m.step)
	j := int(f)
	f -= float32(j)
	a, b := m.nodes[6*j*m.cols:], m.nodes[6*min(j+1, m.rows-1)*m.cols:]
	for i := range 6 * m.cols {
		into[i] = a[i] + f*(b[i]-a[i])
	}
}

// render looks along every pixel: what is there, how much light falls on it, what is mirrored.
func (t *take) render() error {
	t.light = NewLight(t.w, t.h)
	objects := prepareObjects(t.s.objects)
	below := prepareObjects(t.s.below)
	cx, cy := float64(t.w)/2, float64(t.h)/2
	half2 := cx*cx + cy*cy
	k1 := t.s.phone.distortion
	m := t.toPlane
	middle := t.toPlane.Apply(filing.Point{cx, cy})
	onePx := float32(1 / t.toPixel.scale(middle[0], middle[1]))
	z0 := m[6]*cx + m[7]*cy + m[8]
	sleeve := t.sleeveCover()
	matt := t.main != nil && len(t.s.glares) > 0 && !t.s.glossyTable
	rows(t.h, func(y int) {
		dst := t.light.Pix[3*y*t.w:]
		lit := make([]float32, 6*t.lights.cols)
		t.lights.row(float32(y)+0.5, lit)
		dy := float64(y) + 0.5 - cy
		for x := range t.w {
			dx := float64(x) + 0.5 - cx
			k := 1 - k1*(dx*dx+dy*dy)/half2
			fx, fy := cx+dx*k, cy+dy*k
			z := 1 / (m[6]*fx + m[7]*fy + m[8])
			u := float32((m[0]*fx + m[1]*fy + m[2]) * z)
			v := float32((m[3]*fx + m[4]*fy + m[5]) * z)
			px := onePx * float32(z*z0)
			r, g, b := t.colourAt(u, v, px, below, objects)
			if sleeve != nil {
				r, g, b = sleeve(u, v, px, r, g, b)
			}
			at := (float32(x) + 0.5) / lightStep
			// Paper in laminate and cards shine, the table hardly does.
			shine := float32(1)
			if matt {
				lx, ly := t.main.local(u, v)
				out := roundedDistance(lx-t.main.w/2, ly-t.main.h/2, t.main.w/2, t.main.h/2, t.main.corner)
				shine = max(min(max(0.5-out/px, 0), 1), 0.04)
			}
			i := int(at)
			at -= float32(i)
			n := lit[6*i : 6*i+12]
			dst[3*x] = r*(n[0]+at*(n[6]-n[0])) + shine*(n[3]+at*(n[9]-n[3]))
			dst[3*x+1] = g*(n[1]+at*(n[7]-n[1])) + shine*(n[4]+at*(n[10]-n[4]))
			dst[3*x+2] = b*(n[2]+at*(n[8]-n[2])) + shine*(n[5]+at*(n[11]-n[5]))
		}
	})
	return nil
}

// colourAt is the reflectance at a place of the table, whatever lies on top there.
func (t *take) colourAt(u, v, px float32, below, objects []solid) (r, g, b float32) {
	if t.s.screen != nil {
		r, g, b = t.ground(u, v, px)
		return t.s.screen.over(t.main, u, v, px, r, g, b)
	}
	// What covers wholly saves the look at what is below it.
	if m := t.main; m != nil && len(objects) == 0 && m.bend == 0 {
		x, y := m.local(u, v)
		if roundedDistance(x-m.w/2, y-m.h/2, m.w/2, m.h/2, m.corner) < -px {
			return m.paint(x, y, px)
		}
	}
	r, g, b = t.ground(u, v, px)
	for i := range below {
		r, g, b = below[i].over(u, v, px, r, g, b)
	}
	if t.head != nil {
		r, g, b = t.head.over(u, v, px, r, g, b)
	}
	for _, s := range t.sheets {
		r, g, b = s.over(u, v, px, r, g, b)
	}
	for i := range objects {
		r, g, b = objects[i].over(u, v, px, r, g, b)
	}
	return r, g, b
}

// over lays the sheet over a colour, with the soft shadow of its edge.
func (s *sheet) over(u, v, px, r, g, b float32) (float32, float32, float32) {
	x, y := s.local(u, v)
	bentX, bentY := x, y
	if s.bend != 0 {
		// The long edges bow out by bend in the middle and hold still at the corners.
		t := min(max(x/s.w, 0), 1)
		bentY -= s.bend * 4 * t * (1 - t)
	}
	outside := roundedDistance(bentX-s.w/2, bentY-s.h/2, s.w/2, s.h/2, s.corner)
	if outside > s.thick+px {
		return r, g, b
	}
	cover := min(max(0.5-outside/px, 0), 1)
	if cover < 1 {
		far := roundedDistance(bentX-s.w/2-s.thick*0.3, bentY-s.h/2-s.thick*0.3, s.w/2, s.h/2, s.corner)
		if far < s.thick {
			d := 1 - max(far, 0)/s.thick
			dark := 1 - 0.42*d*d
			r, g, b = r*dark, g*dark, b*dark
		}
	}
	if cover > 0 {
		sr, sg, sb := s.paint(bentX, bentY, px)
		if s.bend != 0 {
			shade := 1 + 0.05*s.bend*(1-2*min(max(bentY/s.h, 0), 1))*0.5
			sr, sg, sb = sr*shade, sg*shade, sb*shade
		}
		r, g, b = sr*cover+r*(1-cover), sg*cover+g*(1-cover), sb*cover+b*(1-cover)
	}
	return r, g, b
}

// paint is the sheet's colour at a place on it.
func (s *sheet) paint(x, y, px float32) (r, g, b float32) {
	if s.tex == nil {
		return s.plain(x, y, px)
	}
	r, g, b = s.level.at(x*s.levelPPM, y*s.levelPPM)
	if s.fine != nil {
		k := s.fine.at(x, y, px)
		r, g, b = r*k, g*k, b*k
	}
	if s.copy != nil {
		return s.copy.paint(s.grit, x, y, r, g, b)
	}
	return r, g, b
}

// paint is what a photocopier makes of a colour: luminance through a steep curve, toner on paper, dirt.
func (c *copier) paint(grit *grain, x, y, r, g, b float32) (float32, float32, float32) {
	l := 0.2126*r + 0.7152*g + 0.0722*b
	// The curve works on lightness, about the cube root of light.
	t := float32(math.Cbrt(float64(l))) + float32(c.dirt)*grit.at(x/37, y/37)
	t = min(max(0.62+(t-0.62)*float32(c.contrast), 0), 1)
	v := float32(c.toner) + (1-float32(c.toner))*t*t*t
	return v * c.paper[0], v * c.paper[1], v * c.paper[2]
}
