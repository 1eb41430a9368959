package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/server"
	"github.com/preflight-icp/preflight/specimen"
	"github.com/preflight-icp/preflight/specimen/phototest"
	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/webhook"
)

// bundle is a whole service on real parts: a directory, SQLite, the decoder and the embedded rules.
type bundle struct {
	*httptest.Server
	t       testing.TB
	records *storage.Records
	objects storage.Objects
	flow    *pipeline.Pipeline
	log     *bytes.Buffer
	dir     string // objects, preflight.db and keys
	routes  func() []string
	// moreRules are sets that are loaded beside the embedded one.
	moreRules []*rules.Set
	tokens    map[string]string // principal to token
}

type option func(*pipeline.Config, *server.Config)

func setup(t testing.TB, options ...option) *bundle {
	t.Helper()
	return setupWithRules(t, nil, options...)
}

func setupWithRules(t testing.TB, more []*rules.Set, options ...option) *bundle {
	t.Helper()
	return setupWithModels(t, "", more, options...)
}

// setupWithModels makes one that reads what stands on the photos, too, and finds faces; without a folder of models it does not.
func setupWithModels(t testing.TB, dirOfModels string, more []*rules.Set, options ...option) *bundle {
	t.Helper()
	b := &bundle{t: t, log: new(bytes.Buffer), tokens: map[string]string{}, moreRules: more}
	dir := t.TempDir()
	flowConfig, serverConfig := pipeline.DefaultConfig(), server.DefaultConfig()
	flowConfig.SpoolDir = t.TempDir()
	// The race detector on a busy machine is slow, and no test is of these.
	flowConfig.MeasureDeadline, flowConfig.CheckWait, flowConfig.JobGrace = 2*time.Minute, 2*time.Minute, 2*time.Minute
	for _, o := range options {
		o(&flowConfig, &serverConfig)
	}
	ctx := context.Background()
	var err error
	b.dir = dir
	shared.install(t, dir)
	keys, err := storage.OpenKeys("file:" + filepath.Join(dir, "keys"))
	ok(t, err)
	b.objects, err = storage.OpenObjects(ctx, "dir:"+filepath.Join(dir, "objects"), storage.ObjectsOptions{Keys: keys})
	ok(t, err)
	b.records, err = storage.OpenRecords(ctx, "sqlite:"+filepath.Join(dir, "preflight.db"), storage.RecordsOptions{Logger: slog.New(slog.DiscardHandler), Keys: keys})
	ok(t, err)
	analyzer, err := imaging.New(imaging.Options{Models: dirOfModels})
	ok(t, err)
	t.Cleanup(func() { ok(t, analyzer.Close()) })
	set, err := rules.Load(rules.Embedded())
	ok(t, err)
	guard, err := webhook.NewGuard([]string{"127.0.0.1"}) // where the receivers of the tests are
	ok(t, err)
	sender := webhook.NewSender(guard)
	t.Cleanup(sender.Close)
	registry := prometheus.NewRegistry()
	log := slog.New(slog.NewTextHandler(&lockedWriter{w: b.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var measurer pipeline.Measurer = analyzer
	if dirOfModels == "" {
		measurer = remembering{analyzer} // with models the same picture has faces
	}
	parts := pipeline.Parts{
		Objects: b.objects, Records: b.records, Measurer: measurer, Analyzer: analyzer.Version(), Renderer: analyzer, Stitcher: analyzer,
		RuleSets: append([]*rules.Set{set}, b.moreRules...), Sender: sender, Log: log, Metrics: registry,
	}
	if dirOfModels != "" {
		parts.Reader, parts.ReaderVersion = analyzer, analyzer.ReaderVersion()
	}
	b.flow, err = pipeline.New(flowConfig, parts)
	ok(t, err)
	tokens := &server.Tokens{}
	for name, role := range map[string]server.Role{
		"app": server.RoleApp, "other": server.RoleApp, "reviewer": server.RoleReviewer, "operator": server.RoleOperator,
		"north/app": server.RoleApp, "north/reviewer": server.RoleReviewer, "north/operator": server.RoleOperator,
	} {
		token, _ := server.NewToken(role, name)
		p := server.Principal{Name: name, Role: role}
		if organization, member, found := strings.Cut(name, "/"); found {
			p.Organization, p.Name = organization, member
		}
		ok(t, tokens.Add(p, token))
		b.tokens[name] = token
	}
	s, err := server.New(serverConfig, b.flow, server.Authorizers{tokens, server.Keyring{Records: b.records}}, log, registry, "test")
	ok(t, err)
	b.routes = s.Routes
	b.Server = httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		b.Server.Close()
		b.flow.Close()
		ok(t, b.records.Close())
		ok(t, b.objects.Close())
	})
	return b
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is a response, read whole.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

func (a answer) problem(status int, code string) {
	a.t.Helper()
	a.want(status)
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Errorf("content type %q", got)
	}
	var p server.Problem
	a.into(&p)
	if p.Code != code {
		a.t.Errorf("code %q, want %q: %s", p.Code, code, a.body)
	}
	if p.Message.ZH == "" || p.Message.EN == "" || p.Advice.ZH == "" || p.Advice.EN == "" {
		a.t.Errorf("%s: a text is empty", p.Code)
	}
}

func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
}

