package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/preflight-icp/preflight/filing"
)

// Problem is what every error of the API looks like: application/problem+json (RFC 9457) with a stable code, and for
// people a sentence in Chinese and English that says what is wrong and what to do.
type Problem struct {
	Type   string `json:"type" doc:"Where the code is explained" example:"/docs#not_found"`
	Title  string `json:"title" doc:"What is wrong, in English"`
	Status int    `json:"status" doc:"The HTTP status"`
	Detail string `json:"detail,omitempty" doc:"What to do now, in English"`
	Code   string `json:"code" doc:"Stable: it never changes its meaning" example:"not_found"`
	// Message and Advice carry both languages; Title and Detail are their English halves, where RFC 9457 wants them.
	Message filing.Text `json:"message" doc:"What is wrong, in both languages"`
	Advice  filing.Text `json:"advice" doc:"What to do now, in both languages"`
	// Measured and Limit share their keys, as in a finding.
	Measured map[string]any `json:"measured,omitempty" doc:"The value that was refused"`
	Limit    map[string]any `json:"limit,omitempty" doc:"The limit it was held against"`
	// Errors lists what is wrong with single fields; values are never echoed, they may be personal.
	Errors []FieldProblem `json:"errors,omitempty" doc:"What is wrong with single fields; values are never echoed"`

	retryAfter int
}

// FieldProblem is what is wrong with one field of a request.
type FieldProblem struct {
	Path    string      `json:"path" doc:"The field, e.g. facts.principal.birth_date" example:"facts.province"`
	Message filing.Text `json:"message"`
	Allowed []string    `json:"allowed,omitempty" doc:"What is allowed, where that is a short list"`
}

// Error makes a Problem an error; it holds nothing that the client sent.
func (p *Problem) Error() string { return p.Code + ": " + p.Title }

// GetStatus is huma's way to ask for the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is huma's way to ask for the media type.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders is huma's way to ask for headers that belong to the error.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	return h
}

type problemText struct {
	status            int
	titleZH, titleEN  string
	adviceZH, adviceE string
}

