package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
	"github.com/uptrace/bun"
)

// States of a Webhook: it is told what happens, it was switched off by an operator, or because it failed for days. While
// it is off nothing new is written for it; what waits goes on waiting.
const (
	WebhookActive = "active"
	WebhookPaused = "paused"
	WebhookFailed = "failed"
)

// Webhook is a receiver of messages (回调接收方).
type Webhook struct {
	bun.BaseModel `bun:"table:webhooks,alias:w"`

	ID string `bun:"id,pk"`
	// Organization is whose filings it is told of.
	Organization string `bun:"organization"`
	URL          string `bun:"url"`
	Description  string `bun:"description"`
	// Events are the types of messages that it is told, joined by commas; empty is all.
	Events string `bun:"events"`
	// Secret signs. EarlierSecret signs beside it until EarlierUntil.
	Secret        string     `bun:"secret"`
	EarlierSecret string     `bun:"earlier_secret"`
	EarlierUntil  *time.Time `bun:"earlier_until"`
	State         string     `bun:"state"`
	// Failures counts the attempts in a row that failed, FailingSince is when the first of them did, and before ResumeAt
	// there is no other one. LastFailure is the kind of the last failure, DeliveredAt the time of the last success.
	Failures     int        `bun:"failures"`
	FailingSince *time.Time `bun:"failing_since"`
	ResumeAt     *time.Time `bun:"resume_at"`
	LastFailure  string     `bun:"last_failure"`
	DeliveredAt  *time.Time `bun:"delivered_at"`
	// JobID is the job that delivers its messages, if it is not finished.
	JobID     int64     `bun:"job_id"`
	CreatedBy string    `bun:"created_by"`
	CreatedAt time.Time `bun:"created_at"`
	UpdatedAt time.Time `bun:"updated_at"`
}

// Takes reports whether it is told messages of a type.
func (w *Webhook) Takes(messageType string) bool {
	return w.Events == "" || slices.Contains(strings.Split(w.Events, ","), messageType)
}

// Secrets are those that sign at a time, the newest first.
func (w *Webhook) Secrets(at time.Time) []string {
	if w.EarlierSecret != "" && w.EarlierUntil != nil && at.Before(*w.EarlierUntil) {
		return []string{w.Secret, w.EarlierSecret}
	}
	return []string{w.Secret}
}

// States of a WebhookMessage. MessageDead: it was tried as often as it is tried; it can be sent again on request.
const (
	MessagePending   = "pending"
	MessageDelivered = "delivered"
	MessageDead      = "dead"
)

// WebhookMessage is what one receiver is told (回调消息).
type WebhookMessage struct {
	bun.BaseModel `bun:"table:webhook_messages,alias:wm"`

	// Sequence is the order in which messages are written.
	Sequence int64 `bun:"sequence,pk,autoincrement"`
	// ID is the same however often the message is sent.
	ID        string `bun:"id"`
	WebhookID string `bun:"webhook_id"`
	Type      string `bun:"type"`
	// Topic is what the message is about, a filing or a pass: messages of one topic are delivered in their order.
	Topic string `bun:"topic"`
	Body  []byte `bun:"body"`
	State string `bun:"state"`
	// Attempts counts those made; DueAt is when the next one may be made. Status and Failure are those of the last one.
	Attempts  int       `bun:"attempts"`
	DueAt     time.Time `bun:"due_at"`
	Status    int       `bun:"status"`
	Failure   string    `bun:"failure"`
	CreatedAt time.Time `bun:"created_at"`
	UpdatedAt time.Time `bun:"updated_at"`
}

// Notice is something that receivers are to be told (通知): its type, its topic and its body, which is JSON.
type Notice struct {
	Type, Topic string
	// Organization is the one whose receivers are told.
	Organization string
	Body         []byte
}

// CreateWebhook registers a receiver, which is active.
func (r *Records) CreateWebhook(ctx context.Context, w Webhook) (Webhook, error) {
	id, err := newID()
	if err != nil {
		return Webhook{}, err
	}
	w.ID, w.State, w.CreatedAt = id, WebhookActive, r.now()
	w.UpdatedAt = w.CreatedAt
	sealed, err := r.sealWebhook(w)
	if err != nil {
		return Webhook{}, fmt.Errorf("create webhook: %w", err)
	}
	if _, err := r.db.NewInsert().Model(&sealed).Exec(ctx); err != nil {
		return Webhook{}, fmt.Errorf("create webhook: %w", r.classify(err))
	}
	return w, nil
}

