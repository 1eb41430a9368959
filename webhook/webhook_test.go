package webhook_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/preflight-icp/preflight/webhook"
)

func guard(t *testing.T, networks ...string) webhook.Guard {
	t.Helper()
	g, err := webhook.NewGuard(networks)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func send(t *testing.T, url string, networks []string, options ...webhook.Option) webhook.Result {
	t.Helper()
	s := webhook.NewSender(guard(t, networks...), options...)
	defer s.Close()
	return s.Send(t.Context(), webhook.Message{ID: "msg_1", URL: url, Secrets: []string{webhook.NewSecret()}, Body: []byte(`{"type":"webhook.test"}`)})
}

func receiver(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

const loopback = "127.0.0.0/8"

// Each secret of a receiver verifies what it gets, by the library of those who wrote the standard; no other one does.
func TestTheStandardsOwnLibraryVerifiesOurSignatures(t *testing.T) {
	t.Parallel()
	secrets := []string{webhook.NewSecret(), webhook.NewSecret()}
	var seen atomic.Int64
	r := receiver(t, func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		for _, secret := range secrets {
			verifier, err := standard.NewWebhook(secret)
			if err != nil {
				t.Error(err)
				return
			}
			if err := verifier.Verify(body, req.Header); err != nil {
				t.Errorf("verify: %v", err)
			}
			if err := verifier.Verify(append(body, ' '), req.Header); err == nil {
				t.Error("another body verifies")
			}
		}
		stranger, err := standard.NewWebhook(webhook.NewSecret())
		if err != nil {
			t.Error(err)
			return
		}
		if err := stranger.Verify(body, req.Header); err == nil {
			t.Error("another secret verifies")
		}
		if req.Header.Get("Content-Type") != "application/json" || req.Method != http.MethodPost {
			t.Errorf("%s %s", req.Method, req.Header.Get("Content-Type"))
		}
		seen.Add(1)
		w.WriteHeader(http.StatusNoContent)
	})
	s := webhook.NewSender(guard(t, loopback))
	defer s.Close()
	result := s.Send(t.Context(), webhook.Message{ID: "msg_2", URL: r.URL, Secrets: secrets, Body: []byte(`{"a":"甲"}`)})
	if result != (webhook.Result{Status: http.StatusNoContent}) || seen.Load() != 1 {
		t.Errorf("%+v, seen %d times", result, seen.Load())
	}
}

// The signature of the specification's own example.
func TestASignatureIsThatOfTheSpecification(t *testing.T) {
	t.Parallel()
	const secret, id = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
	at := time.Unix(1614265330, 0)
	body := []byte(`{"test": 2432232314}`)
	got, err := webhook.Sign([]string{secret}, id, at, body)
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	g := guard(t)
	for name, address := range map[string]string{
		"loopback": "127.0.0.1", "loopback, another": "127.8.9.10", "loopback of IPv6": "::1", "unspecified": "0.0.0.0", "unspecified IPv6": "::",
		"this network": "0.1.2.3", "private 10": "10.1.2.3", "private 172": "172.16.0.1", "private 172, last": "172.31.255.255", "private 192": "192.168.1.1",
		"carrier-grade NAT": "100.64.0.1", "metadata": "169.254.169.254", "metadata of ECS": "169.254.170.2", "metadata of Alibaba": "100.100.100.200",
		"metadata of Oracle": "192.0.0.192", "metadata of Azure": "168.63.129.16", "metadata of AWS over IPv6": "fd00:ec2::254", "link-local": "169.254.1.1",
		"link-local IPv6": "fe80::1", "link-local IPv6 with a zone": "fe80::1%eth0", "public IPv6 with a zone": "2606:4700::1111%eth0",
		"unique local": "fc00::1", "site-local": "fec0::1", "multicast": "224.0.0.1", "multicast IPv6": "ff02::1", "broadcast": "255.255.255.255",
		"reserved": "240.0.0.1", "documentation": "192.0.2.1", "documentation 2": "198.51.100.7", "documentation 3": "203.0.113.9", "documentation IPv6": "2001:db8::1",
		"benchmarks": "198.18.0.1", "6to4 relay": "192.88.99.1", "mapped loopback": "::ffff:127.0.0.1", "mapped metadata": "::ffff:169.254.169.254",
		"mapped private": "::ffff:10.0.0.1", "compatible loopback": "::7f00:1", "NAT64 of loopback": "64:ff9b::7f00:1", "NAT64 of metadata": "64:ff9b::a9fe:a9fe",
		"NAT64 of a public one": "64:ff9b::808:808", "local NAT64": "64:ff9b:1::a00:1", "6to4 of private": "2002:a00:1::", "Teredo": "2001:0:7f00:1::1", "ORCHID": "2001:20::1",
		"discard": "100::1", "translated": "::ffff:0:127.0.0.1",
	} {
		if err := g.Check(netip.MustParseAddr(address), true); err == nil {
			t.Errorf("%s: %s is let through", name, address)
		}
	}
	for _, address := range []string{"1.1.1.1", "8.8.8.8", "223.5.5.5", "172.15.255.255", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2400:3200::1", "::ffff:8.8.8.8"} {
		if err := g.Check(netip.MustParseAddr(address), true); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		if err := g.Check(netip.MustParseAddr(address), false); err == nil {
			t.Errorf("%s without TLS is let through", address)
		}
	}
	office := guard(t, "10.1.0.0/16", "fd00:1::/64", "127.0.0.1")
	for _, address := range []string{"10.1.2.3", "fd00:1::5", "127.0.0.1", "::ffff:10.1.2.3"} {
		if err := office.Check(netip.MustParseAddr(address), false); err != nil {
			t.Errorf("allowed %s: %v", address, err)
		}
	}
	for _, address := range []string{"10.2.0.1", "127.0.0.2", "169.254.169.254", "fd00:2::1"} {
		if err := office.Check(netip.MustParseAddr(address), true); err == nil {
			t.Errorf("%s is let through where others are allowed", address)
		}
	}
}

func TestURLsThatAreRefusedWhenTheyAreRegistered(t *testing.T) {
	t.Parallel()
	none, office := guard(t), guard(t, loopback)
	for _, url := range []string{
		"", "receiver", "//receiver.example/x", "ftp://receiver.example", "file:///etc/passwd", "gopher://127.0.0.1:70/_x", "javascript:alert(1)",
		"https://", "https:///x", "https:receiver.example", "https://user@receiver.example", "https://user:secret@receiver.example/", "https://receiver.example/#x",
		"https://receiver.example:", "https://receiver.example:99999999999", "https://receiver .example", "https://%zz", "https://127.0.0.1%2f@receiver.example",
		"https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "https://127.0.0.1./", "https://[::1%25lo]/",
		"https://[::ffff:169.254.169.254]/latest/meta-data", "https://169.254.169.254/", "https://[64:ff9b::a9fe:a9fe]/", "http://receiver.example/",
		"https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://metadata.google.internal/", "https://printer.local/",
		"https://receiver.example/" + strings.Repeat("x", 1000), "https://receiver.example/\n",
	} {
		if err := none.CheckURL(url); err == nil {
			t.Errorf("%q is taken", url)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q is quoted: %v", url, err)
		}
	}
	for _, url := range []string{"https://receiver.example", "https://receiver.example:8443/hooks?key=1", "https://例子.example/", "https://1.1.1.1/", "https://[2606:4700::1111]:443/x"} {
		if err := none.CheckURL(url); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
	for _, url := range []string{"http://127.0.0.1:9/", "http://localhost:9/", "http://receiver.office/"} {
		if err := office.CheckURL(url); err != nil {
			t.Errorf("%q where loopback is allowed: %v", url, err)
		}
	}
	for _, network := range []string{"", "office", "10.0.0.1/8", "10.0.0.0/33", "fe80::1%eth0", "::ffff:10.0.0.0/104"} {
		if _, err := webhook.NewGuard([]string{network}); err == nil {
			t.Errorf("network %q is taken", network)
		}
	}
}

// A server of names that tells whatever a test wants, once the service asks: what an attacker's does.
func nameServer(t *testing.T, answer netip.Addr) *net.Resolver {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	go func() {
		query := make([]byte, 512)
		for {
			n, from, err := socket.ReadFrom(query)
			if err != nil {
				return
			}
			// The question ends after the name's zero byte, type and class.
			end := 12
			for end < n && query[end] != 0 {
				end += int(query[end]) + 1
			}
			end += 5
			if end > n {
				continue
			}
			kind := query[end-3]
			reply := append([]byte{}, query[:end]...)
			reply[2], reply[3] = 0x81, 0x80
			clear(reply[6:12])
			if ip := answer.AsSlice(); kind == 1 && len(ip) == 4 || kind == 28 && len(ip) == 16 {
				reply[7] = 1
				reply = append(reply, 0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 0, 0, byte(len(ip)))
				reply = append(reply, ip...)
			}
			_, _ = socket.WriteTo(reply, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

func TestANameThatResolvesToAnInsideAddressIsRefusedWhenItIsDialled(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	inside := receiver(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string]string{
		"loopback": "127.0.0.1", "metadata": "169.254.169.254", "private": "10.0.0.1", "loopback of IPv6": "::1",
		"mapped": "::ffff:127.0.0.1", "NAT64": "64:ff9b::7f00:1",
	} {
		for _, scheme := range []string{"http", "https"} {
			url := scheme + "://receiver.example:" + port + "/"
			if scheme == "https" {
				if err := guard(t).CheckURL(url); err != nil {
					t.Fatalf("nothing can be said before: %v", err)
				}
			}
			result := send(t, url, nil, webhook.WithResolver(nameServer(t, netip.MustParseAddr(answer))))
			if result.Failure != webhook.FailureAddress {
				t.Errorf("%s by %s: %+v", name, scheme, result)
			}
		}
	}
	if reached.Load() != 0 {
		t.Errorf("the service inside was reached %d times", reached.Load())
	}
	// The same name, where the office's own network is allowed.
	result := send(t, "http://receiver.example:"+port+"/", []string{loopback}, webhook.WithResolver(nameServer(t, netip.MustParseAddr("127.0.0.1"))))
	if result.Status != http.StatusOK || reached.Load() != 1 {
		t.Errorf("allowed: %+v, reached %d times", result, reached.Load())
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	inside := receiver(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	for _, to := range []string{"http://169.254.169.254/latest/meta-data/", inside.URL, "file:///etc/passwd", "//10.0.0.1/"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			r := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", to)
				w.WriteHeader(status)
			})
			if result := send(t, r.URL, []string{loopback}); result.Failure != webhook.FailureRedirect || result.Status != status {
				t.Errorf("%d to %s: %+v", status, to, result)
			}
		}
	}
	if reached.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestAReceiverThatNeverAnswersIsLeft(t *testing.T) {
	t.Parallel()
	const patience = 300 * time.Millisecond
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	slow := receiver(t, func(w http.ResponseWriter, req *http.Request) {
		w.WriteHeader(http.StatusOK)
		for { // a byte now and then, for ever
			select {
			case <-end:
				return
			case <-req.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
				_, _ = w.Write([]byte("."))
				_ = http.NewResponseController(w).Flush()
			}
		}
	})
	for name, c := range map[string]struct {
		url  string
		want webhook.Result
	}{
		"it takes the connection and says nothing": {"http://" + silent.Addr().String(), webhook.Result{Failure: webhook.FailureTimeout}},
		"it never ends its handshake":              {"https://" + silent.Addr().String(), webhook.Result{Failure: webhook.FailureTimeout}},
		"it says yes and goes on for ever":         {slow.URL, webhook.Result{Status: 200}},
	} {
		start := time.Now()
		if got := send(t, c.url, []string{loopback}, webhook.WithTimeout(patience)); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
		if took := time.Since(start); took > 20*patience {
			t.Errorf("%s: it took %s", name, took)
		}
	}
}

func TestAReceiverThatAnswersTenGigabytesCostsAFewKilobytes(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	r := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10737418240")
		chunk := make([]byte, 64<<10)
		for sent.Load() < 10<<30 {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	result := send(t, r.URL, []string{loopback})
	r.Close() // waits for the handler, so that sent is all of it
	if result != (webhook.Result{Status: 200}) {
		t.Errorf("%+v", result)
	}
	const buffers = 64 << 20 // of the kernel, at the very most
	if sent.Load() > buffers {
		t.Errorf("%d bytes were taken", sent.Load())
	}
}

func TestHeadersWithoutEndAreNotRead(t *testing.T) {
	t.Parallel()
	r := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range 200 {
			w.Header().Set("X-Long-"+strings.Repeat("x", i), strings.Repeat("y", 1000))
		}
	})
	if result := send(t, r.URL, []string{loopback}); result.Failure != webhook.FailureAnswer {
		t.Errorf("%+v", result)
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status     int
		retryAfter string
		want       webhook.Result
	}{
		"taken": {200, "", webhook.Result{Status: 200}}, "taken for later": {202, "", webhook.Result{Status: 202}},
		"an error of its own": {500, "", webhook.Result{Status: 500, Failure: webhook.FailureStatus}},
		"unknown":             {404, "", webhook.Result{Status: 404, Failure: webhook.FailureStatus}},
		"gone for ever":       {410, "", webhook.Result{Status: 410, Failure: webhook.FailureGone}},
		"too many":            {429, "7", webhook.Result{Status: 429, Failure: webhook.FailureStatus, RetryAfter: 7 * time.Second}},
		"in ages":             {503, "999999999999", webhook.Result{Status: 503, Failure: webhook.FailureStatus, RetryAfter: time.Hour}},
		"a day":               {503, "86400", webhook.Result{Status: 503, Failure: webhook.FailureStatus, RetryAfter: time.Hour}},
		"in the past":         {503, "Mon, 02 Jan 2006 15:04:05 GMT", webhook.Result{Status: 503, Failure: webhook.FailureStatus}},
		"before time":         {503, "-5", webhook.Result{Status: 503, Failure: webhook.FailureStatus}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
				if c.retryAfter != "" {
					w.Header().Set("Retry-After", c.retryAfter)
				}
				w.WriteHeader(c.status)
			})
			if got := send(t, r.URL, []string{loopback}); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestHTTPSIsVerified(t *testing.T) {
	t.Parallel()
	r := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.StartTLS()
	t.Cleanup(r.Close)
	if result := send(t, r.URL, []string{loopback}); result.Failure != webhook.FailureTLS {
		t.Errorf("a certificate that nobody vouches for: %+v", result)
	}
	roots := x509.NewCertPool()
	roots.AddCert(r.Certificate())
	if result := send(t, r.URL, []string{loopback}, webhook.WithTLS(&tls.Config{RootCAs: roots})); result != (webhook.Result{Status: 200}) {
		t.Errorf("with its authority: %+v", result)
	}
	plain := receiver(t, func(http.ResponseWriter, *http.Request) {})
	if result := send(t, "https"+strings.TrimPrefix(plain.URL, "http"), []string{loopback}); result.Failure != webhook.FailureTLS {
		t.Errorf("no TLS behind https: %+v", result)
	}
	closed := receiver(t, func(http.ResponseWriter, *http.Request) {})
	closed.Close()
	if result := send(t, closed.URL, []string{loopback}); result.Failure != webhook.FailureConnect {
		t.Errorf("nobody listens: %+v", result)
	}
}
