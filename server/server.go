package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/templates"
)

// Config holds what concerns HTTP. Zero values are not defaults: start from DefaultConfig.
type Config struct {
	// Listen is the address to listen on, host:port.
	Listen string
	// PublicURL is the address under which people reach the service, e.g. https://preflight.example; empty means http
	// on the listening address. A cookie is Secure when it begins with https.
	PublicURL string
	// MaxBody is the largest upload in bytes; the same as the pipeline's.
	MaxBody int64
	// MaxJSON is the largest JSON body in bytes.
	MaxJSON int64
	// StallTimeout ends an upload of which nothing arrived for so long; UploadTimeout ends the slowest one.
	StallTimeout  time.Duration
	UploadTimeout time.Duration
	// PrincipalRate and AddressRate are how many requests a second one principal, or one address, may make; a burst may be ten times as
	// many. 0 is without a limit.
	PrincipalRate, AddressRate float64
	// TrustedProxies are the networks of the proxies in front, whose X-Forwarded-For is believed; without any, nobody's.
	TrustedProxies []netip.Prefix
	// Watermark: every picture that a reviewer is sent carries who looks at it and when.
	Watermark bool
	// ShutdownTimeout is how long requests under way may finish once the service was told to stop.
	ShutdownTimeout time.Duration
}

// DefaultConfig listens on loopback only. A phone on a bad network may take minutes for 4 MB: only a stall ends it.
func DefaultConfig() Config {
	return Config{
		Listen: "127.0.0.1:8080", MaxBody: 32 << 20, MaxJSON: 1 << 20,
		StallTimeout: 30 * time.Second, UploadTimeout: 10 * time.Minute, ShutdownTimeout: 20 * time.Second,
		PrincipalRate: 200, AddressRate: 400,
	}
}

// Validate says everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		errs = append(errs, fmt.Errorf("listen address %q: want host:port, e.g. 127.0.0.1:8080", c.Listen))
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" {
			errs = append(errs, fmt.Errorf("public URL %q: want http(s)://host[:port][/path]", c.PublicURL))
		}
	}
	if c.MaxJSON < 1<<10 {
		errs = append(errs, fmt.Errorf("JSON limit %d: at least 1024", c.MaxJSON))
	}
	if c.PrincipalRate < 0 || c.AddressRate < 0 {
		errs = append(errs, errors.New("rates: 0 (no limit) or more requests a second"))
	}
	if c.StallTimeout <= 0 || c.UploadTimeout < c.StallTimeout || c.ShutdownTimeout <= 0 {
		errs = append(errs, errors.New("timeouts: all above 0, and the upload timeout not below the stall timeout"))
	}
	return errors.Join(errs...)
}

// Server answers HTTP.
type Server struct {
	cfg     Config
	access  map[string]Grant
	limits  *limits
	flow    *pipeline.Pipeline
	auth    Authorizer
	log     *slog.Logger
	metrics *metrics
	pages   *templates.Pages
	echo    *echo.Echo
	api     huma.API
	// closing ends streams when the service stops: they would never end by themselves.
	closing context.Context
	close   context.CancelFunc
	// streams has a token for each stream of events.
	streams chan struct{}
}

// humaHooks sets huma's constructor of errors, which is global in that library: once, to a function without state.
var humaHooks = sync.OnceFunc(func() { huma.NewError = humaError })

