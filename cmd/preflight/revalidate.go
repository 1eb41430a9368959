package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
)

// judgingFlags are the settings of commands that judge what is stored, beside the service or without one.
type judgingFlags struct {
	storageFlags
	measuringFlags `embed:""`

	RuleSets []string `name:"rule-sets" help:"Folders of rule data to load besides, as the service does with --rules." env:"PREFLIGHT_RULES" placeholder:"DIR"`
	logFlags
}

// chosen loads the rules, that of a folder or hash among them; it returns the hash of that one, empty where none is named.
func (f *judgingFlags) chosen(name string) (sets []*rules.Set, hash string, err error) {
	folders := f.RuleSets
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		set, err := loadRules(name)
		if err != nil {
			return nil, "", err
		}
		folders, hash = append(slices.Clone(folders), name), set.Hash()
	} else if hash = name; name != "" && !strings.HasPrefix(name, "sha256:") {
		return nil, "", usageError("rules %s: no such folder, and no hash (sha256:...)", name)
	}
	sets, err = loadSets(folders)
	return sets, hash, err
}

// open opens the records and follows the rules in force; the store and the decoder only where files are measured. done
// closes it all.
func (f *judgingFlags) open(ctx context.Context, std streams, sets []*rules.Set, measure bool) (_ *pipeline.Pipeline, done func() error, err error) {
	var closers []func() error
	closeAll := func() error {
		var errs []error
		for _, c := range slices.Backward(closers) {
			errs = append(errs, c())
		}
		return errors.Join(errs...)
	}
	done = closeAll
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll())
		}
	}()
	store, database, err := f.urls()
	if err != nil {
		return nil, nil, err
	}
	log := quiet(f.logger(std))
	analyzer, err := f.analyzer()
	if err != nil {
		return nil, nil, err
	}
	closers = append(closers, analyzer.Close)
	parts := pipeline.Parts{
		Analyzer: analyzer.Version(), ReaderVersion: analyzer.ReaderVersion(), Unread: f.unread(), RuleSets: sets, Log: log,
	}
	if parts.Records, err = storage.OpenRecords(ctx, database, f.recordsOptions(log)); err != nil {
		return nil, nil, settingsError(err)
	}
	closers = append(closers, parts.Records.Close)
	if measure {
		if parts.Objects, err = storage.OpenObjects(ctx, store, f.objectsOptions()); err != nil {
			return nil, nil, settingsError(err)
		}
		closers = append(closers, parts.Objects.Close)
		parts.Measurer, parts.Renderer, parts.Reader = analyzer, analyzer, analyzer
	}
	flow, err := pipeline.New(pipeline.DefaultConfig(), parts)
	if err != nil {
		return nil, nil, err
	}
	closers = append(closers, func() error { flow.Close(); return nil })
	if err := flow.FollowRules(ctx); err != nil {
		return nil, nil, usageError("settings: %w", err)
	}
	return flow, done, nil
}

// settingsError says that a call is wrong where its URLs are.
func settingsError(err error) error {
	if errors.Is(err, storage.ErrURL) {
		return usageError("settings: %w", err)
	}
	return err
}

type revalidateCommand struct {
	judgingFlags

	Rules     string `help:"Judge by this set: a folder of rule data, or the hash of a loaded set. Default: the one in force." placeholder:"DIR"`
	AsOf      string `help:"Judge as of this day, e.g. to see what runs out until then. Default: the facts' own day, or today." placeholder:"DATE"`
	Province  string `help:"Only filings of this province." placeholder:"CODE"`
	State     string `help:"Only filings in this state." placeholder:"STATE"`
	Since     string `help:"Only filings opened on this day or later (a day of Asia/Shanghai, or a time)." placeholder:"DATE"`
	Remeasure bool   `help:"Measure files again that another version of the analyzer measured, and read those that another version of the reader, or none, has read."`
	DryRun    bool   `help:"Predict, change nothing."`
	Again     bool   `help:"Begin from the start, even where a pass like this one was stopped halfway."`
	Changes   string `help:"Write what changes to this file: CSV where its name ends in .csv, else JSON lines." placeholder:"FILE" type:"path"`
	JSON      bool   `name:"json" help:"JSON on standard output."`
	Lang      string `help:"zh or en. Default: from the locale." enum:",zh,en" default:"" placeholder:"LANG"`
}

