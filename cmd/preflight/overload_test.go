package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/imaging/worker"
	"github.com/preflight-icp/preflight/models/modelstest"
	"github.com/preflight-icp/preflight/specimen"
)

var (
	overload = flag.Duration("overload", 0, "how long the service is overloaded in the overload test; 0 skips it (make load)")
	soak     = flag.Int("soak", 0, "photos that the service is given in the soak test; 0 skips it (make soak)")
	soakRead = flag.Int("soak-read", 0, "photos that are read in the soak test; 0 skips it (make soak)")
)

// children are the processes that a process has started.
func (p *process) children() []int {
	p.t.Helper()
	entries, err := os.ReadDir("/proc")
	ok(p.t, err)
	var out []int
	for _, e := range entries {
		var pid, parent int
		if _, err := fmt.Sscan(e.Name(), &pid); err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		rest := string(stat[bytes.LastIndexByte(stat, ')')+1:])
		var state string
		if _, err := fmt.Sscan(rest, &state, &parent); err == nil && parent == p.cmd.Process.Pid && state != "Z" {
			out = append(out, pid)
		}
	}
	return out
}

// shares are the processor time that this test, the service and its workers have used by now: all of them on the same cores.
func (p *process) shares() (test, service, workers time.Duration) {
	for _, pid := range p.children() {
		workers += processorTime(p.t, pid)
	}
	return processorTime(p.t, os.Getpid()), processorTime(p.t, p.cmd.Process.Pid), workers
}

// overloading is what became of uploads that were sent to a service.
type overloading struct {
	p     *process
	crowd *crowd

	mu               sync.Mutex
	refusals, taken  latencies
	accepted         []string
	others           map[string]int
	test, svc, works time.Duration // processor time
}

// upload sends a photo and says whether it was taken. Time counts from when it was due.
func (o *overloading) upload(a *attempt, due time.Time) bool {
	status, body := o.p.send("POST", "/v1/filings/"+o.crowd.filing+"/materials?material=domain_certificate&of="+a.of, "image/jpeg", bytes.NewReader(a.data))
	took := time.Since(due)
	o.mu.Lock()
	defer o.mu.Unlock()
	var answer struct{ ID, Code string }
	err := json.Unmarshal(body, &answer)
	switch {
	case status == http.StatusTooManyRequests && answer.Code == "busy":
		o.refusals = append(o.refusals, took)
	case err == nil && (status == http.StatusCreated || status == http.StatusAccepted):
		o.taken = append(o.taken, took)
		o.accepted = append(o.accepted, answer.ID)
		return true
	default:
		o.others[fmt.Sprintf("%d %s", status, answer.Code)]++
	}
	return false
}

// during runs a load and keeps what processors it took.
func (o *overloading) during(load func()) {
	test, svc, works := o.p.shares()
	load()
	test2, svc2, works2 := o.p.shares()
	o.test, o.svc, o.works = test2-test, svc2-svc, works2-works
}

// clients upload one photo after the other, and try again what was refused after a pause.
func (o *overloading) clients(n int, pause, length time.Duration) {
	end := time.Now().Add(length)
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			a := o.crowd.next()
			for time.Now().Before(end) {
				if o.upload(a, time.Now()) {
					a = o.crowd.next()
					continue
				}
				time.Sleep(pause) //nolint:forbidigo // the pace of the load
			}
		})
	}
	group.Wait()
}

// arrivals are clients of their own, so many a second, whatever becomes of those before them.
func (o *overloading) arrivals(rate float64, length time.Duration) {
	var group sync.WaitGroup
	var free []*attempt // refused ones are tried again by others
	var mu sync.Mutex
	start := time.Now()
	for i := range int(rate * length.Seconds()) {
		due := start.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		time.Sleep(time.Until(due)) //nolint:forbidigo // the pace of the load
		group.Go(func() {
			mu.Lock()
			var a *attempt
			if len(free) > 0 {
				a, free = free[len(free)-1], free[:len(free)-1]
			}
			mu.Unlock()
			if a == nil {
				a = o.crowd.next()
			}
			if !o.upload(a, due) {
				mu.Lock()
				free = append(free, a)
				mu.Unlock()
			}
		})
	}
	group.Wait()
}

