package server_test

import (
	"bytes"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/preflight-icp/preflight/filing"
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

// choose puts a file into the form of a photo's page.
func (v *visitor) choose(photo []byte) {
	v.t.Helper()
	file := filepath.Join(v.t.TempDir(), "photo.jpg")
	ok(v.t, os.WriteFile(file, photo, 0o600))
	v.do(chromedp.SetUploadFiles("form[data-capture] input[type=file]", []string{file}, chromedp.ByQuery))
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
func dark(t *testing.T, seed uint64) []byte {
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
	b := setup(t)
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
	b := setup(t)
	id := b.filing("app")
	phone := b.visit("app", "zh", 360, 740)
	phone.place(id, 0)
	phone.click("[data-open]")
	phone.sees("在下面选择照片")
	phone.choose(photo(t, 202))
	phone.do(chromedp.WaitVisible("[data-preview] canvas", chromedp.ByQuery))
	phone.click("form[data-capture] button")
	phone.do(chromedp.WaitVisible(".judged .picture img", chromedp.ByQuery))
	phone.sees("下一张：")
	if n := len(b.materials(id)); n != 1 {
		t.Errorf("%d photos arrived", n)
	}
}

func TestOnlyThePageOfAPhotoMayUseTheCamera(t *testing.T) {
	t.Parallel()
	b := setup(t)
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
	b := setup(t)
	id := b.filing("app")
	phone := b.visit("app", "zh", 360, 740)
	phone.place(id, 0)
	phone.choose(dark(t, 203))
	phone.click("form[data-capture] button")
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
	b := setup(t)
	id := b.filing("app")
	phone := b.visit("app", "zh", 360, 740)
	phone.place(id, 0)
	phone.choose(tooLarge(t))
	phone.click("form[data-capture] button")
	phone.sees("一键压缩，不用重拍")
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
