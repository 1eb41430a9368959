package pipeline

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
)

// EachRevalidationChange gives every change of a pass that the filter takes, in the order of the filings' ids; it reads
// them page by page. An error ends it.
func (p *Pipeline) EachRevalidationChange(ctx context.Context, id string, filter ChangeFilter) iter.Seq2[RevalidationChange, error] {
	return func(yield func(RevalidationChange, error) bool) {
		const page = 500
		after := ""
		for {
			list, next, err := p.RevalidationChanges(ctx, id, filter, after, page)
			if err != nil {
				yield(RevalidationChange{}, err)
				return
			}
			for i := range list {
				if !yield(list[i], nil) {
					return
				}
			}
			if after = next; after == "" {
				return
			}
		}
	}
}

// WriteChangesJSONLines prints changes as JSON, one a line.
func WriteChangesJSONLines(w io.Writer, changes iter.Seq2[RevalidationChange, error]) error {
	buffered := bufio.NewWriter(w)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	for c, err := range changes {
		if err != nil {
			return err
		}
		if err := encoder.Encode(&c); err != nil {
			return fmt.Errorf("print changes: %w", err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("print changes: %w", err)
	}
	return nil
}

// WriteChangesCSV prints changes as a table with a line for each item that came or went and for each file whose findings
// changed; a filing of which nothing but the verdict changed has one line.
func WriteChangesCSV(w io.Writer, changes iter.Seq2[RevalidationChange, error]) error {
	table := csv.NewWriter(w)
	// What csv.Writer cannot write it keeps for Error.
	_ = table.Write([]string{"filing", "province", "before", "after", "change", "kind", "code", "of", "state", "clauses"})
	for c, err := range changes {
		if err != nil {
			return err
		}
		lines := 0
		line := func(change, kind, code, of, state, clauses string) {
			lines++
			_ = table.Write([]string{c.Filing, c.Province, string(c.Before), string(c.After), change, kind, code, of, state, clauses})
		}
		for _, i := range c.Added {
			line("added", string(i.Kind), i.Code, i.Of, cmp.Or(string(i.State), i.Finding), strings.Join(i.Clauses, " "))
		}
		for _, i := range c.Removed {
			line("removed", string(i.Kind), i.Code, i.Of, cmp.Or(string(i.State), i.Finding), strings.Join(i.Clauses, " "))
		}
		for _, f := range c.Files {
			for _, code := range f.Added {
				line("added", "finding", code, f.Material, string(f.After), "")
			}
			for _, code := range f.Removed {
				line("removed", "finding", code, f.Material, string(f.After), "")
			}
		}
		if lines == 0 {
			line("", "", "", "", "", "")
		}
	}
	table.Flush()
	if err := table.Error(); err != nil {
		return fmt.Errorf("print changes: %w", err)
	}
	return nil
}
