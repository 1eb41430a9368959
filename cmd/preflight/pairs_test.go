package main

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/specimen"
)

// cardPhoto writes a photo of a card that fills so much of the frame, under a lean of so many degrees, and returns its resolution
// at the card's middle.
func cardPhoto(t *testing.T, path string, kind specimen.Kind, fill, tilt float64) (pxPerMM float64) {
	t.Helper()
	fonts, err := specimen.Fonts()
	if err != nil && os.Getenv("PREFLIGHT_TEST_REQUIRE") == "" {
		t.Skip(err)
	}
	ok(t, err)
	scene := specimen.Ordinary(1800, 1350, 11)
	scene.Fill, scene.TiltX, scene.TiltY, scene.Seed = fill, tilt, 0, uint64(1000*fill)
	w, h := specimen.Size(kind)
	doc, err := specimen.Draw(fonts, kind, 7, scene.PxPerMM(w, h))
	ok(t, err)
	shot, err := scene.Shoot(doc)
	ok(t, err)
	var data bytes.Buffer
	ok(t, jpeg.Encode(&data, shot.Image, &jpeg.Options{Quality: 95}))
	ok(t, os.WriteFile(path, data.Bytes(), 0o600))
	return shot.PxPerMM
}

func TestTwoSidesAreCheckedTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	front, back, leaning, small, comma := at("front.jpg"), at("back.jpg"), at("leaning.jpg"), at("small.jpg"), at("back,again.jpg")
	scale := map[string]float64{
		front:   cardPhoto(t, front, specimen.IDCardFront, 0.78, 2),
		back:    cardPhoto(t, back, specimen.IDCardBack, 0.772, 0),
		leaning: cardPhoto(t, leaning, specimen.IDCardBack, 0.812, 14),
		small:   cardPhoto(t, small, specimen.IDCardBack, 0.6, 0),
		comma:   cardPhoto(t, comma, specimen.IDCardBack, 0.775, 1),
	}
	for name, c := range map[string]struct {
		back, code string
	}{
		"from one distance they pass":            {back, ""},
		"so they do where the phone leaned":      {leaning, ""},
		"from another distance they do not":      {small, "front_back_scale"},
		"the same file copied is one side":       {"", "same_side_twice"},
		"a comma in a name is part of it":        {comma, ""},
		"a file that is no picture has no scale": {"none", "front_back_scale_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := c.back
			switch c.back {
			case "", "none":
				other = filepath.Join(t.TempDir(), "copy.jpg")
				data, err := os.ReadFile(front)
				ok(t, err)
				if c.back == "none" {
					data = []byte("this is no picture")
				}
				ok(t, os.WriteFile(other, data, 0o600))
			}
			_, out, errors := call(t, nil, "check", "--json", "--material", "principal_id", "--pair", front+","+other)
			var r filing.CheckReport
			if err := json.Unmarshal([]byte(out), &r); err != nil {
				t.Fatalf("%v\n%s\n%s", err, out, errors)
			}
			if len(r.Pairs) != 1 || len(r.Files) != 2 {
				t.Fatalf("%d files and %d pairs: %s", len(r.Files), len(r.Pairs), out)
			}
			if r.Files[0].Declared.Page != filing.PageFront || r.Files[1].Declared.Page != filing.PageBack {
				t.Errorf("declared as %+v and %+v", r.Files[0].Declared, r.Files[1].Declared)
			}
			p := r.Pairs[0]
			codes := ""
			for _, f := range p.Findings {
				codes += f.Code
			}
			if codes != c.code || p.Front != front || p.Back != other {
				t.Errorf("%+v, want %q", p, c.code)
			}
			if p.Basis != "" {
				truth := scale[front] / scale[other]
				if math.Abs(p.ScaleRatio/truth-1) > 0.02 {
					t.Errorf("ratio %.3f, true is %.3f", p.ScaleRatio, truth)
				}
			}
			if r.Verdict.Worse(p.Verdict) != r.Verdict {
				t.Errorf("the whole is %s though the pair is %s", r.Verdict, p.Verdict)
			}
		})
	}
}

func TestPairsThatAreNone(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"one file":                    {"--pair", "front.jpg"},
		"one file twice":              {"--pair", "front.jpg,front.jpg"},
		"nothing before the comma":    {"--pair", ",back.jpg"},
		"nothing after it":            {"--pair", "front.jpg,"},
		"a front that is a back, too": {"--pair", "a.jpg,b.jpg", "--pair", "b.jpg,c.jpg"},
		"files that are not there":    {"--pair", "none.jpg,neither.jpg"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if status, out, errors := call(t, nil, append([]string{"check"}, args...)...); status != exitUsage || errors == "" {
				t.Errorf("status %d: %s%s", status, out, errors)
			}
		})
	}
}
