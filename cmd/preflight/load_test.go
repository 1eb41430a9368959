package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/preflight-icp/preflight/storage"
)

// The load tests measure, so they run by themselves (make load) and not beside the others.
var (
	loadUploads = flag.Int("load-uploads", 0, "uploads of each phase of the load tests; 0 skips them")
	loadFilings = flag.Int("load-filings", 60000, "stored filings that are judged again beside the uploads")
	loadSide    = flag.Int("load-side", 700, "height of the photos in pixels: 700 are 300 KB")
)

// latencies are how long uploads took.
type latencies []time.Duration

// quantile is the smallest value that a share q of all do not exceed (nearest rank).
func (l latencies) quantile(q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(l))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// drawPhotos makes photos like no others, on all cores.
func drawPhotos(t *testing.T, from, n int) [][]byte {
	t.Helper()
	dir, out := t.TempDir(), make([][]byte, n)
	var drawing sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		drawing.Go(func() {
			for i := range next {
				data, err := os.ReadFile(photo(t, dir, fmt.Sprintf("%d.jpg", i), uint64(1000+from+i), *loadSide))
				if err != nil {
					t.Error(err)
				}
				out[i] = data
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	drawing.Wait()
	return out
}

// verdictsOf uploads photos to filings of their own, some at once, and waits for each verdict: how long each took, and all.
func (p *process) verdictsOf(t *testing.T, photos [][]byte, atOnce int) (latencies, time.Duration) {
	t.Helper()
	took := make(latencies, len(photos))
	ids := make([]string, len(photos))
	for i := range ids {
		ids[i] = p.filing()
	}
	var clients sync.WaitGroup
	next := make(chan int)
	start := time.Now()
	for range atOnce {
		clients.Go(func() {
			for i := range next {
				start := time.Now()
				status, body := p.send("POST", "/v1/filings/"+ids[i]+"/materials?material=principal_id&page=front&of=principal", "image/jpeg", bytes.NewReader(photos[i]))
				took[i] = time.Since(start)
				if status != http.StatusCreated || !bytes.Contains(body, []byte(`"verdict"`)) {
					t.Errorf("upload %d: status %d: %.200s", i, status, body)
				}
			}
		})
	}
	for i := range photos {
		next <- i
	}
	close(next)
	clients.Wait()
	return took, time.Since(start)
}

// fillFilings imports filings without files, whose documents run out one by one.
func fillFilings(t *testing.T, url string, n int) {
	t.Helper()
	records, err := storage.OpenRecords(t.Context(), url, storage.RecordsOptions{Logger: slog.New(slog.DiscardHandler)})
	ok(t, err)
	defer func() { ok(t, records.Close()) }()
	provinces := strings.Fields("BJ SC GD JS ZJ SH HN HB SD")
	now := time.Now().UTC().Truncate(time.Microsecond)
	const page = 500
	for from := 0; from < n; from += page {
		var rows storage.FilingRows
		for i := from; i < min(n, from+page); i++ {
			id, err := uuid.NewV7()
			ok(t, err)
			day := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%700).Format(time.DateOnly)
			facts := fmt.Appendf(nil, `{"province":%q,"action":"new","applicant":{"type":"enterprise"},"principal":{"birth_date":"1990-01-01",`+
				`"document_valid_until":%q},"site_manager":{"same_as_principal":true}}`, provinces[i%len(provinces)], day)
			rows.Filings = append(rows.Filings, storage.Filing{ID: id.String(), Owner: "app", Facts: facts, Revision: 1, State: storage.FilingOpen, CreatedAt: now, UpdatedAt: now})
		}
		ok(t, records.ImportFilings(t.Context(), rows))
	}
}

// judging keeps a pass over all filings running until it is stopped: each as of another day, so that each writes. It
// returns how many filings were judged meanwhile.
func (p *process) judging(t *testing.T) (stop func() int64) {
	t.Helper()
	type pass struct {
		ID, State string
		Seen      int64
	}
	day := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	begin := func() pass {
		day = day.AddDate(0, 2, 0)
		status, body := p.send("POST", "/v1/revalidations", "application/json", strings.NewReader(`{"as_of":"`+day.Format(time.DateOnly)+`"}`))
		var v pass
		if err := json.Unmarshal(body, &v); err != nil || status != http.StatusAccepted {
			t.Errorf("start a revalidation: status %d: %s", status, body)
		}
		return v
	}
	look := func(v *pass) {
		_, body := p.get("/v1/revalidations/" + v.ID)
		if err := json.Unmarshal(body, v); err != nil {
			t.Errorf("look at a revalidation: %v", err)
		}
	}
	v := begin()
	eventually(t, 30*time.Second, "the revalidation runs", func() bool { look(&v); return v.Seen > 0 })
	done, told := make(chan struct{}), make(chan int64)
	go func() {
		ticker := time.NewTicker(250 * time.Millisecond)
		defer ticker.Stop()
		judged := int64(0)
		for {
			select {
			case <-done:
				look(&v)
				p.send("POST", "/v1/revalidations/"+v.ID+"/stop", "", nil)
				told <- judged + v.Seen
				return
			case <-ticker.C:
			}
			if look(&v); v.State != storage.RevalidationRunning {
				judged += v.Seen
				v = begin()
			}
		}
	}()
	return func() int64 {
		close(done)
		return <-told
	}
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// engines are the two ways to run it: embedded, and as a fleet does.
func engines(t *testing.T, name string) []struct {
	name     string
	database string
	serve    func() *process
} {
	data := t.TempDir()
	f := newFleet(t, name)
	return []struct {
		name     string
		database string
		serve    func() *process
	}{
		{"SQLite and a folder", "sqlite:" + filepath.Join(data, "preflight.db"), func() *process { return serve(t, data, nil) }},
		{"PostgreSQL and S3", f.database, func() *process { return serve(t, t.TempDir(), nil, f.flags...) }},
	}
}

// The p99 of an upload during a full revalidation is at most 1.5 times that without. Phases with and without take turns, so
// that what else the machine does falls on both.
func TestUploadsBesideARevalidationAreAsFast(t *testing.T) {
	if *loadUploads == 0 {
		t.Skip("it measures: make load")
	}
	const turns, most = 3, 1.5
	for i, e := range engines(t, "beside") {
		t.Run(e.name, func(t *testing.T) {
			fillFilings(t, e.database, *loadFilings)
			photos := drawPhotos(t, i*100000, 2*turns**loadUploads+2)
			p := e.serve()
			p.verdictsOf(t, photos[:2], 1) // warm
			photos = photos[2:]
			var without, with latencies
			judged := int64(0)
			before := loadAverage()
			for range turns {
				took, _ := p.verdictsOf(t, photos[:*loadUploads], 1)
				without = append(without, took...)
				stop := p.judging(t)
				took, _ = p.verdictsOf(t, photos[*loadUploads:2**loadUploads], 1)
				with, photos = append(with, took...), photos[2**loadUploads:]
				judged += stop()
			}
			ratio := float64(with.quantile(.99)) / float64(without.quantile(.99))
			t.Logf("| %s | %d | %.0f ms | %.0f ms | %.0f ms | %.0f ms | %.2f | %d | %s, then %s |", e.name, len(with),
				ms(without.quantile(.5)), ms(without.quantile(.99)), ms(with.quantile(.5)), ms(with.quantile(.99)), ratio, judged, before, loadAverage())
			if judged == 0 {
				t.Error("nothing was judged meanwhile")
			}
			if ratio > most {
				t.Errorf("p99 of an upload is %.2f times that without a revalidation, at most %.1f", ratio, most)
			}
		})
	}
}

// From upload to verdict, embedded beside PostgreSQL and S3 in the same run, by turns.
func TestUploadToVerdictOnBothStores(t *testing.T) {
	if *loadUploads == 0 {
		t.Skip("it measures: make load")
	}
	list := engines(t, "verdict")
	running := make([]*process, len(list))
	for i, e := range list {
		running[i] = e.serve()
		running[i].verdictsOf(t, drawPhotos(t, 200000+i*1000, 2), 1) // warm
	}
	const turns = 2
	for _, atOnce := range []int{1, 4} {
		photos := drawPhotos(t, 300000+atOnce*10000, turns**loadUploads)
		took, all := make([]latencies, len(list)), make([]time.Duration, len(list))
		before := loadAverage()
		for turn := range turns {
			for i := range list {
				some, whole := running[i].verdictsOf(t, photos[turn**loadUploads:(turn+1)**loadUploads], atOnce)
				took[i], all[i] = append(took[i], some...), all[i]+whole
			}
		}
		for i, e := range list {
			t.Logf("| %s | %d | %d | %.0f ms | %.0f ms | %.1f | %s, then %s |", e.name, atOnce, len(took[i]), ms(took[i].quantile(.5)), ms(took[i].quantile(.99)),
				float64(len(took[i]))/all[i].Seconds(), before, loadAverage())
		}
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// syncs is how long the disk takes to keep 4 KiB, by itself, until done: each fetch waits for its line of the audit trail, so a disk that
// stands still for everybody is seen in the fetches, and here.
func syncs(t *testing.T, dir string, done <-chan struct{}) (took latencies) {
	f, err := os.CreateTemp(dir, "sync-*")
	if err != nil {
		t.Error(err)
		return latencies{0}
	}
	defer func() { _ = f.Close() }()
	for page := make([]byte, 4096); ; {
		start := time.Now()
		_, err := f.WriteAt(page, 0)
		if err = errors.Join(err, f.Sync()); err != nil {
			t.Error(err)
		}
		took = append(took, time.Since(start))
		select {
		case <-done:
			return took
		case <-time.After(20 * time.Millisecond): // seldom enough to be no load itself
		}
	}
}

// Fifty reviewers fetch composites that are made already while uploads saturate the service, whose excess is answered 429: p99 of
// a fetch stays below 50 ms. The reviewers fetch as people do: each begins in a moment of their own, and fetches one after the other with
// a moment between. What the last one waits when all fifty ask in the same millisecond is told beside it, without a bar.
func TestReviewersFetchCompositesWhileUploadsSaturateTheService(t *testing.T) {
	if *loadUploads == 0 {
		t.Skip("it measures: make load")
	}
	// A filing of an enterprise with a few domains has about ten files; each upload is matched with all of its filing's.
	const reviewers, most, filesOfFiling = 50, 50 * time.Millisecond, 10
	data := t.TempDir()
	p := serve(t, data, nil, "--max-uploads", "4")
	// Composites of photos, a few filings with one each.
	var paths []string
	drawn := drawPhotos(t, 500000, 12)
	for i := 0; i+1 < 8; i += 2 {
		id := p.filing()
		var ids []string
		for k, page := range []string{"front", "back"} {
			status, body := p.send("POST", "/v1/filings/"+id+"/materials?material=principal_id&of=principal&page="+page, "image/jpeg", bytes.NewReader(drawn[i+k]))
			var m struct{ ID string }
			if err := json.Unmarshal(body, &m); err != nil || status != http.StatusCreated {
				t.Fatalf("upload: status %d: %.200s", status, body)
			}
			ids = append(ids, m.ID)
		}
		status, body := p.send("POST", "/v1/filings/"+id+"/composites", "application/json", strings.NewReader(`{"parts":["`+strings.Join(ids, `","`)+`"]}`))
		var v struct{ ID string }
		if err := json.Unmarshal(body, &v); err != nil || status != http.StatusCreated {
			t.Fatalf("composite: status %d: %.300s", status, body)
		}
		paths = append(paths, "/v1/composites/"+v.ID+"/image")
	}
	done := make(chan struct{})
	var accepted, refused atomic.Int64
	var uploaders sync.WaitGroup
	var disk latencies
	uploaders.Go(func() { disk = syncs(t, data, done) })
	for n := range 12 {
		uploaders.Go(func() {
			id, held := p.filing(), 0
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				if held == filesOfFiling {
					id, held = p.filing(), 0
				}
				status, _ := p.send("POST", fmt.Sprintf("/v1/filings/%s/materials?material=domain_certificate&of=domain:d%d-%d.example", id, n, i), "image/jpeg", bytes.NewReader(drawn[8+n%4]))
				switch status {
				case http.StatusTooManyRequests:
					refused.Add(1)
					<-time.After(50 * time.Millisecond)
				case http.StatusCreated, http.StatusAccepted:
					accepted.Add(1)
					held++
				default:
					t.Errorf("upload: status %d", status)
				}
			}
		})
	}
	<-time.After(2 * time.Second)
	fetch := func(path string) time.Duration {
		start := time.Now()
		status, body := p.get(path)
		took := time.Since(start)
		if status != http.StatusOK || len(body) < 200<<10 {
			t.Errorf("fetch: status %d, %d bytes", status, len(body))
		}
		return took
	}
	var fetching sync.WaitGroup
	together := make(latencies, reviewers)
	for r := range reviewers {
		fetching.Go(func() { together[r] = fetch(paths[r%len(paths)]) })
	}
	fetching.Wait()
	took := make([]latencies, reviewers)
	for r := range reviewers {
		fetching.Go(func() {
			pause := time.Duration(500+10*r) * time.Millisecond
			<-time.After(time.Duration(r) * time.Second / reviewers)
			for i := range 20 {
				took[r] = append(took[r], fetch(paths[(r+i)%len(paths)]))
				<-time.After(pause)
			}
		})
	}
	fetching.Wait()
	close(done)
	uploaders.Wait()
	all := slices.Concat(took...)
	t.Logf("| the disk alone, 4 KiB synced | %.1f ms | %.1f ms | at most %.0f ms |", ms(disk.quantile(.5)), ms(disk.quantile(.99)), ms(disk.quantile(1)))
	t.Logf("| %d fetches by %d reviewers | %.1f ms | %.1f ms | all in one millisecond: the last %.1f ms | %d uploads taken, %d answered 429 | %s |",
		len(all), reviewers, ms(all.quantile(.5)), ms(all.quantile(.99)), ms(together.quantile(1)), accepted.Load(), refused.Load(), loadAverage())
	if refused.Load() == 0 {
		t.Error("the uploads did not saturate the service")
	}
	if p99 := all.quantile(.99); p99 > most {
		t.Errorf("p99 of a cached fetch is %s, below %s is wanted", p99, most)
	}
}
