package accuracy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/accuracy"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/specimen"
)

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The values are those of the formula worked by hand; 381 and 765 are the sizes from which a set without an error proves 1 %
// and 0.5 %.
func TestWilsonsIntervalIsTheTextbooks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		k, n         int
		lower, upper float64
	}{
		{0, 381, 0, 0.00998}, {0, 765, 0, 0.005}, {5, 10, 0.2366, 0.7634}, {10, 10, 0.7225, 1}, {1, 100, 0.0018, 0.0545}, {0, 0, 0, 1},
	} {
		lower, upper := accuracy.Wilson(c.k, c.n)
		if math.Abs(lower-c.lower) > 1e-4 || math.Abs(upper-c.upper) > 1e-4 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.k, c.n, lower, upper, c.lower, c.upper)
		}
	}
}

func square(x, y, side float64) [4]filing.Point {
	return [4]filing.Point{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}}
}

func TestOverlapIsTakenOnTheDocument(t *testing.T) {
	t.Parallel()
	// A page seen from its lower edge: the far half of its image is a third as large as the near one.
	steep := [4]filing.Point{{400, 100}, {600, 100}, {1000, 900}, {0, 900}}
	middle := filing.Point{500, 100 + 800/6.0} // where its diagonals cross: a half of the page is above
	far := [4]filing.Point{steep[0], steep[1], {500 + 266.7*0.625, middle[1]}, {500 - 266.7*0.625, middle[1]}}
	for _, c := range []struct {
		name        string
		truth, find [4]filing.Point
		want        float64
	}{
		{"the same", square(0, 0, 100), square(0, 0, 100), 1},
		{"half beside", square(0, 0, 100), square(50, 0, 100), 1.0 / 3},
		{"elsewhere", square(0, 0, 100), square(200, 0, 100), 0},
		{"the page's far half", steep, far, 0.5},
		{"nothing", square(0, 0, 100), [4]filing.Point{}, 0},
		{"crossed", square(0, 0, 100), [4]filing.Point{{0, 0}, {100, 100}, {100, 0}, {0, 100}}, 0},
		{"a true one that is none", [4]filing.Point{}, square(0, 0, 100), 0},
		{"beyond the horizon", steep, [4]filing.Point{{400, -4000}, {600, -4000}, {1000, 900}, {0, 900}}, 0},
	} {
		if got := accuracy.IoU(c.truth, c.find); math.Abs(got-c.want) > 0.02 {
			t.Errorf("%s: %.3f, want %.3f", c.name, got, c.want)
		}
	}
}

