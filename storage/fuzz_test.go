package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

// FuzzLink: a token that was not made here opens nothing, whatever it looks like.
func FuzzLink(f *testing.F) {
	records, err := storage.OpenRecords(context.Background(), "sqlite:"+filepath.Join(f.TempDir(), "records.db"),
		storage.RecordsOptions{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = records.Close() })
	of, err := records.CreateFiling(context.Background(), "app", []byte(`{}`))
	if err != nil {
		f.Fatal(err)
	}
	_, token, err := records.CreateLink(context.Background(), of.ID, "app", time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token[:len(token)-1])
	f.Add(token + "A")
	f.Add(storage.LinkPrefix)
	f.Add("pfl_AAAA")
	f.Add("")
	f.Fuzz(func(t *testing.T, forged string) {
		if _, err := records.LinkOf(t.Context(), forged); !errors.Is(err, storage.ErrRefused) && forged != token {
			t.Errorf("%q: %v", forged, err)
		}
	})
}

// FuzzStoredObject: whatever lies in the store under a key, reading it gives an error or bytes, and never those of another digest.
func FuzzStoredObject(f *testing.F) {
	engine, err := storage.OpenObjects(context.Background(), "dir:"+f.TempDir(), storage.ObjectsOptions{Bare: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = engine.Close() })
	framed := storage.WithEnvelope(engine, nil)
	f.Add([]byte("PFOB\x01\x00\x00\x00a body"))
	f.Add([]byte("PFOB\x01\x01\x04\x20key1"))
	f.Add([]byte("PFOB\x02"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, stored []byte) {
		const key = "objects/aa/bb/a"
		if err := engine.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if err := engine.Put(t.Context(), key, storage.BytesContent(stored)); err != nil {
			t.Fatal(err)
		}
		info, err := framed.Stat(t.Context(), key)
		if err != nil {
			return
		}
		r, err := framed.Get(t.Context(), key, 0, -1)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return
		}
		if int64(len(body)) != info.Size || !bytes.HasSuffix(stored, body) {
			t.Errorf("%d bytes of %d", len(body), info.Size)
		}
	})
}

// FuzzKey: a key that is taken names a file below the store, and no other.
func FuzzKey(f *testing.F) {
	for _, key := range []string{"objects/ab/cd/abcd", "../a", "a//b", "a/./b", "a/../b", "/etc/passwd", ".tmp/a", "a\x00b", "A"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if err := storage.CheckKey(key); err == nil && (!filepath.IsLocal(key) || filepath.Clean(key) != key) {
			t.Errorf("%q is taken", key)
		}
	})
}
