package server

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
	"github.com/preflight-icp/preflight/templates/letters"
)

// pagePolicy lets pages load their own style, script and pictures, and nothing else from anywhere.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const languageCookie = "preflight_lang"

// routePages adds the plain upload pages. They use the same operations and the same table of access as the API.
func (s *Server) routePages() {
	static := http.StripPrefix("/static/", http.FileServerFS(templates.Static()))
	s.echo.GET("/static/*", func(c echo.Context) error {
		if _, err := fs.Stat(templates.Static(), c.Param("*")); err != nil {
			return pipeline.ErrNotFound
		}
		c.Response().Header().Set("Cache-Control", "public, max-age=3600")
		static.ServeHTTP(c.Response(), c.Request())
		return nil
	})
	s.echo.GET("/", s.visitor("check-photo", s.homePage))
	s.echo.POST("/check", s.visiting(s.admitted("check-photo", true, s.checkPage)))
	s.echo.POST("/filings", s.visitor("create-filing", s.openFiling))
	s.echo.GET("/filings/:id", s.visitor("get-report", s.filingPage))
	s.echo.POST("/filings/:id/materials", s.visiting(s.admitted("upload-material", true, s.uploadPage)))
	s.echo.POST("/materials/:id/repairs", s.visitor("repair-material", s.repairPage))
	// The address of a page that a form was answered with says where to go, to who reloads it or comes back to it.
	for path, to := range map[string]string{
		"/check": "/", "/session": "/login", "/filings/:id/phone": "/filings/:id", "/filings/:id/materials": "/filings/:id", "/filings/:id/submissions": "/filings/:id",
		"/review/:id/decisions": "/review/:id", "/review/:id/composites": "/review/:id", "/review/:id/claim": "/review/:id",
	} {
		s.echo.GET(path, func(c echo.Context) error {
			return c.Redirect(http.StatusSeeOther, strings.Replace(to, ":id", url.PathEscape(c.Param("id")), 1))
		})
	}
	s.echo.GET("/login", s.loginPage)
	s.echo.POST("/session", s.login)
	s.echo.POST("/language", s.chooseLanguage)
}

// visitor guards a page: who has no session is asked for a token, and a form that another site sends is refused.
func (s *Server) visitor(operation string, h echo.HandlerFunc) echo.HandlerFunc {
	return s.visiting(s.authorized(operation, true, h))
}

// visiting answers what a guarded page returns as a page.
func (s *Server) visiting(guarded echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := s.sameOrigin(c)
		if err == nil {
			err = guarded(c)
		}
		if err == nil {
			return nil
		}
		problem := s.problemOf(c.Request().Context(), err)
		if problem.Status >= 500 {
			s.log.Error("page failed", "route", c.Path(), "error", err.Error())
		}
		s.metrics.problems.WithLabelValues(problem.Code).Inc()
		if problem.Code == "unauthenticated" && linkCookie(c) {
			return s.linkOver(c)
		}
		for name, values := range problem.GetHeaders() {
			c.Response().Header()[name] = values
		}
		tell(problem, c)
		where := back(c)
		if c.Request().Method == http.MethodGet && problem.Code != "unauthenticated" {
			where = "" // it would fail there again
		}
		return s.page(c, problem.Status, "failure", templates.Failure{
			Message: problem.Message, Advice: problem.Advice, Code: problem.Code, Login: problem.Code == "unauthenticated", Back: where,
		})
	}
}

// tell says in a person's words what the API says in a program's.
func tell(problem *Problem, c echo.Context) {
	switch problem.Code {
	case "unauthenticated":
		problem.Message = filing.Text{ZH: "请先登录", EN: "Log in first"}
		problem.Advice = filing.Text{ZH: "这个页面需要令牌，登录后会回到这里。", EN: "This page takes a token; you come back here with it."}
		if _, err := c.Cookie(sessionCookie); err == nil {
			problem.Message = filing.Text{ZH: "登录已失效", EN: "The session is over"}
			problem.Advice = filing.Text{ZH: "请重新输入令牌，登录后会回到这里。", EN: "Enter the token again; you come back here with it."}
		}
	case "not_found":
		problem.Advice = filing.Text{ZH: "可能已经删除，网址可能不完整，也可能这个账号看不到它。", EN: "It may have been deleted, the address may be cut off, or it is not yours to see."}
	}
}

