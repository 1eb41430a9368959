//go:build !race

package specimen

// raceDetector: the corpus is made ten times slower under it, so that a sample of the files must do.
const raceDetector = false