// photos are two of each defect, with it and without, judged by somebody who sees all of it or nothing.
func photos(seeing bool) []accuracy.Photo {
	type defect struct {
		group specimen.Group
		code  string
		with  func(*specimen.Truth)
	}
	face := func(side float64, covered bool) []specimen.Face {
		return []specimen.Face{{Box: [4]float64{10, 10, 10 + side, 10 + side}, Real: true, Covered: covered, SharpPx: 2}}
	}
	var all []accuracy.Photo
	for _, d := range []defect{
		{specimen.GroupOrdinary, "", func(*specimen.Truth) {}},
		{specimen.GroupHard, "", func(*specimen.Truth) {}},
		{specimen.GroupBlur, "blurred", func(t *specimen.Truth) { t.EdgeWidthPerTextHeight = 0.4 }},
		{specimen.GroupGlare, "glare", func(t *specimen.Truth) { t.GlareShare, t.GlareTextShare = 0.05, 0.02 }},
		{specimen.GroupCut, "document_cut_off", func(t *specimen.Truth) { t.OutsideMM = 3 }},
		{specimen.GroupCopy, "greyscale_copy", func(t *specimen.Truth) { t.Grey = true }},
		{specimen.GroupRecapture, "screen_recapture", func(t *specimen.Truth) { t.Recapture = true }},
		{specimen.GroupExposure, "underexposed", func(t *specimen.Truth) { t.WhitePaperLevel = 0.05 }},
		{specimen.GroupExposure, "overexposed", func(t *specimen.Truth) { t.WhitePaperLevel = 2 }},
		{specimen.GroupFace, "face_not_found", func(t *specimen.Truth) { t.Faces = nil }},
		{specimen.GroupFace, "face_unclear", func(t *specimen.Truth) { t.Faces = face(200, true) }},
		{specimen.GroupOccluded, "document_occluded", func(t *specimen.Truth) { t.Occluded = 0.05 }},
		{specimen.GroupTilted, "document_tilted", func(t *specimen.Truth) { t.TiltDegrees = 50 }},
		{specimen.GroupSmall, "document_too_small", func(t *specimen.Truth) { t.FrameShare = 0.05 }},
		{specimen.GroupSeveral, "several_documents", func(t *specimen.Truth) {
			t.Documents = append(t.Documents, square(2000, 0, 100))
		}},
		{specimen.GroupNoDocument, "document_not_found", func(t *specimen.Truth) { t.Documents = nil }},
	} {
		for _, there := range []bool{true, false} {
			p := accuracy.Photo{Case: specimen.Case{ID: fmt.Sprintf("tune/%s/%t", d.code, there), Group: d.group}}
			p.Truth = specimen.Truth{
				Documents: [][4]filing.Point{square(100, 100, 1000)}, FrameShare: 0.5, TextHeightPx: 30, EdgeWidthPerTextHeight: 0.1,
				WhitePaperLevel: 0.6, Clean: !there,
			}
			if d.group == specimen.GroupFace {
				p.Truth.Faces = face(200, false)
			}
			if there {
				d.with(&p.Truth)
			}
			if seeing && there && d.code != "" {
				p.Findings = []filing.Finding{{Code: d.code, Severity: filing.SeverityError}}
			}
			if seeing && len(p.Truth.Documents) > 0 {
				p.Measurements.Document = &filing.Document{Quad: p.Truth.Documents[0], Confidence: 0.95}
			}
			if !seeing && !there {
				p.Findings = []filing.Finding{{Code: d.code, Severity: filing.SeverityError}}
			}
			all = append(all, p)
		}
	}
	return all
}

func TestWhoSeesEverythingMeetsEveryBarThatPhotosAreEnoughFor(t *testing.T) {
	t.Parallel()
	var many []accuracy.Photo
	for range 60 { // 0.5 % cannot be proven on a few
		many = append(many, photos(true)...)
	}
	for _, b := range accuracy.Bars(many) {
		if b.N == 0 || b.Errors > 0 || !b.Informs() && !b.Met() {
			t.Errorf("%s: %d wrong of %d, %.4f to %.4f, goal %.3f", b.Name, b.Errors, b.N, b.Lower, b.Upper, b.Goal)
		}
	}
}

func TestWhoSeesNothingMeetsNoBar(t *testing.T) {
	t.Parallel()
	for _, b := range accuracy.Bars(photos(false)) {
		if b.N > 0 && !b.Informs() && b.Met() && !strings.Contains(b.Name, "band") {
			t.Errorf("%s: met with %d wrong of %d", b.Name, b.Errors, b.N)
		}
	}
}

func TestAFewPhotosProveNoRateBelowOnePercent(t *testing.T) {
	t.Parallel()
	for _, b := range accuracy.Bars(photos(true)) {
		if b.Name == "grey copy: false alarm" {
			if b.Errors != 0 || b.Met() {
				t.Errorf("%d wrong of %d is said to prove a rate below %.3f", b.Errors, b.N, b.Goal)
			}
			return
		}
	}
	t.Error("the bar is not there")
}

