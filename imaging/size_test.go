package imaging

import (
	"bytes"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/specimen"
)

// The size that a file is admitted by is the one that it is decoded at: no file is weighed for less than it costs.
func TestTheSizeOfAHeaderIsThatOfTheDecodedPicture(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the whole hostile corpus")
	}
	told := 0
	for _, f := range append(specimen.Good()[:12], specimen.Hostile()...) {
		data, err := f.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		format := Recognize(data)
		if !format.Accepted() {
			if w, h, err := Size(bytes.NewReader(data)); err == nil {
				t.Errorf("%s is no picture of ours, and has %d x %d", f.Name, w, h)
			}
			continue
		}
		full := parseHeader(format, data)
		w, h, err := Size(bytes.NewReader(data))
		if err != nil {
			continue // it is weighed as the largest
		}
		told++
		if !full.refused && full.damage == "" && (w != full.width || h != full.height) && format != filing.FormatGIF {
			t.Errorf("%s: %d x %d, and it is decoded at %d x %d", f.Name, w, h, full.width, full.height)
		}
	}
	if told < 100 {
		t.Errorf("the size of %d files only was told", told)
	}
}

func FuzzSize(f *testing.F) {
	for _, file := range append(specimen.Good()[:12], specimen.Hostile()...) {
		if data, err := file.Bytes(); err == nil && len(data) < 64<<10 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w, h, err := Size(bytes.NewReader(data))
		if err == nil && (w < 0 || h < 0) {
			t.Errorf("%d x %d", w, h)
		}
	})
}
