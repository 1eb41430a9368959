package imaging

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/preflight-icp/preflight/specimen"
)

// stitchPool returns photos of 12 megapixels of cards and pages as phones write them, drawn once and kept in build/stitch.
func stitchPool(t testing.TB, n int) (files [][]byte) {
	t.Helper()
	dir := filepath.Join("..", "build", "stitch")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	kinds := []specimen.Kind{specimen.IDCardFront, specimen.IDCardBack, specimen.BusinessLicense, specimen.AuthorizationLetter}
	for i := range n {
		path := filepath.Join(dir, fmt.Sprintf("%02d.jpg", i))
		data, err := os.ReadFile(path)
		if err == nil {
			files = append(files, data)
			continue
		}
		width, height := 4000, 3000
		if i%8 >= 6 {
			width, height = height, width
		}
		photo, err := specimen.Photograph(kinds[i%len(kinds)], width, height, uint64(9000+i))
		if err != nil {
			t.Skip("no fonts to draw with: ", err)
		}
		if i >= 12 { // a small sensor in a dim room
			grain := uint32(i)
			for k := range photo.Image.Pix {
				if grain = grain*1664525 + 1013904223; k%4 != 3 {
					photo.Image.Pix[k] = clamp8(int(photo.Image.Pix[k]) + int(grain>>24&15) - int(grain>>16&15))
				}
			}
		}
		orientation := []int{1, 6, 1, 3, 8, 1}[i%6]
		camera := specimen.Phone()
		camera.Orientation = orientation
		data, err = specimen.EncodeJPEG(specimen.Orient(photo.Image, orientation),
			specimen.JPEGOptions{Quality: []int{93, 88, 95, 90}[i/2%4], Segments: []specimen.Segment{camera.Segment()}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, data)
	}
	return files
}
