package specimen

import (
	"image"
	"image/color"
	"math"
	"slices"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

// markers is a document of black paper with a small white square at known places in millimetres.
func markers(places []filing.Point) *Document {
	const ppm = 12
	c := newCanvas(nil, cardWidth, cardHeight, ppm, color.Black)
	for _, p := range places {
		c.rect(p[0]-1, p[1]-1, 2, 2, color.White)
	}
	return c.finish("markers", cardWidth, cardHeight, 0, Fields{})
}

func TestCornersAndHomographyAreTrue(t *testing.T) {
	t.Parallel()
	places := []filing.Point{{4, 4}, {80, 5}, {79, 49}, {6, 48}, {43, 27}}
	for seed := range uint64(6) {
		scene := Ordinary(800, 600, seed)
		scene.Background, scene.Turn, scene.TiltX = Desk, float64(seed)*31, 14
		photo, err := scene.Shoot(markers(places))
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range places {
			want := photo.ToPicture.Apply(place)
			got := centroid(photo.Image, want, 3*photo.PxPerMM)
			if d := math.Hypot(got[0]-want[0], got[1]-want[1]); d > 0.35 {
				t.Errorf("seed %d: marker %v is at %v, not at %v", seed, place, got, want)
			}
		}
		if d := photo.ToPicture.Apply(filing.Point{cardWidth, cardHeight}); d != photo.Corners[2] {
			t.Errorf("seed %d: third corner %v, by the homography %v", seed, photo.Corners[2], d)
		}
		for _, p := range photo.Corners {
			if p[0] < 0 || p[1] < 0 || p[0] > 800 || p[1] > 600 {
				t.Errorf("seed %d: corner %v lies outside the picture", seed, p)
			}
		}
	}
}

// centroid is the middle of light around a point; the light of pixels is squared, so that the dark paper counts for little.
func centroid(img *image.RGBA, about filing.Point, radius float64) filing.Point {
	var sum, sx, sy float64
	table := linearOf()
	for y := int(about[1] - radius); y <= int(about[1]+radius); y++ {
		for x := int(about[0] - radius); x <= int(about[0]+radius); x++ {
			if !(image.Point{X: x, Y: y}).In(img.Rect) {
				continue
			}
			w := float64(table[img.RGBAAt(x, y).G])
			if w < 0.1 {
				continue
			}
			sum, sx, sy = sum+w, sx+w*(float64(x)+0.5), sy+w*(float64(y)+0.5)
		}
	}
	return filing.Point{sx / sum, sy / sum}
}

func TestTheEdgeOfTheDocumentIsWhereTheCornersSay(t *testing.T) {
	t.Parallel()
	scene := Scene{Width: 600, Height: 450, Background: Paper, Fill: 0.7, TiltX: 8, TiltY: -6, Turn: 11, Exposure: 1,
		Seed: 3}
	photo, err := scene.Shoot(markers(nil))
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range photo.Corners {
		b := photo.Corners[(i+1)%4]
		mx, my := (a[0]+b[0])/2, (a[1]+b[1])/2
		nx, ny := (a[1]-b[1])/math.Hypot(a[0]-b[0], a[1]-b[1]), (b[0]-a[0])/math.Hypot(a[0]-b[0], a[1]-b[1])
		inside := photo.Image.RGBAAt(int(mx+2*nx), int(my+2*ny)).G
		outside := photo.Image.RGBAAt(int(mx-2*nx), int(my-2*ny)).G
		if inside > 30 || outside < 120 {
			t.Errorf("edge %d: inside %d, outside %d", i, inside, outside)
		}
	}
}

func TestAScenePassesThroughItsSteps(t *testing.T) {
	t.Parallel()
	scene := Ordinary(160, 120, 1)
	steps := slices.Insert(scene.Steps(), 3, Step{"dark", func(s *Shot) error {
		clear(s.Light.Pix)
		return nil
	}})
	photo, err := scene.ShootWith(markers(nil), steps)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"aim", "place", "light", "dark", "lens", "sensor"}; !slices.Equal(photo.Steps, want) {
		t.Errorf("steps %v, want %v", photo.Steps, want)
	}
	for _, v := range photo.Image.Pix[:400] {
		if v > 40 && v != 255 {
			t.Fatalf("a step that takes all light away left %d", v)
		}
	}
	if _, err := (Scene{Width: 100, Height: 100}).Shoot(markers(nil)); err == nil {
		t.Error("a scene that the document fills by nothing was shot")
	}
}

func TestOrientingAndUprightingGivesThePictureBack(t *testing.T) {
	t.Parallel()
	img := image.NewRGBA(image.Rect(0, 0, 5, 3))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
	}
	// What undoes each orientation: the turns by 90 degrees undo each other, all others themselves.
	undo := map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
	for o, back := range undo {
		if got := Orient(Orient(img, o), back); !slices.Equal(got.Pix, img.Pix) || got.Rect != img.Rect {
			t.Errorf("orientation %d, undone by %d, is another picture", o, back)
		}
	}
	// Where the upright top left is stored, by the table of the EXIF standard (row 0 and column 0 of each value).
	stored := Orient(img, 6)
	if got, want := stored.RGBAAt(0, stored.Rect.Dy()-1), img.RGBAAt(0, 0); got != want {
		t.Errorf("orientation 6 stores the upright top left at the bottom left: %v, want %v", got, want)
	}
	stored = Orient(img, 8)
	if got, want := stored.RGBAAt(stored.Rect.Dx()-1, 0), img.RGBAAt(0, 0); got != want {
		t.Errorf("orientation 8 stores the upright top left at the top right: %v, want %v", got, want)
	}
}

func BenchmarkShoot12Megapixels(b *testing.B) {
	doc := markers([]filing.Point{{40, 20}})
	scene := Ordinary(4000, 3000, 2)
	for b.Loop() {
		if _, err := scene.Shoot(doc); err != nil {
			b.Fatal(err)
		}
	}
}
