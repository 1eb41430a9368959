package specimen

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"time"

	"github.com/preflight-icp/preflight/filing"
)

// The bounds of a file that the rules give in 2020 (G6.upload.4): the corpus lies within, but for the files whose point is
// to lie outside.
const (
	minBytes = 204800
	maxBytes = 4194304
)

// picture is a maker of files from a shared photo.
type picture struct {
	kind          Kind
	width, height int
	seed          uint64
}

// The photos that good files share.
var (
	front3  = picture{IDCardFront, 2048, 1536, 11}
	back3   = picture{IDCardBack, 2048, 1536, 12}
	front12 = picture{IDCardFront, 4000, 3000, 13}
	license = picture{BusinessLicense, 3264, 2448, 14}
	letter  = picture{AuthorizationLetter, 1944, 2592, 15}
	domain2 = picture{DomainCertificate, 1920, 1080, 16}
	small   = picture{ResidencePermitFront, 1100, 825, 17}
)

func (p picture) photo() (*Photo, error) { return shared().photo(p) }

// jpeg returns a maker of a JPEG; change is applied to the options of an ordinary phone's file.
func (p picture) jpeg(change func(*JPEGOptions)) func() ([]byte, error) {
	return func() ([]byte, error) {
		o := JPEGOptions{Quality: 95, Segments: []Segment{Phone().Segment()}}
		if change != nil {
			change(&o)
		}
		return shared().jpeg(p, o)
	}
}

// jpeg codes a shared photo. What differs in its segments alone is coded once.
func (s *scenery) jpeg(p picture, o JPEGOptions) ([]byte, error) {
	photo, err := p.photo()
	if err != nil {
		return nil, err
	}
	if o.FillBytes > 0 { // they stand before the segments too
		return EncodeJPEG(photo.Image, o)
	}
	segments := o.Segments
	o.Segments = nil
	key := fmt.Sprint(p, o)
	s.mu.Lock()
	defer s.mu.Unlock()
	body := s.bodies[key]
	if body == nil {
		if body, err = EncodeJPEG(photo.Image, o); err != nil {
			return nil, err
		}
		s.bodies[key] = body
	}
	return withSegments(body, segments)
}

// then applies a change to the bytes of a maker.
func then(maker func() ([]byte, error), change func([]byte) ([]byte, error)) func() ([]byte, error) {
	return func() ([]byte, error) {
		data, err := maker()
		if err != nil {
			return nil, err
		}
		return change(data)
	}
}

// fit returns a maker of a file of exactly n bytes.
func (p picture) fit(format filing.Format, n int) func() ([]byte, error) {
	return func() ([]byte, error) {
		photo, err := p.photo()
		if err != nil {
			return nil, err
		}
		return FitBytes(format, photo.Image, n)
	}
}

// png returns a maker of a PNG of the picture in another Go image type.
func (p picture) png(convert func(*image.RGBA) image.Image, o PNGOptions) func() ([]byte, error) {
	return func() ([]byte, error) {
		photo, err := p.photo()
		if err != nil {
			return nil, err
		}
		o.Fast = true
		return EncodePNG(convert(photo.Image), o)
	}
}

func (p picture) gif(change func([]byte) ([]byte, error)) func() ([]byte, error) {
	return then(func() ([]byte, error) {
		photo, err := p.photo()
		if err != nil {
			return nil, err
		}
		return EncodeGIF([]*image.RGBA{photo.Image}, 0)
	}, change)
}

func unchanged(data []byte) ([]byte, error) { return data, nil }

func asIs(img *image.RGBA) image.Image { return img }

func asGray(img *image.RGBA) image.Image {
	out := image.NewGray(img.Bounds())
	for i := range out.Pix {
		out.Pix[i], _, _ = color.RGBToYCbCr(img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+2])
	}
	return out
}

// as16 widens to 16 bits, with low bits that are not zero.
func as16(img *image.RGBA) image.Image {
	out := image.NewRGBA64(img.Bounds())
	for i, v := range img.Pix {
		low := byte(mix(uint64(i)))
		if i%4 == 3 {
			low = v
		}
		out.Pix[2*i], out.Pix[2*i+1] = v, low
	}
	return out
}

func asGray16(img *image.RGBA) image.Image {
	gray := asGray(img).(*image.Gray)
	out := image.NewGray16(img.Bounds())
	for i, v := range gray.Pix {
		out.Pix[2*i], out.Pix[2*i+1] = v, byte(mix(uint64(i)))
	}
	return out
}

