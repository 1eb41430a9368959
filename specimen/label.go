package specimen

import (
	"cmp"
	"image"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// label writes down the truth in rendered pixels; rescale takes it to those of the delivered picture.
func (t *take) label() error {
	tr := &t.truth
	tr.Documents = [][4]filing.Point{}
	levels := t.levelsOnDocument()
	tr.WhitePaperLevel = quantile(levels, 0.5) * t.unit * 0.9
	tr.UnevenRatio = quantile(levels, 0.95) / quantile(levels, 0.05)
	const inkReflectance = 0.02
	tr.InkContrast = math.Min(tr.WhitePaperLevel, 1) - math.Min(tr.WhitePaperLevel/0.9*inkReflectance, 1)
	p := &t.s.phone
	tr.NoiseSigma = math.Sqrt(p.read*p.read*t.s.gain*t.s.gain + p.shot*p.shot*t.s.gain*math.Min(tr.WhitePaperLevel, 1))
	m := t.main
	if m == nil {
		return nil
	}
	for _, s := range append([]*sheet{m}, t.sheets...) {
		if s.doc == nil || s == m && len(tr.Documents) > 0 {
			continue
		}
		var corners [4]filing.Point
		for i, c := range s.corners() {
			corners[i] = t.pixel(c)
		}
		tr.Documents = append(tr.Documents, corners)
	}
	tr.Kind, tr.WidthMM, tr.HeightMM, tr.CornerMM = m.doc.Kind, float64(m.w), float64(m.h), float64(m.corner)
	middle := m.point(float64(m.w)/2, float64(m.h)/2)
	tr.PxPerMM = t.toPixel.scale(middle[0], middle[1])
	t.labelTilt(middle)
	t.labelFrame()
	t.labelCover()
	t.labelSharpness()
	t.labelFaces()
	tr.Colourless = m.doc.Colourless
	tr.Grey = t.s.copy != nil || t.s.mono
	if t.s.screen != nil {
		tr.Recapture, tr.RecaptureKind = true, t.s.screen.kind
	}
	return nil
}

func (t *take) labelTilt(middle filing.Point) {
	r := t.rotated // whose third column is the document's normal
	if t.c.straight() {
		t.truth.TiltDegrees = math.Acos(math.Min(math.Abs(r[2][2]), 1)) * 180 / math.Pi
		return
	}
	// Through a lens that is shifted its middle is seen along (x, y, focal) from the principal point, which aim keeps at the middle of
	// what must be seen.
	var mx, my float64
	for _, p := range t.seen {
		mx, my = mx+p[0]/float64(len(t.seen)), my+p[1]/float64(len(t.seen))
	}
	dx, dy := middle[0]-mx, middle[1]-my
	c := [3]float64{r[0][0]*dx + r[0][1]*dy, r[1][0]*dx + r[1][1]*dy, r[2][0]*dx + r[2][1]*dy + t.away}
	n := [3]float64{r[0][2], r[1][2], r[2][2]}
	cos := math.Abs(c[0]*n[0]+c[1]*n[1]+c[2]*n[2]) / math.Sqrt(c[0]*c[0]+c[1]*c[1]+c[2]*c[2])
	t.truth.TiltDegrees = math.Acos(math.Min(cos, 1)) * 180 / math.Pi
}

// labelFrame measures what the frame cuts off and how much of it the document fills.
func (t *take) labelFrame() {
	tr, m := &t.truth, t.main
	deepest := math.Inf(-1)
	for side := range 4 {
		deepest = math.Max(deepest, t.depthBeyond(side))
	}
	tr.OutsideMM, tr.MarginMM = math.Max(deepest, 0), math.Max(-deepest, 0)
	w, h := float64(t.w), float64(t.h)
	inside, all := 0, 0
	t.samples(func(_ filing.Point, x, y float64) {
		all++
		if x >= 0 && y >= 0 && x <= w && y <= h {
			inside++
		}
	})
	tr.OutsideShare = 1 - float64(inside)/float64(all)
	tr.FrameShare = quadArea(tr.Documents[0]) * (1 - tr.OutsideShare) / (w * h)
	_ = m
}

// samples calls f for places spread evenly over the main document, round corners left out: the place in the plane and its
// pixel.
func (t *take) samples(f func(p filing.Point, x, y float64)) {
	m := t.main
	const across = 160
	down := int(across * m.h / m.w)
	for j := range down {
		for i := range across {
			x, y := (float32(i)+0.5)/across*m.w, (float32(j)+0.5)/float32(down)*m.h
			if roundedDistance(x-m.w/2, y-m.h/2, m.w/2, m.h/2, m.corner) > 0 {
				continue
			}
			p := m.point(float64(x), float64(y))
			// Distortion moves a place by less than a sample.
			q := t.toPixel.Apply(p)
			f(p, q[0], q[1])
		}
	}
}

// labelCover measures what covers the document and where reflections saturate, sampled evenly.
func (t *take) labelCover() {
	tr, m := &t.truth, t.main
	solids := prepareObjects(t.s.objects)
	lines := newTextMask(m)
	all, covered, visible, saturated, text, textLost := 0, 0, 0, 0, 0, 0
	var lost []filing.Point
	w, h := float64(t.w), float64(t.h)
	t.samples(func(p filing.Point, x, y float64) {
		all++
		for i := range solids {
			if far, _, _ := solids[i].distance(float32(p[0]), float32(p[1])); far < 0 {
				covered++
				return
			}
		}
		if x < 0 || y < 0 || x > w || y > h {
			return
		}
		visible++
		on := lines.at(p)
		if on {
			text++
		}
		if len(t.s.glares) == 0 {
			return
		}
		falling, mirrored := t.lightAt(p[0], p[1], x, y)
		lx, ly := m.local(float32(p[0]), float32(p[1]))
		r, g, b := m.paint(lx, ly, 1)
		before, after := float32(math.Inf(1)), float32(math.Inf(1))
		for k, c := range [3]float32{r, g, b} {
			own := c * falling[k] * float32(t.unit)
			before, after = min(before, own), min(after, own+mirrored[k])
		}
		if after >= 1 && before < 1 {
			saturated++
			if on {
				textLost++
			}
			lost = append(lost, filing.Point{x, y})
		}
	})
	tr.Occluded = float64(covered) / float64(all)
	if covered > 0 {
		for i, o := range t.s.objects {
			var outline []filing.Point
			for _, p := range o.outline() {
				outline = append(outline, t.pixel(p))
			}
			if touches(&solids[i], m) {
				tr.Occluders = append(tr.Occluders, outline)
			}
		}
	}
	tr.GlareShare = float64(saturated) / math.Max(float64(visible), 1)
	tr.GlareTextShare = float64(textLost) / math.Max(float64(text), 1)
	tr.GlareRegion = hull(lost)
}

// touches reports whether an object covers a part of a sheet.
func touches(s *solid, m *sheet) bool {
	for j := range 41 {
		for i := range 41 {
			p := m.point(float64(m.w)*float64(i)/40, float64(m.h)*float64(j)/40)
			if far, _, _ := s.distance(float32(p[0]), float32(p[1])); far < 0 {
				return true
			}
		}
	}
	return false
}

// textMask says where lines of text are, on a grid of millimetres of the document.
type textMask struct {
	m    *sheet
	w, h int
	on   []bool
}

func newTextMask(m *sheet) *textMask {
	k := &textMask{m: m, w: int(m.w) + 1, h: int(m.h) + 1}
	k.on = make([]bool, k.w*k.h)
	for _, l := range m.doc.Lines {
		ppm := m.doc.PxPerMM
		for y := int(l.Quad[0][1] / ppm); y <= int(l.Quad[2][1]/ppm); y++ {
			for x := int(l.Quad[0][0] / ppm); x <= int(l.Quad[2][0]/ppm); x++ {
				if x >= 0 && y >= 0 && x < k.w && y < k.h {
					k.on[y*k.w+x] = true
				}
			}
		}
	}
	return k
}

func (k *textMask) at(p filing.Point) bool {
	x, y := k.m.local(float32(p[0]), float32(p[1]))
	i, j := int(x), int(y)
	return i >= 0 && j >= 0 && i < k.w && j < k.h && k.on[j*k.w+i]
}

func (t *take) labelSharpness() {
	tr := &t.truth
	tr.TextHeightMM = t.textHeight()
	places := t.places()
	directions := []float64{0}
	if len(t.spread.path) > 0 {
		directions = []float64{t.s.motionDir, t.s.motionDir + 45, t.s.motionDir + 90}
		tr.Motion = true
		tr.MotionDegrees = math.Mod(t.s.motionDir+360, 180)
		least, most := math.Inf(1), math.Inf(-1)
		sin, cos := math.Sincos(t.s.motionDir * math.Pi / 180)
		for _, p := range t.spread.path {
			q := p[0]*cos + p[1]*sin
			least, most = math.Min(least, q), math.Max(most, q)
		}
		tr.MotionPx = most - least
	}
	worst, ratio := t.widths(places, directions...)
	best := slices.MinFunc(places, func(a, b spot) int { return cmp.Compare(a.least/a.textPx, b.least/b.textPx) })
	tr.EdgeWidthPerTextHeight, tr.EdgeWidthPx, tr.TextHeightPx = ratio, worst.worst, worst.textPx
	tr.EdgeWidthMM, tr.BestEdgeWidthPx = worst.worst/worst.scale, best.least
}

// rescale takes the truth from rendered pixels to those of the delivered picture, and judges whether it is clean.
func (t *take) rescale(img *image.RGBA) {
	tr := &t.truth
	tr.Width, tr.Height = img.Rect.Dx(), img.Rect.Dy()
	fx, fy := float64(tr.Width)/float64(t.w), float64(tr.Height)/float64(t.h)
	f := math.Sqrt(fx * fy)
	scale := func(points []filing.Point) {
		for i := range points {
			points[i] = filing.Point{points[i][0] * fx, points[i][1] * fy}
		}
	}
	for i := range tr.Documents {
		scale(tr.Documents[i][:])
	}
	for i := range tr.Occluders {
		scale(tr.Occluders[i])
	}
	scale(tr.GlareRegion)
	for _, v := range []*float64{&tr.PxPerMM, &tr.EdgeWidthPx, &tr.BestEdgeWidthPx, &tr.TextHeightPx, &tr.MotionPx} {
		*v *= f
	}
	for i := range tr.Faces {
		b := &tr.Faces[i].Box
		*b = [4]float64{b[0] * fx, b[1] * fy, b[2] * fx, b[3] * fy}
		tr.Faces[i].SharpPx *= f
	}
	tr.Clean = t.clean()
}

// clean says that no finding of severity error is right, the file's size left aside: the document wholly inside, sharp, large
// enough, rightly exposed, in colour, and no reflection on it.
func (t *take) clean() bool {
	tr := &t.truth
	const (
		enoughTextPx = 15   // characters of fewer pixels are a matter of opinion
		enoughFrame  = 0.25 // of the picture
	)
	exposure, decided := tr.Exposed()
	return t.main != nil && !tr.Grey && !tr.Colourless && !tr.Recapture && tr.OutsideMM == 0 && tr.MarginMM > 1 &&
		tr.Occluded == 0 && tr.EdgeWidthPerTextHeight <= ReadableEdge && tr.TextHeightPx >= enoughTextPx &&
		tr.FrameShare >= enoughFrame && tr.GlareShare == 0 && decided && exposure == 0 && tr.UnevenRatio < 2.2 &&
		tr.TiltDegrees <= 25 && len(tr.Documents) == 1 && t.s.person == nil
}

// quantile returns a quantile of values, which it sorts.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 1
	}
	slices.Sort(values)
	return values[int(q*float64(len(values)-1)+0.5)]
}

func quadArea(q [4]filing.Point) float64 {
	sum := 0.0
	for i := range 4 {
		a, b := q[i], q[(i+1)%4]
		sum += a[0]*b[1] - b[0]*a[1]
	}
	return math.Abs(sum) / 2
}

// hull is the convex hull of points, clockwise on the picture (Andrew's monotone chain).
func hull(points []filing.Point) []filing.Point {
	if len(points) < 3 {
		return nil
	}
	slices.SortFunc(points, func(a, b filing.Point) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	turn := func(o, a, b filing.Point) float64 { return (a[0]-o[0])*(b[1]-o[1]) - (a[1]-o[1])*(b[0]-o[0]) }
	var out []filing.Point
	for pass := range 2 {
		start := len(out)
		for i := range points {
			p := points[i]
			if pass == 1 {
				p = points[len(points)-1-i]
			}
			for len(out) >= start+2 && turn(out[len(out)-2], out[len(out)-1], p) <= 0 {
				out = out[:len(out)-1]
			}
			out = append(out, p)
		}
		out = out[:len(out)-1]
	}
	return out
}
