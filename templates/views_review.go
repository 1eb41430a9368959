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
	Stitch  *Stitch
	History []ReviewLine
	// Visits are the last times that somebody looked, where the visitor may know. MoreVisits: there were others.
	Visits     []Visit
	MoreVisits bool
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
	// Kind is what it was recognized as; Read is what stands on the document, beside what the facts say.
	Kind filing.Text
	Read []ReadLine
	// Pieces are the documents of a picture that somebody stitched; empty for a photo of one.
	Pieces []PartSeen
	// Measured is what was measured, in words.
	Measured []Item
}

// ReviewLine is a line of the history.
type ReviewLine struct {
	At      time.Time
	By      string
	What    filing.Text
	Words   string
	Reasons []filing.Text
}

// Views are who looked at a filing and when (查看记录).
type Views struct {
	Filing, Applicant string
	Visits            []Visit
	// Next is where the page after this one begins; 0 on the last.
	Next int64
}

// Visit is what somebody looked at, or changed, at one time.
type Visit struct {
	// By is who it was, Role as what.
	By          string
	Role        filing.Text
	From, Until time.Time
	// Did is what was looked at or done; Refused counts what came to nothing.
	Did     []filing.Text
	Refused int
}

// ReadLine is a field of a document as it was read, beside the fact that it is held against (识别内容与填写内容).
type ReadLine struct {
	// Field is its name in the API, by which the viewer finds where it stands.
	Field string
	Name  filing.Text
	// Runs are the value in pieces: those that the fact does not have are marked.
	Runs []Run
	// Fact is what the filing says; "" where it says nothing of this field.
	Fact string
	// Differs: a finding says that the two do not agree. Same: they do. Unread: it was not found on the document.
	Differs, Same, Unread bool
}

// Run is a piece of a text.
type Run struct {
	Text   filing.Text
	Marked bool
}

// Stitch are the composites of a filing (拼图).
type Stitch struct {
	Filing string
	// Wanted are those that the rules ask for, Made those that there are.
	Wanted []WantedComposite
	Made   []MadeComposite
	// Files are those that one can be made of, Layouts the ways to arrange them. May: the visitor may make one.
	Files   []Choice
	Layouts []Choice
	May     bool
}

// WantedComposite is a composite that the rules ask for. Ready: two of its parts or more are there. Made is the id of it where there
// is one already.
type WantedComposite struct {
	Code, Of    string
	Name, About filing.Text
	Clause      ClauseView
	Parts       []Part
	Ready       bool
	Made        string
}

// Part is a page that belongs into a composite.
type Part struct {
	Name  filing.Text
	There bool
}

// MadeComposite is a composite with what it is called. Failure says why it cannot be made of the files as they are now.
type MadeComposite struct {
	*filing.CompositeView
	Name    filing.Text
	Failure filing.Text
	Size    string
	Parts   []MadePart
}

// MadePart is a file in a composite. Percent is how many pixels it has there of a hundred of its own.
type MadePart struct {
	ID      string
	Name    filing.Text
	Percent int
}
