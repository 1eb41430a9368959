package filing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// object is the shape of one object of the vocabulary: its members by name.
type object struct {
	members map[string]member
}

type member struct {
	fact  Fact    // of a scalar
	inner *object // of an object, or of the items of a list
	list  List
	bit   uint32 // the member's own bit, to find names that are given twice
}

// factsObject is the root of the vocabulary's shape; it is only read.
var factsObject = func() *object {
	root := &object{members: map[string]member{}}
	for f := Fact(0); f < NumFacts; f++ {
		at, path := root, ""
		names := strings.Split(f.Path(), ".")
		for i, name := range names {
			path = strings.TrimPrefix(path+"."+name, ".")
			key := strings.TrimSuffix(name, "[]")
			m, ok := at.members[key]
			if !ok {
				m.bit = 1 << len(at.members)
				if i == len(names)-1 {
					m.fact = f
				} else {
					m.inner = &object{members: map[string]member{}}
				}
				for l := ListSites; l <= ListUploads; l++ {
					if l.Path() == path {
						m.list = l
					}
				}
				at.members[key] = m
			}
			at = m.inner
		}
	}
	return root
}()

// ParseFacts reads one JSON object of facts. What is absent or null is unknown; a list that is given is complete. Errors
// are FactErrors that list everything that is wrong.
func ParseFacts(text []byte) (*Facts, error) {
	p := factParser{facts: new(Facts)}
	if len(text) > MaxFactsBytes {
		p.tooLarge()
		return nil, p.errs
	}
	s := scanner{text: text}
	if s.space(); s.peek() != '{' {
		if s.skip(0); s.err != "" || s.pos == 0 {
			p.syntax(s.pos)
		} else {
			p.wrongShape("", "{}")
		}
		return nil, p.errs
	}
	p.jsonObject(&s, factsObject, "", Ref{})
	if s.err == "" {
		if s.space(); s.pos < len(s.text) {
			s.fail(FactErrorSyntax)
		}
	}
	switch s.err {
	case "":
	case FactErrorTooDeep:
		p.tooDeep()
	default:
		p.syntax(s.pos)
	}
	if len(p.errs) > 0 {
		return nil, p.errs
	}
	return p.facts, nil
}

