package main

import (
	"path/filepath"
	"strings"
	"testing"

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
