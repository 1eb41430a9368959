package specimen

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"github.com/preflight-icp/preflight/filing"
)

// Half is one of the labelled sets (标注样例集). Tune, Test, Test2 and Test3 share no template, no surface, no phone and no grain of
// noise: what is tuned on the one is tested on the other.
type Half string

// The halves.
const (
	Tune Half = "tune" // 调参集
	Test Half = "test" // 测试集
	// Prints is for tuning only (随机版面集): documents whose print came by lot, on the surfaces and by the phones of Tune and Test.
	Prints Half = "prints"
	// Lots is for fitting models to, and for nothing else (拟合集): other prints that came by lot, on the surfaces and by the phones of Tune, Test
	// and Test2, most of them of the groups in which documents are hard to find.
	Lots Half = "lots"
	// Grounds is for looking at, and for no fitting (照片底面集): prints by lot that no other set has, on photographs that packages carry.
	// Its cases are drawn with Case.DrawOn.
	Grounds Half = "grounds"
	// Pasted is for looking at, and for no fitting (拼贴集): pictures that were put together, and not taken. Kinds that people file and prints by
	// lot, of which the other sets have the layouts, on flat grounds, with every flaw done in the values of the file.
	Pasted Half = "pasted"
	// Test2 is the test half that came after Test was opened.
	Test2 Half = "test2"
	// Test3 is the one that comes after Test2 was opened: closed until thresholds are frozen again.
	Test3 Half = "test3"
)

// Halves lists the labelled sets.
func Halves() []Half { return []Half{Tune, Test, Prints, Lots, Grounds, Pasted, Test2, Test3} }

// Group is what a labelled photo is there for. A group holds its defect from mild to severe and what looks like it.
type Group string

// The groups.
const (
	GroupOrdinary   Group = "ordinary"   // 普通拍摄: tables, light and hands as most people have them
	GroupHard       Group = "hard"       // 困难定位: white on white, finger, clutter, low light, patterned ground
	GroupBlur       Group = "blur"       // 模糊: defocus and motion, readable to unreadable
	GroupGlare      Group = "glare"      // 反光: reflections on text, on blank parts and beside the document
	GroupCut        Group = "cut"        // 缺边: frames that cut, touch or nearly touch the document
	GroupCopy       Group = "copy"       // 复印件: grey copies, and coloured originals with hardly any colour
	GroupRecapture  Group = "recapture"  // 翻拍屏幕: photos of screens, and what has a fine pattern without being one
	GroupExposure   Group = "exposure"   // 曝光: too dark, too bright, backlit, and well exposed on a dark table
	GroupFace       Group = "face"       // 手持: rooms with the card held up, with and without a person
	GroupOccluded   Group = "occluded"   // 遮挡: fingers and objects on the document or beside it
	GroupTilted     Group = "tilted"     // 倾斜: from straight above to a steep angle
	GroupSmall      Group = "small"      // 过小: documents that fill too little of the picture, or just enough
	GroupSeveral    Group = "several"    // 多份证件: several documents, and one among papers that are none
	GroupClean      Group = "clean"      // 合格: good photos from phones and apps that process them differently
	GroupNoDocument Group = "nodocument" // 无证件: tables, fronts of buildings, rooms, screens of text
)

// Groups lists the groups in the order of Cases.
func Groups() []Group {
	return []Group{GroupOrdinary, GroupHard, GroupBlur, GroupGlare, GroupCut, GroupCopy, GroupRecapture, GroupExposure,
		GroupFace, GroupOccluded, GroupTilted, GroupSmall, GroupSeveral, GroupClean, GroupNoDocument}
}

// Case is one labelled photo (标注样例): how it is drawn. The same case gives the same bytes on every call, with any number
// of goroutines, on the same architecture and fonts.
type Case struct {
	// ID is stable: half, group and a number, such as tune/blur/0042.
	ID    string `json:"id"`
	Half  Half   `json:"half"`
	Group Group  `json:"group"`
	// Variant names what of the group the photo shows, such as "motion" or "white_on_white".
	Variant string `json:"variant"`
	// Template is the layout of the main document, empty where there is none; DocumentSeed decides what it says.
	Template     string `json:"template,omitempty"`
	DocumentSeed uint64 `json:"document_seed,omitempty"`
	Surface      string `json:"surface"`
	Phone        string `json:"phone"`
	Seed         uint64 `json:"seed"`
	// Degree is how much of the group's defect was asked for, in the unit that its plan names; 0 where it has none.
	Degree float64 `json:"degree"`

	setting setting
	// sitting is set for FaceCases and pasting for those of Pasted, which are drawn in other ways.
	sitting *sitting
	pasting *pasting
}

