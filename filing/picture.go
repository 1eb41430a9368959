package filing

// Document is where a document lies in a photo (证件在图中的位置).
type Document struct {
	// Quad are the corners in pixels of the upright picture, clockwise from the document's own top left as far as the picture
	// tells it (see package imaging/locate); of the full rectangle where corners are round, outside the frame where the frame
	// cuts it off.
	Quad [4]Point `json:"quad"`
	// Confidence is the estimated probability, 0 to 1, that Quad is right: that it covers the document and little else
	// (intersection over union of 0.9 or more).
	Confidence float64 `json:"confidence"`
	// Formats are the paper and card formats that the shape fits, the most plausible first: what is measured in
	// millimetres is measured for each.
	Formats []FormatFit `json:"formats,omitempty"`
	// FrameShare is the share of the picture's area that the document takes, 0 to 1.
	FrameShare float64 `json:"frame_share"`
	// OutsideShare is the share of the document's area that lies outside the frame, 0 to 1.
	OutsideShare float64 `json:"outside_share"`
	// MarginPx is the smallest distance from the document to the frame, in pixels; negative where the frame cuts it off.
	MarginPx float64 `json:"margin_px"`
	// Tilt is the angle between the camera's axis and the document's normal, in degrees; 0 is a phone held parallel to it, wherever in the
	// picture it lies. Estimated from the quadrilateral under a phone's usual field of view.
	Tilt float64 `json:"tilt"`
	// Occluded is the share of the document's area that something else covers, 0 to 1, and Occlusions where, as polygons.
	Occluded   float64   `json:"occluded"`
	Occlusions [][]Point `json:"occlusions,omitempty"`
	// OccludedDepth is how far in from the nearest side the deepest of them reaches, as a share of the shorter side: a thumb that
	// holds a card by its margin reaches a tenth.
	OccludedDepth float64 `json:"occluded_depth,omitempty"`
}

// FormatFit is a format that a document's shape may have (纸张或卡片规格).
type FormatFit struct {
	// Format is FormatID1, FormatID3, FormatA4 or FormatA3.
	Format string `json:"format"`
	// Likelihood is how well the shape fits beside the other formats, 0 to 1.
	Likelihood float64 `json:"likelihood"`
	// PxPerMM is the resolution at the document's middle if it has this format, in pixels per millimetre: the larger
	// singular value of the map from millimetres to pixels, so that a tilt does not lower it.
	PxPerMM float64 `json:"px_per_mm"`
	// LeastPxPerMM is the resolution where it is least, in the direction in which it is: of the smaller singular values a twelfth of the
	// sides within the corners, where print begins. A document that is seen aslant is shortened one way, and most so at its far side.
	LeastPxPerMM float64 `json:"least_px_per_mm,omitempty"`
	// OutsideMM is how deep the frame cuts into the document, in millimetres; 0 where it does not.
	OutsideMM float64 `json:"outside_mm,omitempty"`
}

// The formats of the documents of a filing.
const (
	// FormatID1 is a card of 85.60 x 53.98 mm with corners of radius 3.18 mm (ISO/IEC 7810): identity card, permits.
	FormatID1 = "id1"
	// FormatID3 is a page of a passport, 125 x 88 mm (ISO/IEC 7810).
	FormatID3 = "id3"
	// FormatA4 is 210 x 297 mm (ISO 216), upright or across.
	FormatA4 = "a4"
	// FormatA3 is 297 x 420 mm (ISO 216): large licences.
	FormatA3 = "a3"
)

// Legibility is how well what stands on the document can be read (清晰度). What could not be measured is absent.
type Legibility struct {
	// EdgeWidthPx is the 10-90 % rise across the edges of text at the place that decides, in pixels of the full picture.
	EdgeWidthPx float64 `json:"edge_width_px,omitempty"`
	// TextHeightPx is the height of the smallest body text that was found, in pixels of the full picture.
	TextHeightPx float64 `json:"text_height_px,omitempty"`
	// MotionPx is how much wider edges are along MotionDirection (degrees, clockwise from the picture's right, 0 to 180) than
	// across it, in pixels: motion blur, apart from defocus.
	MotionPx        float64 `json:"motion_px,omitempty"`
	MotionDirection float64 `json:"motion_direction,omitempty"`
	// Detail is how much contrast the detail of print has left, 0 to about 1 (文字细节的剩余对比度): waves of 0.8 to 2 cycles over the height of
	// a character, beside those of half a cycle, over what sharp print has, at the frequency and in the direction in which least is
	// left. Movement that doubles every stroke leaves edges sharp and takes detail.
	Detail float64 `json:"detail,omitempty"`
	// Noise is the standard deviation of the luma on flat areas of the document, in grey levels.
	Noise float64 `json:"noise,omitempty"`
	// Tiles are the tiles of the document with text in them, each measured for itself.
	Tiles []SharpnessTile `json:"tiles,omitempty"`
}