func TestABarNamesTheWorstPhotosFirst(t *testing.T) {
	t.Parallel()
	var all []accuracy.Photo
	for i := range 30 {
		p := photos(true)[6] // glare
		p.Case.ID, p.Truth.GlareShare, p.Findings = fmt.Sprintf("tune/glare/%02d", i), 0.03+float64(i)/100, nil
		all = append(all, p)
	}
	i := slices.IndexFunc(accuracy.Bars(all), func(b accuracy.Bar) bool { return b.Name == "glare: missed" })
	if got := accuracy.Bars(all)[i].Worst; len(got) != accuracy.WorstShown || got[0] != "tune/glare/29" || got[19] != "tune/glare/10" {
		t.Errorf("%v", got)
	}
}

func TestConfidencesAreComparedWithWhatCameTrue(t *testing.T) {
	t.Parallel()
	var all []accuracy.Photo
	for i := range 100 {
		p := photos(true)[0]
		quad := p.Truth.Documents[0]
		if i >= 60 {
			quad = square(5000, 5000, 100)
		}
		p.Measurements.Document = &filing.Document{Quad: quad, Confidence: 0.85}
		all = append(all, p)
	}
	rows, far := accuracy.Reliability(all)
	if r := rows[8]; r.N != 100 || r.Right != 60 || math.Abs(r.Said-0.85) > 1e-9 || math.Abs(far-0.25) > 1e-9 {
		t.Errorf("%+v, %.3f", r, far)
	}
}

func TestFindingsAreCountedByGroup(t *testing.T) {
	t.Parallel()
	all := photos(true)
	all[0].Findings = append(all[0].Findings, filing.Finding{Code: "glare"}, filing.Finding{Code: "screenshot"})
	codes, groups, cells := accuracy.Confusion(all)
	if len(groups) != 14 || !slices.Contains(codes, "screenshot") {
		t.Errorf("%v %v", groups, codes)
	}
	if c := cells[specimen.GroupGlare]["glare"]; c != (accuracy.Cell{Present: 1, Found: 1, Absent: 1}) {
		t.Errorf("glare: %+v", c)
	}
	if c := cells[specimen.GroupOrdinary]["glare"]; c != (accuracy.Cell{Absent: 2, False: 1}) {
		t.Errorf("glare where there is none: %+v", c)
	}
	if c := cells[specimen.GroupOrdinary]["screenshot"]; c != (accuracy.Cell{Absent: 2, False: 1}) {
		t.Errorf("a finding that no detector knows: %+v", c)
	}
}

func TestTheReportSaysWhatWasNotMet(t *testing.T) {
	t.Parallel()
	var good, bad bytes.Buffer
	accuracy.Report(&good, photos(true))
	accuracy.Report(&bad, photos(false))
	if !strings.Contains(bad.String(), "**not met**") || strings.Count(good.String(), "**not met**") > 2 {
		t.Errorf("%s\n%s", &good, &bad)
	}
}

// answers are OpenCV's of photos: sharp and colourful but where the truth says otherwise.
func answers(all []accuracy.Photo) []accuracy.Answer {
	out := make([]accuracy.Answer, len(all))
	for i := range all {
		out[i] = accuracy.Answer{
			Quads:  map[string]*[4]filing.Point{"good": nil, "bad": nil},
			Sharp:  map[string]float64{"told": 100, "blind": 7},
			Colour: map[string]float64{"told": 80, "blind": 7},
		}
		if d := all[i].Truth.Documents; len(d) > 0 {
			turned := [4]filing.Point{d[0][1], d[0][2], d[0][3], d[0][0]}
			out[i].Quads["good"] = &turned
		}
		if all[i].Truth.EdgeWidthPerTextHeight > 0.2 {
			out[i].Sharp["told"] = 40
		}
		if all[i].Truth.Grey {
			out[i].Colour["told"] = 10
		}
	}
	return out
}

