package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"

	"github.com/preflight-icp/preflight/storage"
)

func TestSpool(t *testing.T) {
	t.Parallel()
	const limit = 100_000
	for _, c := range []struct {
		name string
		size int
		want error
	}{
		{"nothing", 0, nil},
		{"one byte", 1, nil},
		{"one below the limit", limit - 1, nil},
		{"exactly the limit", limit, nil},
		{"one beyond the limit", limit + 1, storage.ErrTooLarge},
		{"far beyond the limit", 10 * limit, storage.ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			content := randomBytes(t, c.size)
			// A reader that gives the end together with the last bytes, as HTTP bodies do.
			spool, err := storage.Receive(t.Context(), dir, iotest.DataErrReader(bytes.NewReader(content)), limit)
			wantError(t, "Receive", err, c.want)
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
				t.Errorf("visible files: %v, %v", entries, err)
			}
			if err != nil {
				return
			}
			defer func() {
				if err := spool.Close(); err != nil {
					t.Error(err)
				}
			}()
			if spool.Size() != int64(c.size) || spool.Digest() != storage.DigestOf(content) {
				t.Errorf("size %d, digest %s", spool.Size(), spool.Digest())
			}
			if err := iotest.TestReader(spool.Reader(), content); err != nil {
				t.Error(err)
			}
			if got, err := spool.Bytes(); err != nil || !bytes.Equal(got, content) {
				t.Errorf("Bytes: %v", err)
			}
			objects, err := storage.OpenObjects(t.Context(), t.TempDir(), storage.ObjectsOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := objects.Put(t.Context(), "a", spool.Content()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSpoolPassesOnWhatBroke(t *testing.T) {
	t.Parallel()
	r := io.MultiReader(bytes.NewReader(make([]byte, 50_000)), iotest.ErrReader(errBroken))
	_, err := storage.Receive(t.Context(), t.TempDir(), r, 1<<20)
	wantError(t, "a stream that breaks", err, errBroken)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = storage.Receive(ctx, t.TempDir(), bytes.NewReader(nil), 1<<20)
	wantError(t, "a context that is done", err, context.Canceled)
	_, err = storage.Receive(t.Context(), "/nonexistent", bytes.NewReader(nil), 1<<20)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
}
