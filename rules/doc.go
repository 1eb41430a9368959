// Package rules is the rule engine: typed data in YAML (rules/data), facts in, outcome out, each item with the clause that demands it. It knows no photo.
package rules
