package server_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"slices"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

// inARow is photos of cards stitched in a row by somebody, with white between them.
func inARow(t *testing.T, seeds ...uint64) []byte {
	t.Helper()
	const gap = 20
	var photos []image.Image
	width, height := gap, 0
	for _, seed := range seeds {
		img, err := jpeg.Decode(bytes.NewReader(photo(t, seed)))
		ok(t, err)
		photos = append(photos, img)
		width, height = width+img.Bounds().Dx()+gap, max(height, img.Bounds().Dy())
	}
	page := image.NewRGBA(image.Rect(0, 0, width, height+2*gap))
	draw.Draw(page, page.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	x := gap
	for _, p := range photos {
		draw.Draw(page, p.Bounds().Add(image.Pt(x, gap)), p, image.Point{}, draw.Src)
		x += p.Bounds().Dx() + gap
	}
	var out bytes.Buffer
	ok(t, jpeg.Encode(&out, page, &jpeg.Options{Quality: 92}))
	return out.Bytes()
}

func TestAStitchedUploadListsItsPartsInTheAnswerTheReportAndThePages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.filing("app")
	var m filing.MaterialReport
	b.upload("app", f, inARow(t, 41, 42), "material", "principal_id", "page", "front").want(201).into(&m)
	if len(m.Parts) != 2 || len(m.Measurements.Parts) != 2 || !m.Measurements.Parts[0].Panel {
		t.Fatalf("parts %+v of %+v", m.Parts, m.Findings)
	}
	// Nothing is read here, and so nobody knows what they are.
	if i := slices.IndexFunc(m.Findings, func(f filing.Finding) bool { return f.Code == "several_documents" }); i < 0 || m.Verdict == filing.VerdictPass {
		t.Errorf("%s: %+v", m.Verdict, m.Findings)
	}
	if m.Parts[0].Quad[0][0] > m.Parts[1].Quad[0][0] || m.Parts[0].Kind != nil {
		t.Errorf("%+v", m.Parts)
	}
	report := b.report("app", f)
	if len(report.Files) != 1 || len(report.Files[0].Parts) != 2 || report.Files[0].Parts[1].Quad != m.Parts[1].Quad {
		t.Errorf("the report has %+v", report.Files[0].Parts)
	}
	// Of the photo's pages one is that of the place which the file stands for.
	list, page := string(b.page("app", "GET", "/filings/"+f, nil).want(200).body), ""
	for _, rest := range strings.Split(list, `href="/filings/`+f+`/photos/`)[1:] {
		place, _, _ := strings.Cut(rest, `"`)
		place, _, _ = strings.Cut(place, "#")
		if one := string(b.page("app", "GET", "/filings/"+f+"/photos/"+place, nil).want(200).body); strings.Contains(one, m.ID) {
			page = one
		}
	}
	if strings.Count(page, `class="mark part"`) != 2 || !strings.Contains(page, `class="parts pieces"`) {
		t.Errorf("the page of the photo does not list the parts: %.300s", page)
	}
	b.json("app", "POST", "/v1/filings/"+f+"/submit", "")
	review := string(b.page("reviewer", "GET", "/review/"+f, nil).body)
	if !strings.Contains(review, `class="parts pieces"`) {
		t.Errorf("the reviewer's page does not list the parts: %.300s", review)
	}
}

func TestThePartsOfAHugeOrBrokenPictureAreNotLookedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.filing("app")
	whole := inARow(t, 41, 42)
	for name, data := range map[string][]byte{"broken": whole[:len(whole)*2/3], "huge": hugeHeader(whole)} {
		var m filing.MaterialReport
		b.upload("app", f, data, "material", "principal_id", "page", "front").want(201).into(&m)
		if len(m.Parts) != 0 || m.Verdict != filing.VerdictFail {
			t.Errorf("%s: %s with %d parts", name, m.Verdict, len(m.Parts))
		}
	}
}

// hugeHeader is a JPEG whose frame claims 60,000 by 60,000 pixels.
func hugeHeader(data []byte) []byte {
	out := slices.Clone(data)
	at := bytes.Index(out, []byte{0xff, 0xc0})
	copy(out[at+5:], []byte{0xea, 0x60, 0xea, 0x60})
	return out
}
