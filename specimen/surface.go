package specimen

import (
	"math"
	"sync"
)

// surface is what a labelled document lies on, as reflectance at a place: u and v in millimetres, px the millimetres that a
// pixel of the picture covers, so that lines are drawn no sharper than the picture resolves.
type surface func(u, v, px float32) (r, g, b float32)

// surfaceMaker makes one surface of a kind; the seed varies colours and sizes within what such things have.
type surfaceMaker struct {
	name string
	make func(*grains, *dice) surface
}

// grains are the noise that surfaces are made of: tiles that repeat without a seam, one set for each half of the labelled
// sets, so that not even the grain of a table is shared.
type grains struct {
	cloud, fibre, grit *grain
}

const grainSide = 512

// grain is one tile of noise, mean 0, about -0.5 to 0.5.
type grain struct{ pix []float32 }

var grainsOf = [4]func() *grains{
	sync.OnceValue(func() *grains { return newGrains(0x7a11) }),
	sync.OnceValue(func() *grains { return newGrains(0xe57) }),
	sync.OnceValue(func() *grains { return newGrains(0xf2e5) }),
	sync.OnceValue(func() *grains { return newGrains(0x3d1b) }),
}

func newGrains(seed uint64) *grains {
	tile := func(nx, ny int, seed uint64) *grain {
		g := &grain{pix: make([]float32, grainSide*grainSide)}
		rows(grainSide, func(y int) {
			for x := range grainSide {
				g.pix[y*grainSide+x] = float32(noise(float64(x)/grainSide, float64(y)/grainSide, nx, ny, seed))
			}
		})
		return g
	}
	return &grains{cloud: tile(5, 5, seed), fibre: tile(6, 120, seed+1), grit: tile(110, 110, seed+2)}
}

// at returns the noise at a place in tiles (1 is one tile), bilinear.
func (g *grain) at(u, v float32) float32 {
	x, y := u*grainSide, v*grainSide
	fx, fy := float32(math.Floor(float64(x))), float32(math.Floor(float64(y)))
	i, j := int(fx)&(grainSide-1), int(fy)&(grainSide-1)
	x, y = x-fx, y-fy
	i1, j1 := (i+1)&(grainSide-1), (j+1)&(grainSide-1)
	p := g.pix
	top := p[j*grainSide+i] + x*(p[j*grainSide+i1]-p[j*grainSide+i])
	low := p[j1*grainSide+i] + x*(p[j1*grainSide+i1]-p[j1*grainSide+i])
	return top + y*(low-top)
}

// periodic returns the place within a period, 0 to 1, and the number of the period.
func periodic(x, period float32) (frac float32, n int) {
	q := x / period
	f := float32(math.Floor(float64(q)))
	return q - f, int(f)
}

// line is 1 on a line of a width around 0 and falls to 0 over a pixel.
func line(distance, width, px float32) float32 {
	if distance < 0 {
		distance = -distance
	}
	return min(max((width/2-distance)/px+0.5, 0), 1)
}

// wave is a sine of period 1 by a parabola: surfaces ask for it at every pixel.
func wave(x float32) float32 {
	x -= float32(math.Floor(float64(x)))
	if x < 0.5 {
		return 16 * x * (0.5 - x)
	}
	return -16 * (x - 0.5) * (1 - x)
}

// fade takes detail away that is finer than a pixel: 1 where a period spans many pixels, 0 below two.
func fade(period, px float32) float32 { return min(max(period/px/2-1, 0), 1) }

// hash01 is a number from 0 to 1 that belongs to a cell.
func hash01(i, j int, seed uint64) float32 {
	return float32(mix(seed+uint64(i)*0x1f123bb5+uint64(j)*0x2545f491)>>40) / (1 << 24)
}

type rgb [3]float32

func (c rgb) times(f float32) (r, g, b float32) { return c[0] * f, c[1] * f, c[2] * f }

func mixed(a, b rgb, t float32) rgb {
	return rgb{a[0] + (b[0]-a[0])*t, a[1] + (b[1]-a[1])*t, a[2] + (b[2]-a[2])*t}
}

