package accuracy

import (
	"cmp"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// Bar is a goal and how a set of photos stands to it.
type Bar struct {
	// Name says what is counted, Unit of what.
	Name string
	// N photos counted, of which Errors were wrong. Value is Errors/N, or a mean where Mean; Lower and Upper are its
	// interval at 95 %: Wilson's, or the normal one of a mean.
	N, Errors           int
	Mean                bool
	Value, Lower, Upper float64
	// Goal is what Value must not exceed, or must reach where AtLeast; 0 where a row has no goal and only informs.
	Goal    float64
	AtLeast bool
	// Worst are the ids of what was wrong, the worst first, at most WorstShown.
	Worst []string
}

// WorstShown is how many photos a bar names.
const WorstShown = 20

// bound is the goal below which not the rate but its interval must meet it: so small a rate says little of a few photos.
const bound = 0.01

// Met reports whether the goal is reached. Where nothing was counted it is not.
func (b Bar) Met() bool {
	switch {
	case b.N == 0:
		return false
	case b.AtLeast:
		return b.Value >= b.Goal
	case b.Goal < bound:
		return b.Upper <= b.Goal
	default:
		return b.Value <= b.Goal
	}
}

// Informs reports whether the bar has no goal.
func (b Bar) Informs() bool { return b.Goal == 0 }

// Quads of a confidence of SureFrom or more are taken for right by whoever uses them; a quad is right where it shares
// RightIoU with the true one, and wrong below WrongIoU.
const (
	SureFrom = 0.8
	RightIoU = 0.9
	WrongIoU = 0.8
)

// IoU is the overlap of two quadrilaterals in the frame of the true document (交并比): both are mapped by the perspective
// that makes the true one a rectangle, so that a document's far half counts as much as its near one (as in the ICDAR 2015
// SmartDoc competition). 0 where the other is no quadrilateral there.
func IoU(truth, found [4]filing.Point) float64 {
	const w, h = 1.6, 1.0 // any rectangle gives the same share
	toQuad, ok := raster.RectToQuad(w, h, truth)
	if !ok {
		return 0
	}
	back, ok := toQuad.Inverse()
	if !ok {
		return 0
	}
	var mapped raster.Quad
	for i, p := range found {
		// Beyond the horizon of the document's plane there is no place on it.
		if z, one := back[6]*p[0]+back[7]*p[1]+back[8], back[6]*truth[0][0]+back[7]*truth[0][1]+back[8]; z*one <= 0 {
			return 0
		}
		mapped[i] = back.Apply(p)
	}
	if !mapped.Convex() {
		return 0
	}
	return mapped.IoU(raster.Quad{{0, 0}, {w, 0}, {w, h}, {0, h}})
}

// located returns the overlap of the located document with the true one that it fits best; 0 where none was located, or
// none is there.
func located(p *Photo) float64 {
	best := 0.0
	if p.Measurements.Document == nil {
		return 0
	}
	for _, truth := range p.Truth.Documents {
		best = math.Max(best, IoU(truth, p.Measurements.Document.Quad))
	}
	return best
}

// counter gathers a rate.
type counter struct {
	bar   Bar
	wrong []ranked
}

type ranked struct {
	id  string
	how float64
}

// add counts a photo; how says how wrong it is, for the order of the worst.
func (c *counter) add(p *Photo, wrong bool, how float64) {
	c.bar.N++
	if wrong {
		c.bar.Errors++
		c.wrong = append(c.wrong, ranked{p.Case.ID, how})
	}
}

func (c *counter) finish() Bar {
	b := c.bar
	b.Worst = worst(c.wrong)
	if b.Mean {
		return b
	}
	if b.N > 0 {
		b.Value = float64(b.Errors) / float64(b.N)
	}
	b.Lower, b.Upper = Wilson(b.Errors, b.N)
	if b.AtLeast { // counted are the failures, stated is the success
		b.Value, b.Lower, b.Upper = 1-b.Value, 1-b.Upper, 1-b.Lower
		if b.N == 0 {
			b.Value = 0
		}
	}
	return b
}

func worst(all []ranked) []string {
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Or(cmp.Compare(b.how, a.how), cmp.Compare(a.id, b.id)) })
	var ids []string
	for _, r := range all[:min(len(all), WorstShown)] {
		ids = append(ids, r.id)
	}
	return ids
}

// Bars holds photos of one set against every goal of the issue, in its order.
func Bars(photos []Photo) []Bar {
	bars := quadBars(photos)
	for _, d := range detectors() {
		bars = append(bars, d.bars(photos)...)
	}
	return append(bars, cleanBar(photos))
}

