package server_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/server"
	"github.com/preflight-icp/preflight/templates/letters"
)

// seesThrough gives a browser a camera that sees a photo.
func seesThrough(t *testing.T, photo []byte) []chromedp.ExecAllocatorOption {
	t.Helper()
	file := filepath.Join(t.TempDir(), "camera.mjpeg")
	ok(t, os.WriteFile(file, bytes.Repeat(photo, 10), 0o600))
	return []chromedp.ExecAllocatorOption{
		chromedp.Flag("use-fake-ui-for-media-stream", true), // it would ask, and nobody is there to say yes
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", file),
	}
}

// patient lets an upload wait for its checks: on a busy machine they take longer than anybody holding a phone would wait.
func patient(c *pipeline.Config, _ *server.Config) {
	c.CheckWait, c.JobGrace = time.Minute, 2*time.Minute
}

// looks puts a file into the form of a photo's page, and waits until it is shown there.
func (v *visitor) looks(photo []byte) {
	v.t.Helper()
	v.choose("form[data-capture]", photo)
	v.do(chromedp.WaitVisible("[data-preview] canvas", chromedp.ByQuery)) // which moves what is below it
}

// sends takes a photo on its page and sends it.
func (v *visitor) sends(photo []byte) {
	v.t.Helper()
	v.looks(photo)
	v.click("form[data-capture] button")
}

// place opens the page of the n-th place of a filing, from 0, by the link that stands there.
func (v *visitor) place(filingID string, n int) {
	v.t.Helper()
	v.open("/filings/" + filingID)
	var path string
	v.do(chromedp.Evaluate(fmt.Sprintf(`document.querySelectorAll("section.slot .place a.button")[%d].getAttribute("href")`, n), &path))
	v.open(path)
}

func (b *bundle) materials(filingID string) []filing.MaterialReport {
	b.t.Helper()
	var list struct{ Materials []filing.MaterialReport }
	b.call("app", "GET", "/v1/filings/"+filingID+"/materials", nil).want(200).into(&list)
	return list.Materials
}

// dark is a photo in which hardly any light fell.
func dark(t testing.TB, seed uint64) []byte {
	t.Helper()
	img := shot(t, seed, 1600, 1200)
	for i, v := range img.Pix {
		if i%4 != 3 {
			img.Pix[i] = v / 9
		}
	}
	return encode(t, sprinkled(img), 98)
}

// sprinkled adds what a sensor adds in the dark: without it the file would be too small for a photo.
func sprinkled(img *image.RGBA) *image.RGBA {
	seed := uint32(1)
	for i := range img.Pix {
		if seed = seed*1664525 + 1013904223; i%4 != 3 {
			img.Pix[i] += uint8(seed >> 30)
		}
	}
	return img
}

func TestAPhoneTakesThePhotoUnderAFrameAndSendsItOnlyWhenItIsWanted(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	id := b.filing("app")
	phone := b.visit("app", "zh", 360, 740, seesThrough(t, encode(t, shot(t, 201, 1600, 1200), 88))...)
	phone.place(id, 0)
	phone.sees("四个角都在框里")
	phone.click("[data-open]")
	phone.until(`document.querySelector(".finder video").videoWidth > 0 && document.querySelector(".finder svg .guide")`)
	var fits bool
	phone.do(chromedp.Evaluate(`(() => {
		const frame = document.querySelector(".finder svg .guide").getBBox(), video = document.querySelector(".finder video");
		const ratio = frame.width / frame.height;
		return Math.abs(ratio - 85.6 / 53.98) < 0.02 && frame.x >= 0 && frame.y >= 0 && frame.x + frame.width <= video.videoWidth && frame.y + frame.height <= video.videoHeight;
	})()`, &fits))
	if !fits {
		t.Error("the frame has not the shape of a card, or does not lie in the picture")
	}
	phone.click("[data-shoot]")
	phone.do(chromedp.WaitVisible("[data-preview] canvas", chromedp.ByQuery))
	phone.until(`document.querySelector(".finder video").srcObject === null`) // the camera is off again
	if n := len(b.materials(id)); n != 0 {
		t.Fatalf("%d photos were sent before anybody wanted it", n)
	}
	phone.click("[data-retake]")
	phone.until(`document.querySelector(".finder video").videoWidth > 0 && !document.querySelector("[data-finder]").hidden`)
	phone.click("[data-shoot]")
	phone.do(chromedp.WaitVisible("[data-preview] canvas", chromedp.ByQuery))
	path := phone.path()
	phone.click("form[data-capture] button")
	phone.do(chromedp.WaitVisible(".judged .picture img", chromedp.ByQuery))
	if at := phone.path(); at != path {
		t.Errorf("after the upload the phone shows %s, want %s", at, path)
	}
	list := b.materials(id)
	if len(list) != 1 || list[0].Format != filing.FormatJPEG || list[0].Measurements == nil || list[0].Measurements.Width < 1600 {
		t.Fatalf("what arrived: %+v", list)
	}
	if list[0].Declared.Material != "applicant_document" || list[0].Declared.Page != filing.PageFront {
		t.Errorf("it is declared as %+v", list[0].Declared)
	}
}

