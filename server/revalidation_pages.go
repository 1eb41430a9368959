package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/templates"
)

// Bounds of what a page shows; the CSV has it all.
const (
	passesShown  = 30
	talliesShown = 40
	changesShown = 25
)

// routeRevalidationPages adds the pages on which an operator sees what a pass changes, by the same table of access as the
// API.
func (s *Server) routeRevalidationPages() {
	s.echo.GET("/revalidations", s.visitor("list-revalidations", s.revalidationsPage))
	s.echo.POST("/revalidations", s.visitor("start-revalidation", s.startRevalidationPage))
	s.echo.GET("/revalidations/:id", s.visitor("get-revalidation", s.revalidationPage))
	s.echo.POST("/revalidations/:id/stop", s.visitor("stop-revalidation", func(c echo.Context) error {
		_, err := s.flow.StopRevalidation(c.Request().Context(), c.Param("id"))
		return s.backToRevalidation(c, err)
	}))
	s.echo.POST("/revalidations/:id/resume", s.visitor("resume-revalidation", func(c echo.Context) error {
		_, err := s.flow.ResumeRevalidation(c.Request().Context(), c.Param("id"))
		return s.backToRevalidation(c, err)
	}))
}

// backToRevalidation shows a pass again: where it was over already, that is what the page says.
func (s *Server) backToRevalidation(c echo.Context, err error) error {
	if err != nil && !isConflict(err) {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/revalidations/"+url.PathEscape(c.Param("id")))
}

func provinceName(code string) filing.Text {
	if code == "" {
		return filing.Text{}
	}
	list := checks.Provinces()
	i := slices.IndexFunc(list, func(p checks.Province) bool { return p.Code == code })
	if i < 0 {
		return filing.Text{ZH: code, EN: code}
	}
	return filing.Text{ZH: list[i].Name, EN: templates.ProvinceEnglish(code)}
}

func provinceChoices() []templates.Choice {
	var out []templates.Choice
	for _, p := range checks.Provinces() {
		out = append(out, templates.Choice{Value: p.Code, Name: provinceName(p.Code)})
	}
	return out
}

// shortHash is enough of a set's hash for people.
func shortHash(hash string) string {
	_, sum, _ := strings.Cut(hash, ":")
	return sum[:min(12, len(sum))]
}

func passOf(v *pipeline.Revalidation) templates.Pass {
	return templates.Pass{
		ID: v.ID, Begun: templates.Office(v.CreatedAt), By: v.RequestedBy, State: v.State, Rules: shortHash(v.Rules), DryRun: v.DryRun,
		Judged: v.Judged, Changed: v.Changed,
	}
}

func (s *Server) revalidationsPage(c echo.Context) error {
	ctx := c.Request().Context()
	sets, _, err := s.flow.ListRuleSets(ctx)
	if err != nil {
		return err
	}
	list, err := s.flow.RevalidationsOf(ctx, viewerOf(ctx), passesShown)
	if err != nil {
		return err
	}
	data := templates.Revalidations{Provinces: provinceChoices()}
	for _, r := range sets {
		data.RuleSets = append(data.RuleSets, templates.RuleSet{Hash: r.Hash, Short: shortHash(r.Hash), ReadOn: r.SourcesReadOn, Active: r.Active})
	}
	for i := range list {
		data.Passes = append(data.Passes, passOf(&list[i]))
	}
	return s.page(c, http.StatusOK, "revalidations", data)
}

func (s *Server) startRevalidationPage(c echo.Context) error {
	q := pipeline.RevalidationRequest{Rules: c.FormValue("rules"), Province: c.FormValue("province"), DryRun: c.FormValue("dry_run") != "false"}
	if text := c.FormValue("as_of"); text != "" {
		day, valid := filing.ParseDate(text)
		if !valid {
			return newProblem("invalid_request").withField("as_of", "不是日历上的日期，格式为 YYYY-MM-DD", "no day of the calendar; the format is YYYY-MM-DD")
		}
		q.AsOf = &day
	}
	v, err := s.flow.StartRevalidation(c.Request().Context(), viewerOf(c.Request().Context()), q)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/revalidations/"+v.ID)
}

func (s *Server) revalidationPage(c echo.Context) error {
	ctx := c.Request().Context()
	v, err := s.flow.Revalidation(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	data := templates.Revalidation{
		Pass: passOf(v), AsOf: v.AsOf, Failure: v.Failure, Province: provinceName(v.Province),
		Live: !v.Over(), Resumable: v.State == storage.RevalidationStopped || v.State == storage.RevalidationFailed,
		Total: v.Total, Seen: v.Seen, First: v.First, Restated: v.Restated, Files: v.Files, Measured: v.Measured, Unreadable: v.Unreadable,
	}
	filter := changeFilter(c)
	api := "/v1/revalidations/" + v.ID + "/changes"
	data.CSV, data.JSONLines = link(api, c, "format", "csv"), link(api, c, "format", "jsonl")
	data.Tables = s.tallyTables(v)
	data.Filters = s.filterNames(&filter)
	changes, next, err := s.flow.RevalidationChanges(ctx, v.ID, filter, c.QueryParam("after"), changesShown)
	if err != nil {
		return err
	}
	for i := range changes {
		data.Changes = append(data.Changes, changeView(&changes[i]))
	}
	if next != "" {
		data.Next = link("/revalidations/"+v.ID, c, "after", next) + "#which"
	}
	return s.page(c, http.StatusOK, "revalidation", data)
}

// filterParameters are the parameters by which changes are narrowed, on the page as in the API.
func filterParameters() []string { return []string{"province", "clause", "material", "from", "to"} }

// link keeps the filters of a request and adds a parameter.
func link(path string, c echo.Context, name, value string) string {
	query := url.Values{name: {value}}
	for _, p := range filterParameters() {
		if v := c.QueryParam(p); v != "" {
			query.Set(p, v)
		}
	}
	return path + "?" + query.Encode()
}

// tallyTables arranges the summary of a pass, the largest numbers first.
func (s *Server) tallyTables(v *pipeline.Revalidation) []templates.TallyTable {
	which := func(pairs ...string) string {
		query := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			query.Set(pairs[i], pairs[i+1])
		}
		return "/revalidations/" + v.ID + "?" + query.Encode() + "#which"
	}
	table := func(id string, title, of filing.Text, list []pipeline.Tally, row func(name string, r *templates.TallyRow)) templates.TallyTable {
		t := templates.TallyTable{ID: id, Title: title, Of: of}
		for i, tally := range list {
			if i == talliesShown {
				t.More = len(list) - talliesShown
				break
			}
			r := templates.TallyRow{Filings: tally.Filings, Examples: tally.Examples}
			row(tally.Name, &r)
			t.Rows, t.Largest = append(t.Rows, r), max(t.Largest, tally.Filings)
		}
		return t
	}
	return []templates.TallyTable{
		table("verdicts", filing.Text{ZH: "结论", EN: "Verdicts"}, filing.Text{ZH: "从 → 到", EN: "From → to"}, v.Verdicts, func(name string, r *templates.TallyRow) {
			before, after, _ := strings.Cut(name, ">")
			r.Before, r.After, r.Link = filing.Verdict(before), filing.Verdict(after), which("from", before, "to", after)
		}),
		table("provinces", filing.Text{ZH: "省份", EN: "Provinces"}, filing.Text{ZH: "省份", EN: "Province"}, v.Provinces, func(name string, r *templates.TallyRow) {
			r.Name, r.Link = provinceName(name), which("province", name)
			if name == "" {
				r.Name = filing.Text{ZH: "未填写", EN: "Not said"}
			}
		}),
		table("clauses", filing.Text{ZH: "条款", EN: "Clauses"}, filing.Text{ZH: "条款", EN: "Clause"}, v.Clauses, func(name string, r *templates.TallyRow) {
			r.Name, r.Code, r.Link = s.clauseName(v, name), name, which("clause", name)
		}),
		table("materials", filing.Text{ZH: "资料", EN: "Materials"}, filing.Text{ZH: "资料", EN: "Material"}, v.Materials, func(name string, r *templates.TallyRow) {
			r.Name, r.Link = codeName(name), which("material", name)
		}),
	}
}

// clauseName is what a clause says, or its id where no loaded set has it.
func (s *Server) clauseName(v *pipeline.Revalidation, id string) filing.Text {
	if text, found := s.flow.ClauseText(v, id); found {
		return text
	}
	return filing.Text{ZH: id, EN: id}
}

// filterNames says in words which changes are listed.
func (s *Server) filterNames(f *pipeline.ChangeFilter) []filing.Text {
	var out []filing.Text
	if f.Province != "" {
		out = append(out, provinceName(f.Province))
	}
	if f.Clause != "" {
		out = append(out, filing.Text{ZH: f.Clause, EN: f.Clause})
	}
	if f.Material != "" {
		out = append(out, codeName(f.Material))
	}
	if f.Before != "" || f.After != "" {
		before, after := templates.VerdictWord(f.Before), templates.VerdictWord(f.After)
		out = append(out, filing.Text{ZH: before.ZH + " → " + after.ZH, EN: before.EN + " → " + after.EN})
	}
	return out
}

// changeView puts a change into words.
func changeView(c *pipeline.RevalidationChange) templates.Change {
	view := templates.Change{Filing: c.Filing, Province: provinceName(c.Province), Before: c.Before, After: c.After}
	add := func(items []pipeline.Item, added bool) {
		for i := range items {
			item := &items[i]
			view.Lines = append(view.Lines, templates.ChangeLine{
				Added: added, Kind: kindWord(item.Kind), Name: itemName(item), Of: checks.PartyName(checks.Parties{}, item.Of), State: item.State, Clauses: item.Clauses,
			})
		}
	}
	add(c.Added, true)
	add(c.Removed, false)
	for _, f := range c.Files {
		name := filing.Text{ZH: "文件", EN: "File"}
		if f.Material != "" {
			name = codeName(f.Material)
		}
		view.Files = append(view.Files, templates.ChangeFile{
			Name: placeLabel(name, f.Page, f.Page != ""), Before: f.Before, After: f.After, Added: codeTitles(f.Added), Removed: codeTitles(f.Removed),
		})
	}
	return view
}

func kindWord(kind pipeline.ItemKind) filing.Text {
	switch kind {
	case pipeline.ItemRequired:
		return filing.Text{ZH: "所需资料", EN: "Required"}
	case pipeline.ItemBlocker:
		return filing.Text{ZH: "不予备案", EN: "Blocker"}
	case pipeline.ItemNotice:
		return filing.Text{ZH: "提示", EN: "Notice"}
	case pipeline.ItemUndecided:
		return filing.Text{ZH: "待定", EN: "Undecided"}
	case pipeline.ItemPair:
		return filing.Text{ZH: "正反面", EN: "Two sides"}
	case pipeline.ItemComposite:
		return filing.Text{ZH: "拼图", EN: "Composite"}
	default:
		return filing.Text{ZH: "其他", EN: "Other"}
	}
}

// codeName is what a material, a blocker or a notice is called.
func codeName(code string) filing.Text {
	if m, found := checks.MaterialOf(code); found {
		return m.Name
	}
	return checks.NameOf(code)
}

// itemName names what is asked; of a group any one of which will do, each. Of what several files have together it names the finding.
func itemName(item *pipeline.Item) filing.Text {
	if item.Finding != "" {
		name, found := codeName(item.Code), checks.TitleOf(item.Finding)
		if item.Kind == pipeline.ItemComposite {
			name = checks.CompositionName(item.Code)
		}
		return filing.Text{ZH: name.ZH + "：" + found.ZH, EN: name.EN + ": " + found.EN}
	}
	if item.Code == "" {
		return filing.Text{ZH: "缺少信息", EN: "facts are missing"}
	}
	var zh, en []string
	for code := range strings.SplitSeq(item.Code, "|") {
		name := codeName(code)
		zh, en = append(zh, name.ZH), append(en, name.EN)
	}
	return filing.Text{ZH: strings.Join(zh, "或"), EN: strings.Join(en, " or ")}
}

// codeTitles says findings in words.
func codeTitles(codes []string) []filing.Text {
	out := make([]filing.Text, 0, len(codes))
	for _, code := range codes {
		out = append(out, checks.TitleOf(code))
	}
	return out
}
