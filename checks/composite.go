package checks

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// CompositeInput is all that a picture that somebody stitched is judged by (拼接图).
type CompositeInput struct {
	// Measurements are those of the whole picture, Parts the documents that were located in it, each measured by itself and, where
	// it was read, recognized.
	Measurements filing.Measurements
	Parts        []filing.SeenPart
	// Wanted is what must be in it; empty: that is not known, and nothing is missing or too much.
	Wanted []filing.PartWanted
	// Thresholds replaces the default table where it is given.
	Thresholds *Thresholds
}

// Composite judges a stitched picture part by part: nothing that belongs into it is missing, illegible, covered or at another
// scale, and nothing else is in it. What is decided where more than one answer is possible:
//
//   - A part that could not be recognized may be one that is missed: then a person looks (kind_unrecognized), and nobody is told
//     that it is not there. Parts fewer than wanted are missing for certain.
//   - A part whose side could not be told stands for either side.
//   - Both sides of one card are judged as two photos of them are (Pair): their scales, what they lie on and the light there. All
//     other cards are held to one scale (parts_scale).
//
// Findings come in the catalogue's order; there are never none but an empty list.
func Composite(in CompositeInput) []filing.Finding {
	c, t := loadCatalogue(), in.Thresholds
	if t == nil {
		t = loadThresholds()
	}
	j := compositeJudge{c: c, t: t, in: &in, out: []filing.Finding{}}
	j.complete()
	for i := range in.Parts {
		j.legible(i)
	}
	j.overlaps()
	if !j.sides() {
		j.scales()
	}
	c.sort(j.out)
	return j.out
}

// MadeInput is all that a picture which the service stitched is judged by, from what is kept of it.
type MadeInput struct {
	// Composite is the record of the picture; nil where none could be made.
	Composite *filing.Composite
	// Stale: one of the files that it was made of was replaced since, or it could not be made.
	Stale bool
	// Limits are those that the rules set to a file.
	Limits filing.UploadLimits
	// Thresholds replaces the default table where it is given.
	Thresholds *Thresholds
}

// Made judges a composite of ours (系统拼图) without its pixels: that it shows the files that it stands for, keeps the limits that
// the rules set to a file, and that no part's print is lower than the table asks for. One that is out of date, and one that another
// rule or another table has put out of the limits, is made again when it is next asked for.
func Made(in MadeInput) []filing.Finding {
	c, t := loadCatalogue(), in.Thresholds
	if t == nil {
		t = loadThresholds()
	}
	if in.Stale || in.Composite == nil {
		return []filing.Finding{c.finding("composite_stale", wording{})}
	}
	out := append([]filing.Finding{}, sizeFindings(c, in.Composite.Bytes, in.Limits, "")...)
	for i := range out {
		out[i].Repair = c.known["composite_stale"].Repair // not shrunk: made again
	}
	for i := range in.Composite.Parts {
		p := &in.Composite.Parts[i]
		if p.Predicted == nil || p.Predicted.TextHeightPx <= 0 || p.Predicted.TextHeightPx >= t.PartTextPx {
			continue
		}
		f := c.finding("part_illegible", wording{values: values{"part": partName(&p.Declared)}})
		f.Region = p.Quad[:]
		out = append(out, f)
	}
	c.sort(out)
	return out
}

// Unmended is the verdict of what was found of a file that a composite made of it does not mend: its own size, format, name, frames
// and metadata are not the composite's, which is encoded anew. What was found of what it shows is shown again, and so it stays, but
// for what reviewers overruled.
func Unmended(findings []filing.Finding) filing.Verdict {
	return filing.VerdictOf(slices.DeleteFunc(slices.Clone(findings), func(f filing.Finding) bool { return slices.Contains(encodedAnew, f.Code) }))
}

// encodedAnew are the findings that are about a file's bytes and not about what it shows.
var encodedAnew = []string{"extension_mismatch", "metadata_damaged", "animated_image", "file_too_small", "file_too_large", "too_many_pixels"}

// partName is what people call a part that was declared.
func partName(d *filing.Declared) filing.Text {
	name := NameOf(d.Material)
	if m, ok := MaterialOf(d.Material); ok {
		name = m.Name
	}
	if side, ok := loadCatalogue().words.Pages[d.Page]; ok && d.Page != "" {
		return filing.Text{ZH: name.ZH + side.ZH, EN: name.EN + " (" + side.EN + ")"}
	}
	return name
}

