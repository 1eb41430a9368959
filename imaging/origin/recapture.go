package origin

import (
	"math"

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
	}
	if p, ok := smallPlan(f, doc); ok {
		factor := max(int(1/f.Scale[0]+0.5), 1)
		e.colour, colour = p.search(chromaInside, chromaOutside, true, func(patches []patch) [][]peak {
			return s.chromaPeaks(f.Small, patches, factor)
		})
	}
	return e, luma || colour
}

// search looks for a wave that runs through one plane of the picture: on the document first, and where there is one, or the document
// is too small to tell, around it. false where there is no room for it.
func (p plan) search(inside, outside int, signed bool, peaks func([]patch) [][]peak) (pattern, bool) {
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
	return *found, len(w.patches) >= leastPatches
}

// leastPatches is from how many squares on a pattern can be said to run through a picture.
const leastPatches = 4

// leastMembers is from how many squares on a wave is one that runs through the picture: what one or two have may be print.
const leastMembers = 3

// evidence is what a recapture is weighed by.
type evidence struct {
	luma, colour pattern
	bezel        bezel
	// located: there is a document, so that what lies on it and beside it are told apart.
	located bool
	camera  bool
}

// What speaks for a screen, in the order of weights.
const (
	always = iota
	// wave: a wave of the luma on the document whose period is shorter than that of print; everywhere: all over it; through: it runs
	// on evenly around the document, however long; coarse: it is as long as print may have, but stronger.
	wave
	everywhere
	through
	coarse
	// turns: a wave of the colours on the document whose hue turns, as the beat of red, green and blue stripes does;
	// turnsBeyond: around it as well.
	turns
	turnsBeyond
	// band: a side with the frame of a screen; bands: two and more; edges: sides on which the picture ends within it.
	band
	bands
	edges
	// nothing: no camera data.
	nothing
	features
)

// weights are those of a logistic regression on the tuning half of the labelled sets (90 photos of screens, 1278 others, of which 60
// were made to look like screens, both kinds weighing the same), but for the first, which puts what the others have in common
// where a half is doubt, and the last: what the sets say about lost camera data is made up. Left out one in eight after the
// other, the regression misses 12 of the screens and takes 7 of the others for one.
var weights = [features]float64{
	always: -2.65, wave: 6, everywhere: 2.75, through: 0.55, coarse: 2.4,
	turns: 3.2, turnsBeyond: 1.85, band: 4.7, bands: 1.4, edges: 2.7, nothing: 0.3,
}

// weighed returns each feature times its weight. The scales within are those at which features saturate.
func (e *evidence) weighed() [features]float64 {
	l, c := &e.luma, &e.colour
	fine := unit((l.frequency - 0.11) / 0.1)
	strong := unit((l.rise - 3.6) / 1.5)
	turning := c.turning * c.turning * c.turning * unit(c.rise-3.4)
	var x [features]float64
	x[always] = 1
	x[wave] = fine * strong * unit(l.inside/0.35)
	x[everywhere] = fine * strong * l.inside
	x[through] = strong * l.inside * l.outside * unit(1.5-l.bend)
	x[coarse] = (1 - fine) * l.inside * unit((l.rise-4.5)/1.5)
	if !e.located {
		// Cloth that fills the picture has waves too; the hue of its threads does not turn, and they do not end where what shines does.
		screen := max(turning, e.luma.onlyInside())
		for i := wave; i <= coarse; i++ {
			x[i] *= screen
		}
	}
	x[turns] = turning * unit(c.inside/0.35)
	x[turnsBeyond] = x[turns] * c.outside
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
	luma := x[wave] + x[everywhere] + x[through] + x[coarse]
	switch {
	case luma >= counts && e.luma.crossed >= 0.5:
		out = append(out, CuePixelGrid)
	case luma >= counts, x[turns]+x[turnsBeyond] >= counts:
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
