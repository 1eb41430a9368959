package specimen

// thirdPhones are the cameras of Test3: long and wide lenses beside those that most phones have, one that sharpens a lot, one
// that hardly takes noise away, one that paints, and one that writes few bytes.
func thirdPhones() []phone {
	return []phone{
		{name: "R1", fov: 74, sizes: [][2]int{{2240, 1680}, {2240, 1680}, {2240, 1260}, {2240, 1680}, {3840, 2880}}, lens: 0.6,
			distortion: 0.008, vignette: 0.22, aberration: 0.45,
			read: 0.0012, shot: 0.0085, demosaic: 0.45, smear: 0.5, sharpen: 0.9, halo: 1.3, curve: 0.2, saturation: 1.14,
			quality: 90, chroma: Chroma420, software: "R1-18.1", fnumber: Rational{16, 10}, focal: Rational{62, 10}},
		{name: "R2", fov: 52, mute: true, sizes: [][2]int{{1824, 1368}, {2016, 1512}}, lens: 0.72, distortion: -0.006, vignette: 0.08,
			aberration: 0.3,
			read:       0.0021, shot: 0.0125, demosaic: 0.6, smear: 0.2, sharpen: 0.45, halo: 1.2, curve: 0.08, saturation: 1,
			quality: 94, chroma: Chroma422, software: "R2 6.0.12", bigEndian: true, fnumber: Rational{20, 10}, focal: Rational{77, 10}},
		{name: "R3", fov: 84, sizes: [][2]int{{2304, 1728}, {2304, 1728}, {2304, 1296}}, lens: 0.82, distortion: 0.024,
			vignette: 0.36, aberration: 1.1,
			read: 0.0028, shot: 0.015, demosaic: 0.8, smear: 0.65, sharpen: 1.1, halo: 1.7, curve: 0.22, saturation: 1.18,
			quality: 84, chroma: Chroma420, progressive: true, software: "R3.240611", fnumber: Rational{22, 10}, focal: Rational{19, 10}},
		{name: "R4", fov: 65, sizes: [][2]int{{1728, 1296}, {2080, 1560}, {2080, 1560}}, lens: 0.92, distortion: 0.012,
			vignette: 0.3, aberration: 0.85,
			read: 0.0036, shot: 0.0185, demosaic: 0.9, smear: 0.95, sharpen: 0.6, halo: 1.9, curve: 0.1, saturation: 0.9,
			quality: 78, chroma: Chroma420, software: "3.4.0", fnumber: Rational{24, 10}, focal: Rational{34, 10}},
		{name: "R5", fov: 68, sizes: [][2]int{{2400, 1800}, {1968, 1476}, {1968, 1476}, {3072, 2304}}, lens: 0.58, distortion: -0.001,
			vignette: 0.12, aberration: 0.2,
			read: 0.0016, shot: 0.0105, demosaic: 0.35, smear: 0.05, sharpen: 0.2, halo: 0.9, curve: 0.06, saturation: 1.04,
			quality: 96, chroma: Chroma444, software: "R5 OS 15.2", fnumber: Rational{18, 10}, focal: Rational{58, 10}},
		{name: "R6", fov: 61, sizes: [][2]int{{1888, 1416}, {1888, 1062}, {1888, 1416}}, lens: 0.76, distortion: 0.005,
			vignette: 0.25, aberration: 0.65,
			read: 0.0023, shot: 0.014, demosaic: 0.7, smear: 0.35, sharpen: 1.55, halo: 0.8, curve: 0.3, saturation: 1.26,
			quality: 87, chroma: Chroma420, software: "", bigEndian: true, fnumber: Rational{19, 10}, focal: Rational{47, 10}},
	}
}
