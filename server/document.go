package server

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/templates"
)

func typeOf(v any) reflect.Type { return reflect.TypeOf(v) }

// byteCount prints a size for people: whole MiB or KiB where it is one.
func byteCount(n int64) string {
	switch {
	case n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}

// routeDocument serves the API's document, as OpenAPI 3.1 and as a page to read that needs nothing from elsewhere.
func (s *Server) routeDocument() {
	s.echo.GET("/openapi.yaml", func(c echo.Context) error {
		body, err := s.api.OpenAPI().YAML()
		if err != nil {
			return fmt.Errorf("print the API's document: %w", err)
		}
		return c.Blob(http.StatusOK, "application/yaml; charset=utf-8", body)
	})
	s.echo.GET("/openapi.json", func(c echo.Context) error {
		body, err := s.api.OpenAPI().MarshalJSON()
		if err != nil {
			return fmt.Errorf("print the API's document: %w", err)
		}
		return c.Blob(http.StatusOK, "application/json", body)
	})
	s.echo.GET("/docs", func(c echo.Context) error {
		return s.page(c, http.StatusOK, "docs", s.documentPage())
	})
}

// documentPage arranges the document for reading: operations in the order of their paths, then the table of errors.
func (s *Server) documentPage() templates.Docs {
	doc := s.api.OpenAPI()
	page := templates.Docs{Title: doc.Info.Title, Version: doc.Info.Version, Description: doc.Info.Description}
	var paths []string
	for p := range doc.Paths {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		item := doc.Paths[p]
		for _, m := range []struct {
			name string
			op   *huma.Operation
		}{{"GET", item.Get}, {"POST", item.Post}, {"PATCH", item.Patch}, {"PUT", item.Put}, {"DELETE", item.Delete}} {
			if m.op == nil {
				continue
			}
			op := templates.DocsOperation{Method: m.name, Path: p, ID: m.op.OperationID, Summary: m.op.Summary, Description: m.op.Description}
			for _, r := range s.access[m.op.OperationID].Roles {
				op.Roles = append(op.Roles, string(r))
			}
			for _, param := range m.op.Parameters {
				op.Parameters = append(op.Parameters, templates.DocsParameter{
					Name: param.Name, In: param.In, Required: param.Required, Description: describeParameter(param),
				})
			}
			if m.op.RequestBody != nil {
				for t := range m.op.RequestBody.Content {
					op.Bodies = append(op.Bodies, t)
				}
				slices.Sort(op.Bodies)
			}
			for status := range m.op.Responses {
				op.Statuses = append(op.Statuses, status)
			}
			slices.Sort(op.Statuses)
			page.Operations = append(page.Operations, op)
		}
	}
	for code := range problems {
		p := newProblem(code)
		page.Problems = append(page.Problems, templates.DocsProblem{Code: code, Status: p.Status, Message: p.Message, Advice: p.Advice})
	}
	slices.SortFunc(page.Problems, func(a, b templates.DocsProblem) int {
		if a.Status != b.Status {
			return a.Status - b.Status
		}
		return strings.Compare(a.Code, b.Code)
	})
	return page
}

func describeParameter(p *huma.Param) string {
	parts := []string{}
	if p.Schema != nil && p.Schema.Description != "" {
		parts = append(parts, p.Schema.Description)
	} else if p.Description != "" {
		parts = append(parts, p.Description)
	}
	if p.Schema != nil && len(p.Schema.Enum) > 0 {
		var values []string
		for _, v := range p.Schema.Enum {
			values = append(values, fmt.Sprint(v))
		}
		parts = append(parts, strings.Join(values, " | "))
	}
	return strings.Join(parts, ": ")
}
