package server_test

import (
	"bytes"
	"context"
	"image"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/server"
)

// heldRenderer draws thumbnails when it is told to.
type heldRenderer struct {
	pipeline.Renderer
	begun, goOn chan struct{}
	drawn       atomic.Int32
}

func (r *heldRenderer) Thumbnail(ctx context.Context, data []byte, longSide int) ([]byte, error) {
	if r.drawn.Add(1) == 1 {
		close(r.begun)
	}
	<-r.goOn
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r.Renderer.Thumbnail(ctx, data, longSide)
}

func TestAThumbnailIsDrawnForOthersWhenTheOneWhoAskedFirstIsGone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	held := &heldRenderer{Renderer: b.flow.Renderer, begun: make(chan struct{}), goOn: make(chan struct{})}
	b.flow.Renderer = held
	var m material
	b.upload("app", b.filing("app"), photo(t, 15)).want(201).into(&m)
	viewer := pipeline.Viewer{Name: "app"}

	first, leave := context.WithCancel(t.Context())
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		_, _ = b.flow.Image(first, viewer, m.ID, pipeline.VariantThumbnail) // gone: nobody reads the answer
	}()
	select {
	case <-held.begun:
	case <-answered:
		t.Fatal("answered without a drawing")
	}
	leave()
	close(held.goOn)
	<-answered
	if _, err := b.flow.Image(t.Context(), viewer, m.ID, pipeline.VariantThumbnail); err != nil {
		t.Error(err)
	}
	if n := held.drawn.Load(); n != 1 {
		t.Errorf("drawn %d times", n)
	}
}

// placed says of every picture where its document lies: in the middle, or nowhere.
type placed struct {
	pipeline.Measurer
	nowhere bool
}

func (p placed) Analyze(ctx context.Context, data []byte) (filing.Measurements, error) {
	m, err := p.Measurer.Analyze(ctx, data)
	w, h := float64(m.Width), float64(m.Height)
	if m.Document = nil; !p.nowhere {
		m.Document = &filing.Document{
			Quad:       [4]filing.Point{{0.2 * w, 0.25 * h}, {0.8 * w, 0.2 * h}, {0.85 * w, 0.7 * h}, {0.15 * w, 0.8 * h}},
			Confidence: 0.9,
		}
	}
	return m, err
}

func TestWhatWasMeasuredIsShownAsAPicture(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.flow.Measurer = placed{Measurer: b.flow.Measurer}
	b.flow.Analyzer += "+model" // as an analyzer with models names itself
	p := photo(t, 23)
	whole, _, err := image.DecodeConfig(bytes.NewReader(p))
	ok(t, err)
	var m material
	b.upload("app", b.filing("app"), p).want(201).into(&m)
	for variant, holds := range map[string]func(image.Rectangle) bool{
		"rectified": func(r image.Rectangle) bool {
			return r.Dx() < whole.Width && r.Dy() < whole.Height && r.Dx() > whole.Width/2
		},
		"overlay": func(r image.Rectangle) bool { return max(r.Dx(), r.Dy()) <= imaging.OverlaySide && r.Dx() > r.Dy()/2 },
	} {
		path := "/v1/materials/" + m.ID + "/image?variant=" + variant
		a := b.call("app", "GET", path, nil).want(200)
		img, format, err := image.Decode(bytes.NewReader(a.body))
		ok(t, err)
		if format != "jpeg" || a.header.Get("Content-Type") != "image/jpeg" || !holds(img.Bounds()) {
			t.Errorf("%s: %s, %s, %v", variant, format, a.header.Get("Content-Type"), img.Bounds())
		}
		if etag := a.header.Get("ETag"); !strings.Contains(etag, "-"+imaging.Version+`.model"`) || !strings.HasPrefix(a.header.Get("Cache-Control"), "private") {
			t.Errorf("%s: %v does not name the analyzer, or others may keep it", variant, a.header)
		}
		b.call("app", "GET", path, nil, "If-None-Match", a.header.Get("ETag")).want(304)
		part := b.call("app", "GET", path, nil, "Range", "bytes=10-19").want(206)
		if !bytes.Equal(part.body, a.body[10:20]) {
			t.Errorf("%s: another range was sent", variant)
		}
		b.call("other", "GET", path, nil).problem(404, "not_found")
	}
}

