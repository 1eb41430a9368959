package checks

import "sync"

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

	// PrintedColour is the share of a document's area with a colour beside its paper's (0 to 1) below which a document that
	// is printed in colour is a grey copy. 0.004: of 76 grey copies of the tuning half of the labelled sets, under lamps, tubes
	// and shade, 75 stay at or below 0.0004 and one reaches 0.0022; cards, permits and licences begin at 0.015.
	PrintedColour float64
	// SealColour is that share where a seal may be all the colour that there is. 0.0012: pages with one small square seal, the
	// least that there is, begin at 0.0021 there; a round seal of 38 mm reaches 0.01.
	SealColour float64
	// ColourConfidence is the confidence in where the document lies from which its colour is judged. 0.5: where it is
	// more likely wrong than right, the table might be judged.
	ColourConfidence float64
	// GreyPicture is the chroma in CIELAB, of the light and of what is left without it, below which a whole picture has no colour at
	// all. 0.5: a file of one component has 0, and what rounding leaves of grey in JPEG stays below, while light alone colours
	// nearly any photo more.
	GreyPicture float64
	// ColourTiles is on how many places of the document text has to be found for it to be called a copy. 7: copies show print on 10
	// and more, what is held to be a document and is a window, a book or somebody's coat on 6 at most.
	ColourTiles int
	// ColourMeasured is the share of the document (0 to 1) that has to be measurable, neither covered nor burnt out. 0.5:
	// colour that was there may be lost in the rest.
	ColourMeasured float64
	// ColourInk is the luma of print below which white paper of a picture that does not say that a camera took it was not burnt. 100: two grey
	// letters on paper of 254 have print of 76 and 89; originals of which half is burnt without a colour left have 119 and more.
	ColourInk float64
	// ColourNoise is the noise of colour in CIELAB beyond which a photo does not tell. 3: pale print of a chroma of 10
	// then drowns.
	ColourNoise float64
	// Recapture is the probability from which a photo is taken for one of a screen. 0.23: it is a suspicion, said with its reasons, and only asks
	// for another photo, so that one in four is worth saying. Of the opened test halves 16 of 3,455 other photos reach it (wavy print for
	// the most part), and 18 of 121 photos of screens do not: those whose pixels neither phone nor file has kept. Of documents whose print
	// came by lot, much of it fine lines all over, 14 of 1,158 reach it.
	Recapture float64

	// FaceConfidence is the confidence of UltraFace from which something is a face if at least one half of it is one by FaceHalf, and
	// FaceConfidencePlain that from which it is one whatever the halves. 0.85 and 0.999: faces that people show lie above 0.93, most
	// above 0.995, and those behind a mask or out of focus mostly above 0.85; sockets reach 0.998, leaves and fur less.
	FaceConfidence, FaceConfidencePlain float64
	// FaceConfidenceSoft is the confidence from which something out of focus, of less detail than FaceHalfDetail, is a face. 0.75: of such
	// faces it reaches 0.8, and what is said of them, that they are unclear, costs the same photo again as that there is none.
	FaceConfidenceSoft float64
	// FaceWholeDetail is the detail below which the halves do not speak against a face. 22: below, halves of true ones come down to
	// 0.38; what is none and looks like one is sharp, from 25 on.
	FaceWholeDetail float64
	// FaceHalf is the confidence that the better half of a face has to reach. 0.4: of faces that look at the camera it reaches 0.6,
	// masked or not, of sockets 0.3.
	FaceHalf float64
	// FaceBothHalves is the confidence of both halves of a face from which FaceConfidenceSoft is enough of the whole. 0.9: small faces that look
	// at the camera reach 0.97 where the whole reaches 0.82, and what only looks like a face is one in no half.
	FaceBothHalves float64
	// FaceSeen is the shorter side of a face in pixels below which nothing is said to be the person. 50: the portraits on cards that
	// people hold up reach 42, whether the card was found or not, and nobody could be recognized by as little.
	FaceSeen float64
	// FaceConfidencePigo is the confidence of the cascade from which something is a face. It is held to more, since nobody looks again
	// where it says that all is well.
	FaceConfidencePigo float64
	// FaceSide is the shorter side of a face in pixels from which it can be recognized. 60: below, two people cannot be told apart
	// by eye, and reviewers send such photos back.
	FaceSide float64
	// FaceDetail is how many times the width of its contours a face has to be wide. 17: sharp faces of 60 pixels reach 19, and
	// below 17 eyes and mouth are each a smear.
	FaceDetail float64
	// FaceLowerHalf is the confidence that the lower half by itself has to reach where nose and mouth stand out less than
	// FaceMouthPlain, and FaceLowerHalfPlain where they do. 0.86 and 0.5: under masks it stays below 0.86 but for those who wear
	// spectacles, under hands below 0.36; of those that face the camera it nearly always reaches 0.95, and 0.6 where the face is soft.
	FaceLowerHalf, FaceLowerHalfPlain float64
	// FaceMouth is the contrast that nose and mouth have to have, whatever the detector says. 0.13 and 0.18: masks come to 0.11, of
	// faces that are in focus one in a hundred stays below 0.17, and most reach 0.22.
	FaceMouth, FaceMouthPlain float64
	// FaceArm is how much more skin there may be beside a face on one side for nose and mouth that stand out to speak for themselves. 0.25:
	// with an arm beside it, FaceLowerHalf holds, since fingers stand out as lips do. Of hands that cover a mouth 18 of 21 show 0.29 and more,
	// without one 5 faces of 140 reach 0.25, in front of a wall or beside hair of the skin's colour, and lower halves of 0.97 at least.
	FaceArm float64
	// FaceHalfDetail is the detail, as FaceDetail counts it, from which halves are judged. 17: of what is out of focus half is none.
	FaceHalfDetail float64
	// FaceDarkEyes is the share of the band of the eyes that may be dark. 0.43: of those who wear none brows, lashes and thick frames
	// take up to 0.36, sunglasses on any skin 0.48 and more.
	FaceDarkEyes float64

	// DocumentSeen is the confidence below which no document was found at all. 0.3: of quadrilaterals below, hardly one in ten
	// is a document, while a person who looks at the photo decides in a second.
	DocumentSeen float64
	// DocumentSure is the confidence from which the photo is held to what was measured of the document. 0.7: on the tuning half
	// of the labelled photos nothing that was found with as much was wrong, while of the documents that the frame cuts off, which
	// are harder to be sure of, a good part lies between 0.7 and 0.8.
	DocumentSure float64
	// HeldSure is the same of a document that a person holds. 0.8: it is small in the picture and in front of clothes and rooms, whose lines
	// are taken for its sides more often than those of a table; of those that reached 0.7 and no more none was right.
	HeldSure float64
	// OutsideMM is how far the document may reach beyond the picture. 1 mm: less is the width of the paper's own edge and what the
	// corners are uncertain by; the print of every document stays farther from its edge.
	OutsideMM float64
	// FormatLikelihood is how likely the shape has to be that of a card for a document that was declared as one to be measured as
	// one. 0.05: passports and booklets are handed in as identity documents too.
	FormatLikelihood float64
	// FrameShare is the share of the picture that a document has to fill. 0.15: whoever fills less stood too far away, since a
	// card in a phone's frame fills a third and more, and the bureau's reviewer sees it as small as it is sent.
	FrameShare float64
	// FrameShareUnsure is the same where the document is not known for sure, which it never is where it is tiny. 0.1: two thirds of
	// FrameShare, since its size is uncertain then.
	FrameShareUnsure float64
	// CardPxPerMM is the resolution that a card needs: its small characters are 2.5 mm high, and Chinese ones are read from 12
	// pixels of height. SheetPxPerMM is that of a page, whose print is 3.7 mm (10.5 points) and more: 2.85 makes it 10.5 pixels of
	// body, 12 with the room above and below it that a line of type has.
	CardPxPerMM, SheetPxPerMM float64
	// FarResolution is the share of that which print has at least where what is seen aslant is smallest. 0.85: 9 pixels of the smallest print
	// of a page, 10 of print of 4.1 mm (11.7 points). Of the labelled photos of two halves and of print by lot that were not found too small,
	// 4 of the 7 that are, 8 whose print is from 10 to 15 pixels and none with more lie below.
	FarResolution float64
	// TextHeightPx is the height in pixels below which print is too small, whatever the document's. 11.5: Chinese characters are read from
	// 10 to 12 pixels. What is measured of print of 8 to 15 pixels is 0.8 to 1.15 of its height (1st to 9th decile of 260 labelled photos):
	// of 19 photos with print of up to 10 the limit finds 17, of 1,970 with 15 and more it refuses 3.
	TextHeightPx float64
	// FarTextHeightPx is the same for the second smallest of the places that were measured. 10.5: 3 of 2,440 photos whose print is 15 pixels
	// high and more have two places below it, while the far side of a page that leans by 45 degrees comes to 10.
	FarTextHeightPx float64
	// CutOffSeen is the confidence, and CutOffShare the share of the document outside the frame, from which a document that is not known
	// for sure is said to be cut off. 0.15 and 0.05: with two corners to be seen no quadrilateral is sure, but of those that reach so
	// far out of the picture all on the tuning half were documents that do. From DocumentSeen on any that leaves it is: of 17 such in six
	// labelled sets that were no surer, 5 are documents that are cut off, 4 documents that are not, and 8 no documents, of which nothing
	// else would be said.
	CutOffSeen, CutOffShare float64
	// Tilt is the angle in degrees from straight above. 32: print is then shortened to 85 % one way, which is read without
	// trouble, while at 40 the far side of a page is out of focus; between them lies what the angle is uncertain by. It is judged from
	// DocumentSure on: the angle of what may be no document is that of chance.
	Tilt float64
	// Occluded is the share of the document that may be covered. 0.0025: the tip of a finger on the edge of a card covers 1 %, of which
	// a third is seen where light falls on the nail.
	Occluded float64
	// OccludedSeen is the confidence from which what lies on a document is told. 0.45, less than DocumentSure: what covers a document
	// hides a part of what it is known by.
	OccludedSeen float64
	// OccludedHeld is how far in a thumb may reach on a card that somebody holds, as a share of its shorter side. 0.35: a
	// card is held between thumb and finger by 10 to 16 mm of 54, and who asks for it to be held cannot ask for that to be away; what
	// reaches further lies across the print. What a thumb hides of the name or the number is found by reading.
	OccludedHeld float64
	// OtherDocument is the confidence from which a second document counts, and OtherSize how large it has to be beside the first.
	// 0.3, from which a first one is seen, and a quarter: a second one lowers the confidence of both, and of 2,430 photos that show
	// one document 2 have something beside it that reaches 0.3. The finding only asks for a person; a note or the corner of something
	// else is smaller.
	OtherDocument, OtherSize float64

	// ScaleRatio is how far the scales of a document's two sides may be apart, as the larger over the smaller, and
	// ScaleRatioDoubtful from where they are for certain. 1.03 and 1.08: located corners leave the scale uncertain by 1 or 2 %, and
	// a hand that turns the card over under a held phone moves by 2 %; a difference of 8 % is seen with the naked eye where the
	// two sides stand side by side.
	ScaleRatio, ScaleRatioDoubtful float64
	// PairOutsideShare is the share of a document beyond the frame from which its scale is not known. 0.25: the corners that are
	// not in the picture are where two sides would meet, and with less of both sides they are uncertain by several percent.
	PairOutsideShare float64

	// SurroundSeen is the share of the band around a card that has to be in both pictures for the ground to be compared. 0.4: two sides of
	// four.
	SurroundSeen float64
	// LightTone is the change of the light's blue over its green, as a natural logarithm, from which light is another. 0.1: lamplight has
	// a third less blue than daylight (0.4), the white of a phone follows light by half of that or more, and the tints of front and back
	// differ by up to 0.09.
	LightTone float64
	// GroundTone is the same of the ground's own colour, and GroundLight its lightness in CIELAB beside the card's, from which the ground
	// is another. 0.3 and 18: boards of one table differ by 8 in lightness and 0.1 in tone; wood, cloth, stone and paper by 30 or 0.4.
	GroundTone, GroundLight float64
	// PartTextPx is the height in pixels that the smallest print of a composite of our own keeps. 12: above TextHeightPx, so that
	// what we make is not what we would send back.
	PartTextPx float64
	// PartSure is the confidence from which a card in a stitched picture is measured. 0.5: parts stand on white or side by side, where
	// hardly anything else has four edges and the print of a document, and a second document lowers the confidence of both.
	PartSure float64
	// PartsOverlap is the share of the smaller part from which one covers another. 0.03: corners that were located badly and the rounded
	// ones of cards make 1 %.
	PartsOverlap float64

	// Sharpness is the least height of the smallest body text over the 10-90 % width of its edges. 4: an edge may be a quarter
	// as wide as a character is high. Read by people, the hardest Chinese characters take detail of 2.00 cycles over their
	// height to be told apart at all (Wang and Legge, Journal of Vision 18(1):1, 2018); blur of width w leaves detail of f cycles
	// the contrast exp(-3.0 (f w/h)^2), a tenth of it at f = 0.88 h/w: 3.5 cycles at the limit, and those 2.00 at w = 0.44 h.
	// Read by PP-OCRv4 mobile (162 lines of five drawn documents, characters 26 pixels high, blurred by a Gaussian in linear
	// light), 1 % of characters are wrong when sharp, 1.6 % at w = 0.20 h, 3 % at 0.25, 9 % at 0.30, 26 % at 0.35 and 43 % at
	// 0.40, where 96 % of lines have a mistake. So text is readable up to 0.20, unreadable from 0.35, and the limit lies
	// between, where a reviewer begins to guess.
	Sharpness float64
	// SharpnessUnlocated holds instead where the document is not known for sure. 2.5: width 0.4, at which nothing can be read
	// whatever it is.
	SharpnessUnlocated float64
	// Detail is the contrast of the print's detail, over that of sharp print, below which it counts as less sharp than its edges are, by
	// the square of what it lacks. 0.45: sharp print of any template reaches 0.6, and print at the limit of what can be read 0.5; of that
	// which movement has doubled a quarter is left, or less, while its edges may be as sharp as ever.
	Detail float64
	// SharpnessText is the height of text in pixels below which SharpnessUnlocated holds, too. 10: the strokes of a character are
	// then a pixel apart and run into each other behind the best of lenses; that it is too small is said by what measures it.
	SharpnessText float64
	// SharpnessTiles is on how many places of the document text must have been measured. 2: one may be a stain.
	SharpnessTiles int
	// SharpnessOneTile holds where it was measured on fewer, on a document that is known for sure. 1: an edge as wide as a character is
	// high; blur that strong leaves hardly a line to measure.
	SharpnessOneTile float64
	// MotionShare is how much wider edges are along the direction of movement than across it, over their width, for blur to be
	// called movement. 0.35: strokes of print lie unevenly in the two directions, which makes defocus look like movement of up to
	// a quarter; movement that alone makes text unreadable reaches a half.
	MotionShare float64
	// PaperLevel is the least luma of the document's paper, 0 to 255. 100: white paper then sends 13 % of the light that
	// saturates, an eighth of which is ink and noise; phones left to themselves give 170 to 240, and 125 in a dim room.
	PaperLevel float64
	// LightPrint is how many times lighter than the ground print has to be to be the white of a dark document. 1.6: nothing on
	// 2,100 pages and cards with dark print is more than 1.1 times as light as their paper, letters on dark cards are 2 times and more.
	LightPrint float64
	// PaperLevelUnlocated is the least luma of the brightest part of a picture in which no document was found. 62: paper would then send
	// 5 % of the light that saturates, while of a brown table in good light something is brighter.
	PaperLevelUnlocated float64
	// ClippedShare is the share of the paper that may be of one saturated colour. 0.8: bright paper in even light comes to 0.79
	// although its print is as black as ever, paper exposed by a half too much to 0.84 and more, on coloured documents too.
	ClippedShare float64
	// ClippedShareUnlocated is that of a picture in which no document was found, unless somebody holds one before a bright window. 0.7: around
	// the lost document something of the table is always less than burnt. Of the labelled photos those that white hides the document in
	// come to 0.76 and more (14), no other to more than 0.59.
	ClippedShareUnlocated float64
	// WashedInk is the luma of ink from which saturated paper has cost print. 45: black print that is still black (28 to 40) can
	// be read on any white, such as that of a picture that a computer drew.
	WashedInk float64
	// WashedInkUnknown is that of pictures that do not say that a camera took them. 90: black print that a computer drew, and made smaller
	// until strokes are a few pixels wide, comes to 45 to 70, and what is washed out of such pictures to 117 and more.
	WashedInkUnknown float64
	// BurntShare is the share of the paper of one saturated colour from which fine print is lost, however black bold print still is. 0.9:
	// what the darkest stroke says is then a title's or a frame's. Of 3,000 photos of no more light than white paper takes whose print is
	// still black none comes to 0.63, of the photos of too much light those that keep a black bar come to 0.93 and more.
	BurntShare float64
	// LiftedInk is the luma of print from which it is pale because white was added to the picture, in pictures that do not say that a camera
	// took them, and LiftedShare the share of the paper of one saturated colour that is then too much. 100 and 0.4: of 469 flat pictures without such
	// light whose print is sharp and 95 or more, all of domain certificates, which are left alone, the largest share is 0.32; of those with it one in
	// three comes to 104 and 0.46 and more. Photos, whose light may fall off, are not held to it: their print reaches 181 at 0.52 where nothing is lost.
	LiftedInk, LiftedShare float64
	// LiftedSharpness is the sharpness from which print shows its own colour. 9: a stroke is about a tenth as wide as text is high; where
	// edges are wider than that, no stroke is as dark as its ink (letters that were moved come to 168 at 2 and 122 at 7).
	LiftedSharpness float64
	// BacklightShare is the share of a document of less confidence than BacklightConfidence that has to be of one saturated colour for it to
	// be a window or a lamp. 0.9 and 0.86: windows that were taken for documents reach 0.7, and what a photo has burnt out and is a
	// document 0.86. Its surroundings are then held to PaperLevelUnlocated; beside paper that was exposed too much they
	// come to 87 and more, around windows that darken a document to 43 and less.
	BacklightShare, BacklightConfidence float64
	// WholeFrame is the share of the picture from which the document is the picture. 0.97: nobody holds a phone so exactly over a
	// page that less than a hundredth of each side is table.
	WholeFrame float64
	// KindSure is the confidence from which a document is said to be another than the one declared, or its other side. 0.8: that of which
	// at most 1 in 200 kinds may be wrong (the bar for recognizing them); below, a person looks. KindSeen is the confidence from which it
	// is held to be the one declared. 0.5: it is then more likely this than all else together.
	KindSure, KindSeen float64
	// FieldSure is the mean confidence of a field's characters from which what was read may fail a file. 0.9: the recognizer gives 0.95
	// and more to clean print, and what is read wrong mostly below 0.9.
	FieldSure float64
	// NumberSure is that from which a number is said to be wrong, or a person's name that differs by one character to be another's.
	// 0.97: one wrong character of 18 makes a number invalid, and that of one read wrong is in doubt: its share pulls the mean of a
	// number down to 0.97 at least where it is 0.5.
	NumberSure float64
	// GlareShare and GlareTextShare are the shares of the document and of its text that a reflection may cover. 0.025 and 0.03:
	// the bar is 3 % of the document; less is a point of light or the white ground of a portrait.
	GlareShare, GlareTextShare float64
	// GlareLarge is the share of the document from which a reflection counts whatever text was seen beside it. 0.05: a title or a column that
	// is gone leaves no lines to tell where it was; in 3,827 labelled photos each reflection of 0.03 and more beside no text was one, and
	// half of them had covered some.
	GlareLarge float64
	// GlareSeen is the confidence from which a reflection counts on a document that nobody holds. 0.5: light that hides a document's sides
	// takes from the confidence that it is one. Of all labelled sets six more reflections are found by it, and two at most are none.
	GlareSeen float64
	// GlarePortrait is how far from the middle of a portrait's face, in heights of it, what is bright is the white ground that it was printed
	// on, and no reflection: the face is seen. 1.4: the grounds of portraits end at 1.2, reflections that reach them go on to 2.2 and more.
	GlarePortrait float64
}

