package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
)

// browsing lets one test at a time have browsers: they share two cores with everything else.
var browsing sync.Mutex

// visitor is a real Chromium without a window, and in it the session of somebody.
type visitor struct {
	*bundle
	ctx  context.Context
	base string
	load *load
}

// load is what a tab asked for since it was emptied.
type load struct {
	mu       sync.Mutex
	photos   map[network.RequestID]bool
	requests int
	// sent counts those that carry something to the service: a page that is open may ask for a picture of its own at any time.
	sent int
	// bytes came over the network, but for those of photos.
	bytes float64
}

func (l *load) take(event any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		l.requests++
		if e.Request.Method != http.MethodGet {
			l.sent++
		}
		l.photos[e.RequestID] = strings.Contains(e.Request.URL, "/image")
	case *network.EventLoadingFinished:
		if !l.photos[e.RequestID] {
			l.bytes += e.EncodedDataLength
		}
	}
}

// emptied returns what there was, and begins anew.
func (l *load) emptied() (requests int, bytes float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	requests, bytes = l.requests, l.bytes
	l.requests, l.sent, l.bytes, l.photos = 0, 0, 0, map[network.RequestID]bool{}
	return requests, bytes
}

// uploads is how many requests since then carried something.
func (l *load) uploads() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}

const pageDeadline = 90 * time.Second // the race detector on a busy machine is slow

// browse makes a test one that browses: it waits for its turn, and is skipped where there is no browser.
func browse(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		release, _ := os.ReadFile("/etc/os-release")
		if os.Getenv("PREFLIGHT_TEST_REQUIRE") == "" || bytes.Contains(release, []byte("ID=ubuntu")) {
			t.Skip("there is no Chromium: make setup-test installs it, but on Ubuntu, which has no package of it")
		}
		t.Fatal(err)
	}
	browsing.Lock()
	t.Cleanup(browsing.Unlock)
}

// visit opens a window of the browser for a principal, so many pixels wide; with options it is a browser of its own.
func (b *bundle) visit(as, lang string, width, height int64, more ...chromedp.ExecAllocatorOption) *visitor {
	b.t.Helper()
	var tab context.Context
	var cancel context.CancelFunc
	if len(more) == 0 {
		tab, cancel = shared.window(b.t)
	} else { // a browser of its own
		allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), browserOptions(more...)...)
		b.t.Cleanup(cancelAllocator)
		tab, cancel = chromedp.NewContext(allocator)
	}
	b.t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(tab, 5*time.Minute)
	b.t.Cleanup(stop)
	ok(b.t, chromedp.Run(ctx)) // starts it; it would end with a shorter context that started it
	v := &visitor{bundle: b, ctx: ctx, base: b.URL, load: &load{photos: map[network.RequestID]bool{}}}
	chromedp.ListenTarget(ctx, v.load.take)
	v.do(network.Enable(), chromedp.EmulateViewport(width, height), chromedp.ActionFunc(func(ctx context.Context) error {
		for name, value := range map[string]string{"preflight_session": b.tokens[as], "preflight_lang": lang} {
			if value == "" {
				continue // nobody's
			}
			if err := network.SetCookie(name, value).WithURL(v.base).Do(ctx); err != nil {
				return err
			}
		}
		return nil
	}))
	return v
}

func (v *visitor) do(actions ...chromedp.Action) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, pageDeadline)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		var at, text string
		_ = chromedp.Run(v.ctx, chromedp.Location(&at), chromedp.Evaluate(`document.body?.innerText ?? ""`, &text))
		v.t.Fatalf("%v\nat %s:\n%s", err, at, text)
	}
}

func (v *visitor) open(path string) {
	v.t.Helper()
	v.do(chromedp.Navigate(v.base+path), chromedp.WaitReady("main", chromedp.ByQuery))
}