// call makes a request as a principal ("" for nobody); headers are pairs.
func (b *bundle) call(as, method, path string, body io.Reader, headers ...string) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, b.URL+path, body)
	ok(b.t, err)
	if as != "" {
		req.Header.Set("Authorization", "Bearer "+b.tokens[as])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := *b.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	ok(b.t, err)
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	ok(b.t, err)
	return answer{b.t, resp.StatusCode, resp.Header, data}
}

func (b *bundle) json(as, method, path, body string, headers ...string) answer {
	b.t.Helper()
	return b.call(as, method, path, strings.NewReader(body), append([]string{"Content-Type", "application/json"}, headers...)...)
}

const individual = `{"facts":{"province":"BJ","action":"new","as_of":"2020-12-01","applicant":{"type":"individual"}}}`

func (b *bundle) filing(as string) string {
	b.t.Helper()
	var f struct{ ID string }
	b.json(as, "POST", "/v1/filings", individual).want(201).into(&f)
	return f.ID
}

// form is a multipart body with the file last or first, as apps send it.
func form(t testing.TB, fileFirst bool, photo []byte, name string, fields ...string) (io.Reader, string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	file := func() {
		part, err := w.CreateFormFile("file", name)
		ok(t, err)
		_, err = part.Write(photo)
		ok(t, err)
	}
	if fileFirst {
		file()
	}
	for i := 0; i+1 < len(fields); i += 2 {
		ok(t, w.WriteField(fields[i], fields[i+1]))
	}
	if !fileFirst {
		file()
	}
	ok(t, w.Close())
	return &body, w.FormDataContentType()
}

func (b *bundle) upload(as, filingID string, photo []byte, fields ...string) answer {
	b.t.Helper()
	body, contentType := form(b.t, false, photo, "photo.jpg", fields...)
	return b.call(as, "POST", "/v1/filings/"+filingID+"/materials", body, "Content-Type", contentType)
}

type material struct {
	filing.MaterialReport
	Matches []filing.Match `json:"matches"`
}

func (m material) codes() string {
	var out []string
	for _, f := range m.Findings {
		out = append(out, f.Code)
	}
	return strings.Join(out, " ")
}

// photo is a good photo of a card of 230 to 300 KB; even seeds show the front. There are eight, since drawing and measuring one under the
// race detector takes seconds: seeds that differ by less are photos that differ.
func photo(t testing.TB, seed uint64) []byte {
	t.Helper()
	const photos = 8
	return phototest.Card(t, 1000, 750, 88+seed%photos)
}

// shot is a good photo of so many pixels.
func shot(t testing.TB, seed uint64, w, h int) *image.RGBA {
	t.Helper()
	return phototest.Shot(t, w, h, seed)
}

// tooLarge is a good photo above the upper limit.
func tooLarge(t *testing.T) []byte {
	t.Helper()
	data, err := specimen.FitBytes(filing.FormatJPEG, shot(t, 16, 3200, 2400), 4_400_000)
	ok(t, err)
	return data
}