// loadThresholds is the default table, made once: nobody here changes it.
var loadThresholds = sync.OnceValue(func() *Thresholds {
	t := DefaultThresholds()
	return &t
})

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
		PrintedColour:         0.004,
		SealColour:            0.0012,
		ColourConfidence:      0.5,
		GreyPicture:           0.5,
		ColourTiles:           7,
		ColourMeasured:        0.5,
		ColourInk:             100,
		ColourNoise:           3,
		Recapture:             0.23,
		FaceConfidence:        0.85,
		FaceConfidencePlain:   0.999,
		FaceConfidenceSoft:    0.75,
		FaceWholeDetail:       22,
		FaceHalf:              0.4,
		FaceBothHalves:        0.9,
		FaceConfidencePigo:    0.9,
		FaceSide:              60,
		FaceDetail:            17,
		FaceLowerHalf:         0.86,
		FaceLowerHalfPlain:    0.5,
		FaceMouth:             0.13,
		FaceMouthPlain:        0.18,
		FaceArm:               0.25,
		FaceHalfDetail:        17,
		FaceSeen:              50,
		FaceDarkEyes:          0.43,
		DocumentSeen:          0.3,
		DocumentSure:          0.7,
		HeldSure:              0.8,
		OutsideMM:             1,
		FormatLikelihood:      0.05,
		FrameShare:            0.15,
		FrameShareUnsure:      0.1,
		CardPxPerMM:           4.8,
		SheetPxPerMM:          2.85,
		FarResolution:         0.85,
		TextHeightPx:          11.5,
		FarTextHeightPx:       10.5,
		CutOffSeen:            0.15,
		CutOffShare:           0.05,
		Tilt:                  32,
		Occluded:              0.0025,
		OccludedSeen:          0.45,
		OccludedHeld:          0.35,
		OtherDocument:         0.3,
		OtherSize:             0.25,
		ScaleRatio:            1.03,
		ScaleRatioDoubtful:    1.08,
		PairOutsideShare:      0.25,
		SurroundSeen:          0.4,
		LightTone:             0.1,
		GroundTone:            0.3,
		GroundLight:           18,
		PartTextPx:            12,
		PartSure:              0.5,
		PartsOverlap:          0.03,
		Sharpness:             4,
		SharpnessUnlocated:    2.5,
		Detail:                0.45,
		SharpnessText:         10,
		SharpnessOneTile:      1,
		SharpnessTiles:        2,
		MotionShare:           0.35,
		PaperLevel:            100,
		LightPrint:            1.6,
		PaperLevelUnlocated:   62,
		ClippedShare:          0.8,
		ClippedShareUnlocated: 0.7,
		WashedInk:             45,
		WashedInkUnknown:      90,
		BurntShare:            0.9,
		LiftedInk:             100,
		LiftedShare:           0.4,
		LiftedSharpness:       9,
		BacklightShare:        0.9,
		BacklightConfidence:   0.86,
		WholeFrame:            0.97,
		GlareShare:            0.025,
		GlareTextShare:        0.03,
		GlareLarge:            0.05,
		GlareSeen:             0.5,
		GlarePortrait:         1.4,
		KindSure:              0.8,
		KindSeen:              0.5,
		FieldSure:             0.9,
		NumberSure:            0.97,
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
