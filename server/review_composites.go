package server

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/templates"
)

// layoutNames are the layouts of package imaging/layouts, in words.
func layoutNames() []templates.Choice {
	return []templates.Choice{
		{Value: "", Name: filing.Text{ZH: "自动排列", EN: "Arrange by itself"}},
		{Value: "row", Name: filing.Text{ZH: "左右排列", EN: "Side by side"}},
		{Value: "column", Name: filing.Text{ZH: "上下排列", EN: "One below the other"}},
		{Value: "grid", Name: filing.Text{ZH: "网格", EN: "Grid"}},
		{Value: "sides", Name: filing.Text{ZH: "证件正反面", EN: "Both sides of a card"}},
	}
}

// stitchPage makes a composite from the desk: one that the rules ask for, or one of the files that were ticked. It goes back to the
// composite; what keeps it from being made is said on the page.
func (s *Server) stitchPage(c echo.Context) error {
	ctx := c.Request().Context()
	form, err := c.FormParams()
	if err != nil {
		return newProblem("bad_request")
	}
	made, err := s.flow.MakeComposite(ctx, viewerOf(ctx), c.Param("id"), pipeline.CompositeRequest{
		Composition: form.Get("composition"), Of: form.Get("of"), Parts: form["part"], Layout: form.Get("layout"),
		Rectify: form.Get("rectify") != "", Captions: form.Get("captions") != "",
	})
	if err == nil {
		return c.Redirect(http.StatusSeeOther, "/review/"+c.Param("id")+"#composite-"+made.ID)
	}
	return s.reviewProblem(c, s.problemOf(ctx, err), err)
}

// reviewProblem shows the filing's page with what is wrong, where it can be mended there.
func (s *Server) reviewProblem(c echo.Context, problem *Problem, err error) error {
	if problem.Status >= 500 || problem.Code == "not_found" {
		return err
	}
	view, err := s.reviewView(c)
	if err != nil {
		return err
	}
	view.Problem = &templates.Failure{Message: problem.Message, Advice: problem.Advice, Code: problem.Code}
	return s.page(c, problem.Status, "review", view)
}

// stitchView arranges the composites of a filing: those that its rules ask for, those that were made, and what more can be made of.
func (s *Server) stitchView(c echo.Context, report *filing.Report, parties checks.Parties) (*templates.Stitch, error) {
	ctx := c.Request().Context()
	made, wanted, err := s.flow.Composites(ctx, viewerOf(ctx), report.Filing)
	if err != nil {
		return nil, err
	}
	view := &templates.Stitch{Filing: report.Filing, May: s.may(ctx, "create-composite"), Layouts: layoutNames()}
	for i := range wanted {
		w := &wanted[i]
		item := templates.WantedComposite{
			Code: w.Code, Of: w.Of, Name: w.Name, About: checks.PartyName(parties, w.Of), Clause: s.clauseView(w.Clause),
		}
		there := 0
		for _, d := range w.Parts {
			part := templates.Part{Name: declaredName(d, parties), There: slices.ContainsFunc(report.Files, func(f filing.MaterialReport) bool {
				return f.State != filing.MaterialReplaced && f.Declared != nil && f.Declared.Material == d.Material && (f.Declared.Page == d.Page || f.Declared.Page == "")
			})}
			if part.There {
				there++
			}
			item.Parts = append(item.Parts, part)
		}
		item.Ready = there > 1
		if j := slices.IndexFunc(made, func(v filing.CompositeView) bool { return v.Composition == w.Code && v.Of == w.Of }); j >= 0 {
			item.Made = made[j].ID
		}
		view.Wanted = append(view.Wanted, item)
	}
	for i := range made {
		view.Made = append(view.Made, madeComposite(&made[i], parties))
	}
	for i := range report.Files {
		if f := &report.Files[i]; f.State == filing.MaterialChecked && f.Measurements != nil && f.Measurements.Width > 0 {
			view.Files = append(view.Files, templates.Choice{Value: f.ID, Name: reviewFile(f, parties).Label})
		}
	}
	return view, nil
}

// clauseView is a clause by its id with what it says; without an id there is none.
func (s *Server) clauseView(id string) templates.ClauseView {
	text, _ := s.flow.Clause(id)
	return templates.ClauseView{ID: id, Text: text}
}

// declaredName names a page that was declared.
func declaredName(d filing.Declared, parties checks.Parties) filing.Text {
	material, ok := checks.MaterialOf(d.Material)
	if !ok {
		return filing.Text{ZH: "未声明的文件", EN: "Undeclared file"}
	}
	return placeLabel(material.Name, d.Page, d.Page != "" && len(material.Pages(parties.Applicant)) > 1)
}

// compositeLabel is what a composite is called.
func compositeLabel(v *filing.CompositeView) filing.Text {
	if v.Composition == "" {
		return filing.Text{ZH: "拼图（自选文件）", EN: "Composite of chosen files"}
	}
	return checks.CompositionName(v.Composition)
}

func madeComposite(v *filing.CompositeView, parties checks.Parties) templates.MadeComposite {
	out := templates.MadeComposite{CompositeView: v, Name: compositeLabel(v)}
	if about := checks.PartyName(parties, v.Of); about.ZH != "" {
		out.Name = filing.Text{ZH: out.Name.ZH + " · " + about.ZH, EN: out.Name.EN + " · " + about.EN}
	}
	if v.State == filing.CompositeFailed {
		out.Failure = newProblem(v.Failure).Message
	}
	if c := v.Composite; c != nil {
		out.Size = fmt.Sprintf("%d × %d · %s", c.Width, c.Height, sizeWords(c.Bytes))
		for i := range c.Parts {
			out.Parts = append(out.Parts, templates.MadePart{
				ID: c.Parts[i].ID, Name: declaredName(c.Parts[i].Declared, parties), Percent: int(100*c.Parts[i].Scale + 0.5),
			})
		}
	}
	return out
}