func noise(seed uint64, w, h int) image.Image {
	r := rand.New(rand.NewPCG(seed, 1))
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	var cells [8][8]uint8
	for i := range cells {
		for j := range cells[i] {
			cells[i][j] = uint8(40 + r.IntN(150))
		}
	}
	for y := range h {
		for x := range w {
			v := int(cells[y*8/h][x*8/w]) + r.IntN(60)
			img.SetRGBA(x, y, color.RGBA{uint8(v), uint8(v - 10), uint8(v - 20), 255})
		}
	}
	return img
}

func encode(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	var buf bytes.Buffer
	ok(t, jpeg.Encode(&buf, img, &jpeg.Options{Quality: quality}))
	return buf.Bytes()
}

func TestAFilingSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var f struct {
		ID           string
		Revision     int64
		Requirements filing.Outcome
	}
	a := b.json("app", "POST", "/v1/filings", individual).want(201)
	a.into(&f)
	if a.header.Get("Location") != "/v1/filings/"+f.ID || a.header.Get("ETag") != `"1"` || f.Revision != 1 {
		t.Errorf("location %q, etag %q, revision %d", a.header.Get("Location"), a.header.Get("ETag"), f.Revision)
	}
	var materials []string
	for _, r := range f.Requirements.Required {
		materials = append(materials, r.Material)
	}
	for _, want := range []string{"applicant_document", "principal_id", "site_manager_id"} {
		if !strings.Contains(strings.Join(materials, " "), want) {
			t.Errorf("%s is not required: %v", want, materials)
		}
	}
	b.call("app", "GET", "/v1/filings/"+f.ID, nil).want(200)
}

func TestAChangeOfFactsNeedsTheRevisionItWasMadeFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	patch := `{"facts":{"province":"GD","applicant":{"name":null}}}`
	b.json("app", "PATCH", "/v1/filings/"+id, patch).problem(428, "precondition_required")
	b.json("app", "PATCH", "/v1/filings/"+id, patch, "If-Match", `"7"`).problem(412, "revision_conflict")
	b.json("app", "PATCH", "/v1/filings/"+id, patch, "If-Match", `soon`).problem(412, "revision_conflict")
	a := b.json("app", "PATCH", "/v1/filings/"+id, patch, "If-Match", `"1"`).want(200)
	if a.header.Get("ETag") != `"2"` || !strings.Contains(string(a.body), `"province":"GD"`) || !strings.Contains(string(a.body), `"action":"new"`) {
		t.Errorf("etag %q: %s", a.header.Get("ETag"), a.body)
	}
	b.json("app", "PATCH", "/v1/filings/"+id, patch, "If-Match", `"1"`).problem(412, "revision_conflict")
	b.json("app", "PATCH", "/v1/filings/"+id, `{"facts":{"province":"QQ"}}`, "If-Match", `"2"`).problem(422, "invalid_facts")
	b.json("app", "PATCH", "/v1/filings/"+id, `{"facts":[1]}`, "If-Match", `"2"`).want(422)
}

func TestBadFactsAreToldByPathAndNeverEchoed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.json("app", "POST", "/v1/filings", `{"facts":{"province":"BJ","principal":{"birth_date":"SECRET-DATE"},"shoe":"SECRET-SIZE"}}`)
	a.problem(422, "invalid_facts")
	for _, want := range []string{"facts.principal.birth_date", "facts.shoe"} {
		if !strings.Contains(string(a.body), want) {
			t.Errorf("%s is not named: %s", want, a.body)
		}
	}
	if strings.Contains(string(a.body), "SECRET") || strings.Contains(b.log.String(), "SECRET") {
		t.Errorf("a value was echoed: %s", a.body)
	}
	for name, body := range map[string]string{"no JSON": `{"facts":`, "no object": `[]`, "no facts": `{}`, "unknown field": `{"facts":{},"x":"SECRET"}`} {
		if a := b.json("app", "POST", "/v1/filings", body); a.status != 400 && a.status != 422 {
			t.Errorf("%s: status %d: %s", name, a.status, a.body)
		} else if strings.Contains(string(a.body), "SECRET") {
			t.Errorf("%s: a value was echoed: %s", name, a.body)
		}
	}
	b.json("app", "POST", "/v1/filings", `{"facts":{"applicant":{"name":"`+strings.Repeat("a", 2<<20)+`"}}}`).problem(413, "body_too_large")
}

