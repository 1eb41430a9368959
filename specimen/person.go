package specimen

import (
	"math"
	"math/rand/v2"
)

// Person is somebody who does not exist (虚构的人): a head of smooth solids under a lamp, shaped by numbers. It is for detectors
// of faces to find or to miss; nobody's likeness went into it.
type Person struct {
	// Yaw turns the head to its left, Pitch bends it down, Roll leans it to its left; degrees.
	Yaw, Pitch, Roll float64
	// Wears is what covers the face: "" nothing, or one of Coverings.
	Wears Covering
	// Glasses are ordinary spectacles; Beard is from 0 to 1.
	Glasses bool
	Beard   float64

	skin, hair, cloth, cover tint
	width, jaw, nose, eye    float64 // shape
	brow, mouth, smile       float64
	long                     bool // hair to the shoulders
	fringe                   float64
	lamp                     [3]float64 // where the light comes from
	fill                     float64    // light from everywhere else, 0 to 1
	seed                     uint64
}

// Covering is what hides a part of a face (遮挡物).
type Covering string

// The coverings.
const (
	WearsNothing    Covering = ""
	WearsMask       Covering = "mask"       // 口罩
	WearsSunglasses Covering = "sunglasses" // 墨镜
	HoldsHand       Covering = "hand"       // 手挡住口鼻
)

// tint is a reflectance in linear light.
type tint struct{ r, g, b float64 }

func (t tint) times(f float64) tint { return tint{t.r * f, t.g * f, t.b * f} }
func (t tint) toward(o tint, f float64) tint {
	return tint{t.r + f*(o.r-t.r), t.g + f*(o.g-t.g), t.b + f*(o.b-t.b)}
}

// NewPerson draws a person by lot: skin, hair, shape, light. They face the camera.
func NewPerson(seed uint64) Person {
	rng := rand.New(rand.NewPCG(seed, 0x9e57))
	between := func(from, to float64) float64 { return from + (to-from)*rng.Float64() }
	skins := []tint{{0.68, 0.42, 0.30}, {0.60, 0.36, 0.24}, {0.52, 0.30, 0.19}, {0.42, 0.22, 0.13}, {0.24, 0.12, 0.07}, {0.72, 0.50, 0.40}}
	hairs := []tint{{0.012, 0.010, 0.010}, {0.02, 0.014, 0.012}, {0.05, 0.03, 0.02}, {0.16, 0.15, 0.15}}
	cloths := []tint{{0.05, 0.08, 0.2}, {0.4, 0.4, 0.42}, {0.3, 0.05, 0.06}, {0.6, 0.58, 0.5}, {0.03, 0.03, 0.035}, {0.1, 0.25, 0.12}}
	covers := []tint{{0.75, 0.76, 0.78}, {0.35, 0.52, 0.68}, {0.03, 0.03, 0.035}, {0.6, 0.4, 0.32}}
	p := Person{
		skin: pick(rng, skins).times(between(0.9, 1.1)), hair: pick(rng, hairs), cloth: pick(rng, cloths), cover: pick(rng, covers),
		width: between(0.92, 1.08), jaw: between(0.9, 1.1), nose: between(0.85, 1.15), eye: between(0.85, 1.15),
		brow: between(-0.02, 0.03), mouth: between(0.85, 1.15), smile: between(-0.01, 0.04),
		long: rng.IntN(2) == 0, fringe: between(0, 0.22), fill: between(0.35, 0.65), seed: seed,
		lamp: unit([3]float64{between(-0.7, 0.7), between(-0.9, -0.2), between(0.5, 1)}),
	}
	p.Glasses = rng.IntN(4) == 0
	if !p.long && rng.IntN(4) == 0 {
		p.Beard = between(0.3, 0.9)
	}
	p.Yaw, p.Pitch, p.Roll = between(-9, 9), between(-5, 7), between(-5, 5)
	return p
}

