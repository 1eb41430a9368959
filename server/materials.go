package server

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
)

// Bounds of the small fields that come beside a picture.
const (
	maxFields     = 16
	maxField      = 1 << 10
	maxKey        = 255
	maxFormExcess = 64 << 10 // boundaries, part headers and fields of a form, beside its file
)

func (s *Server) routeMaterials() {
	const tag = "materials 资料"
	s.echo.POST("/v1/filings/:id/materials", s.admitted("upload-material", false, s.upload))
	s.echo.GET("/v1/materials/:id/image", s.authorized("get-image", true, s.image))
	s.echo.HEAD("/v1/materials/:id/image", s.authorized("get-image", true, s.image))

	huma.Register(s.api, huma.Operation{
		OperationID: "list-materials", Method: http.MethodGet, Path: "/v1/filings/{id}/materials",
		Summary: "Files of a filing 备案的文件", Tags: []string{tag},
	}, func(ctx context.Context, in *FilingPath) (*struct {
		Body struct {
			Materials []filing.MaterialReport `json:"materials"`
		}
	}, error) {
		list, err := s.flow.Materials(ctx, viewerOf(ctx), in.ID)
		if err != nil {
			return nil, s.failed(ctx, "list-materials", err)
		}
		out := &struct {
			Body struct {
				Materials []filing.MaterialReport `json:"materials"`
			}
		}{}
		out.Body.Materials = list
		return out, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "get-material", Method: http.MethodGet, Path: "/v1/materials/{id}",
		Summary: "One file's state and findings 单个文件的检查结果", Tags: []string{tag},
	}, func(ctx context.Context, in *MaterialPath) (*struct{ Body *filing.MaterialReport }, error) {
		m, err := s.flow.Material(ctx, viewerOf(ctx), in.ID)
		if err != nil {
			return nil, s.failed(ctx, "get-material", err)
		}
		return &struct{ Body *filing.MaterialReport }{m}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "get-material-text", Method: http.MethodGet, Path: "/v1/materials/{id}/text",
		Summary: "What was read in a file, and where it stands 识别出的文字及位置", Tags: []string{tag},
		Description: "Lines, seals and fields with their corners in pixels of the upright picture. Without a reader the lists are empty.",
	}, func(ctx context.Context, in *MaterialPath) (*struct{ Body *filing.MaterialText }, error) {
		text, err := s.flow.MaterialText(ctx, viewerOf(ctx), in.ID)
		if err != nil {
			return nil, s.failed(ctx, "get-material-text", err)
		}
		return &struct{ Body *filing.MaterialText }{text}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "delete-material", Method: http.MethodDelete, Path: "/v1/materials/{id}",
		Summary: "Delete one file 删除单个文件", Tags: []string{tag},
	}, func(ctx context.Context, in *MaterialPath) (*deletedOutput, error) {
		receipt, err := s.flow.DeleteMaterialFor(ctx, viewerOf(ctx), in.ID)
		if err != nil {
			return nil, s.failed(ctx, "delete-material", err)
		}
		return &deletedOutput{receipt}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "repair-material", Method: http.MethodPost, Path: "/v1/materials/{id}/repairs",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: s.cfg.MaxJSON,
		Summary: "Repair what can be repaired 自动修复", Tags: []string{tag},
		Description: "Makes a new file from this one: shrink (below the size limit, as legible as possible) or upright " +
			"(turned as EXIF says), or sides: " +
			"one picture of both sides of the document at one scale, which is a composite; of a picture in which somebody stitched both sides and nothing else, " +
			"a new file. The original is kept until retention; the new file is marked as made by the service.",
	}, func(ctx context.Context, in *struct {
		MaterialPath
		Body struct {
			Repair string `json:"repair" enum:"shrink,upright,sides"`
		}
	}) (*struct {
		Location string `header:"Location"`
		Body     *uploadBody
	}, error) {
		a, err := s.flow.Repair(ctx, viewerOf(ctx), in.ID, pipeline.Repair(in.Body.Repair))
		if err != nil {
			return nil, s.failed(ctx, "repair-material", err)
		}
		return &struct {
			Location string `header:"Location"`
			Body     *uploadBody
		}{locationOf(a), uploadAnswer(a)}, nil
	})

	s.describeUpload(tag)
}

// MaterialPath is the part of a path that names a file.
type MaterialPath struct {
	ID string `path:"id" maxLength:"64" doc:"The file's id"`
}

// uploadBody is the answer to an upload: the file's report, and the requirements of the filing that it stands for.
type uploadBody struct {
	filing.MaterialReport
	Matches []filing.Match `json:"matches"`
	// Composite is what was made where a repair makes no file.
	Composite *filing.CompositeView `json:"composite,omitempty"`
}

// locationOf is where what was made is found.
func locationOf(a *pipeline.Answer) string {
	if a.Composite != nil {
		return "/v1/composites/" + a.Composite.ID
	}
	return "/v1/materials/" + a.Material.ID
}