func TestAGoodPhotoPassesAndIsMatched(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	for _, fileFirst := range []bool{true, false} {
		page := map[bool]string{true: "front", false: "back"}[fileFirst]
		body, contentType := form(t, fileFirst, photo(t, map[bool]uint64{true: 1, false: 2}[fileFirst]), "a.JPG", "material", "principal_id", "page", page)
		var m material
		a := b.call("app", "POST", "/v1/filings/"+id+"/materials", body, "Content-Type", contentType).want(201)
		a.into(&m)
		if m.Verdict != filing.VerdictPass || len(m.Findings) != 0 || m.State != filing.MaterialChecked {
			t.Errorf("%s: verdict %s, state %s, findings %s", page, m.Verdict, m.State, m.codes())
		}
		if a.header.Get("Location") != "/v1/materials/"+m.ID || m.Declared.Page != filing.Page(page) || len(m.Matches) == 0 {
			t.Errorf("%s: location %q, declared %v, %d matches", page, a.header.Get("Location"), m.Declared, len(m.Matches))
		}
	}
	var report filing.Report
	b.call("app", "GET", "/v1/filings/"+id+"/report", nil).want(200).into(&report)
	if len(report.Required) == 0 || len(report.Files) != 2 {
		t.Fatalf("%d required, %d files", len(report.Required), len(report.Files))
	}
	for _, m := range report.Required {
		// An individual's three base materials are one ID, uploaded once; Beijing wants a photo of the person holding it.
		if m.Material == "handheld_personal_document" {
			if m.State != filing.MatchMissing {
				t.Errorf("%s is %s", m.Material, m.State)
			}
			continue
		}
		if m.State != filing.MatchSatisfied {
			t.Errorf("%s of %s is %s", m.Material, m.Of, m.State)
		}
	}
}

func TestABadPhotoIsKeptAndToldInChinese(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	var m material
	b.upload("app", id, encode(t, shot(t, 4, 1000, 750), 70), "material", "principal_id", "page", "front").want(201).into(&m)
	if m.Verdict != filing.VerdictFail || m.codes() != "file_too_small" {
		t.Fatalf("verdict %s, findings %s", m.Verdict, m.codes())
	}
	f := m.Findings[0]
	if !strings.Contains(f.Message.ZH, "200") || f.Advice.ZH == "" || f.Measured["bytes"] == nil || f.Limit["min_bytes"] == nil && f.Limit["bytes"] == nil {
		t.Errorf("finding: %+v", f)
	}
	var again material
	b.call("app", "GET", "/v1/materials/"+m.ID, nil).want(200).into(&again)
	if again.codes() != m.codes() || again.State != filing.MaterialChecked {
		t.Errorf("asked again: %s %s", again.State, again.codes())
	}
}

func TestARawBodyIsTakenWithQueryParameters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	for _, contentType := range []string{"image/jpeg", "application/octet-stream", "application/x-www-form-urlencoded", ""} {
		var m material
		b.call("app", "POST", "/v1/filings/"+id+"/materials?material=principal_id&page=front&of=principal", bytes.NewReader(photo(t, 5)),
			"Content-Type", contentType).want(201).into(&m)
		if m.Declared == nil || m.Declared.Of != "principal" || m.Verdict != filing.VerdictPass {
			t.Errorf("%q: declared %v, %s", contentType, m.Declared, m.codes())
		}
	}
	b.call("app", "POST", "/v1/filings/"+id+"/materials", strings.NewReader(`{}`), "Content-Type", "application/json").problem(415, "unsupported_media")
}

func TestBadDeclarationsAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	for name, fields := range map[string][]string{
		"unknown material": {"material", "shoe"}, "unknown page": {"page", "left"},
		"unknown party": {"of", "neighbour"}, "domain without a name": {"of", "domain:"},
	} {
		t.Run(name, func(t *testing.T) {
			b.upload("app", id, photo(t, 6), fields...).problem(422, "invalid_request")
		})
	}
	_, contentType := form(t, false, nil, "x.jpg")
	b.call("app", "POST", "/v1/filings/"+id+"/materials", strings.NewReader("--x--\r\n"), "Content-Type", "multipart/form-data; boundary=x").problem(422, "file_missing")
	b.call("app", "POST", "/v1/filings/"+id+"/materials", strings.NewReader("nothing"), "Content-Type", contentType).problem(422, "file_missing")
	b.call("app", "POST", "/v1/filings/"+id+"/materials", strings.NewReader("x"), "Content-Type", "multipart/form-data").want(400)
}

