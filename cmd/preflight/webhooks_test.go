package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/pipeline"
)

// A receiver is registered, looked at, paused and forgotten from the command line, beside a service or without one.
func TestReceiversAreKeptFromTheCommandLine(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	run := func(want int, args ...string) string {
		t.Helper()
		status, out, errors := call(t, nil, append(append([]string{"webhooks"}, args...), "--data", data)...)
		if status != want {
			t.Fatalf("%v: status %d, want %d: %s", args, status, want, errors)
		}
		return out + errors
	}
	var added, rotated, shown pipeline.Webhook
	ok(t, json.Unmarshal([]byte(run(exitOK, "add", "https://receiver.example/hooks", "--events", "filing.verdict_changed", "--json")), &added))
	if !strings.HasPrefix(added.Secret, "whsec_") || added.State != "active" || len(added.Events) != 1 {
		t.Errorf("added %+v", added)
	}
	if list := run(exitOK, "list"); !strings.Contains(list, added.ID) || strings.Contains(list, "whsec_") {
		t.Errorf("list: %s", list)
	}
	ok(t, json.Unmarshal([]byte(run(exitOK, "rotate", added.ID, "--json")), &rotated))
	if rotated.Secret == added.Secret || rotated.Secret == "" {
		t.Error("the secret is the old one")
	}
	ok(t, json.Unmarshal([]byte(run(exitOK, "pause", added.ID, "--json")), &shown))
	if shown.State != "paused" || shown.Secret != "" {
		t.Errorf("paused %+v", shown)
	}
	run(exitOK, "resume", added.ID)
	run(exitOK, "dead", added.ID)
	if out := run(exitOK, "resend", added.ID); !strings.HasPrefix(out, "0 messages") {
		t.Errorf("resend: %s", out)
	}
	for name, url := range map[string]string{"inside": "http://127.0.0.1:1/", "metadata": "https://169.254.169.254/", "no URL": "receiver"} {
		if out := run(exitUsage, "add", url); !strings.Contains(out, "url") {
			t.Errorf("%s: %s", name, out)
		}
	}
	run(exitOK, "add", "http://127.0.0.1:1/", "--webhook-allow", "127.0.0.0/8")
	run(exitUsage, "add", "https://receiver.example/", "--webhook-allow", "127.0.0.1/8")
	run(exitUsage, "add", "https://receiver.example/", "--events", "everything")
	run(exitOK, "remove", added.ID)
	for _, command := range []string{"remove", "rotate", "pause", "resume", "dead", "resend"} {
		run(exitUsage, command, added.ID)
	}
}
