package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/storage"
)

// A file that nobody checks is seen in the queue, by the command line and by the API; its job is cancelled, and tried again.
func TestTheQueueIsSeenAndChangedFromOutside(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := serve(t, data, nil, "--jobs", "0")
	file, err := p.uploadAsync(p.filing(), 1, thumbnailSized(t, 7))
	ok(t, err)
	jobs := func(text string) []storage.Job {
		t.Helper()
		var list struct{ Jobs []storage.Job }
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		return list.Jobs
	}
	status, body := p.get("/v1/jobs?state=available")
	list := jobs(string(body))
	if status != http.StatusOK || len(list) != 1 || list[0].MaterialID != file {
		t.Fatalf("status %d: %s", status, body)
	}
	id := fmt.Sprint(list[0].ID)
	if status, body := p.send("POST", "/v1/jobs/"+id+"/cancel", "", nil); status != http.StatusOK || !strings.Contains(string(body), `"cancelled"`) {
		t.Errorf("cancel: status %d: %s", status, body)
	}
	if status, out, errors := call(t, nil, "jobs", "--data", data, "--state", "cancelled", "--json"); status != exitOK || len(jobs(out)) != 1 {
		t.Errorf("list: status %d: %s %s", status, out, errors)
	}
	if status, out, errors := call(t, nil, "jobs", "retry", id, "--data", data); status != exitOK || !strings.Contains(out, id+"\tavailable\tcheck_material\t"+file) {
		t.Errorf("retry: status %d: %s %s", status, out, errors)
	}
	if status, out, errors := call(t, nil, "jobs", "cancel", id, "--data", data); status != exitOK || !strings.Contains(out, "cancelled") {
		t.Errorf("cancel: status %d: %s %s", status, out, errors)
	}
	if status, body := p.send("POST", "/v1/jobs/"+id+"/retry", "", nil); status != http.StatusOK || !strings.Contains(string(body), `"available"`) {
		t.Errorf("retry: status %d: %s", status, body)
	}
	for name, args := range map[string][]string{
		"a job that is not": {"jobs", "cancel", "4711"}, "no number": {"jobs", "retry", "x"}, "a state that is not": {"jobs", "--state", "lost"},
		"a page of none": {"jobs", "--limit", "0"},
	} {
		if status, out, errors := call(t, nil, append(args, "--data", data)...); status != exitUsage || out != "" {
			t.Errorf("%s: status %d: %s %s", name, status, out, errors)
		}
	}
	if status, body := p.send("POST", "/v1/jobs/4711/cancel", "", nil); status != http.StatusNotFound {
		t.Errorf("a job that is not: status %d: %s", status, body)
	}
}
