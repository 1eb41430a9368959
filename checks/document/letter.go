package document

import (
	"regexp"
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/filing"
)

// unitEnding is the last word of the name of a unit: of companies (企业名称登记管理规定, article 10), institutions, groups, offices
// and shops.
const unitEnding = `(?:有限责任公司|有限公司|股份公司|集团公司|分公司|公司|事务所|研究所|研究院|医院|学院|大学|中学|小学|学校|幼儿园|图书馆|博物馆|文化馆|` +
	`出版社|报社|合作社|协会|学会|商会|基金会|委员会|管理局|管理处|办事处|服务中心|中心|工作室|经营部|商行|银行|酒店|宾馆|商店|厂|店)`

// unitPattern finds the name of a unit in a letter, with the weight that it has beside the others.
type unitPattern struct {
	form   *regexp.Regexp
	weight float64
}

const unitName = `([\p{Han}（）()·a-z0-9]{3,40}?` + unitEnding + `)`

func linePatterns() []unitPattern {
	return []unitPattern{
		// 承诺单位 and its like name who writes.
		{regexp.MustCompile(`^[\d一二三四五六七八九十、.()（）]{0,4}(?:承诺单位|申请单位|证明单位|主办单位名称|主办单位|单位名称|单位|名称)(?:[(（](?:盖章|公章|签章|章)[)）])?` + unitName + `(?:[(（]盖章[)）])?$`), 3},
		// A line of its own: the head of the paper, or the signature.
		{regexp.MustCompile(`^` + unitName + `(?:[(（](?:盖章|公章)[)）])?$`), 1.2},
		{regexp.MustCompile(`^` + unitName + `(?:[(（,，、]|成立|是|系|就|因|拟|租用|位于|的|郑重|承诺|保证|声明|申请|现)`), 1},
	}
}

// sentencePatterns speak of who writes or of whom it is about.
func sentencePatterns() []unitPattern {
	return []unitPattern{
		{regexp.MustCompile(`(?:兹有|本单位|我单位|本公司|我公司)` + unitName), 1},
		{regexp.MustCompile(`(?:系|在|为)` + unitName), 0.9},
		{regexp.MustCompile(`兹证明([^系a-z0-9，。；,;（）()]{3,40}?` + unitEnding + `)`), 0.8},
	}
}

// named is a name of a unit that was found in a letter, and how much speaks for it.
type named struct {
	parts  []part
	runes  []rune
	weight float64
}

// letterUnit is the unit that a letter speaks for (出函单位): the name that its head, its signature, its form, its sentences and its seal
// have in common. To whom it is written ends with a colon and is none of them.
func (s *sheet) letterUnit() (filing.Field, bool) {
	all := s.unitsNamed()
	if len(all) == 0 {
		return filing.Field{}, false
	}
	support := func(c named) float64 {
		sum := 0.0
		for _, o := range all {
			if likely(c.runes, o.runes) {
				sum += o.weight
			}
		}
		for _, seal := range s.reading.Seals {
			if at, _, _ := anywhere(c.runes, folded(seal.Text)); at >= 0 {
				sum++
			}
		}
		// Of equal names the one that was read most surely.
		return sum + s.field("", c.parts...).Confidence/2
	}
	best, highest := all[0], support(all[0])
	for _, c := range all[1:] {
		if v := support(c); v > highest {
			best, highest = c, v
		}
	}
	return organization(s, best.parts)
}

// UnitCertificates are words in the titles of what units that are no companies are registered with (单位登记证书): institutions, groups,
// private non-enterprise units and foundations, offices of the state; and of the code certificates of before 2015.
func UnitCertificates() []string {
	return []string{"法人证书", "法人登记证书", "单位登记证书", "组织机构代码证", "统一社会信用代码证书"}
}

// certifiesUnit reports whether the title of a letter is that of a unit's certificate.
func (s *sheet) certifiesUnit(title *part) bool {
	return title != nil && slices.ContainsFunc(UnitCertificates(), func(word string) bool {
		at, _, _ := anywhere(folded(word), s.lines[title.line].runes[title.from:title.to])
		return at >= 0
	})
}

