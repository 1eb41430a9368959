package origin

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/specimen"
)

// The numbers that these tests hold measurements against are those of checks.DefaultThresholds.
const (
	leastPrinted = 0.004
	leastSeal    = 0.0012
	suspected    = 0.5
)

// lights are those under which people photograph: daylight, a lamp, a lamp on one side that hardly reaches the other, dusk.
func lights() map[string]func(*specimen.Scene) {
	return map[string]func(*specimen.Scene){
		"daylight":   func(s *specimen.Scene) { s.Warmth = 0 },
		"a lamp":     func(s *specimen.Scene) { s.Warmth = 1 },
		"one side":   func(s *specimen.Scene) { s.Warmth, s.Gradient = 0.8, 0.5 },
		"a dim room": func(s *specimen.Scene) { s.Warmth, s.Exposure, s.ReadNoise, s.ShotNoise = 0.9, 0.25, 0.004, 0.02 },
	}
}

func TestAGreyCopyHasNoColourInAnyLight(t *testing.T) {
	t.Parallel()
	for name, light := range lights() {
		for i, kind := range []specimen.Kind{specimen.IDCardFront, specimen.BusinessLicense, specimen.AuthorizationLetter} {
			for _, how := range []string{"grey", "toner"} {
				if how == "grey" && name != "a lamp" {
					continue // a copier's contrast is the harder case
				}
				t.Run(fmt.Sprintf("%s of %s under %s", how, kind, name), func(t *testing.T) {
					t.Parallel()
					f, doc := drawn{kind: kind, width: 1000, height: 750, seed: uint64(40 + i), copy: how, change: light}.take(t)
					limit := leastPrinted
					if kind == specimen.AuthorizationLetter {
						limit = leastSeal
					}
					if c := Colour(f, doc); c == nil || c.ChromaShare >= limit {
						t.Errorf("%+v", c)
					}
				})
			}
		}
	}
}

func TestAnOriginalHasColourInAnyLight(t *testing.T) {
	t.Parallel()
	for name, light := range lights() {
		for i, c := range []struct {
			kind  specimen.Kind
			least float64
		}{
			{specimen.IDCardFront, leastPrinted}, {specimen.IDCardBack, leastPrinted}, {specimen.ResidencePermitBack, leastPrinted},
			{specimen.BusinessLicense, leastPrinted},
			// White but for a seal.
			{specimen.AuthorizationLetter, leastSeal}, {specimen.PlainLetter, leastSeal},
		} {
			t.Run(fmt.Sprintf("%s under %s", c.kind, name), func(t *testing.T) {
				t.Parallel()
				f, doc := drawn{kind: c.kind, width: 1000, height: 750, seed: uint64(50 + i), change: light}.take(t)
				if got := Colour(f, doc); got == nil || got.ChromaShare < c.least {
					t.Errorf("%+v", got)
				}
			})
		}
	}
}

func TestAFingerGivesAGreyCopyNoColour(t *testing.T) {
	t.Parallel()
	img, corners := drawn{kind: specimen.IDCardFront, width: 1000, height: 750, seed: 61, copy: "toner"}.shoot(t)
	bare := Colour(developed(t, img, 0), &filing.Document{Quad: corners})
	// A finger reaches in over the lower edge.
	x, y := (corners[2][0]+corners[3][0])/2, (corners[2][1]+corners[3][1])/2
	finger := []filing.Point{{x - 38, y - 92}, {x + 38, y - 92}, {x + 38, y + 50}, {x - 38, y + 50}}
	for v := int(finger[0][1]); v < int(finger[2][1]); v++ {
		for u := int(finger[0][0]); u < int(finger[1][0]); u++ {
			if (image.Point{u, v}).In(img.Rect) {
				img.SetRGBA(u, v, color.RGBA{214, 160, 132, 255})
			}
		}
	}
	f := developed(t, img, 0)
	unseen := Colour(f, &filing.Document{Quad: corners})
	if unseen.ChromaShare >= leastPrinted {
		t.Errorf("a finger that nobody found: %+v, without it %+v", unseen, bare)
	}
	found := Colour(f, &filing.Document{Quad: corners, Occlusions: [][]filing.Point{finger}})
	if found.ChromaShare >= leastPrinted || found.Measured > 0.99 {
		t.Errorf("a finger that was found: %+v", found)
	}
}

func TestColourStandsAWrongPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		copy  string
		wants bool
	}{{"an original", "", true}, {"a grey copy", "toner", false}} {
		img, corners := drawn{kind: specimen.IDCardFront, width: 1000, height: 750, seed: 62, copy: c.copy}.shoot(t)
		f := developed(t, img, 0)
		for i := range corners {
			corners[i][0] += float64(6 - 4*i)
			corners[i][1] += float64(4*i - 7)
		}
		if got := Colour(f, &filing.Document{Quad: corners}); got == nil || got.ChromaShare >= leastPrinted != c.wants {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestScreensAreSuspected(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("drawing screens pixel by pixel takes seconds")
	}
	for _, c := range []struct {
		name string
		d    display
	}{
		{"a monitor whose pixels can be seen", display{columns: 1366, rows: 768, width: 1920, height: 1440, fill: 1.3, blur: 0.6, pixel: 0.9}},
		{"a monitor that beats with the sensor", display{columns: 1920, rows: 1080, width: 2048, height: 1536, fill: 1.2, turn: 1.5, blur: 0.6, pixel: 0.9, bayer: true}},
		{"a monitor from the side", display{columns: 1600, rows: 900, width: 1920, height: 1440, fill: 1.2, turn: -2, tilt: 8, blur: 0.7, pixel: 0.8, bayer: true}},
		{"a phone", display{columns: 1080, rows: 2400, layout: "pentile", width: 1536, height: 2048, fill: 1.4, blur: 0.6, pixel: 0.8, bayer: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, doc := drawn{kind: specimen.IDCardFront, width: 1600, height: 1200, seed: 71, screen: &c.d, quality: 90}.take(t)
			r := Recapture(f, doc, &filing.EXIF{HasExposure: true})
			if r == nil || r.Score < suspected || len(r.Cues) == 0 || r.PeriodPx <= 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestPhotosOfDocumentsAreNotSuspected(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("nine photos take seconds to draw")
	}
	for i, kind := range specimen.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			f, doc := drawn{kind: kind, width: 1600, height: 1200, seed: uint64(80 + i), change: func(s *specimen.Scene) {
				s.Background = specimen.Backgrounds()[i%4]
			}}.take(t)
			for name, d := range map[string]*filing.Document{"with its place": doc, "without": nil} {
				if r := Recapture(f, d, nil); r != nil && r.Score >= suspected {
					t.Errorf("%s: %+v", name, *r)
				}
			}
		})
	}
}

// A dithered palette and JPEG's blocks are patterns too, on the same grid as the pixels.
func TestDitherAndBlocksAreNoScreens(t *testing.T) {
	t.Parallel()
	img, corners := drawn{kind: specimen.ResidencePermitFront, width: 1400, height: 1050, seed: 91}.shoot(t)
	bayer := [4][4]int{{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}}
	dithered := image.NewRGBA(img.Rect)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			for k, v := range img.Pix[img.PixOffset(x, y):][:3] {
				level := min((int(v)*5+255*(2*bayer[y&3][x&3]+1)/32)/255, 5)
				dithered.Pix[dithered.PixOffset(x, y)+k] = uint8(level * 51)
			}
			dithered.Pix[dithered.PixOffset(x, y)+3] = 255
		}
	}
	doc := &filing.Document{Quad: corners}
	if r := Recapture(framed(dithered), doc, nil); r.Score >= suspected {
		t.Errorf("a dithered palette: %+v", *r)
	}
	if r := Recapture(developed(t, img, 25), doc, nil); r.Score >= suspected {
		t.Errorf("hard JPEG: %+v", *r)
	}
}
