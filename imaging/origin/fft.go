package origin

import (
	"math"
	"math/bits"
	"sync"
)

// patchSide is the side of the squares whose spectrum is looked at, in pixels of the full picture. 128: a pattern of half a
// grey level then stands a hundredfold above the noise of a phone (amplitude times side, squared), a bin is 1/128 of a
// cycle a pixel, fine enough to tell a grid from a woven line, and a pattern whose period perspective stretches by a
// percent across the patch still falls into one bin.
const patchSide = 128

const patchBits = 7

// transform holds what every transform of patchSide points shares.
type transform struct {
	// window is Hann's (periodic), which keeps a strong line of the spectrum within one bin to each side.
	window [patchSide]float32
	// twiddle are the roots of unity exp(-2 pi i k / patchSide).
	twiddle [patchSide / 2]complex64
	// swap are the pairs of places that bit reversal exchanges.
	swap [][2]uint8
}

var transforms = sync.OnceValue(func() *transform {
	t := &transform{}
	for i := range t.window {
		t.window[i] = float32(0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/patchSide))
	}
	for k := range t.twiddle {
		sin, cos := math.Sincos(-2 * math.Pi * float64(k) / patchSide)
		t.twiddle[k] = complex(float32(cos), float32(sin))
	}
	for i := range patchSide {
		if r := int(bits.Reverse8(uint8(i)) >> (8 - patchBits)); r > i {
			t.swap = append(t.swap, [2]uint8{uint8(i), uint8(r)})
		}
	}
	return t
})

// line transforms patchSide values in place (Cooley and Tukey, 1965, radix 2, decimation in time).
func (t *transform) line(x *[patchSide]complex64) {
	for _, s := range t.swap {
		x[s[0]], x[s[1]] = x[s[1]], x[s[0]]
	}
	// The first two passes multiply by 1 and -i only.
	for i := 0; i < patchSide; i += 4 {
		a, b, c, d := x[i], x[i+1], x[i+2], x[i+3]
		p, q, r, s := a+b, a-b, c+d, c-d
		s = complex(imag(s), -real(s))
		x[i], x[i+1], x[i+2], x[i+3] = p+r, q+s, p-r, q-s
	}
	for half := 4; half < patchSide; half *= 2 {
		step := patchSide / (2 * half)
		for k := 0; k < half; k++ {
			w := t.twiddle[k*step]
			wr, wi := real(w), imag(w)
			for i := k; i < patchSide; i += 2 * half {
				j := i + half
				br, bi := real(x[j]), imag(x[j])
				cr, ci := br*wr-bi*wi, br*wi+bi*wr
				ar, ai := real(x[i]), imag(x[i])
				x[i], x[j] = complex(ar+cr, ai+ci), complex(ar-cr, ai-ci)
			}
		}
	}
}

// pairSpectrum transforms two real patches at once: one as the real part and the other as the imaginary part.
type pairSpectrum struct {
	pix [patchSide][patchSide]complex64
}

// run transforms in place, rows and then columns. What was pix[y][x] becomes pix[u][v]: the outcome is left transposed, with
// u the frequency across and v the frequency down.
func (p *pairSpectrum) run(t *transform) {
	for y := range p.pix {
		t.line(&p.pix[y])
	}
	const block = 16
	for y := 0; y < patchSide; y += block {
		for x := y; x < patchSide; x += block {
			for j := y; j < y+block; j++ {
				for i := max(x, j+1); i < x+block; i++ {
					p.pix[j][i], p.pix[i][j] = p.pix[i][j], p.pix[j][i]
				}
			}
		}
	}
	for u := range p.pix {
		t.line(&p.pix[u])
	}
}

// spectrum is the power of a patch at the frequencies across 0 to patchSide/2 (first index) and down, all of them (second,
// as the transform leaves them: above patchSide/2 negative). The other half is its mirror image.
type spectrum [patchSide/2 + 1][patchSide]float32

// hands separates the powers of one patch of two real parts at each frequency and at its opposite. A pattern of one colour has
// the same power at both. One whose hue turns, as the beat of red, green and blue stripes does, has it at one alone.
func (p *pairSpectrum) hands(right, left *spectrum) {
	for u := range right {
		mu := (patchSide - u) % patchSide
		for v := range patchSide {
			z, m := p.pix[u][v], p.pix[mu][(patchSide-v)%patchSide]
			right[u][v] = real(z)*real(z) + imag(z)*imag(z)
			left[u][v] = real(m)*real(m) + imag(m)*imag(m)
		}
	}
}

// split separates the powers of the two patches.
func (p *pairSpectrum) split(a, b *spectrum) {
	for u := range a {
		mu := (patchSide - u) % patchSide
		for v := range patchSide {
			z, m := p.pix[u][v], p.pix[mu][(patchSide-v)%patchSide]
			zr, zi, mr, mi := real(z), imag(z), real(m), imag(m)
			ar, ai := zr+mr, zi-mi
			br, bi := zi+mi, mr-zr
			a[u][v], b[u][v] = (ar*ar+ai*ai)/4, (br*br+bi*bi)/4
		}
	}
}
