// Package checks judges: Measurements and what was declared become Findings, requirements and files become a Verdict. Pure functions with the catalogue of findings (texts in Chinese and English) and one table of thresholds; no pixel, no network, no cgo.
package checks
