package document

import (
	"strings"
	"unicode"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/filing/standard"
)

// plain takes a text as it stands.
func plain(s *sheet, parts []part) (filing.Field, bool) {
	f := s.field("", parts...)
	f.Value = strings.TrimLeft(strings.TrimSpace(strings.ReplaceAll(f.Text, " ", "")), ":：.。")
	return f, f.Value != ""
}

// unasked takes nothing.
func unasked(*sheet, []part) (filing.Field, bool) { return filing.Field{}, false }

// organization takes the name of a unit: brackets in their Chinese form, as licences print them.
func organization(s *sheet, parts []part) (filing.Field, bool) {
	f, ok := plain(s, parts)
	f.Value = strings.NewReplacer("(", "（", ")", "）").Replace(f.Value)
	return f, ok
}

// person takes the name of a person: Chinese characters and the point in names of other nations, or Latin letters.
func person(s *sheet, parts []part) (filing.Field, bool) {
	f := s.field("", parts[0])
	if len(parts) > 1 && parts[0].to-parts[0].from == 1 && unicode.Is(unicode.Han, s.lines[parts[0].line].runes[parts[0].from]) {
		f = s.field("", parts[:2]...) // 林　青禾, set wide
	}
	f.Value = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Han, r):
			return r
		case r == '·' || r == '•' || r == '．':
			return '·'
		}
		return -1
	}, f.Text)
	if n := len([]rune(f.Value)); n >= 2 && n <= 20 {
		return f, true
	}
	latin := strings.TrimSpace(f.Text)
	f.Value = latin
	return f, len(latin) >= 3 && strings.IndexFunc(latin, func(r rune) bool {
		return !unicode.Is(unicode.Latin, r) && r != ' ' && r != ',' && r != '-' && r != '\''
	}) < 0
}

// sex takes 男 or 女.
func sex(s *sheet, parts []part) (filing.Field, bool) {
	f := s.field("", parts[0])
	for _, r := range f.Text {
		if r == '男' || r == '女' {
			f.Value = string(r)
			return f, true
		}
	}
	return f, false
}

// nation takes the name of one of the 56 nationalities (GB/T 3304-1991).
func nation(s *sheet, parts []part) (filing.Field, bool) {
	f := s.field("", parts[0])
	text := strings.TrimSuffix(string(folded(f.Text)), "族")
	for _, n := range strings.Fields(nations) {
		if text == n {
			f.Value = n
			return f, true
		}
	}
	return f, false
}

const nations = "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 柯尔克孜 土 " +
	"达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺"

// day takes the first date.
func day(s *sheet, parts []part) (filing.Field, bool) {
	f := s.field("", parts...)
	found := standard.FindDates(f.Text)
	if len(found) == 0 {
		return f, false
	}
	f.Value = found[0].Date.String()
	return f, true
}

// term takes a period, as its two dates with a stroke between them or its end alone; see period.
func term(s *sheet, parts []part) (filing.Field, bool) {
	f := s.field("", parts...)
	p, ok := standard.ParsePeriod(f.Text)
	if !ok {
		return f, false
	}
	f.Value = p.Until.String()
	if p.HasFrom {
		f.Value = p.From.String() + "/" + f.Value
	}
	return f, true
}

// period makes the fields of a term: the end, and the start where it is printed.
func period(f filing.Field) []filing.Field {
	from, until, both := strings.Cut(f.Value, "/")
	if !both {
		return []filing.Field{f}
	}
	start := f
	start.Name, start.Value, f.Value = filing.FieldValidFrom, from, until
	return []filing.Field{start, f}
}

// stretch finds the first run of so many characters that a number may consist of, and takes its place among the runes.
func stretch(text []rune, length int, allowed func(rune) bool) int {
	for i := 0; i+length <= len(text); i++ {
		n := 0
		for i+n < len(text) && allowed(text[i+n]) {
			n++
		}
		if n == length {
			return i
		}
		i += n
	}
	return -1
}

