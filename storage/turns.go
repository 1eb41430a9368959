package storage

import (
	"context"
	"sync"
)

// turns let those who write have SQLite's one connection in the order they came (写入次序). database/sql hands a connection to any of
// those who wait, so that some wait many times as long as the others; and whoever only looks at something waits for its line of the
// audit trail, behind all that uploads write.
type turns struct {
	mu   sync.Mutex
	held bool
	// urgent come before others. Entries of the audit trail share a transaction, and the next one is asked for when it is over: they
	// take every second turn at most.
	urgent, others []chan struct{}
}

// take waits for a turn; whoever has one gives it back.
func (t *turns) take(ctx context.Context, urgent bool) error {
	t.mu.Lock()
	if !t.held {
		t.held = true
		t.mu.Unlock()
		return nil
	}
	line := &t.others
	if urgent {
		line = &t.urgent
	}
	mine := make(chan struct{})
	*line = append(*line, mine)
	t.mu.Unlock()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	for i, other := range *line {
		if other == mine {
			*line = append((*line)[:i], (*line)[i+1:]...)
			t.mu.Unlock()
			return ctx.Err()
		}
	}
	t.mu.Unlock()
	t.give() // it came in the same moment
	return ctx.Err()
}

// give lets the next one have the turn.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, line := range []*[]chan struct{}{&t.urgent, &t.others} {
		if len(*line) > 0 {
			close((*line)[0])
			*line = (*line)[1:]
			return
		}
	}
	t.held = false
}