func asPalette(img *image.RGBA) image.Image { return indexed(img, gifLevels[0]) }

// asAlpha has an alpha channel whose outermost pixels are translucent.
func asAlpha(img *image.RGBA) image.Image {
	out := image.NewNRGBA(img.Bounds())
	copy(out.Pix, img.Pix)
	for x := range img.Bounds().Dx() {
		out.Pix[4*x+3] = 250
	}
	return out
}

// Good returns clean files of ordinary variety: none may raise a finding on the file. What is on the picture is another
// matter: the grey ones are grey.
func Good() []File {
	var files []File
	add := func(name, what string, p picture, maker func() ([]byte, error)) {
		files = append(files, File{Name: name, What: what, Kind: p.kind, Orientation: 1, make: maker})
	}
	for o := 1; o <= 8; o++ {
		files = append(files, File{Name: fmt.Sprintf("orientation_%d.jpg", o), Kind: front3.kind, Orientation: o,
			What: fmt.Sprintf("a phone held so that EXIF says orientation %d; upright it is always the same picture", o),
			make: func() ([]byte, error) {
				photo, err := front3.photo()
				if err != nil {
					return nil, err
				}
				camera := Phone()
				camera.Orientation = o
				return EncodeJPEG(Orient(photo.Image, o), JPEGOptions{Quality: 95, Segments: []Segment{camera.Segment()}})
			}})
	}
	option := func(name, what string, p picture, change func(*JPEGOptions)) { add(name, what, p, p.jpeg(change)) }
	segment := func(name, what string, segments ...Segment) {
		option(name, what, front3, func(o *JPEGOptions) { o.Segments = append(o.Segments, segments...) })
	}
	camera := func(name, what string, change func(*Camera)) {
		option(name, what, front3, func(o *JPEGOptions) {
			c := Phone()
			change(&c)
			o.Segments = []Segment{c.Segment()}
		})
	}
	option("IMG_0001.JPG", "an ordinary phone photo, extension in capitals", front3, nil)
	option("back.jpeg", "the other side, with the long extension", back3, nil)
	option("phone_12mp.jpg", "12 megapixels as most phones take", front12, func(o *JPEGOptions) { o.Quality = 93 })
	option("phone_12mp_q80.jpg", "12 megapixels, compressed harder", front12, func(o *JPEGOptions) { o.Quality = 80 })
	option("license_8mp.jpg", "a business licence, 8 megapixels", license, nil)
	option("letter_5mp.jpg", "a letter in portrait format, 5 megapixels", letter, nil)
	option("domain_2mp.jpg", "a certificate, 2 megapixels", domain2, func(o *JPEGOptions) { o.Quality = 98 })
	option("no_metadata.jpg", "no EXIF: sent through a messenger", front3, func(o *JPEGOptions) {
		o.Segments, o.JFIF = nil, true
	})
	option("bare.jpg", "neither EXIF nor JFIF", front3, func(o *JPEGOptions) { o.Segments = nil })
	option("jfif_and_exif.jpg", "JFIF first, then EXIF", front3, func(o *JPEGOptions) { o.JFIF = true })
	option("progressive.jpg", "coded coarse to fine", front3, func(o *JPEGOptions) { o.Progressive = true })
	option("progressive_444.jpg", "progressive, chroma in full", letter, func(o *JPEGOptions) {
		o.Progressive, o.Subsampling = true, Chroma444
	})
	option("chroma_422.jpg", "chroma halved across, as cameras write", front3,
		func(o *JPEGOptions) { o.Subsampling = Chroma422 })
	option("chroma_444.jpg", "chroma in full", front3, func(o *JPEGOptions) { o.Subsampling = Chroma444 })
	option("restart_8.jpg", "restart markers every 8 MCUs", front3, func(o *JPEGOptions) { o.RestartInterval = 8 })
	option("restart_row.jpg", "a restart marker after every row of MCUs", license,
		func(o *JPEGOptions) { o.RestartInterval = 204 })
	option("fill_bytes.jpg", "fill bytes before the markers", front3, func(o *JPEGOptions) { o.FillBytes = 3 })
	option("quality_100.jpg", "the finest quality there is", domain2, func(o *JPEGOptions) { o.Quality = 100 })
	option("grey.jpg", "one component: a grey camera picture", front3, func(o *JPEGOptions) { o.Grey = true })
	option("cmyk.jpg", "four inverted components with Adobe's marker, as print shops deliver", front3,
		func(o *JPEGOptions) { o.CMYK, o.Segments = true, nil })
	segment("icc.jpg", "a colour profile", ICC())
	segment("xmp_of_camera.jpg", "an XMP packet that names the phone itself", XMP("SPECIMEN Phone 1"))
	segment("comment.jpg", "a comment segment", Segment{0xfe, []byte("taken with a specimen phone")})
	segment("unknown_app.jpg", "application segments that nobody knows", Segment{0xea, []byte("VENDOR\x00data")},
		Segment{0xeb, filler(9000)})
	camera("big_endian.jpg", "EXIF in the byte order of Motorola", func(c *Camera) { c.BigEndian = true })
	camera("gps.jpg", "with a position, far out at sea", func(c *Camera) { c.Position = &Nowhere })
	camera("maker_note.jpg", "a vendor's block of 6 KB", func(c *Camera) { c.MakerNote = filler(6000) })
	camera("no_orientation.jpg", "EXIF without an orientation", func(c *Camera) { c.Orientation = 0 })
	camera("no_time.jpg", "EXIF of a camera whose clock was never set", func(c *Camera) { c.TakenAt = time.Time{} })
	add("thumbnail.jpg", "a thumbnail in EXIF", front3, func() ([]byte, error) {
		photo, err := front3.photo()
		if err != nil {
			return nil, err
		}
		little := photo.Image
		for range 4 {
			little = halfRGBA(little)
		}
		thumb, err := EncodeJPEG(little, JPEGOptions{Quality: 80})
		if err != nil {
			return nil, err
		}
		c := Phone()
		c.Thumbnail = thumb
		return shared().jpeg(front3, JPEGOptions{Quality: 95, Segments: []Segment{c.Segment()}})
	})
	add("motion_photo.jpg", "a second of video behind the picture, as phones append", front3,
		then(front3.jpeg(nil), func(data []byte) ([]byte, error) { return append(data, videoTrailer(60000)...), nil }))
	add("zeros_behind.jpg", "zeros behind the end, as some phones pad", front3,
		then(front3.jpeg(nil), func(data []byte) ([]byte, error) { return append(data, make([]byte, 5000)...), nil }))
	add("second_image.jpg", "a multi-picture file (CIPA DC-007): a small second picture behind the first", front3,
		multiPicture)
	add("extended_sequential.jpg", "a SOF1 header, which differs from baseline in its number only", front3,
		then(front3.jpeg(nil), func(data []byte) ([]byte, error) {
			at, _ := findMarker(data, 0xc0)
			data[at+1] = 0xc1
			return data, nil
		}))
	add("odd_size.jpg", "sides that are no multiple of anything", front3, func() ([]byte, error) {
		photo, err := front3.photo()
		if err != nil {
			return nil, err
		}
		part := photo.Image.SubImage(image.Rect(1, 1, 2044, 1530)).(*image.RGBA)
		return EncodeJPEG(part, JPEGOptions{Quality: 95, Segments: []Segment{Phone().Segment()}})
	})
	for _, f := range formats() {
		add(fmt.Sprintf("smallest.%s", extension(f)), "exactly 204,800 bytes, the least that is allowed", front3,
			front3.fit(f, minBytes))
		files[len(files)-1].Or = coarse(f)
		add(fmt.Sprintf("largest.%s", extension(f)), "exactly 4,194,303 bytes, the most that is allowed", front3,
			front3.fit(f, maxBytes-1))
	}
	turned := Phone()
	turned.Orientation = 6
	add("scan.png", "a PNG in colour", small, small.png(asIs, PNGOptions{}))
	add("scan_grey.png", "a grey PNG", small, small.png(asGray, PNGOptions{}))
	add("scan_palette.png", "a PNG with a palette", front3, front3.png(asPalette, PNGOptions{}))
	add("scan_alpha.png", "a PNG with an alpha channel", small, small.png(asAlpha, PNGOptions{}))
	add("scan_16bit.png", "16 bits a channel", small, small.png(func(i *image.RGBA) image.Image {
		return as16(halfRGBA(i))
	}, PNGOptions{}))
	add("scan_grey16.png", "16 bits of grey", small, small.png(asGray16, PNGOptions{}))
	add("scan_icc.png", "a PNG with a colour profile", small, small.png(asIs, PNGOptions{ICC: true}))
	add("scan_text.png", "a PNG whose text names the scanner", small, small.png(asIs,
		PNGOptions{Text: [][2]string{{"Software", "SPECIMEN Scanner 2"}}}))
	files = append(files, File{Name: "scan_exif.png", What: "a PNG with an eXIf chunk: orientation 6",
		Kind: small.kind, Orientation: 6,
		make: small.png(func(i *image.RGBA) image.Image { return Orient(i, 6) }, PNGOptions{EXIF: &turned})})
	add("scan.gif", "a GIF of one frame", front3, front3.gif(unchanged))
	add("scan_87a.gif", "the older version of GIF", front3, front3.gif(func(d []byte) ([]byte, error) {
		copy(d, "GIF87a")
		return d, nil
	}))
	add("scan_comment.gif", "a GIF with a comment", front3, front3.gif(func(d []byte) ([]byte, error) {
		return splice(d, len(d)-1, gifComment(300)), nil
	}))
	add("loop_of_one.gif", "one frame, and the extension that asks to repeat it", front3,
		front3.gif(func(d []byte) ([]byte, error) {
			head := 13 + 3*256 // header and global palette of 256 colours
			if d[10]&0x80 == 0 {
				head = 13
			}
			return splice(d, head, []byte("\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")), nil
		}))
	return files
}

