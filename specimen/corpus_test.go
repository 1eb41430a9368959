package specimen

import (
	"bytes"
	"image"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
)

func TestGoodFilesDecodeAndAreOfAllowedSize(t *testing.T) {
	t.Parallel()
	fontsFor(t)
	start := time.Now()
	files := Good()
	if len(files) < 40 {
		t.Errorf("%d good files, at least 40 are promised", len(files))
	}
	seen := map[string]bool{}
	for i, f := range files {
		if raceDetector && (i%6 != 0 || strings.Contains(f.Name, "12mp")) {
			continue
		}
		data, err := f.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if seen[f.Name] || f.What == "" || f.Want != "" || f.Kind == "" {
			t.Errorf("%s: a good file has a name of its own, a description, a document and no finding", f.Name)
		}
		seen[f.Name] = true
		if len(data) < minBytes || len(data) >= maxBytes {
			t.Errorf("%s has %d bytes", f.Name, len(data))
		}
		if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	t.Logf("%d good files made and decoded in %v", len(files), time.Since(start).Round(time.Millisecond))
}

func TestFlaggedFilesDecode(t *testing.T) {
	t.Parallel()
	fontsFor(t)
	for i, f := range Flagged() {
		if raceDetector && i%6 != 0 {
			continue
		}
		data, err := f.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		allowed := len(data) >= minBytes && len(data) < maxBytes
		if outside := f.Want == "file_too_small" || f.Want == "file_too_large"; outside == allowed {
			t.Errorf("%s has %d bytes and wants %s", f.Name, len(data), f.Want)
		}
	}
}

func TestHostileFilesAreManyNamedAndSmall(t *testing.T) {
	t.Parallel()
	files := Hostile()
	if len(files) < 80 {
		t.Errorf("%d hostile files, at least 80 are promised", len(files))
	}
	seen, bombs := map[string]bool{}, 0
	for i, f := range files {
		if f.Bomb {
			bombs++
		}
		if raceDetector && i%4 != 0 {
			continue
		}
		data, err := f.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := f.Bytes()
		if err != nil || !bytes.Equal(data, again) {
			t.Errorf("%s: two makings differ (%v)", f.Name, err)
		}
		if seen[f.Name] {
			t.Errorf("%s twice", f.Name)
		}
		seen[f.Name] = true
		if strings.IndexFunc(f.Name, func(r rune) bool { return r > unicode.MaxASCII || r == '/' }) >= 0 || filepath.Ext(f.Name) == "" {
			t.Errorf("%s is no plain file name", f.Name)
		}
		if f.What == "" {
			t.Errorf("%s: nobody says what it is", f.Name)
		}
		if len(data) > 6<<20 {
			t.Errorf("%s has %d bytes: a bomb is small", f.Name, len(data))
		}
	}
	if bombs < 10 {
		t.Errorf("%d bombs", bombs)
	}
	t.Logf("%d hostile files, %d bombs", len(files), bombs)
}

// What must be answered image_damaged must not decode in Go either, where Go reads the format at all.
func TestDamagedFilesDoNotDecode(t *testing.T) {
	t.Parallel()
	// Go decodes a picture of no pixels, and takes a quantization table that was never defined for one of zeros.
	lenient := map[string]bool{"zero_width.jpg": true, "zero_height.jpg": true, "no_such_table.jpg": true,
		"no_quantization.jpg": true}
	for i, f := range Hostile() {
		if raceDetector && i%4 != 0 {
			continue
		}
		if f.Want != damaged || len(f.Or) > 0 || lenient[f.Name] {
			continue
		}
		data, err := f.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if config, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && config.Width*config.Height > 8<<20 {
			continue
		}
		if _, _, err := image.Decode(bytes.NewReader(data)); err == nil {
			t.Errorf("%s decodes without an error", f.Name)
		}
	}
}

func TestOnlyRightAnswersAreRight(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		file  File
		codes []string
		want  bool
	}{
		{"the wanted code", File{Want: damaged}, []string{"file_too_small", damaged}, true},
		{"no code where one is wanted", File{Want: damaged}, nil, false},
		{"another code", File{Want: damaged}, []string{tooMany}, false},
		{"an allowed other code", File{Want: damaged, Or: []string{unsupported}}, []string{unsupported}, true},
		{"nothing where nothing is wanted", File{}, []string{"file_too_small", metadata}, true},
		{"an error where nothing is wanted", File{}, []string{damaged}, false},
		{"an error where it is allowed", File{Or: []string{damaged}}, []string{damaged}, true},
		{"passing where it is allowed", File{Want: damaged, Or: []string{""}}, nil, true},
	} {
		if got := tt.file.Answered(tt.codes); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
