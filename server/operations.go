package server

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyTimeout is how long the parts have to answer /readyz; a load balancer asks every few seconds.
const readyTimeout = 3 * time.Second

// routeOperations adds /healthz (the process lives), /readyz (its database and store answer, a picture can be measured)
// and /metrics. They hold no secret and need no token; operators keep them off the public address by their proxy.
func (s *Server) routeOperations(reg *prometheus.Registry) {
	s.echo.GET("/healthz", func(c echo.Context) error {
		return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
	})
	s.echo.GET("/readyz", func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
		defer cancel()
		status := http.StatusOK
		parts := map[string]string{}
		for name, err := range s.flow.Ready(ctx) {
			parts[name] = "ok"
			if err != nil {
				parts[name] = "failed"
				status = http.StatusServiceUnavailable
				s.log.Error("not ready", "part", name, "error", err.Error())
			}
		}
		state := "ready"
		if status != http.StatusOK {
			state = "not ready"
		}
		c.Response().Header().Set("Cache-Control", "no-store")
		return c.JSON(status, map[string]any{"status": state, "parts": parts})
	})
	s.echo.GET("/metrics", echo.WrapHandler(promhttp.HandlerFor(reg, promhttp.HandlerOpts{})))
}
