// Package deploy holds what watches over Preflight: alert rules for Prometheus, a dashboard for Grafana, and the tests that
// keep both true. It is a module of its own, so that the product does not depend on Prometheus' parser.
package deploy
