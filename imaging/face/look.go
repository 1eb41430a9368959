package face

import (
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// look measures one face.
func look(f *raster.Frame, face *filing.Face) {
	b := face.Box
	q := raster.Quad{{b[0], b[1]}, {b[0] + b[2], b[1]}, {b[0] + b[2], b[1] + b[3]}, {b[0], b[1] + b[3]}}
	scale := min(1, sampleSide/max(b[2], b[3]))
	if luma, ok := f.Rectified(q, max(int(b[2]*scale), 8), max(int(b[3]*scale), 8)); ok {
		if px, ok := edgeWidth(luma); ok {
			face.EdgeWidthPx = px / scale
		}
		face.DarkEyes = darkEyes(luma)
	}
}

const (
	// sampleSide is the size at which the contours of a face are measured, at most.
	sampleSide = 256
	// contourShare is the share of the face's luma range that a contour has to rise by.
	contourShare = 0.18
	// contourFloor is what it has to rise by in grey levels: above noise.
	contourFloor = 10
	// smoothing is the variance of the binomial filter 1 2 1 that is run over the picture against noise, in pixels squared.
	smoothing = 0.5
	// minContours is how many contours it takes.
	minContours = 12
)

// edgeWidth is the 10-90 % rise across the contours of a face, in pixels of the picture given: the lower quartile over all rows
// and columns of rise over steepest slope, which for a step blurred by a Gaussian is 10-90 % times 0.98.
func edgeWidth(g *raster.Gray) (float64, bool) {
	g = smoothed(g)
	sorted := slices.Clone(g.Pix)
	slices.Sort(sorted)
	low, high := float64(sorted[len(sorted)/20]), float64(sorted[len(sorted)*19/20])
	rise := max(contourFloor, contourShare*(high-low))
	var widths []float64
	line := make([]float64, max(g.W, g.H))
	for y := range g.H {
		for x, v := range g.Row(y) {
			line[x] = float64(v)
		}
		widths = contours(widths, line[:g.W], rise)
	}
	for x := range g.W {
		for y := range g.H {
			line[y] = float64(g.Pix[y*g.Stride+x])
		}
		widths = contours(widths, line[:g.H], rise)
	}
	if len(widths) < minContours {
		return 0, false
	}
	slices.Sort(widths)
	sigma := widths[len(widths)/4] / math.Sqrt(2*math.Pi)
	const tenToNinety = 2.563 // of a step blurred by a Gaussian of sigma 1
	return tenToNinety * math.Sqrt(max(sigma*sigma-smoothing, 0.04)), true
}

// contours appends rise over steepest slope of each monotone rise or fall of a line that is high enough.
func contours(widths, line []float64, rise float64) []float64 {
	start := 0
	for i := 1; i <= len(line); i++ {
		if i < len(line) && (line[i] == line[i-1] || i-1 > start && (line[i] > line[i-1]) == (line[i-1] > line[start])) {
			continue
		}
		// line[start] to line[i-1] goes one way.
		if height := math.Abs(line[i-1] - line[start]); height >= rise {
			steepest := 0.0
			for k := start + 1; k < i; k++ {
				steepest = max(steepest, math.Abs(line[k]-line[k-1]))
			}
			widths = append(widths, height/steepest)
		}
		start = i - 1
	}
	return widths
}

// smoothed runs 1 2 1 over rows and columns.
func smoothed(g *raster.Gray) *raster.Gray {
	across, out := raster.NewGray(g.W, g.H), raster.NewGray(g.W, g.H)
	for y := range g.H {
		from, to := g.Row(y), across.Row(y)
		for x := range to {
			to[x] = uint8((int(from[max(x-1, 0)]) + 2*int(from[x]) + int(from[min(x+1, g.W-1)]) + 2) / 4)
		}
	}
	for y := range g.H {
		a, b, c, to := across.Row(max(y-1, 0)), across.Row(y), across.Row(min(y+1, g.H-1)), out.Row(y)
		for x := range to {
			to[x] = uint8((int(a[x]) + 2*int(b[x]) + int(c[x]) + 2) / 4)
		}
	}
	return out
}

const (
	// The band of the eyes and the cheeks below it, in shares of a face's box from its top, and how far to both sides of its middle
	// they reach, in shares of its width.
	eyesTop, eyesBottom, eyesReach      = 0.27, 0.5, 0.36
	cheeksTop, cheeksBottom, cheekReach = 0.5, 0.62, 0.3
	// darkShare is the luma over that of the cheeks below which a place is dark: brows, lashes, irises and frames, and sunglasses.
	darkShare = 0.6
)

// darkEyes is the share of the band of the eyes that is much darker than the cheeks.
func darkEyes(g *raster.Gray) float64 {
	band := func(top, bottom, reach float64) []uint8 {
		var out []uint8
		for y := int(top * float64(g.H)); y < int(bottom*float64(g.H)); y++ {
			out = append(out, g.Row(y)[int((0.5-reach)*float64(g.W)):int((0.5+reach)*float64(g.W))]...)
		}
		return out
	}
	cheeks, eyes := band(cheeksTop, cheeksBottom, cheekReach), band(eyesTop, eyesBottom, eyesReach)
	if len(cheeks) == 0 || len(eyes) == 0 {
		return 0
	}
	slices.Sort(cheeks)
	limit := darkShare * float64(cheeks[len(cheeks)/2])
	dark := 0
	for _, v := range eyes {
		if float64(v) < limit {
			dark++
		}
	}
	return float64(dark) / float64(len(eyes))
}
