package main

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

// drawn decodes an overlay.
func drawn(t *testing.T, path string) image.Image {
	t.Helper()
	data, err := os.ReadFile(path)
	ok(t, err)
	img, format, err := image.Decode(bytes.NewReader(data))
	ok(t, err)
	if format != "jpeg" {
		t.Errorf("%s is a %s", path, format)
	}
	return img
}

func TestTheOverlayOfOnePhotoIsWrittenWhereTheCallSays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, out := photo(t, dir, "good.jpg", 1, 700), filepath.Join(dir, "seen.jpg")
	status, _, errors := call(t, nil, "check", good, "--overlay", out)
	if status > exitFails { // what is found in noise is not the point
		t.Fatalf("status %d: %s", status, errors)
	}
	if img := drawn(t, out); img.Bounds().Dx() < 900 || img.Bounds().Dy() <= 700 {
		t.Errorf("it is %v: there is no room for a legend", img.Bounds())
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v: others may read it", info.Mode(), err)
	}
}

func TestTheOverlaysOfSeveralPhotosAreWrittenIntoAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ok(t, os.Mkdir(filepath.Join(dir, "b"), 0o700))
	one, same := photo(t, dir, "card.jpg", 1, 700), photo(t, filepath.Join(dir, "b"), "card.jpg", 2, 700)
	broken := filepath.Join(dir, "broken.jpg")
	ok(t, os.WriteFile(broken, []byte("%PDF-1.7 no picture"), 0o600))
	out := filepath.Join(dir, "seen")
	if status, _, errors := call(t, nil, "check", one, broken, same, "--overlay", out); status != exitFails {
		t.Fatalf("status %d: %s", status, errors)
	}
	drawn(t, filepath.Join(out, "card.overlay.jpg"))
	drawn(t, filepath.Join(out, "card-2.overlay.jpg"))
	if names, err := os.ReadDir(out); err != nil || len(names) != 2 {
		t.Errorf("%v %v: of what is no picture there is no overlay", names, err)
	}
}

func TestAnOverlayThatCannotBeWrittenIsAMistakeInTheCall(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := photo(t, dir, "one.jpg", 1, 700), photo(t, dir, "two.jpg", 2, 700)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"several photos and a file": {[]string{one, two, "--overlay", photo(t, dir, "old.jpg", 3, 100)}, "folder"},
		"the photo itself":          {[]string{one, "--overlay", one}, "the photo itself"},
		"no such folder":            {[]string{one, "--overlay", filepath.Join(dir, "none", "x.jpg")}, "--overlay"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, _, errors := call(t, nil, append([]string{"check"}, c.args...)...)
			if status != exitUsage || !strings.Contains(errors, c.says) {
				t.Errorf("status %d: %s", status, errors)
			}
		})
	}
}

func TestWhatWasSeenIsOneLineForPeople(t *testing.T) {
	t.Parallel()
	m := &filing.Measurements{
		Decode: &filing.Decode{Complete: true}, Sharpness: 5.24, Others: make([]filing.Document, 2),
		Document: &filing.Document{
			Confidence: 0.97, OutsideShare: 0.021, Occluded: 0.013,
			Formats: []filing.FormatFit{{Format: filing.FormatID1, PxPerMM: 14.2}},
		},
		Glare: &filing.Glare{Share: 0.004}, Exposure: &filing.Exposure{Paper: 212, Ink: 40},
		Colour: &filing.Colour{Chroma: 23}, Recapture: &filing.Recapture{Score: 0.04}, Faces: make([]filing.Face, 2),
	}
	for lang, want := range map[string]string{
		"zh": "证件 97%（卡片，每毫米 14.2 像素） · 画面外 2.1% · 遮挡 1.3% · 另有 2 份 · 清晰度 5.2 · 反光 0.4% · 纸白 212 墨色 40 · 彩度 23 · 人脸 2 张 · 翻拍 4%",
		"en": "document 97 % (card, 14.2 px/mm) · cut off 2.1 % · covered 1.3 % · 2 more · sharpness 5.2 · glare 0.4 % · " +
			"paper 212 ink 40 · chroma 23 · faces 2 · screen 4 %",
	} {
		if got := seen(m, lang); got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
	for name, m := range map[string]*filing.Measurements{
		"no measurements": nil, "not decoded": {}, "nothing seen": {Decode: &filing.Decode{Complete: true}},
	} {
		if got := seen(m, "en"); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
