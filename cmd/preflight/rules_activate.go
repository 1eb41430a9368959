package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"github.com/preflight-icp/preflight/pipeline"
)

type rulesActivateCommand struct {
	judgingFlags

	Set    string `arg:"" help:"A folder of rule data, or the hash of a loaded set."`
	DryRun bool   `help:"Say what it changes for the stored filings, and change nothing."`
	JSON   bool   `name:"json" help:"JSON on standard output."`
	Lang   string `help:"zh or en. Default: from the locale." enum:",zh,en" default:"" placeholder:"LANG"`
}

func (rulesActivateCommand) Example() string {
	return "  preflight rules activate ./my-rules --dry-run\n" +
		"  preflight rules activate ./my-rules       # services that have loaded it follow within seconds\n" +
		"  preflight rules activate sha256:0123...   # roll back\n" +
		"  preflight revalidate                      # then judge what is stored\n"
}

// Run puts a set in force, or says what that would change.
func (c *rulesActivateCommand) Run(ctx context.Context, std streams) (err error) {
	sets, hash, err := c.chosen(c.Set)
	if err != nil {
		return err
	}
	flow, done, err := c.open(ctx, std, sets, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	change, err := flow.ActivateRules(ctx, pipeline.Viewer{Name: "command line", All: true}, hash, c.DryRun)
	if errors.Is(err, pipeline.ErrNotFound) {
		return usageError("rules %s are not loaded: name their folder, or give it with --rule-sets", hash)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, map[string]any{"from": change.From, "to": change.To, "activated": change.Activated, "filings": change.Effect.Filings,
			"changed": change.Effect.Changed})
	}
	w := bufio.NewWriter(std.out)
	_, _ = fmt.Fprintf(w, "%s -> %s\n", change.From, change.To)
	if err := change.Effect.Write(w, languageOf(c.Lang, std)); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return flush(w)
}
