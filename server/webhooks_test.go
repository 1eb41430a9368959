package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/storage"
)

// deliver works jobs in the background, as a process that works jobs does.
func (b *bundle) deliver() {
	b.t.Helper()
	worker, err := storage.NewWorker(b.records, storage.WorkerOptions{PollInterval: 20 * time.Millisecond, Deliver: b.flow.Deliver}, b.flow.Work)
	ok(b.t, err)
	ok(b.t, worker.Start(b.t.Context()))
	b.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := worker.Stop(ctx); err != nil {
			b.t.Error(err)
		}
	})
}

// A receiver's whole life over the API.
func TestAReceiverIsRegisteredToldChangedAndForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	type message struct {
		body   string
		header http.Header
	}
	got := make(chan message, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- message{string(body), r.Header}
	}))
	t.Cleanup(receiver.Close)
	b.deliver()
	b.work()
	var w pipeline.Webhook
	a := b.json("operator", "POST", "/v1/webhooks", fmt.Sprintf(`{"url":%q,"description":"归档系统"}`, receiver.URL)).want(201)
	a.into(&w)
	if !strings.HasPrefix(w.Secret, "whsec_") || a.header.Get("Location") != "/v1/webhooks/"+w.ID || len(w.Events) != 3 {
		t.Fatalf("registered %+v at %s", w, a.header.Get("Location"))
	}
	path := "/v1/webhooks/" + w.ID
	for _, get := range []string{path, "/v1/webhooks"} {
		if body := string(b.call("operator", "GET", get, nil).want(200).body); strings.Contains(body, "whsec_") || !strings.Contains(body, w.ID) {
			t.Errorf("%s: %s", get, body)
		}
	}
	verify := func(want string, secret string) {
		t.Helper()
		select {
		case m := <-got:
			verifier, err := standard.NewWebhook(secret)
			ok(t, err)
			if err := verifier.Verify([]byte(m.body), m.header); err != nil || !strings.Contains(m.body, want) {
				t.Errorf("%v: %s", err, m.body)
			}
		case <-time.After(time.Minute):
			t.Fatalf("no message with %s came", want)
		}
	}
	b.call("operator", "POST", path+"/test", nil).want(202)
	verify(`"webhook.test"`, w.Secret)
	b.json("operator", "POST", "/v1/revalidations", `{"dry_run":true}`).want(202)
	b.json("operator", "POST", "/v1/revalidations", `{}`).want(202)
	var rotated pipeline.Webhook
	b.call("operator", "POST", path+"/rotate", nil).want(200).into(&rotated)
	verify(`"revalidation.finished"`, w.Secret) // before or after it was rotated
	var list struct{ Messages []pipeline.WebhookMessage }
	b.call("operator", "GET", path+"/messages", nil).want(200).into(&list)
	if len(list.Messages) != 2 {
		t.Errorf("%d messages: a dry run tells nothing", len(list.Messages))
	}
	b.call("operator", "GET", path+"/messages?after=x", nil).problem(422, "invalid_request")
	b.call("operator", "GET", path+"/messages?state=lost", nil).problem(422, "invalid_request")

	b.json("operator", "PATCH", path, `{"state":"paused"}`).want(200)
	b.call("operator", "POST", path+"/test", nil).problem(409, "webhook_off")
	b.json("operator", "PATCH", path, `{"state":"active","events":["revalidation.finished"]}`).want(200)
	b.call("operator", "POST", path+"/test", nil).want(202)
	verify(`"webhook.test"`, rotated.Secret)
	b.json("operator", "POST", path+"/resend", `{}`).want(200)
	b.call("operator", "DELETE", path, nil).want(204)
	for _, call := range []string{"GET " + path, "DELETE " + path, "GET " + path + "/messages", "POST " + path + "/resend", "POST " + path + "/rotate", "POST " + path + "/test"} {
		method, target, _ := strings.Cut(call, " ")
		b.json("operator", method, target, "").problem(404, "not_found")
	}
}

func TestReceiversThatAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, url := range map[string]string{
		"metadata": "http://169.254.169.254/latest/meta-data/", "metadata by https": "https://169.254.169.254/", "mapped": "https://[::ffff:10.0.0.1]/",
		"private": "https://192.168.0.1/", "a file": "file:///etc/passwd", "a number": "https://2130706433/", "a password": "https://a:topsecret@receiver.example/",
		"NAT64": "https://[64:ff9b::7f00:1]/", "no URL": "://", "loopback of IPv6": "https://[::1]/",
	} {
		a := b.json("operator", "POST", "/v1/webhooks", fmt.Sprintf(`{"url":%q}`, url))
		a.problem(422, "invalid_request")
		if strings.Contains(string(a.body), "topsecret") {
			t.Errorf("%s: the password is echoed", name)
		}
	}
	b.json("operator", "POST", "/v1/webhooks", `{}`).problem(422, "invalid_request")
	b.json("operator", "POST", "/v1/webhooks", `{"url":"https://receiver.example/","events":["filing.deleted"]}`).problem(422, "invalid_request")
	var w pipeline.Webhook
	b.json("operator", "POST", "/v1/webhooks", `{"url":"https://receiver.example/"}`).want(201).into(&w)
	b.json("operator", "PATCH", "/v1/webhooks/"+w.ID, `{"url":"https://10.0.0.1/"}`).problem(422, "invalid_request")
	b.json("operator", "PATCH", "/v1/webhooks/"+w.ID, `{"state":"failed"}`).problem(422, "invalid_request")
}
