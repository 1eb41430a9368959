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

// The roles of the contract. RoleApplicant has a link to one filing; RoleApp is the integrating app: it makes filings and sees its own;
// RoleReviewer reads every filing of its organization and decides on it; RoleOperator does everything in its organization.
const (
	RoleApplicant Role = "applicant"
	RoleApp       Role = "app"
	RoleReviewer  Role = "reviewer"
	RoleOperator  Role = "operator"
)

// roles are those that a key, a token file or a provider can give: an applicant comes by a link only.
func roles() []Role { return []Role{RoleApp, RoleReviewer, RoleOperator} }

// Principal is who makes a request (主体).
type Principal struct {
	Name string
	Role Role
	// Organization is whose it is; the empty one is the installation's own. What belongs to another one is as if it were not there.
	Organization string
	// Scopes narrow what the role may do; without any, all of it.
	Scopes []string
	// Filing is the one filing that an applicant sees.
	Filing string
}

// Authorizer tells who holds a token. ErrUnauthenticated for a token that nobody holds.
type Authorizer interface {
	Authenticate(ctx context.Context, token string) (Principal, error)
}

// ErrUnauthenticated is returned for a token that is missing or not valid.
var ErrUnauthenticated = errors.New("token is missing or not valid")

// Object is what the {id} of a route names.
type Object string

// Objects. Filings, files and what belongs to them are looked up by the pipeline for a viewer; passes and receivers are looked up here.
const (
	ObjectNone         Object = ""
	ObjectFiling       Object = "filing"
	ObjectMaterial     Object = "material"
	ObjectRevalidation Object = "revalidation"
	ObjectWebhook      Object = "webhook"
	ObjectJob          Object = "job"
	ObjectRuleSet      Object = "ruleset"
	ObjectReceipt      Object = "receipt"
	ObjectComposite    Object = "composite"
)

// Grant is a line of the table of access: who may call an operation.
type Grant struct {
	Roles []Role
	// Scope is what a token that is narrowed needs.
	Scope string
	// Object is what {id} names.
	Object Object
	// House: only those of the installation's own organization, since it concerns everybody.
	House bool
	// Quiet: nothing of a filing is seen or changed, so it is not in the audit trail.
	Quiet bool
}

// Scopes of tokens.
const (
	scopeFilingsRead  = "filings:read"
	scopeFilingsWrite = "filings:write"
	scopeReview       = "review"
	scopeChecks       = "checks"
	scopeRules        = "rules"
	scopeRevalidate   = "revalidations"
	scopeWebhooks     = "webhooks"
	scopeJobs         = "jobs"
	scopeLinks        = "links"
	scopeAudit        = "audit"
)

// Scopes lists the scopes, for whoever makes a key.
func Scopes() []string {
	return []string{
		scopeFilingsRead, scopeFilingsWrite, scopeReview, scopeChecks, scopeRules, scopeRevalidate, scopeWebhooks, scopeJobs, scopeLinks, scopeAudit,
	}
}