// problems is the table of every public error of the API. A code is a promise: it is never renamed.
var problems = map[string]problemText{
	"bad_request":           {400, "请求格式有误", "The request is malformed", "请对照接口文档检查请求。", "Compare the request with the API's documentation."},
	"digest_mismatch":       {400, "收到的内容与 Content-Digest 不一致", "The content received is not the one that Content-Digest names", "传输中可能出错，请重新上传。", "It may have been damaged on its way: send it again."},
	"incomplete_body":       {400, "上传在中途断开", "The upload broke off", "请重新上传；带上同一个 Idempotency-Key 不会重复。", "Send it again; with the same Idempotency-Key nothing is doubled."},
	"unauthenticated":       {401, "缺少令牌或令牌无效", "The token is missing or not valid", "请在 Authorization 请求头中带上 Bearer 令牌。", "Send the token as Authorization: Bearer."},
	"no_document":           {404, "图中没有找到证件", "No document was located in the picture", "请重新拍摄，让证件完整、清楚地出现在画面中；原图可用 variant=upright 查看。", "Take the photo again with the whole document in it; the picture itself is there: variant=upright."},
	"not_found":             {404, "找不到", "Not found", "请检查编号是否正确、令牌是否有权访问。", "Check the id, and that the token may see it."},
	"method_not_allowed":    {405, "不支持这种请求方法", "The method is not allowed here", "请对照接口文档检查请求方法。", "Compare the method with the API's documentation."},
	"request_timeout":       {408, "上传太慢，已中断", "The upload was too slow and was ended", "请换一个网络后重新上传；带上同一个 Idempotency-Key 不会重复。", "Send it again over another network; with the same Idempotency-Key nothing is doubled."},
	"revalidation_over":     {409, "这次重新审核已经结束", "The revalidation is over", "请新建一次重新审核；停止的可以继续。", "Request a new one; one that was stopped can be resumed."},
	"webhook_off":           {409, "这个接收方已停用", "The webhook is switched off", "请先启用：PATCH state=active。", "Switch it on first: PATCH state=active."},
	"job_doubled":           {409, "同一文件已有另一个检查任务", "Another job checks the same file already", "无需重试，等那个任务完成即可。", "There is nothing to do: that job will check it."},
	"filing_state":          {409, "备案当前状态不允许这样做", "This cannot be done in the filing's state", "请刷新后查看备案的状态：已通过的备案不能再修改，未提交的不能审核。", "Read the filing's state again: what is accepted changes no more, and what was not handed in cannot be decided on."},
	"claimed":               {409, "另一位审核员正在审核", "Another reviewer works on the filing", "请审核下一件，或稍后再试。", "Take the next one, or try again later."},
	"not_ready":             {409, "资料还不齐全，不能提交", "The filing is not complete", "请按报告补齐资料；如认为检查有误，请在 words 中说明后提交。", "See to what the report lists; if a finding is wrong, say why in words and hand it in."},
	"seen_changed":          {412, "您看到的内容已经变化", "What you looked at has changed", "请重新查看后再作决定。", "Look at it again, then decide."},
	"reason_needed":         {422, "请写明理由", "A reason is needed", "退回、推翻检查结论或通过有问题的备案，都要写明理由。", "To return a filing, overrule a finding or accept one that fails, say why."},
	"revision_conflict":     {412, "备案信息已被修改", "The filing was changed in the meantime", "请重新读取后再改，并用新的 ETag 作 If-Match。", "Read it again, and send its new ETag as If-Match."},
	"body_too_large":        {413, "文件过大，无法接收", "The body is larger than the service takes", "请上传更小的图片。", "Send a smaller picture."},
	"unsupported_media":     {415, "不支持这种请求内容类型", "The content type of the request is not supported", "请用 multipart/form-data，或直接以图片内容作请求体。", "Send multipart/form-data, or the raw image as the body."},
	"invalid_request":       {422, "请求内容不符合要求", "The request does not fit its schema", "请按 errors 中的说明逐项修改。", "Correct each field that errors lists."},
	"invalid_facts":         {422, "备案信息不符合要求", "The facts are not valid", "请按 errors 中的说明逐项修改。", "Correct each fact that errors lists."},
	"key_reused":            {422, "同一个 Idempotency-Key 已用于别的内容", "The Idempotency-Key was used for another body", "新的上传请用新的 Idempotency-Key。", "Use a new Idempotency-Key for a new upload."},
	"file_missing":          {422, "请求中没有文件", "The request holds no file", "请在 file 字段中附上图片。", "Attach the picture as the field file."},
	"composite_incomplete":  {422, "拼图所需的文件还不齐", "Files that belong into the composite are not there yet", "请先上传要拼在一起的每一份资料。", "Upload each document that belongs into it first."},
	"composite_layout":      {422, "这种版式不能拼这么多份", "The layout does not take so many parts", "请换一种版式，或使用 auto。", "Choose another layout, or auto."},
	"composite_illegible":   {422, "拼成一张后会有内容看不清", "Print would be too small to be read in one picture", "请上传更清晰的照片，或少拼几份。", "Upload sharper photos, or put fewer parts into one picture."},
	"composite_too_large":   {422, "拼成一张会超过大小上限", "No composite of these fits below the size limit", "请少拼几份。", "Put fewer parts into one picture."},
	"composite_too_small":   {422, "拼成一张仍达不到大小下限", "A composite of these stays below the smallest size", "请上传分辨率更高的照片。", "Upload photos of more pixels."},
	"composite_caption":     {422, "说明文字无法绘制", "A caption cannot be drawn", "请不要加说明文字。", "Leave captions out."},
	"part_unreadable":       {422, "有一份图片无法解码", "One of the files cannot be decoded", "请重新上传这份资料的照片。", "Upload the photo of that document again."},
	"part_no_document":      {422, "有一份图片里没有找到证件", "No document was located in one of the files", "请重新拍摄，让证件完整出现在画面中；或不使用矫正。", "Take the photo again with the whole document in it, or do not rectify."},
	"no_repair":             {422, "这张图片不能这样修复", "This picture cannot be repaired in this way", "请重新拍摄。", "Take the photo again."},
	"picture_unreadable":    {422, "图片无法解码，不能生成预览", "The picture cannot be decoded", "可以用 variant=original 取原文件。", "The original is there: variant=original."},
	"precondition_required": {428, "修改需要带上 If-Match", "A change needs If-Match", "请先读取，再把它的 ETag 作 If-Match 发送。", "Read it first, then send its ETag as If-Match."},
	"busy":                  {429, "服务繁忙", "The service is busy", "请稍后按 Retry-After 重试。", "Try again after Retry-After seconds."},
	"too_many_requests":     {429, "请求过于频繁", "Too many requests", "请放慢速度，并按 Retry-After 重试。", "Slow down, and try again after Retry-After seconds."},
	"client_closed":         {499, "请求已被客户端取消", "The client closed the request", "请重试。", "Try again."},
	"internal":              {500, "服务内部出错", "Something failed inside the service", "请稍后重试；如仍出错，请把 X-Request-Id 告诉运维人员。", "Try again later; if it goes on, tell the operator the X-Request-Id."},
	"unavailable":           {503, "服务暂不可用", "The service is not available now", "请稍后重试。", "Try again later."},
}