// videoTrailer is the beginning of an MP4 and zeros: what a motion photo carries behind the picture.
func videoTrailer(n int) []byte {
	head := append([]byte{0, 0, 0, 24}, "ftypmp42\x00\x00\x00\x00mp42isom"...)
	rest := binary.BigEndian.AppendUint32(nil, uint32(n-len(head)))
	rest = append(append(rest, "mdat"...), make([]byte, n-len(head)-8)...)
	return append(head, rest...)
}

// multiPicture writes a JPEG with an MPF index (APP2) and a second JPEG behind the first.
func multiPicture() ([]byte, error) {
	photo, err := front3.photo()
	if err != nil {
		return nil, err
	}
	second, err := EncodeJPEG(halfRGBA(halfRGBA(photo.Image)), JPEGOptions{Quality: 85})
	if err != nil {
		return nil, err
	}
	index := func(firstLen, secondAt int) Segment {
		le := binary.LittleEndian
		d := &directory{order: le}
		d.add(0xb000, typeUndefined, 4, []byte("0100"))
		d.long(0xb001, 2)
		var entries []byte
		for _, e := range [][3]uint32{{0x20030000, uint32(firstLen), 0}, {0x10001, uint32(len(second)),
			uint32(secondAt)}} {
			entries = le.AppendUint32(entries, e[0])
			entries = le.AppendUint32(entries, e[1])
			entries = le.AppendUint32(entries, e[2])
			entries = append(entries, 0, 0, 0, 0)
		}
		d.add(0xb002, typeUndefined, len(entries), entries)
		return Segment{0xe2, append([]byte("MPF\x00"), append(tiffHeader(le), d.bytes(8, 0)...)...)}
	}
	encode := func(firstLen, secondAt int) ([]byte, error) {
		return shared().jpeg(front3, JPEGOptions{Quality: 95, Segments: []Segment{Phone().Segment(), index(firstLen,
			secondAt)}})
	}
	first, err := encode(0, 0)
	if err != nil {
		return nil, err
	}
	tiffAt := bytes.Index(first, []byte("MPF\x00")) + 4
	if first, err = encode(len(first), len(first)-tiffAt); err != nil {
		return nil, err
	}
	return append(first, second...), nil
}

