package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/imaging/worker"
)

// uploads is how many uploads at once the load test makes: a few in `make test`, 64 in `make load`.
var uploads = flag.Int("uploads", 12, "uploads at once in the load test")

// binary builds the command once for all tests of the real process.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "preflight-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "preflight")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "worker" { // a service that runs in this test binary starts its workers from it
		if err := worker.Main(); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(exitInternal)
		}
		os.Exit(exitOK)
	}
	flag.Parse()
	status := m.Run()
	if err := servers.Stop(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(status)
}

// process is a running service of our own binary.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	base  string
	token string
	data  string
	ready time.Duration
	log   *bytes.Buffer
	// ended is closed when the process is gone; exit is how it ended, and is read behind it only.
	ended chan struct{}
	exit  error
}

// settings are the environment of a process under test. Beside other tests, which want every core, workers that give way would wait for
// all of them; and an upload that is checked while nobody else gets a core is answered 201 in the end, not 202. What is measured is
// measured as it is delivered.
func settings() []string {
	if *overload != 0 || *loadUploads != 0 || *soak != 0 {
		return os.Environ()
	}
	return append(os.Environ(), "PREFLIGHT_WORKER_NICE=0", "PREFLIGHT_CHECK_WAIT=30s")
}

// serve starts the service, under a wrapping command where one is given, and waits until it is ready.
func serve(t testing.TB, data string, wrap []string, args ...string) *process {
	t.Helper()
	path, err := binary()
	ok(t, err)
	line := append(append([]string{}, wrap...), path, "serve", "--listen", "127.0.0.1:0", "--data", data, "--log-level", "warn")
	line = append(line, args...)
	p := &process{t: t, data: data, log: new(bytes.Buffer), ended: make(chan struct{})}
	p.cmd = exec.Command(line[0], line[1:]...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stderr = p.log
	p.cmd.Env = settings()
	stdout, err := p.cmd.StdoutPipe()
	ok(t, err)
	start := time.Now()
	ok(t, p.cmd.Start())
	t.Cleanup(p.kill)

	greeting := make(chan string, 1)
	go func() {
		var text strings.Builder
		buf := make([]byte, 4096)
		sent := false
		for {
			n, err := stdout.Read(buf)
			text.Write(buf[:n])
			if !sent && strings.Contains(text.String(), "Three things to try") {
				sent = true
				greeting <- text.String()
			}
			if err != nil {
				break
			}
		}
		p.exit = p.cmd.Wait()
		close(p.ended)
	}()
	select {
	case text := <-greeting:
		m := regexp.MustCompile(`(http://[0-9.:]+)/login#token=(\S+)`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("no link in:\n%s", text)
		}
		p.base, p.token = m[1], m[2]
	case <-p.ended:
		t.Fatalf("the service ended: %v\n%s", p.exit, p.log)
	case <-time.After(60 * time.Second):
		t.Fatalf("the service did not start\n%s", p.log)
	}
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for ; ; <-look.C {
		if status, _ := p.get("/readyz"); status == http.StatusOK {
			p.ready = time.Since(start)
			return p
		}
		if time.Since(start) > 60*time.Second {
			t.Fatal("the service is not ready")
		}
	}
}

// kill ends the process and whatever wraps it, at once, and waits for it.
func (p *process) kill() {
	select {
	case <-p.ended: // its number may be another process's by now
		return
	default:
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		p.t.Error("the process did not end")
	}
}

func (p *process) get(path string) (int, []byte) { return p.send("GET", path, "", nil) }

func (p *process) send(method, path, contentType string, body io.Reader) (int, []byte) {
	req, err := http.NewRequestWithContext(context.Background(), method, p.base+path, body)
	ok(p.t, err)
	req.Header.Set("Authorization", "Bearer "+p.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	return resp.StatusCode, data
}

func (p *process) filing() string {
	p.t.Helper()
	status, body := p.send("POST", "/v1/filings", "application/json", strings.NewReader(`{"facts":{"province":"BJ","action":"new","applicant":{"type":"individual"}}}`))
	var f struct{ ID string }
	if err := json.Unmarshal(body, &f); err != nil || status != http.StatusCreated {
		p.t.Fatalf("status %d: %s", status, body)
	}
	return f.ID
}

// memory is a line of /proc/PID/status in bytes.
func (p *process) memory(line string) int64 {
	p.t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	ok(p.t, err)
	for l := range strings.Lines(string(data)) {
		if rest, found := strings.CutPrefix(l, line+":"); found {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			ok(p.t, err)
			return kb << 10
		}
	}
	p.t.Fatalf("no %s", line)
	return 0
}

type uploaded struct{ ID, SHA256, State string }

// Many uploads of 4 MB at once: each is answered 201 or 202, memory stays bounded, and after kill -9 nothing that was
// acknowledged is lost.
func TestManyUploadsAtOnceAreKeptThroughAKill(t *testing.T) {
	data := t.TempDir()
	p := serve(t, data, nil)
	id := p.filing()
	photos := make([][]byte, *uploads)
	for i := range photos {
		photos[i] = bigPhoto(t, uint64(i))
	}
	before := p.memory("VmRSS")
	answers := make([]uploaded, len(photos))
	var wg sync.WaitGroup
	start := time.Now()
	for i := range photos {
		wg.Go(func() {
			status, body := p.send("POST", fmt.Sprintf("/v1/filings/%s/materials?material=domain_certificate&of=domain:d%d.example", id, i), "image/jpeg", bytes.NewReader(photos[i]))
			if status != http.StatusCreated && status != http.StatusAccepted {
				t.Errorf("upload %d: status %d: %s", i, status, body)
				return
			}
			if err := json.Unmarshal(body, &answers[i]); err != nil {
				t.Errorf("upload %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	extra := p.memory("VmHWM") - before
	t.Logf("%d uploads of 4 MB in %s, %d MB more memory at most", len(photos), took.Round(time.Millisecond), extra>>20)
	if !raceEnabled && extra > 300<<20 {
		t.Errorf("%d MB more memory", extra>>20)
	}
	p.kill()

	p = serve(t, data, nil)
	for i, a := range answers {
		status, body := p.get("/v1/materials/" + a.ID + "/image?variant=original")
		if status != http.StatusOK || !bytes.Equal(body, photos[i]) {
			t.Errorf("upload %d after the kill: status %d, %d bytes of %d", i, status, len(body), len(photos[i]))
		}
	}
}

// bigPhoto is a JPEG of just below 4 MiB: a small picture, padded by a comment after its end.
func bigPhoto(t testing.TB, seed uint64) []byte {
	t.Helper()
	path := photo(t, t.TempDir(), "big.jpg", seed, 700)
	data, err := os.ReadFile(path)
	ok(t, err)
	const want = 4<<20 - 1
	if len(data) > want {
		t.Fatalf("the picture has %d bytes", len(data))
	}
	var out bytes.Buffer
	out.Write(data[:2])
	for left := want - len(data); left > 0; {
		n := min(left, 65537)
		if left-n > 0 && left-n < 4 {
			n -= 4
		}
		out.Write([]byte{0xff, 0xfe, byte((n - 2) >> 8), byte(n - 2)})
		out.Write(make([]byte, n-4))
		left -= n
	}
	out.Write(data[2:])
	return out.Bytes()
}

// What 201 acknowledges is on disk: in the order of system calls the object's file and directory, and the records' log,
// are synced before the answer is written.
func TestWhatIsAcknowledgedWasSynced(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		if os.Getenv("PREFLIGHT_TEST_REQUIRE") != "" {
			t.Fatal("strace is not installed")
		}
		t.Skip("strace is not installed: make test installs it")
	}
	trace := filepath.Join(t.TempDir(), "trace")
	p := serve(t, t.TempDir(), []string{strace, "-f", "-y", "-s", "24", "-o", trace, "-e", "signal=none", "-e", "trace=fsync,fdatasync,link,linkat,renameat,write,writev"})
	id := p.filing()
	data, err := os.ReadFile(photo(t, t.TempDir(), "a.jpg", 9, 700))
	ok(t, err)
	if status, body := p.send("POST", "/v1/filings/"+id+"/materials", "image/jpeg", bytes.NewReader(data)); status != http.StatusCreated {
		t.Fatalf("status %d: %s", status, body)
	}
	p.kill()
	calls, err := os.ReadFile(trace)
	ok(t, err)
	steps := []*regexp.Regexp{
		regexp.MustCompile(`(?s)fsync\(\d+<[^>]*/objects/[^>]*>\).*?`),                      // the object's bytes
		regexp.MustCompile(`link(at)?\(.*objects/objects/`),                                 // its name
		regexp.MustCompile(`fsync\(\d+<[^>]*/objects/objects/[0-9a-f]{2}/[0-9a-f]{2}>\)`),   // the directory that holds the name
		regexp.MustCompile(`f(data)?sync\(\d+<[^>]*preflight\.db-wal>\)`),                   // the row and the job
		regexp.MustCompile(`write\(\d+<[^>]*(socket|TCP)[^>]*>, "HTTP/1\.1 201 Created\\r`), // the answer
	}
	// The filing's own answer is a 201 too: the upload begins after it.
	text := inOrder(string(calls))
	if loc := steps[4].FindStringIndex(text); loc != nil {
		text = text[loc[1]:]
	}
	for i, step := range steps {
		loc := step.FindStringIndex(text)
		if loc == nil {
			t.Fatalf("step %d, %s, does not follow in the trace:\n%s", i+1, step, tail(text, 6000))
		}
		text = text[loc[1]:]
	}
}

// inOrder is a trace of several threads with every call on one line: strace cuts a call in two where another thread's
// comes between. What syncs counts where it ended, what answers where it began.
func inOrder(trace string) string {
	var out strings.Builder
	begun := map[string]string{}
	for line := range strings.Lines(trace) {
		line = strings.TrimSpace(line)
		thread, call, _ := strings.Cut(line, " ")
		if head, cut := strings.CutSuffix(line, "<unfinished ...>"); cut {
			begun[thread] = strings.TrimSpace(head)
			if !strings.HasPrefix(strings.TrimSpace(call), "write") {
				continue
			}
			line = begun[thread]
			delete(begun, thread)
		} else if _, rest, resumed := strings.Cut(call, " resumed>"); resumed {
			head, waits := begun[thread]
			if !waits {
				continue
			}
			line = head + rest
			delete(begun, thread)
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

func TestATraceOfThreadsIsReadInOrder(t *testing.T) {
	got := inOrder(`7 fsync(9</a> <unfinished ...>
8  write(18<socket:[1]>, "HTTP/1.1 201 Created\r", 24 <unfinished ...>
7 <... fsync resumed>)   = 0
8  <... write resumed>) = 24
7 link("a", "b") = 0
`)
	want := `8  write(18<socket:[1]>, "HTTP/1.1 201 Created\r", 24
7 fsync(9</a>)   = 0
7 link("a", "b") = 0
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

func TestTheServiceStopsGracefully(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil)
	// A request under way when the service is told to stop is answered.
	id := p.filing()
	data, err := os.ReadFile(photo(t, t.TempDir(), "a.jpg", 10, 700))
	ok(t, err)
	r, w := io.Pipe()
	status := make(chan int, 1)
	go func() {
		s, _ := p.send("POST", "/v1/filings/"+id+"/materials", "image/jpeg", r)
		status <- s
	}()
	_, err = w.Write(data[:1000])
	ok(t, err)
	p.untilInFlight(2) // that one, and the one that asks
	ok(t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.untilItStopsListening()
	_, err = w.Write(data[1000:])
	ok(t, err)
	ok(t, w.Close())
	if s := <-status; s != http.StatusCreated && s != http.StatusAccepted {
		t.Errorf("status %d", s)
	}
	select {
	case <-p.ended:
		var exit *exec.ExitError
		if errors.As(p.exit, &exit) {
			t.Errorf("exit status %d\n%s", exit.ExitCode(), p.log)
		}
	case <-time.After(30 * time.Second):
		t.Error("it did not stop")
	}
}

// untilInFlight waits until so many requests are under way.
func (p *process) untilInFlight(n int) {
	p.t.Helper()
	deadline, look := time.Now().Add(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer look.Stop()
	for ; ; <-look.C {
		if _, body := p.get("/metrics"); bytes.Contains(body, fmt.Appendf(nil, "preflight_http_requests_in_flight %d\n", n)) {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%d requests are not under way", n)
		}
	}
}

// untilItStopsListening waits for the first thing that a service does when it is told to stop.
func (p *process) untilItStopsListening() {
	p.t.Helper()
	deadline, look := time.Now().Add(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer look.Stop()
	for ; ; <-look.C {
		conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(p.base, "http://"))
		if err != nil {
			return
		}
		_ = conn.Close()
		if time.Now().After(deadline) {
			p.t.Fatal("it was told to stop and listens still")
		}
	}
}

// BenchmarkStart measures start to ready and the memory of an idle service.
func BenchmarkStart(b *testing.B) {
	data := b.TempDir()
	serve(b, data, nil).kill() // migrations, page cache
	var ready, idle float64
	for b.Loop() {
		p := serve(b, data, nil)
		ready += p.ready.Seconds()
		time.Sleep(time.Second) //nolint:forbidigo // what is measured is a service that has been idle for a second
		idle += float64(p.memory("VmRSS")) / (1 << 20)
		p.kill()
	}
	b.ReportMetric(ready/float64(b.N)*1000, "ms-to-ready")
	b.ReportMetric(idle/float64(b.N), "MB-idle")
}

// BenchmarkUpload measures upload to answered verdict over HTTP on loopback, on the default store, beside the check of
// the same photo in this process: the difference of the medians is what the service adds.
func BenchmarkUpload(b *testing.B) {
	p := serve(b, b.TempDir(), nil)
	id := p.filing()
	dir := b.TempDir()
	analyzer := benchAnalyzer(b)
	var over, inside []time.Duration
	for i := 0; b.Loop(); i++ {
		data, err := os.ReadFile(photo(b, dir, "a.jpg", uint64(i), 700))
		ok(b, err)
		start := time.Now()
		status, body := p.send("POST", fmt.Sprintf("/v1/filings/%s/materials?material=domain_certificate&of=domain:d%d.example", id, i), "image/jpeg", bytes.NewReader(data))
		over = append(over, time.Since(start))
		if status != http.StatusCreated {
			b.Fatalf("status %d: %s", status, body)
		}
		start = time.Now()
		analyzer(data)
		inside = append(inside, time.Since(start))
		runtime.GC()
	}
	b.ReportMetric(float64(median(over)-median(inside))/1e6, "ms-overhead-median")
	b.ReportMetric(float64(median(over))/1e6, "ms-http-median")
	b.ReportMetric(float64(median(inside))/1e6, "ms-in-process-median")
}
