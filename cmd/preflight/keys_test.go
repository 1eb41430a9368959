package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/storage"
)

// as sends as whoever holds a token.
func (p *process) as(token string) *process {
	other := *p
	other.token = token
	return &other
}

// A key that is made beside a running service opens it at once, as far as its organization and scopes go, and no longer than until it
// is revoked; all of it is in the audit trail.
func TestKeysAreMadeListedAndRevokedBesideARunningService(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := serve(t, data, nil)
	create := func(args ...string) (id, key string) {
		t.Helper()
		status, out, errors := call(t, nil, append([]string{"keys", "create", "--data", data, "--json"}, args...)...)
		var made struct{ ID, Key, Sum string }
		if err := json.Unmarshal([]byte(out), &made); err != nil || status != exitOK || !strings.HasPrefix(made.Key, storage.APIKeyPrefix) || made.Sum != "" {
			t.Fatalf("%v: status %d: %s %s", args, status, out, errors)
		}
		return made.ID, made.Key
	}
	id, key := create("app", "mobile", "--organization", "north")
	_, narrow := create("operator", "watch", "--scopes", "audit")
	ours := p.filing()
	theirs := p.as(key).filing()
	for _, c := range []struct {
		name, token, path string
		want              int
	}{
		{"its own filing", key, "/v1/filings/" + theirs, 200},
		{"another organization's filing", key, "/v1/filings/" + ours, 404},
		{"what its scope names", narrow, "/v1/audit", 200},
		{"what its role may and its scope does not name", narrow, "/v1/revalidations", 404},
		{"a key with another secret", key[:len(key)-4] + "AAAA", "/v1/filings/" + theirs, 401},
	} {
		if status, body := p.as(c.token).get(c.path); status != c.want {
			t.Errorf("%s: status %d, want %d: %.200s", c.name, status, c.want, body)
		}
	}
	for name, args := range map[string][]string{
		"a scope that there is not":     {"keys", "create", "app", "a", "--scopes", "everything"},
		"a name that cannot be one":     {"keys", "create", "app", "李 四"},
		"a role that cannot hold a key": {"keys", "create", "applicant", "a"},
		"a time that is over":           {"keys", "create", "app", "a", "--lasts", "-1h"},
		"a key that nobody has":         {"keys", "revoke", "01976a3c-5f0e-7c3a-9d5f-000000000000"},
		"a rotation without keys":       {"keys", "rotate", "--keys", "none"},
	} {
		if status, out, _ := call(t, nil, append(args, "--data", data)...); status != exitUsage {
			t.Errorf("%s: status %d: %s", name, status, out)
		}
	}
	list := func() string {
		t.Helper()
		status, out, errors := call(t, nil, "keys", "list", "--data", data)
		if status != exitOK || strings.Contains(out, key) {
			t.Fatalf("list: status %d: %s %s", status, out, errors)
		}
		return out
	}
	if out := list(); !strings.Contains(out, id+"  app  mobile  valid  organization north") || !strings.Contains(out, "only audit") || !strings.Contains(out, "  encrypts, made ") {
		t.Errorf("list:\n%s", out)
	}
	if status, _, errors := call(t, nil, "keys", "revoke", id, "--data", data); status != exitOK {
		t.Fatalf("revoke: status %d: %s", status, errors)
	}
	if out := list(); !strings.Contains(out, id+"  app  mobile  revoked ") {
		t.Errorf("list behind the revocation:\n%s", out)
	}
	if status, _ := p.as(key).get("/v1/filings/" + theirs); status != http.StatusUnauthorized {
		t.Errorf("a revoked key: status %d", status)
	}
	_, reads := create("operator", "north", "--organization", "north")
	_, house := p.get("/v1/audit?object=" + id)
	_, trail := p.as(reads).get("/v1/audit?object=" + id)
	for _, operation := range []string{"create-key", "revoke-key"} {
		if strings.Contains(string(house), operation) || !strings.Contains(string(trail), operation) {
			t.Errorf("%s is for those to read whose key it is: %s; the house reads %s", operation, trail, house)
		}
	}
}

// Keys that encrypt rotate beside a running service: what was stored before and what is stored behind it can be read, and nothing is
// left that the old key alone opens.
func TestEncryptionKeysRotateBesideARunningService(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := serve(t, data, nil)
	id := p.filing()
	picture, err := os.ReadFile(photo(t, t.TempDir(), "a.jpg", 61, 300))
	ok(t, err)
	upload := func(of string) string {
		t.Helper()
		status, body := p.send("POST", "/v1/filings/"+id+"/materials?material=domain_certificate&of="+of, "image/jpeg", bytes.NewReader(picture))
		var m uploaded
		if err := json.Unmarshal(body, &m); err != nil || status != http.StatusCreated {
			t.Fatalf("upload: status %d: %.300s", status, body)
		}
		return m.ID
	}
	before := upload("domain:before.example")
	old, err := os.ReadFile(filepath.Join(data, "keys"))
	ok(t, err)
	status, out, errors := call(t, nil, "keys", "rotate", "--data", data)
	if status != exitOK || !strings.Contains(out, "encrypted anew: ") {
		t.Fatalf("rotate: status %d: %s %s", status, out, errors)
	}
	behind := upload("domain:behind.example")
	for _, material := range []string{before, behind} {
		if status, body := p.get("/v1/materials/" + material + "/image?variant=original"); status != http.StatusOK || !bytes.Equal(body, picture) {
			t.Errorf("status %d, %d bytes", status, len(body))
		}
	}
	if status, _ := p.get("/v1/filings/" + id); status != http.StatusOK {
		t.Errorf("the facts: status %d", status)
	}
	p.kill()
	// With the old key alone nothing can be read any more, and fsck says so.
	former := filepath.Join(t.TempDir(), "keys")
	ok(t, os.WriteFile(former, old, 0o600))
	if status, out, _ := call(t, nil, "fsck", "--data", data, "--keys", "file:"+former); status == exitOK {
		t.Errorf("the old key opens what is stored: %s", out)
	}
	if status, out, errors := call(t, nil, "fsck", "--data", data); status != exitOK {
		t.Errorf("fsck with both keys: status %d: %s %s", status, out, errors)
	}
}

