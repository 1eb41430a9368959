package imaging

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"

	"github.com/preflight-icp/preflight/imaging/raster"
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

// flatness counts the flat blocks of a decode that passes by in strips, before anything is converted.
type flatness struct {
	blockX       []int // left edges of the sampled blocks
	blockRows    []int // block rows sampled, ascending
	flat, blocks int
}

func newFlatness(width, height int) *flatness {
	s := &flatness{}
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
func (s *flatness) strip(top, rows int, pixels []byte, stride int, l layout) {
	size := l.size()
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

// planes takes rows of planes; a block is flat where all of them are.
func (s *flatness) planes(top, rows int, f *framer) {
	first, _ := slices.BinarySearch(s.blockRows, top/blockSide)
	wide, high := blockSide>>f.across, blockSide>>f.down
	for _, block := range s.blockRows[first:] {
		y := block*blockSide - top
		if y+blockSide > rows {
			break
		}
		for _, x := range s.blockX {
			s.blocks++
			colours := (y>>f.down)*f.blue.Stride + x>>f.across
			if constant(f.full.Pix[(top+y)*f.full.Stride+x:], f.full.Stride, blockSide, blockSide) &&
				constant(f.blue.Pix[colours:], f.blue.Stride, wide, high) && constant(f.red.Pix[colours:], f.red.Stride, wide, high) {
				s.flat++
			}
		}
	}
}

// constant reports whether all values of a block of a plane are the same.
func constant(plane []byte, stride, wide, high int) bool {
	for y := range high {
		for _, v := range plane[y*stride:][:wide] {
			if v != plane[0] {
				return false
			}
		}
	}
	return true
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

// hash is the perceptual hash of the upright picture: the shrunk luma's discrete cosine transform, of which the 256 lowest
// frequencies but the mean (in the order of u+v) give a bit each, whether the coefficient is above their median. Empty
// where the picture is flat. All arithmetic is in integers, so that every machine gives the same bits.
func hash(picture *raster.RGB) string {
	var grid [gridSide][gridSide]int64
	var sum, squares float64
	for y := range gridSide {
		// A picture of fewer pixels than cells fills several cells with one pixel; of many rows every second one suffices.
		y0 := y * picture.H / gridSide
		y1 := max((y+1)*picture.H/gridSide, y0+1)
		for x := range gridSide {
			x0 := x * picture.W / gridSide
			x1 := max((x+1)*picture.W/gridSide, x0+1)
			var luma, n int64
			for row := y0; row < y1; row += 1 + (y1-y0)/8 {
				n += int64(x1 - x0)
				for p := picture.Row(row)[3*x0 : 3*x1]; len(p) >= 3; p = p[3:] {
					luma += 77*int64(p[0]) + 150*int64(p[1]) + 29*int64(p[2])
				}
			}
			v := luma / n
			grid[y][x] = v
			sum += float64(v) / 256
			squares += float64(v) / 256 * float64(v) / 256
		}
	}
	const cells = gridSide * gridSide
	if squares/cells-(sum/cells)*(sum/cells) < flatDeviation*flatDeviation {
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

// share is the share of flat blocks, 0 to 1.
func (s *flatness) share() float64 { return float64(s.flat) / float64(max(s.blocks, 1)) }
