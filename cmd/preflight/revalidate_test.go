package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
)

// olderRules writes the embedded rules to a folder, with persons in charge of 55 in Sichuan.
func olderRules(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	ok(t, fs.WalkDir(rules.Embedded(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(rules.Embedded(), path)
		if err != nil {
			return err
		}
		if path == "SC.yaml" {
			text = []byte(strings.ReplaceAll(string(text), "younger_than: 18 years", "younger_than: 55 years"))
		}
		return os.WriteFile(filepath.Join(dir, path), text, 0o600)
	}))
	return dir
}

// storedFilings makes a data directory with some filings of Sichuan and of Beijing, without files.
func storedFilings(t *testing.T, ofEach int) string {
	t.Helper()
	dir := t.TempDir()
	records, err := storage.OpenRecords(t.Context(), filepath.Join(dir, "preflight.db"), storage.RecordsOptions{Logger: slog.New(slog.DiscardHandler)})
	ok(t, err)
	for range ofEach {
		for _, province := range []string{"SC", "BJ"} {
			_, err := records.CreateFiling(t.Context(), "app", fmt.Appendf(nil, `{"province":%q,"action":"new","applicant":{"type":"enterprise"},`+
				`"principal":{"birth_date":"1990-01-01","document_valid_until":"2027-03-01"},"site_manager":{"same_as_principal":true}}`, province))
			ok(t, err)
		}
	}
	ok(t, records.Close())
	return dir
}

func TestStoredFilingsAreJudgedAgainFromTheCommandLine(t *testing.T) {
	t.Parallel()
	const n = 5
	data, folder := storedFilings(t, n), olderRules(t)
	revalidate := func(args ...string) pipeline.Revalidation {
		t.Helper()
		status, out, errors := call(t, nil, append([]string{"revalidate", "--data", data, "--json"}, args...)...)
		if status != exitOK {
			t.Fatalf("%v: status %d: %s", args, status, errors)
		}
		var v pipeline.Revalidation
		ok(t, json.Unmarshal([]byte(out), &v))
		return v
	}
	csv := filepath.Join(t.TempDir(), "changes.csv")
	dry := revalidate("--rules", folder, "--dry-run", "--changes", csv)
	if dry.Changed != n || dry.Judged != 2*n || !dry.DryRun || len(dry.Provinces) != 1 || dry.Provinces[0].Name != "SC" {
		t.Errorf("dry run: %+v", dry)
	}
	table, err := os.ReadFile(csv)
	ok(t, err)
	if rows := strings.Count(string(table), "minor_not_accepted"); rows != 2*n {
		t.Errorf("the table has %d rows:\n%s", rows, table)
	}
	run := revalidate("--rules", folder)
	if run.Changed != n || run.First != 2*n {
		t.Errorf("run: %+v", run)
	}
	if again := revalidate("--rules", folder); again.Changed+again.First+again.Restated != 0 {
		t.Errorf("again: %+v", again)
	}
	if v := revalidate("--rules", folder, "--province", "BJ"); v.Judged != n {
		t.Errorf("Beijing: %+v", v)
	}
	if v := revalidate("--rules", folder, "--as-of", "2027-04-01", "--dry-run"); v.Changed == 0 || v.AsOf != "2027-04-01" {
		t.Errorf("what has run out by 2027-04-01: %+v", v)
	}
	if v := revalidate("--since", "2099-01-01"); v.Judged != 0 {
		t.Errorf("opened later: %+v", v)
	}
	if status, out, _ := call(t, nil, "revalidate", "--data", data, "--rules", folder, "--dry-run", "--again", "--lang", "en"); status != exitOK ||
		!strings.Contains(out, "Dry run: nothing was changed.") || !strings.Contains(out, "10 filings judged, 0 change") {
		t.Errorf("for people: status %d: %s", status, out)
	}
	for name, args := range map[string][]string{
		"province": {"--province", "ZZ"}, "date": {"--as-of", "tomorrow"}, "since": {"--since", "x"}, "rules": {"--rules", "none"},
		"hash": {"--rules", "sha256:0"}, "state": {"--state", "lost"}, "both": {"--remeasure", "--dry-run"},
		"changes": {"--changes", filepath.Join(data, "none", "x.csv")},
	} {
		if status, out, _ := call(t, nil, append([]string{"revalidate", "--data", data}, args...)...); status != exitUsage || out != "" {
			t.Errorf("%s: status %d: %s", name, status, out)
		}
	}
}

func TestRulesAreActivatedAndRolledBackFromTheCommandLine(t *testing.T) {
	t.Parallel()
	data, folder := storedFilings(t, 2), olderRules(t)
	set, err := loadRules("")
	ok(t, err)
	activate := func(want int, args ...string) string {
		t.Helper()
		status, out, errors := call(t, nil, append([]string{"rules", "activate", "--data", data, "--lang", "en"}, args...)...)
		if status != want {
			t.Fatalf("%v: status %d: %s", args, status, errors)
		}
		return out
	}
	inForce := func() string {
		t.Helper()
		_, out, _ := call(t, nil, "revalidate", "--data", data, "--rule-sets", folder, "--json", "--dry-run", "--again")
		var v pipeline.Revalidation
		ok(t, json.Unmarshal([]byte(out), &v))
		return v.Rules
	}
	activate(exitOK, folder, "--dry-run")
	if inForce() != set.Hash() {
		t.Error("the dry run activated it")
	}
	activate(exitOK, folder)
	if inForce() == set.Hash() {
		t.Error("it was not activated")
	}
	activate(exitOK, set.Hash(), "--rule-sets", folder)
	if inForce() != set.Hash() {
		t.Error("it was not rolled back")
	}
	activate(exitUsage, "sha256:none")
}

func TestTheSchemaIsMigratedOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if status, out, _ := call(t, nil, "migrate", "--check", "--data", dir); status != exitFails || !strings.HasPrefix(out, "schema 0, newest ") {
		t.Errorf("before: status %d: %s", status, out)
	}
	if status, out, _ := call(t, nil, "migrate", "--data", dir); status != exitOK || !strings.Contains(out, "was 0") {
		t.Errorf("migrate: status %d: %s", status, out)
	}
	if status, out, _ := call(t, nil, "migrate", "--check", "--data", dir); status != exitOK {
		t.Errorf("after: status %d: %s", status, out)
	}
}
