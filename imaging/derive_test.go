package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"
	_ "image/jpeg"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/h2non/bimg"

	"github.com/preflight-icp/preflight/filing"
)

// apart is the mean difference of two pictures of one size, in levels of 255, over a grid of points averaged 4 x 4.
func apart(t testing.TB, a, b image.Image) float64 {
	t.Helper()
	if a.Bounds().Size() != b.Bounds().Size() {
		t.Fatalf("pictures of %v and %v cannot be compared", a.Bounds().Size(), b.Bounds().Size())
	}
	w, h := a.Bounds().Dx(), a.Bounds().Dy()
	at := func(img image.Image, x, y int) (sum [3]int) {
		for dy := range 4 {
			for dx := range 4 {
				r, g, b, _ := img.At(min(x+dx, w-1), min(y+dy, h-1)).RGBA()
				sum[0], sum[1], sum[2] = sum[0]+int(r>>8), sum[1]+int(g>>8), sum[2]+int(b>>8)
			}
		}
		return sum
	}
	total, n := 0, 0
	for y := 0; y < h; y += max(1, h/60) {
		for x := 0; x < w; x += max(1, w/60) {
			p, q := at(a, x, y), at(b, x, y)
			for c := range 3 {
				total += max(p[c]-q[c], q[c]-p[c])
				n += 16
			}
		}
	}
	return float64(total) / float64(n)
}

func decodeImage(t testing.TB, data []byte) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// halved is the picture at half its size, as a reference for thumbnails.
func halved(img *image.RGBA) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, img.Rect.Dx()/2, img.Rect.Dy()/2))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			var sum [3]int
			for k := range 4 {
				c := img.RGBAAt(2*x+k&1, 2*y+k>>1)
				sum[0], sum[1], sum[2] = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B)
			}
			out.SetRGBA(x, y, color.RGBA{byte(sum[0] / 4), byte(sum[1] / 4), byte(sum[2] / 4), 255})
		}
	}
	return out
}

func TestPictureStoredInAnyOrientationComesOutUpright(t *testing.T) {
	t.Parallel()
	half := halved(photo())
	hash := analyze(t, encodeJPEG(t, photo(), 92)).Pixels.Hash
	for orientation := 1; orientation <= 8; orientation++ {
		turned := stored(photo(), orientation)
		for kind, data := range map[string][]byte{
			"JPEG": withEXIF(encodeJPEG(t, turned, 92), oriented(orientation)),
			"PNG":  withChunk(encodePNG(t, turned), "eXIf", string(oriented(orientation))),
		} {
			t.Run(fmt.Sprintf("%s of orientation %d", kind, orientation), func(t *testing.T) {
				t.Parallel()
				a := newAnalyzer(t)
				m := analyze(t, data)
				if m.Width != 1200 || m.Height != 900 || m.Orientation != orientation {
					t.Errorf("measured %d x %d, orientation %d", m.Width, m.Height, m.Orientation)
				}
				if d := distance(t, hash, m.Pixels.Hash); d > 8 {
					t.Errorf("its hash is %d bits away from that of the picture stored upright", d)
				}
				upright, err := a.Upright(t.Context(), data)
				if err != nil {
					t.Fatal(err)
				}
				if d := apart(t, photo(), decodeImage(t, upright)); d > 1.5 {
					t.Errorf("the upright picture differs by %.1f levels", d)
				}
				if h := parseHeader(Recognize(upright), upright); Recognize(upright) != Recognize(data) || h.hasEXIF {
					t.Errorf("became %s, EXIF %v", Recognize(upright), h.hasEXIF)
				}
				thumb, err := a.Thumbnail(t.Context(), data, 600)
				if err != nil {
					t.Fatal(err)
				}
				if d := apart(t, half, decodeImage(t, thumb)); d > 3 {
					t.Errorf("the thumbnail differs by %.1f levels", d)
				}
				small, info, err := a.ShrinkBelow(t.Context(), data, 60_000, 10_000)
				if err != nil {
					t.Fatal(err)
				}
				if info.Width < info.Height || len(small) >= 60_000 || len(small) < 10_000 || info.Scale >= 1 {
					t.Errorf("shrunk to %d bytes, %+v", len(small), info)
				}
				if b := decodeImage(t, small).Bounds(); b.Dx() != info.Width || b.Dy() != info.Height {
					t.Errorf("shrunk to %v, said to be %+v", b, info)
				}
				if d := distance(t, hash, analyze(t, small).Pixels.Hash); d > 20 {
					t.Errorf("the shrunk picture's hash is %d bits away", d)
				}
			})
		}
	}
}

