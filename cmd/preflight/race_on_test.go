//go:build race

package main

// raceEnabled: the race detector multiplies memory, so that budgets are not judged under it.
const raceEnabled = true
