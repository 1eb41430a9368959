package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/filing"
)

func callWith(t *testing.T, stdin string, args ...string) (status int, out, errors string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(context.Background(), args, streams{
		in: strings.NewReader(stdin), out: &stdout, err: &stderr, env: func(string) string { return "" },
	})
	return status, stdout.String(), stderr.String()
}

const oneSet = `{"province":"BJ","action":"new","as_of":"2020-12-01","applicant":{"type":"individual"}}`

// blockedSet is a filing that cannot be made: the person is 17.
const blockedSet = `{"province":"HN","action":"new","as_of":"2020-12-01","applicant":{"type":"individual"},"principal":{"birth_date":"2003-06-06"}}`

func TestRequireAnswersHoweverFactsAreGiven(t *testing.T) {
	t.Parallel()
	pretty := "{\n  \"province\": \"BJ\",\n  \"action\": \"new\",\n  \"as_of\": \"2020-12-01\",\n  \"applicant\": {\"type\": \"individual\"}\n}\n"
	yaml := "province: BJ\naction: new\nas_of: 2020-12-01\napplicant: {type: individual}\n"
	for name, c := range map[string]struct {
		stdin string
		sets  int
	}{
		"one line of JSON":           {oneSet, 1},
		"a JSON document over lines": {pretty, 1},
		"a YAML document":            {yaml, 1},
		"JSON lines":                 {oneSet + "\n\n" + oneSet + "\n", 2},
		"JSON documents":             {pretty + pretty, 2},
		"YAML documents":             {yaml + "---\n" + yaml + "---\n" + yaml, 3},
		"a byte order mark":          {"\ufeff" + oneSet, 1},
		"many lines":                 {strings.Repeat(oneSet+"\n", 1000), 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errors := callWith(t, c.stdin, "require", "--json", "-")
			if status != exitOK {
				t.Fatalf("status %d: %s", status, errors)
			}
			decoder := json.NewDecoder(strings.NewReader(out))
			n := 0
			for decoder.More() {
				var o filing.Outcome
				ok(t, decoder.Decode(&o))
				if n++; o.AsOf != "2020-12-01" || len(o.Required) == 0 || !strings.HasPrefix(o.Rules, "sha256:") {
					t.Fatalf("set %d: %+v", n, o)
				}
			}
			if n != c.sets {
				t.Errorf("%d answers, want %d", n, c.sets)
			}
			if lines := strings.Count(out, "\n"); c.sets > 1 && lines != c.sets {
				t.Errorf("%d lines for %d sets", lines, c.sets)
			}
		})
	}
}

func TestRequireTellsBadSetsAndGoesOn(t *testing.T) {
	t.Parallel()
	bad := `{"province":"BJ","shoe":"SECRET","principal":{"birth_date":"SECRET"}}`
	status, out, errors := callWith(t, oneSet+"\n"+bad+"\n"+oneSet+"\n", "require", "--json", "-")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if status != exitUsage || len(lines) != 3 || !strings.Contains(lines[1], `"line":2`) || !strings.Contains(lines[1], `"error"`) {
		t.Errorf("status %d: %s", status, out)
	}
	for _, path := range []string{"shoe", "principal.birth_date"} {
		if !strings.Contains(lines[1], path) {
			t.Errorf("%s is not named: %s", path, lines[1])
		}
	}
	if strings.Contains(out+errors, "SECRET") {
		t.Errorf("a value was echoed: %s%s", out, errors)
	}
	if !strings.Contains(lines[2], `"required"`) {
		t.Error("the set behind the bad one is not answered")
	}
}

func TestRequiresExitStatus(t *testing.T) {
	t.Parallel()
	huge := `{"applicant":{"name":"` + strings.Repeat("x", 2<<20) + `"}}`
	for name, c := range map[string]struct {
		stdin string
		want  int
		says  string
	}{
		"good facts":          {oneSet, exitOK, ""},
		"a blocker":           {blockedSet, exitFails, ""},
		"an unknown fact":     {`{"shoe":1}`, exitUsage, "shoe"},
		"an unknown value":    {`{"province":"QQ"}`, exitUsage, "province"},
		"a date that is none": {`{"as_of":"2020-02-30"}`, exitUsage, "as_of"},
		"no JSON":             {`{"province":`, exitUsage, ""},
		"no facts at all":     {"", exitUsage, "no facts"},
		"a list":              {"[1]", exitUsage, ""},
		"too large":           {huge, exitUsage, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, mode := range []string{"--json", "--lang=zh"} {
				if status, out, errors := callWith(t, c.stdin, "require", mode, "-"); status != c.want || !strings.Contains(out+errors, c.says) {
					t.Errorf("%s: status %d, want %d: %.300s %.300s", mode, status, c.want, out, errors)
				}
			}
		})
	}
	if status, _, errors := callWith(t, "", "require", filepath.Join(t.TempDir(), "none.yaml")); status != exitUsage || !strings.Contains(errors, "none.yaml") {
		t.Errorf("missing file: status %d: %s", status, errors)
	}
}

func TestTheTableOfRequirementsIsReadable(t *testing.T) {
	t.Parallel()
	_, out, _ := callWith(t, blockedSet, "require", "--lang", "zh", "-")
	for _, want := range []string{"所需资料", "主体负责人证件", "不予备案的原因", "未满十八周岁", "HN.individual.key"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
}

func TestTheRuleToolsSayWhatTheyFind(t *testing.T) {
	t.Parallel()
	broken := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(broken, "BJ.yaml"), []byte("province: BJ\nclauses:\n  BJ.enterprise.key.1: {nonsense: true}\n"), 0o600))
	none := filepath.Join(t.TempDir(), "none")
	for name, c := range map[string]struct {
		args []string
		want int
		says string
	}{
		"list":                     {[]string{"rules", "list"}, 0, "XJ"},
		"list as JSON":             {[]string{"rules", "list", "--json"}, 0, `"rules": "sha256:`},
		"show":                     {[]string{"rules", "show", "BJ.enterprise.key.1", "--lang", "zh"}, 0, "BJ.enterprise.key.1"},
		"show of nothing":          {[]string{"rules", "show", "QQ.nothing"}, 2, "QQ.nothing"},
		"test":                     {[]string{"rules", "test"}, 0, " 0 failed"},
		"diff of the same":         {[]string{"rules", "diff", "embedded", "embedded", "--lang", "en"}, 0, "the same"},
		"lint without the sources": {[]string{"rules", "lint", "--seeds", none}, 0, "skipped"},
		"coverage without them":    {[]string{"rules", "coverage", "--seeds", none}, 2, "--seeds"},
		"lint of broken data":      {[]string{"rules", "lint", "--rules", broken, "--seeds", none}, 1, "BJ.yaml:3"},
		"require with broken data": {[]string{"require", "--rules", broken, "-"}, 2, "BJ.yaml:3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if status, out, errors := callWith(t, oneSet, c.args...); status != c.want || !strings.Contains(out+errors, c.says) {
				t.Errorf("status %d, want %d, %q in:\n%.500s\n%.500s", status, c.want, c.says, out, errors)
			}
		})
	}
}
