package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/storage"
)

var errPassing = errors.New("the server is busy")

// faulty is a real store whose next calls fail.
type faulty struct {
	storage.Objects
	failures int
	calls    int
	err      error
	// cut breaks every reader after so many bytes, while failures last.
	cut int64
}

func (f *faulty) fail() error {
	f.calls++
	if f.failures > 0 {
		f.failures--
		return f.err
	}
	return nil
}

func (f *faulty) Put(ctx context.Context, key string, content storage.Content) error {
	if err := f.fail(); err != nil {
		// Half of the body is spent by an attempt that fails.
		_, _ = content.Body.ReadAt(make([]byte, content.Size/2), 0)
		return err
	}
	return f.Objects.Put(ctx, key, content)
}

func (f *faulty) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	r, err := f.Objects.Get(ctx, key, offset, length)
	if err != nil {
		return nil, err
	}
	if failure := f.fail(); failure != nil {
		broken := io.MultiReader(io.LimitReader(r, f.cut), iotest.ErrReader(failure))
		return struct {
			io.Reader
			io.Closer
		}{broken, r}, nil
	}
	return r, nil
}

func (f *faulty) Stat(ctx context.Context, key string) (storage.ObjectInfo, error) {
	if err := f.fail(); err != nil {
		return storage.ObjectInfo{}, err
	}
	return f.Objects.Stat(ctx, key)
}

func retried(t *testing.T, failures int, err error, attempts int) (storage.Objects, *faulty) {
	t.Helper()
	dir, openErr := storage.OpenDir(t.TempDir())
	if openErr != nil {
		t.Fatal(openErr)
	}
	f := &faulty{Objects: dir, failures: failures, err: err, cut: 300}
	return storage.WithRetry(f, storage.RetryPolicy{Attempts: attempts, Base: time.Microsecond}), f
}

func TestRetry(t *testing.T) {
	t.Parallel()
	content := randomBytes(t, 1000)
	for _, c := range []struct {
		name     string
		failures int
		err      error
		calls    int
		want     error
	}{
		{"a call that works is made once", 0, nil, 1, nil},
		{"passing failures are tried again", 3, errPassing, 4, nil},
		{"attempts are bounded", 99, errPassing, 4, errPassing},
		{"permanent failures are not tried again", 1, storage.ErrChecksum, 1, storage.ErrChecksum},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			objects, f := retried(t, c.failures, c.err, 4)
			err := objects.Put(t.Context(), "a", storage.BytesContent(content))
			wantError(t, "Put", err, c.want)
			if f.calls != c.calls {
				t.Errorf("%d calls, want %d", f.calls, c.calls)
			}
			if err == nil {
				if got := mustRead(t, objects, "a", 0, -1); !bytes.Equal(got, content) {
					t.Error("a retried put stored other bytes")
				}
			}
		})
	}
}

func TestRetryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	dir, err := storage.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{Objects: dir, failures: 99, err: errPassing}
	objects := storage.WithRetry(f, storage.RetryPolicy{Attempts: 99, Base: time.Hour, Max: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = objects.Stat(ctx, "a")
	wantError(t, "Stat", err, context.DeadlineExceeded)
	wantError(t, "Stat", err, errPassing)
}

func TestAReaderGoesOnWhereTheConnectionBroke(t *testing.T) {
	t.Parallel()
	content := randomBytes(t, 1000)
	for _, c := range []struct {
		name           string
		offset, length int64
		failures       int
		want           []byte
	}{
		{"the whole object", 0, -1, 3, content},
		{"a range", 100, 700, 2, content[100:800]},
		{"a range that ends where it broke", 0, 300, 1, content[:300]},
		{"an object that ends where it broke", 700, -1, 1, content[700:]},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			objects, f := retried(t, 0, errPassing, 4)
			mustPut(t, objects, "a", content)
			f.failures = c.failures
			if diff := cmp.Diff(c.want, mustRead(t, objects, "a", c.offset, c.length)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("but not without end", func(t *testing.T) {
		t.Parallel()
		objects, f := retried(t, 0, errPassing, 4)
		mustPut(t, objects, "a", content)
		f.failures, f.cut = 99, 0
		r, err := objects.Get(t.Context(), "a", 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		_, err = io.ReadAll(r)
		wantError(t, "reading", err, errPassing)
	})
}