// planks are boards with rings and fibre (木板): long straight joints and lines beside the document.
func planks(width, ring float64, light, dark rgb, joint float32) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		w, bright := float32(d.between(0.8, 1.25)*width), float32(d.between(0.85, 1.15))
		rings, seed := float32(ring), d.seed()
		return func(u, v, px float32) (r, g, b float32) {
			f, board := periodic(v, w)
			shift := hash01(board, 0, seed)
			bend := n.cloud.at(u/700+shift, v/220)
			t := 0.5 + 0.5*wave((v+bend*38+shift*40)/rings)
			t = t*t*0.6*fade(rings, px) + 0.9*(0.5+n.fibre.at(u/260+shift, v/90))*0.6
			shade := bright * (0.88 + 0.24*hash01(board, 1, seed))
			edge := line(min(f, 1-f)*w, joint, px)
			return mixed(light, dark, min(max(t, 0), 1)).times(shade * (1 - 0.7*edge))
		}
	}
}

// plainly is a painted or laminated top (白桌面, 黑桌面): nothing but faint unevenness.
func plainly(colour rgb, uneven, speckle float32) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		k := float32(d.between(0.9, 1.1))
		return func(u, v, px float32) (r, g, b float32) {
			return colour.times(k * (1 + uneven*n.cloud.at(u/330, v/330) + speckle*n.grit.at(u/60, v/60)*fade(0.5, px)))
		}
	}
}

// woven is cloth of warp and weft threads (布), with folds.
func woven(thread float64, warp, weft rgb, fold float32) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p, seed := float32(thread*d.between(0.8, 1.3)), d.seed()
		return func(u, v, px float32) (r, g, b float32) {
			u += 2 * n.cloud.at(u/240, v/240)
			fu, i := periodic(u, p)
			fv, j := periodic(v, p)
			over := float32(0.5)
			relief := float32(0)
			if k := fade(p, px); k > 0 {
				a, c := 4*fu*(1-fu), 4*fv*(1-fv)
				if (i+j)&1 == 0 {
					over, relief = 0.5+0.5*k, k*(a-0.6)
				} else {
					over, relief = 0.5-0.5*k, k*(c-0.6)
				}
			}
			shade := 1 + 0.5*relief + fold*n.cloud.at(u/190+0.3, v/260) + 0.3*n.grit.at(u/70, v/70) +
				0.16*(hash01(i, 0, seed)-0.5)
			return mixed(weft, warp, over).times(max(shade, 0.2))
		}
	}
}

// checked is cloth or oilcloth with crossing bands (格子布): long straight edges in both directions.
func checked(period float64, ground, band rgb, share float32, stripes bool) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p := float32(period * d.between(0.75, 1.35))
		return func(u, v, px float32) (r, g, b float32) {
			u += 3 * n.cloud.at(u/400, v/400)
			v += 3 * n.cloud.at(v/400+0.5, u/400)
			fu, _ := periodic(u, p)
			fv, _ := periodic(v, p)
			a, c := line((fu-0.5)*p, share*p, px), line((fv-0.5)*p, share*p, px)
			if stripes {
				c = 0.6 * line((fv-0.5)*p, 0.06*p, px)
			}
			t := 0.5*a + 0.5*c
			shade := 1 + 0.25*n.cloud.at(u/180, v/180) + 0.25*n.grit.at(u/50, v/50)
			return mixed(ground, band, t).times(shade)
		}
	}
}

// tiled is floor or wall tiles with joints (瓷砖); brick lays every other row half a tile on.
func tiled(w, h float64, tile, joint rgb, width float32, brick bool) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		k, seed := d.between(0.8, 1.2), d.seed()
		pw, ph := float32(w*k), float32(h*k)
		return func(u, v, px float32) (r, g, b float32) {
			fv, j := periodic(v, ph)
			if brick && j&1 == 1 {
				u += pw / 2
			}
			fu, i := periodic(u, pw)
			e := max(line(min(fu, 1-fu)*pw, width, px), line(min(fv, 1-fv)*ph, width, px))
			shade := 0.9 + 0.2*hash01(i, j, seed) + 0.22*n.cloud.at(u/300+hash01(i, j, seed+1),
				v/300) + 0.1*n.grit.at(u/90, v/90)
			return mixed(tile, joint, e).times(shade)
		}
	}
}

