package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
)

// listen opens a stream and reads what comes until ctx ends or the stream does.
func (b *bundle) listen(ctx context.Context, as, path string) answer {
	b.t.Helper()
	resp := b.open(ctx, as, path)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil && ctx.Err() == nil {
		b.t.Fatal(err)
	}
	return answer{t: b.t, status: resp.StatusCode, header: resp.Header, body: body}
}

// open asks for a stream and returns once it begins; the caller closes it.
func (b *bundle) open(ctx context.Context, as, path string) *http.Response {
	b.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+path, nil)
	ok(b.t, err)
	if as != "" {
		req.Header.Set("Authorization", "Bearer "+b.tokens[as])
	}
	resp, err := b.Client().Do(req)
	ok(b.t, err)
	return resp
}

// work makes passes in the background, as a process that works jobs does.
func (b *bundle) work() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.flow.WorkRevalidations(ctx)
	}()
	b.t.Cleanup(func() {
		cancel()
		<-done
	})
}

// olderRules asks for persons in charge of 55 in Sichuan.
func olderRules(t *testing.T) *rules.Set {
	t.Helper()
	folder := fstest.MapFS{}
	ok(t, fs.WalkDir(rules.Embedded(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(rules.Embedded(), path)
		if path == "SC.yaml" {
			text = bytes.ReplaceAll(text, []byte("younger_than: 18 years"), []byte("younger_than: 55 years"))
		}
		folder[path] = &fstest.MapFile{Data: text}
		return err
	}))
	set, err := rules.Load(folder)
	ok(t, err)
	return set
}

