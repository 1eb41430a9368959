package accuracy_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// The labelled photos go through a lens and a sensor, as photos do. Pictures that somebody puts together do not: a document is pasted flat on
// a ground, there is neither noise nor a camera's data, half of the picture is of one colour. What is right for the one must not be
// wrong for the other; a chat app makes something of the kind out of any photo of a plain table.

const flatWide, flatHigh = 1600, 1200

// flatKinds are the documents, with what a person would say that they are.
func flatKinds() []struct {
	kind     specimen.Kind
	declared filing.Declared
} {
	front, back := filing.PageFront, filing.PageBack
	return []struct {
		kind     specimen.Kind
		declared filing.Declared
	}{
		{specimen.IDCardFront, filing.Declared{Material: "principal_id", Page: front, Of: "principal"}},
		{specimen.IDCardBack, filing.Declared{Material: "principal_id", Page: back, Of: "principal"}},
		{specimen.ResidencePermitFront, filing.Declared{Material: "residence_permit", Page: front, Of: "principal"}},
		{specimen.ResidencePermitBack, filing.Declared{Material: "residence_permit", Page: back, Of: "principal"}},
		{specimen.BusinessLicense, filing.Declared{Material: "applicant_document", Page: front, Of: "applicant"}},
		{specimen.PlainLetter, filing.Declared{Material: "provider_guarantee", Page: front, Of: "applicant"}},
	}
}

