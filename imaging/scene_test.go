package imaging

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

// scene describes a drawn photo of a card on a table: what is written and shown on the card differs by card, how it lies by
// shot. Nothing in it is or resembles a real document.
type scene struct {
	width, height int
	card, shot    uint64
	noise         int
}

// draw paints the scene: a lit table with grain, a card with a coloured ground, a portrait, lines of letters, and the noise of
// a sensor.
func (s scene) draw() *image.RGBA {
	card, shot := rand.New(rand.NewPCG(s.card, 1)), rand.New(rand.NewPCG(s.shot, 2))
	img := image.NewRGBA(image.Rect(0, 0, s.width, s.height))
	w, h := float64(s.width), float64(s.height)
	dx, dy := 0.0, 0.0
	if s.shot != 0 {
		dx, dy = (shot.Float64()-0.5)*0.06*w, (shot.Float64()-0.5)*0.06*h
	}
	left, top, cw, ch := 0.12*w+dx, 0.15*h+dy, 0.76*w, 0.66*h
	var letters [6][28]bool
	for r := range letters {
		for c := range letters[r] {
			letters[r][c] = card.IntN(4) != 0
		}
	}
	face := [3]int{120 + card.IntN(100), 90 + card.IntN(90), 80 + card.IntN(60)}
	faceW := 0.05 + 0.04*card.Float64()
	noise := shot.Uint32()
	for y := range s.height {
		for x := range s.width {
			fx, fy := float64(x), float64(y)
			r, g, b := 150-int(40*fx/w), 120-int(30*fy/h), 90+int(20*fx/w)
			u, v := (fx-left)/cw, (fy-top)/ch
			if u >= 0 && u < 1 && v >= 0 && v < 1 {
				r, g, b = 205+int(15*u), 222-int(20*v), 232
				if row, col := int(v*9)-1, int(u*44)-2; row >= 0 && row < 6 && col >= 0 && col < 28 && letters[row][col] {
					if vv, uu := v*9-float64(row+1), u*44-float64(col+2); vv > 0.3 && vv < 0.75 && uu > 0.2 &&
						(int(uu*5)+int(vv*7)+row*col)%3 != 0 {
						r, g, b = 40, 42, 50
					}
				}
				if du, dv := (u-0.82)/faceW, (v-0.42)/(2.4*faceW); du*du+dv*dv < 1 {
					r, g, b = face[0], face[1], face[2]
				}
			}
			if s.noise > 0 {
				noise = noise*1664525 + 1013904223
				d := int(noise>>24)%(2*s.noise+1) - s.noise
				r, g, b = r+d, g+d, b+d
			}
			i := img.PixOffset(x, y)
			img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = clamp8(r), clamp8(g), clamp8(b), 255
		}
	}
	return img
}

func clamp8(v int) byte { return byte(max(0, min(255, v))) }

// photo is an ordinary photo of 1200 x 900, drawn once.
var photo = sync.OnceValue(func() *image.RGBA { return scene{width: 1200, height: 900, card: 1, shot: 1, noise: 6}.draw() })

// photo12MP is a photo of 4000 x 3000 as a phone takes it, about 3.6 MB of JPEG, encoded once.
var photo12MP = sync.OnceValue(func() []byte {
	return encodeJPEG(nil, scene{width: 4000, height: 3000, card: 1, shot: 1, noise: 9}.draw(), 87)
})

func encodeJPEG(t testing.TB, img image.Image, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		if t == nil {
			panic(err)
		}
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func newAnalyzer(t testing.TB) *Analyzer {
	t.Helper()
	a, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func analyze(t testing.TB, data []byte) filing.Measurements {
	t.Helper()
	m, err := newAnalyzer(t).Analyze(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// palettedPhoto is the photo in 256 colours.
func palettedPhoto() *image.Paletted {
	var p color.Palette
	for i := range 256 {
		p = append(p, color.RGBA{byte(i>>5) * 36, byte(i>>2&7) * 36, byte(i&3) * 85, 255})
	}
	src := photo()
	dst := image.NewPaletted(image.Rect(0, 0, 600, 450), p)
	for y := range 450 {
		for x := range 600 {
			c := src.RGBAAt(2*x, 2*y)
			dst.SetColorIndex(x, y, c.R>>5<<5|c.G>>5<<2|c.B>>6)
		}
	}
	return dst
}
