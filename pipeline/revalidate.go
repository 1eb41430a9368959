package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
)

// RevalidationRequest says which stored filings are judged again, and by what. The zero request judges all of them by the
// rules in force, today.
type RevalidationRequest struct {
	// Rules is the hash of a loaded set; empty means the one in force.
	Rules string
	// AsOf is the day that is judged, of every filing, in place of the one that its facts name or of today; nil leaves those.
	AsOf *filing.Date
	// Province and State narrow the filings, and Since to those opened at that time or later.
	Province, State string
	Since           *time.Time
	// Remeasure measures files again that another version of the analyzer measured, and reads those that are to be read and that no
	// reader, or another version of it, has read: the only part that touches a pixel.
	Remeasure bool
	// DryRun predicts: nothing is written but the pass itself and what it would change.
	DryRun bool
}

// RequestError says which part of a request is wrong and what is allowed.
type RequestError struct {
	// Field is its name in the API; Problem says what is wrong.
	Field   string
	Problem filing.Text
	Allowed []string
}

func (e *RequestError) Error() string { return e.Field + ": " + e.Problem.EN }

// Revalidation is a pass over the stored filings as it stands (重新审核): what it judges, how far it has come and what it
// changed, or would change.
type Revalidation struct {
	ID          string `json:"id"`
	State       string `json:"state" enum:"running,stopped,done,failed"`
	RequestedBy string `json:"requested_by"`
	// Organization is whose filings are judged; the installation's own, the empty one, judges those of all.
	Organization string `json:"organization,omitempty" doc:"Whose filings are judged; without one, those of all"`
	DryRun       bool   `json:"dry_run"`
	Remeasure    bool   `json:"remeasure"`
	Rules        string `json:"rules" doc:"The set that judges"`
	Baseline     string `json:"baseline" doc:"The set by which filings without a kept verdict are held to have been judged"`
	Today        string `json:"today" doc:"The day on which it began"`
	AsOf         string `json:"as_of,omitempty" doc:"The day that is judged in place of the facts' own and of today"`
	Province     string `json:"province,omitempty"`
	FilingState  string `json:"filing_state,omitempty"`

	Since *time.Time `json:"since,omitempty"`
	// Total is how many filings there were to pass by; Seen how many it has passed by.
	Total    int64 `json:"total" doc:"Filings to pass by"`
	Seen     int64 `json:"seen" doc:"Filings passed by"`
	Judged   int64 `json:"judged" doc:"Filings judged: those seen that are in its scope"`
	Changed  int64 `json:"changed" doc:"Filings whose verdict, requirements, blockers, notices or findings change"`
	First    int64 `json:"first" doc:"Filings of which no verdict was kept before"`
	Restated int64 `json:"restated" doc:"Filings of which only the clauses change, or what the verdict is valid for"`
	Files    int64 `json:"files" doc:"Files whose findings change"`
	Measured int64 `json:"measured" doc:"Files that were measured again"`
	Reread   int64 `json:"reread" doc:"Files whose text was read, or read again"`
	// Unreadable filings are passed by, and named in the log.
	Unreadable int64 `json:"unreadable" doc:"Filings whose facts cannot be read"`

	RevalidationSummary

	Failure    string     `json:"failure,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
}

// Over reports whether the pass has come to its end, or was stopped.
func (v *Revalidation) Over() bool { return v.State != storage.RevalidationRunning }

// RevalidationSummary is the diff for people: how many filings change, and which, for example.
type RevalidationSummary struct {
	// Verdicts are from which verdict to which, "pass>fail".
	Verdicts  []Tally `json:"verdicts"`
	Provinces []Tally `json:"provinces"`
	Clauses   []Tally `json:"clauses"`
	Materials []Tally `json:"materials"`
}

// Tally counts the filings that change under one name, with the first few of them.
type Tally struct {
	Name     string   `json:"name"`
	Filings  int64    `json:"filings"`
	Examples []string `json:"examples"`
}

// tallyExamples is how many filings a tally names.
const tallyExamples = 3

// tallies are a summary while it grows.
type tallies struct {
	Verdicts  map[string]*Tally `json:"verdicts"`
	Provinces map[string]*Tally `json:"provinces"`
	Clauses   map[string]*Tally `json:"clauses"`
	Materials map[string]*Tally `json:"materials"`
}

func newTallies(kept []byte) (*tallies, error) {
	t := &tallies{Verdicts: map[string]*Tally{}, Provinces: map[string]*Tally{}, Clauses: map[string]*Tally{}, Materials: map[string]*Tally{}}
	if len(kept) == 0 {
		return t, nil
	}
	if err := json.Unmarshal(kept, t); err != nil {
		return nil, fmt.Errorf("summary of a revalidation as kept: %w", err)
	}
	return t, nil
}

func count(m map[string]*Tally, name, filingID string) {
	t := m[name]
	if t == nil {
		t = &Tally{Name: name, Examples: []string{}}
		m[name] = t
	}
	t.Filings++
	if len(t.Examples) < tallyExamples {
		t.Examples = append(t.Examples, filingID)
	}
}

// add counts one change.
func (t *tallies) add(c *RevalidationChange) {
	count(t.Verdicts, string(c.Before)+">"+string(c.After), c.Filing)
	count(t.Provinces, c.Province, c.Filing)
	for _, clause := range c.clauses() {
		count(t.Clauses, clause, c.Filing)
	}
	for _, material := range c.materials() {
		count(t.Materials, material, c.Filing)
	}
}

// sorted lists tallies, the largest first.
func sorted(m map[string]*Tally) []Tally {
	list := make([]Tally, 0, len(m))
	for _, t := range m {
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b Tally) int {
		if a.Filings != b.Filings {
			return int(b.Filings - a.Filings)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list
}

// RevalidationChange is what one filing's verdict was and is, or would be.
type RevalidationChange struct {
	Filing   string         `json:"filing"`
	Province string         `json:"province"`
	Before   filing.Verdict `json:"before"`
	After    filing.Verdict `json:"after"`
	// Added are items that the new verdict has and the old one had not, in this state and by these clauses; Removed the
	// other way round.
	Added   []Item       `json:"added"`
	Removed []Item       `json:"removed"`
	Files   []FileChange `json:"files"`
}

// FileChange is what the verdict on one file of a filing was and is.
type FileChange struct {
	ID       string         `json:"id"`
	Material string         `json:"material,omitempty"`
	Page     filing.Page    `json:"page,omitempty"`
	Before   filing.Verdict `json:"before"`
	After    filing.Verdict `json:"after"`
	// Added and Removed are codes of findings.
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
}

// changeDetail is what is kept of a change beside its columns.
type changeDetail struct {
	Added   []string     `json:"added,omitempty"`
	Removed []string     `json:"removed,omitempty"`
	Files   []FileChange `json:"files,omitempty"`
}

func (c *RevalidationChange) eachItem(visit func(*Item)) {
	for i := range c.Added {
		visit(&c.Added[i])
	}
	for i := range c.Removed {
		visit(&c.Removed[i])
	}
}

// clauses are those of the items that came or went, sorted, each once.
func (c *RevalidationChange) clauses() []string {
	var all []string
	c.eachItem(func(i *Item) { all = append(all, i.Clauses...) })
	slices.Sort(all)
	return slices.Compact(all)
}

// materials are those of the requirements and pairs that came or went and of the files whose findings changed, sorted, each once.
func (c *RevalidationChange) materials() []string {
	var all []string
	c.eachItem(func(i *Item) {
		if i.Kind == ItemRequired || i.Kind == ItemPair {
			all = append(all, strings.Split(i.Code, "|")...)
		}
	})
	for _, f := range c.Files {
		if f.Material != "" {
			all = append(all, f.Material)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func changeOf(row *storage.RevalidationChange) (RevalidationChange, error) {
	var d changeDetail
	if err := json.Unmarshal(row.Detail, &d); err != nil {
		return RevalidationChange{}, fmt.Errorf("change of filing %s as kept: %w", row.FilingID, err)
	}
	c := RevalidationChange{
		Filing: row.FilingID, Province: row.Province, Before: row.Before, After: row.After,
		Added: itemsOf(d.Added), Removed: itemsOf(d.Removed), Files: d.Files,
	}
	if c.Files == nil {
		c.Files = []FileChange{}
	}
	return c, nil
}

func itemsOf(lines []string) []Item {
	items := make([]Item, len(lines))
	for i, line := range lines {
		items[i] = parseItem(line)
	}
	return items
}

func revalidationOf(row *storage.Revalidation) (*Revalidation, error) {
	t, err := newTallies(row.Summary)
	if err != nil {
		return nil, err
	}
	return &Revalidation{
		ID: row.ID, State: row.State, RequestedBy: row.RequestedBy, Organization: row.Organization, DryRun: row.DryRun, Remeasure: row.Remeasure,
		Rules: row.Rules, Baseline: row.Baseline, Today: row.Today, AsOf: row.AsOf,
		Province: row.Province, FilingState: row.FilingState, Since: row.Since,
		Total: row.Total, Seen: row.Seen, Judged: row.Judged, Changed: row.Changed, First: row.First, Restated: row.Restated,
		Files: row.Files, Measured: row.Measured, Reread: row.Reread, Unreadable: row.Unreadable,
		RevalidationSummary: RevalidationSummary{
			Verdicts: sorted(t.Verdicts), Provinces: sorted(t.Provinces), Clauses: sorted(t.Clauses), Materials: sorted(t.Materials),
		},
		Failure: row.Failure, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt, FinishedAt: row.FinishedAt,
	}, nil
}

// StartRevalidation records a pass over the stored filings; RunRevalidation makes it, here or in another process.
func (p *Pipeline) StartRevalidation(ctx context.Context, who Viewer, q RevalidationRequest) (*Revalidation, error) {
	return p.startRevalidation(ctx, who, q, "")
}

// startRevalidation records a pass; of a night there is one: storage.ErrConflict.
func (p *Pipeline) startRevalidation(ctx context.Context, who Viewer, q RevalidationRequest, night string) (*Revalidation, error) {
	hash := q.Rules
	if hash == "" {
		hash = p.rules().Hash()
	}
	if p.loaded(hash) == nil {
		var loaded []string
		for _, s := range p.RuleSets {
			loaded = append(loaded, s.Hash())
		}
		return nil, &RequestError{Field: "rules", Allowed: loaded, Problem: filing.Text{ZH: "没有载入这个规则集", EN: "no such set of rules is loaded"}}
	}
	if q.Province != "" && !slices.Contains(filing.Provinces(), q.Province) {
		return nil, &RequestError{Field: "province", Allowed: filing.Provinces(), Problem: filing.Text{ZH: "没有这个省份代码", EN: "there is no such province"}}
	}
	if q.State != "" && !slices.Contains(filingStates, q.State) {
		return nil, &RequestError{Field: "state", Allowed: filingStates, Problem: filing.Text{ZH: "没有这种状态", EN: "there is no such state"}}
	}
	baseline, err := p.rulesBefore(ctx, hash)
	if err != nil {
		return nil, err
	}
	row := storage.Revalidation{
		RequestedBy: who.Name, Organization: who.Organization, Night: night, DryRun: q.DryRun, Remeasure: q.Remeasure && !q.DryRun, Rules: hash, Baseline: baseline.Hash(),
		Today: p.today().String(), Province: q.Province, FilingState: q.State, Since: q.Since,
	}
	if q.AsOf != nil {
		row.AsOf = q.AsOf.String()
	}
	row, err = p.Records.CreateRevalidation(ctx, row)
	if err != nil {
		return nil, err
	}
	p.Log.Info("revalidation requested", "revalidation", row.ID, "rules", hash, "dry_run", row.DryRun, "filings", row.Total)
	return revalidationOf(&row)
}

// InterruptedRevalidation is the newest pass of exactly this request, begun today, that was stopped or whose worker is
// gone; ErrNotFound where there is none.
func (p *Pipeline) InterruptedRevalidation(ctx context.Context, q RevalidationRequest) (*Revalidation, error) {
	const look = 100
	list, err := p.Revalidations(ctx, look, storage.RevalidationRunning, storage.RevalidationStopped)
	if err != nil {
		return nil, err
	}
	hash, asOf := q.Rules, ""
	if hash == "" {
		hash = p.rules().Hash()
	}
	if q.AsOf != nil {
		asOf = q.AsOf.String()
	}
	for i := range list {
		v := &list[i]
		since := v.Since == nil && q.Since == nil || v.Since != nil && q.Since != nil && v.Since.Equal(*q.Since)
		if v.Organization == "" && v.Rules == hash && v.AsOf == asOf && v.Today == p.today().String() && v.Province == q.Province && v.FilingState == q.State && since &&
			v.DryRun == q.DryRun && v.Remeasure == q.Remeasure {
			return v, nil
		}
	}
	return nil, ErrNotFound
}

// rulesBefore is the set by which reports were made until the one of that hash: the set in force, or where that is the one
// in force, the set before it.
func (p *Pipeline) rulesBefore(ctx context.Context, hash string) (*rules.Set, error) {
	if inForce := p.rules(); inForce.Hash() != hash {
		return inForce, nil
	}
	const history = 100
	activations, err := p.Records.Activations(ctx, history)
	if err != nil {
		return nil, err
	}
	for _, a := range activations {
		if a.Rules == hash {
			continue
		}
		if set := p.loaded(a.Rules); set != nil {
			return set, nil
		}
	}
	// Nothing else was ever activated: before the first activation the first set was in force.
	return p.RuleSets[0], nil
}

// Revalidation is a pass as it stands; ErrNotFound where there is none.
func (p *Pipeline) Revalidation(ctx context.Context, id string) (*Revalidation, error) {
	row, err := p.Records.Revalidation(ctx, id)
	if err != nil {
		return nil, recordFailure(err)
	}
	return revalidationOf(&row)
}

// Revalidations are the newest passes, newest first; with states only those in one of them.
func (p *Pipeline) Revalidations(ctx context.Context, limit int, states ...string) ([]Revalidation, error) {
	return passesOf(p.Records.Revalidations(ctx, limit, states...))
}

// RevalidationsOf are the newest passes of the viewer's organization, newest first.
func (p *Pipeline) RevalidationsOf(ctx context.Context, who Viewer, limit int) ([]Revalidation, error) {
	return passesOf(p.Records.RevalidationsOf(ctx, who.Organization, limit))
}

func passesOf(rows []storage.Revalidation, err error) ([]Revalidation, error) {
	if err != nil {
		return nil, err
	}
	list := make([]Revalidation, 0, len(rows))
	for i := range rows {
		v, err := revalidationOf(&rows[i])
		if err != nil {
			return nil, err
		}
		list = append(list, *v)
	}
	return list, nil
}

// StopRevalidation stops a pass; what it has done stays done. ErrConflict where it is over.
func (p *Pipeline) StopRevalidation(ctx context.Context, id string) (*Revalidation, error) {
	return p.endRevalidation(ctx, id, storage.RevalidationStopped)
}

// ResumeRevalidation lets a pass that was stopped or has failed go on where it was. ErrConflict where it is done.
func (p *Pipeline) ResumeRevalidation(ctx context.Context, id string) (*Revalidation, error) {
	return p.endRevalidation(ctx, id, storage.RevalidationRunning)
}

func (p *Pipeline) endRevalidation(ctx context.Context, id, state string) (*Revalidation, error) {
	row, err := p.Records.EndRevalidation(ctx, id, "", state, "")
	if err != nil {
		return nil, recordFailure(err)
	}
	return revalidationOf(&row)
}

// ClauseText is what a clause says by the rules that a pass judges by, or those that it compares with.
func (p *Pipeline) ClauseText(v *Revalidation, id string) (filing.Text, bool) {
	for _, hash := range []string{v.Rules, v.Baseline} {
		if set := p.loaded(hash); set != nil {
			if c, found := set.Clause(id); found {
				return c.Text, true
			}
		}
	}
	return filing.Text{}, false
}

// ChangeFilter narrows the changes of a pass; empty fields are all.
type ChangeFilter struct {
	Province, Clause, Material string
	Before, After              filing.Verdict
}

func (f *ChangeFilter) takes(c *RevalidationChange) bool {
	return (f.Province == "" || c.Province == f.Province) && (f.Before == "" || c.Before == f.Before) && (f.After == "" || c.After == f.After) &&
		(f.Clause == "" || slices.Contains(c.clauses(), f.Clause)) && (f.Material == "" || slices.Contains(c.materials(), f.Material))
}

// RevalidationChanges are up to limit changes of a pass that the filter takes, in the order of the filings' ids, after the
// id after. next is where to go on, empty at the end.
func (p *Pipeline) RevalidationChanges(
	ctx context.Context, id string, filter ChangeFilter, after string, limit int,
) (list []RevalidationChange, next string, err error) {
	if _, err := p.Records.Revalidation(ctx, id); err != nil {
		return nil, "", recordFailure(err)
	}
	const page = 1000
	list = []RevalidationChange{}
	for {
		rows, err := p.Records.RevalidationChanges(ctx, id, after, page)
		if err != nil {
			return nil, "", err
		}
		for i := range rows {
			if len(list) == limit {
				return list, after, nil
			}
			c, err := changeOf(&rows[i])
			if err != nil {
				return nil, "", err
			}
			if filter.takes(&c) {
				list = append(list, c)
			}
			after = rows[i].FilingID
		}
		if len(rows) < page {
			return list, "", nil
		}
	}
}

// errRulesMissing: the pass judges by rules that this process has not loaded.
var errRulesMissing = errors.New("its rules are not loaded here: start with --rules and their folder")
