// Package raster holds pictures in memory and the geometry of the plane: what the measuring packages beside it (locate,
// legibility, origin, face) work on. It is pure Go, knows no file format and measures nothing.
//
// Coordinates are continuous: the pixel in column x and row y covers [x, x+1) x [y, y+1), and its middle is at
// (x+0.5, y+0.5), so that a position means the same at every scale.
package raster
