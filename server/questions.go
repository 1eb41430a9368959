package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/templates"
)

// questionsAtOnce is how many questions stand on one page: what fits a phone without tiring anybody.
const questionsAtOnce = 5

// maxLines bounds the lines of an answer: more sites than anybody files at once.
const maxLines = 50

func (s *Server) routeQuestions() {
	s.echo.GET("/filings/:id/questions", s.visitor("update-filing", s.questionsPage))
	s.echo.POST("/filings/:id/questions", s.visitor("update-filing", s.answerQuestions))
	s.echo.POST("/filings/:id/phone", s.visitor("create-link", s.phonePage))
}

func (s *Server) questionsPage(c echo.Context) error {
	v, err := s.flow.Filing(c.Request().Context(), viewerOf(c.Request().Context()), c.Param("id"))
	if err != nil {
		return err
	}
	return s.page(c, 200, "questions", questionsView(v, nil))
}

// questionsView arranges what the rules ask next, but for what was passed over.
func questionsView(v *pipeline.FilingView, skipped []string) templates.Questions {
	view := templates.Questions{Filing: v.ID, Revision: v.Revision, Skipped: skipped, Answered: answered(v.Facts)}
	for _, path := range v.Outcome.Ask {
		asked, ok := askedOf(path)
		if !ok || slices.Contains(skipped, path) {
			continue
		}
		if len(view.Asked) == questionsAtOnce {
			view.Left++
			continue
		}
		view.Asked = append(view.Asked, asked)
	}
	return view
}

// askedOf is the question for a path of the outcome's ask list; false where nobody is asked.
func askedOf(path string) (templates.Asked, bool) {
	q, ok := templates.QuestionOf(path)
	if !ok {
		return templates.Asked{}, false
	}
	asked := templates.Asked{Question: q, Path: path, About: templates.Which(path)}
	switch shape := shapeOf(path); shape {
	case "sites", "sites[].domains":
		asked.Kind = "lines"
		return asked, true
	case "sites[].preapprovals":
		asked.Kind = "many"
		category, _ := templates.QuestionOf("sites[].preapprovals[].category")
		asked.Options = category.Options
		return asked, true
	default:
		fact, known := filing.FactOf(shape)
		if !known {
			return templates.Asked{}, false
		}
		switch fact.Kind() {
		case filing.KindBool:
			asked.Kind = "yesno"
		case filing.KindInt:
			asked.Kind = "number"
		case filing.KindDate:
			asked.Kind = "date"
		case filing.KindDateOrLongTerm:
			asked.Kind = "term"
		case filing.KindEnum:
			asked.Kind = "choice"
		case filing.KindProvince:
			asked.Kind, asked.Options = "choice", provinceChoices()
		default:
			asked.Kind = "text"
		}
		return asked, true
	}
}

