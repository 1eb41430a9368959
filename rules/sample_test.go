package rules

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/filing"
)

// sampleCase is one worked example of the contract.
type sampleCase struct {
	Name   string    `yaml:"name"`
	Facts  yaml.Node `yaml:"facts"`
	Expect struct {
		Required  []string  `yaml:"required"`
		Blockers  *[]string `yaml:"blockers"`
		Notices   []string  `yaml:"notices"`
		Forbidden []string  `yaml:"forbidden"`
		Cites     []string  `yaml:"cites"`
	} `yaml:"expect"`
}

func TestTheContractsExamplesComeOutAsItSays(t *testing.T) {
	t.Parallel()
	text, err := filing.Contract.ReadFile("contract/cases-sample.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []sampleCase
	if err := yaml.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 12 {
		t.Fatalf("only %d examples", len(cases))
	}
	set := embedded(t)
	for _, c := range cases {
		facts, err := filing.ParseFactsNode(&c.Facts)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			checkSample(t, &c, set.Evaluate(facts))
		})
	}
}

func checkSample(t *testing.T, c *sampleCase, out *filing.Outcome) {
	t.Helper()
	codes := func(list []filing.Requirement) []string {
		var names []string
		for _, r := range list {
			names = append(names, r.Material+r.Code+strings.Join(r.AnyOf, "|"))
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	required, blockers, notices := codes(out.Required), codes(out.Blockers), codes(out.Notices)
	if want := sortedCopy(c.Expect.Required); !slices.Equal(required, want) {
		t.Errorf("required\n got %v\nwant %v", required, want)
	}
	if c.Expect.Blockers != nil {
		if want := sortedCopy(*c.Expect.Blockers); !slices.Equal(blockers, want) {
			t.Errorf("blockers\n got %v\nwant %v", blockers, want)
		}
	}
	for _, n := range c.Expect.Notices {
		if !slices.Contains(notices, n) {
			t.Errorf("notice %s is missing from %v", n, notices)
		}
	}
	all := slices.Concat(required, blockers, notices)
	for _, f := range c.Expect.Forbidden {
		if slices.Contains(all, f) {
			t.Errorf("%s appears", f)
		}
	}
	cited := map[string]bool{}
	for _, r := range slices.Concat(out.Required, out.Blockers, out.Notices) {
		for _, id := range r.Clauses {
			cited[id] = true
		}
	}
	for _, alternatives := range c.Expect.Cites {
		if !slices.ContainsFunc(strings.Split(alternatives, "|"), func(id string) bool { return cited[id] }) {
			t.Errorf("none of %s is cited", alternatives)
		}
	}
}
