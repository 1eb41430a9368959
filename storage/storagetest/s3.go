package storagetest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

// S3Server is a running S3 server (versitygw over a directory), a process of its own.
type S3Server struct {
	// Endpoint is http://127.0.0.1:PORT.
	Endpoint string
	// AccessKey and SecretKey are made up for the tests.
	AccessKey, SecretKey string
	// Data is the directory behind it: a bucket is a directory, an object a file.
	Data string

	process *process
	// run starts it on its data, and waits until it answers.
	run func() (*process, error)
}

// URL returns the URL of a bucket and prefix for storage.OpenObjects, e.g. URL("photos/test-1").
func (s S3Server) URL(bucketAndPrefix string) string {
	return "s3://" + bucketAndPrefix + "?endpoint=" + s.Endpoint
}

// Options returns the credentials for storage.OpenObjects; buckets are made when they are not there.
func (s S3Server) Options() storage.ObjectsOptions {
	return storage.ObjectsOptions{AccessKey: s.AccessKey, SecretKey: s.SecretKey, CreateBucket: true}
}

// S3 returns the S3 server of this test binary, or skips the test where the program is missing.
func (s *Servers) S3(tb testing.TB) S3Server {
	tb.Helper()
	bin := os.Getenv(EnvS3)
	if bin == "" {
		root, err := moduleRoot()
		if err != nil {
			tb.Fatal(err)
		}
		bin = filepath.Join(root, "build", "versitygw")
	}
	if _, err := os.Stat(bin); err != nil {
		Missing(tb, "the S3 server %s is not there: set %s, or build it into build/ by"+
			" go install github.com/versity/versitygw/cmd/versitygw@v1.8.0", filepath.Base(bin), EnvS3)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.s3 == nil {
		server, stop, err := startS3(bin)
		if err != nil {
			tb.Fatalf("start the S3 server: %v", err)
		}
		s.s3, s.stops = server, append(s.stops, stop)
	}
	return *s.s3
}

func startS3(bin string) (*S3Server, func() error, error) {
	dir, err := os.MkdirTemp("", "preflight-s3-")
	if err != nil {
		return nil, nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	server := &S3Server{
		Endpoint: "http://" + address, AccessKey: "specimen", SecretKey: "specimen-secret", Data: filepath.Join(dir, "data"),
	}
	if err := os.Mkdir(server.Data, 0o700); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	server.run = func() (*process, error) {
		cmd := exec.Command(bin, "--port", address, "--keep-alive", "--quiet", "posix", server.Data)
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+server.AccessKey, "ROOT_SECRET_KEY="+server.SecretKey)
		p, err := startProcess(cmd, filepath.Join(dir, "log"))
		if err != nil {
			return nil, err
		}
		err = p.until(func() error {
			c, err := net.DialTimeout("tcp", address, time.Second)
			if err != nil {
				return err
			}
			return c.Close()
		})
		if err != nil {
			return nil, errors.Join(err, p.stop(syscall.SIGTERM))
		}
		return p, nil
	}
	if server.process, err = server.run(); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return server, func() error { return errors.Join(server.process.stop(syscall.SIGTERM), os.RemoveAll(dir)) }, nil
}

// StopS3 stops the S3 server, and StartS3 starts it again on the same data and port. For Servers of a test's own.
func (s *Servers) StopS3(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.s3.process.stop(syscall.SIGTERM); err != nil {
		tb.Fatalf("stop the S3 server: %v", err)
	}
}

// StartS3 starts the S3 server that StopS3 has stopped.
func (s *Servers) StartS3(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.s3.run()
	if err != nil {
		tb.Fatalf("start the S3 server again: %v", err)
	}
	s.s3.process = p
}
