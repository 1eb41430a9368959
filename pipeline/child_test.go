package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
)

// The environment of this test binary when a test starts it again, as a worker to be killed.
const (
	childEnv    = "PREFLIGHT_TEST_CHILD"
	childURL    = "PREFLIGHT_TEST_CHILD_URL"
	childMadeBy = "revalidate"
)

// playChild works on the passes of a database until it is killed, slowly enough to be killed halfway.
func playChild(part string) int {
	if part != childMadeBy {
		return 2
	}
	ctx := context.Background()
	records, err := storage.OpenRecords(ctx, os.Getenv(childURL), storage.RecordsOptions{Logger: slog.New(slog.DiscardHandler), SkipMigrate: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	set, err := rules.Load(rules.Embedded())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	p, err := New(DefaultConfig(), Parts{
		Records: records, Analyzer: analyzerOfTests, RuleSets: []*rules.Set{set}, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Now: func() time.Time { return noon },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	p.pace = slowPace()
	p.WorkRevalidations(ctx)
	return 0
}

// slowPace saves after every few filings.
func slowPace() pace { return pace{filings: 6, remeasured: 1, every: 0, rows: 1, lease: time.Second} }
