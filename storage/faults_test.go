package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

// Faults of a network and of a server behind it.
const (
	faultReset      = "reset"            // the line is cut before the server has heard of it
	faultLostAnswer = "answer lost"      // the server did it, and the line is cut before it can say so
	fault503        = "503"              // the server is too busy
	faultStall      = "5 s stall"        // nothing happens for five seconds
	faultShort      = "short body"       // half of the body arrives, in either direction
	faultChecksum   = "wrong checksum"   // one bit of the body is another, in either direction
	faultHeader     = "another checksum" // the server's word on a checksum is another
)

func faultKinds() []string {
	return []string{faultReset, faultLostAnswer, fault503, faultStall, faultShort, faultChecksum, faultHeader}
}

// faultyProxy stands before an S3 server and spoils the next requests.
type faultyProxy struct {
	*httptest.Server
	mu    sync.Mutex
	fault string
	left  int
	hits  int
}

func newFaultyProxy(t *testing.T, target string) *faultyProxy {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p := &faultyProxy{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // it is signed
		},
		ModifyResponse: p.spoilAnswer,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := p.take()
		r = r.WithContext(withFault(r.Context(), fault))
		switch fault {
		case faultReset:
			cut(w)
			return
		case fault503:
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>busy</Message></Error>`)
			return
		case faultStall:
			select {
			case <-time.After(5 * time.Second):
			case <-r.Context().Done():
				return
			}
		case faultLostAnswer:
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			cut(w)
			return
		case faultShort, faultChecksum:
			body, err := io.ReadAll(r.Body)
			if err != nil {
				cut(w)
				return
			}
			if len(body) > 1 && fault == faultShort {
				body = body[:len(body)/2]
			} else if len(body) > 0 && fault == faultChecksum {
				body[len(body)/2] ^= 1
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

type faultKey struct{}

func withFault(ctx context.Context, fault string) context.Context {
	return context.WithValue(ctx, faultKey{}, fault)
}

func faultOf(ctx context.Context) string {
	fault, _ := ctx.Value(faultKey{}).(string)
	return fault
}

// cut ends a connection as a broken network does.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, is := conn.(*net.TCPConn); is {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (p *faultyProxy) spoilAnswer(r *http.Response) error {
	switch faultOf(r.Request.Context()) {
	case faultShort:
		if r.ContentLength > 1 {
			r.Body = io.NopCloser(io.LimitReader(r.Body, r.ContentLength/2)) // and the length that was promised stays
		}
	case faultChecksum:
		// A list is XML, which has no checksum to be wrong: only objects are spoilt.
		if !strings.Contains(r.Header.Get("Content-Type"), "xml") {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			if len(body) > 0 {
				body[len(body)-1] ^= 1
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
	case faultHeader:
		if r.Header.Get("X-Amz-Checksum-Sha256") != "" {
			r.Header.Set("X-Amz-Checksum-Sha256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
		}
	}
	return nil
}

// spoil has the next n requests go wrong.
func (p *faultyProxy) spoil(fault string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.left, p.hits = fault, n, 0
}

func (p *faultyProxy) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 {
		return ""
	}
	p.left--
	p.hits++
	return p.fault
}

// Every operation of the store, through every fault, for the first request, for the second one (most operations take several), and
// for all of them: what is said to have been done was done, and what is said to be there is there. Behind each operation the
// truth is looked up past the proxy.
func TestNoFaultOfTheStoreIsTakenForSuccess(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("stalls take their time")
	}
	server := servers.S3(t)
	straight := func(t *testing.T) storage.Objects {
		t.Helper()
		objects, err := storage.OpenObjects(t.Context(), server.URL("specimens/faults"), server.Options())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = objects.Close() })
		return objects
	}
	for _, fault := range faultKinds() {
		for _, many := range []int{1, 2, 1000} {
			t.Run(fault+" "+strconv.Itoa(many), func(t *testing.T) {
				t.Parallel()
				if fault == faultStall && many == 2 {
					t.Skip("one stall, and nothing but stalls, say as much")
				}
				truth := straight(t)
				proxy := newFaultyProxy(t, server.Endpoint)
				options := server.Options()
				options.Timeout = time.Second
				options.Retry = storage.RetryPolicy{Attempts: 3, Base: 5 * time.Millisecond, Max: 20 * time.Millisecond}
				faulty, err := storage.OpenObjects(t.Context(), strings.ReplaceAll(server.URL("specimens/faults"), server.Endpoint, proxy.URL), options)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = faulty.Close() }()
				succeeded := 0
				for i, operation := range faultOperations() {
					data := randomBytes(t, 100_000+i)
					other := randomBytes(t, 5000+i)
					key := storage.ObjectKey(storage.DigestOf(data))
					if operation.stored {
						mustPut(t, truth, key, data)
					}
					proxy.spoil(fault, many)
					err := operation.do(t, faulty, key, data, other)
					hits := func() int { proxy.mu.Lock(); defer proxy.mu.Unlock(); return proxy.hits }()
					proxy.spoil("", 0)
					if hits == 0 {
						t.Errorf("%s: no request went wrong: nothing was tested", operation.name)
					}
					if err == nil {
						succeeded++
						operation.verify(t, operation.name, truth, key, data)
					} else if many == 1 && (fault == faultReset || fault == fault503) {
						t.Errorf("%s: one passing failure was not got over: %v", operation.name, err)
					}
				}
				if many == 1000 && fault != faultChecksum && fault != faultHeader && fault != faultShort && fault != faultLostAnswer && succeeded > 0 {
					t.Errorf("%d operations succeeded while nothing got through", succeeded)
				}
			})
		}
	}
}

type faultOperation struct {
	name   string
	stored bool // the object is there before
	do     func(t *testing.T, o storage.Objects, key string, data, other []byte) error
	verify func(t *testing.T, name string, truth storage.Objects, key string, data []byte)
}

var errOtherBytes = errors.New("it took other bytes for the same")

func faultOperations() []faultOperation {
	there := func(t *testing.T, name string, truth storage.Objects, key string, data []byte) {
		t.Helper()
		if got := mustRead(t, truth, key, 0, -1); !bytes.Equal(got, data) {
			t.Errorf("%s: a false success: %d bytes are stored, not the %d that were sent", name, len(got), len(data))
		}
	}
	nothing := func(*testing.T, string, storage.Objects, string, []byte) {}
	return []faultOperation{
		{"put", false, func(t *testing.T, o storage.Objects, key string, data, _ []byte) error {
			t.Helper()
			return o.Put(t.Context(), key, storage.BytesContent(data))
		}, there},
		{"put again", true, func(t *testing.T, o storage.Objects, key string, data, _ []byte) error {
			t.Helper()
			return o.Put(t.Context(), key, storage.BytesContent(data))
		}, there},
		{"put other bytes", true, func(t *testing.T, o storage.Objects, key string, _, other []byte) error {
			t.Helper()
			if err := o.Put(t.Context(), key, storage.BytesContent(other)); err != nil {
				if errors.Is(err, storage.ErrExists) {
					return nil // which is the truth
				}
				return err
			}
			t.Error("put other bytes: ", errOtherBytes)
			return nil
		}, there},
		{"read", true, func(t *testing.T, o storage.Objects, key string, data, _ []byte) error {
			t.Helper()
			got, err := storage.ReadObject(t.Context(), o, key, storage.DigestOf(data), 1<<20)
			if err == nil && !bytes.Equal(got, data) {
				t.Error("read: a false success: other bytes")
			}
			return err
		}, nothing},
		{"stat", true, func(t *testing.T, o storage.Objects, key string, data, _ []byte) error {
			t.Helper()
			info, err := o.Stat(t.Context(), key)
			if err == nil && info.Size != int64(len(data)) {
				t.Errorf("stat: a false success: %d bytes of %d", info.Size, len(data))
			}
			if errors.Is(err, storage.ErrNotFound) {
				t.Errorf("stat: what is there is said not to be: %v", err)
			}
			return err
		}, nothing},
		{"delete", true, func(t *testing.T, o storage.Objects, key string, _, _ []byte) error {
			t.Helper()
			return o.Delete(t.Context(), key)
		}, func(t *testing.T, name string, truth storage.Objects, key string, _ []byte) {
			t.Helper()
			if _, err := truth.Stat(t.Context(), key); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: a false success: %v", name, err)
			}
		}},
		{"list", true, func(t *testing.T, o storage.Objects, key string, _, _ []byte) error {
			t.Helper()
			found := 0
			for info, err := range o.List(t.Context(), key, "") {
				if err != nil {
					return err
				}
				if info.Key == key {
					found++
				}
			}
			if found != 1 {
				t.Errorf("list: a false success: the object was listed %d times", found)
			}
			return nil
		}, nothing},
	}
}

// A full disk is said, permanently, and leaves nothing behind: neither an object nor a temporary file. What else was stored stays.
func TestAFullDiskIsSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skip("no file system of its own can be made here: ", err)
	}
	defer func() { _ = syscall.Unmount(dir, 0) }()
	objects, err := storage.OpenObjects(t.Context(), "dir:"+dir+"/objects", storage.ObjectsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = objects.Close() }()
	small, large := randomBytes(t, 1000), randomBytes(t, 2<<20)
	key, largeKey := storage.ObjectKey(storage.DigestOf(small)), storage.ObjectKey(storage.DigestOf(large))
	mustPut(t, objects, key, small)
	for range 3 {
		err := objects.Put(t.Context(), largeKey, storage.BytesContent(large))
		if !errors.Is(err, syscall.ENOSPC) || !storage.IsPermanent(err) {
			t.Errorf("put on a full disk: %v", err)
		}
	}
	if _, err := objects.Stat(t.Context(), largeKey); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("stat of what did not fit: %v", err)
	}
	if got := mustRead(t, objects, key, 0, -1); !bytes.Equal(got, small) {
		t.Error("what was stored before is not whole")
	}
	another := randomBytes(t, 500_000)
	if err := objects.Put(t.Context(), storage.ObjectKey(storage.DigestOf(another)), storage.BytesContent(another)); err != nil {
		t.Errorf("what fits is stored again: %v", err)
	}
}
