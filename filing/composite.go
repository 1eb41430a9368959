package filing

import "time"

// Composite is a picture that the service stitched together of several (拼接图): where each part came to lie, what it was made
// of, and how well it can be read. It is a pure function of the sources' bytes and measurements, the layout and the limits.
type Composite struct {
	// Layout is the layout that was used, one of imaging/layouts; never "auto", which chooses one.
	Layout string `json:"layout"`
	// Rectified: the parts are the documents alone, seen from straight above.
	Rectified bool `json:"rectified,omitempty"`
	// Width and Height are those of the composite in pixels, Bytes its size, Quality that of its JPEG.
	Width   int   `json:"width"`
	Height  int   `json:"height"`
	Bytes   int64 `json:"bytes"`
	Quality int   `json:"quality"`
	// SHA256 names the picture's bytes.
	SHA256 string          `json:"sha256"`
	Parts  []CompositePart `json:"parts"`
}

// CompositePart is one source of a composite and its place (拼接图中的一部分).
type CompositePart struct {
	// ID is the id of the uploaded file in the service; absent for files.
	ID string `json:"id,omitempty"`
	// Declared is what the source was declared as.
	Declared
	// Source is the digest of the source's bytes.
	Source string `json:"source"`
	// Quad are the corners of the part in pixels of the composite, clockwise from its upper left as it is to be seen.
	Quad [4]Point `json:"quad"`
	// Document is where the source's document lies in the composite, in the order of its own corners; absent where none is known.
	Document *[4]Point `json:"document,omitempty"`
	// ToSource is the map from the composite to the upright source, as nine numbers of a homography row by row.
	ToSource [9]float64 `json:"to_source"`
	// Scale is how many pixels of the composite the part has for one of its source, at the part's middle; at most 1.
	Scale float64 `json:"scale"`
	// PxPerMM is the resolution of a card in the composite; absent for what is none.
	PxPerMM float64 `json:"px_per_mm,omitempty"`
	// Predicted is what is expected of the part's print from its source's measurements, Measured what was found in the finished
	// picture; absent where it could not be measured.
	Predicted *PartLegibility `json:"predicted,omitempty"`
	Measured  *PartLegibility `json:"measured,omitempty"`
}

// PartLegibility is how well a part of a composite can be read, in pixels of the composite, as Legibility.
type PartLegibility struct {
	TextHeightPx float64 `json:"text_height_px,omitempty"`
	EdgeWidthPx  float64 `json:"edge_width_px,omitempty"`
}

// SourcePoint takes a point of the composite to that of the upright source, and reports whether it lies in the part.
func (p *CompositePart) SourcePoint(at Point) (Point, bool) {
	q := p.Quad
	for i, a := range q {
		b := q[(i+1)%4]
		if (b[0]-a[0])*(at[1]-a[1])-(b[1]-a[1])*(at[0]-a[0]) < 0 {
			return Point{}, false
		}
	}
	m := p.ToSource
	w := m[6]*at[0] + m[7]*at[1] + m[8]
	if w == 0 {
		return Point{}, false
	}
	return Point{(m[0]*at[0] + m[1]*at[1] + m[2]) / w, (m[3]*at[0] + m[4]*at[1] + m[5]) / w}, true
}

// CompositeReport is what the check of a picture that somebody stitched says, as in `check --json`.
type CompositeReport struct {
	// File names the picture as it was given.
	File     string       `json:"file"`
	Parts    []SeenPart   `json:"parts"`
	Verdict  Verdict      `json:"verdict"`
	Findings []Finding    `json:"findings"`
	Expected []PartWanted `json:"expected,omitempty"`
}

// PartWanted is a kind of document, and its side where it has two, that a composite must hold.
type PartWanted struct {
	Kind DocumentKind `json:"kind"`
	Page Page         `json:"page,omitempty"`
}

// SeenPart is a document that was located in a stitched picture. What could not be told of it is absent.
type SeenPart struct {
	Kind DocumentKind `json:"kind"`
	Page Page         `json:"page,omitempty"`
	Quad [4]Point     `json:"quad"`
	// Panel: it was put there by a program: flat bands or seams from side to side divide it from the others. Documents that were
	// photographed at once have none.
	Panel bool `json:"panel,omitempty"`
	// Document is where and how the part lies, Legibility how well it can be read.
	Document   Document    `json:"document"`
	Sharpness  float64     `json:"sharpness,omitempty"`
	Legibility *Legibility `json:"legibility,omitempty"`
	// Glare is reflected light on the part.
	Glare *Glare `json:"glare,omitempty"`
	// Exposure, Colour and Surround are the light on the part, its own white, and what it lies on: as those of a photo by itself.
	Exposure *Exposure `json:"exposure,omitempty"`
	Colour   *Colour   `json:"colour,omitempty"`
	Surround *Surround `json:"surround,omitempty"`
}

// Alone is what was measured of the picture as if the part were its only document: with what was measured of the part by itself.
func (p *SeenPart) Alone(picture *Measurements) Measurements {
	m := *picture
	document := p.Document
	m.Document, m.Others, m.Parts, m.PartsLeft = &document, nil, nil, 0
	m.Sharpness, m.Legibility, m.Glare, m.Exposure, m.Colour, m.Surround = p.Sharpness, p.Legibility, p.Glare, p.Exposure, p.Colour, p.Surround
	m.Recapture = nil
	return m
}

// PartReport is what the check of a file says of one part of a stitched picture (拼接图的一部分). Findings on it name it by its number
// (Finding.Part).
type PartReport struct {
	// Quad is where it is, in pixels of the upright picture, clockwise from its top left.
	Quad [4]Point `json:"quad"`
	// Kind is what it was recognized as, and Text what stands in its fields; absent where nothing was read. Text is personal.
	Kind *DetectedKind        `json:"kind,omitempty"`
	Text map[FieldName]string `json:"text,omitempty"`
	// Declared is what it stands for because the file was declared so; absent for a part of which only the picture says what it is.
	Declared *Declared `json:"declared,omitempty"`
	Verdict  Verdict   `json:"verdict"`
}

// States of a composite (拼图状态): made of the current files, not made again yet since one was replaced, or not to be made of them.
const (
	CompositeMade   = "made"
	CompositeStale  = "stale"
	CompositeFailed = "failed"
)

// CompositeView is a composite of a filing, as GET /composites/{id} answers.
type CompositeView struct {
	ID     string `json:"id"`
	Filing string `json:"filing"`
	// Composition and Of name the composition of the rules that it is, Clause the clause that asks for it; absent for one of files
	// of somebody's choice.
	Composition string `json:"composition,omitempty"`
	Of          string `json:"of,omitempty"`
	Clause      string `json:"clause,omitempty"`
	// State is CompositeMade, CompositeStale or CompositeFailed; Failure then is the code why.
	State   string `json:"state"`
	Failure string `json:"failure,omitempty"`
	// MadeByService: no camera took this picture.
	MadeByService bool       `json:"made_by_service"`
	Composite     *Composite `json:"composite,omitempty"`
	Verdict       Verdict    `json:"verdict"`
	Findings      []Finding  `json:"findings"`
	CreatedAt     time.Time  `json:"created_at"`
	UpdatedAt     time.Time  `json:"updated_at"`
}

// SourcePoint is what a point of a composite shows: a file, and the point of its upright picture.
type SourcePoint struct {
	// Material is the id of the file, Part its number among the parts, from 0.
	Material string `json:"material"`
	Part     int    `json:"part"`
	At       Point  `json:"at"`
}