// SharpnessTile is a part of the document and how sharp it is.
type SharpnessTile struct {
	Quad [4]Point `json:"quad"`
	// EdgeWidthPx and TextHeightPx as in Legibility; Edges is how many edges were measured.
	EdgeWidthPx  float64 `json:"edge_width_px"`
	TextHeightPx float64 `json:"text_height_px,omitempty"`
	Edges        int     `json:"edges"`
}

// Glare is light that is mirrored by the document into the camera (反光).
type Glare struct {
	// Share is the part of the document's area that is lost in it, TextShare the part of its text; 0 to 1.
	Share     float64 `json:"share"`
	TextShare float64 `json:"text_share"`
	// Regions are where, as polygons in pixels of the upright picture, the largest first.
	Regions [][]Point `json:"regions,omitempty"`
}

// Exposure is how the document is lit, measured on paper white and ink and not on the whole frame (曝光).
type Exposure struct {
	// Paper and Ink are the luma of the document's paper and of the ink on it, 0 to 255.
	Paper float64 `json:"paper"`
	Ink   float64 `json:"ink"`
	// Lightest is the luma of the lightest that stands where the print is, 0 to 255: about Paper where paper is printed dark, and the
	// print where dark ground is printed light. 0 where there is no print.
	Lightest float64 `json:"lightest,omitempty"`
	// ClippedShare is the share of the document's area at the upper end of the scale and without detail, CrushedShare that at
	// the lower end; 0 to 1.
	ClippedShare float64 `json:"clipped_share"`
	CrushedShare float64 `json:"crushed_share"`
	// Uneven is the light on the darkest part of the document over that on the brightest, in linear light, 0 to 1; 1 is even.
	Uneven float64 `json:"uneven"`
	// Surroundings is the median luma of the picture beside the document, 0 to 255; 0 where there is nothing beside it.
	Surroundings float64 `json:"surroundings,omitempty"`
}

// Colour tells a coloured original from a grey copy (彩色原件或黑白复印件).
type Colour struct {
	// Chroma is the 99th percentile of the chroma on the document against the neutral of its own paper, in units of
	// CIELAB; ChromaShare the share of the document's area that has a colour of its own beyond noise, 0 to 1.
	Chroma      float64 `json:"chroma"`
	ChromaShare float64 `json:"chroma_share"`
	// Neutral is the colour of the paper's white, as chroma in CIELAB a and b: the colour of the light.
	Neutral [2]float64 `json:"neutral"`
	// Hues is how many distinct hues, besides the light's, are on the document.
	Hues int `json:"hues,omitempty"`
	// Measured is the share of the document's area within the frame where colour could be measured, 0 to 1: neither covered
	// nor burnt out.
	Measured float64 `json:"measured"`
	// Noise is the standard deviation of chroma on the scale at which it is measured, in units of CIELAB.
	Noise float64 `json:"noise"`
}

// Recapture is what speaks for a photo of a screen (翻拍).
type Recapture struct {
	// Score is the estimated probability, 0 to 1.
	Score float64 `json:"score"`
	// PeriodPx is the period of the strongest pattern in pixels, and PeakRatio its strength over the spectrum around it.
	PeriodPx  float64 `json:"period_px,omitempty"`
	PeakRatio float64 `json:"peak_ratio,omitempty"`
	// Cues are stable words for what was seen: moire, pixel_grid, bezel, no_camera_data.
	Cues []string `json:"cues,omitempty"`
}

// Surround is what lies close around a document: the table and the light on it (证件周围的背景与光线). Two sides of a document that
// were photographed one after the other have the same.
type Surround struct {
	// Seen is the share of the band around the document that lies within the frame, 0 to 1.
	Seen float64 `json:"seen"`
	// Lab is the median colour of the band in CIELAB (D65): lightness 0 to 100, a and b.
	Lab [3]float64 `json:"lab"`
	// Sides are the lightness above, right, below and left of the document as it lies in the picture; 0 where that side is not seen.
	Sides [4]float64 `json:"sides"`
	// Spread is the mean absolute deviation of lightness from the median of its side, and Detail that between neighbours about 4 pixels
	// of the reduced picture apart: how the ground is patterned, coarse and fine.
	Spread float64 `json:"spread"`
	Detail float64 `json:"detail"`
}
