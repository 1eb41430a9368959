package specimen

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
)

// JPEGOptions says how a JPEG is coded. The zero value is a baseline file of quality 90 with chroma halved both ways, as
// phones write.
type JPEGOptions struct {
	// Quality is 1 to 100 on the scale of the Independent JPEG Group; 0 means 90.
	Quality int
	// Subsampling is that of chroma; empty means 4:2:0.
	Subsampling Subsampling
	// Grey writes luma alone. CMYK writes four inverted components with Adobe's marker, as print software does.
	Grey, CMYK bool
	// Progressive codes coarse to fine in several scans.
	Progressive bool
	// RestartInterval is the number of MCUs between restart markers; 0 writes none.
	RestartInterval int
	// JFIF writes the APP0 segment that cameras leave out and software writes.
	JFIF bool
	// FillBytes puts that many 0xFF before every marker after the first, which the standard allows (B.1.1.2).
	FillBytes int
	// Segments are written after SOI (and APP0), in order.
	Segments []Segment
}

// Segment is a marker segment of a JPEG: its marker's second byte and its payload (at most 65533 bytes).
type Segment struct {
	Marker  byte
	Payload []byte
}

// Subsampling is how chroma is reduced.
type Subsampling string

// The usual ones.
const (
	Chroma420 Subsampling = "4:2:0"
	Chroma422 Subsampling = "4:2:2"
	Chroma444 Subsampling = "4:4:4"
)

// transformed is a picture after the DCT: it can be quantized and coded many times, which makes a search for a size cheap.
type transformed struct {
	w, h       int
	components []component
	hMax, vMax int
	cmyk       bool
}

// component is one plane of 8 x 8 blocks. Its grid covers whole MCUs; cols and rows are the blocks that the picture
// itself needs, which scans of a single component are limited to.
type component struct {
	h, v          int // sampling factors
	stride, lines int // blocks of the grid
	cols, rows    int
	table         int         // 0 luma, 1 chroma
	coefficients  [][64]int16 // scaled by 8, natural order
}