func unit(v [3]float64) [3]float64 {
	l := math.Sqrt(v[0]*v[0] + v[1]*v[1] + v[2]*v[2])
	return [3]float64{v[0] / l, v[1] / l, v[2] / l}
}

func dot(a, b [3]float64) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

// Solids, as signed distances. Lengths are in half heads: x to the right of the picture, y down, z to the camera.

func ellipsoid(p [3]float64, x, y, z, rx, ry, rz float64) float64 {
	dx, dy, dz := (p[0]-x)/rx, (p[1]-y)/ry, (p[2]-z)/rz
	k := math.Sqrt(dx*dx + dy*dy + dz*dz)
	return (k - 1) * min(rx, ry, rz)
}

func capsule(p, a, b [3]float64, r0, r1 float64) float64 {
	d := [3]float64{b[0] - a[0], b[1] - a[1], b[2] - a[2]}
	q := [3]float64{p[0] - a[0], p[1] - a[1], p[2] - a[2]}
	t := min(max(dot(q, d)/dot(d, d), 0), 1)
	q = [3]float64{q[0] - t*d[0], q[1] - t*d[1], q[2] - t*d[2]}
	return math.Sqrt(dot(q, q)) - (r0 + t*(r1-r0))
}

// blend joins two solids with a smooth seam of width k.
func blend(a, b, k float64) float64 {
	h := max(k-math.Abs(a-b), 0) / k
	return min(a, b) - h*h*k/4
}

// carve takes b out of a with a smooth seam.
func carve(a, b, k float64) float64 { return -blend(-a, b, k) }

// The materials of a person.
const (
	matSkin = iota
	matHair
	matCloth
	matEye
	matCover
	matHand
	matFrame
)

const (
	eyeX, eyeY = 0.30, -0.06
	mouthY     = 0.58
)

// head is the distance to the bare head.
func (p *Person) head(q [3]float64) float64 {
	x := math.Abs(q[0]) / p.width
	s := [3]float64{x, q[1], q[2]}
	d := ellipsoid(s, 0, -0.25, -0.15, 0.76, 0.86, 0.90)
	d = blend(d, ellipsoid(s, 0, 0.36, 0.10, 0.58*p.jaw, 0.74, 0.60), 0.25)
	d = blend(d, ellipsoid(s, 0, 0.90, 0.36, 0.22*p.jaw, 0.17, 0.22), 0.22)
	d = blend(d, ellipsoid(s, 0.34, 0.26, 0.42, 0.24, 0.22, 0.22), 0.2)
	d = blend(d, capsule(s, [3]float64{0, -0.26, 0.62}, [3]float64{0.36, -0.24, 0.54}, 0.10, 0.09), 0.12)
	d = carve(d, ellipsoid(s, eyeX, eyeY, 0.82, 0.19, 0.12, 0.18), 0.12)
	nose := capsule(s, [3]float64{0, -0.14, 0.66}, [3]float64{0, 0.27, 0.80 + 0.08*p.nose}, 0.075, 0.115*p.nose)
	nose = blend(nose, ellipsoid(s, 0.11*p.nose, 0.31, 0.72, 0.085, 0.07, 0.10), 0.06)
	d = blend(d, nose, 0.09)
	d = blend(d, ellipsoid(s, 0, mouthY-0.05, 0.655, 0.22*p.mouth, 0.055, 0.09), 0.06)
	d = blend(d, ellipsoid(s, 0, mouthY+0.06, 0.645, 0.19*p.mouth, 0.06, 0.09), 0.06)
	d = blend(d, ellipsoid(s, 0.76, 0.02, -0.12, 0.07, 0.2, 0.13), 0.05)
	return blend(d, capsule(s, [3]float64{0, 0.7, -0.2}, [3]float64{0, 1.8, -0.3}, 0.36, 0.42), 0.12)
}

