package specimen

// freshPhones are the cameras of Test2: newer ones that take more light and sharpen less, cheap ones that smear, and one that
// writes small files.
func freshPhones() []phone {
	return []phone{
		{name: "N1", fov: 71, sizes: [][2]int{{2176, 1632}, {2176, 1632}, {2448, 1836}, {2176, 1632}, {4096, 3072}}, lens: 0.56,
			distortion: -0.003, vignette: 0.1, aberration: 0.25,
			read: 0.001, shot: 0.0075, demosaic: 0.4, smear: 0.3, sharpen: 0.15, halo: 0.8, curve: 0.14, saturation: 1.1,
			quality: 88, chroma: Chroma420, software: "17.4.1", bigEndian: true, fnumber: Rational{15, 10}, focal: Rational{68, 10}},
		{name: "N2", fov: 58, mute: true, sizes: [][2]int{{1680, 1260}, {1920, 1440}}, lens: 1.02, distortion: 0.018, vignette: 0.4,
			aberration: 1.4,
			read:       0.0042, shot: 0.021, demosaic: 1, smear: 0.85, sharpen: 0.75, halo: 2.1, curve: 0.18, saturation: 0.94,
			quality: 80, chroma: Chroma420, software: "N2A.230118", fnumber: Rational{26, 10}, focal: Rational{30, 10}},
		{name: "N3", fov: 67, sizes: [][2]int{{2340, 1080}, {2272, 1704}, {1792, 1344}, {2272, 1704}}, lens: 0.7, distortion: 0.006,
			vignette: 0.2, aberration: 0.55,
			read: 0.0019, shot: 0.0118, demosaic: 0.6, smear: 0.55, sharpen: 1.35, halo: 0.9, curve: 0.26, saturation: 1.22,
			quality: 86, chroma: Chroma420, progressive: true, software: "N3 14.0.5", fnumber: Rational{18, 10}, focal: Rational{55, 10}},
		{name: "N4", fov: 80, sizes: [][2]int{{2112, 1188}, {2112, 1584}, {2112, 1584}}, lens: 0.78, distortion: -0.02,
			vignette: 0.3, aberration: 0.8,
			read: 0.0024, shot: 0.0135, demosaic: 0.75, smear: 0.15, sharpen: 0.5, halo: 1.5, curve: 0.04, saturation: 0.98,
			quality: 95, chroma: Chroma444, software: "4.1", fnumber: Rational{22, 10}, focal: Rational{22, 10}},
		{name: "N5", fov: 63, sizes: [][2]int{{1872, 1404}, {1872, 1404}, {1872, 1404}, {3456, 2592}}, lens: 0.64, distortion: 0.001,
			vignette: 0.15, aberration: 0.35,
			read: 0.0014, shot: 0.0096, demosaic: 0.5, smear: 0.4, sharpen: 0.65, halo: 1.1, curve: 0.12, saturation: 1.06,
			quality: 91, chroma: Chroma422, software: "N5.OS 2.0.0.168", fnumber: Rational{17, 10}, focal: Rational{50, 10}},
		{name: "N6", fov: 69, sizes: [][2]int{{2560, 1920}, {1760, 1320}, {1760, 1320}, {1760, 1320}}, lens: 0.88, distortion: 0.009,
			vignette: 0.28, aberration: 1,
			read: 0.003, shot: 0.0165, demosaic: 0.85, smear: 0, sharpen: 0.05, halo: 1, curve: 0, saturation: 0.86,
			quality: 98, chroma: Chroma420, software: "", bigEndian: true, fnumber: Rational{24, 10}, focal: Rational{41, 10}},
	}
}
