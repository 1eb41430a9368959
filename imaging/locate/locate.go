package locate

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// candidate is a proposal that was measured.
type candidate struct {
	proposal
	features features
	// score is the logarithm of the odds that it is a document, by the model.
	score float64
	// doubted: a second search found it, and the first something else.
	doubted bool
}

const (
	// shortest is the least length of a piece of an edge, in pixels of the view: strokes of print are shorter.
	shortest = 10
	// mostProposals are measured of those that lines enclose, and half as many of those that fit regions. Where what is then found is less
	// likely than plain, mostWidely are, and mostFiner of those that lines of a finer view enclose: on tiles, checks and woven mats
	// there are hundreds of ways to choose four lines that are as good as the card's, and between holes and threads lines are short. Of 140
	// labelled photos of which the few had no quadrilateral that shares 0.93 with the document, 71 have one among mostWidely, 94 with a finer view.
	mostProposals, mostWidely, mostFiner, plain = 64, 400, 160, 0.9
	// mostDocuments are returned.
	mostDocuments = 6
	// leastConfidence is that of what is worth a mention.
	leastConfidence = 0.1
	// leastPicture is the least side of a picture, in pixels, that is looked at at all.
	leastPicture = 32
	// mostGuessed is the share of a document outside the picture beyond which its far corners are little more than a guess, and
	// guessConfidence is how sure such a quadrilateral may be. Of those on the tuning half of the labelled photos that were said to be right
	// with 0.8 and more, the 67 with up to 0.35 outside were (two of three corners are then in the picture), the 4 with more were not.
	mostGuessed, guessConfidence = 0.4, 0.5
)

// Documents finds the documents in a photo, the main one first: the one that is most of the picture among those that are
// most likely documents. There is none where nothing looks like one; what is returned may still be wrong, and its
// Confidence says how likely. Corners are in pixels of the upright picture at full size, clockwise from the one that is
// the top left as the picture lies: which side of a document is up is not told by its outline.
func Documents(f *raster.Frame) []filing.Document {
	if f == nil || f.Small == nil || f.Full == nil || min(f.Small.W, f.Small.H) < leastPicture {
		return nil
	}
	v := newView(f)
	finer := sync.OnceValue(func() *view { return viewOf(f, finerSide) })
	found := v.search(mostProposals, nil)
	if len(found) == 0 || confidence(found[0].score) < plain {
		first := found
		found = v.search(mostWidely, finer().proposalsFor(v))
		for i := range found {
			same := func(c candidate) bool { return c.quad.IoU(found[i].quad) >= theSame }
			found[i].doubted = !slices.ContainsFunc(first, same)
		}
	}
	out := v.documents(f, found)
	if v.edgeToEdge(out) {
		w, h := float64(f.Width), float64(f.Height)
		return append(out[:0], describe(f, raster.Quad{{0, 0}, {w, 0}, {w, h}, {0, h}}, pageConfidence, 0))
	}
	if len(out) > 0 && out[0].Confidence >= unsure {
		return out
	}
	if finer().w > v.w {
		again := finer().documents(f, finer().search(mostWidely, nil))
		if len(again) > 0 && again[0].Confidence >= surely && (len(out) == 0 || odds(again[0].Confidence) >= surer*odds(out[0].Confidence)) {
			for i := range again {
				again[i].Confidence = min(again[i].Confidence, mostAgain)
			}
			return again
		}
	}
	return out
}

// Where nothing that is found is as likely as unsure, the picture is searched again in a finer view: of documents that are small, or lie
// on tiles and print as wide as their margins, the coarse one shows too little. What is found there counts from the confidence surely
// on, and where its odds are surer times as good as those of what was found before: who looks twice finds something that is nothing
// twice as often. Nor is it ever more likely than mostAgain: of 50 that were said to be right with 0.8 and more there, where the coarse
// view was less sure, 39 were (IoU 0.9). Of 230 labelled photos without a sure document, 124 of which show one, 69 were right in the coarse
// view and 82 in the better of both; none of the 106 others was surely one. Nor is what only the wide search found, which shares less than
// theSame with all that the first found: of 19 such that were said to be right with 0.8 and more on the second half, 2 of the 5 wrong ones of
// all were.
const (
	unsure, surely, surer, mostAgain, theSame = 0.5, 0.6, 7, 0.79, 0.9
	// finerSide is the long side of that view.
	finerSide = 840
)

