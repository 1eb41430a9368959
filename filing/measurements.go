package filing

import "time"

// Format is what the content of a file is, recognized from its bytes and never from its name (格式).
type Format string

// The formats that a bureau takes (jpeg, png, gif) and the frequent ones that it does not, which are named to the person
// who uploaded them. FormatUnknown is anything else; FormatEmpty a file of no bytes.
const (
	FormatJPEG    Format = "jpeg"
	FormatPNG     Format = "png"
	FormatGIF     Format = "gif"
	FormatHEIC    Format = "heic"
	FormatAVIF    Format = "avif"
	FormatWebP    Format = "webp"
	FormatBMP     Format = "bmp"
	FormatTIFF    Format = "tiff"
	FormatPDF     Format = "pdf"
	FormatSVG     Format = "svg"
	FormatJXL     Format = "jxl"
	FormatJP2     Format = "jp2"
	FormatICO     Format = "ico"
	FormatPSD     Format = "psd"
	FormatZIP     Format = "zip"
	FormatHTML    Format = "html"
	FormatVideo   Format = "video"
	FormatUnknown Format = "unknown"
	FormatEmpty   Format = "empty"
)

// AcceptedFormats returns the formats whose pictures are decoded at all. Which of them a filing takes is a dated parameter of
// the rules (UploadLimits).
func AcceptedFormats() []Format { return []Format{FormatJPEG, FormatPNG, FormatGIF} }

// Accepted reports whether pictures of this format are decoded at all.
func (f Format) Accepted() bool { return f == FormatJPEG || f == FormatPNG || f == FormatGIF }

// Measurements is everything that the analyzer can tell of a file: a pure function of its bytes and the analyzer's
// version, kept by content digest, and the only thing that judging looks at. What was not measured is absent. It holds
// no threshold and no judgement; lengths are pixels of the upright picture unless the name says otherwise.
type Measurements struct {
	// Analyzer is the version of the analyzer that measured; measurements of different versions are not compared.
	Analyzer string `json:"analyzer"`
	// Bytes is the size of the file.
	Bytes int64 `json:"bytes"`
	// Format is what the content is.
	Format Format `json:"format"`
	// Width and Height are those of the upright picture (EXIF orientation applied), from the header. Absent where the
	// format is not Accepted or the header itself is broken.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
	// Orientation is the EXIF orientation, 1 to 8; 1 where none is given.
	Orientation int `json:"orientation,omitempty"`
	// Frames counts the pictures in the file: animated GIF and APNG have more than one. Counting stops at 1000.
	Frames int `json:"frames,omitempty"`
	// Decode tells how the full decode went; absent where no pixel was to be decoded (foreign format, pixel guard).
	Decode *Decode `json:"decode,omitempty"`
	// Refused says why no pixel was decoded although the format is accepted: RefusedPixels or RefusedHeader.
	Refused string `json:"refused,omitempty"`
	// EXIF is present when the file carries an EXIF block, damaged or not.
	EXIF *EXIF `json:"exif,omitempty"`
	// Software is what the metadata outside EXIF names as the creating software (XMP CreatorTool, PNG text, Photoshop
	// resource block). Only names of programs are kept.
	Software []string `json:"software,omitempty"`
	// Pixels is what was measured on the decoded picture.
	Pixels *Pixels `json:"pixels,omitempty"`
	// Document is where the document lies; absent where none was found. Others are further documents in the picture.
	Document *Document  `json:"document,omitempty"`
	Others   []Document `json:"others,omitempty"`
	// Parts are the documents of a picture in which several are seen, stitched together or photographed at once, each measured by
	// itself, in rows from the top (拼接图的各部分): at most MostParts of them. PartsLeft counts the others, which were not measured. Both
	// are absent for a photo of one document.
	Parts     []SeenPart `json:"parts,omitempty"`
	PartsLeft int        `json:"parts_left,omitempty"`
	// Sharpness is the height of the smallest body text over the width of its edges at the place that decides: a plain number,
	// higher is sharper. Legibility is what it comes from.
	Sharpness  float64     `json:"sharpness,omitempty"`
	Legibility *Legibility `json:"legibility,omitempty"`
	Glare      *Glare      `json:"glare,omitempty"`
	Exposure   *Exposure   `json:"exposure,omitempty"`
	Colour     *Colour     `json:"colour,omitempty"`
	Recapture  *Recapture  `json:"recapture,omitempty"`
	// Surround is what the document lies on, close around it; absent where too little of that is in the picture.
	Surround *Surround `json:"surround,omitempty"`
	// FacesBy is the detector that looked for faces; absent where none did, so that nothing is known about faces. Faces are what
	// it found, the most confident first.
	FacesBy string `json:"faces_by,omitempty"`
	Faces   []Face `json:"faces,omitempty"`
}

