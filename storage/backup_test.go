package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

func openObjects(t *testing.T, url string, options storage.ObjectsOptions) storage.Objects {
	t.Helper()
	objects, err := storage.OpenObjects(t.Context(), url, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := objects.Close(); err != nil {
			t.Error(err)
		}
	})
	return objects
}

// fillStore makes filings with two files each, one of which is the same in all of them: checked ones and waiting ones.
func fillStore(t *testing.T, records *storage.Records, objects storage.Objects, n int) {
	t.Helper()
	put := func(content string) {
		if err := objects.Put(t.Context(), storage.ObjectKey(storage.DigestOf([]byte(content))), storage.BytesContent([]byte(content))); err != nil {
			t.Fatal(err)
		}
	}
	put("shared")
	for i := range n {
		f, err := records.CreateFiling(t.Context(), "app", facts)
		if err != nil {
			t.Fatal(err)
		}
		own := fmt.Sprintf("content %d", i)
		put(own)
		u := upload(f.ID, own, front)
		u.Key = fmt.Sprint("key", i)
		made, err := records.RecordUpload(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			err := records.SaveCheck(t.Context(), made.Material.ID, storage.Check{
				Verdict: filing.VerdictReview, Findings: []byte(`[]`), Analyzer: "a1", ChecksVersion: "1", Rules: "r", AsOf: "2020-11-01", CheckedAt: time.Now(),
				Basis: "b", Reader: "r1", HoldsFrom: "2020-01-01", HoldsUntil: "2021-01-01", Duplicates: []byte(`[{"SameBytes":true}]`),
			}, storage.Measured{Sum: storage.DigestOf([]byte(own)), Analyzer: "a1", Data: []byte(`{"bytes":1}`), Hash: fmt.Sprintf("%064x", i)},
				storage.ReadText{Sum: storage.DigestOf([]byte(own)), Reader: "r1", Data: []byte(`{"lines":[]}`)}, storage.ReadLater{After: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := records.RecordUpload(t.Context(), upload(f.ID, "shared", filing.Declared{Material: "website_plan"})); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := records.ActivateRules(t.Context(), "sha256:r", "operator"); err != nil {
		t.Fatal(err)
	}
}

// interrupted fails after a number of puts, as a network does.
type interrupted struct {
	storage.Objects
	left int
}

var errInterrupted = errors.New("interrupted")

func (i *interrupted) Put(ctx context.Context, key string, content storage.Content) error {
	if i.left--; i.left < 0 {
		return errInterrupted
	}
	return i.Objects.Put(ctx, key, content)
}

// From embedded storage to PostgreSQL and S3 and back, interrupted on the way: what comes out is what went in, to the byte.
func TestFilingsMoveBetweenStoresAndBack(t *testing.T) {
	t.Parallel()
	s3 := servers.S3(t)
	embedded, directory := openRecords(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db"), storage.RecordsOptions{}), openObjects(t, t.TempDir(), storage.ObjectsOptions{})
	const n = 450 // more than two pages
	fillStore(t, embedded, directory, n)

	first := openObjects(t, t.TempDir(), storage.ObjectsOptions{})
	if _, err := storage.ImportFrom(t.Context(), embedded, directory, first, nil); !errors.Is(err, storage.ErrNoExport) {
		t.Fatalf("import of nothing: %v", err)
	}
	if _, err := storage.ExportTo(t.Context(), embedded, directory, &interrupted{first, 300}, nil); !errors.Is(err, errInterrupted) {
		t.Fatalf("interrupted export: %v", err)
	}
	if _, err := storage.ImportFrom(t.Context(), embedded, directory, first, nil); !errors.Is(err, storage.ErrNoExport) {
		t.Fatalf("import of half an export: %v", err)
	}
	out, err := storage.ExportTo(t.Context(), embedded, directory, first, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out.Filings != n || out.Files != 2*n || len(out.Pages) != 3 {
		t.Fatalf("exported %+v", out)
	}
	if _, err := storage.ExportTo(t.Context(), embedded, directory, first, nil); !errors.Is(err, storage.ErrExportExists) {
		t.Errorf("export to the same place: %v", err)
	}

	fleet, bucket := openRecords(t, servers.Postgres(t), storage.RecordsOptions{}), openObjects(t, s3.URL("moved/filings"), s3.Options())
	if _, err := storage.ImportFrom(t.Context(), fleet, &interrupted{bucket, 100}, first, nil); !errors.Is(err, errInterrupted) {
		t.Fatalf("interrupted import: %v", err)
	}
	for range 2 { // the second one changes nothing
		if in, err := storage.ImportFrom(t.Context(), fleet, bucket, first, nil); err != nil || in.Filings != n || in.Files != 2*n {
			t.Fatalf("imported %+v, %v", in, err)
		}
	}
	back := openObjects(t, t.TempDir(), storage.ObjectsOptions{})
	again, err := storage.ExportTo(t.Context(), fleet, bucket, back, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(out.Pages, again.Pages); diff != "" {
		t.Errorf("the pages of the export from PostgreSQL and S3 are others:\n%s", diff)
	}
	if len(again.Activations) != 1 || again.Activations[0].Rules != "sha256:r" {
		t.Errorf("activations %+v", again.Activations)
	}
	restored, restoredObjects := openRecords(t, "sqlite:"+filepath.Join(t.TempDir(), "b.db"), storage.RecordsOptions{}), openObjects(t, t.TempDir(), storage.ObjectsOptions{})
	if _, err := storage.ImportFrom(t.Context(), restored, restoredObjects, back, nil); err != nil {
		t.Fatal(err)
	}
	filings, err := restored.ListFilings(t.Context(), "", "", n+1)
	if err != nil || len(filings) != n {
		t.Fatalf("%d filings, %v", len(filings), err)
	}
	materials, err := restored.MaterialsOf(t.Context(), filings[1].ID)
	if err != nil || len(materials) != 2 || materials[0].JobID == 0 || !bytes.Equal(filings[1].Facts, facts) {
		t.Errorf("the files of a filing: %+v, %v", materials, err)
	}
	read, err := restored.Reading(t.Context(), storage.DigestOf([]byte("content 0")), "r1")
	if err != nil || string(read) != `{"lines":[]}` {
		t.Errorf("what was read: %s, %v", read, err)
	}
	if first, err := restored.MaterialsOf(t.Context(), filings[0].ID); err != nil || first[0].ReadingJob == 0 || first[1].ReadingJob != 0 {
		t.Errorf("what waits to be read: %+v, %v", first, err)
	}
	for _, m := range materials {
		sum, err := storage.ParseDigest(m.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := storage.ReadObject(t.Context(), restoredObjects, storage.ObjectKey(sum), sum, 1<<20); err != nil {
			t.Error(err)
		}
	}
	similar, err := restored.SimilarContents(t.Context(), "a1", fmt.Sprintf("%064x", 0), 0)
	if err != nil || !slices.ContainsFunc(similar, func(s storage.Similar) bool { return s.Sum == storage.DigestOf([]byte("content 0")) }) {
		t.Errorf("the index of hashes: %v, %v", similar, err)
	}
}
