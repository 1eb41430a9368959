// Package models names the models that pictures are read with, and the runtime that runs them, and proves that the files of
// a folder are those: the same bytes, on every machine, as were measured with. The files themselves are never part of the
// project; scripts/setup.sh fetches them (README.md beside this file says from where).
package models

import (
	"crypto/sha256"
	_ "embed" // SHA256SUMS
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Name is the name of a file in the folder of models.
type Name string

// The files.
const (
	// UltraFace finds faces: version RFB-320 of "Ultra-Light-Fast-Generic-Face-Detector-1MB" (人脸检测).
	UltraFace Name = "ultraface-rfb-320.onnx"
	// PigoCascade finds faces without a runtime: the decision trees of pico, as github.com/esimov/pigo carries them.
	PigoCascade Name = "pigo-facefinder"
	// TextDetector, TextDirection and TextRecognizer are PP-OCRv4 mobile (文字检测、方向、识别), and TextKeys the characters
	// that the last one tells apart, one a line.
	TextDetector   Name = "ppocr-v4-det.onnx"
	TextDirection  Name = "ppocr-v2-cls.onnx"
	TextRecognizer Name = "ppocr-v4-rec.onnx"
	TextKeys       Name = "ppocr-keys-v1.txt"
)

// Runtime is the file of ONNX Runtime for this machine's processor.
func Runtime() Name { return Name("libonnxruntime-" + runtime.GOARCH + ".so") }

var (
	// ErrMissing says that a file is not there: the set-up has not run, or there is none for this processor.
	ErrMissing = errors.New("the file is not there; scripts/setup.sh models fetches it")
	// ErrChecksum says that a file is not the one that was measured with: damaged, or of another version.
	ErrChecksum = errors.New("the file is not the one that models/SHA256SUMS names")
)

//go:embed SHA256SUMS
var sums string

// Sum is the SHA-256 of a file in lower case hex, "" for a name that is not in the list.
func Sum(name Name) string {
	for line := range strings.Lines(sums) {
		sum, file, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if file == string(name) {
			return sum
		}
	}
	return ""
}

// Read returns a file of a folder after its checksum was verified. Errors are ErrMissing, ErrChecksum, or those of reading.
func Read(dir string, name Name) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(dir, string(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("model %s: %w", name, ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	sum := sha256.Sum256(data)
	if hex.EncodeToString(sum[:]) != Sum(name) {
		return nil, fmt.Errorf("model %s: %w", name, ErrChecksum)
	}
	return data, nil
}

// Has reports whether a folder has all of these files, whatever is in them.
func Has(dir string, names ...Name) bool {
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(dir, string(name))); err != nil || !info.Mode().IsRegular() {
			return false
		}
	}
	return true
}

// Path returns where a file of a folder is after its checksum was verified, for what has to be opened by name. Errors are
// those of Read.
func Path(dir string, name Name) (string, error) {
	path := filepath.Join(dir, string(name))
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("model %s: %w", name, ErrMissing)
	}
	if err != nil {
		return "", fmt.Errorf("model %s: %w", name, err)
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("model %s: %w", name, err)
	}
	if hex.EncodeToString(h.Sum(nil)) != Sum(name) {
		return "", fmt.Errorf("model %s: %w", name, ErrChecksum)
	}
	return path, nil
}

// Beside returns the folder "models" next to the running program, which is where the set-up puts it (build/models beside
// build/preflight); "" where the program's own place is unknown.
func Beside() string {
	program, err := os.Executable()
	if err != nil {
		return ""
	}
	return filepath.Join(filepath.Dir(program), "models")
}