// until waits until an expression holds on whatever page there is by then.
func (v *visitor) until(expression string) {
	v.t.Helper()
	for end := time.Now().Add(pageDeadline); ; {
		var holds bool
		ctx, cancel := context.WithTimeout(v.ctx, pageDeadline/3)
		err := chromedp.Run(ctx, chromedp.Evaluate("Boolean("+expression+")", &holds))
		cancel()
		if err == nil && holds {
			return
		}
		if time.Now().After(end) {
			v.do(chromedp.ActionFunc(func(context.Context) error { return errors.Join(errors.New("never held: "+expression), err) }))
		}
		<-time.After(50 * time.Millisecond) // an error is a page that was just left
	}
}

// sees waits until the page says something.
func (v *visitor) sees(words string) {
	v.t.Helper()
	quoted, err := json.Marshal(words)
	ok(v.t, err)
	v.until("document.querySelector('main')?.innerText.includes(" + string(quoted) + ")")
}

// click clicks on what stands still: a picture above it that comes in while the finger is on its way moves it.
func (v *visitor) click(selector string) {
	v.t.Helper()
	v.do(chromedp.WaitVisible(selector, chromedp.ByQuery))
	place := fmt.Sprintf(`JSON.stringify(document.querySelector(%q)?.getBoundingClientRect())`, selector)
	for before, now := "", "?"; before != now; {
		before = now
		<-time.After(100 * time.Millisecond)
		v.do(chromedp.Evaluate(place+` ?? ""`, &now))
	}
	v.do(chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible))
}

func (v *visitor) path() string {
	v.t.Helper()
	var at string
	v.do(chromedp.Location(&at))
	u, err := url.Parse(at)
	ok(v.t, err)
	return u.Path
}

// take puts a photo into the place of a material and sends it.
func (v *visitor) take(place string, photo []byte) {
	v.t.Helper()
	form := place + " form[data-upload]"
	v.choose(form, photo)
	v.click(form + " button")
}

// choose puts a photo into a form.
func (v *visitor) choose(form string, photo []byte) {
	v.t.Helper()
	file := filepath.Join(v.t.TempDir(), "photo.jpg")
	ok(v.t, os.WriteFile(file, photo, 0o600))
	v.do(chromedp.SetUploadFiles(form+" input[type=file]", []string{file}, chromedp.ByQuery))
}

