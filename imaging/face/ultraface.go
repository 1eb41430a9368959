package face

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/imaging/onnx"
	"github.com/preflight-icp/preflight/imaging/raster"
)

const (
	// windowW and windowH are what UltraFace RFB-320 sees at a time.
	windowW, windowH = 320, 240
	// nearSide is the long side of the picture at which it is looked at in windows.
	nearSide = 960
	// windowStep is how far apart windows are: the overlap of 80 pixels holds any face that the whole picture is too small for.
	windowStep = windowW - 80
	// lookFloor is the confidence from which a candidate is looked at again, and reportFloor that from which it is reported: low
	// enough that what counts as a face is decided by who judges.
	lookFloor, reportFloor = 0.5, 0.5
	// traceFloor is the confidence from which halves takes notice.
	traceFloor = 0.01
	// plainFace is the confidence of a face that ends the search: a person in front of the camera, plain to see.
	plainFace = 0.95
	// closeSide is the size of a sharp face when it is looked at by itself, in pixels of a window. One that is out of focus is
	// looked at as small as makes its contours closeEdge pixels wide, at least leastClose: the detector knows faces whose
	// contours are as sharp as their size allows, and takes a large, soft one for none.
	closeSide, leastClose = 72, 30
	closeEdge             = 2.8
	// maxCandidates is how many are looked at by themselves: more come from texture, not from people.
	maxCandidates = 12
	// flatDeviation is the standard deviation of the luma, in grey levels, below which a window shows nothing.
	flatDeviation = 5
)

// view is what part of the picture a window shows: the picture's position of the window's top left, and pixels of
// Frame.Small for each pixel of the window.
type view struct{ x, y, step float64 }

// ultraFace searches with UltraFace.
func (s *search) ultraFace() ([]candidate, error) {
	p := s.levels[0]
	w, h := float64(p.W), float64(p.H)
	step := max(w/windowW, h/windowH)
	found, err := s.window(view{x: (w - step*windowW) / 2, y: (h - step*windowH) / 2, step: step})
	if err != nil {
		return nil, err
	}
	found, err = s.closer(found)
	if err != nil {
		return nil, err
	}
	if s.closeUp() || s.person(found) {
		return found, nil
	}
	// Near and out of focus.
	step *= farStep
	soft, err := s.window(view{x: (w - step*windowW) / 2, y: (h - step*windowH) / 2, step: step})
	if err != nil {
		return nil, err
	}
	if found, err = s.add(found, soft); err != nil || s.person(found) {
		return found, err
	}
	near, err := s.windows(max(w, h) / nearSide)
	if err != nil {
		return nil, err
	}
	return s.add(found, near)
}

// farStep is by how much the whole picture is reduced once more where nobody was seen: to 160 x 120 pixels.
const farStep = 2

// person reports whether somebody is plain to see beside the document.
func (s *search) person(found []candidate) bool {
	return slices.ContainsFunc(found, func(c candidate) bool { return c.confidence >= plainFace && !s.onDocument(c.box) })
}

// add looks at further candidates by themselves and adds those that are faces.
func (s *search) add(found, further []candidate) ([]candidate, error) {
	further = slices.DeleteFunc(further, func(c candidate) bool {
		return slices.ContainsFunc(found, func(k candidate) bool { return k.box.overlap(c.box) > sameFace })
	})
	further, err := s.closer(further)
	if err != nil {
		return nil, err
	}
	return distinct(append(found, further...)), nil
}

// closeUpShare is the share of the picture from which on a document was photographed and not held up: a card in the hand of
// somebody whose head is in the picture takes a fiftieth of it, a page of A4 an eighth. Of such a photo the first look shows every
// face that matters.
const closeUpShare = 0.2

func (s *search) closeUp() bool {
	p := s.levels[0]
	return slices.ContainsFunc(s.documents, func(d place) bool {
		return d.quad.Area() >= closeUpShare*float64(p.W)*float64(p.H)
	})
}

