// Package checks judges: Measurements and what was declared become Findings, requirements and files become a Verdict.
// Pure functions with the catalogue of findings (texts in Chinese and English) and one table of thresholds; no pixel, no
// network, no cgo. The same input gives the same bytes on any machine, in microseconds, so that a rule that changes is
// applied to everything stored without looking at a picture again.
//
// File judges one file by itself (catalogue groups file and originality), Match holds the files of a filing against
// what the rules require (group filing). Every sentence is in catalogue.yaml, every number in thresholds.go.
package checks

// Version names the way of judging and is part of what a stored verdict is valid for (with the filing's revision, its
// files, the rule set, analyzer, reader and date). It changes with whatever can change a verdict, a finding or a
// sentence for the same input: code of this package, thresholds, editor and screen tables, the catalogue. It does not
// change with comments, tests, speed, or parameters given by the caller (upload limits, thresholds passed in). Verdicts
// of another version are judged again from the stored measurements. Versions are compared for equality only.
const Version = "14"