func odds(p float64) float64 { return p / max(1-p, 1e-6) }

// search finds what may be a document in the view, the main one first.
func (v *view) search(most int, more []proposal) []candidate {
	all := v.candidates(most, more)
	found := choose(v.decide(slices.Clone(all)), float64(v.w), float64(v.h))
	if len(found) == 0 {
		return nil
	}
	return v.withBeside(found, all)
}

// leastBeside is the score of the first model from which something that does not lie on the main document is looked at without it. Of 76 second
// documents that were found so on the several-document photos of three sets all had more, by the models before these; of 450 photos of one
// document 19 had something that did.
const leastBeside = -1

// withBeside judges what lies beside the main document once more, as if that were not there: the last model learnt from photos of one
// document, in which all that is less likely than the best is nothing. Candidates are sorted by the first model's score.
func (v *view) withBeside(found, all []candidate) []candidate {
	onMain := func(c candidate) bool { return overlap(c.quad, found[0].quad) > mostShared }
	all = slices.DeleteFunc(all, onMain)
	if len(all) == 0 || all[0].score < leastBeside {
		return found
	}
	others := slices.Concat(found[1:], apartOf(v.decide(all), mostDocuments))
	sortByScore(others)
	return append(found[:1:1], apartOf(others, mostDocuments-1)...)
}

// proposalsFor are what lines of this view enclose, in the pixels of another.
func (v *view) proposalsFor(other *view) []proposal {
	if v.w <= other.w {
		return nil
	}
	found := v.quads(v.allLines(), mostFiner)
	sx, sy := float64(other.w)/float64(v.w), float64(other.h)/float64(v.h)
	for i := range found {
		for k, p := range found[i].quad {
			found[i].quad[k] = raster.Point{p[0] * sx, p[1] * sy}
		}
	}
	return found
}

// documents describes those of the candidates that are likely enough.
func (v *view) documents(f *raster.Frame, found []candidate) (out []filing.Document) {
	for _, c := range found {
		if confidence(c.score) >= leastConfidence {
			out = append(out, v.document(f, c))
		}
	}
	return out
}

// candidates proposes and measures: at most so many that lines enclose, half as many that fit regions, and more that are known already.
func (v *view) candidates(most int, more []proposal) []candidate {
	proposals := v.quads(v.allLines(), most)
	for _, p := range slices.Concat(v.regions(most/2), more) {
		if !near(proposals, p.quad, 1.5) {
			proposals = append(proposals, p)
		}
	}
	out := v.rate(make([]candidate, 0, len(proposals)+mostGrown), proposals)
	sortByScore(out)
	out = v.rate(out, v.grown(out, v.allLines()))
	sortByScore(out)
	return out
}

// rate measures proposals and appends them as candidates.
func (v *view) rate(out []candidate, proposals []proposal) []candidate {
	for i := range proposals {
		if f, ok := v.measure(&proposals[i]); ok {
			out = append(out, candidate{proposal: proposals[i], features: f, score: rank().score(f[:])})
		}
	}
	return out
}

func sortByScore(all []candidate) {
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
}

// apartOf keeps of candidates, the best first, those that do not lie on a better one and are worth a mention; the best in any case.
func apartOf(all []candidate, most int) []candidate {
	var kept []candidate
	for _, c := range all {
		if len(kept) > 0 && c.score < leastScore || len(kept) == most {
			break
		}
		if !slices.ContainsFunc(kept, func(k candidate) bool { return overlap(c.quad, k.quad) > mostShared }) {
			kept = append(kept, c)
		}
	}
	return kept
}

// choose keeps the documents among candidates, which are sorted by score, and puts the main one first.
func choose(all []candidate, w, h float64) []candidate {
	kept := apartOf(all, mostDocuments)
	if len(kept) > 1 {
		main := 0
		for i := range kept {
			if prominence(&kept[i], w, h) > prominence(&kept[main], w, h) {
				main = i
			}
		}
		c := kept[main]
		kept = slices.Insert(slices.Delete(kept, main, main+1), 0, c)
	}
	return kept
}

// mostShared is how much of the smaller of two documents may lie on the other.
const mostShared = 0.15

// leastScore is the score below which a further document is not worth a mention: a probability of one in five.
const leastScore = -1.4

