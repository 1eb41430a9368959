package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/rules/seed"
)

type rulesCommand struct {
	List     rulesListCommand     `cmd:"" help:"What is encoded: clauses and rules of each province."`
	Show     rulesShowCommand     `cmd:"" help:"Clauses in words: paraphrase, reading, conditions and what they yield."`
	Lint     rulesLintCommand     `cmd:"" help:"Refuse rule data that cannot be trusted, with file and line."`
	Test     rulesTestCommand     `cmd:"" help:"Run the cases beside the rules."`
	Diff     rulesDiffCommand     `cmd:"" help:"What changed from one set to another, for whom, and how many outcomes of a population change."`
	Activate rulesActivateCommand `cmd:"" help:"Put a set in force for every process on the same records, or roll back to an earlier one."`
	Coverage rulesCoverageCommand `cmd:"" help:"Every clause of the source documents, with the rule that encodes it or the reason why none does."`
}

// ruleSource is where rule data comes from.
type ruleSource struct {
	Rules string `help:"Folder of rule data in place of the embedded set." placeholder:"DIR" type:"existingdir"`
}

func (s ruleSource) folder() fs.FS {
	if s.Rules == "" {
		return rules.Embedded()
	}
	return os.DirFS(s.Rules)
}

// seedSource is where the two source documents are: they may not be part of the project.
type seedSource struct {
	Seeds string `help:"Folder of the two source documents." default:"../shared/seeds" env:"PREFLIGHT_SEEDS" placeholder:"DIR"`
}

// folder is nil where the documents are not at hand.
func (s seedSource) folder() fs.FS {
	if info, err := os.Stat(s.Seeds); err != nil || !info.IsDir() {
		return nil
	}
	return os.DirFS(s.Seeds)
}

type rulesListCommand struct {
	ruleSource
	JSON bool `name:"json" help:"JSON on standard output."`
}

func (rulesListCommand) Example() string { return "  preflight rules list\n" }

// Run prints a line for each province.
func (c *rulesListCommand) Run(std streams) error {
	set, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, map[string]any{"rules": set.Hash(), "sources_read_on": set.ReadOn(), "list": set.List()})
	}
	w := bufio.NewWriter(std.out)
	_, _ = fmt.Fprintf(w, "%s, sources read on %s\n", set.Hash(), set.ReadOn())
	for _, l := range set.List() {
		where := l.Province
		if where == "" {
			where = "--"
		}
		_, _ = fmt.Fprintf(w, "%-2s %-10s %3d clauses, %3d rules, %2d waived\n", where, l.Kind, l.Clauses, l.Rules, l.Waived)
	}
	return flush(w)
}

type rulesShowCommand struct {
	ruleSource
	Clause []string `arg:"" optional:"" help:"Clause ids or their beginnings, e.g. BJ, GD.enterprise.key; all without one."`
	Lang   string   `help:"zh or en. Default: from the locale." enum:",zh,en" default:"" placeholder:"LANG"`
}

func (rulesShowCommand) Example() string {
	return "  preflight rules show BJ.enterprise.key --lang zh\n"
}