// New wires the routes. version is printed in the API's document; reg takes the metrics; requests begin a trace, or go on with
// the caller's, where the pipeline has a tracer.
func New(cfg Config, flow *pipeline.Pipeline, auth Authorizer, log *slog.Logger, reg *prometheus.Registry, version string) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("server configuration: %w", err)
	}
	humaHooks()
	pages, err := templates.Load(cfg.MaxBody)
	if err != nil {
		return nil, fmt.Errorf("load pages: %w", err)
	}
	s := &Server{cfg: cfg, access: AccessTable(), limits: newLimits(cfg), flow: flow, auth: auth, log: log, metrics: newMetrics(reg), pages: pages, echo: echo.New()}
	s.streams = make(chan struct{}, eventsMost)
	s.closing, s.close = context.WithCancel(context.Background()) //nolint:gosec // Serve calls it at shutdown
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.handleError
	s.echo.IPExtractor = cfg.addressOf()
	s.echo.Use(s.identify, s.observe, s.recoverPanics, s.secureHeaders, s.limitAddress)

	config := huma.DefaultConfig("Preflight", version)
	config.Info.Description = apiDescription
	config.DocsPath, config.OpenAPIPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // no $schema links in answers
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", Description: "A key that the operator made (preflight keys create), a line of the token file, " +
			"the token of an applicant's link, or the development token that is printed at start."},
		"oidc": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "A signed token of the operator's OpenID Connect provider, where one is set."},
	}
	config.Security = []map[string][]string{{"bearer": {}}, {"oidc": {}}}
	// what it is in JSON, which its Go type does not tell
	config.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[filing.ReasonFacts](), reflect.TypeFor[map[string]any]())
	s.api = humaecho.New(s.echo, config)
	s.api.UseMiddleware(s.authorizeHuma)

	s.routeFilings()
	s.routeMaterials()
	s.routeComposites()
	s.routeReviews()
	s.routeViews()
	s.routeChecks()
	s.routeRuleSets()
	s.routeRevalidations()
	s.routeEvents()
	s.routeWebhooks()
	s.routeJobs()
	s.routeStatus()
	s.routeAccess()
	s.routeDocument()
	s.describeAccess()
	s.routeOperations(reg)
	s.routePages()
	s.routeQuestions()
	s.routePhotos()
	s.routeReviewPages()
	s.routeRevalidationPages()
	s.routeOperatorPages()
	return s, nil
}

// Handler is the whole service, for tests and for embedding.
func (s *Server) Handler() http.Handler { return s.echo }

// Routes lists every route, "GET /v1/filings/{id}", in no order.
func (s *Server) Routes() []string {
	var out []string
	for _, r := range s.echo.Routes() {
		segments := strings.Split(r.Path, "/")
		for i, segment := range segments {
			if strings.HasPrefix(segment, ":") {
				segments[i] = "{" + segment[1:] + "}"
			}
		}
		out = append(out, r.Method+" "+strings.Join(segments, "/"))
	}
	return out
}

// Serve answers on the listener until ctx ends, then lets requests under way finish.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler:           s.echo,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	srv.RegisterOnShutdown(s.close)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.ShutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		_ = srv.Close()
		<-failed
		return fmt.Errorf("requests were still under way after %s: %w", s.cfg.ShutdownTimeout, err)
	}
	<-failed // http.ErrServerClosed
	return nil
}

type contextKey int

const (
	principalKey contextKey = iota
	requestKey
)

func principalOf(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey).(Principal)
	return p
}

func viewerOf(ctx context.Context) pipeline.Viewer { return principalOf(ctx).viewer() }

func (p Principal) viewer() pipeline.Viewer {
	return pipeline.Viewer{Name: p.Name, Organization: p.Organization, All: p.Role.seesAll(), Filing: p.Filing}
}

// may reports whether the principal of a request may call an operation: for what a page offers.
func (s *Server) may(ctx context.Context, operation string) bool {
	g, known := s.access[operation]
	return known && g.allows(principalOf(ctx))
}

// sessionCookie carries the token for the pages, where a browser cannot send a header.
const sessionCookie = "preflight_session"

// authenticate finds who makes the request: the Authorization header, or the cookie of the pages.
func (s *Server) authenticate(ctx context.Context, header string, cookie func(string) (*http.Cookie, error)) (Principal, error) {
	if scheme, token, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return s.auth.Authenticate(ctx, strings.TrimSpace(token))
	}
	if cookie != nil {
		if c, err := cookie(sessionCookie); err == nil {
			return s.auth.Authenticate(ctx, c.Value)
		}
	}
	return Principal{}, ErrUnauthenticated
}

