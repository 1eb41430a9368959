package imaging

import (
	"encoding/hex"
	"image"
	"image/color"
	"math/bits"
	"slices"
	"testing"
)

// distance is how many of the bits of two hashes differ.
func distance(t testing.TB, a, b string) int {
	t.Helper()
	x, err1 := hex.DecodeString(a)
	y, err2 := hex.DecodeString(b)
	if err1 != nil || err2 != nil || len(x) != hashBits/8 || len(y) != hashBits/8 {
		t.Fatalf("hashes %q and %q cannot be compared", a, b)
	}
	n := 0
	for i := range x {
		n += bits.OnesCount8(x[i] ^ y[i])
	}
	return n
}

// TestHashTellsPicturesFromCopies measures what the doc comment of Pixels.Hash states. Copies of one photo must be
// nearer than photos of different cards, also where those lie in the same place on the same table in the same light.
func TestHashTellsPicturesFromCopies(t *testing.T) {
	t.Parallel()
	if slowness > 1 {
		t.Skip("counts, and shares nothing between goroutines: left out under the race detector")
	}
	const scenes = 12
	hash := func(data []byte) string {
		m := analyze(t, data)
		if m.Pixels == nil || m.Pixels.Hash == "" {
			t.Fatalf("no hash: %+v, %+v", m, m.Decode)
		}
		return m.Pixels.Hash
	}
	var copies, otherCard, otherShot, unrelated []int
	var sameFrame, hashes []string
	for i := range uint64(scenes) {
		img := scene{width: 1600, height: 1200, card: i + 1, shot: i + 1, noise: 7}.draw()
		original := encodeJPEG(t, img, 92)
		h := hash(original)
		hashes = append(hashes, h)
		for _, quality := range []int{30, 60, 85} {
			copies = append(copies, distance(t, h, hash(encodeJPEG(t, img, quality))))
		}
		for _, side := range []int{400, 800, 1200} {
			small, err := newAnalyzer(t).Thumbnail(t.Context(), original, side)
			if err != nil {
				t.Fatal(err)
			}
			copies = append(copies, distance(t, h, hash(small)))
		}
		turned := withEXIF(encodeJPEG(t, stored(img, 6), 80), oriented(6))
		copies = append(copies, distance(t, h, hash(turned)))
		other := encodeJPEG(t, scene{width: 1600, height: 1200, card: i + 1, shot: i + 100, noise: 7}.draw(), 85)
		otherShot = append(otherShot, distance(t, h, hash(other)))
		sameFrame = append(sameFrame, hash(encodeJPEG(t, scene{width: 1600, height: 1200, card: i + 1, shot: 0, noise: 7}.draw(), 85)))
	}
	for i := range scenes {
		for j := range i {
			otherCard = append(otherCard, distance(t, sameFrame[i], sameFrame[j]))
			unrelated = append(unrelated, distance(t, hashes[i], hashes[j]))
		}
	}
	for name, d := range map[string][]int{"copies": copies, "another card, same frame": otherCard, "same card, another shot": otherShot, "another card, another shot": unrelated} {
		slices.Sort(d)
		t.Logf("%s: %d pairs, least %d, median %d, largest %d", name, len(d), d[0], d[len(d)/2], d[len(d)-1])
	}
	if copies[len(copies)-1] >= otherCard[0] || copies[len(copies)-1] >= unrelated[0] {
		t.Errorf("copies are up to %d bits apart, different cards from %d on", copies[len(copies)-1], min(otherCard[0], unrelated[0]))
	}
}

func TestFlatPictureHasNoHash(t *testing.T) {
	t.Parallel()
	white := image.NewGray(image.Rect(0, 0, 640, 480))
	for i := range white.Pix {
		white.Pix[i] = 250 + byte(i*7919%3)
	}
	m := analyze(t, encodeJPEG(t, white, 90))
	if m.Pixels == nil || m.Pixels.Hash != "" {
		t.Errorf("a blank page has the hash %+v", m.Pixels)
	}
	one := analyze(t, encodePNG(t, image.NewGray(image.Rect(0, 0, 1, 1))))
	if !one.Decode.Complete || one.Pixels.Hash != "" || one.Pixels.FlatShare != 0 {
		t.Errorf("a picture of one pixel is %+v, %+v", one, one.Pixels)
	}
}

func TestFlatShareTellsDrawnPicturesFromPhotos(t *testing.T) {
	t.Parallel()
	screen := image.NewRGBA(image.Rect(0, 0, 1080, 2340))
	for y := range 2340 {
		for x := range 1080 {
			c := color.RGBA{245, 245, 247, 255}
			if y%180 > 120 && x > 80 && x < 700 && (x/9+y/12)%2 == 0 {
				c = color.RGBA{30, 30, 30, 255}
			}
			screen.SetRGBA(x, y, c)
		}
	}
	for name, c := range map[string]struct {
		data     []byte
		from, to float64
	}{
		"a screenshot as PNG":           {encodePNG(t, screen), 0.6, 1},
		"a screenshot as JPEG":          {encodeJPEG(t, screen, 90), 0.6, 1},
		"a photo as JPEG":               {encodeJPEG(t, photo(), 90), 0, 0.01},
		"a photo as PNG":                {encodePNG(t, photo()), 0, 0.01},
		"a photo of 12 megapixels":      {photo12MP(), 0, 0.01},
		"a drawing without a pixel off": {encodePNG(t, image.NewGray(image.Rect(0, 0, 800, 600))), 1, 1},
	} {
		if got := analyze(t, c.data).Pixels.FlatShare; got < c.from || got > c.to {
			t.Errorf("%s: flat share %.3f, want %.2f to %.2f", name, got, c.from, c.to)
		}
	}
}

func TestSmallPicturesOfEverySizeAreMeasured(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{1, 1}, {1, 500}, {500, 1}, {7, 9}, {8, 8}, {63, 65}, {64, 64}, {65, 63}, {100, 20}, {31, 1030}} {
		img := scene{width: size[0], height: size[1], card: 1, noise: 60}.draw()
		for name, data := range map[string][]byte{"JPEG": encodeJPEG(t, img, 95), "PNG": encodePNG(t, img)} {
			m := analyze(t, data)
			if m.Decode == nil || !m.Decode.Complete || m.Pixels == nil || m.Width != size[0] || m.Height != size[1] {
				t.Errorf("%s of %v: %+v, %+v", name, size, m, m.Decode)
			}
		}
	}
}