func TestWithoutACameraAPhotoIsChosenAndLookedAtFirst(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	id := b.filing("app")
	phone := b.visit("app", "zh", 360, 740)
	phone.place(id, 0)
	phone.click("[data-open]")
	phone.sees("在下面选择照片")
	phone.sends(photo(t, 202))
	phone.do(chromedp.WaitVisible(".judged .picture img", chromedp.ByQuery))
	phone.sees("下一张：")
	if n, sent := len(b.materials(id)), phone.load.uploads(); n != 1 || sent == 0 {
		t.Errorf("%d photos arrived with %d requests that carry something", n, sent)
	}
}

func TestOnlyThePageOfAPhotoMayUseTheCamera(t *testing.T) {
	t.Parallel()
	b := setup(t, patient)
	id := b.filing("app")
	page := string(b.page("app", "GET", "/filings/"+id, nil).want(200).body)
	_, rest, found := strings.Cut(page, `href="/filings/`+id+`/photos/`)
	if !found {
		t.Fatal("no place leads to the page of its photo")
	}
	key, _, _ := strings.Cut(rest, `"`)
	for path, want := range map[string]string{
		"/filings/" + id + "/photos/" + key: "camera=(self)", "/filings/" + id: "camera=()", "/": "camera=()", "/login": "camera=()", "/v1/filings/" + id: "camera=()",
	} {
		if got := b.page("app", "GET", path, nil).header.Get("Permissions-Policy"); !strings.Contains(got, want) || !strings.Contains(got, "microphone=()") {
			t.Errorf("%s: %q", path, got)
		}
	}
	b.page("other", "GET", "/filings/"+id+"/photos/"+key, nil).want(404)
	if a := b.page("app", "GET", "/filings/"+id+"/photos/000000000000", nil).want(303); a.header.Get("Location") != "/filings/"+id {
		t.Errorf("a place that is not asked for leads to %q", a.header.Get("Location"))
	}
	if a := b.page("app", "POST", "/filings/"+id+"/materials?place=//evil.example", nil, "Content-Type", "image/jpeg"); strings.Contains(a.header.Get("Location"), "evil") {
		t.Errorf("a form leads away: %q", a.header.Get("Location"))
	}
}

func TestThePictureIsMarkedWhereTheTroubleIs(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	id := b.filing("app")
	phone := b.visit("app", "zh", 360, 740)
	phone.place(id, 0)
	phone.sends(dark(t, 203))
	phone.sees("重拍这一张")
	phone.sees("图上的数字标出问题的位置")
	var seen struct {
		Marks  int
		Inside bool
		Told   bool
	}
	phone.until(`document.querySelector(".picture img").naturalWidth > 0`)
	phone.do(chromedp.Evaluate(`(() => {
		const svg = document.querySelector(".picture svg"), img = document.querySelector(".picture img");
		const a = svg.getBoundingClientRect(), b = img.getBoundingClientRect();
		const numbers = [...svg.querySelectorAll("text")].map((t) => t.textContent);
		return {
			marks: numbers.length,
			inside: Math.abs(a.left - b.left) < 2 && Math.abs(a.top - b.top) < 2 && Math.abs(a.width - b.width) < 2 && Math.abs(a.height - b.height) < 2,
			told: numbers.every((n) => [...document.querySelectorAll(".told .badge")].some((badge) => badge.textContent.trim().endsWith(n))),
		};
	})()`, &seen))
	if seen.Marks == 0 || !seen.Inside || !seen.Told {
		t.Errorf("the marks: %+v", seen)
	}
	if f := b.materials(id); len(f) != 1 || f[0].Verdict != filing.VerdictFail || len(f[0].Findings[0].Region) == 0 {
		t.Errorf("the photo was to be found too dark: %+v", f)
	}
}

