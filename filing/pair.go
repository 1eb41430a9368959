package filing

// PairReport is what a check of a document's two sides together says (正反面比例一致), as in `check --json`.
type PairReport struct {
	// Front and Back name the files as they were given; in a filing's report they are ids.
	Front string `json:"front"`
	Back  string `json:"back"`
	// ScaleRatio is the scale of the front over that of the back, and Basis the lengths that it is of; both are absent where
	// the scale could not be compared.
	ScaleRatio float64 `json:"scale_ratio,omitempty"`
	Basis      string  `json:"basis,omitempty"`
	// Composite is the id of the picture of both sides at one scale that the service made and that is handed in in their place;
	// their own scales then say nothing any more.
	Composite string    `json:"composite,omitempty"`
	Verdict   Verdict   `json:"verdict"`
	Findings  []Finding `json:"findings"`
}

// The lengths that the scales of two photos may be compared by.
const (
	// BasisPxPerMM: pixels per millimetre of the document. It holds where one of two photos was cropped.
	BasisPxPerMM = "px_per_mm"
	// BasisCardPerFrame: the document's width in widths of the frame. It holds where one of two photos was scaled.
	BasisCardPerFrame = "card_per_frame"
)