// ParseFactsYAML reads one YAML document of facts; JSON is YAML too. Errors are as in ParseFacts.
func ParseFactsYAML(text []byte) (*Facts, error) {
	p := factParser{facts: new(Facts)}
	if len(text) > MaxFactsBytes {
		p.tooLarge()
		return nil, p.errs
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, rest yaml.Node
	if err := decoder.Decode(&document); err != nil {
		p.syntax(-1)
		return nil, p.errs
	}
	if err := decoder.Decode(&rest); !errors.Is(err, io.EOF) {
		p.add(FactError{Code: FactErrorSyntax,
			Problem: Text{ZH: "有多份文档", EN: "there is more than one document"},
			Allowed: Text{ZH: "只能有一份", EN: "exactly one is allowed"}})
		return nil, p.errs
	}
	return ParseFactsNode(&document)
}

// ParseFactsNode reads facts from a YAML node, such as one of several documents or a part of a larger one.
func ParseFactsNode(node *yaml.Node) (*Facts, error) {
	p := factParser{facts: new(Facts)}
	if node.Kind == yaml.DocumentNode && len(node.Content) == 1 {
		node = node.Content[0]
	}
	if node.Kind != yaml.MappingNode {
		p.wrongShape("", "{}")
		return nil, p.errs
	}
	p.yamlObject(node, factsObject, "", Ref{})
	if len(p.errs) > 0 {
		return nil, p.errs
	}
	return p.facts, nil
}

// token is one scalar as JSON or YAML has it. Text that is no string is as written.
type token struct {
	kind tokenKind
	text []byte
}

type tokenKind uint8

const (
	tokenNull tokenKind = iota
	tokenBool
	tokenNumber
	tokenString
	tokenOther // an object or a list where a scalar is wanted
)

// factParser collects facts and errors.
type factParser struct {
	facts   *Facts
	errs    FactErrors
	domains int // over all sites
}

func (p *factParser) add(e FactError) {
	switch {
	case len(p.errs) < maxFactErrors:
		p.errs = append(p.errs, e)
	case len(p.errs) == maxFactErrors:
		p.errs = append(p.errs, FactError{Code: FactErrorTooManyErrs,
			Problem: Text{ZH: "错误过多，其余未列出", EN: "there are more errors than are listed"},
			Allowed: Text{ZH: "请先改正以上各项", EN: "mend the ones above first"}})
	}
}

// jsonObject reads the object that the scanner stands at. path names it with its indexes, for errors; at holds the
// indexes of the list items around it.
func (p *factParser) jsonObject(s *scanner, shape *object, path string, at Ref) {
	var seen uint32
	s.pos++ // the brace
	for first := true; ; first = false {
		s.space()
		if s.peek() == '}' {
			s.pos++
			return
		}
		if !first && !s.accept(',') {
			return
		}
		if !first {
			s.space()
		}
		key, ok := s.string()
		if s.space(); !ok || !s.accept(':') {
			return
		}
		s.space()
		m, known := shape.members[string(key)]
		if !known {
			p.unknown(join(path, printable(key)), shape)
			s.skip(0)
		} else if seen&m.bit != 0 {
			p.duplicate(join(path, string(key)))
			s.skip(0)
		} else {
			seen |= m.bit
			p.jsonMember(s, m, path, string(key), at)
		}
		if s.err != "" {
			return
		}
	}
}

func (p *factParser) jsonMember(s *scanner, m member, path, key string, at Ref) {
	switch c := s.peek(); {
	case m.inner == nil:
		at.Fact = m.fact
		p.assign(at, s.scalar())
	case c == 'n':
		s.skip(0) // null is absent
	case m.list == ListNone && c == '{':
		p.jsonObject(s, m.inner, join(path, key), at)
	case m.list != ListNone && c == '[':
		p.jsonList(s, m, join(path, key), at)
	default:
		p.wrongShape(join(path, key), shapeOf(m))
		s.skip(0)
	}
}

func (p *factParser) jsonList(s *scanner, m member, path string, at Ref) {
	p.facts.SetLen(m.list, int(at.Site), 0)
	s.pos++ // the bracket
	for n := 0; ; n++ {
		s.space()
		if s.peek() == ']' {
			s.pos++
			return
		}
		if n > 0 && !s.accept(',') {
			return
		}
		s.space()
		if !p.item(m.list, path, n, &at) {
			s.fail(FactErrorTooLarge)
			return
		}
		if s.peek() == '{' {
			p.jsonObject(s, m.inner, path+"["+fmt.Sprint(n)+"]", at)
		} else {
			if s.peek() == ']' || s.pos >= len(s.text) {
				s.fail(FactErrorSyntax)
				return
			}
			p.wrongShape(fmt.Sprintf("%s[%d]", path, n), "{}")
			s.skip(0)
		}
		if s.err != "" {
			return
		}
	}
}

// item adds item n to a list and points at it; false where the list is too long, which is then reported.
func (p *factParser) item(list List, path string, n int, at *Ref) bool {
	if list == ListDomains {
		p.domains++
	}
	if n >= MaxListItems || p.domains > MaxListItems {
		p.add(FactError{Path: path, Code: FactErrorTooLarge,
			Problem: Text{ZH: "列表过长", EN: "the list is too long"},
			Allowed: Text{ZH: fmt.Sprintf("最多 %d 项（全部域名合计亦同）", MaxListItems),
				EN: fmt.Sprintf("at most %d items (and as many domains in all) are allowed", MaxListItems)}})
		return false
	}
	if list == ListSites {
		at.Site = int32(n)
	} else {
		at.Item = int32(n)
	}
	p.facts.SetLen(list, int(at.Site), n+1)
	return true
}

func (p *factParser) yamlObject(node *yaml.Node, shape *object, path string, at Ref) {
	var seen uint32
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		m, known := shape.members[key.Value]
		full := join(path, printable([]byte(key.Value)))
		switch {
		case !known || key.Kind != yaml.ScalarNode:
			p.unknown(full, shape)
			continue
		case seen&m.bit != 0:
			p.duplicate(full)
			continue
		}
		seen |= m.bit
		switch {
		case m.inner == nil:
			at.Fact = m.fact
			p.assign(at, yamlToken(value))
		case value.Kind == yaml.ScalarNode && value.Tag == "!!null":
			// null is absent
		case m.list == ListNone && value.Kind == yaml.MappingNode:
			p.yamlObject(value, m.inner, full, at)
		case m.list != ListNone && value.Kind == yaml.SequenceNode:
			p.facts.SetLen(m.list, int(at.Site), 0)
			for n, item := range value.Content {
				if !p.item(m.list, full, n, &at) {
					break
				}
				place := fmt.Sprintf("%s[%d]", full, n)
				if item.Kind != yaml.MappingNode {
					p.wrongShape(place, "{}")
					continue
				}
				p.yamlObject(item, m.inner, place, at)
			}
		default:
			p.wrongShape(full, shapeOf(m))
		}
	}
}

