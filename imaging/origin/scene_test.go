package origin

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// shared fonts: the drawing of specimens needs them.
var fonts = sync.OnceValues(specimen.Fonts)

// taken is a picture with the place of its document.
type taken struct {
	img     *image.RGBA
	corners raster.Quad
}

// drawn describes a photo of a specimen: what it shows, whether as a grey copy, and whether off a screen.
type drawn struct {
	kind          specimen.Kind
	width, height int
	seed          uint64
	// copy is how the document was copied before the photo: "" is the original.
	copy string
	// pattern is printed over the document, nil for none.
	pattern tint
	// screen is what shows the photo that is photographed, nil for a photo of the document itself.
	screen *display
	// change changes the ordinary scene.
	change func(*specimen.Scene)
	// quality of the JPEG; 0 is 88.
	quality int
}

// take draws, photographs and encodes.
func (d drawn) take(t testing.TB) (*raster.Frame, *filing.Document) {
	t.Helper()
	img, corners := d.shoot(t)
	return developed(t, img, d.quality), &filing.Document{Quad: corners, Confidence: 0.95}
}

// shoot returns the picture before it is encoded.
func (d drawn) shoot(t testing.TB) (*image.RGBA, raster.Quad) {
	t.Helper()
	f, err := fonts()
	if err != nil {
		if os.Getenv("PREFLIGHT_TEST_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	scene := specimen.Ordinary(d.width, d.height, d.seed)
	if d.change != nil {
		d.change(&scene)
	}
	w, h := specimen.Size(d.kind)
	doc, err := specimen.Draw(f, d.kind, d.seed, scene.PxPerMM(w, h))
	if err != nil {
		t.Fatal(err)
	}
	if d.copy != "" {
		photocopy(doc.Image, d.copy, d.seed)
	}
	if d.pattern != nil {
		d.pattern.printOn(doc.Image, scene.PxPerMM(w, h))
	}
	photo, err := scene.Shoot(doc)
	if err != nil {
		t.Fatal(err)
	}
	shot := taken{photo.Image, photo.Corners}
	if d.screen != nil {
		shot = d.screen.photograph(shot, d.seed)
	}
	return shot.img, shot.corners
}

// developed encodes a picture as JPEG and makes the Frame of it that the analyzer would.
func developed(t testing.TB, img image.Image, quality int) *raster.Frame {
	t.Helper()
	if quality == 0 {
		quality = 88
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	back, err := jpeg.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return framed(back)
}

// framed makes a Frame of an upright picture.
func framed(img image.Image) *raster.Frame {
	b := img.Bounds()
	rgba := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(rgba, rgba.Rect, img, b.Min, draw.Src)
	w, h := b.Dx(), b.Dy()
	factor := raster.SmallFactor(w, h)
	f := &raster.Frame{Width: w, Height: h, Full: raster.NewGray(w, h), Small: raster.NewRGB(max(w/factor, 1), max(h/factor, 1)),
		ToFull: raster.Uprighting(1, w, h)}
	f.Scale = [2]float64{float64(f.Small.W) / float64(w), float64(f.Small.H) / float64(h)}
	for i := range f.Full.Pix {
		f.Full.Pix[i] = raster.Luma(rgba.Pix[4*i], rgba.Pix[4*i+1], rgba.Pix[4*i+2])
	}
	for y := range f.Small.H {
		for x := range f.Small.W {
			var sum [3]int
			n := 0
			for v := y * h / f.Small.H; v < (y+1)*h/f.Small.H; v++ {
				for u := x * w / f.Small.W; u < (x+1)*w/f.Small.W; u++ {
					p := rgba.Pix[4*(v*w+u):]
					sum[0], sum[1], sum[2], n = sum[0]+int(p[0]), sum[1]+int(p[1]), sum[2]+int(p[2]), n+1
				}
			}
			for k := range 3 {
				f.Small.Pix[3*(y*f.Small.W+x)+k] = uint8((sum[k] + n/2) / n)
			}
		}
	}
	return f
}

// photocopy turns a drawn document into a copy: "grey" as a scanner or a black-and-white filter makes it, "toner" as a
// copier prints it, dark and hard.
func photocopy(img *image.RGBA, how string, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0xc0b1))
	paper := 0.80 + 0.12*rng.Float64()
	for i := 0; i < len(img.Pix); i += 4 {
		v := float64(raster.Luma(img.Pix[i], img.Pix[i+1], img.Pix[i+2])) / 255
		if how == "toner" {
			v = math.Min(math.Max((v-0.25)*1.6, 0.04), 1) * paper
			v += 0.02 * (rng.Float64() - 0.5)
		}
		g := uint8(math.Min(math.Max(255*v+0.5, 0), 255))
		img.Pix[i], img.Pix[i+1], img.Pix[i+2] = g, g, g
	}
}

// display is a screen and the camera before it.
type display struct {
	// columns and rows are the screen's pixels; the photo is shown as large as fits.
	columns, rows int
	// layout of the subpixels: "stripe" (LCD) or "pentile" (OLED).
	layout string
	// width and height of the picture that is taken, and the share of its width that the screen takes (above 1 the bezel is
	// out of sight).
	width, height int
	fill          float64
	turn, tilt    float64
	blur          float64
	// pixel is how strong the dark between pixels is: 0 none, 1 as on a real screen.
	pixel float64
	bayer bool
}

// photograph shows a photo on the screen and photographs the screen.
func (s *display) photograph(shown taken, seed uint64) taken {
	rng := rand.New(rand.NewPCG(seed, 0x5c4ee4))
	b := shown.img.Bounds()
	scale := math.Min(float64(s.columns)/float64(b.Dx()), float64(s.rows)/float64(b.Dy()))
	ox, oy := (float64(s.columns)-scale*float64(b.Dx()))/2, (float64(s.rows)-scale*float64(b.Dy()))/2
	screen := make([]float32, 3*s.columns*s.rows)
	var linear [256]float32
	for i := range linear {
		linear[i] = float32(math.Pow(float64(i)/255, 2.2))
	}
	for y := range s.rows {
		for x := range s.columns {
			// the mean of the photo's pixels under a pixel of the screen
			x0, x1 := (float64(x)-ox)/scale, (float64(x)+1-ox)/scale
			y0, y1 := (float64(y)-oy)/scale, (float64(y)+1-oy)/scale
			if x0 < 0 || y0 < 0 || x1 >= float64(b.Dx()) || y1 >= float64(b.Dy()) {
				continue
			}
			n := float32(0)
			for v := int(y0); v <= int(y1); v++ {
				for u := int(x0); u <= int(x1); u++ {
					p := shown.img.Pix[shown.img.PixOffset(u, v):]
					for k := range 3 {
						screen[3*(y*s.columns+x)+k] += linear[p[k]]
					}
					n++
				}
			}
			for k := range 3 {
				screen[3*(y*s.columns+x)+k] /= n
			}
		}
	}
	// The camera: a homography from pictures to screen pixels.
	w, h := float64(s.width), float64(s.height)
	perPixel := s.fill * w / float64(s.columns)
	if float64(s.rows)*perPixel > s.fill*h {
		perPixel = s.fill * h / float64(s.rows)
	}
	sin, cos := math.Sincos(s.turn * math.Pi / 180)
	lean := math.Tan(s.tilt * math.Pi / 180)
	dir := 2 * math.Pi * rng.Float64()
	back := func(x, y float64) (float64, float64) {
		x, y = x-w/2, y-h/2
		z := 1 + lean*(x*math.Cos(dir)+y*math.Sin(dir))/(0.9*w)
		x, y = x/z, y/z
		return (x*cos+y*sin)/perPixel + float64(s.columns)/2, (-x*sin+y*cos)/perPixel + float64(s.rows)/2
	}
	light := make([]float32, 3*s.width*s.height)
	const samples = 4
	row := func(y int) {
		for x := range s.width {
			var sum [3]float32
			for j := range samples {
				for i := range samples {
					u, v := back(float64(x)+(float64(i)+0.5)/samples, float64(y)+(float64(j)+0.5)/samples)
					cu, cv := math.Floor(u), math.Floor(v)
					if cu < 0 || cv < 0 || int(cu) >= s.columns || int(cv) >= s.rows {
						if cu > -60 && cv > -60 && int(cu) < s.columns+60 && int(cv) < s.rows+60 {
							for k := range sum {
								sum[k] += 0.008 // the bezel
							}
						} else {
							for k := range sum {
								sum[k] += 0.12 // the wall behind
							}
						}
						continue
					}
					p := screen[3*(int(cv)*s.columns+int(cu)):]
					lit := s.subpixel(u-cu, v-cv, int(cu)+int(cv))
					for k := range sum {
						sum[k] += p[k] * lit[k]
					}
				}
			}
			for k := range sum {
				light[3*(y*s.width+x)+k] = sum[k] / (samples * samples)
			}
		}
	}
	for y := range s.height {
		row(y)
	}
	light = blurred(light, s.width, s.height, s.blur)
	gain := 0.0
	for i := 1; i < len(light); i += 3 {
		gain = math.Max(gain, float64(light[i]))
	}
	gain = (0.75 + 0.2*rng.Float64()) / math.Max(gain, 0.01)
	for i := range light {
		v := float64(light[i]) * gain
		light[i] = float32(v + rng.NormFloat64()*math.Sqrt(1.5e-6+6e-5*math.Max(v, 0)))
	}
	if s.bayer {
		light = demosaiced(light, s.width, s.height)
	}
	img := image.NewRGBA(image.Rect(0, 0, s.width, s.height))
	for i := range s.width * s.height {
		var c [3]uint8
		for k := range c {
			c[k] = uint8(255*math.Pow(math.Min(math.Max(float64(light[3*i+k]), 0), 1), 1/2.2) + 0.5)
		}
		img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+2], img.Pix[4*i+3] = c[0], c[1], c[2], 255
	}
	out := taken{img: img}
	for i, c := range shown.corners {
		// invert back by Newton's steps from the middle: it is nearly linear
		x, y := w/2, h/2
		tu, tv := c[0]*scale+ox, c[1]*scale+oy
		for range 30 {
			u, v := back(x, y)
			ux, vx := back(x+1, y)
			uy, vy := back(x, y+1)
			a, bb, cc, d := ux-u, uy-u, vx-v, vy-v
			det := a*d - bb*cc
			x += ((tu-u)*d - (tv-v)*bb) / det
			y += ((tv-v)*a - (tu-u)*cc) / det
		}
		out.corners[i] = raster.Point{x, y}
	}
	return out
}

