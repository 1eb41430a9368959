package templates

import "github.com/preflight-icp/preflight/filing"

// VerdictWord is a verdict as reviewers and operators say it, in one word. Applicants are told in a sentence.
func VerdictWord(v filing.Verdict) filing.Text {
	switch v {
	case filing.VerdictPass:
		return filing.Text{ZH: "通过", EN: "Pass"}
	case filing.VerdictReview:
		return filing.Text{ZH: "需审核", EN: "Review"}
	case filing.VerdictFail:
		return filing.Text{ZH: "不通过", EN: "Fail"}
	default:
		return filing.Text{ZH: "任意", EN: "Any"}
	}
}
