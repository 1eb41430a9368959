package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/webhook"
)

// The types of messages (回调消息类型). What is told holds ids, codes, clauses and counts: no name, no number, no domain.
const (
	// MessageVerdictChanged tells of one filing whose verdict, requirements or files a pass changed.
	MessageVerdictChanged = "filing.verdict_changed"
	// MessageRevalidationFinished tells that a pass is done, and sums it up.
	MessageRevalidationFinished = "revalidation.finished"
	// MessageTest is sent on request only, to every receiver that asks for one.
	MessageTest = "webhook.test"
)

// MessageTypes are those that a receiver can be registered for.
func MessageTypes() []string {
	return []string{MessageVerdictChanged, MessageRevalidationFinished, MessageDecided}
}

// Sender makes one attempt to send a message; it says in its result how that went.
type Sender interface {
	Send(ctx context.Context, m webhook.Message) webhook.Result
	// CheckURL says what is wrong with the URL of a receiver.
	CheckURL(url string) error
}

// Webhook is a receiver as operators see it (回调接收方). The secret is only there when it was just made.
type Webhook struct {
	ID string `json:"id"`
	// Organization is whose filings it is told of.
	Organization string   `json:"organization,omitempty" doc:"Whose filings it is told of"`
	URL          string   `json:"url"`
	Description  string   `json:"description,omitempty"`
	Events       []string `json:"events" doc:"What it is told"`
	State        string   `json:"state" enum:"active,paused,failed" doc:"failed: it was switched off after days of failures"`
	Secret       string   `json:"secret,omitempty" doc:"Shown once: when it is made"`
	// EarlierSecretUntil is until when the secret before this one signs as well.
	EarlierSecretUntil *time.Time `json:"earlier_secret_until,omitempty" doc:"Until then messages carry the signature of the earlier secret too"`
	Failures           int        `json:"failures" doc:"Failed attempts since the last success"`
	FailingSince       *time.Time `json:"failing_since,omitempty"`
	ResumeAt           *time.Time `json:"resume_at,omitempty" doc:"Nothing is sent before"`
	LastFailure        string     `json:"last_failure,omitempty" doc:"What was wrong with the last attempt that failed"`
	DeliveredAt        *time.Time `json:"delivered_at,omitempty" doc:"The last success"`
	Pending            int        `json:"pending" doc:"Messages that wait"`
	Dead               int        `json:"dead" doc:"Messages that were given up; they can be sent again"`
	CreatedBy          string     `json:"created_by"`
	CreatedAt          time.Time  `json:"created_at"`
	UpdatedAt          time.Time  `json:"updated_at"`
}