// newProblem makes the problem of a code of the table; an unknown code is a mistake of ours and becomes internal.
func newProblem(code string) *Problem {
	t, ok := problems[code]
	if !ok {
		code, t = "internal", problems["internal"]
	}
	p := &Problem{
		Type: "/docs#" + code, Code: code, Status: t.status, Title: t.titleEN, Detail: t.adviceE,
		Message: filing.Text{ZH: t.titleZH, EN: t.titleEN},
		Advice:  filing.Text{ZH: t.adviceZH, EN: t.adviceE},
	}
	if code == "busy" || code == "unavailable" || code == "too_many_requests" {
		p.retryAfter = 2
	}
	return p
}

func (p *Problem) withLimit(measured, limit map[string]any) *Problem {
	p.Measured, p.Limit = measured, limit
	return p
}

func (p *Problem) withField(path, zh, en string, allowed ...string) *Problem {
	p.Errors = append(p.Errors, FieldProblem{Path: path, Message: filing.Text{ZH: zh, EN: en}, Allowed: allowed})
	return p
}

// codeOfStatus names the problem of a status that huma or echo decided on.
func codeOfStatus(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "bad_request"
	case http.StatusUnauthorized:
		return "unauthenticated"
	case http.StatusForbidden, http.StatusNotFound:
		return "not_found"
	case http.StatusMethodNotAllowed:
		return "method_not_allowed"
	case http.StatusRequestTimeout:
		return "request_timeout"
	case http.StatusRequestEntityTooLarge:
		return "body_too_large"
	case http.StatusUnsupportedMediaType:
		return "unsupported_media"
	case http.StatusUnprocessableEntity:
		return "invalid_request"
	case http.StatusServiceUnavailable:
		return "unavailable"
	default:
		if status >= 400 && status < 500 {
			return "bad_request"
		}
		return "internal"
	}
}

// humaError turns what huma refuses by itself (validation, unreadable JSON) into a Problem. Huma's details echo the
// value that was refused; they are left out, since facts are personal.
func humaError(status int, msg string, errs ...error) huma.StatusError {
	p := newProblem(codeOfStatus(status))
	for _, err := range errs {
		var prob *Problem
		if errors.As(err, &prob) {
			return prob
		}
		var d huma.ErrorDetailer
		if errors.As(err, &d) {
			detail := d.ErrorDetail()
			p = p.withField(detail.Location, "不符合接口文档："+detail.Message, detail.Message)
		}
	}
	if len(p.Errors) == 0 && msg != "" && status < 500 {
		p = p.withField("body", "不符合接口文档："+msg, msg)
	}
	return p
}

// write sends the problem outside huma.
func (p *Problem) write(w http.ResponseWriter) {
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, p.Code, p.Status)
		return
	}
	for k, v := range p.GetHeaders() {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}
