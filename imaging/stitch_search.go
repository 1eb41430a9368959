package imaging

import (
	"context"
	"image"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// maxStitched is how many pixels a composite may have: 24 MB of memory. Of more, 4 MiB hold none in a quality that is worth it.
const maxStitched = 16 << 20

// maxStitchedSide is the longest side of a JPEG (ITU-T T.81, B.2.2).
const maxStitchedSide = 65535

// stitchQualities are the qualities that are searched. Below the lowest, letters are gone before pixels are; beyond the highest
// there is nothing to gain but bytes, which are only wanted where there are too few.
var stitchQualities = []int{70, 75, 80, 84, 87, 90, 92, 94, 95}

// usedShare is the share of the bytes allowed that the search aims at: a size is estimated from a part of the picture, and a
// guess that is too large costs a second encoding.
const usedShare = 0.94

// jpegRate is how many bytes a picture takes.
type jpegRate struct {
	// perPixel is the bytes of a pixel at its own size and quality 85.
	perPixel float64
}

// relativeSize is the size of a JPEG at a quality beside that at 85. Measured on drawn photos of documents of 12 megapixels,
// reduced to a half (docs/composites.md).
func relativeSize(quality int) float64 {
	table := []struct{ quality, size float64 }{
		{50, 0.5}, {70, 0.68}, {80, 0.85}, {85, 1}, {90, 1.27}, {95, 1.93}, {98, 2.84}, {100, 4.34},
	}
	q := float64(quality)
	for i := 1; i < len(table); i++ {
		if a, b := table[i-1], table[i]; q <= b.quality {
			t := max(0, (q-a.quality)/(b.quality-a.quality))
			return math.Exp(math.Log(a.size) + t*(math.Log(b.size)-math.Log(a.size)))
		}
	}
	return table[len(table)-1].size
}

// detailKept says how much more bytes a pixel takes where the picture is reduced: its detail is on fewer pixels.
const detailKept = 0.4

// rateOf estimates what a source takes from its own size and quality.
func rateOf(h *header, data []byte) jpegRate {
	pixels := float64(h.pixels())
	switch h.format {
	case filing.FormatJPEG:
		coded := float64(min(h.end, len(data)) - len(h.icc) - len(h.exif))
		return jpegRate{max(coded, 1) / pixels / relativeSize(jpegQuality(h, data))}
	case filing.FormatPNG: // which takes six times as much for a photo
		return jpegRate{max(float64(len(data))/pixels/6, 0.02)}
	default: // 256 colours, each dot of their dither an edge
		return jpegRate{max(float64(len(data))/pixels/2, 0.02)}
	}
}

const markerDQT = 0xdb

// standardLuma is the sum of the luminance table of ITU-T T.81, annex K, table K.1, which libjpeg scales by its quality.
const standardLuma = 3688

// jpegQuality estimates the quality, on libjpeg's scale, that a JPEG was encoded with: from the sum of its first table.
func jpegQuality(h *header, data []byte) int {
	s := segments{data: data[:min(h.end, len(data))], pos: 2}
	for {
		marker, body, ok := s.next()
		if !ok || marker == markerSOS {
			return 85
		}
		if marker != markerDQT || len(body) < 65 || body[0] != 0 {
			continue
		}
		sum := 0
		for _, v := range body[1:65] {
			sum += int(v)
		}
		scale := 100 * float64(sum) / standardLuma
		quality := 5000 / scale
		if scale < 100 {
			quality = (200 - scale) / 2
		}
		return min(max(int(math.Round(quality)), 1), 100)
	}
}

// edgeAt predicts the width of edges in a composite: what the source has, what the resampling adds, and what is lost at a
// quality. The numbers are fitted on drawn photos (docs/composites.md).
func edgeAt(source, scale float64, quality int) float64 {
	lost := 0.03 * math.Sqrt(max(0, 100-float64(quality))) * 3
	added := resampledEdge
	if scale >= 0.999 {
		added = 0
	}
	return math.Sqrt(source*source*scale*scale + added*added + lost*lost)
}

const resampledEdge = 1.1

// bytesAt predicts the size of the composite.
func (s *stitch) bytesAt(scale float64, quality int) float64 {
	total := 1024.0
	for i := range s.sources {
		src := &s.sources[i]
		by := scale * src.unit
		total += src.size[0] * src.size[1] * by * by * src.rate.perPixel * math.Pow(by, -detailKept)
	}
	return total * relativeSize(quality) * s.correction
}

// blurAt is how hard the hardest print is to read: the width of its edges over its height. It is infinite where print would be
// smaller than allowed; part says which.
func (s *stitch) blurAt(scale float64, quality int) (blur float64, part int) {
	part = -1
	for i := range s.sources {
		src := &s.sources[i]
		by, h := scale*src.unit, src.text()
		if h == 0 {
			h = usualText * src.size[1]
		} else if h*by < s.o.MinTextPx {
			return math.Inf(1), i
		}
		if b := edgeAt(src.edge(), by, quality) / (h * by); b > blur {
			blur, part = b, i
		}
	}
	return blur, part
}

// usualText is the height of print as a share of that of a photo of a document, where none was measured.
const usualText = 0.01

// scaleStep is by how much two scales that are tried differ.
const scaleStep = 0.97

// worthwhile is by how much print has to become easier to read for a larger picture to be made of it.
const worthwhile = 1.01

// choose finds the scale and the quality at which the print that is hardest to read is predicted to be read best, of as many
// pixels as are worth it.
func (s *stitch) choose() (scale float64, quality int, err error) {
	limit := usedShare * float64(s.o.MaxBytes)
	best := math.Inf(1)
	illegible, fits := -1, false
	for k := scaleStart(s); k*s.shortest() >= smallestPart; k *= scaleStep {
		for _, q := range stitchQualities {
			if s.bytesAt(k, q) > limit {
				break
			}
			fits = true
			blur, part := s.blurAt(k, q)
			if math.IsInf(blur, 1) {
				illegible = part
				break
			}
			// From the largest scale on: a smaller one is taken unless it costs legibility.
			if blur*worthwhile < best || scale > k && blur < best*worthwhile && q >= quality {
				best, scale, quality = min(best, blur), k, q
			}
		}
	}
	switch {
	case scale > 0:
		return scale, quality, nil
	case illegible >= 0:
		return 0, 0, &StitchError{StitchIllegible, illegible, nil}
	case !fits:
		return 0, 0, &StitchError{StitchTooLarge, -1, nil}
	}
	return 0, 0, &StitchError{StitchIllegible, -1, nil}
}

// smallestPart is the shorter side of a part in pixels below which it shows nothing.
const smallestPart = 32

// shortest is the shortest side of a part at scale 1; what is tiny already does not count.
func (s *stitch) shortest() float64 {
	least := math.Inf(1)
	for i := range s.sources {
		p := &s.sources[i]
		least = min(least, max(min(p.size[0], p.size[1])*p.unit, smallestPart))
	}
	return least
}

// scaleStart is the largest scale that may be tried: no part is enlarged, and the picture has no more pixels than it may.
func scaleStart(s *stitch) float64 {
	plan, err := s.at(1)
	if err != nil {
		return 1
	}
	k := min(1, math.Sqrt(maxStitched/(float64(plan.width)*float64(plan.height))))
	return min(k, 0.99*maxStitchedSide/float64(max(plan.width, plan.height)))
}

// surelyFits is the share of the bytes allowed below which the table of sizes at other qualities is good enough: over ten sets
// of drawn photos it was wrong by 15 % at the most.
const surelyFits = 0.7

// stitchTries bounds how often the picture is drawn anew because its size was guessed wrong.
const stitchTries = 4

// redrawFor is by how much print has to become easier to read for the picture to be drawn again at another scale, which costs
// the decoding of all sources.
const redrawFor = 1.12

// make draws and encodes the composite.
func (s *stitch) make(ctx context.Context) ([]byte, error) {
	for try := 1; ; try++ {
		scale, quality, err := s.choose()
		if err != nil {
			return nil, err
		}
		if s.plan, err = s.at(scale); err != nil {
			return nil, err
		}
		picture, again, err := s.draw(ctx, scale, quality, try == stitchTries)
		if err != nil || !again {
			return picture, err
		}
		if try == stitchTries {
			return nil, &StitchError{StitchTooLarge, -1, nil}
		}
	}
}

// draw draws the composite at the plan's scale and encodes it as well as fits; again says that another scale is to be chosen,
// now that it is known how many bytes it takes.
func (s *stitch) draw(ctx context.Context, scale float64, quality int, last bool) (picture []byte, again bool, err error) {
	page, err := newStitched(s.plan.width, s.plan.height)
	if err != nil {
		return nil, false, err
	}
	defer page.close()
	page.whiten(append(slices.Clone(s.plan.boxes), s.plan.drawnCaptions(s.sources)...))
	for i := range s.sources {
		if err := s.place(ctx, page, i); err != nil {
			return nil, false, partError(i, err)
		}
	}
	page.finish()
	limit := float64(s.o.MaxBytes)
	sample, err := page.sampled(quality)
	if err != nil {
		return nil, false, err
	}
	s.correction *= sample / s.bytesAt(scale, quality)
	fit, predicted := 0, 0.0
	for _, q := range stitchQualities {
		if b := s.bytesAt(scale, q); b <= usedShare*limit {
			fit, predicted = q, b
		}
	}
	// The table of sizes is another one for every picture: where it says that little is left, this one is asked.
	if fit != quality && fit > 0 && predicted > surelyFits*limit {
		if sample, err = page.sampled(fit); err != nil {
			return nil, false, err
		}
		predicted = sample
	}
	if !last {
		if fit == 0 {
			return nil, true, nil
		}
		now, _ := s.blurAt(scale, fit)
		if other, q, err := s.choose(); err == nil && math.Abs(other/scale-1) > 0.02 {
			if b, _ := s.blurAt(other, q); b*redrawFor < now {
				return nil, true, nil
			}
		}
	}
	if fit == 0 {
		return nil, true, nil
	}
	return s.encode(page, fit, predicted)
}

// encode encodes at a quality whose size is predicted, and at others where the prediction was wrong.
func (s *stitch) encode(page *stitched, quality int, predicted float64) (picture []byte, again bool, err error) {
	limit := float64(s.o.MaxBytes)
	for quality >= stitchQualities[0]/2 {
		if predicted > limit {
			quality -= 2
			predicted *= relativeSize(quality) / relativeSize(quality+2)
			continue
		}
		out, size, err := page.encode(quality, predicted, s.o.MaxBytes)
		if err != nil {
			return nil, false, err
		}
		if out != nil {
			if size < s.o.MinBytes {
				return s.enlarge(page, out, quality)
			}
			s.quality = quality
			return out, false, nil
		}
		predicted = float64(size)
	}
	s.correction *= 1.5
	return nil, true, nil
}

// enlarge encodes at better quality what is too small for a bureau.
func (s *stitch) enlarge(page *stitched, out []byte, quality int) (picture []byte, again bool, err error) {
	for _, q := range []int{97, 98, 99, 100} {
		if int64(len(out)) >= s.o.MinBytes || q <= quality {
			break
		}
		better, _, err := page.encode(q, 2*float64(len(out)), s.o.MaxBytes)
		if err != nil {
			return nil, false, err
		}
		if better == nil {
			break
		}
		out, quality = better, q
	}
	if int64(len(out)) < s.o.MinBytes {
		return nil, false, &StitchError{StitchTooSmall, -1, nil}
	}
	s.quality = quality
	return out, false, nil
}

// drawnCaptions are the places of captions that there are.
func (p *stitchPlan) drawnCaptions(sources []stitchSource) (out []image.Rectangle) {
	for i := range sources {
		if sources[i].Caption != "" {
			out = append(out, p.captions[i])
		}
	}
	return out
}
