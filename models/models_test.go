package models_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/models"
	"github.com/preflight-icp/preflight/models/modelstest"
)

// all is every file that the set-up puts into the folder on this machine.
func all() []models.Name {
	return []models.Name{
		models.Runtime(), models.UltraFace, models.PigoCascade,
		models.TextDetector, models.TextDirection, models.TextRecognizer, models.TextKeys,
	}
}

func TestEveryFileHasAChecksum(t *testing.T) {
	t.Parallel()
	for _, name := range append(all(), "libonnxruntime-amd64.so", "libonnxruntime-arm64.so") {
		if sum := models.Sum(name); len(sum) != 64 {
			t.Errorf("%s: checksum %q", name, sum)
		}
	}
	if sum := models.Sum("nothing"); sum != "" {
		t.Errorf("a name that is not in the list has the checksum %q", sum)
	}
}

func TestInstalledFilesAreThoseThatWereMeasuredWith(t *testing.T) {
	t.Parallel()
	dir := modelstest.Dir(t, all()...)
	for _, name := range all() {
		if _, err := models.Path(dir, name); err != nil {
			t.Error(err)
		}
	}
}

func TestAFileThatIsMissingOrChangedIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := models.Read(dir, models.UltraFace); !errors.Is(err, models.ErrMissing) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := models.Path(dir, models.UltraFace); !errors.Is(err, models.ErrMissing) {
		t.Errorf("the path of a missing file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, string(models.UltraFace)), []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := models.Read(dir, models.UltraFace); !errors.Is(err, models.ErrChecksum) {
		t.Errorf("another file: %v", err)
	}
	if _, err := models.Path(dir, models.UltraFace); !errors.Is(err, models.ErrChecksum) {
		t.Errorf("the path of another file: %v", err)
	}
}

func TestTheLockNamesNoRegistryAndPinsEveryPackage(t *testing.T) {
	t.Parallel()
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if text := string(lock); strings.Contains(text, "://") || strings.Contains(text, "resolved") {
		t.Error("package-lock.json names a host")
	}
	packages, pinned := strings.Count(string(lock), `"node_modules/`), strings.Count(string(lock), `"integrity": "sha512-`)
	if packages == 0 || packages != pinned {
		t.Errorf("%d packages, of which %d are pinned by SHA-512", packages, pinned)
	}
}
