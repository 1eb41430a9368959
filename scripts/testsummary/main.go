// Command testsummary reads what `go test -json` prints and tells it to a person: each package's ordinary line as it
// ends, the output of what failed, then every skipped test under the reason that it gave, and the count.
//
//	go test -json ./... | go run ./scripts/testsummary
//
// It exits 1 when anything failed, did not finish or could not be built, and when no test ran at all.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

func main() {
	s := newSummary(os.Stdout)
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
		os.Exit(1)
	}
	if !s.finish() {
		os.Exit(1)
	}
}

// event is one line of `go test -json`; see `go doc test2json` and `go help buildjson`.
type event struct {
	Action     string
	Package    string
	Test       string
	ImportPath string
	Output     string
}

// test names one test or subtest; an empty name stands for the package itself.
type test struct{ pkg, name string }

type summary struct {
	out io.Writer
	// output is what a test has printed and what nobody needs to see unless it fails or is skipped.
	output map[test][]string
	// build is what the compiler said of a package.
	build map[string][]string
	// ended is how each test that ended did: pass, fail or skip.
	ended map[test]string
	// running is the packages that have started and not ended.
	running map[string]bool
	// broken counts what failed without being a test: packages that do not build, crash or never end.
	broken int
}

func newSummary(out io.Writer) *summary {
	return &summary{
		out: out, output: map[test][]string{}, build: map[string][]string{}, ended: map[test]string{}, running: map[string]bool{},
	}
}

// read takes events until the input ends. A line that is no event is passed on as it is.
func (s *summary) read(in io.Reader) error {
	r := bufio.NewReader(in)
	for {
		line, err := r.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
				fmt.Fprintln(s.out, strings.TrimRight(line, "\n"))
			} else {
				s.take(e)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
	}
}

func (s *summary) take(e event) {
	id := test{e.Package, e.Test}
	switch e.Action {
	case "start":
		s.running[e.Package] = true
	case "output":
		s.output[id] = append(s.output[id], e.Output)
	case "build-output":
		s.build[e.ImportPath] = append(s.build[e.ImportPath], e.Output)
	case "build-fail":
		fmt.Fprint(s.out, strings.Join(s.build[e.ImportPath], ""))
	case "pass", "fail", "skip":
		if e.Test != "" {
			s.ended[id] = e.Action
			if e.Action == "pass" {
				delete(s.output, id)
			}
			return
		}
		delete(s.running, e.Package)
		s.endPackage(e.Package, e.Action == "fail")
	}
}

// endPackage prints a package's ordinary closing line; before it, when the package failed, what its failed and
// unfinished tests and the package itself have printed.
func (s *summary) endPackage(pkg string, failed bool) {
	own := s.output[test{pkg, ""}]
	if !failed {
		for _, line := range own {
			if strings.HasPrefix(line, "ok  \t") {
				fmt.Fprint(s.out, line)
			}
		}
		return
	}
	testFailed := false
	for _, id := range slices.SortedFunc(maps.Keys(s.output), compareTests) {
		if id.pkg != pkg || id.name == "" || s.ended[id] == "skip" {
			continue
		}
		testFailed = testFailed || s.ended[id] == "fail"
		fmt.Fprint(s.out, strings.Join(s.output[id], ""))
	}
	if !testFailed {
		s.broken++
	}
	for _, line := range own {
		if line != "FAIL\n" {
			fmt.Fprint(s.out, line)
		}
	}
}

// finish prints the skipped tests by reason and the closing line, and reports whether all is well.
func (s *summary) finish() bool {
	for _, pkg := range slices.Sorted(maps.Keys(s.running)) {
		fmt.Fprintf(s.out, "FAIL\t%s\t[did not finish]\n", pkg)
		s.broken++
	}

	reasons := map[string][]test{}
	passed, failed, skipped := 0, s.broken, 0
	withSubtests, withFailing := s.parents()
	for id, how := range s.ended {
		// A test that only holds subtests is counted through them, unless it failed by itself.
		if withFailing[id] || how != "fail" && withSubtests[id] {
			continue
		}
		switch how {
		case "pass":
			passed++
		case "fail":
			failed++
		case "skip":
			skipped++
			why := reason(s.output[id])
			reasons[why] = append(reasons[why], id)
		}
	}

	if skipped > 0 {
		fmt.Fprintln(s.out, "\nSkipped, and why:")
		for _, why := range slices.Sorted(maps.Keys(reasons)) {
			tests := reasons[why]
			slices.SortFunc(tests, compareTests)
			fmt.Fprintf(s.out, "  %s\n", why)
			for i, id := range tests {
				if i == 8 && len(tests) > 10 {
					fmt.Fprintf(s.out, "      ... and %d more\n", len(tests)-i)
					break
				}
				fmt.Fprintf(s.out, "      %s %s\n", id.pkg, id.name)
			}
		}
	}
	if passed+failed+skipped == 0 {
		fmt.Fprintln(s.out, "no test ran")
		return false
	}
	fmt.Fprintf(s.out, "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return failed == 0
}

// parents returns the tests that have subtests, and those that have failing ones.
func (s *summary) parents() (all, failing map[test]bool) {
	all, failing = map[test]bool{}, map[test]bool{}
	for id, how := range s.ended {
		for parent := id.name; ; {
			i := strings.LastIndexByte(parent, '/')
			if i < 0 {
				break
			}
			parent = parent[:i]
			all[test{id.pkg, parent}] = true
			if how == "fail" {
				failing[test{id.pkg, parent}] = true
			}
		}
	}
	return all, failing
}

var (
	frame    = regexp.MustCompile(`^\s*(===|---) `)
	position = regexp.MustCompile(`^\s*[\w.-]+\.go:\d+: `)
)

// reason is what a skipped test gave as its reason, on one line.
func reason(output []string) string {
	var said []string
	for line := range strings.Lines(strings.Join(output, "")) {
		if frame.MatchString(line) {
			continue
		}
		said = append(said, strings.TrimSpace(position.ReplaceAllString(line, "")))
	}
	if why := strings.TrimSpace(strings.Join(said, " ")); why != "" {
		return why
	}
	return "(no reason given)"
}

func compareTests(a, b test) int {
	return cmp.Or(cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.name, b.name))
}
