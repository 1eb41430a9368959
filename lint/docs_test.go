package lint

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A link or a picture in Markdown: [text](target), with the target up to a space or the closing parenthesis.
var markdownLink = regexp.MustCompile(`\]\(([^)\s]+)[^)]*\)`)

func TestLinksInTheDocumentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	links := 0
	for _, file := range projectFiles(t) {
		if filepath.Ext(file) != ".md" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(top(t), file))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range markdownLink.FindAllStringSubmatch(withoutCode(string(text)), -1) {
			target, _, _ := strings.Cut(match[1], "#")
			if target == "" || strings.Contains(target, ":") {
				continue
			}
			links++
			if _, err := os.Stat(filepath.Join(top(t), filepath.Dir(file), filepath.FromSlash(target))); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", file, match[1])
			}
		}
	}
	if links == 0 {
		t.Error("no relative link found in any document: has the pattern gone stale?")
	}
}

// Packages with a name that says nothing collect what belongs elsewhere; the analyzer "naming" sees the names of
// packages, this one the folders that hold no Go at all.
func TestNoFolderIsNamedForNothing(t *testing.T) {
	t.Parallel()
	for _, file := range projectFiles(t) {
		for _, part := range strings.Split(filepath.ToSlash(filepath.Dir(file)), "/") {
			if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc", "base", "manager"}, part) && !strings.Contains(file, "testdata") {
				t.Errorf("%s: name the folder for what it holds", file)
			}
		}
	}
}

func TestPackagesListIsWellFormed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(top(t), "scripts", "packages.txt"))
	if err != nil {
		t.Fatal(err)
	}
	proof := regexp.MustCompile(`^(cmd:[\w.-]+|lib:[\w.-]+|header:[\w./-]+|glob:/[\w./*-]+)$`)
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 4 {
			t.Errorf("need, package, proof and why, got %q", line)
			continue
		}
		need, name := fields[0], fields[1]
		if !slices.Contains([]string{"build", "models", "test", "browser", "lint", "accuracy", "bench", "fresh", "image", "runtime"}, need) {
			t.Errorf("%s: unknown need %q", name, need)
		}
		if need == "runtime" && fields[2] != "-" || need != "runtime" && !proof.MatchString(fields[2]) {
			t.Errorf("%s: proof %q", name, fields[2])
		}
		if seen[need+" "+name] {
			t.Errorf("%s stands twice under %s", name, need)
		}
		seen[need+" "+name] = true
	}
	if len(seen) == 0 {
		t.Error("the list is empty")
	}
}

// withoutCode removes fenced and inline code, in which a bracket is no link.
func withoutCode(markdown string) string {
	markdown = regexp.MustCompile("(?ms)^ *```.*?^ *```").ReplaceAllString(markdown, "")
	return regexp.MustCompile("`[^`\n]*`").ReplaceAllString(markdown, "")
}

// projectFiles lists the files that belong to the project, committed or about to be.
func projectFiles(t *testing.T) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	cmd.Dir = top(t)
	out, err := cmd.Output()
	if err != nil {
		if os.Getenv("PREFLIGHT_TEST_REQUIRE") == "1" {
			t.Fatalf("git ls-files: %v", err)
		}
		t.Skip("not a git work tree: which files belong to the project is unknown")
	}
	files := slices.DeleteFunc(strings.Split(string(out), "\x00"), func(file string) bool {
		_, err := os.Stat(filepath.Join(top(t), file))
		return file == "" || err != nil
	})
	if len(files) == 0 {
		t.Fatal("git ls-files names no file")
	}
	return files
}
