package storagetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// postgres is a private cluster of its own process, on the loopback interface.
type postgres struct {
	port      int
	databases int
	process   *process
	// run starts it on its data, and waits until it answers.
	run func() (*process, error)
}

func (p *postgres) url(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", p.port, database)
}

// Postgres returns the URL of a fresh, empty database, dropped after the test, or skips where PostgreSQL is missing. All
// tests of the binary share one cluster.
func (s *Servers) Postgres(tb testing.TB) string {
	tb.Helper()
	bin := os.Getenv(EnvPostgres)
	if bin == "" {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
		slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
		if len(found) > 0 {
			bin = found[len(found)-1]
		}
	}
	if _, err := os.Stat(filepath.Join(bin, "initdb")); bin == "" || err != nil {
		Missing(tb, "PostgreSQL is not installed (apt-get install postgresql), or set %s to the directory of initdb", EnvPostgres)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.postgres == nil {
		server, stop, err := startPostgres(bin)
		if err != nil {
			tb.Fatalf("start PostgreSQL: %v", err)
		}
		s.postgres, s.stops = server, append(s.stops, stop)
	}
	s.postgres.databases++
	name := fmt.Sprintf("test_%d", s.postgres.databases)
	server := s.postgres
	if err := server.exec("CREATE DATABASE " + name); err != nil {
		tb.Fatalf("make a database: %v", err)
	}
	tb.Cleanup(func() {
		if err := server.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			tb.Errorf("drop the database: %v", err)
		}
	})
	return server.url(name)
}

func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

func (p *postgres) exec(statement string) error {
	db, err := sql.Open("pgx", p.url("postgres"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	_, err = db.ExecContext(ctx, statement)
	return errors.Join(err, db.Close())
}

func startPostgres(bin string) (*postgres, func() error, error) {
	dir, err := os.MkdirTemp("", "preflight-pg-")
	if err != nil {
		return nil, nil, err
	}
	fail := func(err error) (*postgres, func() error, error) { return nil, nil, errors.Join(err, os.RemoveAll(dir)) }

	// PostgreSQL refuses to run as root: then it runs as its own user.
	attr := &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		owner, err := user.Lookup("postgres")
		if err != nil {
			return fail(err)
		}
		uid, errUID := strconv.Atoi(owner.Uid)
		gid, errGID := strconv.Atoi(owner.Gid)
		if err := errors.Join(errUID, errGID, os.Chown(dir, uid, gid)); err != nil {
			return fail(err)
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"),
		"--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = attr, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fail(fmt.Errorf("initdb: %w\n%s", err, out))
	}
	port, err := freePort()
	if err != nil {
		return fail(err)
	}
	server := &postgres{port: port}
	log := filepath.Join(os.TempDir(), filepath.Base(dir)+".log")
	server.run = func() (*process, error) {
		cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data,
			"-c", "listen_addresses=127.0.0.1", "-c", "port="+strconv.Itoa(port), "-c", "unix_socket_directories=",
			"-c", "max_connections=200", "-c", "shared_buffers=64MB")
		cmd.SysProcAttr, cmd.Dir = &syscall.SysProcAttr{Credential: attr.Credential}, dir
		p, err := startProcess(cmd, log)
		if err != nil {
			return nil, err
		}
		err = p.until(func() error {
			db, err := sql.Open("pgx", server.url("postgres"))
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			return errors.Join(db.PingContext(ctx), db.Close())
		})
		if err != nil {
			return nil, errors.Join(err, p.stop(syscall.SIGINT))
		}
		return p, nil
	}
	stop := func() error {
		// SIGINT is PostgreSQL's fast shutdown: it ends sessions and goes.
		return errors.Join(server.process.stop(syscall.SIGINT), os.RemoveAll(dir), os.Remove(log))
	}
	if server.process, err = server.run(); err != nil {
		return fail(err)
	}
	return server, stop, nil
}

// CrashPostgres kills the cluster as a loss of power would (kill -9), and starts it again on the same data. For Servers
// of a test's own: every test on them feels it.
func (s *Servers) CrashPostgres(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.postgres == nil {
		tb.Fatal("no PostgreSQL is running")
	}
	if err := s.postgres.process.cmd.Process.Kill(); err != nil {
		tb.Fatalf("kill PostgreSQL: %v", err)
	}
	<-s.postgres.process.done
	s.postgres.restart(tb)
}

// StopPostgres stops the cluster, and StartPostgres starts it again on the same data and port. For Servers of a test's own.
func (s *Servers) StopPostgres(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.postgres.process.stop(syscall.SIGINT); err != nil {
		tb.Fatalf("stop PostgreSQL: %v", err)
	}
}

// StartPostgres starts the cluster that StopPostgres has stopped.
func (s *Servers) StartPostgres(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.postgres.restart(tb)
}

func (p *postgres) restart(tb testing.TB) {
	tb.Helper()
	// Its sessions notice within moments; until the last one is gone the data is theirs.
	var err error
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); <-ticker.C {
		var started *process
		if started, err = p.run(); err == nil {
			p.process = started
			return
		}
	}
	tb.Fatalf("start PostgreSQL again: %v", err)
}