// WebhookMessage is one message to one receiver, as operators see it.
type WebhookMessage struct {
	ID       string          `json:"id" doc:"The header webhook-id"`
	Sequence int64           `json:"sequence" doc:"Messages of one topic are delivered in this order"`
	Type     string          `json:"type"`
	Topic    string          `json:"topic" doc:"The filing or the revalidation that it is about"`
	State    string          `json:"state" enum:"pending,delivered,dead"`
	Attempts int             `json:"attempts"`
	DueAt    time.Time       `json:"due_at" doc:"When it may be tried next"`
	Status   int             `json:"status,omitempty" doc:"HTTP status of the last attempt"`
	Failure  string          `json:"failure,omitempty" doc:"What was wrong with the last attempt"`
	Body     json.RawMessage `json:"body"`

	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// message is the body of every message.
type message struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// verdictChanged is the data of MessageVerdictChanged.
type verdictChanged struct {
	Revalidation string `json:"revalidation"`
	Rules        string `json:"rules"`
	*RevalidationChange
}

// revalidationFinished is the data of MessageRevalidationFinished.
type revalidationFinished struct {
	Revalidation string `json:"revalidation"`
	Rules        string `json:"rules"`
	Baseline     string `json:"baseline"`
	Today        string `json:"today"`
	AsOf         string `json:"as_of,omitempty"`
	Province     string `json:"province,omitempty"`
	Judged       int64  `json:"judged"`
	Changed      int64  `json:"changed"`
	First        int64  `json:"first"`
	Restated     int64  `json:"restated"`
	Files        int64  `json:"files"`
	Measured     int64  `json:"measured"`
	Unreadable   int64  `json:"unreadable"`
	RevalidationSummary
}

func noticeOf(messageType, topic string, at time.Time, data any) (storage.Notice, error) {
	body, err := json.Marshal(message{Type: messageType, Timestamp: at.UTC().Truncate(time.Microsecond), Data: data})
	if err != nil {
		return storage.Notice{}, fmt.Errorf("print message: %w", err)
	}
	return storage.Notice{Type: messageType, Topic: topic, Body: body}, nil
}

// notices are what receivers are told of a stretch of a pass: each filing that changed, and at the end the whole. A dry
// run tells nothing.
func (v *revalidation) notices() ([]storage.Notice, error) {
	at := v.p.Now()
	list := make([]storage.Notice, 0, len(v.batch.Changes)+1)
	for i := range v.batch.Changes {
		change, err := changeOf(&v.batch.Changes[i])
		if err != nil {
			return nil, err
		}
		n, err := noticeOf(MessageVerdictChanged, change.Filing, at, verdictChanged{Revalidation: v.id, Rules: v.pass.Rules, RevalidationChange: &change})
		if err != nil {
			return nil, err
		}
		n.Organization = v.batch.Changes[i].Organization
		list = append(list, n)
	}
	if v.pass.State != storage.RevalidationDone {
		return list, nil
	}
	whole, err := v.result()
	if err != nil {
		return nil, err
	}
	n, err := noticeOf(MessageRevalidationFinished, v.id, at, revalidationFinished{
		Revalidation: v.id, Rules: whole.Rules, Baseline: whole.Baseline, Today: whole.Today, AsOf: whole.AsOf, Province: whole.Province,
		Judged: whole.Judged, Changed: whole.Changed, First: whole.First, Restated: whole.Restated, Files: whole.Files,
		Measured: whole.Measured, Unreadable: whole.Unreadable, RevalidationSummary: whole.RevalidationSummary,
	})
	n.Organization = v.pass.Organization
	return append(list, n), err
}

// deliveryPace is how messages are delivered.
type deliveryPace struct {
	// round is how many are sent before what became of them is kept, parallel how many at once, and after failures in a
	// row the receiver is left alone.
	round, parallel, failures int
	// waits are those after each attempt that failed; after as many, one more failure makes a message dead.
	waits []time.Duration
	// rest is the longest that a receiver is left alone before it is tried again.
	rest time.Duration
	// patience is how long a receiver may fail without any success before it is switched off.
	patience time.Duration
	// both is how long the secret before the newest one signs as well.
	both time.Duration
	// jitter spreads waits by so much of themselves, both ways.
	jitter float64
}

// Messages wait for three days in all, so that a receiver that fails on Friday evening may be mended on Monday morning.
func defaultDelivery() deliveryPace {
	return deliveryPace{
		round: 64, parallel: 8, failures: 3,
		waits: []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour,
			4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 20 * time.Hour, 24 * time.Hour},
		rest: 10 * time.Minute, patience: 5 * 24 * time.Hour, both: 24 * time.Hour, jitter: 0.2,
	}
}

// wait is that after the n-th failure in a row.
func (d *deliveryPace) wait(n int) time.Duration {
	w := d.waits[min(max(n, 1), len(d.waits))-1]
	return time.Duration(float64(w) * (1 + d.jitter*(2*rand.Float64()-1))) //nolint:gosec // it spreads load, it keeps no secret
}

