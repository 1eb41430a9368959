package storage_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/storage"
)

// engines are the stores that must pass the same suite: each engine bare and as it is used, under its decorators.
func engines(tb testing.TB) map[string]func(tb testing.TB) storage.Objects {
	open := func(tb testing.TB, url string, options storage.ObjectsOptions) storage.Objects {
		tb.Helper()
		objects, err := storage.OpenObjects(tb.Context(), url, options)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			if err := objects.Close(); err != nil {
				tb.Error(err)
			}
		})
		return objects
	}
	var n atomic.Int64
	s3 := func(bare bool, keys *storage.Keys) func(tb testing.TB) storage.Objects {
		return func(tb testing.TB) storage.Objects {
			server := servers.S3(tb)
			options := server.Options()
			options.Bare, options.Keys = bare, keys
			// A prefix as in production, one for each test.
			return open(tb, server.URL(fmt.Sprintf("specimens/%s-%d", strings.ToLower(rand.Text()[:8]), n.Add(1))), options)
		}
	}
	return map[string]func(tb testing.TB) storage.Objects{
		"directory, bare": func(tb testing.TB) storage.Objects {
			return open(tb, "dir:"+tb.TempDir(), storage.ObjectsOptions{Bare: true})
		},
		"directory": func(tb testing.TB) storage.Objects {
			return open(tb, tb.TempDir(), storage.ObjectsOptions{})
		},
		"directory, encrypted": func(tb testing.TB) storage.Objects {
			return open(tb, tb.TempDir(), storage.ObjectsOptions{Keys: newKeys(tb)})
		},
		"S3 server, bare":      s3(true, nil),
		"S3 server":            s3(false, nil),
		"S3 server, encrypted": s3(false, newKeys(tb)),
	}
}

func TestObjects(t *testing.T) {
	t.Parallel()
	for name, open := range engines(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testObjects(t, open)
		})
	}
}

