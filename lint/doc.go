// Package lint holds the rules of this house about its own code: which room may import which and why (floors.go), and
// what a reader relies on without being told, such as links that lead somewhere. `make test` enforces them through the
// tests of this package; `make lint` shows most of them in an editor through golangci-lint, whose configuration is kept
// equal to floors.go by a test. Rules about single expressions are analyzers of their own, in lint/analyzers.
package lint