// TestAutoRotatedResizeBug is named after the fault of bimg that frees the bytes of a picture it turns by EXIF while libvips
// still reads them: 5 of 120 outputs were wrong under load, 45 of 45 under pressure of the garbage collector.
func TestAutoRotatedResizeBug(t *testing.T) {
	a := newAnalyzer(t)
	half := halved(photo())
	data := withEXIF(encodeJPEG(t, stored(photo(), 6), 90), oriented(6))
	ctx, cancel := context.WithCancel(t.Context())
	var pressure, work sync.WaitGroup
	for range 2 {
		pressure.Go(func() {
			for ctx.Err() == nil {
				garbage := make([][]byte, 64)
				for i := range garbage {
					garbage[i] = bytes.Repeat([]byte{0xaa}, 1<<16)
				}
				runtime.GC()
			}
		})
	}
	jobs := make(chan int)
	for range 4 {
		work.Go(func() {
			for i := range jobs {
				in := slices.Clone(data) // each output has an input of its own, which nothing else keeps alive
				var out []byte
				var err error
				want := image.Image(photo())
				switch i % 3 {
				case 0:
					out, err = a.Upright(ctx, in)
				case 1:
					out, err = a.Thumbnail(ctx, in, 600)
					want = half
				case 2:
					out, _, err = a.ShrinkBelow(ctx, in, 200_000, 0)
				}
				if err != nil {
					t.Errorf("output %d: %v", i, err)
					continue
				}
				got := decodeImage(t, out)
				if i%3 == 2 {
					if m := analyze(t, out); !m.Decode.Complete || m.Width <= m.Height {
						t.Errorf("output %d: %+v", i, m)
					}
					continue
				}
				if d := apart(t, want, got); d > 3 {
					t.Errorf("output %d differs by %.1f levels", i, d)
				}
			}
		})
	}
	for i := range 120 / slownessOfLoops {
		jobs <- i
	}
	close(jobs)
	work.Wait()
	cancel()
	pressure.Wait()
}

func TestDerivativesOfBadFilesAreTypedErrors(t *testing.T) {
	t.Parallel()
	whole := encodings()
	cut := func(name string) []byte { return slices.Clone(whole[name][:len(whole[name])*2/3]) }
	corrupt := slices.Clone(whole["baseline JPEG"])
	clear(corrupt[len(corrupt)/2 : len(corrupt)/2+2000])
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"truncated JPEG":              {cut("baseline JPEG"), ErrDamaged},
		"truncated progressive JPEG":  {cut("progressive JPEG"), ErrDamaged},
		"truncated PNG":               {cut("PNG"), ErrDamaged},
		"truncated interlaced PNG":    {cut("interlaced PNG"), ErrDamaged},
		"truncated GIF":               {cut("GIF"), ErrDamaged},
		"truncated JPEG to be turned": {withEXIF(cut("baseline JPEG"), oriented(6)), ErrDamaged},
		"truncated and closed JPEG":   {append(cut("baseline JPEG"), 0xff, 0xd9), ErrDamaged},
		"corrupt JPEG":                {corrupt, ErrDamaged},
		"broken header":               {bareJPEG(0xc0, 0, 0, 1), ErrDamaged},
		"lossless JPEG":               {bareJPEG(0xc3, 9, 9, 1), ErrUnsupported},
		"PDF":                         {[]byte("%PDF-1.7"), ErrUnsupported},
		"SVG that names a local file": {[]byte(`<svg><image href="file:///etc/passwd"/></svg>`), ErrUnsupported},
		"no bytes":                    {nil, ErrUnsupported},
		"PNG bomb":                    {pngBomb(t, 30_000, 30_000), ErrTooManyPixels},
		"JPEG bomb":                   {bareJPEG(0xc0, 64_250, 64_250, 1), ErrTooManyPixels},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAnalyzer(t)
			for call, make := range map[string]func() ([]byte, error){
				"Upright":   func() ([]byte, error) { return a.Upright(t.Context(), c.data) },
				"Thumbnail": func() ([]byte, error) { return a.Thumbnail(t.Context(), c.data, 320) },
				"ShrinkBelow": func() ([]byte, error) {
					out, _, err := a.ShrinkBelow(t.Context(), c.data, 4<<20, 200<<10)
					return out, err
				},
			} {
				if out, err := make(); !errors.Is(err, c.want) || out != nil {
					t.Errorf("%s: %d bytes, error %v, want %v", call, len(out), err, c.want)
				}
			}
		})
	}
}

