package differential

import (
	"fmt"
	"strconv"
	"strings"
)

// translator turns conditions into CEL. The facts of a filing as a whole are variables (applicant.type is
// applicant_type); sites is a list of maps, and a rule about each item sees site and item.
type translator struct{ data *Data }

// place is what stands for the lists' items where a condition stands.
type place struct {
	person string
	site   string // the variable of the site, "" where there is none
	item   string // the variable of the domain or pre-approval
	depth  int
}

func and(list []string) string { return join(list, " && ", "true") }
func or(list []string) string  { return join(list, " || ", "false") }

func join(list []string, sep, empty string) string {
	if len(list) == 0 {
		return empty
	}
	return "(" + strings.Join(list, sep) + ")"
}

// condition translates a condition, or where not is set its opposite. Opposites go down to the tests, since a test of a
// fact that does not apply is false and its opposite too.
func (t *translator) condition(v any, at place, not bool) string {
	both := and
	if not {
		both = or
	}
	var parts []string
	if list, ok := v.([]any); ok {
		for _, c := range list {
			parts = append(parts, t.condition(c, at, not))
		}
		return both(parts)
	}
	m := asTree(v)
	for _, key := range keys(m) {
		arg := m[key]
		switch key {
		case "where":
		case "all":
			parts = append(parts, t.condition(arg, at, not))
		case "any":
			var kids []string
			for _, c := range arg.([]any) {
				kids = append(kids, t.condition(c, at, not))
			}
			if not {
				parts = append(parts, and(kids))
			} else {
				parts = append(parts, or(kids))
			}
		case "not":
			parts = append(parts, t.condition(arg, at, !not))
		case "for_any":
			if not {
				panic("for_any under not")
			}
			parts = append(parts, t.forAny(arg.(string), m["where"], at))
		case "distinct":
			if not {
				panic("distinct under not")
			}
			parts = append(parts, t.distinct(asTree(arg), at))
		default:
			path := key
			if rest, ok := strings.CutPrefix(key, "person."); ok {
				path = at.person + "." + rest
			}
			tests := asTree(arg)
			if tests == nil {
				tests = tree{"": arg}
			}
			var kids []string
			for _, op := range keys(tests) {
				kids = append(kids, t.test(path, op, tests[op], at, not))
			}
			parts = append(parts, both(kids))
		}
	}
	return both(parts)
}

func (t *translator) forAny(list string, where any, at place) string {
	at.depth++
	item := fmt.Sprintf("x%d", at.depth)
	if list == "sites[]" {
		at.site = item
		return fmt.Sprintf("sites.exists(%s, %s)", item, t.condition(where, at, false))
	}
	field := strings.TrimSuffix(strings.TrimPrefix(list, "sites[]."), "[]")
	if at.site != "" {
		at.item = item
		return fmt.Sprintf("%s.%s.exists(%s, %s)", at.site, field, item, t.condition(where, at, false))
	}
	at.site, at.item = "s"+item, item
	return fmt.Sprintf("sites.exists(%s, %s.%s.exists(%s, %s))", at.site, at.site, field, item, t.condition(where, at, false))
}

// distinct asks for so many domains of which no two are alike.
func (t *translator) distinct(arg tree, at place) string {
	of := "whole"
	if arg["of"] == "prefix" {
		of = "prefix"
	}
	n := arg["at_least"].(int)
	var differ []string
	for i := 1; i <= n; i++ {
		for j := 1; j < i; j++ {
			differ = append(differ, fmt.Sprintf("%s(d%d.name) != %s(d%d.name)", of, j, of, i))
		}
	}
	expr := and(differ)
	for i := n; i >= 1; i-- {
		expr = fmt.Sprintf("%s.domains.exists(d%d, %s)", at.site, i, expr)
	}
	return expr
}

// shared are the facts that the site manager has from the principal where both are one person.
var shared = []string{"is_legal_representative", "origin", "document", "document_province", "document_valid_until", "birth_date",
	"phone_province", "in_other_filings"}

func (t *translator) test(path, op string, arg any, at place, not bool) string {
	if _, ok := t.data.Facts[path]; !ok {
		panic("no fact " + path)
	}
	leaf := func(path string) string {
		text := t.compare(t.variable(path, at), path, op, arg)
		if not {
			text = "!" + text
		}
		return text
	}
	if name, ok := strings.CutPrefix(path, "site_manager."); ok {
		for _, s := range shared {
			if s == name {
				return and([]string{`applicant_type == "enterprise"`, or([]string{
					and([]string{"site_manager_same_as_principal", documentPremise("principal." + name), leaf("principal." + name)}),
					and([]string{"!site_manager_same_as_principal", documentPremise(path), leaf(path)})})})
			}
		}
	}
	return and([]string{premise(path), leaf(path)})
}