func (revalidateCommand) Example() string {
	return "  preflight revalidate --rules ./my-rules --dry-run            # what would the new rules change?\n" +
		"  preflight revalidate --as-of 2026-12-31 --dry-run --changes expiring.csv\n" +
		"  preflight revalidate                                         # judge everything by the rules in force\n\n" +
		"Interrupted (Ctrl-C, kill, power), the same call goes on where it was.\n" +
		"Exit status: 0 done, 1 stopped before its end, 2 the call is wrong, 3 an internal failure.\n"
}

// Run makes a pass over the stored filings in this process.
func (c *revalidateCommand) Run(ctx context.Context, std streams) (err error) {
	q, err := c.request()
	if err != nil {
		return err
	}
	sets, hash, err := c.chosen(c.Rules)
	if err != nil {
		return err
	}
	q.Rules = hash
	flow, done, err := c.open(ctx, std, sets, c.Remeasure)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	pass, resumed, err := c.begin(ctx, flow, q)
	if err != nil {
		return err
	}
	if resumed {
		_, _ = fmt.Fprintf(std.err, "going on with revalidation %s at %d of %d\n", pass.ID, pass.Seen, pass.Total)
	}
	bar := newPassProgress(std.err, pass)
	pass, err = flow.RunRevalidation(ctx, pass.ID, bar.show)
	bar.finish()
	if errors.Is(err, pipeline.ErrConflict) {
		return &failure{exitFails, errors.New("another process works on this revalidation")}
	}
	if err != nil {
		return err
	}
	// What it has found is told in any case, in the moment that is left.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := c.writeChanges(ctx, flow, pass.ID); err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(std.out, pass)
	} else {
		err = printPass(std.out, pass, languageOf(c.Lang, std))
	}
	if err != nil {
		return err
	}
	if pass.State != storage.RevalidationDone {
		return &failure{exitFails, fmt.Errorf("stopped at %d of %d filings; the same call goes on from there", pass.Seen, pass.Total)}
	}
	return nil
}

func (c *revalidateCommand) request() (pipeline.RevalidationRequest, error) {
	q := pipeline.RevalidationRequest{Province: c.Province, State: c.State, Remeasure: c.Remeasure, DryRun: c.DryRun}
	if c.Remeasure && c.DryRun {
		return q, usageError("--remeasure measures and keeps what it measured, --dry-run keeps nothing: choose one")
	}
	if c.AsOf != "" {
		day, valid := filing.ParseDate(c.AsOf)
		if !valid {
			return q, usageError("--as-of %q: want a day, YYYY-MM-DD", c.AsOf)
		}
		q.AsOf = &day
	}
	if c.Since != "" {
		at, err := time.Parse(time.RFC3339, c.Since)
		if err != nil {
			at, err = time.Parse("2006-01-02Z07:00", c.Since+"+08:00")
		}
		if err != nil {
			return q, usageError("--since %q: want a day, YYYY-MM-DD, or a time, YYYY-MM-DDThh:mm:ssZ", c.Since)
		}
		q.Since = &at
	}
	return q, nil
}

// begin finds the pass that was interrupted, or requests a new one.
func (c *revalidateCommand) begin(ctx context.Context, flow *pipeline.Pipeline, q pipeline.RevalidationRequest) (*pipeline.Revalidation, bool, error) {
	who := pipeline.Viewer{Name: "command line", All: true}
	if !c.Again {
		pass, err := flow.InterruptedRevalidation(ctx, q)
		if err == nil || !errors.Is(err, pipeline.ErrNotFound) {
			return pass, true, err
		}
	}
	pass, err := flow.StartRevalidation(ctx, who, q)
	var request *pipeline.RequestError
	if errors.As(err, &request) {
		return nil, false, usageError("--%s: %s; one of %s", strings.ReplaceAll(request.Field, "_", "-"), request.Problem.EN, strings.Join(request.Allowed, ", "))
	}
	return pass, false, err
}

