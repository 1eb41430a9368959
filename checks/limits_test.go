package checks

import (
	"sync"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
)

// GuideLimits are the upload limits of the rules in force (G6.upload.4), which files are judged by in these tests.
var GuideLimits = sync.OnceValue(func() filing.UploadLimits {
	set, err := rules.Load(rules.Embedded())
	if err != nil {
		panic(err)
	}
	return set.UploadLimits(filing.NewDate(2026, 1, 1))
})
