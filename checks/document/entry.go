package document

import (
	"regexp"
	"strings"

	"github.com/preflight-icp/preflight/filing"
)

// certified are the fields of the certificate of a unit that is no company. The forms differ by registrar (事业单位登记管理暂行条例实施细则,
// 社会组织登记证书 of the civil affairs, GB 32100 for offices of the state), and name the same things in other words.
func certified() []entry {
	return []entry{
		{name: filing.FieldCreditCode, labels: []string{"统一社会信用代码"}, more: 1, parse: creditCode, alone: true},
		{name: filing.FieldUnit, labels: []string{"名称", "单位名称", "机构名称"}, more: 1, parse: organization, form: unitLine, whole: companyName},
		{name: filing.FieldLegalRepresentative, labels: []string{"法定代表人", "负责人", "法定代表人/负责人"}, parse: person},
		{name: filing.FieldAddress, labels: []string{"住所", "地址", "机构地址"}, more: 2, parse: plain, form: addressLine},
		{name: filing.FieldCapital, labels: []string{"开办资金", "注册资金", "原始基金数额"}, parse: plain},
		{name: filing.FieldValidUntil, labels: []string{"有效期限", "有效期"}, more: 1, parse: term},
		{name: filing.FieldScope, labels: []string{"宗旨和业务范围", "业务范围"}, more: 12, parse: plain},
		{name: filing.FieldType, labels: []string{"机构性质", "机构类型", "单位类型"}, parse: plain},
		{name: filing.FieldIssuer, labels: []string{"登记管理机关", "发证机关", "赋码机关", "颁发单位"}, parse: plain},
		// What else stands there ends the values above it, and is asked of nobody.
		{labels: []string{"举办单位", "经费来源", "业务主管单位", "活动地域"}, parse: unasked},
	}
}