func uploadAnswer(a *pipeline.Answer) *uploadBody {
	matches := a.Matches
	if matches == nil {
		matches = []filing.Match{}
	}
	return &uploadBody{MaterialReport: a.Material, Matches: matches, Composite: a.Composite}
}

// upload takes one picture: multipart/form-data with the field file, or the raw image as the body with query parameters.
func (s *Server) upload(c echo.Context, place *pipeline.Place) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), s.cfg.UploadTimeout)
	defer cancel()
	src, err := s.source(c)
	if err != nil {
		return err
	}
	a, err := place.Upload(ctx, viewerOf(ctx), c.Param("id"), src)
	if err != nil {
		return src.explain(err)
	}
	status := http.StatusCreated
	if a.Pending {
		status = http.StatusAccepted
	}
	c.Response().Header().Set("Location", "/v1/materials/"+a.Material.ID)
	c.Response().Header().Set("Cache-Control", "no-store")
	return writeJSON(c, status, uploadAnswer(a))
}

func writeJSON(c echo.Context, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("print an answer: %w", err)
	}
	return c.Blob(status, "application/json", append(body, '\n'))
}

// source reads a picture and its fields out of a request, as the pipeline asks for them.
type source struct {
	body    *patientBody
	digests []digestCheck
	header  http.Header
	query   func(string) string

	form   *multipart.Reader // nil for a raw body
	part   *multipart.Part
	values map[string]string
	fields int
	ext    string
}

type digestCheck struct {
	hash hash.Hash
	want []byte
}

// source prepares a request's body: bounded, patient with slow networks but not with silent ones, hashed on its way
// where Content-Digest (RFC 9530) asks for it.
func (s *Server) source(c echo.Context) (*source, error) {
	r := c.Request()
	limit := s.cfg.MaxBody
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	isForm := err == nil && mediaType == "multipart/form-data"
	if isForm {
		limit += maxFormExcess
	}
	if len(r.Header.Get("Idempotency-Key")) > maxKey {
		return nil, newProblem("invalid_request").withField("Idempotency-Key", "长度不能超过 255 个字符", "at most 255 characters")
	}
	if r.ContentLength > limit {
		return nil, newProblem("body_too_large").withLimit(map[string]any{"max_bytes": r.ContentLength}, map[string]any{"max_bytes": s.cfg.MaxBody})
	}
	digests, err := parseContentDigest(r.Header.Values("Content-Digest"))
	if err != nil {
		return nil, err
	}
	src := &source{
		body: &patientBody{
			body: http.MaxBytesReader(c.Response(), r.Body, limit), control: http.NewResponseController(c.Response()),
			stall: s.cfg.StallTimeout,
		},
		digests: digests, header: r.Header, query: c.QueryParam, values: map[string]string{},
	}
	for _, d := range digests {
		src.body.sums = append(src.body.sums, d.hash)
	}
	switch {
	case isForm && params["boundary"] == "":
		return nil, newProblem("bad_request").withField("Content-Type", "缺少 boundary", "the boundary is missing")
	case isForm:
		src.form = multipart.NewReader(src.body, params["boundary"])
	case mediaType == "application/json":
		// JSON is a mistake worth a clear answer. Every other type is taken, curl's default for raw bodies too: the
		// content decides, not the label.
		return nil, newProblem("unsupported_media")
	}
	return src, nil
}

// File goes forward to the picture.
func (src *source) File() (io.Reader, error) {
	if src.form == nil {
		for _, name := range fieldNames {
			src.values[name] = src.query(name)
		}
		src.ext = extensionOf(src.query("filename"))
		return src.body, nil
	}
	for {
		part, err := src.form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, newProblem("file_missing")
		}
		if err != nil {
			return nil, bodyError(err)
		}
		if part.FormName() == "file" {
			src.part = part
			src.ext = extensionOf(part.FileName())
			return part, nil
		}
		if err := src.field(part); err != nil {
			return nil, err
		}
	}
}

var fieldNames = []string{"material", "page", "of"}

func (src *source) field(part *multipart.Part) error {
	name := part.FormName()
	if src.fields++; src.fields > maxFields {
		return newProblem("invalid_request").withField("body", "字段过多", "too many fields")
	}
	if name == "file" {
		return newProblem("invalid_request").withField("file", "一次只能上传一个文件", "one file at a time")
	}
	value, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil {
		return bodyError(err)
	}
	if len(value) > maxField {
		return newProblem("invalid_request").withField("body", "字段过长", "a field is too long")
	}
	if slices.Contains(fieldNames, name) {
		src.values[name] = strings.TrimSpace(string(value))
	}
	return nil
}

