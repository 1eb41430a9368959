package specimen

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"math/rand/v2"
	"slices"
	"sync"
)

// Codes of findings that hostile files must be answered with.
const (
	empty       = "empty_file"
	unsupported = "unsupported_format"
	damaged     = "image_damaged"
	tooMany     = "too_many_pixels"
	metadata    = "metadata_damaged"
	animated    = "animated_image"
)

// findMarker returns where a marker of a JPEG begins and where its segment ends; -1 where there is none.
func findMarker(data []byte, marker byte) (start, end int) {
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		length := int(binary.BigEndian.Uint16(data[at+2:]))
		if data[at+1] == marker {
			return at, at + 2 + length
		}
		if data[at+1] == 0xda {
			break
		}
		at += 2 + length
	}
	return -1, -1
}

// intact is the small sound files that hostile ones are cut from.
type intact struct{ jpeg, progressive, restart, png, gif []byte }

var sound = sync.OnceValues(func() (intact, error) {
	var s intact
	var err error
	attempt := func(f func() ([]byte, error)) []byte {
		if err != nil {
			return nil
		}
		var data []byte
		data, err = f()
		return data
	}
	jpeg := func(o JPEGOptions) []byte {
		o.Quality = 95
		o.Segments = []Segment{Phone().Segment()}
		return attempt(func() ([]byte, error) { return EncodeJPEG(plain(), o) })
	}
	s.jpeg, s.progressive, s.restart = jpeg(JPEGOptions{}), jpeg(JPEGOptions{Progressive: true}), jpeg(JPEGOptions{RestartInterval: 63})
	s.png = attempt(func() ([]byte, error) { return EncodePNG(plain(), PNGOptions{}) })
	s.gif = attempt(func() ([]byte, error) { return EncodeGIF([]*image.RGBA{plain()}, 0) })
	return s, err
})

// spoil returns a maker that changes a copy of a sound file.
func spoil(from func(intact) []byte, change func([]byte) []byte) func() ([]byte, error) {
	return func() ([]byte, error) {
		s, err := sound()
		if err != nil {
			return nil, err
		}
		return change(bytes.Clone(from(s))), nil
	}
}

func theJPEG(s intact) []byte        { return s.jpeg }
func theProgressive(s intact) []byte { return s.progressive }
func theRestart(s intact) []byte     { return s.restart }
func thePNG(s intact) []byte         { return s.png }
func theGIF(s intact) []byte         { return s.gif }

// literal returns a maker of bytes that are computed without fail.
func literal(f func() []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return f(), nil }
}

// Hostile returns files made to break a service: each with the code that must be among its findings. Names are unique,
// the order is fixed, and bytes are made when asked for.
func Hostile() []File {
	var files []File
	for _, table := range [][]File{truncations(), corruptions(), lyingJPEGs(), lyingPNGs(), lyingGIFs(), animations(),
		exifAttacks(),
		foreigners(), polyglots(), oddities()} {
		files = append(files, table...)
	}
	return files
}

func sortByName(files []File) {
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
}

// truncations are sound files that end too early: uploads that broke off.
func truncations() []File {
	var files []File
	for _, kind := range []struct {
		name, ext string
		from      func(intact) []byte
	}{{"jpeg", "jpg", theJPEG}, {"progressive", "jpg", theProgressive}, {"png", "png", thePNG}, {"gif", "gif", theGIF}} {
		for _, percent := range []int{2, 5, 10, 25, 50, 75, 90, 95, 99} {
			files = append(files, File{
				Name: fmt.Sprintf("truncated_%s_%02d.%s", kind.name, percent, kind.ext), Want: damaged,
				What: fmt.Sprintf("a sound %s of which %d %% are there", kind.name, percent),
				make: spoil(kind.from, func(d []byte) []byte { return d[:len(d)*percent/100] }),
			})
		}
	}
	for _, percent := range []int{10, 50, 90} {
		files = append(files, File{Name: fmt.Sprintf("truncated_then_eoi_%02d.jpg", percent), Want: damaged,
			What: "cut, and then ended properly: only the count of blocks tells",
			make: spoil(theJPEG, func(d []byte) []byte { return append(d[:len(d)*percent/100], 0xff, 0xd9) })})
	}
	cut := func(name string, from func(intact) []byte, n int, what string) {
		files = append(files, File{Name: name, What: what, Want: damaged, Or: []string{unsupported},
			make: spoil(from, func(d []byte) []byte { return d[:n] })})
	}
	cut("only_signature.png", thePNG, 8, "a PNG's signature and nothing else")
	cut("half_header.png", thePNG, 20, "a PNG that ends within its header")
	cut("only_signature.gif", theGIF, 6, "a GIF's signature and nothing else")
	cut("half_header.gif", theGIF, 10, "a GIF that ends within its header")
	cut("only_signature.jpg", theJPEG, 3, "the first three bytes of a JPEG")
	cut("half_exif.jpg", theJPEG, 60, "a JPEG that ends within its EXIF block")
	return files
}