// entriesOf are the fields of a kind and side, in the order in which they are given.
func entriesOf(kind filing.DetectedKind) []entry {
	personal := []entry{
		{name: filing.FieldPerson, labels: []string{"姓名"}, parse: person},
		{name: filing.FieldSex, labels: []string{"性别"}, parse: sex},
		{name: filing.FieldNation, labels: []string{"民族"}, parse: nation},
		{name: filing.FieldBirth, labels: []string{"出生"}, parse: day},
		{name: filing.FieldAddress, labels: []string{"住址"}, more: 3, parse: plain},
		{name: filing.FieldNumber, labels: []string{"公民身份号码"}, parse: citizenNumber, alone: true},
	}
	switch kind.Detected {
	case filing.DocumentIDCard:
		if kind.Page == filing.PageFront {
			return personal
		}
		return []entry{
			{name: filing.FieldIssuer, labels: []string{"签发机关"}, more: 1, parse: plain},
			{name: filing.FieldValidUntil, labels: []string{"有效期限"}, parse: term, alone: true},
		}
	case filing.DocumentResidencePermit:
		if kind.Page == filing.PageFront {
			return personal
		}
		return []entry{
			{name: filing.FieldAddress, labels: []string{"居住地址", "现住址", "住址"}, more: 2, parse: plain},
			{name: filing.FieldIssuer, labels: []string{"签发机关"}, parse: plain},
			{name: filing.FieldValidFrom, labels: []string{"签发日期"}, parse: day},
			{name: filing.FieldValidUntil, labels: []string{"有效期限", "有效期至"}, parse: term},
		}
	case filing.DocumentTravelPermit:
		return append(under(
			entry{name: filing.FieldPerson, labels: []string{"姓名Name", "姓名"}, parse: person},
			entry{name: filing.FieldSex, labels: []string{"性别Sex", "性别"}, parse: sex},
			entry{name: filing.FieldBirth, labels: []string{"出生日期Date of Birth", "出生日期"}, parse: day},
			entry{name: filing.FieldValidUntil, labels: []string{"有效期限Period of Validity", "有效期限"}, parse: term},
			entry{name: filing.FieldIssuer, labels: []string{"签发机关Authority", "签发机关"}, parse: plain},
		), entry{name: filing.FieldNumber, labels: []string{"证件号码", "公民身份号码"}, parse: documentNumber, alone: true})
	case filing.DocumentPassport:
		return under(
			entry{name: filing.FieldPerson, labels: []string{"姓名Name", "姓名"}, parse: person},
			entry{name: filing.FieldSex, labels: []string{"性别Sex", "性别"}, parse: sex},
			entry{name: filing.FieldBirth, labels: []string{"出生日期Date of birth", "出生日期"}, parse: day},
			entry{name: filing.FieldNumber, labels: []string{"护照号Passport No.", "护照号码Passport No.", "护照号码", "护照号"}, parse: documentNumber, alone: true},
			entry{name: filing.FieldIssuer, labels: []string{"签发机关Authority", "签发机关"}, parse: plain},
			entry{name: filing.FieldValidFrom, labels: []string{"签发日期Date of issue", "签发日期"}, parse: day},
			entry{name: filing.FieldValidUntil, labels: []string{"有效期至Date of expiry", "有效期至"}, parse: day},
		)
	case filing.DocumentBusinessLicense:
		return []entry{
			{name: filing.FieldCreditCode, labels: []string{"统一社会信用代码"}, more: 1, parse: creditCode, alone: true},
			{name: filing.FieldUnit, labels: []string{"名称", "企业名称", "单位名称"}, more: 1, parse: organization, form: unitLine, whole: companyName},
			{name: filing.FieldType, labels: []string{"类型", "主体类型"}, more: 1, parse: organization},
			{name: filing.FieldLegalRepresentative, labels: []string{"法定代表人", "负责人", "经营者", "执行事务合伙人", "投资人"}, parse: person},
			{name: filing.FieldAddress, labels: []string{"住所", "经营场所", "营业场所", "主要经营场所"}, more: 2, parse: plain, form: addressLine},
			{name: filing.FieldCapital, labels: []string{"注册资本"}, parse: plain},
			{name: filing.FieldEstablished, labels: []string{"成立日期", "注册日期"}, parse: day},
			{name: filing.FieldValidUntil, labels: []string{"营业期限", "合伙期限", "经营期限"}, parse: term},
			{name: filing.FieldScope, labels: []string{"经营范围"}, more: 12, parse: plain},
		}
	case filing.DocumentDomainCertificate:
		return []entry{
			{name: filing.FieldDomain, labels: []string{"域名Domain Name", "域名Domain", "域名名称", "域名"}, parse: domainName, alone: true},
			{
				name:   filing.FieldHolder,
				labels: []string{"域名注册者Registrant", "注册人Registrant", "域名注册者", "域名所有者", "域名持有者", "域名持有人", "注册者", "注册人", "所有者"},
				more:   1, parse: organization, whole: companyName,
			},
			{name: filing.FieldRegistrar, labels: []string{"注册服务机构Registrar", "域名注册服务机构", "注册服务机构", "注册服务商", "注册机构", "注册商"}, more: 1, parse: organization, whole: companyName},
			{name: filing.FieldRegistered, labels: []string{"注册日期Registration Date", "注册时间Registered", "注册日期", "注册时间"}, parse: day},
			{name: filing.FieldExpires, labels: []string{"到期日期Expiration Date", "到期时间Expires", "到期日期", "到期时间", "过期时间"}, parse: day},
		}
	case filing.DocumentAuthorizationLetter:
		return []entry{
			{name: filing.FieldUnit, labels: []string{"委托单位", "授权单位", "单位名称"}, more: 1, parse: organization},
			{name: filing.FieldCreditCode, labels: []string{"统一社会信用代码", "信用代码"}, parse: creditCode},
			{name: filing.FieldLegalRepresentative, labels: []string{"法定代表人"}, parse: person},
			{name: filing.FieldAuthorized, labels: []string{"受托人", "被授权人"}, parse: person},
			{name: filing.FieldNumber, labels: []string{"证件号码", "身份证号码", "公民身份号码"}, parse: citizenNumber},
		}
	default:
		return nil
	}
}

// unitLine and addressLine are a line that is the name of a unit, and one that begins an address: what a licence says even where the
// label beside it was lost.
var (
	unitLine    = regexp.MustCompile(`^[\p{Han}（）()·]{3,40}?` + unitEnding + `$`)
	addressLine = regexp.MustCompile(`^[\p{Han}]{2,8}?(?:省|市|自治区|区|县)[\p{Han}]{2,}.*(?:路|街|巷|道|号|胡同|镇|乡|村)`)
)

// companyName is a company's whole name, branchLine what may follow it in another line: below 名称 stands 类型, whose value is a kind of company.
var (
	companyName = regexp.MustCompile(`^[\p{Han}()·]{3,40}公司$`)
	branchLine  = regexp.MustCompile(`^[\p{Han}()·]{0,20}(?:分公司|支公司|分店|分部|营业部|办事处|分行|支行|分所|分院|分校)$`)
)

// under marks entries whose value stands under the label.
func under(entries ...entry) []entry {
	for i := range entries {
		entries[i].under = true
	}
	return entries
}

