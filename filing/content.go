package filing

// DocumentKind is what a document is, as kind.detected of the contract has it (证件种类).
type DocumentKind string

// The kinds of documents. DocumentLetter is any other letter or certificate, told apart by its title; DocumentTravelPermit holds the
// permits and passes of residents of Hong Kong, Macau and Taiwan, those of residence too.
const (
	DocumentIDCard              DocumentKind = "id_card"              // 居民身份证
	DocumentResidencePermit     DocumentKind = "residence_permit"     // 居住证、暂住证
	DocumentTravelPermit        DocumentKind = "travel_permit"        // 港澳台居民通行证、居住证
	DocumentPassport            DocumentKind = "passport"             // 护照
	DocumentBusinessLicense     DocumentKind = "business_license"     // 营业执照
	DocumentAuthorizationLetter DocumentKind = "authorization_letter" // 授权书
	DocumentDomainCertificate   DocumentKind = "domain_certificate"   // 域名证书
	DocumentHandheld            DocumentKind = "handheld"             // 手持证件照片
	DocumentLetter              DocumentKind = "letter"               // 其他证明、函件、证书
	DocumentComposite           DocumentKind = "composite"            // 拼接图
	DocumentUnknown             DocumentKind = "unknown"              // 未识别
)

// Content is what a document is and what it says, as far as its text tells (证件内容). It holds no judgement.
type Content struct {
	Kind DetectedKind `json:"kind"`
	// Fields are in the order of their kind; what was not found is absent.
	Fields []Field `json:"fields,omitempty"`
	// Parts are what each part of a stitched picture shows and says, in the order of Measurements.Parts; Kind is then
	// DocumentComposite, and Fields is empty.
	Parts []Content `json:"parts,omitempty"`
}

// DetectedKind is what a document was taken for.
type DetectedKind struct {
	Detected DocumentKind `json:"detected"`
	// Page is the side; absent for DocumentUnknown, and for DocumentComposite, which may show both.
	Page Page `json:"page,omitempty"`
	// Confidence is how far this kind and side are ahead of all others, 0 to 1.
	Confidence float64 `json:"confidence"`
}

// FieldName is the name of a field, as text of the contract has it (字段).
type FieldName string

// The fields. Dates are ISO 8601 or long_term.
const (
	FieldTitle               FieldName = "title"                // 标题
	FieldPerson              FieldName = "name"                 // 姓名
	FieldSex                 FieldName = "sex"                  // 性别: 男 or 女
	FieldNation              FieldName = "nation"               // 民族
	FieldBirth               FieldName = "birth_date"           // 出生日期
	FieldAddress             FieldName = "address"              // 住址、住所
	FieldNumber              FieldName = "number"               // 证件号码
	FieldIssuer              FieldName = "issuer"               // 签发机关、登记机关
	FieldValidFrom           FieldName = "valid_from"           // 有效期起始
	FieldValidUntil          FieldName = "valid_until"          // 有效期截止
	FieldCreditCode          FieldName = "credit_code"          // 统一社会信用代码
	FieldUnit                FieldName = "unit"                 // 单位名称
	FieldType                FieldName = "type"                 // 类型
	FieldLegalRepresentative FieldName = "legal_representative" // 法定代表人
	FieldCapital             FieldName = "capital"              // 注册资本
	FieldEstablished         FieldName = "established"          // 成立日期
	FieldScope               FieldName = "scope"                // 经营范围
	FieldDomain              FieldName = "domain"               // 域名
	FieldHolder              FieldName = "holder"               // 域名持有者
	FieldRegistrar           FieldName = "registrar"            // 注册服务机构
	FieldRegistered          FieldName = "registered"           // 注册日期
	FieldExpires             FieldName = "expires"              // 到期日期
	FieldAuthorized          FieldName = "authorized"           // 被授权人
	FieldSigned              FieldName = "signed"               // 签署日期
	FieldSignature           FieldName = "signature"            // 签字: Present or NotSeen
	FieldSeal                FieldName = "seal"                 // 印章: Present or NotSeen
)

// Values of FieldSignature and FieldSeal. NotSeen is no proof that there is none: a seal on a grey copy has no colour, and not every
// hand can be read.
const (
	Present = "present"
	NotSeen = "not_seen"
)

// FieldNames lists the fields in the order in which people are shown them.
func FieldNames() []FieldName {
	return []FieldName{
		FieldTitle, FieldPerson, FieldSex, FieldNation, FieldBirth, FieldUnit, FieldCreditCode, FieldType, FieldLegalRepresentative, FieldNumber,
		FieldAddress, FieldIssuer, FieldValidFrom, FieldValidUntil, FieldCapital, FieldEstablished, FieldScope, FieldDomain, FieldHolder,
		FieldRegistrar, FieldRegistered, FieldExpires, FieldAuthorized, FieldSigned, FieldSignature, FieldSeal,
	}
}

// Field is a field of a document as it was read.
type Field struct {
	Name FieldName `json:"name"`
	// Text is what stands there, as it was read; Value the same brought to the form of its type: a date, a number without spaces.
	// Value is "" where the text has none.
	Text  string `json:"text"`
	Value string `json:"value,omitempty"`
	// Quads are where it stands, a quadrilateral for each of its lines, in pixels of the upright picture.
	Quads [][4]Point `json:"quads,omitempty"`
	// Confidence is the mean of the confidences of its characters, 0 to 1.
	Confidence float64 `json:"confidence"`
	// Repaired: a doubtful character was put right by the number's check character.
	Repaired bool `json:"repaired,omitempty"`
}

// Text is what stands in the fields: in the form of their types where they have it, as it was read otherwise; nil where there is none.
func (c Content) Text() map[FieldName]string {
	if len(c.Fields) == 0 {
		return nil
	}
	text := make(map[FieldName]string, len(c.Fields))
	for _, f := range c.Fields {
		if text[f.Name] = f.Value; f.Value == "" {
			text[f.Name] = f.Text
		}
	}
	return text
}

// Field returns a field by its name; false where the document has none.
func (c Content) Field(name FieldName) (Field, bool) {
	for _, f := range c.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}
