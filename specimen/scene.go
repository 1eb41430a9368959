package specimen

import (
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/preflight-icp/preflight/filing"
)

// Scene is a document on a table under a camera. The zero value of a field means none of that effect; Ordinary gives
// a scene as people photograph.
type Scene struct {
	// Width and Height are the pixels of the upright picture.
	Width, Height int
	Background    Background
	// Fill is the share of the picture's width or height, whichever is reached first, that the document's bounding box
	// takes (0 to 1; above 1 the frame cuts it off).
	Fill float64
	// OffsetX and OffsetY move the document's middle from the picture's, in shares of width and height.
	OffsetX, OffsetY float64
	// Turn rotates the document on the table, in degrees clockwise; TiltX and TiltY lean the camera over the horizontal
	// and vertical axis, in degrees.
	Turn, TiltX, TiltY float64
	// Exposure is how much light a white paper sends (1 saturates); Warmth shifts white towards lamplight (0 to 1).
	Exposure, Warmth float64
	// Gradient is how much darker the far side is (0 to 1), GradientTurn where it falls off to, in degrees; Vignette how
	// much darker the corners are.
	Gradient, GradientTurn, Vignette float64
	// Blur is the sigma of the lens in pixels. ReadNoise is the sigma of the sensor in the dark, ShotNoise that at white,
	// both in linear light where white is 1.
	Blur, ReadNoise, ShotNoise float64
	Seed                       uint64
}

// Ordinary returns a scene of ordinary quality: a table, a slight lean, daylight that falls off a little, a phone's
// sharpness and noise. The seed varies everything within what people do.
func Ordinary(width, height int, seed uint64) Scene {
	vary := func(k uint64, from, to float64) float64 {
		return from + (to-from)*float64(mix(seed*64+k)>>11)/(1<<53)
	}
	return Scene{
		Width: width, Height: height, Background: Backgrounds()[mix(seed)%uint64(len(Backgrounds()))],
		Fill: vary(1, 0.66, 0.82), OffsetX: vary(2, -0.04, 0.04), OffsetY: vary(3, -0.04, 0.04), Turn: vary(4, -4, 4),
		TiltX: vary(5, -7, 7), TiltY: vary(6, -6, 6), Exposure: vary(7, 0.72, 0.88), Warmth: vary(8, 0.05, 0.35),
		Gradient: vary(9, 0.05, 0.22), GradientTurn: vary(10, 0, 360), Vignette: vary(11, 0.05, 0.2),
		Blur: vary(12, 0.6, 0.9), ReadNoise: 0.0012, ShotNoise: 0.008, Seed: seed,
	}
}

// Photo is a picture of a scene and the truth about it.
type Photo struct {
	// Image is upright.
	Image *image.RGBA
	// Corners are the document's, in pixels of Image, clockwise from the document's own top left; they are those of the
	// full rectangle where the corners of a card are round.
	Corners [4]filing.Point
	// ToPicture takes millimetres on the document (origin top left) to pixels of Image.
	ToPicture Homography
	// PxPerMM is the resolution at the middle of the document.
	PxPerMM float64
	// Steps are the names of the steps that made the picture, in order.
	Steps []string
}

// Shot is a picture in the making: what steps work on.
type Shot struct {
	Scene     Scene
	Document  *Document
	Light     *Light
	ToPicture Homography
	Corners   [4]filing.Point
}

// Step is one named stage of making a picture. A step changes the Shot; steps that draw random numbers take them from
// the scene's seed and the place, never from the order of work.
type Step struct {
	Name string
	Run  func(*Shot) error
}

// Steps returns the stages of an ordinary photo in order. Defects are made by inserting steps of one's own between
// "place" (the table in reflectance), "light" (the scene in light), "lens" and "sensor".
func (s Scene) Steps() []Step {
	return []Step{
		{"aim", aim}, {"place", place}, {"light", light}, {"lens", lens}, {"sensor", sensor},
	}
}

// Shoot photographs a document: Steps, then development to sRGB.
func (s Scene) Shoot(doc *Document) (*Photo, error) { return s.ShootWith(doc, s.Steps()) }

