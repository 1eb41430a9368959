package specimen

import "math"

// thirdSurfaces are what the documents of Test3 lie on: most are of families that no half before it has.
func thirdSurfaces() []surfaceMaker {
	return []surfaceMaker{
		{"bench", slatted(88, 9, rgb{0.42, 0.24, 0.1}, rgb{0.26, 0.13, 0.05})},
		{"brushed_steel", brushed(rgb{0.46, 0.47, 0.49})},
		{"striped_carpet", banded([]float32{34, 9, 22, 9, 50, 14}, []rgb{{0.3, 0.06, 0.07}, {0.5, 0.42, 0.28}, {0.07, 0.08, 0.14}, {0.5, 0.42, 0.28},
			{0.2, 0.2, 0.22}, {0.36, 0.3, 0.2}}, 0, 0.7)},
		{"zigzag_rug", banded([]float32{16, 16, 8, 16}, []rgb{{0.05, 0.24, 0.26}, {0.55, 0.38, 0.1}, {0.7, 0.66, 0.58}, {0.32, 0.1, 0.06}}, 22, 0.5)},
		{"cardboard", corrugated(5.5, rgb{0.46, 0.32, 0.19})},
		{"fruit_cloth", fruited(64, rgb{0.72, 0.7, 0.56}, []rgb{{0.6, 0.08, 0.06}, {0.7, 0.36, 0.04}, {0.34, 0.46, 0.08}}, rgb{0.08, 0.24, 0.07})},
		{"glass_table", reflecting(rgb{0.1, 0.15, 0.14}, rgb{0.4, 0.44, 0.48})},
		{"notebook", lined(8, rgb{0.8, 0.8, 0.75}, rgb{0.42, 0.56, 0.68}, rgb{0.7, 0.24, 0.26})},
		{"car_seat", tufted(42, rgb{0.13, 0.085, 0.06}, rgb{0.4, 0.3, 0.2})},
		{"crazy_paving", paved(96, 6, rgb{0.42, 0.38, 0.33}, rgb{0.2, 0.19, 0.18})},
		{"knit", knitted(7, rgb{0.5, 0.5, 0.54})},
		{"fish_scale", scaled(36, rgb{0.08, 0.14, 0.34}, rgb{0.68, 0.68, 0.66})},
		{"twill", twilled(0.75, rgb{0.22, 0.24, 0.2}, rgb{0.4, 0.4, 0.34})},
		{"keyboard_slim", keyed(16.2, rgb{0.3, 0.31, 0.32}, rgb{0.05, 0.05, 0.055}, rgb{0.62, 0.62, 0.6})},
		{"dark_rubber", dotted(11, rgb{0.026, 0.027, 0.028}, rgb{0.05, 0.05, 0.052}, 0.3)},
		{"white_lacquer", plainly(rgb{0.84, 0.835, 0.82}, 0.05, 0.015)},
		{"travertine", strata(27, rgb{0.74, 0.7, 0.62}, rgb{0.62, 0.56, 0.47})},
	}
}

// slatted is a bench of boards (长椅) with air between them: dark gaps beside rounded edges.
func slatted(width float64, gap float32, light, dark rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		w, seed := float32(width*d.between(0.8, 1.25)), d.seed()
		return func(u, v, px float32) (r, g, b float32) {
			f, board := periodic(v, w)
			edge := min(f, 1-f) * w
			shift := hash01(board, 0, seed)
			t := 0.5 + 1.1*n.fibre.at(u/340+shift, v/60) + 0.4*n.cloud.at(u/500+shift, v/90)
			round := min(max((edge-gap/2)/7, 0), 1)
			shade := (0.9 + 0.2*shift) * (0.72 + 0.28*round)
			return mixed(mixed(light, dark, min(max(t, 0), 1)), rgb{0.012, 0.011, 0.01}, line(edge, gap, px)).times(shade)
		}
	}
}

// brushed is metal with fine streaks in one direction (拉丝钢) and a sheen across them.
func brushed(colour rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		k, x0 := float32(d.between(0.8, 1.2)), float32(d.between(0, 1))
		return func(u, v, _ float32) (r, g, b float32) {
			streak := n.fibre.at(u/900+x0, v/36) + 0.7*n.fibre.at(u/520, v/11+x0)
			return colour.times(k * max(1+0.35*streak+0.22*wave(v/410+x0)+0.3*n.cloud.at(u/900, v/500+x0), 0.2))
		}
	}
}

