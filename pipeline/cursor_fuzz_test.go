package pipeline

import (
	"testing"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

// FuzzCursor: what a page gives is read as it was given, and anything else is refused or a place.
func FuzzCursor(f *testing.F) {
	f.Add(cursorOf(storage.QueuePlace{SubmittedAt: time.Date(2026, 11, 22, 8, 0, 0, 123456000, time.UTC), FilingID: "0193-a"}))
	f.Add("")
	f.Add("MjAyNi0xMS0yMlQwODowMDowMFogYQ")
	f.Add("////")
	f.Fuzz(func(t *testing.T, cursor string) {
		place, ok := placeOf(cursor)
		if !ok {
			return
		}
		again, ok := placeOf(cursorOf(place))
		if !ok || !again.SubmittedAt.Equal(place.SubmittedAt) || again.FilingID != place.FilingID {
			t.Errorf("%q is %+v, and printed and read again %+v", cursor, place, again)
		}
	})
}
