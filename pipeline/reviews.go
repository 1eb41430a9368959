package pipeline

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

// Errors of reviewing that a caller decides on.
var (
	// ErrFilingState: the filing is not in a state in which this can be done, such as accepting what nobody handed in.
	ErrFilingState = errors.New("not in this state of the filing")
	// ErrClaimed: another reviewer works on the filing.
	ErrClaimed = errors.New("claimed by another reviewer")
	// ErrNotReady: the filing's verdict is fail; to hand it in all the same takes words.
	ErrNotReady = errors.New("the filing is not complete")
	// ErrReasonNeeded: what was decided goes against what was found, and takes a reason.
	ErrReasonNeeded = errors.New("a reason is needed")
)

// filingStates are the states of a filing, in the order in which it passes them.
var filingStates = []string{storage.FilingOpen, storage.FilingSubmitted, storage.FilingReturned, storage.FilingAccepted}

// MessageDecided tells that a filing was accepted or given back.
const MessageDecided = "filing.decided"

const (
	// claimHold is for how long a claim holds: a filing takes minutes, and who went to lunch should not keep it.
	claimHold = 20 * time.Minute
	// maxWords bounds what a person writes: a page of text.
	maxWords = 2000
	// maxReasons bounds how many reasons a filing is given back with: more than a filing has findings.
	maxReasons = 100
	// SearchMost is how many filings a page of the queue holds at most.
	SearchMost = 100
	// searchScan is how many filings one search for words looks through: facts are kept sealed, so they are opened one by one.
	searchScan = 20_000
	searchPage = 500
)

// ReviewDecision is what a reviewer, or who hands a filing in, says (审核决定).
type ReviewDecision struct {
	// Kind is storage.DecisionAccept, DecisionReturn or DecisionOverrule.
	Kind string
	// Reasons are what is wrong, picked from the findings; Words say it freely.
	Reasons []filing.ReviewReason
	Words   string
	// Seen is the Stand of the report that was looked at; empty: whatever there is.
	Seen string
}

// ReviewEvent is a line of a filing's history (审核记录).
type ReviewEvent struct {
	ID       string                `json:"id"`
	Decision string                `json:"decision" enum:"submit,accept,return,overrule"`
	By       string                `json:"by"`
	At       time.Time             `json:"at"`
	Revision int64                 `json:"revision"`
	Reasons  []filing.ReviewReason `json:"reasons,omitempty"`
	Words    string                `json:"words,omitempty"`
}

// eventDetail is what is kept of an event beside its columns.
type eventDetail struct {
	Reasons []filing.ReviewReason `json:"reasons,omitempty"`
	Words   string                `json:"words,omitempty"`
}

// QueueItem is a filing in the queue (待审备案).
type QueueItem struct {
	ID            string         `json:"id"`
	State         string         `json:"state" enum:"submitted,returned,accepted"`
	Province      string         `json:"province,omitempty"`
	Action        string         `json:"action,omitempty"`
	ApplicantType string         `json:"applicant_type,omitempty"`
	ApplicantName string         `json:"applicant_name,omitempty"`
	Verdict       filing.Verdict `json:"verdict" doc:"What the service said when it was handed in"`
	Revision      int64          `json:"revision"`
	SubmittedAt   time.Time      `json:"submitted_at"`
	WaitingS      int64          `json:"waiting_s" doc:"Seconds since it was handed in; of one that is decided, until then"`
	ClaimedBy     string         `json:"claimed_by,omitempty"`
	ClaimedUntil  *time.Time     `json:"claimed_until,omitempty"`
	DecidedBy     string         `json:"decided_by,omitempty"`
	DecidedAt     *time.Time     `json:"decided_at,omitempty"`
}

// QueueRequest says which filings of the queue are asked for. An empty field asks for all.
type QueueRequest struct {
	States    []string         `json:"states,omitempty"`
	Provinces []string         `json:"provinces,omitempty"`
	Verdicts  []filing.Verdict `json:"verdicts,omitempty"`
	// Claimed is mine, free or empty.
	Claimed string `json:"claimed,omitempty"`
	// Words are looked for in ids, applicants' and sites' names and domains.
	Words  string `json:"words,omitempty"`
	Cursor string `json:"cursor,omitempty"`
	Limit  int    `json:"limit,omitempty"`
}

