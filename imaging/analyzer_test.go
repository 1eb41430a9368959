package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/h2non/bimg"

	"github.com/preflight-icp/preflight/filing"
)

// encodings are sound files of every kind that is accepted, made once.
var encodings = sync.OnceValue(func() map[string][]byte {
	t := &testing.T{}
	img := photo()
	grey := image.NewGray(img.Rect)
	grey16, deep := image.NewGray16(img.Rect), image.NewNRGBA64(img.Rect)
	for y := range 900 {
		for x := range 1200 {
			c := img.RGBAAt(x, y)
			grey.SetGray(x, y, color.Gray{c.G})
			grey16.SetGray16(x, y, color.Gray16{uint16(c.G)<<8 | uint16(x*y&0xff)})
			deep.SetNRGBA64(x, y, color.NRGBA64{uint16(c.R)<<8 | 7, uint16(c.G)<<8 | 9, uint16(c.B)<<8 | 1, 0xffff - uint16(x)})
		}
	}
	baseline, png := encodeJPEG(t, img, 85), encodePNG(t, img)
	return map[string][]byte{
		"baseline JPEG":           baseline,
		"progressive JPEG":        reencode(t, baseline, bimg.Options{Type: bimg.JPEG, Interlace: true, Quality: 85}),
		"optimized JPEG of 4:4:4": reencode(t, baseline, bimg.Options{Type: bimg.JPEG, Quality: 95}),
		"grey JPEG":               encodeJPEG(t, grey, 85),
		"progressive grey JPEG":   reencode(t, encodeJPEG(t, grey, 85), bimg.Options{Type: bimg.JPEG, Interlace: true, Interpretation: bimg.InterpretationBW}),
		"CMYK JPEG":               reencode(t, baseline, bimg.Options{Type: bimg.JPEG, Interpretation: bimg.InterpretationCMYK, Quality: 85}),
		"PNG":                     png,
		"grey PNG":                encodePNG(t, grey),
		"16-bit grey PNG":         encodePNG(t, grey16),
		"16-bit PNG with alpha":   encodePNG(t, deep),
		"palette PNG":             encodePNG(t, palettedPhoto()),
		"interlaced PNG":          reencode(t, png, bimg.Options{Type: bimg.PNG, Interlace: true}),
		"interlaced palette PNG":  reencode(t, encodePNG(t, palettedPhoto()), bimg.Options{Type: bimg.PNG, Interlace: true, Palette: true}),
		"GIF":                     gifOf(t, false, palettedPhoto()),
		"interlaced GIF":          gifOf(t, true, palettedPhoto()),
		"animated GIF":            gifOf(t, false, palettedPhoto(), palettedPhoto()),
	}
})

func TestSoundPictureOfEveryKindIsComplete(t *testing.T) {
	t.Parallel()
	reference := analyze(t, encodings()["PNG"]).Pixels.Hash
	for name, data := range encodings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := analyze(t, data)
			if m.Decode == nil || !m.Decode.Complete || m.Decode.Reason != "" || m.Pixels == nil || m.Refused != "" {
				t.Fatalf("measured as %+v, decode %+v", m, m.Decode)
			}
			if d := distance(t, reference, m.Pixels.Hash); d > 40 && name != "16-bit PNG with alpha" {
				t.Errorf("its hash is %d of 256 bits away from that of the PNG: not the same picture", d)
			}
		})
	}
}

// scanStart is where the picture's own data begins: behind the first SOS, at the first IDAT, behind the first descriptor.
func scanStart(t testing.TB, data []byte) int {
	t.Helper()
	switch Recognize(data) {
	case filing.FormatJPEG:
		for s := (segments{data: data, pos: 2}); ; {
			marker, _, ok := s.next()
			if !ok {
				t.Fatal("no scan")
			}
			if marker == markerSOS {
				return s.pos
			}
		}
	case filing.FormatPNG:
		return bytes.Index(data, []byte("IDAT")) + 4
	default:
		_, f := gifHeader(data)
		return len(data) - len(f.codes) + 1
	}
}

func TestTruncationIsFoundAtEachPercentOfTheScanData(t *testing.T) {
	t.Parallel()
	for name, data := range encodings() {
		if name == "animated GIF" {
			continue // its first frame ends in the middle: see TestTruncatedGIF
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start, end := scanStart(t, data), parseHeader(Recognize(data), data).end
			for percent := 1; percent <= 99; percent++ {
				m := analyze(t, data[:start+(end-start)*percent/100])
				if m.Decode == nil || m.Decode.Complete || m.Decode.Reason != filing.DecodeTruncated || m.Pixels != nil {
					t.Errorf("cut at %d %%: %+v", percent, m.Decode)
				}
			}
		})
	}
}

