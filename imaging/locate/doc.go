// Package locate finds where documents lie in a photo (证件定位): the four corners of each card or page, to a fraction of a
// pixel, with the probability that they are right.
//
// Two generators propose quadrilaterals that know nothing of each other: the graph of straight segments of edges (graph.go)
// and the regions that stand out from what reaches the border of the picture (region.go). All are measured alike
// (features.go): edges along the sides and none beyond the corners, paper of one colour inside, another ground
// outside, print in the middle, the shape of a known format under a phone's perspective. A model fitted to drawn photos
// (model.go) tells from these numbers which is a document, and looks at what is written in the best of them (print.go): windows and
// screens have the outline of a page. Of two that lie in one another the belt between them tells which is the page: a printed frame has
// paper on both sides, and a head ends with the sides (nested.go); of two that are about as likely, the belt in the picture that the view
// was reduced from, two or three times as fine, where a margin of paper is more than its edges (fine.go, tie.go). The sides of the
// likeliest are then fitted at full resolution (refine.go), and where paper reaches the border of the picture the page runs out of it
// (strip.go).
//
// All of it is done twice where the first answer is in doubt (locate.go): with six times as many quadrilaterals, and with those that lines
// of a view twice as fine enclose; and once more in that view itself where still nothing is likely, as a small card in a large picture.
// A scan, or a crop along the edges, has nothing around the document, and is known by its shape and its print (page.go).
//
// All is pure computation: the same frame gives the same documents, on any machine with the same arithmetic.
package locate
