package filing

// Outcome is the rule engine's answer for one set of facts, as `preflight require --json` prints it: which materials
// the filing needs, what blocks it, what to mind, and what to ask next. Sets are in a fixed order.
type Outcome struct {
	// Rules is the hash of the rule set's canonical form, "sha256:...".
	Rules string `json:"rules"`
	// AsOf is the date on which terms were judged, ISO 8601.
	AsOf      string        `json:"as_of"`
	Required  []Requirement `json:"required"`
	Blockers  []Requirement `json:"blockers"`
	Notices   []Requirement `json:"notices"`
	Undecided []Undecided   `json:"undecided"`
	// Ask lists every unknown fact that can still change the outcome, most decisive first.
	Ask []string `json:"ask"`
}

// Requirement is one item of an outcome: a material, an any-of group of materials, a blocker or a notice (所需资料、
// 不予备案的原因、提示). Exactly one of Material, AnyOf and Code is set.
type Requirement struct {
	Material string   `json:"material,omitempty"`
	AnyOf    []string `json:"any_of,omitempty"`
	Code     string   `json:"code,omitempty"`
	// Of says whom or what the item belongs to: applicant, principal, site_manager, legal_representative, guardian,
	// site:<name>, domain:<name>, domain_holder:<name>.
	Of string `json:"of,omitempty"`
	// Clauses is every clause that yields the item.
	Clauses []string `json:"clauses"`
	// Why has an entry for each way in which the facts make a clause fire.
	Why []Reason `json:"why"`
	// Provisional: an exception that could lift the item is not decided yet.
	Provisional bool `json:"provisional,omitempty"`
}

// Reason is one clause and the facts that make it fire: they alone yield the item, none of them can be dropped. The
// rule engine shares Facts between outcomes: it is read, never changed.
type Reason struct {
	Clause string      `json:"clause"`
	Facts  ReasonFacts `json:"facts"`
}

// Undecided names clauses that wait for facts which are not known yet.
type Undecided struct {
	Clauses []string `json:"clauses"`
	Facts   []string `json:"facts"`
}
