package document_test

import (
	"testing"

	"github.com/preflight-icp/preflight/checks/document"
	"github.com/preflight-icp/preflight/filing"
)

func front(x, y float64, name, number string) []filing.Line {
	return []filing.Line{
		at(x, y, "姓名"+name), at(x, y+50, "性别女民族汉"), at(x, y+100, "出生1977年8月1日"), at(x, y+150, "住址样本省虚构市1号"),
		at(x, y+220, "公民身份号码"+number),
	}
}

func back(x, y float64) []filing.Line {
	return []filing.Line{
		tall(x, y, "居民身份证"), at(x, y+100, "签发机关虚构市公安局"), at(x, y+150, "有效期限2019.01.02-2039.01.02"),
	}
}

func TestSeveralDocumentsInOnePictureAreAComposite(t *testing.T) {
	t.Parallel()
	letter := []filing.Line{
		tall(200, 10, "主体负责人授权书"), at(100, 120, "本单位虚构市青禾茶业有限公司（统一社会信用代码："),
		at(100, 150, "91990411MAU8H5FM09），现授权林青禾办理备案。"), at(100, 200, "附件："), at(100, 240, "营业执照"), at(100, 280, "居民身份证"),
	}
	for _, c := range []struct {
		name  string
		lines []filing.Line
		kind  filing.DocumentKind
	}{
		{"both sides of a card", append(front(40, 20, "林青禾", "990411197708016342"), back(40, 400)...), filing.DocumentComposite},
		{
			"the fronts of two cards",
			append(front(40, 20, "林青禾", "990411197708016342"), front(540, 20, "苏知远", "990102199310053959")...), filing.DocumentComposite,
		},
		{"a letter that lists what goes with it is a letter", letter, filing.DocumentAuthorizationLetter},
		{"the front alone", front(40, 20, "林青禾", "990411197708016342"), filing.DocumentIDCard},
		{"the back alone", back(40, 20), filing.DocumentIDCard},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := document.Recognize(page(c.lines...))
			if got.Kind.Detected != c.kind || got.Kind.Confidence < 0.8 {
				t.Errorf("it is taken for %+v", got.Kind)
			}
		})
	}
	both := document.Recognize(page(append(front(40, 20, "林青禾", "990411197708016342"), back(40, 400)...)...))
	for name, want := range map[filing.FieldName]string{filing.FieldNumber: "990411197708016342", filing.FieldValidUntil: "2039-01-02"} {
		if f, _ := both.Field(name); f.Value != want {
			t.Errorf("%s is %q, not %q", name, f.Value, want)
		}
	}
}

func TestAFaceTooLargeToBeAPortraitIsAPersonWhoHoldsTheDocument(t *testing.T) {
	t.Parallel()
	reading := page(front(300, 300, "林青禾", "990411197708016342")...)
	card := &filing.Document{Quad: [4]filing.Point{{280, 280}, {900, 280}, {900, 670}, {280, 670}}, Confidence: 0.95}
	face := func(size float64, on bool) filing.Face {
		return filing.Face{Box: [4]float64{100, 0, 0.8 * size, size}, Confidence: 0.99, InDocument: on}
	}
	for _, c := range []struct {
		name     string
		measured *filing.Measurements
		kind     filing.DocumentKind
	}{
		{"a head beside the card", &filing.Measurements{Document: card, Faces: []filing.Face{face(600, false), face(180, true)}}, filing.DocumentHandheld},
		{"a head, the card not located", &filing.Measurements{Faces: []filing.Face{face(600, false)}}, filing.DocumentHandheld},
		{"the portrait on the card", &filing.Measurements{Document: card, Faces: []filing.Face{face(180, true)}}, filing.DocumentIDCard},
		{"the portrait, the card not located", &filing.Measurements{Faces: []filing.Face{face(180, false)}}, filing.DocumentIDCard},
		{"nobody", &filing.Measurements{Document: card}, filing.DocumentIDCard},
		{"nothing was measured", nil, filing.DocumentIDCard},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := document.InPhoto(reading, c.measured)
			if got.Kind.Detected != c.kind || got.Kind.Page != filing.PageFront || got.Kind.Confidence < 0.8 {
				t.Errorf("it is taken for %+v", got.Kind)
			}
			if f, _ := got.Field(filing.FieldNumber); f.Value != "990411197708016342" {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestAMarkLaidAcrossAPageIsNoPartOfIt(t *testing.T) {
	t.Parallel()
	mark := line("仅供备案使用", [4]filing.Point{{300, 300}, {700, 100}, {720, 140}, {320, 340}})
	wide := line("MEN", [4]filing.Point{{640, 150}, {980, 150}, {980, 190}, {640, 190}})
	got := document.Recognize(page(tall(300, 10, "域名证书"), at(100, 150, "域名DomainName"), at(400, 150, "qinghe.example"), wide, mark,
		at(100, 250, "到期日期Expiration Date"), at(600, 250, "2033年6月25日")))
	for name, want := range map[filing.FieldName]string{filing.FieldDomain: "qinghe.example", filing.FieldExpires: "2033-06-25"} {
		if f, _ := got.Field(name); f.Value != want {
			t.Errorf("%s is %q, not %q", name, f.Value, want)
		}
	}
}