func quadBars(photos []Photo) []Bar {
	var bars []Bar
	for _, part := range []struct {
		group       specimen.Group
		mean, share float64
		from        float64
	}{
		{specimen.GroupOrdinary, 0.98, 0.95, 0.95},
		{specimen.GroupHard, 0.93, 0.90, 0.90},
	} {
		share := counter{bar: Bar{Name: "quad, " + string(part.group) + ": share with IoU >= " + number(part.from), Goal: part.share, AtLeast: true}}
		var overlaps []float64
		for i := range photos {
			if p := &photos[i]; p.Case.Group == part.group {
				iou := located(p)
				overlaps = append(overlaps, iou)
				share.add(p, iou < part.from, 1-iou)
			}
		}
		m, half := mean(overlaps)
		bars = append(bars, Bar{
			Name: "quad, " + string(part.group) + ": mean IoU", N: len(overlaps), Mean: true, Value: m, Lower: m - half, Upper: min(m+half, 1),
			Goal: part.mean, AtLeast: true,
		}, share.finish())
	}
	wrong := counter{bar: Bar{Name: "quads of confidence >= " + number(SureFrom) + " that are wrong (IoU < " + number(WrongIoU) + ")", Goal: 0.005}}
	sure := counter{bar: Bar{Name: "right quads (IoU >= " + number(RightIoU) + ") of confidence >= " + number(SureFrom), Goal: 0.9, AtLeast: true}}
	for i := range photos {
		p := &photos[i]
		d := p.Measurements.Document
		if d == nil {
			continue
		}
		iou := located(p)
		if d.Confidence >= SureFrom {
			wrong.add(p, iou < WrongIoU, d.Confidence-iou)
		}
		if iou >= RightIoU {
			sure.add(p, d.Confidence < SureFrom, -d.Confidence)
		}
	}
	return append(bars, wrong.finish(), sure.finish())
}

// state is what the truth says of a defect; undecided is neither there nor not: too slight to be held against anybody.
type state int

const (
	absent state = iota
	undecided
	present
)

// detector is a defect and the findings that stand for it.
type detector struct {
	name string
	// codes are the findings that may be false alarms; found are those that count as seen beside them: the same thing
	// said in other words.
	codes, found  []string
	truth         func(*Photo) (is state, degree float64)
	missed, false float64
}

// Bounds between which a defect is undecided; the goals name the upper ones.
const (
	glareFrom, glareNone       = 0.03, 0.002 // share of the document
	cutFrom                    = 2.0         // millimetres
	occludedFrom, occludedNone = 0.01, 0.0   // share of the document
	tiltFrom, tiltNone         = 36.0, 25.0  // degrees
	smallFrom, smallNone       = 0.10, 0.20  // share of the picture
	smallText, enoughText      = 10.0, 15.0  // pixels
	facePixels, faceSmall      = 60.0, 48.0
	faceBlur, faceSharp        = 0.12, 0.06 // edge width over the face's shorter side
)

