package imaging

import (
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/legibility"
	"github.com/preflight-icp/preflight/imaging/locate"
	"github.com/preflight-icp/preflight/imaging/origin"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// Parts locates the documents of a picture that somebody stitched (拼接图的各部分) and measures each by itself: panels between flat
// bands and at seams first, then a document in each panel; where the picture has one panel only, all documents in it. Their kinds
// are not told: that takes reading. The parts come in rows from the top, from the left within a row. Errors are ErrUnsupported,
// ErrDamaged, ErrTooManyPixels, the context's, or a failure of this machine.
func (a *Analyzer) Parts(ctx context.Context, data []byte) ([]filing.SeenPart, error) {
	h, orientation, err := a.check(data)
	if err != nil {
		return nil, fmt.Errorf("locate parts: %w", err)
	}
	_, f, damage, err := a.measure(ctx, &h, data)
	if err == nil && damage != "" {
		err = ErrDamaged
	}
	if err != nil {
		return nil, fmt.Errorf("locate parts: %w", err)
	}
	defer a.framers.Put(f)
	whole := f.frame(orientation)
	cut, err := partsOf(ctx, whole, panelsOf(whole.Small), nil)
	if err != nil {
		return nil, fmt.Errorf("locate parts: %w", err)
	}
	return cut.parts, nil
}

// several locates and measures the parts of a picture where there is reason to: where bands or seams divide it, or more than one
// document was found in it. A photo of one document costs the look for panels and nothing else.
func several(ctx context.Context, f *raster.Frame, documents []filing.Document, m *filing.Measurements) error {
	panels := panelsOf(f.Small)
	sure := func(least float64) []filing.Document {
		return slices.DeleteFunc(slices.Clone(documents), func(d filing.Document) bool { return d.Confidence < least })
	}
	if len(panels) < 2 && len(sure(furtherSure)) < 2 {
		return nil
	}
	// Where there are two, a further one is more likely, too.
	cut, err := partsOf(ctx, f, panels, sure(partSure))
	if err != nil || len(cut.parts) < 2 {
		return err
	}
	if area := f.Small.W * f.Small.H; len(panels) > 1 && cut.located < 2 && float64(areaOf(panels)) > seamsOnly*float64(area) {
		return nil // a joint of the table, or the frame of a screen, beside one document
	}
	m.Parts, m.PartsLeft = cut.parts, cut.left
	return nil
}

// seamsOnly is the share of a picture that its panels take where no band lies between them: then nothing but their documents tells a
// seam from a straight line in a photo.
const seamsOnly = 0.98

func areaOf(panels []image.Rectangle) (area int) {
	for _, p := range panels {
		area += p.Dx() * p.Dy()
	}
	return area
}

// cutPicture is what a picture was cut into: its parts, how many of those were located as documents and are no panels as a whole, and
// how many more parts there are than are measured.
type cutPicture struct {
	parts         []filing.SeenPart
	located, left int
}

// partSure is the confidence from which what locate finds in a panel is taken for the part in place of the whole panel, and
// panelSure that of a panel in which nothing is found: something was stitched in there, so it is a part more likely than not.
const partSure, panelSure = 0.25, 0.6

// furtherSure is the confidence from which another document beside the main one of a photo counts.
const furtherSure = 2 * partSure

// partsOf measures the parts of a picture that was cut into panels. Of one that is a single panel they are the documents in it: those of
// whole, where they are known.
func partsOf(ctx context.Context, f *raster.Frame, panels []image.Rectangle, whole []filing.Document) (cut cutPicture, _ error) {
	parts := []filing.SeenPart{}
	left := len(panels) - filing.MostParts
	if left > 0 {
		panels = panels[:filing.MostParts]
	}
	for _, box := range panels {
		if err := ctx.Err(); err != nil {
			return cut, err
		}
		if len(panels) > 1 {
			box = box.Inset(mixed)
		}
		sub, at := panelFrame(f, box)
		found := whole
		if len(panels) > 1 || whole == nil {
			found = slices.DeleteFunc(locate.Documents(sub), func(d filing.Document) bool { return d.Confidence < partSure })
		}
		switch {
		case len(panels) == 1:
		case len(found) > 1: // of what one photo shows the main document; others stand for themselves where they are as sure
			main := found[0]
			found = slices.DeleteFunc(found[1:], func(d filing.Document) bool { return d.Confidence < furtherSure })
			found = append([]filing.Document{main}, found...)
		}
		if len(panels) > 1 && (len(found) == 0 || raster.Quad(found[0].Quad).Area() < leastOfPanel*float64(sub.Width*sub.Height)) {
			w, hh := float64(sub.Width), float64(sub.Height)
			found = []filing.Document{locate.Panel(sub, raster.Quad{{0, 0}, {w, 0}, {w, hh}, {0, hh}}, panelSure)}
		} else {
			cut.located += len(found)
		}
		for _, d := range found {
			// Within its panel: what lies beside it there is another photo's.
			p := filing.SeenPart{Kind: filing.DocumentUnknown, Panel: len(panels) > 1, Colour: origin.Colour(sub, &d), Surround: surroundOf(sub, &d)}
			for i := range d.Quad {
				d.Quad[i] = filing.Point{d.Quad[i][0] + at[0], d.Quad[i][1] + at[1]}
			}
			for _, o := range d.Occlusions {
				for i := range o {
					o[i] = filing.Point{o[i][0] + at[0], o[i][1] + at[1]}
				}
			}
			p.Quad, p.Document = d.Quad, d
			parts = append(parts, p)
		}
	}
	// Rows from the top: two are in one row where their middles lie within the height of either.
	slices.SortStableFunc(parts, func(a, b filing.SeenPart) int {
		p, q := raster.Quad(a.Quad), raster.Quad(b.Quad)
		if d := p.Middle()[1] - q.Middle()[1]; d*d > q.Side(1)*q.Side(1)/4 {
			return sign(d)
		}
		return sign(p.Middle()[0] - q.Middle()[0])
	})
	left = max(left, 0)
	if n := len(parts) - filing.MostParts; n > 0 {
		parts, left = parts[:filing.MostParts], left+n
	}
	for i := range parts {
		if err := ctx.Err(); err != nil {
			return cut, err
		}
		p := &parts[i]
		seen := legibility.Measure(f, &p.Document)
		p.Sharpness, p.Legibility, p.Glare, p.Exposure = seen.Sharpness, seen.Legibility, seen.Glare, seen.Exposure
	}
	cut.parts, cut.left = parts, left
	return cut, nil
}

// mixed is how far pixels of the reduced picture hold a little of what lies beside a panel: an edge where the panel begins would be
// taken for that of a document which fills it.
const mixed = 2

// leastOfPanel is the share of a panel that what is found in it has to take; what is smaller is something printed on the document.
const leastOfPanel = 0.1

func sign(v float64) int {
	switch {
	case v < 0:
		return -1
	case v > 0:
		return 1
	}
	return 0
}

// panelFrame is a panel of a picture as a picture by itself, and where it begins in pixels of the whole.
func panelFrame(f *raster.Frame, box image.Rectangle) (*raster.Frame, raster.Point) {
	at := f.FromSmall(raster.Point{float64(box.Min.X), float64(box.Min.Y)})
	end := f.FromSmall(raster.Point{float64(box.Max.X), float64(box.Max.Y)})
	at = raster.Point{float64(int(at[0] + 0.5)), float64(int(at[1] + 0.5))}
	small := raster.NewRGB(box.Dx(), box.Dy())
	for y := range box.Dy() {
		copy(small.Row(y), f.Small.Row(box.Min.Y + y)[3*box.Min.X:3*box.Max.X])
	}
	w, h := max(1, int(end[0]+0.5)-int(at[0])), max(1, int(end[1]+0.5)-int(at[1]))
	return &raster.Frame{
		Width: w, Height: h, Small: small, Scale: [2]float64{float64(box.Dx()) / float64(w), float64(box.Dy()) / float64(h)},
		Full: f.Full, ToFull: f.ToFull.After(raster.Homography{1, 0, at[0], 0, 1, at[1], 0, 0, 1}),
	}, at
}

// How panels are told from what is printed in them. Lengths are shares of the longer side of the picture.
const (
	// flatDeviationOf is by how much pixels of a flat band differ from its colour at most, in levels: JPEG's ringing, no camera's noise.
	flatDeviationOf = 10
	// flatShareOf is the share of a row or column that has to be flat: letters of a caption that begin too early do not end a band.
	flatShareOf = 0.995
	// leastPanel is the shorter side of a panel; leastBand the width of a band, of which mixed pixels leave half of a narrow one.
	leastPanel, leastBand = 0.08, 0.0025
	// solidShare is the share of a panel's edges that differs from the band beside them: a photo or a page does all along, lines of
	// print do where a letter touches.
	solidShare = 0.65
)

// panelsOf cuts a picture along flat bands and seams that run from side to side, again and again, into what was stitched together.
func panelsOf(p *raster.RGB) []image.Rectangle {
	c := cutter{p: p, least: max(8, int(leastPanel*float64(max(p.W, p.H)))), band: max(2, int(leastBand*float64(max(p.W, p.H))))}
	whole := image.Rect(0, 0, p.W, p.H)
	if out := c.cut(whole, 4); len(out) > 1 {
		return out
	}
	return []image.Rectangle{whole}
}

type cutter struct {
	p           *raster.RGB
	least, band int
	profiles    [2]profiles
}

// span is a run of rows or columns.
type span struct{ from, to int }

// cut returns the solid panels of a region, nil where it holds anything else.
func (c *cutter) cut(r image.Rectangle, depth int) []image.Rectangle {
	r = c.trim(r)
	if min(r.Dx(), r.Dy()) < c.least {
		return nil
	}
	if depth > 0 {
		for _, down := range []bool{true, false} {
			if out := c.split(r, c.bands(r, down), down, depth, true); out != nil {
				return out
			}
		}
	}
	if !c.solid(r) {
		return nil
	}
	if depth > 0 {
		for _, down := range []bool{true, false} {
			if at, ragged := c.seam(r, down); at > 0 {
				if out := c.split(r, []span{{at, at}}, down, depth, ragged); out != nil {
					return out
				}
			}
		}
	}
	return []image.Rectangle{r}
}

// split cuts a region at bands or a seam. It is nil where a piece of some size is no panel: then what seemed bands is white space. It is
// less strict with a seam along the whole of a region, which parts two panels even where the ground of one is as flat as a band.
func (c *cutter) split(r image.Rectangle, bands []span, down bool, depth int, strict bool) []image.Rectangle {
	if len(bands) == 0 {
		return nil
	}
	var out []image.Rectangle
	at := r.Min.X
	end := r.Max.X
	if down {
		at, end = r.Min.Y, r.Max.Y
	}
	for _, b := range append(bands, span{end, end}) {
		piece := image.Rect(at, r.Min.Y, b.from, r.Max.Y)
		if down {
			piece = image.Rect(r.Min.X, at, r.Max.X, b.from)
		}
		at = b.to
		if trimmed := c.trim(piece); min(trimmed.Dx(), trimmed.Dy()) < c.least {
			if b.from == b.to && b.to != end {
				return nil // a seam parts two panels
			}
			continue // a caption, or nothing
		}
		panels := c.cut(piece, depth-1)
		if panels == nil {
			if strict {
				return nil
			}
			panels = []image.Rectangle{piece}
		}
		out = append(out, panels...)
	}
	return out
}

// bands are the flat runs of rows (down) or columns within a region.
func (c *cutter) bands(r image.Rectangle, down bool) (out []span) {
	from, to := r.Min.X, r.Max.X
	if down {
		from, to = r.Min.Y, r.Max.Y
	}
	start := -1
	for i := from; i <= to; i++ {
		if i < to && c.flat(r, i, down) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 && i-start >= c.band && start > from && i < to {
			out = append(out, span{start, i})
		}
		start = -1
	}
	return out
}

// line calls do with each pixel of a row (down) or column of a region.
func (c *cutter) line(r image.Rectangle, i int, down bool, do func(pixel []uint8)) {
	if down {
		row := c.p.Row(i)
		for x := r.Min.X; x < r.Max.X; x++ {
			do(row[3*x : 3*x+3])
		}
		return
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		do(c.p.Row(y)[3*i : 3*i+3])
	}
}

// flat reports whether a row or column is of one colour: that of its middle. Its ends may hold a little of what lies beside the region.
func (c *cutter) flat(r image.Rectangle, i int, down bool) bool {
	across := r.Dx()
	if !down {
		across = r.Dy()
	}
	middle := [3]uint8(c.pixel(r, i, across/2, down))
	off, most := 0, deviationOf(middle)
	allowed := int((1 - flatShareOf) * float64(across))
	for k := mixed; k < across-mixed; k++ {
		if levelsApart(middle[:], c.pixel(r, i, k, down)) > most {
			if off++; off > allowed {
				return false // hardly a row of a photo takes longer than this
			}
		}
	}
	return true
}

// pixel is the k-th pixel of a row (down) or column of a region.
func (c *cutter) pixel(r image.Rectangle, i, k int, down bool) []uint8 {
	at := 3 * (i*c.p.W + r.Min.X + k)
	if !down {
		at = 3 * ((r.Min.Y+k)*c.p.W + i)
	}
	return c.p.Pix[at : at+3 : at+3]
}

// deviationOf is by how much pixels of a band of a colour differ from it at most. White and black are what programs fill with, and
// photos seldom have from side to side; the ground of a photo may look as flat as any other colour, but its light falls off.
func deviationOf(c [3]uint8) int {
	lo, hi := min(c[0], c[1], c[2]), max(c[0], c[1], c[2])
	switch {
	case lo >= 248 || hi <= 8:
		return flatDeviationOf
	case lo >= 232 && hi-lo <= 4:
		return flatDeviationOf / 2 // the pale grey of programs' windows
	}
	return 2
}

// levelsApart is the greatest difference of two colours in a channel, of pixels or of sums of them.
func levelsApart[T uint8 | uint16](a, b []T) int {
	most := 0
	for k := range 3 {
		d := int(a[k]) - int(b[k])
		most = max(most, d, -d)
	}
	return most
}

// trim takes the ground off the sides of a region: to where a photo begins, else what rows and columns are flat.
func (c *cutter) trim(r image.Rectangle) image.Rectangle {
	for _, side := range []struct {
		at         *int
		down, last bool
	}{{&r.Min.Y, true, false}, {&r.Max.Y, true, true}, {&r.Min.X, false, false}, {&r.Max.X, false, true}} {
		outermost := *side.at
		if side.last {
			outermost--
		}
		if r.Empty() || !c.flat(r, outermost, side.down) {
			continue // the ground is a photo's own: what steps in it is its document
		}
		if at := c.rim(r, side.down, side.last); at >= 0 {
			*side.at = at
		}
	}
	for r.Dy() > 0 && c.flat(r, r.Min.Y, true) {
		r.Min.Y++
	}
	for r.Dy() > 0 && c.flat(r, r.Max.Y-1, true) {
		r.Max.Y--
	}
	for r.Dx() > 0 && r.Dy() > 0 && c.flat(r, r.Min.X, false) {
		r.Min.X++
	}
	for r.Dx() > 0 && r.Dy() > 0 && c.flat(r, r.Max.X-1, false) {
		r.Max.X--
	}
	return r
}

// solid reports whether a trimmed region is filled to its edges: by a photo or a page, and not by lines of print.
func (c *cutter) solid(r image.Rectangle) bool {
	for _, edge := range []struct {
		at, beyond int
		down       bool
	}{{r.Min.Y + 1, r.Min.Y - 1, true}, {r.Max.Y - 2, r.Max.Y, true}, {r.Min.X + 1, r.Min.X - 1, false}, {r.Max.X - 2, r.Max.X, false}} {
		limit := c.p.W
		if edge.down {
			limit = c.p.H
		}
		if edge.beyond < 0 || edge.beyond >= limit || edge.at < 0 || edge.at >= limit || !c.flat(r, edge.beyond, edge.down) {
			continue // it ends at the picture's edge or at a seam
		}
		if c.sharp(r, edge.at, edge.down) {
			continue // however pale the photo is
		}
		var ground [3]uint8
		n, filled := 0, 0
		c.line(r, edge.beyond, edge.down, func(p []uint8) { ground = [3]uint8(p) })
		c.line(r, edge.at, edge.down, func(p []uint8) {
			n++
			if levelsApart(ground[:], p) > flatDeviationOf/2 {
				filled++
			}
		})
		if float64(filled) < solidShare*float64(n) {
			return false
		}
	}
	return true
}
