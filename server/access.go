package server

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Role is what a principal may do (角色).
type Role string

// The roles of the contract. RoleApp is the integrating app: it makes filings and sees its own. RoleReviewer reads every
// filing; RoleOperator does everything. Links for applicants come with the applicant's phone page.
const (
	RoleApp      Role = "app"
	RoleReviewer Role = "reviewer"
	RoleOperator Role = "operator"
)

// Principal is who makes a request.
type Principal struct {
	Name string
	Role Role
}

// Authorizer tells who holds a token. ErrUnauthenticated for a token that nobody holds.
type Authorizer interface {
	Authenticate(ctx context.Context, token string) (Principal, error)
}

// ErrUnauthenticated is returned for a token that is missing or not valid.
var ErrUnauthenticated = errors.New("token is missing or not valid")

// access is the one table of who may call what. A route that is not in it is refused to everybody: deny by default, and
// a test walks all routes of the OpenAPI document.
var access = map[string][]Role{
	"create-filing":    {RoleApp, RoleOperator},
	"get-filing":       {RoleApp, RoleReviewer, RoleOperator},
	"update-filing":    {RoleApp, RoleOperator},
	"delete-filing":    {RoleApp, RoleOperator},
	"get-report":       {RoleApp, RoleReviewer, RoleOperator},
	"upload-material":  {RoleApp, RoleOperator},
	"list-materials":   {RoleApp, RoleReviewer, RoleOperator},
	"get-material":     {RoleApp, RoleReviewer, RoleOperator},
	"delete-material":  {RoleApp, RoleOperator},
	"get-image":        {RoleApp, RoleReviewer, RoleOperator},
	"repair-material":  {RoleApp, RoleOperator},
	"check-photo":      {RoleApp, RoleReviewer, RoleOperator},
	"get-requirements": {RoleApp, RoleReviewer, RoleOperator},
	"list-rulesets":    {RoleApp, RoleReviewer, RoleOperator},
	"activate-ruleset": {RoleOperator},

	"start-revalidation":        {RoleOperator},
	"list-revalidations":        {RoleOperator},
	"get-revalidation":          {RoleOperator},
	"stop-revalidation":         {RoleOperator},
	"resume-revalidation":       {RoleOperator},
	"list-revalidation-changes": {RoleOperator},
	"get-events":                {RoleOperator},

	"create-webhook":          {RoleOperator},
	"list-webhooks":           {RoleOperator},
	"get-webhook":             {RoleOperator},
	"update-webhook":          {RoleOperator},
	"rotate-webhook":          {RoleOperator},
	"delete-webhook":          {RoleOperator},
	"test-webhook":            {RoleOperator},
	"list-webhook-messages":   {RoleOperator},
	"resend-webhook-messages": {RoleOperator},
	"list-jobs":               {RoleOperator},
	"cancel-job":              {RoleOperator},
	"retry-job":               {RoleOperator},
}

func allowed(operation string, role Role) bool { return slices.Contains(access[operation], role) }

// seesAll reports whether a role sees the filings of every principal.
func (r Role) seesAll() bool { return r == RoleReviewer || r == RoleOperator }

// Tokens is an Authorizer over a fixed list of tokens, kept as SHA-256 sums so that a memory dump or a log of the
// structure gives no token away. Comparison takes constant time.
type Tokens struct {
	entries []tokenEntry
}

type tokenEntry struct {
	sum       [sha256.Size]byte
	principal Principal
}

// minTokenLength keeps a token beyond guessing: 24 characters of base64 are 144 bits.
const minTokenLength = 24

// Add takes a token in plain text.
func (t *Tokens) Add(p Principal, token string) error {
	if len(token) < minTokenLength {
		return fmt.Errorf("token of %q has %d characters: at least %d are needed", p.Name, len(token), minTokenLength)
	}
	t.entries = append(t.entries, tokenEntry{sum: sha256.Sum256([]byte(token)), principal: p})
	return nil
}

var principalName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// ReadTokens reads a token file: one line for each token, "role name sha256-of-the-token-in-hex"; # begins a comment.
// `preflight token` prints such a line with a new token.
func ReadTokens(r io.Reader) (*Tokens, error) {
	t := &Tokens{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(strings.SplitN(lines.Text(), "#", 2)[0])
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("line %d: want 3 fields, \"role name sha256\", found %d", n, len(fields))
		}
		role := Role(fields[0])
		if role != RoleApp && role != RoleReviewer && role != RoleOperator {
			return nil, fmt.Errorf("line %d: unknown role %q: app, reviewer or operator", n, fields[0])
		}
		if !principalName.MatchString(fields[1]) {
			return nil, fmt.Errorf("line %d: a name has 1 to 63 of a-z 0-9 . _ -", n)
		}
		sum, err := hex.DecodeString(fields[2])
		if err != nil || len(sum) != sha256.Size {
			return nil, fmt.Errorf("line %d: the third field is no SHA-256 in hex", n)
		}
		t.entries = append(t.entries, tokenEntry{sum: [sha256.Size]byte(sum), principal: Principal{Name: fields[1], Role: role}})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	return t, nil
}

// Authenticate walks every entry whatever it finds, so that the time tells nothing.
func (t *Tokens) Authenticate(_ context.Context, token string) (Principal, error) {
	sum := sha256.Sum256([]byte(token))
	var found Principal
	hit := 0
	for _, e := range t.entries {
		if subtle.ConstantTimeCompare(sum[:], e.sum[:]) == 1 {
			found, hit = e.principal, 1
		}
	}
	if hit == 0 || token == "" {
		return Principal{}, ErrUnauthenticated
	}
	return found, nil
}

// Len is the number of tokens.
func (t *Tokens) Len() int { return len(t.entries) }

// NewToken makes a token of 256 random bits and the line of a token file that admits it.
func NewToken(role Role, name string) (token, line string) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	token = base64.RawURLEncoding.EncodeToString(raw)
	sum := sha256.Sum256([]byte(token))
	return token, fmt.Sprintf("%s %s %s", role, name, hex.EncodeToString(sum[:]))
}

// Loopback reports whether an address to listen on can be reached from this machine only: a development token is
// refused on any other.
func Loopback(listen string) bool {
	host := listen
	if i := strings.LastIndexByte(listen, ':'); i >= 0 {
		host = listen[:i]
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
