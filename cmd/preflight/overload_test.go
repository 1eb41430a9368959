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

// Ten times as many uploads as it takes: those that there is no room for are told so at once, those that were taken are finished,
// memory stays within its budget, and seconds later it is as if nothing had been.
func TestOverloadIsRefusedAtOnce(t *testing.T) {
	if *overload == 0 {
		t.Skip("it measures: make load")
	}
	const room, clients = 8, 80
	p := serve(t, t.TempDir(), nil, "--max-uploads", fmt.Sprint(room))
	id := p.filing()
	base, err := os.ReadFile(photo(t, t.TempDir(), "a.jpg", 5, *loadSide))
	ok(t, err)
	c := &crowd{base: base, filing: id}
	var mu sync.Mutex
	var refusals, taken latencies
	var accepted []string
	others := map[int]int{}
	end := time.Now().Add(*overload)
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for time.Now().Before(end) {
				a := c.next()
				start := time.Now()
				status, body := p.send("POST", "/v1/filings/"+id+"/materials?material=domain_certificate&of="+a.of, "image/jpeg", bytes.NewReader(a.data))
				took := time.Since(start)
				mu.Lock()
				switch status {
				case http.StatusTooManyRequests:
					refusals = append(refusals, took)
				case http.StatusCreated, http.StatusAccepted:
					taken = append(taken, took)
					var u uploaded
					if err := json.Unmarshal(body, &u); err != nil {
						t.Error(err)
					}
					accepted = append(accepted, u.ID)
				default:
					others[status]++
				}
				mu.Unlock()
				if status == http.StatusTooManyRequests {
					// A client that honoured Retry-After would be gone for seconds: these come back at once, ten times too many.
					time.Sleep(20 * time.Millisecond) //nolint:forbidigo // the pace of the load
				}
			}
		})
	}
	// The reference: what the same machine takes at the same time for an answer that costs nothing.
	var reference latencies
	group.Go(func() {
		for time.Now().Before(end) {
			start := time.Now()
			p.get("/healthz")
			reference = append(reference, time.Since(start))
			time.Sleep(20 * time.Millisecond) //nolint:forbidigo // the pace of the load
		}
	})
	group.Wait()
	start := time.Now()
	eventually(t, 5*time.Second, "it takes uploads and is ready again", func() bool {
		ready, _ := p.get("/readyz")
		a := c.next()
		status, _ := p.send("POST", "/v1/filings/"+id+"/materials?material=domain_certificate&of="+a.of, "image/jpeg", bytes.NewReader(a.data))
		return ready == http.StatusOK && status == http.StatusCreated
	})
	recovered := time.Since(start)
	service := p.memory("VmHWM")
	workers := int64(0)
	for _, pid := range p.children() {
		workers += processMemory(t, pid, "VmHWM")
	}
	unfinished := 0
	eventually(t, time.Minute, "all that was taken is checked", func() bool {
		unfinished = 0
		for _, id := range accepted {
			if _, body := p.get("/v1/materials/" + id); !bytes.Contains(body, []byte(`"verdict"`)) {
				unfinished++
			}
		}
		return unfinished == 0
	})
	if len(refusals) == 0 || len(taken) == 0 {
		t.Fatalf("%d refused, %d taken", len(refusals), len(taken))
	}
	t.Logf("| %d clients for room %d | refused %d: p50 %.1f ms, p99 %.1f ms | /healthz: p50 %.1f ms, p99 %.1f ms | taken %d: p50 %.0f ms, p99 %.0f ms | recovered in %.1f s | service %d MB, workers %d MB | load %s |",
		clients, room, len(refusals), ms(refusals.quantile(.5)), ms(refusals.quantile(.99)), ms(reference.quantile(.5)), ms(reference.quantile(.99)), len(taken), ms(taken.quantile(.5)), ms(taken.quantile(.99)),
		recovered.Seconds(), service>>20, workers>>20, loadAverage())
	if p99 := refusals.quantile(.99); p99 > 50*time.Millisecond {
		t.Errorf("p99 of a refusal is %s", p99)
	}
	if service > 400<<20 {
		t.Errorf("the service took %d MB", service>>20)
	}
	for status, n := range others {
		t.Errorf("%d answers with status %d", n, status)
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
