package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/storage/storagetest"
)

const (
	childDirEnv = "PREFLIGHT_TEST_CHILD_DIR"
	// acknowledged is what the child prints once Put has returned nil: the 201 of this test.
	acknowledged = "ACKNOWLEDGED"
	childKey     = "objects/ab/cd/specimen"
)

// playChild is the other side of the tests that trace or kill a process.
func playChild(part string) int {
	switch part {
	case "put", "put and die in the body":
		// strace counts calls by thread: all of them on one thread can be counted.
		runtime.LockOSThread()
		objects, err := storage.OpenDir(os.Getenv(childDirEnv))
		if err != nil {
			fmt.Println(err)
			return 1
		}
		content := storage.BytesContent(bytes.Repeat([]byte("样本 SPECIMEN "), 20_000))
		if part != "put" {
			content.Body = lethalBody{content}
		}
		if err := objects.Put(context.Background(), childKey, content); err != nil {
			fmt.Println("REFUSED", err)
			return 3
		}
		fmt.Println(acknowledged)
		return 0
	default:
		return playJobs(part)
	}
}

// lethalBody kills the process, as kill -9 does, when its last bytes are read: everything is in the temporary file but
// nothing is linked.
type lethalBody struct{ storage.Content }

func (b lethalBody) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= b.Size {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return b.Body.ReadAt(p, offset)
}

// child returns a command that plays a part on a directory, behind a wrapper (strace) if one is given.
func child(t *testing.T, part, dir string, wrapper ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(wrapper, self)
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childEnv+"="+part, childDirEnv+"="+dir)
	return cmd
}

// strace returns the command that traces, or skips where the kernel or the machine does not let it.
func strace(t *testing.T, args ...string) []string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		storagetest.Missing(t, "strace is not installed: the order of system calls was not seen")
	}
	if out, err := exec.CommandContext(t.Context(), path, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		storagetest.Missing(t, "strace is not allowed to trace here: %s", bytes.TrimSpace(out))
	}
	return append([]string{path, "-f", "-qq"}, args...)
}

func TestWhatADirectoryAcknowledgesIsOnDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := storage.OpenDir(dir); err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "trace")
	wrapper := strace(t, "-y", "-o", trace, "-e", "trace=fsync,link,linkat,mkdirat,write")
	if out, err := child(t, "put", dir, wrapper...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(p), "\n")
	// Each step must be there, succeed, and come after the one before it.
	at := 0
	for _, step := range []struct{ name, call, has string }{
		{"the temporary file gets its last bytes", "write(", dir + "/.tmp/put-"},
		{"the file is synced", "fsync(", dir + "/.tmp/put-"},
		{"the root, which has a new entry, is synced", "fsync(", "<" + dir + ">"},
		{"objects, which has a new entry, is synced", "fsync(", "<" + dir + "/objects>"},
		{"objects/ab, which has a new entry, is synced", "fsync(", "<" + dir + "/objects/ab>"},
		{"the file is linked to its name", "linkat(", dir + "/" + childKey},
		{"its directory is synced", "fsync(", "<" + dir + "/objects/ab/cd>"},
		{"the answer is given", "write(", acknowledged},
	} {
		found := -1
		for i := at; i < len(lines); i++ {
			if strings.Contains(lines[i], step.call) && strings.Contains(lines[i], step.has) {
				found = i
				if step.call != "write(" || step.has == acknowledged {
					break
				}
			}
		}
		if found < 0 {
			t.Fatalf("%s: not seen after line %d of\n%s", step.name, at, p)
		}
		if strings.Contains(lines[found], "= -1") {
			t.Fatalf("%s: failed: %s", step.name, lines[found])
		}
		at = found + 1
	}
}

func TestAFaultBeforeTheAnswerLeavesNoVisibleObject(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, part, inject string
		refused            bool
	}{
		{"killed when the temporary file is full", "put and die in the body", "", false},
		{"killed on the way into link", "put", "linkat:signal=KILL", false},
		{"killed on the way into the sync of the file", "put", "fsync:signal=KILL:when=3", false},
		{"the sync of the file fails", "put", "fsync:error=EIO:when=3", true},
		{"the disk is full", "put", "linkat:error=ENOSPC", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			objects, err := storage.OpenDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			var wrapper []string
			if c.inject != "" {
				// OpenDir itself syncs the root and its parent: the third sync is that of the file.
				call, _, _ := strings.Cut(c.inject, ":")
				wrapper = strace(t, "-o", os.DevNull, "-e", "trace="+call, "-e", "inject="+c.inject)
			}
			out, err := child(t, c.part, dir, wrapper...).Output()
			if err == nil || strings.Contains(string(out), acknowledged) {
				t.Fatalf("it was acknowledged: %v %s", err, out)
			}
			if refused := strings.Contains(string(out), "REFUSED"); refused != c.refused {
				t.Errorf("refused: %v, %s", refused, out)
			}
			_, err = objects.Stat(t.Context(), childKey)
			wantError(t, "Stat", err, storage.ErrNotFound)
			if keys := list(t, objects, "", ""); len(keys) != 0 {
				t.Errorf("visible: %v", keys)
			}
			left, err := os.ReadDir(filepath.Join(dir, ".tmp"))
			if err != nil || len(left) > 0 == c.refused {
				t.Errorf("temporary files: %v, %v; a killed process leaves one, a failed put none", left, err)
			}
			// The same upload again works, beside what was left behind.
			if out, err := child(t, "put", dir).Output(); err != nil {
				t.Errorf("again: %v %s", err, out)
			}
		})
	}
}

func TestOpeningADirectoryRemovesOnlyWhatIsOld(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	objects, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	mustPut(t, objects, "a", []byte("1"))
	stale, young := filepath.Join(dir, ".tmp", "put-stale"), filepath.Join(dir, ".tmp", "put-young")
	for _, file := range []string{stale, young} {
		if err := os.WriteFile(file, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-2 * time.Hour)
	if err := errors.Join(os.Chtimes(stale, past, past), os.Chtimes(filepath.Join(dir, "a"), past, past)); err != nil {
		t.Fatal(err)
	}
	if objects, err = storage.OpenDir(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the stale file: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("the file that another process may be writing: %v", err)
	}
	mustRead(t, objects, "a", 0, -1)
}

func BenchmarkPut(b *testing.B) {
	for _, name := range []string{"directory", "S3 server"} {
		for _, size := range []int{300 << 10, 4 << 20} {
			b.Run(fmt.Sprintf("%s/%dKiB", name, size>>10), func(b *testing.B) {
				objects := engines(b)[name](b)
				content := randomBytes(b, size)
				b.SetBytes(int64(size))
				for n := 0; b.Loop(); n++ {
					copy(content, fmt.Sprintf("%20d", n))
					d := storage.DigestOf(content)
					c := storage.Content{Body: bytes.NewReader(content), Size: int64(size), Sum: d}
					if err := objects.Put(b.Context(), storage.ObjectKey(d), c); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
