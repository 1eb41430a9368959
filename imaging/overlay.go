package imaging

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// ErrNoDocument says that no document was located in the picture, so that none can be shown by itself.
var ErrNoDocument = errors.New("no document was located in the picture")

// OverlaySide is the long side of an overlay in pixels, its legend included.
const OverlaySide = 1600

const (
	overlayQuality = 85
	writing        = 17  // height of the legend's letters, in pixels
	lineHeight     = 25  // of the legend, in pixels
	columnWidth    = 400 // of the legend, in pixels
	legendMargin   = 16
	// smallestOverlay is the width below which a picture is put on a wider ground, so that the legend has its place.
	smallestOverlay = 2 * columnWidth
)

// The colours of the overlay: those of Okabe and Ito (Color Universal Design, 2008), which people with any kind of colour
// vision tell apart.
var (
	blue       = color.NRGBA{0, 114, 178, 255}
	skyBlue    = color.NRGBA{86, 180, 233, 255}
	green      = color.NRGBA{0, 158, 115, 255}
	yellow     = color.NRGBA{240, 228, 66, 255}
	orange     = color.NRGBA{230, 159, 0, 255}
	vermillion = color.NRGBA{213, 94, 0, 255}
	purple     = color.NRGBA{204, 121, 167, 255}
	white      = color.NRGBA{255, 255, 255, 255}
	night      = color.NRGBA{24, 28, 34, 255}
	dusk       = color.NRGBA{168, 176, 186, 255}
)

// Overlay draws what was measured into the picture, for people (叠加图): a JPEG of at most OverlaySide pixels on its long
// side, upright, with a legend below or beside it. The document is framed, its own top left corner marked, and everything
// around it darkened; tiles of text are coloured by their sharpness, reflections and what covers the document are hatched,
// faces are boxed, and where the frame cuts the document off its border is marked. m are the Measurements of the same
// bytes. What was not measured is not shown; a picture without a document says so. The errors are ErrUnsupported,
// ErrDamaged, ErrTooManyPixels, or the context's.
func (a *Analyzer) Overlay(ctx context.Context, data []byte, m filing.Measurements) ([]byte, error) {
	out, err := a.overlay(ctx, data, &m)
	if err != nil {
		return nil, fmt.Errorf("draw overlay: %w", err)
	}
	return out, nil
}

func (a *Analyzer) overlay(ctx context.Context, data []byte, m *filing.Measurements) ([]byte, error) {
	h, orientation, err := a.check(data)
	if err != nil {
		return nil, err
	}
	width, height := uprightSize(h.width, h.height, orientation)
	legend := legendOf(m)
	plan := planOverlay(width, height, legend)
	img, err := a.small(ctx, data, plan.side)
	if err != nil {
		return nil, err
	}
	size := img.Bounds().Size()
	picture, err := newCanvas(size.X, size.Y, writing)
	if err != nil {
		return nil, err
	}
	picture.put(img)
	o := overlay{
		canvas: picture, m: m, scale: filing.Point{float64(size.X) / float64(width), float64(size.Y) / float64(height)},
		pen: max(float64(max(size.X, size.Y))/400, 2),
	}
	o.draw()
	page, err := newCanvas(plan.page(size).X, plan.page(size).Y, writing)
	if err != nil {
		return nil, err
	}
	page.fill(solid(night), corners(page.Rect))
	page.place(picture, plan.picture(size))
	plan.write(page, size, legend)
	return page.jpeg(overlayQuality)
}

// overlay is a picture with measurements that is being drawn on.
type overlay struct {
	*canvas
	m     *filing.Measurements
	scale filing.Point // from the upright full-size picture
	pen   float64      // width of a line
}

func (o *overlay) draw() {
	d := o.m.Document
	if d != nil {
		o.darken(o.quad(d.Quad))
	}
	o.tiles()
	if g := o.m.Glare; g != nil {
		for _, region := range g.Regions {
			o.region(region, purple, 1)
		}
	}
	if d != nil {
		for _, region := range d.Occlusions {
			o.region(region, orange, -1)
		}
	}
	for i := range o.m.Faces {
		f := &o.m.Faces[i]
		b := f.Box
		box := o.polygon([]filing.Point{{b[0], b[1]}, {b[0] + b[2], b[1]}, {b[0] + b[2], b[1] + b[3]}, {b[0], b[1] + b[3]}})
		if f.InDocument {
			o.stroke(dusk, 4*o.pen, box)
			continue
		}
		o.stroke(green, 0, box)
		o.label(green, box[0], o.Rect, percent(f.Confidence))
	}
	for i := range o.m.Others {
		q := o.quad(o.m.Others[i].Quad)
		o.stroke(yellow, 6*o.pen, q)
		o.label(yellow, q[0], o.Rect, sure(o.m.Others[i].Confidence))
	}
	if d != nil {
		o.document(d)
	}
	if l := o.m.Legibility; l != nil && l.MotionPx > 0 && d != nil {
		o.motion(raster.Quad(d.Quad).Middle(), l)
	}
}