func TestDerivativesOfEveryKindOfPicture(t *testing.T) {
	t.Parallel()
	for name, data := range encodings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAnalyzer(t)
			for orientation := range 2 {
				if orientation == 1 {
					switch Recognize(data) {
					case filing.FormatJPEG:
						data = withEXIF(data, oriented(3))
					case filing.FormatPNG:
						data = withChunk(data, "eXIf", string(oriented(3)))
					}
				}
				m := analyze(t, data)
				upright, err := a.Upright(t.Context(), data)
				if err != nil {
					t.Fatal(err)
				}
				u := analyze(t, upright)
				if u.Width != m.Width || u.Height != m.Height || u.Orientation != 1 || u.EXIF != nil || u.Frames != 1 || !u.Decode.Complete {
					t.Errorf("upright is %+v, %+v", u, u.Decode)
				}
				if d := distance(t, m.Pixels.Hash, u.Pixels.Hash); d > 30 {
					t.Errorf("upright is %d bits away", d)
				}
				thumb, err := a.Thumbnail(t.Context(), data, 300)
				if err != nil {
					t.Fatal(err)
				}
				if s := analyze(t, thumb); max(s.Width, s.Height) != 300 || s.Format != filing.FormatJPEG || !s.Decode.Complete {
					t.Errorf("thumbnail is %+v", s)
				} else if d := distance(t, m.Pixels.Hash, s.Pixels.Hash); d > 40 {
					t.Errorf("thumbnail is %d bits away", d)
				}
			}
		})
	}
}

func TestPictureStoredUprightLosesNoPixelButAllMetadata(t *testing.T) {
	t.Parallel()
	secret := "SPECIMEN SECRET"
	profile := strings.Repeat("\x00", 16) + "RGB XYZ " + strings.Repeat("p", 70_000)
	plain := encodeJPEG(t, photo(), 88)
	jpeg := withEXIF(plain, exifBlock(binary.BigEndian, []tag{ascii(0x010f, secret)}, nil, nil))
	jpeg = withSegment(withSegment(withSegment(jpeg, 0xe1, "http://ns.adobe.com/xap/1.0/\x00"+secret), 0xfe, secret), 0xed, "Photoshop 3.0\x00"+secret)
	jpeg = withSegment(withSegment(jpeg, 0xe2, "ICC_PROFILE\x00\x02\x02"+profile[40_000:]), 0xe2, "ICC_PROFILE\x00\x01\x02"+profile[:40_000])
	jpeg = append(jpeg, secret...)
	png := withChunk(withChunk(encodePNG(t, photo()), "tEXt", "Author\x00"+secret), "eXIf", string(exifBlock(binary.BigEndian, []tag{ascii(0x010f, secret)}, nil, nil)))
	png = append(png, secret...)
	for kind, data := range map[string][]byte{"JPEG": jpeg, "PNG": png} {
		a := newAnalyzer(t)
		out, err := a.Upright(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out, []byte(secret)) {
			t.Errorf("%s: metadata is left", kind)
		}
		if apart(t, decodeImage(t, data), decodeImage(t, out)) != 0 {
			t.Errorf("%s: a pixel changed", kind)
		}
		shrunk, info, err := a.ShrinkBelow(t.Context(), data, 4<<20, 0)
		if err != nil || !bytes.Equal(shrunk, out) || info.Quality != 0 || info.Scale != 1 {
			t.Errorf("%s that is small enough: %+v, %v", kind, info, err)
		}
		small, _, err := a.ShrinkBelow(t.Context(), data, 90_000+int64(len(profile)), 0)
		if err != nil || bytes.Contains(small, []byte(secret)) {
			t.Errorf("%s: %v, or metadata is left after shrinking", kind, err)
		}
		if kind != "JPEG" {
			continue
		}
		for what, b := range map[string][]byte{"upright": out, "shrunk": small} {
			h := parseHeader(filing.FormatJPEG, b)
			if string(h.profile("RGB ")) != profile {
				t.Errorf("%s: the colour profile of %d bytes became one of %d", what, len(profile), len(h.icc))
			}
		}
		if h := parseHeader(filing.FormatJPEG, out); h.profile("GRAY") != nil {
			t.Error("a profile is given out for another colour space")
		}
	}
	turned := withChunk(encodePNG(t, stored(photo(), 8)), "eXIf", string(oriented(8)))
	turned = withProfile(filing.FormatPNG, turned, []byte(profile))
	out, err := newAnalyzer(t).Upright(t.Context(), turned)
	if err != nil {
		t.Fatal(err)
	}
	if h := parseHeader(filing.FormatPNG, out); string(h.profile("RGB ")) != profile || h.damage != "" {
		t.Errorf("the profile of a turned PNG became one of %d bytes, %s", len(h.icc), h.damage)
	}
}

