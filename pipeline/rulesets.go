package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
)

// RuleSet is a set of rules that this process has loaded (规则集).
type RuleSet struct {
	// Hash names the set by its content, "sha256:...".
	Hash string
	// Active: it is the one in force.
	Active bool
	// SourcesReadOn is the date as of which the source documents were read.
	SourcesReadOn string
	// Provinces, Clauses and Rules count what is in it.
	Provinces, Clauses, Rules int
}

// RuleSetChange is what putting a set in force does, or would do.
type RuleSetChange struct {
	From, To string
	// Activated is false after a dry run.
	Activated   bool
	Effect      *rules.Effect
	Examples    []RuleSetExample
	ActivatedAt time.Time
}

// RuleSetExample is one stored filing whose requirements change.
type RuleSetExample struct {
	Filing         string
	Added, Removed []string
}

// rules is the set in force. It changes only between requests: a flow takes it once.
func (p *Pipeline) rules() *rules.Set { return p.active.Load() }

// FollowRules takes over what any process on the same records has put in force. A set that this process has not loaded
// cannot be taken over: it is said, and the old one stays.
func (p *Pipeline) FollowRules(ctx context.Context) error {
	newest, err := p.Records.Activations(ctx, 1)
	if err != nil {
		return err
	}
	if len(newest) == 0 || newest[0].Rules == p.rules().Hash() {
		return nil
	}
	set := p.loaded(newest[0].Rules)
	if set == nil {
		return fmt.Errorf("the rules in force, %s, are not loaded here: start with --rules and their folder", newest[0].Rules)
	}
	p.active.Store(set)
	p.Log.Info("rules in force", "rules", set.Hash())
	return nil
}

func (p *Pipeline) loaded(hash string) *rules.Set {
	i := slices.IndexFunc(p.RuleSets, func(s *rules.Set) bool { return s.Hash() == hash })
	if i < 0 {
		return nil
	}
	return p.RuleSets[i]
}

// ListRuleSets are the sets that this process has loaded, and the history of activations, newest first.
func (p *Pipeline) ListRuleSets(ctx context.Context) ([]RuleSet, []storage.Activation, error) {
	const history = 20
	activations, err := p.Records.Activations(ctx, history)
	if err != nil {
		return nil, nil, err
	}
	var list []RuleSet
	for _, s := range p.RuleSets {
		v := RuleSet{Hash: s.Hash(), Active: s == p.rules(), SourcesReadOn: s.ReadOn()}
		provinces := map[string]bool{}
		for _, l := range s.List() {
			if l.Province != "" {
				provinces[l.Province] = true
			}
			v.Clauses += l.Clauses
			v.Rules += l.Rules
		}
		v.Provinces = len(provinces)
		list = append(list, v)
	}
	return list, activations, nil
}

// ActivateRules predicts what a loaded set changes for every stored filing, and unless it is a dry run puts it in force
// for every process on these records. Rolling back is activating the earlier set again. A set that is not loaded is
// ErrNotFound.
func (p *Pipeline) ActivateRules(ctx context.Context, who Viewer, hash string, dryRun bool) (*RuleSetChange, error) {
	set := p.loaded(hash)
	if set == nil {
		return nil, ErrNotFound
	}
	change := &RuleSetChange{From: p.rules().Hash(), To: hash}
	var ids []string
	var failed error
	difference := rules.Diff(p.rules(), set)
	change.Effect = difference.Measure(func(yield func(*filing.Facts) bool) {
		failed = p.everyFiling(ctx, func(id string, facts *filing.Facts) bool {
			ids = append(ids, id)
			return yield(facts)
		})
	}, nil)
	if failed != nil {
		return nil, failed
	}
	for _, e := range change.Effect.Examples {
		change.Examples = append(change.Examples, RuleSetExample{Filing: ids[e.Index], Added: e.Added, Removed: e.Removed})
	}
	if dryRun {
		return change, nil
	}
	a, err := p.Records.ActivateRules(ctx, hash, who.Name)
	if err != nil {
		return nil, err
	}
	p.active.Store(set)
	change.Activated, change.ActivatedAt = true, a.ActivatedAt
	p.Log.Info("rules put in force", "rules", hash, "by", who.Name)
	return change, nil
}

// everyFiling gives the facts of all stored filings, page by page in the order of their ids, until yield has enough.
func (p *Pipeline) everyFiling(ctx context.Context, yield func(id string, facts *filing.Facts) bool) error {
	const page = 500
	after := ""
	for {
		list, err := p.Records.ListFilings(ctx, "", after, page)
		if err != nil {
			return err
		}
		for i := range list {
			facts, err := keptFacts(&list[i])
			if err != nil {
				return err
			}
			if !yield(list[i].ID, p.dated(facts)) {
				return nil
			}
		}
		if len(list) < page {
			return nil
		}
		after = list[len(list)-1].ID
	}
}

// followEvery is how soon a process follows an activation by another one.
const followEvery = 2 * time.Second

// follow keeps up with activations until ctx ends.
func (p *Pipeline) follow(ctx context.Context) {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	said := ""
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if err := p.FollowRules(ctx); err != nil && !errors.Is(err, context.Canceled) {
			if err.Error() != said { // once is enough for what stays as it is
				p.Log.Error("follow the rules in force", "error", err.Error())
			}
			said = err.Error()
		} else {
			said = ""
		}
	}
}

// Clause returns what a clause of the rules in force says, in our own words (条款大意), and whether there is one.
func (p *Pipeline) Clause(id string) (filing.Text, bool) {
	c, ok := p.rules().Clause(id)
	if !ok {
		return filing.Text{}, false
	}
	return c.Text, true
}

// RuleSetDifference is what two sets say differently, as package rules puts it into words.
type RuleSetDifference = rules.Difference

// ClauseChange is one clause that two sets say differently.
type ClauseChange = rules.ClauseChange

// ParamChange is a figure that two sets give differently.
type ParamChange = rules.ParamChange

// Kinds of changes.
const (
	ChangeAdded   = rules.Added
	ChangeRemoved = rules.Removed
)

// RuleSetChanges says clause by clause what one loaded set says differently from another; an empty from is the set in force. A set
// that is not loaded is ErrNotFound.
func (p *Pipeline) RuleSetChanges(from, to string) (*RuleSetDifference, error) {
	before, after := p.rules(), p.loaded(to)
	if from != "" {
		before = p.loaded(from)
	}
	if before == nil || after == nil {
		return nil, ErrNotFound
	}
	return rules.Diff(before, after), nil
}
