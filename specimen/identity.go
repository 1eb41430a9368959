package specimen

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Fields is what a document truly says: the reference that a reader of documents is measured against. Dates are ISO
// 8601; a field that a kind of document does not carry is empty.
type Fields struct {
	// Title is the document's own title, e.g. 居民身份证.
	Title string `json:"title,omitempty"`
	// Name 姓名, Sex 性别 (男/女), Ethnicity 民族, Birth 出生, Address 住址, Number 公民身份号码.
	Name      string `json:"name,omitempty"`
	Sex       string `json:"sex,omitempty"`
	Ethnicity string `json:"ethnicity,omitempty"`
	Birth     string `json:"birth,omitempty"`
	Address   string `json:"address,omitempty"`
	Number    string `json:"number,omitempty"`
	// Issuer 签发机关 or 登记机关, ValidFrom and ValidUntil 有效期限 (ValidUntil may be "long_term", 长期).
	Issuer     string `json:"issuer,omitempty"`
	ValidFrom  string `json:"valid_from,omitempty"`
	ValidUntil string `json:"valid_until,omitempty"`
	// CreditCode 统一社会信用代码, Company 名称, CompanyType 类型, LegalRepresentative 法定代表人, Scope 经营范围,
	// Capital 注册资本, Established 成立日期.
	CreditCode          string `json:"credit_code,omitempty"`
	Company             string `json:"company,omitempty"`
	CompanyType         string `json:"company_type,omitempty"`
	LegalRepresentative string `json:"legal_representative,omitempty"`
	Scope               string `json:"scope,omitempty"`
	Capital             string `json:"capital,omitempty"`
	Established         string `json:"established,omitempty"`
	// Domain 域名, Holder 域名注册者, Registrar 注册服务机构, Registered 注册日期, Expires 到期日期.
	Domain     string `json:"domain,omitempty"`
	Holder     string `json:"holder,omitempty"`
	Registrar  string `json:"registrar,omitempty"`
	Registered string `json:"registered,omitempty"`
	Expires    string `json:"expires,omitempty"`
	// Principal 被授权人 of a letter, and the date it was signed on.
	Principal string `json:"principal,omitempty"`
	SignedOn  string `json:"signed_on,omitempty"`
}

// regions are codes of the form that GB/T 2260 uses, in the block 99 that it does not assign: no number drawn here can
// belong to anybody.
var regions = []string{"990101", "990102", "990203", "990305", "990411", "990522"}

// IDNumberCheck returns the check character (0-9 or X) of GB 11643-1999 for the first 17 digits of a citizen's number
// (公民身份号码): weights 2^(17-i) mod 11, ISO 7064 MOD 11-2. It returns 0 where the argument is not 17 digits.
func IDNumberCheck(first17 string) byte {
	if len(first17) != 17 {
		return 0
	}
	sum := 0
	for i := range 17 {
		c := first17[i]
		if c < '0' || c > '9' {
			return 0
		}
		weight := (1 << (17 - i)) % 11
		sum += int(c-'0') * weight
	}
	return "10X98765432"[sum%11]
}

