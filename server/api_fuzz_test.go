package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/server"
	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/webhook"
)

// fuzzedService is a service without a listener, whose only principal is an operator with that token.
func fuzzedService(f *testing.F) (handler http.Handler, token string) {
	f.Helper()
	must := func(err error) {
		if err != nil {
			f.Fatal(err)
		}
	}
	dir := f.TempDir()
	objects, err := storage.OpenObjects(f.Context(), "dir:"+filepath.Join(dir, "objects"), storage.ObjectsOptions{})
	must(err)
	quiet := slog.New(slog.DiscardHandler)
	records, err := storage.OpenRecords(f.Context(), "sqlite:"+filepath.Join(dir, "preflight.db"), storage.RecordsOptions{Logger: quiet})
	must(err)
	analyzer, err := imaging.New(imaging.Options{})
	must(err)
	set, err := rules.Load(rules.Embedded())
	must(err)
	guard, err := webhook.NewGuard(nil)
	must(err)
	sender := webhook.NewSender(guard)
	cfg, web := pipeline.DefaultConfig(), server.DefaultConfig()
	cfg.SpoolDir, cfg.MaxBody, web.MaxBody = f.TempDir(), 4<<20, 4<<20
	web.PrincipalRate, web.AddressRate = 0, 0
	registry := prometheus.NewRegistry()
	flow, err := pipeline.New(cfg, pipeline.Parts{
		Objects: objects, Records: records, Measurer: analyzer, Analyzer: imaging.Version, Renderer: analyzer, Stitcher: analyzer,
		RuleSets: []*rules.Set{set}, Sender: sender, Log: quiet, Metrics: registry,
	})
	must(err)
	f.Cleanup(func() {
		flow.Close()
		sender.Close()
		must(records.Close())
		must(objects.Close())
	})
	token, _ = server.NewToken(server.RoleOperator, "operator")
	tokens := &server.Tokens{}
	must(tokens.Add(server.Principal{Name: "operator", Role: server.RoleOperator}, token))
	s, err := server.New(web, flow, server.Authorizers{tokens, server.Keyring{Records: records}}, quiet, registry, "test")
	must(err)
	return s.Handler(), token
}

// fuzzedRoutes take a body that we parse, or a place in a list; {id} and {hook} are there.
var fuzzedRoutes = []string{
	"POST /v1/filings", "PATCH /v1/filings/{id}", "POST /v1/requirements", "POST /v1/filings/search", "POST /v1/filings/{id}/submissions",
	"POST /v1/filings/{id}/claim", "POST /v1/filings/{id}/decisions", "POST /v1/filings/{id}/links", "POST /v1/filings/{id}/composites",
	"POST /v1/webhooks", "PATCH /v1/webhooks/{hook}", "POST /v1/webhooks/{hook}/resend", "GET /v1/webhooks/{hook}/messages",
	"POST /v1/revalidations", "GET /v1/revalidations/x/changes", "GET /v1/audit", "GET /v1/jobs", "GET /v1/filings/{id}",
	"POST /v1/checks", "POST /v1/filings/{id}/materials", "GET /v1/materials/x/image", "GET /v1/composites/x/point", "POST /session",
}

