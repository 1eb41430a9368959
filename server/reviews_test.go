package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
)

// small is a photo that fails: it is below the limit of size.
func small(t testing.TB) []byte {
	t.Helper()
	return encode(t, noise(77, 300, 200), 60)
}

func (b *bundle) report(as, id string) filing.Report {
	b.t.Helper()
	var r filing.Report
	b.call(as, "GET", "/v1/filings/"+id+"/report", nil).want(200).into(&r)
	return r
}

// The whole way of a filing between an applicant and reviewers, over the API.
func TestAFilingIsHandedInClaimedReturnedMendedAndAccepted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	path := "/v1/filings/" + id
	var m material
	b.upload("app", id, small(t), "material", "principal_id", "page", "front", "of", "principal").want(201).into(&m)

	b.json("app", "POST", path+"/submissions", `{}`).problem(409, "not_ready")
	b.json("reviewer", "POST", path+"/claim", `{}`).problem(409, "filing_state")
	var state filing.ReviewState
	b.json("app", "POST", path+"/submissions", `{"words":"照片是原件，请核对"}`).want(201).into(&state)
	if state.State != "submitted" {
		t.Errorf("handed in: %+v", state)
	}
	b.json("app", "POST", path+"/submissions", `{"words":"again"}`).problem(409, "filing_state")

	var queue pipeline.QueueAnswer
	b.json("reviewer", "POST", "/v1/filings/search", `{"states":["submitted"],"provinces":["BJ"]}`).want(200).into(&queue)
	if len(queue.Filings) != 1 || queue.Filings[0].ID != id || queue.Counts["submitted"] != 1 || queue.Filings[0].Province != "BJ" {
		t.Fatalf("queue %+v", queue)
	}
	b.json("reviewer", "POST", path+"/claim", `{}`).want(200).into(&state)
	if state.ClaimedBy != "reviewer" || state.ClaimedUntil == nil || time.Until(*state.ClaimedUntil) < 10*time.Minute {
		t.Errorf("claimed: %+v", state)
	}
	b.json("operator", "POST", path+"/claim", `{}`).problem(409, "claimed")
	b.json("operator", "POST", path+"/decisions", `{"decision":"accept","words":"x"}`).problem(409, "claimed")

	b.json("reviewer", "POST", path+"/decisions", `{"decision":"accept"}`).problem(422, "reason_needed")
	b.json("reviewer", "POST", path+"/decisions", `{"decision":"return"}`).problem(422, "reason_needed")
	b.json("reviewer", "POST", path+"/decisions", fmt.Sprintf(`{"decision":"return","reasons":[{"material":%q,"code":"no_such_code"}]}`, m.ID)).problem(422, "invalid_request")
	b.json("reviewer", "POST", path+"/decisions", `{"decision":"praise"}`).problem(422, "invalid_request")
	b.json("reviewer", "POST", path+"/decisions", fmt.Sprintf(`{"decision":"return","words":%q}`, strings.Repeat("长", 2001))).problem(422, "invalid_request")
	code := m.Findings[0].Code
	state = filing.ReviewState{}
	b.json("reviewer", "POST", path+"/decisions", fmt.Sprintf(`{"decision":"return","reasons":[{"material":%q,"code":%q}],"words":"请重拍"}`, m.ID, code)).want(201).into(&state)
	if state.State != "returned" || state.ClaimedBy != "" || state.DecidedBy != "reviewer" {
		t.Errorf("returned: %+v", state)
	}

	r := b.report("app", id)
	if r.Review == nil || r.Review.Words != "请重拍" || len(r.Review.Reasons) != 1 || r.Review.Reasons[0].Code != code {
		t.Fatalf("the applicant does not see why: %+v", r.Review)
	}
	b.json("app", "POST", path+"/submissions", `{"words":"改好了"}`).want(201)

	// Nobody accepts what was exchanged a second ago.
	seen := b.report("reviewer", id).Stand
	b.upload("app", id, photo(t, 78), "material", "principal_id", "page", "front", "of", "principal").want(201)
	accept := `{"decision":"accept","words":"其余资料线下核对"}`
	b.json("reviewer", "POST", path+"/decisions", accept, "If-Match", fmt.Sprintf("%q", seen)).problem(412, "seen_changed")
	b.json("reviewer", "POST", path+"/decisions", accept, "If-Match", "no tag").problem(412, "seen_changed")
	seen = b.report("reviewer", id).Stand
	b.json("reviewer", "POST", path+"/decisions", accept, "If-Match", fmt.Sprintf("%q", seen)).want(201)

	b.upload("app", id, photo(t, 79), "material", "principal_id", "page", "front").problem(409, "filing_state")
	b.json("app", "PATCH", path, `{"facts":{"province":"SH"}}`, "If-Match", `"1"`).problem(409, "filing_state")

	var history struct{ Decisions []pipeline.ReviewEvent }
	b.call("app", "GET", path+"/decisions", nil).want(200).into(&history)
	var got []string
	for _, e := range history.Decisions {
		got = append(got, e.Decision+" "+e.By)
	}
	if want := "submit app, return reviewer, submit app, accept reviewer"; strings.Join(got, ", ") != want {
		t.Errorf("history %v", got)
	}
	for _, word := range []string{"请重拍", "改好了"} {
		if strings.Contains(b.log.String(), word) {
			t.Errorf("the log holds what a person wrote: %s", word)
		}
	}
}

