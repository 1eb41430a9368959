//go:build !race

package face_test

const raceEnabled = false
