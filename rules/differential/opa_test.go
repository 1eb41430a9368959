//go:build opa

package differential

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

func init() { contenders = append(contenders, contender{"opa", newOPA}) }

// opaFiling judges one filing by a module of the rules that are live for it. Whatever OPA could lose time with is done
// beforehand: days are counted, prefixes and last labels cut, the input parsed.
type opaFiling struct {
	query rego.PreparedEvalQuery
	input ast.Value
}

func newOPA(tb testing.TB, l *live) (func() int, error) {
	tb.Helper()
	module, err := (&regoWriter{data: l.evaluator.data}).module(l.rules)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	query, err := rego.New(rego.Query("data.preflight.fired"), rego.Module("preflight.rego", module)).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, module)
	}
	input, err := ast.InterfaceToValue(l.regoInput())
	if err != nil {
		return nil, err
	}
	f := opaFiling{query, input}
	return func() int {
		results, err := f.query.Eval(ctx, rego.EvalParsedInput(f.input))
		if err != nil {
			panic(err)
		}
		return len(results[0].Expressions[0].Value.([]any))
	}, nil
}

// regoInput is the facts with what the rules count with.
func (l *live) regoInput() map[string]any {
	input := map[string]any{"bounds": map[string]any{}}
	for name, v := range l.filing.vars {
		if s, ok := v.(string); ok || name == "" {
			input[name] = s
		} else if b, ok := v.(bool); ok {
			input[name] = b
		} else if n, ok := v.(int64); ok {
			input[name] = n
		}
	}
	asOf := input["as_of"].(string)
	for n := -400; n <= 400; n++ {
		if n >= -200 {
			input["bounds"].(map[string]any)["days "+strconv.Itoa(n)] = addDays(asOf, n)
		}
		if n%3 == 0 && n <= 12 {
			input["bounds"].(map[string]any)["months "+strconv.Itoa(n)] = addMonths(asOf, n)
		}
	}
	plain := func(record map[string]any) map[string]any {
		out := map[string]any{}
		for k, v := range record {
			switch v.(type) {
			case string, bool, int64:
				out[k] = v
			}
		}
		if name, ok := record["name"].(string); ok {
			out["prefix"], out["last_label"], out["lower"] = prefix(name), lastLabel(name), strings.ToLower(name)
		}
		return out
	}
	var sites []any
	for _, s := range l.filing.sites {
		site := plain(s)
		for _, list := range []string{"domains", "preapprovals"} {
			items := []any{}
			records, _ := s[list].([]map[string]any)
			for _, r := range records {
				items = append(items, plain(r))
			}
			site[list] = items
		}
		sites = append(sites, site)
	}
	input["sites"] = sites
	return input
}

// regoWriter turns conditions into Rego, where a fact that is not known makes a body undefined.
type regoWriter struct {
	data    *Data
	helpers []string
}

func (w *regoWriter) module(rules []*Rule) (string, error) {
	var b strings.Builder
	b.WriteString("package preflight\n\nimport rego.v1\n\n")
	for i, r := range rules {
		at := place{person: r.Person, site: "null", item: "null"}
		var body []string
		switch r.Each {
		case "":
		case "sites[]":
			body, at.site = []string{"some site in input.sites"}, "site"
		default:
			at.site, at.item = "site", "item"
			body = []string{"some site in input.sites", "some item in site." + strings.TrimSuffix(strings.TrimPrefix(r.Each, "sites[]."), "[]")}
		}
		if r.When != nil {
			body = append(body, w.body(r.When, at, false)...)
		}
		if r.Unless != nil {
			body = append(body, "not "+w.helper([][]string{w.body(r.Unless, at, false)}, at))
		}
		if len(body) == 0 {
			body = []string{"true"}
		}
		fmt.Fprintf(&b, "fired contains [%d, %s, %s] if {\n\t%s\n}\n\n", i, nameOf(at.site), nameOf(at.item), strings.Join(body, "\n\t"))
	}
	return b.String() + strings.Join(w.helpers, "\n"), nil
}

