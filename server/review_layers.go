package server

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/filing"
)

// layersBody is what the viewer draws over a picture, in pixels of the upright one.
type layersBody struct {
	Measurements *filing.Measurements `json:"measurements,omitempty"`
	*filing.MaterialText
}

// routeReviewLayers adds what the viewer asks for while somebody looks. The API's own calls take no cookie; these are the same operations
// for a page's script, to read only.
func (s *Server) routeReviewLayers() {
	s.echo.GET("/materials/:id/layers", s.authorized("get-material-text", true, s.layers))
	s.echo.GET("/composites/:id", s.authorized("get-composite", true, func(c echo.Context) error {
		v, err := s.flow.Composite(c.Request().Context(), viewerOf(c.Request().Context()), c.Param("id"))
		if err != nil {
			return err
		}
		return sendToPage(c, v)
	}))
	s.echo.GET("/composites/:id/point", s.authorized("get-composite-point", true, s.pointOfPage))
}

func sendToPage(c echo.Context, v any) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return writeJSON(c, http.StatusOK, v)
}

func (s *Server) layers(c echo.Context) error {
	ctx := c.Request().Context()
	m, err := s.flow.Material(ctx, viewerOf(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	text, err := s.flow.MaterialText(ctx, viewerOf(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	return sendToPage(c, layersBody{m.Measurements, text})
}

func (s *Server) pointOfPage(c echo.Context) error {
	var at filing.Point
	for i, name := range []string{"x", "y"} {
		v, err := strconv.ParseFloat(c.QueryParam(name), 64)
		if err != nil {
			return newProblem("invalid_request").withField(name, "不是数字", "no number")
		}
		at[i] = v
	}
	ctx := c.Request().Context()
	found, err := s.flow.CompositePoint(ctx, viewerOf(ctx), c.Param("id"), at)
	if err != nil {
		return err
	}
	return sendToPage(c, found)
}
