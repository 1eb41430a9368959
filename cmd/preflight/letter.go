package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/templates/letters"
)

type letterCommand struct {
	Name  string `arg:"" optional:"" help:"The letter, by its material in the vocabulary; without a name they are listed."`
	Facts string `help:"File of facts, YAML or JSON; - is standard input. Without facts every place is a line to write on." placeholder:"FILE"`
	Of    string `help:"One sheet alone, of a letter that there is one of for each site or domain." placeholder:"domain:NAME|site:NAME"`
	Out   string `help:"Write the page here; open it in a browser and print it, on paper or as PDF. Default: standard output." placeholder:"FILE.html"`
	Lang  string `help:"zh or en, of the words around the letter; letters are in Chinese. Default: from the locale." enum:",zh,en" default:"" placeholder:"LANG"`
}

func (letterCommand) Example() string {
	return "  preflight letter\n" +
		"  preflight letter principal_authorization --facts filing.yaml --out letter.html\n"
}

// maxFacts is the most that facts of one filing take.
const maxFacts = 4 << 20

// Run writes a letter, or lists the letters.
func (c *letterCommand) Run(_ context.Context, std streams) error {
	lang := languageOf(c.Lang, std)
	if c.Name == "" {
		for _, l := range letters.All() {
			if _, err := fmt.Fprintf(std.out, "%-30s %s\n%-30s %s\n", l.Material, l.Title.In(lang), "", l.Use.In(lang)); err != nil {
				return fmt.Errorf("print: %w", err)
			}
		}
		return nil
	}
	facts := &filing.Facts{}
	if c.Facts != "" {
		text, err := c.read(std.in)
		if err != nil {
			return err
		}
		if facts, err = filing.ParseFactsYAML(text); err != nil { // JSON is YAML
			return &failure{exitUsage, fmt.Errorf("facts: %w", err)}
		}
	}
	var page bytes.Buffer
	if err := letters.Render(&page, c.Name, facts, c.Of, lang); err != nil {
		if errors.Is(err, letters.ErrUnknown) {
			var names []string
			for _, l := range letters.All() {
				names = append(names, l.Material)
			}
			slices.Sort(names)
			return usageError("%w; there are %v", err, names)
		}
		return err
	}
	if c.Out == "" {
		if _, err := std.out.Write(page.Bytes()); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		return nil
	}
	if err := os.WriteFile(c.Out, page.Bytes(), 0o600); err != nil { // it may name the applicant
		return usageError("--out: %w", err)
	}
	return nil
}

func (c *letterCommand) read(stdin io.Reader) ([]byte, error) {
	in := stdin
	if c.Facts != "-" {
		f, err := os.Open(c.Facts)
		if err != nil {
			return nil, usageError("--facts: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxFacts+1))
	if err != nil {
		return nil, usageError("--facts: %w", err)
	}
	if len(text) > maxFacts {
		return nil, usageError("--facts: more than %d bytes", maxFacts)
	}
	return text, nil
}
