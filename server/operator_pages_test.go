package server_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/preflight-icp/preflight/rules"
)

func TestOperatorsSeeWhatARuleSetChangesBeforeItIsInForce(t *testing.T) {
	t.Parallel()
	older := olderRules(t)
	b := setupWithRules(t, []*rules.Set{older})
	var d struct {
		From, To string
		Clauses  []struct {
			Clause, Change, Province string
			Rules                    []struct{ Before, After *struct{ ZH, EN string } }
		}
	}
	b.call("app", "GET", "/v1/rulesets/"+older.Hash()+"/changes", nil).want(200).into(&d)
	if d.To != older.Hash() || d.From == d.To || len(d.Clauses) == 0 {
		t.Fatalf("%+v", d)
	}
	for _, c := range d.Clauses {
		if c.Province != "SC" || c.Change != "changed" || len(c.Rules) == 0 || c.Rules[0].Before == nil || c.Rules[0].After == nil {
			t.Errorf("%+v", c)
		}
	}
	b.call("app", "GET", "/v1/rulesets/"+older.Hash()+"/changes?from="+older.Hash(), nil).want(200).has(`"clauses":[]`)
	b.call("app", "GET", "/v1/rulesets/sha256:none/changes", nil).problem(404, "not_found")

	page := b.page("operator", "GET", "/rules", nil, "Accept-Language", "zh-CN").want(200).
		has("四川", d.Clauses[0].Clause, "<del>", "<ins>", "启用", "预测对已存备案的影响")
	if strings.Contains(string(page.body), "北京") {
		t.Error("a province that did not change is told of")
	}
	b.page("reviewer", "GET", "/rules", nil, "Accept-Language", "zh-CN").want(200).has("四川")
	swap := "/rules?" + url.Values{"from": {older.Hash()}, "to": {older.Hash()}}.Encode()
	b.page("operator", "GET", swap, nil, "Accept-Language", "zh-CN").want(200).has("两套规则相同")
	b.page("operator", "GET", "/rules?to=sha256:none", nil).want(404)
	b.form("reviewer", "/rules/"+older.Hash()+"/activate").want(404)
	b.form("north/operator", "/rules/"+older.Hash()+"/activate").want(404)
	b.form("operator", "/rules/"+older.Hash()+"/activate").want(303)
	b.page("operator", "GET", "/rules", nil, "Accept-Language", "zh-CN").want(200).has("启用记录")
	b.call("app", "GET", "/v1/rulesets", nil).want(200).has(`"rules":"` + older.Hash())
	setup(t).page("operator", "GET", "/rules", nil, "Accept-Language", "zh-CN").want(200).has("只加载了一套规则")
}

func TestOperatorsSeeWhetherEveryPartAnswersAndWhatWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	type status struct {
		Serves bool
		Parts  []struct {
			Name, State string
			MS          float64
		}
		Queue struct {
			Jobs    map[string]int64
			OldestS float64 `json:"oldest_s"`
		}
	}
	var now status
	b.call("operator", "GET", "/v1/status", nil).want(200).into(&now)
	if !now.Serves || len(now.Parts) != 6 || now.Parts[2].Name != "objects" || now.Parts[2].State != "ok" || now.Parts[2].MS <= 0 {
		t.Errorf("%+v", now)
	}
	id := b.filing("app")
	b.upload("app", id, photo(t, 92)).want(201)
	b.page("operator", "GET", "/status", nil, "Accept-Language", "zh-CN").want(200).has("正常服务", "图片存储", "等待执行", "没有超时的任务")
	b.page("reviewer", "GET", "/status", nil).want(404)
	b.page("north/operator", "GET", "/status", nil).want(404)
	b.form("operator", "/jobs/none/retry").want(404)
	b.form("operator", "/jobs/987654/retry").want(404)

	// One job that waits, of a file that is stored and not checked.
	b.call("app", "POST", "/v1/filings/"+id+"/materials", strings.NewReader(string(photo(t, 94))), "Content-Type", "image/jpeg", "Prefer", "respond-async").want(202)
	b.call("operator", "GET", "/v1/status", nil).want(200).into(&now)
	if n := now.Queue.Jobs["available"] + now.Queue.Jobs["scheduled"]; n == 0 {
		t.Errorf("nothing waits: %v", now.Queue.Jobs)
	}
}