// banded is a carpet of stripes of several widths (条纹地毯) that may run in zigzag; pile makes their borders ragged.
func banded(widths []float32, colours []rgb, zigzag, pile float32) func(*grains, *dice) surface {
	whole := float32(0)
	for _, w := range widths {
		whole += w
	}
	return func(n *grains, d *dice) surface {
		k := float32(d.between(0.75, 1.3))
		return func(u, v, px float32) (r, g, b float32) {
			u, v, px = u/k, v/k, px/k
			at := v + 2.4*n.grit.at(u/70, v/70) + 5*n.cloud.at(u/300, v/300)
			if zigzag > 0 {
				f, _ := periodic(u, 2.4*zigzag)
				at += zigzag * (1 - 2*max(f, 1-f))
			}
			f, _ := periodic(at, whole)
			f *= whole
			i := 0
			for i < len(widths)-1 && f > widths[i] {
				f -= widths[i]
				i++
			}
			next := colours[(i+1)%len(colours)]
			c := mixed(colours[i], next, min(max((f-widths[i])/px+0.5, 0), 0.5))
			c = mixed(c, colours[(i+len(colours)-1)%len(colours)], min(max(0.5-f/px, 0), 0.5))
			return c.times(max(1+pile*n.grit.at(u/38, v/38)+0.25*n.cloud.at(u/170, v/170), 0.2))
		}
	}
}

// corrugated is the side of a carton (纸板箱): faint ribs, fibres, and a fold now and then.
func corrugated(rib float64, colour rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p, fold := float32(rib*d.between(0.85, 1.2)), float32(d.between(260, 420))
		return func(u, v, px float32) (r, g, b float32) {
			f, _ := periodic(v+fold/3, fold)
			crease := line(min(f, 1-f)*fold, 3, px)
			shade := 1 + 0.05*wave(u/p)*fade(p, px) + 0.25*n.cloud.at(u/260, v/260) + 0.3*n.fibre.at(v/160, u/120) + 0.2*n.grit.at(u/55, v/55)
			return colour.times(shade * (1 - 0.35*crease))
		}
	}
}

// fruited is a plastic tablecloth with fruit printed on it (水果台布): round shapes with a light spot, each with a leaf.
func fruited(cell float64, ground rgb, fruit []rgb, leaf rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p, seed := float32(cell*d.between(0.75, 1.2)), d.seed()
		return func(u, v, px float32) (r, g, b float32) {
			_, i := periodic(u, p)
			_, j := periodic(v, p)
			c := ground
			for dj := -1; dj <= 1; dj++ {
				for di := -1; di <= 1; di++ {
					a, e := i+di, j+dj
					kind := hash01(a, e, seed)
					x := u - (float32(a)+0.25+0.5*hash01(a, e, seed+1))*p
					y := v - (float32(e)+0.25+0.5*hash01(a, e, seed+2))*p
					size := p * (0.2 + 0.14*hash01(a, e, seed+3))
					// The leaf is a lens to the upper right.
					lx, ly := (x-0.9*size)*0.8+(y+0.9*size)*-0.6, (x-0.9*size)*0.6+(y+0.9*size)*0.8
					if out := max(ly, -ly) - 0.32*size*(1-lx*lx/(0.8*size*size)); out < px/2 && max(lx, -lx) < 0.9*size {
						c = mixed(c, leaf, min(0.5-out/px, 1))
					}
					far := float32(math.Sqrt(float64(x*x + y*y)))
					if t := min(max((size-far)/px+0.5, 0), 1); t > 0 {
						hx, hy := x+0.35*size, y+0.35*size
						light := max(0, 1-(hx*hx+hy*hy)/(0.16*size*size))
						body := mixed(fruit[int(kind*float32(len(fruit)))%len(fruit)], rgb{0.85, 0.85, 0.8}, 0.7*light)
						body[0], body[1], body[2] = body.times(1 - 0.35*far*far/(size*size))
						c = mixed(c, body, t)
					}
				}
			}
			return c.times(1 + 0.12*n.cloud.at(u/240, v/240) + 0.06*n.grit.at(u/40, v/40))
		}
	}
}

