package server_test

import (
	"bytes"
	"flag"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/preflight-icp/preflight/models"
	"github.com/preflight-icp/preflight/models/modelstest"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/server"
	"github.com/preflight-icp/preflight/specimen"
	"github.com/preflight-icp/preflight/storage"
)

// screenshots is the folder that TestScreenshotsOfEveryPage writes to (make screenshots); without one it is skipped.
var screenshots = flag.String("screenshots", "", "write a screenshot of every page to this folder")

// shownPage is a page with the name of its pictures, and what is done on it before one is taken.
type shownPage struct {
	name, path string
	// as is who looks.
	as string
	// do is done on the page first.
	do func(v *visitor)
}

// viewers are those who look at pages.
func viewers(pages []shownPage) []string {
	var out []string
	for _, p := range pages {
		if !slices.Contains(out, p.as) {
			out = append(out, p.as)
		}
	}
	return out
}

// show opens a page and does on it what is to be done.
func (v *visitor) show(p shownPage) {
	v.t.Helper()
	v.do(chromedp.Navigate(v.base+p.path), chromedp.WaitReady("body", chromedp.ByQuery)) // a letter has no main
	if p.do != nil {
		p.do(v)
	}
	v.settled()
}

// company is a filing of a unit: the one that asks for most.
const company = `{"facts":{"province":"BJ","action":"new","applicant":{"type":"enterprise","name":"样本科技有限公司 SPECIMEN","document":"business_license"},
"principal":{"origin":"mainland","document":"id_card","is_legal_representative":true,"birth_date":"1990-01-01"},
"site_manager":{"same_as_principal":true},"sites":[{"name":"样本站点","domains":[{"name":"specimen.example","holder":"applicant"}]}]}}`

// photographed is a photo of a document in an ordinary scene.
func photographed(t testing.TB, kind specimen.Kind, width, height int, seed uint64) []byte {
	t.Helper()
	p, err := specimen.Photograph(kind, width, height, seed)
	ok(t, err)
	return encode(t, p.Image, 95)
}