// flatGround is a ground without noise: plain, or fading from one side to the other.
func flatGround(n int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, flatWide, flatHigh))
	plain := []color.RGBA{{70, 90, 120, 255}, {130, 110, 90, 255}, {60, 110, 80, 255}}[n%3]
	for y := range flatHigh {
		for x := range flatWide {
			c := plain
			if n%2 == 1 {
				k := 0.75 + 0.5*float64(x)/flatWide
				c = color.RGBA{uint8(k * float64(c.R)), uint8(k * float64(c.G)), uint8(k * float64(c.B)), 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// paste lays a flat document on a picture, each pixel the mean of four places.
func paste(t *testing.T, onto, doc *image.RGBA, q raster.Quad) {
	t.Helper()
	b := doc.Bounds()
	m, fits := raster.RectToQuad(float64(b.Dx()), float64(b.Dy()), q)
	back, turns := m.Inverse()
	if !fits || !turns {
		t.Fatalf("no place for the document: %v", q)
	}
	const across = 2
	for y := range flatHigh {
		for x := range flatWide {
			var sum [3]float64
			n := 0.0
			for k := range across * across {
				p := back.Apply(raster.Point{float64(x) + (float64(k%across)+0.5)/across, float64(y) + (float64(k/across)+0.5)/across})
				if p[0] < 0 || p[1] < 0 || p[0] >= float64(b.Dx()) || p[1] >= float64(b.Dy()) {
					continue
				}
				c := doc.RGBAAt(b.Min.X+int(p[0]), b.Min.Y+int(p[1]))
				sum[0], sum[1], sum[2], n = sum[0]+float64(c.R), sum[1]+float64(c.G), sum[2]+float64(c.B), n+1
			}
			if n > 0 {
				ground, rest := onto.RGBAAt(x, y), across*across-n
				mix := func(sum float64, ground uint8) uint8 { return uint8((sum+rest*float64(ground))/(across*across) + 0.5) }
				onto.SetRGBA(x, y, color.RGBA{mix(sum[0], ground.R), mix(sum[1], ground.G), mix(sum[2], ground.B), 255})
			}
		}
	}
}

// flatQuad is where a document lies that is so much of the picture, turned by so many degrees around a place.
func flatQuad(doc *image.RGBA, share, degrees, x, y float64) raster.Quad {
	w, h := float64(doc.Bounds().Dx()), float64(doc.Bounds().Dy())
	k := math.Sqrt(share * flatWide * flatHigh / (w * h))
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	q := raster.Quad{{-w / 2, -h / 2}, {w / 2, -h / 2}, {w / 2, h / 2}, {-w / 2, h / 2}}
	for i, p := range q {
		q[i] = raster.Point{x*flatWide + k*(p[0]*cos-p[1]*sin), y*flatHigh + k*(p[0]*sin+p[1]*cos)}
	}
	return q
}

// each changes every pixel of a picture.
func each(img *image.RGBA, change func(x, y int, c color.RGBA) color.RGBA) {
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			img.SetRGBA(x, y, change(x, y, img.RGBAAt(x, y)))
		}
	}
}

// scaled multiplies the light of a colour.
func scaled(c color.RGBA, k float64) color.RGBA {
	return color.RGBA{uint8(k * float64(c.R)), uint8(k * float64(c.G)), uint8(k * float64(c.B)), 255}
}

// smeared is the mean of the places within a box around each, twice, which is as wide as a lens out of focus makes it.
func smeared(img *image.RGBA, by int) {
	for _, step := range [4]image.Point{{1, 0}, {0, 1}, {1, 0}, {0, 1}} {
		from := image.NewRGBA(img.Bounds())
		copy(from.Pix, img.Pix)
		each(img, func(x, y int, _ color.RGBA) color.RGBA {
			var r, g, b, n int
			for d := -by; d <= by; d++ {
				if at := (image.Point{x + d*step.X, y + d*step.Y}); at.In(from.Bounds()) {
					c := from.RGBAAt(at.X, at.Y)
					r, g, b, n = r+int(c.R), g+int(c.G), b+int(c.B), n+1
				}
			}
			return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
		})
	}
}

func TestFlatCompositesAreJudgedAsPhotosAre(t *testing.T) {
	t.Parallel()
	if testing.Short() || raceEnabled {
		t.Skip("draws and measures 66 pictures: half a minute, and ten under the race detector")
	}
	fonts(t)
	set, err := specimen.Fonts()
	ok(t, err)
	analyzer, err := imaging.New(imaging.Options{Models: filepath.Join(root(t), "build", "models")})
	ok(t, err)
	t.Cleanup(func() { ok(t, analyzer.Close()) })

	type picture struct {
		*image.RGBA

		flat *image.RGBA
		quad raster.Quad
	}
	for name, flaw := range map[string]struct {
		// make changes a picture of a document that lies flawlessly on its ground, or makes another one of it; code is what has to be said
		// of at least so many of the six, and where there is none no error of any.
		make  func(n int, p *picture)
		code  string
		least int
	}{
		"flawless":                 {func(int, *picture) {}, "", 0},
		"a scan from edge to edge": {func(_ int, p *picture) { p.RGBA = p.flat }, "", 0},
		"blurred":                  {func(_ int, p *picture) { smeared(p.RGBA, 9) }, "blurred", 5},
		"dark": {func(_ int, p *picture) {
			each(p.RGBA, func(_, _ int, c color.RGBA) color.RGBA { return scaled(c, 0.16) })
		}, "underexposed", 6},
		"cut off": {func(n int, p *picture) {
			p.RGBA = flatGround(n)
			for i := range p.quad {
				p.quad[i][0] += 0.3 * flatWide
			}
			paste(t, p.RGBA, p.flat, p.quad)
		}, "document_cut_off", 5},
		"a finger over an edge": {func(_ int, p *picture) {
			a, b := p.quad[2], p.quad[3]
			x, y, wide := (a[0]+b[0])/2, (a[1]+b[1])/2, 70.0
			each(p.RGBA, func(px, py int, c color.RGBA) color.RGBA {
				dx, dy := float64(px)-x, float64(py)-(y-90)
				if math.Abs(dx) < wide && dy > 0 || math.Hypot(dx, dy) < wide {
					return color.RGBA{205, 155, 120, 255}
				}
				return c
			})
		}, "document_occluded", 5},
		"a note": {func(_ int, p *picture) {
			middle := p.quad.Middle()
			each(p.RGBA, func(px, py int, c color.RGBA) color.RGBA {
				dx, dy := float64(px)-middle[0], float64(py)-middle[1]
				if u, v := 0.87*dx+0.5*dy, 0.87*dy-0.5*dx; math.Abs(u) < 130 && math.Abs(v) < 100 {
					return color.RGBA{240, 220, 60, 255}
				}
				return c
			})
		}, "document_occluded", 5},
		"far away": {func(n int, p *picture) {
			p.RGBA = flatGround(n)
			paste(t, p.RGBA, p.flat, flatQuad(p.flat, 0.04, 7, 0.45, 0.55))
		}, "document_too_small", 6},
		"two of them": {func(n int, p *picture) {
			p.RGBA = flatGround(n)
			paste(t, p.RGBA, p.flat, flatQuad(p.flat, 0.14, 4, 0.27, 0.3))
			paste(t, p.RGBA, p.flat, flatQuad(p.flat, 0.14, -6, 0.72, 0.7))
		}, "several_documents", 6},
		"a grey copy": {func(n int, p *picture) {
			grey := image.NewRGBA(p.flat.Bounds())
			draw.Draw(grey, grey.Bounds(), p.flat, p.flat.Bounds().Min, draw.Src)
			each(grey, func(_, _ int, c color.RGBA) color.RGBA {
				l := raster.Luma(c.R, c.G, c.B)
				return color.RGBA{l, l, l, 255}
			})
			p.RGBA = flatGround(n)
			paste(t, p.RGBA, grey, p.quad)
		}, "greyscale_copy", 5},
		"a reflection": {func(_ int, p *picture) {
			middle := p.quad.Middle()
			each(p.RGBA, func(px, py int, c color.RGBA) color.RGBA {
				k := min(max(1.6-math.Hypot((float64(px)-middle[0])/1.4, float64(py)-middle[1])/120, 0), 1)
				to := func(v uint8) uint8 { return uint8(float64(v) + k*(255-float64(v))) }
				return color.RGBA{to(c.R), to(c.G), to(c.B), 255}
			})
		}, "glare", 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := 0
			for n, k := range flatKinds() {
				width, _ := specimen.Size(k.kind)
				doc, err := specimen.Draw(set, k.kind, uint64(n)+31, 1500/width)
				ok(t, err)
				p := picture{RGBA: flatGround(n), flat: doc.Image, quad: flatQuad(doc.Image, 0.36, rand.New(rand.NewPCG(7, uint64(n))).Float64()*16-8, 0.5, 0.5)}
				paste(t, p.RGBA, p.flat, p.quad)
				flaw.make(n, &p)
				var file bytes.Buffer
				ok(t, jpeg.Encode(&file, p.RGBA, &jpeg.Options{Quality: 95}))
				m, err := analyzer.Analyze(t.Context(), file.Bytes())
				ok(t, err)
				findings := checks.File(checks.FileInput{
					Measurements: m, Declared: k.declared, Name: "photo.jpg", Parties: checks.Parties{Applicant: checks.Enterprise},
				})
				if slices.ContainsFunc(findings, func(f filing.Finding) bool { return f.Code == flaw.code }) {
					found++
				}
				for _, f := range findings {
					if flaw.code == "" && f.Severity == filing.SeverityError && f.Code != "file_too_small" {
						t.Errorf("%s: %s, measured %v", k.kind, f.Code, f.Measured)
					}
				}
			}
			if found < flaw.least {
				t.Errorf("%s was said of %d, want %d of %d", flaw.code, found, flaw.least, len(flatKinds()))
			}
		})
	}
}
