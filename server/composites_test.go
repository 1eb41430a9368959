package server_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/imaging/layouts"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/storage"
)

// countingStitcher counts how often a composite is made.
type countingStitcher struct {
	pipeline.Stitcher
	made atomic.Int32
}

func (s *countingStitcher) Stitch(ctx context.Context, parts []imaging.StitchPart, o imaging.StitchOptions) (filing.Composite, []byte, error) {
	s.made.Add(1)
	o.MinTextPx = 0 // the photos of these tests are small
	return s.Stitcher.Stitch(ctx, parts, o)
}

// stitching is a service that counts the composites which it makes, with a filing that has two sides of a card.
func stitching(t *testing.T, seed uint64) (b *bundle, stitcher *countingStitcher, f string, front, back material) {
	t.Helper()
	b = setup(t)
	stitcher = &countingStitcher{Stitcher: b.flow.Stitcher}
	b.flow.Stitcher = stitcher
	f = b.filing("app")
	return b, stitcher, f, b.side("app", f, seed, "front"), b.side("app", f, seed+1, "back")
}

// composites are the keys of what the store keeps of composites.
func (b *bundle) composites() (keys []string) {
	b.t.Helper()
	for info, err := range b.objects.List(b.t.Context(), "derivatives/", "") {
		ok(b.t, err)
		if strings.Contains(info.Key, ".composite") {
			keys = append(keys, info.Key) // a key is nobody's business but the store's
		}
	}
	return keys
}

func (b *bundle) side(as, f string, seed uint64, page string) material {
	b.t.Helper()
	var m material
	b.upload(as, f, photo(b.t, seed), "material", "principal_id", "page", page, "of", "principal").want(201).into(&m)
	return m
}

func (b *bundle) composite(as, f, body string) filing.CompositeView {
	b.t.Helper()
	var v filing.CompositeView
	b.json(as, "POST", "/v1/filings/"+f+"/composites", body).want(201).into(&v)
	return v
}

