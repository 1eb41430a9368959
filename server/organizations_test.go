package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
)

// inbox is a receiver of messages that tells them apart by the path that they are sent to.
type inbox struct {
	*httptest.Server
	mu       sync.Mutex
	messages map[string][]pushed
}

// pushed is a message, as far as these tests read it.
type pushed struct {
	Type string
	Data struct{ Revalidation, Filing string }
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	box := &inbox{messages: map[string][]pushed{}}
	box.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var m pushed
		if err == nil {
			err = json.Unmarshal(body, &m)
		}
		if err != nil {
			t.Error(err)
		}
		box.mu.Lock()
		defer box.mu.Unlock()
		box.messages[r.URL.Path] = append(box.messages[r.URL.Path], m)
	}))
	t.Cleanup(box.Close)
	return box
}

// told are the messages of a type that came for somebody, as what they are about, sorted.
func (b *inbox) told(whom, messageType string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []string{}
	for _, m := range b.messages[whom] {
		if m.Type == messageType {
			out = append(out, m.Data.Revalidation+" "+m.Data.Filing)
		}
	}
	slices.Sort(out)
	return out
}

// Two organizations on one installation: each operator's pass judges its own filings, what changed is told to the receivers of
// whose filing it is, and neither sees the other's passes, changes, receivers and messages. The house's pass judges all,
// and tells each organization of its own.
func TestTwoOrganizationsAreJudgedAndToldApart(t *testing.T) {
	t.Parallel()
	changed := olderRules(t)
	b := setupWithRules(t, []*rules.Set{changed})
	box := newInbox(t)
	b.deliver()
	b.work()
	const n = 3
	filings := map[string][]string{}
	hooks := map[string]string{}
	for _, whose := range []string{"", "north/"} {
		var w pipeline.Webhook
		b.json(whose+"operator", "POST", "/v1/webhooks", fmt.Sprintf(`{"url":%q}`, box.URL+"/"+whose)).want(201).into(&w)
		hooks[whose] = w.ID
		for range n {
			var f struct{ ID string }
			b.json(whose+"app", "POST", "/v1/filings", `{"facts":{"province":"SC","action":"new","applicant":{"type":"enterprise"},`+
				`"principal":{"birth_date":"1990-01-01"},"site_manager":{"same_as_principal":true}}}`).want(201).into(&f)
			filings[whose] = append(filings[whose], f.ID)
		}
		slices.Sort(filings[whose])
	}
	pass := func(whose, body string) pipeline.Revalidation {
		t.Helper()
		var v pipeline.Revalidation
		b.json(whose+"operator", "POST", "/v1/revalidations", body).want(202).into(&v)
		within(t, "the pass is over", func() bool {
			b.call(whose+"operator", "GET", "/v1/revalidations/"+v.ID, nil).want(200).into(&v)
			return v.Over()
		})
		return v
	}
	changes := func(whose, pass string) []string {
		t.Helper()
		var page struct {
			Changes []pipeline.RevalidationChange
		}
		b.call(whose+"operator", "GET", "/v1/revalidations/"+pass+"/changes?limit=100", nil).want(200).into(&page)
		out := []string{}
		for _, c := range page.Changes {
			out = append(out, c.Filing)
		}
		slices.Sort(out)
		return out
	}
	// told waits for all messages of a pass: they are delivered several at once, in no order.
	told := func(whom, pass string, changed []string) {
		t.Helper()
		want := []string{}
		for _, id := range changed {
			want = append(want, pass+" "+id)
		}
		within(t, whom+" is told that the pass is over", func() bool {
			return slices.Contains(box.told(whom, pipeline.MessageRevalidationFinished), pass+" ")
		})
		within(t, whom+" is told of every change", func() bool { return len(box.told(whom, pipeline.MessageVerdictChanged)) >= len(want) })
		if diff := cmp.Diff(want, box.told(whom, pipeline.MessageVerdictChanged)); diff != "" {
			t.Errorf("%s was told (-want +got):\n%s", whom, diff)
		}
	}

	// North judges its own, by rules that change them all.
	body := fmt.Sprintf(`{"rules":%q}`, changed.Hash())
	theirs := pass("north/", body)
	if theirs.Total != n || theirs.Changed != n || theirs.Organization != "north" {
		t.Errorf("north's pass judged %d and changed %d: %+v", theirs.Total, theirs.Changed, theirs)
	}
	if diff := cmp.Diff(filings["north/"], changes("north/", theirs.ID)); diff != "" {
		t.Errorf("north's pass (-its filings +changed):\n%s", diff)
	}
	told("/north/", theirs.ID, filings["north/"])

	// The house judges all, and each is told of its own only.
	all := pass("", body)
	if all.Total != 2*n {
		t.Errorf("the house's pass judged %d: %+v", all.Total, all)
	}
	told("/", all.ID, filings[""])
	for _, m := range box.told("/north/", pipeline.MessageVerdictChanged) {
		if _, id, _ := strings.Cut(m, " "); !slices.Contains(filings["north/"], id) {
			t.Errorf("north was told of %s", m)
		}
	}
	if finished := box.told("/north/", pipeline.MessageRevalidationFinished); len(finished) != 1 {
		t.Errorf("north was told that passes are over: %v", finished)
	}

	// Many passes of one push no pass of the other out of its list.
	for range 3 {
		b.json("operator", "POST", "/v1/revalidations", `{"dry_run":true,"province":"BJ"}`).want(202)
	}
	if list := string(b.call("north/operator", "GET", "/v1/revalidations?limit=1", nil).want(200).body); !strings.Contains(list, theirs.ID) {
		t.Errorf("north's newest pass is not in its list of one: %s", list)
	}

	// What is another's is not there.
	for _, c := range []struct{ as, hook, pass string }{{"north/operator", hooks[""], all.ID}, {"operator", hooks["north/"], theirs.ID}} {
		for _, path := range []string{
			"/v1/revalidations/" + c.pass, "/v1/revalidations/" + c.pass + "/changes", "/v1/events?revalidation=" + c.pass,
			"/v1/webhooks/" + c.hook, "/v1/webhooks/" + c.hook + "/messages",
		} {
			b.call(c.as, "GET", path, nil).problem(404, "not_found")
		}
		for _, path := range []string{"/v1/revalidations", "/v1/webhooks"} {
			if list := string(b.call(c.as, "GET", path, nil).want(200).body); strings.Contains(list, c.pass) || strings.Contains(list, c.hook) {
				t.Errorf("%s of %s: %s", path, c.as, list)
			}
		}
		b.call(c.as, "POST", "/v1/revalidations/"+c.pass+"/stop", nil).problem(404, "not_found")
		b.call(c.as, "POST", "/v1/webhooks/"+c.hook+"/test", nil).problem(404, "not_found")
	}
}