// everyPage makes filings in every state, and lists every page that there is of them.
func (b *bundle) everyPage() []shownPage {
	b.t.Helper()
	t := b.t
	var f struct{ ID string }
	b.json("app", "POST", "/v1/filings", company).want(201).into(&f)
	id := f.ID
	b.upload("app", id, photographed(t, specimen.BusinessLicense, 1600, 1200, 201), "material", "applicant_document", "page", "front", "of", "applicant").want(201)
	b.upload("app", id, photo(t, 92), "material", "principal_id", "page", "front", "of", "principal").want(201)
	b.upload("app", id, photo(t, 95), "material", "principal_id", "page", "back", "of", "principal").want(201)
	b.upload("app", id, photographed(t, specimen.DomainCertificate, 1600, 1200, 203), "material", "domain_certificate", "page", "front", "of", "domain:specimen.example").want(201)
	b.upload("app", id, small(t), "material", "handheld_personal_document", "page", "front").want(201)
	b.composite("reviewer", id, `{"composition":"sides","of":"principal","rectify":true}`)
	b.json("app", "POST", "/v1/filings/"+id+"/submissions", `{"words":"样本"}`).want(201)

	open := b.filing("app")
	b.upload("app", open, small(t), "material", "applicant_document", "page", "front", "of", "applicant").want(201)
	// A unit's filing that was given back: with a letter to print, and a photo in which hardly any light fell.
	b.json("app", "POST", "/v1/filings", bj).want(201).into(&f)
	returned := f.ID
	var m material
	b.upload("app", returned, dark(t, 90), "material", "principal_id", "page", "front", "of", "principal").want(201).into(&m)
	b.upload("app", returned, photo(t, 95), "material", "principal_id", "page", "back", "of", "principal").want(201)
	b.json("app", "POST", "/v1/filings/"+returned+"/submissions", `{"words":"样本"}`).want(201)
	b.json("reviewer", "POST", "/v1/filings/"+returned+"/decisions",
		`{"decision":"return","reasons":[{"material":"`+m.ID+`","code":"underexposed"}],"words":"请到窗边重拍证件正面"}`).want(201)
	b.link("applicant", open)
	b.link("applicant returned", returned)
	b.tokens["over"] = storage.LinkPrefix + "over"

	var sets struct {
		RuleSets []struct {
			Hash   string
			Active bool
		}
	}
	b.call("operator", "GET", "/v1/rulesets", nil).want(200).into(&sets)
	request := `{"dry_run":true}`
	for _, r := range sets.RuleSets {
		if !r.Active {
			request = fmt.Sprintf(`{"dry_run":true,"rules":%q}`, r.Hash)
		}
	}
	b.json("app", "POST", "/v1/filings", strings.Replace(company, `"BJ"`, `"SC"`, 1)).want(201) // which the other rules judge otherwise
	var pass struct{ ID, State string }
	b.json("operator", "POST", "/v1/revalidations", request).want(202).into(&pass)
	b.work()
	for end := time.Now().Add(time.Minute); pass.State != "done" && time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		b.call("operator", "GET", "/v1/revalidations/"+pass.ID, nil).want(200).into(&pass)
	}
	judged := func(verdict string) string { // the page of a photo of the returned filing that was judged so
		for _, path := range b.leads("applicant returned", returned, "photos") {
			if bytes.Contains(b.page("applicant returned", "GET", path, nil).want(200).body, []byte(`tabindex="-1"><span class="verdict `+verdict)) {
				return path
			}
		}
		t.Fatalf("no photo's verdict is %s", verdict)
		return ""
	}
	return []shownPage{
		{name: "home", path: "/", as: "operator"},
		{name: "home-app", path: "/", as: "app"},
		{name: "checked", path: "/", as: "app", do: func(v *visitor) {
			v.take("section:has(> form[action='/check'])", photo(t, 92))
			v.until(`!document.querySelector("main form")`)
		}},
		{name: "login", path: "/login", as: "nobody"},
		{name: "login-expired", path: "/review/" + id, as: "nobody"},
		{name: "docs", path: "/docs", as: "operator"},
		{name: "queue", path: "/queue", as: "reviewer"},
		{name: "queue-empty", path: "/queue?state=accepted", as: "reviewer"},
		{name: "review", path: "/review/" + id, as: "reviewer"},
		{name: "review-returned", path: "/review/" + returned, as: "reviewer"},
		{name: "review-problem", path: "/review/" + id, as: "reviewer", do: func(v *visitor) {
			v.do(chromedp.Evaluate(`document.querySelector("#decide button[value=return]").click()`, nil)) // without a reason
			v.until(`document.querySelector("[role=alert]")`)
		}},
		{name: "views", path: "/review/" + id + "/views", as: "reviewer"},
		{name: "filing", path: "/filings/" + id, as: "app"},
		{name: "filing-open", path: "/filings/" + open, as: "applicant"},
		{name: "filing-returned", path: "/filings/" + returned, as: "applicant returned"},
		{name: "photo-empty", path: b.leads("applicant", open, "photos")[1], as: "applicant"},
		{name: "photo-dark", path: judged("fail"), as: "applicant returned"},
		{name: "photo-taken", path: judged("review"), as: "applicant returned"},
		{name: "letter", path: b.leads("applicant returned", returned, "letters")[0], as: "applicant returned"},
		{name: "qr", path: "/filings/" + open, as: "app", do: func(v *visitor) {
			v.click(`form[action$="/phone"] button`)
			v.until(`document.querySelector("svg.qr")`)
		}},
		{name: "link-over", path: "/filings/" + open, as: "over"},
		{name: "questions", path: "/filings/" + open + "/questions", as: "applicant"},
		{name: "revalidations", path: "/revalidations", as: "operator"},
		{name: "revalidation", path: "/revalidations/" + pass.ID, as: "operator"},
		{name: "rules", path: "/rules", as: "operator"},
		{name: "status", path: "/status", as: "operator"},
		{name: "not-found", path: "/filings/none", as: "operator"},
		{name: "no-such-page", path: "/nothing/here", as: "nobody"},
	}
}

// leads are the pages of a kind that a filing's page leads to, each once.
func (b *bundle) leads(as, id, kind string) []string {
	b.t.Helper()
	var out []string
	body := b.page(as, "GET", "/filings/"+id, nil).want(200).body
	for _, m := range regexp.MustCompile(`href="(/filings/[^"]+/`+kind+`/[0-9a-f]{12})"`).FindAllSubmatch(body, -1) {
		if path := string(m[1]); !slices.Contains(out, path) {
			out = append(out, path)
		}
	}
	return out
}

