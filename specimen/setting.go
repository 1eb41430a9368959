package specimen

import (
	"math"

	"github.com/preflight-icp/preflight/filing"
)

// setting is everything about a labelled photo that plan decides: what lies where, in which light, and what the phone does.
// Places are millimetres in the plane of the main document, origin its top left; degrees are clockwise on the picture.
type setting struct {
	width, height int // of the camera's picture, upright
	phone         phone
	surface       surfaceMaker

	// fill is the share of the frame that the bounding box of what must be seen takes; offsetX and offsetY move its
	// middle, in shares of the room that is left (-1 to 1 keeps it inside the frame).
	fill, offsetX, offsetY float64
	// turn is the rotation on the table, tilt the lean of the camera, tiltTurn the direction of the lean.
	turn, tilt, tiltTurn float64
	// cut moves the document across a border of the frame until cutMM of it are lost (negative: that far inside).
	cut     bool
	cutSide int // 0 left, 1 top, 2 right, 3 bottom
	cutMM   float64

	// white is the level of white paper; cast the colour of the light that the white balance left.
	white                  float64
	cast                   rgb
	gradient, gradientTurn float64
	lamp                   *lamp
	shadows                []shadow
	glares                 []glare
	glossyTable            bool // what is beside the document shines too

	// gain multiplies the sensor's sensitivity: 1 daylight, 16 a dim room.
	gain float64
	// edgeRatio, where above 0, is the edge width per text height that blur must reach; blur says by which means.
	edgeRatio float64
	blur      blurKind
	motionDir float64
	// fallOff is how much defocus grows across the document, as a share of that in its middle, towards fallOffTurn.
	fallOff, fallOffTurn float64

	// zoom above 1 is digital zoom: fewer pixels of the sensor, scaled up.
	zoom float64
	// sharpen and smear multiply what the phone does.
	sharpen, smear float64
	app            *chatApp
	orientation    int

	copy *copier
	fine *finePrint
	// mosaic: colours are interpolated from a Bayer mosaic, which tells on fine patterns.
	mosaic  bool
	mono    bool    // the phone takes black and white pictures
	bend    float64 // millimetres by which the middle of a long edge is off the straight line
	sleeve  bool    // 透明卡套
	others  []other
	objects []object
	below   []object // a hand under the document
	screen  *display
	person  *sitter
}

// blurKind is the shape of a blur (模糊类型).
type blurKind string

// The kinds: a disc is geometric defocus (circle of confusion), a Gaussian its diffraction-softened limit; line, arc and
// shake are motion of the hand during the exposure.
const (
	blurNone  blurKind = ""
	blurDisc  blurKind = "disc"
	blurGauss blurKind = "gauss"
	blurLine  blurKind = "line"
	blurArc   blurKind = "arc"
	blurShake blurKind = "shake"
)

// lamp is a light near the table: brightness falls with the square of the distance from it.
type lamp struct {
	x, y, height float64
	share        float64 // of all light
	colour       rgb
}

// shadow is a convex region that gets less light (投影): the intersection of half planes, with a penumbra.
type shadow struct {
	edges    [][3]float64 // a x + b y + c <= 0 inside, a and b of length 1
	penumbra float64
	darkness float64
}

// at is the factor on the light.
func (s *shadow) at(u, v float64) float64 {
	far := math.Inf(-1)
	for _, e := range s.edges {
		far = math.Max(far, e[0]*u+e[1]*v+e[2])
	}
	return 1 - s.darkness*smooth(0.5-far/s.penumbra)
}

func smooth(t float64) float64 {
	t = math.Min(math.Max(t, 0), 1)
	return t * t * (3 - 2*t)
}

// glare is a mirror image of a source of light on a glossy document (反光): light added to what the print sends.
type glare struct {
	shape         string // blob, tube, window, sheen, flash
	x, y, a, b    float64
	turn          float64
	peak, soft    float64
	colour        rgb
	barsX, barsY  int
	wobble, phase float64
}

// at is the light added at a place.
func (g *glare) at(u, v float64) float64 {
	sin, cos := math.Sincos(g.turn * math.Pi / 180)
	x, y := (u-g.x)*cos+(v-g.y)*sin, -(u-g.x)*sin+(v-g.y)*cos
	switch g.shape {
	case "tube", "window":
		far := float64(roundedDistance(float32(x), float32(y), float32(g.a), float32(g.b), float32(math.Min(g.a, g.b)*0.2)))
		light := smooth(0.5 - far/g.soft)
		if g.shape == "window" && light > 0 {
			bar := math.Inf(1)
			for k := 1; k < g.barsX; k++ {
				bar = math.Min(bar, math.Abs(x-g.a*(2*float64(k)/float64(g.barsX)-1)))
			}
			for k := 1; k < g.barsY; k++ {
				bar = math.Min(bar, math.Abs(y-g.b*(2*float64(k)/float64(g.barsY)-1)))
			}
			light *= 1 - 0.85*smooth(0.5-(bar-0.06*math.Min(g.a, g.b))/g.soft)
		}
		return g.peak * light
	case "sheen":
		x += g.wobble * math.Sin(y/g.b*3+g.phase)
		return g.peak * math.Exp(-0.5*x*x/(g.a*g.a)) * smooth(1.6-math.Abs(y)/g.b)
	case "flash":
		q := math.Hypot(x/g.a, y/g.b)
		return g.peak*math.Exp(-0.5*q*q*q) + 0.05*g.peak*math.Exp(-0.6*q)
	default:
		q := math.Hypot(x/g.a, y/g.b)
		return g.peak * smooth(1.5-q)
	}
}

// other is a sheet beside or under the main document.
type other struct {
	what     string // document, printed, blank, book, note, magazine, device
	template string
	seed     uint64
	w, h     float64
	corner   float64
	// under puts it partly below the main document, otherwise it lies beside it without touching.
	under bool
	// place is the direction from the document's middle in degrees, gap the distance between the two in millimetres.
	place, gap, turn float64
	colour           rgb
	seen             bool // has to be in the frame
}

// object is a thing of finger's or pencil's kind: a tapered capsule, or a flat disc or slip.
type object struct {
	what   string // finger, pen, coin, slip, palm, sleeve
	from   filing.Point
	to     filing.Point // the tip of a finger
	r0, r1 float64
	colour rgb
	lift   float64 // height of its shadow in millimetres
}

// chatApp is a program that scales and compresses what it sends (聊天软件).
type chatApp struct {
	long    int
	quality int
}

// copier is what makes a grey copy of a document (黑白复印件).
type copier struct {
	contrast float64 // slope around the middle: a photocopier's is 1.3 to 3
	paper    rgb
	toner    float64 // darkest reflectance
	dirt     float64
}

// finePrint is print of lines finer than a tenth of a millimetre apart to half a millimetre (底纹): what originals have and a
// screen has not, though both may make moire.
type finePrint struct {
	period, depth, turn, wobble float32
}

// at is the factor on reflectance, its contrast lowered by what a pixel averages over.
func (f *finePrint) at(x, y, px float32) float32 {
	a := px * 1.2 / f.period
	if a > 1.6 {
		return 1
	}
	// A triangle of half width a passes sinc^2.
	s := float32(1)
	if a > 0.05 {
		q := math.Sin(math.Pi*float64(a)) / (math.Pi * float64(a))
		s = float32(q * q)
	}
	return 1 - f.depth*s*(0.5+0.5*wave((x*f.turn+y)/f.period+f.wobble*wave(x/17)))
}
