package document_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/checks/document"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/specimen"
)

// drawn is a specimen, small: only its text counts here.
func drawn(t testing.TB, kind specimen.Kind, seed uint64) *specimen.Document {
	t.Helper()
	set, err := specimen.Fonts()
	if errors.Is(err, specimen.ErrNoFonts) && os.Getenv("PREFLIGHT_TEST_REQUIRE") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	doc, err := specimen.Draw(set, kind, seed, specimen.MinPxPerMM)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// line is a line as a reader that makes no mistake would give it.
func line(text string, quad [4]filing.Point) filing.Line {
	text = strings.Trim(text, " \u3000")
	l := filing.Line{Text: text, Quad: quad, Confidence: 0.99}
	n := len([]rune(text))
	for i := range n {
		l.Glyphs = append(l.Glyphs, filing.Glyph{At: (float64(i) + 0.5) / float64(n), Confidence: 0.99})
	}
	return l
}

// perfect is the reading of a document by a reader that makes no mistake.
func perfect(doc *specimen.Document) filing.Reading {
	w, h := doc.WidthMM*doc.PxPerMM, doc.HeightMM*doc.PxPerMM
	r := filing.Reading{Page: [4]filing.Point{{0, 0}, {w, 0}, {w, h}, {0, h}}}
	for _, l := range doc.Lines {
		r.Lines = append(r.Lines, line(l.Text, l.Quad))
	}
	return r
}

// kinds are what the kinds of specimens are.
var kinds = map[specimen.Kind]filing.DetectedKind{
	specimen.IDCardFront:              {Detected: filing.DocumentIDCard, Page: filing.PageFront},
	specimen.IDCardBack:               {Detected: filing.DocumentIDCard, Page: filing.PageBack},
	specimen.ResidencePermitFront:     {Detected: filing.DocumentResidencePermit, Page: filing.PageFront},
	specimen.ResidencePermitBack:      {Detected: filing.DocumentResidencePermit, Page: filing.PageBack},
	specimen.BusinessLicense:          {Detected: filing.DocumentBusinessLicense, Page: filing.PageFront},
	specimen.BusinessLicenseDuplicate: {Detected: filing.DocumentBusinessLicense, Page: filing.PageFront},
	specimen.AuthorizationLetter:      {Detected: filing.DocumentAuthorizationLetter, Page: filing.PageFront},
	specimen.DomainCertificate:        {Detected: filing.DocumentDomainCertificate, Page: filing.PageFront},
	specimen.PlainLetter:              {Detected: filing.DocumentLetter, Page: filing.PageFront},
}

// fields are the true fields of a document under the names that they are read by.
func fields(doc *specimen.Document) map[filing.FieldName]string {
	f := doc.Fields
	out := map[filing.FieldName]string{
		filing.FieldTitle: f.Title, filing.FieldPerson: f.Name, filing.FieldSex: f.Sex, filing.FieldNation: f.Ethnicity,
		filing.FieldBirth: f.Birth, filing.FieldAddress: f.Address, filing.FieldNumber: f.Number, filing.FieldIssuer: f.Issuer,
		filing.FieldValidFrom: f.ValidFrom, filing.FieldValidUntil: f.ValidUntil, filing.FieldCreditCode: f.CreditCode,
		filing.FieldUnit: f.Company, filing.FieldType: f.CompanyType, filing.FieldLegalRepresentative: f.LegalRepresentative,
		filing.FieldCapital: f.Capital, filing.FieldEstablished: f.Established, filing.FieldScope: f.Scope, filing.FieldDomain: f.Domain,
		filing.FieldHolder: f.Holder, filing.FieldRegistrar: f.Registrar, filing.FieldRegistered: f.Registered,
		filing.FieldExpires: f.Expires, filing.FieldAuthorized: f.Principal, filing.FieldSigned: f.SignedOn,
	}
	switch doc.Kind {
	case specimen.AuthorizationLetter:
		delete(out, filing.FieldLegalRepresentative) // signed by hand
	case specimen.BusinessLicense, specimen.BusinessLicenseDuplicate:
		delete(out, filing.FieldIssuer) // in the seal alone
	case specimen.PlainLetter:
		delete(out, filing.FieldUnit) // nowhere but in sentences of its own
	}
	return out
}

func TestEveryKindOfSpecimenIsRecognizedAndItsFieldsAreFound(t *testing.T) {
	t.Parallel()
	for _, kind := range specimen.Kinds() {
		for seed := range uint64(4) {
			doc := drawn(t, kind, seed+1)
			got := document.Recognize(perfect(doc))
			want := kinds[kind]
			if got.Kind.Detected != want.Detected || got.Kind.Page != want.Page || got.Kind.Confidence < 0.8 {
				t.Errorf("%s %d is taken for %+v", kind, seed, got.Kind)
			}
			for name, value := range fields(doc) {
				f, _ := got.Field(name)
				if value != "" && f.Value != value {
					t.Errorf("%s %d: %s is %q, not %q", kind, seed, name, f.Value, value)
				}
				if value != "" && (f.Confidence < 0.98 || len(f.Quads) == 0 || f.Repaired) {
					t.Errorf("%s %d: %+v", kind, seed, f)
				}
			}
		}
	}
}

// slipped replaces every nth character of a reading by another one.
func slipped(r filing.Reading, seed uint64, nth int) filing.Reading {
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range r.Lines {
		text := []rune(r.Lines[i].Text)
		for k := range text {
			if rng.IntN(nth) == 0 {
				text[k] = []rune("目末王口入人木土日未田工")[rng.IntN(12)]
			}
		}
		r.Lines[i].Text = string(text)
	}
	return r
}

func TestSlipsOfRecognitionDoNotChangeTheKind(t *testing.T) {
	t.Parallel()
	right, sure, all := 0, 0, 0
	for _, kind := range specimen.Kinds() {
		doc := drawn(t, kind, 1)
		for seed := range uint64(10) {
			got := document.Recognize(slipped(perfect(doc), seed, 12)).Kind
			want := kinds[kind]
			all++
			if got.Detected == want.Detected && got.Page == want.Page {
				right++
			} else if got.Confidence >= 0.8 {
				t.Errorf("%s %d is taken for %+v", kind, seed, got)
			}
			if got.Confidence >= 0.8 {
				sure++
			}
		}
	}
	t.Logf("one character in twelve is wrong: %d of %d right, %d sure", right, all, sure)
	if right < all*95/100 || sure < all*80/100 {
		t.Errorf("%d of %d right, %d sure", right, all, sure)
	}
}

// at is a line of a page of 1000 x 630 whose text is 30 high.
func at(x, y float64, text string) filing.Line {
	w := 0.0
	for _, r := range text {
		if w += 30; r < 0x80 {
			w -= 14
		}
	}
	return line(text, [4]filing.Point{{x, y}, {x + w, y}, {x + w, y + 30}, {x, y + 30}})
}

func page(lines ...filing.Line) filing.Reading {
	return filing.Reading{Page: [4]filing.Point{{0, 0}, {1000, 0}, {1000, 630}, {0, 630}}, Lines: lines}
}

// layout is a page that is laid out by hand.
type layout struct {
	name    string
	reading filing.Reading
	kind    filing.DocumentKind
	page    filing.Page
	want    map[filing.FieldName]string
}

// sure is how sure of its kind one must be: less where its own name is cut off.
func (l layout) sure() float64 {
	if strings.Contains(l.name, "cut off") {
		return 0.5
	}
	return 0.8
}

func TestOtherLayouts(t *testing.T) {
	t.Parallel()
	for _, c := range []layout{
		{
			"a travel permit, values under their labels",
			page(at(250, 20, "港澳居民来往内地通行证"), at(340, 100, "姓名Name"), at(340, 145, "林青禾"), at(340, 200, "出生日期Date of Birth"),
				at(340, 245, "1977.08.01"), at(340, 300, "有效期限Period of Validity"), at(340, 345, "2019.01.02-2029.01.02"),
				at(340, 400, "签发机关Authority"), at(340, 445, "样本出入境管理局"), at(700, 560, "H99016342")),
			filing.DocumentTravelPermit, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldTitle: "港澳居民来往内地通行证", filing.FieldPerson: "林青禾", filing.FieldBirth: "1977-08-01",
				filing.FieldValidFrom: "2019-01-02", filing.FieldValidUntil: "2029-01-02", filing.FieldIssuer: "样本出入境管理局",
				filing.FieldNumber: "H99016342",
			},
		},
		{
			"a passport, two columns",
			page(at(60, 20, "护照PASSPORT"), at(360, 100, "姓名Name"), at(700, 100, "护照号Passport No."), at(360, 145, "林青禾"),
				at(700, 145, "S99197708"), at(360, 200, "性别Sex"), at(700, 200, "出生日期Date of birth"), at(360, 245, "女"),
				at(700, 245, "1977-08-01"), at(360, 300, "签发日期Date of issue"), at(700, 300, "有效期至Date of expiry"),
				at(360, 345, "2019-01-02"), at(700, 345, "2029-01-01"), at(20, 560, "P<XXXSPECIMEN<<SPECIMEN<<<<<<<<<<<<<<<<<<<<<")),
			filing.DocumentPassport, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldPerson: "林青禾", filing.FieldNumber: "S99197708", filing.FieldSex: "女", filing.FieldBirth: "1977-08-01",
				filing.FieldValidFrom: "2019-01-02", filing.FieldValidUntil: "2029-01-01",
			},
		},
		{
			"a card that never expires, labels and values read as one line, a digit wrong",
			page(at(60, 60, "姓名林青禾"), at(60, 140, "性别女民族土家"), at(60, 220, "出生1977年8月1日"), at(60, 300, "住址样本省虚构市青禾区想"),
				at(160, 345, "象路1号"), at(60, 560, "公民身份号码99041119770801634Z")),
			filing.DocumentIDCard, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldPerson: "林青禾", filing.FieldSex: "女", filing.FieldBirth: "1977-08-01",
				filing.FieldAddress: "样本省虚构市青禾区想象路1号", filing.FieldNumber: "990411197708016342",
			},
		},
		{
			"a name of two characters that is set wide",
			page(at(60, 60, "姓名"), at(160, 60, "林"), at(250, 60, "安"), at(460, 60, "样本"), at(60, 140, "性别女民族汉"),
				at(60, 220, "出生1977年8月1日"), at(60, 300, "住址样本省虚构市1号"), at(60, 560, "公民身份号码990411197708016342")),
			filing.DocumentIDCard, filing.PageFront, map[filing.FieldName]string{filing.FieldPerson: "林安"},
		},
		{
			"the back of one, its title cut off",
			page(at(200, 460, "签发机关虚构市公安局青禾分局"), at(200, 540, "有效期限2019.01.02-长期")),
			filing.DocumentIDCard, filing.PageBack,
			map[filing.FieldName]string{
				filing.FieldIssuer: "虚构市公安局青禾分局", filing.FieldValidFrom: "2019-01-02", filing.FieldValidUntil: "long_term",
			},
		},
		{
			"an institution's certificate",
			page(line("事业单位法人证书", [4]filing.Point{{300, 20}, {700, 20}, {700, 75}, {300, 75}}), at(100, 120, "统一社会信用代码91990411MAU8H5FM09"),
				at(100, 180, "名称虚构市青禾图书馆"), at(100, 240, "宗旨和业务范围提供图书借阅服务。"), at(100, 300, "住所样本省虚构市想象路1号2层"), at(180, 340, "101室"),
				at(100, 400, "法定代表人林青禾"), at(100, 460, "举办单位虚构市样本局"), at(100, 520, "有效期自2019年01月02日"), at(190, 560, "至2024年01月02日")),
			filing.DocumentLetter, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldTitle: "事业单位法人证书", filing.FieldUnit: "虚构市青禾图书馆", filing.FieldCreditCode: "91990411MAU8H5FM09",
				filing.FieldAddress: "样本省虚构市想象路1号2层101室", filing.FieldLegalRepresentative: "林青禾", filing.FieldScope: "提供图书借阅服务。",
				filing.FieldValidFrom: "2019-01-02", filing.FieldValidUntil: "2024-01-02",
			},
		},
		{
			"the certificate of an office of the state",
			page(tall(280, 5, "统一社会信用代码证书"), at(60, 120, "机构名称"), at(300, 120, "虚构市样本管理局"), at(60, 180, "机构性质"), at(300, 180, "机关"),
				at(60, 240, "机构地址"), at(300, 240, "样本省虚构市想象路2号"), at(60, 300, "负责人"), at(300, 300, "苏知远")),
			filing.DocumentLetter, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldUnit: "虚构市样本管理局", filing.FieldAddress: "样本省虚构市想象路2号", filing.FieldLegalRepresentative: "苏知远",
			},
		},
		{
			"a letter that speaks of a licence and of a card is neither",
			page(line("关于网站备案有关情况的说明", [4]filing.Point{{200, 20}, {800, 20}, {800, 66}, {200, 66}}), at(100, 150, "我单位营业执照与居民身份证"),
				at(100, 200, "复印件与原件一致。"), at(100, 260, "特此说明。"), at(600, 400, "二〇二〇年十一月二日")),
			filing.DocumentLetter, filing.PageFront,
			map[filing.FieldName]string{filing.FieldTitle: "关于网站备案有关情况的说明", filing.FieldSigned: "2020-11-02"},
		},
		{
			"a letter whose date is lost has none, whatever its sentences say",
			page(line("情况说明", [4]filing.Point{{400, 20}, {600, 20}, {600, 66}, {400, 66}}), at(100, 150, "虚构市青禾茶业有限公司成立于2003年3月7日，住所未变。"),
				at(100, 200, "特此说明。")),
			filing.DocumentLetter, filing.PageFront, map[filing.FieldName]string{filing.FieldTitle: "情况说明", filing.FieldSigned: ""},
		},
		{
			"an authorization that is a form",
			page(tall(250, 5, "网站备案授权委托书"), at(40, 80, "委托单位"), at(260, 80, "虚构市青禾茶业有限公司"), at(40, 130, "信用代码"),
				at(260, 130, "91990411MAU8H5FM09"), at(40, 180, "法定代表人"), at(260, 180, "苏知远"), at(40, 230, "受托人"), at(260, 230, "林青禾"),
				at(40, 280, "证件号码"), at(260, 280, "990411197708016342"), at(40, 330, "委托事项"), at(260, 330, "办理网站备案、变更、注销等事宜"),
				at(40, 390, "委托期限自签署之日起至办理完毕之日止。受托人在授权"), at(40, 430, "范围内签署的文件，我单位均予以承认。"),
				at(40, 490, "法定代表人签字："), at(300, 490, "苏知远"), at(40, 540, "受托人签字："), at(600, 590, "2020年11月2日")),
			filing.DocumentAuthorizationLetter, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldTitle: "网站备案授权委托书", filing.FieldUnit: "虚构市青禾茶业有限公司", filing.FieldCreditCode: "91990411MAU8H5FM09",
				filing.FieldLegalRepresentative: "苏知远", filing.FieldAuthorized: "林青禾", filing.FieldNumber: "990411197708016342",
				filing.FieldSigned: "2020-11-02", filing.FieldSignature: filing.Present,
			},
		},
		{
			"a domain certificate that says it in a sentence and in a table",
			page(tall(100, 5, "顶级国际域名注册证书"), at(60, 100, "样本网络技术有限公司证明下列域名已由虚构市青禾茶业有限公"),
				at(20, 140, "司注册，并已在域名注册数据库中记录。"), at(60, 220, "域名Domain"), at(400, 220, "qinghe-1ab.test"),
				at(60, 280, "注册人Registrant"), at(400, 280, "虚构市青禾茶业有限公司"), at(60, 340, "注册时间Registered"), at(400, 340, "2019-01-02"),
				at(60, 400, "到期时间Expires"), at(400, 400, "2024-01-02")),
			filing.DocumentDomainCertificate, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldDomain: "qinghe-1ab.test", filing.FieldHolder: "虚构市青禾茶业有限公司", filing.FieldRegistered: "2019-01-02",
				filing.FieldExpires: "2024-01-02", filing.FieldRegistrar: "样本网络技术有限公司",
			},
		},
		{
			"a domain certificate whose labels are translated in its own words",
			page(tall(100, 5, "域名注册证书"), at(60, 160, "域名 Domain Name"), at(400, 160, "qinghe-1ab.test"),
				at(60, 220, "域名持有者 Registrant"), at(400, 220, "虚构市青禾茶业有限公司"),
				at(60, 280, "注册服务机构 Sponsoring Registrar"), at(700, 280, "样本网络技术有限公司"),
				at(60, 340, "注册日期 Date of Creation"), at(700, 340, "2019-01-02"), at(60, 400, "到期日期 Valid until"), at(700, 400, "2024-01-02")),
			filing.DocumentDomainCertificate, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldDomain: "qinghe-1ab.test", filing.FieldHolder: "虚构市青禾茶业有限公司", filing.FieldRegistered: "2019-01-02",
				filing.FieldExpires: "2024-01-02", filing.FieldRegistrar: "样本网络技术有限公司",
			},
		},
		{
			"a domain certificate that calls the registrar in fewer words",
			page(tall(100, 5, "域名注册证书"), at(60, 160, "域名 Domain Name"), at(400, 160, "qinghe-1ab.test"),
				at(60, 220, "注册人 Registrant"), at(400, 220, "虚构市青禾茶业有限公司"), at(60, 280, "注册机构 Registrar"), at(400, 280, "样本网络技术有限公司"),
				at(60, 340, "注册日期 Registration"), at(440, 340, "2019-01-02"), at(60, 400, "到期日期 Expiration"), at(440, 400, "2024-01-02")),
			filing.DocumentDomainCertificate, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldDomain: "qinghe-1ab.test", filing.FieldHolder: "虚构市青禾茶业有限公司", filing.FieldRegistered: "2019-01-02",
				filing.FieldExpires: "2024-01-02", filing.FieldRegistrar: "样本网络技术有限公司",
			},
		},
		{
			"a domain that begins like a label's translation, on the label's line",
			page(tall(100, 5, "域名注册证书"), at(60, 160, "域名：name1-shop.test"), at(60, 220, "注册人：虚构市青禾茶业有限公司"),
				at(60, 280, "注册日期"), at(400, 280, "2019-01-02"), at(60, 340, "到期日期Expires2024-01-02")),
			filing.DocumentDomainCertificate, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldDomain: "name1-shop.test", filing.FieldHolder: "虚构市青禾茶业有限公司", filing.FieldRegistered: "2019-01-02", filing.FieldExpires: "2024-01-02",
			},
		},
		{
			"a holder whose name begins like a label's translation",
			page(tall(100, 5, "域名注册证书"), at(60, 160, "域名"), at(400, 160, "qinghe-1ab.test"), at(60, 220, "注册人 Namehouse Ltd"),
				at(60, 280, "注册日期"), at(400, 280, "2019-01-02"), at(60, 340, "到期日期"), at(400, 340, "2024-01-02")),
			filing.DocumentDomainCertificate, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldDomain: "qinghe-1ab.test", filing.FieldHolder: "NamehouseLtd", filing.FieldRegistered: "2019-01-02", filing.FieldExpires: "2024-01-02",
			},
		},
		{
			"a licence whose labels are lost but for the name's",
			page(tall(350, 5, "营业执照"), at(60, 150, "名称"), at(400, 150, "虚构市青禾茶业有限公司"), at(400, 200, "有限责任公司（自然人独资）"),
				at(400, 250, "苏知远"), at(60, 440, "成立日期"), at(400, 440, "2005年3月7日")),
			filing.DocumentBusinessLicense, filing.PageFront,
			map[filing.FieldName]string{filing.FieldUnit: "虚构市青禾茶业有限公司", filing.FieldEstablished: "2005-03-07"},
		},
		{
			"a licence of a branch, whose name takes two lines",
			page(tall(350, 5, "营业执照"), at(60, 150, "名称"), at(400, 150, "虚构市青禾茶业有限公司"), at(400, 190, "样本分公司"),
				at(60, 440, "成立日期"), at(400, 440, "2005年3月7日")),
			filing.DocumentBusinessLicense, filing.PageFront,
			map[filing.FieldName]string{filing.FieldUnit: "虚构市青禾茶业有限公司样本分公司", filing.FieldEstablished: "2005-03-07"},
		},
		{
			"a licence with the label of its code beside it, and two labels lost",
			page(tall(350, 5, "营业执照"), at(250, 80, "统一社会信用代码91990411MAU8H5FM09"), at(60, 150, "名"), at(200, 150, "虚构市青禾茶业有限公司"),
				at(60, 200, "类型"), at(200, 200, "有限责任公司（自然人独资）"), at(200, 250, "样本省虚构市青禾区想象路1号2层"), at(200, 290, "101室"),
				at(60, 340, "法定代表人"), at(260, 340, "苏知远"), at(60, 390, "注册资本"), at(220, 390, "壹佰万元整"), at(60, 440, "成立日期"),
				at(220, 440, "2005年3月7日"), at(60, 490, "经营范围"), at(220, 490, "茶叶种植与初加工；茶具销售。")),
			filing.DocumentBusinessLicense, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldUnit: "虚构市青禾茶业有限公司", filing.FieldCreditCode: "91990411MAU8H5FM09", filing.FieldLegalRepresentative: "苏知远",
				filing.FieldAddress: "样本省虚构市青禾区想象路1号2层101室", filing.FieldEstablished: "2005-03-07",
			},
		},
		{
			"a sheet of facts that were verified",
			page(tall(250, 5, "网站备案信息核验单"), at(40, 100, "主办单位名称"), at(300, 100, "虚构市青禾茶业有限公司"), at(40, 150, "证件号码"),
				at(300, 150, "91990411MAU8H5FM09"), at(40, 200, "住所"), at(300, 200, "样本市示例区清溪巷2号"), at(40, 250, "负责人姓名"),
				at(300, 250, "林青禾"), at(40, 300, "负责人证件"), at(300, 300, "990411197708016342"), at(40, 350, "核验人"), at(600, 450, "2020年11月2日")),
			filing.DocumentLetter, filing.PageFront,
			map[filing.FieldName]string{
				filing.FieldTitle: "网站备案信息核验单", filing.FieldUnit: "虚构市青禾茶业有限公司", filing.FieldSigned: "2020-11-02",
			},
		},
		{
			"a shop's front", page(at(100, 100, "青禾茶业"), at(300, 200, "欢迎光临"), at(100, 300, "TEA")),
			filing.DocumentUnknown, "", map[filing.FieldName]string{},
		},
		{"nothing", page(), filing.DocumentUnknown, "", map[filing.FieldName]string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := document.Recognize(c.reading)
			if got.Kind.Detected != c.kind || got.Kind.Page != c.page || c.kind != filing.DocumentUnknown && got.Kind.Confidence < c.sure() {
				t.Errorf("it is taken for %+v", got.Kind)
			}
			for name, value := range c.want {
				if f, _ := got.Field(name); f.Value != value {
					t.Errorf("%s is %q, not %q", name, f.Value, value)
				}
			}
			if diff := cmp.Diff(got, document.Recognize(c.reading)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFieldSaysWhereItStandsAndThatItWasRepaired(t *testing.T) {
	t.Parallel()
	number := at(60, 560, "公民身份号码990411197708816342")
	number.Glyphs[18].Confidence = 0.6 // the second 8 of 88, which is a 0
	got := document.Recognize(page(at(60, 60, "姓名林青禾"), at(60, 140, "性别女"), at(60, 220, "出生1977年8月1日"), number))
	f, ok := got.Field(filing.FieldNumber)
	if !ok || f.Value != "990411197708016342" || !f.Repaired || f.Text != "990411197708816342" {
		t.Errorf("%+v", f)
	}
	// Six characters of 24, evenly spread in this reading.
	if w := number.Quad[1][0] - number.Quad[0][0]; len(f.Quads) != 1 || f.Quads[0][0][0] != number.Quad[0][0]+w/4 || f.Quads[0][1] != number.Quad[1] {
		t.Errorf("%v of %v", f.Quads, number.Quad)
	}
	number.Glyphs[18].Confidence = 0.99
	got = document.Recognize(page(at(60, 60, "姓名林青禾"), at(60, 140, "性别女"), at(60, 220, "出生1977年8月1日"), number))
	if f, _ := got.Field(filing.FieldNumber); f.Value != "990411197708816342" || f.Repaired {
		t.Errorf("nothing was in doubt: %+v", f)
	}
}

func FuzzRecognize(f *testing.F) {
	f.Add("姓名林青禾\n公民身份号码990411197708016342", 10.0, 30.0)
	f.Add("营业执照\n统一社会信用代码\n91990411MAU8H5FM09", 0.0, 0.0)
	f.Add("域名证书\n域名\nyunxi-soft.invalid", -1.0, 1e300)
	f.Add("\xff\n名\n称", 3.0, -2.0)
	f.Fuzz(func(t *testing.T, text string, x, y float64) {
		var lines []filing.Line
		for i, l := range strings.Split(text, "\n") {
			lines = append(lines, at(x*float64(i%3), y*float64(i), l))
		}
		if len(lines) > 40 {
			lines = lines[:40]
		}
		got := document.Recognize(page(lines...))
		if !(got.Kind.Confidence >= 0 && got.Kind.Confidence <= 1) {
			t.Errorf("%+v", got.Kind)
		}
	})
}
