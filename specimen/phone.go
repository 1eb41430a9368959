package specimen

import (
	"math"
	"time"
)

// phone is a camera of the labelled sets (手机): its optics, its sensor and what it does to pictures. None exists.
type phone struct {
	name string
	// fov is the angle of view along the long side in degrees.
	fov float64
	// sizes are the sizes that it takes, long side first.
	sizes [][2]int
	// lens is the sigma of the point spread in focus at 2 megapixels on 1600, in pixels; it grows with the pixels.
	lens float64
	// distortion is k1 of the radial model r' = r(1 + k1 r^2), r in half diagonals: what is left after correction.
	distortion float64
	// vignette is the loss of light in the corners, aberration the shift of red against blue there in pixels.
	vignette, aberration float64
	// read and shot are the noise at base sensitivity: sigma in the dark, and sigma at white (EMVA 1288 linear model:
	// variance = read^2 + shot^2 * signal).
	read, shot float64
	// demosaic is how much red and blue are softened by interpolation (0 to 1).
	demosaic float64
	// smear is the strength of noise reduction (0 to 1), which cheap phones turn up until fine print looks painted.
	smear float64
	// sharpen is the amount of unsharp masking, halo its radius in pixels.
	sharpen, halo float64
	// curve is the contrast added by the tone curve (0 to 0.5), saturation the factor on chroma.
	curve, saturation float64
	quality           int
	chroma            Subsampling
	progressive       bool
	software          string
	bigEndian         bool
	fnumber           Rational
	focal             Rational
	// mute phones do not write the focal length for film of 35 mm, which is optional in EXIF.
	mute bool
}

