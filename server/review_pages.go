package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/templates"
)

// queuePageSize is how many filings a page of the queue shows.
const queuePageSize = 30

// routeReviewPages adds the reviewer's desk: the queue, a filing on one page, and what is decided there.
func (s *Server) routeReviewPages() {
	s.echo.GET("/queue", s.visitor("search-filings", s.queuePage))
	s.echo.POST("/queue", s.visitor("search-filings", s.queuePage))
	s.echo.POST("/queue/next", s.visitor("claim-filing", s.nextFiling))
	s.echo.GET("/review/:id", s.visitor("list-decisions", s.reviewPage))
	s.echo.POST("/review/:id/claim", s.visitor("claim-filing", s.claimPage))
	s.echo.POST("/review/:id/release", s.visitor("release-filing", s.releasePage))
	s.echo.POST("/review/:id/decisions", s.visitor("decide-filing", s.decidePage))
	s.routeReviewLayers()
	s.echo.POST("/review/:id/composites", s.visitor("create-composite", s.stitchPage))
	s.echo.POST("/filings/:id/submissions", s.visitor("submit-filing", s.submitPage))
}

// queueRequest reads the filters of the queue: from the query, or from the form of a search for words.
func queueRequest(c echo.Context) pipeline.QueueRequest {
	q := pipeline.QueueRequest{Limit: queuePageSize, Cursor: c.FormValue("after"), Claimed: c.FormValue("claimed")}
	if v := c.FormValue("state"); v != "" {
		q.States = []string{v}
	}
	if v := c.FormValue("province"); v != "" {
		q.Provinces = []string{v}
	}
	if v := c.FormValue("verdict"); v != "" {
		q.Verdicts = []filing.Verdict{filing.Verdict(v)}
	}
	return q
}

// fields are the filters again, by name.
func queueFields(q pipeline.QueueRequest) url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("state", first(q.States))
	set("province", first(q.Provinces))
	set("verdict", string(first(q.Verdicts)))
	set("claimed", q.Claimed)
	return v
}

func first[T any](list []T) T {
	var none T
	if len(list) == 0 {
		return none
	}
	return list[0]
}

var stateNames = []templates.Filter{
	{Value: storage.FilingSubmitted, Name: filing.Text{ZH: "待审核", EN: "Waiting"}},
	{Value: storage.FilingReturned, Name: filing.Text{ZH: "已退回", EN: "Returned"}},
	{Value: storage.FilingAccepted, Name: filing.Text{ZH: "已通过", EN: "Accepted"}},
}

var verdictNames = []templates.Filter{
	{Name: filing.Text{ZH: "全部结论", EN: "Any verdict"}},
	{Value: string(filing.VerdictPass), Name: templates.VerdictWord(filing.VerdictPass)},
	{Value: string(filing.VerdictReview), Name: templates.VerdictWord(filing.VerdictReview)},
	{Value: string(filing.VerdictFail), Name: templates.VerdictWord(filing.VerdictFail)},
}

var claimNames = []templates.Filter{
	{Name: filing.Text{ZH: "不限", EN: "Anybody's"}},
	{Value: "free", Name: filing.Text{ZH: "无人领取", EN: "Nobody's"}},
	{Value: "mine", Name: filing.Text{ZH: "我领取的", EN: "Mine"}},
}

// marked marks the choice of a filter that holds.
func marked(choices []templates.Filter, value string) []templates.Filter {
	out := slices.Clone(choices)
	for i := range out {
		out[i].On = out[i].Value == value
	}
	return out
}