// reflecting is a table of glass (玻璃桌) in which a window and the room are seen, soft.
func reflecting(glass, bright rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		x0, y0 := float32(d.between(-160, 260)), float32(d.between(-160, 220))
		sin, cos := math.Sincos(d.between(-0.5, 0.5))
		s, c := float32(sin), float32(cos)
		a, b2 := float32(d.between(70, 150)), float32(d.between(90, 190))
		soft := float32(d.between(6, 24))
		return func(u, v, _ float32) (r, g, b float32) {
			x, y := (u-x0)*c+(v-y0)*s, (v-y0)*c-(u-x0)*s
			t := min(max(0.5-roundedDistance(x, y, a, b2, soft)/soft, 0), 1)
			bar := min(max(min(max(x, -x), max(y, -y))/soft-0.3, 0.35), 1) // the window's cross
			room := max(0, 0.5+1.4*n.cloud.at(u/600, v/600))
			col := mixed(mixed(glass, bright, 0.22*room), bright, 0.85*t*bar)
			return col.times(1 + 0.05*n.grit.at(u/60, v/60))
		}
	}
}

// lined is an open exercise book (横格本): lines, a margin, and on some lines something written.
func lined(gap float64, paper, lines, margin rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p, seed := float32(gap*d.between(0.9, 1.1)), d.seed()
		const page = 205
		return func(u, v, px float32) (r, g, b float32) {
			fv, j := periodic(v, p)
			fu, i := periodic(u, page)
			x := fu * page
			c := mixed(paper, lines, 0.7*line(min(fv, 1-fv)*p, 0.35, px)*min(1, 0.35/px))
			c = mixed(c, margin, 0.8*line(x-28, 0.5, px)*min(1, 0.5/px))
			_, word := periodic(x, 17)
			if x > 32 && x < page-16 && hash01(j, i, seed) < 0.5 && hash01(word+100*i, j, seed+1) < 0.8 {
				h := hash01(word, j, seed+2)
				at := 0.62*p + p*0.17*wave(x/(2.1+h))*wave(x/5.3+h) + 0.06*p*wave(x/1.3)
				c = mixed(c, rgb{0.04, 0.06, 0.2}, 0.85*line(fv*p-at, 0.55, px)*min(1, 0.55/px))
			}
			shade := 1 + 0.1*n.cloud.at(u/220, v/220) + 0.06*n.grit.at(u/50, v/50)
			fold := min(x, page-x) // pages sink to the middle of the book
			return c.times(shade * (0.7 + 0.3*min(fold/14, 1)))
		}
	}
}

// tufted is the seat of a car (汽车座椅): channels of leather with a seam of thread between them.
func tufted(width float64, leather, thread rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p := float32(width * d.between(0.8, 1.2))
		return func(u, v, px float32) (r, g, b float32) {
			u += 2.5 * n.cloud.at(u/300, v/300)
			f, _ := periodic(u, p)
			x := (f - 0.5) * p
			stitch, _ := periodic(v, 5)
			away := min(f, 1-f) * p
			sew := line(away-3, 0.9, px) * line((stitch-0.5)*5, 3.4, px)
			shade := (0.62 + 0.5*(1-4*x*x/(p*p))) * (1 - 0.75*line(away, 1.4, px)) * (1 + 0.35*n.grit.at(u/34, v/34) + 0.2*n.cloud.at(u/200, v/200))
			lit := rgb{}
			lit[0], lit[1], lit[2] = leather.times(max(shade, 0.1))
			return mixed(lit, thread, 0.8*sew).times(1)
		}
	}
}

// paved is stones of no regular shape (碎拼石): cells of scattered points with mortar between them.
func paved(size float64, joint float32, stone, mortar rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p, seed := float32(size*d.between(0.75, 1.25)), d.seed()
		return func(u, v, px float32) (r, g, b float32) {
			_, i := periodic(u, p)
			_, j := periodic(v, p)
			best, second, who := float32(math.Inf(1)), float32(math.Inf(1)), [2]int{}
			for dj := -1; dj <= 1; dj++ {
				for di := -1; di <= 1; di++ {
					a, e := i+di, j+dj
					x := u - (float32(a)+0.1+0.8*hash01(a, e, seed))*p
					y := v - (float32(e)+0.1+0.8*hash01(a, e, seed+1))*p
					if q := x*x + y*y; q < best {
						best, second, who = q, best, [2]int{a, e}
					} else if q < second {
						second = q
					}
				}
			}
			edge := float32(math.Sqrt(float64(second))-math.Sqrt(float64(best))) / 2
			tint := hash01(who[0], who[1], seed+2)
			c := mixed(stone, rgb{stone[0] * 1.15, stone[1] * 0.95, stone[2] * 0.75}, tint)
			shade := 0.82 + 0.36*hash01(who[0], who[1], seed+3) + 0.5*n.cloud.at(u/120+tint, v/120) + 0.3*n.grit.at(u/45, v/45)
			return mixed(c, mortar, line(edge, joint, px)).times(shade)
		}
	}
}