func TestOpenCVIsGivenItsBestChance(t *testing.T) {
	t.Parallel()
	all := photos(true)
	choice := accuracy.Choose(all, answers(all))
	if choice.Quad != "good" || choice.Sharp.Of != "told" || choice.Colour.Of != "told" {
		t.Fatalf("%+v", choice)
	}
	if choice.Sharp.Threshold <= 40 || choice.Sharp.Threshold > 100 || choice.Colour.Threshold <= 10 || choice.Colour.Threshold > 80 {
		t.Errorf("%+v", choice)
	}
	for _, c := range accuracy.Compare(all, answers(all), choice) {
		if c.Bare.N != c.Ours.N || c.Bare.N == 0 || c.Bare.Errors > 0 || c.Bare.Mean && c.Bare.Value < 0.999 {
			t.Errorf("%s: OpenCV %+v, Preflight %+v", c.Name, c.Bare, c.Ours)
		}
	}
}

func TestOnlyWhatStandsBetweenTheLinesIsReplaced(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "page.md")
	ok(t, os.WriteFile(file, []byte("before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n"), 0o600))
	ok(t, accuracy.Replace(file, "x", "new\n"))
	ok(t, accuracy.Replace(file, "x", "newer\n"))
	got, err := os.ReadFile(file)
	ok(t, err)
	if string(got) != "before\n<!-- x -->\nnewer\n<!-- end of x -->\nafter\n" {
		t.Errorf("%s", got)
	}
	if err := accuracy.Replace(file, "y", "new\n"); err == nil {
		t.Error("a page that lost its lines is written over")
	}
}

func root(t testing.TB) string {
	t.Helper()
	top, err := filepath.Abs("..")
	ok(t, err)
	return top
}

// sample is every so many photos of the tuning half.
func sample(every int) []specimen.Case {
	var out []specimen.Case
	for i, c := range accuracy.Cases(specimen.Tune) {
		if i%every == every/2 {
			out = append(out, c)
		}
	}
	return out
}