// corruptions are files whose coded data was damaged underway.
func corruptions() []File {
	var files []File
	add := func(name, what string, or []string, from func(intact) []byte, change func([]byte) []byte) {
		files = append(files, File{Name: name, What: what, Want: damaged, Or: or, make: spoil(from, change)})
	}
	for _, percent := range []int{20, 50, 80} {
		add(fmt.Sprintf("no_such_code_%02d.jpg", percent), "64 bytes of ones in the scan: no Huffman code begins so",
			[]string{""}, theJPEG, // libjpeg-turbo takes an unknown code for a zero and may come out even
			func(d []byte) []byte {
				at := len(d) * percent / 100
				for i := range 32 {
					d[at+2*i], d[at+2*i+1] = 0xff, 0
				}
				return d
			})
		add(fmt.Sprintf("early_end_%02d.jpg", percent), "an end marker in the middle of the scan", nil, theJPEG,
			func(d []byte) []byte {
				return splice(d, len(d)*percent/100, []byte{0xff, 0xd9})
			})
		add(fmt.Sprintf("missing_kilobyte_%02d.jpg", percent), "a kilobyte is missing between two restart markers",
			nil, theRestart,
			func(d []byte) []byte {
				at := len(d) * percent / 100
				return append(d[:at], d[at+1024:]...)
			})
		add(fmt.Sprintf("flipped_bit_%02d.png", percent), "one bit is wrong: the chunk's checksum tells", nil, thePNG,
			func(d []byte) []byte {
				d[len(d)*percent/100] ^= 0x10
				return d
			})
		add(fmt.Sprintf("early_end_%02d.gif", percent), "the pixels of a GIF end before their time", nil, theGIF,
			func(d []byte) []byte {
				// Walk the chain of blocks to the one at the percent and end the chain there.
				at := 13 + 3<<(d[10]&7+1) + 10 + 1
				for at < len(d)*percent/100 {
					at += 1 + int(d[at])
				}
				return append(d[:at], 0, 0x3b)
			})
	}
	add("unexpected_marker.jpg", "a restart marker where none was promised", nil, theJPEG, func(d []byte) []byte {
		return splice(d, len(d)/2, []byte{0xff, 0xd5})
	})
	add("bad_deflate.png", "wrong data under a right checksum", nil, thePNG, func(d []byte) []byte {
		return editChunk(d, "IDAT", func(b []byte) []byte {
			copy(b[len(b)/2:], bytes.Repeat([]byte{0xff}, 64))
			return b
		})
	})
	add("empty_idat.png", "a PNG whose pixels are no bytes", nil, thePNG, func(d []byte) []byte {
		for bytes.Contains(d, []byte("IDAT")) {
			d = editChunk(d, "IDAT", nil)
		}
		return splice(d, len(d)-12, chunk("IDAT", nil))
	})
	add("missing_row.png", "the pixels of one row too few", nil, thePNG, func([]byte) []byte {
		return rawPNG(64, 64, 8, 0, deflate(make([]byte, 65*63)))
	})
	add("bad_filter.png", "a filter type that does not exist", nil, thePNG, func([]byte) []byte {
		return rawPNG(8, 8, 8, 0, deflate(bytes.Repeat([]byte{9, 0, 0, 0, 0, 0, 0, 0, 0}, 8)))
	})
	add("bad_code_size.gif", "an LZW code size that does not exist", nil, theGIF, func(d []byte) []byte {
		d[13+3<<(d[10]&7+1)+10] = 13
		return d
	})
	add("no_end.jpg", "all pixels, but no end marker", []string{""}, theJPEG,
		func(d []byte) []byte { return d[:len(d)-2] })
	add("no_iend.png", "all pixels, but no IEND", []string{""}, thePNG, func(d []byte) []byte { return d[:len(d)-12] })
	add("no_trailer.gif", "all pixels, but no trailer", []string{""}, theGIF,
		func(d []byte) []byte { return d[:len(d)-1] })
	return files
}

// editChunk replaces the first chunk of a kind by a changed one with a right checksum, or drops it where change is nil.
func editChunk(data []byte, kind string, change func([]byte) []byte) []byte {
	for at := 8; at+12 <= len(data); {
		n := int(binary.BigEndian.Uint32(data[at:]))
		if string(data[at+4:at+8]) != kind {
			at += 12 + n
			continue
		}
		var put []byte
		if change != nil {
			put = chunk(kind, change(bytes.Clone(data[at+8:at+8+n])))
		}
		return append(append(bytes.Clone(data[:at]), put...), data[at+12+n:]...)
	}
	return data
}

// ihdr is the header chunk of a PNG.
func ihdr(w, h uint32, depth, colour byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, w)
	b = binary.BigEndian.AppendUint32(b, h)
	return chunk("IHDR", append(b, depth, colour, 0, 0, 0))
}

// rawPNG is a PNG of given compressed rows.
func rawPNG(w, h uint32, depth, colour byte, idat []byte, extra ...[]byte) []byte {
	out := append([]byte(pngSignature), ihdr(w, h, depth, colour)...)
	for _, e := range extra {
		out = append(out, e...)
	}
	return append(append(out, chunk("IDAT", idat)...), chunk("IEND", nil)...)
}

