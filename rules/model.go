package rules

import (
	"fmt"
	"strings"

	"github.com/preflight-icp/preflight/filing"
)

// Position is where something stands in the rule data.
type Position struct {
	File string
	Line int
}

// String returns file:line.
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Problem is one thing that is wrong with the rule data, and where.
type Problem struct {
	Position
	// Message says what is wrong, in English: rule data is read by those who write it.
	Message string
}

// Error returns file:line: message.
func (p Problem) Error() string { return p.Position.String() + ": " + p.Message }

// Problems is everything that is wrong with the rule data, in the order of files and lines.
type Problems []Problem

// Error joins the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Clause is one clause of the sources (条款): what it says in our own words, and the rules that encode it or the reason
// why none does.
type Clause struct {
	ID string
	At Position
	// Text is our paraphrase.
	Text filing.Text
	// SourceDigest is the SHA-256 of the source's normalized text (package seed), in hex.
	SourceDigest string
	// Reading says how an ambiguous clause is read, where it is.
	Reading filing.Text
	// Waived is the reason why no rule encodes the clause; empty where rules do.
	Waived filing.Text
	// Repeats are the clauses whose rules this clause demands too.
	Repeats []string
	// Replaces are the general clauses that do not hold where this one does.
	Replaces []string
	Rules    []*Rule
	Cases    []*Case
	// Province, Kind and Action are what the clause's id says about where it holds; "" means everywhere.
	Province, Kind, Action string
	// Template is the name of the common clause that this one was made from, if any.
	Template string
}

// Rule is typed data (规则): when the condition holds it yields its items. Templates and persons are expanded already.
type Rule struct {
	At Position
	// Owner is the clause that holds the rule.
	Owner string
	// Clauses are the owner and the clauses that repeat it.
	Clauses []string
	// When must hold; nil holds always, which must be marked.
	When *Cond
	// Unless is an exception that counts as not granted while it is unknown: the items are then provisional.
	Unless *Cond
	// Each makes the rule one about each item of a list: sites[], sites[].domains[], sites[].preapprovals[].
	Each filing.List
	// Yields are the items.
	Yields []Yield
	// From and To bound the days on which the rule holds, both included; zero means unbounded.
	From, To filing.Date
	// Always marks a rule that fires for everybody whom its clause is about.
	Always bool
}

// YieldKind is what an item is.
type YieldKind uint8

// The kinds of items, in the order of an outcome.
const (
	YieldMaterial YieldKind = iota // one material, or alternatives of which one is enough
	YieldBlocker
	YieldNotice
)

// Yield is one item that a rule yields (结果).
type Yield struct {
	Kind YieldKind
	// Codes is one code, or the alternatives of an any-of group, sorted.
	Codes []string
	// Of is whom the item belongs to: a word of the contract, or "" for an item of nobody. site, domain and
	// domain_holder are followed by the name in the outcome.
	Of string
}

// String returns the item as cases write it: its codes joined by |, and @ with whom it belongs to.
func (y Yield) String() string {
	s := strings.Join(y.Codes, "|")
	if y.Of != "" {
		s += "@" + y.Of
	}
	return s
}

// Op is what a condition does.
type Op uint8

// The conditions.
const (
	OpAll      Op = iota // every one of Kids
	OpAny                // at least one of Kids
	OpNot                // not Kids[0]
	OpForAny             // Kids[0] for at least one item of List
	OpDistinct           // at least Count different values of Fact (its Attribute) over the domains of the site
	OpIn                 // the fact is one of Values
	OpRange              // Min <= the fact <= Max
	OpDate               // the fact compares with Bound as Compare says
	OpYounger            // the date of the fact plus Months is after as_of
	OpContains           // the text of the fact contains one of Values, whatever the case of Latin letters
	OpSuffix             // the last label of the domain name is one of Values
)

// Compare is how a date compares with a bound.
type Compare uint8

// The comparisons of dates.
const (
	Before Compare = iota
	OnOrBefore
	After
	OnOrAfter
)

// Bound is a day: fixed, or counted from as_of. First the months are added, clamped to the month's last day.
type Bound struct {
	// Fixed is the day where it does not depend on as_of.
	Fixed        filing.Date
	FromAsOf     bool
	Months, Days int
	// Param names the dated parameter that holds the number of Months (InMonths) or Days, with Sign before it.
	Param    string
	InMonths bool
	Sign     int
}

// Cond is a node of a condition tree.
type Cond struct {
	At   Position
	Op   Op
	Kids []*Cond
	Fact filing.Fact
	// Values are the codes, "true", "false", numbers or words that are compared with, in the order of the file.
	Values []string
	// ListName names the list of words that Values come from, where they do.
	ListName  string
	Min, Max  int
	Compare   Compare
	Bound     Bound
	Months    int
	List      filing.List
	Attribute string // of OpDistinct: name or prefix
	Count     int
}

// tests reports whether the node tests a fact, and does not join others.
func (c *Cond) tests() bool { return c.Op >= OpIn }

// Param is a parameter of the rules that changes with time.
type Param struct {
	Name   string
	Values []ParamValue
	At     Position
}

// ParamValue is what a parameter is from one day to another, both included; zero means unbounded.
type ParamValue struct {
	Number   int64
	Words    []string
	From, To filing.Date
	Clause   string
}

// On returns the value on that day.
func (p *Param) On(day filing.Date) (ParamValue, bool) {
	for _, v := range p.Values {
		if (v.From == 0 || v.From <= day) && (v.To == 0 || day <= v.To) {
			return v, true
		}
	}
	return ParamValue{}, false
}

// Case is an example beside a rule: a change of the base facts, and what the clause makes of it.
type Case struct {
	At Position
	// Fires tells whether the clause must yield something, or is a near miss.
	Fires bool
	// Base names the facts that Changes are laid over.
	Base    string
	Changes []Change
	// Yields is everything that the clause must yield, as Yield prints it, sorted.
	Yields []string
}

// Change sets one fact of a case, or makes it unknown.
type Change struct {
	Path  string
	Value any // as YAML has it; nil is unknown
}
