package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFilingsAreExportedAndRestoredFromTheCommandLine(t *testing.T) {
	t.Parallel()
	const n = 3
	data, backup, restored := storedFilings(t, n), "dir:"+filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "restored")
	status, _, errors := call(t, nil, "import", backup, "--data", restored)
	if status != exitUsage || !strings.Contains(errors, "no finished export") {
		t.Errorf("import of nothing: status %d: %s", status, errors)
	}
	if status, out, errors := call(t, nil, "export", backup, "--data", data); status != exitOK || !strings.Contains(out, "exported 6 filings, 0 files") {
		t.Fatalf("export: status %d: %s %s", status, out, errors)
	}
	if status, _, errors := call(t, nil, "export", backup, "--data", data); status != exitUsage || !strings.Contains(errors, "already") {
		t.Errorf("export again: status %d: %s", status, errors)
	}
	for range 2 {
		if status, out, errors := call(t, nil, "import", backup, "--data", restored); status != exitOK || !strings.Contains(out, "imported 6 filings") {
			t.Fatalf("import: status %d: %s %s", status, out, errors)
		}
	}
	judged := func(data string) string {
		t.Helper()
		csv := filepath.Join(t.TempDir(), "changes.jsonl")
		status, out, errors := call(t, nil, "revalidate", "--data", data, "--as-of", "2027-04-01", "--dry-run", "--lang", "en", "--changes", csv)
		if status != exitOK {
			t.Fatalf("revalidate %s: status %d: %s", data, status, errors)
		}
		return out
	}
	if diff := cmp.Diff(judged(data), judged(restored)); diff != "" {
		t.Errorf("the restored filings are judged otherwise:\n%s", diff)
	}
}

// The restore test: a service with filings, checked files and waiting ones is exported and destroyed; what is imported into
// an empty place, of another kind at that, answers the same to the byte, and can be exported again to the same pages.
func TestADestroyedServiceIsRestoredToTheByte(t *testing.T) {
	t.Parallel()
	data, backup := t.TempDir(), filepath.Join(t.TempDir(), "backup")
	p := serve(t, data, nil, "--jobs", "0")
	picture, err := os.ReadFile(photo(t, t.TempDir(), "a.jpg", 41, 300))
	ok(t, err)
	id := p.filing()
	status, body := p.send("POST", "/v1/filings/"+id+"/materials?material=principal_id&page=front&of=principal", "image/jpeg", bytes.NewReader(picture))
	var checked uploaded
	if err := json.Unmarshal(body, &checked); err != nil || status != http.StatusCreated {
		t.Fatalf("status %d: %s", status, body)
	}
	waiting, err := p.uploadAsync(id, 1, thumbnailSized(t, 8))
	ok(t, err)
	paths := []string{
		"/v1/filings/" + id, "/v1/filings/" + id + "/report", "/v1/filings/" + id + "/materials",
		"/v1/materials/" + checked.ID, "/v1/materials/" + waiting,
		"/v1/materials/" + checked.ID + "/image?variant=original", "/v1/materials/" + waiting + "/image?variant=original",
	}
	answers := func(p *process) map[string]string {
		t.Helper()
		out := map[string]string{}
		for _, path := range paths {
			status, body := p.get(path)
			if status != http.StatusOK {
				t.Errorf("%s: status %d: %.300s", path, status, body)
			}
			out[path] = string(body)
		}
		return out
	}
	before := answers(p)
	p.kill()
	export := func(to string, flags ...string) []string {
		t.Helper()
		if status, out, errors := call(t, nil, append([]string{"export", "dir:" + to}, flags...)...); status != exitOK || !strings.Contains(out, "exported 1 filings, 2 files") {
			t.Fatalf("export: status %d: %s %s", status, out, errors)
		}
		pages, err := filepath.Glob(filepath.Join(to, "export", "page-*"))
		ok(t, err)
		for i := range pages {
			pages[i] = filepath.Base(pages[i]) // its name holds its digest
		}
		return pages
	}
	pages := export(backup, "--data", data)
	ok(t, os.RemoveAll(data))

	f := newFleet(t, "restored")
	if status, out, errors := call(t, nil, append([]string{"import", "dir:" + backup}, f.flags...)...); status != exitOK || !strings.Contains(out, "imported 1 filings, 2 files") {
		t.Fatalf("import: status %d: %s %s", status, out, errors)
	}
	if diff := cmp.Diff(pages, export(filepath.Join(t.TempDir(), "again"), f.flags...)); diff != "" || len(pages) == 0 {
		t.Errorf("exported again, the pages are others:\n%s", diff)
	}
	restored := serve(t, t.TempDir(), nil, append(f.flags, "--jobs", "0")...)
	if diff := cmp.Diff(before, answers(restored)); diff != "" {
		t.Errorf("the restored service answers otherwise:\n%s", diff)
	}
	if string(picture) != before["/v1/materials/"+checked.ID+"/image?variant=original"] {
		t.Error("the original is not what was uploaded")
	}
	// What waited for its check before still does, and is checked once somebody works.
	f.work(t)
	eventually(t, time.Minute, "the waiting file is checked", func() bool {
		_, body := restored.get("/v1/materials/" + waiting)
		return strings.Contains(string(body), `"verdict"`)
	})
}
