package checks

import (
	"slices"
	"sync"

	recognized "github.com/preflight-icp/preflight/checks/document"
)

// titleWords are words in the titles of the letters and certificates that a material is (资料的标题用词).
type titleWords struct {
	// of are those by which a title that nobody declared is told to be the material's. One title may be that of several.
	of []string
	// also are further words, one of which is enough where the file was declared as the material: people name their letters in many
	// ways. Where there are none, any title will do.
	also []string
}

// titles are the words by material, in the one place where matching and reading take them from.
var titles = sync.OnceValue(func() map[string]titleWords {
	return map[string]titleWords{
		"applicant_document":            {of: recognized.UnitCertificates()},
		"property_certificate":          {of: []string{"不动产权", "房屋所有权", "房地产权", "房产证"}},
		"student_card":                  {of: []string{"学生证"}, also: []string{"学生"}},
		"social_insurance_proof":        {of: []string{"社保证明", "社会保险"}, also: []string{"社会保险", "社保", "参保", "缴费"}},
		"tax_record":                    {of: []string{"纳税", "缴税", "完税"}, also: []string{"税"}},
		"employment_proof":              {of: []string{"就业证明", "在职证明"}, also: []string{"证明", "合同"}},
		"income_proof":                  {of: []string{"收入证明"}, also: []string{"收入"}},
		"work_proof":                    {of: []string{"工作证明"}, also: []string{"证明", "合同"}},
		"business_statement":            {of: []string{"经营性说明"}},
		"establishment_proof":           {of: []string{"编办证明", "机构编制"}},
		"name_change_proof":             {of: []string{"变更证明", "变更登记通知书", "变更核准通知书", "名称变更"}, also: []string{"变更", "核准", "证明", "函"}},
		"number_change_proof":           {of: []string{"变更证明", "号码变更"}, also: []string{"变更", "核准", "证明", "函"}},
		"party_government_confirmation": {of: []string{"确认函"}, also: []string{"确认"}},
		"domain_holder_proof":           {of: []string{"域名注册人", "域名持有人", "域名所有人", "注册人的证明", "域名情况说明"}},
		"articles_of_association":       {of: []string{"章程"}, also: []string{"章程"}},
		"appointment_letter":            {of: []string{"聘书", "聘任书"}, also: []string{"聘"}},
		"labor_contract":                {of: []string{"合同"}, also: []string{"合同"}},
		"website_plan":                  {of: []string{"方案书", "网站建设说明"}, also: []string{"方案", "规划"}},
		"provider_guarantee":            {of: []string{"保证书"}, also: []string{"承诺", "保证"}},
		"commitment_letter":             {of: []string{"承诺书"}, also: []string{"承诺", "保证"}},
		"beijing_confirmation":          {of: []string{"备案确认书"}, also: []string{"确认"}},
		"verification_sheet":            {of: []string{"核验单"}, also: []string{"核验单"}},
		"news_license":                  {of: []string{"新闻信息服务许可证"}},
		"publishing_license":            {of: []string{"出版许可证"}},
		"drug_information_certificate":  {of: []string{"药品信息服务资格证书"}},
		"drug_business_license":         {of: []string{"药品经营许可证"}},
		"device_business_license":       {of: []string{"医疗器械经营"}},
		"culture_license":               {of: []string{"网络文化经营许可证"}},
		"audiovisual_license":           {of: []string{"视听节目许可证"}},
		"ride_hailing_license":          {of: []string{"网络预约出租汽车"}},
		"preapproval_statement":         {of: []string{"说明书", "情况说明"}},
		"civil_affairs_registration":    {of: []string{"基金会法人登记证书"}},
		"non_finance_pledge":            {of: []string{"保证书"}, also: []string{"承诺", "保证"}},
		"principal_authorization":       {of: []string{"授权"}},
		"gansu_principal_authorization": {of: []string{"授权"}},
		"site_manager_authorization":    {of: []string{"授权"}},
		"finance_regulator_statement":   {of: []string{"认定说明"}},
		"chemical_drug_approval":        {of: []string{"化学药品"}},
		"game_approval":                 {of: []string{"网络游戏", "出版物号"}},
		"religion_approval":             {of: []string{"宗教"}},
	}
})

// acceptedTitles are words one of which the title bears of a letter that was declared as the material; nil where any title will do.
func acceptedTitles(material string) []string {
	t := titles()[material]
	if t.also == nil {
		return nil
	}
	return slices.Concat(t.also, t.of)
}