// Labelled is a photo with its truth.
type Labelled struct {
	// File is a JPEG as a phone or an app would write it. Its EXIF orientation may be any of 1 to 8, or absent.
	File  []byte
	Truth Truth
}

// byLot reports whether a set's documents have their print by lot. It has no surfaces, phones, hands and apps of its own.
func (h Half) byLot() bool { return h == Prints || h == Lots || h == Grounds }

// stock is the set whose surfaces, phones, hands and apps a photo is taken with: its own where it has them.
func (c Case) stock() Half {
	if !c.Half.byLot() {
		return c.Half
	}
	if c.Half == Lots {
		return [3]Half{Tune, Test, Test2}[c.Seed>>7%3]
	}
	return [2]Half{Tune, Test}[c.Seed>>7&1]
}

// size returns width and height in millimetres of the main document; those of a card where there is none.
func (c Case) size() (w, h float64) {
	if t, err := templateNamed(c.Template); err == nil {
		return t.size()
	}
	return Size("")
}

// Kind returns what the main document is; empty where there is none.
func (c Case) Kind() Kind {
	if c.Template == "" {
		return ""
	}
	t, err := templateNamed(c.Template)
	if err != nil {
		return ""
	}
	return t.kind
}

// straight reports whether the camera's axis goes through the middle of its picture.
func (c Case) straight() bool { return c.Half == Test3 }

// sizes is how many cases a half has of a group: such that the Wilson bound at 95 % can meet the bar of the group in the
// test half (n >= 381 without an error meets 1 %, n >= 765 meets 0.5 %), negatives of one group serving the others too.
func sizes(half Half, group Group) int {
	if half == Grounds {
		return map[Group]int{GroupOrdinary: 160, GroupHard: 80, GroupBlur: 60, GroupGlare: 40, GroupCut: 80, GroupRecapture: 30,
			GroupExposure: 20, GroupOccluded: 40, GroupSmall: 20, GroupSeveral: 20, GroupNoDocument: 50}[group]
	}
	if half == Pasted {
		return map[Group]int{GroupOrdinary: 80, GroupHard: 40, GroupBlur: 45, GroupGlare: 30, GroupCut: 40, GroupCopy: 24, GroupRecapture: 40,
			GroupExposure: 40, GroupOccluded: 32, GroupTilted: 20, GroupSmall: 20, GroupSeveral: 18, GroupClean: 40, GroupNoDocument: 20}[group]
	}
	if half == Lots {
		return map[Group]int{GroupOrdinary: 500, GroupHard: 400, GroupBlur: 100, GroupGlare: 80, GroupCut: 480, GroupRecapture: 80,
			GroupExposure: 40, GroupOccluded: 120, GroupSmall: 160, GroupSeveral: 160, GroupNoDocument: 80}[group]
	}
	if half == Prints { // what went wrong on prints that nobody had seen
		return map[Group]int{GroupOrdinary: 200, GroupHard: 100, GroupBlur: 60, GroupGlare: 40, GroupCut: 80, GroupRecapture: 40,
			GroupExposure: 10, GroupOccluded: 30, GroupSmall: 20, GroupSeveral: 20}[group]
	}
	n := map[Group]int{GroupOrdinary: 600, GroupHard: 400, GroupBlur: 460, GroupGlare: 300, GroupCut: 800, GroupCopy: 300,
		GroupRecapture: 300, GroupExposure: 300, GroupFace: 60, GroupOccluded: 160, GroupTilted: 160, GroupSmall: 160,
		GroupSeveral: 160, GroupClean: 160, GroupNoDocument: 160}[group]
	if half != Test {
		n /= 2
	}
	return n
}

// Cases lists one of the labelled sets: about 4,500 photos for Test, half as many for Tune, Test2 and Test3, 600 for Prints and for Grounds,
// 489 for Pasted, 2,200 for Lots. The list is made from seeds and is the same on every machine; testdata holds it too, and a test holds the two together. It is empty for a set that there is not.
func Cases(half Half) []Case {
	if !slices.Contains(Halves(), half) {
		return nil
	}
	var cases []Case
	for _, group := range Groups() {
		for i := range sizes(half, group) {
			cases = append(cases, newCase(half, group, i))
		}
	}
	return cases
}