// authorize decides on an operation for a request of the API: only the Authorization header counts there, so that no
// other site can make a browser call it. What pages show or link to is the exception, all of it only read: pictures,
// progress, tables of changes. What is granted is in the audit trail before the work begins.
func (s *Server) authorize(r *http.Request, operation, object, address string, cookie bool) (Principal, error) {
	p, err := s.permit(r, operation, object, address, cookie)
	if err != nil {
		return Principal{}, err
	}
	return p, s.granted(r, p, operation, object)
}

// permit is authorize without the audit trail.
func (s *Server) permit(r *http.Request, operation, object, address string, cookie bool) (Principal, error) {
	from := r.Cookie
	if !cookie {
		from = nil
	}
	ctx := r.Context()
	shown := r.Header.Get("Authorization") != ""
	if _, err := r.Cookie(sessionCookie); err == nil && cookie {
		shown = true
	}
	if shown && !s.limits.mayTry(address) {
		return Principal{}, newProblem("too_many_requests")
	}
	p, err := s.authenticate(ctx, r.Header.Get("Authorization"), from)
	if errors.Is(err, ErrUnauthenticated) {
		if shown {
			s.limits.failed(address)
		}
		return Principal{}, newProblem("unauthenticated")
	}
	if err != nil {
		return Principal{}, err
	}
	if !s.limits.principal(p) {
		return Principal{}, newProblem("too_many_requests")
	}
	g, known := s.access[operation]
	if !known || !g.allows(p) {
		return Principal{}, newProblem("not_found")
	}
	if err := s.owns(ctx, p, g, object); err != nil {
		return Principal{}, err
	}
	return p, nil
}

// granted writes into the trail what a principal is about to see or change.
func (s *Server) granted(r *http.Request, p Principal, operation, object string) error {
	if s.access[operation].Quiet {
		return nil
	}
	ctx := r.Context()
	e := s.entry(p, operation, object, requestOf(ctx), storage.AuditGranted)
	if shown := pipeline.Variant(r.URL.Query().Get("variant")); slices.Contains(pipeline.Variants(), shown) {
		e.Detail = string(shown) // a thumbnail on a list is not what a picture at full size is
	}
	return s.flow.Audit(ctx, e)
}

// owns refuses what belongs to another organization, where the pipeline does not look.
func (s *Server) owns(ctx context.Context, p Principal, g Grant, object string) error {
	var organization string
	switch g.Object {
	case ObjectRevalidation:
		v, err := s.flow.Revalidation(ctx, object)
		if err != nil {
			return err
		}
		organization = v.Organization
	case ObjectWebhook:
		w, err := s.flow.Webhook(ctx, object)
		if err != nil {
			return err
		}
		organization = w.Organization
	default:
		return nil
	}
	if organization != p.Organization {
		return pipeline.ErrNotFound
	}
	return nil
}

func (s *Server) entry(p Principal, operation, object, request, outcome string) storage.AuditEntry {
	return storage.AuditEntry{
		Principal: p.Name, Role: string(p.Role), Organization: p.Organization, Operation: operation, Object: auditObject(object), Request: request, Outcome: outcome,
	}
}

// auditObject keeps what a stranger writes into a path out of the trail: ids are short and of few characters.
func auditObject(object string) string {
	const most = 80
	if len(object) > most || strings.ContainsFunc(object, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != ':'
	}) {
		return "(malformed)"
	}
	return object
}

func requestOf(ctx context.Context) string {
	id, _ := ctx.Value(requestKey).(string)
	return id
}

// audited writes into the trail that what was granted did not come to pass.
func (s *Server) audited(ctx context.Context, operation, object string, status int) {
	if status < http.StatusBadRequest || s.access[operation].Quiet {
		return
	}
	e := s.entry(principalOf(ctx), operation, object, requestOf(ctx), strconv.Itoa(status))
	if err := s.flow.Audit(ctx, e); err != nil {
		s.log.Error("audit trail", "operation", operation, "error", err.Error())
	}
}

