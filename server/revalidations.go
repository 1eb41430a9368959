package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
)

// RevalidationPath is the part of a path that names a revalidation.
type RevalidationPath struct {
	ID string `path:"id" maxLength:"64" doc:"The revalidation's id"`
}

type revalidationOutput struct {
	Location string `header:"Location"`
	Body     *pipeline.Revalidation
}

// Bounds of a page of changes.
const (
	changesPage = 100
	changesMost = 1000
)

func (s *Server) routeRevalidations() {
	const tag = "revalidations 重新审核"
	huma.Register(s.api, huma.Operation{
		OperationID: "start-revalidation", Method: http.MethodPost, Path: "/v1/revalidations", DefaultStatus: http.StatusAccepted,
		Summary: "Judge stored filings again 重新审核已存备案", Tags: []string{tag}, MaxBodyBytes: s.cfg.MaxJSON,
		Description: "Records a pass over the stored filings; a process that works jobs makes it, behind every upload. No picture is " +
			"looked at unless remeasure is asked for. With dry_run nothing is changed, and its changes are exactly those of the run. " +
			"Ask for its progress at Location, or listen to GET /v1/events.",
	}, func(ctx context.Context, in *struct {
		Body *struct {
			Rules     string     `json:"rules,omitempty" maxLength:"80" doc:"Hash of a loaded set; default the one in force"`
			AsOf      string     `json:"as_of,omitempty" format:"date" doc:"Judge as of this day, e.g. to see what runs out until then"`
			Province  string     `json:"province,omitempty" doc:"Only filings of this province"`
			State     string     `json:"state,omitempty" doc:"Only filings in this state"`
			Since     *time.Time `json:"since,omitempty" doc:"Only filings opened then or later"`
			Remeasure bool       `json:"remeasure,omitempty" doc:"Measure files again that another version of the analyzer measured"`
			DryRun    bool       `json:"dry_run,omitempty" doc:"Predict, change nothing"`
		} `required:"false"`
	}) (*revalidationOutput, error) {
		q := pipeline.RevalidationRequest{}
		if b := in.Body; b != nil {
			q = pipeline.RevalidationRequest{Rules: b.Rules, Province: b.Province, State: b.State, Since: b.Since, Remeasure: b.Remeasure, DryRun: b.DryRun}
			if b.AsOf != "" {
				day, valid := filing.ParseDate(b.AsOf)
				if !valid {
					return nil, newProblem("invalid_request").withField("as_of", "不是日历上的日期，格式为 YYYY-MM-DD", "no day of the calendar; the format is YYYY-MM-DD")
				}
				q.AsOf = &day
			}
		}
		v, err := s.flow.StartRevalidation(ctx, viewerOf(ctx), q)
		if err != nil {
			return nil, s.failed(ctx, "start-revalidation", err)
		}
		return &revalidationOutput{Location: "/v1/revalidations/" + v.ID, Body: v}, nil
	})

	type revalidationsOutput struct {
		Body struct {
			Revalidations []pipeline.Revalidation `json:"revalidations"`
		}
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "list-revalidations", Method: http.MethodGet, Path: "/v1/revalidations",
		Summary: "The newest revalidations 最近的重新审核", Tags: []string{tag},
	}, func(ctx context.Context, in *struct {
		Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
	}) (*revalidationsOutput, error) {
		list, err := s.flow.RevalidationsOf(ctx, viewerOf(ctx), in.Limit)
		if err != nil {
			return nil, s.failed(ctx, "list-revalidations", err)
		}
		out := &revalidationsOutput{}
		out.Body.Revalidations = list
		return out, nil
	})

	one := func(operation, method, path, summary, description string, do func(ctx context.Context, id string) (*pipeline.Revalidation, error)) {
		huma.Register(s.api, huma.Operation{
			OperationID: operation, Method: method, Path: path, Summary: summary, Description: description, Tags: []string{tag},
		}, func(ctx context.Context, in *RevalidationPath) (*struct{ Body *pipeline.Revalidation }, error) {
			v, err := do(ctx, in.ID)
			if errors.Is(err, pipeline.ErrConflict) {
				err = newProblem("revalidation_over")
			}
			if err != nil {
				return nil, s.failed(ctx, operation, err)
			}
			return &struct{ Body *pipeline.Revalidation }{v}, nil
		})
	}
	one("get-revalidation", http.MethodGet, "/v1/revalidations/{id}", "Progress and summary 进度与汇总",
		"How far it has come, and how many filings change by verdict, province, clause and material, with examples.", s.flow.Revalidation)
	one("stop-revalidation", http.MethodPost, "/v1/revalidations/{id}/stop", "Stop it 停止",
		"What it has done stays done; it can be resumed where it was.", s.flow.StopRevalidation)
	one("resume-revalidation", http.MethodPost, "/v1/revalidations/{id}/resume", "Go on with it 继续",
		"A process that works jobs goes on where it was stopped or has failed.", s.flow.ResumeRevalidation)

	s.echo.GET("/v1/revalidations/:id/changes", s.authorized("list-revalidation-changes", true, s.revalidationChanges))
	s.describeChanges(tag)
}