// setSeed is changed to draw a fresh set once a test half is burnt (opened and failed).
func setSeed(half Half) uint64 {
	switch half {
	case Tune:
		return 20201118
	case Prints:
		return 20261122
	case Lots:
		return 20261125
	case Grounds:
		return 20261124
	case Pasted:
		return 20261126
	case Test2:
		return 20261123
	case Test3:
		return 20261215
	}
	return 20201217
}

func newCase(half Half, group Group, i int) Case {
	c := Case{ID: fmt.Sprintf("%s/%s/%04d", half, group, i), Half: half, Group: group}
	h := fnv.New64a()
	h.Write([]byte(c.ID))
	c.Seed = mix(h.Sum64() ^ setSeed(half))
	if half == Pasted {
		planPasted(&c, i)
	} else {
		plan(&c, i)
	}
	return c
}

// dice draws the numbers of one case.
type dice struct{ *rand.Rand }

func newDice(seed, purpose uint64) *dice { return &dice{rand.New(rand.NewPCG(seed, purpose))} }

func (d *dice) between(from, to float64) float64 { return from + (to-from)*d.Float64() }
func (d *dice) chance(p float64) bool            { return d.Float64() < p }
func (d *dice) seed() uint64                     { return d.Uint64() }

// sign is -1 or 1.
func (d *dice) sign() float64 { return float64(1 - 2*d.IntN(2)) }

// Truth is what is known of a labelled photo since it was drawn. Pixels are those of the upright full picture.
type Truth struct {
	// Width and Height are those of the upright picture.
	Width  int  `json:"width"`
	Height int  `json:"height"`
	Kind   Kind `json:"kind,omitempty"`
	// Documents are the corners of each document, clockwise from its own top left, the main one first. They are those of
	// the full rectangle: where corners are round, where a thing covers them, and where they lie outside the frame.
	Documents [][4]filing.Point `json:"documents"`
	// WidthMM, HeightMM and CornerMM are the main document's size and the radius of its corners.
	WidthMM  float64 `json:"width_mm"`
	HeightMM float64 `json:"height_mm"`
	CornerMM float64 `json:"corner_mm"`
	// PxPerMM is the resolution at the middle of the main document, FrameShare the share of the picture that it fills.
	PxPerMM    float64 `json:"px_per_mm"`
	FrameShare float64 `json:"frame_share"`

	// OutsideMM is how deep the frame cuts into the document: the greatest distance from the frame's border to a part of the
	// document beyond it, in millimetres on the document; OutsideShare the share of its area that is lost. MarginMM is the
	// least distance from the document to the border where nothing is cut.
	OutsideMM    float64 `json:"outside_mm"`
	OutsideShare float64 `json:"outside_share"`
	MarginMM     float64 `json:"margin_mm"`

	// Occluded is the share of the document's area that a finger or another thing covers; Occluders are outlines of what
	// covers, in pixels.
	Occluded  float64          `json:"occluded"`
	Occluders [][]filing.Point `json:"occluders,omitempty"`

	// TiltDegrees is the angle between the camera's axis, which goes through the middle of what must be seen, and the document's normal.
	TiltDegrees float64 `json:"tilt_degrees"`

	// EdgeWidthPx is the 10-90 % rise of an ideal step edge on the document at the worst place and in the worst direction:
	// lens, defocus, motion, sampling, processing's sharpening and scaling together, in pixels of the picture; EdgeWidthMM
	// is the same on the document. TextHeightMM is the height of a Chinese character of its smallest body text (0.92 of
	// the em) and TextHeightPx that height at the same place. EdgeWidthPerTextHeight is the ratio that decides
	// whether text can be read.
	EdgeWidthPx            float64 `json:"edge_width_px"`
	EdgeWidthMM            float64 `json:"edge_width_mm"`
	TextHeightMM           float64 `json:"text_height_mm"`
	TextHeightPx           float64 `json:"text_height_px"`
	EdgeWidthPerTextHeight float64 `json:"edge_width_per_text_height"`
	// BestEdgeWidthPx is the same in the best direction at the best place.
	BestEdgeWidthPx float64 `json:"best_edge_width_px"`
	// Motion says that the camera moved by MotionPx pixels in the direction MotionDegrees (0 right, 90 down, mod 180).
	Motion        bool    `json:"motion"`
	MotionPx      float64 `json:"motion_px,omitempty"`
	MotionDegrees float64 `json:"motion_degrees,omitempty"`

	// GlareShare is the share of the document's visible area that a reflection alone saturates, GlareTextShare that of the
	// area of its lines of text, and GlareRegion the outline (convex hull) of what is saturated, in pixels.
	GlareShare     float64        `json:"glare_share"`
	GlareTextShare float64        `json:"glare_text_share"`
	GlareRegion    []filing.Point `json:"glare_region,omitempty"`

	// WhitePaperLevel is the linear light that a white of reflectance 0.9 reaches on the document before the sensor clips, the
	// median over the document (1 saturates). InkContrast is the difference between that and ink after clipping.
	// UnevenRatio is the 95th over the 5th percentile of the light that falls on the document.
	WhitePaperLevel float64 `json:"white_paper_level"`
	InkContrast     float64 `json:"ink_contrast"`
	UnevenRatio     float64 `json:"uneven_ratio"`
	// NoiseSigma is the noise of one pixel on white paper in linear light, before processing.
	NoiseSigma float64 `json:"noise_sigma"`

	// Grey: the document itself is a black and white or grey copy. Colourless: it is an original that has no colour to show.
	Grey       bool `json:"grey"`
	Colourless bool `json:"colourless,omitempty"`
	// Recapture: the photo shows a screen; RecaptureKind says which and how.
	Recapture     bool   `json:"recapture"`
	RecaptureKind string `json:"recapture_kind,omitempty"`
	// Faces are the faces in the picture, printed portraits among them.
	Faces []Face `json:"faces,omitempty"`
	// Clean: a photo on which no finding of severity error is right, size of the file included.
	Clean bool `json:"clean"`
}

