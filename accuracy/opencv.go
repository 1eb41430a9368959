package accuracy

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
	"github.com/preflight-icp/preflight/specimen"
)

// ErrNoOpenCV says that there is no Python with OpenCV on this machine.
var ErrNoOpenCV = errors.New("python3-opencv is not installed (scripts/setup.sh accuracy)")

// OpenCV asks a script of a page for what a user would write instead: accuracy/opencv.py on Debian's python3-opencv.
type OpenCV struct {
	python, script string
	kept           string // folder of answers, beside the photos: they do not change with what we measure
}

// FindOpenCV returns the script, ready to be asked; ErrNoOpenCV where it cannot run.
func (b *Bench) FindOpenCV(ctx context.Context, root string) (*OpenCV, error) {
	script := filepath.Join(root, "accuracy", "opencv.py")
	sum, err := digest(root, "accuracy/opencv.py")
	if err != nil {
		return nil, err
	}
	for _, python := range []string{"/usr/bin/python3", "python3"} { // Debian's own first: another may be on the path
		if exec.CommandContext(ctx, python, "-c", "import cv2").Run() == nil { //nolint:gosec // one of the two
			return &OpenCV{python: python, script: script, kept: b.drawn + "-opencv-" + sum}, nil
		}
	}
	return nil, ErrNoOpenCV
}

// Answer is what the script says of a photo: quads by recipe, the variance of the Laplacian and the mean saturation by what
// of the picture they are taken of.
type Answer struct {
	Quads  map[string]*[4]filing.Point `json:"quads"`
	Sharp  map[string]float64          `json:"sharp"`
	Colour map[string]float64          `json:"colour"`
}

// Ask has the script answer about photos that a Bench has drawn, in their order; done is called after each. Answers are
// kept.
func (o *OpenCV) Ask(ctx context.Context, b *Bench, photos []Photo, done func()) ([]Answer, error) {
	answers := make([]Answer, len(photos))
	var open []int
	for i := range photos {
		if load(o.path(&photos[i]), &answers[i]) == nil {
			done()
			continue
		}
		open = append(open, i)
	}
	if len(open) == 0 {
		return answers, nil
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	var paths strings.Builder
	for _, i := range open {
		fmt.Fprintln(&paths, b.FilePath(photos[i].Case))
	}
	cmd := exec.CommandContext(ctx, o.python, o.script) //nolint:gosec // a script of the project
	cmd.Stdin, cmd.Stderr = strings.NewReader(paths.String()), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	for _, i := range open {
		line, err := lines.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &answers[i])
		}
		if err == nil {
			err = keep(o.path(&photos[i]), &answers[i])
		}
		if err != nil {
			end()
			_ = cmd.Wait() // it was told to end
			return nil, fmt.Errorf("opencv.py on %s: %w", photos[i].Case.ID, err)
		}
		done()
	}
	if _, err := io.Copy(io.Discard, lines); err != nil {
		return nil, err
	}
	return answers, cmd.Wait()
}

func (o *OpenCV) path(p *Photo) string {
	return filepath.Join(o.kept, filepath.FromSlash(p.Case.ID)+".json")
}

// Timed returns the processor time of the plain recipe, one photo, on one thread.
func (o *OpenCV) Timed(ctx context.Context, paths []string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, o.python, o.script, "--time") //nolint:gosec // a script of the project
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n") + "\n")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("opencv.py --time: %w", err)
	}
	ms, err := strconv.ParseFloat(strings.TrimSpace(out.String()), 64)
	if err != nil {
		return 0, fmt.Errorf("opencv.py --time: %w", err)
	}
	return time.Duration(ms * float64(time.Millisecond)), nil
}

// Choice is what of OpenCV's answers does best on the tuning half.
type Choice struct {
	Quad          string
	Sharp, Colour Cut
}

// Cut is a threshold on one of the script's numbers: below it the defect is reported.
type Cut struct {
	Of        string
	Threshold float64
}

// Choose finds the recipe with the highest mean IoU, and the numbers and thresholds with the smallest sum of missed and
// false. The tuning half's photos are for it, and never those that it is judged by.
func Choose(photos []Photo, answers []Answer) Choice {
	best := Choice{}
	highest := -1.0
	for _, recipe := range slices.Sorted(keys(answers, func(a Answer) map[string]*[4]filing.Point { return a.Quads })) {
		var overlaps []float64
		for i := range photos {
			if quadGroup(&photos[i]) {
				overlaps = append(overlaps, answers[i].located(&photos[i], recipe))
			}
		}
		if m, _ := mean(overlaps); m > highest {
			best.Quad, highest = recipe, m
		}
	}
	best.Sharp = choose(photos, answers, "blurred", func(a Answer) map[string]float64 { return a.Sharp })
	best.Colour = choose(photos, answers, "grey copy", func(a Answer) map[string]float64 { return a.Colour })
	return best
}

func quadGroup(p *Photo) bool {
	return p.Case.Group == specimen.GroupOrdinary || p.Case.Group == specimen.GroupHard
}

// keys yields every key that a map of the answers has.
func keys[V any](answers []Answer, of func(Answer) map[string]V) func(func(string) bool) {
	seen := map[string]bool{}
	for _, a := range answers {
		for k := range of(a) {
			seen[k] = true
		}
	}
	return func(yield func(string) bool) {
		for k := range seen {
			if !yield(k) {
				return
			}
		}
	}
}

