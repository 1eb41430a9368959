//go:build unix

package rules

import (
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/filing"
)

func BenchmarkEvaluate(b *testing.B) {
	text, err := filing.Contract.ReadFile("contract/cases-sample.yaml")
	if err != nil {
		b.Fatal(err)
	}
	var cases []sampleCase
	if err := yaml.Unmarshal(text, &cases); err != nil {
		b.Fatal(err)
	}
	set := embedded(b)
	for _, c := range cases {
		facts, err := filing.ParseFactsNode(&c.Facts)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.Name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				set.Evaluate(facts)
			}
			b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
			live := set.live[scopeIndex(int(facts.Get(filing.FactProvince).Num), int(facts.Get(filing.FactApplicantType).Num),
				int(facts.Get(filing.FactAction).Num))]
			b.ReportMetric(float64(len(live)), "rules")
		})
	}
}

// cpuTime is what this process has used of the processors, which the neighbours of a shared machine do not change.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkLoad reads, checks and compiles all provinces: less than 100 ms of CPU is the bar.
func BenchmarkLoad(b *testing.B) {
	before := cpuTime(b)
	for b.Loop() {
		if _, err := Load(Embedded()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}