// subpixel is how much a place within a pixel shines in each colour; the mean over the pixel is 1.
func (s *display) subpixel(u, v float64, parity int) [3]float32 {
	var lit [3]float32
	switch s.layout {
	case "pentile":
		if math.Abs(u-0.25) < 0.2 && math.Abs(v-0.5) < 0.3 {
			lit[1] = 1 / 0.24
		}
		if math.Abs(u-0.72) < 0.25 && math.Abs(v-0.5) < 0.35 {
			lit[2*(parity&1)] = 2 / 0.35
		}
	default:
		k := min(int(3*u), 2)
		if inner := 3*u - float64(k); inner > 0.1 && inner < 0.9 && v > 0.08 && v < 0.86 {
			lit[k] = 3 / (0.8 * 0.78)
		}
	}
	p := float32(s.pixel)
	for k := range lit {
		lit[k] = 1 - p + p*lit[k]
	}
	return lit
}

func blurred(light []float32, w, h int, sigma float64) []float32 {
	if sigma < 0.2 {
		return light
	}
	r := int(math.Ceil(2.6 * sigma))
	kernel := make([]float32, 2*r+1)
	sum := float32(0)
	for i := range kernel {
		kernel[i] = float32(math.Exp(-float64((i-r)*(i-r)) / (2 * sigma * sigma)))
		sum += kernel[i]
	}
	pass := func(from []float32, dx, dy int) []float32 {
		to := make([]float32, len(from))
		for y := range h {
			for x := range w {
				for i, k := range kernel {
					u, v := min(max(x+(i-r)*dx, 0), w-1), min(max(y+(i-r)*dy, 0), h-1)
					for c := range 3 {
						to[3*(y*w+x)+c] += k / sum * from[3*(v*w+u)+c]
					}
				}
			}
		}
		return to
	}
	return pass(pass(light, 1, 0), 0, 1)
}

// demosaiced keeps one colour at each pixel (RGGB) and takes the others from the neighbours.
func demosaiced(light []float32, w, h int) []float32 {
	out := make([]float32, len(light))
	site := func(x, y int) int { return x&1 + y&1 }
	for y := range h {
		for x := range w {
			for c := range 3 {
				var sum, n float32
				for dy := -1; dy <= 1; dy++ {
					for dx := -1; dx <= 1; dx++ {
						u, v := x+dx, y+dy
						if u >= 0 && v >= 0 && u < w && v < h && site(u, v) == c {
							weight := float32(1) / float32(1+3*(dx*dx+dy*dy))
							if dx == 0 && dy == 0 {
								weight = 1000
							}
							sum, n = sum+weight*light[3*(v*w+u)+c], n+weight
						}
					}
				}
				if n > 0 {
					out[3*(y*w+x)+c] = sum / n
				}
			}
		}
	}
	return out
}

// flat is a picture of one colour.
func flat(w, h int, c color.RGBA) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	return img
}
