package pipeline

import (
	"context"
	"sync"
	"time"

	"github.com/preflight-icp/preflight/storage"
)

// Sweep intervals: keys hold for a day, and a deletion that a crash interrupted may wait a few minutes.
const (
	sweepEvery = 5 * time.Minute
	sweepBatch = 100
	// orphansEvery is how often the whole store is held against the records: it lists every object.
	orphansEvery = 6 * time.Hour
	// revalidationsKept is how long the record of a pass, and which filings it changed, can be read: a quarter.
	revalidationsKept = 92 * 24 * time.Hour
	// messagesKept is how long a message that was delivered can be looked at; one that was given up as long as the pass.
	messagesKept = 14 * 24 * time.Hour
)

// Sweep finishes what was interrupted and forgets what is over, now and every few minutes until ctx ends, and follows the
// rules in force. Any number of processes may do it at once.
func (p *Pipeline) Sweep(ctx context.Context) {
	var following sync.WaitGroup
	following.Go(func() { p.follow(ctx) })
	defer following.Wait()
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	var listed time.Time
	for {
		p.sweepOnce(ctx)
		if time.Since(listed) >= orphansEvery {
			listed = time.Now()
			p.sweepOrphans(ctx)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (p *Pipeline) sweepOnce(ctx context.Context) {
	if _, err := p.Records.PurgeKeys(ctx); err != nil && ctx.Err() == nil {
		p.Log.Error("purge idempotency keys", "error", err.Error())
	}
	if _, err := p.Records.PurgeRevalidations(ctx, p.Now().Add(-revalidationsKept)); err != nil && ctx.Err() == nil {
		p.Log.Error("purge revalidations", "error", err.Error())
	}
	if _, err := p.Records.PurgeMessages(ctx, p.Now().Add(-messagesKept), p.Now().Add(-revalidationsKept)); err != nil && ctx.Err() == nil {
		p.Log.Error("purge messages", "error", err.Error())
	}
	if err := p.Records.WakeWebhooks(ctx); err != nil && ctx.Err() == nil {
		p.Log.Error("wake webhooks", "error", err.Error())
	}
	if err := p.removeCanaries(ctx); err != nil && ctx.Err() == nil {
		p.Log.Error("remove canaries", "error", err.Error())
	}
	if err := p.retain(ctx); err != nil && ctx.Err() == nil {
		p.Log.Error("delete what is kept for too long", "error", err.Error())
	}
	if err := p.Records.FinishReceipts(ctx, p.Now().Add(-sweepEvery)); err != nil && ctx.Err() == nil {
		p.Log.Error("finish receipts", "error", err.Error())
	}
	if _, err := storage.RemoveDeleted(ctx, p.Records, p.Objects, sweepBatch); err != nil && ctx.Err() == nil {
		p.Log.Error("finish deletions", "error", err.Error())
	}
}

// sweepOrphans deletes objects that no record refers to: a process died between storing and recording them.
func (p *Pipeline) sweepOrphans(ctx context.Context) {
	n, err := storage.RemoveOrphans(ctx, p.Records, p.Objects, storage.DefaultOrphanAge)
	if err != nil && ctx.Err() == nil {
		p.Log.Error("remove orphans", "error", err.Error())
	}
	if n > 0 {
		p.Log.Warn("removed objects that no record refers to", "contents", n)
	}
}

// removeContents deletes the objects of contents that nothing refers to any more, and everything made from them. What
// fails stays noted in the records, and the next sweep does it: the filing is gone for its owner already.
func (p *Pipeline) removeContents(ctx context.Context, sums []storage.Digest) {
	for _, sum := range sums {
		if err := storage.RemoveContent(ctx, p.Records, p.Objects, sum); err != nil && ctx.Err() == nil {
			p.Log.Error("delete content, the next sweep tries again", "error", err.Error())
		}
	}
}
