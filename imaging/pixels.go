package imaging

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

const (
	// stripRows is how many rows are decoded at a time: a multiple of a block, and small enough for the processor's cache.
	stripRows = 32
	// gridSide is the side of the shrunk luma from which the hash is computed.
	gridSide = 64
	// blockSide is the side of the blocks that FlatShare looks at: JPEG's, and aligned with them, since it is there that a
	// flat area stays exactly flat.
	blockSide = 8
	// blockGrid is how many blocks are sampled along each side.
	blockGrid = 64
	// hashBits is the length of the hash.
	hashBits = 256
	// manyRows is the height from which on every second row suffices for the shrunk luma: a cell then has 8 rows or more.
	manyRows = 1024
	// flatDeviation is the standard deviation of the shrunk luma, in grey levels, below which a picture has no hash: what is
	// left is noise, and all blank pages would be each other's duplicates.
	flatDeviation = 2.0
)

// hostHighByte is where the high byte of a 16-bit sample lies: 1 on a little-endian machine, 0 on others.
var hostHighByte = int(binary.NativeEndian.Uint16([]byte{1, 0}) & 1)

// layout is how a decoded row is stored: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha or CMYK; wide is 16 bits a sample
// in the machine's order.
type layout struct {
	bands      int
	wide, cmyk bool
}

func (l layout) valid() bool { return l.bands >= 1 && l.bands <= 4 && (!l.cmyk || l.bands == 4) }

// size is the bytes of a pixel.
func (l layout) size() int {
	if l.wide {
		return 2 * l.bands
	}
	return l.bands
}

// sampler takes what is measured from a decode that passes by in strips: no pixel is kept.
type sampler struct {
	width, height int
	// sums is 256 times the luma, and counts the pixels, by cell of the grid.
	sums, counts [gridSide][gridSide]uint64
	columns      [gridSide + 1]int
	blockX       []int // left edges of the sampled blocks
	blockRows    []int // block rows sampled, ascending
	flat, blocks int
	line         []byte
}

func newSampler(width, height int) *sampler {
	s := &sampler{width: width, height: height}
	for i := range s.columns {
		s.columns[i] = i * width / gridSide
	}
	for _, i := range sampleEvenly(width/blockSide, blockGrid) {
		s.blockX = append(s.blockX, i*blockSide)
	}
	s.blockRows = sampleEvenly(height/blockSide, blockGrid)
	return s
}

// sampleEvenly picks at most n of the numbers below total, evenly spread.
func sampleEvenly(total, n int) []int {
	n = min(n, total)
	picked := make([]int, n)
	for i := range picked {
		picked[i] = (2*i + 1) * total / (2 * n)
	}
	return picked
}

// strip takes rows top to top+rows-1; top is a multiple of blockSide.
func (s *sampler) strip(top, rows int, pixels []byte, stride int, l layout) {
	size := l.size()
	step := 1
	if s.height >= manyRows {
		step = 2
	}
	for y := 0; y < rows; y += step {
		s.row(top+y, pixels[y*stride:y*stride+s.width*size], l)
	}
	first, _ := slices.BinarySearch(s.blockRows, top/blockSide)
	for _, block := range s.blockRows[first:] {
		y := block*blockSide - top
		if y+blockSide > rows {
			break
		}
		for _, x := range s.blockX {
			s.blocks++
			if isFlat(pixels[y*stride+x*size:], stride, size) {
				s.flat++
			}
		}
	}
}

// isFlat reports whether all pixels of the block at the start of pixels are the same.
func isFlat(pixels []byte, stride, size int) bool {
	n := blockSide * size
	first := pixels[:n]
	if !bytes.Equal(first[size:], first[:n-size]) {
		return false
	}
	for y := 1; y < blockSide; y++ {
		if !bytes.Equal(pixels[y*stride:y*stride+n], first) {
			return false
		}
	}
	return true
}

// row adds one row to the cells of the grid that it lies in.
func (s *sampler) row(y int, row []byte, l layout) {
	cellRow := y * gridSide / s.height
	sums, counts := &s.sums[cellRow], &s.counts[cellRow]
	if l.bands != 3 || l.wide {
		row = s.grey(row, l)
	}
	for c := range gridSide {
		from, to := s.columns[c], max(s.columns[c+1], min(s.columns[c]+1, s.width))
		counts[c] += uint64(to - from)
		if l.bands == 3 && !l.wide {
			sums[c] += lumaRGB(row[3*from : 3*to])
		} else {
			sums[c] += 256 * sumBytes(row[from:to])
		}
	}
}

// lumaRGB is the sum of 256 times the luma (ITU-R BT.601, as JPEG weighs it) of RGB pixels. It is where most of the time
// goes that measuring adds to the decode, so it takes 8 pixels at a time: of their 24 bytes every second one is masked into
// a lane of 16 bits, and lanes that hold the same channels are added up.
func lumaRGB(p []byte) uint64 {
	const (
		lanes = 0x00ff00ff00ff00ff
		group = 24
		// full is how many groups fit into a lane: each adds two bytes to it.
		full = 0xffff / (2 * 0xff)
	)
	var r, g, b uint64
	for len(p) >= group {
		var x, y, z uint64 // R B G R, G R B G, B G R B from the lowest lane up
		for n := 0; n < full && len(p) >= group; n++ {
			u, v, w := binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[8:]), binary.LittleEndian.Uint64(p[16:])
			x += u&lanes + v>>8&lanes
			y += u>>8&lanes + w&lanes
			z += v&lanes + w>>8&lanes
			p = p[group:]
		}
		r += x&0xffff + x>>48 + y>>16&0xffff + z>>32&0xffff
		g += x>>32&0xffff + y&0xffff + y>>48 + z>>16&0xffff
		b += x>>16&0xffff + y>>32&0xffff + z&0xffff + z>>48
	}
	for ; len(p) >= 3; p = p[3:] {
		r, g, b = r+uint64(p[0]), g+uint64(p[1]), b+uint64(p[2])
	}
	return 77*r + 150*g + 29*b
}