func TestARevalidationIsRequestedFollowedAndRead(t *testing.T) {
	t.Parallel()
	changed := olderRules(t)
	b := setupWithRules(t, []*rules.Set{changed})
	const n = 12
	for i := range n {
		province := "SC"
		if i%3 == 0 {
			province = "BJ"
		}
		b.json("app", "POST", "/v1/filings", fmt.Sprintf(`{"facts":{"province":%q,"action":"new","applicant":{"type":"enterprise"},`+
			`"principal":{"birth_date":"1990-01-01"},"site_manager":{"same_as_principal":true}}}`, province)).want(201)
	}
	var started pipeline.Revalidation
	a := b.json("operator", "POST", "/v1/revalidations", fmt.Sprintf(`{"rules":%q,"dry_run":true}`, changed.Hash())).want(202)
	a.into(&started)
	if a.header.Get("Location") != "/v1/revalidations/"+started.ID || started.Total != n || started.State != "running" {
		t.Fatalf("started %+v at %s", started, a.header.Get("Location"))
	}
	b.work()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	stream := b.listen(ctx, "operator", "/v1/events?revalidation="+started.ID).want(200)
	var last struct {
		State   string
		Seen    int64
		Changed int64
	}
	lines := bufio.NewScanner(strings.NewReader(string(stream.body)))
	for lines.Scan() {
		if data, found := strings.CutPrefix(lines.Text(), "data: "); found {
			ok(t, json.Unmarshal([]byte(data), &last))
		}
	}
	if last.State != "done" || last.Seen != n || last.Changed != 8 {
		t.Fatalf("the last event is %+v of %s", last, stream.body)
	}
	var v pipeline.Revalidation
	b.call("operator", "GET", "/v1/revalidations/"+started.ID, nil).want(200).into(&v)
	if v.Changed != 8 || len(v.Provinces) != 1 || v.Provinces[0].Name != "SC" || len(v.Provinces[0].Examples) != 3 ||
		len(v.Clauses) == 0 || v.Clauses[0].Name != "SC.enterprise.key.3" || v.FinishedAt == nil {
		t.Errorf("summary %+v", v)
	}

	var page struct {
		Changes []pipeline.RevalidationChange
		Next    string
	}
	seen := map[string]bool{}
	for after := ""; ; after = page.Next {
		page.Next = ""
		b.call("operator", "GET", "/v1/revalidations/"+started.ID+"/changes?limit=3&after="+after, nil).want(200).into(&page)
		for _, c := range page.Changes {
			seen[c.Filing] = true
			if c.Province != "SC" || c.After != "fail" || len(c.Added) == 0 || c.Added[0].Code != "minor_not_accepted" || len(c.Files) != 0 {
				t.Errorf("change %+v", c)
			}
		}
		if page.Next == "" {
			break
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d changes in pages", len(seen))
	}
	b.call("operator", "GET", "/v1/revalidations/"+started.ID+"/changes?province=BJ", nil).want(200).into(&page)
	if len(page.Changes) != 0 {
		t.Errorf("BJ: %+v", page.Changes)
	}
	csv := b.call("operator", "GET", "/v1/revalidations/"+started.ID+"/changes?format=csv&clause=SC.enterprise.key.3", nil).want(200)
	if rows := strings.Count(string(csv.body), "\n"); rows != 17 || !strings.HasPrefix(csv.header.Get("Content-Type"), "text/csv") ||
		!strings.Contains(string(csv.body), ",SC,fail,fail,added,blocker,minor_not_accepted,principal,,SC.enterprise.key.3\n") {
		t.Errorf("csv of %d lines: %s", rows, csv.body)
	}
	jsonl := b.call("operator", "GET", "/v1/revalidations/"+started.ID+"/changes?format=jsonl", nil).want(200)
	if rows := strings.Count(string(jsonl.body), "\n"); rows != 8 {
		t.Errorf("jsonl of %d lines: %s", rows, jsonl.body)
	}
	b.call("operator", "POST", "/v1/revalidations/"+started.ID+"/stop", nil).problem(409, "revalidation_over")
}

func TestARevalidationThatCannotBeIsRefusedByItsField(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for body, field := range map[string]string{
		`{"rules":"sha256:none"}`: "rules", `{"province":"ZZ"}`: "province", `{"state":"lost"}`: "state", `{"as_of":"2020-02-30"}`: "as_of",
	} {
		a := b.json("operator", "POST", "/v1/revalidations", body)
		a.problem(422, "invalid_request")
		if !strings.Contains(string(a.body), field) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	b.call("operator", "GET", "/v1/revalidations/01976a3c-5f0e-7c3a-9d5f-000000000000", nil).problem(404, "not_found")
	b.call("operator", "GET", "/v1/revalidations/01976a3c-5f0e-7c3a-9d5f-000000000000/changes?format=csv", nil).problem(404, "not_found")
	b.call("operator", "GET", "/v1/events?revalidation=none", nil).problem(404, "not_found")
}

// The page shows an operator what changes, by province, clause and material, with the filings; nobody else sees it.
func TestThePagesShowWhatChanges(t *testing.T) {
	t.Parallel()
	changed := olderRules(t)
	b := setupWithRules(t, []*rules.Set{changed})
	const n = 60
	for i := range n {
		province := "SC"
		if i%3 == 0 {
			province = "BJ"
		}
		b.json("app", "POST", "/v1/filings", fmt.Sprintf(`{"facts":{"province":%q,"action":"new","applicant":{"type":"enterprise"},`+
			`"principal":{"birth_date":"1990-01-01"},"site_manager":{"same_as_principal":true}}}`, province)).want(201)
	}
	form := func(path, body string) answer {
		t.Helper()
		return b.page("operator", "POST", path, []byte(body), "Content-Type", formType)
	}
	started := form("/revalidations", "rules="+changed.Hash()+"&province=&as_of=&dry_run=true").want(303).header.Get("Location")
	page := string(b.page("operator", "GET", started, nil, "Accept-Language", "en").want(200).body)
	for _, want := range []string{"data-revalidation=", "Running", `http-equiv="refresh"`, started + "/stop"} {
		if !strings.Contains(page, want) {
			t.Errorf("while it runs %q is not on the page: %s", want, page)
		}
	}
	form(started+"/stop", "").want(303)
	form(started+"/stop", "").want(303)
	if page := string(b.page("operator", "GET", started, nil).want(200).body); !strings.Contains(page, started+"/resume") {
		t.Errorf("one that was stopped cannot be resumed: %s", page)
	}
	form(started+"/resume", "").want(303)
	b.work()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	b.listen(ctx, "operator", "/v1/events?revalidation="+strings.TrimPrefix(started, "/revalidations/")).want(200)
	a := b.page("operator", "GET", started, nil, "Accept-Language", "en").want(200)
	page = string(a.body)
	for _, want := range []string{"Sichuan", "SC.enterprise.key", "40", "No person in charge may be under 18", "format=csv", "#which", "A person in charge is under 18"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page: %s", want, page)
		}
	}
	for _, never := range []string{"data-revalidation=", "Beijing</a>", "<script>", " style=", " onclick=", "http-equiv"} {
		if strings.Contains(page, never) {
			t.Errorf("%q is on the page", never)
		}
	}
	if policy := a.header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	if page := string(b.page("operator", "GET", started, nil, "Accept-Language", "zh-CN").want(200).body); !strings.Contains(page, "四川") || !strings.Contains(page, "哪些备案") {
		t.Error("it is not in Chinese")
	}
	// Page by page every filing that changes, each once.
	seen := map[string]bool{}
	for next := started + "?province=SC"; next != ""; {
		body := string(b.page("operator", "GET", next, nil).want(200).body)
		_, list, _ := strings.Cut(body, `id="which"`)
		for _, part := range strings.Split(list, `<article class="change">`)[1:] {
			_, id, _ := strings.Cut(part, `href="/filings/`)
			id, _, _ = strings.Cut(id, `"`)
			if seen[id] {
				t.Errorf("%s is listed twice", id)
			}
			seen[id] = true
		}
		_, next, _ = strings.Cut(list, `<a class="button" href="`)
		next, _, _ = strings.Cut(next, `"`)
		next = strings.ReplaceAll(next, "&amp;", "&")
	}
	if len(seen) != 2*n/3 {
		t.Errorf("%d filings are listed, want %d", len(seen), 2*n/3)
	}
	if page := string(b.page("operator", "GET", started+"?province=BJ", nil, "Accept-Language", "en").want(200).body); !strings.Contains(page, "None.") {
		t.Error("filings of Beijing are listed")
	}
	if page := string(b.page("operator", "GET", "/revalidations", nil).want(200).body); !strings.Contains(page, started) {
		t.Error("the pass is not listed")
	}
	csv := string(b.page("operator", "GET", "/v1"+started+"/changes?format=csv", nil).want(200).body)
	if strings.Count(csv, "SC") < 40 {
		t.Errorf("the table that the page links to: %s", csv)
	}
	form("/revalidations", "rules=sha256:unknown").want(422)
	form("/revalidations", "as_of=2026-02-30").want(422)
	for _, path := range []string{"/revalidations", started} {
		b.page("app", "GET", path, nil).want(404)
		b.page("reviewer", "GET", path, nil).want(404)
		b.call("", "GET", path, nil).want(401)
	}
	b.page("operator", "GET", "/revalidations/unknown", nil).want(404)
	b.page("operator", "POST", "/revalidations", []byte("dry_run=true"), "Content-Type", formType, "Origin", "https://elsewhere.example").want(404)
	if page := string(b.page("app", "GET", "/", nil).want(200).body); strings.Contains(page, "/revalidations") {
		t.Error("an app is shown the way to what it may not see")
	}
}
