package differential

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/filing"
)

func now() time.Time { return time.Now() }

var errTooMany = errors.New("too many values to try")

// Confirm tries every value, as far as the rules can tell them apart, of the unknown facts on which CEL waits at a place,
// and reports whether each leads to the same answer, and which: whether the rule fires. It is how a decision that CEL
// does not reach is proven right.
func (e *Evaluator) Confirm(at Instance, facts []byte) (fires, same bool, err error) {
	f, err := e.Prepare(facts)
	if err != nil {
		return false, false, err
	}
	c := confirmer{e: e, at: at, same: true, left: 20_000}
	err = c.walk(f)
	return c.fires, c.same, err
}

type confirmer struct {
	e     *Evaluator
	at    Instance
	seen  bool
	fires bool
	same  bool
	left  int
}

// walk decides the place, or branches on one unknown fact.
func (c *confirmer) walk(f *Filing) error {
	if c.left--; c.left < 0 {
		return errTooMany
	}
	if !c.same {
		return nil
	}
	if c.at.Site >= 0 {
		f.vars["site"] = f.sites[c.at.Site]
		if c.at.Item >= 0 {
			field := "domains"
			if strings.Contains(c.at.entry.rule.Each, "preapprovals") {
				field = "preapprovals"
			}
			f.vars["item"] = f.sites[c.at.Site][field].([]map[string]any)[c.at.Item]
		}
	}
	o := c.at.entry.judge(f, false)
	if o.settled() {
		fires := o.holds == yes && o.excepted == no
		if c.seen && fires != c.fires {
			c.same = false
		}
		c.seen, c.fires = true, fires
		return nil
	}
	expression := c.at.entry.holds.expression
	if o.holds == yes {
		expression = c.at.entry.unless.expression
	}
	set, values := c.branch(f, expression)
	if set == nil {
		return fmt.Errorf("nothing is unknown, but %s is undecided", expression)
	}
	for _, v := range values {
		set(v)
		if err := c.walk(f); err != nil {
			return err
		}
	}
	set(any(unknownValue))
	return nil
}

var identifiers = regexp.MustCompile(`[a-z_0-9]+`)

// branch finds an unknown fact that the expression looks at, and the values to try.
func (c *confirmer) branch(f *Filing, expression string) (set func(any), values []any) {
	used := identifiers.FindAllString(expression, -1)
	for _, name := range c.e.scalars {
		if f.vars[name] == any(unknownValue) && slices.Contains(used, name) {
			for _, path := range keys(c.e.data.Facts) {
				if strings.ReplaceAll(path, ".", "_") == name {
					return func(v any) { f.vars[name] = v }, c.values(path, f)
				}
			}
		}
	}
	if !f.known && slices.Contains(used, "sites") {
		empty := func(v any) {
			f.sites, f.known = nil, false
			if list, ok := v.([]map[string]any); ok {
				f.sites, f.known = list, true
			}
			f.vars["sites"] = v
		}
		site := c.e.record("sites[].", nil)
		site["domains"], site["preapprovals"] = any(unknownValue), any(unknownValue)
		return empty, []any{[]map[string]any{}, []map[string]any{site}}
	}
	sites := f.sites
	if c.at.Site >= 0 && !slices.Contains(used, "sites") {
		sites = sites[c.at.Site : c.at.Site+1]
	}
	for _, s := range sites {
		if set, values = c.record(f, s, "sites[].", used); set != nil {
			return set, values
		}
		for _, list := range []string{"preapprovals", "domains"} {
			prefix := "sites[]." + list + "[]."
			items, known := s[list].([]map[string]any)
			if !known && slices.Contains(used, list) {
				one := c.e.record(prefix, nil)
				return func(v any) { s[list] = v }, []any{[]map[string]any{}, []map[string]any{one}}
			}
			for _, item := range items {
				if set, values = c.record(f, item, prefix, used); set != nil {
					return set, values
				}
			}
		}
	}
	return nil, nil
}

func (c *confirmer) record(f *Filing, record map[string]any, prefix string, used []string) (func(any), []any) {
	for _, name := range keys(record) {
		if path := prefix + name; record[name] == any(unknownValue) && slices.Contains(used, name) && c.e.data.Facts[path] != "" {
			return func(v any) { record[name] = v }, c.values(path, f)
		}
	}
	return nil, nil
}

// values lists what a fact may be: all of an enum, and around every edge that the rules know of anything else.
func (c *confirmer) values(path string, f *Filing) []any {
	var list []any
	switch c.e.data.Facts[path] {
	case "bool":
		return []any{true, false}
	case "enum", "province":
		for _, v := range c.e.data.Values[path] {
			list = append(list, v)
		}
	case "int":
		for n := range int64(40) {
			list = append(list, n)
		}
	case "text":
		texts := slices.Concat(names, c.e.data.Words())
		if strings.HasSuffix(path, "domains[].name") {
			texts = append(slices.Clone(domainNames), "nothing-else.net", "nothing-more.net")
		}
		for _, w := range texts {
			list = append(list, w)
		}
	default:
		asOf, _ := filing.ParseDate(f.vars["as_of"].(string))
		for _, months := range []int{-12 * 18, -6, 0, 3, 6} {
			for near := -1; near <= 1; near++ {
				list = append(list, asOf.AddMonths(months).AddDays(near).String())
			}
		}
		for _, days := range []int{-3, 45, 90, 180} {
			for near := -1; near <= 1; near++ {
				list = append(list, asOf.AddDays(days+near).String())
			}
		}
		list = append(list, "2017-12-31", "2018-01-01")
	}
	return list
}
