package document_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/checks/document"
	"github.com/preflight-icp/preflight/filing"
)

// TestAnyWordsInAnyPlaceAreRecognizedWithoutHarm lays pieces of documents on pages in any order, size and angle, with seals anywhere.
func TestAnyWordsInAnyPlaceAreRecognizedWithoutHarm(t *testing.T) {
	t.Parallel()
	pieces := strings.Split("姓名|名|称|名称|住|林青禾|性别女民族汉|出生1977年8月1日|公民身份号码|990411197708016342|99041119770801634|居民身份证|签发机关|"+
		"有效期限2019.01.02-长期|营业执照|统一社会信用代码|91990411MAU8H5FM09|虚构市青禾茶业有限公司|有限公司|司|系|兹证明|兹有|本单位|关于|的说明|"+
		"授权委托书|现授权|（|）|：|法定代表人（签字）：|2020年11月2日|年|域名证书|域名DomainName|a.b|..|xn--0zwm56d.test|护照PASSPORT|"+
		"P<XXXSPECIMEN<<SPECIMEN<<<<<<<<<<<<<<<<<<<<<|L898902C36UTO7408122F1204159ZE184226B<<<<<10|<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<|<|"+
		"样本SPECIMEN|\xff\xfe|𠮷|é|  |特此说明。", "|")
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 5))
		var lines []filing.Line
		for range rng.IntN(24) {
			text := ""
			for range 1 + rng.IntN(4) {
				text += pieces[rng.IntN(len(pieces))]
			}
			l := at(rng.Float64()*900, rng.Float64()*600, text)
			for k := range l.Quad {
				l.Quad[k][1] += rng.NormFloat64() * 30 * float64(rng.IntN(2))
			}
			if rng.IntN(5) == 0 {
				l.Glyphs = l.Glyphs[:rng.IntN(len(l.Glyphs)+1)] // a reader that says less
			}
			lines = append(lines, l)
		}
		r := page(lines...)
		if rng.IntN(3) == 0 {
			x, y := rng.Float64()*900, rng.Float64()*600
			r.Seals = []filing.Seal{{Quad: [4]filing.Point{{x, y}, {x + 99, y}, {x + 99, y + 99}, {x, y + 99}}, Round: 1, Text: pieces[rng.IntN(len(pieces))]}}
		}
		m := &filing.Measurements{
			Document: &filing.Document{Quad: r.Page, Confidence: rng.Float64()},
			Faces:    []filing.Face{{Box: [4]float64{0, 0, rng.Float64() * 600, rng.Float64() * 900}, Confidence: rng.Float64()}},
		}
		got := document.InPhoto(r, m)
		if c := got.Kind.Confidence; !(c >= 0 && c <= 1) {
			t.Errorf("%d: %+v", seed, got.Kind)
		}
		names := map[filing.FieldName]bool{}
		for _, f := range got.Fields {
			if !(f.Confidence >= 0 && f.Confidence <= 1) || names[f.Name] {
				t.Errorf("%d: %+v", seed, f)
			}
			names[f.Name] = true
		}
	}
}