// Ten times as many uploads as it takes: those that there is no room for are told so at once, those that were taken are finished,
// memory stays within its budget, and seconds later it is as if nothing had been. The load, the service and its workers share the
// machine's cores; how they shared them is told beside the figures.
func TestOverloadIsRefusedAtOnce(t *testing.T) {
	if *overload == 0 {
		t.Skip("it measures: make load")
	}
	const room, times = 8, 10
	base, err := os.ReadFile(photo(t, t.TempDir(), "a.jpg", 5, *loadSide))
	ok(t, err)
	begin := func(t *testing.T) *overloading {
		t.Helper()
		p := serve(t, t.TempDir(), nil, "--max-uploads", fmt.Sprint(room), "--principal-rate", "0", "--address-rate", "0")
		return &overloading{p: p, crowd: &crowd{base: base, filing: p.filing()}, others: map[string]int{}}
	}
	t.Run("ten times the uploads that it finishes arrive", func(t *testing.T) {
		o := begin(t)
		const warm = 5 * time.Second
		o.clients(room, 0, warm)
		capacity := float64(len(o.taken)) / warm.Seconds()
		o.refusals, o.taken = nil, nil
		o.during(func() { o.arrivals(times*capacity, *overload) })
		o.judge(t, fmt.Sprintf("%.0f a second where %.1f are finished", times*capacity, capacity))
	})
	t.Run("ten times the clients come back fifty times a second", func(t *testing.T) {
		// A client that honoured Retry-After would be gone for seconds.
		o := begin(t)
		const pause = 20 * time.Millisecond
		o.during(func() { o.clients(times*room, pause, *overload) })
		o.judge(t, fmt.Sprintf("%d clients for room %d", times*room, room))
	})
}

// judge holds what became of the uploads against what is promised.
func (o *overloading) judge(t *testing.T, load string) {
	t.Helper()
	p := o.p
	average := loadAverage()
	start := time.Now()
	eventually(t, 5*time.Second, "it takes uploads and is ready again", func() bool {
		ready, _ := p.get("/readyz")
		return ready == http.StatusOK && o.upload(o.crowd.next(), time.Now())
	})
	recovered := time.Since(start)
	service := p.memory("VmHWM")
	workers := int64(0)
	for _, pid := range p.children() {
		workers += processMemory(t, pid, "VmHWM")
	}
	for _, id := range o.accepted {
		eventually(t, time.Minute, "all that was taken is checked", func() bool {
			_, body := p.get("/v1/materials/" + id)
			return bytes.Contains(body, []byte(`"verdict"`))
		})
	}
	if len(o.refusals) == 0 || len(o.taken) == 0 {
		t.Fatalf("%d refused, %d taken, others: %v", len(o.refusals), len(o.taken), o.others)
	}
	t.Logf("| %s | refused %d: p50 %.1f ms, p99 %.1f ms, most %.1f ms | taken %d: p50 %.0f ms, p99 %.0f ms | recovered in %.1f s | service %d MB, workers %d MB | processors: load %.1f s, service %.1f s, workers %.1f s | load average %s |",
		load, len(o.refusals), ms(o.refusals.quantile(.5)), ms(o.refusals.quantile(.99)), ms(o.refusals.quantile(1)), len(o.taken), ms(o.taken.quantile(.5)), ms(o.taken.quantile(.99)),
		recovered.Seconds(), service>>20, workers>>20, o.test.Seconds(), o.svc.Seconds(), o.works.Seconds(), average)
	if p99 := o.refusals.quantile(.99); p99 > 50*time.Millisecond {
		t.Errorf("p99 of a refusal is %s", p99)
	}
	if service > 400<<20 {
		t.Errorf("the service took %d MB", service>>20)
	}
	for what, n := range o.others {
		t.Errorf("%d answers: %s", n, what)
	}
}

// A refusal says when to come back.
func TestARefusalSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil, "--max-uploads", "1")
	id := p.filing()
	base, err := os.ReadFile(photo(t, t.TempDir(), "a.jpg", 6, 300))
	ok(t, err)
	r, w, err := os.Pipe()
	ok(t, err)
	done := make(chan int)
	go func() {
		status, _ := p.send("POST", "/v1/filings/"+id+"/materials", "image/jpeg", r)
		done <- status
	}()
	_, err = w.Write(base[:100])
	ok(t, err)
	p.untilInFlight(2)
	eventually(t, 10*time.Second, "one more is refused", func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.base+"/v1/checks", bytes.NewReader(base))
		ok(t, err)
		req.Header.Set("Authorization", "Bearer "+p.token)
		resp, err := http.DefaultClient.Do(req)
		ok(t, err)
		defer func() { _ = resp.Body.Close() }()
		return resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") != ""
	})
	_, err = w.Write(base[100:])
	ok(t, err)
	ok(t, w.Close())
	if status := <-done; status != http.StatusCreated {
		t.Errorf("the one that was let in: status %d", status)
	}
}

// Workers are killed and stopped under the service: each costs one photo at most, and that one is kept and looked at by a person.
func TestTheServiceOutlivesItsWorkers(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil, "--measure-slots", "1", "--measure-deadline", "3s", "--check-wait", "10s", "--job-grace", "30s", "--worker-attempts", "1")
	base, err := os.ReadFile(photo(t, t.TempDir(), "a.jpg", 8, 300))
	ok(t, err)
	c := &crowd{base: base, filing: p.filing()}
	upload := func() (int, []byte) {
		a := c.next()
		return p.send("POST", "/v1/filings/"+c.filing+"/materials?material=domain_certificate&of="+a.of, "image/jpeg", bytes.NewReader(a.data))
	}
	var old []int
	eventually(t, 30*time.Second, "a worker is there", func() bool { old = p.children(); return len(old) == 1 })
	ok(t, syscall.Kill(old[0], syscall.SIGSTOP)) // it hangs, with the next photo in its pipe
	start := time.Now()
	status, body := upload()
	if took := time.Since(start); status != http.StatusCreated || !bytes.Contains(body, []byte("not_measured")) || took > 8*time.Second {
		t.Errorf("while a worker hung: status %d after %s: %.300s", status, took, body)
	}
	for range 3 {
		if status, body := upload(); status != http.StatusCreated || bytes.Contains(body, []byte("not_measured")) {
			t.Errorf("the next one: status %d: %.300s", status, body)
		}
	}
	_, metrics := p.get("/metrics")
	for _, line := range []string{`preflight_workers_ended_total{reason="deadline"} 1`, `preflight_measuring_seconds_count{result="deadline"} 1`} {
		if !strings.Contains(string(metrics), line) {
			t.Errorf("no %s in /metrics", line)
		}
	}
}