func TestTheViewerIsToldWhatWasMeasuredAndRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	m := b.side("app", id, 92, "front")
	var layers struct {
		Measurements struct {
			Width    int
			Document *struct{ Quad [4][2]float64 }
		}
		Reader string
		Lines  []any
	}
	b.page("reviewer", "GET", "/materials/"+m.ID+"/layers", nil).want(200).into(&layers)
	if layers.Measurements.Width != 1000 || layers.Measurements.Document == nil || layers.Reader != "" || layers.Lines == nil {
		t.Errorf("%+v", layers)
	}
	b.page("other", "GET", "/materials/"+m.ID+"/layers", nil).want(404)
	b.page("reviewer", "GET", "/composites/none", nil).want(404)
	b.page("reviewer", "GET", "/composites/none/point?x=a&y=1", nil).want(422)
	var text struct{ Lines []any }
	b.call("app", "GET", "/v1/materials/"+m.ID+"/text", nil).want(200).into(&text)
	if text.Lines == nil {
		t.Error("no list of lines")
	}
	b.call("other", "GET", "/v1/materials/"+m.ID+"/text", nil).problem(404, "not_found")
}

func TestCompositesAreMadeOnTheDesk(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stitcher := &countingStitcher{Stitcher: b.flow.Stitcher}
	b.flow.Stitcher = stitcher
	var f struct{ ID string }
	b.json("app", "POST", "/v1/filings", company).want(201).into(&f)
	path := "/review/" + f.ID
	b.page("reviewer", "GET", path, nil, "Accept-Language", "zh-CN").want(200).has("拼图", "缺")
	front := b.side("app", f.ID, 92, "front")
	b.page("reviewer", "GET", path, nil, "Accept-Language", "zh-CN").want(200).has("证件正反面", "缺")
	b.form("reviewer", path+"/composites", "composition", "sides", "of", "principal").want(422).has("拼图所需的文件还不齐", `role="alert"`)
	back := b.side("app", f.ID, 95, "back")
	at := b.form("reviewer", path+"/composites", "composition", "sides", "of", "principal").want(303).header.Get("Location")
	_, id, _ := strings.Cut(at, "#composite-")
	b.page("reviewer", "GET", path, nil, "Accept-Language", "zh-CN").want(200).
		has(`data-composite="`+id, `data-part="`+front.ID, `data-part="`+back.ID, "/v1/composites/"+id+"/image?variant=thumbnail", "下载")
	b.form("reviewer", path+"/composites", "part", back.ID, "part", front.ID, "layout", "row", "captions", "1").want(303)
	b.form("reviewer", path+"/composites", "part", front.ID, "layout", "sides").want(422).has("这种版式不能拼这么多份")
	b.form("reviewer", path+"/composites").want(422)
	b.form("other", path+"/composites", "composition", "sides", "of", "principal").want(404)
	var v struct{ ID string }
	b.page("reviewer", "GET", "/composites/"+id, nil).want(200).into(&v)
	if v.ID != id || stitcher.made.Load() != 3 { // the one that does not fit its layout was tried
		t.Errorf("%s, made %d times", v.ID, stitcher.made.Load())
	}
}

// A word of a page that stands in one language only would be read by those who chose the other.
func TestPagesOfTheDeskAreWrittenInBothLanguages(t *testing.T) {
	t.Parallel()
	b := setupWithRules(t, []*rules.Set{olderRules(t)})
	id := b.filing("app")
	b.side("app", id, 92, "front")
	for _, path := range []string{"/status", "/rules", "/queue", "/review/" + id} {
		zh := string(b.page("operator", "GET", path, nil, "Accept-Language", "zh-CN").want(200).body)
		en := string(b.page("operator", "GET", path, nil, "Accept-Language", "en").want(200).body)
		for _, heading := range headings(zh) {
			if !strings.ContainsFunc(heading, han) {
				t.Errorf("%s in Chinese: %q", path, heading)
			}
		}
		for _, heading := range headings(en) {
			if strings.ContainsFunc(heading, han) {
				t.Errorf("%s in English: %q", path, heading)
			}
		}
	}
}

func han(r rune) bool { return r >= 0x4e00 && r < 0xa000 }

// headings are the texts of buttons, labels, headings and cells of heads.
func headings(page string) []string {
	var out []string
	for _, tag := range []string{"<h2", "<th", "<summary", "<button", "<dt"} {
		for _, part := range strings.Split(page, tag)[1:] {
			_, text, _ := strings.Cut(part, ">")
			text, _, _ = strings.Cut(text, "<")
			text = strings.TrimSpace(text)
			if strings.ContainsFunc(text, unicode.IsLetter) && text != "English" && text != "中文" && text != "1:1" {
				out = append(out, text)
			}
		}
	}
	return out
}