// Webhook returns a receiver.
func (r *Records) Webhook(ctx context.Context, id string) (Webhook, error) {
	var w Webhook
	if err := r.read.NewSelect().Model(&w).Where("id = ?", id).Scan(ctx); err != nil {
		return Webhook{}, fmt.Errorf("webhook %s: %w", printable(id), r.classify(err))
	}
	if err := r.openWebhook(&w); err != nil {
		return Webhook{}, fmt.Errorf("webhook %s: %w", printable(id), err)
	}
	return w, nil
}

// Webhooks returns all receivers, the oldest first.
func (r *Records) Webhooks(ctx context.Context) ([]Webhook, error) {
	list := []Webhook{}
	if err := r.read.NewSelect().Model(&list).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list webhooks: %w", r.classify(err))
	}
	for i := range list {
		if err := r.openWebhook(&list[i]); err != nil {
			return nil, fmt.Errorf("list webhooks: %w", err)
		}
	}
	return list, nil
}

// UpdateWebhook changes a receiver. One that is active again is tried at once, as if it had never failed.
func (r *Records) UpdateWebhook(ctx context.Context, id string, change func(*Webhook) error) (Webhook, error) {
	var w Webhook
	err := r.writeWebhook(ctx, id, func(ctx context.Context, tx bun.Tx, held *Webhook) error {
		if err := change(held); err != nil {
			return err
		}
		held.UpdatedAt = r.now()
		if held.State == WebhookActive {
			held.Failures, held.FailingSince, held.ResumeAt = 0, nil, nil
			if err := r.wakeWebhook(ctx, tx, held, 0); err != nil {
				return err
			}
		}
		w = *held
		return nil
	})
	return w, err
}

// writeWebhook holds the row of a receiver, and keeps what do makes of it.
func (r *Records) writeWebhook(ctx context.Context, id string, do func(ctx context.Context, tx bun.Tx, w *Webhook) error) error {
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var w Webhook
		if err := r.lock(tx.NewSelect().Model(&w).Where("id = ?", id)).Scan(ctx); err != nil {
			return err
		}
		if err := r.openWebhook(&w); err != nil {
			return err
		}
		if err := do(ctx, tx, &w); err != nil {
			return err
		}
		sealed, err := r.sealWebhook(w)
		if err != nil {
			return err
		}
		_, err = tx.NewUpdate().Model(&sealed).WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("webhook %s: %w", printable(id), err)
	}
	return nil
}

// DeleteWebhook forgets a receiver with all its messages.
func (r *Records) DeleteWebhook(ctx context.Context, id string) error {
	result, err := r.db.NewDelete().Model((*Webhook)(nil)).Where("id = ?", id).Exec(ctx)
	if err == nil {
		var n int64
		if n, err = result.RowsAffected(); err == nil && n == 0 {
			err = sql.ErrNoRows
		}
	}
	if err != nil {
		return fmt.Errorf("delete webhook %s: %w", printable(id), r.classify(err))
	}
	return nil
}

