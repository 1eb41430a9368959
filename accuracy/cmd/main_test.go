package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/accuracy"
	"github.com/preflight-icp/preflight/specimen"
)

func TestACallThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"a third half":       {[]string{"-half", "third"}, "tune, prints, lots, grounds, pasted, test-1, test-2, test or both"},
		"no such group":      {[]string{"-half", "tune", "-group", "moon"}, "no photo"},
		"prints read":        {[]string{"-reading", "-tesseract=false", "-half", "prints"}, "no kind"},
		"lots read":          {[]string{"-reading", "-tesseract=false", "-half", "lots"}, "no kind"},
		"pasted read":        {[]string{"-reading", "-tesseract=false", "-half", "pasted"}, "no kind"},
		"no such photo":      {[]string{"-show", "tune/blur/9999"}, "no photo"},
		"a photo of no half": {[]string{"-show", "blur"}, "no photo"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := run(t.Context(), c.args, &out); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v\n%s", err, &out)
			}
		})
	}
}

// The sets are told and not looked at here: what a test opened would be burnt.
func TestTheTestHalfIsTheOneThatIsClosed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		half   string
		closed specimen.Half
		want   []specimen.Half
		err    error
	}{
		"both":                    {"both", closedHalf, []specimen.Half{specimen.Tune, specimen.Test3}, nil},
		"the test half":           {"test", closedHalf, []specimen.Half{specimen.Test3}, nil},
		"one that was opened":     {"test-2", closedHalf, []specimen.Half{specimen.Test2}, nil},
		"both, all opened":        {"both", "", []specimen.Half{specimen.Tune}, nil},
		"a test half, all opened": {"test", "", nil, errNoHalf},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := session{options: options{half: c.half}, closed: c.closed, out: new(bytes.Buffer)}
			if got, err := s.asked(); !slices.Equal(got, c.want) || !errors.Is(err, c.err) {
				t.Errorf("%v %v", got, err)
			}
		})
	}
}

func TestTheTestHalfStaysOpenForTheCodeThatOpenedIt(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "accuracy.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The same code opened the half before: that opens nothing.
	write("<!-- openings -->\n| `test` | 2026-11-22 | `d80fdd84932d` | `0123456789ab` | 2627 | 18 of 34 |\n<!-- end of openings -->\n")
	s := session{closed: closedHalf, root: ".", page: page, bench: &accuracy.Bench{Eyes: "0123456789ab"}}
	if known, err := s.opened(); known || err != nil {
		t.Errorf("%v %v: it was never opened", known, err)
	}
	if err := s.mayLook(t.Context(), specimen.Test3); !errors.Is(err, errClosed) {
		t.Errorf("%v: the test half is looked at by chance", err)
	}
	for name, half := range map[string]specimen.Half{"test-1": specimen.Test, "test-2": specimen.Test2} {
		if err := s.mayLook(t.Context(), half); err != nil {
			t.Errorf("%v: %s, which was opened, is closed", err, name)
		}
		if nameOf(half) != name || !opening(half) {
			t.Errorf("%s, which was opened, passes for one that is closed", name)
		}
	}
	if nameOf(specimen.Test3) != "test" || opening(specimen.Test3) {
		t.Error("the half that is closed passes for one that was opened")
	}
	s.show = "test3/blur/0001"
	if err := s.showOne(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("%v: a photo of the test half is shown", err)
	}
	if err := s.record(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if known, err := s.opened(); !known || err != nil {
		text, _ := os.ReadFile(page)
		t.Errorf("%v %v: the opening is not recorded\n%s", known, err, text)
	}
	if err := s.mayLook(t.Context(), specimen.Test3); err != nil {
		t.Errorf("%v: it is closed for the code that opened it", err)
	}
	before, _ := os.ReadFile(page)
	if err := s.record(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(page); !bytes.Equal(before, after) || !bytes.Contains(after, []byte(time.Now().UTC().Format("2006-"))) {
		t.Errorf("to look again is no new opening\n%s", after)
	}
}
