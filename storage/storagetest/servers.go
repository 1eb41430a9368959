// Package storagetest starts the real servers that the tests of every room use: an S3 server and a PostgreSQL cluster,
// as processes of their own on the loopback interface, with data in a temporary directory, stopped when the tests end.
//
// A test binary holds one Servers and stops it in TestMain:
//
//	var servers storagetest.Servers
//
//	func TestMain(m *testing.M) { os.Exit(servers.Run(m)) }
//
// Where a server's program is not installed the test is skipped and says so; with PREFLIGHT_TEST_REQUIRE=1, as in CI, it
// fails instead.
package storagetest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The environment of the tests.
const (
	// EnvRequire set to 1 turns every skip for a missing program into a failure.
	EnvRequire = "PREFLIGHT_TEST_REQUIRE"
	// EnvS3 names the S3 server's program (versitygw); default build/versitygw at the root of the repository.
	EnvS3 = "PREFLIGHT_TEST_S3_BIN"
	// EnvPostgres names the directory of PostgreSQL's programs; default the newest below /usr/lib/postgresql.
	EnvPostgres = "PREFLIGHT_TEST_PG_BIN"
)

const startTimeout = 30 * time.Second

// Servers are the servers of one test binary, each started when a test first asks for it. The zero value is ready.
type Servers struct {
	mu       sync.Mutex
	stops    []func() error
	s3       *S3Server
	postgres *postgres
}

// Run runs the tests, stops the servers, and reports goroutines that the tests left behind. The result is for os.Exit.
func (s *Servers) Run(m *testing.M, options ...goleak.Option) int {
	code := m.Run()
	if err := s.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "storagetest:", err)
		code = 1
	}
	if code == 0 {
		if err := goleak.Find(options...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

// Stop stops every server that was started and removes its data.
func (s *Servers) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, stop := range s.stops {
		errs = append(errs, stop())
	}
	s.stops, s.s3, s.postgres = nil, nil, nil
	return errors.Join(errs...)
}

// Missing skips the test because something that it needs is not installed, or fails it where EnvRequire is set.
func Missing(tb testing.TB, format string, args ...any) {
	tb.Helper()
	reason := fmt.Sprintf(format, args...)
	if os.Getenv(EnvRequire) == "1" {
		tb.Fatalf("needed and missing (%s=1): %s", EnvRequire, reason)
	}
	fmt.Fprintf(os.Stderr, "SKIPPED %s: %s\n", tb.Name(), reason)
	tb.Skip(reason)
}

// process is a running server.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
	log  string
}

// startProcess starts a server that dies with this process, whatever happens to it, and logs to a file.
func startProcess(cmd *exec.Cmd, logFile string) (*process, error) {
	log, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own copy
	cmd.Stdout, cmd.Stderr = log, log
	p := &process{cmd: cmd, log: logFile}
	if p.done, err = StartBound(cmd, syscall.SIGQUIT, &p.err); err != nil {
		return nil, err
	}
	return p, nil
}

// StartBound starts a process that gets a signal when this one dies, whatever happens to it. How it ended is in end when gone is closed.
func StartBound(cmd *exec.Cmd, signal syscall.Signal, end *error) (gone chan struct{}, err error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = signal
	gone = make(chan struct{})
	started := make(chan error)
	go func() {
		// The signal comes when the thread that started the process ends, so the thread waits with it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(gone)
		err := cmd.Start()
		started <- err
		if err == nil {
			*end = cmd.Wait()
		}
	}()
	return gone, <-started
}

// stop ends the process by the signal, by force if it takes too long.
func (p *process) stop(signal syscall.Signal) error {
	_ = p.cmd.Process.Signal(signal)
	select {
	case <-p.done:
		return nil
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
		return fmt.Errorf("%s had to be killed", filepath.Base(p.cmd.Path))
	}
}

// until waits for the server to answer.
func (p *process) until(ready func() error) error {
	deadline := time.Now().Add(startTimeout)
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("ended at once: %w\n%s", p.err, tail(p.log))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %s: %w\n%s", startTimeout, err, tail(p.log))
		}
	}
}

func tail(file string) string {
	p, _ := os.ReadFile(file)
	if len(p) > 2000 {
		p = p[len(p)-2000:]
	}
	return strings.TrimSpace(string(p))
}

// freePort returns a port of the loopback interface that was free a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("no TCP address")
	}
	return addr.Port, nil
}

// moduleRoot is the nearest directory upwards that holds a go.mod: tests run in their package's directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}
