package filing

// Fact is a fact of the vocabulary (备案事实), numbered in the vocabulary's order.
type Fact uint8

// The facts of the vocabulary, in its order; each comment is the fact's Chinese name there.
const (
	FactProvince                           Fact = iota // 备案省份（管局）
	FactAction                                         // 备案类型（新增、接入、变更）
	FactFirstFiling                                    // 首次备案
	FactAsOf                                           // 判断日期
	FactApplicantType                                  // 企业用户（单位）／个人用户
	FactApplicantOrganization                          // 单位性质（企业、个体工商户、事业单位、政府机关、社会团体、基金会）
	FactApplicantName                                  // 主办单位名称／主办人姓名
	FactApplicantBusinessScope                         // 经营范围
	FactApplicantMailingAddress                        // 通信地址
	FactApplicantDocument                              // 主办单位证件（营业执照、组织机构代码证、其他）
	FactApplicantDocumentValidUntil                    // 主办单位证件有效期
	FactApplicantLicenseForm                           // 营业执照正本／副本
	FactApplicantDocumentCurrent                       // 最新核准证件；已更换统一社会信用代码的为新证
	FactApplicantDocumentUnified                       // 三证合一证件
	FactApplicantLegalRepresentativeOrigin             // 法定代表人身份
	FactApplicantClusterAddress                        // 集群地址（前海合作区／非前海合作区）
	FactApplicantCommercialWording                     // 含有经营性字样
	FactApplicantCommercialLicenseWaived               // 办理经营性ICP许可证时被告知无需办理
	FactApplicantChangeProofAvailable                  // 变更前后有关联、能提供变更证明
	FactPrincipalIsLegalRepresentative                 // 主体负责人是否法定代表人
	FactPrincipalOrigin                                // 身份（中国内地、港澳、台湾居民，非中国内地居民／外籍）
	FactPrincipalDocument                              // 证件类型
	FactPrincipalDocumentProvince                      // 证件住所（身份证户籍地）
	FactPrincipalDocumentValidUntil                    // 证件有效期
	FactPrincipalBirthDate                             // 出生日期
	FactPrincipalPhoneProvince                         // 手机号码归属地
	FactPrincipalInOtherFilings                        // 证件号码出现在多个单位或个人的备案信息中
	FactSiteManagerSameAsPrincipal                     // 网站负责人与主体负责人为同一人
	FactSiteManagerPhoneSameAsPrincipal                // 不同负责人使用相同手机号码
	FactSiteManagerIsLegalRepresentative               // 网站负责人是否法定代表人
	FactSiteManagerOrigin                              // 身份
	FactSiteManagerDocument                            // 证件类型
	FactSiteManagerDocumentProvince                    // 证件住所
	FactSiteManagerDocumentValidUntil                  // 证件有效期
	FactSiteManagerBirthDate                           // 出生日期
	FactSiteManagerPhoneProvince                       // 手机号码归属地
	FactSiteManagerInOtherFilings                      // 出现在不同的备案主体里
	FactSiteName                                       // 网站名称
	FactSiteNameMatchesPage                            // 网站名称与报备的名称一致
	FactSiteBusinessContent                            // 网站内容涉及企业、行业等信息或商城
	FactPreapprovalCategory                            // 前置审批类型
	FactPreapprovalExempt                              // 批复单位告知无需办理
	FactPreapprovalUnrelated                           // 网站内容确实和金融活动无关
	FactDomainName                                     // 域名
	FactDomainHolder                                   // 域名持有者（主办单位／本人、法定代表人、股东、主要负责人或高级管理人员、其他）
	FactDomainHolderInfoMatches                        // 实名认证信息与备案主体信息一致
	FactDomainRegisteredOn                             // 注册日期
	FactDomainExpires                                  // 域名到期日期
	FactDomainRealNameVerified                         // 已完成实名认证
	FactDomainVerifiedOn                               // 实名认证完成日期
	FactDomainSuffixApproved                           // 域名后缀已获工信部批复
	FactDomainRegistrarApproved                        // 域名注册商已获工信部批复
	FactDomainRegisteredOverseas                       // 境外注册（国际域名注册商）
	FactDomainPrivacyProtected                         // 设置了隐私保护
	FactDomainNewInOrder                               // 本次订单内新增域名
	FactDomainFiled                                    // 已备案成功
	FactTotalsPrefixes                                 // 备案主体下前缀不一致的域名数量（含已备案及本次提交）
	FactTotalsSites                                    // 主体下网站数量
	FactChangeNameChanged                              // 单位名称发生变更
	FactChangeNumberChanged                            // 证件号码变更
	FactChangeTarget                                   // 变更为其他个人／单位
	FactRecordNameMatches                              // 主办单位名称与原备案信息一致
	FactRecordNumberMatches                            // 证件号码与原备案信息一致
	FactRecordPrincipalMatches                         // 主体负责人与原备案信息一致
	FactRecordSiteManagerMatches                       // 网站负责人与原备案信息一致
	FactRecordAddressMatches                           // 证件住所、通信地址与原备案信息一致
	FactRecordHeldByProvider                           // 主体信息在阿里云
	FactRecordIssuedOn                                 // 主体备案号下发日期
	FactRecordSitesReachable                           // 已取得备案号的域名可以访问
	FactRecordNumbersShown                             // 网站下方有与实际一致的备案号
	FactVerificationSheetFull                          // 核验单填写不下
	FactVerificationSheetExpired                       // 核验单过期
	FactUploadMaterial                                 // 资料
	FactUploadFormat                                   // 图片格式
	FactUploadSizeKB                                   // 图片大小

	// FactRemarks is an addition to the vocabulary's facts, which its conventions speak of: the words that satisfy
	// preapproval_remark. It is parsed and printed; no rule depends on it, so it is never asked for.
	FactRemarks // 备注

	// NumFacts is how many facts there are, the addition included.
	NumFacts
)

