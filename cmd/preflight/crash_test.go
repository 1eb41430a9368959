package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

// kills is how often the crash test kills the service: a few times in `make test`, 200 times in `make crash`.
var kills = flag.Int("kills", 3, "times that the service is killed in the crash test")

// attempt is an upload that a client has sent, and what became of it.
type attempt struct {
	key, of string
	data    []byte
	// id is that of the answer; empty where none came.
	id string
	// deleting: its deletion was asked for; deleted: and acknowledged.
	deleting, deleted bool
}

// crowd is what clients know: it outlives the services that are killed.
type crowd struct {
	mu       sync.Mutex
	filing   string
	base     []byte
	random   *rand.Rand
	attempts []*attempt
}

// next is a photo like no other: the same picture, with another comment behind its first marker.
func (c *crowd) next() *attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.attempts)
	comment := fmt.Sprintf("specimen %d", n)
	data := append([]byte{}, c.base[:2]...)
	data = append(data, 0xff, 0xfe, 0, byte(len(comment)+2))
	data = append(append(data, comment...), c.base[2:]...)
	a := &attempt{key: fmt.Sprintf("key-%d", n), of: fmt.Sprintf("domain:d%d.example", n), data: data}
	c.attempts = append(c.attempts, a)
	return a
}

func (c *crowd) intN(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.IntN(n)
}

// send uploads an attempt; a service that dies meanwhile gives no answer.
func (c *crowd) send(t *testing.T, p *process, a *attempt, async bool) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		p.base+"/v1/filings/"+c.filing+"/materials?material=domain_certificate&of="+a.of, bytes.NewReader(a.data))
	ok(t, err)
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", "image/jpeg")
	req.Header.Set("Idempotency-Key", a.key)
	if async {
		req.Header.Set("Prefer", "respond-async")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	defer func() { _ = resp.Body.Close() }()
	var u uploaded
	err = json.NewDecoder(resp.Body).Decode(&u)
	if resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusAccepted {
		if resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
			t.Errorf("upload %s: status %d", a.key, resp.StatusCode)
		}
		return
	}
	if err != nil {
		return // the status came, the rest did not: the client knows no id
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.id != "" && a.id != u.ID {
		t.Errorf("%s was doubled: %s and %s", a.key, a.id, u.ID)
	}
	a.id = u.ID
}

// remove deletes one file that was acknowledged.
func (c *crowd) remove(p *process) {
	c.mu.Lock()
	var a *attempt
	for _, b := range c.attempts {
		if b.id != "" && !b.deleting {
			a = b
			break
		}
	}
	if a != nil {
		a.deleting = true
	}
	c.mu.Unlock()
	if a == nil {
		return
	}
	status, _ := p.send("DELETE", "/v1/materials/"+a.id, "", nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	a.deleted = status >= 200 && status < 300
}

// Whatever the service does when it is killed, uploading, checking, deleting or judging again: what was acknowledged is there, once,
// and checked in the end; what was deleted is gone; and what a crash left behind is swept.
func TestNothingIsLostOrDoubledThroughKills(t *testing.T) {
	data := t.TempDir()
	base, err := os.ReadFile(photo(t, t.TempDir(), "a.jpg", 77, 300))
	ok(t, err)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	c := &crowd{base: base, random: rand.New(rand.NewPCG(seed, 1))}
	for kill := range *kills {
		p := serve(t, data, nil, "--principal-rate", "0", "--address-rate", "0")
		if c.filing == "" {
			c.filing = p.filing()
		}
		stop := make(chan struct{})
		var clients sync.WaitGroup
		for client := range 4 {
			clients.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-p.ended:
						return
					default:
					}
					switch n := c.intN(10); {
					case n < 7:
						c.send(t, p, c.next(), client == 0)
					case n < 9:
						c.remove(p)
					default:
						p.send("POST", "/v1/revalidations", "application/json", strings.NewReader(fmt.Sprintf(`{"as_of":"2027-01-%02d"}`, 1+kill%28)))
					}
				}
			})
		}
		timer := time.NewTimer(time.Duration(c.intN(1500)) * time.Millisecond)
		<-timer.C
		p.kill()
		close(stop)
		clients.Wait()
	}
	// Clients that had no answer ask again with the same key, as they are told to.
	p := serve(t, data, nil, "--principal-rate", "0", "--address-rate", "0")
	acknowledged, deleted := 0, 0
	for _, a := range c.attempts {
		if a.deleting && !a.deleted {
			p.send("DELETE", "/v1/materials/"+a.id, "", nil)
			a.deleted = true
		}
		if a.deleted {
			deleted++
			if status, _ := p.get("/v1/materials/" + a.id); status != http.StatusNotFound {
				t.Errorf("%s was deleted, and is answered %d", a.key, status)
			}
			continue
		}
		if a.id != "" {
			acknowledged++
			status, body := p.get("/v1/materials/" + a.id + "/image?variant=original")
			if status != http.StatusOK || !bytes.Equal(body, a.data) {
				t.Errorf("%s was acknowledged, and is answered %d with %d bytes of %d", a.key, status, len(body), len(a.data))
			}
		}
		c.send(t, p, a, false)
		if a.id == "" {
			t.Errorf("%s was not taken at all", a.key)
		}
	}
	if acknowledged == 0 || deleted == 0 {
		t.Errorf("%d uploads were acknowledged and %d deleted: the test tried nothing", acknowledged, deleted)
	}
	var list struct{ Materials []uploaded }
	eventually(t, 2*time.Minute, "everything is checked", func() bool {
		_, body := p.get("/v1/filings/" + c.filing + "/materials")
		list.Materials = nil
		ok(t, json.Unmarshal(body, &list))
		for _, m := range list.Materials {
			if m.State == "stored" {
				return false
			}
		}
		return true
	})
	seen := map[string]string{}
	for _, m := range list.Materials {
		if other, twice := seen[m.SHA256]; twice {
			t.Errorf("the same photo is there twice: %s and %s", other, m.ID)
		}
		seen[m.SHA256] = m.ID
	}
	if want := len(c.attempts) - deleted; len(list.Materials) != want {
		t.Errorf("%d files are there, want %d", len(list.Materials), want)
	}
	p.kill()
	// The sweep, and then not one fault.
	var swept, report storage.FsckReport
	for i, r := range []*storage.FsckReport{&swept, &report} {
		args := []string{"fsck", "--data", data, "--json", "--orphan-age", "1ns"}
		if i == 0 {
			args = append(args, "--repair")
		}
		_, out, errors := call(t, nil, args...)
		if err := json.Unmarshal([]byte(out), r); err != nil {
			t.Fatalf("fsck: %v: %s", err, errors)
		}
	}
	for _, f := range swept.Faults {
		if f.Kind != storage.FaultOrphan {
			t.Errorf("after the kills: %+v", f)
		}
	}
	if report.Open != 0 || int(report.Contents) != len(list.Materials) {
		t.Errorf("after the sweep: %d originals, want %d; faults %+v", report.Contents, len(list.Materials), report.Faults)
	}
	t.Logf("%d kills: %d uploads tried, %d acknowledged, %d deleted, %d orphans swept", *kills, len(c.attempts), acknowledged+deleted, deleted, len(swept.Faults))
}
