package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/templates/letters"
)

// letterPage is a letter of a place that wants one, filled in from the facts, to be printed, signed and photographed.
func (s *Server) letterPage(c echo.Context) error {
	v, view, err := s.applicantsView(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	_, place := placeOf(view.Slots, c.Param("place"))
	if place == nil || !place.Letter {
		return pipeline.ErrNotFound
	}
	letter, _ := letters.Find(place.Material)
	of := ""
	if class, _, _ := strings.Cut(place.Of, ":"); letter.Each != letters.EachFiling && (class == "domain" || class == "site") {
		of = place.Of
	}
	var buf bytes.Buffer
	if err := letters.RenderWith(&buf, place.Material, v.Facts, of, s.language(c), "/static/preflight.js"); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src '"+styleHash(buf.Bytes())+"'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	return c.HTMLBlob(http.StatusOK, buf.Bytes())
}

// styleHash names the one style that a letter carries, so that its policy lets in that one alone (CSP Level 3, 2.3.1). A letter is a
// single file, since `preflight letter` prints it without a service.
func styleHash(page []byte) string {
	_, rest, _ := bytes.Cut(page, []byte("<style>"))
	style, _, _ := bytes.Cut(rest, []byte("</style>"))
	sum := sha256.Sum256(style)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
