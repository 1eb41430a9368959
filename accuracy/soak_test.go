package accuracy

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/specimen"
)

var soak = flag.Int("soak-photos", 0, "how many photos TestMemoryDoesNotGrowHoweverManyPhotosAreRead reads; 0 leaves it out")

// TestMemoryDoesNotGrowHoweverManyPhotosAreRead measures and reads photos of the tuning half, 4 in flight, and looks at what the process
// holds at every tenth of them. make soak-reading runs it.
func TestMemoryDoesNotGrowHoweverManyPhotosAreRead(t *testing.T) {
	if *soak == 0 {
		t.Skip("an hour: make soak-reading")
	}
	const inFlight, different, tenths = 4, 24, 10
	analyzer, err := imaging.New(imaging.Options{Models: filepath.Join("..", "build", "models"), Reads: inFlight})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := analyzer.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := analyzer.PrepareReading(); err != nil {
		t.Skip(err)
	}
	var files [][]byte
	cases := Cases(specimen.Tune)
	for i := range different {
		drawn, err := cases[i*7].Draw()
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, drawn.File)
	}
	debug.FreeOSMemory() // what drawing took
	var held []int64
	var lines atomic.Int64
	for range tenths {
		var group sync.WaitGroup
		var next atomic.Int64
		for range inFlight {
			group.Go(func() {
				for i := next.Add(1); i <= int64(*soak/tenths); i = next.Add(1) {
					data := files[int(i)%len(files)]
					m, err := analyzer.Analyze(context.Background(), data)
					if err != nil {
						t.Error(err)
						return
					}
					r, err := analyzer.Read(context.Background(), data, &m)
					if err != nil {
						t.Error(err)
						return
					}
					lines.Add(int64(len(r.Lines)))
				}
			})
		}
		group.Wait()
		held = append(held, resident(t)>>20)
		t.Logf("after %d photos: %d MiB resident, %d MiB at the most", len(held)**soak/tenths, held[len(held)-1], peak(t)>>20)
	}
	if lines.Load() == 0 {
		t.Error("nothing was read")
	}
	// The first tenths warm up: sizes of tensors that were not seen before. Afterwards nothing may be added, but for what a heap differs by.
	const warm, slack = 3, 1.05
	before := int64(0)
	for _, v := range held[:warm] {
		before = max(before, v)
	}
	if last := held[tenths-1]; float64(last) > slack*float64(before) {
		t.Errorf("%d MiB are held at the end, %d were after the first %d tenths: %v", last, before, warm, held)
	}
}

func resident(t *testing.T) int64 { return status(t, "VmRSS:") }
func peak(t *testing.T) int64     { return status(t, "VmHWM:") }

func status(t *testing.T, key string) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := bytes.Cut(text, []byte(key))
	kb, err := strconv.ParseInt(strings.Fields(string(rest))[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}
