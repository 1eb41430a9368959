package imaging

import (
	"context"
	"runtime/debug"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/legibility"
	"github.com/preflight-icp/preflight/imaging/locate"
	"github.com/preflight-icp/preflight/imaging/origin"
	"github.com/preflight-icp/preflight/specimen"
)

// bareDecode is what the costs of this package are compared with: libvips decodes every row, sequentially, on one thread,
// of the file as it is, and nothing is done with them.
func bareDecode(b testing.TB, data []byte) { // b is nil where no test runs
	h := parseHeader(Recognize(data), data)
	d, err := openDecode(context.Background(), h.format, data)
	if err != nil {
		b.Fatal(err)
	}
	defer d.close()
	for top := 0; top < d.height; top += stripRows {
		if _, _, err := d.rows(top, min(stripRows, d.height-top)); err != nil {
			b.Fatal(err)
		}
	}
}

// cpuTime is the processor time that the process has used: other work on the machine, which shifts a wall clock, is not
// in it.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// besides measures f and a bare decode in turns and reports the ratio of their processor times.
func besides(b *testing.B, data []byte, f func()) {
	b.Helper()
	var bare, own time.Duration
	bareDecode(b, data)
	f()
	for b.Loop() {
		start := cpuTime(b)
		bareDecode(b, data)
		middle := cpuTime(b)
		f()
		bare, own = bare+middle-start, own+cpuTime(b)-middle
	}
	b.ReportMetric(float64(own)/float64(bare), "x-bare-decode")
	b.ReportMetric(float64(own.Microseconds())/1000/float64(b.N), "cpu-ms-own")
	b.ReportMetric(float64(bare.Microseconds())/1000/float64(b.N), "cpu-ms-bare")
}

func BenchmarkBareDecode12MP(b *testing.B) {
	newAnalyzer(b)
	data := photo12MP()
	for b.Loop() {
		bareDecode(b, data)
	}
}

func BenchmarkAnalyze12MP(b *testing.B) {
	a, data := newAnalyzer(b), withEXIF(photo12MP(), oriented(6))
	besides(b, data, func() {
		if m, err := a.Analyze(context.Background(), data); err != nil || !m.Decode.Complete {
			b.Fatal(m, err)
		}
	})
}

