package pipeline

import (
	"errors"
	"io"
	"sync"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
)

// budget is how many decoded bytes uploads may stand for that wait to be measured or are measured (解码预算). A count of
// uploads says nothing of what they cost: a file of 100 KB may be a picture of 64 megapixels.
type budget struct {
	mu    sync.Mutex
	limit int64
	used  int64
}

// take takes n bytes, or nothing where they are not left. One picture is always let in, however large: it would never be.
func (b *budget) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used > 0 && b.used+n > b.limit {
		return false
	}
	b.used += n
	return true
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
}

// inUse is how many bytes are taken.
func (b *budget) inUse() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// full reports whether not even the smallest picture is let in.
func (b *budget) full() bool { return b.inUse() >= b.limit }

// bytesPerPixel of a decoded picture: three of colour, and one of what is computed from it.
const bytesPerPixel = 4

// weigh tells from its header how many decoded bytes a file stands for. What is not decoded weighs nothing: another format,
// more pixels than the guard lets through. What does not tell its size weighs the most that is decoded.
func (p *Pipeline) weigh(format filing.Format, file io.ReaderAt) (int64, error) {
	if !format.Accepted() {
		return 0, nil
	}
	width, height, err := imaging.Size(file)
	switch {
	case errors.Is(err, imaging.ErrNoSize):
		return p.cfg.MaxPixels * bytesPerPixel, nil
	case err != nil:
		return 0, err
	}
	pixels := int64(width) * int64(height)
	if pixels > p.cfg.MaxPixels {
		return 0, nil
	}
	return pixels * bytesPerPixel, nil
}

// reserve takes the decoded bytes of a file from the budget; ErrBusy where they are not left.
func (p *Pipeline) reserve(format filing.Format, file io.ReaderAt) (int64, error) {
	weight, err := p.weigh(format, file)
	if err != nil {
		return 0, err
	}
	if !p.decoding.take(weight) {
		p.metrics.refused.WithLabelValues("busy").Inc()
		return 0, ErrBusy
	}
	return weight, nil
}

// Place is room for one upload among those that are on their way (在途名额). Whoever takes it before anything is looked up can refuse
// for the price of a counter: an overload costs the service, its database and its disk nothing. One owner at a time.
type Place struct {
	p *Pipeline
	// release is nil once the place was left, or went on to the checks behind an answer.
	release func()
}

// Busy reports whether an upload would be refused now: as many are on their way as are taken, what those before it still cost leaves
// no room, or the service ends. It asks memory only, and counts as a refusal what it refuses.
func (p *Pipeline) Busy() bool {
	if p.life.Err() == nil && !p.decoding.full() && len(p.admission) < cap(p.admission) {
		return false
	}
	p.metrics.refused.WithLabelValues("busy").Inc()
	return true
}

// Admit lets an upload in, by count and by what those before it still cost, before its body is read; ErrBusy at once where there
// is no room: whoever waits in a line that he cannot see asks again and makes it longer. Leave the place.
func (p *Pipeline) Admit() (*Place, error) {
	if p.life.Err() == nil && !p.decoding.full() {
		select {
		case p.admission <- struct{}{}:
			return &Place{p: p, release: func() { release(p.admission) }}, nil
		default:
		}
	}
	p.metrics.refused.WithLabelValues("busy").Inc()
	return nil, ErrBusy
}

// Leave gives the place back, where it is still this owner's.
func (pl *Place) Leave() {
	if pl.release != nil {
		pl.release()
		pl.release = nil
	}
}

// handOver gives the place to somebody else, who leaves it.
func (pl *Place) handOver() *Place {
	other := *pl
	pl.release = nil
	return &other
}
