package document_test

import (
	"testing"

	"github.com/preflight-icp/preflight/checks/document"
	"github.com/preflight-icp/preflight/filing"
)

// tall is a line of a page of 1000 x 630 that is set larger.
func tall(x, y float64, text string) filing.Line {
	w := 50 * float64(len([]rune(text)))
	return line(text, [4]filing.Point{{x, y}, {x + w, y}, {x + w, y + 50}, {x, y + 50}})
}

func TestALetterSpeaksForTheUnitThatItsHeadSignatureAndSentencesShare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		reading filing.Reading
		unit    string
	}{
		{
			"head and signature, the office that it is written to apart",
			page(tall(200, 10, "虚构市青禾茶业有限公司"), tall(200, 90, "关于网站备案有关情况的说明"), at(60, 170, "虚构市样本服务中心："),
				at(100, 220, "一、网站内容为茶叶介绍。"), at(600, 400, "虚构市青禾茶业有限公司")),
			"虚构市青禾茶业有限公司",
		},
		{
			"a certificate that says where somebody works",
			page(tall(400, 10, "证明"), at(100, 120, "兹证明林青禾系虚构市云溪软件有限公司在职员工。"), at(100, 170, "特此证明。")),
			"虚构市云溪软件有限公司",
		},
		{
			"a pledge that names who makes it",
			page(tall(200, 10, "网站真实性承诺书"), at(100, 120, "承诺单位：虚构市白鹭图书有限公司"), at(100, 170, "本单位郑重承诺：资料真实有效。")),
			"虚构市白鹭图书有限公司",
		},
		{
			"a form whose name stands behind a note on the seal",
			page(tall(200, 10, "网站真实性承诺书"), at(100, 120, "承诺单位（盖章）：虚构市白鹭图书有限公司"), at(100, 170, "本单位郑重承诺：资料真实有效。")),
			"虚构市白鹭图书有限公司",
		},
		{
			"a pledge in numbered points",
			page(tall(200, 10, "网站真实性承诺书"), at(100, 120, "1. 承诺单位：虚构市白鹭图书有限公司"), at(100, 170, "2. 本单位郑重承诺：资料真实有效。")),
			"虚构市白鹭图书有限公司",
		},
		{
			"one slip in the signature, two sentences against it",
			page(tall(400, 10, "情况说明"), at(100, 120, "虚构市望星园艺有限公司成立于2005年3月7日，"), at(100, 170, "特此说明。"),
				at(600, 330, "虚构市望星园芝有限公司"), at(600, 400, "虚构市望星园艺有限公司")),
			"虚构市望星园艺有限公司",
		},
		{"nobody", page(tall(400, 10, "情况说明"), at(100, 120, "以上情况属实，特此说明。")), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := document.Recognize(c.reading)
			if got.Kind.Detected != filing.DocumentLetter {
				t.Fatalf("it is taken for %+v", got.Kind)
			}
			if f, _ := got.Field(filing.FieldUnit); f.Value != c.unit {
				t.Errorf("the unit is %q, not %q", f.Value, c.unit)
			}
		})
	}
}

func TestALetterSaysWhetherItIsSignedAndSealed(t *testing.T) {
	t.Parallel()
	letter := func(lines ...filing.Line) filing.Reading {
		return page(append([]filing.Line{
			tall(200, 10, "主体负责人授权书"), at(100, 120, "本单位虚构市青禾茶业有限公司，现授权林青禾办理备案。"), at(100, 170, "特此授权。"),
		}, lines...)...)
	}
	sealed := letter(at(100, 300, "法定代表人（签字）："), at(420, 300, "苏知远"))
	sealed.Seals = []filing.Seal{{Quad: [4]filing.Point{{700, 300}, {900, 300}, {900, 500}, {700, 500}}, Round: 0.9}}
	for _, c := range []struct {
		name            string
		reading         filing.Reading
		signature, seal string
	}{
		{"both", sealed, filing.Present, filing.Present},
		{"the place for the name is empty", letter(at(100, 300, "法定代表人（签字）：")), filing.NotSeen, filing.NotSeen},
		{"the name was read with its label", letter(at(100, 300, "法定代表人（签字）：苏知远")), filing.Present, filing.NotSeen},
		{"it asks for none", letter(), "", filing.NotSeen},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := document.Recognize(c.reading)
			for name, want := range map[filing.FieldName]string{filing.FieldSignature: c.signature, filing.FieldSeal: c.seal} {
				if f, _ := got.Field(name); f.Value != want {
					t.Errorf("%s is %q, not %q", name, f.Value, want)
				}
			}
		})
	}
}

