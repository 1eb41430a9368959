package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/storage"
)

// Bounds of links and of a page of the audit trail.
const (
	linkDefault = 24 * time.Hour
	linkMost    = 31 * 24 * time.Hour
	auditPage   = 500
)

// LinkPath names a link of a filing.
type LinkPath struct {
	FilingPath
	Link string `path:"link" maxLength:"64" doc:"The link's id"`
}

// linkBody is a link as it is made: with its token, this once.
type linkBody struct {
	storage.Link
	Token string `json:"token" doc:"Shown this once. Send it as a bearer token, or let a browser open URL"`
	URL   string `json:"url" doc:"Opens the filing in a browser: the token is behind #, which no server and no log sees"`
}

// routeAccess adds what concerns who is let in, and what was done.
func (s *Server) routeAccess() {
	const tag = "access 访问"
	huma.Register(s.api, huma.Operation{
		OperationID: "create-link", Method: http.MethodPost, Path: "/v1/filings/{id}/links", DefaultStatus: http.StatusCreated, Tags: []string{tag},
		Summary: "A link for the applicant 申请人链接", MaxBodyBytes: s.cfg.MaxJSON,
		Description: "Whoever has it sees this filing, answers its questions and uploads its photos, and nothing else, until it runs out or is revoked.",
	}, func(ctx context.Context, in *struct {
		FilingPath
		Body *struct {
			Seconds int64 `json:"seconds,omitempty" minimum:"60" maximum:"2678400" doc:"How long it holds; default a day, at most 31"`
		} `required:"false"`
	}) (*struct{ Body linkBody }, error) {
		lasts := linkDefault
		if in.Body != nil && in.Body.Seconds > 0 {
			lasts = min(time.Duration(in.Body.Seconds)*time.Second, linkMost)
		}
		l, token, err := s.flow.CreateLink(ctx, viewerOf(ctx), in.ID, lasts)
		if err != nil {
			return nil, s.failed(ctx, "create-link", err)
		}
		return &struct{ Body linkBody }{linkBody{Link: l, Token: token, URL: s.cfg.PublicURL + "/login#token=" + token}}, nil
	})

	type links struct {
		Body struct {
			Links []storage.Link `json:"links"`
		}
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "list-links", Method: http.MethodGet, Path: "/v1/filings/{id}/links", Summary: "Links to a filing 链接列表", Tags: []string{tag},
	}, func(ctx context.Context, in *FilingPath) (*links, error) {
		list, err := s.flow.Links(ctx, viewerOf(ctx), in.ID)
		if err != nil {
			return nil, s.failed(ctx, "list-links", err)
		}
		out := &links{}
		out.Body.Links = list
		return out, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "revoke-link", Method: http.MethodDelete, Path: "/v1/filings/{id}/links/{link}", DefaultStatus: http.StatusNoContent, Tags: []string{tag},
		Summary: "Revoke a link 撤销链接", Description: "From now on nobody is let in by it, also who has a page open.",
	}, func(ctx context.Context, in *LinkPath) (*struct{}, error) {
		if err := s.flow.RevokeLink(ctx, viewerOf(ctx), in.ID, in.Link); err != nil {
			return nil, s.failed(ctx, "revoke-link", err)
		}
		return nil, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "get-receipt", Method: http.MethodGet, Path: "/v1/receipts/{id}", Tags: []string{tag}, Summary: "Proof of a deletion 删除凭证",
		Description: "What was asked for and by whom, how many files and objects it was, and when the last of them was gone. Its id is in the answer " +
			"to a deletion, as Deletion-Receipt. Signed once it is finished, by a secret of the installation.",
	}, func(ctx context.Context, in *struct {
		ID string `path:"id" maxLength:"64" doc:"The receipt's id"`
	}) (*struct{ Body *storage.Receipt }, error) {
		r, err := s.flow.Receipt(ctx, viewerOf(ctx), in.ID)
		if err != nil {
			return nil, s.failed(ctx, "get-receipt", err)
		}
		return &struct{ Body *storage.Receipt }{r}, nil
	})
	s.echo.GET("/v1/audit", s.authorized("list-audit", false, s.audit))
	s.describeAudit(tag)
}

