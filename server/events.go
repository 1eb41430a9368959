package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/storage"
)

// The records are the one truth about what runs, in whichever process, so the stream of events looks there.
const (
	eventsEvery = time.Second
	// eventsAlive is how often a silent stream shows that it is alive: proxies end what is silent for a minute.
	eventsAlive = 15 * time.Second
	// eventsMost bounds how many streams there are at once in one process; each costs a query a second.
	eventsMost = 64
)

// progressEvent is how far a revalidation has come.
type progressEvent struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	DryRun  bool   `json:"dry_run"`
	Total   int64  `json:"total"`
	Seen    int64  `json:"seen"`
	Changed int64  `json:"changed"`
	// PerSecond is measured since the event before; Remaining is what that makes of the rest, in seconds.
	PerSecond float64 `json:"per_second,omitempty"`
	Remaining float64 `json:"remaining_s,omitempty"`
}

func (s *Server) routeEvents() {
	s.echo.GET("/v1/events", s.authorized("get-events", true, s.events))
	problem := s.problemResponse()
	s.api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "get-events", Method: http.MethodGet, Path: "/v1/events", Tags: []string{"revalidations 重新审核"},
		Summary: "Progress as it happens 实时进度",
		Description: "Server-sent events, for as long as you listen: event revalidation, with id, state, total, seen, changed, " +
			"per_second and remaining_s of each that runs or has just ended, every second while something moves. With revalidation=ID " +
			"only that one, and the stream ends when it is over. 429 when 64 streams are open already.",
		Parameters: []*huma.Param{{Name: "revalidation", In: "query", Schema: &huma.Schema{Type: "string"}, Description: "Only this one, until it is over"}},
		Responses: map[string]*huma.Response{
			"200": {Description: "Events", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}}}},
			"401": problem, "404": problem, "429": problem, "500": problem,
		},
	})
}

// events streams the progress of revalidations.
func (s *Server) events(c echo.Context) error {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		return newProblem("busy")
	}
	ctx, cancel := context.WithCancel(c.Request().Context())
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	only := c.QueryParam("revalidation")
	if only != "" {
		v, err := s.flow.Revalidation(ctx, only)
		if err == nil && v.Organization != principalOf(ctx).Organization {
			err = pipeline.ErrNotFound
		}
		if err != nil {
			return err
		}
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would collect events until its buffer is full
	c.Response().WriteHeader(http.StatusOK)
	stream := &eventStream{s: s, c: c, only: only, told: map[string]told{}, wrote: time.Now()}
	ticker := time.NewTicker(eventsEvery)
	defer ticker.Stop()
	for {
		over, err := stream.step(ctx)
		if err != nil || over {
			return nil // the header is out: the client sees that the stream ends, and asks again
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// told is what a stream has said of a revalidation.
type told struct {
	state         string
	seen, changed int64
	at            time.Time
}

type eventStream struct {
	s     *Server
	c     echo.Context
	only  string
	told  map[string]told
	wrote time.Time
}

// step says what is new; over means that nothing more will come.
func (e *eventStream) step(ctx context.Context) (over bool, err error) {
	var list []pipeline.Revalidation
	if e.only != "" {
		v, err := e.s.flow.Revalidation(ctx, e.only)
		if err != nil {
			return false, err
		}
		list = []pipeline.Revalidation{*v}
	} else {
		const most = 20
		if list, err = e.s.flow.RevalidationsOf(ctx, viewerOf(ctx), most); err != nil {
			return false, err
		}
	}
	for i := range list {
		if err := e.tell(&list[i]); err != nil {
			return false, err
		}
	}
	if time.Since(e.wrote) >= eventsAlive {
		if _, err := e.c.Response().Write([]byte(": alive\n\n")); err != nil {
			return false, err
		}
		e.flush()
	}
	return e.only != "" && list[0].Over(), nil
}

// tell writes an event where something has moved.
func (e *eventStream) tell(v *pipeline.Revalidation) error {
	before, known := e.told[v.ID]
	now := told{state: v.State, seen: v.Seen, changed: v.Changed, at: v.UpdatedAt}
	if known && before == now || !known && e.only == "" && v.Over() {
		if !known {
			e.told[v.ID] = now // what was over before anybody listened is no news
		}
		return nil
	}
	e.told[v.ID] = now
	event := progressEvent{ID: v.ID, State: v.State, DryRun: v.DryRun, Total: v.Total, Seen: v.Seen, Changed: v.Changed}
	if elapsed := now.at.Sub(before.at).Seconds(); known && elapsed > 0 && v.State == storage.RevalidationRunning && v.Seen > before.seen {
		event.PerSecond = float64(int64(10*float64(v.Seen-before.seen)/elapsed)) / 10
		event.Remaining = float64(int64(10*float64(v.Total-v.Seen)/event.PerSecond)) / 10
	}
	data, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("print event: %w", err)
	}
	if _, err := fmt.Fprintf(e.c.Response(), "event: revalidation\ndata: %s\n\n", data); err != nil {
		return err
	}
	e.flush()
	return nil
}

func (e *eventStream) flush() {
	e.wrote = time.Now()
	e.c.Response().Flush()
}