func BenchmarkThumbnail12MP(b *testing.B) {
	a, data := newAnalyzer(b), withEXIF(photo12MP(), oriented(6))
	besides(b, data, func() {
		if _, err := a.Thumbnail(context.Background(), data, 480); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkUpright12MPTurned(b *testing.B) {
	a, data := newAnalyzer(b), withEXIF(photo12MP(), oriented(6))
	besides(b, data, func() {
		if _, err := a.Upright(context.Background(), data); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkMemoryOf200Photos analyzes 200 photos of 12 megapixels on 4 goroutines and reports what is resident afterwards and
// at the peak. Run it alone: what other benchmarks left is counted too.
func BenchmarkMemoryOf200Photos(b *testing.B) {
	a, data := newAnalyzer(b), photo12MP()
	debug.FreeOSMemory() // what drawing the photo took
	resetPeak()
	before := residentMemory(b) >> 20
	for b.Loop() {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 50 {
					if m, err := a.Analyze(context.Background(), data); err != nil || !m.Decode.Complete {
						b.Error(m, err)
					}
				}
			})
		}
		wg.Wait()
	}
	b.ReportMetric(float64(before), "MiB-before")
	b.ReportMetric(float64(residentMemory(b)>>20), "MiB-resident")
	b.ReportMetric(float64(residentPeak(b)>>20), "MiB-peak")
}

// document12MP is a photo of 4000 x 3000 of a card on a table, about 3 MB of JPEG, as a phone stores it that is held upright.
var document12MP = sync.OnceValues(func() ([]byte, error) {
	photo, err := specimen.Photograph(specimen.IDCardFront, 4000, 3000, 7)
	if err != nil {
		return nil, err
	}
	return withEXIF(encodeJPEG(nil, stored(photo.Image, 6), 92), oriented(6)), nil
})

// BenchmarkParts12MP says what each part of measuring a document costs, beside a bare decode of the same file.
func BenchmarkParts12MP(b *testing.B) {
	data, err := document12MP()
	if err != nil {
		b.Skip(err)
	}
	a, err := New(Options{Models: "../build/models"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = a.Close() })
	h := parseHeader(Recognize(data), data)
	_, f, _, err := a.measure(context.Background(), &h, data)
	if err != nil {
		b.Fatal(err)
	}
	frame := f.frame(6)
	documents := locate.Documents(frame)
	if len(documents) == 0 {
		b.Fatal("the document is not found")
	}
	doc := &documents[0]
	for _, part := range []struct {
		name string
		run  func()
	}{
		{"everything", func() {
			if _, err := a.Analyze(context.Background(), data); err != nil {
				b.Fatal(err)
			}
		}},
		{"decode and frame", func() {
			_, f, _, err := a.measure(context.Background(), &h, data)
			if err != nil {
				b.Fatal(err)
			}
			f.frame(6)
			a.framers.Put(f)
		}},
		{"document", func() { locate.Documents(frame) }},
		{"legibility", func() { legibility.Measure(frame, doc) }},
		{"colour", func() { origin.Colour(frame, doc) }},
		{"recapture", func() { origin.Recapture(frame, doc, nil) }},
		{"faces", func() {
			if a.faces == nil {
				b.Skip("no model of faces is installed")
			}
			if _, err := a.faces.Find(context.Background(), frame, []filing.Document{*doc}); err != nil {
				b.Fatal(err)
			}
		}},
	} {
		b.Run(part.name, func(b *testing.B) { besides(b, data, part.run) })
	}
}

// BenchmarkReadCard12MP reads one card in a photo of 12 megapixels: decoding and reading, without measuring.
func BenchmarkReadCard12MP(b *testing.B) {
	a, data := newReader(b, Options{}), specimenJPEG(b, 4000, 3000)
	m, err := a.Analyze(b.Context(), data)
	if err != nil {
		b.Fatal(err)
	}
	if err := a.PrepareReading(); err != nil {
		b.Fatal(err)
	}
	besides(b, data, func() {
		if r, err := a.Read(b.Context(), data, &m); err != nil || len(r.Lines) == 0 {
			b.Fatal(r, err)
		}
	})
}

// BenchmarkLoadReader is what the first photo waits for that is read.
func BenchmarkLoadReader(b *testing.B) {
	for b.Loop() {
		a := newReader(b, Options{})
		if err := a.PrepareReading(); err != nil {
			b.Fatal(err)
		}
		if err := a.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func specimenJPEG(b *testing.B, width, height int) []byte {
	b.Helper()
	p, err := specimen.Photograph(specimen.IDCardFront, width, height, 21)
	if err != nil {
		b.Fatal(err)
	}
	return encodeJPEG(b, p.Image, 87)
}

// BenchmarkMemoryOf200PhotosRead reads photos of 12 megapixels on 4 goroutines and reports what is resident after the first 20,
// afterwards, and at the peak. Run it alone.
func BenchmarkMemoryOf200PhotosRead(b *testing.B) {
	a, data := newReader(b, Options{Reads: 4}), specimenJPEG(b, 4000, 3000)
	m, err := a.Analyze(b.Context(), data)
	if err != nil {
		b.Fatal(err)
	}
	debug.FreeOSMemory() // what drawing the photo took
	before := residentMemory(b) >> 20
	resetPeak()
	var early int64
	for b.Loop() {
		for round := range 10 {
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 5 {
						if r, err := a.Read(context.Background(), data, &m); err != nil || len(r.Lines) == 0 {
							b.Error(r, err)
						}
					}
				})
			}
			wg.Wait()
			if round == 0 {
				early = residentMemory(b) >> 20
			}
		}
	}
	b.ReportMetric(float64(before), "MiB-before")
	b.ReportMetric(float64(early), "MiB-after-20")
	b.ReportMetric(float64(residentMemory(b)>>20), "MiB-after-200")
	b.ReportMetric(float64(residentPeak(b)>>20), "MiB-peak")
}