// shapeOf is a path without its indexes: sites[0].name is sites[].name.
func shapeOf(path string) string {
	var b strings.Builder
	for rest := path; ; {
		before, after, found := strings.Cut(rest, "[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("[]")
		if _, rest, found = strings.Cut(after, "]"); !found {
			return b.String()
		}
	}
}

// answerQuestions takes the answers to a page of questions and asks the next ones.
func (s *Server) answerQuestions(c echo.Context) error {
	ctx := c.Request().Context()
	form, err := c.FormParams()
	if err != nil {
		return newProblem("bad_request")
	}
	v, err := s.flow.Filing(ctx, viewerOf(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	skipped := form["skipped"]
	var tree map[string]any
	if err := json.Unmarshal(v.Facts.AppendJSON(nil), &tree); err != nil {
		return fmt.Errorf("read facts: %w", err)
	}
	changed := map[string]any{}
	for _, path := range form["asked"] {
		value, given := answerOf(form, path)
		if !given {
			skipped = append(skipped, path)
			continue
		}
		if !setAt(tree, path, value) {
			continue // not a place that there is: the form was made by hand, or the list is another by now
		}
		top, _, _ := strings.Cut(strings.SplitN(path, "[", 2)[0], ".")
		changed[top] = tree[top]
	}
	if len(changed) > 0 {
		patch, err := json.Marshal(changed)
		if err != nil {
			return fmt.Errorf("print answers: %w", err)
		}
		revision, err := strconv.ParseInt(form.Get("revision"), 10, 64)
		if err != nil {
			return newProblem("bad_request")
		}
		next, err := s.flow.UpdateFiling(ctx, viewerOf(ctx), v.ID, revision, patch)
		var wrong *pipeline.FactsError
		if errors.As(err, &wrong) {
			view := questionsView(v, form["skipped"])
			for _, e := range factsProblem(wrong).Errors {
				view.Problems = append(view.Problems, templates.FieldProblem{Path: e.Path, Message: e.Message})
			}
			return s.page(c, 422, "questions", view)
		}
		if err != nil {
			return err
		}
		v = next
	}
	return s.page(c, 200, "questions", questionsView(v, skipped))
}

// answerOf reads the answer to one question; false where the visitor passed over it.
func answerOf(form url.Values, path string) (any, bool) {
	asked, ok := askedOf(path)
	if !ok {
		return nil, false
	}
	text := strings.TrimSpace(form.Get(path))
	switch asked.Kind {
	case "many":
		items := []any{}
		for _, category := range form[path] {
			items = append(items, map[string]any{"category": category})
		}
		return items, form.Get(path+":given") != ""
	case "lines":
		items := []any{}
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && len(items) < maxLines {
				items = append(items, map[string]any{"name": line})
			}
		}
		return items, len(items) > 0
	case "yesno":
		return text == "true", text != ""
	case "number":
		n, err := strconv.Atoi(text)
		return n, err == nil
	case "term":
		if form.Get(path+":long") != "" {
			return "long_term", true
		}
	}
	return text, text != ""
}

// setAt puts a value at a path such as sites[0].domains[1].expires. Objects on the way are made, items of lists are not.
func setAt(tree map[string]any, path string, value any) bool {
	head, rest, more := strings.Cut(path, ".")
	name, index, listed := strings.Cut(head, "[")
	if listed {
		n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		list, ok := tree[name].([]any)
		if err != nil || !ok || n < 0 || n >= len(list) || !more {
			return false
		}
		item, ok := list[n].(map[string]any)
		return ok && setAt(item, rest, value)
	}
	if !more {
		tree[name] = value
		return true
	}
	inner, ok := tree[name].(map[string]any)
	if !ok {
		inner = map[string]any{}
		tree[name] = inner
	}
	return setAt(inner, rest, value)
}

// answered lists the facts that are known, in the vocabulary's order, in words.
func answered(facts *filing.Facts) []templates.Item {
	var out []templates.Item
	add := func(path string, ref filing.Ref) {
		if v := facts.At(ref); v.Known {
			if q, ok := templates.QuestionOf(path); ok {
				name := q.Name
				if about := templates.Which(path); about.ZH != "" {
					name = filing.Text{ZH: name.ZH + "（" + about.ZH + "）", EN: name.EN + " (" + about.EN + ")"}
				}
				out = append(out, templates.Item{Name: name, Of: factWords(facts, ref, q)})
			}
		}
	}
	sites, _ := facts.Len(filing.ListSites, 0)
	for f := range filing.NumFacts {
		switch f.List() {
		case filing.ListNone:
			add(f.Path(), filing.Ref{Fact: f})
		case filing.ListSites:
			for i := range sites {
				ref := filing.Ref{Fact: f, Site: int32(i)}
				add(ref.Path(), ref)
			}
		case filing.ListDomains, filing.ListPreapprovals:
			for i := range sites {
				items, _ := facts.Len(f.List(), i)
				for j := range items {
					ref := filing.Ref{Fact: f, Site: int32(i), Item: int32(j)}
					add(ref.Path(), ref)
				}
			}
		case filing.ListUploads:
		}
	}
	return out
}

// factWords is the value of a fact in words.
func factWords(facts *filing.Facts, ref filing.Ref, q templates.Question) filing.Text {
	text := facts.TextAt(ref)
	switch ref.Fact.Kind() {
	case filing.KindBool:
		if facts.At(ref).Num != 0 {
			return filing.Text{ZH: "是", EN: "yes"}
		}
		return filing.Text{ZH: "否", EN: "no"}
	case filing.KindProvince:
		return provinceName(text)
	case filing.KindDateOrLongTerm:
		if text == "long_term" {
			return filing.Text{ZH: "长期", EN: "no end"}
		}
	case filing.KindEnum:
		if i := slices.IndexFunc(q.Options, func(o templates.Choice) bool { return o.Value == text }); i >= 0 {
			return q.Options[i].Name
		}
	}
	return filing.Text{ZH: text, EN: text}
}

// offers arranges facts that were read for the visitor to take.
func offers(list []filing.Offer) []templates.Offer {
	var out []templates.Offer
	for _, o := range list {
		asked, ok := askedOf(o.Fact)
		if !ok {
			continue
		}
		value := fmt.Sprint(o.Value)
		offer := templates.Offer{Path: o.Fact, Name: asked.Name, Words: filing.Text{ZH: value, EN: value}, Value: value}
		if about := templates.Which(o.Fact); about.ZH != "" {
			offer.Name = filing.Text{ZH: offer.Name.ZH + "（" + about.ZH + "）", EN: offer.Name.EN + " (" + about.EN + ")"}
		}
		for _, option := range asked.Options {
			if option.Value == value {
				offer.Words = option.Name
			}
		}
		if yes, is := o.Value.(bool); is {
			offer.Words = filing.Text{ZH: "否", EN: "no"}
			if yes {
				offer.Words = filing.Text{ZH: "是", EN: "yes"}
			}
		}
		if value == "long_term" {
			offer.Value, offer.LongTerm, offer.Words = "", true, filing.Text{ZH: "长期", EN: "no end"}
		}
		out = append(out, offer)
	}
	return out
}
