package server_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// page asks for a page with a session.
func (b *bundle) page(as, method, path string, body []byte, headers ...string) answer {
	b.t.Helper()
	return b.call("", method, path, bytes.NewReader(body), append([]string{"Cookie", "preflight_session=" + b.tokens[as]}, headers...)...)
}

const formType = "application/x-www-form-urlencoded"

func TestAVisitorLogsInWithATokenThatNoScriptCanRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.call("", "GET", "/", nil).want(401)
	if !strings.Contains(string(a.body), `action="/session"`) {
		t.Errorf("no form for a token: %s", a.body)
	}
	b.call("", "GET", "/login", nil).want(200)
	b.call("", "POST", "/session", strings.NewReader("token=wrong"), "Content-Type", formType).want(401)
	a = b.call("", "POST", "/session", strings.NewReader(url.Values{"token": {b.tokens["app"]}}.Encode()), "Content-Type", formType).want(303)
	cookie := a.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie is not %s: %s", want, strings.ReplaceAll(cookie, b.tokens["app"], "..."))
		}
	}
	b.page("app", "GET", "/", nil).want(200)
}

func TestTheApplicantsWayThroughThePages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.page("app", "POST", "/filings", []byte("province=BJ&action=new&type=individual"), "Content-Type", formType).want(303)
	path, asks := strings.CutSuffix(a.header.Get("Location"), "/questions")
	if !asks {
		t.Errorf("after a filing is opened nothing is asked: %s", a.header.Get("Location"))
	}
	a = b.page("app", "GET", path, nil, "Accept-Language", "zh-CN").want(200)
	for _, want := range []string{"主办单位证件", "同时作为", "手持个人证件照片", "未上传"} {
		if !strings.Contains(string(a.body), want) {
			t.Errorf("%s is not on the page", want)
		}
	}
	body, contentType := form(t, false, encode(t, noise(31, 200, 100), 60), "a.jpg", "material", "applicant_document", "page", "front", "of", "applicant")
	var buf bytes.Buffer
	_, err := buf.ReadFrom(body)
	ok(t, err)
	a = b.page("app", "POST", path+"/materials", buf.Bytes(), "Content-Type", contentType).want(303)
	if a.header.Get("Location") != path {
		t.Errorf("location %q", a.header.Get("Location"))
	}
	a = b.page("app", "GET", path, nil).want(200)
	if !strings.Contains(string(a.body), "200 KB") || !strings.Contains(string(a.body), "variant=thumbnail") {
		t.Errorf("the finding or the picture is not on the page: %s", a.body)
	}
	a = b.page("app", "GET", path, nil, "Accept-Language", "en").want(200)
	if !strings.Contains(string(a.body), "See why, take it again") {
		t.Error("the page is not in English")
	}
	b.page("other", "GET", path, nil).want(404)
	body, contentType = form(t, false, photo(t, 32), "a.jpg", "material", "principal_id", "page", "front")
	buf.Reset()
	_, err = buf.ReadFrom(body)
	ok(t, err)
	a = b.page("app", "POST", "/check", buf.Bytes(), "Content-Type", contentType).want(200)
	if !strings.Contains(string(a.body), "通过") {
		t.Errorf("the verdict is not on the page: %s", a.body)
	}
}

func TestAnotherSiteCannotActForAVisitor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	post := func(headers ...string) answer {
		return b.page("app", "POST", "/filings", []byte("province=BJ&action=new&type=individual"), append([]string{"Content-Type", formType}, headers...)...)
	}
	post("Sec-Fetch-Site", "cross-site").want(404)
	post("Origin", "https://evil.example").want(404)
	post("Sec-Fetch-Site", "same-origin", "Origin", b.URL).want(303)
	// The API takes no cookie: a page elsewhere cannot make a browser call it.
	b.call("", "POST", "/v1/filings", strings.NewReader(individual), "Content-Type", "application/json", "Cookie", "preflight_session="+b.tokens["app"]).problem(401, "unauthenticated")
}

func TestPagesLoadNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{"/", "/docs", "/login"} {
		a := b.page("operator", "GET", path, nil).want(200)
		policy := a.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		for _, bad := range []string{"http://", "https://", " onclick", " onload", "<style", "javascript:"} {
			if strings.Contains(string(a.body), bad) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
	}
	for _, path := range []string{"/static/preflight.css", "/static/preflight.js", "/static/icon.svg"} {
		b.call("", "GET", path, nil).want(200)
	}
	b.call("", "GET", "/static/../templates.go", nil).want(404)
	b.call("", "GET", "/static/none", nil).want(404)
}

func TestTheLanguageIsTheVisitorsChoice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.call("", "POST", "/language", strings.NewReader("lang=en"), "Content-Type", formType, "Referer", b.URL+"/docs").want(303)
	if a.header.Get("Location") != "/docs" {
		t.Errorf("location %q", a.header.Get("Location"))
	}
	a = b.call("", "POST", "/language", strings.NewReader("lang=en"), "Content-Type", formType, "Referer", "https://evil.example//evil.example").want(303)
	if !strings.HasPrefix(a.header.Get("Location"), "/") || strings.HasPrefix(a.header.Get("Location"), "//") {
		t.Errorf("location %q leads away", a.header.Get("Location"))
	}
	b.call("", "POST", "/language", strings.NewReader("lang=xx"), "Content-Type", formType).problem(422, "invalid_request")
	for header, want := range map[string]string{"": "zh-CN", "zh-TW,zh;q=0.9": "zh-CN", "en-GB,en;q=0.8": "en", "fr": "zh-CN"} {
		a := b.call("", "GET", "/docs", nil, "Accept-Language", header)
		if !strings.Contains(string(a.body), `<html lang="`+want+`">`) {
			t.Errorf("%q does not give %s", header, want)
		}
	}
}

func TestUnknownPathsAndMethodsAreProblems(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.call("app", "GET", "/v1/nothing", nil).problem(http.StatusNotFound, "not_found")
	b.call("app", "PUT", "/v1/filings", nil).problem(http.StatusMethodNotAllowed, "method_not_allowed")
	b.call("app", "GET", "/v1/filings/"+strings.Repeat("x", 100), nil).want(http.StatusUnprocessableEntity)
	b.call("app", "GET", "/v1/filings/%00", nil).problem(http.StatusNotFound, "not_found")
}