// testObjects is what every store of objects promises.
func testObjects(t *testing.T, open func(tb testing.TB) storage.Objects) {
	const key = "objects/ab/cd/specimen"

	t.Run("what was put comes back, whatever its size", func(t *testing.T) {
		t.Parallel()
		objects := open(t)
		for _, size := range []int{0, 1, 7, 8, 9, 4095, 128 << 10, 4<<20 - 1, 4 << 20, 20 << 20} {
			content := randomBytes(t, size)
			key := storage.ObjectKey(storage.DigestOf(content))
			mustPut(t, objects, key, content)
			if got := mustRead(t, objects, key, 0, -1); !bytes.Equal(got, content) {
				t.Errorf("%d bytes: %d other bytes came back", size, len(got))
			}
			info, err := objects.Stat(t.Context(), key)
			if err != nil || info.Size != int64(size) || info.Key != key || info.ModTime.IsZero() {
				t.Errorf("%d bytes: Stat = %+v, %v", size, info, err)
			}
			got, err := storage.ReadObject(t.Context(), objects, key, storage.DigestOf(content), int64(size))
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("%d bytes: ReadObject: %v", size, err)
			}
		}
	})

	t.Run("any range can be read", func(t *testing.T) {
		t.Parallel()
		objects := open(t)
		content := randomBytes(t, 1000)
		mustPut(t, objects, key, content)
		for _, c := range []struct{ offset, length, from, to int64 }{
			{0, -1, 0, 1000},
			{0, 0, 0, 0},
			{0, 1, 0, 1},
			{0, 1000, 0, 1000},
			{0, 5000, 0, 1000},
			{1, 1, 1, 2},
			{500, -1, 500, 1000},
			{500, 0, 500, 500},
			{500, 100, 500, 600},
			{999, 1, 999, 1000},
			{999, 100, 999, 1000},
		} {
			if got := mustRead(t, objects, key, c.offset, c.length); !bytes.Equal(got, content[c.from:c.to]) {
				t.Errorf("offset %d length %d: %d wrong bytes", c.offset, c.length, len(got))
			}
		}
		for _, c := range [][2]int64{{1000, -1}, {1000, 1}, {1000, 0}, {5000, 10}, {-1, 1}} {
			r, err := objects.Get(t.Context(), key, c[0], c[1])
			if err == nil {
				r.Close()
			}
			wantError(t, fmt.Sprint("range ", c), err, storage.ErrRange)
		}
		empty := "objects/ab/cd/empty"
		mustPut(t, objects, empty, nil)
		for _, length := range []int64{-1, 0, 10} {
			if got := mustRead(t, objects, empty, 0, length); len(got) != 0 {
				t.Errorf("%d bytes of an empty object", len(got))
			}
		}
		_, err := objects.Get(t.Context(), empty, 1, -1)
		wantError(t, "offset in an empty object", err, storage.ErrRange)
	})

	t.Run("a body that is not what was declared is refused and leaves nothing", func(t *testing.T) {
		t.Parallel()
		objects := open(t)
		body := randomBytes(t, 300_000)
		sum := storage.DigestOf(body)
		for _, c := range []struct {
			name    string
			content storage.Content
			want    error
		}{
			{"shorter by one", storage.Content{Body: bytes.NewReader(body), Size: 300_001, Sum: sum}, storage.ErrSize},
			{"empty", storage.Content{Body: bytes.NewReader(nil), Size: 300_000, Sum: sum}, storage.ErrSize},
			{"longer by one", storage.Content{Body: bytes.NewReader(body), Size: 299_999, Sum: sum}, storage.ErrSize},
			{"longer than nothing", storage.Content{Body: bytes.NewReader(body), Size: 0, Sum: sum}, storage.ErrSize},
			{"of unknown size", storage.Content{Body: bytes.NewReader(body), Size: -1, Sum: sum}, storage.ErrSize},
			{"absent", storage.Content{Size: 0, Sum: sum}, storage.ErrSize},
			{"with another digest", storage.Content{Body: bytes.NewReader(body), Size: 300_000, Sum: storage.DigestOf(nil)},
				storage.ErrChecksum},
			{"that breaks", storage.Content{Body: brokenBody{}, Size: 300_000, Sum: sum}, errBroken},
		} {
			err := objects.Put(t.Context(), key, c.content)
			wantError(t, "a body "+c.name, err, c.want)
			_, err = objects.Stat(t.Context(), key)
			wantError(t, "after a body "+c.name, err, storage.ErrNotFound)
		}
		if keys := list(t, objects, "", ""); len(keys) != 0 {
			t.Errorf("left behind: %v", keys)
		}
		mustPut(t, objects, key, body)
	})

	t.Run("the same bytes again are the same object, other bytes are refused", func(t *testing.T) {
		t.Parallel()
		objects := open(t)
		content := randomBytes(t, 200_000)
		mustPut(t, objects, key, content)
		mustPut(t, objects, key, content)
		other := bytes.Clone(content)
		other[199_999] ^= 1
		wantError(t, "same size", objects.Put(t.Context(), key, storage.BytesContent(other)), storage.ErrExists)
		wantError(t, "shorter", objects.Put(t.Context(), key, storage.BytesContent(other[:100])), storage.ErrExists)
		wantError(t, "empty", objects.Put(t.Context(), key, storage.BytesContent(nil)), storage.ErrExists)
		longer := storage.BytesContent(append(other, 1))
		wantError(t, "longer", objects.Put(t.Context(), key, longer), storage.ErrExists)
		lying := storage.BytesContent(content)
		lying.Sum = storage.DigestOf(other)
		wantError(t, "with a lying digest", objects.Put(t.Context(), key, lying), storage.ErrChecksum)
		if got := mustRead(t, objects, key, 0, -1); !bytes.Equal(got, content) {
			t.Error("the object changed")
		}
	})

	t.Run("of many puts at once exactly one object results", func(t *testing.T) {
		t.Parallel()
		objects := open(t)
		contents := [2][]byte{randomBytes(t, 500_000), randomBytes(t, 500_000)}
		errs := make([]error, 32)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = objects.Put(t.Context(), key, storage.BytesContent(contents[i%2])) })
		}
		wg.Wait()
		got := mustRead(t, objects, key, 0, -1)
		winner := 0
		if bytes.Equal(got, contents[1]) {
			winner = 1
		}
		if !bytes.Equal(got, contents[winner]) {
			t.Fatal("a mixture was stored")
		}
		for i, err := range errs {
			if i%2 == winner && err != nil {
				t.Errorf("put %d of the stored bytes: %v", i, err)
			}
			if i%2 != winner {
				wantError(t, "a put of the other bytes", err, storage.ErrExists)
			}
		}
	})

	t.Run("what is deleted is gone, and may be deleted again and put again", func(t *testing.T) {
		t.Parallel()
		objects := open(t)
		wantError(t, "before", objects.Delete(t.Context(), key), nil)
		content := randomBytes(t, 10)
		mustPut(t, objects, key, content)
		wantError(t, "a neighbour", objects.Delete(t.Context(), key+"x"), nil)
		wantError(t, "a parent", objects.Delete(t.Context(), "objects/ab"), nil)
		mustRead(t, objects, key, 0, -1)
		wantError(t, "first", objects.Delete(t.Context(), key), nil)
		wantError(t, "second", objects.Delete(t.Context(), key), nil)
		_, err := objects.Stat(t.Context(), key)
		wantError(t, "Stat", err, storage.ErrNotFound)
		_, err = objects.Get(t.Context(), key, 0, -1)
		wantError(t, "Get", err, storage.ErrNotFound)
		_, err = objects.Get(t.Context(), key, 3, 0)
		wantError(t, "Get of a range", err, storage.ErrNotFound)
		_, err = objects.Stat(t.Context(), "objects/ab")
		wantError(t, "Stat of a parent", err, storage.ErrNotFound)
		mustPut(t, objects, key, content)
	})

	t.Run("keys that break the rules are refused by every method", func(t *testing.T) {
		t.Parallel()
		objects := open(t)
		for _, bad := range []string{
			"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.b", ".tmp/x", "A", "a b", "a\x00", "照片", "a\\b", "a:b", "a%2f",
			strings.Repeat("a", 256), strings.Repeat("a/", 300) + "a",
		} {
			wantError(t, bad, objects.Put(t.Context(), bad, storage.BytesContent(nil)), storage.ErrInvalidKey)
			wantError(t, bad, objects.Delete(t.Context(), bad), storage.ErrInvalidKey)
			_, err := objects.Stat(t.Context(), bad)
			wantError(t, bad, err, storage.ErrInvalidKey)
			_, err = objects.Get(t.Context(), bad, 0, -1)
			wantError(t, bad, err, storage.ErrInvalidKey)
		}
		for _, good := range []string{"a", "a.b", "a_b-c.d", "0", strings.Repeat("b", 255), "c/" + strings.Repeat("d", 255)} {
			mustPut(t, objects, good, []byte(good))
			mustRead(t, objects, good, 0, -1)
		}
	})

	t.Run("no key may be a prefix of another", func(t *testing.T) {
		t.Parallel()
		objects := open(t)
		mustPut(t, objects, "a/b", []byte("1"))
		wantError(t, "above", objects.Put(t.Context(), "a", storage.BytesContent(nil)), storage.ErrInvalidKey)
		wantError(t, "below", objects.Put(t.Context(), "a/b/c", storage.BytesContent(nil)), storage.ErrInvalidKey)
		if got := mustRead(t, objects, "a/b", 0, -1); string(got) != "1" {
			t.Errorf("a/b = %q", got)
		}
	})

	t.Run("a list is in the order of keys, by prefix, and goes on after a key", func(t *testing.T) {
		t.Parallel()
		objects := open(t)
		keys := []string{
			"derivatives/ab/cd/abcd.thumb.1", "derivatives/ab/cd/abcd.upright.1", "objects-old", "objects/ab/cd/abcd",
			"objects/ab/ce/abce", "objects/ac/00/ac00", "objects/ac/00/ac01", "objects0",
		}
		for _, key := range keys {
			mustPut(t, objects, key, []byte(key))
		}
		for _, c := range []struct {
			prefix, after string
			want          []string
		}{
			{"", "", keys},
			{"", "objects-old", keys[3:]},
			{"", "objects/ab/cd/abcd", keys[4:]},
			{"", "objects/ab/cd/abcc", keys[3:]},
			{"", "objects/ab", keys[3:]},
			{"", "zzz", nil},
			{"objects/", "", keys[3:7]},
			{"objects", "", keys[2:]},
			{"objects/ab", "", keys[3:5]},
			{"objects/a", "objects/ab/ce/abce", keys[5:7]},
			{"objects/", "a", keys[3:7]},
			{"derivatives/ab/cd/abcd.", "", keys[:2]},
			{"nothing", "", nil},
			{"objects/ab/cd/abcd/x", "", nil},
		} {
			if diff := cmp.Diff(c.want, list(t, objects, c.prefix, c.after)); diff != "" {
				t.Errorf("prefix %q after %q (-want +got):\n%s", c.prefix, c.after, diff)
			}
		}
		for range objects.List(t.Context(), "", "") {
			break // an early end is allowed
		}
		for _, err := range objects.List(t.Context(), "objects/ü", "") {
			wantError(t, "a prefix that no key has", err, storage.ErrInvalidKey)
		}
	})

	t.Run("a long list comes in pages and is complete", func(t *testing.T) {
		t.Parallel()
		objects := open(t)
		const n = 1100 // S3 pages hold 1000
		var want []string
		for i := range n {
			want = append(want, fmt.Sprintf("objects/%02d/%04d", i/100, i))
		}
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				for i := worker; i < n; i += 8 {
					if err := objects.Put(t.Context(), want[i], storage.BytesContent(nil)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if diff := cmp.Diff(want, list(t, objects, "", "")); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("a context that is done stops everything", func(t *testing.T) {
		t.Parallel()
		objects := open(t)
		mustPut(t, objects, key, []byte("1"))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantError(t, "Put", objects.Put(ctx, "x", storage.BytesContent([]byte("2"))), context.Canceled)
		_, err := objects.Get(ctx, key, 0, -1)
		wantError(t, "Get", err, context.Canceled)
		_, err = objects.Stat(ctx, key)
		wantError(t, "Stat", err, context.Canceled)
		wantError(t, "Delete", objects.Delete(ctx, key), context.Canceled)
		for _, err := range objects.List(ctx, "", "") {
			wantError(t, "List", err, context.Canceled)
		}
		mustRead(t, objects, key, 0, -1)
		_, err = objects.Stat(t.Context(), "x")
		wantError(t, "what was not put", err, storage.ErrNotFound)
	})
}

func TestOpenObjectsSaysWhatIsWrongWithAURL(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "ftp://x", "s3:", "s3://", "s3://user:secret-word@bucket", "s3://b?endpoint=nowhere", "s3://b?endpoint=ftp://h",
		"s3://b?endpoint=http://u:secret-word@h:1", "s3://b?access_key=secret-word", "s3://b/UPPER?endpoint=http://h:1",
		"s3://%zz?secret-word",
	} {
		_, err := storage.OpenObjects(t.Context(), url, storage.ObjectsOptions{})
		if err == nil {
			t.Errorf("%q was opened", url)
		} else if strings.Contains(err.Error(), "secret-word") {
			t.Errorf("%q: the error prints what was secret: %v", url, err)
		}
	}
}

func TestS3CredentialsThatAreRefusedAreAPermanentErrorWithoutTheSecret(t *testing.T) {
	t.Parallel()
	server := servers.S3(t)
	options := server.Options()
	options.SecretKey = "wrong-secret"
	_, err := storage.OpenObjects(t.Context(), server.URL("specimens"), options)
	if err == nil || !storage.IsPermanent(err) || strings.Contains(err.Error(), "wrong-secret") {
		t.Errorf("OpenObjects = %v", err)
	}
}

func TestAServerThatIsAwayIsAPassingError(t *testing.T) {
	t.Parallel()
	options := storage.ObjectsOptions{AccessKey: "a", SecretKey: "b", Retry: storage.RetryPolicy{Attempts: 2, Base: 1}}
	_, err := storage.OpenObjects(t.Context(), "s3://specimens?endpoint=http://127.0.0.1:1", options)
	if err == nil || storage.IsPermanent(err) || !strings.Contains(err.Error(), "2 attempts") {
		t.Errorf("OpenObjects = %v", err)
	}
}

func TestKeysOfOriginalsAndDerivatives(t *testing.T) {
	t.Parallel()
	d := storage.DigestOf([]byte("样本 SPECIMEN"))
	h := d.String()
	for got, want := range map[string]string{
		storage.ObjectKey(d):                       "objects/" + h[:2] + "/" + h[2:4] + "/" + h,
		storage.DerivativeKey(d, "thumbnail", "2"): "derivatives/" + h[:2] + "/" + h[2:4] + "/" + h + ".thumbnail.2",
	} {
		if got != want {
			t.Errorf("key %s, want %s", got, want)
		}
		if err := storage.CheckKey(got); err != nil {
			t.Error(err)
		}
	}
	parsed, err := storage.ParseDigest(h)
	if err != nil || parsed != d {
		t.Errorf("ParseDigest = %v, %v", parsed, err)
	}
	for _, bad := range []string{"", h[:63], h + "0", strings.ToUpper(h), "zz" + h[2:]} {
		if _, err := storage.ParseDigest(bad); err == nil {
			t.Errorf("%q was taken for a digest", bad)
		}
	}
}

func TestAStoredObjectBeginsWithItsEnvelope(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bare, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	objects := storage.WithEnvelope(bare, nil)
	mustPut(t, objects, "a", []byte("photo"))
	if got := mustRead(t, bare, "a", 0, -1); string(got) != "PFOB\x01\x00\x00\x00photo" {
		t.Errorf("stored: %q", got)
	}
	for key, stored := range map[string]string{
		"empty": "", "short": "PFOB\x01", "foreign": "JFIF\x01\x00\x00\x00photo", "newer": "PFOB\x02\x00\x00\x00photo",
		"encrypted": "PFOB\x01\x01\x00\x00photo", "with-a-key": "PFOB\x01\x00\x01\x00photo",
	} {
		mustPut(t, bare, key, []byte(stored))
		_, err := objects.Get(t.Context(), key, 0, -1)
		wantError(t, key, err, storage.ErrEnvelope)
		_, err = objects.Get(t.Context(), key, 1, 1)
		wantError(t, key, err, storage.ErrEnvelope)
		_, err = objects.Stat(t.Context(), key)
		wantError(t, key, err, storage.ErrEnvelope)
	}
}

func TestReadObjectNoticesWhatChangedInTheStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	objects, err := storage.OpenObjects(t.Context(), dir, storage.ObjectsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	content := randomBytes(t, 1000)
	sum := storage.DigestOf(content)
	mustPut(t, objects, "a", content)
	_, err = storage.ReadObject(t.Context(), objects, "a", sum, 999)
	wantError(t, "beyond the limit", err, storage.ErrSize)
	file := filepath.Join(dir, "a")
	stored, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	stored[500] ^= 1
	if err := os.WriteFile(file, stored, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = storage.ReadObject(t.Context(), objects, "a", sum, 1000)
	wantError(t, "a flipped bit", err, storage.ErrChecksum)
	wantError(t, "the right bytes on top of it", objects.Put(t.Context(), "a", storage.BytesContent(content)), storage.ErrExists)
}

var errBroken = errors.New("the body broke")

type brokenBody struct{}

func (brokenBody) ReadAt(p []byte, offset int64) (int, error) {
	if offset > 100_000 {
		return 0, errBroken
	}
	return len(p), nil
}

func randomBytes(tb testing.TB, n int) []byte {
	tb.Helper()
	p := make([]byte, n)
	if _, err := rand.Read(p); err != nil {
		tb.Fatal(err)
	}
	return p
}

func mustPut(tb testing.TB, objects storage.Objects, key string, content []byte) {
	tb.Helper()
	if err := objects.Put(tb.Context(), key, storage.BytesContent(content)); err != nil {
		tb.Fatal(err)
	}
}

func mustRead(tb testing.TB, objects storage.Objects, key string, offset, length int64) []byte {
	tb.Helper()
	r, err := objects.Get(tb.Context(), key, offset, length)
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Close()
	p, err := io.ReadAll(r)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func list(tb testing.TB, objects storage.Objects, prefix, after string) []string {
	tb.Helper()
	var keys []string
	for info, err := range objects.List(tb.Context(), prefix, after) {
		if err != nil {
			tb.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

// wantError checks that err is want, or nil where want is nil.
func wantError(tb testing.TB, what string, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Errorf("%s: error %v, want %v", what, err, want)
	}
}
