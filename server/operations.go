package server

import (
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/preflight-icp/preflight/pipeline"
)

// routeOperations adds what Operations answers. It holds no secret and needs no token; operators keep it off the public
// address by their proxy.
func (s *Server) routeOperations(reg *prometheus.Registry) {
	operations := echo.WrapHandler(Operations(s.flow, s.log, reg))
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		s.echo.GET(path, operations)
	}
}

// Operations answers GET /healthz (the process lives), /readyz (its parts do what an upload needs, and which of them does
// not) and /metrics: all that a process that serves nobody else has to answer.
func Operations(flow *pipeline.Pipeline, log *slog.Logger, reg *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answerState(w, http.StatusOK, map[string]any{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		status, state := http.StatusOK, "ready"
		parts := map[string]pipeline.PartState{}
		for _, part := range flow.Ready(r.Context()) {
			parts[part.Name] = part.State
			if !part.State.Serves() {
				status, state = http.StatusServiceUnavailable, "not ready"
				log.Error("not ready", "part", part.Name, "state", string(part.State), "error", part.Err.Error())
			}
		}
		answerState(w, status, map[string]any{"status": state, "parts": parts})
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	return mux
}

func answerState(w http.ResponseWriter, status int, state map[string]any) {
	text, err := json.Marshal(state)
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // whoever asked is gone, or was told
}
