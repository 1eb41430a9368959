package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"golang.org/x/sys/unix"

	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/models/modelstest"
	"github.com/preflight-icp/preflight/specimen"
)

// childEnv makes this test binary a worker: a real one, or one with operations that go wrong.
const childEnv = "PREFLIGHT_TEST_WORKER"

func TestMain(m *testing.M) {
	if kind := os.Getenv(childEnv); kind != "" {
		handlers := operations
		if kind == "faulty" {
			handlers = faults
		}
		if err := run(os.NewFile(requestsFD, "requests"), os.NewFile(answersFD, "answers"), handlers); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	os.Exit(m.Run())
}

// faults are the true operations, and what a decoder might do that was taken over or is broken.
func faults(a *imaging.Analyzer) map[string]handler {
	all := operations(a)
	fault := func(name string, do func(ctx context.Context, in []byte) error) {
		all[name] = operate(1, func(ctx context.Context, _ struct{}, in [][]byte) (any, [][]byte, error) {
			return nil, nil, do(ctx, in[0])
		})
	}
	fault("crash", func(context.Context, []byte) error { return unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGSEGV) })
	fault("panic", func(context.Context, []byte) error { go panic("boom"); select {} })
	fault("exit", func(context.Context, []byte) error { os.Exit(0); return nil })
	fault("hang", func(context.Context, []byte) error { select {} })
	fault("spin", func(context.Context, []byte) error {
		for n := 0; ; n++ {
			_ = n
		}
	})
	fault("patient", func(ctx context.Context, _ []byte) error { <-ctx.Done(); return ctx.Err() })
	fault("eat", func(context.Context, []byte) error {
		var all [][]byte
		for {
			p := make([]byte, 16<<20)
			for i := 0; i < len(p); i += 4096 {
				p[i] = 1
			}
			all = append(all, p)
			runtime.KeepAlive(all)
		}
	})
	fault("reserve", func(context.Context, []byte) error {
		// Address space that is never touched: no watcher of resident memory sees it.
		for {
			if _, err := unix.Mmap(-1, 0, 256<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE); err != nil {
				return fmt.Errorf("refused: %w", err)
			}
		}
	})
	fault("babble", func(context.Context, []byte) error {
		_, err := os.NewFile(answersFD, "answers").Write(bytes.Repeat([]byte("a nice long answer "), 100))
		return err
	})
	fault("read file", func(_ context.Context, in []byte) error { _, err := os.ReadFile(string(in)); return err })
	fault("write file", func(_ context.Context, in []byte) error { return os.WriteFile(string(in), []byte("x"), 0o600) })
	fault("remove file", func(_ context.Context, in []byte) error { return os.Remove(string(in)) })
	fault("list", func(_ context.Context, in []byte) error { _, err := os.ReadDir(string(in)); return err })
	fault("connect", func(ctx context.Context, in []byte) error {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", string(in))
		if err == nil {
			err = conn.Close()
		}
		return err
	})
	fault("listen", func(ctx context.Context, _ []byte) error {
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err == nil {
			err = ln.Close()
		}
		return err
	})
	fault("unix socket", func(context.Context, []byte) error {
		_, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		return err
	})
	fault("execute", func(ctx context.Context, in []byte) error { return exec.CommandContext(ctx, string(in)).Run() })
	fault("replace itself", func(_ context.Context, in []byte) error { return syscall.Exec(string(in), []string{"true"}, nil) })
	fault("signal parent", func(context.Context, []byte) error { return syscall.Kill(os.Getppid(), 0) })
	fault("trace parent", func(context.Context, []byte) error { return syscall.PtraceAttach(os.Getppid()) })
	fault("read parent", func(context.Context, []byte) error {
		var local, remote [1]unix.Iovec
		_, err := unix.ProcessVMReadv(os.Getppid(), local[:], []unix.RemoteIovec{{Base: uintptr(0), Len: int(remote[0].Len)}}, 0)
		return err
	})
	fault("raise limits", func(context.Context, []byte) error {
		return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1 << 16, Max: 1 << 16})
	})
	all["environment"] = operate(1, func(context.Context, struct{}, [][]byte) (any, [][]byte, error) { return os.Environ(), nil, nil })
	return all
}

