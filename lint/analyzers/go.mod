// The analyzers stand apart, so that the product does not depend on the libraries that a linter is made of.
module github.com/preflight-icp/preflight/lint/analyzers

go 1.26.0

require golang.org/x/tools v0.45.0

require (
	golang.org/x/mod v0.36.0 // indirect
	golang.org/x/sync v0.20.0 // indirect
)
