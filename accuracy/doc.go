// Package accuracy measures how right the eyes are: it draws the labelled sets of package specimen, lets the analyzer measure
// each photo and the checks judge it, and compares both with what is known of the photo since it was drawn. Its tables are
// docs/accuracy.md; make accuracy writes them. So it does for reading: what documents are and say is held against what the specimens
// say, and what is judged of that against faults that are planted; make accuracy-reading writes those.
//
// The product never imports it.
package accuracy
