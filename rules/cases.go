package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/filing"
)

// factsJSON returns facts that YAML holds as JSON, which is read faster: there are thousands of cases.
func factsJSON(n *yaml.Node) ([]byte, error) {
	var tree map[string]any
	if err := n.Decode(&tree); err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	text, err := json.Marshal(quoteDates(tree))
	if err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	_, err = filing.ParseFacts(text)
	return text, err
}

// CaseResult is what came of one case beside a rule.
type CaseResult struct {
	Clause string
	Case   *Case
	// Problem is empty where the case holds.
	Problem string
}

// RunCases runs every case of the set. Each is laid over its base for the clause's province, or BJ for a general
// clause that the case gives no province.
func (s *Set) RunCases() []CaseResult {
	var results []CaseResult
	for _, c := range s.clauses {
		for _, k := range c.Cases {
			result := CaseResult{Clause: c.ID, Case: k}
			if facts, err := s.CaseFacts(c, k); err != nil {
				result.Problem = err.Error()
			} else {
				result.Problem = judge(c.ID, k, s.Evaluate(facts))
			}
			results = append(results, result)
		}
	}
	return results
}

func judge(id string, k *Case, out *filing.Outcome) string {
	got := YieldsOf(out, id)
	if !slices.Equal(got, sortedCopy(k.Yields)) {
		return fmt.Sprintf("%s yields [%s], the case expects [%s]", id, strings.Join(got, ", "), strings.Join(k.Yields, ", "))
	}
	return ""
}

// YieldsOf returns what a clause yields in an outcome, as cases write it, sorted.
func YieldsOf(out *filing.Outcome, clause string) []string {
	list := []string{}
	for _, set := range [][]filing.Requirement{out.Required, out.Blockers, out.Notices} {
		for _, r := range set {
			if !slices.Contains(r.Clauses, clause) {
				continue
			}
			name := r.Material + r.Code + strings.Join(r.AnyOf, "|")
			if r.Provisional {
				name = "?" + name
			}
			if r.Of != "" {
				name += "@" + r.Of
			}
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// CaseFacts returns the facts of a case: its base, for the clause's province, with the changes laid over.
func (s *Set) CaseFacts(c *Clause, k *Case) (*filing.Facts, error) {
	var tree map[string]any
	decoder := json.NewDecoder(bytes.NewReader(s.bases[k.Base]))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("base %s: %w", k.Base, err)
	}
	province := c.Province
	if province == "" {
		province = "BJ"
	}
	for _, change := range k.Changes {
		if change.Path == "province" {
			province, _ = change.Value.(string)
		}
	}
	if province != "" {
		tree["province"] = province
		localize(tree, province)
	}
	for _, change := range k.Changes {
		if err := put(tree, change.Path, change.Value); err != nil {
			return nil, fmt.Errorf("case: %w", err)
		}
	}
	text, err := json.Marshal(quoteDates(tree))
	if err != nil {
		return nil, fmt.Errorf("case: %w", err)
	}
	return filing.ParseFacts(text)
}

// localize lets the base's people live in the province, so that a base blocks nothing anywhere.
func localize(tree map[string]any, province string) {
	for _, person := range []string{"principal", "site_manager"} {
		if facts, ok := tree[person].(map[string]any); ok {
			for _, name := range []string{"document_province", "phone_province"} {
				if facts[name] != nil {
					facts[name] = province
				}
			}
		}
	}
}

// put sets what stands at a path such as sites[0].domains[1].expires; nil takes it away.
func put(tree map[string]any, path string, value any) error {
	head, rest, deep := strings.Cut(path, ".")
	name, index, listed := strings.Cut(strings.TrimSuffix(head, "]"), "[")
	if !listed {
		if !deep {
			if value == nil {
				delete(tree, name)
			} else {
				tree[name] = value
			}
			return nil
		}
		inner, ok := tree[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			tree[name] = inner
		}
		return put(inner, rest, value)
	}
	var n int
	if _, err := fmt.Sscanf(index, "%d", &n); err != nil || n < 0 || n > 100 {
		return fmt.Errorf("%s: no index", path)
	}
	list, _ := tree[name].([]any)
	for len(list) <= n {
		list = append(list, map[string]any{})
	}
	tree[name] = list
	item, ok := list[n].(map[string]any)
	if !ok || !deep {
		return fmt.Errorf("%s: a fact of the item is wanted", path)
	}
	return put(item, rest, value)
}

// quoteDates turns what YAML took for a day back into its text.
func quoteDates(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = quoteDates(v[k])
		}
	case []any:
		for i := range v {
			v[i] = quoteDates(v[i])
		}
	case interface{ Format(string) string }:
		return v.Format("2006-01-02")
	}
	return v
}
