package imaging

import (
	"github.com/preflight-icp/preflight/filing"
)

// maxFrames is where the counting of frames stops: whether a file has a thousand frames or a million is the same to
// everyone, and counting must not become the attack.
const maxFrames = 1000

// header is what the structure of an accepted file says before any pixel is decoded. Slices in it share the memory of
// the file.
type header struct {
	format filing.Format
	// width and height are in pixels as stored, before the EXIF orientation is applied.
	width, height int
	// components is 1 grey or palette, 2 grey with alpha, 3 colour, 4 colour with alpha, or CMYK in JPEG; depth is bits
	// per component.
	components, depth int
	// palette: the colours are chosen from a table, and dithered where it has too few.
	palette bool
	// interlaced: the rows do not come top to bottom (progressive JPEG, Adam7 PNG, interlaced GIF).
	interlaced bool
	frames     int
	// exif is the TIFF structure of the EXIF block; hasEXIF is true where a block is there, even one too short to be one.
	exif    []byte
	hasEXIF bool
	// icc is the colour profile as it is embedded: the joined APP2 parts of a JPEG, the body of the iCCP chunk of a PNG.
	icc []byte
	// software is what the metadata outside EXIF names as the creating program.
	software []string
	// refused: no size can be told, or the header contradicts itself.
	refused bool
	// damage is what is wrong with the structure: truncated, corrupt, unsupported; empty where nothing is.
	damage string
	// end is the offset behind the picture: what follows (a film of a "motion photo", a second picture) is not part of it.
	end int
}

// parseHeader reads the structure of data, which recognize found to be of an accepted format. It looks at each byte once
// at most, allocates little, and decodes no pixel.
func parseHeader(format filing.Format, data []byte) header {
	var h header
	switch format {
	case filing.FormatJPEG:
		h = parseJPEG(data)
	case filing.FormatPNG:
		h = parsePNG(data)
	case filing.FormatGIF:
		h = parseGIF(data)
	}
	h.format = format
	if h.width <= 0 || h.height <= 0 {
		h.refused = true
	}
	return h
}

// pixels is the number of pixels promised. Width and height are below 2^31 each, so the product fits.
func (h *header) pixels() int64 { return int64(h.width) * int64(h.height) }

// damaged notes the first thing that is wrong.
func (h *header) damaged(reason string) {
	if h.damage == "" {
		h.damage = reason
	}
}
