// Command cmd runs the accuracy harness: it draws the labelled sets, measures and judges every photo, and prints each set's
// tables apart. make accuracy calls it.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/preflight-icp/preflight/accuracy"
	"github.com/preflight-icp/preflight/specimen"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

type options struct {
	half, group, show, labelled    string
	limit, every                   int
	open, worst, write, time, draw bool
	reading, readable, tesseract   bool
}

const usage = `accuracy draws the labelled sets, measures and judges every photo, and prints each set's tables.

Without flags: the halves tune and test, and docs/accuracy.md is written. The test half is closed: it runs with -open, which
is recorded, or where the code that measures and judges is that of an opening that is recorded already. Test halves that were
opened and failed are burnt and stay, for tuning, as test-1 and test-2: a fresh one is listed before anything is claimed again.
prints is for tuning, too; grounds, on photographs, and pasted, flat pictures that no camera took, are for looking at: no model is fitted to any. Models are fitted to lots.

`

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	var o options
	flags := flag.NewFlagSet("accuracy", flag.ContinueOnError)
	flags.StringVar(&o.half, "half", "both", halfNames+", or both (tune and test)")
	flags.StringVar(&o.group, "group", "", "only photos of this group, such as blur")
	flags.IntVar(&o.limit, "limit", 0, "at most so many photos of each group")
	flags.IntVar(&o.every, "every", 1, "only every so many photos")
	flags.BoolVar(&o.draw, "draw", false, "draw the photos and look at none of them; of the test half, too")
	flags.StringVar(&o.labelled, "labelled", "", "folder of the drawn photos, for several copies of the project to share (default build/labelled)")
	flags.BoolVar(&o.reading, "reading", false, "read the photos and print how right that is, in the place of what the eyes measure")
	flags.BoolVar(&o.readable, "readable", false, "with -reading: only photos that can be read, a third of them")
	flags.BoolVar(&o.tesseract, "tesseract", true, "with -reading: read the readable photos with Debian's tesseract, too")
	flags.BoolVar(&o.open, "open", false, "open the test half, which is recorded in docs/accuracy.md")
	flags.BoolVar(&o.worst, "worst", false, "name the photos that stand for the errors of each bar")
	flags.StringVar(&o.show, "show", "", "draw what was measured of one photo, such as tune/blur/0042, into build/accuracy/show")
	flags.BoolVar(&o.write, "write", true, "write the tables of whole halves into docs/accuracy.md")
	flags.BoolVar(&o.time, "time", true, "compare the time on photos of 12 megapixels with OpenCV's")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	root, err := projectRoot()
	if err != nil {
		return err
	}
	bench, err := accuracy.NewBench(root, o.labelled)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bench.Close()) }()
	s := session{options: o, closed: closedHalf, root: root, bench: bench, out: out, page: filepath.Join(root, "docs", "accuracy.md")}
	if o.show != "" {
		return s.showOne(ctx)
	}
	halves, err := s.asked()
	if err != nil {
		return err
	}
	return s.halves(ctx, halves...)
}

// halfNames are those that a call may give beside both.
const halfNames = "tune, prints, lots, grounds, pasted, test-1, test-2, test"

// asked is the sets that the call names. Of both, a test half that there is not is said and left out.
func (s *session) asked() ([]specimen.Half, error) {
	switch {
	case s.half == "both" && s.closed == "":
		fmt.Fprintln(s.out, errNoHalf)
		return []specimen.Half{specimen.Tune}, nil
	case s.half == "both":
		return []specimen.Half{specimen.Tune, s.closed}, nil
	case s.half == "test" && s.closed == "":
		return nil, errNoHalf
	}
	for _, half := range specimen.Halves() {
		if s.half == nameOf(half) {
			return []specimen.Half{half}, nil
		}
	}
	return nil, fmt.Errorf("-half is %q: "+halfNames+" or both", s.half)
}

// closedHalf is the test half that is closed until thresholds are frozen; none while all that were drawn were opened.
const closedHalf = specimen.Test3

// errNoHalf: what was opened and failed proves nothing any more.
var errNoHalf = errors.New("there is no closed test half at present: those that were drawn were opened")

// nameOf is what a set is called here and on the page: whichever half is closed is the test half, and those that were opened have numbers.
// Photos keep the names that they were drawn under.
func nameOf(half specimen.Half) string {
	switch half {
	case specimen.Test:
		return "test-1"
	case specimen.Test2:
		return "test-2"
	case closedHalf:
		return "test"
	}
	return string(half)
}

// projectRoot is the folder with go.mod at or above the working directory.
func projectRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("not inside the project: there is no go.mod")
		}
	}
	return "", err
}

// opening reports whether the page holds for good what the opening of a half showed: later runs on it are tuning.
func opening(half specimen.Half) bool { return half == specimen.Test || half == specimen.Test2 }

// session is one call.
type session struct {
	options
	// closed is the half that may not be looked at by chance.
	closed     specimen.Half
	root, page string
	bench      *accuracy.Bench
	out        io.Writer
}