// nearest is the distance to the person and the material there.
func (p *Person) nearest(q [3]float64) (float64, int) {
	const neckEnd = 1.9 // below, the neck is inside the chest
	bare := math.Inf(1)
	if q[1] < neckEnd {
		bare = p.head(q)
	}
	d, m := bare, matSkin
	take := func(e float64, material int) {
		if e < d {
			d, m = e, material
		}
	}
	ax := math.Abs(q[0]) / p.width
	s := [3]float64{ax, q[1], q[2]}
	take(ellipsoid(s, eyeX, eyeY, 0.545, 0.15, 0.15, 0.15), matEye)
	// Hair: a shell around the skull that ends at the hairline.
	line := -0.52 + p.fringe + 0.25*ax*ax
	shell := ellipsoid(q, 0, -0.34, -0.22, 0.86*p.width, 0.88, 0.94)
	shell = max(shell, min(q[1]-line, 8)-max(0, (0.35-q[2])*1.3))
	take(shell, matHair)
	if p.long {
		take(max(ellipsoid(s, 0.45, 0.5, -0.5, 0.52, 1.25, 0.5), -(q[1]+0.9)), matHair)
	}
	if q[1] < chestTop {
		return p.worn(q, s, ax, bare, d, m)
	}
	chest := capsule(s, [3]float64{0, 2.15, -0.45}, [3]float64{1.15, 2.3, -0.5}, 0.52, 0.45)
	chest = blend(chest, ellipsoid(q, 0, 3.2, -0.5, 1.5, 1.4, 0.7), 0.3)
	take(chest, matCloth)
	return p.worn(q, s, ax, bare, d, m)
}

// chestTop is above everything of the chest: rays up there need not ask for it.
const chestTop = 1.2

// worn adds what the person wears or holds before the face. ax and s are the place mirrored to one side of the face.
func (p *Person) worn(q, s [3]float64, ax, bare, d float64, m int) (float64, int) {
	take := func(e float64, material int) {
		if e < d {
			d, m = e, material
		}
	}
	switch p.Wears {
	case WearsMask:
		// A cloth over nose and chin, held by the ears.
		edge := 0.14 + 0.3*ax
		mask := blend(ellipsoid(s, 0, 0.58, 0.28, 0.58, 0.56, 0.54), ellipsoid(s, 0, 0.32, 0.62, 0.2, 0.2, 0.33), 0.25)
		take(max(blend(mask, bare-0.02, 0.1), edge-q[1], q[1]-1.05, -q[2]-0.1, ax-0.66), matCover)
		take(capsule(s, [3]float64{0.6, 0.4, 0.3}, [3]float64{0.78, 0, -0.1}, 0.015, 0.015), matCover)
	case WearsSunglasses:
		take(ellipsoid(s, eyeX+0.02, eyeY+0.02, 0.72, 0.27, 0.2, 0.05), matCover)
		take(capsule(s, [3]float64{0, -0.1, 0.8}, [3]float64{0.2, -0.1, 0.74}, 0.025, 0.025), matCover)
		take(capsule(s, [3]float64{0.56, -0.08, 0.66}, [3]float64{0.78, -0.05, -0.1}, 0.03, 0.03), matCover)
	case HoldsHand:
		// Four fingers across mouth and nose, the palm below.
		for i := range 4 {
			y := 0.30 + 0.17*float64(i)
			take(capsule(q, [3]float64{-0.5, y + 0.08, 0.82}, [3]float64{0.46 - 0.06*float64(i), y - 0.03, 0.96}, 0.1, 0.08), matHand)
		}
		take(ellipsoid(q, -0.65, 0.75, 0.8, 0.35, 0.45, 0.14), matHand)
		take(capsule(q, [3]float64{-0.75, 0.95, 0.75}, [3]float64{-1.2, 2.4, 0.4}, 0.2, 0.26), matHand)
	}
	if p.Glasses && p.Wears != WearsSunglasses {
		dx, dy := (ax-eyeX-0.02)/1.15, q[1]-eyeY-0.01
		ring := math.Hypot(math.Sqrt(dx*dx+dy*dy)-0.2, q[2]-0.76) - 0.014
		take(ring, matFrame)
		take(capsule(s, [3]float64{0, -0.08, 0.82}, [3]float64{0.1, -0.07, 0.78}, 0.014, 0.014), matFrame)
		take(capsule(s, [3]float64{0.54, -0.08, 0.72}, [3]float64{0.78, -0.05, -0.1}, 0.018, 0.018), matFrame)
	}
	return d, m
}

