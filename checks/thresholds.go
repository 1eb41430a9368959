package checks

import (
	"github.com/preflight-icp/preflight/filing"
)

// Thresholds are the numbers that judging holds measurements against, all in one place, each with its reason. What the
// guide prescribes and dates (sizes, formats) is not here but in filing.UploadLimits, which come from the rules.
type Thresholds struct {
	// MaxPixels is the number of pixels that a picture may have. 64 megapixels: no photo of a document needs more, while
	// a file of 4 KB can claim 64,250 squared and fill 16 GB of memory.
	MaxPixels int64
	// MaxFrames is the number of pictures that a file may hold. One: a reviewer and the bureau see the first only.
	MaxFrames int

	// DuplicateDistance is the Hamming distance between perceptual hashes of 256 bits up to which two pictures are taken
	// for one and the same. 10 bits (4 %): one picture encoded again, scaled or shrunk by a chat app stays within a few
	// bits, two photos of different papers differ in dozens, and unrelated pictures in about 128.
	DuplicateDistance int
	// DuplicateDistanceBack holds instead where one of the two is a back. 2 bits: the backs of all ID cards look alike
	// but for one or two lines of small print, and to accuse an honest person costs more than to miss a copy.
	DuplicateDistanceBack int

	// ScreenshotEvidence is the sum of evidence from which a picture is taken for a screenshot. 100: one direct proof, or
	// three and more independent hints of which the size of a screen is one; without it the hints reach 80 at most.
	ScreenshotEvidence int
	// ScreenshotMarked: the device wrote "Screenshot" into the file. Proof by itself.
	ScreenshotMarked int
	// ScreenshotTool: the file names a screenshot tool as its maker. Proof by itself.
	ScreenshotTool int
	// PhoneScreen: exactly the size of the screen of a phone or tablet that no camera or film has. Strong, yet never
	// enough with what chat apps do to photos (they drop the camera data and scale to 1080 pixels): 55 + 20 + 20 < 100.
	PhoneScreen int
	// CommonScreen: exactly the size of a screen that films, cameras and chat apps produce too, such as 1920 x 1080.
	CommonScreen int
	// DrawnFormat: PNG or GIF, which screens are saved as and cameras never write.
	DrawnFormat int
	// NoCamera: neither make and model nor exposure. Weak: most chat apps and photo editors drop them from photos.
	NoCamera int
	// SomeFlat and MostlyFlat: so much of the picture is of one exact colour, block by block. Sensors have noise, so that
	// a camera's picture is flat only where it is saturated: a white page in hard light may reach a quarter, seldom half.
	SomeFlat, MostlyFlat int
	// SomeFlatShare and MostlyFlatShare are the shares of flat blocks (0 to 1) from which the two above count.
	SomeFlatShare, MostlyFlatShare float64
}

// DefaultThresholds returns the thresholds that the service judges by unless configured otherwise.
func DefaultThresholds() Thresholds {
	return Thresholds{
		MaxPixels:             64_000_000,
		MaxFrames:             1,
		DuplicateDistance:     10,
		DuplicateDistanceBack: 2,
		ScreenshotEvidence:    100,
		ScreenshotMarked:      100,
		ScreenshotTool:        100,
		PhoneScreen:           55,
		CommonScreen:          40,
		DrawnFormat:           20,
		NoCamera:              20,
		SomeFlat:              20,
		MostlyFlat:            40,
		SomeFlatShare:         0.25,
		MostlyFlatShare:       0.5,
	}
}

// GuideLimits returns the upload limits as the guide of 2020-10-20 has them (G6.upload.4: JPG, PNG, GIF; 200 KB <= size
// < 4 MB), for callers that judge without a rule set. With one, the limits come from its dated parameters.
func GuideLimits() filing.UploadLimits {
	return filing.UploadLimits{
		MinBytes: 200 * kib,
		MaxBytes: 4 * mib,
		Formats:  []filing.Format{filing.FormatJPEG, filing.FormatPNG, filing.FormatGIF},
		Clause:   "G6.upload.4",
	}
}

// computerMade reports whether a material is ordinarily a picture that a computer drew. Registrars hand out domain
// certificates as pictures to be downloaded (the guide of 2019 tells how, M2.domain_certificate): that such a file is a
// PNG, flat and without camera data says nothing against it, and two certificates of one registrar look alike but for
// a line of text, so that only the same bytes are the same picture.
func computerMade(material string) bool { return material == "domain_certificate" }

// screen is a size in pixels, the longer side first.
type screen struct{ long, short int }

// phoneScreen reports whether a size is the native one of a phone's or tablet's screen that is not a usual size of
// photos or films as well. Sources: the makers' published specifications, current to 2025.
func phoneScreen(s screen) bool {
	switch s.short {
	case 640:
		return s.long == 1136
	case 720:
		switch s.long {
		case 1440, 1480, 1500, 1520, 1544, 1560, 1570, 1600, 1612, 1640, 1650:
			return true
		}
	case 750:
		return s.long == 1334
	case 828:
		return s.long == 1792
	case 1080:
		switch s.long {
		case 2160, 2220, 2240, 2244, 2246, 2248, 2256, 2270, 2280, 2310, 2312, 2316, 2328, 2340, 2376, 2388, 2392, 2400, 2408,
			2412, 2424, 2436, 2448, 2460, 2520, 2640:
			return true
		}
	case 1125:
		return s.long == 2436
	case 1170:
		return s.long == 2532
	case 1179:
		return s.long == 2556
	case 1206:
		return s.long == 2622
	case 1212, 1216, 1220, 1224, 1228, 1240, 1256, 1260, 1264, 1272, 1280:
		switch s.long {
		case 2616, 2640, 2652, 2656, 2664, 2670, 2688, 2700, 2712, 2720, 2750, 2760, 2772, 2780, 2800, 2832, 2844:
			return true
		}
	case 1242:
		return s.long == 2208 || s.long == 2688
	case 1284:
		return s.long == 2778
	case 1290:
		return s.long == 2796
	case 1320:
		return s.long == 2868
	case 1440:
		switch s.long {
		case 2880, 2960, 3040, 3088, 3120, 3168, 3200, 3216:
			return true
		}
	case 1488:
		return s.long == 2266
	case 1620:
		return s.long == 2160
	case 1640:
		return s.long == 2360
	case 1668:
		return s.long == 2224 || s.long == 2388
	case 2048:
		return s.long == 2732
	}
	return false
}

// commonScreen reports whether a size is that of a common screen that photos, films or chat apps may have too.
func commonScreen(s screen) bool {
	switch s {
	case screen{1280, 720}, screen{1280, 800}, screen{1366, 768}, screen{1440, 900}, screen{1536, 864}, screen{1600, 900},
		screen{1680, 1050}, screen{1920, 1080}, screen{1920, 1200}, screen{2160, 1440}, screen{2240, 1400},
		screen{2560, 1440}, screen{2560, 1600}, screen{2880, 1800}, screen{3024, 1964}, screen{3456, 2234},
		screen{3840, 2160}:
		return true
	}
	return false
}