// lyingJPEGs promise in their headers what they do not hold.
func lyingJPEGs() []File {
	var files []File
	add := func(name, what, want string, change func(d []byte, sof int) []byte, or ...string) {
		files = append(files, File{Name: name, What: what, Want: want, Or: or, Bomb: want == tooMany,
			make: spoil(theJPEG, func(d []byte) []byte {
				sof, _ := findMarker(d, 0xc0)
				return change(d, sof)
			})})
	}
	size := func(d []byte, sof, w, h int) []byte {
		binary.BigEndian.PutUint16(d[sof+5:], uint16(h))
		binary.BigEndian.PutUint16(d[sof+7:], uint16(w))
		return d
	}
	for _, s := range []int{64250, 65500, 65535, 12000} {
		add(fmt.Sprintf("claims_%d_squared.jpg", s), fmt.Sprintf("4 KB that claim %d x %d pixels", s, s), tooMany,
			// libjpeg itself takes no more than 65500 a side.
			func(d []byte, sof int) []byte { return size(d, sof, s, s)[:4096] }, damaged)
	}
	add("claims_65535_wide.jpg", "claims 65535 x 2000 pixels", tooMany, func(d []byte,
		sof int) []byte {
		return size(d, sof, 65535, 2000)
	}, damaged)
	add("claims_65535_squared_progressive.jpg", "the same claim under a progressive header", tooMany, func(d []byte,
		sof int) []byte {
		d[sof+1] = 0xc2
		return size(d, sof, 65535, 65535)[:4096]
	}, damaged)
	add("claims_more_rows.jpg", "claims four times the rows that are there", damaged, func(d []byte,
		sof int) []byte {
		return size(d, sof, 1000, 3000)
	})
	add("zero_width.jpg", "no pixel across", damaged, func(d []byte, sof int) []byte { return size(d, sof, 0, 750) })
	add("zero_height.jpg", "a height to be told later (DNL), which never comes", damaged, func(d []byte,
		sof int) []byte {
		return size(d, sof, 1000, 0)
	})
	set := func(name, what string, at int, v byte, or ...string) {
		add(name, what, damaged, func(d []byte, sof int) []byte {
			d[sof+at] = v
			return d
		}, or...)
	}
	set("no_components.jpg", "a frame of no components", 9, 0)
	set("255_components.jpg", "a frame of 255 components in a header for three", 9, 255)
	set("two_components.jpg", "a frame of two components", 9, 2)
	set("precision_12.jpg", "12 bits a sample in a baseline file", 4, 12, unsupported)
	set("precision_0.jpg", "0 bits a sample", 4, 0)
	set("sampling_0.jpg", "a sampling factor of 0", 11, 0)
	set("sampling_15.jpg", "a sampling factor of 15", 11, 0xff)
	set("no_such_table.jpg", "a quantization table that was never defined", 12, 3)
	set("lossless.jpg", "a lossless frame (SOF3)", 1, 0xc3, unsupported)
	set("arithmetic.jpg", "a frame header of arithmetic coding over Huffman data: any bits are a picture then", 1,
		0xc9, unsupported, "")
	set("hierarchical.jpg", "a differential frame (SOF5)", 1, 0xc5, unsupported)
	set("frame_length_2.jpg", "a frame header that says it is empty", 3, 2)
	drop := func(name, what string, marker byte) {
		add(name, what, damaged, func(d []byte, _ int) []byte {
			for {
				from, to := findMarker(d, marker)
				if from < 0 {
					return d
				}
				d = append(d[:from], d[to:]...)
			}
		})
	}
	drop("no_frame.jpg", "a scan without a frame header", 0xc0)
	drop("no_scan.jpg", "tables and a frame, then data without a scan header", 0xda)
	drop("no_quantization.jpg", "no quantization tables", 0xdb)
	add("no_huffman.jpg", "no Huffman tables", damaged, func(d []byte, _ int) []byte {
		for {
			from, to := findMarker(d, 0xc4)
			if from < 0 {
				return d
			}
			d = append(d[:from], d[to:]...)
		}
	}, "") // decoders may fall back on the usual tables, as motion JPEG does
	add("two_frames.jpg", "two frame headers", damaged, func(d []byte, sof int) []byte {
		return splice(d, sof, bytes.Clone(d[sof:sof+19]))
	})
	add("segment_length_0.jpg", "a segment that says it has no length", damaged, func(d []byte, _ int) []byte {
		return splice(d, 2, []byte{0xff, 0xe5, 0, 0})
	}, metadata, "")
	add("segment_past_end.jpg", "a segment that ends behind the file", damaged, func(d []byte, _ int) []byte {
		return append(d[:2:2], 0xff, 0xe5, 0xff, 0xff, 1, 2, 3)
	}, unsupported)
	add("huffman_overflow.jpg", "a Huffman table of more codes than there are", damaged, func(d []byte, _ int) []byte {
		from, _ := findMarker(d, 0xc4)
		for i := range 16 {
			d[from+5+i] = 255
		}
		return d
	})
	add("start_end.jpg", "a start and an end, nothing between", damaged, func([]byte,
		int) []byte {
		return []byte{0xff, 0xd8, 0xff, 0xd9}
	}, unsupported)
	add("markers_10000.jpg", "a sound picture behind 10,000 comments", "", func(d []byte, _ int) []byte {
		return splice(d, 2, bytes.Repeat([]byte{0xff, 0xfe, 0, 4, 'h', 'i'}, 10000))
	})
	add("fill_bytes_100000.jpg", "a sound picture behind 100,000 fill bytes", "", func(d []byte, _ int) []byte {
		return splice(d, 2, bytes.Repeat([]byte{0xff}, 100000))
	}, damaged)
	add("icc_255_parts.jpg", "a colour profile of 255 parts, of which each is rubbish", "", func(d []byte, _ int) []byte {
		var parts []byte
		for i := 1; i <= 255; i++ {
			parts = append(parts, 0xff, 0xe2, 0, 2+14+100)
			parts = append(append(parts, "ICC_PROFILE\x00"...), byte(i), 255)
			parts = append(parts, filler(100)...)
		}
		return splice(d, 2, parts)
	}, damaged)
	add("starts_1000.jpg", "1,000 starts, then a picture", damaged, func(d []byte, _ int) []byte {
		return append(bytes.Repeat([]byte{0xff, 0xd8}, 1000), d...)
	}, unsupported, "")
	files = append(files, File{Name: "scans_1000.jpg", Want: damaged, Or: []string{""},
		What: "a progressive file that repeats a scan 1,000 times: each must be decoded over the whole picture",
		make: spoil(theProgressive, func(d []byte) []byte {
			at, _ := findMarker(d, 0xda)
			// A scan of the last coefficient of the first component; its data says "all blocks are done".
			one := []byte{0xff, 0xda, 0, 8, 1, 1, 0, 63, 63, 0}
			return append(append(d[:len(d)-2:len(d)-2], bytes.Repeat(one, 1000)...), d[at:]...)
		})})
	return files
}

