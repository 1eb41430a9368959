package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/pipeline"
)

type checkCommand struct {
	Files    []string `arg:"" optional:"" help:"Photos, folders (without .json, .yaml, .txt, .md, .csv, .log), and @lists (files with one path a line)."`
	Material string   `help:"What the photos show: a material of the vocabulary, e.g. principal_id." placeholder:"CODE"`
	Page     string   `help:"front or back." enum:",front,back" default:"" placeholder:"SIDE"`
	Of       string   `help:"Whom it belongs to, e.g. principal or domain:example.cn." placeholder:"WHOM"`
	Pair     []string `help:"The two sides of one document: both are checked, and then together. May be repeated." placeholder:"FRONT,BACK" sep:"none"`
	Parts    string   `help:"The files are stitched pictures, and this is what each must contain, e.g. id_card/front,id_card/back,business_license." placeholder:"KINDS"`
	AsOf     string   `help:"Date on which rules and terms are judged. Default: today in Asia/Shanghai." placeholder:"YYYY-MM-DD"`
	JSON     bool     `name:"json" help:"One JSON document on standard output."`
	Lang     string   `help:"zh or en. Default: from the locale." enum:",zh,en" default:"" placeholder:"LANG"`
	Strict   bool     `help:"Exit with 1 on review, too."`
	NoText   bool     `help:"Leave out what was read from the answer."`
	Overlay  string   `help:"Write the picture with what was measured drawn into it, as JPEG; of several photos into a folder." placeholder:"OUT.jpg"`

	measuringFlags `embed:""`
}

func (checkCommand) Example() string {
	return "  preflight check front.jpg --material principal_id --page front\n" +
		"  preflight check --material principal_id --pair front.jpg,back.jpg\n" +
		"  preflight check front.jpg --overlay seen.jpg\n" +
		"  preflight check both.jpg --parts id_card/front,id_card/back\n" +
		"  preflight check --json photos/ @more.txt > report.json\n"
}

// maxFile is the largest file that is loaded, as the service's body limit; of a larger one only size and format are told.
const maxFile = 32 << 20

// Run checks every file on all cores and prints the answers in the order of the call.
func (c *checkCommand) Run(ctx context.Context, std streams) error {
	if c.Material != "" && !checks.KnownMaterial(c.Material) {
		return usageError("--material %s: no such material; the codes are in docs/vocabulary.md", c.Material)
	}
	if c.Of != "" && !checks.KnownOf(c.Of) {
		return usageError("--of: want applicant, principal, site_manager, legal_representative, guardian, site:NAME, domain:NAME or domain_holder:NAME")
	}
	asOf := filing.Today(time.Now())
	if c.AsOf != "" {
		day, ok := filing.ParseDate(c.AsOf)
		if !ok {
			return usageError("--as-of: want a date like 2026-01-31")
		}
		asOf = day
	}
	paths, err := expand(c.Files)
	if err != nil {
		return usageError("%w", err)
	}
	pairs, err := splitPairs(c.Pair)
	if err != nil {
		return usageError("%w", err)
	}
	paths = pairs.with(paths)
	wanted, err := parseParts(c.Parts)
	if err != nil {
		return usageError("%w", err)
	}
	if len(paths) == 0 {
		return usageError("expected files, or --pair FRONT,BACK")
	}
	pictures, err := planOverlays(c.Overlay, paths)
	if err != nil {
		return err
	}
	set, err := loadRules("")
	if err != nil {
		return err
	}
	analyzer, err := c.analyzer()
	if err != nil {
		return err
	}
	defer func() { _ = analyzer.Close() }() // nothing is left to be written
	job := checkJob{
		analyzer: analyzer, unread: c.unread(), noText: c.NoText, asOf: asOf, limits: set.UploadLimits(asOf),
		declared: filing.Declared{Material: c.Material, Page: filing.Page(c.Page), Of: c.Of}, pages: pairs.pages(), overlays: pictures,
	}
	reports, failures := job.all(ctx, paths, newProgress(std.err, len(paths), "photos"))
	if err := ctx.Err(); err != nil {
		return &failure{exitInternal, errors.New("interrupted")}
	}
	answer := filing.CheckReport{Files: reports, Verdict: filing.VerdictPass}
	for i := range reports {
		if len(wanted) == 0 {
			break
		}
		parts, err := judgeParts(ctx, analyzer, &reports[i], wanted)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		answer.Composites = append(answer.Composites, *parts)
		answer.Verdict = answer.Verdict.Worse(parts.Verdict)
	}
	for _, r := range reports {
		answer.Verdict = answer.Verdict.Worse(r.Verdict)
	}
	answer.Pairs = pairs.judge(reports, c.Material)
	for _, p := range answer.Pairs {
		answer.Verdict = answer.Verdict.Worse(p.Verdict)
	}
	if c.JSON {
		if err := printJSON(std.out, answer); err != nil {
			return err
		}
	} else if err := printReports(std.out, answer, languageOf(c.Lang, std)); err != nil {
		return err
	}
	switch {
	case len(failures) > 0:
		return &failure{exitUsage, errors.Join(failures...)}
	case answer.Verdict == filing.VerdictFail, c.Strict && answer.Verdict == filing.VerdictReview:
		return errFails
	}
	return nil
}

