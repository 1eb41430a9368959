package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"github.com/preflight-icp/preflight/server"
)

type serveCommand struct {
	serviceFlags

	Listen    string `help:"Address to listen on." default:"127.0.0.1:8080" env:"PREFLIGHT_LISTEN" placeholder:"HOST:PORT"`
	PublicURL string `name:"public-url" help:"Address under which people reach the service." env:"PREFLIGHT_PUBLIC_URL" placeholder:"URL"`
	Tokens    string `help:"Token file: lines of role, name and SHA-256 (see: preflight token). Without it, and without --oidc-issuer, a development token is made and printed where only this machine can reach the service." env:"PREFLIGHT_TOKENS" placeholder:"FILE" type:"path"`

	OIDCIssuer       string `name:"oidc-issuer" help:"OpenID Connect provider whose signed tokens are taken." env:"PREFLIGHT_OIDC_ISSUER" placeholder:"URL"`
	OIDCAudience     string `name:"oidc-audience" help:"Whom its tokens must be for." env:"PREFLIGHT_OIDC_AUDIENCE" placeholder:"NAME"`
	OIDCRole         string `name:"oidc-role-claim" help:"Claim that holds the role: app, reviewer or operator." default:"preflight_role" env:"PREFLIGHT_OIDC_ROLE_CLAIM" placeholder:"CLAIM"`
	OIDCOrganization string `name:"oidc-organization-claim" help:"Claim that holds the organization." default:"preflight_organization" env:"PREFLIGHT_OIDC_ORGANIZATION_CLAIM" placeholder:"CLAIM"`

	PrincipalRate  float64  `help:"Requests a second of one principal, ten times as many at once; 0 is without a limit." default:"200" env:"PREFLIGHT_PRINCIPAL_RATE" placeholder:"N"`
	AddressRate    float64  `help:"Requests a second from one address, ten times as many at once; 0 is without a limit." default:"400" env:"PREFLIGHT_ADDRESS_RATE" placeholder:"N"`
	TrustedProxies []string `help:"Networks of the proxies in front, whose X-Forwarded-For is believed, e.g. 10.0.0.0/8." env:"PREFLIGHT_TRUSTED_PROXIES" placeholder:"NETWORK"`
	Watermark      bool     `help:"Every picture that a reviewer is sent carries who looks at it and when." env:"PREFLIGHT_WATERMARK"`

	StallTimeout    time.Duration `help:"End an upload of which nothing arrived for so long." default:"30s" env:"PREFLIGHT_STALL_TIMEOUT" placeholder:"TIME"`
	UploadTimeout   time.Duration `help:"Longest time for one upload." default:"10m" env:"PREFLIGHT_UPLOAD_TIMEOUT" placeholder:"TIME"`
	ShutdownTimeout time.Duration `help:"How long requests under way may finish." default:"20s" env:"PREFLIGHT_SHUTDOWN_TIMEOUT" placeholder:"TIME"`
}

func (serveCommand) Example() string {
	return "  preflight serve\n" +
		"  preflight serve --listen 0.0.0.0:8080 --public-url https://preflight.example --tokens tokens.txt\n"
}

// proxies reads the networks of the proxies in front.
func (c *serveCommand) proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range c.TrustedProxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, usageError("settings: --trusted-proxies %q: want a network, e.g. 10.0.0.0/8", text)
		}
		list = append(list, p)
	}
	return list, nil
}

func (c *serveCommand) config() server.Config {
	cfg := server.DefaultConfig()
	cfg.Listen, cfg.PublicURL, cfg.MaxBody = c.Listen, c.PublicURL, c.BodyLimit
	cfg.StallTimeout, cfg.UploadTimeout, cfg.ShutdownTimeout = c.StallTimeout, c.UploadTimeout, c.ShutdownTimeout
	cfg.PrincipalRate, cfg.AddressRate, cfg.Watermark = c.PrincipalRate, c.AddressRate, c.Watermark
	return cfg
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, std streams) (err error) {
	if err := c.config().Validate(); err != nil {
		return usageError("settings: %w", err)
	}
	cfg := c.config()
	if cfg.TrustedProxies, err = c.proxies(); err != nil {
		return err
	}
	authorizers, development, err := c.authorizers()
	if err != nil {
		return err
	}
	// Listening comes first: a taken port is said at once, and a client that connects early waits instead of failing.
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return usageError("listen: %w", err)
	}
	defer func() { _ = ln.Close() }()
	p, err := c.open(ctx, c.logger(std))
	if err != nil {
		return err
	}
	defer func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.ShutdownTimeout)
		defer cancel()
		err = errors.Join(err, p.close(grace))
	}()
	s, err := server.New(cfg, p.flow, append(authorizers, server.Keyring{Records: p.records}), p.log, p.registry, buildVersion())
	if err != nil {
		return err
	}
	c.greet(std, ln.Addr().String(), development)
	return s.Serve(ctx, ln)
}

