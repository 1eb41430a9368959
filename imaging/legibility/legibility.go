package legibility

import (
	"math"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// Result is what Measure found. What could not be measured is absent.
type Result struct {
	// Sharpness is the height of the smallest body text over the width of its edges at the place that decides
	// (filing.Measurements.Sharpness); 0 where there is no text to measure it on.
	Sharpness  float64
	Legibility *filing.Legibility
	Glare      *filing.Glare
	Exposure   *filing.Exposure
}

// Measure measures the document, or the whole picture where doc is nil or no quadrilateral. The same picture and
// document give the same Result on every run. It takes bounded time for a picture of any size: what is read at full
// resolution is a fixed number of tiles.
func Measure(f *raster.Frame, doc *filing.Document) Result {
	s := newSheet(f, doc)
	if s == nil {
		return Result{}
	}
	l := s.findLines()
	g := s.findGlare(l)
	r := Result{Glare: &g.Glare}
	var tiles []tile
	r.Legibility, tiles = s.sharpness(l, g)
	if r.Legibility != nil && r.Legibility.EdgeWidthPx > 0 {
		r.Sharpness = round(r.Legibility.TextHeightPx / r.Legibility.EdgeWidthPx)
	}
	r.Exposure = s.exposure(l, tiles)
	return r
}

// round keeps four significant digits: as many as mean anything, and no more in the JSON.
func round(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}
