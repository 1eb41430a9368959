package origin

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// The cues of a recapture, stable words.
const (
	// CueMoire: one fine wave runs on through the picture, over print and blank paper alike (摩尔纹).
	CueMoire = "moire"
	// CuePixelGrid: two waves of the same period cross at right angles, as columns and rows of pixels do (像素网格).
	CuePixelGrid = "pixel_grid"
	// CueBezel: a dark, straight frame lies around the bright part (屏幕边框).
	CueBezel = "bezel"
	// CueNoCameraData: the file has no camera's data. Weak by itself: chat apps drop it (无拍摄信息).
	CueNoCameraData = "no_camera_data"
)

// Recapture measures what speaks for a photo of a screen, in the spectrum of flat squares of the picture at full
// resolution: the grid of a screen's pixels, or its beat with the sensor's (moire), is a wave that runs on evenly through
// the picture, on the document and around it. exif is the file's, nil where it has none. Without a document the whole
// picture is searched, and the pattern must be everywhere. A picture too small for it is nil.
func Recapture(f *raster.Frame, doc *filing.Document, exif *filing.EXIF) *filing.Recapture {
	e, ok := gather(f, doc)
	if !ok {
		return nil
	}
	e.camera = exif != nil && (exif.HasExposure || exif.Make != "" || exif.Model != "")
	out := &filing.Recapture{Score: rounded(e.probability()), Cues: e.cues()}
	p, scale := &e.luma, 1.0
	if e.colour.inside*e.colour.rise > e.luma.inside*e.luma.rise {
		p, scale = &e.colour, 1/f.Scale[0]
	}
	if p.frequency > 0 {
		out.PeriodPx, out.PeakRatio = rounded(scale/p.frequency), rounded(math.Exp(p.rise))
	}
	return out
}

// gather collects the evidence of the picture; false where it has no room for any.
func gather(f *raster.Frame, doc *filing.Document) (evidence, bool) {
	e := evidence{located: doc != nil, bezel: findBezel(f, doc)}
	s := &analysis{}
	var luma, colour bool
	if p, ok := fullPlan(f, doc); ok {
		e.luma, luma = p.search(lumaInside, lumaOutside, false, func(patches []patch) [][]peak { return s.lumaPeaks(f.Full, patches) })
		p.tie(&e.luma, lumaSampler(f.Full))
		e.folded, e.foldedBeside = p.folded(s, f.Full)
	}
	if p, ok := smallPlan(f, doc); ok {
		factor := max(int(1/f.Scale[0]+0.5), 1)
		e.colour, colour = p.search(chromaInside, chromaOutside, true, func(patches []patch) [][]peak {
			return s.chromaPeaks(f.Small, patches, factor)
		})
		p.tie(&e.colour, chromaSampler(f.Small))
	}
	return e, luma || colour
}

// tie finds out how a wave is tied to the document, and what becomes of it at the border.
func (p *plan) tie(w *pattern, take sampler) {
	if !p.located || len(w.members) == 0 {
		return
	}
	on, ok := newPage(p.quad)
	if !ok {
		return
	}
	if w.lock, w.tied = newLock(on, w.patches, w.members); w.tied {
		w.border = p.border(&w.lock, take)
		w.besides(&w.lock)
	}
}

// folded looks for a wave too fine to be seen as it is, and where there is one, for what becomes of it beside the document.
func (p *plan) folded(s *analysis, g *raster.Gray) (stands float64, there beside) {
	if !p.located {
		return 0, besideUnknown
	}
	on, ok := newPage(p.quad)
	if !ok {
		return 0, besideUnknown
	}
	f := newFold(on, s.relieved, s.reliefs)
	w, stands := f.found()
	if stands <= foldLeast {
		return stands, besideUnknown
	}
	level := medianLevel(s.relieved)
	dim := func(q patch) bool { return q.level < lit*level || q.level > brightest }
	lit := slices.DeleteFunc(p.alongside(), dim)
	if len(lit) < foldLit {
		lit = slices.DeleteFunc(p.beside(2*foldLit), dim)
	}
	if len(lit) < foldLit {
		return stands, besideUnknown
	}
	outside := newFold(on, lit, s.reliefsOf(g, lit))
	w.relief = outside.mean(w.x, w.y)
	if outside.climb(w).stands(&outside) > foldHeld*stands {
		return stands, besideToo
	}
	return stands, besideNot
}

// medianLevel is the median luma of squares.
func medianLevel(patches []patch) float64 {
	levels := make([]float64, len(patches))
	for i, p := range patches {
		levels[i] = p.level
	}
	return raster.Quantile(levels, 0.5)
}

