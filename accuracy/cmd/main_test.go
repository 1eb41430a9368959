package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
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
		"a third half":       {[]string{"-half", "third"}, "tune, prints, grounds, test-1, test-2, test or both"},
		"no closed half":     {[]string{"-half", "test", "-open"}, "no closed test half"},
		"no such group":      {[]string{"-half", "tune", "-group", "moon"}, "no photo"},
		"prints read":        {[]string{"-reading", "-tesseract=false", "-half", "prints"}, "no kind"},
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
	s := session{closed: specimen.Test2, root: ".", page: page, bench: &accuracy.Bench{Eyes: "0123456789ab"}}
	if known, err := s.opened(); known || err != nil {
		t.Errorf("%v %v: it was never opened", known, err)
	}
	if err := s.mayLook(t.Context(), specimen.Test2); !errors.Is(err, errClosed) {
		t.Errorf("%v: the test half is looked at by chance", err)
	}
	if err := s.mayLook(t.Context(), specimen.Test); err != nil {
		t.Errorf("%v: the half that was opened is closed", err)
	}
	if nameOf(specimen.Test) != "test-1" || nameOf(specimen.Test2) != "test-2" || !opening(specimen.Test) || !opening(specimen.Test2) {
		t.Error("a half that was opened passes for one that is closed")
	}
	s.show = "test2/blur/0001"
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
	if err := s.mayLook(t.Context(), specimen.Test2); err != nil {
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