// pool opens a pool whose workers are this test binary.
func pool(t testing.TB, kind string, change func(*Options)) *Pool {
	t.Helper()
	o := Options{
		Limits: DefaultLimits(), Workers: 1, Command: []string{os.Args[0]}, Environment: []string{childEnv + "=" + kind},
		Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
	}
	if change != nil {
		change(&o)
	}
	p, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		pids := p.Processes()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, 0); err == nil {
				t.Errorf("worker %d is alive after its pool was closed", pid)
			}
		}
	})
	return p
}

func (p *Pool) fault(ctx context.Context, name, data string) error {
	_, _, err := call[struct{}](ctx, p, name, nil, []byte(data))
	return err
}

func (p *Pool) endedBy(t *testing.T, reason Reason) float64 {
	t.Helper()
	var m dto.Metric
	if err := p.ended.WithLabelValues(string(reason)).Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

// aPhoto is a small sound photo.
func aPhoto(t testing.TB) []byte {
	t.Helper()
	for _, f := range specimen.Good() {
		if strings.HasSuffix(f.Name, ".jpg") {
			data, err := f.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
	}
	t.Fatal("there is no good JPEG")
	return nil
}

// A worker that ends costs the photo it worked on, and nothing else: the next one is measured, by another worker.
func TestAWorkerThatEndsCostsOnePhoto(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault    string
		reason   Reason
		attempts int
	}{
		{"crash", ReasonCrash, 2},
		{"panic", ReasonCrash, 2},
		{"exit", ReasonCrash, 2},
		{"eat", ReasonMemory, 1},
		{"spin", ReasonCPU, 1},
		{"babble", ReasonProtocol, 1},
	} {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			p := pool(t, "faulty", func(o *Options) {
				o.Limits.Memory = 512 << 20
				if raceEnabled {
					o.Limits.Memory = 1 << 30
				}
				if test.reason == ReasonCPU {
					// The photo after it is measured under the same limit, and the race detector makes that slow.
					o.Limits.CPU = 5 * time.Second
				}
			})
			err := p.fault(t.Context(), test.fault, "")
			var failure *Failure
			if !errors.As(err, &failure) || failure.Reason != test.reason || failure.Attempts != test.attempts {
				t.Errorf("got %v, want a failure for %s after %d attempts", err, test.reason, test.attempts)
			}
			if got := p.endedBy(t, test.reason); got != float64(test.attempts) {
				t.Errorf("the metric counts %v workers that ended by %s, want %d", got, test.reason, test.attempts)
			}
			if m, err := p.Analyze(t.Context(), aPhoto(t)); err != nil || m.Decode == nil || !m.Decode.Complete {
				t.Errorf("the next photo: %+v, %v", m.Decode, err)
			}
		})
	}
}

// The kernel kills a worker when the thread ends that started it, not its process alone.
func TestAWorkerOutlivesTheThreadThatOpenedItsPool(t *testing.T) {
	t.Parallel()
	var p *Pool
	t.Run("open", func(*testing.T) {
		runtime.LockOSThread() // and Go ends it with this goroutine
		p = pool(t, "faulty", nil)
	})
	before := p.Processes()
	photo := aPhoto(t)
	for range 5 {
		if m, err := p.Analyze(t.Context(), photo); err != nil || m.Decode == nil || !m.Decode.Complete {
			t.Errorf("%+v, %v", m.Decode, err)
		}
	}
	if after := p.Processes(); len(before) == 0 || !slices.Equal(before, after) {
		t.Errorf("processes %v, and then %v", before, after)
	}
}

// Of two workers one hangs: the other answers meanwhile.
func TestOthersAreAnsweredMeanwhile(t *testing.T) {
	t.Parallel()
	p := pool(t, "faulty", func(o *Options) { o.Workers = 2 })
	hanging, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { _ = p.fault(hanging, "hang", "") })
	data := aPhoto(t)
	for range 5 {
		if _, err := p.Analyze(t.Context(), data); err != nil {
			t.Error(err)
		}
	}
	stop()
	group.Wait()
}