type compositeJudge struct {
	c   *catalogue
	t   *Thresholds
	in  *CompositeInput
	out []filing.Finding
}

func (j *compositeJudge) add(code string, w wording, region []filing.Point) *filing.Finding {
	f := j.c.finding(code, w)
	f.Region = region
	j.out = append(j.out, f)
	return &j.out[len(j.out)-1]
}

// named is what a part is called.
func (j *compositeJudge) named(kind filing.DocumentKind, page filing.Page) filing.Text {
	name, ok := j.c.words.Kinds[kind]
	if !ok {
		name = j.c.words.Kinds[filing.DocumentUnknown]
	}
	if side, ok := j.c.words.Pages[page]; ok && twoSided(kind) {
		return filing.Text{ZH: name.ZH + side.ZH, EN: name.EN + " (" + side.EN + ")"}
	}
	return name
}

// fits reports whether a located part may be a wanted one.
func fits(p *filing.SeenPart, w filing.PartWanted) bool {
	return p.Kind == w.Kind && (p.Page == "" || w.Page == "" || p.Page == w.Page || !twoSided(w.Kind))
}

// complete holds what is there against what must be.
func (j *compositeJudge) complete() {
	if len(j.in.Wanted) == 0 {
		return
	}
	taken := make([]bool, len(j.in.Parts))
	var missing []filing.PartWanted
	// Those whose side is known first, so that one whose side is not does not take their place.
	take := func(w filing.PartWanted, sure bool) bool {
		for i := range j.in.Parts {
			if p := &j.in.Parts[i]; !taken[i] && fits(p, w) && (!sure || p.Page == w.Page) {
				taken[i] = true
				return true
			}
		}
		return false
	}
	var open []filing.PartWanted
	for _, w := range j.in.Wanted {
		if !take(w, true) {
			open = append(open, w)
		}
	}
	for _, w := range open {
		if !take(w, false) {
			missing = append(missing, w)
		}
	}
	unknown := 0
	for i := range j.in.Parts {
		p := &j.in.Parts[i]
		if taken[i] {
			continue
		}
		if p.Kind == filing.DocumentUnknown || p.Kind == "" {
			unknown++
			continue
		}
		if twice := slices.IndexFunc(missing, func(w filing.PartWanted) bool { return w.Kind == p.Kind && twoSided(w.Kind) }); twice >= 0 {
			j.add("same_side_twice", wording{}, p.Quad[:]).Part = i + 1 // the other side is what is missing
			missing = slices.Delete(missing, twice, twice+1)
			continue
		}
		j.add("part_unexpected", wording{values: values{"part": j.named(p.Kind, p.Page)}}, p.Quad[:]).Part = i + 1
	}
	for n, w := range missing {
		if n >= len(missing)-unknown {
			break // one of those that nobody recognized may be it
		}
		f := j.add("part_missing", wording{values: values{"part": j.named(w.Kind, w.Page)}}, nil)
		f.Measured = map[string]any{"parts": len(j.in.Parts)}
		f.Limit = map[string]any{"parts": len(j.in.Wanted)}
	}
	if unknown > 0 && (len(missing) > 0 || len(j.in.Parts) > len(j.in.Wanted)) {
		j.add("kind_unrecognized", wording{}, nil)
	}
}

// legible judges whether a part can be read.
func (j *compositeJudge) legible(i int) {
	p := &j.in.Parts[i]
	l, bad := p.Legibility, false
	if l != nil && len(l.Tiles) >= j.t.SharpnessTiles {
		bad = l.TextHeightPx > 0 && l.TextHeightPx < j.t.TextHeightPx || p.Sharpness > 0 && p.Sharpness < j.t.Sharpness
	}
	if cardKind(p.Kind) {
		if mm := cardScale(&p.Document, j.t); mm > 0 && mm < j.t.CardPxPerMM {
			bad = true
		}
	}
	if bad {
		j.add("part_illegible", wording{values: values{"part": j.named(p.Kind, p.Page)}}, p.Quad[:]).Part = i + 1
	}
}

func cardKind(k filing.DocumentKind) bool { return twoSided(k) }

// cardScale is the resolution of a card in pixels per millimetre; 0 where it is none or was not located for sure.
func cardScale(d *filing.Document, t *Thresholds) float64 {
	if d.Confidence < t.PartSure || d.OutsideShare > t.PairOutsideShare {
		return 0
	}
	if fit := cardFit(d, t); fit != nil {
		return fit.PxPerMM
	}
	return 0
}