// reflectance is the colour at a place of the person's surface.
func (p *Person) reflectance(q [3]float64, material int) tint {
	ax := math.Abs(q[0]) / p.width
	grain := func(scale float64) float64 {
		n := mix(p.seed ^ uint64(int64(math.Floor(q[0]*scale))*73856093) ^ uint64(int64(math.Floor(q[1]*scale))*19349663))
		return float64(n>>40)/(1<<24) - 0.5
	}
	switch material {
	case matHair:
		strand := math.Sin(60*q[0]+9*math.Sin(4*q[1]+3*q[2])) * 0.3
		return p.hair.times(1 + strand + 0.5*grain(55))
	case matCloth:
		return p.cloth.times(1 + 0.25*grain(40))
	case matCover:
		if p.Wears == WearsSunglasses {
			return tint{0.012, 0.012, 0.014}
		}
		pleat := 1.0
		if int(math.Floor((q[1]-0.1)*7))%2 == 0 && ax < 0.5 {
			pleat = 0.92
		}
		return p.cover.times(pleat)
	case matFrame:
		return tint{0.03, 0.028, 0.03}
	case matHand:
		return p.skin.times(0.97 + 0.06*grain(30))
	case matEye:
		return p.eyeColour(ax, q)
	}
	// Skin, and what is drawn on it.
	t := p.skin.times(1 + 0.05*grain(45))
	blush := math.Exp(-((ax-0.38)*(ax-0.38) + (q[1]-0.3)*(q[1]-0.3)) / 0.04)
	t = t.toward(tint{t.r * 1.02, t.g * 0.85, t.b * 0.85}, 0.7*blush)
	if q[2] > 0.1 {
		// Brows: arcs of hair.
		bx := (ax - eyeX) / 0.24
		by := q[1] - (eyeY - 0.2 - p.brow - 0.06*(1-bx*bx))
		if bx > -1 && bx < 1.05 {
			k := math.Exp(-by*by/(0.03*0.03)) * min(1, 4*(1.05-math.Abs(bx)))
			t = t.toward(p.hair.times(1.4), min(0.9, k*(0.85+0.5*grain(60))))
		}
		// Lids: a crease above, and a shade around the eye.
		ex, ey := (ax-eyeX)/(0.17*p.eye), q[1]-eyeY
		shade := math.Exp(-(ex*ex*0.6 + ey*ey/(0.09*0.09)))
		t = t.times(1 - 0.25*shade)
		if math.Abs(ex) < 1.1 {
			crease := ey + 0.055*p.eye*(1-0.7*ex*ex) + 0.035
			t = t.times(1 - 0.35*math.Exp(-crease*crease/(0.012*0.012)))
		}
		if math.Abs(ex) < 1 && math.Abs(ey) < 0.07*p.eye*(1-ex*ex) {
			return p.eyeColour(ax, q)
		}
		// Nostrils.
		nx, ny := (ax-0.075*p.nose)/0.045, (q[1]-0.355)/0.025
		t = t.times(1 - 0.75*math.Exp(-(nx*nx+ny*ny)))
		// Lips and the line between them.
		lx := q[0] / p.width / (0.26 * p.mouth)
		line := mouthY - p.smile*lx*lx
		if math.Abs(lx) < 1 {
			over, under := 0.085*(1-lx*lx)*(1-0.25*math.Exp(-lx*lx*40)), 0.105*(1-lx*lx)
			dy := q[1] - line
			lip := tint{t.r * 0.82, t.g * 0.5, t.b * 0.52}
			if dy < 0 && -dy < over || dy >= 0 && dy < under {
				t = t.toward(lip, 0.85)
			}
			t = t.times(1 - 0.75*math.Exp(-dy*dy/(0.014*0.014)))
		}
		if p.Beard > 0 && q[1] > 0.4 {
			lips := math.Abs(lx) < 0.95 && math.Abs(q[1]-line) < 0.1
			upper := ax < 0.3 && q[1] > 0.42 && q[1] < line
			jaw := q[1] > 0.62 || ax > 0.42
			if !lips && (upper || jaw) {
				t = t.toward(p.hair.times(1.5), p.Beard*(0.75+0.5*grain(70)))
			}
		}
	}
	return t
}

