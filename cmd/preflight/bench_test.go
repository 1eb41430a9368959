package main

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/pipeline"
)

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// benchAnalyzer checks a photo in this process, as the command line does.
func benchAnalyzer(b *testing.B) func(data []byte) {
	b.Helper()
	analyzer, err := imaging.New(imaging.Options{})
	ok(b, err)
	set, err := loadRules("")
	ok(b, err)
	limits := set.UploadLimits(filing.Today(time.Now()))
	return func(data []byte) {
		m, err := analyzer.Analyze(context.Background(), data)
		ok(b, err)
		pipeline.Judge("", m, checks.FileInput{Limits: limits})
	}
}
