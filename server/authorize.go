package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/preflight-icp/preflight/storage"
)

// Authorizers ask each in turn, until one knows the token.
type Authorizers []Authorizer

// Authenticate implements Authorizer.
func (a Authorizers) Authenticate(ctx context.Context, token string) (Principal, error) {
	for _, one := range a {
		p, err := one.Authenticate(ctx, token)
		if !errors.Is(err, ErrUnauthenticated) {
			return p, err
		}
	}
	return Principal{}, ErrUnauthenticated
}

// Keyring knows the keys and links that the records hold.
type Keyring struct{ Records *storage.Records }

// Authenticate implements Authorizer.
func (k Keyring) Authenticate(ctx context.Context, token string) (Principal, error) {
	var p Principal
	var err error
	switch {
	case strings.HasPrefix(token, storage.APIKeyPrefix):
		var key storage.APIKey
		key, err = k.Records.APIKeyOf(ctx, token)
		p = Principal{Name: key.Name, Role: Role(key.Role), Organization: key.Organization, Scopes: strings.Fields(key.Scopes)}
	case strings.HasPrefix(token, storage.LinkPrefix):
		var link storage.Link
		link, err = k.Records.LinkOf(ctx, token)
		p = Principal{Name: "link:" + link.ID, Role: RoleApplicant, Organization: link.Organization, Filing: link.FilingID}
	default:
		return Principal{}, ErrUnauthenticated
	}
	if errors.Is(err, storage.ErrRefused) {
		return Principal{}, ErrUnauthenticated
	}
	return p, err
}

// OIDC is how tokens of an OpenID Connect provider are read (统一身份认证).
type OIDC struct {
	// Issuer is the provider's URL, which the tokens name; its keys are found by discovery (OpenID Connect Discovery 1.0).
	Issuer string
	// Audience is whom the tokens must be for.
	Audience string
	// RoleClaim, OrganizationClaim and ScopeClaim name the claims that say so. A token without a role of ours is refused, and one with
	// several has the most of them; one without an organization belongs to Organization.
	RoleClaim, OrganizationClaim, ScopeClaim string
	// Organization is that of tokens that name none.
	Organization string
}

// Validate says everything that is wrong.
func (o OIDC) Validate() error {
	var errs []error
	u, err := url.Parse(o.Issuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !Loopback(u.Host+":0") && !Loopback(u.Host)) {
		errs = append(errs, errors.New("OIDC issuer: want https://HOST/PATH"))
	}
	if o.Audience == "" {
		errs = append(errs, errors.New("OIDC audience: a token for somebody else must not open this service: say whom they are for"))
	}
	if o.RoleClaim == "" {
		errs = append(errs, errors.New("OIDC role claim: say which claim holds the role"))
	}
	return errors.Join(errs...)
}

// Provider checks signed tokens of an OpenID Connect provider. Its keys are fetched when a token first needs them, kept, and fetched
// again when a token names one that is not known: so keys rotate without a restart, and the service starts while the provider is down.
type Provider struct {
	options OIDC
	client  *http.Client

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
	asked    time.Time
}

const (
	providerTimeout = 10 * time.Second
	// providerPause is how long a provider that could not be discovered is left alone.
	providerPause = 5 * time.Second
)

// NewProvider makes a Provider; nothing is asked yet.
func NewProvider(options OIDC) (*Provider, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	return &Provider{options: options, client: &http.Client{Timeout: providerTimeout}}, nil
}

// algorithms are those that sign with a private key: with a shared secret, or none, anybody could.
func algorithms() []string {
	return []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}
}

func (o *Provider) ready(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.verifier != nil {
		return o.verifier, nil
	}
	if time.Since(o.asked) < providerPause {
		return nil, errors.New("the OIDC provider could not be discovered a moment ago")
	}
	o.asked = time.Now()
	provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), o.client), o.options.Issuer)
	if err != nil {
		return nil, errors.New("the OIDC provider cannot be discovered") // the library's error quotes its whole answer
	}
	o.verifier = provider.Verifier(&oidc.Config{ClientID: o.options.Audience, SupportedSigningAlgs: algorithms()})
	return o.verifier, nil
}

// Authenticate implements Authorizer. An error that is not ErrUnauthenticated means that the provider could not be asked.
func (o *Provider) Authenticate(ctx context.Context, token string) (Principal, error) {
	if strings.Count(token, ".") != 2 {
		return Principal{}, ErrUnauthenticated
	}
	verifier, err := o.ready(ctx)
	if err != nil {
		return Principal{}, err
	}
	verified, err := verifier.Verify(ctx, token)
	if err != nil {
		return Principal{}, ErrUnauthenticated
	}
	claims := map[string]json.RawMessage{}
	if err := verified.Claims(&claims); err != nil {
		return Principal{}, ErrUnauthenticated
	}
	p := Principal{Name: "oidc:" + verified.Subject, Organization: o.options.Organization}
	given := words(claims[o.options.RoleClaim])
	for _, role := range roles() { // the one that may most comes last
		if slices.Contains(given, string(role)) {
			p.Role = role
		}
	}
	if names := words(claims[o.options.OrganizationClaim]); len(names) > 0 {
		p.Organization = names[0]
	}
	for _, scope := range words(claims[o.options.ScopeClaim]) {
		if slices.Contains(Scopes(), scope) { // providers put openid and others there
			p.Scopes = append(p.Scopes, scope)
		}
	}
	if p.Role == "" || verified.Subject == "" || p.Organization != "" && !ValidName(p.Organization) {
		return Principal{}, ErrUnauthenticated
	}
	return p, nil
}

// words reads a claim: a text of words, or a list of them.
func words(raw json.RawMessage) []string {
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return strings.Fields(text)
	}
	return nil
}