func TestADateUnderASealIsNotSure(t *testing.T) {
	t.Parallel()
	letter := page(tall(400, 10, "情况说明"), at(100, 170, "特此说明。"), at(600, 400, "2020年11月2日"))
	if f, _ := document.Recognize(letter).Field(filing.FieldSigned); f.Value != "2020-11-02" || f.Confidence < 0.9 {
		t.Errorf("%+v", f)
	}
	letter.Seals = []filing.Seal{{Quad: [4]filing.Point{{700, 300}, {900, 300}, {900, 500}, {700, 500}}, Round: 0.9}}
	if f, _ := document.Recognize(letter).Field(filing.FieldSigned); f.Value != "2020-11-02" || f.Confidence >= 0.9 {
		t.Errorf("%+v", f)
	}
}

// passport is the page of one, with the second line of its zone.
func passport(number, zone string) filing.Reading {
	return page(at(60, 20, "护照PASSPORT"), at(360, 100, "姓名Name"), at(700, 100, "护照号Passport No."), at(360, 145, "林青禾"),
		at(700, 145, number), at(700, 200, "出生日期Date of birth"), at(700, 245, "1977-08-01"), at(700, 300, "有效期至Date of expiry"),
		at(700, 345, "2029-01-01"), at(20, 530, "P<XXXSPECIMEN<<SPECIMEN<<<<<<<<<<<<<<<<<<<<<"), at(20, 580, zone))
}

func TestTheMachineReadableZoneOfAPassportProvesItsNumberAndDates(t *testing.T) {
	t.Parallel()
	// ICAO Doc 9303-4, appendix A: the specimen of Utopia, its number, birth and expiry.
	const utopia = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
	for _, c := range []struct {
		name, printed, zone string
		want                map[filing.FieldName]string
		repaired            bool
	}{
		{"the print agrees", "L898902C3", utopia, map[filing.FieldName]string{
			filing.FieldNumber: "L898902C3", filing.FieldBirth: "1974-08-12", filing.FieldValidUntil: "2012-04-15", filing.FieldSex: "女",
		}, false},
		{"the print was misread", "L898802C3", utopia, map[filing.FieldName]string{filing.FieldNumber: "L898902C3"}, true},
		{"fillers lost and digits seen as letters", "L898902C3", "L8989O2C36UTO74O8122F12O4159ZE184226B<<<10", map[filing.FieldName]string{
			filing.FieldBirth: "1974-08-12", filing.FieldValidUntil: "2012-04-15",
		}, false},
		{"a check digit is wrong: it proves nothing", "S99197708", "S991977080XXX7708010F2901010<<<<<<<<<<<<<<00", map[filing.FieldName]string{
			filing.FieldNumber: "S99197708", filing.FieldBirth: "1977-08-01", filing.FieldValidUntil: "2029-01-01",
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := document.Recognize(passport(c.printed, c.zone))
			if got.Kind.Detected != filing.DocumentPassport {
				t.Fatalf("it is taken for %+v", got.Kind)
			}
			for name, want := range c.want {
				if f, _ := got.Field(name); f.Value != want {
					t.Errorf("%s is %q, not %q", name, f.Value, want)
				}
			}
			if f, _ := got.Field(filing.FieldNumber); f.Repaired != c.repaired {
				t.Errorf("%+v", f)
			}
		})
	}
}