func fonts(t testing.TB) {
	t.Helper()
	if _, err := specimen.Fonts(); err != nil {
		if os.Getenv("PREFLIGHT_TEST_REQUIRE") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

func TestWhatWasDrawnAndMeasuredIsKept(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("draws photos")
	}
	fonts(t)
	dir := t.TempDir() // a project without code: what is kept goes below it
	bench, err := accuracy.NewBench(dir, "")
	ok(t, err)
	cases := accuracy.Cases(specimen.Tune)[:1]
	first, err := bench.Run(t.Context(), cases, func() {})
	ok(t, err)
	path := bench.FilePath(cases[0])
	before, err := os.Stat(path)
	ok(t, err)
	label := strings.TrimSuffix(path, ".jpg") + ".json"
	again, err := bench.Run(t.Context(), cases, func() {})
	ok(t, err)
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("drawn again: %v", err)
	}
	if first[0].Truth.PxPerMM == 0 || again[0].Truth.PxPerMM != first[0].Truth.PxPerMM || again[0].Measurements.Bytes != first[0].Measurements.Bytes {
		t.Errorf("%+v\n%+v", first[0].Truth, again[0].Truth)
	}
	ok(t, os.Truncate(label, 10)) // as if the machine had stopped
	if _, err := bench.Run(t.Context(), cases, func() {}); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(path); err != nil || os.SameFile(before, after) {
		t.Errorf("a photo without its truth was believed: %v", err)
	}
	picture, err := bench.Show(t.Context(), &first[0])
	if err != nil || !bytes.HasPrefix(picture, []byte{0xff, 0xd8}) {
		t.Errorf("%d bytes, %v", len(picture), err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := bench.Run(ended, cases, func() {}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

func TestOpenCVAnswersAboutAPhoto(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("draws a photo")
	}
	fonts(t)
	bench, err := accuracy.NewBench(t.TempDir(), "")
	ok(t, err)
	opencv, err := bench.FindOpenCV(t.Context(), root(t))
	if errors.Is(err, accuracy.ErrNoOpenCV) {
		t.Skip(err)
	}
	ok(t, err)
	cases := accuracy.Cases(specimen.Tune)[:1]
	photos, err := bench.Run(t.Context(), cases, func() {})
	ok(t, err)
	for range 2 { // asked, and as it was kept
		got, err := opencv.Ask(t.Context(), bench, photos, func() {})
		ok(t, err)
		if len(got) != 1 || len(got[0].Quads) != 3 || got[0].Sharp["whole"] <= 0 || got[0].Colour["whole"] <= 0 {
			t.Errorf("%+v", got)
		}
	}
	if d, err := opencv.Timed(t.Context(), []string{bench.FilePath(cases[0])}); err != nil || d <= 0 {
		t.Errorf("%s, %v", d, err)
	}
}

func TestACommentDoesNotMakeDrawnPhotosStaleAndCodeDoes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ok(t, os.Mkdir(filepath.Join(dir, "specimen"), 0o700))
	c := accuracy.Cases(specimen.Tune)[0]
	path := func(source string) string {
		t.Helper()
		ok(t, os.WriteFile(filepath.Join(dir, "specimen", "a.go"), []byte(source), 0o600))
		bench, err := accuracy.NewBench(dir, "")
		ok(t, err)
		return bench.FilePath(c)
	}
	plain := path("package a\n\nconst x = 1\n")
	if got := path("// Package a draws.\npackage a\n\n// x is one.\nconst x = 1 // one\n"); got != plain {
		t.Error("a comment costs hours of drawing")
	}
	if got := path("package a\n\nconst x = 2\n"); got == plain {
		t.Error("photos of other code would be counted")
	}
}

// The bars of the sample are far below the goals: on some seventy photos chance must not decide, and an analyzer that lost its
// eyes must not pass. make accuracy holds thousands to the goals themselves.
func TestASampleOfTheTuningHalfMeetsGenerousBars(t *testing.T) {
	t.Parallel()
	if testing.Short() || raceEnabled {
		t.Skip("draws and measures seventy photos: a minute, and ten under the race detector")
	}
	fonts(t)
	bench, err := accuracy.NewBench(root(t), "")
	ok(t, err)
	t.Cleanup(func() { ok(t, bench.Close()) })
	photos, err := bench.Run(t.Context(), sample(40), func() {})
	ok(t, err)
	faces := strings.Contains(bench.Analyzer(), "+")
	if !faces && os.Getenv("PREFLIGHT_TEST_REQUIRE") == "1" {
		t.Error("no model of faces is installed: scripts/setup.sh models")
	}
	missed, shown, alarms, fine := 0, 0, 0, 0
	for _, b := range accuracy.Bars(photos) {
		defect, what, _ := strings.Cut(b.Name, ": ")
		switch {
		case strings.HasPrefix(b.Name, "quad, ordinary: mean"), strings.HasPrefix(b.Name, "quad, hard: mean"):
			if b.Value < 0.85 {
				t.Errorf("%s: %.3f of %d photos", b.Name, b.Value, b.N)
			}
		case strings.HasPrefix(b.Name, "clean photos"), strings.HasPrefix(b.Name, "quads of confidence"):
			if b.Value > 0.15 {
				t.Errorf("%s: %d of %d: %v", b.Name, b.Errors, b.N, b.Worst)
			}
		case b.Informs(), !faces && strings.Contains(defect, "face"):
		case what == "missed":
			missed, shown = missed+b.Errors, shown+b.N
		case what == "false alarm":
			alarms, fine = alarms+b.Errors, fine+b.N
			if b.N >= 20 && b.Value > 0.1 {
				t.Errorf("%s: %d of %d: %v", b.Name, b.Errors, b.N, b.Worst)
			}
		}
	}
	if shown < 30 || float64(missed) > 0.35*float64(shown) {
		t.Errorf("%d of %d defects were missed", missed, shown)
	}
	if fine < 300 || float64(alarms) > 0.03*float64(fine) {
		t.Errorf("%d of %d findings that could be false alarms are", alarms, fine)
	}
}