func detectors() []detector {
	is := func(there, not bool) state {
		switch {
		case there:
			return present
		case not:
			return absent
		}
		return undecided
	}
	shown := func(p *Photo) bool { return len(p.Truth.Documents) > 0 }
	// Of pictures of rooms only faces and the place of the card are known.
	known := func(p *Photo) bool { return p.Truth.WhitePaperLevel > 0 }
	paper := func(p *Photo) bool { return shown(p) && known(p) }
	return []detector{
		{
			name: "blurred", codes: []string{"blurred"}, found: []string{"resolution_too_low"}, missed: 0.03, false: 0.02,
			truth: func(p *Photo) (state, float64) {
				legible, decided := p.Truth.Legible()
				return is(paper(p) && decided && !legible, paper(p) && decided && legible), p.Truth.EdgeWidthPerTextHeight
			},
		},
		{
			name: "glare", codes: []string{"glare"}, missed: 0.05, false: 0.02,
			truth: func(p *Photo) (state, float64) {
				t := &p.Truth
				return is(t.GlareShare >= glareFrom && t.GlareTextShare > 0, t.GlareShare < glareNone), t.GlareShare
			},
		},
		{
			name: "cut off", codes: []string{"document_cut_off"}, missed: 0.01, false: 0.01,
			truth: func(p *Photo) (state, float64) {
				return is(p.Truth.OutsideMM >= cutFrom, p.Truth.OutsideMM == 0), p.Truth.OutsideMM
			},
		},
		{
			name: "grey copy", codes: []string{"greyscale_copy"}, missed: 0.05, false: 0.005,
			truth: func(p *Photo) (state, float64) {
				// A registrar's certificate may be printed in grey: nobody asks for colour.
				grey := p.Truth.Grey && p.Case.Kind() != specimen.DomainCertificate
				return is(grey, !p.Truth.Grey && !p.Truth.Colourless), 0
			},
		},
		{
			name: "recapture", codes: []string{"screen_recapture"}, missed: 0.15, false: 0.01,
			truth: func(p *Photo) (state, float64) { return is(p.Truth.Recapture, !p.Truth.Recapture), 0 },
		},
		{
			name: "too dark", codes: []string{"underexposed"}, missed: 0.03, false: 0.02,
			truth: func(p *Photo) (state, float64) {
				e, decided := p.Truth.Exposed()
				return is(known(p) && decided && e < 0, known(p) && decided && e >= 0), -p.Truth.WhitePaperLevel
			},
		},
		{
			name: "too bright", codes: []string{"overexposed"}, missed: 0.03, false: 0.02,
			truth: func(p *Photo) (state, float64) {
				e, decided := p.Truth.Exposed()
				return is(known(p) && decided && e > 0, known(p) && decided && e <= 0), p.Truth.WhitePaperLevel
			},
		},
		{
			// Found here is that no face is there: a face that is missed is a false alarm of this finding, and the goals of the
			// issue, which speak of faces, change places.
			name: "no face", codes: []string{"face_not_found"}, missed: 0.01, false: 0.02,
			truth: func(p *Photo) (state, float64) {
				f, size := realFace(p)
				return is(handheld(p) && f == nil, handheld(p) && f != nil && size >= facePixels && !f.Covered && p.Case.Variant != "turned"), size
			},
		},
		{
			name: "face unclear", codes: []string{"face_unclear"}, found: []string{"face_not_found"}, missed: 0.05, false: 0.02,
			truth: func(p *Photo) (state, float64) {
				f, size := realFace(p)
				if !handheld(p) || f == nil || p.Case.Variant == "turned" { // which a person is asked about, too
					return undecided, 0
				}
				blur := f.SharpPx / math.Max(size, 1)
				return is(f.Covered || blur >= faceBlur || size <= faceSmall, !f.Covered && blur <= faceSharp && size >= facePixels), blur
			},
		},
		{
			name: "occluded", codes: []string{"document_occluded"}, missed: 0.05, false: 0.02,
			truth: func(p *Photo) (state, float64) {
				if p.Case.Group == specimen.GroupFace {
					return undecided, p.Truth.Occluded // a thumb is on every card that is held, and nobody sends the photo back for it
				}
				return is(p.Truth.Occluded >= occludedFrom, paper(p) && p.Truth.Occluded <= occludedNone), p.Truth.Occluded
			},
		},
		{
			name: "tilted", codes: []string{"document_tilted"}, missed: 0.05, false: 0.02,
			truth: func(p *Photo) (state, float64) {
				return is(p.Truth.TiltDegrees >= tiltFrom, known(p) && p.Truth.TiltDegrees <= tiltNone), p.Truth.TiltDegrees
			},
		},
		{
			name: "too small", codes: []string{"document_too_small", "resolution_too_low"}, missed: 0.05, false: 0.02,
			truth: func(p *Photo) (state, float64) {
				t := &p.Truth
				return is(paper(p) && !handheld(p) && (t.FrameShare <= smallFrom || t.TextHeightPx <= smallText),
					paper(p) && !handheld(p) && t.FrameShare >= smallNone && t.TextHeightPx >= enoughText), -t.FrameShare
			},
		},
		{
			name: "several documents", codes: []string{"several_documents"}, missed: 0.05, false: 0.02,
			truth: func(p *Photo) (state, float64) {
				return is(len(p.Truth.Documents) > 1, len(p.Truth.Documents) == 1), float64(len(p.Truth.Documents))
			},
		},
		{
			name: "no document", codes: []string{"document_not_found"},
			truth: func(p *Photo) (state, float64) { return is(!shown(p), shown(p)), 0 },
		},
	}
}

func handheld(p *Photo) bool { return p.Case.Group == specimen.GroupFace }

// realFace returns the largest face of a person, not of a portrait, and its shorter side in pixels.
func realFace(p *Photo) (face *specimen.Face, size float64) {
	for i := range p.Truth.Faces {
		f := &p.Truth.Faces[i]
		if side := math.Min(f.Box[2]-f.Box[0], f.Box[3]-f.Box[1]); f.Real && side > size {
			face, size = f, side
		}
	}
	return face, size
}