// lyingPNGs promise what they do not hold, or hold what inflates.
func lyingPNGs() []File {
	var files []File
	add := func(name, what, want string, f func() []byte, or ...string) {
		files = append(files, File{Name: name, What: what, Want: want, Or: or, Bomb: want == tooMany, make: literal(f)})
	}
	tiny := deflate([]byte{0, 0})
	add("bomb_900_megapixels.png", "about 110 KB that inflate to 900 megapixels", tooMany, func() []byte {
		return rawPNG(30000, 30000, 1, 0, deflate(make([]byte, 30000*(1+30000/8))))
	})
	for _, s := range [][2]uint32{{30000, 30000}, {1<<31 - 1, 1<<31 - 1}, {1<<31 - 1, 1}, {1, 1<<31 - 1}, {65536,
		65536}} {
		add(fmt.Sprintf("claims_%d_x_%d.png", s[0], s[1]), "a header that claims so many pixels over two bytes", tooMany,
			func() []byte { return rawPNG(s[0], s[1], 8, 2, tiny) }, damaged)
	}
	for _, s := range [][2]uint32{{0, 0}, {0, 10}, {10, 0}, {1 << 31, 10}, {1<<32 - 1, 1<<32 - 1}} {
		add(fmt.Sprintf("impossible_%d_x_%d.png", s[0], s[1]), "a size that PNG does not allow", damaged,
			func() []byte { return rawPNG(s[0], s[1], 8, 2, tiny) }, tooMany)
	}
	sound8 := deflate(make([]byte, 8*9))
	header := func(name, what string, at int, v byte) {
		add(name, what, damaged, func() []byte {
			return editChunk(rawPNG(8, 8, 8, 0, sound8), "IHDR", func(b []byte) []byte {
				b[at] = v
				return b
			})
		})
	}
	header("bit_depth_3.png", "three bits a sample", 8, 3)
	header("colour_type_5.png", "a colour type that does not exist", 9, 5)
	header("compression_1.png", "a compression that does not exist", 10, 1)
	header("filter_1.png", "a filter method that does not exist", 11, 1)
	header("interlace_2.png", "an interlace that does not exist", 12, 2)
	add("palette_missing.png", "indexed colours without a palette", damaged, func() []byte {
		return rawPNG(8, 8, 8, 3,
			sound8)
	})
	add("palette_too_small.png", "an index beyond the palette", damaged, func() []byte {
		return rawPNG(8, 8, 8, 3, deflate(bytes.Repeat([]byte{0, 9, 9, 9, 9, 9, 9, 9, 9}, 8)), chunk("PLTE", []byte{0,
			0, 0}))
	}, "") // most decoders show such pixels black
	add("idat_missing.png", "a header and an end", damaged, func() []byte {
		return append(append([]byte(pngSignature), ihdr(8, 8, 8, 0)...), chunk("IEND", nil)...)
	})
	add("header_missing.png", "pixels without a header", damaged, func() []byte {
		return append(append([]byte(pngSignature), chunk("IDAT", sound8)...), chunk("IEND", nil)...)
	})
	add("header_second.png", "a text before the header", damaged, func() []byte {
		return append([]byte(pngSignature), append(chunk("tEXt", []byte("a\x00b")), rawPNG(8, 8, 8, 0, sound8)[8:]...)...)
	}, "")
	add("header_checksum.png", "a header whose checksum is wrong", damaged, func() []byte {
		d := rawPNG(8, 8, 8, 0, sound8)
		d[8+8+13] ^= 1
		return d
	})
	add("chunk_4_gigabytes.png", "a chunk that says it has 4 GB", damaged, func() []byte {
		d := rawPNG(8, 8, 8, 0, sound8)
		binary.BigEndian.PutUint32(d[8+25:], 0xffffffff)
		return d
	})
	// Compressed text and profiles that inflate to 64 MB: nobody needs them, nobody may inflate them.
	inflating := sync.OnceValue(func() []byte { return deflate(make([]byte, 64<<20)) })
	add("bomb_iccp.png", "a small picture whose colour profile inflates to 64 MB", "", func() []byte {
		return rawPNG(8, 8, 8, 0, sound8, chunk("iCCP", append([]byte("x\x00\x00"), inflating()...)))
	}, damaged)
	add("bomb_ztxt.png", "a small picture whose comment inflates to 64 MB", "", func() []byte {
		return rawPNG(8, 8, 8, 0, sound8, chunk("zTXt", append([]byte("Comment\x00\x00"), inflating()...)))
	}, damaged)
	add("bomb_itxt.png", "a small picture whose XMP inflates to 64 MB", "", func() []byte {
		return rawPNG(8, 8, 8, 0, sound8, chunk("iTXt", append([]byte("XML:com.adobe.xmp\x00\x01\x00\x00\x00"),
			inflating()...)))
	}, damaged)
	add("bomb_idat.png", "a picture of 8 x 8 whose pixels inflate to 64 MB", "", func() []byte {
		return rawPNG(8, 8, 8, 0, inflating())
	}, damaged)
	add("chunks_10000.png", "10,000 texts before the pixels", "", func() []byte {
		return rawPNG(8, 8, 8, 0, sound8, bytes.Repeat(chunk("tEXt", []byte("a\x00b")), 10000))
	}, damaged)
	return files
}

// gifScreen is the header of a GIF with a palette of four colours.
func gifScreen(w, h uint16) []byte {
	b := binary.LittleEndian.AppendUint16([]byte("GIF89a"), w)
	b = binary.LittleEndian.AppendUint16(b, h)
	return append(b, 0x91, 0, 0, 0, 0, 0, 255, 255, 255, 200, 40, 40, 40, 40, 200)
}

// onePixel is the data of a frame of one pixel: clear, colour 0, end.
const onePixel = "\x02\x02\x44\x01\x00"

// gifFrame is a frame of one pixel that claims another size.
func gifFrame(x, y, w, h uint16, data string) []byte {
	b := []byte{0x2c}
	for _, v := range []uint16{x, y, w, h} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return append(append(b, 0), data...)
}