// Deliver makes one round of deliveries to a receiver, as storage.WorkerOptions want it. Messages of one topic go out one
// after the other; those of different topics at once.
//
// What fails is tried again later, by itself. Where attempts fail one after the other, or all of them do, it is the
// receiver that has failed: it is left alone for a while, then tried with a few messages, so that one that is down for
// hours costs a handful of attempts and not one for every message.
func (p *Pipeline) Deliver(ctx context.Context, webhookID string) error {
	d := &p.delivery
	receiver, due, err := p.Records.DueMessages(ctx, webhookID, d.round)
	if err != nil || len(due) == 0 {
		return err
	}
	round := delivering{p: p, receiver: &receiver, secrets: receiver.Secrets(p.Now())}
	round.send(ctx, due)
	if ctx.Err() != nil && len(round.tried) == 0 {
		return ctx.Err()
	}
	// What was sent is kept even where this process is told to end: else it would be sent twice.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return p.Records.SaveDeliveries(ctx, webhookID, round.tried, round.health)
}

// delivering is one round.
type delivering struct {
	p        *Pipeline
	receiver *storage.Webhook
	secrets  []string

	mu    sync.Mutex
	tried []storage.WebhookMessage
	// inRow counts the failures since the last success.
	inRow, delivered, failed int
	latest                   webhook.Failure
	gone                     bool
	// rest is the longest that the receiver asked to be left alone.
	rest time.Duration
}

// send tries the messages, some at once, until all were tried or too many have failed in a row.
func (r *delivering) send(ctx context.Context, due []storage.WebhookMessage) {
	next := make(chan *storage.WebhookMessage)
	var group sync.WaitGroup
	// A receiver that has failed is tried with one message at a time.
	parallel := r.p.delivery.parallel
	if r.receiver.Failures > 0 {
		parallel = 1
	}
	for range min(parallel, len(due)) {
		group.Go(func() {
			for m := range next {
				r.attempt(ctx, m)
			}
		})
	}
	for i := range due {
		if ctx.Err() != nil || r.enough() {
			break
		}
		next <- &due[i]
	}
	close(next)
	group.Wait()
}

func (r *delivering) enough() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gone || r.rest > 0 || r.inRow >= r.p.delivery.failures || r.receiver.Failures > 0 && r.inRow > 0
}

func (r *delivering) attempt(ctx context.Context, m *storage.WebhookMessage) {
	start := time.Now()
	result := r.p.Sender.Send(ctx, webhook.Message{ID: m.ID, URL: r.receiver.URL, Secrets: r.secrets, Body: m.Body})
	if ctx.Err() != nil && result.Failure != "" {
		return // we have given up, not the receiver
	}
	r.p.metrics.delivery.Observe(time.Since(start).Seconds())
	m.Attempts++
	m.Status, m.Failure = result.Status, string(result.Failure)
	outcome := "delivered"
	switch {
	case result.Failure == "":
		m.State = storage.MessageDelivered
	case m.Attempts > len(r.p.delivery.waits):
		m.State, outcome = storage.MessageDead, "dead"
	default:
		m.DueAt, outcome = r.p.Now().Add(r.p.delivery.wait(m.Attempts)), "failed"
	}
	r.p.metrics.deliveries.WithLabelValues(outcome).Inc()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried = append(r.tried, *m)
	if result.Failure == "" {
		r.inRow = 0
		r.delivered++
		return
	}
	r.inRow++
	r.failed++
	r.latest, r.rest = result.Failure, max(r.rest, result.RetryAfter)
	r.gone = r.gone || result.Failure == webhook.FailureGone
}

// health notes what a round says about its receiver.
func (r *delivering) health(w *storage.Webhook) {
	if w.State != storage.WebhookActive {
		return
	}
	d, now := &r.p.delivery, r.p.Now().UTC().Truncate(time.Microsecond)
	if r.delivered > 0 {
		w.DeliveredAt, w.FailingSince, w.Failures, w.ResumeAt = &now, nil, 0, nil
	}
	if r.failed == 0 {
		return
	}
	w.LastFailure = string(r.latest)
	if r.delivered > 0 && r.inRow < d.failures && r.rest == 0 && !r.gone {
		return // single messages failed
	}
	if w.FailingSince == nil {
		w.FailingSince = &now
	}
	w.Failures += r.inRow
	rest := max(min(d.wait(w.Failures), d.rest), r.rest)
	resume := now.Add(rest)
	w.ResumeAt = &resume
	if r.gone || now.Sub(*w.FailingSince) > d.patience {
		w.State, w.UpdatedAt = storage.WebhookFailed, now
		r.p.Log.Error("webhook switched off", "webhook", w.ID, "failure", w.LastFailure, "failing_since", w.FailingSince.Format(time.RFC3339))
	}
}

