package specimen

import (
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math"
)

// ErrNoGround says that a case lies on a photograph that was not given: see Case.DrawOn.
var ErrNoGround = errors.New("it lies on a photograph, which make accuracy fetches (Case.DrawOn)")

// groundPhotos are photographs and pictures that Debian's packages of desktop backgrounds carry, by their names in
// testdata/grounds. Whoever draws the set Grounds fetches them (scripts/grounds.sh).
var groundPhotos = []string{
	"mate/Aqua.jpg", "mate/Blinds.jpg", "mate/Dune.jpg", "mate/FreshFlower.jpg", "mate/Garden.jpg", "mate/GreenMeadow.jpg",
	"mate/GreenTraditional.jpg", "mate/LadyBird.jpg", "mate/RainDrops.jpg", "mate/Storm.jpg", "mate/TwoWings.jpg", "mate/Wood.jpg",
	"mate/YellowFlower.jpg", "lomiri/Bridge_by_Sander_Klootwijk.jpg", "lomiri/Dragonfly_by_Bolly.jpg", "lomiri/Picture_0B_by_freespace.jpg",
	"lomiri/Picture_1A_by_freespace.jpg", "lomiri/Wine_by_Jakkub_Mede.jpg", "lomiri/aitzgorri_by_Aitzol_Berasategi.jpg",
	"lomiri/analogpattern_by_Peter_Nerlich.jpg", "lomiri/free_by_Peter_Nerlich.jpg", "lomiri/friends_by_Aitzol_Berasategi.jpg",
	"lomiri/greentock_by_Peter_Nerlich.jpg", "lomiri/life_by_Aitzol_Berasategi.jpg", "lomiri/picosdeeuropa_by_Aitzol_Berasategi.jpg",
	"lomiri/seeding_by_Clements_Engelhardt.jpg", "lomiri/sunset_by_Aitzol_Berasategi.jpg", "lomiri/umang_by_Abhishek_Mudgal.jpg",
	"plasma/Autumn.jpg", "plasma/BytheWater.jpg", "plasma/ColdRipple.jpg", "plasma/ColorfulCups.jpg", "plasma/EveningGlow.jpg",
	"plasma/FallenLeaf.jpg", "plasma/Grey.jpg", "plasma/Kite.jpg", "plasma/OneStandsOut.jpg", "plasma/Path.jpg", "plasma/summer_1am.jpg",
	"ukui/2004default.jpg", "ukui/rhythm.jpg", "ukui/string.jpg", "ukui/the-mouse.jpg",
}

// Ground returns the name of the photograph that the document of a case lies on, empty where it lies on a surface of ours.
func (c Case) Ground() string {
	if c.Half != Grounds {
		return ""
	}
	return c.Surface
}

// DrawOn is Draw for a case of Grounds, on the photograph that Ground names, a JPEG. It is what the phone sees beside the document: as
// large as a table cloth, mirrored where it ends. Errors are those of a file that is none, and Draw's.
func (c Case) DrawOn(photo io.Reader) (Labelled, error) {
	picture, err := jpeg.Decode(photo)
	if err != nil {
		return Labelled{}, fmt.Errorf("draw %s: photograph %s: %w", c.ID, c.Ground(), err)
	}
	c.setting.surface.make = pictured(picture)
	return (&take{c: c, s: c.setting}).shoot()
}

// groundSide is the longest side of a photograph as it is kept, in pixels: at the least width on the table three to a millimetre,
// about what a phone sees of it.
const groundSide = 2600

// picturedLevel is a photograph at one size, in linear light.
type picturedLevel struct {
	w, h int
	pix  []rgb
}

// pictured makes a surface that shows a photograph, 450 to 1,100 mm wide. Between sizes the nearest smaller pixel is taken, so that
// nothing is seen that a lens would not resolve.
func pictured(photo image.Image) func(*grains, *dice) surface {
	levels := picturedLevels(photo)
	return func(_ *grains, d *dice) surface {
		perMM := float32(levels[0].w) / float32(d.between(450, 1100))
		u0, v0 := float32(d.between(0, 1000)), float32(d.between(0, 1000))
		return func(u, v, px float32) (r, g, b float32) {
			at, k := 0, perMM
			for px*k > 1.5 && at+1 < len(levels) {
				at, k = at+1, k/2
			}
			c := levels[at].at((u+u0)*k, (v+v0)*k)
			return c[0], c[1], c[2]
		}
	}
}

func picturedLevels(photo image.Image) []picturedLevel {
	b := photo.Bounds()
	l := picturedLevel{w: b.Dx(), h: b.Dy(), pix: make([]rgb, b.Dx()*b.Dy())}
	var linear [256]float32
	for v := range linear {
		linear[v] = 0.85 * linearOf()[v] // print and cloth reflect no more
	}
	rows(l.h, func(y int) {
		for x := range l.w {
			r, g, b, _ := photo.At(b.Min.X+x, b.Min.Y+y).RGBA()
			l.pix[y*l.w+x] = rgb{linear[r>>8], linear[g>>8], linear[b>>8]}
		}
	})
	for max(l.w, l.h) > groundSide {
		l = l.halved()
	}
	levels := []picturedLevel{l}
	for min(l.w, l.h) > 16 {
		l = l.halved()
		levels = append(levels, l)
	}
	return levels
}

func (l *picturedLevel) halved() picturedLevel {
	half := picturedLevel{w: l.w / 2, h: l.h / 2, pix: make([]rgb, (l.w/2)*(l.h/2))}
	rows(half.h, func(y int) {
		for x := range half.w {
			top, low := l.pix[2*y*l.w+2*x:], l.pix[(2*y+1)*l.w+2*x:]
			for k := range 3 {
				half.pix[y*half.w+x][k] = (top[0][k] + top[1][k] + low[0][k] + low[1][k]) / 4
			}
		}
	})
	return half
}

// at is the light at a place in pixels, bilinear.
func (l *picturedLevel) at(x, y float32) (c rgb) {
	fx, fy := float32(math.Floor(float64(x))), float32(math.Floor(float64(y)))
	x0, x1, y0, y1 := mirrored(int(fx), l.w), mirrored(int(fx)+1, l.w), mirrored(int(fy), l.h), mirrored(int(fy)+1, l.h)
	x, y = x-fx, y-fy
	for k := range c {
		top := l.pix[y0*l.w+x0][k] + x*(l.pix[y0*l.w+x1][k]-l.pix[y0*l.w+x0][k])
		low := l.pix[y1*l.w+x0][k] + x*(l.pix[y1*l.w+x1][k]-l.pix[y1*l.w+x0][k])
		c[k] = top + y*(low-top)
	}
	return c
}

// mirrored folds a place back into 0 to n-1.
func mirrored(i, n int) int {
	i = ((i % (2 * n)) + 2*n) % (2 * n)
	return min(i, 2*n-1-i)
}
