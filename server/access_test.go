package server_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/server"
	"github.com/preflight-icp/preflight/storage"
)

type document struct {
	Paths map[string]map[string]struct {
		OperationID string                    `yaml:"operationId"`
		Responses   map[string]map[string]any `yaml:"responses"`
	} `yaml:"paths"`
}

func (b *bundle) document() document {
	b.t.Helper()
	var doc document
	ok(b.t, yaml.Unmarshal(b.call("", "GET", "/openapi.yaml", nil).want(200).body, &doc))
	return doc
}

// link lets an applicant in to a filing, as the principal of that name.
func (b *bundle) link(name, filingID string) (id string) {
	b.t.Helper()
	var l struct{ ID, Token string }
	b.json("app", "POST", "/v1/filings/"+filingID+"/links", `{}`).want(201).into(&l)
	b.tokens[name] = l.Token
	return l.ID
}

// stage is what the routes of the document are called on.
type stage struct {
	b                                                    *bundle
	filing, material, link, pass, hook, rules, composite string
}

// fresh makes a filing with a file, a receiver, and a link for its applicant.
func (s *stage) fresh(t *testing.T, object server.Object) {
	t.Helper()
	b := s.b
	switch object {
	case server.ObjectWebhook:
		var hook struct{ ID string }
		b.json("operator", "POST", "/v1/webhooks", `{"url":"https://receiver.example/"}`).want(201).into(&hook)
		s.hook = hook.ID
	case server.ObjectFiling, server.ObjectMaterial, server.ObjectReceipt, server.ObjectComposite:
		s.filing = b.filing("app")
		var m material
		b.upload("app", s.filing, photo(t, 21)).want(201).into(&m)
		if object == server.ObjectComposite {
			s.composite = b.composite("app", s.filing, `{"parts":["`+m.ID+`"]}`).ID
		}
		s.material, s.link = m.ID, b.link("applicant", s.filing)
	}
}

// target fills in a path for a kind of object; another id is one that nobody has.
func (s *stage) target(t *testing.T, path string, object server.Object, unknown bool) string {
	t.Helper()
	id := map[server.Object]string{
		server.ObjectFiling: s.filing, server.ObjectMaterial: s.material, server.ObjectRevalidation: s.pass, server.ObjectWebhook: s.hook,
		server.ObjectJob: "1", server.ObjectRuleSet: s.rules, server.ObjectComposite: s.composite,
	}[object]
	if object == server.ObjectReceipt {
		var m material
		s.b.upload("app", s.filing, photo(t, 22)).want(201).into(&m)
		id = s.b.call("app", "DELETE", "/v1/materials/"+m.ID, nil).want(204).header.Get("Deletion-Receipt")
	}
	if strings.Contains(path, "{id}") && id == "" {
		t.Fatalf("%s: the test does not know what its id names; teach stage.target", path)
	}
	if unknown {
		id = "01976a3c-5f0e-7c3a-9d5f-000000000000"
	}
	return strings.NewReplacer("{id}", id, "{hash}", s.rules, "{link}", s.link).Replace(path)
}

// send calls an operation with a body that it takes, where one is known; without one it is refused for that, later than for who asks.
func (s *stage) send(t *testing.T, as, operation, method, target string) answer {
	t.Helper()
	b := s.b
	switch operation {
	case "create-webhook":
		return b.json(as, method, target, `{"url":"https://receiver.example/"}`)
	case "update-webhook", "resend-webhook-messages", "create-link", "search-filings", "submit-filing", "claim-filing":
		return b.json(as, method, target, `{}`)
	case "test-webhook", "rotate-webhook":
		return b.call(as, method, target, nil)
	case "start-revalidation", "activate-ruleset":
		return b.json(as, method, target, `{"dry_run":true}`)
	case "decide-filing":
		return b.json(as, method, target, `{"decision":"accept"}`)
	case "upload-material", "check-photo":
		return b.call(as, method, target, bytes.NewReader(photo(t, 22)), "Content-Type", "image/jpeg")
	case "repair-material":
		return b.json(as, method, target, `{"repair":"upright"}`)
	case "create-composite":
		return b.json(as, method, target, `{"parts":["`+s.material+`"]}`)
	case "get-composite-point":
		return b.call(as, method, target+"?x=100&y=100", nil)
	case "get-events":
		resp := b.open(t.Context(), as, target)
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode == http.StatusOK {
			return answer{t: t, status: resp.StatusCode, header: resp.Header} // it does not end by itself
		}
		body, err := io.ReadAll(resp.Body)
		ok(t, err)
		return answer{t: t, status: resp.StatusCode, header: resp.Header, body: body}
	case "update-filing", "create-filing", "get-requirements":
		return b.json(as, method, target, `{"facts":{}}`, "If-Match", `"1"`)
	}
	return b.call(as, method, target, nil)
}

