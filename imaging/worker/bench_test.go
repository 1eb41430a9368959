package worker

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/models/modelstest"
)

// BenchmarkPhoto measures a photo in a worker and in this process, by turns: what the isolation costs is the ratio.
func BenchmarkPhoto(b *testing.B) {
	o := imaging.Options{Models: modelstest.Dir(b)}
	here, err := imaging.New(o)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = here.Close() }()
	there := pool(b, "real", func(options *Options) { options.Imaging = o })
	data := aPhoto(b)
	var inside, outside, insideCPU, outsideCPU time.Duration
	child := there.Processes()[0]
	for b.Loop() {
		start, used := time.Now(), ownTime(b)
		if _, err := here.Analyze(b.Context(), data); err != nil {
			b.Fatal(err)
		}
		inside, insideCPU = inside+time.Since(start), insideCPU+ownTime(b)-used
		start, used = time.Now(), ownTime(b)+processorTime(child)
		if _, err := there.Analyze(b.Context(), data); err != nil {
			b.Fatal(err)
		}
		outside, outsideCPU = outside+time.Since(start), outsideCPU+ownTime(b)+processorTime(child)-used
	}
	b.ReportMetric(float64(outside)/float64(inside), "ratio")
	b.ReportMetric(float64(outsideCPU)/float64(insideCPU), "cpu-ratio")
	b.ReportMetric(float64(insideCPU)/float64(b.N)/1e6, "cpu-ms-inside")
	b.ReportMetric(0, "ns/op")
}

// ownTime is the processor time of this process.
func ownTime(b *testing.B) time.Duration {
	b.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkCall is the way there and back without any work: 4 MB that are no picture.
func BenchmarkCall(b *testing.B) {
	there := pool(b, "real", nil)
	data := make([]byte, 4<<20)
	for b.Loop() {
		if _, err := there.Analyze(b.Context(), data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStart is how long a worker takes from its start until it is ready.
func BenchmarkStart(b *testing.B) {
	o := imaging.Options{Models: modelstest.Dir(b)}
	there := pool(b, "real", func(options *Options) { options.Imaging = o })
	for b.Loop() {
		c, err := there.spawn(b.Context(), there.decoders)
		if err != nil {
			b.Fatal(err)
		}
		c.kill(ReasonStopped)
	}
}