// authorizers are those that the settings name. Without any, and where only this machine can reach the service, it is a development
// token: for this run.
func (c *serveCommand) authorizers() (all server.Authorizers, development string, err error) {
	if c.Tokens != "" {
		tokens, err := c.tokens()
		if err != nil {
			return nil, "", err
		}
		all = append(all, tokens)
	}
	if c.OIDCIssuer != "" {
		provider, err := server.NewProvider(server.OIDC{
			Issuer: c.OIDCIssuer, Audience: c.OIDCAudience, RoleClaim: c.OIDCRole, OrganizationClaim: c.OIDCOrganization, ScopeClaim: "scope",
		})
		if err != nil {
			return nil, "", usageError("settings: %w", err)
		}
		all = append(all, provider)
	}
	if len(all) > 0 {
		return all, "", nil
	}
	if !server.Loopback(c.Listen) || c.PublicURL != "" {
		return nil, "", usageError("a public address needs --tokens or --oidc-issuer: the development token is for this machine only (see: preflight token --help)")
	}
	token, _ := server.NewToken(server.RoleOperator, "developer")
	t := &server.Tokens{}
	return server.Authorizers{t}, token, t.Add(server.Principal{Name: "developer", Role: server.RoleOperator}, token)
}

func (c *serveCommand) tokens() (*server.Tokens, error) {
	file, err := os.Open(c.Tokens)
	if err != nil {
		return nil, usageError("token file: %w", err)
	}
	defer func() { _ = file.Close() }()
	t, err := server.ReadTokens(file)
	if err != nil {
		return nil, usageError("token file: %w", err)
	}
	if t.Len() == 0 {
		return nil, usageError("token file: it holds no token, nobody could use the service")
	}
	return t, nil
}

// greet prints where to look and three things to try.
func (c *serveCommand) greet(std streams, address, token string) {
	base := c.PublicURL
	if base == "" {
		base = "http://" + address
	}
	_, _ = fmt.Fprintf(std.out, "\nPreflight %s 备案资料预检\n\n", buildVersion())
	if token == "" {
		_, _ = fmt.Fprintf(std.out, "  Page  上传页   %s/\n  API   接口文档  %s/docs\n\n", base, base)
		return
	}
	_, _ = fmt.Fprintf(std.out, `  Page  上传页   %[1]s/login#token=%[2]s
  API   接口文档  %[1]s/docs
  Data  数据     %[3]s

Three things to try 试一试 (the token is for this run only):

  export TOKEN=%[2]s
  1. check a photo 检查一张照片
     curl -s -H "Authorization: Bearer $TOKEN" -F file=@front.jpg -F material=principal_id -F page=front %[1]s/v1/checks
  2. open a filing, see what it needs 新建备案，查看所需资料
     curl -s -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{"facts":{"province":"BJ","action":"new","applicant":{"type":"individual"}}}' %[1]s/v1/filings
  3. the same check without the server 不经服务直接检查
     preflight check front.jpg --material principal_id --page front

`, base, token, c.Data)
}

type workCommand struct {
	serviceFlags
	Operations      string        `help:"Address that answers /healthz, /readyz and /metrics, and nothing else. Default: none." env:"PREFLIGHT_OPERATIONS" placeholder:"HOST:PORT"`
	ShutdownTimeout time.Duration `help:"How long jobs under way may finish." default:"20s" env:"PREFLIGHT_SHUTDOWN_TIMEOUT" placeholder:"TIME"`
}

func (workCommand) Example() string {
	return "  preflight work --database postgres://preflight@db/preflight --store 's3://preflight?endpoint=http://s3:9000' --jobs 4\n" +
		"  preflight work --operations 127.0.0.1:9090   # then: preflight healthcheck http://127.0.0.1:9090/readyz\n"
}

// Run works jobs until it is told to stop.
func (c *workCommand) Run(ctx context.Context, std streams) error {
	if c.Jobs == 0 {
		return usageError("settings: a worker with --jobs 0 has nothing to do")
	}
	var ln net.Listener
	if c.Operations != "" {
		var err error
		if ln, err = (&net.ListenConfig{}).Listen(ctx, "tcp", c.Operations); err != nil {
			return usageError("listen: %w", err)
		}
		defer func() { _ = ln.Close() }()
	}
	p, err := c.open(ctx, c.logger(std))
	if err != nil {
		return err
	}
	if ln != nil {
		p.log.Info("operations", "address", ln.Addr().String())
		defer operate(ln, server.Operations(p.flow, p.log, p.registry))()
	}
	<-ctx.Done()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.ShutdownTimeout)
	defer cancel()
	return p.close(grace)
}

// operate answers on the listener until the returned function is called.
func operate(ln net.Listener, h http.Handler) (stop func()) {
	srv := &http.Server{Handler: h, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln) // ends when it is closed; a listener that fails shows in the health check
	}()
	return func() {
		_ = srv.Close()
		<-done
	}
}

type tokenCommand struct {
	Role string `arg:"" help:"app, reviewer or operator." enum:"app,reviewer,operator"`
	Name string `arg:"" help:"Whose token it is: a-z 0-9 . _ -"`
}

func (tokenCommand) Example() string {
	return "  preflight token app mobile >> tokens.txt   # the token itself goes to standard error\n"
}

// Run prints the line for the token file on standard output and the token, which is kept nowhere, beside it.
func (c *tokenCommand) Run(std streams) error {
	token, line := server.NewToken(server.Role(c.Role), c.Name)
	if _, err := fmt.Fprintln(std.out, line); err != nil {
		return err
	}
	_, err := fmt.Fprintln(std.err, "token:", token)
	return err
}
