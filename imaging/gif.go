package imaging

import (
	"bytes"
	"compress/lzw"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/preflight-icp/preflight/filing"
)

// gifFrame is what is needed to decode a picture of a GIF (GIF89a, sections 18 to 22).
type gifFrame struct {
	left, top, width, height int
	interlaced               bool
	// palette holds three bytes a colour; transparent is the index that shows the background, or -1.
	palette     []byte
	transparent int
	// codes is the file from the minimum code size of the picture's data on.
	codes []byte
}

// gifHeader is parseGIF's result with the first frame, nil where there is none.
func gifHeader(data []byte) (h header, first *gifFrame) {
	h = header{end: len(data), components: 1, depth: 8}
	if len(data) < 13 {
		h.damaged(filing.DecodeTruncated)
		h.frames, h.refused = 1, true
		return h, nil
	}
	h.width, h.height = int(binary.LittleEndian.Uint16(data[6:])), int(binary.LittleEndian.Uint16(data[8:]))
	pos := 13
	global, pos := gifPalette(data, pos, data[10])
	transparent := -1
walk:
	for h.frames < maxFrames && pos < len(data) {
		switch data[pos] {
		case 0x2c: // image descriptor
			if pos+10 > len(data) {
				break walk
			}
			d := data[pos+1 : pos+10]
			f := &gifFrame{
				left: int(binary.LittleEndian.Uint16(d)), top: int(binary.LittleEndian.Uint16(d[2:])),
				width: int(binary.LittleEndian.Uint16(d[4:])), height: int(binary.LittleEndian.Uint16(d[6:])),
				interlaced: d[8]&0x40 != 0, transparent: transparent, palette: global,
			}
			var local []byte
			if local, pos = gifPalette(data, pos+10, d[8]); local != nil {
				f.palette = local
			}
			h.frames++
			if pos >= len(data) {
				break walk
			}
			if first == nil {
				first = f
				f.codes = data[pos:]
			}
			pos = skipSubBlocks(data, pos+1)
			transparent = -1
		case 0x21: // extension
			if pos+2 > len(data) {
				break walk
			}
			label, start := data[pos+1], pos+2
			pos = skipSubBlocks(data, start)
			body := data[min(start+1, pos):pos]
			switch {
			case label == 0xf9 && len(body) >= 4 && body[0]&1 != 0: // graphic control: transparency is given
				transparent = int(body[3])
			case label == 0xfe && first == nil: // comment
				h.software = appendSoftware(h.software, softwareInComment(body)...)
			}
		case 0x3b: // trailer
			h.end = pos + 1
			break walk
		case 0: // a stray block terminator, which decoders pass over
			pos++
		default:
			break walk // what is no block ends the file for every viewer
		}
	}
	h.frames = max(h.frames, 1)
	if first == nil {
		h.damaged(filing.DecodeTruncated)
		return h, nil
	}
	// The first frame may reach beyond the screen that the file claims; viewers make room for it.
	h.width, h.height = max(h.width, first.left+first.width), max(h.height, first.top+first.height)
	h.interlaced = first.interlaced
	if first.width == 0 || first.height == 0 {
		h.refused = true
	}
	return h, first
}

func parseGIF(data []byte) header {
	h, _ := gifHeader(data)
	return h
}

// gifPalette returns the colour table that flags announces at pos, and the position behind it.
func gifPalette(data []byte, pos int, flags byte) (palette []byte, next int) {
	if flags&0x80 == 0 {
		return nil, pos
	}
	next = min(pos+3<<(flags&7+1), len(data))
	return data[min(pos, next):next], next
}

// skipSubBlocks moves behind the sub-blocks at pos: each begins with its length, a length of 0 ends them.
func skipSubBlocks(data []byte, pos int) int {
	for pos < len(data) {
		n := int(data[pos])
		pos += 1 + n
		if n == 0 {
			break
		}
	}
	return min(pos, len(data))
}

// subBlocks reads the bytes of consecutive sub-blocks.
type subBlocks struct {
	data []byte
	left int
	// ranOut: the data ended before the sub-blocks did.
	ranOut bool
}

