package checks

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// legible judges whether what stands on the document can be read: that it is sharp, rightly exposed, and that no reflection
// covers text (G6.upload.6, 图片清晰). What is too dark or too bright to be read is not blamed for anything else as well:
// with better light the rest may be right.
//
// Where the document is not known for sure, what was measured may be the table's: then only what is far beyond the limit
// counts, and glare only where the document is likelier than not and nobody holds it. What is burnt out or dark is judged: it is why the
// document could not be found.
func (j *judge) legible() []filing.Finding {
	m := j.m
	if m.Decode == nil || !m.Decode.Complete {
		return nil
	}
	sure := m.Document != nil && m.Document.Confidence >= j.t.DocumentSure
	if !sure {
		if m.Format == filing.FormatJPEG { // others are what computers draw
			if f := j.exposed(); len(f) > 0 {
				return f
			}
		}
		out := j.blurred(j.t.SharpnessUnlocated)
		if m.Document != nil && m.Document.Confidence >= j.t.GlareSeen && !handheld(j.in.Declared.Material) {
			out = append(out, j.glare()...)
		}
		return out
	}
	if f := j.exposed(); len(f) > 0 {
		return f
	}
	return append(j.blurred(j.t.Sharpness), j.glare()...)
}

// blurred finds text whose edges are too wide for its height, and tells movement from a lens that was not focused: the person
// has to do different things about them.
func (j *judge) blurred(limit float64) []filing.Finding {
	m, t := j.m, j.t
	l := m.Legibility
	if m.Document == nil {
		return nil // what looked like lines of text may be hair or leaves; that no document was found is said
	}
	if l == nil || m.Sharpness == 0 || len(l.Tiles) == 0 {
		return nil
	}
	if l.TextHeightPx < t.SharpnessText {
		limit = min(limit, t.SharpnessUnlocated)
	}
	if len(l.Tiles) < t.SharpnessTiles {
		if limit <= t.SharpnessUnlocated {
			return nil
		}
		limit = t.SharpnessOneTile
	}
	sharpness := m.Sharpness
	if limit > t.SharpnessUnlocated { // of what is small, or need not be a document, detail says little
		sharpness *= j.detailed()
	}
	if sharpness >= limit {
		return nil
	}
	var w wording
	// What edges do not show is movement, which doubles strokes; a lens out of focus widens every edge.
	if l.MotionPx >= t.MotionShare*l.EdgeWidthPx || m.Sharpness >= limit {
		w = wording{message: "motion", advice: "motion"}
	} else if j.partly(limit) {
		w = wording{message: "partly", advice: "partly"}
	}
	f := j.c.finding("blurred", w)
	f.Measured, f.Limit = map[string]any{"sharpness": rounded(m.Sharpness)}, map[string]any{"min_sharpness": limit}
	if l.Detail > 0 {
		f.Measured["detail"], f.Limit["min_detail"] = rounded(l.Detail), t.Detail
	}
	worst := &l.Tiles[0]
	for i := range l.Tiles {
		if tile := &l.Tiles[i]; tile.EdgeWidthPx*worst.TextHeightPx > worst.EdgeWidthPx*tile.TextHeightPx {
			worst = tile
		}
	}
	f.Region = append([]filing.Point(nil), worst.Quad[:]...)
	return []filing.Finding{f}
}

// onPortrait reports whether an area is nothing but the ground of a portrait on a document.
func (j *judge) onPortrait(region []filing.Point) bool {
	return slices.ContainsFunc(j.m.Faces, func(f filing.Face) bool {
		x, y, reach := f.Box[0]+f.Box[2]/2, f.Box[1]+f.Box[3]/2, j.t.GlarePortrait*max(f.Box[2], f.Box[3])
		return f.InDocument && !slices.ContainsFunc(region, func(p filing.Point) bool {
			return max(math.Abs(p[0]-x), math.Abs(p[1]-y)) > reach
		})
	})
}

// detailed is by how much less sharp print counts than its edges are, 0 to 1, for want of detail.
func (j *judge) detailed() float64 {
	d := j.m.Legibility.Detail
	if d == 0 || d >= j.t.Detail { // 0: not measured
		return 1
	}
	return d * d / (j.t.Detail * j.t.Detail)
}

// partly reports whether a good part of the text is sharp while another is not: the phone was not held parallel to the
// document, or the paper is bent.
func (j *judge) partly(limit float64) bool {
	sharp := 0
	for _, tile := range j.m.Legibility.Tiles {
		if tile.TextHeightPx >= limit*tile.EdgeWidthPx {
			sharp++
		}
	}
	return 3*sharp >= len(j.m.Legibility.Tiles)
}

// exposed finds documents whose white is dark, and those whose white and all that is nearly white is one.
func (j *judge) exposed() []filing.Finding {
	if f := j.dark(); len(f) > 0 {
		return f
	}
	return j.burnt()
}