// eyeColour is the white, the iris, the pupil and the lashes of an eye.
func (p *Person) eyeColour(ax float64, q [3]float64) tint {
	ex, ey := (ax-eyeX)/(0.17*p.eye), (q[1]-eyeY)/(0.07*p.eye)
	if math.Abs(ex) >= 1 || math.Abs(ey) >= 1-ex*ex {
		return p.skin.times(0.75)
	}
	dx, dy := (ax-eyeX)/p.eye, (q[1]-eyeY+0.008)/p.eye
	r := math.Hypot(dx, dy)
	white := tint{0.62, 0.58, 0.56}
	t := white.times(0.75 + 0.25*(1-ex*ex))
	switch {
	case math.Hypot(dx+0.02, dy+0.025) < 0.014:
		t = tint{0.9, 0.9, 0.9}
	case r < 0.03:
		t = tint{0.008, 0.008, 0.008}
	case r < 0.068:
		t = tint{0.05, 0.028, 0.018}
	}
	if ey < -(1-ex*ex)*0.62 {
		t = t.times(0.12) // the upper lashes and their shade
	}
	return t
}

// cutout is a rendered person: reflected light, and how much of each pixel they cover.
type cutout struct {
	light *Light
	cover []float32
	// unit is pixels for half a head; left and top are the position of the picture's corner in half heads.
	unit, left, top float64
}

// What of a person is rendered, in half heads.
const (
	personLeft, personRight, personTop, personBottom = -1.9, 1.9, -1.45, 2.5
	// faceLeft to faceBottom are the rectangle that detectors draw around a face that looks straight ahead.
	faceLeft, faceRight, faceTop, faceBottom = -0.66, 0.66, -0.55, 1.1
)

// render draws the person with a face of so many pixels' width.
func (p *Person) render(facePx float64) *cutout {
	scale := facePx / (faceRight - faceLeft)
	w, h := int((personRight-personLeft)*scale), int((personBottom-personTop)*scale)
	c := &cutout{light: NewLight(w, h), cover: make([]float32, w*h), unit: scale, left: personLeft, top: personTop}
	turn := rotationOf(p.Yaw, p.Pitch, p.Roll)
	// Four rays a pixel at its outline would be finer; the blur of the lens that follows hides the difference.
	rows(h, func(y int) {
		for x := range w {
			o := [3]float64{personLeft + (float64(x)+0.5)/scale, personTop + (float64(y)+0.5)/scale, 3}
			colour, hit := p.ray(o, &turn)
			if !hit {
				continue
			}
			i := y*w + x
			c.cover[i] = 1
			c.light.Pix[3*i], c.light.Pix[3*i+1], c.light.Pix[3*i+2] = float32(colour.r), float32(colour.g), float32(colour.b)
		}
	})
	return c
}

// matrix rotates; its transpose rotates back.
type matrix [3][3]float64

func (m *matrix) apply(v [3]float64) [3]float64 {
	return [3]float64{dot(m[0], v), dot(m[1], v), dot(m[2], v)}
}

