package rules_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/preflight-icp/preflight/rules"
)

// FuzzLoad: whatever a file of rule data holds, it is loaded or its problems are told, each with its place, in bounded time.
func FuzzLoad(f *testing.F) {
	embedded := rules.Embedded()
	names, err := fs.Glob(embedded, "*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(embedded, name)
		if err != nil {
			f.Fatal(err)
		}
		// The beginning of a file is as good a seed as the whole, and changes faster.
		if lines := strings.SplitAfter(string(text), "\n"); len(lines) > 60 {
			text = []byte(strings.Join(lines[:60], ""))
		}
		f.Add(text)
	}
	f.Add([]byte("a: &a [*a, *a]\n"))
	f.Add([]byte("a: &a {x: 1}\nb: {<<: *a}\n"))
	f.Add([]byte("a: &a [1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		start := time.Now()
		set, err := rules.Load(fstest.MapFS{"base.yaml": {Data: text}}, rules.AllowMissingProvinces())
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%d bytes took %s", len(text), took)
		}
		var problems rules.Problems
		switch {
		case err == nil && set == nil:
			t.Error("neither a set nor an error")
		case err != nil && !errors.As(err, &problems):
			t.Errorf("an error without a place: %v", err)
		}
	})
}