// notify writes what receivers are to be told, in the transaction of what it tells of, and sees to a job that delivers it.
// Where nobody is to be told, notices is not called.
func (r *Records) notify(ctx context.Context, tx bun.Tx, notices func() ([]Notice, error)) error {
	if notices == nil {
		return nil
	}
	var receivers []Webhook
	// Whoever writes messages for a receiver holds its row: the job that finds nothing more to do cannot end meanwhile.
	if err := r.lock(tx.NewSelect().Model(&receivers).Where("state = ?", WebhookActive).Order("id")).Scan(ctx); err != nil || len(receivers) == 0 {
		return err
	}
	list, err := notices()
	if err != nil {
		return err
	}
	for i := range receivers {
		w := &receivers[i]
		told := slices.DeleteFunc(slices.Clone(list), func(n Notice) bool { return n.Organization != w.Organization || !w.Takes(n.Type) })
		if len(told) == 0 {
			continue
		}
		if err := r.writeMessages(ctx, tx, w, told); err != nil {
			return err
		}
		if _, err := tx.NewUpdate().Model(w).Column("job_id").WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *Records) writeMessages(ctx context.Context, tx bun.Tx, w *Webhook, list []Notice) error {
	now := r.now()
	for some := range slices.Chunk(list, saveRows) {
		rows := make([]WebhookMessage, len(some))
		for i, n := range some {
			id, err := newID()
			if err != nil {
				return err
			}
			rows[i] = WebhookMessage{
				ID: "msg_" + id, WebhookID: w.ID, Type: n.Type, Topic: n.Topic, Body: n.Body, State: MessagePending,
				DueAt: now, CreatedAt: now, UpdatedAt: now,
			}
		}
		if _, err := tx.NewInsert().Model(&rows).ExcludeColumn("sequence").Returning("NULL").Exec(ctx); err != nil {
			return err
		}
	}
	wait := time.Duration(0)
	if w.ResumeAt != nil {
		wait = w.ResumeAt.Sub(now)
	}
	return r.wakeWebhook(ctx, tx, w, wait)
}

// Notify tells one receiver something by itself, e.g. to try it; ErrConflict where it is switched off.
func (r *Records) Notify(ctx context.Context, id string, n Notice) error {
	return r.writeWebhook(ctx, id, func(ctx context.Context, tx bun.Tx, w *Webhook) error {
		if w.State != WebhookActive {
			return fmt.Errorf("it is %s: %w", w.State, ErrConflict)
		}
		return r.writeMessages(ctx, tx, w, []Notice{n})
	})
}

// deliverArgs is the job that delivers what waits for one receiver (投递任务). There is one for each, so that messages keep
// their order and a receiver that does not answer holds nobody else up.
type deliverArgs struct {
	WebhookID string `json:"webhook_id"`
}

// deliverQueue is a queue of its own: deliveries wait for others, checks must not wait for them.
const deliverQueue = "webhooks"

// Kind implements river.JobArgs.
func (deliverArgs) Kind() string { return "deliver_webhook" }

// InsertOpts implements river.JobArgsWithInsertOpts: one unfinished job for a receiver.
func (deliverArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: deliverQueue, MaxAttempts: deliverAttempts,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
			rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		}},
	}
}

const (
	// deliverAttempts bounds the runs of a job that fail by themselves, e.g. while the database is away; what receivers do
	// is no failure of the job.
	deliverAttempts = 100
	// deliverStretch is how long one run of a job goes on while there is something to deliver, deliverTimeout how long it
	// may take with the attempts that are under way then.
	deliverStretch = 20 * time.Second
	// deliverWait is how long a run waits for what is due next: the queue looks at what has a time every 5 s only.
	deliverWait    = 2 * time.Second
	deliverTimeout = 2 * time.Minute
)

// wakeWebhook sees to it that a job looks at a receiver after a while: one that waits for later is replaced, and one that
// runs will look by itself, since it cannot end while this transaction holds the receiver's row. The caller keeps w.
func (r *Records) wakeWebhook(ctx context.Context, tx bun.Tx, w *Webhook, after time.Duration) error {
	if err := dropJobs(ctx, tx, []int64{w.JobID}); err != nil {
		return err
	}
	var options river.InsertOpts
	if after > 0 {
		options.ScheduledAt = time.Now().UTC().Add(after)
	}
	result, err := r.jobs.client.InsertTx(ctx, tx.Tx, deliverArgs{w.ID}, &options)
	if err != nil {
		return err
	}
	w.JobID = result.Job.ID
	return nil
}

