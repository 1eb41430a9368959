package document

import (
	"math"
	"slices"
	"strings"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/filing/standard"
)

// profile is what speaks for a side of a kind of document. Weights are in nats: how much more often a document of this kind shows
// the cue than others do, as a logarithm. They were set on the specimens of the tuning half and on what the standards of the
// documents (GA 461, GB/T 2260, the forms of the authorities) print, and rounded.
type profile struct {
	kind   filing.DocumentKind
	page   filing.Page
	titles []string // the document's own name; the best of them counts, once
	title  float64
	// untitled is what a document of this kind loses that does not name itself, since another kind looks alike.
	untitled float64
	labels   []string // words that begin a line
	label    float64
	phrases  []string // words of its sentences that no other document has; one of them counts
	phrase   float64
	form     func(*sheet) float64 // what the form of numbers and dates tells
}

const (
	// nothing is what speaks for an unknown document: a kind must be well ahead of it.
	nothing = 2.5
	// slipCost is the share of a title's weight that each slip of recognition takes away.
	slipCost = 0.2
	// mentioned is the share of a title's weight that is left where it stands like any other line further down: a letter that lists what
	// goes with it.
	mentioned = 0.5
	// headHeight is how many times higher than the median line a title is, and headPart the part of the page, from the top, in which
	// one may be no higher.
	headHeight, headPart = 1.15, 0.35
	// titleExtra is how many characters a line may have beside a title: a number, an emblem read as a letter, a bracket.
	titleExtra = 6
)

func profiles() []profile {
	personal := []string{"姓名", "性别", "民族", "出生", "住址", "公民身份号码"}
	return []profile{
		{kind: filing.DocumentIDCard, page: filing.PageFront, labels: personal, label: 1.2, form: (*sheet).citizen},
		{
			kind: filing.DocumentIDCard, page: filing.PageBack, titles: []string{"居民身份证", "中华人民共和国居民身份证"}, title: 5,
			labels: []string{"签发机关", "有效期限", "中华人民共和国"}, label: 1.5, form: (*sheet).period,
		},
		{
			kind: filing.DocumentResidencePermit, page: filing.PageFront, titles: []string{"居住证", "暂住证", "居住证件"}, title: 4.5,
			untitled: 3,
			labels:   personal, label: 1.2, form: (*sheet).citizen,
		},
		{
			kind: filing.DocumentResidencePermit, page: filing.PageBack, titles: []string{"居住证", "暂住证", "中华人民共和国居住证"}, title: 4.5,
			untitled: 3,
			labels:   []string{"签发机关", "居住地址", "签发日期", "有效期限", "现住址"}, label: 1.2,
		},
		{
			kind: filing.DocumentTravelPermit, page: filing.PageFront, titles: travelTitles(), title: 6, untitled: 2,
			labels: []string{"姓名", "出生日期", "有效期限", "签发机关", "签发地点", "证件号码", "换证次数"}, label: 0.7, form: (*sheet).permit,
		},
		{
			kind: filing.DocumentPassport, page: filing.PageFront, titles: []string{"护照passport", "护照", "passport"}, title: 4, untitled: 2,
			labels: []string{"姓名", "护照号", "性别", "出生日期", "出生地点", "签发日期", "签发地点", "有效期至", "国籍"}, label: 0.6, form: (*sheet).zone,
		},
		{
			kind: filing.DocumentBusinessLicense, page: filing.PageFront, titles: []string{"营业执照", "企业法人营业执照", "个体工商户营业执照"}, title: 5,
			labels: []string{"统一社会信用代码", "法定代表人", "经营者", "经营范围", "注册资本", "成立日期", "营业期限", "登记机关", "组成形式"}, label: 0.8,
			form: (*sheet).code,
		},
		{
			kind: filing.DocumentAuthorizationLetter, page: filing.PageFront,
			titles: []string{"授权书", "授权委托书", "委托书", "主体负责人授权书", "网站负责人授权书", "网站备案授权委托书", "法人授权书", "授权函"}, title: 6,
			labels: []string{"被授权人", "授权人", "受托人", "委托单位", "委托事项", "授权期限", "特此授权"}, label: 1,
		},
		{
			kind: filing.DocumentDomainCertificate, page: filing.PageFront,
			titles: []string{"域名证书", "域名注册证书", "国际域名注册证书", "顶级国际域名注册证书", "中国国家顶级域名注册证书", "域名持有证书"}, title: 6,
			labels: []string{"域名", "注册服务机构", "注册商", "到期日期", "到期时间", "注册日期", "注册时间", "注册人", "域名持有者"}, label: 0.7,
			// What registrars certify: 兹证明下列域名已由……注册，并已在域名注册数据库中记录.
			phrases: []string{"下列域名已由", "以下域名已由", "域名注册数据库", "域名数据库中记录", "证明下列域名"}, phrase: 1.5,
			form: (*sheet).domain,
		},
	}
}