func TestTruncatedPictureWhoseEndMarkerWasPutBackIsFound(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"baseline JPEG", "progressive JPEG", "grey JPEG", "CMYK JPEG"} {
		data := encodings()[name]
		start := scanStart(t, data)
		for percent := 1; percent <= 99; percent += slownessOfLoops {
			cut := append(slices.Clone(data[:start+(len(data)-start)*percent/100]), 0xff, 0xd9)
			if m := analyze(t, cut); m.Decode == nil || m.Decode.Complete {
				t.Errorf("%s cut at %d %% and closed: %+v", name, percent, m.Decode)
			}
		}
	}
	png := encodings()["PNG"]
	for _, percent := range []int{10, 50, 90} { // the last IDAT is shortened, with a right checksum and an end
		at := bytes.LastIndex(png, []byte("IDAT"))
		body := png[at+4 : len(png)-16]
		cut := slices.Concat(png[:at-4], pngChunkOf("IDAT", string(body[:len(body)*percent/100])), pngChunkOf("IEND", ""))
		if m := analyze(t, cut); m.Decode.Complete {
			t.Errorf("PNG whose last chunk is cut at %d %%: %+v", percent, m.Decode)
		}
	}
}

func TestTruncatedGIF(t *testing.T) {
	t.Parallel()
	animated := encodings()["animated GIF"]
	start, second := scanStart(t, animated), bytes.LastIndex(animated, []byte{0x21, 0xf9, 4})
	for percent := 1; percent <= 98; percent++ { // behind the first frame's last pixel only its end code follows
		if m := analyze(t, animated[:start+(second-start)*percent/100]); m.Decode.Complete {
			t.Errorf("first frame cut at %d %%: %+v", percent, m.Decode)
		}
	}
	if m := analyze(t, animated[:second+20]); !m.Decode.Complete {
		t.Errorf("the first frame is whole, the second cut: %+v", m.Decode)
	}
}

// corruptions are ways in which disks, networks and people damage data.
var corruptions = map[string]func(r *rand.Rand, data []byte, from int) []byte{
	"one byte changed": func(r *rand.Rand, d []byte, from int) []byte {
		d[from+r.IntN(len(d)-from)] ^= byte(1 + r.IntN(255))
		return d
	},
	"64 bytes overwritten": func(r *rand.Rand, d []byte, from int) []byte {
		at := from + r.IntN(len(d)-from-64)
		for i := range 64 {
			d[at+i] = byte(r.Uint32())
		}
		return d
	},
	"a sector of zeros": func(r *rand.Rand, d []byte, from int) []byte {
		at := from + r.IntN(len(d)-from-512)
		clear(d[at : at+512])
		return d
	},
	"100 bytes lost": func(r *rand.Rand, d []byte, from int) []byte {
		at := from + r.IntN(len(d)-from-100)
		return append(d[:at], d[at+100:]...)
	},
	"a block written twice": func(r *rand.Rand, d []byte, from int) []byte {
		at := from + r.IntN(len(d)-from-1024)
		return slices.Insert(d, at, d[at:at+1024]...)
	},
}

// TestCorruptScanDataIsFound guards the share of random corruptions that is found. PNG proves a checksum: all of them. JPEG
// has none, and where every code that the damage leaves is a valid one no decoder can tell. Of 400 each were found, in the
// order of the tables: baseline 102, 341, 383, 354, 400; progressive 167, 285, 282, 259, 399. The floors are these shares
// less three standard deviations of a count of 150: a guard against losing what is there, not a promise to a user.
func TestCorruptScanDataIsFound(t *testing.T) {
	t.Parallel()
	if slowness > 1 {
		t.Skip("counts, and shares nothing between goroutines: left out under the race detector")
	}
	const rounds = 150
	bars := map[string]map[string]int{ // percent
		"PNG":              {"one byte changed": 100, "64 bytes overwritten": 100, "a sector of zeros": 100, "100 bytes lost": 100, "a block written twice": 100},
		"baseline JPEG":    {"one byte changed": 15, "64 bytes overwritten": 76, "a sector of zeros": 90, "100 bytes lost": 80, "a block written twice": 98},
		"progressive JPEG": {"one byte changed": 29, "64 bytes overwritten": 60, "a sector of zeros": 59, "100 bytes lost": 53, "a block written twice": 98},
	}
	for kind, byDamage := range bars {
		for damage, bar := range byDamage {
			t.Run(kind+", "+damage, func(t *testing.T) {
				t.Parallel()
				data := encodings()[kind]
				r := rand.New(rand.NewPCG(7, 7))
				from, found := scanStart(t, data), 0
				for range rounds {
					bad := append(corruptions[damage](r, slices.Clone(data[:len(data)-20]), from), data[len(data)-20:]...)
					if m := analyze(t, bad); m.Decode == nil || !m.Decode.Complete {
						found++
					}
				}
				t.Logf("%s, %s: %d of %d found", kind, damage, found, rounds)
				if found*100 < bar*rounds {
					t.Errorf("%d of %d found, want %d %%", found, rounds, bar)
				}
			})
		}
	}
}

