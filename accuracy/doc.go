// Package accuracy measures how right the eyes are: it draws the labelled sets of package specimen, lets the analyzer measure
// each photo and the checks judge it, and compares both with what is known of the photo since it was drawn. Its tables are
// docs/accuracy.md; make accuracy writes them.
//
// The product never imports it.
package accuracy
