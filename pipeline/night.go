package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

// Night is when the nightly pass is made (每晚重新审核): at a time of day in a zone.
type Night struct {
	hour, minute int
	zone         *time.Location
}

// ParseNight reads a time of day, "02:30", and the name of a zone, "Asia/Shanghai".
func ParseNight(at, zone string) (*Night, error) {
	clock, err := time.Parse("15:04", at)
	if err != nil || len(at) != len("15:04") {
		return nil, fmt.Errorf("nightly revalidation at %q: want hh:mm, e.g. 02:30", at)
	}
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return nil, fmt.Errorf("time zone %q: want a name such as Asia/Shanghai or UTC", zone)
	}
	return &Night{hour: clock.Hour(), minute: clock.Minute(), zone: location}, nil
}

// latest is the last time at or before now that it was due, and the day by which that night is known.
func (n *Night) latest(now time.Time) (due time.Time, night string) {
	local := now.In(n.zone)
	due = time.Date(local.Year(), local.Month(), local.Day(), n.hour, n.minute, 0, 0, n.zone)
	if due.After(now) {
		due = time.Date(local.Year(), local.Month(), local.Day()-1, n.hour, n.minute, 0, 0, n.zone)
	}
	return due, due.Format(time.DateOnly)
}

// startNight records the pass of the latest night, unless some process has: whoever runs first after the time does, be it
// hours later because nothing ran. The records allow one for each night.
func (p *Pipeline) startNight(ctx context.Context) error {
	if p.Night == nil {
		return nil
	}
	_, night := p.Night.latest(p.Now())
	if night == p.nightDone {
		return nil
	}
	_, err := p.startRevalidation(ctx, Viewer{Name: "nightly", All: true}, RevalidationRequest{}, night)
	if err != nil && !errors.Is(err, storage.ErrConflict) {
		return err
	}
	p.nightDone = night // no need to ask again
	return nil
}
