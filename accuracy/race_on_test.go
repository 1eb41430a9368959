//go:build race

package accuracy_test

const raceEnabled = true