// prominence orders documents that are all likely ones: large ones in the middle come first.
func prominence(c *candidate, w, h float64) float64 {
	area := raster.PolygonArea(c.quad.Within(w, h)) / (w * h)
	m := c.quad.Middle()
	off := math.Hypot((m[0]-w/2)/w, (m[1]-h/2)/h)
	return confidence(c.score) * math.Sqrt(max(area, 0)) * (1 - 0.5*min(off, 1))
}

// overlap is the area that two quadrilaterals share over that of the smaller.
func overlap(a, b raster.Quad) float64 {
	least := min(a.Area(), b.Area())
	if least <= 0 {
		return 0
	}
	iou := a.IoU(b)
	return iou / (1 + iou) * (a.Area() + b.Area()) / least
}

// confidence is the probability that a document of a score is right, by how often such were (see the test that fits it), and above
// likelyOdds less than that.
func confidence(score float64) float64 {
	odds := confidenceSlope*score + confidenceShift
	return sigmoid(min(odds, likelyOdds+believed*(odds-likelyOdds)))
}

const (
	confidenceSlope, confidenceShift = 1.497, -1.466
	// Of what the odds are beyond likelyOdds (7 in 10), as logarithms, so much is believed. Of 2,197 documents of the tuning half that
	// models fitted to other surfaces said to be right with 0.8 and more, 13 were not, most of them pages on screens and pages half in
	// the shade; 7 of those lay below 0.84, which is 0.8 now. Who relies on a document is rather told too little.
	likelyOdds, believed = 0.85, 0.7
)

// document fits a candidate at full resolution and describes it.
func (v *view) document(f *raster.Frame, c candidate) filing.Document {
	q := c.quad
	for i := range q {
		q[i] = raster.Point{q[i][0] * v.sx, q[i][1] * v.sy}
	}
	scale := max(v.sx, v.sy)
	q = refine(f, q, max(2.2*scale, 3))
	q, back := withdrawn(f, q, 1.6*scale)
	if back != [4]bool{} {
		q = refine(f, q, max(2.2*scale, 3))
	}
	card := roundness(f, q)
	q, ends := runsOut(f, q, back, 1.6*scale)
	q = upright(complete(q, ends, float64(f.Width), float64(f.Height), focalOf(f), card))
	sure := confidence(c.score)
	if c.doubted {
		sure = min(sure, mostAgain)
	}
	d := describe(f, q, sure, card)
	if slices.ContainsFunc(ends[:], func(e ending) bool { return e.hidden }) {
		for i := range d.Formats {
			d.Formats[i].OutsideMM = max(d.Formats[i].OutsideMM, leastOutsideMM)
		}
	}
	d.Occluded, d.OccludedDepth, d.Occlusions = covers(f, q)
	return d
}

// leastOutsideMM is how deep the frame cuts at least into a document of which a side is not in sight, in millimetres: that it ends
// just there would be chance, and the lengths of its sides do not tell so little.
const leastOutsideMM = 1.5

// describe fills in what follows from a document's corners; card is how round they are.
func describe(f *raster.Frame, q raster.Quad, confidence, card float64) filing.Document {
	w, h := float64(f.Width), float64(f.Height)
	d := filing.Document{Quad: [4]raster.Point(q), Confidence: confidence, MarginPx: math.Inf(1)}
	area := q.Area()
	seen := raster.PolygonArea(q.Within(w, h))
	if area > 0 {
		d.FrameShare, d.OutsideShare = seen/(w*h), min(max(1-seen/area, 0), 1)
	}
	if d.OutsideShare > mostGuessed {
		d.Confidence = min(d.Confidence, guessConfidence)
	}
	for _, p := range q {
		d.MarginPx = min(d.MarginPx, p[0], p[1], w-p[0], h-p[1])
	}
	if shape, ok := poseOf(q, w, h, focalOf(f)); ok {
		d.Tilt = shape.lean
		d.Formats = fits(q, shape, card, w, h)
	}
	return d
}