// back is the page that a visitor was on, or wanted: a form's own page, by the Referer that browsers send to the same origin.
func back(c echo.Context) string {
	r := c.Request()
	if r.Method == http.MethodGet {
		return localPath(r.URL.RequestURI())
	}
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host {
		return ""
	}
	return localPath(u.RequestURI())
}

// localPath keeps a path that leads nowhere else; empty where it would.
func localPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return ""
	}
	return path
}

// sameOrigin refuses a form that comes from another site. The cookie is SameSite=Strict already; this is the second lock.
func (s *Server) sameOrigin(c echo.Context) error {
	r := c.Request()
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return newProblem("not_found")
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "null" {
		u, err := url.Parse(origin)
		public, _ := url.Parse(s.cfg.PublicURL)
		if err != nil || (u.Host != r.Host && (public == nil || u.Host != public.Host)) {
			return newProblem("not_found")
		}
	}
	return nil
}

func (s *Server) page(c echo.Context, status int, name string, data any) error {
	var buf bytes.Buffer
	if err := s.pages.Render(&buf, s.language(c), name, data); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // a form says to its own service which page it came from, and to nobody else
	return c.HTMLBlob(status, buf.Bytes())
}

// language is what the visitor chose, else the first of the browser's that there is, else Chinese.
func (s *Server) language(c echo.Context) string {
	if cookie, err := c.Cookie(languageCookie); err == nil && slices.Contains(templates.Languages, cookie.Value) {
		return cookie.Value
	}
	for tag := range strings.SplitSeq(c.Request().Header.Get("Accept-Language"), ",") {
		base, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
		base, _, _ = strings.Cut(base, ";")
		if slices.Contains(templates.Languages, base) {
			return base
		}
	}
	return templates.Languages[0]
}

func (s *Server) chooseLanguage(c echo.Context) error {
	if err := s.sameOrigin(c); err != nil {
		return err
	}
	lang := c.FormValue("lang")
	if !slices.Contains(templates.Languages, lang) {
		return newProblem("invalid_request").withField("lang", "没有这种语言", "no such language", templates.Languages...)
	}
	c.SetCookie(&http.Cookie{Name: languageCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 60 * 60, SameSite: http.SameSiteLaxMode, HttpOnly: true, Secure: s.https()})
	return c.Redirect(http.StatusSeeOther, cmp.Or(back(c), "/"))
}

func (s *Server) https() bool { return strings.HasPrefix(s.cfg.PublicURL, "https://") }

// loginPage asks for a token. The link that is printed at start carries one behind #, which no server and no log sees.
func (s *Server) loginPage(c echo.Context) error {
	return s.page(c, http.StatusOK, "failure", templates.Failure{
		Message: filing.Text{ZH: "请输入令牌", EN: "A token, please"},
		Advice:  filing.Text{ZH: "令牌由运维人员提供。", EN: "The operator of the service gives it to you."},
		Login:   true,
	})
}

// login takes a token and gives the browser a cookie that no script can read and no other site can use.
func (s *Server) login(c echo.Context) error {
	if err := s.sameOrigin(c); err != nil {
		return err
	}
	token := strings.TrimSpace(c.FormValue("token"))
	if !s.limits.mayTry(c.RealIP()) {
		return newProblem("too_many_requests")
	}
	who, err := s.auth.Authenticate(c.Request().Context(), token)
	if err != nil {
		s.limits.failed(c.RealIP())
		if strings.HasPrefix(token, storage.LinkPrefix) {
			return s.linkOver(c)
		}
		p := newProblem("unauthenticated")
		return s.page(c, p.Status, "failure", templates.Failure{Message: p.Message, Advice: p.Advice, Code: p.Code, Login: true, Back: localPath(c.FormValue("back"))})
	}
	lasts := sessionLasts
	if who.Filing != "" {
		lasts = linkMost // the link itself ends sooner, and then its page says what to do; who is asked for a token has none
	}
	c.SetCookie(&http.Cookie{
		Name: sessionCookie, Value: token, Path: "/", MaxAge: int(lasts.Seconds()), SameSite: http.SameSiteStrictMode, HttpOnly: true, Secure: s.https(),
	})
	if who.Filing != "" {
		return c.Redirect(http.StatusSeeOther, "/filings/"+who.Filing)
	}
	return c.Redirect(http.StatusSeeOther, cmp.Or(localPath(c.FormValue("back")), "/"))
}