func (c *revalidateCommand) writeChanges(ctx context.Context, flow *pipeline.Pipeline, id string) (err error) {
	if c.Changes == "" {
		return nil
	}
	file, err := os.OpenFile(c.Changes, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return usageError("--changes: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	changes := flow.EachRevalidationChange(ctx, id, pipeline.ChangeFilter{})
	if filepath.Ext(c.Changes) == ".csv" {
		return pipeline.WriteChangesCSV(file, changes)
	}
	return pipeline.WriteChangesJSONLines(file, changes)
}

// printPass is the diff for people: how many filings change, by verdict, province, clause and material, with examples.
func printPass(out io.Writer, v *pipeline.Revalidation, lang string) error {
	w := bufio.NewWriter(out)
	say := func(zh, en string, args ...any) { _, _ = fmt.Fprintf(w, filing.Text{ZH: zh, EN: en}.In(lang), args...) }
	if v.DryRun {
		say("试运行，未作任何修改。\n", "Dry run: nothing was changed.\n")
	}
	say("规则集 %s\n", "Rules %s\n", v.Rules)
	if v.AsOf != "" {
		say("日期 %s\n", "As of %s\n", v.AsOf)
	}
	say("已审核 %d 件备案，变化 %d 件（首次审核 %d 件，仅依据变化 %d 件，文件结论变化 %d 个，重新测量 %d 个）\n",
		"%d filings judged, %d change (%d judged for the first time, %d only restated, %d files judged otherwise, %d measured again)\n",
		v.Judged, v.Changed, v.First, v.Restated, v.Files, v.Measured)
	if v.Unreadable > 0 {
		say("%d 件备案的信息无法读取，已跳过，见日志\n", "%d filings were passed by, since their facts cannot be read: see the log\n", v.Unreadable)
	}
	table := func(zh, en string, list []pipeline.Tally) {
		if len(list) == 0 {
			return
		}
		say("\n"+zh+"\n", "\n"+en+"\n")
		const most = 40
		for i, t := range list {
			if i == most {
				say("  ……还有 %d 项\n", "  ... and %d more\n", len(list)-most)
				break
			}
			_, _ = fmt.Fprintf(w, "  %-36s %9d  %s\n", strings.ReplaceAll(t.Name, ">", " → "), t.Filings, strings.Join(t.Examples, " "))
		}
	}
	table("结论（件数，举例）", "Verdicts (filings, examples)", v.Verdicts)
	table("省份", "Provinces", v.Provinces)
	table("条款", "Clauses", v.Clauses)
	table("资料", "Materials", v.Materials)
	return flush(w)
}

// passProgress shows how far a pass has come: a bar on a terminal, a plain line every few seconds elsewhere.
type passProgress struct {
	bar    *progressbar.ProgressBar
	plain  io.Writer
	start  time.Time
	from   int64
	latest time.Time
}

func newPassProgress(w io.Writer, pass *pipeline.Revalidation) *passProgress {
	now := time.Now()
	p := &passProgress{start: now, latest: now, from: pass.Seen}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions64(pass.Total,
			progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("filings"),
			progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
		_ = p.bar.Set64(pass.Seen)
		return p
	}
	p.plain = w
	return p
}

func (p *passProgress) show(v *pipeline.Revalidation) {
	if p.bar != nil {
		p.bar.Describe(fmt.Sprintf("%d changed", v.Changed))
		_ = p.bar.Set64(min(v.Seen, v.Total)) // a terminal that is gone must not end the pass
		return
	}
	if time.Since(p.latest) < plainEvery {
		return
	}
	p.latest = time.Now()
	rate := float64(v.Seen-p.from) / time.Since(p.start).Seconds()
	left := "?"
	if rate > 0 {
		left = (time.Duration(float64(v.Total-v.Seen)/rate) * time.Second).String()
	}
	_, _ = fmt.Fprintf(p.plain, "%d of %d filings, %.0f/s, %s left, %d changed\n", v.Seen, v.Total, rate, left, v.Changed)
}

func (p *passProgress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
