package storage_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

// compose stores a composite of files of a filing with its picture and the small copy of it.
func (k *kept) compose(t *testing.T, filingID, basis string, picture []byte, first []byte, files ...string) storage.Composite {
	t.Helper()
	c, err := k.records.CreateComposite(t.Context(), storage.Composite{
		FilingID: filingID, Recipe: []byte(`{"layout":"column"}`), RecipeDigest: basis, CreatedBy: "app",
	}, files)
	if err != nil {
		t.Fatal(err)
	}
	c.Basis, c.Object = basis, storage.CompositeKey(storage.DigestOf(first), basis)
	c.Made = fmt.Appendf(nil, `{"sha256":"%s","bytes":%d}`, storage.DigestOf(picture), len(picture))
	mustPut(t, k.objects, c.Object, picture)
	mustPut(t, k.objects, storage.CompositeThumbnailKey(c.Object), picture[:10])
	if err := k.records.SaveComposite(t.Context(), c, files...); err != nil {
		t.Fatal(err)
	}
	return c
}

func (k *kept) file(key string) string { return filepath.Join(k.dir, filepath.FromSlash(key)) }

// age makes an object older than any that is on its way.
func (k *kept) age(t *testing.T, keys ...string) {
	t.Helper()
	old := time.Now().Add(-2 * storage.DefaultOrphanAge)
	for _, key := range keys {
		if err := os.Chtimes(k.file(key), old, old); err != nil {
			t.Fatal(err)
		}
	}
}

// keptComposites are three composites of one filing, and a backup of what they were.
func keptComposites(t *testing.T, database string, keys *storage.Keys) (k *kept, filingID string, made [3]storage.Composite, pictures [3][]byte, backup storage.Objects) {
	t.Helper()
	k = newKept(t, database, keys)
	f, err := k.records.CreateFiling(t.Context(), "app", []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	first, second := randomBytes(t, 900), randomBytes(t, 901)
	files := []string{k.upload(t, f.ID, "domain:a.example", first), k.upload(t, f.ID, "domain:b.example", second)}
	for i := range made {
		pictures[i] = randomBytes(t, 2000+i)
		made[i] = k.compose(t, f.ID, fmt.Sprintf("b%d", i), pictures[i], first, files...)
	}
	backup = openObjects(t, "dir:"+t.TempDir(), storage.ObjectsOptions{})
	if _, err := storage.ExportTo(t.Context(), k.records, k.objects, backup, nil); err != nil {
		t.Fatal(err)
	}
	return k, f.ID, made, pictures, backup
}

func TestFsckHoldsCompositesAgainstTheirRecords(t *testing.T) {
	t.Parallel()
	for name, database := range databases() {
		for _, withBackup := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, backup %v", name, withBackup), func(t *testing.T) {
				t.Parallel()
				keys := newKeys(t)
				if name == "SQLite" {
					keys = nil
				}
				k, _, made, pictures, backup := keptComposites(t, database(t), keys)
				options := storage.FsckOptions{Repair: true}
				if withBackup {
					options.Backup = backup
				}
				report, err := storage.Fsck(t.Context(), k.records, k.objects, storage.FsckOptions{})
				if err != nil || report.Composites != 3 || len(report.Faults) != 0 {
					t.Fatalf("of what is whole: %+v, %v", report, err)
				}
				if err := os.Remove(k.file(made[0].Object)); err != nil {
					t.Fatal(err)
				}
				spoilFile(t, k.file(made[1].Object), func(p []byte) []byte { p[len(p)-1] ^= 1; return p })
				report, err = storage.Fsck(t.Context(), k.records, k.objects, storage.FsckOptions{})
				if err != nil || report.Open != 2 || report.Composites != 1 || report.Faults[0].Composite == "" {
					t.Fatalf("one gone and one damaged: %+v, %v", report, err)
				}
				if report, err = storage.Fsck(t.Context(), k.records, k.objects, options); err != nil || report.Open != 0 || len(report.Faults) != 2 {
					t.Fatalf("the repair: %+v, %v", report, err)
				}
				left := int64(1)
				if withBackup {
					left = 3
				}
				if report, err = storage.Fsck(t.Context(), k.records, k.objects, storage.FsckOptions{}); err != nil || report.Open != 0 || report.Composites != left {
					t.Errorf("after the repair: %+v, %v", report, err)
				}
				for i := range made {
					c, err := k.records.Composite(t.Context(), made[i].ID)
					if err != nil {
						t.Fatal(err)
					}
					if i < 2 && !withBackup {
						if c.Object != "" || c.Basis != "" || len(c.Made) != 0 {
							t.Errorf("composite %d would not be made again: %+v", i, c)
						}
						continue
					}
					if _, err := storage.ReadObject(t.Context(), k.objects, c.Object, storage.DigestOf(pictures[i]), 1<<20); err != nil {
						t.Errorf("composite %d: %v", i, err)
					}
				}
			})
		}
	}
}