// herringbone is parquet (人字拼地板): short boards at right angles.
func herringbone(w float64, light, dark rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		width, seed := float32(w*d.between(0.8, 1.25)), d.seed()
		const length = 4
		return func(u, v, px float32) (r, g, b float32) {
			fu, i := periodic(u, width)
			fv, j := periodic(v, width)
			var across, id float32
			k := ((i-j)%(2*length) + 2*length) % (2 * length)
			along, side := u, v
			var end float32 = 1
			if k < length {
				across, id = fv, hash01(i-k, j, seed)
				switch k {
				case 0:
					end = fu
				case length - 1:
					end = 1 - fu
				}
			} else {
				across, id = fu, hash01(i, j-(2*length-1-k), seed+9)
				along, side = v, u
				switch k {
				case 2*length - 1:
					end = fv
				case length:
					end = 1 - fv
				}
			}
			t := 0.5 + n.fibre.at(along/220+id, side/70+id*3)
			e := max(line(min(across, 1-across)*width, 0.6, px), line(end*width, 0.6, px))
			return mixed(light, dark, min(max(t, 0), 1)).times((0.85 + 0.3*id) * (1 - 0.6*e))
		}
	}
}

// speckled is terrazzo, granite or cork (水磨石): cells of several colours in a ground.
func speckled(cell float64, ground rgb, chips []rgb, share float32) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p, seed := float32(cell*d.between(0.8, 1.3)), d.seed()
		return func(u, v, px float32) (r, g, b float32) {
			best, colour := float32(9), ground
			fu, i := periodic(u, p)
			fv, j := periodic(v, p)
			for dj := -1; dj <= 1; dj++ {
				for di := -1; di <= 1; di++ {
					h := hash01(i+di, j+dj, seed)
					if h > share {
						continue
					}
					x := fu - float32(di) - 0.2 - 0.6*hash01(i+di, j+dj, seed+1)
					y := fv - float32(dj) - 0.2 - 0.6*hash01(i+di, j+dj, seed+2)
					s := 0.7 + 0.8*hash01(i+di, j+dj, seed+3)
					if q := x*x*s + y*y/s; q < best {
						best, colour = q, chips[int(h/share*float32(len(chips)))%len(chips)]
					}
				}
			}
			q := px / p
			t := min(max((0.34-float32(math.Sqrt(float64(best))))/max(q, 0.05), 0), 1)
			return mixed(ground, colour, t).times(1 + 0.2*n.cloud.at(u/200, v/200) + 0.15*n.grit.at(u/60, v/60))
		}
	}
}

// veined is marble (大理石).
func veined(ground, vein rgb, scale float32) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		x0 := float32(d.between(0, 1))
		return func(u, v, px float32) (r, g, b float32) {
			a := n.cloud.at(u/scale+x0, v/scale)
			w := n.cloud.at(u/scale*2.1+x0+0.4, v/scale*2.1)
			if a < 0 {
				a = -a
			}
			t := max(0, 1-a*9) * (0.4 + w)
			return mixed(ground, vein, min(max(t, 0), 1)).times(1 + 0.15*w)
		}
	}
}

// printedPage is paper covered with lines of print, a newspaper or an open book (报纸): what could be taken for a document
// and is a table here.
func printedPage(paper, ink rgb, leading, columns float64) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p, seed := float32(leading*d.between(0.8, 1.3)), d.seed()
		col := float32(columns)
		return func(u, v, px float32) (r, g, b float32) {
			fc, c := periodic(u, col)
			fv, j := periodic(v, p)
			t := float32(0)
			if in := fc * col; in > col*0.05 && in < col*0.95 && fv < 0.72 {
				_, k := periodic(in, p*0.92)
				if hash01(k+1000*c, j, seed) < 0.94 {
					// A glyph: strokes in a cell of five by five.
					gx, _ := periodic(in, p*0.92)
					sx, sy := int(gx*5), int(fv/0.72*5)
					if sx < 4 && hash01(sx+7*(k+1000*c), sy+11*j, seed+5) < 0.55 {
						t = 0.9
					}
				}
				t = t*fade(p/3, px) + 0.42*(1-fade(p/3, px))
			}
			return mixed(paper, ink, t).times(1 + 0.12*n.cloud.at(u/150, v/150) + 0.08*n.grit.at(u/40, v/40))
		}
	}
}

