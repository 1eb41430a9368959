package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
)

// ruleSetBody is a set of rules as the API answers it.
type ruleSetBody struct {
	Hash          string `json:"hash" doc:"Names the set by its content"`
	Active        bool   `json:"active" doc:"It is the one in force"`
	SourcesReadOn string `json:"sources_read_on" doc:"The date as of which the source documents were read"`
	Provinces     int    `json:"provinces"`
	Clauses       int    `json:"clauses"`
	Rules         int    `json:"rules"`
}

type activationBody struct {
	Rules       string    `json:"rules"`
	ActivatedBy string    `json:"activated_by"`
	ActivatedAt time.Time `json:"activated_at"`
}

// effectBody is how the requirements of the stored filings change.
type effectBody struct {
	Filings   int             `json:"filings" doc:"Filings judged by both sets"`
	Changed   int             `json:"changed" doc:"Filings whose materials, blockers or notices change"`
	Cited     int             `json:"cited" doc:"More filings of which only the clauses change that are cited"`
	Asked     int             `json:"asked" doc:"More filings of which only the questions change"`
	Provinces []countBody     `json:"provinces"`
	Clauses   []countBody     `json:"clauses"`
	Items     []itemCountBody `json:"items"`
	Examples  []exampleBody   `json:"examples"`
}

type countBody struct {
	Name    string `json:"name"`
	Filings int    `json:"filings"`
}

type itemCountBody struct {
	Item    string `json:"item" doc:"A code and whom it belongs to: website_plan@domain"`
	Added   int    `json:"added"`
	Removed int    `json:"removed"`
	Kept    int    `json:"kept" doc:"Kept in another way: provisional or no longer so, or for other sites or domains"`
}

type exampleBody struct {
	Filing  string   `json:"filing"`
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
}

func effectOf(c *pipeline.RuleSetChange) effectBody {
	e := effectBody{
		Filings: c.Effect.Filings, Changed: c.Effect.Changed, Cited: c.Effect.Cited, Asked: c.Effect.Asked,
		Provinces: countsOf(c.Effect.Provinces), Clauses: countsOf(c.Effect.Clauses), Items: []itemCountBody{}, Examples: []exampleBody{},
	}
	for _, i := range c.Effect.Items {
		e.Items = append(e.Items, itemCountBody{i.Item, i.Added, i.Removed, i.Kept})
	}
	for _, x := range c.Examples {
		e.Examples = append(e.Examples, exampleBody{x.Filing, append([]string{}, x.Added...), append([]string{}, x.Removed...)})
	}
	return e
}

// countsOf takes counts as the rules make them, without this room knowing that one.
func countsOf[T ~struct {
	Name    string
	Filings int
}](list []T) []countBody {
	out := []countBody{}
	for _, c := range list {
		out = append(out, countBody(c))
	}
	return out
}

func (s *Server) routeRuleSets() {
	const tag = "rules 规则"
	type listOutput struct {
		Body struct {
			RuleSets    []ruleSetBody    `json:"rulesets"`
			Activations []activationBody `json:"activations" doc:"The history, newest first"`
		}
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "list-rulesets", Method: http.MethodGet, Path: "/v1/rulesets",
		Summary: "Sets of rules loaded and in force 规则集", Tags: []string{tag},
	}, func(ctx context.Context, _ *struct{}) (*listOutput, error) {
		sets, activations, err := s.flow.ListRuleSets(ctx)
		if err != nil {
			return nil, s.failed(ctx, "list-rulesets", err)
		}
		out := &listOutput{}
		out.Body.RuleSets, out.Body.Activations = []ruleSetBody{}, []activationBody{}
		for _, r := range sets {
			out.Body.RuleSets = append(out.Body.RuleSets, ruleSetBody(r))
		}
		for _, a := range activations {
			out.Body.Activations = append(out.Body.Activations, activationBody{a.Rules, a.By, a.ActivatedAt})
		}
		return out, nil
	})

	s.routeRuleSetChanges(tag)

	type activateOutput struct {
		Body struct {
			From        string     `json:"from"`
			To          string     `json:"to"`
			Activated   bool       `json:"activated"`
			ActivatedAt *time.Time `json:"activated_at,omitempty"`
			Effect      effectBody `json:"effect"`
		}
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "activate-ruleset", Method: http.MethodPost, Path: "/v1/rulesets/{hash}/activate", MaxBodyBytes: s.cfg.MaxJSON,
		Summary: "Put a set in force, or roll back 启用或回退规则集", Tags: []string{tag},
		Description: "Answers what it changes for every stored filing; with dry_run it only predicts. Rolling back is activating " +
			"the earlier set again. Every process on the same records follows within seconds, where it has loaded the set.",
	}, func(ctx context.Context, in *struct {
		Hash string `path:"hash" maxLength:"80" doc:"The set's hash" example:"sha256:0123..."`
		Body *struct {
			DryRun bool `json:"dry_run,omitempty" doc:"Predict, change nothing"`
		} `required:"false"`
	}) (*activateOutput, error) {
		change, err := s.flow.ActivateRules(ctx, viewerOf(ctx), in.Hash, in.Body != nil && in.Body.DryRun)
		if err != nil {
			return nil, s.failed(ctx, "activate-ruleset", err)
		}
		out := &activateOutput{}
		out.Body.From, out.Body.To, out.Body.Activated, out.Body.Effect = change.From, change.To, change.Activated, effectOf(change)
		if change.Activated {
			out.Body.ActivatedAt = &change.ActivatedAt
		}
		return out, nil
	})
}