// The trail is exported whole, and each way to tamper with it shows: in the records themselves, or against an export kept elsewhere.
func TestATrailThatWasTamperedWithDoesNotVerify(t *testing.T) {
	t.Parallel()
	const n = 8
	// made is a trail of n entries, and its export.
	made := func() (data, export string) {
		data = t.TempDir()
		for _, name := range strings.Fields("a b c d e f g h") {
			if status, _, errors := call(t, nil, "keys", "create", "app", name, "--data", data); status != exitOK {
				t.Fatalf("status %d: %s", status, errors)
			}
		}
		status, out, errors := call(t, nil, "audit", "export", "--data", data)
		if status != exitOK || strings.Count(out, "\n") != n {
			t.Fatalf("export: status %d: %s %s", status, out, errors)
		}
		return data, out
	}
	data, export := made()
	_, stranger := made()
	verify := func(t *testing.T, data, export string) (int, string) {
		t.Helper()
		args := []string{"audit", "verify", "--data", data}
		if export != "" {
			args = append(args, "-")
		}
		status, out, errors := callWith(t, export, args...)
		return status, out + errors
	}
	lines := func(export string, from, to int) string {
		return strings.Join(strings.SplitAfter(export, "\n")[from:to], "")
	}
	for name, c := range map[string]struct {
		// statements tamper with the records, export with the export; kept: the export is held against the records.
		statements []string
		export     func(string) string
		kept       bool
		want       int
	}{
		"as it is":                        {want: exitOK},
		"as it is, with the export":       {kept: true, want: exitOK},
		"with an export of the beginning": {export: func(s string) string { return lines(s, 0, 5) }, kept: true, want: exitOK},
		"an entry was changed":            {statements: []string{"UPDATE audit SET principal = 'somebody' WHERE sequence = 3"}, want: exitFails},
		"the time of an entry was changed": {
			statements: []string{"UPDATE audit SET at = '2020-01-01 00:00:00+00:00' WHERE sequence = 4"}, want: exitFails,
		},
		"an entry was taken out":  {statements: []string{"DELETE FROM audit WHERE sequence = 5"}, want: exitFails},
		"the first was taken out": {statements: []string{"DELETE FROM audit WHERE sequence = 1"}, want: exitFails},
		"the last was taken out":  {statements: []string{"DELETE FROM audit WHERE sequence = 8"}, want: exitFails},
		"the last was taken out, and the end moved": {
			statements: []string{"DELETE FROM audit WHERE sequence = 8", "UPDATE audit_head SET sequence = 7, hash = (SELECT hash FROM audit WHERE sequence = 7)"},
			kept:       true, want: exitFails,
		},
		"two entries changed places": {
			statements: []string{
				"UPDATE audit SET sequence = 100 WHERE sequence = 2", "UPDATE audit SET sequence = 2 WHERE sequence = 3", "UPDATE audit SET sequence = 3 WHERE sequence = 100",
			},
			want: exitFails,
		},
		"the export was changed": {
			export: func(s string) string { return strings.Replace(s, "command line", "somebody else", 1) }, kept: true, want: exitFails,
		},
		"a line of the export was taken out": {
			export: func(s string) string { return lines(s, 0, 2) + lines(s, 3, n) }, kept: true, want: exitFails,
		},
		"the export is another installation's": {
			export: func(string) string { return stranger }, kept: true, want: exitFails,
		},
		"the export is none": {export: func(string) string { return "nothing of the kind" }, kept: true, want: exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, export := copyOf(t, data), export
			tamper(t, data, c.statements...)
			if c.export != nil {
				export = c.export(export)
			}
			if !c.kept {
				export = ""
			}
			status, says := verify(t, data, export)
			if status != c.want {
				t.Errorf("status %d, want %d: %s", status, c.want, says)
			}
			if c.want == exitOK && !strings.Contains(says, "8 entries, whole; the last hash is ") {
				t.Errorf("it says %q", says)
			}
		})
	}
	t.Run("an export goes on where another one ended", func(t *testing.T) {
		t.Parallel()
		data := copyOf(t, data)
		status, rest, errors := call(t, nil, "audit", "export", "--after", "5", "--data", data)
		if status != exitOK || lines(export, 0, 5)+rest != export {
			t.Errorf("status %d: %s %s", status, rest, errors)
		}
		if status, none, _ := call(t, nil, "audit", "export", "--organization", "north", "--data", data); status != exitOK || none != "" {
			t.Errorf("another organization's: status %d: %s", status, none)
		}
	})
}

// copyOf is a copy of a data directory that nobody has open.
func copyOf(t *testing.T, data string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	ok(t, os.CopyFS(dir, os.DirFS(data)))
	return dir
}

// tamper does to the records of a service that is not running what somebody with access to the file could do.
func tamper(t *testing.T, data string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, "preflight.db"))
	ok(t, err)
	defer func() { ok(t, db.Close()) }()
	for _, statement := range statements {
		result, err := db.ExecContext(context.Background(), statement)
		ok(t, err)
		if rows, err := result.RowsAffected(); err != nil || rows != 1 {
			t.Fatalf("%s: %d rows: %v", statement, rows, err)
		}
	}
}