func (s *Server) queuePage(c echo.Context) error {
	q := queueRequest(c)
	if len(q.States) == 0 {
		q.States = []string{storage.FilingSubmitted}
	}
	if c.Request().Method == http.MethodPost {
		q.Words = c.FormValue("words") // a word in a URL would be in every log on the way
	}
	ctx := c.Request().Context()
	answer, err := s.flow.Queue(ctx, viewerOf(ctx), q)
	if err != nil {
		return err
	}
	fields := queueFields(q)
	view := templates.Queue{
		Words: q.Words, Provinces: []templates.Filter{{Name: filing.Text{ZH: "全部省份", EN: "All provinces"}}},
		Verdicts: marked(verdictNames, fields.Get("verdict")), Claims: marked(claimNames, q.Claimed), Empty: len(answer.Filings) == 0,
	}
	for _, p := range provinceChoices() {
		view.Provinces = append(view.Provinces, templates.Filter{Value: p.Value, Name: p.Name})
	}
	view.Provinces = marked(view.Provinces, fields.Get("province"))
	for _, f := range marked(stateNames, fields.Get("state")) {
		f.Count = answer.Counts[f.Value]
		query := queueFields(q)
		query.Set("state", f.Value)
		f.Query = query.Encode()
		view.States = append(view.States, f)
	}
	for _, name := range []string{"state", "province", "verdict", "claimed"} {
		if v := fields.Get(name); v != "" {
			view.Hidden = append(view.Hidden, templates.Field{Name: name, Value: v})
		}
	}
	if answer.Next != "" && q.Words == "" {
		fields.Set("after", answer.Next)
		view.Next = fields.Encode()
	} else {
		view.NextCursor = answer.Next
	}
	me := principalOf(ctx).Name
	for _, f := range answer.Filings {
		view.Items = append(view.Items, templates.QueueRow{
			ID: f.ID, State: f.State, Province: provinceName(f.Province), Applicant: f.ApplicantName, Kind: kindWords(f.Action, f.ApplicantType),
			Verdict: f.Verdict, Waiting: durationWords(time.Duration(f.WaitingS) * time.Second), SubmittedAt: f.SubmittedAt,
			ClaimedBy: f.ClaimedBy, Mine: f.ClaimedBy == me && me != "", DecidedBy: f.DecidedBy,
		})
	}
	return s.page(c, http.StatusOK, "queue", view)
}

// kindWords says what kind of filing it is, in words.
func kindWords(action, applicant string) filing.Text {
	var out filing.Text
	for _, part := range [][2]string{{"action", action}, {"applicant.type", applicant}} {
		q, _ := templates.QuestionOf(part[0])
		for _, o := range q.Options {
			if o.Value == part[1] {
				zh, _, _ := strings.Cut(o.Name.ZH, "（")
				en, _, _ := strings.Cut(o.Name.EN, ":")
				if out.ZH != "" {
					out.ZH, out.EN = out.ZH+" · ", out.EN+" · "
				}
				out.ZH, out.EN = out.ZH+zh, out.EN+en
			}
		}
	}
	return out
}

// durationWords says how long somebody waits, as precisely as people care to know.
func durationWords(d time.Duration) filing.Text {
	unit := func(n int, zh, en string) filing.Text {
		if n != 1 {
			en += "s"
		}
		return filing.Text{ZH: fmt.Sprintf("%d %s", n, zh), EN: fmt.Sprintf("%d %s", n, en)}
	}
	switch day := 24 * time.Hour; {
	case d < time.Minute:
		return filing.Text{ZH: "不到 1 分钟", EN: "under a minute"}
	case d < time.Hour:
		return unit(int(d/time.Minute), "分钟", "minute")
	case d < 2*day:
		return unit(int(d/time.Hour), "小时", "hour")
	default:
		return unit(int(d/day), "天", "day")
	}
}

// nextFiling claims the one that waits longest and opens it.
func (s *Server) nextFiling(c echo.Context) error {
	ctx := c.Request().Context()
	q := queueRequest(c)
	q.Cursor, q.Claimed = "", ""
	_, id, err := s.flow.Next(ctx, viewerOf(ctx), q)
	if err != nil {
		return err
	}
	if id == "" {
		return c.Redirect(http.StatusSeeOther, "/queue?"+queueFields(q).Encode())
	}
	return c.Redirect(http.StatusSeeOther, "/review/"+id)
}

func (s *Server) claimPage(c echo.Context) error {
	ctx := c.Request().Context()
	if _, err := s.flow.Claim(ctx, viewerOf(ctx), c.Param("id")); err != nil && !errors.Is(err, pipeline.ErrClaimed) {
		return err // that another has it, the page says
	}
	return c.Redirect(http.StatusSeeOther, "/review/"+c.Param("id"))
}

