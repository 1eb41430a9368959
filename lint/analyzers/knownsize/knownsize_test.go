package knownsize_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/preflight-icp/preflight/lint/analyzers/knownsize"
)

func TestKnownSize(t *testing.T) {
	t.Parallel()
	analysistest.Run(t, analysistest.TestData(), knownsize.New(), "a", "b")
}
