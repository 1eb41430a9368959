package server_test

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

// has fails where a page lacks one of the words.
func (a answer) has(words ...string) answer {
	a.t.Helper()
	for _, word := range words {
		if !strings.Contains(string(a.body), word) {
			a.t.Errorf("%s is not on the page", word)
		}
	}
	return a
}

func (b *bundle) form(as, path string, fields ...string) answer {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return b.page(as, "POST", path, []byte(values.Encode()), "Content-Type", formType, "Accept-Language", "zh-CN")
}

func TestTheQuestionnaireAsksWhatTheRulesNeedAndNothingElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := b.form("app", "/filings", "province", "BJ", "action", "new", "type", "individual").want(303).header.Get("Location")
	a := b.page("app", "GET", path, nil, "Accept-Language", "zh-CN").want(200).has("只问会影响所需资料的问题")
	asked := regexp.MustCompile(`name="asked" value="([^"]+)"`)
	revision := regexp.MustCompile(`name="revision" value="(\d+)"`)
	seen := map[string]int{}
	answers := map[string]string{
		"sites": "样本站点 SPECIMEN", "sites[0].domains": "specimen.example\n\nspecimen.test", "principal.document_valid_until:long": "1",
		"principal.birth_date": "1990-05-06", "principal.origin": "mainland", "principal.document": "id_card",
	}
	for range 40 {
		fields := []string{"revision", revision.FindStringSubmatch(string(a.body))[1]}
		for _, m := range asked.FindAllStringSubmatch(string(a.body), -1) {
			seen[m[1]]++
			fields = append(fields, "asked", m[1])
			for name, value := range answers {
				if strings.HasPrefix(name, m[1]) && (len(name) == len(m[1]) || name[len(m[1])] == ':') {
					fields = append(fields, name, value)
				}
			}
		}
		for _, m := range regexp.MustCompile(`name="skipped" value="([^"]+)"`).FindAllStringSubmatch(string(a.body), -1) {
			fields = append(fields, "skipped", m[1])
		}
		a = b.form("app", path, fields...).want(200)
		if strings.Contains(string(a.body), "没有其他问题了") {
			break
		}
	}
	a.has("没有其他问题了", "中国内地居民", "样本站点 SPECIMEN", "specimen.test")
	for question, times := range seen {
		if times > 1 {
			t.Errorf("%s is asked %d times", question, times)
		}
	}
	if seen["sites"] == 0 || seen["sites[0].domains"] == 0 {
		t.Errorf("asked: %v", seen)
	}
	id := strings.Split(path, "/")[2]
	var f struct{ Facts map[string]any }
	b.call("app", "GET", "/v1/filings/"+id, nil).want(200).into(&f)
	site := f.Facts["sites"].([]any)[0].(map[string]any)
	if site["name"] != "样本站点 SPECIMEN" || len(site["domains"].([]any)) != 2 {
		t.Errorf("sites %v", f.Facts["sites"])
	}
}

func TestTheQuestionnaireTakesNoNonsense(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := "/filings/" + b.filing("app") + "/questions"
	b.form("app", path, "revision", "1", "asked", "principal.birth_date", "principal.birth_date", "not a day").want(422).has("role=\"alert\"")
	b.form("app", path, "revision", "9", "asked", "principal.origin", "principal.origin", "mainland").want(412)
	b.form("app", path, "revision", "x", "asked", "principal.origin", "principal.origin", "mainland").want(400)
	for _, odd := range []string{"sites[7].name", "sites[-1].name", "sites[0", "no.such", "", "uploads[0].material", "sites[99999999999999999999].name", strings.Repeat("a.", 5000)} {
		b.form("app", path, "revision", "1", "asked", odd, odd, "x").want(200)
	}
	b.form("other", path, "revision", "1", "asked", "principal.origin", "principal.origin", "mainland").want(404)
}