// changesBody is a page of changes.
type changesBody struct {
	Changes []pipeline.RevalidationChange `json:"changes"`
	Next    string                        `json:"next,omitempty" doc:"Where to go on: send it as after"`
}

// changeFilter reads which changes are asked for.
func changeFilter(c echo.Context) pipeline.ChangeFilter {
	return pipeline.ChangeFilter{
		Province: c.QueryParam("province"), Clause: c.QueryParam("clause"), Material: c.QueryParam("material"),
		Before: filing.Verdict(c.QueryParam("from")), After: filing.Verdict(c.QueryParam("to")),
	}
}

func isConflict(err error) bool { return errors.Is(err, pipeline.ErrConflict) }

// revalidationChanges answers a page of JSON, or with format=csv or jsonl all of them as a stream.
func (s *Server) revalidationChanges(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("id")
	filter := changeFilter(c)
	switch format := c.QueryParam("format"); format {
	case "", "json":
		limit := changesPage
		if text := c.QueryParam("limit"); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > changesMost {
				return newProblem("invalid_request").withField("limit", "1 至 1000 的整数", "a number from 1 to 1000")
			}
			limit = n
		}
		list, next, err := s.flow.RevalidationChanges(ctx, id, filter, c.QueryParam("after"), limit)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, changesBody{Changes: list, Next: next})
	case "csv", "jsonl":
		if _, err := s.flow.Revalidation(ctx, id); err != nil {
			return err
		}
		h := c.Response().Header()
		h.Set("Content-Disposition", `attachment; filename="changes.`+format+`"`)
		changes := s.flow.EachRevalidationChange(ctx, id, filter)
		if format == "csv" {
			h.Set("Content-Type", "text/csv; charset=utf-8")
			return pipeline.WriteChangesCSV(c.Response(), changes)
		}
		h.Set("Content-Type", "application/jsonl")
		return pipeline.WriteChangesJSONLines(c.Response(), changes)
	default:
		return newProblem("invalid_request").withField("format", "没有这种格式", "there is no such format", "json", "csv", "jsonl")
	}
}

// describeChanges adds to the API's document what huma does not serve.
func (s *Server) describeChanges(tag string) {
	doc := s.api.OpenAPI()
	text := func(name, description string, of ...any) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: description, Schema: &huma.Schema{Type: "string", Description: description, Enum: of}}
	}
	problem := s.problemResponse()
	table := &huma.Schema{Type: "string"}
	doc.AddOperation(&huma.Operation{
		OperationID: "list-revalidation-changes", Method: http.MethodGet, Path: "/v1/revalidations/{id}/changes", Tags: []string{tag},
		Summary: "Which filings it changed 变化明细",
		Description: "In the order of the filings' ids. JSON comes in pages; csv (a line for each item that came or went) and jsonl are " +
			"all of it as one stream. Of a dry run these are the changes that the run would make.",
		Parameters: []*huma.Param{
			{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string", Description: "The revalidation's id"}},
			text("province", "Only filings of this province"), text("clause", "Only where this clause's items came or went"),
			text("material", "Only where this material's requirement or file changed"),
			text("from", "Only filings with this verdict before", "pass", "review", "fail"), text("to", "Only filings with this verdict now", "pass", "review", "fail"),
			text("after", "Go on after this filing: next of the page before"),
			{Name: "limit", In: "query", Schema: &huma.Schema{Type: "integer", Default: changesPage}, Description: "Filings in a page, 1 to 1000"},
			text("format", "How it is printed", "json", "csv", "jsonl"),
		},
		Responses: map[string]*huma.Response{
			"200": {Description: "The changes", Content: map[string]*huma.MediaType{
				"application/json": {Schema: doc.Components.Schemas.Schema(typeOf(changesBody{}), true, "")},
				"text/csv":         {Schema: table}, "application/jsonl": {Schema: table},
			}},
			"401": problem, "404": problem, "422": problem, "500": problem,
		},
	})
}

// problemResponse describes an answer that is a problem.
func (s *Server) problemResponse() *huma.Response {
	return &huma.Response{Description: "Problem", Content: map[string]*huma.MediaType{"application/problem+json": {
		Schema: s.api.OpenAPI().Components.Schemas.Schema(typeOf(Problem{}), true, ""),
	}}}
}
