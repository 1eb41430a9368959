package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
)

func (s *Server) routeChecks() {
	s.echo.POST("/v1/checks", s.admitted("check-photo", false, s.check))
}

// check judges one photo and keeps nothing of it.
func (s *Server) check(c echo.Context, place *pipeline.Place) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), s.cfg.UploadTimeout)
	defer cancel()
	src, err := s.source(c)
	if err != nil {
		return err
	}
	file, err := place.Check(ctx, src)
	if err != nil {
		return src.explain(err)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return writeJSON(c, http.StatusOK, filing.CheckReport{Files: []filing.FileReport{*file}, Verdict: file.Verdict})
}

// describeUpload adds the routes that huma does not serve (they stream) to the API's document, by hand.
func (s *Server) describeUpload(tag string) {
	doc := s.api.OpenAPI()
	text := func(description string) *huma.Schema { return &huma.Schema{Type: "string", Description: description} }
	picture := &huma.Schema{Type: "string", Format: "binary", Description: "The picture: JPEG, PNG or GIF, recognized by its content"}
	material := text("What the file shows: a material of the vocabulary, e.g. principal_id")
	page := &huma.Schema{Type: "string", Enum: []any{"front", "back"}, Description: "The side of the document"}
	of := text("Whom or what it belongs to, e.g. principal or domain:example.cn")
	body := &huma.RequestBody{Required: true, Description: "At most " + byteCount(s.cfg.MaxBody) + ".", Content: map[string]*huma.MediaType{
		"multipart/form-data": {Schema: &huma.Schema{Type: "object", Required: []string{"file"}, Properties: map[string]*huma.Schema{
			"file": picture, "material": material, "page": page, "of": of,
		}}},
		"image/jpeg": {Schema: picture}, "image/png": {Schema: picture}, "image/gif": {Schema: picture},
		"application/octet-stream": {Schema: picture},
	}}
	query := func(name string, schema *huma.Schema) *huma.Param {
		return &huma.Param{Name: name, In: "query", Schema: schema, Description: "For a raw body; a form sends it as a field"}
	}
	header := func(name, description string) *huma.Param {
		return &huma.Param{Name: name, In: "header", Schema: text(description), Description: description}
	}
	id := &huma.Param{Name: "id", In: "path", Required: true, Schema: text("The id")}
	answer := func(v any, description string) *huma.Response {
		return &huma.Response{Description: description, Content: map[string]*huma.MediaType{"application/json": {
			Schema: doc.Components.Schemas.Schema(typeOf(v), true, ""),
		}}}
	}
	problem := &huma.Response{Description: "Problem", Content: map[string]*huma.MediaType{"application/problem+json": {
		Schema: doc.Components.Schemas.Schema(typeOf(Problem{}), true, ""),
	}}}
	declared := []*huma.Param{query("material", material), query("page", page), query("of", of), query("filename", text("The file's name; only its extension is looked at"))}
	digest := header("Content-Digest", "RFC 9530: sha-256 or sha-512 of the whole body; another content is refused with 400")

	doc.AddOperation(&huma.Operation{
		OperationID: "upload-material", Method: http.MethodPost, Path: "/v1/filings/{id}/materials", Tags: []string{tag},
		Summary: "Upload a photo 上传照片",
		Description: "201: stored durably and checked. 202: stored durably, the checks go on (with Prefer: respond-async, or when they " +
			"take longer than a few seconds): ask for the material at Location. The file is kept whatever its verdict. A newer file for " +
			"the same material, page and person replaces the older one.",
		Parameters: append([]*huma.Param{id,
			header("Idempotency-Key", "Makes a repeated upload the same upload, for 24 hours; with another body it is 422"),
			digest, header("Prefer", "respond-async: do not wait for the checks"),
		}, declared...),
		RequestBody: body,
		Responses: map[string]*huma.Response{
			"201": answer(uploadBody{}, "Stored and checked"), "202": answer(uploadBody{}, "Stored; the checks go on"),
			"400": problem, "401": problem, "404": problem, "408": problem, "413": problem, "415": problem, "422": problem, "429": problem, "500": problem,
		},
	})
	doc.AddOperation(&huma.Operation{
		OperationID: "check-photo", Method: http.MethodPost, Path: "/v1/checks", Tags: []string{"checks 检查"},
		Summary: "Check a photo without storing anything 只检查不保存", Parameters: append([]*huma.Param{digest}, declared...), RequestBody: body,
		Responses: map[string]*huma.Response{
			"200": answer(filing.CheckReport{}, "The findings"),
			"400": problem, "401": problem, "408": problem, "413": problem, "415": problem, "422": problem, "429": problem, "500": problem,
		},
	})
	pictures := map[string]*huma.MediaType{"image/jpeg": {Schema: picture}, "image/png": {Schema: picture}, "image/gif": {Schema: picture}}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		op := &huma.Operation{
			OperationID: "get-image", Method: method, Path: "/v1/materials/{id}/image", Tags: []string{tag},
			Summary: "The picture 图片",
			Description: "original: the bytes as uploaded; upright (the default): turned as EXIF says, without personal metadata; " +
				"thumbnail: 480 pixels on its long side; rectified: the document by itself, seen from straight above, up to 2048 pixels " +
				"on its long side (404 no_document where none was located); overlay: what was measured drawn into the picture, with a " +
				"legend. ETag, 304 and Range are honoured.",
			Parameters: []*huma.Param{id, {Name: "variant", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"original", "upright", "thumbnail", "preview", "rectified", "overlay"}, Default: "upright"}}, {Name: "watermark", In: "query", Schema: &huma.Schema{Type: "boolean"},
				Description: "A JPEG that carries who looks at it and when, made for this request; the operator may set that reviewers are sent no other"}},
			Responses: map[string]*huma.Response{
				"200": {Description: "The picture", Content: pictures}, "206": {Description: "A part of it", Content: pictures},
				"304": {Description: "Not changed"}, "401": problem, "404": problem, "416": {Description: "No such range"}, "422": problem, "500": problem,
			},
		}
		if method == http.MethodHead {
			op.OperationID = "head-image"
		}
		doc.AddOperation(op)
	}
}
