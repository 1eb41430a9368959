package server

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/templates"
)

const (
	// visitGap ends a visit: who comes back after it looks anew.
	visitGap = 10 * time.Minute
	// visitsShown is how many visits stand on the filing's page; the others are on a page of their own.
	visitsShown = 5
)

// routeViews adds who looked at a filing, for those who judge it: as a call, and as a page.
func (s *Server) routeViews() {
	huma.Register(s.api, huma.Operation{
		OperationID: "list-views", Method: http.MethodGet, Path: "/v1/filings/{id}/views",
		Summary: "Who looked at a filing 查看记录", Tags: []string{"reviews 审核"},
		Description: "Who looked at it, at its files and composites, or changed them, and when: the lines of the audit trail about what is still there, " +
			"the newest first. What came to nothing carries the status it was answered with.",
	}, func(ctx context.Context, in *struct {
		FilingPath
		Before int64 `query:"before" minimum:"0" doc:"Go on behind this: next of the page before"`
	}) (*struct{ Body *pipeline.Views }, error) {
		views, err := s.flow.Views(ctx, viewerOf(ctx), in.ID, in.Before)
		if err != nil {
			return nil, s.failed(ctx, "list-views", err)
		}
		return &struct{ Body *pipeline.Views }{views}, nil
	})
	s.echo.GET("/review/:id/views", s.visitor("list-views", s.viewsPage))
}

func (s *Server) viewsPage(c echo.Context) error {
	ctx := c.Request().Context()
	before := int64(0)
	if text := c.QueryParam("before"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return newProblem("invalid_request").withField("before", "应为上一页的 next", "not the next of a page")
		}
		before = n
	}
	d, err := s.flow.Dossier(ctx, viewerOf(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	views, err := s.flow.Views(ctx, viewerOf(ctx), d.ID, before)
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, "views", templates.Views{
		Filing: d.ID, Applicant: d.Facts.Text(filing.FactApplicantName), Visits: visitsOf(views.Views, objectLabels(d)), Next: views.Next,
	})
}

// objectLabels is what the files and composites of a filing are called.
func objectLabels(d *pipeline.Dossier) map[string]filing.Text {
	labels := map[string]filing.Text{}
	parties := pipeline.PartiesOf(d.Facts)
	for i := range d.Report.Files {
		labels[d.Report.Files[i].ID] = fileLabel(&d.Report.Files[i], parties)
	}
	for i := range d.Report.Composites {
		labels[d.Report.Composites[i].ID] = compositeLabel(&d.Report.Composites[i])
	}
	return labels
}

// visitsOf puts the lines of one person that lie close together into one visit, the newest first.
func visitsOf(views []pipeline.View, labels map[string]filing.Text) []templates.Visit {
	type visit struct {
		until, from time.Time
		views       []*pipeline.View
	}
	var visits []*visit
	last := map[string]*visit{}
	for i := range views {
		v := &views[i]
		open := last[v.By]
		if open == nil || open.from.Sub(v.At) > visitGap {
			open = &visit{until: v.At}
			last[v.By], visits = open, append(visits, open)
		}
		open.from, open.views = v.At, append(open.views, v)
	}
	out := make([]templates.Visit, len(visits))
	for i, v := range visits {
		by := v.views[0]
		out[i] = templates.Visit{By: by.By, Role: roleWords(Role(by.Role)), From: v.from, Until: v.until}
		slices.Reverse(v.views) // a visit is told as it went
		out[i].Did, out[i].Refused = deeds(v.views, labels)
	}
	return out
}

func roleWords(r Role) filing.Text {
	switch r {
	case RoleApplicant:
		return filing.Text{ZH: "申请人（手机链接）", EN: "applicant, by a link"}
	case RoleApp:
		return filing.Text{ZH: "办理端", EN: "app"}
	case RoleReviewer:
		return filing.Text{ZH: "审核员", EN: "reviewer"}
	case RoleOperator:
		return filing.Text{ZH: "运维", EN: "operator"}
	default:
		return filing.Text{ZH: "系统", EN: "the service"}
	}
}

