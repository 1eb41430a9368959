package onnx_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/preflight-icp/preflight/imaging/onnx"
	"github.com/preflight-icp/preflight/models"
	"github.com/preflight-icp/preflight/models/modelstest"
)

func open(t *testing.T, parallel int) *onnx.Runtime {
	t.Helper()
	r, err := onnx.Open(modelstest.Dir(t, models.Runtime(), models.UltraFace), onnx.Options{Parallel: parallel})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func session(t *testing.T, r *onnx.Runtime) *onnx.Session {
	t.Helper()
	s, err := r.Session(models.UltraFace, []string{"input"}, []string{"scores", "boxes"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ramp is an input that is not the same everywhere.
func ramp() onnx.Tensor {
	in := onnx.Tensor{Shape: []int64{1, 3, 240, 320}, Data: make([]float32, 3*240*320)}
	for i := range in.Data {
		in.Data[i] = float32(i%251)/125 - 1
	}
	return in
}

func TestManyRunsAtOnceGiveTheSameNumbers(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, 2))
	first, err := s.Run(t.Context(), ramp())
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 2 || len(first[0].Data) != 2*4420 || len(first[1].Data) != 4*4420 {
		t.Fatalf("outputs: %d", len(first))
	}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			again, err := s.Run(t.Context(), ramp())
			if err != nil {
				t.Error(err)
				return
			}
			for i := range first {
				if !slices.Equal(first[i].Data, again[i].Data) {
					t.Errorf("output %d differs", i)
				}
			}
		})
	}
	wg.Wait()
}

func TestARunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Run(ctx, ramp()); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
	if _, err := s.Run(t.Context(), ramp()); err != nil {
		t.Errorf("the next run: %v", err)
	}
}

func TestAWrongInputIsAnErrorAndNoCrash(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, 1))
	if _, err := s.Run(t.Context(), onnx.Tensor{Shape: []int64{1, 3, 10, 10}, Data: make([]float32, 300)}); err == nil {
		t.Error("another shape than the model's was taken")
	}
	if _, err := s.Run(t.Context()); err == nil {
		t.Error("no input was taken")
	}
}

func TestAClosedRuntimeRefuses(t *testing.T) {
	t.Parallel()
	r, err := onnx.Open(modelstest.Dir(t, models.Runtime(), models.UltraFace), onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := session(t, r)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(t.Context(), ramp()); !errors.Is(err, onnx.ErrClosed) {
		t.Errorf("run: %v", err)
	}
	if _, err := r.Session(models.UltraFace, nil, nil); !errors.Is(err, onnx.ErrClosed) {
		t.Errorf("session: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("closed once more: %v", err)
	}
}

func TestMissingAndDamagedFilesAreToldApart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := onnx.Open(dir, onnx.Options{}); !errors.Is(err, onnx.ErrNoModels) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := onnx.Open(dir, onnx.Options{Library: filepath.Join(dir, "none.so")}); !errors.Is(err, onnx.ErrNoModels) {
		t.Errorf("a library that is not there: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, string(models.Runtime())), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := onnx.Open(dir, onnx.Options{}); !errors.Is(err, onnx.ErrChecksum) {
		t.Errorf("a damaged library: %v", err)
	}
}

func TestASecondLibraryInOneProcessIsRefused(t *testing.T) {
	t.Parallel()
	open(t, 1)
	other := filepath.Join(t.TempDir(), "other.so")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := onnx.Open("", onnx.Options{Library: other}); !errors.Is(err, onnx.ErrOtherRuntime) {
		t.Errorf("another library: %v", err)
	}
}

func BenchmarkUltraFace(b *testing.B) {
	r, err := onnx.Open(modelstest.Dir(b, models.Runtime(), models.UltraFace), onnx.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s, err := r.Session(models.UltraFace, []string{"input"}, []string{"scores", "boxes"})
	if err != nil {
		b.Fatal(err)
	}
	in := ramp()
	for b.Loop() {
		if _, err := s.Run(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}