func (s *Server) authorizeHuma(ctx huma.Context, next func(huma.Context)) {
	c := humaecho.Unwrap(ctx)
	operation := ctx.Operation().OperationID
	object := objectOf(c)
	p, err := s.authorize(c.Request(), operation, object, c.RealIP(), false)
	if err != nil {
		problem := s.problemOf(c.Request().Context(), err)
		if problem.Status >= http.StatusInternalServerError {
			s.log.Error("authorization failed", "operation", operation, "error", err.Error())
		}
		s.metrics.problems.WithLabelValues(problem.Code).Inc()
		problem.write(c.Response())
		return
	}
	ctx = huma.WithValue(ctx, principalKey, p)
	next(ctx)
	s.audited(ctx.Context(), operation, object, ctx.Status())
}

// objectOf is what a route's path names first.
func objectOf(c echo.Context) string {
	if values := c.ParamValues(); len(values) > 0 {
		return values[0]
	}
	return ""
}

// authorized guards a raw handler as authorizeHuma guards huma's.
func (s *Server) authorized(operation string, cookie bool, h echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		object := objectOf(c)
		p, err := s.authorize(c.Request(), operation, object, c.RealIP(), cookie)
		if err != nil {
			return err
		}
		return s.handle(c, p, operation, object, h)
	}
}

// handle runs a guarded handler for a principal, and writes down what came to nothing.
func (s *Server) handle(c echo.Context, p Principal, operation, object string, h echo.HandlerFunc) error {
	c.SetRequest(c.Request().WithContext(context.WithValue(c.Request().Context(), principalKey, p)))
	ctx := c.Request().Context()
	err := h(c)
	status := c.Response().Status
	if err != nil {
		status = s.problemOf(ctx, err).Status
	}
	s.audited(ctx, operation, object, status)
	return err
}

// admitted guards what takes a picture, as authorized does, and takes a place for it first. An overload is refused for the price of a
// counter: before anything is looked up, before the body is read, and without a line of the audit trail, which would be two durable
// writes for nothing that anybody saw. The place is taken behind the token, so that strangers hold none.
func (s *Server) admitted(operation string, cookie bool, h func(echo.Context, *pipeline.Place) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.flow.Busy() {
			return refuse(c, pipeline.ErrBusy)
		}
		object := objectOf(c)
		p, err := s.permit(c.Request(), operation, object, c.RealIP(), cookie)
		if err != nil {
			return refuse(c, err)
		}
		place, err := s.flow.Admit()
		if err != nil {
			return refuse(c, err)
		}
		defer place.Leave()
		if err := s.granted(c.Request(), p, operation, object); err != nil {
			return refuse(c, err)
		}
		return s.handle(c, p, operation, object, func(c echo.Context) error { return h(c, place) })
	}
}

// refuse has the connection end with the answer to a request whose body nobody reads: kept open, net/http first reads up to 256 KiB of
// what is on its way, however slowly it comes. Who sent Expect: 100-continue sends nothing of it.
func refuse(c echo.Context, err error) error {
	if c.Request().ContentLength != 0 {
		c.Response().Header().Set("Connection", "close")
	}
	return err
}

// identify gives every request an id, which is in the log line and in the answer.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("make a request id: %w", err)
		}
		c.Response().Header().Set("X-Request-Id", id.String())
		c.SetRequest(c.Request().WithContext(context.WithValue(c.Request().Context(), requestKey, id.String())))
		return next(c)
	}
}

// observe writes one log line and the metrics of a request. Paths are logged as routes, without ids or queries.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		s.metrics.inFlight.Inc()
		defer s.metrics.inFlight.Dec()
		span := s.beginSpan(c)
		err := next(c)
		if err != nil {
			s.handleError(err, c)
		}
		elapsed := time.Since(start)
		route, status := routeOf(c), c.Response().Status
		method := methodOf(c.Request())
		s.metrics.requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(elapsed.Seconds())
		endSpan(span, status)
		level := slog.LevelInfo
		if status >= 500 {
			level = slog.LevelError
		} else if route == "/healthz" || route == "/readyz" || route == "/metrics" {
			level = slog.LevelDebug
		}
		s.log.Log(c.Request().Context(), level, "request",
			"id", c.Response().Header().Get("X-Request-Id"), "method", method, "route", route,
			"status", status, "ms", elapsed.Milliseconds(), "in", c.Request().ContentLength, "out", c.Response().Size)
		return nil
	}
}

