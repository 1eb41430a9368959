// Package legibility measures how well what stands on a document can be read (清晰度): how sharp its text is, how noisy,
// what glare covers, and how it is lit. It is pure Go, looks at nothing but the picture and where the document lies in it,
// and judges nothing.
//
// Everything is measured on the document and in units of the document, so that neither the camera's resolution nor what
// lies around matters:
//
//	sheet   the document seen from straight above, its smallest ordinary print about ten pixels high
//	lines   where text runs on the sheet, and how high it is
//	tiles   patches of the full picture around text; the width of their edges, direction by direction
//	light   paper white and ink, clipping, the fall-off of light, glare
package legibility