// Run prints clauses in words, so that an official of the bureau can object.
func (c *rulesShowCommand) Run(std streams) error {
	set, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	prefixes := c.Clause
	if len(prefixes) == 0 {
		prefixes = []string{""}
	}
	var text bytes.Buffer
	for _, p := range prefixes {
		before := text.Len()
		if err := set.Show(&text, p, languageOf(c.Lang, std)); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		if text.Len() == before {
			return usageError("no clause begins with %q: see preflight rules list", p)
		}
	}
	if _, err := std.out.Write(text.Bytes()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

type rulesLintCommand struct {
	ruleSource
	seedSource
}

func (rulesLintCommand) Example() string {
	return "  preflight rules lint --rules rules/data --seeds ../shared/seeds\n"
}

// Run exits with 1 when the data is refused.
func (c *rulesLintCommand) Run(std streams) error {
	report := rules.Lint(c.ruleSource.folder(), c.seedSource.folder())
	w := bufio.NewWriter(std.out)
	for _, p := range report.Problems {
		_, _ = fmt.Fprintln(w, p.Error())
	}
	for _, s := range report.Skipped {
		_, _ = fmt.Fprintln(w, "skipped:", s)
	}
	_, _ = fmt.Fprintf(w, "%d problems\n", len(report.Problems))
	if err := flush(w); err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		return errFails
	}
	return nil
}

type rulesTestCommand struct {
	ruleSource
	Mutants  bool `help:"Also say which mistakes (one condition flipped or dropped) no case notices."`
	MinScore int  `help:"Share of the mutants that must be noticed, in percent." default:"95" placeholder:"PERCENT"`
}

func (rulesTestCommand) Example() string {
	return "  preflight rules test --rules rules/data --mutants\n"
}

// Run exits with 1 when a case does not hold, or too few mutants are noticed.
func (c *rulesTestCommand) Run(std streams) error {
	set, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(std.out)
	failed, results := 0, set.RunCases()
	for _, r := range results {
		if r.Problem != "" {
			failed++
			_, _ = fmt.Fprintf(w, "%s: %s: %s\n", r.Case.At, r.Clause, r.Problem)
		}
	}
	_, _ = fmt.Fprintf(w, "%d cases, %d failed\n", len(results), failed)
	weak := false
	if c.Mutants {
		var bar *progress
		report := set.Mutants(func(_, total int) {
			if bar == nil {
				bar = newProgress(std.err, total, "mutants")
			}
			bar.add()
		})
		if bar != nil {
			bar.finish()
		}
		for _, m := range report.Survivors {
			_, _ = fmt.Fprintln(w, "survives:", m)
		}
		_, _ = fmt.Fprintf(w, "%d mutants, %d noticed: %.1f %%\n", report.Total, report.Killed, 100*report.Score())
		weak = 100*report.Score() < float64(c.MinScore)
	}
	if err := flush(w); err != nil {
		return err
	}
	if failed > 0 || weak {
		return errFails
	}
	return nil
}

type rulesDiffCommand struct {
	A    string `arg:"" help:"Folder of rule data, or embedded."`
	B    string `arg:"" help:"Folder of rule data, or embedded."`
	Over string `help:"JSON lines of facts: how many of their outcomes change." placeholder:"FILE" type:"existingfile"`
	Lang string `help:"zh or en. Default: from the locale." enum:",zh,en" default:"" placeholder:"LANG"`
}

func (rulesDiffCommand) Example() string {
	return "  preflight rules diff embedded ./my-rules --over filings.jsonl\n"
}

// Run prints what changed; that something did is no failure.
func (c *rulesDiffCommand) Run(std streams) error {
	load := func(name string) (*rules.Set, error) {
		if name == "embedded" {
			name = ""
		}
		return loadRules(name)
	}
	a, err := load(c.A)
	if err != nil {
		return err
	}
	b, err := load(c.B)
	if err != nil {
		return err
	}
	d, lang := rules.Diff(a, b), languageOf(c.Lang, std)
	w := bufio.NewWriter(std.out)
	if err := d.Write(w, lang); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if c.Over != "" {
		population, err := os.Open(c.Over)
		if err != nil {
			return usageError("%w", err)
		}
		defer func() { _ = population.Close() }()
		var bad error
		effect := d.Measure(func(yield func(*filing.Facts) bool) {
			next := jsonLines(bufio.NewReaderSize(population, 1<<16))
			for t, more := next(); more; t, more = next() {
				facts, err := filing.ParseFacts(t.text)
				if err != nil {
					bad = usageError("%s: line %d: %w", c.Over, t.line, err)
					return
				}
				if !yield(facts) {
					return
				}
			}
		}, nil)
		if bad != nil {
			return bad
		}
		if err := effect.Write(w, lang); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return flush(w)
}

type rulesCoverageCommand struct {
	ruleSource
	seedSource
	All bool `help:"Print every clause, not only what is unmapped or waived."`
}

func (rulesCoverageCommand) Example() string {
	return "  preflight rules coverage --seeds ../shared/seeds --all\n"
}

// Run exits with 1 when a clause is unmapped.
func (c *rulesCoverageCommand) Run(std streams) error {
	folder := c.seedSource.folder()
	if folder == nil {
		return usageError("the source documents are not in %s: say where they are with --seeds", c.Seeds)
	}
	clauses, err := seed.Load(folder)
	if err != nil {
		return usageError("%w", err)
	}
	set, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(std.out)
	count := map[string]int{}
	for _, line := range set.Coverage(clauses) {
		count[line.State]++
		if c.All || line.State == rules.StateUnmapped || line.State == rules.StateWaived {
			_, _ = fmt.Fprintln(w, line)
		}
	}
	_, _ = fmt.Fprintf(w, "%d clauses: %d encoded, %d repeat others, %d waived with a reason, %d unmapped\n", len(clauses),
		count[rules.StateEncoded], count[rules.StateRepeats], count[rules.StateWaived], count[rules.StateUnmapped])
	if err := flush(w); err != nil {
		return err
	}
	if count[rules.StateUnmapped] > 0 {
		return errFails
	}
	return nil
}

func flush(w *bufio.Writer) error {
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// languageOf is that of the call, else that of the locale.
func languageOf(flag string, std streams) string {
	if flag != "" {
		return flag
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := std.env(name); v != "" {
			if strings.HasPrefix(v, "zh") {
				return "zh"
			}
			return "en"
		}
	}
	return "en"
}
