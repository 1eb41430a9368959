package document

import (
	"cmp"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// sheet is the text of a page in the page's own plane: upright, as wide as 1.
type sheet struct {
	reading filing.Reading
	lines   []line
	// height is the median height of the lines.
	height float64
}

// line is a line with its text folded (fold) and where it lies on the sheet.
type line struct {
	runes []rune
	// glyphs are the places of the runes in the line as it was read.
	glyphs []int
	index  int // in Reading.Lines
	box
}

// box is an upright rectangle of the sheet.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) middle() float64 { return (b.y0 + b.y1) / 2 }
func (b box) height() float64 { return b.y1 - b.y0 }

func newSheet(r filing.Reading) *sheet {
	s := &sheet{reading: r}
	toSheet := plane(r)
	for i, l := range r.Lines {
		out := line{index: i}
		place := 0
		for _, c := range l.Text {
			if f, ok := fold(c); ok {
				out.runes = append(out.runes, f)
				out.glyphs = append(out.glyphs, place)
			}
			place++
		}
		if len(out.runes) == 0 {
			continue
		}
		q := [4]filing.Point{}
		for k, p := range l.Quad {
			q[k] = toSheet(p)
		}
		out.box = box{(q[0][0] + q[3][0]) / 2, (q[0][1] + q[1][1]) / 2, (q[1][0] + q[2][0]) / 2, (q[2][1] + q[3][1]) / 2}
		if len(out.runes) >= 3 && askew(q) {
			continue // a mark laid across the page: 仅供备案使用, SPECIMEN
		}
		s.lines = append(s.lines, out)
	}
	heights := make([]float64, len(s.lines))
	for i, l := range s.lines {
		heights[i] = l.height()
	}
	slices.Sort(heights)
	if len(heights) > 0 {
		s.height = heights[len(heights)/2]
	}
	return s
}

// askewFrom is the slope, rise over run, from which a line is none of the page's own: 10 degrees.
const askewFrom = 0.18

// askew reports whether a line of the sheet runs at an angle to the others.
func askew(q [4]filing.Point) bool {
	dx, dy := q[1][0]-q[0][0]+q[2][0]-q[3][0], q[1][1]-q[0][1]+q[2][1]-q[3][1]
	return math.Abs(dy) > askewFrom*math.Abs(dx) && math.Abs(dx) > math.Abs(q[3][1]-q[0][1])
}

// pitch is how wide a character of a line is on the sheet.
func (l *line) pitch() float64 { return (l.x1 - l.x0) / float64(len(l.runes)) }

// fold brings a character to the form in which texts are compared: of half width, small, and without what is often lost or
// confused (spaces, colons). It reports false for what is left out.
func fold(c rune) (rune, bool) {
	if c >= '！' && c <= '～' {
		c += '!' - '！'
	}
	switch c {
	case ' ', '\u3000', '\t', '\u00a0', ':':
		return 0, false
	case '〈', '【', '〔', '[': // the brackets that readers take round ones for
		return '(', true
	case '〉', '】', '〕', ']':
		return ')', true
	}
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c, true
}

func folded(text string) []rune {
	var out []rune
	for _, c := range text {
		if f, ok := fold(c); ok {
			out = append(out, f)
		}
	}
	return out
}

// plane returns the map from the picture to the sheet: the page's homography (Heckbert, 1989), and a turn by the angle at which
// its lines run, which a whole picture has and a located document hardly.
func plane(r filing.Reading) func(filing.Point) filing.Point {
	toPage := unproject(r.Page)
	angles := make([]float64, 0, len(r.Lines))
	for _, l := range r.Lines {
		a, b := toPage(l.Quad[0]), toPage(l.Quad[1])
		if len(l.Glyphs) >= 4 {
			angles = append(angles, math.Atan2(b[1]-a[1], b[0]-a[0]))
		}
	}
	slices.Sort(angles)
	turn := 0.0
	if len(angles) > 0 {
		turn = angles[len(angles)/2]
	}
	sin, cos := math.Sincos(-turn)
	return func(p filing.Point) filing.Point {
		q := toPage(p)
		return filing.Point{q[0]*cos - q[1]*sin, q[0]*sin + q[1]*cos}
	}
}

// unproject takes a quadrilateral to a rectangle of width 1 and of the proportions of its sides. Where it is none, the picture is
// taken as it is.
func unproject(q [4]filing.Point) func(filing.Point) filing.Point {
	side := func(i, j int) float64 { return math.Hypot(q[i][0]-q[j][0], q[i][1]-q[j][1]) }
	w, h := max(side(0, 1), side(3, 2)), max(side(0, 3), side(1, 2))
	asIs := func(p filing.Point) filing.Point { return p }
	if !(w > 0 && h > 0) {
		return asIs
	}
	sx, sy := q[0][0]-q[1][0]+q[2][0]-q[3][0], q[0][1]-q[1][1]+q[2][1]-q[3][1]
	dx1, dx2, dy1, dy2 := q[1][0]-q[2][0], q[3][0]-q[2][0], q[1][1]-q[2][1], q[3][1]-q[2][1]
	det := dx1*dy2 - dx2*dy1
	if det == 0 || math.IsNaN(det) {
		return asIs
	}
	g, k := (sx*dy2-dx2*sy)/det, (dx1*sy-sx*dy1)/det
	a, b := q[1][0]-q[0][0]+g*q[1][0], q[3][0]-q[0][0]+k*q[3][0]
	d, e := q[1][1]-q[0][1]+g*q[1][1], q[3][1]-q[0][1]+k*q[3][1]
	return func(p filing.Point) filing.Point {
		// (u, v) of the unit square solves two linear equations.
		x, y := p[0]-q[0][0], p[1]-q[0][1]
		a, b, d, e := a-g*p[0], b-k*p[0], d-g*p[1], e-k*p[1]
		det := a*e - b*d
		if det == 0 {
			return filing.Point{}
		}
		return filing.Point{(x*e - y*b) / det, (y*a - x*d) / det * h / w}
	}
}

// part is a stretch of a line: its runes from and to.
type part struct{ line, from, to int }

// text returns the folded text of parts.
func (s *sheet) text(parts []part) []rune {
	var out []rune
	for _, p := range parts {
		out = append(out, s.lines[p.line].runes[p.from:p.to]...)
	}
	return out
}

// boxOf is where a part lies on the sheet.
func (s *sheet) boxOf(p part) box {
	l := &s.lines[p.line]
	start, end := s.shares(p)
	b := l.box
	w := l.x1 - l.x0
	b.x0, b.x1 = l.x0+start*w, l.x0+end*w
	return b
}

// shares are where a part begins and ends along its line, 0 to 1.
func (s *sheet) shares(p part) (start, end float64) {
	l := &s.lines[p.line]
	glyphs := s.reading.Lines[l.index].Glyphs
	at := func(i int) float64 {
		if g := l.glyphs[i]; g < len(glyphs) {
			return glyphs[g].At
		}
		return (float64(i) + 0.5) / float64(len(l.runes))
	}
	start, end = 0, 1
	if p.from > 0 && p.from < len(l.runes) {
		start = (at(p.from-1) + at(p.from)) / 2
	}
	if p.to > 0 && p.to < len(l.runes) {
		end = (at(p.to-1) + at(p.to)) / 2
	}
	return start, max(start, end)
}

// field makes a field of parts.
func (s *sheet) field(name filing.FieldName, parts ...part) filing.Field {
	f := filing.Field{Name: name}
	sum, n := 0.0, 0
	for _, p := range parts {
		if p.from >= p.to {
			continue
		}
		l := &s.lines[p.line]
		read := &s.reading.Lines[l.index]
		f.Text += string([]rune(read.Text)[l.glyphs[p.from] : l.glyphs[p.to-1]+1])
		start, end := s.shares(p)
		q := read.Quad
		along := func(a, b filing.Point, t float64) filing.Point {
			return filing.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}
		}
		f.Quads = append(f.Quads, [4]filing.Point{along(q[0], q[1], start), along(q[0], q[1], end), along(q[3], q[2], end), along(q[3], q[2], start)})
		for i := p.from; i < p.to; i++ {
			c := read.Confidence
			if g := l.glyphs[i]; g < len(read.Glyphs) {
				c = read.Glyphs[g].Confidence
			}
			sum, n = sum+c, n+1
		}
	}
	if n > 0 {
		f.Confidence = math.Round(1000*sum/float64(n)) / 1000
	}
	f.Value = f.Text
	return f
}

