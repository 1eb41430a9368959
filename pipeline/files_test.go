package pipeline_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/specimen"
)

// limits are those of the rules in force.
var limits = sync.OnceValue(func() filing.UploadLimits {
	set, err := rules.Load(rules.Embedded())
	if err != nil {
		panic(err)
	}
	return set.UploadLimits(filing.NewDate(2026, 1, 1))
})

// codesOf judges the bytes of a file under a name, as the command line and the service do.
func codesOf(t *testing.T, analyzer *imaging.Analyzer, name string, data []byte) []string {
	t.Helper()
	m, err := analyzer.Analyze(t.Context(), data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	r := pipeline.Judge("", m, checks.FileInput{Name: name, Limits: limits()})
	codes := []string{}
	for _, f := range r.Findings {
		codes = append(codes, f.Code)
	}
	return codes
}

func needFonts(t *testing.T) {
	t.Helper()
	if _, err := specimen.Fonts(); err != nil {
		if os.Getenv("PREFLIGHT_TEST_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

func newAnalyzer(t *testing.T) *imaging.Analyzer {
	t.Helper()
	analyzer, err := imaging.New(imaging.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return analyzer
}

// withoutRace leaves a test that does nothing but draw, measure and read pictures to the run without the race detector, under which it takes
// minutes; RACE=all (make race) runs it all the same.
func withoutRace(t *testing.T) {
	t.Helper()
	if raceEnabled && os.Getenv("RACE") != "all" {
		t.Skip("it measures pictures: scripts/test.sh runs it again without the race detector")
	}
}

// Ordinary files of all sorts raise nothing.
func TestNoGoodFileRaisesAFinding(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	needFonts(t)
	analyzer := newAnalyzer(t)
	files := specimen.Good()
	if len(files) < 40 {
		t.Fatalf("only %d good files", len(files))
	}
	for _, f := range files {
		t.Run(f.Name, func(t *testing.T) {
			for _, code := range codesOf(t, analyzer, f.Name, bytesOf(t, f)) {
				if !slices.Contains(f.Or, code) {
					t.Errorf("%s raises %s", f.What, code)
				}
			}
		})
	}
}

// Each planted fault raises its finding, and no other of the groups that this floor judges.
func TestEachFlaggedFileRaisesItsFinding(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	needFonts(t)
	analyzer := newAnalyzer(t)
	for _, f := range specimen.Flagged() {
		t.Run(f.Name, func(t *testing.T) { wantCodes(t, f, codesOf(t, analyzer, f.Name, bytesOf(t, f))) })
	}
}

// Every hostile file is judged, with its code, in bounded time.
func TestEveryHostileFileIsJudged(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	needFonts(t)
	analyzer := newAnalyzer(t)
	for _, f := range specimen.Hostile() {
		t.Run(f.Name, func(t *testing.T) {
			data := bytesOf(t, f)
			start := time.Now()
			codes := codesOf(t, analyzer, f.Name, data)
			if took := time.Since(start); took > 3*time.Second && !raceEnabled {
				t.Errorf("it took %s", took)
			}
			if !f.Answered(codes) {
				t.Errorf("%s: %v, want %s", f.What, codes, f.Want)
			}
		})
	}
}

func bytesOf(t *testing.T, f specimen.File) []byte {
	t.Helper()
	data, err := f.Bytes()
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return data
}

func wantCodes(t *testing.T, f specimen.File, codes []string) {
	t.Helper()
	if !slices.Contains(codes, f.Want) {
		t.Errorf("%s: %v, want %s", f.What, codes, f.Want)
	}
	for _, code := range codes {
		size := code == "file_too_small" || code == "file_too_large"
		if code != f.Want && !slices.Contains(f.Or, code) && !size {
			t.Errorf("%s: %s is raised beside %s", f.What, code, f.Want)
		}
	}
}

// The limits are exact to the byte in every format.
func TestTheLimitsAreExact(t *testing.T) {
	t.Parallel()
	needFonts(t)
	analyzer := newAnalyzer(t)
	photo, err := specimen.Photograph(specimen.Kinds()[0], 420, 300, 31)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []filing.Format{filing.FormatJPEG, filing.FormatPNG, filing.FormatGIF} {
		for size, want := range map[int]string{204_799: "file_too_small", 204_800: "", 4_194_303: "", 4_194_304: "file_too_large"} {
			t.Run(fmt.Sprintf("%s of %d bytes", format, size), func(t *testing.T) {
				data, err := specimen.FitBytes(format, photo.Image, size)
				if err != nil {
					t.Fatal(err)
				}
				if len(data) != size {
					t.Fatalf("%d bytes", len(data))
				}
				// The picture is so small that it fits into any of the sizes: what else is said of it is right, too.
				var got []string
				for _, code := range codesOf(t, analyzer, "a."+string(format), data) {
					if strings.HasPrefix(code, "file_") {
						got = append(got, code)
					}
				}
				if strings.Join(got, " ") != want {
					t.Errorf("findings %q, want %q", got, want)
				}
			})
		}
	}
}
