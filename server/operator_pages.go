package server

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/templates"
)

// troubledShown is how many jobs in trouble the page shows; GET /v1/jobs has them all.
const troubledShown = 20

// routeOperatorPages adds the operator's pages: the rules in force and their differences, and how the service is.
func (s *Server) routeOperatorPages() {
	s.echo.GET("/rules", s.visitor("list-rulesets", s.rulesPage))
	s.echo.POST("/rules/:hash/activate", s.visitor("activate-ruleset", func(c echo.Context) error {
		ctx := c.Request().Context()
		if _, err := s.flow.ActivateRules(ctx, viewerOf(ctx), c.Param("hash"), false); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/rules")
	}))
	s.echo.GET("/status", s.visitor("get-status", s.statusPage))
	s.echo.POST("/jobs/:id/retry", s.visitor("retry-job", s.retryJobPage))
}

func (s *Server) rulesPage(c echo.Context) error {
	ctx := c.Request().Context()
	sets, history, err := s.flow.ListRuleSets(ctx)
	if err != nil {
		return err
	}
	view := templates.Rules{CanActivate: s.may(ctx, "activate-ruleset"), CanJudge: s.may(ctx, "start-revalidation")}
	for _, r := range sets {
		view.Sets = append(view.Sets, templates.LoadedRules{
			RuleSet:   templates.RuleSet{Hash: r.Hash, Short: shortHash(r.Hash), ReadOn: r.SourcesReadOn, Active: r.Active},
			Provinces: r.Provinces, Clauses: r.Clauses, Rules: r.Rules,
		})
	}
	for _, a := range history {
		view.History = append(view.History, templates.RulesInForce{Short: shortHash(a.Rules), At: templates.Office(a.ActivatedAt), By: a.By})
	}
	if len(sets) > 1 {
		active := max(slices.IndexFunc(sets, func(r pipeline.RuleSet) bool { return r.Active }), 0)
		other := slices.IndexFunc(sets, func(r pipeline.RuleSet) bool { return !r.Active })
		view.From, view.To = cmp.Or(c.QueryParam("from"), sets[active].Hash), cmp.Or(c.QueryParam("to"), sets[max(other, 0)].Hash)
		d, err := s.flow.RuleSetChanges(view.From, view.To)
		if err != nil {
			return err
		}
		differences(&view, d)
	}
	return s.page(c, http.StatusOK, "rules", view)
}

// differences arranges what two sets say differently by province, those of every province last as the sets have it.
func differences(view *templates.Rules, d *pipeline.RuleSetDifference) {
	view.Empty = d.Empty()
	for i := range d.Clauses {
		c := &d.Clauses[i]
		name := provinceName(c.Province)
		if c.Province == "" {
			name = filing.Text{ZH: "各省通用", EN: "Every province"}
		}
		last := len(view.Groups) - 1
		if last < 0 || view.Groups[last].Name != name {
			view.Groups = append(view.Groups, templates.ClauseGroup{ID: cmp.Or(c.Province, "all") + "-" + strconv.Itoa(last+1), Name: name})
			last++
		}
		row := templates.ClauseDifference{ID: c.ID, Kind: string(c.Kind), About: c.Who, Notes: c.Notes}
		for _, r := range c.Rules {
			row.Rules = append(row.Rules, templates.RuleDifference{Before: r.Before, After: r.After})
		}
		switch c.Kind {
		case pipeline.ChangeAdded:
			view.Added++
		case pipeline.ChangeRemoved:
			view.Removed++
		default:
			view.Changed++
		}
		view.Groups[last].Clauses = append(view.Groups[last].Clauses, row)
	}
	for _, p := range d.Params {
		view.Figures = append(view.Figures, templates.FigureChange{Name: p.Name, Kind: string(p.Kind), Before: p.Before, After: p.After, Clauses: p.Clauses})
	}
}

// partWords name the parts of the service and say what each is asked to do.
func partWords(name string) (part, does filing.Text) {
	words := map[string][2]filing.Text{
		"database":  {{ZH: "数据库", EN: "Database"}, {ZH: "回答并写入", EN: "answers and takes a write"}},
		"queue":     {{ZH: "任务队列", EN: "Queue"}, {ZH: "可查询，执行者在运行", EN: "can be asked, and its worker runs"}},
		"objects":   {{ZH: "图片存储", EN: "Object store"}, {ZH: "写入、读出、删除一个对象", EN: "an object is written, read and deleted"}},
		"measuring": {{ZH: "图片测量", EN: "Measuring"}, {ZH: "测量一张最小的图片", EN: "a tiny picture is measured"}},
		"models":    {{ZH: "模型", EN: "Models"}, {ZH: "已安装", EN: "are installed"}},
		"reading":   {{ZH: "文字识别", EN: "Reading"}, {ZH: "识别照片上的文字", EN: "the text of photos is read"}},
	}
	w, ok := words[name]
	if !ok {
		return filing.Text{ZH: name, EN: name}, filing.Text{}
	}
	return w[0], w[1]
}

