package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		events []string
		good   bool
		has    []string
		hasNot []string
	}{
		{
			name: "a passing package is its ordinary line and a count of leaves",
			events: []string{
				`{"Action":"start","Package":"m/a"}`,
				`{"Action":"output","Package":"m/a","Test":"TestX","Output":"=== RUN   TestX\n"}`,
				`{"Action":"pass","Package":"m/a","Test":"TestX/one"}`,
				`{"Action":"pass","Package":"m/a","Test":"TestX/two"}`,
				`{"Action":"pass","Package":"m/a","Test":"TestX"}`,
				`{"Action":"output","Package":"m/a","Output":"PASS\n"}`,
				`{"Action":"output","Package":"m/a","Output":"ok  \tm/a\t0.010s\n"}`,
				`{"Action":"pass","Package":"m/a"}`,
			},
			good:   true,
			has:    []string{"ok  \tm/a\t0.010s\n", "\n2 passed, 0 failed, 0 skipped\n"},
			hasNot: []string{"=== RUN", "PASS", "Skipped"},
		},
		{
			name: "skipped tests stand under the reason that they gave",
			events: []string{
				`{"Action":"output","Package":"m/a","Test":"TestS","Output":"=== RUN   TestS\n"}`,
				`{"Action":"output","Package":"m/a","Test":"TestS","Output":"    s3_test.go:12: no S3 server: run make test\n"}`,
				`{"Action":"output","Package":"m/a","Test":"TestS","Output":"--- SKIP: TestS (0.00s)\n"}`,
				`{"Action":"skip","Package":"m/a","Test":"TestS"}`,
				`{"Action":"skip","Package":"m/a","Test":"TestSilent"}`,
				`{"Action":"pass","Package":"m/a"}`,
			},
			good:   true,
			has:    []string{"  no S3 server: run make test\n      m/a TestS\n", "  (no reason given)\n      m/a TestSilent\n", "0 passed, 0 failed, 2 skipped"},
			hasNot: []string{"s3_test.go", "--- SKIP"},
		},
		{
			name: "a failing subtest is shown in full and counted once",
			events: []string{
				`{"Action":"output","Package":"m/a","Test":"TestX/sub","Output":"    x_test.go:3: want 1, got 2\n"}`,
				`{"Action":"fail","Package":"m/a","Test":"TestX/sub"}`,
				`{"Action":"fail","Package":"m/a","Test":"TestX"}`,
				`{"Action":"output","Package":"m/a","Output":"FAIL\tm/a\t0.010s\n"}`,
				`{"Action":"fail","Package":"m/a"}`,
			},
			has: []string{"x_test.go:3: want 1, got 2", "FAIL\tm/a\t0.010s", "0 passed, 1 failed, 0 skipped"},
		},
		{
			name: "a package that does not build fails the run with the compiler's words",
			events: []string{
				`{"ImportPath":"m/b","Action":"build-output","Output":"b.go:3:1: syntax error\n"}`,
				`{"ImportPath":"m/b","Action":"build-fail"}`,
				`{"Action":"output","Package":"m/b","Output":"FAIL\tm/b [build failed]\n"}`,
				`{"Action":"fail","Package":"m/b","FailedBuild":"m/b"}`,
			},
			has: []string{"b.go:3:1: syntax error", "FAIL\tm/b [build failed]", "0 passed, 1 failed, 0 skipped"},
		},
		{
			name: "a crash shows what the unfinished test had printed",
			events: []string{
				`{"Action":"start","Package":"m/a"}`,
				`{"Action":"output","Package":"m/a","Test":"TestX","Output":"panic: boom\n"}`,
				`{"Action":"output","Package":"m/a","Output":"FAIL\tm/a\t0.010s\n"}`,
				`{"Action":"fail","Package":"m/a"}`,
			},
			has: []string{"panic: boom", "0 passed, 1 failed, 0 skipped"},
		},
		{
			name:   "a package that never ends fails the run",
			events: []string{`{"Action":"start","Package":"m/a"}`, `{"Action":"pass","Package":"m/a","Test":"TestX"}`},
			has:    []string{"FAIL\tm/a\t[did not finish]", "1 passed, 1 failed, 0 skipped"},
		},
		{
			name:   "a run of no test is no success",
			events: []string{`{"Action":"start","Package":"m/a"}`, `{"Action":"skip","Package":"m/a"}`},
			has:    []string{"no test ran"},
		},
		{
			name:   "a line that is no event is passed on",
			events: []string{"go: warning: something", `{"Action":"pass","Package":"m/a","Test":"TestX"}`},
			good:   true,
			has:    []string{"go: warning: something\n"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			s := newSummary(&out)
			if err := s.read(strings.NewReader(strings.Join(tt.events, "\n"))); err != nil {
				t.Fatal(err)
			}
			if good := s.finish(); good != tt.good {
				t.Errorf("good = %v, want %v", good, tt.good)
			}
			for _, want := range tt.has {
				if !strings.Contains(out.String(), want) {
					t.Errorf("output lacks %q:\n%s", want, out.String())
				}
			}
			for _, never := range tt.hasNot {
				if strings.Contains(out.String(), never) {
					t.Errorf("output has %q:\n%s", never, out.String())
				}
			}
		})
	}
}

func TestSummaryNamesOnlySomeOfManyTestsSkippedForOneReason(t *testing.T) {
	t.Parallel()
	var events, out strings.Builder
	for i := range 30 {
		fmt.Fprintf(&events, `{"Action":"output","Package":"m/a","Test":"Test%02d","Output":"    a_test.go:1: no server\n"}`+"\n", i)
		fmt.Fprintf(&events, `{"Action":"skip","Package":"m/a","Test":"Test%02d"}`+"\n", i)
	}
	s := newSummary(&out)
	if err := s.read(strings.NewReader(events.String())); err != nil {
		t.Fatal(err)
	}
	if !s.finish() {
		t.Error("skipping is no failure")
	}
	if !strings.Contains(out.String(), "... and 22 more") || strings.Contains(out.String(), "Test08") {
		t.Errorf("want 8 names and the number of the rest:\n%s", out.String())
	}
}
