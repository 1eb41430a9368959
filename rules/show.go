package rules

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/filing"
)

// Show prints clauses in words, for a person who reads them against the source: what the clause says, the rule that was
// made of it, and how an ambiguous one is read. What begins with prefix is printed ("HN", "HN.enterprise.key", an id);
// lang is zh or en.
func (s *Set) Show(w io.Writer, prefix, lang string) error {
	p := &printer{w: w, lang: lang, vocab: loadVocabulary()}
	for _, c := range s.clauses {
		if c.ID == prefix || strings.HasPrefix(c.ID, prefix+".") || prefix == "" {
			p.clause(c)
		}
	}
	return p.err
}

type printer struct {
	w     io.Writer
	lang  string
	vocab *vocabulary
	err   error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) say(zh, en string) string { return filing.Text{ZH: zh, EN: en}.In(p.lang) }

func (p *printer) clause(c *Clause) {
	p.line("%s  %s", c.ID, c.Text.In(p.lang))
	if c.Reading.ZH != "" {
		p.line("    %s: %s", p.say("读法", "reading"), c.Reading.In(p.lang))
	}
	if len(c.Repeats) > 0 {
		p.line("    %s: %s", p.say("同", "the same as"), strings.Join(c.Repeats, ", "))
	}
	if len(c.Replaces) > 0 {
		p.line("    %s: %s", p.say("取代", "in place of"), strings.Join(c.Replaces, ", "))
	}
	if c.Waived.ZH != "" {
		p.line("    %s: %s", p.say("无规则", "no rule"), c.Waived.In(p.lang))
	}
	for _, r := range c.Rules {
		p.rule(r)
	}
}

func (p *printer) rule(r *Rule) {
	p.line("    - %s", p.Rule(r))
}

// Rule returns a rule in one sentence.
func (p *printer) Rule(r *Rule) string {
	var b strings.Builder
	if r.Each != filing.ListNone {
		b.WriteString(p.say("对每个 ", "for each of ") + r.Each.Path() + p.say("，", ", "))
	}
	if r.When == nil {
		b.WriteString(p.say("一律", "always"))
	} else {
		b.WriteString(p.say("当 ", "when ") + p.cond(r.When))
	}
	if r.Unless != nil {
		b.WriteString(p.say("，除非（未知时暂定）", ", unless (provisional while unknown) ") + p.cond(r.Unless))
	}
	if r.From != 0 {
		b.WriteString(p.say("，自 ", ", from ") + r.From.String())
	}
	if r.To != 0 {
		b.WriteString(p.say("，至 ", ", to ") + r.To.String())
	}
	b.WriteString(p.say("：", ": "))
	for i, y := range r.Yields {
		if i > 0 {
			b.WriteString(p.say("；", "; "))
		}
		b.WriteString([...]string{p.say("须提交 ", "require "), p.say("不予备案 ", "block "), p.say("提示 ", "notice ")}[y.Kind])
		if len(y.Codes) > 1 {
			b.WriteString(p.say("以下之一 ", "one of "))
		}
		for j, code := range y.Codes {
			if j > 0 {
				b.WriteString(p.say("、", ", "))
			}
			b.WriteString(code)
			if title := p.vocab.titles[code]; title != "" && p.lang != "en" {
				b.WriteString("（" + title + "）")
			}
		}
		if y.Of != "" {
			b.WriteString(" @" + y.Of)
		}
	}
	return b.String()
}

func (p *printer) cond(c *Cond) string {
	join := func(word string) string {
		var parts []string
		for _, k := range c.Kids {
			text := p.cond(k)
			if (k.Op == OpAll || k.Op == OpAny) && len(k.Kids) > 1 {
				text = "(" + text + ")"
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, word)
	}
	fact := c.Fact.Path()
	if title := p.vocab.factTitles[fact]; p.lang != "en" && title != "" {
		fact = title + "（" + fact + "）"
	}
	values := strings.Join(c.Values, "|")
	if c.ListName != "" {
		values = c.ListName
	}
	switch c.Op {
	case OpAll:
		return join(p.say(" 且 ", " and "))
	case OpAny:
		return join(p.say(" 或 ", " or "))
	case OpNot:
		if k := c.Kids[0]; k.Op == OpIn {
			return strings.Replace(p.cond(k), " = ", " ≠ ", 1)
		}
		return p.say("非（", "not (") + p.cond(c.Kids[0]) + p.say("）", ")")
	case OpForAny:
		return p.say("任一 ", "some of ") + c.List.Path() + ": (" + join("") + ")"
	case OpDistinct:
		attribute := map[string]string{"name": p.say("域名", "names"), "prefix": p.say("域名前缀", "prefixes")}[c.Attribute]
		return fmt.Sprintf(p.say("该网站有 %d 个及以上不同的%s", "the site's domains have %d or more different %s"), c.Count, attribute)
	case OpIn:
		return fact + " = " + values
	case OpRange:
		switch {
		case c.Min == 0:
			return fmt.Sprintf("%s <= %d", fact, c.Max)
		case c.Max == filing.MaxInt:
			return fmt.Sprintf("%s >= %d", fact, c.Min)
		}
		return fmt.Sprintf("%d <= %s <= %d", c.Min, fact, c.Max)
	case OpDate:
		return fact + [...]string{" < ", " <= ", " > ", " >= "}[c.Compare] + boundText(c.Bound)
	case OpYounger:
		return fmt.Sprintf(p.say("%s 未满 %d 周岁", "%s is less than %d years ago"), fact, c.Months/12)
	case OpContains:
		return fact + p.say(" 含 ", " contains ") + values
	default:
		return fact + p.say(" 的后缀属于 ", " has its suffix in ") + values
	}
}

func boundText(b Bound) string {
	if !b.FromAsOf {
		return b.Fixed.String()
	}
	text := "as_of"
	add := func(n int, unit string) {
		switch {
		case n > 0:
			text += fmt.Sprintf(" + %d %s", n, unit)
		case n < 0:
			text += fmt.Sprintf(" - %d %s", -n, unit)
		}
	}
	add(b.Months, "months")
	add(b.Days, "days")
	if b.Param != "" {
		unit := "days"
		if b.InMonths {
			unit = "months"
		}
		text += fmt.Sprintf(" %s %s %s", map[int]string{1: "+", -1: "-"}[b.Sign], b.Param, unit)
	}
	return text
}

// Listing is what `rules list` prints of one province and kind of applicant.
type Listing struct {
	Province, Kind string
	// Clauses and Rules count what is encoded, Waived what is not.
	Clauses, Rules, Waived int
}

// List counts the clauses of every province and kind, the general ones under "".
func (s *Set) List() []Listing {
	var list []Listing
	for _, c := range s.clauses {
		i := slices.IndexFunc(list, func(l Listing) bool { return l.Province == c.Province && l.Kind == c.Kind })
		if i < 0 {
			i = len(list)
			list = append(list, Listing{Province: c.Province, Kind: c.Kind})
		}
		list[i].Clauses++
		list[i].Rules += len(c.Rules)
		if c.Waived.ZH != "" {
			list[i].Waived++
		}
	}
	return list
}