func nameOf(variable string) string {
	if variable == "null" {
		return "0"
	}
	return `object.get(` + variable + `, "name", 0)`
}

// helper makes a function that holds where one of the bodies does, and returns its call.
func (w *regoWriter) helper(bodies [][]string, at place) string {
	name := "h" + strconv.Itoa(len(w.helpers))
	w.helpers = append(w.helpers, "")
	at0 := len(w.helpers) - 1
	var b strings.Builder
	params, args := "site, item", at.site+", "+at.item
	for _, body := range bodies {
		fmt.Fprintf(&b, "%s(%s) if {\n\t%s\n}\n\n", name, params, strings.Join(body, "\n\t"))
	}
	w.helpers[at0] = b.String()
	return name + "(" + args + ")"
}

func (w *regoWriter) body(v any, at place, not bool) []string {
	inner := at
	if at.site != "null" {
		inner.site = "site"
	}
	if at.item != "null" {
		inner.item = "item"
	}
	var parts []string
	if list, ok := v.([]any); ok {
		for _, c := range list {
			parts = append(parts, w.body(c, inner, not)...)
		}
		return parts
	}
	either := func(kids []any, not bool) {
		var bodies [][]string
		for _, k := range kids {
			bodies = append(bodies, w.body(k, inner, not))
		}
		parts = append(parts, w.helper(bodies, inner))
	}
	m := asTree(v)
	for _, key := range keys(m) {
		arg := m[key]
		switch key {
		case "where":
		case "any":
			if not {
				for _, k := range arg.([]any) {
					parts = append(parts, w.body(k, inner, true)...)
				}
			} else {
				either(arg.([]any), false)
			}
		case "all", "not":
			parts = append(parts, w.body(arg, inner, not != (key == "not"))...)
		case "for_any":
			list := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(arg.(string), "sites[]"), "."), "[]")
			to := place{person: at.person, site: "site", item: "null"}
			body := []string{"some site in input.sites"}
			if list != "" {
				to.item = "item"
				body = append(body, "some item in site."+list)
			}
			fresh := "f" + strconv.Itoa(len(w.helpers))
			w.helpers = append(w.helpers, "")
			mine := len(w.helpers) - 1
			body = append(body, w.body(m["where"], to, false)...)
			w.helpers[mine] = fmt.Sprintf("%s if {\n\t%s\n}\n", fresh, strings.Join(body, "\n\t"))
			parts = append(parts, fresh)
		case "distinct":
			field := map[any]string{"prefix": "prefix", "name": "lower"}[asTree(arg)["of"]]
			parts = append(parts, fmt.Sprintf("count({d.%s | some d in site.domains}) >= %d", field, asTree(arg)["at_least"]))
		default:
			path := key
			if rest, ok := strings.CutPrefix(key, "person."); ok {
				path = at.person + "." + rest
			}
			tests := asTree(arg)
			if tests == nil {
				tests = tree{"": arg}
			}
			for _, op := range keys(tests) {
				parts = append(parts, w.test(path, op, tests[op], not)...)
			}
		}
	}
	return parts
}

func (w *regoWriter) test(path, op string, arg any, not bool) []string {
	if name, ok := strings.CutPrefix(path, "site_manager."); ok {
		for _, s := range shared {
			if s == name {
				return []string{`input.applicant_type == "enterprise"`, w.helper([][]string{
					append([]string{"input.site_manager_same_as_principal == true"}, w.leaf("principal."+name, op, arg, not)...),
					append([]string{"input.site_manager_same_as_principal == false"}, w.leaf(path, op, arg, not)...)},
					place{site: "null", item: "null"})}
			}
		}
	}
	return w.leaf(path, op, arg, not)
}