// The whole story: facts, QR link, four photos (one bad, then taken again), handed in; a reviewer who uses the keyboard looks at them,
// makes a composite, gives it back; mended, accepted.
func TestTheWholeStoryInABrowser(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t)
	pc := b.visit("app", "zh", 1280, 800)
	pc.open("/")
	pc.do(chromedp.SetValue("select[name=province]", "BJ", chromedp.ByQuery))
	pc.click("section[aria-labelledby=file-h] button")
	pc.sees("只问会影响所需资料的问题")
	path := strings.TrimSuffix(pc.path(), "/questions")
	for range 20 { // one answer on each page at most; what is not known is passed over
		var done bool
		pc.do(chromedp.Evaluate(`document.querySelector("main form") === null`, &done))
		if done {
			break
		}
		pc.do(chromedp.Evaluate(`document.querySelector("fieldset input[type=radio]")?.click()`, nil))
		pc.click("main form > button")
		pc.do(chromedp.Sleep(100*time.Millisecond), chromedp.WaitReady("main", chromedp.ByQuery))
	}
	pc.open(path)
	pc.click(`form[action$="/phone"] button`)
	pc.do(chromedp.WaitVisible("svg.qr", chromedp.ByQuery))
	var link string
	pc.do(chromedp.Evaluate(`document.querySelector("details code").textContent`, &link))

	// The phone has the link and nothing else.
	applicant := b.visit("nobody", "zh", 390, 844)
	applicant.do(chromedp.Navigate(link))
	applicant.sees("所需资料")
	if at := applicant.path(); at != path {
		t.Fatalf("the link leads to %s, want %s", at, path)
	}
	applicant.open(path)
	applicant.sees("未上传")

	const places = "section.slot .place"
	applicant.take(places, encode(t, noise(91, 300, 200), 60))
	applicant.sees("200 KB")
	applicant.take(places, photo(t, 92))
	applicant.until(`!document.querySelector("main").innerText.includes("200 KB")`)
	applicant.take(places+" ~ .place", photo(t, 93))
	applicant.until(`document.querySelectorAll("section.slot .place img").length >= 2`)
	const free = "section.slot .place:not(:has(img))"
	applicant.take(free, photo(t, 96))
	applicant.until(`document.querySelectorAll("section.slot .place img").length >= 3`)
	const other = "section:has(> form[data-upload] select[name=material])" // what no place asks for
	applicant.do(chromedp.SetValue(other+" select[name=material]", "verification_sheet", chromedp.ByQuery))
	applicant.take(other, photo(t, 97))
	applicant.until(`document.querySelectorAll("main img").length >= 4`)
	applicant.do(chromedp.SendKeys("textarea[name=words]", "手持照片光线不好，请先看其他资料", chromedp.ByQuery))
	applicant.click("section[aria-labelledby=submit-h] button")
	applicant.sees("已提交，等待审核")

	reviewer := b.visit("reviewer", "zh", 1440, 900)
	reviewer.open("/queue")
	press := func(key string) { reviewer.do(chromedp.KeyEvent(key)) }
	press("n") // the next one is claimed and opened
	reviewer.sees("放弃领取")
	if want := strings.Replace(path, "/filings/", "/review/", 1); reviewer.path() != want {
		t.Fatalf("the desk shows %s, want %s", reviewer.path(), want)
	}
	shown := func(what string) {
		t.Helper()
		reviewer.until(`(() => { const p = document.querySelector("[data-picture]"); return p.complete && p.naturalWidth > 0 && p.src.includes("variant=` + what + `"); })()`)
	}
	shown("upright")
	press("d") // one layer: where the document lies
	layer := func(selector string) {
		reviewer.until(`document.querySelector(".stage svg ` + selector + `") !== null`)
	}
	layer("polygon.document")
	reviewer.until(`document.querySelectorAll(".stage svg polygon:not(.document)").length === 0`)
	press("o") // and all of them
	layer("polygon.sharpness")
	press("o")
	reviewer.until(`document.querySelector(".stage svg .layer") === null`)
	press("v")
	shown("rectified")
	press("v")
	press("p")
	reviewer.until(`(() => { const p = document.querySelector("[data-second]"); return !p.hidden && p.complete && p.naturalWidth > 0; })()`)
	press("p")
	reviewer.stitches()
	press("?")
	reviewer.do(chromedp.WaitVisible("dialog[open]", chromedp.ByQuery))
	reviewer.do(chromedp.Evaluate(`document.querySelector("dialog").close()`, nil))
	reviewer.do(chromedp.SetValue("textarea[name=words]", "请重拍手持证件照片", chromedp.ByQuery))
	press("b")
	reviewer.sees("审核队列")

	applicant.open(path)
	applicant.sees("审核员退回了这次备案")
	applicant.sees("请重拍手持证件照片")
	var before string
	const handheld = ".place:has(input[value=handheld_personal_document])"
	applicant.do(chromedp.Evaluate(`document.querySelector("`+handheld+` img").getAttribute("src")`, &before))
	applicant.take(handheld, photo(t, 98))
	applicant.until(`!document.querySelector("` + handheld + ` img").getAttribute("src").includes("` + before + `")`)
	applicant.do(chromedp.Evaluate(`{ const words = document.querySelector("textarea[name=words]"); if (words) words.value = "已重拍"; }`, nil))
	applicant.click("section[aria-labelledby=submit-h] button")
	applicant.sees("已提交，等待审核")

	press("n")
	reviewer.sees("放弃领取")
	reviewer.do(chromedp.SetValue("textarea[name=words]", "线下已核对", chromedp.ByQuery))
	press("a")
	reviewer.sees("审核队列")
	applicant.open(path)
	applicant.sees("审核已通过")
}