// windows looks at the picture in overlapping windows.
func (s *search) windows(step float64) ([]candidate, error) {
	p := s.levels[0]
	var all []candidate
	for _, y := range starts(float64(p.H), windowH*step, windowStep*step*windowH/windowW) {
		for _, x := range starts(float64(p.W), windowW*step, windowStep*step) {
			v := view{x: x, y: y, step: step}
			if s.insideDocument(v.box()) || s.flat(v) {
				continue
			}
			found, err := s.window(v)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	return distinct(all), nil
}

// starts spreads windows of a length evenly over a side, no farther apart than step.
func starts(side, length, step float64) []float64 {
	if side <= length {
		return []float64{(side - length) / 2}
	}
	n := int(math.Ceil((side-length)/step)) + 1
	out := make([]float64, n)
	for i := range out {
		out[i] = (side - length) * float64(i) / float64(n-1)
	}
	return out
}

func (v view) box() box { return box{v.x, v.y, v.x + v.step*windowW, v.y + v.step*windowH} }

// flat reports whether a window shows nothing but one shade.
func (s *search) flat(v view) bool {
	p := s.levels[0]
	const grid = 32
	var n, sum, squares float64
	for j := range grid {
		for i := range grid {
			x := int(v.x + v.step*windowW*(float64(i)+0.5)/grid)
			y := int(v.y + v.step*windowH*(float64(j)+0.5)/grid)
			if x < 0 || y < 0 || x >= p.W || y >= p.H {
				continue
			}
			q := p.Pix[3*(y*p.W+x):]
			l := float64(raster.Luma(q[0], q[1], q[2]))
			n, sum, squares = n+1, sum+l, squares+l*l
		}
	}
	return n == 0 || squares/n-(sum/n)*(sum/n) < flatDeviation*flatDeviation
}

// closer looks at each candidate by itself. Its confidence becomes the geometric mean of the two looks; one that is not seen
// again is dropped.
func (s *search) closer(found []candidate) ([]candidate, error) {
	var kept []candidate
	for _, c := range found[:min(len(found), maxCandidates)] {
		if s.onDocument(c.box) {
			kept = append(kept, c) // a portrait on a document decides nothing
			continue
		}
		again, err := s.window(s.close(c.box))
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(again, func(a candidate) bool { return a.box.overlap(c.box) > sameFace })
		if i < 0 {
			continue
		}
		confidence := math.Sqrt(c.confidence * again[i].confidence)
		if confidence >= reportFloor {
			kept = append(kept, candidate{box: again[i].box, confidence: confidence})
		}
	}
	return distinct(kept), nil
}

// window runs UltraFace on one view.
func (s *search) window(v view) ([]candidate, error) { return s.run(v, s.tensor(v), lookFloor) }

// wiped is a part of a face to wipe out, in shares of its box.
type wiped struct{ top, bottom, side float64 }

// lowerWiped is the lower half. upperWiped is the upper half in two sizes, both within the outline of the head: what one leaves of
// the nose by chance the other takes.
func lowerWiped() wiped    { return wiped{0.52, 1.1, 0.1} }
func upperWiped() [2]wiped { return [2]wiped{{0, 0.5, 0}, {0, 0.46, 0.05}} }

// halfSide is the size of a face, in pixels of a window, when its halves are looked at. Larger, a half is a close-up of a nose, which
// the detector may know or not, whatever covers it; smaller, it is a spot.
const halfSide = 40

// halves looks at a face again with one half of it wiped out, and returns with what confidence what is left still is one: upper
// where only the upper half is left, lower, of two looks the mean in logits, where only the lower is. Either half of a face is
// enough for UltraFace where it is to be seen. A mask, a hand or a document before nose and mouth is not, whatever its colour
// and whatever the light; and of what only looks like a face (a socket, a knot in wood) neither half does.
func (s *search) halves(b box) (upper, lower float64, err error) {
	v := s.at(b, halfSide)
	whole := s.tensor(v)
	if upper, err = s.without(v, whole, b, lowerWiped()); err != nil {
		return 0, 0, err
	}
	odds := 1.0
	for _, part := range upperWiped() {
		confidence, err := s.without(v, whole, b, part)
		if err != nil {
			return 0, 0, err
		}
		confidence = min(max(confidence, surest), 1-surest)
		odds *= confidence / (1 - confidence)
	}
	odds = math.Sqrt(odds)
	return upper, odds / (1 + odds), nil
}

// surest keeps the odds of one look from outweighing the other's whatever that says.
const surest = 0.003

// without is the confidence in a face of which a part was wiped out; 0 where none is left.
func (s *search) without(v view, whole []float32, b box, part wiped) (float64, error) {
	data := slices.Clone(whole)
	x0, x1 := (b.x0-part.side*b.width()-v.x)/v.step, (b.x1+part.side*b.width()-v.x)/v.step
	y0, y1 := (b.y0+part.top*b.height()-v.y)/v.step, (b.y0+part.bottom*b.height()-v.y)/v.step
	wipe(data, max(int(x0), 0), max(int(y0), 0), min(int(x1), windowW), min(int(y1), windowH))
	found, err := s.run(v, data, traceFloor)
	if err != nil {
		return 0, err
	}
	best := 0.0
	for _, c := range found {
		if c.box.overlap(b) > sameFace && c.box.width() > b.width()/2 && c.box.width() < 2*b.width() {
			best = max(best, c.confidence)
		}
	}
	return best, nil
}

// wipe gives every pixel of a rectangle the rectangle's mean colour.
func wipe(data []float32, x0, y0, x1, y1 int) {
	for k := range 3 {
		plane := data[k*windowW*windowH : (k+1)*windowW*windowH]
		sum := 0.0
		for y := y0; y < y1; y++ {
			for _, v := range plane[y*windowW+x0 : y*windowW+x1] {
				sum += float64(v)
			}
		}
		mean := float32(sum / float64(max((x1-x0)*(y1-y0), 1)))
		for y := y0; y < y1; y++ {
			row := plane[y*windowW+x0 : y*windowW+x1]
			for i := range row {
				row[i] = mean
			}
		}
	}
}

// close is the view of a face by itself, at a size that suits its sharpness.
func (s *search) close(b box) view {
	side := max(b.width(), b.height())
	sharp := s.luma(b, side/closeSide)
	size := float64(closeSide)
	if px, ok := edgeWidth(sharp); ok && px > closeEdge {
		size = max(closeSide*closeEdge/px, leastClose)
	}
	return s.at(b, size)
}

// at is the view of a box at so many pixels of the window.
func (s *search) at(b box, size float64) view {
	step, m := max(b.width(), b.height())/size, b.middle()
	return view{x: m[0] - step*windowW/2, y: m[1] - step*windowH/2, step: step}
}

// luma is a box in pixels of a size.
func (s *search) luma(b box, step float64) *raster.Gray {
	level, size := s.level(step)
	p := s.levels[level]
	out := raster.NewGray(max(int(b.width()/step), 1), max(int(b.height()/step), 1))
	columns := positions(b.x0/size, step/size, out.W, p.W)
	for j, y := range positions(b.y0/size, step/size, out.H, p.H) {
		if !y.inside {
			continue
		}
		above, below, to := p.Row(y.first), p.Row(y.second), out.Row(j)
		for i, x := range columns {
			if x.inside {
				to[i] = raster.Luma(mixed(above, below, x, y, 0), mixed(above, below, x, y, 1), mixed(above, below, x, y, 2))
			}
		}
	}
	return out
}

// mixed interpolates a channel between four pixels.
func mixed(above, below []uint8, x, y position, channel int) uint8 {
	a, b, c, d := above[3*x.first+channel], above[3*x.second+channel], below[3*x.first+channel], below[3*x.second+channel]
	top := float32(a) + x.share*(float32(b)-float32(a))
	bottom := float32(c) + x.share*(float32(d)-float32(c))
	return uint8(top + y.share*(bottom-top) + 0.5)
}

// level is the level of the pyramid for a view of so many pixels of Frame.Small a pixel, and by how much it is reduced.
func (s *search) level(step float64) (level int, size float64) {
	size = 1
	for level+1 < len(s.levels) && step >= 1.5*size {
		level++
		size *= 2
	}
	return level, size
}

// run runs UltraFace on the tensor of a view and returns what it finds from a confidence on.
func (s *search) run(v view, data []float32, floor float64) ([]candidate, error) {
	out, err := s.detector.ultra.Run(s.ctx, onnx.Tensor{Shape: []int64{1, 3, windowH, windowW}, Data: data})
	if err != nil {
		return nil, err
	}
	scores, boxes := out[0].Data, out[1].Data
	var found []candidate
	for i := 0; 2*i+1 < len(scores) && 4*i+3 < len(boxes); i++ {
		confidence := float64(scores[2*i+1])
		if confidence < floor {
			continue
		}
		b := boxes[4*i : 4*i+4]
		found = append(found, candidate{
			box: box{
				v.x + float64(b[0])*windowW*v.step, v.y + float64(b[1])*windowH*v.step,
				v.x + float64(b[2])*windowW*v.step, v.y + float64(b[3])*windowH*v.step,
			},
			confidence: confidence,
		})
	}
	return distinct(found), nil
}

// tensor is what UltraFace takes of a view: planes of red, green and blue, (v-127)/128. What lies outside the picture is grey.
func (s *search) tensor(v view) []float32 {
	level, size := s.level(v.step)
	p := s.levels[level]
	// Halving drops an odd last row or column, so that a level may be less than half the one before.
	step, x0, y0 := v.step/size, v.x/size, v.y/size
	data := make([]float32, 3*windowW*windowH)
	const plane = windowW * windowH
	columns := positions(x0, step, windowW, p.W)
	for j, y := range positions(y0, step, windowH, p.H) {
		if !y.inside {
			continue
		}
		above, below := p.Row(y.first), p.Row(y.second)
		for i, x := range columns {
			if !x.inside {
				continue
			}
			a, b := above[3*x.first:3*x.first+3:3*x.first+3], above[3*x.second:3*x.second+3:3*x.second+3]
			c, d := below[3*x.first:3*x.first+3:3*x.first+3], below[3*x.second:3*x.second+3:3*x.second+3]
			for k := range 3 {
				top := float32(a[k]) + x.share*(float32(b[k])-float32(a[k]))
				bottom := float32(c[k]) + x.share*(float32(d[k])-float32(c[k]))
				data[k*plane+j*windowW+i] = (top + y.share*(bottom-top) - 127) / 128
			}
		}
	}
	return data
}

// position is where a pixel of a window lies on one axis of a picture: between two pixels, share from the first to the second.
type position struct {
	first, second int
	share         float32
	inside        bool
}

func positions(start, step float64, n, side int) []position {
	out := make([]position, n)
	for i := range out {
		at := start + (float64(i)+0.5)*step
		if at < 0 || at >= float64(side) {
			continue
		}
		at = min(max(at-0.5, 0), float64(side-1))
		first := int(at)
		out[i] = position{first: first, second: min(first+1, side-1), share: float32(at - float64(first)), inside: true}
	}
	return out
}
