package server

import (
	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/templates"
)

// partsSeen are the parts of a picture that somebody stitched, as both kinds of pages list them.
func partsSeen(f *filing.MaterialReport) []templates.PartSeen {
	out := make([]templates.PartSeen, len(f.Parts))
	for i := range f.Parts {
		p := &f.Parts[i]
		out[i] = templates.PartSeen{Number: i + 1, Quad: p.Quad[:], Verdict: p.Verdict}
		if p.Kind != nil {
			out[i].Name = checks.PartName(*p.Kind)
		}
		for k := range f.Findings {
			if f.Findings[k].Part == i+1 {
				out[i].Findings = append(out[i].Findings, f.Findings[k])
			}
		}
		if len(out[i].Findings) > 0 {
			out[i].Verdict = filing.VerdictOf(out[i].Findings) // reviewers may have overruled some of them
		}
	}
	return out
}