// Finish reads what follows the picture, holds the whole body against its digest, and says what was declared.
func (src *source) Finish() (pipeline.Upload, error) {
	if src.form != nil {
		for {
			part, err := src.form.NextPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return pipeline.Upload{}, bodyError(err)
			}
			if err := src.field(part); err != nil {
				return pipeline.Upload{}, err
			}
		}
	}
	if _, err := io.Copy(io.Discard, src.body); err != nil {
		return pipeline.Upload{}, bodyError(err)
	}
	for _, d := range src.digests {
		if string(d.hash.Sum(nil)) != string(d.want) {
			return pipeline.Upload{}, newProblem("digest_mismatch")
		}
	}
	declared, err := declaredOf(src.values)
	if err != nil {
		return pipeline.Upload{}, err
	}
	return pipeline.Upload{
		Declared: declared, Extension: src.ext,
		IdempotencyKey: src.header.Get("Idempotency-Key"),
		Async:          prefersAsync(src.header.Values("Prefer")),
	}, nil
}

// explain says more of an error than the pipeline knows: whether the network was at fault.
func (src *source) explain(err error) error {
	if src.body.stalled {
		return newProblem("request_timeout")
	}
	return err
}

// declaredOf checks what a person says that a file shows against the vocabulary.
func declaredOf(values map[string]string) (filing.Declared, error) {
	d := filing.Declared{Material: values["material"], Page: filing.Page(values["page"]), Of: values["of"]}
	problem := newProblem("invalid_request")
	if d.Material != "" && !checks.KnownMaterial(d.Material) {
		problem = problem.withField("material", "没有这种资料，请用词汇表中的代码", "no such material: use a code of the vocabulary, e.g. principal_id")
	}
	if d.Page != "" && d.Page != filing.PageFront && d.Page != filing.PageBack {
		problem = problem.withField("page", "只能是 front（正面）或 back（反面）", "front or back", "front", "back")
	}
	if d.Of != "" && !checks.KnownOf(d.Of) {
		problem = problem.withField("of", "请填写资料属于谁，例如 principal 或 domain:example.cn", "whom it belongs to, e.g. principal or domain:example.cn",
			"applicant", "principal", "site_manager", "legal_representative", "guardian", "site:<name>", "domain:<name>", "domain_holder:<name>")
	}
	if len(problem.Errors) > 0 {
		return filing.Declared{}, problem
	}
	return d, nil
}

// extensionOf keeps what a check needs of a file's name: its last extension with the dot, short and plain, or nothing.
func extensionOf(name string) string {
	ext := strings.ToLower(path.Ext(strings.ReplaceAll(name, `\`, "/")))
	if len(ext) < 2 || len(ext) > 9 {
		return ""
	}
	for _, r := range ext[1:] {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return ""
		}
	}
	return ext
}

// prefersAsync reads Prefer: respond-async (RFC 7240).
func prefersAsync(values []string) bool {
	for _, v := range values {
		for p := range strings.SplitSeq(v, ",") {
			if token, _, _ := strings.Cut(p, ";"); strings.EqualFold(strings.TrimSpace(token), "respond-async") {
				return true
			}
		}
	}
	return false
}

// parseContentDigest reads the digests of RFC 9530 that are known here; others are passed over, as it says.
func parseContentDigest(values []string) ([]digestCheck, error) {
	var out []digestCheck
	for _, v := range values {
		for member := range strings.SplitSeq(v, ",") {
			name, value, ok := strings.Cut(strings.TrimSpace(member), "=")
			var h hash.Hash
			switch strings.ToLower(name) {
			case "sha-256":
				h = sha256.New()
			case "sha-512":
				h = sha512.New()
			default:
				continue
			}
			if !ok || len(value) < 2 || value[0] != ':' || value[len(value)-1] != ':' {
				return nil, newProblem("bad_request").withField("Content-Digest", "格式应为 sha-256=:base64:", "want sha-256=:base64:")
			}
			sum, err := base64.StdEncoding.DecodeString(value[1 : len(value)-1])
			if err != nil || len(sum) != h.Size() {
				return nil, newProblem("bad_request").withField("Content-Digest", "不是有效的摘要", "not a digest of that algorithm")
			}
			out = append(out, digestCheck{hash: h, want: sum})
		}
	}
	return out, nil
}

// bodyError sorts what can go wrong while a body arrives.
func bodyError(err error) error {
	var problem *Problem
	var tooLarge *http.MaxBytesError
	if errors.As(err, &problem) || errors.As(err, &tooLarge) {
		return err
	}
	return fmt.Errorf("%w: %w", pipeline.ErrIncomplete, err)
}

// patientBody gives a slow phone as long as something arrives, and ends a connection that is silent for stall.
type patientBody struct {
	body    io.Reader
	control *http.ResponseController
	stall   time.Duration
	sums    []hash.Hash
	stalled bool
}

func (b *patientBody) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(b.stall)) // not every listener has deadlines; the total timeout stands
	n, err := b.body.Read(p)
	for _, h := range b.sums {
		h.Write(p[:n])
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		b.stalled = true
	}
	if err == io.EOF {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
