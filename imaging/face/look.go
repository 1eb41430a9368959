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
		face.DarkEyes, face.MouthContrast = darkEyes(luma), mouthContrast(luma)
		face.ArmBeside = armBeside(f, b)
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
	darkShare = 0.7
	// The band of nose and mouth, in the same shares. lipHeight is the height of a lip as a share of the face's, cellsAcross and cellsDown
	// are of how many cells the face is made up, so that neither noise nor the skin's texture counts.
	mouthTop, mouthBottom, mouthReach = 0.58, 0.92, 0.25
	lipHeight                         = 2
	cellsAcross, cellsDown            = 48, 64
)

// mouthContrast is how much the luma changes down the band of nose and mouth over the height of a lip, the upper decile, over that of the
// cheeks; nil where the face is too small for it.
func mouthContrast(g *raster.Gray) *float64 {
	if g.W < cellsAcross/2 || g.H < cellsDown/2 {
		return nil
	}
	cell := func(x, y int) float64 {
		x0, y0 := x*g.W/cellsAcross, y*g.H/cellsDown
		x1, y1 := max((x+1)*g.W/cellsAcross, x0+1), max((y+1)*g.H/cellsDown, y0+1)
		sum := 0
		for j := y0; j < y1; j++ {
			for _, v := range g.Row(j)[x0:x1] {
				sum += int(v)
			}
		}
		return float64(sum) / float64((x1-x0)*(y1-y0))
	}
	each := func(top, bottom, reach float64, do func(x, y int)) {
		for y := int(top * cellsDown); y < int(bottom*cellsDown); y++ {
			for x := int((0.5 - reach) * cellsAcross); x < int((0.5+reach)*cellsAcross); x++ {
				do(x, y)
			}
		}
	}
	cheeks, n := 0.0, 0
	each(cheeksTop, cheeksBottom, cheekReach, func(x, y int) { cheeks, n = cheeks+cell(x, y), n+1 })
	if cheeks == 0 {
		return nil
	}
	var steps []float64
	each(mouthTop, mouthBottom-float64(lipHeight)/cellsDown, mouthReach, func(x, y int) {
		steps = append(steps, math.Abs(cell(x, y+lipHeight)-cell(x, y)))
	})
	contrast := raster.Quantile(steps, 0.9) / (cheeks / float64(n))
	return &contrast
}

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

const (
	// The strips beside a face in which an arm would show that reaches for nose and mouth: as far down as from the mouth to the chin, in
	// shares of the box's height, and as wide as a share of its width.
	armTop, armBottom, armReach = 0.55, 1.0, 0.35
	// The cheeks and nose that a skin is known by.
	skinTop, skinBottom, skinReach = 0.42, 0.58, 0.22
	// skinTone is how far apart shares of red and green in the light may be for two places to be of one skin, skinShade by what factor its
	// lightness may differ.
	skinTone, skinShade = 0.02, 1.9
)

// armBeside is how much more skin there is beside a face on one side than on the other, at the height of mouth and chin, as a share of what
// an arm could take there: nil where the picture ends.
func armBeside(f *raster.Frame, b [4]float64) *float64 {
	s := f.Small
	a, c := f.ToSmall(raster.Point{b[0], b[1]}), f.ToSmall(raster.Point{b[0] + b[2], b[1] + b[3]})
	x0, y0, w, h := a[0], a[1], c[0]-a[0], c[1]-a[1]
	each := func(x0, y0, x1, y1 float64, do func(r, g, b float64)) {
		for y := max(int(y0), 0); y < min(int(y1), s.H); y++ {
			row := s.Row(y)
			for x := max(int(x0), 0); x < min(int(x1), s.W); x++ {
				do(float64(row[3*x]), float64(row[3*x+1]), float64(row[3*x+2]))
			}
		}
	}
	var reds, greens, lights []float64
	each(x0+(0.5-skinReach)*w, y0+skinTop*h, x0+(0.5+skinReach)*w, y0+skinBottom*h, func(r, g, b float64) {
		if l := r + g + b; l > 0 {
			reds, greens, lights = append(reds, r/l), append(greens, g/l), append(lights, l)
		}
	})
	if len(reds) == 0 {
		return nil
	}
	red, green, light := raster.Quantile(reds, 0.5), raster.Quantile(greens, 0.5), raster.Quantile(lights, 0.5)
	skin := func(x0, x1 float64) (float64, bool) {
		n, all := 0, 0
		each(x0, y0+armTop*h, x1, y0+armBottom*h, func(r, g, b float64) {
			all++
			l := r + g + b
			if l > light/skinShade && l < light*skinShade && math.Abs(r/l-red) < skinTone && math.Abs(g/l-green) < skinTone {
				n++
			}
		})
		return float64(n) / float64(max(all, 1)), float64(all) > 0.5*armReach*w*(armBottom-armTop)*h
	}
	left, ok := skin(x0-armReach*w, x0)
	right, too := skin(x0+w, x0+(1+armReach)*w)
	if !ok || !too {
		return nil
	}
	more := math.Abs(left - right)
	return &more
}
