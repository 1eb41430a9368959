package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
)

// rawFacts are facts as the client sent them: filing.ParseFacts says far better than a schema what is wrong with them.
type rawFacts json.RawMessage

// UnmarshalJSON keeps the bytes.
func (f *rawFacts) UnmarshalJSON(b []byte) error {
	*f = append((*f)[:0], b...)
	return nil
}

// Schema describes facts in the API's document.
func (rawFacts) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: "object", AdditionalProperties: true,
		Description: "Facts of the filing in the words of the vocabulary, nested by path. An absent fact is unknown, never false.",
		Examples:    []any{map[string]any{"province": "BJ", "action": "new", "applicant": map[string]any{"type": "individual"}}},
	}
}

// FactsInput is a body that holds facts.
type FactsInput struct {
	Body struct {
		Facts rawFacts `json:"facts"`
	}
}

// filingBody is a filing as the API answers it.
type filingBody struct {
	ID           string          `json:"id"`
	State        string          `json:"state"`
	Revision     int64           `json:"revision"`
	Facts        *filing.Facts   `json:"facts"`
	Requirements *filing.Outcome `json:"requirements"`
	CreatedAt    time.Time       `json:"created_at"`
	UpdatedAt    time.Time       `json:"updated_at"`
}

type filingOutput struct {
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     filingBody
}

func filingAnswer(v *pipeline.FilingView, created bool) *filingOutput {
	out := &filingOutput{ETag: etagOfRevision(v.Revision), Body: filingBody{
		ID: v.ID, State: v.State, Revision: v.Revision, Facts: v.Facts, Requirements: v.Outcome,
		CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
	}}
	if created {
		out.Location = "/v1/filings/" + v.ID
	}
	return out
}

