package pipeline

import (
	"fmt"
	"testing"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
)

// BenchmarkConclude judges whole filings from memory: facts, measurements and files are there, no database is.
func BenchmarkConclude(b *testing.B) {
	set, err := rules.Load(rules.Embedded())
	if err != nil {
		b.Fatal(err)
	}
	const many = 2000
	p := population{seed: 7}
	facts := make([]*filing.Facts, many)
	for i := range facts {
		if facts[i], err = filing.ParseFacts(p.facts(i)); err != nil {
			b.Fatal(err)
		}
		facts[i].Set(filing.Ref{Fact: filing.FactAsOf}, filing.Value{Known: true, Num: int32(filing.NewDate(2026, 11, 20))})
	}
	// What the analyzer tells of the specimen, as of a photo of four times its resolution: five of the six files are in
	// order, as most stored ones are, and one has a finding.
	m := realMeasurements(b)(800_000)
	for i := range m.Document.Formats {
		m.Document.Formats[i].PxPerMM *= 4
	}
	files := make([]checks.MatchFile, len(populationSubjects))
	for i, d := range populationSubjects {
		files[i] = checks.MatchFile{ID: fmt.Sprint(i), Declared: d, State: filing.MaterialChecked, Verdict: filing.VerdictPass}
	}
	limits := set.UploadLimits(filing.NewDate(2026, 11, 20))
	b.Run("evaluate", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			set.Evaluate(facts[i%many])
		}
	})
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		before := cpuTime(b)
		for i := 0; b.Loop(); i++ {
			f := facts[i%many]
			parties := PartiesOf(f)
			for j := range files {
				in := fileInput(files[j].Declared, ".jpg", limits, parties)
				in.Measurements = m
				files[j].Verdict = filing.VerdictOf(checks.File(in.FileInput))
			}
			conclude(set, f, parties, files, &together{})
		}
		b.ReportMetric(float64(b.N)/(cpuTime(b)-before).Seconds(), "filings/s/core")
	})
	b.Run("conclude", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			f := facts[i%many]
			conclude(set, f, PartiesOf(f), files, &together{})
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "filings/s")
	})
	b.Run("parse", func(b *testing.B) {
		texts := make([][]byte, many)
		for i := range texts {
			texts[i] = p.facts(i)
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := filing.ParseFacts(texts[i%many]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
