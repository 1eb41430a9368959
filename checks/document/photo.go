package document

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

const (
	// heldFace is how much longer a face is than the short side of a located document, at least, that its person holds up: a head is
	// three times as high as a card and nearly as high as a sheet of A4 is wide, and the portrait on a card is half as high as the card.
	heldFace = 0.7
	// heldFaceLines is the same in heights of the lines of text, where no document was located: a portrait on a card has six of them, a
	// head sixty beside a card and thirty beside a letter.
	heldFaceLines = 14
	// ofOwn is the confidence from which a located document counts as one, and ownLines how many lines of text it must bear.
	ofOwn, ownLines = 0.8, 3
)

// InPhoto returns what a photo shows and says, by its text and by what was measured of the same bytes. A person beside a document is a
// handheld photo (手持证件照片), which says what the document says; several documents that each bear text are a composite (拼接图).
// measured may be nil: then it is Recognize.
func InPhoto(r filing.Reading, measured *filing.Measurements) filing.Content {
	c := Recognize(r)
	if measured == nil {
		return c
	}
	if sure := handheld(r, measured, c.Kind); sure > 0 {
		c.Kind = filing.DetectedKind{Detected: filing.DocumentHandheld, Page: filing.PageFront, Confidence: sure}
		return c
	}
	if parts := partsOf(r, measured); parts != nil {
		return filing.Content{Kind: filing.DetectedKind{Detected: filing.DocumentComposite, Confidence: leastSure(parts)}, Parts: parts}
	}
	if sure := several(r, measured); sure > 0 && c.Kind.Detected != filing.DocumentUnknown && c.Kind.Detected != filing.DocumentComposite {
		c.Kind = filing.DetectedKind{Detected: filing.DocumentComposite, Confidence: math.Round(1000*sure*c.Kind.Confidence) / 1000}
	}
	return c
}

// partsOf is what each part of a picture shows in which several documents are seen; nil where it was read as one, and for a photo in
// which all text stands on one document: what else was taken for a document there is a table or a wall.
func partsOf(r filing.Reading, m *filing.Measurements) []filing.Content {
	each := r.Each()
	if len(each) < 2 || len(each) != len(m.Parts) {
		return nil
	}
	texts, panels := 0, 0
	parts := make([]filing.Content, len(each))
	for i := range each {
		if len(each[i].Lines) >= ownLines {
			texts++
		}
		if m.Parts[i].Panel {
			panels++
		}
		parts[i] = Recognize(each[i])
	}
	if panels < 2 && texts < 2 {
		return nil
	}
	return parts
}

// leastSure is the confidence of the part that was recognized the least surely of those that were at all.
func leastSure(parts []filing.Content) float64 {
	least := 1.0
	for i := range parts {
		if k := parts[i].Kind; k.Detected != filing.DocumentUnknown && k.Detected != "" {
			least = min(least, k.Confidence)
		}
	}
	return least
}

// handheld is how sure it is that a person is in the photo who holds a document: 0 where there is no face that is too large to be a
// portrait, or nothing that is held.
func handheld(r filing.Reading, m *filing.Measurements, kind filing.DetectedKind) float64 {
	best := 0.0
	for _, f := range m.Faces {
		if f.InDocument || !(f.Box[3] > 0) {
			continue
		}
		held := 0.0
		if d := m.Document; d != nil && f.Box[3] >= heldFace*shortSide(d.Quad) {
			held = d.Confidence
		}
		if kind.Detected != filing.DocumentUnknown && f.Box[3] >= heldFaceLines*lineHeight(r) {
			held = max(held, kind.Confidence)
		}
		best = max(best, f.Confidence*held)
	}
	return math.Round(1000*best) / 1000
}

func shortSide(q [4]filing.Point) float64 {
	side := func(i, k int) float64 { return math.Hypot(q[i][0]-q[k][0], q[i][1]-q[k][1]) }
	return min((side(0, 1)+side(2, 3))/2, (side(1, 2)+side(3, 0))/2)
}

// lineHeight is the median height of the lines, in pixels of the upright picture; infinite where there is none.
func lineHeight(r filing.Reading) float64 {
	if len(r.Lines) == 0 {
		return math.Inf(1)
	}
	heights := make([]float64, len(r.Lines))
	for i, l := range r.Lines {
		heights[i] = math.Hypot(l.Quad[3][0]-l.Quad[0][0], l.Quad[3][1]-l.Quad[0][1])
	}
	slices.Sort(heights)
	return heights[len(heights)/2]
}

// several is how sure it is that more than one document with text of its own lies in the photo, 0 where not.
func several(r filing.Reading, m *filing.Measurements) float64 {
	if m.Document == nil {
		return 0
	}
	var sure []float64
	for _, d := range append([]filing.Document{*m.Document}, m.Others...) {
		lines := 0
		for _, l := range r.Lines {
			if contains(d.Quad, filing.Point{(l.Quad[0][0] + l.Quad[2][0]) / 2, (l.Quad[0][1] + l.Quad[2][1]) / 2}) {
				lines++
			}
		}
		if d.Confidence >= ofOwn && lines >= ownLines {
			sure = append(sure, d.Confidence)
		}
	}
	if len(sure) < 2 {
		return 0
	}
	slices.Sort(sure)
	return sure[len(sure)-2]
}

// contains reports whether a point lies in a convex quadrilateral, clockwise.
func contains(q [4]filing.Point, p filing.Point) bool {
	for i := range q {
		a, b := q[i], q[(i+1)%4]
		if (b[0]-a[0])*(p[1]-a[1])-(b[1]-a[1])*(p[0]-a[0]) < 0 {
			return false
		}
	}
	return true
}