// keyed is a keyboard seen from above (键盘): rows of rounded keys with legends.
func keyed(pitch float64, body, key, legend rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p, seed := float32(pitch*d.between(0.92, 1.08)), d.seed()
		return func(u, v, px float32) (r, g, b float32) {
			fv, j := periodic(v, p)
			fu, i := periodic(u+p*0.25*float32(j&3), p)
			x, y := (fu-0.5)*p, (fv-0.5)*p
			out := roundedDistance(x, y, p*0.43, p*0.43, p*0.08)
			cover := min(max(0.5-out/px, 0), 1)
			c := mixed(body, key, cover)
			if x > -p*0.3 && x < p*0.05 && y > -p*0.3 && y < p*0.08 {
				sx, sy := int((x/p+0.3)*14), int((y/p+0.3)*13)
				if hash01(i*31+sx, j*17+sy, seed) < 0.45 {
					c = mixed(c, legend, fade(p/12, px))
				}
			}
			return c.times(1 + 0.1*(fv-0.5) + 0.1*n.cloud.at(u/200, v/200))
		}
	}
}

// dotted is cloth or paper with a pattern of dots (圆点布).
func dotted(period float64, ground, dot rgb, radius float32) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p := float32(period * d.between(0.8, 1.3))
		return func(u, v, px float32) (r, g, b float32) {
			u += 2 * n.cloud.at(u/300, v/300)
			fv, j := periodic(v, p)
			fu, _ := periodic(u+p/2*float32(j&1), p)
			x, y := (fu-0.5)*p, (fv-0.5)*p
			t := min(max((radius*p-float32(math.Sqrt(float64(x*x+y*y))))/px+0.5, 0), 1)
			return mixed(ground, dot, t).times(1 + 0.3*n.cloud.at(u/170, v/170) + 0.25*n.grit.at(u/45, v/45))
		}
	}
}

// ruled is a cutting mat or squared paper (切割垫): fine lines at right angles, every fifth one heavier.
func ruled(period float64, ground, lines rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p := float32(period * d.between(0.9, 1.1))
		return func(u, v, px float32) (r, g, b float32) {
			fu, i := periodic(u+p/2, p)
			fv, j := periodic(v+p/2, p)
			wide := func(k int) float32 {
				if k%5 == 0 {
					return 0.7
				}
				return 0.25
			}
			wi, wj := wide(i), wide(j)
			t := max(line((fu-0.5)*p, wi, px)*min(1, wi/px), line((fv-0.5)*p, wj, px)*min(1, wj/px))
			return mixed(ground, lines, 0.8*t).times(1 + 0.12*n.cloud.at(u/220, v/220) + 0.12*n.grit.at(u/50, v/50))
		}
	}
}

// windowed is a front of a building or a shelf (楼面, 货架): bright cells in a grid. There is no document in it.
func windowed(w, h float64, wall, glass rgb, share float32) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		pw, ph, seed := float32(w*d.between(0.7, 1.5)), float32(h*d.between(0.7, 1.5)), d.seed()
		return func(u, v, px float32) (r, g, b float32) {
			fu, i := periodic(u, pw)
			fv, j := periodic(v, ph)
			out := roundedDistance((fu-0.5)*pw, (fv-0.5)*ph, pw*share/2, ph*share/2, 0)
			c := wall
			if cover := min(max(0.5-out/px, 0), 1); cover > 0 {
				lit := mixed(glass, wall, 0.6*hash01(i, j, seed))
				bar := max(line((fu-0.5)*pw, pw*0.03, px), line((fv-0.42)*ph, ph*0.02, px))
				c = mixed(wall, mixed(lit, wall, bar), cover)
			}
			return c.times(1 + 0.2*n.cloud.at(u/350, v/350) + 0.1*n.grit.at(u/60, v/60))
		}
	}
}

