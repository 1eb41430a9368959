package legibility

import (
	"math"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// sheet is the document from straight above at a low resolution, and how to get from there to the picture (展平视图).
type sheet struct {
	frame *raster.Frame
	w, h  int
	// luma is 0 to 255, low the smallest of the three channels: both are high only where light of any colour saturates.
	luma, low []uint8
	// seen tells what lies inside the frame.
	seen []bool
	// toFull takes positions of the sheet to upright full-size pixels.
	toFull raster.Homography
	// located: the sheet is a document; otherwise it is the whole picture.
	located bool
	// textMin and textMax bound the height of ordinary print in pixels of the sheet, text is what to expect.
	textMin, text, textMax float64
}

// sheetText is the height, in pixels of the sheet, that the smallest ordinary print of the format is given: enough to
// tell lines from gaps, as little as the time allows.
const sheetText = 10

// Bounds of the sides of a sheet in pixels.
const (
	minSheet = 24
	maxSheet = 960
)

// printHeight returns the height of the glyphs of the smallest ordinary print over the long side of a format: 2.5 mm on cards
// (GA 461 sets the labels of identity cards in about 7 point), 2.4 mm on the page of a passport (ICAO 9303-4: 10 to 15
// characters an inch), 10.5 to 14 point (五号 to 四号) on paper. A glyph fills 0.92 of its body.
func printHeight(format string) float64 {
	switch format {
	case filing.FormatID1:
		return 0.92 * 2.6 / 85.6
	case filing.FormatID3:
		return 0.92 * 2.4 / 125
	case filing.FormatA3:
		return 0.92 * 5 / 420
	default:
		return 0.92 * 4.1 / 297
	}
}

// newSheet returns nil where the picture is too small to hold anything.
func newSheet(f *raster.Frame, doc *filing.Document) *sheet {
	if f == nil || f.Small == nil || f.Full == nil || f.Small.W < minSheet || f.Small.H < minSheet {
		return nil
	}
	s := &sheet{frame: f}
	if doc == nil || !s.lay(doc) {
		s.whole()
	}
	s.sample()
	return s
}

// lay puts the sheet on a document; false where its corners are no quadrilateral worth looking at.
func (s *sheet) lay(doc *filing.Document) bool {
	q, limit := raster.Quad(doc.Quad), 4*float64(max(s.frame.Width, s.frame.Height))
	for _, p := range q {
		if !(math.Abs(p[0]) < limit && math.Abs(p[1]) < limit) {
			return false
		}
	}
	if !q.Convex() {
		return false
	}
	inside := raster.PolygonArea(q.Within(float64(s.frame.Width), float64(s.frame.Height)))
	if inside < minSheet*minSheet || inside < q.Area()/8 {
		return false
	}
	across, down := (q.Side(0)+q.Side(2))/2, (q.Side(1)+q.Side(3))/2
	if min(across, down) < minSheet || max(across, down) > 8*min(across, down) {
		return false
	}
	// Formats that the shape cannot tell apart (a passport's page and A4) differ in the size of their print: whichever is
	// likely widens what is expected.
	least, most := math.Inf(1), 0.0
	for i, fit := range doc.Formats {
		if i == 0 || fit.Likelihood >= doc.Formats[0].Likelihood/2 {
			least, most = min(least, printHeight(fit.Format)), max(most, printHeight(fit.Format))
		}
	}
	if most == 0 {
		least, most = printHeight(filing.FormatA4), printHeight(filing.FormatID1)
	}
	long := min(sheetText/least, maxSheet)
	s.text = least * long
	s.textMin, s.textMax = 0.7*s.text, 1.5*most*long
	scale := long / max(across, down)
	s.w, s.h = max(int(across*scale+0.5), minSheet), max(int(down*scale+0.5), minSheet)
	m, ok := raster.RectToQuad(float64(s.w), float64(s.h), q)
	if !ok {
		return false
	}
	s.toFull, s.located = m, true
	return true
}

// whole makes the sheet the whole picture.
func (s *sheet) whole() {
	long := max(s.frame.Small.W, s.frame.Small.H)
	scale := min(1, maxSheet/float64(long))
	s.w, s.h = max(int(float64(s.frame.Small.W)*scale), minSheet), max(int(float64(s.frame.Small.H)*scale), minSheet)
	s.toFull = raster.Homography{
		float64(s.frame.Width) / float64(s.w), 0, 0, 0, float64(s.frame.Height) / float64(s.h), 0, 0, 0, 1,
	}
	s.text, s.textMin, s.textMax = 12, 5, 40
}

// sample fills the sheet from the small picture, each pixel from the nearest there: the small picture is as fine as the sheet
// or finer, and lines of text are summed up over many pixels.
func (s *sheet) sample() {
	n := s.w * s.h
	s.luma, s.low, s.seen = make([]uint8, n), make([]uint8, n), make([]bool, n)
	p := s.frame.Small
	scale := raster.Homography{s.frame.Scale[0], 0, 0, 0, s.frame.Scale[1], 0, 0, 0, 1}
	m := scale.After(s.toFull)
	right, bottom := float64(p.W), float64(p.H)
	for y := range s.h {
		fy := float64(y) + 0.5
		u, v, z := m[0]*0.5+m[1]*fy+m[2], m[3]*0.5+m[4]*fy+m[5], m[6]*0.5+m[7]*fy+m[8]
		luma, low, seen := s.luma[y*s.w:(y+1)*s.w], s.low[y*s.w:(y+1)*s.w], s.seen[y*s.w:(y+1)*s.w]
		for x := range luma {
			inverse := 1 / z
			px, py := u*inverse, v*inverse
			u, v, z = u+m[0], v+m[3], z+m[6]
			if !(px >= 0 && py >= 0 && px < right && py < bottom) {
				continue
			}
			i := 3 * (int(py)*p.W + int(px))
			c := p.Pix[i : i+3 : i+3]
			seen[x], luma[x], low[x] = true, raster.Luma(c[0], c[1], c[2]), min(c[0], c[1], c[2])
		}
	}
}