// Every route of the document, by every role and by nobody, on what is its own, another's, another organization's, and on what is not
// there: by the one table.
func TestAccessIsDeniedUnlessTheTableGrantsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.flow.Stitcher = &countingStitcher{Stitcher: b.flow.Stitcher}
	s := &stage{b: b}
	var sets struct{ RuleSets []struct{ Hash string } }
	b.call("app", "GET", "/v1/rulesets", nil).want(200).into(&sets)
	s.rules = sets.RuleSets[0].Hash
	var pass struct{ ID string }
	b.json("operator", "POST", "/v1/revalidations", `{"dry_run":true}`).want(202).into(&pass)
	s.pass = pass.ID
	b.link("other applicant", b.filing("app"))
	principals := []struct {
		name  string
		role  server.Role
		house bool
		sees  bool // the filing of the stage
	}{
		{"applicant", server.RoleApplicant, true, true},
		{"other applicant", server.RoleApplicant, true, false},
		{"app", server.RoleApp, true, true},
		{"other", server.RoleApp, true, false},
		{"reviewer", server.RoleReviewer, true, true},
		{"operator", server.RoleOperator, true, true},
		{"north/app", server.RoleApp, false, false},
		{"north/reviewer", server.RoleReviewer, false, false},
		{"north/operator", server.RoleOperator, false, false},
	}
	table, used, calls := server.AccessTable(), map[string]bool{}, 0
	for path, methods := range b.document().Paths {
		for method, op := range methods {
			method = strings.ToUpper(method)
			grant, known := table[op.OperationID]
			if used[op.OperationID] = true; !known {
				t.Errorf("%s %s (%s) is not in the table of access: it is refused to everybody", method, path, op.OperationID)
				continue
			}
			for _, object := range []server.Object{server.ObjectFiling, grant.Object} {
				s.fresh(t, object)
			}
			if a := s.send(t, "", op.OperationID, method, s.target(t, path, grant.Object, false)); a.status != 401 {
				t.Errorf("%s by nobody: %d", op.OperationID, a.status)
			}
			for _, p := range principals {
				calls++
				role := slices.Contains(grant.Roles, p.role) && (!grant.House || p.house)
				owns := true
				switch grant.Object {
				case server.ObjectFiling, server.ObjectMaterial, server.ObjectReceipt, server.ObjectComposite:
					owns = p.sees
				case server.ObjectRevalidation, server.ObjectWebhook:
					owns = p.house
				}
				if role && owns && method != "GET" && method != "HEAD" {
					s.fresh(t, grant.Object) // what the one before has changed
				}
				a := s.send(t, p.name, op.OperationID, method, s.target(t, path, grant.Object, false))
				switch {
				case role && owns && grant.Object == server.ObjectJob:
					if a.status == 401 || a.status == 403 {
						t.Errorf("%s as %s: %d: %s", op.OperationID, p.name, a.status, a.body)
					}
				case role && owns:
					if a.status == 401 || a.status == 403 || a.status == 404 || a.status == 429 {
						t.Errorf("%s as %s: %d: %s", op.OperationID, p.name, a.status, a.body)
					}
				case !role:
					if a.status != 404 {
						t.Errorf("%s as %s: %d, want 404: %s", op.OperationID, p.name, a.status, a.body)
					}
				default:
					if a.status < 400 {
						t.Errorf("%s as %s on another's: %d: %s", op.OperationID, p.name, a.status, a.body)
					}
					// Forbidden looks like unknown, to the byte.
					unknown := s.send(t, p.name, op.OperationID, method, s.target(t, path, grant.Object, true))
					if string(unknown.body) != string(a.body) || unknown.status != a.status {
						t.Errorf("%s as %s: forbidden %d %s, unknown %d %s", op.OperationID, p.name, a.status, a.body, unknown.status, unknown.body)
					}
				}
			}
		}
	}
	for operation := range table {
		if !used[operation] {
			t.Errorf("%s is in the table of access and not in the document", operation)
		}
	}
	t.Logf("%d operations, %d calls, no surprise but those above", len(used), calls)
	list, err := b.records.AuditEntries(t.Context(), storage.AuditFilter{Limit: 100_000})
	ok(t, err)
	var chain storage.AuditChain
	for i := range list {
		if err := chain.Add(&list[i]); err != nil {
			t.Fatal(err)
		}
	}
	if len(list) < calls/4 {
		t.Errorf("the audit trail has %d entries after %d calls", len(list), calls)
	}
}

func TestALinkOpensOneFilingUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	link := b.link("applicant", id)
	b.call("applicant", "GET", "/v1/filings/"+id, nil).want(200)
	b.call("applicant", "GET", "/v1/filings/"+b.filing("app"), nil).want(404)
	if a := b.call("", "POST", "/session", strings.NewReader("token="+b.tokens["applicant"]), "Content-Type", "application/x-www-form-urlencoded"); a.status != 303 || a.header.Get("Location") != "/filings/"+id || !strings.Contains(a.header.Get("Set-Cookie"), "HttpOnly") {
		t.Errorf("session: %d %v", a.status, a.header)
	}
	token := b.tokens["applicant"]
	for name, forged := range map[string]string{
		"cut": token[:len(token)-1], "another end": altered(token, 90), "empty": storage.LinkPrefix, "unsigned": token[:60],
	} {
		b.tokens["forged"] = forged
		if a := b.call("forged", "GET", "/v1/filings/"+id, nil); a.status != 401 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	if strings.Contains(string(b.call("app", "GET", "/v1/filings/"+id+"/links", nil).want(200).body), token) {
		t.Error("the list shows a token")
	}
	b.call("other", "DELETE", "/v1/filings/"+id+"/links/"+link, nil).want(404)
	b.call("app", "DELETE", "/v1/filings/"+id+"/links/"+link, nil).want(204)
	b.call("applicant", "GET", "/v1/filings/"+id, nil).want(401)
}

// altered is a token with another character at one place. A fixed letter
// written there would be the token itself for one of 64 tokens.
func altered(token string, at int) string {
	other := byte('A')
	if token[at] == other {
		other = 'B'
	}
	return token[:at] + string(other) + token[at+1:]
}

func TestAKeyIsNarrowedByItsScopesAndEndsWhenItIsRevoked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k, token, err := b.records.CreateAPIKey(t.Context(), storage.APIKey{Name: "watch", Role: "operator", Scopes: "audit checks", CreatedBy: "test"})
	ok(t, err)
	b.tokens["watch"] = token
	b.call("watch", "GET", "/v1/audit", nil).want(200)
	b.call("watch", "GET", "/v1/rulesets", nil).want(200)
	b.call("watch", "GET", "/v1/filings/"+b.filing("app"), nil).want(404)
	b.tokens["guess"] = altered(token, len(token)-2)
	b.call("guess", "GET", "/v1/audit", nil).want(401)
	ok(t, b.records.RevokeAPIKey(t.Context(), k.ID))
	b.call("watch", "GET", "/v1/audit", nil).want(401)
	past := time.Now().Add(-time.Minute)
	_, token, err = b.records.CreateAPIKey(t.Context(), storage.APIKey{Name: "old", Role: "operator", CreatedBy: "test", ExpiresAt: &past})
	ok(t, err)
	b.tokens["old"] = token
	b.call("old", "GET", "/v1/audit", nil).want(401)
}