func travelTitles() []string {
	return []string{
		"港澳居民来往内地通行证", "台湾居民来往大陆通行证", "港澳居民居住证", "台湾居民居住证", "中华人民共和国港澳居民居住证",
		"中华人民共和国台湾居民居住证",
	}
}

// LetterTitles are the names of other documents that filings ask for (vocabulary, materials), and of the certificates of units.
func LetterTitles() []string {
	return []string{
		"承诺书", "情况说明", "说明", "网站建设说明", "网站建设方案书", "核验单", "网站备案信息核验单", "备案确认书", "确认函", "保证书", "声明",
		"证明", "居住证明", "在职证明", "工作证明", "就业证明", "收入证明", "社会保险参保证明", "纳税证明", "变更证明", "办公场所使用证明", "学生证", "聘书", "劳动合同",
		"公司章程", "章程", "事业单位法人证书", "社会团体法人登记证书", "民办非企业单位登记证书", "基金会法人登记证书", "组织机构代码证", "不动产权证书", "房屋所有权证",
		"互联网新闻信息服务许可证", "互联网出版许可证", "互联网药品信息服务资格证书", "药品经营许可证", "医疗器械经营许可证", "网络文化经营许可证",
		"信息网络传播视听节目许可证", "网络预约出租汽车经营许可证", "准予变更登记通知书", "名称变更核准通知书",
	}
}

// letterEndings end the title of a letter or certificate whose name is not in the list.
func letterEndings() []string {
	return []string{"书", "函", "证", "证明", "说明", "表", "单", "章程", "合同", "声明", "通知", "批复", "方案"}
}

// score is what of a sheet speaks for a profile, and where the title stands, nil where there is none.
func (s *sheet) score(p profile) (float64, *part) {
	score, at := s.titled(p.titles, p.title)
	if at == nil {
		score -= p.untitled
	}
	for _, l := range p.labels {
		if s.begins(folded(l)) {
			score += p.label
		}
	}
	if slices.ContainsFunc(p.phrases, s.says) {
		score += p.phrase
	}
	if p.form != nil {
		score += p.form(s)
	}
	return score, at
}

// recognized is what a sheet was taken for. Where it is more than one document, further is the second of them.
type recognized struct {
	kind    filing.DetectedKind
	title   *part
	further *filing.DetectedKind
}

