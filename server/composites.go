package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
)

// CompositePath is the part of a path that names a composite.
type CompositePath struct {
	ID string `path:"id" maxLength:"64" doc:"The composite's id"`
}

// CompositeInput is what a composite is asked for as.
type CompositeInput struct {
	FilingPath
	Body struct {
		Composition string   `json:"composition,omitempty" maxLength:"64" doc:"A composition that the rules ask for (GET /v1/filings/{id}/composites lists them)" example:"auxiliary"`
		Of          string   `json:"of,omitempty" maxLength:"256" doc:"Whose, where there are several of that name"`
		Parts       []string `json:"parts,omitempty" minItems:"1" maxItems:"12" doc:"Or: ids of files of the filing, in their order"`
		Layout      string   `json:"layout,omitempty" enum:"auto,row,column,grid,sides" doc:"Default: that of the composition, or auto"`
		Rectify     bool     `json:"rectify,omitempty" doc:"The documents alone, seen from straight above"`
		Captions    bool     `json:"captions,omitempty" doc:"Below each part what it was declared as"`
		Margin      *float64 `json:"margin,omitempty" minimum:"0" maximum:"0.5" doc:"Space around and between the parts, as a share of the side of a square as large as all of them. Default: 0.01"`
	}
}

// compositeList are the composites of a filing, and those that its rules ask for.
type compositeList struct {
	Composites   []filing.CompositeView `json:"composites"`
	Compositions []checks.Composition   `json:"compositions" doc:"Pages that belong into one picture by the rules in force"`
}

func (s *Server) routeComposites() {
	const tag = "composites 拼图"
	s.echo.GET("/v1/composites/:id/image", s.authorized("get-composite-image", true, s.compositeImage))
	s.echo.HEAD("/v1/composites/:id/image", s.authorized("head-composite-image", true, s.compositeImage))

	huma.Register(s.api, huma.Operation{
		OperationID: "create-composite", Method: http.MethodPost, Path: "/v1/filings/{id}/composites",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: s.cfg.MaxJSON,
		Summary: "Make one picture of several 拼成一张图", Tags: []string{tag},
		Description: "Stitches files of the filing into one JPEG within the limits of an upload: upright, cards at one scale, as legible " +
			"as so many bytes allow. The same files in the same way are the same composite. Where a file is replaced it is made again.",
	}, func(ctx context.Context, in *CompositeInput) (*struct {
		Location string `header:"Location"`
		Body     *filing.CompositeView
	}, error) {
		v, err := s.flow.MakeComposite(ctx, viewerOf(ctx), in.ID, pipeline.CompositeRequest{
			Composition: in.Body.Composition, Of: in.Body.Of, Parts: in.Body.Parts, Layout: in.Body.Layout,
			Rectify: in.Body.Rectify, Captions: in.Body.Captions, Margin: in.Body.Margin,
		})
		if err != nil {
			return nil, s.failed(ctx, "create-composite", err)
		}
		return &struct {
			Location string `header:"Location"`
			Body     *filing.CompositeView
		}{"/v1/composites/" + v.ID, v}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "list-composites", Method: http.MethodGet, Path: "/v1/filings/{id}/composites",
		Summary: "Composites of a filing, and those that its rules ask for 备案的拼图", Tags: []string{tag},
	}, func(ctx context.Context, in *FilingPath) (*struct{ Body compositeList }, error) {
		made, wanted, err := s.flow.Composites(ctx, viewerOf(ctx), in.ID)
		if err != nil {
			return nil, s.failed(ctx, "list-composites", err)
		}
		return &struct{ Body compositeList }{compositeList{made, wanted}}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "get-composite", Method: http.MethodGet, Path: "/v1/composites/{id}",
		Summary: "One composite: its parts, their places and sources 拼图详情", Tags: []string{tag},
	}, func(ctx context.Context, in *CompositePath) (*struct{ Body *filing.CompositeView }, error) {
		v, err := s.flow.Composite(ctx, viewerOf(ctx), in.ID)
		if err != nil {
			return nil, s.failed(ctx, "get-composite", err)
		}
		return &struct{ Body *filing.CompositeView }{v}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "get-composite-point", Method: http.MethodGet, Path: "/v1/composites/{id}/point",
		Summary: "Which file a point shows, and where 拼图上一点的来源", Tags: []string{tag},
	}, func(ctx context.Context, in *struct {
		CompositePath
		X float64 `query:"x" required:"true" doc:"Pixels of the composite from its left edge"`
		Y float64 `query:"y" required:"true" doc:"Pixels of the composite from its upper edge"`
	}) (*struct{ Body *filing.SourcePoint }, error) {
		at, err := s.flow.CompositePoint(ctx, viewerOf(ctx), in.ID, filing.Point{in.X, in.Y})
		if err != nil {
			return nil, s.failed(ctx, "get-composite-point", err)
		}
		return &struct{ Body *filing.SourcePoint }{at}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "delete-composite", Method: http.MethodDelete, Path: "/v1/composites/{id}",
		Summary: "Delete a composite; its sources stay 删除拼图", Tags: []string{tag},
	}, func(ctx context.Context, in *CompositePath) (*struct{}, error) {
		if err := s.flow.DeleteComposite(ctx, viewerOf(ctx), in.ID); err != nil {
			return nil, s.failed(ctx, "delete-composite", err)
		}
		return nil, nil
	})

	s.describeCompositeImage(tag, "get-composite-image", http.MethodGet)
	s.describeCompositeImage(tag, "head-composite-image", http.MethodHead)
}

func (s *Server) describeCompositeImage(tag, id, method string) {
	s.api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: id, Method: method, Path: "/v1/composites/{id}/image",
		Summary: "The picture 拼图图片", Tags: []string{tag}, Description: "A strong ETag, 304 and ranges; only the viewer's own cache may keep it.",
		Parameters: []*huma.Param{
			{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}},
			{Name: "variant", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"original", "thumbnail"}}},
		},
		Responses: map[string]*huma.Response{
			"200": {Description: "The picture", Content: map[string]*huma.MediaType{"image/jpeg": {}}},
			"206": {Description: "A range of it"}, "304": {Description: "It has not changed"},
		},
	})
}

func (s *Server) compositeImage(c echo.Context) error {
	variant := pipeline.Variant(c.QueryParam("variant"))
	switch variant {
	case "":
		variant = pipeline.VariantOriginal
	case pipeline.VariantOriginal, pipeline.VariantThumbnail:
	default:
		return newProblem("invalid_request").withField("variant", "没有这种图片", "no such variant", "original", "thumbnail")
	}
	ctx := c.Request().Context()
	img, err := s.flow.CompositeImage(ctx, viewerOf(ctx), c.Param("id"), variant)
	if err != nil {
		return err
	}
	return s.sendImage(c, img)
}

// compositeProblem is the problem of a composite that cannot be made: its code is the finding of whoever asks.
func compositeProblem(err error) (*Problem, bool) {
	var refusal *pipeline.CompositeError
	if !errors.As(err, &refusal) {
		return nil, false
	}
	if _, ok := problems[refusal.Code]; !ok {
		return newProblem("internal"), true
	}
	return newProblem(refusal.Code), true
}
