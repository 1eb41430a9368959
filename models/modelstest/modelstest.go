// Package modelstest hands the models to tests, or skips them.
package modelstest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/preflight-icp/preflight/models"
)

// Dir returns the folder of models that the set-up made (build/models, or what PREFLIGHT_MODELS names). Where one of the
// named files is not there the test is skipped and says so; with PREFLIGHT_TEST_REQUIRE=1, as in make test, it fails.
func Dir(t testing.TB, names ...models.Name) string {
	t.Helper()
	dir := os.Getenv("PREFLIGHT_MODELS")
	if dir == "" {
		dir = filepath.Join(top(t), "build", "models")
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, string(name))); err != nil {
			if os.Getenv("PREFLIGHT_TEST_REQUIRE") == "1" {
				t.Fatalf("%s is not in %s: scripts/setup.sh models fetches it", name, dir)
			}
			t.Skipf("%s is not in %s: scripts/setup.sh models fetches it", name, dir)
		}
	}
	return dir
}

// top is the project's folder: the nearest one above with a go.mod.
func top(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}