func TestAFindingThatIsOverruledStaysInSightAndDoesNotCount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	path := "/v1/filings/" + id
	var m material
	b.upload("app", id, small(t), "material", "principal_id", "page", "front", "of", "principal").want(201).into(&m)
	b.json("app", "POST", path+"/submissions", `{"words":"x"}`).want(201)
	overrule := func(body string) answer { return b.json("reviewer", "POST", path+"/decisions", body) }
	overrule(fmt.Sprintf(`{"decision":"overrule","reasons":[{"material":%q,"code":%q}]}`, m.ID, m.Findings[0].Code)).problem(422, "reason_needed")
	overrule(`{"decision":"overrule","words":"x"}`).problem(422, "invalid_request")
	overrule(`{"decision":"overrule","words":"x","reasons":[{"code":"requirement_missing"}]}`).problem(422, "invalid_request")
	overrule(fmt.Sprintf(`{"decision":"overrule","words":"x","reasons":[{"material":%q,"code":"duplicate_upload"}]}`, m.ID)).problem(422, "invalid_request")
	for _, f := range m.Findings {
		if f.Severity != filing.SeverityInfo {
			overrule(fmt.Sprintf(`{"decision":"overrule","words":"看过原件","reasons":[{"material":%q,"code":%q}]}`, m.ID, f.Code)).want(201)
		}
	}
	r := b.report("app", id)
	if r.Files[0].Verdict != filing.VerdictPass || len(r.Files[0].Findings) != len(m.Findings) {
		t.Fatalf("verdict %s, %d findings", r.Files[0].Verdict, len(r.Files[0].Findings))
	}
	o := r.Files[0].Findings[0].Overruled
	if o == nil || o.By != "reviewer" || o.Words != "看过原件" || r.Review.State != "submitted" {
		t.Errorf("overruled: %+v, %+v", o, r.Review)
	}
	// The next photo is judged anew.
	b.upload("app", id, encode(t, noise(79, 301, 200), 60), "material", "principal_id", "page", "front", "of", "principal").want(201).into(&m)
	for _, f := range b.report("app", id).Files {
		if f.ID == m.ID && (f.Verdict != filing.VerdictFail || f.Findings[0].Overruled != nil) {
			t.Errorf("the next photo: %s, %+v", f.Verdict, f.Findings[0].Overruled)
		}
	}
}

func TestTheQueueIsSearchedByWordsThatNeverStandInAURL(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var ids []string
	for i := range 5 {
		var f struct{ ID string }
		facts := fmt.Sprintf(`{"facts":{"province":"BJ","action":"new","applicant":{"type":"enterprise","name":"样本公司%d SPECIMEN"},"sites":[{"name":"站点%d","domains":[{"name":"specimen%d.example"}]}]}}`, i, i, i)
		b.json("app", "POST", "/v1/filings", facts).want(201).into(&f)
		b.json("app", "POST", "/v1/filings/"+f.ID+"/submissions", `{"words":"x"}`).want(201)
		ids = append(ids, f.ID)
	}
	search := func(as, body string) pipeline.QueueAnswer {
		t.Helper()
		var q pipeline.QueueAnswer
		b.json(as, "POST", "/v1/filings/search", body).want(200).into(&q)
		return q
	}
	for words, want := range map[string]int{"SPECIMEN3.example": 3, "样本公司1": 1, "站点4": 4, ids[2][20:]: 2} {
		if q := search("reviewer", fmt.Sprintf(`{"words":%q}`, words)); len(q.Filings) != 1 || q.Filings[0].ID != ids[want] {
			t.Errorf("%s: %+v", words, q.Filings)
		}
	}
	if q := search("reviewer", `{"words":"nothing like it"}`); len(q.Filings) != 0 || q.Next != "" {
		t.Errorf("what is not there: %+v", q)
	}
	var got []string
	body := `{"limit":2}`
	for range 10 {
		q := search("reviewer", body)
		for _, f := range q.Filings {
			got = append(got, f.ID)
		}
		if q.Next == "" {
			break
		}
		body = fmt.Sprintf(`{"limit":2,"cursor":%q}`, q.Next)
	}
	if strings.Join(got, " ") != strings.Join(ids, " ") {
		t.Errorf("pages %v, want %v", got, ids)
	}
	if q := search("other", `{}`); len(q.Filings) != 0 || len(q.Counts) != 0 {
		t.Errorf("another app sees %+v", q)
	}
	for _, bad := range []string{`{"cursor":"!"}`, `{"cursor":"YQ"}`, `{"states":["open"]}`, `{"provinces":["ZZ"]}`, `{"claimed":"yours"}`, `{"limit":101}`, `{"verdicts":["maybe"]}`} {
		b.json("reviewer", "POST", "/v1/filings/search", bad).problem(http.StatusUnprocessableEntity, "invalid_request")
	}
}