func (s *Server) releasePage(c echo.Context) error {
	ctx := c.Request().Context()
	if err := s.flow.Release(ctx, viewerOf(ctx), c.Param("id")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/queue")
}

func (s *Server) submitPage(c echo.Context) error {
	ctx := c.Request().Context()
	if _, err := s.flow.Submit(ctx, viewerOf(ctx), c.Param("id"), c.FormValue("words")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/filings/"+c.Param("id"))
}

// decidePage takes a decision from the desk. What is wrong with it is said on the filing's page, where it can be mended.
func (s *Server) decidePage(c echo.Context) error {
	ctx := c.Request().Context()
	form, err := c.FormParams()
	if err != nil {
		return newProblem("bad_request")
	}
	d := pipeline.ReviewDecision{Kind: form.Get("decision"), Words: form.Get("words"), Seen: form.Get("stand")}
	if d.Kind != storage.DecisionAccept { // what was ticked does not matter to who accepts
		for _, value := range form["reason"] {
			d.Reasons = append(d.Reasons, reasonFrom(value))
		}
	}
	_, err = s.flow.Decide(ctx, viewerOf(ctx), c.Param("id"), d)
	if err == nil {
		if d.Kind == storage.DecisionOverrule {
			return c.Redirect(http.StatusSeeOther, "/review/"+c.Param("id"))
		}
		return c.Redirect(http.StatusSeeOther, "/queue")
	}
	problem := s.problemOf(ctx, err)
	if errors.Is(err, pipeline.ErrConflict) {
		problem = newProblem("seen_changed")
	}
	return s.reviewProblem(c, problem, err)
}

// A reason in a form is "file id|code|material that is asked for".
func reasonValue(r filing.ReviewReason) string {
	return r.Material + "|" + r.Code + "|" + r.Requirement
}

func reasonFrom(value string) filing.ReviewReason {
	material, rest, _ := strings.Cut(value, "|")
	code, requirement, _ := strings.Cut(rest, "|")
	return filing.ReviewReason{Material: material, Code: code, Requirement: requirement}
}

func (s *Server) reviewPage(c echo.Context) error {
	view, err := s.reviewView(c)
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, "review", view)
}

func (s *Server) reviewView(c echo.Context) (*templates.Review, error) {
	ctx := c.Request().Context()
	who := viewerOf(ctx)
	v, err := s.flow.Dossier(ctx, who, c.Param("id"))
	if err != nil {
		return nil, err
	}
	report := v.Report
	parties := pipeline.PartiesOf(v.Facts)
	view := &templates.Review{
		ID: v.ID, Report: report, State: v.State, Province: provinceName(v.Facts.Text(filing.FactProvince)),
		Applicant: v.Facts.Text(filing.FactApplicantName), Stand: report.Stand, Facts: answered(v.Facts), Waits: v.State == storage.FilingSubmitted,
	}
	if r := report.Review; r != nil {
		me := principalOf(ctx).Name
		if view.Waits {
			view.Waiting = durationWords(time.Since(r.SubmittedAt))
		}
		view.Mine = r.ClaimedBy != "" && r.ClaimedBy == me
		if r.ClaimedBy != "" && !view.Mine {
			view.Others = r.ClaimedBy
		}
	}
	s.reviewSlots(view, report, v.Facts, parties)
	if view.Stitch, err = s.stitchView(c, report, parties); err != nil {
		return nil, err
	}
	for _, b := range report.Blockers {
		view.Blocked = append(view.Blocked, templates.Item{Name: checks.NameOf(b.Code), Of: checks.PartyName(parties, b.Of), Clauses: b.Clauses})
	}
	for _, n := range report.Notices {
		view.Notices = append(view.Notices, templates.Item{Name: checks.NameOf(n.Code), Of: checks.PartyName(parties, n.Of), Clauses: n.Clauses})
	}
	for _, e := range slices.Backward(v.History) {
		view.History = append(view.History, reviewLine(&e))
	}
	if s.may(ctx, "list-views") {
		views, err := s.flow.Views(ctx, who, v.ID, 0)
		if err != nil {
			return nil, err
		}
		visits := visitsOf(views.Views, objectLabels(v))
		view.Visits, view.MoreVisits = visits[:min(visitsShown, len(visits))], len(visits) > visitsShown || views.Next > 0
	}
	return view, nil
}

// reviewSlots arranges the checklist: every requirement with its files, then the files that nobody asks for. A file that stands
// for several requirements is shown with the first.
func (s *Server) reviewSlots(view *templates.Review, report *filing.Report, facts *filing.Facts, parties checks.Parties) {
	with := func(f *filing.MaterialReport) templates.ReviewFile {
		file := reviewFile(f, parties)
		var declared filing.Declared
		if f.Declared != nil {
			declared = *f.Declared
		}
		expected := checks.ExpectedOf(facts, parties, declared)
		file.Read = comparison(f, &expected)
		return file
	}
	shown := map[string]bool{}
	for _, m := range report.Required {
		slot := templates.ReviewSlot{Of: checks.PartyName(parties, m.Of), State: m.State, Explanation: m.Explanation}
		code := first(alternatives(m.Requirement))
		for _, alternative := range alternatives(m.Requirement) {
			if material, ok := checks.MaterialOf(alternative); ok {
				slot.Names = append(slot.Names, material.Name)
			}
		}
		for _, id := range m.Clauses {
			slot.Clauses = append(slot.Clauses, s.clauseView(id))
		}
		for _, f := range m.Findings {
			slot.Findings = append(slot.Findings, templates.ReasonView{Finding: f, Value: reasonValue(filing.ReviewReason{Code: f.Code, Requirement: code})})
		}
		for i := range report.Files {
			f := &report.Files[i]
			if slices.Contains(m.Files, f.ID) && !shown[f.ID] {
				shown[f.ID] = true
				slot.Files = append(slot.Files, with(f))
			}
		}
		view.Slots = append(view.Slots, slot)
	}
	for i := range report.Files {
		if f := &report.Files[i]; !shown[f.ID] && f.State != filing.MaterialReplaced {
			view.Loose = append(view.Loose, with(f))
		}
	}
}

// longSides are the longer sides of the formats in millimetres: ISO/IEC 7810 and ISO 216.
var longSides = map[string]float64{filing.FormatID1: 85.60, filing.FormatID3: 125, filing.FormatA4: 297, filing.FormatA3: 420}

func reviewFile(f *filing.MaterialReport, parties checks.Parties) templates.ReviewFile {
	file := templates.ReviewFile{MaterialReport: f, Label: fileLabel(f, parties)}
	if m := f.Measurements; m != nil && m.Document != nil {
		file.Rectified = true
		if len(m.Document.Formats) > 0 {
			file.LongMM = longSides[m.Document.Formats[0].Format]
		}
	}
	if f.Kind != nil {
		file.Kind = checks.KindName(f.Kind.Detected)
	}
	file.Measured, file.Pieces = measuredLines(f.Measurements), partsSeen(f)
	for _, finding := range f.Findings {
		file.Findings = append(file.Findings, templates.ReasonView{
			Finding: finding, Value: reasonValue(filing.ReviewReason{Material: f.ID, Code: finding.Code}), Filing: f.Filing,
			CanOverrule: finding.Overruled == nil && finding.Severity != filing.SeverityInfo,
		})
	}
	return file
}

func reviewLine(e *pipeline.ReviewEvent) templates.ReviewLine {
	line := templates.ReviewLine{At: e.At, By: e.By, Words: e.Words, What: map[string]filing.Text{
		storage.DecisionSubmit:   {ZH: "提交", EN: "handed it in"},
		storage.DecisionAccept:   {ZH: "通过", EN: "accepted it"},
		storage.DecisionReturn:   {ZH: "退回", EN: "gave it back"},
		storage.DecisionOverrule: {ZH: "推翻检查结论", EN: "overruled a finding"},
	}[e.Decision]}
	for _, r := range e.Reasons {
		line.Reasons = append(line.Reasons, reasonWords(r))
	}
	return line
}

// reasonWords names a reason: the finding's title, and the material that it is about.
func reasonWords(r filing.ReviewReason) filing.Text {
	text := checks.TitleOf(r.Code)
	if material, ok := checks.MaterialOf(r.Requirement); ok {
		return filing.Text{ZH: material.Name.ZH + "：" + text.ZH, EN: material.Name.EN + ": " + text.EN}
	}
	return text
}
