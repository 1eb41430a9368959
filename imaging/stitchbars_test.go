package imaging

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/layouts"
)

// stitchSets is how many random sets of sources TestRandomSets makes composites of; 200 is the bar's number.
var stitchSets = flag.Int("stitch-sets", 0, "random sets of sources to stitch; make bench-stitch says 200")

// limitBlur is the narrowest edge, over the height of its print, that any scale and quality below the limit reach on the part
// that is hardest to read: the set is drawn at each scale of a ladder, encoded at the best quality that fits, and measured at the
// same places, those of the largest scale.
func limitBlur(t *testing.T, a *Analyzer, parts []StitchPart, o StitchOptions) (blur float64, places [][]edgePlace) {
	t.Helper()
	s, err := a.prepareStitch(t.Context(), parts, o)
	if err != nil {
		t.Fatal(err)
	}
	blur = math.Inf(1)
	for scale := scaleStart(s); scale > 0.2; scale *= 0.8 {
		if s.plan, err = s.at(scale); err != nil {
			t.Fatal(err)
		}
		page, err := newStitched(s.plan.width, s.plan.height)
		if err != nil {
			t.Fatal(err)
		}
		page.whiten(s.plan.boxes)
		for i := range parts {
			if err := s.place(t.Context(), page, i); err != nil {
				t.Fatal(err)
			}
		}
		page.finish()
		if places == nil {
			c := s.composite(nil)
			places = edgePlaces(page, &c)
		}
		for q := 95; q >= 60; q -= 5 {
			picture, _, err := page.encode(q, float64(o.MaxBytes), o.MaxBytes)
			if err != nil {
				t.Fatal(err)
			}
			if picture == nil {
				continue
			}
			s.quality = q
			c := s.composite(picture)
			if b := edgeBlur(t, picture, &c, places); b > 0 {
				blur = min(blur, b)
			}
			break
		}
		page.close()
	}
	return blur, places
}

func TestRandomSetsOfPhotosAreLegibleWithinTheLimits(t *testing.T) {
	if *stitchSets == 0 {
		t.Skip("it measures: make bench-stitch")
	}
	a := newAnalyzer(t)
	files := stitchPool(t, 24)
	pool := make([]StitchPart, len(files))
	for i, data := range files {
		pool[i] = sourceOf(t, a, data)
		pool[i].Card = i%4 < 2
	}
	dice := rand.New(rand.NewPCG(6, 2020))
	failed, refused, compared, redrawn := 0, 0, 0, 0
	worst, least := 0.0, math.Inf(1)
	var error_ []float64
	for set := range *stitchSets {
		n := 2 + dice.IntN(3)
		var parts []StitchPart
		names := ""
		for _, k := range dice.Perm(len(pool))[:n] {
			parts = append(parts, pool[k])
			names += fmt.Sprintf(" %02d", k)
		}
		o := guide(layouts.Names()[dice.IntN(4)])
		if o.Layout == layouts.Sides {
			o.Layout = layouts.Auto
		}
		o.MinTextPx = 12
		c, picture, err := a.Stitch(t.Context(), parts, o)
		var refusal *StitchError
		if errors.As(err, &refusal) {
			// Said, and true: no scale at which print would be 12 pixels high fits, or the source's own is smaller.
			least := math.Inf(1)
			for i := range parts {
				if l := parts[i].Measurements.Legibility; l != nil {
					least = min(least, l.TextHeightPx)
				}
			}
			if refusal.Code != StitchIllegible {
				t.Errorf("set %d (%s): %v", set, names, err)
				failed++
			}
			t.Logf("set %d (%s) is refused: %v; the smallest print of its sources is %.1f px", set, names, err, least)
			refused++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := a.MeasureParts(t.Context(), picture, &c); err != nil {
			t.Fatal(err)
		}
		why := ""
		if c.Bytes >= o.MaxBytes || c.Bytes < o.MinBytes {
			why = "size"
		}
		for i, p := range c.Parts {
			if p.Predicted == nil || p.Measured == nil {
				continue
			}
			least = min(least, p.Predicted.TextHeightPx)
			error_ = append(error_, math.Log(p.Predicted.EdgeWidthPx/p.Measured.EdgeWidthPx))
			if p.Predicted.TextHeightPx < 12 {
				why += fmt.Sprintf(" text of %d", i)
			}
		}
		ratio := 0.0
		if set%5 == 0 { // the ladder costs twenty times what the composite does
			least, places := limitBlur(t, a, parts, o)
			if ratio = edgeBlur(t, picture, &c, places) / least; ratio == 0 {
				why += " edges, of which none were found"
			}
			compared++
			worst = max(worst, ratio)
			if ratio > 1.3 {
				why += " edges"
			}
		}
		if why != "" {
			failed++
			t.Errorf("set %d (%s) misses %s", set, names, why)
		}
		t.Logf("set %d (%s): %s %dx%d q%d scale %.2f, %d KB, edges %.2f of what the limit allows", set, names, c.Layout, c.Width, c.Height, c.Quality,
			c.Parts[0].Scale, c.Bytes>>10, ratio)
	}
	bias, spread := 0.0, 0.0
	for _, e := range error_ {
		bias += e / float64(len(error_))
	}
	for _, e := range error_ {
		spread += (e - bias) * (e - bias) / float64(len(error_))
	}
	t.Logf("%d sets: %d missed, %d refused, %d compared, edges at most %.2f of the limit's, text at least %.1f px, redrawn %d; edges predicted %.2f of those measured, spread %.2f",
		*stitchSets, failed, refused, compared, worst, least, redrawn, math.Exp(bias), math.Sqrt(spread))
}

// selfPeak is the most memory that this process had resident, in bytes.
func selfPeak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	return kb << 10
}