var (
	valuesAction       = []string{"new", "access", "change"}
	valuesType         = []string{"enterprise", "individual"}
	valuesOrganization = []string{"company", "individual_business", "institution", "government", "social_organization", "foundation",
		"other"}
	valuesUnitDocument   = []string{"business_license", "organization_code", "other"}
	valuesLicenseForm    = []string{"original", "duplicate"}
	valuesOrigin         = []string{"mainland", "hong_kong_macau", "taiwan", "foreign"}
	valuesClusterAddress = []string{"none", "qianhai", "other"}
	valuesPersonDocument = []string{"id_card", "temporary_id_card", "hk_macau_residence_permit", "hk_macau_travel_permit", "taiwan_residence_permit",
		"taiwan_travel_permit", "passport", "other"}
	valuesHolder       = []string{"applicant", "legal_representative", "shareholder", "officer", "other"}
	valuesChangeTarget = []string{"none", "individual", "enterprise"}
	provinceCodes      = []string{
		"BJ", "TJ", "HE", "SX", "NM", "LN", "JL", "HL", "SH", "JS", "ZJ", "AH", "FJ", "JX", "SD", "HA", "HB", "HN", "GD",
		"GX", "HI", "CQ", "SC", "GZ", "YN", "XZ", "SN", "GS", "QH", "NX", "XJ",
	}
	preapprovalCategories = []string{
		"news", "publishing", "drugs_devices", "culture", "broadcasting", "education", "healthcare", "ride_hailing",
		"electronic_bulletin", "finance", "games", "religion",
	}
	materialCodes = []string{
		"applicant_document", "principal_id", "site_manager_id", "principal_authorization",
		"gansu_principal_authorization", "site_manager_authorization", "legal_representative_id",
		"handheld_unit_document", "handheld_personal_document", "residence_permit", "property_certificate",
		"student_card", "social_insurance_proof", "tax_record", "employment_proof", "income_proof", "guardian_id",
		"work_proof", "business_statement", "establishment_proof", "name_change_proof", "number_change_proof",
		"party_government_confirmation", "domain_certificate", "domain_holder_proof", "domain_holder_id",
		"articles_of_association", "appointment_letter", "labor_contract", "website_plan", "provider_guarantee",
		"commitment_letter", "beijing_confirmation", "verification_sheet", "news_license", "publishing_license",
		"drug_information_certificate", "chemical_drug_approval", "drug_business_license", "device_business_license",
		"culture_license", "audiovisual_license", "ride_hailing_license", "finance_approval", "game_approval",
		"religion_approval", "preapproval_remark", "preapproval_statement", "civil_affairs_registration",
		"non_finance_pledge", "finance_regulator_statement",
	}
)

