//go:build !race

package worker

// raceEnabled tells whether the race detector is on.
const raceEnabled = false