// A call ends half a second after its deadline at the latest, whatever its worker does, and then another worker is ready.
func TestADeadlineHolds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault  string
		killed float64
	}{{"hang", 1}, {"spin", 1}, {"patient", 0}} {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			p := pool(t, "faulty", nil)
			const deadline = 200 * time.Millisecond
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			start := time.Now()
			err := p.fault(ctx, test.fault, "")
			took := time.Since(start)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if took > deadline+500*time.Millisecond {
				t.Errorf("it took %s", took)
			}
			if got := p.endedBy(t, ReasonDeadline); got != test.killed {
				t.Errorf("%v workers were killed, want %v: one that stops when it is told to is kept", got, test.killed)
			}
			if _, err := p.Analyze(t.Context(), aPhoto(t)); err != nil {
				t.Errorf("the next photo: %v", err)
			}
		})
	}
}

// The pipe of a worker that somebody stopped takes no more: the call ends with its deadline all the same, and so does one
// whose worker was killed while it was idle, which costs no photo at all.
func TestADeadPipe(t *testing.T) {
	t.Parallel()
	p := pool(t, "faulty", nil)
	data := aPhoto(t)
	if err := syscall.Kill(p.Processes()[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Analyze(t.Context(), data); err != nil {
		t.Errorf("after an idle worker was killed: %v", err)
	}
	if err := syscall.Kill(p.Processes()[0], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := p.Analyze(ctx, make([]byte, 32<<20)) // more than a pipe holds
	if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > 700*time.Millisecond {
		t.Errorf("%v after %s", err, took)
	}
	if _, err := p.Analyze(t.Context(), data); err != nil {
		t.Errorf("after a worker hung: %v", err)
	}
}

// A worker that was taken over finds nothing to open, to call or to start.
func TestAWorkerIsRefusedWhatDecodingDoesNotNeed(t *testing.T) {
	t.Parallel()
	p := pool(t, "faulty", nil)
	box := p.Sandbox()
	t.Logf("landlock %d, seccomp %t, address space %d MB", box.Landlock, box.Seccomp, box.AddressSpace>>20)
	if missing := box.Missing(); missing != "" {
		t.Skip("this kernel has not all that it takes: ", missing)
	}
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	mine := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(mine, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ what, data string }{
		{"read file", mine}, {"read file", "/etc/passwd"}, {"read file", "/proc/self/environ"}, {"read file", os.Args[0]},
		{"write file", filepath.Join(filepath.Dir(mine), "b")}, {"write file", mine}, {"remove file", mine}, {"list", "/"},
		{"connect", ln.Addr().String()}, {"listen", ""}, {"unix socket", ""},
		{"execute", "/bin/true"}, {"replace itself", "/bin/true"},
		{"signal parent", ""}, {"trace parent", ""}, {"read parent", ""}, {"raise limits", ""},
	} {
		t.Run(test.what+" "+test.data, func(t *testing.T) {
			err := p.fault(t.Context(), test.what, test.data)
			if err == nil {
				t.Fatal("it could")
			}
			if !strings.Contains(err.Error(), "not permitted") && !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("refused for another reason: %v", err)
			}
		})
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
	if _, err := p.Analyze(t.Context(), aPhoto(t)); err != nil {
		t.Errorf("the next photo: %v", err)
	}
}

func TestAddressSpaceIsBounded(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("the race detector reserves terabytes")
	}
	p := pool(t, "faulty", nil)
	if err := p.fault(t.Context(), "reserve", ""); err == nil || !strings.Contains(err.Error(), "refused: cannot allocate memory") {
		t.Errorf("got %v", err)
	}
}

func TestAWorkerHasNoSecretInItsEnvironment(t *testing.T) {
	t.Setenv("PREFLIGHT_S3_SECRET_KEY", "a-secret-for-this-test")
	p := pool(t, "faulty", nil)
	environment, _, err := call[[]string](t.Context(), p, "environment", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range environment {
		if strings.HasPrefix(line, "PREFLIGHT_S3") || strings.Contains(line, "a-secret-for-this-test") {
			t.Errorf("it has %s", line)
		}
	}
	if len(environment) == 0 {
		t.Error("the test sees no environment at all")
	}
}

// Workers are replaced after their share of photos, and no photo notices.
func TestWorkersAreRecycled(t *testing.T) {
	t.Parallel()
	p := pool(t, "real", func(o *Options) { o.Limits.Recycle = 3 })
	data := aPhoto(t)
	for range 10 {
		if _, err := p.Analyze(t.Context(), data); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.endedBy(t, ReasonRecycled); got != 3 {
		t.Errorf("%v workers were replaced after 10 photos, want 3", got)
	}
}

// What a pool answers is what the analyzer answers in this process, byte for byte.
func TestAPoolAnswersAsTheAnalyzerDoes(t *testing.T) {
	t.Parallel()
	o := imaging.Options{Models: modelstest.Dir(t), MaxPixels: 4 << 20}
	here, err := imaging.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = here.Close() })
	there := pool(t, "real", func(options *Options) { options.Imaging, options.Workers = o, 2 })
	if there.Version() != here.Version() || there.FacesBy() != here.FacesBy() {
		t.Errorf("it measures as %s %s, this process as %s %s", there.Version(), there.FacesBy(), here.Version(), here.FacesBy())
	}
	files := append(specimen.Good(), specimen.Hostile()...)
	every := 24
	if testing.Short() || raceEnabled {
		every = 80
	}
	for i := 0; i < len(files); i += every {
		t.Run(files[i].Name, func(t *testing.T) {
			t.Parallel()
			data, err := files[i].Bytes()
			if err != nil {
				t.Fatal(err)
			}
			want, wantErr := here.Analyze(t.Context(), data)
			got, gotErr := there.Analyze(t.Context(), data)
			same(t, "measurements", printed(t, want), printed(t, got), wantErr, gotErr)
			wantPicture, wantErr := here.Thumbnail(t.Context(), data, 200)
			gotPicture, gotErr := there.Thumbnail(t.Context(), data, 200)
			same(t, "thumbnail", wantPicture, gotPicture, wantErr, gotErr)
			wantPicture, wantErr = here.Upright(t.Context(), data)
			gotPicture, gotErr = there.Upright(t.Context(), data)
			same(t, "upright", wantPicture, gotPicture, wantErr, gotErr)
			const viewer = "reviewer li  2026-11-22 16:00"
			wantPicture, wantErr = here.Watermark(t.Context(), data, viewer)
			gotPicture, gotErr = there.Watermark(t.Context(), data, viewer)
			same(t, "watermarked", wantPicture, gotPicture, wantErr, gotErr)
			wantPicture, wantInfo, wantErr := here.ShrinkBelow(t.Context(), data, 60_000, 0)
			gotPicture, gotInfo, gotErr := there.ShrinkBelow(t.Context(), data, 60_000, 0)
			same(t, "shrunk", wantPicture, gotPicture, wantErr, gotErr)
			if wantInfo != gotInfo {
				t.Errorf("shrunk: %+v, in this process %+v", gotInfo, wantInfo)
			}
			if want.Decode != nil && want.Decode.Complete {
				wantPicture, wantErr = here.Overlay(t.Context(), data, want)
				gotPicture, gotErr = there.Overlay(t.Context(), data, want)
				same(t, "overlay", wantPicture, gotPicture, wantErr, gotErr)
			}
			if want.Document != nil {
				wantPicture, wantErr = here.Rectified(t.Context(), data, *want.Document, 500)
				gotPicture, gotErr = there.Rectified(t.Context(), data, *want.Document, 500)
				same(t, "rectified", wantPicture, gotPicture, wantErr, gotErr)
			}
		})
	}
}

// A composite is the same in a worker, and so is the reason why there is none.
func TestAWorkerStitchesAsTheAnalyzerDoes(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("pixels take minutes under the race detector")
	}
	here, err := imaging.New(imaging.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = here.Close() })
	there := pool(t, "real", nil)
	data := aPhoto(t)
	m, err := here.Analyze(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	part := imaging.StitchPart{Open: func(context.Context) ([]byte, error) { return data, nil }, Measurements: m, Caption: "SPECIMEN"}
	for _, o := range []imaging.StitchOptions{{MaxBytes: 300_000}, {MaxBytes: 300_000, Layout: "no such layout"}, {MaxBytes: 1200}} {
		want, wantPicture, wantErr := here.Stitch(t.Context(), []imaging.StitchPart{part, part}, o)
		got, gotPicture, gotErr := there.Stitch(t.Context(), []imaging.StitchPart{part, part}, o)
		if diff := cmp.Diff(printed(t, want), printed(t, got)); diff != "" || !bytes.Equal(wantPicture, gotPicture) {
			t.Errorf("%+v: %d bytes, in this process %d: %s", o, len(gotPicture), len(wantPicture), diff)
		}
		var wantFailure, gotFailure *imaging.StitchError
		if errors.As(wantErr, &wantFailure) != errors.As(gotErr, &gotFailure) ||
			wantFailure != nil && (wantFailure.Code != gotFailure.Code || wantFailure.Part != gotFailure.Part) {
			t.Errorf("%+v: %v, in this process %v", o, gotErr, wantErr)
		}
	}
}

// A reader reads as the analyzer of this process does.
func TestAReaderReadsAsTheAnalyzerDoes(t *testing.T) {
	t.Parallel()
	if raceEnabled || testing.Short() {
		t.Skip("models take seconds")
	}
	o := imaging.Options{Models: modelstest.Dir(t)}
	here, err := imaging.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = here.Close() })
	if here.ReaderVersion() == "" {
		t.Skip("no models to read with")
	}
	there := pool(t, "real", func(options *Options) { options.Imaging = o })
	if there.ReaderVersion() != here.ReaderVersion() {
		t.Errorf("it reads as %s, this process as %s", there.ReaderVersion(), here.ReaderVersion())
	}
	data := aPhoto(t)
	m, err := there.Analyze(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	want, err := here.Read(t.Context(), data, &m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := there.Read(t.Context(), data, &m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(printed(t, want), printed(t, got)); diff != "" {
		t.Errorf("%s", diff)
	}
}

func printed(t *testing.T, m any) []byte {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func same(t *testing.T, what string, want, got []byte, wantErr, gotErr error) {
	t.Helper()
	if problemOf(wantErr) != problemOf(gotErr) || (wantErr == nil) != (gotErr == nil) {
		t.Errorf("%s: error %v, in this process %v", what, gotErr, wantErr)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs: %s", what, cmp.Diff(len(want), len(got)))
	}
}

func TestWhatIsWrongWithTheInstallationIsToldAtStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, test := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"limits that make no sense", func(o *Options) { o.Limits.Grace = time.Hour }, "grace at most"},
		{"options that make no sense", func(o *Options) { o.Imaging.MaxPixels = -1 }, "MaxPixels"},
		{"no such program", func(o *Options) { o.Command = []string{filepath.Join(dir, "none")} }, "no such file"},
		{"a program that is no worker", func(o *Options) { o.Command = []string{"/bin/true"} }, "frame"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Limits: DefaultLimits(), Workers: 1, Command: []string{os.Args[0]}, Environment: []string{childEnv + "=real"}}
			test.change(&o)
			p, err := Open(t.Context(), o)
			if err == nil {
				_ = p.Close()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want it to say %q", err, test.want)
			}
		})
	}
}