func (w *regoWriter) leaf(path, op string, arg any, not bool) []string {
	variable := "input." + strings.ReplaceAll(path, ".", "_")
	switch {
	case strings.HasPrefix(path, "sites[].domains[].") || strings.HasPrefix(path, "sites[].preapprovals[]."):
		variable = "item" + path[strings.LastIndexByte(path, '.'):]
	case strings.HasPrefix(path, "sites[]."):
		variable = "site" + path[strings.LastIndexByte(path, '.'):]
	}
	out := []string{}
	if p := premise(path); p != "true" { // simple enough to be said again
		switch {
		case strings.HasPrefix(path, "record.") && strings.HasPrefix(p, "!"):
			out = append(out, w.helper([][]string{{`input.action != "new"`}, {"input.first_filing == false"}}, place{site: "null", item: "null"}))
		case strings.HasSuffix(path, "document_province"):
			person, _, _ := strings.Cut(path, ".")
			out = append(out, `not input.`+person+`_document in {"passport", "hk_macau_travel_permit", "taiwan_travel_permit"}`)
		case strings.Contains(p, " && "):
			out = append(out, `input.applicant_type == "enterprise"`, "input.site_manager_same_as_principal == false")
		default:
			out = append(out, "input."+p)
		}
	}
	compare := func(operator, value string) []string {
		if not {
			operator = map[string]string{"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[operator]
		}
		return append(out, variable+" "+operator+" "+value)
	}
	member := func(variable string, list []string, quoted bool) []string {
		if list = slices.Clone(list); quoted {
			for i := range list {
				list[i] = strconv.Quote(list[i])
			}
		}
		if !not && len(list) == 1 {
			return append(out, variable+" == "+list[0])
		}
		negate := ""
		if not {
			out = append(out, variable+" != null") // known, in Rego's words
			negate = "not "
		}
		return append(out, negate+variable+" in {"+strings.Join(list, ", ")+"}")
	}
	switch op {
	case "not", "not_suffix_in":
		not = !not
		if op == "not" {
			return member(variable, words(arg), w.data.Facts[path] != "bool")
		}
		return member("item.last_label", (&translator{w.data}).words(arg), true)
	case "":
		return member(variable, words(arg), w.data.Facts[path] != "bool")
	case "suffix_in":
		return member("item.last_label", (&translator{w.data}).words(arg), true)
	case "at_least", "more_than", "at_most", "less_than":
		return compare(map[string]string{"at_least": ">=", "more_than": ">", "at_most": "<=", "less_than": "<"}[op], fmt.Sprint(arg))
	case "before", "on_or_before", "after", "on_or_after":
		return compare(map[string]string{"before": "<", "on_or_before": "<=", "after": ">", "on_or_after": ">="}[op], w.bound(arg))
	case "younger_than":
		years, _, _ := strings.Cut(arg.(string), " ")
		n, _ := strconv.Atoi(years)
		return compare(">", fmt.Sprintf("input.bounds[%q]", fmt.Sprintf("months -%d", 12*n)))
	case "contains":
		list := slices.Clone((&translator{w.data}).words(arg))
		for i := range list {
			list[i] = strconv.Quote(strings.ToLower(list[i]))
		}
		text := "some word in [" + strings.Join(list, ", ") + "]; contains(lower(" + variable + "), word)"
		call := w.helper([][]string{{text}}, place{site: textSite(path), item: "null"})
		if not {
			call = "not " + call
		}
		return append(out, call)
	}
	panic("unknown comparison " + op)
}

func textSite(path string) string {
	if strings.HasPrefix(path, "sites[]") {
		return "site"
	}
	return "null"
}

func (w *regoWriter) bound(arg any) string {
	text := day(arg)
	parts := strings.Fields(text)
	switch {
	case text == "as_of":
		return "input.as_of"
	case len(parts) == 1:
		return strconv.Quote(text)
	}
	count := parts[2]
	if values := w.data.Params[count]; len(values) > 0 {
		count = strconv.Itoa(values[0].Value)
	}
	sign := strings.TrimPrefix(parts[1], "+")
	unit := strings.TrimSuffix(parts[3], "s") + "s"
	return fmt.Sprintf("input.bounds[%q]", unit+" "+sign+count)
}