func TestWhereNoDocumentLiesThereIsNoneToShow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.flow.Measurer = placed{Measurer: b.flow.Measurer, nowhere: true}
	id := b.filing("app")
	var m material
	b.upload("app", id, photo(t, 24)).want(201).into(&m)
	base := "/v1/materials/" + m.ID + "/image?variant="
	b.call("app", "GET", base+"rectified", nil).problem(404, "no_document")
	b.call("app", "GET", base+"overlay", nil).want(200) // it says that there is none
	b.upload("app", id, []byte("%PDF-1.4 not a picture")).want(201).into(&m)
	for _, variant := range []string{"rectified", "overlay"} {
		b.call("app", "GET", "/v1/materials/"+m.ID+"/image?variant="+variant, nil).problem(422, "picture_unreadable")
	}
}

func TestWhatIsShownOfADeletedFileIsGoneWithIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.flow.Measurer = placed{Measurer: b.flow.Measurer}
	id := b.filing("app")
	var m material
	b.upload("app", id, photo(t, 25)).want(201).into(&m)
	for _, variant := range []string{"rectified", "overlay"} {
		b.call("app", "GET", "/v1/materials/"+m.ID+"/image?variant="+variant, nil).want(200)
	}
	b.call("app", "DELETE", "/v1/filings/"+id, nil).want(204)
	for info, err := range b.objects.List(context.Background(), "", "") {
		ok(t, err)
		t.Errorf("object %s is left", info.Key)
	}
}

func TestAReviewersPictureCarriesWhoLooksAtItAndWhen(t *testing.T) {
	t.Parallel()
	b := setup(t, func(_ *pipeline.Config, c *server.Config) { c.Watermark = true })
	var m material
	b.upload("app", b.filing("app"), photo(t, 33)).want(201).into(&m)
	path := "/v1/materials/" + m.ID + "/image?variant=thumbnail"
	plain := b.call("app", "GET", path, nil).want(200)
	asked := b.call("app", "GET", path+"&watermark=true", nil).want(200)
	marked := b.call("reviewer", "GET", path, nil).want(200)
	if string(b.call("app", "GET", path, nil).want(200).body) != string(plain.body) {
		t.Error("the picture of the app is another the second time")
	}
	for name, a := range map[string]answer{"asked for": asked, "a reviewer's": marked} {
		if a.header.Get("Cache-Control") != "no-store" || a.header.Get("ETag") != "" || a.header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("%s: %v", name, a.header)
		}
		before, _, err := image.Decode(bytes.NewReader(plain.body))
		ok(t, err)
		after, _, err := image.Decode(bytes.NewReader(a.body))
		ok(t, err)
		if before.Bounds() != after.Bounds() {
			t.Fatalf("%s: %v became %v", name, before.Bounds(), after.Bounds())
		}
		// A strip across the middle is dark with light letters; the first rows are as they were.
		size, dark, differs := before.Bounds().Size(), 0, 0
		for x := range size.X {
			a, _, _, _ := after.At(x, size.Y/2+2).RGBA()
			o, _, _, _ := before.At(x, size.Y/2+2).RGBA()
			if o > a+0x1000 {
				dark++
			}
			top, _, _, _ := after.At(x, size.Y/8).RGBA()
			was, _, _, _ := before.At(x, size.Y/8).RGBA()
			if top > was+0x2000 || was > top+0x2000 {
				differs++
			}
		}
		if dark < size.X/4 || differs > size.X/10 {
			t.Errorf("%s: %d of %d pixels of the strip are darker, %d elsewhere differ", name, dark, size.X, differs)
		}
	}
	if string(marked.body) == string(asked.body) {
		t.Error("the app's and the reviewer's copy are the same")
	}
}