// sessionLasts is how long a browser keeps a token: a working day.
const sessionLasts = 12 * time.Hour

// linkCookie reports whether the visitor came by an applicant's link.
func linkCookie(c echo.Context) bool {
	cookie, err := c.Cookie(sessionCookie)
	return err == nil && strings.HasPrefix(cookie.Value, storage.LinkPrefix)
}

// linkOver tells an applicant whose link has run out, or was revoked, how to come by another. Which of the two it was is not told:
// nor would a link that somebody made up be.
func (s *Server) linkOver(c echo.Context) error {
	return s.page(c, http.StatusUnauthorized, "failure", templates.Failure{
		Message: filing.Text{ZH: "这个链接已经不能用了", EN: "This link does not work any more"},
		Advice: filing.Text{
			ZH: "可能是过期了，也可能被收回了。已经上传的照片都还在，不会丢。",
			EN: "It has run out, or it was revoked. The photos that were uploaded are all still there.",
		},
		Code: "unauthenticated", Link: true,
	})
}

// materialChoices are what a file can be declared as: every material that consists of files.
func materialChoices() []templates.Choice {
	var out []templates.Choice
	for _, m := range checks.Vocabulary() {
		if len(m.Pages("")) > 0 {
			out = append(out, templates.Choice{Value: m.Code, Name: m.Name})
		}
	}
	return out
}

func (s *Server) homePage(c echo.Context) error {
	if id := principalOf(c.Request().Context()).Filing; id != "" {
		return c.Redirect(http.StatusSeeOther, "/filings/"+id) // a link has one home
	}
	data := templates.Home{
		Materials: materialChoices(), Provinces: provinceChoices(),
		Revalidations: s.may(c.Request().Context(), "list-revalidations"),
		Status:        s.may(c.Request().Context(), "get-status"),
		Queue:         s.may(c.Request().Context(), "claim-filing"),
		Files:         s.may(c.Request().Context(), "create-filing"),
	}
	return s.page(c, http.StatusOK, "home", data)
}

func (s *Server) checkPage(c echo.Context, place *pipeline.Place) error {
	src, err := s.source(c)
	if err != nil {
		return err
	}
	report, err := place.Check(c.Request().Context(), src)
	if err != nil {
		return src.explain(err)
	}
	return s.page(c, http.StatusOK, "checked", templates.Checked{Report: *report})
}

func (s *Server) openFiling(c echo.Context) error {
	facts, err := json.Marshal(map[string]any{
		"province": c.FormValue("province"), "action": c.FormValue("action"), "applicant": map[string]any{"type": c.FormValue("type")},
	})
	if err != nil {
		return fmt.Errorf("print facts: %w", err)
	}
	v, err := s.flow.CreateFiling(c.Request().Context(), viewerOf(c.Request().Context()), facts)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/filings/"+v.ID+"/questions")
}

