package filing

// Reading is what is written in a photo, line by line (文字识别结果): a pure function of the file's bytes and of the reader's
// version, kept by both. It is personal: never logged, and deleted with the file.
type Reading struct {
	// Reader is the version of the reader; readings of different versions are not compared.
	Reader string `json:"reader"`
	// Page is what was read, in pixels of the upright picture, clockwise from the top left as its text runs: the document where
	// one was located, the whole picture otherwise. Its corners say how to turn what was read.
	Page [4]Point `json:"page"`
	// Lines are in reading order: rows from the top, and from the left within a row.
	Lines []Line `json:"lines"`
	// Seals are the round red seals on the page, the largest first (印章).
	Seals []Seal `json:"seals,omitempty"`
	// Parts says of a stitched picture which lines and seals were read in which part, in the order of Measurements.Parts; absent where
	// the picture was read as one.
	Parts []ReadPart `json:"parts,omitempty"`
	// Cut: there was more text than a reader takes of one photo, and the smallest of it was left out.
	Cut bool `json:"cut,omitempty"`
}

// ReadPart is what was read of one part of a stitched picture: so many of the lines and seals, which come part by part.
type ReadPart struct {
	Page  [4]Point `json:"page"`
	Lines int      `json:"lines"`
	Seals int      `json:"seals,omitempty"`
	Cut   bool     `json:"cut,omitempty"`
}

// Each returns what was read of each part by itself; nil where the picture was read as one. It shares the lines with r.
func (r *Reading) Each() []Reading {
	if len(r.Parts) == 0 {
		return nil
	}
	out := make([]Reading, len(r.Parts))
	lines, seals := r.Lines, r.Seals
	for i, p := range r.Parts {
		n, k := min(max(p.Lines, 0), len(lines)), min(max(p.Seals, 0), len(seals))
		out[i] = Reading{Reader: r.Reader, Page: p.Page, Lines: lines[:n:n], Seals: seals[:k:k], Cut: p.Cut}
		lines, seals = lines[n:], seals[k:]
	}
	return out
}

// Seal is a red ring, round or oval, as units stamp it (公章).
type Seal struct {
	// Quad is the rectangle around it, in pixels of the upright picture, clockwise.
	Quad [4]Point `json:"quad"`
	// Round is the share of the way around on which the outline follows an ellipse, 0 to 1: what covers or fades a seal lowers it.
	Round float64 `json:"round"`
	// Text is what stands around in it, clockwise from below; "" where that could not be read. Confidence is the mean of the
	// confidences of its characters, 0 to 1.
	Text       string  `json:"text,omitempty"`
	Confidence float64 `json:"confidence,omitempty"`
}

// Line is a line of text, or the part of one that stands apart (文本行).
type Line struct {
	// Text is what stands there, without spaces at its ends.
	Text string `json:"text"`
	// Quad are its corners in pixels of the upright picture, clockwise from the top left of its first character.
	Quad [4]Point `json:"quad"`
	// Confidence is the mean of the confidences of its characters, 0 to 1.
	Confidence float64 `json:"confidence"`
	// Glyphs are the characters of Text (its code points) one by one.
	Glyphs []Glyph `json:"glyphs,omitempty"`
}

// Glyph is one character of a line (字符).
type Glyph struct {
	// At is where its middle is along the line, 0 at the start to 1 at the end.
	At float64 `json:"at"`
	// Confidence is the recognizer's, 0 to 1.
	Confidence float64 `json:"confidence"`
	// Or is the character that the recognizer holds for the next most likely, where it is in any doubt; "" where it is not, or where
	// it would see no character at all.
	Or string `json:"or,omitempty"`
}

// MaterialText is what was read in an uploaded file and where it stands, as GET /materials/{id}/text answers (识别出的文字及位置).
type MaterialText struct {
	// Reader is the version that read; "" where nobody has, and everything else is absent then.
	Reader string `json:"reader"`
	// Lines are in reading order, without their single characters; Seals are the largest first.
	Lines []Line `json:"lines"`
	Seals []Seal `json:"seals,omitempty"`
	// Fields are what the lines say, each with its place.
	Fields []Field `json:"fields,omitempty"`
}