func (o *overlay) at(p filing.Point) filing.Point {
	return filing.Point{p[0] * o.scale[0], p[1] * o.scale[1]}
}

func (o *overlay) polygon(points []filing.Point) []filing.Point {
	out := make([]filing.Point, len(points))
	for i, p := range points {
		out[i] = o.at(p)
	}
	return out
}

func (o *overlay) quad(q [4]filing.Point) []filing.Point { return o.polygon(q[:]) }

// darken lets a document stand out from what it lies on.
func (o *overlay) darken(document []filing.Point) {
	inside := clipTo(document, o.Rect)
	if raster.PolygonArea(inside) > 0 {
		o.fill(solid(color.NRGBA{night.R, night.G, night.B, 110}), corners(o.Rect), reversed(inside))
	}
}

// stroke is an outline with a dark rim, to be seen on any ground.
func (o *overlay) stroke(c color.NRGBA, dash float64, polygon []filing.Point) {
	o.outline(solid(color.NRGBA{night.R, night.G, night.B, 150}), o.pen+2, dash, polygon)
	o.outline(solid(c), o.pen, dash, polygon)
}

// tiles colours the text by how sharp it is.
func (o *overlay) tiles() {
	l := o.m.Legibility
	if l == nil {
		return
	}
	for _, tile := range l.Tiles {
		letter := tile.TextHeightPx
		if letter == 0 {
			letter = l.TextHeightPx
		}
		if tile.EdgeWidthPx <= 0 {
			continue
		}
		c := sharpnessColour(letter / tile.EdgeWidthPx)
		q := o.quad(tile.Quad)
		c.A = 70
		o.fill(solid(c), q)
		c.A = 200
		o.outline(solid(c), 1.5, 0, q)
	}
}

// The sharpness, letters over edges, at which the scale of colours begins and ends. They bound what is drawn and decide
// nothing.
const bluntColour, sharpColour = 3, 10

// sharpnessColour leads from vermillion over yellow to blue.
func sharpnessColour(sharpness float64) color.NRGBA {
	t := math.Log(sharpness/bluntColour) / math.Log(float64(sharpColour)/bluntColour)
	return scaleColour(min(max(t, 0), 1)) // 0 for NaN
}

func scaleColour(t float64) color.NRGBA {
	from, to := vermillion, yellow
	if t *= 2; t > 1 {
		from, to, t = yellow, blue, t-1
	}
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + t*(float64(b)-float64(a)) + 0.5) }
	return color.NRGBA{mix(from.R, to.R), mix(from.G, to.G), mix(from.B, to.B), 255}
}

// region hatches a place where something of the document is lost.
func (o *overlay) region(polygon []filing.Point, c color.NRGBA, slope int) {
	p := o.polygon(polygon)
	wide := max(int(o.pen), 2)
	c.A = 190
	o.fill(hatch(c, slope, wide, 4*wide), p)
	c.A = 255
	o.outline(solid(c), o.pen/2+1, 0, p)
}

// document frames the document, with its own top left corner filled and the others open.
func (o *overlay) document(d *filing.Document) {
	q := o.quad(d.Quad)
	for _, p := range q {
		if !finite(p) {
			return
		}
	}
	o.stroke(skyBlue, 0, q)
	o.cut(q)
	for i, p := range q {
		o.dot(solid(night), 2.6*o.pen, p)
		if i == 0 {
			o.dot(solid(skyBlue), 2.1*o.pen, p)
			continue
		}
		o.dot(solid(white), 2.1*o.pen, p)
	}
	o.label(skyBlue, filing.Point{q[0][0] + 4*o.pen, q[0][1] - 2*o.pen}, o.Rect, sure(d.Confidence))
}