// kind tells what the document is: every cue votes, and the confidence is how far the best is ahead of all others and of nothing.
// The title is where the document names itself, nil where it does not.
func (s *sheet) kind() recognized {
	out := recognized{kind: filing.DetectedKind{Detected: filing.DocumentUnknown}}
	if len(s.lines) == 0 {
		return out
	}
	highest, total := nothing, math.Exp(nothing)
	var best *profile
	consider := func(kind filing.DocumentKind, page filing.Page, score float64, at *part) bool {
		total += math.Exp(score)
		if score <= highest {
			return false
		}
		highest, out.title = score, at
		out.kind = filing.DetectedKind{Detected: kind, Page: page}
		return true
	}
	all := profiles()
	var names []int // lines in which a document names itself as one of the profiles
	for i, p := range all {
		score, at := s.score(p)
		if at != nil {
			names = append(names, at.line)
		}
		if consider(p.kind, p.page, score, at) {
			best = &all[i]
		}
	}
	if score, at := s.letter(names); consider(filing.DocumentLetter, filing.PageFront, score, at) {
		best = nil
	}
	out.kind.Confidence = math.Round(1000*math.Exp(highest)/total) / 1000
	if best != nil {
		out.further = s.further(*best, all)
	}
	return out
}

// another is the score from which what is left of a sheet, once the lines are gone that speak for one document, is another: its
// title and three of its labels, or six labels of a card. A letter that names a licence has neither.
const another = 7

// further looks for a second document on the sheet: of another kind in what the first leaves, or of the same where most of its labels
// stand there twice.
func (s *sheet) further(first profile, all []profile) *filing.DetectedKind {
	rest := *s
	rest.lines = slices.DeleteFunc(slices.Clone(s.lines), func(l line) bool {
		starts := func(word string) bool {
			wrong, _ := distance(folded(word), l.runes, 0)
			return wrong <= slips(len(folded(word)))
		}
		named := func(title string) bool {
			at, _, _ := anywhere(folded(title), l.runes)
			return at >= 0
		}
		return slices.ContainsFunc(first.labels, starts) || slices.ContainsFunc(first.titles, named)
	})
	best, highest := profile{}, float64(another)
	for _, p := range all {
		if p.kind == filing.DocumentAuthorizationLetter || p.kind == first.kind && p.page == first.page {
			continue
		}
		if score, _ := rest.score(p); score >= highest {
			best, highest = p, score
		}
	}
	if best.kind != "" {
		return &filing.DetectedKind{Detected: best.kind, Page: best.page, Confidence: certainty(highest)}
	}
	once, twice := 0, 0
	for _, word := range first.labels {
		n := 0
		for _, l := range s.lines {
			if wrong, _ := distance(folded(word), l.runes, 0); wrong == 0 {
				n++
			}
		}
		if n > 0 {
			once++
		}
		if n > 1 {
			twice++
		}
	}
	if twice < 3 || 2*twice < once {
		return nil
	}
	return &filing.DetectedKind{Detected: first.kind, Page: first.page, Confidence: certainty(float64(twice) * first.label * 2)}
}

// certainty is how far a score is ahead of nothing.
func certainty(score float64) float64 {
	return math.Round(1000/(1+math.Exp(nothing-score))) / 1000
}

// titled returns the weight of the best of some titles that a line consists of, slips taken off, and where it stands.
func (s *sheet) titled(titles []string, weight float64) (float64, *part) {
	var (
		best  float64
		where *part
	)
	longest := 0
	for _, t := range titles {
		word := folded(t)
		for i, l := range s.lines {
			if len(l.runes) > len(word)+titleExtra {
				continue
			}
			at, end, wrong := anywhere(word, l.runes)
			if at < 0 || len(word) < 3 && end-at < len(l.runes) {
				continue // 证明 and 说明 are words of many sentences
			}
			// The more of the line a title is, the more it is one; of several that fit the longest says most.
			score := weight * (1 - slipCost*float64(wrong)) * (1 - 0.04*float64(len(l.runes)-(end-at)))
			if !s.heads(i) {
				score *= mentioned
			}
			if score > best+0.3 || score > best-0.3 && len(word) > longest {
				best, longest = max(score, best), len(word)
				where = &part{line: i, from: at, to: min(end, len(l.runes))}
			}
		}
	}
	return best, where
}

// heads reports whether a line stands where a title does, by its size or by its place.
func (s *sheet) heads(i int) bool {
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, l := range s.lines {
		top, bottom = min(top, l.y0), max(bottom, l.y1)
	}
	l := &s.lines[i]
	return l.height() >= headHeight*s.height || l.middle()-top <= headPart*(bottom-top)
}

