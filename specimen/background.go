package specimen

import "math"

// Background is what a document lies on.
type Background string

// The backgrounds, all computed.
const (
	Wood  Background = "wood"  // 木桌
	Cloth Background = "cloth" // 布
	Paper Background = "paper" // 白纸
	Desk  Background = "desk"  // 深色桌面
)

// Backgrounds lists them in a fixed order.
func Backgrounds() []Background { return []Background{Wood, Cloth, Desk, Paper} }

// tableSide is the side of a tile of background in pixels and tableMM in millimetres; tiles meet without a seam.
const (
	tableSide = 1024
	tableMM   = 160
)

// table is a tile of reflectance that repeats, with a finer copy of its own brightness as detail.
type table struct {
	tile *Light
	ppm  float32
}

// newTable computes the tile of a background for a seed.
func newTable(b Background, seed uint64) *table {
	t := &table{tile: NewLight(tableSide, tableSide), ppm: float32(tableSide) / tableMM}
	seed = mix(seed ^ 0x7ab1e)
	tint := float32(mix(seed+1)>>40)/(1<<24) - 0.5
	rows(tableSide, func(y int) {
		for x := range tableSide {
			u, v := float64(x)/tableSide, float64(y)/tableSide
			var r, g, bl float64
			switch b {
			case Wood:
				bend := noise(u, v, 3, 3, seed)*0.11 + noise(u, v, 8, 2, seed+2)*0.02
				rings := 0.5 + 0.5*math.Sin(2*math.Pi*(9*(v+bend)))
				fibre := noise(u, v, 16, 256, seed+3)
				light := 0.74 + 0.13*rings*rings + 0.16*fibre
				// Boards of a fifth of the tile, with a dark joint.
				board := v * 5
				if joint := math.Abs(board - math.Round(board)); joint < 0.012 {
					light *= 0.55
				}
				light *= 0.92 + 0.16*float64(mix(seed+uint64(int(board)%5))>>11)/(1<<53)
				r, g, bl = 0.36*light, 0.205*light, 0.105*light
			case Cloth:
				weave := 0.5 + 0.25*math.Sin(2*math.Pi*160*u) + 0.25*math.Sin(2*math.Pi*160*v)
				fold := noise(u, v, 3, 3, seed)
				light := 0.55 + 0.35*weave + 0.25*fold + 0.12*noise(u, v, 128, 128, seed+5)
				r, g, bl = 0.10*light, 0.16*light, 0.24*light
			case Paper:
				light := 0.92 + 0.05*noise(u, v, 5, 5, seed) + 0.05*noise(u, v, 200, 200, seed+1)
				r, g, bl = 0.80*light, 0.80*light, 0.78*light
			default:
				light := 0.8 + 0.25*noise(u, v, 6, 6, seed) + 0.35*noise(u, v, 256, 256, seed+1)
				r, g, bl = 0.075*light, 0.072*light, 0.07*light
			}
			warm := 1 + 0.25*float64(tint)
			i := 3 * (y*tableSide + x)
			t.tile.Pix[i], t.tile.Pix[i+1], t.tile.Pix[i+2] = float32(r*warm), float32(g), float32(bl/warm)
		}
	})
	return t
}

// at returns the reflectance at a place in millimetres.
func (t *table) at(u, v float32) (r, g, b float32) {
	r, g, b = t.tile.at(wrap(u*t.ppm), wrap(v*t.ppm))
	// The same tile, seven times finer and turned, gives the grain that the coarse one is too coarse for.
	_, fine, _ := t.tile.at(wrap(v*t.ppm*7.3), wrap(u*t.ppm*7.3+311))
	_, mean, _ := t.tile.at(wrap(v*t.ppm*0.37+97), wrap(u*t.ppm*0.37))
	detail := 1 + 0.35*(fine-mean)/(fine+mean+1e-6)
	return r * detail, g * detail, b * detail
}

func wrap(x float32) float32 {
	const side = tableSide
	n := float32(math.Floor(float64(x / side)))
	return x - n*side
}

// noise is value noise of nx by ny cells that repeats over the unit square, -0.5 to 0.5, in three octaves.
func noise(u, v float64, nx, ny int, seed uint64) float64 {
	sum, weight := 0.0, 0.5
	for octave := range 3 {
		sum += weight * (lattice(u, v, nx<<octave, ny<<octave, seed+uint64(octave)*977) - 0.5)
		weight /= 2
	}
	return sum
}

func lattice(u, v float64, nx, ny int, seed uint64) float64 {
	x, y := u*float64(nx), v*float64(ny)
	ix, iy := int(x), int(y)
	fx, fy := x-float64(ix), y-float64(iy)
	fx, fy = fx*fx*(3-2*fx), fy*fy*(3-2*fy)
	value := func(i, j int) float64 {
		return float64(mix(seed+uint64(i%nx)*0x1f123bb5+uint64(j%ny)*0x2545f491)>>11) / (1 << 53)
	}
	a, b := value(ix, iy), value(ix+1, iy)
	c, d := value(ix, iy+1), value(ix+1, iy+1)
	return (a+(b-a)*fx)*(1-fy) + (c+(d-c)*fx)*fy
}