// slope is the least-squares slope of equally distant values, over their whole length, and the standard deviation around it.
func slope(values []float64) (rise, noise float64) {
	n := float64(len(values))
	var sx, sy, sxx, sxy float64
	for i, y := range values {
		x := float64(i)
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	b := (n*sxy - sx*sy) / (n*sxx - sx*sx)
	a := (sy - b*sx) / n
	for i, y := range values {
		d := y - a - b*float64(i)
		noise += d * d
	}
	return b * (n - 1), math.Sqrt(noise / n)
}

// steady says whether resident memory rose behind the warm-up, the first quarter: by less than its noise, or than a tenth.
func steady(t *testing.T, what string, resident []float64) {
	t.Helper()
	resident = resident[len(resident)/4:]
	rise, noise := slope(resident)
	mean := 0.0
	for _, r := range resident {
		mean += r / float64(len(resident))
	}
	t.Logf("| %s | mean %.0f MB | first %.0f MB | last %.0f MB | rise over the run %.1f MB | noise %.1f MB |", what, mean, resident[0], resident[len(resident)-1], rise, noise)
	if rise > 2*noise && rise > mean/10 {
		t.Errorf("%s: resident memory rises by %.1f MB, with a noise of %.1f MB", what, rise, noise)
	}
}

// soakPhotos are photos of several kinds, as they come.
func soakPhotos(t *testing.T) [][]byte {
	t.Helper()
	var out [][]byte
	for i, f := range specimen.Good() {
		if data, err := f.Bytes(); err == nil && i%3 == 0 && len(data) < 4<<20 {
			out = append(out, data)
		}
	}
	return out
}

// Thousands of photos leave the service and its workers as they were.
func TestMemoryIsFlatOverThousandsOfPhotos(t *testing.T) {
	if *soak == 0 {
		t.Skip("it takes hours: make soak")
	}
	p := serve(t, t.TempDir(), nil)
	photos := soakPhotos(t)
	const samples = 100
	var service, workers []float64
	next := make(chan int)
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for i := range next {
				status, body := p.send("POST", "/v1/checks", "application/octet-stream", bytes.NewReader(photos[i%len(photos)]))
				if status != http.StatusOK {
					t.Errorf("photo %d: status %d: %.200s", i, status, body)
				}
			}
		})
	}
	for i := range *soak {
		next <- i
		if i%max(1, *soak/samples) == 0 {
			service = append(service, float64(p.memory("VmRSS"))/(1<<20))
			sum := 0.0
			for _, pid := range p.children() {
				if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid)); err == nil {
					var size, resident int64
					_, _ = fmt.Sscan(string(text), &size, &resident)
					sum += float64(resident*int64(os.Getpagesize())) / (1 << 20)
				}
			}
			workers = append(workers, sum)
		}
	}
	close(next)
	clients.Wait()
	t.Logf("%d photos, load %s", *soak, loadAverage())
	steady(t, "service", service)
	steady(t, "workers", workers)
}

// The same of photos that are read.
func TestMemoryIsFlatOverPhotosThatAreRead(t *testing.T) {
	if *soakRead == 0 {
		t.Skip("it takes hours: make soak")
	}
	pool, err := worker.Open(t.Context(), worker.Options{Imaging: imaging.Options{Models: modelstest.Dir(t)}, Limits: worker.DefaultLimits(), Workers: 1})
	ok(t, err)
	defer func() { ok(t, pool.Close()) }()
	photos := soakPhotos(t)
	var resident []float64
	for i := range *soakRead {
		data := photos[i%len(photos)]
		m, err := pool.Analyze(t.Context(), data)
		ok(t, err)
		if m.Decode == nil || !m.Decode.Complete {
			continue
		}
		if _, err := pool.Read(t.Context(), data, &m); err != nil {
			t.Errorf("photo %d: %v", i, err)
		}
		if i%max(1, *soakRead/100) == 0 {
			sum := int64(0)
			for _, pid := range pool.Processes() {
				sum += processMemory(t, pid, "VmRSS")
			}
			resident = append(resident, float64(sum)/(1<<20))
		}
	}
	steady(t, "workers that measure and read", resident)
}