// choose finds the number and the threshold below which a defect is told best.
func choose(photos []Photo, answers []Answer, name string, of func(Answer) map[string]float64) Cut {
	type sample struct {
		value float64
		there bool
	}
	d := detectorNamed(name)
	best, least := Cut{}, math.Inf(1)
	for _, key := range slices.Sorted(keys(answers, of)) {
		var samples []sample
		there, not := 0, 0
		for i := range photos {
			is, _ := d.truth(&photos[i])
			if is == undecided {
				continue
			}
			samples = append(samples, sample{of(answers[i])[key], is == present})
			if is == present {
				there++
			} else {
				not++
			}
		}
		slices.SortStableFunc(samples, func(a, b sample) int { return cmp.Compare(a.value, b.value) })
		missed, alarms := there, 0 // with a threshold below all
		for i, s := range samples {
			if s.there {
				missed--
			} else {
				alarms++
			}
			if i+1 < len(samples) && samples[i+1].value == s.value {
				continue
			}
			cost := float64(missed)/float64(max(there, 1)) + float64(alarms)/float64(max(not, 1))
			if cost < least {
				best, least = Cut{key, math.Nextafter(s.value, math.Inf(1))}, cost
			}
		}
	}
	return best
}

func detectorNamed(name string) detector {
	for _, d := range detectors() {
		if d.name == name {
			return d
		}
	}
	panic("no detector " + name) // a mistake in this package
}

// located is the overlap of the script's quadrilateral with the true one, whatever corner it begins with.
func (a Answer) located(p *Photo, recipe string) float64 {
	q := a.Quads[recipe]
	best := 0.0
	if q == nil {
		return 0
	}
	if raster.Quad(*q).Area() < 0 {
		return 0
	}
	for _, truth := range p.Truth.Documents {
		best = math.Max(best, IoU(truth, *q))
	}
	return best
}

// Comparison is one line of the table: the same thing told by Preflight and by OpenCV.
type Comparison struct {
	Name       string
	Ours, Bare Bar
}

// Compare holds both against the truth of one set.
func Compare(photos []Photo, answers []Answer, choice Choice) []Comparison {
	var out []Comparison
	for _, part := range []struct {
		group specimen.Group
		from  float64
	}{{specimen.GroupOrdinary, 0.95}, {specimen.GroupHard, 0.90}} {
		var ours, bare []float64
		for i := range photos {
			if photos[i].Case.Group == part.group {
				ours, bare = append(ours, located(&photos[i])), append(bare, answers[i].located(&photos[i], choice.Quad))
			}
		}
		out = append(out,
			Comparison{"quad, " + string(part.group) + ": mean IoU", meanBar(ours), meanBar(bare)},
			Comparison{"quad, " + string(part.group) + ": share with IoU >= " + number(part.from), shareBar(ours, part.from), shareBar(bare, part.from)},
		)
	}
	for _, c := range []struct {
		name string
		cut  Cut
		of   func(Answer) map[string]float64
	}{
		{"blurred", choice.Sharp, func(a Answer) map[string]float64 { return a.Sharp }},
		{"grey copy", choice.Colour, func(a Answer) map[string]float64 { return a.Colour }},
	} {
		d := detectorNamed(c.name)
		ours := d.bars(photos)
		var missed, alarms counter
		for i := range photos {
			p := &photos[i]
			told := c.of(answers[i])[c.cut.Of] < c.cut.Threshold
			switch is, _ := d.truth(p); is {
			case present:
				missed.add(p, !told, 0)
			case absent:
				alarms.add(p, told, 0)
			}
		}
		out = append(out, Comparison{ours[0].Name, ours[0], missed.finish()}, Comparison{ours[1].Name, ours[1], alarms.finish()})
	}
	return out
}

func meanBar(values []float64) Bar {
	m, half := mean(values)
	return Bar{N: len(values), Mean: true, Value: m, Lower: m - half, Upper: min(m+half, 1), AtLeast: true}
}

func shareBar(values []float64, from float64) Bar {
	c := counter{bar: Bar{AtLeast: true}}
	none := &Photo{}
	for _, v := range values {
		c.add(none, v < from, 0)
	}
	return c.finish()
}

// ReportComparison prints the lines, and what was chosen for OpenCV.
func ReportComparison(w io.Writer, lines []Comparison, choice Choice) {
	show := func(b Bar) string {
		switch {
		case b.N == 0:
			return "no photo"
		case b.Mean:
			return fmt.Sprintf("%.4f", b.Value)
		}
		return percent(b.Value)
	}
	var rows [][]string
	for _, l := range lines {
		rows = append(rows, []string{l.Name, strconv.Itoa(l.Ours.N), show(l.Ours), show(l.Bare)})
	}
	table(w, []string{"", "photos", "Preflight", "OpenCV"}, rows)
	fmt.Fprintf(w, "OpenCV at its best on the tuning half: contours by the recipe \"%s\"; blurred where the variance of the Laplacian of the\n"+
		"picture (%s) is below %.4g; grey where the mean saturation of the picture (%s) is below %.4g.\n",
		choice.Quad, choice.Sharp.Of, choice.Sharp.Threshold, choice.Colour.Of, choice.Colour.Threshold)
}
