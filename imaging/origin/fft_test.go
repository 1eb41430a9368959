package origin

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

func TestTransformIsThatOfTheDefinition(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var x [patchSide]complex64
	for i := range x {
		x[i] = complex(float32(rng.NormFloat64()), float32(rng.NormFloat64()))
	}
	want := make([]complex128, patchSide)
	for k := range want {
		for i, v := range x {
			want[k] += complex128(v) * cmplx.Exp(complex(0, -2*math.Pi*float64(i*k)/patchSide))
		}
	}
	transforms().line(&x)
	for k := range want {
		if d := cmplx.Abs(want[k] - complex128(x[k])); d > 1e-4 {
			t.Fatalf("frequency %d is off by %g", k, d)
		}
	}
}

func TestTwoPatchesComeApart(t *testing.T) {
	t.Parallel()
	// A wave of amplitude 3 down and across in one, of 5 in the other: power (amplitude/2)^2 * side^4 in one bin.
	wave := func(amplitude float64, u, v, x, y int) float64 {
		return amplitude * math.Cos(2*math.Pi*float64(u*x+v*y)/patchSide)
	}
	p := &pairSpectrum{}
	for y := range patchSide {
		for x := range patchSide {
			p.pix[y][x] = complex(float32(wave(3, 9, 20, x, y)), float32(wave(5, 30, -7, x, y)))
		}
	}
	p.run(transforms())
	var a, b spectrum
	p.split(&a, &b)
	n := math.Pow(patchSide, 4)
	for _, c := range []struct {
		name       string
		got        float32
		want       float64
		background float32
	}{
		{"first", a[9][20], 9 * n / 4, a[30][patchSide-7]},
		{"second", b[30][patchSide-7], 25 * n / 4, b[9][20]},
	} {
		if r := float64(c.got) / c.want; math.Abs(r-1) > 1e-3 {
			t.Errorf("%s: power is %g of what it should be", c.name, r)
		}
		if float64(c.background) > 1e-6*c.want {
			t.Errorf("%s: %g of the other patch is in it", c.name, c.background)
		}
	}
}

func BenchmarkPairSpectrum(b *testing.B) {
	p, t := &pairSpectrum{}, transforms()
	rng := rand.New(rand.NewPCG(1, 2))
	for y := range p.pix {
		for x := range p.pix[y] {
			p.pix[y][x] = complex(rng.Float32(), rng.Float32())
		}
	}
	keep := p.pix
	var s, s2 spectrum
	for b.Loop() {
		p.pix = keep
		p.run(t)
		p.split(&s, &s2)
	}
}