// childTime is the processor time of a program and the most memory that it had resident. It is started by a small process of its
// own: a child counts what its parent had resident when it began.
func childTime(t testing.TB, env []string, args ...string) (time.Duration, int64) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(append(os.Environ(), "PREFLIGHT_STITCH_CHILD=1"), env...)
	out, err := cmd.Output()
	var ns, peak int64
	if err == nil {
		_, err = fmt.Sscan(string(out), &ns, &peak)
	}
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return time.Duration(ns), peak
}

func runChild(args []string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "PREFLIGHT_STITCH_CHILD") })
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	u, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	fmt.Println(u.Utime.Nano()+u.Stime.Nano(), u.Maxrss<<10)
	return nil
}

// Stitching in a process of its own, so that its peak is its own: the test's binary runs itself.
func TestMain(m *testing.M) {
	if os.Getenv("PREFLIGHT_STITCH_CHILD") != "" {
		if err := runChild(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if list := os.Getenv("PREFLIGHT_STITCH"); list != "" {
		if err := stitchAlone(list); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func stitchAlone(list string) error {
	runtime.GOMAXPROCS(1)
	a, err := New(Options{})
	if err != nil {
		return err
	}
	cpu := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	var parts []StitchPart
	for _, path := range strings.Split(list, ",") {
		// As the service does: the measurements are there already. Their time is not counted, their memory is small beside.
		parts = append(parts, StitchPart{Open: func(context.Context) ([]byte, error) { return os.ReadFile(path) }})
	}
	if os.Getenv("PREFLIGHT_STITCH_BARE") != "" {
		start := cpu()
		for _, p := range parts {
			data, err := p.Open(context.Background())
			if err != nil {
				return err
			}
			bareDecode(nil, data)
		}
		bare := cpu() - start
		out, err := os.ReadFile(os.Getenv("PREFLIGHT_STITCH_BARE"))
		if err != nil {
			return err
		}
		h := parseHeader(filing.FormatJPEG, out)
		page, err := newPages(3 * h.width * h.height)
		if err != nil {
			return err
		}
		row := 0
		d, err := openDecode(context.Background(), filing.FormatJPEG, out)
		if err != nil {
			return err
		}
		for top := 0; top < d.height; top += stripRows {
			n := min(stripRows, d.height-top)
			pix, stride, err := d.rows(top, n)
			if err != nil {
				return err
			}
			for y := range n {
				copy(page.bytes[3*h.width*(row+y):], pix[y*stride:y*stride+3*h.width])
			}
			row += n
		}
		d.close()
		start = cpu()
		if _, err := encodeRGB(page.bytes, h.width, h.height, jpegQuality(&h, out)); err != nil {
			return err
		}
		fmt.Println(int64(bare+cpu()-start), selfPeak())
		return nil
	}
	for i := range parts {
		var m filing.Measurements
		text, err := os.ReadFile(strings.Split(list, ",")[i] + ".text")
		if err != nil {
			return err
		}
		var l filing.Legibility
		if _, err := fmt.Sscan(string(text), &l.TextHeightPx, &l.EdgeWidthPx); err != nil {
			return err
		}
		m.Legibility = &l
		parts[i].Measurements = m
	}
	start := cpu()
	_, picture, err := a.Stitch(context.Background(), parts, StitchOptions{MinBytes: 200 << 10, MaxBytes: 4 << 20, Margin: 0.01})
	if err != nil {
		return err
	}
	fmt.Println(int64(cpu()-start), selfPeak())
	return os.WriteFile(os.Getenv("PREFLIGHT_STITCH_OUT"), picture, 0o600)
}

// TestStitchingCostsLittle holds time and peak memory, on one core and in processes of their own, against a bare decode of the
// sources plus a bare encode of the result, ImageMagick's montage and libvips' command line, which get the scale that our result
// has: they neither search for it nor know it.
func TestStitchingCostsLittleBesideOthers(t *testing.T) {
	if *stitchSets == 0 {
		t.Skip("it measures: make bench-stitch")
	}
	a := newAnalyzer(t)
	files := stitchPool(t, 24)
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for i, data := range files {
		path := filepath.Join(dir, fmt.Sprintf("%02d.jpg", i))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if l := analyzeWith(t, a, data).Legibility; l != nil {
			if err := os.WriteFile(path+".text", fmt.Appendf(nil, "%v %v", l.TextHeightPx, l.EdgeWidthPx), 0o600); err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
		}
	}
	out := filepath.Join(dir, "out.jpg")
	run := func(bare string, list []string) (time.Duration, int64) {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "PREFLIGHT_STITCH="+strings.Join(list, ","), "PREFLIGHT_STITCH_OUT="+out, "PREFLIGHT_STITCH_BARE="+bare)
		var printed bytes.Buffer
		cmd.Stdout = &printed
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		var ns, peak int64
		if _, err := fmt.Sscan(printed.String(), &ns, &peak); err != nil {
			t.Fatal(err)
		}
		return time.Duration(ns), peak
	}
	dice := rand.New(rand.NewPCG(9, 9))
	var own, bare, montage, vips, ownAll time.Duration
	var peak, montagePeak, vipsPeak int64
	worst := 0.0
	for range max(3, *stitchSets/20) {
		n := 2 + dice.IntN(3)
		var list []string
		for _, k := range dice.Perm(len(paths))[:n] {
			list = append(list, paths[k])
		}
		took, mem := run("", list)
		peak = max(peak, mem)
		b, _ := run(out, list)
		// Each is the least of five: the same work takes up to a third longer when the machine does something else beside it.
		for range 4 {
			again, _ := run("", list)
			took = min(took, again)
			again, _ = run(out, list)
			b = min(b, again)
		}
		own, bare = own+took, bare+b
		worst = max(worst, float64(took)/float64(b))
		t.Logf("%d parts: %v, %.2f of a bare decode and encode", n, took, float64(took)/float64(b))
		picture, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		h := parseHeader(filing.FormatJPEG, picture)
		// Whole processes beside whole processes.
		all, _ := childTime(t, []string{"PREFLIGHT_STITCH=" + strings.Join(list, ","), "PREFLIGHT_STITCH_OUT=" + out, "PREFLIGHT_STITCH_BARE="}, self)
		ownAll += all
		side := int(math.Sqrt(float64(h.width) * float64(h.height) / float64(n)))
		if tool, err := exec.LookPath("montage"); err == nil {
			args := append([]string{tool, "-auto-orient"}, list...)
			args = append(args, "-geometry", fmt.Sprintf("%dx%d+8+8", side, side), "-quality", "87", filepath.Join(dir, "m.jpg"))
			took, mem := childTime(t, []string{"MAGICK_THREAD_LIMIT=1", "OMP_NUM_THREADS=1"}, args...)
			montage, montagePeak = montage+took, max(montagePeak, mem)
		} else {
			t.Log("montage is not there: left out")
		}
		if tool, err := exec.LookPath("vips"); err == nil {
			env := []string{"VIPS_CONCURRENCY=1"}
			total := time.Duration(0)
			var small []string
			for i, path := range list {
				to := filepath.Join(dir, fmt.Sprintf("v%d.v", i))
				took, mem := childTime(t, env, tool, "thumbnail", path, to, strconv.Itoa(side))
				total, vipsPeak = total+took, max(vipsPeak, mem)
				small = append(small, to)
			}
			took, mem := childTime(t, env, tool, "arrayjoin", strings.Join(small, " "), filepath.Join(dir, "v.jpg")+"[Q=87,strip]", "--across", "2", "--shim", "8")
			vips, vipsPeak = vips+total+took, max(vipsPeak, mem)
		} else {
			t.Log("vips is not there: left out")
		}
	}
	t.Logf("stitching %.0f ms, %.2f of a bare decode and encode (worst set %.2f), peak %d MB; whole process %.0f ms, montage %.0f ms and %d MB, vips %.0f ms and %d MB",
		1000*own.Seconds(), float64(own)/float64(bare), worst, peak>>20, 1000*ownAll.Seconds(), 1000*montage.Seconds(), montagePeak>>20, 1000*vips.Seconds(), vipsPeak>>20)
	if r := float64(own) / float64(bare); r > 1.2 {
		t.Errorf("stitching takes %.2f of a bare decode and encode, at most 1.2", r)
	}
	if peak > 150<<20 {
		t.Errorf("stitching takes %d MB", peak>>20)
	}
	if montage > 0 && ownAll >= montage || vips > 0 && ownAll >= vips {
		t.Error("another one is faster")
	}
}

func analyzeWith(t testing.TB, a *Analyzer, data []byte) filing.Measurements {
	t.Helper()
	m, err := a.Analyze(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
