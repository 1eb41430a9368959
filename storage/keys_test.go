package storage_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

// newKeys makes keys in a file of their own.
func newKeys(tb testing.TB) *storage.Keys {
	tb.Helper()
	keys, err := storage.OpenKeys(newKeyFile(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

func newKeyFile(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "keys")
	if made, err := storage.MakeKeyFile(path); err != nil || !made {
		tb.Fatalf("made %v, %v", made, err)
	}
	return path
}

func TestAKeyFileIsMadeOnceAndReadStrictly(t *testing.T) {
	t.Parallel()
	path := newKeyFile(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if made, err := storage.MakeKeyFile(path); err != nil || made {
		t.Errorf("made again: %v, %v", made, err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	lines := strings.Split(strings.TrimSpace(string(before)), "\n")
	line := lines[len(lines)-1]
	fields := strings.Fields(line)
	for name, bad := range map[string]string{
		"empty": "", "comment only": "# nothing", "two fields": fields[0] + " " + fields[1], "short id": "abc " + fields[1] + " " + fields[2],
		"no time": fields[0] + " today " + fields[2], "short key": fields[0] + " " + fields[1] + " c2hvcnQ=", "twice": line + "\n" + line,
	} {
		file := filepath.Join(t.TempDir(), "keys")
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := storage.OpenKeys("file:" + file)
		if wantError(t, name, err, storage.ErrKeyFile); err != nil && strings.Contains(err.Error(), fields[2]) {
			t.Errorf("%s: the error quotes the key", name)
		}
	}
	if _, err := storage.OpenKeys("vault:x"); !errors.Is(err, storage.ErrKeyFile) {
		t.Errorf("an unknown source: %v", err)
	}
}

func TestAnEncryptedObjectShowsNothingAndKnowsWhenItWasChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func(keys *storage.Keys) storage.Objects {
		objects, err := storage.OpenObjects(t.Context(), dir, storage.ObjectsOptions{Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		return objects
	}
	objects := open(newKeys(t))
	body := bytes.Repeat([]byte("specimen 样本 "), 20_000) // several chunks
	for name, content := range map[string][]byte{"a": body, "b": body, "empty": nil} {
		mustPut(t, objects, name, content)
		mustPut(t, objects, name, content) // the same again is the same
	}
	wantError(t, "another body", objects.Put(t.Context(), "a", storage.BytesContent([]byte("other"))), storage.ErrExists)
	a, err := os.ReadFile(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(a, []byte("specimen")) || bytes.Equal(a[48:], b[48:]) {
		t.Error("the body shows")
	}
	read := func(name string) error {
		r, err := objects.Get(t.Context(), name, 0, -1)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = new(bytes.Buffer).ReadFrom(r)
		return err
	}
	for what, stored := range map[string][]byte{
		"a flipped bit": flip(a, 100_000), "a flipped salt": flip(a, 20), "another object's bytes": b, "the last chunk gone": a[:len(a)-(len(a)-48)%65568],
		"all chunks gone": a[:48], "a chunk twice": append(bytes.Clone(a[:48+65568]), a[48:]...),
	} {
		if err := os.WriteFile(filepath.Join(dir, "a"), stored, 0o600); err != nil {
			t.Fatal(err)
		}
		wantError(t, what, read("a"), storage.ErrSealed)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), a, 0o600); err != nil {
		t.Fatal(err)
	}
	wantError(t, "as it was", read("a"), nil)
	for _, keys := range []*storage.Keys{nil, newKeys(t)} {
		_, err := open(keys).Get(t.Context(), "a", 0, -1)
		wantError(t, "without the key", err, storage.ErrNoKey)
	}
	size := int64(len(body))
	for _, at := range []int64{0, 1, 65535, 65536, 65537, 131072, size - 1} {
		for _, n := range []int64{0, 1, 65535, 65536, 65537, 200_000, -1} {
			end := size
			if n >= 0 {
				end = min(at+n, size)
			}
			if got := mustRead(t, objects, "a", at, n); !bytes.Equal(got, body[at:end]) {
				t.Errorf("range %d+%d: %d bytes that are not those", at, n, len(got))
			}
		}
	}
	_, err = objects.Get(t.Context(), "a", size, 1)
	wantError(t, "beyond the end", err, storage.ErrRange)
}

func flip(p []byte, at int) []byte {
	p = bytes.Clone(p)
	p[at] ^= 1
	return p
}

// What was stored plain, or by an earlier key, is read, and encrypted anew beside a service that goes on.
func TestRotatingKeysLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, database := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, url, dir, file := t.Context(), database(t), t.TempDir(), newKeyFile(t)
			open := func(keys *storage.Keys) (*storage.Records, storage.Objects) {
				objects, err := storage.OpenObjects(ctx, dir, storage.ObjectsOptions{Keys: keys})
				if err != nil {
					t.Fatal(err)
				}
				return openRecords(t, url, storage.RecordsOptions{Keys: keys}), objects
			}
			const secret = `{"principal":{"name":"样本甲 SPECIMEN"}}`
			fill := func(records *storage.Records, objects storage.Objects) (filingID, materialID, hookID string, sum storage.Digest) {
				f, err := records.CreateFiling(ctx, "owner", []byte(secret))
				if err != nil {
					t.Fatal(err)
				}
				body := randomBytes(t, 300_000)
				sum = storage.DigestOf(body)
				mustPut(t, objects, storage.ObjectKey(sum), body)
				mustPut(t, objects, storage.DerivativeKey(sum, "thumbnail", "1"), body[:1000])
				u, err := records.RecordUpload(ctx, storage.Upload{FilingID: f.ID, Sum: sum, Bytes: 300_000, Format: filing.FormatJPEG})
				if err != nil {
					t.Fatal(err)
				}
				if err := records.SaveCheck(ctx, u.Material.ID, storage.Check{Verdict: filing.VerdictPass, Findings: []byte(secret), Duplicates: []byte(secret)},
					storage.Measured{Sum: sum, Analyzer: "1", Data: []byte(secret)}); err != nil {
					t.Fatal(err)
				}
				w, err := records.CreateWebhook(ctx, storage.Webhook{URL: "https://receiver.example/", Secret: "whsec_SPECIMEN"})
				if err != nil {
					t.Fatal(err)
				}
				return f.ID, u.Material.ID, w.ID, sum
			}
			check := func(records *storage.Records, objects storage.Objects, filingID, materialID, hookID string, sum storage.Digest) {
				t.Helper()
				f, err := records.Filing(ctx, filingID)
				if err != nil || string(f.Facts) != secret {
					t.Errorf("facts %q, %v", f.Facts, err)
				}
				c, err := records.Check(ctx, materialID)
				if err != nil || string(c.Findings) != secret || string(c.Duplicates) != secret {
					t.Errorf("check %+v, %v", c, err)
				}
				m, err := records.Measurements(ctx, sum, "1")
				if err != nil || string(m) != secret {
					t.Errorf("measurements %q, %v", m, err)
				}
				w, err := records.Webhook(ctx, hookID)
				if err != nil || w.Secret != "whsec_SPECIMEN" {
					t.Errorf("secret %q, %v", w.Secret, err)
				}
				if _, err := storage.ReadObject(ctx, objects, storage.ObjectKey(sum), sum, 1<<20); err != nil {
					t.Error(err)
				}
			}

			plainRecords, plainObjects := open(nil)
			f0, m0, w0, s0 := fill(plainRecords, plainObjects)
			keys, err := storage.OpenKeys(file)
			if err != nil {
				t.Fatal(err)
			}
			first := keys.List()[0].ID
			records, objects := open(keys)
			f1, m1, w1, s1 := fill(records, objects)
			check(records, objects, f0, m0, w0, s0) // plain from before

			other, err := storage.OpenKeys(file) // another process, which rotates
			if err != nil {
				t.Fatal(err)
			}
			if _, err := other.Add(time.Now()); err != nil {
				t.Fatal(err)
			}
			rotated, rotatedObjects := open(other)
			stopped, stop := context.WithCancel(ctx)
			_, err = rotated.Reseal(stopped, func(storage.Resealed) { stop() }) // interrupted after the first page
			wantError(t, "interrupted", err, context.Canceled)
			if _, err := rotated.Reseal(ctx, nil); err != nil {
				t.Fatal(err)
			}
			n, err := storage.ReencryptObjects(ctx, rotated, rotatedObjects, nil)
			if err != nil || n != 4 {
				t.Errorf("%d objects encrypted anew, %v", n, err)
			}
			if again, err := rotated.Reseal(ctx, nil); err != nil || again.Rows != 0 {
				t.Errorf("a second time: %+v, %v", again, err)
			}
			if n, err := storage.ReencryptObjects(ctx, rotated, rotatedObjects, nil); err != nil || n != 0 {
				t.Errorf("a second time: %d objects, %v", n, err)
			}
			check(records, objects, f0, m0, w0, s0) // the process that did not know of the new key
			check(records, objects, f1, m1, w1, s1)

			// Nothing of it is written anywhere, and nothing of the first key.
			for _, text := range dump(t, url, dir) {
				if strings.Contains(text, "SPECIMEN") || strings.Contains(text, first) {
					t.Errorf("still there: %.80q", text)
				}
			}
		})
	}
}

// dump reads every text and every value of bytes in the database, and every file of the store.
func dump(t *testing.T, url, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all = append(all, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	driver, source := "pgx", url
	if path, found := strings.CutPrefix(url, "sqlite:"); found {
		driver, source = "sqlite", path
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range []string{"filings", "measurements", "checks", "webhooks", "materials", "contents"} {
		rows, err := db.Query("SELECT * FROM " + table)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }() // of a handful of tables
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				all = append(all, string(v))
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Whoever adds a column of bytes decides whether it is sealed.
func TestEveryColumnOfBytesIsSealedOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	plain := map[string]string{
		"revalidations.summary":       "counts by code",
		"revalidation_changes.detail": "codes: of a person or a domain it says that it is one, never which",
		"composites.recipe":           "a layout, materials' codes and files' ids",
		"composites.made":             "sizes, places and codes",
		"webhook_messages.body":       "ids, codes and verdicts, which is what receivers are told",
	}
	sealed := storage.SealedColumns()
	table, column := regexp.MustCompile(`(?m)^(?:CREATE TABLE|ALTER TABLE) (\w+)`), regexp.MustCompile(`(?m)^\s*(?:ADD COLUMN )?(\w+)\s+BYTEA\b|ADD COLUMN (\w+)\s+BYTEA\b`)
	files, err := filepath.Glob("migrations/postgres/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	found := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for statement := range strings.SplitSeq(string(text), ";") {
			in := table.FindStringSubmatch(statement)
			if in == nil {
				continue
			}
			for _, match := range column.FindAllStringSubmatch(statement, -1) {
				name := in[1] + "." + match[1] + match[2]
				found[name] = true
				if !sealed[name] && plain[name] == "" {
					t.Errorf("%s holds bytes: seal it (storage/sealed.go), or say here why it is kept clear", name)
				}
			}
		}
	}
	for name := range plain {
		if !found[name] {
			t.Errorf("%s is not there any more", name)
		}
	}
	for _, name := range []string{"filings.facts", "checks.duplicates", "measurements.data"} {
		if !found[name] {
			t.Errorf("%s was not found", name)
		}
	}
}