func alphanumeric(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' }

// numbered cuts the parts of a number out of those of a text, and tells which of its characters are in doubt.
func (s *sheet) numbered(parts []part, length int, allowed func(rune) bool) (string, []part, []int, bool) {
	text := s.text(parts)
	at := stretch(text, length, allowed)
	if at < 0 {
		return "", nil, nil, false
	}
	cut := s.slice(parts, at, at+length)
	return string(text[at : at+length]), cut, s.doubtful(cut), true
}

// slice returns the parts of the characters from and to of the text of parts.
func (s *sheet) slice(parts []part, from, to int) []part {
	var out []part
	n := 0
	for _, p := range parts {
		start, end := max(from-n, 0), min(to-n, p.to-p.from)
		if start < end {
			out = append(out, part{p.line, p.from + start, p.from + end})
		}
		n += p.to - p.from
	}
	return out
}

// citizenNumber takes a citizen's number, right or wrong; one doubtful character is put right.
func citizenNumber(s *sheet, parts []part) (filing.Field, bool) {
	text, cut, doubtful, ok := s.numbered(parts, 18, alphanumeric)
	if !ok {
		return filing.Field{}, false
	}
	f := s.field("", cut...)
	n, repair, err := standard.RepairIDNumber(text, doubtful)
	f.Value, f.Repaired = n.Number, err == nil && len(repair) > 0
	return f, n.Number != ""
}

// creditCode takes a credit code, right or wrong; one doubtful character is put right.
func creditCode(s *sheet, parts []part) (filing.Field, bool) {
	text, cut, doubtful, ok := s.numbered(parts, 18, alphanumeric)
	if !ok {
		return filing.Field{}, false
	}
	f := s.field("", cut...)
	c, repair, err := standard.RepairCreditCode(text, doubtful)
	f.Value, f.Repaired = c.Code, err == nil && len(repair) > 0
	return f, c.Code != ""
}

// documentNumber takes the number of a permit or a passport.
func documentNumber(s *sheet, parts []part) (filing.Field, bool) {
	if f, ok := citizenNumber(s, parts); ok {
		return f, true
	}
	text := s.text(parts)
	for _, length := range []int{9, 8, 11} {
		at := stretch(text, length, alphanumeric)
		if at < 0 {
			continue
		}
		value := strings.ToUpper(string(text[at : at+length]))
		if _, ok := standard.KindOfNumber(value); !ok || strings.ContainsAny(value[:1], "0123456789") && length == 9 {
			continue
		}
		f := s.field("", s.slice(parts, at, at+length)...)
		f.Value = value
		return f, true
	}
	return filing.Field{}, false
}

// domainIn finds a domain name: labels of letters, digits and hyphens with points between (RFC 1035), the last of letters.
func domainIn(text []rune) (at, end int) {
	ok := func(r rune) bool { return alphanumeric(r) || r == '-' || r == '.' }
	for i := 0; i < len(text); i++ {
		n := i
		for n < len(text) && ok(text[n]) {
			n++
		}
		name := strings.Trim(string(text[i:n]), ".-")
		if point := strings.LastIndexByte(name, '.'); point > 0 && len(name)-point > 2 && !strings.Contains(name, "..") &&
			strings.IndexFunc(name[point+1:], func(r rune) bool { return r < 'a' || r > 'z' }) < 0 {
			start := i + strings.Index(string(text[i:n]), name)
			return start, start + len(name)
		}
		i = n
	}
	return 0, 0
}

// domainName takes a domain name.
func domainName(s *sheet, parts []part) (filing.Field, bool) {
	text := s.text(parts)
	at, end := domainIn(text)
	if at == end {
		return filing.Field{}, false
	}
	f := s.field("", s.slice(parts, at, end)...)
	f.Value = string(text[at:end])
	return f, true
}
