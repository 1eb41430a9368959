package filing

// Face is a face in a photo (人脸). Lengths are pixels of the upright picture.
type Face struct {
	// Box is the upright rectangle from brow to chin and ear to ear as detectors draw it: x, y, width, height.
	Box [4]float64 `json:"box"`
	// Confidence is the detector's, 0 to 1; those of different detectors (Measurements.FacesBy) are not compared.
	Confidence float64 `json:"confidence"`
	// InDocument: the face's middle lies on a document that was located, so that it is that document's own portrait (证件上的照片)
	// and not a person in front of the camera.
	InDocument bool `json:"in_document,omitempty"`
	// EdgeWidthPx is the 10-90 % rise across the sharpest contours of the face (the lower quartile of the strong ones: lids,
	// lips, the outline). Measured at no more than 256 pixels a face, so that a face of 1024 pixels never shows less than about 4.
	// Absent where there is no contour, and on documents.
	EdgeWidthPx float64 `json:"edge_width_px,omitempty"`
	// UpperHalf and LowerHalf are the detector's confidence, 0 to 1, when it sees only that half of the face. LowerHalf is low where a
	// mask, a hand, a scarf or a document covers nose and mouth, and where the face is turned or bent away; both are low for what
	// only looks like a face. Absent from a detector that cannot tell, and on documents.
	UpperHalf *float64 `json:"upper_half,omitempty"`
	LowerHalf *float64 `json:"lower_half,omitempty"`
	// MouthContrast is how strongly nose and mouth stand out: how far the luma changes down the lower half of the face over the width of
	// a lip, all but a tenth of it, over that of the cheeks. Lips, nostrils and the nose's shadow make it a fifth and more where the
	// face is in focus, a mask covers all of them. Absent where it was not measured, and on documents.
	MouthContrast *float64 `json:"mouth_contrast,omitempty"`
	// ArmBeside is how much more there is of the colour of the face's skin beside one side of it than beside the other, at the height of
	// mouth and chin, as a share of what an arm could take there, 0 to 1: a hand before nose and mouth comes from somewhere. Absent where the
	// picture ends close to the face, where it was not measured, and on documents.
	ArmBeside *float64 `json:"arm_beside,omitempty"`
	// DarkEyes is the share of the band of the eyes that is much darker than the cheeks below it, 0 to 1: brows, lashes and the frames
	// of spectacles take some of it, sunglasses most. 0 on documents.
	DarkEyes float64 `json:"dark_eyes"`
}

// Detectors of faces, as Measurements.FacesBy names them.
const (
	// FacesByUltraFace is UltraFace RFB-320 on ONNX Runtime.
	FacesByUltraFace = "ultraface-rfb-320"
	// FacesByPigo is the cascade of pico in pure Go: the fallback, which misses more.
	FacesByPigo = "pigo"
)
