package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "write docs/settings.md")

// The table of settings in the documents is made from the flags themselves.
func TestTheDocumentedSettingsAreThoseOfTheFlags(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "settings.md")
	got := settingsDoc(t)
	if *update {
		ok(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	ok(t, err)
	if got != string(want) {
		t.Errorf("%s is out of date: go test ./cmd/preflight -run Settings -update", path)
	}
}

func settingsDoc(t *testing.T) string {
	t.Helper()
	var cmd commands
	parser, err := kong.New(&cmd, kong.Vars{"version": ""})
	ok(t, err)
	var b strings.Builder
	b.WriteString("<!-- Made from cmd/preflight by: go test ./cmd/preflight -run Settings -update -->\n\n# Settings\n\n" +
		"A flag goes before the environment, the environment before the file that `--config FILE` or `PREFLIGHT_CONFIG` names, and\n" +
		"the file before the default. The file is YAML, with the flags' names as keys below the command's name:\n\n" +
		"```yaml\nserve:\n  listen: 0.0.0.0:8080\n  public-url: https://preflight.example\n  tokens: /etc/preflight/tokens.txt\n```\n\n" +
		"Everything is checked at start; what is wrong is said in one line, with exit status 2.\n")
	for _, command := range parser.Model.Children {
		if !slices.Contains([]string{"serve", "work", "revalidate", "export", "import", "migrate", "check"}, command.Name) {
			continue
		}
		fmt.Fprintf(&b, "\n## preflight %s\n\n| flag | environment | default | meaning |\n|---|---|---|---|\n", command.Name)
		for _, f := range command.Flags {
			env, def := "", ""
			if len(f.Envs) > 0 {
				env = "`" + f.Envs[0] + "`"
			}
			if f.HasDefault && f.Default != "" {
				def = "`" + f.Default + "`"
			}
			fmt.Fprintf(&b, "| `--%s` | %s | %s | %s |\n", f.Name, env, def, f.Help)
		}
	}
	return b.String()
}

// A setting in the file is honoured, goes behind environment and flag, and a wrong name is refused.
func TestSettingsComeFromTheFileToo(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) string {
		path := filepath.Join(dir, "preflight.yaml")
		ok(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	file := write("serve:\n  listen: nowhere\n")
	if status, _, errors := call(t, nil, "--config", file, "serve", "--data", dir); status != exitUsage || !strings.Contains(errors, "nowhere") {
		t.Errorf("file: status %d: %s", status, errors)
	}
	if status, _, errors := call(t, nil, "--config", file, "serve", "--data", dir, "--listen", "elsewhere"); status != exitUsage || !strings.Contains(errors, "elsewhere") {
		t.Errorf("flag: status %d: %s", status, errors)
	}
	t.Setenv("PREFLIGHT_LISTEN", "environment")
	if status, _, errors := call(t, nil, "--config", file, "serve", "--data", dir); status != exitUsage || !strings.Contains(errors, "environment") {
		t.Errorf("environment: status %d: %s", status, errors)
	}
	if status, _, errors := call(t, nil, "--config", filepath.Join(dir, "none.yaml"), "serve"); status != exitUsage || !strings.Contains(errors, "none.yaml") {
		t.Errorf("missing file: status %d: %s", status, errors)
	}
	file = write("serve:\n  listne: 127.0.0.1:0\n")
	if status, _, errors := call(t, nil, "--config", file, "serve", "--data", dir); status != exitUsage || !strings.Contains(errors, "listne") {
		t.Errorf("wrong name: status %d: %s", status, errors)
	}
}

// A value out of its bounds is refused before anything is opened, in one line that says what may stand there.
func TestSettingsOutOfBoundsAreRefusedInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command, flag, value, says string
	}{
		{"serve", "database-connections", "-1", "1 to 1000"},
		{"serve", "database-connections", "many", "database-connections"},
		{"serve", "database-connect-timeout", "0s", "more than 0"},
		{"serve", "database-timeout", "50ms", "at least 100ms"},
		{"serve", "store-attempts", "0", "more than 0"},
		{"serve", "store-attempts", "21", "1 to 20"},
		{"serve", "store-timeout", "1ms", "at least 100ms"},
		{"serve", "store-connections", "100000", "1 to 1000"},
		{"serve", "jobs", "-1", "jobs at once"},
		{"serve", "worker-memory", "1000", "bytes each"},
		{"work", "worker-attempts", "0", "at least 1"},
		{"serve", "worker-cpu", "1ms", "at least 1s"},
		{"work", "job-attempts", "26", "1 to 25"},
		{"work", "job-attempts", "0", "more than 0"},
		{"work", "job-timeout", "10ms", "at least 1s"},
		{"work", "job-rescue", "30s", "shorter than the job timeout"},
		{"work", "job-poll", "1ms", "at least 10ms"},
		{"work", "operations", "nowhere", "listen"},
		{"work", "traces", "collector:4318", "http(s)://host:port"},
		{"migrate", "database-timeout", "-1s", "at least 100ms"},
		{"revalidate", "database-connections", "1001", "1 to 1000"},
		{"export", "store-attempts", "-5", "1 to 20"},
		{"jobs", "database-timeout", "0s", "more than 0"},
	} {
		args := []string{c.command, "--data", t.TempDir(), "--" + c.flag + "=" + c.value}
		switch c.command {
		case "export":
			args = append(args, "dir:"+t.TempDir())
		case "serve":
			args = append(args, "--listen", "127.0.0.1:0")
		}
		status, out, errors := call(t, nil, args...)
		if status != exitUsage || out != "" || !strings.Contains(errors, c.says) {
			t.Errorf("%s --%s=%s: status %d, %q", c.command, c.flag, c.value, status, errors)
		}
		if strings.Count(strings.TrimSpace(errors), "\n") > 1 {
			t.Errorf("%s --%s=%s: more than a line: %s", c.command, c.flag, c.value, errors)
		}
	}
}