// expand turns folders into the files below them, in order, and @lists into what they name. Names that begin with a dot
// are passed over in folders, and so are the lists and notes that people keep beside photos.
func expand(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		switch info, err := os.Stat(arg); {
		case strings.HasPrefix(arg, "@"):
			list, err := readList(arg[1:])
			if err != nil {
				return nil, err
			}
			more, err := expand(list)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		case err == nil && info.IsDir():
			below, err := filesBelow(arg)
			if err != nil {
				return nil, err
			}
			if len(below) == 0 {
				return nil, fmt.Errorf("folder %s: there is no file in it", arg)
			}
			out = append(out, below...)
		default:
			out = append(out, arg) // what cannot be read is said when it is its turn
		}
	}
	return out, nil
}

// filesBelow lists the files of a folder and of those in it, in order.
func filesBelow(folder string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") && path != folder {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.Type().IsRegular() && !slices.Contains(sidecars, strings.ToLower(filepath.Ext(path))) {
			out = append(out, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	return out, nil
}

// sidecars are endings of files that nobody takes for a photo.
var sidecars = []string{".json", ".yaml", ".yml", ".txt", ".md", ".csv", ".log"}

func readList(name string) ([]string, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	defer func() { _ = file.Close() }()
	var out []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "@") {
			return nil, fmt.Errorf("list %s: a list cannot name another list", name)
		}
		out = append(out, line)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("list %s: %w", name, err)
	}
	return out, nil
}

// checkJob is what all files of one call share.
type checkJob struct {
	analyzer *imaging.Analyzer
	// unread is how files are judged that are to be read and cannot be; noText leaves out what was read.
	unread   checks.ReadingState
	noText   bool
	asOf     filing.Date
	limits   filing.UploadLimits
	declared filing.Declared
	// pages are what files of a pair show, by path.
	pages    map[string]filing.Page
	overlays overlays
}

// all checks the files on all cores; answers and failures keep the order of the paths.
func (j checkJob) all(ctx context.Context, paths []string, bar *progress) ([]filing.FileReport, []error) {
	reports := make([]*filing.FileReport, len(paths))
	failed := make([]error, len(paths))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range paths {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			reports[i], failed[i] = j.one(ctx, i, path)
			bar.add()
			return nil
		})
	}
	_ = group.Wait() // only the context ends it, and the caller looks at that
	bar.finish()
	done := make([]filing.FileReport, 0, len(paths))
	for _, r := range reports {
		if r != nil {
			done = append(done, *r)
		}
	}
	return done, slices.DeleteFunc(failed, func(err error) bool { return err == nil })
}

