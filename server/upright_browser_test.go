package server_test

import (
	"image"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/preflight-icp/preflight/models"
	"github.com/preflight-icp/preflight/models/modelstest"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/server"
)

// upsideDown is a picture turned by half a turn.
func upsideDown(img *image.RGBA) *image.RGBA {
	out := image.NewRGBA(img.Rect)
	for i := 0; i < len(img.Pix); i += 4 {
		copy(out.Pix[len(img.Pix)-4-i:], img.Pix[i:i+4])
	}
	return out
}

// The locator begins with the corner that it finds upper left; how a document is to be seen, only what stands on it tells.
func TestADocumentByItselfIsShownAsItsTextRuns(t *testing.T) {
	t.Parallel()
	browse(t)
	b := setupWithModels(t, modelstest.Dir(t, models.Runtime(), models.TextDetector, models.TextDirection, models.TextRecognizer, models.TextKeys), nil,
		func(c *pipeline.Config, _ *server.Config) {
			c.CheckWait, c.ReadDeadline, c.JobGrace = time.Minute, time.Minute, 2*time.Minute
		})
	card := shot(t, 92, 1600, 1200)
	for turn, img := range map[string]*image.RGBA{"rotate(0deg)": card, "rotate(180deg)": upsideDown(card)} {
		id := b.filing("app")
		var m material
		b.upload("app", id, encode(t, img, 88), "material", "applicant_document", "page", "front", "of", "applicant").want(201).into(&m)
		if m.Kind == nil {
			t.Fatalf("%s: it was not read", turn)
		}
		desk := b.visit("reviewer", "zh", 1440, 900)
		desk.open("/review/" + id)
		desk.do(chromedp.KeyEvent("v"))
		const picture = `document.querySelector("[data-picture]")`
		desk.until(picture + `.complete && ` + picture + `.src.includes("rectified") && ` + picture + `.style.transform.includes("rotate")`)
		var transform string
		desk.do(chromedp.Evaluate(picture+`.style.transform`, &transform))
		if !strings.Contains(transform, turn) {
			t.Errorf("the document is shown with %s, want %s", transform, turn)
		}
		desk.do(chromedp.KeyEvent("t")) // what was read lies over it as the picture does
		desk.until(`document.querySelector(".stage svg text")`)
		var over []string
		desk.do(chromedp.Evaluate(`[document.querySelector(".stage svg").style.transform]`, &over))
		if !slices.ContainsFunc(over, func(s string) bool { return strings.Contains(s, turn) }) {
			t.Errorf("what was read is drawn with %v, want %s", over, turn)
		}
	}
}