// AccessTable is the one table of who may call what, by the operation's id in the API's document. An operation that is not in it is
// refused to everybody: deny by default. A test walks all routes of the document by this table.
func AccessTable() map[string]Grant {
	var (
		people    = []Role{RoleApp, RoleReviewer, RoleOperator}
		everybody = []Role{RoleApplicant, RoleApp, RoleReviewer, RoleOperator}
		writers   = []Role{RoleApp, RoleOperator}
		applying  = []Role{RoleApplicant, RoleApp, RoleOperator}
		reviewers = []Role{RoleReviewer, RoleOperator}
		operators = []Role{RoleOperator}
	)
	return map[string]Grant{
		"create-filing": {Roles: writers, Scope: scopeFilingsWrite},
		"get-filing":    {Roles: everybody, Scope: scopeFilingsRead, Object: ObjectFiling},
		"update-filing": {Roles: applying, Scope: scopeFilingsWrite, Object: ObjectFiling},
		"delete-filing": {Roles: writers, Scope: scopeFilingsWrite, Object: ObjectFiling},
		"get-report":    {Roles: everybody, Scope: scopeFilingsRead, Object: ObjectFiling},

		"upload-material":   {Roles: applying, Scope: scopeFilingsWrite, Object: ObjectFiling},
		"list-materials":    {Roles: everybody, Scope: scopeFilingsRead, Object: ObjectFiling},
		"get-material":      {Roles: everybody, Scope: scopeFilingsRead, Object: ObjectMaterial},
		"get-material-text": {Roles: everybody, Scope: scopeFilingsRead, Object: ObjectMaterial},
		"delete-material":   {Roles: applying, Scope: scopeFilingsWrite, Object: ObjectMaterial},
		"get-image":         {Roles: everybody, Scope: scopeFilingsRead, Object: ObjectMaterial},
		"head-image":        {Roles: everybody, Scope: scopeFilingsRead, Object: ObjectMaterial},
		"repair-material":   {Roles: applying, Scope: scopeFilingsWrite, Object: ObjectMaterial},

		"create-composite":     {Roles: everybody, Scope: scopeFilingsWrite, Object: ObjectFiling},
		"list-composites":      {Roles: everybody, Scope: scopeFilingsRead, Object: ObjectFiling},
		"get-composite":        {Roles: everybody, Scope: scopeFilingsRead, Object: ObjectComposite},
		"get-composite-point":  {Roles: everybody, Scope: scopeFilingsRead, Object: ObjectComposite},
		"get-composite-image":  {Roles: everybody, Scope: scopeFilingsRead, Object: ObjectComposite},
		"head-composite-image": {Roles: everybody, Scope: scopeFilingsRead, Object: ObjectComposite},
		"delete-composite":     {Roles: applying, Scope: scopeFilingsWrite, Object: ObjectComposite},

		"submit-filing":  {Roles: applying, Scope: scopeFilingsWrite, Object: ObjectFiling},
		"search-filings": {Roles: people, Scope: scopeFilingsRead},
		"claim-filing":   {Roles: reviewers, Scope: scopeReview, Object: ObjectFiling},
		"release-filing": {Roles: reviewers, Scope: scopeReview, Object: ObjectFiling},
		"decide-filing":  {Roles: reviewers, Scope: scopeReview, Object: ObjectFiling},
		"list-decisions": {Roles: people, Scope: scopeFilingsRead, Object: ObjectFiling},
		"list-views":     {Roles: reviewers, Scope: scopeReview, Object: ObjectFiling},

		"create-link": {Roles: writers, Scope: scopeLinks, Object: ObjectFiling},
		"list-links":  {Roles: writers, Scope: scopeLinks, Object: ObjectFiling},
		"revoke-link": {Roles: writers, Scope: scopeLinks, Object: ObjectFiling},

		"check-photo":         {Roles: everybody, Scope: scopeChecks, Quiet: true},
		"get-requirements":    {Roles: everybody, Scope: scopeChecks, Quiet: true},
		"list-rulesets":       {Roles: people, Scope: scopeChecks, Quiet: true},
		"get-ruleset-changes": {Roles: people, Scope: scopeChecks, Object: ObjectRuleSet, Quiet: true},
		"activate-ruleset":    {Roles: operators, Scope: scopeRules, Object: ObjectRuleSet, House: true},

		"start-revalidation":        {Roles: operators, Scope: scopeRevalidate},
		"list-revalidations":        {Roles: operators, Scope: scopeRevalidate, Quiet: true},
		"get-revalidation":          {Roles: operators, Scope: scopeRevalidate, Object: ObjectRevalidation, Quiet: true},
		"stop-revalidation":         {Roles: operators, Scope: scopeRevalidate, Object: ObjectRevalidation},
		"resume-revalidation":       {Roles: operators, Scope: scopeRevalidate, Object: ObjectRevalidation},
		"list-revalidation-changes": {Roles: operators, Scope: scopeRevalidate, Object: ObjectRevalidation},
		"get-events":                {Roles: operators, Scope: scopeRevalidate, Quiet: true},

		"create-webhook":          {Roles: operators, Scope: scopeWebhooks},
		"list-webhooks":           {Roles: operators, Scope: scopeWebhooks, Quiet: true},
		"get-webhook":             {Roles: operators, Scope: scopeWebhooks, Object: ObjectWebhook, Quiet: true},
		"update-webhook":          {Roles: operators, Scope: scopeWebhooks, Object: ObjectWebhook},
		"rotate-webhook":          {Roles: operators, Scope: scopeWebhooks, Object: ObjectWebhook},
		"delete-webhook":          {Roles: operators, Scope: scopeWebhooks, Object: ObjectWebhook},
		"test-webhook":            {Roles: operators, Scope: scopeWebhooks, Object: ObjectWebhook},
		"list-webhook-messages":   {Roles: operators, Scope: scopeWebhooks, Object: ObjectWebhook},
		"resend-webhook-messages": {Roles: operators, Scope: scopeWebhooks, Object: ObjectWebhook},

		"get-status": {Roles: operators, Scope: scopeJobs, House: true, Quiet: true},
		"list-jobs":  {Roles: operators, Scope: scopeJobs, House: true, Quiet: true},
		"cancel-job": {Roles: operators, Scope: scopeJobs, Object: ObjectJob, House: true},
		"retry-job":  {Roles: operators, Scope: scopeJobs, Object: ObjectJob, House: true},

		"list-audit":  {Roles: operators, Scope: scopeAudit},
		"get-receipt": {Roles: writers, Scope: scopeFilingsRead, Object: ObjectReceipt},
	}
}

