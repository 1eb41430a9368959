package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/storage"
)

// statusBody is how the service is, as the API answers it.
type statusBody struct {
	Serves bool       `json:"serves" doc:"Every part does what an upload needs"`
	Parts  []partBody `json:"parts"`
	Queue  queueBody  `json:"queue"`
	Passes passesBody `json:"revalidations"`
	Here   hereBody   `json:"here" doc:"Of the process that answers"`
}

type partBody struct {
	Name  string  `json:"name" enum:"database,queue,objects,measuring,models,reading"`
	State string  `json:"state" enum:"ok,degraded,failed,no answer in time"`
	MS    float64 `json:"ms" doc:"How long it took to answer; 0 for what is known without asking"`
}

type queueBody struct {
	Jobs      map[string]int64 `json:"jobs" doc:"By state; the completed ones are not counted"`
	OldestS   float64          `json:"oldest_s" doc:"How long the job that waits longest is overdue"`
	Deletions int64            `json:"deletions" doc:"Contents whose objects are still to be deleted"`
}

type passesBody struct {
	Running int64 `json:"running"`
	Total   int64 `json:"total"`
	Seen    int64 `json:"seen"`
	Changed int64 `json:"changed"`
}

type hereBody struct {
	Uploads   loadBody `json:"uploads"`
	Measuring loadBody `json:"measuring"`
	Reading   loadBody `json:"reading"`
}

type loadBody struct {
	InUse int `json:"in_use"`
	Limit int `json:"limit"`
}

func statusOf(v *pipeline.Status) statusBody {
	out := statusBody{
		Serves: true, Parts: []partBody{},
		Queue:  queueBody{Jobs: map[string]int64{}, OldestS: v.Work.Oldest.Seconds(), Deletions: v.Work.Deletions},
		Passes: passesBody{v.Work.Revalidations, v.Work.Total, v.Work.Seen, v.Work.Changed},
		Here:   hereBody{loadBody(v.Uploads), loadBody(v.Measuring), loadBody(v.Reading)},
	}
	for _, p := range v.Parts {
		out.Serves = out.Serves && p.State.Serves()
		out.Parts = append(out.Parts, partBody{p.Name, string(p.State), milliseconds(p.Took)})
	}
	for _, state := range storage.JobStates() {
		out.Queue.Jobs[state] = v.Work.Jobs[state]
	}
	return out
}

// routeStatus adds what an operator asks first: does everything answer, and what waits for how long.
func (s *Server) routeStatus() {
	huma.Register(s.api, huma.Operation{
		OperationID: "get-status", Method: http.MethodGet, Path: "/v1/status",
		Summary: "Do all parts answer, and what waits 运行状态", Tags: []string{"jobs 任务"},
		Description: "Each part is asked for what an upload needs of it: the database takes a write, an object is written, read and " +
			"deleted, a tiny picture is measured. An answer holds for a second.",
	}, func(ctx context.Context, _ *struct{}) (*struct{ Body statusBody }, error) {
		return &struct{ Body statusBody }{statusOf(s.flow.Status(ctx))}, nil
	})
}

// milliseconds is a duration as people read it beside others.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