// coarse names what may rightly be said of a photo that was made to fit into about 200 KB: as a PNG it has few pixels left.
func coarse(f filing.Format) []string {
	if f != filing.FormatPNG {
		return nil
	}
	return []string{"resolution_too_low", "blurred"}
}

// Flagged returns pictures that can be decoded and of which a certain thing must be said: sizes just outside the limits,
// editors, screenshots, animations, names that lie.
func Flagged() []File {
	var files []File
	add := func(name, what, want string, p picture, maker func() ([]byte, error)) {
		files = append(files, File{Name: name, What: what, Want: want, Kind: p.kind, Orientation: 1, make: maker})
	}
	for _, f := range formats() {
		add("too_small."+extension(f), "204,799 bytes: one too few", "file_too_small", front3, front3.fit(f, minBytes-1))
		files[len(files)-1].Or = coarse(f)
		add("too_large."+extension(f), "4,194,304 bytes: one too many", "file_too_large", front3, front3.fit(f, maxBytes))
	}
	for name, program := range map[string]string{"photoshop": "Adobe Photoshop 21.2 (Windows)", "meitu": "美图秀秀",
		"snapseed": "Snapseed 2.0",
		"gimp":     "GIMP 2.10.22", "lightroom": "Adobe Photoshop Lightroom Classic 9.3", "picsart": "PicsArt"} {
		add("edited_"+name+".jpg", "EXIF's Software names an editor: "+program, "edited_image", front3,
			front3.jpeg(func(o *JPEGOptions) {
				c := Phone()
				c.Software = program
				o.Segments = []Segment{c.Segment()}
			}))
	}
	add("edited_xmp.jpg", "XMP names an editor, EXIF the camera", "edited_image", front3,
		front3.jpeg(func(o *JPEGOptions) {
			o.Segments = append(o.Segments, XMP("Adobe Photoshop CC 2019 (Macintosh)"))
		}))
	add("edited_iptc.jpg", "a Photoshop resource names the editor", "edited_image", front3,
		front3.jpeg(func(o *JPEGOptions) {
			o.Segments = append(o.Segments, PhotoshopResources("Adobe Photoshop"))
		}))
	add("edited_text.png", "PNG text names an editor", "edited_image", small,
		small.png(asIs, PNGOptions{Text: [][2]string{{"Software", "Adobe ImageReady"}}}))
	add("edited_xmp.png", "XMP in a PNG names an editor", "edited_image", small, small.png(asIs,
		PNGOptions{XMP: "Adobe Photoshop 21.0 (Windows)"}))
	screen := func(system string, o PNGOptions, size int) func() ([]byte, error) {
		return func() ([]byte, error) {
			fonts, err := Fonts()
			if err != nil {
				return nil, err
			}
			photo, err := front3.photo()
			if err != nil {
				return nil, err
			}
			data, err := EncodePNG(drawScreen(fonts, system, photo.Image), o)
			if err != nil || len(data) >= size {
				return data, err
			}
			return splice(data, len(data)-12, chunk("spEc", filler(size-len(data)))), nil
		}
	}
	ios := Camera{UserComment: "Screenshot"}
	add("screenshot_ios.png", "an iOS screen of 1170 x 2532, whose comment says so", "screenshot", front3,
		screen("ios", PNGOptions{EXIF: &ios}, 0))
	add("screenshot_android.png", "an Android screen of 1080 x 2400, no metadata", "screenshot", front3,
		screen("android", PNGOptions{}, 0))
	animation := func() ([]*image.RGBA, error) {
		photo, err := small.photo()
		if err != nil {
			return nil, err
		}
		return []*image.RGBA{photo.Image, Orient(photo.Image, 3)}, nil
	}
	add("animated.gif", "a GIF of two frames", "animated_image", small, func() ([]byte, error) {
		frames, err := animation()
		if err != nil {
			return nil, err
		}
		return EncodeGIF(frames, 500)
	})
	add("animated.png", "an animated PNG of two frames", "animated_image", small, func() ([]byte, error) {
		frames, err := animation()
		if err != nil {
			return nil, err
		}
		return EncodeAPNG([]image.Image{frames[0], frames[1]}, 500)
	})
	add("really_a_jpeg.png", "a JPEG called .png", "extension_mismatch", front3, front3.jpeg(nil))
	add("really_a_png.jpg", "a PNG called .jpg", "extension_mismatch", small, small.png(asIs, PNGOptions{}))
	add("really_a_gif.jpeg", "a GIF called .jpeg", "extension_mismatch", front3, front3.gif(unchanged))
	add("broken_exif.jpg", "EXIF whose directory lies outside its block", "metadata_damaged", front3,
		front3.jpeg(func(o *JPEGOptions) {
			o.Segments = []Segment{exifSegment([]byte("II\x2a\x00\xff\xff\x00\x00"))}
		}))
	sortByName(files)
	return files
}

// animate writes n frames of w x h that differ by one pixel, cheaply.
func animate(w, h, n int) ([]byte, error) {
	g := &gif.GIF{Config: image.Config{Width: w, Height: h}}
	pal := color.Palette{color.Black, color.White, color.RGBA{200, 40, 40, 255}, color.RGBA{40, 40, 200, 255}}
	for i := range n {
		size := image.Rect(0, 0, 1, 1)
		if i == 0 {
			size = image.Rect(0, 0, w, h)
		}
		frame := image.NewPaletted(size, pal)
		frame.Pix[0] = byte(i % 4)
		g.Image = append(g.Image, frame)
		g.Delay = append(g.Delay, 5)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		return nil, fmt.Errorf("encode gif: %w", err)
	}
	return b.Bytes(), nil
}
