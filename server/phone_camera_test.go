package server_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// awaited evaluates an expression that is a promise.
func awaited(expression string, into any) chromedp.Action {
	return chromedp.Evaluate(expression, into, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) })
}

// Of a device with two cameras the one that looks at the person is a button away; one with a single camera shows no such button.
func TestAPhoneChangesFromOneCameraToTheOther(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	id := b.filing("app")
	path := b.leads("app", id, "photos")[0]
	for _, device := range []struct {
		cameras string
		several bool
	}{{"device-count=2", true}, {"device-count=1", false}} {
		phone := b.visit("app", "zh", 360, 740, chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-fake-device-for-media-stream", device.cameras))
		phone.open(path)
		phone.click("[data-open]")
		phone.until(`document.querySelector(".finder video").videoWidth > 0 && document.querySelector("[data-says]").textContent !== ""`)
		const offered = `!document.querySelector("[data-switch]").hidden`
		var several bool
		phone.do(chromedp.Evaluate(offered, &several))
		if several != device.several {
			t.Errorf("%s: the other camera is offered: %t", device.cameras, several)
		}
		if !device.several {
			continue
		}
		camera := `document.querySelector(".finder video").srcObject?.getVideoTracks()[0]?.getSettings().deviceId ?? ""`
		var first string
		phone.do(chromedp.Evaluate(camera, &first))
		phone.click("[data-switch]")
		phone.until(`!document.querySelector("[data-switch]").disabled && document.querySelector(".finder video").videoWidth > 0 && (` + camera + `) !== "` + first + `"`)
		phone.click("[data-switch]")
		phone.until(`!document.querySelector("[data-switch]").disabled && (` + camera + `) === "` + first + `"`)
		phone.click("[data-shoot]")
		phone.do(chromedp.WaitVisible("[data-preview] canvas", chromedp.ByQuery))
	}
}

// A photo of an iPhone in its own format, or a scan, is no picture that a browser shows: it is said what it is, and no broken picture stands
// there.
func TestAFileThatIsNoPhotoIsToldWithoutABrokenPicture(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	heic := append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), make([]byte, 300<<10)...)
	for name, file := range map[string][]byte{"HEIC": heic, "PDF": append([]byte("%PDF-1.7\n"), make([]byte, 300<<10)...)} {
		b.upload("app", id, file, "material", "applicant_document", "page", "front", "of", "applicant").want(201)
		for _, path := range []string{"/filings/" + id, b.leads("app", id, "photos")[0]} {
			page := string(b.page("app", "GET", path, nil, "Accept-Language", "zh-CN").want(200).has(name).body)
			if strings.Contains(page, "/v1/materials/") && strings.Contains(page, "variant=") {
				t.Errorf("%s: %s shows a picture of it", name, path)
			}
		}
	}
}

// What is larger than the service takes is not sent at all: on a phone's network that would be minutes, for a refusal.
func TestAFileThatIsTooLargeIsNotEvenSent(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	id := b.filing("app")
	phone := b.visit("app", "zh", 360, 740)
	phone.open(b.leads("app", id, "photos")[0])
	phone.choose("form[data-capture]", slices.Concat(photo(t, 202), make([]byte, 33<<20)))
	phone.sees("这个文件太大")
	phone.click("form[data-capture] button")
	phone.sees("这个文件太大")
	if sent := phone.load.uploads(); sent != 0 {
		t.Errorf("%d requests carried something", sent)
	}
}

// Whoever changes the language, or logs in again, is where they were.
func TestVisitorsComeBackToWhereTheyWere(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	id := b.filing("app")
	b.json("app", "POST", "/v1/filings/"+id+"/submissions", `{"words":"样本"}`).want(201)
	reviewer := b.visit("nobody", "zh", 1280, 800)
	reviewer.open("/queue?state=submitted&province=BJ")
	reviewer.sees("请先登录")
	reviewer.do(chromedp.SendKeys("input[name=token]", b.tokens["reviewer"]+"\r", chromedp.ByQuery))
	reviewer.until(`location.pathname === "/queue" && location.search.includes("province=BJ")`)
	reviewer.click("header form button")
	reviewer.until(`location.pathname === "/queue" && location.search.includes("province=BJ") && document.documentElement.lang === "en"`)
	reviewer.open("/no/such/page")
	reviewer.sees("Not found")

	// An applicant's link has one home, and the page that shows the code is not lost by reloading its address.
	b.link("applicant", id)
	phone := b.visit("applicant", "zh", 360, 740)
	phone.open("/")
	phone.until(`location.pathname === "/filings/` + id + `"`)
	pc := b.visit("app", "zh", 1280, 800)
	pc.open("/filings/" + id + "/phone")
	pc.until(`location.pathname === "/filings/` + id + `"`)
	for _, evil := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "/\nx"} {
		if a := b.form("", "/session", "token", b.tokens["reviewer"], "back", evil).want(303); a.header.Get("Location") != "/" {
			t.Errorf("%q leads to %q", evil, a.header.Get("Location"))
		}
	}
}

// A second tap does nothing: the first is on its way.
func TestASecondTapDoesNothing(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	id := b.filing("app")
	phone := b.visit("app", "zh", 360, 740)
	phone.open("/filings/" + id)
	var taps int
	phone.do(awaited(`new Promise((done) => {
		const form = document.querySelector('form[action$="/submissions"]');
		form.elements.words.value = "样本";
		let sent = 0;
		document.addEventListener("submit", (event) => { sent += event.defaultPrevented ? 0 : 1; event.preventDefault(); });
		form.querySelector("button").click();
		form.querySelector("button").click();
		done(sent);
	})`, &taps))
	if taps != 1 {
		t.Errorf("two taps send it %d times", taps)
	}
}