// auditBody is a page of the trail.
type auditBody struct {
	Entries []storage.AuditEntry `json:"entries"`
	Next    int64                `json:"next,omitempty" doc:"Where to go on: send it as after"`
}

// audit answers a page of the organization's trail, or with format=jsonl all of it as a stream.
func (s *Server) audit(c echo.Context) error {
	ctx := c.Request().Context()
	q := storage.AuditFilter{Organization: new(string), Object: c.QueryParam("object"), Limit: auditPage}
	*q.Organization = principalOf(ctx).Organization
	if text := c.QueryParam("after"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return newProblem("invalid_request").withField("after", "应为上一页的 next", "not the next of a page")
		}
		q.After = n
	}
	switch format := c.QueryParam("format"); format {
	case "", "json":
		list, err := s.flow.AuditEntries(ctx, q)
		if err != nil {
			return err
		}
		body := auditBody{Entries: list}
		if len(list) == auditPage {
			body.Next = list[len(list)-1].Sequence
		}
		c.Response().Header().Set("Cache-Control", "no-store")
		return writeJSON(c, http.StatusOK, body)
	case "jsonl":
		c.Response().Header().Set("Content-Type", "application/jsonl")
		c.Response().Header().Set("Cache-Control", "no-store")
		w := bufio.NewWriter(c.Response())
		for {
			list, err := s.flow.AuditEntries(ctx, q)
			if err != nil {
				return err
			}
			for i := range list {
				if err := json.NewEncoder(w).Encode(&list[i]); err != nil {
					return err
				}
				q.After = list[i].Sequence
			}
			if len(list) < auditPage {
				return w.Flush()
			}
		}
	default:
		return newProblem("invalid_request").withField("format", "没有这种格式", "there is no such format", "json", "jsonl")
	}
}

func (s *Server) describeAudit(tag string) {
	doc, problem := s.api.OpenAPI(), s.problemResponse()
	text := func(name, description string) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: description, Schema: &huma.Schema{Type: "string", Description: description}}
	}
	doc.AddOperation(&huma.Operation{
		OperationID: "list-audit", Method: http.MethodGet, Path: "/v1/audit", Tags: []string{tag}, Summary: "Who saw or changed what 审计记录",
		Description: "The organization's entries in their order, granted ones written before the work began, and those that came to nothing once more " +
			"with the status. jsonl is all of it as one stream. Each entry's hash covers the one before it: preflight audit verify looks.",
		Parameters: []*huma.Param{text("after", "Go on after this sequence: next of the page before"), text("object", "Only what concerns this id"), text("format", "json or jsonl")},
		Responses: map[string]*huma.Response{
			"200": {Description: "Entries", Content: map[string]*huma.MediaType{
				"application/json":  {Schema: doc.Components.Schemas.Schema(typeOf(auditBody{}), true, "")},
				"application/jsonl": {Schema: &huma.Schema{Type: "string"}},
			}},
			"401": problem, "404": problem, "422": problem, "429": problem, "500": problem,
		},
	})
}

// describeAccess says in the API's document who may call what, and that anybody may be asked to slow down.
func (s *Server) describeAccess() {
	problem := s.problemResponse()
	for _, item := range s.api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Head, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			g, known := s.access[op.OperationID]
			if !known {
				continue
			}
			names := make([]string, len(g.Roles))
			for i, r := range g.Roles {
				names[i] = string(r)
			}
			slices.Sort(names)
			op.Description = strings.TrimSpace(fmt.Sprintf("%s\n\nRoles: %s. Scope: %s.", op.Description, strings.Join(names, ", "), g.Scope))
			op.Security = []map[string][]string{{"bearer": {g.Scope}}, {"oidc": {g.Scope}}}
			if op.Responses["429"] == nil {
				op.Responses["429"] = problem
			}
		}
	}
}
