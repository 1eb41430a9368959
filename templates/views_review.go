package templates

import (
	"time"

	"github.com/preflight-icp/preflight/filing"
)

// Queue is the reviewers' queue (审核队列).
type Queue struct {
	Items []QueueRow
	// States are the tabs with their counts; the other lists are filters, each with its choice marked.
	States, Provinces, Verdicts, Claims []Filter
	// Hidden are the filters as form fields, for the search for words, which never stands in a URL.
	Hidden []Field
	Words  string
	// Next is the query of the next page; empty on the last. NextCursor continues a search for words.
	Next, NextCursor string
	// Empty says that none waits.
	Empty bool
}

// Filter is a choice of a filter: a link where it narrows, marked where it holds.
type Filter struct {
	Value string
	Name  filing.Text
	Query string
	On    bool
	Count int
}

// Field is a field of a form.
type Field struct{ Name, Value string }

// QueueRow is a filing of the queue.
type QueueRow struct {
	ID, State   string
	Province    filing.Text
	Applicant   string
	Kind        filing.Text
	Verdict     filing.Verdict
	Waiting     filing.Text
	SubmittedAt time.Time
	ClaimedBy   string
	Mine        bool
	DecidedBy   string
}

// Review is a filing as its reviewer sees it (审核页).
type Review struct {
	ID        string
	Report    *filing.Report
	State     string
	Province  filing.Text
	Applicant string
	Stand     string
	Waiting   filing.Text
	// Mine: the visitor has claimed it; Others: another has. Waits: it can be claimed and decided on.
	Mine, Waits bool
	Others      string
	Slots       []ReviewSlot
	// Loose are files that stand for nothing that is required.
	Loose   []ReviewFile
	Blocked []Item
	Notices []Item
	Facts   []Item
	History []ReviewLine
	// Problem is what went wrong with the last decision.
	Problem *Failure
}

// ReviewSlot is a requirement on the checklist.
type ReviewSlot struct {
	Names       []filing.Text
	Of          filing.Text
	State       filing.MatchState
	Explanation filing.Text
	Clauses     []ClauseView
	Findings    []ReasonView
	Files       []ReviewFile
}

// ClauseView is a clause with our paraphrase of it.
type ClauseView struct {
	ID   string
	Text filing.Text
}

// ReasonView is a finding that a filing can be given back for.
type ReasonView struct {
	filing.Finding
	// Value is the reason as the form sends it.
	Value string
	// CanOverrule: it is a file's, and it counts.
	CanOverrule bool
	// Filing is the filing that the form is about.
	Filing string
}

// ReviewFile is a file with its picture and findings.
type ReviewFile struct {
	*filing.MaterialReport
	Label    filing.Text
	Findings []ReasonView
	// Rectified: the document was located, so that it can be shown by itself.
	Rectified bool
	// LongMM is how long the document's longer side is, in millimetres, by its most plausible format; 0 where none fits.
	LongMM float64
	// Kind is what it was recognized as, and Read what stands on the document.
	Kind filing.Text
	Read []ReadLine
}

// ReviewLine is a line of the history.
type ReviewLine struct {
	At      time.Time
	By      string
	What    filing.Text
	Words   string
	Reasons []filing.Text
}

// ReadLine is a field of a document as it was read. Differs: a finding says that it is not what the filing's facts say.
type ReadLine struct {
	Name    filing.Text
	Value   string
	Differs bool
}