// fits weighs the formats by the shape and by whether corners are round.
func fits(q raster.Quad, shape pose, card, w, h float64) []filing.FormatFit {
	// How far a shape is off, as a logarithm, for a phone whose field of view is not exactly the assumed one.
	const deviation = 0.035
	prior := map[string]float64{filing.FormatID1: 1, filing.FormatID3: 0.25, filing.FormatA4: 1, filing.FormatA3: 0.25}
	var out []filing.FormatFit
	sum := 0.0
	for _, k := range formats() {
		x := shape.misfit(k) / deviation
		likelihood := prior[k.name] * (math.Exp(-x*x/2) + 1e-3)
		if k.short < 60 {
			likelihood *= 0.1 + card
		} else {
			likelihood *= 1.1 - card
		}
		wide, high := k.long, k.short
		if shape.aspect < 1 {
			wide, high = high, wide
		}
		fit := filing.FormatFit{Format: k.name, Likelihood: likelihood, OutsideMM: depth(q, wide, high, w, h)}
		if m, ok := raster.RectToQuad(wide, high, q); ok {
			fit.PxPerMM, fit.LeastPxPerMM = resolutions(m, wide, high)
		}
		sum += likelihood
		out = append(out, fit)
	}
	for i := range out {
		out[i].Likelihood /= sum
	}
	slices.SortStableFunc(out, func(a, b filing.FormatFit) int { return cmp.Compare(b.Likelihood, a.Likelihood) })
	return out
}

// resolutions is the resolution in the middle of a document of a size in millimetres, and the least that its print has, both in pixels per
// millimetre (see filing.FormatFit).
func resolutions(m raster.Homography, wide, high float64) (middle, least float64) {
	const margin = 1.0 / 12
	middle, _ = m.Scales(raster.Point{wide / 2, high / 2})
	least = math.Inf(1)
	for _, s := range [2]float64{margin, 1 - margin} {
		for _, t := range [2]float64{margin, 1 - margin} {
			_, smaller := m.Scales(raster.Point{s * wide, t * high})
			least = min(least, smaller)
		}
	}
	return middle, least
}

// upright turns a quadrilateral so that it begins with the corner that is the top left as the picture lies: its first side
// is the one that leads most nearly to the right.
func upright(q raster.Quad) raster.Quad {
	best, turn := math.Inf(-1), 0
	for i := range q {
		a, b := q[i], q[(i+1)%4]
		c, d := q[(i+3)%4], q[(i+2)%4]
		x, y := b[0]-a[0]+d[0]-c[0], b[1]-a[1]+d[1]-c[1]
		if r := x / math.Hypot(x, y); r > best {
			best, turn = r, i
		}
	}
	return q.Turned(turn)
}

// roundness is how round the corners in sight are, 0 for those of paper to 1 for those of a card: whether, where paper
// would have its corner, the table shows.
func roundness(f *raster.Frame, q raster.Quad) float64 {
	m, ok := raster.RectToQuad(1, 1, q)
	if !ok {
		return 0.5
	}
	// The short side is that of a card if it is one: corners of radius 3.18 mm leave the corner of the rectangle by
	// 0.41 of the radius along the diagonal.
	a, b := (q.Side(0)+q.Side(2))/2, (q.Side(1)+q.Side(3))/2
	short := min(a, b)
	rx, ry := 3.18/54*short/a, 3.18/54*short/b
	colour := func(s, t float64) ([3]float64, bool) {
		p := m.Apply(raster.Point{s, t})
		if p[0] < 1 || p[1] < 1 || p[0] > float64(f.Width)-1 || p[1] > float64(f.Height)-1 {
			return [3]float64{}, false
		}
		p = f.ToSmall(p)
		r, g, b := f.Small.At(p[0], p[1])
		return [3]float64{r, g, b}, true
	}
	sum, n := 0.0, 0.0
	for k := range 4 {
		at := func(s, t float64) ([3]float64, bool) { // from corner k inwards, in radii of a card
			s, t = s*rx, t*ry
			if k == 1 || k == 2 {
				s = 1 - s
			}
			if k >= 2 {
				t = 1 - t
			}
			return colour(s, t)
		}
		tip, ok1 := at(0.16, 0.16)
		out1, ok2 := at(1.4, -0.35)
		out2, ok3 := at(-0.35, 1.4)
		in1, ok4 := at(1.4, 0.4)
		in2, ok5 := at(0.4, 1.4)
		if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
			continue
		}
		inside := min(span(tip, in1), span(tip, in2))
		outside := min(span(tip, out1), span(tip, out2))
		if apart := min(span(in1, out1), span(in2, out2)); apart < 8 || inside+outside < 1 {
			continue
		}
		sum += inside / (inside + outside)
		n++
	}
	if n == 0 {
		return 0.5
	}
	return min(max(1.6*(sum/n)-0.3, 0), 1)
}