func etagOfRevision(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// revisionOf reads an If-Match header: one strong tag of ours.
func revisionOf(ifMatch string) (int64, error) {
	tag, err := strconv.Unquote(strings.TrimSpace(ifMatch))
	if err != nil {
		return 0, newProblem("revision_conflict")
	}
	revision, err := strconv.ParseInt(tag, 10, 64)
	if err != nil {
		return 0, newProblem("revision_conflict")
	}
	return revision, nil
}

// factsProblem lists what is wrong with each fact. Values are never echoed.
func factsProblem(err *pipeline.FactsError) *Problem {
	p := newProblem("invalid_facts")
	var list filing.FactErrors
	errors.As(err, &list)
	for _, f := range list {
		path := "facts"
		if f.Path != "" {
			path += "." + f.Path
		}
		problem := f.Problem
		if f.Code == filing.FactErrorNotAllowed {
			// The parser quotes the value, for people at a terminal. Answers are logged by clients and proxies, and who fills in a
			// form may have written a name there.
			problem = filing.Text{ZH: "没有这个取值", EN: "there is no such value"}
		}
		p.Errors = append(p.Errors, FieldProblem{
			Path: path, Allowed: f.Values,
			Message: filing.Text{ZH: problem.ZH + "；" + f.Allowed.ZH, EN: problem.EN + "; " + f.Allowed.EN},
		})
	}
	return p
}

// FilingPath is the part of a path that names a filing. (Exported, as huma fills embedded structs of exported types only.)
type FilingPath struct {
	ID string `path:"id" maxLength:"64" doc:"The filing's id" example:"01976a3c-5f0e-7c3a-9d5f-000000000000"`
}

// deletedOutput names the proof of a deletion.
type deletedOutput struct {
	Receipt string `header:"Deletion-Receipt" doc:"Id of the receipt: GET /v1/receipts/{id}"`
}

// failed passes an error of the pipeline to huma as the Problem it is.
func (s *Server) failed(ctx context.Context, operation string, err error) error {
	p := s.problemOf(ctx, err)
	s.metrics.problems.WithLabelValues(p.Code).Inc()
	if p.Status >= 500 {
		s.log.ErrorContext(ctx, "operation failed", "operation", operation, "error", err.Error())
	}
	return p
}

func (s *Server) routeFilings() {
	const tag = "filings 备案"
	huma.Register(s.api, huma.Operation{
		OperationID: "create-filing", Method: http.MethodPost, Path: "/v1/filings", DefaultStatus: http.StatusCreated,
		Summary: "Open a filing 新建备案", Tags: []string{tag}, MaxBodyBytes: s.cfg.MaxJSON,
		Description: "Takes what is known so far; the answer holds what the rules require of it and what to ask next.",
	}, func(ctx context.Context, in *FactsInput) (*filingOutput, error) {
		v, err := s.flow.CreateFiling(ctx, viewerOf(ctx), in.Body.Facts)
		if err != nil {
			return nil, s.failed(ctx, "create-filing", err)
		}
		return filingAnswer(v, true), nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "get-filing", Method: http.MethodGet, Path: "/v1/filings/{id}",
		Summary: "A filing and its requirements 备案及所需资料", Tags: []string{tag},
	}, func(ctx context.Context, in *FilingPath) (*filingOutput, error) {
		v, err := s.flow.Filing(ctx, viewerOf(ctx), in.ID)
		if err != nil {
			return nil, s.failed(ctx, "get-filing", err)
		}
		return filingAnswer(v, false), nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "update-filing", Method: http.MethodPatch, Path: "/v1/filings/{id}", MaxBodyBytes: s.cfg.MaxJSON,
		Summary: "Change facts 修改备案信息", Tags: []string{tag},
		Description: "A JSON merge patch (RFC 7396) of the facts: what is named is replaced, null makes a fact unknown again. " +
			"Needs If-Match with the filing's ETag; 412 when it was changed in the meantime.",
	}, func(ctx context.Context, in *struct {
		FilingPath
		IfMatch string `header:"If-Match" doc:"The ETag that the change was made for"`
		FactsInput
	}) (*filingOutput, error) {
		if in.IfMatch == "" {
			return nil, newProblem("precondition_required")
		}
		revision, err := revisionOf(in.IfMatch)
		if err != nil {
			return nil, err
		}
		v, err := s.flow.UpdateFiling(ctx, viewerOf(ctx), in.ID, revision, in.Body.Facts)
		if err != nil {
			return nil, s.failed(ctx, "update-filing", err)
		}
		return filingAnswer(v, false), nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "delete-filing", Method: http.MethodDelete, Path: "/v1/filings/{id}",
		Summary: "Delete a filing and everything of it 删除备案及其全部资料", Tags: []string{tag},
		Description: "Its files, what was measured in them and its facts are gone after this; the receipt that Deletion-Receipt names " +
			"proves it. If-Match is honoured where given.",
	}, func(ctx context.Context, in *struct {
		FilingPath
		IfMatch string `header:"If-Match" doc:"Delete this revision only"`
	}) (*deletedOutput, error) {
		revision := int64(0)
		if in.IfMatch != "" {
			var err error
			if revision, err = revisionOf(in.IfMatch); err != nil {
				return nil, err
			}
		}
		receipt, err := s.flow.DeleteFilingFor(ctx, viewerOf(ctx), in.ID, revision)
		if err != nil {
			return nil, s.failed(ctx, "delete-filing", err)
		}
		return &deletedOutput{receipt}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "get-report", Method: http.MethodGet, Path: "/v1/filings/{id}/report",
		Summary: "The whole verdict 审核报告", Tags: []string{tag},
		Description: "Requirements matched with files, every file's findings, blockers, notices, and what to ask next.",
	}, func(ctx context.Context, in *FilingPath) (*struct{ Body *filing.Report }, error) {
		r, err := s.flow.Report(ctx, viewerOf(ctx), in.ID)
		if err != nil {
			return nil, s.failed(ctx, "get-report", err)
		}
		return &struct{ Body *filing.Report }{r}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "get-requirements", Method: http.MethodPost, Path: "/v1/requirements", MaxBodyBytes: s.cfg.MaxJSON,
		Summary: "What would a filing need? 所需资料查询", Tags: []string{tag},
		Description: "The rule engine alone; nothing is stored. Answers which set of rules was used and as of which date.",
	}, func(ctx context.Context, in *FactsInput) (*struct{ Body *filing.Outcome }, error) {
		o, err := s.flow.Requirements(ctx, in.Body.Facts)
		if err != nil {
			return nil, s.failed(ctx, "get-requirements", err)
		}
		return &struct{ Body *filing.Outcome }{o}, nil
	})
}

// apiDescription opens the API's document.
const apiDescription = `Preflight checks photos of ICP-filing documents (备案资料) before they are sent to the bureau.

1. ` + "`POST /v1/filings`" + ` with the facts that are known: the answer says which materials are needed.
2. ` + "`POST /v1/filings/{id}/materials`" + ` for each photo: the answer says within seconds what is wrong and what to do.
3. ` + "`GET /v1/filings/{id}/report`" + `: the whole verdict.

Every error is ` + "`application/problem+json`" + ` with a stable code. Unknown and forbidden ids answer alike: 404.`
