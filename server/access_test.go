package server_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/server"
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

// Every route of the document, by every role and by nobody, on a filing of its own, of another, and on one that is not.
func TestAccessIsDeniedUnlessTheTableGrantsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var sets struct{ RuleSets []struct{ Hash string } }
	b.call("app", "GET", "/v1/rulesets", nil).want(200).into(&sets)
	operators := []string{"activate-ruleset", "start-revalidation", "list-revalidations", "get-revalidation", "stop-revalidation",
		"resume-revalidation", "list-revalidation-changes", "get-events", "create-webhook", "list-webhooks", "get-webhook",
		"update-webhook", "rotate-webhook", "delete-webhook", "test-webhook", "list-webhook-messages", "resend-webhook-messages",
		"list-jobs", "cancel-job", "retry-job"}
	var pass struct{ ID string }
	b.json("operator", "POST", "/v1/revalidations", `{"dry_run":true}`).want(202).into(&pass)
	writes := []string{"create-filing", "update-filing", "delete-filing", "upload-material", "delete-material", "repair-material"}
	for path, methods := range b.document().Paths {
		for method, op := range methods {
			for _, as := range []string{"", "app", "other", "reviewer", "operator"} {
				t.Run(strings.Join([]string{op.OperationID, "as", as}, " "), func(t *testing.T) {
					id := b.filing("app")
					var m material
					b.upload("app", id, photo(t, 21)).want(201).into(&m)
					target := strings.ReplaceAll(strings.ReplaceAll(path, "{id}", id), "{hash}", sets.RuleSets[0].Hash)
					if strings.HasPrefix(path, "/v1/materials/") {
						target = strings.ReplaceAll(path, "{id}", m.ID)
					}
					if strings.HasPrefix(path, "/v1/revalidations/") {
						target = strings.ReplaceAll(path, "{id}", pass.ID)
					}
					if strings.HasPrefix(path, "/v1/webhooks/") {
						var hook struct{ ID string }
						b.json("operator", "POST", "/v1/webhooks", `{"url":"https://receiver.example/"}`).want(201).into(&hook)
						target = strings.ReplaceAll(path, "{id}", hook.ID)
					}
					call := func(target string) answer {
						switch op.OperationID {
						case "create-webhook":
							return b.json(as, "POST", target, `{"url":"https://receiver.example/"}`)
						case "update-webhook", "resend-webhook-messages":
							return b.json(as, strings.ToUpper(method), target, `{}`)
						case "test-webhook", "rotate-webhook", "delete-webhook":
							return b.call(as, strings.ToUpper(method), target, nil)
						case "get-events":
							resp := b.open(t.Context(), as, target)
							defer func() { _ = resp.Body.Close() }()
							if resp.StatusCode == http.StatusOK {
								return answer{t: t, status: resp.StatusCode, header: resp.Header} // it does not end by itself
							}
							body, err := io.ReadAll(resp.Body)
							ok(t, err)
							return answer{t: t, status: resp.StatusCode, header: resp.Header, body: body}
						case "start-revalidation":
							return b.json(as, "POST", target, `{"dry_run":true}`)
						case "upload-material", "check-photo":
							return b.call(as, "POST", target, bytes.NewReader(photo(t, 22)), "Content-Type", "image/jpeg")
						case "repair-material":
							return b.json(as, "POST", target, `{"repair":"upright"}`)
						case "activate-ruleset":
							return b.json(as, "POST", target, `{"dry_run":true}`)
						}
						return b.json(as, strings.ToUpper(method), target, `{"facts":{}}`, "If-Match", `"1"`)
					}
					a := call(target)
					onFiling := strings.Contains(path, "{id}")
					switch {
					case as == "":
						if a.status != 401 {
							t.Errorf("nobody: %d", a.status)
						}
					case as != "operator" && slices.Contains(operators, op.OperationID):
						if a.status != 404 {
							t.Errorf("status %d, want 404: %s", a.status, a.body)
						}
					case as == "reviewer" && slices.Contains(writes, op.OperationID), as == "other" && onFiling && !slices.Contains(operators, op.OperationID):
						if a.status != 404 {
							t.Errorf("status %d, want 404: %s", a.status, a.body)
						}
						if as == "other" && method != "head" {
							// Forbidden looks like unknown, to the byte.
							unknown := call(strings.ReplaceAll(path, "{id}", "01976a3c-5f0e-7c3a-9d5f-000000000000"))
							if string(unknown.body) != string(a.body) || unknown.status != a.status {
								t.Errorf("forbidden %d %s, unknown %d %s", a.status, a.body, unknown.status, unknown.body)
							}
						}
					default:
						if a.status == 401 || a.status == 403 || a.status == 404 {
							t.Errorf("status %d: %s", a.status, a.body)
						}
					}
				})
			}
		}
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