// search looks for a wave that runs through one plane of the picture: on the document first, and where there is one, or the document
// is too small to tell, around it. false where there is no room for it.
func (p *plan) search(inside, outside int, signed bool, peaks func([]patch) [][]peak) (pattern, bool) {
	w := follower{patches: p.onDocument(inside), side: float64(max(p.w, p.h)), signed: signed}
	w.peaks = peaks(w.patches)
	found := w.follow()
	if len(w.patches) >= leastPatches && (found == nil || len(found.members) < leastMembers) {
		return pattern{}, true
	}
	if beside := p.beside(outside); len(beside) > 0 {
		w.patches = append(w.patches, beside...)
		w.peaks = append(w.peaks, peaks(beside)...)
		found = w.follow()
	}
	if found == nil || len(found.members) < leastMembers {
		return pattern{}, len(w.patches) >= leastPatches
	}
	found.patches = w.patches
	return *found, len(w.patches) >= leastPatches
}

// leastPatches is from how many squares on a pattern can be said to run through a picture.
const leastPatches = 4

// leastMembers is from how many squares on a wave is one that runs through the picture: what one or two have may be print.
const leastMembers = 3

// evidence is what a recapture is weighed by.
type evidence struct {
	luma, colour pattern
	// folded is how far a wave too fine to be seen stands out, and foldedBeside whether it does beside the document.
	folded       float64
	foldedBeside beside
	bezel        bezel
	// located: there is a document, so that what lies on it and beside it are told apart.
	located bool
	camera  bool
}

// What speaks for a screen, in the order of weights.
const (
	always = iota
	// A wave on the document. beating: it is a beat with the sensor; goingOn: it goes on beside the document; turning: of the colours,
	// its hue turns as the beat of red, green and blue stripes does; lattice: another one of the same period stands across it; filling: it
	// reaches the document's border all around; ending: it ends there, as print does.
	beating
	goingOn
	turning
	lattice
	filling
	ending
	// faint: a folded wave, too faint or too fine to be seen in one place.
	faint
	// A wave of a picture in which no document was located. wave: its period is shorter than that of print; everywhere: all over what
	// shines; coarse: it is as long as print may have, but stronger; turns: its hue turns.
	wave
	everywhere
	coarse
	turns
	// band: a side with the frame of a screen; bands: two and more; edges: sides on which the picture ends within it.
	band
	bands
	edges
	// nothing: no camera data.
	nothing
	features
)

// weights are logits. Those of a wave on a document are set, not fitted: each reason that print cannot have carries the doubt alone
// once the wave is there beyond doubt, what print may have too does so together with others, and that it ends with the document
// speaks against it as loudly as that it beats speaks for it. The others are those of a logistic regression on the tuning half of the labelled sets.
var weights = [features]float64{
	always: -2.65, beating: 5, goingOn: 4, turning: 3.5, lattice: 1.5, filling: 0.5, ending: -5, faint: 4.5,
	wave: 6, everywhere: 2.75, coarse: 2.4, turns: 3.2, band: 4.7, bands: 1.4, edges: 2.7, nothing: 0.3,
}

// turnsFrom is how much a hue has to turn to be one that does.
const turnsFrom = 0.5

// weighed returns each feature times its weight. The scales within are those at which features saturate.
func (e *evidence) weighed() [features]float64 {
	var x [features]float64
	if e.located {
		// Of the two planes the one counts that says more.
		x = e.luma.onDocument(false)
		if c := e.colour.onDocument(true); total(c) > total(x) {
			x = c
		}
		// By the square: what hardly stands out and what is hardly trusted is print more often than a screen.
		x[faint] = unit((e.folded-1)/0.6) * e.foldedTrust()
		x[faint] *= x[faint]
	} else {
		x = e.somewhere()
	}
	x[always] = 1
	if e.bezel.bands > 0 {
		x[band] = 1
	}
	x[bands], x[edges] = float64(min(max(e.bezel.bands-1, 0), 1)), float64(min(e.bezel.edges, 2))/2
	if !e.camera {
		x[nothing] = 1
	}
	for i := range x {
		x[i] *= weights[i]
	}
	return x
}

// total is what features are worth together.
func total(x [features]float64) float64 {
	sum := 0.0
	for i, v := range x {
		sum += weights[i] * v
	}
	return sum
}

// onDocument is what a wave on a located document says; nothing where that would speak against a screen: what else there is on a
// document that has a pattern printed on it is not less.
func (p *pattern) onDocument(colour bool) (x [features]float64) {
	if !p.tied {
		return x
	}
	there := unit((p.rise-3.6)/1.5) * unit(p.inside/0.35)
	x[beating] = there * p.lock.beats() * p.border.reached()
	// As long as rows of print or as a weave, a wave goes on by chance.
	x[goingOn] = there * p.border.reached() * p.goesOn() * p.lock.fits() * unit((p.frequency-0.06)/0.05)
	if colour {
		x[turning] = there * unit((p.turning-turnsFrom)/0.3)
	}
	x[lattice] = there * p.fine() * unit((p.crossed-0.3)/0.4) * (1 + p.lock.upright()) / 2
	x[filling] = there * p.border.full()
	x[ending] = there * p.border.ends()
	if p.litHas > 0 {
		x[ending] *= 1 - p.lock.beats() // it is elsewhere, only not close by
	}
	if total(x) < 0 {
		return [features]float64{}
	}
	return x
}