// premise is the table of facts that are not applicable in rules/README.md.
func premise(path string) string {
	switch path {
	case "first_filing":
		return `action == "new"`
	case "record.held_by_provider", "record.issued_on", "record.sites_reachable", "record.numbers_shown":
		return `!(action == "new" && first_filing)`
	case "applicant.document", "applicant.document_valid_until", "applicant.document_current", "applicant.document_unified",
		"applicant.license_form", "applicant.legal_representative_origin", "applicant.cluster_address",
		"applicant.change_proof_available", "site_manager.same_as_principal":
		return `applicant_type == "enterprise"`
	case "site_manager.phone_same_as_principal":
		return `applicant_type == "enterprise" && !site_manager_same_as_principal`
	}
	switch {
	case strings.HasPrefix(path, "change."):
		return `action == "change"`
	case strings.HasPrefix(path, "record."):
		return `action == "access"`
	}
	return documentPremise(path)
}

func documentPremise(path string) string {
	if person, ok := strings.CutSuffix(path, ".document_province"); ok {
		return `!(` + person + `_document in ["passport", "hk_macau_travel_permit", "taiwan_travel_permit"])`
	}
	return "true"
}

func (t *translator) variable(path string, at place) string {
	switch {
	case strings.HasPrefix(path, "sites[].domains[].") || strings.HasPrefix(path, "sites[].preapprovals[]."):
		return at.item + path[strings.LastIndexByte(path, '.'):]
	case strings.HasPrefix(path, "sites[]."):
		return at.site + path[strings.LastIndexByte(path, '.'):]
	}
	return strings.ReplaceAll(path, ".", "_")
}

func (t *translator) compare(v, path, op string, arg any) string {
	switch op {
	case "", "not":
		list := words(arg)
		for i := range list {
			if t.data.Facts[path] != "bool" {
				list[i] = strconv.Quote(list[i])
			}
		}
		text := "(" + v + " in [" + strings.Join(list, ", ") + "])"
		if op == "not" {
			text = "(!" + text + ")"
		}
		return text
	case "at_least", "more_than", "at_most", "less_than":
		return fmt.Sprintf("(%s %s %d)", v, map[string]string{"at_least": ">=", "more_than": ">", "at_most": "<=", "less_than": "<"}[op], arg)
	case "before", "on_or_before", "after", "on_or_after":
		return fmt.Sprintf("(%s %s %s)", v, map[string]string{"before": "<", "on_or_before": "<=", "after": ">", "on_or_after": ">="}[op], t.bound(arg))
	case "younger_than":
		years, _, _ := strings.Cut(arg.(string), " ")
		return fmt.Sprintf("(add_months(%s, 12 * %s) > as_of)", v, years)
	case "contains":
		var tests []string
		for _, w := range t.words(arg) {
			tests = append(tests, fmt.Sprintf("%s.lowerAscii().contains(%s)", v, strconv.Quote(strings.ToLower(w))))
		}
		return or(tests)
	case "suffix_in", "not_suffix_in":
		var list []string
		for _, w := range t.words(arg) {
			list = append(list, strconv.Quote(strings.ToLower(strings.TrimPrefix(w, "."))))
		}
		text := "(last_label(" + v + ") in [" + strings.Join(list, ", ") + "])"
		if op == "not_suffix_in" {
			text = "(!" + text + ")"
		}
		return text
	}
	panic("unknown comparison " + op)
}

func (t *translator) words(arg any) []string {
	if name, ok := arg.(string); ok {
		return t.data.Lists[name]
	}
	return words(arg)
}

func (t *translator) bound(arg any) string {
	text := day(arg)
	parts := strings.Fields(text)
	switch {
	case len(parts) == 1 && text == "as_of":
		return "as_of"
	case len(parts) == 1:
		return strconv.Quote(text)
	}
	count := parts[2]
	if values, ok := t.data.Params[count]; ok {
		count = "0"
		for _, v := range values {
			var when []string
			if v.From != "" {
				when = append(when, "as_of >= "+strconv.Quote(v.From))
			}
			if v.To != "" {
				when = append(when, "as_of <= "+strconv.Quote(v.To))
			}
			count = fmt.Sprintf("(%s ? %d : %s)", and(when), v.Value, count)
		}
	}
	function := "add_months"
	switch strings.TrimSuffix(parts[3], "s") {
	case "day":
		function = "add_days"
	case "year":
		count = "12 * " + count
	}
	return fmt.Sprintf("%s(as_of, %s(%s))", function, strings.TrimPrefix(parts[1], "+"), count)
}
