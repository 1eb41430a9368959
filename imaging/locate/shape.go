package locate

import (
	"math"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// fieldOfView is the angle that the long side of a phone's picture spans, in degrees: main cameras of phones have 60 to 75.
const fieldOfView = 67

// usualFocal is the focal length, in pixels, of a picture of which nothing but its size is known.
func usualFocal(width, height float64) float64 {
	return max(width, height) / 2 / math.Tan(fieldOfView/2*math.Pi/180)
}

// focalOf is the focal length of a picture in its own pixels, as its camera says, or the usual one.
func focalOf(f *raster.Frame) float64 {
	if f.Focal > 0 {
		return f.Focal
	}
	return usualFocal(float64(f.Width), float64(f.Height))
}

// format is a paper or card format, the long side first, in millimetres.
type format struct {
	name        string
	long, short float64
}

// formats are those that documents of a filing have.
func formats() [4]format {
	return [4]format{
		{filing.FormatID1, 85.6, 53.98}, {filing.FormatID3, 125, 88}, {filing.FormatA4, 297, 210}, {filing.FormatA3, 420, 297},
	}
}

// pose is how a rectangle lies before the camera.
type pose struct {
	// aspect is the rectangle's width (first side) over its height.
	aspect float64
	// skew is the cosine between its sides: 0 for what is a rectangle under the given focal length.
	skew float64
	// tilt is the angle between the line of sight to its middle and its normal, lean that between the camera's axis and its normal, in
	// degrees. A lens that keeps straight lines straight shortens nothing of what lies parallel to the sensor, however far from the middle.
	tilt, lean float64
}

// poseOf recovers how a rectangle lies of which the picture shows a quadrilateral: the camera is taken for a pinhole of the focal
// length f, in pixels, with its axis through the middle of the picture (Zhang and He, Whiteboard Scanning and Image
// Enhancement, 2007, section 3.2, with the focal length given).
func poseOf(q raster.Quad, width, height, f float64) (pose, bool) {
	m, ok := raster.RectToQuad(1, 1, q)
	if !ok {
		return pose{}, false
	}
	column := func(i int) [3]float64 {
		return [3]float64{(m[i] - width/2*m[6+i]) / f, (m[3+i] - height/2*m[6+i]) / f, m[6+i]}
	}
	a, b := column(0), column(1)
	la, lb := norm3(a), norm3(b)
	if la == 0 || lb == 0 {
		return pose{}, false
	}
	normal := [3]float64{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
	c := q.Middle()
	sight := [3]float64{(c[0] - width/2) / f, (c[1] - height/2) / f, 1}
	ln := norm3(normal)
	if ln == 0 {
		return pose{}, false
	}
	cosine := math.Abs(dot3(normal, sight)) / (ln * norm3(sight))
	return pose{
		aspect: la / lb, skew: dot3(a, b) / (la * lb),
		tilt: math.Acos(min(cosine, 1)) * 180 / math.Pi, lean: math.Acos(min(math.Abs(normal[2])/ln, 1)) * 180 / math.Pi,
	}, true
}

func dot3(a, b [3]float64) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
func norm3(a [3]float64) float64   { return math.Sqrt(dot3(a, a)) }

// misfit is how far a shape is from a format, as the absolute logarithm of the ratio of aspects, whichever way it lies.
func (p pose) misfit(f format) float64 {
	return math.Abs(math.Abs(math.Log(p.aspect)) - math.Log(f.long/f.short))
}