// Pictures of every page, in both languages and schemes, on a phone and on a screen, for people to look at.
func TestScreenshotsOfEveryPage(t *testing.T) {
	if *screenshots == "" {
		t.Skip("make screenshots takes them")
	}
	browse(t)
	dir, err := filepath.Abs(*screenshots)
	ok(t, err)
	ok(t, os.MkdirAll(dir, 0o750))
	b := setupWithModels(t, modelstest.Dir(t, models.Runtime(), models.TextDetector, models.TextDirection, models.TextRecognizer, models.TextKeys),
		[]*rules.Set{olderRules(t)}, func(c *pipeline.Config, _ *server.Config) {
			c.CheckWait, c.ReadDeadline, c.JobGrace = time.Minute, time.Minute, 2*time.Minute
		})
	pages := b.everyPage()
	for i := range pages {
		if pages[i].name != "review" {
			continue
		}
		desk := pages[i]
		for name, script := range map[string]string{
			"layers":    `document.querySelector("[data-tool=overlay]").click()`,
			"composite": `document.querySelector("[data-composite] [data-show]").click(); document.querySelector("[data-tool=pair]").click()`,
			"sides":     `document.querySelectorAll("[data-show]")[1].click(); document.querySelector("[data-tool=pair]").click()`,
			"keys":      `document.querySelector("[data-open=keys]").click()`,
		} {
			pages = append(pages, shownPage{name: "review-" + name, path: desk.path, as: desk.as, do: func(v *visitor) {
				v.do(chromedp.Evaluate(script+"; 0", nil), chromedp.Sleep(600*time.Millisecond))
			}})
		}
	}
	type picture struct{ Name, Lang, Scheme, Device, File string }
	var taken []picture
	for _, lang := range []string{"zh", "en"} {
		visitors := map[string]*visitor{}
		for _, as := range viewers(pages) {
			visitors[as] = b.visit(as, lang, 1440, 900)
		}
		for _, scheme := range []string{"light", "dark"} {
			for _, device := range []struct {
				name          string
				width, height int64
				phone         bool
			}{{"phone", 360, 740, true}, {"screen", 1440, 900, false}} {
				for _, p := range pages {
					v := visitors[p.as]
					v.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
						emulation.SetDeviceMetricsOverride(device.width, device.height, 1, device.phone), emulation.SetTouchEmulationEnabled(device.phone),
						chromedp.Evaluate(`try { sessionStorage.clear() } catch {}`, nil))
					v.show(p)
					var shot []byte
					if strings.HasPrefix(p.name, "review-") && p.do != nil && p.name != "review-problem" {
						v.do(chromedp.CaptureScreenshot(&shot))
					} else {
						v.do(chromedp.FullScreenshot(&shot, 90))
					}
					file := fmt.Sprintf("%s-%s-%s-%s.png", p.name, lang, scheme, device.name)
					if bytes.HasPrefix(shot, []byte("\xff\xd8")) {
						file = strings.TrimSuffix(file, ".png") + ".jpg"
					}
					ok(t, os.WriteFile(filepath.Join(dir, file), shot, 0o600))
					taken = append(taken, picture{p.name, lang, scheme, device.name, file})
				}
			}
		}
	}
	var index bytes.Buffer
	ok(t, template.Must(template.New("index").Parse(`<!doctype html><meta charset="utf-8"><title>Preflight: every page</title>
<style>body{font:1rem sans-serif}figure{display:inline-block;vertical-align:top;margin:.5rem}img{max-height:30rem;border:1px solid #888}</style>
<h1>Every page</h1>{{range .}}<figure><a href="{{.File}}"><img loading="lazy" src="{{.File}}" alt=""></a><figcaption>{{.Name}} {{.Lang}} {{.Scheme}} {{.Device}}</figcaption></figure>
{{end}}`)).Execute(&index, taken))
	ok(t, os.WriteFile(filepath.Join(dir, "index.html"), index.Bytes(), 0o600))
	t.Logf("%d pictures: %s", len(taken), filepath.Join(dir, "index.html"))
}

// settled waits until every picture that is to be seen has come.
func (v *visitor) settled() {
	v.t.Helper()
	v.until(`(document.querySelectorAll("img[loading=lazy]").forEach((i) => i.loading = "eager"), document.readyState === "complete") && Array.from(document.images).every((i) => i.complete || i.hidden || !i.getAttribute("src"))`)
}
