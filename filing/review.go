package filing

import "time"

// ReviewState is how a filing stands with the reviewers (人工审核进度).
type ReviewState struct {
	// State is submitted, returned or accepted.
	State       string    `json:"state" enum:"submitted,returned,accepted"`
	SubmittedAt time.Time `json:"submitted_at"`
	// ClaimedBy is the reviewer who works on it until ClaimedUntil.
	ClaimedBy    string     `json:"claimed_by,omitempty"`
	ClaimedUntil *time.Time `json:"claimed_until,omitempty"`
	// DecidedBy accepted it or gave it back, the last time that somebody did.
	DecidedBy string     `json:"decided_by,omitempty"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
	// Reasons and Words are those with which it was given back, while it is.
	Reasons []ReviewReason `json:"reasons,omitempty"`
	Words   string         `json:"words,omitempty"`
}

// ReviewReason names what a filing was given back for (退回原因): a finding of a file (Material is its id), of a requirement, or
// of the filing as a whole.
type ReviewReason struct {
	Material    string `json:"material,omitempty" doc:"The id of the file; absent for a finding of the filing as a whole"`
	Code        string `json:"code" doc:"The finding's code"`
	Requirement string `json:"requirement,omitempty" doc:"The material that is asked for, where the finding is about one"`
}

// Overruling says who overruled a finding, and why (人工推翻).
type Overruling struct {
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	Words string    `json:"words"`
}