// knitted is wool in stocking stitch (毛衣): columns of V.
func knitted(width float64, wool rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p := float32(width * d.between(0.8, 1.4))
		return func(u, v, px float32) (r, g, b float32) {
			u += 3 * n.cloud.at(u/220, v/220)
			f, _ := periodic(u, p)
			x := f - 0.5
			leg := max(x, -x)
			s, _ := periodic(v-0.9*leg*p, 0.7*p)
			strand := 4 * s * (1 - s)
			gap := line(min(leg, 0.5-leg)*p, 0.08*p, px)
			shade := 1 + fade(0.7*p, px)*(0.6*(strand-0.6)-0.5*gap) + 0.4*n.grit.at(u/30, v/30) + 0.3*n.cloud.at(u/160, v/160)
			return wool.times(max(shade, 0.1))
		}
	}
}

// scaled is printed cloth of overlapping arcs (青海波): each scale hides the lower part of those above it.
func scaled(radius float64, dark, light rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p := float32(radius * d.between(0.75, 1.3))
		return func(u, v, px float32) (r, g, b float32) {
			u += 2 * n.cloud.at(u/260, v/260)
			first := int(math.Floor(float64(v/(p/2)))) + 2
			for j := first; j > first-5; j-- {
				shift := float32(j&1) * p
				f, _ := periodic(u-shift+p, 2*p)
				x, y := (f-0.5)*2*p, v-float32(j)*p/2
				far := float32(math.Sqrt(float64(x*x + y*y)))
				if far >= p {
					continue
				}
				ring, _ := periodic(far+0.001, p/3)
				t := min(max((0.62-ring)*p/3/px+0.5, 0), 1) * min(max(ring*p/3/px+0.5, 0), 1)
				return mixed(light, dark, t).times(1 + 0.25*n.cloud.at(u/170, v/170) + 0.2*n.grit.at(u/45, v/45))
			}
			return light.times(1)
		}
	}
}

// twilled is cloth with fine slanting ribs (斜纹布).
func twilled(rib float64, a, b rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p, slope := float32(rib*d.between(0.85, 1.5)), float32(d.between(0.7, 1.3))
		return func(u, v, px float32) (r, g, bl float32) {
			x, y := u+1.5*n.cloud.at(u/260, v/260), v+1.5*n.cloud.at(v/260, u/260)
			k := fade(p, px)
			rib := wave((x + slope*y) / (p * 1.4))
			thread := wave(y / p)
			c := mixed(a, b, 0.5+0.42*k*rib)
			return c.times(max(1+0.18*k*thread+0.4*n.cloud.at(u/210, v/330)+0.3*n.grit.at(u/60, v/60), 0.2))
		}
	}
}

// strata is stone in soft layers (洞石).
func strata(layer float64, a, b rgb) func(*grains, *dice) surface {
	return func(n *grains, d *dice) surface {
		p, x0 := float32(layer*d.between(0.7, 1.6)), float32(d.between(0, 1))
		return func(u, v, _ float32) (r, g, bl float32) {
			bend := 46*n.cloud.at(u/620+x0, v/420) + 8*n.cloud.at(u/130, v/130+x0)
			t := 0.5 + 0.3*wave((v+bend)/p) + 0.2*wave((v+bend)/(p*0.37)+x0)
			pit := max(0, n.grit.at(u/110, v/50)-0.2)
			return mixed(a, b, t).times(1 - 1.2*pit + 0.08*n.cloud.at(u/300, v/300))
		}
	}
}

// thirdEmptySurfaces are what photos of Test3 without a document show besides its tables.
func thirdEmptySurfaces() []surfaceMaker {
	return []surfaceMaker{
		{"hotel_front", windowed(52, 70, rgb{0.56, 0.5, 0.44}, rgb{0.12, 0.13, 0.16}, 0.6)},
		{"letter_boxes", windowed(170, 120, rgb{0.34, 0.34, 0.36}, rgb{0.24, 0.3, 0.26}, 0.93)},
		{"classroom", hazy(rgb{0.5, 0.52, 0.46}, rgb{0.2, 0.3, 0.24}, rgb{0.6, 0.56, 0.48})},
		{"workshop", hazy(rgb{0.36, 0.34, 0.32}, rgb{0.16, 0.15, 0.16}, rgb{0.44, 0.3, 0.16})},
		{"balcony", hazy(rgb{0.66, 0.68, 0.72}, rgb{0.34, 0.42, 0.36}, rgb{0.5, 0.48, 0.44})},
	}
}