func TestTheSameKeyIsTheSameUpload(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, p := b.filing("app"), photo(t, 7)
	send := func(p []byte, key string) answer {
		body, contentType := form(t, false, p, "a.jpg", "material", "principal_id", "page", "front")
		return b.call("app", "POST", "/v1/filings/"+id+"/materials", body, "Content-Type", contentType, "Idempotency-Key", key)
	}
	first, second := send(p, "k1").want(201), send(p, "k1").want(201)
	if !bytes.Equal(first.body, second.body) {
		t.Errorf("answers differ:\n%s\n%s", first.body, second.body)
	}
	send(photo(t, 8), "k1").problem(422, "key_reused")
	send(p, strings.Repeat("k", 300)).problem(422, "invalid_request")
	var list struct{ Materials []material }
	b.call("app", "GET", "/v1/filings/"+id+"/materials", nil).want(200).into(&list)
	if len(list.Materials) != 1 {
		t.Errorf("%d materials after one upload sent twice", len(list.Materials))
	}
}

func TestConcurrentEqualUploadsMakeOneMaterial(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, p := b.filing("app"), photo(t, 9)
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() {
			var m material
			b.upload("app", id, p, "material", "principal_id", "page", "front").into(&m)
			ids[i] = m.ID
		})
	}
	wg.Wait()
	for _, got := range ids {
		if got == "" || got != ids[0] {
			t.Fatalf("ids %v", ids)
		}
	}
}

func TestANewerFileReplacesTheOlderOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	var first, second, old material
	b.upload("app", id, photo(t, 10), "material", "principal_id", "page", "front").want(201).into(&first)
	b.upload("app", id, photo(t, 11), "material", "principal_id", "page", "front").want(201).into(&second)
	b.call("app", "GET", "/v1/materials/"+first.ID, nil).want(200).into(&old)
	if old.State != filing.MaterialReplaced || old.ReplacedBy != second.ID {
		t.Errorf("state %s, replaced by %q, want %q", old.State, old.ReplacedBy, second.ID)
	}
}

func TestContentDigestIsHeldAgainstTheWholeBody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, p := b.filing("app"), photo(t, 12)
	digest := func(p []byte) string {
		sum := sha256.Sum256(p)
		return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	}
	path := "/v1/filings/" + id + "/materials"
	b.call("app", "POST", path, bytes.NewReader(p), "Content-Type", "image/jpeg", "Content-Digest", digest(p)).want(201)
	b.call("app", "POST", path, bytes.NewReader(p), "Content-Type", "image/jpeg", "Content-Digest", digest([]byte("other"))).problem(400, "digest_mismatch")
	b.call("app", "POST", path, bytes.NewReader(p), "Content-Type", "image/jpeg", "Content-Digest", "sha-256=:x:").problem(400, "bad_request")
	b.call("app", "POST", path, bytes.NewReader(p), "Content-Type", "image/jpeg", "Content-Digest", "md5=:x:").want(201)
	body, contentType := form(t, true, p, "a.jpg", "material", "principal_id")
	raw, err := io.ReadAll(body)
	ok(t, err)
	b.call("app", "POST", path, bytes.NewReader(raw), "Content-Type", contentType, "Content-Digest", digest(raw)).want(201)
	b.call("app", "POST", path, bytes.NewReader(raw), "Content-Type", contentType, "Content-Digest", digest(p)).problem(400, "digest_mismatch")
}

func TestABodyBeyondTheLimitIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Config, s *server.Config) { p.MaxBody, s.MaxBody = 5<<20, 5<<20 })
	id := b.filing("app")
	path := "/v1/filings/" + id + "/materials"
	big := bytes.Repeat([]byte{0xff}, 6<<20)
	b.call("app", "POST", path, bytes.NewReader(big), "Content-Type", "image/jpeg").problem(413, "body_too_large")
	// Without a length the limit is found while reading.
	b.call("app", "POST", path, io.MultiReader(bytes.NewReader(big)), "Content-Type", "image/jpeg").problem(413, "body_too_large")
	body, contentType := form(t, false, big, "a.jpg")
	b.call("app", "POST", path, io.MultiReader(body), "Content-Type", contentType).problem(413, "body_too_large")
	var list struct{ Materials []material }
	b.call("app", "GET", path, nil).want(200).into(&list)
	if len(list.Materials) != 0 {
		t.Errorf("%d materials were kept", len(list.Materials))
	}
}