// creditAlphabet is the 31 characters of GB 32100-2015: no I, O, S, V, Z.
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CreditCodeCheck returns the check character of GB 32100-2015 for the first 17 characters of a unified social credit
// code (统一社会信用代码): weights 3^(i-1) mod 31. It returns 0 where the argument is no such code.
func CreditCodeCheck(first17 string) byte {
	if len(first17) != 17 {
		return 0
	}
	sum, weight := 0, 1
	for i := range 17 {
		v := strings.IndexByte(creditAlphabet, first17[i])
		if v < 0 {
			return 0
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	return creditAlphabet[(31-sum%31)%31]
}

// organizationCheck returns the check character of GB 11714 for the 8 characters of an organization code, which sits in
// places 9 to 17 of a credit code.
func organizationCheck(first8 string) byte {
	sum := 0
	for i, w := range []int{3, 7, 9, 10, 5, 8, 4, 2} {
		sum += w * strings.IndexByte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", first8[i])
	}
	return "0X987654321"[sum%11]
}

func drawIDNumber(rng *rand.Rand, birth time.Time, male bool) string {
	sequence := rng.IntN(450)*2 + 1
	if !male {
		sequence++
	}
	first := regions[rng.IntN(len(regions))] + birth.Format("20060102") + fmt.Sprintf("%03d", sequence)
	return first + string(IDNumberCheck(first))
}

func drawCreditCode(rng *rand.Rand) string { return creditCode(rng, "91") }

// creditCode draws a code of a kind of unit: 91 companies, 12 public institutions (事业单位), 51 associations (社会团体).
func creditCode(rng *rand.Rand, kind string) string {
	organization := "MA"
	for range 6 {
		organization += string("0123456789ABCDEFGHJKLMNPQRTUWXY"[rng.IntN(31)])
	}
	check := organizationCheck(organization)
	first := kind + regions[rng.IntN(len(regions))] + organization + string(check)
	return first + string(CreditCodeCheck(first))
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

var (
	surnames = []string{"林", "苏", "叶", "顾", "沈", "陆", "江", "秦", "白", "温", "夏", "欧阳", "司徒", "程", "方", "孟"}
	given    = []string{"青禾", "一鸣", "知远", "晓岚", "子墨", "思齐", "望舒", "若水", "明澈", "景行", "安", "越", "清", "朗",
		"云舒", "嘉树", "南乔", "怀瑾", "以沫", "星河"}
	ethnicities = []string{"汉", "汉", "汉", "汉", "满", "回", "壮", "苗", "土家", "蒙古"}
	places      = []string{"样本省虚构市青禾区", "样本省想象市云溪县", "虚构自治区例子市例塘区", "样本市示例区"}
	streets     = []string{"想象路", "例子大街", "清溪巷", "试纸胡同", "望星路", "白鹭大道"}
	trades      = []string{"园艺", "信息技术", "文化传播", "陶艺", "软件", "茶业", "图书", "体育用品"}
	brands      = []string{"青禾", "云溪", "白鹭", "望星", "知远", "例子", "南乔", "清朗"}
	scopes      = []string{"园艺设计；花卉种植与销售；盆景租赁；园林养护服务", "软件开发；信息系统集成服务；信息技术咨询；数据处理服务",
		"组织文化艺术交流活动；会议服务；展览展示服务；图文设计", "茶叶种植与初加工；茶具销售；仓储服务（不含危险品）"}
)

// person draws the fields that identity documents share.
func person(rng *rand.Rand) Fields {
	male := rng.IntN(2) == 0
	birth := time.Date(1962+rng.IntN(40), time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 0, 0, 0, 0, time.UTC)
	f := Fields{
		Name:      pick(rng, surnames) + pick(rng, given),
		Sex:       "女",
		Ethnicity: pick(rng, ethnicities),
		Birth:     birth.Format(time.DateOnly),
		Address: fmt.Sprintf("%s%s%d号%d栋%d单元%d室", pick(rng, places), pick(rng, streets), 1+rng.IntN(200),
			1+rng.IntN(20), 1+rng.IntN(6), 101+100*rng.IntN(20)+rng.IntN(4)),
		Number: drawIDNumber(rng, birth, male),
	}
	if male {
		f.Sex = "男"
	}
	return f
}

// company draws the fields that a unit's documents share.
func company(rng *rand.Rand) Fields {
	place := pick(rng, places)
	brand, trade := pick(rng, brands), pick(rng, trades)
	established := time.Date(2003+rng.IntN(17), time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 0, 0, 0, 0, time.UTC)
	return Fields{
		Company:             "虚构市" + brand + trade + "有限公司",
		CompanyType:         pick(rng, []string{"有限责任公司", "有限责任公司（自然人独资）", "有限责任公司（自然人投资或控股）"}),
		LegalRepresentative: pick(rng, surnames) + pick(rng, given),
		CreditCode:          drawCreditCode(rng),
		Scope:               pick(rng, scopes) + "。（依法须经批准的项目，经相关部门批准后方可开展经营活动）",
		Capital:             pick(rng, []string{"壹佰万元整", "伍拾万元整", "叁佰万元整", "壹仟万元整"}),
		Established:         established.Format(time.DateOnly),
		ValidFrom:           established.Format(time.DateOnly),
		ValidUntil:          "long_term",
		Address: fmt.Sprintf("%s%s%d号%d层%d室", place, pick(rng, streets), 1+rng.IntN(200), 1+rng.IntN(20),
			101+rng.IntN(30)),
		Issuer: "虚构市市场监督管理局",
	}
}

// chineseDate writes an ISO date as 2020年3月1日, the way documents print it.
func chineseDate(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
}

// dottedDate writes an ISO date as 2020.03.01, the way cards print it.
func dottedDate(iso string) string { return strings.ReplaceAll(iso, "-", ".") }
