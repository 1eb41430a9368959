package server_test

import (
	"bytes"
	"flag"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
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
)

// screenshots is the folder that TestScreenshotsOfEveryPage writes to (make screenshots); without one it is skipped.
var screenshots = flag.String("screenshots", "", "write a screenshot of every page to this folder")

// shownPage is a page with the name of its pictures, and what is done on it before one is taken.
type shownPage struct {
	name, path string
	// as is who looks; the operator where it is empty.
	as string
	// script is run on the page first.
	script string
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
	returned := b.filing("app")
	var m material
	b.upload("app", returned, photo(t, 95), "material", "applicant_document", "page", "back", "of", "applicant").want(201).into(&m)
	b.json("app", "POST", "/v1/filings/"+returned+"/submissions", `{"words":"样本"}`).want(201)
	b.json("reviewer", "POST", "/v1/filings/"+returned+"/decisions", `{"decision":"return","words":"请补证件正面"}`)

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
	pages := []shownPage{
		{name: "home", path: "/"},
		{name: "home-applicant", path: "/", as: "app"},
		{name: "login", path: "/login", as: "nobody"},
		{name: "docs", path: "/docs"},
		{name: "queue", path: "/queue"},
		{name: "queue-empty", path: "/queue?state=accepted"},
		{name: "review", path: "/review/" + id},
		{name: "filing", path: "/filings/" + id},
		{name: "filing-open", path: "/filings/" + open, as: "app"},
		{name: "filing-returned", path: "/filings/" + returned, as: "app"},
		{name: "questions", path: "/filings/" + open + "/questions", as: "app"},
		{name: "revalidations", path: "/revalidations"},
		{name: "revalidation", path: "/revalidations/" + pass.ID},
		{name: "rules", path: "/rules"},
		{name: "status", path: "/status"},
		{name: "not-found", path: "/filings/none"},
	}
	// What leads on from the open filing's page: the page of one photo, examples, letters.
	seen := map[string]bool{}
	body := string(b.page("app", "GET", "/filings/"+open, nil).want(200).body)
	for _, kind := range []string{"photos", "letters"} {
		prefix := "/filings/" + open + "/" + kind + "/"
		if _, rest, found := strings.Cut(body, `href="`+prefix); found && !seen[kind] {
			place, _, _ := strings.Cut(rest, `"`)
			seen[kind] = true
			pages = append(pages, shownPage{name: strings.TrimSuffix(kind, "s"), path: prefix + place, as: "app"})
		}
	}
	return pages
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
		desk := pages[i].path
		pages = append(pages,
			shownPage{name: "review-layers", path: desk, script: `document.querySelector("[data-tool=overlay]").click()`},
			shownPage{name: "review-composite", path: desk, script: `document.querySelector("[data-composite] [data-show]").click(); document.querySelector("[data-tool=pair]").click()`},
			shownPage{name: "review-sides", path: desk, script: `document.querySelectorAll("[data-show]")[1].click(); document.querySelector("[data-tool=pair]").click()`},
			shownPage{name: "review-keys", path: desk, script: `document.querySelector("[data-open=keys]").click()`})
	}
	type picture struct{ Name, Lang, Scheme, Device, File string }
	var taken []picture
	for _, lang := range []string{"zh", "en"} {
		visitors := map[string]*visitor{}
		for _, as := range []string{"operator", "app", "nobody"} {
			visitors[as] = b.visit(as, lang, 1440, 900)
		}
		for _, scheme := range []string{"light", "dark"} {
			for _, device := range []struct {
				name          string
				width, height int64
			}{{"phone", 360, 740}, {"screen", 1440, 900}} {
				for _, p := range pages {
					v := visitors[p.as]
					if p.as == "" {
						v = visitors["operator"]
					}
					v.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
						chromedp.EmulateViewport(device.width, device.height), chromedp.Evaluate(`try { sessionStorage.clear() } catch {}`, nil))
					v.open(p.path)
					if p.script != "" {
						v.do(chromedp.Evaluate(p.script+"; 0", nil), chromedp.Sleep(600*time.Millisecond))
					}
					v.settled()
					var shot []byte
					if p.script == "" {
						v.do(chromedp.FullScreenshot(&shot, 90))
					} else {
						v.do(chromedp.CaptureScreenshot(&shot))
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
	v.do(chromedp.Evaluate(`document.querySelectorAll("img[loading=lazy]").forEach((i) => i.loading = "eager")`, nil))
	v.until(`document.readyState === "complete" && Array.from(document.images).every((i) => i.complete || i.hidden || !i.getAttribute("src"))`)
}
