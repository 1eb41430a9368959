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
