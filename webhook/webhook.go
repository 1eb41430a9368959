// Package webhook sends signed messages to receivers on the network (网络回调), as the Standard Webhooks specification has
// it (https://www.standardwebhooks.com), and guards the network that it runs in: an operator who may register a receiver
// must not be able to make the service talk to what only the service can reach. It knows nothing of filings.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a message.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

// secretPrefix marks a secret, so that people and scanners for leaked secrets know one.
const secretPrefix = "whsec_"

// NewSecret makes a secret of 256 random bits (the specification wants 24 to 64 bytes), "whsec_" and base64.
func NewSecret() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	return secretPrefix + base64.StdEncoding.EncodeToString(raw)
}

// Sign is the value of the header webhook-signature: one signature for each secret, "v1,..." and a space between them, so
// that while a secret is being replaced a receiver may hold the old one or the new one.
func Sign(secrets []string, id string, at time.Time, body []byte) (string, error) {
	signatures := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
		if err != nil {
			return "", errors.New("a secret is not base64") // the library's error would quote it
		}
		mac := hmac.New(sha256.New, key)
		_, _ = fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
		mac.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(signatures, " "), nil
}

// Message is what is sent. The same message is sent with the same ID and Body however often it is tried.
type Message struct {
	ID string
	// URL is the receiver's; Secrets those that it may hold, the newest first.
	URL     string
	Secrets []string
	// Body is JSON.
	Body []byte
}

// Failure says why a message was not taken. It names a kind and never quotes an answer, which is the receiver's.
type Failure string

// The failures. FailureGone is status 410: the receiver asks to be told nothing more.
const (
	FailureAddress  Failure = "address_refused"
	FailureName     Failure = "name_not_found"
	FailureConnect  Failure = "not_reached"
	FailureTLS      Failure = "tls"
	FailureTimeout  Failure = "timeout"
	FailureAnswer   Failure = "no_answer"
	FailureRedirect Failure = "redirect"
	FailureStatus   Failure = "status"
	FailureGone     Failure = "gone"
	FailureRequest  Failure = "bad_request"
)

// Result is what became of an attempt.
type Result struct {
	// Status is that of the answer; 0 where there was none.
	Status int
	// Failure is empty where the message was taken: status 200 to 299.
	Failure Failure
	// RetryAfter is how long the receiver asks to be left alone, an hour at most; 0 where it does not.
	RetryAfter time.Duration
}

// Bounds of an attempt. What a receiver answers besides its status is of no interest: it is read only so far that the
// connection can be used again.
const (
	attemptTimeout = 15 * time.Second
	dialTimeout    = 5 * time.Second
	answerTimeout  = 10 * time.Second
	answerMost     = 4 << 10
	headersMost    = 16 << 10
	retryAfterMost = time.Hour
)

// Sender sends messages. It is safe for concurrent use; Close it.
type Sender struct {
	guard   Guard
	now     func() time.Time
	timeout time.Duration
	plain   *http.Client
	secure  *http.Client
}

// Option changes a Sender.
type Option func(*Sender, *http.Transport, *net.Dialer)

// WithTimeout bounds an attempt, instead of 15 s.
func WithTimeout(d time.Duration) Option {
	return func(s *Sender, t *http.Transport, _ *net.Dialer) { s.timeout, t.ResponseHeaderTimeout = d, d }
}

// WithTLS trusts other authorities than the system's, e.g. those of an office.
func WithTLS(config *tls.Config) Option {
	return func(_ *Sender, t *http.Transport, _ *net.Dialer) { t.TLSClientConfig = config }
}

// WithResolver asks another resolver for names than the system's. What it answers passes the same guard.
func WithResolver(resolver *net.Resolver) Option {
	return func(_ *Sender, _ *http.Transport, d *net.Dialer) { d.Resolver = resolver }
}

// NewSender returns a sender behind a guard.
func NewSender(guard Guard, options ...Option) *Sender {
	s := &Sender{guard: guard, now: time.Now, timeout: attemptTimeout}
	client := func(secure bool) *http.Client {
		dialer := &net.Dialer{Timeout: dialTimeout, Control: guard.control(secure)}
		t := &http.Transport{
			// No proxy: it would be the one who connects, and nobody would look at the address.
			Proxy: nil, DialContext: dialer.DialContext, TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: answerTimeout,
			MaxResponseHeaderBytes: headersMost, DisableCompression: true, MaxConnsPerHost: 16, MaxIdleConnsPerHost: 8,
			MaxIdleConns: 64, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
		}
		for _, o := range options {
			o(s, t, dialer)
		}
		return &http.Client{
			Transport: t,
			// Whoever may choose the URL may not choose another one behind it.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	s.plain, s.secure = client(false), client(true)
	return s
}

// Close closes idle connections.
func (s *Sender) Close() {
	s.plain.CloseIdleConnections()
	s.secure.CloseIdleConnections()
}

// CheckURL says what is wrong with the URL of a receiver that is to be registered, as its guard does.
func (s *Sender) CheckURL(url string) error { return s.guard.CheckURL(url) }

// Send makes one attempt. It ends in bounded time whatever the receiver does.
func (s *Sender) Send(ctx context.Context, m Message) Result {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	now := s.now()
	signature, err := Sign(m.Secrets, m.ID, now, m.Body)
	if err != nil {
		return Result{Failure: FailureRequest}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, strings.NewReader(string(m.Body)))
	if err != nil {
		return Result{Failure: FailureRequest}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Preflight-Webhooks/1")
	req.Header.Set(HeaderID, m.ID)
	req.Header.Set(HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(HeaderSignature, signature)
	client := s.secure
	if req.URL.Scheme == "http" {
		client = s.plain
	}
	resp, err := client.Do(req)
	if err != nil {
		return Result{Failure: failureOf(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	// The status is the answer. What follows is only drained, and may end badly.
	_, _ = io.CopyN(io.Discard, resp.Body, answerMost)
	r := Result{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header.Get("Retry-After"), now)}
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
	case resp.StatusCode == http.StatusGone:
		r.Failure = FailureGone
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		r.Failure = FailureRedirect
	default:
		r.Failure = FailureStatus
	}
	return r
}

func failureOf(err error) Failure {
	var (
		name    *net.DNSError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		timeout net.Error
		dial    *net.OpError
	)
	switch {
	case errors.Is(err, ErrAddress):
		return FailureAddress
	case errors.As(err, &name) && !name.IsTimeout:
		return FailureName
	case errors.As(err, &verify), errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return FailureTLS
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return FailureTimeout
	case errors.As(err, &dial) && dial.Op == "dial":
		return FailureConnect
	default:
		return FailureAnswer
	}
}

// retryAfter reads seconds or a date (RFC 9110, 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	if value == "" {
		return 0
	}
	if seconds, err := strconv.Atoi(value); err == nil {
		return min(max(time.Duration(min(seconds, 1<<30))*time.Second, 0), retryAfterMost)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), retryAfterMost)
	}
	return 0
}