// ShootWith photographs a document with steps of the caller's choice. Errors name the step that failed.
func (s Scene) ShootWith(doc *Document, steps []Step) (*Photo, error) {
	if s.Width < 16 || s.Height < 16 || s.Fill <= 0 {
		return nil, fmt.Errorf("shoot %s: a scene needs at least 16 x 16 pixels and a fill above 0", doc.Kind)
	}
	shot := &Shot{Scene: s, Document: doc}
	photo := &Photo{}
	for _, step := range steps {
		if err := step.Run(shot); err != nil {
			return nil, fmt.Errorf("shoot %s: %s: %w", doc.Kind, step.Name, err)
		}
		photo.Steps = append(photo.Steps, step.Name)
	}
	if shot.Light == nil {
		return nil, fmt.Errorf("shoot %s: no step placed the document", doc.Kind)
	}
	photo.Image, photo.Corners, photo.ToPicture = shot.Light.develop(), shot.Corners, shot.ToPicture
	photo.PxPerMM = shot.ToPicture.scale(doc.WidthMM/2, doc.HeightMM/2)
	return photo, nil
}

// PxPerMM is the resolution at which a document should be drawn for the scene: a little above that of the picture.
func (s Scene) PxPerMM(widthMM, heightMM float64) float64 {
	px := 1.1 * s.Fill * math.Min(float64(s.Width)/widthMM, float64(s.Height)/heightMM)
	return math.Min(math.Max(px, MinPxPerMM), MaxPxPerMM)
}

// aim finds the homography from the document's millimetres to pixels: a pinhole camera with the field of view of a phone
// (60 degrees across), moved until the document's bounding box has the wanted size and middle.
func aim(shot *Shot) error {
	s, d := shot.Scene, shot.Document
	w, h := float64(s.Width), float64(s.Height)
	focal := math.Max(w, h) / 2 / math.Tan(30*math.Pi/180)
	sinT, cosT := math.Sincos(s.Turn * math.Pi / 180)
	sinX, cosX := math.Sincos(s.TiltX * math.Pi / 180)
	sinY, cosY := math.Sincos(s.TiltY * math.Pi / 180)
	// Columns of rotation: turn on the table, then lean over x, then over y.
	r1 := [3]float64{cosT*cosY + sinT*sinX*sinY, sinT * cosX, -cosT*sinY + sinT*sinX*cosY}
	r2 := [3]float64{-sinT*cosY + cosT*sinX*sinY, cosT * cosX, sinT*sinY + cosT*sinX*cosY}
	build := func(distance, cx, cy float64) Homography {
		mx, my := -d.WidthMM/2, -d.HeightMM/2
		t := [3]float64{r1[0]*mx + r2[0]*my, r1[1]*mx + r2[1]*my, r1[2]*mx + r2[2]*my + distance}
		return Homography{
			focal*r1[0] + cx*r1[2], focal*r2[0] + cx*r2[2], focal*t[0] + cx*t[2],
			focal*r1[1] + cy*r1[2], focal*r2[1] + cy*r2[2], focal*t[1] + cy*t[2],
			r1[2], r2[2], t[2],
		}
	}
	distance, cx, cy := 4*math.Hypot(d.WidthMM, d.HeightMM), w/2, h/2
	for range 12 {
		m := build(distance, cx, cy)
		minX, minY, maxX, maxY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
		for _, p := range m.corners(d) {
			minX, maxX = math.Min(minX, p[0]), math.Max(maxX, p[0])
			minY, maxY = math.Min(minY, p[1]), math.Max(maxY, p[1])
		}
		distance *= math.Max((maxX-minX)/w, (maxY-minY)/h) / s.Fill
		cx += w*(0.5+s.OffsetX) - (minX+maxX)/2
		cy += h*(0.5+s.OffsetY) - (minY+maxY)/2
	}
	shot.ToPicture = build(distance, cx, cy)
	shot.Corners = shot.ToPicture.corners(d)
	return nil
}