func TestFilesOfAFilingAreStitchedIntoOnePicture(t *testing.T) {
	t.Parallel()
	b, stitcher, f, front, back := stitching(t, 40)
	v := b.composite("app", f, `{"parts":["`+front.ID+`","`+back.ID+`"],"layout":"column","captions":true}`)
	if v.State != filing.CompositeMade || !v.MadeByService || v.Composite == nil || len(v.Composite.Parts) != 2 || v.Composite.Layout != "column" {
		t.Fatalf("%+v", v)
	}
	c := v.Composite
	if p := c.Parts[1]; p.ID != back.ID || p.Source != back.SHA256 || p.Material != "principal_id" || p.Page != filing.PageBack {
		t.Errorf("the second part is %+v", p)
	}

	path := "/v1/composites/" + v.ID
	pic := b.call("reviewer", "GET", path+"/image", nil).want(200)
	img, format, err := image.Decode(bytes.NewReader(pic.body))
	ok(t, err)
	if format != "jpeg" || img.Bounds().Size() != image.Pt(c.Width, c.Height) || int64(len(pic.body)) != c.Bytes || c.Bytes < 200<<10 || c.Bytes >= 4<<20 {
		t.Errorf("%s %v of %d bytes, said to be %+v", format, img.Bounds(), len(pic.body), c)
	}
	if cc := pic.header.Get("Cache-Control"); !strings.HasPrefix(cc, "private") {
		t.Errorf("others may keep it: %s", cc)
	}
	etag := pic.header.Get("ETag")
	b.call("app", "GET", path+"/image", nil, "If-None-Match", etag).want(304)
	part := b.call("app", "GET", path+"/image", nil, "Range", "bytes=10-19").want(206)
	if !bytes.Equal(part.body, pic.body[10:20]) {
		t.Error("a range is another part")
	}
	small, _, err := image.Decode(bytes.NewReader(b.call("app", "GET", path+"/image?variant=thumbnail", nil).want(200).body))
	ok(t, err)
	if max(small.Bounds().Dx(), small.Bounds().Dy()) != pipeline.ThumbnailSide {
		t.Errorf("a thumbnail of %v", small.Bounds())
	}

	// A point in the middle of the second part leads to the middle of the back.
	q := c.Parts[1].Quad
	var at filing.SourcePoint
	b.call("app", "GET", fmt.Sprintf("%s/point?x=%v&y=%v", path, (q[0][0]+q[2][0])/2, (q[0][1]+q[2][1])/2), nil).want(200).into(&at)
	if at.Material != back.ID || at.Part != 1 || at.At[0] < 499 || at.At[0] > 501 || at.At[1] < 374 || at.At[1] > 376 {
		t.Errorf("the point leads to %+v", at)
	}
	b.call("app", "GET", path+"/point?x=-5&y=1", nil).problem(404, "not_found")

	// Asked for again it is the same one; a stranger sees nothing.
	if again := b.composite("app", f, `{"parts":["`+front.ID+`","`+back.ID+`"],"layout":"column","captions":true}`); again.ID != v.ID || stitcher.made.Load() != 1 {
		t.Errorf("made %d times, %s and %s", stitcher.made.Load(), v.ID, again.ID)
	}
	for _, p := range []string{path, path + "/image", path + "/point?x=1&y=1"} {
		b.call("other", "GET", p, nil).problem(404, "not_found")
	}
	b.json("other", "POST", "/v1/filings/"+f+"/composites", `{"parts":["`+front.ID+`"]}`).problem(404, "not_found")
	b.json("app", "POST", "/v1/filings/"+b.filing("app")+"/composites", `{"parts":["`+front.ID+`"]}`).problem(404, "not_found")
	b.json("app", "POST", "/v1/filings/"+f+"/composites", `{}`).problem(422, "invalid_request")
	b.json("app", "POST", "/v1/filings/"+f+"/composites", `{"composition":"none"}`).problem(422, "invalid_request")
	b.json("app", "POST", "/v1/filings/"+f+"/composites", `{"parts":["`+front.ID+`"],"layout":"sides"}`).problem(422, "composite_layout")

	// Without a margin it is narrower, and another one.
	bare := b.composite("app", f, `{"parts":["`+front.ID+`","`+back.ID+`"],"layout":"column","margin":0}`)
	if q := bare.Composite.Parts[0].Quad[0]; bare.ID == v.ID || q[1] != 0 || c.Parts[0].Quad[0][1] <= 0 {
		t.Errorf("without a margin the first part begins at %v, with one at %v", q, c.Parts[0].Quad[0])
	}
	b.json("app", "POST", "/v1/filings/"+f+"/composites", `{"parts":["`+front.ID+`","`+back.ID+`"],"margin":0.9}`).problem(422, "invalid_request")
	b.json("app", "POST", "/v1/filings/"+f+"/composites", `{"parts":["`+front.ID+`","`+back.ID+`"],"layout":"spiral"}`).problem(422, "invalid_request")
	b.call("app", "DELETE", "/v1/composites/"+bare.ID, nil).want(204)

	// A source is deleted: nothing that shows it stays.
	if keys := b.composites(); len(keys) != 2 {
		t.Fatalf("kept are %v, not a picture and its thumbnail", keys)
	}
	b.call("app", "DELETE", "/v1/materials/"+back.ID, nil).want(204)
	b.call("app", "GET", path, nil).problem(404, "not_found")
	if keys := b.composites(); len(keys) != 0 {
		t.Errorf("%v show a file that was deleted", keys)
	}
}

