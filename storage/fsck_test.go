package storage_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

// kept is a store in a folder with its records.
type kept struct {
	dir     string
	records *storage.Records
	objects storage.Objects
}

func newKept(t *testing.T, database string, keys *storage.Keys) *kept {
	t.Helper()
	k := &kept{dir: t.TempDir(), records: openRecords(t, database, storage.RecordsOptions{Keys: keys})}
	var err error
	if k.objects, err = storage.OpenObjects(t.Context(), "dir:"+k.dir, storage.ObjectsOptions{Keys: keys}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.objects.Close() })
	return k
}

// upload stores and records bytes, and returns the file's id.
func (k *kept) upload(t *testing.T, filingID, of string, data []byte) string {
	t.Helper()
	content := storage.BytesContent(data)
	mustPut(t, k.objects, storage.ObjectKey(content.Sum), data)
	u, err := storage.Record(t.Context(), k.records, k.objects, content, storage.Upload{
		FilingID: filingID, Principal: "app", Sum: content.Sum, Bytes: content.Size, Format: filing.FormatJPEG,
		Declared: filing.Declared{Material: "domain_certificate", Of: of},
	})
	if err != nil {
		t.Fatal(err)
	}
	return u.Material.ID
}

func (k *kept) path(data []byte) string {
	return filepath.Join(k.dir, filepath.FromSlash(storage.ObjectKey(storage.DigestOf(data))))
}

// Fsck finds each fault and no other, repairs what can be, and then finds nothing.
func TestFsckFindsWhatIsWrongAndRepairsIt(t *testing.T) {
	t.Parallel()
	for name, database := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := newKeys(t)
			if name == "SQLite" {
				keys = nil // once plain, once encrypted
			}
			k := newKept(t, database(t), keys)
			f, err := k.records.CreateFiling(t.Context(), "app", []byte(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			var data [6][]byte
			for i := range data {
				data[i] = randomBytes(t, 1000+i)
			}
			files := map[string]string{}
			for i, of := range []string{"domain:a.example", "domain:b.example", "domain:c.example", "domain:d.example"} {
				files[of] = k.upload(t, f.ID, of, data[i])
			}
			backup, err := storage.OpenObjects(t.Context(), "dir:"+t.TempDir(), storage.ObjectsOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = backup.Close() }()
			for _, d := range data[:3] {
				mustPut(t, backup, storage.ObjectKey(storage.DigestOf(d)), d)
			}
			report, err := storage.Fsck(t.Context(), k.records, k.objects, storage.FsckOptions{})
			if err != nil || report.Contents != 4 || len(report.Faults) != 0 {
				t.Fatalf("of what is whole: %+v, %v", report, err)
			}

			// One is gone, one has a bit flipped, one was cut, one is gone that the backup does not have.
			if err := os.Remove(k.path(data[0])); err != nil {
				t.Fatal(err)
			}
			spoilFile(t, k.path(data[1]), func(p []byte) []byte { p[len(p)-1] ^= 1; return p })
			spoilFile(t, k.path(data[2]), func(p []byte) []byte { return p[:len(p)/2] })
			if err := os.Remove(k.path(data[3])); err != nil {
				t.Fatal(err)
			}
			// An old object that no record knows, what was made from one, a young one, and one under a name of nobody's.
			mustPut(t, k.objects, storage.ObjectKey(storage.DigestOf(data[4])), data[4])
			mustPut(t, k.objects, storage.DerivativeKey(storage.DigestOf(data[4]), "thumbnail", "1"), data[4])
			old := time.Now().Add(-2 * time.Hour)
			for _, key := range []string{storage.ObjectKey(storage.DigestOf(data[4])), storage.DerivativeKey(storage.DigestOf(data[4]), "thumbnail", "1")} {
				if err := os.Chtimes(filepath.Join(k.dir, filepath.FromSlash(key)), old, old); err != nil {
					t.Fatal(err)
				}
			}
			mustPut(t, k.objects, storage.ObjectKey(storage.DigestOf(data[5])), data[5])
			mustPut(t, k.objects, "notes/a", []byte("a"))

			kinds := func(r *storage.FsckReport, repaired bool) []string {
				out := []string{}
				for _, f := range r.Faults {
					if f.Repaired == repaired {
						out = append(out, f.Kind)
					}
				}
				slices.Sort(out)
				return out
			}
			report, err = storage.Fsck(t.Context(), k.records, k.objects, storage.FsckOptions{})
			if err != nil {
				t.Fatal(err)
			}
			want := []string{
				storage.FaultDamaged, storage.FaultDamaged, storage.FaultMissing, storage.FaultMissing,
				storage.FaultOrphan, storage.FaultOrphan, storage.FaultUnknown,
			}
			if diff := cmp.Diff(want, kinds(report, false)); diff != "" || report.Open != len(want) || report.Young != 1 {
				t.Errorf("what is wrong: %s\n%+v", diff, report)
			}
			for _, fault := range report.Faults {
				if fault.Kind == storage.FaultMissing && fault.Key == storage.ObjectKey(storage.DigestOf(data[0])) &&
					!slices.Equal(fault.Files, []string{files["domain:a.example"]}) {
					t.Errorf("the files concerned: %v", fault.Files)
				}
			}
			report, err = storage.Fsck(t.Context(), k.records, k.objects, storage.FsckOptions{Repair: true, Backup: backup})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{storage.FaultMissing, storage.FaultUnknown}, kinds(report, false)); diff != "" {
				t.Errorf("what cannot be repaired: %s", diff)
			}
			report, err = storage.Fsck(t.Context(), k.records, k.objects, storage.FsckOptions{})
			if err != nil || report.Contents != 3 || report.Open != 2 {
				t.Errorf("after the repair: %+v, %v", report, err)
			}
			if _, err := k.objects.Stat(t.Context(), storage.ObjectKey(storage.DigestOf(data[5]))); err != nil {
				t.Errorf("the young object: %v", err)
			}
		})
	}
}

// An orphan of which an upload comes at the moment of its removal is not lost, and a removed one can be uploaded again.
func TestAnOrphanThatIsUploadedAgainIsKept(t *testing.T) {
	t.Parallel()
	k := newKept(t, "sqlite:"+filepath.Join(t.TempDir(), "records.db"), nil)
	f, err := k.records.CreateFiling(t.Context(), "app", []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		data := randomBytes(t, 500+i)
		mustPut(t, k.objects, storage.ObjectKey(storage.DigestOf(data)), data)
		removed := make(chan error)
		go func() {
			_, err := storage.RemoveOrphans(t.Context(), k.records, k.objects, 0)
			removed <- err
		}()
		id := k.upload(t, f.ID, "domain:x.example", data)
		if err := <-removed; err != nil {
			t.Fatal(err)
		}
		m, err := k.records.Material(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := storage.ReadObject(t.Context(), k.objects, storage.ObjectKey(storage.DigestOf(data)), storage.DigestOf(data), 1<<20); err != nil || len(got) != int(m.Bytes) {
			t.Fatalf("round %d: %v", i, err)
		}
	}
}

func spoilFile(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(data), 0o600); err != nil {
		t.Fatal(err)
	}
}