// yamlToken reads a scalar. A date needs no quotes; a word that YAML takes for a number or a boolean does.
func yamlToken(node *yaml.Node) token {
	if node.Kind != yaml.ScalarNode {
		return token{kind: tokenOther}
	}
	text := []byte(node.Value)
	switch node.Tag {
	case "!!null":
		return token{kind: tokenNull}
	case "!!bool":
		return token{kind: tokenBool, text: bytes.ToLower(text)}
	case "!!int":
		return token{kind: tokenNumber, text: text}
	case "!!str", "!!timestamp":
		return token{kind: tokenString, text: text}
	default:
		return token{kind: tokenOther}
	}
}

// assign checks a scalar against the fact's kind and keeps it.
func (p *factParser) assign(at Ref, t token) {
	if v, ok := p.value(at, t); ok {
		*p.facts.place(at) = v
	}
}

// value reads a scalar of the fact's kind; false where there is none, or where it is not valid, which is then reported.
func (p *factParser) value(at Ref, t token) (Value, bool) {
	if t.kind == tokenNull {
		return Value{}, false
	}
	fact := at.Fact
	wrong := func() {
		p.add(FactError{Path: at.Path(), Code: FactErrorWrongType,
			Problem: Text{ZH: "值的类型不对", EN: "the value is of the wrong type"}, Allowed: allowedOf(fact), Values: fact.Values()})
	}
	v := Value{Known: true}
	switch fact.Kind() {
	case KindBool:
		if t.kind != tokenBool {
			wrong()
			return Value{}, false
		}
		if t.text[0] == 't' {
			v.Num = 1
		}
	case KindInt:
		n, ok := parseInt(t)
		if !ok {
			wrong()
			return Value{}, false
		}
		v.Num = n
	case KindText:
		switch {
		case t.kind != tokenString:
			wrong()
			return Value{}, false
		case len(t.text) > MaxTextBytes:
			p.add(FactError{Path: at.Path(), Code: FactErrorTooLarge,
				Problem: Text{ZH: "文字过长", EN: "the text is too long"}, Allowed: allowedOf(fact)})
			return Value{}, false
		}
		v.Text = string(t.text)
	case KindEnum, KindProvince:
		if t.kind != tokenString {
			wrong()
			return Value{}, false
		}
		v.Num = -1
		for i, code := range fact.Values() {
			if code == string(t.text) {
				v.Num = int32(i)
			}
		}
		if v.Num < 0 {
			said := printable(t.text)
			p.add(FactError{Path: at.Path(), Code: FactErrorNotAllowed,
				Problem: Text{ZH: "没有“" + said + "”这个取值", EN: "there is no value \"" + said + "\""},
				Allowed: allowedOf(fact), Values: fact.Values()})
			return Value{}, false
		}
	default:
		if t.kind != tokenString {
			wrong()
			return Value{}, false
		}
		date, ok := parseDate(t.text)
		if !ok && fact.Kind() == KindDateOrLongTerm && string(t.text) == longTermWord {
			date, ok = LongTerm, true
		}
		if !ok {
			p.add(FactError{Path: at.Path(), Code: FactErrorBadDate,
				Problem: Text{ZH: "不是有效的日期", EN: "this is no day of the calendar"}, Allowed: allowedOf(fact)})
			return Value{}, false
		}
		v.Num = int32(date)
	}
	return v, true
}

