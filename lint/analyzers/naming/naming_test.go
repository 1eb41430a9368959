package naming_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/preflight-icp/preflight/lint/analyzers/naming"
)

func TestNaming(t *testing.T) {
	t.Parallel()
	analysistest.Run(t, analysistest.TestData(), naming.New(), "util", "imagehelpers", "based", "measure")
}
