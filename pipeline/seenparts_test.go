package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	xdraw "golang.org/x/image/draw"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/specimen"
	"github.com/preflight-icp/preflight/storage/storagetest"
)

// sidePart is a photo that somebody stitches in: of which side, and at what share of its size.
type sidePart struct {
	kind  specimen.Kind
	seed  uint64
	scale float64
}

// stitchedPhoto is photos in a row as a phone's gallery stitches them, with white between them.
func stitchedPhoto(t *testing.T, parts ...sidePart) []byte {
	t.Helper()
	const gap = 24
	var photos []*image.RGBA
	width, height := gap, 0
	for _, p := range parts {
		shot, err := specimen.Photograph(p.kind, 1400, 1050, p.seed)
		ok(t, err)
		small := image.NewRGBA(image.Rect(0, 0, int(1400*p.scale), int(1050*p.scale)))
		xdraw.CatmullRom.Scale(small, small.Rect, shot.Image, shot.Image.Rect, draw.Src, nil)
		photos = append(photos, small)
		width, height = width+small.Rect.Dx()+gap, max(height, small.Rect.Dy())
	}
	page := image.NewRGBA(image.Rect(0, 0, width, height+2*gap))
	draw.Draw(page, page.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	x := gap
	for _, p := range photos {
		draw.Draw(page, image.Rect(x, gap, x+p.Rect.Dx(), gap+p.Rect.Dy()), p, image.Point{}, draw.Src)
		x += p.Rect.Dx() + gap
	}
	var out bytes.Buffer
	ok(t, jpeg.Encode(&out, page, &jpeg.Options{Quality: 92}))
	return out.Bytes()
}

func match(t *testing.T, r *filing.Report, material string) *filing.Match {
	t.Helper()
	i := slices.IndexFunc(r.Required, func(m filing.Match) bool { return m.Material == material })
	if i < 0 {
		t.Fatalf("nobody asks for %s", material)
	}
	return &r.Required[i]
}

func TestBothSidesInOneUploadedPictureAreJudgedAndStandForBothPages(t *testing.T) {
	t.Parallel()
	b := setupReading(t)
	flow := b.flow(t, "r1")
	set, err := specimen.Fonts()
	ok(t, err)
	doc, err := specimen.Draw(set, specimen.IDCardFront, 31, 4)
	ok(t, err)
	f := open(t, flow, named(doc.Fields.Name))
	both := stitchedPhoto(t, sidePart{specimen.IDCardFront, 31, 1}, sidePart{specimen.IDCardBack, 31, 1})
	a, err := flow.Upload(t.Context(), owner, f.ID, sent{data: both, as: &filing.Declared{Material: "applicant_document"}})
	ok(t, err)
	if len(a.Material.Parts) != 2 || a.Material.Kind == nil || a.Material.Kind.Detected != filing.DocumentComposite {
		t.Fatalf("parts %+v of %+v: %+v", a.Material.Parts, a.Material.Kind, a.Material.Findings)
	}
	for i, page := range []filing.Page{filing.PageFront, filing.PageBack} {
		p := a.Material.Parts[i]
		if p.Kind == nil || p.Kind.Detected != filing.DocumentIDCard || p.Kind.Page != page || p.Declared == nil || p.Declared.Page != page {
			t.Errorf("part %d is %+v for %+v", i+1, p.Kind, p.Declared)
		}
	}
	if a.Material.Parts[0].Text[filing.FieldPerson] != doc.Fields.Name {
		t.Errorf("the front says %v", a.Material.Parts[0].Text)
	}
	for _, code := range []string{"several_documents", "part_missing", "part_unexpected", "kind_unrecognized", "kind_mismatch", "text_not_read",
		"name_mismatch", "front_back_scale", "front_back_scale_doubtful", "same_side_twice"} {
		if has(&a.Material, code) {
			t.Errorf("%s: %+v", code, a.Material.Findings)
		}
	}
	r, err := flow.Report(t.Context(), owner, f.ID)
	ok(t, err)
	m := match(t, r, "applicant_document")
	if m.State != filing.MatchSatisfied && m.State != filing.MatchRejected || len(m.Matched) != 2 || m.Matched[0].Part != 1 || m.Matched[1].Part != 2 {
		t.Errorf("%s: %+v", m.State, m.Matched)
	}
	// What is kept says the same again, and nothing is measured or read for it.
	reads := b.reader.count.Load()
	again, err := flow.Report(t.Context(), owner, f.ID)
	ok(t, err)
	if len(again.Files[0].Parts) != 2 || again.Files[0].Parts[1].Kind.Page != filing.PageBack || b.reader.count.Load() != reads {
		t.Errorf("%+v after %d readings", again.Files[0].Parts, b.reader.count.Load())
	}
	// The facts change: the parts are judged again by what is kept.
	_, err = flow.UpdateFiling(t.Context(), owner, f.ID, f.Revision, []byte(`{"applicant":{"name":"样本另名"}}`))
	ok(t, err)
	r, err = flow.Report(t.Context(), owner, f.ID)
	ok(t, err)
	i := slices.IndexFunc(r.Files[0].Findings, func(f filing.Finding) bool { return f.Code == "name_mismatch" })
	if i < 0 || r.Files[0].Findings[i].Part != 1 || b.reader.count.Load() != reads {
		t.Errorf("another name: %+v", r.Files[0].Findings)
	}
}

func TestTwoSidesOfOtherScalesInOnePictureAreJudgedAsAPair(t *testing.T) {
	t.Parallel()
	b := setupReading(t)
	flow := b.flow(t, "r1")
	f := open(t, flow, named("样本"))
	a, err := flow.Upload(t.Context(), owner, f.ID, sent{
		data: stitchedPhoto(t, sidePart{specimen.IDCardFront, 31, 1}, sidePart{specimen.IDCardBack, 31, 0.7}),
		as:   &filing.Declared{Material: "applicant_document"},
	})
	ok(t, err)
	if !has(&a.Material, "front_back_scale") || a.Material.Verdict != filing.VerdictFail {
		t.Errorf("%+v", a.Material.Findings)
	}
	// What the finding offers is kept: both are taken out and stand at one scale in a picture of the service's own, beside the original.
	made, err := flow.Repair(t.Context(), owner, a.Material.ID, pipeline.RepairSides)
	ok(t, err)
	if made.Material.MadeFrom != a.Material.ID || len(made.Material.Parts) != 2 {
		t.Fatalf("made from %q, parts %+v: %+v", made.Material.MadeFrom, made.Material.Parts, made.Material.Findings)
	}
	for _, code := range []string{"front_back_scale", "front_back_scale_doubtful", "several_documents", "part_missing", "kind_unrecognized", "duplicate_image"} {
		if has(&made.Material, code) {
			t.Errorf("%s: %+v", code, made.Material.Findings)
		}
	}
	for i, page := range []filing.Page{filing.PageFront, filing.PageBack} {
		if k := made.Material.Parts[i].Kind; k == nil || k.Detected != filing.DocumentIDCard || k.Page != page {
			t.Errorf("part %d is %+v", i+1, k)
		}
	}
	list, err := flow.Materials(t.Context(), owner, f.ID)
	ok(t, err)
	if len(list) != 2 || list[0].SHA256 != a.Material.SHA256 {
		t.Errorf("%d files; the original is not the first", len(list))
	}
}

// A letter that stands beside both sides would be lost with them; and of one side there is nothing to align.
func TestAStitchedPictureOfOtherThingsIsNotAligned(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	b := setupReading(t)
	flow := b.flow(t, "r1")
	for name, parts := range map[string][]sidePart{
		"one side twice": {{specimen.IDCardFront, 31, 1}, {specimen.IDCardFront, 32, 1}},
		"a licence, too": {{specimen.IDCardFront, 31, 1}, {specimen.IDCardBack, 31, 0.7}, {specimen.BusinessLicense, 31, 1}},
		"a single card":  {{specimen.IDCardFront, 31, 1}},
	} {
		f := open(t, flow, named("样本"))
		a, err := flow.Upload(t.Context(), owner, f.ID, sent{data: stitchedPhoto(t, parts...), as: &filing.Declared{Material: "applicant_document"}})
		ok(t, err)
		if slices.ContainsFunc(a.Material.Findings, func(f filing.Finding) bool { return f.Repair == string(pipeline.RepairSides) }) {
			t.Errorf("%s: it is offered: %+v", name, a.Material.Findings)
		}
		if _, err := flow.Repair(t.Context(), owner, a.Material.ID, pipeline.RepairSides); !errors.Is(err, pipeline.ErrNoRepair) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsWrongWithAPartNamesThePart(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	b := setupReading(t)
	flow := b.flow(t, "r1")
	upload := func(declared filing.Declared, parts ...sidePart) filing.MaterialReport {
		f := open(t, flow, named("样本"))
		a, err := flow.Upload(t.Context(), owner, f.ID, sent{data: stitchedPhoto(t, parts...), as: &declared})
		ok(t, err)
		return a.Material
	}
	id := filing.Declared{Material: "applicant_document"}
	finding := func(r *filing.MaterialReport, code string) *filing.Finding {
		if i := slices.IndexFunc(r.Findings, func(f filing.Finding) bool { return f.Code == code }); i >= 0 {
			return &r.Findings[i]
		}
		t.Errorf("no %s: %+v", code, r.Findings)
		return &filing.Finding{}
	}
	small := upload(id, sidePart{specimen.IDCardFront, 31, 1}, sidePart{specimen.IDCardBack, 31, 0.16})
	// The small one lies higher than the middle of the large one, and so comes first.
	if f := finding(&small, "part_illegible"); f.Part != 1 || small.Parts[0].Verdict != filing.VerdictFail {
		t.Errorf("the small part cannot be read: %+v of %+v", f, small.Parts)
	}
	other := upload(id, sidePart{specimen.IDCardFront, 31, 1}, sidePart{specimen.DomainCertificate, 8, 1})
	if f := finding(&other, "part_unexpected"); f.Part != 2 {
		t.Errorf("a certificate of a domain beside a card: %+v", f)
	}
	none := upload(filing.Declared{Material: "applicant_document", Page: filing.PageBack}, sidePart{specimen.IDCardFront, 31, 1}, sidePart{specimen.DomainCertificate, 8, 1})
	if finding(&none, "part_missing"); none.Verdict != filing.VerdictFail {
		t.Errorf("the back is not there: %s", none.Verdict)
	}
}

func TestAPictureOfMorePanelsThanAnybodyLooksAtNeedsAPerson(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	b := setupReading(t)
	flow := b.flow(t, "r1")
	const columns, rows, w, h = 8, 5, 320, 240
	page := image.NewRGBA(image.Rect(0, 0, columns*(w+20), rows*(h+20)))
	draw.Draw(page, page.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	shot, err := specimen.Photograph(specimen.IDCardFront, w, h, 31)
	ok(t, err)
	for i := range columns * rows {
		at := image.Rect(0, 0, w, h).Add(image.Pt(10+i%columns*(w+20), 10+i/columns*(h+20)))
		draw.Draw(page, at, shot.Image, image.Point{}, draw.Src)
	}
	var out bytes.Buffer
	ok(t, jpeg.Encode(&out, page, &jpeg.Options{Quality: 92}))
	f := open(t, flow, named("样本"))
	a, err := flow.Upload(t.Context(), owner, f.ID, sent{data: out.Bytes(), as: &filing.Declared{Material: "applicant_document"}})
	ok(t, err)
	if len(a.Material.Parts) != filing.MostParts || a.Material.Measurements.PartsLeft != columns*rows-filing.MostParts || !has(&a.Material, "several_documents") {
		t.Errorf("%d parts and %d more: %+v", len(a.Material.Parts), a.Material.Measurements.PartsLeft, a.Material.Findings)
	}
	if a.Material.Verdict == filing.VerdictPass {
		t.Error("it passes")
	}
}

// What a revalidation says of a filing with stitched pictures is what its report says: before they were read, once they are, and when
// nothing is left to do.
func TestARevalidationMatchesThePartsOfStitchedPicturesAsTheReportDoes(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) string{
		"SQLite": func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "a.db") },
		"PostgreSQL": func(t *testing.T) string {
			t.Helper()
			own := new(storagetest.Servers)
			t.Cleanup(func() { ok(t, own.Stop()) })
			return own.Postgres(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			revalidatedParts(t, setupReadingOn(t, open(t)))
		})
	}
}

func revalidatedParts(t *testing.T, b *readers) {
	t.Helper()
	set, err := specimen.Fonts()
	ok(t, err)
	doc, err := specimen.Draw(set, specimen.IDCardFront, 31, 4)
	ok(t, err)
	none := b.flow(t, "") // before the models were installed
	both := stitchedPhoto(t, sidePart{specimen.IDCardFront, 31, 1}, sidePart{specimen.IDCardBack, 31, 1})
	var filings []string
	for _, as := range []filing.Declared{{}, {Material: "applicant_document"}} {
		f := open(t, none, named(doc.Fields.Name))
		a, err := none.Upload(t.Context(), owner, f.ID, sent{data: both, as: &as})
		ok(t, err)
		if len(a.Material.Parts) != 2 || a.Material.Parts[0].Kind != nil || !has(&a.Material, "several_documents") {
			t.Fatalf("unread: %+v of %+v", a.Material.Findings, a.Material.Parts)
		}
		filings = append(filings, f.ID)
	}
	flow := b.flow(t, "r1")
	pass := func(remeasure bool) *pipeline.Revalidation {
		started, err := flow.StartRevalidation(t.Context(), pipeline.Viewer{Name: "operator", All: true}, pipeline.RevalidationRequest{Remeasure: remeasure})
		ok(t, err)
		v, err := flow.RunRevalidation(t.Context(), started.ID, nil)
		ok(t, err)
		for _, id := range filings {
			r, err := flow.Report(t.Context(), owner, id)
			ok(t, err)
			kept, err := b.records.KeptVerdict(t.Context(), id)
			ok(t, err)
			states := 0
			for _, m := range r.Required {
				if strings.Contains(kept.Items, "="+string(m.State)+" ") {
					states++
				}
			}
			if kept.Verdict != r.Verdict || states != len(r.Required) {
				t.Errorf("kept %s, reported %s; %s", kept.Verdict, r.Verdict, kept.Items)
			}
		}
		return v
	}
	pass(false)
	if v := pass(true); v.Reread != 2 || b.reader.count.Load() != 1 {
		t.Errorf("%d files read anew by %d readings", v.Reread, b.reader.count.Load())
	}
	for _, id := range filings {
		r, err := flow.Report(t.Context(), owner, id)
		ok(t, err)
		if m := match(t, r, "applicant_document"); len(m.Matched) != 2 || m.Matched[0].Part != 1 || m.Matched[1].Part != 2 {
			t.Errorf("%s by %+v", m.State, m.Matched)
		}
	}
	if v := pass(true); v.Changed != 0 || v.Files != 0 || b.reader.count.Load() != 1 {
		t.Errorf("once more: %+v", v)
	}
}

func TestPartsThatCouldNotBeReadInTimeAreReadByTheirJob(t *testing.T) {
	t.Parallel()
	b := setupReading(t)
	flow := b.flow(t, "r1")
	f := open(t, flow, named("样本"))
	busy := context.DeadlineExceeded
	b.reader.fail.Store(&busy)
	a, err := flow.Upload(t.Context(), owner, f.ID, sent{
		data: stitchedPhoto(t, sidePart{specimen.IDCardFront, 31, 1}, sidePart{specimen.IDCardBack, 31, 1}),
		as:   &filing.Declared{Material: "applicant_document"},
	})
	ok(t, err)
	if !a.Pending || len(a.Material.Parts) != 2 || a.Material.Parts[0].Kind != nil || !has(&a.Material, "several_documents") || !has(&a.Material, "text_not_read") {
		t.Errorf("pending %v, %+v, %+v", a.Pending, a.Material.Parts, a.Material.Findings)
	}
	b.reader.fail.Store(nil)
	ok(t, flow.Read(t.Context(), a.Material.ID))
	m, err := flow.Material(t.Context(), owner, a.Material.ID)
	ok(t, err)
	if has(m, "several_documents") || has(m, "text_not_read") || m.Parts[1].Kind == nil || m.Parts[1].Kind.Page != filing.PageBack {
		t.Errorf("%+v, %+v", m.Parts, m.Findings)
	}
}
