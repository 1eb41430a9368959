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
	"github.com/preflight-icp/preflight/specimen/phototest"
)

// call runs a command in this process.
func call(t *testing.T, env map[string]string, args ...string) (status int, out, errors string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(context.Background(), args, streams{
		in: strings.NewReader(""), out: &stdout, err: &stderr, env: func(name string) string { return env[name] },
	})
	return status, stdout.String(), stderr.String()
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// photo writes a good photo of a card, side pixels high, like no other with another seed; 700 gives 300 KB, 100 far less.
func photo(t testing.TB, dir, name string, seed uint64, side int) string {
	t.Helper()
	data := phototest.Front(t, side*9/7, side, seed)
	path := filepath.Join(dir, name)
	ok(t, os.MkdirAll(dir, 0o700))
	ok(t, os.WriteFile(path, data, 0o600))
	return path
}

func TestTheExitStatusTellsWhatTheCheckSays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, small := photo(t, dir, "good.jpg", 1, 700), photo(t, dir, "small.jpg", 2, 100)
	edited := filepath.Join(dir, "animated.gif")
	ok(t, os.WriteFile(edited, animatedGIF(t), 0o600))
	list := filepath.Join(dir, "list.txt")
	ok(t, os.WriteFile(list, []byte("# photos\n"+good+"\n\n"), 0o600))
	folder := filepath.Join(dir, "folder")
	ok(t, os.MkdirAll(filepath.Join(folder, "deep"), 0o700))
	photo(t, filepath.Join(folder, "deep"), "a.jpg", 3, 700)
	photo(t, folder, ".hidden.jpg", 4, 100)
	empty := filepath.Join(dir, "empty")
	ok(t, os.Mkdir(empty, 0o700))

	for name, c := range map[string]struct {
		args []string
		want int
		says string
	}{
		"a good photo passes":                  {[]string{"check", good}, 0, ""},
		"a small one fails":                    {[]string{"check", small}, 1, ""},
		"one that a person must see passes":    {[]string{"check", edited}, 0, ""},
		"but not when it is strict":            {[]string{"check", "--strict", edited}, 1, ""},
		"one bad photo fails all":              {[]string{"check", good, small}, 1, ""},
		"a folder is walked, hidden files not": {[]string{"check", folder}, 0, ""},
		"a list is read":                       {[]string{"check", "@" + list}, 0, ""},
		"a missing file":                       {[]string{"check", good, filepath.Join(dir, "none.jpg")}, 2, "none.jpg"},
		"a missing list":                       {[]string{"check", "@" + filepath.Join(dir, "none.txt")}, 2, "none.txt"},
		"an empty folder":                      {[]string{"check", empty}, 2, "no file"},
		"no file at all":                       {[]string{"check"}, 2, "files"},
		"an unknown flag":                      {[]string{"check", "--colour", good}, 2, "--colour"},
		"an unknown material":                  {[]string{"check", "--material", "shoe", good}, 2, "shoe"},
		"an unknown page":                      {[]string{"check", "--page", "left", good}, 2, "left"},
		"an unknown party":                     {[]string{"check", "--of", "neighbour", good}, 2, "--of"},
		"a date that is none":                  {[]string{"check", "--as-of", "2020-02-30", good}, 2, "--as-of"},
		"an unknown command":                   {[]string{"chekc", good}, 2, "chekc"},
		"help":                                 {[]string{"check", "--help"}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errors := call(t, nil, c.args...)
			if status != c.want || !strings.Contains(errors, c.says) {
				t.Errorf("status %d, want %d\n%s\n%s", status, c.want, out, errors)
			}
		})
	}
}

func animatedGIF(t *testing.T) []byte {
	t.Helper()
	var buf bytes.Buffer
	ok(t, encodeTwoFrames(&buf))
	return buf.Bytes()
}

func TestJSONIsOneDocumentAndNothingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, small := photo(t, dir, "good.jpg", 5, 700), photo(t, dir, "small.png", 6, 100)
	_, out, _ := call(t, nil, "check", "--json", "--reading", "off", "--material", "principal_id", "--page", "front", "--of", "principal", small, good)
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	var r filing.CheckReport
	ok(t, decoder.Decode(&r))
	if decoder.More() {
		t.Error("there is more than one document")
	}
	if len(r.Files) != 2 || r.Files[0].File != small || r.Files[1].File != good || r.Verdict != filing.VerdictFail {
		t.Fatalf("%s", out)
	}
	f := r.Files[0]
	if f.Declared == nil || *f.Declared != (filing.Declared{Material: "principal_id", Page: "front", Of: "principal"}) || len(f.SHA256) != 64 {
		t.Errorf("%s", out)
	}
	if f.Measurements == nil || f.Measurements.Height != 100 || f.Format != filing.FormatJPEG {
		t.Errorf("%s", out)
	}
	if !strings.Contains(out, `"findings": []`) || strings.Contains(out, "null") {
		t.Errorf("what was not measured is absent, lists are never null: %s", out)
	}
}

func TestTheTableSpeaksTheLanguageOfTheLocale(t *testing.T) {
	t.Parallel()
	small := photo(t, t.TempDir(), "small.jpg", 7, 100)
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
		want string
	}{
		"Chinese locale":     {map[string]string{"LANG": "zh_CN.UTF-8"}, nil, "不通过"},
		"LC_ALL goes before": {map[string]string{"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, nil, "fail"},
		"no locale":          {nil, nil, "fail"},
		"the flag decides":   {map[string]string{"LANG": "en_US.UTF-8"}, []string{"--lang", "zh"}, "不通过"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, out, _ := call(t, c.env, append([]string{"check", small}, c.args...)...); !strings.Contains(out, c.want) {
				t.Errorf("%q is not in:\n%s", c.want, out)
			}
		})
	}
}

func TestAFileBeyondTheLimitIsToldWithoutLoadingIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "huge.jpg")
	f, err := os.Create(path)
	ok(t, err)
	_, err = f.Write([]byte{0xff, 0xd8, 0xff, 0xe0})
	ok(t, err)
	ok(t, f.Truncate(1<<30)) // sparse
	ok(t, f.Close())
	var r filing.CheckReport
	status, out, _ := call(t, nil, "check", "--json", path)
	ok(t, json.Unmarshal([]byte(out), &r))
	if status != 1 || r.Files[0].Bytes != 1<<30 || r.Files[0].Findings[0].Code != "file_too_large" {
		t.Errorf("status %d: %s", status, out)
	}
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"serve", "work", "check", "token", "healthcheck", "version"} {
		status, out, _ := call(t, nil, command, "--help")
		if status != 0 || !strings.Contains(out, "Example:\n  preflight "+command) {
			t.Errorf("%s: status %d\n%s", command, status, out)
		}
	}
}

func TestWrongSettingsAreSaidAtStart(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"a public address without tokens": {[]string{"--listen", "0.0.0.0:0"}, "--tokens"},
		"an address that is none":         {[]string{"--listen", "nowhere"}, "host:port"},
		"a body limit below the bureau's": {[]string{"--body-limit", "1000"}, "body limit"},
		"a job before its request":        {[]string{"--job-grace", "1s", "--check-wait", "5s"}, "job grace"},
		"a store of an unknown kind":      {[]string{"--store", "ftp://x"}, "store"},
		"a database of an unknown kind":   {[]string{"--database", "mysql://x"}, "records"},
		"a token file that is not there":  {[]string{"--tokens", filepath.Join(data, "none")}, "token file"},
		"no upload at once":               {[]string{"--max-uploads", "0"}, "at least 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}, c.args...)
			if status, _, errors := call(t, nil, args...); status != exitUsage || !strings.Contains(errors, c.says) {
				t.Errorf("status %d: %s", status, errors)
			}
		})
	}
}

func TestATokenLineAdmitsItsToken(t *testing.T) {
	t.Parallel()
	status, line, token := call(t, nil, "token", "app", "mobile")
	if status != 0 || !strings.HasPrefix(line, "app mobile ") || !strings.HasPrefix(token, "token: ") {
		t.Errorf("status %d: %s%s", status, line, token)
	}
	if status, _, _ := call(t, nil, "token", "king", "mobile"); status != exitUsage {
		t.Errorf("status %d for an unknown role", status)
	}
}