// cases are those that the call asks for, and whether they are the whole half.
func (s *session) cases(half specimen.Half) (chosen []specimen.Case, whole bool) {
	taken := map[specimen.Group]int{}
	all := accuracy.Cases(half)
	for i, c := range all {
		if s.group != "" && string(c.Group) != s.group || s.every > 1 && i%s.every != 0 || s.limit > 0 && taken[c.Group] >= s.limit {
			continue
		}
		taken[c.Group]++
		chosen = append(chosen, c)
	}
	return chosen, len(chosen) == len(all)
}

// halves runs sets one after the other; they are never put together.
func (s *session) halves(ctx context.Context, halves ...specimen.Half) error {
	if s.draw {
		return s.drawOnly(ctx, halves)
	}
	if s.reading {
		return s.readings(ctx, halves)
	}
	opencv, err := s.bench.FindOpenCV(ctx, s.root)
	if err != nil && !errors.Is(err, accuracy.ErrNoOpenCV) {
		return err
	}
	if opencv == nil {
		fmt.Fprintf(s.out, "The comparison with OpenCV is skipped: %v.\n\n", accuracy.ErrNoOpenCV)
	}
	var choice *accuracy.Choice
	return s.each(ctx, halves, func(half specimen.Half) error { return s.one(ctx, half, opencv, &choice) })
}

// each looks at one half after the other. Of both, a test half that is still closed is said and left out.
func (s *session) each(ctx context.Context, halves []specimen.Half, look func(specimen.Half) error) error {
	for _, half := range halves {
		switch err := s.mayLook(ctx, half); {
		case errors.Is(err, errClosed) && len(halves) > 1:
			fmt.Fprintln(s.out, err)
			return nil
		case err != nil:
			return err
		}
		if err := look(half); err != nil {
			return err
		}
	}
	return nil
}

// mayLook refuses to look at the test half before it may be opened.
func (s *session) mayLook(ctx context.Context, half specimen.Half) error {
	if half != s.closed {
		return nil
	}
	known, err := s.opened()
	switch {
	case err != nil || known:
		return err
	case !s.open:
		return errClosed
	}
	return s.frozen(ctx)
}

func (s *session) drawOnly(ctx context.Context, halves []specimen.Half) error {
	for _, half := range halves {
		cases, _ := s.cases(half)
		if err := s.bench.Draw(ctx, cases, progress(nameOf(half)+": drawn", len(cases))); err != nil {
			return err
		}
	}
	return nil
}

// one runs a half and prints it. choice is what was chosen for OpenCV on the tuning half.
func (s *session) one(ctx context.Context, half specimen.Half, opencv *accuracy.OpenCV, choice **accuracy.Choice) error {
	cases, whole := s.cases(half)
	if len(cases) == 0 {
		return fmt.Errorf("no photo of the %s half is asked for", nameOf(half))
	}
	photos, err := s.photos(ctx, nameOf(half), cases)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "Analyzer %s. ", s.bench.Analyzer())
	accuracy.Report(&text, photos)
	if opencv != nil {
		if err := s.compare(ctx, &text, half, photos, opencv, choice); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.out, "# %s half\n\n%s\n", nameOf(half), text.Bytes())
	if s.worst {
		accuracy.Worst(s.out, photos)
	}
	if !whole || !s.write || opening(half) || half == specimen.Lots { // how right models are on what they are fitted to proves nothing
		return nil
	}
	if half == s.closed {
		if err := s.record(ctx, photos); err != nil {
			return err
		}
	}
	return accuracy.Replace(s.page, nameOf(half)+" half", "\n"+text.String())
}

func (s *session) photos(ctx context.Context, what string, cases []specimen.Case) ([]accuracy.Photo, error) {
	return s.bench.Run(ctx, cases, progress(what+": drawn and measured", len(cases)))
}

// compare prints OpenCV's answers beside ours; what is best for it is chosen on the tuning half, the whole of what the call
// asks of it.
func (s *session) compare(ctx context.Context, w io.Writer, half specimen.Half, photos []accuracy.Photo, opencv *accuracy.OpenCV, choice **accuracy.Choice) error {
	answers, err := opencv.Ask(ctx, s.bench, photos, progress(nameOf(half)+": asked OpenCV", len(photos)))
	if err != nil {
		return err
	}
	if half == specimen.Tune {
		c := accuracy.Choose(photos, answers)
		*choice = &c
	}
	if *choice == nil {
		cases, _ := s.cases(specimen.Tune)
		tune, err := s.photos(ctx, "tune", cases)
		if err != nil {
			return err
		}
		tuneAnswers, err := opencv.Ask(ctx, s.bench, tune, progress("tune: asked OpenCV", len(tune)))
		if err != nil {
			return err
		}
		c := accuracy.Choose(tune, tuneAnswers)
		*choice = &c
	}
	fmt.Fprint(w, "What a user would write instead (accuracy/opencv.py), on the same photos:\n\n")
	accuracy.ReportComparison(w, accuracy.Compare(photos, answers, **choice), **choice)
	if s.time {
		return s.timed(ctx, w, photos, opencv)
	}
	return nil
}

