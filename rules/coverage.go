package rules

import (
	"fmt"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules/seed"
)

// Coverage says how one clause of the sources is encoded.
type Coverage struct {
	Clause string
	// File and Line say where the clause stands in the sources.
	File string
	Line int
	// State is encoded, repeats, waived or unmapped.
	State string
	// By names the rules that encode the clause (file:line), or the clauses that it repeats.
	By []string
	// Reason says why nothing encodes a waived clause.
	Reason filing.Text
}

// States of a clause in Coverage.
const (
	StateEncoded  = "encoded"
	StateRepeats  = "repeats"
	StateWaived   = "waived"
	StateUnmapped = "unmapped"
)

// Coverage maps every clause of the sources, in the order of print.
func (s *Set) Coverage(sources []seed.Clause) []Coverage {
	list := make([]Coverage, 0, len(sources))
	for _, src := range sources {
		c := Coverage{Clause: src.ID, File: src.File, Line: src.Line, State: StateUnmapped}
		if clause := s.byID[src.ID]; clause != nil {
			switch {
			case len(clause.Rules) > 0:
				c.State = StateEncoded
				for _, r := range clause.Rules {
					if at := r.At.String(); len(c.By) == 0 || c.By[len(c.By)-1] != at {
						c.By = append(c.By, at)
					}
				}
			case len(clause.Repeats) > 0:
				c.State, c.By = StateRepeats, clause.Repeats
			default:
				c.State, c.Reason = StateWaived, clause.Waived
			}
		}
		list = append(list, c)
	}
	return list
}

// String prints the line that `rules coverage` prints.
func (c Coverage) String() string {
	switch c.State {
	case StateWaived:
		return fmt.Sprintf("%-28s %-8s %s", c.Clause, c.State, c.Reason.EN)
	case StateUnmapped:
		return fmt.Sprintf("%-28s %-8s %s:%d", c.Clause, c.State, c.File, c.Line)
	}
	return fmt.Sprintf("%-28s %-8s %v", c.Clause, c.State, c.By)
}
