package face_test

import (
	"image"
	stddraw "image/draw"
	_ "image/jpeg" // the photos are of both formats
	_ "image/png"
	"os"
	"path/filepath"
	"testing"
)

// TestPhotosThatPackagesCarry looks at real faces: testdata/photos says whose packages they come from.
func TestPhotosThatPackagesCarry(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "build", "photos")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the photos are not here: scripts/photos.sh fetches them")
	}
	d := ultraFace(t)
	people := map[string]int{
		"skimage/astronaut.png": 1, "pigo/sample.jpg": 1, "face-api/sample1.jpg": 3, "face-api/sample2.jpg": 3,
		"face-api/sample3.jpg": 3, "face-api/sample4.jpg": 4, "face-api/sample5.jpg": 5, "face-api/sample6.jpg": 4,
	}
	files, err := filepath.Glob(filepath.Join(folder, "*", "*"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d photos, %v", len(files), err)
	}
	var there, seen, invented int
	for _, file := range files {
		name, err := filepath.Rel(folder, file)
		if err != nil {
			t.Fatal(err)
		}
		faces, err := d.Find(t.Context(), frame(picture(t, file)), nil)
		if err != nil {
			t.Fatal(err)
		}
		// As checks.Thresholds have it: a plain face, or one that at least one half confirms.
		n := 0
		for _, f := range faces {
			if f.Confidence >= 0.995 || f.Confidence >= 0.85 && max(*f.UpperHalf, *f.LowerHalf) >= 0.4 {
				n++
			}
		}
		there, seen, invented = there+people[name], seen+min(n, people[name]), invented+max(n-people[name], 0)
		if n != people[name] {
			t.Logf("%s: %d faces of %d: %+v", name, n, people[name], faces)
		}
	}
	t.Logf("%d photos: %d faces of %d seen, %d invented", len(files), seen, there, invented)
	if invented > 0 || there-seen > 1 {
		t.Errorf("%d faces of %d seen, %d invented", seen, there, invented)
	}
}

// picture reads a photo.
func picture(t *testing.T, file string) *image.RGBA {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	stddraw.Draw(out, out.Rect, img, img.Bounds().Min, stddraw.Src)
	return out
}
