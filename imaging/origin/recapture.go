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
	found := false
	if p, ok := fullPlan(f, doc); ok {
		if patches := p.choose(lumaInside, lumaOutside); len(patches) >= leastPatches {
			found = true
			w := follower{patches: patches, peaks: s.lumaPeaks(f.Full, patches), side: float64(max(p.w, p.h))}
			if pattern := w.follow(); pattern != nil {
				e.luma = *pattern
			}
		}
	}
	if p, ok := smallPlan(f, doc); ok {
		if patches := p.choose(chromaInside, chromaOutside); len(patches) >= leastPatches {
			found = true
			factor := max(int(1/f.Scale[0]+0.5), 1)
			w := follower{patches: patches, peaks: s.chromaPeaks(f.Small, patches, factor), side: float64(max(p.w, p.h)), signed: true}
			if pattern := w.follow(); pattern != nil {
				e.colour = *pattern
			}
		}
	}
	return e, found
}

// leastPatches is from how many squares on a pattern can be said to run through a picture.
const leastPatches = 4

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
	// evenly: a wave of the luma on the document that keeps its frequency; crosses: another at a right angle to it; runsOn: it
	// runs on around the document; here: it does not; short: its period is shorter than that of print.
	evenly
	crosses
	runsOn
	here
	short
	// turns: a wave of the colours on the document whose hue turns, as the beat of red, green and blue stripes does;
	// turnsBeyond: around it as well; hand: it is too strong to be chance, wherever; dyed: it does not turn, so that it is print.
	turns
	turnsBeyond
	hand
	dyed
	// bands and edges of the frame.
	bands
	edges
	// nothing: no camera data.
	nothing
	features
)

// weights are those of a logistic regression on the tuning half of the labelled sets (138 photos of screens, 190 others, of
// which 76 were made to look like screens; ridge of 0.02 a photo), but for the last, which is set by hand: what the sets
// say about lost camera data is made up. Where screens are rarer than there, the probability is too high, but its order holds.
var weights = [features]float64{
	always: -1.79, evenly: 1.10, crosses: 1.44, runsOn: 1.01, here: 0.34, short: 3.70,
	turns: 1.24, turnsBeyond: 0.52, hand: 3.16, dyed: -1.04, bands: 4.63, edges: 0.66, nothing: 0.3,
}

// weighed returns each feature times its weight. The scales within are those at which features saturate.
func (e *evidence) weighed() [features]float64 {
	l, c := &e.luma, &e.colour
	strength, even := unit((l.rise-leastRise)/4), unit(1-l.bend/1.5)
	vivid, evenColour := unit((c.rise-leastRise)/2.5), unit(1-c.bend/3)
	turning := c.turning * c.turning * c.turning
	var x [features]float64
	x[always] = 1
	x[evenly] = l.inside * strength * even
	x[crosses] = l.inside * l.crossed * even
	x[runsOn] = l.inside * l.outside * even
	if l.outsideOf > 1 {
		x[here] = l.inside * strength * (1 - l.outside)
	}
	x[short] = l.inside * unit(8*l.frequency-0.6) * unit(2*strength)
	if !e.located {
		// Cloth that fills the picture has waves too; the hue of its threads does not turn.
		for i := evenly; i <= short; i++ {
			x[i] *= turning * vivid
		}
	}
	x[turns] = c.inside * turning * vivid * evenColour
	if c.inside > 0.2 {
		x[turnsBeyond] = c.outside * turning * vivid * evenColour
	}
	x[hand] = turning * turning * unit((c.rise-4.5)/1.5)
	x[dyed] = c.inside * (1 - c.turning) * (1 - c.turning) * vivid
	x[bands], x[edges] = float64(min(e.bezel.bands, 2))/2, float64(min(e.bezel.edges, 2))/2
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
	wave := x[evenly] + x[crosses] + x[runsOn] + x[here] + x[short]
	switch {
	case wave >= counts && e.luma.crossed >= 0.5:
		out = append(out, CuePixelGrid)
	case wave >= counts, x[turns]+x[turnsBeyond]+x[hand] >= counts:
		out = append(out, CueMoire)
	}
	if x[bands]+x[edges] >= counts {
		out = append(out, CueBezel)
	}
	if !e.camera {
		out = append(out, CueNoCameraData)
	}
	return out
}
