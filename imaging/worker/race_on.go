//go:build race

package worker

// raceEnabled: the race detector reserves terabytes of address space, which then cannot be bounded.
const raceEnabled = true
