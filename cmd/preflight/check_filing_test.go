package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/specimen/phototest"
)

// folderOf writes filing.yaml and photos of a card into a folder: front.jpg, back.jpg and, where it is asked for, another.
func folderOf(t *testing.T, text string, photos map[string]uint64) string {
	t.Helper()
	dir := t.TempDir()
	for name, seed := range photos {
		ok(t, os.WriteFile(filepath.Join(dir, name), phototest.Card(t, 1000, 750, seed), 0o600))
	}
	ok(t, os.WriteFile(filepath.Join(dir, filingFile), []byte(text), 0o600))
	return dir
}

const individualFacts = "facts: {province: BJ, action: new, as_of: 2026-11-22, applicant: {type: individual}}\n"

func TestAFilingInAFolderIsChecked(t *testing.T) {
	t.Parallel()
	dir := folderOf(t, individualFacts+"files:\n- {file: front.jpg, material: principal_id, page: front, of: principal}\n",
		map[string]uint64{"front.jpg": 2, "left-over.jpg": 3})
	// Without models nothing is read: what is not declared is nobody's.
	status, out, errors := call(t, nil, "check-filing", dir, "--json", "--models", t.TempDir())
	if status != exitFails || strings.Contains(errors, "preflight:") {
		t.Fatalf("exit %d, %s", status, errors)
	}
	var report filing.FolderReport
	ok(t, json.Unmarshal([]byte(out), &report))
	if len(report.Files) != 2 || report.Files[0].File != "front.jpg" || report.Files[1].File != "left-over.jpg" || report.AsOf != "2026-11-22" {
		t.Errorf("files and date: %s", out)
	}
	m := report.Required[0]
	if m.State != filing.MatchIncomplete || len(m.Matched) != 1 || m.Matched[0].File != "front.jpg" || m.Matched[0].Basis != filing.BasisDeclared {
		t.Errorf("the first requirement stands %+v", m)
	}
	told := false
	for _, f := range report.Findings {
		told = told || f.Code == "material_undeclared" && f.Measured["file"] == "left-over.jpg"
	}
	if !told {
		t.Errorf("nobody is told of the file that was not declared: %+v", report.Findings)
	}
	for lang, want := range map[string]string{"zh": "所需资料", "en": "Required"} {
		status, out, _ := call(t, nil, "check-filing", dir, "--lang", lang, "--models", t.TempDir())
		if status != exitFails || !strings.Contains(out, want) || !strings.Contains(out, "front.jpg") || strings.Contains(out, "000000") {
			t.Errorf("%s: exit %d\n%s", lang, status, out)
		}
	}
}

func TestAFolderThatSaysNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"no facts":              {"files: []\n", "no facts"},
		"a fact that is none":   {"facts: {provinz: BJ}\n", "provinz"},
		"a key that is none":    {individualFacts + "photos: []\n", "photos"},
		"a file that is not":    {individualFacts + "files: [{file: gone.jpg}]\n", "gone.jpg"},
		"a file named twice":    {individualFacts + "files: [{file: a.jpg}, {file: ./a.jpg}]\n", "twice"},
		"a file outside":        {individualFacts + "files: [{file: ../a.jpg}]\n", "in the folder"},
		"a material that is no": {individualFacts + "files: [{file: a.jpg, material: passport}]\n", "no such material"},
		"a page that is none":   {individualFacts + "files: [{file: a.jpg, page: left}]\n", "front or back"},
		"an owner that is none": {individualFacts + "files: [{file: a.jpg, of: me}]\n", "want applicant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errors := call(t, nil, "check-filing", folderOf(t, c.text, nil))
			if status != exitUsage || !strings.Contains(errors, c.want) || out != "" {
				t.Errorf("exit %d, %q, printed %q", status, errors, out)
			}
		})
	}
	if status, _, errors := call(t, nil, "check-filing", t.TempDir()); status != exitUsage || !strings.Contains(errors, filingFile) {
		t.Errorf("a folder without %s: exit %d, %s", filingFile, status, errors)
	}
}