// FuzzAPI: whatever a request of the API holds, in its body, its query and its headers, it is answered, by what it asked for or by a
// problem of the public table, and never by an error of ours.
func FuzzAPI(f *testing.F) {
	handler, token := fuzzedService(f)
	send := func(ctx context.Context, method, path, query, contentType, ifMatch, bearer string, body []byte) *httptest.ResponseRecorder {
		req := (&http.Request{
			Method: method, URL: &url.URL{Path: path, RawQuery: query}, Host: "preflight.example", RemoteAddr: "192.0.2.1:1", RequestURI: path,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
			Header: http.Header{"Authorization": {"Bearer " + bearer}, "Content-Type": {contentType}, "If-Match": {ifMatch}, "Content-Digest": {ifMatch}},
		}).WithContext(ctx)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		return w
	}
	made := func(path, body string) string {
		var v struct{ ID string }
		if w := send(f.Context(), "POST", path, "", "application/json", "", token, []byte(body)); json.Unmarshal(w.Body.Bytes(), &v) != nil || v.ID == "" {
			f.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return v.ID
	}
	names := strings.NewReplacer("{id}", made("/v1/filings", individual), "{hook}", made("/v1/webhooks", `{"url":"https://receiver.example/"}`))

	const boundary = "specimen"
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.SetBoundary(boundary)
	_ = w.WriteField("material", "principal_id")
	part, _ := w.CreateFormFile("file", "正面.jpg")
	_, _ = part.Write([]byte("\xff\xd8\xff\xe0 no picture"))
	_ = w.Close()
	multipartType := "multipart/form-data; boundary=" + boundary
	bodies := []string{
		individual, `{}`, `{"states":["submitted"],"after":"MjAyNi0xMS0yMlQwODowMDowMFogYQ","words":"张"}`, `{"decision":"return","reasons":[{"material":"x","code":"blurred"}]}`,
		`{"parts":["a","b"],"layout":"auto"}`, `{"url":"http://127.0.0.1/","events":["x"]}`, `{"rules":"x","dry_run":true,"as_of":"2027-02-30"}`, `{"seconds":1e99}`, `[[[[`, "\xff",
	}
	queries := []string{
		"after=MjAyNi0xMS0yMlQwODowMDowMFogYQ&limit=3", "after=-1", "after=9223372036854775808&format=jsonl", "format=csv&province=%00", "limit=1e9", "variant=overlay&watermark=true", "x=NaN&y=1",
	}
	// A baseline of all with all would take longer than the time that most give a target: each route has some, and mixing is its own work.
	for route, line := range fuzzedRoutes {
		for n := range 3 {
			if strings.HasPrefix(line, "GET ") {
				f.Add(uint8(route), queries[(route+n)%len(queries)], "", "", "", []byte(nil))
			} else {
				f.Add(uint8(route), "", "application/json", `"1"`, "", []byte(bodies[(route+n)%len(bodies)]))
			}
		}
	}
	for _, route := range []uint8{18, 19} {
		f.Add(route, "material=principal_id&page=front&of=principal&filename=a.jpg", "image/jpeg", "sha-256=:AA==:", "", []byte("\xff\xd8\xff"))
		f.Add(route, "", multipartType, "", "", form.Bytes())
		f.Add(route, "", "multipart/form-data", "", "", form.Bytes())
		f.Add(route, "", multipartType, "", "", form.Bytes()[:form.Len()/2])
	}
	f.Add(uint8(17), "", "", "", storage.LinkPrefix+strings.Repeat("A", 96), []byte(nil))
	f.Add(uint8(17), "", "", "", storage.APIKeyPrefix+strings.Repeat("0", 32)+"_x", []byte(nil))
	f.Add(uint8(17), "", "", "", "eyJhbGciOiJub25lIn0.e30.", []byte(nil))
	f.Add(uint8(22), "", "application/x-www-form-urlencoded", "", "", []byte("token=%zz&next=//elsewhere.example"))

	f.Fuzz(func(t *testing.T, route uint8, query, contentType, ifMatch, bearer string, body []byte) {
		method, path, _ := strings.Cut(fuzzedRoutes[int(route)%len(fuzzedRoutes)], " ")
		if bearer == "" {
			bearer = token
		}
		w := send(t.Context(), method, names.Replace(path), query, contentType, ifMatch, bearer, body)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%s %s: status %d: %s", method, path, w.Code, w.Body)
		}
		media := w.Header().Get("Content-Type")
		if w.Code >= http.StatusBadRequest && strings.HasPrefix(path, "/v1/") {
			var p server.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || media != "application/problem+json" || p.Code == "" || p.Code == "internal" || p.Status != w.Code {
				t.Errorf("%s %s: status %d, %s, %v: %s", method, path, w.Code, media, err, w.Body)
			}
		}
		if media == "application/json" && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s: no JSON: %s", method, path, w.Body)
		}
	})
}