func TestAnAsynchronousUploadIsAnsweredAtOnceAndCheckedByItsJob(t *testing.T) {
	t.Parallel()
	b := setup(t)
	worker, err := storage.NewWorker(b.records, storage.WorkerOptions{PollInterval: 20 * time.Millisecond}, b.flow.Work)
	ok(t, err)
	ok(t, worker.Start(context.Background()))
	t.Cleanup(func() { ok(t, worker.Stop(context.Background())) })
	id := b.filing("app")
	body, contentType := form(t, false, photo(t, 13), "a.jpg", "material", "principal_id", "page", "front")
	var m material
	a := b.call("app", "POST", "/v1/filings/"+id+"/materials", body, "Content-Type", contentType, "Prefer", "respond-async").want(202)
	a.into(&m)
	if m.State != filing.MaterialStored || m.Verdict != filing.VerdictReview {
		t.Errorf("state %s, verdict %s", m.State, m.Verdict)
	}
	look := time.NewTicker(25 * time.Millisecond)
	defer look.Stop()
	for range 400 {
		b.call("app", "GET", a.header.Get("Location"), nil).want(200).into(&m)
		if m.State == filing.MaterialChecked {
			break
		}
		<-look.C
	}
	if m.State != filing.MaterialChecked || m.Verdict != filing.VerdictPass {
		t.Errorf("state %s, verdict %s: %s", m.State, m.Verdict, b.log)
	}
}

func TestPicturesAreSentWithETagAndRange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, p := b.filing("app"), photo(t, 14)
	var m material
	b.upload("app", id, p).want(201).into(&m)
	base := "/v1/materials/" + m.ID + "/image"
	a := b.call("app", "GET", base+"?variant=original", nil).want(200)
	if !bytes.Equal(a.body, p) || a.header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(a.header.Get("Cache-Control"), "private") {
		t.Errorf("%d bytes, %v", len(a.body), a.header)
	}
	b.call("app", "GET", base+"?variant=original", nil, "If-None-Match", a.header.Get("ETag")).want(304)
	part := b.call("app", "GET", base+"?variant=original", nil, "Range", "bytes=100-199").want(206)
	if !bytes.Equal(part.body, p[100:200]) {
		t.Error("another range was sent")
	}
	b.call("app", "GET", base+"?variant=original", nil, "Range", fmt.Sprintf("bytes=%d-", len(p))).want(416)
	for _, variant := range []string{"", "?variant=upright", "?variant=thumbnail"} {
		a := b.call("app", "GET", base+variant, nil).want(200)
		img, _, err := image.Decode(bytes.NewReader(a.body))
		ok(t, err)
		if variant == "?variant=thumbnail" && img.Bounds().Dx() != pipeline.ThumbnailSide {
			t.Errorf("thumbnail is %v", img.Bounds())
		}
		b.call("app", "GET", base+variant, nil, "If-None-Match", a.header.Get("ETag")).want(304)
	}
	b.call("app", "GET", base+"?variant=moon", nil).problem(422, "invalid_request")
	b.upload("app", id, []byte("%PDF-1.4 not a picture")).want(201).into(&m)
	b.call("app", "GET", "/v1/materials/"+m.ID+"/image", nil).problem(422, "picture_unreadable")
	pdf := b.call("app", "GET", "/v1/materials/"+m.ID+"/image?variant=original", nil).want(200)
	if pdf.header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("a browser could run %q", pdf.header.Get("Content-Type"))
	}
}

func TestAFileThatIsTooLargeIsShrunkOnRequest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	var m, repaired material
	b.upload("app", id, tooLarge(t), "material", "principal_id", "page", "front").want(201).into(&m)
	if m.codes() != "file_too_large" || m.Findings[0].Repair != "shrink" {
		t.Fatalf("findings %s", m.codes())
	}
	b.json("app", "POST", "/v1/materials/"+m.ID+"/repairs", `{"repair":"shrink"}`).want(201).into(&repaired)
	if repaired.MadeFrom != m.ID || repaired.Bytes >= 4<<20 || repaired.Bytes < 200<<10 || repaired.Verdict != filing.VerdictPass {
		t.Errorf("made from %q, %d bytes, %s", repaired.MadeFrom, repaired.Bytes, repaired.codes())
	}
	b.json("app", "POST", "/v1/materials/"+repaired.ID+"/repairs", `{"repair":"shrink"}`).problem(422, "no_repair")
	b.json("app", "POST", "/v1/materials/"+m.ID+"/repairs", `{"repair":"moon"}`).problem(422, "invalid_request")
}