// begins reports whether any line begins with a word.
func (s *sheet) begins(word []rune) bool {
	return slices.ContainsFunc(s.lines, func(l line) bool {
		wrong, _ := distance(word, l.runes, 0)
		return wrong <= slips(len(word))
	})
}

// says reports whether words stand in a line.
func (s *sheet) says(words string) bool {
	return slices.ContainsFunc(s.lines, func(l line) bool { return strings.Contains(string(l.runes), words) })
}

// letter is what speaks for another letter or certificate: its title, from the list or by its size, place and last word, and
// phrases that close a letter. A line that names another kind of document is no title of a letter, whatever it ends with.
func (s *sheet) letter(others []int) (float64, *part) {
	const (
		listed, ending, phrase = 5.5, 4.5, 0.8
		large                  = 1.25 // times the median height of the lines
		longestTitle           = 24
	)
	score, where := s.titled(LetterTitles(), listed)
	bottom := 0.0
	for _, l := range s.lines {
		bottom = max(bottom, l.y1)
	}
	tallest := 0.0
	for i, l := range s.lines {
		if aboutTitle.MatchString(string(l.runes)) && l.middle() < 0.45*bottom && !s.addressee(i) {
			if score < listed || where == nil || len(l.runes) > where.to-where.from {
				where = &part{line: i, to: len(l.runes)}
			}
			score = max(score, listed)
			break
		}
		if l.height() < large*s.height || l.height() <= tallest || l.middle() > 0.45*bottom || len(l.runes) < 2 || len(l.runes) > longestTitle {
			continue
		}
		text := string(l.runes)
		if !slices.Contains(others, i) && slices.ContainsFunc(letterEndings(), func(e string) bool { return strings.HasSuffix(text, e) }) {
			tallest = l.height()
			if where == nil || ending > score || len(l.runes) > where.to-where.from {
				where = &part{line: i, to: len(l.runes)}
			}
			score = max(score, ending)
		}
	}
	for _, w := range []string{"特此说明", "特此证明", "特此承诺", "特此函告", "以上情况属实", "兹证明", "郑重承诺"} {
		if s.says(w) {
			score += phrase
		}
	}
	return score, where
}

// citizen: a line that ends with a citizen's number, and hardly more than its label.
func (s *sheet) citizen() float64 {
	for _, l := range s.lines {
		if n := len(l.runes); n >= 18 && n <= 26 && standard.IsIDNumber(string(l.runes[n-18:])) {
			return 1.5
		}
	}
	return 0
}

// period: a line with a period in figures and dots.
func (s *sheet) period() float64 {
	for _, l := range s.lines {
		if p, ok := standard.ParsePeriod(string(l.runes)); ok && p.HasFrom && len(l.runes) <= 28 && strings.Contains(string(l.runes), ".") {
			return 1
		}
	}
	return 0
}

func (s *sheet) permit() float64 {
	for _, l := range s.lines {
		if k, ok := standard.KindOfNumber(string(l.runes)); ok && k == standard.NumberHongKongMacauTravel {
			return 1
		}
	}
	return 0
}

// zone: the machine-readable zone of a passport, 44 characters with fillers.
func (s *sheet) zone() float64 {
	for _, l := range s.lines {
		if len(l.runes) >= 30 && strings.Count(string(l.runes), "<") >= 5 {
			return 4
		}
	}
	return 0
}

func (s *sheet) code() float64 {
	for _, l := range s.lines {
		if n := len(l.runes); n >= 18 && n <= 28 && standard.IsCreditCode(string(l.runes[n-18:])) {
			return 1
		}
	}
	return 0
}

func (s *sheet) domain() float64 {
	for _, l := range s.lines {
		if at, end := domainIn(l.runes); end > at && end-at >= len(l.runes)-12 {
			return 0.7
		}
	}
	return 0
}
