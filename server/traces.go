package server

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceParent is the header of W3C Trace Context that names a caller's span. Its companions, tracestate and baggage, carry
// what other systems please, and are not taken.
const traceParent = "traceparent"

// beginSpan begins the span of a request, below the caller's span where it names one. The span knows the route and no path:
// a path holds ids.
func (s *Server) beginSpan(c echo.Context) trace.Span {
	r := c.Request()
	ctx := r.Context()
	if parent := r.Header.Get(traceParent); parent != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceParent: parent})
	}
	route := routeOf(c)
	switch route {
	case "/healthz", "/readyz", "/metrics":
		return trace.SpanFromContext(r.Context()) // asked all day long by machines
	}
	method := methodOf(r)
	ctx, span := s.flow.Tracer.Start(ctx, method+" "+route, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", method), attribute.String("http.route", route)))
	c.SetRequest(r.WithContext(ctx))
	return span
}

func endSpan(span trace.Span, status int) {
	span.SetAttributes(attribute.Int("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}