func parseInt(t token) (int32, bool) {
	if t.kind != tokenNumber || len(t.text) == 0 || len(t.text) > 10 {
		return 0, false
	}
	n := 0
	for _, c := range t.text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return int32(min(n, MaxInt+1)), n <= MaxInt
}

func allowedOf(fact Fact) Text {
	switch fact.Kind() {
	case KindBool:
		return Text{ZH: "应为 true 或 false", EN: "true or false is allowed"}
	case KindInt:
		return Text{ZH: fmt.Sprintf("应为 0 到 %d 的整数", MaxInt), EN: fmt.Sprintf("a whole number from 0 to %d is allowed", MaxInt)}
	case KindText:
		return Text{ZH: fmt.Sprintf("应为文字，最多 %d 字节", MaxTextBytes), EN: fmt.Sprintf("text of at most %d bytes is allowed", MaxTextBytes)}
	case KindDate:
		return Text{ZH: "应为日期 YYYY-MM-DD（1900 至 9999 年）", EN: "a date YYYY-MM-DD from 1900 to 9999 is allowed"}
	case KindDateOrLongTerm:
		return Text{ZH: "应为日期 YYYY-MM-DD（1900 至 9999 年）或 long_term",
			EN: "a date YYYY-MM-DD from 1900 to 9999, or long_term, is allowed"}
	default:
		codes := strings.Join(fact.Values(), ", ")
		return Text{ZH: "可取：" + codes, EN: "one of these is allowed: " + codes}
	}
}

func (p *factParser) unknown(path string, shape *object) {
	names := make([]string, len(shape.members))
	for name, m := range shape.members {
		names[bits.TrailingZeros32(m.bit)] = name
	}
	list := strings.Join(names, ", ")
	p.add(FactError{Path: path, Code: FactErrorUnknown,
		Problem: Text{ZH: "没有这个事实", EN: "there is no such fact"},
		Allowed: Text{ZH: "此处可有：" + list, EN: "here may stand: " + list}})
}

func (p *factParser) duplicate(path string) {
	p.add(FactError{Path: path, Code: FactErrorDuplicate,
		Problem: Text{ZH: "重复给出", EN: "it is given twice"},
		Allowed: Text{ZH: "每个名称只能出现一次", EN: "each name may stand once in an object"}})
}

func (p *factParser) wrongShape(path, shape string) {
	allowed := Text{ZH: "应为对象 {…}", EN: "an object {...} is allowed"}
	if shape == "[]" {
		allowed = Text{ZH: "应为列表 […]", EN: "a list [...] is allowed"}
	}
	p.add(FactError{Path: path, Code: FactErrorWrongType,
		Problem: Text{ZH: "值的类型不对", EN: "the value is of the wrong type"}, Allowed: allowed})
}

func shapeOf(m member) string {
	if m.list != ListNone {
		return "[]"
	}
	return "{}"
}

func (p *factParser) syntax(at int) {
	problem := Text{ZH: "不是有效的 JSON 或 YAML", EN: "this is no valid JSON or YAML"}
	if at >= 0 {
		problem = Text{ZH: fmt.Sprintf("第 %d 字节处不是有效的 JSON", at+1), EN: fmt.Sprintf("no valid JSON at byte %d", at+1)}
	}
	p.add(FactError{Code: FactErrorSyntax, Problem: problem,
		Allowed: Text{ZH: "应为一个事实对象", EN: "one object of facts is allowed"}})
}

