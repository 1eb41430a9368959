package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/preflight-icp/preflight/storage/storagetest"
)

// readiness is what /readyz says.
func (p *process) readiness() (status int, parts map[string]string) {
	p.t.Helper()
	status, body := p.get("/readyz")
	var answer struct{ Parts map[string]string }
	ok(p.t, json.Unmarshal(body, &answer))
	return status, answer.Parts
}

// The service says which part fails while its database, and then its bucket, is stopped, and is ready again once they are
// back; the worker says the same on its own address.
func TestReadinessNamesTheServerThatIsGone(t *testing.T) {
	t.Parallel()
	var own storagetest.Servers
	t.Cleanup(func() { ok(t, own.Stop()) })
	s3 := own.S3(t)
	f := fleet{flags: []string{"--database", own.Postgres(t), "--store", s3.URL("ready/filings"), "--s3-create-bucket",
		"--s3-access-key", s3.AccessKey, "--s3-secret-key", s3.SecretKey}}
	p, w := serve(t, t.TempDir(), nil, f.flags...), f.work(t)
	for _, c := range []struct {
		stop, start func(testing.TB)
		fails       []string
		works       []string
	}{
		{own.StopPostgres, own.StartPostgres, []string{"database", "queue"}, []string{"objects", "measuring"}},
		{own.StopS3, own.StartS3, []string{"objects"}, []string{"database", "queue", "measuring"}},
	} {
		c.stop(t)
		for _, p := range []*process{p, w} {
			eventually(t, 20*time.Second, "it is not ready", func() bool {
				status, _ := p.readiness()
				return status == http.StatusServiceUnavailable
			})
			start := time.Now()
			_, parts := p.readiness()
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("the answer took %s", took)
			}
			for _, name := range c.fails {
				if parts[name] == "ok" {
					t.Errorf("%s is said to work: %v", name, parts)
				}
			}
			for _, name := range c.works {
				if parts[name] != "ok" {
					t.Errorf("%s is said to fail: %v", name, parts)
				}
			}
		}
		if status, body := p.get("/metrics"); status != http.StatusOK || !bytes.Contains(body, []byte("preflight_database_up ")) {
			t.Errorf("metrics while a server is gone: status %d", status)
		}
		c.start(t)
		for _, p := range []*process{p, w} {
			eventually(t, 30*time.Second, "it is ready again", func() bool {
				status, _ := p.readiness()
				return status == http.StatusOK
			})
		}
	}
	if status, out, errors := call(t, nil, "healthcheck", w.base+"/readyz"); status != exitOK {
		t.Errorf("health check of a worker: status %d: %s %s", status, out, errors)
	}
	// Canaries leave nothing behind.
	left, err := filepath.Glob(filepath.Join(s3.Data, "ready", "filings", "canary", "*"))
	ok(t, err)
	if len(left) > 2 {
		t.Errorf("%d canaries are left in the bucket", len(left))
	}
}