// recoverPanics turns a panic into an internal error: one request fails, not the service. The panic's value is not
// logged, since it may quote what was in hand; its type and place are.
func (s *Server) recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				if r == http.ErrAbortHandler { //nolint:errorlint // net/http, which it is meant for, knows the very value only
					panic(r)
				}
				err = &panicError{kind: fmt.Sprintf("%T", r), stack: panicPlace()}
			}
		}()
		return next(c)
	}
}

// secureHeaders are those of every answer; pages add their own policy for content.
func (s *Server) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		return next(c)
	}
}

// handleError is where every error of a handler becomes an answer.
func (s *Server) handleError(err error, c echo.Context) {
	problem := s.problemOf(c.Request().Context(), err)
	if problem.Status >= 500 {
		s.log.Error("request failed", "id", c.Response().Header().Get("X-Request-Id"), "route", c.Path(), "error", err.Error())
	}
	s.metrics.problems.WithLabelValues(problem.Code).Inc()
	if c.Response().Committed {
		return
	}
	r := c.Request()
	if r.Method == http.MethodGet && !strings.HasPrefix(r.URL.Path, "/v1/") && strings.Contains(r.Header.Get("Accept"), "text/html") {
		// Somebody typed an address, or followed an old link.
		tell(problem, c)
		failure := templates.Failure{Message: problem.Message, Advice: problem.Advice, Code: problem.Code}
		if s.page(c, problem.Status, "failure", failure) == nil {
			return
		}
	}
	problem.write(c.Response())
}

// problemOf maps an error of any room below to the public table.
func (s *Server) problemOf(ctx context.Context, err error) *Problem {
	var (
		problem  *Problem
		tooLarge *pipeline.TooLargeError
		facts    *pipeline.FactsError
		request  *pipeline.RequestError
		he       *echo.HTTPError
		maxBytes *http.MaxBytesError
	)
	if p, ok := compositeProblem(err); ok && !errors.Is(err, pipeline.ErrNoRepair) {
		return p
	}
	switch {
	case errors.As(err, &problem):
		return problem
	case errors.As(err, &tooLarge):
		return newProblem("body_too_large").withLimit(nil, map[string]any{"max_bytes": tooLarge.Limit})
	case errors.As(err, &maxBytes):
		return newProblem("body_too_large").withLimit(nil, map[string]any{"max_bytes": maxBytes.Limit})
	case errors.As(err, &facts):
		return factsProblem(facts)
	case errors.As(err, &request):
		return newProblem("invalid_request").withField(request.Field, request.Problem.ZH, request.Problem.EN, request.Allowed...)
	case errors.Is(err, pipeline.ErrNotFound):
		return newProblem("not_found")
	case errors.Is(err, pipeline.ErrConflict):
		return newProblem("revision_conflict")
	case errors.Is(err, pipeline.ErrKeyReused):
		return newProblem("key_reused")
	case errors.Is(err, pipeline.ErrBusy):
		return newProblem("busy")
	case errors.Is(err, pipeline.ErrIncomplete):
		return newProblem("incomplete_body")
	case errors.Is(err, pipeline.ErrUnreadable):
		return newProblem("picture_unreadable")
	case errors.Is(err, pipeline.ErrNoDocument):
		return newProblem("no_document")
	case errors.Is(err, pipeline.ErrFilingState):
		return newProblem("filing_state")
	case errors.Is(err, pipeline.ErrClaimed):
		return newProblem("claimed")
	case errors.Is(err, pipeline.ErrNotReady):
		return newProblem("not_ready")
	case errors.Is(err, pipeline.ErrReasonNeeded):
		return newProblem("reason_needed")
	case errors.Is(err, pipeline.ErrNoRepair):
		return newProblem("no_repair")
	case errors.As(err, &he):
		return newProblem(codeOfStatus(he.Code))
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return newProblem("client_closed")
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem("unavailable")
	default:
		return newProblem("internal")
	}
}