// WebhookRequest is what an operator says about a receiver; nil leaves it as it is.
type WebhookRequest struct {
	URL, Description *string
	Events           []string
	// State is storage.WebhookActive or storage.WebhookPaused.
	State *string
}

func (p *Pipeline) checkWebhook(q *WebhookRequest) error {
	if q.URL != nil {
		if p.Sender == nil {
			return &RequestError{Field: "url", Problem: filing.Text{ZH: "本进程不发送回调", EN: "this process sends no messages"}}
		}
		if err := p.Sender.CheckURL(*q.URL); err != nil {
			return &RequestError{Field: "url", Problem: filing.Text{ZH: "不能作为回调地址：" + err.Error(), EN: "not a URL for a receiver: " + err.Error()}}
		}
	}
	for _, e := range q.Events {
		if !slices.Contains(MessageTypes(), e) {
			return &RequestError{Field: "events", Allowed: MessageTypes(), Problem: filing.Text{ZH: "没有这种消息", EN: "there is no such message"}}
		}
	}
	return nil
}

func (q *WebhookRequest) apply(w *storage.Webhook) {
	if q.URL != nil {
		w.URL = *q.URL
	}
	if q.Description != nil {
		w.Description = *q.Description
	}
	if q.Events != nil {
		events := slices.Sorted(slices.Values(q.Events))
		w.Events = strings.Join(slices.Compact(events), ",")
	}
	if q.State != nil {
		w.State = *q.State
	}
}

// CreateWebhook registers a receiver. Its secret is in the answer, and never again.
func (p *Pipeline) CreateWebhook(ctx context.Context, who Viewer, q WebhookRequest) (*Webhook, error) {
	if q.URL == nil {
		return nil, &RequestError{Field: "url", Problem: filing.Text{ZH: "缺少回调地址", EN: "there is none"}}
	}
	if err := p.checkWebhook(&q); err != nil {
		return nil, err
	}
	row := storage.Webhook{Secret: webhook.NewSecret(), CreatedBy: who.Name, Organization: who.Organization}
	q.State = nil
	q.apply(&row)
	row, err := p.Records.CreateWebhook(ctx, row)
	if err != nil {
		return nil, err
	}
	p.Log.Info("webhook registered", "webhook", row.ID, "by", who.Name)
	v, err := p.webhookOf(ctx, &row)
	if err == nil {
		v.Secret = row.Secret
	}
	return v, err
}