// differenceBody is what one set says differently from another.
type differenceBody struct {
	From    string             `json:"from"`
	To      string             `json:"to"`
	Clauses []clauseChangeBody `json:"clauses"`
	Figures []figureChangeBody `json:"figures"`
}

type clauseChangeBody struct {
	Clause    string           `json:"clause"`
	Change    string           `json:"change" enum:"added,removed,changed"`
	Province  string           `json:"province,omitempty" doc:"Absent: every province"`
	Applicant string           `json:"applicant,omitempty" doc:"enterprise or individual; absent: both"`
	Action    string           `json:"action,omitempty" doc:"new, access or change; absent: all"`
	About     filing.Text      `json:"about" doc:"The same in words"`
	Rules     []ruleChangeBody `json:"rules"`
	Notes     []filing.Text    `json:"notes" doc:"What else differs: the paraphrase, the reading, what it repeats or replaces"`
}

type ruleChangeBody struct {
	Change string       `json:"change" enum:"added,removed,changed"`
	Before *filing.Text `json:"before,omitempty"`
	After  *filing.Text `json:"after,omitempty"`
}

type figureChangeBody struct {
	Name    string   `json:"name"`
	Change  string   `json:"change" enum:"added,removed,changed"`
	Before  string   `json:"before,omitempty"`
	After   string   `json:"after,omitempty"`
	Clauses []string `json:"clauses"`
}

func differenceOf(d *pipeline.RuleSetDifference) differenceBody {
	out := differenceBody{From: d.FromHash, To: d.ToHash, Clauses: []clauseChangeBody{}, Figures: []figureChangeBody{}}
	said := func(t filing.Text) *filing.Text {
		if t == (filing.Text{}) {
			return nil
		}
		return &t
	}
	for i := range d.Clauses {
		c := &d.Clauses[i]
		body := clauseChangeBody{
			Clause: c.ID, Change: string(c.Kind), Province: c.Province, Applicant: c.Applicant, Action: c.Action, About: c.Who,
			Rules: []ruleChangeBody{}, Notes: append([]filing.Text{}, c.Notes...),
		}
		for _, r := range c.Rules {
			body.Rules = append(body.Rules, ruleChangeBody{string(r.Kind), said(r.Before), said(r.After)})
		}
		out.Clauses = append(out.Clauses, body)
	}
	for _, p := range d.Params {
		out.Figures = append(out.Figures, figureChangeBody{p.Name, string(p.Kind), p.Before, p.After, append([]string{}, p.Clauses...)})
	}
	return out
}

func (s *Server) routeRuleSetChanges(tag string) {
	huma.Register(s.api, huma.Operation{
		OperationID: "get-ruleset-changes", Method: http.MethodGet, Path: "/v1/rulesets/{hash}/changes",
		Summary: "What a set says differently 规则差异", Tags: []string{tag},
		Description: "Clause by clause, a province's before the general ones, from another set or from the one in force.",
	}, func(ctx context.Context, in *struct {
		Hash string `path:"hash" maxLength:"80" doc:"The set's hash" example:"sha256:0123..."`
		From string `query:"from" maxLength:"80" doc:"The set to start from; default: the one in force"`
	}) (*struct{ Body differenceBody }, error) {
		d, err := s.flow.RuleSetChanges(in.From, in.Hash)
		if err != nil {
			return nil, s.failed(ctx, "get-ruleset-changes", err)
		}
		return &struct{ Body differenceBody }{differenceOf(d)}, nil
	})
}