func phonesOf(half Half) []phone {
	switch half {
	case Test3:
		return thirdPhones()
	case Test2:
		return freshPhones()
	}
	mp2, mp3, mp5 := [2]int{1632, 1224}, [2]int{2048, 1536}, [2]int{2592, 1944}
	wide2, wide4 := [2]int{1920, 1080}, [2]int{2560, 1440}
	mp8, mp12 := [2]int{3264, 2448}, [2]int{4000, 3000}
	if half == Tune {
		return []phone{
			{name: "T1", fov: 66, sizes: [][2]int{mp3, mp3, mp3, mp2, mp3, mp5, mp3, mp12}, lens: 0.62,
				distortion: 0.004, vignette: 0.15, aberration: 0.4,
				read: 0.0014, shot: 0.009, demosaic: 0.5, smear: 0.15, sharpen: 0.35, halo: 1, curve: 0.12, saturation: 1.08,
				quality: 93, chroma: Chroma420, software: "1.0.3", fnumber: Rational{18, 10}, focal: Rational{43, 10}},
			{name: "T2", fov: 62, sizes: [][2]int{mp2, mp2, mp3}, lens: 0.85, distortion: -0.012, vignette: 0.3,
				aberration: 0.9,
				read:       0.003, shot: 0.016, demosaic: 0.9, smear: 0.55, sharpen: 0.9, halo: 1.4, curve: 0.2, saturation: 1.2,
				quality: 87, chroma: Chroma420, software: "T2-user 5.1", bigEndian: true, fnumber: Rational{24, 10}, focal: Rational{35, 10}},
			{name: "T3", fov: 70, sizes: [][2]int{mp3, wide4, mp3, mp5}, lens: 0.7, distortion: 0.01,
				vignette: 0.22, aberration: 0.6,
				read: 0.002, shot: 0.012, demosaic: 0.7, smear: 0.35, sharpen: 0.6, halo: 1.1, curve: 0.16, saturation: 1.0,
				quality: 95, chroma: Chroma422, software: "3.2", fnumber: Rational{20, 10}, focal: Rational{40, 10}},
			{name: "T4", fov: 64, mute: true, sizes: [][2]int{wide2, mp3}, lens: 0.75, distortion: -0.006, vignette: 0.1, aberration: 0.3,
				read: 0.0022, shot: 0.013, demosaic: 0.6, smear: 0.25, sharpen: 0.2, halo: 0.9, curve: 0.05, saturation: 0.92,
				quality: 96, chroma: Chroma420, progressive: false, software: "7.0", fnumber: Rational{22, 10}, focal: Rational{38, 10}},
			{name: "T5", fov: 68, sizes: [][2]int{mp8, mp3, mp3, mp2, mp2, mp3}, lens: 0.68, distortion: 0.002,
				vignette: 0.18, aberration: 0.5,
				read: 0.0016, shot: 0.01, demosaic: 0.5, smear: 0.2, sharpen: 0.5, halo: 1.6, curve: 0.18, saturation: 1.12,
				quality: 90, chroma: Chroma420, software: "T5 MUI 10", fnumber: Rational{19, 10}, focal: Rational{42, 10}},
		}
	}
	return []phone{
		{name: "E1", fov: 69, sizes: [][2]int{{1984, 1488}, {2304, 1728}, {1984, 1488}, {1984, 1488}, {2304, 1728},
			{1984, 1488}, mp12}, lens: 0.6, distortion: 0.003, vignette: 0.12, aberration: 0.3,
			read: 0.0012, shot: 0.0085, demosaic: 0.45, smear: 0.1, sharpen: 0.25, halo: 0.9, curve: 0.1, saturation: 1.05,
			quality: 94, chroma: Chroma420, software: "14.2", bigEndian: true, fnumber: Rational{16, 10}, focal: Rational{51, 10}},
		{name: "E2", fov: 60, mute: true, sizes: [][2]int{{1600, 1200}, {1600, 1200}, {2080, 1560}}, lens: 0.95,
			distortion: -0.016, vignette: 0.36, aberration: 1.2,
			read: 0.0036, shot: 0.019, demosaic: 1, smear: 0.7, sharpen: 1.15, halo: 1.3, curve: 0.24, saturation: 1.28,
			quality: 84, chroma: Chroma420, software: "E2_v04", fnumber: Rational{28, 10}, focal: Rational{33, 10}},
		{name: "E3", fov: 73, sizes: [][2]int{{2400, 1350}, {2016, 1512}, {2016, 1512}, {2816, 2112}}, lens: 0.72,
			distortion: 0.013, vignette: 0.26, aberration: 0.7,
			read: 0.0021, shot: 0.0115, demosaic: 0.65, smear: 0.3, sharpen: 0.7, halo: 1.2, curve: 0.15, saturation: 0.97,
			quality: 92, chroma: Chroma444, software: "E3.11.0.1", fnumber: Rational{17, 10}, focal: Rational{47, 10}},
		{name: "E4", fov: 63, sizes: [][2]int{{1800, 1350}, {2240, 1680}}, lens: 0.8, distortion: -0.004,
			vignette: 0.2, aberration: 0.5,
			read: 0.0026, shot: 0.014, demosaic: 0.8, smear: 0.45, sharpen: 0.45, halo: 1.8, curve: 0.08, saturation: 0.9,
			quality: 97, chroma: Chroma422, software: "2019.08", fnumber: Rational{22, 10}, focal: Rational{36, 10}},
		{name: "E5", fov: 76, sizes: [][2]int{{1840, 1380}, {1840, 1380}, {1840, 1380}, {3264, 1836}}, lens: 0.66,
			distortion: 0.008, vignette: 0.33, aberration: 0.9,
			read: 0.0018, shot: 0.0105, demosaic: 0.55, smear: 0.2, sharpen: 0.85, halo: 1, curve: 0.2, saturation: 1.15,
			quality: 89, chroma: Chroma420, progressive: true, software: "E5 9.1.0", fnumber: Rational{18, 10}, focal: Rational{39, 10}},
		{name: "E6", fov: 65, sizes: [][2]int{{2048, 1152}, {2128, 1596}, {2048, 1152}, {2128, 1596}, {3120, 2340}},
			lens: 0.74, distortion: 0, vignette: 0.08, aberration: 0.2,
			read: 0.0015, shot: 0.0125, demosaic: 0.6, smear: 0.5, sharpen: 0, halo: 1, curve: 0, saturation: 1,
			quality: 91, chroma: Chroma420, software: "0.9-beta", fnumber: Rational{20, 10}, focal: Rational{44, 10}},
	}
}

// exif returns what the phone writes about a picture.
func (p phone) exif(orientation int, iso float64, seconds float64, at time.Time) Camera {
	c := Camera{Make: "SPECIMEN", Model: "SPECIMEN " + p.name, Software: p.software, TakenAt: at, Orientation: orientation,
		FNumber: p.fnumber, Focal: p.focal, ISO: uint16(min(max(iso, 50), 6400)), BigEndian: p.bigEndian}
	c.Exposure = Rational{1, uint32(max(1/seconds, 1))}
	if !p.mute {
		c.Focal35 = p.focal35()
	}
	return c
}

// focal35 is the focal length on film of 35 mm with the phone's angle of view, by the diagonals (CIPA DCG-001), in whole millimetres.
// It is that of the whole sensor of 4:3: phones write the same of a picture of which they cut two sides away.
func (p phone) focal35() uint16 {
	const film, sensor = 43.2666, 1.25 // diagonals: of 36 x 24 mm, and of 4:3 over its long side
	return uint16(math.Round(film / sensor / 2 / math.Tan(p.fov/2*math.Pi/180)))
}
