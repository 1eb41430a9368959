package read

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/imaging/onnx"
)

const (
	// directionW and directionH are what the classifier of PP-OCR sees: the first part of a line, four times as long as high.
	directionW, directionH = 192, lineHeight
	// voters is how many lines vote on which way up the page is: the longest.
	voters = 12
	// clearVote is the mean of the lines' log odds from which the vote decides alone: 0.9 for each of them.
	clearVote = 2.2
	// readBothWays is how many lines are read both ways where the vote is close.
	readBothWays = 4
)

func lineNormal() [3]normal { return [3]normal{{0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}} }

// upright turns the page so that its text runs from left to right, and its boxes with it.
func (r *Reader) upright(ctx context.Context, p *page, boxes []box) (*page, []box, error) {
	across, down := 0.0, 0.0
	for _, b := range boxes {
		run := b.running()
		switch {
		case run.along >= elongated*run.across:
			across += run.along
		case run.across >= elongated*run.along:
			down += run.across
		}
	}
	if down > across {
		// The detector was trained on lines that lie: the page is looked at again as its text runs.
		p = p.turned(1)
		again, err := r.find(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		boxes = again
	}
	lines := slices.Clone(boxes)
	for i, b := range lines {
		lines[i] = b.running()
	}
	longest := slices.Clone(lines)
	slices.SortStableFunc(longest, func(a, b box) int { return cmp.Compare(b.along, a.along) })
	upsideDown, err := r.upsideDown(ctx, p, longest[:min(len(longest), voters)])
	if err != nil || !upsideDown {
		return p, lines, err
	}
	w, h := p.w, p.h
	p = p.turned(2)
	for i, b := range lines {
		lines[i] = b.turned(2, w, h).running()
	}
	return p, lines, nil
}

// upsideDown reports whether a page stands on its head.
func (r *Reader) upsideDown(ctx context.Context, p *page, lines []box) (bool, error) {
	if len(lines) == 0 {
		return false, nil
	}
	vote := 0.0
	for _, b := range lines {
		start := b
		// Only the start of a long line is looked at, undistorted; what is shorter is stretched no more than twice.
		start.along = min(b.along, b.across*directionW/directionH)
		shift := (start.along - b.along) / 2
		start.middle[0] += shift * math.Cos(b.angle)
		start.middle[1] += shift * math.Sin(b.angle)
		w := min(directionW, int(directionH*start.along/start.across+0.5))
		picture := p.cut(start, max(w, 1))
		out, err := r.direction.Run(ctx, onnx.Tensor{Shape: []int64{1, 3, directionH, directionW}, Data: tensor(picture, directionW, lineNormal())})
		if err != nil {
			return false, err
		}
		if probability := out[0].Data; len(probability) >= 2 {
			const least = 1e-4 // one line that is very sure does not outvote all others
			vote += math.Log(max(float64(probability[1]), least) / max(float64(probability[0]), least))
		}
	}
	vote /= float64(len(lines))
	if math.Abs(vote) >= clearVote {
		return vote > 0, nil
	}
	var either [2]float64
	for _, b := range lines[:min(len(lines), readBothWays)] {
		for i := range either {
			way := b
			way.angle += float64(i) * math.Pi
			line, err := r.recognize(ctx, p, way)
			if err != nil {
				return false, err
			}
			either[i] += line.Confidence
		}
	}
	return either[1] > either[0], nil
}
