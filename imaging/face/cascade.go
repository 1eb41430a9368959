package face

import (
	"math"

	pigo "github.com/esimov/pigo/core"
)

const (
	// cascadeSide is the long side of the picture that the cascade is run on.
	cascadeSide = 960
	// cascadeSmallest is the side of the smallest face that it looks for, in pixels of that picture.
	cascadeSmallest = 20
	// cascadeShift and cascadeScale are by which shares of its size the window is moved and grown.
	cascadeShift, cascadeScale = 0.12, 1.12
	// cascadeUnit is the sum of scores that is given the confidence of one half: pico's own demonstrations take 5 for a face
	// among overlapping hits whose scores are added up.
	cascadeUnit = 5
)

// cascade searches with the cascade of pico. Its hits around one face are added up; the more agree, the more confident.
func (s *search) cascade() ([]candidate, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	level, size := 0, 1.0
	for level+1 < len(s.levels) && max(s.levels[level].W, s.levels[level].H) > 3*cascadeSide/2 {
		level++
		size *= 2
	}
	g := s.levels[level].Luma()
	hits := s.detector.pico.RunCascade(pigo.CascadeParams{
		MinSize: cascadeSmallest, MaxSize: min(g.W, g.H) - 2, ShiftFactor: cascadeShift, ScaleFactor: cascadeScale,
		ImageParams: pigo.ImageParams{Pixels: g.Pix, Rows: g.H, Cols: g.W, Dim: g.Stride},
	}, 0)
	all := make([]candidate, len(hits))
	for i, h := range hits {
		x, y, r := float64(h.Col)*size, float64(h.Row)*size, float64(h.Scale)*size/2
		all[i] = candidate{box: box{x - r, y - r, x + r, y + r}, confidence: float64(h.Q)}
	}
	found := distinct(all)
	for i, c := range found {
		sum := 0.0
		for _, h := range all {
			if h.box.overlap(c.box) > sameFace && h.box.width() < 2*c.box.width() && c.box.width() < 2*h.box.width() {
				sum += h.confidence
			}
		}
		// Summing up first and squeezing into 0 to 1 after: a half at cascadeUnit, close to 1 at ten times that.
		found[i].confidence = 1 - math.Exp2(-sum/cascadeUnit)
	}
	found = distinct(found)
	for len(found) > 0 && found[len(found)-1].confidence < reportFloor {
		found = found[:len(found)-1]
	}
	return found, s.ctx.Err()
}