func (p *Pipeline) webhookOf(ctx context.Context, row *storage.Webhook) (*Webhook, error) {
	counts, err := p.Records.CountMessages(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	v := &Webhook{
		ID: row.ID, Organization: row.Organization, URL: row.URL, Description: row.Description, Events: MessageTypes(), State: row.State, Failures: row.Failures,
		FailingSince: row.FailingSince, ResumeAt: row.ResumeAt, LastFailure: row.LastFailure, DeliveredAt: row.DeliveredAt,
		Pending: counts[storage.MessagePending], Dead: counts[storage.MessageDead],
		CreatedBy: row.CreatedBy, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt,
	}
	if row.Events != "" {
		v.Events = strings.Split(row.Events, ",")
	}
	if len(row.Secrets(p.Now())) > 1 {
		v.EarlierSecretUntil = row.EarlierUntil
	}
	return v, nil
}

// Webhook is a receiver as it stands; ErrNotFound where there is none.
func (p *Pipeline) Webhook(ctx context.Context, id string) (*Webhook, error) {
	row, err := p.Records.Webhook(ctx, id)
	if err != nil {
		return nil, recordFailure(err)
	}
	return p.webhookOf(ctx, &row)
}

// Webhooks are all receivers, the oldest first.
func (p *Pipeline) Webhooks(ctx context.Context) ([]Webhook, error) {
	rows, err := p.Records.Webhooks(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Webhook, 0, len(rows))
	for i := range rows {
		v, err := p.webhookOf(ctx, &rows[i])
		if err != nil {
			return nil, err
		}
		list = append(list, *v)
	}
	return list, nil
}

// UpdateWebhook changes a receiver. Switched on again, it is tried at once.
func (p *Pipeline) UpdateWebhook(ctx context.Context, id string, q WebhookRequest) (*Webhook, error) {
	if err := p.checkWebhook(&q); err != nil {
		return nil, err
	}
	return p.changeWebhook(ctx, id, func(w *storage.Webhook) error {
		q.apply(w)
		return nil
	})
}

func (p *Pipeline) changeWebhook(ctx context.Context, id string, change func(*storage.Webhook) error) (*Webhook, error) {
	row, err := p.Records.UpdateWebhook(ctx, id, change)
	if err != nil {
		return nil, recordFailure(err)
	}
	return p.webhookOf(ctx, &row)
}

// RotateWebhook makes a new secret, which is in the answer and never again. The one before it signs as well for a day, so
// that the receiver can be given the new one while messages arrive.
func (p *Pipeline) RotateWebhook(ctx context.Context, id string) (*Webhook, error) {
	secret := webhook.NewSecret()
	v, err := p.changeWebhook(ctx, id, func(w *storage.Webhook) error {
		until := p.Now().Add(p.delivery.both).UTC().Truncate(time.Microsecond)
		w.Secret, w.EarlierSecret, w.EarlierUntil = secret, w.Secret, &until
		return nil
	})
	if err == nil {
		v.Secret = secret
	}
	return v, err
}

// DeleteWebhook forgets a receiver and what waits for it.
func (p *Pipeline) DeleteWebhook(ctx context.Context, id string) error {
	return recordFailure(p.Records.DeleteWebhook(ctx, id))
}

// TestWebhook sends a receiver a message that says nothing; ErrConflict where it is switched off.
func (p *Pipeline) TestWebhook(ctx context.Context, id string) error {
	n, err := noticeOf(MessageTest, id, p.Now(), struct {
		Webhook string `json:"webhook"`
	}{id})
	if err != nil {
		return err
	}
	return recordFailure(p.Records.Notify(ctx, id, n))
}

// WebhookMessages are up to limit messages to a receiver in a state, all where it is empty, after a sequence, in order.
// next is where to go on, 0 at the end.
func (p *Pipeline) WebhookMessages(ctx context.Context, id, state string, after int64, limit int) (list []WebhookMessage, next int64, err error) {
	if _, err := p.Records.Webhook(ctx, id); err != nil {
		return nil, 0, recordFailure(err)
	}
	rows, err := p.Records.WebhookMessages(ctx, id, state, after, limit)
	if err != nil {
		return nil, 0, err
	}
	list = make([]WebhookMessage, len(rows))
	for i := range rows {
		m := &rows[i]
		list[i] = WebhookMessage{
			ID: m.ID, Sequence: m.Sequence, Type: m.Type, Topic: m.Topic, State: m.State, Attempts: m.Attempts, DueAt: m.DueAt,
			Status: m.Status, Failure: m.Failure, Body: m.Body, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
		}
	}
	if len(rows) == limit {
		next = rows[len(rows)-1].Sequence
	}
	return list, next, nil
}

// ResendMessages lets dead messages of a receiver be tried anew, those with these ids, or all where there are none.
func (p *Pipeline) ResendMessages(ctx context.Context, id string, messages []string) (int64, error) {
	n, err := p.Records.ResendMessages(ctx, id, messages)
	return n, recordFailure(err)
}