// stitches makes the composite of a document's sides, looks at it, fetches it, and follows it to its sources.
func (v *visitor) stitches() {
	v.t.Helper()
	v.click(`form[action$="/composites"] [data-make=sides]`)
	v.until(`location.hash.startsWith("#composite-")`)
	picture := func(what string) {
		v.t.Helper()
		v.until(`(() => { const p = document.querySelector("[data-picture]"); return p.complete && p.naturalWidth > 0 && p.getAttribute("src").includes("` + what + `"); })()`)
	}
	picture("/v1/composites/")
	v.until(`(() => { const p = document.querySelector("[data-composite] img"); p.scrollIntoView(); return p.complete && p.naturalWidth > 0; })()`)
	var file struct {
		Type string
		Size int
		Name string
	}
	v.do(chromedp.Evaluate(`(async () => {
		const a = document.querySelector("[data-download]"), b = await (await fetch(a.href)).blob();
		return {Type: b.type, Size: b.size, Name: a.download};
	})()`, &file, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	if file.Type != "image/jpeg" || file.Size < 200<<10 || !strings.HasSuffix(file.Name, ".jpg") {
		v.t.Errorf("fetched: %+v", file)
	}
	v.do(chromedp.KeyEvent("p")) // beside its first source
	v.until(`(() => { const p = document.querySelector("[data-second]"); return !p.hidden && p.complete && p.naturalWidth > 0; })()`)
	v.do(chromedp.KeyEvent("p"))
	v.until(`document.querySelector("[data-second]").hidden`)

	// A click on it opens the source at the place that was clicked; u leads back.
	v.do(chromedp.Evaluate(`document.querySelector("[data-stage]").scrollIntoView({block: "center"})`, nil))
	var at struct{ X, Y float64 }
	v.do(chromedp.Evaluate(`(() => { const r = document.querySelector("[data-picture]").getBoundingClientRect(); return {X: r.x + r.width / 2, Y: r.y + r.height / 4}; })()`, &at))
	v.do(chromedp.MouseClickXY(at.X, at.Y))
	picture("/v1/materials/")
	v.until(`document.querySelector(".stage svg path.mark") !== null`)
	v.do(chromedp.KeyEvent("u"))
	picture("/v1/composites/")
}

// badNetwork lies between a phone and the service: while breaks are left, a request that uploads is let through in part, stalls,
// and is reset.
type badNetwork struct {
	net.Listener
	to     string
	breaks atomic.Int64
	broken atomic.Int64
	// silent: a broken connection is not reset, it just carries nothing any more.
	silent atomic.Bool
}

func throughABadNetwork(t *testing.T, to string, breaks int64) *badNetwork {
	t.Helper()
	u, err := url.Parse(to)
	ok(t, err)
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	ok(t, err)
	n := &badNetwork{Listener: ln, to: u.Host}
	n.breaks.Store(breaks)
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go n.carry(c.(*net.TCPConn))
		}
	}()
	return n
}

func (n *badNetwork) carry(phone *net.TCPConn) {
	defer func() { _ = phone.Close() }()
	service, err := (&net.Dialer{}).Dial("tcp", n.to)
	if err != nil {
		return
	}
	defer func() { _ = service.Close() }()
	go func() {
		_, _ = io.Copy(phone, service)
		_ = phone.CloseWrite()
	}()
	buf := make([]byte, 16<<10)
	through := -1 // bytes of an upload that came through; -1: this is none
	for {
		count, err := phone.Read(buf)
		if err != nil {
			return
		}
		if through < 0 && bytes.Contains(buf[:count], []byte("POST ")) && bytes.Contains(buf[:count], []byte("/materials")) {
			through = 0
		}
		if through >= 0 {
			if through += count; through > 60_000 && n.breaks.Add(-1) >= 0 {
				if n.silent.Load() {
					n.broken.Add(1)
					_, _ = io.Copy(io.Discard, phone) // until the phone itself gives up
					return
				}
				<-time.After(time.Second) // nothing moves
				_ = phone.SetLinger(0)    // and then: reset by peer
				n.broken.Add(1)
				return
			}
		}
		if _, err := service.Write(buf[:count]); err != nil {
			return
		}
	}
}