func TestPicturesOfCompositesThatAreNoMoreAreSwept(t *testing.T) {
	t.Parallel()
	for name, database := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, _, made, _, _ := keptComposites(t, database(t), nil)
			// A crash between forgetting two and deleting their pictures, one of them long ago.
			for _, c := range made[:2] {
				if err := k.records.DeleteComposite(t.Context(), c.ID); err != nil {
					t.Fatal(err)
				}
			}
			k.age(t, made[0].Object, storage.CompositeThumbnailKey(made[0].Object), made[2].Object, storage.CompositeThumbnailKey(made[2].Object))
			report, err := storage.Fsck(t.Context(), k.records, k.objects, storage.FsckOptions{})
			if err != nil || report.Open != 2 || report.Young != 2 {
				t.Fatalf("%+v, %v", report, err)
			}
			for _, f := range report.Faults {
				if f.Kind != storage.FaultOrphan {
					t.Errorf("%+v", f)
				}
			}
			if n, err := storage.RemoveOrphans(t.Context(), k.records, k.objects, storage.DefaultOrphanAge); err != nil || n != 2 {
				t.Errorf("%d removed, %v", n, err)
			}
			for i, want := range []error{storage.ErrNotFound, nil, nil} {
				for _, key := range []string{made[i].Object, storage.CompositeThumbnailKey(made[i].Object)} {
					if _, err := k.objects.Stat(t.Context(), key); !errors.Is(err, want) {
						t.Errorf("composite %d: %v", i, err)
					}
				}
			}
		})
	}
}

func TestCompositesMoveWithTheirFilings(t *testing.T) {
	t.Parallel()
	k, filingID, made, pictures, backup := keptComposites(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db"), nil)
	there := newKept(t, servers.Postgres(t), newKeys(t))
	for range 2 { // the second one changes nothing
		in, err := storage.ImportFrom(t.Context(), there.records, there.objects, backup, nil)
		if err != nil || in.Composites != 3 {
			t.Fatalf("%+v, %v", in, err)
		}
	}
	list, err := there.records.CompositesOf(t.Context(), filingID)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d composites, %v", len(list), err)
	}
	for i := range list {
		if list[i].ID != made[i].ID || string(list[i].Made) != string(made[i].Made) || string(list[i].Recipe) != string(made[i].Recipe) {
			t.Errorf("composite %d became %+v", i, list[i])
		}
		if _, err := storage.ReadObject(t.Context(), there.objects, list[i].Object, storage.DigestOf(pictures[i]), 1<<20); err != nil {
			t.Error(err)
		}
	}
	if report, err := storage.Fsck(t.Context(), there.records, there.objects, storage.FsckOptions{}); err != nil || report.Composites != 3 || report.Open != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	// They still go with what they show.
	materials, err := there.records.MaterialsOf(t.Context(), filingID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := there.records.DeleteMaterial(t.Context(), materials[1].ID); err != nil {
		t.Fatal(err)
	}
	if list, err = there.records.CompositesOf(t.Context(), filingID); err != nil || len(list) != 0 {
		t.Errorf("%d composites outlived a source, %v", len(list), err)
	}

	// Of two that are damaged and gone, the records are moved, and the pictures made again.
	spoilFile(t, k.file(made[0].Object), func(p []byte) []byte { return p[:len(p)/2] })
	if err := os.Remove(k.file(made[1].Object)); err != nil {
		t.Fatal(err)
	}
	second := openObjects(t, "dir:"+t.TempDir(), storage.ObjectsOptions{})
	if out, err := storage.ExportTo(t.Context(), k.records, k.objects, second, nil); err != nil || out.Composites != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	elsewhere := newKept(t, "sqlite:"+filepath.Join(t.TempDir(), "b.db"), nil)
	if _, err := storage.ImportFrom(t.Context(), elsewhere.records, elsewhere.objects, second, nil); err != nil {
		t.Fatal(err)
	}
	if list, err = elsewhere.records.CompositesOf(t.Context(), filingID); err != nil || len(list) != 3 || list[0].Object != "" || list[2].Object == "" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestACompositeGoesWithWhateverItShows(t *testing.T) {
	t.Parallel()
	for name, database := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, filingID, made, _, _ := keptComposites(t, database(t), nil)
			newer := k.upload(t, filingID, "domain:b.example", randomBytes(t, 902))
			c := made[0]
			c.Basis = "newer"
			files, err := k.records.MaterialsOf(t.Context(), filingID)
			if err != nil {
				t.Fatal(err)
			}
			if err := k.records.SaveComposite(t.Context(), c, files[0].ID, newer); err != nil {
				t.Fatal(err)
			}
			if list, err := k.records.CompositesWith(t.Context(), newer); err != nil || len(list) != 1 || list[0].ID != c.ID {
				t.Errorf("that it shows the newer file is not known: %+v, %v", list, err)
			}
			if _, err := k.records.DeleteMaterial(t.Context(), newer); err != nil {
				t.Fatal(err)
			}
			if _, err := k.records.Composite(t.Context(), c.ID); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("it outlived what it shows: %v", err)
			}
			if err := k.records.SaveComposite(t.Context(), made[1], files[0].ID, newer); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("a picture of a deleted file: %v", err)
			}
		})
	}
}