// zigzag is the order in which a block's coefficients are coded.
var zigzag = [64]int{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// quantization tables of ITU-T T.81 annex K.1, natural order.
var quantization = [2][64]int{
	{16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29,
		51, 87, 80, 62,
		18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99},
	{17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99,
		99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99},
}

// huffmanSpec is a table as DHT carries it.
type huffmanSpec struct {
	counts [16]byte
	values []byte
}

// Huffman tables of ITU-T T.81 annex K.3: DC luma, AC luma, DC chroma, AC chroma.
var huffmanSpecs = [4]huffmanSpec{
	{[16]byte{0, 1, 5, 1, 1, 1, 1, 1, 1}, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
	{[16]byte{0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d}, []byte{
		0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91,
		0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a,
		0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53,
		0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79,
		0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5,
		0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9,
		0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2,
		0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa}},
	{[16]byte{0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
	{[16]byte{0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77}, []byte{
		0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22, 0x32, 0x81, 0x08, 0x14,
		0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17,
		0x18, 0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a,
		0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78,
		0x79, 0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3,
		0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7,
		0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2,
		0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa}},
}

// code is a Huffman code: its bits and their number.
type code struct {
	bits uint32
	n    uint8
}

func (s huffmanSpec) codes() (t [256]code) {
	next, k := uint32(0), 0
	for i, count := range s.counts {
		for range count {
			t[s.values[k]] = code{next, uint8(i + 1)}
			next++
			k++
		}
		next <<= 1
	}
	return t
}

// EncodeJPEG writes a picture as a JPEG by a coder of ours, which can do what Go's cannot: progressive, restart markers,
// subsamplings, CMYK, and any marker segments. Errors: an empty picture, one above 65535 pixels a side, a segment that
// is too long.
func EncodeJPEG(img image.Image, o JPEGOptions) ([]byte, error) {
	t, err := transform(img, o)
	if err != nil {
		return nil, err
	}
	return t.encode(o)
}

// withSegments returns a JPEG with segments put behind SOI and JFIF's APP0.
func withSegments(data []byte, segments []Segment) ([]byte, error) {
	at := 2
	if data[3] == 0xe0 {
		at += 18
	}
	var more []byte
	for _, s := range segments {
		n := len(s.Payload) + 2
		if n > 65535 {
			return nil, errSegmentTooLong
		}
		more = append(append(more, 0xff, s.Marker, byte(n>>8), byte(n)), s.Payload...)
	}
	return splice(data, at, more), nil
}

var errSegmentTooLong = errors.New("encode jpeg: a segment holds at most 65533 bytes")

// transform takes a picture apart into planes and blocks and applies the DCT.
func transform(img image.Image, o JPEGOptions) (*transformed, error) {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if w < 1 || h < 1 || w > 65535 || h > 65535 {
		return nil, fmt.Errorf("encode jpeg: %d x %d pixels", w, h)
	}
	t := &transformed{w: w, h: h, hMax: 1, vMax: 1, cmyk: o.CMYK}
	planes := split(img, o.Grey, o.CMYK)
	for i := range planes {
		c := component{h: 1, v: 1}
		if len(planes) == 3 && i > 0 {
			c.table = 1
		}
		t.components = append(t.components, c)
	}
	if len(planes) == 3 && o.Subsampling != Chroma444 {
		t.components[0].h, t.hMax = 2, 2
		if o.Subsampling != Chroma422 {
			t.components[0].v, t.vMax = 2, 2
		}
	}
	mcusX, mcusY := ceilDiv(w, 8*t.hMax), ceilDiv(h, 8*t.vMax)
	for i := range t.components {
		c := &t.components[i]
		c.stride, c.lines = mcusX*c.h, mcusY*c.v
		fx, fy := t.hMax/c.h, t.vMax/c.v
		cw, ch := ceilDiv(w, fx), ceilDiv(h, fy)
		c.cols, c.rows = ceilDiv(cw, 8), ceilDiv(ch, 8)
		plane := shrink(planes[i], w, h, fx, fy)
		c.coefficients = make([][64]int16, c.stride*c.lines)
		rows(c.lines, func(by int) {
			var block [64]float32
			for bx := range c.stride {
				for y := range 8 {
					line := plane[min(8*by+y, ch-1)*cw:]
					for x := range 8 {
						block[8*y+x] = float32(line[min(8*bx+x, cw-1)]) - 128
					}
				}
				dct(&block)
				out := &c.coefficients[by*c.stride+bx]
				for k, v := range block {
					out[k] = int16(math.Round(float64(v * 8)))
				}
			}
		})
	}
	return t, nil
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// split takes a picture to planes of w x h bytes: one of grey, three of YCbCr (full range, as JFIF), or four of inverted
// CMYK.
func split(img image.Image, grey, cmyk bool) [][]byte {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	n := 3
	if grey {
		n = 1
	} else if cmyk {
		n = 4
	}
	planes := make([][]byte, n)
	for i := range planes {
		planes[i] = make([]byte, w*h)
	}
	rgba, fast := img.(*image.RGBA)
	rows(h, func(y int) {
		for x := range w {
			var r, g, bl uint8
			if fast {
				p := rgba.Pix[rgba.PixOffset(b.Min.X+x, b.Min.Y+y):]
				r, g, bl = p[0], p[1], p[2]
			} else {
				r16, g16, b16, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
				r, g, bl = uint8(r16>>8), uint8(g16>>8), uint8(b16>>8)
			}
			at := y*w + x
			switch n {
			case 4:
				c, m, ye, k := color.RGBToCMYK(r, g, bl)
				planes[0][at], planes[1][at], planes[2][at], planes[3][at] = 255-c, 255-m, 255-ye, 255-k
			case 1:
				planes[0][at], _, _ = color.RGBToYCbCr(r, g, bl)
			default:
				planes[0][at], planes[1][at], planes[2][at] = color.RGBToYCbCr(r, g, bl)
			}
		}
	})
	return planes
}

// shrink averages fx x fy samples into one.
func shrink(plane []byte, w, h, fx, fy int) []byte {
	if fx == 1 && fy == 1 {
		return plane
	}
	cw, ch := ceilDiv(w, fx), ceilDiv(h, fy)
	out := make([]byte, cw*ch)
	rows(ch, func(y int) {
		for x := range cw {
			sum := 0
			for j := range fy {
				for i := range fx {
					sum += int(plane[min(y*fy+j, h-1)*w+min(x*fx+i, w-1)])
				}
			}
			out[y*cw+x] = byte((sum + fx*fy/2) / (fx * fy))
		}
	})
	return out
}

// cosines holds cos((2x+1)uπ/16) C(u)/2 of the DCT, u first.
var cosines = func() (t [8][8]float32) {
	for u := range 8 {
		scale := 0.5
		if u == 0 {
			scale = math.Sqrt(0.125)
		}
		for x := range 8 {
			t[u][x] = float32(scale * math.Cos(float64(2*x+1)*float64(u)*math.Pi/16))
		}
	}
	return t
}()

// dct is the forward transform of T.81 A.3.3, rows then columns, using that cosines are even or odd about the middle.
func dct(b *[64]float32) {
	var t [64]float32
	for y := range 8 {
		r := b[8*y : 8*y+8]
		s0, s1, s2, s3 := r[0]+r[7], r[1]+r[6], r[2]+r[5], r[3]+r[4]
		d0, d1, d2, d3 := r[0]-r[7], r[1]-r[6], r[2]-r[5], r[3]-r[4]
		for u := 0; u < 8; u += 2 {
			c, e := &cosines[u], &cosines[u+1]
			t[8*u+y] = c[0]*s0 + c[1]*s1 + c[2]*s2 + c[3]*s3
			t[8*u+8+y] = e[0]*d0 + e[1]*d1 + e[2]*d2 + e[3]*d3
		}
	}
	for x := range 8 {
		r := t[8*x : 8*x+8]
		s0, s1, s2, s3 := r[0]+r[7], r[1]+r[6], r[2]+r[5], r[3]+r[4]
		d0, d1, d2, d3 := r[0]-r[7], r[1]-r[6], r[2]-r[5], r[3]-r[4]
		for v := 0; v < 8; v += 2 {
			c, e := &cosines[v], &cosines[v+1]
			b[8*v+x] = c[0]*s0 + c[1]*s1 + c[2]*s2 + c[3]*s3
			b[8*v+8+x] = e[0]*d0 + e[1]*d1 + e[2]*d2 + e[3]*d3
		}
	}
}

// divisors returns the quantization table of a quality, natural order.
func divisors(table, quality int) (q [64]int) {
	scale := 5000 / quality
	if quality >= 50 {
		scale = 200 - 2*quality
	}
	for i, v := range quantization[table] {
		q[i] = min(max((v*scale+50)/100, 1), 255)
	}
	return q
}

// quantize returns a block in zigzag order; reciprocals are of 8 x the divisors.
func quantize(block *[64]int16, reciprocals *[64]float32, into *[64]int32) {
	for k, n := range zigzag {
		v := float32(block[n]) * reciprocals[n]
		if v < 0 {
			into[k] = -int32(0.5 - v)
		} else {
			into[k] = int32(v + 0.5)
		}
		if k > 0 { // a baseline file has no code for an AC coefficient beyond ten bits
			into[k] = min(max(into[k], -1023), 1023)
		}
	}
}

// bitWriter packs codes into bytes and stuffs a zero after every 0xFF.
type bitWriter struct {
	out  []byte
	bits uint64
	n    uint
}

func (w *bitWriter) put(bits uint32, n uint8) {
	w.bits = w.bits<<n | uint64(bits)
	w.n += uint(n)
	for w.n >= 8 {
		w.n -= 8
		b := byte(w.bits >> w.n)
		w.out = append(w.out, b)
		if b == 0xff {
			w.out = append(w.out, 0)
		}
	}
}

// flush fills the last byte with ones.
func (w *bitWriter) flush() {
	if w.n > 0 {
		w.put(1<<(8-w.n)-1, uint8(8-w.n))
	}
	w.bits, w.n = 0, 0
}

// magnitude returns the category of a coefficient and its bits (T.81 F.1.2.1).
func magnitude(v int32) (bits uint32, n uint8) {
	a := v
	if a < 0 {
		a, v = -a, v-1
	}
	for a > 0 {
		n++
		a >>= 1
	}
	return uint32(v) & (1<<n - 1), n
}

// scan is one pass over coefficients: components, and the band of the spectrum.
type scan struct {
	components []int
	from, to   int
}

// encode codes the picture.
func (t *transformed) encode(o JPEGOptions) ([]byte, error) {
	quality := o.Quality
	if quality == 0 {
		quality = 90
	}
	if quality < 1 || quality > 100 {
		return nil, fmt.Errorf("encode jpeg: quality %d is outside 1 to 100", o.Quality)
	}
	w := &bitWriter{out: append(make([]byte, 0, t.w*t.h/4+1024), 0xff, 0xd8)}
	marker := func(m byte, payload ...[]byte) {
		for range o.FillBytes {
			w.out = append(w.out, 0xff)
		}
		n := 2
		for _, p := range payload {
			n += len(p)
		}
		w.out = append(w.out, 0xff, m, byte(n>>8), byte(n))
		for _, p := range payload {
			w.out = append(w.out, p...)
		}
	}
	if o.JFIF {
		marker(0xe0, []byte("JFIF\x00\x01\x01\x01\x01\x2c\x01\x2c\x00\x00"))
	}
	for _, s := range o.Segments {
		if len(s.Payload) > 65533 {
			return nil, errSegmentTooLong
		}
		marker(s.Marker, s.Payload)
	}
	if t.cmyk {
		marker(0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00\x00"))
	}
	tables := 1
	if len(t.components) == 3 {
		tables = 2
	}
	var reciprocals [2][64]float32
	for i := range tables {
		q := divisors(i, quality)
		p := make([]byte, 65)
		p[0] = byte(i)
		for k, n := range zigzag {
			p[1+k] = byte(q[n])
			reciprocals[i][n] = 1 / float32(8*q[n])
		}
		marker(0xdb, p)
	}
	sof := []byte{8, byte(t.h >> 8), byte(t.h), byte(t.w >> 8), byte(t.w), byte(len(t.components))}
	for i, c := range t.components {
		sof = append(sof, byte(i+1), byte(c.h<<4|c.v), byte(c.table))
	}
	if o.Progressive {
		marker(0xc2, sof)
	} else {
		marker(0xc0, sof)
	}
	var codes [4][256]code
	for i := range 2 * tables {
		s := huffmanSpecs[i]
		codes[i] = s.codes()
		marker(0xc4, []byte{byte(i%2<<4 | i/2)}, s.counts[:], s.values)
	}
	if o.RestartInterval > 0 {
		marker(0xdd, []byte{byte(o.RestartInterval >> 8), byte(o.RestartInterval)})
	}
	for _, s := range t.scans(o.Progressive) {
		head := []byte{byte(len(s.components))}
		for _, i := range s.components {
			c := t.components[i]
			head = append(head, byte(i+1), byte(c.table<<4|c.table))
		}
		marker(0xda, head, []byte{byte(s.from), byte(s.to), 0})
		t.code(w, s, &codes, &reciprocals, o.RestartInterval)
	}
	w.out = append(w.out, 0xff, 0xd9)
	return w.out, nil
}

// scans returns the passes: one for everything, or DC first and then the spectrum in two bands for each component.
func (t *transformed) scans(progressive bool) []scan {
	var all []int
	for i := range t.components {
		all = append(all, i)
	}
	if !progressive {
		return []scan{{all, 0, 63}}
	}
	list := []scan{{all, 0, 0}}
	for _, band := range [][2]int{{1, 5}, {6, 63}} {
		for _, i := range all {
			list = append(list, scan{[]int{i}, band[0], band[1]})
		}
	}
	return list
}

// code writes the entropy-coded data of a scan.
func (t *transformed) code(w *bitWriter, s scan, codes *[4][256]code, reciprocals *[2][64]float32, restart int) {
	var last [4]int32
	var q [64]int32
	units := 0
	begin := func() {
		if restart > 0 && units > 0 && units%restart == 0 {
			w.flush()
			w.out = append(w.out, 0xff, 0xd0|byte((units/restart-1)&7))
			last = [4]int32{}
		}
		units++
	}
	block := func(i, bx, by int) {
		c := &t.components[i]
		quantize(&c.coefficients[by*c.stride+bx], &reciprocals[c.table], &q)
		from := s.from
		if from == 0 {
			bits, n := magnitude(q[0] - last[i])
			last[i] = q[0]
			h := codes[2*c.table][n]
			w.put(h.bits, h.n)
			w.put(bits, n)
			from = 1
		}
		if s.to == 0 {
			return
		}
		table, run := &codes[2*c.table+1], 0
		for k := from; k <= s.to; k++ {
			if q[k] == 0 {
				run++
				continue
			}
			for ; run > 15; run -= 16 {
				w.put(table[0xf0].bits, table[0xf0].n)
			}
			bits, n := magnitude(q[k])
			h := table[run<<4|int(n)]
			w.put(h.bits, h.n)
			w.put(bits, n)
			run = 0
		}
		if run > 0 {
			w.put(table[0].bits, table[0].n)
		}
	}
	if len(s.components) == 1 {
		c := &t.components[s.components[0]]
		for by := range c.rows {
			for bx := range c.cols {
				begin()
				block(s.components[0], bx, by)
			}
		}
	} else {
		first := &t.components[0]
		for my := range first.lines / first.v {
			for mx := range first.stride / first.h {
				begin()
				for _, i := range s.components {
					c := &t.components[i]
					for y := range c.v {
						for x := range c.h {
							block(i, mx*c.h+x, my*c.v+y)
						}
					}
				}
			}
		}
	}
	w.flush()
}