func TestACallAfterCloseIsRefused(t *testing.T) {
	t.Parallel()
	p := pool(t, "real", nil)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Analyze(t.Context(), aPhoto(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// FuzzFrame: whatever a worker or its parent writes into a pipe is a frame or an error, and never memory for bytes that are
// not there.
func FuzzFrame(f *testing.F) {
	for _, pictures := range [][][]byte{nil, {[]byte("a picture")}, {nil, []byte("b")}} {
		var frame bytes.Buffer
		if err := writeFrame(&frame, head{Kind: kindCall, Call: 7, Operation: "analyze", Value: json.RawMessage(`{"a":1}`)}, pictures...); err != nil {
			f.Fatal(err)
		}
		f.Add(frame.Bytes())
	}
	f.Add([]byte("\x00\x00\x00\x14{\"pictures\":[1<<30]}"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, pictures, err := readFrame(bytes.NewReader(data))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := writeFrame(&again, h, pictures...); err != nil {
			t.Fatal(err)
		}
		h2, pictures2, err := readFrame(&again)
		if err != nil || h2.Kind != h.Kind || h2.Call != h.Call || !cmp.Equal(pictures, pictures2) {
			t.Errorf("read again it is another: %+v, %+v, %v", h, h2, err)
		}
	})
}
