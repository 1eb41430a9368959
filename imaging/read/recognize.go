package read

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/onnx"
	"github.com/preflight-icp/preflight/imaging/raster"
)

const (
	// lineHeight is the height of a line as the recognizer sees it.
	lineHeight = 48
	// widthStep is what the width of a line is rounded up to: few different sizes keep the runtime's memory small.
	widthStep = 32
	// shortest is the least width, in which the recognizer reads a single character well; longest the greatest: 80 characters.
	shortest, longest = 96, 3840
	// maxLines and maxWidth are how many lines of a picture are recognized, and how much of them: a full page of A4 in small
	// print has 60 lines of 2,000.
	maxLines, maxWidth = 160, 120_000
	// noDoubt is the confidence from which the next most likely character is not kept.
	noDoubt = 0.98
)

// classes are the recognizer's characters by class: nothing (the blank of CTC), those of the file, and the space.
func classes(file []byte) []string {
	keys := strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
	return append(append([]string{""}, keys...), " ")
}

// width is how wide a line is as the recognizer sees it.
func (b box) width() int {
	return min(max(int(math.Round(lineHeight*b.along/b.across)), 1), longest)
}

// padded is the width of its tensor.
func padded(width int) int { return max(shortest, (width+widthStep-1)/widthStep*widthStep) }

// affordable keeps the boxes that a reader takes of one page: the largest letters first, where there are too many.
func affordable(boxes []box) (kept []box, cut bool) {
	total := 0
	for _, b := range boxes {
		total += padded(b.width())
	}
	if len(boxes) <= maxLines && total <= maxWidth {
		return boxes, false
	}
	order := make([]int, len(boxes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(boxes[j].across, boxes[i].across) })
	total = 0
	for n, i := range order {
		if total += padded(boxes[i].width()); total > maxWidth || n == maxLines {
			order = order[:n]
			break
		}
	}
	slices.Sort(order)
	for _, i := range order {
		kept = append(kept, boxes[i])
	}
	return kept, true
}

// inOrder sorts boxes as they are read: by rows, and from the left within a row. Boxes are in one row where the middle of one
// lies within the height of the row's first.
func inOrder(boxes []box) []box {
	rest := slices.Clone(boxes)
	slices.SortStableFunc(rest, func(a, b box) int {
		return cmp.Or(cmp.Compare(a.middle[1], b.middle[1]), cmp.Compare(a.middle[0], b.middle[0]))
	})
	for start := 0; start < len(rest); {
		first, end := rest[start], start+1
		for end < len(rest) && rest[end].middle[1] < first.middle[1]+min(first.across, rest[end].across)/2 {
			end++
		}
		slices.SortStableFunc(rest[start:end], func(a, b box) int { return cmp.Compare(a.middle[0], b.middle[0]) })
		start = end
	}
	return rest
}

// cut shows what is in a box as a line of w pixels, as high as the models want it.
func (p *page) cut(b box, w int) *raster.RGB {
	const h = lineHeight
	sin, cos := math.Sincos(b.angle)
	x, y := b.along/float64(w), b.across/float64(h)
	q := b.corners()
	return p.picture(w, h, raster.Homography{x * cos, -y * sin, q[0][0], x * sin, y * cos, q[0][1], 0, 0, 1})
}

// recognize reads one line.
func (r *Reader) recognize(ctx context.Context, p *page, b box) (filing.Line, error) {
	width := b.width()
	wide := padded(width)
	data := tensor(p.cut(b, width), wide, lineNormal())
	out, err := r.recognizer.Run(ctx, onnx.Tensor{Shape: []int64{1, 3, lineHeight, int64(wide)}, Data: data})
	if err != nil {
		return filing.Line{}, err
	}
	steps := len(out[0].Data) / len(r.keys)
	line := decode(out[0].Data, r.keys, float64(wide)/float64(width)/float64(max(steps, 1)))
	for i, c := range b.corners() {
		at := p.toUpright.Apply(c)
		line.Quad[i] = filing.Point{tenth(at[0]), tenth(at[1])}
	}
	return line, nil
}

func tenth(v float64) float64      { return math.Round(v*10) / 10 }
func thousandth(v float64) float64 { return math.Round(v*1000) / 1000 }

// decode takes the most likely path through the probabilities of classes, step by step along a line (Graves et al.,
// Connectionist Temporal Classification, ICML 2006, best path decoding): what repeats is one character, unless a blank is
// between. step is how far apart steps are, in shares of the line.
func decode(probability []float32, keys []string, step float64) filing.Line {
	var line filing.Line
	var text strings.Builder
	sum, previous := 0.0, 0
	from := 0
	for t := 0; (t+1)*len(keys) <= len(probability); t++ {
		row := probability[t*len(keys) : (t+1)*len(keys)]
		best, next := 0, -1
		for c, v := range row {
			if v > row[best] {
				best, next = c, best
			} else if c != best && (next < 0 || v > row[next]) {
				next = c
			}
		}
		if best != previous {
			from = t
		}
		confidence := float64(row[best])
		switch {
		case best == 0:
		case best != previous:
			g := filing.Glyph{At: (float64(t) + 0.5) * step, Confidence: confidence}
			if confidence < noDoubt && next > 0 {
				g.Or = keys[next]
			}
			text.WriteString(keys[best])
			line.Glyphs = append(line.Glyphs, g)
		default:
			// The character goes on: its middle is that of its steps, its confidence that of its best.
			g := &line.Glyphs[len(line.Glyphs)-1]
			g.At = (float64(from+t)/2 + 0.5) * step
			if confidence > g.Confidence {
				g.Confidence = confidence
				if g.Or = ""; confidence < noDoubt && next > 0 {
					g.Or = keys[next]
				}
			}
		}
		previous = best
	}
	line.Text, line.Glyphs = trimmed(text.String(), line.Glyphs)
	for i := range line.Glyphs {
		g := &line.Glyphs[i]
		g.At, g.Confidence = thousandth(min(g.At, 1)), thousandth(g.Confidence)
		sum += g.Confidence
	}
	if len(line.Glyphs) > 0 {
		line.Confidence = thousandth(sum / float64(len(line.Glyphs)))
	}
	return line
}

// trimmed cuts the spaces at both ends. Every class is one code point.
func trimmed(text string, glyphs []filing.Glyph) (string, []filing.Glyph) {
	start := len(text) - len(strings.TrimLeft(text, " "))
	out := strings.Trim(text, " ")
	return out, glyphs[min(start, len(glyphs)):][:utf8.RuneCountInString(out)]
}