func TestACompositeIsMadeAgainWhenASourceIsReplaced(t *testing.T) {
	t.Parallel()
	b, stitcher, f, front, back := stitching(t, 42)
	v := b.composite("app", f, `{"parts":["`+front.ID+`","`+back.ID+`"]}`)
	first := b.call("app", "GET", "/v1/composites/"+v.ID+"/image", nil).want(200)
	newer := b.side("app", f, 45, "back")
	deadline := time.Now().Add(time.Minute)
	for stitcher.made.Load() < 2 && time.Now().Before(deadline) {
		<-time.After(10 * time.Millisecond)
	}
	if stitcher.made.Load() != 2 {
		t.Fatalf("made %d times", stitcher.made.Load())
	}
	var now filing.CompositeView
	b.call("app", "GET", "/v1/composites/"+v.ID, nil).want(200).into(&now)
	if now.State != filing.CompositeMade || now.Composite.Parts[1].ID != newer.ID || now.Composite.Parts[1].Source != newer.SHA256 {
		t.Errorf("it still shows the old back: %+v", now.Composite.Parts)
	}
	second := b.call("app", "GET", "/v1/composites/"+v.ID+"/image", nil, "If-None-Match", first.header.Get("ETag")).want(200)
	if bytes.Equal(first.body, second.body) {
		t.Error("the picture is the old one")
	}

	// It goes with the newer file too, of which it was not asked for; the receipt counts it, and nothing is left over.
	if keys := b.composites(); len(keys) != 1 {
		t.Fatalf("kept are %v", keys)
	}
	gone := b.call("app", "DELETE", "/v1/materials/"+newer.ID, nil).want(204)
	if keys := b.composites(); len(keys) != 0 {
		t.Errorf("%v show a file that was deleted", keys)
	}
	b.call("app", "GET", "/v1/composites/"+v.ID, nil).problem(404, "not_found")
	receipt, err := b.records.Receipt(t.Context(), gone.header.Get("Deletion-Receipt"))
	if err != nil || receipt.FinishedAt == nil || receipt.Objects < 2 {
		t.Errorf("the receipt says %+v, %v", receipt, err)
	}
	report, err := storage.Fsck(t.Context(), b.records, b.objects, storage.FsckOptions{OrphanAge: time.Nanosecond})
	if err != nil || report.Open != 0 || report.Young != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestACompositeThatIsUploadedAgainStandsForItsParts(t *testing.T) {
	t.Parallel()
	b, stitcher, f, front, back := stitching(t, 60)
	v := b.composite("app", f, `{"parts":["`+front.ID+`","`+back.ID+`"],"layout":"column"}`)
	picture := b.call("app", "GET", "/v1/composites/"+v.ID+"/image", nil).want(200).body
	var first material
	b.upload("app", f, picture).want(201).into(&first)
	if len(first.Matches) == 0 || first.Matches[0].Matched[0].File != first.ID || first.Matches[0].Matched[0].Source != front.ID {
		t.Fatalf("the upload is answered with %+v", first.Matches)
	}
	if len(first.Findings) != 0 {
		t.Errorf("it is judged as a photo: %+v", first.Findings)
	}
	card := func() filing.Match {
		t.Helper()
		var r filing.Report
		b.call("app", "GET", "/v1/filings/"+f+"/report", nil).want(200).into(&r)
		i := slices.IndexFunc(r.Required, func(m filing.Match) bool { return m.Material == "principal_id" })
		return r.Required[i]
	}
	m := card()
	if !slices.Equal(m.Files, []string{first.ID}) || m.Matched[0].Source != front.ID || m.Matched[1].Source != back.ID {
		t.Errorf("the card is %+v", m)
	}
	if len(m.SetAside) != 2 || m.SetAside[0].Reason != "in_composite" {
		t.Errorf("its photos are set aside as %+v", m.SetAside)
	}

	// Another back: the picture that was uploaded shows the old one, though the service has made another by now.
	newer := b.side("app", f, 65, "back")
	for deadline := time.Now().Add(time.Minute); stitcher.made.Load() < 2 && time.Now().Before(deadline); {
		<-time.After(10 * time.Millisecond)
	}
	b.call("app", "GET", "/v1/composites/"+v.ID, nil).want(200)
	m = card()
	if !slices.Equal(m.Files, []string{front.ID, newer.ID}) ||
		!slices.ContainsFunc(m.SetAside, func(a filing.SetAsideFile) bool { return a.File == first.ID && a.Reason == "stale_part" }) {
		t.Errorf("the card is %v, set aside %+v", m.Files, m.SetAside)
	}

	// The record is deleted: it is a picture of which nobody says what it is.
	b.call("app", "DELETE", "/v1/composites/"+v.ID, nil).want(204)
	if m = card(); slices.ContainsFunc(m.SetAside, func(a filing.SetAsideFile) bool { return a.File == first.ID }) {
		t.Errorf("it is known still: %+v", m.SetAside)
	}
	var alone material
	b.call("app", "GET", "/v1/materials/"+first.ID, nil).want(200).into(&alone)
	if len(alone.Findings) == 0 {
		t.Error("it passes as a photo, of which it has no sign")
	}
}

func TestManyWhoAskAtOnceGetOnePictureMadeOnce(t *testing.T) {
	t.Parallel()
	b, stitcher, f, front, back := stitching(t, 46)
	v := b.composite("app", f, `{"parts":["`+front.ID+`","`+back.ID+`"]}`)
	for info, err := range b.objects.List(t.Context(), "derivatives/", "") {
		ok(t, err)
		ok(t, b.objects.Delete(t.Context(), info.Key)) // the cache is lost
	}
	var wait sync.WaitGroup
	bodies := make([][]byte, 16)
	for i := range bodies {
		wait.Go(func() {
			img, err := b.flow.CompositeImage(t.Context(), pipeline.Viewer{Name: "app"}, v.ID, pipeline.VariantOriginal)
			if err != nil {
				t.Error(err)
				return
			}
			r, err := img.Open(0, -1)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = r.Close() }()
			var body bytes.Buffer
			if _, err := body.ReadFrom(r); err != nil {
				t.Error(err)
			}
			bodies[i] = body.Bytes()
		})
	}
	wait.Wait()
	if n := stitcher.made.Load(); n != 2 {
		t.Errorf("made %d times, once when it was asked for and once when it was gone", n)
	}
	for _, body := range bodies {
		if !bytes.Equal(body, bodies[0]) || int64(len(body)) != v.Composite.Bytes {
			t.Error("the same sources gave other bytes")
		}
	}
}

