package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
)

type reviewOutput struct{ Body *filing.ReviewState }

// routeReviews adds what people do with a filing: hand it in, find it, claim it, decide on it.
func (s *Server) routeReviews() {
	const tag = "reviews 审核"
	huma.Register(s.api, huma.Operation{
		OperationID: "submit-filing", Method: http.MethodPost, Path: "/v1/filings/{id}/submissions", DefaultStatus: http.StatusCreated,
		Summary: "Hand a filing in 提交审核", Tags: []string{tag}, MaxBodyBytes: s.cfg.MaxJSON,
		Description: "Puts the filing into the reviewers' queue. Where its verdict is fail this is 409 not_ready, unless words say why it is " +
			"handed in all the same: a finding may be wrong.",
	}, func(ctx context.Context, in *struct {
		FilingPath
		Body struct {
			Words string `json:"words,omitempty" doc:"Why it is handed in although it fails"`
		}
	}) (*reviewOutput, error) {
		w, err := s.flow.Submit(ctx, viewerOf(ctx), in.ID, in.Body.Words)
		if err != nil {
			return nil, s.failed(ctx, "submit-filing", err)
		}
		return &reviewOutput{w}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "search-filings", Method: http.MethodPost, Path: "/v1/filings/search",
		Summary: "The queue 审核队列", Tags: []string{tag}, MaxBodyBytes: s.cfg.MaxJSON,
		Description: "Filings that were handed in, those that wait longest first. A POST, since names and domains never travel in a URL. Words are " +
			"looked for in ids, applicants' and sites' names and domains; a page may then hold fewer than limit and still have a next one.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			States    []string         `json:"states,omitempty" enum:"submitted,returned,accepted"`
			Provinces []string         `json:"provinces,omitempty"`
			Verdicts  []filing.Verdict `json:"verdicts,omitempty" enum:"pass,review,fail"`
			Claimed   string           `json:"claimed,omitempty" enum:"mine,free"`
			Words     string           `json:"words,omitempty" maxLength:"200"`
			Cursor    string           `json:"cursor,omitempty" maxLength:"200"`
			Limit     int              `json:"limit,omitempty" minimum:"0" maximum:"100"`
		}
	}) (*struct{ Body *pipeline.QueueAnswer }, error) {
		answer, err := s.flow.Queue(ctx, viewerOf(ctx), pipeline.QueueRequest(in.Body))
		if err != nil {
			return nil, s.failed(ctx, "search-filings", err)
		}
		return &struct{ Body *pipeline.QueueAnswer }{answer}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "claim-filing", Method: http.MethodPost, Path: "/v1/filings/{id}/claim",
		Summary: "Claim a filing 领取备案", Tags: []string{tag},
		Description: "Makes it yours for twenty minutes, so that two do not judge it; again makes it longer. 409 claimed where it is another's.",
	}, func(ctx context.Context, in *FilingPath) (*reviewOutput, error) {
		w, err := s.flow.Claim(ctx, viewerOf(ctx), in.ID)
		if err != nil {
			return nil, s.failed(ctx, "claim-filing", err)
		}
		return &reviewOutput{w}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "release-filing", Method: http.MethodDelete, Path: "/v1/filings/{id}/claim",
		Summary: "Give a claim up 放弃领取", Tags: []string{tag},
	}, func(ctx context.Context, in *FilingPath) (*struct{}, error) {
		if err := s.flow.Release(ctx, viewerOf(ctx), in.ID); err != nil {
			return nil, s.failed(ctx, "release-filing", err)
		}
		return nil, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "decide-filing", Method: http.MethodPost, Path: "/v1/filings/{id}/decisions", DefaultStatus: http.StatusCreated,
		Summary: "Accept, return, overrule 审核决定", Tags: []string{tag}, MaxBodyBytes: s.cfg.MaxJSON,
		Description: "accept; return with reasons (findings of the report) or words; overrule one finding of one file, with words. To accept a filing " +
			"that fails takes words. If-Match with the report's stand makes it hold only while nothing changed: 412 seen_changed.",
	}, func(ctx context.Context, in *struct {
		FilingPath
		IfMatch string `header:"If-Match" doc:"The stand of the report that was looked at"`
		Body    struct {
			Decision string                `json:"decision" enum:"accept,return,overrule"`
			Reasons  []filing.ReviewReason `json:"reasons,omitempty"`
			Words    string                `json:"words,omitempty"`
		}
	}) (*reviewOutput, error) {
		d := pipeline.ReviewDecision{Kind: in.Body.Decision, Reasons: in.Body.Reasons, Words: in.Body.Words}
		if in.IfMatch != "" {
			var err error
			if d.Seen, err = strconv.Unquote(strings.TrimSpace(in.IfMatch)); err != nil {
				return nil, newProblem("seen_changed")
			}
		}
		w, err := s.flow.Decide(ctx, viewerOf(ctx), in.ID, d)
		if errors.Is(err, pipeline.ErrConflict) {
			return nil, newProblem("seen_changed")
		}
		if err != nil {
			return nil, s.failed(ctx, "decide-filing", err)
		}
		return &reviewOutput{w}, nil
	})

	type decisions struct {
		Body struct {
			Decisions []pipeline.ReviewEvent `json:"decisions"`
		}
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "list-decisions", Method: http.MethodGet, Path: "/v1/filings/{id}/decisions",
		Summary: "The history of a filing 审核记录", Tags: []string{tag},
	}, func(ctx context.Context, in *FilingPath) (*decisions, error) {
		list, err := s.flow.History(ctx, viewerOf(ctx), in.ID)
		if err != nil {
			return nil, s.failed(ctx, "list-decisions", err)
		}
		out := &decisions{}
		out.Body.Decisions = list
		return out, nil
	})
}