// rotationOf leads from the picture's axes to those of the head.
func rotationOf(yaw, pitch, roll float64) matrix {
	sy, cy := math.Sincos(yaw * math.Pi / 180)
	sp, cp := math.Sincos(pitch * math.Pi / 180)
	sr, cr := math.Sincos(roll * math.Pi / 180)
	a := matrix{{cy, 0, -sy}, {0, 1, 0}, {sy, 0, cy}}
	b := matrix{{1, 0, 0}, {0, cp, sp}, {0, -sp, cp}}
	c := matrix{{cr, sr, 0}, {-sr, cr, 0}, {0, 0, 1}}
	return a.times(b.times(c))
}

func (m matrix) times(o matrix) (out matrix) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				out[i][j] += m[i][k] * o[k][j]
			}
		}
	}
	return out
}

// inHead is where a ray's point is in the head's own axes: the neck bends, so that the body stays as it is.
func inHead(q [3]float64, turn *matrix) [3]float64 {
	bend := min(max((1.7-q[1])/0.9, 0), 1) // 1 for the head, 0 for the chest
	if bend == 0 {
		return q
	}
	t := turn.apply(q)
	return [3]float64{q[0] + bend*(t[0]-q[0]), q[1] + bend*(t[1]-q[1]), q[2] + bend*(t[2]-q[2])}
}

// ray follows a ray from o towards the person.
func (p *Person) ray(o [3]float64, turn *matrix) (tint, bool) {
	// No part of a person is nearer to the camera than o by less than this, and none is farther than far.
	const near, far, touching, steps = 1.7, 4.3, 0.002, 60
	z, material := near, 0
	hit := false
	for range steps {
		d, m := p.nearest(inHead([3]float64{o[0], o[1], o[2] - z}, turn))
		if d < touching {
			material, hit = m, true
			break
		}
		z += 0.9 * d
		if z > far {
			return tint{}, false
		}
	}
	if !hit {
		return tint{}, false
	}
	at := [3]float64{o[0], o[1], o[2] - z}
	distance := func(dx, dy, dz float64) float64 {
		d, _ := p.nearest(inHead([3]float64{at[0] + dx, at[1] + dy, at[2] + dz}, turn))
		return d
	}
	const e = 0.004
	d0 := distance(0, 0, 0)
	n := unit([3]float64{distance(e, 0, 0) - d0, distance(0, e, 0) - d0, distance(0, 0, e) - d0 + 1e-9})
	// Shade: a lamp, light from all around that is stronger from above, and dark where surfaces close in.
	l := dot(n, p.lamp)
	wrap := 0.0
	if material == matSkin || material == matHand {
		wrap = 0.25 // light comes back out of skin beside where it went in
	}
	diffuse := max((l+wrap)/(1+wrap), 0)
	open := min(max(distance(0.12*n[0], 0.12*n[1], 0.12*n[2])/0.12, 0.2), 1)
	shadow := 1.0
	for t := 0.07; t < 0.8; t += 0.18 {
		shadow = min(shadow, 0.5+6*distance(t*p.lamp[0], t*p.lamp[1], t*p.lamp[2])/t)
	}
	shadow = min(max(shadow, 0.15), 1)
	around := (0.75 - 0.25*n[1]) * open
	level := (1-p.fill)*1.3*diffuse*shadow + p.fill*around
	t := p.reflectance(inHead(at, turn), material).times(level)
	half := unit([3]float64{p.lamp[0], p.lamp[1], p.lamp[2] + 1})
	shine := math.Pow(max(dot(n, half), 0), 28) * shadow * (1 - p.fill)
	switch material {
	case matSkin, matHand:
		shine *= 0.05
	case matEye, matFrame:
		shine *= 0.3
	case matHair:
		shine *= 0.06
	case matCover:
		if p.Wears == WearsSunglasses {
			shine *= 0.2
		} else {
			shine *= 0.01
		}
	default:
		shine = 0
	}
	return tint{t.r + shine, t.g + shine, t.b + shine}, true
}