// usualName is how many characters the name of a unit has, at least, with its place, its own name, its trade and its form.
const usualName = 8

// likely reports whether a name is the same as another but for slips, or has the other for its end, the start of which a seal covers.
func likely(name, other []rune) bool {
	if wrong, to := distance(name, other, 0); wrong+len(other)-to <= slips(len(name)) {
		return true
	}
	if len(other) >= min(usualName, len(name)) {
		return false
	}
	wrong, _ := distance(other, name, len(name)-len(other))
	return wrong <= slips(len(other))
}

// unitsNamed are the names of units in a letter: in its lines, and in its sentences, which go over several.
func (s *sheet) unitsNamed() []named {
	var out []named
	find := func(text string, of []part, forms []unitPattern) {
		for _, f := range forms {
			for _, found := range f.form.FindAllStringSubmatchIndex(text, -1) {
				from := len([]rune(text[:found[2]]))
				name := []rune(text[found[2]:found[3]])
				if len(name) > 2 && name[1] == '有' && name[0] != '国' { // 兹有, its first character misread
					from, name = from+2, name[2:]
				}
				// What is left of a name under a seal is shorter than names are.
				out = append(out, named{s.slice(of, from, from+len(name)), name, f.weight * min(1, float64(len(name))/usualName)})
			}
		}
	}
	var prose []part
	for i, l := range s.lines {
		of := []part{{i, 0, len(l.runes)}}
		if s.addressee(i) {
			continue
		}
		prose = append(prose, of...)
		find(string(l.runes), of, linePatterns())
	}
	find(string(s.text(prose)), prose, sentencePatterns())
	return out
}

// addressee reports whether a line names whom a letter is written to: its last mark is a colon, which folding leaves out.
func (s *sheet) addressee(i int) bool {
	read := s.reading.Lines[s.lines[i].index].Text
	return strings.HasSuffix(read, "：") || strings.HasSuffix(read, ":")
}

// aboutTitle is a title by its form: 关于 … 的说明.
var aboutTitle = regexp.MustCompile(`^关于.{2,40}的(?:情况)?(?:说明|函|复函|请示|报告|申请|承诺|证明|通知|声明|批复)$`)

// signature says whether a letter is signed (签字), where it asks for it: beside the words 签字 or 签名 something was read, or nothing.
func (s *sheet) signature() (filing.Field, bool) {
	for i, l := range s.lines {
		text := string(l.runes)
		at := strings.Index(text, "签字")
		if at < 0 {
			at = strings.Index(text, "签名")
		}
		if at < 0 || len(l.runes) > 24 {
			continue
		}
		end := len([]rune(text[:at])) + 2
		rest := end
		for rest < len(l.runes) && strings.ContainsRune(")）(（,，", l.runes[rest]) {
			rest++
		}
		label := part{i, 0, max(rest, 1)}
		f := s.field(filing.FieldSignature, label)
		f.Value = filing.NotSeen
		switch next := s.right(s.boxOf(label), i); {
		case rest < len(l.runes):
			f = s.field(filing.FieldSignature, part{i, rest, len(l.runes)})
			f.Value = filing.Present
		case next >= 0 && s.lines[next].x0-l.x1 < 12*l.height():
			f = s.field(filing.FieldSignature, part{next, 0, len(s.lines[next].runes)})
			f.Value = filing.Present
		}
		return f, true
	}
	return filing.Field{}, false
}

// seal says whether a red seal was found (印章), the largest one.
func (s *sheet) seal() filing.Field {
	if len(s.reading.Seals) == 0 {
		return filing.Field{Name: filing.FieldSeal, Value: filing.NotSeen}
	}
	largest := s.reading.Seals[0]
	return filing.Field{
		Name: filing.FieldSeal, Text: largest.Text, Value: filing.Present, Quads: [][4]filing.Point{largest.Quad}, Confidence: largest.Round,
	}
}
