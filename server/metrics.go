package server

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are those of HTTP; labels are routes, methods, statuses and codes, never an id.
type metrics struct {
	requests *prometheus.HistogramVec
	inFlight prometheus.Gauge
	problems *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "preflight_http_request_seconds", Help: "Time from the request's header to the end of the answer.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120},
		}, []string{"method", "route", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "preflight_http_requests_in_flight", Help: "Requests under way.",
		}),
		problems: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "preflight_http_problems_total", Help: "Errors answered, by code of the public table.",
		}, []string{"code"}),
	}
	for code := range problems {
		m.problems.WithLabelValues(code)
	}
	reg.MustRegister(m.requests, m.inFlight, m.problems)
	return m
}

// routeOf is the route of a request as it was registered, without ids; the paths that nobody has are one.
func routeOf(c echo.Context) string {
	if route := c.Path(); route != "" {
		return route
	}
	return "unknown"
}

// methodOf is the method of a request, if it is one that the API or a browser uses: a client may write any word there, and
// each would be a series of its own.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// panicError is a panic that was caught; it holds where, not what.
type panicError struct{ kind, stack string }

func (e *panicError) Error() string { return fmt.Sprintf("panic (%s) at %s", e.kind, e.stack) }

// panicPlace lists the innermost functions of ours that were running.
func panicPlace() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs)])
	var places []string
	for len(places) < 6 {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") {
			places = append(places, fmt.Sprintf("%s:%d", f.Function, f.Line))
		}
		if !more {
			break
		}
	}
	return strings.Join(places, " < ")
}
