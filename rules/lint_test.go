package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/preflight-icp/preflight/rules/seed"
)

// sources returns the folder of the source documents, or nil where they are not at hand.
func sources(t *testing.T) fs.FS {
	t.Helper()
	path := os.Getenv("PREFLIGHT_SEEDS")
	if path == "" {
		path = filepath.Join("..", "..", "shared", "seeds")
	}
	if _, err := os.Stat(filepath.Join(path, seed.Guide2020)); err != nil {
		t.Log("the source documents are not at hand (set PREFLIGHT_SEEDS): what needs them is skipped")
		return nil
	}
	return os.DirFS(path)
}

func TestTheRuleDataIsLinted(t *testing.T) {
	t.Parallel()
	report := Lint(Embedded(), sources(t))
	for _, p := range report.Problems {
		t.Error(p)
	}
	for _, s := range report.Skipped {
		t.Log("skipped:", s)
	}
}
