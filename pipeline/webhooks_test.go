package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/webhook"
)

// told is a message as a receiver got it.
type told struct {
	id   string
	body struct {
		Type string
		Data struct {
			Filing, Revalidation, Before, After string
			Changed                             int64
		}
	}
	raw string
}

// hookReceiver is a receiver that can be down, verifies what it gets by the standard's own library and keeps it.
type hookReceiver struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	secrets []string
	status  func(n int, topic string) int
	calls   int
	got     []told
}

func newHookReceiver(t *testing.T) *hookReceiver {
	t.Helper()
	r := &hookReceiver{t: t, status: func(int, string) int { return http.StatusOK }}
	r.Server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (r *hookReceiver) take(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		r.t.Error(err)
	}
	m := told{id: req.Header.Get(webhook.HeaderID), raw: string(body)}
	if err := json.Unmarshal(body, &m.body); err != nil {
		r.t.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range r.secrets {
		verifier, err := standard.NewWebhook(secret)
		if err != nil {
			r.t.Error(err)
			break
		}
		if err := verifier.Verify(body, req.Header); err != nil {
			r.t.Errorf("message %s: %v", m.id, err)
		}
	}
	status := r.status(r.calls, m.body.Data.Filing)
	r.calls++
	if status < 300 {
		r.got = append(r.got, m)
	}
	w.WriteHeader(status)
}

func (r *hookReceiver) behave(status func(n int, topic string) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status, r.calls = status, 0
}

func (r *hookReceiver) messages() []told {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *hookReceiver) tries() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

// tellingFlow is a judging flow that sends, by the clock of the machine and in the hurry of a test.
func tellingFlow(t *testing.T, records *storage.Records, sets ...*rules.Set) *Pipeline {
	t.Helper()
	guard, err := webhook.NewGuard([]string{"127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	sender := webhook.NewSender(guard)
	t.Cleanup(sender.Close)
	p, err := New(DefaultConfig(), Parts{
		Records: records, Analyzer: analyzerOfTests, RuleSets: sets, Log: slog.New(slog.DiscardHandler), Sender: sender,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	p.delivery.rest = 50 * time.Millisecond
	p.delivery.waits = slices.Repeat([]time.Duration{20 * time.Millisecond}, 200)
	return p
}

func register(t *testing.T, p *Pipeline, r *hookReceiver, events ...string) *Webhook {
	t.Helper()
	w, err := p.CreateWebhook(t.Context(), operator(), WebhookRequest{URL: &r.URL, Events: events})
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = []string{w.Secret}
	return w
}

// deliverInBackground works jobs as a service does.
func deliverInBackground(t *testing.T, p *Pipeline) {
	t.Helper()
	worker, err := storage.NewWorker(p.Records, storage.WorkerOptions{
		PollInterval: 20 * time.Millisecond, Deliver: p.Deliver,
	}, func(context.Context, string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := worker.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

func eventually(t *testing.T, what string, done func() error) {
	t.Helper()
	const soon = 2 * time.Minute
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(soon); ; <-look.C {
		err := done()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s: %v", what, soon, err)
		}
	}
}

func nothingWaits(t *testing.T, p *Pipeline, id string) {
	t.Helper()
	eventually(t, "all is delivered", func() error {
		w, err := p.Webhook(t.Context(), id)
		if err != nil {
			return err
		}
		if w.Pending > 0 {
			return fmt.Errorf("%d wait: %+v", w.Pending, w)
		}
		return nil
	})
}

// The bar: a receiver is down for a while, then ill, and in the end has been told every change of every filing, those of
// one filing in their order, and each once where it said yes.
func TestAReceiverThatWasDownIsToldEverythingInOrder(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		const n = 1200
		old, changed := embeddedRules(t), olderRules(t)
		newFiller(t, old).fill(t, records, n)
		p := tellingFlow(t, records, old, changed)
		pass(t, p, RevalidationRequest{})

		r := newHookReceiver(t)
		r.behave(func(int, string) int { return http.StatusServiceUnavailable })
		w := register(t, p, r)
		deliverInBackground(t, p)
		var want []string
		var passes []*Revalidation
		for _, hash := range []string{changed.Hash(), old.Hash(), changed.Hash()} {
			v := pass(t, p, RevalidationRequest{Rules: hash})
			passes = append(passes, v)
			for _, c := range changesOf(t, p, v.ID) {
				want = append(want, v.ID+" "+c.Filing+" "+string(c.Before)+">"+string(c.After))
			}
			pass(t, p, RevalidationRequest{Rules: old.Hash(), DryRun: true}) // of which nobody is told
		}
		if passes[0].Changed == 0 {
			t.Fatal("nothing changes")
		}
		eventually(t, "it is tried while it is down", func() error {
			if r.tries() < 10 {
				return fmt.Errorf("%d times", r.tries())
			}
			return nil
		})
		if got := r.messages(); len(got) != 0 {
			t.Fatalf("%d messages while it was down", len(got))
		}
		// Back, and ill: every fifth call fails.
		dice := rand.New(rand.NewPCG(1, 2))
		r.behave(func(int, string) int { return []int{200, 204, 202, 500, 200}[dice.IntN(5)] })
		nothingWaits(t, p, w.ID)

		var got []string
		ids, last, finished := map[string]bool{}, map[string]int{}, 0
		order := map[string]int{passes[0].ID: 1, passes[1].ID: 2, passes[2].ID: 3}
		for _, m := range r.messages() {
			if ids[m.id] {
				t.Errorf("message %s was taken twice", m.id)
			}
			ids[m.id] = true
			d := m.body.Data
			if m.body.Type == MessageRevalidationFinished {
				finished++
				if v := passes[order[d.Revalidation]-1]; d.Changed != v.Changed {
					t.Errorf("the summary tells of %d changes, there are %d", d.Changed, v.Changed)
				}
				continue
			}
			if last[d.Filing] >= order[d.Revalidation] {
				t.Errorf("filing %s: pass %d after pass %d", d.Filing, order[d.Revalidation], last[d.Filing])
			}
			last[d.Filing] = order[d.Revalidation]
			got = append(got, d.Revalidation+" "+d.Filing+" "+d.Before+">"+d.After)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) || finished != len(passes) {
			t.Errorf("told of %d changes and %d ends, want %d and %d", len(got), finished, len(want), len(passes))
		}
		if v, err := p.Webhook(t.Context(), w.ID); err != nil || v.Dead != 0 || v.State != storage.WebhookActive || v.DeliveredAt == nil {
			t.Errorf("in the end it is %+v, %v", v, err)
		}
	})
}

// What is told holds no name, no number, no domain of a filing.
func TestWhatIsToldHoldsNothingPersonal(t *testing.T) {
	t.Parallel()
	records := openTestRecords(t, "sqlite:"+t.TempDir()+"/records.db")
	old, changed := embeddedRules(t), olderRules(t)
	newFiller(t, old).fill(t, records, 200)
	p := tellingFlow(t, records, old, changed)
	r := newHookReceiver(t)
	w := register(t, p, r)
	deliverInBackground(t, p)
	pass(t, p, RevalidationRequest{Rules: changed.Hash()})
	nothingWaits(t, p, w.ID)
	if len(r.messages()) < 2 {
		t.Fatalf("%d messages", len(r.messages()))
	}
	for _, m := range r.messages() {
		for _, personal := range []string{"specimen-", "SPECIMEN", "样本", "birth_date", "1960", "applicant\":", w.Secret} {
			if strings.Contains(m.raw, personal) {
				t.Errorf("%q is in %s", personal, m.raw)
			}
		}
	}
}

// While a secret is being replaced both verify; afterwards the new one alone.
func TestBothSecretsSignWhileOneIsReplaced(t *testing.T) {
	t.Parallel()
	records := openTestRecords(t, "sqlite:"+t.TempDir()+"/records.db")
	p := tellingFlow(t, records, embeddedRules(t))
	r := newHookReceiver(t)
	w := register(t, p, r)
	deliverInBackground(t, p)
	send := func(secrets ...string) {
		t.Helper()
		r.mu.Lock()
		r.secrets = secrets
		r.mu.Unlock()
		if err := p.TestWebhook(t.Context(), w.ID); err != nil {
			t.Fatal(err)
		}
		nothingWaits(t, p, w.ID)
	}
	send(w.Secret)
	rotated, err := p.RotateWebhook(t.Context(), w.ID)
	if err != nil || rotated.Secret == w.Secret || rotated.EarlierSecretUntil == nil {
		t.Fatalf("%+v, %v", rotated, err)
	}
	send(w.Secret, rotated.Secret)
	if shown, err := p.Webhook(t.Context(), w.ID); err != nil || shown.Secret != "" {
		t.Errorf("the secret is shown again: %v", err)
	}
	row, err := records.Webhook(t.Context(), w.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := row.Secrets(row.EarlierUntil.Add(time.Second)); !slices.Equal(got, []string{rotated.Secret}) {
		t.Errorf("after a day %d secrets sign", len(got))
	}
}

// A message that is refused again and again is given up; later ones about the same filing are not held up for ever, those
// about others not at all, and the dead one is sent when an operator asks for it.
func TestAMessageThatIsAlwaysRefusedIsGivenUpAndCanBeSentAgain(t *testing.T) {
	t.Parallel()
	forEachDatabase(t, func(t *testing.T, records *storage.Records) {
		old, changed := embeddedRules(t), olderRules(t)
		newFiller(t, old).fill(t, records, 400)
		p := tellingFlow(t, records, old, changed)
		p.delivery.waits = p.delivery.waits[:2]
		pass(t, p, RevalidationRequest{})
		r := newHookReceiver(t)
		w := register(t, p, r, MessageVerdictChanged)
		run := pass(t, p, RevalidationRequest{Rules: changed.Hash()})
		poison := changesOf(t, p, run.ID)[0].Filing
		r.behave(func(_ int, topic string) int {
			if topic == poison {
				return http.StatusBadRequest
			}
			return http.StatusOK
		})
		deliverInBackground(t, p)
		nothingWaits(t, p, w.ID)
		dead, _, err := p.WebhookMessages(t.Context(), w.ID, storage.MessageDead, 0, 10)
		if err != nil || len(dead) != 1 || dead[0].Topic != poison || dead[0].Attempts != 3 || dead[0].Status != http.StatusBadRequest {
			t.Fatalf("dead %+v, %v", dead, err)
		}
		if n := len(r.messages()); int64(n) != run.Changed-1 {
			t.Errorf("%d others were told, want %d", n, run.Changed-1)
		}
		r.behave(func(int, string) int { return http.StatusOK })
		if n, err := p.ResendMessages(t.Context(), w.ID, []string{"msg_of_somebody_else"}); err != nil || n != 0 {
			t.Errorf("another one's: %d, %v", n, err)
		}
		if n, err := p.ResendMessages(t.Context(), w.ID, []string{dead[0].ID}); err != nil || n != 1 {
			t.Fatalf("sent again: %d, %v", n, err)
		}
		nothingWaits(t, p, w.ID)
		got := r.messages()
		if last := got[len(got)-1]; last.id != dead[0].ID || int64(len(got)) != run.Changed {
			t.Errorf("in the end %d were told, the last one %s", len(got), last.id)
		}
	})
}

// A receiver that is gone, or fails for days, is switched off; switched on again it gets what waited.
func TestAReceiverThatFailsForDaysIsSwitchedOff(t *testing.T) {
	t.Parallel()
	records := openTestRecords(t, "sqlite:"+t.TempDir()+"/records.db")
	p := tellingFlow(t, records, embeddedRules(t))
	p.delivery.patience = 200 * time.Millisecond
	deliverInBackground(t, p)
	for name, status := range map[string]int{"failing": http.StatusInternalServerError, "gone": http.StatusGone} {
		r := newHookReceiver(t)
		r.behave(func(int, string) int { return status })
		w := register(t, p, r)
		if err := p.TestWebhook(t.Context(), w.ID); err != nil {
			t.Fatal(err)
		}
		eventually(t, name, func() error {
			v, err := p.Webhook(t.Context(), w.ID)
			if err == nil && v.State != storage.WebhookFailed {
				err = fmt.Errorf("it is %s", v.State)
			}
			return err
		})
		if status == http.StatusGone && r.tries() != 1 {
			t.Errorf("it was tried %d times after it said that it is gone", r.tries())
		}
		if err := p.TestWebhook(t.Context(), w.ID); err != ErrConflict { //nolint:errorlint // it is the very value
			t.Errorf("a test of one that is off: %v", err)
		}
		r.behave(func(int, string) int { return http.StatusOK })
		on := storage.WebhookActive
		if _, err := p.UpdateWebhook(t.Context(), w.ID, WebhookRequest{State: &on}); err != nil {
			t.Fatal(err)
		}
		nothingWaits(t, p, w.ID)
		if n := len(r.messages()); n != 1 {
			t.Errorf("%s: %d messages once it was on again", name, n)
		}
	}
}

// The order of waits: some hours in all, never the same for two.
func TestWaitsGrowAndSpread(t *testing.T) {
	t.Parallel()
	d := defaultDelivery()
	total := time.Duration(0)
	for n := 1; n <= len(d.waits); n++ {
		seen := map[time.Duration]bool{}
		for range 20 {
			w := d.wait(n)
			seen[w] = true
			if w < d.waits[n-1]*8/10 || w > d.waits[n-1]*12/10 {
				t.Errorf("after %d failures %s", n, w)
			}
		}
		if len(seen) < 10 {
			t.Errorf("after %d failures all wait the same", n)
		}
		total += d.waits[n-1]
	}
	if total < 60*time.Hour || total > 96*time.Hour {
		t.Errorf("a message is tried for %s: a weekend and no week", total)
	}
}
