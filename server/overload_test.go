package server_test

import (
	"bufio"
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/server"
	"github.com/preflight-icp/preflight/storage"
)

// countedReader counts what is read of it.
type countedReader struct {
	io.Reader
	n atomic.Int64
}

// Read implements io.Reader.
func (r *countedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n.Add(int64(n))
	return n, err
}

// occupy takes the only place of a service until the returned function lets the upload go on, and returns when it is taken.
func (b *bundle) occupy(as, filingID string, data []byte) (goOn func() answer) {
	b.t.Helper()
	r, w := io.Pipe()
	done := make(chan answer, 1)
	go func() {
		done <- b.call(as, "POST", "/v1/filings/"+filingID+"/materials", r, "Content-Type", "image/jpeg")
	}()
	_, err := w.Write(data[:100]) // the client has read it: soon it is on its way
	ok(b.t, err)
	within(b.t, "the place is taken", func() bool {
		return strings.Contains(string(b.call("", "GET", "/metrics", nil).body), "preflight_uploads_in_flight 1\n")
	})
	within(b.t, "what was granted is in the trail, which comes behind the place", func() bool {
		list, err := b.records.AuditEntries(b.t.Context(), storage.AuditFilter{Limit: 1000})
		ok(b.t, err)
		return slices.ContainsFunc(list, func(e storage.AuditEntry) bool { return e.Operation == "upload-material" })
	})
	return func() answer {
		_, err := w.Write(data[100:])
		ok(b.t, err)
		ok(b.t, w.Close())
		return <-done
	}
}

// within waits for something that happens beside the test.
func within(t testing.TB, what string, done func() bool) {
	t.Helper()
	look, end := time.NewTicker(10*time.Millisecond), time.After(2*time.Minute)
	defer look.Stop()
	for !done() {
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("not within two minutes: %s", what)
		}
	}
}

// Without room an upload is refused before its body is read, its token is looked up, or the audit trail is written; the one that was
// let in is finished, and then there is room again.
func TestAnOverloadIsRefusedBeforeAnythingIsLookedUp(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Config, s *server.Config) { p.MaxUploads, s.StallTimeout = 1, 2*time.Minute })
	id := b.filing("app")
	path := "/v1/filings/" + id + "/materials"
	goOn := b.occupy("app", id, photo(t, 51))
	trail := func() int {
		list, err := b.records.AuditEntries(t.Context(), storage.AuditFilter{Limit: 1000})
		ok(t, err)
		return len(list)
	}
	before := trail()
	for name, target := range map[string]string{"an upload": path, "a check": "/v1/checks"} {
		for _, as := range []string{"app", "north/app", ""} {
			a := b.call(as, "POST", target, bytes.NewReader(photo(t, 52)), "Content-Type", "image/jpeg")
			a.problem(429, "busy")
			if a.header.Get("Retry-After") == "" {
				t.Errorf("%s by %q: no Retry-After", name, as)
			}
		}
	}
	for _, target := range []string{"/check", "/filings/" + id + "/materials"} {
		body, contentType := form(t, false, photo(t, 52), "photo.jpg")
		a := b.call("", "POST", target, body, "Content-Type", contentType, "Cookie", "preflight_session="+b.tokens["app"])
		if a.status != 429 || a.header.Get("Retry-After") == "" || !strings.Contains(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: status %d, %v", target, a.status, a.header)
		}
	}

	t.Run("who asks first sends nothing of it", func(t *testing.T) {
		body := &countedReader{Reader: bytes.NewReader(photo(t, 53))}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL+path, body)
		ok(t, err)
		req.ContentLength = int64(len(photo(t, 53)))
		req.Header.Set("Authorization", "Bearer "+b.tokens["app"])
		req.Header.Set("Expect", "100-continue")
		transport := &http.Transport{ExpectContinueTimeout: 2 * time.Minute}
		defer transport.CloseIdleConnections()
		resp, err := transport.RoundTrip(req)
		ok(t, err)
		ok(t, resp.Body.Close())
		if n := body.n.Load(); resp.StatusCode != 429 || n != 0 || !resp.Close {
			t.Errorf("status %d, %d bytes sent, the connection ends: %v", resp.StatusCode, n, resp.Close)
		}
	})
	t.Run("a small body that never comes holds nobody up", func(t *testing.T) {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", b.Listener.Addr().String())
		ok(t, err)
		defer func() { _ = conn.Close() }()
		ok(t, conn.SetDeadline(time.Now().Add(time.Minute)))
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: preflight.example\r\nAuthorization: Bearer %s\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\n", path, b.tokens["app"])
		ok(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		ok(t, err)
		ok(t, resp.Body.Close())
		if resp.StatusCode != 429 || !resp.Close {
			t.Errorf("status %d, the connection ends: %v", resp.StatusCode, resp.Close)
		}
	})
	if after := trail(); after != before {
		t.Errorf("refusals wrote %d lines of the audit trail", after-before)
	}
	var m material
	goOn().want(201).into(&m)
	within(t, "there is room again", func() bool {
		return b.call("app", "POST", path, bytes.NewReader(photo(t, 52)), "Content-Type", "image/jpeg").status == 201
	})
}

// An overload is no matter for the database: while nobody may write, refusals come as ever.
func TestAnOverloadIsRefusedWhileTheDatabaseHangs(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Config, s *server.Config) { p.MaxUploads, s.StallTimeout = 1, 2*time.Minute })
	id := b.filing("app")
	goOn := b.occupy("app", id, photo(t, 54))
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.dir, "preflight.db")+"?_txlock=immediate&_pragma=busy_timeout(60000)")
	ok(t, err)
	defer func() { ok(t, db.Close()) }()
	tx, err := db.BeginTx(t.Context(), nil)
	ok(t, err)
	for range 20 {
		b.call("app", "POST", "/v1/filings/"+id+"/materials", bytes.NewReader(photo(t, 55)), "Content-Type", "image/jpeg").problem(429, "busy")
	}
	ok(t, tx.Rollback())
	goOn().want(201)
}