// bars are a detector's two: what it misses, and what it reports wrongly. Both count every photo of the set whose truth is
// decided, in whatever group it is.
func (d *detector) bars(photos []Photo) []Bar {
	missed := counter{bar: Bar{Name: d.name + ": missed", Goal: d.missed}}
	alarms := counter{bar: Bar{Name: d.name + ": false alarm", Goal: d.false}}
	for i := range photos {
		p := &photos[i]
		switch is, degree := d.truth(p); is {
		case present:
			missed.add(p, !p.Has(d.codes...) && !p.Has(d.found...), degree)
		case absent:
			alarms.add(p, p.Has(d.codes...), -degree)
		}
	}
	bars := []Bar{missed.finish(), alarms.finish()}
	if d.name == "blurred" {
		band := counter{bar: Bar{Name: "blurred: photos in the band between", Goal: 0.2}}
		for i := range photos {
			if p := &photos[i]; p.Case.Group == specimen.GroupBlur {
				_, decided := p.Truth.Legible()
				band.add(p, !decided, 0)
			}
		}
		bars = append(bars, band.finish())
	}
	return bars
}

// cleanBar counts good photos that would be refused.
func cleanBar(photos []Photo) Bar {
	c := counter{bar: Bar{Name: "clean photos with a finding of severity error", Goal: 0.02}}
	for i := range photos {
		if p := &photos[i]; p.Truth.Clean {
			errors := 0.0
			for _, f := range p.Findings {
				if f.Severity == filing.SeverityError {
					errors++
				}
			}
			c.add(p, errors > 0, errors)
		}
	}
	return c.finish()
}

// Reliable is a row of the table of confidences: of so many quads that were said to be right with a probability in a range,
// how many were.
type Reliable struct {
	From, To float64
	N, Right int
	// Said is their mean confidence.
	Said float64
}

// Reliability compares the confidences of all quads with how often they are right, in tenths, and gives the mean distance
// between the two (expected calibration error, 校准误差).
func Reliability(photos []Photo) (rows []Reliable, far float64) {
	const tenths = 10
	rows = make([]Reliable, tenths)
	n := 0
	for i := range rows {
		rows[i].From, rows[i].To = float64(i)/tenths, float64(i+1)/tenths
	}
	for i := range photos {
		d := photos[i].Measurements.Document
		if d == nil {
			continue
		}
		r := &rows[max(0, min(int(d.Confidence*tenths), tenths-1))]
		r.N++
		r.Said += d.Confidence
		if located(&photos[i]) >= RightIoU {
			r.Right++
		}
		n++
	}
	for i := range rows {
		if r := &rows[i]; r.N > 0 {
			r.Said /= float64(r.N)
			far += float64(r.N) / float64(n) * math.Abs(r.Said-float64(r.Right)/float64(r.N))
		}
	}
	return rows, far
}

// Cell is how often a finding was made in a group: of Present photos that show the defect Found, of Absent ones that do not
// False. Photos of which the truth is undecided are left out.
type Cell struct{ Present, Found, Absent, False int }

// Confusion counts every finding in every group. codes are those that are known to a detector first, and then any other that
// occurs: nothing of what they say is true of a labelled photo.
func Confusion(photos []Photo) (codes []string, groups []specimen.Group, cells map[specimen.Group]map[string]Cell) {
	truth := map[string]func(*Photo) (state, float64){}
	for _, d := range detectors() {
		for _, code := range d.codes {
			if truth[code] == nil {
				truth[code] = d.truth
				codes = append(codes, code)
			}
		}
	}
	var others []string
	for i := range photos {
		for _, f := range photos[i].Findings {
			if truth[f.Code] == nil && !slices.Contains(others, f.Code) {
				others = append(others, f.Code)
			}
		}
	}
	slices.Sort(others)
	codes = append(codes, others...)
	cells = map[specimen.Group]map[string]Cell{}
	for i := range photos {
		p := &photos[i]
		row := cells[p.Case.Group]
		if row == nil {
			row = map[string]Cell{}
			cells[p.Case.Group] = row
			groups = append(groups, p.Case.Group)
		}
		for _, code := range codes {
			is := absent
			if t := truth[code]; t != nil {
				is, _ = t(p)
			}
			c := row[code]
			switch is {
			case present:
				c.Present++
				if p.Has(code) {
					c.Found++
				}
			case absent:
				c.Absent++
				if p.Has(code) {
					c.False++
				}
			}
			row[code] = c
		}
	}
	return codes, groups, cells
}
