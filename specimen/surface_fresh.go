package specimen

import "math"

// freshSurfaces are what the documents of Test2 lie on.
func freshSurfaces() []surfaceMaker {
	return []surfaceMaker{
		{"ash", planks(70, 17, rgb{0.6, 0.5, 0.38}, rgb{0.46, 0.36, 0.25}, 1.2)},
		{"cherry", planks(110, 6, rgb{0.34, 0.13, 0.06}, rgb{0.2, 0.07, 0.03}, 0.3)},
		{"white_board", plainly(rgb{0.8, 0.81, 0.82}, 0.04, 0.03)},
		{"green_felt", plainly(rgb{0.06, 0.2, 0.12}, 0.15, 0.6)},
		{"concrete", plainly(rgb{0.42, 0.41, 0.39}, 0.45, 0.55)},
		{"black_leather", speckled(1.6, rgb{0.03, 0.028, 0.026}, []rgb{{0.05, 0.048, 0.045}, {0.02, 0.02, 0.02}}, 0.8)},
		{"shirt_cloth", woven(0.5, rgb{0.5, 0.58, 0.68}, rgb{0.66, 0.7, 0.74}, 0.3)},
		{"rattan", woven(6.5, rgb{0.52, 0.36, 0.18}, rgb{0.32, 0.2, 0.09}, 0.5)},
		{"argyle", quilted(46, 70, rgb{0.2, 0.1, 0.16}, rgb{0.5, 0.46, 0.42}, 1.2)},
		{"pale_quilt", quilted(52, 52, rgb{0.74, 0.73, 0.72}, rgb{0.78, 0.77, 0.75}, 2.2)},
		{"slabs", tiled(420, 140, rgb{0.34, 0.3, 0.26}, rgb{0.16, 0.15, 0.14}, 5, true)},
		{"hex_mosaic", hexed(26, rgb{0.7, 0.69, 0.66}, rgb{0.1, 0.2, 0.3}, rgb{0.4, 0.39, 0.37})},
		{"perforated", dotted(7, rgb{0.5, 0.5, 0.52}, rgb{0.05, 0.05, 0.05}, 0.28)},
		{"map", contoured(rgb{0.72, 0.76, 0.66}, rgb{0.5, 0.36, 0.2}, 11)},
		{"keyboard_blue", keyed(17, rgb{0.12, 0.16, 0.24}, rgb{0.2, 0.27, 0.4}, rgb{0.75, 0.78, 0.8})},
		{"form_pad", ruled(8, rgb{0.78, 0.79, 0.77}, rgb{0.62, 0.4, 0.4})},
	}
}

// quilted is cloth of rhombi in two colours with a seam (菱格布).
func quilted(w, h float64, a, b rgb, seam float32) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		k := d.between(0.8, 1.25)
		pw, ph := float32(w*k), float32(h*k)
		return func(u, v, px float32) (r, g, bl float32) {
			u += 3 * n.cloud.at(u/260, v/260)
			s, t := u/pw+v/ph, u/pw-v/ph
			fs, i := periodic(s, 1)
			ft, j := periodic(t, 1)
			c := a
			if (i+j)&1 == 0 {
				c = b
			}
			far := min(fs, 1-fs, ft, 1-ft) * min(pw, ph) * 0.7
			c = mixed(c, mixed(a, b, 0.5), line(far, seam, px)*fade(pw, px))
			return c.times(1 + 0.25*n.cloud.at(u/140, v/140) + 0.3*n.grit.at(u/30, v/30))
		}
	}
}

// hexed is a floor of hexagons (六角砖), one in some of another colour.
func hexed(size float64, tile, other, grout rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p, seed := float32(size*d.between(0.8, 1.3)), d.seed()
		row := p * float32(math.Sqrt(3)/2)
		return func(u, v, px float32) (r, g, b float32) {
			// The nearest of the middles of two staggered grids.
			best, second, who := float32(math.Inf(1)), float32(math.Inf(1)), [2]int{}
			j0 := int(math.Floor(float64(v / row)))
			for j := j0 - 1; j <= j0+2; j++ {
				shift := float32(j&1) * p / 2
				i0 := int(math.Floor(float64((u - shift) / p)))
				for i := i0; i <= i0+1; i++ {
					x, y := u-float32(i)*p-shift, v-float32(j)*row
					q := x*x + y*y
					if q < best {
						best, second, who = q, best, [2]int{i, j}
					} else if q < second {
						second = q
					}
				}
			}
			edge := (second - best) / (2 * p) // millimetres to the border of the cell
			c := tile
			if hash01(who[0], who[1], seed) < 0.22 {
				c = other
			}
			c = mixed(c, grout, line(edge, 2.2, px))
			return c.times(1 + 0.2*n.cloud.at(u/180, v/180) + 0.14*(hash01(who[0], who[1], seed+1)-0.5))
		}
	}
}

// contoured is a printed map (地图): lines of equal height over hills that are noise.
func contoured(ground, lines rgb, steps float64) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		k := float32(steps * d.between(0.8, 1.4))
		x0 := float32(d.between(0, 1))
		const e = 1.0
		return func(u, v, px float32) (r, g, b float32) {
			height := func(u, v float32) float32 { return k * n.cloud.at(u/520+x0, v/520) }
			at := height(u, v)
			gx, gy := height(u+e, v)-at, height(u, v+e)-at
			steep := max(float32(math.Hypot(float64(gx), float64(gy)))/e, 1e-4)
			f, i := periodic(at, 1)
			width := float32(0.45)
			if i%5 == 0 {
				width = 1
			}
			t := line(min(f, 1-f)/steep, width, px) * min(1, width/px)
			wood := min(max(0.5+3*n.cloud.at(u/300, v/300+x0), 0), 1)
			return mixed(mixed(ground, rgb{0.45, 0.6, 0.4}, wood), lines, 0.8*t).times(1 + 0.1*n.grit.at(u/50, v/50))
		}
	}
}