// receiver is an OTLP/HTTP collector that keeps what it is sent.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*spans.Span
	// text is everything that arrived, as JSON.
	text strings.Builder
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		var sent collector.ExportTraceServiceRequest
		if err != nil || q.URL.Path != "/v1/traces" || proto.Unmarshal(body, &sent) != nil {
			http.Error(w, "no traces", http.StatusBadRequest)
			return
		}
		text, err := protojson.Marshal(&sent)
		if err != nil {
			http.Error(w, "no text", http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		_, _ = r.text.Write(text)
		for _, from := range sent.ResourceSpans {
			for _, scope := range from.ScopeSpans {
				r.spans = append(r.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// find returns a span of that name and the names of all above it, from the root down.
func (r *receiver) find(name string) (found *spans.Span, path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	byID := map[string]*spans.Span{}
	for _, s := range r.spans {
		byID[string(s.SpanId)] = s
		if s.Name == name {
			found = s
		}
	}
	if found == nil {
		return nil, ""
	}
	path = found.Name
	for s := byID[string(found.ParentSpanId)]; s != nil; s = byID[string(s.ParentSpanId)] {
		path = s.Name + " > " + path
	}
	return found, path
}

// A caller's trace goes on through the request, the store and the records to the job of another process that measures and
// judges; and neither traces, logs, metrics nor the queue hold anything personal.
func TestATraceGoesFromTheRequestToTheWorkerAndHoldsNothingPersonal(t *testing.T) {
	t.Parallel()
	collected := newReceiver(t)
	f := newFleet(t, "traces")
	verbose := []string{"--traces", collected.URL, "--log-level", "debug", "--log-format", "json"}
	service := serve(t, t.TempDir(), nil, append(append(f.flags, "--jobs", "0"), verbose...)...)
	worker := f.work(t, verbose...)

	const name, number, born, domain, phone = "样本甲测试员", "990101190102030014", "1901-02-03", "specimen-only.example", "19900000000"
	status, body := service.send("POST", "/v1/filings", "application/json", strings.NewReader(`{"facts":{"province":"BJ","action":"new",`+
		`"applicant":{"type":"individual","name":"`+name+`"},"principal":{"birth_date":"`+born+`"},"sites":[{"domains":[{"name":"`+domain+`"}]}]}}`))
	var made struct{ ID string }
	if err := json.Unmarshal(body, &made); err != nil || status != http.StatusCreated {
		t.Fatalf("status %d: %s", status, body)
	}
	picture, err := os.ReadFile(photo(t, t.TempDir(), "a.jpg", 31, 400))
	ok(t, err)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", name+number+".jpg")
	ok(t, err)
	_, err = part.Write(picture)
	ok(t, err)
	ok(t, w.WriteField("material", "domain_certificate"))
	ok(t, w.WriteField("of", "domain:"+domain))
	ok(t, w.Close())
	req, err := http.NewRequestWithContext(t.Context(), "POST", service.base+"/v1/filings/"+made.ID+"/materials?note="+phone, &form)
	ok(t, err)
	const caller = "0af7651916cd43dd8448eb211c80319c"
	for header, value := range map[string]string{
		"Authorization": "Bearer " + service.token, "Content-Type": w.FormDataContentType(), "Prefer": "respond-async", "User-Agent": "app of " + name,
		"Traceparent": "00-" + caller + "-b7ad6b7169203331-01", "Tracestate": "vendor=" + phone, "Baggage": "user=" + number,
	} {
		req.Header.Set(header, value)
	}
	resp, err := http.DefaultClient.Do(req)
	ok(t, err)
	answer, err := io.ReadAll(resp.Body)
	ok(t, err)
	ok(t, resp.Body.Close())
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("status %d: %s", resp.StatusCode, answer)
	}
	// What is refused is logged too.
	service.send("POST", "/v1/filings", "application/json", strings.NewReader(`{"facts":{"principal":{"birth_date":"`+name+`"}}}`))
	service.send("PATCH", "/v1/filings/"+number, "application/json", strings.NewReader(`{"facts":{"`+phone+`":1}}`))
	service.send("POST", "/v1/filings/"+made.ID+"/materials?of="+name+"&material="+number, "image/jpeg", bytes.NewReader(picture[:100]))
	service.get("/v1/materials/" + number + "/image?variant=" + name)

	const upload, job = "POST /v1/filings/:id/materials", "job check_material"
	want := map[string]string{
		"step store":      upload + " > step store",
		"objects put":     upload + " > step store > objects put",
		"step record":     upload + " > step record",
		job:               upload + " > step record > " + job,
		"objects get":     upload + " > step record > " + job + " > ",
		"measure picture": upload + " > step record > " + job + " > measure picture",
		"step judge":      upload + " > step record > " + job + " > step judge",
		"step save":       upload + " > step record > " + job + " > step save",
	}
	for span, path := range want {
		eventually(t, 30*time.Second, span+" has arrived below "+path, func() bool {
			_, got := collected.find(span)
			return strings.HasPrefix(got, path)
		})
		if s, _ := collected.find(span); fmt.Sprintf("%x", s.TraceId) != caller {
			t.Errorf("%s is in the trace %x", span, s.TraceId)
		}
	}
	_, serviceMetrics := service.get("/metrics")
	_, workerMetrics := worker.get("/metrics")
	var queue string
	ok(t, f.open(t).QueryRow("SELECT coalesce(string_agg(j::text, ' '), '') FROM river_job AS j").Scan(&queue))
	service.kill()
	worker.kill()
	if queue == "" || !strings.Contains(queue, caller) {
		t.Errorf("the job does not carry the trace: %s", queue)
	}
	if !strings.Contains(service.log.String(), `"route":"/v1/filings/:id/materials"`) {
		t.Errorf("the log has no lines: %s", service.log)
	}
	for place, text := range map[string]string{
		"traces": collected.text.String(), "the service's log": service.log.String(), "the worker's log": worker.log.String(),
		"the service's metrics": string(serviceMetrics), "the worker's metrics": string(workerMetrics), "the queue": queue,
	} {
		for _, secret := range []string{name, "%E6%A0%B7", `\u6837`, number, born, domain, phone, service.token, f.database, "specimen-secret"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s hold %q", place, secret)
			}
		}
	}
	// A span is about an operation, never about a filing, a file or a key.
	if strings.Contains(collected.text.String(), made.ID) || strings.Contains(collected.text.String(), "objects/") {
		t.Error("traces hold an id or a key")
	}
}

// Every metric that the alert rules and the dashboard name is in /metrics from the start, with the labels that they ask for.
func TestEveryMetricThatIsWatchedExists(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil)
	_, text := p.get("/metrics")
	labels := map[string][]string{} // of a metric, those of all its series
	series := regexp.MustCompile(`(?m)^([a-z][a-z0-9_]*)(?:\{(.*)\})? \S+$`)
	label := regexp.MustCompile(`([a-z_]+)="`)
	for _, m := range series.FindAllStringSubmatch(string(text), -1) {
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			labels[m[1]] = append(labels[m[1]], l[1])
		}
		labels[m[1]] = append(labels[m[1]], "job", "instance") // what Prometheus adds
	}
	watched := 0
	for _, file := range []string{"prometheus/alerts.yaml", "grafana/preflight.json"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "deploy", file))
		ok(t, err)
		if strings.HasSuffix(file, ".json") {
			text = bytes.ReplaceAll(text, []byte(`\"`), []byte(`"`))
		}
		for _, m := range regexp.MustCompile(`\b((?:preflight|process|go)_[a-z0-9_]+)\b(?:\{([^}]*)\})?`).FindAllStringSubmatch(string(text), -1) {
			watched++
			known, found := labels[m[1]]
			if !found {
				t.Errorf("%s: there is no metric %s", file, m[1])
				continue
			}
			for _, l := range regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`).FindAllStringSubmatch(m[2], -1) {
				if !slices.Contains(known, l[1]) {
					t.Errorf("%s: %s has no label %s", file, m[1], l[1])
				}
			}
		}
	}
	if watched < 60 {
		t.Errorf("only %d metrics are watched", watched)
	}
}

// Whatever clients send, the number of series stays what the code can count: ids, paths and made-up methods are no labels.
func TestStrangersCannotMakeSeries(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil)
	count := func() int {
		_, text := p.get("/metrics")
		return bytes.Count(text, []byte("\npreflight_"))
	}
	try := func(i int) {
		p.send(fmt.Sprintf("M%d", i), fmt.Sprintf("/path-%d", i), "", nil)
		p.get(fmt.Sprintf("/v1/filings/%d?q=%d", i, i))
		p.get(fmt.Sprintf("/nothing/%d", i))
		p.send("POST", fmt.Sprintf("/v1/filings/%d/materials?material=m%d", i, i), fmt.Sprintf("image/x%d", i), strings.NewReader("x"))
	}
	try(0)
	count() // the first look is a series of its own
	before := count()
	for i := range 20 {
		try(i + 1)
	}
	if after := count(); after != before {
		t.Errorf("%d series became %d", before, after)
	}
}
