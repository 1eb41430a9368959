package server

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"
)

// limits bound how often somebody may ask (访问频率限制): a bucket of tokens for each principal and each address. There are several
// processes in a fleet, each with buckets of its own: a limit is for one process.
type limits struct {
	principals, addresses, failures buckets
}

const (
	// burstOf is how many requests may come at once, in seconds of the rate: a page with its pictures, an app that catches up.
	burstOf = 10
	// Guessing: tokens are 256 random bits, so this only keeps noise out of the log and work from the database.
	failureRate, failureBurst = 1, 60
	// mostBuckets bounds the memory of each kind; then those that are full again are forgotten, and then all.
	mostBuckets = 20_000
)

func newLimits(cfg Config) *limits {
	return &limits{
		principals: buckets{rate: rate.Limit(cfg.PrincipalRate), burst: int(cfg.PrincipalRate * burstOf)},
		addresses:  buckets{rate: rate.Limit(cfg.AddressRate), burst: int(cfg.AddressRate * burstOf)},
		failures:   buckets{rate: failureRate, burst: failureBurst},
	}
}

// buckets are those of one kind.
type buckets struct {
	rate  rate.Limit
	burst int
	mu    sync.Mutex
	of    map[string]*rate.Limiter
}

func (b *buckets) bucket(name string) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.of[name]; l != nil {
		return l
	}
	if b.of == nil || len(b.of) >= mostBuckets {
		now := time.Now()
		for other, l := range b.of {
			if l.TokensAt(now) >= float64(b.burst) {
				delete(b.of, other)
			}
		}
		if b.of == nil || len(b.of) >= mostBuckets {
			b.of = map[string]*rate.Limiter{}
		}
	}
	l := rate.NewLimiter(b.rate, max(b.burst, 1))
	b.of[name] = l
	return l
}

// allow takes a token; without a rate there is no limit.
func (b *buckets) allow(name string) bool { return b.rate <= 0 || b.bucket(name).Allow() }

// principal reports whether a principal may go on.
func (l *limits) principal(p Principal) bool {
	return l.principals.allow(p.Organization + "/" + p.Name)
}

// mayTry reports whether an address may show a token: not after many that nobody holds.
func (l *limits) mayTry(address string) bool {
	return l.failures.bucket(networkOf(address)).Tokens() >= 1
}

func (l *limits) failed(address string) { l.failures.bucket(networkOf(address)).Allow() }

// limitAddress refuses an address that asks too often, before anything is looked up. Probes are for whoever watches the service.
func (s *Server) limitAddress(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		switch c.Path() {
		case "/healthz", "/readyz", "/metrics":
			return next(c)
		}
		if !s.limits.addresses.allow(networkOf(c.RealIP())) {
			return refuse(c, newProblem("too_many_requests"))
		}
		return next(c)
	}
}

// networkOf is what counts as one address: of IPv6 a /64, which one customer has for itself.
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	const customer = 64
	prefix, err := ip.WithZone("").Prefix(customer)
	if err != nil {
		return "unknown"
	}
	return prefix.String()
}

// addressOf says where a request comes from: the connection's other end, or what the proxies in front say, where there are any.
func (c Config) addressOf() echo.IPExtractor {
	if len(c.TrustedProxies) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range c.TrustedProxies {
		options = append(options, echo.TrustIPRange(&net.IPNet{IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