// hazy is a room out of focus (室内): what is behind a card held up in a hand.
func hazy(a, b, c rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		x0, y0 := float32(d.between(0, 1)), float32(d.between(0, 1))
		vertical, edge := float32(d.between(-90, 90)), float32(d.between(20, 60))
		return func(u, v, _ float32) (r, g, bl float32) {
			s := min(max(0.5+1.6*n.cloud.at(u/420+x0, v/420+y0), 0), 1)
			t := min(max(0.5+(u-vertical)/edge, 0), 1)
			return mixed(mixed(a, b, s), c, t*t*(3-2*t)).times(1)
		}
	}
}

// surfacesOf returns the surfaces of a half of the labelled sets. No kind of surface is in both halves; where two are of
// one family (planks), size, colour and joints differ.
func surfacesOf(half Half) []surfaceMaker {
	switch half {
	case Test3:
		return thirdSurfaces()
	case Test2:
		return freshSurfaces()
	case Tune:
		return []surfaceMaker{
			{"oak", planks(95, 9, rgb{0.40, 0.25, 0.13}, rgb{0.22, 0.12, 0.055}, 0.8)},
			{"walnut", planks(140, 14, rgb{0.16, 0.085, 0.045}, rgb{0.07, 0.035, 0.018}, 0.4)},
			{"white_desk", plainly(rgb{0.76, 0.76, 0.74}, 0.06, 0.02)},
			{"grey_desk", plainly(rgb{0.34, 0.35, 0.36}, 0.1, 0.06)},
			{"black_desk", plainly(rgb{0.035, 0.034, 0.034}, 0.2, 0.4)},
			{"denim", woven(1.1, rgb{0.05, 0.09, 0.2}, rgb{0.2, 0.24, 0.32}, 0.35)},
			{"gingham", checked(24, rgb{0.78, 0.76, 0.72}, rgb{0.62, 0.09, 0.1}, 0.5, false)},
			{"floor_tiles", tiled(298, 298, rgb{0.62, 0.58, 0.5}, rgb{0.3, 0.28, 0.25}, 3.5, false)},
			{"cork", speckled(4.5, rgb{0.42, 0.26, 0.13}, []rgb{{0.2, 0.11, 0.05}, {0.55, 0.38, 0.2}}, 0.6)},
			{"newspaper", printedPage(rgb{0.62, 0.6, 0.54}, rgb{0.06, 0.06, 0.06}, 4.2, 58)},
			{"keyboard_dark", keyed(19, rgb{0.06, 0.06, 0.065}, rgb{0.02, 0.02, 0.022}, rgb{0.5, 0.5, 0.5})},
			{"marble", veined(rgb{0.74, 0.73, 0.71}, rgb{0.3, 0.3, 0.32}, 330)},
			{"cutting_mat", ruled(10, rgb{0.03, 0.16, 0.1}, rgb{0.5, 0.6, 0.35})},
			{"bedsheet", dotted(38, rgb{0.6, 0.55, 0.58}, rgb{0.25, 0.3, 0.45}, 0.3)},
			{"paper_stack", printedPage(rgb{0.8, 0.8, 0.78}, rgb{0.2, 0.2, 0.22}, 7, 180)},
		}
	}
	return []surfaceMaker{
		{"bamboo", planks(12, 30, rgb{0.55, 0.4, 0.2}, rgb{0.4, 0.27, 0.12}, 1.1)},
		{"grey_planks", planks(180, 22, rgb{0.4, 0.37, 0.33}, rgb{0.24, 0.215, 0.19}, 1.5)},
		{"white_laminate", plainly(rgb{0.82, 0.81, 0.77}, 0.03, 0.01)},
		{"blue_plastic", plainly(rgb{0.09, 0.2, 0.38}, 0.12, 0.05)},
		{"slate", plainly(rgb{0.06, 0.062, 0.066}, 0.4, 0.5)},
		{"linen", woven(0.7, rgb{0.55, 0.5, 0.42}, rgb{0.45, 0.41, 0.34}, 0.3)},
		{"plaid", checked(62, rgb{0.1, 0.16, 0.1}, rgb{0.4, 0.34, 0.12}, 0.3, false)},
		{"striped_rug", checked(33, rgb{0.5, 0.46, 0.4}, rgb{0.12, 0.14, 0.24}, 0.42, true)},
		{"bricks", tiled(215, 65, rgb{0.3, 0.12, 0.08}, rgb{0.45, 0.43, 0.4}, 10, true)},
		{"small_tiles", tiled(48, 48, rgb{0.66, 0.7, 0.7}, rgb{0.35, 0.35, 0.35}, 2, false)},
		{"parquet", herringbone(62, rgb{0.45, 0.26, 0.12}, rgb{0.26, 0.14, 0.06})},
		{"terrazzo", speckled(9, rgb{0.55, 0.54, 0.51}, []rgb{{0.2, 0.2, 0.2}, {0.7, 0.68, 0.62}, {0.4, 0.24, 0.18}}, 0.7)},
		{"magazine", printedPage(rgb{0.7, 0.71, 0.72}, rgb{0.12, 0.04, 0.05}, 5.6, 88)},
		{"keyboard_light", keyed(18, rgb{0.55, 0.56, 0.57}, rgb{0.72, 0.72, 0.72}, rgb{0.1, 0.1, 0.1})},
		{"green_stone", veined(rgb{0.1, 0.16, 0.13}, rgb{0.5, 0.55, 0.5}, 260)},
		{"squared_paper", ruled(5, rgb{0.8, 0.81, 0.8}, rgb{0.4, 0.5, 0.7})},
	}
}