func (s *Server) filingPage(c echo.Context) error {
	ctx := c.Request().Context()
	v, view, err := s.applicantsView(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	may := s.may(ctx, "submit-filing")
	view.CanSubmit = may && (v.State == storage.FilingOpen || v.State == storage.FilingReturned)
	if s.may(ctx, "update-filing") && v.State != storage.FilingAccepted {
		view.Offers = offers(view.Report.Offered)
	}
	view.CanLink = s.may(ctx, "create-link") && v.State != storage.FilingAccepted
	if s.may(ctx, "revoke-link") {
		if view.Links, err = s.validLinks(ctx, v.ID); err != nil {
			return err
		}
	}
	if may && v.State != storage.FilingAccepted {
		asked := questionsView(v, nil)
		view.Asks = len(asked.Asked) + asked.Left
	}
	return s.page(c, http.StatusOK, "filing", view)
}

func (s *Server) uploadPage(c echo.Context, place *pipeline.Place) error {
	src, err := s.source(c)
	if err != nil {
		return err
	}
	if _, err := place.Upload(c.Request().Context(), viewerOf(c.Request().Context()), c.Param("id"), src); err != nil {
		return src.explain(err)
	}
	return c.Redirect(http.StatusSeeOther, backTo(c, c.Param("id")))
}

func (s *Server) repairPage(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := s.flow.Repair(ctx, viewerOf(ctx), c.Param("id"), pipeline.Repair(c.FormValue("repair")))
	if errors.Is(err, pipeline.ErrNoRepair) {
		return newProblem("no_repair")
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, backTo(c, a.Material.Filing))
}

// filingView arranges a report for the page: every requirement a slot with a place for each of its pages.
func filingView(facts *filing.Facts, report *filing.Report) templates.Filing {
	parties := pipeline.PartiesOf(facts)
	view := templates.Filing{ID: report.Filing, Report: report, Materials: materialChoices(), Review: report.Review}
	files := map[string]*filing.MaterialReport{}
	for i := range report.Files {
		files[report.Files[i].ID] = &report.Files[i]
	}
	shown := map[string]bool{}
	for i, m := range report.Required {
		// What is one document is one place to upload it: an individual's ID is asked for under three names.
		if j := slices.IndexFunc(report.Required[:i], func(o filing.Match) bool { return checks.SameDocument(parties, o.Requirement, m.Requirement) }); j >= 0 {
			name, _ := checks.MaterialOf(m.Material)
			k := slices.IndexFunc(view.Slots, func(s templates.Slot) bool { return s.First == j })
			view.Slots[k].Also = append(view.Slots[k].Also, name.Name)
			continue
		}
		slot := templates.Slot{First: i, Of: checks.PartyName(parties, m.Of), State: m.State, Explanation: m.Explanation, Clauses: m.Clauses}
		for _, code := range alternatives(m.Requirement) {
			material, ok := checks.MaterialOf(code)
			if !ok {
				continue
			}
			slot.Names = append(slot.Names, material.Name)
			pages := material.Pages(parties.Applicant)
			for _, page := range pages {
				place := templates.Place{
					Material: code, Page: page, Of: m.Of, Label: placeLabel(material.Name, page, len(pages) > 1), Figure: figureOf(code, page, m.Of, parties),
				}
				place.Key = placeKey(place)
				_, place.Letter = letters.Find(code)
				if f := fileAt(files, m.Files, code, page); f != nil {
					place.File, shown[f.ID] = f, true
				}
				slot.Places = append(slot.Places, place)
			}
		}
		for _, place := range slot.Places {
			if slot.Pair = pairOf(report, place.File); slot.Pair != nil {
				slot.PairAt = place.Key
				break
			}
		}
		if m.State == filing.MatchSatisfied && (slot.Pair == nil || slot.Pair.Verdict != filing.VerdictFail) {
			view.Done++
		}
		view.Slots = append(view.Slots, slot)
	}
	for _, f := range report.Files {
		if !shown[f.ID] && f.State != filing.MaterialReplaced {
			view.Other = append(view.Other, f)
		}
	}
	for _, b := range report.Blockers {
		view.Blocked = append(view.Blocked, templates.Item{Name: checks.NameOf(b.Code), Of: checks.PartyName(parties, b.Of), Clauses: b.Clauses})
	}
	for _, n := range report.Notices {
		view.Notices = append(view.Notices, templates.Item{Name: checks.NameOf(n.Code), Of: checks.PartyName(parties, n.Of), Clauses: n.Clauses})
	}
	return view
}

func alternatives(r filing.Requirement) []string {
	if r.Material != "" {
		return []string{r.Material}
	}
	return r.AnyOf
}

// fileAt is the file that was matched for a page of a material, or of another that is the same document; a file that
// declares no page stands for the first.
func fileAt(files map[string]*filing.MaterialReport, matched []string, material string, page filing.Page) *filing.MaterialReport {
	var other *filing.MaterialReport
	for _, id := range matched {
		f := files[id]
		if f == nil || f.Declared == nil || cmp.Or(f.Declared.Page, filing.PageFront) != page {
			continue
		}
		if f.Declared.Material == material {
			return f
		}
		other = f
	}
	return other
}

func placeLabel(name filing.Text, page filing.Page, several bool) filing.Text {
	if !several {
		return name
	}
	if page == filing.PageBack {
		return filing.Text{ZH: name.ZH + "（反面）", EN: name.EN + " (back)"}
	}
	return filing.Text{ZH: name.ZH + "（正面）", EN: name.EN + " (front)"}
}
