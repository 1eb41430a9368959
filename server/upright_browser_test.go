package server_test

import (
	"image"
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
	id := b.filing("app")
	var m material
	b.upload("app", id, encode(t, upsideDown(shot(t, 92, 1000, 750)), 98), "material", "applicant_document", "page", "front", "of", "applicant").want(201).into(&m)
	if m.Kind == nil {
		t.Fatal("it was not read")
	}
	desk := b.visit("reviewer", "zh", 1440, 900)
	desk.open("/review/" + id)
	desk.do(chromedp.KeyEvent("v"))
	desk.until(`document.querySelector("[data-picture]").src.includes("rectified") && document.querySelector("[data-picture]").style.transform.includes("rotate(180deg)")`)
	desk.do(chromedp.KeyEvent("t")) // what was read lies over it as the picture does
	desk.until(`document.querySelector(".stage svg text") && document.querySelector(".stage svg").style.transform.includes("rotate(180deg)")`)
}