func sumBytes(p []byte) (sum uint64) {
	for _, v := range p {
		sum += uint64(v)
	}
	return sum
}

// grey converts a row of the rarer layouts to luma of 8 bits, transparency over white.
func (s *sampler) grey(row []byte, l layout) []byte {
	if l.bands == 1 && !l.wide {
		return row
	}
	if s.line == nil {
		s.line = make([]byte, s.width)
	}
	size, step := l.size(), 1
	high := 0 // offset of a sample's high byte
	if l.wide {
		step, high = 2, hostHighByte
	}
	for x := range s.line {
		p := row[x*size+high:]
		var v uint32
		alpha := uint32(255)
		switch {
		case l.cmyk: // 0 is no ink
			k := 255 - uint32(p[3*step])
			v = (77*(255-uint32(p[0])) + 150*(255-uint32(p[step])) + 29*(255-uint32(p[2*step]))) * k / (255 * 256)
		case l.bands <= 2:
			v = uint32(p[0])
		default:
			v = (77*uint32(p[0]) + 150*uint32(p[step]) + 29*uint32(p[2*step])) / 256
		}
		if l.bands == 2 || l.bands == 4 && !l.cmyk {
			alpha = uint32(p[(l.bands-1)*step])
		}
		s.line[x] = byte((v*alpha + 255*(255-alpha)) / 255)
	}
	return s.line
}

// measured returns what was taken from the strips; orientation (EXIF, 1 to 8) says how the picture is turned upright.
func (s *sampler) measured(orientation int) *filing.Pixels {
	p := &filing.Pixels{Hash: s.hash(orientation)}
	if s.blocks > 0 {
		p.FlatShare = float64(s.flat) / float64(s.blocks)
	}
	return p
}

// hash is the perceptual hash of the upright picture: the shrunk luma's discrete cosine transform, of which the 256 lowest
// frequencies but the mean (in the order of u+v) give a bit each, whether the coefficient is above their median. Empty
// where the picture is flat. All arithmetic is in integers, so that every machine gives the same bits.
func (s *sampler) hash(orientation int) string {
	var grid [gridSide][gridSide]int64
	var sum, squares float64
	for y := range gridSide {
		// A picture of fewer than 64 rows leaves cells empty: they take the row that covers them.
		from := y
		if s.height < gridSide {
			from = y * s.height / gridSide * gridSide / s.height
		}
		for x := range gridSide {
			v := int64(s.sums[from][x] / max(s.counts[from][x], 1))
			ux, uy := upright(x, y, orientation)
			grid[uy][ux] = v
			sum += float64(v) / 256
			squares += float64(v) / 256 * float64(v) / 256
		}
	}
	const n = gridSide * gridSide
	if squares/n-(sum/n)*(sum/n) < flatDeviation*flatDeviation {
		return ""
	}
	coefficients := lowFrequencies(&grid)
	sorted := slices.Clone(coefficients[:])
	slices.Sort(sorted)
	median := sorted[hashBits/2]
	var bits [hashBits / 8]byte
	for i, c := range coefficients {
		if c >= median {
			bits[i/8] |= 0x80 >> (i % 8)
		}
	}
	return hex.EncodeToString(bits[:])
}

// upright maps a cell of the stored picture to its place in the upright one (EXIF 2.32, tag 0x0112).
func upright(x, y, orientation int) (int, int) {
	const last = gridSide - 1
	switch orientation {
	case 2:
		return last - x, y
	case 3:
		return last - x, last - y
	case 4:
		return x, last - y
	case 5:
		return y, x
	case 6:
		return last - y, x
	case 7:
		return last - y, last - x
	case 8:
		return y, last - x
	}
	return x, y
}

// lowestFrequencies are the hashBits lowest (u, v) but (0, 0), by u+v and then by u.
var lowestFrequencies = func() (list [hashBits][2]int) {
	i := 0
	for sum := 1; i < hashBits; sum++ {
		for u := 0; u <= sum && i < hashBits; u++ {
			list[i] = [2]int{u, sum - u}
			i++
		}
	}
	return list
}()

// maxFrequency is the highest u or v in lowestFrequencies, plus one.
const maxFrequency = 23

// cosines[u][x] is cos((2x+1)u pi / 128), times 2^12.
var cosines = func() (table [maxFrequency][gridSide]int64) {
	for u := range table {
		for x := range table[u] {
			table[u][x] = int64(math.Round(4096 * math.Cos(float64((2*x+1)*u)*math.Pi/(2*gridSide))))
		}
	}
	return table
}()

// lowFrequencies computes the coefficients of lowestFrequencies. Values stay below 2^16+12+12+12.
func lowFrequencies(grid *[gridSide][gridSide]int64) (out [hashBits]int64) {
	var rows [gridSide][maxFrequency]int64
	for y := range grid {
		for u := range maxFrequency {
			var sum int64
			for x, v := range grid[y] {
				sum += v * cosines[u][x]
			}
			rows[y][u] = sum
		}
	}
	for i, f := range lowestFrequencies {
		for y := range gridSide {
			out[i] += rows[y][f[0]] * cosines[f[1]][y]
		}
	}
	return out
}