// lyingGIFs promise what they do not hold.
func lyingGIFs() []File {
	var files []File
	add := func(name, what, want string, f func() []byte, or ...string) {
		files = append(files, File{Name: name, What: what, Want: want, Or: or, Bomb: want == tooMany, make: literal(f)})
	}
	join := func(parts ...[]byte) []byte { return append(bytes.Join(parts, nil), 0x3b) }
	add("screen_65535_squared.gif", "a screen of 65535 x 65535 with one pixel in it", tooMany, func() []byte {
		return join(gifScreen(65535, 65535), gifFrame(0, 0, 1, 1, onePixel))
	})
	add("frame_65535_squared.gif", "a frame of 65535 x 65535 on a screen of one pixel", tooMany, func() []byte {
		return join(gifScreen(1, 1), gifFrame(0, 0, 65535, 65535, onePixel))
	}, damaged)
	add("screen_0.gif", "a screen of no pixels and a frame of none", damaged, func() []byte {
		return join(gifScreen(0, 0), gifFrame(0, 0, 0, 0, onePixel))
	}, "") // readers that take the screen from the frames see one pixel
	add("frame_outside.gif", "a frame that lies outside of the screen", damaged, func() []byte {
		return join(gifScreen(10, 10), gifFrame(5000, 5000, 10, 10, onePixel))
	}, "")
	add("frame_missing.gif", "a screen without a frame", damaged, func() []byte { return join(gifScreen(10, 10)) })
	add("frame_without_pixels.gif", "a frame whose data ends at once", damaged, func() []byte {
		return join(gifScreen(10, 10), gifFrame(0, 0, 10, 10, "\x02\x00"))
	})
	add("frame_too_few.gif", "a frame of 100 pixels with one", damaged, func() []byte {
		return join(gifScreen(10, 10), gifFrame(0, 0, 10, 10, onePixel))
	})
	add("palette_none.gif", "a frame without any palette", damaged, func() []byte {
		d := join(gifScreen(1, 1), gifFrame(0, 0, 1, 1, onePixel))
		d[10] = 0
		return append(d[:13], d[25:]...)
	}, "")
	add("unknown_block.gif", "a block that GIF does not have", damaged, func() []byte {
		return join(gifScreen(10, 10), []byte{0x99, 1, 2, 3}, gifFrame(0, 0, 10, 10, onePixel))
	})
	add("comment_endless.gif", "a comment of 16,000 blocks that never ends", damaged, func() []byte {
		return append(gifScreen(10, 10), append([]byte{0x21, 0xfe}, bytes.Repeat(append([]byte{255}, filler(255)...),
			16000)...)...)
	})
	add("extensions_100000.gif", "100,000 empty comments, then a picture", "", func() []byte {
		return join(gifScreen(1, 1), bytes.Repeat([]byte{0x21, 0xfe, 0}, 100000), gifFrame(0, 0, 1, 1, onePixel))
	}, damaged)
	return files
}

// animations have more frames than a photo has, some of them more than anybody may decode.
func animations() []File {
	var files []File
	add := func(name, what string, maker func() ([]byte, error), or ...string) {
		files = append(files, File{Name: name, What: what, Want: animated, Or: or, make: maker})
	}
	for _, n := range []int{2, 100, 1001} {
		add(fmt.Sprintf("frames_%d.gif", n), fmt.Sprintf("%d frames", n), func() ([]byte, error) {
			return animate(640,
				480, n)
		})
	}
	many := func(w, h uint16, n int) func() ([]byte, error) {
		return literal(func() []byte {
			first, err := animate(int(w), int(h), 1)
			if err != nil {
				return nil
			}
			more := bytes.Repeat(gifFrame(0, 0, 1, 1, onePixel), n)
			return append(append(first[:len(first)-1:len(first)-1], more...), 0x3b)
		})
	}
	add("frames_20000.gif", "20,000 frames of one pixel", many(100, 100, 20000), damaged)
	add("frames_10000_large.gif", "10,000 frames over a screen of 16 megapixels: minutes for whoever draws each",
		many(4000, 4000, 10000), damaged)
	two := func() ([]byte, error) {
		return EncodeAPNG([]image.Image{flat(64, 64, color.White), flat(64, 64, color.Black)}, 100)
	}
	add("frames_2.png", "an animated PNG of two frames", two)
	add("frames_4_billion.png", "an animated PNG that claims 4 billion frames and has two", then(two,
		func(d []byte) ([]byte, error) {
			return editChunk(d, "acTL", func(b []byte) []byte {
				binary.BigEndian.PutUint32(b, 0xffffffff)
				return b
			}), nil
		}), damaged, metadata, "")
	add("frames_300.png", "an animated PNG of 300 frames", func() ([]byte, error) {
		frames := make([]image.Image, 300)
		for i := range frames {
			frames[i] = flat(16, 16, color.Gray{Y: byte(i)})
		}
		return EncodeAPNG(frames, 20)
	})
	files = append(files, File{Name: "frames_0.png", What: "an animated PNG that claims no frames", Want: "",
		Or: []string{damaged, animated},
		make: then(two, func(d []byte) ([]byte, error) {
			return editChunk(d, "acTL", func(b []byte) []byte {
				binary.BigEndian.PutUint32(b, 0)
				return b
			}), nil
		})})
	return files
}

// ifd is a directory for EXIF attacks in little endian: entries of (tag, type, count, value), then the next offset.
func ifd(next uint32, entries ...[4]uint32) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, uint16(len(entries)))
	for _, e := range entries {
		b = le.AppendUint16(b, uint16(e[0]))
		b = le.AppendUint16(b, uint16(e[1]))
		b = le.AppendUint32(b, e[2])
		b = le.AppendUint32(b, e[3])
	}
	return le.AppendUint32(b, next)
}