func TestOneTapMakesAPhotoSmallerAndKeepsTheOriginal(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	id := b.filing("app")
	phone := b.visit("app", "zh", 360, 740)
	phone.place(id, 0)
	phone.sends(tooLarge(t))
	phone.sees("自动缩小，不用重拍")
	phone.click(`.judged form[action*="/repairs"] button`)
	phone.sees("系统已处理这张照片")
	phone.sees("处理前")
	phone.sees("处理后")
	phone.until(`[...document.querySelectorAll(".mended img")].every((i) => { i.scrollIntoView(); return i.complete && i.naturalWidth > 0; })`)
	list := b.materials(id)
	if len(list) != 2 {
		t.Fatalf("%d files, want the original and the one made from it", len(list))
	}
	before, after := list[0], list[1]
	if before.MadeFrom != "" {
		before, after = after, before
	}
	if after.MadeFrom != before.ID || after.Bytes >= 4<<20 || before.State != filing.MaterialReplaced || after.State != filing.MaterialChecked {
		t.Errorf("before %s %d %s, after %s %d %s", before.ID, before.Bytes, before.State, after.MadeFrom, after.Bytes, after.State)
	}
	original := b.call("app", "GET", "/v1/materials/"+before.ID+"/image?variant=original", nil).want(200)
	if int64(len(original.body)) != before.Bytes {
		t.Errorf("the original has %d bytes, was sent with %d", len(original.body), before.Bytes)
	}
}

func TestOneTapBringsBothSidesToOneSizeAndKeepsThePhotos(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	b.flow.Measurer = cards{b.flow.Measurer, new(atomic.Int32)}
	id := b.filing("app")
	front, back := b.side("app", id, 48, "front"), b.side("app", id, 49, "back")
	phone := b.visit("app", "zh", 360, 740)
	phone.open("/filings/" + id)
	phone.sees("正反面不一致")
	phone.click(`a[href$="#together-h"]`)
	phone.sees("正面和反面放在一起看")
	phone.until(`document.querySelectorAll(".together .pair img").length === 2`)
	phone.click(`.together form[action*="/repairs"] button`)
	phone.sees("系统已把两面做成一样大的一张图")
	phone.until(`(() => { const made = document.querySelector(".made img"); made.scrollIntoView(); return made.complete && made.naturalWidth > 0; })()`)
	var again bool
	phone.do(chromedp.Evaluate(`document.querySelector('.together form') !== null`, &again))
	if again {
		t.Error("what is done is offered once more")
	}
	for _, m := range b.materials(id) {
		if (m.ID == front.ID || m.ID == back.ID) && m.State != filing.MaterialChecked {
			t.Errorf("the photo %s is %s, want it kept as it was", m.ID, m.State)
		}
	}
	if pairs := b.report("app", id).Pairs; len(pairs) != 1 || pairs[0].Composite == "" {
		t.Errorf("pairs %+v", pairs)
	}
}

// bj is a unit in Beijing whose principal is not its legal representative: the principal needs a letter of authorization.
const bj = `{"facts":{"province":"BJ","action":"new","applicant":{"type":"enterprise","name":"样本茶业 SPECIMEN"},"principal":{"is_legal_representative":false}}}`