// deedWords say what the operations are that a filing is looked at or changed by.
var deedWords = sync.OnceValue(func() map[string]filing.Text {
	return map[string]filing.Text{
		"list-decisions": {ZH: "打开审核页", EN: "opened it on the desk"},
		"get-report":     {ZH: "看了所需资料和结论", EN: "looked at the list and the verdict"},
		"get-filing":     {ZH: "看了备案信息", EN: "looked at the facts"},
		"list-views":     {ZH: "看了查看记录", EN: "looked at who looked"},
		"update-filing":  {ZH: "修改了备案信息", EN: "changed facts"},
		"delete-filing":  {ZH: "要求删除备案", EN: "asked to delete it"},
		"submit-filing":  {ZH: "提交审核", EN: "handed it in"},
		"claim-filing":   {ZH: "领取", EN: "claimed it"}, "release-filing": {ZH: "放弃领取", EN: "released it"},
		"decide-filing":   {ZH: "作出审核决定", EN: "decided on it"},
		"upload-material": {ZH: "上传照片", EN: "uploaded a photo"}, "list-materials": {ZH: "看了照片列表", EN: "listed the photos"},
		"get-material": {ZH: "看了检查结果", EN: "looked at what was found in"}, "get-material-text": {ZH: "看了识别和测量结果", EN: "looked at what was read in"},
		"delete-material": {ZH: "删除照片", EN: "deleted"}, "repair-material": {ZH: "自动处理照片", EN: "had mended"},
		"get-image": {ZH: "看大图", EN: "looked at the picture of"}, "head-image": {ZH: "查询图片", EN: "asked for the size of"},
		"create-composite": {ZH: "制作拼图", EN: "made a composite"}, "list-composites": {ZH: "看了拼图列表", EN: "listed the composites"},
		"get-composite": {ZH: "看了拼图的构成", EN: "looked at the parts of"}, "get-composite-point": {ZH: "从拼图查原图", EN: "followed to its source"},
		"get-composite-image": {ZH: "看拼图", EN: "looked at"}, "head-composite-image": {ZH: "查询拼图", EN: "asked for the size of"},
		"delete-composite": {ZH: "删除拼图", EN: "deleted"},
		"create-link":      {ZH: "生成手机链接", EN: "made a link for a phone"}, "list-links": {ZH: "看了手机链接", EN: "listed the links"},
		"revoke-link": {ZH: "收回手机链接", EN: "revoked a link"},
	}
})

// deeds are what was done on a visit, each thing once in the order in which it was first done, with what it was done to; and how much of
// it was refused.
func deeds(views []*pipeline.View, labels map[string]filing.Text) (did []filing.Text, refused int) {
	type deed struct {
		words   filing.Text
		times   int
		objects []string
	}
	var list []*deed
	for _, v := range views {
		if v.Status != 0 {
			refused++
			continue
		}
		words, known := deedWords()[v.Operation]
		if !known {
			words = filing.Text{ZH: v.Operation, EN: v.Operation}
		}
		if small := v.Detail == string(pipeline.VariantThumbnail) || v.Detail == string(pipeline.VariantPreview); small {
			words = filing.Text{ZH: "看了小图", EN: "saw small pictures of"}
		}
		i := slices.IndexFunc(list, func(d *deed) bool { return d.words == words })
		if i < 0 {
			i, list = len(list), append(list, &deed{words: words})
		}
		list[i].times++
		if _, named := labels[v.Object]; named && !slices.Contains(list[i].objects, v.Object) {
			list[i].objects = append(list[i].objects, v.Object)
		}
	}
	for _, d := range list {
		text := d.words
		var zh, en []string
		for _, id := range d.objects {
			zh, en = append(zh, labels[id].ZH), append(en, labels[id].EN)
		}
		switch {
		case len(zh) > 0:
			text = filing.Text{ZH: text.ZH + "：" + strings.Join(zh, "、"), EN: text.EN + ": " + strings.Join(en, ", ")}
		case d.times > 1:
			text = filing.Text{ZH: fmt.Sprintf("%s %d 次", text.ZH, d.times), EN: fmt.Sprintf("%s, %d times", text.EN, d.times)}
		}
		did = append(did, text)
	}
	return did, refused
}

// fileLabel is what a file is called: the material and the page that it was declared as.
func fileLabel(f *filing.MaterialReport, parties checks.Parties) filing.Text {
	if f.Declared != nil {
		if material, ok := checks.MaterialOf(f.Declared.Material); ok {
			return placeLabel(material.Name, f.Declared.Page, len(material.Pages(parties.Applicant)) > 1)
		}
	}
	return filing.Text{ZH: "未声明的文件", EN: "Undeclared file"}
}
