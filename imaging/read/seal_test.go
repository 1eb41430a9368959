package read

import (
	"math"
	"testing"

	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

func TestSealsAreFoundOnLettersAndNotOnCards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind specimen.Kind
		want int
	}{
		{specimen.AuthorizationLetter, 1}, {specimen.PlainLetter, 1}, {specimen.DomainCertificate, 1},
		{specimen.IDCardFront, 0}, {specimen.ResidencePermitFront, 0},
	} {
		for seed := range uint64(3) {
			doc := drawn(t, c.kind, seed+1, 620)
			p := newPage(frame(doc.Image, 1), nil)
			if got := p.seals(); len(got) != c.want {
				t.Errorf("%s %d: %+v", c.kind, seed, got)
			}
		}
	}
}

// ring draws a ring or an ellipse on paper under a light.
func ring(w, h int, rx, ry, from float64, light [3]float64, ink [3]float64) *raster.RGB {
	p := raster.NewRGB(w, h)
	for y := range h {
		for x := range w {
			colour := [3]float64{250, 250, 250}
			dx, dy := (float64(x)+0.5-float64(w)/2)/rx, (float64(y)+0.5-float64(h)/2)/ry
			if r := math.Hypot(dx, dy); r < 1 && r > 0.9 && math.Atan2(dy, dx) > from {
				colour = ink
			}
			for k := range 3 {
				p.Pix[3*(y*w+x)+k] = uint8(colour[k] * light[k])
			}
		}
	}
	return p
}

func TestARedRingIsASeal(t *testing.T) {
	t.Parallel()
	day, lamp := [3]float64{1, 1, 1}, [3]float64{1, 0.78, 0.55}
	red, faded, blue, black := [3]float64{205, 40, 45}, [3]float64{230, 150, 150}, [3]float64{40, 60, 190}, [3]float64{20, 20, 20}
	for _, c := range []struct {
		name       string
		rx, ry     float64
		from       float64
		light, ink [3]float64
		want       bool
	}{
		{"a round seal", 40, 40, -4, day, red, true},
		{"in the light of a lamp", 40, 40, -4, lamp, red, true},
		{"faded", 40, 40, -4, day, faded, true},
		{"oval", 45, 32, -4, day, red, true},
		{"the frame cuts a sixth of it off", 40, 40, -2.1, day, red, true},
		{"half of one", 40, 40, 0, day, red, false},
		{"blue", 40, 40, -4, day, blue, false},
		{"black", 40, 40, -4, lamp, black, false},
		{"a dot", 6, 6, -4, day, red, false},
		{"as large as the page", 120, 120, -4, day, red, false},
		{"a stripe", 80, 12, -4, day, red, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			small := ring(300, 260, c.rx, c.ry, c.from, c.light, c.ink)
			f := &raster.Frame{Width: 300, Height: 260, Small: small, Scale: [2]float64{1, 1}, Full: small.Luma(), ToFull: raster.Uprighting(1, 300, 260)}
			got := newPage(f, nil).seals()
			if (len(got) == 1) != c.want {
				t.Fatalf("%+v", got)
			}
			if c.want && c.from < -3 {
				if q := got[0].Quad; math.Abs(q[0][0]-(150-c.rx)) > 2 || math.Abs(q[2][1]-(130+c.ry)) > 2 || got[0].Round < 0.9 {
					t.Errorf("%+v", got[0])
				}
			}
		})
	}
}

func TestTheTextOfASealIsReadWhicheverWayUpThePageLies(t *testing.T) {
	t.Parallel()
	r := reader(t)
	for i, kind := range []specimen.Kind{specimen.AuthorizationLetter, specimen.PlainLetter, specimen.DomainCertificate} {
		doc := drawn(t, kind, 1, 1500)
		b := doc.Image.Bounds()
		w, h := float64(b.Dx()), float64(b.Dy())
		whole := raster.Quad{{0, 0}, {w, 0}, {w, h}, {0, h}}.Turned(i)
		got, err := r.Read(t.Context(), frame(doc.Image, 1), &whole)
		if err != nil {
			t.Fatal(err)
		}
		want := doc.Fields.Company
		if kind == specimen.DomainCertificate {
			want = doc.Fields.Registrar
		}
		if len(got.Seals) != 1 || errorsIn(plain(want), plain(got.Seals[0].Text)) > 1 {
			t.Errorf("%s: %+v, not %q", kind, got.Seals, want)
		}
	}
}