// doubtful are the places, counted in the folded text of parts, of the characters that the recognizer was not sure of.
func (s *sheet) doubtful(parts []part) []int {
	// sure is the confidence from which a character is not in doubt: of the wrong digits in drawn numbers nearly all are below it.
	const sure = 0.9
	var out []int
	n := 0
	for _, p := range parts {
		l := &s.lines[p.line]
		read := &s.reading.Lines[l.index]
		for i := p.from; i < p.to; i++ {
			if g := l.glyphs[i]; g < len(read.Glyphs) && read.Glyphs[g].Confidence < sure {
				out = append(out, n)
			}
			n++
		}
	}
	return out
}

// right is the nearest line to the right of a box in its row; -1 where there is none.
func (s *sheet) right(b box, from int) int {
	best := -1
	for i, l := range s.lines {
		if i == from || math.Abs(l.middle()-b.middle()) > 0.6*max(l.height(), b.height()) || l.x0 < b.x1-0.7*b.height() {
			continue
		}
		if best < 0 || l.x0 < s.lines[best].x0 {
			best = i
		}
	}
	return best
}

// under is the nearest line below a box that begins where it begins; -1 where there is none. reach is how far away it may be, in
// heights of the box from middle to middle.
func (s *sheet) under(b box, reach float64) int {
	var near []int
	for i, l := range s.lines {
		down := l.middle() - b.middle()
		if down > 0.6*b.height() && down < reach*b.height() && math.Abs(l.x0-b.x0) < 1.5*b.height() {
			near = append(near, i)
		}
	}
	if len(near) == 0 {
		return -1
	}
	return slices.MinFunc(near, func(i, j int) int { return cmp.Compare(s.lines[i].middle(), s.lines[j].middle()) })
}
