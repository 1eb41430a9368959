package filing

import "time"

// Page is a side of a document (正面、反面).
type Page string

// A document's two sides. What has one side only has a front.
const (
	PageFront Page = "front"
	PageBack  Page = "back"
)

// Declared is what a person says that a file shows; every part may be missing.
type Declared struct {
	// Material is a code of the vocabulary, e.g. principal_id.
	Material string `json:"material,omitempty"`
	// Page is front or back.
	Page Page `json:"page,omitempty"`
	// Of is whom or what it belongs to, as Requirement.Of.
	Of string `json:"of,omitempty"`
}

// FileReport is what a check of one file says, as in `check --json`.
type FileReport struct {
	File     string    `json:"file,omitempty"`
	SHA256   string    `json:"sha256"`
	Bytes    int64     `json:"bytes"`
	Format   Format    `json:"format"`
	Verdict  Verdict   `json:"verdict"`
	Declared *Declared `json:"declared,omitempty"`
	Findings []Finding `json:"findings"`
	// Measurements are absent where the file could not be measured yet.
	Measurements *Measurements `json:"measurements,omitempty"`
	ElapsedMS    float64       `json:"elapsed_ms"`
}

// CheckReport is the answer of `check --json` and POST /checks.
type CheckReport struct {
	Files []FileReport `json:"files"`
	// Pairs are the documents whose two sides were checked together; absent where none were.
	Pairs   []PairReport `json:"pairs,omitempty"`
	Verdict Verdict      `json:"verdict"`
}

// MatchState is how a requirement stands (满足、不完整、未通过、缺少).
type MatchState string

// The states of a requirement in a report. MatchPending: a file is there and is still being checked.
const (
	MatchSatisfied  MatchState = "satisfied"
	MatchPending    MatchState = "pending"
	MatchIncomplete MatchState = "incomplete"
	MatchRejected   MatchState = "rejected"
	MatchMissing    MatchState = "missing"
)

// Match is one requirement of a filing with the files that stand for it.
type Match struct {
	Requirement
	State MatchState `json:"state"`
	// Files are the ids of the materials that were matched.
	Files []string `json:"files"`
	// Explanation says why the requirement stands as it does.
	Explanation Text      `json:"explanation"`
	Findings    []Finding `json:"findings"`
}

// Report is the whole verdict on a filing, as GET /filings/{id}/report answers: requirements matched with files,
// files with their findings, blockers, notices, and what to ask next.
type Report struct {
	Filing    string           `json:"filing"`
	Revision  int64            `json:"revision"`
	Rules     string           `json:"rules"`
	AsOf      string           `json:"as_of"`
	Verdict   Verdict          `json:"verdict"`
	Required  []Match          `json:"required"`
	Files     []MaterialReport `json:"files"`
	Blockers  []Requirement    `json:"blockers"`
	Notices   []Requirement    `json:"notices"`
	Undecided []Undecided      `json:"undecided"`
	Ask       []string         `json:"ask"`
	// Findings are those of the filing as a whole (missing materials, files that no rule asks for).
	Findings []Finding `json:"findings"`
}

// MaterialReport is one uploaded file of a filing with its state and findings, as GET /materials/{id} answers.
type MaterialReport struct {
	ID     string `json:"id"`
	Filing string `json:"filing"`
	// State is stored (accepted, checks to come), checked, or replaced by a newer file.
	State string `json:"state"`
	FileReport
	UploadedAt time.Time `json:"uploaded_at"`
	// ReplacedBy is the id of the newer file for the same page.
	ReplacedBy string `json:"replaced_by,omitempty"`
	// MadeFrom is the id of the file that the service made this one from (repair).
	MadeFrom string `json:"made_from,omitempty"`
}

// States of an uploaded file.
const (
	MaterialStored   = "stored"
	MaterialChecked  = "checked"
	MaterialReplaced = "replaced"
)
