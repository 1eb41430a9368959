package server

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/pipeline"
)

// image sends a picture with a strong ETag, 304 and ranges; only this viewer's browser may keep it.
func (s *Server) image(c echo.Context) error {
	variant := pipeline.Variant(c.QueryParam("variant"))
	if variant == "" {
		variant = pipeline.VariantUpright
	}
	if variants := pipeline.Variants(); !slices.Contains(variants, variant) {
		var allowed []string
		for _, v := range variants {
			allowed = append(allowed, string(v))
		}
		return newProblem("invalid_request").withField("variant", "没有这种图片", "no such variant", allowed...)
	}
	img, err := s.flow.Image(c.Request().Context(), viewerOf(c.Request().Context()), c.Param("id"), variant)
	if err != nil {
		return err
	}
	return s.sendImage(c, img)
}

// sendImage sends a picture, or the part of it that is asked for.
func (s *Server) sendImage(c echo.Context, img *pipeline.Image) error {
	h := c.Response().Header()
	who := principalOf(c.Request().Context())
	if c.QueryParam("watermark") == "true" || s.cfg.Watermark && who.Role == RoleReviewer {
		marked, err := s.flow.Watermark(c.Request().Context(), img, who.Name+"  "+time.Now().UTC().Format("2006-01-02 15:04:05Z"))
		if err != nil {
			return err
		}
		h.Set("Cache-Control", "no-store") // it says when it was looked at
		h.Set("Content-Disposition", "inline")
		return c.Blob(http.StatusOK, "image/jpeg", marked)
	}
	h.Set("ETag", img.ETag)
	h.Set("Cache-Control", "private, no-cache") // kept by this browser, asked for again each time: 304
	h.Set("Vary", "Authorization, Cookie")
	h.Set("Content-Type", img.ContentType)
	h.Set("Content-Disposition", "inline")
	body := &seekingImage{img: img}
	defer func() { _ = body.Close() }()
	http.ServeContent(c.Response(), c.Request(), "", img.ModTime, body)
	return body.failure
}

// seekingImage gives http.ServeContent what it wants, opening the store only for the part that is sent.
type seekingImage struct {
	img     *pipeline.Image
	at      int64
	open    io.ReadCloser
	failure error
}

func (s *seekingImage) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.img.Size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek to %d: before the beginning", offset)
	}
	if offset != s.at {
		_ = s.Close()
	}
	s.at = offset
	return offset, nil
}

func (s *seekingImage) Read(p []byte) (int, error) {
	if s.at >= s.img.Size {
		return 0, io.EOF
	}
	if s.open == nil {
		r, err := s.img.Open(s.at, s.img.Size-s.at)
		if err != nil {
			s.failure = err
			return 0, err
		}
		s.open = r
	}
	n, err := s.open.Read(p)
	s.at += int64(n)
	if err != nil && err != io.EOF {
		s.failure = err
	}
	return n, err
}

func (s *seekingImage) Close() error {
	if s.open == nil {
		return nil
	}
	err := s.open.Close()
	s.open = nil
	return err
}