// WakeWebhooks sees to it that each active receiver for which something waits has a job: for jobs that were lost. Run it
// now and then.
func (r *Records) WakeWebhooks(ctx context.Context) error {
	var ids []string
	err := r.read.NewSelect().Model((*Webhook)(nil)).Column("id").Where("state = ?", WebhookActive).
		Where("EXISTS (SELECT 1 FROM webhook_messages AS m WHERE m.webhook_id = w.id AND m.state = ?)", MessagePending).
		Where("NOT EXISTS (SELECT 1 FROM river_job AS j WHERE j.id = w.job_id AND j.finalized_at IS NULL)").Scan(ctx, &ids)
	if err != nil {
		return fmt.Errorf("wake webhooks: %w", r.classify(err))
	}
	for _, id := range ids {
		err := r.writeWebhook(ctx, id, func(ctx context.Context, tx bun.Tx, w *Webhook) error { return r.wakeWebhook(ctx, tx, w, 0) })
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// DueMessages returns up to limit messages that may be sent to a receiver now, none while it is off or left alone: of each
// topic the first that waits, and the oldest topics first.
func (r *Records) DueMessages(ctx context.Context, webhookID string, limit int) (Webhook, []WebhookMessage, error) {
	w, err := r.Webhook(ctx, webhookID)
	if err != nil {
		return Webhook{}, nil, err
	}
	now := r.now()
	if w.State != WebhookActive || w.ResumeAt != nil && w.ResumeAt.After(now) {
		return w, nil, nil
	}
	var list []WebhookMessage
	if err := r.heads(r.read.NewSelect().Model(&list), webhookID).Where("wm.due_at <= ?", now).
		Order("wm.sequence").Limit(limit).Scan(ctx); err != nil {
		return Webhook{}, nil, fmt.Errorf("due messages of webhook %s: %w", printable(webhookID), r.classify(err))
	}
	return w, list, nil
}

// heads narrows a query to the first message of each topic that waits.
func (r *Records) heads(query *bun.SelectQuery, webhookID string) *bun.SelectQuery {
	return query.Where("wm.webhook_id = ?", webhookID).Where("wm.state = 'pending'").
		Where("NOT EXISTS (SELECT 1 FROM webhook_messages AS e WHERE e.webhook_id = wm.webhook_id AND e.topic = wm.topic " +
			"AND e.state = 'pending' AND e.sequence < wm.sequence)")
}

// SaveDeliveries keeps what became of messages: their State, Attempts, DueAt, Status and Failure; and health keeps what
// that says about their receiver. A message that was deleted meanwhile stays so.
func (r *Records) SaveDeliveries(ctx context.Context, webhookID string, tried []WebhookMessage, health func(*Webhook)) error {
	return r.writeWebhook(ctx, webhookID, func(ctx context.Context, tx bun.Tx, w *Webhook) error {
		now := r.now()
		delivered := map[int][]int64{} // by status
		for i := range tried {
			m := &tried[i]
			m.UpdatedAt, m.DueAt = now, m.DueAt.UTC().Truncate(time.Microsecond)
			if m.State == MessageDelivered && m.Attempts == 1 {
				delivered[m.Status] = append(delivered[m.Status], m.Sequence)
				continue
			}
			if _, err := tx.NewUpdate().Model(m).Column("state", "attempts", "due_at", "status", "failure", "updated_at").WherePK().Exec(ctx); err != nil {
				return err
			}
		}
		for status, sequences := range delivered { // nearly all of them: one statement
			if _, err := tx.NewUpdate().Model((*WebhookMessage)(nil)).
				Set("state = ?, attempts = 1, status = ?, failure = '', updated_at = ?", MessageDelivered, status, now).
				Where("sequence IN (?)", bun.In(sequences)).Exec(ctx); err != nil {
				return err
			}
		}
		health(w)
		return nil
	})
}

// endDelivery ends a job where nothing is due for its receiver, and makes the next one for the time when something is. It
// reports false where there is something to do now, or after so short a wait that the job can as well go on.
func (r *Records) endDelivery(ctx context.Context, webhookID string, job int64) (over bool, wait time.Duration, err error) {
	err = r.writeWebhook(ctx, webhookID, func(ctx context.Context, tx bun.Tx, w *Webhook) error {
		var next *time.Time
		var soonest WebhookMessage
		err := r.heads(tx.NewSelect().Model(&soonest).Column("due_at"), webhookID).Order("wm.due_at").Limit(1).Scan(ctx)
		switch {
		case errors.Is(err, sql.ErrNoRows) || w.State != WebhookActive:
		case err != nil:
			return err
		default:
			next = &soonest.DueAt
			if w.ResumeAt != nil && w.ResumeAt.After(*next) {
				next = w.ResumeAt
			}
		}
		now := r.now()
		if next != nil {
			wait = max(next.Sub(now), 0)
		}
		if over = next == nil || wait > deliverWait; !over {
			return nil
		}
		// The job ends in this transaction, not some moment later: whoever writes a message next finds it ended.
		at := time.Now().UTC()
		if _, err := r.jobs.driver.UnwrapExecutor(tx.Tx).JobSetStateIfRunningMany(ctx, &riverdriver.JobSetStateIfRunningManyParams{
			ID: []int64{job}, Attempt: []*int{nil}, ErrData: [][]byte{nil}, FinalizedAt: []*time.Time{&at}, MetadataDoMerge: []bool{false},
			MetadataUpdates: [][]byte{nil}, ScheduledAt: []*time.Time{nil}, State: []rivertype.JobState{rivertype.JobStateCompleted},
		}); err != nil {
			return err
		}
		if next == nil {
			return nil
		}
		w.JobID = 0 // it is the one that ends here: its record stays
		return r.wakeWebhook(ctx, tx, w, wait)
	})
	return over, wait, err
}

// deliverer works the jobs that deliver.
type deliverer struct {
	river.WorkerDefaults[deliverArgs]
	records *Records
	deliver func(ctx context.Context, webhookID string) error
}

// Timeout implements river.Worker.
func (deliverer) Timeout(*river.Job[deliverArgs]) time.Duration { return deliverTimeout }

// NextRetry implements river.Worker: what failed is our own, and worth another look soon.
func (deliverer) NextRetry(job *river.Job[deliverArgs]) time.Time {
	return time.Now().UTC().Add(time.Duration(min(job.Attempt, 60)) * time.Second)
}

// Work implements river.Worker: rounds of messages until none is due.
func (d deliverer) Work(ctx context.Context, job *river.Job[deliverArgs]) error {
	for start := time.Now(); ; {
		err := d.deliver(ctx, job.Args.WebhookID)
		over, wait := false, time.Duration(0)
		if err == nil {
			over, wait, err = d.records.endDelivery(ctx, job.Args.WebhookID, job.ID)
		}
		switch {
		case errors.Is(err, ErrNotFound):
			return river.JobCancel(err)
		case err != nil || over:
			return err
		case time.Since(start) > deliverStretch:
			return river.JobSnooze(0) // others wait for the slot
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// WebhookMessages returns up to limit messages of a receiver that are in a state, or in any where it is empty, after a
// sequence, in the order of their sequence.
func (r *Records) WebhookMessages(ctx context.Context, webhookID, state string, after int64, limit int) ([]WebhookMessage, error) {
	list := []WebhookMessage{}
	query := r.read.NewSelect().Model(&list).Where("webhook_id = ? AND sequence > ?", webhookID, after)
	if state != "" {
		query = query.Where("state = ?", state)
	}
	if err := query.Order("sequence").Limit(limit).Scan(ctx); err != nil {
		return nil, fmt.Errorf("messages of webhook %s: %w", printable(webhookID), r.classify(err))
	}
	return list, nil
}

// CountMessages counts the messages of a receiver by their states.
func (r *Records) CountMessages(ctx context.Context, webhookID string) (map[string]int, error) {
	var rows []struct {
		State string `bun:"state"`
		N     int    `bun:"n"`
	}
	err := r.read.NewSelect().Model((*WebhookMessage)(nil)).ColumnExpr("state, count(*) AS n").Where("webhook_id = ?", webhookID).Group("state").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count messages of webhook %s: %w", printable(webhookID), r.classify(err))
	}
	counts := map[string]int{}
	for _, row := range rows {
		counts[row.State] = row.N
	}
	return counts, nil
}

// ResendMessages lets the dead messages of a receiver be tried anew, those with these ids or without any all of them, and
// returns how many there were.
func (r *Records) ResendMessages(ctx context.Context, webhookID string, ids []string) (int64, error) {
	var sent int64
	err := r.writeWebhook(ctx, webhookID, func(ctx context.Context, tx bun.Tx, w *Webhook) error {
		now := r.now()
		update := tx.NewUpdate().Model((*WebhookMessage)(nil)).Set("state = ?, attempts = 0, due_at = ?, updated_at = ?", MessagePending, now, now).
			Where("webhook_id = ? AND state = ?", webhookID, MessageDead)
		if len(ids) > 0 {
			update = update.Where("id IN (?)", bun.In(ids))
		}
		result, err := update.Exec(ctx)
		if err != nil {
			return err
		}
		if sent, err = result.RowsAffected(); err != nil || w.State != WebhookActive {
			return err
		}
		return r.wakeWebhook(ctx, tx, w, 0)
	})
	return sent, err
}

// PurgeMessages forgets messages that were delivered before a time, and dead ones, and those that wait for a receiver that
// is off, which were not touched since an earlier time. It returns how many there were.
func (r *Records) PurgeMessages(ctx context.Context, delivered, dead time.Time) (int64, error) {
	result, err := r.db.NewDelete().Model((*WebhookMessage)(nil)).
		Where("state = ? AND updated_at < ?", MessageDelivered, delivered.UTC().Truncate(time.Microsecond)).
		WhereOr("state = ? AND updated_at < ?", MessageDead, dead.UTC().Truncate(time.Microsecond)).
		WhereOr("state = ? AND updated_at < ? AND webhook_id IN (SELECT id FROM webhooks WHERE state <> ?)", MessagePending,
			dead.UTC().Truncate(time.Microsecond), WebhookActive).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("purge messages: %w", r.classify(err))
	}
	return result.RowsAffected()
}
