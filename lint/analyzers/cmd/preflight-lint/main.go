// Command preflight-lint runs the project's own analyzers as a tool of go vet, which loads the packages and keeps what
// it has learned of them:
//
//	go vet -vettool=build/preflight-lint ./...
package main

import (
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/preflight-icp/preflight/lint/analyzers/knownsize"
	"github.com/preflight-icp/preflight/lint/analyzers/naming"
)

func main() {
	unitchecker.Main(knownsize.New(), naming.New())
}
