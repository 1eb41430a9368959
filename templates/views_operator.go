package templates

import (
	"time"

	"github.com/preflight-icp/preflight/filing"
)

// Rules is the page of the rule sets (规则集): which are loaded, which is in force, and what one says differently from another.
type Rules struct {
	Sets    []LoadedRules
	History []RulesInForce
	// From and To are the hashes of the sets that are compared; empty where there are not two.
	From, To string
	// Empty: the two say the same.
	Empty bool
	// Added, Removed and Changed count the clauses of Groups.
	Added, Removed, Changed int
	Groups                  []ClauseGroup
	Figures                 []FigureChange
	// CanActivate: the visitor may put a set in force; CanJudge: may see what it would change.
	CanActivate, CanJudge bool
}

// LoadedRules is a set with what is in it.
type LoadedRules struct {
	RuleSet
	Provinces, Clauses, Rules int
}

// RulesInForce is a line of the history.
type RulesInForce struct {
	Short, At, By string
}

// ClauseGroup are the clauses of a province, or of all of them, that two sets say differently.
type ClauseGroup struct {
	ID      string
	Name    filing.Text
	Clauses []ClauseDifference
}

// ClauseDifference is one clause. Kind is added, removed or changed.
type ClauseDifference struct {
	ID    string
	Kind  string
	About filing.Text
	Rules []RuleDifference
	Notes []filing.Text
}

// RuleDifference is a rule before and after; one of them is empty where it was added or removed.
type RuleDifference struct{ Before, After filing.Text }

// FigureChange is a figure of the rules before and after.
type FigureChange struct {
	Name, Kind, Before, After string
	Clauses                   []string
}

// Status is the page on which an operator sees how the service is (运行状态).
type Status struct {
	// Serves: every part does what an upload needs.
	Serves bool
	At     string
	Parts  []StatusPart
	Queue  []StatusCount
	// Oldest is how long the job that waits longest is overdue; empty where none is.
	Oldest    filing.Text
	Deletions int64
	Passes    int64
	// Loads are what is under way in this process.
	Loads []StatusLoad
	// Troubled are jobs that failed or were given up.
	Troubled []TroubledJob
	CanRetry bool
}

// StatusPart is a part of the service and its answer.
type StatusPart struct {
	Name, Does filing.Text
	State      string
	Word       filing.Text
	// MS is how long it took to answer; 0 for what is known without asking.
	MS float64
}

// StatusCount counts the jobs of a state.
type StatusCount struct {
	Name, Means filing.Text
	Count       int64
}

// StatusLoad is how much of a bound is in use.
type StatusLoad struct {
	Name         filing.Text
	InUse, Limit int
}

// TroubledJob is a job that failed.
type TroubledJob struct {
	ID                   int64
	Kind                 filing.Text
	State                filing.Text
	Material             string
	Attempt, MaxAttempts int
	At                   time.Time
	Failure              string
}