func TestShrinkBelowStaysInItsBoundsAndIsDeterministic(t *testing.T) {
	t.Parallel()
	noisy := image.NewNRGBA(image.Rect(0, 0, 1360, 1020))
	r := rand.New(rand.NewPCG(3, 3))
	for i := range noisy.Pix {
		noisy.Pix[i] = byte(r.Uint32() | uint32(i&3/3)*255)
	}
	drawn := image.NewNRGBA(image.Rect(0, 0, 900, 700))
	for i := range drawn.Pix {
		drawn.Pix[i] = byte(i >> 14)
	}
	for name, data := range map[string][]byte{
		"a 12-megapixel photo":             photo12MP(),
		"a turned 12-megapixel photo":      withEXIF(photo12MP(), oriented(6)),
		"noise as PNG, 4.2 MB":             encodePNG(t, noisy),
		"noise as JPEG":                    encodeJPEG(t, noisy, 100),
		"a photo in a GIF":                 encodings()["GIF"],
		"a drawing that holds very little": encodePNG(t, drawn),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAnalyzer(t)
			for _, bound := range [][2]int64{{4 << 20, 200 << 10}, {1 << 20, 200 << 10}, {100_000, 50_000}} {
				out, info, err := a.ShrinkBelow(t.Context(), data, bound[0], bound[1])
				if err != nil {
					t.Fatal(err)
				}
				m := analyze(t, out)
				if int64(len(out)) >= bound[0] || (int64(len(out)) < bound[1]) != info.BelowMin {
					t.Errorf("%d bytes for %v, %+v", len(out), bound, info)
				}
				if m.Width != info.Width || m.Height != info.Height || info.Scale > 1 || !m.Decode.Complete || m.EXIF != nil {
					t.Errorf("%d x %d, %+v, %+v", m.Width, m.Height, info, m.Decode)
				}
				if source := analyze(t, data); source.Bytes >= bound[1] && info.BelowMin && name != "a drawing that holds very little" {
					t.Errorf("a source of %d bytes gave %d for %v", source.Bytes, len(out), bound)
				}
				t.Logf("below %d: %d bytes, %+v", bound[0], len(out), info)
				if bound[0] == 1<<20 && slowness > 1 {
					continue
				}
				again, _, err := a.ShrinkBelow(t.Context(), data, bound[0], bound[1])
				if err != nil || !bytes.Equal(out, again) {
					t.Errorf("a second time gave other bytes (%v)", err)
				}
			}
		})
	}
	if _, _, err := newAnalyzer(t).ShrinkBelow(t.Context(), photo12MP(), 1000, 2000); err == nil {
		t.Error("bounds the wrong way round are accepted")
	}
}

func TestThumbnailNeverEnlarges(t *testing.T) {
	t.Parallel()
	tiny := encodeJPEG(t, scene{width: 40, height: 30, card: 1}.draw(), 90)
	line := encodePNG(t, image.NewGray(image.Rect(0, 0, 5000, 1)))
	for name, c := range map[string]struct {
		data []byte
		w, h int
	}{"a tiny picture": {tiny, 40, 30}, "a line": {line, 256, 1}} {
		out, err := newAnalyzer(t).Thumbnail(t.Context(), c.data, 256)
		if err != nil {
			t.Fatal(err)
		}
		if b := decodeImage(t, out).Bounds(); b.Dx() != c.w || b.Dy() != c.h {
			t.Errorf("%s became %v", name, b)
		}
	}
	if _, err := newAnalyzer(t).Thumbnail(t.Context(), tiny, 0); err == nil {
		t.Error("a thumbnail of no size is made")
	}
}

// TestLoadersOfOtherFormatsAreBlocked holds bimg to the block too: it would open SVG, PDF and what ImageMagick knows.
func TestLoadersOfOtherFormatsAreBlocked(t *testing.T) {
	t.Parallel()
	newAnalyzer(t)
	for name, data := range map[string]string{
		"SVG":  `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>`,
		"PDF":  "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj trailer<</Root 1 0 R>>",
		"PPM":  "P6 2 2 255 abcdefghijkl",
		"GIF":  string(manyFrames(1)),
		"TIFF": string(reencode(t, encodeJPEG(t, photo(), 50), bimg.Options{Type: bimg.TIFF})),
		"WebP": string(reencode(t, encodeJPEG(t, photo(), 50), bimg.Options{Type: bimg.WEBP})),
	} {
		if out, err := bimg.Resize([]byte(data), bimg.Options{Type: bimg.JPEG}); err == nil {
			t.Errorf("%s was opened, and gave %d bytes", name, len(out))
		}
	}
}