func TestAnUploadOverABadNetworkIsNeitherLostNorDoubled(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t)
	id := b.filing("app")
	network := throughABadNetwork(t, b.URL, 2)
	phone := b.visit("app", "zh", 360, 740)
	phone.base = "http://" + network.Addr().String()
	phone.open("/filings/" + id) // cookies know no port
	phone.take("section.slot .place", photo(t, 94))
	phone.do(chromedp.WaitVisible("section.slot .place img", chromedp.ByQuery))
	if network.broken.Load() != 2 {
		t.Errorf("the network broke %d times", network.broken.Load())
	}
	var list struct{ Materials []filing.MaterialReport }
	b.call("app", "GET", "/v1/filings/"+id+"/materials", nil).want(200).into(&list)
	if len(list.Materials) != 1 || list.Materials[0].State != filing.MaterialChecked {
		t.Errorf("%d files: %+v", len(list.Materials), list.Materials)
	}
}

// Every page, in both languages and both schemes, on a phone and on a screen, is held against the rules of axe-core (WCAG 2.2 A and AA among
// them), and is no heavier than what a phone network carries in a second.
func TestEveryPageKeepsNobodyOutAndIsLight(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../build/axe/4.10.3/axe.min.js")
	if err != nil {
		if os.Getenv("PREFLIGHT_TEST_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skip("axe-core is not there: make setup-test fetches it")
	}
	browse(t)
	b := setupWithRules(t, []*rules.Set{olderRules(t)}, patient)
	pages := b.everyPage()
	for _, lang := range []string{"zh", "en"} {
		visitors := map[string]*visitor{}
		for _, as := range viewers(pages) {
			visitors[as] = b.visit(as, lang, 1440, 900)
			visitors[as].do(network.SetCacheDisabled(true))
		}
		for at, scheme := range []string{"light", "dark"} {
			for i, page := range pages {
				v := visitors[page.as]
				width := []int64{360, 1440}[(i+at)%2] // each page on a phone and on a screen, in one scheme or the other
				v.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
					chromedp.Navigate("about:blank"), chromedp.EmulateViewport(width, 900))
				v.load.emptied()
				v.show(page)
				name := fmt.Sprintf("%s %s %s %d px", page.name, lang, scheme, width)
				if requests, bytes := v.load.emptied(); page.do == nil && (requests > 15 || bytes > 150<<10 || bytes == 0) {
					t.Errorf("%s makes %d requests and loads %.0f bytes beside photos", name, requests, bytes)
				}
				v.heldAgainst(t, axe, name)
			}
		}
	}
}

// heldAgainst runs axe-core on the page that is open, which must not have to be moved sideways, either.
func (v *visitor) heldAgainst(t *testing.T, axe []byte, page string) {
	t.Helper()
	var found []struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML string }
	}
	var wide bool
	v.do(chromedp.Evaluate(string(axe), nil),
		chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations)`, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
			return p.WithAwaitPromise(true).WithReturnByValue(true)
		}),
		chromedp.Evaluate(`document.documentElement.scrollWidth > document.documentElement.clientWidth`, &wide))
	for _, f := range found {
		if f.Impact == "serious" || f.Impact == "critical" {
			t.Errorf("%s: %s (%s): %s\n%s", page, f.ID, f.Impact, f.Help, f.Nodes[0].HTML)
		}
	}
	if wide {
		t.Errorf("%s has to be moved sideways", page)
	}
}

// A picture that the browser has is not sent again.
func TestThumbnailsAreKeptByTheBrowser(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	var m material
	b.upload("app", id, photo(t, 92), "material", "applicant_document", "page", "front", "of", "applicant").want(201).into(&m)
	path := fmt.Sprintf("/v1/materials/%s/image?variant=thumbnail", m.ID)
	first := b.page("app", "GET", path, nil).want(200)
	b.page("app", "GET", path, nil, "If-None-Match", first.header.Get("ETag")).want(304)
	if !strings.Contains(first.header.Get("Cache-Control"), "private") {
		t.Errorf("Cache-Control %q", first.header.Get("Cache-Control"))
	}
}