func (p *factParser) tooLarge() {
	p.add(FactError{Code: FactErrorTooLarge,
		Problem: Text{ZH: "内容过大", EN: "the text is too large"},
		Allowed: Text{ZH: "最多 1 MiB", EN: "at most 1 MiB is allowed"}})
}

func (p *factParser) tooDeep() {
	p.add(FactError{Code: FactErrorTooDeep,
		Problem: Text{ZH: "嵌套过深", EN: "it is nested too deep"},
		Allowed: Text{ZH: fmt.Sprintf("最多 %d 层", maxDepth), EN: fmt.Sprintf("at most %d levels are allowed", maxDepth)}})
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// printable shortens and cleans a name or an enum value that somebody sent, so that it can be shown.
func printable(text []byte) string {
	clean := strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, string(text))
	if utf8.RuneCountInString(clean) > 64 {
		clean = string([]rune(clean)[:64]) + "…"
	}
	return clean
}

// scanner walks JSON text without building anything. The first error sticks in err, with pos where it was found.
type scanner struct {
	text []byte
	pos  int
	err  string
}

func (s *scanner) fail(code string) {
	if s.err == "" {
		s.err = code
	}
}

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) peek() byte {
	if s.pos < len(s.text) && s.err == "" {
		return s.text[s.pos]
	}
	return 0
}

func (s *scanner) accept(c byte) bool {
	if s.peek() == c {
		s.pos++
		return true
	}
	s.fail(FactErrorSyntax)
	return false
}

// string reads a JSON string. What it returns is part of the text where nothing is escaped.
func (s *scanner) string() ([]byte, bool) {
	if !s.accept('"') {
		return nil, false
	}
	start, plain := s.pos, true
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"':
			raw := s.text[start:s.pos]
			s.pos++
			if plain {
				return raw, true
			}
			var decoded string
			if !utf8.Valid(raw) || json.Unmarshal(s.text[start-1:s.pos], &decoded) != nil {
				s.fail(FactErrorSyntax)
				return nil, false
			}
			return []byte(decoded), true
		case c == '\\':
			plain = false
			s.pos += 2
		case c < 0x20:
			s.fail(FactErrorSyntax)
			return nil, false
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(s.text[s.pos:])
			if r == utf8.RuneError && size == 1 {
				s.fail(FactErrorSyntax)
				return nil, false
			}
			s.pos += size
		default:
			s.pos++
		}
	}
	s.pos = len(s.text)
	s.fail(FactErrorSyntax)
	return nil, false
}

// scalar reads any value; an object or a list is passed over.
func (s *scanner) scalar() token {
	start := s.pos
	switch c := s.peek(); c {
	case '"':
		text, _ := s.string()
		return token{tokenString, text}
	case '{', '[':
		s.skip(0)
		return token{kind: tokenOther}
	default:
		for s.pos < len(s.text) {
			c := s.text[s.pos]
			if c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\n' || c == '\r' {
				break
			}
			s.pos++
		}
		word := s.text[start:s.pos]
		switch string(word) {
		case "null":
			return token{kind: tokenNull}
		case "true", "false":
			return token{tokenBool, word}
		}
		if c != '-' && (c < '0' || c > '9') || !json.Valid(word) {
			s.pos = start
			s.fail(FactErrorSyntax)
			return token{kind: tokenNull}
		}
		return token{tokenNumber, word}
	}
}

// skip passes over one value, whatever it is.
func (s *scanner) skip(depth int) {
	open := s.peek()
	if open != '{' && open != '[' {
		s.scalar()
		return
	}
	if depth >= maxDepth {
		s.fail(FactErrorTooDeep)
		return
	}
	s.pos++
	for n := 0; s.err == ""; n++ {
		s.space()
		if c := s.peek(); c == '}' && open == '{' || c == ']' && open == '[' {
			s.pos++
			return
		}
		if n > 0 && !s.accept(',') {
			return
		}
		s.space()
		if open == '{' {
			if _, ok := s.string(); !ok {
				return
			}
			if s.space(); !s.accept(':') {
				return
			}
			s.space()
		}
		s.skip(depth + 1)
	}
}