// MostParts is how many parts of a stitched picture are measured and read: as many as the service itself puts into one.
const MostParts = 12

// Reasons for which the analyzer decodes no pixel of an accepted format.
const (
	// RefusedPixels: the header promises more pixels than the guard allows.
	RefusedPixels = "pixels"
	// RefusedHeader: the header cannot be parsed or contradicts itself.
	RefusedHeader = "header"
)

// Decode tells whether every pixel that the header promises could be decoded (图片是否完整可读).
type Decode struct {
	// Complete is true when every pixel of the first frame was decoded without an error or a warning of the decoder.
	Complete bool `json:"complete"`
	// Reason is a short stable word for what went wrong: DecodeTruncated, DecodeCorrupt or DecodeUnsupported.
	Reason string `json:"reason,omitempty"`
}

// Reasons for which a decode is not complete.
const (
	// DecodeTruncated: the file ends before the picture does.
	DecodeTruncated = "truncated"
	// DecodeCorrupt: the data is all there but cannot be decoded as it stands.
	DecodeCorrupt = "corrupt"
	// DecodeUnsupported: a variant of the format that no ordinary viewer shows (lossless, hierarchical or 12-bit JPEG).
	DecodeUnsupported = "unsupported"
)

// EXIF is what is kept of a file's EXIF block: nothing that tells where or whose the camera is.
type EXIF struct {
	// Damaged: the block cannot be parsed, or its directories leave it, loop, or claim absurd sizes.
	Damaged bool `json:"damaged,omitempty"`
	// Make, Model and Software as written, trimmed to 64 printable characters.
	Make     string `json:"make,omitempty"`
	Model    string `json:"model,omitempty"`
	Software string `json:"software,omitempty"`
	// TakenAt is DateTimeOriginal, else DateTime; the camera's local time, zone unknown, printed as UTC.
	TakenAt *time.Time `json:"taken_at,omitempty"`
	// HasGPS: a position is in the block. The position itself is never kept.
	HasGPS bool `json:"has_gps,omitempty"`
	// HasExposure: exposure time, aperture or sensitivity is there, as cameras write and editors seldom invent.
	HasExposure bool `json:"has_exposure,omitempty"`
	// FocalLength35MM is the focal length for film of 35 mm in millimetres (等效焦距, CIPA DCG-001: by the diagonal); absent where it is not said,
	// or the picture is a part of what the lens saw. By it perspective tells how a document leans; a phone's usual one is assumed without.
	FocalLength35MM float64 `json:"focal_length_35mm,omitempty"`
	// Screenshot: the user comment or description says that this is a screenshot, as iOS and some Androids write.
	Screenshot bool `json:"screenshot,omitempty"`
}

// Pixels is what the first floor measures on the decoded picture.
type Pixels struct {
	// Hash is a perceptual hash of the upright picture, 256 bits in hex: close pictures have a small Hamming distance.
	// It is absent where the picture is so flat that a hash means nothing. Measured on drawn scenes (imaging,
	// TestHashTellsPicturesFromCopies): copies of one photo (JPEG quality 30 to 85, reduced to a quarter, turned by EXIF)
	// are 0 to 10 bits apart, median 4; two different cards of one kind in the same place on the same table 32 to 66,
	// median 50, and with the camera moved 48 to 148; the same card photographed again 16 to 104.
	Hash string `json:"hash,omitempty"`
	// FlatShare is the share of 8x8 blocks, sampled over the picture at native resolution, in which every pixel is
	// the same: near 0 for a camera (sensor noise), large for what a computer drew.
	FlatShare float64 `json:"flat_share"`
}
