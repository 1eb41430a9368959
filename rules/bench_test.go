package rules

import (
	"testing"

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
			for b.Loop() {
				set.Evaluate(facts)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(Embedded(), AllowMissingProvinces()); err != nil {
			b.Fatal(err)
		}
	}
}