// partState is a state as the pages colour it, and in words.
func partState(state pipeline.PartState) (class string, word filing.Text) {
	switch state {
	case pipeline.PartOK:
		return "pass", filing.Text{ZH: "正常", EN: "works"}
	case pipeline.PartDegraded:
		return "review", filing.Text{ZH: "降级", EN: "degraded"}
	case pipeline.PartOverdue:
		return "fail", filing.Text{ZH: "没有及时回答", EN: "no answer in time"}
	default:
		return "fail", filing.Text{ZH: "故障", EN: "failed"}
	}
}

// jobStateWords say what a state of the queue is.
func jobStateWords(state string) (name, means filing.Text) {
	words := map[string][2]filing.Text{
		storage.JobAvailable: {{ZH: "等待执行", EN: "Waiting"}, {ZH: "轮到就做", EN: "next in line"}},
		storage.JobRunning:   {{ZH: "正在执行", EN: "Running"}, {}},
		storage.JobScheduled: {{ZH: "定时", EN: "Scheduled"}, {ZH: "到时间再做", EN: "until its time"}},
		storage.JobRetryable: {{ZH: "等待重试", EN: "To be tried again"}, {ZH: "失败过，会自动重试", EN: "failed, and will be tried again"}},
		storage.JobCancelled: {{ZH: "已取消", EN: "Cancelled"}, {ZH: "由人取消", EN: "by a person"}},
		storage.JobDiscarded: {{ZH: "已放弃", EN: "Given up"}, {ZH: "每次都失败，需要处理", EN: "failed every time: see to it"}},
	}
	w, ok := words[state]
	if !ok {
		return filing.Text{ZH: state, EN: state}, filing.Text{}
	}
	return w[0], w[1]
}

func jobKindWords(kind string) filing.Text {
	switch kind {
	case "check_material":
		return filing.Text{ZH: "检查照片", EN: "check a photo"}
	case "read_material":
		return filing.Text{ZH: "识别文字", EN: "read a photo"}
	default:
		return filing.Text{ZH: kind, EN: kind}
	}
}

func (s *Server) statusPage(c echo.Context) error {
	ctx := c.Request().Context()
	now := s.flow.Status(ctx)
	view := templates.Status{
		Serves: true, At: templates.Office(time.Now()), Deletions: now.Work.Deletions, Passes: now.Work.Revalidations, CanRetry: s.may(ctx, "retry-job"),
		Loads: []templates.StatusLoad{
			{Name: filing.Text{ZH: "上传", EN: "Uploads"}, InUse: now.Uploads.InUse, Limit: now.Uploads.Limit},
			{Name: filing.Text{ZH: "测量", EN: "Measuring"}, InUse: now.Measuring.InUse, Limit: now.Measuring.Limit},
			{Name: filing.Text{ZH: "识别", EN: "Reading"}, InUse: now.Reading.InUse, Limit: now.Reading.Limit},
		},
	}
	if now.Work.Oldest > time.Second {
		view.Oldest = durationWords(now.Work.Oldest)
	}
	for _, p := range now.Parts {
		row := templates.StatusPart{MS: milliseconds(p.Took)}
		row.Name, row.Does = partWords(p.Name)
		row.State, row.Word = partState(p.State)
		view.Serves = view.Serves && p.State.Serves()
		view.Parts = append(view.Parts, row)
	}
	for _, state := range storage.JobStates() {
		row := templates.StatusCount{Count: now.Work.Jobs[state]}
		row.Name, row.Means = jobStateWords(state)
		view.Queue = append(view.Queue, row)
	}
	for _, state := range []string{storage.JobDiscarded, storage.JobRetryable} {
		if now.Work.Jobs[state] == 0 {
			continue
		}
		jobs, err := s.flow.Jobs(ctx, storage.JobFilter{State: state, Limit: troubledShown})
		if err != nil {
			return err
		}
		for _, j := range jobs {
			name, _ := jobStateWords(j.State)
			row := templates.TroubledJob{
				ID: j.ID, Kind: jobKindWords(j.Kind), State: name, Material: j.MaterialID, Attempt: j.Attempt, MaxAttempts: j.MaxAttempts,
				At: j.ScheduledAt, Failure: j.Failure,
			}
			if j.AttemptedAt != nil {
				row.At = *j.AttemptedAt
			}
			view.Troubled = append(view.Troubled, row)
		}
	}
	return s.page(c, http.StatusOK, "status", view)
}

func (s *Server) retryJobPage(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return pipeline.ErrNotFound
	}
	if _, err := s.flow.RetryJob(c.Request().Context(), id); err != nil {
		if isConflict(err) {
			return newProblem("job_doubled")
		}
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/status")
}