func (b *subBlocks) ReadByte() (byte, error) {
	for b.left == 0 {
		if len(b.data) == 0 {
			b.ranOut = true
			return 0, io.ErrUnexpectedEOF
		}
		b.left, b.data = int(b.data[0]), b.data[1:]
		if b.left == 0 {
			return 0, io.EOF
		}
	}
	if len(b.data) == 0 {
		b.ranOut = true
		return 0, io.ErrUnexpectedEOF
	}
	c := b.data[0]
	b.data, b.left = b.data[1:], b.left-1
	return c, nil
}

// Read is there because lzw.NewReader asks for an io.Reader; it uses ReadByte.
func (b *subBlocks) Read(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		if p[n], err = b.ReadByte(); err == nil {
			n++
		}
	}
	return n, err
}

// gifDamage is the error of a first frame that cannot be decoded to its last pixel; the text is a Decode reason.
type gifDamage string

func (d gifDamage) Error() string { return "GIF " + string(d) }

// Is makes a damaged GIF an errDecode.
func (d gifDamage) Is(target error) bool { return target == errDecode }

// decodeGIF decodes the first frame and hands out every row of the screen from top to bottom, three bytes a pixel; what is
// transparent or outside the frame is white, as on the page of a viewer. The row is valid during the call only. Besides
// the row only an interlaced frame is held, a byte a pixel.
func decodeGIF(ctx context.Context, data []byte, row func(y int, rgb []byte)) error {
	h, f := gifHeader(data)
	if f == nil || h.refused {
		return gifDamage(filing.DecodeTruncated)
	}
	if len(f.codes) == 0 || f.codes[0] < 2 || f.codes[0] > 8 {
		return gifDamage(filing.DecodeCorrupt)
	}
	blocks := &subBlocks{data: f.codes[1:]}
	indices := lzw.NewReader(blocks, lzw.LSB, int(f.codes[0]))
	defer indices.Close()

	var colours [256][3]byte
	for i := range len(f.palette) / 3 {
		copy(colours[i][:], f.palette[3*i:])
	}
	if f.transparent >= 0 {
		colours[f.transparent] = [3]byte{255, 255, 255}
	}
	rgb := bytes.Repeat([]byte{255}, 3*h.width)
	for y := range f.top {
		row(y, rgb)
	}
	emit := func(y int, line []byte) {
		out := rgb[3*f.left:]
		for x, index := range line {
			copy(out[3*x:3*x+3], colours[index][:])
		}
		row(f.top+y, rgb)
	}
	var whole []byte
	if f.interlaced {
		whole = make([]byte, f.width*f.height)
	}
	line := make([]byte, f.width)
	for i, y := range gifRows(f.height, f.interlaced) {
		if i%stripRows == 0 {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("decode GIF: %w", err)
			}
		}
		if f.interlaced {
			line = whole[y*f.width : (y+1)*f.width]
		}
		if _, err := io.ReadFull(indices, line); err != nil {
			if blocks.ranOut {
				return gifDamage(filing.DecodeTruncated)
			}
			return gifDamage(filing.DecodeCorrupt)
		}
		if !f.interlaced {
			emit(y, line)
		}
	}
	for y := 0; f.interlaced && y < f.height; y++ {
		emit(y, whole[y*f.width:(y+1)*f.width])
	}
	for i := range rgb {
		rgb[i] = 255
	}
	for y := f.top + f.height; y < h.height; y++ {
		row(y, rgb)
	}
	return nil
}

// gifRows yields the rows of a frame in the order in which they are stored (GIF89a, appendix E).
func gifRows(height int, interlaced bool) func(func(int, int) bool) {
	passes := [][2]int{{0, 1}}
	if interlaced {
		passes = [][2]int{{0, 8}, {4, 8}, {2, 4}, {1, 2}}
	}
	return func(yield func(int, int) bool) {
		i := 0
		for _, pass := range passes {
			for y := pass[0]; y < height; y += pass[1] {
				if !yield(i, y) {
					return
				}
				i++
			}
		}
	}
}