// cut marks where the frame cuts a document off.
func (o *overlay) cut(document []filing.Point) {
	inside := clipTo(document, o.Rect)
	w, h := float64(o.Rect.Dx()), float64(o.Rect.Dy())
	for i, p := range inside {
		next := inside[(i+1)%len(inside)]
		for axis, far := range [2]float64{w, h} {
			if p[axis] == next[axis] && (p[axis] == 0 || p[axis] == far) {
				o.line(solid(vermillion), 4*o.pen, p, next)
				break
			}
		}
	}
}

// motionDrawn is by how much the motion is drawn longer than it is; the arrow is no longer than longestArrow pens, and left out
// where its heads would be all of it.
const motionDrawn, longestArrow, shortestArrow = 12, 40, 8

// motion is an arrow with two heads along which the camera moved.
func (o *overlay) motion(middle filing.Point, l *filing.Legibility) {
	reach := min(motionDrawn*l.MotionPx*o.scale[0], longestArrow*o.pen)
	if reach < shortestArrow*o.pen {
		return
	}
	m := o.at(middle)
	sin, cos := math.Sincos(l.MotionDirection * math.Pi / 180)
	ends := [2]filing.Point{{m[0] - reach*cos, m[1] - reach*sin}, {m[0] + reach*cos, m[1] + reach*sin}}
	o.line(solid(vermillion), 1.5*o.pen, ends[0], ends[1])
	for i, end := range ends {
		back := float64(2*i - 1)
		for _, side := range [2]float64{-1, 1} {
			o.line(solid(vermillion), 1.5*o.pen, end, filing.Point{
				end[0] - back*5*o.pen*cos + side*3*o.pen*sin, end[1] - back*5*o.pen*sin - side*3*o.pen*cos,
			})
		}
	}
}