func TestSidesAtTwoScalesAreReportedAndRepaired(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.flow.Stitcher = &countingStitcher{Stitcher: b.flow.Stitcher}
	b.flow.Measurer = cards{b.flow.Measurer, new(atomic.Int32)}
	f := b.filing("app")
	front := b.side("app", f, 48, "front")
	b.json("app", "POST", "/v1/materials/"+front.ID+"/repairs", `{"repair":"sides"}`).problem(422, "no_repair")
	b.side("app", f, 49, "back")
	report := func() (r filing.Report) {
		b.call("app", "GET", "/v1/filings/"+f+"/report", nil).want(200).into(&r)
		return r
	}
	before := report()
	if len(before.Pairs) != 1 || len(before.Pairs[0].Findings) == 0 || before.Pairs[0].Findings[0].Code != "front_back_scale" {
		t.Fatalf("pairs %+v", before.Pairs)
	}
	a := b.json("app", "POST", "/v1/materials/"+front.ID+"/repairs", `{"repair":"sides"}`).want(201)
	var made struct{ Composite filing.CompositeView }
	a.into(&made)
	if c := made.Composite; a.header.Get("Location") != "/v1/composites/"+c.ID || c.Composite.Layout != layouts.Sides || !c.Composite.Rectified ||
		c.Composite.Parts[0].PxPerMM != c.Composite.Parts[1].PxPerMM || !c.MadeByService {
		t.Errorf("the repair made %+v", made.Composite)
	}
	after := report()
	if after.Pairs[0].Composite != made.Composite.ID || len(after.Composites) != 1 || after.Pairs[0].Verdict == filing.VerdictFail {
		t.Errorf("the report does not know of it: %+v", after.Pairs)
	}
}

// cards says of every picture where its card lies, of the second one larger.
type cards struct {
	pipeline.Measurer
	seen *atomic.Int32
}

func (c cards) Analyze(ctx context.Context, data []byte) (filing.Measurements, error) {
	m, err := c.Measurer.Analyze(ctx, data)
	by := 8.0
	if c.seen.Add(1) > 1 {
		by = 9.5
	}
	w, h := 85.6*by, 53.98*by
	m.Document = &filing.Document{
		Quad: [4]filing.Point{{60, 60}, {60 + w, 60}, {60 + w, 60 + h}, {60, 60 + h}}, Confidence: 0.95, FrameShare: 0.4,
		Formats: []filing.FormatFit{{Format: filing.FormatID1, Likelihood: 0.95, PxPerMM: by}},
	}
	m.Pixels = nil
	return m, err
}