func TestTheReviewersWayThroughThePages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	var m material
	b.upload("app", id, small(t), "material", "principal_id", "page", "front", "of", "principal").want(201).into(&m)
	b.page("app", "GET", "/filings/"+id, nil, "Accept-Language", "zh-CN").want(200).has("仍然提交")
	b.form("app", "/filings/"+id+"/submissions").want(409)
	b.form("app", "/filings/"+id+"/submissions", "words", "请核对").want(303)

	b.page("reviewer", "GET", "/", nil).want(200).has(`href="/queue"`)
	b.page("reviewer", "GET", "/queue", nil, "Accept-Language", "zh-CN").want(200).has("/review/"+id, "北京")
	for query, found := range map[string]bool{"?province=BJ": true, "?province=SH": false, "?verdict=pass": false, "?state=accepted": false, "?claimed=free": true, "?claimed=mine": false} {
		if got := strings.Contains(string(b.page("reviewer", "GET", "/queue"+query, nil).want(200).body), "/review/"+id); got != found {
			t.Errorf("%s: found %t", query, got)
		}
	}
	b.page("reviewer", "GET", "/queue?state=nothing", nil).want(422)
	b.form("reviewer", "/queue", "words", id[24:]).want(200).has("/review/" + id)
	b.form("reviewer", "/queue", "words", "nothing like it").want(200).has("没有符合条件的备案")
	// What stands in a URL is not looked for: a name in one would be in every log on the way.
	b.page("reviewer", "GET", "/queue?words=nothing", nil).want(200).has("/review/" + id)

	if next := b.form("reviewer", "/queue/next").want(303).header.Get("Location"); next != "/review/"+id {
		t.Fatalf("the next is %s", next)
	}
	if next := b.form("operator", "/queue/next").want(303).header.Get("Location"); !strings.HasPrefix(next, "/queue") {
		t.Errorf("the next of another, while it is claimed, is %s", next)
	}
	a := b.page("reviewer", "GET", "/review/"+id, nil, "Accept-Language", "zh-CN").want(200).
		has("主体负责人证件", "放弃领取", "file_too_small", "G6.upload", `data-file="`+m.ID, "提交")
	b.page("operator", "GET", "/review/"+id, nil, "Accept-Language", "zh-CN").want(200).has("reviewer 正在审核")
	stand := regexp.MustCompile(`name="stand" value="([^"]+)"`).FindStringSubmatch(string(a.body))[1]

	decide := func(fields ...string) answer {
		return b.form("reviewer", "/review/"+id+"/decisions", append([]string{"stand", stand}, fields...)...)
	}
	decide("decision", "return").want(422).has("请写明理由", `role="alert"`)
	b.form("operator", "/review/"+id+"/decisions", "decision", "accept", "words", "x").want(409).has("另一位审核员正在审核")
	for _, f := range m.Findings {
		decide("decision", "overrule", "reason", m.ID+"|"+f.Code+"|", "words", "看过原件").want(303)
	}
	b.page("reviewer", "GET", "/review/"+id, nil, "Accept-Language", "zh-CN").want(200).has("已推翻", "看过原件")
	b.upload("app", id, encode(t, noise(78, 301, 200), 60), "material", "principal_id", "page", "front", "of", "principal").want(201).into(&m)
	decide("decision", "return", "words", "x").want(412).has("已经变化")
	a = b.page("reviewer", "GET", "/review/"+id, nil).want(200)
	stand = regexp.MustCompile(`name="stand" value="([^"]+)"`).FindStringSubmatch(string(a.body))[1]
	decide("decision", "return", "reason", m.ID+"|"+m.Findings[0].Code+"|", "words", "请重拍证件").want(303)

	b.page("app", "GET", "/filings/"+id, nil, "Accept-Language", "zh-CN").want(200).has("审核员退回了这次备案", "请重拍证件")
	b.form("app", "/filings/"+id+"/submissions", "words", "改好了").want(303)
	b.form("reviewer", "/review/"+id+"/claim").want(303)
	b.form("reviewer", "/review/"+id+"/release").want(303)
	b.form("reviewer", "/review/"+id+"/decisions", "decision", "accept", "words", "齐了").want(303)
	b.page("app", "GET", "/filings/"+id, nil, "Accept-Language", "zh-CN").want(200).has("审核已通过")
	b.form("app", "/review/"+id+"/decisions", "decision", "accept", "words", "x").want(404)
	b.page("other", "GET", "/review/"+id, nil).want(404)
	if r := b.report("app", id); r.Review.State != "accepted" || r.Files[len(r.Files)-1].Verdict == filing.VerdictPass {
		t.Errorf("accepted: %+v", r.Review)
	}
}

func TestThePagesOfTheDeskLoadNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	b.form("app", "/filings/"+id+"/submissions", "words", "x").want(303)
	for _, path := range []string{"/queue", "/review/" + id, "/filings/" + id + "/questions"} {
		a := b.page("operator", "GET", path, nil).want(200)
		if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		for _, bad := range []string{"http://", "https://", " onclick", " onload", "<style", " style=", "javascript:"} {
			if bytes.Contains(a.body, []byte(bad)) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
	}
}