func TestAReturnedFilingSaysBesideEachMaterialWhatIsToBeMended(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	id := b.filing("app")
	var front, back material
	b.upload("app", id, dark(t, 204), "material", "applicant_document", "page", "front", "of", "applicant").want(201).into(&front)
	b.upload("app", id, photo(t, 205), "material", "applicant_document", "page", "back", "of", "applicant").want(201).into(&back)
	b.json("app", "POST", "/v1/filings/"+id+"/submissions", `{"words":"样本"}`).want(201)
	b.json("reviewer", "POST", "/v1/filings/"+id+"/decisions",
		`{"decision":"return","reasons":[{"material":"`+front.ID+`","code":"underexposed"}],"words":"请到窗边重拍正面"}`).want(201)
	b.link("applicant", id)
	phone := b.visit("applicant", "zh", 360, 740)
	phone.open("/filings/" + id)
	phone.sees("请到窗边重拍正面")
	var beside []int
	count := `[...document.querySelectorAll("section.slot .place")].map((p) => p.querySelectorAll(".reason").length)`
	phone.do(chromedp.Evaluate(count, &beside))
	if len(beside) < 3 || beside[0] != 1 || beside[1] != 0 || beside[2] != 0 {
		t.Fatalf("reasons beside the places: %v, want one beside the first", beside)
	}
	phone.click(".reasons a") // it leads to the place
	phone.sees("审核员退回的原因")
	phone.sends(photo(t, 206))
	phone.until(`document.querySelector(".reason .verdict.pass")`)
	phone.open("/filings/" + id)
	phone.sees("已重新上传")
	phone.do(chromedp.SendKeys("textarea[name=words]", "已重拍", chromedp.ByQuery))
	phone.click("section[aria-labelledby=submit-h] button")
	phone.sees("上次退回后，这些已经重新上传")
	var resent []string
	phone.do(chromedp.Evaluate(`[...document.querySelectorAll("main > section:first-of-type li")].map((l) => l.textContent)`, &resent))
	if len(resent) != 1 || !strings.Contains(resent[0], "正面") {
		t.Errorf("sent again: %v, want the front", resent)
	}
	b.json("reviewer", "POST", "/v1/filings/"+id+"/decisions", `{"decision":"accept","words":"线下已核对"}`).want(201)
	phone.open("/filings/" + id)
	phone.sees("审核已通过")
	phone.do(chromedp.Evaluate(count, &beside))
	if beside[0] != 0 {
		t.Error("an accepted filing still says why it was given back")
	}
}

func TestARevokedLinkSaysWhatToDo(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	id := b.filing("app")
	b.link("applicant", id)
	phone := b.visit("nobody", "zh", 360, 740)
	phone.do(chromedp.Navigate(b.URL + "/login#token=" + b.tokens["applicant"]))
	phone.sees("去拍照")
	phone.place(id, 0)

	pc := b.visit("app", "zh", 1280, 800)
	pc.open("/filings/" + id)
	pc.click("details.links summary")
	pc.click("details.links button")
	pc.until(`document.querySelector("main") && !document.querySelector("details.links")`)

	phone.sends(photo(t, 207)) // in the middle of it
	phone.sees("这个链接已经不能用了")
	phone.sees("生成新的二维码")
	phone.open("/filings/" + id)
	phone.sees("这个链接已经不能用了")
	var form bool
	phone.do(chromedp.Evaluate(`document.querySelector("main form") !== null`, &form))
	if form {
		t.Error("who came by a link is asked for a token that they do not have")
	}
	if n := len(b.materials(id)); n != 0 {
		t.Errorf("%d photos came over a link that was revoked", n)
	}
	english := b.visit("nobody", "en", 360, 740)
	english.do(chromedp.Navigate(b.URL + "/login#token=" + b.tokens["applicant"]))
	english.sees("This link does not work any more")
}