// factTable says where each fact stands and what it may be. A test holds it together with the vocabulary.
var factTable = [NumFacts]factSpec{
	FactProvince:                           {path: "province", kind: KindProvince, values: provinceCodes},
	FactAction:                             {path: "action", kind: KindEnum, values: valuesAction},
	FactFirstFiling:                        {path: "first_filing", kind: KindBool},
	FactAsOf:                               {path: "as_of", kind: KindDate},
	FactApplicantType:                      {path: "applicant.type", kind: KindEnum, values: valuesType},
	FactApplicantOrganization:              {path: "applicant.organization", kind: KindEnum, values: valuesOrganization},
	FactApplicantName:                      {path: "applicant.name", kind: KindText},
	FactApplicantBusinessScope:             {path: "applicant.business_scope", kind: KindText},
	FactApplicantMailingAddress:            {path: "applicant.mailing_address", kind: KindText},
	FactApplicantDocument:                  {path: "applicant.document", kind: KindEnum, values: valuesUnitDocument},
	FactApplicantDocumentValidUntil:        {path: "applicant.document_valid_until", kind: KindDateOrLongTerm},
	FactApplicantLicenseForm:               {path: "applicant.license_form", kind: KindEnum, values: valuesLicenseForm},
	FactApplicantDocumentCurrent:           {path: "applicant.document_current", kind: KindBool},
	FactApplicantDocumentUnified:           {path: "applicant.document_unified", kind: KindBool},
	FactApplicantLegalRepresentativeOrigin: {path: "applicant.legal_representative_origin", kind: KindEnum, values: valuesOrigin},
	FactApplicantClusterAddress:            {path: "applicant.cluster_address", kind: KindEnum, values: valuesClusterAddress},
	FactApplicantCommercialWording:         {path: "applicant.commercial_wording", kind: KindBool},
	FactApplicantCommercialLicenseWaived:   {path: "applicant.commercial_license_waived", kind: KindBool},
	FactApplicantChangeProofAvailable:      {path: "applicant.change_proof_available", kind: KindBool},
	FactPrincipalIsLegalRepresentative:     {path: "principal.is_legal_representative", kind: KindBool},
	FactPrincipalOrigin:                    {path: "principal.origin", kind: KindEnum, values: valuesOrigin},
	FactPrincipalDocument:                  {path: "principal.document", kind: KindEnum, values: valuesPersonDocument},
	FactPrincipalDocumentProvince:          {path: "principal.document_province", kind: KindProvince, values: provinceCodes},
	FactPrincipalDocumentValidUntil:        {path: "principal.document_valid_until", kind: KindDateOrLongTerm},
	FactPrincipalBirthDate:                 {path: "principal.birth_date", kind: KindDate},
	FactPrincipalPhoneProvince:             {path: "principal.phone_province", kind: KindProvince, values: provinceCodes},
	FactPrincipalInOtherFilings:            {path: "principal.in_other_filings", kind: KindBool},
	FactSiteManagerSameAsPrincipal:         {path: "site_manager.same_as_principal", kind: KindBool},
	FactSiteManagerPhoneSameAsPrincipal:    {path: "site_manager.phone_same_as_principal", kind: KindBool},
	FactSiteManagerIsLegalRepresentative:   {path: "site_manager.is_legal_representative", kind: KindBool},
	FactSiteManagerOrigin:                  {path: "site_manager.origin", kind: KindEnum, values: valuesOrigin},
	FactSiteManagerDocument:                {path: "site_manager.document", kind: KindEnum, values: valuesPersonDocument},
	FactSiteManagerDocumentProvince:        {path: "site_manager.document_province", kind: KindProvince, values: provinceCodes},
	FactSiteManagerDocumentValidUntil:      {path: "site_manager.document_valid_until", kind: KindDateOrLongTerm},
	FactSiteManagerBirthDate:               {path: "site_manager.birth_date", kind: KindDate},
	FactSiteManagerPhoneProvince:           {path: "site_manager.phone_province", kind: KindProvince, values: provinceCodes},
	FactSiteManagerInOtherFilings:          {path: "site_manager.in_other_filings", kind: KindBool},
	FactSiteName:                           {path: "sites[].name", kind: KindText},
	FactSiteNameMatchesPage:                {path: "sites[].name_matches_page", kind: KindBool},
	FactSiteBusinessContent:                {path: "sites[].business_content", kind: KindBool},
	FactPreapprovalCategory:                {path: "sites[].preapprovals[].category", kind: KindEnum, values: preapprovalCategories},
	FactPreapprovalExempt:                  {path: "sites[].preapprovals[].exempt", kind: KindBool},
	FactPreapprovalUnrelated:               {path: "sites[].preapprovals[].unrelated", kind: KindBool},
	FactDomainName:                         {path: "sites[].domains[].name", kind: KindText},
	FactDomainHolder:                       {path: "sites[].domains[].holder", kind: KindEnum, values: valuesHolder},
	FactDomainHolderInfoMatches:            {path: "sites[].domains[].holder_info_matches", kind: KindBool},
	FactDomainRegisteredOn:                 {path: "sites[].domains[].registered_on", kind: KindDate},
	FactDomainExpires:                      {path: "sites[].domains[].expires", kind: KindDate},
	FactDomainRealNameVerified:             {path: "sites[].domains[].real_name_verified", kind: KindBool},
	FactDomainVerifiedOn:                   {path: "sites[].domains[].verified_on", kind: KindDate},
	FactDomainSuffixApproved:               {path: "sites[].domains[].suffix_approved", kind: KindBool},
	FactDomainRegistrarApproved:            {path: "sites[].domains[].registrar_approved", kind: KindBool},
	FactDomainRegisteredOverseas:           {path: "sites[].domains[].registered_overseas", kind: KindBool},
	FactDomainPrivacyProtected:             {path: "sites[].domains[].privacy_protected", kind: KindBool},
	FactDomainNewInOrder:                   {path: "sites[].domains[].new_in_order", kind: KindBool},
	FactDomainFiled:                        {path: "sites[].domains[].filed", kind: KindBool},
	FactTotalsPrefixes:                     {path: "totals.prefixes", kind: KindInt},
	FactTotalsSites:                        {path: "totals.sites", kind: KindInt},
	FactChangeNameChanged:                  {path: "change.name_changed", kind: KindBool},
	FactChangeNumberChanged:                {path: "change.number_changed", kind: KindBool},
	FactChangeTarget:                       {path: "change.target", kind: KindEnum, values: valuesChangeTarget},
	FactRecordNameMatches:                  {path: "record.name_matches", kind: KindBool},
	FactRecordNumberMatches:                {path: "record.number_matches", kind: KindBool},
	FactRecordPrincipalMatches:             {path: "record.principal_matches", kind: KindBool},
	FactRecordSiteManagerMatches:           {path: "record.site_manager_matches", kind: KindBool},
	FactRecordAddressMatches:               {path: "record.address_matches", kind: KindBool},
	FactRecordHeldByProvider:               {path: "record.held_by_provider", kind: KindBool},
	FactRecordIssuedOn:                     {path: "record.issued_on", kind: KindDate},
	FactRecordSitesReachable:               {path: "record.sites_reachable", kind: KindBool},
	FactRecordNumbersShown:                 {path: "record.numbers_shown", kind: KindBool},
	FactVerificationSheetFull:              {path: "verification_sheet.full", kind: KindBool},
	FactVerificationSheetExpired:           {path: "verification_sheet.expired", kind: KindBool},
	FactUploadMaterial:                     {path: "uploads[].material", kind: KindEnum, values: materialCodes},
	FactUploadFormat:                       {path: "uploads[].format", kind: KindText},
	FactUploadSizeKB:                       {path: "uploads[].size_kb", kind: KindInt},
	FactRemarks:                            {path: "remarks", kind: KindText},
}