// QueueAnswer is a page of the queue.
type QueueAnswer struct {
	Filings []QueueItem `json:"filings"`
	// Next continues, where there may be more.
	Next string `json:"next,omitempty" doc:"Send it as cursor for the next page; absent after the last one"`
	// Counts says how many there are in each state, of the provinces and verdicts that were asked for.
	Counts map[string]int `json:"counts"`
}

// Submit hands a filing in: the next that a reviewer of the queue sees. Where its verdict is fail it takes words that say why
// all the same (a finding may be wrong), else it is ErrNotReady. It answers how the filing stands now.
func (p *Pipeline) Submit(ctx context.Context, who Viewer, id, words string) (*filing.ReviewState, error) {
	f, err := p.visible(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if err := checkWords(words); err != nil {
		return nil, err
	}
	report, err := p.reportOf(ctx, f)
	if err != nil {
		return nil, err
	}
	if report.Verdict == filing.VerdictFail && strings.TrimSpace(words) == "" {
		return nil, ErrNotReady
	}
	facts, err := keptFacts(f)
	if err != nil {
		return nil, err
	}
	detail, err := json.Marshal(eventDetail{Words: strings.TrimSpace(words)})
	if err != nil {
		return nil, fmt.Errorf("print a decision: %w", err)
	}
	w, err := p.Records.Submit(ctx, storage.Decision{FilingID: f.ID, By: who.Name, Revision: f.Revision, Detail: detail},
		facts.Text(filing.FactProvince), report.Verdict)
	if err != nil {
		return nil, recordFailure(err)
	}
	return reviewState(&w, p.Now()), nil
}

func checkWords(words string) error {
	if utf8.RuneCountInString(words) > maxWords {
		return &RequestError{Field: "words", Problem: filing.Text{ZH: fmt.Sprintf("最多 %d 个字", maxWords), EN: fmt.Sprintf("at most %d characters", maxWords)}}
	}
	return nil
}

// Claim makes a filing the viewer's for a while, so that two reviewers do not judge it.
func (p *Pipeline) Claim(ctx context.Context, who Viewer, id string) (*filing.ReviewState, error) {
	if _, err := p.visible(ctx, who, id); err != nil {
		return nil, err
	}
	w, err := p.Records.Claim(ctx, id, who.Name, claimHold)
	if err != nil {
		return nil, recordFailure(err)
	}
	return reviewState(&w, p.Now()), nil
}

// Release gives the viewer's claim up.
func (p *Pipeline) Release(ctx context.Context, who Viewer, id string) error {
	if _, err := p.visible(ctx, who, id); err != nil {
		return err
	}
	return recordFailure(p.Records.Release(ctx, id, who.Name))
}

// Next claims the filing that waits longest and that nobody has claimed, of those asked for; nil where none waits.
func (p *Pipeline) Next(ctx context.Context, who Viewer, q QueueRequest) (*filing.ReviewState, string, error) {
	filter, err := queueFilter(who, q)
	if err != nil {
		return nil, "", err
	}
	filter.States, filter.Free, filter.ClaimedBy = []string{storage.FilingSubmitted}, true, ""
	for {
		const some = 10 // another may take the first of them
		page, err := p.Records.Queue(ctx, filter, some)
		if err != nil || len(page) == 0 {
			return nil, "", err
		}
		for i := range page {
			w, err := p.Records.Claim(ctx, page[i].Filing.ID, who.Name, claimHold)
			switch {
			case err == nil:
				return reviewState(&w, p.Now()), w.FilingID, nil
			case !errors.Is(err, storage.ErrClaimed) && !errors.Is(err, storage.ErrFilingState) && !errors.Is(err, storage.ErrNotFound):
				return nil, "", err
			}
			filter.After = storage.QueuePlace{SubmittedAt: page[i].Review.SubmittedAt, FilingID: page[i].Review.FilingID}
		}
	}
}

// Decide writes what a reviewer decides. To give a filing back, and to accept one whose verdict is fail, takes a reason or
// words; to overrule a finding takes the finding and words.
func (p *Pipeline) Decide(ctx context.Context, who Viewer, id string, d ReviewDecision) (*filing.ReviewState, error) {
	f, err := p.visible(ctx, who, id)
	if err != nil {
		return nil, err
	}
	d.Words = strings.TrimSpace(d.Words)
	if err := checkWords(d.Words); err != nil {
		return nil, err
	}
	if len(d.Reasons) > maxReasons {
		return nil, &RequestError{Field: "reasons", Problem: filing.Text{ZH: fmt.Sprintf("最多 %d 条", maxReasons), EN: fmt.Sprintf("at most %d", maxReasons)}}
	}
	report, err := p.reportOf(ctx, f)
	if err != nil {
		return nil, err
	}
	for i, r := range d.Reasons {
		if !reportHas(report, r) {
			return nil, &RequestError{Field: fmt.Sprintf("reasons[%d]", i), Problem: filing.Text{ZH: "备案中没有这个问题", EN: "the filing has no such finding"}}
		}
	}
	switch d.Kind {
	case storage.DecisionOverrule:
		if len(d.Reasons) != 1 || d.Reasons[0].Material == "" {
			return nil, &RequestError{Field: "reasons", Problem: filing.Text{ZH: "请指出一个文件的一个问题", EN: "name one finding of one file"}}
		}
		if d.Words == "" {
			return nil, ErrReasonNeeded
		}
	case storage.DecisionReturn:
		if d.Words == "" && len(d.Reasons) == 0 {
			return nil, ErrReasonNeeded
		}
	case storage.DecisionAccept:
		if report.Verdict == filing.VerdictFail && d.Words == "" {
			return nil, ErrReasonNeeded
		}
	default:
		return nil, &RequestError{Field: "decision", Allowed: []string{storage.DecisionAccept, storage.DecisionReturn, storage.DecisionOverrule}, Problem: filing.Text{ZH: "没有这种决定", EN: "there is no such decision"}}
	}
	detail, err := json.Marshal(eventDetail{Reasons: d.Reasons, Words: d.Words})
	if err != nil {
		return nil, fmt.Errorf("print a decision: %w", err)
	}
	w, err := p.Records.Decide(ctx, storage.Decision{FilingID: f.ID, Kind: d.Kind, By: who.Name, Detail: detail}, d.Seen, p.decidedNotices(f, d))
	if err != nil {
		return nil, recordFailure(err)
	}
	return reviewState(&w, p.Now()), nil
}

// decided is the data of MessageDecided: codes, no words.
type decided struct {
	Filing   string                `json:"filing"`
	Decision string                `json:"decision"`
	Reasons  []filing.ReviewReason `json:"reasons"`
}

func (p *Pipeline) decidedNotices(f *storage.Filing, d ReviewDecision) func() ([]storage.Notice, error) {
	if d.Kind == storage.DecisionOverrule {
		return nil
	}
	return func() ([]storage.Notice, error) {
		n, err := noticeOf(MessageDecided, f.ID, p.Now(), decided{Filing: f.ID, Decision: d.Kind, Reasons: slices.Concat([]filing.ReviewReason{}, d.Reasons)})
		n.Organization = f.Organization
		return []storage.Notice{n}, err
	}
}

// reportHas reports whether a report holds the finding that a reason names.
func reportHas(r *filing.Report, reason filing.ReviewReason) bool {
	has := func(list []filing.Finding) bool {
		return slices.ContainsFunc(list, func(f filing.Finding) bool { return f.Code == reason.Code })
	}
	if reason.Material != "" {
		i := slices.IndexFunc(r.Files, func(m filing.MaterialReport) bool { return m.ID == reason.Material })
		return i >= 0 && has(r.Files[i].Findings)
	}
	if reason.Requirement != "" {
		return slices.ContainsFunc(r.Required, func(m filing.Match) bool {
			return (m.Material == reason.Requirement || slices.Contains(m.AnyOf, reason.Requirement)) && has(m.Findings)
		})
	}
	return has(r.Findings) || slices.ContainsFunc(r.Blockers, func(b filing.Requirement) bool { return b.Code == reason.Code })
}

// History is what was decided on a filing, oldest first.
func (p *Pipeline) History(ctx context.Context, who Viewer, id string) ([]ReviewEvent, error) {
	if _, err := p.visible(ctx, who, id); err != nil {
		return nil, err
	}
	rows, err := p.Records.Decisions(ctx, id)
	if err != nil {
		return nil, recordFailure(err)
	}
	return eventsOf(rows)
}

func eventsOf(rows []storage.Decision) ([]ReviewEvent, error) {
	out := make([]ReviewEvent, 0, len(rows))
	for _, row := range rows {
		e := ReviewEvent{ID: row.ID, Decision: row.Kind, By: row.By, At: row.At, Revision: row.Revision}
		var detail eventDetail
		if len(row.Detail) > 0 {
			if err := json.Unmarshal(row.Detail, &detail); err != nil {
				return nil, fmt.Errorf("decision %s as kept: %w", row.ID, err)
			}
		}
		e.Reasons, e.Words = detail.Reasons, detail.Words
		out = append(out, e)
	}
	return out, nil
}

// reviewOf is how a filing stands with the reviewers; nil where it was never handed in.
func (p *Pipeline) reviewOf(ctx context.Context, f *storage.Filing) (*filing.ReviewState, []ReviewEvent, error) {
	if f.State == storage.FilingOpen {
		return nil, nil, nil
	}
	w, err := p.Records.Review(ctx, f.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, recordFailure(err)
	}
	rows, err := p.Records.Decisions(ctx, f.ID)
	if err != nil {
		return nil, nil, recordFailure(err)
	}
	events, err := eventsOf(rows)
	if err != nil {
		return nil, nil, err
	}
	state := reviewState(&w, p.Now())
	if w.State == storage.FilingReturned {
		for _, e := range events { // the last one holds
			if e.Decision == storage.DecisionReturn {
				state.Words, state.Reasons = e.Words, e.Reasons
			}
		}
	}
	return state, events, nil
}

func reviewState(w *storage.Review, at time.Time) *filing.ReviewState {
	s := &filing.ReviewState{State: w.State, SubmittedAt: w.SubmittedAt.UTC(), DecidedBy: w.DecidedBy, DecidedAt: w.DecidedAt}
	if w.ClaimedUntil != nil && at.Before(*w.ClaimedUntil) {
		s.ClaimedBy, s.ClaimedUntil = w.ClaimedBy, w.ClaimedUntil
	}
	return s
}

// overrule marks the findings that reviewers overruled (人工推翻), and judges each file by the others. A finding is overruled of one
// file: what is uploaded in its place is judged anew.
func overrule(files []filing.MaterialReport, events []ReviewEvent) {
	for _, e := range events {
		if e.Decision != storage.DecisionOverrule || len(e.Reasons) == 0 {
			continue
		}
		i := slices.IndexFunc(files, func(m filing.MaterialReport) bool { return m.ID == e.Reasons[0].Material })
		if i < 0 {
			continue
		}
		m := &files[i]
		for j := range m.Findings {
			if m.Findings[j].Code == e.Reasons[0].Code {
				m.Findings[j].Overruled = &filing.Overruling{By: e.By, At: e.At, Words: e.Words}
			}
		}
		if m.State != filing.MaterialStored {
			m.Verdict = filing.VerdictOf(m.Findings)
		}
	}
}

// Queue is a page of the filings that were handed in, those that wait longest first.
func (p *Pipeline) Queue(ctx context.Context, who Viewer, q QueueRequest) (*QueueAnswer, error) {
	filter, err := queueFilter(who, q)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(q.Limit, searchDefault)
	out := &QueueAnswer{Filings: []QueueItem{}}
	if out.Counts, err = p.Records.CountQueue(ctx, filter); err != nil {
		return nil, err
	}
	words, looked := strings.ToLower(strings.TrimSpace(q.Words)), 0
	for {
		take := limit - len(out.Filings)
		if words != "" {
			take = searchPage
		}
		page, err := p.Records.Queue(ctx, filter, take)
		if err != nil {
			return nil, err
		}
		for i := range page {
			looked++
			item, hit, err := p.queueItem(&page[i], words)
			if err != nil {
				return nil, err
			}
			filter.After = storage.QueuePlace{SubmittedAt: page[i].Review.SubmittedAt, FilingID: page[i].Review.FilingID}
			if !hit {
				continue
			}
			if out.Filings = append(out.Filings, item); len(out.Filings) == limit {
				break
			}
		}
		if len(page) < take && len(out.Filings) < limit {
			return out, nil
		}
		if len(out.Filings) == limit || looked >= searchScan {
			out.Next = cursorOf(filter.After)
			return out, nil
		}
	}
}

const searchDefault = 50

// queueItem arranges a filing of the queue, and says whether it holds the words.
func (p *Pipeline) queueItem(q *storage.Queued, words string) (QueueItem, bool, error) {
	facts, err := keptFacts(&q.Filing)
	if err != nil {
		return QueueItem{}, false, err
	}
	state := reviewState(&q.Review, p.Now())
	until := p.Now()
	if q.Review.State != storage.FilingSubmitted && q.Review.DecidedAt != nil {
		until = *q.Review.DecidedAt
	}
	item := QueueItem{
		ID: q.Filing.ID, State: q.Review.State, Province: q.Review.Province, Action: facts.Text(filing.FactAction),
		ApplicantType: facts.Text(filing.FactApplicantType), ApplicantName: facts.Text(filing.FactApplicantName), Verdict: q.Review.Verdict,
		Revision: q.Filing.Revision, SubmittedAt: state.SubmittedAt, WaitingS: int64(until.Sub(q.Review.SubmittedAt) / time.Second),
		ClaimedBy: state.ClaimedBy, ClaimedUntil: state.ClaimedUntil, DecidedBy: state.DecidedBy, DecidedAt: state.DecidedAt,
	}
	if words == "" {
		return item, true, nil
	}
	hit := func(s string) bool { return strings.Contains(strings.ToLower(s), words) }
	if hit(item.ID) || hit(item.ApplicantName) {
		return item, true, nil
	}
	sites, _ := facts.Len(filing.ListSites, 0)
	for s := range sites {
		if hit(facts.TextAt(filing.Ref{Fact: filing.FactSiteName, Site: int32(s)})) {
			return item, true, nil
		}
		domains, _ := facts.Len(filing.ListDomains, s)
		for d := range domains {
			if hit(facts.TextAt(filing.Ref{Fact: filing.FactDomainName, Site: int32(s), Item: int32(d)})) {
				return item, true, nil
			}
		}
	}
	return item, false, nil
}

// queueFilter checks a request. Who does not see every filing sees its own.
func queueFilter(who Viewer, q QueueRequest) (storage.QueueFilter, error) {
	filter := storage.QueueFilter{Organization: who.Organization, States: q.States, Provinces: q.Provinces, Verdicts: q.Verdicts}
	if !who.All {
		filter.Owner = who.Name
	}
	states := filingStates[1:]
	for _, s := range q.States {
		if !slices.Contains(states, s) {
			return filter, &RequestError{Field: "states", Allowed: states, Problem: filing.Text{ZH: "没有这种状态", EN: "there is no such state"}}
		}
	}
	for _, province := range q.Provinces {
		if !slices.Contains(filing.Provinces(), province) {
			return filter, &RequestError{Field: "provinces", Allowed: filing.Provinces(), Problem: filing.Text{ZH: "没有这个省份代码", EN: "there is no such province"}}
		}
	}
	verdicts := []filing.Verdict{filing.VerdictPass, filing.VerdictReview, filing.VerdictFail}
	for _, v := range q.Verdicts {
		if !slices.Contains(verdicts, v) {
			return filter, &RequestError{Field: "verdicts", Allowed: []string{"pass", "review", "fail"}, Problem: filing.Text{ZH: "没有这种结论", EN: "there is no such verdict"}}
		}
	}
	switch q.Claimed {
	case "":
	case "mine":
		filter.ClaimedBy = who.Name
	case "free":
		filter.Free = true
	default:
		return filter, &RequestError{Field: "claimed", Allowed: []string{"mine", "free"}, Problem: filing.Text{ZH: "只能是 mine 或 free", EN: "mine or free"}}
	}
	if q.Limit < 0 || q.Limit > SearchMost {
		return filter, &RequestError{Field: "limit", Problem: filing.Text{ZH: fmt.Sprintf("1 到 %d", SearchMost), EN: fmt.Sprintf("1 to %d", SearchMost)}}
	}
	if q.Cursor != "" {
		place, ok := placeOf(q.Cursor)
		if !ok {
			return filter, &RequestError{Field: "cursor", Problem: filing.Text{ZH: "不是上一页给出的值", EN: "not a value that a page gave"}}
		}
		filter.After = place
	}
	return filter, nil
}

// cursorOf and placeOf write and read a place in the queue. It holds a time and an id and nothing to hide.
func cursorOf(place storage.QueuePlace) string {
	return base64.RawURLEncoding.EncodeToString([]byte(place.SubmittedAt.UTC().Format(time.RFC3339Nano) + " " + place.FilingID))
}

func placeOf(cursor string) (storage.QueuePlace, bool) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(text) > 100 {
		return storage.QueuePlace{}, false
	}
	at, id, ok := strings.Cut(string(text), " ")
	if !ok {
		return storage.QueuePlace{}, false
	}
	when, err := time.Parse(time.RFC3339Nano, at)
	if err != nil || when.IsZero() {
		return storage.QueuePlace{}, false
	}
	return storage.QueuePlace{SubmittedAt: when, FilingID: id}, true
}
