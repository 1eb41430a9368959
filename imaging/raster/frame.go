package raster

// Frame is a decoded photo as the measuring packages see it. Every position that they return is in pixels of the upright
// picture at its full size (Width by Height); Scale and ToFull lead from there to the two planes.
type Frame struct {
	// Width and Height are those of the upright picture.
	Width, Height int
	// Small is the upright picture in colour, reduced by averaging to about SmallSide pixels on its long side; a picture
	// that is no larger is there as it is.
	Small *RGB
	// Scale takes upright full-size coordinates to those of Small: (x*Scale[0], y*Scale[1]). Both are at most 1 and nearly
	// the same.
	Scale [2]float64
	// Full is the luma of every pixel, as the file stores it: not turned upright, since turning 12 megapixels costs more
	// than most measurements.
	Full *Gray
	// ToFull takes upright full-size coordinates to those of Full: a turn or a reflection.
	ToFull Homography
	// Focal is the focal length of the lens in pixels of the upright full-size picture; 0 where the file does not say it.
	Focal float64
}

// SmallSide is the long side at which Frame.Small aims: enough to see a document's edges in any photo that shows one,
// and a tenth of the pixels of a phone's camera.
const SmallSide = 1280

// SmallFactor is by how much a picture is reduced to make Frame.Small: a whole number, so that each pixel is the mean of a
// square of pixels.
func SmallFactor(width, height int) int {
	return max(1, (max(width, height)+SmallSide/2)/SmallSide)
}

// ToSmall takes a position of the upright full-size picture to one of Small.
func (f *Frame) ToSmall(p Point) Point { return Point{p[0] * f.Scale[0], p[1] * f.Scale[1]} }

// FromSmall takes a position of Small to one of the upright full-size picture.
func (f *Frame) FromSmall(p Point) Point { return Point{p[0] / f.Scale[0], p[1] / f.Scale[1]} }

// Uprighting returns the map from the coordinates of an upright picture of width x height to those of the picture as a file
// with the given EXIF orientation (1 to 8, EXIF 2.32, tag 0x0112) stores it.
func Uprighting(orientation, width, height int) Homography {
	w, h := float64(width), float64(height)
	switch orientation {
	case 2:
		return Homography{-1, 0, w, 0, 1, 0, 0, 0, 1}
	case 3:
		return Homography{-1, 0, w, 0, -1, h, 0, 0, 1}
	case 4:
		return Homography{1, 0, 0, 0, -1, h, 0, 0, 1}
	case 5:
		return Homography{0, 1, 0, 1, 0, 0, 0, 0, 1}
	case 6:
		return Homography{0, 1, 0, -1, 0, w, 0, 0, 1}
	case 7:
		return Homography{0, -1, h, -1, 0, w, 0, 0, 1}
	case 8:
		return Homography{0, -1, h, 1, 0, 0, 0, 0, 1}
	}
	return Homography{1, 0, 0, 0, 1, 0, 0, 0, 1}
}

// Rectified returns the luma of a quadrilateral of the photo (upright full-size coordinates, clockwise from the corner that
// becomes the top left) as a picture of w x h pixels, at full resolution where the photo has it.
func (f *Frame) Rectified(q Quad, w, h int) (*Gray, bool) {
	m, ok := RectToQuad(float64(w), float64(h), q)
	if !ok {
		return nil, false
	}
	return f.Full.Resampled(w, h, f.ToFull.After(m)), true
}
