// Package differential judges filings by the rule data a second time, with google/cel-go, and holds the answers of
// package rules against it. It is a module of its own, so that the product does not depend on CEL.
//
// Independence is the point: the YAML files are read by a reader of this package's own, written after rules/README.md
// and not after the loader; premises of facts, templates, repeats and replaces are understood anew; facts come in as
// JSON; days are counted by package time. Only the contract (the vocabulary) is shared.
//
// Compared are the items with their clauses and whether they are provisional, and which clauses are undecided. Where CEL
// waits for a fact and package rules does not, every value of the fact is tried (Confirm).
//
//	go test .                                        # 20,000 random filings
//	go test . -run Differential -draws 1000000 -timeout 3h -v
//	go test . -run Speed -speed -v                   # alone on the machine; -tags opa adds OPA
//	go test . -run xxx -bench Filing
//
// The flag is -draws because go test keeps -n for itself.
package differential
