//go:build race

package face_test

// raceEnabled: everything takes ten times as long, so that tests draw fewer pictures.
const raceEnabled = true
