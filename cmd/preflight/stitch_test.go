package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/specimen"
)

func TestPhotosAreStitchedOnTheCommandLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	front, back, out := at("front.jpg"), at("back.jpg"), at("out.jpg")
	cardPhoto(t, front, specimen.IDCardFront, 0.78, 2)
	cardPhoto(t, back, specimen.IDCardBack, 0.6, 0)
	ok(t, os.WriteFile(at("text.jpg"), []byte("no picture"), 0o600))

	status, printed, problem := call(t, nil, "stitch", "--json", "--layout", "sides", "--min-bytes", "1", out, front, back)
	if status != 0 {
		t.Fatalf("status %d: %s", status, problem)
	}
	var c filing.Composite
	ok(t, json.Unmarshal([]byte(printed), &c))
	data, err := os.ReadFile(out)
	ok(t, err)
	if c.Layout != "sides" || int64(len(data)) != c.Bytes || len(c.Parts) != 2 || c.Parts[0].PxPerMM == 0 || c.Parts[0].PxPerMM != c.Parts[1].PxPerMM {
		t.Errorf("%+v", c)
	}
	// What was made at one scale is found to be so by whoever checks it.
	status, printed, problem = call(t, nil, "check", "--json", "--parts", "id_card/front,id_card/back", out)
	var r filing.CheckReport
	ok(t, json.Unmarshal([]byte(printed), &r))
	if len(r.Composites) != 1 || len(r.Composites[0].Parts) != 2 {
		t.Fatalf("status %d, %s: %+v", status, problem, r.Composites)
	}
	for _, f := range r.Composites[0].Findings {
		if f.Code == "parts_scale" || f.Code == "front_back_scale" || f.Code == "parts_overlap" || f.Code == "part_missing" {
			t.Errorf("%s: %v", f.Code, f.Measured)
		}
	}
	for name, c := range map[string]struct {
		args []string
		want int
		says string
	}{
		"for people it says how large":         {[]string{"stitch", "--lang", "en", "--min-bytes", "1", at("row.jpg"), front, back}, 0, ""},
		"captions are drawn":                   {[]string{"stitch", "--min-bytes", "1", "--caption", "front", "--caption", "back", at("c.jpg"), front, back}, 0, ""},
		"one for each part":                    {[]string{"stitch", "--caption", "front", at("c.jpg"), front, back}, 2, "--caption"},
		"a layout that there is not":           {[]string{"stitch", "--layout", "spiral", at("x.jpg"), front}, 2, "spiral"},
		"three sides":                          {[]string{"stitch", "--layout", "sides", at("x.jpg"), front, back, front}, 1, "composite_layout"},
		"what is no picture":                   {[]string{"stitch", at("x.jpg"), front, at("text.jpg")}, 1, "part_unreadable"},
		"a part that is not there":             {[]string{"stitch", at("x.jpg"), front, at("none.jpg")}, 2, "none.jpg"},
		"the result is none of its parts":      {[]string{"stitch", front, front, back}, 2, "one of the parts"},
		"limits that make no sense":            {[]string{"stitch", "--max-bytes", "5", at("x.jpg"), front}, 2, "--max-bytes"},
		"parts that are no kinds of documents": {[]string{"check", "--parts", "shoe", out}, 2, "shoe"},
		"a part that is missing fails":         {[]string{"check", "--parts", "id_card/front,id_card/back,business_license,letter", out}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, printed, problem := call(t, nil, c.args...)
			if status != c.want || !strings.Contains(problem, c.says) {
				t.Errorf("status %d, want %d\n%s\n%s", status, c.want, printed, problem)
			}
		})
	}
}