// overlaps finds parts that cover each other: their quadrilaterals meet, or what covers one lies in another.
func (j *compositeJudge) overlaps() {
	for i := range j.in.Parts {
		a := &j.in.Parts[i]
		for k := range i {
			b := &j.in.Parts[k]
			small := min(area(a.Quad[:]), area(b.Quad[:]))
			both := area(common(a.Quad[:], b.Quad[:]))
			for _, covered := range []struct{ under, over *filing.SeenPart }{{a, b}, {b, a}} {
				for _, o := range covered.under.Document.Occlusions {
					both = max(both, area(common(o, covered.over.Quad[:])))
				}
			}
			if small > 0 && both > j.t.PartsOverlap*small {
				j.add("parts_overlap", wording{}, a.Quad[:]).Part = i + 1
				return
			}
		}
	}
}

// sides judges the two sides of one card, where just one of each is there, and reports whether their scales are at odds.
func (j *compositeJudge) sides() bool {
	var front, back *filing.SeenPart
	for i := range j.in.Parts {
		p := &j.in.Parts[i]
		if !twoSided(p.Kind) {
			continue
		}
		side := &front
		if p.Page == filing.PageBack {
			side = &back
		} else if p.Page != filing.PageFront {
			continue
		}
		if *side != nil {
			return false // whose back is whose, nobody can tell
		}
		*side = p
	}
	if front == nil || back == nil || front.Kind != back.Kind {
		return false
	}
	// By millimetres, since both are in one frame; that a scale cannot be told is no news of a part that was located in doubt.
	found := Pair(PairInput{Front: j.byItself(front), Back: j.byItself(back), Material: "principal_id",
		Among: len(j.in.Parts) > 2, Thresholds: j.t}).Findings
	found = slices.DeleteFunc(found, func(f filing.Finding) bool { return f.Code == "front_back_scale_unknown" })
	j.out = append(j.out, found...)
	return slices.ContainsFunc(found, func(f filing.Finding) bool { return j.c.ofScale(f.Code) })
}

// byItself are the measurements of a part as those of a photo.
func (j *compositeJudge) byItself(p *filing.SeenPart) filing.Measurements {
	m := p.Alone(&j.in.Measurements)
	m.Pixels = nil // the picture's, which is one
	return m
}

// scales compares the cards of the picture.
func (j *compositeJudge) scales() {
	least, most := math.Inf(1), 0.0
	for i := range j.in.Parts {
		p := &j.in.Parts[i]
		if p.Kind != "" && p.Kind != filing.DocumentUnknown && !cardKind(p.Kind) {
			continue
		}
		if (p.Kind == "" || p.Kind == filing.DocumentUnknown) && (len(p.Document.Formats) == 0 || p.Document.Formats[0].Format != filing.FormatID1) {
			continue
		}
		if mm := cardScale(&p.Document, j.t); mm > 0 {
			least, most = min(least, mm), max(most, mm)
		}
	}
	if most <= least*j.t.ScaleRatio || math.IsInf(least, 1) {
		return
	}
	f := j.add("parts_scale", wording{values: values{"percent": percent(most/least - 1)}}, nil)
	f.Measured = map[string]any{"scale_ratio": thousandths(most / least)}
	f.Limit = map[string]any{"max_scale_ratio": j.t.ScaleRatio}
}

// area is that of a polygon, whichever way round.
func area(p []filing.Point) float64 {
	sum := 0.0
	for i, a := range p {
		b := p[(i+1)%len(p)]
		sum += a[0]*b[1] - b[0]*a[1]
	}
	return math.Abs(sum) / 2
}

// common is the part of a polygon within a convex one that runs clockwise (Sutherland and Hodgman, 1974).
func common(polygon, by []filing.Point) []filing.Point {
	side := func(a, b, p filing.Point) float64 { return (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0]) }
	for i, a := range by {
		b := by[(i+1)%len(by)]
		var kept []filing.Point
		for k, p := range polygon {
			q := polygon[(k+1)%len(polygon)]
			dp, dq := side(a, b, p), side(a, b, q)
			if dp >= 0 {
				kept = append(kept, p)
			}
			if (dp >= 0) != (dq >= 0) {
				t := dp / (dp - dq)
				kept = append(kept, filing.Point{p[0] + t*(q[0]-p[0]), p[1] + t*(q[1]-p[1])})
			}
		}
		polygon = kept
	}
	return polygon
}