// emptySurfacesOf are what photos without a document show besides tables: fronts of buildings, shelves, rooms, walls.
func emptySurfacesOf(half Half) []surfaceMaker {
	switch half {
	case Test3:
		return thirdEmptySurfaces()
	case Test2:
		return []surfaceMaker{
			{"mall_front", windowed(90, 55, rgb{0.5, 0.46, 0.4}, rgb{0.2, 0.24, 0.26}, 0.76)},
			{"bookcase", windowed(42, 230, rgb{0.16, 0.1, 0.07}, rgb{0.45, 0.3, 0.22}, 0.9)},
			{"office", hazy(rgb{0.55, 0.58, 0.6}, rgb{0.25, 0.27, 0.3}, rgb{0.42, 0.36, 0.28})},
			{"night_room", hazy(rgb{0.3, 0.22, 0.14}, rgb{0.08, 0.07, 0.07}, rgb{0.5, 0.38, 0.22})},
			{"stairwell", hazy(rgb{0.48, 0.5, 0.46}, rgb{0.62, 0.6, 0.55}, rgb{0.2, 0.24, 0.22})},
		}
	case Tune:
		return []surfaceMaker{
			{"office_front", windowed(60, 80, rgb{0.4, 0.38, 0.35}, rgb{0.1, 0.16, 0.24}, 0.7)},
			{"shelf", windowed(120, 90, rgb{0.3, 0.2, 0.12}, rgb{0.5, 0.45, 0.4}, 0.92)},
			{"living_room", hazy(rgb{0.5, 0.45, 0.38}, rgb{0.2, 0.16, 0.12}, rgb{0.6, 0.62, 0.66})},
		}
	}
	return []surfaceMaker{
		{"tower_front", windowed(34, 46, rgb{0.16, 0.2, 0.26}, rgb{0.45, 0.52, 0.6}, 0.82)},
		{"lockers", windowed(150, 210, rgb{0.2, 0.22, 0.22}, rgb{0.36, 0.42, 0.44}, 0.95)},
		{"corridor", hazy(rgb{0.62, 0.62, 0.58}, rgb{0.35, 0.37, 0.36}, rgb{0.12, 0.13, 0.15})},
		{"kitchen", hazy(rgb{0.66, 0.56, 0.42}, rgb{0.3, 0.3, 0.3}, rgb{0.36, 0.2, 0.14})},
	}
}
