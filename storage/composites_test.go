package storage_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

func TestComposites(t *testing.T) {
	t.Parallel()
	for name, database := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			records := openRecords(t, database(t), storage.RecordsOptions{})
			testComposites(t, records)
		})
	}
}

// testComposites is what both databases promise of composites.
func testComposites(t *testing.T, records *storage.Records) {
	newFiling := func(t *testing.T) (string, []string) {
		t.Helper()
		f, err := records.CreateFiling(t.Context(), "owner-1", facts)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, page := range []filing.Page{filing.PageFront, filing.PageBack} {
			text := []byte(f.ID + string(page))
			u, err := records.RecordUpload(t.Context(), storage.Upload{
				FilingID: f.ID, Sum: storage.DigestOf(text), Bytes: int64(len(text)), Format: filing.FormatJPEG,
				Declared: filing.Declared{Material: "principal_id", Page: page},
			})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, u.Material.ID)
		}
		return f.ID, ids
	}
	ask := func(t *testing.T, f, digest string, ids ...string) storage.Composite {
		t.Helper()
		c, err := records.CreateComposite(t.Context(), storage.Composite{
			FilingID: f, Recipe: []byte(`{"layout":"sides"}`), RecipeDigest: digest, CreatedBy: "owner-1"}, ids)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}

	t.Run("the same recipe asked for at once is one composite", func(t *testing.T) {
		t.Parallel()
		f, ids := newFiling(t)
		var wait sync.WaitGroup
		var made [8]storage.Composite
		for i := range made {
			wait.Go(func() { made[i] = ask(t, f, "same", ids...) })
		}
		wait.Wait()
		for _, c := range made {
			if c.ID != made[0].ID || c.ID == "" {
				t.Errorf("composites %s and %s", c.ID, made[0].ID)
			}
		}
		if other := ask(t, f, "other", ids[0]); other.ID == made[0].ID {
			t.Error("another recipe is another composite")
		}
		if list, err := records.CompositesOf(t.Context(), f); err != nil || len(list) != 2 {
			t.Errorf("%d composites, %v", len(list), err)
		}
	})

	t.Run("what was made is kept byte for byte", func(t *testing.T) {
		t.Parallel()
		f, ids := newFiling(t)
		c := ask(t, f, "r", ids...)
		if len(c.Made) != 0 || c.Failure != "" {
			t.Errorf("nothing was made yet: %+v", c)
		}
		c.Made, c.Basis, c.Object = []byte(`{"width":1}`), "b1", "derivatives/x"
		if err := records.SaveComposite(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		got, err := records.Composite(t.Context(), c.ID)
		if err != nil || string(got.Made) != `{"width":1}` || got.Basis != "b1" || got.Object != "derivatives/x" || string(got.Recipe) != `{"layout":"sides"}` {
			t.Errorf("%+v, %v", got, err)
		}
		got.Made, got.Failure = nil, "composite_illegible"
		if err := records.SaveComposite(t.Context(), got); err != nil {
			t.Fatal(err)
		}
		if got, _ = records.Composite(t.Context(), c.ID); len(got.Made) != 0 || got.Failure != "composite_illegible" {
			t.Errorf("%+v", got)
		}
	})

	t.Run("a composite goes with the first of its sources, and with its filing", func(t *testing.T) {
		t.Parallel()
		f, ids := newFiling(t)
		both, one := ask(t, f, "both", ids...), ask(t, f, "one", ids[0])
		if list, err := records.CompositesWith(t.Context(), ids[1]); err != nil || len(list) != 1 || list[0].ID != both.ID {
			t.Errorf("%v, %v", list, err)
		}
		if _, err := records.DeleteMaterial(t.Context(), ids[1]); err != nil {
			t.Fatal(err)
		}
		if _, err := records.Composite(t.Context(), both.ID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("it outlived its source: %v", err)
		}
		if err := records.SaveComposite(t.Context(), both); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("saving what is gone: %v", err)
		}
		if _, err := records.Composite(t.Context(), one.ID); err != nil {
			t.Error(err)
		}
		if _, err := records.DeleteFiling(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		if _, err := records.Composite(t.Context(), one.ID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("it outlived its filing: %v", err)
		}
	})

	t.Run("files of another filing cannot be stitched in", func(t *testing.T) {
		t.Parallel()
		f, ids := newFiling(t)
		_, others := newFiling(t)
		_, err := records.CreateComposite(t.Context(), storage.Composite{FilingID: f, Recipe: []byte("{}"), RecipeDigest: "x"}, []string{ids[0], others[0]})
		if !errors.Is(err, storage.ErrNotFound) {
			t.Error(err)
		}
		_, err = records.CreateComposite(t.Context(), storage.Composite{FilingID: "none", Recipe: []byte("{}"), RecipeDigest: "x"}, ids)
		if !errors.Is(err, storage.ErrNotFound) {
			t.Error(err)
		}
		if err := records.DeleteComposite(t.Context(), "none"); err != nil {
			t.Error(err)
		}
	})
}
