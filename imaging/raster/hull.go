package raster

import (
	"cmp"
	"slices"
)

// ConvexHull returns the convex hull (凸包) of points, clockwise as seen on the picture, without three in a line, beginning
// with the topmost and of those the leftmost (Andrew's monotone chain, 1979). Of fewer than three different points it returns
// those; of points in one line, its two ends. It sorts its argument.
func ConvexHull(points []Point) []Point {
	// By rows: the ends of an area's rows come in this order.
	slices.SortFunc(points, func(a, b Point) int { return cmp.Or(cmp.Compare(a[1], b[1]), cmp.Compare(a[0], b[0])) })
	points = slices.Compact(points)
	if len(points) < 3 {
		return points
	}
	hull := make([]Point, 0, 64)
	for pass := range 2 {
		start := len(hull)
		for i := range points {
			p := points[i]
			if pass == 1 {
				p = points[len(points)-1-i]
			}
			for len(hull) >= start+2 && cross(hull[len(hull)-2], hull[len(hull)-1], p) <= 0 {
				hull = hull[:len(hull)-1]
			}
			hull = append(hull, p)
		}
		hull = hull[:len(hull)-1]
	}
	return hull
}