// foldedTrust is how much of a folded wave's worth is left, 0 to 1. Where print that is not folded is strong and ends with the document,
// or is all over it, what is folded may be its harmonic; what goes on beside the document is not, and what does not may be print too fine to
// be seen.
func (e *evidence) foldedTrust() float64 {
	switch e.foldedBeside {
	case besideToo:
		return 1
	case besideNot:
		return 1 - endingDoubt
	}
	return 1 - harmonicDoubt*max(e.luma.printed(), e.luma.covers())
}

// harmonicDoubt is how much of a folded wave's worth is doubted beside print that may have harmonics, endingDoubt how much where the wave
// is not seen beside the document although it is light enough there.
const harmonicDoubt, endingDoubt = 0.6, 0.7

// goesOn says, 0 to 1, how plainly a wave goes on beside the document: over its border, or, where it is too dark there to tell, in squares
// farther off. What lies just beyond the border and is of about that frequency may be cloth; none of the squares around then has the wave
// as the document's plane would have it.
func (p *pattern) goesOn() float64 {
	on := p.border.goesOn()
	if p.border.beyond < leastBeyond {
		on = max(on, unit(float64(p.litHas-1)/2)*unit((share(p.litHas, p.lit)-0.5)/0.3)*unit((p.inside-0.5)/0.3))
	}
	if p.litHas == 0 {
		on *= 1 - unit(float64(p.lit-2)/3)
	}
	return on
}

// leastBeyond is how many squares beyond the border have to be light enough for them to tell.
const leastBeyond = 3

// printed says, 0 to 1, how plainly a wave is the document's own print: it ends where the document does.
func (p *pattern) printed() float64 {
	if !p.tied {
		return 0
	}
	return unit((p.rise-3.6)/1.5) * p.border.ends()
}

// covers says, 0 to 1, how plainly a wave is a pattern printed all over the document: most squares on it have it, and they have it as one
// wave on the document's plane would look in each, from which sampling took nothing. Where it is too dark beside the document to see it end
// there, this is what tells print.
func (p *pattern) covers() float64 {
	if !p.tied {
		return 0
	}
	return unit((p.rise-3.6)/1.5) * unit((p.inside-0.4)/0.2) * unit((printedBins-p.lock.printed)/0.5) * (1 - p.lock.beats())
}

// printedBins is the root mean square, in bins of the spectrum, from which on a wave is not one of the document's plane.
const printedBins = 1.8

// fine says, 0 to 1, how much shorter a wave's period is than that of rows of print.
func (p *pattern) fine() float64 { return unit((p.frequency - 0.11) / 0.1) }

// somewhere is what waves say in a picture in which no document was located. Cloth that fills it has waves too; the hue of its threads
// does not turn, and they do not end where what shines does.
func (e *evidence) somewhere() (x [features]float64) {
	l, c := &e.luma, &e.colour
	strong := unit((l.rise - 3.6) / 1.5)
	hue := c.turning * c.turning * c.turning * unit(c.rise-3.4)
	screen := max(hue, l.onlyInside())
	x[wave] = screen * l.fine() * strong * unit(l.inside/0.35)
	x[everywhere] = screen * l.fine() * strong * l.inside
	x[coarse] = screen * (1 - l.fine()) * l.inside * unit((l.rise-4.5)/1.5)
	x[turns] = hue * unit(c.inside/0.35)
	return x
}

func unit(x float64) float64 { return min(max(x, 0), 1) }

// probability weighs the evidence.
func (e *evidence) probability() float64 {
	z := 0.0
	for _, x := range e.weighed() {
		z += x
	}
	return 1 / (1 + math.Exp(-z))
}

// counts is how much, in logits, evidence has to contribute to be named as a cue.
const counts = 0.5

// cues names what was seen.
func (e *evidence) cues() []string {
	x := e.weighed()
	var out []string
	waves := 0.0
	for i := beating; i <= turns; i++ {
		waves += x[i]
	}
	switch {
	case waves < counts:
	case e.luma.crossed >= 0.5 && x[beating] < counts && x[faint] < counts:
		out = append(out, CuePixelGrid)
	default:
		out = append(out, CueMoire)
	}
	if x[band]+x[bands]+x[edges] >= counts {
		out = append(out, CueBezel)
	}
	if !e.camera {
		out = append(out, CueNoCameraData)
	}
	return out
}