// exifAttacks are sound pictures with metadata that has broken parsers.
func exifAttacks() []File {
	var files []File
	add := func(name, what string, tiff func() []byte, or ...string) {
		files = append(files, File{Name: name, What: what, Want: metadata, Or: or, make: spoil(theJPEG,
			func(d []byte) []byte {
				from, to := findMarker(d, 0xe1)
				s := exifSegment(tiff())
				head := []byte{0xff, 0xe1, byte((len(s.Payload) + 2) >> 8), byte(len(s.Payload) + 2)}
				return append(append(append(d[:from:from], head...), s.Payload...), d[to:]...)
			})})
	}
	block := func(parts ...[]byte) func() []byte {
		return func() []byte { return append([]byte("II\x2a\x00\x08\x00\x00\x00"), bytes.Join(parts, nil)...) }
	}
	const short, long, ascii, rational = typeShort, typeLong, typeASCII, typeRational
	add("exif_overflow_120.jpg", "120 bytes whose count times size overflows 32 bits: 12.9 GB for whoever believes it", func() []byte {
		b := block(ifd(0, [4]uint32{0x010e, rational, 0x20000001, 8}, [4]uint32{0x010f, ascii, 0xc0000000, 8},
			[4]uint32{0x0110, long, 0x40000001, 8}))()
		return append(b, make([]byte, 120-len(b))...)
	})
	add("exif_count_4_billion.jpg", "a text of 4 billion characters", block(ifd(0, [4]uint32{0x010f, ascii,
		0xffffffff, 8})))
	add("exif_loop_self.jpg", "a directory that follows itself", block(ifd(8, [4]uint32{0x0112, short, 1, 1})))
	add("exif_loop_two.jpg", "two directories that follow each other", block(ifd(26, [4]uint32{0x0112, short, 1, 1}),
		ifd(8, [4]uint32{0x0112, short, 1, 1})))
	add("exif_loop_sub.jpg", "a directory that is its own child", block(ifd(0, [4]uint32{0x8769, long, 1, 8})))
	add("exif_chain_1000.jpg", "1,000 directories in a chain", func() []byte {
		b := block()()
		for i := range 1000 {
			b = append(b, ifd(uint32(8+18*(i+1)), [4]uint32{0x0112, short, 1, 1})...)
		}
		return append(b, ifd(0, [4]uint32{0x0112, short, 1, 1})...)
	}, "")
	add("exif_value_outside.jpg", "a value that lies outside the block", block(ifd(0, [4]uint32{0x010f, ascii, 40,
		0x00ffff00})))
	add("exif_first_outside.jpg", "a first directory outside the block",
		func() []byte { return []byte("II\x2a\x00\xff\xff\xff\x7f") })
	add("exif_next_outside.jpg", "a next directory outside the block", block(ifd(0x7fffffff, [4]uint32{0x0112, short,
		1, 1})))
	add("exif_child_outside.jpg", "a child directory outside the block", block(ifd(0, [4]uint32{0x8769, long, 1,
		0x7fffffff})))
	add("exif_gps_outside.jpg", "a GPS directory outside the block", block(ifd(0, [4]uint32{0x8825, long, 1,
		0x00fffff0})))
	add("exif_entries_65535.jpg", "a directory of 65,535 entries in 50 bytes", func() []byte {
		return append([]byte("II\x2a\x00\x08\x00\x00\x00\xff\xff"), make([]byte, 40)...)
	})
	add("exif_byte_order.jpg", "a byte order that does not exist",
		func() []byte { return []byte("XX\x2a\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00") })
	add("exif_magic.jpg", "a TIFF number that is not 42", func() []byte { return []byte("II\x2b\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00") })
	add("exif_four_bytes.jpg", "an EXIF block of four bytes", func() []byte { return []byte("II\x2a\x00") })
	add("exif_empty.jpg", "an EXIF block of no bytes", func() []byte { return nil })
	add("exif_type_0.jpg", "a field of a type that does not exist", block(ifd(0, [4]uint32{0x0112, 0, 1, 1})), "")
	add("exif_type_65535.jpg", "a field of type 65535", block(ifd(0, [4]uint32{0x0112, 65535, 1, 1})), "")
	add("exif_count_0.jpg", "an orientation of no values", block(ifd(0, [4]uint32{0x0112, short, 0, 6})), "")
	add("exif_orientation_0.jpg", "orientation 0", block(ifd(0, [4]uint32{0x0112, short, 1, 0})), "")
	add("exif_orientation_9.jpg", "orientation 9", block(ifd(0, [4]uint32{0x0112, short, 1, 9})), "")
	add("exif_orientation_65535.jpg", "orientation 65535", block(ifd(0, [4]uint32{0x0112, short, 1, 65535})), "")
	add("exif_orientation_text.jpg", "an orientation that is text", block(ifd(0, [4]uint32{0x0112, ascii, 4,
		0x00786973})), "")
	add("exif_division_by_zero.jpg", "an exposure of 1/0", block(ifd(0, [4]uint32{0x829a, rational, 1, 26}), []byte{1,
		0, 0, 0, 0, 0, 0, 0}), "")
	add("exif_time.jpg", "a time of month 99", block(ifd(0, [4]uint32{0x0132, ascii, 20, 26}),
		[]byte("9999:99:99 99:99:99\x00")), "")
	add("exif_control.jpg", "a maker's name of control characters and markup", block(ifd(0, [4]uint32{0x010f, ascii,
		30, 26}),
		[]byte("<script>\x1b[31m\x00\x01\x02\r\n</script>\xff\xfe\xfd")), "")
	add("exif_thumbnail_outside.jpg", "a thumbnail that lies outside the block", block(ifd(26, [4]uint32{0x0112,
		short, 1, 1}),
		ifd(0, [4]uint32{0x0201, long, 1, 0x00f00000}, [4]uint32{0x0202, long, 1, 0x7fffffff})), "")
	files = append(files, File{Name: "exif_1000_blocks.jpg", What: "1,000 EXIF blocks", Want: "", Or: []string{metadata},
		make: spoil(theJPEG, func(d []byte) []byte {
			from, to := findMarker(d, 0xe1)
			return splice(d, 2, bytes.Repeat(d[from:to], 1000))
		})})
	return files
}

