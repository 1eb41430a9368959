package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// traceFlags say where traces go.
type traceFlags struct {
	Traces string `help:"Send OpenTelemetry traces to this OTLP/HTTP address, e.g. http://collector:4318; OTEL_EXPORTER_OTLP_ENDPOINT and the other variables of the standard work too. Default: none are made." env:"PREFLIGHT_TRACES" placeholder:"URL"`
}

// tracePath is where a collector takes traces, where the address names no path.
const tracePath = "/v1/traces"

// tracer makes the tracer of this process, by default one that makes no traces; done sends what is left. The sampler, the
// headers and the limits come from the OTEL_* environment, as the OpenTelemetry specification has it.
func (f *traceFlags) tracer(ctx context.Context, log *slog.Logger) (_ trace.Tracer, done func(context.Context) error, err error) {
	const name = "github.com/preflight-icp/preflight"
	var options []otlptracehttp.Option
	switch {
	case strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true"), os.Getenv("OTEL_TRACES_EXPORTER") == "none":
		return noop.NewTracerProvider().Tracer(name), nil, nil
	case f.Traces != "":
		u, err := url.Parse(f.Traces)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.User != nil {
			return nil, nil, usageError("settings: traces: want http(s)://host:port, without a query and without credentials")
		}
		if u.Path == "" || u.Path == "/" {
			u.Path = tracePath
		}
		options = append(options, otlptracehttp.WithEndpointURL(u.String()))
	case os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "":
		return noop.NewTracerProvider().Tracer(name), nil, nil
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, nil, fmt.Errorf("traces: %w", err)
	}
	// No detector of processes and hosts: a command line may hold what no trace should.
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "preflight"), attribute.String("service.version", buildVersion())),
		resource.WithFromEnv())
	if err != nil {
		return nil, nil, usageError("settings: OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	// The library has one handler for the whole process; by default it prints beside the log.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces", "error", err.Error()) }))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	log.Info("traces are sent")
	return provider.Tracer(name), provider.Shutdown, nil
}
