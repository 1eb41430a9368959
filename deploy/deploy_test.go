package deploy

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

type rule struct {
	Alert       string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

func alerts(t *testing.T) []rule {
	t.Helper()
	text, err := os.ReadFile("prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []rule
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// panelExpressions are the expressions of the dashboard, with Grafana's variables as Grafana would fill them in.
func panelExpressions(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("grafana/preflight.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			ID      int
			Title   string
			Type    string
			GridPos struct{ X, W int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	out, ids := map[string]string{}, map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q: its id is taken, it has no title, or it does not fit into the 24 columns", p.ID, p.Title)
		}
		ids[p.ID] = true
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for i, target := range p.Targets {
			out[p.Title+" "+string(rune('A'+i))] = strings.NewReplacer("$__rate_interval", "1m", "$job", "preflight").Replace(target.Expr)
		}
	}
	return out
}

// name is how the test of the product (cmd/preflight) finds the metrics in the files without a parser.
var name = regexp.MustCompile(`\b(preflight|process|go)_[a-z0-9_]+\b`)

func TestEveryExpressionParses(t *testing.T) {
	t.Parallel()
	all := panelExpressions(t)
	for _, r := range alerts(t) {
		all["alert "+r.Alert] = r.Expr
	}
	if len(all) < 40 {
		t.Fatalf("%d expressions", len(all))
	}
	for what, expression := range all {
		tree, err := parser.ParseExpr(expression)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
			if s, ok := node.(*parser.VectorSelector); ok && s.Name != "up" && !slices.Contains(name.FindAllString(expression, -1), s.Name) {
				t.Errorf("%s: the metric %s is no name of ours", what, s.Name)
			}
			// A counter is looked at by its rate: its value alone says how long the process has run.
			if s, ok := node.(*parser.VectorSelector); ok && (strings.HasSuffix(s.Name, "_total") || strings.HasSuffix(s.Name, "_bucket") || strings.HasSuffix(s.Name, "_count")) &&
				!strings.Contains(expression, "rate("+s.Name) && !strings.Contains(expression, "increase("+s.Name) {
				t.Errorf("%s: %s without a rate", what, s.Name)
			}
			return nil
		})
		if strings.HasPrefix(what, "alert ") && tree.Type() != parser.ValueTypeVector {
			t.Errorf("%s is no vector", what)
		}
	}
}

// Each alert has what a person needs who is woken by it, and the runbook has a section for each and for no other.
func TestEachAlertHasASectionOfTheRunbook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, part := range strings.Split(string(text), "\n## ")[1:] {
		title, body, _ := strings.Cut(part, "\n")
		if strings.HasPrefix(title, "Preflight") {
			sections[title] = body
		}
	}
	for _, r := range alerts(t) {
		body, found := sections[r.Alert]
		delete(sections, r.Alert)
		switch {
		case !found:
			t.Errorf("%s has no section in docs/runbook.md", r.Alert)
		case !strings.Contains(body, "**What it means.**") || !strings.Contains(body, "**What to do.**"):
			t.Errorf("%s: the section does not say what it means and what to do", r.Alert)
		}
		if r.Annotations["runbook"] != "docs/runbook.md#"+strings.ToLower(r.Alert) || r.Annotations["summary"] == "" || r.Annotations["summary_zh"] == "" {
			t.Errorf("%s: annotations %v", r.Alert, r.Annotations)
		}
		if !slices.Contains([]string{"page", "warn"}, r.Labels["severity"]) || r.For == "" {
			t.Errorf("%s: severity %q, for %q", r.Alert, r.Labels["severity"], r.For)
		}
	}
	for title := range sections {
		t.Errorf("the runbook has a section %s, and there is no such alert", title)
	}
}