// one checks the file of a number in the call. There is a report beside the error where only the overlay failed.
func (j checkJob) one(ctx context.Context, i int, path string) (*filing.FileReport, error) {
	start := time.Now()
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: no regular file", path)
	}
	declared := j.declared
	if page, ok := j.pages[path]; ok {
		declared.Page = page
	}
	in := checks.FileInput{Declared: declared, Name: path, Limits: j.limits, AsOf: j.asOf}
	var (
		measured filing.Measurements
		elapsed  time.Duration
		undrawn  error
		sum      = sha256.New()
	)
	if info.Size() > maxFile {
		head := make([]byte, imaging.RecognizeBytes)
		n, err := io.ReadFull(io.TeeReader(file, sum), head)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		size, err := io.Copy(sum, file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		measured = filing.Measurements{Analyzer: j.analyzer.Version(), Bytes: size + int64(n), Format: imaging.Recognize(head)}
		elapsed = time.Since(start)
	} else {
		data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		sum.Write(data)
		if measured, err = j.analyzer.Analyze(ctx, data); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if err := j.readFile(ctx, data, declared, &measured, &in); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		elapsed = time.Since(start) // drawing an overlay is no part of the check
		if err := j.overlays.draw(ctx, j.analyzer, i, data, measured); err != nil {
			undrawn = fmt.Errorf("%s: %w", path, err)
		}
	}
	r := pipeline.Judge(hex.EncodeToString(sum.Sum(nil)), measured, in)
	if r.File = path; j.noText {
		r.Text = nil
	}
	r.ElapsedMS = pipeline.Milliseconds(elapsed)
	return &r, undrawn
}

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

var verdictWords = map[filing.Verdict]filing.Text{
	filing.VerdictPass:   {ZH: "通过", EN: "pass"},
	filing.VerdictReview: {ZH: "需人工审核", EN: "review"},
	filing.VerdictFail:   {ZH: "不通过", EN: "fail"},
}

var severityMarks = map[filing.Severity]string{filing.SeverityError: "✗", filing.SeverityWarning: "!", filing.SeverityInfo: "i"}

func printFindings(w io.Writer, findings []filing.Finding, lang string) {
	for _, f := range findings {
		_, _ = fmt.Fprintf(w, "  %s %s [%s]\n    → %s\n", severityMarks[f.Severity], f.Message.In(lang), f.Code, f.Advice.In(lang))
	}
}

// printText prints what a file was recognized as and what stands in its fields, in the order of the catalogue's names.
func printText(w io.Writer, f *filing.FileReport, lang string) {
	if f.Kind == nil {
		return
	}
	_, _ = fmt.Fprintf(w, "  %s", checks.KindName(f.Kind.Detected).In(lang))
	if f.Kind.Page != "" {
		_, _ = fmt.Fprintf(w, " · %s", checks.PageName(f.Kind.Page).In(lang))
	}
	_, _ = fmt.Fprintf(w, " (%.0f %%)\n", 100*f.Kind.Confidence)
	for _, name := range filing.FieldNames() {
		if text := f.Text[name]; text != "" {
			_, _ = fmt.Fprintf(w, "    %s: %s\n", checks.FieldLabel(name).In(lang), text)
		}
	}
}

// printReports prints for people: a line for each file, below it what was found and what to do.
func printReports(out io.Writer, answer filing.CheckReport, lang string) error {
	w := bufio.NewWriter(out)
	for _, f := range answer.Files {
		size := ""
		if m := f.Measurements; m != nil && m.Width > 0 {
			size = fmt.Sprintf("  %s %dx%d", f.Format, m.Width, m.Height)
		}
		_, _ = fmt.Fprintf(w, "%s: %s%s\n", f.File, verdictWords[f.Verdict].In(lang), size)
		if line := seen(f.Measurements, lang); line != "" {
			_, _ = fmt.Fprintf(w, "  %s\n", line)
		}
		printText(w, &f, lang)
		printFindings(w, f.Findings, lang)
	}
	for _, p := range answer.Pairs {
		_, _ = fmt.Fprintf(w, "\n%s + %s: %s", p.Front, p.Back, verdictWords[p.Verdict].In(lang))
		if p.Basis != "" {
			_, _ = fmt.Fprintf(w, "  %s %.3f", filing.Text{ZH: "正反面比例", EN: "scale, front over back"}.In(lang), p.ScaleRatio)
		}
		_, _ = fmt.Fprintln(w)
		printFindings(w, p.Findings, lang)
	}
	for _, c := range answer.Composites {
		_, _ = fmt.Fprintf(w, "\n%s: %s  %s %d\n", c.File, verdictWords[c.Verdict].In(lang), filing.Text{ZH: "拼图内容", EN: "parts"}.In(lang), len(c.Parts))
		printFindings(w, c.Findings, lang)
	}
	if len(answer.Files) > 1 {
		_, _ = fmt.Fprintf(w, "\n%s: %s\n", filing.Text{ZH: "总体结论", EN: "Overall"}.In(lang), verdictWords[answer.Verdict].In(lang))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
