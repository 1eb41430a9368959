package templates

import "github.com/preflight-icp/preflight/filing"

// Revalidations is the list of passes, and the form for a new one.
type Revalidations struct {
	RuleSets  []RuleSet
	Provinces []Choice
	Passes    []Pass
}

// RuleSet is a set of rules to choose; Short is the beginning of its hash.
type RuleSet struct {
	Hash, Short, ReadOn string
	Active              bool
}

// Pass is one pass over the stored filings in a line.
type Pass struct {
	ID, Begun, By, State, Rules string
	DryRun                      bool
	Judged, Changed             int64
}

// Revalidation is a pass with what it changes: the diff for people.
type Revalidation struct {
	Pass
	AsOf, Failure string
	Province      filing.Text
	// Live: it runs; Resumable: it was stopped or has failed.
	Live, Resumable                                           bool
	Total, Seen, First, Restated, Files, Measured, Unreadable int64
	// CSV and JSONLines are where all changes are.
	CSV, JSONLines string
	Tables         []TallyTable
	// Filters say which changes are listed, empty means all; Next is the page after these.
	Filters []filing.Text
	Changes []Change
	Next    string
}

// TallyTable counts the filings that change by one aspect.
type TallyTable struct {
	ID        string
	Title, Of filing.Text
	Rows      []TallyRow
	Largest   int64
	// More is how many rows were left out.
	More int
}

// TallyRow is one line of a TallyTable; Link lists its filings.
type TallyRow struct {
	Name filing.Text
	Code string
	// Before and After are set where the row is about verdicts.
	Before, After filing.Verdict
	Filings       int64
	Examples      []string
	Link          string
}

// Change is one filing that changes.
type Change struct {
	Filing        string
	Province      filing.Text
	Before, After filing.Verdict
	Lines         []ChangeLine
	Files         []ChangeFile
}

// ChangeLine is an item that came or went.
type ChangeLine struct {
	Added          bool
	Kind, Name, Of filing.Text
	State          filing.MatchState
	Clauses        []string
}

// ChangeFile is a file whose findings changed.
type ChangeFile struct {
	Name           filing.Text
	Before, After  filing.Verdict
	Added, Removed []filing.Text
}
