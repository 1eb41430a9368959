package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/storage/storagetest"
)

// servers are the PostgreSQL cluster and the S3 server that the tests of this package share.
var servers storagetest.Servers

// fleetUploads is how many asynchronous uploads the fleet is given: 300 in `make test`, 5,000 in `make fleet`.
var fleetUploads = flag.Int("fleet-uploads", 300, "asynchronous uploads that the fleet is given")

// fleet is one database and one bucket.
type fleet struct {
	database string
	flags    []string
}

func newFleet(t testing.TB, name string) fleet {
	t.Helper()
	s3 := servers.S3(t)
	f := fleet{database: servers.Postgres(t)}
	f.flags = []string{"--database", f.database, "--store", s3.URL(name + "/filings"), "--s3-create-bucket",
		"--s3-access-key", s3.AccessKey, "--s3-secret-key", s3.SecretKey}
	return f
}

// open opens the database beside the service.
func (f fleet) open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", f.database)
	ok(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// work starts a worker process and waits until it is ready.
func (f fleet) work(t testing.TB, args ...string) *process {
	t.Helper()
	path, err := binary()
	ok(t, err)
	address := freeAddress(t)
	p := &process{t: t, base: "http://" + address, log: new(bytes.Buffer), ended: make(chan struct{})}
	line := append(append([]string{"work", "--operations", address, "--log-level", "warn", "--data", t.TempDir()}, f.flags...), args...)
	p.cmd = exec.Command(path, line...)
	p.cmd.Env = settings()
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stderr = p.log
	ok(t, p.cmd.Start())
	t.Cleanup(p.kill)
	go func() {
		p.exit = p.cmd.Wait()
		close(p.ended)
	}()
	eventually(t, time.Minute, "the worker is ready", func() bool {
		select {
		case <-p.ended:
			t.Fatalf("the worker ended: %v\n%s", p.exit, p.log)
		default:
		}
		status, _ := p.get("/readyz")
		return status == http.StatusOK
	})
	return p
}

func freeAddress(t testing.TB) string {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	ok(t, err)
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// eventually looks until something holds.
func eventually(t testing.TB, within time.Duration, what string, holds func() bool) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(within); ; <-look.C {
		if holds() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// thumbnailSized is a small picture like no other: it costs little to measure, so that what is tested is the fleet.
func thumbnailSized(t testing.TB, seed uint64) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	const side, block = 96, 12
	img := image.NewGray(image.Rect(0, 0, side, side))
	for y := 0; y < side; y += block {
		for x := 0; x < side; x += block {
			shade := color.Gray{uint8(r.IntN(256))}
			for i := range block * block {
				img.SetGray(x+i%block, y+i/block, shade)
			}
		}
	}
	var out bytes.Buffer
	ok(t, jpeg.Encode(&out, img, nil))
	return out.Bytes()
}

// uploadAsync sends a picture without waiting for its check, and returns the id of the file.
func (p *process) uploadAsync(filing string, n int, picture []byte) (string, error) {
	req, err := http.NewRequestWithContext(context.Background(), "POST",
		fmt.Sprintf("%s/v1/filings/%s/materials?material=domain_certificate&of=domain:d%d.example", p.base, filing, n), bytes.NewReader(picture))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", "image/jpeg")
	req.Header.Set("Prefer", "respond-async")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusAccepted {
		return "", fmt.Errorf("status %d: %s %w", resp.StatusCode, body, err)
	}
	var u uploaded
	return u.ID, json.Unmarshal(body, &u)
}

// killInTheMiddle kills a process with kill -9 while a job is in its hands: it is held still, and killed once a job has not
// moved for longer than any takes; where none was in its hands it goes on for a moment.
func killInTheMiddle(t testing.TB, db *sql.DB, p *process) {
	t.Helper()
	const still = 1500 * time.Millisecond
	for range 20 {
		ok(t, p.cmd.Process.Signal(syscall.SIGSTOP))
		var held int
		deadline := time.Now().Add(still + 500*time.Millisecond)
		look := time.NewTicker(50 * time.Millisecond)
		for held == 0 && time.Now().Before(deadline) {
			<-look.C
			ok(t, db.QueryRow(`SELECT count(*) FROM river_job WHERE state = 'running' AND attempted_at < now() - $1::interval`,
				fmt.Sprintf("%d milliseconds", still.Milliseconds())).Scan(&held))
		}
		look.Stop()
		if held > 0 {
			p.kill()
			return
		}
		ok(t, p.cmd.Process.Signal(syscall.SIGCONT))
	}
	t.Log("the worker never had a job in its hands for long") // that none was run again is told at the end
	p.kill()
}

// Four workers on one database and one bucket, two of which are killed in the middle of their work: every upload that was
// acknowledged is judged exactly once, by what the database itself has seen.
func TestAFleetJudgesEachUploadOnceThoughWorkersDie(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "fleet")
	service := serve(t, t.TempDir(), nil, append(f.flags, "--jobs", "0")...)
	db := f.open(t)
	// The database counts every judgement that is written, whoever writes it.
	for _, statement := range []string{
		"CREATE TABLE judged (material_id text)",
		"CREATE FUNCTION note_judgement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO judged VALUES (NEW.material_id); RETURN NEW; END $$",
		"CREATE TRIGGER judgement AFTER INSERT OR UPDATE ON checks FOR EACH ROW EXECUTE FUNCTION note_judgement()",
	} {
		_, err := db.Exec(statement)
		ok(t, err)
	}
	workers := make([]*process, 4)
	for i := range workers {
		workers[i] = f.work(t, "--jobs", "4", "--job-timeout", "10s", "--job-rescue", "10s")
	}

	// A filing has some files, not thousands: each upload is matched against the others of its filing.
	const inFiling = 10
	n := *fleetUploads
	ids, filings := make([]string, n), make([]string, (n+inFiling-1)/inFiling)
	for i := range filings {
		filings[i] = service.filing()
	}
	var uploading sync.WaitGroup
	next := make(chan int)
	start := time.Now()
	for range 8 {
		uploading.Go(func() {
			for i := range next {
				var err error
				if ids[i], err = service.uploadAsync(filings[i/inFiling], i, thumbnailSized(t, uint64(i))); err != nil {
					t.Errorf("upload %d: %v", i, err)
				}
			}
		})
	}
	for i := range n {
		if i == n/3 {
			killInTheMiddle(t, db, workers[0])
		}
		if i == 2*n/3 {
			killInTheMiddle(t, db, workers[1])
		}
		next <- i
	}
	close(next)
	uploading.Wait()
	accepted := time.Since(start)

	count := func(query string) (n int) {
		t.Helper()
		ok(t, db.QueryRow(query).Scan(&n))
		return n
	}
	eventually(t, 5*time.Minute, "every upload is judged", func() bool {
		return count("SELECT count(*) FROM checks") >= n && count("SELECT count(*) FROM river_job WHERE finalized_at IS NULL") == 0
	})
	took := time.Since(start)
	rescued := count("SELECT count(*) FROM river_job WHERE attempt > 1")
	t.Logf("%d uploads accepted in %s, all judged after %s (%.0f a second), 2 of 4 workers killed, %d jobs of theirs run again",
		n, accepted.Round(time.Millisecond), took.Round(time.Millisecond), float64(n)/took.Seconds(), rescued)
	if rescued == 0 {
		t.Error("no job was in the hands of a worker that was killed: the test has tested nothing")
	}
	if once := count("SELECT count(*) FROM (SELECT material_id FROM judged GROUP BY material_id HAVING count(*) = 1) AS once"); once != n {
		t.Errorf("%d of %d uploads were judged exactly once; judgements: %d", once, n, count("SELECT count(*) FROM judged"))
	}
	if left := count("SELECT count(*) FROM materials WHERE state <> 'checked'"); left != 0 {
		t.Errorf("%d files are not checked", left)
	}
	seen := map[string]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	if len(seen) != n || count("SELECT count(*) FROM materials") != n {
		t.Errorf("%d uploads were acknowledged, %d files are kept", len(seen), count("SELECT count(*) FROM materials"))
	}
	f.wantOriginals(t, n)
}

// wantOriginals looks for the original of every upload in the bucket.
func (f fleet) wantOriginals(t *testing.T, n int) {
	t.Helper()
	s3 := servers.S3(t)
	objects, err := storage.OpenObjects(t.Context(), f.flags[3], s3.Options())
	ok(t, err)
	defer func() { _ = objects.Close() }()
	found := 0
	for _, err := range objects.List(t.Context(), "objects/", "") {
		ok(t, err)
		found++
	}
	if found != n {
		t.Errorf("%d originals are in the bucket, want %d", found, n)
	}
	for i := range min(n, 50) {
		sum := storage.DigestOf(thumbnailSized(t, uint64(i)))
		if _, err := storage.ReadObject(t.Context(), objects, storage.ObjectKey(sum), sum, 1<<20); err != nil {
			t.Error(err)
		}
	}
}
