package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

type healthcheckCommand struct {
	URL string `arg:"" optional:"" help:"The service's /readyz." default:"http://127.0.0.1:8080/readyz"`
}

func (healthcheckCommand) Example() string {
	return "  preflight healthcheck http://127.0.0.1:8080/readyz\n"
}

// Run exits with 1 when the service is not ready.
func (c *healthcheckCommand) Run(ctx context.Context, std streams) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return usageError("healthcheck: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return &failure{exitFails, fmt.Errorf("healthcheck: %w", err)}
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return &failure{exitFails, fmt.Errorf("healthcheck: the service answers %s", resp.Status)}
	}
	_, err = fmt.Fprintln(std.out, "ready")
	return err
}