// place puts the document on the table: reflectance under even light, with the soft shadow of its edge.
func place(shot *Shot) error {
	s, d := shot.Scene, shot.Document
	back, ok := shot.ToPicture.Inverse()
	if !ok {
		return errors.New("the camera looks along the document")
	}
	middle := shot.ToPicture.scale(d.WidthMM/2, d.HeightMM/2)
	source, sourcePPM := toLight(d.Image), d.PxPerMM
	for sourcePPM > 1.7*middle && source.W > 8 && source.H > 8 {
		source, sourcePPM = source.half(), sourcePPM/2
	}
	// Not the source's size over the document's: the picture has whole pixels, and halving drops an odd last one.
	sourceScale := float32(sourcePPM)
	table := newTable(s.Background, s.Seed)
	shot.Light = NewLight(s.Width, s.Height)
	halfW, halfH, corner := float32(d.WidthMM/2), float32(d.HeightMM/2), float32(d.CornerMM)
	pixel := float32(1 / middle)
	const shadowMM = 1.6
	rows(s.Height, func(y int) {
		dst := shot.Light.Pix[3*y*s.Width:]
		fy := float64(y) + 0.5
		for x := range s.Width {
			fx := float64(x) + 0.5
			z := 1 / (back[6]*fx + back[7]*fy + back[8])
			u := float32((back[0]*fx + back[1]*fy + back[2]) * z)
			v := float32((back[3]*fx + back[4]*fy + back[5]) * z)
			outside := roundedDistance(u-halfW, v-halfH, halfW, halfH, corner)
			cover := min(max(0.5-outside/pixel, 0), 1)
			var r, g, b float32
			if cover > 0 {
				r, g, b = source.at(u*sourceScale, v*sourceScale)
			}
			if cover < 1 {
				tr, tg, tb := table.at(u, v)
				// The light comes from the upper left: the shadow lies below and right of the edge.
				if far := roundedDistance(u-halfW-0.5, v-halfH-0.5, halfW, halfH, corner); far < shadowMM {
					t := 1 - max(far, 0)/shadowMM
					dark := 1 - 0.42*t*t
					tr, tg, tb = tr*dark, tg*dark, tb*dark
				}
				r, g, b = r*cover+tr*(1-cover), g*cover+tg*(1-cover), b*cover+tb*(1-cover)
			}
			dst[3*x], dst[3*x+1], dst[3*x+2] = r, g, b
		}
	})
	return nil
}

// roundedDistance is the signed distance in the plane to a rectangle of half sides w and h with rounded corners.
func roundedDistance(x, y, w, h, r float32) float32 {
	if x < 0 {
		x = -x
	}
	if y < 0 {
		y = -y
	}
	dx, dy := x-w+r, y-h+r
	if dx > 0 && dy > 0 {
		return float32(math.Sqrt(float64(dx*dx+dy*dy))) - r
	}
	return max(dx, dy) - r
}

// light multiplies reflectance by what falls on it: exposure, colour of the light, fall-off, vignette.
func light(shot *Shot) error {
	s, l := shot.Scene, shot.Light
	sin, cos := math.Sincos(s.GradientTurn * math.Pi / 180)
	red, blue := float32(1+0.12*s.Warmth), float32(1-0.3*s.Warmth)
	w, h := float64(l.W), float64(l.H)
	diagonal := math.Hypot(w, h) / 2
	rows(l.H, func(y int) {
		row := l.Pix[3*y*l.W : 3*(y+1)*l.W]
		dy := (float64(y) - h/2) / diagonal
		for x := range l.W {
			dx := (float64(x) - w/2) / diagonal
			e := float32(s.Exposure * (1 - s.Gradient*(0.5+0.5*(dx*cos+dy*sin))) * (1 - s.Vignette*(dx*dx+dy*dy)))
			row[3*x] *= e * red
			row[3*x+1] *= e
			row[3*x+2] *= e * blue
		}
	})
	return nil
}

// lens blurs.
func lens(shot *Shot) error {
	shot.Light = shot.Light.blur(shot.Scene.Blur)
	return nil
}

// sensor adds noise in linear light: a constant part and one that grows with the root of the light.
func sensor(shot *Shot) error {
	s, l := shot.Scene, shot.Light
	if s.ReadNoise == 0 && s.ShotNoise == 0 {
		return nil
	}
	normal := gaussian()
	read2, shot2 := float32(s.ReadNoise*s.ReadNoise), float32(s.ShotNoise*s.ShotNoise)
	seed := mix(s.Seed ^ 0x5e4507)
	rows(l.H, func(y int) {
		row := l.Pix[3*y*l.W : 3*(y+1)*l.W]
		base := seed + uint64(y)<<32
		for x := range l.W {
			random := mix(base + uint64(x))
			for k := range 3 {
				v := row[3*x+k]
				sigma := float32(math.Sqrt(float64(read2 + shot2*max(v, 0))))
				row[3*x+k] = v + sigma*normal[random>>(16*k)&4095]
			}
		}
	})
	return nil
}