func TestALetterIsPrintedFromTheFactsOnOnePageOfA4(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	var f struct{ ID string }
	b.json("app", "POST", "/v1/filings", bj).want(201).into(&f)
	b.link("applicant", f.ID)
	pc := b.visit("applicant", "zh", 1280, 900)
	pc.open("/filings/" + f.ID)
	pc.click(`section.slot .place a[href*="/letters/"]`)
	pc.until(`document.querySelector("article.sheet")?.innerText.includes("样本茶业 SPECIMEN")`)
	var page struct {
		Width  float64
		Button bool
	}
	pc.do(chromedp.Evaluate(`({width: document.querySelector("article.sheet").getBoundingClientRect().width, button: document.querySelector("[data-print]") !== null})`, &page))
	if page.Width < 780 || page.Width > 800 { // 210 mm at 96 dots an inch: the policy lets the letter's own style in
		t.Errorf("the sheet is %.0f pixels wide, want 794", page.Width)
	}
	if !page.Button {
		t.Error("there is no button that prints")
	}
	sheets := sheetsOf(pc.print())
	if len(sheets) != 1 || !bytes.HasPrefix(sheets[0][1], []byte("59")) || !bytes.HasPrefix(sheets[0][2], []byte("84")) {
		t.Errorf("the print has the pages %q, want one of 595 x 842 points", sheets)
	}
	path := pc.path()
	policy := b.page("applicant", "GET", path, nil).want(200).header.Get("Content-Security-Policy")
	if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "style-src 'sha256-") {
		t.Errorf("policy %q", policy)
	}
	b.page("other", "GET", path, nil).want(404)
	b.page("app", "GET", "/filings/"+f.ID+"/letters/000000000000", nil).want(404)
}

// What is written by hand does not flow over to a second sheet, which nobody would photograph.
func TestEveryLetterPrintsOnOneSheetOfA4ForEachThatItIsFor(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t, patient)
	facts, err := filing.ParseFactsYAML([]byte(`{province: CQ, action: new, applicant: {type: enterprise, name: 样本省想象市云溪县清溪茶业种植与初加工有限责任公司 SPECIMEN},
sites: [{name: 样本网站 SPECIMEN, domains: [{name: specimen-one.cn, holder: applicant}, {name: specimen-two.cn, holder: shareholder}]}]}`))
	ok(t, err)
	pc := b.visit("nobody", "zh", 1280, 900)
	for _, letter := range letters.All() {
		var html bytes.Buffer
		ok(t, letters.Render(&html, letter.Material, facts, "", "zh"))
		file := filepath.Join(t.TempDir(), "letter.html")
		ok(t, os.WriteFile(file, html.Bytes(), 0o600))
		pc.do(chromedp.Navigate("file://"+file), chromedp.WaitReady("article", chromedp.ByQuery))
		if n, want := len(sheetsOf(pc.print())), bytes.Count(html.Bytes(), []byte("<article")); n != want {
			t.Errorf("%s prints on %d sheets, want %d", letter.Material, n, want)
		}
	}
}

// print is the page that is open as Chromium prints it.
func (v *visitor) print() (pdf []byte) {
	v.t.Helper()
	v.do(chromedp.ActionFunc(func(ctx context.Context) error {
		var err error
		pdf, _, err = cdppage.PrintToPDF().WithPreferCSSPageSize(true).WithPrintBackground(true).Do(ctx)
		return err
	}))
	return pdf
}

// sheetsOf are the sizes of a print's sheets in points.
func sheetsOf(pdf []byte) [][][]byte {
	return regexp.MustCompile(`/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]`).FindAllSubmatch(pdf, -1)
}

// A network may swallow what is sent and never say so: no reset tells the phone.
func TestAnUploadThatStandsStillIsBegunAgainAndNotDoubled(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setup(t)
	id := b.filing("app")
	network := throughABadNetwork(t, b.URL, 2)
	network.silent.Store(true)
	phone := b.visit("app", "zh", 360, 740)
	phone.base = "http://" + network.Addr().String()
	phone.place(id, 0)
	phone.do(chromedp.Evaluate(`(() => { const form = document.querySelector("form[data-capture]"); form.dataset.stall = 2, form.dataset.patience = 5; })()`, nil))
	phone.sends(photo(t, 208))
	phone.sees("照片不会丢")
	phone.do(chromedp.WaitVisible(".judged .picture img", chromedp.ByQuery))
	if network.broken.Load() != 2 {
		t.Errorf("the network stood still %d times", network.broken.Load())
	}
	within(t, "the photo is checked", func() bool {
		list := b.materials(id)
		return len(list) > 0 && list[0].State == filing.MaterialChecked
	})
	if list := b.materials(id); len(list) != 1 {
		t.Errorf("%d files: %+v", len(list), list)
	}
}