func TestWhoAsksTooOftenIsAskedToWait(t *testing.T) {
	t.Parallel()
	b := setup(t, func(_ *pipeline.Config, c *server.Config) { c.PrincipalRate, c.AddressRate = 1, 0 })
	limited := 0
	for range 30 {
		if a := b.call("app", "GET", "/v1/rulesets", nil); a.status == 429 {
			if limited++; a.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		}
	}
	if limited == 0 {
		t.Error("30 requests at once by one principal")
	}
	b.call("other", "GET", "/v1/rulesets", nil).want(200) // another one is not held up
	b.tokens["guess"] = storage.APIKeyPrefix + strings.Repeat("0", 32) + "_x"
	for range 60 {
		b.call("guess", "GET", "/v1/rulesets", nil)
	}
	if a := b.call("guess", "GET", "/v1/rulesets", nil); a.status != 429 {
		t.Errorf("the 61st guess from one address: %d", a.status)
	}
}

func TestTheDocumentAndTheHandlersAgree(t *testing.T) {
	t.Parallel()
	b := setup(t)
	doc := b.document()
	documented := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			documented[strings.ToUpper(method)+" "+path] = true
			if op.OperationID == "" || len(op.Responses) == 0 {
				t.Errorf("%s %s: no operation id or no responses", method, path)
			}
			if op.OperationID == "get-events" {
				continue // a stream; it has its own test
			}
			if a := b.call("operator", strings.ToUpper(method), strings.ReplaceAll(path, "{id}", "x"), nil); a.status == http.StatusMethodNotAllowed {
				t.Errorf("%s %s is documented and not served", method, path)
			}
		}
	}
	for _, route := range b.routes() {
		if strings.HasPrefix(route, "GET /v1") || strings.HasPrefix(route, "POST /v1") || strings.Contains(route, " /v1/") {
			if !documented[route] {
				t.Errorf("%s is served and not documented", route)
			}
		}
	}
	// The contract's calls of this floor.
	for _, call := range []string{
		"POST /v1/filings", "GET /v1/filings/{id}", "PATCH /v1/filings/{id}", "DELETE /v1/filings/{id}",
		"POST /v1/filings/{id}/materials", "GET /v1/filings/{id}/materials", "GET /v1/materials/{id}", "DELETE /v1/materials/{id}",
		"GET /v1/materials/{id}/image", "GET /v1/filings/{id}/report", "POST /v1/materials/{id}/repairs", "POST /v1/requirements", "POST /v1/checks",
		"POST /v1/revalidations", "GET /v1/revalidations/{id}", "GET /v1/revalidations/{id}/changes", "GET /v1/events",
	} {
		if !documented[call] {
			t.Errorf("%s of the contract is not documented", call)
		}
	}
}

func TestADevelopmentTokenIsForLoopbackOnly(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:80": true, "[::1]:8080": true, "127.8.9.10:1": true,
		"0.0.0.0:8080": false, ":8080": false, "[::]:8080": false, "192.0.2.1:80": false, "example.com:80": false, "": false,
	} {
		if got := server.Loopback(address); got != want {
			t.Errorf("Loopback(%q) = %v", address, got)
		}
	}
}

func TestATokenFileIsReadStrictly(t *testing.T) {
	t.Parallel()
	token, line := server.NewToken(server.RoleApp, "mobile")
	tokens, err := server.ReadTokens(strings.NewReader("# tokens\n\n" + line + " # the app\n"))
	ok(t, err)
	p, err := tokens.Authenticate(t.Context(), token)
	if err != nil || p.Name != "mobile" || p.Role != server.RoleApp {
		t.Errorf("%v %v", p, err)
	}
	for _, wrong := range []string{"", "x", token + "x", token[1:]} {
		if _, err := tokens.Authenticate(t.Context(), wrong); err == nil {
			t.Errorf("%q is let in", wrong)
		}
	}
	for name, bad := range map[string]string{
		"two fields": "app mobile", "unknown role": "king mobile " + strings.Repeat("0", 64),
		"bad name": "app Mobile! " + strings.Repeat("0", 64), "bad sum": "app mobile 1234", "no hex": "app mobile " + strings.Repeat("z", 64),
	} {
		if _, err := server.ReadTokens(strings.NewReader(bad)); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
