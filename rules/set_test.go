package rules

import (
	"testing"
)

func embedded(t testing.TB) *Set {
	t.Helper()
	set, err := Load(Embedded())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestEveryCaseBesideARuleHolds(t *testing.T) {
	t.Parallel()
	results := embedded(t).RunCases()
	if len(results) < 100 {
		t.Errorf("only %d cases", len(results))
	}
	for _, r := range results {
		if r.Problem != "" {
			t.Errorf("%s: %s", r.Case.At, r.Problem)
		}
	}
}
