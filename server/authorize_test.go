package server_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/server"
)

// issuer is an OpenID Connect provider with one RSA key, which it can exchange.
type issuer struct {
	*httptest.Server
	t       *testing.T
	key     *rsa.PrivateKey
	kid     string
	fetched atomic.Int64
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{t: t}
	i.rotate("1")
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": i.URL, "jwks_uri": i.URL + "/keys", "authorization_endpoint": i.URL, "token_endpoint": i.URL,
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		i.fetched.Add(1)
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": i.kid, "n": base64.RawURLEncoding.EncodeToString(i.key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(i.key.E)).Bytes()),
		}}})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) rotate(kid string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ok(i.t, err)
	i.key, i.kid = key, kid
}

// token is a signed token with these claims in place of those of a good one.
func (i *issuer) token(alg string, change map[string]any) string {
	i.t.Helper()
	claims := map[string]any{
		"iss": i.URL, "aud": "preflight", "sub": "person-1", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		"preflight_role": "reviewer", "preflight_organization": "north",
	}
	for name, value := range change {
		claims[name] = value
	}
	part := func(v any) string {
		text, err := json.Marshal(v)
		ok(i.t, err)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	body := part(map[string]string{"alg": alg, "kid": i.kid, "typ": "JWT"}) + "." + part(claims)
	if alg == "none" {
		return body + "."
	}
	sum := sha256.Sum256([]byte(body))
	sign, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	ok(i.t, err)
	return body + "." + base64.RawURLEncoding.EncodeToString(sign)
}

func TestTokensOfAProviderAreTakenForWhatTheySayAndNoMore(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	provider, err := server.NewProvider(server.OIDC{
		Issuer: i.URL, Audience: "preflight", RoleClaim: "preflight_role", OrganizationClaim: "preflight_organization", ScopeClaim: "scope",
	})
	ok(t, err)
	p, err := provider.Authenticate(t.Context(), i.token("RS256", nil))
	if err != nil || p.Name != "oidc:person-1" || p.Role != server.RoleReviewer || p.Organization != "north" || len(p.Scopes) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	p, err = provider.Authenticate(t.Context(), i.token("RS256", map[string]any{"preflight_role": []string{"operator", "app"}, "scope": "openid checks"}))
	if err != nil || p.Role != server.RoleOperator || strings.Join(p.Scopes, " ") != "checks" {
		t.Errorf("%+v, %v", p, err)
	}
	if n := i.fetched.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
	for name, token := range map[string]string{
		"run out":          i.token("RS256", map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}),
		"for another":      i.token("RS256", map[string]any{"aud": "other"}),
		"another issuer":   i.token("RS256", map[string]any{"iss": "https://elsewhere.example"}),
		"no role":          i.token("RS256", map[string]any{"preflight_role": "king"}),
		"an applicant":     i.token("RS256", map[string]any{"preflight_role": "applicant"}),
		"bad organization": i.token("RS256", map[string]any{"preflight_organization": "North/.."}),
		"unsigned":         i.token("none", nil),
		"a shared secret":  i.token("HS256", nil),
		"no token":         "a.b.c",
	} {
		if _, err := provider.Authenticate(t.Context(), token); !errors.Is(err, server.ErrUnauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	foreign := newIssuer(t)
	foreign.URL = i.URL
	if _, err := provider.Authenticate(t.Context(), foreign.token("RS256", nil)); !errors.Is(err, server.ErrUnauthenticated) {
		t.Errorf("signed by somebody else: %v", err)
	}
	i.rotate("2")
	if _, err := provider.Authenticate(t.Context(), i.token("RS256", nil)); err != nil {
		t.Errorf("after the provider changed its key: %v", err)
	}
}

func TestAProviderThatIsAwayIsNoRefusal(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	token := i.token("RS256", nil)
	provider, err := server.NewProvider(server.OIDC{Issuer: i.URL, Audience: "preflight", RoleClaim: "role"})
	ok(t, err)
	i.Close()
	if _, err := provider.Authenticate(t.Context(), token); err == nil || errors.Is(err, server.ErrUnauthenticated) {
		t.Errorf("%v", err)
	}
	for name, bad := range map[string]server.OIDC{
		"http":        {Issuer: "http://issuer.example", Audience: "a", RoleClaim: "r"},
		"no audience": {Issuer: "https://issuer.example", RoleClaim: "r"},
		"no role":     {Issuer: "https://issuer.example", Audience: "a"},
	} {
		if _, err := server.NewProvider(bad); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