const (
	large       = 11_500_000 // pixels of a photo of 12 megapixels
	timedPhotos = 5
	timedRounds = 3
)

func (s *session) timed(ctx context.Context, w io.Writer, photos []accuracy.Photo, opencv *accuracy.OpenCV) error {
	var paths []string
	for i := range photos {
		if t := photos[i].Truth; t.Width*t.Height >= large && len(paths) < timedPhotos {
			paths = append(paths, s.bench.FilePath(photos[i].Case))
		}
	}
	if len(paths) == 0 {
		return nil
	}
	ours, err := s.bench.Timed(ctx, paths, timedRounds)
	if err != nil {
		return err
	}
	theirs, err := opencv.Timed(ctx, paths)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nProcessor time of a photo of 12 megapixels, on one thread, in the mean of %d photos: Preflight, which measures everything,\n"+
		"%d ms; OpenCV, which finds a quadrilateral, a variance and a mean, %d ms.\n", len(paths), ours.Milliseconds(), theirs.Milliseconds())
	return nil
}

func (s *session) showOne(ctx context.Context) error {
	part, _, _ := strings.Cut(s.show, "/")
	half := specimen.Half(part)
	if !slices.Contains(specimen.Halves(), half) {
		return fmt.Errorf("there is no photo %q: ids are like tune/blur/0042", s.show)
	}
	if half == s.closed {
		if known, err := s.opened(); !known || err != nil {
			return errors.Join(errClosed, err)
		}
	}
	for _, c := range accuracy.Cases(half) {
		if c.ID != s.show {
			continue
		}
		photos, err := s.bench.Run(ctx, []specimen.Case{c}, func() {})
		if err != nil {
			return err
		}
		p := &photos[0]
		picture, err := s.bench.Show(ctx, p)
		if err != nil {
			return err
		}
		to := filepath.Join(s.root, "build", "accuracy", "show", strings.ReplaceAll(c.ID, "/", "-")+".jpg")
		if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(to, picture, 0o600); err != nil {
			return err
		}
		accuracy.Describe(s.out, p)
		fmt.Fprintf(s.out, "the photo: %s\nthe overlay, with the true corners in dashes: %s\n", s.bench.FilePath(c), to)
		return nil
	}
	return fmt.Errorf("there is no photo %q: ids are like tune/blur/0042", s.show)
}

// errClosed: who looks at the test half before the thresholds are frozen tunes on it.
var errClosed = errors.New("the test half is closed for this code: freeze the thresholds, commit, and give -half test -open, which is recorded")

// openings is the name of the table of openings in docs/accuracy.md.
const openings = "openings"

// opened reports whether the test half that is closed was opened with this very code before: to look again costs nothing. Openings
// of halves before it count for nothing.
func (s *session) opened() (bool, error) {
	data, err := os.ReadFile(s.page)
	if err != nil {
		return false, err
	}
	for line := range bytes.Lines(data) {
		if bytes.HasPrefix(line, []byte("| `"+s.closed+"` |")) && bytes.Contains(line, []byte("`"+s.bench.Eyes+"`")) {
			return true, nil
		}
	}
	return false, nil
}

// frozen refuses to open the test half for code that is not committed.
func (s *session) frozen(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "git", "status", "--porcelain", "--", "imaging", "checks", "filing", "models", "specimen")
	cmd.Dir = s.root
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("git status: %w", err)
	}
	if len(out) > 0 {
		return errors.New("commit first: an opening is recorded with the commit whose thresholds it judges")
	}
	return nil
}

// record notes the opening of the test half.
func (s *session) record(ctx context.Context, photos []accuracy.Photo) error {
	if known, err := s.opened(); known || err != nil {
		return err
	}
	head := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD")
	head.Dir = s.root
	commit, err := head.Output()
	if err != nil {
		return fmt.Errorf("git rev-parse: %w", err)
	}
	data, err := os.ReadFile(s.page)
	if err != nil {
		return err
	}
	met, goals := accuracy.Standing(photos)
	_, rest, _ := strings.Cut(string(data), "<!-- "+openings+" -->\n")
	table, _, _ := strings.Cut(rest, "<!-- end of "+openings+" -->\n")
	table += fmt.Sprintf("| `%s` | %s | `%s` | `%s` | %d | %d of %d |\n", s.closed, time.Now().UTC().Format(time.DateOnly), bytes.TrimSpace(commit), s.bench.Eyes,
		len(photos), met, goals)
	return accuracy.Replace(s.page, openings, table)
}

// progress says now and then how far the work is.
func progress(what string, n int) func() {
	var done atomic.Int64
	var last atomic.Int64
	start := time.Now()
	last.Store(start.UnixNano())
	return func() {
		k := done.Add(1)
		before, now := last.Load(), time.Now()
		if (now.UnixNano()-before < int64(10*time.Second) && k != int64(n)) || !last.CompareAndSwap(before, now.UnixNano()) {
			return
		}
		fmt.Fprintf(os.Stderr, "%s %d of %d, %s\n", what, k, n, now.Sub(start).Round(time.Second))
	}
}