func TestSameBytesGiveTheSameMeasurements(t *testing.T) {
	t.Parallel()
	data := withEXIF(photo12MP(), phone(binary.BigEndian))
	want, err := json.Marshal(analyze(t, data))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2 {
				got, err := json.Marshal(analyze(t, data))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("measured %s, then %s (%v)", want, got, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestArithmeticCodedJPEGIsDecoded(t *testing.T) {
	t.Parallel()
	if m := analyze(t, bareJPEG(0xc9, 64, 64, 1)); m.Decode == nil || !m.Decode.Complete {
		t.Errorf("measured as %+v", m.Decode) // an empty scan is a stream of zeros to the arithmetic decoder, and whole
	}
	if m := analyze(t, bareJPEG(0xc0, 64, 64, 1)); m.Decode == nil || m.Decode.Complete {
		t.Errorf("the same coded by Huffman holds no picture, but is %+v", m.Decode)
	}
}

func TestJPEGThatNoViewerShowsIsUnsupported(t *testing.T) {
	t.Parallel()
	for name, sof := range map[string]byte{"lossless": 0xc3, "hierarchical": 0xc5, "arithmetic and lossless": 0xcb} {
		if m := analyze(t, bareJPEG(sof, 64, 64, 1)); m.Decode == nil || m.Decode.Reason != filing.DecodeUnsupported {
			t.Errorf("%s: %+v", name, m.Decode)
		}
	}
}

func TestContextEndsAnAnalysis(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newAnalyzer(t).Analyze(gone, photo12MP()); !errors.Is(err, context.Canceled) {
		t.Errorf("analysis under an ended context: %v", err)
	}
	large := image.NewRGBA(image.Rect(0, 0, 8660, 5774))
	for i := range large.Pix {
		large.Pix[i] = byte(i >> 9)
	}
	baseline := encodeJPEG(t, large, 60)
	files := map[string][]byte{
		"baseline JPEG":    baseline,
		"progressive JPEG": reencode(t, baseline, bimg.Options{Type: bimg.JPEG, Interlace: true, Quality: 60}),
		"PNG":              encodePNG(t, large),
		"interlaced PNG":   reencode(t, baseline, bimg.Options{Type: bimg.PNG, Interlace: true, Compression: 1}),
	}
	flat := image.NewPaletted(image.Rect(0, 0, 8660, 5774), color.Palette{color.Black, color.White})
	files["GIF"], files["interlaced GIF"] = gifOf(t, false, flat), gifOf(t, true, flat)
	for name, data := range files {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		start := time.Now()
		_, err := newAnalyzer(t).Analyze(ctx, data)
		took := time.Since(start)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || took > 300*time.Millisecond*slowness {
			t.Errorf("%s of 50 megapixels under a deadline of 1 ms: %v after %v", name, err, took)
		}
		if _, err := newAnalyzer(t).Thumbnail(ctx, data, 400); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: thumbnail after the deadline: %v", name, err)
		}
		t.Logf("%s: %v", name, took)
	}
}

func TestBombsAreRefusedWithinAQuarterSecondAnd64MiB(t *testing.T) {
	for name, data := range map[string][]byte{
		"PNG of 900 megapixels in 110 KB":      pngBomb(t, 30_000, 30_000),
		"JPEG that claims 64,250 x 64,250":     bareJPEG(0xc2, 64_250, 64_250, 1),
		"GIF that claims 65,535 x 65,535":      []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00\x2c\x00\x00\x00\x00\xff\xff\xff\xff\x00\x08\x01\x44\x00\x3b"),
		"JPEG of 64 megapixels without data":   bareJPEG(0xc0, 8192, 8192, 1),
		"JPEG of 64 megapixels in 5,000 scans": bareJPEG(0xc2, 8192, 8192, 5000),
	} {
		resetPeak()
		before, start := residentMemory(t), time.Now()
		m := analyze(t, data)
		took, grown := time.Since(start), residentPeak(t)-before
		if m.Decode != nil && m.Decode.Complete || m.Refused == "" && m.Decode == nil {
			t.Errorf("%s: %+v, %+v", name, m, m.Decode)
		}
		if took > 250*time.Millisecond*slowness || grown > 64<<20*slowness {
			t.Errorf("%s: %v and %d MiB", name, took, grown>>20)
		}
	}
}

// TestFilesOfGosOwnTestsAreJudgedRight reads what the Go distribution tests its decoders with: pictures by other encoders
// than those of this file. Names say which are broken; two of those are sound to a viewer: every pixel is there, and a
// checksum at the end of the stream is wrong, or an index has no colour.
func TestFilesOfGosOwnTestsAreJudgedRight(t *testing.T) {
	t.Parallel()
	goroot, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("the Go distribution is not here: ", err)
	}
	root := filepath.Join(strings.TrimSpace(string(goroot)), "src", "image")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the Go distribution is here without its sources: ", err)
	}
	seen := 0
	for _, pattern := range []string{"testdata/*.jpeg", "testdata/*.png", "testdata/*.gif", "png/testdata/*.png", "png/testdata/pngsuite/*.png"} {
		files, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Base(file)
			broken := strings.HasSuffix(name, "truncated.jpeg") ||
				strings.HasPrefix(name, "invalid") && name != "invalid-palette.png" && name != "invalid-zlib.png"
			m := analyze(t, data)
			if m.Decode == nil || m.Decode.Complete == broken {
				t.Errorf("%s: %+v, refused %q", name, m.Decode, m.Refused)
			}
			seen++
		}
	}
	t.Logf("%d files", seen)
}