// Face is a face in a labelled photo.
type Face struct {
	// Box is left, top, right, bottom in pixels of the upright picture.
	Box [4]float64 `json:"box"`
	// Real: a person's, not the portrait printed on a document.
	Real bool `json:"real"`
	// Covered: something hides a part of it.
	Covered bool `json:"covered"`
	// SharpPx is the 10-90 % edge width at the face in pixels.
	SharpPx float64 `json:"sharp_px"`
}

// Where text can be read, in edge width (10-90 %) per height of its characters, by experiment: of 162 drawn lines the
// recognizer PP-OCRv4 had wrong 0.9 % of the characters at 0.05, 1.6 % at 0.20, 2.9 % at 0.25, 9 % at 0.30, 26 % at 0.35 and
// 43 % at 0.40. People give up in the same region: the hardest common characters need 2 cycles of detail a character (Wang and
// Legge, Journal of Vision 18(1):1, 2018), which a blur of 0.35 leaves less than a quarter of their contrast; strokes at a
// quarter of the height keep 0.3 % of it.
const (
	// ReadableEdge is the width up to which text is read without more errors than sharp text.
	ReadableEdge = 0.20
	// UnreadableEdge is the width from which it is not: one character in four is wrong, and so is every number.
	UnreadableEdge = 0.35
)

// Levels of white paper in linear light that bound right exposure.
const (
	// DarkLevel and below is underexposed: sRGB 89 and less of 255 for white paper. NormalFrom and above is not.
	DarkLevel  = 0.10
	NormalFrom = 0.22
	// NormalTo and below is not overexposed; at BrightLevel and above tints lighter than 0.55 are lost in white.
	NormalTo    = 1.02
	BrightLevel = 1.5
)

// Legible says whether the smallest text can be read by its blur alone; decided is false within the band between.
func (t Truth) Legible() (legible, decided bool) {
	switch {
	case t.EdgeWidthPerTextHeight <= ReadableEdge:
		return true, true
	case t.EdgeWidthPerTextHeight >= UnreadableEdge:
		return false, true
	}
	return false, false
}

// Exposed says how the document is exposed: -1 too dark, 0 right, 1 too bright; decided is false within the bands between.
func (t Truth) Exposed() (exposure int, decided bool) {
	switch w := t.WhitePaperLevel; {
	case w <= DarkLevel:
		return -1, true
	case w >= BrightLevel:
		return 1, true
	case w >= NormalFrom && w <= NormalTo:
		return 0, true
	}
	return 0, false
}