// dark finds documents whose white is dark, and pictures in which none can be found for that: there the brightest that there is
// has to be darker still, since it need not be paper. Dark ground that bears light print is dark by itself: that print is its white.
func (j *judge) dark() []filing.Finding {
	e, limit := j.m.Exposure, j.t.PaperLevel
	if d := j.m.Document; d == nil || d.Confidence < j.t.DocumentSeen {
		limit = j.t.PaperLevelUnlocated
	}
	if e == nil {
		return nil
	}
	paper := e.Paper
	switch {
	case j.backlit():
		paper, limit = e.Surroundings, j.t.PaperLevelUnlocated
	case e.Lightest >= j.t.LightPrint*paper:
		paper = e.Lightest
	}
	if paper >= limit {
		return nil
	}
	f := j.c.finding("underexposed", wording{})
	f.Measured, f.Limit = map[string]any{"paper": paper}, map[string]any{"min_paper": limit}
	f.Region = j.lit()
	return []filing.Finding{f}
}

// backlit reports whether what was taken for a document is more likely a window or a lamp (逆光): nothing but light, in a picture that
// is dark beside it.
func (j *judge) backlit() bool {
	d, e := j.m.Document, j.m.Exposure
	return d != nil && d.Confidence < j.t.BacklightConfidence && e.ClippedShare >= j.t.BacklightShare && e.Surroundings > 0
}

// lit is where the light was measured: on the document, or in the whole picture.
func (j *judge) lit() []filing.Point {
	if j.m.Document != nil {
		return append([]filing.Point(nil), j.m.Document.Quad[:]...)
	}
	w, h := float64(j.m.Width), float64(j.m.Height)
	return []filing.Point{{0, 0}, {w, 0}, {w, h}, {0, h}}
}

// burnt finds documents of which too much is white, and pictures in which none can be found for that.
func (j *judge) burnt() []filing.Finding {
	e, t := j.m.Exposure, j.t
	limit := t.ClippedShare
	if d := j.m.Document; (d == nil || d.Confidence < t.DocumentSeen) && !handheld(j.in.Declared.Material) {
		limit = t.ClippedShareUnlocated
	}
	ink := t.WashedInkUnknown
	if j.m.EXIF != nil && j.m.EXIF.HasExposure {
		ink = t.WashedInk
	}
	if j.lifted() {
		limit = t.LiftedShare
	}
	if e == nil || e.ClippedShare <= limit || e.Ink < ink && !j.fineLost() || j.edgeToEdge() {
		return nil
	}
	f := j.c.finding("overexposed", wording{values: values{"percent": percent(e.ClippedShare)}})
	f.Measured, f.Limit = map[string]any{"clipped_share": rounded(e.ClippedShare)}, map[string]any{"max_clipped_share": limit}
	f.Region = j.lit()
	return []filing.Finding{f}
}

// lifted reports whether print of a document that no camera tells of is pale although it is sharp: white was added to all of it (提亮过度), as
// apps that brighten scans do, and what is burnt of it was not burnt by a lamp. Print that is not sharp is pale without that, and what a GIF
// makes of colours, its 256, are pale and one white without it too.
func (j *judge) lifted() bool {
	d, e := j.m.Document, j.m.Exposure
	return e != nil && d != nil && d.Confidence >= j.t.DocumentSeen && (j.m.EXIF == nil || !j.m.EXIF.HasExposure) &&
		j.m.Format != filing.FormatGIF && e.Ink >= j.t.LiftedInk && j.m.Sharpness >= j.t.LiftedSharpness
}

// fineLost reports whether so much of what a camera took is burnt that fine print is, however black a title or a frame still is. What a
// computer drew is as white, and its print is whole.
func (j *judge) fineLost() bool {
	return j.m.Exposure.ClippedShare >= j.t.BurntShare && j.m.EXIF != nil && j.m.EXIF.HasExposure
}

// edgeToEdge reports whether the document is the whole picture, as where a computer drew or a scanner cut it out, or is, as far
// as can be told, what a registrar's computer drew: its white is then not light that was too much.
func (j *judge) edgeToEdge() bool {
	return j.m.Document != nil && j.m.Document.FrameShare >= j.t.WholeFrame ||
		computerMade(j.in.Declared.Material) && (j.m.EXIF == nil || !j.m.EXIF.HasExposure)
}

// glare finds reflections that lie on text, or are so large that they must.
func (j *judge) glare() []filing.Finding {
	g, t := j.m.Glare, j.t
	if g == nil || g.Share < t.GlareShare || g.TextShare < t.GlareTextShare && g.Share < t.GlareLarge || len(g.Regions) == 0 ||
		!slices.ContainsFunc(g.Regions, func(r []filing.Point) bool { return !j.onPortrait(r) }) {
		return nil
	}
	f := j.c.finding("glare", wording{values: values{"percent": percent(g.Share)}})
	f.Measured = map[string]any{"glare_share": rounded(g.Share), "glare_text_share": rounded(g.TextShare)}
	f.Limit = map[string]any{"max_glare_share": t.GlareShare, "max_glare_text_share": t.GlareTextShare}
	f.Region = append([]filing.Point(nil), g.Regions[0]...)
	return []filing.Finding{f}
}
