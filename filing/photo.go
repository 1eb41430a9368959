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
	// Kind is what the picture was recognized as, and Text what stands in its fields, in the form of their types; absent where nothing
	// was read. Text is personal, and never logged.
	Kind *DetectedKind        `json:"kind,omitempty"`
	Text map[FieldName]string `json:"text,omitempty"`
	// Parts are the documents of a picture that somebody stitched together; absent for a photo of one document.
	Parts []PartReport `json:"parts,omitempty"`
	// Measurements are absent where the file could not be measured yet.
	Measurements *Measurements `json:"measurements,omitempty"`
	ElapsedMS    float64       `json:"elapsed_ms"`
}

// CheckReport is the answer of `check --json` and POST /checks.
type CheckReport struct {
	Files []FileReport `json:"files"`
	// Pairs are the documents whose two sides were checked together; absent where none were.
	Pairs []PairReport `json:"pairs,omitempty"`
	// Composites are pictures that somebody stitched, held against what they must contain; absent where that was not asked for.
	Composites []CompositeReport `json:"composites,omitempty"`
	Verdict    Verdict           `json:"verdict"`
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
	// Matched says of each page which file stands for it, and why.
	Matched []MatchedFile `json:"matched,omitempty"`
	// SetAside are the files that could have stood for it and do not.
	SetAside []SetAsideFile `json:"set_aside,omitempty"`
	// Explanation says why the requirement stands as it does.
	Explanation Text      `json:"explanation"`
	Findings    []Finding `json:"findings"`
}

// MatchedFile is a file that stands for a page of a requirement (对应的文件).
type MatchedFile struct {
	// File is the id of the material.
	File string `json:"file"`
	// Source is the id of the material that this part of a composite was made from; absent for what is no composite.
	Source string `json:"source,omitempty"`
	// Part is the number of the part of a picture that somebody else stitched, from 1 in the order of FileReport.Parts.
	Part     int        `json:"part,omitempty"`
	Material string     `json:"material"`
	Page     Page       `json:"page"`
	Basis    MatchBasis `json:"basis"`
	// Because says why it stands here.
	Because Text `json:"because"`
}

// MatchBasis is what a match rests on (对应依据).
type MatchBasis string

// The bases of a match.
const (
	// BasisDeclared: it was said what the file is and whose.
	BasisDeclared MatchBasis = "declared"
	// BasisOnlyAsked: it was not said whose it is, and one requirement alone asks for what it is.
	BasisOnlyAsked MatchBasis = "only_asked"
	// BasisRecognized: what was read in the picture says that it belongs here and nowhere else.
	BasisRecognized MatchBasis = "recognized"
	// BasisOnlyLeft: it could stand in several places, and elsewhere none is left open for it.
	BasisOnlyLeft MatchBasis = "only_left"
)

// SetAsideFile is a file that could have stood for a requirement and does not (未采用的文件).
type SetAsideFile struct {
	File string `json:"file"`
	Page Page   `json:"page,omitempty"`
	// Reason is why: failed, less_sure, pending, older, in_composite, stale_part, other_alternative, other_owner.
	Reason string `json:"reason"`
	// Because says so in words.
	Because Text `json:"because"`
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
	// Pairs are the documents of which both sides are there, Composites the pictures that the service stitched together.
	Pairs      []PairReport    `json:"pairs"`
	Composites []CompositeView `json:"composites"`
	// Findings are those of the filing as a whole (missing materials, files that no rule asks for).
	Findings []Finding `json:"findings"`
	// Offered are facts that stand in the documents and that the filing lacks.
	Offered []Offer `json:"offered,omitempty"`
	// Review is how the filing stands with the reviewers, once it was handed in.
	Review *ReviewState `json:"review,omitempty"`
	// Stand names what this report was made of: the revision of the facts and the current files. A decision that carries it
	// holds only while nothing changed.
	Stand string `json:"stand"`
}

// Offer is a fact that was read in a document and that the filing lacks (可填入的信息): for a person to take, never taken by itself.
type Offer struct {
	// Fact is its name with its indexes, e.g. principal.document_valid_until; Value as the facts have it.
	Fact  string `json:"fact"`
	Value any    `json:"value"`
	// Material is the file in which it stands, and Confidence that of what was read, 0 to 1.
	Material   string  `json:"material"`
	Confidence float64 `json:"confidence"`
}

// FolderReport is the whole verdict on a filing in a folder, as `check-filing --json` prints it: Report without a service around
// it. Files go by their names.
type FolderReport struct {
	Folder    string        `json:"folder"`
	Rules     string        `json:"rules"`
	AsOf      string        `json:"as_of"`
	Verdict   Verdict       `json:"verdict"`
	Required  []Match       `json:"required"`
	Files     []FileReport  `json:"files"`
	Pairs     []PairReport  `json:"pairs,omitempty"`
	Blockers  []Requirement `json:"blockers"`
	Notices   []Requirement `json:"notices"`
	Undecided []Undecided   `json:"undecided"`
	Ask       []string      `json:"ask"`
	// Findings are those of the filing as a whole.
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