func corners(r image.Rectangle) []filing.Point {
	x0, y0, x1, y1 := float64(r.Min.X), float64(r.Min.Y), float64(r.Max.X), float64(r.Max.Y)
	return []filing.Point{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

// sure is a probability, which is never quite 1.
func sure(probability float64) string { return percent(min(probability, 0.99)) }

func exactPercent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// remark is one entry of the legend: a sign, and lines of which the first says what it is.
type remark struct {
	sign  func(c *canvas, box image.Rectangle)
	lines []string
}

// legendOf says in words what was measured.
func legendOf(m *filing.Measurements) []remark {
	out := []remark{documentRemark(m.Document)}
	add := func(sign func(*canvas, image.Rectangle), lines ...string) { out = append(out, remark{sign, lines}) }
	d := m.Document
	if d != nil && d.OutsideShare > 0 {
		add(patch(vermillion), "Cut off by the frame", exactPercent(d.OutsideShare)+" of the document is outside")
	}
	if d != nil && (d.Occluded > 0 || len(d.Occlusions) > 0) {
		add(hatched(orange, -1), "Covered by something", exactPercent(d.Occluded)+" of the document")
	}
	if n := len(m.Others); n > 0 {
		add(frame(yellow), fmt.Sprintf("Other documents: %d", n))
	}
	if l := m.Legibility; l != nil && l.EdgeWidthPx > 0 {
		lines := []string{"Sharpness of text"}
		if m.Sharpness > 0 {
			lines = []string{fmt.Sprintf("Sharpness of text: %.1f", m.Sharpness)}
		}
		lines = append(lines,
			fmt.Sprintf("letters %.0f px, edges %.1f px, noise %.1f", l.TextHeightPx, l.EdgeWidthPx, l.Noise),
			fmt.Sprintf("colours: %d or less to %d or more", bluntColour, sharpColour))
		add(scale, lines...)
		if l.MotionPx > 0 {
			add(patch(vermillion), fmt.Sprintf("Motion: %.1f px towards %.0f degrees", l.MotionPx, l.MotionDirection))
		}
	}
	if g := m.Glare; g != nil {
		add(hatched(purple, 1), "Reflections", fmt.Sprintf("%s of the document, %s of its text", exactPercent(g.Share), exactPercent(g.TextShare)))
	}
	if e := m.Exposure; e != nil {
		add(shades(e.Ink, e.Paper), fmt.Sprintf("Light: ink %.0f, paper %.0f of 255", e.Ink, e.Paper),
			fmt.Sprintf("darkest part %s of the brightest", percent(e.Uneven)),
			fmt.Sprintf("clipped %s, crushed %s", exactPercent(e.ClippedShare), exactPercent(e.CrushedShare)))
	}
	if c := m.Colour; c != nil {
		add(patch(blue), fmt.Sprintf("Colour: chroma %.0f", c.Chroma), exactPercent(c.ChromaShare)+" of the document is coloured")
	}
	if n := len(m.Faces); n > 0 {
		printed := 0
		for i := range m.Faces {
			if m.Faces[i].InDocument {
				printed++
			}
		}
		add(frame(green), fmt.Sprintf("Faces: %d", n), fmt.Sprintf("%d of them on a document, in dashes", printed))
	}
	if r := m.Recapture; r != nil {
		lines := []string{"Photo of a screen: " + percent(r.Score)}
		if len(r.Cues) > 0 {
			lines = append(lines, strings.ReplaceAll(strings.Join(r.Cues, ", "), "_", " "))
		}
		add(frame(dusk), lines...)
	}
	return out
}

func documentRemark(d *filing.Document) remark {
	if d == nil {
		return remark{frame(dusk), []string{"No document located"}}
	}
	lines := []string{
		"Document: " + sure(d.Confidence) + " sure",
		fmt.Sprintf("%s of the picture, tilt %.0f degrees", percent(d.FrameShare), d.Tilt),
	}
	if len(d.Formats) > 0 {
		f := d.Formats[0]
		lines = append(lines, fmt.Sprintf("as %s: %.1f px/mm", strings.ToUpper(f.Format), f.PxPerMM))
	}
	return remark{frame(skyBlue), lines}
}

// The signs of the legend.
func patch(of color.NRGBA) func(*canvas, image.Rectangle) {
	return func(c *canvas, box image.Rectangle) { c.rounded(solid(of), box, 3) }
}

func hatched(of color.NRGBA, slope int) func(*canvas, image.Rectangle) {
	return func(c *canvas, box image.Rectangle) {
		c.fill(hatch(of, slope, 3, 8), corners(box))
		c.outline(solid(of), 2, 0, corners(box))
	}
}

func frame(of color.NRGBA) func(*canvas, image.Rectangle) {
	return func(c *canvas, box image.Rectangle) { c.outline(solid(of), 3, 0, corners(box)) }
}

func shades(ink, paper float64) func(*canvas, image.Rectangle) {
	grey := func(v float64) color.NRGBA {
		g := uint8(min(max(v, 0), 255))
		return color.NRGBA{g, g, g, 255}
	}
	return func(c *canvas, box image.Rectangle) {
		c.rounded(solid(grey(paper)), box, 3)
		c.rounded(solid(grey(ink)), box.Inset(box.Dy()/4), 2)
		c.outline(solid(dusk), 1, 0, corners(box))
	}
}

func scale(c *canvas, box image.Rectangle) {
	c.fill(func(x, _ int, _ color.RGBA) color.RGBA {
		k := scaleColour(float64(x-box.Min.X) / float64(box.Dx()))
		return color.RGBA{k.R, k.G, k.B, 255}
	}, corners(box))
}

// overlayPlan is where on the page the picture and the legend are: the legend beside an upright picture, and below any
// other.
type overlayPlan struct {
	beside bool
	// columns are the numbers of the remarks in each column of the legend; rows is the height of the tallest, in lines.
	columns [][]int
	rows    int
	// side is the square that the picture is shrunk into.
	side int
}

// gap is the space between two remarks, in lines.
const gap = 0.5

func planOverlay(width, height int, legend []remark) overlayPlan {
	p := overlayPlan{beside: height > width}
	lines := 0.0
	for _, r := range legend {
		lines += float64(len(r.lines)) + gap
	}
	if p.beside {
		p.columns = [][]int{nil}
		for i := range legend {
			p.columns[0] = append(p.columns[0], i)
		}
		p.rows = int(math.Ceil(lines))
		room := min(1, float64(OverlaySide-columnWidth)/float64(width)*float64(height)/OverlaySide)
		p.side = int(OverlaySide * room)
		return p
	}
	n := max(min(width, OverlaySide), smallestOverlay) / columnWidth
	share, used := lines/float64(n), 0.0
	for i, r := range legend {
		if column := min(int(used/share), n-1); column >= len(p.columns) {
			p.columns = append(p.columns, nil)
		}
		last := len(p.columns) - 1
		p.columns[last] = append(p.columns[last], i)
		used += float64(len(r.lines)) + gap
	}
	for _, column := range p.columns {
		high := 0.0
		for _, i := range column {
			high += float64(len(legend[i].lines)) + gap
		}
		p.rows = max(p.rows, int(math.Ceil(high)))
	}
	room := min(1, float64(OverlaySide-p.legendHeight())/float64(height)*float64(width)/OverlaySide)
	p.side = int(OverlaySide * room)
	return p
}

func (p overlayPlan) legendHeight() int { return p.rows*lineHeight + 2*legendMargin }

// page is the size of the whole, given that of the picture.
func (p overlayPlan) page(picture image.Point) image.Point {
	if p.beside {
		return image.Pt(picture.X+columnWidth, max(picture.Y, p.legendHeight()))
	}
	return image.Pt(max(picture.X, smallestOverlay), picture.Y+p.legendHeight())
}

// picture is where the picture begins: in the middle of a wider page.
func (p overlayPlan) picture(size image.Point) image.Point {
	if p.beside {
		return image.Point{}
	}
	return image.Pt((p.page(size).X-size.X)/2, 0)
}

func (p overlayPlan) write(c *canvas, picture image.Point, legend []remark) {
	left, top := 0, picture.Y
	if p.beside {
		left, top = picture.X, 0
	}
	for k, column := range p.columns {
		y := float64(top + legendMargin)
		for _, i := range column {
			r := legend[i]
			x := left + legendMargin + k*columnWidth
			r.sign(c, image.Rect(x, int(y)+4, x+26, int(y)+4+lineHeight-8))
			for n, line := range r.lines {
				var of color.Color = white
				if n > 0 {
					of = dusk
				}
				c.text(of, x+38, int(y)+lineHeight-7, line)
				y += lineHeight
			}
			y += gap * lineHeight
		}
	}
}

// Rectified returns the document by itself, seen from straight above (矫正图): a JPEG in colour from the picture's full
// resolution, longSide pixels (16 to 4096) on its long side or what the photo has where that is less. Its proportions are
// those of the document's most plausible format, or those of doc.Quad where none is known. What lies outside the frame is
// grey. doc is what was measured of the same bytes. The errors are ErrNoDocument where doc.Quad is no convex
// quadrilateral or lies outside the picture, ErrUnsupported, ErrDamaged, ErrTooManyPixels, or the context's.
func (a *Analyzer) Rectified(ctx context.Context, data []byte, doc filing.Document, longSide int) ([]byte, error) {
	if longSide < 16 || longSide > 4096 {
		return nil, fmt.Errorf("rectify document: long side is %d, must be 16 to 4096", longSide)
	}
	out, err := a.rectified(ctx, data, &doc, longSide)
	if err != nil {
		return nil, fmt.Errorf("rectify document: %w", err)
	}
	return out, nil
}

// rectifiedMargin is by how much the decoded picture is finer than the result, so that interpolating loses nothing.
const rectifiedMargin = 1.25

func (a *Analyzer) rectified(ctx context.Context, data []byte, doc *filing.Document, longSide int) ([]byte, error) {
	h, orientation, err := a.check(data)
	if err != nil {
		return nil, err
	}
	width, height := uprightSize(h.width, h.height, orientation)
	quad := raster.Quad(doc.Quad)
	for _, p := range quad {
		if !finite(p) {
			return nil, ErrNoDocument
		}
	}
	if !quad.Convex() || raster.PolygonArea(quad.Within(float64(width), float64(height))) < 1 {
		return nil, ErrNoDocument
	}
	across, down := sizeOf(doc)
	reduce := min(1, float64(longSide)/max(across, down))
	w, hh := max(int(across*reduce+0.5), 1), max(int(down*reduce+0.5), 1)
	toQuad, ok := raster.RectToQuad(float64(w), float64(hh), quad)
	if !ok {
		return nil, ErrNoDocument
	}
	toStored := raster.Uprighting(orientation, width, height)
	side := int(math.Ceil(float64(max(width, height)) * min(1, reduce*rectifiedMargin)))
	source, frame, err := decodePart(ctx, &h, data, side, func(size image.Point) image.Rectangle {
		return windowOf(quad, fitting(&h, size).After(toStored))
	})
	if err != nil {
		return nil, err
	}
	page, err := newCanvas(w, hh, writing)
	if err != nil {
		return nil, err
	}
	resample(page.RGBA, source, frame, fitting(&h, frame).After(toStored).After(toQuad))
	return page.jpeg(uprightQuality)
}

// fitting leads from a stored picture to its copy of a size.
func fitting(h *header, size image.Point) raster.Homography {
	return raster.Homography{
		float64(size.X) / float64(h.width), 0, 0, 0, float64(size.Y) / float64(h.height), 0, 0, 0, 1,
	}
}

// decodePart decodes a part of a picture shrunk into a square, as it is stored and over white, and tells how large the whole
// of it is. window says which part, given that size; no more than it is kept in memory, except of a GIF.
func decodePart(ctx context.Context, h *header, data []byte, side int, window func(whole image.Point) image.Rectangle,
) (part *image.NRGBA, whole image.Point, err error) {
	if h.format == filing.FormatGIF {
		img, err := gifImage(ctx, h, data)
		return img, image.Pt(h.width, h.height), damagedOr(err)
	}
	defer trimMemory()
	clean := withoutMetadata(h, data)
	d, err := openThumbnail(ctx, h, clean, side)
	if err != nil {
		return nil, whole, damagedOr(ended(ctx, err))
	}
	defer d.close()
	whole = image.Pt(d.width, d.height)
	part = image.NewNRGBA(window(whole).Intersect(image.Rectangle{Max: whole}))
	err = d.strips(ctx, h.format, clean, func(top, rows int, pixels []byte, stride int, l layout) {
		for y := max(top, part.Rect.Min.Y); y < min(top+rows, part.Rect.Max.Y); y++ {
			row := pixels[(y-top)*stride+part.Rect.Min.X*l.size():]
			putRow(part, y-part.Rect.Min.Y, row, l)
		}
	})
	if err != nil {
		return nil, whole, damagedOr(err)
	}
	if d.layout.bands == 2 || d.layout.bands == 4 {
		for i := 0; i < len(part.Pix); i += 4 {
			p, alpha := part.Pix[i:i+4], uint32(part.Pix[i+3])
			for k := range 3 {
				p[k] = uint8((uint32(p[k])*alpha + 255*(255-alpha)) / 255)
			}
			p[3] = 255
		}
	}
	return part, whole, nil
}

// sizeOf is how many pixels the photo has of a document, across and down: the means of opposite sides, the shorter then
// stretched to the proportions of the format.
func sizeOf(doc *filing.Document) (across, down float64) {
	q := raster.Quad(doc.Quad)
	across, down = (q.Side(0)+q.Side(2))/2, (q.Side(1)+q.Side(3))/2
	if len(doc.Formats) == 0 {
		return across, down
	}
	ratio, ok := proportions[doc.Formats[0].Format]
	switch {
	case !ok:
	case across >= down:
		down = across / ratio
	default:
		across = down / ratio
	}
	return across, down
}

// proportions are the longer side of each format over the shorter (ISO/IEC 7810, ISO 216).
var proportions = map[string]float64{
	filing.FormatID1: 85.60 / 53.98, filing.FormatID3: 125.0 / 88, filing.FormatA4: 297.0 / 210, filing.FormatA3: 420.0 / 297,
}

// resample fills a picture through a map from its own coordinates to those of a stored picture of a size, of which from is
// the part that is needed, by bilinear interpolation; what lies outside the stored picture is grey.
func resample(to *image.RGBA, from *image.NRGBA, whole image.Point, toSource raster.Homography) {
	box := from.Rect
	for y := range to.Rect.Dy() {
		for x := range to.Rect.Dx() {
			p := toSource.Apply(raster.Point{float64(x) + 0.5, float64(y) + 0.5})
			out := to.Pix[to.PixOffset(x, y):][:4]
			if !(p[0] >= 0 && p[1] >= 0 && p[0] <= float64(whole.X) && p[1] <= float64(whole.Y)) {
				copy(out, []byte{160, 160, 160, 255})
				continue
			}
			fx := min(max(p[0]-0.5, float64(box.Min.X)), float64(box.Max.X-1))
			fy := min(max(p[1]-0.5, float64(box.Min.Y)), float64(box.Max.Y-1))
			x0, y0 := int(fx), int(fy)
			fx, fy = fx-float64(x0), fy-float64(y0)
			x1, y1 := min(x0+1, box.Max.X-1), min(y0+1, box.Max.Y-1)
			a, b := from.Pix[from.PixOffset(x0, y0):], from.Pix[from.PixOffset(x1, y0):]
			c, d := from.Pix[from.PixOffset(x0, y1):], from.Pix[from.PixOffset(x1, y1):]
			for k := range 3 {
				top := float64(a[k]) + fx*(float64(b[k])-float64(a[k]))
				bottom := float64(c[k]) + fx*(float64(d[k])-float64(c[k]))
				out[k] = uint8(top + fy*(bottom-top) + 0.5)
			}
			out[3] = 255
		}
	}
}