// sentence is a form of words in running text, its first group what is looked for.
type sentence struct {
	name  filing.FieldName
	form  *regexp.Regexp
	parse func(*sheet, []part) (filing.Field, bool)
	// last: the last of several counts, and it stands in a line of its own, as a letter is dated at its end. A date within a
	// sentence is another one.
	last bool
}

// datedLine is how many characters a line may have that dates a letter: the longest date, and a word before it.
const datedLine = 16

const (
	unitForm   = `([\p{Han}（）()·a-z0-9]{4,40}?)`
	personForm = `([\p{Han}·]{2,15}?)`
)

// sentencesOf are the forms of words of letters and of certificates that are written as text.
func sentencesOf(kind filing.DocumentKind) []sentence {
	dated := sentence{filing.FieldSigned, regexp.MustCompile(`((?:\d{4}|[〇○零一二三四五六七八九]{4})年[\d〇一二三四五六七八九十]{1,3}月[\d〇一二三四五六七八九十]{1,3}日?)`), day, true}
	switch kind {
	case filing.DocumentAuthorizationLetter:
		return []sentence{
			{filing.FieldUnit, regexp.MustCompile(`(?:本单位|我单位|本公司|我公司)` + unitForm + `[（(]?统一社会信用代码`), organization, false},
			{filing.FieldCreditCode, regexp.MustCompile(`信用代码[^a-z0-9]{0,3}([a-z0-9]{18})`), creditCode, false},
			{filing.FieldAuthorized, regexp.MustCompile(`(?:现授权|授权|委托)` + personForm + `[（(，,]?(?:公民身份号码|身份证号|证件号码)`), person, false},
			{filing.FieldNumber, regexp.MustCompile(`(?:公民身份号码|身份证号码?|证件号码)[^a-z0-9]{0,3}([a-z0-9]{18})`), citizenNumber, false},
			dated,
		}
	case filing.DocumentDomainCertificate:
		return []sentence{
			{filing.FieldHolder, regexp.MustCompile(`域名已由` + unitForm + `注册`), organization, false},
			{filing.FieldRegistrar, regexp.MustCompile(`(?:.*证书)?` + unitForm + `证明下列域名`), organization, false},
		}
	case filing.DocumentLetter:
		return []sentence{
			{filing.FieldCreditCode, regexp.MustCompile(`信用代码[^a-z0-9]{0,3}([a-z0-9]{18})`), creditCode, false},
			{filing.FieldNumber, regexp.MustCompile(`(?:号码|[（(])[^a-z0-9]{0,3}(\d{17}[\dx])`), citizenNumber, false},
			dated,
		}
	default:
		return nil
	}
}

// prose reads fields out of running text: the lines of the page one after the other.
func (s *sheet) prose(kind filing.DetectedKind) []filing.Field {
	var out []filing.Field
	all := make([]part, len(s.lines))
	for i, l := range s.lines {
		all[i] = part{i, 0, len(l.runes)}
	}
	text := string(s.text(all))
	for _, w := range sentencesOf(kind.Detected) {
		found := w.form.FindAllStringSubmatchIndex(text, -1)
		if len(found) == 0 {
			continue
		}
		at := found[0]
		if w.last {
			at = found[len(found)-1]
		}
		from := len([]rune(text[:at[2]]))
		parts := s.slice(all, from, from+len([]rune(text[at[2]:at[3]])))
		if w.last && len(s.lines[parts[0].line].runes) > datedLine {
			continue
		}
		f, ok := w.parse(s, parts)
		if !ok {
			continue
		}
		f.Name = w.name
		if w.last && (s.sealed(f) || !strings.HasSuffix(string(s.text(parts)), "日")) {
			f.Confidence = min(f.Confidence, underSeal)
		}
		out = append(out, f)
	}
	return out
}

// underSeal is the greatest confidence of a date that a seal lies on, or whose end is lost, as a digit of its day may be. Of those under
// seals in photos of the tuning half seven in ten were read right, however sure the recognizer was of what the seal left of them.
const underSeal = 0.7

// sealed reports whether a seal lies on a field.
func (s *sheet) sealed(f filing.Field) bool {
	for _, seal := range s.reading.Seals {
		for _, q := range f.Quads {
			for _, share := range []float64{0, 0.25, 0.5, 0.75, 1} {
				along := func(k int) float64 {
					return ((1-share)*(q[0][k]+q[3][k]) + share*(q[1][k]+q[2][k])) / 2
				}
				if contains(seal.Quad, filing.Point{along(0), along(1)}) {
					return true
				}
			}
		}
	}
	return false
}