// allows reports whether a principal may call it, whatever it is called on.
func (g Grant) allows(p Principal) bool {
	return slices.Contains(g.Roles, p.Role) && (len(p.Scopes) == 0 || slices.Contains(p.Scopes, g.Scope)) && (!g.House || p.Organization == "")
}

// seesAll reports whether a role sees the filings of every principal of its organization.
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

// ValidName reports whether a name can be that of a principal or an organization: 1 to 63 of a-z 0-9 . _ -.
func ValidName(name string) bool { return principalName.MatchString(name) }

// ReadTokens reads a token file: one line for each token, "role name sha256-of-the-token-in-hex [organization]"; # begins a comment.
// `preflight token` prints such a line with a new token.
func ReadTokens(r io.Reader) (*Tokens, error) {
	t := &Tokens{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(strings.SplitN(lines.Text(), "#", 2)[0])
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 && len(fields) != 4 {
			return nil, fmt.Errorf("line %d: want 3 or 4 fields, \"role name sha256 [organization]\", found %d", n, len(fields))
		}
		role := Role(fields[0])
		if !slices.Contains(roles(), role) {
			return nil, fmt.Errorf("line %d: unknown role %q: app, reviewer or operator", n, fields[0])
		}
		if !principalName.MatchString(fields[1]) {
			return nil, fmt.Errorf("line %d: a name has 1 to 63 of a-z 0-9 . _ -", n)
		}
		sum, err := hex.DecodeString(fields[2])
		if err != nil || len(sum) != sha256.Size {
			return nil, fmt.Errorf("line %d: the third field is no SHA-256 in hex", n)
		}
		p := Principal{Name: fields[1], Role: role}
		if len(fields) == 4 {
			if p.Organization = fields[3]; !principalName.MatchString(p.Organization) {
				return nil, fmt.Errorf("line %d: an organization has 1 to 63 of a-z 0-9 . _ -", n)
			}
		}
		t.entries = append(t.entries, tokenEntry{sum: [sha256.Size]byte(sum), principal: p})
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