// foreigners are other formats under names that the service takes. Each has a true header of its format.
func foreigners() []File {
	var files []File
	add := func(name, what string, data func() []byte) {
		files = append(files, File{Name: name, What: what + " under a name of ours", Want: unsupported,
			make: literal(data)})
	}
	ftyp := func(brand string, more ...string) func() []byte {
		return func() []byte {
			body := "ftyp" + brand + "\x00\x00\x00\x00" + brand
			for _, m := range more {
				body += m
			}
			b := append(binary.BigEndian.AppendUint32(nil, uint32(4+len(body))), body...)
			b = append(b, "\x00\x00\x00\x0cmeta\x00\x00\x00\x00"...)
			return append(b, make([]byte, 300)...)
		}
	}
	text := func(s string) func() []byte { return func() []byte { return []byte(s) } }
	padded := func(s string, n int) func() []byte {
		return func() []byte { return append([]byte(s), make([]byte, n)...) }
	}
	add("heic.jpg", "a HEIC photo", ftyp("heic", "mif1"))
	add("heix.jpeg", "a HEIC photo of 10 bits", ftyp("heix", "mif1"))
	add("mif1.jpg", "a HEIF photo of the general brand", ftyp("mif1", "heic"))
	add("avif.png", "an AVIF picture", ftyp("avif", "mif1"))
	add("mp4.jpg", "a video (MP4)", ftyp("isom", "mp42"))
	add("mov.jpg", "a video (QuickTime)", ftyp("qt  "))
	add("webp.jpg", "a WebP picture", func() []byte {
		// Lossless WebP of one pixel.
		body := append([]byte("WEBPVP8L\x0d\x00\x00\x00"), 0x2f, 0, 0, 0, 0x10, 0x07, 0x10, 0x11, 0x11, 0x88, 0x88,
			0xfe, 0x07, 0)
		return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
	})
	add("bmp.jpg", "a Windows bitmap", func() []byte {
		le := binary.LittleEndian
		b := le.AppendUint32([]byte("BM"), 70)
		b = le.AppendUint32(b, 0)
		for _, v := range []uint32{54, 40, 2, 2} {
			b = le.AppendUint32(b, v)
		}
		b = append(b, 1, 0, 24, 0)
		return append(b, make([]byte, 24+16)...)
	})
	add("tiff_le.jpg", "a TIFF (little endian)", func() []byte {
		return append([]byte("II\x2a\x00\x08\x00\x00\x00"), ifd(0, [4]uint32{256, 3, 1, 1}, [4]uint32{257, 3, 1, 1},
			[4]uint32{258, 3, 1, 8},
			[4]uint32{259, 3, 1, 1}, [4]uint32{262, 3, 1, 1}, [4]uint32{273, 4, 1, 8}, [4]uint32{279, 4, 1, 1})...)
	})
	add("tiff_be.png", "a TIFF (big endian)", padded("MM\x00\x2a\x00\x00\x00\x08\x00\x00", 40))
	add("pdf.jpg", "a PDF", text("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"+
		"trailer<</Root 1 0 R>>\n%%EOF\n"))
	add("svg.png", "an SVG drawing that refers to a local file",
		text(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" `+
			`width="100" height="100"><image xlink:href="file:///etc/hostname" width="9" height="9"/></svg>`))
	add("svg_xml.jpg", "an SVG drawing that begins as XML and expands entities",
		text(`<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">`+
			`<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg"><text>&b;</text></svg>`))
	add("zip.jpg", "an empty ZIP archive", padded("PK\x05\x06", 18))
	add("docx.jpg", "a ZIP archive with a first entry, as office files begin",
		padded("PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00\x21\x00\x00\x00\x00\x00\x00\x00\x00\x00"+
			"\x00\x00\x00\x00\x13\x00\x00\x00[Content_Types].xml", 100))
	add("html.jpg", "an HTML page", text("<!DOCTYPE html><html><head><title>404</title></head><body>Not found</body></html>"))
	add("html_script.gif", "an HTML page with a script", text("<html><script>alert(1)</script></html>"))
	add("json.jpg", "an error message of some other service", text(`{"error":"not found"}`))
	add("text.jpg", "a text", text("样本 SPECIMEN: this is a text, not a picture.\n"))
	add("jxl.jpg", "a JPEG XL codestream", padded("\xff\x0a", 200))
	add("jxl_box.jpg", "a JPEG XL container", padded("\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a", 200))
	add("jp2.jpg", "a JPEG 2000 picture", padded("\x00\x00\x00\x0cjP  \x0d\x0a\x87\x0a\x00\x00\x00\x14ftypjp2 \x00\x00\x00\x00jp2 ", 200))
	add("ico.png", "a Windows icon", padded("\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00\x20\x00\x68\x04\x00\x00\x16\x00\x00\x00", 1128))
	add("psd.jpg", "a Photoshop document", padded("8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x10\x00\x00\x00\x10\x00\x08\x00\x03", 200))
	add("gzip.png", "a gzip file", padded("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 50))
	add("webm.gif", "a video (Matroska)", padded("\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01", 100))
	add("pnm.jpg", "a portable pixmap", text("P6 2 2 255\n............"))
	add("script.gif", "a drawing program of ImageMagick that reads local files",
		text("push graphic-context\nviewbox 0 0 640 480\n"+
			"image over 0,0 0,0 'text:/etc/hostname'\npop graphic-context\n"))
	add("elf.png", "a program", padded("\x7fELF\x02\x01\x01", 200))
	return files
}

// polyglots are two files in one.
func polyglots() []File {
	zip := append([]byte("PK\x05\x06"), make([]byte, 18)...)
	return []File{
		{Name: "polyglot_zip.jpg", What: "a picture with a ZIP archive behind it", Want: "",
			make: spoil(theJPEG, func(d []byte) []byte { return append(d, zip...) })},
		{Name: "polyglot_zip.gif", What: "a GIF with a Java archive behind it", Want: "",
			make: spoil(theGIF, func(d []byte) []byte { return append(d, zip...) })},
		{Name: "polyglot_html.png", What: "a picture with a page behind it", Want: "",
			make: spoil(thePNG, func(d []byte) []byte { return append(d, "<html><script>alert(1)</script></html>"...) })},
		{Name: "polyglot_html_text.png", What: "a picture with a page in its text", Want: "",
			make: spoil(thePNG, func(d []byte) []byte {
				return splice(d, 33, chunk("tEXt", []byte("Comment\x00<html><script>alert(1)</script></html>")))
			})},
		{Name: "polyglot_php.jpg", What: "a picture with a program in its comment", Want: "",
			make: spoil(theJPEG, func(d []byte) []byte {
				program := "<?php system($_GET['c']);?>"
				return splice(d, 2, append([]byte{0xff, 0xfe, 0, byte(2 + len(program))}, program...))
			})},
		{Name: "polyglot_script.gif", What: "a GIF's signature, then a script", Want: damaged,
			Or:   []string{unsupported, tooMany},
			make: literal(func() []byte { return []byte("GIF89a/*" + "                    " + "*/=1;alert(1);//") })},
		{Name: "polyglot_pdf_first.jpg", What: "a PDF that holds a picture", Want: unsupported,
			make: spoil(theJPEG, func(d []byte) []byte {
				return append([]byte("%PDF-1.4\n1 0 obj<</Length 9>>stream\n"), append(d,
					"\nendstream endobj\n%%EOF"...)...)
			})},
		{Name: "polyglot_html_first.jpg", What: "a page before a picture", Want: unsupported,
			make: spoil(theJPEG, func(d []byte) []byte { return append([]byte("<html><!-- "), d...) })},
		{Name: "polyglot_two_jpegs.jpg", What: "two whole pictures, one behind the other", Want: "",
			make: spoil(theJPEG, func(d []byte) []byte { return append(bytes.Clone(d), d...) })},
		{Name: "polyglot_png_in_jpeg.jpg", What: "a picture with a PNG bomb behind it", Want: "",
			make: spoil(theJPEG, func(d []byte) []byte {
				return append(d, rawPNG(30000, 30000, 1, 0, deflate(make([]byte, 1000)))...)
			})},
		{Name: "polyglot_mm.jpg", What: "a space before the picture", Want: unsupported,
			make: spoil(theJPEG, func(d []byte) []byte { return append([]byte("\n"), d...) })},
	}
}

// oddities are files of nearly nothing, and of noise.
func oddities() []File {
	noise := func(n int, seed uint64) []byte {
		rng := rand.New(rand.NewPCG(seed, 0xbad))
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		b[0] = 0x01 // never a signature by chance
		return b
	}
	file := func(name, what, want string, f func() []byte, or ...string) File {
		return File{Name: name, What: what, Want: want, Or: or, make: literal(f)}
	}
	return []File{
		file("empty.jpg", "no bytes", empty, func() []byte { return nil }),
		file("empty.png", "no bytes", empty, func() []byte { return []byte{} }),
		file("one_byte.jpg", "one byte", unsupported, func() []byte { return []byte{0xff} }),
		file("two_bytes.jpg", "a start marker", unsupported, func() []byte { return []byte{0xff, 0xd8} }, damaged),
		file("random_1k.jpg", "a kilobyte of noise", unsupported, func() []byte { return noise(1024, 1) }),
		file("random_300k.jpg", "noise of an allowed size", unsupported, func() []byte { return noise(300<<10, 2) }),
		file("random_300k.gif", "other noise of an allowed size", unsupported, func() []byte {
			return noise(300<<10,
				3)
		}),
		file("zeros_300k.png", "zeros of an allowed size", unsupported, func() []byte { return make([]byte, 300<<10) }),
		file("ones_300k.jpg", "ones of an allowed size", unsupported,
			func() []byte { return bytes.Repeat([]byte{0xff}, 300<<10) }),
		file("noise_after_start.jpg", "a JPEG's first bytes, then noise", damaged, func() []byte {
			return append([]byte{0xff, 0xd8, 0xff, 0xe0}, noise(300<<10, 4)...)
		}),
		file("noise_after_signature.png", "a PNG's signature, then noise", damaged, func() []byte {
			return append([]byte(pngSignature), noise(300<<10, 5)...)
		}, tooMany),
		file("noise_after_screen.gif", "a GIF's screen, then noise", damaged, func() []byte {
			return append(gifScreen(100, 100), noise(300<<10, 6)...)
		}),
		file("newlines.png", "a PNG whose line ends a mail program changed", unsupported, func() []byte {
			return bytes.ReplaceAll(rawPNG(8, 8, 8, 0, deflate(make([]byte, 72))), []byte("\r\n"), []byte("\n"))
		}, damaged),
		file("checksums_zero.png", "a PNG whose checksums are all zero", damaged, func() []byte {
			d := rawPNG(8, 8, 8, 0, deflate(make([]byte, 72)))
			for at := 8; at+12 <= len(d); {
				n := int(binary.BigEndian.Uint32(d[at:]))
				if crc32.ChecksumIEEE(d[at+4:at+8+n]) != 0 {
					clear(d[at+8+n : at+12+n])
				}
				at += 12 + n
			}
			return d
		}),
	}
}