func TestTheSamePictureInAnotherFilingIsReported(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := photo(t, 16)
	var m material
	first := b.filing("app")
	b.upload("app", first, p, "material", "principal_id", "page", "front").want(201)
	a := b.upload("app", b.filing("app"), p, "material", "principal_id", "page", "front").want(201)
	a.into(&m)
	if m.codes() != "duplicate_image" || m.Verdict != filing.VerdictReview {
		t.Errorf("%s %s", m.Verdict, m.codes())
	}
	if strings.Contains(string(a.body), first) {
		t.Error("the finding tells the other filing's id")
	}
}

func TestWhatIsDeletedIsGoneFromTheStore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	var m material
	b.upload("app", id, photo(t, 17)).want(201).into(&m)
	b.call("app", "GET", "/v1/materials/"+m.ID+"/image?variant=thumbnail", nil).want(200)
	b.call("app", "DELETE", "/v1/filings/"+id, nil, "If-Match", `"9"`).problem(412, "revision_conflict")
	b.call("app", "DELETE", "/v1/filings/"+id, nil).want(204)
	b.call("app", "GET", "/v1/filings/"+id, nil).problem(404, "not_found")
	b.call("app", "GET", "/v1/materials/"+m.ID, nil).problem(404, "not_found")
	for info, err := range b.objects.List(context.Background(), "", "") {
		ok(t, err)
		t.Errorf("object %s is left", info.Key)
	}
}

func TestCheckingKeepsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var r filing.CheckReport
	body, contentType := form(t, true, encode(t, noise(18, 300, 200), 70), "a.png", "material", "principal_id", "page", "front")
	b.call("app", "POST", "/v1/checks", body, "Content-Type", contentType).want(200).into(&r)
	codes := material{MaterialReport: filing.MaterialReport{FileReport: r.Files[0]}}.codes()
	if r.Verdict != filing.VerdictFail || !strings.Contains(codes, "file_too_small") || !strings.Contains(codes, "extension_mismatch") {
		t.Errorf("%s %s", r.Verdict, codes)
	}
	for info, err := range b.objects.List(context.Background(), "", "") {
		ok(t, err)
		t.Errorf("object %s was kept", info.Key)
	}
}

func TestAStalledUploadIsEndedAndKeepsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, func(_ *pipeline.Config, s *server.Config) { s.StallTimeout = 200 * time.Millisecond })
	id := b.filing("app")
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	go func() { _, _ = w.Write(photo(t, 19)[:1000]) }()
	start := time.Now()
	req, err := http.NewRequestWithContext(context.Background(), "POST", b.URL+"/v1/filings/"+id+"/materials", r)
	ok(t, err)
	req.Header.Set("Authorization", "Bearer "+b.tokens["app"])
	resp, err := b.Client().Do(req)
	if err == nil {
		data, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		answer{t, resp.StatusCode, resp.Header, data}.problem(408, "request_timeout")
	}
	if took := time.Since(start); took > server.DefaultConfig().StallTimeout {
		t.Errorf("it took %s", took)
	}
	var list struct{ Materials []material }
	b.call("app", "GET", "/v1/filings/"+id+"/materials", nil).want(200).into(&list)
	if len(list.Materials) != 0 {
		t.Error("half a photo was kept")
	}
}

func TestReadinessAsksTheRealParts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.call("", "GET", "/healthz", nil).want(200)
	a := b.call("", "GET", "/readyz", nil).want(200)
	for _, part := range []string{`"database":"ok"`, `"queue":"ok"`, `"objects":"ok"`, `"measuring":"ok"`, `"models":"ok"`, `"reading":"degraded"`} {
		if !strings.Contains(string(a.body), part) {
			t.Errorf("%s is not asked: %s", part, a.body)
		}
	}
	if a := b.call("", "GET", "/metrics", nil).want(200); !strings.Contains(string(a.body), "preflight_http_request_seconds") {
		t.Error("metrics are missing")
	}
}

func TestNothingPersonalReachesTheLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var f struct{ ID string }
	b.json("app", "POST", "/v1/filings", `{"facts":{"province":"BJ","applicant":{"type":"individual","name":"样本甲"},"principal":{"birth_date":"1901-02-03"}}}`).want(201).into(&f)
	body, contentType := form(t, false, photo(t, 20), "样本甲身份证.jpg", "material", "principal_id", "of", "principal")
	b.call("app", "POST", "/v1/filings/"+f.ID+"/materials", body, "Content-Type", contentType).want(201)
	b.call("app", "GET", "/v1/filings/"+f.ID+"/report", nil).want(200)
	b.call("", "GET", "/v1/filings/样本甲", nil).want(401)
	for _, secret := range []string{"样本甲", "1901-02-03", b.tokens["app"], "%E6%A0%B7"} {
		if strings.Contains(b.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// stricterRules are the embedded rules with another number of days for a domain's validity.
func stricterRules(t *testing.T) *rules.Set {
	t.Helper()
	folder := fstest.MapFS{}
	ok(t, fs.WalkDir(rules.Embedded(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(rules.Embedded(), path)
		if path == "BJ.yaml" {
			text = bytes.Replace(text, []byte("zh: "), []byte("zh: 更严格："), 1)
			text = bytes.Replace(text, []byte("require: handheld_personal_document"), []byte("require: handheld_unit_document"), 1)
			text = bytes.ReplaceAll(text, []byte("[handheld_personal_document@site_manager]"), []byte("[handheld_unit_document@site_manager]"))
		}
		folder[path] = &fstest.MapFile{Data: text}
		return err
	}))
	set, err := rules.Load(folder)
	ok(t, err)
	return set
}

func TestASetOfRulesIsPutInForceAfterADryRunAndRolledBack(t *testing.T) {
	t.Parallel()
	stricter := stricterRules(t)
	b := setupWithRules(t, []*rules.Set{stricter})
	id := b.filing("app")
	requires := func(material string) bool {
		return strings.Contains(string(b.call("app", "GET", "/v1/filings/"+id, nil).want(200).body), material)
	}
	var list struct {
		RuleSets []struct {
			Hash   string
			Active bool
		}
		Activations []struct{ Rules string }
	}
	b.call("app", "GET", "/v1/rulesets", nil).want(200).into(&list)
	if len(list.RuleSets) != 2 || !list.RuleSets[0].Active || list.RuleSets[1].Active || list.RuleSets[1].Hash != stricter.Hash() {
		t.Fatalf("%+v", list)
	}
	first := list.RuleSets[0].Hash
	path := "/v1/rulesets/" + stricter.Hash() + "/activate"
	var change struct {
		Activated bool
		Effect    struct {
			Filings, Changed int
			Examples         []struct {
				Filing         string
				Added, Removed []string
			}
		}
	}
	b.json("reviewer", "POST", path, `{}`).problem(404, "not_found")
	b.json("operator", "POST", "/v1/rulesets/sha256:none/activate", `{}`).problem(404, "not_found")
	b.json("operator", "POST", path, `{"dry_run":true}`).want(200).into(&change)
	if change.Activated || change.Effect.Filings != 1 || change.Effect.Changed != 1 || change.Effect.Examples[0].Filing != id {
		t.Errorf("dry run: %+v", change)
	}
	if !requires("handheld_personal_document") || requires("handheld_unit_document") {
		t.Error("a dry run changed something")
	}
	b.json("operator", "POST", path, `{}`).want(200).into(&change)
	if !change.Activated || change.Effect.Changed != 1 || requires("handheld_personal_document") || !requires("handheld_unit_document") {
		t.Errorf("activated: %+v", change)
	}
	b.call("operator", "POST", "/v1/rulesets/"+first+"/activate", nil).want(200)
	if !requires("handheld_personal_document") {
		t.Error("it was not rolled back")
	}
	b.call("app", "GET", "/v1/rulesets", nil).want(200).into(&list)
	if len(list.Activations) != 2 || list.Activations[0].Rules != first {
		t.Errorf("history: %+v", list.Activations)
	}
}
